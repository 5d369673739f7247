//! What calls are given: literals, lists of literals, keys of objects.

use crate::facts::*;
use crate::project::Flow;

/// The argument of this keyword.
pub(super) fn keyword(facts: &FileFacts, call: &Call, wanted: &str) -> Option<ValueId> {
    call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == wanted)).map(|arg| arg.value)
}

/// The argument at this place among those without a keyword.
pub(super) fn positional(call: &Call, at: usize) -> Option<ValueId> {
    call.args.iter().filter(|arg| arg.name.is_none()).nth(at).map(|arg| arg.value)
}

/// The value of a key of an object.
pub(super) fn member(facts: &FileFacts, object: ValueId, wanted: &str) -> Option<ValueId> {
    match facts.value(object) {
        Value::Mapping(entries) => {
            entries.iter().find(|(key, _)| facts.literal(*key) == Some(wanted)).map(|&(_, value)| value)
        }
        _ => None,
    }
}

/// A text, or each of a list of texts; `None` if any is something else.
pub(super) fn texts(facts: &FileFacts, value: ValueId) -> Option<Vec<&str>> {
    match facts.value(value) {
        Value::Text(_) => facts.literal(value).map(|text| vec![text]),
        Value::Sequence(items) => items.iter().map(|&item| facts.literal(item)).collect(),
        _ => None,
    }
}

/// Whether a keyword is given as `true` (`Some(true)`), as `false` or not at all (`Some(false)`), or as something
/// that is not known.
pub(super) fn asks(facts: &FileFacts, value: Option<ValueId>) -> Option<bool> {
    match value.map(|value| facts.value(value)) {
        None | Some(Value::Null) => Some(false),
        Some(Value::Bool(value)) => Some(*value),
        Some(_) => None,
    }
}

/// The name that a call calls; empty if it has none.
pub(super) fn called<'f>(facts: &'f FileFacts, call: &Call) -> &'f str {
    Flow::new(facts).called_name(call).unwrap_or("")
}

/// The name of the table that a batch of Alembic's is about, if a call is a part of one:
/// `with op.batch_alter_table("users") as batch_op: batch_op.drop_index("i")`.
pub(super) fn batch_of(facts: &FileFacts, call: &Call) -> Option<ValueId> {
    let Value::Member(batch, _) = *facts.value(call.callee) else { return None };
    let Value::Call(batch) = *facts.value(batch) else { return None };
    let batch = facts.call(batch);
    let is_batch = called(facts, batch) == "batch_alter_table";
    keyword(facts, batch, "table_name").or_else(|| positional(batch, 0)).filter(|_| is_batch)
}

/// Whether a call stands in a function that takes a migration back: `down`, `downgrade`.
pub(in crate::project::schema) fn is_undone(facts: &FileFacts, call: &Call) -> bool {
    let mut at = Some(call.function);
    while let Some(function) = at.map(|id| facts.function(id)) {
        if matches!(&facts.names[function.name], "down" | "downgrade" | "downgrades") {
            return true;
        }
        at = function.parent;
    }
    false
}
