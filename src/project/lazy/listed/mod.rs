//! Loops that a framework runs: the rows of a list of Django's admin or of a feed, those that a view of Django REST framework
//! serializes, those of a table of django-tables2 or that marshmallow dumps, the objects that GraphQL resolves.

mod actions;
mod admin;
mod builders;
mod feeds;
mod fields;
mod graphql;
mod resolver_maps;
mod schemas;
mod sdl;
mod serializers;
mod strawberry;
mod tables;
mod unrun;
mod wrapped;

use rustc_hash::FxHashSet;

use super::LazyRead;
use super::defeated::{self, DefeatedPrefetch};
use super::loaded::Loaded;
use super::model::{self, Attribute, attribute};
use super::needs::{Cost, Interesting, Needs};
use super::rows::Tracer;
use super::traced::{Rows, join};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::caches::Caches;
use crate::project::calls::{Reach, Step};
use crate::project::flow::{Flow, Source};
use crate::project::properties;
use crate::project::reach::path;
use crate::project::reads::PerFile;
use crate::project::requirements::{self, Requirement};
use crate::project::sites::{self, SiteEffect};
use crate::project::types::{ClassMember, Types};
use crate::project::{ClassRef, FileId, FunctionRef, Hop, Project};
use crate::source::Span;
use graphql::has_resolvers;
pub(super) use graphql::nodes_in;
use resolver_maps::{FieldResolver, field_resolvers};

/// How deep serializers are nested, at most.
const MAX_NESTED: u8 = 4;

/// Views of Django REST framework that list rows.
const LISTING: [&str; 5] =
    ["ListAPIView", "ListCreateAPIView", "ListModelMixin", "ModelViewSet", "ReadOnlyModelViewSet"];

/// What a framework does for each row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// What lists the rows: a view, a class of the admin, a call.
    pub place: (FileId, Span),
    /// Its name.
    pub name: String,
    /// Whether it is a type of a GraphQL schema, whose objects are listed wherever a request asks for them.
    pub is_type: bool,
}

/// A query that a framework makes for each row of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedQuery {
    /// The query, or the call that leads to it.
    pub span: Span,
    /// The function it stands in.
    pub function: FunctionId,
    /// The calls that lead from there to the query, and that, if it stands elsewhere.
    pub way: Option<(Vec<Hop>, (FileId, Span))>,
    /// Where its queryset is begun, if that is another statement.
    pub begun: Option<Span>,
    /// What lists the rows.
    pub listing: Listing,
    /// Other places that list them.
    pub also: Vec<Listing>,
    /// How the library does it for many rows at once.
    pub batch: Option<Box<str>>,
    /// The weakest link.
    pub confidence: Confidence,
    /// The prefetch that it has no use of.
    pub defeats: Option<DefeatedPrefetch>,
}

/// What the lists of one file lead to, with the files it is told in.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) reads: Vec<(FileId, LazyRead)>,
    pub(super) queries: Vec<(FileId, ListedQuery)>,
}

impl Found {
    /// Leaves out the queries that are told as relations which are read of the same rows: `self.reviews.count()`.
    fn told_once(mut self) -> Found {
        let Found { reads, queries } = &mut self;
        queries.retain(|(file, query)| {
            !reads.iter().any(|(at, read)| {
                read.listing.as_ref() == Some(&query.listing)
                    && read.read.unwrap_or((*at, read.span)) == (*file, query.span)
                    && read.confidence >= query.confidence
                    && read.keys.is_empty()
                    && !read.is_column
            })
        });
        self
    }
}

/// What a project says of GraphQL schemas.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct GraphQl {
    /// Types of which there are lists.
    nodes: FxHashSet<ClassRef>,
    /// Functions in maps of resolvers, by function.
    resolvers: Vec<FieldResolver>,
    /// Whether some file has classes of resolvers.
    has_classes: bool,
}

impl GraphQl {
    /// Reads it from all files.
    pub(super) fn find(project: &Project, nodes: &PerFile<Vec<ClassRef>>) -> GraphQl {
        GraphQl {
            nodes: nodes.found.iter().flat_map(|nodes| nodes.iter().copied()).collect(),
            resolvers: field_resolvers(project),
            has_classes: has_resolvers(project),
        }
    }

    /// Whether nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.resolvers.is_empty() && !self.has_classes
    }
}

