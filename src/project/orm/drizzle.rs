//! Drizzle: `ilike(users.name, p)`, `or(like(a, p), like(b, p))`.

use super::collect::{Collector, Place};
use super::evidence::{of_function, of_receiver, project_uses};
use super::{Orm, PredicateOp};
use crate::facts::*;
use crate::findings::Confidence;

impl<'p> Collector<'_, 'p> {
    /// The conditions of Drizzle: its functions are evidence by themselves.
    pub(super) fn loose_drizzle(&mut self, calls: &[(CallId, &'p str)]) {
        const NAMES: [&str; 17] = [
            "or",
            "and",
            "not",
            "eq",
            "ne",
            "gt",
            "gte",
            "lt",
            "lte",
            "between",
            "inArray",
            "isNull",
            "like",
            "ilike",
            "notLike",
            "notIlike",
            "startsWith",
        ];
        let candidates: Vec<CallId> =
            calls.iter().filter(|(_, name)| NAMES.contains(name)).map(|&(call, _)| call).collect();
        if candidates.is_empty() {
            return;
        }
        let given = |call: &CallId| {
            self.facts.call(*call).args.iter().filter_map(|arg| match self.facts.value(arg.value) {
                Value::Call(inner) => Some(*inner),
                _ => None,
            })
        };
        let inner: Vec<CallId> = candidates.iter().flat_map(given).collect();
        let queries = calls.iter().filter(|(_, name)| matches!(*name, "where" | "having")).map(|(call, _)| call);
        let in_queries: Vec<CallId> = queries.flat_map(given).collect();
        // Outer conditions first: what they hold is told with them.
        let (inside, outside): (Vec<CallId>, Vec<CallId>) =
            candidates.into_iter().partition(|call| inner.contains(call));
        for call in outside.into_iter().chain(inside) {
            let Some(confidence) = self.drizzle_evidence(call) else { continue };
            let span = self.facts.call(call).name_span;
            let mut place = self.loose_place_at(Orm::Drizzle, span, call, confidence);
            place.is_loose = !in_queries.contains(&call);
            self.drizzle_condition(call, &place, 0);
        }
    }

    /// `ilike` imported from Drizzle, or given to a callback: `where: (users, { ilike }) => ilike(users.name, p)`.
    fn drizzle_evidence(&self, call: CallId) -> Option<Confidence> {
        let at = self.facts.call(call);
        if of_function(self.types, self.file, at.callee) == Some(Orm::Drizzle) {
            return Some(Confidence::High);
        }
        let is_given = match self.facts.value(at.callee) {
            Value::Member(object, _) => matches!(self.facts.value(*object), Value::Param(..)),
            _ => false,
        };
        let takes_column = at
            .args
            .first()
            .is_some_and(|arg| matches!(self.facts.value(arg.value), Value::Member(..) | Value::Call(_)));
        (is_given
            && takes_column
            && at.args.len() >= 2
            && project_uses(self.types, &[Orm::Drizzle])
            && self.receiver(call).is_none_or(|of| of_receiver(self.types, self.file, of).is_none()))
        .then_some(Confidence::Medium)
    }

    fn drizzle_condition(&mut self, call: CallId, place: &Place, depth: u8) {
        if depth > 24 || !self.seen.insert(call) {
            return;
        }
        let facts = self.facts;
        let at = facts.call(call);
        let name = self.called(call);
        let is_column = |value: ValueId| matches!(self.facts.value(value), Value::Member(..));
        let is_made = at.args.first().is_some_and(|arg| !is_column(arg.value)) && !matches!(name, "and" | "not" | "or");
        let place = &Place { span: at.name_span, is_made, ..*place };
        let column = at.args.first().and_then(|arg| self.drizzle_column(arg.value, 0));
        let value = at.args.get(1).map(|arg| arg.value);
        match (name, column, value) {
            ("or" | "and" | "not", ..) => {
                let is_or = name == "or" && at.args.len() > 1;
                let group = if is_or { Some(place.group.unwrap_or_else(|| self.new_group())) } else { place.group };
                let place = Place { group, negated: place.negated != (name == "not"), ..*place };
                for arg in &at.args {
                    self.drizzle_parts(arg.value, &place, depth);
                }
            }
            ("like" | "ilike", Some(column), Some(pattern)) => {
                self.add_like(place, column, name == "ilike", pattern, at.name_span);
            }
            ("notLike" | "notIlike", Some(column), Some(pattern)) => {
                let place = Place { negated: !place.negated, ..*place };
                self.add_like(&place, column, name == "notIlike", pattern, at.name_span);
            }
            (_, Some(column), value) => {
                let op = match name {
                    "eq" => PredicateOp::Equal,
                    "ne" => PredicateOp::NotEqual,
                    "gt" | "gte" | "lt" | "lte" | "between" => PredicateOp::Range,
                    "inArray" => PredicateOp::In,
                    "isNull" => PredicateOp::IsNull,
                    _ => return,
                };
                self.add(place, column, op, value);
            }
            _ => {}
        }
    }

    fn drizzle_parts(&mut self, value: ValueId, place: &Place, depth: u8) {
        if depth > 24 || !self.walk(place.call, value) {
            return;
        }
        match self.facts.value(value) {
            Value::Call(call) if self.drizzle_evidence(*call).is_some() => {
                self.drizzle_condition(*call, place, depth + 1)
            }
            Value::Either(left, right) => {
                self.drizzle_parts(*left, place, depth + 1);
                self.drizzle_parts(*right, place, depth + 1);
            }
            Value::Spread(inner) | Value::Carried(inner, _) | Value::Operation(Operation::And, _, inner) => {
                self.drizzle_parts(*inner, place, depth + 1);
            }
            Value::Sequence(parts) => parts.iter().for_each(|&part| self.drizzle_parts(part, place, depth + 1)),
            _ => {}
        }
    }

    /// `users.name`, `lower(users.name)`, `` sql`lower(${users.name})` ``
    fn drizzle_column(&self, value: ValueId, depth: u8) -> Option<String> {
        match self.facts.value(value) {
            Value::Member(_, name) => Some(self.facts.names[*name].to_owned()),
            Value::Call(call) if depth < 4 => {
                self.facts.call(*call).args.iter().find_map(|arg| self.drizzle_column(arg.value, depth + 1))
            }
            Value::Text(text) if depth < 4 => {
                let holes = &self.facts.texts[text.index()].holes;
                holes.iter().find_map(|hole| self.drizzle_column(hole.value, depth + 1))
            }
            _ => None,
        }
    }
}
