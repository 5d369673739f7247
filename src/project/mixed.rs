//! What a loop puts into something that was begun before: a query builder that is gone on with, a list that is filled,
//! an object that is given another entry. Values never change, so a query that is made of such a thing looks the same
//! in each run, and may not be.

use rustc_hash::{FxHashMap, FxHashSet};

use super::flow::{Dependence, Flow, for_each_part};
use crate::facts::*;

/// Answers for one file.
pub(super) struct Mixed<'f> {
    facts: &'f FileFacts,
    flow: Flow<'f>,
    /// Whether the file is one of JavaScript's, where builders are not made anew by each call.
    is_ecma: bool,
    /// The calls in loops that are statements, by what they are called on and what they are given.
    statements: FxHashMap<ValueId, Vec<CallId>>,
    /// The same by the call whose result that is.
    onward: FxHashMap<CallId, Vec<CallId>>,
    /// The loops in which something is given another attribute or item.
    stored: FxHashMap<ValueId, Vec<LoopId>>,
    /// The calls in loops that `with` statements enter, and those that set what the whole program goes by.
    entered: Vec<CallId>,
}

/// What a query is made of.
#[derive(Default)]
struct Material {
    /// All that it is given, and what that is made of.
    given: FxHashSet<ValueId>,
    /// The call that makes it, and those that it goes on with.
    chain: FxHashSet<CallId>,
}

impl<'f> Mixed<'f> {
    /// Looks at all statements in loops.
    pub(super) fn new(facts: &'f FileFacts, is_ecma: bool) -> Self {
        let (statements, onward) = (FxHashMap::default(), FxHashMap::default());
        let (stored, entered) = (FxHashMap::default(), Vec::new());
        let mut mixed = Mixed { facts, flow: Flow::new(facts), is_ecma, statements, onward, stored, entered };
        for (id, call) in facts.numbered() {
            match call.result {
                ResultUse::Discarded if mixed.loop_of(call).is_some() => {
                    if sets_state(facts, call) {
                        mixed.entered.push(id);
                    }
                    if !call.awaited {
                        mixed.add(id, call);
                    }
                }
                ResultUse::Entered => mixed.entered.push(id),
                _ => {}
            }
        }
        for stored in &facts.stored {
            // What an object keeps in one attribute is not what it is.
            let is_object = |value: &ValueId| matches!(facts.value(*value), Value::This(_));
            for object in prefixes(facts, stored.object).take_while(|value| !is_object(value)) {
                mixed.stored.entry(object).or_default().push(stored.in_loop);
            }
        }
        mixed
    }

    /// Notes a statement.
    fn add(&mut self, id: CallId, call: &Call) {
        let facts = self.facts;
        let values = call.args.iter().map(|arg| arg.value).chain(receiver(facts, call));
        for value in values.flat_map(|value| prefixes(facts, value)) {
            self.statements.entry(value).or_default().push(id);
            if let Value::Call(of) = *facts.value(value) {
                self.onward.entry(of).or_default().push(id);
            }
        }
        for on in chain(facts, call) {
            self.onward.entry(on).or_default().push(id);
        }
    }

    /// The loop that a call runs in, be it by the callback around it.
    fn loop_of(&self, call: &Call) -> Option<LoopId> {
        call.in_loop.or_else(|| {
            let (outer, _) = self.facts.function(call.function).passed_to?;
            self.facts.call(outer).in_loop
        })
    }

    /// Whether a run of the loop `of` may ask something else by `query` than another, though `values` are the same.
    pub(super) fn changes(&self, query: CallId, values: &[ValueId], of: LoopId) -> bool {
        let facts = self.facts;
        let material = self.material(query, values, of);
        let is_inside = |id: &CallId| !material.chain.contains(id) && self.flow.call_inside(facts.call(*id), of);
        let at = facts.call(query).span.start;
        let is_entered = |id: &CallId| {
            let call = facts.call(*id);
            // `with tenant(order.tenant):`
            call.span.start < at && is_inside(id) && self.is_of_loop(call, of)
        };
        // What a query gives is a builder still where it is kept, and asked later.
        let is_builder = |id: &CallId| *id != query || (self.is_ecma && is_kept(facts.call(*id)));
        let goes_on = |id: &CallId| is_builder(id) && self.onward.get(id).into_iter().flatten().any(is_inside);
        let changes = |&value: &ValueId| {
            self.stored.get(&value).into_iter().flatten().any(|&at| self.flow.inside(Some(at), of))
                || is_container(facts, &self.flow, value)
                    && self.statements.get(&value).into_iter().flatten().any(is_inside)
                || self.is_callback_of_loop(value, of)
        };
        material.chain.iter().any(goes_on) || material.given.iter().any(changes) || self.entered.iter().any(is_entered)
    }

    /// What statements beside it give the builder of a query in the run that makes it: `q.where("id", id)`. What that is
    /// called on must be known to be one.
    pub(super) fn added_to_builder(&self, query: CallId, is_builder: impl Fn(ValueId) -> bool) -> Vec<ValueId> {
        let facts = self.facts;
        let call = facts.call(query);
        if self.onward.is_empty() || call.in_loop.is_none() {
            return Vec::new();
        }
        let chain: FxHashSet<CallId> = std::iter::once(query).chain(chain(facts, call)).collect();
        // Who is begun before the loop keeps what the run before gave it.
        let is_of_run = |id: &CallId| facts.call(*id).in_loop == call.in_loop;
        if !chain.iter().all(is_of_run) {
            return Vec::new();
        }
        let is_along = |id: &&CallId| {
            let other = facts.call(**id);
            (other.in_loop, other.guard, other.function) == (call.in_loop, call.guard, call.function)
                && self::chain(facts, other).any(|id| chain.contains(&id))
                && receiver(facts, other).is_some_and(&is_builder)
        };
        let onward = chain.iter().filter_map(|id| self.onward.get(id)).flatten();
        let statements: FxHashSet<CallId> = onward.filter(is_along).copied().collect();
        let along = statements.iter().flat_map(|&id| {
            let own = std::iter::once(id).chain(self::chain(facts, facts.call(id)));
            own.take_while(|id| !chain.contains(id))
        });
        let mut given: Vec<ValueId> = along.flat_map(|id| &facts.call(id).args).map(|arg| arg.value).collect();
        given.sort_unstable();
        given.dedup();
        given
    }

