//! What a statement does to tables, columns, keys and indexes.
//!
//! Definitions are read from tokens, not by the parser: dumps of every database hold clauses that it
//! refuses, and a column with an odd option must not cost the table its keys. The same [`TableChange`]s
//! are what any other source of a schema (models, migrations) can produce.

mod alter;
mod cursor;
pub(crate) mod define;
mod index;
mod statement;
mod table;

pub(super) use statement::{opaque, read};

use serde::{Deserialize, Serialize};
use std::fmt;

use super::lex::Lexed;
use super::query::{ExprId, Exprs, Ident, TableName};
use crate::source::Span;

/// One thing that is done to a schema. Changes are replayed in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TableChange {
    /// `CREATE TABLE`
    CreateTable(CreateTable),
    /// `CREATE INDEX`, also as part of a table's definition or of `ALTER TABLE`.
    CreateIndex(IndexDef),
    /// One operation of `ALTER TABLE`.
    Alter {
        /// Which table.
        table: TableName,
        /// What is done to it.
        operation: AlterOperation,
        /// The operation's place.
        span: Span,
    },
    /// `DROP TABLE`, `DROP VIEW`
    DropTable {
        /// Which table.
        table: TableName,
    },
    /// `DROP INDEX`
    DropIndex {
        /// Which index.
        index: TableName,
        /// Its table, if it is said.
        table: Option<TableName>,
    },
    /// `ALTER INDEX … RENAME TO`
    RenameIndex {
        /// Which index.
        index: TableName,
        /// Its new name.
        to: Ident,
    },
    /// `ALTER TABLE … RENAME TO`, `RENAME TABLE`
    RenameTable {
        /// Which table.
        table: TableName,
        /// Its new name; its schema stays if none is said.
        to: TableName,
    },
    /// `CREATE VIEW`, `CREATE MATERIALIZED VIEW`: a name that can be read like a table.
    CreateView {
        /// Its name.
        view: TableName,
        /// Whether its rows are stored, so that it can have indexes.
        materialized: bool,
    },
    /// `CREATE TYPE … AS ENUM`: a type of a few values.
    CreateEnum {
        /// Its name.
        name: TableName,
    },
    /// Something that could not be read may have changed this table.
    Opaque {
        /// Which table.
        table: TableName,
        /// Where.
        span: Span,
    },
}

impl TableChange {
    /// Whether something is gone after it, or has another name.
    pub(crate) fn takes_something_away(&self) -> bool {
        match self {
            TableChange::DropTable { .. } | TableChange::DropIndex { .. } | TableChange::RenameTable { .. } => true,
            TableChange::Alter { operation, .. } => matches!(
                operation,
                AlterOperation::DropColumn(_)
                    | AlterOperation::DropConstraint(_)
                    | AlterOperation::DropPrimaryKey
                    | AlterOperation::RenameColumn { .. }
                    | AlterOperation::RedefineColumn { .. }
            ),
            _ => false,
        }
    }
}

/// `CREATE TABLE`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreateTable {
    /// Its name.
    pub table: TableName,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// `TEMPORARY`, `#name`: it lives as long as a session.
    pub temporary: bool,
    /// Its columns, in the order written.
    pub columns: Vec<ColumnDef>,
    /// Its keys and indexes, those written at a column too.
    pub indexes: Vec<IndexDef>,
    /// Its foreign keys, those written at a column too.
    pub foreign_keys: Vec<ForeignKey>,
    /// The table whose columns it takes over: `LIKE t`, `PARTITION OF t`, `INHERITS (t)`.
    pub parent: Option<TableName>,
    /// Whether it is divided into partitions.
    pub partitioned: bool,
    /// The columns by which it is divided; empty if it is not, or by what is computed of them.
    pub partition_key: Vec<Ident>,
    /// Whether it is kept by columns, so that no index of rows is ever made: ClickHouse's `MergeTree`.
    pub columnar: bool,
    /// Whether everything in its definition was read. If not, it may have columns and indexes that are
    /// not known.
    pub is_whole: bool,
    /// Whether it has columns besides, with whatever indexes those have: a model that extends one of a library.
    pub has_more_columns: bool,
    /// `CREATE TABLE name`, on one line.
    pub head: Span,
}

