//! Frames of source code with labels, drawn by miette over our own line index.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::OnceLock;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents, ThemeCharacters, ThemeStyles,
};

use super::Style;
use super::paint::sanitize;
use crate::findings::Severity;
use crate::source::{SourceFile, Span};

/// Longer lines are shown only around what is labelled, in bytes.
const LONG_LINE: usize = 300;
/// How much of a long line is shown before and after, in bytes.
const AROUND: usize = 60;
/// How much of a label's range is underlined at most, in bytes.
const UNDERLINED: usize = 160;

/// One file whose lines can be shown. Text that a terminal would obey is replaced once, when it is first shown.
#[derive(Debug)]
pub(super) struct Shown {
    source: Arc<SourceFile>,
    name: String,
    safe: OnceLock<Option<String>>,
}

impl Shown {
    /// The file as readers call it.
    pub(super) fn new(source: Arc<SourceFile>, name: String) -> Self {
        Shown { source, name, safe: OnceLock::new() }
    }

    fn text(&self) -> &str {
        let safe = self.safe.get_or_init(|| {
            let lines = lone_returns_as_lines(&self.source.text);
            match sanitize(lines.as_deref().unwrap_or(&self.source.text)) {
                Cow::Borrowed(_) => lines,
                Cow::Owned(safe) => Some(safe),
            }
        });
        safe.as_deref().unwrap_or(&self.source.text)
    }

    /// The bytes to show for `span`: whole lines with their context, or a part of a long line.
    fn window(&self, span: Span, before: usize, after: usize) -> Span {
        let (text, lines) = (self.text(), self.source.lines());
        let first = lines.line(span.start);
        let last = lines.line(span.end.saturating_sub(1).max(span.start));
        let context = |count: usize| u32::try_from(count).unwrap_or(0);
        let from = first.saturating_sub(context(before)).max(1);
        let to = last.saturating_add(context(after)).min(u32::try_from(lines.lines()).unwrap_or(u32::MAX));
        let long = (from..=to).any(|line| lines.line_span(text, line).len() > LONG_LINE);
        if !long {
            return lines.line_span(text, from).cover(lines.line_span(text, to));
        }
        let whole = lines.line_span(text, first).cover(lines.line_span(text, last));
        let start = (span.start as usize).saturating_sub(AROUND).max(whole.start as usize);
        let end = (span.end as usize + AROUND).min(whole.end as usize).max(span.end as usize).min(text.len());
        Span::new(boundary(text, start), boundary(text, end))
    }
}

/// A lone carriage return ends a line for us, but not for who draws the frames: the text with line feeds in
/// their places, if it has any.
fn lone_returns_as_lines(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_lone = |at: &usize| bytes.get(at + 1) != Some(&b'\n');
    memchr::memchr_iter(b'\r', bytes).find(is_lone)?;
    let mut letters = text.chars().peekable();
    let mut lines = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        lines.push(if letter == '\r' && letters.peek() != Some(&'\n') { '\n' } else { letter });
    }
    Some(lines)
}

impl Shown {
    /// Marks with what is underlined of them: on one line, and no more than fits.
    fn placed(&self, marks: Vec<Mark>) -> Vec<(Mark, SourceSpan)> {
        let (text, lines) = (self.text(), self.source.lines());
        let primary = marks.iter().find(|mark| mark.is_primary).or(marks.first()).map(|mark| mark.span);
        let place = |mark: Mark| {
            let number = lines.line(mark.span.start);
            let line = lines.line_span(text, number);
            // Two places far apart on one endless line do not fit into one frame.
            let is_far = primary.is_some_and(|primary| {
                line.len() > LONG_LINE
                    && lines.line(primary.start) == number
                    && mark.span.start.abs_diff(primary.start) as usize > LONG_LINE
            });
            if is_far && !mark.is_primary {
                return None;
            }
            let start = boundary(text, (mark.span.start as usize).min(text.len()));
            let end = (mark.span.end as usize).min(line.end as usize).min(start + UNDERLINED).max(start);
            let length = (boundary(text, end) - start).max(1).min(text.len() - start);
            Some((mark, SourceSpan::from((start, length))))
        };
        marks.into_iter().filter_map(place).collect()
    }
}

