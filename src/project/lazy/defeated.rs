//! Queries of relations that were prefetched: the rows are at hand, and what is asked of them asks the database again.
//!
//! The manager of a prefetched relation gives the queryset that holds the rows. Its `all()` is that queryset, and what
//! a queryset answers from rows that it holds is answered: a loop, `len`, `[0]`, `count()`, `exists()`, `contains()`.
//! Each other step makes a new queryset, which holds nothing. `first()` takes the first row held if the queryset is
//! ordered, and orders a new one by its key if not. So do all versions of Django from 2.2 to 5.2.

use super::super::flow::{Flow, Source};
use super::super::querysets::Step;
use super::super::types::{ClassMember, Types};
use super::super::{ClassRef, FileId, Project};
use super::loaded::Loaded;
use super::model::{Attribute, Kind, attribute};
use super::needs::chain;
use crate::facts::*;
use crate::findings::Confidence;
use crate::source::Span;

/// An attribute of a class, as it is written.
type Field = crate::facts::Attribute;

/// A prefetch that a query has no use of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefeatedPrefetch {
    /// The relation that is prefetched: `books`.
    pub relation: Box<str>,
    /// The step that asks anew: `filter`.
    pub step: Box<str>,
    /// The steps from there on, and how many values they are given: `order_by`, `first`.
    pub steps: Vec<Box<str>>,
    /// The model of the related rows.
    pub model: String,
    /// Where the prefetch is asked for.
    pub place: Option<(FileId, Span)>,
}

/// What a prefetch means for a query of its relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prefetched {
    /// It is none: the rows that are held answer it.
    Answers,
    /// They do not, and it is this sure.
    Defeated(DefeatedPrefetch, Confidence),
}

/// Steps that give the rows that are held.
const WHOLE: [&str; 2] = ["all", "get_queryset"];
/// What changes the rows of a relation: what was prefetched is gone after it.
const CHANGES: [&str; 16] = [
    "aadd",
    "acreate",
    "aget_or_create",
    "aremove",
    "aset",
    "aupdate_or_create",
    "add",
    "bulk_create",
    "clear",
    "create",
    "delete",
    "get_or_create",
    "remove",
    "set",
    "update",
    "update_or_create",
];

/// What a call asks of a relation of a row.
pub(super) struct Asked {
    /// The file of the call.
    file: FileId,
    /// Where the chain of attributes begins.
    pub(super) root: ValueId,
    /// The attributes, up to the relation: `author`, `books`.
    pub(super) names: Vec<Box<str>>,
    /// The steps that are not answered by giving all rows.
    steps: Vec<Box<str>>,
}

/// What a query asks of a relation of a row: `author.books.all().filter(…)`.
pub(super) fn asked(project: &Project, file: FileId, call: CallId) -> Option<Asked> {
    let facts = &project.file(file).facts;
    let mut steps: Vec<&str> = Vec::new();
    let mut manager = facts.call(call).callee;
    let manager = loop {
        let Value::Member(object, name) = *facts.value(manager) else { return None };
        steps.push(&facts.names[name]);
        let mut object = object;
        while let Value::Slice(whole, ..) | Value::Item(whole, _) = *facts.value(object) {
            object = whole;
        }
        match *facts.value(object) {
            Value::Call(inner) => manager = facts.call(inner).callee,
            Value::Member(..) => break object,
            _ => return None,
        }
    };
    steps.reverse();
    let rest = match steps.as_slice() {
        [first, rest @ ..] if WHOLE.contains(first) => rest,
        all => all,
    };
    let (root, names) = chain(facts, manager);
    Some(Asked { file, root, names, steps: rest.iter().map(|&step| step.into()).collect() })
}

impl Asked {
    /// Whether rows that are held answer it, if they are.
    pub(super) fn is_answered(&self) -> bool {
        self.steps.first().is_none_or(|first| Step::named(first).is_some_and(Step::is_answered_from_rows))
    }

    /// Whether it gives all rows of the relation.
    pub(super) fn is_whole(&self) -> bool {
        self.steps.is_empty()
    }

