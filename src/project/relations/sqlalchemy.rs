//! SQLAlchemy's relationships between models: what `relationship("Author", back_populates="books")` is, from both
//! ends.

use std::sync::Arc;

use super::{Loading, Orm, Relations, Relationship, Shape};
use crate::facts::*;
use crate::project::answers::Asked;
use crate::project::flow::Flow;
use crate::project::types::{ClassMember, Ty, Types};
use crate::project::{ClassRef, FileId};

/// How deep mixins nest.
const MAX_BASES: u8 = 6;

/// Whether a class is a model of SQLAlchemy's.
pub(crate) fn is_model(types: &Types<'_>, class: ClassRef) -> bool {
    let catalog = &types.project().catalog;
    match (types.api_base(class), catalog.type_named("sqlalchemy.orm.DeclarativeBase")) {
        (Some(base), Some(model)) => catalog.is_subtype(base, model),
        _ => false,
    }
}

/// What `name` is on a row of `owner`, if that is a relationship.
pub(crate) fn relationship(types: &Types<'_>, owner: ClassRef, name: &str) -> Option<Relationship> {
    if !types.relations().has(Orm::SqlAlchemy) {
        return None;
    }
    match types.class_member(owner, name) {
        Some(ClassMember::Attribute(file, value, annotation)) => {
            declared(types, types.relations(), owner, file, value, annotation)
        }
        Some(ClassMember::Method(_)) => None,
        None => {
            let relations = types.relations();
            let lineage = types.lineage(owner);
            let mut put = lineage.into_iter().flat_map(|class| relations.put_on(class));
            put.find(|(own, _)| **own == *name).map(|(_, found)| found.clone())
        }
    }
}

/// The names of the relationships that a class declares.
pub(crate) fn names(facts: &FileFacts, class: ClassId) -> impl Iterator<Item = &str> {
    let attributes = facts.class(class).attributes.iter().filter(|of| of.in_body);
    attributes.filter(|of| call_of(facts, of.value).is_some()).map(|of| &facts.names[of.name])
}

/// Steps of a query that give one row; sorted.
pub(crate) const ONE_ROW: [&str; 12] = [
    "fetchone",
    "first",
    "first_or_404",
    "get",
    "get_or_404",
    "one",
    "one_or_404",
    "one_or_none",
    "scalar",
    "scalar_one",
    "scalar_one_or_none",
    "unique_one",
];

/// Whether a function of this name makes an option that says how a relationship is loaded.
pub(crate) fn is_loader(name: &str) -> bool {
    let name = name.strip_suffix("_all").unwrap_or(name);
    matches!(
        name,
        "joinedload" | "selectinload" | "subqueryload" | "contains_eager" | "eagerload" | "raiseload" | "noload"
    )
}

/// The relationships that the arguments of a loader option name, one after the other; `None` for what cannot be read.
pub(crate) fn options<'f>(facts: &'f FileFacts, call: &'f Call) -> Vec<Option<&'f str>> {
    let mut names = Vec::new();
    for arg in call.args.iter().filter(|arg| arg.name.is_none()) {
        let mut value = arg.value;
        // `Author.books.of_type(Novel)`, `Author.books.and_(…)`
        if let Value::Call(inner) = facts.value(value)
            && let Value::Member(object, name) = facts.value(facts.call(*inner).callee)
            && matches!(&facts.names[*name], "of_type" | "and_")
        {
            value = *object;
        }
        match (facts.value(value), facts.literal(value)) {
            (_, Some(path)) if path != "*" => names.extend(path.split('.').map(Some)),
            (Value::Member(_, name), _) => names.push(Some(&facts.names[*name])),
            _ => names.push(None),
        }
    }
    names
}

/// A relationship that goes by a column of its model, and where it leads.
pub(in crate::project) type ByKey = (Box<str>, Option<ClassRef>);

