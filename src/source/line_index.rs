//! From byte offsets to lines and columns.

use super::Span;

/// Where the lines of one text begin.
#[derive(Clone, Debug, Default)]
pub struct LineIndex {
    starts: Vec<u32>,
}

/// A place as people count: both from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Column in Unicode scalar values, from 1.
    pub column: u32,
}

impl LineIndex {
    /// Reads the line starts of `text`; `\n`, `\r\n` and a lone `\r` end a line.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n') {
                starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
        }
        LineIndex { starts }
    }

    /// Number of lines, at least one.
    pub fn lines(&self) -> usize {
        self.starts.len()
    }

    /// The line that holds `offset`, from 1.
    pub fn line(&self, offset: u32) -> u32 {
        u32::try_from(self.starts.partition_point(|&start| start <= offset)).unwrap_or(u32::MAX)
    }

    /// Line and column of `offset` in `text`, the text this index was made from.
    pub fn line_column(&self, text: &str, offset: u32) -> LineColumn {
        let line = self.line(offset);
        let start = self.starts[line as usize - 1] as usize;
        let mut end = (offset as usize).clamp(start, text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let column = text[start..end].chars().count() + 1;
        LineColumn { line, column: u32::try_from(column).unwrap_or(u32::MAX) }
    }

    /// Where `line` (from 1) lies, without its line break.
    pub fn line_span(&self, text: &str, line: u32) -> Span {
        let at = (line.max(1) as usize - 1).min(self.starts.len() - 1);
        let start = self.starts[at] as usize;
        let end = self.starts.get(at + 1).map_or(text.len(), |&next| next as usize);
        let kept = text[start..end].trim_end_matches(['\r', '\n']).len();
        Span::new(start, start + kept)
    }
}
