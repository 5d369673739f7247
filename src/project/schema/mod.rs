//! The schema: tables, columns, keys and indexes, replayed from the definitions that the project holds.
//!
//! A project may hold the same table more than once: a dump beside its migrations, one file per database,
//! two applications with a `users` table each. All definitions are kept, side by side; only what all of them
//! say is said. What could not be read makes its table unsure, and nothing is said of what is missing there.

mod advice;
mod compare;
mod conditions;
mod drift;
mod groups;
mod index;
mod kept;
mod replay;
mod searches;
mod settle;
mod small;
mod sources;
mod spelled;
mod tools;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

pub use advice::{Advised, fewest_indexes};
pub use compare::{Overlap, overlap};
pub use conditions::{Compared, Condition, Test, alternatives_of, conditions_of, join_conditions, shared_conditions};
pub use drift::Drift;
pub(super) use groups::undoes;
pub use index::{Served, orders, served, served_alone, served_key};
pub(super) use kept::Parts;
pub use settle::Unmade;
pub use small::is_lookup as is_lookup_name;
use sources::Defined;
pub use sources::{Model, Owner, follows_models};
pub use tools::MigrationTool;

use super::{FileId, Flow, Project};
use crate::facts::{CallId, FileFacts};
use crate::source::{Language, Purpose, Span};
use crate::sql::Dialect;
use crate::sql::ddl::{IndexDef, IndexKind, OnDelete, TableChange};
use crate::sql::query::{TableName, same_name};

/// Whether something is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Known {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It cannot be said.
    Unknown,
}

/// Where something is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// Where in it.
    pub span: Span,
}

/// Definitions of one file: SQL, or models and migrations that say the same in another language.
#[derive(Clone, Debug)]
pub struct SchemaSource<'a> {
    /// The file.
    pub file: FileId,
    /// Its path, relative to the project's root, with `/`.
    pub path: &'a str,
    /// What its SQL is written in; [`Dialect::Generic`] if that is not known.
    pub dialect: Dialect,
    /// What it does, in the order it is done, with the place of each change in the file.
    pub changes: Vec<(Cow<'a, TableChange>, Span)>,
    /// Whether it can only add: definitions in the strings of a program, where what takes them back stands
    /// beside what makes them.
    pub only_adds: bool,
    /// Whether the spans of its definitions are places of the file.
    pub is_exact: bool,
}

/// The tables of a project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    tables: Vec<Table>,
    /// Tables by their own name in lower case.
    by_name: FxHashMap<Box<str>, Vec<u32>>,
    /// Tables as migrations make them, of those that models define too and that are no definitions of their own.
    migrated: Vec<Table>,
    /// Types of a few values, in lower case.
    enums: FxHashSet<Box<str>>,
    /// What the project changes its tables with.
    tools: tools::Tools,
    /// What stands for tables in programs.
    models: FxHashMap<Owner, Model>,
    /// About how many rows tables have, by name in lower case.
    rows: FxHashMap<Box<str>, Size>,
    /// Tables of at most so many rows are small.
    small_rows: u64,
    /// What is made to be searched.
    searches: searches::Searches,
    /// The names of columns that hold documents in each table that has one.
    documents: FxHashSet<Box<str>>,
    /// The types that columns had before a change of their types.
    types_before: TypesBefore,
    /// What migrations do in the words of a library, in order, with the place of each change.
    migrations: FxHashMap<FileId, Vec<(TableChange, Span)>>,
}

/// Where a column's type is changed, and the column in lower case → its type before.
type TypesBefore = FxHashMap<(Place, Box<str>), Box<str>>;

/// About how many rows a table has.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Size {
    rows: u64,
    /// Who says so, for messages.
    by: &'static str,
}

/// A table of as many rows takes tenths of a second to be read.
const LARGE: u64 = 1_000_000;

/// One definition of one table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: Box<str>,
    /// The schema it is in, if one is said.
    pub schema: Option<Box<str>>,
    /// Where it is created.
    pub place: Place,
    /// The dialect of its definition.
    pub dialect: Dialect,
    /// What it is.
    pub kind: TableKind,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its keys and indexes.
    pub indexes: Vec<Index>,
    /// Its foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Whether `columns` are all it has.
    pub knows_columns: bool,
    /// Whether `indexes` are all it has.
    pub knows_indexes: bool,
    /// The table whose columns and indexes it takes over.
    pub parent: Option<Box<str>>,
    /// Whether it is divided into partitions.
    pub partitioned: bool,
    /// The columns by which it is divided; empty if it is not, or by what is computed of them.
    pub partition_key: Vec<Box<str>>,
    /// The table that it is made like: it is a partition, an heir or a copy.
    pub made_like: Option<Box<str>>,
    /// Indexes that its model declares and that are not there: its migrations do not make them.
    pub unmade: Vec<Unmade>,
}

