//! Knex migrations: `createTable("users", (table) => { table.string("email").unique(); … })`. Bookshelf's and
//! Objection's are the same.

use rustc_hash::FxHashMap;

use super::Defined;
use super::arguments::{called, is_undone, member, positional, texts};
use crate::facts::*;
use crate::project::{FileId, Types};
use crate::source::Span;
use crate::sql::ddl::define::{NewTable, alter, column, ident, index, table_name, unsure};
use crate::sql::ddl::{AlterOperation, IndexDef, IndexKind, OnDelete, TableChange};
use crate::sql::query::{Ident, TableName};

/// What the migrations of a file do.
pub(super) fn read(types: &Types<'_>, file: FileId) -> Defined {
    let facts: &FileFacts = &types.project().file(file).facts;
    let mut defined = Defined::default();
    let mut tables: Vec<Builder<'_>> = Vec::new();
    let mut by_function: FxHashMap<FunctionId, usize> = FxHashMap::default();
    for (id, function) in (0..).map(FunctionId).zip(&facts.functions) {
        let Some((outer, _)) = function.passed_to else { continue };
        let call = facts.call(outer);
        let is_new = match called(facts, call) {
            "createTable" | "createTableIfNotExists" => true,
            "alterTable" | "table" => false,
            _ => continue,
        };
        let Some(name) = positional(call, 0).and_then(|value| facts.literal(value)) else { continue };
        if is_undone(facts, call) || function.params.is_empty() {
            continue;
        }
        by_function.insert(id, tables.len());
        tables.push(Builder { call: outer, name, is_new, is_whole: true, steps: Vec::new() });
    }
    if tables.is_empty() {
        return defined;
    }
    for (id, call) in facts.numbered() {
        if let Some((builder, root)) = root(facts, id, &by_function) {
            let builder = &mut tables[builder];
            match builder.steps.iter_mut().find(|step| step.root == root) {
                Some(step) => step.more.push(id),
                None => builder.steps.push(Step { root, more: Vec::new() }),
            }
            defined.read.insert(id);
        }
        // A helper adds columns.
        for arg in &call.args {
            if let Value::Param(function, 0) = facts.value(arg.value)
                && let Some(&builder) = by_function.get(function)
            {
                tables[builder].is_whole = false;
            }
        }
    }
    tables.sort_by_key(|builder| facts.call(builder.call).span.start);
    for builder in &tables {
        builder.changes(facts, &mut defined.changes);
    }
    defined
}

/// One table that is made or changed.
struct Builder<'f> {
    call: CallId,
    name: &'f str,
    is_new: bool,
    /// Whether all that is done to it is in sight.
    is_whole: bool,
    steps: Vec<Step>,
}

/// `table.string("email").unique()`: the call on the builder, and those on its result.
struct Step {
    root: CallId,
    more: Vec<CallId>,
}

/// The builder that a chain of calls starts at, and the chain's first call.
fn root(facts: &FileFacts, call: CallId, builders: &FxHashMap<FunctionId, usize>) -> Option<(usize, CallId)> {
    let mut at = call;
    for _ in 0..16 {
        let Value::Member(object, _) = facts.value(facts.call(at).callee) else { return None };
        match facts.value(*object) {
            Value::Call(inner) => at = *inner,
            Value::Param(function, 0) => return builders.get(function).map(|&builder| (builder, at)),
            _ => return None,
        }
    }
    None
}

