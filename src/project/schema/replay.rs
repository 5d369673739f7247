//! Making the tables: each change is applied to what the changes before it have made.

use rustc_hash::{FxHashMap, FxHashSet};

use super::groups::Group;
use super::settle::Dropped;
use super::{Column, ForeignKey, Index, Place, SchemaSource, Table, TableKind, TypesBefore};
use crate::source::Span;
use crate::sql::Dialect;
use crate::sql::ddl::{self, AlterOperation, ColumnDef, CreateTable, IndexDef, IndexKey, IndexKind, TableChange};
use crate::sql::query::{Ident, TableName, same_name};

/// What all changes make together.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    /// In order of their files.
    pub(super) tables: Vec<Table>,
    /// The names of types of a few values, in lower case.
    pub(super) enums: FxHashSet<Box<str>>,
    /// The types that columns had before they were changed.
    pub(super) types_before: TypesBefore,
    /// What migrations drop that their own folders do not make, in order.
    pub(super) dropped: Vec<Dropped>,
}

/// What the groups define.
pub(super) fn replay(groups: Vec<Group<'_>>) -> Replayed {
    let mut all = Vec::new();
    let mut enums = FxHashSet::default();
    let mut types_before = TypesBefore::default();
    let mut later: Vec<Pending> = Vec::new();
    let mut dropped = Vec::new();
    for group in groups {
        let mut database = Database::default();
        for source in &group.sources {
            for (change, span) in &source.changes {
                let step = Step { source, place: Place { file: source.file, span: *span } };
                database.apply(change, &step);
            }
        }
        later.append(&mut database.pending);
        dropped.append(&mut database.dropped);
        all.extend(database.tables.into_iter().flatten());
        enums.extend(database.enums);
        types_before.extend(database.types_before);
    }
    let mut by_name: FxHashMap<String, Vec<usize>> = FxHashMap::default();
    for (index, table) in all.iter().enumerate() {
        by_name.entry(table.name.to_lowercase()).or_default().push(index);
    }
    // What one folder does to tables of another: indexes in a folder of their own, models in another language.
    for pending in later {
        if pending.table.is_dynamic() {
            all.iter_mut().for_each(|table| pending.apply(table));
            continue;
        }
        for &index in by_name.get(&pending.table.name().text.to_lowercase()).into_iter().flatten() {
            pending.apply(&mut all[index]);
        }
    }
    take_over_from_parents(&mut all);
    all.sort_by_key(|table| table.place);
    Replayed { tables: all, enums, types_before, dropped }
}

/// A change to a table that its own folder does not create.
struct Pending {
    table: TableName,
    what: PendingWhat,
}

enum PendingWhat {
    Index(Index),
    Column(Column),
    ForeignKey(ForeignKey),
    Unsure,
    /// An index on a table that the program fills in: any table with these columns may have it.
    AnyTable(Index),
}

impl Pending {
    fn apply(&self, table: &mut Table) {
        match &self.what {
            PendingWhat::Index(index) => {
                // Models and migrations may both tell of it.
                let name = index.definition.name.as_ref();
                if !name.is_some_and(|name| table.indexes.iter().any(|known| has_name(known, &name.text))) {
                    table.indexes.push(Index { retold: true, ..index.clone() });
                }
            }
            PendingWhat::Column(column) if table.column(&column.name).is_none() => table.columns.push(column.clone()),
            PendingWhat::ForeignKey(key) => table.foreign_keys.push(key.clone()),
            PendingWhat::Unsure => table.knows_indexes = false,
            PendingWhat::AnyTable(index) => {
                let names = index.definition.parts.iter().map(ddl::IndexPart::column);
                if names.clone().all(|name| name.is_some_and(|name| table.column(name).is_some())) {
                    table.indexes.push(index.clone());
                }
            }
            PendingWhat::Column(_) => {}
        }
    }
}

fn is_named(table: &Table, name: &TableName) -> bool {
    name.is_dynamic() || same_name(&table.name, &name.name().text)
}

/// Where a change stands.
struct Step<'s> {
    source: &'s SchemaSource<'s>,
    place: Place,
}

