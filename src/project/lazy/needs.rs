//! What functions read of the rows they are given, themselves and through what they call; and which of those reads
//! cost a query, once the model is known.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::caches::kept_for;
use super::super::calls::{CallGraph, flowing_values};
use super::super::flow::{Flow, Source};
use super::super::relations::{Orm, Relations, is_model, typeorm};
use super::super::requirements::{self, Requirement};
use super::super::sites::SiteEffect;
use super::super::types::Types;
use super::super::{ClassRef, FileId, FunctionRef, Hop, Project};
use super::columns;
use super::keys::{self, KeyRead};
use super::loaded::Loaded;
use super::model::{self, Attribute, Kind, Loading, attribute};
use super::traced::join;
use crate::facts::*;
use crate::source::Span;

/// How many calls lie between a loop and a read, at most.
const MAX_HOPS: usize = 4;
/// How many values the root of a chain may be.
const MAX_SIDES: usize = 8;
/// How many reads of one function are kept.
const MAX_NEEDS: usize = 48;
/// Functions that make a text of what they are given first, and those that put what they are given then into a text.
const SHOWN: [&str; 6] = ["conditional_escape", "escape", "force_str", "force_text", "smart_str", "smart_text"];
const SHOWN_IN: [&str; 1] = ["format_html"];
/// What is asked of all rows of a relation, and answered from those that are loaded along.
const WHOLE: [&str; 3] = ["all", "count", "exists"];
/// The longest chain of attributes that is looked at.
const MAX_CHAIN: usize = 6;

/// A chain of attributes that a function reads of what it is given.
#[derive(Clone, Debug)]
pub(super) struct Need {
    /// Of what.
    pub(super) source: Source,
    /// The names: `book.author.name` reads `author`, `name` of `book`.
    pub(super) names: Rc<[Box<str>]>,
    /// Where, as the file, the attributes and whether a condition decides.
    pub(super) file: FileId,
    pub(super) span: Span,
    pub(super) conditional: bool,
    /// What callers must pass for it.
    pub(super) required: Vec<Requirement>,
    /// The calls on the way.
    pub(super) hops: Vec<Hop>,
}

/// A read that costs a query for each row.
#[derive(Clone, Debug)]
pub(super) struct Cost {
    /// The relation: `author__country`.
    pub(super) path: String,
    /// Whether it can only be prefetched.
    pub(super) is_generic: bool,
    /// Whether it is a column of the row that its query has left out.
    pub(super) is_column: bool,
    /// The model whose relation it is, first.
    pub(super) hops: Vec<Hop>,
    /// The read behind the hops.
    pub(super) read: Option<(FileId, Span)>,
    pub(super) conditional: bool,
    /// The read, if it only wants the key of the related row.
    pub(super) key: Option<KeyRead>,
}

/// Names of attributes that may cost: all others are not looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Interesting {
    names: FxHashSet<Box<str>>,
}

impl Interesting {
    /// The names of relations and of what models define in code.
    pub(super) fn of(types: &Types<'_>, relations: &Relations) -> Interesting {
        let mut names: FxHashSet<Box<str>> = relations.accessors().map(Box::from).collect();
        let mut seen = FxHashSet::default();
        let may_be_deferred = columns::are_left_out(types.project());
        for class in relations.models().iter().flat_map(|&model| types.lineage(model)) {
            if !seen.insert(class) {
                continue;
            }
            let facts = types.facts(class.file);
            let own = facts.class(class.class);
            names.extend(own.methods.iter().map(|&method| Box::from(&facts.names[facts.function(method).name])));
            names.extend(typeorm::names(facts, class.class).map(Box::from));
            if may_be_deferred {
                names.extend(columns::typed(types, class).map(Box::from));
            }
            for field in own.attributes.iter().filter(|field| field.in_body) {
                if let Value::Call(_) = facts.value(field.value) {
                    names.insert(facts.names[field.name].into());
                }
            }
        }
        Interesting { names }
    }

