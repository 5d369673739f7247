//! `offset-pagination`: pages that are reached by reading and throwing away all pages before them.

use super::sql_finding::{SqlCx, SqlFinding, written};
use super::{FileCx, Sink, sql_statement};
use crate::findings::{Confidence, Severity};
use crate::project::orm;
use crate::project::schema::Known;
use crate::sql::query::*;
use crate::sql::{ParameterKey, Reading, Slot, SlotKind};

/// From so many skipped rows on, a constant is told.
const LARGE: i64 = 10_000;

/// Nobody asks for so many rows but to get all of them, as MySQL has no `OFFSET` without `LIMIT`.
const ENDLESS: i64 = 1 << 31;

const NOTE: &str = "the rows that are skipped are read all the same: by primary key PostgreSQL 15 did 8 times the work of the first page at \
                    offset 1,000, 74 times at 10,000, 582 times at 100,000; and rows that come or go meanwhile shift every page";

/// Reports pages that are reached by skipping rows, in SQL and in the words of an ORM.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    for index in 0..cx.facts().statements.len() {
        sql_statement::report(&cx.statement(index), sink, check_statement);
    }
    for draft in orm::page_drafts(cx.project, cx.id) {
        sink.report(sql_statement::drafted(cx, draft));
    }
}

/// Finds `OFFSET` with a large constant, or with a value that comes from outside.
pub(crate) fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    for select in &cx.query.selects {
        let Some(offset) = select.offset else { continue };
        // A catalog of the database, or a table that stays small.
        let mut tables = select.sources.iter().filter_map(Source::table).peekable();
        if tables.peek().is_some() && tables.all(|table| cx.is_spared(table)) {
            continue;
        }
        // The elements of an array are no rows of a table: `FROM unnest(list) OFFSET $2`.
        let is_function = |source: &Source| matches!(source.kind, SourceKind::Function(_));
        if !select.sources.is_empty() && select.sources.iter().all(is_function) {
            continue;
        }
        // The n-th row of a few is no page.
        if select.limit.and_then(|limit| constant(cx.query, limit)) == Some(1) {
            continue;
        }
        if sorts_groups(cx.query, select) || reads_groups(cx.query, select) {
            continue;
        }
        let (severity, message) = match amount(cx.query, offset.value, cx.slots()) {
            Amount::Constant(rows) if rows >= LARGE => (
                Severity::Warning,
                format!("OFFSET {rows} reads and throws away {rows} rows before the first one it gives"),
            ),
            Amount::Constant(_) | Amount::Unknown => continue,
            Amount::Open if !has_end(cx.query, select) => continue,
            Amount::Open => (
                Severity::Info,
                "this OFFSET reads and throws away every row before the page: each page costs more than the one before"
                    .to_owned(),
            ),
        };
        out.push(SqlFinding {
            span: offset.span,
            severity,
            confidence: Confidence::High,
            message,
            note: NOTE.to_owned(),
            help: help(&cx, select),
            related: Vec::new(),
            fix: None,
            index: None,
        });
    }
}

/// Whether the order is one of what groups come to: every page needs all groups, and costs what the first one does.
fn sorts_groups(query: &Query, select: &Select) -> bool {
    let exprs = &query.exprs;
    let Some(order) = select.order_by.first() else { return false };
    let named = |item: &Item, name: &Ident| match item {
        Item::Expr { expr, alias: Some(alias) } => alias.is(&name.text).then_some(*expr),
        _ => None,
    };
    let item = match exprs.get(order.expr) {
        Expr::Column(Column { qualifier: None, name, .. }) => select.items.iter().find_map(|item| named(item, name)),
        Expr::Literal(Literal::Number(number)) => {
            number.parse().ok().and_then(|at: usize| match select.items.get(at.checked_sub(1)?)? {
                Item::Expr { expr, .. } => Some(*expr),
                Item::Star { .. } => None,
            })
        }
        _ => None,
    };
    let calls = |id: ExprId| exprs.within(id).into_iter().any(|part| matches!(exprs.get(part), Expr::Call(_)));
    let is_key = || {
        let sorted = exprs.column(order.expr);
        select.group_by.iter().any(|&key| {
            let same = sorted.zip(exprs.column(key)).is_some_and(|(sorted, key)| key.name.is(&sorted.name.text));
            same || exprs.column(key).is_none()
        })
    };
    // Of groups of columns, what a function makes is made of their rows, whatever its name.
    let is_made = |id: ExprId| !select.group_by.is_empty() && calls(id) && !is_key();
    item.map_or_else(|| exprs.aggregates(order.expr), |id| exprs.aggregates(id) || is_made(id))
}

