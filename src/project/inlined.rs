//! Inline callbacks that are run at once: they belong to the function around them.

use rustc_hash::FxHashSet;

use super::FileId;
use super::caches;
use super::flow::Flow;
use super::pauses;
use super::types::{Ty, Types};
use crate::facts::*;

/// How many steps lead from what a callback is given to the list at most.
const MAX_DEPTH: u8 = 12;

/// When an inline callback runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runs {
    /// It is no such callback, or it is not known when it runs.
    Apart,
    /// Once, at once.
    Once,
    /// Once for each element of what its call is given first, in [`Function::may_run_in`].
    PerElement,
}

/// What of the functions of a file is run at once, and what is not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Inlined {
    /// For each function.
    pub(super) runs: Vec<Runs>,
    /// The functions that are run when a cache has no answer.
    pub(super) loaders: FxHashSet<FunctionId>,
}

impl Inlined {
    /// Looks at all functions of a file.
    pub(super) fn of(types: &Types<'_>, file: FileId) -> Inlined {
        let loaders = caches::loaders(types, file);
        let functions = &types.project().file(file).facts.functions;
        let functions = (0..).map(FunctionId).zip(functions);
        let runs = functions.map(|(id, own)| match own.passed_to {
            Some((call, index)) if own.runs_in.is_none() && !loaders.contains(&id) => {
                if runs_per_element(types, file, own, call, index) {
                    Runs::PerElement
                } else if runs_at_once(types, file, own, call, index) {
                    Runs::Once
                } else {
                    Runs::Apart
                }
            }
            _ => Runs::Apart,
        });
        Inlined { runs: runs.collect(), loaders }
    }
}

/// Whether what a callback returns is waited for by what runs it: `limit(() => db.find(id))`.
pub(super) fn hands_over(types: &Types<'_>, file: FileId, function: FunctionId) -> bool {
    let facts = &types.project().file(file).facts;
    let own = facts.function(function);
    let asks = || own.returns.iter().any(|&value| matches!(facts.value(value), Value::Call(_)));
    match own.passed_to {
        Some((call, index)) if own.runs_in.is_none() && asks() => {
            runs_per_element(types, file, own, call, index) || runs_at_once(types, file, own, call, index)
        }
        _ => false,
    }
}

fn runs_at_once(types: &Types<'_>, file: FileId, own: &Function, id: CallId, index: u16) -> bool {
    let facts = &types.project().file(file).facts;
    if let Some(api) = types.api_call(file, id) {
        return types.callback(file, id, api) == Some(index);
    }
    let call = facts.call(id);
    let name = Flow::new(facts).called_name(call).unwrap_or("");
    if matches!(name, "then" | "catch" | "finally" | "tap") || (name == "Promise" && call.is_new) {
        return true;
    }
    if is_limiter(facts, call.callee) {
        return true;
    }
    if is_registration(name) || caches::is_loader(facts, call, name) {
        return false;
    }
    // `await withTransaction(async tx => …)`: waited for, so it runs now; `await retry(() => db.find(id))`. Of two
    // functions, one is for when the other has failed.
    let asks = || own.returns.iter().any(|&value| matches!(facts.value(value), Value::Call(_)));
    let is_alone = || call.args.iter().filter(|arg| matches!(facts.value(arg.value), Value::Function(_))).count() == 1;
    let hands_back = own.traits.is_async || own.params.is_empty() && asks() && is_alone();
    (call.awaited || call.result == ResultUse::Returned) && hands_back
}

/// Whether what is called runs each function that it is given once, when there is room: `pLimit(5)`, `new PQueue().add`.
fn is_limiter(facts: &FileFacts, callee: ValueId) -> bool {
    let made_by = |value: ValueId| {
        let Value::Call(made) = *facts.value(value) else { return None };
        let Value::Import(import) = *facts.value(facts.call(made).callee) else { return None };
        Some(&facts.names[facts.imports[import.index()].module])
    };
    match *facts.value(callee) {
        Value::Member(object, name) => match made_by(object) {
            Some("p-queue") => matches!(&facts.names[name], "add"),
            Some("bottleneck") => matches!(&facts.names[name], "schedule"),
            _ => false,
        },
        _ => matches!(made_by(callee), Some("p-limit" | "throat")),
    }
}

