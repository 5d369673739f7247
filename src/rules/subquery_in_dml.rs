//! `subquery-in-dml`: rows that are changed or deleted are found by a subquery that is asked anew for each row.

use super::sql_finding::{SqlCx, SqlFinding, SqlFix};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::{Applicability, Severity};
use crate::source::Span;
use crate::sql::query::*;
use crate::sql::{Dialect, Product};

const NOTE: &str = "MySQL before 8.0.21 and MariaDB before 11.1 do not make a join of a subquery in an UPDATE or DELETE of one table: every row of \
                    the table is read, and the subquery is asked for each; to delete 729 rows of two million MariaDB 10.11 read 2,000,001 rows, \
                    and 1,601 as a multi-table DELETE";

/// Reports such subqueries where all servers are known to be so old.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    let is_old = |product, version: crate::sql::Version| match product {
        Product::MariaDb => version.is_before(&[11, 1]),
        _ => version.is_before(&[8, 0, 21]),
    };
    if cx.dialect != Dialect::MySql || cx.servers.all(Dialect::MySql, is_old) != Some(true) {
        return;
    }
    for select in cx.query.selects.iter().filter(|select| matches!(select.role, Role::Update | Role::Delete)) {
        // A statement over several tables is a join already.
        let [target] = select.sources.as_slice() else { continue };
        let Some(table) = target.table() else { continue };
        if is_multi_table(&cx, select)
            || cx.is_spared(table)
            || cx.schema.stays_small(table)
            || cx.query.has_open_conditions(select, cx.slots())
            || cx.may_be_narrowed(select, 0)
        {
            continue;
        }
        for part in select.filter.map_or_else(Vec::new, |filter| cx.query.exprs.conjuncts(filter)) {
            let Expr::InSelect { select: inner, negated: false, .. } = cx.query.exprs.get(part) else { continue };
            if reads_nothing(&cx, *inner) || !cx.query.outer_columns(*inner).is_empty() {
                continue;
            }
            let name = cx.named(table.name());
            let message = format!("every row of `{name}` is read, and the subquery is asked for each of them");
            let (help, fix) = match select.role {
                Role::Delete => (
                    format!("DELETE {name} FROM {name} WHERE …: as a DELETE of several tables it is a join"),
                    as_join(&cx, select),
                ),
                _ => (format!("UPDATE {name} JOIN (SELECT DISTINCT …) AS found ON … SET …"), None),
            };
            out.push(SqlFinding::new(cx.query.exprs.span(part), Severity::Warning, message, NOTE, help).fix(fix));
        }
    }
}

/// `DELETE t FROM t`, `DELETE FROM t USING …`, `UPDATE a JOIN b`
fn is_multi_table(cx: &SqlCx<'_>, select: &Select) -> bool {
    let Some(source) = select.sources.first() else { return true };
    let head = cx.text.get(select.head.end as usize..source.span.start as usize).unwrap_or("");
    select.role == Role::Delete && !head.trim().eq_ignore_ascii_case("from")
}

/// `IN (SELECT 1)`: no table is asked.
fn reads_nothing(cx: &SqlCx<'_>, select: SelectId) -> bool {
    let select = cx.query.select(select);
    select.sources.is_empty() && select.arms.is_empty()
}

/// The edit that makes `DELETE t FROM t` of `DELETE FROM t`, which takes neither order nor limit nor alias, nor a
/// subquery that reads the same table.
fn as_join(cx: &SqlCx<'_>, select: &Select) -> Option<SqlFix> {
    let source = select.sources.first()?;
    let own = source.table()?.name();
    if cx.statement.tables.iter().filter(|used| used.table.name().is(&own.text)).count() > 1 {
        return None;
    }
    let table = cx.text.get(source.table()?.span().range())?;
    let takes_all = select.order_by.is_empty() && select.limit.is_none() && source.alias.is_none();
    let from = cx.text.get(select.head.end as usize..source.span.start as usize)?;
    let start = select.head.end as usize + (from.len() - from.trim_start().len());
    let is_whole = cx.query.is_whole && !cx.written(cx.statement.span).to_ascii_lowercase().contains(" returning ");
    (takes_all && is_whole && !source.table()?.is_dynamic()).then(|| SqlFix {
        title: "delete as from several tables".to_owned(),
        applicability: Applicability::Safe,
        edits: vec![(Span::new(start, start + "from".len()), format!("{table} {}", from.trim()))],
    })
}