impl Step<'_> {
    fn at(&self, span: Span) -> Place {
        // A place in a string is the place of the string: spans of a definition are only exact in SQL files.
        if !self.source.is_exact || span.is_empty() { self.place } else { Place { file: self.place.file, span } }
    }
}

/// One database while it is made.
#[derive(Default)]
struct Database {
    /// In order of their making; a dropped one leaves its place empty.
    tables: Vec<Option<Table>>,
    /// Places of tables by the names that they have or had, in lower case.
    by_name: FxHashMap<String, Vec<usize>>,
    pending: Vec<Pending>,
    /// Types of a few values, in lower case.
    enums: Vec<Box<str>>,
    types_before: TypesBefore,
    dropped: Vec<Dropped>,
}

impl Database {
    fn apply(&mut self, change: &TableChange, step: &Step<'_>) {
        match change {
            TableChange::CreateTable(create) => self.create(create, step),
            TableChange::CreateIndex(definition) => self.create_index(definition, step),
            TableChange::Alter { table, operation, .. } => self.alter(table, operation, step),
            TableChange::DropTable { table } if !step.source.only_adds => {
                for index in self.targets(table, step) {
                    self.tables[index] = None;
                }
            }
            TableChange::DropIndex { index, table } if !step.source.only_adds => {
                self.drop_index(index, table.as_ref(), step);
            }
            TableChange::RenameIndex { index, to } => {
                let indexes = self.tables.iter_mut().flatten().flat_map(|table| &mut table.indexes);
                for found in indexes.filter(|found| has_name(found, &index.name().text)) {
                    found.definition.name = Some(to.clone());
                }
            }
            TableChange::RenameTable { table, to } if !step.source.only_adds => {
                for index in self.targets(table, step) {
                    if let Some(table) = &mut self.tables[index] {
                        keep_given_names(table);
                        table.name = to.name().text.clone();
                        if let Some(schema) = to.schema() {
                            table.schema = Some(schema.text.clone());
                        }
                        self.note_name(index);
                    }
                }
            }
            TableChange::CreateView { view, materialized } => {
                let kind = if *materialized { TableKind::MaterializedView } else { TableKind::View };
                let mut table = self.new_table(view, step.place, step.source.dialect, kind);
                (table.knows_columns, table.knows_indexes) = (false, false);
                self.push(table);
            }
            TableChange::CreateEnum { name } => self.enums.push(name.name().text.to_lowercase().into()),
            TableChange::Opaque { table, .. } => {
                let targets = self.targets(table, step);
                for &index in &targets {
                    if let Some(table) = &mut self.tables[index] {
                        table.knows_indexes = false;
                    }
                }
                if targets.is_empty() {
                    self.pending.push(Pending { table: table.clone(), what: PendingWhat::Unsure });
                }
            }
            TableChange::DropTable { .. } | TableChange::DropIndex { .. } | TableChange::RenameTable { .. } => {}
        }
    }

    fn new_table(&self, name: &TableName, place: Place, dialect: Dialect, kind: TableKind) -> Table {
        Table {
            name: name.name().text.clone(),
            schema: name.schema().map(|schema| schema.text.clone()),
            place,
            dialect,
            kind,
            columns: Vec::new(),
            indexes: Vec::new(),
            foreign_keys: Vec::new(),
            knows_columns: true,
            knows_indexes: true,
            parent: None,
            partitioned: false,
            partition_key: Vec::new(),
            made_like: None,
            unmade: Vec::new(),
        }
    }

    fn push(&mut self, table: Table) {
        self.tables.push(Some(table));
        self.note_name(self.tables.len() - 1);
    }

    fn note_name(&mut self, index: usize) {
        let Some(table) = &self.tables[index] else { return };
        let known = self.by_name.entry(table.name.to_lowercase()).or_default();
        // In order of the tables, as they are asked for.
        if let Err(at) = known.binary_search(&index) {
            known.insert(at, index);
        }
    }

