//! Types of GraphQL schemas whose objects are rows of a model: what a resolver calls `self` is a row.

use super::super::types::{Ty, Types};
use super::super::{ClassRef, FileId};
use super::is_model;
use crate::facts::*;

/// The types of a file, with their models: `@strawberry_django.type(models.Book)`, and `class Meta: model = models.Book`
/// of graphene.
pub(super) fn in_file(types: &Types<'_>, file: FileId) -> Vec<(ClassRef, ClassRef)> {
    let facts = types.facts(file);
    let uses = |library: &str| facts.imports.iter().any(|import| facts.names[import.module].starts_with(library));
    if !uses("strawberry") && !uses("graphene") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (id, class) in (0..).map(ClassId).zip(&facts.classes) {
        let told = class.decorators.iter().find_map(|&decorator| match decorator_of(facts, decorator)? {
            ("node" | "type", Some(call)) => call.args.first().filter(|arg| arg.name.is_none()).map(|arg| arg.value),
            _ => None,
        });
        let meta = || {
            let is_object = class.bases.iter().any(|&base| {
                let head = match facts.value(base) {
                    Value::Typed(of) => of.head,
                    _ => base,
                };
                facts.own_name(head).is_some_and(|name| name.ends_with("ObjectType"))
            });
            let is_own = |meta: &&Class| meta.parent == Some(id) && &facts.names[meta.name] == "Meta";
            let meta = facts.classes.iter().filter(|_| is_object).find(is_own)?;
            let model = meta.attributes.iter().find(|field| &facts.names[field.name] == "model")?;
            Some(model.value)
        };
        if let Some(value) = told.or_else(meta)
            && let Ty::Class(model) = types.of(file, value)
            && is_model(types, model)
        {
            found.push((ClassRef { file, class: id }, model));
        }
    }
    found
}

/// The name of a decorator of Strawberry's, and its call if it is called.
pub(in crate::project) fn decorator_of(facts: &FileFacts, decorator: ValueId) -> Option<(&str, Option<&Call>)> {
    let (named, call) = match facts.value(decorator) {
        Value::Call(call) => (facts.call(*call).callee, Some(facts.call(*call))),
        _ => (decorator, None),
    };
    let mut root = named;
    while let Value::Member(object, _) = *facts.value(root) {
        root = object;
    }
    let Value::Import(import) = facts.value(root) else { return None };
    let is_own = facts.names[facts.imports[import.index()].module].starts_with("strawberry");
    Some((facts.own_name(named)?, call)).filter(|_| is_own)
}
