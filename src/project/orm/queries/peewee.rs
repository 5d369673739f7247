//! peewee: `User.select().where(User.email == email).order_by(User.created.desc()).limit(10)`, `User.get(User.email == email)`.

use super::columns::Of;
use super::{Asked, Found, Lowering, OrmQuery};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::orm::collect::Collector;
use crate::project::orm::{Orm, SortKey, sort};
use crate::project::relations::peewee;
use crate::project::schema::{Model, Owner};
use crate::project::{ClassMember, ClassRef, Ty};
use crate::sql::query::Role;

/// Steps that leave no rows out but by what they are given; sorted.
const STEPS: [&str; 19] = [
    "count",
    "dicts",
    "distinct",
    "execute",
    "exists",
    "first",
    "for_update",
    "get",
    "get_or_none",
    "iterator",
    "limit",
    "namedtuples",
    "objects",
    "offset",
    "order_by",
    "returning",
    "scalar",
    "tuples",
    "where",
];

/// Steps that ask the database.
const RUNS: [&str; 7] = ["count", "execute", "exists", "first", "get", "get_or_none", "scalar"];

/// Whether a call of this name may be a part of a query.
pub(super) fn asks(name: &str) -> bool {
    matches!(name, "get" | "get_or_none" | "order_by" | "where")
}

impl<'p> Collector<'_, 'p> {
    /// One query: its chain of calls, the last first.
    pub(super) fn peewee_query(&self, chain: &[CallId], cuts: &Found<'p>) -> Option<OrmQuery> {
        let (last, first) = (chain[0], *chain.last()?);
        let class = self.peewee_model(first)?;
        let role = match self.called(first) {
            "get" | "get_or_none" | "select" => Role::Root,
            "delete" => Role::Delete,
            "update" => Role::Update,
            _ => return None,
        };
        let steps = &chain[..chain.len() - 1];
        let cut = steps.iter().chain([&first]).find_map(|&call| self.cut_of(call, cuts));
        let is_run = RUNS.contains(&self.called(last))
            || role == Role::Root && (cut.is_some() || self.facts.call(last).result == ResultUse::Iterated);
        if !is_run || !steps.iter().all(|&call| STEPS.binary_search(&self.called(call)).is_ok()) {
            return None;
        }
        let owner = Owner::Class(class);
        let model = self.model_of(&owner)?;
        let place = self.one_line(self.facts.call(last).name_span);
        let mut lowering = Lowering::of(self.schema(), &model.table, role, place)?;
        let finds = matches!(self.called(first), "get" | "get_or_none");
        let conditions = steps.iter().filter(|&&call| self.called(call) == "where").chain(finds.then_some(&first));
        for &call in conditions {
            for arg in &self.facts.call(call).args {
                let span = self.one_line(arg.span);
                match arg.name {
                    // `User.get(email=email)`
                    Some(name) => {
                        let column = model.column(&self.facts.names[name])?;
                        let asked =
                            if *self.facts.value(arg.value) == Value::Null { Asked::Null } else { Asked::Equal };
                        lowering.condition(0, column, asked, self.with(arg.value), span)?;
                    }
                    None => self.column_part(Of { class, model, span }, arg.value, false, &mut lowering, 0)?,
                }
            }
        }
        if role != Role::Root && steps.iter().any(|&call| self.called(call) == "limit") {
            lowering.limit(None);
        }
        if role == Role::Root {
            self.peewee_order(steps, class, model, cut, &mut lowering);
        }
        self.query(Orm::Peewee, Some(owner), last, Confidence::High, lowering)
    }

    /// The model whose method a chain begins with, if it has no such method of its own.
    pub(in crate::project::orm) fn peewee_model(&self, first: CallId) -> Option<ClassRef> {
        let Ty::Class(class) = self.types.of(self.file, self.receiver(first)?) else { return None };
        let is_own = matches!(self.types.class_member(class, self.called(first)), Some(ClassMember::Method(_)));
        (!is_own && peewee::is_model(self.types, class)).then_some(class)
    }

    /// What the rows are sorted by, if only the first ones are wanted.
    fn peewee_order(
        &self,
        steps: &[CallId],
        class: ClassRef,
        model: &Model,
        cut: Option<&Use>,
        lowering: &mut Lowering<'_>,
    ) {
        let step = |name: &str| steps.iter().copied().find(|&call| self.called(call) == name);
        let rows = match (step("limit"), cut) {
            (Some(limit), _) => self.facts.call(limit).args.first().and_then(|arg| self.number(arg.value)),
            (None, Some(cut)) => match self.rows_of(cut) {
                Some(rows) => rows,
                None => return,
            },
            (None, None) if step("first").or_else(|| step("get")).is_some() => Some(1),
            _ => return,
        };
        let mut sorts = steps.iter().copied().filter(|&call| self.called(call) == "order_by");
        let (Some(order), None) = (sorts.next(), sorts.next()) else { return };
        if ["count", "distinct", "exists", "scalar"].iter().any(|name| step(name).is_some()) {
            return;
        }
        let at = self.facts.call(order);
        let of = Of { class, model, span: at.name_span };
        let keys: Vec<SortKey> = sort::of_call(self, order, Orm::Peewee);
        if keys.len() == at.args.len() && at.args.iter().all(|arg| self.is_sort_key(of, arg.value, 0)) {
            self.first_rows(lowering, Some(model), &keys, rows, self.one_line(at.name_span));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_sorted() {
        assert!(STEPS.is_sorted());
    }
}
