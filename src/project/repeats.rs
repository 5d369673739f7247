//! Queries that run once per row: for each site and each call that reaches one, the loops around it, what
//! differs from one run to the next, and the path.

use std::cell::OnceCell;
use std::cmp::Reverse;

use rustc_hash::FxHashSet;

use super::calls::{CallGraph, Edge, Reach, Route, flowing_values, given_lists, is_own};
use super::connections;
use super::development::is_for_development;
use super::flow::{Dependence, Flow, for_each_part};
use super::given;
use super::groups::Groups;
use super::loops::{LoopShape, Loops};
use super::mixed::{Mixed, is_gone_on_with};
use super::named_tables::Ways;
use super::reach::path;
use super::requirements;
use super::rereads::{asks_again, is_fetched_again};
use super::sites::SiteEffect;
use super::subjects::Subjects;
use super::types::{Ty, Types};
use super::{FileId, QuerySite, Rendering};
use crate::apis::Effect;
use crate::facts::*;
use crate::findings::Confidence;
use crate::source::{Purpose, Span};
use crate::sql::Dialect;

/// What runs again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RepeatKind {
    /// A read whose arguments depend on the row.
    Read,
    /// A write per row.
    Write,
    /// The same read each time.
    Invariant,
}

/// One call on the way from the loop to the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The file the call stands in.
    pub file: FileId,
    /// The called name.
    pub span: Span,
    /// The function that is called, `Class.method`.
    pub callee: String,
}

/// A query that runs once per row of a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// What it is.
    pub kind: RepeatKind,
    /// The call in the loop.
    pub call: CallId,
    /// Its name, on one line: the primary place.
    pub span: Span,
    /// The function it stands in.
    pub function: FunctionId,
    /// The loops that multiply it, innermost first; never empty.
    pub loops: Vec<LoopId>,
    /// The calls after the first, up to the one that makes the query; empty for a query in the loop itself.
    pub hops: Vec<Hop>,
    /// The query: its file and which of its sites.
    pub site: (FileId, usize),
    /// The weakest link.
    pub confidence: Confidence,
    /// Whether it stands under a condition that the row does not decide.
    pub conditional: bool,
    /// Whether a cache is asked first, so that only what it does not hold costs a query.
    pub cached: bool,
    /// Whether the loop runs over a handful of constants.
    pub few: bool,
}

/// Decorators that give a function what it is called with, and no more.
const PLAIN_DECORATORS: [&str; 6] = ["atomic", "classmethod", "filter", "property", "simple_tag", "staticmethod"];

/// All repeats of a file, in order of place.
pub(super) fn find(types: &Types<'_>, graph: &CallGraph, reach: &Reach, file: FileId) -> Vec<Repeat> {
    let project = types.project();
    let facts = &project.file(file).facts;
    if facts.loops.is_empty() {
        return Vec::new();
    }
    let finder = Finder {
        types,
        graph,
        reach,
        file,
        facts,
        loops: Loops::new(types, file),
        flow: Flow::new(facts),
        subjects: Subjects::new(types, file),
        groups: Groups::new(facts),
        mixed: OnceCell::new(),
        changing: OnceCell::new(),
        databases: OnceCell::new(),
    };
    let mut found = Vec::new();
    for (index, site) in project.sites(file).iter().enumerate().filter(|(_, site)| site.of_row.is_none()) {
        found.extend(finder.site(index, site));
    }
    for edge in graph.edges_of(file) {
        found.extend(finder.edge(edge));
    }
    found.sort_by_key(|repeat| (repeat.span, repeat.kind));
    found.dedup_by(|b, a| a.span == b.span && a.kind == b.kind);
    found
}

struct Finder<'a, 't, 'p> {
    types: &'t Types<'p>,
    graph: &'a CallGraph,
    reach: &'a Reach,
    file: FileId,
    facts: &'p FileFacts,
    loops: Loops<'t, 'p>,
    flow: Flow<'p>,
    subjects: Subjects<'t, 'p>,
    groups: Groups<'p>,
    mixed: OnceCell<Mixed<'p>>,
    changing: OnceCell<FxHashSet<LoopId>>,
    /// Loops each of whose runs asks another database.
    databases: OnceCell<FxHashSet<LoopId>>,
}

