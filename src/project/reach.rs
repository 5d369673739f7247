//! What functions reach: from the query sites backwards, shortest path first, so each state is settled once and cycles
//! end by themselves.
//!
//! After a change all of it holds if files reach the same by themselves, the calls are the same, and each call to or from
//! a file that has changed leads from the same to the same.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::caches::{Caches, gathers_first, keeps, keeps_in_class, kept_for};
use super::calls::{
    CallGraph, Edge, Reach, Route, State, Step, Witness, flowing_values, given_lists, is_own, place, sources_of,
};
use super::connections;
use super::development::is_for_development;
use super::flow::{Flow, Source};
use super::groups;
use super::inlined::Inlined;
use super::loops::handles_failure;
use super::memos;
use super::reads::{self, PerFile, Read};
use super::requirements;
use super::since::Since;
use super::sites::SiteEffect;
use super::{FileId, FunctionRef, Hop, Project};
use crate::facts::*;
use crate::findings::Confidence;

/// How many calls a path has at most.
const MAX_HOPS: usize = 64;

/// What a function reaches by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    states: Vec<State>,
    witness: Witness,
}

impl Reach {
    /// What every function reaches, at most as many calls away as is asked for.
    pub(super) fn find(project: &Project, graph: &CallGraph, since: &Since<'_>) -> Arc<Reach> {
        let before = since.before().map(|before| &before.reach.begun);
        let begun = since.find(project, before, |types, file| begin(types.project(), &graph.inlined, file));
        if let Some(before) = since.before()
            && begun.changed_from(&before.reach.begun).next().is_none()
            && graph.edges == before.graph.edges
            && leads_to_the_same(before, project, graph, since)
        {
            return before.reach.clone();
        }
        let mut reach = spread(project, graph, &begun.found);
        if project.tracks {
            reach.begun = begun;
        }
        Arc::new(reach)
    }
}

/// Whether each call to or from a file that has changed leads from what was reached to what it led to before.
fn leads_to_the_same(before: &Project, now: &Project, graph: &CallGraph, since: &Since<'_>) -> bool {
    let changed: FxHashSet<FileId> = since
        .changed()
        .iter()
        .filter_map(|read| match *read {
            Read::File(file) | Read::Sites(file) | Read::Inlined(file) => Some(file),
            _ => None,
        })
        .collect();
    let is_same = |file: FileId, index: usize, edge: &Edge| {
        let routes = before.reach.by_function.get(&edge.callee).into_iter().flatten();
        routes.into_iter().all(|&route| {
            let witness = before.reach.witness(route);
            let at = (file, index);
            before.graph.led_to(before, at, route, witness) == graph.led_to(now, at, route, witness)
        })
    };
    let mut files = now.ids().zip(&graph.edges);
    files.all(|(file, edges)| {
        let is_asked = |edge: &Edge| changed.contains(&file) || changed.contains(&edge.callee.file);
        edges.iter().enumerate().filter(|(_, edge)| is_asked(edge)).all(|(index, edge)| is_same(file, index, edge))
    })
}

