//! Functions that hand an argument back, as it is or with more built onto it: `def recent(query): return
//! query.order_by(Order.made)`. What a call of one gives is what that call gave it.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::types::{Ty, Types};
use super::{FileId, FunctionRef};
use crate::facts::*;

/// How many steps a function may build onto what it hands back.
const MAX_STEPS: u8 = 60;

impl Types<'_> {
    /// What a call of such a function gives. All that it returns must be of one type.
    pub(super) fn handed_back(&self, file: FileId, call: CallId, function: FunctionRef) -> Ty {
        let own = self.facts(function.file).function(function.function);
        if own.params.is_empty() || own.traits.is_generator || !own.decorators.is_empty() {
            return Ty::Unknown;
        }
        let body = Body { types: self, function, by: (file, call), known: RefCell::default() };
        self.further(|| {
            let mut found = Ty::Unknown;
            for &value in &own.returns {
                match body.of(value, 0) {
                    Ty::Unknown => return Ty::Unknown,
                    ty if found.is_known() && ty != found => return Ty::Unknown,
                    ty => found = ty,
                }
            }
            found
        })
    }
}

/// A function's body, as one call runs it.
struct Body<'t, 'p> {
    types: &'t Types<'p>,
    function: FunctionRef,
    by: (FileId, CallId),
    /// Both sides of a branch go on from what was before it.
    known: RefCell<FxHashMap<ValueId, Ty>>,
}

impl Body<'_, '_> {
    /// The type of a value that is a parameter, or built onto one.
    fn of(&self, value: ValueId, depth: u8) -> Ty {
        if depth == MAX_STEPS {
            return Ty::Unknown;
        }
        if let Some(known) = self.known.borrow().get(&value) {
            return known.clone();
        }
        let found = self.find(value, depth + 1);
        self.known.borrow_mut().insert(value, found.clone());
        found
    }

    fn find(&self, value: ValueId, depth: u8) -> Ty {
        let FunctionRef { file, function } = self.function;
        let facts = self.types.facts(file);
        match facts.value(value) {
            Value::Param(of, index) if *of == function => self.given(*index),
            Value::Call(step) => match facts.value(facts.call(*step).callee) {
                Value::Member(object, name) => match self.of(*object, depth) {
                    Ty::Unknown => Ty::Unknown,
                    receiver => {
                        let name = &facts.names[*name];
                        self.types.method_result(file, *step, &receiver, name).unwrap_or(Ty::Unknown)
                    }
                },
                _ => Ty::Unknown,
            },
            Value::Carried(before, _) => self.of(*before, depth),
            Value::Either(left, right) => match (self.of(*left, depth), self.of(*right, depth)) {
                (left, right) if left == right => left,
                _ => Ty::Unknown,
            },
            _ => Ty::Unknown,
        }
    }

    /// What the call gives for a parameter, if that is surely one value that may be built on.
    fn given(&self, param: u16) -> Ty {
        let callee = self.types.facts(self.function.file);
        let facts = self.types.facts(self.by.0);
        let call = facts.call(self.by.1);
        let declared = &callee.function(self.function.function).params[usize::from(param)];
        let name = &callee.names[declared.name];
        let named = call.args.iter().find(|arg| arg.name.is_some_and(|id| &facts.names[id] == name));
        let positional = || call.args.iter().filter(|arg| arg.name.is_none()).nth(usize::from(param));
        let has_spread = call.args.iter().any(|arg| matches!(facts.value(arg.value), Value::Spread(_)));
        let given = named.or_else(|| positional().filter(|_| !declared.is_keyword_only));
        match given.filter(|_| !has_spread && !declared.is_rest) {
            Some(arg) => match self.types.of(self.by.0, arg.value) {
                ty @ (Ty::Api(..) | Ty::Instance(..)) => ty,
                _ => Ty::Unknown,
            },
            None => Ty::Unknown,
        }
    }
}
