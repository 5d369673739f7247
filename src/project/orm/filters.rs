//! Queries whose conditions are all in sight: what `unindexed-filter` asks the schema about.
//!
//! Only queries of one model count that start at its manager, go through methods that leave no rows out, and are run
//! where they are written: a condition that is added elsewhere may find the rows.

use rustc_hash::{FxHashMap, FxHashSet};

use super::collect::Collector;
use super::evidence::of_receiver;
use super::{Draft, Orm, OrmPredicate, PredicateOp};
use crate::facts::*;
use crate::findings::{Confidence, IndexChange, IndexNeed, Role, Severity};
use crate::project::querysets::Step;
use crate::project::schema::{Known, Owner, Schema, Table, Test, served_alone};
use crate::project::{ClassMember, ClassRef, FileId, FunctionRef, Project, Ty, Types};
use crate::source::{Purpose, Span};
use crate::sql::query::TableName;

/// Functions that fetch rows of a model or a queryset by conditions.
const FUNCTIONS: [&str; 3] = ["aget_object_or_404", "get_list_or_404", "get_object_or_404"];

const WHY: &str = "without an index every row of the table is read: finding one row of a million took 6,577 times the work on PostgreSQL 15, \
                   and it grows with the table";

/// The conditions of one query of one table, all of which must hold.
#[derive(Clone, Debug)]
pub struct OrmFilter {
    /// Whose it is.
    pub orm: Orm,
    /// The model.
    pub model: ClassRef,
    /// The call that runs it.
    pub call: CallId,
    /// The conditions, in order of place.
    pub conditions: Vec<FilterCondition>,
}

/// One condition on a column of the model itself.
#[derive(Clone, Debug)]
pub struct FilterCondition {
    /// The model's attribute.
    pub field: Box<str>,
    /// What is asked; `None` for what is not compared in order.
    pub test: Option<Test>,
    /// Whether it is compared with what is the same in every run.
    pub is_constant: bool,
    /// Where.
    pub span: Span,
}

/// What is to be told of the filters of a file.
pub fn drafts(project: &Project, file: FileId) -> Vec<Draft> {
    let schema = project.schema();
    let mut drafts: Vec<Draft> =
        project.orm(file).filters.iter().filter_map(|filter| draft(project, schema, file, filter)).collect();
    drafts.sort_by_key(|draft| draft.span);
    drafts.dedup_by_key(|draft| draft.span);
    drafts
}

fn draft(project: &Project, schema: &Schema, file: FileId, filter: &OrmFilter) -> Option<Draft> {
    let model = schema.model(&Owner::Class(filter.model))?;
    let mut columns = Vec::with_capacity(filter.conditions.len());
    for condition in &filter.conditions {
        // A relation of another model, or a field that is not known, may find the rows.
        let (_, column) = model.columns.iter().find(|(field, _)| *field == condition.field)?;
        columns.push((condition, &**column));
    }
    let name = TableName::plain(&model.table);
    let wanted: Vec<&str> = columns.iter().map(|(_, column)| *column).collect();
    let tables = schema.meant(&name, &wanted);
    if tables.is_empty() || schema.stays_small(&name) || schema.is_lookup(class_name(project, filter.model), &tables) {
        return None;
    }
    let answer = |column: &str, test: Test| -> Vec<Known> {
        tables.iter().map(|table| served_alone(table, column, test).known()).collect()
    };
    let mut told: Vec<(&FilterCondition, &str)> = Vec::new();
    for &(condition, column) in &columns {
        let asked = condition.test.unwrap_or(Test::Equal);
        if answer(column, asked).iter().any(|&known| known != Known::No) {
            return None;
        }
        let has_few =
            tables.iter().filter_map(|table| table.column(column)).any(|column| schema.has_few_values(column));
        // What is compared with a constant is a kind or a state: one of a few.
        if condition.test == Some(Test::Equal) && !condition.is_constant && !has_few {
            told.push((condition, column));
        }
    }
    let &(first, column) = told.first()?;
    let shown = class_name(project, filter.model);
    let mut wanted: Vec<&str> = Vec::new();
    for (_, column) in &told {
        if !wanted.contains(column) && wanted.len() < 3 {
            wanted.push(column);
        }
    }
    let later = tables.iter().find_map(|table| first_of_index_with(table, column));
    let message = match later {
        Some(index) => format!(
            "`{shown}.{}` is filtered by, but the index that holds it begins with `{index}`: every row of `{}` is read",
            first.field, model.table
        ),
        None => format!("no index of `{}` begins with `{column}`: every row of the table is read", model.table),
    };
    Some(Draft {
        span: first.span,
        function: project.file(file).facts.call(filter.call).function,
        severity: Severity::Warning,
        confidence: Confidence::High,
        message,
        note: WHY.to_owned(),
        help: help(filter, &told),
        related: told[1..]
            .iter()
            .map(|(condition, _)| (condition.span, Role::Related, "and here".to_owned()))
            .collect(),
        index: Some(IndexChange::Add(IndexNeed {
            table: tables[0].full_name(),
            dialect: tables[0].dialect.name(),
            equal: wanted.into_iter().map(str::to_owned).collect(),
            then: Vec::new(),
        })),
    })
}

