//! Who calls whom, and what a call reaches in the end.
//!
//! The graph's nodes are functions; an inline callback that is run at once belongs to the function around
//! it (its *home*). [`Reach`] is computed from the query sites backwards, shortest path first, so each
//! state is settled once and cycles end by themselves.

use std::cell::LazyCell;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::by_name::{ByName, definitions, drop_doubled};
use super::callbacks::{self, Callbacks, Given};
use super::connections::Maker;
use super::executed::handed_sql;
use super::flow::{Flow, KeyName, Source};
use super::implementations;
use super::inlined::{Inlined, Runs};
use super::properties;
use super::queued::is_queued;
use super::reach::Begun;
use super::reads::{self, Changed, PerFile, Read};
use super::relations::{self, Orm};
use super::requirements::Requirement;
use super::scripts::handed_script;
use super::since::Since;
use super::sites::{QuerySite, SiteEffect};
use super::types::{Ty, Types};
use super::{FileId, FunctionRef, Project};
use crate::facts::*;
use crate::findings::Confidence;
use crate::source::Span;

/// One call of a project function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    /// Where the call stands.
    pub(super) file: FileId,
    /// The call.
    pub(super) at: At,
    /// The function it belongs to: its home.
    pub(super) home: FunctionId,
    /// The function that is run.
    pub(super) callee: FunctionRef,
    /// High if resolved, medium if the name has only one definition.
    pub(super) confidence: Confidence,
    /// What the callee gets if it is handed over as a value and called by somebody else.
    pub(super) given: Option<Given>,
    /// What the SQL does that it hands over, where that is not to read: a wrapper runs what it is given.
    pub(super) hands: Option<SiteEffect>,
    /// The parameters of the callee that are given a row of a model of Django's.
    pub(super) rows: Option<Box<[u16]>>,
    /// Whether the object keeps what it was told: it asks once for each object.
    pub(super) memoised: bool,
    /// All functions of which this one may be meant, if there are others: it counts only where each of them does it.
    pub(super) alternatives: Option<Arc<[FunctionRef]>>,
}

/// What runs a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// A call.
    Call(CallId),
    /// An attribute that is read and is a property: which of the file's accesses.
    Read(u32),
}

/// Where a function is run, and with what.
#[derive(Clone, Copy)]
pub(super) struct Place<'f> {
    /// The function around it.
    pub(super) function: FunctionId,
    pub(super) in_loop: Option<LoopId>,
    pub(super) guard: Option<GuardId>,
    /// The name that is called or read.
    pub(super) span: Span,
    pub(super) args: &'f [Arg],
    /// What the function is called on.
    pub(super) receiver: Option<ValueId>,
}

impl Edge {
    /// The call, if it is written as one.
    pub(super) fn call(&self) -> Option<CallId> {
        match self.at {
            At::Call(call) => Some(call),
            At::Read(_) => None,
        }
    }

    /// Where it stands, and what is given.
    pub(super) fn place<'f>(&self, facts: &'f FileFacts) -> Place<'f> {
        let object = |value: ValueId| match facts.value(value) {
            Value::Member(object, _) => Some(*object),
            _ => None,
        };
        match self.at {
            At::Call(call) => {
                let Call { function, in_loop, guard, name_span: span, callee, ref args, .. } = *facts.call(call);
                Place { function, in_loop, guard, span, args, receiver: object(callee) }
            }
            At::Read(index) => {
                let Access { function, in_loop, guard, span, value, .. } = facts.accesses[index as usize];
                Place { function, in_loop, guard, span, args: &[], receiver: object(value) }
            }
        }
    }

    /// What a query of the callee does when it is reached by this call.
    pub(super) fn effect(&self, effect: SiteEffect) -> SiteEffect {
        self.hands.unwrap_or(effect)
    }
}

/// The edges to each function, as (file, index).
pub(super) type Callers = FxHashMap<FunctionRef, Vec<(FileId, usize)>>;

