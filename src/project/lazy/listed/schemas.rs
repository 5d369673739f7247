//! Schemas of marshmallow: the rows that a call dumps, and what each field of a schema reads of a row.

use rustc_hash::FxHashSet;

use super::super::model::{Attribute, Kind, Loading, attribute};
use super::super::traced::join;
use super::{Finder, Listing, MAX_NESTED, Scope};
use crate::facts::*;
use crate::project::bounds::Bounds;
use crate::project::flow::{Flow, Source};
use crate::project::loops::{LoopShape, Loops};
use crate::project::types::Ty;
use crate::project::{ClassRef, FileId, FunctionRef};
use crate::source::Span;

/// How deep the bases of a class are looked through.
const MAX_BASES: u8 = 8;
/// The classes that schemas extend: of marshmallow, marshmallow-sqlalchemy and Flask-Marshmallow.
const SCHEMAS: [&str; 6] =
    ["ModelSchema", "Schema", "SQLAlchemyAutoSchema", "SQLAlchemySchema", "TableSchema", "BaseSchema"];
/// What dumps rows.
pub(super) const DUMPS: [&str; 3] = ["dump", "dumps", "jsonify"];

/// Which fields of a schema are dumped: `only=("id", "author.name")`, `exclude=("notes",)`.
#[derive(Clone, Default)]
struct Wanted<'p> {
    only: Option<Vec<&'p str>>,
    exclude: Vec<&'p str>,
}

impl<'p> Wanted<'p> {
    fn has(&self, name: &str) -> bool {
        let is_named =
            |known: &&str| known.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.only.as_ref().is_none_or(|only| only.iter().any(is_named)) && !self.exclude.contains(&name)
    }

    /// What is wanted of the rows that a field holds.
    fn below(&self, name: &str) -> Wanted<'p> {
        let rest = |known: &&'p str| known.strip_prefix(name)?.strip_prefix('.');
        let only = self.only.as_ref().filter(|only| !only.contains(&name));
        Wanted {
            only: only.map(|only| only.iter().filter_map(rest).collect()),
            exclude: self.exclude.iter().filter_map(rest).collect(),
        }
    }

    fn and(mut self, other: Wanted<'p>) -> Wanted<'p> {
        self.only = match (self.only, other.only) {
            (Some(own), Some(more)) => Some(own.into_iter().filter(|name| more.contains(name)).collect()),
            (own, more) => own.or(more),
        };
        self.exclude.extend(other.exclude);
        self
    }
}

