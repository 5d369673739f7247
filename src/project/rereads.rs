//! Rows that a run of a loop fetches again, to see what it has done with them: what is asked of them then cannot be asked
//! before the loop.

use super::FileId;
use super::flow::{Dependence, Flow};
use super::types::{Ty, Types};
use crate::facts::*;
use crate::source::Span;

/// Methods that fetch a row again: of the row, or of the session that is given the row.
const AGAIN: [&str; 4] = ["arefresh_from_db", "refresh", "refresh_from_db", "reload"];

/// Whether a place in a function asks something of one of `rows` that a run of `of` has fetched again before:
/// `pay(bill); bill.refresh_from_db(); bill.open_sum`.
pub(super) fn asks_again(facts: &FileFacts, rows: &[ValueId], at: (FunctionId, Span), of: LoopId) -> bool {
    let flow = Flow::new(facts);
    let mut again = before(facts, at, of).filter_map(|call| fetched_again(facts, call));
    again.any(|row| rows.contains(&row) && flow.dependence(row, of) > Dependence::Invariant)
}

/// The same for what is read of a row: `bill.open_sum`.
pub(super) fn reads_again(facts: &FileFacts, read: ValueId, at: (FunctionId, Span), of: LoopId) -> bool {
    let object = |&value: &ValueId| match *facts.value(value) {
        Value::Member(object, _) => Some(object),
        _ => None,
    };
    let rows: Vec<ValueId> = std::iter::successors(Some(read), object).skip(1).collect();
    asks_again(facts, &rows, at, of)
}

/// Whether a call fetches a row again, after the run of `of` has done something with it.
pub(super) fn is_fetched_again(types: &Types<'_>, file: FileId, call: &Call, of: LoopId) -> bool {
    let facts = types.facts(file);
    let Some(row) = fetched_again(facts, call) else { return false };
    before(facts, (call.function, call.span), of).any(|other| match *facts.value(other.callee) {
        Value::Member(object, _) if object == row => true,
        _ => other.args.iter().any(|arg| arg.value == row) && matches!(types.of(file, other.callee), Ty::Function(_)),
    })
}

/// The calls of a run that stand before a place in a function.
fn before(facts: &FileFacts, (function, span): (FunctionId, Span), of: LoopId) -> impl Iterator<Item = &Call> {
    let flow = Flow::new(facts);
    let calls = facts.calls_in(function).map(|(_, call)| call);
    calls.filter(move |call| call.span.end <= span.start && flow.inside(call.in_loop, of))
}

/// The row that a call fetches again.
fn fetched_again(facts: &FileFacts, call: &Call) -> Option<ValueId> {
    let Value::Member(object, name) = *facts.value(call.callee) else { return None };
    let is_again = AGAIN.contains(&&facts.names[name]);
    is_again.then(|| call.args.iter().find(|arg| arg.name.is_none()).map_or(object, |arg| arg.value))
}
