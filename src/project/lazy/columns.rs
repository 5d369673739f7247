//! Which columns a query fetches with its rows, where it does not fetch all: `only("title")`, `defer("text")`,
//! `load_only(Book.title)`. Another one is fetched when it is read, for its row alone.

use super::super::flow::Flow;
use super::super::relations::Orm;
use super::super::types::{ClassMember, Types};
use super::super::{ClassRef, Project};
use crate::facts::*;

/// The columns of the rows that a query fetches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Columns {
    /// All, or it is not known which.
    #[default]
    All,
    /// These, and the key.
    Only(Vec<Box<str>>),
    /// All but these.
    Without(Vec<Box<str>>),
}

impl Columns {
    /// Another step of the query: `only`, `defer`, `load_only`, `undefer`; with the columns that it names, if all of them
    /// are in sight.
    pub(super) fn step(&mut self, name: &str, named: Option<Vec<Box<str>>>) {
        let before = std::mem::take(self);
        let Some(named) = named.filter(|named| !named.is_empty()) else { return };
        *self = match (name, before) {
            ("only" | "load_only", Columns::All | Columns::Only(_)) => Columns::Only(named),
            ("defer", Columns::All) => Columns::Without(named),
            ("defer", Columns::Without(before)) => Columns::Without([before, named].concat()),
            ("defer", Columns::Only(mut before)) => {
                before.retain(|own| !named.contains(own));
                Columns::Only(before)
            }
            _ => Columns::All,
        };
    }

    /// Rows may come from a query that fetches these instead.
    pub(super) fn or(&mut self, other: &Columns) {
        if self != other {
            *self = Columns::All;
        }
    }

    /// Whether a column is left out for sure.
    pub(super) fn leave_out(&self, name: &str) -> bool {
        match self {
            Columns::All => false,
            Columns::Only(own) => !own.iter().any(|own| **own == *name || **own == *"*"),
            Columns::Without(left) => left.iter().any(|left| **left == *name),
        }
    }

    /// Whether the column of a foreign key is left out for sure: by the name of the relation, or by its own.
    pub(super) fn leave_out_key(&self, name: &str) -> bool {
        let [by_name, by_column] = [name, &format!("{name}_id")].map(|name| self.leave_out(name));
        match self {
            Columns::Without(_) => by_name || by_column,
            _ => by_name && by_column,
        }
    }

    /// What has a query fetch one more column, in the words of its library.
    pub(super) fn fetching(&self, name: &str, types: &Types<'_>, model: ClassRef) -> String {
        let facts = types.facts(model.file);
        let (column, only) = match Orm::of(types, model) {
            Some(Orm::SqlAlchemy) => {
                (format!("{}.{name}", &facts.names[facts.class(model.class).name]), "`load_only(…)`")
            }
            _ => (format!("\"{name}\""), "`.only(…)`"),
        };
        match self {
            Columns::Without(_) => format!("take `{column}` out of `defer(…)`"),
            _ => format!("name `{column}` in {only} too"),
        }
    }
}

/// The columns that arguments of `only("title", "author__name")` or `load_only(Book.title)` name, if all are in sight.
pub(super) fn named(facts: &FileFacts, call: &Call) -> Option<Vec<Box<str>>> {
    let name = |arg: &Arg| match facts.value(arg.value) {
        Value::Text(_) => facts.literal(arg.value)?.split("__").next().map(Box::from),
        Value::Member(_, name) => Some(Box::from(&facts.names[*name])),
        _ => None,
    };
    call.args.iter().map(|arg| if arg.name.is_none() { name(arg) } else { None }).collect()
}

/// Whether an attribute of a model is a column of its rows, and not their key.
pub(super) fn is_column(types: &Types<'_>, model: ClassRef, name: &str) -> bool {
    let Some(ClassMember::Attribute(file, value, annotation)) = types.class_member(model, name) else { return false };
    let facts = types.facts(file);
    let orm = Orm::of(types, model);
    let Value::Call(call) = *facts.value(value) else {
        // `title: Mapped[str]`
        let is_mapped = annotation.is_some_and(|annotation| is_mapped(facts, annotation));
        return value == UNKNOWN && is_mapped && orm == Some(Orm::SqlAlchemy);
    };
    let call = facts.call(call);
    let is_key = call.args.iter().any(|arg| arg.name.is_some_and(|name| &facts.names[name] == "primary_key"));
    let made = Flow::new(facts).called_name(call).unwrap_or("");
    !is_key
        && match orm {
            Some(Orm::Django) => made.ends_with("Field"),
            Some(Orm::SqlAlchemy) => matches!(made, "Column" | "mapped_column"),
            _ => false,
        }
}

/// The columns of a class that are declared by nothing but their type, which some query of the project may leave out.
pub(super) fn typed<'p>(types: &Types<'p>, class: ClassRef) -> impl Iterator<Item = &'p str> {
    let facts = types.facts(class.file);
    let own = facts.class(class.class).attributes.iter().filter(|own| own.in_body && own.value == UNKNOWN);
    let typed = own.filter(|own| own.annotation.is_some_and(|annotation| is_mapped(facts, annotation)));
    typed.map(|own| &facts.names[own.name])
}

/// Whether some query of the project leaves columns out.
pub(super) fn are_left_out(project: &Project) -> bool {
    let leaves_out = |facts: &FileFacts| ["defer", "load_only"].iter().any(|name| facts.names.find(name).is_some());
    project.files().iter().any(|file| leaves_out(&file.facts))
}

fn is_mapped(facts: &FileFacts, annotation: ValueId) -> bool {
    matches!(facts.value(annotation), Value::Typed(of) if facts.own_name(of.head) == Some("Mapped"))
}
