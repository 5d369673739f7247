//! TypeORM: `{ title: ILike(p) }`, `.where("user.name LIKE :name", { name: p })`.

use super::PredicateOp;
use super::collect::{Collector, Place};
use crate::facts::*;

/// Whether a function makes a pattern.
pub(super) fn is_like(name: &str) -> bool {
    matches!(name, "Like" | "ILike")
}

impl Collector<'_, '_> {
    /// `ILike(p)`, `Not(Like(p))`, `In(ids)`: whether it was one.
    pub(super) fn typeorm_operator(&mut self, call: CallId, column: &str, place: &Place) -> bool {
        let at = self.facts.call(call);
        let first = at.args.first().map(|arg| arg.value);
        let op = match (self.called(call), first) {
            (name @ ("Like" | "ILike"), Some(pattern)) => {
                self.seen.insert(call);
                self.add_like(place, column, name == "ILike", pattern, place.span);
                return true;
            }
            ("Not", Some(inner)) => {
                let place = Place { negated: !place.negated, ..*place };
                if let Value::Call(inner) = *self.facts.value(inner)
                    && self.typeorm_operator(inner, column, &place)
                {
                    return true;
                }
                PredicateOp::NotEqual
            }
            ("And" | "Or", Some(_)) => {
                for arg in &at.args {
                    if let Value::Call(inner) = *self.facts.value(arg.value) {
                        self.typeorm_operator(inner, column, place);
                    }
                }
                return true;
            }
            ("Equal", _) => PredicateOp::Equal,
            ("In" | "Any", _) => PredicateOp::In,
            ("Between" | "MoreThan" | "MoreThanOrEqual" | "LessThan" | "LessThanOrEqual", _) => PredicateOp::Range,
            ("IsNull", _) => PredicateOp::IsNull,
            ("Raw" | "ArrayContains" | "ArrayContainedBy" | "ArrayOverlap" | "JsonContains", _) => PredicateOp::Other,
            _ => return false,
        };
        self.seen.insert(call);
        self.add(place, column, op, first);
        true
    }
}
