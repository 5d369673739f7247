//! What one run of a loop is, where that decides what can be done about its queries: a transaction of its own, or a
//! question about what another query of the same run has found.

use rustc_hash::FxHashSet;

use super::flow::{Dependence, Flow, for_each_part};
use super::types::{Ty, Types};
use super::{FileId, Project, QuerySite, Repeat, RepeatKind, SiteEffect};
use crate::facts::*;
use crate::source::{Language, Span};

/// How many parts of a key are looked at.
const MAX_PARTS: usize = 200;

/// The place at which each run of the loop begins the transaction that a repeat stands in, if the run changes there what
/// it reads: rows read for all runs before the loop would be out of date.
pub fn own_transaction(project: &Project, file: FileId, repeat: &Repeat, site: &QuerySite) -> Option<(FileId, Span)> {
    let run = Run { project, file, of: *repeat.loops.first()?, way: way(project, file, repeat, site) };
    // What a run only reads may as well be read before.
    let is_same =
        |other: &QuerySite| repeat.kind == RepeatKind::Write || other.model.is_none() || other.model == site.model;
    let writes = |other: &QuerySite| match other.effect {
        SiteEffect::Write => true,
        SiteEffect::Batch => is_bulk_write(&other.path),
        SiteEffect::Query | SiteEffect::Transaction => false,
    };
    if !run.sites().any(|(_, other)| writes(other) && is_same(other)) {
        return None;
    }
    let begun = run.sites().find(|&(file, other)| {
        other.effect == SiteEffect::Transaction && begins(&other.path) && run.is_in(file, other)
    });
    begun
        .map(|(file, other)| (file, other.span))
        .or_else(|| run.sites().find_map(|(file, other)| run.session(file, other)))
        .or_else(|| run.way[1..].iter().find_map(|step| decorated(project, step)))
        .or_else(|| run.way.iter().find_map(|step| run.handed_over(step)))
}

/// One run of a loop, and the way from the loop to a query in it.
struct Run<'p> {
    project: &'p Project,
    file: FileId,
    of: LoopId,
    way: Vec<Step>,
}

/// A place on the way to a query, and the function it stands in.
struct Step {
    file: FileId,
    function: FunctionId,
    place: Span,
}

impl<'p> Run<'p> {
    /// Whether a call is made in each run, in the loop or in a function on the way.
    fn makes(&self, file: FileId, id: CallId) -> bool {
        let facts = &self.project.file(file).facts;
        let call = facts.call(id);
        let function = home(facts, call.function);
        let is_called = self.way[1..].iter().any(|step| step.file == file && step.function == function);
        is_called || file == self.file && Flow::new(facts).call_inside(call, self.of)
    }

    /// The places that reach a database in each run.
    fn sites(&self) -> impl Iterator<Item = (FileId, &'p QuerySite)> {
        let mut files: Vec<FileId> = self.way.iter().map(|step| step.file).collect();
        files.sort_unstable();
        files.dedup();
        let sites = files.into_iter().flat_map(|file| self.project.sites(file).iter().map(move |site| (file, site)));
        sites.filter(|&(file, site)| self.makes(file, site.call))
    }

    /// Whether the way leads through what a call begins: what it is given, or what follows where a block is opened.
    fn is_in(&self, file: FileId, begun: &QuerySite) -> bool {
        let own = self.project.file(file);
        let call = own.facts.call(begun.call);
        let function = home(&own.facts, call.function);
        let opens =
            own.source.language == Language::Python || !call.args.iter().any(|arg| is_body(&own.facts, arg.value));
        self.way
            .iter()
            .filter(|step| step.file == file && step.function == function)
            .any(|step| call.span.contains(step.place) || opens && begun.span.start < step.place.start)
    }

    /// Where the way leads through a callback that something is given to run it as a transaction, whatever that is:
    /// `this.sequelize.transaction(() => …)`.
    fn handed_over(&self, step: &Step) -> Option<(FileId, Span)> {
        let facts = &self.project.file(step.file).facts;
        let flow = Flow::new(facts);
        let is_around = |call: &Call| {
            call.span.contains(step.place)
                && home(facts, call.function) == step.function
                && flow.called_name(call).is_some_and(begins)
                && call.args.iter().any(|arg| match *facts.value(arg.value) {
                    Value::Function(function) => facts.function(function).span.contains(step.place),
                    _ => false,
                })
        };
        let begun = facts.numbered().find(|&(id, call)| is_around(call) && self.makes(step.file, id));
        begun.map(|(_, call)| (step.file, call.name_span))
    }

    /// Where the session is opened that a run commits.
    fn session(&self, file: FileId, ended: &QuerySite) -> Option<(FileId, Span)> {
        let facts = &self.project.file(file).facts;
        let Value::Call(session) = *facts.value(ended.via?) else { return None };
        (ended.path.ends_with(".commit") && self.makes(file, session)).then(|| (file, facts.call(session).name_span))
    }
}

/// Whether a value is what a transaction runs: `async tx => …`, `[a, b]`.
fn is_body(facts: &FileFacts, value: ValueId) -> bool {
    matches!(facts.value(value), Value::Function(_) | Value::Sequence(_))
}

