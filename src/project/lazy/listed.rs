//! Loops that a framework runs: the rows of a list of Django's admin, those that a view of Django REST framework
//! serializes.

use rustc_hash::FxHashSet;

use super::super::bounds::Bounds;
use super::super::calls::{CallGraph, Reach, Step};
use super::super::flow::{Flow, Source};
use super::super::loops::LoopShape;
use super::super::relations::is_model;
use super::super::sites::SiteEffect;
use super::super::types::{ClassMember, Ty, Types};
use super::super::{ClassRef, FileId, FunctionRef};
use super::LazyRead;
use super::loaded::Loaded;
use super::model::{self, Attribute, Kind, attribute, required};
use super::needs::{Cost, Interesting, Needs};
use super::rows::Tracer;
use super::traced::{Rows, join};
use crate::facts::*;
use crate::findings::Confidence;
use crate::source::Span;

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
}

/// A query that a framework makes for each row of a list.
#[derive(Clone, Debug)]
pub struct ListedQuery {
    /// The query, or the call that leads to it.
    pub span: Span,
    /// The function it stands in.
    pub function: FunctionId,
    /// What lists the rows.
    pub listing: Listing,
    /// How the library does it for many rows at once.
    pub batch: Option<Box<str>>,
    /// The weakest link.
    pub confidence: Confidence,
}

/// What the lists of one file lead to, with the files it is told in.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) reads: Vec<(FileId, LazyRead)>,
    pub(super) queries: Vec<(FileId, ListedQuery)>,
}

/// The types of a GraphQL schema of which a file says that there are lists: `graphene.List(Book)`, the `node` of a
/// connection.
pub(super) fn nodes_in(types: &Types<'_>, file: FileId) -> Vec<ClassRef> {
    let facts = types.facts(file);
    let flow = Flow::new(facts);
    let is_list = |call: &&Call| {
        flow.called_name(call).is_some_and(|name| name.ends_with("List") || name.ends_with("ConnectionField"))
    };
    let listed = facts.calls.iter().filter(is_list).filter_map(|call| call.args.first()).map(|arg| arg.value);
    let metas = facts.classes.iter().filter(|class| &facts.names[class.name] == "Meta" && class.parent.is_some());
    let nodes = metas.flat_map(|meta| &meta.attributes).filter(|field| &facts.names[field.name] == "node");
    let named: Vec<ValueId> = listed.chain(nodes.map(|field| field.value)).collect();
    let mut found = Vec::new();
    for value in named {
        // `graphene.List(graphene.NonNull(Book))`, `graphene.List(lambda: Book)`
        let value = match facts.value(value) {
            Value::Call(call) => facts.call(*call).args.first().map_or(UNKNOWN, |arg| arg.value),
            Value::Function(function) => facts.function(*function).returns.first().copied().unwrap_or(UNKNOWN),
            _ => value,
        };
        if let Ty::Class(class) = types.of(file, value)
            && extends(types, class, &|name| name.ends_with("ObjectType"), 0)
        {
            found.push(class);
        }
    }
    found
}

/// What the lists of a file lead to.
pub(super) fn in_file(
    types: &Types<'_>,
    graph: &CallGraph,
    reach: &Reach,
    interesting: &Interesting,
    nodes: &FxHashSet<ClassRef>,
    file: FileId,
) -> Found {
    let facts = types.facts(file);
    let mut finder = Finder {
        types,
        reach,
        tracer: Tracer::new(types, graph),
        needs: Needs::new(types, graph, interesting),
        found: Found::default(),
    };
    for index in 0..facts.classes.len() {
        let class = ClassRef { file, class: ClassId(u32::try_from(index).unwrap_or(u32::MAX)) };
        if extends(types, class, &|name| LISTING.contains(&name), 0) {
            finder.view(class);
        }
    }
    for index in 0..facts.classes.len() {
        let class = ClassRef { file, class: ClassId(u32::try_from(index).unwrap_or(u32::MAX)) };
        if nodes.contains(&class) {
            finder.resolvers(class);
        }
    }
    let flow = Flow::new(facts);
    for (index, call) in facts.calls.iter().enumerate() {
        let id = CallId(u32::try_from(index).unwrap_or(u32::MAX));
        match flow.called_name(call) {
            Some("register") => finder.registered(file, id),
            Some(name) if name.ends_with("Serializer") => finder.serialized(file, id),
            _ => {}
        }
    }
    finder.found
}

