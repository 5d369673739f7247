//! Rows that stand in dictionaries and tuples: `by_id[book.pk] = book`, `by_author[key].append(book)`, `{"book": book}`.

use super::super::{FileId, templates};
use super::filled::Filled;
use super::frame::Frame;
use super::needs::chain;
use super::rows::Tracer;
use super::traced::Traced;
use crate::facts::*;
use crate::project::flow::{Flow, for_each_part};

/// How many parts of what is loaded later are looked at.
const MAX_PARTS: usize = 50;

/// Calls that make a dictionary.
const MAKERS: [&str; 3] = ["OrderedDict", "defaultdict", "dict"];

/// Calls that give the same elements or entries again.
const COPYING: [&str; 6] = ["OrderedDict", "dict", "list", "reversed", "sorted", "tuple"];

/// Where something stands in a tuple or dictionary.
pub(super) enum Place<'n> {
    Part(u16),
    Key(&'n str),
}

/// What a dictionary gives: one of its values, or all of them.
pub(super) enum Given {
    One(ValueId),
    All(ValueId),
}

/// The dictionary that a value is taken from, or all of whose values it is: `books[key]`, `books.get(key)`,
/// `books.values()`.
pub(super) fn given_by(facts: &FileFacts, value: ValueId) -> Option<Given> {
    match *facts.value(value) {
        Value::Item(dict, _) => Some(Given::One(dict)),
        Value::Element(of, _) => match given_by(facts, of)? {
            Given::All(dict) => Some(Given::One(dict)),
            Given::One(_) => None,
        },
        Value::Part(of, 1) => {
            let Value::Element(items, _) = *facts.value(of) else { return None };
            called_on(facts, items, &["items"]).map(Given::One)
        }
        Value::Call(call) => match called_on(facts, value, &["get", "pop", "setdefault"]) {
            Some(dict) => Some(Given::One(dict)),
            None => match (called_on(facts, value, &["values"]), facts.call(call).args.is_empty()) {
                (Some(dict), true) => Some(Given::All(dict)),
                _ => None,
            },
        },
        _ => None,
    }
}

/// What a method of one of these names is called on.
fn called_on(facts: &FileFacts, value: ValueId, names: &[&str]) -> Option<ValueId> {
    let Value::Call(call) = *facts.value(value) else { return None };
    match *facts.value(facts.call(call).callee) {
        Value::Member(object, name) if names.contains(&&facts.names[name]) => Some(object),
        _ => None,
    }
}

impl Tracer<'_, '_> {
    /// The rows of a list that is one of the values of a dictionary.
    pub(super) fn list_of_dict(&self, file: FileId, value: ValueId, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        match given_by(self.facts(file), value) {
            Some(Given::One(dict)) => self.dict(file, dict, true, frame, depth),
            _ => Traced::Unknown,
        }
    }

