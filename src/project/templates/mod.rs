//! Templates: which code renders them, with what, and through which other templates.
//!
//! A template is a function of its file ([`TEMPLATE`]) whose parameters are the names it does not bind itself. What
//! renders it is a [`Rendering`]: a call with the template's name and a mapping, or a view of Django's that a framework
//! makes render one. A template that is included or extended by another is shown with what that one is given: each
//! [`Path`] leads from a template to what renders it in the end.

mod context;
mod renderings;
mod tags;
mod types;
mod views;

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::callbacks::Given as Handed;
use super::calls::{At, Edge};
use super::flow::Flow;
use super::reads::PerFile;
use super::relations::Orm;
use super::since::Since;
use super::types::Types;
use super::{ClassRef, FileId, FunctionRef, Project};
use crate::facts::*;
use crate::findings::Confidence;
use crate::source::{Language, Span};
pub(super) use tags::Tags;

/// How many ways from one template to what renders it are looked at.
const MAX_PATHS: usize = 48;
/// How many steps are taken to find them.
const MAX_STEPS: usize = 1_000;
/// How many templates lie between a template and what renders it, at most.
const MAX_DEPTH: usize = 8;

/// What a template is given under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// This value.
    Value(FileId, ValueId),
    /// The rows that a view lists.
    Rows(ClassRef),
    /// The row that a view is about.
    Row(ClassRef),
    /// The view itself.
    View(ClassRef),
    /// What a method of the view gives.
    Made(FunctionRef),
    /// The request.
    Request,
    /// Who is logged in.
    User,
}

/// A place that renders a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendering {
    /// The call, the function or the view.
    pub place: (FileId, Span),
    /// Its name.
    pub name: String,
    template: FileId,
    /// The call, if it is one that does the rendering.
    call: Option<CallId>,
    /// The function whose result is the context, if it is one.
    maker: Option<FunctionId>,
    /// What is given, by name; of one name all that it may be.
    context: Vec<(Box<str>, Given)>,
}

impl Rendering {
    /// Whether Django renders it for a request, with its context processors: `render(request, …)`, a view,
    /// `TemplateView.as_view(template_name=…)`.
    fn has_request(&self, project: &Project) -> bool {
        let file = project.file(self.place.0);
        project.relations.has(Orm::Django)
            && file.source.language == Language::Python
            && self.call.is_none_or(|call| {
                let name = Flow::new(&file.facts).called_name(file.facts.call(call));
                matches!(name, Some("as_view" | "render" | "TemplateResponse"))
            })
    }
}

/// How a template comes to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Code renders it.
    Rendered(usize),
    /// Another template includes it; which of its includes.
    Included(FileId, usize),
    /// Another template extends it.
    Extended(FileId),
}

/// The steps from a template to what renders it, which is the last one.
pub(super) type Path = Vec<Way>;

/// All templates of a project.
#[derive(Debug, Default)]
pub(super) struct Templates {
    renderings: Vec<Rendering>,
    ways: FxHashMap<FileId, Vec<Way>>,
    /// What renders each template in the end, found when first asked for.
    paths: FxHashMap<FileId, OnceLock<Vec<Path>>>,
    /// The attributes that loops of a file set on what they run over: what is shown of it is at hand.
    attached: FxHashMap<FileId, FxHashSet<Box<str>>>,
    pub(super) tags: Tags,
}

/// What each file says of templates, before it is brought together.
#[derive(Debug, Default)]
pub(super) struct Parts {
    renderings: PerFile<Vec<Rendering>>,
    attached: PerFile<FxHashSet<Box<str>>>,
    tags: PerFile<Vec<tags::Registered>>,
}

impl PartialEq for Templates {
    fn eq(&self, other: &Self) -> bool {
        // The paths follow from the ways.
        let Templates { renderings, ways, paths: _, attached, tags } = self;
        *renderings == other.renderings && *ways == other.ways && *attached == other.attached && *tags == other.tags
    }
}

