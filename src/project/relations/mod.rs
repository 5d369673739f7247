//! The relations between models, from both ends: what `book.author` and `author.books` are. Django's are read here,
//! those of the others in a file each.

mod handlers;
mod managers;
pub(super) mod mikroorm;
pub(super) mod objection;
mod objects;
pub(super) mod peewee;
pub(super) mod sequelize;
pub(super) mod sqlalchemy;
pub(super) mod typeorm;

use rustc_hash::{FxHashMap, FxHashSet};

use super::django_apps::label;
use super::flow::Flow;
use super::reads::PerFile;
use super::since::Since;
use super::types::{Ty, Types};
use super::{ClassRef, FileId, Project};
use crate::facts::*;
pub(super) use objects::decorator_of;

/// One end of a relation, as an attribute of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// One row of this model.
    One(ClassRef),
    /// Many rows of this model, behind a manager.
    Many(ClassRef),
}

/// The other end of a relation: an attribute that a field of another model puts on a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reverse {
    /// What it is.
    pub(crate) relation: Relation,
    /// The field that declares it.
    pub(crate) field: Box<str>,
    /// Whether that field leads to many rows, too.
    pub(crate) is_many_to_many: bool,
}

/// How many rows a relationship leads to, and whose column it goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One row, by a column of the row at hand.
    ManyToOne,
    /// One row, by a column of that row.
    OneToOne,
    /// A list of rows.
    ToMany,
}

/// When the rows of a relationship are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loading {
    /// When it is first read of a row.
    Lazy,
    /// With the row (`lazy="selectin"`), or never: reading it asks nothing.
    Eager,
    /// By the query of the row, which joins them: `lazy="joined"`, `eager: true`.
    Joined,
    /// When it is asked for: it is a query of its own (`lazy="dynamic"`).
    Asked,
    /// Not through the relationship: what is called on it builds statements (`lazy="write_only"`).
    WriteOnly,
    /// Never: reading it is an error (`lazy="raise"`).
    Never,
}

/// A relationship of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Relationship {
    pub(crate) target: Option<ClassRef>,
    pub(crate) shape: Shape,
    pub(crate) loading: Loading,
}

/// A model, and those of its fields that put an attribute of one name on others.
type Related = (ClassRef, Vec<Box<str>>);

/// The models of a file.
pub(super) type Models = Vec<(ClassRef, Orm)>;

/// The reverse accessors of all models, and models by name.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Relations {
    reverse: FxHashMap<(ClassRef, Box<str>), Reverse>,
    /// What the models of SQLAlchemy and peewee put on others.
    backrefs: FxHashMap<ClassRef, Vec<(Box<str>, Relationship)>>,
    by_name: FxHashMap<Box<str>, Option<ClassRef>>,
    /// The model that the settings of Django name for users: `AUTH_USER_MODEL = "accounts.User"`.
    user: Option<ClassRef>,
    /// Whether some session is an asynchronous one of SQLAlchemy's, where a lazy load is an error.
    is_async: bool,
    models: Vec<ClassRef>,
    /// The model that a manager or class of querysets is of; `None` where it is of several.
    managed: FxHashMap<ClassRef, Option<ClassRef>>,
    /// The libraries of those models.
    orms: Vec<Orm>,
    /// What leads to many rows, by name: the model, and the fields that declare it; `None` where it is not one model.
    many: FxHashMap<Box<str>, Option<Related>>,
    /// All attributes that lead to many rows.
    to_many: FxHashSet<Box<str>>,
    /// Properties that give an object of a class of the project, by name: `row.tags` is no relation then.
    handlers: FxHashSet<Box<str>>,
    /// Types of GraphQL schemas, and the models whose rows their objects are.
    objects: FxHashMap<ClassRef, ClassRef>,
    /// What Sequelize's associations lead to.
    associations: sequelize::Associations,
    /// Whether TypeORM fetches the relations that a find names by queries of their own.
    asks_apart: bool,
}