    /// What a query is made of: what it is called on, and what it is given.
    fn material(&self, query: CallId, values: &[ValueId], of: LoopId) -> Material {
        let facts = self.facts;
        let call = facts.call(query);
        let mut material = Material::default();
        material.chain.extend(std::iter::once(query).chain(chain(facts, call)));
        let mut open: Vec<ValueId> = values.to_vec();
        open.extend(call.args.iter().map(|arg| arg.value));
        while let Some(value) = open.pop() {
            if material.given.len() > 4_000 || !material.given.insert(value) {
                continue;
            }
            match *facts.value(value) {
                Value::Call(id) => {
                    let call = facts.call(id);
                    if self.flow.call_inside(call, of) {
                        open.extend(call.args.iter().map(|arg| arg.value));
                    }
                }
                // What else an object is given does not matter.
                Value::Member(object, _) if !matches!(facts.value(object), Value::Mapping(_)) => {}
                _ => for_each_part(facts, value, &mut |part| open.push(part)),
            }
        }
        material
    }

    fn is_of_loop(&self, call: &Call, of: LoopId) -> bool {
        call.args.iter().any(|arg| self.flow.dependence(arg.value, of) > Dependence::Invariant)
    }

    /// Whether a value is a function that a query is given and that asks for something of the loop's.
    fn is_callback_of_loop(&self, value: ValueId, of: LoopId) -> bool {
        let Value::Function(function) = *self.facts.value(value) else { return false };
        self.facts.calls_in(function).any(|(_, call)| self.is_of_loop(call, of))
    }
}

/// Whether the result of a call is kept as it is.
fn is_kept(call: &Call) -> bool {
    call.result == ResultUse::Bound && !call.awaited
}

/// Whether a call sets what is asked from then on, for the whole program: `connection.set_tenant(country)`,
/// `activate(language)`.
fn sets_state(facts: &FileFacts, call: &Call) -> bool {
    const WORDS: [&str; 5] = ["activate", "select", "set", "switch", "use"];
    let is_shared = |value: ValueId| matches!(facts.value(value), Value::Import(_) | Value::Global(_));
    let names = facts.own_name(call.callee).map(|name| name.strip_prefix('_').unwrap_or(name));
    let is_named = names.is_some_and(|name| {
        let rest = WORDS.iter().find_map(|word| name.strip_prefix(word));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c == '_' || c.is_uppercase()))
    });
    is_named && (is_shared(call.callee) || receiver(facts, call).is_some_and(is_shared))
}

/// What a call is called on.
fn receiver(facts: &FileFacts, call: &Call) -> Option<ValueId> {
    match *facts.value(call.callee) {
        Value::Member(object, _) => Some(object),
        _ => None,
    }
}

/// Whether what stands beside a query may make another of it: a slice with a bound that is not written there, a step that
/// goes on with its builder.
pub(super) fn is_gone_on_with(facts: &FileFacts, query: CallId) -> bool {
    let call = facts.call(query);
    let made: FxHashSet<CallId> = std::iter::once(query).chain(chain(facts, call)).collect();
    let is_made = |value: ValueId| matches!(*facts.value(value), Value::Call(of) if made.contains(&of));
    let is_written = |bound: ValueId| matches!(facts.value(bound), Value::Int(_) | Value::Null | Value::Unknown);
    let is_cut = |value: &Value| match *value {
        Value::Slice(whole, low, high) => is_made(whole) && !(is_written(low) && is_written(high)),
        Value::Item(whole, at) => is_made(whole) && !is_written(at),
        _ => false,
    };
    let is_step = |call: &Call| {
        call.result == ResultUse::Discarded && !call.awaited && receiver(facts, call).is_some_and(is_made)
    };
    facts.values.iter().any(is_cut) || facts.calls_in(call.function).any(|(_, call)| is_step(call))
}

/// The calls on whose results a call is made, nearest first.
fn chain<'f>(facts: &'f FileFacts, call: &Call) -> impl Iterator<Item = CallId> + use<'f> {
    let on = |call: &Call| match *facts.value(receiver(facts, call)?) {
        Value::Call(id) => Some(id),
        _ => None,
    };
    std::iter::successors(on(call), move |&id| on(facts.call(id)))
}

/// A value, and what it is an attribute or item of.
fn prefixes(facts: &FileFacts, value: ValueId) -> impl Iterator<Item = ValueId> {
    std::iter::successors(Some(value), |&value| match *facts.value(value) {
        Value::Member(object, _) | Value::Item(object, _) | Value::Spread(object) => Some(object),
        _ => None,
    })
}

/// Whether a value is a list or object that is filled: a literal, or what a class was called for.
fn is_container(facts: &FileFacts, flow: &Flow<'_>, value: ValueId) -> bool {
    match *facts.value(value) {
        Value::Mapping(_) | Value::Sequence(_) | Value::Collected(..) => true,
        Value::Call(id) => {
            let call = facts.call(id);
            let name = flow.called_name(call).unwrap_or("");
            call.is_new || name.starts_with(char::is_uppercase) || matches!(name, "dict" | "list" | "set")
        }
        _ => false,
    }
}
