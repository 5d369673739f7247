//! What decides which rows a query is about.

use super::flow::for_each_part;
use super::groups;
use super::types::{Ty, Types};
use super::{ClassRef, FileId};
use crate::apis::{Effect, Returned, TypeId};
use crate::facts::*;

/// Methods that tell a connection, a session or a client from rows and queries.
const CONNECTION_METHODS: [&str; 7] =
    ["execute", "executemany", "query", "cursor", "$queryRaw", "transaction", "getRepository"];

/// The inputs of a call that reaches a database.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    /// The arguments of the whole chain, those of builders taken apart. What a connection is made of is not
    /// among them.
    pub(super) args: Vec<ValueId>,
    /// What the chain starts from, unless that is a connection, a class or a module: a row, a set of rows.
    pub(super) root: Option<ValueId>,
    /// The connection that the chain starts from, if it is one; or the model, if that is a value like others.
    pub(super) via: Option<ValueId>,
    /// The same, if it is surely a connection.
    pub(super) connection: Option<ValueId>,
    /// Whole lists of keys that are asked for at once: `id__in=ids`, `.whereIn("id", ids)`.
    pub(super) lists: Vec<ValueId>,
}

/// Finds the inputs of calls of one file.
pub(super) struct InputFinder<'t, 'p> {
    types: &'t Types<'p>,
    file: FileId,
    facts: &'p FileFacts,
}

impl<'t, 'p> InputFinder<'t, 'p> {
    /// For this file.
    pub(super) fn new(types: &'t Types<'p>, file: FileId) -> Self {
        InputFinder { types, file, facts: &types.project().file(file).facts }
    }

    /// The inputs of a call.
    pub(super) fn of(&self, call: CallId) -> Inputs {
        let mut inputs = Inputs::default();
        inputs.root = self.chain(call, &mut inputs, 0);
        inputs
    }

    /// Adds the arguments of a chain that ends in `id`; gives what it starts from.
    fn chain(&self, id: CallId, into: &mut Inputs, depth: u8) -> Option<ValueId> {
        self.arguments(id, into, depth);
        let Value::Member(object, name) = self.facts.value(self.facts.call(id).callee) else {
            return self.inner_builder(id);
        };
        let mut at = *object;
        // Whatever runs the statement that it is given is a connection.
        let runs = matches!(&self.facts.names[*name], "execute" | "executemany" | "executescript");
        if runs && !self.facts.call(id).args.is_empty() && matches!(self.facts.value(at), Value::Param(..)) {
            into.via.get_or_insert(at);
            into.connection.get_or_insert(at);
            return None;
        }
        for _ in 0..200 {
            let builds = matches!(self.facts.value(at), Value::Call(call) if self.is_builder(*call));
            if !builds && self.is_connection(at) {
                into.via.get_or_insert(at);
                if self.types.is_handle(self.file, at) {
                    into.connection.get_or_insert(at);
                }
                return None;
            }
            at = match self.facts.value(at) {
                // `model.objects`: all rows of a model, whichever it is.
                Value::Member(object, name)
                    if matches!(&self.facts.names[*name], "objects" | "_default_manager" | "_base_manager") =>
                {
                    into.via.get_or_insert(*object);
                    return None;
                }
                Value::Member(object, _) | Value::Slice(object, ..) => *object,
                Value::Item(object, key) => {
                    if !self.is_connection(*object) {
                        into.args.push(*key);
                    }
                    *object
                }
                Value::Call(call) => match self.facts.value(self.facts.call(*call).callee) {
                    // `random.choice(books)` is a value of its own, another one each time.
                    Value::Member(object, _)
                        if matches!(self.facts.value(*object), Value::Import(_)) && !self.is_builder(*call) =>
                    {
                        return Some(at);
                    }
                    Value::Member(object, _) => {
                        self.arguments(*call, into, depth);
                        *object
                    }
                    // `knex("users").where(…)`: a builder that a connection makes when it is called.
                    _ if self.is_builder(*call) => {
                        self.arguments(*call, into, depth);
                        return self.inner_builder(*call);
                    }
                    _ => return Some(at),
                },
                _ => return Some(at),
            };
        }
        Some(at)
    }

