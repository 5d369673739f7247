//! Whose call something is: by what its receiver or function resolves to, or by its catalogued shape.

use super::Orm;
use crate::apis::{LibraryId, TypeId};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::{ClassRef, FileId, Ty, Types};

/// Why a call is taken for one of an ORM.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence<'p> {
    pub(super) orm: Orm,
    /// The model that the receiver is about.
    pub(super) model: Option<ClassRef>,
    pub(super) confidence: Confidence,
    /// The catalogued type of the receiver; empty for a function or a shape.
    pub(super) receiver: &'p str,
}

impl Orm {
    /// The ORM that a catalog is about, by the catalog's name.
    pub(super) fn of_library(name: &str) -> Option<Orm> {
        const NAMES: [(&str, Orm); 16] = [
            ("django", Orm::Django),
            ("tortoise", Orm::Tortoise),
            ("peewee", Orm::Peewee),
            ("pony", Orm::Pony),
            ("sqlalchemy", Orm::SqlAlchemy),
            ("flask-sqlalchemy", Orm::SqlAlchemy),
            ("sqlmodel", Orm::SqlAlchemy),
            ("sequelize", Orm::Sequelize),
            ("prisma", Orm::Prisma),
            ("typeorm", Orm::TypeOrm),
            ("knex", Orm::Knex),
            ("objection", Orm::Objection),
            ("bookshelf", Orm::Bookshelf),
            ("drizzle", Orm::Drizzle),
            ("kysely", Orm::Kysely),
            ("mikro", Orm::MikroOrm),
        ];
        NAMES.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|&(_, orm)| orm)
    }

    /// The ORM that a path of a library belongs to: `drizzle-orm.ilike`, `sequelize.Op`.
    pub(super) fn of_path(path: &str) -> Option<Orm> {
        const ROOTS: [(&str, Orm); 17] = [
            ("django.", Orm::Django),
            ("tortoise.", Orm::Tortoise),
            ("peewee.", Orm::Peewee),
            ("playhouse.", Orm::Peewee),
            ("pony.", Orm::Pony),
            ("sqlalchemy.", Orm::SqlAlchemy),
            ("sqlmodel.", Orm::SqlAlchemy),
            ("flask_sqlalchemy.", Orm::SqlAlchemy),
            ("sequelize.", Orm::Sequelize),
            ("@sequelize/core.", Orm::Sequelize),
            ("sequelize-typescript.", Orm::Sequelize),
            ("typeorm.", Orm::TypeOrm),
            ("drizzle-orm.", Orm::Drizzle),
            ("drizzle-orm/", Orm::Drizzle),
            ("kysely.", Orm::Kysely),
            ("@mikro-orm/", Orm::MikroOrm),
            ("objection.", Orm::Objection),
        ];
        ROOTS.iter().find(|(root, _)| path.starts_with(root)).map(|&(_, orm)| orm)
    }

    /// Whether conditions are chained as `.where(column, operator, value)`.
    pub(super) fn is_builder(self) -> bool {
        matches!(self, Orm::Knex | Orm::Objection | Orm::Bookshelf | Orm::Kysely)
    }
}

/// What is known of a receiver.
pub(super) fn of_receiver<'p>(types: &Types<'p>, file: FileId, receiver: ValueId) -> Option<Evidence<'p>> {
    let catalog = &types.project().catalog;
    let of_type = |ty: TypeId, model: Option<ClassRef>| {
        let api = catalog.type_(ty);
        let orm = Orm::of_library(&catalog.library(api.library).name)?;
        // Kysely's types are about the whole database, not about a table.
        let model = model.filter(|_| orm != Orm::Kysely);
        Some(Evidence { orm, model, confidence: Confidence::High, receiver: &api.name })
    };
    let model_of = |class: Option<ClassRef>| class.filter(|&class| is_model(types, class));
    match types.of(file, receiver) {
        Ty::Api(ty, model) => of_type(ty, model_of(model)),
        Ty::Class(class) => of_type(types.api_base(class)?, model_of(Some(class))),
        Ty::Instance(class, model) => of_type(types.api_base(class)?, model_of(model.or(Some(class)))),
        _ => None,
    }
}

/// Whether a class may be a model: not a project's own manager, session or database.
fn is_model(types: &Types<'_>, class: ClassRef) -> bool {
    const NONE: [&str; 7] = ["SQLAlchemy", "Session", "Manager", "QuerySet", "Query", "Database", "EntityManager"];
    let catalog = &types.project().catalog;
    types.api_base(class).is_none_or(|ty| !NONE.iter().any(|name| catalog.type_(ty).name.ends_with(name)))
}

/// Whose call this is: by its receiver, by the function it resolves to, or by its shape.
pub(super) fn of_call<'p>(types: &Types<'p>, file: FileId, call: CallId) -> Option<Evidence<'p>> {
    let facts = &types.project().file(file).facts;
    let callee = facts.call(call).callee;
    if let Value::Member(object, _) = facts.value(callee)
        && let Some(found) = of_receiver(types, file, *object)
    {
        return Some(found);
    }
    if let Some(orm) = of_function(types, file, callee) {
        return Some(Evidence { orm, model: None, confidence: Confidence::High, receiver: "" });
    }
    let shape = types.shape(file, call)?;
    let orm = Orm::of_library(&types.project().catalog.library(shape.call.library).name)?;
    Some(Evidence { orm, model: None, confidence: Confidence::Medium, receiver: "" })
}

/// The ORM whose function a value is.
pub(super) fn of_function(types: &Types<'_>, file: FileId, callee: ValueId) -> Option<Orm> {
    match types.of(file, callee) {
        Ty::Path(path) => Orm::of_path(&path),
        _ => None,
    }
}

/// Whether the project uses one of these libraries, by a manifest or an import.
pub(super) fn project_uses(types: &Types<'_>, wanted: &[Orm]) -> bool {
    let project = types.project();
    let libraries = (0u16..).map(LibraryId).zip(project.catalog.libraries());
    libraries
        .filter(|(_, library)| Orm::of_library(&library.name).is_some_and(|orm| wanted.contains(&orm)))
        .any(|(id, _)| project.uses_library(id))
}
