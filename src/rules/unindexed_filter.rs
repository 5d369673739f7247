//! `unindexed-filter`: a condition on a column that no index of its table begins with.

use super::conditions::{
    advised_table, columns_named, compared_source, each_source, has_odd_joins, has_own_condition, is_flag,
    is_most_rows, missing_index, unmade,
};
use super::lock_without_index::locks_rows;
use super::sql_finding::{SqlCx, SqlFinding, SqlPlace, create_index, shown, written};
use super::unindexed_sort::{keys_in_index, sorted_by, uses};
use super::{FileCx, Sink, sql_statement};
use crate::findings::{Confidence, KeyUse, Severity};
use crate::project::schema::{Condition, Known, Table, Test, alternatives_of, conditions_of, served};
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "without an index every row of the table is read: finding one row of a million took 6,577 times the work on PostgreSQL 15, \
                    and it grows with the table";

/// Reports conditions that no index serves, in SQL and in the words of an ORM.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report_all(cx, sink, check_statement);
}

/// Finds conditions that no index serves, on tables whose definition is known.
pub(crate) fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    // What is locked meanwhile is another rule's matter, and so is what runs again for each row of another query.
    each_source(&cx, out, |cx, select, source| {
        let is_other = || locks_rows(cx, select, source) || select.role == Role::Apart;
        unserved(cx, select, source).filter(|_| !is_other()).map(|(finding, _)| finding)
    });
}

/// The condition on a source that no index serves, if none serves another, and what it asks.
pub(super) fn unserved(cx: &SqlCx<'_>, select: &Select, source: u16) -> Option<(SqlFinding, Test)> {
    let joined = &select.sources[usize::from(source)];
    // The other side of an outer join is found by what it is joined on.
    if has_odd_joins(select) || joined.join == Join::Left {
        return None;
    }
    let table = advised_table(cx, select, joined)?;
    let conditions = conditions_of(cx.query, select, source, cx.schema);
    let named: Vec<&str> = columns_named(cx, select.id, source);
    let tables = cx.schema.meant(table, &named);
    if tables.is_empty() {
        return None;
    }
    let mut scanned: Vec<&Condition> = Vec::new();
    for condition in &conditions {
        let answers: Vec<Known> = tables
            .iter()
            .map(|table| served(table, condition, &conditions, cx.query, select, cx.dialect).known())
            .collect();
        if answers.iter().all(|&known| known == Known::No) {
            // What is joined to another table is for the other side to find.
            if condition.is_constant && condition.test != Test::Null {
                scanned.push(condition);
            }
        } else if condition.is_constant || is_driven(cx, select, source, condition) {
            // An index narrows the rows before this filter sees them, or may do so.
            return None;
        }
    }
    // What compares an expression is another matter: no plain index would serve it. So is what an index holds, but
    // compares in another way.
    let is_plain = |condition: &Condition| {
        let name = condition.column.as_deref();
        name.is_some_and(|name| !tables.iter().any(|table| is_led_by(table, name)))
    };
    scanned.retain(|condition| is_plain(condition));
    let changes_rows = matches!(select.role, Role::Update | Role::Delete | Role::Merge);
    scanned.retain(|condition| changes_rows || !is_most_rows(cx, condition));
    let useful: Vec<&Condition> = ordered(cx, &scanned, &tables);
    if let Some(first) = useful.iter().find(|condition| !is_flag(cx, condition, &tables)) {
        return Some((finding(cx, select, source, first, &useful, &tables), first.test));
    }
    // One side of an `OR` that no index serves makes those of the others of no use.
    let alternatives = alternatives_of(cx.query, select, source, cx.schema);
    let is = |side: &[Condition], condition: &Condition, known: Known| {
        tables.iter().all(|table| served(table, condition, side, cx.query, select, cx.dialect).known() == known)
    };
    let is_scanned = |side: &[Condition]| {
        let is_unserved = |condition: &Condition| is_plain(condition) && is(side, condition, Known::No);
        side.iter().all(|condition| condition.test == Test::Equal && is_unserved(condition))
    };
    let is_served = |side: &[Condition]| side.iter().any(|condition| is(side, condition, Known::Yes));
    let side = alternatives.iter().find_map(|sides| {
        let (scanned, others): (Vec<_>, Vec<_>) = sides.iter().partition(|side| is_scanned(side));
        let [side] = *scanned else { return None };
        others.into_iter().all(|side| is_served(side)).then_some(side)
    })?;
    let useful = ordered(cx, &side.iter().collect::<Vec<_>>(), &tables);
    let first = *useful.iter().find(|condition| !is_flag(cx, condition, &tables) && !is_most_rows(cx, condition))?;
    Some((finding(cx, select, source, first, &useful, &tables), first.test))
}

