//! Querysets that are handed back without being run: what shows a row runs them, once for each.

use rustc_hash::FxHashSet;

use super::super::model::{Attribute, attribute};
use super::super::needs::chain;
use super::{Finder, ListedQuery, Listing, Scope};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::flow::{Flow, Source};
use crate::project::sites;
use crate::project::types::Ty;
use crate::project::{FileId, FunctionRef};
use crate::source::Span;

/// How many parts of what a function returns are looked at.
const MAX_PARTS: usize = 64;

impl Finder<'_, '_> {
    /// The querysets of the row, given as `root`, that a function returns: `return book.tags.filter(word=word)`.
    pub(super) fn unrun(&mut self, scope: &Scope<'_>, listing: &Listing, function: FunctionRef, root: Source) {
        let facts = self.types.facts(function.file);
        let own = facts.function(function.function);
        // `return book.shown_tags`: what was loaded before is given back where it is there.
        let is_held = |&value: &ValueId| {
            let (at, names) = chain(facts, value);
            let is_row = match (root, facts.value(at)) {
                (Source::Param(index), Value::Param(of, own)) => *of == function.function && *own == index,
                (Source::This, Value::This(_)) => true,
                _ => false,
            };
            is_row && !names.is_empty()
        };
        if own.traits.is_generator || own.returns.iter().any(is_held) || self.asks_for_action(function) {
            return;
        }
        for (&value, guard) in own.returns.iter().zip(&own.return_guards) {
            for id in calls_in(facts, value) {
                let mut sources = FxHashSet::default();
                let call = facts.call(id);
                Flow::new(facts).sources(call.callee, function.function, &mut sources);
                call.args.iter().for_each(|arg| Flow::new(facts).sources(arg.value, function.function, &mut sources));
                if !sources.contains(&root) || self.runs_already(function.file, id) {
                    continue;
                }
                let Some(site) = sites::when_run_over(self.types, function.file, id) else { continue };
                if scope.loaded.answers(self.types, scope.model, facts, call) {
                    continue;
                }
                let is_conditional = guard.is_some() || site.guard.is_some();
                let at_most = if is_conditional { Confidence::Low } else { Confidence::Medium };
                let query = ListedQuery {
                    span: site.span,
                    function: site.function,
                    way: None,
                    begun: sites::begun(facts, id),
                    listing: listing.clone(),
                    also: Vec::new(),
                    batch: site.batch.clone(),
                    confidence: at_most.min(site.confidence).min(scope.rows.confidence),
                    defeats: self.defeats(scope, function, root, (function.file, id)),
                };
                self.found.queries.push((function.file, query));
            }
        }
    }

    /// The queryset that a property or a method of the model gives, which what shows it at a place runs over.
    pub(super) fn unrun_member(&mut self, scope: &Scope<'_>, name: &str, place: (FileId, Span)) -> Option<FunctionRef> {
        let Attribute::Code(function) = attribute(self.types, scope.model, name)? else { return None };
        if !scope.path.is_empty() || self.may_be_annotated(scope.model, name) {
            return None;
        }
        let listing = Listing { place: scope.shown_at.unwrap_or(place), ..scope.listing.clone() };
        self.unrun(scope, &listing, function, Source::This);
        Some(function)
    }

    /// What serializers that a method makes of a relation of the row read of it: `TagSerializer(book.tags, many=True)`.
    pub(super) fn serialized_within(&mut self, scope: &Scope<'_>, function: FunctionRef) {
        let facts = self.types.facts(function.file);
        for (_, call) in facts.calls_in(function.function).filter(|(_, call)| call.guard.is_none()) {
            let Some((name, span)) = relation_given(facts, call) else { continue };
            let is_serializer = matches!(self.types.of(function.file, call.callee), Ty::Class(class)
                if self.types.extends(class, &|name| name.ends_with("Serializer")));
            if is_serializer {
                self.many(scope, name, (function.file, span));
            }
        }
    }
}

/// The relation of a function's first parameter that a call is given as many rows.
fn relation_given<'f>(facts: &'f FileFacts, call: &Call) -> Option<(&'f str, Span)> {
    let is_many = call.args.iter().any(|arg| {
        arg.name.is_some_and(|name| &facts.names[name] == "many") && *facts.value(arg.value) == Value::Bool(true)
    });
    let first = call.args.iter().find(|arg| arg.name.is_none()).filter(|_| is_many)?;
    let Value::Member(row, name) = *facts.value(first.value) else { return None };
    let is_row = *facts.value(row) == Value::Param(call.function, 0);
    is_row.then_some((&facts.names[name], first.span))
}

/// The calls whose results a value gives, as it is or as part of a list or a dict.
fn calls_in(facts: &FileFacts, value: ValueId) -> Vec<CallId> {
    let mut found = Vec::new();
    let mut open = vec![value];
    for _ in 0..MAX_PARTS {
        let Some(value) = open.pop() else { break };
        match facts.value(value) {
            Value::Call(call) => found.push(*call),
            Value::Slice(inner, ..) | Value::Carried(inner, _) => open.push(*inner),
            Value::Either(left, right) => open.extend([*left, *right]),
            Value::Sequence(items) => open.extend(items.iter()),
            Value::Mapping(entries) => open.extend(entries.iter().map(|&(_, value)| value)),
            _ => {}
        }
    }
    found
}
