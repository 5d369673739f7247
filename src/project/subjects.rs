//! What the runs of a loop are about, where that is not rows: statements, tables, groups of keys. No batch form
//! exists for the first two, and the third is one.

use super::flow::{Dependence, Flow};
use crate::facts::*;

/// Looks at the queries in the loops of one file.
pub(super) struct Subjects<'f> {
    facts: &'f FileFacts,
    flow: Flow<'f>,
}

impl<'f> Subjects<'f> {
    /// For these facts.
    pub(super) fn new(facts: &'f FileFacts) -> Self {
        Subjects { facts, flow: Flow::new(facts) }
    }

    /// Whether the loop runs over statements or tables: `for sql in script: execute(sql)`,
    /// `for model in models: model.objects.count()`, `for (const table of tables) db.insert(table).values(…)`.
    pub(super) fn are_statements_or_tables(&self, call: CallId, library: &str, id: LoopId) -> bool {
        self.runs_element(self.facts.call(call), id) || self.asks_table_of(call, library, id)
    }

    fn runs_element(&self, call: &Call, id: LoopId) -> bool {
        let runs = matches!(
            self.flow.called_name(call),
            Some("execute" | "executescript" | "query" | "exec" | "raw" | "unsafe" | "command")
        );
        let Some(first) = call.args.first().filter(|_| runs).map(|arg| self.stripped(arg.value)) else { return false };
        match self.facts.value(first) {
            Value::Mapping(entries) => entries.iter().any(|&(key, value)| {
                matches!(self.facts.literal(key), Some("query" | "sql" | "text"))
                    && self.is_element(self.stripped(value), id)
            }),
            _ => self.is_element(first, id),
        }
    }

    /// Whether the chain that `call` ends is about a table that the loop gives.
    fn asks_table_of(&self, call: CallId, library: &str, id: LoopId) -> bool {
        let mut through_table = false;
        let mut step = Some(call);
        for _ in 0..64 {
            let Some(found) = step.map(|step| self.facts.call(step)) else { break };
            let Value::Member(object, name) = self.facts.value(found.callee) else {
                // `knex(table).update(…)`
                return library.starts_with("knex")
                    && found.args.first().is_some_and(|arg| self.is_given_by(arg.value, id));
            };
            let takes_table = match &self.facts.names[*name] {
                "deleteFrom" | "from" | "getRepository" | "insertInto" | "into" | "replaceInto" | "selectFrom"
                | "table" | "updateTable" => true,
                "delete" | "insert" | "update" => library.starts_with("drizzle"),
                _ => false,
            };
            // `knex(table).update(column, value)`
            let takes_column =
                &self.facts.names[*name] == "update" && library.starts_with("knex") && found.args.len() == 2;
            if takes_column && self.is_given_by(found.args[0].value, id) {
                return true;
            }
            let is_named = found.args.first().is_some_and(|arg| self.facts.literal(arg.value).is_some());
            if takes_table && !is_named && found.args.iter().any(|arg| self.is_given_by(arg.value, id)) {
                return true;
            }
            let mut at = *object;
            step = loop {
                at = match self.facts.value(at) {
                    Value::Member(object, name) => {
                        through_table |= matches!(
                            &self.facts.names[*name],
                            "objects" | "_default_manager" | "_base_manager" | "query"
                        );
                        *object
                    }
                    // `models[name].findAll()`, `prisma[model].count()`
                    Value::Item(object, key) if self.names_models(*object) && self.is_given_by(*key, id) => {
                        return true;
                    }
                    Value::Call(call) => break Some(*call),
                    _ => return through_table && self.is_element(at, id),
                };
            };
        }
        false
    }

    /// Whether a query asks for a whole group of keys: `for (const [kind, ids] of groups) … where id in ids`.
    pub(super) fn are_groups(&self, call: CallId, inputs: &[ValueId], id: LoopId) -> bool {
        inputs.iter().any(|&input| self.holds_list(input, id, 0)) || self.chain_has_list(call, id, 0)
    }

    fn chain_has_list(&self, call: CallId, id: LoopId, depth: u8) -> bool {
        let mut step = call;
        for _ in 0..64 {
            if self.call_has_list(step, id, depth) {
                return true;
            }
            let Value::Member(object, _) = self.facts.value(self.facts.call(step).callee) else { return false };
            let mut at = *object;
            while let Value::Member(object, _) = self.facts.value(at) {
                at = *object;
            }
            let Value::Call(next) = self.facts.value(at) else { return false };
            step = *next;
        }
        false
    }

