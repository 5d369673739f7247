//! Types, as far as the walk looks into them: of the others only the place is kept.

use super::super::kinds::{Field, Kind};
use super::lex::{Tok, escape_end, token};
use super::quick::Parser;

impl Parser<'_> {
    // ── Where types stand ───────────────────────────────────────────────────────────────────────────

    /// `: T`
    pub(super) fn annotation(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.expect(Tok::Colon)?;
        let inner = self.type_()?;
        self.push(inner);
        Some(self.close(Kind::TypeAnnotation, start, mark))
    }

    /// `: T`, `: x is T`, `: asserts x`
    pub(super) fn result_annotation(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.expect(Tok::Colon)?;
        if self.predicate()? {
            return Some(self.leaf(Kind::Opaque, start));
        }
        let inner = self.type_()?;
        self.push(inner);
        Some(self.close(Kind::TypeAnnotation, start, mark))
    }

    /// `x is T`, `asserts x`, of which nothing is kept; whether it was one.
    fn predicate(&mut self) -> Option<bool> {
        let mark = self.mark();
        let next = self.peek();
        let is_subject = |tok: Tok| matches!(tok, Tok::Name | Tok::This);
        if self.is_word(b"asserts") && is_subject(next.tok) && !next.is_first {
            self.advance();
        } else if !(is_subject(self.token.tok) && next.tok == Tok::Name && self.text(next) == b"is" && !next.is_first) {
            return Some(false);
        }
        self.advance();
        if self.take_word(b"is") {
            self.type_()?;
        }
        self.grow.drop_since(mark);
        Some(true)
    }

    /// `<T extends U = V>`, of which nothing is kept; there may be none.
    pub(super) fn type_parameters(&mut self) -> Option<()> {
        if !self.take(Tok::Less) {
            return Some(());
        }
        let mark = self.mark();
        loop {
            self.take(Tok::Const);
            if matches!(self.text(self.token), b"in" | b"out") {
                return None;
            }
            self.name(Kind::TypeIdentifier)?;
            if self.take(Tok::Extends) {
                self.type_()?;
            }
            if self.take(Tok::Assign) {
                self.type_()?;
            }
            if !self.take(Tok::Comma) || self.is(Tok::Greater) {
                break;
            }
        }
        self.close_angle()?;
        self.grow.drop_since(mark);
        Some(())
    }

    /// `<A, B>`
    pub(super) fn type_arguments(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.expect(Tok::Less)?;
        loop {
            let argument = self.type_()?;
            self.push(argument);
            if !self.take(Tok::Comma) || self.is(Tok::Greater) {
                break;
            }
        }
        self.close_angle()?;
        Some(self.close(Kind::TypeArguments, start, mark))
    }

    /// One `>`, which may be the first sign of several.
    fn close_angle(&mut self) -> Option<()> {
        match self.token.tok {
            Tok::Greater => self.advance(),
            Tok::ShiftRight => self.go_to(self.token.start + 1),
            Tok::Compare | Tok::AugmentedAssign if self.source[self.token.start] == b'>' => {
                self.go_to(self.token.start + 1);
            }
            _ => return None,
        }
        Some(())
    }

    // ── Types ───────────────────────────────────────────────────────────────────────────────────────

    /// Any type.
    pub(super) fn type_(&mut self) -> Option<u32> {
        self.nested(Self::any_type)
    }

    fn any_type(&mut self) -> Option<u32> {
        let start = self.token.start;
        match self.token.tok {
            Tok::New => return self.constructor_type(start),
            Tok::Less => return self.function_type(),
            Tok::OpenParen => {
                if let Some(function) = self.attempt(Self::function_type) {
                    return Some(function);
                }
            }
            Tok::Name => {
                let next = self.peek();
                match self.text(self.token) {
                    b"readonly" if begins_type(next.tok) && !next.is_first => {
                        let mark = self.mark();
                        self.advance();
                        let inner = self.type_()?;
                        self.push(inner);
                        return Some(self.close(Kind::ReadonlyType, start, mark));
                    }
                    b"abstract" if next.tok == Tok::New => return None,
                    b"infer" if next.tok == Tok::Name && !next.is_first => {
                        self.advance();
                        self.advance();
                        if self.is(Tok::Extends) {
                            return None;
                        }
                        return Some(self.leaf(Kind::Opaque, start));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        let checked = self.union_type()?;
        if !self.is(Tok::Extends) {
            return Some(checked);
        }
        if self.token.is_first {
            return None;
        }
        self.conditional_type(start)
    }

    /// `A extends B ? C : D`, of which nothing is kept. `A` was read.
    fn conditional_type(&mut self, start: usize) -> Option<u32> {
        let mark = self.mark();
        self.advance();
        self.type_()?;
        self.expect(Tok::Question)?;
        self.type_()?;
        self.expect(Tok::Colon)?;
        self.type_()?;
        self.grow.drop_since(mark);
        Some(self.leaf(Kind::Opaque, start))
    }

    fn union_type(&mut self) -> Option<u32> {
        self.joined(Tok::Bar, Kind::UnionType, |parser| {
            parser.joined(Tok::Ampersand, Kind::IntersectionType, Self::suffixed_type)
        })
    }

    /// `A | B | C`, also with a sign before the first.
    fn joined(&mut self, sign: Tok, kind: Kind, part: impl Fn(&mut Self) -> Option<u32>) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let mut left = match self.take(sign) {
            true => {
                let only = part(self)?;
                self.push(only);
                self.close(kind, start, mark)
            }
            false => part(self)?,
        };
        while self.take(sign) {
            let mark = self.mark();
            self.push(left);
            // A function takes all that follows.
            let right = match self.token.tok {
                Tok::New => return None,
                _ => part(self)?,
            };
            self.push(right);
            left = self.close(kind, start, mark);
        }
        Some(left)
    }

    /// `A[]`, `A["b"]`
    fn suffixed_type(&mut self) -> Option<u32> {
        let start = self.token.start;
        if self.is_word(b"keyof") && begins_type(self.peek().tok) && !self.peek().is_first {
            let mark = self.mark();
            self.advance();
            self.nested(Self::suffixed_type)?;
            self.grow.drop_since(mark);
            return Some(self.leaf(Kind::Opaque, start));
        }
        let mut made = self.plain_type()?;
        while self.is(Tok::OpenBracket) && !self.token.is_first {
            let mark = self.mark();
            self.push(made);
            self.advance();
            if self.take(Tok::CloseBracket) {
                made = self.close(Kind::ArrayType, start, mark);
                continue;
            }
            let index = self.type_()?;
            self.push(index);
            self.expect(Tok::CloseBracket)?;
            made = self.close(Kind::LookupType, start, mark);
        }
        Some(made)
    }

    fn plain_type(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        match self.token.tok {
            Tok::Name => match self.text(self.token) {
                b"any" | b"number" | b"boolean" | b"string" | b"symbol" | b"unknown" | b"never" | b"object"
                    if self.peek().tok != Tok::Dot =>
                {
                    Some(self.token_leaf(Kind::PredefinedType))
                }
                b"undefined" => {
                    let inner = self.token_leaf(Kind::Undefined);
                    self.push(inner);
                    Some(self.close(Kind::LiteralType, start, mark))
                }
                b"unique" if self.text(self.peek()) == b"symbol" => {
                    self.advance();
                    Some({
                        self.advance();
                        self.leaf(Kind::PredefinedType, start)
                    })
                }
                b"readonly" | b"infer" | b"keyof" | b"asserts" | b"abstract" => None,
                _ => self.named_type(),
            },
            Tok::Void => Some(self.token_leaf(Kind::PredefinedType)),
            Tok::This => Some(self.token_leaf(Kind::Opaque)),
            Tok::String => self.literal_type(Kind::String),
            Tok::Number => self.literal_type(Kind::Number),
            Tok::True => self.literal_type(Kind::True),
            Tok::False => self.literal_type(Kind::False),
            Tok::Null => self.literal_type(Kind::Null),
            Tok::Minus | Tok::Plus => {
                let inner_mark = self.mark();
                let kind = if self.is(Tok::Minus) { Kind::Minus } else { Kind::Plus };
                let operator = self.sign(kind);
                self.push_as(Field::Operator, operator);
                if !self.is(Tok::Number) {
                    return None;
                }
                let number = self.token_leaf(Kind::Number);
                self.push_as(Field::Argument, number);
                let inner = self.close(Kind::UnaryExpression, start, inner_mark);
                self.push(inner);
                Some(self.close(Kind::LiteralType, start, mark))
            }
            Tok::Typeof => self.type_query(),
            Tok::OpenParen => {
                self.advance();
                let inner = self.type_()?;
                self.push(inner);
                self.expect(Tok::CloseParen)?;
                Some(self.close(Kind::ParenthesizedType, start, mark))
            }
            Tok::OpenBracket => self.nested(Self::tuple_type),
            Tok::OpenBrace => self.nested(|parser| parser.object_type(Kind::ObjectType)),
            Tok::Backtick => self.template_type(),
            _ => None,
        }
    }

    fn literal_type(&mut self, kind: Kind) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let inner = self.token_leaf(kind);
        self.push(inner);
        Some(self.close(Kind::LiteralType, start, mark))
    }

    /// `A`, `a.B`, `A<B>`
    pub(super) fn named_type(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        if RESERVED.contains(&self.text(self.token)) {
            return None;
        }
        let mut made = self.name(Kind::TypeIdentifier)?;
        while self.is(Tok::Dot) {
            let kind = match self.kind(made) {
                Kind::TypeIdentifier => Kind::Identifier,
                _ => Kind::NestedIdentifier,
            };
            self.grow.set_kind(made, kind);
            if kind == Kind::NestedIdentifier {
                self.as_object_of_path(made)?;
            }
            self.push_as(Field::Module, made);
            self.advance();
            let name = self.name(Kind::TypeIdentifier)?;
            self.push_as(Field::Name, name);
            made = self.close(Kind::NestedTypeIdentifier, start, mark);
        }
        if self.is(Tok::Less) && !self.token.is_first {
            self.push_as(Field::Name, made);
            let arguments = self.type_arguments()?;
            self.push_as(Field::TypeArguments, arguments);
            made = self.close(Kind::GenericType, start, mark);
        }
        Some(made)
    }

    /// Makes `a.B` of a type the path of a longer one.
    fn as_object_of_path(&mut self, path: u32) -> Option<()> {
        let (module, name) = (self.grow.child(path, 0)?, self.grow.child(path, 1)?);
        // Of three names and more the grammar makes yet other nodes.
        if self.kind(module) == Kind::NestedIdentifier {
            self.grow.set_kind(module, Kind::MemberExpression);
        }
        self.grow.set_kind(name, Kind::PropertyIdentifier);
        self.grow.set_field(path, 0, Some(Field::Object));
        self.grow.set_field(path, 1, Some(Field::Property));
        Some(())
    }

    /// `typeof a.b`
    fn type_query(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let inner_start = self.token.start;
        let mut made = match self.token.tok {
            Tok::Name if self.is_word(b"undefined") => return None,
            Tok::Name => self.token_leaf(Kind::Identifier),
            Tok::This => self.token_leaf(Kind::This),
            _ => return None,
        };
        while self.is(Tok::Dot) {
            let mark = self.mark();
            self.push_as(Field::Object, made);
            self.advance();
            let kind = match self.token.tok {
                Tok::Private => Kind::PrivatePropertyIdentifier,
                tok if tok.is_word() => Kind::PropertyIdentifier,
                _ => return None,
            };
            let property = self.token_leaf(kind);
            self.push_as(Field::Property, property);
            made = self.close(Kind::MemberExpression, inner_start, mark);
        }
        let is_index = self.is(Tok::OpenBracket)
            && (matches!(self.peek().tok, Tok::String | Tok::Number) || self.text(self.peek()) == b"string");
        if is_index || matches!(self.token.tok, Tok::Less | Tok::OpenParen | Tok::OptionalChain) {
            return None;
        }
        self.push(made);
        Some(self.close(Kind::TypeQuery, start, mark))
    }

    /// `(a: A) => B`, `<T>(a: T) => B`
    fn function_type(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.type_parameters()?;
        let parameters = self.parameters()?;
        self.push_as(Field::Parameters, parameters);
        self.expect(Tok::Arrow)?;
        let result_start = self.token.start;
        let result = match self.predicate()? {
            true => self.leaf(Kind::Opaque, result_start),
            false => self.type_()?,
        };
        self.push_as(Field::ReturnType, result);
        Some(self.close(Kind::FunctionType, start, mark))
    }

    fn constructor_type(&mut self, start: usize) -> Option<u32> {
        let mark = self.mark();
        self.advance();
        self.type_parameters()?;
        self.parameters()?;
        self.expect(Tok::Arrow)?;
        // For the grammar, `new () => A | B` is `(new () => A) | B`.
        let is_inferred = self.is_word(b"infer");
        let result = self.type_()?;
        match self.kind(result) {
            Kind::UnionType | Kind::IntersectionType => return None,
            // It may be a condition.
            Kind::Opaque if !is_inferred => return None,
            _ => {}
        }
        self.grow.drop_since(mark);
        Some(self.leaf(Kind::Opaque, start))
    }

    /// Whether `a.b.c` is next.
    pub(super) fn is_long_path(&self) -> bool {
        let mut at = self.token;
        for expected in [Tok::Dot, Tok::Name, Tok::Dot] {
            at = token(self.source, at.end);
            if at.tok != expected {
                return false;
            }
        }
        self.is(Tok::Name)
    }

    /// `[A, b: B, ...C[], D?]`, of which nothing is kept.
    fn tuple_type(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        while !self.is(Tok::CloseBracket) {
            let is_rest = self.take(Tok::Spread);
            if self.is(Tok::Name) {
                let next = self.peek();
                let is_optional = next.tok == Tok::Question && token(self.source, next.end).tok == Tok::Colon;
                if is_optional && is_rest {
                    return None;
                }
                if next.tok == Tok::Colon || is_optional {
                    self.advance();
                    self.take(Tok::Question);
                    self.advance();
                }
            }
            self.type_()?;
            self.take(Tok::Question);
            if !self.take(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::CloseBracket)?;
        self.grow.drop_since(mark);
        Some(self.leaf(Kind::Opaque, start))
    }

    /// `` `a${B}` ``, of which nothing is kept.
    fn template_type(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let mut at = start + 1;
        loop {
            at += memchr::memchr3(b'`', b'\\', b'$', self.source.get(at..)?)?;
            match self.source[at] {
                b'`' => break,
                b'\\' => {
                    escape_end(self.source, at)?;
                    return None;
                }
                _ if self.source.get(at + 1) != Some(&b'{') => at += 1,
                _ => {
                    self.token = token(self.source, at + 2);
                    self.type_()?;
                    if !self.is(Tok::CloseBrace) {
                        return None;
                    }
                    at = self.token.end;
                }
            }
        }
        self.go_to(at + 1);
        self.grow.drop_since(mark);
        Some(self.leaf(Kind::Opaque, start))
    }

    // ── Members ─────────────────────────────────────────────────────────────────────────────────────

    /// `{ a: A; b(): B }`
    pub(super) fn object_type(&mut self, kind: Kind) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.expect(Tok::OpenBrace)?;
        while !self.is(Tok::CloseBrace) {
            let member = self.signature_member()?;
            self.push(member);
            if self.take(Tok::Comma) {
                continue;
            }
            if !self.is(Tok::CloseBrace) {
                self.semicolon(false)?;
            }
        }
        self.advance();
        Some(self.close(kind, start, mark))
    }

    fn signature_member(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        match self.token.tok {
            Tok::OpenParen | Tok::Less => {
                self.signature()?;
                self.grow.drop_since(mark);
                return Some(self.leaf(Kind::Opaque, start));
            }
            Tok::New if matches!(self.peek().tok, Tok::OpenParen | Tok::Less) => {
                self.advance();
                if self.token.is_first {
                    return None;
                }
                self.type_parameters()?;
                self.parameters()?;
                if self.is(Tok::Colon) {
                    self.annotation()?;
                }
                self.grow.drop_since(mark);
                return Some(self.leaf(Kind::Opaque, start));
            }
            Tok::Plus | Tok::Minus => {
                self.advance();
                self.take_word(b"readonly").then_some(())?;
                self.index_signature()?;
                self.grow.drop_since(mark);
                return Some(self.leaf(Kind::Opaque, start));
            }
            _ => {}
        }
        let next = self.peek();
        let begins = next.tok.is_word() || matches!(next.tok, Tok::String | Tok::Number | Tok::OpenBracket);
        if self.is_word(b"readonly") && begins && !next.is_first {
            self.advance();
        }
        if self.is(Tok::OpenBracket) && self.is_index_signature() {
            self.index_signature()?;
            self.grow.drop_since(mark);
            return Some(self.leaf(Kind::Opaque, start));
        }
        let heads = self.mark();
        self.member_heads()?;
        let is_method = self.mark() > heads;
        let name = self.property_name()?;
        self.push_as(Field::Name, name);
        self.take(Tok::Question);
        if is_method || matches!(self.token.tok, Tok::OpenParen | Tok::Less) {
            // The grammar lets a line end such a member.
            if self.token.is_first {
                return None;
            }
            self.signature()?;
            return Some(self.close(Kind::MethodSignature, start, mark));
        }
        if self.is(Tok::Colon) {
            let annotation = self.annotation()?;
            self.push_as(Field::Type, annotation);
        }
        Some(self.close(Kind::PropertySignature, start, mark))
    }

    /// Whether `[` begins `[key: K]` or `[K in T]`.
    pub(super) fn is_index_signature(&self) -> bool {
        let name = self.peek();
        if !name.tok.is_word() {
            return false;
        }
        matches!(token(self.source, name.end).tok, Tok::Colon | Tok::In)
    }

    /// `[key: K]: T`, `[K in T as U]?: V`; what is made waits, to be dropped.
    pub(super) fn index_signature(&mut self) -> Option<()> {
        self.expect(Tok::OpenBracket)?;
        let is_value = RESERVED.contains(&self.text(self.token));
        self.name(Kind::Identifier)?;
        let is_mapped = self.is(Tok::In);
        // The grammar takes `[type in T]` for a property whose name is to be found by `in`.
        if (!is_mapped && !self.is(Tok::Colon)) || (is_mapped && is_value) {
            return None;
        }
        self.advance();
        self.type_()?;
        if is_mapped && self.take_word(b"as") {
            self.type_()?;
        }
        self.expect(Tok::CloseBracket)?;
        if matches!(self.token.tok, Tok::Plus | Tok::Minus) {
            self.advance();
        }
        self.take(Tok::Question);
        self.annotation()?;
        Some(())
    }
}

/// Words that are names of values for the grammar, though it knows them as keywords.
const RESERVED: [&[u8]; 20] = [
    b"any",
    b"async",
    b"boolean",
    b"declare",
    b"get",
    b"let",
    b"module",
    b"namespace",
    b"number",
    b"object",
    b"override",
    b"private",
    b"protected",
    b"public",
    b"readonly",
    b"set",
    b"static",
    b"string",
    b"symbol",
    b"type",
];

/// Whether a type may begin so.
fn begins_type(tok: Tok) -> bool {
    matches!(
        tok,
        Tok::Name
            | Tok::OpenBrace
            | Tok::OpenBracket
            | Tok::OpenParen
            | Tok::String
            | Tok::Number
            | Tok::Typeof
            | Tok::Void
            | Tok::This
            | Tok::Null
            | Tok::Backtick
    )
}
