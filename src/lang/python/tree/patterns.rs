//! `match` statements and the patterns of their cases.

use super::super::kinds::{Field, Kind};
use super::lex::{Tok, token};
use super::quick::Parser;

impl Parser<'_> {
    /// Whether the word `match` may begin a statement of its own here; as a name it is followed by other things.
    pub(super) fn may_be_match(&self) -> bool {
        self.is_word(b"match")
            && !matches!(
                token(self.source, self.token.end, false).tok,
                Tok::Equals | Tok::Augmented | Tok::Dot | Tok::Comma | Tok::Colon | Tok::Newline | Tok::Compare
            )
    }

    /// A `match` statement; nothing inside, and nothing read, if it is an expression after all.
    pub(super) fn match_statement(&mut self) -> Option<Option<u32>> {
        let state = self.state();
        let (start, mark) = (self.token.start, self.mark());
        if self.match_head().is_none() {
            self.go_back(&state);
            return Some(None);
        }
        let body = self.lines(self.token.start, Self::case_clause)?;
        self.push_as(Field::Body, body);
        Some(Some(self.close(Kind::MatchStatement, start, self.last, mark)))
    }

    /// `match a, b:` at the end of a line.
    fn match_head(&mut self) -> Option<()> {
        self.advance();
        loop {
            let subject = self.starred_name()?;
            self.push_as(Field::Subject, subject);
            if !self.take(Tok::Comma) || self.is(Tok::Colon) {
                break;
            }
        }
        self.expect(Tok::Colon)?;
        self.is(Tok::Newline).then_some(())
    }

    fn case_clause(&mut self) -> Option<()> {
        if !self.is_word(b"case") {
            return None;
        }
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        if self.is(Tok::Colon) || self.is(Tok::If) {
            return None;
        }
        self.case_patterns(Tok::Colon)?;
        if self.is(Tok::If) {
            let (start, mark) = (self.token.start, self.mark());
            self.advance();
            let condition = self.expression()?;
            self.push(condition);
            let guard = self.close(Kind::IfClause, start, self.before, mark);
            self.push_as(Field::Guard, guard);
        }
        let block = self.suite()?;
        self.push_as(Field::Consequence, block);
        let clause = self.close(Kind::CaseClause, start, self.last, mark);
        self.push_as(Field::Alternative, clause);
        Some(())
    }

    /// Pushes `a, b` up to `end`, which is not taken, or to a guard.
    fn case_patterns(&mut self, end: Tok) -> Option<()> {
        while !self.is(end) && !self.is(Tok::If) {
            let pattern = self.nested(Self::case_pattern)?;
            self.push(pattern);
            if !self.take(Tok::Comma) {
                break;
            }
        }
        Some(())
    }

    fn case_pattern(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let inner = self.alternatives()?;
        if self.is(Tok::Equals) {
            let keyword = inner.filter(|&name| self.kind(name) == Kind::DottedName)?;
            let name = self.child(keyword, 0).filter(|_| self.child(keyword, 1).is_none())?;
            self.push(name);
            self.advance();
            if let Some(value) = self.alternatives()? {
                self.push(value);
            }
            let pattern = self.close(Kind::KeywordPattern, start, self.before, mark);
            self.push(pattern);
        } else if let Some(inner) = inner {
            self.push(inner);
        }
        let pattern = self.close(Kind::CasePattern, start, self.before, mark);
        if !self.take(Tok::As) {
            return Some(pattern);
        }
        self.push(pattern);
        let name = self.name()?;
        self.push(name);
        let named = self.close(Kind::AsPattern, start, self.before, mark);
        self.push(named);
        Some(self.close(Kind::CasePattern, start, self.before, mark))
    }

    /// `a | b`; nothing inside for `_`.
    fn alternatives(&mut self) -> Option<Option<u32>> {
        let (start, mark) = (self.token.start, self.mark());
        let first = self.simple_pattern()?;
        if !self.is(Tok::Bar) {
            return Some(first);
        }
        first.into_iter().for_each(|first| self.push(first));
        while self.take(Tok::Bar) {
            if let Some(next) = self.simple_pattern()? {
                self.push(next);
            }
        }
        Some(Some(self.close(Kind::UnionPattern, start, self.before, mark)))
    }

    fn simple_pattern(&mut self) -> Option<Option<u32>> {
        let (start, mark) = (self.token.start, self.mark());
        let made = match self.token.tok {
            Tok::Name if self.is_word(b"_") => {
                self.advance();
                let is_more = matches!(self.token.tok, Tok::Dot | Tok::OpenParen | Tok::Equals);
                return (!is_more).then_some(None);
            }
            Tok::Name => {
                let name = self.dotted_name()?;
                if !self.is(Tok::OpenParen) {
                    return Some(Some(name));
                }
                self.push(name);
                self.enter();
                self.case_patterns(Tok::CloseParen)?;
                let end = self.leave(Tok::CloseParen)?;
                self.close(Kind::ClassPattern, start, end, mark)
            }
            Tok::Quote => self.strings()?,
            Tok::None => self.token_leaf(Kind::None),
            Tok::True => self.token_leaf(Kind::True),
            Tok::False => self.token_leaf(Kind::False),
            Tok::Minus | Tok::Integer | Tok::Float => self.number_pattern()?,
            Tok::OpenBracket => {
                self.enter();
                self.case_patterns(Tok::CloseBracket)?;
                let end = self.leave(Tok::CloseBracket)?;
                self.close(Kind::ListPattern, start, end, mark)
            }
            Tok::OpenParen => {
                self.enter();
                self.case_patterns(Tok::CloseParen)?;
                let end = self.leave(Tok::CloseParen)?;
                self.close(Kind::TuplePattern, start, end, mark)
            }
            Tok::OpenBrace => self.dict_pattern()?,
            Tok::Star => self.splat_pattern()?,
            _ => return None,
        };
        Some(Some(made))
    }

    fn number_pattern(&mut self) -> Option<u32> {
        let start = self.token.start;
        self.take(Tok::Minus);
        let number = self.a_number()?;
        if !self.take(Tok::Plus) && !self.take(Tok::Minus) {
            return Some(number);
        }
        self.a_number()?;
        Some(self.leaf(Kind::Other, start, self.before))
    }

    fn a_number(&mut self) -> Option<u32> {
        match self.token.tok {
            Tok::Integer => Some(self.token_leaf(Kind::Integer)),
            Tok::Float => Some(self.token_leaf(Kind::Float)),
            _ => None,
        }
    }

    fn dict_pattern(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.enter();
        while !self.is(Tok::CloseBrace) {
            if self.is(Tok::Power) {
                let rest = self.splat_pattern()?;
                self.push(rest);
            } else {
                let key = self.alternatives()??;
                self.push_as(Field::Key, key);
                self.expect(Tok::Colon)?;
                let value = self.nested(Self::case_pattern)?;
                self.push_as(Field::Value, value);
            }
            if !self.take(Tok::Comma) {
                break;
            }
        }
        let end = self.leave(Tok::CloseBrace)?;
        Some(self.close(Kind::DictPattern, start, end, mark))
    }

    /// `*rest`, `**rest`
    fn splat_pattern(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        if self.is_word(b"_") {
            self.advance();
        } else {
            let name = self.name()?;
            self.push(name);
        }
        Some(self.close(Kind::SplatPattern, start, self.before, mark))
    }
}
