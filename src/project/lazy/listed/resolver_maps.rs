//! GraphQL in JavaScript without classes: the maps of resolvers that Apollo Server, GraphQL Yoga and graphql-tools are
//! given beside definitions, `{ Author: { books: (author) => … } }`, and the types that are made of objects,
//! `new GraphQLObjectType({ name: "Author", fields })`.

use rustc_hash::FxHashSet;

use super::sdl::Definitions;
use super::{Finder, ListedQuery, Listing, builders, graphql, wrapped};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::flow::{Flow, Source};
use crate::project::types::{Ty, Types};
use crate::project::{FileId, FunctionRef, Project, ProjectFile};
use crate::source::{Language, Span};

/// How far maps are followed, through modules, functions and calls that merge them.
const MAX_DEPTH: u8 = 8;

/// Functions that make one map of several.
const MERGING: [&str; 8] =
    ["all", "assign", "defaultsDeep", "merge", "mergeAll", "mergeDeepRight", "mergeResolvers", "mergeTypeDefs"];

/// Types whose one object stands for the whole schema.
const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];

/// A function that is run for each object of a type, wherever a request asks for its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::project::lazy) struct FieldResolver {
    /// Who is run.
    pub(in crate::project::lazy) function: FunctionRef,
    /// Which parameter is given the object; the next one is given what a request says of the field.
    pub(super) root: u16,
    pub(super) listing: Listing,
    /// Whether there are lists of the type, as far as the project says.
    pub(super) is_listed: bool,
    /// Whether requests say what they want of the field: pages, filters. That is rarely asked for of a whole list, and
    /// has no one query for all of it.
    pub(super) has_arguments: bool,
}

/// The field resolvers of a project, by function.
pub(in crate::project::lazy) fn field_resolvers(project: &Project) -> Vec<FieldResolver> {
    let is_schema = |file: &&ProjectFile| file.source.language == Language::GraphQl;
    let written = Definitions::read(project.files().iter().filter(is_schema).map(|file| file.source.text.as_str()));
    let maps = project.each_file(|types, file| in_file(types, file, &written));
    let mut found: Vec<FieldResolver> = maps.into_iter().flatten().collect();
    let lists: FxHashSet<(FileId, CallId)> = project.each_file(listed_objects).into_iter().flatten().collect();
    let objects = project.each_file(|types, file| of_objects(types, file, &lists));
    found.extend(objects.into_iter().flatten());
    found.extend(builders::field_resolvers(project));
    // One that is run for several types is told of the one that is surely listed.
    found.sort_by(|a, b| (a.function, !a.is_listed, &a.listing.name).cmp(&(b.function, !b.is_listed, &b.listing.name)));
    found.dedup_by_key(|resolver| resolver.function);
    let mut using = (None, FxHashSet::default());
    for FieldResolver { function, root, has_arguments, .. } in &mut found {
        if using.0 != Some(function.file) {
            using = (Some(function.file), using_arguments(&project.file(function.file).facts));
        }
        *has_arguments |= using.1.contains(&(function.function, *root + 1));
    }
    found
}

/// The resolvers in the maps that a file hands to a library, or gives to whoever gathers such maps; `written` are the
/// definitions in files of their own.
fn in_file(types: &Types<'_>, file: FileId, written: &Definitions) -> Vec<FieldResolver> {
    let facts = types.facts(file);
    let is_ecma = types.project().file(file).source.language.is_ecma();
    let names = ["Mutation", "Query", "Subscription", "resolvers"];
    if !is_ecma || !names.iter().any(|name| facts.names.find(name).is_some()) {
        return Vec::new();
    }
    let maps = Maps { types, written };
    let mut found = Vec::new();
    for call in &facts.calls {
        for arg in &call.args {
            let Value::Mapping(options) = facts.value(arg.value) else { continue };
            let option = |name: &str| options.iter().find(|(key, _)| facts.literal(*key) == Some(name));
            let Some((_, resolvers)) = option("resolvers") else { continue };
            let Some((_, definitions)) = option("typeDefs").or_else(|| option("schema")) else { continue };
            let mut texts = Vec::new();
            maps.texts(file, *definitions, 0, &mut texts);
            maps.resolvers(file, *resolvers, &Definitions::read(texts), &mut found);
        }
    }
    if ["graphql", "@graphql-tools/schema"].iter().any(|package| types.project().manifests.names_package(package))
        && let Some(value) = maps.default_of(file)
        && let Value::Mapping(entries) = facts.value(value)
        && entries.iter().any(|&(key, value)| {
            facts.literal(key).is_some_and(|key| ROOTS.contains(&key))
                && matches!(facts.value(value), Value::Mapping(_))
        })
    {
        maps.resolvers(file, value, &Definitions::default(), &mut found);
    }
    found
}

