//! Tables whose names are handed down to a query: a loop that hands them down runs over tables, not over rows.

use rustc_hash::FxHashSet;

use super::calls::{CallGraph, Edge, Reach, Route, State, Step, flowing_values};
use super::flow::{Dependence, Flow, Source};
use super::inputs::{begins_as_sql, table_holes};
use super::types::Types;
use crate::facts::*;

/// The longest chain of calls that is looked through.
const MAX_STEPS: usize = 64;

/// What leads from a row to its class or its table.
const OF_ROWS: [&str; 6] = ["__class__", "__table__", "__tablename__", "_meta", "constructor", "tableName"];

/// The ways that lead from calls to queries.
#[derive(Clone, Copy)]
pub(super) struct Ways<'t, 'p> {
    pub(super) types: &'t Types<'p>,
    pub(super) graph: &'p CallGraph,
    pub(super) reach: &'p Reach,
}

impl Ways<'_, '_> {
    /// Whether what flows into the query of a route names its table: `def size(table): execute(f"… FROM {table}")`. The
    /// loop that calls it runs over tables then.
    pub(super) fn is_about_tables(&self, from: Route) -> bool {
        let project = self.types.project();
        let mut at = from;
        for _ in 0..64 {
            let State { function, source: Some(source), .. } = at.state else { return false };
            let source @ Source::Param(_) = source.whole() else { return false };
            let facts = self.types.facts(function.file);
            let flow = Flow::new(facts);
            let is_source = |hole: ValueId| {
                let mut sources = FxHashSet::default();
                flow.sources(hole, function.function, &mut sources);
                sources.contains(&source)
            };
            let step = self.reach.witness(at).step;
            let args = match step {
                Step::Site(file, index) => &facts.call(project.sites(file)[index].call).args,
                Step::Call(file, index, _) => self.graph.edges_of(file)[index].place(facts).args,
            };
            if args.iter().flat_map(|arg| table_holes(facts, arg.value)).any(is_source) {
                return true;
            }
            let Step::Call(.., next) = step else { return false };
            at = next;
        }
        false
    }

    /// Whether the table that a query is about is handed down to it, one that `id` gives: `for table, keys in
    /// parts.items(): drop(table, keys)`, `for model in models: clear(model)`.
    pub(super) fn is_given_tables(&self, edge: &Edge, route: Route, id: LoopId) -> bool {
        let project = self.types.project();
        let (mut edges, mut at) = (vec![(edge, None)], route);
        let (file, index) = loop {
            match self.reach.witness(at).step {
                Step::Site(file, index) => break (file, index),
                Step::Call(file, index, next) => {
                    edges.push((&self.graph.edges_of(file)[index], Some(at.state.function)));
                    at = next;
                }
            }
            if edges.len() > 64 {
                return false;
            }
        };
        let site = &project.sites(file)[index];
        let mut tables = tables_of(self.types.facts(file), site.call, &site.path);
        let mut function = Some(at.state.function);
        for (edge, around) in edges.into_iter().rev() {
            let Some(within) = function else { return false };
            let mut sources = FxHashSet::default();
            let flow = Flow::new(self.types.facts(within.file));
            tables.iter().for_each(|&table| flow.sources(table, within.function, &mut sources));
            // What an object is about may be one row.
            sources.retain(|source| *source != Source::This);
            tables = sources.into_iter().flat_map(|source| flowing_values(project, edge, Some(source))).collect();
            let facts = self.types.facts(edge.file);
            tables.retain(|&table| !is_of_a_row(facts, table));
            // A statement may be put together on the way.
            let statements = edge.place(facts).args.iter().filter(|arg| begins_as_sql(facts, arg.value));
            tables.extend(statements.flat_map(|arg| table_holes(facts, arg.value)));
            function = around;
        }
        Flow::new(self.types.facts(edge.file)).strongest(&tables, id) == Dependence::PerRow
    }
}

/// Whether a value is the class of a row, or its table: rows of one loop mostly have the same.
fn is_of_a_row(facts: &FileFacts, value: ValueId) -> bool {
    let mut at = value;
    for _ in 0..MAX_STEPS {
        at = match *facts.value(at) {
            Value::Member(_, name) if OF_ROWS.contains(&&facts.names[name]) => return true,
            Value::Member(object, _) => object,
            // `MODELS[row.kind]`
            Value::Item(_, key) if matches!(facts.value(key), Value::Member(..)) => return true,
            Value::Call(call) if facts.own_name(facts.call(call).callee) == Some("type") => return true,
            Value::Call(call) => facts.call(call).callee,
            _ => return false,
        };
    }
    false
}

/// What the call that ends a query names its table by, where it was told that: `f"DELETE FROM {table}"`,
/// `model.objects.…`, `knex(table).…`, `getRepository(entity).…`.
fn tables_of(facts: &FileFacts, call: CallId, library: &str) -> Vec<ValueId> {
    let args = &facts.call(call).args;
    let holes = args.iter().flat_map(|arg| table_holes(facts, arg.value));
    let mut found: Vec<ValueId> = holes.filter(|&hole| !is_of_a_row(facts, hole)).collect();
    let is_told = |value: &ValueId| matches!(facts.value(*value), Value::Param(..));
    let mut at = Some(call);
    for _ in 0..MAX_STEPS {
        let Some(call) = at.take().map(|id| facts.call(id)) else { break };
        let last = call.args.last().filter(|arg| arg.name.is_none()).map(|arg| arg.value).filter(is_told);
        let Value::Member(object, name) = *facts.value(call.callee) else {
            // `knex(table)`
            found.extend(last.filter(|_| library.starts_with("knex")));
            break;
        };
        let takes_table = match &facts.names[name] {
            "deleteFrom" | "from" | "getRepository" | "insertInto" | "into" | "selectFrom" | "updateTable" => true,
            "delete" | "insert" | "update" => library.starts_with("drizzle"),
            "query" => library.starts_with("sqlalchemy"),
            _ => false,
        };
        found.extend(last.filter(|_| takes_table));
        let mut value = object;
        loop {
            value = match *facts.value(value) {
                Value::Call(before) => {
                    at = Some(before);
                    break;
                }
                Value::Member(object, name) => {
                    let is_manager = matches!(&facts.names[name], "_base_manager" | "_default_manager" | "objects");
                    found.extend(Some(object).filter(|object| is_manager && is_told(object)));
                    object
                }
                _ => break,
            };
        }
    }
    found
}
