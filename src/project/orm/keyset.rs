//! How a page can begin without skipping rows: the columns that tell where the page before it ended, the last of them
//! unique (keyset pagination).
//!
//! They are only told where the rows are those of one table, in an order that is written out and made of its plain
//! columns. Joined, grouped, distinct and united rows have no such columns, and neither has an order that comes from
//! elsewhere. Whether a column is unique is told by the schema; where none is known, the library's own name of a primary
//! key is taken for one.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::collect::Collector;
use super::evidence::{Evidence, of_receiver};
use super::sort::{self, Sorted, is_plain, sorts};
use super::{Orm, OrmPredicate, PredicateOp, SortKey};
use crate::facts::*;
use crate::project::schema::{Known, Model, Owner};
use crate::project::{ClassRef, Ty};
use crate::sql::query::TableName;

/// How a page can begin.
#[derive(Clone, Debug)]
pub enum Begin {
    /// After the values of these columns.
    After(Keyset),
    /// After the group that came last.
    Groups,
    /// What tells where the page before ended is not seen.
    Open,
}

/// The columns that tell where a page ended.
#[derive(Clone, Debug, Default)]
pub struct Keyset {
    /// The columns, the last one unique.
    pub keys: Vec<SortKey>,
    /// What the table is called in the program.
    pub owner: Option<String>,
    /// Whether they are the primary key, or have a unique index.
    pub served: Option<Served>,
    /// Whether the unique column is known to be one.
    pub is_known: bool,
    /// Whether the query leaves rows out by conditions of its own.
    pub is_filtered: bool,
    /// The other columns that it asks to equal something: they stand first in an index that serves it.
    pub equal: Vec<String>,
    /// The calls that the query is made of, the last one first.
    pub(super) calls: Vec<CallId>,
}

/// What serves an order by one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// The primary key.
    PrimaryKey,
    /// A unique index.
    UniqueIndex,
}

/// The table that is paged through.
#[derive(Default)]
struct Paged<'p> {
    name: Option<TableName>,
    model: Option<&'p Model>,
    class: Option<ClassRef>,
    owner: Option<String>,
}

/// The ways in which a query is made.
struct Steps {
    orm: Orm,
    /// The sorting calls before each call; `None` if they are not the same on all ways, or not seen.
    orders: FxHashMap<CallId, Option<Vec<CallId>>>,
    /// The calls that queries begin with.
    firsts: Vec<CallId>,
}

/// How many calls a query is made of at most.
const MAX_STEPS: usize = 128;

