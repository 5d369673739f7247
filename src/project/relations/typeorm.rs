//! TypeORM's relations between entities: `@ManyToOne(() => Author, (author) => author.books) author: Promise<Author>`.
//! Only lazy ones ask when they are read; all others are loaded with the row, or are not there.

use super::{Loading, Relationship, Shape};
use crate::facts::*;
use crate::project::types::{Ty, Types};
use crate::project::{ClassRef, FileId, Flow, Project};

/// Whether a class is an entity.
pub(crate) fn is_model(types: &Types<'_>, class: ClassRef) -> bool {
    let facts = types.facts(class.file);
    decorators(facts, &facts.class(class.class).decorators)
        .any(|call| matches!(name_of(facts, call), "ChildEntity" | "Entity") && is_own(types, class.file, call))
}

/// What `name` is on a row of `owner`, if that is a relation.
pub(crate) fn relationship(types: &Types<'_>, owner: ClassRef, name: &str) -> Option<Relationship> {
    let (file, field) = field_of(types, owner, name)?;
    declared(types, file, field)
}

/// The field of an entity, or of what it extends.
pub(super) fn field_of<'p>(types: &Types<'p>, owner: ClassRef, name: &str) -> Option<(FileId, &'p Attribute)> {
    types.lineage(owner).into_iter().find_map(|class| {
        let facts = types.facts(class.file);
        let name = facts.names.find(name)?;
        let field = facts.class(class.class).attributes.iter().find(|field| field.in_body && field.name == name)?;
        Some((class.file, field))
    })
}

/// The names of the relations that a class declares.
pub(crate) fn names(facts: &FileFacts, class: ClassId) -> impl Iterator<Item = &str> {
    let fields = facts.class(class).attributes.iter().filter(|field| field.in_body);
    fields.filter(|field| relation(facts, field).is_some()).map(|field| &facts.names[field.name])
}

/// The relations that a call loads along with rows, each part of a path by itself: `find({ relations: { author: true } })`,
/// `.leftJoinAndSelect("book.author", "author")`.
pub(crate) fn loaded_by(facts: &FileFacts, call: &Call) -> Vec<Box<str>> {
    let mut found = Vec::new();
    if let Some(path) = joined(facts, call) {
        found.extend(path.rsplit('.').next().map(Box::from));
    }
    for arg in &call.args {
        let Some(named) = option(facts, arg.value, "relations") else { continue };
        let mut open = vec![named];
        while let Some(value) = open.pop() {
            match facts.value(value) {
                Value::Text(_) => {
                    found.extend(facts.literal(value).into_iter().flat_map(|path| path.split('.')).map(Box::from))
                }
                Value::Sequence(items) => open.extend(items.iter()),
                Value::Mapping(entries) => {
                    found.extend(entries.iter().filter_map(|(key, _)| facts.literal(*key)).map(Box::from));
                    open.extend(entries.iter().map(|&(_, value)| value));
                }
                _ => {}
            }
        }
    }
    found
}

/// The property that a step of a query builder joins and gives with the rows: `book.author`.
pub(crate) fn joined<'f>(facts: &'f FileFacts, call: &Call) -> Option<&'f str> {
    let name = name_of(facts, call);
    let at = match name {
        _ if name.ends_with("JoinAndSelect") => 0,
        _ if name.contains("JoinAndMap") => 1,
        _ => return None,
    };
    facts.literal(call.args.get(at)?.value)
}

/// The value of a key of an object.
pub(crate) fn option(facts: &FileFacts, object: ValueId, wanted: &str) -> Option<ValueId> {
    let Value::Mapping(entries) = facts.value(object) else { return None };
    entries.iter().find(|(key, _)| facts.literal(*key) == Some(wanted)).map(|&(_, value)| value)
}

fn declared(types: &Types<'_>, file: FileId, field: &Attribute) -> Option<Relationship> {
    let facts = types.facts(file);
    let (call, name) = relation(facts, field)?;
    if !is_own(types, file, call) {
        return None;
    }
    let shape = match name {
        "ManyToOne" => Shape::ManyToOne,
        "OneToOne" if decorators(facts, &field.decorators).any(|call| name_of(facts, call) == "JoinColumn") => {
            Shape::ManyToOne
        }
        "OneToOne" => Shape::OneToOne,
        _ => Shape::ToMany,
    };
    let is_promise = field.annotation.is_some_and(|annotation| match facts.value(annotation) {
        Value::Typed(of) => facts.own_name(of.head) == Some("Promise"),
        _ => false,
    });
    let is_true = |value: ValueId| *facts.value(value) == Value::Bool(true);
    let says = |key: &str| call.args.iter().any(|arg| option(facts, arg.value, key).is_some_and(is_true));
    let loading = match (says("eager"), is_promise || says("lazy")) {
        (true, _) => Loading::Joined,
        (false, true) => Loading::Lazy,
        (false, false) => Loading::Eager,
    };
    Some(Relationship { target: call.args.first().and_then(|arg| given_by(types, file, arg.value)), shape, loading })
}

/// The class that a function gives: `() => Author`.
pub(super) fn given_by(types: &Types<'_>, file: FileId, function: ValueId) -> Option<ClassRef> {
    let facts = types.facts(file);
    let Value::Function(function) = *facts.value(function) else { return None };
    match types.of(file, *facts.function(function).returns.first()?) {
        Ty::Class(class) => Some(class),
        _ => None,
    }
}

/// The decorator that makes a field a relation, with its name.
pub(super) fn relation<'f>(facts: &'f FileFacts, field: &'f Attribute) -> Option<(&'f Call, &'f str)> {
    let named = decorators(facts, &field.decorators).map(|call| (call, name_of(facts, call)));
    named.into_iter().find(|(_, name)| matches!(*name, "ManyToMany" | "ManyToOne" | "OneToMany" | "OneToOne"))
}

/// The calls among decorators.
pub(super) fn decorators<'f>(facts: &'f FileFacts, values: &'f [ValueId]) -> impl Iterator<Item = &'f Call> {
    values.iter().filter_map(|&value| match facts.value(value) {
        Value::Call(call) => Some(facts.call(*call)),
        _ => None,
    })
}

fn name_of<'f>(facts: &'f FileFacts, call: &Call) -> &'f str {
    Flow::new(facts).called_name(call).unwrap_or("")
}

/// Whether a decorator is one of TypeORM's: others have the same names.
fn is_own(types: &Types<'_>, file: FileId, call: &Call) -> bool {
    matches!(types.of(file, call.callee), Ty::Path(path) if path.starts_with("typeorm."))
}

/// Whether relations that a find names are fetched by queries of their own in all of a project: its data source says
/// `relationLoadStrategy: "query"`, or what cannot be read.
pub(crate) fn asks_apart(project: &Project) -> bool {
    const STRATEGY: &str = "relationLoadStrategy";
    project.ids().filter(|&file| project.file(file).source.language.is_ecma()).any(|file| {
        let facts = &project.file(file).facts;
        facts.texts.iter().any(|text| text.cooked == STRATEGY)
            && facts.values.iter().any(|value| {
                let Value::Mapping(entries) = value else { return false };
                let told = |wanted: &str| entries.iter().find(|(key, _)| facts.literal(*key) == Some(wanted));
                // What a find says is its own.
                let is_find = ["relations", "where"].iter().any(|&option| told(option).is_some());
                !is_find && told(STRATEGY).is_some_and(|&(_, how)| facts.literal(how) != Some("join"))
            })
    })
}
