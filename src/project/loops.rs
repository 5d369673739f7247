//! What kind of loop a loop is, seen from a query inside it.

use std::cell::OnceCell;

use rustc_hash::FxHashSet;

use super::FileId;
use super::caches::Caches;
use super::flow::{Dependence, Flow, for_each_part};
use super::types::{Ty, Types};
use crate::facts::*;

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

impl LoopShape {
    /// The one that runs more often.
    fn larger(self, other: LoopShape) -> LoopShape {
        match (self, other) {
            (LoopShape::Rows, _) | (_, LoopShape::Rows) => LoopShape::Rows,
            (LoopShape::Few, _) | (_, LoopShape::Few) => LoopShape::Few,
            _ => LoopShape::Silent,
        }
    }
}

/// Looks at the loops of one file.
pub(super) struct Loops<'t, 'p> {
    types: &'t Types<'p>,
    file: FileId,
    facts: &'p FileFacts,
    flow: Flow<'p>,
    /// Loops with a `sleep` in the body: polling, backing off, or throttled on purpose.
    waiting: FxHashSet<LoopId>,
    /// Calls of `map` of whose promises each has a name of its own, found when first asked for.
    named: OnceCell<FxHashSet<CallId>>,
    caches: Caches<'p>,
}

impl<'t, 'p> Loops<'t, 'p> {
    /// For this file.
    pub(super) fn new(types: &'t Types<'p>, file: FileId) -> Self {
        let facts: &'p FileFacts = &types.project().file(file).facts;
        let flow = Flow::new(facts);
        let mut waiting = FxHashSet::default();
        for call in
            facts.calls.iter().filter(|call| call.in_loop.is_some() && flow.called_name(call).is_some_and(waits))
        {
            let mut at = call.in_loop;
            while let Some(id) = at.filter(|id| waiting.insert(*id)) {
                at = facts.loop_(id).parent;
            }
        }
        let caches = Caches::new(types.project(), file);
        Loops { types, file, facts, flow, waiting, named: OnceCell::new(), caches }
    }

    /// What `id` is.
    pub(super) fn shape(&self, id: LoopId) -> LoopShape {
        let found = self.facts.loop_(id);
        if self.waiting.contains(&id) || self.is_chunked(found) {
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
                Value::Operation(Operation::Order, _, bound) => match self.facts.value(*bound) {
                    Value::Int(_) => LoopShape::Silent,
                    _ => LoopShape::Rows,
                },
                _ => LoopShape::Rows,
            },
            LoopKind::While => LoopShape::Rows,
            _ => self.bounded(found.iterable),
        }
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

