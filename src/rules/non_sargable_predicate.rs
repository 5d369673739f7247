//! `non-sargable-predicate`: a function, a cast or a sum around an indexed column, which hides it from its index.

use super::sql_finding::{SqlCx, SqlFinding, SqlFix, SqlPlace, shown, written, written_table};
use super::{FileCx, Sink, sql_statement};
use crate::findings::{Applicability, Confidence, Severity};
use crate::project::orm::Matter;
use crate::project::schema::{Condition, Known, Table, Test, conditions_of, served, served_alone};
use crate::sql::query::*;
use crate::sql::{Dialect, Product, Version};

const NOTE: &str = "an index on the column is ordered by the column, not by what is computed from it, so every row is read: of one million rows \
                    that was 330 to 100,000 times the work of a look-up for functions, 1,052 times on PostgreSQL 15 for one day of four years";

/// Reports conditions on what is computed from an indexed column, where no index holds what is computed.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report_all_of(cx, sink, Some(Matter::Computed), check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    if !cx.dialect.has_row_indexes() || cx.schema.is_empty() {
        return;
    }
    for select in &cx.query.selects {
        for source in 0..u16::try_from(select.sources.len()).unwrap_or(0) {
            check_source(&cx, select, source, out);
        }
    }
}

fn check_source(cx: &SqlCx<'_>, select: &Select, source: u16, out: &mut Vec<SqlFinding>) {
    let own = &select.sources[usize::from(source)];
    let Some(table) = own.table() else { return };
    if own.join == Join::Left || cx.is_spared(table) || cx.schema.stays_small(table) {
        return;
    }
    let conditions = conditions_of(cx.query, select, source, cx.schema);
    let hidden: Vec<(&Condition, Around<'_>)> = conditions
        .iter()
        .filter(|condition| condition.is_constant && matches!(condition.test, Test::Equal | Test::Range))
        .filter_map(|condition| Some((condition, around(&cx.query.exprs, condition.side)?)))
        .collect();
    if hidden.is_empty() || cx.query.has_open_conditions(select, cx.slots()) {
        return;
    }
    let definitions = cx.schema.definitions(table);
    let answer = |table: &Table, condition: &Condition| {
        served(table, condition, &conditions, cx.query, select, cx.dialect).known()
    };
    // Another condition of the conjunction may find the rows, or what is joined.
    let is_found = conditions.iter().any(|condition| {
        condition.column.is_some()
            && condition.test != Test::Null
            && (definitions.is_empty() || definitions.iter().any(|table| answer(table, condition) != Known::No))
    });
    if is_found || definitions.is_empty() {
        return;
    }
    for (condition, around) in hidden {
        let name = &*around.column.name.text;
        let is_hidden = definitions.iter().all(|table| {
            answer(table, condition) == Known::No && served_alone(table, name, condition.test).known() == Known::Yes
        });
        let searches = definitions.iter().any(|table| cx.schema.may_search(&[&table.name], name));
        if !is_hidden || searches || is_seen_through(cx, &around) {
            continue;
        }
        let message = format!(
            "{} hides {} from its index: every row of the table is read",
            around.what,
            shown(Some(table), name)
        );
        let index = definitions[0].indexes.iter().find(|index| {
            index.definition.parts.first().and_then(|part| part.column()).is_some_and(|first| same_name(first, name))
        });
        let mut finding = SqlFinding::new(
            cx.query.exprs.span(condition.expr),
            if condition.test == Test::Equal { Severity::Warning } else { Severity::Info },
            message,
            NOTE,
            help(cx, table, condition, &around, definitions[0].dialect),
        )
        .fix(without_default(cx, condition, &around, &definitions));
        finding.confidence = if definitions.len() == 1 { Confidence::High } else { Confidence::Medium };
        finding
            .related
            .extend(index.map(|index| (SqlPlace::Schema(index.place), "this index is of no use".to_owned())));
        out.push(finding);
    }
}

/// Whether all servers make a range of what is computed themselves.
fn is_seen_through(cx: &SqlCx<'_>, around: &Around<'_>) -> bool {
    let since: &[u16] = match &*around.what {
        "`date()`" | "`year()`" => &[11, 1],
        "`upper()`" => &[11, 3],
        _ => return false,
    };
    let makes_range = |product, version: Version| product == Product::MariaDb && !version.is_before(since);
    cx.servers.all(cx.dialect, makes_range) == Some(true)
}

/// The edit that makes `c = 'x'` of `coalesce(c, '') = 'x'`, where the value in place of null is another one.
fn without_default(
    cx: &SqlCx<'_>,
    condition: &Condition,
    around: &Around<'_>,
    definitions: &[&Table],
) -> Option<SqlFix> {
    let exprs = &cx.query.exprs;
    let Expr::Compare(Comparison::Equal, left, right) = exprs.get(condition.expr) else { return None };
    let value = if *left == condition.side { *right } else { *left };
    let Expr::Call(call) = exprs.get(condition.side) else { return None };
    let [column, default] = &*call.args else { return None };
    let starts = |kinds: &[&str]| {
        let kind = |table: &&Table| table.column(&around.column.name.text).map(|column| column.type_name.clone());
        definitions.iter().map(kind).all(|kind| kind.is_some_and(|kind| kinds.iter().any(|one| kind.starts_with(one))))
    };
    // In some collation, "a" and "A" are one, and so may be letters with and without their accents.
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let differ = match (exprs.get(*default), exprs.get(value)) {
        (
            Expr::Literal(Literal::Text { value: one, has_slots: false }),
            Expr::Literal(Literal::Text { value: other, has_slots: false }),
        ) => {
            starts(&["text", "varchar", "char"]) && is_plain(one) && is_plain(other) && !one.eq_ignore_ascii_case(other)
        }
        (Expr::Literal(Literal::Number(one)), Expr::Literal(Literal::Number(other))) => {
            let whole = |text: &str| text.parse::<u64>().ok();
            starts(&["int", "bigint", "smallint"])
                && whole(one).is_some()
                && whole(other).is_some()
                && whole(one) != whole(other)
        }
        _ => false,
    };
    let is_it = around.kind == Kind::Coalesce && exprs.column(*column).is_some() && differ;
    is_it.then(|| SqlFix {
        title: "compare the column itself".to_owned(),
        applicability: Applicability::Safe,
        edits: vec![(exprs.span(condition.side), cx.written(exprs.span(*column)))],
    })
}

/// What stands around a column.
struct Around<'q> {
    column: &'q Column,
    what: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The day, month or year of a moment.
    Date,
    /// A value in place of null.
    Coalesce,
    /// Something added.
    Sum,
    /// Anything that only an index on the expression serves.
    Other,
}

