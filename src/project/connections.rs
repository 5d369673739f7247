//! Which database a query asks: what the connection is made of that it goes through. Where each run of a loop brings a
//! connection of its own, there is no one query for all of them.

use rustc_hash::FxHashSet;

use super::calls::{CallGraph, Edge, Reach, flowing_values};
use super::flow::{Flow, Source};
use super::requirements::{Entry, entry};
use super::types::Types;
use super::{FileId, Project};
use crate::facts::*;

/// How many values are looked at for what a connection is made of.
const MAX_PARTS: usize = 100;

/// What rows and requests have at hand, which is the same for all of them.
const SHARED: [&str; 8] = ["_em", "_session", "em", "entityManager", "manager", "sequelize", "session", "transaction"];

/// What the names of functions end with that open a connection or find the one for a name.
const OPENING: [&str; 8] = ["client", "connect", "connection", "datasource", "engine", "knex", "pool", "session"];

/// What functions are called that change the schema all following queries are about: those of django-tenants.
const SWITCHING: [&str; 4] = ["schema_context", "set_schema", "set_tenant", "tenant_context"];

/// What a connection is made of, seen from inside a function: a parameter, or what it holds under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Maker {
    param: u16,
    member: Option<Box<str>>,
    /// Whether the connection is opened with it; else it is the connection.
    opens: bool,
}

/// What a call gives for the connection that its callee uses.
#[derive(Debug, Default)]
pub(super) struct GivenConnection {
    /// The connections, or what they are opened with.
    values: Vec<(ValueId, bool)>,
    /// What parameters of the caller hold.
    handed_on: Vec<Maker>,
}

impl GivenConnection {
    /// What it is made of, seen from inside the caller.
    pub(super) fn makers(self, facts: &FileFacts, home: FunctionId) -> Vec<Maker> {
        let mut found = self.handed_on;
        for (value, opens) in self.values {
            for maker in made_of(facts, home, value, opens) {
                if !found.contains(&maker) {
                    found.push(maker);
                }
            }
        }
        found
    }
}

/// Which parameters of `home` a connection is made of.
pub(super) fn makers(facts: &FileFacts, home: FunctionId, connection: ValueId) -> Vec<Maker> {
    made_of(facts, home, connection, false)
}

fn made_of(facts: &FileFacts, home: FunctionId, value: ValueId, opens: bool) -> Vec<Maker> {
    let mut found = Vec::new();
    Origins::of(facts, value, opens, |origin, member, opens| {
        if let Value::Param(function, param) = *facts.value(origin)
            && function == home
        {
            let maker = Maker { param, member: member.map(|name| facts.names[name].into()), opens };
            if !found.contains(&maker) {
                found.push(maker);
            }
        }
    });
    found
}

/// What a call gives for `makers` of its callee.
pub(super) fn given(project: &Project, edge: &Edge, makers: &[Maker]) -> GivenConnection {
    let facts = &project.file(edge.file).facts;
    let mut given = GivenConnection::default();
    for maker in makers {
        for value in flowing_values(project, edge, Some(Source::Param(maker.param))) {
            // Which part of what is spread becomes the connection is not known.
            if matches!(facts.value(value), Value::Spread(_)) {
                continue;
            }
            let Some(member) = &maker.member else {
                given.values.push((value, maker.opens));
                continue;
            };
            match entry(facts, value, member) {
                Entry::Is(Some(value)) => given.values.push((value, maker.opens)),
                Entry::Of(object) => match *facts.value(object) {
                    Value::Param(function, param) if function == edge.home => {
                        given.handed_on.push(Maker { param, ..maker.clone() });
                    }
                    Value::Element(..) if maker.opens && !is_shared(member) => given.values.push((object, true)),
                    _ => {}
                },
                Entry::Is(None) | Entry::Unknown => {}
            }
        }
    }
    given
}

