//! Relations that are read row by row: queries that no call is in sight of.
//!
//! `for book in books: print(book.author.name)` asks the database for each book's author, unless the query that
//! gave the books has loaded the authors along. [`rows`] finds that query and what it loads, [`model`] what an
//! attribute of a row is, [`needs`] what functions read of the rows they are given.

mod columns;
mod defeated;
mod dicts;
mod eager;
mod filled;
mod found;
mod frame;
mod keys;
mod known;
mod listed;
mod loaded;
mod model;
mod needs;
mod owned;
mod parts;
mod peewee;
mod querysets;
mod rows;
mod session;
mod shown;
mod traced;
mod typeorm;

use std::cmp::Reverse;

use rustc_hash::{FxHashMap, FxHashSet};

use super::calls::{At, CallGraph, Edge, Reach, Route, flowing_values, is_own};
use super::flow::{Dependence, Flow, Source};
use super::given;
use super::loops::{LoopShape, Loops};
use super::properties;
use super::relations::Orm;
use super::requirements;
use super::rereads::reads_again;
use super::sites::{QuerySite, SiteEffect};
use super::templates::{Given, Path, Way as Shown};
use super::types::{Ty, Types};
use super::{ClassRef, FileId, FunctionRef, Hop, Repeat, RepeatKind};
use crate::facts::*;
use crate::findings::Confidence;
use crate::source::Span;
pub use defeated::{DefeatedPrefetch, Prefetched};
pub(super) use found::Found;
pub use keys::KeyRead;
pub use listed::{ListedQuery, Listing};
use needs::{Interesting, Needs, chain};
use rows::Tracer;
use session::kept_in_session;
pub use traced::LoadedAt;
use traced::{Rows, join};

/// A relation of a row that is fetched for each row of a loop.
#[derive(Clone, Debug, PartialEq)]
pub struct LazyRead {
    /// The read in the loop, or the call that leads to it.
    pub span: Span,
    /// The function it stands in.
    pub function: FunctionId,
    /// The loops that multiply it, innermost first; empty where a framework runs the loop.
    pub loops: Vec<LoopId>,
    /// What lists the rows, where a framework runs the loop.
    pub listing: Option<Listing>,
    /// What is called on the way to the read; empty for a read in the loop itself.
    pub hops: Vec<Hop>,
    /// The read behind the hops.
    pub read: Option<(FileId, Span)>,
    /// The model that the query of the rows is about.
    pub model: String,
    /// The relation from the rows of the query on: `author__country`.
    pub path: String,
    /// What loads it with the rows, on their query: `.select_related("author")`; for a column, in words.
    pub load: String,
    /// Whether it is no relation but a column of the rows, which their query has left out.
    pub is_column: bool,
    /// Whether it is the key by which Django puts the row that they were asked of on each of the rows.
    pub sets_owner: bool,
    /// Whether a session keeps what was fetched, so that each different row is fetched once.
    pub is_kept: bool,
    /// The query that gives the rows, if it is in sight.
    pub origin: Option<(FileId, Span)>,
    /// Where it would be said that it is loaded with them.
    pub loaded_at: LoadedAt,
    /// The weakest link.
    pub confidence: Confidence,
    /// Whether it stands under a condition that the row does not decide.
    pub conditional: bool,
    /// Other lists that lead to it, whose queries do not load it either.
    pub also: Vec<AlsoListed>,
    /// What renders the template that it stands in, where its rows are not loaded with the relation.
    pub rendered: Vec<(FileId, Span)>,
    /// The reads, if all that is read of the related rows is their key, which the rows at hand hold.
    pub keys: Vec<KeyRead>,
}

/// Rows that another list shows or another branch gives, of which the same is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlsoListed {
    /// The query that gives them.
    pub origin: (FileId, Span),
    /// What loads it with them.
    pub load: String,
}

/// A property of a row that asks the database, read in a loop over rows.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyQuery {
    /// The read in the loop.
    pub span: Span,
    /// The loops that multiply it, innermost first.
    pub loops: Vec<LoopId>,
    /// The property, as `Class.name`.
    pub name: String,
    /// The query behind it.
    pub query: (FileId, Span),
    /// How the library does it for many rows at once.
    pub batch: Option<Box<str>>,
    /// The weakest link.
    pub confidence: Confidence,
    /// The prefetch that its query has no use of.
    pub defeats: Option<DefeatedPrefetch>,
}

