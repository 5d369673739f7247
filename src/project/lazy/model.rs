//! The relations of models, as a row has them.

use super::super::relations::{self, Orm, Relationship, Shape, peewee, sqlalchemy, typeorm};
use super::super::types::{ClassMember, Ty, Types};
use super::super::{ClassRef, FileId, FunctionRef};
use super::loaded::Loaded;
use super::traced::join;
use crate::facts::*;
use crate::project::Flow;
pub(super) use relations::Loading;

/// How a relation leads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// To one row, by a column of this one.
    Forward,
    /// To one row that has a column for it.
    ReverseOne,
    /// To many rows.
    Many,
    /// To one row of any model.
    Generic,
}

/// A relation of a row.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    pub(super) kind: Kind,
    /// The model it leads to, if that is one of the project.
    pub(super) target: Option<ClassRef>,
    /// When reading it asks the database.
    pub(super) loading: Loading,
    /// The attributes of the rows it leads to that hold the row they were read from.
    pub(super) back: Vec<Box<str>>,
}

/// What the name of a model's attribute is.
#[derive(Clone, Debug)]
pub(super) enum Attribute {
    /// A relation.
    Relation(Relation),
    /// A property or a method of the project.
    Code(FunctionRef),
}

/// What `name` is on a row of `model`.
pub(super) fn attribute(types: &Types<'_>, model: ClassRef, name: &str) -> Option<Attribute> {
    match Orm::of(types, model) {
        Some(Orm::SqlAlchemy) => return of_sqlalchemy(types, model, name),
        Some(Orm::Peewee) => {
            return match types.class_member(model, name) {
                Some(ClassMember::Method(function)) => Some(Attribute::Code(function)),
                _ => peewee::relationship(types, model, name).map(|found| related(&found, Vec::new())),
            };
        }
        Some(Orm::TypeOrm) => {
            return match types.class_member(model, name) {
                Some(ClassMember::Method(function)) => Some(Attribute::Code(function)),
                _ => typeorm::relationship(types, model, name).map(|found| related(&found, Vec::new())),
            };
        }
        _ => {}
    }
    match types.class_member(model, name) {
        Some(ClassMember::Method(function)) => Some(Attribute::Code(function)),
        Some(ClassMember::Attribute(file, value, _)) => {
            declared(types, model, name, file, value).map(Attribute::Relation)
        }
        None => {
            let found = types.reverse(model, name)?;
            let (kind, loading, target) = match found.relation {
                relations::Relation::One(class) => (Kind::ReverseOne, Loading::Lazy, class),
                // A manager: what is called on it asks.
                relations::Relation::Many(class) => (Kind::Many, Loading::Asked, class),
            };
            let back = if found.is_many_to_many { Vec::new() } else { vec![found.field.clone()] };
            Some(Attribute::Relation(Relation { kind, target: Some(target), loading, back }))
        }
    }
}

fn of_sqlalchemy(types: &Types<'_>, model: ClassRef, name: &str) -> Option<Attribute> {
    if let Some(ClassMember::Method(function)) = types.class_member(model, name) {
        return Some(Attribute::Code(function));
    }
    let found = sqlalchemy::relationship(types, model, name)?;
    // The session has the row at hand.
    let back = match (found.shape, found.target) {
        (Shape::ManyToOne, _) | (_, None) => Vec::new(),
        (_, Some(target)) => sqlalchemy::leading_to(types, target, model),
    };
    Some(related(&found, back))
}

fn related(found: &Relationship, back: Vec<Box<str>>) -> Attribute {
    let kind = match found.shape {
        Shape::ManyToOne => Kind::Forward,
        Shape::OneToOne => Kind::ReverseOne,
        Shape::ToMany => Kind::Many,
    };
    Attribute::Relation(Relation { kind, target: found.target, loading: found.loading, back })
}

/// What loads a relation of `base` with the rows of a query: `.select_related("author__country")`,
/// `.options(selectinload(Author.books).joinedload(Book.publisher))`.
pub(super) fn load(types: &Types<'_>, base: ClassRef, path: &str, is_prefetch: bool) -> String {
    let orm = Orm::of(types, base);
    if orm == Some(Orm::TypeOrm) {
        let names: Vec<&str> = path.split("__").collect();
        return format!("relations: {{ {}: true{} }}", names.join(": { "), " }".repeat(names.len() - 1));
    }
    if orm == Some(Orm::Peewee) {
        let mut model = base;
        let mut models = vec![facts_of_class(types, base)];
        let mut is_many = false;
        for name in path.split("__") {
            let Some(found) = peewee::relationship(types, model, name) else { break };
            let Some(target) = found.target else { break };
            is_many |= found.shape == Shape::ToMany;
            models.push(facts_of_class(types, target));
            model = target;
        }
        if is_many {
            return format!("prefetch({}.select(), {})", models[0], models[1..].join(", "));
        }
        let joins: String = models[1..].iter().map(|name| format!(".join({name})")).collect();
        return format!(".select({}){joins}", models.join(", "));
    }
    if orm != Some(Orm::SqlAlchemy) {
        let step = if is_prefetch { "prefetch_related" } else { "select_related" };
        return format!(".{step}(\"{path}\")");
    }
    let mut model = base;
    let mut loaders = Vec::new();
    for name in path.split("__") {
        let found = sqlalchemy::relationship(types, model, name);
        let loader = match &found {
            Some(found) if found.shape == Shape::ToMany => "selectinload",
            _ => "joinedload",
        };
        loaders.push(format!("{loader}({}.{name})", facts_of_class(types, model)));
        match found.and_then(|found| found.target) {
            Some(target) => model = target,
            None => break,
        }
    }
    format!(".options({})", loaders.join("."))
}

