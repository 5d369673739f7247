//! What a query says, in a form that rules read: owned, small, without grammar.
//!
//! All `SELECT`s of a statement stand in one list, each with its parent and the part it plays there; all
//! expressions stand in one arena. An `UPDATE` or `DELETE` is a select that reads its target. Names are
//! kept as written and compared without case. Every place is a byte range of the text around the statement.

mod expr;

pub use expr::{Call, Column, Comparison, Expr, ExprId, Exprs, Like, LikeKind, Literal, Node};

use serde::{Deserialize, Serialize};

use super::{Reading, Slot};
use crate::source::Span;

/// A `SELECT` of a [`Query`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SelectId(pub u32);

/// One query, or the reading part of a statement that writes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Query {
    /// Its expressions.
    pub exprs: Exprs,
    /// Its selects, outer before inner; 0 is the outermost.
    pub selects: Vec<Select>,
    /// What an `UPDATE` sets, or an upsert: column and new value.
    pub assignments: Vec<(Ident, ExprId)>,
    /// Whether the statement was read to its end; false if a tail that no rule needs was left over.
    pub is_whole: bool,
}

/// A name as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ident {
    /// Its text without quotes.
    pub text: Box<str>,
    /// Where, with its quotes.
    pub span: Span,
    /// Whether it was quoted.
    pub quoted: bool,
    /// Whether a part of it is filled in at run time: then its text says nothing.
    pub dynamic: bool,
}

impl Ident {
    /// Whether both name the same thing. Databases fold case in different ways; two things that differ
    /// only in case are not kept apart.
    pub fn is(&self, name: &str) -> bool {
        !self.dynamic && same_name(&self.text, name)
    }
}

/// Whether two names are one, without regard to case.
pub fn same_name(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && a.to_lowercase() == b.to_lowercase())
}

/// A table as it is named: `t`, `s.t`, `d.s.t`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableName {
    /// Its parts, the table's own name last; never empty.
    pub parts: Box<[Ident]>,
}

impl TableName {
    /// As it is written in text that is no SQL, with its schema before a dot if it has one.
    pub fn plain(text: &str) -> TableName {
        let part = |part: &str| Ident { text: part.into(), span: Span::new(0, 0), quoted: false, dynamic: false };
        TableName { parts: text.split('.').map(part).collect() }
    }

    /// The table's own name.
    pub fn name(&self) -> &Ident {
        &self.parts[self.parts.len() - 1]
    }

    /// The schema before it.
    pub fn schema(&self) -> Option<&Ident> {
        self.parts.len().checked_sub(2).map(|index| &self.parts[index])
    }

    /// From its first to its last byte.
    pub fn span(&self) -> Span {
        self.parts[0].span.cover(self.name().span)
    }

    /// Whether any part is filled in at run time.
    pub fn is_dynamic(&self) -> bool {
        self.parts.iter().any(|part| part.dynamic)
    }

    /// As it would be written, without quotes.
    pub fn text(&self) -> String {
        self.parts.iter().map(|part| &*part.text).collect::<Vec<_>>().join(".")
    }
}

/// One `SELECT` (or `VALUES`, or the reading part of an `UPDATE` or `DELETE`), or several joined by a set
/// operation: then [`Select::arms`] holds them and only order and limit are its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Select {
    /// Itself.
    pub id: SelectId,
    /// The select around it.
    pub parent: Option<SelectId>,
    /// The part it plays there.
    pub role: Role,
    /// From its first to its last byte, without the brackets around it.
    pub span: Span,
    /// The keyword it begins with.
    pub head: Span,
    /// What it reads from, in the order written.
    pub sources: Vec<Source>,
    /// The names `WITH` gives to selects here.
    pub ctes: Vec<Cte>,
    /// `DISTINCT`
    pub distinct: Distinct,
    /// Its select list.
    pub items: Vec<Item>,
    /// `WHERE`, also `PREWHERE`.
    pub filter: Option<ExprId>,
    /// `GROUP BY`
    pub group_by: Vec<ExprId>,
    /// `HAVING`
    pub having: Option<ExprId>,
    /// `QUALIFY`
    pub qualify: Option<ExprId>,
    /// `ORDER BY`
    pub order_by: Vec<Order>,
    /// `LIMIT`, `TOP`, `FETCH FIRST`
    pub limit: Option<ExprId>,
    /// `OFFSET`
    pub offset: Option<Offset>,
    /// The arms of a set operation, in the order written.
    pub arms: Vec<SelectId>,
    /// What joins the arms: the first one, if they differ.
    pub set_operation: Option<SetOperation>,
    /// `FOR UPDATE`, `FOR SHARE`
    pub locks: bool,
    /// Whether a hole may add clauses here that are not seen.
    pub has_open_clauses: bool,
}