/// An entry of a map: its key, where that stands, and its value.
struct Entry<'p> {
    key: &'p str,
    place: Option<(FileId, Span)>,
    value: (FileId, ValueId),
}

/// Follows maps through the files of a project.
struct Maps<'t, 'p> {
    types: &'t Types<'p>,
    /// Definitions in files of their own.
    written: &'t Definitions,
}

impl<'p> Maps<'_, 'p> {
    fn resolvers(&self, file: FileId, map: ValueId, definitions: &Definitions, into: &mut Vec<FieldResolver>) {
        let mut entries = Vec::new();
        self.entries(file, map, 0, &mut entries);
        for of_type in entries.iter().filter(|entry| !ROOTS.contains(&entry.key)) {
            let mut fields = Vec::new();
            self.entries(of_type.value.0, of_type.value.1, 0, &mut fields);
            for field in fields.iter().filter(|field| !field.key.starts_with("__")) {
                let Some(function) = self.function(field.value.0, field.value.1) else { continue };
                let own = self.types.facts(function.file).function(function.function).name_span;
                into.push(FieldResolver {
                    function,
                    root: 0,
                    listing: Listing {
                        place: of_type.place.unwrap_or((function.file, own)),
                        name: of_type.key.to_owned(),
                        is_type: true,
                    },
                    // Of most types there are lists.
                    is_listed: match (definitions.lists(of_type.key), self.written.lists(of_type.key)) {
                        (None, None) => true,
                        (told, written) => told == Some(true) || written == Some(true),
                    },
                    has_arguments: false,
                });
            }
        }
    }

    /// The entries of a map, wherever they are written.
    fn entries(&self, file: FileId, map: ValueId, depth: u8, into: &mut Vec<Entry<'p>>) {
        if depth > MAX_DEPTH {
            return;
        }
        let facts = self.types.facts(file);
        match facts.value(map) {
            Value::Mapping(entries) => {
                for &(key, value) in entries {
                    match facts.literal(key) {
                        Some(name) => {
                            let text = facts.text(key).map_or(Span::default(), |text| {
                                text.host_span(0, u32::try_from(text.cooked.len()).unwrap_or(u32::MAX))
                            });
                            let place = (text.start < text.end).then_some((file, text));
                            into.push(Entry { key: name, place, value: (file, value) });
                        }
                        None => self.entries(file, value, depth + 1, into),
                    }
                }
            }
            _ => self.parts(file, map, depth, &mut |file, part| self.entries(file, part, depth + 1, into)),
        }
        if let Some(module) = self.module(file, map)
            && self.default_of(module).is_none()
        {
            let facts = self.types.facts(module);
            let exported = facts.bindings.iter().filter(|binding| binding.exported);
            into.extend(exported.map(|binding| Entry {
                key: &facts.names[binding.name],
                place: None,
                value: (module, binding.value),
            }));
        }
    }

    /// The texts of definitions.
    fn texts(&self, file: FileId, value: ValueId, depth: u8, into: &mut Vec<&'p str>) {
        if depth > MAX_DEPTH {
            return;
        }
        let facts = self.types.facts(file);
        match facts.value(value) {
            Value::Text(text) => into.push(&facts.texts[text.index()].cooked),
            // gql`…`
            Value::Call(call) if facts.call(*call).args.first().is_some_and(|arg| facts.text(arg.value).is_some()) => {
                self.texts(file, facts.call(*call).args[0].value, depth + 1, into);
            }
            _ => self.parts(file, value, depth, &mut |file, part| self.texts(file, part, depth + 1, into)),
        }
    }

    /// What a value is made of, or stands for.
    fn parts(&self, file: FileId, value: ValueId, depth: u8, visit: &mut dyn FnMut(FileId, ValueId)) {
        let facts = self.types.facts(file);
        match facts.value(value) {
            Value::Sequence(items) => items.iter().for_each(|&item| visit(file, item)),
            Value::Spread(inner) | Value::Carried(inner, _) => visit(file, *inner),
            Value::Either(left, right) => {
                visit(file, *left);
                visit(file, *right);
            }
            Value::Call(id) => {
                let call = facts.call(*id);
                let name = Flow::new(facts).called_name(call).unwrap_or("");
                if MERGING.contains(&name) {
                    call.args.iter().for_each(|arg| visit(file, arg.value));
                // `composeResolvers(resolvers, { "Book.*": [isAuthenticated()] })` gives the same map, wrapped.
                } else if name == "composeResolvers" {
                    call.args.iter().take(1).for_each(|arg| visit(file, arg.value));
                } else if let Some(made) = self.types.target(file, *id) {
                    let made_of = &self.types.facts(made.file).function(made.function).returns;
                    made_of.iter().for_each(|&value| visit(made.file, value));
                }
            }
            Value::Function(function) => {
                facts.function(*function).returns.iter().for_each(|&value| visit(file, value));
            }
            Value::Import(_) | Value::Member(..) => {
                if let Some((file, value)) = self.types.definition(file, value) {
                    visit(file, value);
                } else if let Some(module) = self.module(file, value)
                    && let Some(value) = self.default_of(module)
                    && depth < MAX_DEPTH
                {
                    visit(module, value);
                }
            }
            _ => {}
        }
    }

    /// The module that a value is: `import * as books from "./books"`, `require("./books")`.
    fn module(&self, file: FileId, value: ValueId) -> Option<FileId> {
        let facts = self.types.facts(file);
        let Value::Import(import) = facts.value(value) else { return None };
        let import = &facts.imports[import.index()];
        let is_whole = match import.what {
            Imported::Module => true,
            Imported::Name(name) => &facts.names[name] == "default",
            Imported::Star => false,
        };
        is_whole.then(|| self.types.project().resolve_module(file, &facts.names[import.module])).flatten()
    }

    /// What a module gives by default: `export default …`, `module.exports = …`.
    fn default_of(&self, file: FileId) -> Option<ValueId> {
        let name = self.types.facts(file).names.find("default")?;
        self.types.project().binding(file, name)
    }

    /// The function that resolves a field: one, or the `resolve` of an object.
    fn function(&self, file: FileId, value: ValueId) -> Option<FunctionRef> {
        let facts = self.types.facts(file);
        if let Value::Mapping(entries) = facts.value(value) {
            let (_, resolve) = entries.iter().find(|(key, _)| facts.literal(*key) == Some("resolve"))?;
            return self.function(file, *resolve);
        }
        wrapped::resolver(self.types, file, value).or_else(|| {
            let module = self.module(file, value)?;
            wrapped::resolver(self.types, module, self.default_of(module)?)
        })
    }
}

