//! Where definitions come from: SQL, and the models and migrations that say the same in another language. One
//! source is one file here: it reads one file of the project at a time and gives [`TableChange`]s.

mod alembic;
mod alembic_chain;
mod arguments;
mod django;
mod django_conditions;
mod django_fields;
mod django_migrations;
mod drizzle;
mod knex;
mod peewee;
mod prisma;
mod sequelize;
mod sequelize_migrations;
mod sql;
mod sqlalchemy;
mod steps;
mod typeorm;

pub(super) use arguments::is_undone;
pub use django::follows_models;
pub(super) use sequelize::Conventions;

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::settle::Dropped;
use super::{MigrationTool, SchemaSource};
use crate::facts::CallId;
use crate::project::{ClassRef, FileId, Project, Types};
use crate::source::{Language, Span};
use crate::sql::Dialect;
use crate::sql::ddl::TableChange;

/// What one file defines in the words of one library.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Defined {
    /// What it does, in order, with the place of each change.
    pub(super) changes: Vec<(TableChange, Span)>,
    /// The models in it.
    pub(super) models: Vec<Model>,
    /// The database it is for, if it says so.
    pub(super) dialect: Dialect,
    /// Whether what it does depends on what the database is like, so that only additions are sure.
    pub(super) only_adds: bool,
    /// What changes it.
    pub(super) tool: MigrationTool,
    /// Its place among others, and what it takes from them, if it is a revision of Alembic's.
    revision: Option<alembic_chain::Revision>,
    /// What it does as it is written, if `changes` are without what later files take back.
    pub(super) written: Option<Vec<(TableChange, Span)>>,
    /// Tables as they are after all migrations, which models define too.
    pub(super) migrated: Vec<(TableChange, Span)>,
    /// What migrations drop by its name for good.
    pub(super) dropped: Vec<Dropped>,
    /// The calls that were read to their end: they make no index that is not known.
    pub(super) read: FxHashSet<CallId>,
}

/// How programs name a model.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A class of the project, whose instances are rows.
    Class(ClassRef),
    /// What a call makes: Drizzle's `pgTable("users", …)`.
    Call(FileId, CallId),
    /// The same by the name that it is exported as, if no other one has it: `users` of `db.query.users`.
    Exported(Box<str>),
    /// A member of a client that is generated for the schema: `user` of `prisma.user`.
    Client(Box<str>),
}

/// What in programs stands for a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its name there.
    pub(crate) owner: Owner,
    /// Its table.
    pub(crate) table: Box<str>,
    /// Its attributes that are columns, and the names of those in the database.
    pub(crate) columns: Vec<(Box<str>, Box<str>)>,
    /// The order in which its rows come where no other is asked for: its attributes, and whether downwards.
    pub(crate) ordering: Vec<(Box<str>, bool)>,
    /// Whether its rows may come in an order that is not asked for, also in one that is not read.
    pub(crate) may_be_sorted: bool,
    /// Whether its queries may have conditions that they do not show: a scope of the model itself.
    pub(crate) is_scoped: bool,
}

impl Model {
    /// A model of a table, without an order of its own.
    pub(crate) fn new(owner: Owner, table: impl Into<Box<str>>, columns: Vec<(Box<str>, Box<str>)>) -> Model {
        Model { owner, table: table.into(), columns, ordering: Vec::new(), may_be_sorted: false, is_scoped: false }
    }

    /// The column of an attribute.
    pub(crate) fn column(&self, attribute: &str) -> Option<&str> {
        self.columns.iter().find(|(own, _)| &**own == attribute).map(|(_, column)| &**column)
    }

    /// The attribute of a column.
    pub(crate) fn attribute(&self, column: &str) -> Option<&str> {
        self.columns.iter().rev().find(|(_, own)| &**own == column).map(|(attribute, _)| &**attribute)
    }
}