/// The start of the character that holds byte `at`.
fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl SourceCode for Shown {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = self.text();
        if span.offset() + span.len() > text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let asked = Span::new(span.offset(), span.offset() + span.len());
        let window = self.window(asked, before, after);
        let lines = self.source.lines();
        let start = lines.line_column(text, window.start);
        // For a frame's headline miette asks without context, and shows the column of what it asked for.
        let column = if before == 0 { lines.line_column(text, asked.start).column } else { start.column };
        let shown = &text[window.range()];
        let line_count = (lines.line(window.end) - start.line) as usize;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            shown.as_bytes(),
            (window.start as usize, shown.len()).into(),
            // A headline has the line of what it asked for, which is the first of its window.
            start.line as usize - 1,
            column as usize - 1,
            line_count,
        )))
    }
}

/// Draws frames.
#[derive(Debug)]
pub(super) struct Drawer {
    handler: GraphicalReportHandler,
    theme: GraphicalTheme,
    shown: HashMap<Arc<str>, Shown>,
}

/// What is drawn in one file.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) span: Span,
    pub(super) text: String,
    pub(super) is_primary: bool,
}

impl Drawer {
    pub(super) fn new(style: &Style) -> Drawer {
        let characters = if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
        let styles = if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
        let handler = GraphicalReportHandler::new()
            .with_urls(false)
            .without_syntax_highlighting()
            .with_width(style.width.max(40))
            .with_context_lines(1);
        Drawer { handler, theme: GraphicalTheme { characters, styles }, shown: HashMap::new() }
    }

    /// The frames of `marks` in one file that readers call `name`.
    pub(super) fn draw(
        &mut self,
        source: &Arc<SourceFile>,
        name: &str,
        severity: Severity,
        mut marks: Vec<Mark>,
    ) -> String {
        let shown =
            self.shown.entry(source.path.clone()).or_insert_with(|| Shown::new(source.clone(), name.to_owned()));
        marks.sort_by_key(|mark| mark.span.start);
        let marks: Vec<(Mark, SourceSpan)> = shown.placed(marks);
        let mut theme = self.theme.clone();
        let primary = match severity {
            Severity::Error => theme.styles.error,
            Severity::Warning => theme.styles.warning,
            Severity::Info => theme.styles.advice,
        };
        let related = theme.styles.help;
        theme.styles.highlights =
            marks.iter().map(|(mark, _)| if mark.is_primary { primary } else { related }).collect();
        let frames = Frames { shown, marks };
        let mut drawn = String::new();
        if self.handler.clone().with_theme(theme).render_report(&mut drawn, &frames).is_err() {
            return String::new();
        }
        // Our own headline stands above; miette's ends where the first frame begins.
        let corner = self.theme.characters.ltop;
        let mut start = 0;
        for line in drawn.split_inclusive('\n') {
            if line.contains(corner) && line.contains(&frames.shown.name) {
                return drawn[start..].lines().map(str::trim_end).fold(String::new(), |text, line| text + line + "\n");
            }
            start += line.len();
        }
        String::new()
    }
}

/// Marks in one file, as miette wants them.
#[derive(Debug)]
struct Frames<'a> {
    shown: &'a Shown,
    marks: Vec<(Mark, SourceSpan)>,
}

impl fmt::Display for Frames<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Frames<'_> {}

impl miette::Diagnostic for Frames<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.shown)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.marks.iter().map(|(mark, span)| {
            let label = (!mark.text.is_empty()).then(|| sanitize(&mark.text).into_owned());
            if mark.is_primary {
                LabeledSpan::new_primary_with_span(label, *span)
            } else {
                LabeledSpan::new_with_span(label, *span)
            }
        })))
    }
}
