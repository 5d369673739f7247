//! Where rows come from: the query behind a value, through locals, parameters, functions and relations, and what it
//! loads along.

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashSet;

use super::super::calls::{CallGraph, flowing_values, passed_for};
use super::super::flow::{Flow, Source};
use super::super::querysets::Step;
use super::super::reads::Reads;
use super::super::relations::Orm;
use super::super::types::{ClassMember, Ty, Types};
use super::super::users;
use super::super::{ClassRef, FileId, FunctionRef};
use super::columns;
use super::eager::absent;
use super::frame::Frame;
use super::known::{Asked, Holds, Known, Recalled};
use super::loaded::Loaded;
use super::model::{Attribute, Kind, Loading, Relation, attribute};
use super::traced::{Rows, Traced, join, plain};
use crate::facts::*;
use crate::findings::Confidence;

/// How far values are followed.
pub(super) const MAX_DEPTH: u8 = 32;
/// Functions that give the elements of their first argument.
const SAME_ELEMENTS: [&str; 9] = ["list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "islice", "tqdm"];
/// How many callers of a function are asked what they pass.
const MAX_CALLERS: usize = 24;

/// Finds where rows come from; one for each thread.
pub(super) struct Tracer<'t, 'p> {
    pub(super) types: &'t Types<'p>,
    pub(super) graph: &'t CallGraph,
    pub(super) known: &'t Known,
    running: RefCell<FxHashSet<Asked>>,
    /// Whether something was not followed, as it was being asked.
    cut: Cell<bool>,
    /// Whether something was not followed, as it was too deep.
    short: Cell<bool>,
    /// How deep it went.
    deepest: Cell<u8>,
}

impl<'t, 'p> Tracer<'t, 'p> {
    /// Finds what is not known yet.
    pub(super) fn new(types: &'t Types<'p>, graph: &'t CallGraph, known: &'t Known) -> Self {
        Tracer {
            types,
            graph,
            known,
            running: RefCell::default(),
            cut: Cell::new(false),
            short: Cell::new(false),
            deepest: Cell::new(0),
        }
    }

    /// The row that names are read of, and those names: `row.Book.author` of a tuple reads `author` of its book.
    pub(super) fn row_of<'n>(
        &self,
        file: FileId,
        value: ValueId,
        names: &'n [Box<str>],
    ) -> Option<(Rows, &'n [Box<str>])> {
        let row = self.row(file, value, None, 0).rows()?;
        self.read_of_entity(row, names)
    }

    /// The row that names are read of, and those names, where a row may be a tuple of several.
    pub(super) fn read_of_entity<'n>(&self, row: Rows, names: &'n [Box<str>]) -> Option<(Rows, &'n [Box<str>])> {
        if row.entities.is_empty() {
            return Some((row, names));
        }
        let (first, rest) = names.split_first()?;
        Some((self.entity_named(&row, first).rows()?, rest))
    }

    /// The rows that a value is, as a loop over it sees them.
    pub(super) fn rows_of(&self, file: FileId, value: ValueId) -> Option<Rows> {
        self.rows(file, value, None, 0).last().rows().filter(|rows| rows.entities.is_empty())
    }

    /// All rows of a model.
    pub(super) fn all_of(&self, model: ClassRef) -> Rows {
        self.default_rows(model, 0)
    }

    /// Adds the relations that a value names.
    pub(super) fn named(&self, file: FileId, value: ValueId, loaded: &mut Loaded) {
        self.eager_value(file, value, loaded, None, 0);
    }

    pub(super) fn facts(&self, file: FileId) -> &'p FileFacts {
        self.types.facts(file)
    }

    /// Asks once, and not while it is being asked.
    pub(super) fn once(
        &self,
        asked: Asked,
        frame: Option<&Frame<'_>>,
        depth: u8,
        ask: impl FnOnce() -> Traced,
    ) -> Traced {
        let known = match frame {
            Some(frame) => frame.known.borrow().of(asked, depth),
            None => self.known.among(asked).of(asked, depth),
        };
        if let Some(Recalled { found, deepest, is_short }) = known {
            self.deepest.set(self.deepest.get().max(deepest));
            self.short.set(self.short.get() || is_short);
            return found;
        }
        if self.is_too_deep(depth) {
            return Traced::Nothing;
        }
        if !self.running.borrow_mut().insert(asked) {
            self.cut.set(true);
            return Traced::Nothing;
        }
        let (cut, short) = (self.cut.replace(false), self.short.replace(false));
        let above = self.deepest.replace(depth);
        let (found, reads) = match frame {
            Some(_) => (ask(), Vec::new()),
            None => self.types.project().reading(ask),
        };
        self.running.borrow_mut().remove(&asked);
        let deepest = self.deepest.get();
        if !self.cut.get() {
            let holds = if self.short.get() { Holds::At(depth) } else { Holds::Within(deepest.saturating_sub(depth)) };
            match frame {
                Some(frame) => frame.known.borrow_mut().keep(asked, holds, &found, Reads::default()),
                None => self.known.among(asked).keep(asked, holds, &found, reads.into()),
            }
        }
        self.deepest.set(above.max(deepest));
        let idle = self.running.borrow().is_empty();
        self.cut.set(!idle && (cut || self.cut.get()));
        self.short.set(!idle && (short || self.short.get()));
        found
    }

    /// Whether values are followed no more: what is found without that holds only from here.
    pub(super) fn is_too_deep(&self, depth: u8) -> bool {
        self.deepest.set(self.deepest.get().max(depth));
        let is_too_deep = depth > MAX_DEPTH;
        if is_too_deep {
            self.short.set(true);
        }
        is_too_deep
    }

    // ── Many rows ───────────────────────────────────────────────────────────────────────────────────

    pub(super) fn rows(&self, file: FileId, value: ValueId, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        self.once(Asked::Value { file, value, many: true }, frame, depth, || {
            if self.filled(file).replaced.contains(&value) {
                return Traced::Unknown;
            }
            let found = match self.find_rows(file, value, frame, depth + 1) {
                Traced::Unknown => self.typed_rows(file, value),
                found => found,
            };
            match (found, self.filled(file).loaded.get(&value)) {
                (Traced::Rows(mut rows), Some(calls)) => {
                    for &call in calls {
                        self.eager(file, call, 1, &mut rows.loaded, frame, depth);
                    }
                    Traced::Rows(rows)
                }
                (found, _) => found,
            }
        })
    }

    fn find_rows(&self, file: FileId, value: ValueId, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        let facts = self.facts(file);
        match facts.value(value) {
            Value::Null => Traced::Nothing,
            Value::Sequence(items) => {
                let own = items.iter().map(|&item| match facts.value(item) {
                    Value::Spread(inner) => self.rows(file, *inner, frame, depth),
                    _ => self.row(file, item, frame, depth),
                });
                let filled = self.filled(file);
                let added = filled.added.get(&value).into_iter().flatten();
                let added = added.map(|&(value, many)| {
                    if many { self.rows(file, value, frame, depth) } else { self.read_row(file, value, frame, depth) }
                });
                own.chain(added).fold(Traced::Nothing, Traced::or)
            }
            Value::Collected(row, _) => self.row(file, *row, frame, depth),
            Value::Either(left, right) | Value::Operation(Operation::BitOr | Operation::Add, left, right) => {
                self.rows(file, *left, frame, depth).or(self.rows(file, *right, frame, depth))
            }
            Value::Operation(Operation::BitAnd, left, _) | Value::Slice(left, ..) => {
                self.rows(file, *left, frame, depth)
            }
            Value::Carried(before, id) => {
                let before = self.rows(file, *before, frame, depth);
                let ends = facts.loop_(*id).carries.iter().filter(|(carried, _)| *carried == value);
                ends.fold(before, |known, &(_, end)| known.or(self.rows(file, end, frame, depth)))
            }
            Value::Param(function, index) => self.param(file, *function, *index, true, frame, depth),
            Value::This(_) | Value::Super(_) => {
                frame.and_then(|frame| frame.this.clone()).map_or(Traced::Unknown, Traced::Rows)
            }
            Value::Call(call) => self.called(file, *call, true, frame, depth),
            // `const [books, count] = await repository.findAndCount()`
            Value::Part(of, index) => match facts.value(*of) {
                Value::Call(call) if *index == 0 => match self.repository_call(file, *call, true, frame, depth) {
                    Some(found) => found,
                    None => self.part_of_result(file, *call, 0, true, frame, depth),
                },
                Value::Call(call) => self.part_of_result(file, *call, *index, true, frame, depth),
                _ => self.list_of_dict(file, value, frame, depth),
            },
            Value::Element(..) | Value::Item(..) => self.list_of_dict(file, value, frame, depth),
            Value::Member(object, name) => self.member(file, value, *object, &facts.names[*name], frame, depth),
            Value::Import(_) => match self.types.definition(file, value) {
                Some((file, value)) => self.rows(file, value, None, depth),
                None => Traced::Unknown,
            },
            _ => Traced::Unknown,
        }
    }

    /// Rows of which only the type is known.
    fn typed_rows(&self, file: FileId, value: ValueId) -> Traced {
        if self.facts(file).template.is_some() || self.gives_values(file, value) {
            return Traced::Unknown;
        }
        let ty = self.types.of(file, value);
        match self.types.element(&ty) {
            Ty::Instance(class, None) => self.unseen(class),
            _ => Traced::Unknown,
        }
    }

    fn unseen(&self, model: ClassRef) -> Traced {
        match Orm::of(self.types, model) {
            None => return Traced::Unknown,
            // Rows of an asynchronous session load nothing lazily.
            Some(Orm::SqlAlchemy) if self.types.relations().is_async() => return Traced::Unknown,
            // What its queries select along is not told by names.
            Some(Orm::Peewee) => return Traced::Unknown,
            _ => {}
        }
        let loaded = Loaded::unseen();
        Traced::Rows(Rows { loaded, confidence: Confidence::Medium, ..plain(model) })
    }

    /// `Book.objects`, `author.books`, `self.queryset`
    fn member(
        &self,
        file: FileId,
        value: ValueId,
        object: ValueId,
        name: &str,
        frame: Option<&Frame<'_>>,
        depth: u8,
    ) -> Traced {
        if let Some(found) = self.of_object(file, object, name, frame, depth) {
            return found;
        }
        if name == "qs"
            && let Some(found) = self.filtered(file, object, frame, depth)
        {
            return found;
        }
        if name == "objects"
            && let Some(model) = self.model_of_object(file, object, frame)
        {
            return Traced::Rows(self.default_rows(model, depth));
        }
        let owned = match self.types.of(file, object) {
            Ty::Class(class) | Ty::Instance(class, _) => self.types.class_member(class, name),
            _ => None,
        };
        // `@property def books(self): return Book.objects.filter(…)`
        if let Some(ClassMember::Method(function)) = owned {
            let inner = Frame::property(function, frame);
            return self.results(function, true, &inner, depth);
        }
        match self.types.of(file, value) {
            Ty::Api(ty, Some(model)) if self.is_manager(ty) => {
                let owner = self.row(file, object, frame, depth).rows();
                let related = owner.and_then(|owner| match attribute(self.types, owner.model, name) {
                    Some(Attribute::Relation(relation)) => self.related(&owner, &relation, name, depth),
                    _ => None,
                });
                // The manager of a row of which nothing is known.
                if related.is_none() && self.types.project().catalog.type_(ty).name.ends_with("RelatedManager") {
                    return Traced::Unknown;
                }
                return related.map_or_else(|| Traced::Rows(plain(model)), Traced::Rows);
            }
            Ty::Instance(manager, Some(model)) if self.types.is_queryset_class(manager) => {
                return self.managed(model, manager, depth);
            }
            // `User.query`, and the `items` of a page.
            Ty::Api(ty, Some(model)) if self.is_session_query(ty) => return Traced::Rows(plain(model)),
            Ty::List(_) if matches!(name, "items" | "object_list") => return self.rows(file, object, frame, depth),
            _ => {}
        }
        if let Some(owner) = self.row(file, object, frame, depth).rows()
            && let Some(Attribute::Relation(relation)) = attribute(self.types, owner.model, name)
        {
            return self.related(&owner, &relation, name, depth).map_or(Traced::Unknown, Traced::Rows);
        }
        let Some((at, definition)) = self.types.definition(file, value) else {
            // What holds a queryset: `page.object_list`, `filter.qs`.
            return match name {
                "object_list" | "qs" => self.rows(file, object, frame, depth),
                _ => Traced::Unknown,
            };
        };
        let inherited = match *self.facts(file).value(object) {
            Value::This(class) => {
                let of = Frame::object(frame).unwrap_or(ClassRef { file, class });
                let own = self.facts(of.file);
                let is_own = own.class(of.class).attributes.iter().any(|own_of| &own.names[own_of.name] == name);
                (!is_own).then(|| Frame::attribute(of))
            }
            _ => None,
        };
        let found = self.rows(at, definition, inherited.as_ref(), depth);
        match *self.facts(file).value(object) {
            // `self.rows = self.rows.select_related("author")` in a method
            Value::This(class) if self.is_set_again(ClassRef { file, class }, name) => found.or(Traced::Unknown),
            _ => found,
        }
    }

    /// The rows that a relation of a row leads to.
    fn related(&self, owner: &Rows, relation: &Relation, name: &str, depth: u8) -> Option<Rows> {
        let target = relation.target.filter(|_| relation.kind == Kind::Many)?;
        if matches!(Orm::of(self.types, target), Some(Orm::SqlAlchemy | Orm::TypeOrm)) {
            // `lazy="dynamic"`: a query of its own.
            if matches!(relation.loading, Loading::Asked | Loading::WriteOnly) {
                let mut rows = Rows { confidence: owner.confidence, ..plain(target) };
                relation.back.iter().for_each(|back| rows.loaded.add_open(back));
                return Some(rows);
            }
            return Some(self.list_of(owner, target, relation, name));
        }
        let mut rows = self.default_rows(target, depth);
        let along = if owner.loaded.has(name) {
            Some(owner.loaded.below(name))
        } else {
            owner.loaded.may_have(self.types.project(), name).then(Loaded::unseen_below)
        };
        for back in &relation.back {
            rows.loaded.add_open(back);
        }
        rows.key = relation.back.first().cloned();
        if let Some(mut kept) = along {
            kept.merge(rows.loaded.clone());
            rows.kept = Some(Box::new(kept));
            (rows.origin, rows.steps) = (owner.origin, owner.steps);
            rows.base = owner.base;
            rows.path = join(&owner.path, name);
            rows.is_many = true;
        }
        rows.confidence = rows.confidence.min(owner.confidence.max(Confidence::Medium));
        Some(rows)
    }

    /// The rows of a model as its own manager gives them.
    pub(super) fn default_rows(&self, model: ClassRef, depth: u8) -> Rows {
        let facts = self.facts(model.file);
        let own = facts.class(model.class).attributes.iter().filter(|attribute| attribute.in_body);
        let managers = own.filter_map(|attribute| {
            let name = &facts.names[attribute.name];
            match self.types.member(&Ty::Class(model), name) {
                Ty::Instance(manager, _) if self.types.is_queryset_class(manager) => Some(Some(manager)),
                Ty::Api(ty, _)
                    if self.types.is_queryset(ty) && matches!(facts.value(attribute.value), Value::Call(_)) =>
                {
                    Some(None)
                }
                _ => None,
            }
        });
        let first = managers.into_iter().next().flatten();
        let found = first.and_then(|manager| self.managed(model, manager, depth).rows());
        found.unwrap_or_else(|| plain(model))
    }

    /// The rows that a manager of the project gives.
    fn managed(&self, model: ClassRef, manager: ClassRef, depth: u8) -> Traced {
        match self.types.class_member(manager, "get_queryset") {
            Some(ClassMember::Method(function)) => {
                let found = self.once(Asked::Managed { model, manager }, None, depth, || {
                    self.results(function, true, &Frame::method(function, Some(plain(model)), None), depth)
                });
                match found {
                    Traced::Rows(mut rows) => {
                        // The manager is used, not changed: the query begins at its use.
                        rows.begin_anew();
                        Traced::Rows(rows)
                    }
                    _ => {
                        let loaded = Loaded::unseen();
                        Traced::Rows(Rows { loaded, confidence: Confidence::Medium, ..plain(model) })
                    }
                }
            }
            _ => Traced::Rows(plain(model)),
        }
    }

    // ── Calls ───────────────────────────────────────────────────────────────────────────────────────

    /// What a call gives: many rows, or one.
    fn called(&self, file: FileId, id: CallId, many: bool, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        let facts = self.facts(file);
        let call = facts.call(id);
        let name = Flow::new(facts).called_name(call).unwrap_or("");
        let first = call.args.iter().find(|arg| arg.name.is_none()).map(|arg| arg.value);
        if let Some(function) = self.types.target(file, id) {
            let this = match facts.value(call.callee) {
                Value::Member(object, _) => self.receiver(file, *object, frame, depth),
                _ => None,
            };
            let inner = Frame::called(function, (file, id), this, frame);
            let mut found = self.results(function, many, &inner, depth);
            if let Traced::Rows(rows) = &mut found
                && self.is_step(file, id, function)
            {
                rows.asked_at((file, call.name_span));
            }
            if !matches!(found, Traced::Unknown) || facts.function(MODULE).span.is_empty() {
                return found;
            }
            return Traced::Unknown;
        }
        if let Some(found) = self.session_call(file, id, many, frame, depth) {
            return found;
        }
        if let Some(found) = self.select_call(file, id, many, frame, depth) {
            return found;
        }
        if let Some(found) = self.repository_call(file, id, many, frame, depth) {
            return found;
        }
        if let Some(found) = self.made_queryset(file, call, frame).filter(|_| many) {
            return found;
        }
        match facts.value(call.callee) {
            Value::Member(object, _) if many => self.method(file, id, *object, frame, depth),
            Value::Member(object, _) if Step::named(name) == Some(Step::One) => {
                match self.rows(file, *object, frame, depth).last() {
                    Traced::Rows(rows) => self.step(file, call, "all", rows),
                    Traced::Unknown => self.dict(file, *object, false, frame, depth),
                    found => found,
                }
            }
            Value::Member(object, _) => self.own_step(file, id, *object, name, false, frame, depth),
            Value::Global(_) | Value::Import(_) => match (name, first) {
                (name, Some(first)) if many && SAME_ELEMENTS.contains(&name) => self.rows(file, first, frame, depth),
                ("filter", Some(_)) if many => {
                    call.args.get(1).map_or(Traced::Unknown, |arg| self.rows(file, arg.value, frame, depth))
                }
                ("chain", Some(_)) if many => {
                    let parts = call.args.iter().map(|arg| self.rows(file, arg.value, frame, depth));
                    parts.fold(Traced::Nothing, Traced::or)
                }
                ("next", Some(first)) if !many => self.rows(file, first, frame, depth).last(),
                ("get_object_or_404" | "aget_object_or_404", Some(first)) if !many => {
                    self.model_rows(file, first, frame, depth).last()
                }
                ("get_list_or_404" | "aget_list_or_404", Some(first)) if many => {
                    self.model_rows(file, first, frame, depth)
                }
                _ => Traced::Unknown,
            },
            _ => Traced::Unknown,
        }
    }

    /// What a manager or queryset is about whose method is called.
    fn receiver(&self, file: FileId, object: ValueId, frame: Option<&Frame<'_>>, depth: u8) -> Option<Rows> {
        let is_rows = self.is_django(file, object) || matches!(self.facts(file).value(object), Value::Super(_));
        if is_rows { self.rows(file, object, frame, depth).rows() } else { None }
    }

    /// What a step of a query gives.
    fn method(&self, file: FileId, id: CallId, object: ValueId, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        let facts = self.facts(file);
        let call = facts.call(id);
        let name = Flow::new(facts).called_name(call).unwrap_or("");
        match name {
            "none" => Traced::Nothing,
            "raw" => match self.rows(file, object, frame, depth) {
                Traced::Rows(rows) => self.step(file, call, name, Rows { loaded: Loaded::default(), ..rows }),
                found => found,
            },
            "select_related" | "prefetch_related" | "fetch_mode" => {
                let Traced::Rows(mut rows) = self.rows(file, object, frame, depth) else { return Traced::Unknown };
                self.eager(file, id, 0, &mut rows.loaded, frame, depth);
                rows.steps.loads = Some((file, call.name_span));
                if name == "fetch_mode" || (name == "select_related" && call.args.is_empty()) {
                    rows.loaded.add_open("");
                }
                self.step(file, call, name, rows)
            }
            _ if Step::named(name).is_some_and(Step::keeps_rows) => match self.queried(file, object, frame, depth) {
                Traced::Rows(mut rows) => {
                    if matches!(name, "only" | "defer") && Orm::of(self.types, rows.model) == Some(Orm::Django) {
                        rows.loaded.columns.step(name, columns::named(facts, call));
                    }
                    if name == "filter" {
                        absent(facts, call).for_each(|relation| rows.loaded.add(relation));
                    }
                    self.step(file, call, name, rows)
                }
                // The queryset that a generic view is given.
                _ if name == "get_queryset" => self.view_rows(file, object, depth),
                other => other,
            },
            // What a view of Django REST framework does to a queryset.
            "filter_queryset" | "paginate_queryset" => match call.args.first() {
                Some(arg) => self.rows(file, arg.value, frame, depth),
                None => Traced::Unknown,
            },
            // `Paginator(books, 20).get_page(1)`
            "get_page" | "page" => self.page(file, object, frame, depth),
            "get" | "pop" | "setdefault" | "values" => match self.dict(file, object, name != "values", frame, depth) {
                Traced::Unknown => self.own_step(file, id, object, name, true, frame, depth),
                found => found,
            },
            "chain" | "islice" => call.args.iter().fold(Traced::Nothing, |known, arg| {
                let is_rows = name == "chain" || arg.span == call.args[0].span;
                if is_rows { known.or(self.rows(file, arg.value, frame, depth)) } else { known }
            }),
            _ => self.own_step(file, id, object, name, true, frame, depth),
        }
    }

    /// The rows of a query that goes on with another step.
    fn queried(&self, file: FileId, object: ValueId, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        match self.rows(file, object, frame, depth) {
            Traced::Unknown => self.only_related(file, object),
            found => found,
        }
    }

    /// `round.debate_set.all()` of something of which nothing is known but that only one model is related to others
    /// by such a name.
    fn only_related(&self, file: FileId, manager: ValueId) -> Traced {
        let facts = self.facts(file);
        let Value::Member(object, name) = *facts.value(manager) else { return Traced::Unknown };
        let name = &facts.names[name];
        let is_told = facts.template.is_some() || self.types.is_foreign(file, object);
        if is_told || self.types.of(file, object).is_known() {
            return Traced::Unknown;
        }
        // A row that is called as its model is: `project.memberships.all()`.
        let owner = match facts.value(object) {
            Value::Param(function, index) => {
                facts.function(*function).params.get(usize::from(*index)).map(|param| param.name)
            }
            Value::Member(_, name) => Some(*name),
            _ => None,
        };
        if let Some(owner) = owner.and_then(|owner| self.types.relations().named_like(&facts.names[owner]))
            && let Some(Attribute::Relation(relation)) = attribute(self.types, owner, name)
        {
            let owner = Rows { loaded: Loaded::unseen(), confidence: Confidence::Medium, ..plain(owner) };
            return self.related(&owner, &relation, name, 0).map_or(Traced::Unknown, Traced::Rows);
        }
        let Some((model, fields)) = self.types.relations().only_many(name) else { return Traced::Unknown };
        let mut rows = plain(*model);
        rows.confidence = Confidence::Medium;
        rows.kept = self.types.project().may_be_eager(name).then(|| Box::new(Loaded::unseen_below()));
        for field in fields {
            rows.loaded.add_open(field);
            rows.kept.iter_mut().for_each(|kept| kept.add_open(field));
        }
        Traced::Rows(rows)
    }

    pub(super) fn step(&self, file: FileId, call: &Call, name: &str, mut rows: Rows) -> Traced {
        if !matches!(name, "all" | "iterator" | "aiterator") && rows.kept.take().is_some() {
            rows.begin_anew();
            rows.base = rows.model;
            rows.path.clear();
            rows.is_many = false;
        }
        // Without a size for its chunks it prefetches nothing, or fails.
        if matches!(name, "iterator" | "aiterator") && call.args.is_empty() {
            rows.loaded.keep_prefetches(0);
        }
        // Of what another query may have loaded, the place of that is not known.
        if rows.origin.is_none() && rows.kept.is_none() {
            rows.origin = Some((file, call.name_span));
        }
        if rows.kept.is_none() {
            rows.steps.last = Some((file, call.name_span));
        }
        Traced::Rows(rows)
    }

    /// What a function of the project gives.
    pub(super) fn results(&self, function: FunctionRef, many: bool, frame: &Frame<'_>, depth: u8) -> Traced {
        let own = self.facts(function.file).function(function.function);
        if frame.outer.is_some_and(|outer| outer.is_in(function)) {
            self.cut.set(true);
            return Traced::Nothing;
        }
        if self.is_too_deep(depth) {
            return Traced::Unknown;
        }
        if own.traits.is_generator {
            if !many || !own.decorators.is_empty() {
                return Traced::Unknown;
            }
            let yields = own.yields.iter().map(|&value| match self.facts(function.file).value(value) {
                Value::Spread(inner) => self.rows(function.file, *inner, Some(frame), depth + 2),
                _ => self.row(function.file, value, Some(frame), depth + 2),
            });
            return yields.fold(Traced::Nothing, Traced::or);
        }
        if own.returns.is_empty() {
            return Traced::Unknown;
        }
        let returns = own.returns.iter().map(|&value| {
            if many {
                self.rows(function.file, value, Some(frame), depth + 2)
            } else {
                self.row(function.file, value, Some(frame), depth + 2)
            }
        });
        returns.fold(Traced::Nothing, Traced::or)
    }

    /// What a parameter is: as the call says through which the function is looked at, else as its callers say.
    fn param(
        &self,
        file: FileId,
        function: FunctionId,
        index: u16,
        many: bool,
        frame: Option<&Frame<'_>>,
        depth: u8,
    ) -> Traced {
        let own = FunctionRef { file, function };
        let source = Some(Source::Param(index));
        let ask = |file: FileId, value: ValueId, frame: Option<&Frame<'_>>| {
            if many { self.rows(file, value, frame, depth) } else { self.row(file, value, frame, depth) }
        };
        if let Some(frame) = frame
            && frame.function == own
        {
            if let Some(path) = frame.path {
                return self.on_path(file, index, path, many, depth);
            }
            let Some((caller, call)) = frame.call else { return Traced::Unknown };
            let mut edges = self.graph.calls_of(own).filter(|edge| edge.file == caller && edge.call() == Some(call));
            let values = match edges.next() {
                Some(edge) => flowing_values(self.types.project(), edge, source),
                // What it builds is run where it is called: the graph knows that call as a query.
                None => {
                    let facts = self.facts(caller);
                    passed_for(self.types.project(), own, index, facts, &facts.call(call).args)
                }
            };
            return match values.as_slice() {
                [value] => ask(caller, *value, frame.outer),
                _ => Traced::Unknown,
            };
        }
        if function == TEMPLATE && self.facts(file).template.is_some() {
            return self.on_any_path(file, index, many, depth);
        }
        let mut found = Traced::Nothing;
        for (at, edge) in self.graph.calls_of(own).enumerate() {
            if at == MAX_CALLERS {
                return Traced::Unknown;
            }
            let values = flowing_values(self.types.project(), edge, source);
            let given = match values.as_slice() {
                [value] => ask(edge.file, *value, None),
                _ => Traced::Unknown,
            };
            found = found.or(given);
        }
        match found {
            Traced::Nothing => Traced::Unknown,
            found => found,
        }
    }

    // ── One row ─────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn row(&self, file: FileId, value: ValueId, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        self.once(Asked::Value { file, value, many: false }, frame, depth, || {
            match self.find_row(file, value, frame, depth + 1) {
                // What a template is given was asked where it is given.
                Traced::Unknown if self.facts(file).template.is_some() => Traced::Unknown,
                Traced::Unknown => match self.types.of(file, value) {
                    Ty::Instance(class, None) if self.may_be_stored(file, value) => self.unseen(class),
                    _ => Traced::Unknown,
                },
                found => found,
            }
        })
    }

    /// Whether an instance may come from the database: it is not made here.
    fn may_be_stored(&self, file: FileId, value: ValueId) -> bool {
        match *self.facts(file).value(value) {
            Value::Call(_) => false,
            Value::Either(left, right) => self.may_be_stored(file, left) && self.may_be_stored(file, right),
            _ => true,
        }
    }

    fn find_row(&self, file: FileId, value: ValueId, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        let facts = self.facts(file);
        match facts.value(value) {
            Value::Null => Traced::Nothing,
            Value::Element(of, _) => self.rows(file, *of, frame, depth).last(),
            Value::Part(of, index) => self.part(file, *of, *index, frame, depth),
            Value::Item(object, key) => match self.dict(file, *object, false, frame, depth) {
                Traced::Unknown => match self.row(file, *object, frame, depth) {
                    Traced::Rows(owner) if !owner.entities.is_empty() => self.entity_at(file, &owner, *key),
                    _ => match self.rows(file, *object, frame, depth).last() {
                        Traced::Unknown => self.keyed(file, *object, facts.literal(*key), frame, depth),
                        found => found,
                    },
                },
                found => found,
            },
            Value::Either(left, right) => self.row(file, *left, frame, depth).or(self.row(file, *right, frame, depth)),
            Value::Carried(before, id) => {
                let before = self.row(file, *before, frame, depth);
                let ends = facts.loop_(*id).carries.iter().filter(|(carried, _)| *carried == value);
                ends.fold(before, |known, &(_, end)| known.or(self.row(file, end, frame, depth)))
            }
            Value::Param(function, index) => self.param(file, *function, *index, false, frame, depth),
            Value::Call(call) => self.called(file, *call, false, frame, depth),
            Value::Member(object, name) => {
                let name = &facts.names[*name];
                let Some(owner) = self.row(file, *object, frame, depth).rows() else {
                    let is_request =
                        || matches!(self.types.of(file, *object), Ty::Path(path) if *path == *users::REQUEST);
                    let is_user = facts.template.is_some() && name == "user" && is_request();
                    if name == "object" {
                        return self.object_of_view(file, *object, frame, depth);
                    }
                    // `{{ entry.book }}`
                    let key = Some(name).filter(|_| facts.template.is_some());
                    return if is_user { self.user() } else { self.keyed(file, *object, key, frame, depth) };
                };
                if !owner.entities.is_empty() {
                    return self.entity_named(&owner, name);
                }
                match attribute(self.types, owner.model, name) {
                    Some(Attribute::Relation(relation)) if relation.kind != Kind::Many => {
                        let Some(model) = relation.target else { return Traced::Unknown };
                        let mut loaded =
                            if owner.loaded.has(name) { owner.loaded.below(name) } else { Loaded::default() };
                        loaded.unseen_as(&owner.loaded);
                        for back in &relation.back {
                            loaded.add_open(back);
                        }
                        let path = join(&owner.path, name);
                        Traced::Rows(Rows { model, loaded, kept: None, path, ..owner })
                    }
                    _ => Traced::Unknown,
                }
            }
            _ => Traced::Unknown,
        }
    }

    /// Whether a value is a manager or a queryset of Django's.
    pub(super) fn is_django(&self, file: FileId, value: ValueId) -> bool {
        match self.types.of(file, value) {
            Ty::Api(ty, _) => self.types.is_queryset(ty),
            Ty::Instance(class, _) | Ty::Class(class) => self.types.is_queryset_class(class),
            _ => false,
        }
    }

    fn is_session_query(&self, ty: crate::apis::TypeId) -> bool {
        let catalog = &self.types.project().catalog;
        catalog.type_named("sqlalchemy.orm.Query").is_some_and(|query| catalog.is_subtype(ty, query))
    }

    fn is_manager(&self, ty: crate::apis::TypeId) -> bool {
        let catalog = &self.types.project().catalog;
        catalog.type_named("django.db.models.Manager").is_some_and(|manager| catalog.is_subtype(ty, manager))
    }
}