impl Relations {
    /// Reads the relation fields of every model.
    pub(super) fn find(project: &Project, since: &Since<'_>) -> (Relations, PerFile<Models>) {
        let mut relations = Relations::default();
        let found = since.find(project, since.before().map(|before| &before.parts.models), |types, file| {
            let classes = &project.file(file).facts.classes;
            let ids = (0..u32::try_from(classes.len()).unwrap_or(u32::MAX))
                .map(|class| ClassRef { file, class: ClassId(class) });
            ids.filter_map(|class| Some((class, Orm::of(types, class)?))).collect::<Models>()
        });
        let models: Vec<&Models> = found.found.iter().map(|models| &**models).collect();
        let of_file = |file: FileId, wanted: Orm| {
            let own = models[file.0 as usize].iter();
            own.filter(move |(_, orm)| *orm == wanted).map(|&(class, _)| class)
        };
        for &(class, _) in models.iter().copied().flatten() {
            let facts = &project.file(class.file).facts;
            let name = &facts.names[facts.class(class.class).name];
            relations.by_name.entry(name.into()).and_modify(|known| *known = None).or_insert(Some(class));
        }
        let told = project.ids().find_map(|file| {
            let facts = &project.file(file).facts;
            let value = project.binding(file, facts.names.find("AUTH_USER_MODEL")?)?;
            facts.literal(value)?.rsplit('.').next()
        });
        relations.user = told.and_then(|name| relations.by_name.get(name).copied().flatten());
        relations.user = relations.user.or(project.library_user());
        let named = &relations;
        let fields = project.each_file(|types, file| {
            let own = of_file(file, Orm::Django);
            own.flat_map(|class| reverse_accessors(types, named, class)).collect::<Vec<_>>()
        });
        relations.reverse = fields.into_iter().flatten().collect();
        for ((_, name), found) in &relations.reverse {
            if found.is_many_to_many {
                relations.to_many.insert(found.field.clone());
            }
            let Relation::Many(class) = found.relation else { continue };
            relations.to_many.insert(name.clone());
            let known = relations.many.entry(name.clone()).or_insert_with(|| Some((class, Vec::new())));
            match known {
                Some((only, fields)) if *only == class => fields.push(found.field.clone()),
                other => *other = None,
            }
        }
        let managers = project.each_file(|types, file| {
            let own = of_file(file, Orm::Django);
            own.flat_map(|model| managers::of_model(types, model).into_iter().map(move |own| (own, model)))
                .collect::<Vec<_>>()
        });
        for (manager, model) in managers.into_iter().flatten() {
            let known = relations.managed.entry(manager).or_insert(Some(model));
            *known = known.filter(|known| *known == model);
        }
        let named = &relations;
        let backrefs = project.each_file(|types, file| {
            let own = of_file(file, Orm::SqlAlchemy).flat_map(|class| sqlalchemy::backrefs(types, named, class));
            own.chain(of_file(file, Orm::Peewee).flat_map(|class| peewee::backrefs(types, class))).collect::<Vec<_>>()
        });
        for (class, put) in backrefs.into_iter().flatten() {
            relations.backrefs.entry(class).or_default().push(put);
        }
        relations.orms = [Orm::Django, Orm::Peewee, Orm::SqlAlchemy, Orm::TypeOrm]
            .into_iter()
            .filter(|wanted| models.iter().copied().flatten().any(|(_, orm)| orm == wanted))
            .collect();
        relations.handlers = project.each_file(handlers::in_file).into_iter().flatten().collect();
        relations.objects = project.each_file(objects::in_file).into_iter().flatten().collect();
        relations.associations = sequelize::Associations::find(project);
        relations.asks_apart = relations.has(Orm::TypeOrm) && typeorm::asks_apart(project);
        relations.models = models.into_iter().flatten().map(|&(class, _)| class).collect();
        relations.is_async = project.files.iter().any(|file| {
            let imports = file.facts.imports.iter();
            imports.map(|import| &file.facts.names[import.module]).any(|module| module.ends_with(".ext.asyncio"))
        });
        (relations, found)
    }

