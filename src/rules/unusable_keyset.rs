//! `unusable-keyset`: the next page is asked for in a form that the database cannot begin at.

use super::sql_finding::{SqlCx, SqlFinding, SqlFix};
use super::{FileCx, Sink, sql_statement};
use crate::findings::{Applicability, Severity};
use crate::project::orm::Matter;
use crate::sql::query::*;
use crate::sql::{Dialect, ParameterKey, SlotKind};

const NOTE: &str = "the index is read from its beginning up to the page: in the middle of one million rows PostgreSQL 15 read 501,517 buffers for the OR \
                    form and 23 for the form below, MariaDB 10.11 499,698 rows for the row form and 21";

/// Reports the form of a keyset condition that the database of the statement is known to be slow with.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report_all_of(cx, sink, Some(Matter::Page), check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    let exprs = &cx.query.exprs;
    for select in cx.query.selects.iter().filter(|select| select.limit.is_some() && select.order_by.len() >= 2) {
        for part in select.filter.map_or_else(Vec::new, |filter| exprs.conjuncts(filter)) {
            let keyset = match cx.dialect {
                Dialect::PostgreSql => or_form(exprs, part).map(|([first, second], again)| (first, second, again)),
                Dialect::MySql => row_form(exprs, part).map(|[first, second]| (first, second, first.value)),
                _ => None,
            };
            let Some((first, second, again)) = keyset else { continue };
            let orders = |at: usize, column: ExprId| {
                select.order_by.get(at).is_some_and(|order| exprs.canonical(order.expr) == exprs.canonical(column))
            };
            if !orders(0, first.column) || !orders(1, second.column) {
                continue;
            }
            let written = |id: ExprId| cx.written(exprs.span(id));
            let (a, x) = (written(first.column), written(first.value));
            let (b, y) = (written(second.column), written(second.value));
            let (sign, closed) = match first.comparison {
                Comparison::Less | Comparison::LessOrEqual => ("<", "<="),
                _ => (">", ">="),
            };
            let help = format!("{a} {closed} {x} AND ({a} {sign} {x} OR {b} {} {y})", second.comparison.sign());
            let message =
                "the page does not begin where this says, but after all rows before it have been read".to_owned();
            // The value stands twice in what replaces it, and must be one.
            let is_strict = matches!(first.comparison, Comparison::Less | Comparison::Greater);
            let is_same = is_repeatable(&cx, again) && is_repeatable(&cx, first.value) && written(again) == x;
            let fix = (is_strict && is_same).then(|| SqlFix {
                title: "begin where the page begins".to_owned(),
                applicability: Applicability::Safe,
                edits: vec![(exprs.span(part), help.clone())],
            });
            out.push(SqlFinding::new(exprs.span(part), Severity::Warning, message, NOTE, help).fix(fix));
        }
    }
}

/// Whether a value is the same wherever it is written the same: a literal, or a parameter with a name or number.
fn is_repeatable(cx: &SqlCx<'_>, value: ExprId) -> bool {
    cx.query.exprs.within(value).into_iter().all(|part| match cx.query.exprs.get(part) {
        Expr::Literal(_) | Expr::Cast { .. } | Expr::Unary(..) => true,
        Expr::Slot(_) => cx.query.slot(part, cx.slots()).is_some_and(|slot| {
            matches!(&slot.kind, SlotKind::Parameter(ParameterKey::Number(_) | ParameterKey::Name(_)))
        }),
        _ => false,
    })
}

/// A column, and the value of the last row of the page before.
#[derive(Clone, Copy)]
struct Bound {
    column: ExprId,
    comparison: Comparison,
    value: ExprId,
}

/// `a > x OR (a = x AND b > y)`, and the second `x`.
fn or_form(exprs: &Exprs, id: ExprId) -> Option<([Bound; 2], ExprId)> {
    let Expr::Or(arms) = exprs.get(id) else { return None };
    let [one, two] = **arms else { return None };
    let read = |first: ExprId, rest: ExprId| {
        let first = bound(exprs, first).filter(|bound| bound.comparison.is_range())?;
        let Expr::And(parts) = exprs.get(rest) else { return None };
        let [equal, next] = **parts else { return None };
        let equal = bound(exprs, equal).filter(|bound| bound.comparison == Comparison::Equal)?;
        let second = bound(exprs, next).filter(|bound| bound.comparison.is_range())?;
        (exprs.canonical(equal.column) == exprs.canonical(first.column)).then_some(([first, second], equal.value))
    };
    read(one, two).or_else(|| read(two, one))
}

/// `(a, b) > (x, y)`
fn row_form(exprs: &Exprs, id: ExprId) -> Option<[Bound; 2]> {
    let Expr::Compare(comparison, left, right) = exprs.get(id) else { return None };
    let (Expr::Tuple(columns), Expr::Tuple(values)) = (exprs.get(*left), exprs.get(*right)) else { return None };
    let ([a, b], [x, y]) = (&**columns, &**values) else { return None };
    let is_bound = comparison.is_range() && [a, b].iter().all(|&&column| exprs.column(column).is_some());
    let bound = |column: &ExprId, value: &ExprId| Bound { column: *column, comparison: *comparison, value: *value };
    (is_bound && exprs.is_constant(*x) && exprs.is_constant(*y)).then(|| [bound(a, x), bound(b, y)])
}

fn bound(exprs: &Exprs, id: ExprId) -> Option<Bound> {
    let Expr::Compare(comparison, left, right) = exprs.get(id) else { return None };
    if exprs.column(*left).is_some() && exprs.is_constant(*right) {
        Some(Bound { column: *left, comparison: *comparison, value: *right })
    } else if exprs.column(*right).is_some() && exprs.is_constant(*left) {
        Some(Bound { column: *right, comparison: comparison.flipped(), value: *left })
    } else {
        None
    }
}
