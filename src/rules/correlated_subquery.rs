//! `correlated-subquery`: a subquery that gives one value, and runs again for each row around it.

use super::conditions::{columns_named, missing_index};
use super::sql_finding::{SqlCx, SqlFinding, SqlPlace, create_index, written, written_table};
use super::unindexed_filter::unserved;
use super::{FileCx, Sink, sql_statement};
use crate::findings::{Confidence, IndexChange, KeyUse, Severity};
use crate::project::schema::{Condition, Known, Table, Test, conditions_of, served};
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "without an index on the compared column each run reads the whole inner table: for 50 outer rows that was 50 times the work of \
                    one grouped join on PostgreSQL 15 and MariaDB 10.11, and it is multiplied by each further row. With the index, a few \
                    runs cost little";

/// Reports scalar subqueries that run once per row, in SQL and in the words of an ORM.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report_all(cx, sink, check_statement);
}

/// Finds scalar subqueries that run once per row and are not known to find their rows by an index.
pub(crate) fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    if !cx.dialect.has_row_indexes() {
        return;
    }
    out.extend(cx.query.selects.iter().filter_map(|select| match select.role {
        Role::Apart => check_apart(&cx, select),
        Role::Scalar(place) => check_select(&cx, select, place),
        _ => None,
    }));
}

/// A subquery of an ORM's: the query around it is written elsewhere.
fn check_apart(cx: &SqlCx<'_>, select: &Select) -> Option<SqlFinding> {
    let (found, test) = unserved(cx, select, 0)?;
    let message = format!("this subquery runs once for each row of the query around it, and {}", found.message);
    (test == Test::Equal).then(|| SqlFinding { message, note: NOTE.to_owned(), ..found })
}

/// How the inner rows are found for each outer row.
struct Link<'a> {
    /// The inner table.
    table: &'a TableName,
    /// What is compared with the outer row.
    conditions: Vec<Condition>,
    /// What is known of an index for them.
    index: Known,
}

fn check_select(cx: &SqlCx<'_>, select: &Select, place: ExprId) -> Option<SqlFinding> {
    let outer = outer_of(cx, select)?;
    let around = cx.query.select(select.parent?);
    if has_few_rows(cx, around, place) {
        return None;
    }
    let links: Vec<Link<'_>> =
        (0..u16::try_from(select.sources.len()).unwrap_or(0)).filter_map(|source| link(cx, select, source)).collect();
    let link = match links.as_slice() {
        // What joins another inner table to the outer row is found through that table.
        [] => return None,
        links if links.iter().any(|link| link.index == Known::Yes) => return None,
        links => links.iter().find(|link| link.index == Known::No).unwrap_or(&links[0]),
    };
    // Where the project defines tables, this one may be anybody's; where it defines none, the usual is told.
    if link.index == Known::Unknown && (!cx.schema.is_empty() || link.table.is_dynamic()) {
        return None;
    }
    // In an `UPDATE`, each row is written anyway, and migrations are full of them.
    if link.index == Known::Unknown
        && !matches!(around.role, Role::Root | Role::Arm | Role::Derived { .. } | Role::Cte(_) | Role::Insert)
    {
        return None;
    }
    Some(finding(cx, select, place, &outer, link))
}

/// The table or alias of the outer row that a select looks at; `None` if it looks at none.
fn outer_of(cx: &SqlCx<'_>, select: &Select) -> Option<String> {
    let is_inside = |id: SelectId| id == select.id || cx.query.ancestors(id).any(|ancestor| ancestor == select.id);
    cx.query.exprs.iter().find_map(|(_, node)| {
        let Expr::Column(column) = &node.expr else { return None };
        if !is_inside(column.select) {
            return None;
        }
        let owner = cx.source_of(column)?;
        if is_inside(owner.0) {
            return None;
        }
        let source = cx.source(owner)?;
        // Rows of `VALUES` or of a function are few, or not to be joined.
        let is_table = matches!(source.kind, SourceKind::Table(_) | SourceKind::Cte(..) | SourceKind::Derived(_));
        is_table.then(|| source.name().map_or("it".to_owned(), |name| cx.named(name)))
    })
}

