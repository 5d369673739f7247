//! The order of Alembic's revisions, and what later ones take away from earlier ones. Each file names the revision before it;
//! what its own name begins with is of no meaning.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::arguments::{batch_of, called, is_undone, keyword, positional};
use super::{Defined, sqlalchemy};
use crate::facts::*;
use crate::project::schema::Place;
use crate::project::schema::settle::Dropped;
use crate::project::{FileId, Project};
use crate::source::Span;
use crate::sql::ddl::define::{NewTable, ident};
use crate::sql::ddl::{AlterOperation, IndexDef, IndexKey, IndexKind, TableChange};
use crate::sql::query::{TableName, same_name};

/// One revision: its place in the chain, and what it does, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Revision {
    id: String,
    /// Those before it.
    after: Vec<String>,
    /// Whether it does things to tables whose names are not written out.
    has_batches: bool,
    pub(super) steps: Vec<Step>,
}

/// One thing that a revision does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// It makes the change of this number, under this name.
    Make(usize, Option<String>),
    /// It makes a table, whose keys and indexes come as further steps.
    Create(String, Box<NewTable>),
    /// Whatever has this name is gone.
    DropIndex(String, Span),
    /// SQL makes an index.
    MakeBySql(Box<IndexDef>),
    /// Something makes indexes that were not read, of tables among these.
    MakeUnread(FxHashSet<String>),
    DropTable(String),
    RenameTable(String, String),
    RenameIndex(String, String),
    AddColumn(String, String),
    DropColumn(String, String),
    RenameColumn(String, String, String),
}

impl Revision {
    /// The revision that a file is; `None` if it is none.
    pub(super) fn of(facts: &FileFacts) -> Option<Revision> {
        facts.names.find("down_revision")?;
        let bound = |wanted: &str| {
            let binding = facts.bindings.iter().find(|binding| &facts.names[binding.name] == wanted)?;
            Some(binding.value)
        };
        let id = facts.literal(bound("revision")?)?.to_owned();
        let after = match facts.value(bound("down_revision")?) {
            Value::Sequence(parts) => parts.iter().filter_map(|&part| facts.literal(part)).map(str::to_owned).collect(),
            _ => bound("down_revision").and_then(|value| facts.literal(value)).map(str::to_owned).into_iter().collect(),
        };
        let is_open = |call: &Call| {
            let name = keyword(facts, call, "table_name").or_else(|| positional(call, 0));
            called(facts, call) == "batch_alter_table" && name.and_then(|name| facts.literal(name)).is_none()
        };
        let has_batches = facts.names.find("batch_alter_table").is_some() && facts.calls.iter().any(is_open);
        Some(Revision { id, after, has_batches, steps: Vec::new() })
    }

    /// Notes that an index is made of which it is not known what it is: of any table that the file names.
    pub(super) fn note_unread(&mut self, facts: &FileFacts) {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let words = facts.texts.iter().flat_map(|text| text.cooked.split(|c: char| !is_part(c)));
        let words: FxHashSet<String> = words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
        self.steps.push(Step::MakeUnread(words));
    }

    /// The table that `op.create_table(…)` makes.
    pub(super) fn create(&mut self, facts: &FileFacts, call: &Call) {
        if let Some(mut table) = sqlalchemy::table(facts, call, 1) {
            // Those that are written out come as further steps.
            let is_written = |&arg: &ValueId| match facts.value(arg) {
                Value::Call(part) => called(facts, facts.call(*part)) == "PrimaryKeyConstraint",
                _ => false,
            };
            let has_key = call.args.iter().map(|arg| arg.value).any(|arg| is_written(&arg));
            table.indexes().retain(|index| index.kind == IndexKind::Primary && !has_key);
            self.steps.push(Step::Create(table.name().name().text.to_lowercase(), Box::new(table)));
        }
    }