impl Builder<'_> {
    fn changes(&self, facts: &FileFacts, into: &mut Vec<(TableChange, Span)>) {
        let head = facts.call(self.call).name_span;
        let name = table_name(self.name, head);
        let mut table = NewTable::new(self.name, head);
        let mut more: Vec<(TableChange, Span)> = Vec::new();
        for step in &self.steps {
            self.step(facts, step, &name, &mut table, &mut more);
        }
        if self.is_new {
            if !self.is_whole {
                table.is_not_whole();
            }
            into.push((table.done(), head));
        } else if !self.is_whole {
            more.push((unsure(&name, head), head));
        }
        into.append(&mut more);
    }

    fn step(
        &self,
        facts: &FileFacts,
        step: &Step,
        name: &TableName,
        table: &mut NewTable,
        more: &mut Vec<(TableChange, Span)>,
    ) {
        let call = facts.call(step.root);
        let method = called(facts, call);
        let span = call.name_span;
        let first = positional(call, 0);
        let literal = first.and_then(|value| facts.literal(value));
        let mut add_index = |kind: IndexKind, columns: &[&str]| {
            let made = IndexDef {
                name: self.index_name(facts, call, 1, kind, columns),
                ..index(name, kind, columns.iter().copied(), span)
            };
            more.push((TableChange::CreateIndex(made), span));
        };
        let listed = first.and_then(|value| texts(facts, value));
        let type_name = match method {
            "index" | "unique" | "primary" => {
                let is_partial = call.args.iter().skip(1).any(|arg| {
                    ["predicate", "indexType", "type"].iter().any(|key| member(facts, arg.value, key).is_some())
                });
                let kind = match method {
                    _ if is_partial => IndexKind::Other,
                    "primary" => IndexKind::Primary,
                    "unique" => IndexKind::Unique,
                    _ => IndexKind::Plain,
                };
                match listed {
                    Some(columns) => add_index(kind, &columns),
                    None => more.push((unsure(name, span), span)),
                }
                return;
            }
            // What may not run drops nothing.
            "dropIndex" | "dropUnique" | "dropPrimary"
                if call.guard.is_some() || facts.call(self.call).guard.is_some() =>
            {
                return;
            }
            "dropIndex" | "dropUnique" => {
                let kind = if method == "dropIndex" { IndexKind::Plain } else { IndexKind::Unique };
                if let Some(gone) = self.index_name(facts, call, 1, kind, &listed.unwrap_or_default()) {
                    let index = TableName { parts: Box::new([gone]) };
                    more.push((TableChange::DropIndex { index, table: Some(name.clone()) }, span));
                }
                return;
            }
            "dropPrimary" => {
                more.push((alter(name, AlterOperation::DropPrimaryKey, span), span));
                return;
            }
            "dropColumn" | "dropColumns" => {
                let all = call.args.iter().filter_map(|arg| texts(facts, arg.value)).flatten();
                more.extend(all.map(|column_name| {
                    let column = ident(column_name, span);
                    (alter(name, AlterOperation::DropColumn(column), span), span)
                }));
                return;
            }
            "renameColumn" => {
                let to = positional(call, 1).and_then(|value| facts.literal(value));
                if let (Some(from), Some(to)) = (literal, to) {
                    let ident = |text| ident(text, span);
                    let operation = AlterOperation::RenameColumn { from: ident(from), to: ident(to) };
                    more.push((alter(name, operation, span), span));
                }
                return;
            }
            "timestamps" => {
                for column_name in ["created_at", "updated_at"] {
                    self.add_column(column_name, "timestamp", span, name, table, more);
                }
                return;
            }
            "increments" | "bigIncrements" => "bigint",
            "boolean" => "boolean",
            "enu" | "enum" => "enum(…)",
            "string" | "text" | "varchar" | "char" => "text",
            "integer" | "bigInteger" | "tinyint" | "smallint" | "mediumint" | "bigint" | "decimal" => "number",
            "double" | "float" => "double precision",
            "date" | "datetime" | "dateTime" | "time" | "timestamp" => "timestamp",
            "json" | "jsonb" => "json",
            "uuid" => "uuid",
            "binary" | "specificType" | "point" | "geometry" | "geography" => "",
            // What it does else, it does to no index: comments, engines, foreign keys.
            _ => return,
        };
        let is_serial = matches!(method, "increments" | "bigIncrements");
        let Some(column_name) = literal.or(is_serial.then_some("id")) else {
            table.is_not_whole();
            return;
        };
        let modifiers = || step.more.iter().map(|&id| called(facts, facts.call(id)));
        let is_altered = modifiers().any(|modifier| modifier == "alter");
        let is_no_key = || {
            let asked = positional(call, 1).and_then(|options| member(facts, options, "primaryKey"));
            asked.is_some_and(|asked| *facts.value(asked) == Value::Bool(false))
        };
        if is_serial && !is_altered && !is_no_key() && !modifiers().any(|modifier| modifier == "primary") {
            more.push((TableChange::CreateIndex(index(name, IndexKind::Primary, [column_name], span)), span));
        }
        for modifier in step.more.iter().map(|&id| facts.call(id)) {
            let kind = match called(facts, modifier) {
                "primary" => IndexKind::Primary,
                "unique" => IndexKind::Unique,
                "index" => IndexKind::Plain,
                _ => continue,
            };
            let own_name = self.index_name(facts, modifier, 0, kind, &[column_name]);
            let made = IndexDef { name: own_name, ..index(name, kind, [column_name], span) };
            more.push((TableChange::CreateIndex(made), span));
        }
        if is_altered {
            return;
        }
        if modifiers().any(|modifier| modifier == "references") && self.is_new {
            let of = step.more.iter().map(|&id| facts.call(id)).find(|call| called(facts, call) == "inTable");
            let target = of.and_then(|call| positional(call, 0)).and_then(|value| facts.literal(value));
            let of = step.more.iter().map(|&id| facts.call(id)).find(|call| called(facts, call) == "onDelete");
            let action = of.and_then(|call| positional(call, 0)).and_then(|value| facts.literal(value));
            table.foreign_key(column_name, target.unwrap_or(""), &[], span).on_delete =
                OnDelete::of_word(action.unwrap_or(""));
        }
        self.add_column(column_name, type_name, span, name, table, more);
    }

    /// The name that this argument of a call gives an index, else the one that Knex makes of the table's and the columns'.
    fn index_name(
        &self,
        facts: &FileFacts,
        call: &Call,
        at: usize,
        kind: IndexKind,
        columns: &[&str],
    ) -> Option<Ident> {
        let given = positional(call, at).and_then(|given| {
            facts.literal(given).or_else(|| member(facts, given, "indexName").and_then(|name| facts.literal(name)))
        });
        let word = match kind {
            IndexKind::Plain => "index",
            IndexKind::Unique => "unique",
            _ => return None,
        };
        let made = || format!("{}_{}_{word}", self.name, columns.join("_")).to_lowercase();
        let name = given.map(str::to_owned).or_else(|| (!columns.is_empty()).then(made))?;
        Some(ident(&name, call.name_span))
    }

    fn add_column(
        &self,
        column_name: &str,
        type_name: &str,
        span: Span,
        name: &TableName,
        table: &mut NewTable,
        more: &mut Vec<(TableChange, Span)>,
    ) {
        if self.is_new {
            table.column(column_name, type_name, span);
        } else {
            let column = column(column_name, type_name, span);
            let operation = AlterOperation::AddColumn { column, if_not_exists: true };
            more.insert(0, (alter(name, operation, span), span));
        }
    }
}
