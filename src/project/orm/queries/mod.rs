//! Queries of ORMs that are wholly in sight, as what they amount to in SQL: what the rules over indexes ask the schema
//! about.
//!
//! Only queries count that start at a model or a table that is known, go through methods that leave no rows out but by
//! the conditions they are given, and are run where they are written: a condition that is added elsewhere may find the
//! rows. One file reads one way of writing them.

mod builders;
mod columns;
mod django;
mod drizzle;
mod help;
mod lowering;
mod objects;
mod peewee;

use rustc_hash::{FxHashMap, FxHashSet};

pub(super) use self::django::is_plain_manager;
use self::lowering::{Asked, Lowering};
use super::collect::Collector;
use super::{Orm, values};
use crate::facts::*;
use crate::findings::{Confidence, IndexNeed};
use crate::project::schema::{Model, Owner, Schema};
use crate::project::{Flow, Project};
use crate::source::{Language, Purpose, Span};
use crate::sql::query::TableName;
use crate::sql::{Dialect, Statement};

/// One query.
#[derive(Clone, Debug)]
pub struct OrmQuery {
    /// Whose it is.
    pub orm: Orm,
    /// What stands for its table in the program, if anything does.
    pub owner: Option<Owner>,
    /// The call that runs it.
    pub call: CallId,
    /// How sure it is that it is one.
    pub confidence: Confidence,
    /// What it amounts to. Its places are those of the file.
    pub statement: Statement,
    /// The only database that has its table, as far as is told.
    pub dialect: Dialect,
    /// What the library writes in place of parts of it.
    instead: Vec<(Matter, Span, String)>,
}

/// What is told of a part of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matter {
    /// An `OR` between tables.
    Apart,
    /// A condition on what is computed from a column.
    Computed,
    /// Duplicates are left out where there are none.
    Distinct,
    /// A condition on what stands in a document.
    Document,
    /// Where nulls stand in the order.
    Nulls,
    /// Where a page begins.
    Page,
}

impl OrmQuery {
    /// What to write in place of a part of it, in the library's own words.
    pub fn instead_of(&self, matter: Matter, part: Span) -> Option<&str> {
        let mut instead = self.instead.iter().filter(|(own, span, _)| *own == matter && *span == part);
        instead.next().map(|(_, _, text)| text.as_str())
    }

    /// How the library's own words ask for an index.
    pub fn index_help(&self, project: &Project, need: &IndexNeed) -> Option<String> {
        help::index(project, self, need)
    }

    /// The name that stands for its table in the program, if that is a class.
    pub fn class_name<'p>(&self, project: &'p Project) -> Option<&'p str> {
        let Some(Owner::Class(class)) = &self.owner else { return None };
        let facts = &project.file(class.file).facts;
        Some(&facts.names[facts.class(class.class).name])
    }
}

/// What a column is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    /// The same in every run.
    Constant,
    /// The time at which it is run.
    Now,
    /// Anything else.
    Given,
}

/// What a query is found by.
type Found<'p> = FxHashMap<CallId, &'p Use>;

