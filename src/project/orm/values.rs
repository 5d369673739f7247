//! What can be told of a value without running anything: how a pattern begins and ends, whether it is
//! constant, and how large an offset may grow.

use crate::facts::*;
use crate::project::{FileId, Flow, Types};

/// How a text begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// With `%` or `_`.
    Wildcard,
    /// With something else.
    Text,
    /// Not known.
    Unknown,
}

/// Which end of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    First,
    Last,
}

/// What is known of a number of rows to skip; ordered, the later costs more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Amount {
    /// Always this many.
    Constant(i64),
    /// Whatever is passed.
    Dynamic,
    /// Computed, as `(page - 1) * size` is.
    Computed,
    /// It grows from run to run of a loop: all pages are read one after the other.
    Walks(LoopId),
}

/// How far values are followed.
const MAX_DEPTH: u8 = 12;

/// Methods that give their receiver's text in another form.
const SAME_TEXT: [&str; 13] = [
    "lower",
    "upper",
    "casefold",
    "strip",
    "lstrip",
    "rstrip",
    "trim",
    "toLowerCase",
    "toUpperCase",
    "toString",
    "format",
    "replace",
    "replaceAll",
];

/// Functions that give the text of their first argument.
const OF_FIRST: [&str; 9] = ["str", "String", "Value", "literal", "bindparam", "val", "lower", "upper", "unaccent"];

/// How the text of `value` begins.
pub(crate) fn first(types: &Types<'_>, file: FileId, value: ValueId) -> Edge {
    edge(types, file, value, Side::First, 0)
}

/// How the text of `value` ends.
pub(crate) fn last(types: &Types<'_>, file: FileId, value: ValueId) -> Edge {
    edge(types, file, value, Side::Last, 0)
}

fn edge(types: &Types<'_>, file: FileId, value: ValueId, side: Side, depth: u8) -> Edge {
    if depth > MAX_DEPTH {
        return Edge::Unknown;
    }
    let facts = &types.project().file(file).facts;
    let next = |value| edge(types, file, value, side, depth + 1);
    match facts.value(value) {
        Value::Text(text) => of_text(&facts.texts[text.index()], side, next),
        Value::Int(_) | Value::Float => Edge::Text,
        Value::Either(left, right) => match (next(*left), next(*right)) {
            (Edge::Wildcard, _) | (_, Edge::Wildcard) => Edge::Wildcard,
            (Edge::Text, Edge::Text) => Edge::Text,
            _ => Edge::Unknown,
        },
        Value::Carried(inner, _) | Value::Spread(inner) | Value::Operation(Operation::And, _, inner) => next(*inner),
        Value::Operation(Operation::Add, left, right) => next(if side == Side::First { *left } else { *right }),
        Value::Call(call) => of_call(types, file, *call, side, depth),
        Value::Import(_) | Value::Member(..) => match types.definition(file, value) {
            Some((file, value)) => edge(types, file, value, side, depth + 1),
            None => Edge::Unknown,
        },
        _ => Edge::Unknown,
    }
}

fn of_text(text: &Text, side: Side, next: impl Fn(ValueId) -> Edge) -> Edge {
    let hole = match side {
        Side::First => text.holes.first().filter(|hole| hole.start == 0),
        Side::Last => text.holes.last().filter(|hole| hole.end as usize == text.cooked.len()),
    };
    if let Some(hole) = hole {
        return next(hole.value);
    }
    let (edge, before) = match side {
        Side::First => (text.cooked.chars().next(), None),
        Side::Last => {
            let mut chars = text.cooked.chars().rev();
            (chars.next(), chars.next())
        }
    };
    match edge {
        Some('%' | '_') if before != Some('\\') => Edge::Wildcard,
        Some(_) => Edge::Text,
        None => Edge::Unknown,
    }
}