impl CreateTable {
    /// A whole table without columns. `head`: what names it.
    pub(crate) fn empty(table: TableName, head: Span) -> CreateTable {
        CreateTable {
            table,
            if_not_exists: false,
            temporary: false,
            columns: Vec::new(),
            indexes: Vec::new(),
            foreign_keys: Vec::new(),
            parent: None,
            partitioned: false,
            partition_key: Vec::new(),
            columnar: false,
            is_whole: true,
            has_more_columns: false,
            head,
        }
    }
}

/// One column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnDef {
    /// Its name.
    pub name: Ident,
    /// Its type in lower case: `varchar(255)`, `timestamp with time zone`; empty if none is said.
    pub type_name: Box<str>,
    /// `NOT NULL`, or part of the primary key.
    pub not_null: bool,
    /// Whether `not_null` says all of it: without it, the column may hold nulls.
    pub knows_null: bool,
    /// Its default, as written.
    pub default: Option<Box<str>>,
    /// Whether the database computes it: `GENERATED … AS (…)`, `AS (…)`.
    pub generated: bool,
    /// `IDENTITY`, `AUTO_INCREMENT`, `serial`
    pub identity: bool,
    /// `COLLATE`
    pub collation: Option<Box<str>>,
    /// The whole definition.
    pub span: Span,
}

/// A key or index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexDef {
    /// Its name, if it has one.
    pub name: Option<Ident>,
    /// Its table.
    pub table: TableName,
    /// What it promises.
    pub kind: IndexKind,
    /// `USING method`, lower case; empty for the default.
    pub method: Box<str>,
    /// What it is ordered by; empty if that could not be read.
    pub parts: Vec<IndexPart>,
    /// `INCLUDE (…)`
    pub include: Vec<Ident>,
    /// `WHERE`
    pub predicate: Option<Formula>,
    /// `CONCURRENTLY`, `ONLINE`
    pub concurrently: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Whether it was written as a constraint.
    pub is_constraint: bool,
    /// Whether nobody asked for it: a library makes it for a foreign key.
    pub is_implied: bool,
    /// `ADD CONSTRAINT … USING INDEX name`
    pub using_index: Option<Ident>,
    /// Where it is defined.
    pub span: Span,
}

/// What an index promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum IndexKind {
    /// `PRIMARY KEY`
    Primary,
    /// `UNIQUE`
    Unique,
    /// Nothing but speed.
    Plain,
    /// `FULLTEXT`
    FullText,
    /// `SPATIAL`, `EXCLUDE`
    Other,
}

impl IndexKind {
    /// The words for it.
    pub fn name(self) -> &'static str {
        match self {
            IndexKind::Primary => "primary key",
            IndexKind::Unique => "unique",
            IndexKind::Plain => "index",
            IndexKind::FullText => "full-text index",
            IndexKind::Other => "other index",
        }
    }
}

/// On one line: `unique users_email (lower(email)) where …`.
impl fmt::Display for IndexDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if let Some(name) = &self.name {
            write!(f, " {}", name.text)?;
        }
        if !self.method.is_empty() {
            write!(f, " using {}", self.method)?;
        }
        let parts: Vec<String> = self.parts.iter().map(ToString::to_string).collect();
        write!(f, " ({})", parts.join(", "))?;
        if !self.include.is_empty() {
            let names: Vec<&str> = self.include.iter().map(|name| &*name.text).collect();
            write!(f, " include ({})", names.join(", "))?;
        }
        match &self.predicate {
            Some(predicate) => write!(f, " where {}", predicate.canonical()),
            None => Ok(()),
        }
    }
}

/// One part of an index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexPart {
    /// What it holds.
    pub key: IndexKey,
    /// `DESC`
    pub descending: bool,
    /// `NULLS FIRST` (true), `NULLS LAST` (false)
    pub nulls_first: Option<bool>,
    /// The operator class, lower case: `gin_trgm_ops`.
    pub operator_class: Option<Box<str>>,
    /// `COLLATE`
    pub collation: Option<Box<str>>,
    /// Only so many characters are held: MySQL's `name(10)`.
    pub prefix: Option<u32>,
}

impl fmt::Display for IndexPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            IndexKey::Column(name) => f.write_str(&name.text)?,
            IndexKey::Expression(formula) => f.write_str(&formula.canonical())?,
            IndexKey::Unknown => f.write_str("?")?,
        }
        if let Some(class) = &self.operator_class {
            write!(f, " {class}")?;
        }
        f.write_str(if self.descending { " desc" } else { "" })
    }
}

