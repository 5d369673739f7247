//! SQLAlchemy, where columns are attributes of models: `session.query(User).filter(User.email == email).first()`,
//! `select(User).where(User.email == email).order_by(User.created.desc()).limit(10)`.

use rustc_hash::FxHashSet;

use super::lowering::{Made, OrWords};
use super::{Asked, Found, Lowering, OrmQuery, With};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::orm::collect::Collector;
use crate::project::orm::evidence::{of_function, of_receiver};
use crate::project::orm::{Orm, SortKey, sort};
use crate::project::schema::{Model, Owner};
use crate::project::{ClassRef, Ty};
use crate::source::Span;
use crate::sql::query::Role;

/// Steps that leave no rows out but by what they are given; sorted.
const STEPS: [&str; 24] = [
    "all",
    "count",
    "delete",
    "distinct",
    "enable_eagerloads",
    "execution_options",
    "filter",
    "filter_by",
    "first",
    "limit",
    "offset",
    "one",
    "one_or_none",
    "options",
    "order_by",
    "populate_existing",
    "query",
    "returning",
    "scalar",
    "select",
    "update",
    "values",
    "where",
    "with_for_update",
];

/// Steps that ask the database.
const RUNS: [&str; 8] = ["all", "count", "delete", "first", "one", "one_or_none", "scalar", "update"];

/// Calls that run the statement that they are given; sorted.
const EXECUTORS: [&str; 10] = [
    "exec",
    "execute",
    "fetch_all",
    "fetch_one",
    "fetch_val",
    "iterate",
    "scalar",
    "scalars",
    "stream",
    "stream_scalars",
];

const OR: OrWords = OrWords {
    closed: "let the first column begin the page by itself, and keep the rest: `(A.a >= x) & ((A.a > x) | (A.b > y))` means the same and \
             begins in the index",
    apart: "make it two queries, each with one side",
};

/// How deep conditions are followed.
const MAX_DEPTH: u8 = 20;

/// Whether a call of this name may be a part of a query.
pub(super) fn asks(name: &str) -> bool {
    matches!(name, "delete" | "distinct" | "filter" | "filter_by" | "order_by" | "update" | "where")
}

