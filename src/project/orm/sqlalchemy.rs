//! Predicates written on columns: `User.name.ilike(p)`, `User.age > 3`, `or_(…)`. SQLAlchemy and peewee.

use rustc_hash::FxHashSet;

use super::collect::{Collector, Place};
use super::evidence::{Evidence, of_function, of_receiver, project_uses};
use super::values::{self, Edge};
use super::{Orm, PredicateOp};
use super::{bound, fragment};
use crate::facts::*;
use crate::findings::Confidence;
use crate::project::{ClassMember, ClassRef, Ty};

/// A column that a condition stands on.
struct Column {
    name: String,
    model: Option<ClassRef>,
    /// Whether it is known to be one: an attribute of a mapped class or a table.
    is_sure: bool,
    /// Whether a function of texts stands around it: `func.lower(User.name)`.
    is_text: bool,
    /// Whether it is what is made of the column: by a function, a cast, by a key of a document.
    is_made: bool,
}

/// How an operator of a column finds its pattern.
#[derive(Clone, Copy)]
enum How {
    /// It asks this.
    Op(PredicateOp),
    /// `LIKE`; whether case is ignored.
    Like(bool),
    /// The same, negated.
    NotLike(bool),
}

fn operator(name: &str) -> Option<How> {
    Some(match name {
        "like" => How::Like(false),
        "ilike" => How::Like(true),
        "notlike" | "not_like" => How::NotLike(false),
        "notilike" | "not_ilike" => How::NotLike(true),
        "contains" => How::Op(PredicateOp::Contains),
        "icontains" => How::Op(PredicateOp::IContains),
        "endswith" => How::Op(PredicateOp::Suffix),
        "iendswith" => How::Op(PredicateOp::ISuffix),
        "startswith" => How::Op(PredicateOp::Prefix),
        "istartswith" => How::Op(PredicateOp::IPrefix),
        "regexp_match" | "regexp" | "iregexp" => How::Op(PredicateOp::Regex),
        "in_" => How::Op(PredicateOp::In),
        "not_in" | "notin_" => How::Op(PredicateOp::Other),
        "between" => How::Op(PredicateOp::Range),
        "is_" | "is_null" | "isnot" | "is_not" => How::Op(PredicateOp::IsNull),
        "match" => How::Op(PredicateOp::Other),
        _ => return None,
    })
}

