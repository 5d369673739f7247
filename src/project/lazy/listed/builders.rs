//! GraphQL schemas that code builds: types of Nexus, `objectType({ name: "Author", definition(t) { … } })`, and of Pothos,
//! `builder.prismaObject("Author", { fields: (t) => ({ … }) })`.

use rustc_hash::FxHashSet;

use super::resolver_maps::FieldResolver;
use super::{Listing, wrapped};
use crate::facts::*;
use crate::project::flow::Flow;
use crate::project::types::Types;
use crate::project::{FileId, Project};

/// The packages whose types these are.
const PACKAGES: [&str; 3] = ["@nexus/schema", "@pothos/core", "nexus"];

/// How deep names of types are looked for.
const MAX_DEPTH: u8 = 6;

/// Functions of a builder that make a type, or add to one, with what gives its fields.
const TYPES: [&str; 14] = [
    "drizzleNode",
    "drizzleObject",
    "extendType",
    "implement",
    "loadableNode",
    "loadableObject",
    "node",
    "objectField",
    "objectFields",
    "objectType",
    "prismaNode",
    "prismaObject",
    "prismaObjectField",
    "prismaObjectFields",
];

/// Fields whose resolver is given a query of Prisma's or Drizzle's before the object.
const QUERIED: [&str; 4] = ["drizzleConnection", "drizzleField", "prismaConnection", "prismaField"];

/// Fields that load for all objects of a list at once.
const LOADED: [&str; 6] =
    ["loadable", "loadableGroup", "loadableList", "relatedConnection", "relation", "relationCount"];

/// Fields that are pages of a type.
const CONNECTIONS: [&str; 4] = ["connection", "connectionField", "drizzleConnection", "prismaConnection"];

/// Types whose one object stands for the whole schema.
const ROOTS: [&str; 3] = ["Mutation", "Query", "Subscription"];

/// The field resolvers of the schemas that a project builds.
pub(super) fn field_resolvers(project: &Project) -> Vec<FieldResolver> {
    if !PACKAGES.iter().any(|package| project.manifests.names_package(package)) {
        return Vec::new();
    }
    let listed: FxHashSet<String> = project.each_file(listed_in).into_iter().flatten().collect();
    project.each_file(|types, file| in_file(types, file, &listed)).into_iter().flatten().collect()
}

/// The names of the types of which fields of a file say that there are lists.
fn listed_in(types: &Types<'_>, file: FileId) -> Vec<String> {
    let facts = types.facts(file);
    if !types.project().file(file).source.language.is_ecma() || facts.names.find("type").is_none() {
        return Vec::new();
    }
    let flow = Flow::new(facts);
    let listed = facts.calls.iter().filter_map(|call| {
        let shown = call.args.iter().find_map(|arg| option(facts, arg.value, "type"))?;
        let is_connection = flow.called_name(call).is_some_and(|name| CONNECTIONS.contains(&name));
        let of = match facts.value(shown) {
            // Pothos: `t.field({ type: [Book] })`
            Value::Sequence(items) => *items.first()?,
            // Nexus: `t.field("books", { type: list("Book") })`
            Value::Call(list) if flow.called_name(facts.call(*list)) == Some("list") => {
                facts.call(*list).args.first()?.value
            }
            _ if is_connection || is_list(facts, call.callee) => shown,
            _ => return None,
        };
        name_of(types, file, of, 0)
    });
    listed.collect()
}

/// Whether a field of Nexus is a list: `t.nonNull.list.field`.
fn is_list(facts: &FileFacts, callee: ValueId) -> bool {
    let mut at = callee;
    while let Value::Member(object, name) = *facts.value(at) {
        if &facts.names[name] == "list" {
            return true;
        }
        at = object;
    }
    false
}

