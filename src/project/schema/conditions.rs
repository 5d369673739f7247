//! The conditions of a query that an index could serve.

use super::{Known, Schema};
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
    /// Whether two nulls are the same: `IS NOT DISTINCT FROM`, `<=>`, `IS`.
    pub null_safe: bool,
    /// What it is compared with.
    pub compared: Compared,
}

impl Condition {
    /// A condition on a column of which nothing else is known.
    pub(super) fn on_column(column: &str, test: Test) -> Condition {
        Condition {
            expr: ExprId(u32::MAX),
            side: ExprId(u32::MAX),
            column: Some(column.into()),
            canonical: column.to_lowercase(),
            test,
            is_constant: true,
            null_safe: false,
            compared: Compared::Other,
        }
    }
}

/// What a column is compared with, where its type decides whether an index serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compared {
    /// Whole numbers.
    Integers,
    /// Numbers with a fraction: `1.0`.
    Fractions,
    /// Anything else: parameters, texts, other columns.
    Other,
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
        found.push(Condition { is_constant: false, ..Condition::on_column(&ident.text, Test::Equal) });
    }
    found
}

/// The conditions that the `ON` of an outer join puts on its own source.
pub fn join_conditions(query: &Query, select: &Select, source: u16, schema: &Schema) -> Vec<Condition> {
    let owner = Owner { query, select: select.id, source, schema };
    let mut found = Vec::new();
    for part in select.sources[usize::from(source)].on.map_or_else(Vec::new, |on| query.exprs.conjuncts(on)) {
        owner.read(part, &mut found);
    }
    found
}

/// The sides of each `OR` in the `WHERE` of `select` that asks its source number `source` alone: what each side puts on
/// it. An `OR` of which some side is not understood is left out.
pub fn alternatives_of(query: &Query, select: &Select, source: u16, schema: &Schema) -> Vec<Vec<Vec<Condition>>> {
    let owner = Owner { query, select: select.id, source, schema };
    let side = |&arm: &ExprId| {
        let mut found = Vec::new();
        for part in query.exprs.conjuncts(arm) {
            owner.read(part, &mut found);
        }
        (!found.is_empty() && found.iter().all(|condition| condition.is_constant)).then_some(found)
    };
    let sides = |part: ExprId| match query.exprs.get(part) {
        Expr::Or(arms) => arms.iter().map(side).collect(),
        _ => None,
    };
    query.conditions(select).into_iter().filter_map(sides).collect()
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
                let null_safe = comparison == Comparison::Same;
                let condition = self.condition(part, side, test, is_value(other));
                found.push(Condition { null_safe, compared: self.compared(&[other]), ..condition });
            }
            Expr::InList { expr, list, negated: false } if self.is_of_source(*expr) => {
                let values = list.iter().all(|&value| is_value(value));
                if list.iter().all(|&value| self.is_foreign(value)) {
                    let condition = self.condition(part, *expr, Test::Equal, values);
                    found.push(Condition { compared: self.compared(list), ..condition });
                }
            }
            // `a = 1 OR a = 2` is `a IN (1, 2)`.
            Expr::Or(arms) => {
                let mut each: Vec<Condition> = Vec::new();
                for &arm in arms {
                    let before = each.len();
                    self.read(arm, &mut each);
                    if each.len() != before + 1 {
                        return;
                    }
                }
                let Some(first) = each.first().cloned() else { return };
                let is_one = |other: &Condition| {
                    other.test == Test::Equal
                        && other.canonical == first.canonical
                        && other.null_safe == first.null_safe
                };
                if each.iter().all(is_one) {
                    let is_constant = each.iter().all(|one| one.is_constant);
                    let same = each.iter().all(|one| one.compared == first.compared);
                    let compared = if same { first.compared } else { Compared::Other };
                    found.push(Condition { expr: part, is_constant, compared, ..first });
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
        found.push(self.condition(expr, side, test, is_constant));
    }

    fn condition(&self, expr: ExprId, side: ExprId, test: Test, is_constant: bool) -> Condition {
        let exprs = &self.query.exprs;
        let column = exprs.column(exprs.bare(side)).map(|column| column.name.text.clone());
        let (null_safe, compared) = (false, Compared::Other);
        Condition { expr, side, column, canonical: exprs.canonical(side), test, is_constant, null_safe, compared }
    }

    fn compared(&self, values: &[ExprId]) -> Compared {
        let exprs = &self.query.exprs;
        let number = |&value: &ExprId| match exprs.get(value) {
            Expr::Literal(Literal::Number(number)) => Some(&**number),
            _ => None,
        };
        let numbers: Option<Vec<&str>> = values.iter().map(number).collect();
        match numbers {
            Some(numbers) if numbers.iter().any(|number| number.contains(['.', 'e', 'E'])) => Compared::Fractions,
            Some(_) => Compared::Integers,
            None => Compared::Other,
        }
    }
}
