//! Which index serves a condition.

use super::{Index, Known, Schema, Table};
use crate::sql::Dialect;
use crate::sql::ddl::{IndexDef, IndexKey, IndexKind, IndexPart};
use crate::sql::query::*;

/// One condition on one column (or expression) of a table, by itself: compared with something that does not
/// come from the table's own row.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The condition.
    pub expr: ExprId,
    /// What is compared: the column's expression.
    pub side: ExprId,
    /// The column, if what is compared is nothing else.
    pub column: Option<Box<str>>,
    /// A text that equal expressions share.
    pub canonical: String,
    /// What is asked.
    pub test: Test,
    /// Whether it is compared with constants, parameters and holes only, not with columns of other tables.
    pub is_constant: bool,
}

/// What a [`Condition`] asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Test {
    /// `=`, `IS NOT DISTINCT FROM`, `IN` of constants, `= ANY (…)`
    Equal,
    /// `<`, `>`, `BETWEEN`
    Range,
    /// `LIKE 'x%'`
    Prefix,
    /// `IS NULL`
    Null,
}

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

/// The conditions that `select` puts on its source number `source`, one for each part of its `WHERE` and of
/// its inner joins that an index of that source could serve.
pub fn conditions_of(query: &Query, select: &Select, source: u16, schema: &Schema) -> Vec<Condition> {
    let owner = Owner { query, select: select.id, source, schema };
    let mut found = Vec::new();
    for part in query.conditions(select) {
        owner.read(part, &mut found);
    }
    // `JOIN … USING (a)` compares with the other side.
    for ident in select.sources.iter().flat_map(|source| &source.using) {
        found.push(Condition {
            expr: ExprId(u32::MAX),
            side: ExprId(u32::MAX),
            column: Some(ident.text.clone()),
            canonical: ident.text.to_lowercase(),
            test: Test::Equal,
            is_constant: false,
        });
    }
    found
}

/// Who a column belongs to.
struct Owner<'q> {
    query: &'q Query,
    select: SelectId,
    source: u16,
    schema: &'q Schema,
}

impl Owner<'_> {
    fn is_own(&self, column: &Column) -> bool {
        let has = |source: &Source, name: &str| {
            source.table().and_then(|table| match self.schema.has_column(table, name) {
                Known::Yes => Some(true),
                Known::No => Some(false),
                Known::Unknown => None,
            })
        };
        self.query.resolve(column, &has) == Resolved::Source(self.select, self.source)
    }

    /// Whether every column of an expression is one of this source, and it has at least one.
    fn is_of_source(&self, id: ExprId) -> bool {
        let parts = self.query.exprs.within(id);
        let mut columns = parts.iter().filter_map(|&part| self.query.exprs.column(part)).peekable();
        columns.peek().is_some() && columns.all(|column| self.is_own(column)) && !self.holds_select(&parts)
    }

    /// Whether no column of an expression is one of this source.
    fn is_foreign(&self, id: ExprId) -> bool {
        let parts = self.query.exprs.within(id);
        let own = |&part: &ExprId| self.query.exprs.column(part).is_some_and(|column| self.is_own(column));
        !parts.iter().any(own)
    }

    fn holds_select(&self, parts: &[ExprId]) -> bool {
        parts.iter().any(|&part| {
            matches!(self.query.exprs.get(part), Expr::Subselect(_) | Expr::Exists { .. } | Expr::InSelect { .. })
        })
    }

    fn read(&self, part: ExprId, found: &mut Vec<Condition>) {
        let exprs = &self.query.exprs;
        let is_value = |id: ExprId| exprs.is_constant(id);
        match exprs.get(part) {
            Expr::Compare(comparison, left, right) => {
                let (side, other, comparison) = if self.is_of_source(*left) && self.is_foreign(*right) {
                    (*left, *right, *comparison)
                } else if self.is_of_source(*right) && self.is_foreign(*left) {
                    (*right, *left, comparison.flipped())
                } else {
                    return;
                };
                let test = match comparison {
                    Comparison::Equal | Comparison::Same => Test::Equal,
                    other if other.is_range() => Test::Range,
                    _ => return,
                };
                self.push(part, side, test, is_value(other), found);
            }
            Expr::InList { expr, list, negated: false } if self.is_of_source(*expr) => {
                let values = list.iter().all(|&value| is_value(value));
                if list.iter().all(|&value| self.is_foreign(value)) {
                    self.push(part, *expr, Test::Equal, values, found);
                }
            }
            Expr::InSelect { expr, negated: false, .. } if self.is_of_source(*expr) => {
                self.push(part, *expr, Test::Equal, false, found);
            }
            Expr::Quantified { expr, comparison: Comparison::Equal, right, all: false } if self.is_of_source(*expr) => {
                self.push(part, *expr, Test::Equal, is_value(*right), found);
            }
            Expr::Between { expr, low, high, negated: false }
                if self.is_of_source(*expr) && self.is_foreign(*low) && self.is_foreign(*high) =>
            {
                self.push(part, *expr, Test::Range, is_value(*low) && is_value(*high), found);
            }
            Expr::IsNull { expr, negated: false } if self.is_of_source(*expr) => {
                self.push(part, *expr, Test::Null, true, found);
            }
            Expr::Like(like) if !like.negated && like.kind == LikeKind::Like && self.is_of_source(like.expr) => {
                if let Expr::Literal(Literal::Text { value, has_slots: false }) = exprs.get(like.pattern)
                    && !value.starts_with(['%', '_'])
                {
                    self.push(part, like.expr, Test::Prefix, true, found);
                }
            }
            _ => {}
        }
    }

    fn push(&self, expr: ExprId, side: ExprId, test: Test, is_constant: bool, found: &mut Vec<Condition>) {
        let exprs = &self.query.exprs;
        let column = exprs.column(exprs.bare(side)).map(|column| column.name.text.clone());
        found.push(Condition { expr, side, column, canonical: exprs.canonical(side), test, is_constant });
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
    let condition = Condition {
        expr: ExprId(u32::MAX),
        side: ExprId(u32::MAX),
        column: Some(column.into()),
        canonical: column.to_lowercase(),
        test,
        is_constant: true,
    };
    let whole = |index: &IndexDef| if index.predicate.is_none() { Known::Yes } else { Known::Unknown };
    served_where(table, &condition, table.dialect, whole)
}