/// What is computed from one column in a way that a range, another form or an index on the expression could ask for.
fn around(exprs: &Exprs, id: ExprId) -> Option<Around<'_>> {
    let id = exprs.bare(id);
    let (what, kind) = match exprs.get(id) {
        Expr::Call(call) if !call.is_aggregate() && !call.is_window => {
            let what = match &*call.name {
                "ilike" => "`ILIKE`".to_owned(),
                name => format!("`{}()`", shown_call(name)),
            };
            (what, kind_of(&call.name)?)
        }
        Expr::Cast { to, .. } => {
            let kind = if to.starts_with("date") { Kind::Date } else { Kind::Other };
            (format!("the cast to {to}"), kind)
        }
        Expr::Binary(sign, left, right) if matches!(&**sign, "+" | "-") => {
            let is_sum = exprs.column(*left).is_some() && exprs.is_constant(*right)
                || exprs.column(*right).is_some() && exprs.is_constant(*left);
            (format!("`{sign}`"), is_sum.then_some(Kind::Sum)?)
        }
        _ => return None,
    };
    let parts = exprs.within(id);
    let mut columns = parts.iter().filter_map(|&part| exprs.column(part));
    let column = columns.next().filter(|column| !column.name.dynamic)?;
    let is_open = |&part: &ExprId| matches!(exprs.get(part), Expr::Subselect(_) | Expr::Case(_) | Expr::Other(_));
    // Paths into documents are another matter: no plain index would hold them.
    let is_path =
        |&part: &ExprId| matches!(exprs.get(part), Expr::Binary(sign, ..) if sign.contains('>') || sign.contains('#'));
    (columns.next().is_none() && !parts.iter().any(is_open) && !parts.iter().any(is_path)).then_some(Around {
        column,
        what,
        kind,
    })
}

fn shown_call(name: &str) -> &str {
    name.split('_').next().filter(|first| *first == "extract").unwrap_or(name)
}

fn kind_of(name: &str) -> Option<Kind> {
    Some(match name {
        "date" | "year" | "date_trunc" | "trunc" | "extract_year" | "to_char" | "strftime" | "date_format"
        | "to_date" | "from_unixtime" | "unix_timestamp" | "datediff" => Kind::Date,
        "coalesce" | "ifnull" | "isnull" | "nvl" => Kind::Coalesce,
        "ilike" | "lower" | "upper" | "trim" | "ltrim" | "rtrim" | "btrim" | "left" | "substr" | "substring"
        | "concat" | "replace" | "convert" | "date_add" | "date_sub" | "adddate" | "dateadd" | "datetime" => {
            Kind::Other
        }
        _ => return None,
    })
}

fn help(cx: &SqlCx<'_>, table: &TableName, condition: &Condition, around: &Around<'_>, defined: Dialect) -> String {
    let dialect = if cx.dialect == Dialect::Generic { defined } else { cx.dialect };
    let exprs = &cx.query.exprs;
    let column = written(&around.column.name, dialect);
    let side = cx.written(exprs.span(condition.side));
    let own = match &around.column.qualifier {
        Some(qualifier) => side.replace(&format!("{}.", cx.written(qualifier.span)), ""),
        None => side.clone(),
    };
    match (around.kind, dialect) {
        (Kind::Date, _) => {
            format!("ask for a range: {column} >= (first moment) AND {column} < (first moment after it)")
        }
        (Kind::Coalesce, _) => format!("compare {column} itself, with OR {column} IS NULL if nulls are meant too"),
        (Kind::Sum, _) => format!("compute on the other side: {column} alone, compared with the rest"),
        (Kind::Other, Dialect::PostgreSql) => {
            format!("CREATE INDEX CONCURRENTLY ON {} (({own}))", written_table(table, dialect))
        }
        (Kind::Other, Dialect::Sqlite) => {
            format!("CREATE INDEX … ON {} ({own})", written_table(table, dialect))
        }
        (Kind::Other, Dialect::MySql) if matches!(exprs.get(exprs.bare(condition.side)), Expr::Call(call) if matches!(&*call.name, "lower" | "upper")) =>
        {
            format!("compare {column} itself: with a collation that ends in _ci it makes no difference between cases")
        }
        (Kind::Other, Dialect::MySql) => {
            format!(
                "MySQL 8.0.13 and newer: CREATE INDEX … ON {} (({own})); MariaDB: a generated column with an index, named in the query",
                written_table(table, dialect)
            )
        }
        _ => format!("an index on the expression itself: ({own})"),
    }
}
