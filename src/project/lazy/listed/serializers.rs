//! Django REST framework: the rows that a view or a call serializes.

use rustc_hash::FxHashSet;

use super::super::model::{Attribute, Kind, attribute};
use super::super::needs::Cost;
use super::super::traced::join;
use super::{Finder, Listing, MAX_NESTED, Scope};
use crate::facts::*;
use crate::project::bounds::Bounds;
use crate::project::flow::Flow;
use crate::project::loops::{LoopShape, Loops};
use crate::project::types::Ty;
use crate::project::{ClassRef, FileId};
use crate::source::Span;

/// How far up the `Meta` of a serializer is looked for, in classes.
const MAX_BASES: u8 = 8;

impl<'p> Finder<'_, 'p> {
    /// A view that lists the rows of its queryset with its serializer.
    pub(super) fn view(&mut self, class: ClassRef) {
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

    /// `BookSerializer(books, many=True)`, or `BookSerializer(book)` in a loop over books.
    pub(super) fn serialized(&mut self, file: FileId, id: CallId) {
        let facts = self.types.facts(file);
        let call = facts.call(id);
        let is_many = call.args.iter().any(|arg| {
            arg.name.is_some_and(|name| &facts.names[name] == "many") && *facts.value(arg.value) == Value::Bool(true)
        });
        let given = call.args.iter().find(|arg| arg.name.is_none_or(|name| &facts.names[name] == "instance"));
        let Some(given) = given else { return };
        let Ty::Class(serializer) = self.types.of(file, call.callee) else { return };
        let rows = if is_many {
            if Bounds::new(self.types).of(file, given.value) != LoopShape::Rows {
                return;
            }
            self.tracer.rows_of(file, given.value)
        } else {
            // What is serialized is the row of a loop over rows.
            let Value::Element(_, around) = *facts.value(given.value) else { return };
            if call.in_loop.is_none() || Loops::new(self.types, file).shape(around) != LoopShape::Rows {
                return;
            }
            self.tracer.row_of(file, given.value, &[]).map(|(row, _)| row)
        };
        let Some(rows) = rows else { return };
        let listing = Listing { place: (file, call.name_span), name: self.listing(serializer).name, is_type: false };
        self.serialize(&Scope::of(&rows, &listing), serializer, 0);
    }

    /// What a serializer reads of each row.
    fn serialize(&mut self, scope: &Scope<'_>, serializer: ClassRef, depth: u8) {
        if depth > MAX_NESTED || !self.types.extends(serializer, &|name| name.ends_with("Serializer")) {
            return;
        }
        if let Some(function) = self.method(serializer, "to_representation") {
            self.given_row(scope, function);
        }
        let shown = self.shown(serializer);
        let mut seen = FxHashSet::default();
        let mut open = vec![serializer];
        while let Some(class) = open.pop() {
            let facts = self.types.facts(class.file);
            for field in facts.class(class.class).attributes.iter().filter(|field| field.in_body) {
                let name = &facts.names[field.name];
                let is_shown = shown.as_ref().is_none_or(|shown| shown.contains(name));
                if seen.insert(name)
                    && is_shown
                    && let Value::Call(call) = *facts.value(field.value)
                {
                    self.field(scope, serializer, (class.file, call), name, depth);
                }
            }
            open.extend(self.types.project_bases(class).into_iter().rev());
        }
    }

    /// The fields that a serializer of a model names, `class Meta: fields = ("id", "title")`: what it inherits beyond
    /// them it does not show. `None` if it does not name them, or if not all of the names are known.
    fn shown(&self, serializer: ClassRef) -> Option<FxHashSet<&'p str>> {
        if !self.types.extends(serializer, &|name| name.ends_with("ModelSerializer"))
            || self.method(serializer, "get_field_names").is_some()
        {
            return None;
        }
        let mut class = serializer;
        for _ in 0..MAX_BASES {
            let facts = self.types.facts(class.file);
            let is_meta = |of: &Class| of.parent == Some(class.class) && &facts.names[of.name] == "Meta";
            if let Some(meta) = (0..).map(ClassId).zip(&facts.classes).find(|(_, of)| is_meta(of)) {
                let (file, fields) = self.member(ClassRef { file: class.file, class: meta.0 }, "fields")?;
                let facts = self.types.facts(file);
                let Value::Sequence(names) = facts.value(fields) else { return None };
                return names.iter().map(|&name| facts.literal(name)).collect();
            }
            // Of several bases any may be the one that has it.
            let [base] = self.types.project_bases(class)[..] else { return None };
            class = base;
        }
        None
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
                Ty::Class(nested) if self.types.extends(nested, &|name| name.ends_with("Serializer")) => {
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
            let cost = Cost {
                path: name.to_owned(),
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
}
