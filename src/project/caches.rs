//! Conditions that ask a cache first: what stands behind them does not run for each row.

use rustc_hash::FxHashSet;

use super::flow::{Dependence, Flow};
use super::sites::SiteEffect;
use super::types::Types;
use super::{FileId, FunctionRef, Project};
use crate::facts::*;

/// How many parts of a condition are looked at.
const MAX_PARTS: usize = 200;

/// Looks at the conditions of one file.
pub(super) struct Caches<'p> {
    facts: &'p FileFacts,
    flow: Flow<'p>,
    project: &'p Project,
    file: FileId,
}

impl<'p> Caches<'p> {
    /// For this file.
    pub(super) fn new(project: &'p Project, file: FileId) -> Self {
        let facts: &'p FileFacts = &project.file(file).facts;
        Caches { facts, flow: Flow::new(facts), project, file }
    }

    /// Whether a condition holds only when a cache has no answer: `if key not in seen`, `if (!map.has(key))`,
    /// `cache.get(key) or …`, `if hit … else`, `if last != key`.
    pub(super) fn asked_by(&self, guard: &Guard) -> bool {
        match guard.kind.holds() {
            Some(holds) => self.is_miss(guard.condition, holds, 0),
            // A default value.
            None => guard.kind == GuardKind::Other && self.is_lookup(guard.condition, 0),
        }
    }

    /// Whether a condition asks whether something is known already of what the program remembers, which the loop `id` then
    /// notes: `if (!this.written.has(key)) … this.written.add(key)`.
    pub(super) fn notes(&self, guard: &Guard, id: LoopId) -> bool {
        let notes = |kept: ValueId| {
            self.facts.calls.iter().any(|call| {
                matches!(self.flow.called_name(call), Some("add" | "append" | "push" | "set"))
                    && self.flow.inside(call.in_loop, id)
                    && matches!(*self.facts.value(call.callee), Value::Member(object, _) if self.is_same(object, kept, 0))
            })
        };
        let mut open = vec![(guard.condition, guard.kind.holds() == Some(true))];
        for _ in 0..MAX_PARTS {
            let Some((condition, holds)) = open.pop() else { return false };
            let kept = match *self.facts.value(condition) {
                Value::Operation(Operation::NotIn, _, kept) if holds => kept,
                Value::Operation(Operation::In, _, kept) if !holds => kept,
                Value::Operation(Operation::Not, inner, _) => {
                    open.push((inner, !holds));
                    continue;
                }
                Value::Operation(Operation::And, left, right) if holds => {
                    open.extend([(left, true), (right, true)]);
                    continue;
                }
                Value::Call(call) if !holds => match *self.facts.value(self.facts.call(call).callee) {
                    Value::Member(object, name) if matches!(&self.facts.names[name], "has" | "includes") => object,
                    _ => continue,
                },
                _ => continue,
            };
            if self.is_remembered(kept) && notes(kept) {
                return true;
            }
        }
        false
    }

