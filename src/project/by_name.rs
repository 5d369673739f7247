//! Functions that are told by their name alone: the only definition of it in the project, or any of a few.

use std::sync::Arc;

use aho_corasick::AhoCorasick;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::calls::{Callers, Edge, place};
use super::implementations::is_bodyless;
use super::inlined::Inlined;
use super::reads::{self, PerFile, Read};
use super::since::Since;
use super::types::{Ty, Types};
use super::{ClassRef, FileId, FunctionRef, Project, ProjectFile};
use crate::facts::*;
use crate::findings::Confidence;
use crate::source::{Purpose, is_whole_name};

/// Method names that collections, standard libraries and clients of other services have too: never taken for the only
/// definition.
const COMMON_NAMES: [&str; 70] = [
    "get", "set", "has", "add", "pop", "push", "find", "filter", "map", "items", "keys", "values", "update", "delete",
    "remove", "insert", "append", "extend", "clear", "copy", "close", "open", "read", "write", "send", "run", "start",
    "stop", "main", "call", "apply", "bind", "next", "then", "join", "split", "format", "replace", "load", "save",
    "create", "count", "index", "sort", "exists", "first", "last", "all", "any", "execute", "query", "fetch",
    "process", "handle", "init", "setup", "render", "to_dict", "toString", "toJSON", "validate", "parse", "emit",
    "log", "head", "options", "patch", "post", "request", "upload",
];

/// Whether a name is so much its own that its only definition may be meant wherever it is called.
pub(super) fn can_be_told_by_name(name: &str) -> bool {
    name.len() >= 4 && !name.starts_with("__") && !COMMON_NAMES.contains(&name)
}

/// A function that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    function: FunctionRef,
    /// Whether it is called on something: a method, or what is put on a prototype.
    is_method: bool,
    /// Whether it is only declared: in an interface, or as an abstract method.
    is_declared: bool,
}

/// Functions by name; of those that have more than [`MAX_DEFINITIONS`], no more are kept.
type Names = FxHashMap<Box<str>, Vec<Named>>;

/// The functions of a file that can be told by their names.
#[derive(Debug, PartialEq, Eq)]
struct Defined {
    is_ecma: bool,
    functions: Vec<(Box<str>, Named)>,
}

/// Functions by name, in each language family.
#[derive(Debug, Default)]
pub(super) struct ByName {
    defined: PerFile<Defined>,
    ecma: Arc<Names>,
    others: Arc<Names>,
}

impl ByName {
    /// The definitions of each name in the project, by language family.
    pub(super) fn find(project: &Project, since: &Since<'_>) -> ByName {
        let before = since.before().map(|before| &before.graph.names);
        let defined = since.find(project, before.map(|before| &before.defined), defined_in);
        if let Some(before) = before
            && defined.changed_from(&before.defined).next().is_none()
        {
            return ByName { defined, ecma: before.ecma.clone(), others: before.others.clone() };
        }
        let (mut ecma, mut others) = (Names::default(), Names::default());
        for of_file in &defined.found {
            let names = if of_file.is_ecma { &mut ecma } else { &mut others };
            for (name, named) in &of_file.functions {
                if !names.contains_key(name) {
                    names.insert(name.clone(), Vec::new());
                }
                let Some(known) = names.get_mut(name) else { continue };
                if let Some(known) = known.iter_mut().find(|known| known.function == named.function) {
                    known.is_method |= named.is_method;
                } else if known.len() <= MAX_DEFINITIONS {
                    known.push(*named);
                }
            }
        }
        ByName { defined, ecma: Arc::new(ecma), others: Arc::new(others) }
    }

    /// The functions of a name.
    fn of(&self, ecma: bool, name: &str) -> Option<&Vec<Named>> {
        reads::note(Read::Named(reads::hash(name)));
        if ecma { &self.ecma } else { &self.others }.get(name)
    }

    /// The names that are not those of the same functions.
    pub(super) fn changes_since<'n>(&'n self, before: &'n ByName) -> impl Iterator<Item = Read> + 'n {
        let families = [(&self.ecma, &before.ecma), (&self.others, &before.others)];
        let others = families.into_iter().filter(|(now, before)| !Arc::ptr_eq(now, before));
        let names = others.flat_map(|(now, before)| reads::changed_keys(now, before));
        names.map(|name| Read::Named(reads::hash(name)))
    }
}

/// A name that more functions have tells nothing.
const MAX_DEFINITIONS: usize = 8;

/// The functions of a file that can be told by their names: those that are written there, and those that are put on
/// something there.
fn defined_in(types: &Types<'_>, file: FileId) -> Defined {
    let project = types.project();
    let facts = &project.file(file).facts;
    let is_ecma = project.file(file).source.language.is_ecma();
    let mut functions = Vec::new();
    let mut add = |name: Name, function: FunctionRef, is_method: bool| {
        let name = &facts.names[name];
        if can_be_told_by_name(name) {
            let is_declared = is_ecma && is_bodyless(project, function);
            functions.push((Box::from(name), Named { function, is_method, is_declared }));
        }
    };
    for (index, function) in facts.functions.iter().enumerate().skip(1) {
        let found = FunctionRef { file, function: FunctionId(u32::try_from(index).unwrap_or(u32::MAX)) };
        add(function.name, found, function.class.is_some());
    }
    for &(name, value) in &facts.put {
        if let Ty::Function(function) = types.of(file, value) {
            add(name, function, true);
        }
    }
    Defined { is_ecma, functions }
}

