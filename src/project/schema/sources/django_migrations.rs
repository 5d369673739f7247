//! What Django's migrations do behind the models' back: `SeparateDatabaseAndState(database_operations=[…])`.
//!
//! Every other operation changes the models' state too, so the models say what comes of it. What is done to the
//! database alone, and not to the state by the same step, only such a migration tells.

use super::Defined;
use super::arguments::{called, keyword, positional, texts};
use super::django::{Names, declared_kind, index_of_field, is_model};
use crate::facts::*;
use crate::project::{ClassRef, FileId, Types};
use crate::source::{Purpose, Span};
use crate::sql::ddl::define::{ident, index, unsure};
use crate::sql::ddl::{AlterOperation, IndexKind, TableChange};
use crate::sql::query::TableName;

/// What the migrations of a file do to the database alone.
pub(super) fn read(types: &Types<'_>, file: FileId) -> Defined {
    let of = types.project().file(file);
    let facts: &FileFacts = &of.facts;
    let mut defined = Defined::default();
    if of.purpose != Purpose::Migration || facts.names.find("SeparateDatabaseAndState").is_none() {
        return defined;
    }
    for call in facts.calls.iter().filter(|call| called(facts, call) == "SeparateDatabaseAndState") {
        let said = operations(facts, call, "state_operations", 1);
        for operation in operations(facts, call, "database_operations", 0) {
            let is_said = |other: &&Call| subject(facts, other) == subject(facts, operation);
            if !said.iter().any(is_said)
                && let Some(model) = model_of(types, file, facts, operation)
            {
                let names = Names::of(types, model);
                let changes = Step { facts, operation, table: names.table(), names }.changes();
                defined.changes.extend(changes.into_iter().map(|change| (change, operation.name_span)));
            }
        }
    }
    defined
}

/// The operations in one of the two lists.
fn operations<'f>(facts: &'f FileFacts, call: &Call, name: &str, at: usize) -> Vec<&'f Call> {
    let list = keyword(facts, call, name).or_else(|| positional(call, at));
    let Some(Value::Sequence(items)) = list.map(|list| facts.value(list)) else { return Vec::new() };
    let call_of = |&item: &ValueId| match facts.value(item) {
        Value::Call(id) => Some(facts.call(*id)),
        _ => None,
    };
    items.iter().filter_map(call_of).collect()
}

/// What an operation is about: two with the same subject are one step, done to the database and to the state.
#[derive(PartialEq, Eq)]
struct Subject<'f> {
    what: &'f str,
    model: Option<String>,
    name: Option<&'f str>,
}

fn subject<'f>(facts: &'f FileFacts, operation: &'f Call) -> Subject<'f> {
    let own_name = keyword(facts, operation, "name").and_then(|name| facts.literal(name));
    let of_index = || {
        let made = made_index(facts, operation)?;
        facts.literal(keyword(facts, made, "name")?)
    };
    let what = called(facts, operation);
    Subject {
        // `AddIndexConcurrently` does to the database what `AddIndex` says.
        what: what.strip_suffix("Concurrently").unwrap_or(what),
        model: model_name(facts, operation),
        name: of_index().or(own_name),
    }
}

/// `models.Index(…)` of `AddIndex(index=…)`, `models.UniqueConstraint(…)` of `AddConstraint(constraint=…)`
fn made_index<'f>(facts: &'f FileFacts, operation: &Call) -> Option<&'f Call> {
    let given = keyword(facts, operation, "index").or_else(|| keyword(facts, operation, "constraint"));
    match facts.value(given.or_else(|| positional(operation, 1))?) {
        Value::Call(id) => Some(facts.call(*id)),
        _ => None,
    }
}

/// The model that an operation names, in lower case.
fn model_name(facts: &FileFacts, operation: &Call) -> Option<String> {
    let is_together = called(facts, operation).ends_with("Together");
    let named = if is_together { "name" } else { "model_name" };
    let name = keyword(facts, operation, named).or_else(|| positional(operation, 0))?;
    facts.literal(name).map(str::to_lowercase)
}

