//! How many elements a loop runs over, where the code itself says it: literals, constants, enumerations, what a
//! program declares of itself.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::catalog::lists_schema;
use super::flow::Flow;
use super::given::given_on;
use super::limited::{asks_for_few, is_typed, limits_to_few};
use super::loops::LoopShape;
use super::pauses::never_ends;
use super::templates::Given;
use super::types::{ClassMember, Ty, Types};
use super::{ClassRef, FileId};
use crate::facts::*;
use crate::source::Span;

/// How far a chain of definitions is followed.
const MAX_DEPTH: u8 = 8;

/// Methods that add to a list, a set or a dict.
const ADDING: [&str; 11] =
    ["append", "add", "insert", "appendleft", "extend", "update", "set", "setdefault", "push", "unshift", "splice"];

/// Methods that tell what a program or a schema declares: fields of a model, models of an application, tables and
/// columns of a database.
pub(super) const REFLECTING: [&str; 17] = [
    "__subclasses__",
    "get_app_config",
    "get_app_configs",
    "get_check_constraints",
    "get_columns",
    "get_fields",
    "get_foreign_keys",
    "get_indexes",
    "get_installed",
    "get_models",
    "get_pk_constraint",
    "get_schema_names",
    "get_sorted_table_and_fkc_names",
    "get_table_names",
    "get_unique_constraints",
    "get_view_names",
    "table_names",
];

/// What a request holds is no constant, though it is written like one.
const REQUEST_PARTS: [&str; 5] = ["COOKIES", "FILES", "GET", "META", "POST"];

/// Looks at what loops run over.
pub(super) struct Bounds<'t, 'p> {
    types: &'t Types<'p>,
    /// By file: the literals that something is added to.
    fills: RefCell<FxHashMap<FileId, Rc<FxHashMap<ValueId, Fill>>>>,
}

/// What is added to a literal after it was made.
#[derive(Clone, Debug, Default)]
struct Fill {
    /// How many places add one element.
    once: usize,
    /// Whether one place adds many.
    many: bool,
    /// The loops that add elements.
    loops: Vec<LoopId>,
}

impl<'t, 'p> Bounds<'t, 'p> {
    /// Has looked at nothing yet.
    pub(super) fn new(types: &'t Types<'p>) -> Self {
        Bounds { types, fills: RefCell::default() }
    }

    /// What a loop over `iterable` is.
    pub(super) fn of(&self, file: FileId, iterable: ValueId) -> LoopShape {
        if self.types.is_untold(file, iterable) { LoopShape::Silent } else { self.shape(file, iterable, 0) }
    }

    /// What a loop is that counts to `bound`: a number, or the length of something.
    pub(super) fn counted_to(&self, file: FileId, bound: ValueId) -> LoopShape {
        let facts = &self.types.project().file(file).facts;
        match facts.value(bound) {
            Value::Int(_) => LoopShape::Silent,
            Value::Member(list, name) if matches!(&facts.names[*name], "length" | "size") => self.shape(file, *list, 1),
            _ => LoopShape::Rows,
        }
    }