    /// Whether there are any.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// What a call reads, as the root of a chain of attributes, their names and where they stand: a method of a model;
    /// all rows of a relation, `book.tags.all()`, where some query of the project loads it along; the text of a row,
    /// `str(book)`.
    pub(super) fn read_by(&self, project: &Project, file: FileId, id: CallId) -> Vec<(ValueId, Vec<Box<str>>, Span)> {
        let facts = &project.file(file).facts;
        let call = facts.call(id);
        let texts = |args: &[Arg]| {
            let given = args.iter().filter(|arg| arg.name.is_none());
            let texts =
                given.filter_map(|arg| self.text_of(facts, arg.value).map(|(root, names)| (root, names, arg.span)));
            texts.collect()
        };
        match *facts.value(call.callee) {
            Value::Member(object, name) => {
                let name = &facts.names[name];
                let is_whole = || {
                    WHOLE.contains(&name)
                        && matches!(facts.value(object), Value::Member(_, relation) if self.has(&facts.names[*relation]))
                        && if facts.template.is_some() {
                            name == "all"
                        } else {
                            project.site_of(file, id).is_some_and(|site| project.may_be_prefetched(file, site))
                        }
                };
                // What a template counts is told as a query.
                let is_counted = facts.template.is_some() && matches!(name, "count" | "exists");
                if is_counted || !self.has(name) && !is_whole() {
                    return Vec::new();
                }
                let (root, names) = chain(facts, call.callee);
                vec![(root, names, call.name_span)]
            }
            Value::Global(name) if &facts.names[name] == "str" && call.args.len() == 1 => texts(&call.args),
            Value::Global(name) if &facts.names[name] == "print" => texts(&call.args),
            // `escape(book)`, `format_html("<b>{}</b>", book)`
            Value::Import(_) => match Flow::new(facts).called_name(call) {
                Some(name) if SHOWN.contains(&name) => texts(call.args.get(..1).unwrap_or_default()),
                Some(name) if SHOWN_IN.contains(&name) => texts(call.args.get(1..).unwrap_or_default()),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// What the text of a value reads, if that may be a row: `f"{book}"`.
    pub(super) fn text_of(&self, facts: &FileFacts, value: ValueId) -> Option<(ValueId, Vec<Box<str>>)> {
        if !self.has("__str__") {
            return None;
        }
        let (root, mut names) = chain(facts, value);
        if names.last().is_some_and(|last| !self.has(last)) {
            return None;
        }
        names.push("__str__".into());
        Some((root, names))
    }

    /// Whether an attribute of this name may cost.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// `root.a.b` as its root and its names.
pub(super) fn chain(facts: &FileFacts, value: ValueId) -> (ValueId, Vec<Box<str>>) {
    let mut names = Vec::new();
    let mut root = value;
    while let Value::Member(object, name) = *facts.value(root) {
        names.push(Box::from(&facts.names[name]));
        root = object;
    }
    names.reverse();
    (root, names)
}

/// A chain, once for each value that its root may be: `edit = None`, then `edit = self.last` in a branch.
fn sides(facts: &FileFacts, (root, names): (ValueId, Vec<Box<str>>)) -> Vec<(ValueId, Vec<Box<str>>)> {
    let mut open = vec![(root, names)];
    let mut found = Vec::new();
    while let Some((root, names)) = open.pop() {
        match *facts.value(root) {
            Value::Either(left, right) if open.len() + found.len() < MAX_SIDES => {
                // What stands in for a parameter is read only where nobody gives that.
                let is_param = |side: &ValueId| matches!(facts.value(chain(facts, *side).0), Value::Param(..));
                let has_param = [left, right].iter().any(is_param);
                for side in [left, right].into_iter().filter(|side| !has_param || is_param(side)) {
                    let (root, mut first) = chain(facts, side);
                    first.extend(names.iter().cloned());
                    open.push((root, first));
                }
            }
            _ => found.push((root, names)),
        }
    }
    found
}

/// The innermost condition that is not just whether there is what a chain goes through: `edit.writer if edit else ""`.
fn other_than_presence(facts: &FileFacts, guard: Option<GuardId>, value: ValueId) -> Option<GuardId> {
    let mut on_the_way = Vec::new();
    let mut at = value;
    while let Value::Member(object, _) = *facts.value(at) {
        on_the_way.push(object);
        at = object;
    }
    let mut at = guard;
    while let Some(id) = at {
        let guard = &facts.guards[id.index()];
        let tested = match *facts.value(guard.condition) {
            Value::Operation(Operation::NotEqual, left, right) if *facts.value(right) == Value::Null => left,
            _ => guard.condition,
        };
        if guard.kind.holds() != Some(true) || !on_the_way.contains(&tested) {
            return Some(id);
        }
        at = guard.parent;
    }
    None
}

/// Answers what functions read; one for each thread.
pub(super) struct Needs<'t, 'p> {
    types: &'t Types<'p>,
    graph: &'t CallGraph,
    interesting: &'t Interesting,
    known: RefCell<FxHashMap<FunctionRef, Rc<Vec<Need>>>>,
    open: RefCell<FxHashSet<FunctionRef>>,
    places: RefCell<FxHashMap<FileId, Rc<Places>>>,
}

/// The reads, calls and edges of a file, by function.
#[derive(Debug, Default)]
struct Places {
    accesses: FxHashMap<FunctionId, Vec<usize>>,
    calls: FxHashMap<FunctionId, Vec<CallId>>,
    /// Values that are put into texts.
    texts: FxHashMap<FunctionId, Vec<usize>>,
    edges: FxHashMap<FunctionId, Vec<usize>>,
}

impl<'t, 'p> Needs<'t, 'p> {
    /// Has answered nothing yet.
    pub(super) fn new(types: &'t Types<'p>, graph: &'t CallGraph, interesting: &'t Interesting) -> Self {
        Needs {
            types,
            graph,
            interesting,
            known: RefCell::default(),
            open: RefCell::default(),
            places: RefCell::default(),
        }
    }

    fn places(&self, file: FileId) -> Rc<Places> {
        if let Some(known) = self.places.borrow().get(&file) {
            return Rc::clone(known);
        }
        let project = self.types.project();
        let facts = self.types.facts(file);
        let mut places = Places::default();
        for (index, access) in facts.accesses.iter().enumerate() {
            let Value::Member(_, name) = facts.value(access.value) else { continue };
            if !access.is_set && self.interesting.has(&facts.names[*name]) {
                let (home, _) = self.graph.place(project, file, access.function, access.in_loop);
                places.accesses.entry(home).or_default().push(index);
            }
        }
        for (id, call) in facts.numbered() {
            if !self.interesting.read_by(project, file, id).is_empty() {
                let (home, _) = self.graph.place(project, file, call.function, call.in_loop);
                places.calls.entry(home).or_default().push(id);
            }
        }
        for (index, used) in facts.uses.iter().enumerate().filter(|(_, used)| used.kind == UseKind::Text) {
            if self.interesting.text_of(facts, used.value).is_some() {
                let (home, _) = self.graph.place(project, file, used.function, used.in_loop);
                places.texts.entry(home).or_default().push(index);
            }
        }
        let edges = self.graph.edges_of(file).iter().enumerate();
        for (index, edge) in edges.filter(|(_, edge)| edge.alternatives.is_none()) {
            places.edges.entry(edge.home).or_default().push(index);
        }
        let places = Rc::new(places);
        self.places.borrow_mut().insert(file, Rc::clone(&places));
        places
    }

    /// What a function reads of what it is given.
    pub(super) fn of(&self, function: FunctionRef) -> Rc<Vec<Need>> {
        if let Some(known) = self.known.borrow().get(&function) {
            return Rc::clone(known);
        }
        if self.open.borrow().len() >= MAX_HOPS || !self.open.borrow_mut().insert(function) {
            return Rc::default();
        }
        let outermost = self.open.borrow().len() == 1;
        let mut found = Vec::new();
        // What a cache keeps is not read again.
        if function.function != MODULE
            && kept_for(self.types.facts(function.file), function.function, SiteEffect::Query) == Some(false)
        {
            self.own(function, &mut found);
            self.called(function, &mut found);
            found.truncate(MAX_NEEDS);
        }
        self.open.borrow_mut().remove(&function);
        let found = Rc::new(found);
        if outermost {
            self.known.borrow_mut().insert(function, Rc::clone(&found));
        }
        found
    }

    fn source(&self, facts: &FileFacts, function: FunctionId, root: ValueId) -> Option<Source> {
        match *facts.value(root) {
            Value::Param(owner, index) if owner == function => Some(Source::Param(index)),
            Value::This(_) if facts.function(function).class.is_some() => Some(Source::This),
            _ => None,
        }
    }

    fn own(&self, function: FunctionRef, found: &mut Vec<Need>) {
        let facts = self.types.facts(function.file);
        let places = self.places(function.file);
        let text = &self.types.project().file(function.file).source.text;
        let mut seen = FxHashSet::default();
        let mut add_one = |(root, names): (ValueId, Vec<Box<str>>), guard, conditional, within, span| {
            let names: Rc<[Box<str>]> = names.into();
            // What follows decides whether more than a key is wanted.
            if !seen.insert((root, Rc::clone(&names), keys::may_want_key_only(text, span))) {
                return;
            }
            let Some(source) = self.source(facts, function.function, root) else { return };
            if names.len() > MAX_CHAIN
                || is_handled(facts, guard)
                || loads_by_itself(facts, function.function, root, span)
            {
                return;
            }
            found.push(Need {
                source,
                names,
                file: function.file,
                span,
                conditional,
                required: requirements::of_place(facts, function.function, within, guard, span),
                hops: Vec::new(),
            });
        };
        let mut add = |read, guard: Option<GuardId>, value, within, span| {
            let conditional = other_than_presence(facts, guard, value).is_some();
            sides(facts, read).into_iter().for_each(|read| add_one(read, guard, conditional, within, span));
        };
        // What `save()` does with the rows that hang on its own is seldom done: most have none.
        let is_save = matches!(&facts.names[facts.function(function.function).name], "save" | "delete");
        for &index in places.accesses.get(&function.function).into_iter().flatten() {
            let access = &facts.accesses[index];
            if is_save && access.in_loop.is_some() {
                continue;
            }
            add(chain(facts, access.value), access.guard, access.value, access.function, access.span);
        }
        for &id in places.calls.get(&function.function).into_iter().flatten() {
            let call = facts.call(id);
            for (root, names, span) in self.interesting.read_by(self.types.project(), function.file, id) {
                add((root, names), call.guard, call.callee, call.function, span);
            }
        }
        for &index in places.texts.get(&function.function).into_iter().flatten() {
            let used = &facts.uses[index];
            if let Some(read) = self.interesting.text_of(facts, used.value) {
                add(read, used.guard, used.value, used.function, used.span);
            }
        }
    }

    /// What the functions that a function calls read of what it hands on.
    fn called(&self, function: FunctionRef, found: &mut Vec<Need>) {
        let project = self.types.project();
        let facts = self.types.facts(function.file);
        let places = self.places(function.file);
        for &index in places.edges.get(&function.function).into_iter().flatten() {
            let edge = &self.graph.edges_of(function.file)[index];
            // What a property reads is found when the model is known.
            let Some(call) = edge.call().map(|id| facts.call(id)) else { continue };
            if is_handled(facts, call.guard) {
                continue;
            }
            // What a method of the row itself reads, too: the model may have one of its own.
            let is_own = matches!(*facts.value(call.callee), Value::Member(object, name)
                if matches!(facts.value(object), Value::This(_)) && self.interesting.has(&facts.names[name]));
            for need in self.of(edge.callee).iter().filter(|need| !is_own || need.source != Source::This) {
                let Some(passed) = requirements::through(project, edge, &need.required) else { continue };
                for value in flowing_values(project, edge, Some(need.source)) {
                    let (root, mut names) = chain(facts, value);
                    let Some(source) = self.source(facts, function.function, root) else { continue };
                    // Calls on what a row holds are found when the model is known.
                    if names.len() + need.names.len() > MAX_CHAIN {
                        continue;
                    }
                    names.extend(need.names.iter().cloned());
                    let mut required = passed.required.clone();
                    let (within, guard) = (call.function, call.guard);
                    required.extend(requirements::of_place(facts, function.function, within, guard, call.name_span));
                    let mut hops = vec![self.hop(function.file, call.name_span, edge.callee)];
                    hops.extend(need.hops.iter().cloned());
                    found.push(Need {
                        source,
                        names: names.into(),
                        conditional: need.conditional || call.guard.is_some(),
                        required,
                        hops,
                        ..need.clone()
                    });
                    if found.len() > MAX_NEEDS {
                        return;
                    }
                }
            }
        }
    }

    /// A call of `callee`.
    pub(super) fn hop(&self, file: FileId, span: Span, callee: FunctionRef) -> Hop {
        Hop { file, span, callee: self.types.facts(callee.file).scope(callee.function) }
    }

    /// Which queries it costs to read `names` of a row of `model` with which this much is loaded.
    pub(super) fn costs(&self, model: ClassRef, loaded: &Loaded, names: &[Box<str>], at: (FileId, Span)) -> Vec<Cost> {
        let mut walk = Walk { needs: self, loaded, found: Vec::new(), inside: Vec::new() };
        walk.read(model, (String::new(), None), names, at, &[], false);
        walk.found
    }
}

/// Whether a function has had relations of what it is given loaded before it reads there, whichever they are:
/// `prefetch_related_objects([book], *LOOKUPS)`.
fn loads_by_itself(facts: &FileFacts, function: FunctionId, root: ValueId, at: Span) -> bool {
    if facts.names.find("prefetch_related_objects").is_none() {
        return false;
    }
    let flow = Flow::new(facts);
    facts.calls_in(function).filter(|(_, call)| call.span.end <= at.start).any(|(_, call)| {
        let is_loader = flow.called_name(call) == Some("prefetch_related_objects");
        is_loader
            && call.args.first().is_some_and(|arg| match facts.value(arg.value) {
                Value::Sequence(items) => items.contains(&root),
                _ => arg.value == root,
            })
    })
}

/// Whether code only runs after something has failed.
fn is_handled(facts: &FileFacts, guard: Option<GuardId>) -> bool {
    let mut at = guard.map(|id| facts.guards[id.index()]);
    while let Some(guard) = at {
        if guard.kind == GuardKind::Handler {
            return true;
        }
        at = guard.parent.map(|id| facts.guards[id.index()]);
    }
    false
}

/// Follows reads over relations, properties and methods of models.
struct Walk<'w, 't, 'p> {
    needs: &'w Needs<'t, 'p>,
    loaded: &'w Loaded,
    found: Vec<Cost>,
    /// The functions it is in.
    inside: Vec<FunctionRef>,
}

/// What the row at hand was read from, by the names that lead back there.
type Parent = Option<(Vec<Box<str>>, String)>;

impl Walk<'_, '_, '_> {
    fn is_loaded(&self, path: &str) -> bool {
        let project = self.needs.types.project();
        self.loaded.has(path) || path.split("__").all(|name| self.loaded.may_have(project, name))
    }

    /// Whether more is read of what stands at a place, or called.
    fn goes_on(&self, names: &[Box<str>], (file, span): (FileId, Span)) -> bool {
        let text = &self.needs.types.project().file(file).source.text;
        let after = text.get(span.end as usize..).unwrap_or("").trim_start();
        !names.is_empty() || after.starts_with(['.', '(', '='])
    }

    fn read(
        &mut self,
        model: ClassRef,
        (start, parent): (String, Parent),
        names: &[Box<str>],
        at: (FileId, Span),
        hops: &[Hop],
        conditional: bool,
    ) {
        let mut model = model;
        let mut path = start;
        let mut cost = None;
        let mut is_column = false;
        let mut before = parent;
        for (index, name) in names.iter().enumerate() {
            match attribute(self.needs.types, model, name) {
                // `book.tags.all()`
                Some(Attribute::Relation(relation))
                    if relation.loading == Loading::Asked
                        && names.get(index + 1).is_some_and(|next| WHOLE.contains(&&**next))
                        && is_model(self.needs.types, model) =>
                {
                    path = join(&path, name);
                    if !self.is_loaded(&path) {
                        cost = Some((path.clone(), true, None));
                    }
                    break;
                }
                // `author.books` of peewee's is a query that is built on, or run over.
                Some(Attribute::Relation(relation))
                    if relation.kind == Kind::Many
                        && Orm::of(self.needs.types, model) == Some(Orm::Peewee)
                        && self.goes_on(&names[index + 1..], at) =>
                {
                    break;
                }
                Some(Attribute::Relation(relation)) if relation.loading != Loading::Asked => {
                    if let Some((_, start)) = before.take_if(|(back, _)| back.contains(name)) {
                        path = start;
                        let Some(target) = relation.target else { break };
                        model = target;
                        continue;
                    }
                    let longer = join(&path, name);
                    let start = std::mem::replace(&mut path, longer);
                    let is_set = || model::sets_itself(self.needs.types, model, name);
                    if relation.loading == Loading::Lazy && !self.is_loaded(&path) && !is_set() {
                        // What is fetched on the way is fetched for more than a key.
                        let key = match cost {
                            None => keys::read(self.needs.types, model, name, &relation, &names[index + 1..], at),
                            Some(_) => None,
                        };
                        cost = Some((path.clone(), relation.kind == Kind::Generic, key));
                    }
                    before = Some((relation.back, start));
                    match relation.target {
                        // What follows is read of a list, not of its rows.
                        Some(target) if relation.kind != Kind::Many => model = target,
                        _ => break,
                    }
                }
                Some(Attribute::Code(function)) => {
                    self.code(model, (&path, before), function, at, hops, conditional);
                    break;
                }
                None if index == 0
                    && path.is_empty()
                    && self.loaded.columns.leave_out(name)
                    && columns::is_column(self.needs.types, model, name) =>
                {
                    cost = Some((name.to_string(), false, None));
                    is_column = true;
                    break;
                }
                _ => break,
            }
        }
        if let Some((path, is_generic, key)) = cost {
            let read = (!hops.is_empty()).then_some(at);
            self.found.push(Cost { path, is_generic, is_column, hops: hops.to_vec(), read, conditional, key });
        }
    }

    /// What a property or method of a model reads of its row.
    fn code(
        &mut self,
        model: ClassRef,
        (path, parent): (&str, Parent),
        function: FunctionRef,
        at: (FileId, Span),
        hops: &[Hop],
        conditional: bool,
    ) {
        if hops.len() >= MAX_HOPS || self.inside.contains(&function) {
            return;
        }
        self.inside.push(function);
        let mut hops = hops.to_vec();
        hops.push(self.needs.hop(at.0, at.1, function));
        let project = self.needs.types.project();
        let facts = &*project.file(at.0).facts;
        let call = facts.call_named(at.1).map(|(_, call)| (facts, call));
        for need in self.needs.of(function).iter().filter(|need| need.source == Source::This) {
            if !requirements::left_alone(project, function, &need.required, call) {
                continue;
            }
            let mut hops = hops.clone();
            hops.extend(need.hops.iter().cloned());
            let at = (need.file, need.span);
            let conditional = conditional || need.conditional;
            self.read(model, (path.to_owned(), parent.clone()), &need.names, at, &hops, conditional);
        }
        self.inside.pop();
    }
}
