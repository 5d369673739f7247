//! What objects keep: answers that are asked for once for each object, and when something was done last.

use super::caches::is_clock;
use super::flow::for_each_part;
use super::sites::SiteEffect;
use crate::facts::*;

/// How many parts of a condition are looked at.
const MAX_PARTS: usize = 200;

/// What an object keeps of what stands in one of its methods.
pub(super) struct Kept {
    /// Whether it keeps anything.
    pub(super) is_kept: bool,
    /// The condition that is left, once the object has no answer.
    pub(super) guard: Option<GuardId>,
    /// The attribute of the answer, which others may set before.
    pub(super) attribute: Option<Box<str>>,
}

/// What the object keeps of what stands in `method` under `guard`: an answer, or when it was done last.
pub(super) fn kept(facts: &FileFacts, method: FunctionId, effect: SiteEffect, guard: Option<GuardId>) -> Kept {
    let memo = if effect == SiteEffect::Query { of_object(facts, method, guard) } else { None };
    match memo {
        Some((name, guard)) => Kept { is_kept: true, guard, attribute: Some(facts.names[name].into()) },
        None => Kept { is_kept: is_timed(facts, method, guard), guard, attribute: None },
    }
}

/// The attribute that keeps what stands in a method under `guard`, so that it is asked once for each object, and the
/// condition that is left: `if self._size is None: self._size = self.rows.count()`.
fn of_object(facts: &FileFacts, method: FunctionId, guard: Option<GuardId>) -> Option<(Name, Option<GuardId>)> {
    let own = facts.function(method);
    let name = |kept: Attribute| is_set_in(facts, method, kept).then_some(kept.1);
    let mut at = guard;
    while let Some(found) = at.map(|id| &facts.guards[id.index()]) {
        // Also `this.size ??= await …`.
        let kept = found.kind.holds().and_then(|holds| tested(facts, found.condition, !holds));
        if let Some(name) = kept.and_then(name) {
            let is_whole = !matches!(*facts.value(found.condition), Value::Operation(Operation::And, ..));
            let guard = if at == guard && is_whole { found.parent } else { guard };
            return Some((name, guard));
        }
        at = found.parent;
    }
    // `if self.rows: return self.rows` before the query.
    let is_tested = |value: Attribute| {
        facts.guards.iter().any(|guard| {
            let parts = match *facts.value(guard.condition) {
                Value::Operation(Operation::And, left, right) => [left, right],
                _ => [guard.condition, UNKNOWN],
            };
            parts.iter().any(|&part| tested(facts, part, true) == Some(value))
        })
    };
    if own.returns.len() < 2 {
        return None;
    }
    let returned = own.returns.iter().filter_map(|&value| attribute(facts, value));
    let name = returned.filter(|&kept| is_set_in(facts, method, kept)).find(|&kept| is_tested(kept))?.1;
    Some((name, guard))
}

/// Whether what stands in a method under `guard` runs only when its time has come, which its object then notes:
/// `if self.sent_at < time() - PERIOD: self.send()` … `self.sent_at = time()`.
fn is_timed(facts: &FileFacts, method: FunctionId, guard: Option<GuardId>) -> bool {
    let mut at = guard;
    while let Some(guard) = at.map(|id| &facts.guards[id.index()]) {
        if guard.kind == GuardKind::Then && is_due(facts, method, guard.condition, 0) == Some(true) {
            return true;
        }
        at = guard.parent;
    }
    false
}

