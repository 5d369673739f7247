//! Rows that a template is shown with: what those who render it give.

use super::super::querysets::Step;
use super::super::relations::is_model;
use super::super::templates::{Given, Way, given_by_include};
use super::super::types::{ClassMember, Ty};
use super::super::{ClassRef, FileId, FunctionRef};
use super::frame::Frame;
use super::known::Asked;
use super::loaded::Loaded;
use super::rows::Tracer;
use super::traced::{Rows, Traced, plain};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::flow::Flow;

impl Tracer<'_, '_> {
    /// The row that a value is in a template that is shown on a path.
    pub(super) fn row_on(&self, file: FileId, value: ValueId, path: &[Way]) -> Option<Rows> {
        let frame = Frame::shown(file, path);
        self.row(file, value, Some(&frame), 0).rows()
    }

    /// The row that a value holds under the first of these names in a template, and the names that are read of it:
    /// `{{ entry.book.author }}`.
    pub(super) fn record_on<'n>(
        &self,
        file: FileId,
        value: ValueId,
        names: &'n [Box<str>],
        path: &[Way],
    ) -> Option<(Rows, &'n [Box<str>])> {
        let (first, rest) = names.split_first().filter(|(_, rest)| !rest.is_empty())?;
        let found = self.keyed(file, value, Some(first), Some(&Frame::shown(file, path)), 0);
        Some((found.rows()?, rest))
    }

    /// The rows that a method gives, where its base class gives `this`.
    pub(super) fn given(&self, function: FunctionRef, this: Option<Rows>) -> Option<Rows> {
        self.given_by_object(function, this, None)
    }

    /// The same of an object of a class that has the method.
    fn given_by_object(&self, function: FunctionRef, this: Option<Rows>, object: Option<ClassRef>) -> Option<Rows> {
        let frame = Frame::method(function, this, object);
        self.results(function, true, &frame, 0).last().rows()
    }

    /// The row that a method gives, where its base class gives `this`.
    pub(super) fn given_one(&self, function: FunctionRef, this: Option<Rows>) -> Traced {
        let frame = Frame::method(function, this, None);
        self.results(function, false, &frame, 0)
    }

    /// What a parameter of a template is on a path.
    pub(super) fn on_path(&self, file: FileId, index: u16, path: &[Way], many: bool, depth: u8) -> Traced {
        let facts = self.facts(file);
        match facts.function(TEMPLATE).params.get(usize::from(index)) {
            Some(param) => self.named_on(&facts.names[param.name], path, many, depth + 1),
            None => Traced::Unknown,
        }
    }

    /// What a parameter of a template is, whoever renders it.
    pub(super) fn on_any_path(&self, file: FileId, index: u16, many: bool, depth: u8) -> Traced {
        let paths = self.types.project().templates().paths(file);
        let found = paths.iter().map(|path| self.on_path(file, index, path, many, depth));
        match found.fold(Traced::Nothing, Traced::or) {
            Traced::Nothing => Traced::Unknown,
            found => found,
        }
    }

    /// What a name is that a template is given on a path.
    fn named_on(&self, name: &str, path: &[Way], many: bool, depth: u8) -> Traced {
        let Some((way, rest)) = path.split_first() else { return Traced::Unknown };
        match *way {
            Way::Extended(_) => self.named_on(name, rest, many, depth),
            Way::Included(by, include) => {
                let facts = self.facts(by);
                let Some(own) = facts.template.as_deref() else { return Traced::Unknown };
                let include = &own.includes[include];
                match given_by_include(facts, own, include, name) {
                    Some(value) => {
                        let frame = Frame::shown(by, rest);
                        let frame = Some(&frame);
                        if many { self.rows(by, value, frame, depth) } else { self.row(by, value, frame, depth) }
                    }
                    None if include.only => Traced::Unknown,
                    None => self.named_on(name, rest, many, depth),
                }
            }
            Way::Rendered(rendering) => {
                let project = self.types.project();
                let given = project.templates().given(project, rendering, name).into_iter();
                let found = given.map(|given| self.of_given(given, many, depth));
                match found.fold(Traced::Nothing, Traced::or) {
                    Traced::Nothing => Traced::Unknown,
                    found => found,
                }
            }
        }
    }

    /// Who is logged in, as Django's context processors give it to all templates: one row, with nothing loaded along.
    pub(super) fn user(&self) -> Traced {
        match self.types.relations().user() {
            Some(model) => Traced::Rows(Rows { confidence: Confidence::Medium, ..plain(model) }),
            None => Traced::Unknown,
        }
    }

    fn of_given(&self, given: Given, many: bool, depth: u8) -> Traced {
        match given {
            Given::Value(file, value) if many => self.rows(file, value, None, depth),
            Given::Value(file, value) => self.row(file, value, None, depth),
            Given::Rows(class) if many => self.listed_by(class, depth),
            Given::Made(function) => self.once(Asked::Given { function, many }, None, depth, || match many {
                true => self.given(function, None).map_or(Traced::Unknown, Traced::Rows),
                false => self.given_one(function, None),
            }),
            Given::Row(class) if !many => self.shown_by(class, depth),
            Given::User if !many => self.user(),
            _ => Traced::Unknown,
        }
    }

    /// `self.get_object()` or `self.object` in a method of a generic view.
    pub(super) fn object_of_view(&self, file: FileId, this: ValueId, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        let Value::This(class) = *self.facts(file).value(this) else { return Traced::Unknown };
        let own = ClassRef { file, class };
        let class = Frame::object(frame).filter(|&of| self.types.lineage(of).contains(&own)).unwrap_or(own);
        let is_view = self.types.extends(class, &|name| name.ends_with("View") || name.ends_with("ViewSet"));
        if is_view { self.shown_by(class, depth + 1) } else { Traced::Unknown }
    }

    /// The row that a generic view shows.
    fn shown_by(&self, class: ClassRef, depth: u8) -> Traced {
        self.once(Asked::Shown(class), None, depth, || match self.types.class_member(class, "get_object") {
            Some(ClassMember::Method(function)) => self.given_one(function, self.listed_by(class, depth).last().rows()),
            _ => self.listed_by(class, depth).last(),
        })
    }

    /// The rows that a generic view lists, or of which it shows one.
    pub(super) fn listed_by(&self, class: ClassRef, depth: u8) -> Traced {
        self.once(Asked::Listed(class), None, depth, || self.find_listed(class, depth))
    }

    fn find_listed(&self, class: ClassRef, depth: u8) -> Traced {
        let methods = self.methods_named("get_queryset", class);
        let mut found = self.own_rows(class, depth);
        // What a class asks its base for is what the next one gives.
        for function in methods.into_iter().rev() {
            found = match self.given_by_object(function, found.rows(), Some(class)) {
                Some(rows) => Traced::Rows(rows),
                None => match self.types.view_model(class) {
                    Some(model) => {
                        let loaded = Loaded::unseen();
                        Traced::Rows(Rows { loaded, confidence: Confidence::Medium, ..plain(model) })
                    }
                    None => Traced::Unknown,
                },
            };
        }
        found
    }

    /// The methods of one name of a class and of what it extends, in the order in which they are asked.
    fn methods_named(&self, name: &str, class: ClassRef) -> Vec<FunctionRef> {
        let own = |class: ClassRef| {
            let facts = self.facts(class.file);
            let name = facts.names.find(name)?;
            let mut methods = facts.class(class.class).methods.iter().rev();
            let &function = methods.find(|&&method| facts.function(method).name == name)?;
            Some(FunctionRef { file: class.file, function })
        };
        self.types.lineage(class).into_iter().filter_map(own).collect()
    }

    /// The rows of the `queryset` of a view, or of its `model`.
    fn own_rows(&self, class: ClassRef, depth: u8) -> Traced {
        if let Some(ClassMember::Attribute(file, value, _)) = self.types.class_member(class, "queryset") {
            let found = self.rows(file, value, None, depth);
            if !matches!(found, Traced::Unknown | Traced::Nothing) {
                // A method that sets it may have loaded more.
                return if self.is_set_again(class, "queryset") { found.or(Traced::Unknown) } else { found };
            }
        }
        match self.types.class_member(class, "model") {
            Some(ClassMember::Attribute(file, value, _)) => match self.types.of(file, value) {
                Ty::Class(model) if is_model(self.types, model) => Traced::Rows(self.all_of(model)),
                _ => Traced::Unknown,
            },
            _ => Traced::Unknown,
        }
    }

    /// Whether an attribute of an object is set more than once: which of its values it has is not known.
    pub(super) fn is_set_again(&self, class: ClassRef, name: &str) -> bool {
        let facts = self.facts(class.file);
        let own = facts.class(class.class).attributes.iter().filter(|of| &facts.names[of.name] == name);
        own.filter(|of| !matches!(facts.value(of.value), Value::Null | Value::Unknown)).count() > 1
    }

    /// Whether a query gives something else than rows of its model: `.values("title")`.
    pub(super) fn gives_values(&self, file: FileId, value: ValueId) -> bool {
        let facts = self.facts(file);
        let mut at = value;
        for _ in 0..32 {
            at = match facts.value(at) {
                Value::Slice(object, ..) => *object,
                Value::Call(call) => match facts.value(facts.call(*call).callee) {
                    Value::Member(_, name)
                        if matches!(Step::named(&facts.names[*name]), Some(Step::Values | Step::Dates)) =>
                    {
                        return true;
                    }
                    Value::Member(object, _) => *object,
                    _ => return false,
                },
                _ => return false,
            };
        }
        false
    }

    /// An attribute of an object whose class is known, in a method of a class that it extends: `self.queryset` in the
    /// `get_queryset` of a class of views is that of each view.
    pub(super) fn of_object(
        &self,
        file: FileId,
        object: ValueId,
        name: &str,
        frame: Option<&Frame<'_>>,
        depth: u8,
    ) -> Option<Traced> {
        let Value::This(class) = *self.facts(file).value(object) else { return None };
        let class = ClassRef { file, class };
        let of = Frame::object(frame).filter(|&of| of != class && self.types.lineage(of).contains(&class))?;
        let ClassMember::Attribute(at, value, _) = self.types.class_member(of, name)? else { return None };
        let found = self.rows(at, value, Some(&Frame::attribute(of)), depth);
        Some(if self.is_set_again(of, name) { found.or(Traced::Unknown) } else { found })
    }

    /// The rows of `filter.qs`, where the filter is one of django-filter's: `BookFilter(request.GET, queryset=books)`.
    pub(super) fn filtered(
        &self,
        file: FileId,
        filter: ValueId,
        frame: Option<&Frame<'_>>,
        depth: u8,
    ) -> Option<Traced> {
        let facts = self.facts(file);
        let queryset = facts.names.find("queryset")?;
        let Value::Call(made) = *facts.value(filter) else { return None };
        let made = facts.call(made);
        let Ty::Class(class) = self.types.of(file, made.callee) else { return None };
        if !self.types.extends(class, &|name| name.ends_with("FilterSet")) {
            return None;
        }
        let given = made.args.iter().find(|arg| arg.name == Some(queryset))?;
        let rows = self.rows(file, given.value, frame, depth);
        // A `qs` of its own may load more.
        Some(if self.types.class_member(class, "qs").is_some() { rows.or(Traced::Unknown) } else { rows })
    }

    /// The rows of a page: `Paginator(books, 20).get_page(1)`.
    pub(super) fn page(&self, file: FileId, object: ValueId, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        let facts = self.facts(file);
        let Value::Call(made) = facts.value(object) else { return Traced::Unknown };
        let made = facts.call(*made);
        let is_pages = Flow::new(facts).called_name(made).is_some_and(|name| name.ends_with("Paginator"));
        match made.args.first() {
            Some(rows) if is_pages => self.rows(file, rows.value, frame, depth),
            _ => Traced::Unknown,
        }
    }

    /// `self.get_queryset()` of a view that has a `queryset`.
    pub(super) fn view_rows(&self, file: FileId, object: ValueId, depth: u8) -> Traced {
        let class = match self.types.of(file, object) {
            Ty::Instance(class, _) => class,
            _ => match *self.facts(file).value(object) {
                Value::Super(class) => ClassRef { file, class },
                _ => return Traced::Unknown,
            },
        };
        self.own_rows(class, depth)
    }
}
