//! Sequelize's associations: `Book.belongsTo(Author, { as: "writer" })`, `@HasMany(() => Review) reviews`; where they
//! lead, and the accessors they put on rows: `book.getWriter()`, which asks the database whatever was loaded along.

use rustc_hash::{FxHashMap, FxHashSet};

use super::typeorm::{decorators, option};
use crate::facts::*;
use crate::project::types::{Ty, Types};
use crate::project::{FileId, Flow, Project};

/// What the associations of a project lead to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Associations {
    /// The names, in lower case and in the singular.
    names: FxHashSet<Box<str>>,
    /// By the name of the model that has them.
    by_owner: FxHashMap<Box<str>, Vec<Association>>,
}

/// Where an association leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Association {
    /// The name of the model it leads to.
    pub(crate) target: Box<str>,
    /// What it is called: `as`.
    pub(crate) alias: Option<Box<str>>,
    /// The column that refers, if it is told.
    pub(crate) key: Option<Box<str>>,
    is_many: bool,
}

/// What an accessor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accessor {
    /// It asks: `getWriter`, `countBooks`.
    Read,
    /// It writes: `setWriter`, `addBook`.
    Write,
}

/// What a call or a decorator declares.
struct Declared {
    name: Option<Box<str>>,
    by: Option<(Box<str>, Association)>,
}

impl Associations {
    /// Those of all files.
    pub(super) fn find(project: &Project) -> Associations {
        let found = project.each_file(|types, file| {
            let facts = types.facts(file);
            if !types.project().file(file).source.language.is_ecma() {
                return Vec::new();
            }
            let mut found = Vec::new();
            if facts.names.iter().any(|name| is_many(name).is_some()) {
                found.extend(facts.calls.iter().filter_map(|call| called(types, file, call)));
            }
            if ["HasMany", "BelongsToMany"].iter().any(|name| facts.names.find(name).is_some()) {
                found.extend(facts.classes.iter().flat_map(|class| decorated(types, file, class)));
            }
            found
        });
        let mut associations = Associations::default();
        for Declared { name, by } in found.into_iter().flatten() {
            associations.names.extend(name);
            if let Some((owner, association)) = by {
                associations.by_owner.entry(owner).or_default().push(association);
            }
        }
        associations
    }

    /// Where the association of a model leads that has this name, or leads to the model of this name: the name of that
    /// model, and whether to many of its rows. `None` where it is not known, or not the same for all that may be meant.
    pub(crate) fn leading(&self, owner: &str, alias: Option<&str>, target: Option<&str>) -> Option<(&str, bool)> {
        let mut meant = self.by_owner.get(owner)?.iter().filter(|own| match alias {
            Some(alias) => own.alias.as_deref() == Some(alias),
            None => Some(&*own.target) == target,
        });
        let first = meant.next()?;
        meant.all(|other| other.is_many == first.is_many).then_some((&first.target, first.is_many))
    }

    /// The association that accessors of this name are about, `getWriter`: `None` if several differ in what they lead to.
    pub(crate) fn named(&self, name: &str) -> Option<&Association> {
        let wanted = singular(name);
        let is_meant = |own: &&Association| singular(own.alias.as_deref().unwrap_or(&own.target)) == wanted;
        let mut meant = self.by_owner.values().flatten().filter(is_meant);
        let first = meant.next()?;
        meant.all(|other| other == first).then_some(first)
    }

    /// What a method of this name does on a row of Sequelize's.
    pub(crate) fn accessor(&self, method: &str) -> Option<Accessor> {
        if self.names.is_empty() {
            return None;
        }
        let ways = [
            ("get", Accessor::Read),
            ("count", Accessor::Read),
            ("has", Accessor::Read),
            ("set", Accessor::Write),
            ("add", Accessor::Write),
            ("create", Accessor::Write),
            ("remove", Accessor::Write),
        ];
        ways.into_iter().find_map(|(start, accessor)| {
            let rest = method.strip_prefix(start).filter(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))?;
            self.names.contains(&*singular(rest)).then_some(accessor)
        })
    }
}

/// Whether what makes an association leads to many rows.
fn is_many(name: &str) -> Option<bool> {
    match name {
        "belongsTo" | "hasOne" | "BelongsTo" | "HasOne" => Some(false),
        "belongsToMany" | "hasMany" | "BelongsToMany" | "HasMany" => Some(true),
        _ => None,
    }
}

