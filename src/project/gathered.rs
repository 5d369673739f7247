//! Lazy queries that are gathered in a list first, and run together.

use rustc_hash::FxHashSet;

use super::flow::Flow;
use crate::facts::*;

/// What is pushed to a list that began empty, and the loop it is pushed in:
/// `for (const row of rows) found.push(knex("books").insert(row))`.
pub(super) fn pushed(facts: &FileFacts, list: ValueId) -> Vec<(ValueId, Option<LoopId>)> {
    let adds = facts.calls_on(list).filter(|(_, call)| facts.own_name(call.callee) == Some("push"));
    adds.flat_map(|(_, call)| call.args.iter().map(|arg| (arg.value, call.in_loop))).collect()
}

/// The calls of `map` whose queries go to the database in one round trip: `db.batch([...rows.map((row) =>
/// db.insert(books).values(row))])` of Drizzle.
pub(super) fn sent_at_once(facts: &FileFacts) -> FxHashSet<CallId> {
    let flow = Flow::new(facts);
    let mut sent = FxHashSet::default();
    let batches = facts.calls.iter().filter(|call| {
        matches!(facts.value(call.callee), Value::Member(..)) && flow.called_name(call) == Some("batch")
    });
    for batch in batches {
        let mut open: Vec<ValueId> = batch.args.iter().map(|arg| arg.value).collect();
        for _ in 0..64 {
            match open.pop().map(|value| facts.value(value)) {
                Some(Value::Sequence(parts)) => open.extend(parts.iter().copied()),
                Some(Value::Spread(inner)) => open.push(*inner),
                Some(Value::Either(left, right)) => open.extend([*left, *right]),
                Some(Value::Call(call)) => {
                    sent.insert(*call);
                    // `rows.map(…).filter(Boolean)`
                    if let Value::Member(object, _) = *facts.value(facts.call(*call).callee) {
                        open.push(object);
                    }
                }
                Some(_) => {}
                None => break,
            }
        }
    }
    sent
}
