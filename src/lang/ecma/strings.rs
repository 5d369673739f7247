//! Strings: their bytes after escapes, and where each of them stands in the file.

use super::kinds::Kind;
use super::tree::Node;
use super::{Walk, span};
use crate::facts::*;
use crate::source::Span;

/// A part of a string that is put together with `+` or `.join`.
pub(super) enum Part {
    /// A literal that stands there.
    Text(Text),
    /// Any other expression, and where.
    Value(ValueId, Span),
}

impl<'t> Walk<'_, 't> {
    /// `'…'` or `"…"` as a value.
    pub(super) fn string(&mut self, node: Node<'t>) -> ValueId {
        let text = self.string_text(node);
        self.b.text(text)
    }

    /// The text of `'…'` or `"…"`.
    pub(super) fn string_text(&mut self, node: Node<'t>) -> Text {
        let (start, end) = self.inside_quotes(node);
        let mut text = Text::default();
        push_cooked(&mut text, self.source, start, end);
        ensure_place(&mut text, span(node));
        text
    }

    /// The bytes between the quotes; a closing quote that is missing is not counted.
    fn inside_quotes(&self, node: Node<'t>) -> (usize, usize) {
        let bytes = self.text(node).as_bytes();
        let (start, end) = (node.start_byte(), node.end_byte());
        match bytes {
            [] => (start, start),
            [_] => (end, end),
            [first, .., last] if first == last => (start + 1, end - 1),
            _ => (start + 1, end),
        }
    }

    /// `` `…` `` as a value.
    pub(super) fn template(&mut self, node: Node<'t>) -> ValueId {
        let text = self.template_text(node);
        self.b.text(text)
    }

    /// The text of `` `…` ``.
    pub(super) fn template_text(&mut self, node: Node<'t>) -> Text {
        self.template_pieces(node, false)
    }

    /// The text of a template whose tag keeps escapes as they are written (`String.raw`).
    pub(super) fn raw_template_text(&mut self, node: Node<'t>) -> Text {
        self.template_pieces(node, true)
    }

    fn template_pieces(&mut self, node: Node<'t>, raw: bool) -> Text {
        let (start, end) = self.inside_quotes(node);
        let mut text = Text::default();
        let push = |text: &mut Text, source, from, to| {
            if raw { push_exact(text, source, from, to) } else { push_cooked(text, source, from, to) }
        };
        let mut at = start;
        for hole in self.children(node) {
            if self.kind(hole) != Kind::TemplateSubstitution {
                continue;
            }
            push(&mut text, self.source, at, hole.start_byte());
            let value = self.first_child(hole).map_or(UNKNOWN, |inner| self.expression(inner, ResultUse::Operand));
            let first = length(&text);
            push_exact(&mut text, self.source, hole.start_byte(), hole.end_byte());
            text.holes.push(Hole { start: first, end: length(&text), value });
            at = hole.end_byte();
        }
        push(&mut text, self.source, at, end.max(at));
        ensure_place(&mut text, span(node));
        text
    }

    /// A name as a text, for the key of an object.
    pub(super) fn literal_text(&mut self, node: Node<'t>) -> ValueId {
        let mut text = Text::default();
        push_exact(&mut text, self.source, node.start_byte(), node.end_byte());
        self.b.text(text)
    }

    /// What a property is called; nothing for a computed one that is no literal.
    pub(super) fn property_name(&mut self, node: Node<'t>) -> Option<String> {
        match self.kind(node) {
            Kind::String => Some(self.string_text(node).cooked),
            Kind::ComputedPropertyName => {
                let inner = self.first_child(node)?;
                self.plain_string(inner)
            }
            _ => Some(self.text(node).to_owned()),
        }
    }

    /// The string that `node` is, if it is a literal without holes.
    pub(super) fn plain_string(&mut self, node: Node<'t>) -> Option<String> {
        match self.kind(node) {
            Kind::String => Some(self.string_text(node).cooked),
            Kind::TemplateString if self.children(node).iter().all(|&x| self.kind(x) != Kind::TemplateSubstitution) => {
                Some(self.template_text(node).cooked)
            }
            _ => None,
        }
    }

    /// The parts one after the other, as one string, or as a sum if none of them is a string.
    pub(super) fn join_parts(&mut self, parts: Vec<Part>) -> ValueId {
        let is_text = |part: &Part| match part {
            Part::Text(_) => true,
            Part::Value(value, _) => self.b.facts.text(*value).is_some(),
        };
        if !parts.iter().any(is_text) {
            let values: Vec<_> = parts
                .into_iter()
                .filter_map(|part| if let Part::Value(value, span) = part { Some((value, span)) } else { None })
                .collect();
            if values.iter().all(|&(value, _)| value == UNKNOWN) {
                return UNKNOWN;
            }
            return self.b.concat(&values);
        }
        let mut joined = Text::default();
        for part in &parts {
            match part {
                Part::Text(text) => append(&mut joined, text),
                Part::Value(value, span) => match self.b.facts.text(*value) {
                    Some(text) => append(&mut joined, text),
                    None => {
                        let start = length(&joined);
                        joined.cooked.push_str("{}");
                        joined.pieces.push(Piece { at: start, host: *span, exact: false });
                        joined.holes.push(Hole { start, end: start + 2, value: *value });
                    }
                },
            }
        }
        self.b.text(joined)
    }

    /// `["…", "…"].join("…")`
    pub(super) fn joined_array(&mut self, array: Node<'t>, separator: Option<Node<'t>>) -> Option<ValueId> {
        let elements = self.children(array);
        let has_text = elements.iter().any(|&x| matches!(self.kind(x), Kind::String | Kind::TemplateString));
        let has_spread = elements.iter().any(|&x| self.kind(x) == Kind::SpreadElement);
        let separator = match separator {
            Some(node) if matches!(self.kind(node), Kind::String | Kind::TemplateString) => node,
            _ => return None,
        };
        if !has_text || has_spread {
            return None;
        }
        let mut parts = Vec::with_capacity(elements.len() * 2);
        for (index, element) in elements.into_iter().enumerate() {
            if index > 0 {
                parts.push(self.part(separator));
            }
            parts.push(self.part(element));
        }
        Some(self.join_parts(parts))
    }
}

