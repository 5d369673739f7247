//! What a value is: the type of an expression, across files.
//!
//! Evaluation starts from a [`Value`] of one file and follows imports, class attributes, results of
//! project functions and the catalogs. It never guesses: what cannot be followed is [`Ty::Unknown`].
//! Answers that were cut short (a cycle, too long a chain) are not kept, so they do not depend on the
//! order in which questions are asked.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::answers::{Asked, Steps};
use super::relations::{self, Relation};
use super::results::is_plain_type;
use super::{ClassRef, FileId, FunctionRef, Project, users};
use crate::apis::TypeId;
use crate::facts::*;
use crate::source::Language;

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ty {
    /// Not known.
    Unknown,
    /// A module, function or class of a library, by its path.
    Path(Arc<str>),
    /// A value of a catalogued type, and the model it is about.
    Api(TypeId, Option<ClassRef>),
    /// A class of the project.
    Class(ClassRef),
    /// An instance of a class of the project, and the model it is about (a custom manager's).
    Instance(ClassRef, Option<ClassRef>),
    /// A function of the project.
    Function(FunctionRef),
    /// A module of the project.
    Module(FileId),
    /// A list, tuple, array or set of such elements.
    List(Box<Ty>),
    /// Certainly not a way to a database: text, number, dict, map …
    Plain,
}

impl Ty {
    /// Whether anything is known.
    pub(crate) fn is_known(&self) -> bool {
        *self != Ty::Unknown
    }
}

/// How deep questions may nest.
const MAX_DEPTH: u32 = 400;

/// How deep the bases of a class are followed.
const MAX_BASES: u8 = 32;

/// Answers questions about types; one for each thread.
pub(crate) struct Types<'p> {
    project: &'p Project,
    running: RefCell<FxHashSet<(FileId, ValueId, u8)>>,
    finding_base: RefCell<FxHashSet<ClassRef>>,
    depth: Cell<u32>,
    cut: Cell<bool>,
    pub(super) steps: Steps,
    /// Whether what was found since this was last cleared rests on a shape.
    guessed: Cell<bool>,
}

impl<'p> Types<'p> {
    /// Knows nothing yet.
    pub(crate) fn new(project: &'p Project) -> Self {
        Types {
            project,
            running: RefCell::default(),
            finding_base: RefCell::default(),
            depth: Cell::new(0),
            cut: Cell::new(false),
            steps: Steps::default(),
            guessed: Cell::new(false),
        }
    }

    /// The answer to a question, and whether it is sure: no step on the way was told by its shape alone.
    pub(crate) fn surely<T>(&self, ask: impl FnOnce() -> T) -> (T, bool) {
        let before = self.guessed.replace(false);
        let answer = ask();
        let sure = !self.guessed.replace(before);
        (answer, sure)
    }

    /// Says that what is being found is known by its shape alone.
    pub(super) fn rests_on_shape(&self) {
        self.guessed.set(true);
    }

