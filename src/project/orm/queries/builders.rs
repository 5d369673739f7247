//! Knex, where a query is a chain that begins with the name of a table: `knex("users").where({ email }).first()`; and
//! Objection over it, where it begins with a model: `User.query().where("email", email)`.

use super::{Asked, Lowering, OrmQuery, With};
use crate::facts::*;
use crate::project::orm::collect::Collector;
use crate::project::orm::evidence::{of_call, of_receiver};
use crate::project::orm::{Orm, SortKey, sort};
use crate::project::{ClassMember, Ty};
use crate::sql::query::Role;

/// Steps that leave no rows out but by what they are given; sorted.
const STEPS: [&str; 33] = [
    "andWhere",
    "clone",
    "column",
    "columns",
    "count",
    "decrement",
    "del",
    "delete",
    "distinct",
    "findOne",
    "first",
    "forShare",
    "forUpdate",
    "from",
    "groupBy",
    "increment",
    "limit",
    "max",
    "min",
    "orderBy",
    "pluck",
    "returning",
    "select",
    "sum",
    "timeout",
    "transacting",
    "update",
    "where",
    "whereBetween",
    "whereIn",
    "whereNot",
    "whereNotNull",
    "whereNull",
];

/// Whether a call of this name may be a part of a query.
pub(super) fn asks(name: &str) -> bool {
    name.starts_with("where") || matches!(name, "andWhere" | "del" | "delete" | "findOne" | "orderBy" | "update")
}

