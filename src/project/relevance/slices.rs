//! One file cut into what stands at its top level: functions, classes, statements. Each piece tells what it mentions
//! and whether it may reach a database itself. It may mention too much, never too little.

use rustc_hash::FxHashMap;

use crate::apis::{ArgShape, Catalog, LibraryId};
use crate::facts::*;
use crate::project::by_name::can_be_told_by_name;
use crate::project::shapes;
use crate::source::{Span, is_name};

/// The pieces of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slices {
    pub(super) pieces: Vec<Piece>,
    /// What its names and pieces mean, each once.
    pub(super) meanings: Vec<Meaning>,
    /// What each name at the top level is.
    pub(super) names: FxHashMap<Box<str>, Vec<u32>>,
    /// The modules of which it hands everything on.
    pub(super) stars: Vec<Box<str>>,
}

/// A function, a class or a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) mentions: Vec<u32>,
    /// The libraries that it may call something of without naming them.
    pub(super) libraries: Vec<LibraryId>,
    /// Whether it holds SQL.
    pub(super) holds_sql: bool,
    /// Whether it calls something as what runs SQL is called.
    pub(super) runs_sql: bool,
    /// Whether it is a class.
    pub(super) is_class: bool,
    /// The interfaces that it says it implements.
    pub(super) implements: Vec<u32>,
    /// The names of its methods that may be told by name alone.
    pub(super) functions: Vec<Box<str>>,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Meaning {
    /// A piece of the same file.
    Piece(usize),
    /// A name of a module.
    Name {
        /// The module as written.
        module: Box<str>,
        /// The name.
        name: Box<str>,
        /// Whether only its type is meant.
        as_type: bool,
    },
    /// A module as a whole.
    Module(Box<str>),
}

/// Where pieces begin, in order.
struct Cuts {
    starts: Vec<u32>,
}

impl Cuts {
    /// Cuts a text where a line at the margin begins something, but never inside of a function or a class.
    fn of(text: &str, whole: &[Span]) -> Cuts {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        let mut at = 0;
        let mut whole = whole.iter().peekable();
        let mut decorated = false;
        while at < bytes.len() {
            while whole.next_if(|span| span.end as usize <= at).is_some() {}
            let is_inside = whole.peek().is_some_and(|span| (span.start as usize) < at);
            let line_end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1);
            let first = bytes[at];
            if !is_inside && (first.is_ascii_alphabetic() || matches!(first, b'_' | b'$' | b'@') || !first.is_ascii()) {
                // What is decorated stands behind its decorators.
                if !decorated {
                    starts.push(u32::try_from(at).unwrap_or(u32::MAX));
                }
                decorated = first == b'@';
            }
            at = line_end;
        }
        starts.dedup();
        Cuts { starts }
    }

    /// The piece that a place stands in.
    fn at(&self, place: u32) -> usize {
        self.starts.partition_point(|&start| start <= place).saturating_sub(1)
    }
}

impl Slices {
    /// Cuts a file.
    pub fn of(text: &str, facts: &FileFacts, catalog: &Catalog) -> Slices {
        let functions = facts.functions.iter().skip(1);
        let functions = functions.filter(|function| function.parent == Some(MODULE) && function.class.is_none());
        let mut whole: Vec<Span> =
            functions.map(|function| function.span).chain(classes(facts).map(|class| class.span)).collect();
        whole.sort();
        let cuts = Cuts::of(text, &whole);
        let pieces = vec![Piece::default(); cuts.starts.len()];
        let slices = Slices { pieces, ..Slices::default() };
        let mut cutter = Cutter { text, facts, cuts, slices, known: FxHashMap::default() };
        cutter.name();
        cutter.mention();
        cutter.call(catalog);
        cutter.define();
        let mut slices = cutter.slices;
        for piece in &mut slices.pieces {
            piece.mentions.sort_unstable();
            piece.mentions.dedup();
            piece.libraries.sort_by_key(|library| library.0);
            piece.libraries.dedup();
        }
        slices
    }
}