/// All calls of project functions.
#[derive(Debug, Default)]
pub(super) struct CallGraph {
    /// By file.
    pub(super) edges: Vec<Arc<Vec<Edge>>>,
    pub(super) callers: Callers,
    pub(super) inlined: PerFile<Inlined>,
    /// The names that queries of a file put on their rows.
    pub(super) annotating: PerFile<Vec<Box<str>>>,
    /// What queries put on their rows, by name: a property that keeps its answer has that.
    pub(super) annotated: FxHashSet<Box<str>>,
    /// The calls that are written, before what all files say together adds to them and takes from them.
    written: PerFile<Vec<Edge>>,
    pub(super) names: ByName,
    pub(super) callbacks: Callbacks,
    /// The reads of properties that may come to a query, as they were found round by round.
    pub(super) properties: Vec<properties::Round>,
}

impl CallGraph {
    /// Finds every call whose target is known.
    pub(super) fn new(project: &Project, since: &mut Since<'_>) -> CallGraph {
        let inlined = since.find(project, since.before().map(|before| &before.graph.inlined), Inlined::of);
        since.note_found(&inlined, |before| &before.graph.inlined, Read::Inlined);
        let names = ByName::find(project, since);
        if let Some(before) = since.before() {
            since.note(names.changes_since(&before.graph.names));
        }
        let callbacks = Callbacks::find(project, &inlined, since);
        let written = since.find(project, since.before().map(|before| &before.graph.written), |types, file| {
            find_edges(types, file, &inlined.of(file).runs, &names, &callbacks)
        });
        let mut edges = written.found.clone();
        for (file, edges) in project.ids().zip(&mut edges) {
            let facts = &project.file(file).facts;
            let home = |call: &Call| place(facts, &inlined.of(file).runs, call.function, call.in_loop).0;
            let shown = project.templates().edges(project, file, home);
            if !shown.is_empty() {
                Arc::make_mut(edges).extend(shown);
            }
        }
        let mut callers = callers_of(&edges);
        if drop_doubled(project, &inlined, &mut edges, &callers) {
            callers = callers_of(&edges);
        }
        let (annotating, annotated) = (PerFile::default(), FxHashSet::default());
        let properties = Vec::new();
        let mut graph =
            CallGraph { edges, callers, inlined, annotating, annotated, written, names, callbacks, properties };
        properties::read(project, &mut graph, since);
        graph
    }

    /// Adds an edge.
    pub(super) fn add(&mut self, edge: Edge) {
        let own = Arc::make_mut(&mut self.edges[edge.file.0 as usize]);
        self.callers.entry(edge.callee).or_default().push((edge.file, own.len()));
        own.push(edge);
    }

    /// The calls in a file.
    pub(super) fn edges_of(&self, file: FileId) -> &[Edge] {
        reads::note(Read::Edges(file));
        &self.edges[file.0 as usize]
    }

    /// All calls.
    pub(super) fn all_edges(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter().flat_map(|edges| edges.iter())
    }

    /// Notes the files whose calls are not as they were, and the functions that they call or called.
    pub(super) fn changes_since(&self, before: &CallGraph, changed: &mut Changed) {
        for (at, (now, then)) in self.edges.iter().zip(&before.edges).enumerate() {
            let file = FileId(u32::try_from(at).unwrap_or(u32::MAX));
            // Where calls belong and which loops are around them is shown with them.
            if now != then || changed.contains(&Read::Inlined(file)) {
                changed.insert(Read::Edges(file));
                changed.extend(now.iter().chain(then.iter()).map(|edge| Read::Callers(edge.callee)));
            }
        }
    }

    /// Whether some property is read that may come to a query.
    pub(super) fn reads_properties(&self) -> bool {
        self.all_edges().any(|edge| edge.call().is_none())
    }

    /// Whether a function is only run when a cache has no answer.
    pub(super) fn is_loader(&self, function: FunctionRef) -> bool {
        self.inlined.of(function.file).loaders.contains(&function.function)
    }

    /// The calls that run a function.
    pub(super) fn calls_of(&self, callee: FunctionRef) -> impl Iterator<Item = &Edge> {
        reads::note(Read::Callers(callee));
        let all = self.callers.get(&callee).into_iter().flatten();
        let edges = all.map(|&(file, index)| &self.edges[file.0 as usize][index]);
        edges.filter(|edge| edge.alternatives.is_none())
    }