fn of_call(types: &Types<'_>, file: FileId, id: CallId, side: Side, depth: u8) -> Edge {
    let facts = &types.project().file(file).facts;
    let call = facts.call(id);
    let next = |value| edge(types, file, value, side, depth + 1);
    let outermost = |values: &mut dyn DoubleEndedIterator<Item = ValueId>| match side {
        Side::First => values.next(),
        Side::Last => values.next_back(),
    };
    let mut args = call.args.iter().map(|arg| arg.value);
    match facts.value(call.callee) {
        Value::Member(object, name) => match &facts.names[*name] {
            // `"%".concat(q, "%")`, but also `func.concat("%", q)`
            "concat" if facts.text(*object).is_some() => {
                let mut parts = std::iter::once(*object).chain(args);
                return outermost(&mut parts).map_or(Edge::Unknown, next);
            }
            "concat" | "Concat" => return outermost(&mut args).map_or(Edge::Unknown, next),
            // `["%", q, "%"].join("")`
            "join" => {
                if let Value::Sequence(parts) = facts.value(*object) {
                    return outermost(&mut parts.iter().copied()).map_or(Edge::Unknown, next);
                }
            }
            name if OF_FIRST.contains(&name) && !call.args.is_empty() => {
                return args.next().map_or(Edge::Unknown, next);
            }
            name if SAME_TEXT.contains(&name) => return next(*object),
            _ => {}
        },
        Value::Global(name) if OF_FIRST.contains(&&facts.names[*name]) => {
            return args.next().map_or(Edge::Unknown, next);
        }
        _ => {}
    }
    let Some(target) = types.target(file, id) else { return Edge::Unknown };
    let function = types.project().file(target.file).facts.function(target.function);
    let all_known = |wanted: Edge| {
        !function.returns.is_empty()
            && function.returns.iter().all(|&value| edge(types, target.file, value, side, depth + 4) == wanted)
    };
    if all_known(Edge::Wildcard) { Edge::Wildcard } else { Edge::Unknown }
}

/// Whether a value is the same text or number in every run of the program.
pub(crate) fn is_constant(types: &Types<'_>, file: FileId, value: ValueId) -> bool {
    constant(types, file, value, 0)
}

fn constant(types: &Types<'_>, file: FileId, value: ValueId, depth: u8) -> bool {
    let facts = &types.project().file(file).facts;
    depth < MAX_DEPTH
        && match facts.value(value) {
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float => true,
            Value::Text(text) => {
                facts.texts[text.index()].holes.iter().all(|hole| constant(types, file, hole.value, depth + 1))
            }
            Value::Either(left, right) => {
                constant(types, file, *left, depth + 1) && constant(types, file, *right, depth + 1)
            }
            Value::Import(_) | Value::Member(..) => match types.definition(file, value) {
                Some((file, value)) => constant(types, file, value, depth + 1),
                None => false,
            },
            _ => false,
        }
}

/// Whether a number is drawn by lot: `randbelow(count)`, `Math.floor(Math.random() * count)`. Such an offset picks a row.
pub(crate) fn is_drawn(facts: &FileFacts, value: ValueId) -> bool {
    let mut open = vec![(value, 0)];
    while let Some((value, depth)) = open.pop() {
        match facts.value(value) {
            _ if depth > MAX_DEPTH => {}
            Value::Call(call) => {
                let call = facts.call(*call);
                let name = Flow::new(facts).called_name(call).unwrap_or("");
                if matches!(name, "randbelow" | "randint" | "random" | "randomInt" | "randrange") {
                    return true;
                }
                open.extend(call.args.iter().map(|arg| (arg.value, depth + 1)));
            }
            Value::Operation(_, left, right) | Value::Either(left, right) => {
                open.extend([(*left, depth + 1), (*right, depth + 1)]);
            }
            _ => {}
        }
    }
    false
}

/// The loops that a place stands in, innermost first.
fn inside(facts: &FileFacts, at: Option<LoopId>, wanted: LoopId) -> bool {
    let mut at = at;
    while let Some(id) = at {
        if id == wanted {
            return true;
        }
        at = facts.loop_(id).parent;
    }
    false
}

/// How many rows a value may mean, seen from inside the loop `at`.
pub(crate) fn amount(types: &Types<'_>, file: FileId, value: ValueId, at: Option<LoopId>) -> Amount {
    amount_of(types, file, value, at, 0)
}

