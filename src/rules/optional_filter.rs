//! `optional-filter`: a condition that a parameter turns on or off, so that no index can be used.

use super::sql_finding::{SqlCx, SqlFinding, SqlPlace, shown};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::Severity;
use crate::project::schema::{Known, Test, served_alone};
use crate::sql::query::*;
use crate::sql::{Dialect, Slot, SlotKind};

const NOTE: &str = "SQLite plans before it knows the value, and the plan must also hold for the null: it reads the whole table, 2,300 times the time of \
                    the look-up for one million rows";

/// Reports `(:x IS NULL OR c = :x)` and `c = coalesce(:x, c)` on an indexed column in SQLite.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    if cx.dialect != Dialect::Sqlite {
        return;
    }
    for select in &cx.query.selects {
        if cx.query.has_open_conditions(select, cx.slots()) {
            continue;
        }
        for part in select.filter.map_or_else(Vec::new, |filter| cx.query.exprs.conjuncts(filter)) {
            let found = optional(&cx, part).or_else(|| defaulted(&cx, part));
            out.extend(found.and_then(|column| finding(&cx, select, part, column)));
        }
    }
}

/// The column of `:x IS NULL OR c = :x`.
fn optional(cx: &SqlCx<'_>, part: ExprId) -> Option<ExprId> {
    let exprs = &cx.query.exprs;
    let Expr::Or(arms) = exprs.get(part) else { return None };
    let [one, two] = **arms else { return None };
    let read = |switch: ExprId, test: ExprId| {
        let Expr::IsNull { expr, negated: false } = exprs.get(switch) else { return None };
        let Expr::Compare(Comparison::Equal, left, right) = exprs.get(test) else { return None };
        let (column, value) = if exprs.column(*left).is_some() { (*left, *right) } else { (*right, *left) };
        exprs.column(column)?;
        (is_parameter(cx, *expr) && is_parameter(cx, value)).then_some(column)
    };
    read(one, two).or_else(|| read(two, one))
}

/// The column of `c = coalesce(:x, c)`.
fn defaulted(cx: &SqlCx<'_>, part: ExprId) -> Option<ExprId> {
    let exprs = &cx.query.exprs;
    let Expr::Compare(Comparison::Equal, left, right) = exprs.get(part) else { return None };
    let read = |column: ExprId, value: ExprId| {
        let Expr::Call(call) = exprs.get(value) else { return None };
        let [given, default] = &*call.args else { return None };
        let is_it = matches!(&*call.name, "coalesce" | "ifnull")
            && exprs.column(column).is_some()
            && is_parameter(cx, *given)
            && exprs.canonical(*default) == exprs.canonical(column);
        is_it.then_some(column)
    };
    read(*left, *right).or_else(|| read(*right, *left))
}

fn is_parameter(cx: &SqlCx<'_>, id: ExprId) -> bool {
    let is_bound = |slot: &Slot| matches!(slot.kind, SlotKind::Parameter(_));
    cx.query.slot(cx.query.exprs.bare(id), cx.slots()).is_some_and(is_bound)
}

fn finding(cx: &SqlCx<'_>, select: &Select, part: ExprId, column: ExprId) -> Option<SqlFinding> {
    let exprs = &cx.query.exprs;
    let own = exprs.column(column)?;
    let (owner, at) = cx.source_of(own).filter(|(owner, _)| *owner == select.id)?;
    let table = cx.source((owner, at))?.table()?;
    let definitions = cx.schema.definitions(table);
    let is_served =
        |name: &str| definitions.iter().all(|table| served_alone(table, name, Test::Equal).known() == Known::Yes);
    if definitions.is_empty()
        || !is_served(&own.name.text)
        || cx.is_spared(table)
        || cx.schema.stays_small(table)
        || cx.may_be_narrowed(select, at)
    {
        return None;
    }
    let message = format!(
        "the index on {} is not used: the condition must also hold for every row",
        shown(Some(table), &own.name.text)
    );
    let help = "put the condition into the query only where there is a value for it";
    let mut finding = SqlFinding::new(exprs.span(part), Severity::Warning, message, NOTE, help);
    let index = definitions[0].indexes.iter().find(|index| {
        index.definition.parts.first().and_then(|part| part.column()).is_some_and(|first| own.name.is(first))
    });
    finding.related.extend(index.map(|index| (SqlPlace::Schema(index.place), "this index is of no use".to_owned())));
    Some(finding)
}
