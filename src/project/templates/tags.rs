//! The filters, tags and functions that a project defines for its templates.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::facts::*;
use crate::project::flow::Flow;
use crate::project::types::{Ty, Types};
use crate::project::{FileId, FunctionRef, Project};
use crate::source::Language;

/// Decorators that make a function known to templates.
const REGISTERS: [&str; 13] = [
    "app_template_filter",
    "app_template_global",
    "assignment_tag",
    "contextfilter",
    "filter",
    "function",
    "global_function",
    "inclusion_tag",
    "library",
    "simple_block_tag",
    "simple_tag",
    "template_filter",
    "template_global",
];

/// Decorators that give a function of Jinja the context, or the environment, before its arguments.
const PASSES: [&str; 8] = [
    "contextfilter",
    "contextfunction",
    "environmentfilter",
    "environmentfunction",
    "evalcontextfilter",
    "pass_context",
    "pass_environment",
    "pass_eval_context",
];

/// Those of a project, by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::project) struct Tags {
    by_name: FxHashMap<Box<str>, Vec<FunctionRef>>,
    /// Functions that are given the context before their arguments.
    shifted: FxHashSet<FunctionRef>,
}

/// A function under the name by which templates call it, and whether it is given the context first.
pub(super) type Registered = (Box<str>, FunctionRef, bool);

impl Tags {
    /// Brings together what files register.
    pub(super) fn of<'r>(all: impl Iterator<Item = &'r Registered>) -> Tags {
        let mut tags = Tags::default();
        for &(ref name, function, is_shifted) in all {
            if is_shifted {
                tags.shifted.insert(function);
            }
            let known = tags.by_name.entry(name.clone()).or_default();
            if !known.contains(&function) {
                known.push(function);
            }
        }
        tags
    }

    /// Whether a function is given the context before its arguments.
    pub(in crate::project) fn is_shifted(&self, function: FunctionRef) -> bool {
        self.shifted.contains(&function)
    }

    /// The function that a template calls by a name: one of the libraries it loads, or the only one of Jinja's.
    pub(in crate::project) fn named(&self, project: &Project, file: FileId, name: &str) -> Option<FunctionRef> {
        let own = project.file(file).facts.template.as_deref()?;
        let known = self.by_name.get(name)?;
        let library = |function: &FunctionRef| -> Option<&str> {
            let path = &*project.file(function.file).source.path;
            let (folder, name) = path.rsplit_once('/')?;
            folder.ends_with("templatetags").then(|| name.trim_end_matches(".py"))
        };
        let is_django = project.file(file).source.language == Language::DjangoTemplate;
        let mut found = known.iter().filter(|function| match library(function) {
            Some(library) if is_django => own.libraries.iter().any(|loaded| **loaded == *library),
            _ => !is_django,
        });
        let first = found.next()?;
        found.next().is_none().then_some(*first)
    }
}

pub(super) fn of_file(types: &Types<'_>, file: FileId) -> Vec<Registered> {
    let project = types.project();
    if project.file(file).source.language != Language::Python {
        return Vec::new();
    }
    let facts = types.facts(file);
    let mut found = Vec::new();
    for (function, own) in (0..).map(FunctionId).zip(&facts.functions) {
        if own.decorators.is_empty() {
            continue;
        }
        let mut names = Vec::new();
        let mut is_shifted = false;
        for &decorator in &own.decorators {
            let (callee, args) = match facts.value(decorator) {
                Value::Call(call) => (facts.call(*call).callee, facts.call(*call).args.as_slice()),
                _ => (decorator, &[][..]),
            };
            let Some(name) = facts.own_name(callee) else { continue };
            is_shifted |= PASSES.contains(&name);
            is_shifted |= args.iter().any(|arg| {
                arg.name.is_some_and(|name| &facts.names[name] == "takes_context")
                    && *facts.value(arg.value) == Value::Bool(true)
            });
            if !REGISTERS.contains(&name) || !matches!(facts.value(callee), Value::Member(..)) {
                continue;
            }
            let said = args.iter().find(|arg| match arg.name {
                Some(keyword) => &facts.names[keyword] == "name",
                None => name != "inclusion_tag",
            });
            let said = said.and_then(|arg| facts.literal(arg.value));
            names.push(Box::from(said.unwrap_or(&facts.names[own.name])));
        }
        let function = FunctionRef { file, function };
        found.extend(names.into_iter().map(|name| (name, function, is_shifted)));
    }
    let of = |value: ValueId| match facts.value(value) {
        Value::Function(_) | Value::Import(_) | Value::Member(..) => match types.of(file, value) {
            Ty::Function(function) => Some(function),
            _ => None,
        },
        _ => None,
    };
    // `env.filters["shelf"] = shelf`
    for set in &facts.item_sets {
        let is_registry = facts.own_name(set.object).is_some_and(|name| matches!(name, "filters" | "globals"));
        if let (true, Some(name)) = (is_registry, facts.literal(set.key))
            && let Some(function) = of(set.value)
        {
            found.push((name.into(), function, false));
        }
    }
    if facts.names.find("filters").is_none()
        && facts.names.find("globals").is_none()
        && facts.names.find("register").is_none()
    {
        return found;
    }
    let flow = Flow::new(facts);
    for call in &facts.calls {
        let Value::Member(object, _) = facts.value(call.callee) else { continue };
        match (facts.own_name(*object), flow.called_name(call)) {
            // `env.globals.update(shelf=shelf)`, `env.filters.update({"shelf": shelf})`
            (Some("filters" | "globals"), Some("update")) => {
                for arg in &call.args {
                    match (arg.name, facts.value(arg.value)) {
                        (Some(name), _) => {
                            found.extend(of(arg.value).map(|own| (facts.names[name].into(), own, false)));
                        }
                        (None, Value::Mapping(entries)) => {
                            for &(key, value) in entries {
                                if let (Some(name), Some(own)) = (facts.literal(key), of(value)) {
                                    found.push((name.into(), own, false));
                                }
                            }
                        }
                        _ => {}
                    }
                }
            }
            // `register.filter("shelf", shelf)`
            (_, Some("filter" | "simple_tag")) => {
                if let [name, function] = call.args.as_slice()
                    && name.name.is_none()
                    && function.name.is_none()
                    && let (Some(name), Some(own)) = (facts.literal(name.value), of(function.value))
                {
                    found.push((name.into(), own, false));
                }
            }
            _ => {}
        }
    }
    found
}
