//! What the runs of a loop are about, where that is not rows: statements, tables, columns. No batch form exists for
//! them.

use std::cell::OnceCell;

use rustc_hash::{FxHashMap, FxHashSet};

use super::FileId;
use super::bounds::REFLECTING;
use super::flow::{Dependence, Flow};
use super::inputs::{begins_as_sql, table_holes};
use super::types::{Ty, Types};
use crate::facts::*;

/// What SQLAlchemy's statements about one table or constraint are made with.
const DDL_ELEMENTS: [&str; 8] = [
    "AddConstraint",
    "CreateIndex",
    "CreateSchema",
    "CreateTable",
    "DropConstraint",
    "DropIndex",
    "DropSchema",
    "DropTable",
];

/// Looks at the queries in the loops of one file.
pub(super) struct Subjects<'t, 'f> {
    types: &'t Types<'f>,
    file: FileId,
    facts: &'f FileFacts,
    flow: Flow<'f>,
    /// Loops over names of columns or attributes and over classes, found when first asked for.
    naming: OnceCell<FxHashSet<LoopId>>,
}

impl<'t, 'f> Subjects<'t, 'f> {
    /// For this file.
    pub(super) fn new(types: &'t Types<'f>, file: FileId) -> Self {
        let facts = types.facts(file);
        Subjects { types, file, facts, flow: Flow::new(facts), naming: OnceCell::new() }
    }

    /// Whether the loop runs over statements or tables: `for sql in script: execute(sql)`,
    /// `for model in models: model.objects.count()`, `for (const table of tables) db.insert(table).values(…)`.
    pub(super) fn are_statements_or_tables(&self, call: CallId, library: &str, inputs: &[ValueId], id: LoopId) -> bool {
        let found = self.facts.call(call);
        let reflects = self.flow.called_name(found).is_some_and(|name| REFLECTING.contains(&name));
        reflects
            || self.runs_element(found, id)
            || inputs.iter().any(|&input| self.has_table_hole(input, id))
            || found.args.iter().any(|arg| begins_as_sql(self.facts, arg.value) && self.has_table_hole(arg.value, id))
            || self.asks_table_of(call, library, id)
            || self.names_table_of(found, id, 0)
            // `execute_delete(through.objects.filter(…))`
            || found.args.iter().any(|arg| {
                matches!(self.facts.value(arg.value), Value::Call(built) if self.names_table_of(self.facts.call(*built), id, 0))
            })
    }

    /// Whether the loop runs over whole statements, which are given nothing else: whatever made them in a loop around
    /// it, they are run as they are.
    pub(super) fn are_whole_statements(&self, call: CallId, id: LoopId) -> bool {
        let found = self.facts.call(call);
        found.args.len() == 1 && self.runs_element(found, id)
    }

    /// Whether the loop runs over what the code knows by name: columns, attributes or parts of a record, classes.
    /// `for field in fields: getattr(row, field)`, `filter(**{field: value})`, `if key == "name": … elif key == "age"`.
    pub(super) fn are_names(&self, id: LoopId) -> bool {
        self.naming.get_or_init(|| self.find_naming()).contains(&id)
    }

    fn find_naming(&self) -> FxHashSet<LoopId> {
        let mut naming = FxHashSet::default();
        for call in self.facts.calls.iter().filter(|call| call.in_loop.is_some()) {
            let name = match (self.flow.called_name(call), call.args.get(1)) {
                (Some("getattr" | "setattr" | "hasattr" | "delattr"), Some(name)) => Some(name.value),
                _ => None,
            };
            naming.extend(name.and_then(|name| self.element_in(name)));
            // `issubclass(importer, Base)`, `new importer()`: the classes that a program has.
            let class = match (self.flow.called_name(call), call.args.first()) {
                (Some("isclass" | "issubclass"), Some(class)) => Some(class.value),
                _ if call.is_new => Some(call.callee),
                _ => None,
            };
            naming.extend(class.and_then(|class| self.element_in(class)));
            for arg in &call.args {
                let Value::Spread(inner) = self.facts.value(arg.value) else { continue };
                let Value::Mapping(entries) = self.facts.value(*inner) else { continue };
                naming.extend(entries.iter().filter_map(|&(key, _)| self.element_in(key)));
            }
        }
        let mut compared: FxHashMap<LoopId, FxHashSet<&str>> = FxHashMap::default();
        for guard in &self.facts.guards {
            let Value::Operation(Operation::Equal, left, right) = self.facts.value(guard.condition) else { continue };
            if let (Some(id), Some(name)) = (self.key_of_record(*left), self.facts.literal(*right)) {
                compared.entry(id).or_default().insert(name);
            }
        }
        naming.extend(compared.into_iter().filter(|(_, names)| names.len() > 1).map(|(id, _)| id));
        naming
    }

    /// The loop whose element a value is, or a text with it in a hole.
    fn element_in(&self, value: ValueId) -> Option<LoopId> {
        match self.facts.value(value) {
            Value::Element(_, id) => Some(*id),
            Value::Part(of, 0) => self.element_in(*of),
            Value::Text(text) => {
                self.facts.texts[text.index()].holes.iter().find_map(|hole| self.element_in(hole.value))
            }
            _ => None,
        }
    }

    /// The loop over the entries of one mapping whose key a value is.
    fn key_of_record(&self, value: ValueId) -> Option<LoopId> {
        let (element, is_part) = match self.facts.value(value) {
            Value::Part(of, 0) => (*of, true),
            _ => (value, false),
        };
        let Value::Element(iterable, id) = self.facts.value(element) else { return None };
        let is_keyed = match self.facts.value(*iterable) {
            Value::Call(call) => match self.flow.called_name(self.facts.call(*call)) {
                Some("items" | "entries") => is_part,
                Some("keys") => !is_part,
                _ => false,
            },
            _ => !is_part && self.facts.loop_(*id).kind == LoopKind::Keys,
        };
        is_keyed.then_some(*id)
    }

