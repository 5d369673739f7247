//! `count-for-existence`: rows are counted to find out whether there is one.

use super::sql_finding::{SqlCx, SqlFinding};
use super::{FileCx, Sink, sql_statement};
use crate::findings::Severity;
use crate::project::orm;
use crate::sql::query::*;

const NOTE: &str = "a count reads every row that meets the condition, EXISTS stops at the first one: where many do, it is 13,000 to a million times the work";

/// Reports `(SELECT count(*) …) > 0` and its like, and `.count() > 0` of an ORM.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    for index in 0..cx.facts().statements.len() {
        sql_statement::report(&cx.statement(index), sink, check_statement);
    }
    for draft in orm::count_drafts(cx.project, cx.id) {
        sink.report(sql_statement::drafted(cx, draft));
    }
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    let exprs = &cx.query.exprs;
    for (id, node) in exprs.iter() {
        let Expr::Compare(comparison, left, right) = node.expr else { continue };
        let (select, number, comparison) = match (exprs.get(left), exprs.get(right)) {
            (Expr::Subselect(select), Expr::Literal(Literal::Number(number))) => (*select, number, comparison),
            (Expr::Literal(Literal::Number(number)), Expr::Subselect(select)) => {
                (*select, number, comparison.flipped())
            }
            _ => continue,
        };
        let Some(exists) = asks_for_existence(comparison, number) else { continue };
        let inner = cx.query.select(select);
        if !counts_rows(exprs, inner) || is_cheap(&cx, inner) {
            continue;
        }
        let (word, message) = if exists {
            ("EXISTS", "every row is counted to find out whether there is one")
        } else {
            ("NOT EXISTS", "every row is counted to find out that there is none")
        };
        let help = format!("{word} (SELECT 1 FROM …)");
        out.push(SqlFinding::new(exprs.span(id), Severity::Warning, message.to_owned(), NOTE, help));
    }
}

/// Whether a count is compared so that it only matters whether it is zero: `Some(true)` if it must not be.
fn asks_for_existence(comparison: Comparison, number: &str) -> Option<bool> {
    match (comparison, number) {
        (Comparison::Greater | Comparison::NotEqual, "0") | (Comparison::GreaterOrEqual, "1") => Some(true),
        (Comparison::Equal | Comparison::LessOrEqual, "0") | (Comparison::Less, "1") => Some(false),
        _ => None,
    }
}

/// `SELECT count(*) FROM t …` and nothing else.
fn counts_rows(exprs: &Exprs, select: &Select) -> bool {
    let [Item::Expr { expr, .. }] = select.items.as_slice() else { return false };
    let Expr::Call(call) = exprs.get(*expr) else { return false };
    let counts = |&arg: &ExprId| matches!(exprs.get(arg), Expr::Star | Expr::Literal(_) | Expr::Column(_));
    &*call.name == "count"
        && !call.is_window
        && call.more.is_empty()
        && call.args.iter().all(counts)
        && select.group_by.is_empty()
        && select.having.is_none()
        && select.arms.is_empty()
        && select.limit.is_none()
        && !select.sources.is_empty()
}

/// Whether at most one row can be counted, or only those of a small table.
fn is_cheap(cx: &SqlCx<'_>, select: &Select) -> bool {
    let [source] = select.sources.as_slice() else { return false };
    let Some(table) = source.table() else { return true };
    if cx.is_spared(table) || cx.schema.stays_small(table) {
        return true;
    }
    let conditions = crate::project::schema::conditions_of(cx.query, select, 0, cx.schema);
    let equal = conditions.iter().filter(|condition| condition.test == crate::project::schema::Test::Equal);
    let columns: Vec<&str> = equal.filter_map(|condition| condition.column.as_deref()).collect();
    cx.schema.is_unique(table, &columns) == crate::project::schema::Known::Yes
}
