//! From text to a tree: in which language, and what it could not read.

use std::borrow::Cow;
use std::ops::Range;

use super::Walk;
use super::kinds::{Grammar, JAVASCRIPT, TSX, TYPESCRIPT};
use super::tree::{self, Dialect, Node, Tree};
use crate::facts::Directive;
use crate::lang::{directive, parser};
use crate::source::{Language, SourceFile, Span};

/// A tree, and what its comments say.
pub(super) struct Parsed {
    pub(super) tree: Tree,
    pub(super) directives: Vec<Directive>,
}

/// What tree-sitter reads again for comments that nothing closes, at most, in bytes: it takes a second for so much.
const MOST_IN_VAIN: usize = 256 << 20;

/// Parses `file` in its language. JavaScript with syntax errors is tried as TSX, which reads most of Flow's types.
///
/// # Errors
///
/// Why it has no tree, in words for the user.
pub(super) fn parse(file: &SourceFile) -> Result<Parsed, &'static str> {
    match file.language {
        Language::TypeScript => parse_as(&file.text, Dialect::TypeScript),
        Language::Tsx => parse_as(&file.text, Dialect::Tsx),
        _ => {
            let plain = parse_as(&file.text, Dialect::JavaScript)?;
            let errors = errors(plain.tree.root(), &file.text).count;
            if errors == 0 {
                return Ok(plain);
            }
            let typed = parse_as(&file.text, Dialect::Tsx).ok();
            Ok(typed.filter(|typed| self::errors(typed.tree.root(), &file.text).count < errors).unwrap_or(plain))
        }
    }
}

fn parse_as(text: &str, dialect: Dialect) -> Result<Parsed, &'static str> {
    let text = as_read(text, dialect);
    // What a suppression comment covers is read from a tree with comments.
    if !directive::may_be_in(&text)
        && let Some(tree) = tree::quick(&text, dialect)
    {
        return Ok(Parsed { tree, directives: Vec::new() });
    }
    if in_vain(text.as_bytes()) > MOST_IN_VAIN {
        return Err("many comments that are never closed");
    }
    let grammar = grammar(dialect);
    let tree = parser::parse(&grammar.language, text.as_bytes()).ok_or("too large or too strange to be parsed")?;
    Ok(Parsed { tree: tree::grown(grammar, &tree), directives: directive::directives(&tree, &text) })
}

/// How much tree-sitter reads from beginnings of comments that nothing closes, in bytes: from each to the end.
fn in_vain(text: &[u8]) -> usize {
    let last_closed = memchr::memmem::rfind(text, b"*/").unwrap_or(0);
    memchr::memmem::find_iter(&text[last_closed..], b"/*").map(|at| text.len() - last_closed - at).sum()
}

/// The text as it is given to whoever makes a tree of it.
pub(super) fn as_read(text: &str, dialect: Dialect) -> Cow<'_, str> {
    if dialect == Dialect::JavaScript { Cow::Borrowed(text) } else { without_unknown_types(text) }
}

/// tree-sitter's grammar of a dialect.
pub(super) fn grammar(dialect: Dialect) -> &'static Grammar {
    match dialect {
        Dialect::JavaScript => &JAVASCRIPT,
        Dialect::TypeScript => &TYPESCRIPT,
        Dialect::Tsx => &TSX,
    }
}

/// The grammar does not know `export type *` nor type arguments between a tag and its template
/// (``sql<number>`…` ``), and reads `await f<T>(x)` as `(await f)(x)`. Blanks of the same length in their place
/// leave every offset what it was; no fact is made of the type arguments of a call.
fn without_unknown_types(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let closing = memchr::memchr_iter(b'>', bytes).filter(|&at| matches!(bytes.get(at + 1), Some(b'`' | b'(')));
    let arguments = closing
        .filter_map(|close| opening_angle(bytes, close).map(|open| open..close + 1))
        .filter(|range| !is_element(text, range.clone()));
    let stars = memchr::memmem::find_iter(bytes, b"export type *").map(|at| at + 7..at + 11);
    let mut blanked: Option<Vec<u8>> = None;
    for range in arguments.chain(stars) {
        for byte in &mut blanked.get_or_insert_with(|| bytes.to_vec())[range] {
            if !matches!(*byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
    match blanked.map(String::from_utf8) {
        Some(Ok(text)) => Cow::Owned(text),
        _ => Cow::Borrowed(text),
    }
}

/// The `<` that belongs to the `>` at `close`, if a name or call stands directly before it and only what types
/// are made of between them.
fn opening_angle(bytes: &[u8], close: usize) -> Option<usize> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    let mut depth = 0;
    if close > 0 && bytes[close - 1] == b'=' {
        return None;
    }
    let first = close.saturating_sub(4_000);
    for at in (first..=close).rev() {
        match bytes[at] {
            b'>' if at > 0 && bytes[at - 1] == b'=' => {}
            b'{' if at > 0 && bytes[at - 1] == b'$' => return None,
            b'&' | b'|' if at > 0 && bytes[at - 1] == bytes[at] => return None,
            b'>' => depth += 1,
            b'<' => depth -= 1,
            byte if is_name(byte) || byte.is_ascii_whitespace() || b".,[]{}()|&;:?=\"'-/*".contains(&byte) => {}
            _ => return None,
        }
        if depth == 0 {
            return (at > 0 && (is_name(bytes[at - 1]) || bytes[at - 1] == b')')).then_some(at);
        }
    }
    None
}

/// Whether `<b>` or `<br/>` is an element in the text of another one: `see<b>(here)</b>`.
fn is_element(text: &str, range: Range<usize>) -> bool {
    let inside = &text[range.start + 1..range.end - 1];
    let is_name = inside.bytes().all(|byte| byte.is_ascii_alphanumeric());
    inside.ends_with('/')
        || (is_name && memchr::memmem::find(text.as_bytes(), format!("</{inside}>").as_bytes()).is_some())
}

#[derive(Default)]
struct Errors {
    count: usize,
    first: Option<Span>,
}

/// Counts the places that the grammar did not understand.
fn errors(root: Node<'_>, source: &str) -> Errors {
    let mut errors = Errors::default();
    if !root.has_error() {
        return errors;
    }
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        // A bare `&` is right in the text of an element and in its attributes, only the grammar minds.
        let is_entity = node.is_error() && source.as_bytes().get(node.start_byte()) == Some(&b'&');
        if (node.is_error() || node.is_missing()) && !is_entity {
            errors.count += 1;
            errors.first.get_or_insert(Span::new(node.start_byte(), node.end_byte()));
        }
        if node.has_error() {
            open.extend(node.children().rev());
        }
    }
    errors
}

/// Says in one gap how many places were not understood.
pub(super) fn report_errors(walk: &mut Walk<'_, '_>, root: Node<'_>) {
    let Errors { count, first } = errors(root, walk.source);
    let Some(first) = first else { return };
    let places = if count == 1 { "place" } else { "places" };
    let at = walk.one_line(first.start as usize, first.end as usize);
    walk.b.gap(format!("syntax error, {count} {places} not understood"), at);
}