/// Whether the rows are groups of another select, in an order that is not one of their keys: all groups have to be made
/// before the first of them can be told. `WITH totals AS (SELECT …, max(at) AS last … GROUP BY id) … ORDER BY last`
fn reads_groups(query: &Query, select: &Select) -> bool {
    let mut reader = select;
    for _ in 0..8 {
        let [Source { kind: SourceKind::Cte(_, id) | SourceKind::Derived(id), .. }] = reader.sources.as_slice() else {
            return false;
        };
        reader = query.select(*id);
        if !reader.group_by.is_empty() {
            return !is_by_key(query, reader, select);
        }
    }
    false
}

/// Whether what `select` sorts by first is a key of the groups that `made` makes.
fn is_by_key(query: &Query, made: &Select, select: &Select) -> bool {
    let exprs = &query.exprs;
    let Some(sorted) = select.order_by.first().and_then(|order| exprs.column(order.expr)) else { return false };
    let is_key = |name: &Ident| {
        made.group_by.iter().any(|&key| exprs.column(key).is_some_and(|column| column.name.is(&name.text)))
    };
    let item = made.items.iter().find_map(|item| match item {
        Item::Expr { expr, alias: Some(alias) } if alias.is(&sorted.name.text) => Some(*expr),
        _ => None,
    });
    match item {
        Some(expr) => is_key(&sorted.name) || exprs.column(expr).is_some_and(|column| is_key(&column.name)),
        None => is_key(&sorted.name),
    }
}

/// How many rows are skipped.
enum Amount {
    /// So many.
    Constant(i64),
    /// As many as the program says.
    Open,
    /// It cannot be said, or it is not for paging.
    Unknown,
}

fn amount(query: &Query, id: ExprId, slots: &[Slot]) -> Amount {
    if let Some(value) = constant(query, id) {
        return Amount::Constant(value);
    }
    let parts = query.exprs.within(id);
    let holds = |test: &dyn Fn(&Expr) -> bool| parts.iter().any(|&part| test(query.exprs.get(part)));
    // `OFFSET (SELECT floor(random() * count(*)) …)` picks a row, it does not page.
    if holds(&|expr| matches!(expr, Expr::Subselect(_) | Expr::Call(_))) {
        return Amount::Unknown;
    }
    let is_open = |&part: &ExprId| match query.exprs.get(part) {
        Expr::Slot(_) => query.slot(part, slots).is_some(),
        // A variable of a routine: `OFFSET page_start`.
        Expr::Column(column) => column.qualifier.is_none(),
        _ => false,
    };
    if parts.iter().any(is_open) { Amount::Open } else { Amount::Unknown }
}

/// Whether what follows the skipped rows ends. What lies beyond the newest ones, to delete it (`OFFSET 10`,
/// `LIMIT -1 OFFSET 10`, `LIMIT ALL`), is no page.
fn has_end(query: &Query, select: &Select) -> bool {
    select.limit.is_some_and(|limit| match query.exprs.get(limit) {
        Expr::Literal(Literal::Null) => false,
        Expr::Literal(Literal::Number(number)) => number.parse().is_ok_and(|rows: i64| rows < ENDLESS),
        _ => constant(query, limit).is_none_or(|rows| rows >= 0),
    })
}

/// The value of an expression of constants.
fn constant(query: &Query, id: ExprId) -> Option<i64> {
    match query.exprs.get(id) {
        Expr::Literal(Literal::Number(number)) => number.parse().ok(),
        Expr::Literal(Literal::Null) => Some(0),
        Expr::Cast { expr, .. } => constant(query, *expr),
        Expr::Unary(sign, operand) if &**sign == "-" => constant(query, *operand)?.checked_neg(),
        Expr::Binary(sign, left, right) => {
            let (left, right) = (constant(query, *left)?, constant(query, *right)?);
            match &**sign {
                "*" => left.checked_mul(right),
                "+" => left.checked_add(right),
                "-" => left.checked_sub(right),
                _ => None,
            }
        }
        _ => None,
    }
}

