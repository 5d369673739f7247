//! `cartesian-join`: two tables that nothing connects.

use super::sql_finding::{SqlCx, SqlFinding, SqlPlace};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::Severity;
use crate::project::schema::Known;
use crate::sql::query::*;

const NOTE: &str = "each row of one is put together with each row of the other: a thousand rows each make a million, which took 47 to 457 times as long \
                    as the join, and 26 to 184 times where DISTINCT hides it";

/// Reports tables in `FROM` that no condition connects with the others.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    for select in &cx.query.selects {
        if let Some((first, other)) = unconnected(&cx, select) {
            let name = |source: &Source| source.name().map_or_else(|| "it".to_owned(), |name| cx.named(name));
            let message = format!(
                "nothing connects `{}` with `{}`: each row of one is put together with each row of the other",
                name(other),
                name(first)
            );
            let help = "join them by a condition; if all pairs are wanted, say CROSS JOIN";
            let mut finding = SqlFinding::new(other.span, Severity::Error, message, NOTE, help);
            finding.related = vec![(SqlPlace::Text(first.span), "and this one".to_owned())];
            out.push(finding);
        }
    }
}

/// A table of a select, and one that nothing connects with it.
fn unconnected<'a>(cx: &SqlCx<'a>, select: &'a Select) -> Option<(&'a Source, &'a Source)> {
    let count = select.sources.len();
    let is_plain = |source: &Source| {
        matches!(source.join, Join::First | Join::Comma | Join::Inner | Join::Left)
            && matches!(source.kind, SourceKind::Table(_))
    };
    // What is put together on purpose or in a way that is not followed says nothing.
    if !(2..=16).contains(&count)
        || !select.sources.iter().all(is_plain)
        || !select
            .sources
            .iter()
            .any(|source| source.join == Join::Comma || (source.join == Join::Inner && source.on.is_none()))
        || select.sources.iter().any(|source| !source.using.is_empty())
        || cx.query.has_open_conditions(select, cx.slots())
        || !cx.query.is_whole
        || matches!(select.role, Role::Merge)
    {
        return None;
    }
    let mut groups: Vec<usize> = (0..count).collect();
    let mut values: Vec<(String, usize)> = Vec::new();
    for whole in cx.conditions(select) {
        for part in cx.query.exprs.conjuncts(whole) {
            let touched = touched(cx, select, part)?;
            for pair in touched.windows(2) {
                join(&mut groups, pair[0], pair[1]);
            }
            // `a.x = 5 AND b.x = 5`
            if let (Expr::Compare(Comparison::Equal, left, right), [only]) =
                (cx.query.exprs.get(part), touched.as_slice())
            {
                let value = if cx.query.exprs.is_constant(*right) { *right } else { *left };
                values.push((cx.written(cx.query.exprs.span(value)), *only));
            }
        }
    }
    for (value, source) in &values {
        if let Some((_, first)) = values.iter().find(|(other, _)| other == value) {
            join(&mut groups, *first, *source);
        }
    }
    let apart = (1..count).find(|&at| groups[at] != groups[0])?;
    let first = &select.sources[0];
    let of_few_rows = |source: usize| {
        let table = select.sources[source].table();
        table.is_none_or(|table| cx.is_spared(table) || cx.schema.stays_small(table)) || is_one_row(cx, select, source)
    };
    // One row, or the few of a small table, on either side multiplies nothing.
    let is_harmless = |group: usize| (0..count).filter(|&at| groups[at] == group).any(of_few_rows);
    if is_harmless(groups[0]) || is_harmless(groups[apart]) {
        return None;
    }
    Some((first, &select.sources[apart]))
}

/// The sources whose columns a condition names, also in selects below it; `None` if a name is not known.
fn touched(cx: &SqlCx<'_>, select: &Select, part: ExprId) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    let mut open = vec![part];
    while let Some(part) = open.pop() {
        for inner in cx.query.exprs.within(part) {
            match cx.query.exprs.get(inner) {
                Expr::Column(column) => match cx.source_of(column) {
                    Some((owner, source)) if owner == select.id => found.push(usize::from(source)),
                    Some(_) => {}
                    None => return None,
                },
                Expr::Exists { select: below, .. } | Expr::InSelect { select: below, .. } | Expr::Subselect(below) => {
                    for (_, owner, source) in cx.query.outer_columns(*below) {
                        if owner == select.id {
                            found.push(usize::from(source));
                        }
                    }
                    // A name that is not known below may be one of these tables'.
                    let is_unknown = |column: &Column| cx.source_of(column).is_none();
                    let columns = cx.query.exprs.iter().filter_map(|(_, node)| match &node.expr {
                        Expr::Column(column) => Some(column),
                        _ => None,
                    });
                    if columns.filter(|column| column.select == *below).any(is_unknown) {
                        return None;
                    }
                }
                // A hole may name anything.
                Expr::Slot(_) if matches!(cx.query.slot(inner, cx.slots()), Some(slot) if !matches!(slot.kind, crate::sql::SlotKind::Parameter(_))) =>
                {
                    return None;
                }
                _ => {}
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

fn join(groups: &mut [usize], left: usize, right: usize) {
    let (from, to) = (groups[right], groups[left]);
    groups.iter_mut().filter(|group| **group == from).for_each(|group| *group = to);
}

/// Whether a key of a source is compared with constants.
fn is_one_row(cx: &SqlCx<'_>, select: &Select, source: usize) -> bool {
    let Some(table) = select.sources[source].table() else { return true };
    let number = u16::try_from(source).unwrap_or(u16::MAX);
    let conditions = crate::project::schema::conditions_of(cx.query, select, number, cx.schema);
    let columns: Vec<&str> = conditions
        .iter()
        .filter(|condition| condition.is_constant && condition.test == crate::project::schema::Test::Equal)
        .filter_map(|condition| condition.column.as_deref())
        .collect();
    let names_key = columns.iter().any(|column| same_name(column, "id") || column.ends_with("_id"));
    match cx.schema.is_unique(table, &columns) {
        Known::Yes => true,
        Known::No => false,
        // Of a table that is not known, one that is asked for by a constant may be one row.
        Known::Unknown => names_key || !columns.is_empty(),
    }
}
