//! Objects that are written down: a literal of functions, in this file or another, or the one that a function makes:
//! `const { findBook } = bookQueries(pool)`.

use super::FileId;
use super::types::{Ty, Types};
use crate::facts::*;

/// How many calls, imports and names may lie between an object and its literal.
const MAX_STEPS: u8 = 8;

impl Types<'_> {
    /// What an object that is written down holds under a name; nothing if it is not, or does not. JavaScript only.
    pub(super) fn held(&self, file: FileId, object: ValueId, name: &str) -> Ty {
        if !self.project().file(file).source.language.is_ecma() {
            return Ty::Unknown;
        }
        match self.entry_of(file, object, name, 0) {
            Some((file, value)) => self.further(|| self.of(file, value)),
            None => Ty::Unknown,
        }
    }

    /// The entry of this name, with its file.
    fn entry_of(&self, file: FileId, object: ValueId, name: &str, depth: u8) -> Option<(FileId, ValueId)> {
        let (file, literal) = self.literal_behind(file, object, depth)?;
        let facts = self.facts(file);
        let Value::Mapping(entries) = facts.value(literal) else { return None };
        let own = entries.iter().rev().find(|(key, _)| facts.literal(*key) == Some(name));
        if let Some(&(_, value)) = own {
            return Some((file, value));
        }
        // `{ ...bookQueries(pool), findShop }`
        let spread = entries.iter().rev().filter(|(key, _)| *key == UNKNOWN);
        spread.into_iter().find_map(|&(_, inner)| self.entry_of(file, inner, name, depth + 1))
    }

    /// The literal that a value is, with its file.
    fn literal_behind(&self, file: FileId, value: ValueId, depth: u8) -> Option<(FileId, ValueId)> {
        if depth > MAX_STEPS {
            return None;
        }
        let facts = self.facts(file);
        match *facts.value(value) {
            Value::Mapping(_) => Some((file, value)),
            // What makes it returns nothing else.
            Value::Call(call) => {
                let maker = self.target(file, call)?;
                let [only] = self.facts(maker.file).function(maker.function).returns[..] else { return None };
                self.literal_behind(maker.file, only, depth + 1)
            }
            Value::Member(object, name) => {
                let name = &facts.names[name];
                let held = || self.entry_of(file, object, name, depth + 1);
                let (file, value) = self.definition(file, value).or_else(held)?;
                self.literal_behind(file, value, depth + 1)
            }
            Value::Import(_) => {
                let (file, value) = self.definition(file, value)?;
                self.literal_behind(file, value, depth + 1)
            }
            _ => None,
        }
    }

    /// Whether a function is an async one of JavaScript: what it gives is a promise of what it returns.
    pub(super) fn is_async(&self, function: super::FunctionRef) -> bool {
        self.project().file(function.file).source.language.is_ecma()
            && self.facts(function.file).function(function.function).traits.is_async
    }
}
