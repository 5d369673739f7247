//! Which index serves a condition.

use super::{Column, Compared, Condition, Index, Known, Table, Test};
use crate::sql::Dialect;
use crate::sql::ddl::{IndexDef, IndexKey, IndexKind, IndexPart};
use crate::sql::query::{Expr, ExprId, Query, Select, same_name};

/// What is known of the index behind a condition.
#[derive(Clone, Copy, Debug)]
pub enum Served<'t> {
    /// This index finds the rows.
    By(&'t Index),
    /// There is none.
    No,
    /// It cannot be said.
    Unknown,
}

impl Served<'_> {
    /// Without the index.
    pub fn known(self) -> Known {
        match self {
            Served::By(_) => Known::Yes,
            Served::No => Known::No,
            Served::Unknown => Known::Unknown,
        }
    }
}

/// Which index of `table` serves `condition`, where `query` and all `others` of the same conjunction are known.
pub fn served<'t>(
    table: &'t Table,
    condition: &Condition,
    others: &[Condition],
    query: &Query,
    select: &Select,
    dialect: Dialect,
) -> Served<'t> {
    served_where(table, condition, dialect, |index| is_implied(index, others, query, select))
}

/// Which index serves a condition on a column of `table`, where nothing is known of the rest of the query: an index
/// of a part of the rows may do so.
pub fn served_alone<'t>(table: &'t Table, column: &str, test: Test) -> Served<'t> {
    let condition = Condition::on_column(column, test);
    let whole = |index: &IndexDef| if index.predicate.is_none() { Known::Yes } else { Known::Unknown };
    served_where(table, &condition, table.dialect, whole)
}

/// Whether an index finds the rows of `table` that have given values in all of these columns: one that begins with any
/// of them. Engines that make an index for each foreign key have one.
pub fn served_key(table: &Table, columns: &[Box<str>], dialect: Dialect) -> Known {
    let whole = |index: &IndexDef| if index.predicate.is_none() { Known::Yes } else { Known::Unknown };
    let answers = columns
        .iter()
        .map(|column| served_where(table, &Condition::on_column(column, Test::Equal), dialect, whole).known());
    let answers: Vec<Known> = answers.collect();
    if answers.contains(&Known::Yes) {
        Known::Yes
    } else if answers.is_empty() || answers.contains(&Known::Unknown) {
        Known::Unknown
    } else {
        Known::No
    }
}

/// Whether an index gives the rows of `table` in the order of `column`: one that holds nothing in front of it but columns
/// that are `equal` to something.
pub fn orders(table: &Table, column: &str, equal: &[&str]) -> Known {
    let mut unsure = !table.knows_indexes;
    for index in &table.indexes {
        let definition = &index.definition;
        let is_ordered = matches!(&*definition.method, "" | "btree")
            && !matches!(definition.kind, IndexKind::FullText | IndexKind::Other);
        let is_equal =
            |part: &&IndexPart| part.column().is_some_and(|own| equal.iter().any(|name| same_name(own, name)));
        let next = definition.parts.iter().find(|part| !is_equal(part));
        let is_it = next.is_some_and(|part| part.column().is_some_and(|own| same_name(own, column)));
        match next {
            _ if is_it && is_ordered && definition.predicate.is_none() && !index.perhaps => return Known::Yes,
            _ if is_it => unsure = true,
            // What it holds, or in which order, is not known.
            None => unsure |= definition.parts.is_empty(),
            Some(part) => {
                unsure |= matches!(part.key, IndexKey::Unknown) || (!is_ordered && mentions(definition, column))
            }
        }
    }
    if unsure { Known::Unknown } else { Known::No }
}

fn mentions(index: &IndexDef, column: &str) -> bool {
    index.parts.iter().any(|part| part.column().is_some_and(|own| same_name(own, column)))
}

