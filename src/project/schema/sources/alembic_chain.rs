//! The order of Alembic's revisions, and what later ones take away from earlier ones. Each file names the revision before it;
//! what its own name begins with is of no meaning.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::arguments::{called, is_undone, keyword, positional};
use super::{Defined, sqlalchemy};
use crate::facts::*;
use crate::project::{FileId, Project};
use crate::sql::ddl::define::{NewTable, ident};
use crate::sql::ddl::{AlterOperation, IndexKey, TableChange};
use crate::sql::query::{TableName, same_name};

/// One revision: its place in the chain, and what it does, in order.
#[derive(Debug, Default)]
pub(super) struct Revision {
    id: String,
    /// Those before it.
    after: Vec<String>,
    /// Whether it does things to tables that it does not name each time.
    has_batches: bool,
    pub(super) steps: Vec<Step>,
}

/// One thing that a revision does.
#[derive(Debug)]
pub(super) enum Step {
    /// It makes the change of this number, under this name.
    Make(usize, Option<String>),
    /// It makes a table, whose keys and indexes come as further steps.
    Create(String, Box<NewTable>),
    /// Whatever has this name is gone.
    DropIndex(String),
    DropTable(String),
    RenameTable(String, String),
    RenameIndex(String, String),
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
        let has_batches = facts.names.find("batch_alter_table").is_some();
        Some(Revision { id, after, has_batches, steps: Vec::new() })
    }

    /// The table that `op.create_table(…)` makes.
    pub(super) fn create(&mut self, facts: &FileFacts, call: &Call) {
        if let Some(mut table) = sqlalchemy::table(facts, call, 1) {
            table.indexes().clear();
            table.has_more_columns();
            self.steps.push(Step::Create(table.name().name().text.to_lowercase(), Box::new(table)));
        }
    }

    /// What a call takes away or renames. What may not run takes nothing away.
    pub(super) fn take(&mut self, facts: &FileFacts, call: &Call) {
        if call.guard.is_some() || call.in_loop.is_some() || is_undone(facts, call) {
            return;
        }
        let text = |name: &str, at: usize| {
            let value = keyword(facts, call, name).or_else(|| positional(call, at))?;
            name_in(facts, value).map(str::to_lowercase)
        };
        let step = match called(facts, call) {
            "drop_index" => text("index_name", 0).map(Step::DropIndex),
            "drop_constraint" => text("constraint_name", 0).map(Step::DropIndex),
            "drop_table" => text("table_name", 0).map(Step::DropTable),
            "rename_table" => {
                text("old_table_name", 0).zip(text("new_table_name", 1)).map(|(from, to)| Step::RenameTable(from, to))
            }
            "drop_column" => {
                text("table_name", 0).zip(text("column_name", 1)).map(|(table, column)| Step::DropColumn(table, column))
            }
            "alter_column" => {
                let to = keyword(facts, call, "new_column_name").and_then(|to| facts.literal(to));
                let names = text("table_name", 0).zip(text("column_name", 1)).zip(to);
                names.map(|((table, column), to)| Step::RenameColumn(table, column, to.to_owned()))
            }
            "execute" => {
                let run = positional(call, 0).and_then(|value| text_in(facts, value));
                let statements = facts.statements.iter().filter(|sql| run.is_some() && sql.text == run);
                self.steps.extend(statements.flat_map(|sql| &sql.statement.changes).filter_map(of_sql));
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

fn of_sql(change: &TableChange) -> Option<Step> {
    let own = |name: &TableName| name.name().text.to_lowercase();
    Some(match change {
        TableChange::DropIndex { index, .. } => Step::DropIndex(own(index)),
        TableChange::DropTable { table } => Step::DropTable(own(table)),
        TableChange::RenameTable { table, to } => Step::RenameTable(own(table), own(to)),
        TableChange::RenameIndex { index, to } => Step::RenameIndex(own(index), to.text.to_lowercase()),
        TableChange::Alter { table, operation, .. } => match operation {
            AlterOperation::DropConstraint(name) => Step::DropIndex(name.text.to_lowercase()),
            AlterOperation::RenameConstraint { from, to } => {
                Step::RenameIndex(from.text.to_lowercase(), to.text.to_lowercase())
            }
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
/// defines are those that are left in the end.
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
        let mut chain = Chain { all, ..Chain::empty() };
        for file in order {
            let steps = chain.all[file].1.revision.take().map_or_else(Vec::new, |revision| revision.steps);
            steps.into_iter().for_each(|step| chain.apply(file, step));
        }
        let Chain { gone, tables, .. } = chain;
        for file in files {
            let mut at = 0;
            all[file].1.changes.retain(|_| {
                at += 1;
                !gone.contains(&(file, at - 1))
            });
        }
        for (name, (file, mut table)) in tables.into_iter().filter(|(name, _)| !known.contains(name)) {
            if has_batches {
                table.is_not_whole();
            }
            let named = table.name().parts.last().map(|own| own.span).unwrap_or_default();
            table.rename(&name);
            all[file].1.changes.insert(0, (table.done(), named));
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
}

impl<'a> Chain<'a> {
    fn empty() -> Chain<'a> {
        Chain {
            all: &mut [],
            by_name: FxHashMap::default(),
            by_table: FxHashMap::default(),
            tables: BTreeMap::new(),
            gone: FxHashSet::default(),
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
                    self.by_name.entry(name.to_lowercase()).or_default().push(at);
                }
            }
            Step::DropIndex(name) => self.gone.extend(self.by_name.remove(&name).into_iter().flatten()),
            Step::Create(name, table) => {
                self.tables.insert(name, (file, table));
            }
            Step::DropTable(table) => {
                self.tables.remove(&table);
                self.gone.extend(self.by_table.remove(&table).into_iter().flatten());
            }
            Step::RenameTable(from, to) => {
                if let Some(table) = self.tables.remove(&from) {
                    self.tables.insert(to.clone(), table);
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
                self.by_name.entry(to).or_default().extend(moved);
            }
            Step::DropColumn(table, column) => {
                for at in self.by_table.get(&table).cloned().unwrap_or_default() {
                    if self.columns_at(at).iter().any(|own| same_name(own, &column)) {
                        self.gone.insert(at);
                    }
                }
            }
            Step::RenameColumn(table, from, to) => {
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