    /// The function that code in `function` belongs to, and the loops around it, innermost first.
    pub(super) fn place(
        &self,
        project: &Project,
        file: FileId,
        function: FunctionId,
        at: Option<LoopId>,
    ) -> (FunctionId, Vec<LoopId>) {
        reads::note(Read::Edges(file));
        place(&project.file(file).facts, &self.inlined.of(file).runs, function, at)
    }
}

/// A function reaches such a query, which depends on such an input of it (`None`: on none).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct State {
    pub(super) function: FunctionRef,
    pub(super) effect: SiteEffect,
    pub(super) source: Option<Source>,
}

/// How a function gets there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Witness {
    /// The next step.
    pub(super) step: Step,
    /// How many calls away the query is.
    pub(super) hops: usize,
    /// The weakest link.
    pub(super) confidence: Confidence,
    /// Whether a cache is asked first, so that only what it does not hold costs a query.
    pub(super) cached: bool,
    /// Whether the object that is asked keeps the answer: only one that is met once is asked each time.
    pub(super) memoised: bool,
    /// What queries may have put on the rows, so that it is not asked.
    pub(super) annotated: Option<Box<str>>,
    /// How many of this step and the later ones stand under a condition; an exception counts twice.
    pub(super) conditions: usize,
    /// What callers must pass for this step to be taken.
    pub(super) required: Vec<Requirement>,
    /// The parameters that hold whole lists of keys: the query is one for all of them.
    pub(super) lists: Vec<u16>,
    /// What the connection is made of that the query goes through.
    pub(super) makers: Vec<Maker>,
}

impl Witness {
    /// Whether a file that loops over rows also speaks of what a query may put on them. For a template the
    /// code does that renders it, or sets it in a loop.
    pub(super) fn is_attached_in(&self, project: &Project, file: FileId) -> bool {
        let Some(name) = self.annotated.as_deref() else { return false };
        let speaks = |file: FileId| project.file(file).facts.names.find(name).is_some();
        if project.file(file).facts.template.is_none() {
            return speaks(file);
        }
        project.templates().is_attached(name) || project.renderings(file).iter().any(|by| speaks(by.place.0))
    }
}

/// One step on the way to a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The query: its file and which of its sites.
    Site(FileId, usize),
    /// A call: its file, which of its edges, and what the callee reaches, and how.
    Call(FileId, usize, Route),
}

/// One of the ways a function has to such a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// What it reaches.
    pub(super) state: State,
    way: usize,
}

/// How many ways to the same are kept, where callers must pass different things for each.
const MAX_WAYS: usize = 4;

/// What every function reaches.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// What files reach by themselves.
    pub(super) begun: PerFile<Vec<Begun>>,
    ways: FxHashMap<State, Vec<Witness>>,
    pub(super) by_function: FxHashMap<FunctionRef, Vec<Route>>,
}

impl Reach {
    /// What a function reaches, best evidence first.
    pub(super) fn of(&self, function: FunctionRef) -> &[Route] {
        reads::note(Read::Reach(function));
        self.by_function.get(&function).map_or(&[], Vec::as_slice)
    }

    /// How it gets there.
    pub(super) fn witness(&self, route: Route) -> &Witness {
        reads::note(Read::Reach(route.state.function));
        &self.ways[&route.state][route.way]
    }

    /// Whether each function that an edge may run does the same, and not by chance.
    pub(super) fn is_done_by_all(&self, edge: &Edge, state: State) -> bool {
        let does = |&function: &FunctionRef| {
            self.of(function).iter().any(|&route| {
                route.state == State { function, ..state } && self.witness(route).confidence > Confidence::Low
            })
        };
        edge.alternatives.as_ref().is_none_or(|all| all.iter().all(does))
    }