/// `holds_rows`: whether a partial index holds all rows that are asked for.
fn served_where<'t>(
    table: &'t Table,
    condition: &Condition,
    dialect: Dialect,
    holds_rows: impl Fn(&IndexDef) -> Known,
) -> Served<'t> {
    let dialect = if dialect == Dialect::Generic { table.dialect } else { dialect };
    let column = condition.column.as_deref().and_then(|name| table.column(name));
    if is_converted(condition, column, dialect) {
        return Served::No;
    }
    let mut unsure = !table.knows_indexes;
    for index in &table.indexes {
        match leads(&index.definition, condition, column, dialect) {
            Known::Yes if index.perhaps => unsure = true,
            Known::Yes => match holds_rows(&index.definition) {
                Known::Yes => return Served::By(index),
                Known::Unknown => unsure = true,
                Known::No => {}
            },
            Known::Unknown => unsure = true,
            Known::No => {}
        }
    }
    // MySQL makes an index for each foreign key that has none.
    let makes_indexes = matches!(dialect, Dialect::MySql | Dialect::Generic);
    let is_foreign_key = condition.column.as_ref().is_some_and(|name| {
        table.foreign_keys.iter().any(|key| key.columns.first().is_some_and(|column| same_name(column, name)))
    });
    if unsure || (makes_indexes && is_foreign_key) { Served::Unknown } else { Served::No }
}

/// Whether the engine converts each row's value before it compares, so that no plain index serves.
fn is_converted(condition: &Condition, column: Option<&Column>, dialect: Dialect) -> bool {
    let kind = column.map_or("", |column| &*column.type_name);
    let is = |names: &[&str]| names.iter().any(|name| kind.starts_with(name));
    let is_integer =
        is(&["int", "bigint", "smallint", "serial", "bigserial", "smallserial"]) && !kind.starts_with("interval");
    let is_text = is(&["varchar", "char", "text", "tinytext", "mediumtext", "longtext", "enum", "set"]);
    match dialect {
        // A number with a fraction makes the integer of each row one too.
        Dialect::PostgreSql => (is_integer && condition.compared == Compared::Fractions) || condition.null_safe,
        // Texts are compared with numbers as numbers.
        Dialect::MySql => is_text && condition.compared != Compared::Other,
        _ => false,
    }
}

/// Whether the first part of an index is what a condition compares, in a way that finds rows by it.
fn leads(index: &IndexDef, condition: &Condition, column: Option<&Column>, dialect: Dialect) -> Known {
    let Some(first) = index.parts.first() else { return Known::Unknown };
    let any = |part: &IndexPart| holds(part, condition) != Known::No;
    if matches!(index.kind, IndexKind::FullText | IndexKind::Other) {
        return if index.parts.iter().any(any) { Known::Unknown } else { Known::No };
    }
    match &*index.method {
        // Part of a column's text (MySQL's `name(10)`) finds rows too.
        "" | "btree" | "lsm" => both(holds(first, condition), || compares(first, condition, column, dialect)),
        // What MySQL is told to make a hash of is an ordered index in InnoDB.
        "hash" if condition.test == Test::Equal || dialect == Dialect::MySql => {
            both(holds(first, condition), || compares(first, condition, column, dialect))
        }
        "hash" => Known::No,
        // What other kinds of indexes find depends on their operator classes.
        _ => {
            if index.parts.iter().any(any) {
                Known::Unknown
            } else {
                Known::No
            }
        }
    }
}

/// Whether two things are so.
fn both(first: Known, second: impl FnOnce() -> Known) -> Known {
    match first {
        Known::Yes => second(),
        Known::No => Known::No,
        Known::Unknown if second() == Known::No => Known::No,
        Known::Unknown => Known::Unknown,
    }
}