impl<'p> Finder<'_, 'p> {
    /// `BookSchema(many=True).dump(books)`, `schema.dump(books, many=True)`, or `schema.dump(book)` in a loop over books.
    pub(super) fn dumped(&mut self, file: FileId, id: CallId) {
        let facts = self.types.facts(file);
        let call = facts.call(id);
        let Value::Member(object, _) = *facts.value(call.callee) else { return };
        let Some(given) = call.args.iter().find(|arg| arg.name.is_none_or(|name| &facts.names[name] == "obj")) else {
            return;
        };
        let Ty::Instance(schema, _) = self.types.of(file, object) else { return };
        let (at, made) = match facts.value(object) {
            Value::Call(_) => (file, object),
            _ => match self.types.definition(file, object) {
                Some(found) => found,
                None => return,
            },
        };
        let of = self.types.facts(at);
        let Value::Call(made) = *of.value(made) else { return };
        let made = of.call(made);
        if !self.is_schema(schema, 0) || self.method(schema, "__init__").is_some() {
            return;
        }
        let Some(wanted) = wanted(of, made) else { return };
        let rows = if is_many(facts, call).unwrap_or_else(|| is_many(of, made) == Some(true)) {
            if Bounds::new(self.types).of(file, given.value) != LoopShape::Rows {
                return;
            }
            self.tracer.rows_of(file, given.value)
        } else {
            // What is dumped is the row of a loop over rows.
            let Value::Element(_, around) = *facts.value(given.value) else { return };
            if call.in_loop.is_none() || Loops::new(self.types, file).shape(around) != LoopShape::Rows {
                return;
            }
            self.tracer.row_of(file, given.value, &[]).map(|(row, _)| row)
        };
        if let Some(rows) = rows {
            let listing = Listing { place: (file, call.name_span), name: self.listing(schema).name, is_type: false };
            self.dump(&Scope::of(&rows, &listing), schema, &wanted, 0);
        }
    }

    /// Whether a class is a schema of marshmallow.
    fn is_schema(&self, class: ClassRef, depth: u8) -> bool {
        let facts = self.types.facts(class.file);
        depth < MAX_BASES
            && facts.class(class.class).bases.iter().any(|&base| match self.types.of(class.file, base) {
                Ty::Path(path) => {
                    let (module, name) = path.rsplit_once('.').unwrap_or(("", &path));
                    let is_library = |of: &str| module.split('.').next() == Some(of);
                    SCHEMAS.contains(&name)
                        && ["marshmallow", "marshmallow_sqlalchemy", "flask_marshmallow"].into_iter().any(is_library)
                }
                Ty::Class(base) => base != class && self.is_schema(base, depth + 1),
                // `ma = Marshmallow(app)`, `class BookSchema(ma.SQLAlchemyAutoSchema)`
                _ => match *facts.value(base) {
                    Value::Member(object, name) if SCHEMAS.contains(&&facts.names[name]) => {
                        let found = self.types.definition(class.file, object);
                        let (file, made) = found.unwrap_or((class.file, object));
                        let of = self.types.facts(file);
                        matches!(*of.value(made), Value::Call(made)
                            if Flow::new(of).called_name(of.call(made)).is_some_and(|name| name.ends_with("Marshmallow")))
                    }
                    _ => false,
                },
            })
    }

    /// What the fields of a schema read of each row.
    fn dump(&mut self, scope: &Scope<'_>, schema: ClassRef, wanted: &Wanted<'p>, depth: u8) {
        if depth > MAX_NESTED || !self.is_schema(schema, 0) || self.method(schema, "get_attribute").is_some() {
            return;
        }
        let meta = |name: &str| match self.types.meta(schema, name) {
            Some((file, value)) => Some(literals(self.types.facts(file), value)),
            None => None,
        };
        let (only, exclude) = (meta("fields"), meta("exclude"));
        // What is not written down may be any.
        let (Some(only), Some(exclude)) =
            (only.map_or(Some(None), |names| names.map(Some)), exclude.unwrap_or(Some(Vec::new())))
        else {
            return;
        };
        let wanted = wanted.clone().and(Wanted { only, exclude });
        let mut seen = FxHashSet::default();
        for class in self.types.lineage(schema) {
            let facts = self.types.facts(class.file);
            for field in facts.class(class.class).attributes.iter().filter(|field| field.in_body) {
                let name = &facts.names[field.name];
                if seen.insert(name)
                    && wanted.has(name)
                    && let Value::Call(call) = *facts.value(field.value)
                {
                    self.dumped_field(scope, schema, (class.file, facts.call(call)), name, &wanted, depth);
                }
            }
        }
    }

    fn dumped_field(
        &mut self,
        scope: &Scope<'_>,
        schema: ClassRef,
        (file, call): (FileId, &'p Call),
        name: &'p str,
        wanted: &Wanted<'p>,
        depth: u8,
    ) {
        let facts = self.types.facts(file);
        let keyword = |wanted: &str| {
            call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == wanted)).map(|arg| arg.value)
        };
        if keyword("load_only").is_some_and(|value| *facts.value(value) != Value::Bool(false)) {
            return;
        }
        let source = match keyword("attribute") {
            Some(value) => match facts.literal(value) {
                Some(source) => source,
                None => return,
            },
            None => name,
        };
        let names: Vec<Box<str>> = source.split('.').map(Box::from).collect();
        let place = (file, call.name_span);
        let first = call.args.iter().find(|arg| arg.name.is_none()).map(|arg| arg.value);
        let kind = Flow::new(facts).called_name(call).unwrap_or("");
        match (kind, first) {
            ("Method", _) => {
                let method = first.or_else(|| keyword("serialize")).and_then(|value| facts.literal(value));
                if let Some(method) = method.and_then(|method| self.method(schema, method)) {
                    self.given_row(scope, method);
                }
            }
            ("Function", _) => {
                let Some(value) = first.or_else(|| keyword("serialize")) else { return };
                if let Value::Function(function) = *facts.value(value) {
                    self.given_as(scope, FunctionRef { file, function }, Source::Param(0), &[]);
                } else if let Ty::Function(function) = self.types.of(file, value) {
                    self.given_row(scope, function);
                }
            }
            ("Constant" | "Raw" | "Hyperlinks" | "URLFor" | "UrlFor" | "AbsoluteURLFor", _) => {}
            ("List", Some(inner)) => {
                // `fields.List(fields.Nested(TagSchema))`
                let Value::Call(inner) = *facts.value(inner) else { return };
                let inner = facts.call(inner);
                let rows = self.all_of_relation(scope, &names, place);
                if let Some(rows) = rows
                    && Flow::new(facts).called_name(inner) == Some("Nested")
                {
                    self.nested(&rows, (file, inner), &wanted.below(name), depth);
                }
            }
            ("Nested" | "Pluck", _) => {
                let inner = if is_many(facts, call) == Some(true) {
                    self.all_of_relation(scope, &names, place)
                } else {
                    self.read(scope, &names, place);
                    self.one(scope, &names)
                };
                let plucked = call.args.iter().filter(|arg| arg.name.is_none()).nth(1).filter(|_| kind == "Pluck");
                let wanted = match plucked.map(|arg| facts.literal(arg.value)) {
                    Some(Some(name)) => Wanted { only: Some(vec![name]), exclude: Vec::new() },
                    Some(None) => return,
                    None => wanted.below(name),
                };
                if let Some(inner) = inner {
                    self.nested(&inner, (file, call), &wanted, depth);
                }
            }
            _ => self.read(scope, &names, place),
        }
    }

    /// What a schema that another one nests reads: `fields.Nested(AuthorSchema, only=("name",))`.
    fn nested(&mut self, scope: &Scope<'_>, (file, call): (FileId, &'p Call), above: &Wanted<'p>, depth: u8) {
        let facts = self.types.facts(file);
        let Some(given) = call.args.iter().find(|arg| arg.name.is_none_or(|name| &facts.names[name] == "nested"))
        else {
            return;
        };
        let of = match *facts.value(given.value) {
            // `fields.Nested(lambda: AuthorSchema(only=("name",)))`
            Value::Function(function) => match facts.function(function).returns[..] {
                [value] => value,
                _ => return,
            },
            _ => given.value,
        };
        let made = match *facts.value(of) {
            Value::Call(made) => wanted(facts, facts.call(made)),
            _ => Some(Wanted::default()),
        };
        let (Some(made), Some(own)) = (made, wanted(facts, call)) else { return };
        let schema = match (self.types.of(file, of), facts.literal(of)) {
            (Ty::Class(schema) | Ty::Instance(schema, _), _) => schema,
            // `fields.Nested("AuthorSchema")`
            (_, Some(name)) => {
                let mut named = (0..).map(ClassId).zip(&facts.classes).filter(|(_, of)| &facts.names[of.name] == name);
                match named.next() {
                    Some((class, _)) => ClassRef { file, class },
                    None => return,
                }
            }
            _ => return,
        };
        if self.method(schema, "__init__").is_none() {
            self.dump(scope, schema, &made.and(own).and(above.clone()), depth + 1);
        }
    }

    /// The rows of a relation that is read whole for each row, where they are loaded along.
    fn all_of_relation<'s>(
        &mut self,
        scope: &Scope<'s>,
        names: &[Box<str>],
        place: (FileId, Span),
    ) -> Option<Scope<'s>> {
        let [name] = names else {
            self.read(scope, names, place);
            return None;
        };
        match attribute(self.types, scope.model, name)? {
            Attribute::Relation(relation) if relation.kind == Kind::Many && relation.loading == Loading::Asked => {
                self.many(scope, name, place)
            }
            Attribute::Relation(relation) if relation.kind == Kind::Many => {
                self.read(scope, names, place);
                let is_loaded = scope.loaded.has(name) || relation.loading != Loading::Lazy;
                let model = relation.target.filter(|_| is_loaded)?;
                let mut loaded = scope.loaded.below(name);
                for back in &relation.back {
                    loaded.add_open(back);
                }
                Some(Scope { model, loaded, path: join(&scope.path, name), is_many: true, ..scope.again() })
            }
            _ => {
                self.read(scope, names, place);
                None
            }
        }
    }
}

/// Whether a call says that it is about many rows.
fn is_many(facts: &FileFacts, call: &Call) -> Option<bool> {
    let arg = call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == "many"))?;
    Some(*facts.value(arg.value) == Value::Bool(true))
}

/// The fields that a schema is made with; nothing if that is not written down.
fn wanted<'p>(facts: &'p FileFacts, call: &Call) -> Option<Wanted<'p>> {
    let named = |name: &str| {
        call.args.iter().find(|arg| arg.name.is_some_and(|own| &facts.names[own] == name)).map(|arg| arg.value)
    };
    if call.args.iter().any(|arg| matches!(facts.value(arg.value), Value::Spread(_))) {
        return None;
    }
    Some(Wanted {
        only: match named("only") {
            Some(value) => Some(literals(facts, value)?),
            None => None,
        },
        exclude: match named("exclude") {
            Some(value) => literals(facts, value)?,
            None => Vec::new(),
        },
    })
}

/// The texts of a list that is written down, or the only one.
fn literals(facts: &FileFacts, value: ValueId) -> Option<Vec<&str>> {
    match facts.value(value) {
        Value::Sequence(items) => items.iter().map(|&item| facts.literal(item)).collect(),
        _ => facts.literal(value).map(|name| vec![name]),
    }
}
