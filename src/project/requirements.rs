//! What a caller must pass for a query behind a condition to be reached: `if save: self.write()` is not
//! reached by a caller that leaves `save=False` alone.

use super::Project;
use super::calls::Edge;
use crate::facts::*;

/// A condition on a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    /// Which parameter.
    param: u16,
    /// Which key of it, for an object of options.
    member: Option<Box<str>>,
    /// What must hold.
    test: Test,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Truthy,
    Falsy,
    /// `None`, or what the default is: contradicted by passing something.
    Missing,
    Given,
    /// Anything but a literal `false`.
    NotFalse,
}

/// The requirements of the conditions around a place in `home`.
pub(super) fn of_guards(facts: &FileFacts, home: FunctionId, guard: Option<GuardId>) -> Vec<Requirement> {
    let mut found = Vec::new();
    let mut at = guard;
    while let Some(guard) = at.map(|id| &facts.guards[id.index()]) {
        match guard.kind {
            GuardKind::Then => collect(facts, home, guard.condition, true, 0, &mut found),
            GuardKind::Else => collect(facts, home, guard.condition, false, 0, &mut found),
            GuardKind::Handler | GuardKind::Other => {}
        }
        at = guard.parent;
    }
    found
}

fn collect(
    facts: &FileFacts,
    home: FunctionId,
    condition: ValueId,
    holds: bool,
    depth: u8,
    into: &mut Vec<Requirement>,
) {
    if depth > 8 {
        return;
    }
    let mut require = |value: ValueId, test: Test| {
        if let Some((param, member)) = parameter(facts, home, value) {
            into.push(Requirement { param, member, test });
        }
    };
    match facts.value(condition) {
        Value::Operation(Operation::Not, inner, _) => collect(facts, home, *inner, !holds, depth + 1, into),
        Value::Operation(Operation::And, left, right) if holds => {
            collect(facts, home, *left, true, depth + 1, into);
            collect(facts, home, *right, true, depth + 1, into);
        }
        Value::Either(left, right) if !holds => {
            collect(facts, home, *left, false, depth + 1, into);
            collect(facts, home, *right, false, depth + 1, into);
        }
        Value::Operation(operation @ (Operation::Equal | Operation::NotEqual), left, right) => {
            let equal = (*operation == Operation::Equal) == holds;
            match facts.value(*right) {
                Value::Null => require(*left, if equal { Test::Missing } else { Test::Given }),
                Value::Bool(true) if equal => require(*left, Test::Truthy),
                Value::Bool(false) => require(*left, if equal { Test::Falsy } else { Test::NotFalse }),
                _ if is_default(facts, home, *left, *right) => {
                    require(*left, if equal { Test::Missing } else { Test::Given });
                }
                _ => {}
            }
        }
        // `if ("id" in options)`
        Value::Operation(Operation::In, key, object) => {
            if let (Some(key), Value::Param(function, param)) = (facts.literal(*key), facts.value(*object))
                && *function == home
                && holds
            {
                into.push(Requirement { param: *param, member: Some(key.into()), test: Test::Given });
            }
        }
        _ => require(condition, if holds { Test::Truthy } else { Test::Falsy }),
    }
}

