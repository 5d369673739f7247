//! Django: `Book.objects.filter(author__name=name).order_by("-created")[:10]`.

use super::lowering::{Made, OrWords};
use super::{Asked, Found, Lowering, OrmQuery, With};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::orm::collect::Collector;
use crate::project::orm::django::split_lookup;
use crate::project::orm::evidence::{of_function, of_receiver};
use crate::project::orm::{Orm, PredicateOp, SortKey, sort};
use crate::project::querysets::Step;
use crate::project::relations::{self, Relation};
use crate::project::schema::{Column, Model, Owner};
use crate::project::{ClassMember, ClassRef, FunctionRef, Ty, Types};
use crate::source::Span;
use crate::sql::query::{Role, TableName};

/// Functions that fetch rows of a model or a queryset by conditions.
const FUNCTIONS: [&str; 3] = ["aget_object_or_404", "get_list_or_404", "get_object_or_404"];

/// How deep conditions are followed.
const MAX_DEPTH: u8 = 20;

const OR: OrWords = OrWords {
    closed: "let the first column begin the page by itself, and keep the rest: `.filter(a__gte=x).filter(Q(a__gt=x) | Q(b__gt=y))` means \
             the same and begins in the index",
    apart: "make it two querysets, each with one side: `first.union(second)`, or `.filter(pk__in=…)` of the keys of both",
};

/// Whether a call of this name may be a part of a query.
pub(super) fn asks(name: &str) -> bool {
    FUNCTIONS.contains(&name)
        || filters(name)
        || takes_first(name)
        || matches!(name, "adelete" | "aupdate" | "delete" | "distinct" | "exclude" | "order_by" | "update")
}

/// Whether a method of this name takes conditions.
fn filters(name: &str) -> bool {
    matches!(name, "filter" | "get" | "aget" | "complex_filter") || name.contains("_or_404")
}

/// Whether a method gives the first row of an order, or the last.
fn takes_first(name: &str) -> bool {
    matches!(name, "afirst" | "aearliest" | "alast" | "alatest" | "earliest" | "first" | "last" | "latest")
}