/// What the functions of a file reach by themselves.
fn begin(project: &Project, inlined: &PerFile<Inlined>, file: FileId) -> Vec<Begun> {
    let facts = &project.file(file).facts;
    let flow = Flow::new(facts);
    let mut begun = Vec::new();
    reads::note(Read::Inlined(file));
    for (index, site) in project.sites(file).iter().enumerate() {
        if !matches!(site.effect, SiteEffect::Query | SiteEffect::Write) {
            continue;
        }
        let (home, _) = place(facts, &inlined.of(file).runs, site.function, site.in_loop);
        let function = FunctionRef { file, function: home };
        let Some(cached) = kept_for(facts, home, site.effect) else { continue };
        let keeps = || inlined.of(file).loaders.contains(&home) || keeps(project, file, site.function, site.guard);
        if home == MODULE
            || is_for_development(facts, site.guard)
            || (site.effect == SiteEffect::Query && keeps())
            || gathers_first(facts, site.guard)
        {
            continue;
        }
        let mut sources = FxHashSet::default();
        for &value in &site.inputs {
            flow.keyed_sources(value, home, &mut sources);
        }
        let kept = memos::kept(facts, home, site.effect, site.guard);
        let memoised = kept.is_kept;
        if memoised && !only_own(&mut sources) {
            continue;
        }
        let witness = Witness {
            step: Step::Site(file, index),
            hops: 0,
            // Who is kept once it is made is not made again.
            confidence: if cached
                || keeps_in_class(project, file, home)
                || project.may_be_prefetched(file, site)
                || project.asks_schema(site)
            {
                Confidence::Low
            } else {
                site.confidence
            },
            cached,
            memoised,
            annotated: attached_before(project, file, home).or(kept.attribute),
            conditions: conditions(facts, home, site.function, kept.guard),
            required: requirements::of_site(facts, home, site),
            lists: params_of(facts, home, &site.lists),
            makers: site.connection.map_or_else(Vec::new, |value| connections::makers(facts, home, value)),
        };
        begun.push(Begun { states: states(function, site.effect, &sources), witness });
    }
    begun
}

/// Follows calls from what functions reach by themselves.
fn spread(project: &Project, graph: &CallGraph, begun: &[Arc<Vec<Begun>>]) -> Reach {
    let mut reach = Reach::default();
    let mut queue = BinaryHeap::new();
    let mut order = 0_usize;
    let mut push = |queue: &mut BinaryHeap<_>, state: State, witness: Witness| {
        order += 1;
        let rank = (Reverse(witness.confidence), !witness.required.is_empty(), witness.conditions, witness.hops, order);
        queue.push(Reverse((rank, Entry(state, witness))));
    };
    for Begun { states, witness } in begun.iter().flat_map(|begun| begun.iter()) {
        states.iter().for_each(|&state| push(&mut queue, state, witness.clone()));
    }
    while let Some(Reverse((_, Entry(state, witness)))) = queue.pop() {
        if reach.is_known(state, &witness) {
            continue;
        }
        let (hops, own) = (witness.hops + 1, witness.clone());
        let route = reach.add(state, witness);
        if hops >= project.options.max_hops {
            continue;
        }
        for &(file, index) in graph.callers.get(&state.function).into_iter().flatten() {
            if !reach.is_done_by_all(&graph.edges[file.0 as usize][index], state) {
                continue;
            }
            let Some((states, witness)) = graph.led_to(project, (file, index), route, &own) else { continue };
            for state in states {
                if !reach.is_known(state, &witness) {
                    push(&mut queue, state, witness.clone());
                }
            }
        }
    }
    reach
}

impl CallGraph {
    /// What a call leads its home to, by its file and its place there, if its callee gets to a query by this way. Only
    /// these two files are looked at.
    fn led_to(
        &self,
        project: &Project,
        (file, index): (FileId, usize),
        route: Route,
        then: &Witness,
    ) -> Option<(Vec<State>, Witness)> {
        let (edge, state) = (&self.edges[file.0 as usize][index], route.state);
        let effect = edge.effect(state.effect);
        if effect == SiteEffect::Transaction {
            return None;
        }
        let facts = &project.file(file).facts;
        let caller = FunctionRef { file, function: edge.home };
        let kept = kept_for(facts, edge.home, state.effect)?;
        if edge.home == MODULE || caller == state.function {
            return None;
        }
        let call = edge.place(facts);
        if gathers_first(facts, call.guard) || is_for_development(facts, call.guard) {
            return None;
        }
        let keeps = || self.is_loader(caller) || keeps(project, file, edge.home, call.guard);
        if effect == SiteEffect::Query && keeps() {
            return None;
        }
        let values = flowing_values(project, edge, state.source);
        let memoised = then.memoised || edge.memoised;
        if memoised && !is_own(facts, &values) {
            return None;
        }
        let passed = requirements::through(project, edge, &then.required)?;
        let mut own = passed.required;
        own.extend(requirements::of_place(facts, edge.home, call.function, call.guard, call.span));
        let mut sources = sources_of(project, edge, state.source, &values);
        let own_kept = memos::kept(facts, edge.home, effect, call.guard);
        if own_kept.is_kept && !only_own(&mut sources) {
            return None;
        }
        let weakest = then.confidence.min(edge.confidence);
        let witness = Witness {
            step: Step::Call(file, index, route),
            hops: then.hops + 1,
            confidence: if kept || keeps_in_class(project, file, edge.home) || passed.unlikely {
                Confidence::Low
            } else {
                weakest
            },
            cached: then.cached || kept,
            memoised: memoised || own_kept.is_kept,
            annotated: then
                .annotated
                .clone()
                .or_else(|| attached_before(project, file, edge.home))
                .or(own_kept.attribute),
            conditions: then.conditions.saturating_sub(usize::from(passed.settled))
                + conditions(facts, edge.home, call.function, own_kept.guard),
            required: own,
            lists: params_of(facts, edge.home, &given_lists(project, edge, &then.lists)),
            makers: connections::given(project, edge, &then.makers).makers(facts, edge.home),
        };
        Some((states(caller, effect, &sources), witness))
    }
}

