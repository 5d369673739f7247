//! peewee's relations between models: `author = ForeignKeyField(Author, backref="books")`.

use super::{Loading, Orm, Relationship, Shape};
use crate::facts::*;
use crate::project::types::{ClassMember, Ty, Types};
use crate::project::{ClassRef, FileId, Flow};

/// Whether a class is a model of peewee's.
pub(crate) fn is_model(types: &Types<'_>, class: ClassRef) -> bool {
    let catalog = &types.project().catalog;
    match (types.api_base(class), catalog.type_named("peewee.Model")) {
        (Some(base), Some(model)) => catalog.is_subtype(base, model),
        _ => false,
    }
}

/// What `name` is on a row of `owner`: a column that leads to another row, or the rows that lead to it by one.
pub(crate) fn relationship(types: &Types<'_>, owner: ClassRef, name: &str) -> Option<Relationship> {
    match types.class_member(owner, name) {
        Some(ClassMember::Attribute(file, value, _)) => declared(types, owner, file, value).map(|(found, _)| found),
        Some(ClassMember::Method(_)) => None,
        None => {
            let relations = types.relations();
            let lineage = types.lineage(owner);
            let mut put = lineage.into_iter().flat_map(|class| relations.put_on(class));
            put.find(|(own, _)| **own == *name).map(|(_, found)| found.clone())
        }
    }
}

/// The query of the rows that lead to a row of `owner`: `author.books`.
pub(crate) fn rows(types: &Types<'_>, owner: ClassRef, name: &str) -> Option<Ty> {
    if !types.relations().has(Orm::Peewee) || !is_model(types, owner) {
        return None;
    }
    let select = types.project().catalog.type_named("peewee.ModelSelect")?;
    let found = relationship(types, owner, name).filter(|found| found.shape == Shape::ToMany)?;
    Some(Ty::Api(select, Some(found.target?)))
}

/// What the foreign keys of a model put on others: `backref="books"`, or else `book_set`.
pub(super) fn backrefs(types: &Types<'_>, class: ClassRef) -> Vec<(ClassRef, (Box<str>, Relationship))> {
    let facts = types.facts(class.file);
    let own = facts.class(class.class);
    let mut found = Vec::new();
    for field in own.attributes.iter().filter(|field| field.in_body) {
        let Some((to, name)) = declared(types, class, class.file, field.value) else { continue };
        let (Some(target), Some(name)) = (to.target, name) else { continue };
        let rows = Relationship { target: Some(class), shape: Shape::ToMany, loading: Loading::Lazy };
        found.push((target, (name, rows)));
    }
    found
}

/// The relation that a field declares, and the name of what it puts on the other model.
fn declared(
    types: &Types<'_>,
    owner: ClassRef,
    file: FileId,
    value: ValueId,
) -> Option<(Relationship, Option<Box<str>>)> {
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
    let back = match named("backref").or_else(|| named("related_name")) {
        Some(name) => facts.literal(name).filter(|name| !name.contains(['%', '+', '!'])).map(Box::from),
        None => {
            let facts = types.facts(owner.file);
            let model = facts.names[facts.class(owner.class).name].to_ascii_lowercase();
            Some(format!("{model}_set").into())
        }
    };
    Some((Relationship { target, shape: Shape::ManyToOne, loading }, back))
}
