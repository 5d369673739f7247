//! `redundant-distinct`: duplicates are searched for among rows that have a key.

use super::sql_finding::{SqlCx, SqlFinding};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::Severity;
use crate::project::schema::Known;
use crate::sql::query::*;

const NOTE: &str = "all rows are sorted or hashed to find duplicates that cannot be there: 3.6 to 14 times the time on PostgreSQL 15, up to 6 times on \
                    MariaDB, 1.2 to 2.2 times on SQLite";

/// Reports `SELECT DISTINCT` over the key of the only table.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    for select in cx.query.selects.iter().filter(|select| select.distinct == Distinct::Rows) {
        let [source] = select.sources.as_slice() else { continue };
        let Some(table) = source.table().filter(|table| !cx.is_spared(table) && !cx.schema.stays_small(table)) else {
            continue;
        };
        // One column of a key that may be null is no key.
        let columns: Vec<&str> = select
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Expr { expr, .. } => cx.query.exprs.column(*expr),
                Item::Star { .. } => None,
            })
            .filter(|column| !column.name.dynamic && cx.source_of(column) == Some((select.id, 0)))
            .map(|column| &*column.name.text)
            .collect();
        let definitions = cx.schema.definitions(table);
        let has_key = !definitions.is_empty()
            && cx.schema.is_unique(table, &columns) == Known::Yes
            && definitions.iter().all(|table| {
                let key = table.primary_key().unwrap_or_default();
                !key.is_empty() && key.iter().all(|name| columns.iter().any(|column| same_name(column, name)))
            });
        // What makes rows of rows in the select list is not followed.
        let is_plain = select.items.iter().all(|item| match item {
            Item::Expr { expr, .. } => {
                !cx.query.exprs.within(*expr).iter().any(|&part| matches!(cx.query.exprs.get(part), Expr::Call(_)))
            }
            Item::Star { .. } => true,
        });
        if !has_key || !is_plain || !select.group_by.is_empty() {
            continue;
        }
        let message = format!(
            "the key of `{}` is selected, so no two rows are alike: DISTINCT searches in vain",
            table.name().text
        );
        out.push(SqlFinding::new(select.head, Severity::Info, message, NOTE, "leave DISTINCT out"));
    }
}