/// What is read lazily, by file.
#[derive(Debug, Default)]
pub(super) struct Lazy {
    /// Relations of rows.
    pub(super) reads: Vec<Vec<LazyRead>>,
    /// Properties of rows that ask.
    pub(super) properties: Vec<Vec<PropertyQuery>>,
    /// Queries that frameworks make for each row of a list.
    pub(super) queries: Vec<Vec<ListedQuery>>,
    /// By the call of a [`Repeat`]: what a prefetch means for its query.
    pub(super) prefetched: Vec<FxHashMap<CallId, Prefetched>>,
}

impl Lazy {
    /// The files in which something else was read before.
    pub(super) fn changed_from<'l>(&'l self, before: &'l Lazy) -> impl Iterator<Item = FileId> + 'l {
        let is_other = |&FileId(file): &FileId| {
            let at = file as usize;
            self.reads.get(at) != before.reads.get(at)
                || self.properties.get(at) != before.properties.get(at)
                || self.queries.get(at) != before.queries.get(at)
                || self.prefetched.get(at) != before.prefetched.get(at)
        };
        let files = self.queries.len().max(before.queries.len());
        (0..u32::try_from(files).unwrap_or(u32::MAX)).map(FileId).filter(move |file| is_other(file))
    }
}

/// What the loops of a file read.
#[derive(Debug, Default)]
struct Own {
    reads: Vec<LazyRead>,
    properties: Vec<PropertyQuery>,
    prefetched: FxHashMap<CallId, Prefetched>,
}

fn in_file(tracer: &Tracer<'_, '_>, reach: &Reach, interesting: &Interesting, file: FileId) -> Own {
    let (types, graph) = (tracer.types, tracer.graph);
    let facts = types.facts(file);
    let reads_nothing = facts.accesses.is_empty() && facts.uses.is_empty() && graph.edges_of(file).is_empty();
    if reads_nothing || facts.loops.is_empty() {
        return Own::default();
    }
    let needs = Needs::new(types, graph, interesting);
    let paths = facts.template.as_ref().map(|_| types.project().templates().paths(file));
    let set = facts.accesses.iter().copied().filter(|access| access.is_set).collect();
    let mut finder = Finder {
        types,
        graph,
        reach,
        file,
        facts,
        flow: Flow::new(facts),
        loops: Loops::new(types, file),
        tracer,
        needs,
        set,
        paths,
        on_paths: FxHashMap::default(),
        found: FxHashMap::default(),
        properties: Vec::new(),
    };
    // In Python the body of a lambda is among the attributes that are read.
    let is_ecma = types.project().file(file).source.language.is_ecma();
    let given = given(facts).filter(|_| is_ecma);
    for access in facts.accesses.iter().copied().chain(given) {
        if let Value::Member(_, name) = facts.value(access.value)
            && !access.is_set
            && access.in_loop.is_some()
            && interesting.has(&facts.names[*name])
        {
            let (root, names) = chain(facts, access.value);
            let Access { value, function, in_loop, guard, .. } = access;
            let place = Place { value, function, in_loop, guard };
            finder.read(root, &names, place, access.span, &Way::default());
        }
    }
    for (id, call) in facts.numbered().filter(|(_, call)| call.in_loop.is_some()) {
        for (root, names, span) in interesting.read_by(types.project(), file, id) {
            finder.read(root, &names, Place::of(call.callee, call), span, &Way::default());
        }
    }
    for used in facts.uses.iter().filter(|used| used.kind == UseKind::Text && used.in_loop.is_some()) {
        if let Some((root, names)) = interesting.text_of(facts, used.value) {
            let Use { value, function, in_loop, guard, span, .. } = *used;
            finder.read(root, &names, Place { value, function, in_loop, guard }, span, &Way::default());
        }
    }
    for edge in graph.edges_of(file).iter().filter(|edge| edge.alternatives.is_none()) {
        finder.edge(edge);
    }
    finder.left_out_keys();
    let repeats = types.project().repeats(file).iter();
    let prefetched = repeats.filter_map(|repeat| Some((repeat.call, finder.prefetched(repeat)?))).collect();
    Own { prefetched, ..finder.finish() }
}

