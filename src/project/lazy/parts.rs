//! Rows that stand beside something else: in pairs that a loop runs over, and in tuples that functions return.

use super::super::FileId;
use super::dicts::Place;
use super::frame::Frame;
use super::rows::Tracer;
use super::traced::Traced;
use crate::facts::*;
use crate::project::flow::Flow;

impl Tracer<'_, '_> {
    /// `for i, book in enumerate(books)`, `for book, price in zip(books, prices)`
    pub(super) fn part(&self, file: FileId, of: ValueId, index: u16, frame: Option<&Frame<'_>>, depth: u8) -> Traced {
        let facts = self.facts(file);
        if let Traced::Rows(owner) = self.row(file, of, frame, depth)
            && !owner.entities.is_empty()
        {
            return self.entity(&owner, usize::from(index));
        }
        if let Value::Call(call) = facts.value(of) {
            return self.part_of_result(file, *call, index, false, frame, depth);
        }
        let Value::Element(iterable, _) = facts.value(of) else { return Traced::Unknown };
        let in_each = || self.in_each(file, *iterable, &Place::Part(index), frame, depth);
        let Value::Call(call) = facts.value(*iterable) else { return in_each() };
        let call = facts.call(*call);
        let at = match (Flow::new(facts).called_name(call), index) {
            (Some("enumerate"), 1) => 0,
            (Some("zip" | "zip_longest"), index) => usize::from(index),
            // `for key, book in books.items()`
            (Some("items"), 1) => {
                let Value::Member(object, _) = facts.value(call.callee) else { return Traced::Unknown };
                return self.dict(file, *object, false, frame, depth);
            }
            _ => return in_each(),
        };
        call.args.get(at).map_or(Traced::Unknown, |arg| self.rows(file, arg.value, frame, depth).last())
    }

    /// `count, books = found(request)`: what stands at a place of the tuples that a function of the project returns.
    pub(super) fn part_of_result(
        &self,
        file: FileId,
        id: CallId,
        index: u16,
        many: bool,
        frame: Option<&Frame<'_>>,
        depth: u8,
    ) -> Traced {
        let Some(function) = self.types.target(file, id) else { return Traced::Unknown };
        let facts = self.facts(function.file);
        let inner = Frame::called(function, (file, id), None, frame);
        let returns = facts.function(function.function).returns.iter().map(|&value| match facts.value(value) {
            Value::Sequence(items) => match items.get(usize::from(index)) {
                Some(&item) if many => self.rows(function.file, item, Some(&inner), depth + 2),
                Some(&item) => self.row(function.file, item, Some(&inner), depth + 2),
                None => Traced::Unknown,
            },
            _ => Traced::Unknown,
        });
        match returns.fold(Traced::Nothing, Traced::or) {
            Traced::Nothing => Traced::Unknown,
            found => found,
        }
    }
}
