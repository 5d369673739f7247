//! Drizzle: `db.select().from(users).where(eq(users.email, email)).orderBy(desc(users.createdAt)).limit(10)`, and
//! `db.query.users.findFirst({ where: eq(users.email, email) })`.

use super::lowering::OrWords;
use super::{Asked, Lowering, OrmQuery, With};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::orm::collect::Collector;
use crate::project::orm::evidence::{of_call, of_function, project_uses};
use crate::project::orm::{Orm, SortKey};
use crate::project::schema::{Model, Owner};
use crate::sql::query::Role;

/// Steps that leave no rows out but by what they are given; sorted.
const STEPS: [&str; 18] = [
    "all",
    "delete",
    "execute",
    "for",
    "from",
    "get",
    "groupBy",
    "innerJoin",
    "leftJoin",
    "limit",
    "offset",
    "orderBy",
    "returning",
    "run",
    "select",
    "selectDistinct",
    "set",
    "where",
];

/// Steps that run what is built.
const RUNS: [&str; 4] = ["all", "execute", "get", "run"];

const OR: OrWords = OrWords {
    closed: "let the first column begin the page by itself, and keep the rest: `and(gte(t.a, x), or(gt(t.a, x), gt(t.b, y)))` means the same \
             and begins in the index",
    apart: "make it two selects, each with one side: `unionAll(first, second)`",
};

/// How deep conditions are followed.
const MAX_DEPTH: u8 = 12;

/// Whether a call of this name may be a query by itself.
pub(super) fn asks(name: &str) -> bool {
    matches!(name, "findFirst" | "findMany")
}

/// The tables of a query, in the order in which they are joined.
struct Tables<'p> {
    models: Vec<&'p Model>,
    /// The callback whose first parameter is the table, and whose second holds the functions.
    callback: Option<FunctionId>,
}

