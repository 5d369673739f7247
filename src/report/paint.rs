//! Text that is safe to show, coloured where asked for, wrapped where it is prose.

use std::borrow::Cow;
use std::fmt::Write;

use super::Style;
use crate::findings::Severity;

/// What a piece of text is, and so how it is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// An error.
    Error,
    /// A warning.
    Warning,
    /// Information.
    Info,
    /// A word that says what follows: `help:`.
    Label,
    /// A headline.
    Strong,
    /// What need not be read.
    Faint,
    /// A line that is put in.
    Added,
}

impl Color {
    fn code(self) -> &'static str {
        match self {
            Color::Error => "1;31",
            Color::Warning => "1;33",
            Color::Info => "1;36",
            Color::Label => "36",
            Color::Strong => "1",
            Color::Faint => "2",
            Color::Added => "32",
        }
    }
}

impl From<Severity> for Color {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Color::Error,
            Severity::Warning => Color::Warning,
            Severity::Info => Color::Info,
        }
    }
}

/// The word for a severity.
pub(super) fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

impl Style {
    /// `text` in a colour, if this style has any.
    pub fn paint(&self, color: Color, text: &str) -> String {
        if self.color { format!("\x1b[{}m{text}\x1b[0m", color.code()) } else { text.to_owned() }
    }

    /// `text` as a link, if this style has any.
    pub(crate) fn link(&self, url: &str, text: &str) -> String {
        if self.links { format!("\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\") } else { text.to_owned() }
    }
}

/// `text` without what a terminal would obey: control characters other than tab and line feed, and those that
/// change the direction of text. Every byte keeps its place: what is replaced is replaced by as many bytes.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let ends_line = letter == '\r' && letters.peek() == Some(&'\n');
        if ends_line || !is_obeyed(letter) {
            safe.push(letter);
            continue;
        }
        safe.push_str(match letter.len_utf8() {
            1 => "?",
            2 => "\u{bf}",
            _ => "\u{fffd}",
        });
    }
    Cow::Owned(safe)
}

fn is_obeyed(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\n' | '\t')
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Prose after `head` (of `head_width` columns), wrapped at spaces with a hanging indent. Lines that begin with
/// a space are code, and stay as they are.
pub(super) fn hanging(head: &str, head_width: usize, text: &str, width: usize) -> String {
    let room = width.saturating_sub(head_width).max(30);
    let mut out = String::new();
    for line in text.lines() {
        let wrapped = if line.starts_with([' ', '\t']) { vec![line] } else { wrap(line, room) };
        for line in wrapped {
            if out.is_empty() {
                let _ = writeln!(out, "{head}{line}");
            } else if line.is_empty() {
                out.push('\n');
            } else {
                let _ = writeln!(out, "{:head_width$}{line}", "");
            }
        }
    }
    out
}

fn wrap(line: &str, room: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = line;
    while rest.chars().count() > room {
        let limit = rest.char_indices().nth(room + 1).map_or(rest.len(), |(at, _)| at);
        let Some(space) = rest[..limit].rfind(' ').or_else(|| rest.find(' ')) else { break };
        lines.push(rest[..space].trim_end());
        rest = rest[space..].trim_start();
    }
    lines.push(rest);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_to_obey() {
        assert_eq!(sanitize("a\tb\r\nc"), "a\tb\r\nc");
        assert_eq!(sanitize("\x1b[31m\u{9b}\u{202e}x\r"), "?[31m\u{bf}\u{fffd}x?");
    }

    #[test]
    fn prose_is_wrapped_and_code_is_not() {
        let text =
            "one two three four five six seven eight nine ten\n\n    code stays on its line, however long it may be";
        insta::assert_snapshot!(hanging("help: ", 6, text, 40), @r"
        help: one two three four five six seven
              eight nine ten

                  code stays on its line, however long it may be
        ");
    }

    #[test]
    fn wide_letters_do_not_break_wrapping() {
        assert_eq!(wrap("日本 語日本 語", 4), ["日本", "語日本", "語"]);
        assert_eq!(wrap("日本語日本語", 3), ["日本語日本語"]);
    }
}
