//! What depends on what: whether a value differs from one run of a loop to the next, and which parameters
//! of its function it carries.

use rustc_hash::FxHashSet;

use super::reads;
use crate::facts::*;

/// How a value relates to a loop; ordered, the stronger wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Dependence {
    /// The same in every run.
    Invariant,
    /// May differ in a way that is not followed: the result of a call made in the loop, a name bound again.
    Varies,
    /// Made from the element that the run is about.
    PerRow,
}

/// Names of calls that give the next row of a result.
const NEXT_ROW: [&str; 4] = ["fetchone", "fetch_one", "fetchOne", "nextRow"];
/// Functions that give the same for the same arguments.
const PURE: [&str; 24] = [
    "str",
    "int",
    "float",
    "bool",
    "len",
    "list",
    "tuple",
    "set",
    "dict",
    "sorted",
    "min",
    "max",
    "sum",
    "abs",
    "round",
    "repr",
    "range",
    "isinstance",
    "getattr",
    "String",
    "Number",
    "Boolean",
    "parseInt",
    "frozenset",
];

/// Modules whose functions put conditions and statements together: `eq(table.id, id)`, `Q(id=id)`.
const BUILDING: [&str; 5] = ["django.db.models", "drizzle-orm", "sqlalchemy", "sqlalchemy.sql", "sqlmodel"];

/// Answers for one file.
pub(crate) struct Flow<'f> {
    facts: &'f FileFacts,
}

impl<'f> Flow<'f> {
    /// For these facts.
    pub(crate) fn new(facts: &'f FileFacts) -> Self {
        Flow { facts }
    }

    /// Whether `inner` is `outer` or inside it.
    pub(crate) fn inside(&self, inner: Option<LoopId>, outer: LoopId) -> bool {
        let mut at = inner;
        while let Some(id) = at {
            if id == outer {
                return true;
            }
            at = self.facts.loop_(id).parent;
        }
        false
    }

    /// How `value` relates to the loop `of`, seen from inside it.
    pub(crate) fn dependence(&self, value: ValueId, of: LoopId) -> Dependence {
        self.walk(value, of, &mut FxHashSet::default())
    }

    /// The strongest of several.
    pub(crate) fn strongest(&self, values: &[ValueId], of: LoopId) -> Dependence {
        let mut seen = FxHashSet::default();
        values.iter().map(|&value| self.walk(value, of, &mut seen)).max().unwrap_or(Dependence::Invariant)
    }

    fn walk(&self, value: ValueId, of: LoopId, seen: &mut FxHashSet<ValueId>) -> Dependence {
        if !seen.insert(value) || seen.len() > 4_000 {
            return Dependence::Invariant;
        }
        let facts = self.facts;
        match facts.value(value) {
            Value::Element(iterable, id) => {
                if *id == of {
                    Dependence::PerRow
                } else {
                    // The element of an inner loop over something that the outer element gives.
                    let inner = self.walk(*iterable, of, seen);
                    if self.inside(Some(*id), of) { inner.max(Dependence::Varies) } else { inner }
                }
            }
            Value::Carried(before, id) => {
                if *id == of || self.inside(Some(*id), of) {
                    if self.counts_up(*id, value) { Dependence::PerRow } else { Dependence::Varies }
                } else {
                    self.walk(*before, of, seen)
                }
            }
            Value::Call(call) => self.call(*call, of, seen),
            Value::Param(function, _) => {
                let owner = facts.function(*function);
                if owner.may_run_in == Some(of) {
                    return Dependence::PerRow;
                }
                // The parameter of a callback that is made anew in each run of the loop.
                match owner.passed_to {
                    Some((call, _)) if self.inside(facts.call(call).in_loop, of) => Dependence::Varies,
                    _ => Dependence::Invariant,
                }
            }
            _ => {
                let mut strongest = Dependence::Invariant;
                let mut visit = |part: ValueId| strongest = strongest.max(self.walk(part, of, seen));
                for_each_part(facts, value, &mut visit);
                strongest
            }
        }
    }