/// Whether a condition holds only when something that the object notes in `method` is out of date, and whether by the
/// clock; `None` if it may hold for another reason.
fn is_due(facts: &FileFacts, method: FunctionId, condition: ValueId, depth: u8) -> Option<bool> {
    if depth > 8 {
        return None;
    }
    let deeper = |value: ValueId| is_due(facts, method, value, depth + 1);
    let is_noted = |value: ValueId| attribute(facts, value).is_some_and(|noted| is_set_in(facts, method, noted));
    match *facts.value(condition) {
        Value::Either(left, right) => Some(deeper(left)? | deeper(right)?),
        Value::Operation(Operation::And, left, right) => match (deeper(left), deeper(right)) {
            (None, other) | (other, None) => other,
            (left, right) => Some(left == Some(true) || right == Some(true)),
        },
        Value::Operation(Operation::Order, left, right) => {
            let holds = |test: &dyn Fn(ValueId) -> bool| has_part(facts, left, test) || has_part(facts, right, test);
            (holds(&is_noted) && holds(&|value| is_clock(facts, value))).then_some(true)
        }
        Value::Operation(Operation::NotEqual, left, right) => (is_noted(left) || is_noted(right)).then_some(false),
        // `if force or …`, where callers do not force it unless they say so.
        Value::Param(function, index) if function == method => {
            let default = facts.function(function).params.get(usize::from(index))?.default?;
            (*facts.value(default) == Value::Bool(false)).then_some(false)
        }
        _ => tested(facts, condition, false).filter(|&noted| is_set_in(facts, method, noted)).map(|_| false),
    }
}

/// An attribute: of what, and its name.
type Attribute = (ValueId, Name);

fn attribute(facts: &FileFacts, value: ValueId) -> Option<Attribute> {
    match *facts.value(value) {
        Value::Member(object, name) => Some((object, name)),
        _ => None,
    }
}

/// Whether an attribute is one of the object, and `method` sets it.
fn is_set_in(facts: &FileFacts, method: FunctionId, (object, name): Attribute) -> bool {
    let Value::This(class) = *facts.value(object) else { return false };
    let own = facts.function(method);
    let sets = |attribute: &crate::facts::Attribute| {
        attribute.name == name && !attribute.in_body && own.span.contains(attribute.span)
    };
    facts.class(class).attributes.iter().any(sets)
}

/// Whether something that a value is made of, calls with what they are given, is what is looked for.
fn has_part(facts: &FileFacts, value: ValueId, is_wanted: &dyn Fn(ValueId) -> bool) -> bool {
    let mut open = vec![value];
    let mut seen = 0;
    while let Some(value) = open.pop() {
        seen += 1;
        if is_wanted(value) || seen > MAX_PARTS {
            return seen <= MAX_PARTS;
        }
        match facts.value(value) {
            Value::Call(call) => {
                let call = facts.call(*call);
                open.push(call.callee);
                open.extend(call.args.iter().map(|arg| arg.value));
            }
            _ => for_each_part(facts, value, &mut |part| open.push(part)),
        }
    }
    false
}

/// The attribute that has a value (`has`), or has none, where a condition holds: the `a.x` of `a.x`, `not a.x`,
/// `a.x is None`.
fn tested(facts: &FileFacts, condition: ValueId, has: bool) -> Option<Attribute> {
    let is_null = |value: ValueId| matches!(facts.value(value), Value::Null);
    match *facts.value(condition) {
        Value::Operation(Operation::Not, inner, _) => tested(facts, inner, !has),
        Value::Operation(Operation::Equal, value, null) if is_null(null) => tested(facts, value, true).filter(|_| !has),
        Value::Operation(Operation::NotEqual, value, null) if is_null(null) => {
            tested(facts, value, true).filter(|_| has)
        }
        Value::Operation(Operation::And, left, _) if !has => tested(facts, left, has),
        // `hasattr(self, "_size")`, `getattr(self, "_size", None)`
        Value::Call(call) => attribute_asked(facts, facts.call(call)).filter(|_| has),
        _ => attribute(facts, condition).filter(|_| has),
    }
}

/// The attribute that a call of `hasattr` or `getattr` asks for by its name.
fn attribute_asked(facts: &FileFacts, call: &Call) -> Option<Attribute> {
    let [object, name, ..] = &*call.args else { return None };
    let is_asked = matches!(*facts.value(call.callee), Value::Global(name)
        if matches!(&facts.names[name], "getattr" | "hasattr"));
    let name = facts.literal(name.value).filter(|_| is_asked)?;
    Some((object.value, facts.names.find(name)?))
}
