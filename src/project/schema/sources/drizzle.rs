//! Drizzle tables: `pgTable("users", { email: text("email").unique() }, (t) => [index("i").on(t.email)])`.

use super::arguments::{called, member, positional};
use super::{Defined, Model, Owner};
use crate::facts::*;
use crate::project::{FileId, Types};
use crate::sql::Dialect;
use crate::sql::ddl::define::NewTable;
use crate::sql::ddl::{IndexKind, IndexPart, OnDelete};

/// The tables of a file.
pub(super) fn read(types: &Types<'_>, file: FileId) -> Defined {
    let facts: &FileFacts = &types.project().file(file).facts;
    let mut defined = Defined::default();
    if !facts.imports.iter().any(|import| facts.names[import.module].starts_with("drizzle-orm")) {
        return defined;
    }
    for (id, call) in facts.numbered() {
        let dialect = match called(facts, call) {
            "pgTable" => Dialect::PostgreSql,
            "mysqlTable" => Dialect::MySql,
            "sqliteTable" => Dialect::Sqlite,
            // `schema.table(…)`, `pgTableCreator(…)(…)`
            "table" | "createTable" => Dialect::Generic,
            _ => continue,
        };
        if let Some((table, columns)) = table(facts, call) {
            defined.dialect = if defined.dialect == Dialect::Generic { dialect } else { defined.dialect };
            let columns: Vec<(Box<str>, Box<str>)> =
                columns.into_iter().map(|(field, column)| (field.into(), column.into())).collect();
            let name = table.name().text();
            let is_it = |value: ValueId| *facts.value(value) == Value::Call(id);
            let bound = facts.bindings.iter().filter(|binding| binding.exported && is_it(binding.value));
            let owners = bound.map(|binding| Owner::Exported(facts.names[binding.name].into()));
            let owners = owners.chain([Owner::Call(file, id)]);
            defined.models.extend(owners.map(|owner| Model::new(owner, name.as_str(), columns.clone())));
            defined.changes.push((table.done(), call.name_span));
        }
    }
    defined
}