    fn shape(&self, file: FileId, iterable: ValueId, depth: u8) -> LoopShape {
        if depth > MAX_DEPTH {
            return LoopShape::Rows;
        }
        let facts = &self.types.project().file(file).facts;
        let deeper = |value: ValueId| self.shape(file, value, depth + 1);
        if is_environment(facts, iterable)
            || is_typed(facts, iterable)
            || depth == 0 && lists_schema(self.types.project(), file, iterable)
        {
            return LoopShape::Few;
        }
        match facts.value(iterable) {
            Value::Sequence(items) => self.sequence(file, iterable, items, depth),
            Value::Mapping(entries) if entries.is_empty() => LoopShape::Rows,
            Value::Mapping(entries) if !entries.iter().any(|&(key, _)| key == UNKNOWN) => by_count(entries.len()),
            Value::Int(_) | Value::Bool(_) => LoopShape::Silent,
            Value::Text(_) if depth == 0 => LoopShape::Silent,
            // What it is said to be tells nothing of how much it holds.
            Value::Either(left, right) if matches!(facts.value(*right), Value::Typed(_)) => deeper(*left),
            Value::Either(left, right) => {
                // `{}` where there is nothing.
                let side = |value: ValueId| match facts.value(value) {
                    Value::Mapping(entries) if entries.is_empty() => LoopShape::Silent,
                    Value::Sequence(items) if items.is_empty() && self.fill(file, value).is_none() => LoopShape::Silent,
                    _ => deeper(value),
                };
                wider(side(*left), side(*right))
            }
            Value::Operation(Operation::Add | Operation::BitOr, left, right) => wider(deeper(*left), deeper(*right)),
            // A difference is no larger than what it is taken from, and a common part no larger than either.
            Value::Operation(Operation::Subtract, left, _) => deeper(*left),
            Value::Operation(Operation::BitAnd, left, right) => narrower(deeper(*left), deeper(*right)),
            Value::Collected(_, at) => self.comprehension(file, *at, depth),
            Value::Slice(whole, low, high) => match (facts.value(*low), facts.value(*high)) {
                (_, Value::Int(1..=2)) => LoopShape::Silent,
                (_, Value::Int(3..=10)) | (Value::Int(-10..0), Value::Unknown) => {
                    narrower(deeper(*whole), LoopShape::Few)
                }
                // What an object holds is another thing in each subclass.
                _ if matches!(facts.value(*whole), Value::Member(_, name) if !is_constant_name(&facts.names[*name])) => {
                    LoopShape::Rows
                }
                // A part is no larger than the whole.
                _ => deeper(*whole),
            },
            Value::Item(object, _) if is_registry(facts, *object) => LoopShape::Few,
            Value::Item(object, key) => match (self.setting(facts, *object, *key), facts.value(*object)) {
                (LoopShape::Rows, Value::Item(inner, _)) if is_registry(facts, *inner) => LoopShape::Few,
                (shape, _) => shape,
            },
            Value::Call(call) => self.call(file, iterable, *call, depth),
            Value::Param(function, index) if facts.template.is_some() => {
                let given = self.types.project().templates().given_to(self.types.project(), file, *function, *index);
                let shapes = given.into_iter().map(|given| match given {
                    Given::Value(file, value) => self.shape(file, value, depth + 1),
                    _ => LoopShape::Rows,
                });
                shapes.reduce(wider).unwrap_or(LoopShape::Rows)
            }
            // An enumeration, or a constant that is not in sight.
            Value::Class(class) => self.enumeration(file, *class),
            // What runs in phases has those that are written down.
            Value::Member(_, name) if &facts.names[*name] == "phases" => LoopShape::Few,
            Value::Member(..) | Value::Import(_) => self.named(file, iterable, depth),
            Value::Global(name)
                if is_constant_name(&facts.names[*name]) || is_enumeration_name(&facts.names[*name]) =>
            {
                LoopShape::Few
            }
            Value::Param(function, at) if is_keywords(facts, *function, *at) => LoopShape::Few,
            _ => LoopShape::Rows,
        }
    }

    fn sequence(&self, file: FileId, literal: ValueId, items: &[ValueId], depth: u8) -> LoopShape {
        let facts = &self.types.project().file(file).facts;
        let fill = self.fill(file, literal);
        let filled = self.filled(file, literal, depth);
        if filled == LoopShape::Rows {
            return LoopShape::Rows;
        }
        let spread = items.iter().filter_map(|&item| match facts.value(item) {
            Value::Spread(inner) => Some(*inner),
            _ => None,
        });
        let own = match items.len() + fill.once {
            // Whoever runs over an empty list has it filled in a way that is not seen.
            0 => LoopShape::Rows,
            count => wider(filled, by_count(count)),
        };
        spread.fold(own, |shape, inner| wider(shape, wider(LoopShape::Few, self.part(file, inner, depth))))
    }

    /// What a list adds that is spread into another; one that is written down empty adds nothing.
    fn part(&self, file: FileId, value: ValueId, depth: u8) -> LoopShape {
        let (at, literal) = self.types.definition(file, value).unwrap_or((file, value));
        match self.types.project().file(at).facts.value(literal) {
            Value::Sequence(items) if items.is_empty() && self.fill(at, literal).is_none() => LoopShape::Silent,
            _ => self.shape(file, value, depth + 1),
        }
    }

