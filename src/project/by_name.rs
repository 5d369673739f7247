//! Functions that are told by their name alone: the only definition of it in the project.

use aho_corasick::AhoCorasick;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::types::{Ty, Types};
use super::{FileId, FunctionRef, Project, ProjectFile};
use crate::facts::*;
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

/// Functions by name and language family; `None` where there are several.
pub(super) type UniqueNames<'p> = FxHashMap<(bool, &'p str), Option<FunctionRef>>;

/// Names with exactly one definition in the project, by language family.
pub(super) fn unique_names(project: &Project) -> UniqueNames<'_> {
    let mut unique = UniqueNames::default();
    for file in project.ids() {
        let facts = &project.file(file).facts;
        let ecma = project.file(file).source.language.is_ecma();
        for (index, function) in facts.functions.iter().enumerate().skip(1) {
            let name = &facts.names[function.name];
            if !can_be_told_by_name(name) {
                continue;
            }
            let found = FunctionRef { file, function: FunctionId(u32::try_from(index).unwrap_or(u32::MAX)) };
            unique.entry((ecma, name)).and_modify(|known| *known = None).or_insert(Some(found));
        }
    }
    unique
}

/// The one fallback for a name that nothing resolves: the only function so called in the project, if the
/// arguments fit its parameters.
pub(super) fn only_definition(
    types: &Types<'_>,
    file: FileId,
    call: &Call,
    unique: &UniqueNames<'_>,
) -> Option<FunctionRef> {
    let project = types.project();
    let facts = &project.file(file).facts;
    let Value::Member(object, name) = facts.value(call.callee) else { return None };
    // What a template reads may be no method.
    if facts.template.is_some() {
        return None;
    }
    let ecma = project.file(file).source.language.is_ecma();
    let found = (*unique.get(&(ecma, &facts.names[*name]))?)?;
    let callee = project.file(found.file).facts.function(found.function);
    // A method is called on something; a plain function is not.
    callee.class?;
    // A method that also does what its base class does has that name from there, and other classes have it too.
    if calls_its_base(&project.file(found.file).facts, found.function) {
        return None;
    }
    let is_open = match types.of(file, *object) {
        Ty::Unknown => !matches!(facts.value(*object), Value::Global(_)) && !types.is_foreign(file, *object),
        Ty::Instance(class, _) | Ty::Class(class) => types.has_unknown_base(class),
        _ => false,
    };
    if !is_open {
        return None;
    }
    let given = call.args.iter().filter(|arg| arg.name.is_none()).count();
    let takes_rest = callee.params.iter().any(|param| param.is_rest);
    let required = callee
        .params
        .iter()
        .filter(|param| param.default.is_none() && !param.is_rest && !param.is_keyword_only)
        .count();
    let fits = (takes_rest || given <= callee.params.len()) && (ecma || call.args.len() >= required);
    fits.then_some(found)
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
    // `name(a, b) {` at the beginning of a line is a method.
    before.is_empty()
        && after.strip_prefix('(').and_then(behind_bracket).is_some_and(|rest| {
            let rest = rest.trim_start();
            rest.starts_with('{') || rest.starts_with(':')
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
