//! Methods of rows, where nothing tells in place that these are rows.

use super::relations::{Orm, is_model};
use super::types::Types;
use super::{ClassRef, FileId};
use crate::apis::ApiCall;
use crate::facts::*;

/// Methods of a row that go to the database without arguments.
const ROW_METHODS: [&str; 5] = ["save", "delete", "refresh_from_db", "asave", "adelete"];
/// Those of them that write.
pub(super) const WRITES_OF_ROWS: [&str; 4] = ["save", "delete", "asave", "adelete"];

impl<'p> Types<'p> {
    /// `book.save()` where nothing types `book`, but `Book` is a model: named like its only class.
    pub(super) fn row_by_name(&self, file: FileId, id: CallId) -> Option<&'p ApiCall> {
        let facts = self.facts(file);
        let call = facts.call(id);
        let Value::Member(object, name) = facts.value(call.callee) else { return None };
        let name = &facts.names[*name];
        if !ROW_METHODS.contains(&name) || call.args.iter().any(|arg| arg.name.is_none()) {
            return None;
        }
        if self.of(file, *object).is_known() {
            return None;
        }
        let project = self.project();
        let text = project.file(file).source.text.get(call.span.start as usize..call.name_span.start as usize)?;
        let model = project.relations.named_like(text.strip_suffix('.')?)?;
        project.catalog.method(self.api_base(model)?, name)
    }

    /// `super().save(*args, **kwargs)` in a class that is no model but goes before one: `class Stamped: …`,
    /// `class Book(Stamped, models.Model)`.
    pub(super) fn row_by_mixin(&self, file: FileId, id: CallId) -> Option<&'p ApiCall> {
        let facts = self.facts(file);
        let call = facts.call(id);
        let Value::Member(object, name) = *facts.value(call.callee) else { return None };
        let Value::Super(class) = *facts.value(object) else { return None };
        let (name, class) = (&facts.names[name], ClassRef { file, class });
        let project = self.project();
        if !WRITES_OF_ROWS.contains(&name) || !project.relations.has(Orm::Django) || self.target(file, id).is_some() {
            return None;
        }
        let is_before_model = project.relations.models().iter().any(|&model| {
            let lineage = self.lineage(model);
            lineage.contains(&class) && is_model(self, model)
        });
        let model = project.catalog.type_named("django.db.models.Model")?;
        project.catalog.method(model, name).filter(|_| is_before_model)
    }

    /// `item.save()` of a parameter that nothing types: who calls the function may tell that it is a row of Django's.
    pub(super) fn row_by_caller(&self, file: FileId, id: CallId) -> Option<(&'p ApiCall, u16)> {
        let facts = self.facts(file);
        let call = facts.call(id);
        let Value::Member(object, name) = *facts.value(call.callee) else { return None };
        let Value::Param(function, param) = *facts.value(object) else { return None };
        let name = &facts.names[name];
        let project = self.project();
        if !WRITES_OF_ROWS.contains(&name)
            || function != call.function
            || call.args.iter().any(|arg| arg.name.is_none())
            || !project.relations.has(Orm::Django)
            || project.file(file).source.language.is_ecma()
        {
            return None;
        }
        let declared = facts.function(function).params.get(usize::from(param))?;
        if declared.annotation.is_some() || declared.is_rest || self.of(file, object).is_known() {
            return None;
        }
        let model = project.catalog.type_named("django.db.models.Model")?;
        Some((project.catalog.method(model, name)?, param))
    }
}
