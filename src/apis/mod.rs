//! Which calls reach a database: the API catalogs.
//!
//! A catalog (`rules/apis/<library>.toml`) is data. It declares the *types* of a library, what their methods and
//! the library's functions do ([`ApiCall`]), which attributes lead from one type to another, and, for receivers
//! that nothing resolves, the *shapes* of calls that only this library has ([`ApiShape`]). All catalogs are read
//! into one [`Catalog`]; the user's own entries are laid over it. Nothing here knows how a language is parsed:
//! callers ask with resolved paths and type ids.

mod builtin;
mod entries;
mod error;
mod load;
mod lookup;
mod reader;
mod shape;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::sql;

pub use entries::{CallEntry, MemberEntry, ShapeEntry, TypeEntry, UserApi};
pub use error::CatalogError;
pub use shape::{ApiShape, ArgShape, Step};
pub use words::Words;

/// A type of some library, in its [`Catalog`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u16);

/// A library, in its [`Catalog`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LibraryId(pub u16);

/// What a call does to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing that costs.
    None,
    /// It builds a query or a part of one: no round trip.
    Build,
    /// One round trip that reads.
    Query,
    /// One round trip that writes.
    Write,
    /// One round trip; the verb of the SQL says which kind. Where the SQL argument is not text but a built
    /// statement, the [`ApiType::effect`] of its type says it.
    Sql,
    /// The begin or the end of a transaction.
    Transaction,
    /// One round trip for many rows: already the form that a loop should become.
    Batch,
}

impl Effect {
    /// All names, in the order of the variants.
    pub const NAMES: [&str; 7] = ["none", "build", "query", "write", "sql", "transaction", "batch"];

    /// The effect that catalogs call `name`.
    pub fn from_name(name: &str) -> Option<Effect> {
        use Effect::{Batch, Build, None, Query, Sql, Transaction, Write};
        let all = [None, Build, Query, Write, Sql, Transaction, Batch];
        Effect::NAMES.iter().position(|known| *known == name).map(|at| all[at])
    }

    /// What catalogs call it.
    pub fn name(self) -> &'static str {
        Effect::NAMES[self as usize]
    }

    /// Whether it reaches the database (and so must be shown by an example).
    pub fn is_round_trip(self) -> bool {
        !matches!(self, Effect::None | Effect::Build)
    }
}

/// What a call or an attribute gives. The model of the receiver is carried along by whoever resolves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Returned {
    /// Nothing is known.
    #[default]
    Unknown,
    /// A value of this type (or the class itself: catalogs do not tell a class from its instances).
    Type(TypeId),
    /// The type of the receiver.
    Same,
    /// One row: an instance of the model, if that is known.
    Row,
    /// A sequence of rows, already in memory.
    Rows,
}

/// Which argument of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ArgRef {
    /// The n-th, from 0.
    Index(u16),
    /// In Python the keyword argument; in JavaScript this key of the first argument that is an object literal.
    Keyword(Box<str>),
}

/// Which languages a catalog is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CatalogLanguage {
    /// Python.
    #[default]
    Python,
    /// JavaScript and TypeScript.
    Ecma,
    /// Both: the user's own entries.
    #[serde(skip)]
    Any,
}

impl CatalogLanguage {
    /// Whether something in `self` can be met in a file of `other`.
    pub fn covers(self, other: CatalogLanguage) -> bool {
        self == other || self == CatalogLanguage::Any || other == CatalogLanguage::Any
    }
}

/// One library.
#[derive(Clone, Debug)]
pub struct Library {
    /// The stem of its catalog's file name.
    pub name: String,
    /// The language of the code that uses it.
    pub language: CatalogLanguage,
    /// Names in manifests (`requirements.txt`, `pyproject.toml`, `package.json`) that say a project uses it.
    pub packages: Vec<String>,
    /// Modules whose import says that a file uses it.
    pub imports: Vec<String>,
    /// The dialect of the SQL given to it, if it is always the same.
    pub dialect: Option<sql::Dialect>,
    /// Whether its shapes count in every project of its language, not only in those that name the library:
    /// their arguments are evidence enough.
    pub always: bool,
    /// Modules that define tables with names that stand in no catalog: any import of them is a sign of a database.
    pub tables: Vec<String>,
    /// Words of files that say something of it without importing it.
    pub signs: Vec<String>,
    /// For the user's own entries: the folder of their file, from the root of the project. Paths of the project's
    /// own modules are read from there.
    pub home: String,
    /// The lines that stand before each example.
    prelude: String,
}

/// What the user's entries name, which may be the project's own.
#[derive(Clone, Debug)]
pub enum Own {
    /// A class by this path.
    Type(String, TypeId, LibraryId),
    /// A function or method by this path, and the index of its entry.
    Call(String, u32, LibraryId),
}