/// The part a select plays in what is around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The query itself.
    Root,
    /// What an `UPDATE` reads to find its rows; its first source is the target.
    Update,
    /// What a `DELETE` reads to find its rows; its first source is the target.
    Delete,
    /// What a `MERGE` reads; its first source is the target.
    Merge,
    /// The rows of an `INSERT … SELECT`.
    Insert,
    /// A single value: in the select list, in a comparison, as an argument.
    Scalar(ExprId),
    /// A single value for each row of a query that is written elsewhere, as an ORM has it.
    Apart,
    /// `EXISTS (…)`, `NOT EXISTS (…)`
    Exists(ExprId),
    /// `x IN (…)`, `x NOT IN (…)`, `= ANY (…)`, `> ALL (…)`
    In(ExprId),
    /// A table in `FROM`: the index of the source. `LATERAL` ones see the sources before them.
    Derived {
        /// Among the sources of the parent.
        source: u16,
        /// Whether it sees its neighbours.
        lateral: bool,
    },
    /// The body of a name given by `WITH`: the index among the parent's.
    Cte(u16),
    /// One arm of a set operation.
    Arm,
}

/// `WITH name AS (…)`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cte {
    /// Its name.
    pub name: Ident,
    /// Its body.
    pub select: SelectId,
    /// `MATERIALIZED` (true), `NOT MATERIALIZED` (false)
    pub materialized: Option<bool>,
    /// Whether `WITH` says `RECURSIVE`.
    pub recursive: bool,
}

/// `DISTINCT`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Distinct {
    /// Not said.
    No,
    /// `SELECT DISTINCT`
    Rows,
    /// `DISTINCT ON (…)`
    On(Box<[ExprId]>),
}

/// What joins the arms of a compound select.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SetOperation {
    /// `UNION ALL`
    UnionAll,
    /// `UNION`
    Union,
    /// `EXCEPT`, `MINUS`
    Except,
    /// `INTERSECT`
    Intersect,
}

/// One thing of a select list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Item {
    /// An expression, with the name it is given.
    Expr {
        /// What is selected.
        expr: ExprId,
        /// `AS name`
        alias: Option<Ident>,
    },
    /// `*`, `t.*`
    Star {
        /// The table before the dot.
        qualifier: Option<Ident>,
        /// Where.
        span: Span,
    },
}

/// One thing that a select reads from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Source {
    /// What it is.
    pub kind: SourceKind,
    /// The name it is given here.
    pub alias: Option<Ident>,
    /// How it is joined to the sources before it.
    pub join: Join,
    /// `ON`
    pub on: Option<ExprId>,
    /// `USING (…)`
    pub using: Vec<Ident>,
    /// From its first to its last byte, with its alias.
    pub span: Span,
}

impl Source {
    /// The name under which its columns are known: its alias, or the table's own name.
    pub fn name(&self) -> Option<&Ident> {
        self.alias.as_ref().or(match &self.kind {
            SourceKind::Table(table) | SourceKind::Cte(table, _) => Some(table.name()),
            _ => None,
        })
    }

    /// The table, if it is one of the database's.
    pub fn table(&self) -> Option<&TableName> {
        match &self.kind {
            SourceKind::Table(table) => Some(table),
            _ => None,
        }
    }
}

/// What a [`Source`] is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum SourceKind {
    /// A table or view of the database.
    Table(TableName),
    /// A name that `WITH` gave.
    Cte(TableName, SelectId),
    /// `(SELECT …)`, `(VALUES …)`
    Derived(SelectId),
    /// `unnest(…)`, `generate_series(…)`, `json_table(…)`
    Function(Box<str>),
    /// Anything else.
    Other,
}

/// How a source is joined to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Join {
    /// The first one.
    First,
    /// After a comma.
    Comma,
    /// `JOIN`, `INNER JOIN`
    Inner,
    /// `LEFT JOIN`
    Left,
    /// `RIGHT JOIN`
    Right,
    /// `FULL JOIN`
    Full,
    /// `CROSS JOIN`
    Cross,
    /// `NATURAL` joins of any kind.
    Natural,
    /// Semi, anti, as-of, apply and array joins.
    Other,
}

/// One term of `ORDER BY`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Order {
    /// What is ordered by.
    pub expr: ExprId,
    /// `DESC`
    pub descending: bool,
    /// `NULLS FIRST` (true), `NULLS LAST` (false)
    pub nulls_first: Option<bool>,
}

/// `OFFSET`
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Offset {
    /// How many rows are skipped.
    pub value: ExprId,
    /// From the keyword (or, in `LIMIT 20, 10`, from the number) to its end.
    pub span: Span,
}

/// What a column's name was found to stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resolved {
    /// A column of this source of this select.
    Source(SelectId, u16),
    /// Its name alone could belong to several sources, or to none of them.
    Unknown,
}

impl Query {
    /// The select with this id.
    pub fn select(&self, id: SelectId) -> &Select {
        &self.selects[id.0 as usize]
    }

    /// The outermost select.
    pub fn root(&self) -> Option<&Select> {
        self.selects.first()
    }

