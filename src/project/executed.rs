//! Which SQL texts are run: given to a call that reaches a database, to a wrapper of one, or to something
//! that by its name takes SQL. A text that nothing runs is never a finding.

use rustc_hash::{FxHashMap, FxHashSet};

use super::calls::CallGraph;
use super::flow::Flow;
use super::reads::PerFile;
use super::since::Since;
use super::sites::{SiteEffect, argument, sql_behind};
use super::types::{Ty, Types};
use super::verbs::by_verb;
use super::{FileId, FunctionRef, Project};
use crate::apis::{Effect, RunsOn};
use crate::facts::*;
use crate::sql::Verb;

/// A function of the project that runs the SQL it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrapper {
    /// The function.
    pub function: FunctionRef,
    /// Which of its parameters is SQL, from 0; `self` does not count.
    pub sql: u16,
    /// What the call does that the SQL ends up in.
    pub effect: Effect,
}

/// The parameters that become SQL.
type Wrappers = FxHashMap<(FunctionRef, u16), Effect>;

/// One of them.
type Taken = ((FunctionRef, u16), Effect);

/// Statements by file and index.
pub(super) type Executed = FxHashSet<(FileId, usize)>;

/// What was found in each file before it was brought together.
#[derive(Debug, Default)]
pub(super) struct Parts {
    taken: PerFile<Vec<Taken>>,
    takes_sql: Wrappers,
    /// The statements that a file hands to what takes SQL.
    given: PerFile<Vec<(FileId, usize)>>,
}

/// All statements of the project that are run, and the wrappers that run them, in order of place.
pub(super) fn find(project: &Project, graph: &CallGraph, since: &Since<'_>) -> (Executed, Vec<Wrapper>, Parts) {
    let mut executed: Executed =
        project.ids().flat_map(|file| project.sites(file).iter().flat_map(|site| site.sql.iter().copied())).collect();
    for file in project.ids() {
        let facts = &project.file(file).facts;
        executed
            .extend(facts.statements.iter().enumerate().filter(|(_, sql)| sql.text.is_none()).map(|(i, _)| (file, i)));
    }
    let before = since.before().map(|before| &before.parts.executed.taken);
    let taken = since.find(project, before, taken_as_sql);
    let takes_sql = sql_params(project, graph, &taken);
    let before = since.before().map(|before| &before.parts.executed).filter(|before| before.takes_sql == takes_sql);
    let given =
        since.find(project, before.map(|before| &before.given), |types, file| given(types, graph, file, &takes_sql));
    executed.extend(given.found.iter().flat_map(|given| given.iter().copied()));
    let parts = if project.tracks { Parts { taken, takes_sql: takes_sql.clone(), given } } else { Parts::default() };
    let wrappers = takes_sql.into_iter().map(|((function, sql), effect)| Wrapper { function, sql, effect });
    let is_named = |wrapper: &Wrapper| {
        let facts = &project.file(wrapper.function.file).facts;
        !facts.names[facts.function(wrapper.function.function).name].is_empty()
    };
    let mut wrappers: Vec<Wrapper> = wrappers.filter(is_named).collect();
    wrappers.sort_by_key(|wrapper| (wrapper.function.file, wrapper.function.function, wrapper.sql));
    (executed, wrappers, parts)
}

/// The parameters of functions of a file that it hands to a query as its SQL.
fn taken_as_sql(types: &Types<'_>, file: FileId) -> Vec<Taken> {
    let facts = &types.project().file(file).facts;
    let mut found = Vec::new();
    for (id, call) in facts.numbered() {
        // Only what may be a parameter, or may hold one, is asked about.
        let may_be = |arg: &Arg| {
            let value = facts.value(arg.value);
            matches!(
                value,
                Value::Param(..) | Value::Carried(..) | Value::Either(..) | Value::Call(_) | Value::Mapping(_)
            )
        };
        if !call.args.iter().any(may_be) {
            continue;
        }
        let Some(api) = types.api_call(file, id) else { continue };
        if let Some(arg) = &api.sql
            && let Some(value) = argument(facts, id, arg)
            && let Some((function, param)) = as_param(facts, value)
        {
            found.push(((FunctionRef { file, function }, param), api.effect));
        }
    }
    found
}

/// Parameters that become the SQL of a query: the wrappers that the code itself declares.
fn sql_params(project: &Project, graph: &CallGraph, taken: &PerFile<Vec<Taken>>) -> Wrappers {
    let mut all: Wrappers = taken.found.iter().flat_map(|found| found.iter().copied()).collect();
    let mut takers: FxHashSet<FunctionRef> = all.keys().map(|&(function, _)| function).collect();
    for _ in 0..4 {
        let before = all.len();
        for edge in graph.all_edges().filter(|edge| edge.given.is_none()) {
            if !takers.contains(&edge.callee) {
                continue;
            }
            let facts = &project.file(edge.file).facts;
            for (at, arg) in edge.place(facts).args.iter().enumerate() {
                let at = u16::try_from(at).unwrap_or(u16::MAX);
                if let Some(&effect) = all.get(&(edge.callee, at))
                    && let Some((function, param)) = as_param(facts, arg.value)
                {
                    let function = FunctionRef { file: edge.file, function };
                    takers.insert(function);
                    all.entry((function, param)).or_insert(effect);
                }
            }
        }
        if all.len() == before {
            break;
        }
    }
    all
}

