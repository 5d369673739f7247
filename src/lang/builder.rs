//! What every host language needs while it is lowered: scopes, flow of bindings through branches and
//! loops, the innermost loop and condition, and texts joined from parts.
//!
//! A language's walk calls the builder in source order. Bindings are flow-sensitive: a name means what it
//! was last bound to on the way to here; after a branch it is [`Value::Either`]; inside a loop that binds
//! it again it is [`Value::Carried`]. A body that runs later (a function that is not an inline callback) is
//! lowered after its surroundings, in the scope as it is then.

use rustc_hash::FxHashMap;

use crate::facts::*;
use crate::source::Span;

/// A scope: where names are bound. Kept after it is left, so that bodies can be lowered later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ScopeId(u32);

#[derive(Debug)]
struct Scope {
    parent: Option<ScopeId>,
    names: FxHashMap<Name, ValueId>,
    /// A Python class body: its names are not seen from the functions inside it.
    is_class: bool,
}

/// Where the walk stands, to be put back after a function body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    scope: ScopeId,
    function: FunctionId,
    in_loop: Option<LoopId>,
    guard: Option<GuardId>,
}

/// A branch that has been begun.
#[derive(Debug)]
pub(super) struct OpenBranch {
    log: usize,
    scopes: usize,
    guard: Option<GuardId>,
}

/// What a finished branch bound.
#[derive(Debug, Default)]
pub(super) struct Branch {
    changes: Vec<(ScopeId, Name, ValueId)>,
    falls_through: bool,
}

/// A loop that has been begun.
#[derive(Debug)]
pub(super) struct OpenLoop {
    /// The loop.
    pub(super) id: LoopId,
    log: usize,
    outer: Option<LoopId>,
}

/// Builds the facts of one file.
pub(super) struct Builder<'s> {
    /// The facts so far.
    pub(super) facts: FileFacts,
    /// The text of the file.
    pub(super) source: &'s str,
    scopes: Vec<Scope>,
    place: Place,
    log: Vec<(ScopeId, Name, Option<ValueId>)>,
    shared: FxHashMap<Value, ValueId>,
}

impl<'s> Builder<'s> {
    /// A builder that stands in the body of the file.
    pub(super) fn new(source: &'s str) -> Self {
        let mut facts = FileFacts::empty();
        let name = facts.names.intern("");
        let span = Span::new(0, source.len());
        facts.functions.push(Function::new(name, span, Span::new(0, 0)));
        let scopes = vec![Scope { parent: None, names: FxHashMap::default(), is_class: false }];
        let place = Place { scope: ScopeId(0), function: MODULE, in_loop: None, guard: None };
        // About as many as most files have: then few tables must grow.
        let expected = source.len() / 48;
        facts.values.reserve(expected);
        let shared = FxHashMap::with_capacity_and_hasher(expected, Default::default());
        Builder { facts, source, scopes, place, log: Vec::new(), shared }
    }

    /// What was built.
    pub(super) fn finish(self) -> FileFacts {
        let mut facts = self.facts;
        shrink(&mut facts);
        facts
    }

    // ── Names and values ────────────────────────────────────────────────────────────────────────────

    /// The id of a name.
    pub(super) fn name(&mut self, text: &str) -> Name {
        self.facts.names.intern(text)
    }

    /// A new value. Values that are the same wherever they stand are stored once.
    pub(super) fn value(&mut self, value: Value) -> ValueId {
        let shared = matches!(
            value,
            Value::Null
                | Value::Bool(_)
                | Value::Int(_)
                | Value::Float
                | Value::Import(_)
                | Value::Global(_)
                | Value::Param(..)
                | Value::This(_)
                | Value::Super(_)
                | Value::Function(_)
                | Value::Class(_)
                | Value::Member(..)
                | Value::Item(..)
                | Value::Call(_)
                | Value::Part(..)
                | Value::Element(..)
                | Value::Carried(..)
                | Value::Either(..)
        );
        if value == Value::Unknown {
            return UNKNOWN;
        }
        if shared && let Some(&id) = self.shared.get(&value) {
            return id;
        }
        let id = ValueId(u32::try_from(self.facts.values.len()).expect("fewer than 2^32 values in one file"));
        if shared {
            self.shared.insert(value.clone(), id);
        }
        self.facts.values.push(value);
        id
    }