impl Templates {
    /// Finds them; a project without templates pays nothing.
    pub(super) fn find(project: &Project, since: &Since<'_>) -> (Templates, Parts) {
        let of_file = |file: FileId| project.file(file).facts.template.as_deref();
        if !project.ids().any(|file| of_file(file).is_some()) {
            return <(Templates, Parts)>::default();
        }
        let before = || since.before().map(|before| &before.parts.templates);
        let parts = Parts {
            renderings: since.find(project, before().map(|before| &before.renderings), renderings::find),
            attached: since.find(project, before().map(|before| &before.attached), attached),
            tags: since.find(project, before().map(|before| &before.tags), tags::of_file),
        };
        let renderings: Vec<Rendering> = parts.renderings.found.iter().flat_map(|found| found.to_vec()).collect();
        let attached = project.ids().zip(&parts.attached.found).filter(|(_, names)| !names.is_empty());
        let attached = attached.map(|(file, names)| (file, FxHashSet::clone(names))).collect();
        let tags = Tags::of(parts.tags.found.iter().flat_map(|found| found.iter()));
        let mut templates = Templates { renderings, attached, tags, ..Templates::default() };
        for (at, rendering) in templates.renderings.iter().enumerate() {
            templates.ways.entry(rendering.template).or_default().push(Way::Rendered(at));
        }
        for file in project.ids() {
            let Some(own) = of_file(file) else { continue };
            let path = &project.file(file).source.path;
            if let Some(parent) = own.extends.as_ref().and_then(|name| project.modules.template(path, name)) {
                templates.ways.entry(parent).or_default().push(Way::Extended(file));
            }
            for (at, include) in own.includes.iter().enumerate() {
                if let Some(included) = project.modules.template(path, &include.name) {
                    templates.ways.entry(included).or_default().push(Way::Included(file, at));
                }
            }
        }
        templates.paths = templates.ways.keys().map(|&file| (file, OnceLock::new())).collect();
        (templates, parts)
    }

    /// Whether a loop of a file sets an attribute of this name on what it runs over.
    pub(super) fn is_attached_in(&self, file: FileId, name: &str) -> bool {
        self.attached.get(&file).is_some_and(|names| names.contains(name))
    }

    /// Whether a loop of any file does.
    pub(super) fn is_attached(&self, name: &str) -> bool {
        self.attached.values().any(|names| names.contains(name))
    }

    /// The ways in which a template comes to be shown by the next step.
    pub(super) fn ways(&self, template: FileId) -> &[Way] {
        self.ways.get(&template).map_or(&[], Vec::as_slice)
    }

    /// What renders a template in the end, on each way that leads there.
    pub(super) fn paths(&self, template: FileId) -> &[Path] {
        let Some(known) = self.paths.get(&template) else { return &[] };
        known.get_or_init(|| {
            let mut found = Vec::new();
            self.follow(template, &mut Vec::new(), &mut found, &mut 0);
            found
        })
    }

    fn follow(&self, template: FileId, path: &mut Path, found: &mut Vec<Path>, steps: &mut usize) {
        for &way in self.ways(template) {
            *steps += 1;
            if found.len() >= MAX_PATHS || *steps >= MAX_STEPS {
                return;
            }
            if path.contains(&way) || path.len() >= MAX_DEPTH {
                continue;
            }
            path.push(way);
            match way {
                Way::Rendered(_) => found.push(path.clone()),
                Way::Included(by, _) | Way::Extended(by) => self.follow(by, path, found, steps),
            }
            path.pop();
        }
    }

    /// What renders a template at the end of a path.
    pub(super) fn rendering(&self, path: &[Way]) -> Option<&Rendering> {
        match path.last()? {
            Way::Rendered(at) => self.renderings.get(*at),
            _ => None,
        }
    }

    /// What a template is given under a name: by code, else by the context processors that Django's projects begin
    /// with.
    pub(super) fn given(&self, project: &Project, rendering: usize, name: &str) -> Vec<Given> {
        let Some(rendering) = self.renderings.get(rendering) else { return Vec::new() };
        let context = rendering.context.iter().filter(|(own, _)| **own == *name);
        let mut found: Vec<Given> = context.map(|&(_, given)| given).collect();
        if found.is_empty() && matches!(name, "request" | "user") && rendering.has_request(project) {
            found.push(if name == "user" { Given::User } else { Given::Request });
        }
        found
    }

    /// What those who render a template give as one of its parameters; empty if nobody is known to.
    pub(super) fn given_to(&self, project: &Project, file: FileId, function: FunctionId, index: u16) -> Vec<Given> {
        let facts = &project.file(file).facts;
        let param = facts.function(function).params.get(usize::from(index)).filter(|_| function == TEMPLATE);
        let Some(name) = param.map(|param| &facts.names[param.name]) else { return Vec::new() };
        let mut found: Vec<Given> = Vec::new();
        for path in self.paths(file) {
            for given in self.given_on(project, path, name) {
                if !found.contains(&given) {
                    found.push(given);
                }
            }
        }
        found
    }

    /// What a template is given under a name on a path.
    pub(super) fn given_on(&self, project: &Project, path: &[Way], name: &str) -> Vec<Given> {
        for way in path {
            match *way {
                Way::Extended(_) => {}
                Way::Included(by, include) => {
                    let facts = &project.file(by).facts;
                    let Some(own) = facts.template.as_deref() else { break };
                    let include = &own.includes[include];
                    let id = facts.names.find(name);
                    match facts.call(include.call).args.iter().find(|arg| arg.name.is_some() && arg.name == id) {
                        Some(arg) => return vec![Given::Value(by, arg.value)],
                        None if include.only => break,
                        None => {}
                    }
                }
                Way::Rendered(rendering) => return self.given(project, rendering, name),
            }
        }
        Vec::new()
    }