/// Whether the select around a subquery gives so few rows that it runs only a few times.
fn has_few_rows(cx: &SqlCx<'_>, around: &Select, place: ExprId) -> bool {
    let runs_in_list = around.items.iter().any(|item| match item {
        Item::Expr { expr, .. } => cx.query.exprs.within(*expr).contains(&place),
        Item::Star { .. } => false,
    });
    // `LIMIT` comes after `WHERE` and `ORDER BY`, and before the select list if that orders nothing.
    let orders_by_it = around.order_by.iter().any(|order| match cx.query.exprs.get(order.expr) {
        Expr::Column(column) => around.items.iter().any(|item| {
            matches!(item, Item::Expr { expr, alias: Some(alias) } if alias.is(&column.name.text) && cx.query.exprs.within(*expr).contains(&place))
        }),
        Expr::Literal(_) => true,
        _ => cx.query.exprs.within(order.expr).contains(&place),
    });
    if runs_in_list && around.limit.is_some() && !orders_by_it && around.group_by.is_empty() {
        return true;
    }
    (0..u16::try_from(around.sources.len()).unwrap_or(0)).any(|source| {
        let Some(table) = around.sources[usize::from(source)].table() else { return false };
        let conditions = conditions_of(cx.query, around, source, cx.schema);
        let fixed: Vec<&str> = conditions
            .iter()
            .filter(|condition| condition.test == Test::Equal && is_one_value(cx, condition))
            .filter_map(|condition| condition.column.as_deref())
            .collect();
        match cx.schema.is_unique(table, &fixed) {
            Known::Yes => true,
            Known::No => false,
            Known::Unknown => fixed.iter().any(|name| same_name(name, "id") || same_name(name, "uuid")),
        }
    })
}

/// Whether an equality compares with a single value from outside.
fn is_one_value(cx: &SqlCx<'_>, condition: &Condition) -> bool {
    condition.is_constant && matches!(cx.query.exprs.get(condition.expr), Expr::Compare(..))
}

fn link<'a>(cx: &SqlCx<'a>, select: &'a Select, source: u16) -> Option<Link<'a>> {
    let table = select.sources[usize::from(source)].table()?;
    if cx.is_spared(table) {
        return None;
    }
    let all = conditions_of(cx.query, select, source, cx.schema);
    let looks_out = |condition: &&Condition| {
        let parts = if condition.expr.0 == u32::MAX { Vec::new() } else { cx.query.exprs.within(condition.expr) };
        parts
            .iter()
            .filter_map(|&part| cx.query.exprs.column(part))
            .any(|column| cx.source_of(column).is_some_and(|(owner, _)| owner != select.id))
    };
    let conditions: Vec<Condition> = all.iter().filter(looks_out).cloned().collect();
    if conditions.is_empty() {
        return None;
    }
    let tables = cx.schema.definitions(table);
    let answer = |condition: &Condition| -> Known {
        let answers: Vec<Known> =
            tables.iter().map(|table| served(table, condition, &all, cx.query, select, cx.dialect).known()).collect();
        if answers.contains(&Known::Yes) {
            Known::Yes
        } else if !answers.is_empty() && answers.iter().all(|&known| known == Known::No) && knows(&tables, condition) {
            Known::No
        } else if condition.column.as_ref().is_some_and(|name| same_name(name, "id") || same_name(name, "uuid")) {
            // Looking up one row by what is nearly always the primary key.
            Known::Yes
        } else {
            Known::Unknown
        }
    };
    // Equalities find the rows, and so does any constant condition that an index serves.
    let equal = |condition: &&Condition| condition.test == Test::Equal;
    let finding: Vec<Known> = conditions
        .iter()
        .filter(equal)
        .chain(all.iter().filter(|condition| condition.is_constant && condition.test != Test::Null))
        .map(answer)
        .collect();
    let has_equality = conditions.iter().any(|condition| condition.test == Test::Equal);
    let index = if finding.contains(&Known::Yes) {
        Known::Yes
    } else if finding.contains(&Known::Unknown) || (!has_equality && tables.is_empty()) {
        Known::Unknown
    } else {
        Known::No
    };
    Some(Link { table, conditions, index })
}

/// Whether the compared column is one of the table in every definition.
fn knows(tables: &[&Table], condition: &Condition) -> bool {
    condition.column.as_ref().is_some_and(|name| tables.iter().all(|table| table.has_column(name) == Known::Yes))
}

