//! Alembic's operations, and whatever else makes an index by naming its table and columns: they add keys and
//! indexes to the tables that models define. `batch_op.create_index` is about the table of its batch.

use super::Defined;
use super::alembic_chain::{Revision, Step, name_in};
use super::arguments::{asks, batch_of, called, is_undone, keyword, positional, texts};
use crate::facts::*;
use crate::project::{FileId, Types};
use crate::source::Span;
use crate::sql::ddl::define::{index, table_name};
use crate::sql::ddl::{IndexDef, IndexKind, TableChange};

/// What only a file has that makes keys or indexes.
const SIGNS: [&str; 6] =
    ["create_index", "create_primary_key", "create_table", "create_unique_constraint", "down_revision", "index_name"];

/// The operations that make a key or an index of a table that is there.
const MAKING: [&str; 3] = ["create_index", "create_primary_key", "create_unique_constraint"];

/// The indexes that a file makes.
pub(super) fn read(types: &Types<'_>, file: FileId) -> Defined {
    let facts: &FileFacts = &types.project().file(file).facts;
    let mut defined = Defined { only_adds: true, ..Defined::default() };
    if !SIGNS.iter().any(|sign| facts.names.find(sign).is_some()) {
        return defined;
    }
    let mut revision = Revision::of(facts);
    for (id, call) in facts.numbered() {
        let name = called(facts, call);
        if name == "create_table" {
            let made = keys_of_table(facts, call, &mut defined);
            if !is_undone(facts, call) {
                if let Some(revision) = &mut revision {
                    revision.create(facts, call);
                }
                for (change, name) in made {
                    if let Some(revision) = &mut revision {
                        revision.steps.push(Step::Make(defined.changes.len(), Some(name)));
                    }
                    defined.changes.push((change, call.name_span));
                }
            }
            continue;
        }
        let made = match name {
            _ if MAKING.contains(&name) => operation(facts, call, name),
            _ => by_keywords(facts, call),
        };
        if made.is_some() {
            defined.read.insert(id);
        }
        if let Some(made) = made.filter(|_| !is_undone(facts, call)) {
            let own = |option: &str| keyword(facts, call, option);
            let name = own("index_name").or_else(|| own("constraint_name")).or_else(|| positional(call, 0));
            let name = name.and_then(|name| name_in(facts, name)).map(str::to_owned);
            if let Some(revision) = &mut revision {
                revision.steps.push(Step::Make(defined.changes.len(), name));
            }
            defined.changes.push((made, call.name_span));
        } else if let Some(revision) = &mut revision {
            if MAKING.contains(&name) && !defined.read.contains(&id) && !is_undone(facts, call) {
                revision.note_unread(facts);
            }
            revision.take(facts, call);
        }
    }
    defined.revision = revision;
    defined
}

/// The keys and indexes in `op.create_table("users", sa.Column("id", …), sa.PrimaryKeyConstraint("id"), …)`: the columns
/// are those of a model, but a key may have been left out there. With their names, those that PostgreSQL gives them if they
/// have none.
fn keys_of_table(facts: &FileFacts, call: &Call, defined: &mut Defined) -> Vec<(TableChange, String)> {
    let span = call.name_span;
    let Some(name) = positional(call, 0).and_then(|name| facts.literal(name)) else { return Vec::new() };
    let table = table_name(name, span);
    let mut made = Vec::new();
    for arg in call.args.iter().filter(|arg| arg.name.is_none()).skip(1) {
        let Value::Call(id) = facts.value(arg.value) else { continue };
        let part = facts.call(*id);
        let given = || part.args.iter().filter(|arg| arg.name.is_none()).map(|arg| facts.literal(arg.value));
        let (kind, columns): (IndexKind, Option<Vec<&str>>) = match called(facts, part) {
            "PrimaryKeyConstraint" => (IndexKind::Primary, given().collect()),
            "UniqueConstraint" => (IndexKind::Unique, given().collect()),
            "Index" if asks(facts, keyword(facts, part, "unique")) == Some(true) => {
                (IndexKind::Unique, given().skip(1).collect())
            }
            "Index" => (IndexKind::Plain, given().skip(1).collect()),
            "Column" => {
                let asked = |option: &str| asks(facts, keyword(facts, part, option));
                let kind = match (asked("unique"), asked("index")) {
                    (Some(false), Some(false)) => {
                        defined.read.insert(*id);
                        continue;
                    }
                    (Some(true), _) => IndexKind::Unique,
                    (Some(false), Some(true)) => IndexKind::Plain,
                    _ => IndexKind::Other,
                };
                (kind, given().take(1).collect())
            }
            _ => continue,
        };
        // What is no plain index of columns is not known to its end.
        let is_special = part.args.iter().filter_map(|arg| arg.name).any(|name| facts.names[name].contains('_'));
        defined.read.insert(*id);
        let given_name = match called(facts, part) {
            "Index" => positional(part, 0),
            "Column" => None,
            _ => keyword(facts, part, "name"),
        };
        let given_name = given_name.and_then(|name| name_in(facts, name)).map(str::to_owned);
        let own_name = given_name.unwrap_or_else(|| {
            let columns = columns.iter().flatten().copied().collect::<Vec<_>>().join("_");
            match kind {
                IndexKind::Primary => format!("{name}_pkey"),
                IndexKind::Unique => format!("{name}_{columns}_key"),
                _ => format!("ix_{name}_{columns}"),
            }
        });
        let change =
            match columns.filter(|columns| !(columns.is_empty() || (called(facts, part) == "Index" && is_special))) {
                Some(columns) => self::made(name, kind, &columns, span),
                None => TableChange::Opaque { table: table.clone(), span },
            };
        made.push((change, own_name));
    }
    made
}

/// `op.create_index("name", "table", ["column", …], unique=True)`, `batch_op.create_index("name", ["column", …])`
fn operation(facts: &FileFacts, call: &Call, name: &str) -> Option<TableChange> {
    let batch = batch_of(facts, call);
    let named = || keyword(facts, call, "table_name").or_else(|| positional(call, 1));
    let table = facts.literal(if batch.is_some() { batch? } else { named()? })?;
    let first = if batch.is_some() { 1 } else { 2 };
    let columns = keyword(facts, call, "columns").or_else(|| positional(call, first))?;
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
