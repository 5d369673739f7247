//! Strings, and what is put into them.

use super::super::kinds::{Field, Kind};
use super::lex::{Tok, Token};
use super::quick::Parser;

impl Parser<'_> {
    /// A string, or several one after the other.
    pub(super) fn strings(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let first = self.string()?;
        if !self.is(Tok::Quote) {
            return Some(first);
        }
        self.push(first);
        while self.is(Tok::Quote) {
            let next = self.string()?;
            self.push(next);
        }
        Some(self.close(Kind::ConcatenatedString, start, self.before, mark))
    }

    fn string(&mut self) -> Option<u32> {
        let Token { start, end, .. } = self.token;
        let opening = self.source.get(start..end)?;
        let quote = *opening.last()?;
        let quotes = if opening.ends_with(&[quote; 3]) { 3 } else { 1 };
        let prefix = &opening[..opening.len() - quotes];
        let has = |letter: u8| prefix.iter().any(|byte| byte.eq_ignore_ascii_case(&letter));
        let mark = self.mark();
        let close = if has(b'f') || has(b't') {
            let opened = self.leaf(Kind::StringStart, start, end);
            self.push(opened);
            let close = self.format_content(end, quote, quotes, has(b'r'))?;
            let closed = self.leaf(Kind::StringEnd, close, close + quotes);
            self.push(closed);
            close
        } else {
            self.plain_content(end, quote, quotes)?
        };
        self.token.end = close + quotes;
        self.advance();
        Some(self.close(Kind::StringLiteral, start, close + quotes, mark))
    }

    /// Where a string ends that holds nothing but itself.
    fn plain_content(&self, start: usize, quote: u8, quotes: usize) -> Option<usize> {
        let mut at = start;
        loop {
            let rest = self.source.get(at..)?;
            let found = if quotes == 1 {
                memchr::memchr3(quote, b'\\', b'\n', rest)?
            } else {
                memchr::memchr2(quote, b'\\', rest)?
            };
            at += found;
            match self.source[at] {
                b'\\' => at += self.escaped(at),
                b'\n' => return None,
                _ if self.source[at..].starts_with(&[quote; 3][..quotes]) => return Some(at),
                _ => at += 1,
            }
        }
    }

    /// The length of a backslash and of what it keeps from being read.
    fn escaped(&self, at: usize) -> usize {
        if self.source[at + 1..].starts_with(b"\r\n") { 3 } else { 2 }
    }

    /// Where a string ends that has holes, which are pushed.
    fn format_content(&mut self, start: usize, quote: u8, quotes: usize, is_raw: bool) -> Option<usize> {
        let mut at = start;
        loop {
            match *self.source.get(at)? {
                b'\\' => match *self.source.get(at + 1)? {
                    // The names of characters stand in braces, too.
                    b'N' if !is_raw && self.source.get(at + 2) == Some(&b'{') => {
                        at += memchr::memchr(b'}', &self.source[at..])? + 1;
                    }
                    b'{' | b'}' => at += 1,
                    _ => at += self.escaped(at),
                },
                brace @ (b'{' | b'}') if self.source.get(at + 1) == Some(&brace) => at += 2,
                b'{' => at = self.nested(|parser| parser.interpolation(at, Kind::Interpolation))?,
                b'}' => return None,
                b'\n' if quotes == 1 => return None,
                byte if byte == quote && self.source[at..].starts_with(&[quote; 3][..quotes]) => return Some(at),
                _ => at += 1,
            }
        }
    }

    /// `{x!r:format}` at `start`, which is pushed; gives its end.
    fn interpolation(&mut self, start: usize, kind: Kind) -> Option<usize> {
        let mark = self.mark();
        let depth = std::mem::replace(&mut self.depth, 1);
        self.token = Token { tok: Tok::OpenBrace, start, end: start + 1 };
        self.advance();
        let value = self.expressions()?;
        self.push_as(Field::Expression, value);
        if self.is(Tok::Equals) {
            let equals = self.mark_leaf(Kind::Equals, self.token.start, self.token.end);
            self.push(equals);
            self.advance();
        }
        if self.is(Tok::Bang) {
            let Token { start, end, .. } = self.token;
            if !self.source.get(end)?.is_ascii_lowercase() {
                return None;
            }
            let conversion = self.leaf(Kind::TypeConversion, start, end + 1);
            self.push(conversion);
            self.token.end += 1;
            self.advance();
        }
        let mut close = self.token.start;
        if self.is(Tok::Colon) {
            close = self.format_specifier(self.token.start)?;
        } else if !self.is(Tok::CloseBrace) {
            return None;
        }
        self.depth = depth;
        let made = self.close(kind, start, close + 1, mark);
        self.push(made);
        Some(close + 1)
    }

    /// `:>{width}`, which is pushed; gives its end.
    fn format_specifier(&mut self, start: usize) -> Option<usize> {
        let mark = self.mark();
        let mut at = start + 1;
        loop {
            match *self.source.get(at)? {
                b'}' => break,
                b'{' => at = self.nested(|parser| parser.interpolation(at, Kind::FormatExpression))?,
                b'\n' | b'\\' | b'"' | b'\'' => return None,
                _ => at += 1,
            }
        }
        let specifier = self.close(Kind::FormatSpecifier, start, at, mark);
        self.push_as(Field::FormatSpecifier, specifier);
        Some(at)
    }
}
