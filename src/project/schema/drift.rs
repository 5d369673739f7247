//! Where models and migrations say different things of one table.

use super::{Column, Index, Schema, Table, TableKind};
use crate::project::FileId;
use crate::sql::ddl::{IndexKey, IndexKind, IndexPart};
use crate::sql::query::same_name;

/// What only the models, and what only the migrations say of one table.
#[derive(Clone, Debug)]
pub struct Drift<'s> {
    /// The table as the models define it.
    pub models: &'s Table,
    /// As the migrations make it.
    pub migrations: &'s Table,
    /// Columns that only the models have.
    pub added_columns: Vec<&'s Column>,
    /// Columns that only the migrations make.
    pub left_columns: Vec<&'s Column>,
    /// Keys and indexes that only the models have.
    pub added_indexes: Vec<&'s Index>,
    /// Keys and indexes that only the migrations make.
    pub left_indexes: Vec<&'s Index>,
}

impl Schema {
    /// The differences between what is defined in migrations and elsewhere, of tables that both define once and that
    /// were read to their end.
    pub fn drift(&self, is_migration: impl Fn(FileId) -> bool) -> Vec<Drift<'_>> {
        let mut found = Vec::new();
        for places in self.by_name.values() {
            let all = places.iter().map(|&index| &self.tables[index as usize]);
            let (migrations, models): (Vec<&Table>, Vec<&Table>) =
                all.filter(|table| table.kind == TableKind::Table).partition(|table| is_migration(table.place.file));
            let [models] = &*models else { continue };
            let of_name = |table: &&Table| same_name(&table.name, &models.name);
            let kept: Vec<&Table> = self.migrated.iter().filter(of_name).collect();
            let migrations = match (&*migrations, &*kept) {
                ([migrations], []) | ([], [migrations]) => migrations,
                _ => continue,
            };
            found.extend(compare(models, migrations, &is_migration));
        }
        found.sort_by_key(|drift| drift.models.place);
        found
    }
}

fn compare<'s>(models: &'s Table, migrations: &'s Table, is_migration: impl Fn(FileId) -> bool) -> Option<Drift<'s>> {
    let both_know = |knows: fn(&Table) -> bool| knows(models) && knows(migrations);
    let columns = |own: &'s Table, other: &Table| -> Vec<&'s Column> {
        // What could not be read may have made columns too.
        if !both_know(|table| table.knows_columns && table.knows_indexes) {
            return Vec::new();
        }
        own.columns.iter().filter(|column| other.column(&column.name).is_none()).collect()
    };
    // What migrations give to the table of a model is no word of the model's.
    let declared = || {
        let own = models.indexes.iter().filter(|index| !is_migration(index.place.file));
        own.chain(models.unmade.iter().map(|unmade| &unmade.index)).collect::<Vec<&Index>>()
    };
    let indexes = |own: Vec<&'s Index>, other: Vec<&'s Index>| -> Vec<&'s Index> {
        if !both_know(|table| table.knows_indexes) {
            return Vec::new();
        }
        let is_known = |index: &&Index| is_plain(index) && !other.iter().any(|other| is_same(index, other));
        own.into_iter().filter(is_known).collect()
    };
    let made = || migrations.indexes.iter().collect::<Vec<&Index>>();
    // Columns that are not seen in a model may have indexes there.
    let mut left = indexes(made(), declared());
    left.retain(|index| {
        let mut names = index.definition.parts.iter().filter_map(IndexPart::column);
        models.knows_columns || names.all(|name| models.column(name).is_some())
    });
    let drift = Drift {
        models,
        migrations,
        added_columns: columns(models, migrations),
        left_columns: columns(migrations, models),
        added_indexes: indexes(declared(), made()),
        left_indexes: left,
    };
    let is_empty = drift.added_columns.is_empty()
        && drift.left_columns.is_empty()
        && drift.added_indexes.is_empty()
        && drift.left_indexes.is_empty();
    (!is_empty).then_some(drift)
}

/// Whether it is known what an index holds; models seldom say more of others than that they are there.
fn is_plain(index: &Index) -> bool {
    let definition = &index.definition;
    matches!(definition.kind, IndexKind::Primary | IndexKind::Unique | IndexKind::Plain)
        && !definition.parts.is_empty()
        && definition.parts.iter().all(|part| matches!(part.key, IndexKey::Column(_)))
        && !index.perhaps
        && !index.retold
}

/// Whether two indexes hold the same columns, and both make them unique or none does. One of which it is not known
/// what it holds may be any.
fn is_same(own: &Index, other: &Index) -> bool {
    let (own, other) = (&own.definition, &other.definition);
    let unique = |kind: IndexKind| matches!(kind, IndexKind::Primary | IndexKind::Unique);
    if matches!(other.kind, IndexKind::Other | IndexKind::FullText) || other.parts.is_empty() {
        return other.parts.is_empty() || same_columns(&own.parts, &other.parts);
    }
    if own.kind == IndexKind::Primary && other.kind == IndexKind::Primary {
        // Mixins put the columns of a key in another order.
        let is_in = |part: &IndexPart, among: &[IndexPart]| {
            among.iter().any(|other| same_columns(std::slice::from_ref(part), std::slice::from_ref(other)))
        };
        return own.parts.len() == other.parts.len() && own.parts.iter().all(|part| is_in(part, &other.parts));
    }
    unique(own.kind) == unique(other.kind) && same_columns(&own.parts, &other.parts)
}

fn same_columns(own: &[IndexPart], other: &[IndexPart]) -> bool {
    own.len() == other.len()
        && own.iter().zip(other).all(|(own, other)| match (own.column(), other.column()) {
            (Some(own), Some(other)) => same_name(own, other),
            _ => false,
        })
}