impl<'p> Collector<'_, 'p> {
    /// The queries of the file that are wholly in sight.
    pub(super) fn queries(&mut self) -> Vec<OrmQuery> {
        let project = self.types.project();
        let file = project.file(self.file);
        if file.purpose == Purpose::Migration || project.schema().is_empty() {
            return Vec::new();
        }
        let is_python = file.source.language == Language::Python;
        let cuts = self.cuts();
        let flow = Flow::new(self.facts);
        let may_begin = |call: &Call| {
            let name = flow.called_name(call).unwrap_or("");
            if is_python {
                django::asks(name) || columns::asks(name) || peewee::asks(name)
            } else {
                objects::asks(name) || builders::asks(name) || drizzle::asks(name)
            }
        };
        let candidates = self.facts.numbered().filter(|(_, call)| may_begin(call));
        let mut calls: Vec<CallId> = candidates.map(|(id, _)| id).chain(cuts.keys().copied()).collect();
        calls.sort();
        calls.dedup();
        let given = if is_python { self.given_away() } else { FxHashSet::default() };
        let mut seen: FxHashSet<CallId> = FxHashSet::default();
        let mut found = Vec::new();
        for call in calls {
            if !is_python && let Some(query) = self.object_query(call).or_else(|| self.drizzle_find(call)) {
                found.push(query);
                continue;
            }
            let chain = self.whole_chain(call);
            if !seen.insert(chain[0]) || !self.is_straight(&chain) {
                continue;
            }
            found.extend(if is_python {
                let found = self.django_query(&chain, &cuts);
                let found = found.or_else(|| self.column_query(&chain, &cuts, &given));
                found.or_else(|| self.peewee_query(&chain, &cuts))
            } else {
                self.builder_query(&chain).or_else(|| self.drizzle_query(&chain))
            });
        }
        found
    }

    /// The calls whose result is cut: `rows[:10]`, `rows[0]`.
    fn cuts(&self) -> Found<'p> {
        let mut cuts = Found::default();
        for used in &self.facts.uses {
            let object = match (used.kind, self.facts.value(used.value)) {
                (UseKind::Slice, Value::Slice(object, ..)) => *object,
                (UseKind::Index, _) => used.value,
                _ => continue,
            };
            if let Value::Call(call) = *self.facts.value(object) {
                cuts.insert(call, used);
            }
        }
        cuts
    }

    /// How the result of a call is cut. Rows that are held may be looked at more than once: then they are read as a whole.
    fn cut_of(&self, call: CallId, cuts: &Found<'p>) -> Option<&'p Use> {
        let is_held = self.facts.call(call).result == ResultUse::Bound;
        cuts.get(&call).copied().filter(|cut| !is_held || cut.kind == UseKind::Slice)
    }

    /// How many rows a cut leaves: `Some(None)` for a number that is not known; `None` for what is not the start.
    #[expect(clippy::option_option, reason = "whether there is a limit, and whether it is known")]
    fn rows_of(&self, cut: &Use) -> Option<Option<i64>> {
        match (cut.kind, self.facts.value(cut.value)) {
            (UseKind::Index, _) => Some(Some(1)),
            (UseKind::Slice, Value::Slice(_, _, high)) if *high != UNKNOWN => Some(self.number(*high)),
            _ => None,
        }
    }

    /// A number that is written out.
    fn number(&self, value: ValueId) -> Option<i64> {
        match *self.facts.value(value) {
            Value::Int(number) => Some(number),
            _ => None,
        }
    }

    /// Whether each call of a chain, last first, is made on the result of the next one directly, not on one of several.
    pub(super) fn is_straight(&self, chain: &[CallId]) -> bool {
        chain.windows(2).all(|pair| {
            let mut receiver = self.receiver(pair[0]);
            while let Some(value) = receiver {
                receiver = match self.facts.value(value) {
                    Value::Call(own) => return *own == pair[1],
                    Value::Slice(before, ..) => Some(*before),
                    _ => return false,
                };
            }
            false
        })
    }

    /// What stands for a table.
    pub(super) fn model_of(&self, owner: &Owner) -> Option<&'p Model> {
        self.schema().model(owner)
    }

    fn schema(&self) -> &'p Schema {
        self.types.project().schema()
    }

    /// What a value is, where a column is compared with it.
    fn with(&self, value: ValueId) -> With {
        if self.is_constant(value) {
            With::Constant
        } else if self.is_now(value) {
            With::Now
        } else {
            With::Given
        }
    }

    /// Whether a value is the same in every run, also a list of such, and one of an enumeration.
    fn is_constant(&self, value: ValueId) -> bool {
        let begins_large = |name: &str| name.starts_with(char::is_uppercase);
        let is_shouted = |name: &str| name.len() > 1 && !name.contains(char::is_lowercase);
        match self.facts.value(value) {
            Value::Sequence(parts) => parts.iter().all(|&part| self.is_constant(part)),
            // What is written as a constant is one, of whatever library.
            Value::Member(_, name) | Value::Global(name) if is_shouted(&self.facts.names[*name]) => true,
            Value::Import(_) if self.facts.own_name(value).is_some_and(is_shouted) => true,
            // `ChannelType.Group`
            Value::Member(object, name) if begins_large(&self.facts.names[*name]) => {
                self.facts.own_name(*object).is_some_and(begins_large)
            }
            _ => values::is_constant(self.types, self.file, value),
        }
    }

    /// `timezone.now()`, `datetime.utcnow()`, `new Date()`, `func.now()`
    fn is_now(&self, value: ValueId) -> bool {
        let Value::Call(call) = *self.facts.value(value) else { return false };
        match self.called(call) {
            "Date" => self.facts.call(call).args.is_empty(),
            "now" | "utcnow" | "today" | "Now" | "localdate" | "localtime" | "time" => true,
            "date" | "isoformat" | "replace" | "timestamp" | "toISOString" | "getTime" => {
                self.receiver(call).is_some_and(|receiver| self.is_now(receiver))
            }
            _ => false,
        }
    }

    /// What a query asks, if that is anything.
    fn query(
        &self,
        orm: Orm,
        owner: Option<Owner>,
        call: CallId,
        confidence: Confidence,
        mut lowering: Lowering<'_>,
    ) -> Option<OrmQuery> {
        let instead = lowering.take_instead();
        if !lowering.asks() {
            return None;
        }
        let statement = lowering.done();
        let dialect = statement.tables.first().map_or(Dialect::Generic, |used| self.only_database(&used.table));
        Some(OrmQuery { orm, owner, call, confidence, statement, dialect, instead })
    }

    /// Whether a table is in PostgreSQL's databases only, as far as is told.
    fn is_of_postgresql(&self, table: &str) -> bool {
        self.only_database(&TableName::plain(table)) == Dialect::PostgreSql
    }

    /// The only database that has a table, as far as is told.
    fn only_database(&self, table: &TableName) -> Dialect {
        let definitions = self.schema().definitions(table).into_iter();
        let mut all = definitions.flat_map(|table| self.types.project().databases_of(table));
        let first = all.next().unwrap_or_default();
        if all.all(|other| other == first) { first } else { Dialect::Generic }
    }

    /// Sets the order of a query, if it is one by columns of its table, and how many rows are wanted of it.
    fn first_rows(
        &self,
        lowering: &mut Lowering<'_>,
        model: Option<&Model>,
        keys: &[super::SortKey],
        rows: Option<i64>,
        span: Span,
    ) {
        let column = |name: &str| match model {
            Some(model) => model.column(name).map(str::to_owned),
            None => Some(name.rsplit('.').next().unwrap_or(name).to_owned()),
        };
        let columns: Option<Vec<String>> = keys.iter().map(|key| column(&key.column)).collect();
        let Some(columns) = columns.filter(|columns| !columns.is_empty()) else { return };
        let is_set =
            keys.iter().zip(&columns).all(|(key, column)| lowering.order(column, key.descending, span).is_some());
        if is_set {
            lowering.limit(rows);
        }
    }
}