    /// The only model whose name a variable has: `order_line` for `OrderLine`.
    pub(crate) fn named_like(&self, variable: &str) -> Option<ClassRef> {
        let mut name = String::with_capacity(variable.len());
        for word in variable.split('_').filter(|word| !word.is_empty()) {
            let mut letters = word.chars();
            name.extend(letters.next().filter(char::is_ascii_lowercase).map(|c| c.to_ascii_uppercase()));
            name.extend(letters);
        }
        self.by_name.get(name.as_str()).copied().flatten()
    }

    /// Whether some session is an asynchronous one of SQLAlchemy's: rows that come from it load nothing lazily.
    pub(crate) fn is_async(&self) -> bool {
        self.is_async
    }

    /// The model whose rows the objects of a type of a GraphQL schema are.
    pub(crate) fn model_behind(&self, class: ClassRef) -> Option<ClassRef> {
        if self.objects.is_empty() { None } else { self.objects.get(&class).copied() }
    }

    /// The only model that a manager or class of querysets is of.
    pub(crate) fn managed_by(&self, manager: ClassRef) -> Option<ClassRef> {
        self.managed.get(&manager).copied().flatten()
    }

    /// The model of users.
    pub(crate) fn user(&self) -> Option<ClassRef> {
        self.user
    }

    /// Whether the project has models of this library.
    pub(crate) fn has(&self, orm: Orm) -> bool {
        self.orms.contains(&orm)
    }

    /// What Sequelize's associations lead to.
    pub(crate) fn associations(&self) -> &sequelize::Associations {
        &self.associations
    }

    /// Whether TypeORM fetches the relations that a find names by queries of their own.
    pub(crate) fn asks_apart(&self) -> bool {
        self.asks_apart
    }

    /// All models, in order of place.
    pub(crate) fn models(&self) -> &[ClassRef] {
        &self.models
    }

    /// Which model an attribute of this name leads to on any row, if it is only one, and by which of its fields.
    pub(crate) fn only_many(&self, name: &str) -> Option<&Related> {
        self.many.get(name)?.as_ref()
    }

    /// Whether some model of Django's has an attribute of this name that leads to many rows.
    pub(crate) fn leads_to_many(&self, name: &str) -> bool {
        self.to_many.contains(name)
    }

    /// Whether an attribute of this name is an object of a class of the project, and leads to many rows on no model.
    pub(crate) fn is_handler(&self, name: &str) -> bool {
        self.handlers.contains(name) && !self.leads_to_many(name)
    }

    /// The names of the attributes that relations put on other models.
    pub(crate) fn accessors(&self) -> impl Iterator<Item = &str> {
        let put = self.backrefs.values().flatten().map(|(name, _)| &**name);
        self.reverse.keys().map(|(_, name)| &**name).chain(put)
    }

    /// What leads back to the rows of `class` whose field leads on, on the model that it leads to: that model, the name,
    /// and whether it leads to one row.
    pub(crate) fn other_side(&self, class: ClassRef, field: &str) -> Option<(ClassRef, &str, bool)> {
        self.reverse.iter().find_map(|((owner, accessor), reverse)| {
            let (of, is_one) = match reverse.relation {
                Relation::One(of) => (of, true),
                Relation::Many(of) => (of, false),
            };
            let is_other = of == class && *reverse.field == *field && !reverse.is_many_to_many;
            is_other.then_some((*owner, &**accessor, is_one))
        })
    }

    /// What `name` is on a row of `class`, by a relation that another model declares.
    pub(crate) fn reverse(&self, class: ClassRef, name: &str) -> Option<&Reverse> {
        self.reverse.get(&(class, name.into()))
    }
}

