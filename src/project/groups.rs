//! Groups of rows: queries that ask for a whole list of keys at once, and loops each of whose runs has such a list.
//! One query for each group is a batch form already.

use std::cell::OnceCell;

use rustc_hash::FxHashSet;

use super::flow::Flow;
use crate::facts::*;

/// How deep a condition is looked into for the lists that it compares with.
const MAX_DEPTH: u8 = 8;

/// Calls that compare a column with the list that is their last argument: those of knex, TypeORM, Drizzle, Kysely,
/// SQLAlchemy and peewee.
const COMPARING: [&str; 14] = [
    "Any",
    "In",
    "andWhereIn",
    "andWhereNotIn",
    "inArray",
    "in_",
    "in_bulk",
    "notInArray",
    "not_in",
    "notin_",
    "orWhereIn",
    "orWhereNotIn",
    "whereIn",
    "whereNotIn",
];

/// Functions that give what they are given first, as another collection or with less in it.
const COPYING: [&str; 18] = [
    "Set",
    "compact",
    "deque",
    "filter",
    "flatMap",
    "from",
    "frozenset",
    "list",
    "map",
    "pluck",
    "set",
    "sortBy",
    "sorted",
    "tuple",
    "uniq",
    "uniqBy",
    "unique",
    "without",
];

/// Methods of a collection that give what it holds, or a part of it.
const GIVING: [&str; 12] =
    ["concat", "copy", "entries", "filter", "flatMap", "items", "keys", "map", "slice", "sort", "toSorted", "values"];

/// Adds the lists that a call compares columns with: `id__in=ids`, `User.id.in_(ids)`, `.whereIn("id", ids)`,
/// `{ where: { id: { in: ids } } }`.
pub(super) fn lists_in(facts: &FileFacts, call: &Call, into: &mut Vec<ValueId>) {
    of_call(facts, call, 0, into);
}

fn of_call(facts: &FileFacts, call: &Call, depth: u8, into: &mut Vec<ValueId>) {
    let name = Flow::new(facts).called_name(call).unwrap_or("");
    // `.where("id", "in", ids)`
    let has_sign = || call.args.iter().any(|arg| matches!(facts.literal(arg.value), Some("in" | "not in")));
    if COMPARING.contains(&name) || (matches!(name, "where" | "andWhere" | "eb") && has_sign()) {
        into.extend(call.args.last().map(|arg| arg.value));
    }
    for arg in &call.args {
        if arg.name.is_some_and(|name| facts.names[name].ends_with("__in")) {
            into.push(arg.value);
        }
        of_condition(facts, arg.value, depth + 1, into);
    }
}

fn of_condition(facts: &FileFacts, value: ValueId, depth: u8, into: &mut Vec<ValueId>) {
    if depth > MAX_DEPTH {
        return;
    }
    match facts.value(value) {
        Value::Mapping(entries) => {
            for &(key, value) in entries {
                // `[Op.in]: ids`
                let compared = facts.literal(key).or_else(|| facts.own_name(key));
                if matches!(compared, Some("in" | "notIn" | "$in" | "$nin" | "_in" | "_nin")) {
                    into.push(value);
                } else {
                    of_condition(facts, value, depth + 1, into);
                }
            }
        }
        Value::Sequence(items) => items.iter().for_each(|&item| of_condition(facts, item, depth + 1, into)),
        Value::Operation(Operation::And | Operation::BitAnd | Operation::BitOr, left, right) => {
            of_condition(facts, *left, depth + 1, into);
            of_condition(facts, *right, depth + 1, into);
        }
        Value::Call(call) => {
            let mut call = facts.call(*call);
            for _ in 0..64 {
                of_call(facts, call, depth, into);
                let Value::Member(object, _) = facts.value(call.callee) else { break };
                let Value::Call(before) = facts.value(*object) else { break };
                call = facts.call(*before);
            }
        }
        _ => {}
    }
}

