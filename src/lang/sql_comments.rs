//! Suppressions in SQL comments, in `.sql` files and in the strings of a program.

use super::directive::{Parsed, parse};
use crate::facts::{Directive, DirectiveKind};
use crate::source::Span;

/// The directives among `comments` of `text`. `statements` are the places of the statements there, in order;
/// all places are ranges of `text`.
///
/// A comment on a line of its own covers the statement it stands in, or else the next one; behind code it
/// covers the statement that ends there.
pub(super) fn directives(text: &str, comments: &[Span], statements: &[Span]) -> Vec<Directive> {
    let read = |&span: &Span| {
        let Parsed { kind, rules, reason } = parse(text.get(span.range())?, span)?;
        let covers = match kind {
            DirectiveKind::IgnoreFile => Span::new(0, text.len()),
            DirectiveKind::Ignore => covered(text, span, statements),
        };
        Some(Directive { kind, rules, reason, span, covers })
    };
    comments.iter().filter_map(read).collect()
}

fn covered(text: &str, comment: Span, statements: &[Span]) -> Span {
    if let Some(around) = statements.iter().find(|statement| statement.contains(comment)) {
        return *around;
    }
    let start = comment.start as usize;
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let found = if text[line..start].trim().is_empty() {
        statements.iter().find(|statement| statement.start >= comment.end)
    } else {
        // Behind the semicolon of the statement that ends on this line.
        statements.iter().rev().find(|statement| statement.end as usize > line && statement.end <= comment.start)
    };
    found.copied().unwrap_or(comment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Dialect, statements};

    fn covers(text: &str) -> Vec<&str> {
        let found = statements(text, &[], Dialect::Generic);
        let places: Vec<Span> = found.statements.iter().map(|statement| statement.span).collect();
        directives(text, &found.comments, &places).iter().map(|directive| &text[directive.covers.range()]).collect()
    }

    #[test]
    fn what_they_cover() {
        assert_eq!(covers("SELECT 1;\n-- seqscan: ignore[a] b\nSELECT 2;\nSELECT 3;"), ["SELECT 2"]);
        assert_eq!(covers("SELECT 1; -- seqscan: ignore[a] b\nSELECT 2;"), ["SELECT 1"]);
        assert_eq!(covers("SELECT 1\n-- seqscan: ignore[a]\n, 2;\nSELECT 3"), ["SELECT 1\n-- seqscan: ignore[a]\n, 2"]);
        assert_eq!(covers("SELECT 1 /* seqscan: ignore[a] */ + 1"), ["SELECT 1 /* seqscan: ignore[a] */ + 1"]);
        assert_eq!(covers("/* seqscan: ignore-file[a] */ SELECT 1"), ["/* seqscan: ignore-file[a] */ SELECT 1"]);
        assert_eq!(covers("-- seqscan: ignore[a]"), ["-- seqscan: ignore[a]"]);
        assert_eq!(covers("-- see seqscan: ignore[a]\nSELECT 1"), Vec::<&str>::new());
    }
}