/// A table, its fields and their columns.
fn table<'f>(facts: &'f FileFacts, call: &Call) -> Option<(NewTable, Vec<(&'f str, String)>)> {
    let name = facts.literal(positional(call, 0)?)?;
    let Value::Mapping(entries) = facts.value(positional(call, 1)?) else { return None };
    let mut table = NewTable::new(name, call.name_span);
    let mut columns: Vec<(&str, String)> = Vec::new();
    for &(key, value) in entries.iter() {
        match facts.literal(key) {
            Some(field) => {
                let column = column(facts, field, value, &mut table, call);
                columns.push((field, column));
            }
            // `...timestamps`
            None => table.has_more_columns(),
        }
    }
    if let Some(extra) = positional(call, 2) {
        indexes(facts, extra, &columns, &mut table);
    }
    Some((table, columns))
}

/// The chain of calls that a value is, the last first.
fn chain(facts: &FileFacts, value: ValueId) -> Vec<&Call> {
    let mut found = Vec::new();
    let mut at = value;
    while let Value::Call(id) = facts.value(at)
        && found.len() < 16
    {
        let call = facts.call(*id);
        found.push(call);
        match facts.value(call.callee) {
            Value::Member(object, _) => at = *object,
            _ => break,
        }
    }
    found
}

/// What `.desc()`, `.nullsFirst()` and `.op("text_pattern_ops")` say of a part of an index.
fn say(facts: &FileFacts, part: &mut IndexPart, value: ValueId) {
    for call in chain(facts, value) {
        match called(facts, call) {
            "desc" => part.descending = true,
            "nullsFirst" => part.nulls_first = Some(true),
            "nullsLast" => part.nulls_first = Some(false),
            "op" => {
                let class = positional(call, 0).and_then(|value| facts.literal(value)).unwrap_or("?");
                part.operator_class = Some(class.into());
            }
            _ => {}
        }
    }
}

fn column(facts: &FileFacts, field: &str, value: ValueId, table: &mut NewTable, of: &Call) -> String {
    let chain = chain(facts, value);
    let Some(first) = chain.last() else {
        // A column that is made elsewhere may have a key.
        table.column(field, "", of.name_span);
        table.index(IndexKind::Other, [field], of.name_span);
        return field.to_owned();
    };
    let name = positional(first, 0).and_then(|value| facts.literal(value)).unwrap_or(field).to_owned();
    let has_values = |value| member(facts, value, "enum").is_some();
    let type_name = match called(facts, first) {
        "boolean" => "boolean",
        _ if first.args.iter().any(|arg| has_values(arg.value)) => "enum(…)",
        name if name.ends_with("Enum") || name == "mysqlEnum" => "enum(…)",
        "text" | "varchar" | "char" | "citext" => "text",
        "timestamp" | "date" | "datetime" => "timestamp",
        "uuid" => "uuid",
        "json" | "jsonb" => "json",
        "integer" | "bigint" | "int" | "smallint" | "serial" | "bigserial" | "numeric" => "number",
        "double" | "doublePrecision" | "float" | "real" => "double precision",
        _ => "",
    };
    let span = first.name_span;
    let methods = || chain.iter().map(|call| called(facts, call));
    table.column(&name, type_name, span).not_null = methods().any(|method| matches!(method, "notNull" | "primaryKey"));
    for method in methods() {
        match method {
            "primaryKey" | "unique" => {
                let kind = if method == "unique" { IndexKind::Unique } else { IndexKind::Primary };
                table.index(kind, [name.as_str()], span);
            }
            "references" => {
                let call = chain.iter().find(|call| called(facts, call) == "references");
                let action = call.and_then(|call| member(facts, positional(call, 1)?, "onDelete"));
                let action = action.and_then(|value| facts.literal(value)).unwrap_or("");
                table.foreign_key(&name, "", &[], span).on_delete = OnDelete::of_word(action);
            }
            _ => {}
        }
    }
    // A function of the project may add a key itself.
    if matches!(facts.value(first.callee), Value::Function(_)) {
        table.index(IndexKind::Other, [name.as_str()], span);
    }
    name
}

/// What the third argument gives: a function that returns an array or an object.
fn indexes(facts: &FileFacts, extra: ValueId, columns: &[(&str, String)], table: &mut NewTable) {
    let returned = match facts.value(extra) {
        Value::Function(function) => facts.function(*function).returns.first().copied().unwrap_or(UNKNOWN),
        _ => extra,
    };
    let items: Vec<ValueId> = match facts.value(returned) {
        Value::Sequence(items) => items.to_vec(),
        Value::Mapping(entries) => entries.iter().map(|&(_, value)| value).collect(),
        _ => return table.is_not_whole(),
    };
    for item in items {
        let chain = chain(facts, item);
        let Some(first) = chain.last() else {
            table.is_not_whole();
            continue;
        };
        let method = |wanted: &str| chain.iter().find(|call| called(facts, call) == wanted);
        let kind = match called(facts, first) {
            "foreignKey" | "check" | "pgPolicy" | "policy" => continue,
            _ if method("where").is_some() || method("using").is_some() => IndexKind::Other,
            "index" => IndexKind::Plain,
            "uniqueIndex" | "unique" => IndexKind::Unique,
            "primaryKey" => IndexKind::Primary,
            _ => {
                table.is_not_whole();
                continue;
            }
        };
        let given: Vec<ValueId> = match method("on").or_else(|| method("using")) {
            Some(on) => on.args.iter().map(|arg| arg.value).collect(),
            None => match positional(first, 0).and_then(|options| member(facts, options, "columns")) {
                Some(list) => match facts.value(list) {
                    Value::Sequence(items) => items.to_vec(),
                    _ => Vec::new(),
                },
                None => first.args.iter().map(|arg| arg.value).collect(),
            },
        };
        let named = |value: &ValueId| -> Option<&str> {
            // `t.email.desc()`
            let mut at = *value;
            loop {
                match facts.value(at) {
                    Value::Call(call) => match facts.value(facts.call(*call).callee) {
                        Value::Member(object, _) => at = *object,
                        _ => return None,
                    },
                    Value::Member(_, name) => {
                        let field = &facts.names[*name];
                        return columns.iter().find(|(own, _)| *own == field).map(|(_, column)| column.as_str());
                    }
                    _ => return None,
                }
            }
        };
        match given.iter().map(named).collect::<Option<Vec<&str>>>().filter(|columns| !columns.is_empty()) {
            Some(columns) => {
                let made = table.index(kind, columns, first.name_span);
                made.is_constraint &= called(facts, first) != "uniqueIndex";
                if kind != IndexKind::Primary {
                    made.parts.iter_mut().zip(&given).for_each(|(part, &value)| say(facts, part, value));
                }
            }
            None => table.is_not_whole(),
        }
    }
}
