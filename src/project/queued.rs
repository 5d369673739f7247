//! Functions that a worker runs: whoever calls them puts a job into a queue, and goes on.

use super::types::{Ty, Types};
use super::{FileId, FunctionRef};
use crate::facts::*;

/// Libraries, and their decorators that make a call put a job into a queue. (A task of Celery's that is called by its
/// name runs at once.)
const QUEUES: [(&str, &[&str]); 3] = [
    ("airflow", &["task"]),
    ("background_task", &["background"]),
    ("huey", &["db_periodic_task", "db_task", "periodic_task", "task"]),
];

/// How many steps lead from a decorator to that of a queue at most.
const MAX_DEPTH: u8 = 8;

/// Whether a call of a function only asks for it to be run.
pub(super) fn is_queued(types: &Types<'_>, function: FunctionRef) -> bool {
    let decorators = &types.facts(function.file).function(function.function).decorators;
    decorators.iter().any(|&decorator| queues(types, function.file, decorator, MAX_DEPTH))
}

/// Whether a decorator, or what it is made by, is one of a queue: `@huey.task()`, or a function of the project that hands
/// such a one back.
fn queues(types: &Types<'_>, file: FileId, decorator: ValueId, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let facts = types.facts(file);
    match *facts.value(decorator) {
        Value::Call(call) => queues(types, file, facts.call(call).callee, depth),
        Value::Member(object, name) if is_made_by_library(types, file, object, &facts.names[name]) => true,
        _ => match types.of(file, decorator) {
            Ty::Path(path) => path.rsplit_once('.').is_some_and(|(module, name)| is_queue(module, name)),
            Ty::Function(own) => {
                let facts = types.facts(own.file);
                let returns = &facts.function(own.function).returns;
                returns.iter().any(|&value| match facts.value(value) {
                    Value::Call(_) | Value::Function(_) => queues(types, own.file, value, depth),
                    _ => false,
                })
            }
            _ => false,
        },
    }
}

/// Whether a name is a decorator of a queue's library.
fn is_queue(module: &str, name: &str) -> bool {
    let root = module.split('.').next().unwrap_or(module);
    QUEUES.iter().any(|&(library, names)| root == library && names.contains(&name))
}

/// Whether an object is made by a class of a queue's library: `huey = SqliteHuey("app")`.
fn is_made_by_library(types: &Types<'_>, file: FileId, object: ValueId, name: &str) -> bool {
    let (file, object) = types.definition(file, object).unwrap_or((file, object));
    let facts = types.facts(file);
    let Value::Call(call) = *facts.value(object) else { return false };
    matches!(types.of(file, facts.call(call).callee), Ty::Path(path) if is_queue(&path, name))
}
