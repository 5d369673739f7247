//! Migrations that give objects: Sequelize's `queryInterface`, node-pg-migrate's `pgm`, db-migrate's `db`.

use super::Defined;
use super::arguments::{asks, called, is_undone, member, positional, texts};
use crate::facts::*;
use crate::project::{FileId, Types};
use crate::source::Purpose;
use crate::sql::ddl::define::{NewTable, alter, column, index, table_name, unsure};
use crate::sql::ddl::{AlterOperation, IndexDef, IndexKind, OnDelete, TableChange};

/// What the migrations of a file do.
pub(super) fn read(types: &Types<'_>, file: FileId) -> Defined {
    let of = types.project().file(file);
    let facts: &FileFacts = &of.facts;
    let mut defined = Defined::default();
    if of.purpose != Purpose::Migration {
        return defined;
    }
    for (id, call) in (0..).map(CallId).zip(&facts.calls) {
        let method = called(facts, call);
        if !matches!(method, "createTable" | "addColumn" | "addColumns" | "addIndex" | "createIndex" | "addConstraint")
            || is_undone(facts, call)
        {
            continue;
        }
        let Some(name) = positional(call, 0).and_then(|value| table_of(facts, value)) else { continue };
        let Some(change) = change(facts, call, method, name) else { continue };
        defined.read.insert(id);
        defined.changes.extend(change.into_iter().map(|change| (change, call.name_span)));
    }
    defined
}

/// `"users"`, `{ tableName: "users", schema: "app" }`
fn table_of(facts: &FileFacts, value: ValueId) -> Option<&str> {
    facts.literal(value).or_else(|| {
        let name = member(facts, value, "tableName").or_else(|| member(facts, value, "name"))?;
        facts.literal(name)
    })
}

fn change(facts: &FileFacts, call: &Call, method: &str, name: &str) -> Option<Vec<TableChange>> {
    let span = call.name_span;
    let table = table_name(name, span);
    let second = positional(call, 1)?;
    Some(match method {
        "createTable" => {
            let Value::Mapping(columns) = facts.value(second) else { return None };
            let mut made = NewTable::new(name, span);
            for &(key, options) in columns.iter() {
                match facts.literal(key) {
                    Some(column) => {
                        made.column(column, type_name(facts, options), span);
                        for kind in kinds(facts, options) {
                            made.index(kind, [column], span);
                        }
                        if let Some(to) = member(facts, options, "references") {
                            let target = member(facts, to, "model").and_then(|model| table_of(facts, model));
                            let action = member(facts, options, "onDelete").and_then(|value| facts.literal(value));
                            let target = target.or_else(|| facts.literal(to)).unwrap_or("");
                            made.foreign_key(column, target, &[], span).on_delete =
                                OnDelete::of_word(action.unwrap_or(""));
                        }
                    }
                    None => made.is_not_whole(),
                }
            }
            let has_more = |key: &str| positional(call, 2).is_some_and(|options| member(facts, options, key).is_some());
            if ["uniqueKeys", "indexes", "constraints"].iter().any(|key| has_more(key)) {
                made.is_not_whole();
            }
            vec![made.done()]
        }
        // node-pg-migrate gives several at once.
        "addColumns" => {
            let Value::Mapping(columns) = facts.value(second) else { return None };
            let all = columns.iter().map(|&(key, options)| Some((facts.literal(key)?, options)));
            all.collect::<Option<Vec<_>>>()?
                .into_iter()
                .flat_map(|(column_name, options)| added(facts, &table, column_name, options, call))
                .collect()
        }
        "addColumn" => {
            let options = positional(call, 2)?;
            added(facts, &table, facts.literal(second)?, options, call)
        }
        _ => {
            // db-migrate names the index between the table and its columns.
            let lists = call.args.iter().skip(1).filter(|arg| matches!(facts.value(arg.value), Value::Sequence(_)));
            let list = lists.map(|arg| arg.value).next();
            let options = call
                .args
                .iter()
                .skip(1)
                .map(|arg| arg.value)
                .filter(|&value| matches!(facts.value(value), Value::Mapping(_)));
            let option = |key: &str| options.clone().find_map(|options| member(facts, options, key));
            let columns = list
                .or_else(|| option("fields"))
                .or_else(|| option("columns"))
                .or_else(|| Some(second).filter(|&value| method == "createIndex" && facts.literal(value).is_some()));
            let is_partial = option("where").is_some() || option("using").is_some() || option("method").is_some();
            let kind = match option("type").and_then(|value| facts.literal(value)) {
                _ if is_partial => IndexKind::Other,
                Some("unique") => IndexKind::Unique,
                Some("primary key") => IndexKind::Primary,
                Some("foreign key" | "check" | "default") => return Some(Vec::new()),
                Some(_) => IndexKind::Other,
                None if asks(facts, option("unique")) == Some(true) => IndexKind::Unique,
                None if method == "addConstraint" => IndexKind::Other,
                None => IndexKind::Plain,
            };
            match columns.and_then(|columns| texts(facts, columns)) {
                Some(columns) => vec![TableChange::CreateIndex(IndexDef {
                    concurrently: asks(facts, option("concurrently")) != Some(false),
                    is_constraint: method == "addConstraint",
                    ..index(&table, kind, columns, span)
                })],
                None => vec![unsure(&table, span)],
            }
        }
    })
}

