//! `anti-join-on-wrong-column`: rows without a partner are looked for by a column that the join does not compare.

use super::sql_finding::{SqlCx, SqlFinding, SqlFix, SqlPlace, shown};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::{Applicability, Severity};
use crate::project::schema::TableKind;
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "PostgreSQL sees that only rows without a partner are wanted where a column that the join compares is null: then it stops at \
                    the first partner, and joins the larger table the cheaper way round; else it joins all rows and throws those with a partner away, \
                    20 times the work for one million rows";

/// Reports `LEFT JOIN b ON b.a_id = a.id … WHERE b.id IS NULL` on PostgreSQL.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    if cx.dialect != Dialect::PostgreSql {
        return;
    }
    for select in cx.query.selects.iter().filter(|select| select.sources.len() > 1) {
        for part in select.filter.map_or_else(Vec::new, |filter| cx.query.exprs.conjuncts(filter)) {
            out.extend(check_part(&cx, select, part));
        }
    }
}

fn check_part(cx: &SqlCx<'_>, select: &Select, part: ExprId) -> Option<SqlFinding> {
    let exprs = &cx.query.exprs;
    let Expr::IsNull { expr, negated: false } = exprs.get(part) else { return None };
    let tested = exprs.column(*expr)?;
    let (_, at) = cx.source_of(tested).filter(|(owner, _)| *owner == select.id)?;
    let source = &select.sources[usize::from(at)];
    let table = source.table().filter(|_| source.join == Join::Left)?;
    let joined = joined_column(cx, select, at)?;
    let is_compared = source.using.iter().any(|name| name.is(&tested.name.text))
        || source.on.is_some_and(|on| mentions(cx, on, (select.id, at), &tested.name.text));
    let definitions = cx.schema.definitions(table);
    let is_never_null = |name: &str| {
        let own =
            definitions.iter().map(|table| (table.kind == TableKind::Table).then(|| table.column(name)).flatten());
        !definitions.is_empty() && own.into_iter().all(|column| column.is_some_and(|column| column.not_null))
    };
    if is_compared || !is_never_null(&tested.name.text) || is_small_work(cx, select, table) {
        return None;
    }
    let (span, text) = (exprs.span(*expr), cx.written(exprs.span(joined)));
    let message = format!(
        "{} is not what is joined by: all rows are joined, and those with a partner thrown away",
        shown(Some(table), &tested.name.text)
    );
    let fix = (cx.text.get(exprs.span(joined).range()) == Some(text.as_str())).then(|| SqlFix {
        title: "test the column that is joined by".to_owned(),
        applicability: Applicability::Unsafe,
        edits: vec![(span, text.clone())],
    });
    let help = format!("{text} IS NULL, or NOT EXISTS");
    let mut finding = SqlFinding::new(exprs.span(part), Severity::Warning, message, NOTE, help).fix(fix);
    finding.related = vec![(SqlPlace::Text(exprs.span(joined)), "this is joined by".to_owned())];
    finding.related.extend(
        definitions[0]
            .column(&tested.name.text)
            .map(|column| (SqlPlace::Schema(column.place), "the column is never null".to_owned())),
    );
    Some(finding)
}

/// The column of a source that its `ON` says to be equal to one of a source before it.
fn joined_column(cx: &SqlCx<'_>, select: &Select, at: u16) -> Option<ExprId> {
    let exprs = &cx.query.exprs;
    let on = select.sources[usize::from(at)].on?;
    let owner = |id: ExprId| exprs.column(id).and_then(|column| cx.source_of(column));
    let is_own = |id: ExprId| owner(id) == Some((select.id, at));
    let is_other = |id: ExprId| owner(id).is_some_and(|(owner, other)| owner == select.id && other != at);
    exprs.conjuncts(on).into_iter().find_map(|part| match exprs.get(part) {
        Expr::Compare(Comparison::Equal, left, right) if is_own(*left) && is_other(*right) => Some(*left),
        Expr::Compare(Comparison::Equal, left, right) if is_own(*right) && is_other(*left) => Some(*right),
        _ => None,
    })
}

/// Whether a condition names a column of a source, or one that may be it.
fn mentions(cx: &SqlCx<'_>, condition: ExprId, source: (SelectId, u16), name: &str) -> bool {
    let columns = cx.query.exprs.within(condition).into_iter().filter_map(|part| cx.query.exprs.column(part));
    columns.filter(|column| column.name.is(name)).any(|column| cx.source_of(column).is_none_or(|own| own == source))
}

/// Whether few rows are joined: a table is small, or an index may find the rows of another one.
fn is_small_work(cx: &SqlCx<'_>, select: &Select, table: &TableName) -> bool {
    let is_plain = |source: &Source| {
        matches!(source.join, Join::First | Join::Comma | Join::Inner | Join::Left)
            && source.table().is_some_and(|table| !cx.is_spared(table) && !cx.schema.stays_small(table))
    };
    let narrowed = |at: usize| u16::try_from(at).is_ok_and(|at| cx.may_be_narrowed(select, at));
    cx.is_spared(table)
        || select.has_open_clauses
        || cx.query.has_open_conditions(select, cx.slots())
        || !select.sources.iter().all(is_plain)
        || (0..select.sources.len()).any(narrowed)
        || !cx.query.outer_columns(select.id).is_empty()
}
