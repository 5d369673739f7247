//! What stands in brackets: arguments, subscripts, collections, comprehensions.

use super::super::kinds::{Field, Kind};
use super::lex::Tok;
use super::quick::Parser;

impl Parser<'_> {
    /// The arguments of a call, or the generator that is its only one.
    pub(super) fn arguments(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.enter();
        let mut is_first = true;
        while !self.is(Tok::CloseParen) {
            let argument = match self.token.tok {
                Tok::Star => self.starred(|_| true)?,
                Tok::Power => self.spread()?,
                _ => self.argument()?,
            };
            if self.is_comprehension() {
                if !is_first {
                    return None;
                }
                self.push_as(Field::Body, argument);
                self.clauses()?;
                let end = self.leave(Tok::CloseParen)?;
                return Some(self.close(Kind::GeneratorExpression, start, end, mark));
            }
            is_first = false;
            self.push(argument);
            if !self.take(Tok::Comma) {
                break;
            }
        }
        let end = self.leave(Tok::CloseParen)?;
        Some(self.close(Kind::ArgumentList, start, end, mark))
    }

    fn argument(&mut self) -> Option<u32> {
        let value = self.expression()?;
        if !self.is(Tok::Equals) || self.kind(value) != Kind::Identifier {
            return Some(value);
        }
        let mark = self.mark();
        self.push_as(Field::Name, value);
        self.advance();
        let given = self.expression()?;
        self.push_as(Field::Value, given);
        Some(self.close(Kind::KeywordArgument, self.start(value), self.before, mark))
    }

    /// `**x`
    fn spread(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let value = self.expression()?;
        self.push(value);
        Some(self.close(Kind::DictionarySplat, start, self.before, mark))
    }

    /// Pushes what stands in the brackets behind a value.
    pub(super) fn subscripts(&mut self) -> Option<()> {
        self.enter();
        loop {
            let key = self.subscript()?;
            self.push_as(Field::Subscript, key);
            if !self.take(Tok::Comma) || self.is(Tok::CloseBracket) {
                break;
            }
        }
        self.leave(Tok::CloseBracket).map(drop)
    }

    fn subscript(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        if !self.is(Tok::Colon) {
            let first = self.starred_name()?;
            if !self.is(Tok::Colon) {
                return Some(first);
            }
            self.push(first);
        }
        let mut colons = 0;
        while self.is(Tok::Colon) && colons < 2 {
            colons += 1;
            let colon = self.mark_leaf(Kind::Colon, self.token.start, self.token.end);
            self.push(colon);
            self.advance();
            if !matches!(self.token.tok, Tok::Colon | Tok::Comma | Tok::CloseBracket) {
                let bound = self.expression()?;
                self.push(bound);
            }
        }
        Some(self.close(Kind::Slice, start, self.before, mark))
    }

    /// `(…)`: a tuple, a generator, or an expression.
    pub(super) fn in_parentheses(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.enter();
        if self.is(Tok::Yield) {
            let value = self.yield_expression()?;
            self.push(value);
            let end = self.leave(Tok::CloseParen)?;
            return Some(self.close(Kind::ParenthesizedExpression, start, end, mark));
        }
        let kind = match self.elements(Tok::CloseParen)? {
            Elements::Comprehension => Kind::GeneratorExpression,
            Elements::One => Kind::ParenthesizedExpression,
            Elements::Many => Kind::Tuple,
        };
        let end = self.leave(Tok::CloseParen)?;
        Some(self.close(kind, start, end, mark))
    }

    pub(super) fn list(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.enter();
        let kind = match self.elements(Tok::CloseBracket)? {
            Elements::Comprehension => Kind::ListComprehension,
            Elements::One | Elements::Many => Kind::List,
        };
        let end = self.leave(Tok::CloseBracket)?;
        Some(self.close(kind, start, end, mark))
    }

    /// `{…}`: a dictionary or a set.
    pub(super) fn in_braces(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.enter();
        let mut kind = Kind::Dictionary;
        let mut is_first = true;
        while !self.is(Tok::CloseBrace) {
            if self.is(Tok::Power) {
                let spread = self.spread()?;
                self.push(spread);
            } else if self.is(Tok::Star) && is_first {
                kind = Kind::Set;
                break;
            } else {
                let inner = self.mark();
                let key = self.expression()?;
                if !self.is(Tok::Colon) {
                    return if is_first { self.set(start, mark, key) } else { None };
                }
                self.push_as(Field::Key, key);
                self.advance();
                let value = self.expression()?;
                self.push_as(Field::Value, value);
                let pair = self.close(Kind::Pair, self.start(key), self.before, inner);
                if self.is_comprehension() {
                    if !is_first {
                        return None;
                    }
                    self.push_as(Field::Body, pair);
                    self.clauses()?;
                    kind = Kind::DictionaryComprehension;
                    break;
                }
                self.push(pair);
            }
            is_first = false;
            if !self.take(Tok::Comma) {
                break;
            }
        }
        if kind == Kind::Set {
            self.elements(Tok::CloseBrace)?;
        }
        let end = self.leave(Tok::CloseBrace)?;
        Some(self.close(kind, start, end, mark))
    }

    /// A set of which the first element is read.
    fn set(&mut self, start: usize, mark: usize, first: u32) -> Option<u32> {
        let mut kind = Kind::Set;
        if self.is_comprehension() {
            self.push_as(Field::Body, first);
            self.clauses()?;
            kind = Kind::SetComprehension;
        } else {
            self.push(first);
            if self.take(Tok::Comma) && matches!(self.elements(Tok::CloseBrace)?, Elements::Comprehension) {
                return None;
            }
        }
        let end = self.leave(Tok::CloseBrace)?;
        Some(self.close(kind, start, end, mark))
    }

    /// Pushes the elements of a collection up to `end`, or what a comprehension consists of.
    fn elements(&mut self, end: Tok) -> Option<Elements> {
        let mut found = Elements::Many;
        let mut is_first = true;
        while !self.is(end) {
            let element = match self.token.tok {
                Tok::Star => self.starred(is_plain_in_collection)?,
                _ => self.expression()?,
            };
            if self.is_comprehension() {
                if !is_first {
                    return None;
                }
                self.push_as(Field::Body, element);
                self.clauses()?;
                return Some(Elements::Comprehension);
            }
            self.push(element);
            let is_last = !self.take(Tok::Comma);
            if is_first && (is_last || self.is(end)) && self.is_doubtful(element, end) {
                return None;
            }
            if is_last {
                if is_first {
                    found = Elements::One;
                }
                break;
            }
            is_first = false;
        }
        Some(found)
    }

    /// Whether the grammar reads the only element of a collection in its own way: `[*f()]` as a call of `*f`.
    fn is_doubtful(&self, element: u32, end: Tok) -> bool {
        self.kind(element) == Kind::ListSplat
            && (end == Tok::CloseParen
                || self.child(element, 0).is_none_or(|inner| self.kind(inner) != Kind::Identifier))
    }

    fn is_comprehension(&self) -> bool {
        matches!(self.token.tok, Tok::For | Tok::Async)
    }

    /// Pushes `for x in y if z`.
    fn clauses(&mut self) -> Option<()> {
        while matches!(self.token.tok, Tok::For | Tok::Async | Tok::If) {
            let (start, mark) = (self.token.start, self.mark());
            let clause = if self.take(Tok::If) {
                let condition = self.disjunction()?;
                self.push(condition);
                self.close(Kind::IfClause, start, self.before, mark)
            } else {
                self.take(Tok::Async);
                self.expect(Tok::For)?;
                let left = self.targets()?;
                self.push_as(Field::Left, left);
                self.expect(Tok::In)?;
                let right = self.disjunction()?;
                self.push_as(Field::Right, right);
                self.close(Kind::ForInClause, start, self.before, mark)
            };
            self.push(clause);
        }
        Some(())
    }
}

/// What was found between brackets.
enum Elements {
    Comprehension,
    /// One without a comma.
    One,
    Many,
}

/// Whether the grammar reads `*` before such an expression as Python does.
fn is_plain_in_collection(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Identifier
            | Kind::Attribute
            | Kind::Subscript
            | Kind::Call
            | Kind::List
            | Kind::Tuple
            | Kind::Set
            | Kind::ListComprehension
            | Kind::SetComprehension
            | Kind::GeneratorExpression
            | Kind::Dictionary
            | Kind::ParenthesizedExpression
    )
}