    /// `object.name`
    pub(super) fn member(&mut self, object: ValueId, name: &str) -> ValueId {
        let name = self.name(name);
        self.value(Value::Member(object, name))
    }

    /// One or the other; the same twice, or nothing known of one, stays simple.
    pub(super) fn either(&mut self, left: ValueId, right: ValueId) -> ValueId {
        if left == right || right == UNKNOWN {
            left
        } else if left == UNKNOWN || self.is_alternative(right, left) {
            right
        } else if self.is_alternative(left, right) {
            left
        } else {
            self.value(Value::Either(left, right))
        }
    }

    /// Whether `value` is one of what `either` may be already; only the nearest alternatives are looked at.
    fn is_alternative(&self, either: ValueId, value: ValueId) -> bool {
        let mut at = either;
        for _ in 0..8 {
            match *self.facts.value(at) {
                Value::Either(left, right) if left == value || right == value => return true,
                Value::Either(left, _) => at = left,
                _ => return false,
            }
        }
        false
    }

    /// What depends on all of `parts` and is otherwise not understood.
    pub(super) fn mixed(&mut self, parts: Vec<ValueId>) -> ValueId {
        let mut parts: Vec<ValueId> = parts.into_iter().filter(|&part| part != UNKNOWN).collect();
        parts.dedup();
        match parts.as_slice() {
            [] => UNKNOWN,
            _ => self.value(Value::Mixed(parts.into())),
        }
    }

    /// A new string.
    pub(super) fn text(&mut self, text: Text) -> ValueId {
        let id = TextId(u32::try_from(self.facts.texts.len()).expect("fewer than 2^32 strings in one file"));
        self.facts.texts.push(text);
        self.value(Value::Text(id))
    }

    /// The parts one after the other, as one string; what is not a string becomes a hole `{}`.
    /// [`UNKNOWN`] holes count. If no part is a string, the result is an [`Operation::Add`].
    pub(super) fn concat(&mut self, parts: &[(ValueId, Span)]) -> ValueId {
        if !parts.iter().any(|&(value, _)| matches!(self.facts.value(value), Value::Text(_))) {
            let mut parts = parts.iter().map(|&(value, _)| value);
            let Some(first) = parts.next() else { return UNKNOWN };
            return parts.fold(first, |left, right| self.value(Value::Operation(Operation::Add, left, right)));
        }
        let mut joined = Text::default();
        for &(value, span) in parts {
            let base = offset(joined.cooked.len());
            if let Some(text) = self.facts.text(value) {
                joined.cooked.push_str(&text.cooked);
                joined.pieces.extend(text.pieces.iter().map(|piece| Piece { at: piece.at + base, ..*piece }));
                let holes = text.holes.iter();
                joined.holes.extend(holes.map(|hole| Hole { start: hole.start + base, end: hole.end + base, ..*hole }));
                joined.tag = joined.tag.or(text.tag);
            } else {
                joined.cooked.push_str("{}");
                joined.pieces.push(Piece { at: base, host: span, exact: false });
                joined.holes.push(Hole { start: base, end: base + 2, value });
            }
        }
        self.text(joined)
    }

    // ── Scopes ──────────────────────────────────────────────────────────────────────────────────────

    /// The scope the walk stands in.
    pub(super) fn scope(&self) -> ScopeId {
        self.place.scope
    }

    /// Opens a scope inside the present one: a block, a class body.
    pub(super) fn push_scope(&mut self, is_class: bool) {
        let id = ScopeId(offset(self.scopes.len()));
        self.scopes.push(Scope { parent: Some(self.place.scope), names: FxHashMap::default(), is_class });
        self.place.scope = id;
    }