/// The relations that some query of a project loads along with its rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Prefetched {
    names: FxHashSet<Box<str>>,
    joined: FxHashSet<Box<str>>,
    places: FxHashSet<(FileId, FunctionId, Box<str>)>,
    /// Of these, what may be loaded with rows that are loaded along themselves: `books__author`,
    /// `Prefetch("books", queryset=Book.objects.select_related("author"))`.
    below: FxHashSet<Box<str>>,
    /// Whether that may be any of them.
    is_open_below: bool,
    /// Whether code that is given any query loads what it works out: `queryset.prefetch_related(*names)`.
    is_open: bool,
}

impl Prefetched {
    /// Those that the queries of a project name for eager loading, each part of a path by itself.
    pub(super) fn find(project: &Project, since: &Since<'_>) -> (Prefetched, PerFile<Prefetched>) {
        let mut all = Prefetched::default();
        let before = since.before().map(|before| &before.parts.prefetched);
        let files = since.find(project, before, Prefetched::in_file);
        for found in &files.found {
            all.names.extend(found.names.iter().cloned());
            all.joined.extend(found.joined.iter().cloned());
            all.places.extend(found.places.iter().cloned());
            all.below.extend(found.below.iter().cloned());
            all.is_open |= found.is_open;
            all.is_open_below |= found.is_open_below;
        }
        (all, files)
    }

    fn in_file(types: &Types<'_>, file: FileId) -> Prefetched {
        let mut found = Prefetched::default();
        let facts = types.facts(file);
        // `for book in books: book.author = authors[book.author_id]`
        let set = facts.accesses.iter().filter(|access| access.is_set && access.in_loop.is_some());
        found.joined.extend(set.filter_map(|access| match *facts.value(access.value) {
            Value::Member(object, name) if !matches!(facts.value(object), Value::This(_)) => {
                Some(Box::from(&facts.names[name]))
            }
            _ => None,
        }));
        // `select_related = ("author",)` of a class, for code that it extends.
        for class in &facts.classes {
            let named = class.attributes.iter().filter(|of| {
                of.in_body
                    && matches!(facts.value(of.value), Value::Sequence(_))
                    && names_loading(&facts.names[of.name])
            });
            found.joined.extend(named.flat_map(|of| paths(types, vec![(file, of.value)]).0).map(|(name, _)| name));
        }
        if types.project().file(file).source.language.is_ecma() {
            found.joined.extend(facts.calls.iter().flat_map(|call| typeorm::loaded_by(facts, call)));
        } else if facts
            .names
            .iter()
            .any(|name| name == "select_related" || is_prefetch(name) || sqlalchemy::is_loader(name))
        {
            // What is set, or named by a class, may be of any rows.
            found.below.extend(found.joined.iter().cloned());
            for call in &facts.calls {
                found.add(types, file, call);
            }
        }
        found
            .below
            .extend(found.joined.iter().filter(|_| types.project().file(file).source.language.is_ecma()).cloned());
        found
    }

    /// What a call of Python's loads along.
    fn add(&mut self, types: &Types<'_>, file: FileId, call: &Call) {
        let facts = types.facts(file);
        match Flow::new(facts).called_name(call).unwrap_or("") {
            "select_related" => {
                let named = self.named(types, file, call);
                self.joined.extend(named);
            }
            name if sqlalchemy::is_loader(name) => {
                let named = || sqlalchemy::options(facts, call).into_iter().flatten().map(Box::from);
                self.joined.extend(named());
                self.below.extend(named());
            }
            name if is_prefetch(name) => {
                let mut named = self.named(types, file, call);
                // What is kept under a name of its own answers no `book.tags.all()`.
                if let Some(path) = kept_apart(facts, call) {
                    let last = path.rsplit("__").next();
                    named.retain(|name| Some(&**name) != last);
                }
                self.places.extend(named.iter().map(|name| (file, call.function, name.clone())));
                self.names.extend(named);
                if let Some(queryset) = prefetched_with(facts, call) {
                    self.with_query(types, file, queryset);
                }
            }
            _ => {}
        }
    }