impl IndexPart {
    /// The column it holds, if it holds nothing else.
    pub fn column(&self) -> Option<&str> {
        match &self.key {
            IndexKey::Column(name) if !name.dynamic => Some(&name.text),
            _ => None,
        }
    }
}

/// What a part of an index holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum IndexKey {
    /// A column.
    Column(Ident),
    /// An expression.
    Expression(Formula),
    /// Something that could not be read.
    Unknown,
}

/// An expression that stands alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Formula {
    /// Its parts.
    pub exprs: Exprs,
    /// The whole.
    pub root: ExprId,
}

impl Formula {
    /// See [`Exprs::canonical`].
    pub fn canonical(&self) -> String {
        self.exprs.canonical(self.root)
    }
}

/// `FOREIGN KEY … REFERENCES`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// Its name, if it has one.
    pub name: Option<Ident>,
    /// Its columns.
    pub columns: Vec<Ident>,
    /// The table it points to.
    pub target: TableName,
    /// The columns there; empty for the primary key.
    pub target_columns: Vec<Ident>,
    /// `ON DELETE`
    pub on_delete: OnDelete,
    /// Where.
    pub span: Span,
}

/// What a definition says is done with rows when the one that they point to is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OnDelete {
    /// Nothing, or the one that they point to is not deleted then: `RESTRICT`, `NO ACTION`.
    #[default]
    Refuse,
    /// They are deleted too: `CASCADE`.
    Cascade,
    /// Their column is set: `SET NULL`, `SET DEFAULT`.
    Reset,
}

impl OnDelete {
    /// What a word of SQL or of an ORM means: `SET NULL`, `SetNull`, `set null`.
    pub(crate) fn of_word(word: &str) -> OnDelete {
        let plain: String = word.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
        match plain.as_str() {
            "cascade" => OnDelete::Cascade,
            "setnull" | "setdefault" => OnDelete::Reset,
            _ => OnDelete::Refuse,
        }
    }
}

/// One operation of `ALTER TABLE`. Keys, indexes and renames of the table are changes of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AlterOperation {
    /// `ADD COLUMN`; what the column says of keys comes as further operations.
    AddColumn {
        /// The column.
        column: ColumnDef,
        /// `IF NOT EXISTS`
        if_not_exists: bool,
    },
    /// `DROP COLUMN`
    DropColumn(Ident),
    /// `RENAME COLUMN`
    RenameColumn {
        /// Its old name.
        from: Ident,
        /// Its new name.
        to: Ident,
    },
    /// `MODIFY`, `CHANGE`: the column is defined anew.
    RedefineColumn {
        /// Its old name.
        from: Ident,
        /// As it is then.
        column: ColumnDef,
    },
    /// `ALTER COLUMN … TYPE`
    SetType {
        /// The column.
        column: Ident,
        /// Its new type, lower case.
        type_name: Box<str>,
    },
    /// `ALTER COLUMN … SET NOT NULL` (true), `DROP NOT NULL` (false)
    SetNotNull(Ident, bool),
    /// `ALTER COLUMN … SET DEFAULT`, `DROP DEFAULT`
    SetDefault(Ident, Option<Box<str>>),
    /// `ADD FOREIGN KEY`, with whether it is `NOT VALID`
    AddForeignKey(ForeignKey, bool),
    /// `ADD CHECK`, with whether it is `NOT VALID`
    AddCheck(bool),
    /// `DROP CONSTRAINT`, `DROP FOREIGN KEY`, `DROP INDEX`, `DROP KEY`: whatever has this name.
    DropConstraint(Ident),
    /// `DROP PRIMARY KEY`
    DropPrimaryKey,
    /// `RENAME CONSTRAINT`, `RENAME INDEX`
    RenameConstraint {
        /// Its old name.
        from: Ident,
        /// Its new name.
        to: Ident,
    },
    /// `ATTACH PARTITION`, `INHERIT`: the other table is part of this one.
    AttachPartition(TableName),
    /// Something that changes neither columns nor keys.
    Harmless,
    /// Something that could not be read.
    Unknown,
}

/// The table that is named at token `at`.
pub(super) fn table_name_at(lexed: &Lexed, at: usize) -> Option<TableName> {
    cursor::Cursor::new(lexed, at, lexed.tokens.len()).table_name()
}

/// The names in the brackets that open at token `at`; empty if other things stand there.
pub(super) fn names_in(lexed: &Lexed, at: usize) -> Vec<Ident> {
    cursor::Cursor::new(lexed, at, lexed.tokens.len()).ident_list().unwrap_or_default()
}
