//! SQL that is read from files. A script is run as it is, whole or statement by statement: it defines and fills tables,
//! and what it asks is not about the rows of the loop that runs it.

use super::sites::{SiteEffect, argument};
use super::types::Types;
use super::{FileId, FunctionRef};
use crate::facts::*;

/// How many steps are followed from a statement to what it was read with.
const MAX_STEPS: usize = 16;

/// Whether a statement is read from a file, or is one of a script that is: `path.read_text()`,
/// `fs.readFileSync(path).toString()`, `for statement in sqlparse.split(file.read())`.
pub(super) fn is_script(facts: &FileFacts, statement: ValueId) -> bool {
    let mut at = statement;
    for _ in 0..MAX_STEPS {
        at = match *facts.value(at) {
            Value::Element(of, _) | Value::Carried(of, _) | Value::Either(of, _) | Value::Collected(of, _) => of,
            Value::Operation(Operation::Add, left, _) => left,
            Value::Call(call) => {
                let call = facts.call(call);
                let Some(next) = before(facts, call) else { return reads_file(facts, call) };
                next
            }
            _ => return false,
        };
    }
    false
}

/// What a call that hands text on was given: `text.trim()`, `sqlparse.split(text)`, `sqlalchemy.text(sql)`.
fn before(facts: &FileFacts, call: &Call) -> Option<ValueId> {
    let name = facts.own_name(call.callee)?;
    let first = || call.args.first().map(|arg| arg.value);
    match (name, facts.value(call.callee)) {
        ("text" | "SQL", _) => first(),
        ("decode" | "filter" | "format" | "map" | "replace" | "split" | "strip" | "toString" | "trim", value) => {
            match *value {
                // A function of a module is given the text.
                Value::Member(object, _) if !matches!(facts.value(object), Value::Import(_)) => Some(object),
                _ => first(),
            }
        }
        _ => None,
    }
}

fn reads_file(facts: &FileFacts, call: &Call) -> bool {
    matches!(facts.own_name(call.callee), Some("read" | "readFile" | "readFileSync" | "readTextFile" | "read_text"))
}

/// What a call does that hands a script to a function which runs it.
pub(super) fn handed_script(types: &Types<'_>, file: FileId, call: &Call, callee: FunctionRef) -> Option<SiteEffect> {
    let facts = types.facts(file);
    // What comes after it are its parameters.
    let (last, others) = call.args.split_last()?;
    let at = others.len();
    if last.name.is_some() || !is_script(facts, last.value) {
        return None;
    }
    runs_param(types, callee, u16::try_from(at).ok()?).then_some(SiteEffect::Transaction)
}

/// Whether a function runs what it is given as a statement.
fn runs_param(types: &Types<'_>, function: FunctionRef, param: u16) -> bool {
    let facts = types.facts(function.file);
    let calls = facts.numbered().filter(|(_, call)| call.function == function.function);
    calls.into_iter().any(|(id, call)| {
        let is_given = |value: ValueId| *facts.value(value) == Value::Param(function.function, param);
        call.args.iter().any(|arg| is_given(arg.value))
            && types
                .api_call(function.file, id)
                .is_some_and(|api| api.sql.as_ref().and_then(|sql| argument(facts, id, sql)).is_some_and(is_given))
    })
}
