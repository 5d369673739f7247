//! What a context holds: mappings, and what functions and methods add to them.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use super::Given;
use crate::facts::*;
use crate::project::flow::Flow;
use crate::project::types::Types;
use crate::project::{FileId, FunctionRef};

/// How far a context is followed through functions that make it.
const MAX_DEPTH: u8 = 6;
/// How many names of one context are kept.
const MAX_NAMES: usize = 400;

/// Reads the contexts of one file.
pub(super) struct Context<'t, 'p> {
    types: &'t Types<'p>,
    file: FileId,
    /// By what is changed: `context.update(…)`, `context.setdefault(…)`.
    updates: OnceCell<FxHashMap<ValueId, Vec<CallId>>>,
}

type Names = Vec<(Box<str>, Given)>;

impl<'t, 'p> Context<'t, 'p> {
    pub(super) fn new(types: &'t Types<'p>, file: FileId) -> Self {
        Context { types, file, updates: OnceCell::new() }
    }

    /// Adds what a value holds as a context.
    pub(super) fn of(&self, value: ValueId, into: &mut Names) {
        self.add(value, 0, into);
    }

    /// Adds what a function returns as a context.
    pub(super) fn returned(&self, function: FunctionRef, into: &mut Names) {
        self.returned_by(function, 0, into);
    }

    /// Adds arguments that are given by name.
    pub(super) fn keywords(&self, args: &[Arg], into: &mut Names) {
        let facts = self.types.facts(self.file);
        for arg in args {
            match (arg.name, facts.value(arg.value)) {
                (Some(name), _) => put(&facts.names[name], Given::Value(self.file, arg.value), into),
                // `**context`
                (None, Value::Spread(inner)) => self.add(*inner, 1, into),
                _ => {}
            }
        }
    }

    fn add(&self, value: ValueId, depth: u8, into: &mut Names) {
        if depth > MAX_DEPTH {
            return;
        }
        let facts = self.types.facts(self.file);
        match facts.value(value) {
            Value::Mapping(entries) => {
                for &(key, value) in entries {
                    match (facts.literal(key), facts.value(value)) {
                        (Some(name), _) => put(name, Given::Value(self.file, value), into),
                        (None, Value::Spread(inner)) if key == UNKNOWN => self.add(*inner, depth + 1, into),
                        (None, _) if key == UNKNOWN => self.add(value, depth + 1, into),
                        _ => {}
                    }
                }
            }
            Value::Either(left, right) | Value::Operation(Operation::BitOr, left, right) => {
                self.add(*left, depth + 1, into);
                self.add(*right, depth + 1, into);
            }
            Value::Carried(before, _) => self.add(*before, depth + 1, into),
            Value::Spread(inner) => self.add(*inner, depth + 1, into),
            Value::Call(call) => self.called(*call, depth, into),
            Value::Import(_) | Value::Member(..) => {
                if let Some((file, value)) = self.types.definition(self.file, value) {
                    self.within(file, |context| context.add(value, depth + 1, into));
                }
            }
            _ => {}
        }
        let from = facts.item_sets.partition_point(|set| set.object < value);
        for set in facts.item_sets[from..].iter().take_while(|set| set.object == value) {
            if let Some(name) = facts.literal(set.key) {
                put(name, Given::Value(self.file, set.value), into);
            }
        }
        for &update in self.updates().get(&value).into_iter().flatten() {
            let args = &facts.call(update).args;
            if Flow::new(facts).called_name(facts.call(update)) == Some("setdefault") {
                if let [key, value] = args.as_slice()
                    && let Some(name) = facts.literal(key.value)
                {
                    put(name, Given::Value(self.file, value.value), into);
                }
                continue;
            }
            if let Some(first) = args.first().filter(|arg| arg.name.is_none()) {
                self.add(first.value, depth + 1, into);
            }
            self.keywords(args, into);
        }
    }

    fn called(&self, id: CallId, depth: u8, into: &mut Names) {
        let facts = self.types.facts(self.file);
        let call = facts.call(id);
        let name = Flow::new(facts).called_name(call).unwrap_or("");
        match self.types.target(self.file, id) {
            Some(function) => self.returned_by(function, depth + 1, into),
            None if matches!(name, "dict" | "Context" | "RequestContext" | "copy" | "deepcopy" | "OrderedDict") => {
                for arg in call.args.iter().filter(|arg| arg.name.is_none()) {
                    self.add(arg.value, depth + 1, into);
                }
                if let (Value::Member(object, _), "copy") = (facts.value(call.callee), name) {
                    self.add(*object, depth + 1, into);
                }
            }
            None => {}
        }
        if matches!(name, "dict" | "get_context_data" | "get_context" | "OrderedDict") {
            self.keywords(&call.args, into);
        }
    }

    fn returned_by(&self, function: FunctionRef, depth: u8, into: &mut Names) {
        if depth > MAX_DEPTH {
            return;
        }
        self.within(function.file, |context| {
            for &value in &context.types.facts(function.file).function(function.function).returns {
                context.add(value, depth + 1, into);
            }
        });
    }

    /// Reads on in a file.
    fn within(&self, file: FileId, read: impl FnOnce(&Context<'t, 'p>)) {
        if file == self.file { read(self) } else { read(&Context::new(self.types, file)) }
    }

    fn updates(&self) -> &FxHashMap<ValueId, Vec<CallId>> {
        self.updates.get_or_init(|| {
            let facts = self.types.facts(self.file);
            let mut found: FxHashMap<ValueId, Vec<CallId>> = FxHashMap::default();
            if facts.names.find("update").or_else(|| facts.names.find("setdefault")).is_none() {
                return found;
            }
            for (id, call) in facts.numbered() {
                let Value::Member(object, name) = facts.value(call.callee) else { continue };
                if matches!(&facts.names[*name], "update" | "setdefault") {
                    found.entry(*object).or_default().push(id);
                }
            }
            found
        })
    }
}

/// Adds a name, once with each value.
fn put(name: &str, given: Given, into: &mut Names) {
    if into.len() < MAX_NAMES && !into.iter().any(|(own, known)| **own == *name && *known == given) {
        into.push((name.into(), given));
    }
}