/// Whether a part of an ordered index, which holds what a condition compares, compares in the same way.
fn compares(part: &IndexPart, condition: &Condition, column: Option<&Column>, dialect: Dialect) -> Known {
    let class = part.operator_class.as_deref();
    let of_column = column.and_then(|column| column.collation.as_deref());
    let of_part = part.collation.as_deref().or(of_column);
    let same_collation = match (of_part, of_column) {
        (None, None) => true,
        (Some(part), Some(column)) => same_name(part, column),
        // What a column has that is told no collation depends on the database.
        _ => dialect == Dialect::Sqlite && of_part.or(of_column).is_some_and(|name| same_name(name, "binary")),
    };
    let is_bytewise = |name: &str| ["c", "posix", "ucs_basic"].iter().any(|known| same_name(name, known));
    match (dialect, condition.test) {
        (Dialect::PostgreSql, test) => match class {
            // The order of the bytes, which equality and `LIKE 'x%'` need, and comparisons in the order of a language do not.
            Some(class) if class.ends_with("_pattern_ops") => match test {
                Test::Range => Known::No,
                Test::Equal | Test::Prefix | Test::Null => Known::Yes,
            },
            Some(_) => Known::Unknown,
            None if test == Test::Null => Known::Yes,
            None if test == Test::Prefix && of_part.is_some_and(is_bytewise) => Known::Yes,
            // It depends on the collation of the database.
            None if test == Test::Prefix => Known::Unknown,
            None if same_collation => Known::Yes,
            None => Known::Unknown,
        },
        // LIKE does not tell capitals apart, so the index must not either.
        (Dialect::Sqlite, Test::Prefix) => {
            if of_part.is_some_and(|name| same_name(name, "nocase")) {
                Known::Yes
            } else {
                Known::No
            }
        }
        (Dialect::Sqlite, _) if same_collation => Known::Yes,
        (Dialect::Sqlite, Test::Null) => Known::Yes,
        (Dialect::Sqlite, _) => Known::No,
        _ => Known::Yes,
    }
}

/// Whether a part of an index is what a condition compares.
fn holds(part: &IndexPart, condition: &Condition) -> Known {
    match (&part.key, &condition.column) {
        (IndexKey::Column(name), _) if name.dynamic => Known::Unknown,
        (IndexKey::Column(name), Some(column)) if name.is(column) => Known::Yes,
        (IndexKey::Column(_), _) => Known::No,
        (IndexKey::Expression(formula), _) if formula.canonical() == condition.canonical => Known::Yes,
        (IndexKey::Expression(_), _) => Known::No,
        (IndexKey::Unknown, _) => Known::Unknown,
    }
}

/// Whether the rows that a query asks for are all in a partial index.
fn is_implied(index: &IndexDef, conditions: &[Condition], query: &Query, select: &Select) -> Known {
    let Some(predicate) = &index.predicate else { return Known::Yes };
    let asked: Vec<String> = query.conditions(select).into_iter().map(|part| query.exprs.canonical(part)).collect();
    let follows = |&part: &ExprId| {
        let text = predicate.exprs.canonical(part);
        if asked.contains(&text) {
            return true;
        }
        // What is compared is not null.
        match predicate.exprs.get(part) {
            Expr::IsNull { expr, negated: true } => {
                let column = predicate.exprs.canonical(*expr);
                conditions.iter().any(|one| one.canonical == column && one.test != Test::Null && !one.null_safe)
            }
            _ => false,
        }
    };
    if predicate.exprs.conjuncts(predicate.root).iter().all(follows) {
        return Known::Yes;
    }
    // It may follow in a way that is not seen here; only a predicate on columns that the query says nothing
    // of certainly does not.
    let mentioned: Vec<String> = {
        let parts = query.conditions(select);
        let all = parts.into_iter().flat_map(|part| query.exprs.within(part));
        all.filter_map(|part| query.exprs.column(part)).map(|column| column.name.text.to_lowercase()).collect()
    };
    let columns = predicate.exprs.within(predicate.root);
    let unmentioned = columns
        .iter()
        .filter_map(|&part| predicate.exprs.column(part))
        .all(|column| !mentioned.contains(&column.name.text.to_lowercase()));
    if unmentioned { Known::No } else { Known::Unknown }
}
