//! Rows that are fetched and then left out by a condition that the database can test:
//! `[order for order in Order.objects.all() if order.paid]`, `(await prisma.order.findMany()).filter(o => o.kind === kind)`.

use super::Orm;
use super::collect::Collector;
use super::evidence::{Evidence, of_call};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::flow::Dependence;
use crate::project::querysets::Step;
use crate::project::{ClassMember, ClassRef, Flow};
use crate::source::Span;

/// Rows of a query of which only some are kept.
#[derive(Clone, Debug)]
pub struct OrmSieve {
    /// Whose query it is.
    pub orm: Orm,
    /// Its last step.
    pub call: CallId,
    /// That step's name, on one line.
    pub span: Span,
    /// The model, if it is one of the project.
    pub model: Option<ClassRef>,
    /// The columns that decide, each once.
    pub columns: Vec<Box<str>>,
    /// How sure it is that this is a database query.
    pub confidence: Confidence,
    /// Whether the query has conditions of its own, which may leave few rows.
    pub is_narrow: bool,
}

/// Fields of Django's whose values compare in the database as in Python; sorted.
const PLAIN_FIELDS: [&str; 20] = [
    "AutoField",
    "BigAutoField",
    "BigIntegerField",
    "BooleanField",
    "CharField",
    "DateField",
    "DateTimeField",
    "DecimalField",
    "EmailField",
    "FloatField",
    "IntegerField",
    "NullBooleanField",
    "PositiveBigIntegerField",
    "PositiveIntegerField",
    "PositiveSmallIntegerField",
    "SlugField",
    "SmallIntegerField",
    "TextField",
    "URLField",
    "UUIDField",
];

/// The row that a condition is about, and the loop that tests it.
#[derive(Clone, Copy)]
struct Tested {
    id: LoopId,
    orm: Orm,
    model: Option<ClassRef>,
}

impl Collector<'_, '_> {
    /// Comprehensions of Python over all rows of a query, with a condition.
    pub(super) fn sieves(&mut self) {
        let facts = self.facts;
        for (id, found) in (0..).map(LoopId).zip(&facts.loops) {
            let Value::Call(query) = *facts.value(found.iterable) else { continue };
            if found.kind != LoopKind::Comprehension || facts.call(query).result != ResultUse::Iterated {
                continue;
            }
            let Some(condition) = self.condition_of(id) else { continue };
            let Some(evidence) = of_call(self.types, self.file, query) else { continue };
            let name = self.called(query);
            let is_query = match evidence.orm {
                Orm::Django => Step::named(name).is_some_and(Step::gives_queryset),
                Orm::SqlAlchemy => name == "all" && evidence.receiver == "sqlalchemy.orm.Query",
                _ => false,
            };
            let tested = Tested { id, orm: evidence.orm, model: evidence.model };
            let mut columns = Vec::new();
            if is_query
                && evidence.confidence == Confidence::High
                && evidence.model.is_some()
                && self.gives_all_rows(query)
                && self.is_said(condition, tested, &mut columns)
            {
                self.sieve(query, evidence, columns);
            }
        }
    }

    /// `(await find()).filter(row => …)` of JavaScript.
    pub(super) fn sieve_of_found(&mut self, filter: CallId) {
        let facts = self.facts;
        let call = facts.call(filter);
        let Value::Member(object, _) = *facts.value(call.callee) else { return };
        let Value::Call(query) = *facts.value(object) else { return };
        let found = facts.call(query);
        let ([arg], true) = (call.args.as_slice(), found.awaited) else { return };
        let Value::Function(function) = *facts.value(arg.value) else { return };
        let function = facts.function(function);
        let (Some(id), [condition]) = (function.runs_in, function.returns.as_slice()) else { return };
        // Bound to a name, they may be used again.
        if found.result == ResultUse::Bound {
            return;
        }
        let Some(evidence) = of_call(self.types, self.file, query) else { return };
        let is_query = match (evidence.orm, self.called(query)) {
            (Orm::Prisma, "findMany") => true,
            (Orm::TypeOrm, "find") => evidence.model.is_some(),
            _ => false,
        };
        let tested = Tested { id, orm: evidence.orm, model: evidence.model };
        let mut columns = Vec::new();
        if is_query && self.has_plain_options(query) && self.is_said(*condition, tested, &mut columns) {
            self.sieve(query, evidence, columns);
        }
    }

