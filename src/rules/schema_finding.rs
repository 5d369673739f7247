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

/// Whether every definition of a table meets a condition, and is one of a table.
pub(super) fn all_agree(schema: &Schema, name: &TableName, holds: impl Fn(&Table) -> bool) -> bool {
    schema.definitions(name).into_iter().all(|table| table.kind == TableKind::Table && holds(table))
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
            create_index(&name, &columns, dialect)
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