    /// The relations that a call names.
    fn named(&mut self, types: &Types<'_>, file: FileId, call: &Call) -> Vec<Box<str>> {
        let (named, is_whole) = paths(types, call.args.iter().map(|arg| (file, arg.value)).collect());
        if !is_whole
            && let Value::Member(query, _) = *types.facts(file).value(call.callee)
            && !matches!(types.of(file, query), Ty::Api(_, Some(_)) | Ty::Instance(_, Some(_)))
        {
            self.is_open = true;
        }
        self.below.extend(named.iter().filter(|(_, is_first)| !is_first).map(|(name, _)| name.clone()));
        named.into_iter().map(|(name, _)| name).collect()
    }

    /// What the queryset of a `Prefetch` loads along.
    fn with_query(&mut self, types: &Types<'_>, file: FileId, queryset: ValueId) {
        let facts = types.facts(file);
        let mut open = vec![queryset];
        for _ in 0..MAX_STEPS {
            let Some(value) = open.pop() else { return };
            match *facts.value(value) {
                Value::Either(left, right) => open.extend([left, right]),
                Value::Slice(of, ..) | Value::Carried(of, _) => open.push(of),
                Value::Call(id) if types.target(file, id).is_none() => {
                    let call = facts.call(id);
                    let name = Flow::new(facts).called_name(call).unwrap_or("");
                    if name == "select_related" || is_prefetch(name) {
                        let named = self.named(types, file, call);
                        self.below.extend(named);
                    }
                    match *facts.value(call.callee) {
                        Value::Member(object, _) => open.push(object),
                        _ => self.is_open_below = true,
                    }
                }
                Value::Member(_, name) if facts.names[name].ends_with("objects") => {}
                _ => self.is_open_below = true,
            }
        }
    }

    /// Whether code that is given any query loads what it works out.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether some query of the project does.
    pub(super) fn anywhere(&self, relation: &str) -> bool {
        self.names.contains(relation)
    }

    /// Whether some query of the project loads it along in any way, or a loop sets it.
    pub(super) fn in_any_way(&self, relation: &str) -> bool {
        self.names.contains(relation) || self.joined.contains(relation)
    }

    /// Whether some query may do so for rows that are loaded along themselves.
    pub(super) fn below(&self, relation: &str) -> bool {
        self.below.contains(relation) || self.is_open_below && self.in_any_way(relation)
    }

    /// Whether a query of this function does.
    pub(super) fn in_function(&self, file: FileId, function: FunctionId, relation: &str) -> bool {
        self.places.contains(&(file, function, relation.into()))
    }
}

/// The path that `Prefetch("tags", …, to_attr="all_tags")` loads.
fn kept_apart<'f>(facts: &'f FileFacts, call: &Call) -> Option<&'f str> {
    let named = call.args.iter().filter_map(|arg| arg.name).any(|name| &facts.names[name] == "to_attr");
    let positional = call.args.iter().filter(|arg| arg.name.is_none());
    let is_apart = named || positional.count() > 2;
    let first = call.args.first().filter(|arg| arg.name.is_none_or(|name| &facts.names[name] == "lookup"))?;
    facts.literal(first.value).filter(|_| is_apart && Flow::new(facts).called_name(call) == Some("Prefetch"))
}

/// The queryset that `Prefetch("tags", queryset=…)` takes the rows from.
fn prefetched_with(facts: &FileFacts, call: &Call) -> Option<ValueId> {
    let is_one = Flow::new(facts).called_name(call).is_some_and(|name| name.ends_with("Prefetch"));
    let named = call.args.iter().find(|arg| arg.name.is_some_and(|name| facts.names[name].starts_with("queryset")));
    let given = named.or_else(|| call.args.get(1).filter(|arg| arg.name.is_none()));
    given.filter(|_| is_one).map(|arg| arg.value)
}

