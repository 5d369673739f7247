//! Pages of queries that stand in no order: `Book.objects.filter(…)[a:b]`, `Paginator(Book.objects.all(), 20)`,
//! `select(Book).offset(n).limit(m)`, `skip` and `take`.
//!
//! Only where all of the query is in sight, from its model or table on: no step sorts, the model has no order of its own,
//! and no step is of the project's own. Django and Prisma sort some queries themselves: Prisma all pages, by their key.

use super::collect::Collector;
use super::evidence::{Evidence, of_function, of_receiver};
use super::queries::is_plain_manager;
use super::{Amount, Orm, values};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::querysets::Step;
use crate::project::schema::{Model, Owner};
use crate::project::{ClassMember, ClassRef, Ty};
use crate::source::Span;
use crate::sql::Dialect;
use crate::sql::query::TableName;

/// A page of rows in no order.
#[derive(Clone, Debug)]
pub struct UnorderedPage {
    /// Whose it is.
    pub orm: Orm,
    /// What skips, or what pages; on one line.
    pub span: Span,
    /// What stands for its table: a class, or the table's own name.
    pub name: Box<str>,
    /// How sure it is that this is a page of a database query.
    pub confidence: Confidence,
}

impl UnorderedPage {
    /// How the library asks for an order.
    pub fn help(&self) -> String {
        let name = &self.name;
        let order = match self.orm {
            Orm::Django | Orm::Tortoise => {
                return "sort by columns that no two rows share: `.order_by(…, \"pk\")`, or give the model `Meta.ordering`"
                    .to_owned();
            }
            Orm::SqlAlchemy | Orm::Peewee | Orm::Pony => format!(".order_by(…, {name}.id)"),
            Orm::Sequelize => "order: [[\"id\", \"ASC\"]]".to_owned(),
            Orm::TypeOrm => "order: { id: \"ASC\" }".to_owned(),
            Orm::MikroOrm => "orderBy: { id: \"asc\" }".to_owned(),
            Orm::Drizzle | Orm::Prisma => format!(".orderBy({name}.id)"),
            Orm::Knex | Orm::Objection | Orm::Bookshelf | Orm::Kysely => ".orderBy(\"id\")".to_owned(),
        };
        format!("sort by columns that no two rows share, as the primary key, last: `{order}`")
    }
}

/// Steps of SQLAlchemy's and peewee's queries that neither sort nor group; sorted.
const COLUMN_STEPS: [&str; 31] = [
    "all",
    "enable_eagerloads",
    "execution_options",
    "filter",
    "filter_by",
    "first",
    "having",
    "iterator",
    "join",
    "limit",
    "namedtuples",
    "objects",
    "offset",
    "one",
    "options",
    "outerjoin",
    "paginate",
    "params",
    "populate_existing",
    "query",
    "scalar",
    "scalars",
    "select",
    "select_from",
    "select_related",
    "slice",
    "switch",
    "tuples",
    "where",
    "with_entities",
    "yield_per",
];

/// Steps of builders in JavaScript that neither sort nor group, and run nothing of the project's own; sorted.
const BUILDER_STEPS: [&str; 43] = [
    "addSelect",
    "all",
    "andWhere",
    "as",
    "cache",
    "catch",
    "clone",
    "column",
    "columns",
    "createQueryBuilder",
    "execute",
    "finally",
    "from",
    "getMany",
    "getManyAndCount",
    "getRawMany",
    "innerJoin",
    "join",
    "leftJoin",
    "limit",
    "offset",
    "page",
    "query",
    "queryBuilder",
    "range",
    "rightJoin",
    "select",
    "selectAll",
    "selectFrom",
    "setParameter",
    "setParameters",
    "skip",
    "table",
    "take",
    "then",
    "timeout",
    "transacting",
    "where",
    "whereIn",
    "whereNot",
    "whereNotNull",
    "whereNull",
    "withDeleted",
];

/// What of TypeORM's runs a query that was built.
const TYPEORM_RUNS: [&str; 3] = ["getMany", "getManyAndCount", "getRawMany"];