    /// The values of a dictionary, if it is filled in sight: rows, or if `many` lists of rows.
    pub(super) fn dict(&self, file: FileId, dict: ValueId, many: bool, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        let ask = |file: FileId, value: ValueId, frame: Option<&Frame<'_>>| {
            if many { self.rows(file, value, frame, depth + 1) } else { self.row(file, value, frame, depth + 1) }
        };
        self.each_behind(file, dict, frame, depth, |file, dict, frame| {
            let facts = self.facts(file);
            match *facts.value(dict) {
                Value::Mapping(ref entries) if entries.is_empty() => self.put_in(file, dict, many, frame, depth),
                Value::Call(_) => self.put_in(file, dict, many, frame, depth),
                // `{book.pk: book for book in books}`
                Value::Collected(entry, _) => match *facts.value(entry) {
                    Value::Mapping(ref entries) if let [(_, value)] = **entries => ask(file, value, frame),
                    _ => Traced::Unknown,
                },
                _ => Traced::Unknown,
            }
        })
    }

    /// The row that stands at a place in each of the tuples or dictionaries of a list: `[(book, 1) for book in books]`,
    /// `[{"book": book} for book in books]`.
    pub(super) fn in_each(
        &self,
        file: FileId,
        list: ValueId,
        at: &Place<'_>,
        frame: Option<&Frame<'_>>,
        depth: u8,
    ) -> Traced {
        self.each_behind(file, list, frame, depth, |file, list, frame| {
            let entries = match *self.facts(file).value(list) {
                Value::Collected(entry, _) => vec![entry],
                _ => self.items_of(file, list).unwrap_or_default(),
            };
            let found = entries.into_iter().map(|entry| self.at_place(file, entry, at, frame, depth));
            known(found.fold(Traced::Nothing, Traced::or))
        })
    }

    /// The row that an element of a list holds under a key: `entry["book"]`.
    pub(super) fn keyed(
        &self,
        file: FileId,
        object: ValueId,
        key: Option<&str>,
        frame: Option<&Frame<'_>>,
        depth: u8,
    ) -> Traced {
        match (self.facts(file).value(object), key) {
            (Value::Element(list, _), Some(key)) => self.in_each(file, *list, &Place::Key(key), frame, depth),
            _ => Traced::Unknown,
        }
    }

    /// The row that stands at a place of a tuple or dictionary.
    fn at_place(&self, file: FileId, entry: ValueId, at: &Place<'_>, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        let facts = self.facts(file);
        let value = match (facts.value(entry), at) {
            (Value::Sequence(parts), Place::Part(index)) => parts.get(usize::from(*index)).copied(),
            (Value::Mapping(entries), Place::Key(name)) => {
                let written = entries.iter().rev().find(|(key, _)| facts.literal(*key) == Some(name));
                let sets = facts.item_sets.iter().filter(|set| set.object == entry);
                let mut set = sets.filter(|set| facts.literal(set.key) == Some(name));
                written.map(|&(_, value)| value).or_else(|| set.next().map(|set| set.value))
            }
            _ => None,
        };
        value.map_or(Traced::Unknown, |value| self.row(file, value, frame, depth + 1))
    }

    /// Asks of each list or dictionary that a value may be: what functions return, and what templates are given.
    fn each_behind(
        &self,
        file: FileId,
        value: ValueId,
        frame: Option<&Frame<'_>>,
        depth: u8,
        ask: impl Fn(FileId, ValueId, Option<&Frame<'_>>) -> Traced + Copy,
    ) -> Traced {
        if self.is_too_deep(depth) {
            return Traced::Unknown;
        }
        let facts = self.facts(file);
        let found = match *facts.value(value) {
            Value::Null => return Traced::Nothing,
            Value::Either(left, right) => {
                let left = self.each_behind(file, left, frame, depth + 1, ask);
                left.or(self.each_behind(file, right, frame, depth + 1, ask))
            }
            Value::Param(TEMPLATE, index) if facts.template.is_some() => {
                let Some(param) = facts.function(TEMPLATE).params.get(usize::from(index)) else {
                    return Traced::Unknown;
                };
                let project = self.types.project();
                let all = || project.templates().paths(file).iter().map(Vec::as_slice).collect();
                let paths: Vec<&[templates::Way]> =
                    frame.and_then(|frame| frame.path).map_or_else(all, |path| vec![path]);
                let name = &facts.names[param.name];
                let given = paths.into_iter().flat_map(|path| project.templates().given_on(project, path, name));
                let found = given.map(|given| match given {
                    templates::Given::Value(file, value) => self.each_behind(file, value, None, depth + 2, ask),
                    _ => Traced::Unknown,
                });
                found.fold(Traced::Nothing, Traced::or)
            }
            Value::Call(call) => match self.types.target(file, call) {
                Some(function) => {
                    let own = self.facts(function.file).function(function.function);
                    if own.traits.is_generator || frame.is_some_and(|frame| frame.is_in(function)) {
                        return Traced::Unknown;
                    }
                    let inner = Frame::called(function, (file, call), None, frame);
                    let given = own.returns.iter();
                    let given = given.map(|&of| self.each_behind(function.file, of, Some(&inner), depth + 2, ask));
                    given.fold(Traced::Nothing, Traced::or)
                }
                None => {
                    let call = facts.call(call);
                    let name = Flow::new(facts).called_name(call).unwrap_or("");
                    match call.args.first().filter(|arg| arg.name.is_none()) {
                        // `dict(by_author)`, `sorted(pairs)`
                        Some(arg) if COPYING.contains(&name) => {
                            return self.each_behind(file, arg.value, frame, depth + 1, ask);
                        }
                        _ if MAKERS.contains(&name) => ask(file, value, frame),
                        _ => Traced::Unknown,
                    }
                }
            },
            _ => ask(file, value, frame),
        };
        known(found)
    }

    /// A row that is kept for later, with what is read of it where it is kept: that is fetched there.
    pub(super) fn read_row(&self, file: FileId, value: ValueId, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        let mut found = self.row(file, value, frame, depth);
        if let (Traced::Rows(rows), Value::Element(..)) = (&mut found, self.facts(file).value(value)) {
            let read = self.filled(file).read.get(&value).into_iter().flatten();
            read.for_each(|path| rows.loaded.add(path));
        }
        found
    }

    /// What is put into a dictionary of this file.
    fn put_in(&self, file: FileId, dict: ValueId, many: bool, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        let facts = self.facts(file);
        let filled = self.filled(file);
        if filled.loaded.keys().any(|&rows| is_made_of(facts, rows, dict)) {
            return Traced::Unknown;
        }
        let put = if many { filled.grouped.get(&dict) } else { filled.set.get(&dict) };
        let put = put.into_iter().flatten().map(|&(value, is_list)| match is_list {
            true => self.rows(file, value, frame, depth + 1),
            false => self.read_row(file, value, frame, depth + 1),
        });
        known(put.fold(Traced::Nothing, Traced::or))
    }
}

