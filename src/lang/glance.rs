//! What a file of a host language says before it is parsed: a search through its bytes.

use std::sync::{LazyLock, OnceLock};

use aho_corasick::AhoCorasick;

use crate::apis::{Catalog, LibraryId};
use crate::source::{Language, SourceFile, is_name, is_whole_name};
use crate::sql;

/// How far the words of a statement are looked for behind the quote that it may begin at, in bytes.
const STATEMENT: usize = 2000;

/// What a search through a file tells: enough to know whether it is worth parsing. It may tell too much, never too
/// little.
#[derive(Clone, Debug, Default)]
pub struct Glance {
    /// What it may import.
    pub imports: Vec<Imports>,
    /// Whether it may hand on all names of a module: `export * from "m"`, `from m import *`.
    pub hands_on: bool,
    /// Whether it may hold SQL or a suppression comment.
    pub is_telling: bool,
    libraries: OnceLock<Vec<LibraryId>>,
}

impl Glance {
    /// The libraries of which the file may call something without importing them, if the project uses them. Looked for
    /// when it is first asked.
    pub fn libraries(&self, file: &SourceFile) -> &[LibraryId] {
        self.libraries.get_or_init(|| match file.language {
            Language::JavaScript | Language::TypeScript | Language::Tsx => {
                Catalog::ecma_words().libraries_in(&file.text)
            }
            Language::Python => Catalog::python_words().libraries_in(&file.text),
            Language::Sql | Language::Prisma | Language::GraphQl => Vec::new(),
            Language::DjangoTemplate | Language::Jinja => Vec::new(),
        })
    }
}

/// What a file may import of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imports {
    /// The module as written.
    pub module: Box<str>,
    /// The names; nothing if it is the whole module.
    pub names: Option<Vec<Box<str>>>,
}

/// Searches a file. Of SQL and of schemas nothing needs to be known before they are read.
pub fn glance(file: &SourceFile) -> Glance {
    let text = file.text.as_str();
    let imports = match file.language {
        Language::JavaScript | Language::TypeScript | Language::Tsx => ecma_imports(text),
        Language::Python => python_imports(text),
        Language::Sql | Language::Prisma | Language::GraphQl | Language::DjangoTemplate | Language::Jinja => {
            return Glance { is_telling: true, ..Glance::default() };
        }
    };
    let holds = |part: &str| memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some();
    let is_telling = holds("seqscan:") || may_hold_sql(text);
    let hands_on = holds("export *") || holds("import *");
    Glance { hands_on, imports, is_telling, libraries: OnceLock::new() }
}

/// Whether a string of a text may be SQL.
fn may_hold_sql(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr3_iter(b'"', b'\'', b'`', bytes).any(|quote| {
        let start = quote + 1;
        let mut end = bytes.len().min(start + STATEMENT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut rest = text[start..end].trim_start();
        while let Some(more) = ["\\n", "\\r", "\\t", "\\\n"].iter().find_map(|escape| rest.strip_prefix(escape)) {
            rest = more.trim_start();
        }
        sql::may_begin_sql(rest) && {
            let closed = memchr::memchr(bytes[quote], rest.as_bytes()).map_or(rest, |at| &rest[..at]);
            sql::looks_like_sql(rest) || sql::looks_like_sql(closed)
        }
    })
}

/// The modules of `from "m"`, `import "m"`, `import("m")`, `require("m")`.
fn ecma_imports(text: &str) -> Vec<Imports> {
    static WORDS: LazyLock<AhoCorasick> =
        LazyLock::new(|| AhoCorasick::new(["from", "import", "require"]).expect("three words"));
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    // Behind the last `import` that a module does not follow: what is imported.
    let mut clause = None;
    for word in WORDS.find_iter(bytes) {
        if word.start() > 0 && is_name(bytes[word.start() - 1]) {
            continue;
        }
        let mut at = word.end();
        loop {
            at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b'(').count();
            if !bytes[at..].starts_with(b"/*") {
                break;
            }
            let Some(end) = memchr::memmem::find(&bytes[at..], b"*/") else { break };
            at += end + 2;
        }
        let Some(&quote @ (b'"' | b'\'' | b'`')) = bytes.get(at) else {
            clause = (word.pattern().as_usize() == 1).then_some(word.end());
            continue;
        };
        let rest = &text[at + 1..];
        let end = memchr::memchr2(quote, b'\n', rest.as_bytes()).unwrap_or(rest.len());
        let names = clause
            .take()
            .filter(|_| word.pattern().as_usize() == 0)
            .and_then(|from| clause_names(&text[from..word.start()]));
        found.push(Imports { module: rest[..end].into(), names });
    }
    found
}

/// The names of `a, { b, type C as D }`; nothing if the whole module is imported.
fn clause_names(clause: &str) -> Option<Vec<Box<str>>> {
    if clause.contains('*') {
        return None;
    }
    let (before, inside) = match clause.split_once('{') {
        Some((before, rest)) => (before, rest.split('}').next().unwrap_or(rest)),
        None => (clause, ""),
    };
    let default = before.trim().trim_end_matches(',').trim();
    let default = (!matches!(default, "" | "type")).then(|| Box::from("default"));
    let names = inside.split(',').filter_map(|part| {
        let part = part.trim();
        part.strip_prefix("type ").unwrap_or(part).split_whitespace().next()
    });
    Some(default.into_iter().chain(names.map(Box::from)).collect())
}

