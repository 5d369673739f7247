//! What a page is sorted by, as far as it is written in the same query.

use super::collect::Collector;
use super::{Orm, SortKey};
use crate::facts::*;

/// What an order is made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Sorted {
    /// Its columns, as far as they can be read.
    pub(super) keys: Vec<SortKey>,
    /// The tables or models that columns were named with.
    pub(super) owners: Vec<ValueId>,
    /// Whether anything of it cannot be read: an expression, a column or a direction that comes from elsewhere.
    pub(super) is_open: bool,
    /// Whether it says where nulls stand.
    pub(super) places_nulls: bool,
}

/// Whether a step of a chain sorts.
pub(super) fn sorts(name: &str) -> bool {
    matches!(name, "order_by" | "orderBy" | "addOrderBy" | "orderby" | "orderByRaw" | "sort_by")
}

/// The keys that one call of a chain is given; none if not all can be read.
pub(super) fn of_call(collector: &Collector<'_, '_>, call: CallId, orm: Orm) -> Vec<SortKey> {
    let sorted = sorted_by(collector, call, orm);
    // Where nulls stand is asked for apart in Python.
    let is_read = !sorted.is_open && (!sorted.places_nulls || matches!(orm, Orm::Django | Orm::SqlAlchemy));
    if is_read { sorted.keys } else { Vec::new() }
}

/// What one call of a chain sorts by.
pub(super) fn sorted_by(collector: &Collector<'_, '_>, call: CallId, orm: Orm) -> Sorted {
    let mut reader = Reader { collector, facts: collector.facts, orm, sorted: Sorted::default() };
    let name = collector.called(call);
    let args = &collector.facts.call(call).args;
    if name.starts_with("orderBy") || name == "addOrderBy" {
        reader.ecma_arguments(args);
    } else {
        args.iter().for_each(|arg| reader.key(arg.value, false));
    }
    reader.sorted
}

/// The keys of an option: `order: [["createdAt", "DESC"]]`, `orderBy: { createdAt: "desc" }`; none if not all can be
/// read.
pub(super) fn of_object(collector: &Collector<'_, '_>, value: ValueId, orm: Orm) -> Vec<SortKey> {
    let sorted = sorted_by_object(collector, value, orm);
    if sorted.is_open || sorted.places_nulls { Vec::new() } else { sorted.keys }
}

/// What an option sorts by.
pub(super) fn sorted_by_object(collector: &Collector<'_, '_>, value: ValueId, orm: Orm) -> Sorted {
    let mut reader = Reader { collector, facts: collector.facts, orm, sorted: Sorted::default() };
    reader.object(value, 0);
    reader.sorted
}

/// Reads an order.
struct Reader<'c, 't, 'p> {
    collector: &'c Collector<'t, 'p>,
    facts: &'p FileFacts,
    orm: Orm,
    sorted: Sorted,
}