/// The collection that a list is made of: that of `list(set(rows))`, `[row.id for row in rows]`,
/// `rows.map((row) => row.id)`, `[...rows]`; else the list itself.
pub(super) fn collection(facts: &FileFacts, list: ValueId) -> ValueId {
    let mut at = list;
    for _ in 0..16 {
        at = match facts.value(at) {
            Value::Collected(_, id) => facts.loop_(*id).iterable,
            // `ids or []`; but `Array.isArray(ids) ? ids : [ids]` may be one key.
            Value::Either(left, right) if is_nothing(facts, *right) => *left,
            Value::Slice(whole, ..) => *whole,
            Value::Sequence(items) => match **items {
                [only] => match facts.value(only) {
                    Value::Spread(inner) => *inner,
                    _ => return at,
                },
                _ => return at,
            },
            Value::Call(call) => {
                let call = facts.call(*call);
                let name = Flow::new(facts).called_name(call).unwrap_or("");
                let first = call.args.first().filter(|arg| arg.name.is_none()).map(|arg| arg.value);
                match (facts.value(call.callee), first) {
                    // `_.map(rows, "id")`, `Array.from(rows)`
                    (Value::Member(object, _), Some(first))
                        if COPYING.contains(&name)
                            && matches!(facts.value(*object), Value::Import(_) | Value::Global(_)) =>
                    {
                        first
                    }
                    (Value::Member(object, _), _) if GIVING.contains(&name) => *object,
                    (Value::Import(_) | Value::Global(_), Some(first)) if COPYING.contains(&name) => first,
                    _ => return at,
                }
            }
            _ => return at,
        };
    }
    at
}

fn is_nothing(facts: &FileFacts, value: ValueId) -> bool {
    match facts.value(value) {
        Value::Sequence(items) => items.is_empty(),
        Value::Null | Value::Typed(_) => true,
        _ => false,
    }
}

/// Looks at the loops of one file.
pub(super) struct Groups<'f> {
    facts: &'f FileFacts,
    flow: Flow<'f>,
    /// What lists are put into under a key, found when first asked for.
    gathered: OnceCell<FxHashSet<ValueId>>,
}

impl<'f> Groups<'f> {
    /// For these facts.
    pub(super) fn new(facts: &'f FileFacts) -> Self {
        Groups { facts, flow: Flow::new(facts), gathered: OnceCell::new() }
    }

    /// Whether each run of a loop is about a group of rows, all of which a query asks for: `lists` are what it compares
    /// columns with, as far as that is known, and `inputs` what else decides which rows it is about.
    pub(super) fn are_asked_for(&self, inputs: &[ValueId], lists: &[ValueId], id: LoopId) -> bool {
        lists.iter().any(|&list| self.is_group(list, id))
            || (self.runs_over_groups(id) && inputs.iter().any(|&input| self.holds_group(input, id, 0)))
    }

    /// Whether a list is what the loop runs over, or what is found under the key that the loop is at.
    fn is_group(&self, list: ValueId, id: LoopId) -> bool {
        let of_loop = |value: ValueId| matches!(self.facts.value(value), Value::Element(_, at) if *at == id);
        let is_key = |key: ValueId| match self.facts.value(key) {
            Value::Part(of, 0) => of_loop(*of),
            _ => of_loop(key),
        };
        let found = collection(self.facts, list);
        match self.facts.value(found) {
            Value::Element(..) => of_loop(found),
            Value::Part(of, _) => of_loop(*of),
            Value::Item(_, key) => is_key(*key),
            Value::Call(call) => {
                let call = self.facts.call(*call);
                self.flow.called_name(call) == Some("get")
                    && matches!(self.facts.value(call.callee), Value::Member(..))
                    && call.args.first().is_some_and(|key| is_key(key.value))
            }
            _ => false,
        }
    }