impl<'p> Collector<'_, 'p> {
    /// How the page of a chain can begin.
    pub(super) fn begin_of_chain(&mut self, evidence: &Evidence<'p>, call: CallId) -> Begin {
        let last = self.whole_chain(call)[0];
        self.begin_at(evidence, last)
    }

    /// How the page that is cut out of a query can begin.
    pub(super) fn begin_of_slice(&mut self, evidence: &Evidence<'p>, rows: ValueId) -> Begin {
        match *self.facts.value(rows) {
            Value::Call(last) => self.begin_at(evidence, last),
            // What is kept may be in any order.
            _ => Begin::Open,
        }
    }

    fn begin_at(&mut self, evidence: &Evidence<'p>, last: CallId) -> Begin {
        let mut steps = Steps { orm: evidence.orm, orders: FxHashMap::default(), firsts: Vec::new() };
        let Some(orders) = self.orders_at(last, &mut steps) else { return Begin::Open };
        let mut sorted = Sorted::default();
        for order in orders {
            let more = sort::sorted_by(self, order, evidence.orm);
            sorted.keys.extend(more.keys);
            sorted.owners.extend(more.owners);
            sorted.is_open |= more.is_open;
            sorted.places_nulls |= more.places_nulls;
        }
        // Also what stands before: `db.with("q", …).selectFrom("q")`.
        let before = steps.firsts.iter().flat_map(|&first| self.chain(first));
        let calls: Vec<CallId> = steps.orders.keys().copied().chain(before).collect();
        if self.is_changed_beside(last, &steps) || self.has_aliases(&calls, &sorted.keys) {
            return Begin::Open;
        }
        let reshaping: Vec<CallId> =
            calls.iter().copied().filter(|&step| reshapes(&self.called(step).to_ascii_lowercase())).collect();
        let groups: Vec<CallId> = reshaping.iter().copied().filter(|&step| groups(self.called(step))).collect();
        if !groups.is_empty() && groups.len() == reshaping.len() {
            let by = groups.iter().flat_map(|&group| &self.facts.call(group).args);
            let by: Vec<String> = by.flat_map(|arg| self.names_in(arg.value)).collect();
            return by_groups(&sorted, &by);
        }
        if !reshaping.is_empty() || self.groups_values(&calls, evidence.orm) {
            return Begin::Open;
        }
        let paged = self.paged_table(evidence, last, &steps);
        let rest = calls.into_iter().filter(|&call| call != last);
        self.begin(evidence.orm, sorted, paged, std::iter::once(last).chain(rest).collect())
    }

    /// How the page that the options of a find ask for can begin.
    pub(super) fn begin_of_options(
        &self,
        evidence: &Evidence<'p>,
        call: CallId,
        entries: &[(ValueId, ValueId)],
        is_whole: bool,
    ) -> Begin {
        let get = |wanted: &[&str]| {
            let found =
                entries.iter().find(|(key, _)| self.facts.literal(*key).is_some_and(|key| wanted.contains(&key)));
            found.map(|entry| entry.1)
        };
        // What is spread, and what else is in the options, may bring an order.
        let is_spread = entries.iter().any(|(key, _)| self.facts.literal(*key).is_none());
        let order = get(&["order", "orderBy"]);
        let sorted = order.map(|order| sort::sorted_by_object(self, order, evidence.orm)).unwrap_or_default();
        if order.is_none() && (is_spread || !is_whole) {
            return Begin::Open;
        }
        let grouped = match evidence.orm {
            Orm::Prisma if self.called(call) == "groupBy" => get(&["by"]),
            Orm::Sequelize => get(&["group"]),
            _ => get(&["groupBy"]),
        };
        if let Some(by) = grouped {
            return by_groups(&sorted, &self.names_in(by));
        }
        let is_distinct = evidence.orm != Orm::Sequelize && get(&["distinct"]).is_some();
        let mut aliases = Vec::new();
        if let Some(attributes) = get(&["attributes"]) {
            self.aliases_in(attributes, &mut aliases, 0);
        }
        let is_alias = |key: &SortKey| aliases.iter().any(|alias| alias == last_part(&key.column));
        if is_distinct || get(&["subQuery", "having"]).is_some() || sorted.keys.iter().any(is_alias) {
            return Begin::Open;
        }
        let class = evidence.model;
        let model = self.object_owner(evidence.orm, evidence.model, call).and_then(|(owner, _)| self.model_of(&owner));
        let name = model.map(|model| TableName::plain(&model.table));
        self.begin(evidence.orm, sorted, Some(Paged { name, model, class, owner: None }), vec![call])
    }

    fn begin(&self, orm: Orm, mut sorted: Sorted, paged: Option<Paged<'p>>, calls: Vec<CallId>) -> Begin {
        let Some(paged) = paged.filter(|_| !sorted.is_open && !sorted.places_nulls) else { return Begin::Open };
        if !self.are_of(&sorted.owners, &paged) {
            return Begin::Open;
        }
        // Else by what the model says, as in Django's `Meta.ordering`.
        if let Some(model) = paged.model.filter(|model| sorted.keys.is_empty() && model.may_be_sorted) {
            let key =
                |(field, descending): &(Box<str>, bool)| SortKey { column: field.to_string(), descending: *descending };
            sorted.keys.extend(model.ordering.iter().map(key));
            if sorted.keys.is_empty() {
                return Begin::Open;
            }
        }
        let keyset = self.keyset(orm, sorted.keys, &paged);
        keyset.map_or(Begin::Open, |keyset| Begin::After(Keyset { calls, ..keyset }))
    }

    /// Notes what else the queries of pages ask for, once all conditions of the file are known.
    pub(super) fn narrow_pages(&mut self) {
        if self.found.pages.is_empty() {
            return;
        }
        let mut conditions: FxHashMap<CallId, Vec<usize>> = FxHashMap::default();
        for (index, condition) in self.found.predicates.iter().enumerate() {
            conditions.entry(condition.query).or_default().push(index);
            if condition.call != condition.query {
                conditions.entry(condition.call).or_default().push(index);
            }
        }
        for index in 0..self.found.pages.len() {
            self.narrow_page(index, &conditions);
        }
    }

    fn narrow_page(&mut self, index: usize, conditions: &FxHashMap<CallId, Vec<usize>>) {
        let Begin::After(keyset) = &self.found.pages[index].begin else { return };
        let last = keyset.calls[0];
        let calls = keyset.calls.iter().flat_map(|&call| {
            let given = self.given_conditions(call, 0);
            [call, self.expression_root(call)].into_iter().chain(given)
        });
        let own: BTreeSet<usize> = calls.filter_map(|call| conditions.get(&call)).flatten().copied().collect();
        let conditions: Vec<&OrmPredicate> = own.into_iter().map(|index| &self.found.predicates[index]).collect();
        let mut equal: Vec<String> = Vec::new();
        for other in &conditions {
            let column = last_part(&other.column);
            let is_sure = other.op == PredicateOp::Equal
                && other.group.is_none()
                && !other.negated
                && !other.is_made
                && !other.is_beside
                && self.holds_where(other.call, last);
            // A look-up over relations is a column of another table.
            let is_own = is_plain(&other.column) && !other.column.contains("__");
            let is_there = equal.iter().any(|known| known == column)
                || keyset.keys.iter().any(|key| last_part(&key.column) == column);
            if is_sure && is_own && !is_there {
                equal.push(column.to_owned());
            }
        }
        let is_filtered = !conditions.is_empty();
        if let Begin::After(keyset) = &mut self.found.pages[index].begin {
            keyset.served = keyset.served.filter(|_| equal.is_empty());
            (keyset.is_filtered, keyset.equal) = (is_filtered, equal);
        }
    }

    /// The calls that make the conditions that a step is given: `.where(and(eq(users.name, name), …))` of Drizzle.
    fn given_conditions(&self, step: CallId, depth: u8) -> Vec<CallId> {
        if depth > 3 || depth == 0 && self.called(step) != "where" {
            return Vec::new();
        }
        let made = self.facts.call(step).args.iter().filter_map(|arg| match *self.facts.value(arg.value) {
            Value::Call(made) => Some(made),
            _ => None,
        });
        made.flat_map(|made| std::iter::once(made).chain(self.given_conditions(made, depth + 1))).collect()
    }

    /// Whether the columns of an order are all of one table: the one that is paged through.
    fn are_of(&self, owners: &[ValueId], paged: &Paged<'p>) -> bool {
        owners.iter().all(|&owner| match (paged.class, paged.model) {
            (Some(class), _) => self.types.of(self.file, owner) == Ty::Class(class),
            (None, Some(model)) => match self.drizzle_table(owner) {
                Some(own) => self.model_of(&own).is_some_and(|own| own.table == model.table),
                None => false,
            },
            (None, None) => self.facts.value(owner) == self.facts.value(owners[0]),
        })
    }

    /// The columns of an order, with the primary key if they may be the same in several rows.
    fn keyset(&self, orm: Orm, mut keys: Vec<SortKey>, paged: &Paged<'p>) -> Option<Keyset> {
        let is_django = matches!(orm, Orm::Django | Orm::Tortoise);
        let table_of = |key: &SortKey| key.column.rsplit_once('.').map(|(table, _)| table.to_owned());
        let prefix = keys.first().and_then(table_of);
        let is_elsewhere = |key: &SortKey| table_of(key) != prefix || is_django && key.column.contains("__");
        if keys.iter().any(is_elsewhere) {
            return None;
        }
        let schema = self.types.project().schema();
        let column = |key: &SortKey| {
            let own = last_part(&key.column);
            paged.model.and_then(|model| model.column(own)).unwrap_or(own).to_owned()
        };
        let columns: Vec<String> = keys.iter().map(column).collect();
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        let has = |name: &str| paged.name.as_ref().map_or(Known::Unknown, |table| schema.has_column(table, name));
        if names.iter().any(|name| has(name) == Known::No && !(is_django && *name == "pk")) {
            return None;
        }
        let unique = paged.name.as_ref().map_or(Known::Unknown, |table| schema.is_unique(table, &names));
        let primary = paged.name.as_ref().and_then(|table| schema.primary_key(table));
        let is_named_key = |name: &&str| *name == "id" && unique == Known::Unknown || is_django && *name == "pk";
        let is_primary = match (names.as_slice(), primary.as_deref()) {
            ([own], Some([only])) => own == only,
            ([own], _) => is_named_key(own),
            _ => false,
        };
        let mut found = Keyset { owner: paged.owner.clone(), is_known: true, ..Keyset::default() };
        if is_primary || unique == Known::Yes || names.iter().any(is_named_key) {
            let served = if is_primary { Served::PrimaryKey } else { Served::UniqueIndex };
            found.served = (keys.len() == 1).then_some(served);
        } else {
            let missing: Vec<String> = match primary {
                _ if orm == Orm::Django => vec!["pk".to_owned()],
                Some(key) => {
                    let missing = key.into_iter().filter(|own| !names.contains(own));
                    let written = |own| paged.model.and_then(|model| model.attribute(own)).unwrap_or(own).to_owned();
                    missing.map(written).collect()
                }
                None if has("id") == Known::No => return None,
                None => {
                    found.is_known = names_its_key(orm);
                    vec!["id".to_owned()]
                }
            };
            let descending = keys.last().is_some_and(|key| key.descending);
            let prefix = prefix.map(|table| format!("{table}.")).unwrap_or_default();
            found.served = (keys.is_empty() && missing.len() == 1).then_some(Served::PrimaryKey);
            keys.extend(missing.iter().map(|name| SortKey { column: format!("{prefix}{name}"), descending }));
        }
        if found.owner.is_none() {
            found.owner = paged.class.map(|class| {
                let facts = &self.types.project().file(class.file).facts;
                facts.names[facts.class(class.class).name].to_owned()
            });
        }
        found.keys = keys;
        (found.keys.len() <= 3).then_some(found)
    }

    /// The one table that a query reads; `None` if it may be more than one, or rows that another query makes.
    fn paged_table(&mut self, evidence: &Evidence<'p>, call: CallId, steps: &Steps) -> Option<Paged<'p>> {
        let of_class = |class: ClassRef| {
            let model = self.model_of(&Owner::Class(class));
            Paged { name: model.map(|model| TableName::plain(&model.table)), model, class: Some(class), owner: None }
        };
        match evidence.orm {
            Orm::SqlAlchemy => {
                // `User.query.paginate(…)` of a query class of the project's own.
                let own = |first: CallId| evidence.model.filter(|_| !begins(Orm::SqlAlchemy, self.called(first)));
                let root = |first: CallId| self.column_root(first).map(|(class, _)| class).or_else(|| own(first));
                let mut classes = steps.firsts.iter().map(|&first| root(first));
                let class = classes.next()??;
                classes.all(|other| other == Some(class)).then(|| of_class(class))
            }
            Orm::Django | Orm::Tortoise | Orm::Peewee => Some(of_class(evidence.model?)),
            Orm::TypeOrm | Orm::MikroOrm | Orm::Objection | Orm::Bookshelf => {
                Some(evidence.model.map(of_class).unwrap_or_default())
            }
            Orm::Knex | Orm::Kysely => {
                let table = self.table(call)?;
                Some(Paged { name: Some(TableName::plain(&table)), ..Paged::default() })
            }
            Orm::Drizzle => {
                let mut froms = steps.orders.keys().filter(|&&step| self.called(step) == "from");
                let from = self.facts.call(*froms.next()?).args.first()?;
                let text = self.source.get(from.span.range()).unwrap_or("");
                let is_name = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'));
                let model = self.drizzle_table(from.value).and_then(|owner| self.model_of(&owner));
                let is_made = matches!(self.facts.value(from.value), Value::Call(_)) && model.is_none();
                let name = model.map(|model| TableName::plain(&model.table));
                let owner = Some(text.to_owned());
                (is_name && !is_made).then_some(Paged { name, model, class: None, owner })
            }
            Orm::Pony | Orm::Sequelize | Orm::Prisma => None,
        }
    }

    // ── Steps ───────────────────────────────────────────────────────────────────────────────────────

    /// The calls that sort a query up to a call, in order, if they are the same in whatever way it is made.
    fn orders_at(&self, call: CallId, steps: &mut Steps) -> Option<Vec<CallId>> {
        if let Some(known) = steps.orders.get(&call) {
            return known.clone();
        }
        steps.orders.insert(call, None);
        if steps.orders.len() > MAX_STEPS {
            return None;
        }
        let name = self.called(call);
        let found = self.orders_before(call, name, steps).map(|mut before| {
            if sorts(name) {
                if matches!(steps.orm, Orm::Django | Orm::Tortoise) || steps.orm == Orm::TypeOrm && name == "orderBy" {
                    before.clear();
                }
                before.push(call);
            }
            before
        });
        steps.orders.insert(call, found.clone());
        found
    }

    fn orders_before(&self, call: CallId, name: &str, steps: &mut Steps) -> Option<Vec<CallId>> {
        // What a function of the project hands back may be in any order.
        if self.types.target(self.file, call).is_some() {
            return None;
        }
        if begins(steps.orm, name) {
            steps.firsts.push(call);
            return Some(Vec::new());
        }
        match self.receiver(call) {
            Some(receiver) => self.orders_of(call, receiver, steps),
            None => {
                // `knex("users")`
                let first = self.facts.call(call).args.first();
                let names_table = first.is_some_and(|arg| self.facts.literal(arg.value).is_some());
                steps.firsts.push(call);
                (steps.orm == Orm::Knex && names_table).then(Vec::new)
            }
        }
    }

    fn orders_of(&self, call: CallId, rows: ValueId, steps: &mut Steps) -> Option<Vec<CallId>> {
        match *self.facts.value(rows) {
            Value::Call(before) => self.orders_at(before, steps),
            Value::Slice(before, ..) => self.orders_of(call, before, steps),
            Value::Either(left, right) => {
                let left = self.orders_of(call, left, steps)?;
                let right = self.orders_of(call, right, steps)?;
                (left == right).then_some(left)
            }
            // `Book.objects`, but not a queryset that is kept.
            _ if steps.orm == Orm::Django => {
                let manager = of_receiver(self.types, self.file, rows)?;
                steps.firsts.push(call);
                manager.receiver.ends_with("Manager").then(Vec::new)
            }
            // `db.from("users")` of a handle; any other builder that comes from elsewhere may be in any order.
            _ if steps.orm != Orm::Knex && self.comes_from_elsewhere(rows) => None,
            Value::Param(..)
            | Value::Member(..)
            | Value::Class(_)
            | Value::Import(_)
            | Value::Global(_)
            | Value::This(_) => {
                steps.firsts.push(call);
                Some(Vec::new())
            }
            _ => None,
        }
    }

    /// Whether a value is a parameter, or is kept by one or by an object: `{ query }`, `this.query`.
    fn comes_from_elsewhere(&self, value: ValueId) -> bool {
        match *self.facts.value(value) {
            Value::Member(object, _) => self.comes_from_elsewhere(object),
            Value::Param(..) | Value::This(_) => true,
            _ => false,
        }
    }

    /// Whether a builder is changed by statements of its own, or by what it is handed to: `query.orderBy(…)`,
    /// `addOrder(query)`.
    fn is_changed_beside(&self, call: CallId, steps: &Steps) -> bool {
        if matches!(steps.orm, Orm::Django | Orm::Tortoise | Orm::SqlAlchemy | Orm::Peewee | Orm::Drizzle | Orm::Kysely)
        {
            return false;
        }
        let own = self.facts.call(call).function;
        let mut others = self.facts.calls_in(own).filter(|(id, _)| !steps.orders.contains_key(id));
        others.any(|(id, other)| {
            let name = self.called(id);
            let is_handed = other.result == ResultUse::Discarded
                && other.args.iter().any(
                    |arg| matches!(self.facts.value(arg.value), Value::Call(given) if steps.orders.contains_key(given)),
                );
            let changes = sorts(name) || reshapes(&name.to_ascii_lowercase());
            is_handed || changes && self.chain(id).iter().any(|step| steps.firsts.contains(step))
        })
    }

    /// Whether Django's rows are groups of values: `values("name").annotate(n=Count("id"))`.
    fn groups_values(&self, calls: &[CallId], orm: Orm) -> bool {
        let has = |names: &[&str]| calls.iter().any(|&call| names.contains(&self.called(call)));
        matches!(orm, Orm::Django | Orm::Tortoise) && has(&["values", "values_list"]) && has(&["annotate"])
    }

    // ── Names ───────────────────────────────────────────────────────────────────────────────────────

    /// Whether a query is sorted by the name of an expression that it selects.
    fn has_aliases(&self, calls: &[CallId], keys: &[SortKey]) -> bool {
        let mut aliases = Vec::new();
        for &call in calls.iter().filter(|&&call| !sorts(self.called(call))) {
            let name = self.called(call);
            let args = &self.facts.call(call).args;
            if matches!(name, "annotate" | "alias" | "extra") {
                aliases.extend(args.iter().filter_map(|arg| Some(self.facts.names[arg.name?].to_owned())));
            }
            // TypeORM's `.addSelect("COUNT(posts.id)", "posts")`
            if let ("select" | "addSelect", [_, alias]) = (name, args.as_slice()) {
                aliases.extend(self.facts.literal(alias.value).map(str::to_owned));
            }
            args.iter().for_each(|arg| self.aliases_in(arg.value, &mut aliases, 0));
        }
        keys.iter().any(|key| aliases.iter().any(|alias| alias == last_part(&key.column)))
    }

    /// The names that expressions are given in a select list.
    fn aliases_in(&self, value: ValueId, aliases: &mut Vec<String>, depth: u8) {
        if depth > 6 {
            return;
        }
        let facts = self.facts;
        match facts.value(value) {
            Value::Text(text) => aliases.extend(alias_of(&facts.texts[text.index()].cooked)),
            Value::Sequence(parts) => {
                // Sequelize's `[fn("COUNT", "*"), "n"]`
                if let [first, last] = parts.as_ref()
                    && facts.text(*first).is_none()
                {
                    aliases.extend(facts.literal(*last).map(str::to_owned));
                }
                parts.iter().for_each(|&part| self.aliases_in(part, aliases, depth + 1));
            }
            Value::Mapping(entries) => {
                entries.iter().for_each(|&(_, value)| self.aliases_in(value, aliases, depth + 1));
            }
            Value::Function(function) => {
                facts.function(*function).returns.iter().for_each(|&value| self.aliases_in(value, aliases, depth + 1));
            }
            Value::Call(call) => {
                let args = &facts.call(*call).args;
                if matches!(self.called(*call), "as" | "alias" | "label") {
                    aliases.extend(args.iter().filter_map(|arg| facts.literal(arg.value)).map(str::to_owned));
                }
                args.iter().for_each(|arg| self.aliases_in(arg.value, aliases, depth + 1));
                if let Some(receiver) = self.receiver(*call) {
                    self.aliases_in(receiver, aliases, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// The columns that a list names.
    fn names_in(&self, value: ValueId) -> Vec<String> {
        match self.facts.value(value) {
            Value::Sequence(parts) => parts.iter().flat_map(|&part| self.names_in(part)).collect(),
            Value::Member(_, name) => vec![self.facts.names[*name].to_owned()],
            _ => self.facts.literal(value).map(|text| last_part(text).to_owned()).into_iter().collect(),
        }
    }
}

/// Groups in the order of what they are grouped by, or in none.
fn by_groups(sorted: &Sorted, by: &[String]) -> Begin {
    let is_key = |key: &SortKey| by.iter().any(|name| name == last_part(&key.column));
    let is_by_key = !sorted.is_open && !sorted.places_nulls && sorted.keys.iter().all(is_key);
    if is_by_key && !by.is_empty() { Begin::Groups } else { Begin::Open }
}

/// The column without its table and quotes.
fn last_part(column: &str) -> &str {
    column.rsplit('.').next().unwrap_or(column).trim_matches(['"', '`'])
}

/// The name that a fragment gives to what it selects: `count(*) as n`.
fn alias_of(text: &str) -> impl Iterator<Item = String> + '_ {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).collect();
    let pairs: Vec<[&str; 2]> = words.windows(2).filter_map(|pair| pair.try_into().ok()).collect();
    let named = pairs.into_iter().filter(|[word, _]| word.eq_ignore_ascii_case("as"));
    named.map(|[_, name]| name.trim_matches(['"', '`']).to_owned())
}

/// Whether a library gives its tables a primary key with the name `id` where none is declared.
fn names_its_key(orm: Orm) -> bool {
    matches!(orm, Orm::Bookshelf | Orm::Objection | Orm::Peewee | Orm::Sequelize | Orm::Tortoise)
}

/// Whether a query begins with a method of this name, whatever it is called on.
fn begins(orm: Orm, name: &str) -> bool {
    match orm {
        Orm::Drizzle => matches!(name, "select" | "selectDistinct" | "selectDistinctOn"),
        Orm::Kysely => name == "selectFrom",
        Orm::MikroOrm | Orm::TypeOrm => matches!(name, "createQueryBuilder" | "qb"),
        Orm::Objection => matches!(name, "$relatedQuery" | "query" | "relatedQuery"),
        Orm::SqlAlchemy => matches!(name, "query" | "select"),
        _ => false,
    }
}

fn groups(name: &str) -> bool {
    matches!(name, "addGroupBy" | "groupBy" | "group_by")
}

/// Whether after a step of this name, in lower case, rows are no longer those of one table: joined, grouped, distinct,
/// united, or those of another query.
fn reshapes(name: &str) -> bool {
    const STARTS: [&str; 9] =
        ["addgroup", "difference", "distinct", "except", "group", "having", "intersect", "selectdistinct", "union"];
    const OTHER: [&str; 17] = [
        "$with",
        "addcommontableexpression",
        "cte",
        "dates",
        "datetimes",
        "extra",
        "fromraw",
        "from_statement",
        "raw",
        "reverse",
        "subquery",
        "with",
        "with_entities",
        "with_only_columns",
        "withgraphjoined",
        "withmaterialized",
        "withrecursive",
    ];
    name.contains("join") || STARTS.iter().any(|start| name.starts_with(start)) || OTHER.contains(&name)
}