    /// The prefetch that it does not use, asked of a row of `model` at which `names` lead to the relation.
    pub(super) fn defeats(
        &self,
        types: &Types<'_>,
        model: ClassRef,
        loaded: &Loaded,
        names: &[Box<str>],
    ) -> Option<DefeatedPrefetch> {
        // Another one is of the project, or writes.
        let step = self.steps.first()?;
        if Step::named(step)? == Step::Writes {
            return None;
        }
        self.prefetch(types, model, loaded, names)
            .filter(|_| !self.is_answered())
            .map(|found| DefeatedPrefetch { step: step.clone(), ..found })
    }

    /// The prefetch of what it asks for.
    pub(super) fn prefetch(
        &self,
        types: &Types<'_>,
        model: ClassRef,
        loaded: &Loaded,
        names: &[Box<str>],
    ) -> Option<DefeatedPrefetch> {
        let (prefetch, is_plain) = loaded.prefetch(&names.join("__"))?;
        let (last, way) = names.split_last()?;
        let mut model = model;
        for name in way {
            let Attribute::Relation(relation) = attribute(types, model, name)? else { return None };
            model = relation.target.filter(|_| relation.kind != Kind::Many)?;
        }
        let Attribute::Relation(relation) = attribute(types, model, last)? else { return None };
        let target = relation.target.filter(|_| relation.kind == Kind::Many)?;
        if matches!(self.steps.first().map(|step| &**step), Some("first" | "afirst"))
            && !(is_plain && is_unordered(types, target))
        {
            return None;
        }
        if self.is_changed(types.facts(self.file)) {
            return None;
        }
        let facts = types.facts(target.file);
        Some(DefeatedPrefetch {
            relation: last.clone(),
            step: "all".into(),
            steps: self.steps.clone(),
            model: facts.names[facts.class(target.class).name].to_owned(),
            place: prefetch.place,
        })
    }

    /// What callers of the function give where the chain begins: a parameter, or the row whose method it is.
    pub(super) fn source(&self, facts: &FileFacts, home: FunctionId) -> Option<Source> {
        match *facts.value(self.root) {
            Value::Param(function, index) if function == home => Some(Source::Param(index)),
            Value::This(_) => Some(Source::This),
            _ => None,
        }
    }

    /// Whether the file changes the rows of the relation, too: then it may have to ask again.
    fn is_changed(&self, facts: &FileFacts) -> bool {
        let flow = Flow::new(facts);
        facts.calls.iter().any(|call| {
            let Value::Member(object, _) = *facts.value(call.callee) else { return false };
            CHANGES.contains(&flow.called_name(call).unwrap_or("")) && {
                let (root, names) = chain(facts, object);
                root == self.root && names == self.names
            }
        })
    }
}

/// Whether the rows of a relation to many of `model` stand in an order; not known where not all of them is in sight.
pub(super) fn is_ordered(types: &Types<'_>, model: ClassRef, name: &str) -> Option<bool> {
    let Some(Attribute::Relation(relation)) = attribute(types, model, name) else { return Some(false) };
    let Some(target) = relation.target else { return Some(false) };
    if is_unordered(types, target) { Some(false) } else { types.meta(target, "ordering").map(|_| true) }
}

/// Whether nothing orders the rows of a model by itself, as far as all of the model is in sight.
fn is_unordered(types: &Types<'_>, model: ClassRef) -> bool {
    if types.has_unknown_base(model) {
        return false;
    }
    types.lineage(model).into_iter().all(|class| {
        let facts = types.facts(class.file);
        let orders = |(inner, _): (usize, &Class)| {
            let inner = ClassRef { file: class.file, class: ClassId(u32::try_from(inner).unwrap_or(u32::MAX)) };
            // `class Meta(Base.Meta)` may be ordered there.
            !facts.class(inner.class).bases.is_empty()
                || matches!(types.class_member(inner, "ordering"), Some(ClassMember::Attribute(..)))
        };
        let metas = facts.classes.iter().enumerate();
        let mut metas = metas.filter(|(_, of)| of.parent == Some(class.class) && &facts.names[of.name] == "Meta");
        let manages = |of: &Field| {
            let Value::Call(call) = facts.value(of.value) else { return false };
            let name = Flow::new(facts).called_name(facts.call(*call)).unwrap_or("");
            name.ends_with("Manager")
                || matches!(name, "as_manager" | "from_queryset")
                || &facts.names[of.name] == "objects"
        };
        !metas.any(orders) && !facts.class(class.class).attributes.iter().any(manages)
    })
}
