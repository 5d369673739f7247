//! What a migration does, in order: in SQL, and in the words of Alembic, Django and Knex.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::flow::Flow;
use super::schema::{self, TableKind};
use super::{FileId, Project};
use crate::facts::*;
use crate::source::{Language, Purpose, Span};
use crate::sql::ddl::define::{index, table_name};
use crate::sql::ddl::{AlterOperation, IndexKind, TableChange};
use crate::sql::query::TableName;
use crate::sql::{Dialect, Verb};

/// What one file does to a database that has rows.
#[derive(Debug)]
pub struct Migration<'p> {
    /// What it does to tables, in order.
    pub steps: Vec<Step<'p>>,
    /// Its statements, in order, by their place among the file's: those that take nothing back.
    pub statements: Vec<usize>,
    /// The tables that it creates itself, in lower case: they are empty, and nobody knows them yet.
    created: FxHashSet<String>,
    /// The models that it creates, in lower case: Django's tables are called after application and model.
    models: Vec<String>,
    project: &'p Project,
}

/// One change.
#[derive(Clone, Debug)]
pub struct Step<'p> {
    /// What is done.
    pub change: Cow<'p, TableChange>,
    /// Where, in the file.
    pub span: Span,
    /// The statement that does it, or the call, in the file.
    pub whole: Span,
    /// As it is written.
    pub text: &'p str,
    /// For which database.
    pub dialect: Dialect,
    /// Whether a library's function does it, and no SQL of the file.
    pub is_call: bool,
    /// The statement that began the transaction in which it is done, in the file.
    pub transaction: Option<Span>,
}

impl Project {
    /// What a file does as a migration, if it is one.
    pub fn migration(&self, file: FileId) -> Option<Migration<'_>> {
        let own = self.file(file);
        let is_sql = own.source.language == Language::Sql;
        // `1.0--1.1.sql` is part of an extension of PostgreSQL: its tables are its own business.
        let is_of_extension = own.source.path.rsplit('/').next().is_some_and(|name| name.contains("--"));
        if own.purpose != Purpose::Migration
            || own.source.language == Language::Prisma
            || is_of_extension
            || schema::undoes(&own.source.path)
        {
            return None;
        }
        let mut migration = Migration {
            steps: Vec::new(),
            statements: Vec::new(),
            created: FxHashSet::default(),
            models: Vec::new(),
            project: self,
        };
        let reverse = if is_sql { FxHashSet::default() } else { reverse_texts(&own.facts) };
        let mut transaction = None;
        for (index, sql) in own.facts.statements.iter().enumerate() {
            let host = |span: Span| match sql.text {
                Some(text) => own.facts.texts[text.index()].host_span(span.start, span.end),
                None => span,
            };
            let is_undone = sql.text.is_some_and(|text| reverse.contains(&text))
                || !is_sql && is_taken_back(&own.facts, host(sql.statement.head));
            if is_undone || !self.is_executed(file, index) {
                continue;
            }
            let text = sql.text.map_or(&*own.source.text, |text| &*own.facts.texts[text.index()].cooked);
            if sql.statement.verb == Verb::Transaction && is_sql {
                let word = text.get(sql.statement.head.range()).unwrap_or("").to_ascii_uppercase();
                match &*word {
                    "BEGIN" | "START" => transaction = Some(sql.statement.head),
                    "COMMIT" | "END" | "ROLLBACK" => transaction = None,
                    _ => {}
                }
            }
            migration.statements.push(index);
            for change in &sql.statement.changes {
                let span = place_of(change).unwrap_or(sql.statement.span);
                migration.steps.push(Step {
                    change: Cow::Borrowed(change),
                    span: host(span),
                    whole: host(sql.span),
                    text: text.get(span.range()).unwrap_or(""),
                    dialect: self.dialect_of(file, index),
                    is_call: false,
                    transaction,
                });
            }
        }
        let mut written: Vec<(Cow<'_, TableChange>, Span)> =
            self.schema().migration(file).iter().map(|(change, span)| (Cow::Borrowed(change), *span)).collect();
        if !is_sql {
            written.extend(django_indexes(&own.facts));
        }
        for (change, span) in written {
            let (text, dialect) = (own.source.text.get(span.range()).unwrap_or(""), self.dialect);
            migration.steps.push(Step { change, span, whole: span, text, dialect, is_call: true, transaction: None });
        }
        migration.note_created(&own.facts);
        Some(migration)
    }
}