impl Reader<'_, '_, '_> {
    fn push(&mut self, column: &str, descending: bool) {
        if is_plain(column) {
            self.sorted.keys.push(SortKey { column: column.to_owned(), descending });
        } else {
            self.sorted.is_open = true;
        }
    }

    /// A column with what is said of its direction: `"desc"`, `"DESC NULLS LAST"`.
    fn push_directed(&mut self, column: &str, direction: Option<&str>) {
        let words: Vec<String> = direction.unwrap_or("").split_whitespace().map(str::to_lowercase).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match (direction, words.as_slice()) {
            (Some(_), ["asc" | "ascending"] | []) => self.push(column, false),
            (Some(_), ["desc" | "descending"]) => self.push(column, true),
            (Some(_), ["asc" | "desc", "nulls", "first" | "last"]) => {
                self.push(column, words[0] == "desc");
                self.sorted.places_nulls = true;
            }
            // Either direction: nothing that can be written out.
            _ => self.sorted.is_open = true,
        }
    }

    /// `.orderBy("created_at", "desc")`, `.orderBy([{ column, order }])`, `.orderBy({ createdAt: "desc" })`
    fn ecma_arguments(&mut self, args: &[Arg]) {
        match args {
            // Drizzle's are columns, all of them.
            [first, direction, nulls @ ..] if self.orm != Orm::Drizzle => {
                match self.facts.literal(first.value) {
                    Some(column) => self.push_directed(column, self.facts.literal(direction.value)),
                    None => self.sorted.is_open = true,
                }
                self.sorted.places_nulls |= !nulls.is_empty();
            }
            [only] if matches!(self.facts.value(only.value), Value::Mapping(_)) => self.object(only.value, 0),
            _ => args.iter().for_each(|arg| self.key(arg.value, false)),
        }
    }

    fn object(&mut self, value: ValueId, depth: u8) {
        match self.facts.value(value) {
            Value::Mapping(entries) => self.mapping(entries),
            Value::Sequence(parts) if depth < 3 => {
                let texts: Vec<Option<&str>> = parts.iter().map(|&part| self.facts.literal(part)).collect();
                match texts.as_slice() {
                    [Some(column), Some(direction)] if is_direction(direction) => {
                        self.push_directed(column, Some(direction));
                    }
                    // A tuple of Sequelize's is a column, after what it is joined by, and a direction.
                    [Some(column)] => self.push(column, false),
                    _ if depth > 0 && self.orm == Orm::Sequelize => self.sorted.is_open = true,
                    _ => parts.iter().for_each(|&part| match self.facts.literal(part) {
                        Some(column) => self.push(column, false),
                        None => self.object(part, depth + 1),
                    }),
                }
            }
            Value::Text(_) => self.key(value, false),
            Value::Null => {}
            _ => self.sorted.is_open = true,
        }
    }

    fn mapping(&mut self, entries: &[(ValueId, ValueId)]) {
        // Knex's `{ column: "created_at", order: "desc" }`
        let get = |wanted: &str| {
            entries.iter().find(|(key, _)| self.facts.literal(*key) == Some(wanted)).map(|entry| entry.1)
        };
        if let Some(column) = get("column").and_then(|column| self.facts.literal(column)) {
            let order = get("order").map_or(Some(""), |order| self.facts.literal(order));
            self.sorted.places_nulls |= get("nulls").is_some();
            self.push_directed(column, order);
            return;
        }
        for &(key, direction) in entries {
            let Some(column) = self.facts.literal(key) else {
                self.sorted.is_open = true;
                continue;
            };
            match self.facts.value(direction) {
                Value::Text(_) => self.push_directed(column, self.facts.literal(direction)),
                Value::Int(number) => self.push(column, *number < 0),
                // Prisma's `{ name: { sort: "asc", nulls: "last" } }`, TypeORM's `{ direction: "ASC" }`
                Value::Mapping(inner) => {
                    let said = |wanted: &str| {
                        inner.iter().find(|(key, _)| self.facts.literal(*key) == Some(wanted)).map(|entry| entry.1)
                    };
                    let order = said("sort").or_else(|| said("direction"));
                    self.sorted.places_nulls |= inner.len() > 1;
                    self.push_directed(column, order.and_then(|order| self.facts.literal(order)));
                }
                _ => self.sorted.is_open = true,
            }
        }
    }

    /// One argument: `"-created"`, `User.created.desc()`, `desc(users.createdAt)`, `"created desc"`.
    fn key(&mut self, value: ValueId, descending: bool) {
        let facts = self.facts;
        match facts.value(value) {
            Value::Text(_) => match facts.literal(value) {
                Some(text) => text.split(',').for_each(|part| self.text_key(part.trim(), descending)),
                None => self.sorted.is_open = true,
            },
            // Drizzle and SQLAlchemy name a column by an attribute. `search({ orderBy })`: what a function is handed is
            // no column of a table that is handed, too.
            Value::Member(object, name) if *object != UNKNOWN && self.names_columns() && !self.is_handed(*object) => {
                self.sorted.owners.push(*object);
                self.push(&facts.names[*name], descending);
            }
            // peewee's `-Post.created`
            Value::Operation(Operation::Other, inner, UNKNOWN) => self.key(*inner, !descending),
            Value::Sequence(parts) => parts.iter().for_each(|&part| match facts.value(part) {
                Value::Mapping(_) => self.object(part, 0),
                _ => self.key(part, descending),
            }),
            Value::Call(call) => {
                let at = facts.call(*call);
                let says = match self.collector.called(*call) {
                    "desc" | "Desc" => true,
                    "asc" | "Asc" | "F" | "nullslast" | "nulls_last" | "nullsfirst" | "nulls_first" => descending,
                    "OrderBy" if at.args.len() == 1 => descending,
                    _ => {
                        self.sorted.is_open = true;
                        return;
                    }
                };
                self.sorted.places_nulls |= nulls_first(self.collector, value).is_some();
                match (at.args.first(), self.collector.receiver(*call)) {
                    (Some(arg), _) if arg.name.is_none() => self.key(arg.value, says),
                    (_, Some(receiver)) => self.key(receiver, says),
                    _ => self.sorted.is_open = true,
                }
            }
            // `order_by(None)` takes an order back.
            Value::Null => {}
            _ => self.sorted.is_open = true,
        }
    }

    /// `-created`, `created desc`
    fn text_key(&mut self, text: &str, descending: bool) {
        let (text, minus) = text.strip_prefix('-').map_or((text, false), |text| (text, true));
        let (column, direction) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let before = self.sorted.keys.len();
        self.push_directed(column, Some(direction.trim()));
        if let Some(key) = self.sorted.keys.get_mut(before) {
            key.descending |= descending || minus;
        }
    }

    /// Whether columns are attributes of what stands for their table.
    fn names_columns(&self) -> bool {
        matches!(self.orm, Orm::Drizzle | Orm::SqlAlchemy | Orm::Peewee | Orm::Pony)
    }

    /// Whether a value is a parameter of a function of JavaScript that has a name: no callback, which a library gives its
    /// tables.
    fn is_handed(&self, value: ValueId) -> bool {
        let facts = self.facts;
        self.orm == Orm::Drizzle
            && matches!(*facts.value(value), Value::Param(function, _) if facts.function(function).passed_to.is_none()
                && !facts.names[facts.function(function).name].is_empty())
    }
}

/// Whether nulls stand first in the order of an argument, if it says where: `F("x").desc(nulls_last=True)`,
/// `User.created.desc().nulls_last()`, `nullslast(User.created)`.
pub(super) fn nulls_first(collector: &Collector<'_, '_>, value: ValueId) -> Option<bool> {
    let facts = collector.facts;
    let Value::Call(call) = *facts.value(value) else { return None };
    match collector.called(call) {
        "nullslast" | "nulls_last" => return Some(false),
        "nullsfirst" | "nulls_first" => return Some(true),
        _ => {}
    }
    facts.call(call).args.iter().find_map(|arg| match (&facts.names[arg.name?], facts.value(arg.value)) {
        ("nulls_last", Value::Bool(true)) => Some(false),
        ("nulls_first", Value::Bool(true)) => Some(true),
        _ => None,
    })
}

fn is_direction(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    lower.starts_with("asc") || lower.starts_with("desc")
}

/// Whether a text is the name of a column, and no expression.
pub(super) fn is_plain(column: &str) -> bool {
    !column.is_empty() && column.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '"' | '`' | '$'))
}
