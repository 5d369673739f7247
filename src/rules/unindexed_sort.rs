//! `unindexed-sort`: the first rows of an order that no index gives.

use super::conditions::{advised_table, columns_named, has_few_values, is_most_rows, missing_index, unmade};
use super::sql_finding::{SqlCx, SqlFinding, SqlPlace, create_index, written};
use super::{FileCx, Sink, sql_statement};
use crate::findings::{Confidence, KeyUse, Severity};
use crate::project::schema::{Condition, Known, Table, Test, conditions_of, orders, served};
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "an index in this order gives the first rows and stops: on a million rows the sort did 6,577 times the work of that on \
                    PostgreSQL 15, and 100,000 times on MariaDB 10.11";

/// More rows than that are most of a table.
const FEW: u64 = 10_000;

/// Reports sorts of whole tables of which only the first rows are wanted.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report_all(cx, sink, |cx, out| {
        if cx.dialect.has_row_indexes() && !cx.schema.is_empty() {
            out.extend(cx.query.selects.iter().filter_map(|select| check_select(&cx, select)));
        }
    });
}

/// A sort of most rows of a table, of which only the first are wanted.
pub(super) struct FirstRows<'a> {
    /// The table, as it is named.
    pub(super) name: &'a TableName,
    /// What it may be.
    pub(super) tables: Vec<&'a Table>,
    /// What is sorted by.
    pub(super) keys: Vec<&'a Column>,
    /// What is equal to something, and leaves many rows.
    pub(super) exact: Vec<&'a Column>,
}

/// What a select sorts, if it wants only the first of most rows of one table, by columns of its own.
pub(super) fn first_rows<'a>(cx: &SqlCx<'a>, select: &'a Select) -> Option<FirstRows<'a>> {
    let [source] = &*select.sources else { return None };
    let keys = sorted_by(cx, select, 0)?;
    let name = advised_table(cx, select, source)?;
    let tables = cx.schema.meant(name, &columns_named(cx, select.id, 0));
    if tables.is_empty() {
        return None;
    }
    let conditions = conditions_of(cx.query, select, 0, cx.schema);
    let parts = cx.query.conditions(select);
    let flags: Vec<&Column> = parts.iter().filter_map(|&part| flag_alone(cx, part, &tables)).collect();
    // What is not understood may leave few rows.
    if conditions.len() + flags.len() != parts.len()
        || !conditions.iter().all(|condition| leaves_many(cx, select, condition, &conditions, &tables))
    {
        return None;
    }
    let exact = conditions.iter().filter(|condition| condition.test == Test::Equal);
    let exact: Vec<&Column> =
        exact.filter_map(|condition| cx.query.exprs.column(cx.query.exprs.bare(condition.side))).chain(flags).collect();
    Some(FirstRows { name, tables, keys, exact })
}

fn check_select(cx: &SqlCx<'_>, select: &Select) -> Option<SqlFinding> {
    let FirstRows { name, tables, keys, exact } = first_rows(cx, select)?;
    let first = select.order_by.first()?;
    let equal: Vec<&str> = exact.iter().map(|column| &*column.name.text).collect();
    let key = &*keys[0].name.text;
    if !tables.iter().all(|table| orders(table, key, &equal) == Known::No) {
        return None;
    }
    let mut columns: Vec<String> = Vec::new();
    columns.extend(exact.iter().map(|column| written(&column.name, cx.dialect)));
    columns.extend(keys_in_index(cx, select, &keys));
    let table = tables[0];
    let dialect = if cx.dialect == Dialect::Generic { table.dialect } else { cx.dialect };
    let index = Some(missing_index(table, dialect, equal.iter().copied(), uses(select, &keys)));
    Some(SqlFinding {
        span: cx.query.exprs.span(first.expr),
        severity: Severity::Warning,
        confidence: if tables.len() == 1 { Confidence::High } else { Confidence::Medium },
        message: format!(
            "no index gives the rows of `{}` in the order of `{key}`: all of them{} are read and compared for the first ones",
            name.name().text,
            cx.schema.size_note(name)
        ),
        note: NOTE.to_owned(),
        help: create_index(cx.schema, name, &columns, dialect),
        related: [(SqlPlace::Schema(table.place), format!("`{}` is defined here", table.name))]
            .into_iter()
            .chain(keys.first().into_iter().flat_map(|key| unmade(table, &key.name.text)))
            .collect(),
        fix: None,
        index,
    })
}