    fn comprehension(&self, file: FileId, at: LoopId, depth: u8) -> LoopShape {
        let facts = &self.types.project().file(file).facts;
        let own = facts.loop_(at);
        let mut shape = self.shape(file, own.iterable, depth + 1);
        let mut outer = own.parent;
        // `[b for a in as for b in a.bs]` is as long as both loops make it.
        while let Some(found) = outer.map(|id| facts.loop_(id)).filter(|found| found.span == own.span) {
            shape = wider(shape, wider(LoopShape::Few, self.shape(file, found.iterable, depth + 1)));
            outer = found.parent;
        }
        shape
    }

    fn call(&self, file: FileId, value: ValueId, id: CallId, depth: u8) -> LoopShape {
        let facts = &self.types.project().file(file).facts;
        let call = facts.call(id);
        let flow = Flow::new(facts);
        let name = flow.called_name(call).unwrap_or("");
        let object = match facts.value(call.callee) {
            Value::Member(object, _) => Some(*object),
            _ => None,
        };
        let first = call.args.first().map(|arg| arg.value);
        if self.types.finds_one(file, id) {
            return LoopShape::Silent;
        }
        let is_few = |value: ValueId| matches!(self.number(file, value), Some(1..=10));
        match (name, first, object) {
            (_, _, Some(_)) if REFLECTING.contains(&name) => LoopShape::Few,
            ("range", Some(bound), _) => match (call.args.len(), facts.value(bound)) {
                (1, Value::Int(_) | Value::Either(..)) => by_number(facts, bound, depth),
                (1, Value::Global(name) | Value::Member(_, name)) if is_constant_name(&facts.names[*name]) => {
                    LoopShape::Silent
                }
                (1, Value::Import(_)) => LoopShape::Silent,
                // A constant that is made of something: `BATCH_SIZE = int(environ["BATCH_SIZE"])`.
                (1, _) if is_constant_name(self.text(file, call.args[0].span)) => LoopShape::Silent,
                // `range(len(names))`
                (1, Value::Call(inner)) if flow.called_name(facts.call(*inner)) == Some("len") => {
                    match facts.call(*inner).args.first() {
                        Some(list) => self.shape(file, list.value, depth + 1),
                        None => LoopShape::Rows,
                    }
                }
                (2, Value::Int(_)) if is_number(facts, call.args[1].value) => LoopShape::Few,
                _ => LoopShape::Rows,
            },
            _ if limits_to_few(facts, id, is_few) => LoopShape::Few,
            // `filter(id=project_id)`: one row, or none.
            ("filter" | "filter_by", _, Some(object)) if names_one_row(facts, call) && self.is_query(file, object) => {
                LoopShape::Silent
            }
            (
                "all" | "order_by" | "select_related" | "prefetch_related" | "exclude" | "values" | "values_list"
                | "only" | "defer" | "select_for_update" | "using" | "iterator" | "options" | "distinct" | "annotate"
                | "extra" | "filter" | "filter_by" | "where",
                _,
                Some(object),
            ) if self.is_query(file, object) => self.one_or_rows(file, object, depth),
            ("scalars" | "execute" | "exec", Some(statement), Some(_)) if self.is_query(file, statement) => {
                self.one_or_rows(file, statement, depth)
            }
            (
                "enumerate" | "list" | "tuple" | "set" | "frozenset" | "dict" | "sorted" | "reversed" | "iter" | "tqdm",
                Some(inner),
                _,
            ) => self.shape(file, inner, depth + 1),
            ("Set" | "Map", Some(inner), None) if call.is_new => {
                wider(self.filled(file, value, depth), self.shape(file, inner, depth + 1))
            }
            ("from", Some(inner), Some(array)) if is_global(facts, array, "Array") => match facts.value(inner) {
                // `{ length: n }`
                Value::Mapping(_) => LoopShape::Rows,
                _ => self.shape(file, inner, depth + 1),
            },
            ("map" | "sort" | "toSorted" | "reverse", _, Some(object)) if self.is_ecma(file) => {
                self.shape(file, object, depth + 1)
            }
            // The tables of an application: `Object.values(models)`.
            ("keys" | "values" | "entries", Some(inner), Some(global))
                if is_global(facts, global, "Object") && names_models(facts, inner) =>
            {
                LoopShape::Few
            }
            // `set(KNOWN).difference(wanted)`
            ("difference", Some(_), Some(object)) => self.shape(file, object, depth + 1),
            ("intersection", Some(other), Some(object)) => {
                narrower(self.shape(file, object, depth + 1), self.shape(file, other, depth + 1))
            }
            // `cast(list[Plugin], [Mail, Chat])` says nothing but a type.
            ("cast", Some(_), _) if call.args.len() == 2 && !self.is_ecma(file) => {
                self.shape(file, call.args[1].value, depth + 1)
            }
            // The parts of a path or of a dotted name.
            ("split", Some(separator), Some(_)) if matches!(facts.literal(separator), Some("/" | "." | ":" | "::")) => {
                LoopShape::Few
            }
            ("zip", Some(_), None) => {
                let shapes = call.args.iter().filter(|arg| arg.name.is_none());
                let shapes = shapes.map(|arg| self.shape(file, arg.value, depth + 1));
                shapes.fold(LoopShape::Rows, narrower)
            }
            ("keys" | "values" | "entries", Some(inner), Some(global))
                if matches!(facts.value(global), Value::Global(_)) =>
            {
                self.shape(file, inner, depth + 1)
            }
            // `settings.SIZES.get(kind, [])`
            ("get", Some(_), Some(object)) if is_of_settings(facts, object) => LoopShape::Few,
            ("getattr", Some(object), None) if call.args.len() >= 2 => self.setting(facts, object, call.args[1].value),
            ("get", Some(key), Some(object)) if self.setting(facts, object, key) == LoopShape::Few => LoopShape::Few,
            (_, _, Some(object)) if is_registry(facts, object) => LoopShape::Few,
            ("items" | "keys" | "values" | "entries" | "filter" | "slice" | "copy", _, Some(object)) => {
                match facts.value(object) {
                    // The fields that a form or a serializer declares.
                    _ if last_name(facts, object)
                        .is_some_and(|name| matches!(name, "validated_data" | "cleaned_data")) =>
                    {
                        LoopShape::Few
                    }
                    Value::Member(form, name)
                        if &facts.names[*name] == "fields"
                            && matches!(facts.value(*form), Value::This(_))
                            && !self.types.project().file(file).source.language.is_ecma()
                            && !self.types.of(file, object).is_known() =>
                    {
                        LoopShape::Few
                    }
                    Value::Param(function, at) if param_name(facts, *function, *at) == "validated_data" => {
                        LoopShape::Few
                    }
                    Value::Param(function, at) if is_last_rest(facts, *function, *at) => LoopShape::Few,
                    _ => self.shape(file, object, depth + 1),
                }
            }
            _ if asks_for_few(facts, id, is_few) => LoopShape::Few,
            _ => match self.types.target(file, id) {
                Some(target) => {
                    // `load_owner(rows)`: some of what it is given.
                    let given = given_on(self.types.project(), file, call, target);
                    let given = given.map_or(LoopShape::Rows, |given| self.one_or_rows(file, given, depth));
                    narrower(given, self.returned(target.file, target.function, depth))
                }
                None => LoopShape::Rows,
            },
        }
    }