/// The relationships of a model that go by its own columns, found once.
pub(crate) fn by_key(types: &Types<'_>, model: ClassRef) -> Arc<[ByKey]> {
    let ClassRef { file, class } = model;
    let asked = Asked::Keys(class);
    if let Some(known) = types.recall(file, asked, |answers| answers.keys.get(&class).cloned()) {
        return known;
    }
    let (found, read) = types.project().reading(|| Arc::<[ByKey]>::from(find_by_key(types, model)));
    types.keep(file, asked, &read, |answers| {
        answers.keys.insert(class, found.clone());
    });
    found
}

fn find_by_key(types: &Types<'_>, model: ClassRef) -> Vec<ByKey> {
    let mut found: Vec<ByKey> = Vec::new();
    for class in types.lineage(model) {
        let put = types.relations().put_on(class).map(|(name, _)| &**name);
        for name in names(types.facts(class.file), class.class).chain(put) {
            if let Some(own) = relationship(types, model, name)
                && own.shape == Shape::ManyToOne
                && !found.iter().any(|(known, _)| **known == *name)
            {
                found.push((name.into(), own.target));
            }
        }
    }
    found
}

/// The relationships of `from` that lead to `to` by a column of `from`.
pub(crate) fn leading_to(types: &Types<'_>, from: ClassRef, to: ClassRef) -> Vec<Box<str>> {
    let leads = |target: &Option<ClassRef>| target.is_none_or(|target| target == to);
    by_key(types, from).iter().filter(|(_, target)| leads(target)).map(|(name, _)| name.clone()).collect()
}

/// Whether a column of `owner` refers to `to`: `author_id` to `Author`.
pub(crate) fn is_key_to(types: &Types<'_>, owner: ClassRef, column: &str, to: ClassRef) -> bool {
    match types.class_member(owner, column) {
        Some(ClassMember::Attribute(file, value, _)) => {
            keys_of(types.facts(file), value).any(|key| is_key_of(types, file, key, to))
        }
        _ => false,
    }
}

/// A column that refers to a row of another model.
pub(crate) struct Key {
    /// Its attribute: `author_id`.
    pub(crate) column: Box<str>,
    /// The column it refers to: `id`.
    pub(crate) refers_to: Box<str>,
    /// Whether it cannot be null, as far as is told.
    pub(crate) is_required: bool,
}

/// The only column of `owner` that refers to `target`, if it has the names that it goes by in the database.
pub(crate) fn key(types: &Types<'_>, owner: ClassRef, target: ClassRef) -> Option<Key> {
    let mut found = None;
    for class in types.lineage(owner) {
        let facts = types.facts(class.file);
        for of in facts.class(class.class).attributes.iter().filter(|of| of.in_body) {
            let mut keys = keys_of(facts, of.value).filter(|&key| is_key_of(types, class.file, key, target));
            let Some(key) = keys.next() else { continue };
            if found.is_some() {
                return None;
            }
            let refers_to = match (facts.value(key), facts.literal(key)) {
                (Value::Member(_, name), _) => &facts.names[*name],
                (_, Some(path)) => path.rsplit_once('.')?.1,
                _ => return None,
            };
            let Value::Call(column) = *facts.value(of.value) else { return None };
            let is_required = named(facts, facts.call(column), "nullable")
                .is_some_and(|value| *facts.value(value) == Value::Bool(false));
            found = Some(Key { column: facts.names[of.name].into(), refers_to: refers_to.into(), is_required });
        }
    }
    // The column may have another name in the program.
    found.filter(|key| matches!(types.class_member(target, &key.refers_to), Some(ClassMember::Attribute(..))))
}

fn call_of(facts: &FileFacts, value: ValueId) -> Option<&Call> {
    let Value::Call(call) = facts.value(value) else { return None };
    let call = facts.call(*call);
    let name = Flow::new(facts).called_name(call)?;
    matches!(name, "relationship" | "Relationship" | "relation" | "dynamic_loader").then_some(call)
}

fn named<'f>(facts: &'f FileFacts, call: &'f Call, wanted: &str) -> Option<ValueId> {
    call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == wanted)).map(|arg| arg.value)
}

