//! Queries that ask for no more than a few rows.

use super::flow::Flow;
use crate::facts::*;

/// How many steps of a query are followed.
const MAX_STEPS: usize = 16;

/// Whether what a call is given asks for no more than a few: `get_tasks(status, limit=5)`, `findMany({ take: 10 })`. What
/// a few is, `is_few` says.
pub(super) fn asks_for_few(facts: &FileFacts, id: CallId, is_few: impl Fn(ValueId) -> bool) -> bool {
    let call = facts.call(id);
    let finds = Flow::new(facts).called_name(call).is_some_and(|name| name.starts_with("find"));
    let is_option =
        |&(key, value): &(ValueId, ValueId)| matches!(facts.literal(key), Some("limit" | "take")) && is_few(value);
    call.args.iter().any(|arg| match (arg.name, facts.value(arg.value)) {
        (Some(name), _) => &facts.names[name] == "limit" && is_few(arg.value),
        (None, Value::Mapping(options)) => finds && options.iter().any(is_option),
        _ => false,
    })
}

/// Whether one of the steps of a query asks for no more than a few: `select().from(tasks).limit(10)`.
pub(super) fn limits_to_few(facts: &FileFacts, id: CallId, is_few: impl Fn(ValueId) -> bool) -> bool {
    let mut at = id;
    for _ in 0..MAX_STEPS {
        let call = facts.call(at);
        let Value::Member(object, step) = *facts.value(call.callee) else { return false };
        if let [only] = call.args.as_slice()
            && matches!(&facts.names[step], "limit" | "take")
            && is_few(only.value)
        {
            return true;
        }
        let Value::Call(before) = *facts.value(object) else { return false };
        at = before;
    }
    false
}