    /// What a query gives that is made of another: one row, or none, or any number.
    fn one_or_rows(&self, file: FileId, query: ValueId, depth: u8) -> LoopShape {
        match self.shape(file, query, depth + 1) {
            LoopShape::Silent => LoopShape::Silent,
            _ => LoopShape::Rows,
        }
    }

    /// What a function gives that only ever returns literals.
    fn returned(&self, file: FileId, function: FunctionId, depth: u8) -> LoopShape {
        let facts = &self.types.project().file(file).facts;
        let found = facts.function(function);
        if found.traits.is_generator && never_ends(facts, function) {
            return LoopShape::Silent;
        }
        if found.traits.is_generator || found.returns.is_empty() {
            return LoopShape::Rows;
        }
        // A method that gives nothing is there to be overridden.
        let gives_nothing = |value: &ValueId| matches!(facts.value(*value), Value::Sequence(items) if items.is_empty() && self.fill(file, *value).is_none());
        if found.returns.iter().all(gives_nothing) {
            return LoopShape::Rows;
        }
        let shapes = found.returns.iter().map(|&value| match facts.value(value) {
            Value::Null => LoopShape::Silent,
            Value::Sequence(items) if items.is_empty() && self.fill(file, value).is_none() => LoopShape::Silent,
            Value::Sequence(_)
            | Value::Mapping(_)
            | Value::Member(..)
            | Value::Import(_)
            | Value::Item(..)
            | Value::Slice(..)
            | Value::Call(_)
            | Value::Either(..) => self.shape(file, value, depth + 1),
            _ => LoopShape::Rows,
        });
        shapes.fold(LoopShape::Silent, wider)
    }