    /// Closes the scope that [`Builder::push_scope`] opened.
    pub(super) fn pop_scope(&mut self) {
        if let Some(parent) = self.scopes[self.place.scope.0 as usize].parent {
            self.place.scope = parent;
        }
    }

    /// Binds a name in the present scope (`x = …` in Python, `let x = …`).
    pub(super) fn bind(&mut self, name: Name, value: ValueId) {
        self.bind_in(self.place.scope, name, value);
    }

    /// Binds a name where it is already bound, else in the present scope (JavaScript's `x = …`).
    pub(super) fn rebind(&mut self, name: Name, value: ValueId) {
        let scope = self.owner(name).unwrap_or(self.place.scope);
        self.bind_in(scope, name, value);
    }

    /// Binds a name in a scope that the walk stands in or below (Python's `global`, `:=` in a comprehension).
    pub(super) fn bind_in(&mut self, scope: ScopeId, name: Name, value: ValueId) {
        let old = self.scopes[scope.0 as usize].names.insert(name, value);
        self.log.push((scope, name, old));
    }

    /// Whether this very scope binds a name.
    pub(super) fn binds(&self, scope: ScopeId, name: Name) -> bool {
        self.scopes[scope.0 as usize].names.contains_key(&name)
    }

    /// Stands in another scope and gives back the one that was left, to look names up there later.
    pub(super) fn stand_in(&mut self, scope: ScopeId) -> ScopeId {
        std::mem::replace(&mut self.place.scope, scope)
    }

    /// The scope that sees a name from here.
    pub(super) fn owner(&self, name: Name) -> Option<ScopeId> {
        let mut at = Some(self.place.scope);
        let mut inside = false;
        while let Some(id) = at {
            let scope = &self.scopes[id.0 as usize];
            if !(inside && scope.is_class) && scope.names.contains_key(&name) {
                return Some(id);
            }
            inside = true;
            at = scope.parent;
        }
        None
    }

    /// What a name is bound to here, if this file binds it.
    pub(super) fn bound(&self, name: Name) -> Option<ValueId> {
        let scope = self.owner(name)?;
        self.scopes[scope.0 as usize].names.get(&name).copied()
    }

    /// Whether a name is bound in `scope` or in a scope inside it that is still open.
    pub(super) fn is_bound_within(&self, name: Name, scope: ScopeId) -> bool {
        self.owner(name).is_some_and(|owner| owner.0 >= scope.0)
    }

    /// What a name is here; a name that nothing binds is [`Value::Global`].
    pub(super) fn lookup(&mut self, name: Name) -> ValueId {
        match self.bound(name) {
            Some(value) => value,
            None => self.value(Value::Global(name)),
        }
    }

    // ── Branches ────────────────────────────────────────────────────────────────────────────────────

    /// Begins a branch; everything until [`Builder::end_branch`] stands under this condition.
    pub(super) fn begin_branch(&mut self, kind: GuardKind, condition: ValueId) -> OpenBranch {
        let outer = self.place.guard;
        let id = GuardId(offset(self.facts.guards.len()));
        self.facts.guards.push(Guard { parent: outer, kind, condition, in_loop: self.place.in_loop });
        self.place.guard = Some(id);
        OpenBranch { log: self.log.len(), scopes: self.scopes.len(), guard: outer }
    }

    /// Ends a branch and takes its bindings back; [`Builder::join`] brings them together. Scopes that were
    /// opened inside the branch keep theirs: only bodies that are lowered later still see them.
    /// `falls_through`: whether what follows the whole statement can be reached from its end.
    pub(super) fn end_branch(&mut self, open: OpenBranch, falls_through: bool) -> Branch {
        self.place.guard = open.guard;
        let changes = self.changes_since(open.log, open.scopes);
        while self.log.len() > open.log {
            let (scope, name, old) = self.log.pop().expect("the log is longer than the mark");
            if (scope.0 as usize) >= open.scopes {
                continue;
            }
            let names = &mut self.scopes[scope.0 as usize].names;
            match old {
                Some(value) => names.insert(name, value),
                None => names.remove(&name),
            };
        }
        Branch { changes, falls_through }
    }

