//! `table-rewrite`: a change that writes every row of a table anew while nobody can read it.

use super::migration::{StepCx, each_step};
use super::{FileCx, Finding, Sink};
use crate::project::schema::Place;
use crate::sql::ddl::{AlterOperation, ColumnDef};

const NOTE: &str = "the table is copied under an ACCESS EXCLUSIVE lock, so reads wait too: two to four seconds for one million rows \
                    on PostgreSQL 15, and all indexes are made again";

/// Reports changes of types that PostgreSQL cannot make in place, and columns that it must fill in itself.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    each_step(cx, sink, check_step);
}

fn check_step(cx: StepCx<'_>) -> Option<Finding> {
    if !cx.is_postgresql() {
        return None;
    }
    let table = cx.table_in_use()?;
    let (what, help) = match cx.step.operation()?.1 {
        AlterOperation::SetType { column, type_name } => {
            let place = Place { file: cx.file.id, span: cx.step.whole };
            let before = cx.file.project.schema().type_before(place, &column.text);
            if !rewrites(before, type_name, cx.step.text) {
                return None;
            }
            let to = format!("changing the type of `{}` to {}", column.text, type_name.replace('"', ""));
            (
                to,
                "add a column of the new type, keep both in step with a trigger, fill it in batches, then swap the names",
            )
        }
        AlterOperation::AddColumn { column, .. } if fills_itself(column, cx.step.text) => (
            format!("adding `{}`, whose value the database makes for each row,", column.name.text),
            "add a plain column, fill it in batches, then set its default or identity",
        ),
        _ => return None,
    };
    let message = format!("{what} writes every row of `{}` anew while nobody can read or write it", table.text());
    Some(Finding::new(cx.label(), message).note(NOTE).help(help))
}

/// `serial`, `GENERATED … AS IDENTITY`, `GENERATED … STORED`
fn fills_itself(column: &ColumnDef, text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    column.identity || (column.generated && upper.contains("STORED"))
}

/// Whether a column gets another form on disk when its type changes; `false` where that is not known.
fn rewrites(before: Option<&str>, after: &str, text: &str) -> bool {
    let new = Type::read(after);
    let Some(old) = before.map(Type::read) else {
        // Only a column that had this very type already would be left alone.
        return new.is_plain() || converts_by_text(text);
    };
    if old == new || (old.is_timestamp() && new.is_timestamp()) {
        return false;
    }
    match (old.name, new.name) {
        ("varchar" | "text" | "citext", "text" | "citext") => false,
        ("varchar", "varchar") => match (old.first, new.first) {
            (_, None) => false,
            (Some(old), Some(new)) => new < old,
            (None, Some(_)) => true,
        },
        ("text", "varchar") => new.first.is_some(),
        ("numeric", "numeric") => match (old.first, new.first) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(from), Some(to)) => to < from || old.second != new.second,
        },
        ("cidr", "inet") | ("xml", "text") => false,
        (_, _) if old.is_known() && new.is_known() => true,
        // Types of the project's own: a domain may be what it stands for.
        _ => converts_by_text(text),
    }
}

/// `USING (status::text::new_status)`: the value is made anew.
fn converts_by_text(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.split_once("using").is_some_and(|(_, using)| using.contains("::text"))
}

/// A type, by the name that its other names stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Type<'t> {
    name: &'t str,
    /// What stands in its brackets.
    first: Option<u32>,
    second: Option<u32>,
    is_array: bool,
}

impl<'t> Type<'t> {
    fn read(text: &'t str) -> Type<'t> {
        let is_array = text.trim_end().ends_with(']');
        let (name, rest) = text.split_once('(').unwrap_or((text, ""));
        let mut numbers = rest.split(')').next().unwrap_or("").split(',').map(|part| part.trim().parse().ok());
        let first = numbers.next().flatten();
        let second = numbers.next().flatten().or(first.map(|_| 0));
        let tail = rest.split_once(')').map_or("", |(_, tail)| tail.trim());
        let name = name.trim().trim_end_matches("[]").trim_end();
        let name = match name {
            "int" | "int4" | "serial" => "integer",
            "int8" | "bigserial" => "bigint",
            "int2" | "smallserial" => "smallint",
            "character varying" => "varchar",
            "character" | "bpchar" => "char",
            "decimal" => "numeric",
            "bool" => "boolean",
            "float8" | "float" | "double" => "double precision",
            "float4" => "real",
            "timestamp with time zone" => "timestamptz",
            "timestamp without time zone" => "timestamp",
            "timestamp" if tail.starts_with("with time zone") => "timestamptz",
            other => other,
        };
        Type { name, first, second, is_array }
    }

    /// Whether no other type is stored as it is.
    fn is_plain(&self) -> bool {
        !self.is_array
            && matches!(
                self.name,
                "bigint"
                    | "boolean"
                    | "bytea"
                    | "date"
                    | "double precision"
                    | "integer"
                    | "interval"
                    | "json"
                    | "jsonb"
                    | "real"
                    | "smallint"
                    | "uuid"
            )
    }

    fn is_known(&self) -> bool {
        self.is_plain()
            || matches!(self.name, "varchar" | "text" | "char" | "numeric" | "inet" | "cidr" | "citext" | "xml")
            || self.is_timestamp()
    }

    /// Whether the two kinds of timestamps differ on disk is up to the time zone of the session.
    fn is_timestamp(&self) -> bool {
        matches!(self.name, "timestamp" | "timestamptz")
    }
}

#[cfg(test)]
mod tests {
    use super::rewrites;

    #[test]
    fn types_that_are_stored_alike() {
        for (from, to) in [
            ("varchar(20)", "varchar(40)"),
            ("character varying(20)", "text"),
            ("numeric(12,2)", "numeric(14,2)"),
            ("numeric(12, 2)", "numeric"),
            ("timestamp without time zone", "timestamp with time zone"),
            ("int", "integer"),
            ("text", "varchar"),
            ("text", "citext"),
        ] {
            assert!(!rewrites(Some(from), to, ""), "{from} → {to}");
        }
    }

    #[test]
    fn types_that_are_not() {
        for (from, to) in [
            ("int", "bigint"),
            ("text", "jsonb"),
            ("varchar(40)", "varchar(20)"),
            ("text", "varchar(20)"),
            ("numeric(12,2)", "numeric(12,4)"),
            ("varchar(10)", "char(10)"),
            ("integer", "text"),
        ] {
            assert!(rewrites(Some(from), to, ""), "{from} → {to}");
        }
        assert!(rewrites(None, "bigint", ""));
        assert!(!rewrites(None, "text", ""));
        assert!(!rewrites(None, "mood", ""));
        assert!(rewrites(Some("mood"), "new_mood", "c TYPE new_mood USING (c::text::new_mood)"));
    }
}
