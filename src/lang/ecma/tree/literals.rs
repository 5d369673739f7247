//! Objects, lists and templates.

use super::super::kinds::{Field, Kind};
use super::lex::{Tok, escape_end, token};
use super::quick::Parser;

impl Parser<'_> {
    /// The name of a property: a word, a string, a number, `[x]`.
    pub(super) fn property_name(&mut self) -> Option<u32> {
        let kind = match self.token.tok {
            Tok::Private => Kind::PrivatePropertyIdentifier,
            Tok::String => Kind::String,
            Tok::Number => Kind::Number,
            Tok::OpenBracket => {
                let (start, mark) = (self.token.start, self.mark());
                self.advance();
                let name = self.assignment(true)?;
                self.push(name);
                self.expect(Tok::CloseBracket)?;
                return Some(self.close(Kind::ComputedPropertyName, start, mark));
            }
            tok if tok.is_word() => Kind::PropertyIdentifier,
            _ => return None,
        };
        Some(self.token_leaf(kind))
    }

    /// `{ a: b, c, ...d, e() { … } }`
    pub(super) fn object(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let conditionals = std::mem::take(&mut self.conditionals);
        self.expect(Tok::OpenBrace)?;
        while !self.is(Tok::CloseBrace) {
            let part = match self.token.tok {
                Tok::Spread => self.element_of_list()?,
                _ => self.property()?,
            };
            self.push(part);
            if !self.take(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::CloseBrace)?;
        self.conditionals = conditionals;
        Some(self.close(Kind::Object, start, mark))
    }

    fn property(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        if self.is(Tok::Name) {
            let next = self.peek().tok;
            match next {
                Tok::Comma | Tok::CloseBrace => return Some(self.token_leaf(Kind::ShorthandProperty)),
                Tok::Assign => {
                    let name = self.token_leaf(Kind::ShorthandPropertyPattern);
                    self.push_as(Field::Left, name);
                    self.advance();
                    let value = self.assignment(true)?;
                    self.push_as(Field::Right, value);
                    self.covers += 1;
                    return Some(self.close(Kind::ObjectAssignmentPattern, start, mark));
                }
                _ => {}
            }
        }
        self.member_heads()?;
        let is_method = self.mark() > mark;
        let name = self.property_name()?;
        if is_method || matches!(self.token.tok, Tok::OpenParen | Tok::Less) {
            self.push_as(Field::Name, name);
            self.signature()?;
            let body = self.block(false)?;
            self.push_as(Field::Body, body);
            return Some(self.close(Kind::MethodDefinition, start, mark));
        }
        if self.kind(name) == Kind::PrivatePropertyIdentifier {
            return None;
        }
        self.push_as(Field::Key, name);
        self.expect(Tok::Colon)?;
        let value = self.assignment(true)?;
        self.push_as(Field::Value, value);
        Some(self.close(Kind::Pair, start, mark))
    }

    /// `[a, , ...b]`
    pub(super) fn array(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let conditionals = std::mem::take(&mut self.conditionals);
        self.expect(Tok::OpenBracket)?;
        let mut commas = Vec::new();
        while !self.is(Tok::CloseBracket) {
            if !self.is(Tok::Comma) {
                let part = self.element_of_list()?;
                self.push(part);
            }
            if !self.is(Tok::Comma) {
                break;
            }
            commas.push((self.mark(), self.token));
            self.advance();
        }
        self.expect(Tok::CloseBracket)?;
        self.conditionals = conditionals;
        // Commas are kept of what is taken apart.
        if !commas.is_empty() && (self.is(Tok::Assign) || self.is_word(b"of")) {
            self.grow.insert_signs(Kind::Comma, commas.iter().map(|&(at, comma)| (at, comma.start, comma.end)));
        }
        Some(self.close(Kind::Array, start, mark))
    }

    /// `` `a${b}c` ``
    pub(super) fn template(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let conditionals = std::mem::take(&mut self.conditionals);
        let mut at = start + 1;
        loop {
            let found = memchr::memchr3(b'`', b'\\', b'$', self.source.get(at..)?)?;
            at += found;
            match self.source[at] {
                b'`' => break,
                b'\\' => at = escape_end(self.source, at)?,
                _ if self.source.get(at + 1) != Some(&b'{') => at += 1,
                _ => {
                    let mark = self.mark();
                    self.token = token(self.source, at + 2);
                    let value = self.nested(|parser| parser.expressions(true))?;
                    self.push(value);
                    if !self.is(Tok::CloseBrace) {
                        return None;
                    }
                    let end = self.token.end;
                    let hole = self.grow.close(Kind::TemplateSubstitution, at, end, mark);
                    self.push(hole);
                    at = end;
                }
            }
        }
        self.conditionals = conditionals;
        self.go_to(at + 1);
        Some(self.close(Kind::TemplateString, start, mark))
    }
}