/// Whether a class extends one of such a name, in the project or beyond it.
fn extends(types: &Types<'_>, class: ClassRef, wanted: &dyn Fn(&str) -> bool, depth: u8) -> bool {
    let facts = types.facts(class.file);
    depth < 8
        && facts.class(class.class).bases.iter().any(|&base| {
            facts.own_name(base).is_some_and(wanted)
                || match types.of(class.file, base) {
                    Ty::Class(base) if base != class => extends(types, base, wanted, depth + 1),
                    _ => false,
                }
        })
}

struct Finder<'t, 'p> {
    types: &'t Types<'p>,
    reach: &'t Reach,
    tracer: Tracer<'t, 'p>,
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
        Listing { place: (class.file, own.name_span), name: facts.names[own.name].to_owned() }
    }

    // ── Django REST framework ───────────────────────────────────────────────────────────────────────

    /// A view that lists the rows of its queryset with its serializer.
    fn view(&mut self, class: ClassRef) {
        // Another serializer for each action: which one lists is not known.
        if self.method(class, "get_serializer_class").is_some() || self.method(class, "list").is_some() {
            return;
        }
        let Some((file, value)) = self.member(class, "serializer_class") else { return };
        let Ty::Class(serializer) = self.types.of(file, value) else { return };
        let rows = match self.method(class, "get_queryset") {
            Some(function) => self.tracer.given(function, None),
            None => self.member(class, "queryset").and_then(|(file, value)| self.tracer.rows_of(file, value)),
        };
        let Some(rows) = rows else { return };
        let listing = self.listing(class);
        self.serialize(&Scope::of(&rows, &listing), serializer, 0);
    }

    /// `BookSerializer(books, many=True)`
    fn serialized(&mut self, file: FileId, id: CallId) {
        let facts = self.types.facts(file);
        let call = facts.call(id);
        let is_many = call.args.iter().any(|arg| {
            arg.name.is_some_and(|name| &facts.names[name] == "many") && *facts.value(arg.value) == Value::Bool(true)
        });
        let given = call.args.iter().find(|arg| arg.name.is_none_or(|name| &facts.names[name] == "instance"));
        let (Some(given), true) = (given, is_many) else { return };
        let Ty::Class(serializer) = self.types.of(file, call.callee) else { return };
        if Bounds::new(self.types).of(file, given.value) != LoopShape::Rows {
            return;
        }
        let Some(rows) = self.tracer.rows_of(file, given.value) else { return };
        let listing = Listing { place: (file, call.name_span), name: self.listing(serializer).name };
        self.serialize(&Scope::of(&rows, &listing), serializer, 0);
    }

    /// What a serializer reads of each row.
    fn serialize(&mut self, scope: &Scope<'_>, serializer: ClassRef, depth: u8) {
        if depth > MAX_NESTED || !extends(self.types, serializer, &|name| name.ends_with("Serializer"), 0) {
            return;
        }
        if let Some(function) = self.method(serializer, "to_representation") {
            self.given_row(scope, function);
        }
        let mut seen = FxHashSet::default();
        let mut open = vec![serializer];
        while let Some(class) = open.pop() {
            let facts = self.types.facts(class.file);
            for field in facts.class(class.class).attributes.iter().filter(|field| field.in_body) {
                let name = &facts.names[field.name];
                if seen.insert(name)
                    && let Value::Call(call) = *facts.value(field.value)
                {
                    self.field(scope, serializer, (class.file, call), name, depth);
                }
            }
            open.extend(self.types.project_bases(class).into_iter().rev());
        }
    }

    fn field(&mut self, scope: &Scope<'_>, serializer: ClassRef, (file, id): (FileId, CallId), name: &str, depth: u8) {
        let facts = self.types.facts(file);
        let call = facts.call(id);
        let keyword = |wanted: &str| {
            call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == wanted)).map(|arg| arg.value)
        };
        let is = |wanted: &str| keyword(wanted).is_some_and(|value| *facts.value(value) == Value::Bool(true));
        if is("write_only") {
            return;
        }
        let source = match keyword("source") {
            Some(source) => match facts.literal(source) {
                Some(source) => source,
                None => return,
            },
            None => name,
        };
        let place = (file, call.name_span);
        let names: Vec<Box<str>> = source.split('.').map(Box::from).collect();
        match Flow::new(facts).called_name(call).unwrap_or("") {
            "SerializerMethodField" => {
                let method = keyword("method_name").and_then(|name| facts.literal(name));
                let method = method.map_or_else(|| format!("get_{name}"), str::to_owned);
                if let Some(function) = self.method(serializer, &method) {
                    self.given_row(scope, function);
                }
            }
            "PrimaryKeyRelatedField" | "HyperlinkedRelatedField" if !is("many") => {
                self.read(scope, &names[..names.len() - 1], place);
            }
            "PrimaryKeyRelatedField" | "HyperlinkedRelatedField" | "SlugRelatedField" | "StringRelatedField"
                if is("many") =>
            {
                self.many(scope, source, place);
            }
            "StringRelatedField" => {
                let text = names.into_iter().chain([Box::from("__str__")]).collect::<Vec<_>>();
                self.read(scope, &text, place);
            }
            _ if source == "*" => {}
            // It is written, and never shown.
            "HiddenField" => {}
            _ => match self.types.of(file, call.callee) {
                Ty::Class(nested) if extends(self.types, nested, &|name| name.ends_with("Serializer"), 0) => {
                    let inner = if is("many") {
                        self.many(scope, source, place)
                    } else {
                        self.read(scope, &names, place);
                        self.one(scope, &names)
                    };
                    if let Some(inner) = inner {
                        self.serialize(&inner, nested, depth + 1);
                    }
                }
                _ => self.read(scope, &names, place),
            },
        }
    }

    /// The rows of a relation that is read whole for each row.
    fn many<'s>(&mut self, scope: &Scope<'s>, name: &str, place: (FileId, Span)) -> Option<Scope<'s>> {
        let Attribute::Relation(relation) = attribute(self.types, scope.model, name)? else { return None };
        let target = relation.target.filter(|_| relation.kind == Kind::Many)?;
        let path = join(&scope.path, name);
        let is_loaded = scope.loaded.has(name) || (scope.loaded.unseen && self.types.project().may_be_eager(name));
        if !is_loaded {
            let cost =
                Cost { path: name.to_owned(), is_generic: true, hops: Vec::new(), read: None, conditional: false };
            self.tell(scope, cost, place);
            return None;
        }
        let mut loaded = scope.loaded.below(name);
        for back in &relation.back {
            loaded.add_open(back);
        }
        Some(Scope { model: target, loaded, path, is_many: true, ..scope.again() })
    }

    /// The row that a chain of relations leads to.
    fn one<'s>(&self, scope: &Scope<'s>, names: &[Box<str>]) -> Option<Scope<'s>> {
        let mut inner = scope.again();
        for name in names {
            let Attribute::Relation(relation) = attribute(self.types, inner.model, name)? else { return None };
            let target = relation.target.filter(|_| relation.kind != Kind::Many)?;
            let mut loaded = inner.loaded.below(name);
            for back in &relation.back {
                loaded.add_open(back);
            }
            inner = Scope { model: target, loaded, path: join(&inner.path, name), ..inner };
        }
        Some(inner)
    }

    // ── Django's admin ──────────────────────────────────────────────────────────────────────────────

    /// `@admin.register(Book)`, `admin.site.register(Book, BookAdmin)`
    fn registered(&mut self, file: FileId, id: CallId) {
        let facts = self.types.facts(file);
        let call = facts.call(id);
        let decorated = || {
            let is_this = |&decorator: &ValueId| *facts.value(decorator) == Value::Call(id);
            let class = facts.classes.iter().position(|class| class.decorators.iter().any(is_this))?;
            Some(ClassRef { file, class: ClassId(u32::try_from(class).ok()?) })
        };
        let positional: Vec<ValueId> = call.args.iter().filter(|arg| arg.name.is_none()).map(|arg| arg.value).collect();
        let admin = decorated().or_else(|| match self.types.of(file, *positional.get(1)?) {
            Ty::Class(class) => Some(class),
            _ => None,
        });
        let Some(admin) = admin.filter(|&class| extends(self.types, class, &|name| name.ends_with("Admin"), 0)) else {
            return;
        };
        let Some(&first) = positional.first() else { return };
        if let Ty::Class(model) = self.types.of(file, first)
            && is_model(self.types, model)
        {
            self.admin(admin, model);
        }
    }

    fn admin(&mut self, admin: ClassRef, model: ClassRef) {
        let Some((file, display)) = self.member(admin, "list_display") else { return };
        let facts = self.types.facts(file);
        let Value::Sequence(columns) = facts.value(display) else { return };
        if self.method(admin, "get_list_select_related").is_some() || self.method(admin, "get_list_display").is_some() {
            return;
        }
        let plain = self.tracer.all_of(model);
        let rows = match self.method(admin, "get_queryset") {
            Some(function) => self.tracer.given(function, Some(plain)),
            None => Some(plain),
        };
        let Some(mut rows) = rows else { return };
        let named: Vec<(&str, Span)> = columns
            .iter()
            .filter_map(|&column| {
                let text = facts.text(column)?;
                Some((facts.literal(column)?, text.host_span(0, u32::try_from(text.cooked.len()).ok()?)))
            })
            .collect();
        let is_one = |name: &str| matches!(attribute(self.types, model, name), Some(Attribute::Relation(found)) if found.kind == Kind::Forward);
        let joined = self.member(admin, "list_select_related");
        match joined.map(|(file, value)| (file, value, self.types.facts(file).value(value))) {
            None | Some((_, _, Value::Bool(false))) if !named.iter().any(|(name, _)| is_one(name)) => {}
            // Where a column is a relation, Django joins what cannot be null.
            None | Some((_, _, Value::Bool(_))) => required(self.types, model, "", 0, &mut rows.loaded),
            Some((file, value, _)) => self.tracer.named(file, value, &mut rows.loaded),
        }
        let listing = self.listing(admin);
        let scope = Scope::of(&rows, &listing);
        for (name, span) in named {
            match self.method(admin, name) {
                Some(function) => self.given_row(&scope, function),
                None if is_one(name) => self.read(&scope, &[name.into(), "__str__".into()], (file, span)),
                None => self.read(&scope, &[name.into()], (file, span)),
            }
        }
    }

    // ── GraphQL ─────────────────────────────────────────────────────────────────────────────────────

    /// What the resolvers of a type ask for each of its objects.
    fn resolvers(&mut self, class: ClassRef) {
        let facts = self.types.facts(class.file);
        let listing = self.listing(class);
        // An optimizer loads what a request asks for along with its rows.
        if facts.imports.iter().any(|import| facts.names[import.module].starts_with("graphene_django_optimizer")) {
            return;
        }
        for &function in &facts.class(class.class).methods {
            let own = facts.function(function);
            // What is asked for by its key is asked for of one object.
            let by_key = own.params.iter().any(|param| matches!(&facts.names[param.name], "id" | "pk"));
            if facts.names[own.name].starts_with("resolve_") && !by_key {
                self.queries(&listing, None, FunctionRef { file: class.file, function });
                self.returned(&listing, FunctionRef { file: class.file, function });
            }
        }
    }

    /// The queries that a resolver makes of its object and gives back, to be run by the library:
    /// `return root.tags.all()`.
    fn returned(&mut self, listing: &Listing, function: FunctionRef) {
        let facts = self.types.facts(function.file);
        let returns = &facts.function(function.function).returns;
        // `return root.loaded_tags`: what was loaded before is given back where it is there.
        if returns.iter().any(|&value| matches!(facts.value(value), Value::Member(..))) {
            return;
        }
        for &value in returns {
            let Value::Call(id) = *facts.value(value) else { continue };
            let call = facts.call(id);
            let mut sources = FxHashSet::default();
            Flow::new(facts).sources(value, function.function, &mut sources);
            if !matches!(facts.value(call.callee), Value::Member(..))
                || !sources.contains(&Source::Param(0))
                || self.types.project().site_of(function.file, id).is_some()
            {
                continue;
            }
            let Some(rows) = self.tracer.rows_of(function.file, value) else { continue };
            // `root.tags.all()` is no query where some query of the project loads the tags along.
            let may_be_loaded = match facts.value(call.callee) {
                Value::Member(manager, _) => match facts.value(*manager) {
                    Value::Member(_, relation) => self.types.project().may_be_eager(&facts.names[*relation]),
                    _ => false,
                },
                _ => false,
            };
            let unsure = call.guard.is_some() || may_be_loaded;
            let query = ListedQuery {
                span: call.name_span,
                function: function.function,
                listing: listing.clone(),
                batch: Some("load it with a `DataLoader`, which asks once for all objects of the list".into()),
                confidence: if unsure { Confidence::Low } else { Confidence::Medium.min(rows.confidence) },
            };
            self.found.queries.push((function.file, query));
        }
    }

    // ── What is told ────────────────────────────────────────────────────────────────────────────────

    /// What a method reads and asks that is given the row.
    fn given_row(&mut self, scope: &Scope<'_>, function: FunctionRef) {
        let needs = self.needs.of(function);
        let own = needs.iter().filter(|need| need.source == Source::Param(0) && need.required.is_empty());
        for need in own {
            let costs = self.needs.costs(scope.model, &scope.loaded, &need.names, (need.file, need.span));
            for mut cost in costs {
                cost.conditional |= need.conditional;
                let place = need.hops.first().map_or((need.file, need.span), |hop| (hop.file, hop.span));
                let mut hops = need.hops.clone();
                hops.extend(cost.hops);
                cost.hops = hops;
                self.tell(scope, cost, place);
            }
        }
        self.queries(scope.listing, Some(scope), function);
    }

    /// The queries that a function makes for the row that it is given.
    fn queries(&mut self, listing: &Listing, scope: Option<&Scope<'_>>, function: FunctionRef) {
        let project = self.types.project();
        for &route in self.reach.of(function) {
            let witness = self.reach.witness(route);
            if route.state.effect != SiteEffect::Query
                || route.state.source != Some(Source::Param(0))
                || witness.cached
                || !witness.required.is_empty()
            {
                continue;
            }
            let (place, within, batch, loaded) = match witness.step {
                Step::Site(file, index) => {
                    let Some(site) = project.sites(file).get(index) else { continue };
                    let facts = self.types.facts(file);
                    let loaded = scope.is_some_and(|scope| self.is_loaded(scope, facts, facts.call(site.call)));
                    ((file, site.span), site.function, site.batch.clone(), loaded)
                }
                Step::Call(file, index, _) => {
                    let edge = &self.tracer.graph.edges[file.0 as usize][index];
                    let call = self.types.facts(file).call(edge.call);
                    ((file, call.name_span), call.function, None, false)
                }
            };
            if loaded {
                continue;
            }
            let confidence = if witness.conditions > 0 { Confidence::Low } else { Confidence::Medium };
            let query = ListedQuery {
                span: place.1,
                function: within,
                listing: listing.clone(),
                batch,
                confidence: confidence
                    .min(witness.confidence)
                    .min(scope.map_or(Confidence::Medium, |scope| scope.rows.confidence)),
            };
            self.found.queries.push((place.0, query));
        }
    }

    /// Whether a call reads a relation whole that is loaded along: `book.tags.all()`.
    fn is_loaded(&self, scope: &Scope<'_>, facts: &FileFacts, call: &Call) -> bool {
        let Value::Member(manager, name) = facts.value(call.callee) else { return false };
        let Value::Member(_, relation) = facts.value(*manager) else { return false };
        let relation = &facts.names[*relation];
        matches!(&facts.names[*name], "all" | "count" | "exists")
            && (scope.loaded.has(relation) || (scope.loaded.unseen && self.types.project().may_be_eager(relation)))
    }

    /// What reading a chain of attributes of each row costs.
    fn read(&mut self, scope: &Scope<'_>, names: &[Box<str>], place: (FileId, Span)) {
        for cost in self.needs.costs(scope.model, &scope.loaded, names, place) {
            self.tell(scope, cost, place);
        }
    }

    fn tell(&mut self, scope: &Scope<'_>, cost: Cost, (file, span): (FileId, Span)) {
        let confidence = if cost.conditional { Confidence::Low } else { Confidence::Medium };
        let function = MODULE;
        let facts = self.types.facts(scope.model.file);
        let path = join(&join(&scope.rows.path, &scope.path), &cost.path);
        let is_prefetch = scope.is_many || scope.rows.is_many || cost.is_generic;
        let read = LazyRead {
            span,
            function,
            loops: Vec::new(),
            listing: Some(scope.listing.clone()),
            read: cost.read.filter(|&at| at != (file, span)),
            hops: cost.hops,
            model: facts.names[facts.class(scope.model.class).name].to_owned(),
            load: model::load(self.types, scope.rows.base, &path, is_prefetch),
            path,
            is_kept: false,
            origin: scope.rows.origin,
            confidence: confidence.min(scope.rows.confidence),
            conditional: cost.conditional,
        };
        // A row keeps what was fetched for it, and what loads it for one column does so for the next.
        let known = self.found.reads.iter_mut().map(|(_, read)| read);
        let mut same = known.filter(|known| known.listing == read.listing && known.path == read.path);
        match same.next() {
            Some(known) => known.confidence = known.confidence.max(read.confidence),
            None => self.found.reads.push((file, read)),
        }
    }
}

impl<'s> Scope<'s> {
    fn of(rows: &'s Rows, listing: &'s Listing) -> Scope<'s> {
        Scope { rows, model: rows.model, loaded: rows.loaded.clone(), path: String::new(), is_many: false, listing }
    }

    fn again(&self) -> Scope<'s> {
        Scope { loaded: self.loaded.clone(), path: self.path.clone(), ..*self }
    }
}