    /// What a name or an attribute is bound to.
    fn named(&self, file: FileId, value: ValueId, depth: u8) -> LoopShape {
        let facts = &self.types.project().file(file).facts;
        let is_constant = last_name(facts, value).is_some_and(is_constant_name);
        if let Some((file, value)) = self.types.definition(file, value) {
            // What is filled by those who register with it is bounded by the code too.
            let shape = self.shape(file, value, depth + 1);
            return if is_constant || self.is_declared_empty(file, value) {
                narrower(shape, LoopShape::Few)
            } else {
                shape
            };
        }
        if let Ty::Class(class) = self.types.of(file, value) {
            return self.enumeration(class.file, class.class);
        }
        let (object, name) = match facts.value(value) {
            Value::Member(object, name) => (*object, &facts.names[*name]),
            // What a module has, and is not in sight: it was made when the program started.
            Value::Import(import) if matches!(facts.imports[import.index()].what, Imported::Name(_)) => {
                return LoopShape::Few;
            }
            _ => return LoopShape::Rows,
        };
        if let Ty::Class(class) | Ty::Instance(class, _) = self.types.of(file, object)
            && let Some(ClassMember::Method(method)) = self.types.class_member(class, name)
        {
            return self.returned(method.file, method.function, depth);
        }
        let declared = is_configuration(facts, object)
            || describes_model(facts, object)
            || match facts.value(object) {
                // `Model._meta.fields`, `table.__table__.columns`, `Base.metadata.sorted_tables`
                Value::Member(_, owner) => {
                    matches!(&facts.names[*owner], "_meta" | "__table__" | "__mapper__")
                        || (matches!(&facts.names[*owner], "meta" | "metadata") && name == "tables")
                }
                _ => false,
            }
            || name == "sorted_tables"
            || (name == "c" && uses_sqlalchemy(facts));
        if declared || is_constant || name == "choices" { LoopShape::Few } else { LoopShape::Rows }
    }

    /// `children = []` in the body of a class: subclasses say what it holds, or whoever registers with it. But
    /// what is so declared of a model in JavaScript is a column, and its rows hold what they hold.
    fn is_declared_empty(&self, file: FileId, value: ValueId) -> bool {
        let facts = &self.types.project().file(file).facts;
        let is_empty = match facts.value(value) {
            Value::Sequence(items) => items.is_empty(),
            Value::Mapping(entries) => entries.is_empty(),
            _ => false,
        };
        is_empty
            && facts.classes.iter().zip(0..).any(|(class, at)| {
                let class_ref = ClassRef { file, class: ClassId(at) };
                class.attributes.iter().any(|attribute| attribute.in_body && attribute.value == value)
                    && !(self.is_ecma(file) && self.types.api_base(class_ref).is_some())
            })
    }

    fn enumeration(&self, file: FileId, class: ClassId) -> LoopShape {
        let facts = &self.types.project().file(file).facts;
        let mut bases = facts.class(class).bases.iter();
        let is_enum = bases.any(|&base| facts.own_name(base).is_some_and(is_enumeration_name));
        if is_enum || is_enumeration_name(&facts.names[facts.class(class).name]) {
            LoopShape::Few
        } else {
            LoopShape::Rows
        }
    }

