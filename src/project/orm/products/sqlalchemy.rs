//! SQLAlchemy: `.options(joinedload(Book.tags), joinedload(Book.reviews))`, and relationships with `lazy="joined"`.

use rustc_hash::FxHashSet;

use super::super::collect::Collector;
use super::super::evidence::of_receiver;
use super::{Branch, MAX_DEPTH, Orm, branch};
use crate::facts::*;
use crate::project::relations::{Loading, Shape, sqlalchemy};
use crate::project::{ClassMember, ClassRef, FileId, Ty};
use crate::source::Span;

/// Steps after which nothing is loaded along; sorted.
const WITHOUT: [&str; 13] = [
    "add_columns",
    "count",
    "cte",
    "delete",
    "enable_eagerloads",
    "exists",
    "lateral",
    "scalar_subquery",
    "subquery",
    "update",
    "values",
    "with_entities",
    "with_only_columns",
];
impl Collector<'_, '_> {
    /// What the options of the queries of a Python file join.
    pub(super) fn loaded_products(&mut self, names: &[(CallId, &str)]) {
        if ["joinedload", "joinedload_all"].iter().all(|name| self.facts.names.find(name).is_none()) {
            return;
        }
        let mut seen: FxHashSet<CallId> = FxHashSet::default();
        // The last one of a chain has those before it.
        for &(call, _) in names.iter().rev().filter(|(_, name)| *name == "options") {
            if seen.contains(&call) {
                continue;
            }
            let steps = self.direct_chain(call);
            seen.extend(&steps);
            let mut root = None;
            let mut branches = Vec::new();
            for &step in steps.iter().rev().filter(|&&step| self.called(step) == "options") {
                let model = self.receiver(step).and_then(|of| of_receiver(self.types, self.file, of)?.model);
                root = root.or(model);
                for arg in &self.facts.call(step).args {
                    self.option(arg.value, root, &mut branches, 0);
                }
            }
            if branches.is_empty() {
                continue;
            }
            let steps = self.steps_around(call);
            if steps.iter().any(|step| WITHOUT.binary_search(step).is_ok()) {
                continue;
            }
            let is_single = steps.iter().any(|step| sqlalchemy::ONE_ROW.binary_search(step).is_ok());
            self.add_joined(root, &mut branches, 0);
            self.take(Orm::SqlAlchemy, call, is_single, &branches);
        }
    }