/// What callbacks give that do nothing else: `books.map((book) => book.author)`.
fn given(facts: &FileFacts) -> impl Iterator<Item = Access> {
    let functions = (0..).map(FunctionId).zip(&facts.functions);
    functions.filter(|(_, own)| own.traits.is_lambda && own.runs_in.is_some()).filter_map(|(function, own)| {
        let [value] = own.returns[..] else { return None };
        matches!(facts.value(value), Value::Member(..)).then_some(Access {
            value,
            function,
            in_loop: own.runs_in,
            guard: None,
            is_set: false,
            span: own.span,
        })
    })
}

/// Where something stands.
#[derive(Clone, Copy)]
struct Place {
    /// What is read or called.
    value: ValueId,
    function: FunctionId,
    in_loop: Option<LoopId>,
    guard: Option<GuardId>,
}

impl Place {
    fn of(value: ValueId, call: &Call) -> Place {
        Place { value, function: call.function, in_loop: call.in_loop, guard: call.guard }
    }
}

/// The way from a loop to a read.
#[derive(Default)]
struct Way<'w> {
    hops: &'w [Hop],
    read: Option<(FileId, Span)>,
    /// Whether a condition on the way decides.
    conditional: bool,
}

/// A chain of attributes that is read in a loop.
#[derive(Clone, Copy)]
struct Read<'r> {
    root: ValueId,
    place: Place,
    span: Span,
    way: &'r Way<'r>,
    /// The loops around it that it depends on, innermost first.
    around: &'r [LoopId],
    /// The function that it belongs to.
    home: FunctionId,
}

struct Finder<'t, 'p> {
    types: &'t Types<'p>,
    graph: &'t CallGraph,
    reach: &'t Reach,
    file: FileId,
    facts: &'p FileFacts,
    flow: Flow<'p>,
    loops: Loops<'t, 'p>,
    tracer: &'t Tracer<'t, 'p>,
    needs: Needs<'t, 'p>,
    /// The attributes that are set somewhere in the file: what they hold then is no longer fetched.
    set: Vec<Access>,
    /// The ways on which it is shown, if it is a template.
    paths: Option<&'p [Path]>,
    /// The rows of it on those ways.
    on_paths: FxHashMap<(usize, LoopId, ValueId), Option<Rows>>,
    /// By what the loop runs over and the row: what is read of it.
    found: FxHashMap<(FunctionId, ValueId), Vec<LazyRead>>,
    properties: Vec<PropertyQuery>,
}

impl Finder<'_, '_> {
    fn edge(&mut self, edge: &Edge) {
        let Some(call) = edge.call().map(|id| self.facts.call(id)) else { return self.asked(edge) };
        let (_, loops) = self.graph.place(self.types.project(), self.file, call.function, call.in_loop);
        if loops.is_empty() {
            return;
        }
        let needs = self.needs.of(edge.callee);
        let place = Place::of(call.callee, call);
        for need in needs.iter() {
            if requirements::through(self.types.project(), edge, &need.required).is_none_or(|passed| passed.unlikely) {
                continue;
            }
            for value in flowing_values(self.types.project(), edge, Some(need.source)) {
                let (root, mut names) = chain(self.facts, value);
                names.extend(need.names.iter().cloned());
                let mut hops = vec![self.needs.hop(self.file, call.name_span, edge.callee)];
                hops.extend(need.hops.iter().cloned());
                let read = Some((need.file, need.span));
                let way = Way { hops: &hops, read, conditional: need.conditional };
                self.read(root, &names, place, call.name_span, &way);
            }
        }
    }

