//! What the names of a template are: what all that render it agree on.

use super::{Given, Way, given_by_include};
use crate::facts::*;
use crate::project::types::{Ty, Types};
use crate::project::{FileId, FunctionRef, users};
use crate::source::Language;

/// How many templates a name is followed through.
const MAX_STEPS: u8 = 8;

impl Types<'_> {
    /// What a parameter of a template is; unknown where those who render it do not agree.
    pub(in crate::project) fn shown(&self, file: FileId, function: FunctionId, index: u16) -> Ty {
        let facts = self.facts(file);
        if facts.template.is_none() || function != TEMPLATE {
            return Ty::Unknown;
        }
        let Some(param) = facts.function(function).params.get(usize::from(index)) else { return Ty::Unknown };
        let mut found = None;
        self.shown_as(file, &facts.names[param.name], 0, &mut found);
        match found {
            Some(Some(ty)) => ty,
            _ => Ty::Unknown,
        }
    }

    /// Whether a template of Django's calls a function where it is read: a method that wants nothing.
    pub(in crate::project) fn is_called_when_read(&self, file: FileId, function: FunctionRef) -> bool {
        let own = self.facts(function.file).function(function.function);
        self.project().file(file).source.language == Language::DjangoTemplate
            && own.class.is_some()
            && own.params.iter().all(|param| param.default.is_some() || param.is_rest)
    }

    /// Whether a template runs over something that nobody is known to give it.
    pub(in crate::project) fn is_untold(&self, file: FileId, iterable: ValueId) -> bool {
        let project = self.project();
        let facts = self.facts(file);
        if facts.template.is_none() {
            return false;
        }
        let mut at = iterable;
        // A form has the fields that it declares.
        let is_form = |name: &str| {
            name == "form"
                || name.ends_with("_form")
                || matches!(name, "choices" | "errors" | "fields" | "fieldsets" | "hidden_fields" | "visible_fields")
        };
        if facts.own_name(at).or_else(|| param_name(facts, at)).is_some_and(is_form) {
            return true;
        }
        let mut last = "";
        for _ in 0..64 {
            at = match facts.value(at) {
                Value::Param(function, index) => {
                    let told = |given: &Given| *given != Given::Request || last == "user";
                    return *function == TEMPLATE
                        && !project.templates().given_to(project, file, *function, *index).iter().any(told);
                }
                Value::Member(object, name) => {
                    last = &facts.names[*name];
                    *object
                }
                Value::Item(object, _) | Value::Slice(object, ..) => *object,
                Value::Element(of, _) | Value::Part(of, _) | Value::Carried(of, _) => *of,
                Value::Call(call) => match (facts.value(facts.call(*call).callee), facts.call(*call).args.first()) {
                    (Value::Member(object, _), _) => *object,
                    (Value::Global(_), Some(arg)) => arg.value,
                    _ => return false,
                },
                _ => return false,
            };
        }
        false
    }

    /// Adds what a template is given under a name: `None` as long as nothing is known, then the type, and nothing again
    /// where there are several.
    fn shown_as(&self, file: FileId, name: &str, depth: u8, found: &mut Option<Option<Ty>>) {
        if depth > MAX_STEPS {
            return;
        }
        let project = self.project();
        for way in project.templates().ways(file) {
            if *found == Some(None) {
                return;
            }
            match *way {
                Way::Rendered(rendering) => {
                    for given in project.templates().given(project, rendering, name) {
                        agree(found, self.of_given(given));
                    }
                }
                Way::Extended(by) => self.shown_as(by, name, depth + 1, found),
                Way::Included(by, include) => {
                    let facts = self.facts(by);
                    let Some(own) = facts.template.as_deref() else { continue };
                    let include = &own.includes[include];
                    match given_by_include(facts, own, include, name) {
                        Some(value) => agree(found, self.of(by, value)),
                        None if include.only => {}
                        None => self.shown_as(by, name, depth + 1, found),
                    }
                }
            }
        }
    }

    fn of_given(&self, given: Given) -> Ty {
        match given {
            Given::Value(file, value) => self.of(file, value),
            Given::Rows(class) => match self.view_model(class) {
                Some(model) => Ty::List(Box::new(Ty::Instance(model, None))),
                None => Ty::Unknown,
            },
            Given::Row(class) => self.view_model(class).map_or(Ty::Unknown, |model| Ty::Instance(model, None)),
            Given::View(class) => Ty::Instance(class, None),
            Given::Made(function) => self.returned(function),
            Given::Request => Ty::Path(users::REQUEST.into()),
            Given::User => self.user(),
        }
    }
}

/// Notes what somebody says; what is not known, and what is no row, says nothing.
fn agree(found: &mut Option<Option<Ty>>, said: Ty) {
    if matches!(said, Ty::Unknown | Ty::Plain) {
        return;
    }
    match found {
        None => *found = Some(Some(said)),
        Some(Some(known)) if *known == said => {}
        Some(known) => *known = None,
    }
}

/// The name of the parameter that a value is.
fn param_name(facts: &FileFacts, value: ValueId) -> Option<&str> {
    let Value::Param(function, index) = *facts.value(value) else { return None };
    let param = facts.function(function).params.get(usize::from(index))?;
    Some(&facts.names[param.name])
}
