//! Alembic's operations, and whatever else makes an index by naming its table and columns: they add keys and
//! indexes to the tables that models define. `batch_op.create_index` does not name its table.

use super::Defined;
use super::arguments::{asks, called, is_undone, keyword, positional, texts};
use crate::facts::*;
use crate::project::{FileId, Types};
use crate::source::Span;
use crate::sql::ddl::define::{index, table_name};
use crate::sql::ddl::{IndexDef, IndexKind, TableChange};

/// The indexes that a file makes.
pub(super) fn read(types: &Types<'_>, file: FileId) -> Defined {
    let facts: &FileFacts = &types.project().file(file).facts;
    let mut defined = Defined { only_adds: true, ..Defined::default() };
    for (id, call) in (0..).map(CallId).zip(&facts.calls) {
        let name = called(facts, call);
        let made = match name {
            "create_index" | "create_unique_constraint" | "create_primary_key" => operation(facts, call, name),
            _ => by_keywords(facts, call),
        };
        if made.is_some() {
            defined.read.insert(id);
        }
        if let Some(made) = made.filter(|_| !is_undone(facts, call)) {
            defined.changes.push((made, call.name_span));
        }
    }
    defined
}

/// `op.create_index("name", "table", ["column", …], unique=True)`
fn operation(facts: &FileFacts, call: &Call, name: &str) -> Option<TableChange> {
    let table = keyword(facts, call, "table_name").or_else(|| positional(call, 1))?;
    let table = facts.literal(table)?;
    let columns = keyword(facts, call, "columns").or_else(|| positional(call, 2))?;
    let is_partial = ["postgresql_where", "sqlite_where", "postgresql_using"]
        .iter()
        .any(|option| keyword(facts, call, option).is_some());
    let kind = match name {
        _ if is_partial => IndexKind::Other,
        "create_primary_key" => IndexKind::Primary,
        "create_unique_constraint" => IndexKind::Unique,
        _ if asks(facts, keyword(facts, call, "unique")) == Some(true) => IndexKind::Unique,
        _ => IndexKind::Plain,
    };
    // `sa.text("lower(name)")` is no column: what it serves is not known.
    let concurrently = asks(facts, keyword(facts, call, "postgresql_concurrently")) != Some(false);
    match texts(facts, columns) {
        Some(columns) => match made(table, kind, &columns, call.name_span) {
            TableChange::CreateIndex(index) => Some(TableChange::CreateIndex(IndexDef {
                concurrently,
                is_constraint: name != "create_index",
                ..index
            })),
            other => Some(other),
        },
        None => Some(TableChange::Opaque { table: table_name(table, call.name_span), span: call.name_span }),
    }
}

/// `anything(…, index_name="…", table="…", columns=["…"])`
fn by_keywords(facts: &FileFacts, call: &Call) -> Option<TableChange> {
    let is_named = |wanted: &str| keyword(facts, call, wanted);
    is_named("index_name")?;
    let table = facts.literal(is_named("table").or_else(|| is_named("table_name"))?)?;
    let columns = texts(facts, is_named("columns")?)?;
    let is_partial = is_named("where_clause").or_else(|| is_named("where")).is_some();
    let is_unique = asks(facts, is_named("unique")) == Some(true);
    let kind = match (is_partial, is_unique) {
        (true, _) => IndexKind::Other,
        (false, true) => IndexKind::Unique,
        (false, false) => IndexKind::Plain,
    };
    Some(made(table, kind, &columns, call.name_span))
}

fn made(table: &str, kind: IndexKind, columns: &[&str], span: Span) -> TableChange {
    // `created DESC` is as good as `created`.
    let names = columns.iter().map(|column| column.split_whitespace().next().unwrap_or(column));
    TableChange::CreateIndex(index(&table_name(table, span), kind, names, span))
}
