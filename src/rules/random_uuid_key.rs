//! `random-uuid-key`: a table that only grows takes its rows in at random places, or by keys that are texts.

use super::schema_finding::{all_agree, grows, label, server_tables};
use super::{Finding, ProjectCx, Sink};
use crate::findings::{Confidence, Role, Severity};
use crate::project::schema::{Column, Table};
use crate::sql::Dialect;
use crate::sql::query::same_name;

const NOTE: &str = "each new row goes to another page of the index, which is soon larger than memory: into a million rows, half a million more took 3.5 \
                    to 3.8 times as long as with bigint on PostgreSQL 15, as text 4.3 to 4.7 times and 110 MB of index instead of 32; on MariaDB \
                    10.11, where every index holds the key, char(36) took 4.7 times as long";

/// So many rows make a table a large one, whatever it is called.
const LARGE: u64 = 1_000_000;

/// How a key is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    /// A UUID that is written out.
    Text,
    /// A UUID in no order of time.
    Random,
}

/// Reports such keys of tables named after what happens all the time, or told to be large.
pub(super) fn check(cx: &ProjectCx<'_>, sink: &mut Sink<'_>) {
    let schema = cx.project.schema();
    for (table, name, dialect) in server_tables(cx) {
        let rows = schema.told_rows(&name);
        if !rows.map_or_else(|| grows(&table.name), |rows| rows >= LARGE) {
            continue;
        }
        let Some((column, key)) = key_of(table, dialect) else { continue };
        if !all_agree(schema, &name, |table| key_of(table, dialect).is_some_and(|(_, other)| other == key)) {
            continue;
        }
        let place = label(cx, column.place, Role::Primary, "");
        let message = match key {
            Key::Text => format!(
                "`{}.{}` is a UUID written out as text: every key takes more than twice its sixteen bytes, in no order",
                table.name, column.name
            ),
            Key::Random => format!("`{}.{}` puts each new row at a random place of its index", table.name, column.name),
        };
        let help = match (dialect, key) {
            (Dialect::MySql, _) => {
                "binary(16) with uuid_to_bin(uuid(), 1), which stands in the order of time (on MariaDB the type uuid), or \
                 bigint with the UUID in a column of its own"
            }
            (_, Key::Text) => "the type uuid, made in the order of time: uuidv7() (PostgreSQL 18, or by the program)",
            (_, Key::Random) => {
                "UUIDs in the order of time: uuidv7() (PostgreSQL 18, or by the program), or bigint where nobody must guess it"
            }
        };
        let severity = if key == Key::Text { Severity::Warning } else { Severity::Info };
        let finding = Finding::new(place, message).severity(severity).confidence(Confidence::Medium);
        sink.report(finding.note(NOTE).help(help));
    }
}

/// The only column of a table's key, if it is such a UUID.
fn key_of(table: &Table, dialect: Dialect) -> Option<(&Column, Key)> {
    let key = table.primary_key()?;
    let [name] = key.as_slice() else { return None };
    let column = table.column(name)?;
    // The key of another table's row comes from there.
    let is_foreign = table.foreign_keys.iter().any(|key| key.columns.iter().any(|column| same_name(column, name)));
    if is_foreign || table.partitioned || table.made_like.is_some() {
        return None;
    }
    let default = column.default.as_deref().unwrap_or("").to_lowercase();
    let is_made = ["gen_random_uuid", "uuid_generate_v4", "uuidv4", "uuid("].iter().any(|made| default.contains(made));
    let kind = column.type_name.replace(' ', "");
    let is_text = matches!(&*kind, "char(36)" | "character(36)" | "charactervarying(36)" | "varchar(36)")
        || is_made && (kind.starts_with("varchar") || kind.starts_with("char") || kind == "text");
    // `uuid_to_bin(uuid(), 1)` swaps the parts so that they stand in the order of time.
    let is_ordered = default.contains(",1)") || default.contains(", 1)") || default.contains(", true)");
    let is_random =
        is_made && !is_ordered && (kind == "uuid" && dialect == Dialect::PostgreSql || kind == "binary(16)");
    match (is_text, is_random) {
        (true, _) => Some((column, Key::Text)),
        (_, true) => Some((column, Key::Random)),
        _ => None,
    }
}