/// The model of the application whose migration this is.
fn model_of(types: &Types<'_>, file: FileId, facts: &FileFacts, operation: &Call) -> Option<ClassRef> {
    let wanted = model_name(facts, operation)?;
    let project = types.project();
    let path = &project.file(file).source.path;
    let app = &path[..path.rfind("migrations/")?];
    let is_own = |class: &&ClassRef| project.path(class.file).starts_with(app);
    let is_of_app =
        |&class: &ClassRef| project.file(class.file).purpose != Purpose::Migration && is_model(types, class);
    project.classes_named(&wanted).iter().filter(is_own).copied().find(is_of_app)
}

/// One operation on one table.
struct Step<'s, 't, 'p> {
    facts: &'s FileFacts,
    operation: &'s Call,
    table: TableName,
    names: Names<'t, 'p>,
}

impl Step<'_, '_, '_> {
    fn changes(&self) -> Vec<TableChange> {
        let (facts, operation) = (self.facts, self.operation);
        let own_name = || keyword(facts, operation, "name").or_else(|| positional(operation, 1));
        let own_name = || own_name().and_then(|name| facts.literal(name));
        match called(facts, operation) {
            "AddIndex" | "AddIndexConcurrently" | "AddConstraint" => match made_index(facts, operation) {
                Some(made) => match declared_kind(facts, made) {
                    Some(kind) => {
                        let name = keyword(facts, made, "name").and_then(|name| facts.literal(name));
                        vec![self.over(keyword(facts, made, "fields"), kind, name)]
                    }
                    None => Vec::new(),
                },
                None => vec![self.unsure()],
            },
            "RemoveIndex" | "RemoveIndexConcurrently" => match own_name() {
                Some(name) => vec![TableChange::DropIndex {
                    index: TableName { parts: Box::new([ident(name, self.place())]) },
                    table: Some(self.table.clone()),
                }],
                None => Vec::new(),
            },
            "RemoveConstraint" => match own_name() {
                Some(name) => {
                    let operation = AlterOperation::DropConstraint(ident(name, self.place()));
                    vec![TableChange::Alter { table: self.table.clone(), operation, span: self.place() }]
                }
                None => Vec::new(),
            },
            "AlterField" | "AddField" => {
                let made = keyword(facts, operation, "field").or_else(|| positional(operation, 2));
                let Some(Value::Call(made)) = made.map(|made| facts.value(made)) else { return vec![self.unsure()] };
                let Some(kind) = index_of_field(facts, facts.call(*made)) else { return Vec::new() };
                match own_name().and_then(|field| self.names.column(field)) {
                    Some(column) => vec![self.index(kind, &[column])],
                    None => vec![self.unsure()],
                }
            }
            name @ ("AlterUniqueTogether" | "AlterIndexTogether") => {
                let (option, kind) = if name == "AlterUniqueTogether" {
                    ("unique_together", IndexKind::Unique)
                } else {
                    ("index_together", IndexKind::Plain)
                };
                let groups = keyword(facts, operation, option).or_else(|| positional(operation, 1));
                match groups.map(|groups| facts.value(groups)) {
                    Some(Value::Sequence(groups)) => {
                        groups.iter().map(|&group| self.over(Some(group), kind, None)).collect()
                    }
                    Some(Value::Null) => Vec::new(),
                    _ => vec![self.unsure()],
                }
            }
            _ => Vec::new(),
        }
    }

    fn place(&self) -> Span {
        self.operation.name_span
    }

    fn unsure(&self) -> TableChange {
        unsure(&self.table, self.place())
    }

    /// An index over a list of fields.
    fn over(&self, fields: Option<ValueId>, kind: IndexKind, name: Option<&str>) -> TableChange {
        let fields = fields.and_then(|fields| texts(self.facts, fields));
        let columns: Option<Vec<String>> =
            fields.and_then(|fields| fields.into_iter().map(|field| self.names.column(field)).collect());
        let Some(columns) = columns.filter(|columns| !columns.is_empty()) else { return self.unsure() };
        let mut change = self.index(kind, &columns);
        if let TableChange::CreateIndex(made) = &mut change {
            made.name = name.map(|name| ident(name, self.place()));
        }
        change
    }

    fn index(&self, kind: IndexKind, columns: &[String]) -> TableChange {
        TableChange::CreateIndex(index(&self.table, kind, columns.iter().map(String::as_str), self.place()))
    }
}
