//! What a page is sorted by, as far as it is written in the same query.

use super::SortKey;
use super::collect::Collector;
use crate::facts::*;

/// The keys that are read so far.
#[derive(Default)]
struct Keys {
    found: Vec<SortKey>,
    /// Whether there is a key that cannot be written out: an expression, a direction that the program decides.
    has_others: bool,
}

impl Keys {
    /// All of them, if each can be written out.
    fn all(self) -> Option<Vec<SortKey>> {
        (!self.has_others).then_some(self.found)
    }
}

/// The keys of the `order_by` calls in the chain around `call`; `None` if they cannot be written out, or if what is
/// sorted are no rows of a table.
pub(super) fn of_chain(collector: &mut Collector<'_, '_>, call: CallId) -> Option<Vec<SortKey>> {
    const REGROUPING: [&str; 9] = [
        "distinct",
        "distinctOn",
        "groupBy",
        "group_by",
        "having",
        "selectDistinct",
        "selectDistinctOn",
        "union",
        "unionAll",
    ];
    let mut keys = Keys::default();
    for id in collector.whole_chain(call).into_iter().rev() {
        let name = collector.called(id);
        if sorts(name) {
            read_call(collector, id, &mut keys);
        }
        keys.has_others |= REGROUPING.contains(&name);
    }
    keys.all()
}

/// Whether the order of the chain around `call` stands elsewhere: in another statement of its function
/// (`query.orderBy(…)`), in what the chain is handed (`.order_by(*order)`), or before the query came here.
pub(super) fn is_elsewhere(collector: &mut Collector<'_, '_>, call: CallId) -> bool {
    let facts = collector.facts;
    let own = facts.call(call).function;
    let mut begins = call;
    while let Value::Member(object, _) = *facts.value(facts.call(begins).callee) {
        match *facts.value(object) {
            Value::Call(before) => begins = before,
            // What a function is handed may be in any order.
            Value::Param(..) => return true,
            _ => break,
        }
    }
    if collector.sorting.is_none() {
        let all = (0..).map(CallId).take(facts.calls.len());
        let found = all.filter(|&id| sorts(collector.called(id))).map(|id| facts.call(id).function).collect();
        collector.sorting = Some(found);
    }
    collector.sorting.as_ref().is_some_and(|sorting| sorting.contains(&own))
}

/// Whether a step of a chain sorts.
fn sorts(name: &str) -> bool {
    matches!(name, "order_by" | "orderBy" | "addOrderBy" | "orderby" | "orderByRaw" | "sort_by")
}

/// The keys that one call of a chain is given.
pub(super) fn of_call(collector: &Collector<'_, '_>, call: CallId) -> Vec<SortKey> {
    let mut keys = Keys::default();
    read_call(collector, call, &mut keys);
    keys.found
}

fn read_call(collector: &Collector<'_, '_>, call: CallId, keys: &mut Keys) {
    let name = collector.called(call);
    let args = &collector.facts.call(call).args;
    if name.starts_with("orderBy") || name == "addOrderBy" {
        ecma_arguments(collector, args, keys);
    } else {
        args.iter().for_each(|arg| key(collector, arg.value, false, keys));
    }
}

/// `.orderBy("created_at", "desc")`, `.orderBy([{ column, order }])`, `.orderBy({ createdAt: "desc" })`
fn ecma_arguments(collector: &Collector<'_, '_>, args: &[Arg], keys: &mut Keys) {
    let facts = collector.facts;
    match args {
        [column, direction, ..] if facts.literal(direction.value).is_some() => {
            key(collector, column.value, is_descending(facts.literal(direction.value).unwrap_or("")), keys);
        }
        // Either direction: nothing that can be written out.
        [column, direction]
            if facts.literal(column.value).is_some() && !matches!(facts.value(direction.value), Value::Mapping(_)) =>
        {
            keys.has_others = true;
        }
        [only] if matches!(facts.value(only.value), Value::Mapping(_)) => object(collector, only.value, keys, 0),
        _ => args.iter().for_each(|arg| key(collector, arg.value, false, keys)),
    }
}

/// The keys of an option: `order: [["createdAt", "DESC"]]`, `orderBy: { createdAt: "desc" }`.
pub(super) fn of_object(collector: &Collector<'_, '_>, value: ValueId) -> Vec<SortKey> {
    let mut keys = Keys::default();
    object(collector, value, &mut keys, 0);
    keys.found
}

/// The same; `None` if they cannot be written out.
pub(super) fn all_of_object(collector: &Collector<'_, '_>, value: ValueId) -> Option<Vec<SortKey>> {
    let mut keys = Keys::default();
    object(collector, value, &mut keys, 0);
    keys.all()
}

