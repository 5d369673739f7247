//! `volatile-default`: a new column whose default differs from row to row.

use super::migration::{StepCx, each_step};
use super::{FileCx, Finding, Sink};
use crate::sql::ddl::AlterOperation;

const NOTE: &str = "a default that is the same for all rows is kept once, since PostgreSQL 11; one that is computed for each row is written \
                    into each: two to four seconds for one million rows on PostgreSQL 15, and reads wait too";

/// Functions that give another value each time, sorted.
const VOLATILE: &[&str] = &[
    "clock_timestamp",
    "gen_random_bytes",
    "gen_random_uuid",
    "nextval",
    "random",
    "timeofday",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
];

/// Reports columns that are added with such a default.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    each_step(cx, sink, check_step);
}

fn check_step(cx: StepCx<'_>) -> Option<Finding> {
    if !cx.is_postgresql() {
        return None;
    }
    let table = cx.table_in_use()?;
    let AlterOperation::AddColumn { column, .. } = cx.step.operation()?.1 else { return None };
    let default = column.default.as_deref()?;
    let why = match volatile_in(default) {
        Some(function) => format!("calls `{function}()`"),
        // Until PostgreSQL 10 every default was written into each row.
        None if !is_null(default) && cx.servers_are_before(&[11]) => "is kept in each row by PostgreSQL 10".to_owned(),
        None => return None,
    };
    let message = format!(
        "the default of `{}` {why}, so every row of `{}` is written anew while nobody can read or write it",
        column.name.text,
        table.text()
    );
    let help = "add the column without a default, set the default for new rows, then fill the old ones in batches";
    Some(Finding::new(cx.label(), message).note(NOTE).help(help))
}

fn is_null(default: &str) -> bool {
    default.trim().eq_ignore_ascii_case("null")
}

/// The first function that a default calls and that gives another value each time.
fn volatile_in(default: &str) -> Option<&'static str> {
    let lower = default.to_ascii_lowercase();
    let calls = lower.split('(').rev().skip(1);
    let names = calls.map(|before| before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or(""));
    let mut found = names.filter_map(|name| VOLATILE.binary_search(&name).ok()).map(|at| VOLATILE[at]);
    found.next()
}

#[cfg(test)]
mod tests {
    use super::volatile_in;

    #[test]
    fn functions_of_defaults() {
        assert_eq!(volatile_in("gen_random_uuid()"), Some("gen_random_uuid"));
        assert_eq!(volatile_in("md5(random()::text)"), Some("random"));
        assert_eq!(volatile_in("public.uuid_generate_v4()"), Some("uuid_generate_v4"));
        assert_eq!(volatile_in("now()"), None);
        assert_eq!(volatile_in("'random'"), None);
    }
}
