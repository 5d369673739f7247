//! Knex migrations: `createTable("users", (table) => { table.string("email").unique(); … })`. Bookshelf's and
//! Objection's are the same.

use rustc_hash::FxHashMap;

use super::Defined;
use super::arguments::{called, is_undone, member, positional, texts};
use crate::facts::*;
use crate::project::{FileId, Types};
use crate::source::Span;
use crate::sql::ddl::define::{NewTable, alter, column, index, table_name, unsure};
use crate::sql::ddl::{AlterOperation, IndexKind, OnDelete, TableChange};
use crate::sql::query::TableName;

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
    for (id, call) in (0..).map(CallId).zip(&facts.calls) {
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
            more.push((TableChange::CreateIndex(index(name, kind, columns.iter().copied(), span)), span));
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
            "dropColumn" | "dropColumns" => {
                let all = call.args.iter().filter_map(|arg| texts(facts, arg.value)).flatten();
                more.extend(all.map(|column_name| {
                    let column = crate::sql::ddl::define::ident(column_name, span);
                    (alter(name, AlterOperation::DropColumn(column), span), span)
                }));
                return;
            }
            "renameColumn" => {
                let to = positional(call, 1).and_then(|value| facts.literal(value));
                if let (Some(from), Some(to)) = (literal, to) {
                    let ident = |text| crate::sql::ddl::define::ident(text, span);
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
            "integer" | "bigInteger" | "tinyint" | "smallint" | "mediumint" | "bigint" | "float" | "double"
            | "decimal" => "number",
            "date" | "datetime" | "dateTime" | "time" | "timestamp" => "timestamp",
            "json" | "jsonb" => "json",
            "uuid" => "uuid",
            "binary" | "specificType" | "point" | "geometry" | "geography" => "",
            // What it does else, it does to no index: comments, engines, foreign keys; what it drops, it may drop.
            _ => return,
        };
        let is_serial = matches!(method, "increments" | "bigIncrements");
        let Some(column_name) = literal.or(is_serial.then_some("id")) else {
            table.is_not_whole();
            return;
        };
        let modifiers = || step.more.iter().map(|&id| called(facts, facts.call(id)));
        if modifiers().any(|modifier| modifier == "alter") {
            return;
        }
        if is_serial && !modifiers().any(|modifier| modifier == "primary") {
            more.push((TableChange::CreateIndex(index(name, IndexKind::Primary, [column_name], span)), span));
        }
        for modifier in modifiers() {
            let kind = match modifier {
                "primary" => IndexKind::Primary,
                "unique" => IndexKind::Unique,
                "index" => IndexKind::Plain,
                _ => continue,
            };
            more.push((TableChange::CreateIndex(index(name, kind, [column_name], span)), span));
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