/// Orders nothing: the heap's order is in the fields before it.
struct Entry(State, Witness);

impl PartialEq for Entry {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

/// The calls that a route leads through to its query, and that.
pub(super) fn path(
    project: &Project,
    graph: &CallGraph,
    reach: &Reach,
    from: Route,
) -> Option<(Vec<Hop>, (FileId, usize))> {
    let mut hops = Vec::new();
    let mut at = from;
    loop {
        match reach.witness(at).step {
            Step::Site(file, index) => return Some((hops, (file, index))),
            Step::Call(file, index, next) => {
                let edge = &graph.edges_of(file)[index];
                let callee = &project.file(edge.callee.file).facts;
                hops.push(Hop {
                    file,
                    span: edge.place(&project.file(file).facts).span,
                    callee: callee.scope(edge.callee.function),
                });
                if hops.len() > MAX_HOPS {
                    return None;
                }
                at = next;
            }
        }
    }
}

/// Leaves nothing but the object that keeps an answer; whether that is anything.
fn only_own(sources: &mut FxHashSet<Source>) -> bool {
    sources.retain(|&source| source == Source::This);
    !sources.is_empty()
}

fn states(function: FunctionRef, effect: SiteEffect, sources: &FxHashSet<Source>) -> Vec<State> {
    let mut sources: Vec<Option<Source>> = sources.iter().map(|&source| Some(source)).collect();
    sources.sort();
    if sources.is_empty() {
        sources.push(None);
    }
    sources.into_iter().map(|source| State { function, effect, source }).collect()
}

/// The name of what a query may have put on an object that a function asks it for first.
fn attached_before(project: &Project, file: FileId, function: FunctionId) -> Option<Box<str>> {
    Caches::new(project, file).annotated(function).map(Box::from)
}

fn conditions(facts: &FileFacts, home: FunctionId, function: FunctionId, guard: Option<GuardId>) -> usize {
    let mut within = function;
    while within != home
        && let Some((call, index)) = facts.function(within).passed_to
    {
        if handles_failure(facts, call, index) {
            return 2;
        }
        within = facts.call(call).function;
    }
    let mut at = guard.map(|id| facts.guards[id.index()]);
    while let Some(guard) = at {
        if guard.kind == GuardKind::Handler {
            return 2;
        }
        at = guard.parent.map(|id| facts.guards[id.index()]);
    }
    usize::from(guard.is_some())
}

/// Which parameters of `home` the lists are made of.
fn params_of(facts: &FileFacts, home: FunctionId, lists: &[ValueId]) -> Vec<u16> {
    let param = |&list: &ValueId| match facts.value(groups::collection(facts, list)) {
        Value::Param(function, at) if *function == home => Some(*at),
        _ => None,
    };
    lists.iter().filter_map(param).collect()
}