    /// The query at the end of a way, and its file.
    pub(super) fn site_of<'p>(&self, project: &'p Project, mut route: Route) -> Option<(FileId, &'p QuerySite)> {
        loop {
            match self.witness(route).step {
                Step::Site(file, index) => return Some((file, project.sites(file).get(index)?)),
                Step::Call(_, _, next) => route = next,
            }
        }
    }

    /// Notes the functions that reach something else than they did, or by other ways.
    pub(super) fn changes_since(&self, before: &Reach, changed: &mut Changed) {
        let functions = self.by_function.keys().chain(before.by_function.keys());
        for &function in functions {
            let (now, then) = (self.of(function), before.of(function));
            if now != then || now.iter().any(|&route| self.witness(route) != before.witness(route)) {
                changed.insert(Read::Reach(function));
            }
        }
    }

    /// Whether a way is known that asks nothing more of callers, under no more conditions.
    pub(super) fn is_known(&self, state: State, witness: &Witness) -> bool {
        self.ways.get(&state).is_some_and(|ways| {
            let asks_no_more = |way: &Witness| {
                way.conditions <= witness.conditions
                    && way.required.iter().all(|asked| witness.required.contains(asked))
            };
            ways.len() >= MAX_WAYS || ways.iter().any(asks_no_more)
        })
    }

    pub(super) fn add(&mut self, state: State, witness: Witness) -> Route {
        let ways = self.ways.entry(state).or_default();
        let route = Route { state, way: ways.len() };
        ways.push(witness);
        self.by_function.entry(state.function).or_default().push(route);
        route
    }
}

/// Whether values are objects as they are handed over or made, not what hangs on them: several rows may share that.
pub(super) fn is_own(facts: &FileFacts, values: &[ValueId]) -> bool {
    let is_bare = |&value: &ValueId| match facts.value(value) {
        Value::Param(..) | Value::This(_) | Value::Element(..) | Value::Part(..) | Value::Carried(..) => true,
        Value::Call(call) => {
            let call = facts.call(*call);
            let is_capital = |name: &str| name.starts_with(char::is_uppercase);
            call.is_new
                || matches!(facts.value(call.callee), Value::Class(_))
                || facts.own_name(call.callee).is_some_and(is_capital)
        }
        _ => false,
    };
    !values.is_empty() && values.iter().all(is_bare)
}

/// The values of a call that flow into `source` of its callee.
pub(super) fn flowing_values(project: &Project, edge: &Edge, source: Option<Source>) -> Vec<ValueId> {
    let facts = &project.file(edge.file).facts;
    let call = edge.place(facts);
    let Some(source) = source else { return Vec::new() };
    if let Source::Captured(value) = source {
        // Only code around a function sees what it captures.
        return if edge.file == edge.callee.file { vec![value] } else { Vec::new() };
    }
    if let Some(given) = &edge.given {
        return match source {
            Source::Param(index) | Source::Key(index, _) => {
                given.params.get(usize::from(index)).cloned().unwrap_or_default()
            }
            _ => given.receiver.clone(),
        };
    }
    match source {
        Source::Captured(_) => Vec::new(),
        Source::This => match call.receiver {
            Some(object) => vec![object],
            // A constructor: what the new instance is made of.
            None => call.args.iter().map(|arg| arg.value).collect(),
        },
        Source::Param(index) => passed_for(project, edge.callee, index, facts, call.args),
        Source::Key(index, key) => {
            let passed = passed_for(project, edge.callee, index, facts, call.args);
            passed.into_iter().filter_map(|value| under_key(facts, value, key)).collect()
        }
    }
}

/// What an object holds under a key as far as it is written here, else all of it; `None` if it is known to hold nothing.
fn under_key(facts: &FileFacts, object: ValueId, key: KeyName) -> Option<ValueId> {
    let Value::Mapping(entries) = facts.value(object) else { return Some(object) };
    for &(name, value) in entries.iter().rev() {
        match (facts.literal(name), facts.value(value)) {
            (Some(name), _) if KeyName::of(name) == key => return Some(value),
            (Some(_), _) => {}
            _ => return Some(object),
        }
    }
    None
}