    /// The tables that a name means for a file: those that this file created, else all of that name.
    fn targets(&self, name: &TableName, step: &Step<'_>) -> Vec<usize> {
        let named = |table: &Table| {
            same_name(&table.name, &name.name().text)
                && match (&table.schema, name.schema()) {
                    (Some(own), Some(said)) => said.is(own),
                    _ => true,
                }
        };
        if name.is_dynamic() {
            return Vec::new();
        }
        let Some(known) = self.by_name.get(&name.name().text.to_lowercase()) else { return Vec::new() };
        let tables = known.iter().filter_map(|&index| Some((index, self.tables[index].as_ref()?)));
        let all: Vec<(usize, &Table)> = tables.filter(|(_, table)| named(table)).collect();
        let has_own = all.iter().any(|(_, table)| table.place.file == step.place.file);
        all.into_iter()
            .filter(|(_, table)| !has_own || table.place.file == step.place.file)
            .map(|(index, _)| index)
            .collect()
    }

    fn create(&mut self, create: &CreateTable, step: &Step<'_>) {
        if create.table.is_dynamic() {
            return;
        }
        let kind = if create.temporary { TableKind::Temporary } else { TableKind::Table };
        let mut table = self.new_table(&create.table, step.at(create.head), step.source.dialect, kind);
        table.knows_columns = create.is_whole && !create.has_more_columns;
        table.knows_indexes = create.is_whole;
        table.partitioned = create.partitioned;
        table.partition_key = create.partition_key.iter().map(|column| column.text.clone()).collect();
        if create.columnar {
            table.dialect = Dialect::ClickHouse;
        }
        table.parent = create.parent.as_ref().map(|parent| parent.name().text.clone());
        table.made_like = table.parent.clone();
        table.columns = create.columns.iter().map(|column| new_column(column, step)).collect();
        table.indexes = create.indexes.iter().map(|index| new_index(index, step)).collect();
        table.foreign_keys = create.foreign_keys.iter().map(|key| new_foreign_key(key, step)).collect();
        // `IF NOT EXISTS` after the same definition does nothing; another definition is another database.
        let known = self.targets(&create.table, step);
        let is_known = |known: &Table| known.place.file == step.place.file || same_columns(known, &table);
        if create.if_not_exists && known.iter().filter_map(|&index| self.tables[index].as_ref()).any(is_known) {
            return;
        }
        self.push(table);
    }

    fn create_index(&mut self, definition: &IndexDef, step: &Step<'_>) {
        let mut index = new_index(definition, step);
        if let Some(name) = &definition.name {
            self.dropped.retain(|dropped| !name.is(&dropped.name));
        }
        if definition.table.is_dynamic() {
            let static_parts = !definition.parts.is_empty()
                && definition.parts.iter().all(|part| matches!(&part.key, IndexKey::Column(name) if !name.dynamic));
            if static_parts {
                index.perhaps = true;
                self.pending.push(Pending { table: definition.table.clone(), what: PendingWhat::AnyTable(index) });
            }
            return;
        }
        let targets = self.targets(&definition.table, step);
        if targets.is_empty() {
            let existing = definition.using_index.as_ref().and_then(|name| {
                self.pending.iter_mut().find_map(|pending| match &mut pending.what {
                    PendingWhat::Index(known) if has_name(known, &name.text) => Some(known),
                    _ => None,
                })
            });
            match existing {
                Some(existing) => {
                    existing.definition.kind = definition.kind;
                    existing.definition.name = definition.name.clone().or(existing.definition.name.take());
                }
                None => self.pending.push(Pending { table: definition.table.clone(), what: PendingWhat::Index(index) }),
            }
            return;
        }
        for target in targets {
            let Some(table) = &mut self.tables[target] else { continue };
            // `ADD CONSTRAINT … UNIQUE USING INDEX i`: the index is there already.
            let existing = definition
                .using_index
                .as_ref()
                .and_then(|name| table.indexes.iter_mut().find(|index| has_name(index, &name.text)));
            match existing {
                Some(existing) => {
                    existing.definition.kind = definition.kind;
                    existing.definition.is_constraint = true;
                    existing.definition.name = definition.name.clone().or(existing.definition.name.take());
                }
                None => table.indexes.push(index.clone()),
            }
            if definition.kind == IndexKind::Primary {
                let names: Vec<&str> = definition.parts.iter().filter_map(ddl::IndexPart::column).collect();
                for column in
                    table.columns.iter_mut().filter(|column| names.iter().any(|name| same_name(name, &column.name)))
                {
                    column.not_null = true;
                }
            }
        }
    }

