//! `unindexed-join`: a table that is read whole for the few rows of another one.

use super::conditions::{
    advised_table, columns_named, compared_source, each_source, has_odd_joins, has_own_condition, is_flag,
    missing_index, one_of_advised,
};
use super::sql_finding::{SqlCx, SqlFinding, SqlPlace, create_index, shown, written};
use super::{FileCx, Sink, sql_statement};
use crate::findings::{Confidence, Severity};
use crate::project::schema::{
    Condition, Known, Table, Test, conditions_of, join_conditions, served, shared_conditions,
};
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str =
    "the rows that belong to the few of the other table are looked for among all there are, each time the query runs";

/// Reports joins whose inner side no index finds, though an index finds few rows of the outer one, or may do so.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report_all(cx, sink, |cx, out| {
        each_source(&cx, out, |cx, select, source| {
            check_source(cx, select, source).or_else(|| check_narrowed(cx, select, source))
        });
    });
}

fn check_source(cx: &SqlCx<'_>, select: &Select, source: u16) -> Option<SqlFinding> {
    let joined = &select.sources[usize::from(source)];
    if select.sources.len() < 2 || has_odd_joins(select) {
        return None;
    }
    let name = advised_table(cx, select, joined)?;
    let tables = cx.schema.meant(name, &columns_named(cx, select.id, source));
    if tables.is_empty() {
        return None;
    }
    let conditions = conditions_on(cx, select, source);
    // A condition of its own finds the rows, or is what another rule tells of.
    if conditions.iter().any(|condition| condition.is_constant)
        || !conditions.iter().all(|condition| is_unserved(cx, select, condition, &conditions, &tables))
    {
        return None;
    }
    let link = conditions.iter().find(|condition| {
        condition.test == Test::Equal
            && condition.column.is_some()
            && !is_flag(cx, condition, &tables)
            && compared_source(cx, select, &[source], condition).is_some_and(|other| has_few_rows(cx, select, other))
    })?;
    let own = cx.query.exprs.column(cx.query.exprs.bare(link.side))?;
    let column = written(&own.name, cx.dialect);
    let table = tables[0];
    let dialect = if cx.dialect == Dialect::Generic { table.dialect } else { cx.dialect };
    Some(SqlFinding {
        span: cx.query.exprs.span(link.expr),
        severity: Severity::Warning,
        confidence: if tables.len() == 1 { Confidence::High } else { Confidence::Medium },
        message: format!(
            "{} is joined by, but no index begins with it: every row of `{}`{} is read for the few of the other table",
            shown(Some(name), &own.name.text),
            name.name().text,
            cx.schema.size_note(name)
        ),
        note: NOTE.to_owned(),
        help: create_index(cx.schema, name, &[column], dialect),
        related: vec![(SqlPlace::Schema(table.place), format!("`{}` is defined here", table.name))],
        fix: None,
        index: Some(missing_index(table, dialect, [&*own.name.text], [])),
    })
}

/// What the rows of a source must meet to be read.
fn conditions_on(cx: &SqlCx<'_>, select: &Select, source: u16) -> Vec<Condition> {
    let mut conditions = conditions_of(cx.query, select, source, cx.schema);
    if select.sources[usize::from(source)].join == Join::Left {
        conditions.extend(join_conditions(cx.query, select, source, cx.schema));
    }
    conditions
}