/// The name of a type: of a text, of what a builder made, of a class.
fn name_of(types: &Types<'_>, file: FileId, value: ValueId, depth: u8) -> Option<String> {
    let facts = types.facts(file);
    if depth > MAX_DEPTH {
        return None;
    }
    if let Some(name) = facts.literal(value) {
        return Some(name.to_owned());
    }
    match *facts.value(value) {
        Value::Class(class) => Some(facts.names[facts.class(class).name].to_owned()),
        Value::Call(id) => {
            let call = facts.call(id);
            if let Value::Member(object, name) = *facts.value(call.callee)
                && &facts.names[name] == "implement"
            {
                return name_of(types, file, object, depth + 1);
            }
            let named = call.args.iter().find_map(|arg| option(facts, arg.value, "name"));
            named
                .and_then(|name| facts.literal(name))
                .map(str::to_owned)
                .or_else(|| name_of(types, file, call.args.first()?.value, depth + 1))
        }
        Value::Either(left, _) | Value::Carried(left, _) => name_of(types, file, left, depth + 1),
        _ => {
            let (file, value) = types.definition(file, value)?;
            name_of(types, file, value, depth + 1)
        }
    }
}

/// What an object of options holds under a key.
fn option(facts: &FileFacts, options: ValueId, name: &str) -> Option<ValueId> {
    let Value::Mapping(entries) = facts.value(options) else { return None };
    entries.iter().find(|(key, _)| facts.literal(*key) == Some(name)).map(|entry| entry.1)
}

/// The resolvers of the types that a file builds.
fn in_file(types: &Types<'_>, file: FileId, listed: &FxHashSet<String>) -> Vec<FieldResolver> {
    let facts = types.facts(file);
    if !types.project().file(file).source.language.is_ecma() || facts.names.find("resolve").is_none() {
        return Vec::new();
    }
    let flow = Flow::new(facts);
    let mut found = Vec::new();
    for call in &facts.calls {
        let Some(called) = flow.called_name(call).filter(|name| TYPES.contains(name)) else { continue };
        // What gives the fields, and the type that they are of.
        let options = call.args.iter().map(|arg| arg.value);
        let given = options
            .clone()
            .find_map(|options| option(facts, options, "fields").or_else(|| option(facts, options, "definition")));
        let given = given.or_else(|| call.args.last().map(|arg| arg.value));
        let Some(Value::Function(fields)) = given.map(|given| facts.value(given)) else { continue };
        let written = options
            .clone()
            .find_map(|options| option(facts, options, if called == "extendType" { "type" } else { "name" }));
        let shown = written.or(match *facts.value(call.callee) {
            Value::Member(object, _) if called == "implement" => Some(object),
            _ => call.args.first().map(|arg| arg.value),
        });
        let Some(name) = shown.and_then(|shown| name_of(types, file, shown, 0)) else { continue };
        if ROOTS.contains(&name.as_str()) {
            continue;
        }
        let is_listed = listed.contains(&name);
        let listing = Listing { place: (file, call.name_span), name, is_type: true };
        for field in facts.calls.iter().filter(|field| is_field(facts, field, *fields)) {
            let made = flow.called_name(field).unwrap_or("");
            let Some(options) = field
                .args
                .iter()
                .map(|arg| arg.value)
                .find(|&options| option(facts, options, "resolve").is_some() && !LOADED.contains(&made))
            else {
                continue;
            };
            if let Some(resolve) = option(facts, options, "resolve")
                && let Some(function) = wrapped::resolver(types, file, resolve)
            {
                let has_arguments = option(facts, options, "args").is_some();
                let root = u16::from(QUERIED.contains(&made));
                found.push(FieldResolver { function, root, listing: listing.clone(), is_listed, has_arguments });
            }
        }
    }
    found
}

/// Whether a call makes a field with what the function that gives fields is given: `t.field(…)`, `t.list.field(…)`.
fn is_field(facts: &FileFacts, call: &Call, fields: FunctionId) -> bool {
    let mut at = call.callee;
    while let Value::Member(object, _) = *facts.value(at) {
        at = object;
    }
    at != call.callee && *facts.value(at) == Value::Param(fields, 0)
}