/// The modules of `import m` and `from m import n`.
fn python_imports(text: &str) -> Vec<Imports> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    for start in memchr::memmem::find_iter(bytes, b"import") {
        let end = start + "import".len();
        if !is_whole_name(bytes, start, end) {
            continue;
        }
        let is_star = text[end..].trim_start().starts_with('*');
        let names = imported_names(&text[end..]).into_iter().map(Box::from);
        match module_before(&text[..start]) {
            Some(module) => found.push(Imports { module: module.into(), names: (!is_star).then(|| names.collect()) }),
            None => found.extend(names.map(|module| Imports { module, names: None })),
        }
    }
    found
}

/// `m` of `from m`, with which a text ends.
fn module_before(text: &str) -> Option<String> {
    // A line that goes on after a backslash is one.
    let text = text.trim_end_matches(|letter: char| letter.is_whitespace() || letter == '\\');
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.');
    let before = text.trim_end_matches(is_part);
    let module = &text[before.len()..];
    let word = before.trim_end_matches(|letter: char| letter.is_whitespace() || letter == '\\');
    // `from.models import x`
    if let Some(rest) = module.strip_prefix("from").filter(|rest| rest.starts_with('.')) {
        return Some(rest.to_owned());
    }
    (!module.is_empty() && word.len() < before.len() && word.ends_with("from")).then(|| module.to_owned())
}

/// The names behind `import`, without what they are bound to.
fn imported_names(text: &str) -> Vec<&str> {
    let start = text.trim_start_matches([' ', '\t', '\\', '\r', '\n']);
    let (list, closing) = match start.strip_prefix('(') {
        Some(list) => (list, ")"),
        None => (text, "\n;"),
    };
    let mut end = 0;
    loop {
        end += list[end..].find(|letter| closing.contains(letter)).unwrap_or(list.len() - end);
        // What stands behind a backslash goes on in the next line.
        if end == list.len() || !list[..end].trim_end_matches('\r').ends_with('\\') {
            break;
        }
        end += 1;
    }
    let is_between = |letter: char| letter.is_whitespace() || letter == '\\';
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.');
    let parts = list[..end].split([',', '\n']).map(|part| part.trim_matches(is_between));
    let names = parts.map(|part| part.find(|letter| !is_part(letter)).map_or(part, |end| &part[..end]));
    names.filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(language: Language, text: &str) -> Glance {
        glance(&SourceFile::new("a", Default::default(), language, text.into()))
    }

    fn modules(language: Language, text: &str) -> Vec<String> {
        let told = |import: &Imports| match &import.names {
            Some(names) => format!("{}: {}", import.module, names.join(" ")),
            None => import.module.to_string(),
        };
        seen(language, text).imports.iter().map(told).collect()
    }

    #[test]
    fn modules_of_javascript() {
        let text = r#"
            import a, { b } from "./one";
            import type { C, type D as E } from './two'
            import "./three";
            export * from
                "./four";
            import * as f from "f";
            const d = require("five/six"), e = await import(/* webpackChunkName: "x" */ `./seven`);
            transform("eight"); const isfrom = "nine";
        "#;
        let known = ["./one: default b", "./two: C D", "./three", "./four", "f", "five/six", "./seven"];
        assert_eq!(modules(Language::TypeScript, text), known);
    }

    #[test]
    fn modules_of_python() {
        let text = "import a.b as c, d\nfrom .models import (\n    Book,  # one\n    Author as A,\n)\n\
                    from . import views\nfrom.x import y\nfrom ..deep \\\n    import z\nif x: import e; import f\n\
                    important = reimport\nfrom m import *\n";
        let known = ["a.b", "d", ".models: Book Author", ".: views", ".x: y", "..deep: z", "e", "f", "m"];
        assert_eq!(modules(Language::Python, text), known);
    }

    #[test]
    fn sql_and_directives_tell() {
        for text in [
            "q = 'SELECT id FROM books'",
            "q = '''\n  -- all\n  select a,\n    b from c'''",
            "q = \"DELETE FROM books\" + where",
            "q = '\\n SELECT id FROM books'",
            "q = 'SELECT ' + columns + ' FROM books'",
            "x = 1  # seqscan: ignore[query-in-loop]",
        ] {
            assert!(seen(Language::Python, text).is_telling, "{text}");
        }
        for text in ["q = 'Select a book'", "update(x)", "q = \"delete\"", "# update the books"] {
            assert!(!seen(Language::Python, text).is_telling, "{text}");
        }
    }

    #[test]
    fn calls_tell_of_their_library() {
        let names = |language, text: &str| -> Vec<String> {
            let file = SourceFile::new("a", Default::default(), language, text.into());
            glance(&file).libraries(&file).iter().map(|&id| Catalog::builtin().library(id).name.clone()).collect()
        };
        assert!(names(Language::TypeScript, "ctx.user.findMany({ where: { id } })").contains(&"prisma".to_owned()));
        assert_eq!(names(Language::TypeScript, "findManyThings(); a.findManyThings(where)"), [""; 0]);
        assert!(names(Language::Python, "author.books_set.all()").contains(&"django".to_owned()));
    }
}
