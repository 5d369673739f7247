//! Finds that are given objects and lists of relations, and builders: which of them join what they load along.

use super::super::collect::Collector;
use super::super::evidence::{Evidence, of_call};
use super::Orm;
use crate::facts::*;
use crate::project::{ClassRef, Ty};

impl<'p> Collector<'_, 'p> {
    /// What the finds and builders of a JavaScript file join.
    pub(super) fn object_products(&mut self, names: &[(CallId, &str)]) {
        for &(call, name) in names {
            match name {
                "withGraphJoined" | "joinEager" => self.graph_products(call),
                _ if name.starts_with("get") => self.builder_products(call, name),
                _ if name.starts_with("find") => self.find_products(call, name),
                _ => {}
            }
        }
    }

    fn find_products(&mut self, call: CallId, name: &str) {
        let facts = self.facts;
        let args = &facts.call(call).args;
        let is_object = |arg: &Arg| matches!(facts.value(arg.value), Value::Mapping(_));
        if !args.iter().any(is_object) {
            return;
        }
        let Some(evidence) = of_call(self.types, self.file, call) else { return };
        let is_single = name.starts_with("findOne") || name.starts_with("findBy");
        for arg in args.iter().filter(|arg| is_object(arg)) {
            let branches = match evidence.orm {
                Orm::Sequelize => self.included(call, arg.value),
                Orm::TypeOrm => self.related(self.entity(call, &evidence), arg.value),
                Orm::MikroOrm => self.populated(self.entity(call, &evidence), arg.value),
                _ => return,
            };
            self.take(evidence.orm, call, is_single, &branches);
        }
    }

    /// The entity that a find is about: that of its repository, or its first argument.
    pub(super) fn entity(&self, call: CallId, evidence: &Evidence<'p>) -> Option<ClassRef> {
        evidence.model.or_else(|| match self.types.of(self.file, self.facts.call(call).args.first()?.value) {
            Ty::Class(class) => Some(class),
            _ => None,
        })
    }

    /// The value of an option.
    pub(super) fn option_of(&self, options: ValueId, wanted: &str) -> Option<ValueId> {
        crate::project::relations::typeorm::option(self.facts, options, wanted)
    }
}
