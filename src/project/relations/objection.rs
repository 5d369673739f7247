//! Objection's relations between models: `static relationMappings = { pets: { relation: Model.HasManyRelation, … } }`.

use super::Shape;
use super::typeorm::{given_by, option};
use crate::facts::*;
use crate::project::types::{ClassMember, Ty, Types};
use crate::project::{ClassRef, FileId};

/// What `name` is on a row of `owner`, if that is a relation: how many rows it leads to, and the model they are of.
pub(crate) fn relationship(types: &Types<'_>, owner: ClassRef, name: &str) -> Option<(Shape, Option<ClassRef>)> {
    let (file, mappings) = mappings(types, owner)?;
    let facts = types.facts(file);
    let mapping = option(facts, mappings, name)?;
    let shape = match facts.own_name(option(facts, mapping, "relation")?)? {
        "BelongsToOneRelation" => Shape::ManyToOne,
        "HasOneRelation" | "HasOneThroughRelation" => Shape::OneToOne,
        "HasManyRelation" | "ManyToManyRelation" => Shape::ToMany,
        _ => return None,
    };
    let target = option(facts, mapping, "modelClass").and_then(|model| match types.of(file, model) {
        Ty::Class(class) => Some(class),
        _ => given_by(types, file, model),
    });
    Some((shape, target))
}

/// The object of all relations, which a property holds or a method gives.
fn mappings(types: &Types<'_>, owner: ClassRef) -> Option<(FileId, ValueId)> {
    let (file, value) = match types.class_member(owner, "relationMappings")? {
        ClassMember::Attribute(file, value, _) => (file, value),
        ClassMember::Method(method) => {
            let returns = &types.facts(method.file).function(method.function).returns;
            (method.file, *returns.first()?)
        }
    };
    match *types.facts(file).value(value) {
        // `static relationMappings = () => ({ … })`
        Value::Function(function) => Some((file, *types.facts(file).function(function).returns.first()?)),
        _ => Some((file, value)),
    }
}
