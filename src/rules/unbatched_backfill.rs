//! `unbatched-backfill`: a migration that writes all rows of a table in one statement.

use super::sql_finding::SqlCx;
use super::sql_statement::first_line;
use super::{FileCx, Finding, Sink};
use crate::findings::Role as LabelRole;
use crate::sql::query::{Comparison, Expr, ExprId, Role};
use crate::sql::{Dialect, Verb};

const NOTE: &str = "updating one million rows took seven to eight seconds on PostgreSQL 15, with all of them locked until the end, and \
                    doubled the table's size; ten batches with a VACUUM between them let it grow by a fifth";

/// Reports an `UPDATE` in a migration that nothing limits.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    let Some(migration) = cx.project.migration(cx.id) else { return };
    for &index in &migration.statements {
        let statement = cx.statement(index);
        let dialect = cx.project.dialect_of(cx.id, index);
        if statement.sql.statement.verb != Verb::Update || !matches!(dialect, Dialect::PostgreSql | Dialect::MySql) {
            continue;
        }
        let text = statement.sql.text.map_or(&*cx.source().text, |text| &*cx.facts().texts[text.index()].cooked);
        let Some(sql) = SqlCx::new(&statement.sql.statement, text, cx.project.schema(), cx.project.servers(), dialect)
        else {
            continue;
        };
        let Some(root) = sql.query.root().filter(|root| root.role == Role::Update && root.limit.is_none()) else {
            continue;
        };
        let Some(table) = root.sources.first().and_then(|source| source.table()) else { continue };
        let conditions = sql.query.conditions(root);
        let says_all = conditions.iter().all(|&part| leaves_most(&sql, part));
        if migration.is_spared(table, dialect) || !says_all || sql.query.has_open_conditions(root, sql.slots()) {
            continue;
        }
        let place = cx.label(first_line(cx.source(), statement.host_span(root.span)), LabelRole::Primary, "");
        let which = if conditions.is_empty() { "every row" } else { "every such row, which may be most of them," };
        let message = format!("{which} of `{}` is written and locked in one transaction", table.text());
        let help = "write a few thousand rows at a time, each batch in a transaction of its own: \
                    UPDATE … WHERE id IN (SELECT id … WHERE … LIMIT 5000), again until no row is left";
        sink.report(Finding::new(place, message).note(NOTE).help(help));
    }
}

/// Whether a condition may hold for most rows: it asks for nulls, joins another table, or is always true.
fn leaves_most(cx: &SqlCx<'_>, part: ExprId) -> bool {
    let exprs = &cx.query.exprs;
    match exprs.get(part) {
        Expr::IsNull { .. } => true,
        Expr::Compare(Comparison::Equal, left, right) => {
            let table = |side: ExprId| {
                cx.source_of(exprs.column(side)?).filter(|&source| {
                    // What is put together for the statement may be a few rows.
                    cx.source(source).is_some_and(|source| source.table().is_some())
                })
            };
            let joins = matches!((table(*left), table(*right)), (Some(left), Some(right)) if left != right);
            joins || (exprs.is_constant(*left) && exprs.canonical(*left) == exprs.canonical(*right))
        }
        _ => false,
    }
}