/// The functions that look at their second or third parameter: what a request gives with a field.
fn using_arguments(facts: &FileFacts) -> FxHashSet<(FunctionId, u16)> {
    let given = |value: ValueId| match *facts.value(value) {
        Value::Param(function, index @ 1..=2) => Some((function, index)),
        _ => None,
    };
    let parts = facts.values.iter().filter_map(|value| match value {
        Value::Member(object, _) | Value::Item(object, _) | Value::Spread(object) => given(*object),
        _ => None,
    });
    parts.chain(facts.calls.iter().flat_map(|call| &call.args).filter_map(|arg| given(arg.value))).collect()
}

/// The objects that are types of which a file says that there are lists: `new GraphQLList(Book)`.
fn listed_objects(types: &Types<'_>, file: FileId) -> Vec<(FileId, CallId)> {
    let facts = types.facts(file);
    if facts.names.find("GraphQLList").is_none() {
        return Vec::new();
    }
    let flow = Flow::new(facts);
    let lists = facts.calls.iter().filter(|call| flow.called_name(call) == Some("GraphQLList"));
    lists.filter_map(|call| object(types, file, call.args.first()?.value, 0)).collect()
}

/// The call that makes the type which a value is.
fn object(types: &Types<'_>, file: FileId, value: ValueId, depth: u8) -> Option<(FileId, CallId)> {
    let facts = types.facts(file);
    match facts.value(value) {
        Value::Call(id) => match Flow::new(facts).called_name(facts.call(*id))? {
            "GraphQLObjectType" => Some((file, *id)),
            "GraphQLNonNull" if depth < MAX_DEPTH => {
                object(types, file, facts.call(*id).args.first()?.value, depth + 1)
            }
            _ => None,
        },
        Value::Either(left, _) | Value::Carried(left, _) if depth < MAX_DEPTH => object(types, file, *left, depth + 1),
        _ if depth < MAX_DEPTH => {
            let (file, value) = types.definition(file, value)?;
            object(types, file, value, depth + 1)
        }
        _ => None,
    }
}

