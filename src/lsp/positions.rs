//! Between byte offsets and the positions of the protocol: lines from 0, columns in the units that were agreed on.

use lsp_types::{Position, PositionEncodingKind, Range};

use crate::source::{SourceFile, Span};

/// What the columns of the protocol count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units: what everybody must understand.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// The one of those that the client offers that costs least; UTF-16 if it offers none.
    pub(super) fn agreed(offered: Option<&[PositionEncodingKind]>) -> Encoding {
        let offered = offered.unwrap_or_default();
        if offered.contains(&PositionEncodingKind::UTF8) {
            Encoding::Utf8
        } else if offered.contains(&PositionEncodingKind::UTF32) && !offered.contains(&PositionEncodingKind::UTF16) {
            Encoding::Utf32
        } else {
            Encoding::Utf16
        }
    }

    /// Its name in the protocol.
    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn units(self, letter: char) -> usize {
        match self {
            Encoding::Utf8 => letter.len_utf8(),
            Encoding::Utf16 => letter.len_utf16(),
            Encoding::Utf32 => 1,
        }
    }

    /// The byte of `text` at `position`. A column past the end of its line is the line's end, a line past the end
    /// of the text is the text's end, and a column inside a character is the character's start.
    pub(super) fn offset(self, text: &str, position: Position) -> usize {
        let Some(start) = line_start(text, position.line as usize) else { return text.len() };
        let line = &text[start..line_end(text, start)];
        let mut left = position.character as usize;
        for (at, letter) in line.char_indices() {
            let units = self.units(letter);
            if left < units {
                return start + at;
            }
            left -= units;
        }
        start + line.len()
    }

    /// Where the bytes `span` of a file are. A byte-order mark is no part of the document.
    pub(super) fn range(self, source: &SourceFile, span: Span) -> Range {
        Range { start: self.position(source, span.start), end: self.position(source, span.end) }
    }

    /// Where a byte of a file is.
    pub(super) fn position(self, source: &SourceFile, offset: u32) -> Position {
        let line = source.lines().line(offset);
        let start = source.lines().line_span(&source.text, line).start as usize;
        let mut end = (offset as usize).clamp(start, source.text.len());
        while !source.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = source.text[start..end].trim_start_matches('\u{feff}');
        let column: usize = before.chars().map(|letter| self.units(letter)).sum();
        Position { line: line.saturating_sub(1), character: u32::try_from(column).unwrap_or(u32::MAX) }
    }
}

/// Where a line (from 0) begins; `\n`, `\r\n` and a lone `\r` end one.
fn line_start(text: &str, line: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_end = |&at: &usize| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n');
    match line {
        0 => Some(0),
        line => memchr::memchr2_iter(b'\n', b'\r', bytes).filter(is_end).nth(line - 1).map(|at| at + 1),
    }
}

fn line_end(text: &str, start: usize) -> usize {
    memchr::memchr2(b'\n', b'\r', &text.as_bytes()[start..]).map_or(text.len(), |length| start + length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Language;

    const TEXT: &str = "a😀é\r\nb\rc\n";

    fn at(encoding: Encoding, line: u32, character: u32) -> usize {
        encoding.offset(TEXT, Position { line, character })
    }

    #[test]
    fn columns_count_what_was_agreed_on() {
        assert_eq!([at(Encoding::Utf8, 0, 5), at(Encoding::Utf16, 0, 3), at(Encoding::Utf32, 0, 2)], [5, 5, 5]);
        assert_eq!(at(Encoding::Utf16, 0, 2), 1, "inside a character is its start");
        assert_eq!(at(Encoding::Utf8, 0, 6), 5);
        assert_eq!([at(Encoding::Utf16, 0, 90), at(Encoding::Utf16, 1, 1), at(Encoding::Utf16, 2, 0)], [7, 10, 11]);
        assert_eq!([at(Encoding::Utf16, 3, 0), at(Encoding::Utf16, 9, 9)], [13, 13]);
        assert_eq!(at(Encoding::Utf16, u32::MAX, u32::MAX), 13);
        assert_eq!(Encoding::Utf16.offset("", Position { line: 0, character: 4 }), 0);
    }

    #[test]
    fn ways_there_and_back_agree() {
        let source = SourceFile::new("a.py", "a.py".into(), Language::Python, TEXT.to_owned());
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            for (offset, _) in TEXT.char_indices().filter(|&(at, letter)| letter != '\n' || at != 8) {
                let position = encoding.position(&source, u32::try_from(offset).unwrap());
                assert_eq!(encoding.offset(TEXT, position), offset, "{encoding:?} {offset} {position:?}");
            }
        }
        let marked = SourceFile::new("a.py", "a.py".into(), Language::Python, "\u{feff}ab".to_owned());
        assert_eq!(Encoding::Utf16.position(&marked, 4), Position { line: 0, character: 1 });
    }

    #[test]
    fn the_cheapest_encoding_is_taken() {
        use PositionEncodingKind as Kind;
        assert_eq!(Encoding::agreed(None), Encoding::Utf16);
        assert_eq!(Encoding::agreed(Some(&[Kind::UTF16, Kind::UTF8])), Encoding::Utf8);
        assert_eq!(Encoding::agreed(Some(&[Kind::UTF32])), Encoding::Utf32);
        assert_eq!(Encoding::agreed(Some(&[Kind::UTF32, Kind::UTF16])), Encoding::Utf16);
        assert_eq!(Encoding::agreed(Some(&[Kind::Custom("x".into())])), Encoding::Utf16);
    }
}
