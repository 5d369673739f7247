//! Classes and decorators.

use super::super::kinds::{Field, Kind};
use super::lex::{Tok, Token};
use super::quick::Parser;

impl Parser<'_> {
    // ── Decorators ──────────────────────────────────────────────────────────────────────────────────

    /// `@a @b(c)`, which wait.
    pub(super) fn decorators(&mut self) -> Option<()> {
        while self.is(Tok::At) {
            let (start, mark) = (self.token.start, self.mark());
            self.advance();
            let value = self.decorator()?;
            self.push(value);
            let decorator = self.close(Kind::Decorator, start, mark);
            self.push(decorator);
        }
        Some(())
    }

    fn decorator(&mut self) -> Option<u32> {
        let start = self.token.start;
        let mut value = self.name(Kind::Identifier)?;
        while self.is(Tok::Dot) {
            let mark = self.mark();
            self.push_as(Field::Object, value);
            self.advance();
            let property = self.name(Kind::PropertyIdentifier)?;
            self.push_as(Field::Property, property);
            value = self.close(Kind::MemberExpression, start, mark);
        }
        if self.is(Tok::OpenParen) {
            let mark = self.mark();
            self.push_as(Field::Function, value);
            let arguments = self.arguments()?;
            self.push_as(Field::Arguments, arguments);
            value = self.close(Kind::CallExpression, start, mark);
        }
        // What else follows is no part of it for the grammar.
        (!matches!(self.token.tok, Tok::OpenParen | Tok::Dot | Tok::Less)).then_some(value)
    }

    /// A class with decorators, or an export of one.
    pub(super) fn decorated(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.decorators()?;
        match self.token.tok {
            Tok::Class => self.class_declaration(start, mark),
            Tok::Export => self.export_statement(start, mark),
            Tok::Name if self.has_types() && self.is_word(b"abstract") && self.peek().tok == Tok::Class => {
                self.advance();
                self.class_after_modifiers(Kind::AbstractClassDeclaration, start, mark)
            }
            _ => None,
        }
    }

    // ── Classes ─────────────────────────────────────────────────────────────────────────────────────

    /// `class A { … }` as a statement, its decorators waiting since `mark`.
    pub(super) fn class_declaration(&mut self, start: usize, mark: usize) -> Option<u32> {
        self.class_after_modifiers(Kind::ClassDeclaration, start, mark)
    }

    pub(super) fn class_after_modifiers(&mut self, kind: Kind, start: usize, mark: usize) -> Option<u32> {
        self.expect(Tok::Class)?;
        let is_value = kind == Kind::Class;
        let has_name = self.is(Tok::Name) && !(self.has_types() && self.is_word(b"implements"));
        if has_name {
            let name = if self.has_types() { Kind::TypeIdentifier } else { Kind::Identifier };
            let name = self.token_leaf(name);
            self.push_as(Field::Name, name);
        } else if !is_value {
            return None;
        }
        if self.has_types() {
            self.type_parameters()?;
            self.typed_heritage()?;
        } else if self.is(Tok::Extends) {
            let (start, mark) = (self.token.start, self.mark());
            self.advance();
            let base = self.operand(false)?;
            self.push(base);
            let heritage = self.close(Kind::ClassHeritage, start, mark);
            self.push(heritage);
        }
        let body = self.class_body(kind == Kind::ClassDeclaration)?;
        self.push_as(Field::Body, body);
        Some(self.close(kind, start, mark))
    }

    /// `extends A<B> implements C`
    fn typed_heritage(&mut self) -> Option<()> {
        if matches!(self.text(self.peek()), b"await" | b"yield") {
            return None;
        }
        let (start, mark) = (self.token.start, self.mark());
        if self.is(Tok::Extends) {
            let (start, mark) = (self.token.start, self.mark());
            self.advance();
            let base = self.operand(false)?;
            self.push_as(Field::Value, base);
            if self.is(Tok::Less) {
                let arguments = self.type_arguments()?;
                self.push_as(Field::TypeArguments, arguments);
            }
            if self.is(Tok::Comma) {
                return None;
            }
            let clause = self.close(Kind::ExtendsClause, start, mark);
            self.push(clause);
        }
        if self.is_word(b"implements") {
            let (start, mark) = (self.token.start, self.mark());
            self.advance();
            loop {
                let base = self.type_()?;
                self.push(base);
                if !self.take(Tok::Comma) {
                    break;
                }
            }
            let clause = self.close(Kind::ImplementsClause, start, mark);
            self.push(clause);
        }
        if self.mark() > mark {
            let heritage = self.close(Kind::ClassHeritage, start, mark);
            self.push(heritage);
        }
        Some(())
    }

    fn class_body(&mut self, is_statement: bool) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.expect(Tok::OpenBrace)?;
        while !self.is(Tok::CloseBrace) {
            if self.take(Tok::Semicolon) {
                continue;
            }
            self.nested(|parser| if parser.has_types() { parser.typed_member() } else { parser.plain_member() })?;
        }
        let end = self.token.end;
        match is_statement {
            true => self.close_block(false)?,
            false => self.advance(),
        }
        let body = self.grow.close(Kind::ClassBody, start, end, mark);
        Some(body)
    }

    /// What a word before a member is followed by if it is no name itself.
    fn begins_member(next: Token) -> bool {
        next.tok.is_word()
            || matches!(next.tok, Tok::Private | Tok::String | Tok::Number | Tok::OpenBracket | Tok::Star)
    }

    /// `static`, `async`, `get`, `set`, `*` before a name.
    pub(super) fn member_heads(&mut self) -> Option<()> {
        while self.is(Tok::Name) {
            let next = self.peek();
            let kind = match self.text(self.token) {
                b"async" if next.is_first => return None,
                b"async" => Kind::Async,
                b"get" | b"set" if next.tok == Tok::Star => return None,
                b"get" => Kind::Get,
                b"set" => Kind::Set,
                _ => break,
            };
            if !Self::begins_member(next) {
                break;
            }
            // A line may end behind a field that is called so.
            if next.is_first {
                return None;
            }
            let sign = self.sign(kind);
            self.push(sign);
            if kind != Kind::Async {
                return Some(());
            }
            if self.is_word(b"async") && Self::begins_member(self.peek()) {
                return None;
            }
        }
        if self.is(Tok::Star) {
            let sign = self.sign(Kind::Star);
            self.push(sign);
        }
        Some(())
    }

    /// `static` before a member.
    fn static_head(&mut self) -> Option<()> {
        if self.is_word(b"static") && Self::begins_member(self.peek()) {
            let next = self.peek();
            // The grammar has a token for `static get` before the end of a line.
            if next.is_first || (self.text(next) == b"get" && super::lex::token(self.source, next.end).is_first) {
                return None;
            }
            let sign = self.sign(Kind::Static);
            self.push(sign);
        }
        Some(())
    }

    fn static_block(&mut self) -> Option<()> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let body = self.block(false)?;
        self.push_as(Field::Body, body);
        let block = self.close(Kind::ClassStaticBlock, start, mark);
        self.push(block);
        Some(())
    }

    /// A member of a class of JavaScript's.
    fn plain_member(&mut self) -> Option<()> {
        let (start, mark) = (self.token.start, self.mark());
        if self.is_word(b"static") && self.peek().tok == Tok::OpenBrace {
            return self.static_block();
        }
        self.decorators()?;
        self.static_head()?;
        let heads = self.mark();
        self.member_heads()?;
        let is_method = self.mark() > heads;
        let name = self.property_name()?;
        if is_method || self.is(Tok::OpenParen) {
            self.push_as(Field::Name, name);
            self.signature()?;
            let body = self.block(false)?;
            self.push_as(Field::Body, body);
            let method = self.close(Kind::MethodDefinition, start, mark);
            self.push(method);
            return Some(());
        }
        self.push_as(Field::Property, name);
        let has_value = self.take(Tok::Assign);
        if has_value {
            let value = self.assignment(true)?;
            self.push_as(Field::Value, value);
        }
        let field = self.close(Kind::FieldDefinition, start, mark);
        self.push(field);
        self.semicolon(has_value)
    }

    /// A member of a class of TypeScript's.
    fn typed_member(&mut self) -> Option<()> {
        let (mut start, mut mark) = (self.token.start, self.mark());
        if self.is_word(b"static") && self.peek().tok == Tok::OpenBrace {
            return self.static_block();
        }
        let outer = mark;
        self.decorators()?;
        let decorated = self.mark();
        let undecorated = self.token.start;
        let (mut is_abstract, mut is_declared) = (false, false);
        // In which order they may stand.
        let mut stage = 0;
        while self.is(Tok::Name) {
            let next = self.peek();
            if !Self::begins_member(next) || next.is_first {
                break;
            }
            let (kind, order) = match self.text(self.token) {
                b"declare" => (Kind::Other, 1),
                b"public" | b"private" | b"protected" => (Kind::AccessibilityModifier, 1),
                b"static" => (Kind::Static, 2),
                b"abstract" => (Kind::Other, 2),
                b"override" => (Kind::OverrideModifier, 3),
                b"readonly" => (Kind::Readonly, 4),
                b"accessor" => return None,
                _ => break,
            };
            if order < stage || (order == stage && order != 1) {
                return None;
            }
            stage = order;
            match kind {
                Kind::Other => {
                    is_abstract |= self.is_word(b"abstract");
                    is_declared |= self.is_word(b"declare");
                    self.advance();
                }
                Kind::Static => {
                    self.static_head()?;
                }
                Kind::Readonly => self.advance(),
                _ => {
                    let modifier = self.token_leaf(kind);
                    self.push(modifier);
                }
            }
        }
        if self.is(Tok::OpenBracket) && self.is_index_signature() {
            if decorated > outer || self.mark() > decorated {
                return None;
            }
            self.grow.drop_since(decorated);
            self.index_signature()?;
            let signature = self.leaf(Kind::Opaque, undecorated);
            self.push(signature);
            return self.end_member(false);
        }
        // The grammar does not take it for a name.
        if self.is_word(b"abstract") {
            return None;
        }
        let heads = self.mark();
        self.member_heads()?;
        let is_method = self.mark() > heads;
        let name = self.property_name()?;
        let named = self.mark();
        self.push_as(Field::Name, name);
        let is_optional = self.take(Tok::Question);
        if is_method || matches!(self.token.tok, Tok::OpenParen | Tok::Less) {
            self.signature()?;
            // The decorators of methods stand before them.
            (start, mark) = (undecorated, decorated);
            let kind = match (is_abstract, self.is(Tok::OpenBrace)) {
                (true, true) => return None,
                (true, false) => Kind::AbstractMethodSignature,
                (false, false) => Kind::MethodSignature,
                (false, true) => {
                    let body = self.block(false)?;
                    self.push_as(Field::Body, body);
                    let method = self.close(Kind::MethodDefinition, start, mark);
                    self.push(method);
                    self.take(Tok::Semicolon);
                    return Some(());
                }
            };
            if is_declared || (decorated > outer) {
                return None;
            }
            let method = self.close(kind, start, mark);
            self.push(method);
            if self.take(Tok::Comma) {
                return Some(());
            }
            return self.signature_semicolon();
        }
        debug_assert!(named >= heads, "the name waits behind what stands before it");
        if !is_optional && self.take(Tok::Not) && !self.is(Tok::Colon) {
            return None;
        }
        if self.is(Tok::Colon) {
            let annotation = self.annotation()?;
            self.push_as(Field::Type, annotation);
        }
        let has_value = self.take(Tok::Assign);
        if has_value {
            let value = self.assignment(true)?;
            self.push_as(Field::Value, value);
        }
        let field = self.close(Kind::PublicFieldDefinition, start, mark);
        self.push(field);
        self.end_member(has_value)
    }

    fn end_member(&mut self, goes_on: bool) -> Option<()> {
        if self.take(Tok::Comma) { Some(()) } else { self.semicolon(goes_on) }
    }
}
