//! Definitions that are put together by hand: models and migrations of other languages make the same
//! [`TableChange`]s as SQL.

use super::index::key_of_columns;
use super::{AlterOperation, ColumnDef, CreateTable, ForeignKey, IndexDef, IndexKey, IndexKind, OnDelete, TableChange};
use crate::source::Span;
use crate::sql::query::{Ident, TableName, same_name};

/// A name. One that is not plain lower case is to be quoted in SQL.
pub(crate) fn ident(text: &str, span: Span) -> Ident {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    Ident { text: text.into(), span, quoted: !text.chars().all(is_plain), dynamic: false }
}

/// A table, with its schema before a dot if it has one.
pub(crate) fn table_name(text: &str, span: Span) -> TableName {
    TableName { parts: text.split('.').map(|part| ident(part, span)).collect() }
}

/// A key or index over columns; over none if they could not be read.
pub(crate) fn index<'c>(
    table: &TableName,
    kind: IndexKind,
    columns: impl IntoIterator<Item = &'c str>,
    span: Span,
) -> IndexDef {
    let columns = columns.into_iter().map(|column| ident(column, span)).collect();
    // What makes rows unique is a constraint in the words of most libraries.
    let is_constraint = matches!(kind, IndexKind::Primary | IndexKind::Unique);
    IndexDef { is_constraint, ..key_of_columns(table, kind, columns, span) }
}

/// Something that could not be read may have given this table another key or index.
pub(crate) fn unsure(table: &TableName, span: Span) -> TableChange {
    TableChange::Opaque { table: table.clone(), span }
}

/// One operation on a table.
pub(crate) fn alter(table: &TableName, operation: AlterOperation, span: Span) -> TableChange {
    TableChange::Alter { table: table.clone(), operation, span }
}

/// A column of this type, in lower case; empty if that is not known.
pub(crate) fn column(name: &str, type_name: &str, span: Span) -> ColumnDef {
    ColumnDef {
        name: ident(name, span),
        type_name: type_name.into(),
        not_null: false,
        knows_null: false,
        default: None,
        generated: false,
        identity: false,
        collation: None,
        span,
    }
}

/// A foreign key to the primary key of a table; an empty name is one that is not known.
pub(crate) fn foreign_key(column: &str, target: TableName, span: Span) -> ForeignKey {
    ForeignKey {
        name: None,
        columns: vec![ident(column, span)],
        target,
        target_columns: Vec::new(),
        on_delete: OnDelete::Refuse,
        span,
    }
}

/// A table that is being put together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewTable {
    made: CreateTable,
}

impl NewTable {
    /// Without columns. `span`: its name, on one line.
    pub(crate) fn new(name: &str, span: Span) -> NewTable {
        NewTable { made: CreateTable::empty(table_name(name, span), span) }
    }

    pub(crate) fn name(&self) -> &TableName {
        &self.made.table
    }

    /// Gives it another name.
    pub(crate) fn rename(&mut self, name: &str) {
        if let Some(own) = self.made.table.parts.last_mut().filter(|own| !own.is(name)) {
            *own = ident(name, own.span);
        }
    }

    /// The keys and indexes it has so far.
    pub(crate) fn indexes(&mut self) -> &mut Vec<IndexDef> {
        &mut self.made.indexes
    }

    pub(crate) fn has_column(&self, name: &str) -> bool {
        self.column_named(name).is_some()
    }

    /// The column of this name.
    pub(crate) fn column_named(&self, name: &str) -> Option<&ColumnDef> {
        self.made.columns.iter().find(|column| &*column.name.text == name)
    }

    /// Takes a column away, with the keys and indexes over it.
    pub(crate) fn drop_column(&mut self, name: &str) {
        self.made.columns.retain(|column| !column.name.is(name));
        let holds =
            |index: &IndexDef| index.parts.iter().any(|part| part.column().is_some_and(|own| same_name(own, name)));
        self.made.indexes.retain(|index| !holds(index));
        self.made.foreign_keys.retain(|key| !key.columns.iter().any(|column| column.is(name)));
    }

    /// Gives a column another name, also in keys and indexes.
    pub(crate) fn rename_column(&mut self, from: &str, to: &str) {
        let in_indexes = self.made.indexes.iter_mut().flat_map(|index| &mut index.parts);
        let in_indexes = in_indexes.filter_map(|part| match &mut part.key {
            IndexKey::Column(name) => Some(name),
            _ => None,
        });
        let in_keys = self.made.foreign_keys.iter_mut().flat_map(|key| &mut key.columns);
        let own = self.made.columns.iter_mut().map(|column| &mut column.name);
        for name in own.chain(in_indexes).chain(in_keys).filter(|name| name.is(from)) {
            *name = ident(to, name.span);
        }
    }

    /// Whether a column alone is a foreign key.
    pub(crate) fn has_foreign_key(&self, name: &str) -> bool {
        self.made.foreign_keys.iter().any(|key| matches!(&*key.columns, [column] if &*column.text == name))
    }

    pub(crate) fn has_primary_key(&self) -> bool {
        self.made.indexes.iter().any(|index| index.kind == IndexKind::Primary)
    }

    /// A column of this type, in lower case; empty if that is not known.
    pub(crate) fn column(&mut self, name: &str, type_name: &str, span: Span) -> &mut ColumnDef {
        self.made.columns.push(column(name, type_name, span));
        self.made.columns.last_mut().expect("just pushed")
    }

    /// A key or index. [`IndexKind::Other`]: one of which it is not known what it finds. Columns that are each said to be
    /// the primary key are it together.
    pub(crate) fn index<'c>(
        &mut self,
        kind: IndexKind,
        columns: impl IntoIterator<Item = &'c str>,
        span: Span,
    ) -> &mut IndexDef {
        let index = index(&self.made.table, kind, columns, span);
        let is_key = |known: &&mut IndexDef| kind == IndexKind::Primary && known.kind == IndexKind::Primary;
        let at = match self.made.indexes.iter_mut().find(is_key) {
            Some(known) => {
                let more =
                    index.parts.into_iter().filter(|part| !known.parts.iter().any(|own| own.column() == part.column()));
                let more: Vec<_> = more.collect();
                known.parts.extend(more);
                self.made.indexes.iter().position(|known| known.kind == IndexKind::Primary).unwrap_or(0)
            }
            None => {
                self.made.indexes.push(index);
                self.made.indexes.len() - 1
            }
        };
        &mut self.made.indexes[at]
    }

    /// A foreign key to a table; an empty name is one that is not known.
    pub(crate) fn foreign_key(
        &mut self,
        column: &str,
        target: &str,
        target_columns: &[&str],
        span: Span,
    ) -> &mut ForeignKey {
        self.made.foreign_keys.push(ForeignKey {
            target_columns: target_columns.iter().map(|name| ident(name, span)).collect(),
            ..foreign_key(column, table_name(target, span), span)
        });
        self.made.foreign_keys.last_mut().expect("just pushed")
    }

    /// It may have columns and indexes that are not known.
    pub(crate) fn is_not_whole(&mut self) {
        self.made.is_whole = false;
    }

    /// It has columns that are not known, with whatever indexes those have.
    pub(crate) fn has_more_columns(&mut self) {
        self.made.has_more_columns = true;
    }

    pub(crate) fn done(self) -> TableChange {
        TableChange::CreateTable(self.made)
    }
}