fn as_param(facts: &FileFacts, value: ValueId) -> Option<(FunctionId, u16)> {
    match facts.value(value) {
        Value::Param(function, index) => Some((*function, *index)),
        Value::Carried(before, _) => as_param(facts, *before),
        Value::Either(left, right) => as_param(facts, *left).or_else(|| as_param(facts, *right)),
        // `text(sql)`
        Value::Call(call) => match facts.call(*call).args.first() {
            Some(arg) if !matches!(facts.value(arg.value), Value::Call(_)) => as_param(facts, arg.value),
            _ => None,
        },
        _ => None,
    }
}

fn given(types: &Types<'_>, graph: &CallGraph, file: FileId, takes_sql: &Wrappers) -> Vec<(FileId, usize)> {
    let facts = &types.project().file(file).facts;
    let flow = Flow::new(facts);
    let mut found = Vec::new();
    for edge in graph.edges_of(file) {
        for (at, arg) in edge.place(facts).args.iter().enumerate() {
            if takes_sql.contains_key(&(edge.callee, u16::try_from(at).unwrap_or(u16::MAX))) {
                sql_behind(types, file, arg.value, &mut found);
            }
        }
    }
    if facts.statements.is_empty() {
        return found;
    }
    for call in &facts.calls {
        if flow.called_name(call).is_some_and(sounds_like_sql) {
            for arg in &call.args {
                sql_behind(types, file, arg.value, &mut found);
            }
        }
    }
    found
}

/// What the SQL does that a call hands over: writes, or defines tables and the like; nothing is said of what reads.
pub(super) fn handed_sql(types: &Types<'_>, file: FileId, call: &Call) -> Option<SiteEffect> {
    let handed = call.args.iter().filter_map(|arg| statement_effect(types, file, arg.value));
    // What writes is told, whatever else is handed over.
    handed.min_by_key(|&effect| effect != SiteEffect::Write)
}

/// What a value does that is a statement: a text, an object with one (`{ text: "…", values }`), or what builds one.
fn statement_effect(types: &Types<'_>, file: FileId, value: ValueId) -> Option<SiteEffect> {
    let facts = &types.project().file(file).facts;
    match *facts.value(value) {
        // `run(plans.insertJob(schema), values)`: a function of the project that writes the statement.
        Value::Call(call) if !matches!(types.of(file, value), Ty::Api(..)) => {
            types.target(file, call).and_then(|_| handed_effect(types, file, value))
        }
        Value::Call(_) | Value::Carried(..) | Value::Either(..) => {
            let Ty::Api(ty, _) = types.of(file, value) else { return None };
            let ty = types.project().catalog.type_(ty);
            match ty.effect {
                _ if ty.runs_on != RunsOn::default() => None,
                Effect::Write => Some(SiteEffect::Write),
                Effect::Sql => handed_effect(types, file, value),
                _ => None,
            }
        }
        Value::Text(_) | Value::Mapping(_) => handed_effect(types, file, value),
        _ => None,
    }
}

/// What a statement does that a call hands to a function of the project, if it does not just read.
fn handed_effect(types: &Types<'_>, file: FileId, value: ValueId) -> Option<SiteEffect> {
    let mut sql = Vec::new();
    sql_behind(types, file, value, &mut sql);
    let verb = |&(file, index): &(FileId, usize)| types.facts(file).statements[index].statement.verb;
    // `SET`, `SHOW` and the like may be words that a text begins with.
    let is_told = sql.iter().all(|at| verb(at) != Verb::Other);
    by_verb(types, &sql).filter(|&effect| is_told && effect != SiteEffect::Query)
}

/// Whether a function of this name takes SQL to run it: `run_query`, `fetchAll`, `$executeRaw`.
fn sounds_like_sql(name: &str) -> bool {
    const TAKES: [&str; 12] =
        ["exec", "query", "sql", "fetch", "select", "raw", "prepare", "stmt", "statement", "rows", "cursor", "queries"];
    const KEEPS: [&str; 9] = ["log", "print", "compile", "parse", "format", "error", "warn", "expect", "assert"];
    let lower = name.to_ascii_lowercase();
    TAKES.iter().any(|word| lower.contains(word)) && !KEEPS.iter().any(|word| lower.contains(word))
}