    fn is_chunked(&self, found: &Loop) -> bool {
        let mut names = Vec::new();
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
                    names.push(&self.facts.names[*name]);
                    break;
                }
                Value::Param(function, index) => {
                    let param = self.facts.function(*function).params.get(usize::from(*index));
                    names.extend(param.map(|param| &self.facts.names[param.name]));
                    break;
                }
                Value::Either(left, _) | Value::Carried(left, _) => at = *left,
                // `[ids[i:i + n] for i in range(0, len(ids), n)]`
                Value::Collected(part, id) => return self.is_slice_of_loop(*part, *id),
                // A list that is filled before the loop: its name tells of what.
                Value::Sequence(items) if items.is_empty() => {
                    names.push(&self.types.project().file(self.file).source.text[found.head.range()]);
                    break;
                }
                _ => break,
            }
        }
        names.iter().any(|name| {
            let lower = name.to_ascii_lowercase();
            lower.contains("chunk")
                || lower.contains("batch")
                || lower.contains("retry")
                || lower.contains("retries")
                || lower.contains("attempt")
                || lower.ends_with("consumer")
                || matches!(lower.as_str(), "listen" | "subscribe" | "consume")
                || matches!(lower.as_str(), "grouper" | "paginator" | "page_range" | "splitevery")
        })
    }

    fn bounded(&self, iterable: ValueId) -> LoopShape {
        self.bounded_in(self.file, iterable, 0)
    }

    fn bounded_in(&self, file: FileId, iterable: ValueId, depth: u8) -> LoopShape {
        if depth > 6 {
            return LoopShape::Rows;
        }
        let facts = &self.types.project().file(file).facts;
        let by_count = |count: usize| match count {
            // What begins empty is filled before it is run over; where that is seen, it must be seen.
            0 if !self.is_ecma(file) => LoopShape::Rows,
            0..=2 => LoopShape::Silent,
            _ => LoopShape::Few,
        };
        if is_environment(facts, iterable) {
            return LoopShape::Few;
        }
        match facts.value(iterable) {
            Value::Sequence(_) if self.grows(file, iterable) => LoopShape::Rows,
            Value::Sequence(items) => {
                let spread = items.iter().filter_map(|&item| match facts.value(item) {
                    Value::Spread(inner) => Some(self.bounded_in(file, *inner, depth + 1)),
                    _ => None,
                });
                spread.fold(by_count(items.len()), LoopShape::larger)
            }
            // Nobody runs over an object that stays empty.
            Value::Mapping(entries) if entries.is_empty() && self.is_ecma(file) => LoopShape::Rows,
            Value::Mapping(entries) if !entries.iter().any(|&(key, _)| key == UNKNOWN) => by_count(entries.len()),
            Value::Int(_) | Value::Bool(_) => LoopShape::Silent,
            Value::Either(left, right) => {
                let side = |value: ValueId| match facts.value(value) {
                    Value::Mapping(entries) if entries.is_empty() => LoopShape::Silent,
                    Value::Sequence(items) if items.is_empty() && !self.grows(file, value) => LoopShape::Silent,
                    _ => self.bounded_in(file, value, depth + 1),
                };
                side(*left).larger(side(*right))
            }
            &Value::Call(id) => {
                let call = facts.call(id);
                let flow = Flow::new(facts);
                let name = flow.called_name(call).unwrap_or("");
                let object = match facts.value(call.callee) {
                    Value::Member(object, _) => Some(*object),
                    _ => None,
                };
                let first = call.args.first().map(|arg| arg.value);
                match (name, first, object) {
                    // What a program declares: fields of a model, models of an application.
                    ("get_fields" | "get_models" | "get_app_configs", _, Some(_)) => LoopShape::Few,
                    ("range", Some(bound), _) if call.args.len() == 1 => match facts.value(bound) {
                        Value::Int(0..=10) => LoopShape::Silent,
                        Value::Int(_) => LoopShape::Few,
                        Value::Global(name) | Value::Member(_, name) if is_constant_name(&facts.names[*name]) => {
                            LoopShape::Silent
                        }
                        Value::Import(_) => LoopShape::Silent,
                        // A constant that is made of something: `BATCH_SIZE = int(environ["BATCH_SIZE"])`.
                        _ if is_constant_name(
                            &self.types.project().file(file).source.text[call.args[0].span.range()],
                        ) =>
                        {
                            LoopShape::Silent
                        }
                        _ => LoopShape::Rows,
                    },
                    ("enumerate" | "list" | "tuple" | "set" | "sorted" | "reversed" | "iter", Some(inner), _) => {
                        self.bounded_in(file, inner, depth + 1)
                    }
                    ("Set", Some(inner), None) if call.is_new && !self.grows(file, iterable) => {
                        self.bounded_in(file, inner, depth + 1)
                    }
                    ("from", Some(inner), Some(array)) if is_global(facts, array, "Array") => {
                        match facts.value(inner) {
                            // `{ length: n }`
                            Value::Mapping(_) => LoopShape::Rows,
                            _ => self.bounded_in(file, inner, depth + 1),
                        }
                    }
                    ("map" | "sort" | "toSorted" | "reverse", _, Some(object)) if self.is_ecma(file) => {
                        self.bounded_in(file, object, depth + 1)
                    }
                    // The tables of an application: `Object.values(models)`.
                    ("keys" | "values" | "entries", Some(inner), Some(global))
                        if is_global(facts, global, "Object") && self.names_models(facts, inner) =>
                    {
                        LoopShape::Few
                    }
                    ("keys" | "values" | "entries", Some(inner), Some(global))
                        if matches!(facts.value(global), Value::Global(_)) =>
                    {
                        self.bounded_in(file, inner, depth + 1)
                    }
                    ("items" | "keys" | "values" | "entries" | "filter" | "slice", _, Some(object)) => {
                        self.bounded_in(file, object, depth + 1)
                    }
                    _ => self.returned(file, id, depth),
                }
            }
            // An enumeration, or a constant that is not in sight.
            Value::Class(class) => self.enumeration(file, *class),
            // What runs in phases has those that are written down.
            Value::Member(_, name) if &facts.names[*name] == "phases" => LoopShape::Few,
            Value::Member(..) | Value::Import(_) => {
                if let Some((file, value)) = self.types.definition(file, iterable) {
                    return self.bounded_in(file, value, depth + 1);
                }
                if let Ty::Class(class) = self.types.of(file, iterable) {
                    return self.enumeration(class.file, class.class);
                }
                let name = match facts.value(iterable) {
                    Value::Member(_, name) => *name,
                    Value::Import(import) => match facts.imports[import.index()].what {
                        Imported::Name(name) => name,
                        _ => return LoopShape::Rows,
                    },
                    _ => return LoopShape::Rows,
                };
                let name = &facts.names[name];
                let declared = is_constant_name(name) || name == "choices" || describes_model(facts, iterable);
                if declared { LoopShape::Few } else { LoopShape::Rows }
            }
            Value::Global(name) if is_constant_name(&facts.names[*name]) => LoopShape::Few,
            _ => LoopShape::Rows,
        }
    }

    /// What a function of the project that gives literals only gives at most.
    fn returned(&self, file: FileId, call: CallId, depth: u8) -> LoopShape {
        let Some(target) = self.types.target(file, call) else { return LoopShape::Rows };
        let facts = &self.types.project().file(target.file).facts;
        let function = facts.function(target.function);
        if function.returns.is_empty() || function.traits.is_generator || function.traits.is_constructor {
            return LoopShape::Rows;
        }
        // A method that gives nothing is there to be overridden.
        if function.returns.iter().all(|&value| *facts.value(value) == Value::Sequence(Box::default())) {
            return LoopShape::Rows;
        }
        let each = function.returns.iter().map(|&value| match facts.value(value) {
            Value::Sequence(_) => self.bounded_in(target.file, value, depth + 1),
            _ => LoopShape::Rows,
        });
        each.fold(LoopShape::Silent, LoopShape::larger)
    }

    /// Whether elements are added to the list or set that is written here.
    fn grows(&self, file: FileId, list: ValueId) -> bool {
        let facts = &self.types.project().file(file).facts;
        self.is_ecma(file)
            && facts.calls.iter().any(|call| match facts.value(call.callee) {
                Value::Member(object, name) => {
                    is_or_was(facts, *object, list)
                        && matches!(&facts.names[*name], "push" | "unshift" | "splice" | "add")
                }
                _ => false,
            })
    }

    fn names_models(&self, facts: &FileFacts, value: ValueId) -> bool {
        let name = match facts.value(value) {
            Value::Member(_, name) | Value::Global(name) => &facts.names[*name],
            Value::Param(function, index) => {
                let param = facts.function(*function).params.get(usize::from(*index));
                param.map_or("", |param| &facts.names[param.name])
            }
            Value::Import(import) => match facts.imports[import.index()].what {
                Imported::Name(name) => &facts.names[name],
                _ => return false,
            },
            _ => return false,
        };
        name == "models" || name.ends_with("Models")
    }

    fn is_ecma(&self, file: FileId) -> bool {
        self.types.project().file(file).source.language.is_ecma()
    }

    fn enumeration(&self, file: FileId, class: ClassId) -> LoopShape {
        let facts = &self.types.project().file(file).facts;
        let is_enum = facts.class(class).bases.iter().any(|&base| {
            let name = match facts.value(base) {
                Value::Import(import) => match facts.imports[import.index()].what {
                    Imported::Name(name) => Some(name),
                    _ => None,
                },
                Value::Member(_, name) | Value::Global(name) => Some(*name),
                _ => None,
            };
            name.is_some_and(|name| is_enumeration_name(&facts.names[name]))
        });
        if is_enum || is_enumeration_name(&facts.names[facts.class(class).name]) {
            LoopShape::Few
        } else {
            LoopShape::Rows
        }
    }

    /// Whether the loop is left, at the latest, right after `call` has run under `guard`; or because of
    /// what it gave.
    pub(super) fn leaves_after(&self, call: CallId, guard: Option<GuardId>, id: LoopId) -> bool {
        let found = self.facts.loop_(id);
        let span = self.facts.call(call).span;
        if self.facts.call(call).result == ResultUse::Returned
            && found.function == self.facts.call(call).function
            && !matches!(found.kind, LoopKind::Callback(_) | LoopKind::Comprehension)
            && self.facts.exits.iter().any(|exit| exit.kind == ExitKind::Return && exit.span.contains(span))
        {
            return true;
        }
        self.facts.exits.iter().any(|exit| {
            let leaves = match exit.kind {
                ExitKind::Break => exit.in_loop == id,
                ExitKind::Return | ExitKind::Raise => {
                    self.flow.inside(Some(exit.in_loop), id)
                        && exit.function == found.function
                        && !matches!(found.kind, LoopKind::Callback(_))
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
            ExitKind::Return => self.mentions(exit.value, call) || !self.is_used_after(exit, call, id),
            _ => false,
        }
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
        let mut seen = FxHashSet::default();
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            if !seen.insert(value) || seen.len() > 2_000 {
                continue;
            }
            match self.facts.value(value) {
                Value::Call(found) if *found == call => return true,
                Value::Call(found) => {
                    let found = self.facts.call(*found);
                    open.push(found.callee);
                    open.extend(found.args.iter().map(|arg| arg.value));
                }
                _ => for_each_part(self.facts, value, &mut |part| open.push(part)),
            }
        }
        false
    }

    /// The conditions between a place under `guard` and the loop `id`, innermost first.
    pub(super) fn guards_within(&self, guard: Option<GuardId>, id: LoopId) -> Vec<&'p Guard> {
        let mut found = Vec::new();
        let mut at = guard;
        while let Some(guard) = at.map(|id| &self.facts.guards[id.index()]) {
            if !self.flow.inside(guard.in_loop, id) {
                break;
            }
            found.push(guard);
            at = guard.parent;
        }
        found
    }

    /// Whether a condition holds in a few runs only: when enough has gathered (`if len(rows) >= SIZE`, `if i % 100 == 0`),
    /// or until a flag is set (`if not ready`).
    pub(super) fn is_seldom(&self, guard: &Guard, id: LoopId) -> bool {
        match guard.kind {
            GuardKind::Then => self.is_threshold(guard.condition, id, 0) || self.is_unset_flag(guard.condition),
            _ => false,
        }
    }

    fn is_threshold(&self, condition: ValueId, id: LoopId, depth: u8) -> bool {
        let is_some = |value: ValueId| !matches!(self.facts.value(value), Value::Int(0 | 1));
        match *self.facts.value(condition) {
            Value::Operation(Operation::Order, left, right) => {
                (self.is_gathered(left, id) && is_some(right)) || (self.is_gathered(right, id) && is_some(left))
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

    fn is_unset_flag(&self, condition: ValueId) -> bool {
        let Value::Operation(Operation::Not, flag, _) = self.facts.value(condition) else { return false };
        let Value::Carried(before, _) = self.facts.value(*flag) else { return false };
        matches!(self.facts.value(*before), Value::Bool(false))
    }

    /// Whether a condition asks a cache first.
    pub(super) fn asks_cache(&self, guard: &Guard) -> bool {
        self.caches.asked_by(guard)
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
                depends.peek().is_some() && depends.all(|entry| self.is_slice_of_loop(entry.1, id))
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
}

/// Whether a value comes from the environment or from what configures the application: `process.env.TEAMS.split(",")`,
/// `this.config.plugins`.
fn is_environment(facts: &FileFacts, value: ValueId) -> bool {
    let mut at = value;
    for _ in 0..12 {
        at = match facts.value(at) {
            Value::Member(object, name) => {
                let owner = facts.value(*object);
                match &facts.names[*name] {
                    "env" if is_global(facts, *object, "process") => return true,
                    "config" | "configService" if matches!(owner, Value::This(_)) => return true,
                    _ => {}
                }
                *object
            }
            Value::Import(import) => {
                let what = facts.imports[import.index()].what;
                return matches!(what, Imported::Name(name) if matches!(&facts.names[name], "env" | "ENV"));
            }
            Value::Call(call) => match facts.value(facts.call(*call).callee) {
                Value::Member(object, name)
                    if matches!(&facts.names[*name], "split" | "filter" | "map" | "trim" | "slice") =>
                {
                    *object
                }
                _ => return false,
            },
            Value::Either(left, _) | Value::Item(left, _) => *left,
            _ => return false,
        };
    }
    false
}

fn is_global(facts: &FileFacts, value: ValueId, name: &str) -> bool {
    matches!(facts.value(value), Value::Global(found) if &facts.names[*found] == name)
}

/// Whether a name that holds `value` was bound to `wanted`, or may have been.
fn is_or_was(facts: &FileFacts, value: ValueId, wanted: ValueId) -> bool {
    value == wanted
        || match facts.value(value) {
            Value::Carried(before, _) => is_or_was(facts, *before, wanted),
            Value::Either(left, right) => [left, right].into_iter().any(|&side| side == wanted),
            _ => false,
        }
}

fn waits(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(lower.as_str(), "delay" | "backoff" | "settimeout" | "wait_for") || lower.ends_with("sleep")
}

fn is_enumeration_name(name: &str) -> bool {
    ["Enum", "Choices", "ChoiceSet"].iter().any(|ending| name.ends_with(ending))
}

/// Whether a value is a part of the description of a model: `getMetadata(…).relations`, `Book._meta.fields`.
fn describes_model(facts: &FileFacts, value: ValueId) -> bool {
    let mut at = value;
    for _ in 0..16 {
        at = match facts.value(at) {
            Value::Member(_, name) if matches!(&facts.names[*name], "_meta" | "getMetadata" | "metadata") => {
                return true;
            }
            Value::Member(object, _) => *object,
            Value::Call(call) => facts.call(*call).callee,
            _ => return false,
        };
    }
    false
}

fn is_constant_name(name: &str) -> bool {
    name.len() > 1 && name.chars().any(char::is_alphabetic) && !name.chars().any(char::is_lowercase)
}