fn help(filter: &OrmFilter, told: &[(&FilterCondition, &str)]) -> String {
    let fields: Vec<String> = told.iter().take(3).map(|(condition, _)| format!("\"{}\"", condition.field)).collect();
    match (filter.orm, told) {
        (Orm::Django, [_]) => format!(
            "give the field `db_index=True`, or add `models.Index(fields=[{}])` to `Meta.indexes`; on PostgreSQL make it with \
             `AddIndexConcurrently`",
            fields.join(", ")
        ),
        (Orm::Django, _) => format!(
            "add `models.Index(fields=[{}])` to `Meta.indexes`; on PostgreSQL make it with `AddIndexConcurrently`",
            fields.join(", ")
        ),
        _ => format!("add an index on ({})", fields.join(", ").replace('"', "")),
    }
}

fn class_name(project: &Project, class: ClassRef) -> &str {
    let facts = &project.file(class.file).facts;
    &facts.names[facts.class(class.class).name]
}

/// The first column of an index that holds `column` behind it.
fn first_of_index_with<'t>(table: &'t Table, column: &str) -> Option<&'t str> {
    table.indexes.iter().find_map(|index| {
        let parts = &index.definition.parts;
        let holds = parts.iter().skip(1).any(|part| part.column() == Some(column));
        if holds { parts[0].column() } else { None }
    })
}

