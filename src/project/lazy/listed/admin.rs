//! Django's admin: the columns of its lists.

use super::super::model::{Attribute, Kind, attribute, required};
use super::{Finder, Scope};
use crate::facts::*;
use crate::project::relations::is_model;
use crate::project::types::Ty;
use crate::project::{ClassRef, FileId};
use crate::source::Span;

impl Finder<'_, '_> {
    /// `@admin.register(Book)`, `admin.site.register(Book, BookAdmin)`
    pub(super) fn registered(&mut self, file: FileId, id: CallId) {
        let facts = self.types.facts(file);
        let call = facts.call(id);
        let decorated = || {
            let is_this = |&decorator: &ValueId| *facts.value(decorator) == Value::Call(id);
            let class = facts.classes.iter().position(|class| class.decorators.iter().any(is_this))?;
            Some(ClassRef { file, class: ClassId(u32::try_from(class).ok()?) })
        };
        let positional: Vec<ValueId> = call.args.iter().filter(|arg| arg.name.is_none()).map(|arg| arg.value).collect();
        let admin = decorated().or_else(|| match self.types.of(file, *positional.get(1)?) {
            Ty::Class(class) => Some(class),
            _ => None,
        });
        let Some(admin) = admin.filter(|&class| self.types.extends(class, &|name| name.ends_with("Admin"))) else {
            return;
        };
        let Some(&first) = positional.first() else { return };
        if let Ty::Class(model) = self.types.of(file, first)
            && is_model(self.types, model)
        {
            self.admin(admin, model);
        }
    }

    fn admin(&mut self, admin: ClassRef, model: ClassRef) {
        let Some((file, display)) = self.member(admin, "list_display") else { return };
        let facts = self.types.facts(file);
        let Value::Sequence(columns) = facts.value(display) else { return };
        if self.method(admin, "get_list_select_related").is_some() || self.method(admin, "get_list_display").is_some() {
            return;
        }
        let plain = self.tracer.all_of(model);
        let rows = match self.method(admin, "get_queryset") {
            Some(function) => self.tracer.given(function, Some(plain)),
            None => Some(plain),
        };
        let Some(mut rows) = rows else { return };
        let named: Vec<(&str, Span)> = columns
            .iter()
            .filter_map(|&column| Some((facts.literal(column)?, self.written(file, column)?.1)))
            .collect();
        let is_one = |name: &str| matches!(attribute(self.types, model, name), Some(Attribute::Relation(found)) if found.kind == Kind::Forward);
        let joined = self.member(admin, "list_select_related");
        match joined.map(|(file, value)| (file, value, self.types.facts(file).value(value))) {
            None | Some((_, _, Value::Bool(false))) if !named.iter().any(|(name, _)| is_one(name)) => {}
            // Where a column is a relation, Django joins what cannot be null.
            None | Some((_, _, Value::Bool(_))) => required(self.types, model, "", 0, &mut rows.loaded),
            Some((file, value, _)) => self.tracer.named(file, value, &mut rows.loaded),
        }
        let listing = self.listing(admin);
        for (name, span) in named {
            let scope = Scope { shown_at: Some((file, span)), ..Scope::of(&rows, &listing) };
            match self.method(admin, name) {
                Some(function) => self.given_row(&scope, function),
                None if is_one(name) => self.read(&scope, &[name.into(), "__str__".into()], (file, span)),
                None => self.read(&scope, &[name.into()], (file, span)),
            }
        }
    }
}