/// The loops of a file whose elements are databases, or what leads to one: `for (const url of urls) new Pool({ url })`.
pub(super) fn loops_over_databases(
    types: &Types<'_>,
    graph: &CallGraph,
    reach: &Reach,
    file: FileId,
) -> FxHashSet<LoopId> {
    let project = types.project();
    let facts = &project.file(file).facts;
    let mut found = FxHashSet::default();
    let mut mark = |value: ValueId, opens: bool| {
        Origins::of(facts, value, opens, |origin, member, opens| {
            let is_shared = member.is_some_and(|name| is_shared(&facts.names[name]));
            if let Some(id) = element_of(facts, origin)
                && !is_shared
                && (opens || types.is_handle(file, value))
            {
                found.insert(id);
            }
        });
    };
    for connection in project.sites(file).iter().filter_map(|site| site.connection) {
        mark(connection, false);
    }
    for edge in graph.edges_of(file) {
        for &route in reach.of(edge.callee) {
            for (value, opens) in given(project, edge, &reach.witness(route).makers).values {
                mark(value, opens);
            }
        }
    }
    // `with schema_context(tenant.schema_name):`
    let flow = Flow::new(facts);
    let switches = SWITCHING.iter().any(|name| facts.names.find(name).is_some());
    for call in facts.calls.iter().filter(|call| switches && call.in_loop.is_some()) {
        if flow.called_name(call).is_some_and(|name| SWITCHING.contains(&name)) {
            call.args.iter().for_each(|arg| mark(arg.value, true));
        }
    }
    // `new Report({ db: region.client })`
    for arg in facts.calls.iter().filter(|call| call.in_loop.is_some()).flat_map(|call| &call.args) {
        if let Value::Mapping(entries) = facts.value(arg.value) {
            let is_part = |value: ValueId| matches!(*facts.value(value), Value::Member(object, _) if element_of(facts, object).is_some());
            entries.iter().filter(|entry| is_part(entry.1)).for_each(|entry| mark(entry.1, false));
        }
    }
    found
}

/// The loop whose element a value is, or a part of it.
fn element_of(facts: &FileFacts, value: ValueId) -> Option<LoopId> {
    match *facts.value(value) {
        Value::Element(_, id) => Some(id),
        Value::Part(of, _) => element_of(facts, of),
        _ => None,
    }
}

/// Whether rows have this in common: what they share, or what they belong to (`job.tenantId`).
fn is_shared(name: &str) -> bool {
    SHARED.contains(&name) || name.ends_with("Id") || name.ends_with("_id")
}

/// Follows a connection to what it is made of.
struct Origins<'f, V> {
    facts: &'f FileFacts,
    flow: Flow<'f>,
    seen: FxHashSet<ValueId>,
    /// Gets each parameter and each element of a loop, what is read of it first, and whether a connection is opened with
    /// it.
    visit: V,
}

impl<'f, V: FnMut(ValueId, Option<Name>, bool)> Origins<'f, V> {
    fn of(facts: &'f FileFacts, value: ValueId, opens: bool, visit: V) {
        Origins { facts, flow: Flow::new(facts), seen: FxHashSet::default(), visit }.follow(value, None, opens);
    }

    /// `opens` says that `value` is what a connection is opened with: a name, an address, settings.
    fn follow(&mut self, value: ValueId, member: Option<Name>, opens: bool) {
        let facts = self.facts;
        if matches!(facts.value(value), Value::Param(..)) || element_of(facts, value).is_some() {
            (self.visit)(value, member, opens);
        }
        if self.seen.len() >= MAX_PARTS || !self.seen.insert(value) {
            return;
        }
        match facts.value(value) {
            Value::Param(function, _) => {
                // `withClient(url, (client) => …)`
                if let Some((call, _)) = facts.function(*function).passed_to {
                    self.call(call);
                }
            }
            Value::Part(of, _) if element_of(facts, *of).is_none() => self.follow(*of, None, opens),
            Value::Carried(of, _) | Value::Spread(of) => self.follow(*of, member, opens),
            Value::Member(object, name) => self.follow(*object, Some(*name), opens),
            Value::Either(left, right) => {
                self.follow(*left, member, opens);
                self.follow(*right, member, opens);
            }
            Value::Item(object, key) => {
                self.follow(*object, None, opens);
                self.follow(*key, None, true);
            }
            Value::Call(call) => self.call(*call),
            Value::Operation(_, left, right) if opens => {
                self.follow(*left, None, opens);
                self.follow(*right, None, opens);
            }
            Value::Text(text) if opens => {
                facts.texts[text.index()].holes.iter().for_each(|hole| self.follow(hole.value, None, opens));
            }
            Value::Mapping(entries) if opens => entries.iter().for_each(|entry| self.follow(entry.1, None, opens)),
            _ => {}
        }
    }

    /// What a call opens a connection with.
    fn call(&mut self, id: CallId) {
        let call = self.facts.call(id);
        if let Value::Member(object, _) = self.facts.value(call.callee) {
            self.follow(*object, None, false);
        }
        let name = self.flow.called_name(call).unwrap_or("").to_ascii_lowercase();
        // The connection of a row is that of all rows.
        if OPENING.iter().any(|word| name.ends_with(word)) && !name.ends_with("object_session") {
            call.args.iter().for_each(|arg| self.follow(arg.value, None, true));
        }
    }
}