/// What a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// A table.
    Table,
    /// A table of one session.
    Temporary,
    /// A view; what it reads is not followed.
    View,
    /// A view whose rows are stored.
    MaterializedView,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: Box<str>,
    /// Its type in lower case; empty if none is said.
    pub type_name: Box<str>,
    /// Whether it is never null.
    pub not_null: bool,
    /// Whether it is known that nulls may be in it if `not_null` does not say otherwise.
    pub knows_null: bool,
    /// Its default, as written.
    pub default: Option<Box<str>>,
    /// Its collation, if one is told.
    pub collation: Option<Box<str>>,
    /// Where it is defined.
    pub place: Place,
}

/// One key or index.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// What it says.
    pub definition: IndexDef,
    /// Where it is defined.
    pub place: Place,
    /// Whether it only may exist: a program makes it for tables whose names it fills in.
    pub perhaps: bool,
    /// Whether it comes from elsewhere than the definition of its table, or from where nothing is ever taken back: it
    /// may be another one told again, or be gone.
    pub retold: bool,
}

/// As its definition, and whether it is sure.
impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.definition, if self.perhaps { " (perhaps)" } else { "" })
    }
}

/// One foreign key.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignKey {
    /// Its name.
    pub name: Option<Box<str>>,
    /// Its columns.
    pub columns: Vec<Box<str>>,
    /// The table it points to; empty where only a model is named.
    pub target: Box<str>,
    /// The columns there; empty for the primary key.
    pub target_columns: Vec<Box<str>>,
    /// What happens to the rows when the one that they point to is deleted.
    pub on_delete: OnDelete,
    /// Where it is defined.
    pub place: Place,
}

impl Schema {
    /// What all files say together, with what their models and migrations define.
    fn of_project(project: &Project, defined: Vec<Arc<Vec<Defined>>>) -> Schema {
        let chosen = project.options().schema_files.as_ref();
        let is_chosen = |id: &FileId| chosen.is_none_or(|chosen| chosen.contains(&project.file(*id).source.path));
        let defined = sources::settled(project, defined);
        let mut sources = sources::all(project, &defined);
        sources.retain(|source| is_chosen(&source.file));
        let (mut schema, mut dropped) = Schema::replayed(sources);
        dropped.extend(defined.iter().flat_map(|(_, defined)| defined.dropped.iter().cloned()));
        let mut migrated = sources::migrated(project, &defined);
        migrated.retain(|source| is_chosen(&source.file));
        schema.migrated = replay::replay(groups::grouped(migrated)).tables;
        // A name that several tables are exported under tells none of them.
        let mut exported: FxHashMap<&Owner, Option<&Model>> = FxHashMap::default();
        let models = || defined.iter().flat_map(|(_, defined)| &defined.models);
        for model in models().filter(|model| matches!(model.owner, Owner::Exported(_))) {
            let known = exported.entry(&model.owner).or_insert(Some(model));
            *known = known.filter(|known| known.table == model.table && known.columns == model.columns);
        }
        let is_told = |model: &&Model| exported.get(&model.owner).is_none_or(Option::is_some);
        schema.models = models().filter(is_told).map(|model| (model.owner.clone(), model.clone())).collect();
        schema.tools = tools::Tools::of(&defined);
        schema.doubt(project, &defined);
        schema.settle(project, &dropped);
        schema.searches = searches::Searches::find(project);
        for (file, defined) in defined {
            if project.file(file).purpose == Purpose::Migration {
                schema.migrations.entry(file).or_default().extend(defined.written.unwrap_or(defined.changes));
            }
        }
        let size = |by: &'static str| move |(table, &rows): (&String, &u64)| (table.as_str().into(), Size { rows, by });
        schema.rows.extend(project.options().counted.iter().map(size("the statistics say")));
        schema.rows.extend(project.options().rows.iter().map(size("the configuration says")));
        schema.small_rows = project.options().small_table_rows;
        schema.documents = schema.find_documents();
        schema
    }

