//! Querysets as the project's own managers and querysets make them, and the steps that they add to Django's.

use super::super::relations::{Orm, is_model};
use super::super::types::{ClassMember, Ty};
use super::super::{ClassRef, FileId, FunctionRef};
use super::frame::Frame;
use super::rows::Tracer;
use super::traced::{Rows, Traced};
use crate::facts::*;

/// Methods of a queryset that has its own way to fetch its rows: it may load along what it wants.
const FETCHING: [&str; 6] = ["__init__", "__iter__", "_chain", "_clone", "_fetch_all", "iterator"];

impl Tracer<'_, '_> {
    /// What a query gives at a call that needs no other step: many rows, or one of them.
    pub(super) fn given_by(&self, file: FileId, call: &Call, many: bool, rows: Rows) -> Traced {
        let found = self.step(file, call, "all", rows);
        if many { found } else { found.last() }
    }

    /// A queryset, or all rows of a model.
    pub(super) fn model_rows(&self, file: FileId, value: ValueId, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        match self.types.of(file, value) {
            Ty::Class(model) if is_model(self.types, model) => Traced::Rows(self.default_rows(model, depth)),
            _ => self.rows(file, value, frame, depth),
        }
    }

    /// `BookQuerySet(self.model)` in a method of a manager: all rows that the manager is of.
    pub(super) fn made_queryset(&self, file: FileId, call: &Call, frame: Option<&Frame<'_>>) -> Option<Traced> {
        let Ty::Class(class) = self.types.of(file, call.callee) else { return None };
        let is_plain = FETCHING.iter().all(|name| self.types.class_member(class, name).is_none());
        let made = frame.filter(|_| is_plain && self.types.is_queryset_class(class));
        made.and_then(|frame| frame.this.clone()).map(Traced::Rows)
    }

    /// The model that a class names which extends the one at hand: `self.model` of a view.
    pub(super) fn model_of_object(&self, file: FileId, value: ValueId, frame: Option<&Frame<'_>>) -> Option<ClassRef> {
        let facts = self.facts(file);
        let Value::Member(object, name) = *facts.value(value) else { return None };
        let Value::This(class) = *facts.value(object) else { return None };
        let of = Frame::object(frame).filter(|&of| self.types.lineage(of).contains(&ClassRef { file, class }))?;
        let ClassMember::Attribute(file, value, _) = self.types.class_member(of, &facts.names[name])? else {
            return None;
        };
        match self.types.of(file, value) {
            Ty::Class(model) => Some(model).filter(|&model| is_model(self.types, model)),
            _ => None,
        }
    }

    /// Whether a call is a step of a query that a manager or a queryset of the project defines: others ask it for other
    /// rows.
    pub(super) fn is_step(&self, file: FileId, id: CallId, function: FunctionRef) -> bool {
        let class = self.facts(function.file).function(function.function).class;
        let is_queryset = match self.types.of_call(file, id) {
            Ty::Api(ty, _) => self.types.is_queryset(ty),
            Ty::Instance(class, _) => self.types.is_queryset_class(class),
            _ => false,
        };
        is_queryset && class.is_some_and(|class| self.types.is_queryset_class(ClassRef { file: function.file, class }))
    }

    /// What a method of the project's querysets gives, where only the rows that it is called on are known and not their
    /// type: `queryset.visible()` of a queryset that is passed.
    #[expect(clippy::too_many_arguments, reason = "what every step of the way takes")]
    pub(super) fn own_step(
        &self,
        file: FileId,
        id: CallId,
        object: ValueId,
        name: &str,
        many: bool,
        frame: Option<&Frame<'_>>,
        depth: u8,
    ) -> Traced {
        if name == "get_object" && !many {
            return self.object_of_view(file, object, frame, depth);
        }
        // What a view that is extended gives is told by the view.
        if name == "get_queryset" || !self.types.relations().has(Orm::Django) {
            return Traced::Unknown;
        }
        let Traced::Rows(rows) = self.rows(file, object, frame, depth) else { return Traced::Unknown };
        match self.types.method_of_querysets(rows.model, name) {
            Some(function) => {
                let inner = Frame::called(function, (file, id), Some(rows), frame);
                self.results(function, many, &inner, depth)
            }
            None => Traced::Unknown,
        }
    }
}