/// A source that is looked for by columns of others, whose conditions may leave few rows: how few, no text tells.
fn check_narrowed(cx: &SqlCx<'_>, select: &Select, source: u16) -> Option<SqlFinding> {
    let joined = &select.sources[usize::from(source)];
    if has_odd_joins(select) {
        return None;
    }
    let name = one_of_advised(cx, select, joined)?;
    let tables = cx.schema.meant(name, &columns_named(cx, select.id, source));
    if tables.is_empty() {
        return None;
    }
    let mut conditions = conditions_on(cx, select, source);
    conditions.extend(shared_conditions(cx.query, select, source, cx.schema));
    let mut links: Vec<(&Condition, Other)> = Vec::new();
    for condition in &conditions {
        if condition.test != Test::Equal || is_flag(cx, condition, &tables) {
            continue;
        }
        // One index that finds the rows is enough.
        if !is_unserved(cx, select, condition, &conditions, &tables) {
            if condition.is_constant {
                return None;
            }
            continue;
        }
        let is_plain = condition.column.is_some() && !condition.is_constant;
        let other = is_plain.then(|| other_side(cx, select, source, condition)).flatten();
        links.extend(other.map(|other| (condition, other)));
    }
    let &(link, other) = links.first()?;
    // What is compared with the same rows is looked for at once.
    links.retain(|(_, another)| *another == other);
    let mut columns: Vec<&Column> = Vec::new();
    for (condition, _) in &links {
        let own = cx.query.exprs.column(cx.query.exprs.bare(condition.side))?;
        if !columns.iter().any(|known| known.name.is(&own.name.text)) {
            columns.push(own);
        }
    }
    let table = tables[0];
    let dialect = if cx.dialect == Dialect::Generic { table.dialect } else { cx.dialect };
    let told: Vec<String> = columns.iter().map(|own| written(&own.name, cx.dialect)).collect();
    Some(SqlFinding {
        span: cx.query.exprs.span(link.expr),
        severity: Severity::Info,
        confidence: Confidence::Low,
        message: format!(
            "{} is joined by, but no index begins with it: if what it is compared with is in few rows, every row of `{}`{} is read for them",
            shown(Some(name), &columns[0].name.text),
            name.name().text,
            cx.schema.size_note(name)
        ),
        note: NOTE.to_owned(),
        help: create_index(cx.schema, name, &told, dialect),
        related: vec![(SqlPlace::Schema(table.place), format!("`{}` is defined here", table.name))],
        fix: None,
        index: Some(missing_index(table, dialect, columns.iter().map(|own| &*own.name.text), [])),
    })
}

/// What a column is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Other {
    /// A row of the same select.
    Joined(u16),
    /// A row around it.
    Outer(SelectId, u16),
}

/// What a condition compares a source with, if that may be in few rows.
fn other_side(cx: &SqlCx<'_>, select: &Select, source: u16, condition: &Condition) -> Option<Other> {
    match compared_source(cx, select, &[source], condition) {
        Some(other) => is_narrowed(cx, select, other, &mut vec![source]).then_some(Other::Joined(other)),
        None => {
            let exprs = &cx.query.exprs;
            if condition.expr.0 == u32::MAX {
                return None;
            }
            let mut owners = exprs
                .within(condition.expr)
                .into_iter()
                .filter_map(|part| exprs.column(part))
                .filter_map(|column| cx.source_of(column));
            owners
                .find(|(owner, _)| *owner != select.id && cx.query.ancestors(select.id).any(|outer| outer == *owner))
                .map(|(owner, source)| Other::Outer(owner, source))
        }
    }
}

/// Whether conditions leave out rows of a source: its own, or those of what it is joined to.
fn is_narrowed(cx: &SqlCx<'_>, select: &Select, source: u16, seen: &mut Vec<u16>) -> bool {
    if has_own_condition(cx, select, source) {
        return true;
    }
    seen.push(source);
    conditions_of(cx.query, select, source, cx.schema).iter().any(|condition| {
        condition.test == Test::Equal
            && compared_source(cx, select, seen, condition).is_some_and(|other| is_narrowed(cx, select, other, seen))
    })
}

fn is_unserved(cx: &SqlCx<'_>, select: &Select, condition: &Condition, all: &[Condition], tables: &[&Table]) -> bool {
    tables.iter().all(|table| served(table, condition, all, cx.query, select, cx.dialect).known() == Known::No)
}

/// Whether an index finds the rows of a source by a value that the query knows.
fn has_few_rows(cx: &SqlCx<'_>, select: &Select, source: u16) -> bool {
    let Some(name) = select.sources[usize::from(source)].table() else { return false };
    let tables = cx.schema.meant(name, &columns_named(cx, select.id, source));
    let conditions = conditions_of(cx.query, select, source, cx.schema);
    !tables.is_empty()
        && conditions.iter().filter(|condition| condition.is_constant && condition.test == Test::Equal).any(
            |condition| {
                !is_flag(cx, condition, &tables)
                    && tables.iter().all(|table| {
                        served(table, condition, &conditions, cx.query, select, cx.dialect).known() == Known::Yes
                    })
            },
        )
}