    /// `settings["LANGUAGES"]`, `app.config.get("PLUGINS")`: what a deployment is set up with.
    fn setting(&self, facts: &FileFacts, object: ValueId, key: ValueId) -> LoopShape {
        let is_settings = is_configuration(facts, object)
            || last_name(facts, object)
                .is_some_and(|name| matches!(name, "config" | "settings" | "conf" | "app_settings"));
        if is_settings && facts.literal(key).is_some_and(is_constant_name) { LoopShape::Few } else { LoopShape::Rows }
    }

    /// The number that a value is: a literal, or a constant that is bound to one.
    fn number(&self, file: FileId, value: ValueId) -> Option<i64> {
        let number = |file: FileId, value: ValueId| match self.types.project().file(file).facts.value(value) {
            Value::Int(number) => Some(*number),
            _ => None,
        };
        number(file, value).or_else(|| {
            let facts = &self.types.project().file(file).facts;
            // Other names are bound again.
            last_name(facts, value).filter(|name| is_constant_name(name))?;
            let (file, value) = self.types.definition(file, value)?;
            number(file, value)
        })
    }

    /// What is written at a place.
    pub(super) fn text(&self, file: FileId, span: Span) -> &'p str {
        &self.types.project().file(file).source.text[span.range()]
    }

    fn is_ecma(&self, file: FileId) -> bool {
        self.types.project().file(file).source.language.is_ecma()
    }

    fn is_query(&self, file: FileId, value: ValueId) -> bool {
        let facts = &self.types.project().file(file).facts;
        matches!(facts.value(value), Value::Member(_, name) if &facts.names[*name] == "objects")
            || match self.types.of(file, value) {
                Ty::Api(..) => true,
                Ty::Instance(class, _) => self.types.api_base(class).is_some(),
                _ => false,
            }
    }

    /// How much is added to a literal after it was made.
    fn filled(&self, file: FileId, literal: ValueId, depth: u8) -> LoopShape {
        let facts = &self.types.project().file(file).facts;
        let fill = self.fill(file, literal);
        if fill.many {
            return LoopShape::Rows;
        }
        let mut shape = LoopShape::Silent;
        for id in fill.loops {
            let mut around = Some(id);
            while let Some(found) = around.map(|id| facts.loop_(id)) {
                let is_each = found.iterable != UNKNOWN && found.kind != LoopKind::Counting;
                let own = if is_each { self.shape(file, found.iterable, depth + 1) } else { LoopShape::Rows };
                shape = wider(shape, wider(LoopShape::Few, own));
                around = found.parent;
            }
        }
        shape
    }

    fn fill(&self, file: FileId, literal: ValueId) -> Fill {
        let known = self.fills.borrow().get(&file).cloned();
        let fills = known.unwrap_or_else(|| {
            let found = Rc::new(find_fills(&self.types.project().file(file).facts));
            self.fills.borrow_mut().insert(file, Rc::clone(&found));
            found
        });
        fills.get(&literal).cloned().unwrap_or_default()
    }
}

impl Fill {
    fn is_none(&self) -> bool {
        self.once == 0 && !self.many
    }
}

fn find_fills(facts: &FileFacts) -> FxHashMap<ValueId, Fill> {
    let mut fills: FxHashMap<ValueId, Fill> = FxHashMap::default();
    for call in &facts.calls {
        let Value::Member(object, name) = facts.value(call.callee) else { continue };
        let name = &facts.names[*name];
        if !ADDING.contains(&name) {
            continue;
        }
        let mut filled = Vec::new();
        may_be(facts, *object, &mut filled);
        for object in filled {
            let fill = fills.entry(object).or_default();
            fill.once += 1;
            // A function inside another is called any number of times.
            let nested = facts.function(call.function).parent.is_some_and(|outer| outer != MODULE);
            fill.many |= nested || matches!(name, "extend" | "update");
            fill.loops.extend(call.in_loop);
        }
    }
    fills
}