fn finding(cx: &SqlCx<'_>, select: &Select, place: ExprId, outer: &str, link: &Link<'_>) -> SqlFinding {
    let inner = cx.named(link.table.name());
    let column = link.conditions.iter().find_map(|condition| condition.column.as_deref());
    let runs = format!("this subquery runs once for each row of `{outer}`");
    let message = match (link.index, column) {
        (Known::No, Some(column)) => {
            format!("{runs}, and each time reads all of `{inner}`: no index begins with `{column}`")
        }
        (_, Some(column)) => format!("{runs}: without an index on `{inner}.{column}` each run reads the whole table"),
        _ => format!("{runs}, and each time reads all of `{inner}`"),
    };
    let (severity, confidence) = match link.index {
        Known::No => (Severity::Warning, Confidence::High),
        _ => (Severity::Info, Confidence::Medium),
    };
    let mut related: Vec<(SqlPlace, String)> = link
        .conditions
        .iter()
        .map(|condition| {
            (SqlPlace::Text(cx.query.exprs.span(condition.expr)), "compared with the outer row".to_owned())
        })
        .collect();
    let tables = cx.schema.definitions(link.table);
    related.extend(
        tables.iter().map(|table| (SqlPlace::Schema(table.place), format!("`{}` is defined here", table.name))),
    );
    SqlFinding {
        span: cx.query.exprs.span(place),
        severity,
        confidence,
        message,
        note: NOTE.to_owned(),
        help: help(cx, select, place, link, &tables),
        related,
        fix: None,
        index: missing(cx, select, link, &tables),
    }
}

/// The index that finds the inner rows, if it is known that there is none.
fn missing(cx: &SqlCx<'_>, select: &Select, link: &Link<'_>, tables: &[&Table]) -> Option<IndexChange> {
    let table = tables.first().filter(|_| link.index == Known::No)?;
    let dialect = if cx.dialect == Dialect::Generic { table.dialect } else { cx.dialect };
    let equal = link.conditions.iter().filter(|condition| condition.test == Test::Equal);
    let columns: Vec<&str> = equal.filter_map(|condition| condition.column.as_deref()).collect();
    let summed = summed(cx, select, link).map(|column| (&*column.name.text, KeyUse::Ordered));
    (!columns.is_empty()).then(|| missing_index(table, dialect, columns, summed))
}

/// The column that an aggregate of the inner rows is of, if nothing else is read of them beside what is compared: behind it in
/// the index, it is read there, and the least and greatest are at its ends.
fn summed<'a>(cx: &SqlCx<'a>, select: &'a Select, link: &Link<'_>) -> Option<&'a Column> {
    let ([_], [Item::Expr { expr, .. }], true) = (&*select.sources, &*select.items, select.group_by.is_empty()) else {
        return None;
    };
    let exprs = &cx.query.exprs;
    let call = exprs.within(*expr).into_iter().find_map(|part| match exprs.get(part) {
        Expr::Call(call) if matches!(&*call.name, "avg" | "max" | "min" | "sum") => Some(call),
        _ => None,
    })?;
    let [arg] = &*call.args else { return None };
    let column = exprs.column(*arg).filter(|column| cx.source_of(column) == Some((select.id, 0)))?;
    let is_compared = |name: &str| {
        let equal = link.conditions.iter().filter(|condition| condition.test == Test::Equal);
        equal.filter_map(|condition| condition.column.as_deref()).any(|own| same_name(own, name))
    };
    let named = columns_named(cx, select.id, 0);
    let is_found = link.conditions.iter().any(|condition| condition.test == Test::Equal);
    (is_found && named.iter().all(|name| column.name.is(name) || is_compared(name))).then_some(column)
}

// ── Advice ──────────────────────────────────────────────────────────────────────────────────────────────

fn help(cx: &SqlCx<'_>, select: &Select, place: ExprId, link: &Link<'_>, tables: &[&Table]) -> String {
    let dialect = match (cx.dialect, tables.first()) {
        (Dialect::Generic, Some(table)) => table.dialect,
        (dialect, _) => dialect,
    };
    let columns: Vec<String> = link
        .conditions
        .iter()
        .filter(|condition| condition.test == Test::Equal)
        .filter_map(|condition| cx.query.exprs.column(cx.query.exprs.bare(condition.side)))
        .chain(summed(cx, select, link))
        .map(|column| written(&column.name, dialect))
        .collect();
    let index = (!columns.is_empty()).then(|| create_index(cx.schema, link.table, &columns, dialect));
    let rewrite = Rewrite { cx, select, place, link, dialect };
    if let Some(asked) = rewrite.exists() {
        return index.map_or(asked.clone(), |index| format!("{asked};\nand add an index: {index}"));
    }
    let rewritten = rewrite.newest().or_else(|| rewrite.grouped()).or_else(|| rewrite.joined());
    match (index, rewritten) {
        (Some(index), Some(rewritten)) => {
            format!("add an index: {index};\nor, where most rows are wanted, {rewritten}")
        }
        (Some(index), None) => format!("add an index: {index}"),
        (None, Some(rewritten)) => rewritten,
        (None, None) => "compute it once for all rows, with a window function (`sum(…) OVER (ORDER BY …)`)".to_owned(),
    }
}