    /// What names of the first `scopes` scopes were bound to since the log was this long, as they are now.
    fn changes_since(&self, log: usize, scopes: usize) -> Vec<(ScopeId, Name, ValueId)> {
        let mut seen = FxHashMap::default();
        for &(scope, name, _) in &self.log[log..] {
            if (scope.0 as usize) < scopes
                && let Some(&value) = self.scopes[scope.0 as usize].names.get(&name)
            {
                seen.insert((scope, name), value);
            }
        }
        let mut changes: Vec<_> = seen.into_iter().map(|((scope, name), value)| (scope, name, value)).collect();
        changes.sort_by_key(|&(scope, name, _)| (scope.0, name));
        changes
    }

    /// Brings branches together. `exhaustive`: one of them is always taken (there is an `else`).
    pub(super) fn join(&mut self, branches: Vec<Branch>, exhaustive: bool) {
        let taken: Vec<&Branch> = branches.iter().filter(|branch| branch.falls_through).collect();
        let mut names: Vec<(ScopeId, Name)> = Vec::new();
        for branch in &taken {
            names.extend(branch.changes.iter().map(|&(scope, name, _)| (scope, name)));
        }
        names.sort_by_key(|&(scope, name)| (scope.0, name));
        names.dedup();
        for (scope, name) in names {
            let before = self.scopes[scope.0 as usize].names.get(&name).copied();
            let mut result = if exhaustive { None } else { before };
            for branch in &taken {
                let changed = branch.changes.binary_search_by_key(&(scope.0, name), |change| (change.0.0, change.1));
                if let Some(value) = changed.ok().map(|at| branch.changes[at].2).or(before) {
                    result = Some(match result {
                        Some(other) => self.either(other, value),
                        None => value,
                    });
                }
            }
            if let Some(value) = result {
                self.bind_in(scope, name, value);
            }
        }
    }

    // ── Loops ───────────────────────────────────────────────────────────────────────────────────────

    /// Begins a loop. `assigned`: the names that its body binds; those bound before become
    /// [`Value::Carried`]. Targets are to be bound to [`Value::Element`] afterwards.
    pub(super) fn begin_loop(
        &mut self,
        kind: LoopKind,
        iterable: ValueId,
        condition: ValueId,
        head: Span,
        span: Span,
        assigned: &[Name],
    ) -> OpenLoop {
        let outer = self.place.in_loop;
        let id = LoopId(offset(self.facts.loops.len()));
        self.facts.loops.push(Loop {
            parent: outer,
            function: self.place.function,
            guard: self.place.guard,
            kind,
            iterable,
            condition,
            head,
            span,
            carries: Vec::new(),
        });
        let log = self.log.len();
        self.place.in_loop = Some(id);
        for &name in assigned {
            if let Some(scope) = self.owner(name) {
                let before = self.scopes[scope.0 as usize].names[&name];
                let carried = self.value(Value::Carried(before, id));
                self.bind_in(scope, name, carried);
            }
        }
        OpenLoop { id, log, outer }
    }

    /// Registers the loop of an inline callback that may run once per element; nothing stands in it yet.
    pub(super) fn possible_loop(&mut self, call: CallId, iterable: ValueId, head: Span, span: Span) -> LoopId {
        let open = self.begin_loop(LoopKind::Callback(call), iterable, UNKNOWN, head, span, &[]);
        let id = open.id;
        self.end_loop(open);
        id
    }

    /// Sets the condition of a loop whose condition reads carried names.
    pub(super) fn set_condition(&mut self, id: LoopId, condition: ValueId) {
        self.facts.loops[id.index()].condition = condition;
    }