/// What the lists of a file lead to.
pub(super) fn in_file(
    tracer: &Tracer<'_, '_>,
    reach: &Reach,
    interesting: &Interesting,
    graphql: &GraphQl,
    file: FileId,
) -> Found {
    let (types, graph) = (tracer.types, tracer.graph);
    let facts = types.facts(file);
    let mut finder =
        Finder { types, reach, tracer, needs: Needs::new(types, graph, interesting), found: Found::default() };
    let is_ecma = types.project().file(file).source.language.is_ecma();
    for index in 0..facts.classes.len() {
        let class = ClassRef { file, class: ClassId(u32::try_from(index).unwrap_or(u32::MAX)) };
        if is_ecma {
            finder.resolver_class(class, &graphql.nodes);
        } else if graphql.nodes.contains(&class) {
            if strawberry::is_type(facts, facts.class(class.class)) {
                finder.strawberry_fields(class);
            } else {
                finder.resolvers(class);
            }
        } else if types.extends(class, &|name| LISTING.contains(&name)) {
            finder.view(class);
        } else if types.extends(class, &|name| tables::VIEWS.contains(&name)) {
            finder.table_view(class);
        } else if finder.is_feed(class, 0) {
            finder.feed(class);
        }
    }
    let from = graphql.resolvers.partition_point(|resolver| resolver.function.file < file);
    for resolver in graphql.resolvers[from..].iter().take_while(|resolver| resolver.function.file == file) {
        finder.field_resolver(resolver);
    }
    let is_lister = |name: &str| {
        matches!(name, "get_serializer" | "register")
            || ["Serializer", "Table"].iter().any(|end| name.ends_with(end))
            || schemas::DUMPS.contains(&name)
    };
    if !facts.names.iter().any(is_lister) {
        return finder.found.told_once();
    }
    let flow = Flow::new(facts);
    for (id, call) in facts.numbered() {
        let made = match facts.value(call.callee) {
            Value::Class(class) => Some(&facts.names[facts.class(*class).name]),
            _ => flow.called_name(call),
        };
        match made {
            Some("register") => finder.registered(file, id),
            Some("get_serializer") => finder.serialized(file, id),
            Some(name) if name.ends_with("Serializer") => finder.serialized(file, id),
            Some(name) if schemas::DUMPS.contains(&name) => finder.dumped(file, id),
            Some(name) if name.ends_with("Table") => finder.tabled(file, call),
            _ => {}
        }
    }
    finder.found.told_once()
}

struct Finder<'t, 'p> {
    types: &'t Types<'p>,
    reach: &'t Reach,
    tracer: &'t Tracer<'t, 'p>,
    needs: Needs<'t, 'p>,
    found: Found,
}

/// The rows of a list, or what they hold, and how they hang on its query.
struct Scope<'s> {
    rows: &'s Rows,
    model: ClassRef,
    loaded: Loaded,
    path: String,
    is_many: bool,
    listing: &'s Listing,
    /// The column that shows it, if the list names its columns.
    shown_at: Option<(FileId, Span)>,
}

impl Finder<'_, '_> {
    fn member(&self, class: ClassRef, name: &str) -> Option<(FileId, ValueId)> {
        match self.types.class_member(class, name)? {
            ClassMember::Attribute(file, value, _) => Some((file, value)),
            ClassMember::Method(_) => None,
        }
    }

    fn method(&self, class: ClassRef, name: &str) -> Option<FunctionRef> {
        match self.types.class_member(class, name)? {
            ClassMember::Method(function) => Some(function),
            ClassMember::Attribute(..) => None,
        }
    }

    fn listing(&self, class: ClassRef) -> Listing {
        let facts = self.types.facts(class.file);
        let own = facts.class(class.class);
        Listing { place: (class.file, own.name_span), name: facts.names[own.name].to_owned(), is_type: false }
    }

    // ── What is told ────────────────────────────────────────────────────────────────────────────────

    /// What a method reads and asks that is given the row.
    fn given_row(&mut self, scope: &Scope<'_>, function: FunctionRef) {
        self.given_as(scope, function, Source::Param(0), &[]);
    }

