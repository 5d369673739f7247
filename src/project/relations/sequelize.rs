//! Sequelize's associations, and the accessors they put on rows: `Book.belongsTo(Author, { as: "writer" })` makes
//! `book.getWriter()`, which asks the database whatever was loaded along.

use rustc_hash::FxHashSet;

use crate::facts::*;
use crate::project::{Flow, Project};

/// What the associations of a project lead to.
#[derive(Debug, Default)]
pub(crate) struct Associations {
    /// The names, in lower case and in the singular.
    names: FxHashSet<Box<str>>,
}

/// What an accessor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accessor {
    /// It asks: `getWriter`, `countBooks`.
    Read,
    /// It writes: `setWriter`, `addBook`.
    Write,
}

impl Associations {
    /// Those of all files.
    pub(super) fn find(project: &Project) -> Associations {
        let found = project.each_file(|types, file| {
            let facts = types.facts(file);
            let is_one = |name: &str| matches!(name, "belongsTo" | "belongsToMany" | "hasMany" | "hasOne");
            if !types.project().file(file).source.language.is_ecma() || !facts.names.iter().any(is_one) {
                return Vec::new();
            }
            let flow = Flow::new(facts);
            let calls = facts.calls.iter().filter(|call| flow.called_name(call).is_some_and(is_one));
            calls.filter_map(|call| name(facts, call).map(|name| singular(&name).into())).collect::<Vec<Box<str>>>()
        });
        Associations { names: found.into_iter().flatten().collect() }
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

/// What an association is called: as its options say, else as the model that it leads to.
fn name(facts: &FileFacts, call: &Call) -> Option<String> {
    let [target, rest @ ..] = call.args.as_slice() else { return None };
    let told = rest.iter().find_map(|arg| match facts.value(arg.value) {
        Value::Mapping(entries) => entries.iter().find(|(key, _)| facts.literal(*key) == Some("as")),
        _ => None,
    });
    if let Some(&(_, told)) = told {
        return facts.literal(told).map(str::to_owned);
    }
    match facts.value(target.value) {
        Value::Class(class) => Some(facts.names[facts.class(*class).name].to_owned()),
        // `sequelize.define("author", …)`
        Value::Call(call) => facts.literal(facts.call(*call).args.first()?.value).map(str::to_owned),
        _ => facts.own_name(target.value).map(str::to_owned),
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
        let associations = Associations { names: names.into_iter().collect() };
        let accessor = |method: &str| associations.accessor(method);
        for read in ["getWriter", "getCategories", "countBoxes", "hasCategory"] {
            assert_eq!(accessor(read), Some(Accessor::Read), "{read}");
        }
        assert_eq!(accessor("addCategories"), Some(Accessor::Write));
        for other in ["getTitle", "getwriter", "writer", "forgetWriter"] {
            assert_eq!(accessor(other), None, "{other}");
        }
    }
}
