//! Code that runs where a program is developed or tried out only.

use crate::facts::*;

/// Whether what stands under `guard` runs in development only: `if settings.DEBUG: …`,
/// `if (process.env.NODE_ENV !== "production") …`.
pub(super) fn is_for_development(facts: &FileFacts, guard: Option<GuardId>) -> bool {
    let mut at = guard;
    while let Some(guard) = at.map(|id| &facts.guards[id.index()]) {
        if guard.kind.holds().is_some_and(|holds| tells_of_development(facts, guard.condition, holds, 0)) {
            return true;
        }
        at = guard.parent;
    }
    false
}

fn tells_of_development(facts: &FileFacts, condition: ValueId, holds: bool, depth: u8) -> bool {
    if depth > 6 {
        return false;
    }
    let deeper = |part: ValueId, holds: bool| tells_of_development(facts, part, holds, depth + 1);
    match *facts.value(condition) {
        Value::Operation(Operation::Not, inner, _) => deeper(inner, !holds),
        Value::Operation(Operation::And, left, right) if holds => deeper(left, true) || deeper(right, true),
        Value::Either(left, right) if !holds => deeper(left, false) || deeper(right, false),
        Value::Operation(operation @ (Operation::Equal | Operation::NotEqual), left, right) => {
            let equal = (operation == Operation::Equal) == holds;
            let is_mode = |value: ValueId| facts.own_name(value) == Some("NODE_ENV");
            match (is_mode(left), facts.literal(right)) {
                (true, Some("development" | "test")) => equal,
                (true, Some("production")) => !equal,
                _ => false,
            }
        }
        // `settings.DEBUG` of Django, `current_app.debug` of Flask.
        Value::Member(object, name) => {
            let of = facts.own_name(object);
            holds
                && match &facts.names[name] {
                    "DEBUG" => of == Some("settings"),
                    "debug" => matches!(of, Some("app" | "current_app")),
                    _ => false,
                }
        }
        _ => false,
    }
}