/// Whether an index finds the rows of `table` that have given values in all of these columns: one that begins with any
/// of them. Engines that make an index for each foreign key have one.
pub fn served_key(table: &Table, columns: &[Box<str>], dialect: Dialect) -> Known {
    let whole = |index: &IndexDef| if index.predicate.is_none() { Known::Yes } else { Known::Unknown };
    let answers = columns.iter().map(|column| {
        let condition = Condition {
            expr: ExprId(u32::MAX),
            side: ExprId(u32::MAX),
            column: Some(column.clone()),
            canonical: column.to_lowercase(),
            test: Test::Equal,
            is_constant: true,
        };
        served_where(table, &condition, dialect, whole).known()
    });
    let answers: Vec<Known> = answers.collect();
    if answers.contains(&Known::Yes) {
        Known::Yes
    } else if answers.is_empty() || answers.contains(&Known::Unknown) {
        Known::Unknown
    } else {
        Known::No
    }
}

/// `holds_rows`: whether a partial index holds all rows that are asked for.
fn served_where<'t>(
    table: &'t Table,
    condition: &Condition,
    dialect: Dialect,
    holds_rows: impl Fn(&IndexDef) -> Known,
) -> Served<'t> {
    let mut unsure = !table.knows_indexes;
    for index in &table.indexes {
        match leads(&index.definition, condition) {
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
    let dialect = if dialect == Dialect::Generic { table.dialect } else { dialect };
    let makes_indexes = matches!(dialect, Dialect::MySql | Dialect::Generic);
    let is_foreign_key = condition.column.as_ref().is_some_and(|name| {
        table.foreign_keys.iter().any(|key| key.columns.first().is_some_and(|column| same_name(column, name)))
    });
    if unsure || (makes_indexes && is_foreign_key) { Served::Unknown } else { Served::No }
}

/// Whether the first part of an index is what a condition compares, in a way that finds rows by it.
fn leads(index: &IndexDef, condition: &Condition) -> Known {
    let Some(first) = index.parts.first() else { return Known::Unknown };
    let any = |part: &IndexPart| holds(part, condition) != Known::No;
    if matches!(index.kind, IndexKind::FullText | IndexKind::Other) {
        return if index.parts.iter().any(any) { Known::Unknown } else { Known::No };
    }
    match &*index.method {
        // Part of a column's text (MySQL's `name(10)`) finds rows too.
        "" | "btree" | "lsm" => holds(first, condition),
        "hash" if condition.test == Test::Equal => holds(first, condition),
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
                conditions.iter().any(|condition| condition.canonical == column && condition.test != Test::Null)
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