    /// What a function reads and asks that is given the row as `source`, or what `way` leads to from it.
    fn given_as(&mut self, scope: &Scope<'_>, function: FunctionRef, source: Source, way: &[Box<str>]) {
        if self.asks_for_action(function) {
            return;
        }
        // What a query may have put on the row is asked for first: `if hasattr(book, "_sold"): return book._sold`.
        let attached = Caches::new(self.types.project(), function.file).annotated(function.function);
        let is_attached =
            attached.is_some_and(|name| self.types.facts(scope.listing.place.0).names.find(name).is_some());
        let needs = self.needs.of(function);
        for need in needs.iter().filter(|need| need.source == source) {
            if !self.goes_on(function, &need.required) {
                continue;
            }
            let names: Vec<Box<str>> = way.iter().chain(need.names.iter()).cloned().collect();
            let costs = self.needs.costs(scope.model, &scope.loaded, &names, (need.file, need.span));
            for mut cost in costs {
                cost.conditional |= need.conditional;
                let place = need.hops.first().map_or((need.file, need.span), |hop| (hop.file, hop.span));
                let mut hops = need.hops.clone();
                hops.extend(cost.hops);
                cost.hops = hops;
                self.tell(scope, cost, place);
            }
            if need.hops.is_empty() && !need.conditional && way.is_empty() && !is_attached {
                self.asking(scope, &names, (need.file, need.span));
            }
        }
        if way.is_empty() && !is_attached {
            self.queries(&scope.place(), Some(scope), function, source);
        }
    }

    /// Whether a function does what `required` is about for a framework, which gives it the row and no more.
    fn goes_on(&self, function: FunctionRef, required: &[Requirement]) -> bool {
        requirements::left_alone(self.types.project(), function, required, None)
    }

    /// Whether a method does something else where one row is shown: `if view.action != "retrieve"`.
    fn asks_for_action(&self, function: FunctionRef) -> bool {
        let file = self.types.project().file(function.file);
        let span = file.facts.function(function.function).span;
        let text = file.source.text.get(span.range()).unwrap_or("");
        text.contains("action") && ["\"retrieve\"", "'retrieve'"].iter().any(|name| text.contains(name))
    }

    /// Whether a method looks for what a view has put into the context, and returns with it, before it goes on:
    /// `known = self.context.get("sizes")`, `if known is not None: return …`.
    fn asks_context(&self, function: FunctionRef, before: Span) -> bool {
        let file = self.types.project().file(function.file);
        let span = file.facts.function(function.function).span;
        let text = file.source.text.get(span.start as usize..before.start as usize).unwrap_or("");
        let mut found = text.match_indices("self.context").filter_map(|(at, word)| {
            let rest = &text[at + word.len()..];
            let key = rest.strip_prefix(".get(").or_else(|| rest.strip_prefix('['))?;
            let key = key.strip_prefix(['"', '\''])?.split(['"', '\'']).next()?;
            let name = text[..at].trim_end().strip_suffix('=')?.trim_end();
            let name = name.rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
            let (_, tested) = rest.split_once(&format!("if {name}"))?;
            Some((key, tested))
        });
        found.any(|(key, tested)| !matches!(key, "format" | "request" | "view") && tested.contains("return "))
    }