/// Whether rows of this source can be found by a column of another source whose own rows are few: those of a
/// source that has a condition of its own, or that is found in the same way.
fn is_driven(cx: &SqlCx<'_>, select: &Select, source: u16, condition: &Condition) -> bool {
    let mut seen = vec![source];
    let mut open = vec![condition.clone()];
    while let Some(condition) = open.pop() {
        let Some(other) = compared_source(cx, select, &seen, &condition) else { return true };
        if select.sources[usize::from(other)].table().is_none() || has_own_condition(cx, select, other) {
            return true;
        }
        seen.push(other);
        let further = conditions_of(cx.query, select, other, cx.schema).into_iter();
        open.extend(further.filter(|condition| {
            !condition.is_constant
                && compared_source(cx, select, &seen, condition).is_some_and(|next| !seen.contains(&next))
        }));
    }
    false
}

/// Conditions in the order in which an index should hold their columns: equalities first, then one range.
fn ordered<'c>(cx: &SqlCx<'_>, conditions: &[&'c Condition], tables: &[&Table]) -> Vec<&'c Condition> {
    let mut found: Vec<&Condition> = Vec::new();
    let mut add = |test: &dyn Fn(&Condition) -> bool, most: usize| {
        for condition in conditions.iter().filter(|condition| test(condition)).take(most) {
            if !found.iter().any(|known| known.column == condition.column) {
                found.push(condition);
            }
        }
    };
    // What tells few rows apart is of no use in front.
    add(&|condition| condition.test == Test::Equal && !is_flag(cx, condition, tables), 3);
    add(&|condition| matches!(condition.test, Test::Range | Test::Prefix), 1);
    found
}

fn finding(
    cx: &SqlCx<'_>,
    select: &Select,
    source: u16,
    first: &Condition,
    useful: &[&Condition],
    tables: &[&Table],
) -> SqlFinding {
    let joined = &select.sources[usize::from(source)];
    let name = joined.table();
    let column = first.column.as_deref().unwrap_or("");
    let verb = match select.role {
        Role::Update => "updated",
        Role::Delete => "deleted",
        _ => "filtered",
    };
    let later = tables.iter().find_map(|table| index_with(table, column));
    let message = match later {
        _ if tables.iter().any(|table| has_partial(table, column)) => format!(
            "{} is {verb} by, but the indexes that begin with it hold only a part of the rows: every row of the table is read",
            shown(name, column)
        ),
        Some(index) => format!(
            "{} is {verb} by, but the index that holds it begins with `{index}`: every row of the table is read",
            shown(name, column)
        ),
        None => format!("no index of `{}` begins with `{column}`: every row of the table is read", table_text(name)),
    };
    let mut columns: Vec<String> = Vec::new();
    for condition in useful {
        if let Some(own) = cx.query.exprs.column(cx.query.exprs.bare(condition.side)) {
            columns.push(written(&own.name, cx.dialect));
        }
    }
    // Behind equalities, an index gives the first rows of an order without a sort.
    let keys = if useful.iter().all(|condition| condition.test == Test::Equal) {
        sorted_by(cx, select, source).filter(|keys| !is_by_identity(&keys[0].name.text, tables)).unwrap_or_default()
    } else {
        Vec::new()
    };
    for (key, text) in keys.iter().zip(keys_in_index(cx, select, &keys)) {
        if !useful.iter().any(|condition| condition.column.as_deref().is_some_and(|name| key.name.is(name))) {
            columns.push(text);
        }
    }
    let table = tables[0];
    let dialect = if cx.dialect == Dialect::Generic { table.dialect } else { cx.dialect };
    let help = name.map_or(String::new(), |name| create_index(cx.schema, name, &columns, dialect));
    let (equal, ranges): (Vec<&Condition>, Vec<&Condition>) =
        useful.iter().copied().partition(|condition| condition.test == Test::Equal);
    let wanted = |test: Test| if test == Test::Prefix { KeyUse::Prefix } else { KeyUse::Ordered };
    let equal = equal.into_iter().filter_map(|condition| condition.column.as_deref());
    let then = ranges.into_iter().filter_map(|condition| Some((condition.column.as_deref()?, wanted(condition.test))));
    let then = then.chain(uses(select, &keys));
    let mut related = vec![(SqlPlace::Schema(table.place), format!("`{}` is defined here", table.name))];
    if let Some(column) = table.column(column) {
        related.push((SqlPlace::Schema(column.place), "the column".to_owned()));
    }
    related.extend(unmade(table, column));
    SqlFinding {
        span: cx.query.exprs.span(first.expr),
        // A range may hold most of the rows.
        severity: if first.test == Test::Equal { Severity::Warning } else { Severity::Info },
        // The statement's own dialect and the schema's agree, or one of them is not known.
        confidence: if tables.len() == 1 { Confidence::High } else { Confidence::Medium },
        message,
        note: NOTE.to_owned(),
        help,
        related,
        fix: None,
        index: Some(missing_index(table, dialect, equal, then)),
    }
}

/// Whether rows sorted by a column are only told apart by it: what one looks for is often one row, or few.
fn is_by_identity(column: &str, tables: &[&Table]) -> bool {
    let is_key = |table: &&Table| table.primary_key().is_some_and(|key| key.iter().any(|own| same_name(own, column)));
    tables.iter().any(is_key)
}

fn table_text(name: Option<&TableName>) -> String {
    name.map_or(String::new(), |name| name.name().text.to_string())
}

/// Whether an index of all rows begins with a column.
fn is_led_by(table: &Table, column: &str) -> bool {
    table.indexes.iter().map(|index| &index.definition).any(|index| {
        let first = index.parts.first().and_then(|part| part.column());
        let is_ordered = matches!(&*index.method, "" | "btree");
        is_ordered && index.predicate.is_none() && first.is_some_and(|own| same_name(own, column))
    })
}

/// Whether an index of some of the rows begins with a column.
fn has_partial(table: &Table, column: &str) -> bool {
    table.indexes.iter().map(|index| &index.definition).any(|index| {
        let first = index.parts.first().and_then(|part| part.column());
        index.predicate.is_some() && first.is_some_and(|own| same_name(own, column))
    })
}

/// The first column of an index that holds `column` behind it.
fn index_with<'t>(table: &'t Table, column: &str) -> Option<&'t str> {
    table.indexes.iter().find_map(|index| {
        let parts = &index.definition.parts;
        let holds = parts.iter().skip(1).any(|part| part.column().is_some_and(|own| same_name(own, column)));
        if holds { parts[0].column() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::super::sql_finding::testing::{advice, find};
    use super::check_statement;
    use crate::sql::Dialect;

    const TABLE: &str = "CREATE TABLE t (id int PRIMARY KEY, a int, b int, flag boolean, at timestamp);";

    #[test]
    fn equalities_come_before_ranges() {
        let help = |text: &str, dialect| advice(&format!("{TABLE} {text}"), dialect, check_statement);
        let query = "SELECT * FROM t WHERE at > $1 AND flag AND b = $2 AND a IN (1, 2)";
        assert_eq!(help(query, Dialect::PostgreSql), "CREATE INDEX CONCURRENTLY ON t (b, a, at)");
        assert_eq!(help(query, Dialect::MySql), "CREATE INDEX t_b_a_at_idx ON t (b, a, at)");
        assert_eq!(help(query, Dialect::MsSql), "CREATE INDEX t_b_a_at_idx ON t (b, a, at) WITH (ONLINE = ON)");
    }

    #[test]
    fn messages() {
        let message =
            |text: &str| find(&format!("{TABLE} {text}"), Dialect::PostgreSql, check_statement)[0].message.clone();
        assert_eq!(
            message("SELECT * FROM t WHERE a = 1"),
            "no index of `t` begins with `a`: every row of the table is read"
        );
        assert_eq!(
            message("CREATE INDEX i ON t (b, a); DELETE FROM t WHERE a = 1"),
            "`t.a` is deleted by, but the index that holds it begins with `b`: every row of the table is read"
        );
    }
}
