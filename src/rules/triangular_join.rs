//! `triangular-join`: a table joined with itself by an order, to add up what comes before each row.

use super::sql_finding::{SqlCx, SqlFinding, SqlPlace};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::{Confidence, Severity};
use crate::project::schema::{Known, Test, conditions_of};
use crate::sql::query::*;

const NOTE: &str = "each row is put together with all that come before it, half of the table on average: twice the rows are four times the work. \
                    With 2,000 rows it took 138 to 690 times as long as a window function, on PostgreSQL 15, MariaDB 10.11 and SQLite";

/// Reports running totals and ranks that are made by joining a table with itself.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, |cx, out| {
        if cx.dialect.has_row_indexes() {
            out.extend(cx.query.selects.iter().filter_map(|select| check_select(&cx, select)));
        }
    });
}

/// A table and itself, compared by an order.
struct Triangle<'a> {
    /// The row that is given, and the rows that are added up for it.
    sides: [u16; 2],
    /// The comparison.
    place: ExprId,
    /// The column of both that is compared.
    order: &'a Ident,
    /// Whether the rows that are added up are those with the greater value.
    above: bool,
    /// The columns that both have in common.
    parts: Vec<&'a Ident>,
}

fn check_select<'a>(cx: &SqlCx<'a>, select: &'a Select) -> Option<SqlFinding> {
    let sources = u16::try_from(select.sources.len()).ok().filter(|&count| (2..=8).contains(&count))?;
    if select.group_by.is_empty() || cx.query.has_open_conditions(select, cx.slots()) {
        return None;
    }
    let pairs = (0..sources).flat_map(|first| (first + 1..sources).map(move |second| (first, second)));
    let triangle = pairs.filter_map(|(first, second)| triangle(cx, select, first, second)).next()?;
    let [given, added] = triangle.sides;
    let total = total(cx, select, &triangle)?;
    let name = |at: u16| select.sources[usize::from(at)].name().map_or_else(String::new, |name| cx.named(name));
    let order = cx.named(triangle.order);
    let parts = triangle.parts.iter().map(|part| cx.named(part)).collect::<Vec<_>>().join(", ");
    let partition = if parts.is_empty() { String::new() } else { format!("PARTITION BY {parts} ") };
    let descends = if triangle.above { " DESC" } else { "" };
    let message = format!(
        "for each row of `{}`, all rows of `{}` {} it are read again to add them up",
        name(given),
        name(added),
        if triangle.above { "above" } else { "before" }
    );
    let help = format!("one pass with a window function: {total} OVER ({partition}ORDER BY {order}{descends})");
    let mut finding = SqlFinding::new(cx.query.exprs.span(triangle.place), Severity::Warning, message, NOTE, help);
    // What has something in common may be a few rows each.
    finding.confidence = if triangle.parts.is_empty() { Confidence::High } else { Confidence::Medium };
    finding.related =
        vec![(SqlPlace::Text(select.sources[usize::from(added)].span), "the same table again".to_owned())];
    Some(finding)
}