/// The lists, and the sets that are made, which a value may be.
fn may_be(facts: &FileFacts, value: ValueId, found: &mut Vec<ValueId>) {
    match facts.value(value) {
        Value::Carried(before, _) => may_be(facts, *before, found),
        Value::Either(left, right) => {
            may_be(facts, *left, found);
            may_be(facts, *right, found);
        }
        Value::Sequence(_) => found.push(value),
        Value::Call(call) if facts.call(*call).is_new => found.push(value),
        _ => {}
    }
}

fn by_count(count: usize) -> LoopShape {
    match count {
        0..=2 => LoopShape::Silent,
        _ => LoopShape::Few,
    }
}

/// As many runs as a number says: a literal, or one of several.
fn by_number(facts: &FileFacts, value: ValueId, depth: u8) -> LoopShape {
    match facts.value(value) {
        Value::Int(0..=10) => LoopShape::Silent,
        Value::Int(_) => LoopShape::Few,
        Value::Either(left, right) if depth < MAX_DEPTH => {
            wider(by_number(facts, *left, depth + 1), by_number(facts, *right, depth + 1))
        }
        _ => LoopShape::Rows,
    }
}

fn wider(left: LoopShape, right: LoopShape) -> LoopShape {
    match (left, right) {
        (LoopShape::Rows, _) | (_, LoopShape::Rows) => LoopShape::Rows,
        (LoopShape::Few, _) | (_, LoopShape::Few) => LoopShape::Few,
        _ => LoopShape::Silent,
    }
}

fn narrower(left: LoopShape, right: LoopShape) -> LoopShape {
    match (left, right) {
        (LoopShape::Silent, _) | (_, LoopShape::Silent) => LoopShape::Silent,
        (LoopShape::Few, _) | (_, LoopShape::Few) => LoopShape::Few,
        _ => LoopShape::Rows,
    }
}

/// Whether one of the arguments is the key of a single row.
fn names_one_row(facts: &FileFacts, call: &Call) -> bool {
    call.args.iter().any(|arg| arg.name.is_some_and(|name| matches!(&facts.names[name], "id" | "pk")))
}

/// A number that the code says, or a random one between two that it says.
fn is_number(facts: &FileFacts, value: ValueId) -> bool {
    match facts.value(value) {
        Value::Int(_) => true,
        Value::Operation(Operation::Add | Operation::Subtract, left, right) => {
            is_number(facts, *left) && is_number(facts, *right)
        }
        Value::Call(call) => {
            let call = facts.call(*call);
            matches!(Flow::new(facts).called_name(call), Some("randint" | "randrange"))
                && call.args.iter().all(|arg| matches!(facts.value(arg.value), Value::Int(_)))
        }
        Value::Global(name) | Value::Member(_, name) => is_constant_name(&facts.names[*name]),
        _ => false,
    }
}

fn last_name(facts: &FileFacts, value: ValueId) -> Option<&str> {
    facts.own_name(value).or_else(|| match facts.value(value) {
        Value::Import(import) => Some(&facts.names[facts.imports[import.index()].module]),
        _ => None,
    })
}

/// Whether a value is a part of what a deployment is set up with: `config.databases`, `self.hs.config.workers`.
fn is_configuration(facts: &FileFacts, value: ValueId) -> bool {
    let mut at = value;
    for _ in 0..6 {
        match facts.value(at) {
            Value::Member(object, name) => {
                if matches!(&facts.names[*name], "config" | "settings") {
                    // What a row of a table is set up with is data.
                    return matches!(facts.value(*object), Value::This(_) | Value::Import(_) | Value::Global(_))
                        || last_name(facts, *object).is_some_and(|name| matches!(name, "hs" | "app" | "current_app"));
                }
                at = *object;
            }
            Value::Param(function, index) => {
                let param = facts.function(*function).params.get(usize::from(*index));
                return param.is_some_and(|param| matches!(&facts.names[param.name], "config" | "settings"));
            }
            _ => return last_name(facts, at).is_some_and(|name| matches!(name, "config" | "settings")),
        }
    }
    false
}

