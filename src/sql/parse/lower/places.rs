//! Where expressions stand: the tree knows most places only in part, so they are completed from the tokens.

use super::Lower;
use crate::source::Span;
use crate::sql::lex::Kind;
use crate::sql::query::*;

impl Lower<'_> {
    /// Where an expression stands, with the brackets around it.
    pub(super) fn outer_span(&self, id: ExprId) -> Span {
        self.brackets.get(&id).copied().unwrap_or_else(|| self.query.exprs.span(id))
    }

    pub(super) fn union(&self, parts: &[ExprId]) -> Span {
        parts
            .iter()
            .map(|&part| self.outer_span(part))
            .filter(|span| !span.is_empty())
            .reduce(Span::cover)
            .unwrap_or_default()
    }

    pub(super) fn around(&mut self, expr: Expr, parts: &[ExprId]) -> ExprId {
        let span = self.union(parts);
        self.query.exprs.push(expr, span)
    }

    /// An operator that stands before its operand.
    pub(super) fn prefixed(&mut self, expr: Expr, inner: ExprId) -> ExprId {
        let span = self.outer_span(inner);
        let index = self.lexed.index_at(span.start);
        let before = index.checked_sub(1).and_then(|index| self.lexed.tokens.get(index));
        let span = before.map_or(span, |token| token.span.cover(span));
        self.query.exprs.push(expr, span)
    }

    /// The innermost brackets around the token at the beginning of `span`, with the brackets.
    pub(super) fn enclosing(&self, span: Span) -> Option<Span> {
        if span.is_empty() {
            return None;
        }
        let token = self.lexed.tokens.get(self.lexed.index_at(span.start))?;
        let open = self.lexed.tokens.get(token.inside as usize)?;
        let close = self.lexed.tokens.get(open.partner as usize)?;
        Some(open.span.cover(close.span))
    }

    /// From the beginning of `from` to the bracket that closes around `inner`.
    pub(super) fn up_to_close(&self, from: Span, inner: Span) -> Span {
        match self.enclosing(inner) {
            Some(around) if around.start >= from.end => from.cover(around),
            _ if inner.is_empty() => from,
            _ => from.cover(inner),
        }
    }

    /// A call written with keywords: the brackets around `inner` and the word before them.
    pub(super) fn call_around(&self, inner: Span) -> Span {
        let Some(around) = self.enclosing(inner) else { return inner };
        let index = self.lexed.index_at(around.start);
        match index.checked_sub(1).and_then(|index| self.lexed.tokens.get(index)) {
            Some(word) if word.kind == Kind::Word => word.span.cover(around),
            _ => inner,
        }
    }

    pub(super) fn with_words_before(&self, mut span: Span, words: &[&str]) -> Span {
        let mut index = self.lexed.index_at(span.start);
        while index > 0 && words.iter().any(|word| self.lexed.is(index - 1, word)) {
            index -= 1;
            span = self.lexed.tokens[index].span.cover(span);
        }
        span
    }

    /// `x::type`: with the type.
    pub(super) fn with_type_behind(&self, span: Span) -> Span {
        let mut index = self.lexed.index_at(span.end);
        if self.lexed.token_str(index) != "::" {
            return span;
        }
        index += 1;
        let mut end = span;
        if matches!(self.lexed.kind(index), Some(Kind::Word | Kind::Quoted)) {
            end = self.lexed.tokens[index].span;
            index += 1;
            if self.lexed.kind(index) == Some(Kind::Open) {
                let close = self.lexed.tokens[index].partner as usize;
                end = self.lexed.tokens[close].span;
            }
        }
        span.cover(end)
    }
}