/// The fallback for a name that nothing resolves: the only function so called in the project, if the arguments fit its
/// parameters. In JavaScript also several, of which any may be meant.
pub(super) fn definitions(types: &Types<'_>, file: FileId, call: &Call, names: &ByName) -> Vec<FunctionRef> {
    let project = types.project();
    let facts = &project.file(file).facts;
    let Value::Member(object, name) = *facts.value(call.callee) else { return Vec::new() };
    let name = &facts.names[name];
    let ecma = project.file(file).source.language.is_ecma();
    // What a template reads may be no method.
    let is_known = |found: &&Vec<Named>| facts.template.is_none() && found.len() <= MAX_DEFINITIONS;
    let Some(found) = names.of(ecma, name).filter(is_known) else { return Vec::new() };
    // One word is a method of many libraries, too.
    let found: Vec<&Named> = if ecma && has_words(name) {
        found.iter().filter(|named| !named.is_declared).collect()
    } else {
        found.iter().filter(|_| found.len() == 1).collect()
    };
    let is_told = |named: &Named| {
        let Named { function: FunctionRef { file, function }, is_method, .. } = *named;
        // A method is called on something; a plain function is not. A method that also does what its base class does
        // has that name from there, and other classes have it too.
        let own = &project.file(file).facts;
        let is_known = |class| ecma && !types.has_unknown_base(ClassRef { file, class });
        is_method && (!calls_its_base(own, function) || own.function(function).class.is_some_and(is_known))
    };
    let is_open = || match types.of(file, object) {
        Ty::Unknown => !matches!(facts.value(object), Value::Global(_)) && !types.is_foreign(file, object),
        // What a class of JavaScript has not, it is given by others: `books.list.bind(this)`, a mixin.
        Ty::Instance(class, _) | Ty::Class(class) => {
            types.has_unknown_base(class) || (ecma && types.class_member(class, name).is_none())
        }
        _ => false,
    };
    let fits = |function: &FunctionRef| {
        let callee = project.file(function.file).facts.function(function.function);
        let given = call.args.iter().filter(|arg| arg.name.is_none()).count();
        // A coroutine that nothing waits for does not run.
        if !ecma && callee.traits.is_async && !call.awaited && call.result == ResultUse::Discarded {
            return false;
        }
        let takes_rest = callee.params.iter().any(|param| param.is_rest);
        let is_required = |param: &&Param| param.default.is_none() && !param.is_rest && !param.is_keyword_only;
        let required = callee.params.iter().filter(is_required).count();
        (takes_rest || given <= callee.params.len()) && (ecma || call.args.len() >= required)
    };
    let is_meant = |named: &&Named| is_told(named) && fits(&named.function);
    if found.iter().all(is_meant) && is_open() {
        found.iter().map(|named| named.function).collect()
    } else {
        Vec::new()
    }
}

/// Drops the calls on the way to a query that were told by the only definition of a name, if a file that was not parsed
/// has another one. Whether there are any.
pub(super) fn drop_doubled(
    project: &Project,
    inlined: &PerFile<Inlined>,
    edges: &mut [Arc<Vec<Edge>>],
    callers: &Callers,
) -> bool {
    let mut open: Vec<FunctionRef> = Vec::new();
    for file in project.ids() {
        let facts = &project.file(file).facts;
        let homes = project
            .sites(file)
            .iter()
            .filter(|site| site.of_row.is_none())
            .map(|site| place(facts, &inlined.of(file).runs, site.function, None).0);
        open.extend(homes.map(|function| FunctionRef { file, function }));
    }
    let mut reaching: FxHashSet<FunctionRef> = open.iter().copied().collect();
    let mut by_name: FxHashSet<(bool, &str)> = FxHashSet::default();
    let name_of = |function: FunctionRef| {
        let of = project.file(function.file);
        (of.source.language.is_ecma(), &of.facts.names[of.facts.function(function.function).name])
    };
    while let Some(function) = open.pop() {
        for &(file, index) in callers.get(&function).into_iter().flatten() {
            let edge = &edges[file.0 as usize][index];
            if edge.confidence == Confidence::Medium {
                by_name.insert(name_of(function));
            }
            let caller = FunctionRef { file, function: edge.home };
            if reaching.insert(caller) {
                open.push(caller);
            }
        }
    }
    let names: Vec<(bool, &str)> = by_name.into_iter().collect();
    let doubled = project.defined_unread(&names);
    let is_doubled = |edge: &Edge| {
        let (ecma, name) = name_of(edge.callee);
        edge.confidence == Confidence::Medium && doubled.contains(&(ecma, Box::from(name)))
    };
    if !doubled.is_empty() {
        let all = edges.iter_mut().filter(|edges| edges.iter().any(is_doubled));
        all.for_each(|edges| Arc::make_mut(edges).retain(|edge| !is_doubled(edge)));
    }
    !doubled.is_empty()
}