    /// A function in this one that is called to build the query, from what it sees around it.
    fn inner_builder(&self, id: CallId) -> Option<ValueId> {
        let callee = self.facts.call(id).callee;
        matches!(self.facts.value(callee), Value::Function(_) | Value::Item(..)).then_some(callee)
    }

    fn arguments(&self, id: CallId, into: &mut Inputs, depth: u8) {
        let call = self.facts.call(id);
        groups::lists_in(self.facts, call, &mut into.lists);
        // pandas is given the connection beside the statement.
        let reads_frame = matches!(
            self.facts.value(call.callee),
            Value::Member(_, name) if self.facts.names[*name].starts_with("read_sql")
        );
        for (index, arg) in call.args.iter().enumerate() {
            if reads_frame && (index == 1 || arg.name.is_some_and(|name| &self.facts.names[name] == "con")) {
                continue;
            }
            match *self.facts.value(arg.value) {
                Value::Call(call) if depth < 6 && self.is_builder(call) => {
                    let root = self.chain(call, into, depth + 1);
                    into.args.extend(root);
                }
                // Another table each time: there is no one query for all of them.
                Value::Text(_) | Value::Either(..)
                    if table_holes(self.facts, arg.value).into_iter().any(|hole| self.is_from_outside(hole)) =>
                {
                    into.via.get_or_insert(arg.value);
                }
                _ => {
                    into.args.push(arg.value);
                    // What stands first is rows, all written at once; a list of keys is asked for as a whole.
                    if index > 0 && !into.lists.contains(&arg.value) {
                        self.put_in(arg.value, &mut into.args, 0);
                    }
                }
            }
        }
    }

    /// Adds what is put in a list or a mapping after it was made: `args.append(author)`, `params["author"] = author`.
    fn put_in(&self, value: ValueId, into: &mut Vec<ValueId>, depth: u8) {
        match self.facts.value(value) {
            Value::Either(left, right) if depth < 4 => {
                self.put_in(*left, into, depth + 1);
                self.put_in(*right, into, depth + 1);
            }
            Value::Carried(before, _) if depth < 4 => self.put_in(*before, into, depth + 1),
            Value::Mapping(_) => {
                let sets = &self.facts.item_sets;
                let from = sets.partition_point(|set| set.object < value);
                into.extend(sets[from..].iter().take_while(|set| set.object == value).map(|set| set.value));
            }
            Value::Sequence(_) => {
                let added = self
                    .facts
                    .calls_on(value)
                    .filter(|(_, call)| matches!(self.facts.own_name(call.callee), Some("append" | "extend" | "push")));
                into.extend(added.flat_map(|(_, call)| &call.args).map(|arg| arg.value));
            }
            _ => {}
        }
    }

    /// Whether a value is made of a parameter: callers say what it is.
    fn is_from_outside(&self, value: ValueId) -> bool {
        let mut open = vec![value];
        let mut steps = 0;
        while let Some(value) = open.pop() {
            steps += 1;
            match self.facts.value(value) {
                Value::Param(..) => return true,
                _ if steps > 50 => return false,
                // `"${quoted(table)}"`
                Value::Call(call) => open.extend(self.facts.call(*call).args.iter().map(|arg| arg.value)),
                _ => for_each_part(self.facts, value, &mut |part| open.push(part)),
            }
        }
        false
    }

    /// Whether a call builds a query, or a part of one, from its arguments alone.
    fn is_builder(&self, call: CallId) -> bool {
        if let Some(api) = self.types.api_call(self.file, call) {
            return api.effect == Effect::Build;
        }
        match self.types.of_call(self.file, call) {
            Ty::Api(ty, _) => {
                let found = self.types.project().catalog.type_(ty);
                found.chain || found.runs_on.is_lazy()
            }
            _ => false,
        }
    }