/// What reads the files of some languages.
struct Reader {
    tool: MigrationTool,
    fits: fn(Language) -> bool,
    read: fn(&Types<'_>, FileId) -> Defined,
}

const READERS: [Reader; 10] = [
    Reader { tool: MigrationTool::Alembic, fits: is_python, read: alembic::read },
    Reader { tool: MigrationTool::Django, fits: is_python, read: django::read },
    Reader { tool: MigrationTool::Django, fits: is_python, read: django_migrations::read },
    Reader { tool: MigrationTool::Drizzle, fits: Language::is_ecma, read: drizzle::read },
    Reader { tool: MigrationTool::Knex, fits: Language::is_ecma, read: knex::read },
    Reader { tool: MigrationTool::Sql, fits: is_python, read: peewee::read },
    Reader { tool: MigrationTool::Prisma, fits: is_prisma, read: prisma::read },
    Reader { tool: MigrationTool::Sequelize, fits: Language::is_ecma, read: sequelize_migrations::read },
    Reader { tool: MigrationTool::Alembic, fits: is_python, read: sqlalchemy::read },
    Reader { tool: MigrationTool::TypeOrm, fits: Language::is_ecma, read: typeorm::read },
];

fn is_python(language: Language) -> bool {
    language == Language::Python
}

fn is_prisma(language: Language) -> bool {
    language == Language::Prisma
}

/// What models and migrations of a file define.
pub(super) fn defined_in(types: &Types<'_>, file: FileId, conventions: Conventions) -> Vec<Defined> {
    let project = types.project();
    // A library's tables are not made here.
    if project.library_user().is_some_and(|user| user.file == file) {
        return Vec::new();
    }
    let language = project.file(file).source.language;
    let readers = READERS.iter().filter(|reader| (reader.fits)(language));
    let sequelize = language
        .is_ecma()
        .then(|| Defined { tool: MigrationTool::Sequelize, ..sequelize::read(types, file, conventions) });
    let read = readers.map(|reader| Defined { tool: reader.tool, ..(reader.read)(types, file) });
    let says =
        |defined: &Defined| !defined.changes.is_empty() || !defined.models.is_empty() || defined.revision.is_some();
    read.chain(sequelize).filter(says).collect()
}

/// All that models and migrations of the project define, by file, each as what all of them say leaves it.
pub(super) fn settled(project: &Project, found: Vec<Arc<Vec<Defined>>>) -> Vec<(FileId, Defined)> {
    let of_file = |(file, found): (FileId, Arc<Vec<Defined>>)| {
        Arc::unwrap_or_clone(found).into_iter().map(move |own| (file, own))
    };
    let mut all: Vec<(FileId, Defined)> = project.ids().zip(found).flat_map(of_file).collect();
    alembic_chain::settle(project, &mut all);
    all.retain(|(_, defined)| {
        !defined.changes.is_empty()
            || !defined.models.is_empty()
            || !defined.read.is_empty()
            || !defined.migrated.is_empty()
            || !defined.dropped.is_empty()
            || defined.written.is_some()
    });
    all
}

/// The tables as migrations make them that models define too: not definitions of their own, but what models are compared
/// with.
pub(super) fn migrated<'a>(project: &'a Project, defined: &'a [(FileId, Defined)]) -> Vec<SchemaSource<'a>> {
    let made = defined.iter().filter(|(_, defined)| !defined.migrated.is_empty());
    let source = |(file, defined): &'a (FileId, Defined)| SchemaSource {
        file: *file,
        path: &project.file(*file).source.path,
        dialect: defined.dialect,
        changes: defined.migrated.iter().map(|(change, span)| (Cow::Borrowed(change), *span)).collect(),
        only_adds: false,
        is_exact: true,
    };
    made.map(source).collect()
}

/// The sources of the project's schema.
pub(super) fn all<'a>(project: &'a Project, defined: &'a [(FileId, Defined)]) -> Vec<SchemaSource<'a>> {
    let mut sources = sql::sources(project);
    sources.extend(defined.iter().map(|(file, defined)| SchemaSource {
        file: *file,
        path: &project.file(*file).source.path,
        dialect: defined.dialect,
        changes: defined.changes.iter().map(|(change, span)| (Cow::Borrowed(change), *span)).collect(),
        only_adds: defined.only_adds,
        is_exact: true,
    }));
    sources
}