fn added(
    facts: &FileFacts,
    table: &crate::sql::query::TableName,
    column_name: &str,
    options: ValueId,
    call: &Call,
) -> Vec<TableChange> {
    let span = call.name_span;
    let made = column(column_name, type_name(facts, options), span);
    let operation = AlterOperation::AddColumn { column: made, if_not_exists: true };
    let indexes = kinds(facts, options);
    std::iter::once(alter(table, operation, span))
        .chain(indexes.into_iter().map(|kind| TableChange::CreateIndex(index(table, kind, [column_name], span))))
        .collect()
}

/// The keys that the options of a column ask for; one of which nothing is known if they are not an object.
fn kinds(facts: &FileFacts, options: ValueId) -> Vec<IndexKind> {
    match facts.value(options) {
        Value::Mapping(entries) => {
            let asked = |key: &str| member(facts, options, key);
            let is_spread = entries.iter().any(|&(key, _)| key == UNKNOWN);
            let primary = asked("primaryKey").or_else(|| asked("primary_key"));
            match (asks(facts, primary), asks(facts, asked("unique")), asks(facts, asked("index"))) {
                (Some(true), ..) => vec![IndexKind::Primary],
                (_, Some(true), _) => vec![IndexKind::Unique],
                (_, _, Some(true)) => vec![IndexKind::Plain],
                (Some(false), Some(false), Some(false)) if !is_spread => Vec::new(),
                _ => vec![IndexKind::Other],
            }
        }
        // `id: "id"`, `name: "string"`, `DataTypes.STRING`
        Value::Text(_) if facts.literal(options) == Some("id") => vec![IndexKind::Primary],
        Value::Text(_) | Value::Member(..) | Value::Call(_) => Vec::new(),
        _ => vec![IndexKind::Other],
    }
}

fn type_name(facts: &FileFacts, options: ValueId) -> &'static str {
    let of = member(facts, options, "type").unwrap_or(options);
    let name = match facts.value(of) {
        Value::Text(_) => facts.literal(of).unwrap_or(""),
        Value::Member(_, name) => &facts.names[*name],
        Value::Call(call) => called(facts, facts.call(*call)),
        _ => "",
    };
    match name.split('(').next().unwrap_or("").to_ascii_lowercase().as_str() {
        "boolean" | "bool" => "boolean",
        "enum" => "enum(…)",
        "string" | "text" | "varchar" | "citext" | "char" => "text",
        "uuid" => "uuid",
        "integer" | "int" | "bigint" | "smallint" | "float" | "decimal" | "double" | "id" => "number",
        "date" | "dateonly" | "timestamp" | "timestamptz" | "datetime" => "timestamp",
        "json" | "jsonb" => "json",
        _ => "",
    }
}