impl<'p> Collector<'_, 'p> {
    /// One query: its chain of calls, the last first.
    pub(super) fn django_query(&self, chain: &[CallId], cuts: &Found<'p>) -> Option<OrmQuery> {
        let (last, first) = (chain[0], *chain.last()?);
        let gives_queryset = |call: &&CallId| Step::named(self.called(**call)).is_some_and(Step::gives_queryset);
        let cut = chain.iter().filter(gives_queryset).find_map(|call| self.cut_of(*call, cuts));
        if cut.is_none() && !self.is_run(last) {
            return None;
        }
        let class = self.manager_model(first)?;
        let owner = Owner::Class(class);
        let model = self.model_of(&owner)?;
        if !chain.iter().all(|&call| self.keeps_all(call)) {
            return None;
        }
        let role = match self.called(last) {
            _ if chain.iter().any(|&call| self.looks_outside(call)) => Role::Apart,
            "delete" | "adelete" => Role::Delete,
            "update" | "aupdate" => Role::Update,
            _ => Role::Root,
        };
        let place = self.one_line(self.facts.call(last).name_span);
        let mut lowering = Lowering::of(self.schema(), &model.table, role, place)?;
        for &call in chain.iter().rev() {
            let name = self.called(call);
            if filters(name) || name == "exclude" {
                let start = usize::from(name.contains("_or_404"));
                for arg in &self.facts.call(call).args[start..] {
                    let asked =
                        Condition { class, span: arg.span, is_negated: name == "exclude", is_alternative: false };
                    match arg.name {
                        Some(key) => self.lookup_of(asked, &self.facts.names[key], arg.value, &mut lowering)?,
                        None => self.condition_of_q(asked, arg.value, &mut lowering, 0)?,
                    }
                }
            }
        }
        if role == Role::Root {
            self.django_order(chain, model, cut, &mut lowering);
            self.django_distinct(chain, model, &mut lowering);
        }
        if chain.iter().any(|&call| self.called(call) == "select_for_update") {
            lowering.locks();
        }
        self.query(Orm::Django, Some(owner), last, Confidence::High, lowering)
    }

    /// Whether conditions compare with the row of a query around: `filter(book=OuterRef("pk"))`.
    fn looks_outside(&self, call: CallId) -> bool {
        self.facts.call(call).args.iter().any(|arg| match *self.facts.value(arg.value) {
            Value::Call(made) if self.called(made) == "OuterRef" => {
                of_function(self.types, self.file, self.facts.call(made).callee) == Some(Orm::Django)
            }
            _ => false,
        })
    }

    /// What the rows are sorted by, if only the first ones are wanted.
    fn django_order(&self, chain: &[CallId], model: &Model, cut: Option<&Use>, lowering: &mut Lowering<'_>) {
        // Groups, and rows that are made of several.
        const OTHER: [&str; 9] =
            ["aggregate", "annotate", "dates", "datetimes", "distinct", "exists", "aexists", "values", "count"];
        let last = chain[0];
        let name = self.called(last);
        let rows = match cut {
            Some(cut) => self.rows_of(cut),
            None => takes_first(name).then_some(Some(1)),
        };
        let Some(rows) = rows else { return };
        if chain.iter().any(|&call| OTHER.contains(&self.called(call))) {
            return;
        }
        let own = chain.iter().copied().find(|&call| self.called(call) == "order_by");
        let named = matches!(name, "latest" | "alatest" | "earliest" | "aearliest")
            && self.facts.call(last).args.iter().any(|arg| arg.name.is_none());
        let (mut keys, place) = if named {
            let keys: Option<Vec<SortKey>> =
                self.facts.call(last).args.iter().map(|arg| written_key(self.facts.literal(arg.value)?)).collect();
            (keys.unwrap_or_default(), last)
        } else if let Some(own) = own {
            let keys = sort::of_call(self, own, Orm::Django);
            // `pk` is the key, whatever its name.
            let keys: Vec<SortKey> = keys.into_iter().map(|key| self.with_key(model, key)).collect();
            // Each of them must have been read.
            if keys.len() != self.facts.call(own).args.len() {
                return;
            }
            (keys, own)
        } else {
            // The first of all there are, in whatever order, is the only one.
            let is_any = matches!(name, "first" | "afirst") || cut.is_some_and(|cut| cut.kind == UseKind::Index);
            if is_any && !lowering.has_conditions() {
                return;
            }
            let key =
                |(field, descending): &(Box<str>, bool)| SortKey { column: field.to_string(), descending: *descending };
            (model.ordering.iter().map(key).collect(), last)
        };
        if name.contains("lat") && named || name.ends_with("last") {
            keys.iter_mut().for_each(|key| key.descending = !key.descending);
        }
        // By rows: what is sorted by a relation is sorted by what its model is.
        if keys.iter().any(|key| self.is_relation(model, &key.column)) {
            return;
        }
        let span = self.one_line(self.facts.call(place).name_span);
        self.first_rows(lowering, Some(model), &keys, rows, span);
        let nulls = own.and_then(|own| sort::nulls_first(self, self.facts.call(own).args.first()?.value));
        lowering.nulls_first(nulls, |first| {
            let word = if first { "nulls_first" } else { "nulls_last" };
            format!("leave `{word}=True` out: there are no nulls")
        });
    }

    /// An order by `pk`, by the name of the key.
    fn with_key(&self, model: &Model, key: SortKey) -> SortKey {
        let own = self.schema().primary_key(&TableName::plain(&model.table));
        match own.as_deref() {
            Some([only]) if key.column == "pk" => {
                SortKey { column: model.attribute(only).unwrap_or(only).to_owned(), ..key }
            }
            _ => key,
        }
    }

    /// Whether duplicates are left out of rows of the model, of which a queryset that joins nothing to many has none.
    fn django_distinct(&self, chain: &[CallId], model: &Model, lowering: &mut Lowering<'_>) {
        let last = self.called(chain[0]);
        let named = |name: &str| chain.iter().copied().find(|&call| self.called(call) == name);
        let Some(distinct) = named("distinct").filter(|&call| self.facts.call(call).args.is_empty()) else { return };
        // One row is found by its key, and whether there is one is asked without looking for others.
        let is_whole = Step::named(last).is_some_and(|step| {
            matches!(step, Step::Iterates) || step.gives_queryset() || matches!(last, "acount" | "count")
        });
        let is_other = |&call: &CallId| {
            matches!(
                self.called(call),
                "aggregate" | "alias" | "annotate" | "dates" | "datetimes" | "values" | "values_list"
            )
        };
        // What is sorted by may lie behind a relation to many.
        let is_own = |name: &str| {
            let name = name.trim_start_matches('-');
            !name.contains("__") && (name == "pk" || model.column(name).is_some())
        };
        let sorts = chain.iter().filter(|&&call| self.called(call) == "order_by");
        let mut keys = sorts.flat_map(|&call| &self.facts.call(call).args);
        let is_sorted_by_own = keys.all(|arg| self.facts.literal(arg.value).is_some_and(is_own))
            && model.ordering.iter().all(|(field, _)| is_own(field));
        if is_whole && is_sorted_by_own && !chain.iter().any(is_other) {
            let span = self.one_line(self.facts.call(distinct).name_span);
            lowering.distinct(span, "leave `.distinct()` out: nothing that this queryset joins repeats its rows");
        }
    }

    /// Whether an attribute is a relation, and not the column of one.
    fn is_relation(&self, model: &Model, name: &str) -> bool {
        let Owner::Class(class) = model.owner else { return false };
        matches!(self.types.class_member(class, name), Some(ClassMember::Attribute(file, value, _))
            if relations::field(self.types, self.types.relations(), file, value).is_some())
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

    /// The model whose plain manager a chain starts at: `Book.objects.filter(…)`.
    pub(in crate::project::orm) fn manager_model(&self, first: CallId) -> Option<ClassRef> {
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

    /// Conditions that are combined with `&`: `Q(a=1) & ~Q(b=2)`; `None` for anything else.
    fn condition_of_q(&self, asked: Condition, value: ValueId, lowering: &mut Lowering<'_>, depth: u8) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match *self.facts.value(value) {
            Value::Operation(Operation::BitAnd, left, right) => {
                self.condition_of_q(asked, left, lowering, depth + 1)?;
                self.condition_of_q(asked, right, lowering, depth + 1)
            }
            // None of them may hold.
            Value::Operation(Operation::BitOr, left, right) if asked.is_negated => {
                self.condition_of_q(asked, left, lowering, depth + 1)?;
                self.condition_of_q(asked, right, lowering, depth + 1)
            }
            Value::Operation(Operation::BitOr, ..) => {
                let asked = Condition { is_alternative: true, ..asked };
                let mark = lowering.mark();
                self.alternatives_of_q(asked, value, lowering, depth + 1)?;
                lowering.any_of(mark, self.one_line(asked.span), OR);
                Some(())
            }
            Value::Operation(Operation::Other | Operation::Not, inner, UNKNOWN) => {
                self.condition_of_q(Condition { is_negated: true, ..asked }, inner, lowering, depth + 1)
            }
            Value::Call(call) if self.called(call) == "Q" => {
                let at = self.facts.call(call);
                if of_function(self.types, self.file, at.callee) != Some(Orm::Django) {
                    return None;
                }
                for arg in &at.args {
                    let key = &self.facts.names[arg.name?];
                    if key.starts_with('_') {
                        return None;
                    }
                    self.lookup_of(Condition { span: arg.span, ..asked }, key, arg.value, lowering)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    /// The sides of `Q(a=1) | Q(b=2)`, each as one condition.
    fn alternatives_of_q(
        &self,
        asked: Condition,
        value: ValueId,
        lowering: &mut Lowering<'_>,
        depth: u8,
    ) -> Option<()> {
        if let Value::Operation(Operation::BitOr, left, right) = *self.facts.value(value)
            && depth < MAX_DEPTH
        {
            self.alternatives_of_q(asked, left, lowering, depth + 1)?;
            return self.alternatives_of_q(asked, right, lowering, depth + 1);
        }
        let mark = lowering.mark();
        self.condition_of_q(asked, value, lowering, depth + 1)?;
        lowering.all_of(mark, self.one_line(asked.span))
    }

    /// `author__name__startswith=text`: a condition on a column of the model, or of one that it points to.
    fn lookup_of(&self, asked: Condition, key: &str, value: ValueId, lowering: &mut Lowering<'_>) -> Option<()> {
        let span = self.one_line(asked.span);
        let (path, op) = split_lookup(key);
        let mut class = asked.class;
        let mut source = 0;
        let mut names = path.split("__").peekable();
        while let Some(name) = names.next() {
            let model = self.model_of(&Owner::Class(class))?;
            let Some(next) = names.peek() else {
                let column = model.column(name)?;
                if !asked.is_negated
                    && let Some((by, instead)) = self.made_by(op, path, name, model)
                {
                    let made = Made { by, asked: Asked::Equal, span };
                    return lowering.condition_on(source, column, made, self.with(value), instead);
                }
                let (test, with) = self.asked_by(op, value)?;
                let test = if asked.is_negated { Asked::Not } else { test };
                return lowering.condition(source, column, test, with, span);
            };
            let column = model.column(name)?;
            if self.is_document(model, column) {
                let path: Vec<&str> = names.collect();
                return self.inside_document(asked, (source, column), &path, op, value, lowering);
            }
            // The key of a row that is pointed to stands in the row that points.
            if matches!(*next, "pk" | "id") {
                names.next();
                if names.peek().is_some() {
                    return None;
                }
                let (test, with) = self.asked_by(op, value)?;
                let test = if asked.is_negated { Asked::Not } else { test };
                return lowering.condition(source, column, test, with, span);
            }
            // What is joined for a negation is asked otherwise, and so is what may not be there for one side of an `OR`.
            if asked.is_negated || asked.is_alternative && !self.is_never_null(model, column) {
                return None;
            }
            let Some(ClassMember::Attribute(file, declared, _)) = self.types.class_member(class, name) else {
                return None;
            };
            let Some(Relation::One(target)) = relations::field(self.types, self.types.relations(), file, declared)
            else {
                return None;
            };
            let other = self.model_of(&Owner::Class(target))?;
            let key = self.schema().primary_key(&TableName::plain(&other.table))?;
            let [key] = *key.as_slice() else { return None };
            source = lowering.join(source, column, &other.table, key, span)?;
            class = target;
        }
        None
    }

    /// `data__key=value`
    fn inside_document(
        &self,
        asked: Condition,
        (source, column): (u16, &str),
        path: &[&str],
        op: PredicateOp,
        value: ValueId,
        lowering: &mut Lowering<'_>,
    ) -> Option<()> {
        const LOOKUPS: [&str; 5] = ["contained_by", "has_any_keys", "has_key", "has_keys", "len"];
        let is_key = path.last().is_some_and(|last| !LOOKUPS.contains(last));
        if asked.is_negated || !is_key || op != PredicateOp::Equal || *self.facts.value(value) == Value::Null {
            return None;
        }
        let key = path.join("__");
        let instead = format!(
            "keep `{key}` in a field of its own with an index, or add `GinIndex(fields=[\"{column}\"], name=\"…\")` to `Meta.indexes` and \
             filter with `{column}__contains={{\"{}\": …}}`",
            path.join("\": {\"")
        );
        lowering.condition_in(source, column, path, self.with(value), (self.one_line(asked.span), instead))
    }

    /// Whether a column holds documents.
    fn is_document(&self, model: &Model, column: &str) -> bool {
        self.of_all(model, column, |column| column.type_name.to_lowercase().starts_with("json"))
    }

    /// Whether a column has a value in each row.
    fn is_never_null(&self, model: &Model, column: &str) -> bool {
        self.of_all(model, column, |column| column.knows_null && column.not_null)
    }

    fn of_all(&self, model: &Model, name: &str, is: impl Fn(&Column) -> bool) -> bool {
        let definitions = self.schema().definitions(&TableName::plain(&model.table));
        !definitions.is_empty() && definitions.iter().all(|table| table.column(name).is_some_and(&is))
    }

    /// The function that a lookup puts around its column, and what to ask in its place.
    fn made_by(&self, op: PredicateOp, path: &str, name: &str, model: &Model) -> Option<(&'static str, String)> {
        Some(match op {
            // MySQL compares without regard to case anyway.
            PredicateOp::IEqual if self.is_of_postgresql(&model.table) => (
                "upper",
                format!(
                    "keep it in one case and compare it as it is, or add `models.Index(Upper(\"{name}\"), name=\"…\")` to \
                     `Meta.indexes`: `iexact` compares `UPPER({name})`"
                ),
            ),
            PredicateOp::DayIs => (
                "date",
                format!("ask for a range: `{path}__gte=(its first moment), {path}__lt=(that of the day after)`"),
            ),
            _ => return None,
        })
    }

    fn asked_by(&self, op: PredicateOp, value: ValueId) -> Option<(Asked, With)> {
        let asked = match (op, self.facts.value(value)) {
            (PredicateOp::Equal, Value::Null) => Asked::Null,
            (PredicateOp::Equal, _) => Asked::Equal,
            (PredicateOp::In, _) => Asked::In,
            (PredicateOp::Range, _) => Asked::Range,
            (PredicateOp::Prefix, _) => Asked::Prefix,
            (PredicateOp::IsNull, Value::Bool(true)) => Asked::Null,
            (PredicateOp::IsNull, Value::Bool(false)) => Asked::NotNull,
            (PredicateOp::IsNull, _) => return None,
            (PredicateOp::NotEqual, _) => Asked::Not,
            _ => Asked::Other,
        };
        Some((asked, self.with(value)))
    }
}

/// A condition of a queryset.
#[derive(Clone, Copy)]
struct Condition {
    /// The model whose rows are asked for.
    class: ClassRef,
    /// Where it is written.
    span: Span,
    /// Whether it must not hold.
    is_negated: bool,
    /// Whether another one may hold in its place.
    is_alternative: bool,
}

/// `-created`
fn written_key(text: &str) -> Option<SortKey> {
    let column = text.trim_start_matches('-');
    (column != "?").then(|| SortKey { column: column.to_owned(), descending: text.starts_with('-') })
}

/// Whether a manager gives all rows: it is Django's own, or one of the project that does not narrow them.
pub(in crate::project::orm) fn is_plain_manager(types: &Types<'_>, model: ClassRef, name: &str) -> bool {
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