    /// The queries that a function makes for the row that it is given as `source`.
    fn queries(&mut self, listing: &Listing, scope: Option<&Scope<'_>>, function: FunctionRef, source: Source) {
        let project = self.types.project();
        let mut told = FxHashSet::default();
        for &route in self.reach.of(function) {
            let witness = self.reach.witness(route);
            if route.state.effect != SiteEffect::Query
                || route.state.source.map(Source::whole) != Some(source)
                || witness.cached
                || !self.goes_on(function, &witness.required)
                || witness.is_attached_in(project, listing.place.0)
                || (scope.is_none() && self.reach.site_of(project, route).is_some_and(|(_, site)| site.is_gathered))
            {
                continue;
            }
            let (place, within, begun, batch, loaded, defeats) = match witness.step {
                Step::Site(file, index) => {
                    let Some(site) = project.sites(file).get(index) else { continue };
                    let facts = self.types.facts(file);
                    let loaded = scope.is_some_and(|scope| {
                        scope.loaded.answers(self.types, scope.model, facts, facts.call(site.call))
                    });
                    let defeats = scope
                        .filter(|_| !loaded)
                        .and_then(|scope| self.defeats(scope, function, source, (file, site.call)));
                    let begun = sites::begun(facts, site.call);
                    ((file, site.span), site.function, begun, site.batch.clone(), loaded, defeats)
                }
                Step::Call(file, index, _) => {
                    let edge = &self.tracer.graph.edges_of(file)[index];
                    let call = edge.place(self.types.facts(file));
                    // What a property or a method of the row asks is told where it asks.
                    let is_row = call.receiver.is_some_and(|value| match *self.types.facts(file).value(value) {
                        Value::Param(of, index) => {
                            (FunctionRef { file, function: of }, Source::Param(index)) == (function, source)
                        }
                        _ => false,
                    });
                    if scope.is_some() && (edge.call().is_none() || is_row && witness.conditions == 0) {
                        continue;
                    }
                    ((file, call.span), call.function, None, None, false, None)
                }
            };
            // Several keys of the row may lead to the same.
            let is_key = route.state.source != Some(source);
            if loaded || is_key && !told.insert(place) {
                continue;
            }
            let by_arguments = scope.is_none()
                && self.reach.of(function).iter().any(|other| {
                    self.reach.witness(*other).step == witness.step
                        && self.is_field_argument(function, other.state.source)
                });
            let is_unlikely = witness.conditions > 0 || by_arguments || self.asks_context(function, place.1);
            let confidence = if is_unlikely { Confidence::Low } else { Confidence::Medium };
            let way = path(project, self.tracer.graph, self.reach, route).filter(|(hops, _)| !hops.is_empty());
            let way = way.and_then(|(hops, (file, index))| Some((hops, file, project.sites(file).get(index)?)));
            let batch = way.as_ref().map_or(batch, |(.., site)| site.batch.clone());
            let query = ListedQuery {
                span: place.1,
                function: within,
                way: way.map(|(hops, file, site)| (hops[1..].to_vec(), (file, site.span))),
                begun,
                listing: listing.clone(),
                also: Vec::new(),
                batch: if scope.is_none() { Some(graphql::DATA_LOADER.into()) } else { batch },
                confidence: confidence
                    .min(witness.confidence)
                    .min(scope.map_or(Confidence::Medium, |scope| scope.rows.confidence)),
                defeats,
            };
            self.found.queries.push((place.0, query));
        }
    }

    /// Whether a resolver in Python is given something with its field: what a request asks for in that way is rarely
    /// asked for of a whole list, and has no one query for all of it.
    fn is_field_argument(&self, function: FunctionRef, source: Option<Source>) -> bool {
        let Some(Source::Param(at)) = source else { return false };
        let file = self.types.project().file(function.file);
        let param = file.facts.function(function.function).params.get(usize::from(at));
        param.is_some_and(|param| {
            !file.source.language.is_ecma()
                && !matches!(
                    &file.facts.names[param.name],
                    "root" | "parent" | "self" | "info" | "_info" | "context" | "ctx"
                )
        })
    }

    /// The prefetch that a query of a function has no use of which is given the row as `source`.
    fn defeats(
        &self,
        scope: &Scope<'_>,
        function: FunctionRef,
        source: Source,
        (file, call): (FileId, CallId),
    ) -> Option<DefeatedPrefetch> {
        let asked = defeated::asked(self.types.project(), file, call)?;
        let is_own = file == function.file && asked.source(self.types.facts(file), function.function)? == source;
        asked.defeats(self.types, scope.model, &scope.loaded, &asked.names).filter(|_| is_own)
    }

    /// What reading a chain of attributes of each row costs.
    fn read(&mut self, scope: &Scope<'_>, names: &[Box<str>], place: (FileId, Span)) {
        if names.first().is_some_and(|name| self.may_be_annotated(scope.model, name)) {
            return;
        }
        for cost in self.needs.costs(scope.model, &scope.loaded, names, place) {
            self.tell(scope, cost, place);
        }
        self.asking(scope, names, place);
        if let [name] = names {
            self.unrun_member(scope, name, place);
        }
    }

    /// Whether some query puts what a method of the model gives on its rows, in place of it:
    /// `.annotate(sold=Count("orders"))`. In place of a plain property it could not.
    fn may_be_annotated(&self, model: ClassRef, name: &str) -> bool {
        let Some(Attribute::Code(function)) = attribute(self.types, model, name) else { return false };
        let facts = self.types.facts(function.file);
        let is_plain =
            facts.function(function.function).traits.is_property && !properties::is_memoised(facts, function.function);
        !is_plain && self.tracer.graph.annotated.contains(name)
    }

