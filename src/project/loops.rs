//! What kind of loop a loop is, seen from a query inside it.

use std::cell::OnceCell;

use rustc_hash::FxHashSet;

use super::FileId;
use super::bounds::Bounds;
use super::caches::{Caches, is_clock};
use super::flow::{Dependence, Flow, for_each_part};
use super::pauses;
use super::types::Types;
use crate::facts::*;
use crate::source::Span;

/// Libraries that hand over messages as they come.
const MESSENGERS: [&str; 8] = ["aio_pika", "aiokafka", "amqplib", "kafkajs", "mqtt", "nats", "zeromq", "zmq"];

/// What a loop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum LoopShape {
    /// Runs once per element of something that grows.
    Rows,
    /// Runs over a handful of constants, more than two.
    Few,
    /// Chunks, retries, polls, takes work from a queue, or runs over next to nothing.
    Silent,
}

/// Looks at the loops of one file.
pub(super) struct Loops<'t, 'p> {
    file: FileId,
    facts: &'p FileFacts,
    flow: Flow<'p>,
    /// Loops with a `sleep` in the body: polling, backing off, or throttled on purpose.
    waiting: FxHashSet<LoopId>,
    /// Calls of `map` of whose promises each has a name of its own, found when first asked for.
    named: OnceCell<FxHashSet<CallId>>,
    /// The comprehensions of which only the first element is asked for.
    firsts: OnceCell<FxHashSet<LoopId>>,
    caches: Caches<'p>,
    bounds: Bounds<'t, 'p>,
}

impl<'t, 'p> Loops<'t, 'p> {
    /// For this file.
    pub(super) fn new(types: &'t Types<'p>, file: FileId) -> Self {
        let facts: &'p FileFacts = &types.project().file(file).facts;
        let flow = Flow::new(facts);
        let waiting = pauses::in_loops(types, file);
        let caches = Caches::new(types.project(), file);
        Loops {
            file,
            facts,
            flow,
            waiting,
            named: OnceCell::new(),
            firsts: OnceCell::new(),
            caches,
            bounds: Bounds::new(types),
        }
    }

    /// The file whose loops these are.
    pub(super) fn file(&self) -> FileId {
        self.file
    }

    /// What a loop over a value of any file is.
    pub(super) fn length(&self, file: FileId, iterable: ValueId) -> LoopShape {
        self.bounds.of(file, iterable)
    }

    /// What `id` is.
    pub(super) fn shape(&self, id: LoopId) -> LoopShape {
        let found = self.facts.loop_(id);
        if self.waiting.contains(&id) || self.is_chunked(found) {
            return LoopShape::Silent;
        }
        if found.kind == LoopKind::Comprehension && self.gives_first(id) {
            return LoopShape::Silent;
        }
        if let LoopKind::Callback(call) = found.kind
            && self.named.get_or_init(|| self.find_named()).contains(&call)
        {
            return LoopShape::Silent;
        }
        match found.kind {
            // `for (let i = 0; i < ids.length; i += 500)` makes chunks.
            LoopKind::Counting if found.iterable != UNKNOWN => LoopShape::Silent,
            LoopKind::Counting => match self.facts.value(found.condition) {
                Value::Operation(Operation::Order, _, bound) => self.bounds.counted_to(self.file, *bound),
                _ => LoopShape::Rows,
            },
            LoopKind::While => LoopShape::Rows,
            _ if self.counts_on(found.iterable) || self.takes_messages(found.iterable) => LoopShape::Silent,
            _ => self.bounds.of(self.file, found.iterable),
        }
    }

    /// Whether only the first element that a generator makes is asked for: `next((row.name for row in rows), None)`.
    fn gives_first(&self, id: LoopId) -> bool {
        let firsts = || {
            let asks = |call: &&Call| matches!(*self.facts.value(call.callee), Value::Global(name) if &self.facts.names[name] == "next");
            let made = self.facts.calls.iter().filter(asks).filter_map(|call| call.args.first());
            let made = made.filter_map(|arg| match *self.facts.value(arg.value) {
                Value::Collected(_, made) => Some(made),
                _ => None,
            });
            made.collect()
        };
        self.firsts.get_or_init(firsts).contains(&id)
    }

