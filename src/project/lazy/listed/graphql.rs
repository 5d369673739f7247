//! GraphQL: what the resolvers of a type ask for each object of a list.

use rustc_hash::FxHashSet;

use super::{Finder, ListedQuery, Listing, strawberry};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::flow::{Flow, Source};
use crate::project::types::{Ty, Types};
use crate::project::{ClassRef, FileId, FunctionRef, Project};

/// Whether some file has classes of resolvers.
pub(super) fn has_resolvers(project: &Project) -> bool {
    let names = ["ResolveField", "ResolveProperty", "FieldResolver"];
    project.files.iter().any(|file| names.iter().any(|name| file.facts.names.find(name).is_some()))
}

/// The longest chain of calls that is looked through.
const MAX_CHAIN: usize = 64;

/// Decorators whose first argument shows what a field or a query of a GraphQL schema gives.
const SHOWS_TYPE: [&str; 4] = ["Query", "ResolveField", "FieldResolver", "Field"];

/// The types of which decorators of a file say that there are lists: `@Query(() => [Book])`.
fn shown_lists(types: &Types<'_>, file: FileId) -> Vec<ClassRef> {
    let facts = types.facts(file);
    if !SHOWS_TYPE.iter().any(|name| facts.names.find(name).is_some()) {
        return Vec::new();
    }
    let flow = Flow::new(facts);
    let shows = |call: &&Call| flow.called_name(call).is_some_and(|name| SHOWS_TYPE.contains(&name));
    let shown = facts.calls.iter().filter(shows).filter_map(|call| call.args.first());
    let listed = shown.filter_map(|arg| {
        let Value::Function(function) = facts.value(arg.value) else { return None };
        let returned = facts.function(*function).returns.first()?;
        let Value::Sequence(items) = facts.value(*returned) else { return None };
        match types.of(file, *items.first()?) {
            Ty::Class(class) => Some(class),
            _ => None,
        }
    });
    listed.collect()
}

/// The types of a GraphQL schema of which a file says that there are lists: `graphene.List(Book)`, the `node` of a
/// connection.
pub(in crate::project::lazy) fn nodes_in(types: &Types<'_>, file: FileId) -> Vec<ClassRef> {
    if types.project().file(file).source.language.is_ecma() {
        return shown_lists(types, file);
    }
    let facts = types.facts(file);
    let flow = Flow::new(facts);
    let is_list = |call: &&Call| {
        flow.called_name(call).is_some_and(|name| name.ends_with("List") || name.ends_with("ConnectionField"))
    };
    let listed = facts.calls.iter().filter(is_list).filter_map(|call| call.args.first()).map(|arg| arg.value);
    let metas = facts.classes.iter().filter(|class| &facts.names[class.name] == "Meta" && class.parent.is_some());
    let nodes = metas.flat_map(|meta| &meta.attributes).filter(|field| &facts.names[field.name] == "node");
    let named: Vec<ValueId> = listed.chain(nodes.map(|field| field.value)).collect();
    let mut found = strawberry::listed_types(types, file);
    for value in named {
        // `graphene.List(graphene.NonNull(Book))`, `graphene.List(lambda: Book)`
        let value = match facts.value(value) {
            Value::Call(call) => facts.call(*call).args.first().map_or(UNKNOWN, |arg| arg.value),
            Value::Function(function) => facts.function(*function).returns.first().copied().unwrap_or(UNKNOWN),
            _ => value,
        };
        if let Ty::Class(class) = types.of(file, value)
            && types.extends(class, &|name| name.ends_with("ObjectType"))
        {
            found.push(class);
        }
    }
    found
}

/// How what resolvers ask is asked for all objects of a list.
pub(super) const DATA_LOADER: &str = "load it with a `DataLoader`, which asks once for all objects of the list";

impl Finder<'_, '_> {
    /// What the resolvers of a type ask for each of its objects.
    pub(super) fn resolvers(&mut self, class: ClassRef) {
        let facts = self.types.facts(class.file);
        let listing = Listing { is_type: true, ..self.listing(class) };
        // An optimizer loads what a request asks for along with its rows.
        if facts.imports.iter().any(|import| facts.names[import.module].starts_with("graphene_django_optimizer")) {
            return;
        }
        for &function in &facts.class(class.class).methods {
            let own = facts.function(function);
            // What is asked for by its key is asked for of one object.
            let by_key = own.params.iter().any(|param| matches!(&facts.names[param.name], "id" | "pk"));
            if facts.names[own.name].starts_with("resolve_") && !by_key {
                let given = FunctionRef { file: class.file, function };
                // What is called `self` is the object, too.
                let root = if own.traits.is_static { Source::Param(0) } else { Source::This };
                self.queries(&listing, None, given, root);
                self.returned(&listing, given, root);
            }
        }
    }

