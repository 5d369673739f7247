//! Where models and migrations disagree over an index, the migrations are right: they are what the database was told.
//!
//! An index that a model declares is not there if the migrations were read to their end, make the table with all columns
//! of the model, and do not make the index, or if a migration drops it by its name and nothing makes it again. Where
//! the migrations do not make all of a table, something else does: then the models are believed.

use rustc_hash::FxHashMap;

use super::{Index, Place, Schema, Table, TableKind, sources};
use crate::facts::*;
use crate::project::{FileId, Flow, Project};
use crate::source::{Language, Purpose, natural_order};
use crate::sql::ddl::{IndexKind, IndexPart};
use crate::sql::query::same_name;

/// What a migration drops by its name, and what its own folder does not make.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Dropped {
    /// The name of the index or constraint.
    pub(super) name: Box<str>,
    /// The table, if it is named.
    pub(super) table: Option<Box<str>>,
    /// Where.
    pub(super) place: Place,
    /// Whether it is known that nothing makes it again.
    pub(super) is_last: bool,
}

/// An index that a model declares and that is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Unmade {
    /// As the model declares it.
    pub index: Index,
    /// Where it is dropped; else no migration makes it.
    pub dropped: Option<Place>,
}

impl Unmade {
    /// What to do.
    pub const HELP: &str =
        "the model declares an index that its migrations do not make: write the migration that makes it";
}

impl Schema {
    /// Takes from the tables of models the indexes that the migrations do not make, and gives them those that only the
    /// migrations make.
    pub(super) fn settle(&mut self, project: &Project, dropped: &[Dropped]) {
        let is_migration = |file: FileId| project.file(file).purpose == Purpose::Migration;
        let mut migrated: FxHashMap<String, Vec<&Table>> = FxHashMap::default();
        for table in &self.migrated {
            migrated.entry(table.name.to_lowercase()).or_default().push(table);
        }
        let mut unmade: Vec<(u32, usize, Option<Place>)> = Vec::new();
        let mut added: Vec<(u32, Index)> = Vec::new();
        for (name, places) in &self.by_name {
            let is_model = |table: &Table| {
                let language = project.file(table.place.file).source.language;
                table.kind == TableKind::Table && !is_migration(table.place.file) && language != Language::Sql
            };
            let mut models = places.iter().filter(|&&at| is_model(&self.tables[at as usize]));
            let (Some(&at), None) = (models.next(), models.next()) else { continue };
            let model = &self.tables[at as usize];
            let own = places.iter().map(|&at| &self.tables[at as usize]);
            let own = own.filter(|table| table.kind == TableKind::Table && is_migration(table.place.file));
            let made: Vec<&Table> = own.chain(migrated.get(&**name).into_iter().flatten().copied()).collect();
            let is_whole = !made.is_empty() && made.iter().all(|table| is_whole(table, model));
            for index in made.iter().flat_map(|table| &table.indexes) {
                let has = |part: &IndexPart| part.column().is_none_or(|column| model.column(column).is_some());
                let is_new = !model.indexes.iter().any(|own| may_be(index, own));
                if is_new && index.definition.kind != IndexKind::Primary && index.definition.parts.iter().all(has) {
                    added.push((at, Index { retold: true, ..index.clone() }));
                }
            }
            for (number, index) in model.indexes.iter().enumerate() {
                if !is_declared(index) || is_migration(index.place.file) {
                    continue;
                }
                let told = || model.indexes.iter().filter(|other| is_migration(other.place.file));
                let is_made = || made.iter().flat_map(|table| &table.indexes).chain(told()).any(|of| may_be(index, of));
                let drop = || {
                    let of_index = |by: &&Dropped| is_migration(by.place.file) && drops(by, model, index);
                    let by = dropped.iter().rev().find(of_index)?;
                    (by.is_last || !may_come_back(project, by)).then_some(by.place)
                };
                match drop() {
                    Some(place) => unmade.push((at, number, Some(place))),
                    None if is_whole && model.knows_indexes && !is_made() => unmade.push((at, number, None)),
                    None => {}
                }
            }
        }
        unmade.sort_by_key(|&(at, number, _)| std::cmp::Reverse((at, number)));
        for (at, number, dropped) in unmade {
            let table = &mut self.tables[at as usize];
            let index = table.indexes.remove(number);
            table.unmade.insert(0, Unmade { index, dropped });
        }
        for (at, index) in added {
            self.tables[at as usize].indexes.push(index);
        }
    }
}