impl<'p> Collector<'_, 'p> {
    /// The predicates of `.where(…)`, `.filter(…)`, `.filter_by(…)`.
    pub(super) fn columns(&mut self, call: CallId, evidence: Evidence<'p>) {
        if !self.seen.insert(call) {
            return;
        }
        let facts = self.facts;
        let at = facts.call(call);
        let is_or = self.called(call) == "orwhere";
        let group = is_or.then(|| self.new_group());
        let place = Place { group, ..self.place_at(&evidence, call) };
        for arg in &at.args {
            let place = Place { span: self.one_line(arg.span), ..place };
            match arg.name {
                Some(name) if self.called(call) == "filter_by" => {
                    self.add(&place, &facts.names[name], PredicateOp::Equal, Some(arg.value));
                }
                Some(_) => {}
                None => self.column_condition(arg.value, &place, true, 0),
            }
        }
    }

    /// A condition. `is_query`: it is given to a query, so an attribute of anything may be a column.
    fn column_condition(&mut self, value: ValueId, place: &Place, is_query: bool, depth: u8) {
        if depth > 40 || !self.walk(place.call, value) {
            return;
        }
        let facts = self.facts;
        match facts.value(value) {
            Value::Operation(Operation::BitOr, left, right) => {
                let group = Some(place.group.unwrap_or_else(|| self.new_group()));
                let place = Place { group, ..*place };
                self.column_condition(*left, &place, is_query, depth + 1);
                self.column_condition(*right, &place, is_query, depth + 1);
            }
            Value::Operation(Operation::BitAnd, left, right) | Value::Either(left, right) => {
                self.column_condition(*left, place, is_query, depth + 1);
                self.column_condition(*right, place, is_query, depth + 1);
            }
            Value::Operation(Operation::Other | Operation::Not, inner, UNKNOWN) => {
                self.column_condition(*inner, &Place { negated: !place.negated, ..*place }, is_query, depth + 1);
            }
            Value::Operation(operation, left, right) => self.comparison(*operation, *left, *right, place, is_query),
            Value::Carried(inner, _) | Value::Spread(inner) | Value::Collected(inner, _) => {
                self.column_condition(*inner, place, is_query, depth + 1);
            }
            Value::Sequence(parts) => {
                parts.iter().for_each(|&part| self.column_condition(part, place, is_query, depth + 1));
            }
            Value::Call(call) => self.column_call(*call, place, is_query, depth),
            Value::Text(_) if is_query => self.fragments(value, &[], place),
            _ => {}
        }
    }

    fn comparison(&mut self, operation: Operation, left: ValueId, right: ValueId, place: &Place, is_query: bool) {
        let op = match operation {
            Operation::Equal => PredicateOp::Equal,
            Operation::NotEqual => PredicateOp::NotEqual,
            Operation::Order => PredicateOp::Range,
            Operation::In => PredicateOp::In,
            // peewee's `Model.title ** pattern` is `ILIKE`.
            Operation::Other if place.orm == Orm::Peewee => PredicateOp::Other,
            _ => return,
        };
        let accept = |column: &Column| column.is_sure || is_query;
        let (column, value) = match self.column(left, 0).filter(accept) {
            Some(column) => (column, right),
            None => match self.column(right, 0).filter(accept) {
                Some(column) => (column, left),
                None => return,
            },
        };
        let place = Place { model: column.model.or(place.model), is_made: column.is_made, ..*place };
        if operation == Operation::Other {
            if values::first(self.types, self.file, value) != Edge::Unknown {
                self.add_like(&place, column.name, true, value, place.span);
            }
            return;
        }
        let op = if *self.facts.value(value) == Value::Null { PredicateOp::IsNull } else { op };
        self.add(&place, column.name, op, Some(value));
    }

    fn column_call(&mut self, call: CallId, place: &Place, is_query: bool, depth: u8) {
        let facts = self.facts;
        let at = facts.call(call);
        let name = self.called(call);
        let first = at.args.first().map(|arg| arg.value);
        match name {
            "or_" | "and_" | "not_" | "any_of" | "all_of" => {
                self.seen.insert(call);
                let is_or = name == "or_";
                let group = if is_or { Some(place.group.unwrap_or_else(|| self.new_group())) } else { place.group };
                let negated = place.negated != (name == "not_");
                for arg in &at.args {
                    let place = Place { group, negated, span: self.one_line(arg.span), ..*place };
                    self.column_condition(arg.value, &place, is_query, depth + 1);
                }
                return;
            }
            // `User.posts.any(Post.title.ilike(p))`
            "any" | "has" | "self_group" | "exists" => {
                for arg in &at.args {
                    let place = Place { span: self.one_line(arg.span), ..*place };
                    self.column_condition(arg.value, &place, is_query, depth + 1);
                }
                return;
            }
            "reduce" => {
                for arg in &at.args {
                    self.column_condition(arg.value, place, is_query, depth + 1);
                }
                return;
            }
            "text" | "literal_column" | "SQL" => {
                if let Some(first) = first {
                    self.fragments(first, &[], place);
                }
                return;
            }
            // `text("…").bindparams(q=…)`
            "bindparams" | "params" => {
                let text = self.receiver_call(call).and_then(|inner| self.facts.call(inner).args.first());
                if let Some(text) = text {
                    self.fragments(text.value, &at.args, place);
                }
                return;
            }
            _ => {}
        }
        let Some(how) = operator(name) else { return };
        let Some(receiver) = self.receiver(call) else { return };
        let Some(column) = self.column(receiver, 0).filter(|column| column.is_sure || is_query) else { return };
        if !self.seen.insert(call) {
            return;
        }
        self.column_operator(at, how, column, place);
    }

    fn column_operator(&mut self, at: &Call, how: How, column: Column, place: &Place) {
        let value = at.args.first().map(|arg| arg.value);
        let confidence = if column.is_sure { place.confidence } else { place.confidence.min(Confidence::Medium) };
        let place = Place { model: column.model.or(place.model), confidence, is_made: column.is_made, ..*place };
        match (how, value) {
            (How::Like(ignores_case), Some(pattern)) => {
                self.add_like(&place, column.name, ignores_case, pattern, at.name_span);
            }
            (How::NotLike(ignores_case), Some(pattern)) => {
                let place = Place { negated: !place.negated, ..place };
                self.add_like(&place, column.name, ignores_case, pattern, at.name_span);
            }
            (How::Op(PredicateOp::Contains), Some(value)) => {
                let (op, confidence) = self.column_containment(&column, value);
                let place = Place { confidence: place.confidence.min(confidence), ..place };
                self.add_at(&place, column.name, op, Some(value), at.name_span);
            }
            (How::Op(op), value) => self.add_at(&place, column.name, op, value, at.name_span),
            (_, None) => {}
        }
    }

    /// `.contains(x)` is `LIKE` on text, and something else on a relation, an array or a JSON document.
    fn column_containment(&self, column: &Column, value: ValueId) -> (PredicateOp, Confidence) {
        let types = self.types;
        let is_other = match self.facts.value(value) {
            Value::Sequence(_) | Value::Mapping(_) | Value::Int(_) => true,
            Value::Call(call) => matches!(self.called(*call), "array" | "cast" | "literal_column" | "select" | "Range"),
            _ => false,
        };
        if is_other {
            return (PredicateOp::Other, Confidence::High);
        }
        let Some(ClassMember::Attribute(file, declared, annotation)) =
            column.model.and_then(|model| types.class_member(model, &column.name))
        else {
            // A relation may be declared at its other end: only a text on either side says what is meant.
            let is_text = column.is_text || self.facts.text(value).is_some() || self.is_text_call(value);
            return (PredicateOp::Contains, if is_text { Confidence::Medium } else { Confidence::Low });
        };
        let facts = &types.project().file(file).facts;
        let mut names = Vec::new();
        names_within(facts, declared, &mut names, 0);
        if let Some(annotation) = annotation {
            names_within(facts, annotation, &mut names, 0);
        }
        let has = |wanted: &[&str]| names.iter().any(|name| wanted.contains(name));
        if has(&["relationship", "backref", "dynamic_loader", "ManyToManyField", "association_proxy"])
            || has(&[
                "ARRAY",
                "JSON",
                "JSONB",
                "HSTORE",
                "list",
                "List",
                "dict",
                "Dict",
                "ArrayField",
                "BinaryJSONField",
                "JSONField",
            ])
            || has(&[
                "INT4RANGE",
                "INT8RANGE",
                "NUMRANGE",
                "DATERANGE",
                "TSRANGE",
                "TSTZRANGE",
                "Geometry",
                "Geography",
            ])
        {
            (PredicateOp::Other, Confidence::High)
        } else if has(&[
            "String",
            "Text",
            "Unicode",
            "UnicodeText",
            "VARCHAR",
            "TEXT",
            "CITEXT",
            "str",
            "CharField",
            "TextField",
        ]) {
            (PredicateOp::Contains, Confidence::High)
        } else {
            (PredicateOp::Contains, Confidence::Medium)
        }
    }

    /// The column that a value is, through functions that change only its form.
    fn column(&self, value: ValueId, depth: u8) -> Option<Column> {
        if depth > 6 {
            return None;
        }
        let facts = self.facts;
        match facts.value(value) {
            Value::Member(object, name) => {
                let name = facts.names[*name].to_owned();
                if let Value::Member(table, c) = facts.value(*object)
                    && matches!(&facts.names[*c], "c" | "columns")
                {
                    let is_sure = of_receiver(self.types, self.file, *table)
                        .is_some_and(|evidence| matches!(evidence.orm, Orm::SqlAlchemy | Orm::Peewee));
                    return Some(Column { name, model: None, is_sure, is_text: false, is_made: false });
                }
                let ty = self.types.of(self.file, *object);
                let evidence = of_receiver(self.types, self.file, *object)
                    .filter(|evidence| matches!(evidence.orm, Orm::SqlAlchemy | Orm::Peewee));
                match (ty, evidence) {
                    (Ty::Plain | Ty::List(_) | Ty::Module(_), _) => None,
                    (Ty::Class(class), Some(_)) => {
                        Some(Column { name, model: Some(class), is_sure: true, is_text: false, is_made: false })
                    }
                    (Ty::Api(..), Some(evidence)) if evidence.receiver.ends_with("Model") => {
                        Some(Column { name, model: evidence.model, is_sure: true, is_text: false, is_made: false })
                    }
                    _ => Some(Column { name, model: None, is_sure: false, is_text: false, is_made: false }),
                }
            }
            // `table.c["name"]`, a key of a JSON column
            Value::Item(object, key) => match facts.value(*object) {
                Value::Member(_, c) if matches!(&facts.names[*c], "c" | "columns") => {
                    let name = facts.literal(*key)?.to_owned();
                    Some(Column { name, model: None, is_sure: true, is_text: false, is_made: false })
                }
                _ => Some(Column { is_made: true, ..self.column(*object, depth + 1)? }),
            },
            Value::Carried(inner, _) => self.column(*inner, depth + 1),
            Value::Call(call) => {
                let at = facts.call(*call);
                let first = at.args.first().map(|arg| arg.value);
                match self.called(*call) {
                    "lower" | "upper" | "trim" | "unaccent" | "concat" | "LOWER" | "UPPER" | "TRIM" | "Lower"
                    | "Upper"
                        if first.is_some() =>
                    {
                        Some(Column { is_text: true, is_made: true, ..self.column(first?, depth + 1)? })
                    }
                    "coalesce" | "cast" | "func" | "type_coerce" | "ifnull" | "COALESCE" if first.is_some() => {
                        Some(Column { is_made: true, ..self.column(first?, depth + 1)? })
                    }
                    "cast" | "collate" | "astext" | "op" | "as_string" => {
                        Some(Column { is_made: true, ..self.column(self.receiver(*call)?, depth + 1)? })
                    }
                    "label" | "desc" | "asc" => self.column(self.receiver(*call)?, depth + 1),
                    "column" | "literal_column" => {
                        let name = facts.literal(first?)?.to_owned();
                        Some(Column {
                            name,
                            model: None,
                            is_sure: of_function(self.types, self.file, at.callee).is_some(),
                            is_text: false,
                            is_made: false,
                        })
                    }
                    // `col(Hero.name)` of SQLModel
                    "col" => self.column(first?, depth + 1),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Conditions that are not seen to be given to a query: collected in a list, returned by a helper.
    pub(super) fn loose_columns(&mut self, calls: &[(CallId, &'p str)]) {
        // A condition that another one holds is told with that.
        let combined = calls.iter().filter(|(_, name)| matches!(*name, "or_" | "and_" | "not_"));
        let inner: FxHashSet<CallId> = combined
            .flat_map(|&(call, _)| &self.facts.call(call).args)
            .filter_map(|arg| match self.facts.value(arg.value) {
                Value::Call(call) => Some(*call),
                _ => None,
            })
            .collect();
        for &(call, name) in calls {
            if !matches!(name, "or_" | "and_") || self.seen.contains(&call) {
                continue;
            }
            let at = self.facts.call(call);
            // Whoever combines them (SQLAlchemy, a session's own, `operator`): the columns are the evidence.
            let orm = of_function(self.types, self.file, at.callee).unwrap_or(Orm::SqlAlchemy);
            if matches!(orm, Orm::SqlAlchemy | Orm::Peewee) && !inner.contains(&call) {
                let place = self.column_place(orm, call);
                self.column_call(call, &place, false, 0);
            }
        }
        let wild = calls.iter().filter(|(_, name)| {
            matches!(*name, "like" | "ilike" | "contains" | "icontains" | "endswith" | "iendswith")
        });
        // `~User.name.contains(q)`
        let negated: FxHashSet<CallId> = self
            .facts
            .values
            .iter()
            .filter_map(|value| match value {
                Value::Operation(Operation::Other | Operation::Not, inner, UNKNOWN) => match self.facts.value(*inner) {
                    Value::Call(call) => Some(*call),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        for &(call, name) in wild {
            if self.seen.contains(&call) || negated.contains(&call) {
                continue;
            }
            let Some(column) = self.receiver(call).and_then(|receiver| self.column(receiver, 0)) else { continue };
            let Some(how) = operator(name) else { continue };
            let at = self.facts.call(call);
            if column.is_sure {
                let orm = self.orm_of(column.model);
                let place = self.column_place(orm, call);
                self.seen.insert(call);
                self.column_operator(at, how, column, &place);
            } else if let (How::Like(_), Some(pattern)) = (how, at.args.first().map(|arg| arg.value))
                && values::first(self.types, self.file, pattern) == Edge::Wildcard
                && project_uses(self.types, &[Orm::SqlAlchemy])
            {
                let place = self.column_place(Orm::SqlAlchemy, call);
                self.seen.insert(call);
                self.column_operator(at, how, column, &place);
            }
        }
    }

    fn orm_of(&self, model: Option<ClassRef>) -> Orm {
        let catalog = &self.types.project().catalog;
        let base = model.and_then(|model| self.types.api_base(model));
        base.and_then(|ty| Orm::of_library(&catalog.library(catalog.type_(ty).library).name)).unwrap_or(Orm::SqlAlchemy)
    }

    fn column_place(&self, orm: Orm, call: CallId) -> Place {
        let span = self.facts.call(call).name_span;
        Place::loose(orm, call, span)
    }

    // ── SQL fragments ───────────────────────────────────────────────────────────────────────────────

    /// The patterns of a fragment of SQL, `"lower(name) LIKE :q"`, and the arguments that bind its parameters.
    pub(super) fn fragments(&mut self, value: ValueId, params: &[Arg], place: &Place) {
        let Some(text) = self.facts.text(value) else { return };
        let found = fragment::patterns(text);
        let is_or = found.iter().any(|pattern| pattern.is_alternative);
        let group = if is_or { Some(place.group.unwrap_or_else(|| self.new_group())) } else { place.group };
        for pattern in found {
            let span = text.host_span(pattern.span.start, pattern.span.end);
            let is_made = place.is_made || pattern.is_made;
            let place = Place { group, negated: place.negated != pattern.negated, is_made, ..*place };
            let value = match &pattern.operand {
                fragment::Operand::Literal { is_leading: true } => {
                    let op = if pattern.ignores_case { PredicateOp::IContains } else { PredicateOp::Contains };
                    self.push(&place, pattern.column, op, None, span, true);
                    continue;
                }
                fragment::Operand::Literal { .. } => continue,
                fragment::Operand::Hole(index) => text.holes.get(*index).map(|hole| hole.value),
                fragment::Operand::Parameter(key) => bound::given(self.facts, &bound::Appended::default(), params)
                    .into_iter()
                    .find(|(known, _)| known == key)
                    .map(|(_, value)| value),
            };
            if let Some(value) = value {
                self.add_like(&place, pattern.column, pattern.ignores_case, value, span);
            }
        }
    }
}

/// The names that a declaration is made of: `Column(ARRAY(String))`, `Mapped[list[str]]`.
fn names_within<'f>(facts: &'f FileFacts, value: ValueId, into: &mut Vec<&'f str>, depth: u8) {
    if depth > 6 {
        return;
    }
    match facts.value(value) {
        Value::Call(call) => {
            let call = facts.call(*call);
            names_within(facts, call.callee, into, depth + 1);
            call.args.iter().for_each(|arg| names_within(facts, arg.value, into, depth + 1));
        }
        Value::Typed(of) => {
            names_within(facts, of.head, into, depth + 1);
            of.arguments.iter().for_each(|&argument| names_within(facts, argument, into, depth + 1));
        }
        Value::Member(_, name) | Value::Global(name) => into.push(&facts.names[*name]),
        Value::Import(import) => {
            if let Imported::Name(name) = facts.imports[import.index()].what {
                into.push(&facts.names[name]);
            }
        }
        _ => {}
    }
}
