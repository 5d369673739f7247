//! Functions and their parameters.

use super::super::kinds::{Field, Kind};
use super::lex::Tok;
use super::quick::Parser;

impl Parser<'_> {
    /// `async function* f(…) { … }` as a statement, or TypeScript's head of one.
    pub(super) fn function_declaration(&mut self, start: usize, is_async: bool) -> Option<u32> {
        let mark = self.mark();
        let is_generator = self.function_head(is_async)?;
        let name = self.name(Kind::Identifier)?;
        self.push_as(Field::Name, name);
        self.signature()?;
        if self.has_types() && !is_generator && !self.is(Tok::OpenBrace) {
            self.signature_semicolon()?;
            return Some(self.close(Kind::FunctionSignature, start, mark));
        }
        let body = self.block(false)?;
        self.push_as(Field::Body, body);
        let kind = if is_generator { Kind::GeneratorFunctionDeclaration } else { Kind::FunctionDeclaration };
        Some(self.close(kind, start, mark))
    }

    /// `function (…) { … }` as a value.
    pub(super) fn function_expression(&mut self, start: usize, is_async: bool) -> Option<u32> {
        let mark = self.mark();
        let is_generator = self.function_head(is_async)?;
        if self.is(Tok::Name) {
            let name = self.token_leaf(Kind::Identifier);
            self.push_as(Field::Name, name);
        }
        self.signature()?;
        let body = self.block(true)?;
        self.push_as(Field::Body, body);
        let kind = if is_generator { Kind::GeneratorFunction } else { Kind::FunctionExpression };
        Some(self.close(kind, start, mark))
    }

    /// `async function *`: whether it is a generator.
    fn function_head(&mut self, is_async: bool) -> Option<bool> {
        if is_async {
            let sign = self.sign(Kind::Async);
            self.push(sign);
        }
        self.expect(Tok::Function)?;
        let is_generator = self.is(Tok::Star);
        if is_generator {
            let sign = self.sign(Kind::Star);
            self.push(sign);
        }
        Some(is_generator)
    }

    /// Parameters and the type of what is returned.
    pub(super) fn signature(&mut self) -> Option<()> {
        if self.has_types() {
            self.type_parameters()?;
        }
        let parameters = self.parameters()?;
        self.push_as(Field::Parameters, parameters);
        if self.has_types() && self.is(Tok::Colon) {
            let result = self.result_annotation()?;
            self.push_as(Field::ReturnType, result);
        }
        Some(())
    }

    /// `(a, b = 1, ...c)`
    pub(super) fn parameters(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.expect(Tok::OpenParen)?;
        while !self.is(Tok::CloseParen) {
            let parameter = if self.has_types() { self.typed_parameter()? } else { self.plain_parameter()? };
            self.push(parameter);
            if !self.take(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::CloseParen)?;
        Some(self.close(Kind::FormalParameters, start, mark))
    }

    fn plain_parameter(&mut self) -> Option<u32> {
        if self.is(Tok::Spread) {
            return self.rest();
        }
        let target = self.binding_target()?;
        self.with_default(target)
    }

    /// `...a`
    pub(super) fn rest(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let target = self.binding_target()?;
        self.push(target);
        Some(self.close(Kind::RestPattern, start, mark))
    }

    fn typed_parameter(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        if self.is(Tok::At) {
            self.decorators()?;
        }
        self.modifiers()?;
        let pattern = match self.token.tok {
            Tok::Spread => self.rest()?,
            Tok::This => self.token_leaf(Kind::This),
            _ => self.binding_target()?,
        };
        self.push_as(Field::Pattern, pattern);
        let is_optional = self.take(Tok::Question);
        if self.is(Tok::Colon) {
            let annotation = self.annotation()?;
            self.push_as(Field::Type, annotation);
        }
        if self.is(Tok::Assign) && is_optional {
            return None;
        }
        if self.take(Tok::Assign) {
            let value = self.assignment(true)?;
            self.push_as(Field::Value, value);
        }
        let kind = if is_optional { Kind::OptionalParameter } else { Kind::RequiredParameter };
        Some(self.close(kind, start, mark))
    }

    /// `private override readonly` before a parameter that is a property, too.
    fn modifiers(&mut self) -> Option<()> {
        let mut stage = 0;
        while self.is(Tok::Name) {
            let next = self.peek();
            let is_modifier = matches!(next.tok, Tok::Name | Tok::OpenBrace | Tok::OpenBracket | Tok::This);
            let (kind, order) = match self.text(self.token) {
                b"public" | b"private" | b"protected" => (Kind::AccessibilityModifier, 1),
                b"override" => (Kind::OverrideModifier, 2),
                b"readonly" => (Kind::Readonly, 3),
                _ => return Some(()),
            };
            if !is_modifier {
                return Some(());
            }
            if order <= stage {
                return None;
            }
            stage = order;
            let modifier = if kind == Kind::Readonly { self.sign(kind) } else { self.token_leaf(kind) };
            self.push(modifier);
        }
        Some(())
    }

    // ── Arrows ──────────────────────────────────────────────────────────────────────────────────────

    /// `x => …`, `async x => …`: the present token is the parameter.
    pub(super) fn arrow_of_name(&mut self, start: usize, mark: usize, with_in: bool) -> Option<u32> {
        if self.text(self.token) == b"undefined" {
            return None;
        }
        let parameter = self.name(Kind::Identifier)?;
        self.push_as(Field::Parameter, parameter);
        self.arrow_body(start, mark, with_in)
    }

    /// `(a, b): T => …`, if it is one. `mark`: before what says that it is asynchronous.
    pub(super) fn arrow(&mut self, start: usize, mark: usize, with_in: bool) -> Option<u32> {
        self.attempt(|parser| {
            if parser.is(Tok::Less) {
                parser.type_parameters()?;
            }
            let parameters = parser.parameters()?;
            parser.push_as(Field::Parameters, parameters);
            if parser.has_types() && parser.is(Tok::Colon) {
                let is_open = parser.conditionals > 0;
                let result = parser.result_annotation()?;
                parser.push_as(Field::ReturnType, result);
                if is_open && parser.is(Tok::Arrow) {
                    // `a ? (b) : c => d`
                    parser.is_doubtful = true;
                }
            }
            (parser.is(Tok::Arrow) && !parser.token.is_first).then_some(())
        })?;
        let arrow = self.arrow_body(start, mark, with_in);
        // What is no arrow is tried in another way, but this is one.
        self.is_doubtful |= arrow.is_none();
        arrow
    }

    fn arrow_body(&mut self, start: usize, mark: usize, with_in: bool) -> Option<u32> {
        self.expect(Tok::Arrow)?;
        let conditionals = std::mem::take(&mut self.conditionals);
        let body = match self.is(Tok::OpenBrace) {
            true => self.block(true)?,
            false => {
                self.conditionals = conditionals;
                self.assignment(with_in)?
            }
        };
        self.conditionals = conditionals;
        self.push_as(Field::Body, body);
        Some(self.close(Kind::ArrowFunction, start, mark))
    }
}