impl<'p> Collector<'_, 'p> {
    /// The calls of the file that are given to another one, which runs them.
    pub(in crate::project::orm) fn given_away(&self) -> FxHashSet<CallId> {
        let executors = self.facts.calls.iter().zip((0..).map(CallId));
        let executors = executors.filter(|(_, id)| EXECUTORS.binary_search(&self.called(*id)).is_ok());
        let first = executors.filter_map(|(call, _)| match *self.facts.value(call.args.first()?.value) {
            Value::Call(given) => Some(given),
            _ => None,
        });
        first.collect()
    }

    /// One query: its chain of calls, the last first. `given`: those that are run by others.
    pub(super) fn column_query(
        &self,
        chain: &[CallId],
        cuts: &Found<'p>,
        given: &FxHashSet<CallId>,
    ) -> Option<OrmQuery> {
        let (last, first) = (chain[0], *chain.last()?);
        let (class, is_statement) = self.column_root(first)?;
        let cut =
            chain.iter().filter(|call| !RUNS.contains(&self.called(**call))).find_map(|&call| self.cut_of(call, cuts));
        let is_run = if is_statement {
            given.contains(&last)
        } else {
            cut.is_some() || RUNS.contains(&self.called(last)) || self.facts.call(last).result == ResultUse::Iterated
        };
        if !is_run || !chain.iter().all(|&call| STEPS.binary_search(&self.called(call)).is_ok()) {
            return None;
        }
        let owner = Owner::Class(class);
        let model = self.model_of(&owner)?;
        let is_first = |name: &str| if is_statement { self.called(first) == name } else { self.called(last) == name };
        let role = if is_first("delete") {
            Role::Delete
        } else if is_first("update") {
            Role::Update
        } else {
            Role::Root
        };
        let place = self.one_line(self.facts.call(last).name_span);
        let mut lowering = Lowering::of(self.schema(), &model.table, role, place)?;
        for &call in chain.iter().rev() {
            match self.called(call) {
                "filter_by" => {
                    for arg in &self.facts.call(call).args {
                        let column = model.column(&self.facts.names[arg.name?])?;
                        let (asked, with) = self.compared(arg.value);
                        lowering.condition(0, column, asked, with, self.one_line(arg.span))?;
                    }
                }
                "filter" | "where" => {
                    for arg in &self.facts.call(call).args {
                        if arg.name.is_some() {
                            return None;
                        }
                        let asked = Of { class, model, span: self.one_line(arg.span) };
                        self.column_part(asked, arg.value, false, &mut lowering, 0)?;
                    }
                }
                _ => {}
            }
        }
        if role == Role::Root {
            self.column_order(chain, class, model, cut, is_statement, &mut lowering);
            let distinct = chain.iter().copied().find(|&call| self.called(call) == "distinct");
            // Columns that are selected by themselves may be alike.
            let mut selected = self.facts.call(first).args.iter();
            let is_whole = selected.all(|arg| matches!(self.types.of(self.file, arg.value), Ty::Class(_)))
                && !chain
                    .iter()
                    .any(|&call| matches!(self.called(call), "first" | "one" | "one_or_none" | "scalar" | "values"));
            if let Some(distinct) = distinct.filter(|&call| is_whole && self.facts.call(call).args.is_empty()) {
                let span = self.one_line(self.facts.call(distinct).name_span);
                lowering.distinct(span, "leave `.distinct()` out");
            }
        }
        if chain.iter().any(|&call| self.called(call) == "with_for_update") {
            lowering.locks();
        }
        self.query(Orm::SqlAlchemy, Some(owner), last, Confidence::High, lowering)
    }

    /// The model that a chain begins with, and whether it makes a statement that another call runs.
    pub(in crate::project::orm) fn column_root(&self, first: CallId) -> Option<(ClassRef, bool)> {
        let call = self.facts.call(first);
        let name = self.called(first);
        // `select(User)`, `update(User)`, `session.query(User)`; also of columns of one model.
        let is_statement = matches!(name, "select" | "delete" | "update")
            && of_function(self.types, self.file, call.callee) == Some(Orm::SqlAlchemy);
        let is_query = name == "query"
            && self
                .receiver(first)
                .and_then(|receiver| of_receiver(self.types, self.file, receiver))
                .is_some_and(|evidence| evidence.orm == Orm::SqlAlchemy);
        if is_statement || is_query {
            let mut classes = call.args.iter().map(|arg| self.selected_class(arg.value));
            let class = classes.next()??;
            return classes.all(|other| other == Some(class)).then_some((class, is_statement));
        }
        // `User.query.filter_by(…)`
        let Value::Member(query, _) = *self.facts.value(call.callee) else { return None };
        let Value::Member(object, member) = *self.facts.value(query) else { return None };
        let Ty::Class(class) = self.types.of(self.file, object) else { return None };
        let evidence = of_receiver(self.types, self.file, query)?;
        let is_plain = &self.facts.names[member] == "query" && evidence.receiver == "sqlalchemy.orm.Query";
        is_plain.then_some((class, false))
    }

    /// The model of which a selected thing is: itself, or a column.
    fn selected_class(&self, value: ValueId) -> Option<ClassRef> {
        let class = |value: ValueId| match self.types.of(self.file, value) {
            Ty::Class(class) => Some(class),
            _ => None,
        };
        class(value).or_else(|| match *self.facts.value(value) {
            Value::Member(object, name) => {
                let class = class(object)?;
                self.model_of(&Owner::Class(class))?.column(&self.facts.names[name]).map(|_| class)
            }
            _ => None,
        })
    }

    /// A condition that must hold; `None` for what is not understood.
    pub(super) fn column_part(
        &self,
        of: Of<'_>,
        value: ValueId,
        negated: bool,
        lowering: &mut Lowering<'_>,
        depth: u8,
    ) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut add = |column: &str, asked: Asked, with: With| {
            let asked = if negated { Asked::Not } else { asked };
            lowering.condition(0, column, asked, with, of.span)
        };
        match *self.facts.value(value) {
            Value::Operation(Operation::BitAnd, left, right) if !negated => {
                self.column_part(of, left, negated, lowering, depth + 1)?;
                self.column_part(of, right, negated, lowering, depth + 1)
            }
            Value::Operation(Operation::BitOr, left, right) if !negated => {
                self.column_alternatives(of, &[left, right], lowering, depth + 1)
            }
            Value::Operation(Operation::Other | Operation::Not, inner, UNKNOWN) => {
                self.column_part(of, inner, true, lowering, depth + 1)
            }
            Value::Operation(Operation::Equal, left, right)
                if !negated && let Some((column, path)) = self.inside_of(of, left) =>
            {
                let instead = self.instead_of_document(of, column, &path);
                lowering.condition_in(0, column, &path, self.with(right), (of.span, instead))
            }
            Value::Operation(operation @ (Operation::Equal | Operation::Order), left, right)
                if !negated && self.made_of(of, left).is_some() =>
            {
                let (by, column) = self.made_of(of, left)?;
                if self.is_of_model(right) {
                    return None;
                }
                let asked = if operation == Operation::Order { Asked::Range } else { Asked::Equal };
                let instead = self.instead_of_function(of, by, column);
                lowering.condition_on(0, column, Made { by, asked, span: of.span }, self.with(right), instead)
            }
            Value::Operation(operation @ (Operation::Equal | Operation::NotEqual | Operation::Order), left, right) => {
                let (column, other) = match self.plain_column(of, left) {
                    Some(column) => (column, right),
                    None => (self.plain_column(of, right)?, left),
                };
                // What is compared with another column is no value.
                if self.is_of_model(other) {
                    return None;
                }
                let (asked, with) = self.compared(other);
                let asked = match (operation, asked) {
                    (Operation::NotEqual, Asked::Null) => Asked::NotNull,
                    (Operation::NotEqual, _) => Asked::Not,
                    (Operation::Order, _) => Asked::Range,
                    _ => asked,
                };
                add(column, asked, with)
            }
            // A flag: `User.is_active`
            Value::Member(..) => add(self.plain_column(of, value)?, Asked::Equal, With::Constant),
            Value::Call(call) => {
                let at = self.facts.call(call);
                let name = self.called(call);
                if name == "and_" && !negated && self.receiver(call).is_none_or(|of| !self.is_of_model(of)) {
                    for arg in &at.args {
                        let of = Of { span: self.one_line(arg.span), ..of };
                        self.column_part(of, arg.value, false, lowering, depth + 1)?;
                    }
                    return Some(());
                }
                if name == "or_" && !negated && self.receiver(call).is_none_or(|of| !self.is_of_model(of)) {
                    let sides: Vec<ValueId> = at.args.iter().map(|arg| arg.value).collect();
                    return self.column_alternatives(of, &sides, lowering, depth + 1);
                }
                let column = self.plain_column(of, self.receiver(call)?)?;
                let first = at.args.first().map(|arg| arg.value);
                let with = first.map_or(With::Given, |value| self.with(value));
                let is_null = first.is_some_and(|value| *self.facts.value(value) == Value::Null);
                let asked = match name {
                    "in_" => Asked::In,
                    "between" => Asked::Range,
                    "is_" if is_null => Asked::Null,
                    "is_" => Asked::Equal,
                    "is_not" | "isnot" if is_null => Asked::NotNull,
                    "is_not" | "isnot" | "not_in" | "notin_" | "notlike" | "not_like" => Asked::Not,
                    // peewee's
                    "is_null" if first.is_none_or(|value| *self.facts.value(value) == Value::Bool(true)) => Asked::Null,
                    "is_null" if first.is_some_and(|value| *self.facts.value(value) == Value::Bool(false)) => {
                        Asked::NotNull
                    }
                    "startswith" => Asked::Prefix,
                    _ => Asked::Other,
                };
                add(column, asked, with)
            }
            _ => None,
        }
    }

    /// Conditions one of which must hold: `or_(User.email == email, User.name == name)`.
    fn column_alternatives(&self, of: Of<'_>, sides: &[ValueId], lowering: &mut Lowering<'_>, depth: u8) -> Option<()> {
        let start = lowering.mark();
        for &side in sides {
            let mark = lowering.mark();
            self.column_part(of, side, false, lowering, depth + 1)?;
            lowering.all_of(mark, of.span)?;
        }
        lowering.any_of(start, of.span, OR);
        Some(())
    }

    /// The column and the keys of `User.data["address"]["city"].astext`.
    fn inside_of<'m>(&self, of: Of<'m>, value: ValueId) -> Option<(&'m str, Vec<&'p str>)> {
        let mut inner = match *self.facts.value(value) {
            Value::Member(inner, name) if &self.facts.names[name] == "astext" => inner,
            Value::Call(call) if self.called(call) == "as_string" => self.receiver(call)?,
            _ => return None,
        };
        let mut path = Vec::new();
        while let Value::Item(object, key) = *self.facts.value(inner) {
            path.insert(0, self.facts.literal(key)?);
            inner = object;
        }
        let column = self.plain_column(of, inner).filter(|_| !path.is_empty())?;
        Some((column, path))
    }

    fn instead_of_document(&self, of: Of<'_>, column: &str, path: &[&str]) -> String {
        let (model, name) = (self.class_name(of.class), of.model.attribute(column).unwrap_or(column));
        let keys: String = path.iter().map(|key| format!("[\"{key}\"]")).collect();
        let table = of.model.table.rsplit('.').next().unwrap_or_default();
        format!("add an index that holds it: `Index(\"ix_{table}_{name}\", {model}.{name}{keys}.astext)`")
    }

    /// A function around a column, as SQL calls it: `func.lower(User.email)`.
    fn made_of<'m>(&self, of: Of<'m>, value: ValueId) -> Option<(&'static str, &'m str)> {
        let Value::Call(call) = *self.facts.value(value) else { return None };
        // `cast(User.created, Date)`
        if self.called(call) == "cast"
            && of_function(self.types, self.file, self.facts.call(call).callee) == Some(Orm::SqlAlchemy)
            && let [arg, to] = &*self.facts.call(call).args
            && self.facts.own_name(to.value) == Some("Date")
        {
            return Some(("date", self.plain_column(of, arg.value)?));
        }
        let by = ["date", "lower", "trim", "upper"].into_iter().find(|name| *name == self.called(call))?;
        let is_func = matches!(self.types.of(self.file, self.receiver(call)?), Ty::Path(path) if path.starts_with("sqlalchemy.") && path.ends_with(".func"));
        let [arg] = &*self.facts.call(call).args else { return None };
        is_func.then_some((by, self.plain_column(of, arg.value)?))
    }

    /// What to ask in place of a function's result, or the index that holds it.
    fn instead_of_function(&self, of: Of<'_>, by: &str, column: &str) -> String {
        let (model, name) = (self.class_name(of.class), of.model.attribute(column).unwrap_or(column).to_owned());
        if by == "date" {
            return format!(
                "ask for a range: `{model}.{name} >= (its first moment), {model}.{name} < (that of the day after)`"
            );
        }
        let table = of.model.table.rsplit('.').next().unwrap_or_default();
        format!("add `Index(\"ix_{table}_{by}_{name}\", func.{by}({model}.{name}))`: it holds what is compared")
    }

    fn class_name(&self, class: ClassRef) -> &'p str {
        let facts = &self.types.project().file(class.file).facts;
        &facts.names[facts.class(class.class).name]
    }

    /// The column of the model that a value is.
    fn plain_column<'m>(&self, of: Of<'m>, value: ValueId) -> Option<&'m str> {
        let Value::Member(object, name) = *self.facts.value(value) else { return None };
        let is_own = matches!(self.types.of(self.file, object), Ty::Class(class) if class == of.class);
        of.model.column(&self.facts.names[name]).filter(|_| is_own)
    }

    /// Whether a value is an attribute of a class: a column, as a rule.
    fn is_of_model(&self, value: ValueId) -> bool {
        match *self.facts.value(value) {
            Value::Member(object, name) => match self.types.of(self.file, object) {
                Ty::Class(class) => self
                    .model_of(&Owner::Class(class))
                    .is_some_and(|model| model.column(&self.facts.names[name]).is_some()),
                _ => false,
            },
            Value::Call(call) => {
                self.receiver(call).is_some_and(|receiver| self.is_of_model(receiver))
                    || self.facts.call(call).args.iter().any(|arg| match *self.facts.value(arg.value) {
                        Value::Member(..) => self.is_of_model(arg.value),
                        _ => false,
                    })
                    || matches!(
                        self.called(call),
                        "subquery" | "scalar_subquery" | "select" | "as_scalar" | "correlate"
                    )
            }
            _ => false,
        }
    }

    /// What an equality with a value asks.
    fn compared(&self, value: ValueId) -> (Asked, With) {
        let asked = if *self.facts.value(value) == Value::Null { Asked::Null } else { Asked::Equal };
        (asked, self.with(value))
    }

    /// What the rows are sorted by, if only the first ones are wanted.
    fn column_order(
        &self,
        chain: &[CallId],
        class: ClassRef,
        model: &Model,
        cut: Option<&Use>,
        is_statement: bool,
        lowering: &mut Lowering<'_>,
    ) {
        let limit = chain.iter().find(|&&call| self.called(call) == "limit");
        let rows = match (limit, cut) {
            (Some(&limit), _) => match self.facts.call(limit).args.first().map(|arg| self.facts.value(arg.value)) {
                Some(Value::Int(rows)) => Some(*rows),
                Some(Value::Null) | None => return,
                _ => None,
            },
            (None, Some(cut)) => match self.rows_of(cut) {
                Some(rows) => rows,
                None => return,
            },
            (None, None) if !is_statement && self.called(chain[0]) == "first" => Some(1),
            _ => return,
        };
        if chain.iter().any(|&call| matches!(self.called(call), "count" | "distinct" | "values")) {
            return;
        }
        let mut sorts = chain.iter().copied().filter(|&call| self.called(call) == "order_by");
        let (Some(order), None) = (sorts.next(), sorts.next()) else { return };
        let args = &self.facts.call(order).args;
        let of = Of { class, model, span: self.facts.call(order).name_span };
        if !args.iter().all(|arg| self.is_sort_key(of, arg.value, 0)) {
            return;
        }
        let keys: Vec<SortKey> = sort::of_call(self, order, Orm::SqlAlchemy);
        if keys.len() == args.len() {
            let span = self.one_line(of.span);
            self.first_rows(lowering, Some(model), &keys, rows, span);
            let nulls = args.first().and_then(|arg| sort::nulls_first(self, arg.value));
            lowering.nulls_first(nulls, |first| {
                let word = if first { "nulls_first" } else { "nulls_last" };
                format!("leave `{word}()` out: there are no nulls")
            });
        }
    }

    /// `User.created`, `User.created.desc()`, `desc(User.created)`
    pub(super) fn is_sort_key(&self, of: Of<'_>, value: ValueId, depth: u8) -> bool {
        match *self.facts.value(value) {
            Value::Member(..) => self.plain_column(of, value).is_some(),
            // peewee's `-User.created`
            Value::Operation(Operation::Other, inner, UNKNOWN) => self.is_sort_key(of, inner, depth + 1),
            Value::Call(call)
                if depth < 3
                    && matches!(
                        self.called(call),
                        "asc" | "desc" | "nulls_first" | "nulls_last" | "nullsfirst" | "nullslast"
                    ) =>
            {
                let inner = self.facts.call(call).args.first().map(|arg| arg.value).or_else(|| self.receiver(call));
                inner.is_some_and(|inner| self.is_sort_key(of, inner, depth + 1))
            }
            _ => false,
        }
    }
}

/// What a condition is about.
#[derive(Clone, Copy)]
pub(super) struct Of<'m> {
    pub(super) class: ClassRef,
    pub(super) model: &'m Model,
    pub(super) span: Span,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(STEPS.is_sorted());
        assert!(EXECUTORS.is_sorted());
    }
}
