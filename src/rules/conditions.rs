//! What rules over the conditions of a query share: whose columns they are, and how many rows they leave.

use super::sql_finding::{SqlCx, SqlFinding, SqlPlace};
use crate::findings::{IndexChange, IndexNeed, KeyUse};
use crate::project::schema::{Condition, Table, Test, is_lookup_name};
use crate::sql::Dialect;
use crate::sql::query::*;

/// Looks at each source of each select of a statement, where something is known of tables and their indexes.
pub(super) fn each_source(
    cx: &SqlCx<'_>,
    out: &mut Vec<SqlFinding>,
    check: impl Fn(&SqlCx<'_>, &Select, u16) -> Option<SqlFinding>,
) {
    if !cx.dialect.has_row_indexes() || cx.schema.is_empty() {
        return;
    }
    for select in &cx.query.selects {
        for source in 0..u16::try_from(select.sources.len()).unwrap_or(0) {
            out.extend(check(cx, select, source));
        }
    }
}

/// Where a model declares an index that begins with a column, and that its migrations do not make.
pub(super) fn unmade(table: &Table, column: &str) -> Vec<(SqlPlace, String)> {
    let Some(unmade) = table.unmade_index(column) else { return Vec::new() };
    let declared = (SqlPlace::Schema(unmade.index.place), "the model declares an index".to_owned());
    match unmade.dropped {
        Some(place) => vec![declared, (SqlPlace::Schema(place), "but this migration drops it".to_owned())],
        None => vec![(declared.0, format!("{}, but no migration makes it", declared.1))],
    }
}

/// The table of a source, if advice may be given on its indexes: it does not stay small, and every condition is in
/// sight.
pub(super) fn advised_table<'a>(cx: &SqlCx<'a>, select: &Select, source: &'a Source) -> Option<&'a TableName> {
    one_of_advised(cx, select, source).filter(|_| !is_correlated(cx, select))
}

/// The same where the rows may be looked for by what an outer select gives.
pub(super) fn one_of_advised<'a>(cx: &SqlCx<'a>, select: &Select, source: &'a Source) -> Option<&'a TableName> {
    let name = source.table()?;
    let is_left_out = cx.is_spared(name)
        || cx.schema.stays_small(name)
        || cx.model.is_some_and(|model| cx.schema.is_lookup(model, &cx.schema.definitions(name)))
        || cx.query.has_open_conditions(select, cx.slots());
    (!is_left_out).then_some(name)
}

/// Whether a select compares with columns of an outer one: its rows are found by those, or another rule tells of it.
fn is_correlated(cx: &SqlCx<'_>, select: &Select) -> bool {
    let parts = cx.query.conditions(select);
    let all = parts.into_iter().flat_map(|part| cx.query.exprs.within(part));
    let mut columns = all.filter_map(|part| cx.query.exprs.column(part));
    columns.any(|column| cx.source_of(column).is_some_and(|(owner, _)| owner != select.id))
}

/// The columns of a source that the statement names, as far as the qualifier tells.
pub(super) fn columns_named<'a>(cx: &SqlCx<'a>, select: SelectId, source: u16) -> Vec<&'a str> {
    let columns = cx.query.exprs.iter().filter_map(|(_, node)| match &node.expr {
        Expr::Column(column) if !column.name.dynamic => Some(column),
        _ => None,
    });
    columns.filter(|column| cx.source_of(column) == Some((select, source))).map(|column| &*column.name.text).collect()
}

/// The source of the same select that a condition compares one of `known` with; `None` for a subquery, `USING`, or a
/// name that is not known.
pub(super) fn compared_source(cx: &SqlCx<'_>, select: &Select, known: &[u16], condition: &Condition) -> Option<u16> {
    let exprs = &cx.query.exprs;
    let parts = if condition.expr.0 == u32::MAX { Vec::new() } else { exprs.within(condition.expr) };
    let sources = parts.iter().filter_map(|&part| exprs.column(part)).filter_map(|column| cx.source_of(column));
    sources.filter(|(owner, _)| *owner == select.id).map(|(_, source)| source).find(|source| !known.contains(source))
}

/// Whether some part of the conjunction is about this source alone, whatever it asks.
pub(super) fn has_own_condition(cx: &SqlCx<'_>, select: &Select, source: u16) -> bool {
    cx.query.conditions(select).into_iter().any(|part| {
        let columns = cx.query.exprs.within(part).into_iter().filter_map(|part| cx.query.exprs.column(part));
        let mut owners = columns.map(|column| cx.source_of(column)).peekable();
        owners.peek().is_some() && owners.all(|owner| owner == Some((select.id, source)))
    })
}

/// Whether a range holds most of what there is: all until now, all above zero.
pub(super) fn is_most_rows(cx: &SqlCx<'_>, condition: &Condition) -> bool {
    let exprs = &cx.query.exprs;
    let Expr::Compare(comparison, left, right) = exprs.get(condition.expr) else { return false };
    let (bound, comparison) = if *left == condition.side {
        (*right, *comparison)
    } else if *right == condition.side {
        (*left, comparison.flipped())
    } else {
        return false;
    };
    match comparison {
        // What is over and what is to come: nobody knows which of them is the smaller part.
        _ if is_now(exprs, bound) => true,
        Comparison::Greater | Comparison::GreaterOrEqual => {
            matches!(exprs.get(bound), Expr::Literal(Literal::Number(number)) if matches!(&**number, "0" | "1"))
                || is_long_ago(cx, bound)
        }
        _ => false,
    }
}