/// One column that pages are ordered by.
struct Key {
    /// As it is written.
    name: String,
    /// The name of the value that the last row had.
    value: String,
    descending: bool,
}

fn help(cx: &SqlCx<'_>, select: &Select) -> String {
    const NEUTRAL: &str = "remember where the page ended and begin the next one there (keyset pagination)";
    let Some((mut keys, is_known)) = keyset(cx, select) else {
        let how = if is_of_groups(cx, select) {
            ": order by what is grouped by, and compare that with the last row's"
        } else {
            "; for that the order must be by columns, the last one unique"
        };
        return format!("{NEUTRAL}{how}");
    };
    let tie = match keys.last() {
        Some(key) if !is_known => format!(" (`{}` stands for any unique column)", last_part(&key.name)),
        _ => String::new(),
    };
    let style = Style::of(cx.slots());
    for (number, key) in (1usize..).zip(&mut keys) {
        key.value = style.value(last_part(&key.name), number);
    }
    let order = keys
        .iter()
        .map(|key| if key.descending { format!("{} DESC", key.name) } else { key.name.clone() })
        .collect::<Vec<_>>()
        .join(", ");
    let condition = after(&keys);
    let lead = if select.filter.is_some() { "AND" } else { "WHERE" };
    let equal = equal_columns(cx, select, &keys);
    let index = match (equal.is_empty(), keys.len()) {
        (true, 1) => String::new(),
        (true, _) => ", served by one index on these columns in this order".to_owned(),
        (false, _) => {
            let columns = equal.into_iter().chain(keys.iter().map(|key| last_part(&key.name).to_owned()));
            format!(", served by one index on ({})", columns.collect::<Vec<_>>().join(", "))
        }
    };
    format!(
        "begin after the last row of the page before, whose values the program remembers{tie}{index}:\n{lead} {condition}\nORDER BY {order} LIMIT …"
    )
}