impl<'p> Collector<'_, 'p> {
    /// The queries of the file whose conditions are all in sight.
    pub(super) fn filters(&mut self) -> Vec<OrmFilter> {
        if self.types.project().file(self.file).purpose == Purpose::Migration {
            return Vec::new();
        }
        let mut by_call: FxHashMap<CallId, Vec<usize>> = FxHashMap::default();
        for (index, predicate) in self.found.predicates.iter().enumerate() {
            if predicate.orm == Orm::Django {
                by_call.entry(predicate.call).or_default().push(index);
            }
        }
        let mut calls: Vec<CallId> = by_call.keys().copied().collect();
        calls.sort();
        let mut seen: FxHashSet<CallId> = FxHashSet::default();
        let mut found = Vec::new();
        for call in calls {
            let chain = self.whole_chain(call);
            if !seen.insert(chain[0]) {
                continue;
            }
            found.extend(self.django_filter(&chain, &by_call));
        }
        found
    }

    /// One query: its chain of calls, the last first.
    fn django_filter(&self, chain: &[CallId], by_call: &FxHashMap<CallId, Vec<usize>>) -> Option<OrmFilter> {
        let (last, first) = (chain[0], *chain.last()?);
        if !self.is_run(last) {
            return None;
        }
        let model = self.manager_model(first)?;
        let mut conditions = Vec::new();
        for (index, &call) in chain.iter().enumerate() {
            let next = chain.get(index + 1);
            if !self.keeps_all(call) || next.is_some_and(|&next| !self.is_made_on(call, next)) {
                return None;
            }
            if self.called(call) == "exclude" {
                continue;
            }
            let own: &[usize] = by_call.get(&call).map_or(&[], Vec::as_slice);
            if filters(self.called(call)) && !self.is_understood(call) {
                return None;
            }
            for &index in own {
                let predicate = &self.found.predicates[index];
                if predicate.group.is_some() || predicate.model != Some(model) {
                    return None;
                }
                if !predicate.negated {
                    conditions.push(condition(predicate));
                }
            }
        }
        (!conditions.is_empty()).then_some(OrmFilter { orm: Orm::Django, model, call: last, conditions })
    }

    /// Whether the rows are fetched right where the chain ends.
    fn is_run(&self, last: CallId) -> bool {
        let name = self.called(last);
        FUNCTIONS.contains(&name)
            || Step::named(name).is_some_and(Step::runs)
            || matches!(self.facts.call(last).result, ResultUse::Iterated | ResultUse::Tested)
    }

    /// Whether a method of a queryset leaves no rows out that are not seen: anything but a method of the project.
    fn keeps_all(&self, call: CallId) -> bool {
        let name = self.called(call);
        FUNCTIONS.contains(&name) || Step::named(name).is_some_and(Step::tells_its_conditions)
    }

    /// Whether a call is made on the result of another one directly, not on one of several.
    fn is_made_on(&self, call: CallId, inner: CallId) -> bool {
        let mut receiver = self.receiver(call);
        while let Some(value) = receiver {
            receiver = match self.facts.value(value) {
                Value::Call(own) => return *own == inner,
                Value::Slice(before, ..) => Some(*before),
                _ => return false,
            };
        }
        false
    }

    /// Whether each argument of a filter is a condition that was read.
    fn is_understood(&self, call: CallId) -> bool {
        let name = self.called(call);
        self.facts.call(call).args.iter().enumerate().all(|(index, arg)| match arg.name {
            Some(_) => true,
            // `get_object_or_404(Model, …)`
            None if index == 0 && name.contains("_or_404") => true,
            None => false,
        })
    }

    /// The model whose plain manager a chain starts at: `Book.objects.filter(…)`.
    fn manager_model(&self, first: CallId) -> Option<ClassRef> {
        let call = self.facts.call(first);
        if self.called(first).contains("_or_404") {
            return match self.types.of(self.file, call.args.first()?.value) {
                Ty::Class(class) => Some(class),
                _ => None,
            };
        }
        let Value::Member(manager, _) = self.facts.value(call.callee) else { return None };
        let Value::Member(object, name) = self.facts.value(*manager) else { return None };
        let Ty::Class(model) = self.types.of(self.file, *object) else { return None };
        let name = &self.facts.names[*name];
        let evidence = of_receiver(self.types, self.file, *manager)?;
        (evidence.orm == Orm::Django && is_plain_manager(self.types, model, name)).then_some(model)
    }
}

/// Whether a manager gives all rows: it is Django's own, or one of the project that does not narrow them.
fn is_plain_manager(types: &Types<'_>, model: ClassRef, name: &str) -> bool {
    let (file, value) = match types.class_member(model, name) {
        None => {
            return matches!(name, "objects" | "_default_manager" | "_base_manager") && !types.has_unknown_base(model);
        }
        Some(ClassMember::Attribute(file, value, _)) => (file, value),
        Some(ClassMember::Method(_)) => return false,
    };
    match types.of(file, value) {
        Ty::Api(ty, _) => types.project().catalog.type_(ty).name.starts_with("django."),
        Ty::Instance(class, _) | Ty::Class(class) => {
            !types.has_unknown_base(class)
                && !matches!(types.class_member(class, "get_queryset"), Some(ClassMember::Method(FunctionRef { .. })))
        }
        _ => false,
    }
}

/// Whether a method of this name takes conditions.
fn filters(name: &str) -> bool {
    matches!(name, "filter" | "get" | "aget" | "complex_filter") || name.contains("_or_404")
}

fn condition(predicate: &OrmPredicate) -> FilterCondition {
    let test = match predicate.op {
        PredicateOp::Equal | PredicateOp::In => Some(Test::Equal),
        PredicateOp::Range => Some(Test::Range),
        PredicateOp::Prefix => Some(Test::Prefix),
        PredicateOp::IsNull => Some(Test::Null),
        _ => None,
    };
    FilterCondition {
        field: predicate.column.as_str().into(),
        test,
        is_constant: predicate.is_constant,
        span: predicate.span,
    }
}
