//! Which statements of a program change a schema for good: not those that only take a migration back, and not those
//! of which it is not known whether, or in which order, they run.

use rustc_hash::FxHashSet;

use super::arguments::{called, is_undone, keyword, positional};
use crate::facts::*;
use crate::project::ProjectFile;
use crate::source::{Language, Purpose};
use crate::sql::ddl::TableChange;

/// The texts of a program that take a migration back: given to `RunSQL` to reverse it, or run in `down`.
#[derive(Debug, Default)]
pub(super) struct Undone {
    texts: FxHashSet<TextId>,
}

impl Undone {
    /// Those of a file.
    pub(super) fn of(facts: &FileFacts) -> Undone {
        let functions = reversing(facts);
        let (mut done, mut undone) = (FxHashSet::default(), FxHashSet::default());
        for call in &facts.calls {
            let is_undone_call = is_undone(facts, call) || is_within(facts, call.function, &functions);
            let reverse = if called(facts, call) == "RunSQL" {
                keyword(facts, call, "reverse_sql").or_else(|| positional(call, 1))
            } else {
                None
            };
            for arg in &call.args {
                let into = if is_undone_call || reverse == Some(arg.value) { &mut undone } else { &mut done };
                collect(facts, arg.value, into, 0);
            }
        }
        Undone { texts: &undone - &done }
    }

    /// Whether a text only takes something back.
    pub(super) fn holds(&self, text: TextId) -> bool {
        self.texts.contains(&text)
    }
}

/// Functions that Django calls to reverse a step: `RunPython(forwards, backwards)`.
fn reversing(facts: &FileFacts) -> FxHashSet<FunctionId> {
    let steps = facts.calls.iter().filter(|call| called(facts, call) == "RunPython");
    let reversing = steps.filter_map(|call| keyword(facts, call, "reverse_code").or_else(|| positional(call, 1)));
    let functions = reversing.filter_map(|value| match facts.value(value) {
        Value::Function(function) => Some(*function),
        _ => None,
    });
    functions.collect()
}

fn is_within(facts: &FileFacts, function: FunctionId, among: &FxHashSet<FunctionId>) -> bool {
    let mut at = Some(function).filter(|_| !among.is_empty());
    while let Some(function) = at {
        if among.contains(&function) {
            return true;
        }
        at = facts.function(function).parent;
    }
    false
}

/// The texts in an argument.
fn collect(facts: &FileFacts, value: ValueId, into: &mut FxHashSet<TextId>, depth: u8) {
    if depth > 4 {
        return;
    }
    match facts.value(value) {
        Value::Text(text) => {
            into.insert(*text);
        }
        Value::Sequence(parts) => parts.iter().for_each(|&part| collect(facts, part, into, depth + 1)),
        Value::Either(left, right) => {
            collect(facts, *left, into, depth + 1);
            collect(facts, *right, into, depth + 1);
        }
        _ => {}
    }
}

/// Whether the statements of a file are all run once, and after those of the files whose names come before: what they
/// drop is gone. Those of programs in general only add: what takes something back may stand beside what makes it.
pub(super) fn is_replayed(file: &ProjectFile) -> bool {
    let facts: &FileFacts = &file.facts;
    if file.purpose != Purpose::Migration || file.source.language == Language::Sql {
        return false;
    }
    let name = file.source.path.rsplit('/').next().unwrap_or("");
    let number = name.strip_prefix(['v', 'V']).unwrap_or(name);
    // Alembic's own order is in the files.
    let is_ordered = number.starts_with(|c: char| c.is_ascii_digit()) && facts.names.find("down_revision").is_none();
    let takes_away =
        |sql: &SqlText| sql.text.is_some() && sql.statement.changes.iter().any(TableChange::takes_something_away);
    let guarded: FxHashSet<TextId> = {
        let mut guarded = FxHashSet::default();
        for call in facts.calls.iter().filter(|call| call.guard.is_some() || call.in_loop.is_some()) {
            call.args.iter().for_each(|arg| collect(facts, arg.value, &mut guarded, 0));
        }
        guarded
    };
    let may_not_run = |sql: &SqlText| sql.text.is_some_and(|text| guarded.contains(&text));
    is_ordered && !facts.statements.iter().any(|sql| takes_away(sql) && may_not_run(sql))
}