/// A dictionary into which nothing is put in sight may hold anything.
fn known(found: Traced) -> Traced {
    match found {
        Traced::Nothing => Traced::Unknown,
        found => found,
    }
}

/// Whether `dict` is among what a value is made of.
fn is_made_of(facts: &FileFacts, value: ValueId, dict: ValueId) -> bool {
    let mut open = vec![value];
    for _ in 0..MAX_PARTS {
        let Some(value) = open.pop() else { return false };
        if value == dict {
            return true;
        }
        match *facts.value(value) {
            Value::Call(call) => {
                let call = facts.call(call);
                open.push(call.callee);
                open.extend(call.args.iter().map(|arg| arg.value));
            }
            _ => for_each_part(facts, value, &mut |part| open.push(part)),
        }
    }
    false
}

impl Filled {
    /// Notes what is put into dictionaries.
    pub(super) fn put(&mut self, facts: &FileFacts) {
        for set in &facts.item_sets {
            self.set.entry(set.object).or_default().push((set.value, false));
            // `by_author[key] = list(books)`
            self.grouped.entry(set.object).or_default().push((set.value, true));
        }
        for access in facts.accesses.iter().filter(|access| !access.is_set) {
            let (root, names) = chain(facts, access.value);
            if let Value::Element(..) = facts.value(root) {
                self.read.entry(root).or_default().push(names.join("__").into());
            }
        }
        for call in &facts.calls {
            let (Value::Member(list, name), Some(first)) = (facts.value(call.callee), call.args.first()) else {
                continue;
            };
            let many = match &facts.names[*name] {
                "add" | "append" => false,
                "extend" | "update" => true,
                _ => continue,
            };
            if let Some(Given::One(dict)) = given_by(facts, *list) {
                self.grouped.entry(dict).or_default().push((first.value, many));
            }
        }
    }
}