impl<'p> Collector<'_, 'p> {
    /// One query: its chain of calls, the last first.
    pub(super) fn drizzle_query(&self, chain: &[CallId]) -> Option<OrmQuery> {
        let is_followed = matches!(self.called(chain[0]), "catch" | "finally" | "then");
        let chain = &chain[usize::from(is_followed)..];
        // What makes the database may stand below it.
        let begins = |&call: &CallId| matches!(self.called(call), "delete" | "select" | "selectDistinct" | "update");
        let chain = &chain[..=chain.iter().rposition(begins)?];
        let (&last, &first) = (chain.first()?, chain.last()?);
        let role = match self.called(first) {
            "select" | "selectDistinct" => Role::Root,
            "update" => Role::Update,
            "delete" => Role::Delete,
            _ => return None,
        };
        let steps = &chain[..chain.len() - 1];
        if !steps.iter().all(|&call| STEPS.binary_search(&self.called(call)).is_ok()) {
            return None;
        }
        let step = |name: &str| steps.iter().copied().find(|&call| self.called(call) == name);
        let named = if role == Role::Root { step("from")? } else { first };
        let owner = self.drizzle_table(self.facts.call(named).args.first()?.value)?;
        let model = self.model_of(&owner)?;
        let at = self.facts.call(last);
        let is_run = is_followed || at.awaited || at.result == ResultUse::Returned || RUNS.contains(&self.called(last));
        if !is_run {
            return None;
        }
        let evidence = of_call(self.types, self.file, first).filter(|of| of.orm == Orm::Drizzle);
        let confidence = evidence.map_or(Confidence::Medium, |of| of.confidence);
        let mut lowering = Lowering::of(self.schema(), &model.table, role, self.one_line(at.name_span))?;
        if role != Role::Root && step("limit").is_some() {
            lowering.limit(None);
        }
        let mut tables = Tables { models: vec![model], callback: None };
        for &call in steps.iter().rev().filter(|&&call| self.called(call) == "innerJoin") {
            self.joined_table(call, &mut tables, &mut lowering)?;
        }
        for &call in steps.iter().rev().filter(|&&call| self.called(call) == "where") {
            let [condition] = &*self.facts.call(call).args else { return None };
            self.drizzle_part(condition.value, false, &tables, &mut lowering, 0)?;
        }
        let is_other = ["groupBy", "innerJoin", "leftJoin"].iter().any(|name| step(name).is_some());
        if let (Some(order), Some(limit), Role::Root, "select", false) =
            (step("orderBy"), step("limit"), role, self.called(first), is_other)
        {
            let keys = self.facts.call(order).args.iter().map(|arg| self.drizzle_key(arg.value, &tables));
            if let Some(keys) = keys.collect::<Option<Vec<SortKey>>>() {
                let rows = self.facts.call(limit).args.first().and_then(|arg| self.number(arg.value));
                let span = self.one_line(self.facts.call(order).name_span);
                self.first_rows(&mut lowering, Some(model), &keys, rows, span);
            }
        }
        self.query(Orm::Drizzle, Some(owner), last, confidence, lowering)
    }

    /// `db.query.users.findMany({ where: …, orderBy: …, limit: 10 })`
    pub(super) fn drizzle_find(&self, call: CallId) -> Option<OrmQuery> {
        if !asks(self.called(call)) {
            return None;
        }
        let Value::Member(queries, name) = *self.facts.value(self.receiver(call)?) else { return None };
        let Value::Member(_, query) = *self.facts.value(queries) else { return None };
        if &self.facts.names[query] != "query" || !project_uses(self.types, &[Orm::Drizzle]) {
            return None;
        }
        let evidence = of_call(self.types, self.file, call);
        if evidence.is_some_and(|of| of.orm != Orm::Drizzle) {
            return None;
        }
        let confidence = evidence.map_or(Confidence::Medium, |of| of.confidence);
        let owner = Owner::Exported(self.facts.names[name].into());
        let model = self.model_of(&owner)?;
        let at = self.facts.call(call);
        let [options] = &*at.args else { return None };
        let options = self.written_options(call, options.value)?;
        let get = |wanted: &str| options.iter().find(|(name, _)| *name == wanted).map(|&(_, value)| value);
        let mut lowering = Lowering::of(self.schema(), &model.table, Role::Root, self.one_line(at.name_span))?;
        let mut tables = Tables { models: vec![model], callback: None };
        if let Some(condition) = get("where") {
            let condition = self.given_back(condition, &mut tables)?;
            self.drizzle_part(condition, false, &tables, &mut lowering, 0)?;
        }
        let rows = match get("limit") {
            _ if self.called(call) == "findFirst" => Some(Some(1)),
            Some(limit) => Some(self.number(limit)),
            None => None,
        };
        if let (Some(order), Some(rows)) = (get("orderBy"), rows)
            && let Some(order) = self.given_back(order, &mut tables)
        {
            let keys: Option<Vec<SortKey>> = match self.facts.value(order) {
                Value::Sequence(parts) => parts.iter().map(|&part| self.drizzle_key(part, &tables)).collect(),
                _ => self.drizzle_key(order, &tables).map(|key| vec![key]),
            };
            let span = self.text_of_key(at.args.first().map(|arg| arg.value), &["orderBy"]);
            if let (Some(keys), Some(span)) = (keys, span) {
                self.first_rows(&mut lowering, Some(model), &keys, rows, span);
            }
        }
        self.query(Orm::Drizzle, Some(owner), call, confidence, lowering)
    }

    /// A value, or what a callback gives in its place: `(users, { eq }) => eq(users.email, email)`.
    fn given_back(&self, value: ValueId, tables: &mut Tables<'p>) -> Option<ValueId> {
        let Value::Function(function) = *self.facts.value(value) else { return Some(value) };
        let [returned] = *self.facts.function(function).returns else { return None };
        tables.callback = Some(function);
        Some(returned)
    }

    /// The call that makes a table, in whatever file: `pgTable("users", { … })`.
    pub(in crate::project::orm) fn drizzle_table(&self, value: ValueId) -> Option<Owner> {
        let (mut file, mut value) = (self.file, value);
        for _ in 0..4 {
            let facts = &self.types.project().file(file).facts;
            if let Value::Call(call) = *facts.value(value) {
                let owner = Owner::Call(file, call);
                return self.model_of(&owner).map(|_| owner);
            }
            (file, value) = self.types.definition(file, value)?;
        }
        None
    }

    /// `.innerJoin(orders, eq(orders.userId, users.id))`
    fn joined_table(&self, call: CallId, tables: &mut Tables<'p>, lowering: &mut Lowering<'_>) -> Option<()> {
        let [table, on] = &*self.facts.call(call).args else { return None };
        let model = self.model_of(&self.drizzle_table(table.value)?)?;
        let Value::Call(equal) = *self.facts.value(on.value) else { return None };
        if self.drizzle_function(equal, tables)? != "eq" || tables.models.iter().any(|own| own.table == model.table) {
            return None;
        }
        let [left, right] = &*self.facts.call(equal).args else { return None };
        let beside = Tables { models: vec![model], callback: None };
        let (known, new) =
            match (self.drizzle_column_of(left.value, tables), self.drizzle_column_of(right.value, tables)) {
                (Some(known), None) => (known, right.value),
                (None, Some(known)) => (known, left.value),
                _ => return None,
            };
        let (_, to) = self.drizzle_column_of(new, &beside)?;
        let span = self.one_line(self.facts.call(equal).args[0].span);
        let place = lowering.join(known.0, known.1, &model.table, to, span)?;
        (usize::from(place) == tables.models.len()).then(|| tables.models.push(model))
    }

    /// The column that a value is, and the place of its table.
    fn drizzle_column_of(&self, value: ValueId, tables: &Tables<'p>) -> Option<(u16, &'p str)> {
        let Value::Member(object, name) = *self.facts.value(value) else { return None };
        let is_given = matches!((self.facts.value(object), tables.callback),
            (Value::Param(function, 0), Some(callback)) if *function == callback);
        let place = if is_given {
            0
        } else {
            let model = self.model_of(&self.drizzle_table(object)?)?;
            tables.models.iter().position(|own| own.table == model.table)?
        };
        let column = tables.models[place].column(&self.facts.names[name])?;
        Some((u16::try_from(place).ok()?, column))
    }

    /// Whether a value is a column of any table.
    fn is_drizzle_column(&self, value: ValueId) -> bool {
        match *self.facts.value(value) {
            Value::Member(object, _) => self.drizzle_table(object).is_some(),
            _ => false,
        }
    }

    /// The function of Drizzle's that is called: one that is imported, or one that a callback is given.
    fn drizzle_function(&self, call: CallId, tables: &Tables<'p>) -> Option<&'p str> {
        let callee = self.facts.call(call).callee;
        let is_given = match (self.facts.value(callee), tables.callback) {
            (Value::Member(object, _), Some(callback)) => {
                matches!(self.facts.value(*object), Value::Param(function, 1) if *function == callback)
            }
            _ => false,
        };
        let is_own =
            is_given || of_function(self.types, self.file, callee) == Some(Orm::Drizzle) || self.is_passed_on(callee);
        is_own.then(|| self.called(call))
    }

    /// Whether a function is imported from a file of the project that exports all that Drizzle does.
    fn is_passed_on(&self, callee: ValueId) -> bool {
        let project = self.types.project();
        let Value::Import(import) = *self.facts.value(callee) else { return false };
        let import = &self.facts.imports[import.index()];
        let Imported::Name(name) = import.what else { return false };
        let (module, name) = (&self.facts.names[import.module], &self.facts.names[name]);
        project.resolve_module(self.file, module).is_some_and(|target| {
            let facts = &project.file(target).facts;
            let own = facts.names.find(name).and_then(|name| project.binding(target, name));
            own.is_none() && project.takes_all_of(target, "drizzle-orm")
        })
    }

    /// A condition that must hold; `None` for what is not understood.
    fn drizzle_part(
        &self,
        value: ValueId,
        negated: bool,
        tables: &Tables<'p>,
        lowering: &mut Lowering<'_>,
        depth: u8,
    ) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        let Value::Call(call) = *self.facts.value(value) else { return None };
        let name = self.drizzle_function(call, tables)?;
        let args: Vec<ValueId> = self.facts.call(call).args.iter().map(|arg| arg.value).collect();
        match (name, &*args) {
            ("and", parts) if !negated => {
                return parts.iter().try_for_each(|&part| self.drizzle_part(part, false, tables, lowering, depth + 1));
            }
            ("or", parts) if !negated && parts.len() > 1 => {
                let span = self.one_line(self.facts.call(call).name_span);
                let start = lowering.mark();
                for &part in parts {
                    let mark = lowering.mark();
                    self.drizzle_part(part, false, tables, lowering, depth + 1)?;
                    lowering.all_of(mark, span)?;
                }
                lowering.any_of(start, span, OR);
                return Some(());
            }
            ("not", &[part]) if !negated => return self.drizzle_part(part, true, tables, lowering, depth + 1),
            _ => {}
        }
        let (&column, rest) = args.split_first()?;
        let (source, column) = self.drizzle_column_of(column, tables)?;
        // What is compared with another column, or with what another query gives, is no value.
        let is_value = |&value: &ValueId| {
            let is_query = match *self.facts.value(value) {
                Value::Call(call) => self.chain(call).iter().any(|&call| self.called(call) == "from"),
                _ => false,
            };
            !is_query && !self.is_drizzle_column(value)
        };
        if !rest.iter().all(is_value) {
            return None;
        }
        let with = rest.first().map_or(With::Constant, |&value| self.with(value));
        let asked = match (name, rest.len()) {
            ("eq", 1) => Asked::Equal,
            ("gt" | "gte" | "lt" | "lte", 1) | ("between", 2) => Asked::Range,
            ("inArray", 1) => Asked::In,
            ("isNull", 0) => Asked::Null,
            ("isNotNull", 0) => Asked::NotNull,
            ("ne" | "notInArray" | "notLike" | "notIlike", 1) | ("notBetween", 2) => Asked::Not,
            ("like", 1) if self.begins_plainly(rest[0]) => Asked::Prefix,
            ("like" | "ilike" | "arrayContains" | "arrayContained" | "arrayOverlaps", 1) => Asked::Other,
            _ => return None,
        };
        let asked = if negated { Asked::Not } else { asked };
        let span = self.one_line(self.facts.call(call).args[0].span);
        lowering.condition(source, column, asked, with, span)
    }

    /// Whether a pattern is written out and begins with something.
    fn begins_plainly(&self, pattern: ValueId) -> bool {
        self.facts.literal(pattern).is_some_and(|text| !text.is_empty() && !text.starts_with(['%', '_']))
    }

    /// `users.createdAt`, `desc(users.createdAt)`
    fn drizzle_key(&self, value: ValueId, tables: &Tables<'p>) -> Option<SortKey> {
        let (column, descending) = match *self.facts.value(value) {
            Value::Call(call) => match (self.drizzle_function(call, tables)?, &*self.facts.call(call).args) {
                ("asc", [column]) => (column.value, false),
                ("desc", [column]) => (column.value, true),
                _ => return None,
            },
            _ => (value, false),
        };
        let (source, name) = self.drizzle_column_of(column, tables).filter(|(source, _)| *source == 0)?;
        let attribute = tables.models[usize::from(source)].attribute(name)?;
        Some(SortKey { column: attribute.to_owned(), descending })
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
