//! `unordered-page`: pages of rows that stand in no order.

use super::sql_finding::{SqlCx, SqlFinding};
use super::{FileCx, Finding, Sink, sql_statement};
use crate::findings::{Role as Part, Severity};
use crate::project::schema::{Known, Test, conditions_of};
use crate::sql::query::*;
use crate::sql::{Dialect, Reading};

const NOTE: &str = "without ORDER BY the rows come as the database happens to read them: after one UPDATE, PostgreSQL 15 gave rows 3 to 5 where it \
                    had given 1 to 3 before, so pages repeat rows and leave others out";

const MESSAGE: &str = "these pages have no order: rows may stand on two of them, or on none";

/// Reports `OFFSET` without `ORDER BY`, in SQL and in the words of an ORM.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    for index in 0..cx.facts().statements.len() {
        sql_statement::report(&cx.statement(index), sink, check_statement);
    }
    for page in &cx.project.orm(cx.id).unordered {
        let finding = Finding::new(cx.label(page.span, Part::Primary, ""), MESSAGE)
            .severity(Severity::Warning)
            .confidence(page.confidence)
            .note(NOTE)
            .help(page.help());
        sink.report(finding);
    }
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    // MySQL and SQLite read most tables in the order of their keys; column stores are for others to judge.
    if !matches!(cx.dialect, Dialect::PostgreSql | Dialect::Generic) {
        return;
    }
    for select in cx.query.selects.iter().filter(|select| select.order_by.is_empty()) {
        let Some(offset) = select.offset else { continue };
        let sees_all = !select.has_open_clauses
            && !cx.slots().iter().any(|slot| slot.reading == Reading::Clause && select.span.contains(slot.span));
        // What a subquery gives may come in an order of its own.
        let is_read = |source: &Source| source.table().is_some_and(|table| !table.is_dynamic() && !cx.is_spared(table));
        if select.sources.is_empty() || !select.sources.iter().all(is_read) {
            continue;
        }
        if !sees_all || !is_paged(&cx, select, offset.value) || gives_one_row(&cx, select) {
            continue;
        }
        let help = "ORDER BY columns that no two rows share, as the primary key, last";
        out.push(SqlFinding::new(offset.span, Severity::Warning, MESSAGE.to_owned(), NOTE, help));
    }
}

/// Whether a program goes from page to page: what is skipped, and how much is taken, come from outside.
fn is_paged(cx: &SqlCx<'_>, select: &Select, offset: ExprId) -> bool {
    let exprs = &cx.query.exprs;
    let parts = exprs.within(offset);
    let is_open = |&part: &ExprId| cx.query.slot(part, cx.slots()).is_some();
    // `OFFSET floor(random() * …)` picks a row.
    let picks = parts.iter().any(|&part| matches!(exprs.get(part), Expr::Call(_) | Expr::Subselect(_)));
    let takes_several = select.limit.is_some_and(|limit| match exprs.get(limit) {
        Expr::Literal(Literal::Number(number)) => number.parse::<u64>().is_ok_and(|rows| rows > 1),
        Expr::Literal(_) => false,
        _ => true,
    });
    parts.iter().any(is_open) && !picks && takes_several
}

/// Whether there is at most one row: of an aggregate, or of a key.
fn gives_one_row(cx: &SqlCx<'_>, select: &Select) -> bool {
    let exprs = &cx.query.exprs;
    let is_aggregate = |item: &Item| match item {
        Item::Expr { expr, .. } => exprs.within(*expr).into_iter().any(|part| match exprs.get(part) {
            Expr::Call(call) => call.is_aggregate(),
            _ => false,
        }),
        Item::Star { .. } => false,
    };
    let is_unique = |at: u16, source: &Source| {
        let conditions = conditions_of(cx.query, select, at, cx.schema);
        let equal = conditions.iter().filter(|condition| condition.test == Test::Equal && condition.is_constant);
        let columns: Vec<&str> = equal.filter_map(|condition| condition.column.as_deref()).collect();
        source.table().is_some_and(|table| cx.schema.is_unique(table, &columns) == Known::Yes)
    };
    (select.group_by.is_empty() && select.items.iter().any(is_aggregate))
        || select.sources.len() == 1 && is_unique(0, &select.sources[0])
}