    /// What a call takes away or renames. What may not run takes nothing away.
    pub(super) fn take(&mut self, facts: &FileFacts, call: &Call) {
        if call.guard.is_some() || call.in_loop.is_some() || is_undone(facts, call) {
            return;
        }
        // What is done in a batch does not name its table again.
        let batch = batch_of(facts, call);
        let text = |name: &str, at: usize| {
            let own = || keyword(facts, call, name).or_else(|| positional(call, at));
            let value = if name == "table_name" && batch.is_some() { batch } else { own() }?;
            name_in(facts, value).map(str::to_lowercase)
        };
        let column = usize::from(batch.is_none());
        let span = call.name_span;
        let step = match called(facts, call) {
            "drop_index" => text("index_name", 0).map(|name| Step::DropIndex(name, span)),
            "drop_constraint" => text("constraint_name", 0).map(|name| Step::DropIndex(name, span)),
            "drop_table" => text("table_name", 0).map(Step::DropTable),
            "rename_table" => {
                text("old_table_name", 0).zip(text("new_table_name", 1)).map(|(from, to)| Step::RenameTable(from, to))
            }
            "add_column" => {
                let added = positional(call, column).and_then(|added| match facts.value(added) {
                    Value::Call(made) => name_in(facts, positional(facts.call(*made), 0)?).map(str::to_lowercase),
                    _ => None,
                });
                text("table_name", 0).zip(added).map(|(table, column)| Step::AddColumn(table, column))
            }
            "drop_column" => text("table_name", 0)
                .zip(text("column_name", column))
                .map(|(table, column)| Step::DropColumn(table, column)),
            "alter_column" => {
                let to = keyword(facts, call, "new_column_name").and_then(|to| facts.literal(to));
                let names = text("table_name", 0).zip(text("column_name", column)).zip(to);
                names.map(|((table, column), to)| Step::RenameColumn(table, column, to.to_owned()))
            }
            "execute" => {
                let run = positional(call, 0).and_then(|value| text_in(facts, value));
                let statements = facts.statements.iter().filter(|sql| run.is_some() && sql.text == run);
                let text = run.map(|text| facts.texts[text.index()].cooked.to_lowercase());
                let is_of_index = |text: &str| ["index", "constraint", "unique"].iter().any(|word| text.contains(word));
                if text.is_none_or(|text| is_of_index(&text) && statements.clone().next().is_none()) {
                    self.note_unread(facts);
                }
                self.steps.extend(
                    statements.flat_map(|sql| &sql.statement.changes).filter_map(|change| of_sql(change, span)),
                );
                None
            }
            _ => None,
        };
        self.steps.extend(step);
    }
}

/// `op.f("ix_name")` and `"ix_name"` are one name.
pub(super) fn name_in(facts: &FileFacts, value: ValueId) -> Option<&str> {
    match facts.value(value) {
        Value::Call(id) if called(facts, facts.call(*id)) == "f" => {
            positional(facts.call(*id), 0).and_then(|name| facts.literal(name))
        }
        _ => facts.literal(value),
    }
}

/// `"DROP …"`, `sa.text("DROP …")`
fn text_in(facts: &FileFacts, value: ValueId) -> Option<TextId> {
    match facts.value(value) {
        Value::Text(text) => Some(*text),
        Value::Call(id) => match facts.value(positional(facts.call(*id), 0)?) {
            Value::Text(text) => Some(*text),
            _ => None,
        },
        _ => None,
    }
}

