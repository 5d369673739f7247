//! `or-across-tables`: an `OR` between columns of different tables.

use super::sql_finding::{SqlCx, SqlFinding, SqlPlace};
use super::{FileCx, Sink, sql_statement};
use crate::findings::Severity;
use crate::project::orm::Matter;
use crate::project::schema::{Known, Test, conditions_of, served, served_alone};
use crate::sql::query::*;

const NOTE: &str = "an index finds the rows of one side or of the other, but not of both before they are joined: all rows are joined first; \
                    with one million rows that was 1,200 times the work of two queries on PostgreSQL 15, 34,000 times on SQLite, 46,000 times on MariaDB";

/// Reports such conditions where each side alone would be found by an index.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report_all_of(cx, sink, Some(Matter::Apart), check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    if !cx.dialect.has_row_indexes() || cx.schema.is_empty() {
        return;
    }
    for select in &cx.query.selects {
        let joins_inner = |source: &Source| matches!(source.join, Join::First | Join::Comma | Join::Inner);
        if select.sources.len() < 2
            || !select.sources.iter().all(joins_inner)
            || cx.query.has_open_conditions(select, cx.slots())
            || (0..).zip(&select.sources).any(|(at, _)| is_found_otherwise(&cx, select, at))
        {
            continue;
        }
        for part in select.filter.map_or_else(Vec::new, |filter| cx.query.exprs.conjuncts(filter)) {
            let Expr::Or(arms) = cx.query.exprs.get(part) else { continue };
            let sides: Option<Vec<(u16, ExprId)>> = arms.iter().map(|&arm| served_side(&cx, select, arm)).collect();
            let Some(sides) = sides else { continue };
            let Some(other) = sides.iter().find(|(source, _)| *source != sides[0].0) else { continue };
            let name = |source: u16| {
                let source = &select.sources[usize::from(source)];
                source.name().map_or_else(String::new, |name| cx.named(name))
            };
            let message = format!(
                "`OR` between columns of `{}` and `{}`: no index serves it, all rows are joined first",
                name(sides[0].0),
                name(other.0)
            );
            let help = "make it two queries, each with one side: SELECT … UNION ALL SELECT … WHERE (second) AND (first) IS NOT TRUE";
            let mut finding = SqlFinding::new(cx.query.exprs.span(sides[0].1), Severity::Warning, message, NOTE, help);
            finding.related = vec![(SqlPlace::Text(cx.query.exprs.span(other.1)), "and this".to_owned())];
            out.push(finding);
        }
    }
}

/// The source that one side of the `OR` is about, if it compares an indexed column with a constant.
fn served_side(cx: &SqlCx<'_>, select: &Select, arm: ExprId) -> Option<(u16, ExprId)> {
    let exprs = &cx.query.exprs;
    let column = match exprs.get(arm) {
        Expr::Compare(Comparison::Equal, left, right) if exprs.is_constant(*right) => {
            exprs.column(exprs.bare(*left))?
        }
        Expr::Compare(Comparison::Equal, left, right) if exprs.is_constant(*left) => {
            exprs.column(exprs.bare(*right))?
        }
        Expr::InList { expr, list, negated: false } if list.iter().all(|&value| exprs.is_constant(value)) => {
            exprs.column(*expr)?
        }
        _ => return None,
    };
    let (owner, source) = cx.source_of(column)?;
    let table = select.sources[usize::from(source)].table().filter(|_| owner == select.id)?;
    let definitions = cx.schema.definitions(table);
    let is_served = !definitions.is_empty()
        && definitions.iter().all(|table| served_alone(table, &column.name.text, Test::Equal).known() == Known::Yes);
    (is_served && !cx.is_spared(table) && !cx.schema.stays_small(table)).then_some((source, arm))
}

/// Whether another condition of the conjunction may find the rows of a source.
fn is_found_otherwise(cx: &SqlCx<'_>, select: &Select, source: u16) -> bool {
    let Some(table) = select.sources[usize::from(source)].table() else { return true };
    let conditions = conditions_of(cx.query, select, source, cx.schema);
    let definitions = cx.schema.definitions(table);
    conditions.iter().filter(|condition| condition.is_constant && condition.test != Test::Null).any(|condition| {
        definitions.is_empty()
            || definitions
                .iter()
                .any(|table| served(table, condition, &conditions, cx.query, select, cx.dialect).known() != Known::No)
    })
}
