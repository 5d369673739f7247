//! Where the rows of peewee come from: `Book.select().where(…)`, `Book.select(Book, Author).join(Author)`, and what they
//! load along: a join alone loads nothing, what is selected of the other model does.

use super::super::relations::{Orm, peewee};
use super::super::types::Ty;
use super::super::{ClassRef, FileId};
use super::frame::Frame;
use super::loaded::Loaded;
use super::rows::Tracer;
use super::traced::{Rows, Traced, plain};
use crate::facts::*;
use crate::project::Flow;

/// Steps that leave the model and what is loaded as they are; sorted.
const SAME_ROWS: [&str; 20] = [
    "clone",
    "distinct",
    "execute",
    "filter",
    "for_update",
    "from_",
    "group_by",
    "having",
    "iterator",
    "join",
    "join_from",
    "left_outer_join",
    "limit",
    "offset",
    "order_by",
    "order_by_extend",
    "orwhere",
    "paginate",
    "switch",
    "where",
];
/// Steps that give one row.
const ONE_ROW: [&str; 4] = ["first", "get", "get_or_none", "peek"];

impl Tracer<'_, '_> {
    /// What a call gives, if it is a step of a query of peewee's: many rows, or one.
    pub(super) fn select_call(
        &self,
        file: FileId,
        id: CallId,
        many: bool,
        frame: Option<&Frame<'_>>,
        depth: u8,
    ) -> Option<Traced> {
        if !self.types.relations().has(Orm::Peewee) {
            return None;
        }
        let facts = self.facts(file);
        let call = facts.call(id);
        let name = Flow::new(facts).called_name(call)?;
        let Value::Member(object, _) = *facts.value(call.callee) else {
            // `prefetch(Book.select(), Author)`
            let is_prefetch = matches!(self.types.of(file, call.callee), Ty::Path(path) if *path == *"peewee.prefetch");
            let mut rows =
                self.of_select(file, call.args.first().filter(|_| is_prefetch && many)?.value, frame, depth)?;
            rows.loaded.add_open("");
            return Some(Traced::Rows(rows));
        };
        if let Ty::Class(model) = self.types.of(file, object)
            && peewee::is_model(self.types, model)
        {
            let mut rows = plain(model);
            match name {
                "select" if many => self.selected_along(file, call, model, &mut rows.loaded),
                "filter" if many => {}
                "get" | "get_by_id" | "get_or_none" if !many => {}
                _ => return None,
            }
            return Some(self.given_by(file, call, many, rows));
        }
        let is_step = if many {
            SAME_ROWS.binary_search(&name).is_ok() || matches!(name, "prefetch" | "with_related")
        } else {
            ONE_ROW.contains(&name)
        };
        let mut rows = self.of_select(file, if is_step { object } else { return None }, frame, depth)?;
        // A filter over a relation may select it.
        if matches!(name, "filter" | "prefetch" | "with_related") {
            rows.loaded.add_open("");
        }
        Some(self.given_by(file, call, many, rows))
    }

    /// The rows of a query of peewee's that a value is.
    fn of_select(&self, file: FileId, value: ValueId, frame: Option<&Frame<'_>>, depth: u8) -> Option<Rows> {
        let rows = self.rows(file, value, frame, depth).rows()?;
        (Orm::of(self.types, rows.base) == Some(Orm::Peewee)).then_some(rows)
    }

    /// Adds what is selected of other models: `Book.select(Book, Author)`.
    fn selected_along(&self, file: FileId, select: &Call, model: ClassRef, loaded: &mut Loaded) {
        let facts = self.facts(file);
        for arg in &select.args {
            let class = |value: ValueId| match self.types.of(file, value) {
                Ty::Class(class) => Some(class),
                _ => None,
            };
            let of = class(arg.value).or_else(|| match *facts.value(arg.value) {
                Value::Member(owner, _) => class(owner),
                _ => None,
            });
            match of {
                Some(of) if of == model => {}
                // An alias, a function, what a list holds.
                _ => loaded.add_open(""),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_sorted() {
        assert!(SAME_ROWS.is_sorted());
    }
}
