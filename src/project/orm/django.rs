//! Predicates written as keyword lookups: `filter(author__name__icontains=q)`, `Q(title__startswith=q)`.
//! Django's ORM; Tortoise and peewee's `filter` write them the same way.

use rustc_hash::FxHashSet;

use super::collect::{Collector, Place};
use super::evidence::{Evidence, of_function, project_uses};
use super::{Orm, PredicateOp};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::relations::{self, Relation};
use crate::project::{ClassMember, ClassRef, Ty, Types};

/// The lookups and what they ask.
const LOOKUPS: [(&str, PredicateOp); 27] = [
    ("exact", PredicateOp::Equal),
    ("eq", PredicateOp::Equal),
    ("in", PredicateOp::In),
    ("gt", PredicateOp::Range),
    ("gte", PredicateOp::Range),
    ("lt", PredicateOp::Range),
    ("lte", PredicateOp::Range),
    ("range", PredicateOp::Range),
    ("isnull", PredicateOp::IsNull),
    ("not_isnull", PredicateOp::IsNull),
    ("startswith", PredicateOp::Prefix),
    ("istartswith", PredicateOp::IPrefix),
    ("contains", PredicateOp::Contains),
    ("icontains", PredicateOp::IContains),
    ("endswith", PredicateOp::Suffix),
    ("iendswith", PredicateOp::ISuffix),
    ("regex", PredicateOp::Regex),
    ("iregex", PredicateOp::Regex),
    ("posix_regex", PredicateOp::Regex),
    ("iposix_regex", PredicateOp::Regex),
    ("regexp", PredicateOp::Regex),
    ("iexact", PredicateOp::IEqual),
    ("search", PredicateOp::Other),
    ("ne", PredicateOp::NotEqual),
    ("not", PredicateOp::NotEqual),
    ("date", PredicateOp::DayIs),
    ("year", PredicateOp::Other),
];

/// What a lookup stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    /// Text.
    Text,
    /// Not text: containment means something else there.
    Other,
    /// Not known.
    Unknown,
}

/// A field of a model, as far as its declaration says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) kind: FieldKind,
    /// Whether it has a unique value for each row.
    pub(super) is_unique: bool,
}

/// `author__name__icontains` → `author__name` and what is asked of it.
pub(super) fn split_lookup(key: &str) -> (&str, PredicateOp) {
    if let Some((column, last)) = key.rsplit_once("__")
        && let Some(&(_, op)) = LOOKUPS.iter().find(|(name, _)| *name == last)
    {
        return (column, op);
    }
    (key, PredicateOp::Equal)
}

