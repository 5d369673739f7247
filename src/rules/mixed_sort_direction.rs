//! `mixed-sort-direction`: an order up and down, where the index goes one way.

use super::sql_finding::{SqlCx, SqlFinding, SqlPlace, create_index, written};
use super::unindexed_sort::{FirstRows, first_rows};
use super::{FileCx, Sink, sql_statement};
use crate::findings::Severity;
use crate::project::schema::{Index, Table};
use crate::sql::ddl::IndexPart;
use crate::sql::query::*;
use crate::sql::{Dialect, Product, Version};

const NOTE: &str = "an index is read forwards or backwards, but not one column each way: MariaDB 10.11 reads and sorts all rows for the first ten, \
                    100,000 times the work with one million rows";

/// Reports `ORDER BY a, b DESC LIMIT …` on MySQL and MariaDB, where an index on (a, b) goes one way.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report_all(cx, sink, |cx, out| {
        // PostgreSQL and SQLite sort only what is alike in the first column.
        if cx.dialect == Dialect::MySql && !cx.schema.is_empty() {
            out.extend(cx.query.selects.iter().filter_map(|select| check_select(&cx, select)));
        }
    });
}

fn check_select(cx: &SqlCx<'_>, select: &Select) -> Option<SqlFinding> {
    let turns = select.order_by.windows(2).position(|pair| pair[0].descending != pair[1].descending)?;
    let FirstRows { name, tables, keys, exact } = first_rows(cx, select)?;
    let orders = |table: &Table| table.indexes.iter().any(|index| serves(index, &exact, &keys, &select.order_by));
    let same: Vec<Order> = select.order_by.iter().map(|order| Order { descending: false, ..*order }).collect();
    let index = |table: &Table| table.indexes.iter().find(|index| serves(index, &exact, &keys, &same)).cloned();
    if tables.iter().any(|table| orders(table) || !table.knows_indexes) {
        return None;
    }
    let indexes: Vec<Index> = tables.iter().map(|table| index(table)).collect::<Option<_>>()?;
    let key = |at: usize| &*keys[at].name.text;
    let message = format!(
        "`{}` and `{}` are sorted by in opposite directions, but the index on them goes one way: all rows are read and sorted",
        key(turns),
        key(turns + 1)
    );
    let is_too_old = |product, version: Version| match product {
        Product::MariaDb => version.is_before(&[10, 8]),
        _ => version.is_before(&[8]),
    };
    let mut columns: Vec<String> = exact.iter().map(|column| written(&column.name, cx.dialect)).collect();
    columns.extend(select.order_by.iter().zip(&keys).map(|(order, key)| {
        format!("{}{}", written(&key.name, cx.dialect), if order.descending { " DESC" } else { "" })
    }));
    let help = match cx.servers.all(cx.dialect, is_too_old) {
        Some(true) => "sort both in the same direction: this server has no descending keys".to_owned(),
        _ => create_index(cx.schema, name, &columns, cx.dialect),
    };
    let span = cx.query.exprs.span(select.order_by[turns + 1].expr);
    let mut finding = SqlFinding::new(span, Severity::Warning, message, NOTE, help);
    finding.related = vec![(SqlPlace::Schema(indexes[0].place), "this index goes one way".to_owned())];
    Some(finding)
}

/// Whether an index gives rows in this order, forwards or backwards, behind columns that are equal to something.
fn serves(index: &Index, exact: &[&Column], keys: &[&Column], order: &[Order]) -> bool {
    let parts = &index.definition.parts;
    let is_exact = |part: &IndexPart| part.column().is_some_and(|own| exact.iter().any(|column| column.name.is(own)));
    let start = parts.iter().position(|part| !is_exact(part)).unwrap_or(parts.len());
    let rest = &parts[start..];
    let fits = |backwards: bool| {
        rest.iter().zip(keys).zip(order).all(|((part, key), order)| {
            part.column().is_some_and(|own| key.name.is(own)) && part.descending == (order.descending != backwards)
        })
    };
    matches!(&*index.definition.method, "" | "btree")
        && index.definition.predicate.is_none()
        && rest.iter().all(|part| part.prefix.is_none())
        && rest.len() >= keys.len()
        && (fits(false) || fits(true))
}