    fn runs_element(&self, call: &Call, id: LoopId) -> bool {
        let runs = self.flow.called_name(call).is_some_and(|name| {
            matches!(
                name,
                "command"
                    | "exec"
                    | "execSql"
                    | "execute"
                    | "executeQuery"
                    | "executeSql"
                    | "execute_query"
                    | "execute_query_dict"
                    | "execute_script"
                    | "execute_sql"
                    | "executescript"
                    | "query"
                    | "raw"
                    | "runSql"
                    | "run_sql"
                    | "unsafe"
            )
        });
        let Some(first) = call.args.first().filter(|_| runs).map(|arg| self.stripped(arg.value)) else { return false };
        match self.facts.value(first) {
            Value::Mapping(entries) => entries.iter().any(|&(key, value)| {
                matches!(self.facts.literal(key), Some("query" | "sql" | "text"))
                    && self.is_statement_of_element(self.stripped(value), id)
            }),
            _ => self.is_statement_of_element(first, id),
        }
    }

    /// `{ query }` of an element that was taken apart, `element.query`
    fn is_statement_of_element(&self, value: ValueId, id: LoopId) -> bool {
        match self.facts.value(value) {
            Value::Member(object, name) if matches!(&self.facts.names[*name], "query" | "sql" | "statement") => {
                self.is_element(*object, id)
            }
            _ => self.is_element(value, id),
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
                    && !self.is_own_function(found.callee)
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

    /// Whether a chain of calls is about a table that the loop gives: `model.objects…`, `session.query(model)…`,
    /// `execute(select(table)…)`, `execute(f"SELECT … FROM {table}")`.
    fn names_table_of(&self, call: &Call, id: LoopId, depth: u8) -> bool {
        let mut at = call.callee;
        let mut through_table = false;
        let mut call = call;
        for _ in 0..64 {
            let first = call.args.first().filter(|arg| arg.name.is_none()).map(|arg| arg.value);
            match self.flow.called_name(call) {
                // `apps.get_model("shop", model)`
                Some("get_model") if call.args.iter().any(|arg| self.is_element(arg.value, id)) => return true,
                Some("query" | "select" | "get_object_or_404" | "get_list_or_404")
                    if first.is_some_and(|first| self.is_element(first, id)) =>
                {
                    return true;
                }
                // `update(table)`, `sa.update(table)`; but `repository.update(id, …)` is about a row.
                Some("delete" | "update" | "insert")
                    if first.is_some_and(|first| self.is_element(first, id)) && self.is_of_module(call.callee) =>
                {
                    return true;
                }
                Some("getattr")
                    if through_table && call.args.get(1).is_some_and(|arg| self.is_element(arg.value, id)) =>
                {
                    return true;
                }
                Some("execute" | "scalars" | "scalar" | "exec" | "raw" | "text") if depth < 3 => {
                    let built = first.is_some_and(|first| match self.facts.value(first) {
                        Value::Call(call) => {
                            let name = self.flow.called_name(self.facts.call(*call)).unwrap_or("");
                            DDL_ELEMENTS.contains(&name)
                                || self.names_table_of(self.facts.call(*call), id, depth + 1)
                                || self.is_statement_on(*call, id)
                        }
                        Value::Text(_) => self.has_table_hole(first, id),
                        _ => false,
                    });
                    if built {
                        return true;
                    }
                }
                _ => {}
            }
            let next = loop {
                match self.facts.value(at) {
                    Value::Member(object, name) => {
                        through_table |= matches!(
                            &self.facts.names[*name],
                            "objects" | "_default_manager" | "_base_manager" | "query"
                        );
                        at = *object;
                    }
                    Value::Either(either, _) | Value::Carried(either, _) => at = *either,
                    Value::Call(next) => break self.facts.call(*next),
                    _ => return through_table && self.is_element(at, id),
                }
            };
            call = next;
            at = call.callee;
        }
        false
    }

    /// Whether a function of a library is called, or one of a module: no method.
    fn is_of_module(&self, callee: ValueId) -> bool {
        match self.facts.value(callee) {
            Value::Member(object, _) => matches!(self.facts.value(*object), Value::Import(_)),
            _ => !self.is_own_function(callee),
        }
    }

    /// Whether a function of the project is called by its name: what it is given is what it says.
    fn is_own_function(&self, callee: ValueId) -> bool {
        match self.facts.value(callee) {
            Value::Function(_) => true,
            Value::Import(_) => matches!(self.types.of(self.file, callee), Ty::Function(_)),
            _ => false,
        }
    }

    /// `table.update().where(…)` on an element.
    fn is_statement_on(&self, call: CallId, id: LoopId) -> bool {
        let mut at = Value::Call(call);
        for _ in 0..64 {
            let Value::Call(call) = at else { return false };
            let Value::Member(object, name) = self.facts.value(self.facts.call(call).callee) else { return false };
            if matches!(&self.facts.names[*name], "update" | "insert" | "delete" | "select")
                && self.is_element(*object, id)
            {
                return true;
            }
            at = self.facts.value(*object).clone();
        }
        false
    }

    /// Whether a SQL text names its table by what the loop gives.
    fn has_table_hole(&self, text: ValueId, id: LoopId) -> bool {
        let holes = table_holes(self.facts, text);
        holes.into_iter().any(|hole| self.flow.dependence(hole, id) > Dependence::Invariant)
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