/// The classes at the top level of a file.
fn classes(facts: &FileFacts) -> impl Iterator<Item = &Class> {
    facts.classes.iter().filter(|class| class.parent.is_none() && class.function == MODULE)
}

/// Cuts one file.
struct Cutter<'f> {
    text: &'f str,
    facts: &'f FileFacts,
    cuts: Cuts,
    slices: Slices,
    known: FxHashMap<Meaning, u32>,
}

impl Cutter<'_> {
    fn meaning(&mut self, meaning: Meaning) -> u32 {
        if let Some(&known) = self.known.get(&meaning) {
            return known;
        }
        let id = u32::try_from(self.slices.meanings.len()).unwrap_or(u32::MAX);
        self.slices.meanings.push(meaning.clone());
        self.known.insert(meaning, id);
        id
    }

    fn imported(&mut self, id: ImportId) -> u32 {
        let import = &self.facts.imports[id.index()];
        let module = Box::from(&self.facts.names[import.module]);
        self.meaning(match import.what {
            Imported::Name(name) => {
                let as_type = is_type(self.text, import.span);
                Meaning::Name { module, name: self.facts.names[name].into(), as_type }
            }
            Imported::Module | Imported::Star => Meaning::Module(module),
        })
    }

    fn piece_at(&mut self, place: u32) -> u32 {
        self.meaning(Meaning::Piece(self.cuts.at(place)))
    }

    /// What the names at the top level are.
    fn name(&mut self) {
        let facts = self.facts;
        for import in facts.imports.iter().filter(|import| import.what == Imported::Star) {
            self.slices.stars.push(facts.names[import.module].into());
        }
        let mut heads: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        for piece in 0..self.cuts.starts.len() {
            words(head(self.text, &self.cuts, piece)).for_each(|(_, word)| heads.entry(word).or_default().push(piece));
        }
        for binding in &facts.bindings {
            let name = &facts.names[binding.name];
            let meanings = match *facts.value(binding.value) {
                Value::Import(import) => vec![self.imported(import)],
                Value::Function(function) => vec![self.piece_at(facts.function(function).span.start)],
                Value::Class(class) => vec![self.piece_at(facts.class(class).span.start)],
                // Where it is bound: the name stands at the head of the piece.
                _ => {
                    let all = || (0..self.cuts.starts.len()).collect();
                    let found: Vec<usize> = heads.get(name).cloned().unwrap_or_else(all);
                    found.into_iter().map(|piece| self.meaning(Meaning::Piece(piece))).collect()
                }
            };
            self.slices.names.entry(name.into()).or_default().extend(meanings);
        }
    }

    /// What the pieces mention: every name of the top level that stands in them as a word.
    fn mention(&mut self) {
        let facts = self.facts;
        // What is imported inside of a function has no name at the top level.
        for (at, import) in facts.imports.iter().enumerate().filter(|(_, import)| import.what != Imported::Star) {
            let name = self.text.get(import.span.range()).unwrap_or("");
            if !self.slices.names.contains_key(name) {
                let meaning = self.imported(ImportId(u32::try_from(at).unwrap_or(u32::MAX)));
                self.slices.pieces[self.cuts.at(import.span.start)].mentions.push(meaning);
            }
        }
        let Slices { pieces, meanings, names, .. } = &mut self.slices;
        // Each name, and the last piece in which it was met: pieces come one after the other.
        let mut local: FxHashMap<&str, (&[u32], Option<usize>)> =
            names.iter().map(|(name, meanings)| (&**name, (&**meanings, None))).collect();
        let bytes = self.text.as_bytes();
        let mut piece = 0;
        for (start, word) in words(self.text) {
            while self.cuts.starts.get(piece + 1).is_some_and(|&next| next as usize <= start) {
                piece += 1;
            }
            let Some((named, last)) = local.get_mut(word) else { continue };
            // An element of a page is no call.
            let opens = bytes[..start].last() == Some(&b'<') || bytes[..start].ends_with(b"</");
            let is_element =
                opens && !bytes[..start - 1].last().is_some_and(|&before| is_name(before) || before == b'.');
            if !is_element && last.replace(piece) != Some(piece) {
                let others = named.iter().filter(|&&id| meanings[id as usize] != Meaning::Piece(piece));
                pieces[piece].mentions.extend(others);
            }
        }
    }

    /// Which calls of the pieces look like those of a library.
    fn call(&mut self, catalog: &Catalog) {
        let facts = self.facts;
        for call in &facts.calls {
            let Value::Member(_, name) = facts.value(call.callee) else { continue };
            let found = catalog.shapes(&facts.names[*name]);
            if found.is_empty() {
                continue;
            }
            let piece = &mut self.slices.pieces[self.cuts.at(call.name_span.start)];
            for shape in found.iter().filter(|shape| shapes::may_fit(facts, call, shape)) {
                if shape.args == ArgShape::Sql {
                    piece.runs_sql = true;
                } else {
                    piece.libraries.push(shape.call.library);
                }
            }
        }
    }

    /// What the pieces define: classes, functions, SQL.
    fn define(&mut self) {
        let facts = self.facts;
        for class in classes(facts) {
            let at = self.cuts.at(class.span.start);
            self.slices.pieces[at].is_class = true;
            for &interface in &class.implements {
                let Value::Typed(of) = facts.value(interface) else { continue };
                let meaning = match *facts.value(of.head) {
                    Value::Import(import) => self.imported(import),
                    Value::Class(interface) => self.piece_at(facts.class(interface).span.start),
                    _ => continue,
                };
                self.slices.pieces[at].implements.push(meaning);
            }
        }
        for function in facts.functions.iter().filter(|function| function.class.is_some()) {
            let name = &facts.names[function.name];
            if can_be_told_by_name(name) {
                self.slices.pieces[self.cuts.at(function.span.start)].functions.push(name.into());
            }
        }
        for &(name, value) in facts.put.iter().filter(|(name, _)| can_be_told_by_name(&facts.names[*name])) {
            let place = match *facts.value(value) {
                Value::Function(function) => facts.function(function).span.start,
                // What is imported and put on a prototype is called wherever that is known.
                Value::Import(import) => facts.imports[import.index()].span.start,
                _ => continue,
            };
            self.slices.pieces[self.cuts.at(place)].functions.push((&facts.names[name]).into());
        }
        for statement in &facts.statements {
            let place = match statement.text {
                Some(text) => facts.texts[text.index()].host_span(0, 0).start,
                None => statement.span.start,
            };
            self.slices.pieces[self.cuts.at(place)].holds_sql = true;
        }
    }
}