    /// The steps of a query, also those of the call that is given it: `session.scalars(query).one()`.
    fn steps_around(&mut self, call: CallId) -> Vec<&'static str> {
        let mut steps = self.whole_chain(call);
        if let Some(&last) = steps.first()
            && let Some((by, _)) = self.facts.calls_given_result(last).next()
        {
            steps.extend(self.whole_chain(by));
        }
        let known = |step: &str| WITHOUT.iter().chain(&sqlalchemy::ONE_ROW).copied().find(|known| *known == step);
        steps.into_iter().filter_map(|step| known(self.called(step))).collect()
    }

    /// Adds what an option loads.
    fn option(&self, value: ValueId, root: Option<ClassRef>, branches: &mut Vec<Branch>, depth: usize) {
        match self.facts.value(value) {
            _ if depth > MAX_DEPTH => {}
            Value::Call(call) => {
                if let Some(path) = self.loaders(*call, root, depth) {
                    put(branches, path);
                }
            }
            Value::Sequence(items) => items.iter().for_each(|&item| self.option(item, root, branches, depth + 1)),
            Value::Spread(inner) => self.option(*inner, root, branches, depth + 1),
            _ => {}
        }
    }

    /// The relationships that a chain of loaders names, one below the other: `joinedload(Book.author).selectinload(…)`.
    /// `None` for what cannot be read.
    fn loaders(&self, id: CallId, root: Option<ClassRef>, depth: usize) -> Option<Vec<Branch>> {
        let call = self.facts.call(id);
        let mut path = match *self.facts.value(call.callee) {
            Value::Member(object, _) if let Value::Call(before) = *self.facts.value(object) => {
                if depth > MAX_DEPTH {
                    return None;
                }
                self.loaders(before, root, depth + 1)?
            }
            _ => Vec::new(),
        };
        let name = self.called(id);
        let is_joined = match name.strip_suffix("_all").unwrap_or(name) {
            // What is given to a loader is a product of its own.
            "options" | "Load" | "load_only" | "defer" | "undefer" | "undefer_group" | "with_expression" => {
                return Some(path);
            }
            "joinedload" | "contains_eager" | "eagerload" => Some(true),
            "selectinload" | "subqueryload" | "immediateload" | "lazyload" | "noload" | "raiseload" => Some(false),
            "defaultload" => None,
            _ => return None,
        };
        for (arg, name) in call.args.iter().filter(|arg| arg.name.is_none()).zip(sqlalchemy::options(self.facts, call))
        {
            let name = name?;
            let owner = match *self.facts.value(arg.value) {
                Value::Member(class, _) => match self.types.of(self.file, class) {
                    Ty::Class(class) => Some(class),
                    _ => None,
                },
                Value::Text(_) => path.last().map_or(root, |last| last.target),
                // `Book.tags.and_(…)` leaves rows out.
                _ => None,
            };
            let found = owner.and_then(|owner| sqlalchemy::relationship(self.types, owner, name));
            let is_default = found.as_ref().is_some_and(|found| found.loading == Loading::Joined);
            // What is joined by hand may have conditions.
            let is_whole = !self.called(id).starts_with("contains_eager");
            path.push(Branch {
                name: name.into(),
                is_many: is_whole && found.as_ref().is_some_and(|found| found.shape == Shape::ToMany),
                is_joined: is_joined.unwrap_or(is_default),
                is_asked: is_joined.is_some(),
                place: Some((self.file, self.one_line(arg.span))),
                target: found.and_then(|found| found.target),
                below: Vec::new(),
            });
        }
        Some(path)
    }

    /// Adds the relationships that are joined whatever a query says, where it does not say otherwise.
    fn add_joined(&self, model: Option<ClassRef>, branches: &mut Vec<Branch>, depth: usize) {
        if depth > 3 {
            return;
        }
        for own in branches.iter_mut() {
            self.add_joined(own.target, &mut own.below, depth + 1);
        }
        let Some(model) = model else { return };
        for own in self.joined_by(model) {
            if !branches.iter().any(|other| other.name == own.name) {
                branches.push(own);
            }
        }
    }

    /// The relationships that a model is always joined with.
    pub(super) fn joined_by(&self, model: ClassRef) -> Vec<Branch> {
        let facts = &self.types.project().file(model.file).facts;
        let own = sqlalchemy::names(facts, model.class).filter_map(|name| {
            let found = sqlalchemy::relationship(self.types, model, name)?;
            Branch::declared(model, name, &found, self.declared_at(model, name))
        });
        own.collect()
    }

    /// Where a class says what an attribute is.
    fn declared_at(&self, class: ClassRef, name: &str) -> Option<(FileId, Span)> {
        let ClassMember::Attribute(file, value, _) = self.types.class_member(class, name)? else { return None };
        let facts = &self.types.project().file(file).facts;
        match *facts.value(value) {
            Value::Call(call) => Some((file, facts.call(call).name_span)),
            _ => None,
        }
    }
}

/// Puts a path of relationships into a tree; what is said last counts.
fn put(branches: &mut Vec<Branch>, path: Vec<Branch>) {
    let mut branches = branches;
    for step in path {
        let own = branch(branches, &step.name);
        let below = std::mem::take(&mut own.below);
        *own = Branch { below, ..step };
        branches = &mut own.below;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_sorted() {
        assert!(WITHOUT.is_sorted() && sqlalchemy::ONE_ROW.is_sorted());
    }
}