    /// The queries of a property of each row, if that is what is read first.
    fn asking(&mut self, scope: &Scope<'_>, names: &[Box<str>], place: (FileId, Span)) {
        if let Some(first) = names.first()
            && scope.path.is_empty()
            && let Some(Attribute::Code(function)) = attribute(self.types, scope.model, first)
        {
            let listing = Listing { place: scope.shown_at.unwrap_or(place), ..scope.listing.clone() };
            self.property(scope, &listing, function, 0);
        }
    }

    /// The queries that a property of the model makes, or another one that it reads.
    fn property(&mut self, scope: &Scope<'_>, listing: &Listing, function: FunctionRef, depth: u8) {
        self.queries(listing, Some(scope), function, Source::This);
        if depth == MAX_NESTED {
            return;
        }
        let needs = self.needs.of(function);
        for need in needs.iter().filter(|need| need.source == Source::This && !need.conditional && need.hops.is_empty())
        {
            let read = need.names.first().and_then(|name| attribute(self.types, scope.model, name));
            if let Some(Attribute::Code(inner)) = read.filter(|_| self.goes_on(function, &need.required)) {
                self.property(scope, listing, inner, depth + 1);
            }
        }
    }

    fn tell(&mut self, scope: &Scope<'_>, cost: Cost, (file, span): (FileId, Span)) {
        let confidence = if cost.conditional { Confidence::Low } else { Confidence::Medium };
        let function = MODULE;
        let facts = self.types.facts(scope.rows.base.file);
        let path = join(&join(&scope.rows.path, &scope.path), &cost.path);
        let is_prefetch = scope.is_many || scope.rows.is_many || cost.is_generic;
        let is_kept = super::kept_in_session(self.types, scope.model, &cost.path).is_some();
        // How many different rows there are cannot be known.
        let at_most = if is_kept && scope.rows.origin.is_none() { Confidence::Low } else { Confidence::High };
        let read = LazyRead {
            span,
            function,
            loops: Vec::new(),
            listing: Some(scope.listing.clone()),
            read: cost.read.filter(|&at| at != (file, span)),
            hops: cost.hops,
            model: facts.names[facts.class(scope.rows.base.class).name].to_owned(),
            load: if cost.is_column {
                scope.loaded.columns.fetching(&cost.path, self.types, scope.model)
            } else {
                model::load(self.types, scope.rows.base, &path, is_prefetch)
            },
            is_column: cost.is_column,
            sets_owner: false,
            path,
            is_kept,
            origin: scope.rows.origin,
            loaded_at: scope.rows.loaded_at(&join(&scope.path, &cost.path)),
            confidence: confidence.min(scope.rows.confidence).min(at_most),
            conditional: cost.conditional,
            also: Vec::new(),
            rendered: Vec::new(),
            // What else is read of the row where it is shown, is not all in sight.
            keys: cost.key.into_iter().filter(|key| !key.is_test).collect(),
        };
        // A row keeps what was fetched for it, and what loads it for one column does so for the next.
        let known = self.found.reads.iter_mut().map(|(_, read)| read);
        let mut same = known.filter(|known| known.listing == read.listing && known.path == read.path);
        match same.next() {
            Some(known) => {
                known.confidence = known.confidence.max(read.confidence);
                if read.keys.is_empty() || known.keys.is_empty() {
                    known.keys.clear();
                } else {
                    known.keys.extend(read.keys);
                }
            }
            None => self.found.reads.push((file, read)),
        }
    }
}

impl<'s> Scope<'s> {
    fn of(rows: &'s Rows, listing: &'s Listing) -> Scope<'s> {
        Scope {
            rows,
            model: rows.model,
            loaded: rows.loaded.clone(),
            path: String::new(),
            is_many: false,
            listing,
            shown_at: None,
        }
    }

    /// What lists the rows, by the column if it has some.
    fn place(&self) -> Listing {
        Listing { place: self.shown_at.unwrap_or(self.listing.place), ..self.listing.clone() }
    }

    fn again(&self) -> Scope<'s> {
        Scope { loaded: self.loaded.clone(), path: self.path.clone(), ..*self }
    }
}