fn is_prefetch(name: &str) -> bool {
    matches!(name, "prefetch_related" | "Prefetch" | "prefetch_related_objects" | "GenericPrefetch")
}

/// Whether an attribute of this name says what is loaded along.
fn names_loading(name: &str) -> bool {
    name.contains("select_related") || name.contains("prefetch")
}

/// How many steps of a queryset are followed.
const MAX_STEPS: usize = 100;

/// The parts of the paths that values are, wherever in the project they are written, each with whether a path begins with
/// it, and whether those are all.
fn paths(types: &Types<'_>, mut open: Vec<(FileId, ValueId)>) -> (Vec<(Box<str>, bool)>, bool) {
    let mut is_whole = true;
    let mut steps = 0;
    let mut found: Vec<(Box<str>, bool)> = Vec::new();
    while let Some((file, value)) = open.pop() {
        steps += 1;
        if steps > 500 {
            break;
        }
        let facts = types.facts(file);
        match facts.value(value) {
            // What stands in a hole is a relation of its own; what stands beside it is told.
            Value::Text(text) => {
                let path = &facts.texts[text.index()].cooked;
                let parts = path.split("__").enumerate().filter(|(_, part)| !part.contains('{'));
                found.extend(parts.map(|(at, part)| (part.into(), at == 0)));
            }
            Value::Sequence(items) => open.extend(items.iter().map(|&item| (file, item))),
            Value::Spread(inner) | Value::Carried(inner, _) | Value::Collected(inner, _) => {
                open.push((file, *inner));
            }
            Value::Either(left, right) | Value::Operation(Operation::Add, left, right) => {
                open.extend([(file, *left), (file, *right)]);
            }
            // `prefetch_related(*PREFETCHED)`
            Value::Import(_) | Value::Member(..) => match types.definition(file, value) {
                Some(found) => open.push(found),
                None => is_whole = false,
            },
            // `Prefetch("books", queryset=…)` has them among its own arguments, and is a call like these.
            Value::Call(call) if Flow::new(facts).called_name(facts.call(*call)).is_some_and(is_prefetch) => {}
            Value::Null => {}
            _ => is_whole = false,
        }
    }
    (found, is_whole)
}

/// The library whose models a class is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "they are called so")]
pub(crate) enum Orm {
    /// Django.
    Django,
    /// peewee.
    Peewee,
    /// SQLAlchemy, Flask-SQLAlchemy, SQLModel.
    SqlAlchemy,
    /// TypeORM.
    TypeOrm,
}

impl Orm {
    /// The library of a model.
    pub(crate) fn of(types: &Types<'_>, class: ClassRef) -> Option<Orm> {
        if is_model(types, class) {
            Some(Orm::Django)
        } else if sqlalchemy::is_model(types, class) {
            Some(Orm::SqlAlchemy)
        } else if peewee::is_model(types, class) {
            Some(Orm::Peewee)
        } else {
            typeorm::is_model(types, class).then_some(Orm::TypeOrm)
        }
    }
}

/// Whether a class is a model of Django's.
pub(super) fn is_model(types: &Types<'_>, class: ClassRef) -> bool {
    let catalog = &types.project().catalog;
    match (types.api_base(class), catalog.type_named("django.db.models.Model")) {
        (Some(base), Some(model)) => catalog.is_subtype(base, model),
        _ => false,
    }
}