    /// `const [draft, live] = await Promise.all(versions.map(load))`: there are as many as there are names.
    fn find_named(&self) -> FxHashSet<CallId> {
        let parts = self.facts.values.iter().filter_map(|value| match value {
            Value::Part(of, 1) => match self.facts.value(*of) {
                Value::Call(call) => Some(self.facts.call(*call)),
                _ => None,
            },
            _ => None,
        });
        let gathered = parts.filter(|call| matches!(self.flow.called_name(call), Some("all" | "allSettled")));
        let maps = gathered.filter_map(|call| match self.facts.value(call.args.first()?.value) {
            Value::Call(map) => Some(*map),
            _ => None,
        });
        maps.collect()
    }

    /// Whether each run is about a batch: what is asked in it directly is asked once per batch.
    pub(super) fn makes_batches(&self, id: LoopId) -> bool {
        let found = self.facts.loop_(id);
        match found.kind {
            LoopKind::Counting => found.iterable != UNKNOWN,
            _ => self.is_chunked(found),
        }
    }

    /// Whether an iterable never ends by itself: `itertools.count()`. Such a loop waits for something else to end it.
    fn counts_on(&self, iterable: ValueId) -> bool {
        let Value::Call(call) = self.facts.value(iterable) else { return false };
        let call = self.facts.call(*call);
        let module = match self.facts.value(call.callee) {
            Value::Member(object, _) => match self.facts.value(*object) {
                Value::Import(import) => *import,
                _ => return false,
            },
            Value::Import(import) => *import,
            _ => return false,
        };
        &self.facts.names[self.facts.imports[module.index()].module] == "itertools"
            && matches!(self.flow.called_name(call), Some("count" | "repeat" | "cycle"))
    }