    /// A chain of attributes that is read of `root`, here or behind `hops`.
    fn read(&mut self, root: ValueId, names: &[Box<str>], place: Place, span: Span, way: &Way<'_>) {
        let (home, around) = self.graph.place(self.types.project(), self.file, place.function, place.in_loop);
        let Some(at) = around.iter().position(|&id| self.flow.dependence(root, id) == Dependence::PerRow) else {
            return;
        };
        let innermost = around[at];
        if !self.is_over_rows(innermost) || self.is_left_out(place, span, innermost) {
            return;
        }
        let read = Read { root, place, span, way, around: &around[at..], home };
        let Some(paths) = self.paths else {
            if let Some((rows, names)) = self.tracer.row_of(self.file, root, names) {
                self.read_of(&read, rows, names, None);
            }
            return;
        };
        for (index, path) in paths.iter().enumerate() {
            let found = match self.row_on(index, path, &read, innermost) {
                Some(rows) => Some((rows, names)),
                None if !self.is_shown(span, path) || self.is_few_on(path, innermost) => None,
                None => self.tracer.record_on(self.file, root, names, path),
            };
            if let Some((rows, names)) = found
                && let Some((rows, names)) = self.tracer.read_of_entity(rows, names)
            {
                let rendering = self.types.project().templates().rendering(path);
                self.read_of(&read, rows, names, rendering.map(|rendering| rendering.place));
            }
        }
    }

    /// The row that a read is of, in a template that is shown on a path.
    fn row_on(&mut self, index: usize, path: &[Shown], read: &Read<'_>, innermost: LoopId) -> Option<Rows> {
        if !self.is_shown(read.span, path) {
            return None;
        }
        let key = (index, innermost, read.root);
        if let Some(known) = self.on_paths.get(&key) {
            return known.clone();
        }
        let is_few = self.is_few_on(path, innermost);
        let found = if is_few { None } else { self.tracer.row_on(self.file, read.root, path) };
        self.on_paths.insert(key, found.clone());
        found
    }

    /// Whether a loop of a template runs over a handful of what it is given on a path.
    fn is_few_on(&self, path: &[Shown], id: LoopId) -> bool {
        let Value::Param(TEMPLATE, param) = *self.facts.value(self.facts.loop_(id).iterable) else { return false };
        let Some(param) = self.facts.function(TEMPLATE).params.get(usize::from(param)) else { return false };
        let project = self.types.project();
        let given = project.templates().given_on(project, path, &self.facts.names[param.name]);
        let is_few = |given: &Given| match *given {
            Given::Value(file, value) => self.loops.length(file, value) != LoopShape::Rows,
            _ => false,
        };
        given.iter().any(is_few)
    }

    /// What a read costs, now that the rows are known.
    fn read_of(&mut self, read: &Read<'_>, rows: Rows, names: &[Box<str>], rendered: Option<(FileId, Span)>) {
        let Read { root, place, span, way, around, home, .. } = *read;
        let innermost = around[0];
        let costs = self.needs.costs(rows.model, &rows.loaded, names, way.read.unwrap_or((self.file, span)));
        let asking = if way.hops.is_empty() { self.asking(&rows, names) } else { None };
        if costs.is_empty() && asking.is_none() {
            return;
        }
        let loops: Vec<LoopId> = around.iter().copied().filter(|&id| id == innermost || self.multiplies(id)).collect();
        let guards = self.loops.guards_within(place.guard, innermost);
        let unlikely = guards.iter().any(|guard| {
            matches!(guard.kind, GuardKind::Then | GuardKind::Else)
                && self.flow.dependence(guard.condition, innermost) == Dependence::Invariant
        });
        if let Some(asking) = asking {
            let confidence = self.confidence(&rows, false, unlikely).min(asking.confidence);
            self.properties.push(PropertyQuery { span, loops: loops.clone(), confidence, ..asking });
        }
        for cost in costs {
            if self.is_set(read, &cost.path) || self.is_attached(&rows, rendered, &cost.path) {
                continue;
            }
            let kept = kept_in_session(self.types, rows.model, &cost.path);
            if kept.is_some_and(|model| self.has_asked_for(model, place.function, span)) {
                continue;
            }
            let mut confidence = self.confidence(&rows, way.conditional || cost.conditional, unlikely);
            if kept.is_some() {
                // How many different rows there are cannot be known; where the query is not in sight, it may have
                // asked for those of one.
                let at_most = if rows.origin.is_some() { Confidence::Medium } else { Confidence::Low };
                confidence = confidence.min(at_most);
            }
            let path = join(&rows.path, &cost.path);
            let load = if cost.is_column {
                rows.loaded.columns.fetching(&cost.path, self.types, rows.model)
            } else {
                typeorm::step(self.types, &rows, &path)
                    .unwrap_or_else(|| model::load(self.types, rows.base, &path, rows.is_many || cost.is_generic))
            };
            let own = LazyRead {
                span,
                function: place.function,
                loops: loops.clone(),
                listing: None,
                hops: way.hops.iter().cloned().chain(cost.hops.iter().cloned()).collect(),
                read: cost.read.or(way.read),
                model: self.model_name(rows.base),
                also: rows.also_from(&load),
                load,
                is_column: cost.is_column,
                sets_owner: false,
                path,
                origin: rows.origin,
                loaded_at: rows.loaded_at(&cost.path),
                is_kept: kept.is_some(),
                confidence,
                conditional: way.conditional || unlikely || cost.conditional,
                rendered: rendered.into_iter().collect(),
                keys: cost.key.into_iter().collect(),
            };
            let key = (home, self.same_rows(root));
            self.found.entry(key).or_default().push(own);
        }
    }