/// Whether migrations make all of a table that a model has: else they are not what makes it now.
fn is_whole(made: &Table, model: &Table) -> bool {
    made.knows_indexes && model.columns.iter().all(|column| made.column(&column.name).is_some())
}

/// Whether an index is one that a model asks for, over columns.
fn is_declared(index: &Index) -> bool {
    let definition = &index.definition;
    matches!(definition.kind, IndexKind::Plain | IndexKind::Unique)
        && !definition.is_implied
        && !index.perhaps
        && !index.retold
        && !definition.parts.is_empty()
        && definition.parts.iter().all(|part| part.column().is_some())
}

/// Whether an index that migrations make may be the one that a model declares: it holds its columns, or it is not known
/// what it holds.
fn may_be(declared: &Index, made: &Index) -> bool {
    let (own, other) = (&declared.definition.parts, &made.definition.parts);
    let names = |parts: &[IndexPart]| parts.iter().map(|part| part.column().map(str::to_lowercase)).collect::<Vec<_>>();
    let (mut own, mut other) = (names(own), names(other));
    own.sort();
    other.sort();
    let may_hold = made.perhaps && own.first().is_some_and(|first| other.contains(first));
    other.is_empty() || own == other || other.contains(&None) || may_hold
}

/// Whether a name that a migration drops is that of an index: its own, or one that Django gives.
fn drops(dropped: &Dropped, table: &Table, index: &Index) -> bool {
    if dropped.table.as_ref().is_some_and(|name| !same_name(name, &table.name)) {
        return false;
    }
    if let Some(own) = &index.definition.name {
        return own.is(&dropped.name);
    }
    // `shop_parcel_label_5b2f9d10`, `shop_parcel_depot_id_label_5b2f9d10_uniq`
    let columns: Vec<&str> = index.definition.parts.iter().filter_map(IndexPart::column).collect();
    let rest = dropped.name.strip_prefix(&*table.name).and_then(|rest| rest.strip_prefix('_'));
    let digest = rest.and_then(|rest| rest.strip_prefix(&columns.join("_"))?.strip_prefix('_'));
    let digest = match index.definition.kind {
        IndexKind::Unique => digest.and_then(|rest| rest.strip_suffix("_uniq")),
        _ => digest,
    };
    digest.is_some_and(|digest| digest.len() == 8 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether the migration itself or one after it may make what it drops again: it names it otherwise.
fn may_come_back(project: &Project, dropped: &Dropped) -> bool {
    let file = project.file(dropped.place.file);
    let path = &*file.source.path;
    let (folder, own) = path.rsplit_once('/').unwrap_or(("", path));
    let facts: &FileFacts = &file.facts;
    let flow = Flow::new(facts);
    let names_it = |call: &Call| {
        let mut given = call.args.iter().filter(|arg| arg.name.is_none_or(|name| &facts.names[name] == "name"));
        given.any(|arg| facts.literal(arg.value) == Some(&*dropped.name))
    };
    let makes = |call: &Call| {
        let name = flow.called_name(call).unwrap_or("");
        let takes = ["Remove", "remove", "Drop", "drop", "Alter"].iter().any(|word| name.starts_with(word));
        !takes && names_it(call) && !sources::is_undone(facts, call)
    };
    let is_later = |other: &str| {
        let (own_folder, name) = other.rsplit_once('/').unwrap_or(("", other));
        own_folder == folder && natural_order(name, own).is_gt()
    };
    facts.calls.iter().any(makes)
        || project.files().iter().any(|other| {
            is_later(&other.source.path)
                && memchr::memmem::find(other.source.text.as_bytes(), dropped.name.as_bytes()).is_some()
        })
}
