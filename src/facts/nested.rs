//! Which function and which class stand around a place.

use std::sync::OnceLock;

use crate::source::Span;

/// Spans in order of their starts, those around a span before it; found out when first asked for.
#[derive(Clone, Default)]
pub(super) struct Nested(OnceLock<Box<[Part]>>);

/// One of them.
#[derive(Clone, Copy)]
struct Part {
    span: Span,
    /// Its place in what was given.
    index: u32,
    /// The one around it.
    outer: Option<u32>,
}

impl Nested {
    /// The innermost of the spans that holds byte `at`; spans hold each other or have nothing in common.
    pub(super) fn around(&self, at: u32, spans: impl Iterator<Item = Span>) -> Option<u32> {
        let parts = self.0.get_or_init(|| {
            let part = |(index, span)| Part { span, index, outer: None };
            let mut parts: Vec<Part> = (0..).zip(spans).map(part).collect();
            parts.sort_by_key(|part| (part.span.start, std::cmp::Reverse(part.span.end)));
            let mut open: Vec<usize> = Vec::new();
            for at in 0..parts.len() {
                while open.pop_if(|last| !parts[*last].span.contains(parts[at].span)).is_some() {}
                parts[at].outer = open.last().and_then(|&last| u32::try_from(last).ok());
                open.push(at);
            }
            parts.into_boxed_slice()
        });
        let before = parts.partition_point(|part| part.span.start <= at);
        let mut last = before.checked_sub(1).map(|last| &parts[last]);
        while let Some(part) = last {
            if at < part.span.end {
                return Some(part.index);
            }
            last = part.outer.map(|outer| &parts[outer as usize]);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_is_told() {
        let spans = [(10, 50), (0, 5), (20, 30), (20, 25), (32, 40), (60, 60)];
        let spans = || spans.iter().map(|&(start, end)| Span { start, end });
        let nested = Nested::default();
        for at in 0..70 {
            let holds = |(_, span): &(u32, Span)| span.start <= at && at < span.end;
            let wanted = (0..).zip(spans()).filter(holds).min_by_key(|(_, span)| span.len());
            assert_eq!(nested.around(at, spans()), wanted.map(|(index, _)| index), "{at}");
        }
    }
}