fn object(collector: &Collector<'_, '_>, value: ValueId, keys: &mut Keys, depth: u8) {
    let facts = collector.facts;
    match facts.value(value) {
        Value::Mapping(entries) => {
            // Knex's `{ column: "created_at", order: "desc" }`
            let get =
                |wanted: &str| entries.iter().find(|(key, _)| facts.literal(*key) == Some(wanted)).map(|entry| entry.1);
            if let Some(column) = get("column").and_then(|column| facts.literal(column)) {
                let order = get("order").map(|order| facts.literal(order));
                match order.unwrap_or(Some("")) {
                    Some(order) => {
                        keys.found.push(SortKey { column: column.to_owned(), descending: is_descending(order) });
                    }
                    None => keys.has_others = true,
                }
                return;
            }
            for &(key, direction) in entries {
                let Some(column) = facts.literal(key) else {
                    keys.has_others = true;
                    continue;
                };
                match facts.value(direction) {
                    Value::Text(_) => {
                        let descending = is_descending(facts.literal(direction).unwrap_or(""));
                        keys.found.push(SortKey { column: column.to_owned(), descending });
                    }
                    Value::Int(number) => {
                        keys.found.push(SortKey { column: column.to_owned(), descending: *number < 0 })
                    }
                    _ => keys.has_others = true,
                }
            }
        }
        Value::Sequence(parts) if depth < 3 => {
            let texts: Vec<Option<&str>> = parts.iter().map(|&part| facts.literal(part)).collect();
            match texts.as_slice() {
                [Some(column), Some(direction)] if is_direction(direction) => {
                    keys.found.push(SortKey { column: (*column).to_owned(), descending: is_descending(direction) });
                }
                // `[fn("lower", col("name")), "ASC"]`, `[Author, "name", "ASC"]`, `["name", direction]`
                [.., Some(direction)] if depth > 0 && is_direction(direction) => keys.has_others = true,
                [Some(_), None] if depth > 0 => keys.has_others = true,
                _ => parts.iter().for_each(|&part| match facts.literal(part) {
                    Some(column) => keys.found.push(SortKey { column: column.to_owned(), descending: false }),
                    None => object(collector, part, keys, depth + 1),
                }),
            }
        }
        _ => keys.has_others = true,
    }
}

/// One argument: `"-created"`, `User.created.desc()`, `desc(users.createdAt)`, `"created desc"`.
fn key(collector: &Collector<'_, '_>, value: ValueId, descending: bool, keys: &mut Keys) {
    let facts = collector.facts;
    match facts.value(value) {
        Value::Text(_) => {
            for part in facts.literal(value).unwrap_or("").split(',') {
                let mut words = part.split_whitespace();
                let Some(column) = words.next() else { continue };
                let said = words.next().is_some_and(is_descending);
                let (column, minus) = column.strip_prefix('-').map_or((column, false), |column| (column, true));
                keys.found.push(SortKey { column: column.to_owned(), descending: descending || said || minus });
            }
        }
        // `search({ orderBy })`: what a function is handed is no column of a table that is handed, too.
        Value::Member(object, _) if is_ecma(collector) && is_handed(facts, *object) => {
            keys.has_others = true;
        }
        Value::Member(object, name) => match &facts.names[*name] {
            // Drizzle and SQLAlchemy name a column by an attribute.
            name if *object != UNKNOWN => keys.found.push(SortKey { column: name.to_owned(), descending }),
            _ => keys.has_others = true,
        },
        // peewee's `-Post.created`
        Value::Operation(Operation::Other, inner, UNKNOWN) => key(collector, *inner, !descending, keys),
        Value::Sequence(parts) => parts.iter().for_each(|&part| match facts.value(part) {
            Value::Mapping(_) => object(collector, part, keys, 0),
            _ => key(collector, part, descending, keys),
        }),
        Value::Call(call) => {
            let at = facts.call(*call);
            let name = collector.called(*call);
            let says = match name {
                "desc" | "Desc" => true,
                "asc" | "Asc" | "F" | "nullslast" | "nulls_last" | "nullsfirst" | "nulls_first" | "OrderBy" => {
                    descending
                }
                _ => {
                    keys.has_others = true;
                    return;
                }
            };
            keys.has_others |= nulls_first(collector, value).is_some();
            match at.args.first() {
                Some(arg) if arg.name.is_none() => key(collector, arg.value, says, keys),
                _ => {
                    if let Some(receiver) = collector.receiver(*call) {
                        key(collector, receiver, says, keys);
                    }
                }
            }
        }
        _ => keys.has_others = true,
    }
}

fn is_ecma(collector: &Collector<'_, '_>) -> bool {
    collector.types.project().file(collector.file).source.language.is_ecma()
}

/// Whether a value is a parameter of a function that has a name: no callback, which a library gives its tables.
fn is_handed(facts: &FileFacts, value: ValueId) -> bool {
    matches!(*facts.value(value), Value::Param(function, _) if facts.function(function).passed_to.is_none()
        && !facts.names[facts.function(function).name].is_empty())
}

/// Whether nulls stand first in the order of an argument, if it says where: `F("x").desc(nulls_last=True)`,
/// `User.created.desc().nulls_last()`, `nullslast(User.created)`.
pub(super) fn nulls_first(collector: &Collector<'_, '_>, value: ValueId) -> Option<bool> {
    let facts = collector.facts;
    let Value::Call(call) = *facts.value(value) else { return None };
    match collector.called(call) {
        "nullslast" | "nulls_last" => return Some(false),
        "nullsfirst" | "nulls_first" => return Some(true),
        _ => {}
    }
    facts.call(call).args.iter().find_map(|arg| match (&facts.names[arg.name?], facts.value(arg.value)) {
        ("nulls_last", Value::Bool(true)) => Some(false),
        ("nulls_first", Value::Bool(true)) => Some(true),
        _ => None,
    })
}

fn is_descending(word: &str) -> bool {
    word.to_ascii_lowercase().starts_with("desc")
}

fn is_direction(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    lower.starts_with("asc") || lower.starts_with("desc")
}
