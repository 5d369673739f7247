//! What ORMs and query builders say without SQL text: predicates, pages, and the values that are bound to
//! parameters.
//!
//! Each file of a project is asked once ([`facts`]). What is found is neutral: a predicate is a column, an
//! operator and a value, whichever library wrote it. The evidence is what a receiver or a function resolves
//! to, or a catalogued shape; `list.filter`, `array.includes` and `"x".endswith(…)` say nothing. [`wildcards`]
//! and [`pages`] turn the facts into what two rules tell.

mod accessors;
mod bound;
mod bulk;
mod collect;
mod counts;
mod django;
mod drizzle;
mod evidence;
mod fragment;
mod help;
mod keyset;
mod knex;
mod lengths;
mod marks;
mod mentions;
mod mikroorm;
mod objects;
mod pages;
mod prisma;
mod products;
mod queries;
mod sequelize;
mod sieves;
mod sort;
mod sqlalchemy;
#[cfg(test)]
mod tests;
mod top_n;
mod typeorm;
mod unordered;
mod unread;
mod values;
mod wildcards;

use std::sync::Arc;

pub use accessors::{relation_help, runs_over_rows, update_help};
pub use bound::{BoundParam, ParamKey, SiteParams};
pub use bulk::{Asked, LeftOut, also_asked, left_out};
pub(crate) use bulk::{Receiver, receivers};
pub(crate) use collect::facts;
pub use counts::OrmCounts;
pub use keyset::{Begin, Keyset, Served};
pub use lengths::OrmLength;
pub use marks::{OrmMark, count_drafts, random_drafts};
pub use pages::drafts as page_drafts;
pub use products::{Multiplied, OrmProduct};
pub use queries::{Matter, OrmQuery};
pub use sieves::OrmSieve;
pub use top_n::top_n_help;
pub use unordered::UnorderedPage;
pub use unread::OrmUnread;
pub use values::{Amount, Edge};
pub use wildcards::drafts as wildcard_drafts;

use crate::facts::{CallId, FunctionId, ValueId};
use crate::findings::{Confidence, Diagnostic, IndexChange, Label, Role, Severity};
use crate::project::{ClassRef, FileId, Project};
use crate::source::Span;

/// A library that writes queries without SQL text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Orm {
    /// Django's ORM.
    Django,
    /// Tortoise ORM.
    Tortoise,
    /// peewee
    Peewee,
    /// Pony ORM.
    Pony,
    /// SQLAlchemy, Flask-SQLAlchemy, SQLModel.
    SqlAlchemy,
    /// Sequelize, sequelize-typescript.
    Sequelize,
    /// Prisma Client.
    Prisma,
    /// TypeORM
    TypeOrm,
    /// Knex
    Knex,
    /// Objection, over Knex.
    Objection,
    /// Bookshelf, over Knex.
    Bookshelf,
    /// Drizzle
    Drizzle,
    /// Kysely
    Kysely,
    /// MikroORM
    MikroOrm,
}

/// What a predicate asks of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PredicateOp {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `IN`
    In,
    /// `<`, `<=`, `>`, `>=`, `BETWEEN`
    Range,
    /// `LIKE 'x%'`
    Prefix,
    /// The same without regard to case.
    IPrefix,
    /// `LIKE '%x%'`
    Contains,
    /// The same without regard to case.
    IContains,
    /// `LIKE '%x'`
    Suffix,
    /// The same without regard to case.
    ISuffix,
    /// A regular expression.
    Regex,
    /// `=`, without regard to case
    IEqual,
    /// `=`, of the day of a moment
    DayIs,
    /// `IS NULL`, `IS NOT NULL`
    IsNull,
    /// Anything else: a pattern of which nothing is known, containment in an array, a full-text search.
    Other,
}

impl PredicateOp {
    /// Whether the start of the text that is looked for is not known, so that no ordered index can serve it.
    pub fn has_leading_wildcard(self) -> bool {
        matches!(self, PredicateOp::Contains | PredicateOp::IContains | PredicateOp::Suffix | PredicateOp::ISuffix)
    }
}

/// One predicate of a query.
#[derive(Clone, Debug)]
pub struct OrmPredicate {
    /// Whose it is.
    pub orm: Orm,
    /// The column as written: `title`, `author__name`, `u.name`.
    pub column: String,
    /// The model it is a column of; for a path over relations the model where the path starts.
    pub model: Option<ClassRef>,
    /// The table as the builder names it.
    pub table: Option<String>,
    /// What is asked.
    pub op: PredicateOp,
    /// What the column is compared with.
    pub value: Option<ValueId>,
    /// Whether that is the same in every run of the program.
    pub is_constant: bool,
    /// The lookup, keyword or call that costs; on one line.
    pub span: Span,
    /// The call that puts it into a query, or that makes the condition.
    pub call: CallId,
    /// Predicates of one file with the same number are alternatives (`OR`).
    pub group: Option<u32>,
    /// Whether it stands under a `NOT`, or is one.
    pub negated: bool,
    /// Whether the pattern is written out in the code (`like("%x")`), not made by the library (`contains(x)`).
    pub is_pattern: bool,
    /// How sure it is that this is a predicate of a database query.
    pub confidence: Confidence,
    /// The first call of the expression it is a part of: predicates with the same one are of one query.
    pub query: CallId,
    /// Whether the model itself declares an index that serves searches inside this column.
    pub is_indexed: bool,
    /// Whether it is about what is made of the column: `lower(name)`, a cast, a part of a document.
    pub is_made: bool,
    /// Whether it is about rows of another table, that are loaded along or that the own ones are related to.
    pub is_beside: bool,
    /// Whether the whole query is in sight. Otherwise conditions that are not seen may leave few rows.
    pub query_is_known: bool,
    /// What else must hold for the same rows and leaves few of them; only told of searches inside texts.
    pub narrowed: Option<Narrowing>,
}

