//! MikroORM's relations between entities: `@OneToMany(() => Book, (book) => book.author) books = new Collection<Book>(this)`.

use super::Shape;
use super::typeorm::{field_of, given_by, option, relation};
use crate::project::ClassRef;
use crate::project::types::{Ty, Types};

/// What `name` is on a row of `owner`, if that is a relation: how many rows it leads to, and the entity they are of.
pub(crate) fn relationship(types: &Types<'_>, owner: ClassRef, name: &str) -> Option<(Shape, Option<ClassRef>)> {
    let (file, field) = field_of(types, owner, name)?;
    let facts = types.facts(file);
    let (call, name) = relation(facts, field)?;
    if !matches!(types.of(file, call.callee), Ty::Path(path) if path.starts_with("@mikro-orm/")) {
        return None;
    }
    let shape = match name {
        "ManyToOne" => Shape::ManyToOne,
        "OneToOne" => Shape::OneToOne,
        _ => Shape::ToMany,
    };
    let target = call.args.first().and_then(|arg| {
        let told = option(facts, arg.value, "entity").unwrap_or(arg.value);
        given_by(types, file, told)
    });
    Some((shape, target))
}
