//! What is asked of columns, and the keys and indexes that several of them may name.

use super::super::arguments::{asks, member};
use crate::facts::*;
use crate::source::Span;
use crate::sql::ddl::IndexKind;
use crate::sql::ddl::define::NewTable;

/// What is asked of a column.
pub(super) struct Asked<'f> {
    pub(super) type_name: &'static str,
    pub(super) is_primary: Option<bool>,
    pub(super) unique: Group<'f>,
    pub(super) index: Group<'f>,
    pub(super) not_null: bool,
}

/// The key or index that a column is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group<'f> {
    No,
    Alone,
    /// With all columns that name the same one.
    Named(&'f str),
    Unknown,
}

impl<'f> Group<'f> {
    /// `true`, `"name"`, `{ name: "name" }`
    pub(super) fn of(facts: &'f FileFacts, value: Option<ValueId>) -> Group<'f> {
        let named = value.and_then(|value| facts.literal(member(facts, value, "name").unwrap_or(value)));
        match (named, asks(facts, value)) {
            (Some(name), _) => Group::Named(name),
            (None, Some(true)) => Group::Alone,
            (None, Some(false)) => Group::No,
            (None, None) => Group::Unknown,
        }
    }
}

/// Keys and indexes that several columns may name.
#[derive(Default)]
pub(super) struct Groups {
    named: Vec<(IndexKind, String, Vec<String>, Span)>,
}

impl Groups {
    pub(super) fn put(&mut self, table: &mut NewTable, column: &str, asked: &Asked<'_>, at: Span) {
        table.column(column, asked.type_name, at).not_null = asked.not_null;
        match asked.is_primary {
            Some(true) => drop(table.index(IndexKind::Primary, [column], at)),
            Some(false) => {}
            None => drop(table.index(IndexKind::Other, [column], at)),
        }
        for (kind, group) in [(IndexKind::Unique, asked.unique), (IndexKind::Plain, asked.index)] {
            match group {
                Group::No => {}
                Group::Alone => drop(table.index(kind, [column], at)),
                Group::Unknown => drop(table.index(IndexKind::Other, [column], at)),
                Group::Named(name) => {
                    match self.named.iter_mut().find(|(own, known, ..)| (*own, &**known) == (kind, name)) {
                        Some((.., columns, _)) => columns.push(column.to_owned()),
                        None => self.named.push((kind, name.to_owned(), vec![column.to_owned()], at)),
                    }
                }
            }
        }
    }

    pub(super) fn done(self, table: &mut NewTable) {
        for (kind, _, columns, at) in self.named {
            table.index(kind, columns.iter().map(String::as_str), at);
        }
    }
}

pub(super) fn is_false(facts: &FileFacts, value: Option<ValueId>) -> bool {
    value.is_some_and(|value| *facts.value(value) == Value::Bool(false))
}

/// Where a key of an object is written.
pub(super) fn place_of(facts: &FileFacts, key: ValueId) -> Option<Span> {
    let text = facts.text(key)?;
    let end = u32::try_from(text.cooked.len()).unwrap_or(u32::MAX);
    Some(text.host_span(0, end)).filter(|span| !span.is_empty())
}

/// Where the key `wanted` of an object is written.
pub(super) fn place_of_member(facts: &FileFacts, object: ValueId, wanted: &str) -> Option<Span> {
    let Value::Mapping(entries) = facts.value(object) else { return None };
    entries.iter().find(|(key, _)| facts.literal(*key) == Some(wanted)).and_then(|&(key, _)| place_of(facts, key))
}
