//! The words that stand in every file that may call a library: what bytes are searched for before they are parsed.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use rustc_hash::FxHashMap;

use super::shape::{ApiShape, ArgShape};
use super::{Catalog, CatalogLanguage, LibraryId, Own};
use crate::source::is_name;

/// A search for the words of libraries.
#[derive(Debug)]
pub struct Words {
    automaton: AhoCorasick,
    /// By pattern.
    edges: Vec<Edges>,
    clues: Vec<Clue>,
}

/// Which sides of a pattern end a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Edges {
    left: bool,
    right: bool,
}

/// Words that say together that a file may call a library.
#[derive(Debug)]
struct Clue {
    library: LibraryId,
    /// Patterns that must all be there.
    all: Vec<usize>,
    /// Of these, if there are any, one group.
    any: Vec<Vec<usize>>,
}

/// The patterns so far.
#[derive(Default)]
struct Patterns {
    ids: FxHashMap<(String, Edges), usize>,
    all: Vec<(String, Edges)>,
}

impl Patterns {
    fn add(&mut self, text: &str, left: bool, right: bool) -> usize {
        let edges = Edges { left, right };
        *self.ids.entry((text.to_owned(), edges)).or_insert_with(|| {
            self.all.push((text.to_owned(), edges));
            self.all.len() - 1
        })
    }

    /// The longest fixed part of a name with `*`; nothing if it has none.
    fn add_name(&mut self, name: &str) -> Option<usize> {
        let longest = name.split('*').max_by_key(|part| part.len()).filter(|part| !part.is_empty())?;
        Some(self.add(longest, name.starts_with(longest), name.ends_with(longest)))
    }
}

impl Catalog {
    /// The words of the built-in catalogs for Python.
    pub fn python_words() -> &'static Words {
        static WORDS: LazyLock<Words> = LazyLock::new(|| Words::of(Catalog::builtin(), CatalogLanguage::Python));
        &WORDS
    }

    /// The words of the built-in catalogs for JavaScript and TypeScript.
    pub fn ecma_words() -> &'static Words {
        static WORDS: LazyLock<Words> = LazyLock::new(|| Words::of(Catalog::builtin(), CatalogLanguage::Ecma));
        &WORDS
    }

    /// The words of what users add to the built-in catalogs, if they do.
    pub fn own_words(&self) -> Option<Words> {
        (self.libraries().len() > Catalog::builtin().libraries().len()).then(|| Words::of(self, CatalogLanguage::Any))
    }
}

impl Words {
    /// The words of the libraries for exactly this language.
    fn of(catalog: &Catalog, language: CatalogLanguage) -> Words {
        let is_wanted = |library: LibraryId| catalog.library(library).language == language;
        let mut patterns = Patterns::default();
        let mut clues = Vec::new();
        for shape in catalog.all_shapes().filter(|shape| is_wanted(shape.call.library)) {
            clues.extend(clue(shape, &mut patterns));
        }
        // `from "./generated/client" import PrismaClient`: whichever module it is made into.
        for (name, ty) in catalog.type_paths().filter(|&(_, ty)| is_wanted(catalog.type_(ty).library)) {
            if let Some(name) = name.strip_prefix("*.") {
                let all = vec![patterns.add(name, true, true)];
                clues.push(Clue { library: catalog.type_(ty).library, all, any: Vec::new() });
            }
        }
        for (library, signs) in (0..).map(LibraryId).zip(catalog.libraries().iter().map(|library| &library.signs)) {
            for word in signs.iter().filter(|_| is_wanted(library)) {
                clues.push(Clue { library, all: vec![patterns.add(word, true, true)], any: Vec::new() });
            }
        }
        for own in catalog.own() {
            let (Own::Type(path, _, library) | Own::Call(path, _, library)) = own;
            let last = path.rsplit(['.', '/', ':']).find(|part| !part.is_empty() && *part != "()");
            if let Some(id) = last.filter(|_| is_wanted(*library)).and_then(|last| patterns.add_name(last)) {
                clues.push(Clue { library: *library, all: vec![id], any: Vec::new() });
            }
        }
        let texts = patterns.all.iter().map(|(text, _)| text);
        let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(texts);
        let automaton = automaton.expect("few and short words");
        Words { automaton, edges: patterns.all.into_iter().map(|(_, edges)| edges).collect(), clues }
    }

    /// The libraries of which a text may call something, in order.
    pub fn libraries_in(&self, text: &str) -> Vec<LibraryId> {
        let bytes = text.as_bytes();
        let mut found = vec![false; self.edges.len()];
        for word in self.automaton.find_overlapping_iter(bytes) {
            let id = word.pattern().as_usize();
            if found[id] {
                continue;
            }
            let edges = self.edges[id];
            let ends = |byte: Option<&u8>| byte.is_none_or(|&byte| !is_name(byte));
            found[id] = (!edges.left || ends(word.start().checked_sub(1).and_then(|at| bytes.get(at))))
                && (!edges.right || ends(bytes.get(word.end())));
        }
        let is_there = |ids: &Vec<usize>| ids.iter().all(|&id| found[id]);
        let fits = |clue: &&Clue| is_there(&clue.all) && (clue.any.is_empty() || clue.any.iter().any(is_there));
        let mut libraries: Vec<LibraryId> = self.clues.iter().filter(fits).map(|clue| clue.library).collect();
        libraries.sort_unstable_by_key(|library| library.0);
        libraries.dedup();
        libraries
    }
}

/// The words of a shape. Those whose arguments are SQL or of a library's type stand beside SQL, or behind an import.
fn clue(shape: &ApiShape, patterns: &mut Patterns) -> Option<Clue> {
    let mut word = |name: &str| patterns.add(name, true, true);
    let mut any = match &shape.args {
        ArgShape::Sql | ArgShape::Type(_) => return None,
        ArgShape::Object(_, groups) => groups.iter().map(|group| group.iter().map(|key| word(key)).collect()).collect(),
        ArgShape::Keyword(names) => names.iter().map(|name| vec![word(name)]).collect(),
        ArgShape::Lookup => vec![vec![patterns.add("__", false, false)]],
        ArgShape::None | ArgShape::Any | ArgShape::One | ArgShape::Text | ArgShape::OnlyKeywords(_) => Vec::new(),
    };
    any.sort();
    let mut all = Vec::new();
    for (place, name) in shape.path.iter().enumerate() {
        let (name, is_called) = match name.strip_suffix("()") {
            Some(name) => (name, true),
            None => (name.as_str(), place == 0),
        };
        // What is called is written behind a dot, but for the first name of a chain.
        match name {
            "?" | "*" | "" => {}
            _ if is_called && !name.contains('*') && place + 1 < shape.path.len() => {
                all.push(patterns.add(&format!(".{name}"), false, true));
            }
            _ => all.extend(patterns.add_name(name)),
        }
    }
    Some(Clue { library: shape.call.library, all, any })
}