/// The columns that the statement asks to equal something, besides the keys: they stand first in an index that serves it.
fn equal_columns(cx: &SqlCx<'_>, select: &Select, keys: &[Key]) -> Vec<String> {
    let exprs = &cx.query.exprs;
    let mut found: Vec<String> = Vec::new();
    for part in select.filter.map_or_else(Vec::new, |filter| exprs.conjuncts(filter)) {
        let Expr::Compare(Comparison::Equal, left, right) = exprs.get(part) else { continue };
        let ((Some(column), None) | (None, Some(column))) = (exprs.column(*left), exprs.column(*right)) else {
            continue;
        };
        let is_there = |name: &str| same_name(name, &column.name.text);
        if !column.name.dynamic && !keys.iter().any(|key| is_there(last_part(&key.name))) {
            let name = written(&column.name, cx.dialect);
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name).trim_matches(['"', '`', '[', ']'])
}

/// Whether the rows are groups of columns, in their order or in none.
fn is_of_groups(cx: &SqlCx<'_>, select: &Select) -> bool {
    let exprs = &cx.query.exprs;
    let key = |id: ExprId| exprs.column(id).map(|column| &column.name);
    let is_key = |sorted: &Ident| select.group_by.iter().filter_map(|&id| key(id)).any(|name| name.is(&sorted.text));
    !select.group_by.is_empty()
        && select.arms.is_empty()
        && !select.has_open_clauses
        && select.group_by.iter().all(|&id| key(id).is_some())
        && select.order_by.iter().all(|order| key(order.expr).is_some_and(is_key))
}

/// The columns that tell where a page ended, the last of them unique, and whether that is known; `None` where the rows
/// are not those of one table in an order of plain columns.
fn keyset(cx: &SqlCx<'_>, select: &Select) -> Option<(Vec<Key>, bool)> {
    let [source] = select.sources.as_slice() else { return None };
    let table = source.table()?;
    // Rows of a set operation, of groups or without duplicates have no key; an order that a hole brings is not seen.
    let is_plain = select.arms.is_empty()
        && select.group_by.is_empty()
        && select.having.is_none()
        && select.distinct == Distinct::No
        && sees_order(cx, select);
    if !is_plain {
        return None;
    }
    let mut keys: Vec<Key> =
        select.order_by.iter().map(|order| sort_key(cx, select, table, order)).collect::<Option<_>>()?;
    let is_known = ends_unique(cx, table, &mut keys)?;
    (keys.len() <= 3).then_some((keys, is_known))
}

/// Whether the whole order is written out: no hole may bring another (`FROM posts {order} LIMIT 20 OFFSET %s`), or a
/// direction (`ORDER BY name {direction}`).
fn sees_order(cx: &SqlCx<'_>, select: &Select) -> bool {
    let exprs = &cx.query.exprs;
    let own = || cx.slots().iter().filter(|slot| select.span.contains(slot.span));
    let clauses = || own().filter(|slot| slot.reading == Reading::Clause);
    let Some(first) = select.order_by.first().map(|order| exprs.span(order.expr)) else {
        return !select.has_open_clauses && clauses().next().is_none();
    };
    let ends = [select.limit.map(|limit| exprs.span(limit)), select.offset.map(|offset| offset.span)];
    let end = ends.into_iter().flatten().map(|span| span.start).filter(|&start| start > first.start).min();
    let is_within = |slot: &Slot| slot.span.start >= first.start && end.is_none_or(|end| slot.span.start < end);
    // What a hole before the order brings are conditions.
    !own().any(is_within) && (!select.has_open_clauses || clauses().any(|slot| slot.span.start < first.start))
}

/// A column of the table that `ORDER BY` names; `None` if it is something else, or says where nulls stand.
fn sort_key(cx: &SqlCx<'_>, select: &Select, table: &TableName, order: &Order) -> Option<Key> {
    let column = cx.query.exprs.column(order.expr).filter(|column| !column.name.dynamic)?;
    // The name of an expression of the select list cannot stand in `WHERE`.
    let is_alias = column.qualifier.is_none()
        && select.items.iter().any(|item| match item {
            Item::Expr { expr, alias: Some(alias) } => {
                alias.is(&column.name.text)
                    && cx.query.exprs.column(*expr).is_none_or(|inner| !inner.name.is(&alias.text))
            }
            _ => false,
        });
    if is_alias || order.nulls_first.is_some() || cx.schema.has_column(table, &column.name.text) == Known::No {
        return None;
    }
    let mut name = written(&column.name, cx.dialect);
    if let Some(qualifier) = &column.qualifier {
        name = format!("{}.{name}", written(qualifier, cx.dialect));
    }
    Some(Key { name, value: String::new(), descending: order.descending })
}

/// Adds the primary key to columns that may be the same in several rows. Tells whether the schema knows the last column
/// to be unique; where no schema is known, `id` stands for the key.
fn ends_unique(cx: &SqlCx<'_>, table: &TableName, keys: &mut Vec<Key>) -> Option<bool> {
    let names: Vec<&str> = keys.iter().map(|key| last_part(&key.name)).collect();
    let is_there = |column: &str| names.iter().any(|name| same_name(name, column));
    let unique = cx.schema.is_unique(table, &names);
    if unique == Known::Yes {
        return Some(true);
    }
    let known = cx.schema.primary_key(table);
    let missing: Vec<String> = match &known {
        Some(columns) => columns.iter().filter(|column| !is_there(column)).map(|&column| column.to_owned()).collect(),
        None if unique == Known::Unknown && is_there("id") => return Some(true),
        None if cx.schema.has_column(table, "id") == Known::No => return None,
        None => vec!["id".to_owned()],
    };
    let descending = keys.last().is_some_and(|key| key.descending);
    keys.extend(missing.into_iter().map(|name| Key { name, value: String::new(), descending }));
    Some(known.is_some())
}

/// How values are named in the advice: as the statement names its own.
enum Style {
    Named(char),
    /// `$1`, from this number on.
    Numbered(usize),
    Plain(&'static str),
}

impl Style {
    fn of(slots: &[Slot]) -> Style {
        let mut keys = slots.iter().rev().filter_map(|slot| match &slot.kind {
            SlotKind::Parameter(key) => Some((key, slot.span.len())),
            _ => None,
        });
        let numbers = keys.clone().filter_map(|(key, _)| match key {
            ParameterKey::Number(number) => Some(usize::from(*number)),
            _ => None,
        });
        let highest = numbers.max().unwrap_or(0);
        match keys.next() {
            Some((ParameterKey::Number(_), _)) => Style::Numbered(highest),
            Some((ParameterKey::Position(_), 2)) => Style::Plain("%s"),
            Some((ParameterKey::Position(_), _)) => Style::Plain("?"),
            _ => Style::Named(':'),
        }
    }

    fn value(&self, column: &str, number: usize) -> String {
        match self {
            Style::Named(sign) => format!("{sign}last_{column}"),
            Style::Numbered(highest) => format!("${}", highest + number),
            Style::Plain(text) => (*text).to_owned(),
        }
    }
}

/// The condition under which a row comes after the last one: `a >= x AND (a > x OR b > y)`, the form that every
/// engine reads from an index.
fn after(keys: &[Key]) -> String {
    let sign = |key: &Key| if key.descending { "<" } else { ">" };
    match keys {
        [] => String::new(),
        [key] => format!("{} {} {}", key.name, sign(key), key.value),
        [key, rest @ ..] => {
            let deeper = if rest.len() > 1 { format!("({})", after(rest)) } else { after(rest) };
            let (name, sign, value) = (&key.name, sign(key), &key.value);
            format!("{name} {sign}= {value} AND ({name} {sign} {value} OR {deeper})")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sql_finding::testing::advice;
    use super::check_statement;
    use crate::sql::Dialect;

    fn help(text: &str) -> String {
        advice(text, Dialect::PostgreSql, check_statement)
    }

    #[test]
    fn the_order_ends_in_a_unique_column() {
        insta::assert_snapshot!(help("SELECT * FROM posts ORDER BY created_at DESC LIMIT 20 OFFSET 100000"), @r"
        begin after the last row of the page before, whose values the program remembers (`id` stands for any unique column), served by one index on these columns in this order:
        WHERE created_at <= :last_created_at AND (created_at < :last_created_at OR id < :last_id)
        ORDER BY created_at DESC, id DESC LIMIT …
        ");
        insta::assert_snapshot!(help("CREATE TABLE posts (uid int PRIMARY KEY, at int); SELECT * FROM posts WHERE at > $1 ORDER BY at LIMIT $2 OFFSET $3"), @r"
        begin after the last row of the page before, whose values the program remembers, served by one index on these columns in this order:
        AND at >= $4 AND (at > $4 OR uid > $5)
        ORDER BY at, uid LIMIT …
        ");
        insta::assert_snapshot!(help("CREATE TABLE posts (uid int PRIMARY KEY, slug text UNIQUE); SELECT * FROM posts ORDER BY slug LIMIT 9 OFFSET %s"), @r"
        begin after the last row of the page before, whose values the program remembers:
        WHERE slug > %s
        ORDER BY slug LIMIT …
        ");
    }

    #[test]
    fn three_columns_and_names_in_quotes() {
        insta::assert_snapshot!(help(r#"SELECT p.* FROM "Posts" p ORDER BY p.a, p."B" DESC, p.id LIMIT 20 OFFSET ?"#), @r#"
        begin after the last row of the page before, whose values the program remembers, served by one index on these columns in this order:
        WHERE p.a >= ? AND (p.a > ? OR (p."B" <= ? AND (p."B" < ? OR p.id > ?)))
        ORDER BY p.a, p."B" DESC, p.id LIMIT …
        "#);
    }

    #[test]
    fn orders_that_are_no_columns() {
        insta::assert_snapshot!(help("SELECT a FROM t ORDER BY lower(a) LIMIT 20 OFFSET ?"), @"remember where the page ended and begin the next one there (keyset pagination); for that the order must be by columns, the last one unique");
    }
}