/// The same without running once per row, in the query's own names.
struct Rewrite<'r, 'a> {
    cx: &'r SqlCx<'a>,
    select: &'r Select,
    place: ExprId,
    link: &'r Link<'a>,
    dialect: Dialect,
}

/// The parts of an inner query that is to be grouped or joined.
struct Parts {
    /// Its tables, as written.
    from: String,
    /// The conditions that do not look outside, with their `WHERE`.
    rest: String,
    /// Inner expression, the name it has outside, and the outer expression it equals.
    keys: Vec<(String, String, String)>,
    /// The name of the joined result.
    alias: String,
}

impl Rewrite<'_, '_> {
    /// `(SELECT count(*) …) > 0` asks whether there is a row.
    fn exists(&self) -> Option<String> {
        let exprs = &self.cx.query.exprs;
        let is_count = matches!(exprs.get(self.value()?), Expr::Call(call) if &*call.name == "count" && !call.distinct);
        let number = |id: ExprId| match exprs.get(id) {
            Expr::Literal(Literal::Number(number)) => number.parse::<i64>().ok(),
            _ => None,
        };
        let asks = exprs.iter().find_map(|(_, node)| match &node.expr {
            Expr::Compare(comparison, left, right) if *left == self.place => Some((*comparison, number(*right)?)),
            Expr::Compare(comparison, left, right) if *right == self.place => {
                Some((comparison.flipped(), number(*left)?))
            }
            _ => None,
        })?;
        let not = match asks {
            (Comparison::Greater | Comparison::NotEqual, 0) | (Comparison::GreaterOrEqual, 1) => "",
            (Comparison::Equal | Comparison::LessOrEqual, 0) | (Comparison::Less, 1) => "NOT ",
            _ => return None,
        };
        is_count.then_some(())?;
        let from = self.from()?;
        let filter = self.select.filter.map(|filter| self.cx.written(exprs.span(filter)))?;
        Some(format!("ask only whether there is a row: {not}EXISTS (SELECT 1 FROM {from} WHERE {filter})"))
    }

    /// `t.at = (SELECT max(at) FROM t …)`: the newest row of each group.
    fn newest(&self) -> Option<String> {
        let exprs = &self.cx.query.exprs;
        let Expr::Call(call) = exprs.get(self.value()?) else { return None };
        let direction = match &*call.name {
            "max" => " DESC",
            "min" => "",
            _ => return None,
        };
        let is_compared = exprs.iter().any(|(_, node)| {
            matches!(&node.expr, Expr::Compare(Comparison::Equal, left, right) if *left == self.place || *right == self.place)
        });
        let around = self.cx.query.select(self.select.parent?);
        let same = around.sources.first()?.table()?.name().is(&self.link.table.name().text);
        if !is_compared || !same || call.args.len() != 1 {
            return None;
        }
        let Parts { keys, .. } = self.parts()?;
        let keys: Vec<&str> = keys.iter().map(|(_, name, _)| name.as_str()).collect();
        let ordered = exprs.column(call.args[0]).map(|column| written(&column.name, self.dialect))?;
        Some(format!(
            "rank the rows of each group once:\nSELECT * FROM (SELECT *, rank() OVER (PARTITION BY {} ORDER BY {ordered}{direction}) AS newest FROM {}) ranked WHERE newest = 1",
            keys.join(", "),
            written_table(self.link.table, self.dialect)
        ))
    }

