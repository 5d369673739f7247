//! Properties as calls: an attribute that is read runs the function behind it.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::calls::{At, CallGraph, Edge, place};
use super::flow::Flow;
use super::reads::{self, PerFile, Read};
use super::since::Since;
use super::sites::SiteEffect;
use super::types::{ClassMember, Ty, Types};
use super::{ClassRef, FileId, FunctionRef, Project};
use crate::facts::*;
use crate::findings::Confidence;

/// Adds an edge for each read of a property that may come to a query. All others are not looked at: what objects
/// attributes are read of is only asked where the name is that of such a property.
pub(super) fn read(project: &Project, graph: &mut CallGraph, since: &Since<'_>) {
    let annotating = since.find(project, since.before().map(|before| &before.graph.annotating), annotated);
    graph.annotated = annotating.found.iter().flat_map(|found| found.iter().cloned()).collect();
    graph.annotating = annotating;
    let before = since.before().filter(|before| before.graph.annotated == graph.annotated);
    let mut asking = Asking::default();
    for file in project.ids() {
        let asks = |effect| matches!(effect, SiteEffect::Query | SiteEffect::Write);
        for site in project.sites(file).iter().filter(|site| asks(site.effect)) {
            let (function, _) = graph.place(project, file, site.function, site.in_loop);
            asking.follow(project, graph, FunctionRef { file, function });
        }
    }
    while !asking.properties.is_empty() {
        let names: BTreeSet<Box<str>> = std::mem::take(&mut asking.properties).into_iter().map(Box::from).collect();
        let known = before.and_then(|before| before.graph.properties.get(graph.properties.len()));
        let known = known.filter(|round| round.names == names).map(|round| &round.edges);
        let edges = since.find(project, known, |types, file| reads(types, graph, &names, file));
        for edge in edges.found.iter().flat_map(|edges| edges.iter()) {
            let caller = FunctionRef { file: edge.file, function: edge.home };
            graph.add(edge.clone());
            asking.follow(project, graph, caller);
        }
        graph.properties.push(Round { names, edges });
    }
}

/// The reads of all properties that were found at once to come to a query.
#[derive(Debug)]
pub(super) struct Round {
    /// The names of the properties.
    names: BTreeSet<Box<str>>,
    /// Their reads.
    edges: PerFile<Vec<Edge>>,
}

/// The functions that come to a query.
#[derive(Default)]
struct Asking<'p> {
    functions: FxHashSet<FunctionRef>,
    known: FxHashSet<&'p str>,
    /// The names of those that are properties, and that no read was looked for yet.
    properties: FxHashSet<&'p str>,
}

impl<'p> Asking<'p> {
    /// Adds a function and all that call it.
    fn follow(&mut self, project: &'p Project, graph: &CallGraph, function: FunctionRef) {
        let mut open = vec![function];
        while let Some(function) = open.pop() {
            if !self.functions.insert(function) {
                continue;
            }
            let facts = &project.file(function.file).facts;
            let own = facts.function(function.function);
            if own.traits.is_property && self.known.insert(&facts.names[own.name]) {
                self.properties.insert(&facts.names[own.name]);
            }
            open.extend(graph.calls_of(function).map(|edge| FunctionRef { file: edge.file, function: edge.home }));
        }
    }
}

/// The names that queries of a file put on their rows: `.annotate(size=Count("books"))`. A property that keeps its
/// answer has it then, and does not ask.
fn annotated(types: &Types<'_>, file: FileId) -> Vec<Box<str>> {
    let facts = types.facts(file);
    if facts.names.find("annotate").is_none() {
        return Vec::new();
    }
    let flow = Flow::new(facts);
    let calls = facts.calls.iter().filter(|call| flow.called_name(call) == Some("annotate"));
    calls.flat_map(|call| &call.args).filter_map(|arg| Some(facts.names[arg.name?].into())).collect()
}

/// The reads of properties of such names in a file.
fn reads(types: &Types<'_>, graph: &CallGraph, names: &BTreeSet<Box<str>>, file: FileId) -> Vec<Edge> {
    let facts = types.facts(file);
    if facts.accesses.is_empty() {
        return Vec::new();
    }
    let wanted: FxHashSet<Name> = names.iter().filter_map(|name| facts.names.find(name)).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut edges = Vec::new();
    for (index, access) in facts.accesses.iter().enumerate().filter(|(_, access)| !access.is_set) {
        let Value::Member(object, name) = *facts.value(access.value) else { continue };
        if !wanted.contains(&name) {
            continue;
        }
        let Some((class, confidence)) = class_of(types, file, object) else { continue };
        let Some(ClassMember::Method(callee)) = types.class_member(class, &facts.names[name]) else { continue };
        if !types.facts(callee.file).function(callee.function).traits.is_property {
            continue;
        }
        let memoised = is_memoised(types.facts(callee.file), callee.function);
        if memoised && graph.annotated.contains(&facts.names[name]) {
            continue;
        }
        // Which calls the file has is not known before all of them are.
        reads::note(Read::Inlined(file));
        let (home, _) = place(facts, &graph.inlined.of(file).runs, access.function, access.in_loop);
        edges.push(Edge {
            file,
            at: At::Read(u32::try_from(index).unwrap_or(u32::MAX)),
            home,
            callee,
            confidence,
            given: None,
            hands: None,
            rows: None,
            memoised,
            alternatives: None,
        });
    }
    edges
}

/// The class of an object; that of a model if the object is only called as its rows are: `page` of the only `Page`.
fn class_of(types: &Types<'_>, file: FileId, object: ValueId) -> Option<(ClassRef, Confidence)> {
    match types.of(file, object) {
        Ty::Instance(class, _) => Some((class, Confidence::High)),
        Ty::Unknown if !types.is_foreign(file, object) => {
            let facts = types.facts(file);
            // What a template is given is told by who renders it.
            if facts.template.is_some() {
                return None;
            }
            let Value::Param(function, index) = *facts.value(object) else { return None };
            let param = facts.function(function).params.get(usize::from(index))?;
            let named = types.relations().named_like(&facts.names[param.name])?;
            Some((named, Confidence::Medium))
        }
        _ => None,
    }
}

/// Whether an object keeps what a property of it told: `@cached_property`.
pub(super) fn is_memoised(facts: &FileFacts, function: FunctionId) -> bool {
    facts.function(function).decorators.iter().any(|&decorator| {
        let name = match facts.value(decorator) {
            Value::Call(call) => facts.own_name(facts.call(*call).callee),
            _ => facts.own_name(decorator),
        };
        name.is_some_and(|name| ["cache", "lazy"].iter().any(|word| name.to_ascii_lowercase().contains(word)))
    })
}