impl Migration<'_> {
    /// Whether the migration creates this table itself, or it is not known which one it is.
    pub fn is_new(&self, table: &TableName) -> bool {
        let name = table.name().text.to_lowercase();
        let is_of =
            |model: &String| name.strip_suffix(model.as_str()).is_some_and(|app| app.is_empty() || app.ends_with('_'));
        table.name().dynamic || self.created.contains(&name) || self.models.iter().any(is_of)
    }

    /// Whether all that is known of a table says that nobody waits for it: the migration creates it, it is small, it is
    /// no table of rows, it is only the head of its partitions, or another database has it.
    pub fn is_spared(&self, table: &TableName, dialect: Dialect) -> bool {
        let definitions = self.project.schema().definitions(table);
        let is_elsewhere = |own: Dialect| own != dialect && own != Dialect::Generic;
        self.is_new(table)
            || self.project.schema().stays_small(table)
            || definitions
                .iter()
                .any(|table| table.kind != TableKind::Table || table.partitioned || is_elsewhere(table.dialect))
    }

    fn note_created(&mut self, facts: &FileFacts) {
        let name = |table: &TableName| table.name().text.to_lowercase();
        for step in &self.steps {
            match &*step.change {
                TableChange::CreateTable(made) => {
                    self.created.insert(name(&made.table));
                }
                TableChange::CreateView { view, .. } => {
                    self.created.insert(name(view));
                }
                // `new_users` takes the place of `users`.
                TableChange::RenameTable { table, to } if self.created.contains(&name(table)) => {
                    self.created.insert(name(to));
                }
                TableChange::DropTable { table } => {
                    self.created.insert(name(table));
                }
                _ => {}
            }
        }
        let flow = Flow::new(facts);
        for call in &facts.calls {
            let Some(called) = flow.called_name(call) else { continue };
            if !matches!(called, "create_table" | "createTable" | "createTableIfNotExists" | "CreateModel" | "Table") {
                continue;
            }
            // `CreateModel(name="User", …)`, `create_table("users", …)`, `createTable(new Table({ name: "users" }))`
            let named = call.args.iter().filter(|arg| arg.name.is_none_or(|name| &facts.names[name] == "name"));
            for arg in named.take(1) {
                let value = match facts.value(arg.value) {
                    Value::Mapping(entries) => {
                        entries.iter().find(|(key, _)| facts.literal(*key) == Some("name")).map(|&(_, value)| value)
                    }
                    _ => Some(arg.value),
                };
                let named = value.and_then(|value| facts.literal(value)).map(str::to_lowercase);
                if called == "CreateModel" {
                    self.models.extend(named);
                } else {
                    self.created.extend(named);
                }
            }
        }
    }
}

/// Where a change stands in the text of its statement, if that is known better than by the statement.
fn place_of(change: &TableChange) -> Option<Span> {
    match change {
        TableChange::CreateTable(made) => Some(made.head),
        TableChange::CreateIndex(index) => Some(index.span),
        TableChange::Alter { span, .. } | TableChange::Opaque { span, .. } => Some(*span),
        _ => None,
    }
    .filter(|span| !span.is_empty())
}

/// Whether a place stands in a function that takes a migration back.
fn is_taken_back(facts: &FileFacts, place: Span) -> bool {
    let around = facts.functions.iter().skip(1).filter(|function| function.span.contains(place));
    around.map(|function| &facts.names[function.name]).any(|name| {
        matches!(name, "down" | "downgrade" | "downgrades") || name.starts_with("reverse") || name.starts_with("revert")
    })
}

/// What `RunSQL(forwards, backwards)` and `reverse_sql=` hold.
fn reverse_texts(facts: &FileFacts) -> FxHashSet<TextId> {
    let mut texts = FxHashSet::default();
    let flow = Flow::new(facts);
    for call in &facts.calls {
        let is_run = flow.called_name(call).is_some_and(|name| name.ends_with("RunSQL"));
        for (at, arg) in call.args.iter().enumerate() {
            let is_reverse = match arg.name {
                Some(name) => &facts.names[name] == "reverse_sql",
                None => is_run && at == 1,
            };
            if is_reverse {
                collect_texts(facts, arg.value, &mut texts, 0);
            }
        }
    }
    texts
}

fn collect_texts(facts: &FileFacts, value: ValueId, into: &mut FxHashSet<TextId>, depth: u8) {
    match facts.value(value) {
        Value::Text(text) => {
            into.insert(*text);
        }
        Value::Sequence(parts) if depth < 4 => {
            parts.iter().for_each(|&part| collect_texts(facts, part, into, depth + 1));
        }
        _ => {}
    }
}

/// `migrations.AddIndex(model_name="user", index=…)`: the table goes by the model's name.
fn django_indexes(facts: &FileFacts) -> Vec<(Cow<'static, TableChange>, Span)> {
    let flow = Flow::new(facts);
    let calls = facts.calls.iter().filter(|call| {
        matches!(flow.called_name(call), Some("AddIndex" | "AddIndexConcurrently"))
            && call.args.iter().any(|arg| arg.name.is_some_and(|name| &facts.names[name] == "index"))
    });
    let made = calls.filter_map(|call| {
        let model = call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == "model_name"))?;
        let table = table_name(facts.literal(model.value)?, call.name_span);
        let mut index = index(&table, IndexKind::Plain, [], call.name_span);
        index.concurrently = flow.called_name(call) == Some("AddIndexConcurrently");
        Some((Cow::Owned(TableChange::CreateIndex(index)), call.name_span))
    });
    made.collect()
}

impl Step<'_> {
    /// Whether it is written with this word, in lower case, in front.
    pub fn text_begins_with(&self, word: &str) -> bool {
        self.text.get(..word.len()).is_some_and(|first| first.eq_ignore_ascii_case(word))
    }

    /// The table and what is done to it, if the change is an `ALTER TABLE`.
    pub fn operation(&self) -> Option<(&TableName, &AlterOperation)> {
        match &*self.change {
            TableChange::Alter { table, operation, .. } => Some((table, operation)),
            _ => None,
        }
    }
}
