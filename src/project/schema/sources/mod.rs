//! Where definitions come from: SQL, and the models and migrations that say the same in another language. One
//! source is one file here: it reads one file of the project at a time and gives [`TableChange`]s.

mod alembic;
mod arguments;
mod django;
mod drizzle;
mod knex;
mod prisma;
mod sequelize;
mod sql;
mod sqlalchemy;
mod typeorm;

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::SchemaSource;
use crate::facts::CallId;
use crate::project::{ClassRef, FileId, Project, Types};
use crate::source::{Language, Span};
use crate::sql::Dialect;
use crate::sql::ddl::TableChange;

/// What one file defines in the words of one library.
#[derive(Debug, Default)]
pub(super) struct Defined {
    /// What it does, in order, with the place of each change.
    pub(super) changes: Vec<(TableChange, Span)>,
    /// The models in it.
    pub(super) models: Vec<Model>,
    /// The database it is for, if it says so.
    pub(super) dialect: Dialect,
    /// Whether what it does depends on what the database is like, so that only additions are sure.
    pub(super) only_adds: bool,
    /// The calls that were read to their end: they make no index that is not known.
    pub(super) read: FxHashSet<CallId>,
}

/// How programs name a model.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A class of the project, whose instances are rows.
    Class(ClassRef),
    /// A member of a client that is generated for the schema: `user` of `prisma.user`.
    Client(Box<str>),
}

/// What in programs stands for a table.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its name there.
    pub(crate) owner: Owner,
    /// Its table.
    pub(crate) table: Box<str>,
    /// Its attributes that are columns, and the names of those in the database.
    pub(crate) columns: Vec<(Box<str>, Box<str>)>,
}

/// Reads one file.
type Read = fn(&Types<'_>, FileId) -> Defined;

/// The readers, each with the languages whose files it reads.
const READERS: [(fn(Language) -> bool, Read); 8] = [
    (is_python, alembic::read),
    (is_python, django::read),
    (Language::is_ecma, drizzle::read),
    (Language::is_ecma, knex::read),
    (is_prisma, prisma::read),
    (Language::is_ecma, sequelize::read),
    (is_python, sqlalchemy::read),
    (Language::is_ecma, typeorm::read),
];

fn is_python(language: Language) -> bool {
    language == Language::Python
}

fn is_prisma(language: Language) -> bool {
    language == Language::Prisma
}

/// All that models and migrations of the project define, by file.
pub(super) fn defined(project: &Project) -> Vec<(FileId, Defined)> {
    let all = project.each_file(|types, file| {
        let language = project.file(file).source.language;
        let readers = READERS.iter().filter(|(fits, _)| fits(language));
        let read = readers.map(|(_, read)| (file, read(types, file)));
        read.filter(|(_, defined)| !defined.changes.is_empty() || !defined.models.is_empty()).collect::<Vec<_>>()
    });
    all.into_iter().flatten().collect()
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