fn amount_of(types: &Types<'_>, file: FileId, value: ValueId, at: Option<LoopId>, depth: u8) -> Amount {
    if depth > MAX_DEPTH {
        return Amount::Dynamic;
    }
    let facts = &types.project().file(file).facts;
    let next = |value| amount_of(types, file, value, at, depth + 1);
    match facts.value(value) {
        Value::Int(number) => Amount::Constant(*number),
        Value::Null | Value::Bool(_) => Amount::Constant(0),
        Value::Text(_) => match facts.literal(value).and_then(|text| text.trim().parse().ok()) {
            Some(number) => Amount::Constant(number),
            None => Amount::Dynamic,
        },
        Value::Operation(operation, left, right) => match (next(*left), next(*right)) {
            (Amount::Constant(left), Amount::Constant(right)) => match operation {
                Operation::Add => Amount::Constant(left.saturating_add(right)),
                Operation::Subtract => Amount::Constant(left.saturating_sub(right)),
                Operation::Multiply => Amount::Constant(left.saturating_mul(right)),
                _ => Amount::Dynamic,
            },
            // `+x`, `-x`: nothing is computed.
            (left, _) if *right == UNKNOWN => left,
            (left, right) => left.max(right).max(Amount::Computed),
        },
        Value::Either(left, right) => next(*left).max(next(*right)),
        Value::Carried(before, id) => {
            if inside(facts, at, *id) {
                reset(types, file, value, *id).map_or(Amount::Walks(*id), |constant| next(*before).max(constant))
            } else {
                next(*before).max(Amount::Dynamic)
            }
        }
        Value::Element(of, id) if inside(facts, at, *id) && is_counter(facts, *of) => Amount::Walks(*id),
        Value::Call(call) => {
            let call = facts.call(*call);
            let name = match facts.value(call.callee) {
                Value::Global(name) | Value::Member(_, name) => &facts.names[*name],
                _ => "",
            };
            let passes_on = matches!(
                name,
                "int"
                    | "Number"
                    | "parseInt"
                    | "parseFloat"
                    | "max"
                    | "min"
                    | "abs"
                    | "round"
                    | "floor"
                    | "ceil"
                    | "trunc"
            );
            let parts = call.args.iter().filter(|_| passes_on).map(|arg| next(arg.value));
            parts.max().unwrap_or(Amount::Dynamic)
        }
        Value::Import(_) | Value::Member(..) => match types.definition(file, value) {
            Some((file, value)) => match amount_of(types, file, value, None, depth + 1) {
                Amount::Constant(number) => Amount::Constant(number),
                _ => Amount::Dynamic,
            },
            None => Amount::Dynamic,
        },
        _ => Amount::Dynamic,
    }
}

/// What a loop sets `carried` to, if that is a constant in every run.
fn reset(types: &Types<'_>, file: FileId, carried: ValueId, id: LoopId) -> Option<Amount> {
    let facts = &types.project().file(file).facts;
    let mut ends = facts.loop_(id).carries.iter().filter(|(own, _)| *own == carried).map(|&(_, end)| end).peekable();
    ends.peek()?;
    let constant = |end: ValueId| match amount(types, file, end, None) {
        constant @ Amount::Constant(_) => Some(constant),
        _ => None,
    };
    ends.try_fold(Amount::Constant(0), |most, end| Some(most.max(constant(end)?)))
}

/// `range(0, total, size)`, `count(0, size)`
fn is_counter(facts: &FileFacts, iterable: ValueId) -> bool {
    let Value::Call(call) = facts.value(iterable) else { return false };
    let name = match facts.value(facts.call(*call).callee) {
        Value::Global(name) | Value::Member(_, name) => &facts.names[*name],
        Value::Import(import) => match facts.imports[import.index()].what {
            Imported::Name(name) => &facts.names[name],
            _ => return false,
        },
        _ => return false,
    };
    matches!(name, "range" | "xrange" | "trange" | "count" | "tqdm")
}
