//! `int-primary-key`: a table that only grows has a key of four bytes.

use super::schema_finding::{all_agree, label, tables};
use super::{Finding, ProjectCx, Sink};
use crate::findings::{Confidence, Role};
use crate::project::schema::{Column, Table};
use crate::sql::Dialect;
use crate::sql::query::same_name;

const NOTE: &str = "after 2,147,483,647 rows, deleted ones and failed inserts among them, every insert fails; the change to bigint then writes the \
                    whole table anew while nobody can read it: two seconds for each million rows on PostgreSQL 15";

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

/// Reports such keys of tables named after what happens all the time.
pub(super) fn check(cx: &ProjectCx<'_>, sink: &mut Sink<'_>) {
    let schema = cx.project.schema();
    for (table, name) in tables(cx) {
        // SQLite's integers have eight bytes.
        let dialects = cx.project.databases_of(table);
        let is_told = matches!(*dialects, [Dialect::PostgreSql | Dialect::MySql]);
        if !is_told
            || !grows(&table.name)
            || is_made_by_people(table)
            || schema.told_rows(&name).is_some_and(|rows| rows < 1_000_000)
        {
            continue;
        }
        let Some(column) = short_key(table) else { continue };
        if !all_agree(schema, &name, |table| short_key(table).is_some()) {
            continue;
        }
        let message = format!(
            "`{}.{}` counts what happens in four bytes: the table ends at 2,147,483,647 rows",
            table.name, column.name
        );
        sink.report(
            Finding::new(label(cx, column.place, Role::Primary, ""), message)
                .confidence(Confidence::Medium)
                .note(NOTE)
                .help("bigint, while the table is small or new; later: a second column of eight bytes, filled in batches, and then the names are swapped"),
        );
    }
}

/// The column of four bytes that a table counts its rows with.
fn short_key(table: &Table) -> Option<&Column> {
    let key = table.primary_key()?;
    let [name] = key.as_slice() else { return None };
    let column = table.column(name)?;
    let kind = column.type_name.split('(').next().unwrap_or("").trim();
    let is_short = matches!(kind, "int" | "int4" | "integer" | "mediumint" | "serial" | "serial4");
    // The key of another table's row comes from there.
    let is_foreign = table.foreign_keys.iter().any(|key| key.columns.iter().any(|column| same_name(column, name)));
    (is_short && !is_foreign && !table.partitioned && !table.is_heir).then_some(column)
}

/// Whether its rows can be turned on and off: what people set up, as the notifications that are to be sent, is few.
fn is_made_by_people(table: &Table) -> bool {
    let words = ["active", "enabled", "is_active", "is_enabled", "isactive", "isenabled", "disabled", "is_disabled"];
    words.iter().any(|word| table.column(word).is_some())
}

/// Whether a table is named after what happens all the time: `audit_logs`, `PageView`, `user_history`.
fn grows(name: &str) -> bool {
    let starts = name.char_indices().filter(|(at, c)| {
        *at > 0 && c.is_uppercase() && !name[..*at].ends_with(|before: char| before.is_uppercase() || before == '_')
    });
    let start = starts.map(|(at, _)| at).next_back().unwrap_or(0);
    let last = name[start..].rsplit(['_', '-', '.']).next().unwrap_or(name).to_lowercase();
    let singular = match last.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => last.strip_suffix('s').unwrap_or(&last).to_owned(),
    };
    GROWING.binary_search(&&*singular).is_ok() || GROWING.binary_search(&&*last).is_ok()
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