    /// The conditions that every row of `select` must meet: the parts of its `WHERE`, and of the `ON` of
    /// its inner joins.
    pub fn conditions(&self, select: &Select) -> Vec<ExprId> {
        let mut all: Vec<ExprId> = select.filter.map_or_else(Vec::new, |filter| self.exprs.conjuncts(filter));
        let only_inner = |source: &Source| matches!(source.join, Join::First | Join::Comma | Join::Inner | Join::Cross);
        for source in select.sources.iter().filter(|source| only_inner(source)) {
            all.extend(source.on.map_or_else(Vec::new, |on| self.exprs.conjuncts(on)));
        }
        all
    }

    /// Selects whose sources can be seen from inside `select`, itself first, then outwards.
    pub fn scopes(&self, select: SelectId) -> Vec<SelectId> {
        let mut found = vec![select];
        let mut at = select;
        while let Some(parent) = self.select(at).parent {
            let sees_parent = match self.select(at).role {
                Role::Scalar(_) | Role::Exists(_) | Role::In(_) => true,
                Role::Derived { lateral, .. } => lateral,
                // An arm's parent has no sources; a `WITH` body sees only what is further out.
                _ => false,
            };
            if sees_parent {
                found.push(parent);
            }
            at = parent;
        }
        found
    }

    /// What a column stands for, by names alone: a qualifier is looked up from the inside outwards; a name
    /// without one is known only where there is a single source to see, or where `has_column` says so.
    pub fn resolve(&self, column: &Column, has_column: &dyn Fn(&Source, &str) -> Option<bool>) -> Resolved {
        if column.name.dynamic || column.qualifier.as_ref().is_some_and(|qualifier| qualifier.dynamic) {
            return Resolved::Unknown;
        }
        for scope in self.scopes(column.select) {
            let sources = &self.select(scope).sources;
            let index = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
            if let Some(qualifier) = &column.qualifier {
                let named = |source: &Source| source.name().is_some_and(|name| name.is(&qualifier.text));
                if let Some(at) = sources.iter().position(named) {
                    return Resolved::Source(scope, index(at));
                }
                continue;
            }
            let known: Vec<Option<bool>> = sources.iter().map(|source| has_column(source, &column.name.text)).collect();
            if let Some(at) = known.iter().position(|&has| has == Some(true)) {
                return Resolved::Source(scope, index(at));
            }
            let unsure = known.iter().filter(|has| has.is_none()).count();
            if unsure > 0 {
                // One table whose columns are not known: the name is its own, unless an outer one has it.
                let at = known.iter().position(Option::is_none).unwrap_or(0);
                let outer_has = self.scopes(scope).iter().skip(1).any(|&outer| {
                    self.select(outer).sources.iter().any(|source| has_column(source, &column.name.text) == Some(true))
                });
                return if unsure == 1 && !outer_has { Resolved::Source(scope, index(at)) } else { Resolved::Unknown };
            }
        }
        Resolved::Unknown
    }

    /// Like [`Query::resolve`], knowing nothing of any table's columns.
    pub fn resolve_by_name(&self, column: &Column) -> Resolved {
        self.resolve(column, &|_, _| None)
    }

    /// The columns inside `select`, also in selects below it, that belong to a select further out.
    pub fn outer_columns(&self, select: SelectId) -> Vec<(ExprId, SelectId, u16)> {
        let below = |id: SelectId| self.ancestors(id).any(|ancestor| ancestor == select);
        let mut found = Vec::new();
        for (id, node) in self.exprs.iter() {
            let Expr::Column(column) = &node.expr else { continue };
            if column.select != select && !below(column.select) {
                continue;
            }
            if let Resolved::Source(scope, source) = self.resolve_by_name(column)
                && scope != select
                && !below(scope)
            {
                found.push((id, scope, source));
            }
        }
        found
    }

    /// The selects around `select`, from the inside outwards.
    pub fn ancestors(&self, select: SelectId) -> impl Iterator<Item = SelectId> {
        std::iter::successors(self.select(select).parent, |&id| self.select(id).parent)
    }

    /// The slot an expression is, among `slots`.
    pub fn slot<'s>(&self, id: ExprId, slots: &'s [Slot]) -> Option<&'s Slot> {
        match self.exprs.get(id) {
            Expr::Slot(index) => slots.get(usize::from(*index)),
            _ => None,
        }
    }

    /// Whether a condition of `select` may say more than is seen: a hole that stands for a condition or
    /// for whole clauses.
    pub fn has_open_conditions(&self, select: &Select, slots: &[Slot]) -> bool {
        select.has_open_clauses
            || self.conditions(select).into_iter().any(|part| {
                self.slot(part, slots).is_some_and(|slot| !matches!(slot.kind, super::SlotKind::Parameter(_)))
            })
            || slots.iter().any(|slot| slot.reading == Reading::Clause && select.span.contains(slot.span))
    }
}