    /// What the body of a loop has bound where it is left early (`break`, `continue`). To be joined, not
    /// exhaustively, after [`Builder::end_loop`].
    pub(super) fn leave_loop(&self, open: &OpenLoop) -> Branch {
        let mut changes = self.changes_since(open.log, self.scopes.len());
        changes.retain(|change| !matches!(self.facts.value(change.2), Value::Carried(_, id) if *id == open.id));
        Branch { changes, falls_through: true }
    }

    /// Ends a loop: afterwards a name is what it was before, or what the body bound.
    pub(super) fn end_loop(&mut self, open: OpenLoop) {
        self.place.in_loop = open.outer;
        let mut first: FxHashMap<(ScopeId, Name), Option<ValueId>> = FxHashMap::default();
        let mut order = Vec::new();
        for &(scope, name, old) in &self.log[open.log..] {
            first.entry((scope, name)).or_insert_with(|| {
                order.push((scope, name));
                old
            });
        }
        for (scope, name) in order {
            let now = self.scopes[scope.0 as usize].names.get(&name).copied();
            if let (Some(Some(before)), Some(now)) = (first.get(&(scope, name)).copied(), now) {
                // Not bound again on the way to the body's end.
                let unchanged = *self.facts.value(now) == Value::Carried(before, open.id);
                let merged = if unchanged { before } else { self.either(before, now) };
                if !unchanged {
                    let carried = self.value(Value::Carried(before, open.id));
                    self.facts.loops[open.id.index()].carries.push((carried, now));
                }
                self.bind_in(scope, name, merged);
            }
        }
    }

    /// The function whose body the walk stands in.
    pub(super) fn function(&self) -> FunctionId {
        self.place.function
    }

    // ── Functions ───────────────────────────────────────────────────────────────────────────────────

    /// Registers a function without entering it. `function.parent` is set to where the walk stands.
    pub(super) fn declare_function(&mut self, mut function: Function) -> FunctionId {
        function.parent = Some(self.place.function);
        let id = FunctionId(offset(self.facts.functions.len()));
        self.facts.functions.push(function);
        id
    }

    /// Enters a function's body in a new scope inside `scope`. An inline callback that runs once per
    /// element stands in its loop from the start, and every inline callback under the condition of its call; the
    /// `guard` of other functions starts empty.
    pub(super) fn enter_function(&mut self, id: FunctionId, scope: ScopeId) -> Place {
        let before = self.place;
        self.place.scope = scope;
        self.push_scope(false);
        self.place.function = id;
        let function = &self.facts.functions[id.index()];
        self.place.in_loop = function.runs_in;
        if function.passed_to.is_none() {
            self.place.guard = None;
        }
        before
    }

    /// Leaves the function and puts the walk back.
    pub(super) fn leave_function(&mut self, before: Place) {
        self.place = before;
    }

    // ── Calls, exits, uses ──────────────────────────────────────────────────────────────────────────

    /// Registers a call where the walk stands.
    pub(super) fn call(&mut self, callee: ValueId, args: Vec<Arg>, span: Span, name_span: Span) -> CallId {
        let id = CallId(offset(self.facts.calls.len()));
        self.facts.calls.push(Call {
            callee,
            args,
            function: self.place.function,
            in_loop: self.place.in_loop,
            guard: self.place.guard,
            span,
            name_span,
            awaited: false,
            is_new: false,
            result: ResultUse::Operand,
        });
        id
    }

    /// Notes that `span`, the rest of a block, is reached only where `condition` does not hold.
    pub(super) fn passed(&mut self, condition: ValueId, span: Span) {
        if condition != UNKNOWN && !span.is_empty() {
            self.facts.passed.push(Passed { function: self.place.function, condition, span });
        }
    }

    /// Notes that the loop or function is left here; outside a loop nothing is noted.
    pub(super) fn exit(&mut self, kind: ExitKind, value: ValueId, span: Span) {
        if let Some(in_loop) = self.place.in_loop {
            let (function, guard) = (self.place.function, self.place.guard);
            self.facts.exits.push(Exit { in_loop, function, guard, kind, value, span });
        }
    }