    /// Whether an iterable is a socket or a subscription that gives messages as they come: `new zmq.Pull()`.
    fn takes_messages(&self, iterable: ValueId) -> bool {
        let mut at = iterable;
        let module = loop {
            at = match *self.facts.value(at) {
                Value::Call(call) => self.facts.call(call).callee,
                Value::Member(object, _) | Value::Carried(object, _) | Value::Either(object, _) => object,
                Value::Import(import) => break &self.facts.names[self.facts.imports[import.index()].module],
                _ => return false,
            };
        };
        MESSENGERS
            .iter()
            .any(|name| module.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.'])))
    }

    /// Whether a loop runs over numbers that no collection gives: `for _ in range(limit)`.
    pub(super) fn only_counts(&self, id: LoopId) -> bool {
        let Value::Call(call) = self.facts.value(self.facts.loop_(id).iterable) else { return false };
        let call = self.facts.call(*call);
        let is_size = |arg: &Arg| match self.facts.value(arg.value) {
            Value::Call(call) => {
                matches!(self.flow.called_name(self.facts.call(*call)), Some("len" | "count" | "min" | "max"))
            }
            _ => false,
        };
        matches!(self.flow.called_name(call), Some("range" | "xrange")) && !call.args.iter().any(is_size)
    }

    fn is_chunked(&self, found: &Loop) -> bool {
        // What gives the elements, and what holds them.
        let (mut names, mut lists) = (Vec::new(), Vec::new());
        let mut at = found.iterable;
        for _ in 0..6 {
            match self.facts.value(at) {
                Value::Call(call) => {
                    let call = self.facts.call(*call);
                    let name = self.flow.called_name(call).unwrap_or("");
                    if name == "range" && call.args.len() == 3 {
                        return !matches!(self.facts.value(call.args[2].value), Value::Int(-1 | 1));
                    }
                    names.push(name);
                    at = match (name, call.args.first()) {
                        ("enumerate" | "list" | "tqdm" | "iter" | "reversed" | "sorted" | "entries", Some(arg)) => {
                            arg.value
                        }
                        _ => match self.facts.value(call.callee) {
                            Value::Member(object, _) if matches!(name, "entries" | "map" | "values") => *object,
                            _ => break,
                        },
                    };
                }
                Value::Member(_, name) | Value::Global(name) => {
                    lists.push(&self.facts.names[*name]);
                    break;
                }
                Value::Param(function, index) => {
                    let param = self.facts.function(*function).params.get(usize::from(*index));
                    lists.extend(param.map(|param| &self.facts.names[param.name]));
                    break;
                }
                Value::Either(left, _) | Value::Carried(left, _) => at = *left,
                // `[ids[i:i + n] for i in range(0, len(ids), n)]`
                Value::Collected(part, id) => return self.is_slice_of_loop(*part, *id),
                // A list that is filled before the loop: its name tells of what.
                Value::Sequence(items) if items.is_empty() => {
                    lists.push(self.bounds.text(self.file, found.head));
                    break;
                }
                _ => break,
            }
        }
        // `for await (const batch of objects)`
        let head = self.bounds.text(self.file, found.head);
        let element = head.split_once(" of ").or_else(|| head.split_once(" in ")).map_or("", |(element, _)| element);
        let names_batch = |name: &str| {
            let lower = name.to_ascii_lowercase();
            lower.contains("chunk") || lower.contains("batch")
        };
        // One batch holds rows: `for id in batch_ids`.
        let names_batches = |name: &&str| {
            let lower = name.to_ascii_lowercase();
            ["batches", "batched", "chunks", "chunked"].iter().any(|many| lower.contains(many))
        };
        names_batch(element) && !matches!(found.kind, LoopKind::Comprehension)
            || names.iter().any(|name| names_batch(name))
            || lists.iter().any(names_batches)
            || names.iter().chain(&lists).any(|name| {
                let lower = name.to_ascii_lowercase();
                lower.contains("retry")
                    || lower.contains("retries")
                    || lower.contains("attempt")
                    || lower.ends_with("consumer")
                    || matches!(lower.as_str(), "listen" | "subscribe" | "consume")
                    || matches!(lower.as_str(), "grouper" | "paginator" | "page_range" | "partitions" | "splitevery")
            })
    }

    /// Whether the loop is left, at the latest, right after `call` has run under `guard`; or because of
    /// what it gave.
    pub(super) fn leaves_after(&self, call: CallId, guard: Option<GuardId>, id: LoopId) -> bool {
        let found = self.facts.loop_(id);
        let span = self.facts.call(call).span;
        if found.function == self.facts.call(call).function
            && !matches!(found.kind, LoopKind::Callback(_) | LoopKind::Comprehension)
            && self.facts.exits_in(found.function).any(|exit| exit.kind == ExitKind::Return && exit.span.contains(span))
        {
            return true;
        }
        self.facts.exits_in(found.function).any(|exit| {
            let leaves = match exit.kind {
                ExitKind::Break => exit.in_loop == id,
                ExitKind::Return | ExitKind::Raise => {
                    self.flow.inside(Some(exit.in_loop), id) && !matches!(found.kind, LoopKind::Callback(_))
                }
                ExitKind::Continue => false,
            };
            if !leaves || exit.span.start < span.start {
                return false;
            }
            if self.covers(exit.guard, guard) {
                return true;
            }
            self.decided_by(exit, call, id)
        })
    }

    /// Whether the loop is left, at the latest, right after what stands at `span` under `guard` was read; or because of
    /// what was read: a search that ends when it has found.
    pub(super) fn ends_after(
        &self,
        read: ValueId,
        function: FunctionId,
        guard: Option<GuardId>,
        span: Span,
        id: LoopId,
    ) -> bool {
        let found = self.facts.loop_(id);
        self.facts.exits_in(found.function).any(|exit| {
            let leaves = match exit.kind {
                ExitKind::Break => exit.in_loop == id,
                ExitKind::Return | ExitKind::Raise => {
                    self.flow.inside(Some(exit.in_loop), id)
                        && exit.function == function
                        && !matches!(found.kind, LoopKind::Callback(_))
                }
                ExitKind::Continue => false,
            };
            let finds = || {
                let condition = exit.guard.map_or(UNKNOWN, |id| self.facts.guards[id.index()].condition);
                // What is wrong with one row may end the loop, too: that is no search.
                let ends = match exit.kind {
                    ExitKind::Break => true,
                    ExitKind::Return => {
                        matches!(self.facts.value(exit.value), Value::Bool(_) | Value::Null | Value::Unknown)
                            || self.is_made_of(exit.value, read)
                    }
                    _ => false,
                };
                ends && self.is_made_of(condition, read)
            };
            leaves && exit.span.end > span.start && (self.covers(exit.guard, guard) || finds())
        })
    }

    /// Whether a value is made of another.
    fn is_made_of(&self, value: ValueId, part: ValueId) -> bool {
        self.has_part(value, 500, |value| value == part)
    }

    /// Whether something that a value is made of, calls with what they are given, is what is looked for; no more than
    /// `limit` parts are looked at.
    fn has_part(&self, value: ValueId, limit: usize, is_wanted: impl Fn(ValueId) -> bool) -> bool {
        let mut seen = FxHashSet::default();
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            if is_wanted(value) {
                return true;
            }
            if !seen.insert(value) || seen.len() > limit {
                continue;
            }
            match self.facts.value(value) {
                Value::Call(call) => {
                    let call = self.facts.call(*call);
                    open.push(call.callee);
                    open.extend(call.args.iter().map(|arg| arg.value));
                }
                _ => for_each_part(self.facts, value, &mut |part| open.push(part)),
            }
        }
        false
    }