/// `Book.hasMany(Review, { as: "reviews" })`
fn called(types: &Types<'_>, file: FileId, call: &Call) -> Option<Declared> {
    let facts = types.facts(file);
    let is_many = is_many(Flow::new(facts).called_name(call)?)?;
    let Value::Member(owner, _) = *facts.value(call.callee) else { return None };
    let [first, rest @ ..] = call.args.as_slice() else { return None };
    let told = rest.iter().find_map(|arg| option(facts, arg.value, "as"));
    let alias: Option<Box<str>> = told.and_then(|told| facts.literal(told)).map(Box::from);
    let target = model_name(types, file, first.value);
    let key = rest.iter().find_map(|arg| facts.literal(option(facts, arg.value, "foreignKey")?)).map(Box::from);
    let name = if told.is_some() { alias.clone() } else { target.clone() };
    // What an alias that cannot be read is called is not known.
    let is_known = told.is_none() || alias.is_some();
    let by = target
        .filter(|_| is_known)
        .and_then(|target| Some((model_name(types, file, owner)?, Association { target, alias, key, is_many })));
    Some(Declared { name: name.map(|name| singular(&name).into()), by })
}

/// `@HasMany(() => Review) reviews: Review[]`
fn decorated(types: &Types<'_>, file: FileId, class: &Class) -> Vec<Declared> {
    let facts = types.facts(file);
    let fields = class.attributes.iter().filter(|field| field.in_body);
    let found = fields.filter_map(|field| {
        let (call, is_many) = decorators(facts, &field.decorators)
            .find_map(|call| Some((call, is_many(Flow::new(facts).called_name(call)?)?)))?;
        if !matches!(types.of(file, call.callee), Ty::Path(path) if path.starts_with("sequelize-typescript.")) {
            return None;
        }
        let Value::Function(function) = *facts.value(call.args.first()?.value) else { return None };
        let target = model_name(types, file, *facts.function(function).returns.first()?)?;
        let name = &facts.names[field.name];
        let association = Association { target, alias: Some(name.into()), key: None, is_many };
        Some(Declared { name: None, by: Some((facts.names[class.name].into(), association)) })
    });
    found.collect()
}

/// What a model is called: as its class, else as it is defined, else as it is written.
pub(crate) fn model_name(types: &Types<'_>, file: FileId, value: ValueId) -> Option<Box<str>> {
    let facts = types.facts(file);
    match *facts.value(value) {
        Value::Class(class) | Value::This(class) => Some(facts.names[facts.class(class).name].into()),
        // `sequelize.define("author", …)`
        Value::Call(call) => facts.literal(facts.call(call).args.first()?.value).map(Box::from),
        _ => match (types.of(file, value), types.definition(file, value)) {
            (Ty::Class(class), _) => {
                let facts = types.facts(class.file);
                Some(facts.names[facts.class(class.class).name].into())
            }
            (_, Some((of, defined))) if matches!(types.facts(of).value(defined), Value::Call(_)) => {
                model_name(types, of, defined)
            }
            _ => facts.own_name(value).filter(|name| *name != "default").map(Box::from),
        },
    }
}

/// A name in the singular, in lower case; the same for both of its forms where they are regular.
fn singular(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    for (end, one) in
        [("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss"), ("xes", "x"), ("ss", "ss"), ("s", "")]
    {
        if let Some(stem) = lower.strip_suffix(end) {
            return format!("{stem}{one}");
        }
    }
    lower
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accessors() {
        let names = ["category", "writer", "box"].map(Box::from);
        let associations = Associations { names: names.into_iter().collect(), ..Associations::default() };
        let accessor = |method: &str| associations.accessor(method);
        for read in ["getWriter", "getCategories", "countBoxes", "hasCategory"] {
            assert_eq!(accessor(read), Some(Accessor::Read), "{read}");
        }
        assert_eq!(accessor("addCategories"), Some(Accessor::Write));
        for other in ["getTitle", "getwriter", "writer", "forgetWriter"] {
            assert_eq!(accessor(other), None, "{other}");
        }
    }

    #[test]
    fn what_may_be_two_things_is_neither() {
        let to = |alias: Option<&str>, is_many| Association {
            target: "tag".into(),
            alias: alias.map(Box::from),
            key: None,
            is_many,
        };
        let own = vec![to(Some("tags"), true), to(Some("first"), false)];
        let associations =
            Associations { by_owner: [("book".into(), own)].into_iter().collect(), ..Associations::default() };
        assert_eq!(associations.leading("book", Some("tags"), None), Some(("tag", true)));
        assert_eq!(associations.leading("book", Some("first"), Some("tag")), Some(("tag", false)));
        assert_eq!(associations.leading("book", None, Some("tag")), None);
        assert_eq!(associations.leading("shop", Some("tags"), None), None);
    }
}