/// The columns of `source` that a select sorts by, if it wants only the first rows and sorts by nothing else.
pub(super) fn sorted_by<'a>(cx: &SqlCx<'a>, select: &'a Select, source: u16) -> Option<Vec<&'a Column>> {
    let own = |order: &'a Order| cx.query.exprs.column(order.expr).filter(|column| is_own(cx, select, source, column));
    let keys: Vec<&Column> = select.order_by.iter().map(own).collect::<Option<_>>()?;
    (!keys.is_empty() && takes_first_rows(cx, select)).then_some(keys)
}

/// The columns that a select sorts by, as the statement for an index writes them. Directions matter only where they differ:
/// an index is read in both.
pub(super) fn keys_in_index(cx: &SqlCx<'_>, select: &Select, keys: &[&Column]) -> Vec<String> {
    let direction = |wanted: KeyUse| if wanted == KeyUse::Descending { " DESC" } else { "" };
    let keys = keys.iter().zip(uses(select, keys));
    keys.map(|(key, (_, wanted))| format!("{}{}", written(&key.name, cx.dialect), direction(wanted))).collect()
}

/// What the columns that a select sorts by are for.
pub(super) fn uses<'a>(select: &Select, keys: &[&'a Column]) -> Vec<(&'a str, KeyUse)> {
    let first = select.order_by.first().is_some_and(|order| order.descending);
    let is_mixed = select.order_by.iter().any(|order| order.descending != first);
    let sorted = |order: &Order| match (keys.len(), order.descending && is_mixed) {
        (1, _) => KeyUse::Ordered,
        (_, true) => KeyUse::Descending,
        (_, false) => KeyUse::Ascending,
    };
    select.order_by.iter().zip(keys).map(|(order, key)| (&*key.name.text, sorted(order))).collect()
}

/// Whether a select asks for some of its rows, as they are, and for the first ones of an order.
fn takes_first_rows(cx: &SqlCx<'_>, select: &Select) -> bool {
    let exprs = &cx.query.exprs;
    let is_few = select.limit.is_some_and(|limit| match exprs.get(limit) {
        Expr::Literal(Literal::Number(number)) => number.parse::<u64>().is_ok_and(|number| number <= FEW),
        Expr::Literal(_) => false,
        _ => true,
    });
    // What is made of all rows needs all of them, in a window too.
    let is_made_of_many = |part: ExprId| matches!(exprs.get(part), Expr::Call(call) if call.names_aggregate());
    let is_aggregate = select.items.iter().any(|item| match item {
        Item::Expr { expr, .. } => exprs.within(*expr).into_iter().any(is_made_of_many),
        Item::Star { .. } => false,
    });
    is_few
        && !is_aggregate
        && select.distinct == Distinct::No
        && select.group_by.is_empty()
        && select.having.is_none()
        && select.arms.is_empty()
}

/// Whether what is ordered by is a column of the table, and not the name of something that is computed.
fn is_own(cx: &SqlCx<'_>, select: &Select, source: u16, column: &Column) -> bool {
    let renames = |item: &Item| match item {
        Item::Expr { expr, alias: Some(alias) } => {
            column.qualifier.is_none()
                && alias.is(&column.name.text)
                && cx.query.exprs.column(*expr).is_none_or(|own| !own.name.is(&column.name.text))
        }
        _ => false,
    };
    !column.name.dynamic && cx.source_of(column) == Some((select.id, source)) && !select.items.iter().any(renames)
}

/// The flag that a condition is: `is_open`, `NOT is_open`.
fn flag_alone<'a>(cx: &SqlCx<'a>, part: ExprId, tables: &[&Table]) -> Option<&'a Column> {
    let bare = match cx.query.exprs.get(part) {
        Expr::Not(inner) => *inner,
        _ => part,
    };
    let column = cx.query.exprs.column(bare)?;
    let is_flag = |table: &&Table| table.column(&column.name.text).is_some_and(|own| cx.schema.has_few_values(own));
    tables.iter().all(is_flag).then_some(column)
}

/// Whether a condition leaves most rows of the table, or half of them.
fn leaves_many(cx: &SqlCx<'_>, select: &Select, condition: &Condition, all: &[Condition], tables: &[&Table]) -> bool {
    let is_served = |table: &&Table| served(table, condition, all, cx.query, select, cx.dialect).known() != Known::No;
    if !condition.is_constant || tables.iter().any(is_served) {
        return false;
    }
    match condition.test {
        Test::Null => true,
        Test::Equal => has_few_values(cx, condition, tables),
        Test::Range => is_most_rows(cx, condition),
        Test::Prefix => false,
    }
}