    /// The calls that lead to a template: those that render one, and those that include one.
    pub(super) fn edges(&self, project: &Project, file: FileId, place: impl Fn(&Call) -> FunctionId) -> Vec<Edge> {
        let facts = &project.file(file).facts;
        let mut edges = Vec::new();
        let mut add = |call: CallId, home: Option<FunctionId>, callee: FileId, given: &dyn Fn(&str) -> Vec<ValueId>| {
            let of = &project.file(callee).facts;
            let params = &of.function(TEMPLATE).params;
            let params = params.iter().map(|param| given(&of.names[param.name])).collect();
            edges.push(Edge {
                file,
                at: At::Call(call),
                home: home.unwrap_or_else(|| place(facts.call(call))),
                callee: FunctionRef { file: callee, function: TEMPLATE },
                confidence: Confidence::High,
                given: Some(Handed { receiver: Vec::new(), params }),
                hands: None,
                rows: None,
                memoised: false,
                alternatives: None,
            });
        };
        let from = self.renderings.partition_point(|rendering| rendering.place.0 < file);
        for rendering in self.renderings[from..].iter().take_while(|rendering| rendering.place.0 == file) {
            let Some(call) = rendering.call else { continue };
            let given = |name: &str| {
                let own = rendering.context.iter().filter(|(own, _)| **own == *name);
                let values = own.filter_map(|(_, given)| match given {
                    Given::Value(of, value) if *of == file => Some(*value),
                    _ => None,
                });
                values.collect()
            };
            add(call, rendering.maker, rendering.template, &given);
        }
        let Some(own) = facts.template.as_deref() else { return edges };
        for include in &own.includes {
            let Some(included) = project.modules.template(&project.file(file).source.path, &include.name) else {
                continue;
            };
            if project.file(included).facts.template.is_some() {
                let given = |name: &str| given_by_include(facts, own, include, name).into_iter().collect();
                add(include.call, None, included, &given);
            }
        }
        edges
    }

    /// Whether what stands at `span` of a template is shown on a path: a template that extends another shows only what
    /// stands in blocks, and replaces blocks of that one.
    pub(super) fn is_shown(&self, project: &Project, file: FileId, span: Span, path: &[Way]) -> bool {
        let Some(own) = project.file(file).facts.template.as_deref() else { return false };
        if own.extends.is_some() && own.blocks_around(span).next().is_none() {
            return false;
        }
        for (at, way) in path.iter().enumerate() {
            match *way {
                Way::Rendered(_) => return true,
                Way::Extended(by) => {
                    let Some(child) = project.file(by).facts.template.as_deref() else { return false };
                    let is_replaced = |block: &Block| {
                        child.blocks.iter().any(|other| other.name == block.name && !other.shows_replaced)
                    };
                    if own.blocks_around(span).any(is_replaced) {
                        return false;
                    }
                }
                Way::Included(by, include) => {
                    let facts = &project.file(by).facts;
                    let Some(include) = facts.template.as_ref().and_then(|own| own.includes.get(include)) else {
                        return false;
                    };
                    return self.is_shown(project, by, facts.call(include.call).span, &path[at + 1..]);
                }
            }
        }
        false
    }
}

/// The attributes that loops of a file set on what they run over.
fn attached(types: &Types<'_>, file: FileId) -> FxHashSet<Box<str>> {
    let facts = types.facts(file);
    let set = facts.accesses.iter().filter(|access| access.is_set && access.in_loop.is_some());
    let names = set.filter_map(|access| match *facts.value(access.value) {
        Value::Member(object, name) => {
            let is_row = matches!(facts.value(object), Value::Element(..) | Value::Part(..) | Value::Item(..));
            is_row.then(|| facts.names[name].into())
        }
        _ => None,
    });
    names.collect()
}

/// The value of a template that an include gives under a name, as far as one is written down there.
pub(super) fn given_by_include(facts: &FileFacts, own: &Template, include: &Include, name: &str) -> Option<ValueId> {
    let id = facts.names.find(name)?;
    let args = &facts.call(include.call).args;
    if let Some(arg) = args.iter().find(|arg| arg.name == Some(id)) {
        return Some(arg.value);
    }
    let params = &facts.function(TEMPLATE).params;
    let at = params.iter().position(|param| param.name == id).filter(|_| !include.only)?;
    own.context.get(at).copied()
}