    fn find_documents(&self) -> FxHashSet<Box<str>> {
        let columns = || self.tables.iter().flat_map(|table| &table.columns);
        let is_document =
            |column: &&Column| column.type_name.starts_with("json") || column.type_name.starts_with("hstore");
        let mut names: FxHashSet<Box<str>> = columns().filter(is_document).map(|column| column.name.clone()).collect();
        for other in columns().filter(|column| !is_document(column)) {
            names.remove(&other.name);
        }
        names
    }

    /// Whether a column of this name holds documents, whichever table it is of.
    pub(crate) fn are_documents(&self, column: &str) -> bool {
        self.documents.contains(column)
    }

    /// Whether the project makes an index for searches inside texts that may hold a column of the table with one of
    /// these names; without a name, of any table.
    pub fn may_search(&self, tables: &[&str], column: &str) -> bool {
        self.searches.may_hold(tables, column)
    }

    /// Migrations that programs write in their own words (`addIndex("users", …)`, `table.index(…)`) are not all
    /// read: a table that one of them names, and that makes an index which was not read, may have more indexes than
    /// are known.
    fn doubt(&mut self, project: &Project, defined: &[(FileId, Defined)]) {
        let mut read: FxHashMap<FileId, FxHashSet<CallId>> = FxHashMap::default();
        for (file, defined) in defined.iter().filter(|(_, defined)| !defined.read.is_empty()) {
            read.entry(*file).or_default().extend(&defined.read);
        }
        let is_of_index = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.contains("index") || name.contains("unique") || name.contains("primary")
        };
        for (id, file) in project.ids().zip(project.files()) {
            if file.source.language == Language::Sql || file.purpose != Purpose::Migration {
                continue;
            }
            let facts = &file.facts;
            let makes_index = match read.get(&id) {
                Some(read) => {
                    let flow = Flow::new(facts);
                    let mut calls = facts.numbered().filter(|(call, _)| !read.contains(call));
                    calls.any(|(_, call)| {
                        flow.called_name(call).is_some_and(|name| is_of_index(name) && !takes_back(name))
                    })
                }
                None if file.source.language == Language::Python => may_make_index(facts, is_of_index),
                None => facts.names.iter().any(|name| is_of_index(name) && !takes_back(name)),
            };
            if !makes_index {
                continue;
            }
            for text in file.facts.texts.iter().filter(|text| text.cooked.len() < 130) {
                let name = named_table(&text.cooked);
                for &index in self.by_name.get(&*name).into_iter().flatten() {
                    self.tables[index as usize].knows_indexes = false;
                }
            }
        }
    }

    /// What a migration does in the words of a library, in order, with the place of each change.
    pub(super) fn migration(&self, file: FileId) -> &[(TableChange, Span)] {
        self.migrations.get(&file).map_or(&[], Vec::as_slice)
    }

    /// The type that a column had before the statement at `place` changed it.
    pub fn type_before(&self, place: Place, column: &str) -> Option<&str> {
        self.types_before.get(&(place, column.to_lowercase().into())).map(|kind| &**kind)
    }

    /// The schema that these sources define together. Their order does not matter: it is made from their
    /// paths, as migration tools do.
    pub fn build(sources: Vec<SchemaSource<'_>>) -> Schema {
        Schema::replayed(sources).0
    }

    /// The same, and what migrations drop that their own folders do not make.
    fn replayed(sources: Vec<SchemaSource<'_>>) -> (Schema, Vec<settle::Dropped>) {
        let replay::Replayed { tables, enums, types_before, dropped } = replay::replay(groups::grouped(sources));
        let mut by_name: FxHashMap<Box<str>, Vec<u32>> = FxHashMap::default();
        for (index, table) in (0u32..).zip(&tables) {
            by_name.entry(table.name.to_lowercase().into()).or_default().push(index);
        }
        (Schema { tables, by_name, enums, types_before, ..Schema::default() }, dropped)
    }

    /// Whether a column has so few values that none of them finds a small part of the rows: a flag, an enumeration.
    pub fn has_few_values(&self, column: &Column) -> bool {
        let kind = column.type_name.as_ref();
        kind.starts_with("bool")
            || matches!(kind, "bit" | "bit(1)" | "tinyint(1)")
            || (kind.starts_with("int") && small::is_flag_name(&column.name))
            || kind.starts_with("enum(")
            || kind.starts_with("set(")
            || self.enums.contains(kind.rsplit('.').next().unwrap_or(kind).trim_matches(['"', '`', '[', ']']))
    }

    /// Whether a table is known to be so small that reading all of it costs nothing.
    pub fn is_small(&self, name: &TableName) -> bool {
        self.told_rows(name).is_some_and(|rows| rows <= self.small_rows)
    }

    /// Whether a table is known to be small, or is named after what an application has few of: settings, kinds.
    pub fn stays_small(&self, name: &TableName) -> bool {
        match self.told_rows(name) {
            Some(rows) => rows <= self.small_rows,
            None => self.is_lookup(&name.name().text, &self.definitions(name)),
        }
    }

    /// Whether a table, which a model of this name may stand for, holds what an application has few of. One between
    /// two others is as large as they are together, whatever it is named after.
    pub fn is_lookup(&self, name: &str, definitions: &[&Table]) -> bool {
        small::is_lookup(name) && !definitions.iter().any(|table| table.foreign_keys.len() > 1)
    }

    /// About how many rows a table has, if that is known.
    pub fn told_rows(&self, name: &TableName) -> Option<u64> {
        self.size(name).map(|size| size.rows)
    }

    /// What is said of the table with its schema is more exact.
    fn size(&self, name: &TableName) -> Option<Size> {
        let told = |name: &str| self.rows.get(&*name.to_lowercase()).copied();
        told(&name.text()).or_else(|| told(&name.name().text))
    }

    /// About how many rows a table has and who told: `the statistics say`.
    pub fn told_size(&self, name: &TableName) -> Option<(u64, &'static str)> {
        self.size(name).map(|size| (size.rows, size.by))
    }

    /// About how many rows a table has and who told, for messages: ` of 5,000,000 rows (the configuration says)`; empty
    /// if nobody told.
    pub fn size_note(&self, name: &TableName) -> String {
        self.size(name).map_or_else(String::new, |size| format!(" of {} rows ({})", grouped(size.rows), size.by))
    }

    /// Whether a table is known to be so large that reading all of it takes long.
    pub fn is_large(&self, name: &TableName) -> bool {
        self.told_rows(name).is_some_and(|rows| rows >= LARGE)
    }

    /// Whether no table is known.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// All definitions of all tables, in order of their files.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The table that something of a program stands for.
    pub(crate) fn model(&self, owner: &Owner) -> Option<&Model> {
        self.models.get(owner)
    }

    /// All definitions of the table with this name. A schema that only one side says is no difference.
    pub fn definitions(&self, name: &TableName) -> Vec<&Table> {
        if name.is_dynamic() {
            return Vec::new();
        }
        let found = self.by_name.get(&*name.name().text.to_lowercase());
        let said = name.schema().map(|schema| &*schema.text).filter(|schema| !is_default_schema(schema));
        let all: Vec<&Table> = found.into_iter().flatten().map(|&index| &self.tables[index as usize]).collect();
        let fits = |table: &&Table| match (said, table.schema.as_deref().filter(|schema| !is_default_schema(schema))) {
            (Some(said), Some(own)) => same_name(said, own),
            _ => true,
        };
        all.into_iter().filter(fits).collect()
    }

    /// The definitions of a table that can be meant by a statement which names these columns of it: those
    /// that have them all. Empty if nothing is known, or if one of them may have more columns than are seen.
    pub fn meant<'s>(&'s self, name: &TableName, columns: &[&str]) -> Vec<&'s Table> {
        let all = self.definitions(name);
        if all.iter().any(|table| table.kind != TableKind::Table || !table.dialect.has_row_indexes()) {
            return Vec::new();
        }
        let any = |table: &Table, wanted| columns.iter().any(|column| table.has_column(column) == wanted);
        if all.iter().any(|table| any(table, Known::Unknown)) {
            return Vec::new();
        }
        all.into_iter().filter(|table| !any(table, Known::No)).collect()
    }

    /// Whether a table has a column.
    pub fn has_column(&self, name: &TableName, column: &str) -> Known {
        let all = self.definitions(name);
        let answers: Vec<Known> = all.iter().map(|table| table.has_column(column)).collect();
        match answers.as_slice() {
            [] => Known::Unknown,
            answers if answers.contains(&Known::Yes) => Known::Yes,
            answers if answers.contains(&Known::Unknown) => Known::Unknown,
            _ => Known::No,
        }
    }

    /// Whether these columns together are unique in a table, in every definition of it: a key is among them.
    pub fn is_unique(&self, name: &TableName, columns: &[&str]) -> Known {
        let all = self.definitions(name);
        if all.is_empty() {
            return Known::Unknown;
        }
        let answers: Vec<Known> = all.iter().map(|table| table.is_unique(columns)).collect();
        match answers.as_slice() {
            answers if answers.iter().all(|&known| known == Known::Yes) => Known::Yes,
            answers if answers.iter().all(|&known| known == Known::No) => Known::No,
            _ => Known::Unknown,
        }
    }

    /// The columns of a table's primary key, if all definitions agree on one.
    pub fn primary_key(&self, name: &TableName) -> Option<Vec<&str>> {
        let mut keys = self.definitions(name).into_iter().map(Table::primary_key);
        let first = keys.next()??;
        keys.all(|key| key.as_ref() == Some(&first)).then_some(first)
    }
}