    /// An aggregate: grouped once, then joined.
    fn grouped(&self) -> Option<String> {
        let exprs = &self.cx.query.exprs;
        let value = self.value()?;
        let aggregates: Vec<&Call> = exprs
            .within(value)
            .into_iter()
            .filter_map(|part| match exprs.get(part) {
                Expr::Call(call) if call.is_aggregate() => Some(call),
                _ => None,
            })
            .collect();
        let [aggregate] = aggregates.as_slice() else { return None };
        if !self.select.group_by.is_empty() || self.select.limit.is_some() {
            return None;
        }
        let parts = self.parts()?;
        let name = self.value_name(&aggregate.name);
        let Parts { from, rest, keys, alias } = parts;
        let list: Vec<&str> = keys.iter().map(|(inner, ..)| inner.as_str()).collect();
        let on: Vec<String> = keys.iter().map(|(_, name, outer)| format!("{alias}.{name} = {outer}")).collect();
        let counts = matches!(&*aggregate.name, "count" | "total");
        let result = if counts { format!("COALESCE({alias}.{name}, 0)") } else { format!("{alias}.{name}") };
        Some(format!(
            "group once and join:\nLEFT JOIN (SELECT {list}, {value} AS {name} FROM {from}{rest} GROUP BY {list}) {alias} ON {on}\nand select {result} \
             in place of the subquery",
            list = list.join(", "),
            value = self.cx.written(exprs.span(value)),
            on = on.join(" AND ")
        ))
    }

    /// A plain column: joined, the first one of each group if there is a `LIMIT`.
    fn joined(&self) -> Option<String> {
        let exprs = &self.cx.query.exprs;
        let value = self.value()?;
        let column = exprs.column(value)?;
        let Parts { from, rest, keys, alias } = self.parts()?;
        let name = written(&column.name, self.dialect);
        if self.select.order_by.is_empty() || self.select.limit.is_none() {
            let only = self.select.sources.len() == 1 && rest.is_empty() && self.select.limit.is_none();
            let on: Vec<String> = keys.iter().map(|(inner, _, outer)| format!("{inner} = {outer}")).collect();
            return only.then(|| format!("join it: LEFT JOIN {from} ON {}", on.join(" AND ")));
        }
        let list: Vec<&str> = keys.iter().map(|(inner, ..)| inner.as_str()).collect();
        let on: Vec<String> = keys.iter().map(|(_, name, outer)| format!("{alias}.{name} = {outer}")).collect();
        let order: Vec<String> = self
            .select
            .order_by
            .iter()
            .map(|order| {
                format!("{}{}", self.cx.written(exprs.span(order.expr)), if order.descending { " DESC" } else { "" })
            })
            .collect();
        let list = list.join(", ");
        Some(format!(
            "number the rows of each group once and join:\nLEFT JOIN (SELECT {list}, {value}, row_number() OVER (PARTITION BY {list} ORDER BY {order}) AS place \
             FROM {from}{rest}) {alias} ON {on} AND {alias}.place = 1\nand select {alias}.{name} in place of the subquery",
            value = self.cx.written(exprs.span(value)),
            order = order.join(", "),
            on = on.join(" AND ")
        ))
    }

    /// What the subquery gives.
    fn value(&self) -> Option<ExprId> {
        match self.select.items.as_slice() {
            [Item::Expr { expr, .. }] => Some(*expr),
            _ => None,
        }
    }

    /// The name of the value outside: the one that the query gives it, else one made of what it is.
    fn value_name(&self, function: &str) -> String {
        let around = self.select.parent.map(|parent| self.cx.query.select(parent));
        let given = around.and_then(|around| {
            around.items.iter().find_map(|item| match item {
                Item::Expr { expr, alias: Some(alias) } if self.cx.query.exprs.within(*expr).contains(&self.place) => {
                    Some(written(alias, self.dialect))
                }
                _ => None,
            })
        });
        given.unwrap_or_else(|| if function == "count" { "n".to_owned() } else { format!("{function}_value") })
    }

    /// The inner tables with their joins, as written.
    fn from(&self) -> Option<String> {
        let first = self.select.sources.first()?.span;
        let spans = self.select.sources.iter().flat_map(|source| {
            let on = source.on.map(|on| self.cx.query.exprs.span(on));
            let using = source.using.last().map(|name| name.span);
            [Some(source.span), on, using].into_iter().flatten()
        });
        let whole = spans.fold(first, crate::source::Span::cover);
        let using_ends = self.select.sources.last().is_some_and(|source| !source.using.is_empty());
        let text = self.cx.written(whole);
        Some(if using_ends { format!("{text})") } else { text })
    }