/// Whether the function of the project that is called runs what it is given at `callback` once for each element of its
/// first argument: `for (const x of xs) await callback(x)`.
fn runs_per_element(types: &Types<'_>, file: FileId, own: &Function, id: CallId, callback: u16) -> bool {
    if own.may_run_in.is_none() {
        return false;
    }
    let Ty::Function(target) = types.of(file, types.facts(file).call(id).callee) else { return false };
    let facts = types.facts(target.file);
    let is_callback = |call: &&Call| *facts.value(call.callee) == Value::Param(target.function, callback);
    let list = Value::Param(target.function, 0);
    let gives_element = |call: &&Call| call.args.first().is_some_and(|arg| is_element(facts, arg.value, &list, 0));
    let Some(call) = facts.calls.iter().filter(is_callback).find(gives_element) else { return false };
    // What is done for one element now and for the next one later is paced on purpose.
    let waiting = pauses::in_loops(types, target.file);
    !std::iter::successors(call.in_loop, |&id| facts.loop_(id).parent).any(|id| waiting.contains(&id))
}

/// Whether a value is one of the elements of `list`, and no batch of them.
fn is_element(facts: &FileFacts, value: ValueId, list: &Value, depth: u8) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    match *facts.value(value) {
        Value::Element(of, _) => {
            is_list(facts, of, list, depth + 1) || is_batch_of(facts, of, |of| is_list(facts, of, list, depth + 1))
        }
        Value::Item(of, at) => matches!(facts.value(at), Value::Carried(..)) && is_list(facts, of, list, depth + 1),
        Value::Call(call) => {
            let call = facts.call(call);
            let Value::Member(of, name) = *facts.value(call.callee) else { return false };
            matches!(&facts.names[name], "pop" | "shift") && is_list(facts, of, list, depth + 1)
        }
        Value::Either(left, right) => [left, right].iter().any(|&part| is_element(facts, part, list, depth + 1)),
        _ => false,
    }
}

/// Whether a value is `list`, some of it, or the same in another order.
fn is_list(facts: &FileFacts, value: ValueId, list: &Value, depth: u8) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    match *facts.value(value) {
        Value::Carried(of, _) | Value::Slice(of, ..) | Value::Spread(of) => is_list(facts, of, list, depth + 1),
        Value::Sequence(ref parts) => matches!(parts[..], [part] if is_list(facts, part, list, depth + 1)),
        Value::Call(call) => {
            let call = facts.call(call);
            let first = || call.args.first().is_some_and(|arg| is_list(facts, arg.value, list, depth + 1));
            match *facts.value(call.callee) {
                Value::Member(of, name) => match &facts.names[name] {
                    "filter" | "reverse" | "slice" | "sort" | "splice" => is_list(facts, of, list, depth + 1),
                    "from" => first(),
                    _ => false,
                },
                _ => false,
            }
        }
        ref other => other == list,
    }
}

/// Whether a value is one of the batches that a list is cut into: `for (const batch of chunk(list, 100))`.
fn is_batch_of(facts: &FileFacts, value: ValueId, is_list: impl Fn(ValueId) -> bool) -> bool {
    let Value::Element(cut, _) = *facts.value(value) else { return false };
    let Value::Call(call) = *facts.value(cut) else { return false };
    let call = facts.call(call);
    let name = Flow::new(facts).called_name(call).unwrap_or("").to_ascii_lowercase();
    ["batch", "chunk", "partition", "split"].iter().any(|word| name.contains(word))
        && call.args.first().is_some_and(|arg| is_list(arg.value))
}

fn is_registration(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        "settimeout",
        "setinterval",
        "schedule",
        "subscribe",
        "register",
        "describe",
        "addeventlistener",
        "listen",
        "process",
    ]
    .iter()
    .any(|word| lower.contains(word))
        || matches!(
            name,
            "on" | "once" | "use" | "it" | "test" | "get" | "post" | "put" | "delete" | "patch" | "all" | "define"
        )
}
