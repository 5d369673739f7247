//! `not-in-nullable-subquery`: `NOT IN` over a column that may hold nulls.

use super::sql_finding::{SqlCx, SqlFinding, SqlPlace, shown};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::Severity;
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "one null among them makes `NOT IN` unknown for every row; and because of that PostgreSQL cannot make it a join: it looks \
                    through what the subquery gives once for each row, when that does not fit in work_mem";

/// Reports `NOT IN (SELECT c …)` where `c` may be null.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    let exprs = &cx.query.exprs;
    for (id, node) in exprs.iter() {
        let Expr::InSelect { select, negated: true, .. } = node.expr else { continue };
        let inner = cx.query.select(select);
        let [Item::Expr { expr, .. }] = inner.items.as_slice() else { continue };
        let Some(column) = exprs.column(*expr) else { continue };
        if !inner.arms.is_empty() || inner.has_open_clauses || cx.query.has_open_conditions(inner, cx.slots()) {
            continue;
        }
        let Some((owner, source)) = cx.source_of(column).filter(|(owner, _)| *owner == inner.id) else { continue };
        if rejects_nulls(&cx, inner, owner, source, column) {
            continue;
        }
        let Some(table) = cx.source((owner, source)).and_then(Source::table) else { continue };
        let definitions = cx.schema.definitions(table);
        let columns: Vec<_> = definitions.iter().map(|table| table.column(&column.name.text)).collect();
        let may_be_null = |column: &Option<&crate::project::schema::Column>| {
            column.is_some_and(|column| column.knows_null && !column.not_null)
        };
        let Some(Some(first)) = columns.first() else { continue };
        if !columns.iter().all(may_be_null) {
            continue;
        }
        let message = format!(
            "if a single {} is null, this `NOT IN` is never true and no row is found",
            shown(Some(table), &column.name.text)
        );
        let own = cx.written(exprs.span(*expr));
        let help = match cx.dialect {
            Dialect::Sqlite => format!("add {own} IS NOT NULL to the subquery"),
            _ => format!("add {own} IS NOT NULL to the subquery, or use NOT EXISTS"),
        };
        let mut finding = SqlFinding::new(exprs.span(id), Severity::Warning, message, NOTE, help);
        finding.related = vec![(SqlPlace::Schema(first.place), "the column may be null".to_owned())];
        out.push(finding);
    }
}

/// Whether some condition of the subquery leaves no null in the column: a test for it, or any comparison with it.
fn rejects_nulls(cx: &SqlCx<'_>, inner: &Select, owner: SelectId, source: u16, column: &Column) -> bool {
    let exprs = &cx.query.exprs;
    let is_it = |id: ExprId| {
        exprs
            .within(id)
            .into_iter()
            .filter_map(|part| exprs.column(part))
            .any(|other| other.name.is(&column.name.text) && cx.source_of(other) == Some((owner, source)))
    };
    let groups = inner.having.into_iter();
    cx.query.conditions(inner).into_iter().chain(groups).any(|part| match exprs.get(part) {
        Expr::IsNull { expr, negated: true } => is_it(*expr),
        Expr::IsNull { .. } | Expr::IsTruth(_) => false,
        _ => is_it(part),
    })
}
