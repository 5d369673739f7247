//! `int-primary-key`: a table that only grows has a key of four bytes.

use super::schema_finding::{all_agree, grows, label, server_tables};
use super::{Finding, ProjectCx, Sink};
use crate::findings::{Confidence, Role};
use crate::project::schema::{Column, Table};
use crate::sql::query::same_name;

const NOTE: &str = "after 2,147,483,647 rows, deleted ones and failed inserts among them, every insert fails; the change to bigint then writes the \
                    whole table anew while nobody can read it: two seconds for each million rows on PostgreSQL 15";

/// Reports such keys of tables named after what happens all the time.
pub(super) fn check(cx: &ProjectCx<'_>, sink: &mut Sink<'_>) {
    let schema = cx.project.schema();
    // SQLite's integers have eight bytes.
    for (table, name, _) in server_tables(cx) {
        if !grows(&table.name)
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
    (is_short && !is_foreign && !table.partitioned && table.made_like.is_none()).then_some(column)
}

/// Whether its rows can be turned on and off: what people set up, as the notifications that are to be sent, is few.
fn is_made_by_people(table: &Table) -> bool {
    let words = ["active", "enabled", "is_active", "is_enabled", "isactive", "isenabled", "disabled", "is_disabled"];
    words.iter().any(|word| table.column(word).is_some())
}