/// Where the values of a call come from that flow into `source` of its callee: an object that is handed on whole is
/// asked for the same key.
pub(super) fn sources_of(
    project: &Project,
    edge: &Edge,
    source: Option<Source>,
    values: &[ValueId],
) -> FxHashSet<Source> {
    let facts = &project.file(edge.file).facts;
    let flow = Flow::new(facts);
    let mut sources = FxHashSet::default();
    for &value in values {
        match (source, facts.value(value)) {
            (Some(Source::Key(at, key)), Value::Param(function, index))
                if *function == edge.home
                    && edge.given.is_none()
                    && passed_for(project, edge.callee, at, facts, edge.place(facts).args).contains(&value) =>
            {
                sources.insert(Source::Key(*index, key));
            }
            _ => flow.keyed_sources(value, edge.home, &mut sources),
        }
    }
    sources
}

/// The arguments that may be what a parameter is, of a call in the file with these facts.
pub(super) fn passed_for(
    project: &Project,
    callee: FunctionRef,
    index: u16,
    facts: &FileFacts,
    args: &[Arg],
) -> Vec<ValueId> {
    let FunctionRef { file, function } = callee;
    let callee = &project.file(file).facts;
    let Some(param) = callee.function(function).params.get(usize::from(index)) else { return Vec::new() };
    let name = &callee.names[param.name];
    let spread = args.iter().filter(|arg| matches!(facts.value(arg.value), Value::Spread(_)));
    let named = args.iter().filter(|arg| arg.name.is_some_and(|id| &facts.names[id] == name));
    let positional = args.iter().filter(|arg| arg.name.is_none());
    let own: Vec<ValueId> = if param.is_rest {
        positional.skip(usize::from(index)).map(|arg| arg.value).collect()
    } else if param.is_keyword_only {
        Vec::new()
    } else {
        positional.skip(usize::from(index)).take(1).map(|arg| arg.value).collect()
    };
    own.into_iter().chain(named.map(|arg| arg.value)).chain(spread.map(|arg| arg.value)).collect()
}

/// What a call gives for the parameters of its callee that hold lists of keys.
pub(super) fn given_lists(project: &Project, edge: &Edge, lists: &[u16]) -> Vec<ValueId> {
    lists.iter().flat_map(|&at| flowing_values(project, edge, Some(Source::Param(at)))).collect()
}

/// The function that code belongs to, and the loops around it, innermost first.
pub(super) fn place(
    facts: &FileFacts,
    inlined: &[Runs],
    function: FunctionId,
    at: Option<LoopId>,
) -> (FunctionId, Vec<LoopId>) {
    let mut loops = Vec::new();
    let (mut function, mut at) = (function, at);
    for _ in 0..64 {
        while let Some(id) = at {
            loops.push(id);
            let found = facts.loop_(id);
            function = found.function;
            at = found.parent;
        }
        let own = facts.function(function);
        match own.passed_to {
            Some((call, _)) if inlined[function.index()] != Runs::Apart => {
                loops.extend(own.may_run_in.filter(|_| inlined[function.index()] == Runs::PerElement));
                let call = facts.call(call);
                function = call.function;
                at = call.in_loop;
            }
            _ => break,
        }
    }
    (function, loops)
}

// ── Edges ───────────────────────────────────────────────────────────────────────────────────────────────

/// The edges to each function, as (file, index).
fn callers_of(edges: &[Arc<Vec<Edge>>]) -> Callers {
    let mut callers = Callers::default();
    for edges in edges {
        for (index, edge) in edges.iter().enumerate() {
            callers.entry(edge.callee).or_default().push((edge.file, index));
        }
    }
    callers
}