/// The places that a repeat leads through, from the call in the loop to the query.
fn way(project: &Project, file: FileId, repeat: &Repeat, site: &QuerySite) -> Vec<Step> {
    let step = |file: FileId, function: FunctionId, place: Span| Step {
        file,
        function: home(&project.file(file).facts, function),
        place,
    };
    let mut way = vec![step(file, repeat.function, repeat.span)];
    way.extend(repeat.hops.iter().filter_map(|hop| {
        let (_, call) = project.file(hop.file).facts.call_named(hop.span)?;
        Some(step(hop.file, call.function, hop.span))
    }));
    if repeat.site.0 != file || site.call != repeat.call {
        way.push(step(repeat.site.0, site.function, site.span));
    }
    way
}

/// The function with a name that another stands in: of a callback, the one that hands it over.
fn home(facts: &FileFacts, function: FunctionId) -> FunctionId {
    let mut at = function;
    while let Some((call, _)) = facts.function(at).passed_to {
        at = facts.call(call).function;
    }
    at
}

/// Whether a catalogued call begins a transaction.
fn begins(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    let ends = ["commit", "release", "rollback"].iter().any(|word| name.starts_with(word));
    ["atomic", "begin"].contains(&name) || name.ends_with("ransaction") && !ends
}

/// Whether a catalogued call writes many rows at once.
fn is_bulk_write(path: &str) -> bool {
    let name = path
        .rsplit('.')
        .next()
        .unwrap_or(path)
        .trim_start_matches("abulk")
        .trim_start_matches("bulk")
        .trim_start_matches('_');
    ["create", "delete", "insert", "remove", "save", "update", "upsert"]
        .iter()
        .any(|verb| name.to_ascii_lowercase().starts_with(verb))
}

/// The decorator that makes a function a transaction: `@transaction.atomic`.
fn decorated(project: &Project, step: &Step) -> Option<(FileId, Span)> {
    let file = step.file;
    let facts = &project.file(file).facts;
    let types = Types::new(project);
    let own = facts.function(step.function);
    let makes = |&decorator: &ValueId| {
        let maker = match *facts.value(decorator) {
            Value::Call(call) => facts.call(call).callee,
            _ => decorator,
        };
        matches!(types.of(file, maker), Ty::Path(path) if begins(&path))
    };
    own.decorators.iter().any(makes).then_some((file, own.name_span))
}

/// Whether the call of a query that is always the same is given what the loop changes.
pub fn is_given_rows(project: &Project, file: FileId, repeat: &Repeat) -> bool {
    let facts = &project.file(file).facts;
    let call = facts.call(repeat.call);
    let mut given: Vec<ValueId> = call.args.iter().map(|arg| arg.value).collect();
    if let Value::Member(object, _) = *facts.value(call.callee) {
        given.push(object);
    }
    let flow = Flow::new(facts);
    repeat.loops.iter().any(|&id| flow.strongest(&given, id) > Dependence::Invariant)
}

/// The next query or write of the same run that is given what a repeat writes: the row is wanted at once.
pub fn wanted_by(project: &Project, file: FileId, repeat: &Repeat) -> Option<Span> {
    let facts = &project.file(file).facts;
    let written = Value::Call(repeat.call);
    let is_given = |call: &Call| {
        let mut open: Vec<ValueId> = call.args.iter().map(|arg| arg.value).chain([call.callee]).collect();
        let mut seen = FxHashSet::default();
        while let Some(value) = open.pop().filter(|_| seen.len() < MAX_PARTS) {
            if *facts.value(value) == written {
                return true;
            }
            // What another call makes of it is something else.
            if seen.insert(value) && !matches!(facts.value(value), Value::Call(_) | Value::Collected(..)) {
                for_each_part(facts, value, &mut |part| open.push(part));
            }
        }
        false
    };
    let others = project.repeats(file).iter().filter(|other| {
        other.call != repeat.call && other.function == repeat.function && other.loops.first() == repeat.loops.first()
    });
    others.filter(|other| is_given(facts.call(other.call))).map(|other| other.span).min_by_key(|span| span.start)
}

/// The query of the same run that finds the key by which a repeat asks: there is nothing to ask for before the loop.
pub fn found_by(project: &Project, file: FileId, repeat: &Repeat, site: &QuerySite) -> Option<Span> {
    let facts = &project.file(file).facts;
    let flow = Flow::new(facts);
    let of = *repeat.loops.first()?;
    let call = facts.call(repeat.call);
    let is_direct = repeat.site.0 == file && site.call == repeat.call;
    let mut open = match *facts.value(call.callee) {
        _ if is_direct => site.inputs.clone(),
        Value::Member(object, _) => vec![object],
        _ => Vec::new(),
    };
    if !is_direct {
        open.extend(call.args.iter().map(|arg| arg.value));
    }
    let asks = |id: CallId| {
        let found = project.repeats(file).iter().find(|other| other.call == id && other.kind == RepeatKind::Read)?;
        (id != repeat.call && found.loops.first() == Some(&of)).then_some(found.span)
    };
    let mut found = None;
    let mut seen = FxHashSet::default();
    while let Some(value) = open.pop() {
        if !seen.insert(value) || flow.dependence(value, of) == Dependence::Invariant {
            continue;
        }
        if seen.len() > MAX_PARTS {
            return None;
        }
        match *facts.value(value) {
            Value::Call(id) => match asks(id) {
                Some(span) => found = found.or(Some(span)),
                None => {
                    let call = facts.call(id);
                    open.push(call.callee);
                    open.extend(call.args.iter().map(|arg| arg.value));
                }
            },
            Value::Element(_, id) | Value::Carried(_, id) if id == of => return None,
            _ => for_each_part(facts, value, &mut |part| open.push(part)),
        }
    }
    found
}