    /// Notes a value that the function at hand returns.
    pub(super) fn returns(&mut self, value: ValueId) {
        let function = &mut self.facts.functions[self.place.function.index()];
        function.returns.push(value);
        function.return_guards.push(self.place.guard);
    }

    /// Notes a use that may run a lazy value. Literals and names of nothing are left out.
    pub(super) fn used(&mut self, value: ValueId, kind: UseKind, span: Span) {
        let interesting = !matches!(
            self.facts.value(value),
            Value::Unknown | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float | Value::Text(_)
        );
        if interesting {
            let Place { function, in_loop, guard, .. } = self.place;
            self.facts.uses.push(Use { value, kind, function, in_loop, guard, span });
        }
    }

    /// Notes that an attribute is read or set, if it may be one of a row.
    pub(super) fn accessed(&mut self, value: ValueId, is_set: bool, span: Span) {
        let mut root = value;
        while let Value::Member(object, _) = *self.facts.value(root) {
            root = object;
        }
        let may_be_row = matches!(
            self.facts.value(root),
            Value::Param(..)
                | Value::This(_)
                | Value::Element(..)
                | Value::Part(..)
                | Value::Item(..)
                | Value::Call(_)
                | Value::Either(..)
                | Value::Carried(..)
        );
        if may_be_row && root != value {
            let Place { function, in_loop, guard, .. } = self.place;
            self.facts.accesses.push(Access { value, function, in_loop, guard, is_set, span });
        }
    }

    /// Notes that an object is given another attribute or item, if that is in a loop.
    pub(super) fn stored(&mut self, object: ValueId, value: ValueId) {
        if let Some(in_loop) = self.place.in_loop.filter(|_| object != UNKNOWN) {
            self.facts.stored.push(Stored { object, value, in_loop });
        }
    }

    /// Notes something that was not checked.
    pub(super) fn gap(&mut self, what: impl Into<String>, span: Span) {
        self.facts.gaps.push(Gap { what: what.into(), span });
    }

    /// Binds the names of the file's outermost scope as [`FileFacts::bindings`].
    pub(super) fn bindings(&mut self, exported: impl Fn(&str) -> bool) {
        let mut bound: Vec<(Name, ValueId)> =
            self.scopes[0].names.iter().map(|(&name, &value)| (name, value)).collect();
        bound.sort();
        for (name, value) in bound {
            let exported = exported(&self.facts.names[name]);
            self.facts.bindings.push(Binding { name, value, exported });
        }
    }
}

/// Gives back the room that growing tables took in advance.
fn shrink(facts: &mut FileFacts) {
    facts.names.shrink_to_fit();
    facts.values.shrink_to_fit();
    facts.texts.shrink_to_fit();
    facts.functions.shrink_to_fit();
    facts.classes.shrink_to_fit();
    facts.imports.shrink_to_fit();
    facts.calls.shrink_to_fit();
    facts.loops.shrink_to_fit();
    facts.guards.shrink_to_fit();
    facts.passed.sort_by_key(|passed| (passed.function, passed.span.start));
    facts.passed.shrink_to_fit();
    facts.exits.shrink_to_fit();
    facts.uses.shrink_to_fit();
    facts.accesses.shrink_to_fit();
    facts.bindings.shrink_to_fit();
    facts.item_sets.sort_by_key(|set| set.object);
    facts.item_sets.shrink_to_fit();
    facts.gaps.shrink_to_fit();
    for text in &mut facts.texts {
        text.cooked.shrink_to_fit();
        text.pieces.shrink_to_fit();
        text.holes.shrink_to_fit();
    }
    for function in &mut facts.functions {
        function.params.shrink_to_fit();
        function.returns.shrink_to_fit();
        function.return_guards.shrink_to_fit();
        function.yields.shrink_to_fit();
    }
    for class in &mut facts.classes {
        class.attributes.shrink_to_fit();
        class.methods.shrink_to_fit();
    }
}

fn offset(length: usize) -> u32 {
    u32::try_from(length).expect("tables of one file stay below 2^32")
}