fn find_edges(types: &Types<'_>, file: FileId, inlined: &[Runs], names: &ByName, callbacks: &Callbacks) -> Vec<Edge> {
    let project = types.project();
    let facts = &project.file(file).facts;
    // What tells that is mostly asked here as well; but that may change.
    reads::note(Read::Inlined(file));
    let sites = project.sites(file).iter().filter(|site| site.of_row.is_none());
    let sites: FxHashSet<CallId> = sites.map(|site| site.call).collect();
    let mut edges = Vec::new();
    for (id, call) in facts.numbered() {
        let (home, _) = place(facts, inlined, call.function, call.in_loop);
        let hands = LazyCell::new(|| handed_sql(types, file, call));
        let mut edge = |callee: FunctionRef, confidence: Confidence, given: Option<Given>| {
            let hands = hands.or_else(|| handed_script(types, file, call, callee));
            let at = At::Call(id);
            let alternatives = None;
            let rows = if given.is_none() { rows_given(types, file, call, callee) } else { None };
            edges.push(Edge { file, at, home, callee, confidence, given, hands, rows, memoised: false, alternatives });
        };
        let is_handed =
            |function: FunctionRef| !(function.file == file && inlined[function.function.index()] != Runs::Apart);
        if let Some(api) = types.api_call(file, id) {
            if let Some(at) = types.callback(file, id, api)
                && let Some((function, given)) =
                    callbacks::run_by_library(types, file, call, at, api.callback_params.len())
                && is_handed(function)
            {
                edge(function, Confidence::High, Some(given));
            }
            continue;
        }
        if sites.contains(&id) {
            continue;
        }
        let resolved = types.target(file, id).map(|target| (target, Confidence::High));
        if resolved.is_some_and(|(target, _)| is_queued(types, target)) {
            continue;
        }
        let mut meant = implementations::alternatives(types, file, call);
        let resolved = resolved.filter(|_| meant.is_empty());
        if meant.is_empty() && resolved.is_none() {
            meant = definitions(types, file, call, names);
        }
        if meant.len() > 1 {
            // A wrapper that calls a method of its own name means that of another.
            meant.retain(|&function| function != FunctionRef { file, function: home });
            let all: Arc<[FunctionRef]> = meant.into();
            let hands = *hands;
            edges.extend(all.iter().map(|&callee| Edge {
                file,
                at: At::Call(id),
                home,
                callee,
                confidence: Confidence::Medium,
                given: None,
                hands,
                rows: rows_given(types, file, call, callee),
                memoised: false,
                alternatives: Some(Arc::clone(&all)),
            }));
            continue;
        }
        let named = || meant.first().map(|&target| (target, Confidence::Medium));
        let Some((target, confidence)) = resolved.or_else(named) else { continue };
        // Who is called by a template may be given its context first.
        let is_shifted = facts.template.is_some() && project.templates().tags.is_shifted(target);
        edge(target, confidence, is_shifted.then(|| Given::behind_context(call)));
        for (function, given) in callbacks.run_by(types, file, call, target) {
            if is_handed(function) {
                edge(function, confidence, Some(given));
            }
        }
    }
    edges
}

/// Which parameters of a function a call gives rows of models of Django's.
fn rows_given(types: &Types<'_>, file: FileId, call: &Call, callee: FunctionRef) -> Option<Box<[u16]>> {
    let project = types.project();
    if !project.relations.has(Orm::Django) || project.file(file).source.language.is_ecma() {
        return None;
    }
    let facts = &project.file(file).facts;
    let of = types.facts(callee.file);
    let params = &of.function(callee.function).params;
    let is_row = |value: ValueId| {
        let may_be = matches!(
            facts.value(value),
            Value::Element(..)
                | Value::Carried(..)
                | Value::Either(..)
                | Value::Call(_)
                | Value::Part(..)
                | Value::Item(..)
                | Value::Member(..)
                | Value::Param(..)
        );
        may_be && matches!(types.of(file, value), Ty::Instance(class, _) if relations::is_model(types, class))
    };
    let mut rows = Vec::new();
    let mut place = 0_u16;
    for arg in &call.args {
        let param = match arg.name {
            Some(name) => {
                let mut named = params.iter().position(|param| of.names[param.name] == facts.names[name]).into_iter();
                named.next().and_then(|at| u16::try_from(at).ok())
            }
            // What comes behind `*args` stands nobody knows where.
            None if matches!(facts.value(arg.value), Value::Spread(_)) => break,
            None => {
                place += 1;
                Some(place - 1)
            }
        };
        if let Some(param) = param.filter(|_| is_row(arg.value)) {
            rows.push(param);
        }
    }
    (!rows.is_empty()).then(|| rows.into())
}