    /// What a prefetch means for a query in a loop: one of a relation of a row, in the loop or one call away.
    fn prefetched(&self, repeat: &Repeat) -> Option<Prefetched> {
        let project = self.types.project();
        let (file, site) = repeat.site;
        let site = project.sites(file).get(site)?;
        let is_told = match repeat.kind {
            RepeatKind::Read => true,
            // The same relation of one row may be loaded with it.
            RepeatKind::Invariant => self.paths.is_some(),
            RepeatKind::Write => false,
        };
        if !is_told {
            return None;
        }
        let asked = defeated::asked(project, file, site.call)?;
        // Of rows that are not in sight of a template, no more is known than what some query loads.
        let relation = asked.names.last()?;
        let may_be = self.paths.is_some() && asked.is_answered() && project.may_be_eager(relation);
        let unseen = may_be.then_some(Prefetched::Answers);
        if !repeat.hops.is_empty() {
            return unseen;
        }
        let is_direct = file == self.file && site.call == repeat.call;
        let (root, names) = if is_direct {
            (asked.root, asked.names.clone())
        } else {
            let (home, _) = self.graph.place(project, file, site.function, site.in_loop);
            let callee = FunctionRef { file, function: home };
            let own = self.graph.edges_of(self.file).iter();
            let edge = own.into_iter().find(|edge| edge.call() == Some(repeat.call) && edge.callee == callee)?;
            let source = asked.source(self.types.facts(file), home)?;
            let [value] = *flowing_values(project, edge, Some(source)) else { return None };
            let (root, mut names) = chain(self.facts, value);
            names.extend(asked.names.iter().cloned());
            (root, names)
        };
        let Some(paths) = self.paths else {
            let (rows, names) = self.tracer.row_of(self.file, root, &names)?;
            return self.prefetched_with(repeat, site, &asked, is_direct, &rows, names);
        };
        // Who renders a template without the prefetch has the query.
        let is_read = repeat.kind == RepeatKind::Read;
        let mut found = None;
        let mut is_known = false;
        for path in paths.iter().filter(|path| self.is_shown(repeat.span, path)) {
            let Some(row) = self.tracer.row_on(self.file, root, path) else { continue };
            let (rows, names) = self.tracer.read_of_entity(row, &names)?;
            is_known = true;
            // A whole relation that is not loaded is told as one.
            if is_read && is_direct && asked.is_whole() && Orm::of(self.types, rows.model) == Some(Orm::Django) {
                return Some(Prefetched::Answers);
            }
            let own = self.prefetched_with(repeat, site, &asked, is_direct, &rows, names)?;
            found = Some(match found {
                Some(known @ Prefetched::Defeated(..)) => known,
                _ => own,
            });
        }
        let found = if is_known { found } else { unseen };
        found.filter(|found| is_read || *found == Prefetched::Answers)
    }

    fn is_shown(&self, span: Span, path: &[Shown]) -> bool {
        let project = self.types.project();
        project.templates().is_shown(project, self.file, span, path)
    }

