//! From text to a tree: which grammar, and what it could not read.

use std::borrow::Cow;

use tree_sitter::{Node, Parser, Tree};

use super::Walk;
use super::kinds::{Grammar, JAVASCRIPT, TSX, TYPESCRIPT};
use crate::source::{Language, SourceFile, Span};

/// A tree and the grammar it was made with.
pub(super) struct Parsed {
    pub(super) tree: Tree,
    pub(super) grammar: &'static Grammar,
}

/// Parses `file` in its language. JavaScript with syntax errors is tried as TSX, which reads most of Flow's types.
pub(super) fn parse(file: &SourceFile) -> Option<Parsed> {
    match file.language {
        Language::TypeScript => parse_as(&file.text, &TYPESCRIPT),
        Language::Tsx => parse_as(&file.text, &TSX),
        _ => {
            let plain = parse_as(&file.text, &JAVASCRIPT)?;
            let errors = errors(plain.tree.root_node()).count;
            if errors == 0 {
                return Some(plain);
            }
            let typed = parse_as(&file.text, &TSX);
            typed.filter(|typed| self::errors(typed.tree.root_node()).count < errors).or(Some(plain))
        }
    }
}

fn parse_as(text: &str, grammar: &'static Grammar) -> Option<Parsed> {
    let mut parser = Parser::new();
    parser.set_language(&grammar.language).ok()?;
    let is_typed = !std::ptr::eq(grammar, &*JAVASCRIPT);
    let text = if is_typed { without_tag_types(text) } else { Cow::Borrowed(text) };
    parser.parse(text.as_bytes(), None).map(|tree| Parsed { tree, grammar })
}

/// The grammar does not know type arguments between a tag and its template (``sql<number>`…` ``) and
/// takes them for comparisons. Blanks of the same length in their place leave every offset what it was.
fn without_tag_types(text: &str) -> Cow<'_, str> {
    let mut blanked: Option<Vec<u8>> = None;
    for close in memchr::memmem::find_iter(text.as_bytes(), b">`") {
        let Some(open) = opening_angle(text.as_bytes(), close) else { continue };
        let bytes = blanked.get_or_insert_with(|| text.as_bytes().to_vec());
        for byte in &mut bytes[open..=close] {
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

/// The `<` that belongs to the `>` at `close`, if a name stands directly before it and only what types are
/// made of between them.
fn opening_angle(bytes: &[u8], close: usize) -> Option<usize> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    let mut depth = 0;
    let first = close.saturating_sub(1_000);
    for at in (first..=close).rev() {
        match bytes[at] {
            b'>' if at > 0 && bytes[at - 1] == b'=' => {}
            b'>' => depth += 1,
            b'<' => depth -= 1,
            byte if is_name(byte) || byte.is_ascii_whitespace() || b".,[]{}()|&;:?=\"'-".contains(&byte) => {}
            _ => return None,
        }
        if depth == 0 {
            return (at > 0 && is_name(bytes[at - 1])).then_some(at);
        }
    }
    None
}

#[derive(Default)]
struct Errors {
    count: usize,
    first: Option<Span>,
}

/// Counts the places that the grammar did not understand.
fn errors(root: Node<'_>) -> Errors {
    let mut errors = Errors::default();
    if !root.has_error() {
        return errors;
    }
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        if node.is_error() || node.is_missing() {
            errors.count += 1;
            errors.first.get_or_insert(Span::new(node.start_byte(), node.end_byte()));
        }
        if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return errors;
            }
        }
    }
}

/// Says in one gap how many places were not understood.
pub(super) fn report_errors(walk: &mut Walk<'_, '_>, root: Node<'_>) {
    let Errors { count, first } = errors(root);
    let Some(first) = first else { return };
    let places = if count == 1 { "place" } else { "places" };
    let start = first.start as usize;
    let end = walk.source[start..].chars().next().map_or(start, |char| start + char.len_utf8());
    let at = walk.one_line(start, (first.end as usize).max(end));
    let at = if at.is_empty() { first } else { at };
    walk.b.gap(format!("syntax error, {count} {places} not understood"), at);
}
