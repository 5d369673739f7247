//! `exists-without-in`: SQLite reads a whole table to test each of its rows, where the few could be looked up.

use super::sql_finding::{SqlCx, SqlFinding, SqlFix, SqlPlace};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::{Applicability, Confidence, Severity};
use crate::project::schema::{Condition, Known, Test, conditions_of, served_alone};
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "SQLite goes through the outer table and tests each row, in the order written; with IN it finds the few inner rows first and looks \
                    the outer ones up: 2,845 steps against 5,403,804, 1,300 to 1,900 times the time";

/// Reports `EXISTS` on SQLite whose inner rows are few and whose outer ones an index would find.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, |cx, out| {
        if cx.dialect != Dialect::Sqlite || cx.schema.is_empty() {
            return;
        }
        for select in &cx.query.selects {
            let parts = select.filter.map_or_else(Vec::new, |filter| cx.query.exprs.conjuncts(filter));
            out.extend(parts.into_iter().filter_map(|part| check_part(&cx, select, part)));
        }
    });
}

fn check_part(cx: &SqlCx<'_>, select: &Select, part: ExprId) -> Option<SqlFinding> {
    let Expr::Exists { select: inner, negated: false } = *cx.query.exprs.get(part) else { return None };
    let inner = cx.query.select(inner);
    let (table, column, own) = link(cx, select, inner)?;
    let own_table = inner.sources[0].table()?;
    let is_left_out = |table: &TableName| cx.is_spared(table) || cx.schema.stays_small(table);
    if is_left_out(table)
        || is_left_out(own_table)
        || cx.query.has_open_conditions(select, cx.slots())
        || cx.query.has_open_conditions(inner, cx.slots())
        || cx.may_be_narrowed(select, 0)
    {
        return None;
    }
    // The outer rows are found by an index.
    let definitions = cx.schema.definitions(table);
    let is_found = |name: &str| {
        let mut all = definitions.iter().map(|table| served_alone(table, name, Test::Equal).known());
        !definitions.is_empty() && all.all(|known| known == Known::Yes)
    };
    if !is_found(&column.name.text) {
        return None;
    }
    // And the inner ones are few.
    let conditions = conditions_of(cx.query, inner, 0, cx.schema);
    let narrow: Vec<&Condition> =
        conditions.iter().filter(|condition| condition.is_constant && condition.test == Test::Equal).collect();
    let fixed: Vec<&str> = narrow.iter().filter_map(|condition| condition.column.as_deref()).collect();
    if fixed.is_empty() {
        return None;
    }
    let is_one = cx.schema.is_unique(own_table, &fixed) == Known::Yes;
    let named = cx.named(table.name());
    let rewritten = rewritten(cx, inner, column, own);
    let message =
        format!("SQLite tests every row of `{named}`, though the few of `{}` are known", own_table.name().text);
    let help = match &rewritten {
        Some(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        None => format!("{} IN (SELECT {} FROM …)", written(cx, column), written(cx, own)),
    };
    let span = cx.query.exprs.span(part);
    let mut finding = SqlFinding::new(span, Severity::Warning, message, NOTE, help).fix(rewritten.map(|text| SqlFix {
        title: "ask with IN".to_owned(),
        applicability: Applicability::Safe,
        edits: vec![(span, text)],
    }));
    // How many rows a value has is not known, unless there is one.
    finding.confidence = if is_one { Confidence::High } else { Confidence::Medium };
    let places = definitions.iter().map(|table| (SqlPlace::Schema(table.place), format!("`{named}` is defined here")));
    finding.related = places.collect();
    Some(finding)
}

/// The outer table, its column, and the column of the only inner table that must equal it, where nothing else connects the
/// two.
fn link<'a>(cx: &SqlCx<'a>, select: &'a Select, inner: &'a Select) -> Option<(&'a TableName, &'a Column, &'a Column)> {
    let ([outer], [_]) = (&*select.sources, &*inner.sources) else { return None };
    let is_plain = inner.group_by.is_empty()
        && inner.having.is_none()
        && inner.arms.is_empty()
        && inner.ctes.is_empty()
        && inner.limit.is_none()
        && inner.offset.is_none()
        && inner.qualify.is_none();
    let table = outer.table().filter(|_| is_plain)?;
    // It looks out once, and nothing below it does.
    let outside = cx.query.outer_columns(inner.id);
    let [(place, owner, _)] = *outside else { return None };
    if owner != select.id || cx.query.selects.iter().any(|below| below.parent == Some(inner.id)) {
        return None;
    }
    let exprs = &cx.query.exprs;
    let column = exprs.column(place)?;
    let parts = exprs.conjuncts(inner.filter?);
    let own = parts.iter().find_map(|&part| match exprs.get(part) {
        Expr::Compare(Comparison::Equal, left, right) if *left == place => exprs.column(*right),
        Expr::Compare(Comparison::Equal, left, right) if *right == place => exprs.column(*left),
        _ => None,
    })?;
    (cx.source_of(own) == Some((inner.id, 0)) && cx.source_of(column) == Some((select.id, 0)))
        .then_some((table, column, own))
}

/// The same with `IN`, its parts as they are written.
fn rewritten(cx: &SqlCx<'_>, inner: &Select, column: &Column, own: &Column) -> Option<String> {
    let exprs = &cx.query.exprs;
    let text = |span: crate::source::Span| cx.text.get(span.range());
    let is_link = |part: ExprId| match exprs.get(part) {
        Expr::Compare(Comparison::Equal, left, right) => {
            let sides = [exprs.column(*left), exprs.column(*right)];
            sides.contains(&Some(column)) && sides.contains(&Some(own))
        }
        _ => false,
    };
    let parts = exprs.conjuncts(inner.filter?).into_iter().filter(|&part| !is_link(part));
    let rest: Option<Vec<&str>> = parts.map(|part| text(exprs.span(part))).collect();
    let from = text(inner.sources[0].span)?;
    Some(format!("{} IN (SELECT {} FROM {from} WHERE {})", written(cx, column), written(cx, own), rest?.join(" AND ")))
}

/// A column as it is written, with what stands before its dot.
fn written(cx: &SqlCx<'_>, column: &Column) -> String {
    let name = cx.written(column.name.span);
    match &column.qualifier {
        Some(qualifier) => format!("{}.{name}", cx.written(qualifier.span)),
        None => name,
    }
}