    /// What a class of resolvers asks for each object of a type that is listed somewhere: `@Resolver(() => Book)` with
    /// `@ResolveField()` of NestJS, `@FieldResolver()` of TypeGraphQL.
    pub(super) fn resolver_class(&mut self, class: ClassRef, nodes: &FxHashSet<ClassRef>) {
        let facts = self.types.facts(class.file);
        let own = facts.class(class.class);
        let flow = Flow::new(facts);
        let called = |&decorator: &ValueId| match facts.value(decorator) {
            Value::Call(call) => Some(facts.call(*call)),
            _ => None,
        };
        let Some(resolver) =
            own.decorators.iter().filter_map(called).find(|call| flow.called_name(call) == Some("Resolver"))
        else {
            return;
        };
        let shown = resolver.args.first().map_or(UNKNOWN, |arg| arg.value);
        let shown = match facts.value(shown) {
            Value::Function(function) => facts.function(*function).returns.first().copied().unwrap_or(UNKNOWN),
            _ => shown,
        };
        let parent = match self.types.of(class.file, shown) {
            Ty::Class(class) => Some(class),
            _ => None,
        };
        // `@Resolver("Book")`, where the schema is written elsewhere.
        let name = match (parent, facts.literal(shown)) {
            (Some(parent), _) => self.listing(parent).name,
            (None, Some(name)) => name.to_owned(),
            _ => return,
        };
        let listing = Listing { place: (class.file, own.name_span), name, is_type: true };
        let is_parent =
            |of: ClassRef| parent.map_or_else(|| self.listing(of).name == listing.name, |parent| parent == of);
        let before = self.found.queries.len();
        let mut is_listed = false;
        let mut resolvers = Vec::new();
        for &function in &own.methods {
            let method = facts.function(function);
            let is_field = method.decorators.iter().filter_map(called).any(|call| {
                flow.called_name(call)
                    .is_some_and(|name| matches!(name, "ResolveField" | "ResolveProperty" | "FieldResolver"))
            });
            // `@Parent() book: Book`
            let given = method.params.iter().enumerate().find_map(|(index, param)| {
                match self.types.of(class.file, param.annotation?) {
                    Ty::Instance(class, _) | Ty::Class(class) if is_parent(class) => Some((index, class)),
                    _ => None,
                }
            });
            let Some((index, row)) = given.filter(|_| is_field) else { continue };
            is_listed |= nodes.contains(&row);
            resolvers.extend(u16::try_from(index).map(|index| (FunctionRef { file: class.file, function }, index)));
        }
        for (function, index) in resolvers {
            self.queries(&listing, None, function, Source::Param(index));
        }
        if !is_listed {
            self.found.queries[before..].iter_mut().for_each(|(_, query)| query.confidence = Confidence::Low);
        }
    }

    /// The queries that a resolver makes of its object and gives back, to be run by the library:
    /// `return root.tags.all()`.
    pub(super) fn returned(&mut self, listing: &Listing, function: FunctionRef, root: Source) {
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
                || !sources.contains(&root)
                || self.runs_already(function.file, id)
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
                way: None,
                begun: None,
                listing: listing.clone(),
                also: Vec::new(),
                batch: Some(DATA_LOADER.into()),
                confidence: if unsure { Confidence::Low } else { Confidence::Medium.min(rows.confidence) },
                defeats: None,
            };
            self.found.queries.push((function.file, query));
        }
    }

    /// Whether a call, or one before it in its chain, is a query that is told already: `session.scalars(…).all()`.
    pub(super) fn runs_already(&self, file: FileId, id: CallId) -> bool {
        let facts = self.types.facts(file);
        let mut at = Some(id);
        for _ in 0..MAX_CHAIN {
            let Some(id) = at else { return false };
            if self.types.project().site_of(file, id).is_some() {
                return true;
            }
            at = match facts.value(facts.call(id).callee) {
                Value::Member(object, _) => match facts.value(*object) {
                    Value::Call(before) => Some(*before),
                    _ => None,
                },
                _ => None,
            };
        }
        false
    }
}