impl OrmPredicate {
    /// Whether another condition leaves at most one row.
    pub fn is_narrowed_to_one(&self) -> bool {
        self.narrowed.as_ref().is_some_and(|by| by.is_unique)
    }
}

/// A condition that leaves few rows for the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrowing {
    /// Its column; empty for the rows that one row is related to.
    pub column: String,
    /// Whether it leaves at most one row.
    pub is_unique: bool,
    /// Whether it is only how the column begins.
    pub is_start: bool,
}

/// A column that a page is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// As written, without direction.
    pub column: String,
    /// `DESC`
    pub descending: bool,
}

/// A part of a result that is taken by skipping rows.
#[derive(Clone, Debug)]
pub struct OrmPage {
    /// Whose it is.
    pub orm: Orm,
    /// The model.
    pub model: Option<ClassRef>,
    /// How many rows are skipped, or the number of the page.
    pub offset: Option<ValueId>,
    /// What is known of it.
    pub amount: Amount,
    /// How many rows are taken.
    pub limit: Option<ValueId>,
    /// The call, key or slice that skips; on one line.
    pub span: Span,
    /// The function it stands in.
    pub function: FunctionId,
    /// How it can begin without skipping.
    pub begin: Begin,
    /// How sure it is that this is a page of a database query.
    pub confidence: Confidence,
}

/// All that the ORMs of one file say.
#[derive(Clone, Debug, Default)]
pub struct OrmFacts {
    /// Predicates, in order of place.
    pub predicates: Vec<OrmPredicate>,
    /// Pages, in order of place.
    pub pages: Vec<OrmPage>,
    /// Pages of rows that stand in no order.
    pub unordered: Vec<UnorderedPage>,
    /// Few rows of all, in random order.
    pub random_orders: Vec<OrmMark>,
    /// Counts that are only compared with zero.
    pub counts: Vec<OrmMark>,
    /// Several counts of one model.
    pub several_counts: Vec<OrmCounts>,
    /// Rows that are fetched to be counted.
    pub lengths: Vec<OrmLength>,
    /// Queries that join several relations to many rows each.
    pub products: Vec<OrmProduct>,
    /// Rows that are fetched and then left out.
    pub sieves: Vec<OrmSieve>,
    /// Relations that are loaded along and not read.
    pub unread: Vec<OrmUnread>,
    /// Queries that are wholly in sight.
    pub queries: Vec<OrmQuery>,
    /// What is bound to the parameters of the file's query sites, where it matters.
    pub params: Vec<SiteParams>,
}

impl OrmFacts {
    /// Nothing.
    pub const NONE: OrmFacts = OrmFacts {
        predicates: Vec::new(),
        pages: Vec::new(),
        unordered: Vec::new(),
        random_orders: Vec::new(),
        counts: Vec::new(),
        several_counts: Vec::new(),
        lengths: Vec::new(),
        products: Vec::new(),
        sieves: Vec::new(),
        unread: Vec::new(),
        queries: Vec::new(),
        params: Vec::new(),
    };
}

/// A finding that has no rule yet.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The place that costs.
    pub span: Span,
    /// The function it stands in.
    pub function: FunctionId,
    /// What it costs.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What and how much.
    pub message: String,
    /// Why it costs.
    pub note: String,
    /// What to do.
    pub help: String,
    /// Other places of the same file.
    pub related: Vec<(Span, Role, String)>,
    /// What is to become of an index.
    pub index: Option<IndexChange>,
}

impl Draft {
    /// The finding, as `rule` tells it.
    pub fn into_diagnostic(self, project: &Project, file: FileId, rule: &'static str) -> Diagnostic {
        let file = project.file(file);
        let path: &Arc<str> = &file.source.path;
        let label = |span, role, text| Label { path: path.clone(), span, role, text };
        Diagnostic {
            rule,
            severity: self.severity,
            confidence: self.confidence,
            message: self.message,
            primary: label(self.span, Role::Primary, String::new()),
            related: self.related.into_iter().map(|(span, role, text)| label(span, role, text)).collect(),
            note: Some(self.note),
            help: Some(self.help),
            fix: None,
            index: self.index,
            scope: file.facts.scope(self.function),
        }
    }
}
