//! From byte offsets to lines and columns.

use super::{Cut, Span};

/// Where the lines of one text begin.
#[derive(Clone, Debug, Default)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// For each place where lines of the file are not in the text: the first line start after it, as an index
    /// into `starts`, and how many lines were left out up to there.
    skipped: Vec<(u32, u32)>,
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
        Self::with_cuts(text, &[])
    }

    /// The same for a text from which parts were left out. A cut that held line breaks stands where a line
    /// of the text begins.
    pub(super) fn with_cuts(text: &str, cuts: &[Cut]) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n') {
                starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
        }
        let mut skipped = Vec::new();
        let mut lines = 0;
        for cut in cuts.iter().filter(|cut| cut.lines > 0) {
            lines += cut.lines;
            let index = starts.partition_point(|&start| start < cut.at);
            skipped.push((u32::try_from(index).unwrap_or(u32::MAX), lines));
        }
        LineIndex { starts, skipped }
    }

    /// Number of lines of the file, at least one.
    pub fn lines(&self) -> usize {
        self.starts.len() + self.skipped.last().map_or(0, |&(_, lines)| lines as usize)
    }

    /// The line that holds `offset`, from 1.
    pub fn line(&self, offset: u32) -> u32 {
        let index = self.index(offset);
        let before = self.skipped.partition_point(|&(first, _)| first as usize <= index);
        let skipped = before.checked_sub(1).map_or(0, |last| self.skipped[last].1);
        u32::try_from(index + 1).unwrap_or(u32::MAX).saturating_add(skipped)
    }

    /// Line and column of `offset` in `text`, the text this index was made from.
    pub fn line_column(&self, text: &str, offset: u32) -> LineColumn {
        let start = self.starts[self.index(offset)] as usize;
        let mut end = (offset as usize).clamp(start, text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        // Editors do not count a byte-order mark.
        let column = text[start..end].trim_start_matches('\u{feff}').chars().count() + 1;
        LineColumn { line: self.line(offset), column: u32::try_from(column).unwrap_or(u32::MAX) }
    }

    /// Where `line` (from 1) lies, without its line break. Of a line that was left out: the line before it.
    pub fn line_span(&self, text: &str, line: u32) -> Span {
        let at = self.index_of_line(line).min(self.starts.len() - 1);
        let start = self.starts[at] as usize;
        let end = self.starts.get(at + 1).map_or(text.len(), |&next| next as usize);
        let kept = text[start..end].trim_end_matches(['\r', '\n']).len();
        Span::new(start, start + kept)
    }

    /// Which of the text's own lines is the file's `line`, from 0.
    fn index_of_line(&self, line: u32) -> usize {
        let line = line.max(1) as usize - 1;
        for (nth, &(first, lines)) in self.skipped.iter().enumerate().rev() {
            let (first, lines) = (first as usize, lines as usize);
            let before = nth.checked_sub(1).map_or(0, |previous| self.skipped[previous].1 as usize);
            if line >= first + lines {
                return line - lines;
            }
            if line >= first + before {
                return first.saturating_sub(1);
            }
        }
        line
    }

    /// Which of the text's own lines holds `offset`, from 0.
    fn index(&self, offset: u32) -> usize {
        self.starts.partition_point(|&start| start <= offset) - 1
    }
}
