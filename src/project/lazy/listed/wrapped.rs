//! Resolvers that are handed to a function which gives another one that runs them: `authenticated((author) => …)`,
//! `hasRole("admin")(resolver)`, `combineResolvers(isAuthenticated, resolver)`.

use crate::facts::*;
use crate::project::flow::Flow;
use crate::project::types::{Ty, Types};
use crate::project::{FileId, FunctionRef};

/// How many wrappers are looked through.
const MAX_DEPTH: u8 = 6;

/// The function that resolves a field, behind the wrappers around it.
pub(super) fn resolver(types: &Types<'_>, file: FileId, value: ValueId) -> Option<FunctionRef> {
    within(types, file, value, 0)
}

fn within(types: &Types<'_>, file: FileId, value: ValueId, depth: u8) -> Option<FunctionRef> {
    let facts = types.facts(file);
    match *facts.value(value) {
        Value::Call(id) if depth < MAX_DEPTH => {
            if let Some(given) = wrapped(types, file, id) {
                return within(types, file, given, depth + 1);
            }
        }
        Value::Import(_) if depth < MAX_DEPTH => {
            if let Some((file, value)) = types.definition(file, value)
                && matches!(types.facts(file).value(value), Value::Call(_))
            {
                return within(types, file, value, depth + 1);
            }
        }
        _ => {}
    }
    match types.of(file, value) {
        Ty::Function(function) => Some(function),
        _ => None,
    }
}

/// What a call is given that what it gives runs.
fn wrapped(types: &Types<'_>, file: FileId, id: CallId) -> Option<ValueId> {
    let facts = types.facts(file);
    let call = facts.call(id);
    if combines(facts, call) {
        return call.args.last().map(|arg| arg.value);
    }
    let wrapper = types.target(file, id).or_else(|| match *facts.value(call.callee) {
        // `hasRole("admin")(resolver)`
        Value::Call(made) => {
            let made = types.target(file, made)?;
            types.facts(made.file).function(made.function).returns.iter().find_map(|&value| {
                match *types.facts(made.file).value(value) {
                    Value::Function(function) => Some(FunctionRef { file: made.file, function }),
                    _ => None,
                }
            })
        }
        _ => None,
    })?;
    let at = run_by_result(types.facts(wrapper.file), wrapper.function)?;
    call.args.get(usize::from(at)).map(|arg| arg.value)
}

/// `combineResolvers(isAuthenticated, resolver)`: the last one is run with what all are given, if none before it says
/// otherwise.
fn combines(facts: &FileFacts, call: &Call) -> bool {
    let import = match *facts.value(call.callee) {
        Value::Import(import) => import,
        Value::Member(module, _) => match *facts.value(module) {
            Value::Import(import) => import,
            _ => return false,
        },
        _ => return false,
    };
    Flow::new(facts).called_name(call) == Some("combineResolvers")
        && &facts.names[facts.imports[import.index()].module] == "graphql-resolvers"
}

/// The parameter of a wrapper that is run by what it gives, with the object that this is given:
/// `(next) => (root, args, context) => next(root, args, context)`.
fn run_by_result(facts: &FileFacts, wrapper: FunctionId) -> Option<u16> {
    let given_back = |function: FunctionId| {
        facts.function(wrapper).returns.iter().any(|&value| *facts.value(value) == Value::Function(function))
    };
    facts.calls.iter().find_map(|call| {
        let Value::Param(owner, at) = *facts.value(call.callee) else { return None };
        // The function that is given back, from within which the parameter is run.
        let mut inner = call.function;
        while owner == wrapper && facts.function(inner).parent.is_some_and(|parent| parent != wrapper) {
            inner = facts.function(inner).parent?;
        }
        let is_root = |value: ValueId| *facts.value(value) == Value::Param(inner, 0);
        let first = call.args.first()?.value;
        let hands_on = match *facts.value(first) {
            Value::Spread(all) => is_root(all),
            _ => is_root(first),
        };
        (owner == wrapper && inner != wrapper && hands_on && given_back(inner)).then_some(at)
    })
}