/// Something in a loop, before it is judged.
struct Candidate<'c> {
    call: CallId,
    guard: Option<GuardId>,
    /// What decides which rows it is about.
    args: &'c [ValueId],
    /// The lists of keys that it asks for.
    lists: &'c [ValueId],
    /// What else its query is given.
    beside: &'c [ValueId],
    effect: SiteEffect,
    confidence: Confidence,
    /// The catalogued path of a query in the loop itself, else empty.
    library: &'c str,
}

impl Finder<'_, '_, '_> {
    fn site(&self, index: usize, site: &QuerySite) -> Option<Repeat> {
        if !matches!(site.effect, SiteEffect::Query | SiteEffect::Write) {
            return None;
        }
        let (_, loops) = self.graph.place(self.types.project(), self.file, site.function, site.in_loop);
        if loops.is_empty() || self.is_local_transaction(site) || is_for_development(self.facts, site.guard) {
            return None;
        }
        let project = self.types.project();
        let unsure = project.may_be_prefetched(self.file, site) || project.asks_schema(site);
        let mut inputs = site.inputs.clone();
        let is_builder = |value: ValueId| matches!(self.types.of(self.file, value), Ty::Api(..));
        inputs.extend(self.mixed().added_to_builder(site.call, is_builder));
        let candidate = Candidate {
            call: site.call,
            guard: site.guard,
            args: &inputs,
            lists: &site.lists,
            beside: &[],
            effect: site.effect,
            confidence: if unsure { Confidence::Low } else { site.confidence },
            library: &site.path,
        };
        let repeat = |kind, loops, few, conditional, confidence| Repeat {
            kind,
            call: site.call,
            span: site.span,
            function: site.function,
            loops,
            hops: Vec::new(),
            site: (self.file, index),
            confidence,
            conditional,
            cached: false,
            few,
        };
        if let Some(judged) = self.judge(&candidate, &loops) {
            let kind = if site.effect == SiteEffect::Write { RepeatKind::Write } else { RepeatKind::Read };
            return Some(repeat(kind, judged.loops, judged.few, judged.conditional, judged.confidence));
        }
        let all: Vec<ValueId> = inputs.iter().chain(&site.via).chain(&site.lists).copied().collect();
        let confidence = candidate.confidence;
        let outer = self.invariant(&Candidate { args: &all, ..candidate }, &loops)?;
        (!self.is_volatile(site)).then(|| repeat(RepeatKind::Invariant, vec![outer], false, false, confidence))
    }

    /// A write to SQLite inside a transaction: there is no network, and one transaction is the remedy.
    fn is_local_transaction(&self, site: &QuerySite) -> bool {
        let catalog = &self.types.project().catalog;
        if site.effect != SiteEffect::Write || catalog.library(site.library).dialect != Some(Dialect::Sqlite) {
            return false;
        }
        let mut function = self.facts.function(site.function);
        while let Some((call, _)) = function.passed_to {
            if self
                .types
                .api_call(self.file, call)
                .is_some_and(|api| api.effect == Effect::Transaction || api.method == "transaction")
            {
                return true;
            }
            function = self.facts.function(self.facts.call(call).function);
        }
        false
    }

    /// A call in a loop whose callee reaches a query.
    fn edge(&self, edge: &Edge) -> Option<Repeat> {
        let routes = self.reach.of(edge.callee);
        if routes.is_empty() {
            return None;
        }
        // What is read in a loop is told of the rows.
        let id = edge.call()?;
        let call = self.facts.call(id);
        let (_, loops) = self.graph.place(self.types.project(), self.file, call.function, call.in_loop);
        if loops.is_empty() || self.is_at_hand(call) || is_for_development(self.facts, call.guard) {
            return None;
        }
        let mut best: Option<(Judged, Route)> = None;
        for &route in routes {
            let (state, witness) = (route.state, self.reach.witness(route));
            if !self.reach.is_done_by_all(edge, state) || edge.effect(state.effect) == SiteEffect::Transaction {
                continue;
            }
            let Some(passed) = requirements::through(self.types.project(), edge, &witness.required) else { continue };
            if passed.asks_for_row() {
                continue;
            }
            let values = flowing_values(self.types.project(), edge, state.source);
            let mut lists = given_lists(self.types.project(), edge, &witness.lists);
            if self.flow.called_name(call).is_some_and(|name| name.starts_with("bulk_")) {
                let parts = call.args.iter().map(|arg| arg.value);
                lists.extend(parts.filter(|&part| matches!(self.facts.value(part), Value::Part(..))));
            }
            let is_attached =
                || self.facts.template.is_some() && witness.is_attached_in(self.types.project(), self.file);
            // What is only written where it is missing is not written when it is shown again.
            if self.facts.template.is_some() && state.effect == SiteEffect::Write && witness.conditions > 0 {
                continue;
            }
            if values.is_empty() || (witness.memoised && !is_own(self.facts, &values)) || is_attached() {
                continue;
            }
            // What an object does now and then is done for each row only if each row has an object of its own.
            let is_each = |&id: &LoopId| self.flow.strongest(&values, id) == Dependence::PerRow;
            if witness.memoised && !loops.iter().any(is_each) {
                continue;
            }
            let candidate = Candidate {
                call: id,
                guard: call.guard,
                args: &values,
                lists: &lists,
                beside: &self.beside(edge, route, &loops),
                effect: edge.effect(state.effect),
                confidence: if passed.unlikely { Confidence::Low } else { edge.confidence.min(witness.confidence) },
                library: "",
            };
            let Some(judged) = self.judge(&candidate, &loops) else { continue };
            let ways = Ways { types: self.types, graph: self.graph, reach: self.reach };
            if ways.is_about_tables(route) || ways.is_given_tables(edge, route, judged.loops[0]) {
                continue;
            }
            let Some((site_file, _)) = self.reach.site_of(self.types.project(), route) else { continue };
            let place = self.types.project().file(site_file).purpose;
            let conditions = witness.conditions.saturating_sub(usize::from(passed.settled));
            let confidence = match place {
                Purpose::Application if conditions == 0 => judged.confidence,
                // How often a long way under conditions is gone to its end cannot be known.
                Purpose::Application if conditions == 1 && witness.hops < 2 => {
                    judged.confidence.min(Confidence::Medium)
                }
                // What migrates or fills a database has its own ways.
                _ => Confidence::Low,
            };
            let judged = Judged { confidence, ..judged };
            // What surely happens is shown first, then what the call is named for, then what happens more often, then
            // what happens sooner.
            let saves = matches!(self.flow.called_name(call), Some("asave" | "save"));
            let rank = |judged: &Judged, route: &Route| {
                let (witness, loops) = (self.reach.witness(*route), Reverse(judged.loops.len()));
                let is_beside = saves && edge.effect(route.state.effect) != SiteEffect::Write;
                (Reverse(judged.confidence), is_beside, witness.cached, witness.conditions, loops, witness.hops)
            };
            let better = best.as_ref().is_none_or(|(known, other)| rank(&judged, &route) < rank(known, other));
            if better {
                best = Some((judged, route));
            }
        }
        let is_sure = edge.alternatives.is_none();
        let Some((judged, route)) = best else {
            return is_sure.then(|| self.invariant_edge(edge, id, &loops, routes)).flatten();
        };
        let (hops, site) = path(self.types.project(), self.graph, self.reach, route)?;
        let witness = self.reach.witness(route);
        let settled =
            requirements::through(self.types.project(), edge, &witness.required).is_some_and(|passed| passed.settled);
        let conditions = witness.conditions.saturating_sub(usize::from(settled));
        Some(Repeat {
            kind: if edge.effect(route.state.effect) == SiteEffect::Write {
                RepeatKind::Write
            } else {
                RepeatKind::Read
            },
            call: id,
            span: call.name_span,
            function: call.function,
            loops: judged.loops,
            hops,
            site,
            confidence: judged.confidence,
            conditional: judged.conditional || conditions > 0,
            cached: self.reach.witness(route).cached,
            few: judged.few,
        })
    }

    /// Whether what a template reads may be on the rows: put there by their query, or by a loop before.
    fn is_at_hand(&self, call: &Call) -> bool {
        let name = self.flow.called_name(call).unwrap_or("");
        let project = self.types.project();
        let is_set = |rendering: &&Rendering| project.templates().is_attached_in(rendering.place.0, name);
        self.facts.template.is_some()
            && (self.graph.annotated.contains(name) || project.renderings(self.file).iter().any(is_set))
    }

    /// A helper that asks the same each time: nothing flows into its query that changes.
    fn invariant_edge(&self, edge: &Edge, id: CallId, loops: &[LoopId], routes: &[Route]) -> Option<Repeat> {
        let call = self.facts.call(id);
        let is_read = |route: &&Route| edge.effect(route.state.effect) == SiteEffect::Query;
        let is_alone = |route: &&Route| is_read(route) && route.state.source.is_none();
        let route = *routes.iter().find(is_alone).or_else(|| routes.iter().find(is_read))?;
        if routes.iter().any(|route| route.state.effect == SiteEffect::Write) {
            return None;
        }
        let (hops, site) = path(self.types.project(), self.graph, self.reach, route)?;
        let found = &self.types.project().sites(site.0)[site.1];
        let all = || {
            let object = match *self.facts.value(call.callee) {
                Value::Member(object, _) => Some(object),
                _ => None,
            };
            let all = call.args.iter().map(|arg| arg.value).chain(object);
            route.state.source.is_none().then(|| all.collect())
        };
        let is_own = hops.is_empty() && site.0 == edge.callee.file;
        let same = is_own.then(|| self.given_to_same(edge, found, loops[0])).flatten();
        let args: Vec<ValueId> = same.or_else(all)?;
        let candidate = Candidate {
            call: id,
            guard: call.guard,
            args: &args,
            lists: &[],
            beside: &[],
            effect: SiteEffect::Query,
            confidence: edge.confidence,
            library: "",
        };
        let outer = self.invariant(&candidate, loops)?;
        let home = route.state.source.map(|_| found.function);
        let constant = found.inputs.iter().all(|&input| self.is_constant(site.0, input, home));
        let reached = self.reach.witness(route);
        if reached.conditions > 0 || reached.cached || !constant || self.is_volatile(found) {
            return None;
        }
        Some(Repeat {
            kind: RepeatKind::Invariant,
            call: id,
            span: call.name_span,
            function: call.function,
            loops: vec![outer],
            hops,
            site,
            confidence: candidate.confidence.min(self.reach.witness(route).confidence),
            conditional: false,
            cached: false,
            few: false,
        })
    }

    /// What a call gives for a query of its callee, if that is the same in each run of a loop, whatever else is given.
    fn given_to_same(&self, edge: &Edge, site: &QuerySite, of: LoopId) -> Option<Vec<ValueId>> {
        let project = self.types.project();
        let facts = &project.file(edge.callee.file).facts;
        let asked = site.inputs.iter().chain(&site.via).chain(&site.lists);
        let own = facts.function(site.function);
        // What decorates a function may give it something before what its callers give.
        let is_plain = |&decorator: &ValueId| {
            let called = match *facts.value(decorator) {
                Value::Call(call) => facts.call(call).callee,
                _ => decorator,
            };
            facts.own_name(called).is_some_and(|name| PLAIN_DECORATORS.contains(&name))
        };
        let is_other = |other: &&QuerySite| other.function == site.function && other.effect != SiteEffect::Query;
        if edge.callee.function != site.function
            || facts.call(site.call).function != site.function
            || !own.decorators.iter().all(is_plain)
            || project.sites(edge.callee.file).iter().any(|other| is_other(&other))
            || is_gone_on_with(facts, site.call)
        {
            return None;
        }
        let mut sources = FxHashSet::default();
        for &value in asked {
            Flow::new(facts).sources(value, site.function, &mut sources);
        }
        let given = |source| flowing_values(project, edge, Some(source));
        let values: Vec<ValueId> = sources.into_iter().flat_map(given).collect();
        (self.flow.strongest(&values, of) == Dependence::Invariant).then_some(values)
    }

    /// Whether a value is made of literals and names of modules only, and of what `home` is given.
    fn is_constant(&self, file: FileId, value: ValueId, home: Option<FunctionId>) -> bool {
        let facts = &self.types.project().file(file).facts;
        let mut open = vec![value];
        let mut seen = 0;
        while let Some(value) = open.pop() {
            seen += 1;
            match facts.value(value) {
                Value::Param(function, _) if home == Some(*function) => {}
                // A list that begins empty is filled later.
                Value::Sequence(parts) if parts.is_empty() => return false,
                Value::Mapping(entries) if entries.is_empty() => return false,
                // What a module makes once: `const tags = pgTable("tags", …)`.
                Value::Call(id) if facts.call(*id).function == MODULE && facts.call(*id).in_loop.is_none() => {}
                Value::Call(id) if Flow::new(facts).builds(facts.call(*id)) => {
                    open.extend(facts.call(*id).args.iter().map(|arg| arg.value));
                }
                Value::Param(..)
                | Value::This(_)
                | Value::Call(_)
                | Value::Element(..)
                | Value::Carried(..)
                | Value::Unknown => {
                    return false;
                }
                _ if seen > 500 => return false,
                _ => for_each_part(facts, value, &mut |part| open.push(part)),
            }
        }
        true
    }

    /// What flows into the query of a route by the other ways to it, where one of the loops runs over groups: the group,
    /// beside what its rows have in common.
    fn beside(&self, edge: &Edge, route: Route, loops: &[LoopId]) -> Vec<ValueId> {
        if !loops.iter().any(|&id| self.groups.runs_over_groups(id)) {
            return Vec::new();
        }
        let project = self.types.project();
        let site = |route: Route| self.reach.site_of(project, route).map(|(file, site)| (file, site.span));
        let others = self.reach.of(edge.callee).iter().filter(|&&other| other != route && site(other) == site(route));
        let mut beside: Vec<ValueId> =
            others.flat_map(|other| flowing_values(project, edge, other.state.source)).collect();
        // Who is given a group writes all of it.
        if edge.effect(route.state.effect) == SiteEffect::Write {
            beside.extend(edge.place(self.facts).args.iter().map(|arg| arg.value));
        }
        beside
    }

    /// Whether what is asked is to show what the run has done so far.
    fn asks_again(&self, candidate: &Candidate<'_>, id: LoopId) -> bool {
        let call = self.facts.call(candidate.call);
        let is_again = || is_fetched_again(self.types, self.file, call, id);
        asks_again(self.facts, candidate.args, (call.function, call.span), id) || is_again()
    }

    /// What `id` is, with what the callers of its function say.
    fn shape(&self, id: LoopId) -> LoopShape {
        let shape = self.loops.shape(id);
        let iterable = self.facts.loop_(id).iterable;
        if shape == LoopShape::Rows
            && (self.subjects.are_names(id)
                || given::is_handful(self.types.project(), self.graph, &self.loops, iterable))
        {
            return LoopShape::Few;
        }
        shape
    }

    /// Whether a candidate runs once per row of one of `loops` (innermost first), and of which.
    fn judge(&self, candidate: &Candidate<'_>, loops: &[LoopId]) -> Option<Judged> {
        let mut judged: Option<Judged> = None;
        for &id in loops {
            let found = self.facts.loop_(id);
            let shape = self.shape(id);
            let left = self.loops.leaves_after(candidate.call, candidate.guard, id);
            if left {
                // Nothing further out can be told: the loop is a search, or ends after one.
                if judged.is_none() {
                    continue;
                }
                break;
            }
            if judged.is_none() && self.subjects.are_whole_statements(candidate.call, id) {
                return None;
            }
            if shape == LoopShape::Silent {
                if judged.is_none() && self.loops.makes_batches(id) {
                    return None;
                }
                continue;
            }
            let dependence = self.flow.strongest(candidate.args, id);
            let per_row = match dependence {
                Dependence::PerRow => true,
                // A write is made each time, whatever it says.
                Dependence::Varies | Dependence::Invariant => {
                    candidate.effect == SiteEffect::Write
                        && found.kind == LoopKind::Each
                        && shape == LoopShape::Rows
                        && !self.loops.only_counts(id)
                }
            };
            if !per_row
                || self.chunk_of(candidate, id)
                || self.subjects.are_statements_or_tables(candidate.call, candidate.library, candidate.args, id)
                || self.runs_over_databases(id)
                || candidate.effect == SiteEffect::Query && self.asks_again(candidate, id)
            {
                continue;
            }
            let guards = self.loops.guards_within(candidate.guard, id);
            let is_cached = || {
                guards.iter().any(|guard| self.loops.asks_cache(guard)) || self.loops.skips_known(candidate.call, id)
            };
            if candidate.effect == SiteEffect::Query && is_cached() {
                continue;
            }
            if guards.iter().any(|guard| self.loops.is_seldom(guard, id)) {
                continue;
            }
            let handler = guards.iter().any(|guard| guard.kind == GuardKind::Handler)
                || self.loops.is_after_failure(id)
                || self.loops.is_on_failure(self.facts.call(candidate.call).function, id);
            // What is written once for each new key that a program comes upon is soon written no more.
            let noted =
                candidate.effect == SiteEffect::Write && guards.iter().any(|guard| self.loops.is_once_a_key(guard, id));
            let conditional = guards.iter().any(|guard| {
                matches!(guard.kind, GuardKind::Then | GuardKind::Else)
                    && self.flow.dependence(guard.condition, id) == Dependence::Invariant
            });
            let mut confidence = candidate.confidence;
            // Rows that a counter makes up may be few, or for trying things out.
            if conditional || dependence < Dependence::PerRow || self.loops.only_counts(id) {
                confidence = confidence.min(Confidence::Medium);
            }
            let asked = candidate.effect == SiteEffect::Write && self.loops.count_is_asked(candidate.call);
            let groups = self.groups.are_asked_for(candidate.args, candidate.lists, id)
                || self.groups.are_asked_for(candidate.beside, &[], id);
            if handler || asked || noted || groups || shape == LoopShape::Few {
                confidence = Confidence::Low;
            }
            match &mut judged {
                None => {
                    judged = Some(Judged { loops: vec![id], few: shape == LoopShape::Few, conditional, confidence });
                }
                Some(known) => {
                    if known.few && shape == LoopShape::Rows {
                        *known = Judged { loops: vec![id], few: false, conditional, confidence };
                    } else if shape == LoopShape::Rows {
                        known.loops.push(id);
                    }
                }
            }
        }
        judged
    }

    /// What loops put into what queries are made of.
    fn mixed(&self) -> &Mixed<'_> {
        self.mixed.get_or_init(|| {
            let language = self.types.project().file(self.file).source.language;
            Mixed::new(self.facts, language.is_ecma())
        })
    }

    /// Whether each run asks another database.
    fn runs_over_databases(&self, id: LoopId) -> bool {
        let find = || connections::loops_over_databases(self.types, self.graph, self.reach, self.file);
        self.databases.get_or_init(find).contains(&id)
    }

    fn chunk_of(&self, candidate: &Candidate<'_>, id: LoopId) -> bool {
        // Who writes is given the whole batch, whatever else the query is made of.
        let args = &self.facts.call(candidate.call).args;
        if candidate.effect == SiteEffect::Write && args.iter().any(|arg| self.loops.is_slice_of_loop(arg.value, id)) {
            return true;
        }
        let mut depends =
            candidate.args.iter().filter(|&&arg| self.flow.dependence(arg, id) > Dependence::Invariant).peekable();
        depends.peek().is_some() && depends.all(|&arg| self.loops.is_slice_of_loop(arg, id))
    }

    /// The outermost loop in which a read is the same each time; `None` if that is not certain.
    fn invariant(&self, candidate: &Candidate<'_>, loops: &[LoopId]) -> Option<LoopId> {
        if candidate.effect != SiteEffect::Query {
            return None;
        }
        let mut outer = None;
        for &id in loops {
            let found = self.facts.loop_(id);
            let each =
                matches!(found.kind, LoopKind::Each | LoopKind::Comprehension | LoopKind::Callback(_) | LoopKind::Keys);
            if !each
                || self.shape(id) != LoopShape::Rows
                || self.loops.leaves_after(candidate.call, candidate.guard, id)
                || self.flow.strongest(candidate.args, id) != Dependence::Invariant
                || self.mixed().changes(candidate.call, candidate.args, id)
                || self.is_cut(candidate.call, id)
                || !self.loops.guards_within(candidate.guard, id).is_empty()
                || self.changing.get_or_init(|| self.changing_loops()).contains(&id)
            {
                break;
            }
            outer = Some(id);
        }
        outer
    }

    /// Whether the loop decides which part of the rows is asked for: `books.values("id")[:at]`.
    fn is_cut(&self, call: CallId, id: LoopId) -> bool {
        let changes = |&bound: &ValueId| self.flow.dependence(bound, id) != Dependence::Invariant;
        self.facts.values.iter().any(|value| match value {
            Value::Slice(whole, low, high) => {
                *self.facts.value(*whole) == Value::Call(call) && [low, high].into_iter().any(changes)
            }
            Value::Item(whole, at) => *self.facts.value(*whole) == Value::Call(call) && changes(at),
            _ => false,
        })
    }

    /// The loops that may change what a read in them finds: they write, or call something that may.
    fn changing_loops(&self) -> FxHashSet<LoopId> {
        const CHANGING: [&str; 21] = [
            "save", "delete", "create", "update", "insert", "execute", "commit", "flush", "put", "remove", "write",
            "send", "exec", "run", "destroy", "upsert", "pop", "next", "refresh", "rollback", "process",
        ];
        let project = self.types.project();
        let mut changing = FxHashSet::default();
        let mut mark = |function: FunctionId, at: Option<LoopId>| {
            changing.extend(self.graph.place(project, self.file, function, at).1);
        };
        let sites = project.sites(self.file);
        let own: FxHashSet<CallId> = sites.iter().map(|site| site.call).collect();
        for site in sites.iter().filter(|site| !matches!(site.effect, SiteEffect::Query)) {
            mark(site.function, site.in_loop);
        }
        for (id, call) in self.facts.numbered() {
            if own.contains(&id) {
                continue;
            }
            let name = self.flow.called_name(call).unwrap_or("");
            if CHANGING
                .iter()
                .any(|word| name.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
            {
                mark(call.function, call.in_loop);
            }
        }
        for edge in self.graph.edges_of(self.file) {
            if self.reach.of(edge.callee).iter().any(|route| route.state.effect == SiteEffect::Write) {
                let call = edge.place(self.facts);
                mark(call.function, call.in_loop);
            }
        }
        changing
    }

    /// Whether the SQL gives something else each time by itself.
    fn is_volatile(&self, site: &QuerySite) -> bool {
        site.sql.iter().any(|&(file, index)| {
            let source = &self.types.project().file(file).source.text;
            let facts = &self.types.project().file(file).facts;
            let found = &facts.statements[index];
            let text = match found.text {
                Some(text) => facts.texts[text.index()].cooked.as_str(),
                None => source.as_str(),
            };
            let lower = text.get(found.span.range()).unwrap_or(text).to_ascii_lowercase();
            // A function that is called alone may do something: `SELECT make_report()`.
            let is_called_alone = found.statement.tables.is_empty() && lower.contains('(');
            is_called_alone
                || [
                    "nextval",
                    "random",
                    "rand(",
                    "now(",
                    "uuid",
                    "clock_timestamp",
                    "for update",
                    "skip locked",
                    "pg_",
                    "sleep",
                    "last_insert",
                ]
                .iter()
                .any(|word| lower.contains(word))
        })
    }
}

struct Judged {
    loops: Vec<LoopId>,
    few: bool,
    conditional: bool,
    confidence: Confidence,
}