    fn parts(&self) -> Option<Parts> {
        let exprs = &self.cx.query.exprs;
        let mut keys = Vec::new();
        let mut rest = Vec::new();
        // Outer columns may stand only in equalities that become the join.
        for part in self.select.filter.map_or_else(Vec::new, |filter| exprs.conjuncts(filter)) {
            let linked = self.link.conditions.iter().find(|condition| condition.expr == part);
            match linked {
                Some(condition) => keys.push(self.key(condition)?),
                None if self.looks_out(part) => return None,
                None => rest.push(self.cx.written(exprs.span(part))),
            }
        }
        let from = self.from()?;
        let first = keys.first()?;
        let table = self.cx.named(self.link.table.name());
        let bare = |text: &str| text.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        let alias = format!("{}_by_{}", bare(&table), bare(&first.1));
        let rest = if rest.is_empty() { String::new() } else { format!(" WHERE {}", rest.join(" AND ")) };
        Some(Parts { from, rest, keys, alias })
    }

    fn key(&self, condition: &Condition) -> Option<(String, String, String)> {
        let exprs = &self.cx.query.exprs;
        let Expr::Compare(Comparison::Equal, left, right) = exprs.get(condition.expr) else { return None };
        let other = if *left == condition.side { *right } else { *left };
        let name = exprs.column(exprs.bare(condition.side)).map(|column| written(&column.name, self.dialect))?;
        Some((self.cx.written(exprs.span(condition.side)), name, self.cx.written(exprs.span(other))))
    }

    fn looks_out(&self, part: ExprId) -> bool {
        let exprs = &self.cx.query.exprs;
        exprs.within(part).into_iter().any(|part| match exprs.get(part) {
            Expr::Column(column) => self.cx.source_of(column).is_none_or(|(owner, _)| owner != self.select.id),
            Expr::Subselect(_) | Expr::Exists { .. } | Expr::InSelect { .. } => true,
            _ => false,
        })
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
    fn aggregates_are_grouped_once() {
        insta::assert_snapshot!(help("SELECT u.*, (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.id AND o.paid) AS n FROM users u"), @r"
        add an index: CREATE INDEX CONCURRENTLY ON orders (user_id);
        or, where most rows are wanted, group once and join:
        LEFT JOIN (SELECT o.user_id, COUNT(*) AS n FROM orders o WHERE o.paid GROUP BY o.user_id) orders_by_user_id ON orders_by_user_id.user_id = u.id
        and select COALESCE(orders_by_user_id.n, 0) in place of the subquery
        ");
        insta::assert_snapshot!(help("SELECT (SELECT sum(o.total) FROM orders o JOIN lines l ON l.order_id = o.id WHERE o.user_id = u.id) FROM users u"), @r"
        add an index: CREATE INDEX CONCURRENTLY ON orders (user_id);
        or, where most rows are wanted, group once and join:
        LEFT JOIN (SELECT o.user_id, sum(o.total) AS sum_value FROM orders o JOIN lines l ON l.order_id = o.id GROUP BY o.user_id) orders_by_user_id ON orders_by_user_id.user_id = u.id
        and select orders_by_user_id.sum_value in place of the subquery
        ");
    }

    #[test]
    fn the_newest_row_is_ranked() {
        insta::assert_snapshot!(help("SELECT * FROM readings r WHERE r.at = (SELECT max(at) FROM readings WHERE sensor = r.sensor)"), @r"
        add an index: CREATE INDEX CONCURRENTLY ON readings (sensor, at);
        or, where most rows are wanted, rank the rows of each group once:
        SELECT * FROM (SELECT *, rank() OVER (PARTITION BY sensor ORDER BY at DESC) AS newest FROM readings) ranked WHERE newest = 1
        ");
    }

    #[test]
    fn counts_that_are_compared_with_zero() {
        insta::assert_snapshot!(help("SELECT * FROM users u WHERE 0 = (SELECT count(*) FROM orders o WHERE o.user_id = u.id)"), @r"
        ask only whether there is a row: NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id);
        and add an index: CREATE INDEX CONCURRENTLY ON orders (user_id)
        ");
    }

    #[test]
    fn running_totals() {
        insta::assert_snapshot!(help("CREATE TABLE e (n int, x int); SELECT (SELECT sum(b.x) FROM e b WHERE b.n <= a.n) FROM e a"), @"compute it once for all rows, with a window function (`sum(…) OVER (ORDER BY …)`)");
    }
}