/// The relationship that a class attribute declares.
fn declared(
    types: &Types<'_>,
    relations: &Relations,
    owner: ClassRef,
    file: FileId,
    value: ValueId,
    annotation: Option<ValueId>,
) -> Option<Relationship> {
    let facts = types.facts(file);
    let call = call_of(facts, value)?;
    let annotated = annotation.and_then(|annotation| of_annotation(types, relations, file, annotation, 0));
    let argument = named(facts, call, "argument")
        .or_else(|| call.args.first().filter(|arg| arg.name.is_none()).map(|arg| arg.value));
    let target = argument
        .and_then(|argument| class_named(types, relations, file, argument))
        .or_else(|| annotated.and_then(|(target, _)| target));
    let written = match annotation.map(|annotation| facts.value(annotation)) {
        Some(Value::Typed(of)) => facts.own_name(of.head),
        _ => None,
    };
    let loading = match (written, Flow::new(facts).called_name(call)) {
        (Some("WriteOnlyMapped"), _) => Loading::WriteOnly,
        (Some("DynamicMapped"), _) | (_, Some("dynamic_loader")) => Loading::Asked,
        _ => loading(facts, call),
    };
    let is_collection = matches!(loading, Loading::Asked | Loading::WriteOnly);
    let is_list = if is_collection { Some(true) } else { annotated.map(|(_, is_list)| is_list) };
    // Iterating over a mapping gives its keys.
    let is_mapping = named(facts, call, "collection_class").is_some();
    let shape = shape(types, owner, facts, call, target, is_list)?;
    Some(Relationship { target: target.filter(|_| !is_mapping), shape, loading })
}

/// What a declared type says of a relationship: its model, and whether it is a list.
fn of_annotation(
    types: &Types<'_>,
    relations: &Relations,
    file: FileId,
    annotation: ValueId,
    depth: u8,
) -> Option<(Option<ClassRef>, bool)> {
    let facts = types.facts(file);
    let Value::Typed(of) = facts.value(annotation) else { return None };
    let name = facts.own_name(of.head).unwrap_or("");
    let first = of.arguments.first().copied();
    match name {
        "Mapped" | "WriteOnlyMapped" | "DynamicMapped" | "Optional" if depth < 4 => {
            of_annotation(types, relations, file, first?, depth + 1)
        }
        "list" | "List" | "Sequence" | "Collection" | "set" | "Set" | "MutableSequence" => {
            let element =
                first.filter(|_| depth < 4).and_then(|first| of_annotation(types, relations, file, first, depth + 1));
            Some((element.and_then(|(target, _)| target), true))
        }
        "dict" | "Dict" => Some((None, true)),
        _ => {
            let target = match types.of(file, of.head) {
                Ty::Class(class) => Some(class),
                _ => relations.named(name),
            };
            Some((target, false))
        }
    }
}

/// The model that the first argument of a relationship names: `Author`, `"Author"`, `lambda: Author`.
fn class_named(types: &Types<'_>, relations: &Relations, file: FileId, value: ValueId) -> Option<ClassRef> {
    let facts = types.facts(file);
    match facts.value(value) {
        Value::Function(function) => {
            let returned = facts.function(*function).returns.first().copied()?;
            class_named(types, relations, file, returned)
                .filter(|_| !matches!(facts.value(returned), Value::Function(_)))
        }
        Value::Text(_) => {
            let path = facts.literal(value)?;
            relations.named(path.rsplit('.').next().unwrap_or(path))
        }
        _ => match types.of(file, value) {
            Ty::Class(class) => Some(class),
            _ => None,
        },
    }
}

/// What the argument `lazy` of a relationship or a back reference says.
fn loading(facts: &FileFacts, call: &Call) -> Loading {
    let Some(lazy) = named(facts, call, "lazy") else {
        // SQLModel hands arguments on.
        let handed =
            ["sa_relationship", "sa_relationship_kwargs"].iter().any(|name| named(facts, call, name).is_some());
        return if handed { Loading::Eager } else { Loading::Lazy };
    };
    match (facts.value(lazy), facts.literal(lazy)) {
        (_, Some("select")) | (Value::Bool(true), _) => Loading::Lazy,
        (_, Some("dynamic")) => Loading::Asked,
        (_, Some("write_only")) => Loading::WriteOnly,
        (_, Some("raise" | "raise_on_sql" | "noload")) | (Value::Null, _) => Loading::Never,
        (_, Some("joined")) | (Value::Bool(false), _) => Loading::Joined,
        // `"selectin"`, `"subquery"`, `"immediate"`, and what cannot be read.
        _ => Loading::Eager,
    }
}