    /// What the prefetch of these rows means for a query of their relation.
    fn prefetched_with(
        &self,
        repeat: &Repeat,
        site: &QuerySite,
        asked: &defeated::Asked,
        is_direct: bool,
        rows: &Rows,
        names: &[Box<str>],
    ) -> Option<Prefetched> {
        if asked.is_answered() {
            // Whoever renders a template may have prefetched it.
            if self.paths.is_some() && rows.loaded.has(&names.join("__")) {
                return Some(Prefetched::Answers);
            }
            return asked.prefetch(self.types, rows.model, &rows.loaded, names).map(|_| Prefetched::Answers);
        }
        let found = asked.defeats(self.types, rows.model, &rows.loaded, names)?;
        let at_most = if repeat.conditional { Confidence::Medium } else { Confidence::High };
        let way = if is_direct { site.confidence } else { repeat.confidence };
        Some(Prefetched::Defeated(found, rows.confidence.min(way).min(at_most)))
    }

    /// The property among the names that surely asks the database for each row.
    fn asking(&self, rows: &Rows, names: &[Box<str>]) -> Option<PropertyQuery> {
        let mut model = rows.model;
        for (index, name) in names.iter().enumerate() {
            match model::attribute(self.types, model, name)? {
                model::Attribute::Relation(relation) if relation.kind != model::Kind::Many => model = relation.target?,
                model::Attribute::Relation(_) => return None,
                model::Attribute::Code(function) => {
                    let facts = self.types.facts(function.file);
                    if !facts.function(function.function).traits.is_property {
                        return None;
                    }
                    let (route, (file, site)) = self.query_of(function)?;
                    let kept = self.reach.witness(route).memoised
                        || properties::is_memoised(self.types.facts(function.file), function.function);
                    // What was loaded for several rows at once is one object, and asked once where it keeps the answer.
                    let is_shared = rows.loaded.unseen
                        || rows.loaded.has(&names[..index].join("__"))
                        || Orm::of(self.types, rows.model) == Some(Orm::SqlAlchemy);
                    if kept && (self.graph.annotated.contains(name) || (index > 0 && is_shared)) {
                        return None;
                    }
                    let of = self.types.facts(file);
                    if index == 0 && rows.loaded.answers(self.types, rows.model, of, of.call(site.call)) {
                        return None;
                    }
                    return Some(PropertyQuery {
                        span: site.span,
                        loops: Vec::new(),
                        name: facts.scope(function.function),
                        query: (file, site.span),
                        batch: site.batch.clone(),
                        confidence: self.reach.witness(route).confidence,
                        defeats: self.defeats(rows, &names[..index], function, (file, site.call)),
                    });
                }
            }
        }
        None
    }

    /// The prefetch that a query in the property at the end of `way` has no use of.
    fn defeats(
        &self,
        rows: &Rows,
        way: &[Box<str>],
        property: FunctionRef,
        (file, call): (FileId, CallId),
    ) -> Option<DefeatedPrefetch> {
        let asked = defeated::asked(self.types.project(), file, call)?;
        let function = self.types.facts(file).call(call).function;
        let is_own = file == property.file && asked.source(self.types.facts(file), function)? == Source::This;
        let names: Vec<Box<str>> = way.iter().chain(&asked.names).cloned().collect();
        asked.defeats(self.types, rows.model, &rows.loaded, &names).filter(|_| is_own && function == property.function)
    }

    /// What a property surely asks of the object that it is read of.
    fn query_of(&self, property: FunctionRef) -> Option<(Route, (FileId, &QuerySite))> {
        let routes = self.reach.of(property).iter().filter(|route| {
            let witness = self.reach.witness(**route);
            route.state.effect == SiteEffect::Query
                && route.state.source == Some(Source::This)
                && !witness.cached
                && witness.conditions == 0
                && witness.required.is_empty()
                && !witness.is_attached_in(self.types.project(), self.file)
        });
        routes.into_iter().find_map(|&route| Some((route, self.reach.site_of(self.types.project(), route)?)))
    }