    /// Whether a run of the loop `id` is over before a call where an earlier run has kept what it asks for:
    /// `if key in found: continue` … `found[key] = load(key)`.
    pub(super) fn skips_known(&self, call: &Call, id: LoopId) -> bool {
        let facts = self.facts;
        let is_callback = matches!(facts.loop_(id).kind, LoopKind::Callback(_));
        let ends_run = |exit: &Exit| match exit.kind {
            ExitKind::Continue => true,
            ExitKind::Return => is_callback,
            ExitKind::Break | ExitKind::Raise => false,
        };
        let before = facts
            .exits_in(call.function)
            .filter(|exit| exit.in_loop == id && exit.span.end <= call.span.start && ends_run(exit));
        let is_kept = |kept: ValueId| {
            // `done[key] = true` notes the key alone.
            let is_answer = |value: ValueId| {
                !matches!(facts.value(value), Value::Unknown | Value::Bool(_) | Value::Int(_) | Value::Text(_))
            };
            let mut stored = facts.stored_in(kept);
            stored.any(|stored| is_answer(stored.value) && self.flow.inside(Some(stored.in_loop), id))
                || facts.calls_on(kept).any(|(_, call)| {
                    self.flow.called_name(call) == Some("set")
                        && call.args.get(1).is_some_and(|arg| is_answer(arg.value))
                        && self.flow.inside(call.in_loop, id)
                })
        };
        // What the run itself has brought, a row under the name of a column, was never kept.
        let is_earlier = |(kept, key): (ValueId, ValueId)| {
            self.flow.dependence(kept, id) == Dependence::Invariant
                && self.flow.dependence(key, id) != Dependence::Invariant
                && is_kept(kept)
        };
        let guards = before.filter_map(|exit| Some(&facts.guards[exit.guard?.index()]));
        let mut tested = guards.filter(|guard| guard.kind == GuardKind::Then);
        tested.any(|guard| self.looks_into(guard.condition).is_some_and(is_earlier))
    }

    /// What a condition looks into, and for which key: `key in found`, `found[key]`, `found.has(key)`.
    fn looks_into(&self, condition: ValueId) -> Option<(ValueId, ValueId)> {
        match *self.facts.value(condition) {
            Value::Operation(Operation::In, key, kept) | Value::Item(kept, key) => Some((kept, key)),
            Value::Call(call) => {
                let call = self.facts.call(call);
                let Value::Member(kept, name) = *self.facts.value(call.callee) else { return None };
                let asks = matches!(&self.facts.names[name], "get" | "has");
                Some((kept, call.args.first().filter(|_| asks)?.value))
            }
            _ => None,
        }
    }

    /// Whether something is there before and after a loop and the function around it: what an object or a module has.
    fn is_remembered(&self, kept: ValueId) -> bool {
        let mut at = kept;
        for _ in 0..6 {
            at = match *self.facts.value(at) {
                Value::This(_) | Value::Import(_) => return true,
                Value::Member(object, _) => object,
                Value::Call(call) => match *self.facts.value(self.facts.call(call).callee) {
                    Value::Member(object, _) => object,
                    // `const written = new Set()` in the module.
                    _ => return self.facts.call(call).function == MODULE,
                },
                _ => return false,
            };
        }
        false
    }

    /// Whether two values are written the same: `this.known.get(team)` twice.
    fn is_same(&self, one: ValueId, other: ValueId, depth: u8) -> bool {
        if one == other || depth > 6 {
            return one == other && one != UNKNOWN;
        }
        match (self.facts.value(one), self.facts.value(other)) {
            (Value::Member(one, a), Value::Member(other, b)) => a == b && self.is_same(*one, *other, depth + 1),
            (Value::Call(one), Value::Call(other)) => {
                let (one, other) = (self.facts.call(*one), self.facts.call(*other));
                let mut args = one.args.iter().zip(&other.args);
                !one.args.is_empty()
                    && one.args.len() == other.args.len()
                    && self.is_same(one.callee, other.callee, depth + 1)
                    && args.all(|(one, other)| self.is_same(one.value, other.value, depth + 1))
            }
            _ => false,
        }
    }