impl<'p> Collector<'_, 'p> {
    /// A page that a call of a chain takes, if the chain stands in no order.
    pub(super) fn unordered_chain(&mut self, evidence: &Evidence<'_>, call: CallId, offset: ValueId, span: Span) {
        if !self.is_paged(offset, self.facts.call(call).in_loop) {
            return;
        }
        let chain = self.whole_chain(call);
        let name = match evidence.orm {
            Orm::SqlAlchemy | Orm::Peewee => self.unordered_columns(evidence.orm, &chain),
            Orm::Knex | Orm::Objection | Orm::Kysely | Orm::Drizzle | Orm::TypeOrm if self.is_straight(&chain) => {
                self.unordered_builder(evidence, &chain)
            }
            _ => None,
        };
        self.unordered(evidence.orm, name, span, evidence.confidence);
    }

    /// A page of a queryset that a slice takes.
    pub(super) fn unordered_slice(&mut self, queryset: ValueId, offset: ValueId, used: Use) {
        if self.is_paged(offset, used.in_loop) {
            let name = self.unordered_queryset(queryset);
            self.unordered(Orm::Django, name, used.span, Confidence::High);
        }
    }

    /// `Paginator(Book.objects.filter(…), 20)`
    pub(super) fn paginator(&mut self, call: CallId) {
        let at = self.facts.call(call);
        let is_django = of_function(self.types, self.file, at.callee) == Some(Orm::Django)
            && matches!(self.types.of(self.file, at.callee), Ty::Path(path) if path.starts_with("django.core.paginator."));
        let named = at.args.iter().find(|arg| arg.name.is_some_and(|name| &self.facts.names[name] == "object_list"));
        let given = at.args.first().filter(|arg| arg.name.is_none()).or(named);
        if let Some(rows) = given.filter(|_| is_django) {
            let name = self.unordered_queryset(rows.value);
            self.unordered(Orm::Django, name, rows.span, Confidence::High);
        }
    }

    /// Django's `ListView` with `paginate_by`, whose rows stand in no order.
    pub(super) fn paged_views(&mut self) {
        const OWN: [&str; 6] =
            ["get_ordering", "get_paginator", "get_queryset", "ordering", "paginate_queryset", "paginator_class"];
        if self.facts.names.find("paginate_by").is_none() {
            return;
        }
        for (id, class) in (0..).map(ClassId).zip(&self.facts.classes) {
            let own = |name: &str| {
                let mut attributes = class.attributes.iter().filter(|attribute| attribute.in_body);
                attributes.find(|attribute| &self.facts.names[attribute.name] == name)
            };
            let Some(size) = own("paginate_by") else { continue };
            let bases = class.bases.iter().map(|&base| self.types.of(self.file, base));
            let bases: Option<Vec<Box<str>>> = bases
                .map(|base| match base {
                    Ty::Path(path) if path.starts_with("django.") => Some(Box::from(&*path)),
                    _ => None,
                })
                .collect();
            let is_list = |path: &str| path.starts_with("django.views.generic.") && path.ends_with(".ListView");
            let of = ClassRef { file: self.file, class: id };
            if *self.facts.value(size.value) == Value::Null
                || !bases.is_some_and(|bases| bases.iter().any(|path| is_list(path)))
                || OWN.iter().any(|name| self.types.class_member(of, name).is_some())
            {
                continue;
            }
            let (queryset, model) = (own("queryset").map(|own| own.value), own("model").map(|own| own.value));
            let span = size.span;
            let name = match (queryset, model.map(|model| self.types.of(self.file, model))) {
                (Some(rows), _) => self.unordered_queryset(rows),
                (None, Some(Ty::Class(model))) if is_plain_manager(self.types, model, "objects") => {
                    self.unordered_model(&Owner::Class(model))
                }
                _ => None,
            };
            self.unordered(Orm::Django, name, span, Confidence::High);
        }
    }

    /// A page that the options of a find take, if they are all in sight and do not sort.
    pub(super) fn unordered_find(&mut self, evidence: &Evidence<'_>, call: CallId, offset: ValueId, span: Span) {
        let sorts: &[&str] = match evidence.orm {
            Orm::Sequelize => &["order", "group", "include"],
            // With what is joined, TypeORM sorts by the key itself.
            Orm::TypeOrm => &["order", "join", "relations", "relationLoadStrategy"],
            Orm::MikroOrm => &["groupBy", "orderBy", "populate"],
            _ => return,
        };
        if !self.is_paged(offset, self.facts.call(call).in_loop) {
            return;
        }
        let Some((owner, skip)) = self.object_owner(evidence.orm, evidence.model, call) else { return };
        let place = usize::from(evidence.orm == Orm::MikroOrm) + skip;
        let Some(options) = self.facts.call(call).args.get(place).map(|arg| arg.value) else { return };
        let Some(options) = self.written_options(call, options) else { return };
        let is_sorted = options.iter().any(|(name, _)| sorts.contains(name));
        let has_limit = options.iter().any(|(name, _)| matches!(*name, "limit" | "take"));
        // What is always joined is joined here, too.
        let is_joined = match owner {
            Owner::Class(class) => evidence.orm == Orm::TypeOrm && self.joins_always(class),
            _ => false,
        };
        if !is_sorted && has_limit && !is_joined {
            let name = self.unordered_model(&owner);
            self.unordered(evidence.orm, name, span, evidence.confidence);
        }
    }

    fn unordered(&mut self, orm: Orm, name: Option<Box<str>>, span: Span, confidence: Confidence) {
        let Some(name) = name else { return };
        let span = self.one_line(span);
        if !self.found.unordered.iter().any(|page| page.span == span) {
            self.found.unordered.push(UnorderedPage { orm, span, name, confidence });
        }
    }

    /// Whether a program goes from page to page: what is skipped comes from outside, or grows.
    fn is_paged(&self, offset: ValueId, at: Option<LoopId>) -> bool {
        let amount = values::amount(self.types, self.file, offset, at);
        !matches!(amount, Amount::Constant(_)) && !values::is_drawn(self.facts, offset)
    }

    /// The model of a queryset that stands in no order, in whatever way it is made.
    fn unordered_queryset(&self, value: ValueId) -> Option<Box<str>> {
        let keeps = |call: CallId| match self.called(call) {
            // What sorts to find duplicates or groups leaves the rows in that order, as a rule.
            "distinct" | "order_by" | "reverse" | "values" => false,
            name => Step::named(name).is_some_and(|step| {
                matches!(step, Step::Columns | Step::Loads | Step::Locks | Step::Rows | Step::Values)
            }),
        };
        let is_first = |call: CallId| {
            let manager = self.receiver(call).map(|manager| self.facts.value(manager));
            matches!(manager, Some(Value::Member(..)))
        };
        let firsts = self.first_calls(value, &Links { keeps: &keeps, is_first: &is_first })?;
        let mut classes = firsts.into_iter().map(|first| {
            let class = self.manager_model(first).or_else(|| self.related_model(first))?;
            keeps(first).then_some(class)
        });
        let class = classes.next()??;
        if classes.all(|other| other == Some(class)) { self.unordered_model(&Owner::Class(class)) } else { None }
    }

    /// The model of the rows that one row is related to: `author.books.filter(…)`.
    fn related_model(&self, first: CallId) -> Option<ClassRef> {
        let evidence = of_receiver(self.types, self.file, self.receiver(first)?)?;
        let class =
            evidence.model.filter(|_| evidence.orm == Orm::Django && evidence.receiver.ends_with("RelatedManager"))?;
        is_plain_manager(self.types, class, "objects").then_some(class)
    }

    /// The calls that a query begins with, one for each way in which it is made; `None` if a step of one is not known.
    fn first_calls(&self, value: ValueId, links: &Links<'_>) -> Option<Vec<CallId>> {
        let mut open = vec![value];
        let mut firsts = Vec::new();
        for _ in 0..64 {
            match open.pop().map(|value| self.facts.value(value)) {
                None => return Some(firsts).filter(|firsts| !firsts.is_empty()),
                Some(&Value::Either(left, right)) => open.extend([left, right]),
                Some(&Value::Call(call)) if (links.is_first)(call) => firsts.push(call),
                Some(&Value::Call(call)) if (links.keeps)(call) => open.push(self.receiver(call)?),
                Some(_) => return None,
            }
        }
        None
    }

    /// The model of a query of SQLAlchemy's or peewee's that stands in no order.
    fn unordered_columns(&mut self, orm: Orm, chain: &[CallId]) -> Option<Box<str>> {
        let last = chain[0];
        let is_first = |call: CallId| match orm {
            Orm::Peewee => self.called(call) == "select",
            _ => self.column_root(call).is_some(),
        };
        let keeps = |call: CallId| COLUMN_STEPS.binary_search(&self.called(call)).is_ok();
        let links = Links { keeps: &keeps, is_first: &is_first };
        let firsts = if is_first(last) {
            vec![last]
        } else {
            self.first_calls(self.receiver(last).filter(|_| keeps(last))?, &links)?
        };
        let root = |first: CallId| match orm {
            Orm::Peewee => self.peewee_model(first).map(|class| (class, false)),
            _ => self.column_root(first),
        };
        let mut roots = firsts.into_iter().map(root);
        let (class, is_statement) = roots.next()??;
        if !roots.all(|other| other == Some((class, is_statement))) {
            return None;
        }
        // What is built for others may be sorted there.
        let is_run = if is_statement {
            self.given_away().contains(&last)
        } else {
            orm == Orm::Peewee
                || matches!(self.called(last), "all" | "paginate")
                || self.facts.call(last).result == ResultUse::Iterated
        };
        let sorts_itself =
            matches!(self.types.class_member(class, "__mapper_args__"), Some(ClassMember::Attribute(..)));
        if is_run && !sorts_itself { self.unordered_model(&Owner::Class(class)) } else { None }
    }

    /// The table or model of a builder's query that stands in no order.
    fn unordered_builder(&mut self, evidence: &Evidence<'_>, chain: &[CallId]) -> Option<Box<str>> {
        let is_followed = matches!(self.called(chain[0]), "catch" | "finally" | "then");
        let chain = &chain[usize::from(is_followed)..];
        // What makes the database may stand below the query.
        let begins = |&call: &CallId| matches!(self.called(call), "createQueryBuilder" | "select" | "selectFrom");
        let chain = match evidence.orm {
            Orm::Drizzle | Orm::Kysely | Orm::TypeOrm => &chain[..=chain.iter().rposition(begins)?],
            _ => chain,
        };
        let (&last, &first) = (chain.first()?, chain.last()?);
        let at = self.facts.call(last);
        let called = |name: &str| chain.iter().copied().find(|&call| self.called(call) == name);
        let steps = &chain[..chain.len() - 1];
        if !steps.iter().all(|&call| BUILDER_STEPS.binary_search(&self.called(call)).is_ok())
            || chain[1..].iter().any(|&call| self.facts.call(call).result == ResultUse::Bound)
        {
            return None;
        }
        let is_run = match evidence.orm {
            Orm::TypeOrm => TYPEORM_RUNS.contains(&self.called(last)),
            Orm::Kysely => self.called(last) == "execute",
            Orm::Drizzle => is_followed || at.awaited || at.result == ResultUse::Returned,
            _ => is_followed || at.awaited,
        };
        if !is_run {
            return None;
        }
        let literal = |call: CallId| self.facts.literal(self.facts.call(call).args.first()?.value);
        match evidence.orm {
            Orm::Knex if self.begins_builder(first) => {
                let table = called("from").map_or_else(|| literal(first), literal)?;
                self.unordered_table(table.split_whitespace().next()?)
            }
            Orm::Objection => self.unordered_table(self.table_of_model(first)?),
            Orm::Kysely => {
                let table = literal(called("selectFrom")?)?;
                self.unordered_table(table.split_whitespace().next()?)
            }
            Orm::Drizzle => {
                let table = self.facts.call(called("from")?).args.first()?.value;
                let owner = self.drizzle_table(table)?;
                self.unordered_model(&owner)?;
                Some(self.facts.own_name(table)?.into())
            }
            // With what is joined, TypeORM sorts by the key itself.
            Orm::TypeOrm => {
                let is_joined = chain.iter().any(|&call| self.called(call).to_lowercase().ends_with("join"));
                let is_own = self.called(first) == "createQueryBuilder" && !is_joined;
                self.unordered_model(&Owner::Class(evidence.model.filter(|_| is_own)?))
            }
            _ => None,
        }
    }

    /// The name of a model whose rows stand in no order unless one is asked for.
    fn unordered_model(&self, owner: &Owner) -> Option<Box<str>> {
        let model: &Model = self.model_of(owner).filter(|model| !model.may_be_sorted && !model.is_scoped)?;
        let of_class = |class: &ClassRef| {
            let facts = &self.types.project().file(class.file).facts;
            facts.names[facts.class(class.class).name].into()
        };
        let name = match owner {
            Owner::Class(class) => of_class(class),
            _ => model.table.clone(),
        };
        self.unordered_table(&model.table).map(|_| name)
    }

    /// The name of a table that may be PostgreSQL's: others read most tables in the order of their keys.
    fn unordered_table(&self, name: &str) -> Option<Box<str>> {
        let project = self.types.project();
        let definitions = project.schema().definitions(&TableName::plain(name));
        let may_be = definitions.iter().any(|table| project.databases_of(table).contains(&Dialect::PostgreSql));
        may_be.then(|| name.into())
    }
}

/// The steps of a query.
struct Links<'l> {
    /// Whether a step neither sorts nor groups.
    keeps: &'l dyn Fn(CallId) -> bool,
    /// Whether a query begins with a call.
    is_first: &'l dyn Fn(CallId) -> bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(COLUMN_STEPS.is_sorted());
        assert!(BUILDER_STEPS.is_sorted());
    }
}