/// `now() - interval '12 months'`: half a year or more.
fn is_long_ago(cx: &SqlCx<'_>, bound: ExprId) -> bool {
    let Expr::Binary(sign, left, right) = cx.query.exprs.get(cx.query.exprs.bare(bound)) else { return false };
    if &**sign != "-" || !is_now(&cx.query.exprs, *left) {
        return false;
    }
    let text = cx.written(cx.query.exprs.span(*right)).to_lowercase();
    let number = text.split(|c: char| !c.is_ascii_digit()).find(|part| !part.is_empty());
    let count = number.and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
    let days = if text.contains("year") {
        365
    } else if text.contains("month") {
        30
    } else if text.contains("week") {
        7
    } else {
        u64::from(text.contains("day"))
    };
    count.saturating_mul(days) >= 180
}

/// `now()`, `CURRENT_TIMESTAMP(6)`, `UNIX_TIMESTAMP()`
fn is_now(exprs: &Exprs, id: ExprId) -> bool {
    let Expr::Call(call) = exprs.get(exprs.bare(id)) else { return false };
    let is_named = matches!(
        &*call.name,
        "clock_timestamp"
            | "curdate"
            | "current_date"
            | "current_timestamp"
            | "getdate"
            | "localtimestamp"
            | "now"
            | "statement_timestamp"
            | "sysdate"
            | "transaction_timestamp"
            | "unix_timestamp"
            | "utc_timestamp"
    );
    is_named && call.args.iter().all(|&arg| matches!(exprs.get(arg), Expr::Literal(_)))
}

/// The index that a finding asks for: what is compared with `=`, then what is ordered.
pub(super) fn missing_index<'c>(
    table: &Table,
    dialect: Dialect,
    equal: impl IntoIterator<Item = &'c str>,
    then: impl IntoIterator<Item = (&'c str, KeyUse)>,
) -> IndexChange {
    let mut seen: Vec<String> = Vec::new();
    let mut is_new = |name: &str| {
        let name = name.to_lowercase();
        let is_new = !seen.contains(&name);
        seen.push(name);
        is_new
    };
    let equal: Vec<&str> = equal.into_iter().filter(|name| is_new(name)).collect();
    let then: Vec<(&str, KeyUse)> = then.into_iter().filter(|(name, _)| is_new(name)).collect();
    let kind = |wanted: KeyUse| match (wanted, dialect) {
        (KeyUse::Prefix, Dialect::PostgreSql | Dialect::Sqlite) => KeyUse::Prefix,
        (KeyUse::Prefix, _) => KeyUse::Ordered,
        (wanted, _) => wanted,
    };
    // As the schema writes them.
    let own = |name: &str| table.column(name).map_or(name, |column| &*column.name).to_owned();
    IndexChange::Add(IndexNeed {
        table: table.full_name(),
        dialect: dialect.name(),
        equal: equal.into_iter().map(own).collect(),
        then: then.into_iter().map(|(name, wanted)| (own(name), kind(wanted))).collect(),
    })
}

/// Whether a column is asked for one of so few values that an index on it alone finds nothing.
pub(super) fn is_flag(cx: &SqlCx<'_>, condition: &Condition, tables: &[&Table]) -> bool {
    let is_named_so = || condition.column.as_deref().is_some_and(is_lookup_name);
    has_few_values(cx, condition, tables)
        || (condition.test == Test::Equal && (is_kind(cx, condition) || (cx.model.is_some() && is_named_so())))
}

/// Whether a column that is asked for a value has few of them.
pub(super) fn has_few_values(cx: &SqlCx<'_>, condition: &Condition, tables: &[&Table]) -> bool {
    let Some(name) = &condition.column else { return false };
    condition.test == Test::Equal
        && tables.iter().filter_map(|table| table.column(name)).any(|column| cx.schema.has_few_values(column))
}

/// Whether a query of an ORM compares with what is the same in every run: a kind or a state, one of a few.
fn is_kind(cx: &SqlCx<'_>, condition: &Condition) -> bool {
    cx.model.is_some()
        && match cx.query.exprs.get(condition.expr) {
            Expr::Compare(_, _, value) => matches!(cx.query.exprs.get(*value), Expr::Literal(_)),
            Expr::InList { list, .. } => {
                list.iter().all(|&value| matches!(cx.query.exprs.get(value), Expr::Literal(_)))
            }
            _ => false,
        }
}

/// Whether some source of a select is joined in a way that hides which rows are looked for.
pub(super) fn has_odd_joins(select: &Select) -> bool {
    select.sources.iter().any(|other| matches!(other.join, Join::Right | Join::Full | Join::Natural | Join::Other))
}