    /// Whether a condition holds only when the rows of a relation are in memory:
    /// `if "tags" in post._prefetched_objects_cache`.
    fn finds_prefetched(&self, guard: &Guard) -> bool {
        let mut open = vec![guard.condition];
        while let Some(condition) = open.pop().filter(|_| guard.kind == GuardKind::Then) {
            match self.facts.value(condition) {
                Value::Operation(Operation::And, left, right) => open.extend([*left, *right]),
                Value::Operation(Operation::In, _, kept)
                    if self.facts.own_name(*kept) == Some("_prefetched_objects_cache") =>
                {
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    /// Whether a condition holds for the first row only, as all rows are given their answer then:
    /// `if not hasattr(row, "_tags"): … for other in rows: other._tags = tags[other.id]`.
    fn answers_for_all(&self, guard: &Guard, function: FunctionId) -> bool {
        let Value::Operation(Operation::Not, asked, _) = *self.facts.value(guard.condition) else { return false };
        let Value::Call(call) = *self.facts.value(asked) else { return false };
        let call = self.facts.call(call);
        let name = call.args.get(1).and_then(|arg| self.facts.literal(arg.value));
        let Some(name) = name.filter(|_| self.flow.called_name(call) == Some("hasattr")) else { return false };
        let is_of_each = |value: ValueId| {
            matches!(*self.facts.value(value), Value::Member(object, set)
                if &self.facts.names[set] == name && matches!(self.facts.value(object), Value::Element(..)))
        };
        guard.kind == GuardKind::Then
            && self.facts.accesses.iter().any(|access| {
                access.is_set && access.function == function && access.in_loop.is_some() && is_of_each(access.value)
            })
    }

    fn is_miss(&self, condition: ValueId, holds: bool, depth: u8) -> bool {
        if depth > 6 {
            return false;
        }
        match self.facts.value(condition) {
            Value::Operation(Operation::NotIn, _, kept) => holds && !self.holds_keys_alone(*kept, 0),
            Value::Operation(Operation::In, _, kept) => !holds && !self.holds_keys_alone(*kept, 0),
            Value::Operation(Operation::Not, inner, _) => self.is_miss(*inner, !holds, depth + 1),
            Value::Operation(Operation::Equal, left, right) => {
                match (self.facts.value(*left), self.facts.value(*right)) {
                    (_, Value::Null) => holds && self.is_lookup(*left, 0),
                    // `if (kept.length === 0)`
                    (Value::Member(found, size), Value::Int(0)) => {
                        holds && matches!(&self.facts.names[*size], "length" | "size") && self.reads_cache(*found, 0)
                    }
                    _ => false,
                }
            }
            // `if last_key != row.key:` at the head of a group of sorted rows.
            Value::Operation(Operation::NotEqual, left, right) => {
                let carried = |value: &ValueId| matches!(self.facts.value(*value), Value::Carried(..));
                let null = matches!(self.facts.value(*right), Value::Null);
                if null { !holds && self.is_lookup(*left, 0) } else { holds && (carried(left) || carried(right)) }
            }
            Value::Operation(Operation::And, left, right) if holds => {
                self.is_miss(*left, true, depth + 1) || self.is_miss(*right, true, depth + 1)
            }
            // `if key and key in cache: return cache[key]`
            Value::Operation(Operation::And, left, right) => [left, right].into_iter().any(|&side| {
                matches!(self.facts.value(side), Value::Operation(Operation::In, _, kept)
                    if is_cache_name(self.facts.own_name(*kept).unwrap_or("")))
            }),
            // `first = True` … `if first:`, `count = 0` … `if not count:`: once, at the beginning.
            Value::Carried(before, _) => match self.facts.value(*before) {
                Value::Bool(first) => *first == holds,
                Value::Int(0) | Value::Null => !holds,
                _ => !holds && self.is_lookup(condition, 0),
            },
            _ => !holds && self.is_lookup(condition, 0),
        }
    }

    /// Whether a value is a list or a set, which has no answers to give: `if row.state not in ("new", "open")`,
    /// `if key not in seen: … seen.add(key)`.
    fn holds_keys_alone(&self, kept: ValueId, depth: u8) -> bool {
        match *self.facts.value(kept) {
            Value::Sequence(_) => true,
            Value::Collected(value, _) => !matches!(self.facts.value(value), Value::Mapping(_)),
            Value::Carried(before, _) => depth < 6 && self.holds_keys_alone(before, depth + 1),
            Value::Call(call) => {
                let callee = self.facts.call(call).callee;
                matches!(*self.facts.value(callee), Value::Global(name)
                    if matches!(&self.facts.names[name], "frozenset" | "list" | "set" | "Set" | "tuple"))
            }
            _ => false,
        }
    }

    /// Whether a value is looked up in memory: `kept[key]`, `kept.get(key)`, `kept.has(key)`.
    fn is_lookup(&self, value: ValueId, depth: u8) -> bool {
        if depth > 6 {
            return false;
        }
        match self.facts.value(value) {
            Value::Item(object, key) => !matches!(self.facts.value(*key), Value::Int(_)) && !self.is_row(*object),
            Value::Call(call) => {
                let is_query = self.project.site_of(self.file, *call).is_some();
                let call = self.facts.call(*call);
                let name = self.flow.called_name(call);
                !is_query
                    && matches!(name, Some("get" | "has" | "includes"))
                    && !matches!(*self.facts.value(call.callee), Value::Member(kept, _) if self.holds_keys_alone(kept, 0))
            }
            Value::Either(left, right) => self.is_lookup(*left, depth + 1) || self.is_lookup(*right, depth + 1),
            Value::Carried(before, _) => self.is_lookup(*before, depth + 1),
            _ => false,
        }
    }

    /// Whether a value is what a cache holds, or made of it: `redis.smembers(key)`, what a method of the same class gives
    /// that reads a cache.
    fn reads_cache(&self, value: ValueId, depth: u8) -> bool {
        let Value::Call(call) = *self.facts.value(value) else { return false };
        let Value::Member(object, name) = *self.facts.value(self.facts.call(call).callee) else { return false };
        if depth > 6 {
            return false;
        }
        let own = match *self.facts.value(object) {
            Value::This(class) => self.facts.class(class).methods.as_slice(),
            _ => &[],
        };
        let called = own.iter().map(|&method| self.facts.function(method)).find(|method| method.name == name);
        match called {
            Some(method) => method.returns.iter().any(|&given| self.reads_cache(given, depth + 1)),
            None if is_read_of_cache(&self.facts.names[name]) => self.is_cache(object),
            None => self.reads_cache(object, depth + 1),
        }
    }

    /// Whether an object is a cache, or a client of one: `cache.valkey`, `this.redisService.getClient()`.
    fn is_cache(&self, object: ValueId) -> bool {
        let mut at = object;
        for _ in 0..6 {
            let (name, next) = match *self.facts.value(at) {
                Value::Member(object, name) => (&self.facts.names[name], object),
                Value::Global(name) => (&self.facts.names[name], UNKNOWN),
                Value::Call(call) => ("", self.facts.call(call).callee),
                Value::Import(import) => {
                    let import = &self.facts.imports[import.index()];
                    let module = &self.facts.names[import.module];
                    match import.what {
                        Imported::Name(name) if &self.facts.names[name] != "default" => {
                            (&self.facts.names[name], UNKNOWN)
                        }
                        // `import cache from "./lib/cache"`
                        _ => (module.rsplit('/').next().unwrap_or(module), UNKNOWN),
                    }
                }
                _ => return false,
            };
            if is_cache_name(name) {
                return true;
            }
            at = next;
        }
        false
    }

    /// An element of a loop is a row: `row["x"]` is a field of it, not a look-up.
    fn is_row(&self, object: ValueId) -> bool {
        matches!(self.facts.value(object), Value::Element(..) | Value::Part(..))
    }

    /// Whether a value is what somebody may have attached to an object: `if hasattr(self, "_tags"): return self._tags`.
    pub(super) fn is_attached(&self, value: ValueId, function: FunctionId) -> bool {
        // `if (size := getattr(book, "size", None)) is not None: return size`
        if let Value::Call(call) = *self.facts.value(value) {
            let call = self.facts.call(call);
            let is_asked = self.facts.own_name(call.callee) == Some("getattr");
            return is_asked
                && matches!(call.args.as_slice(), [_, name, _] if self.facts.literal(name.value).is_some());
        }
        let Value::Member(object, name) = *self.facts.value(value) else { return false };
        self.facts.calls_in(function).any(|(_, call)| {
            self.flow.called_name(call) == Some("hasattr")
                && matches!(call.args.as_slice(), [of, named]
                    if of.value == object && self.facts.literal(named.value) == Some(&self.facts.names[name]))
        })
    }

    /// The name of what a query may have put on an object, where `function` gives something made of it if it is there:
    /// `if hasattr(self, "total_sum"): return int(self.total_sum or 0)`.
    pub(super) fn annotated(&self, function: FunctionId) -> Option<&'p str> {
        let returns = &self.facts.function(function).returns;
        if returns.len() < 2 || self.facts.names.find("hasattr").is_none() {
            return None;
        }
        let own = self.facts.function(function);
        // `if hasattr(book, "_sold"): return f"{book._sold} sold"`
        let asked = own.return_guards.iter().flatten().find_map(|guard| self.asks_attached(*guard));
        asked.or_else(|| self.gives_attached(returns, function))
    }

    /// The name that a condition asks an object for: `hasattr(book, "_sold")`.
    fn asks_attached(&self, guard: GuardId) -> Option<&'p str> {
        let guard = &self.facts.guards[guard.index()];
        let Value::Call(call) = *self.facts.value(guard.condition) else { return None };
        let call = self.facts.call(call);
        match call.args.as_slice() {
            [object, name]
                if guard.kind == GuardKind::Then
                    && self.flow.called_name(call) == Some("hasattr")
                    && matches!(self.facts.value(object.value), Value::Param(..) | Value::This(_)) =>
            {
                self.facts.literal(name.value)
            }
            _ => None,
        }
    }

    /// The name of what is given back as it is, or made a number or a text of.
    fn gives_attached(&self, returns: &[ValueId], function: FunctionId) -> Option<&'p str> {
        returns.iter().find_map(|&value| {
            let mut at = value;
            loop {
                match self.facts.value(at) {
                    Value::Either(left, _) => at = *left,
                    Value::Call(call) => {
                        let call = self.facts.call(*call);
                        let converts =
                            matches!(self.flow.called_name(call), Some("int" | "float" | "str" | "bool" | "Decimal"));
                        at = call.args.first().filter(|_| converts)?.value;
                    }
                    Value::Member(_, name) => {
                        return self.is_attached(at, function).then_some(&self.facts.names[*name]);
                    }
                    _ => return None,
                }
            }
        })
    }

    /// Whether a value is looked up in something that outlives a call of `function`: in its instance, in its module.
    pub(super) fn is_kept(&self, value: ValueId, function: FunctionId) -> bool {
        let object = match self.facts.value(value) {
            // `float(cached)`, `json.loads(cached)`
            Value::Call(call)
                if matches!(
                    self.flow.called_name(self.facts.call(*call)),
                    Some("float" | "int" | "str" | "bool" | "list" | "set" | "loads" | "parse")
                ) =>
            {
                return self.facts.call(*call).args.first().is_some_and(|arg| self.is_kept(arg.value, function));
            }
            // `kept[key][0]`
            Value::Item(object, _) if self.is_kept(*object, function) => return true,
            Value::Item(object, _) => *object,
            Value::Call(call) => match self.facts.value(self.facts.call(*call).callee) {
                Value::Member(object, name) if &self.facts.names[*name] == "get" => *object,
                Value::Member(object, name) if is_read_of_cache(&self.facts.names[*name]) => {
                    return self.is_cache(*object);
                }
                // `safe_cache_get(key)`
                Value::Import(_) | Value::Global(_) | Value::Function(_) => {
                    let name = self.flow.called_name(self.facts.call(*call)).unwrap_or("").to_ascii_lowercase();
                    return name.contains("cache") && name.split('_').any(|part| matches!(part, "get" | "read"));
                }
                _ => return false,
            },
            Value::Either(left, right) => return self.is_kept(*left, function) || self.is_kept(*right, function),
            _ => return false,
        };
        self.is_cache(object) || self.outlives(object, function)
    }

    /// Whether an attribute of a class is a dict: `known: dict[int, "Ghost"] = {}`. A manager has a `get`, too.
    fn is_table(&self, class: ClassId, name: Name) -> bool {
        const TABLES: [&str; 5] = ["OrderedDict", "WeakValueDictionary", "defaultdict", "dict", "LRUCache"];
        let own = self.facts.class(class).attributes.iter().filter(|attribute| attribute.name == name);
        own.map(|attribute| self.facts.value(attribute.value)).any(|value| match *value {
            Value::Mapping(_) => true,
            Value::Call(call) => {
                self.flow.called_name(self.facts.call(call)).is_some_and(|name| TABLES.contains(&name))
            }
            _ => false,
        })
    }

    /// Whether an object is there before and after a call of `function`.
    fn outlives(&self, object: ValueId, function: FunctionId) -> bool {
        match self.facts.value(object) {
            Value::Member(owner, name) => match *self.facts.value(*owner) {
                Value::This(_) => true,
                Value::Class(class) => self.is_table(class, *name),
                _ => false,
            },
            Value::Mapping(entries) => entries.is_empty(),
            // `const kept = new Map()` in the module, `const redis = new Redis(url)`.
            Value::Call(call) => {
                let made = self.facts.call(*call);
                let is_cache = || self.flow.called_name(made).is_some_and(is_cache_name);
                made.function != function && (made.args.is_empty() || is_cache())
            }
            // `let redis; try { redis = new Redis(url) } …`
            Value::Either(left, right) => self.outlives(*left, function) || self.outlives(*right, function),
            _ => false,
        }
    }
}

/// Whether what stands in `function` under `guard` is only asked when a cache does not have its answer.
pub(super) fn keeps(project: &Project, file: FileId, function: FunctionId, guard: Option<GuardId>) -> bool {
    let facts = &project.file(file).facts;
    let caches = Caches::new(project, file);
    let mut at = guard;
    while let Some(guard) = at.map(|id| &facts.guards[id.index()]) {
        if caches.asked_by(guard) || caches.answers_for_all(guard, function) {
            return true;
        }
        at = guard.parent;
    }
    // `if key in self.known: return self.known[key]` before the query, and another return after it.
    let returns = &facts.function(function).returns;
    returns.len() > 1
        && returns.iter().any(|&value| caches.is_kept(value, function) || caches.is_attached(value, function))
}

/// Whether a function gives what its class keeps of earlier calls, where it has that: `return cls.known[id]`.
pub(super) fn keeps_in_class(project: &Project, file: FileId, function: FunctionId) -> bool {
    let facts = &project.file(file).facts;
    let returns = &facts.function(function).returns;
    if returns.len() < 2 {
        return false;
    }
    let caches = Caches::new(project, file);
    let mut tables = returns.iter().filter_map(|&value| match *facts.value(value) {
        Value::Item(table, _) => Some(table),
        _ => None,
    });
    tables.any(|table| match *facts.value(table) {
        Value::Member(owner, name) => {
            matches!(*facts.value(owner), Value::Class(class) if caches.is_table(class, name))
        }
        _ => false,
    })
}

/// `time.time()`, `datetime.now()`, `Date.now()`, `new Date()`
pub(super) fn is_clock(facts: &FileFacts, value: ValueId) -> bool {
    let Value::Call(call) = *facts.value(value) else { return false };
    let call = facts.call(call);
    let name = Flow::new(facts).called_name(call);
    matches!(name, Some("monotonic" | "now" | "perf_counter" | "time" | "utcnow"))
        || (call.is_new && name == Some("Date") && call.args.is_empty())
}

/// Whether what stands under `guard` waits until its object has gathered enough, which it then lets go:
/// `if len(self.rows) >= SIZE: self.flush()` … `self.rows = []`.
pub(super) fn gathers_first(facts: &FileFacts, guard: Option<GuardId>) -> bool {
    let mut at = guard;
    while let Some(guard) = at.map(|id| &facts.guards[id.index()]) {
        if guard.kind == GuardKind::Then && is_gathered_enough(facts, guard.condition) {
            return true;
        }
        at = guard.parent;
    }
    false
}

fn is_gathered_enough(facts: &FileFacts, condition: ValueId) -> bool {
    let Value::Operation(Operation::Order | Operation::Equal, left, right) = *facts.value(condition) else {
        return false;
    };
    let size_of = |value: ValueId| match *facts.value(value) {
        Value::Member(object, name) if matches!(&facts.names[name], "length" | "size") => Some(object),
        Value::Call(call) if Flow::new(facts).called_name(facts.call(call)) == Some("len") => {
            facts.call(call).args.first().map(|arg| arg.value)
        }
        _ => None,
    };
    [(left, right), (right, left)].into_iter().any(|(size, bound)| {
        let Some(Value::Member(object, name)) = size_of(size).map(|of| facts.value(of)) else { return false };
        let Value::This(class) = *facts.value(*object) else { return false };
        let is_much = !matches!(facts.value(bound), Value::Int(0 | 1));
        is_much && facts.class(class).attributes.iter().filter(|attribute| attribute.name == *name).count() > 1
    })
}

/// Whether a cache is asked before a function; `None` if the function runs once for each input, or changes something
/// that a cache would keep it from. What a program keeps for ever is not made again, nor what a cache is given the
/// loader of; other caches lose what they hold.
pub(super) fn kept_for(facts: &FileFacts, function: FunctionId, effect: SiteEffect) -> Option<bool> {
    let flow = Flow::new(facts);
    let through_cache = facts.function(function).returns.iter().any(|&value| {
        let Value::Call(call) = facts.value(value) else { return false };
        let call = facts.call(*call);
        call.args.iter().any(|arg| matches!(facts.value(arg.value), Value::Function(_)))
            && is_loader(facts, call, flow.called_name(call).unwrap_or(""))
    });
    if through_cache {
        return None;
    }
    let mut cached = false;
    for &decorator in &facts.function(function).decorators {
        let name = match facts.value(decorator) {
            Value::Call(call) => flow.called_name(facts.call(*call)),
            Value::Member(_, name) | Value::Global(name) => Some(&facts.names[*name]),
            Value::Import(import) => match facts.imports[import.index()].what {
                Imported::Name(name) => Some(&facts.names[name]),
                _ => None,
            },
            _ => None,
        };
        // `@redis_cache.set("…")`
        let called = match facts.value(decorator) {
            Value::Call(call) => facts.call(*call).callee,
            _ => decorator,
        };
        let owner = match facts.value(called) {
            Value::Member(object, _) => match facts.value(*object) {
                Value::Import(import) => match facts.imports[import.index()].what {
                    Imported::Name(name) => Some(&facts.names[name]),
                    _ => None,
                },
                Value::Member(_, name) | Value::Global(name) => Some(&facts.names[*name]),
                // `redis_cache = RequestCache(store)`
                Value::Call(made) => flow.called_name(facts.call(*made)),
                _ => None,
            },
            _ => None,
        };
        cached |= owner.is_some_and(|owner| owner.to_ascii_lowercase().ends_with("cache")) && name != Some("delete");
        let Some(name) = name else { continue };
        let lower = name.to_ascii_lowercase();
        if lower.contains("memo") || name == "cache" || lower.ends_with("lru_cache") {
            return None;
        }
        cached |= lower.contains("cache")
            && !matches!(name, "cached_property" | "never_cache" | "cache_control" | "cache_page");
    }
    (!cached || effect == SiteEffect::Query).then_some(cached)
}

/// Whether a function gives the rows of a relation only if they are in memory, and else nothing that is asked for:
/// `if "tags" in post._prefetched_objects_cache: return post.tags.all()`.
pub(super) fn gives_prefetched(project: &Project, function: FunctionRef) -> bool {
    let facts = &project.file(function.file).facts;
    if facts.names.find("_prefetched_objects_cache").is_none() {
        return false;
    }
    let caches = Caches::new(project, function.file);
    let is_prefetched = |call: CallId| {
        let mut at = facts.call(call).guard;
        while let Some(guard) = at.map(|id| &facts.guards[id.index()]) {
            if caches.finds_prefetched(guard) {
                return true;
            }
            at = guard.parent;
        }
        false
    };
    let mut asked = facts.function(function.function).returns.iter().filter_map(|&value| match facts.value(value) {
        Value::Call(call) => Some(*call),
        _ => None,
    });
    asked.next().is_some_and(is_prefetched) && asked.all(is_prefetched)
}

/// Whether what a method gives is a relation of its object, which may have been prefetched: `return self.tags.all()`.
pub(super) fn gives_relation(project: &Project, method: FunctionRef) -> bool {
    let facts = &project.file(method.file).facts;
    let returns = &facts.function(method.function).returns;
    let is_held = |&value: &ValueId| {
        let manager = match *facts.value(value) {
            Value::Call(call) if facts.call(call).args.is_empty() => match *facts.value(facts.call(call).callee) {
                Value::Member(manager, all) if &facts.names[all] == "all" => manager,
                _ => return false,
            },
            _ => value,
        };
        matches!(*facts.value(manager), Value::Member(object, relation)
            if matches!(facts.value(object), Value::This(_)) && project.prefetched.anywhere(&facts.names[relation]))
    };
    !returns.is_empty() && returns.iter().all(is_held)
}

/// The functions of a file that are handed to a function of the project which runs them when a cache has no answer:
/// `fromCache(key, () => db.findOne(key))`.
pub(super) fn loaders(types: &Types<'_>, file: FileId) -> FxHashSet<FunctionId> {
    let project = types.project();
    let facts = &project.file(file).facts;
    let is_handed = |function: &Function| {
        let Some((call, _)) = function.passed_to.filter(|_| function.runs_in.is_none()) else { return false };
        let Some(taker) = types.target(file, call) else { return false };
        let of = &project.file(taker.file).facts;
        let runs = |call: &Call| matches!(*of.value(call.callee), Value::Param(owner, _) if owner == taker.function);
        let mut own = of.calls_in(taker.function);
        own.find(|(_, call)| runs(call)).is_some_and(|(_, run)| keeps(project, taker.file, taker.function, run.guard))
    };
    let ids = (0..).map(FunctionId);
    ids.zip(&facts.functions).filter(|(_, function)| is_handed(function)).map(|(id, _)| id).collect()
}

/// `cache.getOrLoad(key, async () => …)`: the callback is run when the cache has nothing.
pub(super) fn is_loader(facts: &FileFacts, call: &Call, name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let by_name = ["cache", "orload", "orset", "orfetch", "orcreate", "memo", "remember", "dedupe", "singleflight"];
    let on_cache = match facts.value(call.callee) {
        Value::Member(object, _) => match facts.value(*object) {
            Value::Member(_, name) | Value::Global(name) => facts.names[*name].to_ascii_lowercase().contains("cache"),
            _ => false,
        },
        _ => false,
    };
    on_cache || by_name.iter().any(|word| lower.contains(word))
}

fn is_cache_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["cache", "keyv", "redis", "valkey"].iter().any(|word| lower.contains(word))
}

/// What a client of Redis calls reading.
fn is_read_of_cache(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "get" | "getjson" | "hget" | "hgetall" | "hmget" | "lrange" | "mget" | "smembers"
    )
}