    fn drop_index(&mut self, index: &TableName, table: Option<&TableName>, step: &Step<'_>) {
        let name = &index.name().text;
        let is_known = |known: &Table| known.indexes.iter().any(|found| has_name(found, name));
        if !index.is_dynamic() && !self.tables.iter().flatten().any(is_known) {
            let table = table.filter(|table| !table.is_dynamic()).map(|table| table.name().text.clone());
            self.dropped.push(Dropped { name: name.clone(), table, place: step.place, is_last: false });
        }
        for known in self.tables.iter_mut().flatten() {
            if table.is_none_or(|table| is_named(known, table)) {
                known.indexes.retain(|found| !has_name(found, name));
            }
        }
        // The same name may be that of an index that another folder makes.
        self.pending.retain(|pending| !matches!(&pending.what, PendingWhat::Index(found) if has_name(found, name)));
    }

    fn alter(&mut self, name: &TableName, operation: &AlterOperation, step: &Step<'_>) {
        let targets = self.targets(name, step);
        if targets.is_empty() {
            let what = match operation {
                AlterOperation::AddColumn { column, .. } => PendingWhat::Column(new_column(column, step)),
                // Of which table, only the program knows.
                AlterOperation::AddForeignKey(..) if name.is_dynamic() => return,
                AlterOperation::AddForeignKey(key, _) => PendingWhat::ForeignKey(new_foreign_key(key, step)),
                AlterOperation::Unknown => PendingWhat::Unsure,
                AlterOperation::DropConstraint(dropped) if !step.source.only_adds => {
                    self.pending.retain(
                        |pending| !matches!(&pending.what, PendingWhat::Index(known) if has_name(known, &dropped.text)),
                    );
                    if !name.is_dynamic() && !dropped.dynamic {
                        let table = Some(name.name().text.clone());
                        self.dropped.push(Dropped {
                            name: dropped.text.clone(),
                            table,
                            place: step.place,
                            is_last: false,
                        });
                    }
                    return;
                }
                _ => return,
            };
            self.pending.push(Pending { table: name.clone(), what });
            return;
        }
        for index in targets {
            let Some(table) = &mut self.tables[index] else { continue };
            if let AlterOperation::SetType { column, .. } | AlterOperation::RedefineColumn { from: column, .. } =
                operation
                && let Some(known) = table.column(&column.text).filter(|known| !known.type_name.is_empty())
            {
                let key = (step.place, known.name.to_lowercase().into());
                self.types_before.insert(key, known.type_name.clone());
            }
            if step.source.only_adds {
                add_only(table, operation, step);
            } else {
                alter(table, operation, step);
            }
        }
    }
}

fn add_only(table: &mut Table, operation: &AlterOperation, step: &Step<'_>) {
    match operation {
        AlterOperation::AddColumn { column, .. } if table.column(&column.name.text).is_none() => {
            table.columns.push(new_column(column, step));
        }
        AlterOperation::AddForeignKey(key, _) => table.foreign_keys.push(new_foreign_key(key, step)),
        AlterOperation::RenameColumn { .. } | AlterOperation::RedefineColumn { .. } | AlterOperation::Unknown => {
            (table.knows_columns, table.knows_indexes) = (false, false);
        }
        _ => {}
    }
}

