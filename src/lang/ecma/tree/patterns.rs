//! What names are bound by.

use super::super::kinds::{Field, Kind};
use super::lex::Tok;
use super::quick::Parser;

impl Parser<'_> {
    /// A name, or what takes a value apart.
    pub(super) fn binding_target(&mut self) -> Option<u32> {
        match self.token.tok {
            Tok::Name if matches!(self.text(self.token), b"undefined" | b"let" | b"await" | b"yield") => None,
            Tok::Name => Some(self.token_leaf(Kind::Identifier)),
            Tok::OpenBrace => self.nested(Self::object_pattern),
            Tok::OpenBracket => self.nested(Self::array_pattern),
            _ => None,
        }
    }

    /// `a = 1`, or `a` alone.
    pub(super) fn with_default(&mut self, target: u32) -> Option<u32> {
        if !self.is(Tok::Assign) {
            return Some(target);
        }
        let mark = self.mark();
        self.push_as(Field::Left, target);
        self.advance();
        let value = self.assignment(true)?;
        self.push_as(Field::Right, value);
        Some(self.close(Kind::AssignmentPattern, self.start(target), mark))
    }

    /// `{ a, b: c, d = 1, ...e }`
    fn object_pattern(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.expect(Tok::OpenBrace)?;
        while !self.is(Tok::CloseBrace) {
            let part = match self.token.tok {
                Tok::Spread => self.rest()?,
                Tok::Name if self.peek().tok != Tok::Colon => {
                    let (start, mark) = (self.token.start, self.mark());
                    let name = self.token_leaf(Kind::ShorthandPropertyPattern);
                    if self.is(Tok::Assign) {
                        self.push_as(Field::Left, name);
                        self.advance();
                        let value = self.assignment(true)?;
                        self.push_as(Field::Right, value);
                        self.close(Kind::ObjectAssignmentPattern, start, mark)
                    } else {
                        name
                    }
                }
                _ => {
                    let (start, mark) = (self.token.start, self.mark());
                    let key = self.property_name()?;
                    self.push_as(Field::Key, key);
                    self.expect(Tok::Colon)?;
                    let target = self.binding_target()?;
                    let target = self.with_default(target)?;
                    self.push_as(Field::Value, target);
                    self.close(Kind::PairPattern, start, mark)
                }
            };
            self.push(part);
            if !self.take(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::CloseBrace)?;
        Some(self.close(Kind::ObjectPattern, start, mark))
    }

    /// `[a, , b = 1, ...c]`
    fn array_pattern(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.expect(Tok::OpenBracket)?;
        while !self.is(Tok::CloseBracket) {
            if !self.is(Tok::Comma) {
                let part = match self.token.tok {
                    Tok::Spread => self.rest()?,
                    _ => {
                        let target = self.binding_target()?;
                        self.with_default(target)?
                    }
                };
                self.push(part);
            }
            if !self.is(Tok::Comma) {
                break;
            }
            let comma = self.sign(Kind::Comma);
            self.push(comma);
        }
        self.expect(Tok::CloseBracket)?;
        Some(self.close(Kind::ArrayPattern, start, mark))
    }

    /// Makes what is assigned to of what was read as an expression.
    pub(super) fn make_target(&mut self, node: u32) -> Option<()> {
        match self.kind(node) {
            Kind::Identifier | Kind::MemberExpression | Kind::SubscriptExpression => Some(()),
            Kind::NonNullExpression if self.has_types() => Some(()),
            Kind::ParenthesizedExpression => Some(()),
            Kind::Object | Kind::Array => self.make_pattern(node),
            _ => None,
        }
    }

    fn make_pattern(&mut self, node: u32) -> Option<()> {
        match self.kind(node) {
            Kind::Identifier | Kind::MemberExpression | Kind::SubscriptExpression => return Some(()),
            Kind::Object => self.grow.set_kind(node, Kind::ObjectPattern),
            Kind::Array => {
                // The commas of a list in another one were not kept.
                let parts = (0..).map_while(|index| self.grow.child(node, index));
                let commas = parts.clone().filter(|&part| self.kind(part) == Kind::Comma).count();
                if parts.count() > 2 * commas + 1 {
                    return None;
                }
                self.grow.set_kind(node, Kind::ArrayPattern);
            }
            Kind::Comma | Kind::ShorthandPropertyPattern => return Some(()),
            Kind::Pair => {
                self.grow.set_kind(node, Kind::PairPattern);
                let value = self.grow.child(node, 1)?;
                return self.make_pattern(value);
            }
            Kind::ShorthandProperty => {
                self.grow.set_kind(node, Kind::ShorthandPropertyPattern);
                return Some(());
            }
            Kind::ObjectAssignmentPattern => {
                self.covers -= 1;
                return Some(());
            }
            Kind::AssignmentExpression => {
                self.grow.set_kind(node, Kind::AssignmentPattern);
                return Some(());
            }
            Kind::SpreadElement => {
                self.grow.set_kind(node, Kind::RestPattern);
                let rest = self.grow.child(node, 0)?;
                if self.kind(rest) == Kind::AssignmentExpression {
                    return None;
                }
            }
            _ => return None,
        }
        let mut index = 0;
        while let Some(part) = self.grow.child(node, index) {
            self.make_pattern(part)?;
            index += 1;
        }
        Some(())
    }
}
