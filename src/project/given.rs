//! Collections that a function is given: how many elements they have where every call of it says so.

use super::calls::{CallGraph, Edge, flowing_values, passed_for};
use super::flow::{Flow, Source};
use super::loops::{LoopShape, Loops};
use super::querysets::Step;
use super::{FileId, FunctionRef, Project};
use crate::facts::*;

/// How many calls a collection is followed up.
const MAX_CALLS: u8 = 3;
/// Steps that give a query, not one of its rows.
const QUERIES: [&str; 6] = ["all", "exclude", "filter", "filter_by", "order_by", "select_related"];

/// Whether `iterable` is a parameter for which each call of its function gives a handful of constants.
///
/// Only functions that stand by themselves are followed: a method may be called through a base class, and a decorator
/// may hand the function to somebody else.
pub(super) fn is_handful(project: &Project, graph: &CallGraph, loops: &Loops<'_, '_>, iterable: ValueId) -> bool {
    handful(project, graph, loops, (loops.file(), iterable), 0)
}

fn handful(
    project: &Project,
    graph: &CallGraph,
    loops: &Loops<'_, '_>,
    (file, value): (FileId, ValueId),
    depth: u8,
) -> bool {
    let facts = &project.file(file).facts;
    let Value::Param(function, index) = *facts.value(value) else { return false };
    let owner = facts.function(function);
    let stands_alone = owner.class.is_none() && owner.parent == Some(MODULE) && owner.decorators.is_empty();
    let Some(param) = owner.params.get(usize::from(index)) else { return false };
    if depth >= MAX_CALLS || !stands_alone {
        return false;
    }
    let mut calls = graph.calls_of(FunctionRef { file, function }).peekable();
    calls.peek().is_some()
        && calls.all(|edge| {
            if param.is_rest {
                return edge.given.is_none() && gives_each(&project.file(edge.file).facts, edge);
            }
            let given = flowing_values(project, edge, Some(Source::Param(index)));
            edge.given.is_none()
                && !given.is_empty()
                && given.iter().all(|&value| {
                    let of = &project.file(edge.file).facts;
                    // A query that finds one row says so itself; the row may hold others.
                    let is_query = |call: CallId| {
                        Flow::new(of).called_name(of.call(call)).is_some_and(|name| QUERIES.contains(&name))
                    };
                    let is_one = || {
                        matches!(*of.value(value), Value::Call(call) if is_query(call))
                            && loops.length(edge.file, value) == LoopShape::Silent
                    };
                    is_written(of, value) && loops.length(edge.file, value) != LoopShape::Rows
                        || is_one()
                        || handful(project, graph, loops, (edge.file, value), depth + 1)
                })
        })
}

/// The query that a function is given and gives back, or a part of its rows: `def with_owner(rows): return
/// rows.select_related("owner")`.
pub(super) fn given_on(project: &Project, file: FileId, call: &Call, target: FunctionRef) -> Option<ValueId> {
    let facts = &project.file(target.file).facts;
    let [returned] = facts.function(target.function).returns[..] else { return None };
    let mut at = returned;
    while let Value::Call(call) = *facts.value(at) {
        let Value::Member(object, name) = *facts.value(facts.call(call).callee) else { return None };
        let step = Step::named(&facts.names[name])?;
        if !step.gives_queryset() && step != Step::Locks {
            return None;
        }
        at = object;
    }
    let Value::Param(function, index) = *facts.value(at) else { return None };
    if function != target.function || at == returned {
        return None;
    }
    match passed_for(project, target, index, &project.file(file).facts, &call.args)[..] {
        [given] => Some(given),
        _ => None,
    }
}

/// Whether a call writes down each value that it gives: `load(author, editor)` for `(...people)`.
fn gives_each(facts: &FileFacts, edge: &Edge) -> bool {
    let mut args = edge.place(facts).args.iter();
    edge.call().is_some() && args.all(|arg| !matches!(facts.value(arg.value), Value::Spread(_)))
}

/// Whether a value is written down where it is used, or bound to a name of a module: what an object holds is data.
fn is_written(facts: &FileFacts, value: ValueId) -> bool {
    match facts.value(value) {
        Value::Sequence(_) | Value::Mapping(_) | Value::Import(_) | Value::Global(_) | Value::Class(_) => true,
        Value::Either(left, right) | Value::Operation(_, left, right) => {
            is_written(facts, *left) && is_written(facts, *right)
        }
        _ => false,
    }
}