    /// Whether code under `guard` always also runs under `outer`.
    fn covers(&self, outer: Option<GuardId>, guard: Option<GuardId>) -> bool {
        let mut at = guard;
        loop {
            if at == outer {
                return true;
            }
            match at {
                Some(id) => at = self.facts.guards[id.index()].parent,
                None => return false,
            }
        }
    }

    /// Whether an exit is taken because of what `call` gave: a search that ends when it has found. Leaving
    /// because something is wrong with the answer is no search: a right answer is used afterwards.
    fn decided_by(&self, exit: &Exit, call: CallId, id: LoopId) -> bool {
        let Some(guard) = exit.guard.map(|id| &self.facts.guards[id.index()]) else { return false };
        if !self.mentions(guard.condition, call) {
            return false;
        }
        match exit.kind {
            ExitKind::Break => true,
            ExitKind::Return if self.tells_of_failure(guard.condition, call) => false,
            ExitKind::Return if is_refusal(self.facts, exit.value) => false,
            ExitKind::Return => {
                self.mentions(exit.value, call)
                    || !(self.is_used_after(exit, call, id) || self.refuses(exit, guard, call, id))
            }
            _ => false,
        }
    }

    /// Whether a function ends with an answer that says nothing of the row because something is wrong with it: `if not
    /// may_edit(user, doc): return Forbidden()`. What all rows have to pass is asked of all of them.
    fn refuses(&self, exit: &Exit, guard: &Guard, call: CallId, id: LoopId) -> bool {
        let fails = match *self.facts.value(guard.condition) {
            Value::Operation(Operation::Not, tested, _) => *self.facts.value(tested) == Value::Call(call),
            Value::Operation(Operation::Equal, tested, other) => {
                *self.facts.value(tested) == Value::Call(call) && *self.facts.value(other) == Value::Null
            }
            _ => false,
        };
        fails
            && guard.kind == GuardKind::Then
            && matches!(self.facts.value(exit.value), Value::Call(_))
            && self.flow.dependence(exit.value, id) != Dependence::PerRow
    }

    /// Whether a condition asks an answer for its error: `if (result.isFailed())`, `if (error)` of `{ data, error }`. What
    /// ends there has failed, and has found nothing.
    fn tells_of_failure(&self, condition: ValueId, call: CallId) -> bool {
        let asked = match *self.facts.value(condition) {
            Value::Call(asked) => self.facts.call(asked).callee,
            _ => condition,
        };
        let Value::Member(answer, name) = *self.facts.value(asked) else { return false };
        let is_failure = matches!(
            &self.facts.names[name],
            "err"
                | "error"
                | "errors"
                | "failed"
                | "isErr"
                | "isError"
                | "isFailed"
                | "isFailure"
                | "isLeft"
                | "is_err"
                | "is_error"
                | "is_failure"
        );
        is_failure && *self.facts.value(answer) == Value::Call(call)
    }