impl Table {
    /// The column with this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| same_name(&column.name, name))
    }

    /// Whether it has a column. SQLite's hidden `rowid` is one.
    pub fn has_column(&self, name: &str) -> Known {
        match self.column(name) {
            Some(_) => Known::Yes,
            None if self.knows_columns && !is_hidden_column(name) => Known::No,
            None => Known::Unknown,
        }
    }

    /// Whether some key lies wholly within these columns.
    pub fn is_unique(&self, columns: &[&str]) -> Known {
        let primary = |index: &&Index| index.definition.kind == IndexKind::Primary;
        // Models say of each column of a key that it is one: only all of them together are.
        let parts = self.indexes.iter().filter(primary).count();
        let holds =
            |index: &Index| {
                !index.definition.parts.is_empty()
                    && index.definition.parts.iter().all(|part| {
                        part.column().is_some_and(|name| columns.iter().any(|column| same_name(column, name)))
                    })
            };
        let within = |index: &Index| {
            let definition = &index.definition;
            match definition.kind {
                IndexKind::Primary if parts > 1 => self.indexes.iter().filter(primary).all(holds),
                IndexKind::Primary | IndexKind::Unique => {
                    definition.predicate.is_none() && !index.perhaps && holds(index)
                }
                _ => false,
            }
        };
        if self.indexes.iter().any(within) {
            Known::Yes
        } else if self.knows_indexes {
            Known::No
        } else {
            Known::Unknown
        }
    }

    /// The columns of its primary key.
    pub fn primary_key(&self) -> Option<Vec<&str>> {
        let mut keys = self.indexes.iter().filter(|index| index.definition.kind == IndexKind::Primary);
        let key = keys.next()?;
        if keys.next().is_some() {
            return None;
        }
        key.definition.parts.iter().map(|part| part.column()).collect()
    }

    /// The index that its model declares, that begins with a column, and that its migrations do not make.
    pub fn unmade_index(&self, column: &str) -> Option<&Unmade> {
        self.unmade.iter().find(|unmade| {
            let first = unmade.index.definition.parts.first().and_then(|part| part.column());
            first.is_some_and(|own| same_name(own, column))
        })
    }

    /// As it is named: `schema.table`.
    pub fn full_name(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.to_string(),
        }
    }
}

