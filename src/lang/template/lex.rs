//! A template's text → what it prints, its tags and its comments; and those → tokens. Offsets are exact.

use memchr::memmem;

use crate::source::Span;

/// What stands between the text that is sent as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) kind: PieceKind,
    /// With its marks.
    pub(super) whole: Span,
    /// Without them.
    pub(super) inside: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// `{{ book.title }}`
    Print,
    /// `{% for book in books %}`
    Tag,
    /// `{# … #}`, and what stands in `{% comment %}`.
    Comment,
}

/// All pieces of a text, in order. What stands in `{% verbatim %}` and `{% raw %}` is none.
pub(super) fn pieces(text: &str, is_jinja: bool) -> Vec<Piece> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(brace) = memchr::memchr(b'{', &bytes[at..]) {
        let start = at + brace;
        at = start + 1;
        let (kind, close): (_, &[u8]) = match bytes.get(start + 1) {
            Some(b'{') => (PieceKind::Print, b"}}"),
            Some(b'%') => (PieceKind::Tag, b"%}"),
            Some(b'#') => (PieceKind::Comment, b"#}"),
            _ => continue,
        };
        let from = start + 2;
        let Some(end) = closing(bytes, from, close, kind, is_jinja) else { continue };
        let whole = Span::new(start, end + 2);
        let mut inside = (from, end);
        // Marks that take the white space away: `{%- … -%}`.
        if matches!(bytes.get(inside.0), Some(b'-' | b'+')) && inside.0 < inside.1 {
            inside.0 += 1;
        }
        if inside.1 > inside.0 && matches!(bytes[inside.1 - 1], b'-' | b'+') {
            inside.1 -= 1;
        }
        at = end + 2;
        let piece = Piece { kind, whole, inside: Span::new(inside.0, inside.1) };
        let word = if kind == PieceKind::Tag { first_word(text, piece.inside) } else { "" };
        match word {
            "verbatim" | "raw" => at = end_of(text, at, word).map_or(bytes.len(), |(_, after)| after),
            "comment" if !is_jinja => {
                let (end, after) = end_of(text, at, word).unwrap_or((bytes.len(), bytes.len()));
                found.push(Piece {
                    kind: PieceKind::Comment,
                    whole: Span::new(start, after),
                    inside: Span::new(at, end),
                });
                at = after;
            }
            _ => found.push(piece),
        }
    }
    found
}

/// Where the mark stands that closes what begins at `from`.
fn closing(bytes: &[u8], from: usize, close: &[u8], kind: PieceKind, is_jinja: bool) -> Option<usize> {
    if !is_jinja {
        // Django's tags stand on one line.
        let line = memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |end| from + end);
        return memmem::find(&bytes[from..line], close).map(|end| from + end);
    }
    if kind == PieceKind::Comment {
        return memmem::find(&bytes[from..], close).map(|end| from + end);
    }
    let mut at = from;
    let mut depth = 0_usize;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
            }
            // `{{ {"a": {}} }}`
            b'{' => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            _ if bytes[at..].starts_with(close) => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where the tag stands that ends `word`, and where what follows it begins.
fn end_of(text: &str, from: usize, word: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(found) = memmem::find(&bytes[at..], b"{%") {
        let start = at + found;
        let close = start + 2 + memmem::find(&bytes[start + 2..], b"%}")?;
        let inside = text.get(start + 2..close)?.trim_matches(['-', '+']).trim();
        if inside.strip_prefix("end").is_some_and(|rest| rest.split_whitespace().next() == Some(word)) {
            return Some((start, close + 2));
        }
        at = start + 2;
    }
    None
}

/// The word that a tag begins with.
pub(super) fn first_word(text: &str, inside: Span) -> &str {
    let tag = text.get(inside.range()).unwrap_or("").trim_start();
    let end = tag.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(tag.len());
    &tag[..end]
}

/// A token of what a tag or a print says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Name,
    Number,
    /// With its quotes.
    Text,
    /// One or two signs that mean something together.
    Sign,
}

/// The signs of two letters.
const PAIRS: [&[u8]; 6] = [b"==", b"!=", b"<=", b">=", b"//", b"**"];

/// The tokens of a part of a text.
pub(super) fn tokens(text: &str, part: Span) -> Vec<Token> {
    let bytes = text.as_bytes();
    let end = (part.end as usize).min(bytes.len());
    let mut at = part.start as usize;
    let mut found = Vec::new();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    while at < end {
        let start = at;
        let kind = match bytes[at] {
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < end && bytes[at] != quote {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
                at = (at + 1).min(end);
                while !text.is_char_boundary(at) {
                    at += 1;
                }
                TokenKind::Text
            }
            byte if byte.is_ascii_digit() => {
                while at < end && (is_name(bytes[at])) {
                    at += 1;
                }
                TokenKind::Number
            }
            byte if is_name(byte) => {
                while at < end && is_name(bytes[at]) {
                    at += 1;
                }
                TokenKind::Name
            }
            _ if at + 1 < end && PAIRS.contains(&&bytes[at..at + 2]) => {
                at += 2;
                TokenKind::Sign
            }
            _ => {
                at += 1;
                TokenKind::Sign
            }
        };
        found.push(Token { kind, span: Span::new(start, at) });
    }
    found
}

/// What stands between the quotes of a literal, of which the second may be missing; `None` if it begins with none.
pub(super) fn unquoted(literal: &str) -> Option<&str> {
    let quote = literal.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let rest = &literal[1..];
    Some(rest.strip_suffix(quote).unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_may_have_no_end() {
        assert_eq!(unquoted("\"a'b\""), Some("a'b"));
        assert_eq!(unquoted("'aÀ"), Some("aÀ"));
        assert_eq!(unquoted("'"), Some(""));
        assert_eq!(unquoted("a"), None);
    }

    fn seen(text: &str, is_jinja: bool) -> Vec<&str> {
        pieces(text, is_jinja).iter().map(|piece| &text[piece.inside.range()]).collect()
    }

    #[test]
    fn pieces_have_exact_places() {
        let text = "<p>{{ a }}{%- if b -%}é{# c #}{% endif %}{";
        assert_eq!(seen(text, true), [" a ", " if b ", " c ", " endif "]);
        assert_eq!(&text[pieces(text, true)[1].whole.range()], "{%- if b -%}");
    }

    #[test]
    fn what_is_sent_as_it_is_has_no_pieces() {
        assert_eq!(seen("{% verbatim %}{{ a }}{% endverbatim %}{{ b }}", false), [" b "]);
        assert_eq!(seen("{% raw %}{{ a }}{%- endraw -%}{{ b }}", true), [" b "]);
        assert_eq!(seen("{% comment %}x {{ a }}{% endcomment %}{{ b }}", false), ["x {{ a }}", " b "]);
        assert_eq!(seen("{% raw %}{{ a }}", true), [""; 0]);
    }

    #[test]
    fn tags_of_jinja_may_stand_on_several_lines() {
        assert_eq!(seen("{{ a(\n'}}',\n{'b': {}}) }}", true), [" a(\n'}}',\n{'b': {}}) "]);
        assert_eq!(seen("{{ a\n }}{{ b }}", false), [" b "]);
    }

    #[test]
    fn tokens_are_names_numbers_texts_and_signs() {
        let text = "a.0|b:\"c d\" >= 1.5 é'";
        let found: Vec<&str> =
            tokens(text, Span::new(0, text.len())).iter().map(|token| &text[token.span.range()]).collect();
        assert_eq!(found, ["a", ".", "0", "|", "b", ":", "\"c d\"", ">=", "1", ".", "5", "é", "'"]);
    }
}
