//! `unindexed-join`: a table that is read whole for the few rows of another one.

use super::conditions::{
    advised_table, columns_named, compared_source, each_source, has_odd_joins, is_flag, missing_index,
};
use super::sql_finding::{SqlCx, SqlFinding, SqlPlace, create_index, shown, written};
use super::{FileCx, Sink, sql_statement};
use crate::findings::{Confidence, Severity};
use crate::project::schema::{Condition, Known, Table, Test, conditions_of, join_conditions, served};
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str =
    "the rows that belong to the few of the other table are looked for among all there are, each time the query runs";

/// Reports joins whose inner side no index finds, though an index finds few rows of the outer one.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report_all(cx, sink, |cx, out| each_source(&cx, out, check_source));
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
    let mut conditions = conditions_of(cx.query, select, source, cx.schema);
    if joined.join == Join::Left {
        conditions.extend(join_conditions(cx.query, select, source, cx.schema));
    }
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
        help: create_index(name, &[column], dialect),
        related: vec![(SqlPlace::Schema(table.place), format!("`{}` is defined here", table.name))],
        fix: None,
        index: Some(missing_index(table, dialect, [&*own.name.text], [])),
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