/// Whether the name at `place` is imported as a type: `import type { A }`, `import { type A }`.
fn is_type(text: &str, place: Span) -> bool {
    let before = text.get(..place.start as usize).unwrap_or("");
    if before.trim_end().ends_with(" type") || before.trim_end().ends_with("{type") {
        return true;
    }
    let clause = before.rfind("import").map_or("", |at| &before[at + "import".len()..]);
    clause.trim_start().strip_prefix("type").is_some_and(|rest| rest.trim_start().starts_with('{'))
}

/// The first line of a piece, or all names that it exports.
fn head<'t>(text: &'t str, cuts: &Cuts, piece: usize) -> &'t str {
    let end = cuts.starts.get(piece + 1).map_or(text.len(), |&next| next as usize);
    let whole = text.get(cuts.starts[piece] as usize..end).unwrap_or("");
    let is_list = ["export {", "module.exports", "export default"].iter().any(|start| whole.starts_with(start));
    if is_list { whole } else { whole.split(['=', '\n']).next().unwrap_or(whole) }
}

/// The words of a text, each with its place.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        at += bytes[at..].iter().position(|&byte| is_name(byte))?;
        let start = at;
        at += bytes[at..].iter().position(|&byte| !is_name(byte)).unwrap_or(bytes.len() - at);
        Some((start, text.get(start..at).unwrap_or("")))
    })
}
