//! Inline callbacks that are run at once: they belong to the function around them.

use rustc_hash::FxHashSet;

use super::FileId;
use super::caches;
use super::flow::Flow;
use super::types::Types;
use crate::facts::*;

/// What of the functions of a file is run at once, and what is not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Inlined {
    /// For each function: whether it is such a callback.
    pub(super) at_once: Vec<bool>,
    /// The functions that are run when a cache has no answer.
    pub(super) loaders: FxHashSet<FunctionId>,
}

impl Inlined {
    /// Looks at all functions of a file.
    pub(super) fn of(types: &Types<'_>, file: FileId) -> Inlined {
        let loaders = caches::loaders(types, file);
        Inlined { at_once: at_once(types, file, &loaders), loaders }
    }
}

fn at_once(types: &Types<'_>, file: FileId, loaders: &FxHashSet<FunctionId>) -> Vec<bool> {
    let facts = &types.project().file(file).facts;
    let flow = Flow::new(facts);
    (0..)
        .map(FunctionId)
        .zip(&facts.functions)
        .map(|(function_id, function)| {
            let Some((id, index)) = function.passed_to else { return false };
            if function.runs_in.is_some() || loaders.contains(&function_id) {
                return false;
            }
            if let Some(api) = types.api_call(file, id) {
                return types.callback(file, id, api) == Some(index);
            }
            let call = facts.call(id);
            let name = flow.called_name(call).unwrap_or("");
            if matches!(name, "then" | "catch" | "finally" | "tap") || (name == "Promise" && call.is_new) {
                return true;
            }
            // `await withTransaction(async tx => …)`: waited for, so it runs now.
            let waited = call.awaited || call.result == ResultUse::Returned;
            waited && function.traits.is_async && !is_registration(name) && !caches::is_loader(facts, call, name)
        })
        .collect()
}

fn is_registration(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        "settimeout",
        "setinterval",
        "schedule",
        "subscribe",
        "register",
        "describe",
        "addeventlistener",
        "listen",
        "process",
    ]
    .iter()
    .any(|word| lower.contains(word))
        || matches!(
            name,
            "on" | "once" | "use" | "it" | "test" | "get" | "post" | "put" | "delete" | "patch" | "all" | "define"
        )
}
