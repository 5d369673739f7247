//! Sequelize: `findAll({ include: [Tag, { model: Review, as: "reviews" }] })`.

use super::super::collect::Collector;
use super::{Branch, MAX_DEPTH, branch};
use crate::facts::*;
use crate::project::relations::sequelize::model_name;
use crate::source::Span;

impl Collector<'_, '_> {
    /// What a find includes.
    pub(super) fn included(&self, call: CallId, options: ValueId) -> Vec<Branch> {
        let mut branches = Vec::new();
        let is_grouped = self.option_of(options, "group").is_some();
        if let Some(include) = self.option_of(options, "include").filter(|_| !is_grouped)
            && let Some(receiver) = self.receiver(call)
            && let Some(owner) = model_name(self.types, self.file, receiver)
        {
            self.include(&owner, include, &mut branches, 0);
        }
        branches
    }

    fn include(&self, owner: &str, value: ValueId, branches: &mut Vec<Branch>, depth: usize) {
        match self.facts.value(value) {
            _ if depth > MAX_DEPTH => {}
            Value::Sequence(items) => {
                items.iter().for_each(|&item| self.include(owner, item, branches, depth + 1));
            }
            // `"reviews"`
            Value::Text(_) => {
                self.association(owner, self.facts.literal(value), None, self.text_span(value), branches);
            }
            Value::Mapping(entries) => {
                let told = |wanted: &str| self.option_of(value, wanted);
                let model = told("model").and_then(|model| model_name(self.types, self.file, model));
                let named = told("as").or_else(|| told("association"));
                let alias = named.and_then(|named| self.facts.literal(named));
                let key = entries.iter().find(|(key, _)| self.facts.literal(*key) == Some("model"));
                let place = named.or(key.map(|(key, _)| *key)).and_then(|value| self.text_span(value));
                if named.is_some() && alias.is_none() {
                    return;
                }
                let found = self.association(owner, alias, model.as_deref(), place, branches);
                let Some((own, target)) = found else { return };
                // A limit makes it a query of its own; a condition leaves rows out; without columns it is a test.
                own.is_joined = told("limit").is_none()
                    && told("separate").is_none_or(|apart| *self.facts.value(apart) == Value::Bool(false));
                own.is_many &= told("where").is_none()
                    && told("attributes").is_none_or(
                        |columns| !matches!(self.facts.value(columns), Value::Sequence(columns) if columns.is_empty()),
                    );
                if let Some(include) = told("include") {
                    self.include(target, include, &mut own.below, depth + 1);
                }
            }
            _ => {
                if let Some(model) = model_name(self.types, self.file, value) {
                    self.association(owner, None, Some(&model), None, branches);
                }
            }
        }
    }

    /// The branch of an association, and the name of the model that it leads to.
    fn association<'b>(
        &self,
        owner: &str,
        alias: Option<&str>,
        target: Option<&str>,
        place: Option<Span>,
        branches: &'b mut Vec<Branch>,
    ) -> Option<(&'b mut Branch, &str)> {
        let (target, is_many) = self.types.relations().associations().leading(owner, alias, target)?;
        let own = branch(branches, alias.unwrap_or(target));
        own.is_many = is_many;
        own.place = place.map(|span| (self.file, span));
        Some((own, target))
    }
}
