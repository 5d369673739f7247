//! Which serializers a view of Django REST framework uses for an action: its `serializer_class`, or what its
//! `get_serializer_class` chooses by `self.action`.

use super::Finder;
use crate::facts::*;
use crate::project::flow::{Flow, for_each_part};
use crate::project::types::{ClassMember, Ty};
use crate::project::{ClassRef, FileId, FunctionRef};

/// How many methods are looked into, one from another.
const MAX_DEPTH: u8 = 4;
/// Words for what tells a list from a single row: how a condition of them ends for an action is not known.
const OF_ACTIONS: [&str; 7] = ["action", "detail", "kwargs", "list", "lookup", "many", "pk"];

/// How a condition ends for an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Holds,
    Fails,
    /// Something else decides: who asks, what for.
    Either,
    Unknown,
}

impl Ends {
    fn not(self) -> Ends {
        match self {
            Ends::Holds => Ends::Fails,
            Ends::Fails => Ends::Holds,
            other => other,
        }
    }

    fn and(self, other: Ends) -> Ends {
        match (self, other) {
            (Ends::Fails, _) | (_, Ends::Fails) => Ends::Fails,
            (Ends::Unknown, _) | (_, Ends::Unknown) => Ends::Unknown,
            (Ends::Either, _) | (_, Ends::Either) => Ends::Either,
            _ => Ends::Holds,
        }
    }
}

impl Finder<'_, '_> {
    /// The serializers that a view may use for an action.
    pub(super) fn serializers_of(&self, view: ClassRef, action: &str) -> Vec<ClassRef> {
        let Some(method) = self.method(view, "get_serializer_class") else { return self.declared_serializer(view) };
        match self.returned_by(view, method, action, 0) {
            Some(found) if !found.is_empty() => found,
            // A class that several views extend makes what it uses of what they declare.
            None if self.is_of_base(view, method) => self.declared_serializer(view),
            _ => Vec::new(),
        }
    }

    fn declared_serializer(&self, view: ClassRef) -> Vec<ClassRef> {
        let Some((file, value)) = self.member(view, "serializer_class") else { return Vec::new() };
        match self.types.of(file, value) {
            Ty::Class(class) => vec![class],
            _ => Vec::new(),
        }
    }

    /// Whether a method is one of a class that a view extends, and the view itself says which serializer it is for.
    fn is_of_base(&self, view: ClassRef, method: FunctionRef) -> bool {
        let facts = self.types.facts(view.file);
        let own = facts.class(view.class);
        let is_own = method.file == view.file && own.methods.contains(&method.function);
        !is_own && own.attributes.iter().any(|of| &facts.names[of.name] == "serializer_class")
    }

    /// What a method of a view returns for an action; nothing if that cannot be told.
    fn returned_by(&self, view: ClassRef, method: FunctionRef, action: &str, depth: u8) -> Option<Vec<ClassRef>> {
        let facts = self.types.facts(method.file);
        let own = facts.function(method.function);
        let mut found = Vec::new();
        if depth > MAX_DEPTH || own.returns.is_empty() {
            return None;
        }
        for (&value, &guard) in own.returns.iter().zip(&own.return_guards) {
            let ends = ends_of(facts, guard, action);
            if ends == Ends::Fails {
                continue;
            }
            if ends == Ends::Unknown {
                return None;
            }
            found.extend(self.chosen(view, (method.file, value), action, depth + 1)?);
            // What is returned further down is for other actions.
            if ends == Ends::Holds && guard.is_some() {
                break;
            }
        }
        Some(found)
    }

    /// The serializers that a value is, in a method of a view.
    fn chosen(
        &self,
        view: ClassRef,
        (file, value): (FileId, ValueId),
        action: &str,
        depth: u8,
    ) -> Option<Vec<ClassRef>> {
        let facts = self.types.facts(file);
        if depth > MAX_DEPTH {
            return None;
        }
        let deeper = |value: ValueId| self.chosen(view, (file, value), action, depth + 1);
        match *facts.value(value) {
            // Of the view, which may be another class than the one it is written in.
            Value::Member(object, name) if matches!(facts.value(object), Value::This(_)) => {
                match self.types.class_member(view, &facts.names[name])? {
                    ClassMember::Attribute(file, value, _) => self.chosen(view, (file, value), action, depth + 1),
                    ClassMember::Method(_) => None,
                }
            }
            // `{"list": BookListSerializer}[self.action]`
            Value::Item(table, key) if is_action(facts, key) => {
                self.entry(view, (file, table), (file, None), action, depth)
            }
            Value::Call(id) => {
                let call = facts.call(id);
                let Value::Member(object, _) = *facts.value(call.callee) else { return None };
                let name = Flow::new(facts).called_name(call)?;
                match (name, facts.value(object), call.args.as_slice()) {
                    ("get_serializer_class", Value::Super(_), _) => Some(self.declared_serializer(view)),
                    (_, Value::This(_), _) => self.returned_by(view, self.method(view, name)?, action, depth + 1),
                    ("get", _, [key, rest @ ..]) if is_action(facts, key.value) => {
                        let otherwise = rest.first().map(|arg| arg.value);
                        self.entry(view, (file, object), (file, otherwise), action, depth)
                    }
                    _ => None,
                }
            }
            Value::Either(first, second) => {
                let (first, second) = (deeper(first)?, deeper(second)?);
                match (first.is_empty(), second.is_empty()) {
                    (true, _) => Some(second),
                    (_, true) => Some(first),
                    // Bound under a condition that is not in sight here.
                    _ => (first == second).then_some(first),
                }
            }
            Value::Null => Some(Vec::new()),
            _ => match self.types.of(file, value) {
                Ty::Class(class) => Some(vec![class]),
                _ => None,
            },
        }
    }

