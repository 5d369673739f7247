//! Suppression comments of templates, and what they cover.

use super::lex::Piece;
use crate::facts::{Directive, DirectiveKind};
use crate::lang::directive::{self, Parsed};
use crate::source::Span;

/// The directives among the comments of a template. `regions`: tags with their ends.
pub(super) fn directives(source: &str, comments: &[Piece], regions: &[Span]) -> Vec<Directive> {
    let read = |comment: &Piece| {
        let text = source.get(comment.inside.range())?;
        let Parsed { kind, rules, reason } = directive::parse(text, comment.inside)?;
        let covers = match kind {
            DirectiveKind::IgnoreFile => Span::new(0, source.len()),
            DirectiveKind::Ignore => covered(source, comment.whole, regions),
        };
        Some(Directive { kind, rules, reason, span: comment.whole, covers })
    };
    comments.iter().filter_map(read).collect()
}

/// What a comment covers: the line it ends, or the tag with its end, or else the line, that follows it.
fn covered(source: &str, comment: Span, regions: &[Span]) -> Span {
    let start = comment.start as usize;
    let line = source[..start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let before = &source[line..start];
    if !before.trim().is_empty() {
        let first = line + (before.len() - before.trim_start().len());
        return Span::new(first, line + before.trim_end().len());
    }
    let after = &source[comment.end as usize..];
    let next = source.len() - after.trim_start().len();
    if next >= source.len() {
        return comment;
    }
    let opened = regions.iter().find(|region| region.start as usize == next);
    let end = source[next..].find(['\n', '\r']).map_or(source.len(), |end| next + end);
    let line = Span::new(next, next + source[next..end].trim_end().len());
    opened.map_or(line, |region| line.cover(*region))
}