/// A number as people read it: `5,000,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Whether Python may make an index by what it calls: `op.create_index(…)`, `Column(index=True)`.
fn may_make_index(facts: &FileFacts, is_of_index: impl Fn(&str) -> bool) -> bool {
    let flow = Flow::new(facts);
    facts.calls.iter().any(|call| {
        let is_made = flow.called_name(call).is_some_and(|name| is_of_index(name) && !takes_back(name));
        let mut said = call.args.iter().filter_map(|arg| Some(&facts.names[arg.name?]));
        is_made || said.any(|name| matches!(name, "index" | "unique" | "db_index" | "primary_key"))
    })
}

/// Whether a call of this name takes something away: `removeIndex`, `drop_index`.
fn takes_back(name: &str) -> bool {
    name.starts_with("drop") || name.starts_with("remove")
}

/// The table that a text of a migration names, in lower case: `users`, `app.users`, `on users (email)`.
fn named_table(text: &str) -> String {
    let lower = text.to_lowercase();
    let rest = lower.trim_start().strip_prefix("on ").or_else(|| lower.split_once(" on ").map(|(_, rest)| rest));
    let named = rest.map_or(lower.as_str(), |rest| rest.trim_start().split([' ', '(']).next().unwrap_or(""));
    named.rsplit('.').next().unwrap_or(named).trim_matches(['"', '`']).to_owned()
}

/// Schemas that are meant where none is said.
fn is_default_schema(name: &str) -> bool {
    ["public", "dbo", "main"].iter().any(|known| same_name(name, known))
}

fn is_hidden_column(name: &str) -> bool {
    ["rowid", "oid", "_rowid_", "ctid", "xmin", "tableoid"].iter().any(|known| same_name(name, known))
}

#[cfg(test)]
mod tests;
