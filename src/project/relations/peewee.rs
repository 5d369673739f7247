//! peewee's relations between models: `author = ForeignKeyField(Author, backref="books")`.

use super::{Loading, Relationship, Shape};
use crate::facts::*;
use crate::project::types::{ClassMember, Ty, Types};
use crate::project::{ClassRef, Flow};

/// Whether a class is a model of peewee's.
pub(crate) fn is_model(types: &Types<'_>, class: ClassRef) -> bool {
    let catalog = &types.project().catalog;
    match (types.api_base(class), catalog.type_named("peewee.Model")) {
        (Some(base), Some(model)) => catalog.is_subtype(base, model),
        _ => false,
    }
}

/// What `name` is on a row of `owner`, if that is a relation that a column of it leads along.
pub(crate) fn relationship(types: &Types<'_>, owner: ClassRef, name: &str) -> Option<Relationship> {
    let ClassMember::Attribute(file, value, _) = types.class_member(owner, name)? else { return None };
    let facts = types.facts(file);
    let Value::Call(call) = *facts.value(value) else { return None };
    let call = facts.call(call);
    let is_own = match types.of(file, call.callee) {
        Ty::Path(path) => path.starts_with("peewee."),
        // `from peewee import *`
        Ty::Unknown => {
            matches!(facts.value(call.callee), Value::Global(_)) && types.project().takes_all_of(file, "peewee")
        }
        _ => false,
    };
    if !is_own || !matches!(Flow::new(facts).called_name(call)?, "DeferredForeignKey" | "ForeignKeyField") {
        return None;
    }
    let named = |wanted: &str| {
        call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == wanted)).map(|arg| arg.value)
    };
    let to = named("model").or_else(|| call.args.first().filter(|arg| arg.name.is_none()).map(|arg| arg.value))?;
    let target = match (facts.literal(to), types.of(file, to)) {
        (Some("self"), _) => Some(owner),
        (_, Ty::Class(class)) => Some(class),
        _ => None,
    };
    // Without it the attribute is the key.
    let is_lazy = named("lazy_load").is_none_or(|lazy| *facts.value(lazy) == Value::Bool(true));
    let loading = if is_lazy { Loading::Lazy } else { Loading::Never };
    Some(Relationship { target, shape: Shape::ManyToOne, loading })
}
