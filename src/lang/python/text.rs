//! Texts as data: their pieces stay exact while they are decoded, joined and cut.

use crate::facts::{Hole, Piece, Text, ValueId};
use crate::source::Span;

fn offset(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Adds `source[from..to]`, byte for byte.
pub(super) fn push_exact(text: &mut Text, source: &str, from: usize, to: usize) {
    let Some(part) = source.get(from..to).filter(|part| !part.is_empty()) else { return };
    let at = offset(text.cooked.len());
    text.cooked.push_str(part);
    if let Some(last) = text.pieces.last_mut()
        && last.exact
        && last.host.end as usize == from
    {
        last.host.end = offset(to);
        return;
    }
    if text.pieces.is_empty() {
        // Most strings have only one.
        text.pieces.reserve_exact(1);
    }
    text.pieces.push(Piece { at, host: Span::new(from, to), exact: true });
}

/// Adds what an escape stands for.
pub(super) fn push_decoded(text: &mut Text, decoded: &str, host: Span) {
    if decoded.is_empty() {
        return;
    }
    text.pieces.push(Piece { at: offset(text.cooked.len()), host, exact: false });
    text.cooked.push_str(decoded);
}

/// Adds a hole that has no source text of its own.
pub(super) fn push_hole(text: &mut Text, value: ValueId, host: Span) {
    let start = offset(text.cooked.len());
    push_decoded(text, "{}", host);
    text.holes.push(Hole { start, end: start + 2, value });
}

/// Adds all of `other`.
pub(super) fn append(text: &mut Text, other: &Text) {
    append_range(text, other, 0, offset(other.cooked.len()));
    text.tag = text.tag.or(other.tag);
}

/// Adds the bytes `start..end` of `other`, with the holes that lie in them.
pub(super) fn append_range(text: &mut Text, other: &Text, start: u32, end: u32) {
    let Some(part) = other.cooked.get(start as usize..end as usize).filter(|part| !part.is_empty()) else { return };
    let base = offset(text.cooked.len());
    let first = other.pieces.partition_point(|piece| piece.at <= start).saturating_sub(1);
    for (index, piece) in other.pieces.iter().enumerate().skip(first) {
        if piece.at >= end {
            break;
        }
        let piece_end = other.pieces.get(index + 1).map_or(offset(other.cooked.len()), |next| next.at);
        let (from, to) = (piece.at.max(start), piece_end.min(end));
        if from >= to {
            continue;
        }
        let host = match piece.exact {
            true => {
                let host_start = piece.host.start + (from - piece.at);
                Span { start: host_start, end: host_start + (to - from) }
            }
            false => piece.host,
        };
        let joins = text.pieces.last_mut().filter(|last| last.exact && piece.exact && last.host.end == host.start);
        match joins {
            Some(last) => last.host.end = host.end,
            None => text.pieces.push(Piece { at: base + (from - start), host, exact: piece.exact }),
        }
    }
    text.cooked.push_str(part);
    for hole in other.holes.iter().filter(|hole| hole.start >= start && hole.end <= end) {
        text.holes.push(Hole { start: hole.start - start + base, end: hole.end - start + base, value: hole.value });
    }
}

/// How a string literal is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Prefix {
    /// `r"…"`: no escapes.
    pub(super) is_raw: bool,
    /// `f"…"`: doubled braces.
    pub(super) is_format: bool,
    /// `b"…"`
    pub(super) is_bytes: bool,
}

impl Prefix {
    /// Of a string's opening token, like `rb'''`.
    pub(super) fn of(token: &str) -> Prefix {
        let has = |letter: char| token.chars().any(|c| c.eq_ignore_ascii_case(&letter));
        Prefix { is_raw: has('r'), is_format: has('f') || has('t'), is_bytes: has('b') }
    }

    /// Of a whole literal, with the lengths of its opening and closing tokens; `None` for one with holes.
    pub(super) fn of_plain(literal: &str) -> Option<(Prefix, usize, usize)> {
        let start = literal.find(['"', '\''])?;
        let prefix = Prefix::of(&literal[..start]);
        let quoted = &literal.as_bytes()[start..];
        let is_triple = quoted.len() >= 6 && quoted[1] == quoted[0] && quoted[2] == quoted[0];
        let quotes = if is_triple { 3 } else { 1 };
        let is_closed = quoted.len() >= 2 * quotes && quoted.ends_with(&quoted[..quotes]);
        (is_closed && !prefix.is_format).then_some((prefix, start + quotes, quotes))
    }
}

/// Adds the literal `source[from..to]`, with its escapes decoded as Python does.
pub(super) fn push_literal(text: &mut Text, source: &str, from: usize, to: usize, prefix: Prefix) {
    let bytes = source.as_bytes();
    let to = to.min(bytes.len());
    let mut at = from;
    let mut plain = from;
    while at < to {
        let special = match bytes[at] {
            b'\r' => true,
            b'\\' => !prefix.is_raw,
            b'{' | b'}' => prefix.is_format,
            _ => false,
        };
        if !special {
            at += 1;
            continue;
        }
        let (decoded, length) = match bytes[at] {
            b'\r' => ("\n".to_owned(), 1 + usize::from(bytes.get(at + 1) == Some(&b'\n') && at + 1 < to)),
            b'\\' => match escape(&source[at..to]) {
                Some(decoded) => decoded,
                None => {
                    at += 1;
                    continue;
                }
            },
            brace if at + 1 < to && bytes[at + 1] == brace => ((brace as char).to_string(), 2),
            _ => {
                at += 1;
                continue;
            }
        };
        push_exact(text, source, plain, at);
        push_decoded(text, &decoded, Span::new(at, at + length));
        at += length;
        plain = at;
    }
    push_exact(text, source, plain, to);
}

/// What the escape at the start of `source` stands for, and its length; `None` if it is none.
fn escape(source: &str) -> Option<(String, usize)> {
    let bytes = source.as_bytes();
    let simple = |decoded: &str| Some((decoded.to_owned(), 2));
    match *bytes.get(1)? {
        b'\n' => Some((String::new(), 2)),
        b'\r' => Some((String::new(), 2 + usize::from(bytes.get(2) == Some(&b'\n')))),
        b'n' => simple("\n"),
        b't' => simple("\t"),
        b'r' => simple("\r"),
        b'\\' => simple("\\"),
        b'\'' => simple("'"),
        b'"' => simple("\""),
        b'a' => simple("\u{7}"),
        b'b' => simple("\u{8}"),
        b'f' => simple("\u{c}"),
        b'v' => simple("\u{b}"),
        b'x' => digits(source, 2, 2, 2, 16),
        b'u' => digits(source, 2, 4, 4, 16),
        b'U' => digits(source, 2, 8, 8, 16),
        b'0'..=b'7' => digits(source, 1, 1, 3, 8),
        // Names of characters are not looked up.
        b'N' if bytes.get(2) == Some(&b'{') => {
            let end = source.find('}')?;
            Some((char::REPLACEMENT_CHARACTER.to_string(), end + 1))
        }
        _ => None,
    }
}

/// A character by its number: from `start`, at least `least` and at most `most` digits.
fn digits(source: &str, start: usize, least: usize, most: usize, radix: u32) -> Option<(String, usize)> {
    let count = source[start..].chars().take(most).take_while(|c| c.is_digit(radix)).count();
    if count < least {
        return None;
    }
    let number = u32::from_str_radix(&source[start..start + count], radix).ok()?;
    let character = char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some((character.to_string(), start + count))
}
