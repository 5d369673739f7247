//! What files say that were not parsed, because nothing in them can reach a database.

use aho_corasick::AhoCorasick;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::Project;

impl Project {
    /// Those of these names that a file which was not parsed gives to a function; with each, whether JavaScript is meant.
    pub(super) fn defined_unread(&self, names: &[(bool, &str)]) -> FxHashSet<(bool, Box<str>)> {
        let Ok(search) = AhoCorasick::new(names.iter().map(|(_, name)| name)) else { return FxHashSet::default() };
        let unread = self.files.par_iter().filter(|file| !names.is_empty() && file.facts.functions.is_empty());
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
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii();
    let bytes = text.as_bytes();
    if bytes[..start].last().is_some_and(is_name) || bytes.get(end).is_some_and(is_name) {
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
