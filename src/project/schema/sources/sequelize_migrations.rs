//! Migrations that give objects: Sequelize's `queryInterface`, node-pg-migrate's `pgm`, db-migrate's `db`.

use super::Defined;
use super::arguments::{asks, called, is_undone, member, positional, texts};
use crate::facts::*;
use crate::project::{FileId, Types};
use crate::source::Purpose;
use crate::sql::ddl::define::{NewTable, alter, column, foreign_key, ident, index, table_name, unsure};
use crate::sql::ddl::{AlterOperation, ForeignKey, IndexDef, IndexKind, OnDelete, TableChange};

/// What changes tables.
const METHODS: [&str; 12] = [
    "addColumn",
    "addColumns",
    "addConstraint",
    "addIndex",
    "changeColumn",
    "createIndex",
    "createTable",
    "dropTable",
    "removeColumn",
    "removeConstraint",
    "renameColumn",
    "renameTable",
];

/// Those after which something is no longer there, or has another name.
const TAKING_AWAY: [&str; 5] = ["dropTable", "removeColumn", "removeConstraint", "renameColumn", "renameTable"];

/// What the migrations of a file do.
pub(super) fn read(types: &Types<'_>, file: FileId) -> Defined {
    let of = types.project().file(file);
    let facts: &FileFacts = &of.facts;
    let mut defined = Defined::default();
    if of.purpose != Purpose::Migration {
        return defined;
    }
    for (id, call) in facts.numbered() {
        let method = called(facts, call);
        if !METHODS.contains(&method) || is_undone(facts, call) {
            continue;
        }
        // What is taken away under a condition may still be there.
        let takes_away = TAKING_AWAY.contains(&method);
        if takes_away && (call.guard.is_some() || call.in_loop.is_some()) {
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
pub(super) fn table_of(facts: &FileFacts, value: ValueId) -> Option<&str> {
    facts.literal(value).or_else(|| {
        let name = member(facts, value, "tableName").or_else(|| member(facts, value, "name"))?;
        facts.literal(name)
    })
}

fn change(facts: &FileFacts, call: &Call, method: &str, name: &str) -> Option<Vec<TableChange>> {
    let span = call.name_span;
    let table = table_name(name, span);
    if method == "dropTable" {
        return Some(vec![TableChange::DropTable { table }]);
    }
    let second = positional(call, 1)?;
    let named = || facts.literal(second).map(|name| ident(name, span));
    Some(match method {
        "renameTable" => vec![TableChange::RenameTable { table, to: table_name(table_of(facts, second)?, span) }],
        "renameColumn" => {
            let to = ident(facts.literal(positional(call, 2)?)?, span);
            vec![alter(&table, AlterOperation::RenameColumn { from: named()?, to }, span)]
        }
        "removeColumn" => vec![alter(&table, AlterOperation::DropColumn(named()?), span)],
        "removeConstraint" => vec![alter(&table, AlterOperation::DropConstraint(named()?), span)],
        // The column is there; the keys are new.
        "changeColumn" => {
            let all = added(facts, &table, facts.literal(second)?, positional(call, 2)?, call);
            let is_column = |change: &TableChange| {
                matches!(change, TableChange::Alter { operation: AlterOperation::AddColumn { .. }, .. })
            };
            all.into_iter().filter(|change| !is_column(change)).collect()
        }
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
                        if let Some((target, on_delete)) = reference(facts, options) {
                            made.foreign_key(column, target, &[], span).on_delete = on_delete;
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
                Some("foreign key") => {
                    let columns = option("fields").and_then(|fields| texts(facts, fields));
                    let Some([column]) = columns.as_deref() else { return Some(Vec::new()) };
                    let to =
                        option("references").and_then(|to| table_of(facts, member(facts, to, "table").unwrap_or(to)));
                    let action = option("onDelete").and_then(|value| facts.literal(value)).unwrap_or("");
                    let key = ForeignKey {
                        name: option("name").and_then(|name| facts.literal(name)).map(|name| ident(name, span)),
                        on_delete: OnDelete::of_word(action),
                        ..foreign_key(column, table_name(to.unwrap_or(""), span), span)
                    };
                    return Some(vec![alter(&table, AlterOperation::AddForeignKey(key, false), span)]);
                }
                Some("check" | "default") => return Some(Vec::new()),
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
    let key = reference(facts, options).map(|(target, on_delete)| {
        let key = ForeignKey { on_delete, ..foreign_key(column_name, table_name(target, span), span) };
        alter(table, AlterOperation::AddForeignKey(key, false), span)
    });
    std::iter::once(alter(table, operation, span))
        .chain(key)
        .chain(indexes.into_iter().map(|kind| TableChange::CreateIndex(index(table, kind, [column_name], span))))
        .collect()
}

/// The table that a column points to, empty if it is not known, and what happens when a row there is deleted.
pub(super) fn reference(facts: &FileFacts, options: ValueId) -> Option<(&str, OnDelete)> {
    let to = member(facts, options, "references")?;
    let target = table_of(facts, member(facts, to, "model").unwrap_or(to)).unwrap_or("");
    let action = member(facts, options, "onDelete").and_then(|value| facts.literal(value)).unwrap_or("");
    Some((target, OnDelete::of_word(action)))
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

pub(super) fn type_name(facts: &FileFacts, options: ValueId) -> &'static str {
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
        "integer" | "int" | "bigint" | "smallint" | "decimal" | "id" => "number",
        "double" | "double precision" | "float" | "real" => "double precision",
        "date" | "dateonly" | "timestamp" | "timestamptz" | "datetime" => "timestamp",
        "json" | "jsonb" => "json",
        _ => "",
    }
}
