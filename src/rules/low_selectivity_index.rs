//! `low-selectivity-index`: an index on nothing but a flag.

use super::schema_finding::{all_agree, label, tables};
use super::{Finding, ProjectCx, Sink};
use crate::findings::{Role, Severity};
use crate::project::schema::{Index, MigrationTool, Table};
use crate::sql::Dialect;
use crate::sql::ddl::IndexKind;
use crate::sql::query::same_name;

const NOTE: &str = "for the value that most rows have the table is read anyway; for the rare one an index of those rows alone is as fast, and was 40 kB \
                    instead of 7 MB where one row of a thousand had it (PostgreSQL 15); and every row that is written keeps the index up to date";

/// Reports plain indexes on a single boolean column, on PostgreSQL and SQLite.
pub(super) fn check(cx: &ProjectCx<'_>, sink: &mut Sink<'_>) {
    let schema = cx.project.schema();
    for (table, name) in tables(cx) {
        let dialect = match *cx.project.databases_of(table) {
            [only @ (Dialect::PostgreSql | Dialect::Sqlite)] => only,
            _ => continue,
        };
        for index in table.indexes.iter().filter(|index| !index.perhaps && !index.definition.is_implied) {
            let Some(column) = flag_alone(table, index) else { continue };
            let has_it = |other: &Table| {
                other.indexes.iter().any(|index| flag_alone(other, index).is_some_and(|own| same_name(own, column)))
            };
            if !all_agree(schema, &name, has_it) {
                continue;
            }
            let message = format!(
                "this index holds all rows of `{}`, but of true and false only the rarer is found by it",
                table.name
            );
            sink.report(
                Finding::new(label(cx, index.place, Role::Primary, ""), message)
                    .severity(Severity::Info)
                    .note(NOTE)
                    .help(help(cx, table, column, dialect))
                    .related(label(cx, table.place, Role::Schema, format!("`{}` is defined here", table.name))),
            );
        }
    }
}

/// An index of the few rows alone, in the words of what defines the table.
fn help(cx: &ProjectCx<'_>, table: &Table, column: &str, dialect: Dialect) -> String {
    let (partial, others) = match cx.project.schema().tool_of(table) {
        MigrationTool::Django => (
            format!("`models.Index(fields=[\"…\"], condition=Q({column}=True), name=\"…\")`"),
            format!("`{column}=False`"),
        ),
        MigrationTool::Alembic => {
            let option = if dialect == Dialect::PostgreSql { "postgresql_where" } else { "sqlite_where" };
            (format!("`Index(\"…\", \"…\", {option}=text(\"{column}\"))`"), format!("`NOT {column}`"))
        }
        _ => {
            let flag = cx.project.spelled(table.place.file, column, dialect);
            let table = cx.project.spelled_table(table, dialect);
            let how = if dialect == Dialect::PostgreSql { " CONCURRENTLY" } else { " …" };
            (format!("CREATE INDEX{how} ON {table} (…) WHERE {flag}"), format!("WHERE NOT {flag}"))
        }
    };
    format!(
        "{partial}, on the column that is looked for among those rows (or {others}, if those are the few), or none at all"
    )
}

/// The boolean column that an index holds, if it holds nothing else and all rows.
fn flag_alone<'t>(table: &'t Table, index: &Index) -> Option<&'t str> {
    let definition = &index.definition;
    let [part] = &*definition.parts else { return None };
    let column = table.column(part.column()?)?;
    let is_plain = definition.kind == IndexKind::Plain
        && matches!(&*definition.method, "" | "btree")
        && definition.predicate.is_none()
        && definition.include.is_empty();
    (is_plain && column.type_name.starts_with("bool")).then_some(&column.name)
}
