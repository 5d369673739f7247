//! What belongs together in one file: the calls of a function, those on a value, those that are given one, the exits of
//! a function, what is stored in a value, what stands around a place. Each is put in order when it is first asked for, so
//! that asking again costs what is found.

use std::fmt;
use std::sync::OnceLock;

use super::nested::Nested;
use super::{Call, CallId, ClassId, Exit, FileFacts, FunctionId, Stored, Value, ValueId};
use crate::source::Span;

/// What was put in order so far; says nothing that the facts do not.
#[derive(Clone, Default)]
pub(crate) struct Related {
    calls_in: Groups<FunctionId>,
    calls_on: Groups<ValueId>,
    calls_given: Groups<ValueId>,
    calls_given_result: Groups<CallId>,
    calls_from: Groups<u32>,
    call_named: Groups<Span>,
    exits_in: Groups<FunctionId>,
    stored_in: Groups<ValueId>,
    functions: Nested,
    classes: Nested,
}

impl fmt::Debug for Related {
    /// The same whatever was asked for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Related")
    }
}

impl FileFacts {
    /// The calls that stand in a function, in their order.
    pub(crate) fn calls_in(&self, function: FunctionId) -> impl Iterator<Item = (CallId, &Call)> {
        let all = || self.numbered().map(|(id, call)| (call.function, id.0)).collect();
        self.calls(self.related.calls_in.of(function, all))
    }

    /// The calls of methods of a value, in their order: `value.method(…)`.
    pub(crate) fn calls_on(&self, value: ValueId) -> impl Iterator<Item = (CallId, &Call)> {
        let on = |call: &Call| match *self.value(call.callee) {
            Value::Member(object, _) => Some(object),
            _ => None,
        };
        let all = || self.numbered().filter_map(|(id, call)| Some((on(call)?, id.0))).collect();
        self.calls(self.related.calls_on.of(value, all))
    }

    /// The calls that are given a value as it is, in their order.
    pub(crate) fn calls_given(&self, value: ValueId) -> impl Iterator<Item = (CallId, &Call)> {
        let given = |(id, call): (CallId, &Call)| call.args.iter().map(|arg| (arg.value, id.0)).collect::<Vec<_>>();
        let all = || self.numbered().flat_map(given).collect();
        self.calls(self.related.calls_given.of(value, all))
    }

    /// The calls that are given what another one gives, in their order.
    pub(crate) fn calls_given_result(&self, of: CallId) -> impl Iterator<Item = (CallId, &Call)> {
        let result = |value: ValueId| match *self.value(value) {
            Value::Call(of) => Some(of),
            _ => None,
        };
        let given = |(id, call): (CallId, &Call)| {
            call.args.iter().filter_map(|arg| Some((result(arg.value)?, id.0))).collect::<Vec<_>>()
        };
        let all = || self.numbered().flat_map(given).collect();
        self.calls(self.related.calls_given_result.of(of, all))
    }

    /// The calls that begin at a byte, in their order: the steps of a chain.
    pub(crate) fn calls_from(&self, start: u32) -> impl Iterator<Item = (CallId, &Call)> {
        let all = || self.numbered().map(|(id, call)| (call.span.start, id.0)).collect();
        self.calls(self.related.calls_from.of(start, all))
    }

    /// The call whose name stands at a place.
    pub(crate) fn call_named(&self, name: Span) -> Option<(CallId, &Call)> {
        let all = || self.numbered().map(|(id, call)| (call.name_span, id.0)).collect();
        self.calls(self.related.call_named.of(name, all)).next()
    }

    /// The exits from loops that stand in a function, in their order.
    pub(crate) fn exits_in(&self, function: FunctionId) -> impl Iterator<Item = &Exit> {
        let all = || self.exits.iter().zip(0..).map(|(exit, index)| (exit.function, index)).collect();
        self.related.exits_in.of(function, all).iter().map(|&(_, index)| &self.exits[index as usize])
    }

    /// The items of a value that are set in loops, in their order.
    pub(crate) fn stored_in(&self, object: ValueId) -> impl Iterator<Item = &Stored> {
        let all = || self.stored.iter().zip(0..).map(|(stored, index)| (stored.object, index)).collect();
        self.related.stored_in.of(object, all).iter().map(|&(_, index)| &self.stored[index as usize])
    }

    /// The innermost function around a byte; none in what stands in the file itself.
    pub(crate) fn function_around(&self, at: u32) -> Option<FunctionId> {
        let spans = self.functions.iter().skip(1).map(|function| function.span);
        self.related.functions.around(at, spans).map(|index| FunctionId(index + 1))
    }

    /// The innermost class around a byte.
    pub(crate) fn class_around(&self, at: u32) -> Option<ClassId> {
        self.related.classes.around(at, self.classes.iter().map(|class| class.span)).map(ClassId)
    }

    /// All calls.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (CallId, &Call)> {
        (0..).map(CallId).zip(&self.calls)
    }

    fn calls<K: Copy>(&self, found: &[(K, u32)]) -> impl Iterator<Item = (CallId, &Call)> {
        found.iter().map(|&(_, id)| (CallId(id), self.call(CallId(id))))
    }
}

/// What has each key: pairs in order.
#[derive(Clone)]
struct Groups<K>(OnceLock<Box<[(K, u32)]>>);

impl<K> Default for Groups<K> {
    fn default() -> Self {
        Groups(OnceLock::new())
    }
}

impl<K: Copy + Ord> Groups<K> {
    /// The pairs with this key.
    fn of(&self, key: K, all: impl FnOnce() -> Vec<(K, u32)>) -> &[(K, u32)] {
        let pairs = self.0.get_or_init(|| {
            let mut pairs = all();
            pairs.sort_unstable();
            pairs.dedup();
            pairs.into_boxed_slice()
        });
        let from = pairs.partition_point(|&(own, _)| own < key);
        let count = pairs[from..].iter().take_while(|&&(own, _)| own == key).count();
        &pairs[from..from + count]
    }
}