    fn is_used_after(&self, exit: &Exit, call: CallId, id: LoopId) -> bool {
        let later = self
            .facts
            .calls
            .iter()
            .filter(|later| later.span.start > exit.span.end && self.flow.inside(later.in_loop, id));
        later.into_iter().any(|later| {
            self.mentions(later.callee, call) || later.args.iter().any(|arg| self.mentions(arg.value, call))
        })
    }

    fn mentions(&self, value: ValueId, call: CallId) -> bool {
        self.has_part(value, 2_000, |part| *self.facts.value(part) == Value::Call(call))
    }

    /// The conditions between a place under `guard` and the loop `id`, innermost first.
    pub(super) fn guards_within(&self, guard: Option<GuardId>, id: LoopId) -> Vec<&'p Guard> {
        let mut found = Vec::new();
        let mut at = guard;
        while let Some(guard) = at.map(|id| &self.facts.guards[id.index()]) {
            if !self.flow.inside(guard.in_loop, id) && !self.is_possible(id) {
                break;
            }
            found.push(guard);
            at = guard.parent;
        }
        found
    }

    /// Whether a loop is what a function of the project makes of an inline callback, see [`Function::may_run_in`]: its
    /// conditions are all of the callback.
    fn is_possible(&self, id: LoopId) -> bool {
        let LoopKind::Callback(call) = self.facts.loop_(id).kind else { return false };
        self.facts.call(call).args.iter().any(|arg| match *self.facts.value(arg.value) {
            Value::Function(callback) => self.facts.function(callback).may_run_in == Some(id),
            _ => false,
        })
    }

    /// Whether the loop runs only after something has failed, whatever it was: the rows of a batch that was refused are
    /// tried one by one.
    pub(super) fn is_after_failure(&self, id: LoopId) -> bool {
        let mut at = self.facts.loop_(id).guard;
        while let Some(guard) = at.map(|id| &self.facts.guards[id.index()]) {
            if guard.kind == GuardKind::Handler && guard.condition == UNKNOWN {
                return true;
            }
            at = guard.parent;
        }
        false
    }

    /// Whether the number of rows that a write has changed is asked for: whether it was this row that changed cannot be
    /// told of many rows at once.
    pub(super) fn count_is_asked(&self, call: CallId) -> bool {
        self.facts.guards.iter().any(|guard| match self.facts.value(guard.condition) {
            Value::Operation(Operation::Equal | Operation::NotEqual | Operation::Order, left, right) => {
                let is_number = |value: ValueId| matches!(self.facts.value(value), Value::Int(_));
                let is_call = |value: ValueId| *self.facts.value(value) == Value::Call(call);
                (is_call(*left) && is_number(*right)) || (is_call(*right) && is_number(*left))
            }
            _ => false,
        })
    }

    /// Whether a condition holds in a few runs only: when enough has gathered (`if len(rows) >= SIZE`,
    /// `if bytes + size > LIMIT`, `if i % 100 == 0`), when its time has come (`if time() - last > PERIOD`), or until a
    /// flag is set (`if not ready`); or in one only: for the key that is another's (`if (key === current)`).
    pub(super) fn is_seldom(&self, guard: &Guard, id: LoopId) -> bool {
        match guard.kind.holds() {
            Some(true) => {
                self.is_threshold(guard.condition, id, 0)
                    || self.is_unset_flag(guard.condition, 0)
                    || self.is_of_one(guard.condition, true, id, 0)
            }
            Some(false) => self.is_of_one(guard.condition, false, id, 0),
            None => false,
        }
    }

    /// Whether a condition compares what is another in each run with something that stays: it holds in one of them.
    fn is_of_one(&self, condition: ValueId, holds: bool, id: LoopId, depth: u8) -> bool {
        if depth > 6 {
            return false;
        }
        let deeper = |part: ValueId, holds: bool| self.is_of_one(part, holds, id, depth + 1);
        match *self.facts.value(condition) {
            Value::Operation(Operation::Not, inner, _) => deeper(inner, !holds),
            Value::Operation(Operation::And, left, right) if holds => deeper(left, true) || deeper(right, true),
            Value::Either(left, right) if !holds => deeper(left, false) || deeper(right, false),
            Value::Operation(operation @ (Operation::Equal | Operation::NotEqual), left, right) => {
                let stays = |value: ValueId| {
                    !matches!(self.facts.value(value), Value::Null | Value::Bool(_) | Value::Unknown)
                        && self.flow.dependence(value, id) == Dependence::Invariant
                };
                (operation == Operation::Equal) == holds
                    && [(left, right), (right, left)]
                        .into_iter()
                        .any(|(own, other)| self.is_unlike_others(own, id) && stays(other))
            }
            _ => false,
        }
    }

    /// Whether a value is another in each run: the key of an object or a map, the id of a row.
    fn is_unlike_others(&self, value: ValueId, id: LoopId) -> bool {
        let found = self.facts.loop_(id);
        let lists = |names: &[&str]| match *self.facts.value(found.iterable) {
            Value::Call(call) => self.flow.called_name(self.facts.call(call)).is_some_and(|name| names.contains(&name)),
            _ => false,
        };
        let is_row = |value: ValueId| matches!(*self.facts.value(value), Value::Element(_, at) if at == id);
        match *self.facts.value(value) {
            Value::Element(_, at) => at == id && (found.kind == LoopKind::Keys || lists(&["keys"])),
            Value::Part(row, 0) => is_row(row) && lists(&["entries", "items"]),
            Value::Member(row, name) => is_row(row) && matches!(&self.facts.names[name], "_id" | "id" | "pk" | "uuid"),
            _ => false,
        }
    }

    /// Whether what stands in `function`, a callback in the loop `id`, runs only when something has failed:
    /// `send(row).catch((error) => note(row, error))`.
    pub(super) fn is_on_failure(&self, function: FunctionId, id: LoopId) -> bool {
        let mut at = function;
        while at != self.facts.loop_(id).function
            && let Some((call, index)) = self.facts.function(at).passed_to
        {
            if handles_failure(self.facts, call, index) {
                return true;
            }
            at = self.facts.call(call).function;
        }
        false
    }

    fn is_threshold(&self, condition: ValueId, id: LoopId, depth: u8) -> bool {
        let is_some = |value: ValueId| !matches!(self.facts.value(value), Value::Int(0 | 1));
        match *self.facts.value(condition) {
            Value::Operation(Operation::Order, left, right) => {
                (self.is_gathered(left, id) && is_some(right))
                    || (self.is_gathered(right, id) && is_some(left))
                    || self.is_reset_sum(left, id)
                    || self.is_reset_sum(right, id)
                    || self.is_timed(condition, id)
            }
            Value::Operation(Operation::Equal, left, right) => {
                let every =
                    matches!(self.facts.value(left), Value::Operation(Operation::Other, _, step) if is_some(*step));
                (every && matches!(self.facts.value(right), Value::Int(_)))
                    || (self.is_gathered(left, id) && is_some(right))
            }
            Value::Operation(Operation::And, left, right) | Value::Either(left, right) if depth < 6 => {
                self.is_threshold(left, id, depth + 1) || self.is_threshold(right, id, depth + 1)
            }
            _ => false,
        }
    }

    /// The clock against a time that the loop notes again.
    fn is_timed(&self, condition: ValueId, id: LoopId) -> bool {
        let reads_clock = |value: ValueId| {
            is_clock(self.facts, value)
                && matches!(*self.facts.value(value), Value::Call(call) if self.flow.inside(self.facts.call(call).in_loop, id))
        };
        let carries = &self.facts.loop_(id).carries;
        let is_noted =
            |value: ValueId| carries.iter().any(|&(bound, end)| bound == value && self.has_part(end, 200, reads_clock));
        self.has_part(condition, 200, reads_clock) && self.has_part(condition, 200, is_noted)
    }

    /// The size of what the loop gathers: of something that was empty before it, or that is bound again in it.
    fn is_gathered(&self, value: ValueId, id: LoopId) -> bool {
        let of = match self.facts.value(value) {
            Value::Member(object, name) if matches!(&self.facts.names[*name], "length" | "size") => *object,
            Value::Call(call) => {
                let call = self.facts.call(*call);
                match (self.flow.called_name(call), call.args.first()) {
                    (Some("len"), Some(arg)) => arg.value,
                    _ => return false,
                }
            }
            _ => return false,
        };
        let gathers = match self.facts.value(of) {
            Value::Carried(..) | Value::Member(..) => true,
            Value::Sequence(items) => items.is_empty(),
            Value::Mapping(entries) => entries.is_empty(),
            Value::Call(call) => self.facts.call(*call).args.is_empty(),
            _ => false,
        };
        gathers && self.flow.dependence(of, id) < Dependence::PerRow
    }

    /// A sum that the loop carries and sets back to nothing: `bytes + size`, where `bytes = 0` begins the next batch.
    fn is_reset_sum(&self, value: ValueId, id: LoopId) -> bool {
        let carried = match *self.facts.value(value) {
            Value::Operation(Operation::Add, left, _) => left,
            _ => value,
        };
        let is_nothing = |value: ValueId| matches!(self.facts.value(value), Value::Int(0));
        let Value::Carried(before, at) = *self.facts.value(carried) else { return false };
        let Some(&(_, end)) = self.facts.loop_(at).carries.iter().find(|(bound, _)| *bound == carried) else {
            return false;
        };
        let mut open = vec![end];
        for _ in 0..64 {
            match open.pop().map(|value| self.facts.value(value)) {
                Some(Value::Int(0)) => return at == id && is_nothing(before),
                Some(Value::Either(left, right) | Value::Operation(Operation::Add, left, right)) => {
                    open.extend([*left, *right]);
                }
                Some(_) => {}
                None => break,
            }
        }
        false
    }

    fn is_unset_flag(&self, condition: ValueId, depth: u8) -> bool {
        match *self.facts.value(condition) {
            Value::Operation(Operation::And, left, right) if depth < 6 => {
                self.is_unset_flag(left, depth + 1) || self.is_unset_flag(right, depth + 1)
            }
            Value::Operation(Operation::Not, flag, _) => match self.facts.value(flag) {
                Value::Carried(before, _) => matches!(self.facts.value(*before), Value::Bool(false)),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a condition asks a cache first.
    pub(super) fn asks_cache(&self, guard: &Guard) -> bool {
        self.caches.asked_by(guard)
    }

    /// Whether a run is over before a call where an earlier one has kept what that asks for.
    pub(super) fn skips_known(&self, call: CallId, id: LoopId) -> bool {
        self.caches.skips_known(self.facts.call(call), id)
    }

    /// Whether a condition holds once for each key that the program comes upon, which the loop `id` notes.
    pub(super) fn is_once_a_key(&self, guard: &Guard, id: LoopId) -> bool {
        self.caches.notes(guard, id)
    }

    /// Whether a value changes with the loop only as a slice does (`ids[i:i + n]`, `ids.slice(i, i + n)`): a chunk.
    pub(super) fn is_slice_of_loop(&self, value: ValueId, id: LoopId) -> bool {
        match self.facts.value(value) {
            Value::Slice(_, low, high) => {
                self.flow.dependence(*low, id) > Dependence::Invariant
                    || self.flow.dependence(*high, id) > Dependence::Invariant
            }
            Value::Call(call) => {
                let call = self.facts.call(*call);
                match self.flow.called_name(call) {
                    Some("slice" | "splice") => true,
                    // `for await (const page of pages) remove(page.map((object) => object.id))`
                    Some("filter" | "flatMap" | "map") if matches!(self.facts.value(call.callee), Value::Member(object, _) if self.is_element(*object, id)) => {
                        true
                    }
                    Some("list" | "tuple" | "map" | "join") => match self.facts.value(call.callee) {
                        Value::Member(object, _) if call.args.len() <= 1 => self.is_slice_of_loop(*object, id),
                        _ => call.args.first().is_some_and(|arg| self.is_slice_of_loop(arg.value, id)),
                    },
                    _ => false,
                }
            }
            Value::Mapping(entries) => {
                let mut depends =
                    entries.iter().filter(|entry| self.flow.dependence(entry.1, id) > Dependence::Invariant).peekable();
                // `find({ uuids: bundle })`
                let names_list =
                    |key: ValueId| self.facts.literal(key).is_some_and(|key| key.to_ascii_lowercase().ends_with("ids"));
                depends.peek().is_some()
                    && depends.all(|&(key, value)| {
                        self.is_slice_of_loop(value, id) || names_list(key) && self.is_element(value, id)
                    })
            }
            Value::Sequence(items) => {
                let mut depends =
                    items.iter().filter(|&&item| self.flow.dependence(item, id) > Dependence::Invariant).peekable();
                depends.peek().is_some() && depends.all(|&item| self.is_slice_of_loop(item, id))
            }
            Value::Spread(inner) => self.is_slice_of_loop(*inner, id),
            Value::Carried(..) | Value::Param(..) => false,
            _ => false,
        }
    }

    /// Whether a value is what the loop gives in each run.
    fn is_element(&self, value: ValueId, id: LoopId) -> bool {
        matches!(self.facts.value(value), Value::Element(_, at) if *at == id)
    }
}

/// Whether a value is an answer that refuses what was asked for: `res.status(409).json(…)`, `reply.badRequest(…)`,
/// `Response(status=400)`, `(body, 400)`. It ends the loop because of an error, and what all rows have to pass is asked of
/// all of them.
fn is_refusal(facts: &FileFacts, value: ValueId) -> bool {
    let mut at = value;
    for _ in 0..16 {
        let Value::Call(call) = *facts.value(at) else {
            return matches!(facts.value(at), Value::Sequence(parts)
                if parts.len() > 1 && parts[1..].iter().any(|&part| is_refusing_status(facts, part)));
        };
        let call = facts.call(call);
        let name = match *facts.value(call.callee) {
            Value::Member(_, name) => &facts.names[name],
            _ => facts.own_name(call.callee).unwrap_or(""),
        };
        let lower = name.to_ascii_lowercase();
        let first = call.args.first().map(|arg| arg.value);
        let says_status = matches!(name, "code" | "send_error" | "sendStatus" | "status" | "status_code" | "writeHead")
            && first.is_some_and(|first| is_refusing_status(facts, first));
        const REFUSALS: [&str; 6] =
            ["badrequest", "conflict", "forbidden", "notfound", "unauthorized", "unprocessable"];
        if says_status || !lower.starts_with("on") && REFUSALS.iter().any(|word| lower.contains(word)) {
            return true;
        }
        let is_status = |name: &str| matches!(name, "status" | "status_code" | "statusCode");
        let given = call.args.iter().any(|arg| match (arg.name, facts.value(arg.value)) {
            (Some(own), _) => is_status(&facts.names[own]) && is_refusing_status(facts, arg.value),
            (None, Value::Mapping(entries)) => entries
                .iter()
                .any(|&(key, value)| facts.literal(key).is_some_and(is_status) && is_refusing_status(facts, value)),
            _ => false,
        });
        if given {
            return true;
        }
        let Value::Member(object, _) = *facts.value(call.callee) else { return false };
        at = object;
    }
    false
}

/// Whether a value is a status of HTTP that tells of an error: `404`, `status.HTTP_404_NOT_FOUND`.
fn is_refusing_status(facts: &FileFacts, value: ValueId) -> bool {
    match *facts.value(value) {
        Value::Int(number) => (400..600).contains(&number),
        Value::Member(_, name) => {
            let name = &facts.names[name];
            name.starts_with("HTTP_4") || name.starts_with("HTTP_5")
        }
        _ => false,
    }
}

/// Whether a call is given the callback at `index` to run it when something has failed: `promise.catch(…)`,
/// `promise.then(…, …)`.
pub(super) fn handles_failure(facts: &FileFacts, call: CallId, index: u16) -> bool {
    match *facts.value(facts.call(call).callee) {
        Value::Member(_, name) => match &facts.names[name] {
            "catch" => index == 0,
            "then" => index == 1,
            _ => false,
        },
        _ => false,
    }
}
