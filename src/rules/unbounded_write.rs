//! `unbounded-write`: an UPDATE or DELETE of all rows.

use super::sql_finding::{SqlCx, SqlFinding};
use super::{FileCx, Sink, sql_statement};
use crate::findings::Severity;
use crate::project::schema::TableKind;
use crate::source::{Language, Span};
use crate::sql::Verb;
use crate::sql::query::*;

const NOTE: &str = "every row is locked and written until the statement is done: an UPDATE of one million rows took seven seconds on PostgreSQL 15 \
                    and doubled the table's size; a DELETE of them took four times as long as TRUNCATE";

/// Reports statements that write all rows of a table.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    if !empties_the_database(cx) {
        sql_statement::report_all(cx, sink, check_statement);
    }
}

/// Whether a SQL file deletes the rows of table after table, and does nothing else: who runs it means it.
fn empties_the_database(cx: &FileCx<'_>) -> bool {
    let source = cx.source();
    let statements = &cx.facts().statements;
    let deletes = statements.iter().filter(|found| found.statement.verb == Verb::Delete);
    let is_whole = |span: Span| !source.text[span.range()].to_ascii_lowercase().contains("where");
    source.language == Language::Sql
        && deletes.clone().count() >= 3
        && deletes.clone().all(|found| is_whole(found.span))
        && statements
            .iter()
            .all(|found| matches!(found.statement.verb, Verb::Ddl | Verb::Delete | Verb::Other | Verb::Transaction))
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    let Some(root) = cx.query.root() else { return };
    let verb = match root.role {
        Role::Update => "updated",
        Role::Delete => "deleted",
        _ => return,
    };
    let [target] = root.sources.as_slice() else { return };
    // Who deletes all rows in the words of an ORM means it, and has no other words for it.
    if cx.model.is_some() && root.role == Role::Delete {
        return;
    }
    let Some(table) = target.table().filter(|table| !table.is_dynamic()) else { return };
    let is_passing = cx.schema.definitions(table).iter().any(|table| table.kind != TableKind::Table);
    if root.limit.is_some() || root.has_open_clauses || !cx.query.is_whole || cx.is_spared(table) || is_passing {
        return;
    }
    if cx.schema.stays_small(table) || cx.query.has_open_conditions(root, cx.slots()) {
        return;
    }
    if root.filter.is_some_and(|filter| !is_always_true(&cx.query.exprs, filter)) {
        return;
    }
    let message = format!("every row of `{}` is {verb}", table.name().text);
    let help = match root.role {
        _ if cx.model.is_some() => "say which rows by a condition, at least those that change",
        Role::Update => "say which rows with WHERE, at least those that change: WHERE c IS DISTINCT FROM …",
        _ => "say which rows with WHERE, or use TRUNCATE if all of them are to go",
    };
    out.push(SqlFinding::new(root.head, Severity::Warning, message, NOTE, help));
}

/// `1 = 1`, `TRUE`
fn is_always_true(exprs: &Exprs, id: ExprId) -> bool {
    match exprs.get(id) {
        Expr::Literal(Literal::Bool(value)) => *value,
        Expr::Compare(Comparison::Equal, left, right) => {
            let is_literal = |id: ExprId| matches!(exprs.get(id), Expr::Literal(Literal::Number(_)));
            is_literal(*left) && is_literal(*right) && exprs.canonical(*left) == exprs.canonical(*right)
        }
        _ => false,
    }
}
