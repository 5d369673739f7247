//! What the file's top level binds and exports.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::Walk;
use crate::facts::*;
use crate::source::Span;

/// What has been exported so far.
#[derive(Default)]
pub(super) struct Exports {
    /// Exported name, local name: what it is bound to in the end.
    pub(super) local: Vec<(Name, Name)>,
    /// Exported name and value.
    pub(super) values: Vec<(Name, ValueId)>,
    /// Whether they were made with `module.exports` or `exports`.
    pub(super) is_common: bool,
}

/// TypeScript has names of types beside names of values: `interface User` and `const User`. Those of types
/// alone are bound under this prefix, which no identifier can have.
const TYPE_PREFIX: &str = "type ";

impl Walk<'_, '_> {
    /// The name under which a type of this name is bound.
    pub(super) fn type_name(&mut self, name: Name) -> Name {
        let text = format!("{TYPE_PREFIX}{}", &self.b.facts.names[name]);
        self.b.name(&text)
    }

    /// What a local name stands for, as a value or else as a type. A symbol that a container of services knows a type by
    /// stands for that: `export const Store = Symbol("Store"); export interface Store {}`.
    pub(super) fn local_value(&mut self, name: Name) -> ValueId {
        let value = self.b.bound(name);
        if let Some(value) = value.filter(|&value| !self.is_symbol(value)) {
            return value;
        }
        let type_name = self.type_name(name);
        self.b.bound(type_name).or(value).unwrap_or(UNKNOWN)
    }

    /// `Symbol("Store")`, `Symbol.for("Store")`
    fn is_symbol(&self, value: ValueId) -> bool {
        let facts = &self.b.facts;
        let Value::Call(call) = *facts.value(value) else { return false };
        let called = match *facts.value(facts.call(call).callee) {
            Value::Member(object, _) => object,
            _ => facts.call(call).callee,
        };
        matches!(*facts.value(called), Value::Global(name) if &facts.names[name] == "Symbol")
    }

    /// A name as a text for which all of `host` stands.
    pub(super) fn name_text(&mut self, name: Name, host: Span) -> ValueId {
        let cooked = self.b.facts.names[name].to_owned();
        let pieces = vec![Piece { at: 0, host, exact: false }];
        self.b.text(Text { cooked, pieces, ..Text::default() })
    }

    /// Writes [`FileFacts::bindings`]: each name once, what is exported before what is not.
    pub(super) fn write_bindings(&mut self) {
        let exports = std::mem::take(&mut self.exports);
        let default = self.b.name("default");
        let mut exported: Vec<(Name, ValueId)> = Vec::new();
        for (name, local) in exports.local {
            let value = self.local_value(local);
            exported.push((name, value));
        }
        exported.extend(exports.values);
        if exports.is_common {
            let whole: Vec<ValueId> = exported.iter().filter(|entry| entry.0 == default).map(|entry| entry.1).collect();
            for value in whole {
                self.export_entries(value, &mut exported);
            }
        }
        self.b.bindings(|_| false);
        let local = std::mem::take(&mut self.b.facts.bindings);
        let mut bindings: Vec<Binding> = Vec::with_capacity(local.len() + exported.len());
        let mut known: FxHashMap<Name, usize> = FxHashMap::default();
        for (name, value) in exported {
            match known.get(&name) {
                // The last one holds, unless it takes the value back (`exports.a = void 0`).
                Some(&at) if value != UNKNOWN && *self.b.facts.value(value) != Value::Null => {
                    bindings[at].value = value
                }
                Some(_) => {}
                None => {
                    known.insert(name, bindings.len());
                    bindings.push(Binding { name, value, exported: true });
                }
            }
        }
        let (types, values): (Vec<Binding>, Vec<Binding>) =
            local.into_iter().partition(|binding| self.b.facts.names[binding.name].starts_with(TYPE_PREFIX));
        for mut binding in values.into_iter().chain(types) {
            if let Some(text) = self.b.facts.names[binding.name].strip_prefix(TYPE_PREFIX) {
                let text = text.to_owned();
                binding.name = self.b.name(&text);
            }
            if let Entry::Vacant(free) = known.entry(binding.name) {
                free.insert(bindings.len());
                bindings.push(binding);
            }
        }
        self.b.facts.bindings = bindings;
    }

    /// The entries of `module.exports = { … }` are exported one by one.
    fn export_entries(&mut self, value: ValueId, exported: &mut Vec<(Name, ValueId)>) {
        let Value::Mapping(entries) = self.b.facts.value(value).clone() else { return };
        for (key, value) in entries {
            if let Some(text) = self.b.facts.literal(key) {
                let text = text.to_owned();
                let name = self.b.name(&text);
                exported.push((name, value));
            } else if key == UNKNOWN
                && let Value::Import(import) = *self.b.facts.value(value)
                && self.b.facts.imports[import.index()].what == Imported::Module
            {
                self.export_star(import);
            }
        }
    }
}
