//! `mysql-copy-alter`: a change for which MySQL and MariaDB copy the table while nobody can write to it.

use super::migration::{StepCx, each_step};
use super::{FileCx, Finding, Sink};
use crate::project::schema::Place;
use crate::sql::Dialect;
use crate::sql::ddl::AlterOperation;

const NOTE: &str = "the table is copied row by row, and writes wait until the copy is done; what can be done in place \
                    (adding columns and indexes, making a varchar wider) lets them go on";

/// Reports changes of types, foreign keys and conversions of character sets.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    each_step(cx, sink, check_step);
}

fn check_step(cx: StepCx<'_>) -> Option<Finding> {
    if cx.step.dialect != Dialect::MySql {
        return None;
    }
    let table = cx.table_in_use()?;
    // With `ALGORITHM=INPLACE` or `LOCK=NONE` the server refuses rather than copies.
    let statement = cx.file.source().text.get(cx.step.whole.range()).unwrap_or("").to_ascii_uppercase();
    if statement.contains("ALGORITHM") || statement.contains("LOCK=") {
        return None;
    }
    let what = match cx.step.operation()?.1 {
        AlterOperation::RedefineColumn { from, column } => {
            let place = Place { file: cx.file.id, span: cx.step.whole };
            let before = cx.file.project.schema().type_before(place, &from.text)?;
            copies(before, &column.type_name)
                .then(|| format!("changing `{}` from {before} to {}", from.text, column.type_name))?
        }
        AlterOperation::AddForeignKey(key, _) if checks_foreign_keys(&cx) => {
            format!("adding a foreign key to `{}`", key.target.text())
        }
        AlterOperation::Harmless if cx.step.text_begins_with("convert") => "converting its character set".to_owned(),
        _ => return None,
    };
    let help = "add ALGORITHM=INPLACE, LOCK=NONE, so that the server refuses what it cannot do online, and use gh-ost or \
                pt-online-schema-change for the rest";
    let message = format!("{what} copies `{}`, and writes to it wait", table.text());
    Some(Finding::new(cx.label(), message).note(NOTE).help(help))
}

/// Whether the session checks foreign keys: without it, one is added in place.
fn checks_foreign_keys(cx: &StepCx<'_>) -> bool {
    let text = &cx.file.source().text;
    memchr::memmem::find(text.to_ascii_lowercase().as_bytes(), b"foreign_key_checks").is_none()
}

/// Whether a column of one type cannot become one of another in place; `false` where that is not known.
fn copies(before: &str, after: &str) -> bool {
    let (old, old_length) = kind(before);
    let (new, new_length) = kind(after);
    if old != new {
        return is_known(&old) && is_known(&new);
    }
    match (&*old, old_length, new_length) {
        ("varchar", Some(old), Some(new)) => new < old,
        ("decimal", _, _) => before.replace(' ', "") != after.replace(' ', ""),
        _ => false,
    }
}

/// The name that a type's other names stand for, and its length.
fn kind(text: &str) -> (String, Option<u32>) {
    let lower = text.to_ascii_lowercase();
    let (name, rest) = lower.split_once('(').unwrap_or((&lower, ""));
    let unsigned = lower.contains("unsigned");
    let first = name.split_whitespace().next().unwrap_or("");
    let name = match first {
        "integer" => "int",
        "numeric" | "dec" => "decimal",
        "boolean" | "bool" => "tinyint",
        "character" if name.contains("varying") => "varchar",
        "character" => "char",
        other => other,
    };
    let length = rest.split([')', ',']).next().and_then(|number| number.trim().parse().ok());
    (format!("{name}{}", if unsigned { " unsigned" } else { "" }), length)
}

fn is_known(name: &str) -> bool {
    matches!(
        name.trim_end_matches(" unsigned"),
        "tinyint"
            | "smallint"
            | "mediumint"
            | "int"
            | "bigint"
            | "decimal"
            | "float"
            | "double"
            | "char"
            | "varchar"
            | "text"
            | "mediumtext"
            | "longtext"
            | "date"
            | "datetime"
            | "timestamp"
            | "json"
            | "enum"
    )
}

#[cfg(test)]
mod tests {
    use super::copies;

    #[test]
    fn what_is_done_in_place() {
        for (from, to) in
            [("varchar(20)", "varchar(40)"), ("int(11)", "int"), ("INTEGER", "int(11)"), ("enum('a')", "enum('a','b')")]
        {
            assert!(!copies(from, to), "{from} → {to}");
        }
        for (from, to) in
            [("int", "bigint"), ("varchar(40)", "varchar(20)"), ("varchar(20)", "text"), ("int", "int unsigned")]
        {
            assert!(copies(from, to), "{from} → {to}");
        }
    }
}