fn parameter(facts: &FileFacts, home: FunctionId, value: ValueId) -> Option<(u16, Option<Box<str>>)> {
    match facts.value(value) {
        Value::Param(function, index) if *function == home => Some((*index, None)),
        Value::Member(object, name) => match facts.value(*object) {
            Value::Param(function, index) if *function == home && !is_method_like(facts, home, *index) => {
                Some((*index, Some(facts.names[*name].into())))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether a parameter is an object whose members are not options but state: one with a declared class.
fn is_method_like(facts: &FileFacts, home: FunctionId, index: u16) -> bool {
    let param = facts.function(home).params.get(usize::from(index));
    param.is_none_or(|param| param.annotation.is_some_and(|_| param.default.is_none()))
}

fn is_default(facts: &FileFacts, home: FunctionId, value: ValueId, compared: ValueId) -> bool {
    match facts.value(value) {
        Value::Param(function, index) if *function == home => {
            let param = facts.function(home).params.get(usize::from(*index));
            param.and_then(|param| param.default) == Some(compared)
        }
        _ => false,
    }
}

/// Whether the call of `edge` rules a requirement of its callee out; else what it requires of its own caller.
pub(super) fn through(project: &Project, edge: &Edge, required: &[Requirement]) -> Option<Vec<Requirement>> {
    let mut own = Vec::new();
    if edge.given.is_some() {
        return Some(own);
    }
    let facts = &project.file(edge.file).facts;
    let call = facts.call(edge.call);
    let callee = &project.file(edge.callee.file).facts;
    let params = &callee.function(edge.callee.function).params;
    if call.args.iter().any(|arg| matches!(facts.value(arg.value), Value::Spread(_))) {
        return Some(own);
    }
    for requirement in required {
        let Some(param) = params.get(usize::from(requirement.param)) else { continue };
        let name = &callee.names[param.name];
        let named = call.args.iter().find(|arg| arg.name.is_some_and(|id| &facts.names[id] == name));
        let positional = call.args.iter().filter(|arg| arg.name.is_none()).nth(usize::from(requirement.param));
        let given = named.or(positional.filter(|_| !param.is_keyword_only && !param.is_rest));
        let allowed = match (given, &requirement.member) {
            (Some(arg), None) => match facts.value(arg.value) {
                Value::Param(function, index) if *function == edge.home => {
                    own.push(Requirement { param: *index, ..requirement.clone() });
                    true
                }
                _ => allows(facts, Some(arg.value), requirement.test),
            },
            (Some(arg), Some(member)) => match facts.value(arg.value) {
                Value::Mapping(entries) if !entries.iter().any(|&(key, _)| key == UNKNOWN) => {
                    let entry = entries.iter().find(|(key, _)| facts.literal(*key) == Some(&**member));
                    allows(facts, entry.map(|entry| entry.1), requirement.test)
                }
                Value::Param(function, index) if *function == edge.home => {
                    own.push(Requirement { param: *index, ..requirement.clone() });
                    true
                }
                _ => true,
            },
            (None, _) if param.is_rest => true,
            (None, None) => allows_default(callee, param.default, requirement.test),
            (None, Some(_)) => !matches!(requirement.test, Test::Truthy | Test::Given),
        };
        if !allowed {
            return None;
        }
    }
    Some(own)
}

/// Whether what is passed may meet the test. `None`: nothing is passed, and there is no default.
fn allows(facts: &FileFacts, value: Option<ValueId>, test: Test) -> bool {
    let value = value.map(|value| facts.value(value));
    match test {
        Test::Truthy => !matches!(value, None | Some(Value::Bool(false) | Value::Null | Value::Int(0))),
        Test::Falsy => {
            !matches!(value, Some(Value::Bool(true) | Value::Function(_) | Value::Class(_) | Value::This(_)))
        }
        Test::Given => !matches!(value, None | Some(Value::Null)),
        Test::NotFalse => !matches!(value, Some(Value::Bool(false))),
        Test::Missing => !matches!(
            value,
            Some(
                Value::Bool(_)
                    | Value::Int(_)
                    | Value::Text(_)
                    | Value::Mapping(_)
                    | Value::Sequence(_)
                    | Value::Function(_)
                    | Value::Class(_)
                    | Value::This(_)
                    | Value::Call(_)
                    | Value::Element(..)
            )
        ),
    }
}

fn allows_default(callee: &FileFacts, default: Option<ValueId>, test: Test) -> bool {
    match test {
        // The default is what "missing" means.
        Test::Missing => true,
        Test::Given => {
            default.is_some_and(|default| !matches!(callee.value(default), Value::Null))
                && !is_sentinel(callee, default)
        }
        _ => allows(callee, default, test),
    }
}

fn is_sentinel(facts: &FileFacts, default: Option<ValueId>) -> bool {
    default
        .is_some_and(|default| matches!(facts.value(default), Value::Global(_) | Value::Import(_) | Value::Member(..)))
}
