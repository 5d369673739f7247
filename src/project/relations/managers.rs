//! Whose rows a manager gives: `objects = BookManager()` in the body of `Book` tells what `self.all()` is about in the
//! manager's own methods.

use super::super::ClassRef;
use super::super::types::{Ty, Types};
use crate::facts::*;

/// The managers and classes of querysets of the project that a model of Django's has.
pub(super) fn of_model(types: &Types<'_>, model: ClassRef) -> Vec<ClassRef> {
    let facts = types.facts(model.file);
    let own = facts.class(model.class).attributes.iter().filter(|attribute| attribute.in_body);
    let made = own.filter(|attribute| matches!(facts.value(attribute.value), Value::Call(_)));
    let class = |attribute: &Attribute| match types.of(model.file, attribute.value) {
        Ty::Instance(class, _) if types.gives_rows(class) => Some(class),
        _ => None,
    };
    made.filter_map(class).collect()
}