/// What a relation field leads to: `ForeignKey(Author)`, `ManyToManyField("shop.Tag")`.
pub(super) fn field(types: &Types<'_>, relations: &Relations, file: FileId, value: ValueId) -> Option<Relation> {
    let facts = &types.project().file(file).facts;
    let Value::Call(call) = facts.value(value) else { return None };
    let call = facts.call(*call);
    let name = Flow::new(facts).called_name(call)?;
    let many = name.ends_with("ManyToManyField");
    if !many && !name.ends_with("ForeignKey") && !name.ends_with("OneToOneField") && name != "ParentalKey" {
        return None;
    }
    let to = call.args.iter().find(|arg| arg.name.is_none_or(|name| &facts.names[name] == "to"))?.value;
    let target = match facts.literal(to) {
        // Of an abstract model, each that extends it refers to its own kind.
        Some("self") => {
            let class = owner(facts, value).map(|class| ClassRef { file, class });
            class.filter(|&class| !types.is_abstract_model(class))
        }
        Some(path) => relations.by_name.get(path.rsplit('.').next().unwrap_or(path)).copied().flatten(),
        // `ForeignKey(settings.AUTH_USER_MODEL)`, `ForeignKey(get_user_model())`
        None if facts.own_name(to) == Some("AUTH_USER_MODEL") || calls_user_model(facts, to) => relations.user,
        None => match types.of(file, to) {
            Ty::Class(class) => Some(class),
            _ => None,
        },
    }?;
    Some(if many { Relation::Many(target) } else { Relation::One(target) })
}

/// Whether this is the path of what finds a model of Django's by its names.
pub(super) fn looks_up_model(path: &str) -> bool {
    matches!(path, "django.apps.apps.get_model" | "oscar.core.loading.get_model")
}

/// The model that is found by its names: `apps.get_model("shop", "Ticket")`, `apps.get_model("shop.Ticket")`.
pub(super) fn looked_up(types: &Types<'_>, file: FileId, call: CallId) -> Option<ClassRef> {
    let project = types.project();
    let facts = &project.file(file).facts;
    let mut names = facts.call(call).args.iter().map(|arg| facts.literal(arg.value));
    let first = names.next()??;
    let (of, name) = match first.split_once('.') {
        Some(found) => found,
        None => (first, names.next()??),
    };
    let model = types.relations().by_name.get(name).copied().flatten()?;
    (label(project, model.file) == of).then_some(model)
}

/// The class in whose body a value is assigned.
fn owner(facts: &FileFacts, value: ValueId) -> Option<ClassId> {
    let is_owner = |class: &Class| class.attributes.iter().any(|field| field.in_body && field.value == value);
    (0..).map(ClassId).zip(&facts.classes).find(|(_, class)| is_owner(class)).map(|(id, _)| id)
}

fn calls_user_model(facts: &FileFacts, value: ValueId) -> bool {
    let Value::Call(call) = facts.value(value) else { return false };
    Flow::new(facts).called_name(facts.call(*call)) == Some("get_user_model")
}

fn reverse_accessors(
    types: &Types<'_>,
    relations: &Relations,
    class: ClassRef,
) -> Vec<((ClassRef, Box<str>), Reverse)> {
    let facts = &types.project().file(class.file).facts;
    let own = facts.class(class.class);
    let model = facts.names[own.name].to_ascii_lowercase();
    let mut found = Vec::new();
    for attribute in own.attributes.iter().filter(|attribute| attribute.in_body) {
        let declared = field(types, relations, class.file, attribute.value);
        let Some(Relation::One(target) | Relation::Many(target)) = declared else { continue };
        let Value::Call(call) = facts.value(attribute.value) else { continue };
        let call = facts.call(*call);
        let one_to_one = Flow::new(facts).called_name(call).is_some_and(|name| name.ends_with("OneToOneField"));
        let named = call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == "related_name"));
        let accessor = match named {
            Some(arg) => match facts.literal(arg.value) {
                Some(name) if !name.contains('%') && !name.ends_with('+') => name.to_owned(),
                _ => continue,
            },
            None if one_to_one => model.clone(),
            None => format!("{model}_set"),
        };
        let relation = if one_to_one { Relation::One(class) } else { Relation::Many(class) };
        let is_many_to_many = matches!(declared, Some(Relation::Many(_)));
        let field = facts.names[attribute.name].into();
        found.push(((target, accessor.into()), Reverse { relation, field, is_many_to_many }));
    }
    found
}
