//! Strawberry, and its form for Django: the methods and functions that give the fields of a type.

use super::{Finder, Listing, wrapped};
use crate::facts::*;
use crate::project::flow::Source;
use crate::project::relations::decorator_of;
use crate::project::types::{Ty, Types};
use crate::project::{ClassRef, FileId, FunctionRef};

/// What a field says of what is to be loaded along with the rows that it is a field of.
const HINTS: [&str; 3] = ["annotate", "prefetch_related", "select_related"];

/// How deep the types of a field are looked into.
const MAX_DEPTH: u8 = 6;

/// The types of which a file of Strawberry's says that there are lists: `books: list[Book]`,
/// `def books(self) -> ListConnection[Book]`.
pub(super) fn listed_types(types: &Types<'_>, file: FileId) -> Vec<ClassRef> {
    let facts = types.facts(file);
    if !uses_strawberry(facts) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for class in facts.classes.iter().filter(|class| is_type(facts, class)) {
        let fields = class.attributes.iter().filter(|field| field.in_body).filter_map(|field| field.annotation);
        let methods = class.methods.iter().map(|&method| facts.function(method));
        let results = methods.filter(|method| !method.decorators.is_empty()).filter_map(|method| method.result_type);
        fields.chain(results).for_each(|declared| listed_in(types, file, declared, 0, &mut found));
    }
    found
}

fn uses_strawberry(facts: &FileFacts) -> bool {
    facts.imports.iter().any(|import| facts.names[import.module].starts_with("strawberry"))
}

/// Whether a class is a type: `@strawberry.type`, `@strawberry_django.type(models.Book)`.
pub(super) fn is_type(facts: &FileFacts, class: &Class) -> bool {
    class.decorators.iter().any(|&decorator| {
        matches!(decorator_of(facts, decorator), Some(("type" | "interface" | "federation" | "node", _)))
    })
}

/// Adds the types of which a declared type is a list.
fn listed_in(types: &Types<'_>, file: FileId, declared: ValueId, depth: u8, into: &mut Vec<ClassRef>) {
    let facts = types.facts(file);
    match facts.value(declared) {
        Value::Typed(of) if depth < MAX_DEPTH => {
            let name = facts.own_name(of.head).unwrap_or("");
            let is_list = matches!(name, "Iterable" | "List" | "Sequence" | "list" | "tuple")
                || name.ends_with("Connection")
                || name.ends_with("Paginated");
            for &argument in &of.arguments {
                match types.of(file, argument) {
                    Ty::Class(class) | Ty::Instance(class, _) if is_list => into.push(class),
                    _ => listed_in(types, file, argument, depth + 1, into),
                }
            }
        }
        Value::Either(left, right) if depth < MAX_DEPTH => {
            listed_in(types, file, *left, depth + 1, into);
            listed_in(types, file, *right, depth + 1, into);
        }
        _ => {}
    }
}

impl Finder<'_, '_> {
    /// What the fields of a type ask for each of its objects.
    pub(super) fn strawberry_fields(&mut self, class: ClassRef) {
        let facts = self.types.facts(class.file);
        let own = facts.class(class.class);
        let listing = Listing { is_type: true, ..self.listing(class) };
        let hints =
            |call: &Call| call.args.iter().any(|arg| arg.name.is_some_and(|name| HINTS.contains(&&facts.names[name])));
        let mut resolvers: Vec<(FunctionRef, Source)> = Vec::new();
        for &function in &own.methods {
            let is_field = facts.function(function).decorators.iter().any(|&decorator| {
                decorator_of(facts, decorator).is_some_and(|(name, call)| {
                    (name.contains("field") || name.contains("connection")) && !call.is_some_and(hints)
                })
            });
            if is_field {
                let given = FunctionRef { file: class.file, function };
                resolvers.push((given, self.root_of(given).unwrap_or(Source::This)));
            }
        }
        // `author: Author = strawberry.field(resolver=author_of)`
        for field in own.attributes.iter().filter(|field| field.in_body) {
            let Some((_, Some(call))) = decorator_of(facts, field.value).filter(|(_, call)| !call.is_some_and(hints))
            else {
                continue;
            };
            let named = call.args.iter().find(|arg| arg.name.is_none_or(|name| &facts.names[name] == "resolver"));
            if let Some(arg) = named
                && let Some(given) = wrapped::resolver(self.types, class.file, arg.value)
                && let Some(root) = self.root_of(given)
            {
                resolvers.push((given, root));
            }
        }
        for (function, source) in resolvers {
            // What is asked for by its key is asked for of one object.
            let own = self.types.facts(function.file);
            let by_key = own
                .function(function.function)
                .params
                .iter()
                .any(|param| matches!(&own.names[param.name], "id" | "pk"));
            if !by_key {
                self.queries(&listing, None, function, source);
                self.returned(&listing, function, source);
            }
        }
    }

    /// The parameter that is given the object.
    fn root_of(&self, function: FunctionRef) -> Option<Source> {
        let facts = self.types.facts(function.file);
        let is_root = |param: &Param| matches!(&facts.names[param.name], "root" | "parent" | "self");
        let at = facts.function(function.function).params.iter().position(is_root)?;
        u16::try_from(at).ok().map(Source::Param)
    }
}
