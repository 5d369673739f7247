//! What calls for eager loading name: `select_related("author")`, `prefetch_related(Prefetch("books", …))`.

use super::super::flow::Flow;
use super::super::types::ClassMember;
use super::super::{ClassRef, FileId};
use super::frame::Frame;
use super::loaded::Loaded;
use super::rows::Tracer;
use super::traced::Traced;
use crate::facts::*;

impl Tracer<'_, '_> {
    /// Adds what a call for eager loading names, from its argument number `skip` on.
    pub(super) fn eager(
        &self,
        file: FileId,
        id: CallId,
        skip: usize,
        loaded: &mut Loaded,
        frame: Option<&Frame<'_>>,
        depth: u8,
    ) {
        let args = self.facts(file).call(id).args.iter().skip(skip);
        for arg in args {
            self.eager_value(file, arg.value, loaded, frame, depth + 1);
        }
        loaded.place_prefetches((file, self.facts(file).call(id).name_span));
    }

    pub(super) fn eager_value(
        &self,
        file: FileId,
        value: ValueId,
        loaded: &mut Loaded,
        frame: Option<&Frame<'_>>,
        depth: u8,
    ) {
        let facts = self.facts(file);
        if self.is_too_deep(depth) {
            return loaded.add_open("");
        }
        match facts.value(value) {
            Value::Text(_) => match facts.literal(value) {
                Some(path) => {
                    loaded.add(path);
                    loaded.add_prefetched(path, true);
                    self.name_at(file, value, path, loaded);
                }
                None => loaded.add_open(""),
            },
            // `prefetch_related(None)` takes all of them back.
            Value::Null => loaded.keep_prefetches(0),
            Value::Sequence(items) => {
                items.iter().for_each(|&item| self.eager_value(file, item, loaded, frame, depth + 1));
            }
            Value::Spread(inner) => self.eager_value(file, *inner, loaded, frame, depth + 1),
            Value::Either(left, right) | Value::Operation(Operation::Add, left, right) => {
                let before = loaded.prefetches();
                self.eager_value(file, *left, loaded, frame, depth + 1);
                self.eager_value(file, *right, loaded, frame, depth + 1);
                if let Value::Either(..) = facts.value(value) {
                    loaded.keep_prefetches(before);
                }
            }
            Value::Import(_) | Value::Member(..) => match self.declared(file, value, frame) {
                Some((file, value)) => self.eager_value(file, value, loaded, None, depth + 1),
                None => loaded.add_open(""),
            },
            Value::Call(call) => {
                let call = facts.call(*call);
                let name = Flow::new(facts).called_name(call).unwrap_or("");
                let named = |wanted: &str, index: usize| {
                    let positional = call.args.iter().filter(|arg| arg.name.is_none()).nth(index);
                    let named = call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == wanted));
                    named.or(positional).map(|arg| arg.value)
                };
                let path = named("lookup", 0).and_then(|path| facts.literal(path));
                match path.filter(|_| name == "Prefetch") {
                    Some(path) => {
                        let before = loaded.prefetches();
                        named("lookup", 0).into_iter().for_each(|value| self.name_at(file, value, path, loaded));
                        match named("queryset", 1) {
                            Some(queryset) => {
                                match self.rows(file, queryset, frame, depth + 1) {
                                    Traced::Rows(rows) => loaded.add_below(path, &rows.loaded),
                                    _ => loaded.add_open(path),
                                }
                                loaded.add_prefetched(path, false);
                            }
                            None => {
                                loaded.add(path);
                                loaded.add_prefetched(path, true);
                            }
                        }
                        // They are kept elsewhere: in a list of their own.
                        if named("to_attr", 2).is_some() {
                            loaded.keep_prefetches(before);
                            if let Some((way, _)) = path.rsplit_once("__") {
                                loaded.add_prefetched(way, true);
                            }
                        }
                    }
                    None => loaded.add_open(""),
                }
            }
            _ => loaded.add_open(""),
        }
    }

    /// Says where a path is written.
    fn name_at(&self, file: FileId, value: ValueId, path: &str, loaded: &mut Loaded) {
        let Some(text) = self.facts(file).text(value) else { return };
        if let Ok(length) = u32::try_from(text.cooked.len()) {
            loaded.name_at(path, (file, text.host_span(0, length)));
        }
    }

    /// Where it is written what a name or an attribute says is loaded. A list that is empty where a class declares it,
    /// `query_options = ()`, is left to those that extend the class, unless the object is known to be of one of them.
    pub(super) fn declared(
        &self,
        file: FileId,
        value: ValueId,
        frame: Option<&Frame<'_>>,
    ) -> Option<(FileId, ValueId)> {
        let facts = self.facts(file);
        if let Value::Member(object, name) = *facts.value(value)
            && let Value::This(class) = *facts.value(object)
            && let Some(object) = Frame::object(frame)
            && self.types.lineage(object).contains(&ClassRef { file, class })
        {
            return match self.types.class_member(object, &facts.names[name])? {
                ClassMember::Attribute(file, value, _) => Some((file, value)),
                ClassMember::Method(_) => None,
            };
        }
        let found = self.types.definition(file, value)?;
        let is_empty = match self.facts(found.0).value(found.1) {
            Value::Sequence(items) => items.is_empty(),
            Value::Null => true,
            _ => false,
        };
        (!is_empty).then_some(found)
    }
}

/// The relations that lead nowhere from any row that a filter leaves, so that nothing is fetched to read them:
/// `filter(author=None)`, `filter(author__isnull=True)`.
pub(super) fn absent<'f>(facts: &'f FileFacts, call: &'f Call) -> impl Iterator<Item = &'f str> {
    call.args.iter().filter_map(|arg| {
        let name = &facts.names[arg.name?];
        match facts.value(arg.value) {
            Value::Null => Some(name),
            Value::Bool(true) => name.strip_suffix("__isnull"),
            _ => None,
        }
    })
}