impl<'p> Collector<'_, 'p> {
    /// One query: its chain of calls, the last first.
    pub(super) fn builder_query(&self, chain: &[CallId]) -> Option<OrmQuery> {
        // What is done with the rows: `.then(…)`.
        let chain = match self.called(chain[0]) {
            "then" => &chain[1..],
            _ => chain,
        };
        let (&last, &first) = (chain.first()?, chain.last()?);
        let at = self.facts.call(last);
        let is_run = at.awaited || matches!(self.called(last), "del" | "delete" | "first" | "update");
        let evidence = chain.iter().find_map(|&call| of_call(self.types, self.file, call))?;
        let table = match evidence.orm {
            Orm::Knex if self.begins_builder(first) => {
                let named = chain.iter().find(|&&call| self.called(call) == "from" || call == first)?;
                let table = self.facts.literal(self.facts.call(*named).args.first()?.value)?;
                table.split_whitespace().next().filter(|name| *name == table)?
            }
            Orm::Objection => self.table_of_model(first)?,
            _ => return None,
        };
        let is_run = is_run || (evidence.orm == Orm::Objection && self.called(last) == "findOne");
        let steps = &chain[..chain.len() - 1];
        // What is held may be given more conditions in between.
        let is_held = chain[1..].iter().any(|&call| self.facts.call(call).result == ResultUse::Bound);
        if !is_run || is_held || !steps.iter().all(|&call| STEPS.binary_search(&self.called(call)).is_ok()) {
            return None;
        }
        let called = |names: &[&str]| chain.iter().any(|&call| names.contains(&self.called(call)));
        let role = if called(&["del", "delete"]) {
            Role::Delete
        } else if called(&["update", "increment", "decrement"]) {
            Role::Update
        } else {
            Role::Root
        };
        let place = self.one_line(at.name_span);
        let mut lowering = Lowering::of(self.schema(), table, role, place)?;
        for &call in steps.iter().rev() {
            self.step(call, &mut lowering)?;
        }
        let limit = steps.iter().find(|&&call| self.called(call) == "limit");
        let limit = limit.map(|&limit| self.facts.call(limit).args.first().and_then(|arg| self.number(arg.value)));
        if role != Role::Root
            && let Some(rows) = limit
        {
            lowering.limit(rows);
        }
        let rows = if called(&["findOne", "first"]) { Some(Some(1)) } else { limit };
        let mut sorts = steps.iter().copied().filter(|&call| self.called(call) == "orderBy");
        if let (Some(rows), Some(order), None, Role::Root) = (rows, sorts.next(), sorts.next(), role)
            && !called(&["distinct", "groupBy", "count", "max", "min", "sum"])
        {
            let keys: Vec<SortKey> = sort::of_call(self, order, evidence.orm);
            self.first_rows(&mut lowering, None, &keys, rows, self.one_line(self.facts.call(order).name_span));
        }
        self.query(evidence.orm, None, last, evidence.confidence, lowering)
    }

    /// Whether a chain begins with what names a table: `knex("users")`, `knex.from("users")`.
    pub(in crate::project::orm) fn begins_builder(&self, first: CallId) -> bool {
        let callee = self.facts.call(first).callee;
        let is_knex =
            |value: ValueId| of_receiver(self.types, self.file, value).is_some_and(|found| found.orm == Orm::Knex);
        match *self.facts.value(callee) {
            Value::Member(object, name) if matches!(&self.facts.names[name], "from" | "table" | "queryBuilder") => {
                is_knex(object)
            }
            _ => is_knex(callee),
        }
    }

    /// The table of the model of Objection's that a chain begins with, if its queries are the library's own.
    pub(in crate::project::orm) fn table_of_model(&self, first: CallId) -> Option<&'p str> {
        let Ty::Class(class) = self.types.of(self.file, self.receiver(first)?) else { return None };
        let is_own = |name: &str| self.types.class_member(class, name).is_some();
        if self.called(first) != "query"
            || self.types.has_unknown_base(class)
            || ["query", "QueryBuilder"].into_iter().any(is_own)
        {
            return None;
        }
        let project = self.types.project();
        let (file, value) = match self.types.class_member(class, "tableName")? {
            ClassMember::Attribute(file, value, _) => (file, value),
            // `static get tableName() { return "users"; }`
            ClassMember::Method(method) => {
                let [returned] = *project.file(method.file).facts.function(method.function).returns else {
                    return None;
                };
                (method.file, returned)
            }
        };
        project.file(file).facts.literal(value)
    }

    /// The conditions of one step.
    fn step(&self, call: CallId, lowering: &mut Lowering<'_>) -> Option<()> {
        let name = self.called(call);
        let at = self.facts.call(call);
        let span = self.one_line(at.name_span);
        let args: Vec<ValueId> = at.args.iter().map(|arg| arg.value).collect();
        let negated = name == "whereNot";
        let mut add = |column: &str, asked: Asked, with: With| {
            let column = column.rsplit('.').next().unwrap_or(column);
            lowering.condition(0, column, if negated { Asked::Not } else { asked }, with, span)
        };
        let literal = |value: ValueId| self.facts.literal(value);
        match (name, args.as_slice()) {
            ("where" | "andWhere" | "findOne" | "whereNot", &[only]) => {
                let Value::Mapping(entries) = self.facts.value(only) else { return None };
                entries.iter().try_for_each(|&(key, value)| {
                    let (asked, with) = self.value_of(value)?;
                    add(literal(key)?, asked, with)
                })
            }
            ("where" | "andWhere" | "findOne" | "whereNot", &[column, value]) => {
                let (asked, with) = self.value_of(value)?;
                add(literal(column)?, asked, with)
            }
            ("where" | "andWhere" | "findOne" | "whereNot", &[column, operator, value]) => {
                let (asked, with) = self.value_of(value)?;
                let asked = match literal(operator)? {
                    "=" => asked,
                    "<" | "<=" | ">" | ">=" | "between" => Asked::Range,
                    "in" => Asked::In,
                    "<>" | "!=" => Asked::Not,
                    _ => Asked::Other,
                };
                add(literal(column)?, asked, with)
            }
            ("whereIn", &[column, value]) => {
                let is_query = matches!(self.facts.value(value), Value::Function(_) | Value::Call(_));
                if is_query { None } else { add(literal(column)?, Asked::In, self.with(value)) }
            }
            ("whereNull", &[column]) => add(literal(column)?, Asked::Null, With::Constant),
            ("whereNotNull", &[column]) => add(literal(column)?, Asked::NotNull, With::Constant),
            ("whereBetween", &[column, value]) => add(literal(column)?, Asked::Range, self.with(value)),
            _ if name.starts_with("where") || matches!(name, "andWhere" | "findOne") => None,
            _ => Some(()),
        }
    }

    /// What an equality with a value asks.
    fn value_of(&self, value: ValueId) -> Option<(Asked, With)> {
        match self.facts.value(value) {
            Value::Null => Some((Asked::Null, With::Constant)),
            Value::Function(_) | Value::Mapping(_) | Value::Unknown => None,
            _ => Some((Asked::Equal, self.with(value))),
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