    fn call(&self, id: CallId, of: LoopId, seen: &mut FxHashSet<ValueId>) -> Dependence {
        let call = self.facts.call(id);
        if !self.call_inside(call, of) {
            return Dependence::Invariant;
        }
        let name = self.called_name(call).unwrap_or("");
        if NEXT_ROW.contains(&name) {
            return Dependence::PerRow;
        }
        let mut strongest = self.walk(call.callee, of, seen);
        for arg in &call.args {
            strongest = strongest.max(self.walk(arg.value, of, seen));
        }
        let pure = matches!(self.facts.value(call.callee), Value::Global(_)) && PURE.contains(&name)
            || matches!(
                name,
                "strip" | "lower" | "upper" | "trim" | "toString" | "toLowerCase" | "format" | "join" | "replace"
            )
            || self.builds(call);
        if pure { strongest } else { strongest.max(Dependence::Varies) }
    }

    /// Whether a call only puts together what it is given, as part of a query.
    pub(crate) fn builds(&self, call: &Call) -> bool {
        let Value::Import(import) = *self.facts.value(call.callee) else { return false };
        BUILDING.contains(&&self.facts.names[self.facts.imports[import.index()].module])
    }

    /// Whether a call runs in each run of a loop.
    pub(crate) fn call_inside(&self, call: &Call, of: LoopId) -> bool {
        if self.inside(call.in_loop, of) {
            return true;
        }
        // In an inline callback that is passed to a call inside the loop.
        let mut function = self.facts.function(call.function);
        while let Some((outer, _)) = function.passed_to {
            let outer = self.facts.call(outer);
            if function.may_run_in == Some(of) || self.inside(outer.in_loop, of) {
                return true;
            }
            function = self.facts.function(outer.function);
        }
        false
    }

    /// The name that is called: of a function, or the last of a chain.
    pub(crate) fn called_name(&self, call: &Call) -> Option<&'f str> {
        match self.facts.value(call.callee) {
            Value::Member(_, name) | Value::Global(name) => Some(&self.facts.names[*name]),
            Value::Function(function) => Some(&self.facts.names[self.facts.function(*function).name]),
            Value::Import(import) => {
                let import = &self.facts.imports[import.index()];
                let module = &self.facts.names[import.module];
                match import.what {
                    Imported::Name(name) if &self.facts.names[name] != "default" => Some(&self.facts.names[name]),
                    // `import chunk from "lodash/chunk"`
                    _ => Some(module.rsplit(['/', '.']).next().unwrap_or(module)),
                }
            }
            _ => None,
        }
    }

    /// Whether a carried value is the counter of a loop that runs over the length of something.
    fn counts_up(&self, id: LoopId, carried: ValueId) -> bool {
        let found = self.facts.loop_(id);
        let Value::Operation(Operation::Order | Operation::NotEqual, left, right) = self.facts.value(found.condition)
        else {
            return false;
        };
        let is_length = |value: ValueId| match self.facts.value(value) {
            Value::Member(_, name) => matches!(&self.facts.names[*name], "length" | "size"),
            Value::Call(call) => self.called_name(self.facts.call(*call)) == Some("len"),
            _ => false,
        };
        (*left == carried && is_length(*right)) || (*right == carried && is_length(*left))
    }

    /// Whether `inner` stands in `outer`.
    fn encloses(&self, outer: FunctionId, inner: FunctionId) -> bool {
        let mut at = self.facts.function(inner).parent;
        while let Some(function) = at {
            if function == outer {
                return true;
            }
            at = self.facts.function(function).parent;
        }
        false
    }

    /// The parameters of `function` that `value` carries, its instance, and what it captures.
    pub(crate) fn sources(&self, value: ValueId, function: FunctionId, into: &mut FxHashSet<Source>) {
        self.collect(value, function, false, into, &mut FxHashSet::default());
    }

    /// The same; of a parameter that is taken apart where it is declared (`({ id, name }) => …`), only the keys that
    /// `value` carries.
    pub(crate) fn keyed_sources(&self, value: ValueId, function: FunctionId, into: &mut FxHashSet<Source>) {
        self.collect(value, function, true, into, &mut FxHashSet::default());
    }

    /// Whether a parameter is a pattern.
    fn is_taken_apart(&self, function: FunctionId, index: u16) -> bool {
        let param = self.facts.function(function).params.get(usize::from(index));
        param.is_some_and(|param| self.facts.names[param.name].is_empty())
    }

    fn collect(
        &self,
        value: ValueId,
        function: FunctionId,
        keyed: bool,
        into: &mut FxHashSet<Source>,
        seen: &mut FxHashSet<ValueId>,
    ) {
        if !seen.insert(value) || seen.len() > 4_000 {
            return;
        }
        match self.facts.value(value) {
            Value::Member(object, name)
                if keyed
                    && let Value::Param(owner, index) = *self.facts.value(*object)
                    && owner == function
                    && self.is_taken_apart(owner, index) =>
            {
                into.insert(Source::Key(index, KeyName::of(&self.facts.names[*name])));
            }
            Value::Param(owner, index) if *owner == function => {
                into.insert(Source::Param(*index));
            }
            Value::Param(owner, _) if self.encloses(*owner, function) => {
                into.insert(Source::Captured(value));
            }
            Value::Element(_, id) | Value::Carried(_, id)
                if self.encloses(self.facts.loop_(*id).function, function) =>
            {
                into.insert(Source::Captured(value));
            }
            Value::This(_) => {
                let is_method = self.facts.function(function).class.is_some();
                into.insert(if is_method { Source::This } else { Source::Captured(value) });
            }
            // `super().save()` is about the same object.
            Value::Super(_) => {
                let own = self.facts.function(function);
                if own.class.is_some() && !own.traits.is_class_method && !own.traits.is_static {
                    into.insert(Source::This);
                }
            }
            Value::Call(call) => {
                let call = self.facts.call(*call);
                self.collect(call.callee, function, keyed, into, seen);
                for arg in &call.args {
                    self.collect(arg.value, function, keyed, into, seen);
                }
            }
            Value::Element(of, _) | Value::Carried(of, _) => self.collect(*of, function, keyed, into, seen),
            _ => {
                let mut parts = Vec::new();
                for_each_part(self.facts, value, &mut |part| parts.push(part));
                for part in parts {
                    self.collect(part, function, keyed, into, seen);
                }
            }
        }
    }
}

