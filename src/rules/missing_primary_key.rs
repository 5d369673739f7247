//! `missing-primary-key`: a table without a key.

use super::schema_finding::{all_agree, label, tables};
use super::{Finding, ProjectCx, Sink};
use crate::findings::Role;
use crate::project::schema::Table;
use crate::sql::Dialect;
use crate::sql::ddl::IndexKind;
use crate::sql::query::TableName;

/// Reports tables that have neither a primary key nor a unique key that is never null.
pub(super) fn check(cx: &ProjectCx<'_>, sink: &mut Sink<'_>) {
    let schema = cx.project.schema();
    for (table, name) in tables(cx) {
        let dialects = cx.project.databases_of(table);
        let dialect = match *dialects {
            [only @ (Dialect::PostgreSql | Dialect::MySql)] => only,
            _ => continue,
        };
        if table.columns.is_empty() || is_special(cx, table, &name) || !all_agree(schema, &name, has_no_key) {
            continue;
        }
        let note = if dialect == Dialect::MySql {
            "InnoDB then orders the rows by a hidden counter, which no query can ask for, and replicas look for each changed row in the \
             whole table"
        } else {
            "nothing then tells one row from another: a single one cannot be changed or deleted, and replicas that are told of a change \
             look for the row in the whole table"
        };
        sink.report(
            Finding::new(label(cx, table.place, Role::Primary, ""), format!("`{}` has no primary key", table.name))
                .note(note)
                .help("make the columns that tell its rows apart the primary key, or add an identity column"),
        );
    }
}

/// Whether all of a table is known and nothing makes its rows unique.
fn has_no_key(table: &Table) -> bool {
    let is_key = |kind: IndexKind| matches!(kind, IndexKind::Primary | IndexKind::Unique);
    table.knows_columns
        && table.knows_indexes
        && table.made_like.is_none()
        && !table.partitioned
        && !table.indexes.iter().any(|index| is_key(index.definition.kind) || index.definition.parts.is_empty())
}

/// Whether a table is one that is not kept, or whose rows a library keeps in its own way.
fn is_special(cx: &ProjectCx<'_>, table: &Table, name: &TableName) -> bool {
    let lower = name.name().text.to_lowercase();
    let mut words = lower.split('_');
    let is_passing = words.any(|word| {
        matches!(
            word,
            "archive"
                | "backup"
                | "bak"
                | "copy"
                | "dump"
                | "import"
                | "old"
                | "raw"
                | "stage"
                | "staging"
                | "stg"
                | "temp"
                | "tmp"
        )
    });
    is_passing || cx.file(table.place.file).source().text.contains("hypertable")
}