    /// A property that is read of an object that is no row.
    fn asked(&mut self, edge: &Edge) {
        let read = edge.place(self.facts);
        let Some(object) = read.receiver else { return };
        let (_, around) = self.graph.place(self.types.project(), self.file, read.function, read.in_loop);
        let Some(at) = around.iter().position(|&id| self.flow.dependence(object, id) == Dependence::PerRow) else {
            return;
        };
        let is_row = match self.types.of(self.file, object) {
            Ty::Instance(class, _) => Orm::of(self.types, class).is_some(),
            _ => true,
        };
        let value = match edge.at {
            At::Read(index) => self.facts.accesses[index as usize].value,
            At::Call(_) => return,
        };
        let place = Place { value, function: read.function, in_loop: read.in_loop, guard: read.guard };
        if is_row
            || !self.is_over_rows(around[at])
            || self.is_left_out(place, read.span, around[at])
            || (edge.memoised && !is_own(self.facts, &[object]))
        {
            return;
        }
        let Some((route, (file, site))) = self.query_of(edge.callee) else { return };
        let loops = around[at..].iter().copied().filter(|&id| id == around[at] || self.multiplies(id)).collect();
        let unlikely = self.loops.guards_within(read.guard, around[at]).iter().any(|guard| {
            matches!(guard.kind, GuardKind::Then | GuardKind::Else)
                && self.flow.dependence(guard.condition, around[at]) == Dependence::Invariant
        });
        let at_most = if unlikely { Confidence::Medium } else { Confidence::High };
        self.properties.push(PropertyQuery {
            span: read.span,
            loops,
            name: self.types.facts(edge.callee.file).scope(edge.callee.function),
            query: (file, site.span),
            batch: site.batch.clone(),
            confidence: edge.confidence.min(self.reach.witness(route).confidence).min(at_most),
            defeats: None,
        });
    }

    /// Whether a function has asked for rows of a model before: its session may have them.
    fn has_asked_for(&self, model: ClassRef, function: FunctionId, span: Span) -> bool {
        let calls = self.facts.calls_in(function);
        let mut before = calls.filter(|(_, call)| call.span.start < span.start && call.result == ResultUse::Bound);
        before.any(|(id, _)| match self.types.of_call(self.file, id) {
            Ty::Instance(class, _) | Ty::Api(_, Some(class)) => class == model,
            Ty::List(element) => *element == Ty::Instance(model, None),
            _ => false,
        })
    }

    /// Whether a loop runs over many rows, as far as it and the callers of its function say.
    fn is_over_rows(&self, id: LoopId) -> bool {
        let handful =
            || given::is_handful(self.types.project(), self.graph, &self.loops, self.facts.loop_(id).iterable);
        self.loops.shape(id) == LoopShape::Rows && !handful()
    }

    /// Whether a loop around the loop over the rows runs it once per element of something.
    fn multiplies(&self, id: LoopId) -> bool {
        !matches!(self.facts.loop_(id).kind, LoopKind::While | LoopKind::Counting)
            && self.loops.shape(id) == LoopShape::Rows
    }

    fn confidence(&self, rows: &Rows, deep: bool, conditional: bool) -> Confidence {
        let at_most = |limit: bool| if limit { Confidence::Medium } else { Confidence::High };
        let origin = at_most(rows.origin.is_none());
        // How often a function goes as far as a read under a condition cannot be known.
        let hidden = if deep { Confidence::Low } else { Confidence::High };
        rows.confidence.min(at_most(conditional)).min(hidden).min(origin)
    }

    fn model_name(&self, model: ClassRef) -> String {
        let facts = self.types.facts(model.file);
        facts.names[facts.class(model.class).name].to_owned()
    }

