//! The fields of a serializer of Django REST framework, and what each of them reads of a row.

use rustc_hash::FxHashSet;

use super::super::model::{Attribute, Kind, attribute};
use super::super::needs::Cost;
use super::super::traced::join;
use super::{Finder, MAX_NESTED, Scope};
use crate::facts::*;
use crate::project::flow::{Flow, Source};
use crate::project::types::Ty;
use crate::project::{ClassRef, FileId, FunctionRef};
use crate::source::Span;

/// Fields of relations.
const RELATED: [&str; 4] =
    ["HyperlinkedRelatedField", "PrimaryKeyRelatedField", "SlugRelatedField", "StringRelatedField"];

/// The field that a method of its serializer gives.
const METHOD: &str = "SerializerMethodField";

/// The same in serpy.
const SERPY_METHOD: &str = "MethodField";

/// Which fields a serializer of a model shows.
enum Shown<'p> {
    /// Not known: all that it declares, at least.
    Declared,
    /// Those that it names, `fields = ("id", "title")`: what it inherits beyond them it does not show.
    Named(Vec<(&'p str, (FileId, Span))>),
    /// All of its model but some: `fields = "__all__"`, `exclude = ("notes",)`.
    AllBut(Vec<&'p str>, (FileId, Span)),
}

impl Shown<'_> {
    fn has(&self, name: &str) -> bool {
        match self {
            Shown::Declared => true,
            Shown::Named(names) => names.iter().any(|(known, _)| *known == name),
            Shown::AllBut(names, _) => !names.contains(&name),
        }
    }
}

impl<'p> Finder<'_, 'p> {
    /// What a serializer reads of each row.
    pub(super) fn serialize(&mut self, scope: &Scope<'_>, serializer: ClassRef, depth: u8) {
        if depth > MAX_NESTED || !self.types.extends(serializer, &|name| name.ends_with("Serializer")) {
            return;
        }
        if let Some(function) = self.method(serializer, "to_representation") {
            self.given_row(scope, function);
            if !self.asks_base(function) {
                return;
            }
        }
        let shown = self.shown(serializer);
        let mut seen = FxHashSet::default();
        for class in self.types.lineage(serializer) {
            let facts = self.types.facts(class.file);
            for field in facts.class(class.class).attributes.iter().filter(|field| field.in_body) {
                let name = &facts.names[field.name];
                if seen.insert(name)
                    && shown.has(name)
                    && let Value::Call(call) = *facts.value(field.value)
                {
                    self.field(scope, serializer, (class.file, call), name, depth);
                }
            }
        }
        self.implied(scope, serializer, &shown, &seen);
    }

    /// Which fields a serializer shows.
    fn shown(&self, serializer: ClassRef) -> Shown<'p> {
        if !self.types.extends(serializer, &|name| name.ends_with("ModelSerializer"))
            || self.method(serializer, "get_field_names").is_some()
        {
            return Shown::Declared;
        }
        let names = |(file, value): (FileId, ValueId)| -> Option<Vec<(&'p str, (FileId, Span))>> {
            let facts = self.types.facts(file);
            let Value::Sequence(names) = facts.value(value) else { return None };
            names.iter().map(|&name| Some((facts.literal(name)?, self.written(file, name)?))).collect()
        };
        match self.types.meta(serializer, "fields") {
            Some((file, value)) if self.types.facts(file).literal(value) == Some("__all__") => {
                self.written(file, value).map_or(Shown::Declared, |place| Shown::AllBut(Vec::new(), place))
            }
            Some(fields) => names(fields).map_or(Shown::Declared, Shown::Named),
            None => match self.types.meta(serializer, "exclude").and_then(names) {
                Some(left_out) if let Some(&(_, place)) = left_out.first() => {
                    Shown::AllBut(left_out.into_iter().map(|(name, _)| name).collect(), place)
                }
                _ => Shown::Declared,
            },
        }
    }

    /// Where a text is written.
    pub(super) fn written(&self, file: FileId, value: ValueId) -> Option<(FileId, Span)> {
        let text = self.types.facts(file).text(value)?;
        Some((file, text.host_span(0, u32::try_from(text.cooked.len()).ok()?)))
    }

    /// The fields that a serializer of a model does not declare: they are made of what the model has by that name.
    fn implied(&mut self, scope: &Scope<'_>, serializer: ClassRef, shown: &Shown<'p>, declared: &FxHashSet<&str>) {
        let is_changed = |name: &str| self.method(serializer, name).is_some();
        if is_changed("get_fields") || is_changed("build_field") || is_changed("build_relational_field") {
            return;
        }
        // What is only written is not read.
        let Some(written) = self.written_only(serializer) else { return };
        let is_nested = self.types.meta(serializer, "depth").is_some_and(
            |(file, value)| matches!(self.types.facts(file).value(value), Value::Int(depth) if *depth > 0),
        );
        let fields: Vec<(&str, (FileId, Span))> = match shown {
            Shown::Declared => return,
            Shown::Named(names) => names.clone(),
            Shown::AllBut(_, place) => self.columns(scope.model).into_iter().map(|name| (name, *place)).collect(),
        };
        for (name, place) in fields {
            if !shown.has(name) || declared.contains(name) || written.contains(&name) {
                continue;
            }
            match attribute(self.types, scope.model, name) {
                Some(Attribute::Relation(relation)) => match relation.kind {
                    Kind::Many => {
                        self.many(scope, name, place);
                    }
                    Kind::Forward if !is_nested => {}
                    Kind::Forward | Kind::ReverseOne => self.read(scope, &[name.into()], place),
                    Kind::Generic => {}
                },
                Some(Attribute::Code(_)) => self.read(scope, &[name.into()], place),
                None => {}
            }
        }
    }

    /// The fields that a serializer only writes, `extra_kwargs = {"tags": {"write_only": True}}`; nothing if that is not
    /// in sight.
    fn written_only(&self, serializer: ClassRef) -> Option<Vec<&'p str>> {
        let Some((file, value)) = self.types.meta(serializer, "extra_kwargs") else { return Some(Vec::new()) };
        let facts = self.types.facts(file);
        let Value::Mapping(entries) = facts.value(value) else { return None };
        let is_written = |options: ValueId| match facts.value(options) {
            Value::Mapping(options) => options.iter().any(|&(key, value)| {
                facts.literal(key) == Some("write_only") && *facts.value(value) != Value::Bool(false)
            }),
            _ => true,
        };
        let names = entries.iter().filter(|(_, options)| is_written(*options)).map(|&(key, _)| facts.literal(key));
        names.collect()
    }

    /// The fields of a model, and of what it extends.
    pub(super) fn columns(&self, model: ClassRef) -> Vec<&'p str> {
        let mut names = Vec::new();
        for class in self.types.lineage(model) {
            let facts = self.types.facts(class.file);
            let fields = facts.class(class.class).attributes.iter().filter(|field| field.in_body);
            let fields = fields.filter(|field| matches!(facts.value(field.value), Value::Call(_)));
            names.extend(fields.map(|field| &facts.names[field.name]));
        }
        names
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
        let Some(kind) = self.kind_of_field(file, call, is("many")) else { return };
        let first = || call.args.first().filter(|arg| arg.name.is_none()).map(|arg| arg.value);
        // `attr` is serpy's word, and what its plain field is given first.
        let source = keyword("source").or_else(|| keyword("attr")).or_else(|| first().filter(|_| kind == "Field"));
        let source = match source {
            Some(source) => match facts.literal(source) {
                Some(source) => source,
                None => return,
            },
            None => name,
        };
        let place = (file, call.name_span);
        let names: Vec<Box<str>> = source.split('.').map(Box::from).collect();
        match kind {
            METHOD | SERPY_METHOD => {
                let method = keyword("method_name").or_else(|| keyword("method")).or_else(first);
                let method = method.and_then(|name| facts.literal(name));
                let method = method.map_or_else(|| format!("get_{name}"), str::to_owned);
                if let Some(function) = self.method(serializer, &method) {
                    self.given_row(scope, function);
                    self.unrun(scope, &scope.place(), function, Source::Param(0));
                    self.serialized_within(scope, function);
                }
            }
            "PrimaryKeyRelatedField" | "HyperlinkedRelatedField" if !is("many") => {
                // The key of the related row is a column of this one; another field of it is not.
                let lookup = keyword("lookup_field").filter(|_| kind == "HyperlinkedRelatedField");
                let is_key = lookup.is_none_or(|field| matches!(facts.literal(field), None | Some("pk")));
                self.read(scope, &names[..names.len() - usize::from(is_key)], place);
            }
            // Those of other packages, too: `NestedHyperlinkedRelatedField(many=True)`
            _ if is("many") && kind.ends_with("RelatedField") => {
                self.many(scope, source, place);
                self.unrun_member(scope, source, place);
            }
            "StringRelatedField" => {
                let text = names.into_iter().chain([Box::from("__str__")]).collect::<Vec<_>>();
                self.read(scope, &text, place);
            }
            _ if source == "*" => {}
            // It is written, and never shown.
            "HiddenField" => {}
            _ => match self.types.of(file, call.callee) {
                Ty::Class(nested) if self.types.extends(nested, &|name| name.ends_with("Serializer")) => {
                    let inner = if is("many") {
                        if let Some(function) = self.unrun_member(scope, source, place)
                            && let Some(rows) = self.tracer.given(function, None)
                        {
                            self.serialize(&Scope::of(&rows, scope.listing), nested, depth + 1);
                        }
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

    /// The name of a field's class; of one of the project, that of the field of a relation that it extends. Nothing if it
    /// reads the relation in its own way.
    fn kind_of_field(&self, file: FileId, call: &Call, many: bool) -> Option<&'p str> {
        let class = self.types.of(file, call.callee);
        if let Ty::Class(class) = class
            && self.types.extends(class, &|name| matches!(name, METHOD | SERPY_METHOD))
            && self.method(class, "to_representation").is_none()
        {
            return Some(METHOD);
        }
        if let Ty::Class(class) = class
            && let Some(kind) = RELATED.into_iter().find(|kind| self.types.extends(class, &|name| name == *kind))
        {
            // Of many rows, each field is given one that was read by another field.
            if many && self.method(class, "many_init").is_none() {
                return Some(kind);
            }
            if self.method(class, "get_attribute").is_some() {
                return None;
            }
            return match self.method(class, "use_pk_only_optimization") {
                None => Some(kind),
                // It wants the related row, not only its key.
                Some(method) if self.returns_false(method) => Some(""),
                Some(_) => None,
            };
        }
        Some(Flow::new(self.types.facts(file)).called_name(call).unwrap_or(""))
    }

    fn returns_false(&self, method: FunctionRef) -> bool {
        let facts = self.types.facts(method.file);
        let returns = &facts.function(method.function).returns;
        !returns.is_empty() && returns.iter().all(|&value| *facts.value(value) == Value::Bool(false))
    }

    /// The rows of a relation that is read whole for each row.
    pub(super) fn many<'s>(&mut self, scope: &Scope<'s>, name: &str, place: (FileId, Span)) -> Option<Scope<'s>> {
        let Attribute::Relation(relation) = attribute(self.types, scope.model, name)? else { return None };
        let target = relation.target.filter(|_| relation.kind == Kind::Many)?;
        let path = join(&scope.path, name);
        let is_loaded = scope.loaded.has(name) || scope.loaded.may_have(self.types.project(), name);
        if !is_loaded {
            let cost = Cost {
                path: name.to_owned(),
                is_column: false,
                is_generic: true,
                hops: Vec::new(),
                read: None,
                conditional: false,
                key: None,
            };
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
    pub(super) fn one<'s>(&self, scope: &Scope<'s>, names: &[Box<str>]) -> Option<Scope<'s>> {
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
}