/// Whose column the relationship goes by. None is told without a foreign key in sight.
fn shape(
    types: &Types<'_>,
    owner: ClassRef,
    facts: &FileFacts,
    call: &Call,
    target: Option<ClassRef>,
    is_list: Option<bool>,
) -> Option<Shape> {
    let is_one = is_list == Some(false)
        || named(facts, call, "uselist").is_some_and(|value| *facts.value(value) == Value::Bool(false));
    match named(facts, call, "secondary") {
        Some(_) if is_one => return Some(Shape::OneToOne),
        None if is_list != Some(true) => {}
        _ => return Some(Shape::ToMany),
    }
    let target = target?;
    let itself = target == owner || types.project_bases(owner).contains(&target);
    let forward = if itself {
        named(facts, call, "remote_side").is_some()
    } else {
        match (refers(types, owner, target), refers(types, target, owner)) {
            (false, false) => return is_one.then_some(Shape::OneToOne),
            // Each has a column for the other: the relationship must say which one it goes by.
            (true, true) => goes_by_own(types, owner, facts, named(facts, call, "foreign_keys")?, target, 0)?,
            (forward, _) => forward,
        }
    };
    Some(match (forward, is_one) {
        (true, _) => Shape::ManyToOne,
        (false, true) => Shape::OneToOne,
        (false, false) => Shape::ToMany,
    })
}

/// Whether the columns that a relationship names as its foreign keys are those of its own model, not those of the other.
fn goes_by_own(
    types: &Types<'_>,
    owner: ClassRef,
    facts: &FileFacts,
    keys: ValueId,
    target: ClassRef,
    depth: u8,
) -> Option<bool> {
    let of_class = |class: &str| {
        let is = |model: ClassRef| {
            let facts = types.facts(model.file);
            &facts.names[facts.class(model.class).name] == class
        };
        match (is(owner), is(target)) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    };
    match facts.value(keys) {
        _ if depth > 3 => None,
        // A column of the class at hand.
        Value::Call(_) => keys_of(facts, keys).next().map(|_| true),
        Value::Member(class, _) => of_class(facts.own_name(*class).or_else(|| match facts.value(*class) {
            Value::Class(class) => Some(&facts.names[facts.class(*class).name]),
            _ => None,
        })?),
        Value::Text(_) => of_class(facts.literal(keys)?.trim_matches(['[', ']', ' ']).rsplit('.').nth(1)?),
        Value::Sequence(items) => goes_by_own(types, owner, facts, *items.first()?, target, depth + 1),
        Value::Function(function) => {
            let given = *facts.function(*function).returns.first()?;
            goes_by_own(types, owner, facts, given, target, depth + 1)
        }
        _ => None,
    }
}

/// Whether a foreign key of `from` or of its mixins refers to `to`.
fn refers(types: &Types<'_>, from: ClassRef, to: ClassRef) -> bool {
    let is_wanted = &mut |file, value| is_key_of(types, file, value, to);
    types.lineage(from).into_iter().any(|class| own_keys(types, class, is_wanted))
}

/// Whether one of the foreign keys that the columns of a class declare is what is asked for.
fn own_keys(types: &Types<'_>, class: ClassRef, is_wanted: &mut dyn FnMut(FileId, ValueId) -> bool) -> bool {
    let facts = types.facts(class.file);
    let own = facts.class(class.class);
    let declared = own.attributes.iter().filter(|of| of.in_body).map(|of| of.value);
    // `@declared_attr def author_id(cls): return Column(ForeignKey("author.id"))`
    let made = own.methods.iter().flat_map(|&method| facts.function(method).returns.iter().copied());
    declared.chain(made).any(|value| keys_of(facts, value).any(|key| is_wanted(class.file, key)))
}