    /// What a table of serializers that is written down has for an action, or else what stands for one that it has not.
    fn entry(
        &self,
        view: ClassRef,
        (file, table): (FileId, ValueId),
        (at, otherwise): (FileId, Option<ValueId>),
        action: &str,
        depth: u8,
    ) -> Option<Vec<ClassRef>> {
        let facts = self.types.facts(file);
        match facts.value(table) {
            Value::Mapping(entries) => {
                let keys: Option<Vec<&str>> = entries.iter().map(|&(key, _)| facts.literal(key)).collect();
                match (keys?.iter().position(|&key| key == action), otherwise) {
                    (Some(index), _) => self.chosen(view, (file, entries[index].1), action, depth + 1),
                    (None, Some(otherwise)) => self.chosen(view, (at, otherwise), action, depth + 1),
                    (None, None) => Some(Vec::new()),
                }
            }
            Value::Member(object, name) if matches!(facts.value(*object), Value::This(_)) && depth <= MAX_DEPTH => {
                match self.types.class_member(view, &facts.names[*name])? {
                    ClassMember::Attribute(file, value, _) => {
                        self.entry(view, (file, value), (at, otherwise), action, depth + 1)
                    }
                    ClassMember::Method(_) => None,
                }
            }
            _ => None,
        }
    }
}

/// How the conditions around a place end for an action.
fn ends_of(facts: &FileFacts, guard: Option<GuardId>, action: &str) -> Ends {
    let mut ends = Ends::Holds;
    let mut at = guard;
    while let Some(guard) = at.map(|id| &facts.guards[id.index()]) {
        let own = match guard.kind.holds() {
            Some(true) => condition(facts, guard.condition, action),
            Some(false) => condition(facts, guard.condition, action).not(),
            None => Ends::Unknown,
        };
        ends = ends.and(own);
        at = guard.parent;
    }
    ends
}

fn condition(facts: &FileFacts, value: ValueId, action: &str) -> Ends {
    let is = |holds: bool| if holds { Ends::Holds } else { Ends::Fails };
    match *facts.value(value) {
        Value::Operation(Operation::Not, inner, _) => condition(facts, inner, action).not(),
        Value::Operation(Operation::And, left, right) => {
            condition(facts, left, action).and(condition(facts, right, action))
        }
        Value::Either(left, right) => {
            condition(facts, left, action).not().and(condition(facts, right, action).not()).not()
        }
        Value::Operation(operation @ (Operation::Equal | Operation::NotEqual), left, right) => {
            let told = match (facts.literal(left), facts.literal(right)) {
                (None, Some(literal)) => asked(facts, left, action).map(|own| own == literal),
                (Some(literal), None) => asked(facts, right, action).map(|own| own == literal),
                _ => None,
            };
            match told {
                Some(equal) => is(equal == (operation == Operation::Equal)),
                None => other(facts, value),
            }
        }
        Value::Operation(operation @ (Operation::In | Operation::NotIn), left, right) => {
            let words: Option<Vec<&str>> = match facts.value(right) {
                Value::Sequence(items) => items.iter().map(|&item| facts.literal(item)).collect(),
                _ if facts.own_name(right) == Some("SAFE_METHODS") => Some(vec!["GET", "HEAD", "OPTIONS"]),
                _ => None,
            };
            match (asked(facts, left, action), words) {
                (Some(own), Some(words)) => is(words.contains(&own) == (operation == Operation::In)),
                _ => other(facts, value),
            }
        }
        _ => other(facts, value),
    }
}

/// What `self.action` and `self.request.method` are.
fn asked<'a>(facts: &FileFacts, value: ValueId, action: &'a str) -> Option<&'a str> {
    if is_action(facts, value) {
        return Some(action);
    }
    let is_method = matches!(facts.value(value), Value::Member(_, name) if &facts.names[*name] == "method");
    (is_method && matches!(action, "list" | "retrieve")).then_some("GET")
}

fn is_action(facts: &FileFacts, value: ValueId) -> bool {
    match *facts.value(value) {
        Value::Member(object, name) => &facts.names[name] == "action" && matches!(facts.value(object), Value::This(_)),
        _ => false,
    }
}

/// How any other condition ends.
fn other(facts: &FileFacts, value: ValueId) -> Ends {
    let mut open = vec![value];
    for _ in 0..64 {
        let Some(value) = open.pop() else { return Ends::Either };
        let is_of_actions = |text: &str| {
            let text = text.to_ascii_lowercase();
            OF_ACTIONS.iter().any(|word| text.split(|c: char| !c.is_alphanumeric()).any(|part| part == *word))
        };
        let speaks = match *facts.value(value) {
            Value::Member(_, name) | Value::Global(name) => is_of_actions(&facts.names[name]),
            Value::Param(function, index) => {
                let param = facts.function(function).params.get(usize::from(index));
                param.is_some_and(|param| is_of_actions(&facts.names[param.name]))
            }
            Value::Text(_) => facts.literal(value).is_some_and(is_of_actions),
            Value::Call(call) => {
                open.push(facts.call(call).callee);
                false
            }
            _ => false,
        };
        if speaks {
            return Ends::Unknown;
        }
        for_each_part(facts, value, &mut |part| open.push(part));
    }
    Ends::Unknown
}