/// What evaluates a lazy value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunsOn {
    /// `await x`, `x.then(…)`, `x.catch(…)`, `x.finally(…)`, `Promise.all([x])`
    pub awaits: bool,
    /// `for a in x`, `list(x)`, `[*x]`
    pub iterate: bool,
    /// `if x`
    pub test: bool,
    /// `x[0]`
    pub index: bool,
    /// `a in x`
    pub contains: bool,
    /// `len(x)`
    pub len: bool,
    /// `str(x)`, `repr(x)`
    pub str: bool,
}

impl RunsOn {
    /// Whether anything but its own methods runs it.
    pub fn is_lazy(self) -> bool {
        self != RunsOn::default()
    }
}

/// A class of a library.
#[derive(Clone, Debug)]
pub struct ApiType {
    /// Its canonical path, `psycopg.Cursor`.
    pub name: String,
    /// Whose it is.
    pub library: LibraryId,
    /// Its bases, in order.
    pub extends: Vec<TypeId>,
    /// Whether a method that is not catalogued returns the same type (query builders).
    pub chain: bool,
    /// What runs it, if it is lazy.
    pub runs_on: RunsOn,
    /// What running it does; for a statement that something else runs (`session.execute(select(…))`) what that
    /// does. [`Effect::None`] for types that are neither.
    pub effect: Effect,
    /// What iterating or indexing gives.
    pub element: Returned,
    /// For a lazy type: the help for when it is run once per row.
    pub batch: Option<Arc<str>>,
    /// For a lazy type: the same, if what it runs writes.
    pub batch_write: Option<Arc<str>>,
    /// For a lazy type: code that runs one; see [`Catalog::example_of_type`].
    example: Option<Arc<str>>,
}

/// One call of a library.
#[derive(Clone, Debug)]
pub struct ApiCall {
    /// As catalogued: `psycopg.connect`, `psycopg.Cursor.execute`.
    pub path: String,
    /// Its last name: `execute`; `()` where an instance itself is called.
    pub method: String,
    /// Whose it is.
    pub library: LibraryId,
    /// What it does.
    pub effect: Effect,
    /// What it gives.
    pub returns: Returned,
    /// The argument that is SQL: text, or a built statement.
    pub sql: Option<ArgRef>,
    /// The argument that holds bound values. An index is the first of them where they are given one by one.
    pub params: Option<ArgRef>,
    /// The argument that is the model class (`session.get(User, 1)`): the result is of this model.
    pub model: Option<ArgRef>,
    /// The argument that is a function which is run once, at once. If that argument is not a function, the first
    /// later one that is.
    pub callback: Option<u16>,
    /// The types of that function's parameters.
    pub callback_params: Vec<TypeId>,
    /// Whether the library makes one query of all such calls that are made before the first is awaited (Prisma's
    /// `findUnique`): `Promise.all(ids.map(…))` over it is one round trip, `for … await` is not.
    pub same_tick: bool,
    /// The help for when the call runs once per row: the library's own form for many rows.
    pub batch: Option<Arc<str>>,
    /// The same for a call whose SQL writes; see [`ApiCall::batch_for`].
    pub batch_write: Option<Arc<str>>,
    /// Code that calls it; see [`Catalog::example`].
    example: Option<Arc<str>>,
}

impl ApiType {
    /// The help for when one is run once per row, and that run writes or reads.
    pub fn batch_for(&self, writes: bool) -> Option<&str> {
        self.batch_write.as_deref().filter(|_| writes).or(self.batch.as_deref())
    }
}

impl ApiCall {
    /// The help for when it runs once per row, and writes or reads.
    pub fn batch_for(&self, writes: bool) -> Option<&str> {
        self.batch_write.as_deref().filter(|_| writes).or(self.batch.as_deref())
    }
}

/// All that is known of libraries.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    libraries: Vec<Library>,
    types: Vec<ApiType>,
    /// By name and by every other path.
    type_names: FxHashMap<String, TypeId>,
    calls: Vec<ApiCall>,
    functions: FxHashMap<String, u32>,
    /// By method name: few types share one, and most names of a program are in no catalog.
    methods: FxHashMap<String, Vec<(TypeId, u32)>>,
    values: FxHashMap<String, Returned>,
    attributes: FxHashMap<String, Vec<(TypeId, Returned)>>,
    /// Members whose name has a `*`.
    attribute_patterns: Vec<(TypeId, String, Returned)>,
    shapes: FxHashMap<String, Vec<ApiShape>>,
    /// The paths above those of types, functions and values: `django.db` for `django.db.connection`.
    ways: FxHashSet<Box<str>>,
    /// What the user's entries name.
    own: Vec<Own>,
}