    /// What stands for a row in all loops over the same rows: a second one finds what the first has fetched, also through
    /// `sorted(rows)`, `enumerate(rows)` and `[row for row in rows if …]`.
    fn same_rows(&self, root: ValueId) -> ValueId {
        let (mut of, mut part) = match *self.facts.value(root) {
            Value::Element(of, _) => (of, None),
            Value::Part(pair, index) if let Value::Element(of, _) = *self.facts.value(pair) => (of, Some(index)),
            _ => return root,
        };
        while let Value::Call(call) = *self.facts.value(of) {
            let call = self.facts.call(call);
            let name =
                self.flow.called_name(call).filter(|_| matches!(self.facts.value(call.callee), Value::Global(_)));
            let at = match (name, part.take()) {
                (Some("enumerate"), Some(1)) => 0,
                (Some("zip"), Some(index)) => usize::from(index),
                (Some("list" | "reversed" | "sorted" | "tuple"), None) => 0,
                (_, None) => break,
                _ => return root,
            };
            match call.args.get(at) {
                Some(arg) => of = arg.value,
                None => break,
            }
        }
        match *self.facts.value(of) {
            _ if part.is_some() => root,
            Value::Collected(row, _) if matches!(self.facts.value(row), Value::Element(..)) => self.same_rows(row),
            _ => of,
        }
    }

    /// Whether the relation is set somewhere, and not only after it is read: `book.author = known[book.author_id]`.
    fn is_set(&self, read: &Read<'_>, path: &str) -> bool {
        let mut names = path.split("__");
        let first = names.next();
        let is_later = |set: &Access| set.function == read.place.function && set.span.start > read.span.start;
        self.set.iter().filter(|set| !is_later(set)).any(|set| match *self.facts.value(set.value) {
            Value::Member(object, name) => {
                Some(&self.facts.names[name]) == first && self.same_rows(object) == self.same_rows(read.root)
            }
            _ => false,
        })
    }

    /// Whether code sets the relation on rows that it then renders a template with.
    fn is_attached(&self, rows: &Rows, rendered: Option<(FileId, Span)>, path: &str) -> bool {
        let first = path.split("__").next().unwrap_or(path);
        let templates = self.types.project().templates();
        let places = rendered.into_iter().chain(rows.origin.filter(|_| rendered.is_some()));
        places.into_iter().any(|(file, _)| templates.is_attached_in(file, first))
    }

    /// Whether the loop ends after the read, or the read is made in few runs only.
    fn is_left_out(&self, place: Place, span: Span, id: LoopId) -> bool {
        let guards = self.loops.guards_within(place.guard, id);
        let is_exception = |guard: &&Guard| {
            guard.kind == GuardKind::Handler || self.loops.asks_cache(guard) || self.loops.is_seldom(guard, id)
        };
        guards.iter().any(is_exception)
            || self.loops.is_after_failure(id)
            || reads_again(self.facts, place.value, (place.function, span), id)
            || self.loops.ends_after(place.value, place.function, place.guard, span, id)
    }

    /// Of what is read of the same rows, the longest paths, each once.
    fn finish(mut self) -> Own {
        let mut all = Vec::new();
        for (_, mut reads) in self.found {
            keys::settle(&mut reads);
            reads.sort_by_key(|read| (Reverse(read.confidence), read.hops.len(), read.span));
            let mut kept: Vec<LazyRead> = Vec::new();
            for read in reads {
                if let Some(known) = kept.iter_mut().find(|known| begins(&known.path, &read.path)) {
                    known.keys.extend(read.keys);
                    let more = read.rendered.into_iter().filter(|place| !known.rendered.contains(place));
                    let more: Vec<(FileId, Span)> = more.collect();
                    known.rendered.extend(more);
                    continue;
                }
                // What is less sure does not hide what leads to it.
                let is_shorter = |known: &LazyRead| begins(&read.path, &known.path);
                if kept.iter().any(|known| is_shorter(known) && known.confidence > read.confidence) {
                    continue;
                }
                kept.retain(|known| !is_shorter(known));
                kept.push(read);
            }
            all.extend(kept);
        }
        all.sort_by(|a, b| (a.span, &a.path).cmp(&(b.span, &b.path)));
        all.dedup_by(|b, a| a.span == b.span && a.path == b.path);
        // Of one property of the rows of one loop, the first read.
        self.properties.sort_by_key(|property| property.span);
        let mut seen = FxHashSet::default();
        self.properties.retain(|property| seen.insert((property.loops.first().copied(), property.name.clone())));
        Own { reads: all, properties: self.properties, ..Own::default() }
    }
}

/// Whether a path begins with another one.
fn begins(whole: &str, start: &str) -> bool {
    whole.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with("__"))
}
