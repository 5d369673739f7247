//! What stands in tuples: in those that functions give, and in the rows of a query that selects several things.

use super::relations::sqlalchemy;
use super::types::{Ty, Types};
use super::{FileId, FunctionRef};
use crate::facts::*;

impl Types<'_> {
    /// The n-th part of what is taken apart.
    pub(super) fn part(&self, file: FileId, of: ValueId, index: u16) -> Ty {
        let facts = self.facts(file);
        // `for i, x in enumerate(xs)`, `for a, b in zip(xs, ys)`
        if let Value::Element(iterable, _) = facts.value(of)
            && let Value::Call(call) = facts.value(*iterable)
        {
            let call = facts.call(*call);
            if let Value::Global(name) = facts.value(call.callee) {
                let at = match &facts.names[*name] {
                    "enumerate" => (index == 1).then_some(0),
                    "zip" => Some(usize::from(index)),
                    _ => None,
                };
                if let Some(arg) = at.and_then(|at| call.args.get(at)) {
                    return self.element(&self.of(file, arg.value));
                }
            }
        }
        match facts.value(of) {
            Value::Sequence(items) => items.get(usize::from(index)).map_or(Ty::Unknown, |&item| self.of(file, item)),
            Value::Call(call) => match self.of(file, of) {
                Ty::List(element) => match self.target(file, *call) {
                    // `count, books = found(request)`
                    Some(function) => self.part_of_result(function, index).unwrap_or(*element),
                    None => *element,
                },
                row if index == 0 => self.first_entity(&row).unwrap_or(Ty::Unknown),
                _ => Ty::Unknown,
            },
            _ => match self.of(file, of) {
                Ty::List(element) => *element,
                row if index == 0 => self.first_entity(&row).unwrap_or(Ty::Unknown),
                _ => Ty::Unknown,
            },
        }
    }

    /// What stands at a place of the tuples that a function returns; nothing if it returns anything else.
    fn part_of_result(&self, function: FunctionRef, index: u16) -> Option<Ty> {
        let facts = self.facts(function.file);
        let items = facts.function(function.function).returns.iter().map(|&value| match facts.value(value) {
            Value::Sequence(items) => items.get(usize::from(index)).copied(),
            _ => None,
        });
        let items: Option<Vec<ValueId>> = items.collect();
        let mut found = items?.into_iter().map(|item| self.further(|| self.of(function.file, item)));
        found.find(Ty::is_known)
    }

    /// `object[key]`
    pub(super) fn item(&self, file: FileId, object: ValueId, key: ValueId) -> Ty {
        let owner = self.of(file, object);
        let is_first = *self.facts(file).value(key) == Value::Int(0);
        match self.first_entity(&owner) {
            Some(entity) if is_first => entity,
            Some(_) if self.is_tuple(&owner) => Ty::Unknown,
            _ => self.element(&owner),
        }
    }

    /// `row.Book` of `session.execute(select(Book))`
    pub(super) fn entity_named(&self, row: &Ty, name: &str) -> Option<Ty> {
        let entity = self.first_entity(row)?;
        let class = self.class_of(&entity)?;
        let facts = self.facts(class.file);
        (&facts.names[facts.class(class.class).name] == name).then_some(entity)
    }

    /// The model that stands first in a row that is taken apart: a row of SQLAlchemy's that cannot be taken apart itself
    /// is one of several things that were selected, `session.query(Book, Author)`.
    fn first_entity(&self, row: &Ty) -> Option<Ty> {
        match row {
            _ if self.is_tuple(row) => Some(self.element(row)),
            &Ty::Instance(class, None)
                if sqlalchemy::is_model(self, class) && self.class_member(class, "__iter__").is_none() =>
            {
                Some(row.clone())
            }
            _ => None,
        }
    }

    /// Whether a value surely is a tuple of what a query selects.
    fn is_tuple(&self, row: &Ty) -> bool {
        matches!(row, Ty::Api(ty, _) if self.project().catalog.type_named("sqlalchemy.Row") == Some(*ty))
    }
}