/// What the foreign keys of a column refer to: `Column(ForeignKey("author.id"))`, `Field(foreign_key="author.id")`.
fn keys_of(facts: &FileFacts, column: ValueId) -> impl Iterator<Item = ValueId> {
    let args = match facts.value(column) {
        Value::Call(column) => facts.call(*column).args.as_slice(),
        _ => &[],
    };
    args.iter().filter_map(|arg| {
        if arg.name.is_some_and(|name| &facts.names[name] == "foreign_key") {
            return Some(arg.value);
        }
        let Value::Call(key) = facts.value(arg.value) else { return None };
        let key = facts.call(*key);
        let first = key.args.first().filter(|_| Flow::new(facts).called_name(key) == Some("ForeignKey"));
        first.map(|arg| arg.value)
    })
}

/// Whether a foreign key names a column of `to`: `"author.id"`, `Author.id`.
fn is_key_of(types: &Types<'_>, file: FileId, value: ValueId, to: ClassRef) -> bool {
    let facts = types.facts(file);
    if let Some(path) = facts.literal(value) {
        let table = path.rsplit('.').nth(1).unwrap_or(path);
        return is_table_of(types, to, table, 0);
    }
    match facts.value(value) {
        Value::Member(object, _) => types.of(file, *object) == Ty::Class(to),
        _ => false,
    }
}

fn is_table_of(types: &Types<'_>, class: ClassRef, table: &str, depth: u8) -> bool {
    let facts = types.facts(class.file);
    let own = facts.class(class.class);
    let named = own.attributes.iter().find(|of| of.in_body && &facts.names[of.name] == "__tablename__");
    if let Some(named) = named {
        return facts.literal(named.value) == Some(table);
    }
    // Flask-SQLAlchemy makes `order_line` of `OrderLine`, SQLModel `orderline`.
    let (wanted, name) = (table.replace('_', ""), &facts.names[own.name]);
    wanted.eq_ignore_ascii_case(name)
        || depth < MAX_BASES
            && types.project_bases(class).into_iter().any(|base| is_table_of(types, base, table, depth + 1))
}

/// The relationships that a class puts on others: `relationship("Author", backref="books")`.
pub(super) fn backrefs(
    types: &Types<'_>,
    relations: &Relations,
    class: ClassRef,
) -> Vec<(ClassRef, (Box<str>, Relationship))> {
    let facts = types.facts(class.file);
    let mut found = Vec::new();
    for attribute in facts.class(class.class).attributes.iter().filter(|of| of.in_body) {
        let Some(call) = call_of(facts, attribute.value) else { continue };
        let Some(back) = named(facts, call, "backref") else { continue };
        let own = declared(types, relations, class, class.file, attribute.value, attribute.annotation);
        let Some(Relationship { target: Some(target), shape, .. }) = own else { continue };
        let (name, loading, one) = match facts.value(back) {
            Value::Call(options) => {
                let options = facts.call(*options);
                let name = options.args.first().and_then(|arg| facts.literal(arg.value));
                let one = named(facts, options, "uselist").is_some_and(|of| *facts.value(of) == Value::Bool(false));
                (name, loading(facts, options), one)
            }
            _ => (facts.literal(back), Loading::Lazy, false),
        };
        let Some(name) = name else { continue };
        let is_many_to_many = named(facts, call, "secondary").is_some();
        let shape = match shape {
            _ if is_many_to_many && !one => Shape::ToMany,
            Shape::ManyToOne if one => Shape::OneToOne,
            Shape::ManyToOne => Shape::ToMany,
            _ if is_many_to_many => Shape::OneToOne,
            Shape::OneToOne | Shape::ToMany => Shape::ManyToOne,
        };
        found.push((target, (name.into(), Relationship { target: Some(class), shape, loading })));
    }
    found
}

impl Relations {
    /// The relationships that other models put on a class.
    pub(super) fn put_on(&self, class: ClassRef) -> impl Iterator<Item = &(Box<str>, Relationship)> {
        self.backrefs.get(&class).into_iter().flatten()
    }

    /// The only model of this name.
    fn named(&self, name: &str) -> Option<ClassRef> {
        self.by_name.get(name).copied().flatten()
    }
}
