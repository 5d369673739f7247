//! Elements (JSX).

use super::super::kinds::{Field, Kind};
use super::lex::{Tok, is_name_byte};
use super::quick::Parser;

impl Parser<'_> {
    /// `<a b={c}>…</a>`, `<a/>`, `<>…</>`
    pub(super) fn element(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.expect(Tok::Less)?;
        let name = self.element_name()?;
        while !self.is_angle() && !self.is(Tok::Slash) {
            if name.is_empty() {
                return None;
            }
            let attribute = match self.token.tok {
                Tok::OpenBrace => self.element_expression()?,
                _ => self.attribute()?,
            };
            self.push_as(Field::Attribute, attribute);
        }
        if self.is(Tok::Slash) {
            self.advance();
            // Both signs are one.
            if !self.is_angle() || self.token.start != self.before || name.is_empty() {
                return None;
            }
            self.advance();
            return Some(self.close(Kind::JsxSelfClosingElement, start, mark));
        }
        // What follows is text.
        let end = self.token.end;
        let opening = self.grow.close(Kind::JsxOpeningElement, start, end, mark);
        self.push(opening);
        self.before = end;
        self.element_children(&name)?;
        Some(self.close(Kind::JsxElement, start, mark))
    }

    /// Whether `>` is next, which is a sign of its own here.
    fn is_angle(&mut self) -> bool {
        let is_angle = self.source.get(self.token.start) == Some(&b'>');
        if is_angle {
            self.token.tok = Tok::Greater;
            self.token.end = self.token.start + 1;
        }
        is_angle
    }

    /// The name behind `<`, as it is written; the token behind it is the present one.
    fn element_name(&mut self) -> Option<Vec<u8>> {
        let start = self.token.start;
        if self.is_angle() {
            return Some(Vec::new());
        }
        let end = self.markup_name_end(start, b".-")?;
        if self.source.get(end) == Some(&b':') {
            return None;
        }
        self.go_to(end);
        // Types of an element.
        if self.is(Tok::Less) && self.has_types() {
            let mark = self.mark();
            self.type_arguments()?;
            self.grow.drop_since(mark);
        }
        Some(self.source[start..end].to_vec())
    }

    /// Where a name ends that may also have these signs in it.
    fn markup_name_end(&self, start: usize, signs: &[u8]) -> Option<usize> {
        let first = *self.source.get(start)?;
        if !is_name_byte(first) || first.is_ascii_digit() {
            return None;
        }
        let is_part = |byte: &u8| is_name_byte(*byte) || signs.contains(byte);
        let length = self.source[start..].iter().position(|byte| !is_part(byte))?;
        let end = start + length;
        let name = &self.source[start..end];
        let is_odd = name.ends_with(b".")
            || name.windows(2).any(|pair| pair[0] == b'.' && (pair[1] == b'.' || pair[1].is_ascii_digit()))
            || !self.source[end].is_ascii()
            // A path has no hyphens.
            || (name.contains(&b'.') && name.contains(&b'-'));
        (!is_odd).then_some(end)
    }

    fn attribute(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let end = self.markup_name_end(start, b"-")?;
        if self.source.get(end) == Some(&b':') {
            return None;
        }
        self.go_to(end);
        if self.is(Tok::Assign) {
            // Strings of attributes have no escapes, and may have lines.
            let value = self.peek();
            match self.source.get(value.start) {
                Some(&quote @ (b'"' | b'\'')) => {
                    let rest = &self.source[value.start + 1..];
                    let length = memchr::memchr(quote, rest)?;
                    if memchr::memchr(b'&', &rest[..length]).is_some() {
                        return None;
                    }
                    self.go_to(value.start + 1 + length + 1);
                }
                Some(b'{') => {
                    self.advance();
                    let value = self.element_expression()?;
                    self.push(value);
                }
                Some(b'<') => {
                    self.advance();
                    let value = self.nested(Self::element)?;
                    self.push(value);
                }
                _ => return None,
            }
        }
        Some(self.close(Kind::JsxAttribute, start, mark))
    }

    /// `{x}`, `{...x}`, `{}`; the token behind it is the present one.
    fn element_expression(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.inside_braces()?;
        self.advance();
        Some(self.close(Kind::JsxExpression, start, mark))
    }

    /// What stands in braces, up to the closing one.
    fn inside_braces(&mut self) -> Option<()> {
        let conditionals = std::mem::take(&mut self.conditionals);
        self.expect(Tok::OpenBrace)?;
        if self.is(Tok::Spread) {
            let spread = self.element_of_list()?;
            self.push(spread);
        } else if !self.is(Tok::CloseBrace) {
            let value = self.nested(|parser| parser.expressions(true))?;
            self.push(value);
        }
        self.conditionals = conditionals;
        self.is(Tok::CloseBrace).then_some(())
    }

    /// Text, elements and braces up to the closing tag, which is gone past.
    fn element_children(&mut self, name: &[u8]) -> Option<()> {
        let mut at = self.before;
        loop {
            let found =
                self.source.get(at..)?.iter().position(|byte| matches!(byte, b'<' | b'>' | b'{' | b'}' | b'&'))?;
            at += found;
            match self.source[at] {
                b'{' => {
                    let mark = self.mark();
                    self.go_to(at);
                    self.inside_braces()?;
                    let end = self.token.end;
                    let expression = self.grow.close(Kind::JsxExpression, at, end, mark);
                    self.push(expression);
                    at = end;
                }
                b'<' => {
                    self.go_to(at);
                    if self.peek().tok == Tok::Slash {
                        return self.closing_tag(name);
                    }
                    let element = self.nested(Self::element)?;
                    self.push(element);
                    at = self.before;
                }
                b'&' => {
                    let rest = &self.source[at + 1..];
                    let length =
                        rest.iter().take(32).position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'#')?;
                    let is_reference = length > 0
                        && length <= 30
                        && rest[length] == b';'
                        && rest[..length].iter().all(u8::is_ascii_alphabetic);
                    if !is_reference {
                        return None;
                    }
                    at += length + 2;
                }
                _ => return None,
            }
        }
    }

    fn closing_tag(&mut self, name: &[u8]) -> Option<()> {
        self.advance();
        if self.token.start != self.before {
            return None;
        }
        self.advance();
        let start = self.token.start;
        if !name.is_empty() {
            let end = self.markup_name_end(start, b".-")?;
            if &self.source[start..end] != name {
                return None;
            }
            self.go_to(end);
        }
        self.is_angle().then_some(())?;
        self.advance();
        Some(())
    }
}