    /// The answer to a question on the side, whose uncertainty is not that of the question at hand.
    pub(super) fn aside<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.surely(ask).0
    }

    /// The project they are of.
    pub(crate) fn project(&self) -> &'p Project {
        self.project
    }

    /// What a call gives.
    pub(crate) fn of_call(&self, file: FileId, call: CallId) -> Ty {
        // The arena stores each call's value once; asking by the call keeps the answer out of the memo.
        self.result(file, call)
    }

    /// Whether a class extends something that is not understood, so that its members are not all known.
    pub(crate) fn has_unknown_base(&self, class: ClassRef) -> bool {
        self.unknown_base(class, 0)
    }

    fn unknown_base(&self, class: ClassRef, depth: u8) -> bool {
        let bases = &self.facts(class.file).class(class.class).bases;
        depth < 12
            && bases.iter().any(|&base| match self.of(class.file, base) {
                Ty::Class(base) | Ty::Instance(base, _) => base != class && self.unknown_base(base, depth + 1),
                Ty::Unknown => true,
                Ty::Path(path) => self.project.catalog.type_named(&path).is_none(),
                _ => false,
            })
    }

    pub(super) fn facts(&self, file: FileId) -> &'p FileFacts {
        &self.project.file(file).facts
    }

    /// What `value` of `file` is.
    pub(crate) fn of(&self, file: FileId, value: ValueId) -> Ty {
        if value == UNKNOWN {
            return Ty::Unknown;
        }
        if let Some(ty) = self.evident(file, value) {
            return ty;
        }
        if let Some((known, guessed)) = self.known(file, value) {
            self.guessed.set(self.guessed.get() || guessed);
            return known;
        }
        let left = self.steps.left.get();
        let key = (file, value, left);
        if self.depth.get() >= MAX_DEPTH || !self.running.borrow_mut().insert(key) {
            self.cut.set(true);
            return Ty::Unknown;
        }
        let cut_before = self.cut.replace(false);
        self.depth.set(self.depth.get() + 1);
        let evaluate = || self.steps.count(|| self.surely(|| self.evaluate(file, value)));
        let (((ty, sure), taken, more), read) = self.project.reading(evaluate);
        // Nothing rests on what was not found.
        let guessed = !sure && !matches!(ty, Ty::Unknown | Ty::Plain);
        self.guessed.set(self.guessed.get() || guessed);
        self.depth.set(self.depth.get() - 1);
        self.running.borrow_mut().remove(&key);
        if !self.cut.get() {
            let answer = (ty.clone(), guessed);
            let asked = if more { Asked::Short(value, left) } else { Asked::Value(value) };
            self.keep(file, asked, &read, |answers| match asked {
                Asked::Short(..) => drop(answers.short.insert((value, left), answer)),
                _ => answers.keep(value, answer, taken),
            });
        }
        self.cut.set(if self.depth.get() == 0 { false } else { cut_before || self.cut.get() });
        ty
    }

    /// Whether no question is being answered.
    pub(super) fn is_first(&self) -> bool {
        self.depth.get() == 0 && self.steps.are_all_left()
    }

    /// What `ask` finds one step further.
    pub(super) fn further(&self, ask: impl FnOnce() -> Ty) -> Ty {
        self.steps.further(ask).unwrap_or(Ty::Unknown)
    }

    /// What a value is, if that needs no question.
    fn evident(&self, file: FileId, value: ValueId) -> Option<Ty> {
        Some(match self.facts(file).value(value) {
            Value::Unknown | Value::Null | Value::Spread(_) | Value::Mixed(_) => Ty::Unknown,
            Value::Bool(_) | Value::Int(_) | Value::Float | Value::Text(_) | Value::Mapping(_) => Ty::Plain,
            Value::This(class) => {
                let own = ClassRef { file, class: *class };
                Ty::Instance(self.relations().model_behind(own).unwrap_or(own), None)
            }
            Value::Function(function) => Ty::Function(FunctionRef { file, function: *function }),
            Value::Class(class) => Ty::Class(ClassRef { file, class: *class }),
            _ => return None,
        })
    }

    fn evaluate(&self, file: FileId, value: ValueId) -> Ty {
        if let Some(ty) = self.evident(file, value) {
            return ty;
        }
        let facts = self.facts(file);
        match facts.value(value) {
            Value::Import(import) => self.import(file, *import),
            Value::Global(name) if facts.template.is_some() => {
                let known = self.project.templates().tags.named(self.project, file, &facts.names[*name]);
                known.map_or(Ty::Unknown, Ty::Function)
            }
            Value::Global(name) => self.starred(file, &facts.names[*name]).unwrap_or(Ty::Unknown),
            Value::Param(function, index) => self.param(file, *function, *index),
            Value::Super(class) => self.base_object(ClassRef { file, class: *class }),
            Value::Member(object, name) => {
                let (owner, name) = (self.of(file, *object), &facts.names[*name]);
                match self.member(&owner, name) {
                    Ty::Function(function) if self.is_called_when_read(file, function) => self.returned(function),
                    Ty::Unknown if owner == Ty::Plain => self.held(file, *object, name),
                    Ty::Unknown if let Some(entity) = self.entity_named(&owner, name) => entity,
                    Ty::Unknown if name == "user" => self.user_of(file, *object).unwrap_or(Ty::Unknown),
                    found => found,
                }
            }
            Value::Item(object, key) => match facts.value(*object) {
                Value::Mapping(entries) => self.entry(file, entries, *key),
                _ => self.item(file, *object, *key),
            },
            Value::Slice(object, ..) => self.of(file, *object),
            Value::Call(call) => self.result(file, *call),
            Value::Element(of, _) => self.element(&self.of(file, *of)),
            Value::Part(of, index) => self.part(file, *of, *index),
            Value::Carried(before, _) => self.of(file, *before),
            Value::Sequence(items) => {
                let element = items.first().map_or(Ty::Unknown, |&first| self.of(file, first));
                Ty::List(Box::new(element))
            }
            Value::Collected(value, _) => Ty::List(Box::new(self.of(file, *value))),
            Value::Either(left, right) => match self.of(file, *left) {
                Ty::Unknown | Ty::Plain => match self.of(file, *right) {
                    Ty::Unknown => self.of(file, *left),
                    known => known,
                },
                known => known,
            },
            Value::Operation(operation, left, _) => match operation {
                Operation::BitOr | Operation::BitAnd | Operation::Add => self.of(file, *left),
                Operation::And => Ty::Unknown,
                _ => Ty::Plain,
            },
            Value::Typed(of) => self.declared(file, of),
            _ => Ty::Unknown,
        }
    }

    /// What a literal holds under a key; of several, the first that is known: a table of functions of one kind.
    fn entry(&self, file: FileId, entries: &[(ValueId, ValueId)], key: ValueId) -> Ty {
        let facts = self.facts(file);
        let literal = facts.literal(key);
        let named = entries.iter().filter(|(own, _)| literal.is_none_or(|key| facts.literal(*own) == Some(key)));
        named.map(|&(_, value)| self.of(file, value)).find(Ty::is_known).unwrap_or(Ty::Unknown)
    }

    /// An instance of a declared type.
    pub(crate) fn declared(&self, file: FileId, of: &TypeRef) -> Ty {
        let facts = self.facts(file);
        let argument = |index: usize| {
            let argument = *of.arguments.get(index)?;
            match self.of(file, argument) {
                Ty::Unknown => None,
                ty => Some(ty),
            }
        };
        let name = facts.own_name(of.head).unwrap_or("");
        const LISTS: [&str; 20] = [
            "list",
            "List",
            "Sequence",
            "Iterable",
            "Iterator",
            "Collection",
            "tuple",
            "Tuple",
            "set",
            "Set",
            "frozenset",
            "Generator",
            "AsyncIterator",
            "AsyncGenerator",
            "AsyncIterable",
            "Array",
            "ReadonlyArray",
            "Awaitable",
            "Coroutine",
            "Promise",
        ];
        let head = self.of(file, of.head);
        match head {
            Ty::Class(class) => {
                let model = argument(0).and_then(|ty| self.class_of(&ty));
                Ty::Instance(class, model)
            }
            Ty::Path(path) => match self.project.catalog.type_named(&path) {
                // `Select[tuple[Book]]`
                Some(ty) => Ty::Api(
                    ty,
                    argument(0).and_then(|ty| match ty {
                        Ty::List(first) => self.class_of(&first),
                        ty => self.class_of(&ty),
                    }),
                ),
                None if matches!(name, "Awaitable" | "Promise") => argument(0).unwrap_or(Ty::Unknown),
                None if LISTS.contains(&name) => Ty::List(Box::new(argument(0).unwrap_or(Ty::Unknown))),
                None if matches!(name, "Optional" | "Annotated" | "Type" | "ClassVar" | "Final") => {
                    argument(0).unwrap_or(Ty::Unknown)
                }
                None if is_plain_type(name) => Ty::Plain,
                None => Ty::Unknown,
            },
            Ty::Api(ty, model) => Ty::Api(ty, model.or_else(|| argument(0).and_then(|ty| self.class_of(&ty)))),
            // `typeof x`, `ReturnType<…>` and the like resolve to the thing itself.
            other if other.is_known() && !matches!(other, Ty::Plain) => other,
            _ if matches!(name, "Awaitable" | "Promise") => argument(0).unwrap_or(Ty::Unknown),
            _ if LISTS.contains(&name) => Ty::List(Box::new(argument(0).unwrap_or(Ty::Unknown))),
            _ if is_plain_type(name) => Ty::Plain,
            _ => Ty::Unknown,
        }
    }

    /// The project class that a class or an instance is.
    pub(crate) fn class_of(&self, ty: &Ty) -> Option<ClassRef> {
        match ty {
            Ty::Class(class) | Ty::Instance(class, _) => Some(*class),
            _ => None,
        }
    }

    fn import(&self, file: FileId, import: ImportId) -> Ty {
        let facts = self.facts(file);
        let import = &facts.imports[import.index()];
        let module = &facts.names[import.module];
        match import.what {
            Imported::Module | Imported::Star => match self.project.resolve_module(file, module) {
                Some(target) => self.whole(target).unwrap_or(Ty::Module(target)),
                None => Ty::Path(module.into()),
            },
            Imported::Name(name) => {
                let name = &facts.names[name];
                match self.project.resolve_module(file, module) {
                    Some(target) => self.exported(file, target, module, name),
                    None => match self.submodule(file, module, name) {
                        Some(target) => Ty::Module(target),
                        // A client that is made for the project, where nobody has made it.
                        None if let made = format!("*.{name}")
                            && self.project.catalog.type_named(&made).is_some() =>
                        {
                            Ty::Path(made.into())
                        }
                        None if module.starts_with('.') => Ty::Unknown,
                        None => self.of_library(library_path(module, name)),
                    },
                }
            }
        }
    }

    /// What a module is itself: `module.exports = knex(…)`, without any name beside it.
    fn whole(&self, file: FileId) -> Option<Ty> {
        let facts = self.facts(file);
        let mut exported = facts.bindings.iter().filter(|binding| binding.exported);
        let only = exported.next().filter(|_| exported.next().is_none())?;
        if &facts.names[only.name] != "default" {
            return None;
        }
        match self.of(file, only.value) {
            Ty::Unknown | Ty::Plain => None,
            known => Some(known),
        }
    }

    /// `from package import module` where the package has no file of its own.
    fn submodule(&self, file: FileId, module: &str, name: &str) -> Option<FileId> {
        if self.project.file(file).source.language != Language::Python {
            return None;
        }
        let separator = if module.ends_with('.') { "" } else { "." };
        self.project.resolve_module(file, &format!("{module}{separator}{name}"))
    }

    fn exported(&self, from: FileId, target: FileId, module: &str, name: &str) -> Ty {
        match self.binding(target, name) {
            Ty::Unknown => match self.submodule(from, module, name) {
                Some(file) if self.project.file(target).source.language == Language::Python => Ty::Module(file),
                _ => Ty::Unknown,
            },
            known => known,
        }
    }

    /// What `name` is at the top level of `file`, through star imports.
    pub(crate) fn binding(&self, file: FileId, name: &str) -> Ty {
        let bound = |at: FileId| {
            let value = self.facts(at).names.find(name).and_then(|id| self.project.binding(at, id))?;
            Some(self.of(at, value))
        };
        if let Some(ty) = bound(file).or_else(|| self.starred(file, name)) {
            return ty;
        }
        // `import db from "./db"` where `db` is `module.exports = { … }`.
        if name == "default" { Ty::Module(file) } else { Ty::Unknown }
    }

    /// What `name` is by a star import of `file`: from a file of the project, or of a library that knows it.
    fn starred(&self, file: FileId, name: &str) -> Option<Ty> {
        let stars = self.project.stars(file);
        if let Some(&target) = stars.files.get(name) {
            let value = self.facts(target).names.find(name).and_then(|id| self.project.binding(target, id))?;
            return Some(self.of(target, value));
        }
        let catalog = &self.project.catalog;
        stars.libraries.iter().map(|module| library_path(module, name)).find_map(|path| {
            let known = catalog.function(&path).is_some()
                || catalog.type_named(&path).is_some()
                || catalog.value(&path).is_some();
            known.then(|| self.of_library(path))
        })
    }

    /// What a library has under a path: a catalogued value, else the path itself.
    fn of_library(&self, path: Arc<str>) -> Ty {
        if &*path == users::PATH
            && let Some(user) = self.project.library_user()
        {
            return Ty::Class(user);
        }
        if let Some(user) = self.of_request(&path) {
            return user;
        }
        match self.project.catalog.value(&path) {
            Some(returned) => self.given(returned, &Ty::Unknown, None),
            // `if TYPE_CHECKING: Base = Any`
            None if &*path == "typing.Any" => Ty::Unknown,
            None => Ty::Path(path),
        }
    }

    fn param(&self, file: FileId, function: FunctionId, index: u16) -> Ty {
        let facts = self.facts(file);
        let owner = facts.function(function);
        let Some(param) = owner.params.get(usize::from(index)) else { return Ty::Unknown };
        if let Some(annotation) = param.annotation {
            let ty = self.of(file, annotation);
            if ty.is_known() {
                return ty;
            }
        }
        // The parameter of a callback that a catalogued call runs: `knex.transaction(async trx => …)`.
        if let Some((call, position)) = owner.passed_to
            && let Some(api) = self.catalogued(file, call)
            && self.callback(file, call, api) == Some(position)
            && let Some(&ty) = api.callback_params.get(usize::from(index))
        {
            return Ty::Api(ty, None);
        }
        match param.default {
            Some(default) => match self.of(file, default) {
                Ty::Plain => Ty::Unknown,
                ty => ty,
            },
            None => match self.handed(file, function, index) {
                Some(model) => Ty::Instance(model, None),
                None => self.shown(file, function, index),
            },
        }
    }

    /// `object.name`
    pub(crate) fn member(&self, object: &Ty, name: &str) -> Ty {
        let catalog = &self.project.catalog;
        match object {
            Ty::Path(path) => self.of_library(library_path(path, name)),
            Ty::Module(file) => match self.binding(*file, name) {
                // `module.exports = knex(…); module.exports.helper = …`
                Ty::Unknown if self.project.file(*file).source.language.is_ecma() => {
                    match self.binding(*file, "default") {
                        Ty::Module(_) => Ty::Unknown,
                        whole => self.member(&whole, name),
                    }
                }
                // `import shop.db` makes `db` a name of the package.
                Ty::Unknown if self.project.file(*file).source.path.ends_with("/__init__.py") => {
                    self.submodule(*file, ".", name).map_or(Ty::Unknown, Ty::Module)
                }
                known => known,
            },
            Ty::Api(ty, model) => match catalog.attribute(*ty, name) {
                Some(returned) => self.given(returned, &Ty::Api(*ty, *model), None),
                None => match model.and_then(|model| self.queryset_method(*ty, model, name)) {
                    Some(function) => Ty::Function(function),
                    None => self.association(*ty, name).unwrap_or(Ty::Unknown),
                },
            },
            Ty::Class(class) | Ty::Instance(class, _) => match self.class_member(*class, name) {
                Some(ClassMember::Method(function)) => {
                    let facts = self.facts(function.file);
                    if facts.function(function.function).traits.is_property {
                        self.returned(function)
                    } else {
                        Ty::Function(function)
                    }
                }
                // `class Author(models.Model): book_set: models.Manager["Book"]` declares what a relation gives.
                Some(ClassMember::Attribute(_, UNKNOWN, Some(_)))
                    if let Some(found) = self.reverse(*class, name).filter(|_| self.api_base(*class).is_some()) =>
                {
                    self.related(found.relation)
                }
                // `class Database(SQLAlchemy): Model: type[OwnModel]` declares again what the library gives.
                Some(ClassMember::Attribute(_, UNKNOWN, Some(_)))
                    if let Some(given) = self.given_by_base(*class, name) =>
                {
                    given
                }
                Some(ClassMember::Attribute(file, value, annotation)) => {
                    if let Some(relation) = relations::field(self, &self.project.relations, file, value) {
                        return self.related(relation);
                    }
                    // `class Context(Generic[N]): node: N`, declared as `Context[Book]`
                    if let Ty::Instance(_, Some(model)) = object
                        && annotation.is_some_and(|annotation| self.is_type_variable(file, annotation))
                    {
                        return Ty::Instance(*model, None);
                    }
                    if let Some(found) = relations::sqlalchemy::relationship(self, *class, name) {
                        return self.related_to(&found);
                    }
                    let ty = self.further(|| {
                        let declared = annotation.map_or(Ty::Unknown, |annotation| self.of(file, annotation));
                        if declared.is_known() { declared } else { self.of(file, value) }
                    });
                    match ty {
                        // `objects = PersonManager()` on a model is about that model.
                        Ty::Instance(manager, None)
                            if self.api_base(*class).is_some() && self.api_base(manager).is_some() =>
                        {
                            Ty::Instance(manager, Some(*class))
                        }
                        Ty::Api(ty, None) if annotation.is_none() && self.api_base(*class).is_some() => {
                            Ty::Api(ty, Some(*class))
                        }
                        ty => ty,
                    }
                }
                None => match self.reverse(*class, name).filter(|_| self.api_base(*class).is_some()) {
                    Some(found) => self.related(found.relation),
                    None => {
                        let given = self.given_by_base(*class, name).or_else(|| self.put_on(*class, name));
                        given.or_else(|| relations::peewee::rows(self, *class, name)).unwrap_or(Ty::Unknown)
                    }
                },
            },
            // The rows of a page.
            Ty::List(_) if name == "object_list" => object.clone(),
            Ty::Plain | Ty::Unknown | Ty::Function(_) | Ty::List(_) => Ty::Unknown,
        }
    }

    /// Whether a declared type is a variable: `N = TypeVar("N")`.
    fn is_type_variable(&self, file: FileId, annotation: ValueId) -> bool {
        let Value::Typed(of) = self.facts(file).value(annotation) else { return false };
        let (file, value) = self.definition(file, of.head).unwrap_or((file, of.head));
        let facts = self.facts(file);
        matches!(facts.value(value), Value::Call(call) if facts.own_name(facts.call(*call).callee) == Some("TypeVar"))
    }

    /// What the catalogued type that a class extends has by a name.
    fn given_by_base(&self, class: ClassRef, name: &str) -> Option<Ty> {
        let base = self.api_base(class)?;
        let Some(returned) = self.project.catalog.attribute(base, name) else { return self.association(base, name) };
        // A class that extends a client is no model.
        let model = (!self.is_connection_type(base)).then_some(class);
        Some(self.given(returned, &Ty::Api(base, model), None))
    }

    /// The accessor that an association puts on the rows of Sequelize's models.
    fn association(&self, ty: TypeId, name: &str) -> Option<Ty> {
        use relations::sequelize::Accessor;
        let catalog = &self.project.catalog;
        let accessor = self.project.relations.associations().accessor(name)?;
        let path = match accessor {
            Accessor::Read => "sequelize.AssociationRead",
            Accessor::Write => "sequelize.AssociationWrite",
        };
        let is_row = catalog.type_named("sequelize.Model").is_some_and(|model| catalog.is_subtype(ty, model));
        Some(Ty::Api(catalog.type_named(path).filter(|_| is_row)?, None))
    }

    /// What a relationship of SQLAlchemy's holds.
    fn related_to(&self, found: &relations::Relationship) -> Ty {
        use relations::{Loading, Shape};
        let Some(target) = found.target else { return Ty::Unknown };
        match (found.shape, found.loading) {
            (_, Loading::Asked | Loading::WriteOnly) => {
                let name = if found.loading == Loading::Asked { "Query" } else { "WriteOnlyCollection" };
                let collection = self.project.catalog.type_named(&format!("sqlalchemy.orm.{name}"));
                collection.map_or(Ty::Unknown, |ty| Ty::Api(ty, Some(target)))
            }
            (Shape::ToMany, _) => Ty::List(Box::new(Ty::Instance(target, None))),
            _ => Ty::Instance(target, None),
        }
    }

    fn related(&self, relation: Relation) -> Ty {
        match relation {
            Relation::One(class) => Ty::Instance(class, None),
            Relation::Many(class) => match self.project.catalog.type_named("django.db.models.RelatedManager") {
                Some(manager) => Ty::Api(manager, Some(class)),
                None => Ty::Unknown,
            },
        }
    }

    /// The accessor that a relation of another model puts on a class or on what it extends.
    pub(super) fn reverse(&self, class: ClassRef, name: &str) -> Option<&'p relations::Reverse> {
        self.lineage(class).into_iter().find_map(|class| self.project.relations.reverse(class, name))
    }

    /// The relations between the project's models.
    pub(super) fn relations(&self) -> &'p relations::Relations {
        &self.project.relations
    }

    // ── Classes ─────────────────────────────────────────────────────────────────────────────────────

    /// The attribute or method `name` of a class or of what it extends in the project; of an interface, that of the
    /// only class behind it.
    pub(crate) fn class_member(&self, class: ClassRef, name: &str) -> Option<ClassMember> {
        if self.facts(class.file).class(class.class).is_interface
            && let Some(behind) = self.project.implementations.only(class)
            && let Some(found) = self.inherited(behind, name)
        {
            return Some(found);
        }
        self.inherited(class, name)
    }

    fn inherited(&self, class: ClassRef, name: &str) -> Option<ClassMember> {
        self.own_member(class, name)
            .or_else(|| self.lineage(class).into_iter().skip(1).find_map(|base| self.own_member(base, name)))
    }

    fn own_member(&self, class: ClassRef, name: &str) -> Option<ClassMember> {
        let facts = self.facts(class.file);
        let own = facts.class(class.class);
        let id = facts.names.find(name)?;
        if let Some(&function) = own.methods.iter().rev().find(|&&method| facts.function(method).name == id) {
            return Some(ClassMember::Method(FunctionRef { file: class.file, function }));
        }
        let mut found = own.attributes.iter().filter(|attribute| attribute.name == id);
        let attribute = found
            .clone()
            .find(|a| a.annotation.is_some() || !matches!(facts.value(a.value), Value::Unknown | Value::Null))
            .or_else(|| found.next())?;
        Some(ClassMember::Attribute(class.file, attribute.value, attribute.annotation))
    }

    /// A class and all classes of the project that it extends, each once, in the order in which Python looks through
    /// them: what several extend comes after all of them.
    pub(crate) fn lineage(&self, class: ClassRef) -> Vec<ClassRef> {
        let mut found = Vec::new();
        self.extend_lineage(class, &mut FxHashSet::default(), &mut found, 0);
        found.reverse();
        found
    }

    /// Adds them in the opposite order. Classes that extend each other are wrong, but may be met.
    fn extend_lineage(&self, class: ClassRef, seen: &mut FxHashSet<ClassRef>, found: &mut Vec<ClassRef>, depth: u8) {
        if depth > MAX_BASES || !seen.insert(class) {
            return;
        }
        for base in self.project_bases(class).into_iter().rev() {
            self.extend_lineage(base, seen, found, depth + 1);
        }
        found.push(class);
    }

    /// The classes of the project that a class extends itself.
    pub(crate) fn project_bases(&self, class: ClassRef) -> Vec<ClassRef> {
        let bases = &self.facts(class.file).class(class.class).bases;
        bases
            .iter()
            .filter_map(|&base| self.class_of(&self.of(class.file, base)))
            .filter(|&base| base != class)
            .collect()
    }

    /// The catalogued type that a class is, by what it extends.
    pub(crate) fn api_base(&self, class: ClassRef) -> Option<TypeId> {
        if let Some(declared) = self.project.declared.class(class) {
            return Some(declared);
        }
        let asked = Asked::Base(class.class);
        let known = self.recall(class.file, asked, |answers| answers.bases.get(&class.class).copied());
        if let Some((known, guessed)) = known {
            self.guessed.set(self.guessed.get() || guessed);
            return known;
        }
        if !self.finding_base.borrow_mut().insert(class) {
            self.cut.set(true);
            return None;
        }
        let bases = &self.facts(class.file).class(class.class).bases;
        let find = || {
            let known = bases.iter().find_map(|&base| match self.of(class.file, base) {
                Ty::Path(path) => self.project.catalog.type_named(&path),
                Ty::Api(ty, _) => Some(ty),
                Ty::Class(base) | Ty::Instance(base, _) if base != class => self.api_base(base),
                _ => None,
            });
            known.or_else(|| self.model_by_columns(class))
        };
        let cut_before = self.cut.replace(false);
        let ((found, sure), read) = self.project.reading(|| self.surely(|| self.steps.afresh(find)));
        let guessed = !sure && found.is_some();
        self.guessed.set(self.guessed.get() || guessed);
        self.finding_base.borrow_mut().remove(&class);
        if !self.cut.get() {
            self.keep(class.file, asked, &read, |answers| {
                answers.bases.insert(class.class, (found, guessed));
            });
        }
        let is_outermost = self.depth.get() == 0 && self.finding_base.borrow().is_empty();
        self.cut.set(!is_outermost && (cut_before || self.cut.get()));
        found
    }

    fn base_object(&self, class: ClassRef) -> Ty {
        match self.project_bases(class).first() {
            Some(&base) => Ty::Instance(base, None),
            None => self.api_base(class).map_or(Ty::Unknown, |ty| Ty::Api(ty, Some(class))),
        }
    }
}

/// What a name of a class is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ClassMember {
    /// A method, possibly of a base class.
    Method(FunctionRef),
    /// An attribute: the file it is written in, its value and its declared type.
    Attribute(FileId, ValueId, Option<ValueId>),
}

/// `module.name`; a default export is the module itself.
pub(crate) fn library_path(module: &str, name: &str) -> Arc<str> {
    if name == "default" { module.into() } else { format!("{module}.{name}").into() }
}
