//! What a page is sorted by, as far as it is written in the same query.

use super::SortKey;
use super::collect::Collector;
use crate::facts::*;

/// The keys of the `order_by` calls in the chain around `call`.
pub(super) fn of_chain(collector: &mut Collector<'_, '_>, call: CallId) -> Vec<SortKey> {
    let mut keys = Vec::new();
    for id in collector.whole_chain(call).into_iter().rev() {
        if sorts(collector.called(id)) {
            keys.extend(of_call(collector, id));
        }
    }
    keys
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
    let mut keys = Vec::new();
    let name = collector.called(call);
    let args = &collector.facts.call(call).args;
    if name.starts_with("orderBy") || name == "addOrderBy" {
        ecma_arguments(collector, args, &mut keys);
    } else {
        args.iter().for_each(|arg| key(collector, arg.value, false, &mut keys));
    }
    keys
}

/// `.orderBy("created_at", "desc")`, `.orderBy([{ column, order }])`, `.orderBy({ createdAt: "desc" })`
fn ecma_arguments(collector: &Collector<'_, '_>, args: &[Arg], keys: &mut Vec<SortKey>) {
    let facts = collector.facts;
    match args {
        [column, direction, ..] if facts.literal(direction.value).is_some() => {
            let mut found = Vec::new();
            key(collector, column.value, is_descending(facts.literal(direction.value).unwrap_or("")), &mut found);
            keys.extend(found);
        }
        // Either direction: nothing that can be written out.
        [column, direction]
            if facts.literal(column.value).is_some() && !matches!(facts.value(direction.value), Value::Mapping(_)) => {}
        [only] if matches!(facts.value(only.value), Value::Mapping(_)) => keys.extend(of_object(collector, only.value)),
        _ => args.iter().for_each(|arg| key(collector, arg.value, false, keys)),
    }
}

/// The keys of an option: `order: [["createdAt", "DESC"]]`, `orderBy: { createdAt: "desc" }`.
pub(super) fn of_object(collector: &Collector<'_, '_>, value: ValueId) -> Vec<SortKey> {
    let mut keys = Vec::new();
    object(collector, value, &mut keys, 0);
    keys
}

fn object(collector: &Collector<'_, '_>, value: ValueId, keys: &mut Vec<SortKey>, depth: u8) {
    let facts = collector.facts;
    match facts.value(value) {
        Value::Mapping(entries) => {
            // Knex's `{ column: "created_at", order: "desc" }`
            let get =
                |wanted: &str| entries.iter().find(|(key, _)| facts.literal(*key) == Some(wanted)).map(|entry| entry.1);
            if let Some(column) = get("column").and_then(|column| facts.literal(column)) {
                let order = get("order").map(|order| facts.literal(order));
                if let Some(order) = order.unwrap_or(Some("")) {
                    keys.push(SortKey { column: column.to_owned(), descending: is_descending(order) });
                }
                return;
            }
            for &(key, direction) in entries {
                let Some(column) = facts.literal(key) else { continue };
                match facts.value(direction) {
                    Value::Text(_) => {
                        let descending = is_descending(facts.literal(direction).unwrap_or(""));
                        keys.push(SortKey { column: column.to_owned(), descending });
                    }
                    Value::Int(number) => keys.push(SortKey { column: column.to_owned(), descending: *number < 0 }),
                    _ => {}
                }
            }
        }
        Value::Sequence(parts) if depth < 3 => {
            let texts: Vec<Option<&str>> = parts.iter().map(|&part| facts.literal(part)).collect();
            match texts.as_slice() {
                [Some(column), Some(direction)] if is_direction(direction) => {
                    keys.push(SortKey { column: (*column).to_owned(), descending: is_descending(direction) });
                }
                [Some(_), None] if depth > 0 => {}
                _ => parts.iter().for_each(|&part| match facts.literal(part) {
                    Some(column) => keys.push(SortKey { column: column.to_owned(), descending: false }),
                    None => object(collector, part, keys, depth + 1),
                }),
            }
        }
        _ => {}
    }
}

/// One argument: `"-created"`, `User.created.desc()`, `desc(users.createdAt)`, `"created desc"`.
fn key(collector: &Collector<'_, '_>, value: ValueId, descending: bool, keys: &mut Vec<SortKey>) {
    let facts = collector.facts;
    match facts.value(value) {
        Value::Text(_) => {
            for part in facts.literal(value).unwrap_or("").split(',') {
                let mut words = part.split_whitespace();
                let Some(column) = words.next() else { continue };
                let said = words.next().is_some_and(is_descending);
                let (column, minus) = column.strip_prefix('-').map_or((column, false), |column| (column, true));
                keys.push(SortKey { column: column.to_owned(), descending: descending || said || minus });
            }
        }
        // `search({ orderBy })`: what a function is handed is no column of a table that is handed, too.
        Value::Member(object, _) if is_ecma(collector) && is_handed(facts, *object) => {}
        Value::Member(object, name) => match &facts.names[*name] {
            // Drizzle and SQLAlchemy name a column by an attribute.
            name if *object != UNKNOWN => keys.push(SortKey { column: name.to_owned(), descending }),
            _ => {}
        },
        // peewee's `-Post.created`
        Value::Operation(Operation::Other, inner, UNKNOWN) => key(collector, *inner, !descending, keys),
        Value::Sequence(parts) => parts.iter().for_each(|&part| match facts.value(part) {
            Value::Mapping(_) => keys.extend(of_object(collector, part)),
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
                _ => return,
            };
            match at.args.first() {
                Some(arg) if arg.name.is_none() => key(collector, arg.value, says, keys),
                _ => {
                    if let Some(receiver) = collector.receiver(*call) {
                        key(collector, receiver, says, keys);
                    }
                }
            }
        }
        _ => {}
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