fn length(text: &Text) -> u32 {
    u32::try_from(text.cooked.len()).unwrap_or(u32::MAX)
}

/// An empty string stands where its quotes stand.
fn ensure_place(text: &mut Text, host: Span) {
    if text.pieces.is_empty() {
        text.pieces.push(Piece { at: 0, host, exact: false });
    }
}

fn append(joined: &mut Text, text: &Text) {
    if text.cooked.is_empty() {
        return;
    }
    let base = length(joined);
    joined.cooked.push_str(&text.cooked);
    joined.pieces.extend(text.pieces.iter().map(|piece| Piece { at: piece.at + base, ..*piece }));
    joined.holes.extend(text.holes.iter().map(|hole| Hole { start: hole.start + base, end: hole.end + base, ..*hole }));
    joined.tag = joined.tag.or(text.tag);
}

/// Adds the bytes `from..to` of the file as they are.
fn push_exact(text: &mut Text, source: &str, from: usize, to: usize) {
    let Some(raw) = source.get(from..to).filter(|raw| !raw.is_empty()) else { return };
    let at = length(text);
    text.cooked.push_str(raw);
    let host = Span::new(from, to);
    match text.pieces.last_mut() {
        Some(last) if last.exact && last.host.end == host.start => last.host.end = host.end,
        _ => {
            if text.pieces.is_empty() {
                // Most strings have only one.
                text.pieces.reserve_exact(1);
            }
            text.pieces.push(Piece { at, host, exact: true });
        }
    }
}

/// Adds the bytes `from..to` of the file with their escapes decoded.
fn push_cooked(text: &mut Text, source: &str, from: usize, to: usize) {
    let mut at = from;
    let Some(raw) = source.get(from..to) else { return };
    for found in memchr::memchr_iter(b'\\', raw.as_bytes()) {
        let escape = from + found;
        // The second backslash of a pair belongs to the first.
        if escape < at {
            continue;
        }
        push_exact(text, source, at, escape);
        let (decoded, length_in_file) = decode(&source[escape..to]);
        let host = Span::new(escape, escape + length_in_file);
        if let Some(char) = decoded {
            let piece = Piece { at: length(text), host, exact: false };
            text.cooked.push(char);
            text.pieces.push(piece);
        }
        at = escape + length_in_file;
    }
    push_exact(text, source, at, to);
}

/// What the escape at the beginning of `raw` stands for, and how many bytes it takes. A line continuation
/// stands for nothing; half of a surrogate pair, for the replacement character.
fn decode(raw: &str) -> (Option<char>, usize) {
    let Some(char) = raw[1..].chars().next() else { return (Some('\\'), 1) };
    let simple = |decoded: char| (Some(decoded), 1 + char.len_utf8());
    match char {
        'n' => simple('\n'),
        't' => simple('\t'),
        'r' => simple('\r'),
        'b' => simple('\u{8}'),
        'f' => simple('\u{c}'),
        'v' => simple('\u{b}'),
        '0'..='7' => octal(&raw[1..]),
        'x' => match hex(raw.get(2..4)) {
            Some(code) => (char::from_u32(code), 4),
            None => simple('x'),
        },
        'u' => unicode(raw),
        '\r' if raw[2..].starts_with('\n') => (None, 3),
        '\n' | '\r' | '\u{2028}' | '\u{2029}' => (None, 1 + char.len_utf8()),
        other => simple(other),
    }
}

fn octal(digits: &str) -> (Option<char>, usize) {
    let count = digits.bytes().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    // Three digits only as far as they fit a byte.
    let count = if count == 3 && digits.as_bytes()[0] > b'3' { 2 } else { count };
    let code = u32::from_str_radix(&digits[..count], 8).unwrap_or(0);
    (char::from_u32(code), 1 + count)
}

fn hex(digits: Option<&str>) -> Option<u32> {
    let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

fn unicode(raw: &str) -> (Option<char>, usize) {
    if raw[2..].starts_with('{') {
        let Some(close) = raw.find('}') else { return (Some('u'), 2) };
        let code = hex(raw.get(3..close)).and_then(char::from_u32);
        return (Some(code.unwrap_or(char::REPLACEMENT_CHARACTER)), close + 1);
    }
    let Some(first) = hex(raw.get(2..6)) else { return (Some('u'), 2) };
    if let Some(char) = char::from_u32(first) {
        return (Some(char), 6);
    }
    let second = raw.get(6..8).filter(|&next| next == "\\u").and_then(|_| hex(raw.get(8..12)));
    match second {
        Some(second) if (0xd800..0xdc00).contains(&first) && (0xdc00..0xe000).contains(&second) => {
            let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            (char::from_u32(code), 12)
        }
        _ => (Some(char::REPLACEMENT_CHARACTER), 6),
    }
}