fn alter(table: &mut Table, operation: &AlterOperation, step: &Step<'_>) {
    match operation {
        AlterOperation::AddColumn { column, .. } => {
            if table.column(&column.name.text).is_none() {
                table.columns.push(new_column(column, step));
            }
        }
        AlterOperation::DropColumn(name) => {
            table.columns.retain(|column| !name.is(&column.name));
            // The database drops the indexes of the column with it; MySQL keeps those of several columns.
            let mentions = |formula: &ddl::Formula| {
                let parts = formula.exprs.within(formula.root);
                parts.into_iter().filter_map(|part| formula.exprs.column(part)).any(|column| name.is(&column.name.text))
            };
            let holds = |index: &Index| {
                index.definition.predicate.as_ref().is_some_and(mentions)
                    || index.definition.parts.iter().any(|part| match &part.key {
                        ddl::IndexKey::Expression(formula) => mentions(formula),
                        _ => part.column().is_some_and(|own| name.is(own)),
                    })
            };
            table.indexes.retain(|index| !holds(index));
            table.foreign_keys.retain(|key| !key.columns.iter().any(|column| name.is(column)));
        }
        AlterOperation::RenameColumn { from, to } => {
            keep_given_names(table);
            rename_column(table, &from.text, &to.text);
        }
        AlterOperation::RedefineColumn { from, column } => {
            rename_column(table, &from.text, &column.name.text);
            match table.columns.iter_mut().find(|known| column.name.is(&known.name)) {
                Some(known) => *known = new_column(column, step),
                None => table.columns.push(new_column(column, step)),
            }
        }
        AlterOperation::SetType { column, type_name } => {
            if let Some(known) = table.columns.iter_mut().find(|known| column.is(&known.name)) {
                known.type_name = type_name.clone();
            }
        }
        AlterOperation::SetNotNull(column, value) => {
            if let Some(known) = table.columns.iter_mut().find(|known| column.is(&known.name)) {
                known.not_null = *value;
            }
        }
        AlterOperation::SetDefault(column, default) => {
            if let Some(known) = table.columns.iter_mut().find(|known| column.is(&known.name)) {
                known.default = default.clone();
            }
        }
        AlterOperation::AddForeignKey(key, _) => table.foreign_keys.push(new_foreign_key(key, step)),
        AlterOperation::DropConstraint(name) => {
            table.indexes.retain(|index| !has_name(index, &name.text));
            table.foreign_keys.retain(|key| !key.name.as_ref().is_some_and(|own| name.is(own)));
            // The database names constraints that nobody names: `t_a_b_key`, `t_a_fkey`, `t_pkey`.
            let text = name.text.to_lowercase();
            let own = table.name.to_lowercase();
            if text == format!("{own}_pkey") {
                table.indexes.retain(|index| index.definition.kind != IndexKind::Primary);
            }
            table.foreign_keys.retain(|key| {
                let given = format!("{own}_{}_fkey", key.columns.join("_").to_lowercase());
                !(key.name.is_none() && given == text)
            });
            table.indexes.retain(|index| {
                let columns: Vec<&str> = index.definition.parts.iter().filter_map(ddl::IndexPart::column).collect();
                let given = format!("{own}_{}_key", columns.join("_").to_lowercase());
                !(index.definition.name.is_none() && index.definition.kind == IndexKind::Unique && given == text)
            });
        }
        AlterOperation::DropPrimaryKey => {
            table.indexes.retain(|index| index.definition.kind != IndexKind::Primary);
        }
        AlterOperation::RenameConstraint { from, to } => {
            for index in table.indexes.iter_mut().filter(|index| has_name(index, &from.text)) {
                index.definition.name = Some(to.clone());
            }
        }
        AlterOperation::Unknown => (table.knows_columns, table.knows_indexes) = (false, false),
        AlterOperation::AddCheck(_) | AlterOperation::AttachPartition(_) | AlterOperation::Harmless => {}
    }
}

fn rename_column(table: &mut Table, from: &str, to: &str) {
    if same_name(from, to) {
        return;
    }
    for column in table.columns.iter_mut().filter(|column| same_name(&column.name, from)) {
        column.name = to.into();
    }
    for column in table.partition_key.iter_mut().filter(|column| same_name(column, from)) {
        *column = to.into();
    }
    for index in &mut table.indexes {
        let mut has_formula = index.definition.predicate.is_some();
        for part in &mut index.definition.parts {
            match &mut part.key {
                IndexKey::Column(name) if same_name(&name.text, from) => name.text = to.into(),
                IndexKey::Column(_) => {}
                _ => has_formula = true,
            }
        }
        // The column's old name may stand in a formula, which is then not known any more.
        if has_formula {
            table.knows_indexes = false;
        }
    }
    for key in &mut table.foreign_keys {
        for column in key.columns.iter_mut().filter(|column| same_name(column, from)) {
            *column = to.into();
        }
    }
}