/// Where a value comes from, seen from inside a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Source {
    /// A parameter.
    Param(u16),
    /// What a parameter holds under a key.
    Key(u16, KeyName),
    /// The instance it is a method of.
    This,
    /// This value of a function around it: a parameter of it, an element of a loop in it, its instance.
    Captured(ValueId),
}

impl Source {
    /// The same; for a key of a parameter all of the parameter.
    pub(crate) fn whole(self) -> Source {
        match self {
            Source::Key(index, _) => Source::Param(index),
            whole => whole,
        }
    }
}

/// The name of a key, the same in all files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct KeyName(u64);

impl KeyName {
    /// Of this text.
    pub(crate) fn of(name: &str) -> KeyName {
        KeyName(reads::hash(name))
    }
}

/// Calls `visit` with every value that `value` is made of, one level down; calls are leaves.
pub(crate) fn for_each_part(facts: &FileFacts, value: ValueId, visit: &mut dyn FnMut(ValueId)) {
    match facts.value(value) {
        Value::Member(object, _) | Value::Part(object, _) | Value::Spread(object) => visit(*object),
        Value::Element(of, _) | Value::Carried(of, _) | Value::Collected(of, _) => visit(*of),
        Value::Item(object, key) => {
            visit(*object);
            visit(*key);
        }
        Value::Slice(object, low, high) => {
            visit(*object);
            visit(*low);
            visit(*high);
        }
        Value::Sequence(parts) | Value::Mixed(parts) => parts.iter().for_each(|&part| visit(part)),
        Value::Mapping(entries) => entries.iter().for_each(|&(key, value)| {
            visit(key);
            visit(value);
        }),
        Value::Either(left, right) | Value::Operation(_, left, right) => {
            visit(*left);
            visit(*right);
        }
        Value::Text(text) => facts.texts[text.index()].holes.iter().for_each(|hole| visit(hole.value)),
        Value::Function(function) => facts.function(*function).returns.iter().for_each(|&value| visit(value)),
        Value::Unknown
        | Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float
        | Value::Import(_)
        | Value::Global(_)
        | Value::Param(..)
        | Value::This(_)
        | Value::Super(_)
        | Value::Class(_)
        | Value::Call(_)
        | Value::Typed(_) => {}
    }
}