/// Whether two sources are one table, and nothing but an order and what they have in common connects them.
fn triangle<'a>(cx: &SqlCx<'a>, select: &'a Select, first: u16, second: u16) -> Option<Triangle<'a>> {
    let table = |at: u16| {
        let source = &select.sources[usize::from(at)];
        let is_joined = matches!(source.join, Join::First | Join::Comma | Join::Inner | Join::Left | Join::Cross);
        source.table().filter(|table| is_joined && source.using.is_empty() && !table.is_dynamic())
    };
    let (one, other) = (table(first)?, table(second)?);
    if !same_name(&one.text(), &other.text())
        || cx.is_spared(one)
        || cx.schema.stays_small(one)
        || [first, second].into_iter().any(|at| is_bounded(cx, select, at))
    {
        return None;
    }
    let exprs = &cx.query.exprs;
    let mut conditions = cx.query.conditions(select);
    let joined = [first, second].map(|at| &select.sources[usize::from(at)]);
    let left = joined.iter().filter(|source| source.join == Join::Left).filter_map(|source| source.on);
    conditions.extend(left.flat_map(|on| exprs.conjuncts(on)));
    let side = |id: ExprId| {
        let column = exprs.column(id)?;
        let (owner, source) = cx.source_of(column)?;
        (owner == select.id && (source == first || source == second)).then_some((source, &column.name))
    };
    let mut order = None;
    let mut parts = Vec::new();
    for part in conditions {
        let Expr::Compare(comparison, left, right) = exprs.get(part) else {
            // Whatever else speaks of both may keep the rows few.
            if speaks_of_both(cx, select, part, first, second) {
                return None;
            }
            continue;
        };
        let (Some((source, column)), Some((against, same))) = (side(*left), side(*right)) else {
            if speaks_of_both(cx, select, part, first, second) {
                return None;
            }
            continue;
        };
        if source == against {
            continue;
        }
        match comparison {
            Comparison::Equal | Comparison::Same if column.is(&same.text) => parts.push(column),
            // Two bounds are a window of a few rows.
            _ if comparison.is_range() && column.is(&same.text) && order.is_none() => {
                order = Some((part, *comparison, source, column));
            }
            _ => return None,
        }
    }
    let (place, comparison, source, column) = order?;
    let is_grouped = |at: u16| {
        let columns = select.group_by.iter().filter_map(|&id| exprs.column(id));
        columns.filter_map(|column| cx.source_of(column)).any(|owner| owner == (select.id, at))
    };
    // What is grouped by is given, the other one is added up.
    let sides = match (is_grouped(first), is_grouped(second)) {
        (true, false) => [first, second],
        (false, true) => [second, first],
        _ => return None,
    };
    // `b.at <= a.at`, or the same from the other side.
    let written = if source == sides[1] { comparison } else { comparison.flipped() };
    let above = matches!(written, Comparison::Greater | Comparison::GreaterOrEqual);
    Some(Triangle { sides, place, order: column, above, parts })
}

/// Whether a condition names columns of both.
fn speaks_of_both(cx: &SqlCx<'_>, select: &Select, part: ExprId, first: u16, second: u16) -> bool {
    let columns = cx.query.exprs.within(part).into_iter().filter_map(|id| cx.query.exprs.column(id));
    let owners: Vec<Option<(SelectId, u16)>> = columns.map(|column| cx.source_of(column)).collect();
    let has = |at: u16| owners.iter().any(|owner| owner.is_none_or(|owner| owner == (select.id, at)));
    has(first) && has(second)
}

/// Whether a source gives one row.
fn is_bounded(cx: &SqlCx<'_>, select: &Select, source: u16) -> bool {
    let conditions = conditions_of(cx.query, select, source, cx.schema);
    let equal = conditions.iter().filter(|condition| condition.test == Test::Equal && condition.is_constant);
    let columns: Vec<&str> = equal.filter_map(|condition| condition.column.as_deref()).collect();
    let table = select.sources[usize::from(source)].table();
    table.is_some_and(|table| match cx.schema.is_unique(table, &columns) {
        Known::Yes => true,
        Known::No => false,
        Known::Unknown => columns.iter().any(|name| same_name(name, "id")),
    })
}

/// The aggregate of the rows before each row, in the words of a window function.
fn total(cx: &SqlCx<'_>, select: &Select, triangle: &Triangle<'_>) -> Option<String> {
    let exprs = &cx.query.exprs;
    let calls = select.items.iter().filter_map(|item| match item {
        Item::Expr { expr, .. } => Some(exprs.within(*expr)),
        Item::Star { .. } => None,
    });
    calls.flatten().find_map(|id| {
        let Expr::Call(call) = exprs.get(id) else { return None };
        let [arg] = &*call.args else { return None };
        if call.distinct || !matches!(&*call.name, "avg" | "count" | "max" | "min" | "sum") {
            return None;
        }
        if matches!(exprs.get(*arg), Expr::Star) {
            return Some("count(*)".to_owned());
        }
        let column = exprs.column(*arg)?;
        let is_added = cx.source_of(column) == Some((select.id, triangle.sides[1]));
        is_added.then(|| format!("{}({})", call.name, cx.named(&column.name)))
    })
}