fn of_sql(change: &TableChange, span: Span) -> Option<Step> {
    let own = |name: &TableName| name.name().text.to_lowercase();
    Some(match change {
        TableChange::CreateIndex(made) => Step::MakeBySql(Box::new(made.clone())),
        TableChange::DropIndex { index, .. } => Step::DropIndex(own(index), span),
        TableChange::DropTable { table } => Step::DropTable(own(table)),
        TableChange::RenameTable { table, to } => Step::RenameTable(own(table), own(to)),
        TableChange::RenameIndex { index, to } => Step::RenameIndex(own(index), to.text.to_lowercase()),
        TableChange::Alter { table, operation, .. } => match operation {
            AlterOperation::DropConstraint(name) => Step::DropIndex(name.text.to_lowercase(), span),
            AlterOperation::RenameConstraint { from, to } => {
                Step::RenameIndex(from.text.to_lowercase(), to.text.to_lowercase())
            }
            AlterOperation::AddColumn { column, .. } => Step::AddColumn(own(table), column.name.text.to_lowercase()),
            AlterOperation::DropColumn(column) => Step::DropColumn(own(table), column.text.to_lowercase()),
            AlterOperation::RenameColumn { from, to } => {
                Step::RenameColumn(own(table), from.text.to_lowercase(), to.text.to_string())
            }
            _ => return None,
        },
        _ => return None,
    })
}

/// Takes from all revisions what later ones drop, and calls the rest as later ones do. Tables that nothing else of the project
/// defines are those that are left in the end; those that models define too are kept beside, to be compared.
pub(super) fn settle(project: &Project, all: &mut [(FileId, Defined)]) {
    let folder = |file: FileId| {
        let path = &project.file(file).source.path;
        path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()
    };
    let mut folders: FxHashMap<String, Vec<usize>> = FxHashMap::default();
    for (at, (file, defined)) in all.iter().enumerate() {
        if defined.revision.is_some() {
            folders.entry(folder(*file)).or_default().push(at);
        }
    }
    if folders.is_empty() {
        return;
    }
    let known = known_tables(project, all);
    for files in folders.into_values() {
        let order = in_order(&files, all);
        let has_batches = files.iter().any(|&file| all[file].1.revision.as_ref().is_some_and(|of| of.has_batches));
        for &file in &files {
            all[file].1.written = Some(all[file].1.changes.clone());
        }
        let mut chain = Chain { all, ..Chain::empty() };
        for file in order {
            let steps = chain.all[file].1.revision.take().map_or_else(Vec::new, |revision| revision.steps);
            steps.into_iter().for_each(|step| chain.apply(file, step));
        }
        let (known, made): (Vec<_>, Vec<_>) =
            std::mem::take(&mut chain.tables).into_iter().partition(|(name, _)| known.contains(name));
        for (name, (file, mut table)) in known {
            if has_batches {
                table.is_not_whole();
            }
            chain.complete(&name, file, &mut table);
            let named = table.name().parts.last().map(|own| own.span).unwrap_or_default();
            chain.all[file].1.migrated.push((table.done(), named));
        }
        for (name, (file, span)) in std::mem::take(&mut chain.dropped) {
            let place = Place { file: chain.all[file].0, span };
            let dropped = Dropped { name: name.into(), table: None, place, is_last: true };
            chain.all[file].1.dropped.push(dropped);
        }
        let Chain { gone, .. } = chain;
        for file in files {
            let mut at = 0;
            all[file].1.changes.retain(|_| {
                at += 1;
                !gone.contains(&(file, at - 1))
            });
        }
        for (name, (file, mut table)) in made {
            table.has_more_columns();
            if has_batches {
                table.is_not_whole();
            }
            let named = table.name().parts.last().map(|own| own.span).unwrap_or_default();
            table.rename(&name);
            let made = (table.done(), named);
            all[file].1.written.get_or_insert_default().insert(0, made.clone());
            all[file].1.changes.insert(0, made);
        }
    }
}

/// The tables that models and SQL define, in lower case.
fn known_tables(project: &Project, all: &[(FileId, Defined)]) -> FxHashSet<String> {
    let defined = all.iter().flat_map(|(_, defined)| &defined.changes).map(|(change, _)| change);
    let statements = project.files().iter().flat_map(|file| &file.facts.statements);
    let changes = defined.chain(statements.flat_map(|sql| &sql.statement.changes));
    let names = changes.filter_map(|change| match change {
        TableChange::CreateTable(create) => Some(create.table.name().text.to_lowercase()),
        TableChange::CreateView { view, .. } => Some(view.name().text.to_lowercase()),
        _ => None,
    });
    names.collect()
}

