//! Lists that are filled with rows, and rows whose relations are loaded after they were fetched.

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::FileId;
use super::super::flow::Flow;
use super::rows::Tracer;
use crate::facts::*;

/// What calls of a file do with values that are named.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// Lists that rows are added to, with what is added; whether that is many rows.
    pub(super) added: FxHashMap<ValueId, Vec<(ValueId, bool)>>,
    /// What is set in dictionaries by key; whether it is read as a list.
    pub(super) set: FxHashMap<ValueId, Vec<(ValueId, bool)>>,
    /// What is added to the lists that dictionaries hold; whether that is many rows.
    pub(super) grouped: FxHashMap<ValueId, Vec<(ValueId, bool)>>,
    /// The attributes of the elements of loops that are read.
    pub(super) read: FxHashMap<ValueId, Vec<Box<str>>>,
    /// Pages that are given other rows: `page.object_list = page.object_list.prefetch_related("tags")`
    pub(super) replaced: FxHashSet<ValueId>,
    /// `prefetch_related_objects(rows, …)`
    pub(super) loaded: FxHashMap<ValueId, Vec<CallId>>,
}

impl Tracer<'_, '_> {
    /// What a list holds that is written down, with what is added to it; nothing if a part of it is not in sight.
    pub(super) fn items_of(&self, file: FileId, list: ValueId) -> Option<Vec<ValueId>> {
        let Value::Sequence(items) = self.facts(file).value(list) else { return None };
        let filled = self.filled(file);
        let added = filled.added.get(&list).into_iter().flatten();
        let added = added.map(|&(value, many)| (!many).then_some(value));
        items.iter().map(|&item| Some(item)).chain(added).collect()
    }

    /// What calls of a file do with what it names.
    pub(super) fn filled(&self, file: FileId) -> &Filled {
        let facts = self.facts(file);
        self.known.filled(file).get_or_init(|| Filled::of(facts))
    }
}

impl Filled {
    fn of(facts: &FileFacts) -> Filled {
        let flow = Flow::new(facts);
        let mut filled = Filled::default();
        filled.put(facts);
        if let Some(name) = facts.names.find("object_list") {
            filled.replaced.extend(facts.accesses.iter().filter(|access| access.is_set).filter_map(|access| {
                match *facts.value(access.value) {
                    Value::Member(page, set) if set == name => Some(page),
                    _ => None,
                }
            }));
        }
        for (id, call) in facts.numbered() {
            let Some(first) = call.args.first() else { continue };
            match flow.called_name(call) {
                Some(name @ ("append" | "add" | "extend" | "update")) => {
                    if let Value::Member(object, _) = facts.value(call.callee)
                        && matches!(facts.value(*object), Value::Sequence(_))
                    {
                        let many = matches!(name, "extend" | "update");
                        filled.added.entry(*object).or_default().push((first.value, many));
                    }
                }
                Some("prefetch_related_objects" | "aprefetch_related_objects") => {
                    filled.loaded.entry(first.value).or_default().push(id);
                }
                _ => {}
            }
        }
        filled
    }
}
