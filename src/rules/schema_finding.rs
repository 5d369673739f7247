//! What rules over the schema share: which tables are told of, where, and how what is to be done is written.

use rustc_hash::FxHashSet;

use super::sql_finding::{create_index, is_system_table};
use super::sql_statement::first_line;
use super::{FileCx, ProjectCx};
use crate::findings::{Label, Role};
use crate::project::schema::{Place, Schema, Table, TableKind, Unmade};
use crate::source::{Language, Purpose};
use crate::sql::Dialect;
use crate::sql::query::TableName;

/// Last words of the names of tables that get a row for everything that happens, in the singular; sorted.
const GROWING: &[&str] = &[
    "activity",
    "audit",
    "click",
    "delivery",
    "download",
    "event",
    "heartbeat",
    "history",
    "hit",
    "impression",
    "journal",
    "log",
    "measurement",
    "message",
    "metric",
    "notification",
    "pageview",
    "ping",
    "reading",
    "sample",
    "session",
    "span",
    "tick",
    "trace",
    "transaction",
    "visit",
];

/// The tables that can be told of, each once: where models and migrations define the same, the models are told of, for
/// those are what people change. Tables of a session, of the database itself and small ones are left out.
pub(super) fn tables<'p>(cx: &ProjectCx<'p>) -> Vec<(&'p Table, TableName)> {
    let schema = cx.project.schema();
    let mut all: Vec<&Table> = schema.tables().iter().filter(|table| table.kind == TableKind::Table).collect();
    all.sort_by_key(|table| cx.project.file(table.place.file).purpose != Purpose::Application);
    let mut seen: FxHashSet<String> = FxHashSet::default();
    all.into_iter()
        .filter_map(|table| {
            let name = TableName::plain(&table.full_name());
            let is_told = table.dialect.has_row_indexes() && !is_system_table(&name) && !schema.stays_small(&name);
            (is_told && seen.insert(table.full_name().to_lowercase())).then_some((table, name))
        })
        .collect()
}

/// Those of them that are in a database of PostgreSQL or MySQL, and may be in no other, with its dialect.
pub(super) fn server_tables<'p>(cx: &ProjectCx<'p>) -> impl Iterator<Item = (&'p Table, TableName, Dialect)> {
    tables(cx).into_iter().filter_map(|(table, name)| match *cx.project.databases_of(table) {
        [dialect @ (Dialect::PostgreSql | Dialect::MySql)] => Some((table, name, dialect)),
        _ => None,
    })
}

/// Whether every definition of a table meets a condition, and is one of a table.
pub(super) fn all_agree(schema: &Schema, name: &TableName, holds: impl Fn(&Table) -> bool) -> bool {
    schema.definitions(name).into_iter().all(|table| table.kind == TableKind::Table && holds(table))
}

/// Whether a table is named after what happens all the time: `audit_logs`, `PageView`, `user_history`.
pub(super) fn grows(name: &str) -> bool {
    let Some(last) = words(name).pop() else { return false };
    let singular = match last.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => last.strip_suffix('s').unwrap_or(&last).to_owned(),
    };
    GROWING.binary_search(&&*singular).is_ok() || GROWING.binary_search(&&*last).is_ok()
}

/// The words of a name, in lower case: `unit_price`, `unitPrice`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    for c in name.chars() {
        let begins = c.is_uppercase() && !before.is_uppercase();
        if (begins || matches!(c, '_' | '-' | '.' | ' ')) && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| !matches!(c, '_' | '-' | '.' | ' ')) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A place of the schema as the place of a finding.
pub(super) fn label(cx: &ProjectCx<'_>, place: Place, role: Role, text: impl Into<String>) -> Label {
    let file: FileCx<'_> = cx.file(place.file);
    file.label(first_line(file.source(), place.span), role, text)
}

/// How an index is added where a table is defined: in SQL, or in the words of the models.
pub(super) fn add_index(cx: &ProjectCx<'_>, table: &Table, columns: &[Box<str>], dialect: Dialect) -> String {
    if columns.first().is_some_and(|column| table.unmade_index(column).is_some()) {
        return Unmade::HELP.to_owned();
    }
    let source = cx.file(table.place.file).source();
    let list = |quote: &str| columns.iter().map(|column| format!("{quote}{column}{quote}")).collect::<Vec<_>>();
    match source.language {
        Language::Prisma => format!("add `@@index([{}])` to the model", list("").join(", ")),
        Language::Python if columns.len() == 1 => "give the column `index=True`".to_owned(),
        Language::Python => format!("add `Index(\"…\", {})` to `__table_args__`", list("\"").join(", ")),
        Language::Sql => {
            let name = cx.project.table_name(table, dialect);
            let columns: Vec<String> =
                columns.iter().map(|column| cx.project.spelled(table.place.file, column, dialect)).collect();
            create_index(cx.project.schema(), &name, &columns, dialect)
        }
        _ if source.text.contains("drizzle-orm") => {
            let fields: Vec<String> = columns.iter().map(|column| format!("table.{column}")).collect();
            format!("add `index().on({})` to the table", fields.join(", "))
        }
        _ if source.text.contains("@Entity") => match columns {
            [_] => "decorate the column with `@Index()`".to_owned(),
            _ => format!("decorate the entity with `@Index([{}])`", list("\"").join(", ")),
        },
        _ => format!("add an index on ({}) in a migration", list("").join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::grows;

    #[test]
    fn names_of_tables_that_grow() {
        for name in
            ["audit_log", "AuditLogs", "PageView_Event", "user_history", "activities", "eventMetrics", "sessions"]
        {
            assert!(grows(name), "{name}");
        }
        for name in ["users", "event_types", "log_level", "catalog", "EventType", "dialog", "message_template"] {
            assert!(!grows(name), "{name}");
        }
    }
}
