//! Methods that the project's own managers and querysets have: `Book.objects.filter(…).visible()`, of which the catalog
//! only knows that it is a queryset.

use super::querysets::Step;
use super::types::{ClassMember, Ty, Types};
use super::{ClassRef, FunctionRef};
use crate::apis::TypeId;
use crate::facts::*;

impl Types<'_> {
    /// The method of the project that is called by a name on a manager or queryset of a model, if it can only be one.
    pub(super) fn queryset_method(&self, ty: TypeId, model: ClassRef, name: &str) -> Option<FunctionRef> {
        if self.is_queryset(ty) { self.method_of_querysets(model, name) } else { None }
    }

    /// The method of this name that the managers and querysets of a model have, if it can only be one.
    pub(super) fn method_of_querysets(&self, model: ClassRef, name: &str) -> Option<FunctionRef> {
        // What Django has itself, a manager of the project may do in another way: that is asked of its class.
        if Step::named(name).is_some() {
            return None;
        }
        let mut found = None;
        for class in self.managing(model) {
            let Some(ClassMember::Method(function)) = self.class_member(class, name) else { continue };
            if found.is_some_and(|known| known != function) {
                return None;
            }
            found = Some(function);
        }
        found
    }

    /// The project's classes of managers and querysets that a model or what it extends declares.
    fn managing(&self, model: ClassRef) -> Vec<ClassRef> {
        let mut found = Vec::new();
        for class in self.lineage(model) {
            let facts = self.facts(class.file);
            let own = facts.class(class.class).attributes.iter().filter(|attribute| attribute.in_body);
            for attribute in own.filter(|attribute| matches!(facts.value(attribute.value), Value::Call(_))) {
                let Ty::Instance(manager, _) = self.further(|| self.of(class.file, attribute.value)) else { continue };
                if !self.is_queryset_class(manager) || found.contains(&manager) {
                    continue;
                }
                found.push(manager);
                // `def get_queryset(self): return BookQuerySet(self.model)`
                if let Some(ClassMember::Method(given)) = self.class_member(manager, "get_queryset")
                    && let Ty::Instance(queryset, _) = self.returned(given)
                    && self.is_queryset_class(queryset)
                    && !found.contains(&queryset)
                {
                    found.push(queryset);
                }
            }
        }
        found
    }

    /// Whether a class of the project is a manager or a queryset of Django's.
    pub(super) fn is_queryset_class(&self, class: ClassRef) -> bool {
        self.api_base(class).is_some_and(|ty| self.is_queryset(ty))
    }

    /// What a method of the project's querysets gives that is called on rows of `model`: a queryset of whatever its
    /// class is used for is one of that model here, and a row of it is one.
    pub(super) fn of_model(&self, given: Ty, model: ClassRef) -> Ty {
        match given {
            Ty::Api(ty, Some(about)) if self.is_queryset(ty) && self.is_queryset_class(about) => {
                Ty::Api(ty, Some(model))
            }
            Ty::Instance(class, Some(about)) if class == about && self.is_queryset_class(class) => {
                Ty::Instance(model, None)
            }
            Ty::Instance(class, None) if self.is_queryset_class(class) => Ty::Instance(class, Some(model)),
            given => given,
        }
    }
}