/// Files after those that they come after.
fn in_order(files: &[usize], all: &[(FileId, Defined)]) -> Vec<usize> {
    let revision = |file: usize| all[file].1.revision.as_ref();
    let by_id: FxHashMap<&str, usize> =
        files.iter().filter_map(|&file| Some((revision(file)?.id.as_str(), file))).collect();
    let mut order: Vec<usize> = Vec::new();
    let mut seen: FxHashSet<usize> = FxHashSet::default();
    for &first in files {
        // A chain may be long: it is walked without calling oneself.
        let mut open: Vec<(usize, bool)> = vec![(first, false)];
        while let Some((file, is_done)) = open.pop() {
            if is_done {
                order.push(file);
                continue;
            }
            if !seen.insert(file) {
                continue;
            }
            open.push((file, true));
            let after = revision(file).into_iter().flat_map(|revision| &revision.after);
            open.extend(after.filter_map(|id| by_id.get(id.as_str())).map(|&before| (before, false)));
        }
    }
    order
}

/// A change, by its file and its number there.
type At = (usize, usize);

/// What a chain of revisions has made so far.
struct Chain<'a> {
    all: &'a mut [(FileId, Defined)],
    /// By their names and by those of their tables, in lower case.
    by_name: FxHashMap<String, Vec<At>>,
    by_table: FxHashMap<String, Vec<At>>,
    /// Tables, with the files that make them.
    tables: BTreeMap<String, (usize, Box<NewTable>)>,
    gone: FxHashSet<At>,
    /// What SQL makes, by its table in lower case.
    by_sql: FxHashMap<String, Vec<IndexDef>>,
    /// The names of what is dropped, with the file and the place.
    dropped: BTreeMap<String, (usize, Span)>,
}