/// The resolvers of the types that a file makes of objects.
fn of_objects(types: &Types<'_>, file: FileId, lists: &FxHashSet<(FileId, CallId)>) -> Vec<FieldResolver> {
    let facts = types.facts(file);
    if facts.names.find("GraphQLObjectType").is_none() {
        return Vec::new();
    }
    let maps = Maps { types, written: &Definitions::default() };
    let flow = Flow::new(facts);
    let mut found = Vec::new();
    for (id, call) in facts.numbered() {
        let Some(options) = call.args.first().filter(|_| flow.called_name(call) == Some("GraphQLObjectType")) else {
            continue;
        };
        let Value::Mapping(options) = facts.value(options.value) else { continue };
        let option =
            |name: &str| options.iter().find(|(key, _)| facts.literal(*key) == Some(name)).map(|entry| entry.1);
        let (Some(name), Some(fields)) = (option("name").and_then(|name| facts.literal(name)), option("fields")) else {
            continue;
        };
        let mut entries = Vec::new();
        maps.entries(file, fields, 0, &mut entries);
        let listing = Listing { place: (file, call.name_span), name: name.to_owned(), is_type: true };
        for field in &entries {
            let (at, value) = field.value;
            if let Value::Mapping(parts) = types.facts(at).value(value)
                && let Some(function) = maps.function(at, value)
            {
                let has_arguments = parts.iter().any(|(key, _)| types.facts(at).literal(*key) == Some("args"));
                let is_listed = lists.contains(&(file, id));
                let listing = listing.clone();
                found.push(FieldResolver { function, root: 0, listing, is_listed, has_arguments });
            }
        }
    }
    found
}

impl Finder<'_, '_> {
    /// What a resolver asks for each object of a list.
    pub(super) fn field_resolver(&mut self, resolver: &FieldResolver) {
        let before = self.found.queries.len();
        let root = Source::Param(resolver.root);
        self.queries(&resolver.listing, None, resolver.function, root);
        self.handed_back(&resolver.listing, resolver.function, root);
        if !resolver.is_listed || resolver.has_arguments {
            self.found.queries[before..].iter_mut().for_each(|(_, query)| query.confidence = Confidence::Low);
        }
    }

    /// The queries that a resolver makes of its object and gives back, to be waited for by the library:
    /// `(author) => Book.find({ author: author.id })`.
    fn handed_back(&mut self, listing: &Listing, function: FunctionRef, root: Source) {
        let facts = self.types.facts(function.file);
        for &value in &facts.function(function.function).returns {
            let Value::Call(id) = *facts.value(value) else { continue };
            let Ty::Api(ty, _) = self.types.of_call(function.file, id) else { continue };
            let call = facts.call(id);
            let mut sources = FxHashSet::default();
            Flow::new(facts).sources(value, function.function, &mut sources);
            if !self.types.project().catalog.type_(ty).runs_on.awaits
                || !sources.contains(&root)
                || self.types.project().site_of(function.file, id).is_some()
            {
                continue;
            }
            let query = ListedQuery {
                span: call.name_span,
                function: function.function,
                way: None,
                begun: None,
                listing: listing.clone(),
                also: Vec::new(),
                batch: Some(graphql::DATA_LOADER.into()),
                confidence: if call.guard.is_some() { Confidence::Low } else { Confidence::Medium },
                defeats: None,
            };
            self.found.queries.push((function.file, query));
        }
    }
}
