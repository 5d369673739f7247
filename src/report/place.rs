//! Places as people and other programs count them.

use super::Style;
use crate::engine::Report;
use crate::findings::Label;
use crate::source::{LineColumn, SourceFile, Span};

/// Where a label begins and ends, lines and columns from 1, columns in characters; the end is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) start: LineColumn,
    pub(super) end: LineColumn,
}

impl Place {
    /// The place of `span` in `source`.
    pub(super) fn of(source: &SourceFile, span: Span) -> Place {
        let lines = source.lines();
        Place { start: lines.line_column(&source.text, span.start), end: lines.line_column(&source.text, span.end) }
    }
}

impl Report {
    /// The place of a label, if its file is known.
    pub(super) fn place(&self, label: &Label) -> Option<Place> {
        self.sources.get(&label.path).map(|source| Place::of(source, label.span))
    }

    /// A label's place as `path:line:column`, in the words of a reader's terminal.
    pub(super) fn shown_place(&self, label: &Label, style: &Style) -> String {
        let path = style.shown_path(&self.root, &label.path);
        match self.place(label) {
            Some(Place { start, .. }) => format!("{path}:{}:{}", start.line, start.column),
            None => path,
        }
    }
}