impl<'p> Collector<'_, 'p> {
    /// A call that no type resolves, whose keywords only Django's lookups have.
    pub(super) fn lookup_evidence(&self, call: CallId) -> Option<Evidence<'p>> {
        let receiver = self.receiver(call)?;
        let is_lookup = |arg: &Arg| {
            arg.name.is_some_and(|name| {
                let (column, op) = split_lookup(&self.facts.names[name]);
                !column.is_empty() && (op.has_leading_wildcard() || op == PredicateOp::IPrefix)
            })
        };
        if !self.facts.call(call).args.iter().any(is_lookup) || !self.types.may_be_database(self.file, receiver) {
            return None;
        }
        let orm = [Orm::Django, Orm::Tortoise].into_iter().find(|&orm| project_uses(self.types, &[orm]))?;
        Some(Evidence { orm, model: None, confidence: Confidence::Medium, receiver: "" })
    }

    /// The predicates of a call that takes lookups.
    pub(super) fn lookups(&mut self, call: CallId, name: &str, evidence: Evidence<'p>) {
        // A row is no queryset: `order.get(…)` is somebody's own method.
        if evidence.receiver.ends_with(".Model") && evidence.orm == Orm::Django {
            return;
        }
        if !self.seen.insert(call) {
            return;
        }
        let model = evidence.model.or_else(|| self.model_argument(call, name));
        let at = self.facts.call(call);
        let place = Place {
            orm: evidence.orm,
            model,
            call,
            span: at.name_span,
            group: None,
            negated: name == "exclude",
            confidence: evidence.confidence,
            is_loose: false,
            is_made: false,
            is_beside: false,
        };
        self.lookup_arguments(call, &place);
    }

    /// `get_object_or_404(Model, …)`
    fn model_argument(&self, call: CallId, name: &str) -> Option<ClassRef> {
        let first = self.facts.call(call).args.first().filter(|_| name.contains("_or_404"))?;
        match self.types.of(self.file, first.value) {
            Ty::Class(class) => Some(class),
            Ty::Api(_, model) => model,
            _ => None,
        }
    }

    fn lookup_arguments(&mut self, call: CallId, place: &Place) {
        let facts = self.facts;
        for arg in &facts.call(call).args {
            let place = Place { span: self.one_line(arg.span), ..*place };
            match arg.name {
                Some(name) if matches!(&facts.names[name], "join_type" | "defaults" | "_connector" | "_negated") => {}
                Some(name) => self.lookup(&place, &facts.names[name], arg.value),
                None => self.lookup_condition(arg.value, &place, 0),
            }
        }
    }

    fn lookup(&mut self, place: &Place, key: &str, value: ValueId) {
        let (column, op) = split_lookup(key);
        let op = if op == PredicateOp::Contains { self.containment(place.model, column, value) } else { op };
        let confidence = match op {
            PredicateOp::Contains if !self.is_text(place.model, column, value) => Confidence::Low.min(place.confidence),
            _ => place.confidence,
        };
        let op = if op == PredicateOp::Regex { self.regex_op(value) } else { op };
        // What is no text is made one before it is searched.
        let searches = op.has_leading_wildcard() || op == PredicateOp::Regex;
        let is_made = place.is_made || searches && self.field_kind(place.model, column) == FieldKind::Other;
        self.add(&Place { confidence, is_made, ..*place }, column, op, Some(value));
    }

    /// `__contains` on what is no text asks for something else.
    fn containment(&self, model: Option<ClassRef>, column: &str, value: ValueId) -> PredicateOp {
        let is_collection = matches!(
            self.facts.value(value),
            Value::Sequence(_)
                | Value::Mapping(_)
                | Value::Collected(..)
                | Value::Int(_)
                | Value::Null
                | Value::Bool(_)
        );
        if is_collection || self.field_kind(model, column) == FieldKind::Other {
            PredicateOp::Other
        } else {
            PredicateOp::Contains
        }
    }

    fn is_text(&self, model: Option<ClassRef>, column: &str, value: ValueId) -> bool {
        self.field_kind(model, column) == FieldKind::Text
            || self.facts.text(value).is_some()
            || self.is_text_call(value)
    }

    /// `str(x)`, `x.lower()`, `request.GET.get("q")`, a parameter that is declared as a text.
    pub(super) fn is_text_call(&self, value: ValueId) -> bool {
        match self.facts.value(value) {
            Value::Call(call) => {
                let callee = self.facts.call(*call).callee;
                let is_request = match self.facts.value(callee) {
                    Value::Member(object, _) => matches!(
                        self.facts.value(*object),
                        Value::Member(_, name) if matches!(&self.facts.names[*name], "GET" | "POST" | "args" | "query_params" | "params")
                    ),
                    _ => false,
                };
                is_request
                    || matches!(
                        self.called(*call),
                        "str" | "lower" | "upper" | "strip" | "lstrip" | "rstrip" | "title" | "casefold"
                    )
            }
            Value::Param(function, index) => {
                let params = &self.facts.function(*function).params;
                let annotation = params.get(usize::from(*index)).and_then(|param| param.annotation);
                matches!(annotation.map(|of| self.facts.value(of)), Some(Value::Typed(of))
                    if matches!(self.facts.value(of.head), Value::Global(name) if &self.facts.names[*name] == "str"))
            }
            Value::Carried(inner, _) | Value::Either(inner, _) => self.is_text_call(*inner),
            _ => false,
        }
    }

    /// A regular expression that is anchored at the start is a prefix.
    fn regex_op(&self, value: ValueId) -> PredicateOp {
        match self.facts.text(value) {
            Some(text) if text.cooked.starts_with(['^', '\\']) && !text.holes.iter().any(|hole| hole.start == 0) => {
                PredicateOp::Prefix
            }
            _ => PredicateOp::Regex,
        }
    }

    /// Whether a column of a model is text, as its declaration says.
    fn field_kind(&self, model: Option<ClassRef>, column: &str) -> FieldKind {
        let Some(model) = model else {
            // `meta__label` of rows that are not known, where each `meta` of the project is a document.
            let first = column.split("__").next().unwrap_or(column);
            let is_document = self.types.project().schema().are_documents(first);
            return if is_document { FieldKind::Other } else { FieldKind::Unknown };
        };
        field(self.types, model, column).map_or(FieldKind::Unknown, |field| field.kind)
    }

    // ── Conditions ──────────────────────────────────────────────────────────────────────────────────

    /// `Q(…) | Q(…)`, `~Q(…)`, `reduce(or_, …)`, `**{…}`
    fn lookup_condition(&mut self, value: ValueId, place: &Place, depth: u8) {
        if depth > 40 || !self.walk(place.call, value) {
            return;
        }
        let facts = self.facts;
        match facts.value(value) {
            Value::Operation(Operation::BitOr, left, right) => {
                let group = Some(place.group.unwrap_or_else(|| self.new_group()));
                let place = Place { group, ..*place };
                self.lookup_condition(*left, &place, depth + 1);
                self.lookup_condition(*right, &place, depth + 1);
            }
            Value::Operation(Operation::BitAnd | Operation::Add, left, right) => {
                self.lookup_condition(*left, place, depth + 1);
                self.lookup_condition(*right, place, depth + 1);
            }
            Value::Operation(Operation::Other | Operation::Not, inner, UNKNOWN) => {
                self.lookup_condition(*inner, &Place { negated: !place.negated, ..*place }, depth + 1);
            }
            Value::Either(left, right) => {
                self.lookup_condition(*left, place, depth + 1);
                self.lookup_condition(*right, place, depth + 1);
            }
            Value::Carried(inner, _) | Value::Spread(inner) | Value::Collected(inner, _) => {
                self.lookup_condition(*inner, place, depth + 1);
            }
            Value::Sequence(parts) => parts.iter().for_each(|&part| self.lookup_condition(part, place, depth + 1)),
            Value::Mapping(entries) => entries.iter().for_each(|&(key, value)| self.lookup_entry(key, value, place)),
            Value::Call(call) => self.lookup_call(*call, place, depth),
            _ => {}
        }
    }

    /// One entry of `filter(**{"title__icontains": q})`.
    fn lookup_entry(&mut self, key: ValueId, value: ValueId, place: &Place) {
        if let Some(text) = self.facts.text(key) {
            let span = self.text_span(key).unwrap_or(place.span);
            self.lookup(&Place { span, ..*place }, &text.cooked, value);
        }
    }

    fn lookup_call(&mut self, call: CallId, place: &Place, depth: u8) {
        if self.is_q(call) {
            if !self.seen.insert(call) {
                return;
            }
            let at = self.facts.call(call);
            let is_or = at.args.iter().any(|arg| {
                arg.name.is_some_and(|name| matches!(&self.facts.names[name], "join_type" | "_connector"))
                    && (self.facts.literal(arg.value) == Some("OR")
                        || matches!(self.facts.value(arg.value), Value::Member(_, name) if &self.facts.names[*name] == "OR"))
            });
            let group = if is_or { Some(place.group.unwrap_or_else(|| self.new_group())) } else { place.group };
            self.lookup_arguments(call, &Place { group, ..*place });
            return;
        }
        let name = self.called(call);
        if !matches!(name, "reduce" | "or_" | "and_") {
            return;
        }
        let args = &self.facts.call(call).args;
        let is_or = name == "or_" || args.first().is_some_and(|first| self.is_or_function(first.value));
        let group = if is_or { Some(place.group.unwrap_or_else(|| self.new_group())) } else { place.group };
        for arg in args {
            self.lookup_condition(arg.value, &Place { group, ..*place }, depth + 1);
        }
    }

    /// `operator.or_`, `Q.__or__`, `lambda a, b: a | b`
    fn is_or_function(&self, value: ValueId) -> bool {
        match self.facts.value(value) {
            Value::Member(_, name) => matches!(&self.facts.names[*name], "or_" | "__or__" | "ior" | "__ior__"),
            Value::Import(import) => matches!(self.facts.imports[import.index()].what,
                Imported::Name(name) if matches!(&self.facts.names[name], "or_" | "ior")),
            Value::Function(function) => self
                .facts
                .function(*function)
                .returns
                .iter()
                .any(|&returned| matches!(self.facts.value(returned), Value::Operation(Operation::BitOr, ..))),
            _ => false,
        }
    }

    fn is_q(&self, call: CallId) -> bool {
        self.called(call) == "Q"
            && of_function(self.types, self.file, self.facts.call(call).callee)
                .is_some_and(|orm| matches!(orm, Orm::Django | Orm::Tortoise))
    }

    /// Conditions that are not seen to be given to a query: built in a helper, collected in a list.
    pub(super) fn loose_lookups(&mut self, calls: &[(CallId, &'p str)]) {
        let loose: Vec<CallId> = calls
            .iter()
            .filter(|(call, name)| *name == "Q" && !self.seen.contains(call))
            .map(|&(call, _)| call)
            .collect();
        if loose.is_empty() {
            return;
        }
        // Whole expressions come after their parts, so from the back each is met before what it is made of.
        let mut looked_at = FxHashSet::default();
        for index in (0..self.facts.values.len()).rev() {
            let value = ValueId(u32::try_from(index).unwrap_or(u32::MAX));
            if !matches!(self.facts.values[index], Value::Operation(Operation::BitOr, ..)) {
                continue;
            }
            let mut first = None;
            self.first_q(value, &mut looked_at, &mut first, 0);
            if let Some(call) = first {
                let place = self.loose_place(call);
                self.lookup_condition(value, &place, 0);
            }
        }
        for call in loose {
            if self.is_q(call) {
                let place = self.loose_place(call);
                self.lookup_call(call, &place, 0);
            }
        }
    }

    /// The first call of `Q` in a condition that has not been told. `looked_at`: parts of conditions that were.
    fn first_q(&self, value: ValueId, looked_at: &mut FxHashSet<ValueId>, first: &mut Option<CallId>, depth: u8) {
        if depth > 40 || !looked_at.insert(value) {
            return;
        }
        match self.facts.value(value) {
            Value::Operation(Operation::BitOr | Operation::BitAnd, left, right) | Value::Either(left, right) => {
                self.first_q(*left, looked_at, first, depth + 1);
                self.first_q(*right, looked_at, first, depth + 1);
            }
            Value::Operation(_, inner, UNKNOWN) | Value::Carried(inner, _) => {
                self.first_q(*inner, looked_at, first, depth + 1);
            }
            Value::Call(call) if !self.seen.contains(call) && self.is_q(*call) => {
                *first = Some(first.map_or(*call, |known| known.min(*call)));
            }
            _ => {}
        }
    }

    fn loose_place(&self, call: CallId) -> Place {
        let at = self.facts.call(call);
        let orm = of_function(self.types, self.file, at.callee).unwrap_or(Orm::Django);
        let span = at.name_span;
        Place::loose(orm, call, span)
    }
}

/// A field by its path over relations.
pub(super) fn field(types: &Types<'_>, model: ClassRef, path: &str) -> Option<Field> {
    let mut model = model;
    let mut names = path.split("__").peekable();
    while let Some(name) = names.next() {
        if matches!(name, "pk" | "id") && names.peek().is_none() {
            return Some(Field { kind: FieldKind::Other, is_unique: true });
        }
        let Some(ClassMember::Attribute(file, value, _)) = types.class_member(model, name) else { return None };
        let facts = &types.project().file(file).facts;
        let Value::Call(call) = facts.value(value) else { return None };
        let call = facts.call(*call);
        let class = match types.of(file, call.callee) {
            Ty::Class(class) => Some(class),
            _ => None,
        };
        // A field of the project's own is what it extends: `class Choices(models.JSONField)`.
        let is = |text: &str| {
            facts.own_name(call.callee).is_some_and(|name| name.contains(text))
                || class.is_some_and(|class| types.extends(class, &|base| base.contains(text)))
        };
        // What follows is a key of a document: `data__name`.
        if names.peek().is_none() || ["JSON", "Json", "HStore"].iter().any(|text| is(text)) {
            return Some(of_declaration(facts, call, &is));
        }
        let first = call.args.iter().find(|arg| arg.name.is_none_or(|name| &facts.names[name] == "to"))?;
        match types.of(file, first.value) {
            Ty::Class(next) => model = next,
            _ => return None,
        }
    }
    None
}

/// What the path of a look-up ends in.
pub(super) enum PathEnd<'c> {
    /// A column of a model that relations lead to: `author__name`.
    Column(ClassRef, &'c str),
    /// A part of a document: `data__name`.
    Document,
    /// It is not known.
    Unknown,
}

/// Where a look-up over relations ends.
pub(super) fn end_of_path<'c>(types: &Types<'_>, model: ClassRef, path: &'c str) -> PathEnd<'c> {
    let (mut model, mut rest) = (model, path);
    while let Some((name, after)) = rest.split_once("__") {
        let relations = types.relations();
        let target = match types.class_member(model, name) {
            Some(ClassMember::Attribute(file, value, _)) => match relations::field(types, relations, file, value) {
                Some(relation) => Some(relation),
                None => return PathEnd::Document,
            },
            // `shift__place`, of what a row has as `shift_set`
            _ => {
                let reverse =
                    relations.reverse(model, name).or_else(|| relations.reverse(model, &format!("{name}_set")));
                reverse.map(|reverse| reverse.relation)
            }
        };
        let Some(Relation::One(next) | Relation::Many(next)) = target else { return PathEnd::Unknown };
        (model, rest) = (next, after);
    }
    match types.class_member(model, rest) {
        Some(_) => PathEnd::Column(model, rest),
        None => PathEnd::Unknown,
    }
}

fn of_declaration(facts: &FileFacts, call: &Call, is: &dyn Fn(&str) -> bool) -> Field {
    let has = |wanted: &str| {
        call.args.iter().any(|arg| {
            arg.name.is_some_and(|name| &facts.names[name] == wanted) && *facts.value(arg.value) == Value::Bool(true)
        })
    };
    let kind = if ["Char", "Text", "Slug", "Email", "URL", "Url", "File", "Image"].iter().any(|text| is(text)) {
        FieldKind::Text
    } else if [
        "JSON",
        "Json",
        "Array",
        "HStore",
        "Range",
        "Point",
        "Polygon",
        "Geometry",
        "LineString",
        "Foreign",
        "ManyTo",
        "OneTo",
        "Integer",
        "Auto",
        "Boolean",
        "Date",
        "UUID",
        "Decimal",
        "Float",
    ]
    .iter()
    .any(|other| is(other))
    {
        FieldKind::Other
    } else {
        FieldKind::Unknown
    };
    Field { kind, is_unique: has("unique") || has("primary_key") || has("pk") || is("OneTo") }
}
