//! `order-in-subquery`: rows are sorted for something that does not care for their order.

use super::sql_finding::{SqlCx, SqlFinding, SqlFix};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::{Applicability, Severity};
use crate::source::Span;
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "the rows are sorted all the same: 1.4 to 2 times the time on PostgreSQL 15 and 2.4 times on SQLite for `IN`, 11 and 1,600 times \
                    where they are only counted; MariaDB leaves the sort out by itself";

/// Reports `ORDER BY` without `LIMIT` in `IN (…)`, and in what is only counted or summed up.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    // MySQL and MariaDB leave such a sort out; SQL Server and Oracle do not take it.
    if !matches!(cx.dialect, Dialect::PostgreSql | Dialect::Sqlite | Dialect::Generic) {
        return;
    }
    for select in &cx.query.selects {
        let Some(first) = select.order_by.first() else { continue };
        let takes_all = select.limit.is_none()
            && select.offset.is_none()
            && !select.locks
            && !select.has_open_clauses
            && !matches!(select.distinct, Distinct::On(_))
            && !is_grouped_by(&cx, select, first);
        let message = match select.role {
            _ if !takes_all => continue,
            Role::In(_) => "`IN` does not care for the order of what it looks through, but it is sorted",
            Role::Derived { source: 0, lateral: false } if select.parent.is_some_and(|parent| sums_up(&cx, parent)) => {
                "the rows are only summed up, in no order, but they are sorted"
            }
            _ => continue,
        };
        let tables = select.sources.iter().filter_map(Source::table);
        if select.sources.is_empty() || tables.clone().any(|table| cx.is_spared(table) || cx.schema.stays_small(table))
        {
            continue;
        }
        let finding = SqlFinding::new(
            cx.query.exprs.span(first.expr),
            Severity::Info,
            message.to_owned(),
            NOTE,
            "leave ORDER BY out",
        );
        out.push(finding.fix(without(&cx, select)));
    }
}

/// Whether the rows are grouped by what they are sorted by: then they may be sorted anyway.
fn is_grouped_by(cx: &SqlCx<'_>, select: &Select, order: &Order) -> bool {
    let exprs = &cx.query.exprs;
    select.group_by.iter().any(|&key| exprs.canonical(key) == exprs.canonical(order.expr))
}

/// Whether a select does nothing but to sum up the rows of its only source, in a way that no order changes.
fn sums_up(cx: &SqlCx<'_>, select: SelectId) -> bool {
    let select = cx.query.select(select);
    let exprs = &cx.query.exprs;
    let is_indifferent = |id: ExprId| match exprs.get(id) {
        Expr::Call(call) => {
            matches!(&*call.name, "avg" | "count" | "max" | "min" | "sum")
                && call.more.is_empty()
                && call.is_aggregate()
        }
        _ => false,
    };
    // `round(avg(x), 2)`: every column stands in such a function.
    let is_summed = |id: ExprId| {
        let mut open = vec![id];
        while let Some(part) = open.pop() {
            match exprs.get(part) {
                _ if is_indifferent(part) => {}
                Expr::Column(_) | Expr::Subselect(_) | Expr::Exists { .. } | Expr::InSelect { .. } => return false,
                Expr::Call(call) if call.is_aggregate() || call.is_window => return false,
                _ => open.extend(exprs.children(part)),
            }
        }
        true
    };
    let holds_one = |id: ExprId| exprs.within(id).into_iter().any(is_indifferent);
    select.sources.len() == 1
        && select.group_by.is_empty()
        && select.arms.is_empty()
        && !select.items.is_empty()
        && select.items.iter().all(|item| match item {
            Item::Expr { expr, .. } => holds_one(*expr) && is_summed(*expr),
            Item::Star { .. } => false,
        })
}

/// The edit that takes the clause out, where it is the last one.
fn without(cx: &SqlCx<'_>, select: &Select) -> Option<SqlFix> {
    let exprs = &cx.query.exprs;
    let (first, last) = (select.order_by.first()?, select.order_by.last()?);
    let before = cx.text.get(select.span.start as usize..exprs.span(first.expr).start as usize)?;
    let by = before.trim_end().len().checked_sub(2)?;
    let order = before.get(..by)?.trim_end().len().checked_sub(5)?;
    let is_word = |from: usize, word: &str| {
        before.get(from..from + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word))
    };
    let tail = cx.text.get(exprs.span(last.expr).end as usize..select.span.end as usize)?;
    let ends = tail
        .split_whitespace()
        .all(|word| ["asc", "desc", "nulls", "first", "last"].iter().any(|known| word.eq_ignore_ascii_case(known)));
    let start = before.get(..order)?.trim_end().len() + select.span.start as usize;
    (is_word(by, "by") && is_word(order, "order") && ends).then(|| SqlFix {
        title: "leave ORDER BY out".to_owned(),
        applicability: Applicability::Safe,
        edits: vec![(Span::new(start, select.span.end as usize), String::new())],
    })
}
