//! Walking over the tokens of a definition.

use crate::source::Span;
use crate::sql::lex::{Kind, Lexed, NONE};
use crate::sql::query::{Ident, TableName};

/// A place among tokens, never behind `end`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'l> {
    pub(super) lexed: &'l Lexed,
    pub(super) at: usize,
    pub(super) end: usize,
}

impl<'l> Cursor<'l> {
    pub(super) fn new(lexed: &'l Lexed, at: usize, end: usize) -> Self {
        Cursor { lexed, at, end: end.min(lexed.tokens.len()) }
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.end
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        if self.is_done() { None } else { self.lexed.kind(self.at) }
    }

    pub(super) fn kind_ahead(&self, ahead: usize) -> Option<Kind> {
        if self.at + ahead >= self.end { None } else { self.lexed.kind(self.at + ahead) }
    }

    pub(super) fn text(&self) -> &'l str {
        if self.is_done() { "" } else { self.lexed.token_str(self.at) }
    }

    /// Whether the next token is the keyword `word` (upper case).
    pub(super) fn sees(&self, word: &str) -> bool {
        !self.is_done() && self.lexed.is(self.at, word)
    }

    pub(super) fn sees_ahead(&self, ahead: usize, word: &str) -> bool {
        self.at + ahead < self.end && self.lexed.is(self.at + ahead, word)
    }

    pub(super) fn sees_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.sees(word))
    }

    /// Steps over the keyword `word`, if it is next.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let found = self.sees(word);
        self.at += usize::from(found);
        found
    }

    /// Steps over these keywords, if they are next in this order.
    pub(super) fn take_all(&mut self, words: &[&str]) -> bool {
        let found = words.iter().enumerate().all(|(ahead, word)| self.sees_ahead(ahead, word));
        if found {
            self.at += words.len();
        }
        found
    }

    /// Steps over any of these keywords, as long as one is next.
    pub(super) fn skip_any(&mut self, words: &[&str]) {
        while self.sees_any(words) {
            self.at += 1;
        }
    }

    /// `IF EXISTS`, `IF NOT EXISTS`
    pub(super) fn take_if_exists(&mut self) -> bool {
        self.take_all(&["IF", "NOT", "EXISTS"]) || self.take_all(&["IF", "EXISTS"])
    }

    /// Steps over one token, or over a bracket with all that is in it.
    pub(super) fn skip(&mut self) {
        if self.kind() == Some(Kind::Open) {
            self.at = self.close() + 1;
        } else {
            self.at += 1;
        }
    }

    /// The index of the bracket that closes the one that is next.
    pub(super) fn close(&self) -> usize {
        (self.lexed.tokens[self.at].partner as usize).clamp(self.at, self.end)
    }

    /// What stands in the bracket that is next; steps behind it.
    pub(super) fn bracket(&mut self) -> Option<Cursor<'l>> {
        if self.kind() != Some(Kind::Open) {
            return None;
        }
        let close = self.close();
        let inner = Cursor::new(self.lexed, self.at + 1, close);
        self.at = close + 1;
        Some(inner)
    }

    /// The parts between the commas of this level.
    pub(super) fn items(&self) -> Vec<Cursor<'l>> {
        let level = self.lexed.tokens.get(self.at).map_or(NONE, |token| token.inside);
        let mut items = Vec::new();
        let mut from = self.at;
        for index in self.at..self.end {
            let token = self.lexed.tokens[index];
            if token.kind == Kind::Comma && token.inside == level {
                items.push(Cursor::new(self.lexed, from, index));
                from = index + 1;
            }
        }
        items.push(Cursor::new(self.lexed, from, self.end));
        items.retain(|item| !item.is_done());
        items
    }

    /// From the first byte of the next token to the last byte before the end.
    pub(super) fn rest_span(&self) -> Span {
        self.span_to(self.end)
    }

    /// From the first byte of the next token to the last byte before token `end`.
    pub(super) fn span_to(&self, end: usize) -> Span {
        let tokens = &self.lexed.tokens;
        match (tokens.get(self.at), tokens.get(end.max(self.at + 1) - 1)) {
            (Some(first), Some(last)) => first.span.cover(last.span),
            (Some(first), None) => first.span,
            _ => Span::default(),
        }
    }

    /// Where the next token stands.
    pub(super) fn span(&self) -> Span {
        self.lexed.tokens.get(self.at).map_or(Span::default(), |token| token.span)
    }

    /// A name, quoted or not.
    pub(super) fn ident(&mut self) -> Option<Ident> {
        let kind = self.kind()?;
        let span = self.span();
        let text = self.text();
        let quoted = match kind {
            Kind::Word | Kind::Slot => false,
            Kind::Quoted => true,
            // MySQL takes `"name"` and `'name'` in places.
            Kind::Text => true,
            _ => return None,
        };
        self.at += 1;
        Some(Ident {
            text: if quoted { unquoted(text) } else { text.into() },
            span,
            quoted,
            dynamic: kind == Kind::Slot || self.lexed.slot_in(span).is_some(),
        })
    }

    /// A name with what stands before its dots.
    pub(super) fn table_name(&mut self) -> Option<TableName> {
        let mut parts = vec![self.ident()?];
        while self.kind() == Some(Kind::Dot) {
            self.at += 1;
            // SQL Server: `db..table`.
            if self.kind() == Some(Kind::Dot) {
                continue;
            }
            parts.push(self.ident()?);
        }
        Some(TableName { parts: parts.into() })
    }

    /// The names in the bracket that is next: `(a, b)`.
    pub(super) fn ident_list(&mut self) -> Option<Vec<Ident>> {
        let inner = self.bracket()?;
        inner.items().into_iter().map(|mut item| item.ident()).collect()
    }

    /// The text up to token `end`, lower case, with single spaces and none inside brackets.
    pub(super) fn lower_text(&self, end: usize) -> Box<str> {
        let mut out = String::new();
        let mut spaced = false;
        for index in self.at..end.min(self.end) {
            let word = self.lexed.token_str(index);
            let token = self.lexed.tokens[index];
            let joins = matches!(token.kind, Kind::Open | Kind::Close | Kind::Comma | Kind::Dot | Kind::Operator);
            if spaced && !joins && !out.is_empty() {
                out.push(' ');
            }
            if token.kind == Kind::Text {
                out.push_str(word)
            } else {
                out.push_str(&word.to_lowercase())
            }
            spaced = !matches!(token.kind, Kind::Open | Kind::Comma | Kind::Dot | Kind::Operator);
        }
        out.into()
    }
}

/// A quoted name or string without its quotes.
pub(super) fn unquoted(text: &str) -> Box<str> {
    let mut chars = text.chars();
    let (Some(open), Some(close)) = (chars.next(), chars.next_back()) else { return "".into() };
    let inner = chars.as_str();
    if close == open && inner.contains(open) {
        let twice: String = [open, open].iter().collect();
        return inner.replace(&twice, &open.to_string()).into();
    }
    inner.into()
}
