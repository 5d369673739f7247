//! What a file of a language for schemas defines: Prisma's.

use serde::{Deserialize, Serialize};

use crate::source::Span;
use crate::sql::Dialect;
use crate::sql::ddl::TableChange;

/// What a file of a language for schemas defines.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Declarations {
    /// The database it is for; [`Dialect::Generic`] if it does not say.
    pub dialect: Dialect,
    /// The tables, with their places.
    pub changes: Vec<(TableChange, Span)>,
    /// The models that are those tables.
    pub models: Vec<DeclaredModel>,
}

/// A model, as programs name it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeclaredModel {
    /// Its name.
    pub name: Box<str>,
    /// Its table.
    pub table: Box<str>,
    /// Its fields that are columns, and the names of those in the database.
    pub columns: Vec<(Box<str>, Box<str>)>,
}