/// Adds what `select_related()` without arguments loads: the foreign keys that cannot be null, and theirs.
pub(super) fn required(types: &Types<'_>, model: ClassRef, path: &str, depth: u8, loaded: &mut Loaded) {
    if depth > 3 {
        return loaded.add_open(path);
    }
    for class in types.lineage(model) {
        let facts = types.facts(class.file);
        for field in facts.class(class.class).attributes.iter().filter(|field| field.in_body) {
            let name = &facts.names[field.name];
            let Value::Call(call) = facts.value(field.value) else { continue };
            let is_null = facts.call(*call).args.iter().any(|arg| {
                arg.name.is_some_and(|name| &facts.names[name] == "null")
                    && *facts.value(arg.value) == Value::Bool(true)
            });
            let Some(relation) = declared(types, class, name, class.file, field.value) else { continue };
            if is_null || relation.kind != Kind::Forward {
                continue;
            }
            let path = join(path, name);
            loaded.add(&path);
            if let Some(target) = relation.target {
                required(types, target, &path, depth + 1, loaded);
            }
        }
    }
}

/// Whether a model sets a relation itself where a row is made: `self.author = …` in `__init__`.
pub(super) fn sets_itself(types: &Types<'_>, model: ClassRef, name: &str) -> bool {
    let Some(ClassMember::Method(made)) = types.class_member(model, "__init__") else { return false };
    let facts = types.facts(made.file);
    let span = facts.function(made.function).span;
    facts.accesses.iter().filter(|access| access.is_set && span.contains(access.span)).any(|access| {
        matches!(*facts.value(access.value), Value::Member(object, of)
            if matches!(facts.value(object), Value::This(_)) && &facts.names[of] == name)
    })
}

/// The relation that a field declares.
fn declared(types: &Types<'_>, model: ClassRef, name: &str, file: FileId, value: ValueId) -> Option<Relation> {
    let facts = types.facts(file);
    let kind = field_kind(types, file, value)?;
    if name.ends_with("_id") {
        return None;
    }
    let target = match relations::field(types, types.relations(), file, value) {
        _ if refers_to_itself(facts, value) => Some(model),
        Some(relations::Relation::One(class) | relations::Relation::Many(class)) => Some(class),
        None => None,
    };
    let Value::Call(call) = facts.value(value) else { return None };
    let call = facts.call(*call);
    let is_parent = call.args.iter().any(|arg| {
        arg.name.is_some_and(|name| &facts.names[name] == "parent_link") && *facts.value(arg.value) == Value::Bool(true)
    });
    if is_parent {
        return None;
    }
    let is_one_to_one = Flow::new(facts).called_name(call).is_some_and(|name| name.ends_with("OneToOneField"));
    let back = is_one_to_one.then(|| {
        let related = call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == "related_name"));
        match related.and_then(|arg| facts.literal(arg.value)) {
            Some(name) => name.into(),
            None => facts_of_class(types, model).to_ascii_lowercase().into(),
        }
    });
    let loading = if kind == Kind::Many { Loading::Asked } else { Loading::Lazy };
    Some(Relation { kind, target, loading, back: back.into_iter().collect() })
}

fn facts_of_class<'p>(types: &Types<'p>, class: ClassRef) -> &'p str {
    let facts = types.facts(class.file);
    &facts.names[facts.class(class.class).name]
}

fn refers_to_itself(facts: &FileFacts, value: ValueId) -> bool {
    let Value::Call(call) = facts.value(value) else { return false };
    let first = facts.call(*call).args.iter().find(|arg| arg.name.is_none_or(|name| &facts.names[name] == "to"));
    first.is_some_and(|arg| facts.literal(arg.value) == Some("self"))
}

/// How the field that a value declares leads on, if it is a relation that is loaded lazily.
fn field_kind(types: &Types<'_>, file: FileId, value: ValueId) -> Option<Kind> {
    let facts = types.facts(file);
    let Value::Call(call) = facts.value(value) else { return None };
    let callee = facts.call(*call).callee;
    let name = Flow::new(facts).called_name(facts.call(*call))?;
    let kind = kind_of_name(name)?;
    match types.of(file, callee) {
        // Loads the relation of all rows of a query when it is read of one.
        Ty::Path(path) if path.starts_with("auto_prefetch.") => None,
        Ty::Class(class) if !extends_relation(types, class, 0) => None,
        _ => Some(kind),
    }
}

/// The kind of relation that a field class of this name is.
fn kind_of_name(name: &str) -> Option<Kind> {
    if name.ends_with("GenericForeignKey") {
        Some(Kind::Generic)
    } else if name.ends_with("ManyToManyField") || name == "ParentalManyToManyField" {
        Some(Kind::Many)
    } else if name.ends_with("ForeignKey") || name.ends_with("OneToOneField") || name == "ParentalKey" {
        Some(Kind::Forward)
    } else {
        None
    }
}

/// Whether a field class of the project is one of Django's relations: others only have a name like them.
fn extends_relation(types: &Types<'_>, class: ClassRef, depth: u8) -> bool {
    let facts = types.facts(class.file);
    depth < 6
        && facts.class(class.class).bases.iter().any(|&base| match types.of(class.file, base) {
            Ty::Class(base) => base != class && extends_relation(types, base, depth + 1),
            Ty::Path(path) => kind_of_name(path.rsplit('.').next().unwrap_or("")).is_some(),
            _ => false,
        })
}
