//! `materialized-cte`: a `WITH` that is worked out as a whole, of which only a few rows are looked for.

use super::sql_finding::{SqlCx, SqlFinding, SqlPlace, shown};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::Severity;
use crate::project::schema::{Known, Test, conditions_of, served_alone};
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "PostgreSQL works out what it materializes before it looks at who asks for which rows, so the index on the column is not used: \
                    15,700 times the work for one row of a million";

/// Reports conditions on rows of a `WITH` that keep them from the index of the table inside.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    if cx.dialect != Dialect::PostgreSql || cx.schema.is_empty() {
        return;
    }
    for home in &cx.query.selects {
        for cte in &home.ctes {
            out.extend(check_cte(&cx, cte));
        }
    }
}

fn check_cte(cx: &SqlCx<'_>, cte: &Cte) -> Option<SqlFinding> {
    let readers: Vec<(&Select, u16)> = cx
        .query
        .selects
        .iter()
        .flat_map(|select| (0..).zip(&select.sources).map(move |(at, source)| (select, at, source)))
        .filter(|(_, _, source)| matches!(source.kind, SourceKind::Cte(_, id) if id == cte.select))
        .map(|(select, at, _)| (select, at))
        .collect();
    let is_old = || cx.servers.all(Dialect::PostgreSql, |_, version| version.is_before(&[12])) == Some(true);
    let why = match cte.materialized {
        _ if cte.recursive => return None,
        Some(true) => Why::Said,
        None if readers.len() > 1 => Why::Shared,
        None if is_old() => Why::Old,
        _ => return None,
    };
    let body = cx.query.select(cte.select);
    let [source] = body.sources.as_slice() else { return None };
    let table = source.table().filter(|table| !cx.is_spared(table) && !cx.schema.stays_small(table))?;
    let is_plain = body.arms.is_empty()
        && body.group_by.is_empty()
        && body.distinct == Distinct::No
        && body.limit.is_none()
        && body.offset.is_none()
        && !body.locks
        && !cx.query.has_open_conditions(body, cx.slots())
        && !cx.may_be_narrowed(body, 0);
    if !is_plain || body.filter.is_some_and(|filter| narrows(cx, filter)) {
        return None;
    }
    // Each reader must look for few rows: else all of them are needed anyway.
    let found: Vec<(ExprId, String)> =
        readers.iter().map(|(select, at)| looked_for(cx, select, *at, body, table)).collect::<Option<_>>()?;
    let (place, column) = found.first()?;
    let name = &cte.name.text;
    let (message, help) = match why {
        Why::Said => (
            format!("`{name}` is MATERIALIZED, so all its rows are worked out and the index on {column} is not used"),
            "leave MATERIALIZED out, or put the condition into the WITH",
        ),
        Why::Shared => (
            format!(
                "`{name}` is read {} times, so all its rows are worked out and the index on {column} is not used",
                readers.len()
            ),
            "AS NOT MATERIALIZED, or put the conditions into the WITH",
        ),
        Why::Old => (
            format!("PostgreSQL before 12 works out all rows of `{name}`, so the index on {column} is not used"),
            "make it a subquery in FROM, or put the condition into the WITH",
        ),
    };
    let mut finding = SqlFinding::new(cx.query.exprs.span(*place), Severity::Warning, message, NOTE, help);
    finding.related = vec![(SqlPlace::Text(cte.name.span), "it is worked out as a whole".to_owned())];
    Some(finding)
}

/// Why a `WITH` is worked out as a whole.
enum Why {
    /// It says so.
    Said,
    /// It is read more than once.
    Shared,
    /// Old servers always do.
    Old,
}

/// Whether a condition may leave few rows: anything but a test of a flag or for null.
fn narrows(cx: &SqlCx<'_>, filter: ExprId) -> bool {
    let exprs = &cx.query.exprs;
    exprs.conjuncts(filter).into_iter().any(|part| match exprs.get(part) {
        Expr::IsNull { .. } | Expr::Column(_) | Expr::IsTruth(_) => false,
        Expr::Not(inner) => exprs.column(*inner).is_none(),
        Expr::Compare(Comparison::NotEqual, ..) => false,
        _ => true,
    })
}

/// The condition by which a reader looks for few rows, and the indexed column of the table that it is about.
fn looked_for(cx: &SqlCx<'_>, reader: &Select, at: u16, body: &Select, table: &TableName) -> Option<(ExprId, String)> {
    let exprs = &cx.query.exprs;
    conditions_of(cx.query, reader, at, cx.schema).into_iter().find_map(|condition| {
        let name = condition.column.as_deref().filter(|_| condition.test == Test::Equal && condition.is_constant)?;
        let own = body.items.iter().find_map(|item| match item {
            Item::Expr { expr, alias } => {
                let column = exprs.column(*expr)?;
                let shown = alias.as_ref().unwrap_or(&column.name);
                shown.is(name).then(|| column.name.text.to_string())
            }
            Item::Star { .. } => Some(name.to_owned()),
        })?;
        let definitions = cx.schema.definitions(table);
        let is_served = !definitions.is_empty()
            && definitions.iter().all(|table| served_alone(table, &own, Test::Equal).known() == Known::Yes);
        is_served.then(|| (condition.expr, shown(Some(table), &own)))
    })
}