    fn sieve(&mut self, query: CallId, evidence: Evidence<'_>, mut columns: Vec<Box<str>>) {
        columns.sort_unstable();
        columns.dedup();
        let is_narrowed = |&step: &CallId| {
            matches!(self.called(step), "exclude" | "filter" | "filter_by" | "where" | "join")
                || self.called(step) != "all" && self.facts.call(step).args.iter().any(|arg| {
                    matches!(self.facts.value(arg.value), Value::Mapping(entries) if entries.iter().any(|&(key, _)| self.facts.literal(key) == Some("where")))
                })
        };
        self.found.sieves.push(OrmSieve {
            orm: evidence.orm,
            call: query,
            span: self.one_line(self.facts.call(query).name_span),
            model: evidence.model,
            columns,
            confidence: evidence.confidence,
            is_narrow: self.chain(query).iter().any(is_narrowed),
        });
    }

    /// Whether a query begins at a model, and its rows are whole ones, and all that there are.
    fn gives_all_rows(&self, query: CallId) -> bool {
        const OTHER: [&str; 12] = [
            "annotate",
            "distinct",
            "extra",
            "from_statement",
            "group_by",
            "limit",
            "offset",
            "raw",
            "slice",
            "values",
            "values_list",
            "with_entities",
        ];
        let chain = self.chain(query);
        !chain.iter().any(|&step| OTHER.contains(&self.called(step)))
            && chain.iter().any(|&step| self.is_manager_of_model(step) || self.called(step) == "query")
    }

    /// The first condition of a comprehension.
    fn condition_of(&self, id: LoopId) -> Option<ValueId> {
        let guards = &self.facts.guards;
        let own = guards.iter().filter(|guard| guard.in_loop == Some(id));
        let mut first = own.clone().filter(|guard| {
            let outer = guard.parent.map(|parent| guards[parent.index()].in_loop);
            guard.kind == GuardKind::Then && outer != Some(Some(id))
        });
        let condition = first.next()?.condition;
        // `a if row.paid else b` keeps all rows.
        let mut branches = own.clone().filter(|guard| guard.kind == GuardKind::Else);
        (!branches.any(|guard| guard.condition == condition)).then_some(condition)
    }

    /// Whether a condition can be said of columns.
    fn is_said(&self, condition: ValueId, tested: Tested, columns: &mut Vec<Box<str>>) -> bool {
        let flow = Flow::new(self.facts);
        let is_fixed = |value: ValueId| value != UNKNOWN && flow.dependence(value, tested.id) == Dependence::Invariant;
        match *self.facts.value(condition) {
            Value::Operation(Operation::Equal | Operation::NotEqual | Operation::Order, left, right) => {
                (self.is_column(left, tested, columns) && is_fixed(right))
                    || (is_fixed(left) && self.is_column(right, tested, columns))
            }
            Value::Operation(Operation::And, left, right) => {
                self.is_said(left, tested, columns) && self.is_said(right, tested, columns)
            }
            Value::Operation(Operation::Not, inner, _) => self.is_said(inner, tested, columns),
            // In JavaScript it may be a relation.
            Value::Member(..) => {
                matches!(tested.orm, Orm::Django | Orm::SqlAlchemy) && self.is_column(condition, tested, columns)
            }
            _ => false,
        }
    }

    /// Whether a value is a column of the row.
    fn is_column(&self, value: ValueId, tested: Tested, columns: &mut Vec<Box<str>>) -> bool {
        let facts = self.facts;
        let Value::Member(row, name) = *facts.value(value) else { return false };
        let is_row = matches!(*facts.value(row), Value::Element(_, id) if id == tested.id);
        let name = &facts.names[name];
        let known = is_row
            && match tested.model {
                None => tested.orm == Orm::Prisma && name != "length",
                Some(model) => self.is_column_of(model, tested.orm, name),
            };
        if known {
            columns.push(name.into());
        }
        known
    }

    fn is_column_of(&self, model: ClassRef, orm: Orm, name: &str) -> bool {
        let Some(ClassMember::Attribute(file, value, annotation)) = self.types.class_member(model, name) else {
            return orm == Orm::Django && matches!(name, "id" | "pk");
        };
        let facts = &self.types.project().file(file).facts;
        let Value::Call(call) = *facts.value(value) else { return orm == Orm::TypeOrm && annotation.is_some() };
        let called = Flow::new(facts).called_name(facts.call(call)).unwrap_or("");
        match orm {
            Orm::Django => PLAIN_FIELDS.binary_search(&called).is_ok(),
            Orm::SqlAlchemy => matches!(called, "Column" | "mapped_column"),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_sorted() {
        assert!(PLAIN_FIELDS.is_sorted());
    }
}