impl<'a> Chain<'a> {
    fn empty() -> Chain<'a> {
        Chain {
            all: &mut [],
            by_name: FxHashMap::default(),
            by_table: FxHashMap::default(),
            tables: BTreeMap::new(),
            gone: FxHashSet::default(),
            by_sql: FxHashMap::default(),
            dropped: BTreeMap::new(),
        }
    }

    fn apply(&mut self, file: usize, step: Step) {
        match step {
            Step::Make(number, name) => {
                let at = (file, number);
                if let Some(table) = self.table_at(at) {
                    let table = table.name().text.to_lowercase();
                    self.by_table.entry(table).or_default().push(at);
                }
                if let Some(name) = name {
                    self.dropped.remove(&name.to_lowercase());
                    self.by_name.entry(name.to_lowercase()).or_default().push(at);
                }
            }
            Step::MakeBySql(index) => {
                if let Some(name) = &index.name {
                    self.dropped.remove(&name.text.to_lowercase());
                }
                self.by_sql.entry(index.table.name().text.to_lowercase()).or_default().push(*index);
            }
            Step::MakeUnread(among) => {
                let named = self.tables.iter_mut().filter(|(name, _)| among.contains(*name));
                named.for_each(|(_, (_, table))| table.is_not_whole());
            }
            Step::DropIndex(name, span) => {
                if let Some((_, table)) = name.strip_suffix("_pkey").and_then(|table| self.tables.get_mut(table)) {
                    table.indexes().retain(|index| index.kind != IndexKind::Primary);
                }
                self.gone.extend(self.by_name.remove(&name).into_iter().flatten());
                let is_it = |index: &IndexDef| index.name.as_ref().is_some_and(|own| own.is(&name));
                self.by_sql.values_mut().for_each(|made| made.retain(|index| !is_it(index)));
                self.dropped.insert(name, (file, span));
            }
            Step::AddColumn(table, column) => {
                if let Some((_, table)) = self.tables.get_mut(&table).filter(|(_, table)| !table.has_column(&column)) {
                    let span = table.name().parts.last().map(|own| own.span).unwrap_or_default();
                    table.column(&column, "", span);
                }
            }
            Step::Create(name, table) => {
                self.tables.insert(name, (file, table));
            }
            Step::DropTable(table) => {
                self.tables.remove(&table);
                self.by_sql.remove(&table);
                self.gone.extend(self.by_table.remove(&table).into_iter().flatten());
            }
            Step::RenameTable(from, to) => {
                if let Some(table) = self.tables.remove(&from) {
                    self.tables.insert(to.clone(), table);
                }
                if let Some(moved) = self.by_sql.remove(&from) {
                    self.by_sql.entry(to.clone()).or_default().extend(moved);
                }
                let moved = self.by_table.remove(&from).unwrap_or_default();
                for &at in &moved {
                    if let Some(table) = self.table_at(at)
                        && let Some(own) = table.parts.last_mut()
                    {
                        *own = ident(&to, own.span);
                    }
                }
                self.by_table.entry(to).or_default().extend(moved);
            }
            Step::RenameIndex(from, to) => {
                let moved = self.by_name.remove(&from).unwrap_or_default();
                self.dropped.remove(&to);
                self.by_name.entry(to).or_default().extend(moved);
            }
            Step::DropColumn(table, column) => {
                if let Some((_, table)) = self.tables.get_mut(&table) {
                    table.drop_column(&column);
                }
                for at in self.by_table.get(&table).cloned().unwrap_or_default() {
                    if self.columns_at(at).iter().any(|own| same_name(own, &column)) {
                        self.gone.insert(at);
                    }
                }
            }
            Step::RenameColumn(table, from, to) => {
                if let Some((_, table)) = self.tables.get_mut(&table) {
                    table.rename_column(&from, &to);
                }
                for at in self.by_table.get(&table).cloned().unwrap_or_default() {
                    let Some(TableChange::CreateIndex(index)) = self.change_at(at) else { continue };
                    for part in &mut index.parts {
                        if let IndexKey::Column(own) = &mut part.key
                            && own.is(&from)
                        {
                            *own = ident(&to, own.span);
                        }
                    }
                }
            }
        }
    }

    /// Gives a table the name, keys and indexes that it has in the end.
    fn complete(&mut self, name: &str, file: usize, table: &mut NewTable) {
        table.rename(name);
        // A place in another file is none in that of the table.
        let elsewhere = |index: &IndexDef| IndexDef { span: Span::default(), ..index.clone() };
        table.indexes().extend(self.by_sql.remove(name).into_iter().flatten().map(|index| elsewhere(&index)));
        for at in self.by_table.remove(name).unwrap_or_default() {
            if self.gone.contains(&at) {
                continue;
            }
            match self.change_at(at) {
                Some(TableChange::CreateIndex(index)) if at.0 == file => table.indexes().push(index.clone()),
                Some(TableChange::CreateIndex(index)) => table.indexes().push(elsewhere(index)),
                _ => table.is_not_whole(),
            }
        }
    }

    fn change_at(&mut self, (file, number): At) -> Option<&mut TableChange> {
        self.all[file].1.changes.get_mut(number).map(|(change, _)| change)
    }

    fn table_at(&mut self, at: At) -> Option<&mut TableName> {
        match self.change_at(at)? {
            TableChange::CreateIndex(index) => Some(&mut index.table),
            TableChange::Opaque { table, .. } => Some(table),
            _ => None,
        }
    }

    fn columns_at(&mut self, at: At) -> Vec<String> {
        match self.change_at(at) {
            Some(TableChange::CreateIndex(index)) => {
                index.parts.iter().filter_map(|part| part.column()).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }
}
