//! Objection: `Person.query().withGraphJoined("[pets, children.[pets]]")`, `.withGraphJoined({ pets: true })`.

use super::super::collect::Collector;
use super::super::evidence::of_call;
use super::{Branch, MAX_DEPTH, Orm, branch};
use crate::facts::*;
use crate::project::ClassRef;
use crate::project::relations::{Shape, objection};
use crate::source::Span;

/// Steps that give one row.
const SINGLE: [&str; 4] = ["findById", "findOne", "first", "fetchById"];

impl Collector<'_, '_> {
    /// What a graph joins.
    pub(super) fn graph_products(&mut self, call: CallId) {
        let Some(evidence) = of_call(self.types, self.file, call).filter(|of| of.orm == Orm::Objection) else { return };
        let (Some(model), Some(arg)) = (evidence.model, self.facts.call(call).args.first()) else { return };
        let mut branches = Vec::new();
        match self.facts.literal(arg.value) {
            Some(expression) => {
                let place = self.text_span(arg.value);
                let mut rest = expression;
                self.expression(&mut rest, Some(model), place, &mut branches, 0);
            }
            None => self.graph(arg.value, Some(model), &mut branches, 0),
        }
        let is_single = self.whole_chain(call).iter().any(|&step| SINGLE.contains(&self.called(step)));
        self.take(Orm::Objection, call, is_single, &branches);
    }

    /// `{ pets: true, children: { pets: true } }`; a graph may begin with another name: `{ friends: { $relation: "children" } }`.
    fn graph(&self, value: ValueId, model: Option<ClassRef>, branches: &mut Vec<Branch>, depth: usize) {
        let Value::Mapping(entries) = self.facts.value(value) else { return };
        for &(key, value) in entries {
            let Some(name) = self.facts.literal(key).filter(|name| depth < MAX_DEPTH && !name.starts_with('$')) else {
                continue;
            };
            let own = self.put(name, model, true, self.text_span(key), branches);
            let target = own.target;
            self.graph(value, target, &mut own.below, depth + 1);
        }
    }

    /// `pets`, `pets.owner`, `[pets, children(named) as kids.[pets]]`
    fn expression(
        &self,
        rest: &mut &str,
        model: Option<ClassRef>,
        place: Option<Span>,
        branches: &mut Vec<Branch>,
        depth: usize,
    ) {
        let skip = |rest: &mut &str, sign: char| {
            let after = rest.trim_start().strip_prefix(sign);
            *rest = after.unwrap_or(rest.trim_start());
            after.is_some()
        };
        if depth > MAX_DEPTH {
            return;
        }
        if skip(rest, '[') {
            while !rest.is_empty() && !skip(rest, ']') {
                let before = rest.len();
                self.expression(rest, model, place, branches, depth + 1);
                if !skip(rest, ',') && rest.len() == before {
                    return;
                }
            }
            return;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '^' && c != '*').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        *rest = after;
        if name.is_empty() {
            return;
        }
        // A modifier may leave rows out.
        let is_whole = !rest.trim_start().starts_with('(');
        if !is_whole {
            *rest = rest.split_once(')').map_or("", |(_, after)| after);
        }
        if let Some(after) = rest.trim_start().strip_prefix("as ") {
            let after = after.trim_start();
            *rest = after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        }
        let own = self.put(name, model, is_whole, place, branches);
        if skip(rest, '.') {
            let target = own.target;
            self.expression(rest, target, place, &mut own.below, depth + 1);
        }
    }

    fn put<'b>(
        &self,
        name: &str,
        model: Option<ClassRef>,
        is_whole: bool,
        place: Option<Span>,
        branches: &'b mut Vec<Branch>,
    ) -> &'b mut Branch {
        let known = model.and_then(|model| objection::relationship(self.types, model, name));
        let own = branch(branches, name);
        own.is_many = is_whole && matches!(known, Some((Shape::ToMany, _)));
        own.place = place.map(|span| (self.file, span));
        own.target = known.and_then(|(_, target)| target);
        own
    }
}
