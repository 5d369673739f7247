//! `null-comparison`: a comparison with NULL, which never holds.

use super::sql_finding::{SqlCx, SqlFinding, SqlFix};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::{Applicability, Severity};
use crate::source::Span;
use crate::sql::query::*;

const NOTE: &str = "a comparison with NULL is neither true nor false, so the condition leaves no row";

/// Reports `= NULL`, `<> NULL` and lists with a NULL behind `NOT IN`, in conditions.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    let exprs = &cx.query.exprs;
    let is_null = |id: ExprId| matches!(exprs.get(id), Expr::Literal(Literal::Null));
    for part in cx.query.selects.iter().flat_map(|select| cx.conditions(select)).flat_map(|whole| exprs.within(whole)) {
        let (message, help, fix) = match exprs.get(part) {
            Expr::Compare(comparison, left, right)
                if !matches!(comparison, Comparison::Same | Comparison::NotSame)
                    && is_null(*left) != is_null(*right) =>
            {
                let column = cx.written(exprs.span(if is_null(*left) { *right } else { *left }));
                let test = if *comparison == Comparison::Equal { "IS NULL" } else { "IS NOT NULL" };
                let message = format!("`{} NULL` is never true, so no row meets it", comparison.sign());
                let rest = Span { start: exprs.span(*left).end, end: exprs.span(part).end };
                let fix = (is_null(*right) && matches!(comparison, Comparison::Equal | Comparison::NotEqual))
                    .then(|| tested(cx.text, rest, test));
                (message, format!("{column} {test}"), fix.flatten())
            }
            Expr::InList { expr, list, negated: true } if list.iter().any(|&value| is_null(value)) => {
                let column = cx.written(exprs.span(*expr));
                let message = "`NOT IN` with a NULL in its list is never true, so no row meets it".to_owned();
                (message, format!("take NULL out of the list, and say {column} IS NOT NULL if that is meant"), None)
            }
            _ => continue,
        };
        out.push(SqlFinding::new(exprs.span(part), Severity::Error, message, NOTE, help).fix(fix));
    }
}

/// The edit that puts a test in the place of the sign and the NULL after a column. What the query gives is another.
fn tested(text: &str, rest: Span, test: &str) -> Option<SqlFix> {
    let written = text.get(rest.range())?;
    let after = written.trim().trim_start_matches(['=', '<', '>', '!']).trim_start();
    after.eq_ignore_ascii_case("null").then(|| SqlFix {
        title: format!("say `{test}`"),
        applicability: Applicability::Unsafe,
        edits: vec![(rest, format!(" {test}"))],
    })
}