    fn call_has_list(&self, call: CallId, id: LoopId, depth: u8) -> bool {
        let call = self.facts.call(call);
        let compares = match self.flow.called_name(call) {
            Some("whereIn" | "andWhereIn" | "orWhereIn" | "whereNotIn" | "inArray" | "notInArray" | "In" | "any") => {
                true
            }
            Some("where" | "andWhere") => call.args.iter().any(|arg| self.facts.literal(arg.value) == Some("in")),
            _ => false,
        };
        call.args
            .iter()
            .any(|arg| (compares && self.is_group(arg.value, id)) || self.holds_list(arg.value, id, depth + 1))
    }

    /// Whether a condition compares with a group: `{ id: { in: ids } }`, `inArray(post.id, ids)`.
    fn holds_list(&self, value: ValueId, id: LoopId, depth: u8) -> bool {
        if depth > 8 {
            return false;
        }
        match self.facts.value(value) {
            Value::Mapping(entries) => entries.iter().any(|&(key, value)| {
                let compares = key != UNKNOWN
                    && self.facts.literal(key).is_none_or(|key| matches!(key, "in" | "notIn" | "$in" | "$nin"));
                (compares && self.is_group(value, id)) || self.holds_list(value, id, depth + 1)
            }),
            Value::Sequence(items) => items.iter().any(|&item| self.holds_list(item, id, depth + 1)),
            Value::Call(call) => self.chain_has_list(*call, id, depth),
            _ => false,
        }
    }

    /// Whether a value is what a grouped object or `Map` holds under the key that the loop is at.
    fn is_group(&self, value: ValueId, id: LoopId) -> bool {
        let is_key = |key: ValueId| match self.facts.value(key) {
            Value::Element(_, at) => *at == id,
            Value::Part(of, 0) => matches!(self.facts.value(*of), Value::Element(_, at) if *at == id),
            _ => false,
        };
        match self.facts.value(value) {
            Value::Part(of, 1) => matches!(self.facts.value(*of), Value::Element(_, at) if *at == id),
            Value::Item(_, key) => is_key(*key),
            Value::Sequence(items) => match **items {
                [only] => matches!(self.facts.value(only), Value::Spread(inner) if self.is_group(*inner, id)),
                _ => false,
            },
            Value::Either(left, _) => self.is_group(*left, id),
            Value::Call(call) => {
                let call = self.facts.call(*call);
                let first = call.args.first().map(|arg| arg.value);
                match (self.flow.called_name(call), self.facts.value(call.callee), first) {
                    (Some("get"), Value::Member(..), Some(key)) => is_key(key),
                    (Some("map" | "sort" | "filter" | "slice" | "flatMap" | "values"), Value::Member(object, _), _) => {
                        self.is_group(*object, id)
                    }
                    (Some("from" | "uniq" | "unique" | "Set"), _, Some(inner)) => self.is_group(inner, id),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    fn is_element(&self, value: ValueId, id: LoopId) -> bool {
        match self.facts.value(value) {
            Value::Element(_, at) => *at == id,
            Value::Part(of, _) => matches!(self.facts.value(*of), Value::Element(_, at) if *at == id),
            _ => false,
        }
    }

    /// Whether a value is made of the loop's element; a counter is not, nor is a subquery.
    fn is_given_by(&self, value: ValueId, id: LoopId) -> bool {
        !matches!(self.facts.value(value), Value::Carried(..) | Value::Call(_))
            && self.flow.dependence(value, id) == Dependence::PerRow
    }

    /// `models`, `db.models`, `prisma`
    fn names_models(&self, object: ValueId) -> bool {
        let name = match self.facts.value(object) {
            Value::Member(_, name) | Value::Global(name) => &self.facts.names[*name],
            Value::Import(import) => match self.facts.imports[import.index()].what {
                Imported::Name(name) => &self.facts.names[name],
                _ => return false,
            },
            Value::Param(function, index) => {
                let param = self.facts.function(*function).params.get(usize::from(*index));
                param.map_or("", |param| &self.facts.names[param.name])
            }
            _ => return false,
        };
        matches!(name, "models" | "repositories" | "prisma" | "db" | "tx" | "client")
    }

    /// A value without `.strip()`, `text(…)`, `+ ";"`.
    fn stripped(&self, value: ValueId) -> ValueId {
        match self.facts.value(value) {
            Value::Call(call) => {
                let call = self.facts.call(*call);
                match (self.flow.called_name(call), self.facts.value(call.callee), call.args.first()) {
                    (Some("strip" | "trim" | "rstrip"), Value::Member(object, _), _) => *object,
                    (Some("text"), _, Some(arg)) => arg.value,
                    _ => value,
                }
            }
            Value::Operation(Operation::Add, left, _) => *left,
            _ => value,
        }
    }
}