    /// Whether a group is handed over as it is or in a list of values: `execute(sql, (city, ids))`.
    fn holds_group(&self, value: ValueId, id: LoopId, depth: u8) -> bool {
        match self.facts.value(value) {
            // The key of a group is no group.
            Value::Part(_, 0) => false,
            Value::Sequence(items) if depth < MAX_DEPTH => {
                items.iter().any(|&item| self.holds_group(item, id, depth + 1)) || self.is_group(value, id)
            }
            Value::Mapping(entries) if depth < MAX_DEPTH => {
                entries.iter().any(|&(_, value)| self.holds_group(value, id, depth + 1))
            }
            Value::Element(..) => self.gives_groups(id) && self.is_group(value, id),
            _ => self.is_group(value, id),
        }
    }

    /// Whether a loop runs over what rows were gathered in by a key.
    pub(super) fn runs_over_groups(&self, id: LoopId) -> bool {
        let mut at = self.facts.loop_(id).iterable;
        for _ in 0..8 {
            at = match self.facts.value(at) {
                Value::Carried(before, _) | Value::Either(before, _) => *before,
                Value::Call(call) => {
                    let made = self.facts.call(*call);
                    let first = made.args.first().map(|arg| arg.value);
                    match (self.flow.called_name(made), self.facts.value(made.callee), first) {
                        _ if self.gathered().contains(&at) || self.gathers(made) => return true,
                        (Some("enumerate" | "list" | "sorted" | "reversed" | "tqdm"), _, Some(first)) => first,
                        (Some("entries" | "values" | "keys"), Value::Member(object, _), Some(first))
                            if matches!(self.facts.value(*object), Value::Global(_)) =>
                        {
                            first
                        }
                        (Some("items" | "entries" | "values" | "keys"), Value::Member(object, _), None) => *object,
                        _ => return false,
                    }
                }
                _ => return self.gathered().contains(&at),
            };
        }
        false
    }

    /// Whether the elements of a loop over groups are these, not their keys.
    fn gives_groups(&self, id: LoopId) -> bool {
        match self.facts.value(self.facts.loop_(id).iterable) {
            Value::Call(call) => self.flow.called_name(self.facts.call(*call)) != Some("keys"),
            _ => false,
        }
    }

    /// `defaultdict(list)`, `groupby(rows, key)`, `_.groupBy(rows, "kind")`
    fn gathers(&self, call: &Call) -> bool {
        let is_function = match self.facts.value(call.callee) {
            Value::Member(object, _) => matches!(self.facts.value(*object), Value::Import(_) | Value::Global(_)),
            _ => true,
        };
        match self.flow.called_name(call) {
            Some("defaultdict") => {
                call.args.first().is_some_and(|kind| matches!(self.facts.own_name(kind.value), Some("list" | "set")))
            }
            Some("groupby") => is_function,
            Some("groupBy") => is_function && call.args.len() > 1,
            _ => false,
        }
    }

    /// What lists are put into: `groups.setdefault(key, []).append(row)`, `groups.set(key, [row])`.
    fn gathered(&self) -> &FxHashSet<ValueId> {
        self.gathered.get_or_init(|| {
            let is_list = |value: ValueId| match self.facts.value(value) {
                Value::Sequence(_) => true,
                Value::Call(call) => {
                    let made = self.facts.call(*call);
                    matches!(self.flow.called_name(made), Some("list" | "set" | "Set"))
                }
                _ => false,
            };
            let puts = |call: &&Call| {
                matches!(self.flow.called_name(call), Some("setdefault" | "set"))
                    && call.args.get(1).is_some_and(|arg| is_list(arg.value))
            };
            let mut found = FxHashSet::default();
            for call in self.facts.calls.iter().filter(puts) {
                let Value::Member(mut object, _) = *self.facts.value(call.callee) else { continue };
                while let Value::Carried(before, _) | Value::Either(before, _) = *self.facts.value(object) {
                    object = before;
                }
                found.insert(object);
            }
            found
        })
    }
}