    /// Whether a value is a way to the database rather than rows of it: what is asked through it does not
    /// depend on which one it is.
    pub(super) fn is_connection(&self, value: ValueId) -> bool {
        let connects = |ty| self.types.is_connection_type(ty);
        match self.types.of(self.file, value) {
            // What is run by running over it is a query, also if it has an `execute()`.
            Ty::Api(ty, _) => connects(ty) && !self.types.project().catalog.type_(ty).runs_on.iterate,
            // Rows of Objection's have the methods of their class, of which one makes queries; but they can be written out.
            Ty::Instance(class, _) => self
                .types
                .api_base(class)
                .is_some_and(|ty| connects(ty) && self.types.project().catalog.method(ty, "toJSON").is_none()),
            Ty::Class(_) | Ty::Path(_) | Ty::Module(_) => true,
            _ => false,
        }
    }
}

/// Whether a text begins as a statement about rows does; "changed from {role}" is none.
pub(super) fn begins_as_sql(facts: &FileFacts, text: ValueId) -> bool {
    let word = facts.text(text).and_then(|text| text.cooked.split_whitespace().next()).unwrap_or("");
    ["delete", "insert", "select", "update", "with"].iter().any(|verb| word.eq_ignore_ascii_case(verb))
}

/// What stands in a SQL text where the name of a table belongs: `f"SELECT … FROM {table}"`.
pub(super) fn table_holes(facts: &FileFacts, text: ValueId) -> Vec<ValueId> {
    let mut found = Vec::new();
    let mut open = vec![text];
    while let Some(value) = open.pop().filter(|_| found.len() < 50) {
        match facts.value(value) {
            Value::Either(left, right) => open.extend([*left, *right]),
            Value::Text(text) => {
                let text = &facts.texts[text.index()];
                found.extend(text.holes.iter().filter(|hole| names_table(&text.cooked, hole)).map(|hole| hole.value));
            }
            _ => {}
        }
    }
    found
}

fn names_table(sql: &str, hole: &Hole) -> bool {
    let before = sql.get(..hole.start as usize).unwrap_or("");
    let name = before.trim_end_matches(['"', '`', '[']);
    // A schema in front of it belongs to the name.
    let whole = name.trim_end_matches(|c: char| matches!(c, '"' | '`' | '[' | '.' | '_') || c.is_alphanumeric());
    let is_named = [name, whole].iter().any(|text| {
        let word = text.split_whitespace().next_back().unwrap_or("");
        ["FROM", "INTO", "UPDATE", "TABLE", "JOIN"].iter().any(|known| word.eq_ignore_ascii_case(known))
    });
    is_named || sql.split_whitespace().next().is_some_and(|first| first.eq_ignore_ascii_case("PRAGMA"))
}

impl Types<'_> {
    /// Whether a value surely is a connection, a session or a client.
    pub(super) fn is_handle(&self, file: FileId, value: ValueId) -> bool {
        matches!(self.of(file, value), Ty::Api(ty, _) if self.is_connection_type(ty))
    }

    /// Whether a class is one of queries or managers: its instances give rows, and are none.
    pub(super) fn gives_rows(&self, class: ClassRef) -> bool {
        self.api_base(class).is_some_and(|base| self.project().catalog.type_(base).element != Returned::Unknown)
    }

    /// What running over a value gives.
    pub(crate) fn element(&self, of: &Ty) -> Ty {
        let catalog = &self.project().catalog;
        match of {
            Ty::List(element) => (**element).clone(),
            // The rows of a class of queries, from within.
            Ty::Api(_, Some(class)) if self.gives_rows(*class) => self.element_of(*class, None),
            Ty::Api(ty, _) => self.given(catalog.type_(*ty).element, of, None),
            Ty::Instance(class, model) => self.element_of(*class, *model),
            _ => Ty::Unknown,
        }
    }

    /// What running over an instance of a class of the project gives, as what it extends does: over queries or managers
    /// the rows of the only model that has them.
    fn element_of(&self, class: ClassRef, model: Option<ClassRef>) -> Ty {
        let Some(base) = self.api_base(class) else { return Ty::Unknown };
        let model = model.or_else(|| self.relations().managed_by(class));
        self.given(self.project().catalog.type_(base).element, &Ty::Api(base, model), None)
    }

    /// Whether a catalogued type is a connection, a session or a client, and no row or query.
    pub(super) fn is_connection_type(&self, ty: TypeId) -> bool {
        CONNECTION_METHODS.iter().any(|name| self.project().catalog.method(ty, name).is_some())
    }
}
