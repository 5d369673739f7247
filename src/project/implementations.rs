//! Interfaces that classes of the project implement, and the classes that extend others: what is called on them is run
//! by one of those.

use rustc_hash::FxHashMap;

use super::types::{ClassMember, Ty, Types};
use super::{ClassRef, FileId, FunctionRef, Project};
use crate::facts::*;
use crate::source::Purpose;

/// More classes behind one are not asked.
const MAX_CLASSES: usize = 8;

/// The classes that implement an interface or extend a class; tests and their doubles aside.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Implementations {
    of: FxHashMap<ClassRef, Vec<ClassRef>>,
    extending: FxHashMap<ClassRef, Vec<ClassRef>>,
}

impl Implementations {
    /// Asks every class what it says it implements and extends.
    pub(super) fn find(project: &Project) -> Implementations {
        let found = project.each_file(|types, file| {
            let own = project.file(file);
            let mut found = Vec::new();
            if own.purpose != Purpose::Application {
                return found;
            }
            for (class, of) in (0..).map(|class| ClassRef { file, class: ClassId(class) }).zip(&own.facts.classes) {
                for &interface in &of.implements {
                    match types.of(file, interface) {
                        Ty::Instance(interface, _) if interface != class => found.push((interface, class, true)),
                        _ => {}
                    }
                }
                if !of.bases.is_empty() {
                    found.extend(types.project_bases(class).into_iter().map(|base| (base, class, false)));
                }
            }
            found
        });
        let mut all = Implementations::default();
        for (of, class, implements) in found.into_iter().flatten() {
            let map = if implements { &mut all.of } else { &mut all.extending };
            map.entry(of).or_default().push(class);
        }
        all
    }

    /// The only class that stands behind an interface.
    pub(crate) fn only(&self, interface: ClassRef) -> Option<ClassRef> {
        match self.of.get(&interface)?.as_slice() {
            &[class] => Some(class),
            _ => None,
        }
    }

    /// The classes that stand behind an interface or extend a class, through any number of others.
    fn behind(&self, class: ClassRef) -> Vec<ClassRef> {
        let mut open = vec![class];
        let mut found = Vec::new();
        while let Some(at) = open.pop().filter(|_| found.len() <= MAX_CLASSES) {
            for &class in self.of.get(&at).into_iter().chain(self.extending.get(&at)).flatten() {
                if !found.contains(&class) {
                    found.push(class);
                    open.push(class);
                }
            }
        }
        found
    }
}

/// The methods that a call on an interface or on an abstract class may run, if there are several: one for each class
/// that has its own. None if some class is not understood.
pub(super) fn alternatives(types: &Types<'_>, file: FileId, call: &Call) -> Vec<FunctionRef> {
    let project = types.project();
    let facts = types.facts(file);
    let Value::Member(object, name) = *facts.value(call.callee) else { return Vec::new() };
    let name = &facts.names[name];
    let (Ty::Instance(class, _) | Ty::Class(class)) = types.of(file, object) else { return Vec::new() };
    let Some(ClassMember::Method(declared)) = types.class_member(class, name) else { return Vec::new() };
    if !is_bodyless(project, declared) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for class in project.implementations.behind(class) {
        match types.class_member(class, name) {
            Some(ClassMember::Method(method)) if is_bodyless(project, method) => {}
            Some(ClassMember::Method(method)) if found.contains(&method) => {}
            Some(ClassMember::Method(method)) => found.push(method),
            _ => return Vec::new(),
        }
    }
    if found.len() > MAX_CLASSES { Vec::new() } else { found }
}

/// Whether a method is only declared, in an interface or as an abstract one.
pub(super) fn is_bodyless(project: &Project, method: FunctionRef) -> bool {
    let of = project.file(method.file);
    let function = of.facts.function(method.function);
    let text = of.source.text.get(function.span.range()).unwrap_or("");
    if !of.source.language.is_ecma() {
        return function.class.is_some() && is_abstract(&of.facts, method.function, text);
    }
    function.class.is_some() && !text.trim_end_matches(';').ends_with('}') && !text.contains("=>")
        || function.class.is_some_and(|class| of.facts.class(class).is_interface)
}

/// Whether a method of Python's is there to be overridden: `@abstractmethod`, or it does nothing but refuse.
fn is_abstract(facts: &FileFacts, method: FunctionId, text: &str) -> bool {
    let own = facts.function(method);
    let refuses = || {
        let mut calls = facts.calls_in(method);
        own.returns.is_empty()
            && own.yields.is_empty()
            && text.contains("raise NotImplementedError")
            && calls.all(|(_, call)| facts.own_name(call.callee) == Some("NotImplementedError"))
    };
    own.decorators.iter().any(|&decorator| facts.own_name(decorator) == Some("abstractmethod")) || refuses()
}
