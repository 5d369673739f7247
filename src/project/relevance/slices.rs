//! One file cut into what stands at its top level: functions, classes, statements. Each piece tells what it mentions
//! and whether it may reach a database itself. It may mention too much, never too little.

use rustc_hash::FxHashMap;

use crate::apis::{ArgShape, Catalog, LibraryId};
use crate::facts::*;
use crate::project::calls::can_be_told_by_name;
use crate::project::shapes;
use crate::source::Span;

/// The pieces of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slices {
    pub(super) pieces: Vec<Piece>,
    /// What each name at the top level is: pieces of the file, or what it was imported as.
    pub(super) names: FxHashMap<Box<str>, Vec<Meaning>>,
    /// The modules of which it hands everything on.
    pub(super) stars: Vec<Box<str>>,
}

/// A function, a class or a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) mentions: Vec<Meaning>,
    /// The libraries that it may call something of without naming them.
    pub(super) libraries: Vec<LibraryId>,
    /// Whether it holds SQL.
    pub(super) holds_sql: bool,
    /// Whether it calls something as what runs SQL is called.
    pub(super) runs_sql: bool,
    /// Whether it is a class.
    pub(super) is_class: bool,
    /// The interfaces that it says it implements.
    pub(super) implements: Vec<Meaning>,
    /// The names of its functions that may be told by name alone.
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
        let mut whole: Vec<Span> = facts
            .functions
            .iter()
            .skip(1)
            .filter(|function| function.parent == Some(MODULE) && function.class.is_none())
            .map(|function| function.span)
            .chain(
                facts
                    .classes
                    .iter()
                    .filter(|class| class.parent.is_none() && class.function == MODULE)
                    .map(|class| class.span),
            )
            .collect();
        whole.sort();
        let cuts = Cuts::of(text, &whole);
        let mut slices = Slices { pieces: vec![Piece::default(); cuts.starts.len()], ..Slices::default() };
        slices.name(text, facts, &cuts);
        slices.mention(text, facts, &cuts);
        slices.call(facts, catalog, &cuts);
        for class in facts.classes.iter().filter(|class| class.parent.is_none() && class.function == MODULE) {
            let piece = &mut slices.pieces[cuts.at(class.span.start)];
            piece.is_class = true;
            let heads = class.implements.iter().filter_map(|&interface| match facts.value(interface) {
                Value::Typed(of) => Some(facts.value(of.head)),
                _ => None,
            });
            piece.implements.extend(heads.filter_map(|head| match *head {
                Value::Import(import) => Some(imported(text, facts, import)),
                Value::Class(interface) => Some(Meaning::Piece(cuts.at(facts.class(interface).span.start))),
                _ => None,
            }));
        }
        for function in facts.functions.iter().skip(1) {
            let name = &facts.names[function.name];
            if can_be_told_by_name(name) {
                slices.pieces[cuts.at(function.span.start)].functions.push(name.into());
            }
        }
        for statement in &facts.statements {
            let place = match statement.text {
                Some(text) => facts.texts[text.index()].host_span(0, 0).start,
                None => statement.span.start,
            };
            slices.pieces[cuts.at(place)].holds_sql = true;
        }
        for piece in &mut slices.pieces {
            piece.mentions.sort();
            piece.mentions.dedup();
            piece.libraries.sort_by_key(|library| library.0);
            piece.libraries.dedup();
        }
        slices
    }

    /// What the names at the top level are.
    fn name(&mut self, text: &str, facts: &FileFacts, cuts: &Cuts) {
        for import in facts.imports.iter().filter(|import| import.what == Imported::Star) {
            self.stars.push(facts.names[import.module].into());
        }
        for binding in &facts.bindings {
            let name = &facts.names[binding.name];
            let meaning = match *facts.value(binding.value) {
                Value::Import(import) => vec![imported(text, facts, import)],
                Value::Function(function) => vec![Meaning::Piece(cuts.at(facts.function(function).span.start))],
                Value::Class(class) => vec![Meaning::Piece(cuts.at(facts.class(class).span.start))],
                // Where it is bound: the name stands at the head of the piece.
                _ => {
                    let heads = (0..cuts.starts.len())
                        .filter(|&piece| head(text, cuts, piece).is_some_and(|head| has_word(head, name)));
                    let found: Vec<Meaning> = heads.map(Meaning::Piece).collect();
                    if found.is_empty() { (0..cuts.starts.len()).map(Meaning::Piece).collect() } else { found }
                }
            };
            self.names.entry(name.into()).or_default().extend(meaning);
        }
    }

    /// What the pieces mention: every name of the top level that stands in them as a word.
    fn mention(&mut self, text: &str, facts: &FileFacts, cuts: &Cuts) {
        // Each name, and the last piece in which it was met: pieces come one after the other.
        let mut local: FxHashMap<&str, (&[Meaning], Option<usize>)> =
            self.names.iter().map(|(name, meanings)| (&**name, (&**meanings, None))).collect();
        let pieces = &mut self.pieces;
        // What is imported inside of a function has no name at the top level.
        for (at, import) in facts.imports.iter().enumerate() {
            let id = ImportId(u32::try_from(at).unwrap_or(u32::MAX));
            let meaning = imported(text, facts, id);
            let piece = cuts.at(import.span.start);
            let is_bound = text.get(import.span.range()).is_some_and(|name| local.contains_key(name));
            if !is_bound && import.what != Imported::Star {
                pieces[piece].mentions.push(meaning);
            }
        }
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut piece = 0;
        while at < bytes.len() {
            if !is_name(bytes[at]) {
                at += 1;
                continue;
            }
            let start = at;
            while at < bytes.len() && is_name(bytes[at]) {
                at += 1;
            }
            while cuts.starts.get(piece + 1).is_some_and(|&next| next as usize <= start) {
                piece += 1;
            }
            // An element of a page is no call.
            let opens = bytes[..start].last() == Some(&b'<') || bytes[..start].ends_with(b"</");
            let is_element =
                opens && !bytes[..start - 1].last().is_some_and(|&before| is_name(before) || before == b'.');
            if is_element {
                continue;
            }
            if let Some((meanings, last)) = text.get(start..at).and_then(|word| local.get_mut(word))
                && last.replace(piece) != Some(piece)
            {
                let others = meanings.iter().filter(|meaning| **meaning != Meaning::Piece(piece));
                pieces[piece].mentions.extend(others.cloned());
            }
        }
    }

    /// Which calls of the pieces look like those of a library.
    fn call(&mut self, facts: &FileFacts, catalog: &Catalog, cuts: &Cuts) {
        for call in &facts.calls {
            let Value::Member(_, name) = facts.value(call.callee) else { continue };
            let found = catalog.shapes(&facts.names[*name]);
            if found.is_empty() {
                continue;
            }
            let piece = &mut self.pieces[cuts.at(call.name_span.start)];
            for shape in found.iter().filter(|shape| shapes::may_fit(facts, call, shape)) {
                if shape.args == ArgShape::Sql {
                    piece.runs_sql = true;
                } else {
                    piece.libraries.push(shape.call.library);
                }
            }
        }
    }
}

fn imported(text: &str, facts: &FileFacts, id: ImportId) -> Meaning {
    let import = &facts.imports[id.index()];
    let module = Box::from(&facts.names[import.module]);
    match import.what {
        Imported::Name(name) => {
            Meaning::Name { module, name: facts.names[name].into(), as_type: is_type(text, import.span) }
        }
        Imported::Module | Imported::Star => Meaning::Module(module),
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
fn head<'t>(text: &'t str, cuts: &Cuts, piece: usize) -> Option<&'t str> {
    let end = cuts.starts.get(piece + 1).map_or(text.len(), |&next| next as usize);
    let whole = text.get(cuts.starts[piece] as usize..end)?;
    let is_list =
        whole.starts_with("export {") || whole.starts_with("module.exports") || whole.starts_with("export default");
    Some(if is_list { whole } else { whole.split(['=', '\n']).next().unwrap_or(whole) })
}

/// Whether a word stands in a text.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    memchr::memmem::find_iter(text.as_bytes(), word.as_bytes()).any(|at| {
        let (before, after) = (at.checked_sub(1).map(|at| text.as_bytes()[at]), text.as_bytes().get(at + word.len()));
        !before.is_some_and(is_name) && !after.is_some_and(|&byte| is_name(byte))
    })
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}