/// Gives constraints that nobody named the names that PostgreSQL gave them: they keep those when what they are made of is
/// renamed.
fn keep_given_names(table: &mut Table) {
    if table.dialect != Dialect::PostgreSql {
        return;
    }
    let ident = |text: String, span| Ident { text: text.into(), span, quoted: true, dynamic: false };
    for index in &mut table.indexes {
        let definition = &mut index.definition;
        let columns: Vec<&str> = definition.parts.iter().filter_map(ddl::IndexPart::column).collect();
        let given = match definition.kind {
            IndexKind::Primary => format!("{}_pkey", table.name),
            IndexKind::Unique => format!("{}_{}_key", table.name, columns.join("_")),
            _ => continue,
        };
        if definition.name.is_none() && definition.is_constraint {
            definition.name = Some(ident(given, definition.span));
        }
    }
}

fn has_name(index: &Index, name: &str) -> bool {
    index.definition.name.as_ref().is_some_and(|own| own.is(name))
}

fn same_columns(a: &Table, b: &Table) -> bool {
    let names = |table: &Table| {
        let mut names: Vec<String> = table.columns.iter().map(|column| column.name.to_lowercase()).collect();
        names.sort();
        names
    };
    names(a) == names(b)
}

fn new_column(column: &ColumnDef, step: &Step<'_>) -> Column {
    Column {
        name: column.name.text.clone(),
        type_name: column.type_name.clone(),
        not_null: column.not_null,
        knows_null: column.knows_null,
        default: column.default.clone(),
        collation: column.collation.clone(),
        place: step.at(column.name.span),
    }
}

fn new_index(definition: &IndexDef, step: &Step<'_>) -> Index {
    let retold = step.source.only_adds;
    Index { definition: definition.clone(), place: step.at(definition.span), perhaps: false, retold }
}

fn new_foreign_key(key: &ddl::ForeignKey, step: &Step<'_>) -> ForeignKey {
    ForeignKey {
        name: key.name.as_ref().map(|name| name.text.clone()),
        columns: key.columns.iter().map(|column| column.text.clone()).collect(),
        target: key.target.name().text.clone(),
        target_columns: key.target_columns.iter().map(|column| column.text.clone()).collect(),
        on_delete: key.on_delete,
        place: step.at(key.span),
    }
}

/// Partitions and heirs have what their parent has.
fn take_over_from_parents(tables: &mut [Table]) {
    if tables.iter().all(|table| table.parent.is_none()) {
        return;
    }
    let mut by_name: FxHashMap<String, Vec<usize>> = FxHashMap::default();
    for (index, table) in tables.iter().enumerate() {
        by_name.entry(table.name.to_lowercase()).or_default().push(index);
    }
    // A partition may be the parent of others.
    for _ in 0..3 {
        for at in 0..tables.len() {
            let Some(parent) = tables[at].parent.clone() else { continue };
            let mut named = by_name.get(&parent.to_lowercase()).into_iter().flatten().map(|&index| &tables[index]);
            let Some(found) = named.find(|table| table.parent.is_none()) else {
                (tables[at].knows_columns, tables[at].knows_indexes) = (false, false);
                continue;
            };
            let (columns, indexes) = (found.columns.clone(), found.indexes.clone());
            let (knows_columns, knows_indexes) = (found.knows_columns, found.knows_indexes);
            let table = &mut tables[at];
            table.knows_columns &= knows_columns;
            table.knows_indexes &= knows_indexes;
            for column in columns {
                if table.column(&column.name).is_none() {
                    table.columns.push(column);
                }
            }
            // `LIKE t` may or may not copy them: that an index may exist is enough.
            table.indexes.extend(indexes.into_iter().map(|index| Index { perhaps: true, ..index }));
            table.parent = None;
        }
    }
}