/// Whether a value is a part of the description of a model: `getMetadata(…).relations`, `Book._meta.fields`.
fn describes_model(facts: &FileFacts, value: ValueId) -> bool {
    let mut at = value;
    for _ in 0..16 {
        at = match facts.value(at) {
            Value::Member(_, name) if matches!(&facts.names[*name], "_meta" | "getMetadata" | "metadata") => {
                return true;
            }
            Value::Member(object, _) => *object,
            Value::Call(call) => facts.call(*call).callee,
            _ => return false,
        };
    }
    false
}

/// Whether a file has something of SQLAlchemy's, where `table.c` are the columns of a table.
fn uses_sqlalchemy(facts: &FileFacts) -> bool {
    facts.imports.iter().any(|import| facts.names[import.module].split('.').next() == Some("sqlalchemy"))
}

/// Whether a value comes from the environment or from what configures the application: `process.env.TEAMS.split(",")`,
/// `this.config.plugins`.
fn is_environment(facts: &FileFacts, value: ValueId) -> bool {
    let mut at = value;
    for _ in 0..12 {
        at = match facts.value(at) {
            Value::Member(object, name) => {
                let owner = facts.value(*object);
                match &facts.names[*name] {
                    "env" if is_global(facts, *object, "process") => return true,
                    "config" | "configService" if matches!(owner, Value::This(_)) => return true,
                    _ => {}
                }
                *object
            }
            Value::Import(import) => {
                let what = facts.imports[import.index()].what;
                return matches!(what, Imported::Name(name) if matches!(&facts.names[name], "env" | "ENV"));
            }
            Value::Call(call) => match facts.value(facts.call(*call).callee) {
                Value::Member(object, name)
                    if matches!(&facts.names[*name], "split" | "filter" | "map" | "trim" | "slice") =>
                {
                    *object
                }
                _ => return false,
            },
            Value::Either(left, _) | Value::Item(left, _) => *left,
            _ => return false,
        };
    }
    false
}

/// `settings.SIZES`
fn is_of_settings(facts: &FileFacts, value: ValueId) -> bool {
    matches!(*facts.value(value), Value::Member(owner, name)
        if is_constant_name(&facts.names[name]) && is_configuration(facts, owner))
}

fn is_global(facts: &FileFacts, value: ValueId, name: &str) -> bool {
    matches!(facts.value(value), Value::Global(found) if &facts.names[*found] == name)
}

fn names_models(facts: &FileFacts, value: ValueId) -> bool {
    let name = match facts.value(value) {
        Value::Member(_, name) | Value::Global(name) => &facts.names[*name],
        Value::Param(function, index) => {
            let param = facts.function(*function).params.get(usize::from(*index));
            param.map_or("", |param| &facts.names[param.name])
        }
        Value::Import(import) => match facts.imports[import.index()].what {
            Imported::Name(name) => &facts.names[name],
            _ => return false,
        },
        _ => return false,
    };
    name == "models" || name.ends_with("Models")
}

/// What a program registers with itself when it starts.
fn is_registry(facts: &FileFacts, value: ValueId) -> bool {
    last_name(facts, value).is_some_and(|name| {
        let lower = name.to_ascii_lowercase();
        lower == "registry" || lower.ends_with("_registry")
    })
}

fn param_name(facts: &FileFacts, function: FunctionId, at: u16) -> &str {
    facts.function(function).params.get(usize::from(at)).map_or("", |param| &facts.names[param.name])
}

/// Whether a parameter takes the last rest of the arguments.
fn is_last_rest(facts: &FileFacts, function: FunctionId, at: u16) -> bool {
    let params = &facts.function(function).params;
    usize::from(at) + 1 == params.len() && params[usize::from(at)].is_rest
}

/// `**kwargs`: as many as callers write down.
fn is_keywords(facts: &FileFacts, function: FunctionId, at: u16) -> bool {
    is_last_rest(facts, function, at)
        && facts.names[facts.function(function).params[usize::from(at)].name].contains("kw")
}

fn is_enumeration_name(name: &str) -> bool {
    ["Enum", "Choices", "ChoiceSet"].iter().any(|ending| name.ends_with(ending))
}

fn is_constant_name(name: &str) -> bool {
    !REQUEST_PARTS.contains(&name)
        && name.len() > 1
        && name.chars().any(char::is_alphabetic)
        && !name.chars().any(char::is_lowercase)
}