/// Whether a name is made of several words: `findByCode`, `find_by_code`.
fn has_words(name: &str) -> bool {
    let name = name.trim_matches('_');
    name.contains('_') || name.contains(char::is_uppercase) && name.contains(char::is_lowercase)
}

/// Whether a method calls the method of the same name of its base class.
fn calls_its_base(facts: &FileFacts, method: FunctionId) -> bool {
    let name = facts.function(method).name;
    facts.calls.iter().filter(|call| call.function == method).any(|call| match facts.value(call.callee) {
        Value::Member(object, called) => {
            *called == name
                && match facts.value(*object) {
                    Value::Super(_) => true,
                    Value::Call(of) => {
                        matches!(facts.value(facts.call(*of).callee), Value::Global(name) if &facts.names[*name] == "super")
                    }
                    _ => false,
                }
        }
        _ => false,
    })
}

impl Project {
    /// Those of these names that a file which was not parsed gives to a function; with each, whether JavaScript is meant.
    pub(super) fn defined_unread(&self, names: &[(bool, &str)]) -> FxHashSet<(bool, Box<str>)> {
        let Ok(search) = AhoCorasick::new(names.iter().map(|(_, name)| name)) else { return FxHashSet::default() };
        let may_define = |file: &ProjectFile| file.purpose != Purpose::Migration && file.facts.functions.is_empty();
        let unread = self.files.par_iter().filter(|file| !names.is_empty() && may_define(file));
        let defined = unread.flat_map_iter(|file| {
            let ecma = file.source.language.is_ecma();
            let text = file.source.text.as_str();
            let found = search.find_overlapping_iter(text.as_bytes()).filter_map(|word| {
                let (for_ecma, name) = names[word.pattern().as_usize()];
                (for_ecma == ecma && is_definition(ecma, text, word.start(), word.end())).then(|| (ecma, name.into()))
            });
            found.collect::<FxHashSet<_>>()
        });
        defined.collect()
    }
}

/// Words that stand before the name of a JavaScript function or method where it is defined.
const BEFORE: [&str; 10] =
    ["function", "function*", "async", "static", "public", "private", "protected", "get", "set", "override"];

/// Whether the name between `start` and `end` is that of a function which is defined there.
fn is_definition(ecma: bool, text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    if !is_whole_name(bytes, start, end) {
        return false;
    }
    let line = bytes[..start].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let before = text[line..start].trim_end();
    let word = before.rsplit(|letter: char| letter.is_whitespace() || letter == '(').next().unwrap_or("");
    if !ecma {
        return word == "def";
    }
    if BEFORE.contains(&word) {
        return true;
    }
    let after = text[end..].trim_start();
    if let Some(value) = after.strip_prefix([':', '=']) {
        let value = value.trim_start();
        let value = value.strip_prefix("async").map_or(value, str::trim_start);
        let opens = value.starts_with('(') && value.lines().next().is_some_and(|line| line.contains("=>"));
        return opens || value.starts_with("function") || is_arrow(value);
    }
    // `name(a, b) {` at the beginning of a line is a method; without a body it is only declared.
    before.is_empty()
        && after.strip_prefix('(').and_then(behind_bracket).is_some_and(|rest| {
            let rest = rest.trim_start();
            let line = rest.lines().next().unwrap_or("").trim_end();
            rest.starts_with('{') || (rest.starts_with(':') && line.ends_with(['{', '}', '<', '|', '(']))
        })
}

/// `x => …`
fn is_arrow(value: &str) -> bool {
    let end = value.find(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '$');
    end.is_some_and(|end| end > 0 && value[end..].trim_start().starts_with("=>"))
}

/// What stands behind the bracket that is open at the beginning of a text.
fn behind_bracket(text: &str) -> Option<&str> {
    let mut depth = 1;
    for (at, byte) in text.bytes().enumerate().take(2000) {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(at + 1..);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defines(ecma: bool, text: &str) -> bool {
        text.match_indices("load").any(|(at, name)| is_definition(ecma, text, at, at + name.len()))
    }

    #[test]
    fn definitions_are_told_from_calls() {
        for text in [
            "function load() {}",
            "class A {\n  async load(x) {\n  }\n}",
            "class A {\n  load(x: (y) => z): Promise<void> {",
            "const load = async (x) => x;",
            "const a = {\n  load: function () {},\n};",
            "export const load = x => x;",
        ] {
            assert!(defines(true, text), "{text}");
        }
        for text in ["load();", "a.load(x)", "const load = a;", "if (load(x)) {", "  load(x);\n", "reload() {}"] {
            assert!(!defines(true, text), "{text}");
        }
        assert!(defines(false, "class A:\n    async def load(self):"));
        assert!(!defines(false, "load(x)\nself.load()"));
    }
}
