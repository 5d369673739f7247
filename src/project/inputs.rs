//! What decides which rows a query is about.

use super::FileId;
use super::types::{Ty, Types};
use crate::apis::{Effect, TypeId};
use crate::facts::*;

/// Methods that tell a connection, a session or a client from rows and queries.
const CONNECTION_METHODS: [&str; 7] =
    ["execute", "executemany", "query", "cursor", "$queryRaw", "transaction", "getRepository"];

/// The inputs of a call that reaches a database.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    /// The arguments of the whole chain, those of builders taken apart. What a connection is made of is not
    /// among them.
    pub(super) args: Vec<ValueId>,
    /// What the chain starts from, unless that is a connection, a class or a module: a row, a set of rows.
    pub(super) root: Option<ValueId>,
    /// The connection that the chain starts from, if it is one.
    pub(super) via: Option<ValueId>,
}

/// Finds the inputs of calls of one file.
pub(super) struct InputFinder<'t, 'p> {
    types: &'t Types<'p>,
    file: FileId,
    facts: &'p FileFacts,
}

impl<'t, 'p> InputFinder<'t, 'p> {
    /// For this file.
    pub(super) fn new(types: &'t Types<'p>, file: FileId) -> Self {
        InputFinder { types, file, facts: &types.project().file(file).facts }
    }

    /// The inputs of a call.
    pub(super) fn of(&self, call: CallId) -> Inputs {
        let mut inputs = Inputs::default();
        inputs.root = self.chain(call, &mut inputs.args, &mut inputs.via, 0);
        inputs
    }

    /// Adds the arguments of a chain that ends in `id`; gives what it starts from.
    fn chain(&self, id: CallId, args: &mut Vec<ValueId>, via: &mut Option<ValueId>, depth: u8) -> Option<ValueId> {
        self.arguments(id, args, via, depth);
        let Value::Member(object, _) = self.facts.value(self.facts.call(id).callee) else {
            return self.inner_builder(id);
        };
        let mut at = *object;
        for _ in 0..200 {
            let builds = matches!(self.facts.value(at), Value::Call(call) if self.is_builder(*call));
            if !builds && self.is_connection(at) {
                via.get_or_insert(at);
                return None;
            }
            at = match self.facts.value(at) {
                Value::Member(object, _) | Value::Slice(object, ..) => *object,
                Value::Item(object, key) => {
                    if !self.is_connection(*object) {
                        args.push(*key);
                    }
                    *object
                }
                Value::Call(call) => match self.facts.value(self.facts.call(*call).callee) {
                    Value::Member(object, _) => {
                        self.arguments(*call, args, via, depth);
                        *object
                    }
                    // `knex("users").where(…)`: a builder that a connection makes when it is called.
                    _ if self.is_builder(*call) => {
                        self.arguments(*call, args, via, depth);
                        return self.inner_builder(*call);
                    }
                    _ => return Some(at),
                },
                _ => return Some(at),
            };
        }
        Some(at)
    }

    /// A function in this one that is called to build the query, from what it sees around it.
    fn inner_builder(&self, id: CallId) -> Option<ValueId> {
        let callee = self.facts.call(id).callee;
        matches!(self.facts.value(callee), Value::Function(_) | Value::Item(..)).then_some(callee)
    }

    fn arguments(&self, id: CallId, args: &mut Vec<ValueId>, via: &mut Option<ValueId>, depth: u8) {
        for arg in &self.facts.call(id).args {
            match *self.facts.value(arg.value) {
                // A list that is handed over whole (`id__in=ids`): what differs is a group of rows.
                Value::Element(..) | Value::Part(..)
                    if arg.name.is_some_and(|name| self.facts.names[name].ends_with("__in")) => {}
                Value::Call(call) if depth < 6 && self.is_builder(call) => {
                    let root = self.chain(call, args, via, depth + 1);
                    args.extend(root);
                }
                _ => args.push(arg.value),
            }
        }
    }

    /// Whether a call builds a query, or a part of one, from its arguments alone.
    fn is_builder(&self, call: CallId) -> bool {
        if let Some(api) = self.types.api_call(self.file, call) {
            return api.effect == Effect::Build;
        }
        match self.types.of_call(self.file, call) {
            Ty::Api(ty, _) => {
                let found = self.types.project().catalog.type_(ty);
                found.chain || found.runs_on.is_lazy()
            }
            _ => false,
        }
    }

    /// Whether a value is a way to the database rather than rows of it: what is asked through it does not
    /// depend on which one it is.
    pub(super) fn is_connection(&self, value: ValueId) -> bool {
        let connects = |ty| self.types.is_connection_type(ty);
        match self.types.of(self.file, value) {
            Ty::Api(ty, _) => connects(ty),
            Ty::Instance(class, _) => self.types.api_base(class).is_some_and(connects),
            Ty::Class(_) | Ty::Path(_) | Ty::Module(_) => true,
            _ => false,
        }
    }
}

impl Types<'_> {
    /// Whether a catalogued type is a connection, a session or a client, and no row or query.
    pub(super) fn is_connection_type(&self, ty: TypeId) -> bool {
        CONNECTION_METHODS.iter().any(|name| self.project().catalog.method(ty, name).is_some())
    }
}
