//! Pauses that code makes on purpose, and what waits for ever: nobody is in a hurry there.

use rustc_hash::FxHashSet;

use super::FileId;
use super::flow::Flow;
use super::types::{Ty, Types};
use crate::facts::*;

/// The loops of a file whose runs wait for some time.
pub(super) fn in_loops(types: &Types<'_>, file: FileId) -> FxHashSet<LoopId> {
    let facts = types.facts(file);
    let mut waiting = FxHashSet::default();
    for call in facts.calls.iter().filter(|call| call.in_loop.is_some()) {
        if !is_pause(types, file, call) {
            continue;
        }
        let mut at = call.in_loop;
        while let Some(id) = at.filter(|id| waiting.insert(*id)) {
            at = facts.loop_(id).parent;
        }
    }
    waiting
}

/// Whether a call waits for some time: `sleep(1)`, `new Promise((done) => setTimeout(done, 1000))`, or a function of the
/// project that does.
fn is_pause(types: &Types<'_>, file: FileId, call: &Call) -> bool {
    let facts = types.facts(file);
    let Some(name) = Flow::new(facts).called_name(call) else { return false };
    if waits(name) || sets_timer(facts, call) {
        return true;
    }
    let lower = name.to_ascii_lowercase();
    if !call.awaited || !["pause", "throttle", "timeout", "wait"].iter().any(|word| lower.contains(word)) {
        return false;
    }
    let Ty::Function(target) = types.of(file, call.callee) else { return false };
    let facts = types.facts(target.file);
    facts.calls.iter().any(|call| {
        call.function == target.function
            && (call.awaited || call.result == ResultUse::Returned)
            && sets_timer(facts, call)
    })
}

/// `new Promise((done) => setTimeout(done, 1000))`
fn sets_timer(facts: &FileFacts, call: &Call) -> bool {
    let is_promise = call.is_new && Flow::new(facts).called_name(call) == Some("Promise");
    let Some(Arg { value, .. }) = call.args.first().filter(|_| is_promise) else { return false };
    let Value::Function(executor) = *facts.value(*value) else { return false };
    let resolve = Value::Param(executor, 0);
    facts.calls.iter().any(|call| {
        let ends = |arg: &Arg| *facts.value(arg.value) == resolve;
        call.function == executor
            && Flow::new(facts).called_name(call) == Some("setTimeout")
            && call.args.first().is_some_and(ends)
    })
}

/// Whether what is called so waits.
fn waits(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(lower.as_str(), "delay" | "backoff" | "settimeout" | "wait_for") || lower.ends_with("sleep")
}

/// Whether a generator waits for ever for what comes next: `while True: yield await queue.get()`. What runs over it is a
/// worker.
pub(super) fn never_ends(facts: &FileFacts, generator: FunctionId) -> bool {
    let flow = Flow::new(facts);
    let is_left = |id: LoopId| {
        facts.exits_in(generator).any(|exit| match exit.kind {
            ExitKind::Break => exit.in_loop == id,
            ExitKind::Return | ExitKind::Raise => flow.inside(Some(exit.in_loop), id),
            ExitKind::Continue => false,
        })
    };
    let waits_in = |id: LoopId| {
        facts.calls_in(generator).filter(|(_, call)| flow.inside(call.in_loop, id)).any(|(_, call)| {
            let name = flow.called_name(call).unwrap_or("");
            waits(name) || (matches!(name, "get" | "receive" | "recv") && call.args.is_empty())
        })
    };
    (0..).map(LoopId).zip(&facts.loops).any(|(id, found)| {
        found.function == generator
            && found.parent.is_none()
            && found.kind == LoopKind::While
            && is_always(facts, found.condition)
            && !is_left(id)
            && waits_in(id)
    })
}

/// Whether a condition holds as long as the program runs: `True`, `settings.is_running`.
fn is_always(facts: &FileFacts, condition: ValueId) -> bool {
    match facts.value(condition) {
        Value::Bool(always) => *always,
        Value::Int(number) => *number != 0,
        Value::Member(object, _) => matches!(facts.value(*object), Value::Import(_)),
        _ => false,
    }
}
