//! Expressions: assignments, operators, what follows a value.

use super::super::kinds::{Field, Kind};
use super::lex::{Tok, regex_end, token};
use super::quick::Parser;

/// How strongly the operators bind, as the grammar has it.
const WEAKEST: u8 = 1;
const RELATION: u8 = 8;
const POWER: u8 = 12;

impl Parser<'_> {
    /// `a, b`. `with_in`: whether `in` is an operator here, as it is but in the head of a `for`.
    pub(super) fn expressions(&mut self, with_in: bool) -> Option<u32> {
        let first = self.assignment(with_in)?;
        if !self.is(Tok::Comma) {
            return Some(first);
        }
        let mark = self.mark();
        self.push(first);
        while self.take(Tok::Comma) {
            let next = self.assignment(with_in)?;
            self.push(next);
        }
        Some(self.close(Kind::SequenceExpression, self.start(first), mark))
    }

    /// Any expression without a comma.
    pub(super) fn assignment(&mut self, with_in: bool) -> Option<u32> {
        self.nested(|parser| parser.any_assignment(with_in))
    }

    fn any_assignment(&mut self, with_in: bool) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        match self.token.tok {
            Tok::Name => {
                let next = self.peek();
                if next.tok == Tok::Arrow && !next.is_first {
                    return self.arrow_of_name(start, mark, with_in);
                }
                match self.text(self.token) {
                    b"yield" => return self.yield_expression(with_in),
                    b"async" if next.is_first && next.tok != Tok::CloseParen => return None,
                    b"async" if matches!(next.tok, Tok::Name | Tok::OpenParen | Tok::Less) => {
                        let found = self.attempt(|parser| parser.async_arrow(start, mark, with_in));
                        if let Some(found) = found {
                            return Some(found);
                        }
                        if next.tok != Tok::OpenParen {
                            return None;
                        }
                    }
                    _ => {}
                }
            }
            Tok::OpenParen => {
                if let Some(arrow) = self.arrow(start, mark, with_in) {
                    return Some(arrow);
                }
                // What was tried may have read on into something else.
                if self.is_doubtful {
                    return None;
                }
            }
            Tok::Less if self.has_types() => {
                if let Some(arrow) = self.arrow(start, mark, with_in) {
                    return Some(arrow);
                }
                if self.is_doubtful {
                    return None;
                }
            }
            _ => {}
        }
        let left = self.conditional(with_in)?;
        match self.token.tok {
            Tok::Assign => {
                self.make_target(left)?;
                let mark = self.mark();
                self.push_as(Field::Left, left);
                self.advance();
                let right = self.assignment(with_in)?;
                self.push_as(Field::Right, right);
                Some(self.close(Kind::AssignmentExpression, start, mark))
            }
            Tok::AugmentedAssign => {
                if matches!(self.kind(left), Kind::Object | Kind::Array) {
                    return None;
                }
                self.make_target(left)?;
                let mark = self.mark();
                self.push_as(Field::Left, left);
                let kind = match self.text(self.token) {
                    b"+=" => Kind::PlusEquals,
                    b"-=" => Kind::MinusEquals,
                    b"*=" => Kind::TimesEquals,
                    b"&&=" => Kind::AndEquals,
                    b"||=" => Kind::OrEquals,
                    b"??=" => Kind::CoalesceEquals,
                    _ => Kind::Other,
                };
                let operator = self.sign(kind);
                self.push_as(Field::Operator, operator);
                let right = self.assignment(with_in)?;
                self.push_as(Field::Right, right);
                Some(self.close(Kind::AugmentedAssignment, start, mark))
            }
            _ => Some(left),
        }
    }

    fn async_arrow(&mut self, start: usize, mark: usize, with_in: bool) -> Option<u32> {
        let sign = self.sign(Kind::Async);
        self.push(sign);
        match self.token.tok {
            Tok::Name if self.peek().tok == Tok::Arrow => self.arrow_of_name(start, mark, with_in),
            Tok::OpenParen => self.arrow(start, mark, with_in),
            Tok::Less if self.has_types() => self.arrow(start, mark, with_in),
            _ => None,
        }
    }

    fn yield_expression(&mut self, with_in: bool) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let ends = matches!(
            self.token.tok,
            Tok::CloseParen | Tok::CloseBracket | Tok::CloseBrace | Tok::Comma | Tok::Semicolon | Tok::Colon | Tok::End
        );
        if self.is(Tok::Star) {
            let sign = self.sign(Kind::Star);
            self.push(sign);
            let value = self.assignment(with_in)?;
            self.push(value);
        } else if !ends {
            if self.token.is_first {
                return None;
            }
            let value = self.assignment(with_in)?;
            self.push(value);
        }
        Some(self.close(Kind::YieldExpression, start, mark))
    }

    /// `a ? b : c`
    fn conditional(&mut self, with_in: bool) -> Option<u32> {
        let condition = self.operators(with_in)?;
        if !self.is(Tok::Question) {
            return Some(condition);
        }
        let mark = self.mark();
        self.push_as(Field::Condition, condition);
        self.advance();
        self.conditionals += 1;
        let then = self.assignment(true)?;
        self.conditionals -= 1;
        self.push_as(Field::Consequence, then);
        self.expect(Tok::Colon)?;
        let otherwise = self.assignment(with_in)?;
        self.push_as(Field::Alternative, otherwise);
        Some(self.close(Kind::TernaryExpression, self.start(condition), mark))
    }

    /// Operators of two sides, and what TypeScript puts behind all of them: for the grammar `a && b!.c` is `(a && b)!.c`,
    /// and `a + b as T` is `(a + b) as T`.
    fn operators(&mut self, with_in: bool) -> Option<u32> {
        let first = self.unary()?;
        let mut left = self.operation(first, WEAKEST, with_in)?;
        while let Some(cast) = self.cast(left)? {
            left = self.operation(cast, WEAKEST, with_in)?;
        }
        Some(left)
    }

    /// `x as T`, `x satisfies T`, `x!` and what follows it.
    #[expect(clippy::option_option, reason = "what is not known is something else than what is not there")]
    fn cast(&mut self, value: u32) -> Option<Option<u32>> {
        if !self.has_types() || self.token.is_first {
            return Some(None);
        }
        let (start, mark) = (self.start(value), self.mark());
        let kind = match self.token.tok {
            Tok::Not => {
                self.push(value);
                self.advance();
                let inner = self.close(Kind::NonNullExpression, start, mark);
                return self.followed(inner).map(Some);
            }
            Tok::Name if self.is_word(b"as") => Kind::AsExpression,
            Tok::Name if self.is_word(b"satisfies") => Kind::SatisfiesExpression,
            _ => return Some(None),
        };
        self.push(value);
        self.advance();
        if kind == Kind::AsExpression && self.is(Tok::Const) {
            self.advance();
        } else {
            // The grammar reads `x as A.B.C` as `(x as A.B).C`, mostly.
            if self.is_long_path() {
                return None;
            }
            let cast = self.type_()?;
            self.push(cast);
        }
        // `a as T < b`
        if matches!(self.token.tok, Tok::Less | Tok::Increment | Tok::Not) {
            return None;
        }
        Some(Some(self.close(kind, start, mark)))
    }

    fn strength(&self, with_in: bool) -> Option<u8> {
        Some(match self.token.tok {
            Tok::Coalesce => WEAKEST,
            Tok::Or => 2,
            Tok::And => 3,
            Tok::Bar => 4,
            Tok::Caret => 5,
            Tok::Ampersand => 6,
            Tok::Equality => 7,
            Tok::Less | Tok::Greater | Tok::Compare | Tok::Instanceof => RELATION,
            Tok::In if with_in => RELATION,
            Tok::ShiftLeft | Tok::ShiftRight => 9,
            Tok::Plus | Tok::Minus => 10,
            Tok::Star | Tok::Slash | Tok::Percent => 11,
            Tok::Power => POWER,
            _ => return None,
        })
    }

    /// `left + b * c`, with operators that bind at least so strongly.
    fn operation(&mut self, mut left: u32, least: u8, with_in: bool) -> Option<u32> {
        while let Some(strength) = self.strength(with_in).filter(|&strength| strength >= least) {
            let mark = self.mark();
            self.push_as(Field::Left, left);
            let (is_less, is_instanceof) = (self.is(Tok::Less), self.is(Tok::Instanceof));
            let kind = match self.text(self.token) {
                b"+" => Kind::Plus,
                b"-" => Kind::Minus,
                b"*" => Kind::Star,
                b"&&" => Kind::And,
                b"||" => Kind::Or,
                b"??" => Kind::Coalesce,
                b"==" => Kind::EqualEqual,
                b"===" => Kind::EqualEqualEqual,
                b"!=" => Kind::NotEqual,
                b"!==" => Kind::NotEqualEqual,
                b"<" => Kind::Less,
                b"<=" => Kind::LessEqual,
                b">" => Kind::Greater,
                b">=" => Kind::GreaterEqual,
                b"|" => Kind::BitOr,
                b"&" => Kind::BitAnd,
                b"in" => Kind::In,
                _ => Kind::Other,
            };
            let operator = self.sign(kind);
            self.push_as(Field::Operator, operator);
            let right = self.unary()?;
            let right = match strength {
                POWER => self.nested(|parser| parser.operation(right, POWER, with_in))?,
                _ => self.operation(right, strength + 1, with_in)?,
            };
            self.push_as(Field::Right, right);
            // `a < b > (c)` may be a call with a type, `a instanceof b < c` be about a type.
            let may_be_typed = (is_less && matches!(self.token.tok, Tok::Greater | Tok::Comma | Tok::ShiftRight))
                || (is_instanceof && self.is(Tok::Less));
            if may_be_typed && self.has_types() {
                return None;
            }
            left = self.close(Kind::BinaryExpression, self.start(left), mark);
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let kind = match self.token.tok {
            Tok::Not => Kind::Not,
            Tok::Plus => Kind::Plus,
            Tok::Minus => Kind::Minus,
            Tok::Void => Kind::Void,
            Tok::Tilde | Tok::Typeof | Tok::Delete => Kind::Other,
            Tok::Increment => {
                let kind = if self.text(self.token) == b"++" { Kind::Increment } else { Kind::Other };
                let operator = self.sign(kind);
                self.push_as(Field::Operator, operator);
                let argument = self.nested(Self::unary)?;
                self.push_as(Field::Argument, argument);
                return Some(self.close(Kind::UpdateExpression, start, mark));
            }
            Tok::Name if self.is_word(b"await") => return self.await_expression(),
            Tok::Name if self.is_word(b"yield") => return None,
            Tok::Less if self.has_elements() => {
                let element = self.nested(Self::element)?;
                // Nothing goes on behind an element.
                return matches!(self.kind(element), Kind::JsxElement | Kind::JsxSelfClosingElement).then_some(element);
            }
            Tok::Less if self.has_types() => {
                let arguments = self.type_arguments()?;
                self.push(arguments);
                let value = self.nested(Self::unary)?;
                self.push(value);
                if self.is(Tok::Less) {
                    return None;
                }
                return Some(self.close(Kind::TypeAssertion, start, mark));
            }
            _ => return self.operand(true),
        };
        let operator = self.sign(kind);
        self.push_as(Field::Operator, operator);
        let argument = self.nested(Self::unary)?;
        self.push_as(Field::Argument, argument);
        Some(self.close(Kind::UnaryExpression, start, mark))
    }

    fn await_expression(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let next = self.peek();
        let is_operator = matches!(next.tok, Tok::OpenBracket | Tok::Backtick | Tok::Plus | Tok::Minus | Tok::Slash);
        if next.is_first || (is_operator && !self.has_types()) {
            return None;
        }
        // JavaScript's grammar reads `await (x)` as a call, and `await (x ? y : z)` and `await ({ x })` as either.
        if next.tok == Tok::OpenParen && !self.has_types() {
            if token(self.source, next.end).tok == Tok::OpenBrace {
                return None;
            }
            let state = self.grow.state();
            let call = self.operand(true)?;
            return (!self.grow.has_since(state, Kind::TernaryExpression)).then_some(call);
        }
        self.advance();
        let mut value = self.nested(Self::unary)?;
        while let Some(cast) = self.cast(value)? {
            value = cast;
        }
        self.push(value);
        Some(self.close(Kind::AwaitExpression, start, mark))
    }

    // ── Values and what follows them ────────────────────────────────────────────────────────────────

    /// `a.b(c)[d]`; `with_update`: also `a++`.
    pub(super) fn operand(&mut self, with_update: bool) -> Option<u32> {
        let value = self.atom()?;
        let value = self.followed_by_access(value)?;
        if with_update { self.updated(value) } else { Some(value) }
    }

    fn followed(&mut self, value: u32) -> Option<u32> {
        let value = self.followed_by_access(value)?;
        self.updated(value)
    }

    fn updated(&mut self, value: u32) -> Option<u32> {
        if !self.is(Tok::Increment) || self.token.is_first {
            return Some(value);
        }
        let mark = self.mark();
        self.push_as(Field::Argument, value);
        let kind = if self.text(self.token) == b"++" { Kind::Increment } else { Kind::Other };
        let operator = self.sign(kind);
        self.push_as(Field::Operator, operator);
        Some(self.close(Kind::UpdateExpression, self.start(value), mark))
    }

    fn followed_by_access(&mut self, mut value: u32) -> Option<u32> {
        loop {
            let (start, mark) = (self.start(value), self.mark());
            match self.token.tok {
                Tok::Dot => {
                    self.push_as(Field::Object, value);
                    self.advance();
                    value = self.member(start, mark)?;
                }
                Tok::OptionalChain => {
                    let next = self.peek().tok;
                    self.advance();
                    match next {
                        Tok::OpenParen => {
                            self.push_as(Field::Function, value);
                            let arguments = self.arguments()?;
                            self.push_as(Field::Arguments, arguments);
                            value = self.close(Kind::CallExpression, start, mark);
                        }
                        Tok::OpenBracket => value = self.subscript(value, start, mark)?,
                        _ => {
                            self.push_as(Field::Object, value);
                            value = self.member(start, mark)?;
                        }
                    }
                }
                Tok::OpenParen => {
                    self.push_as(Field::Function, value);
                    let arguments = self.arguments()?;
                    self.push_as(Field::Arguments, arguments);
                    value = self.close(Kind::CallExpression, start, mark);
                }
                Tok::OpenBracket => value = self.subscript(value, start, mark)?,
                Tok::Backtick => {
                    self.push_as(Field::Function, value);
                    let template = self.template()?;
                    self.push_as(Field::Arguments, template);
                    value = self.close(Kind::CallExpression, start, mark);
                }
                _ => return Some(value),
            }
        }
    }

    /// `.name` of what waits.
    fn member(&mut self, start: usize, mark: usize) -> Option<u32> {
        let kind = match self.token.tok {
            Tok::Private => Kind::PrivatePropertyIdentifier,
            tok if tok.is_word() => Kind::PropertyIdentifier,
            _ => return None,
        };
        let property = self.token_leaf(kind);
        self.push_as(Field::Property, property);
        Some(self.close(Kind::MemberExpression, start, mark))
    }

    fn subscript(&mut self, object: u32, start: usize, mark: usize) -> Option<u32> {
        self.push_as(Field::Object, object);
        self.advance();
        let index = self.expressions(true)?;
        self.push_as(Field::Index, index);
        self.expect(Tok::CloseBracket)?;
        Some(self.close(Kind::SubscriptExpression, start, mark))
    }

    /// `(a, ...b)`
    pub(super) fn arguments(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.expect(Tok::OpenParen)?;
        while !self.is(Tok::CloseParen) {
            let argument = self.element_of_list()?;
            self.push(argument);
            if !self.take(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::CloseParen)?;
        Some(self.close(Kind::Arguments, start, mark))
    }

    /// `a`, `...a`
    pub(super) fn element_of_list(&mut self) -> Option<u32> {
        if !self.is(Tok::Spread) {
            return self.assignment(true);
        }
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let value = self.assignment(true)?;
        self.push(value);
        Some(self.close(Kind::SpreadElement, start, mark))
    }

    fn new_expression(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        if self.take(Tok::Dot) {
            self.take_word(b"target").then_some(())?;
            return Some(self.leaf(Kind::Other, start));
        }
        if self.token.is_first || matches!(self.token.tok, Tok::New | Tok::Import) {
            return None;
        }
        let mut made = self.atom()?;
        loop {
            let (start, mark) = (self.start(made), self.mark());
            match self.token.tok {
                Tok::Dot => {
                    self.push_as(Field::Object, made);
                    self.advance();
                    made = self.member(start, mark)?;
                }
                Tok::OpenBracket => made = self.subscript(made, start, mark)?,
                Tok::OptionalChain | Tok::Backtick | Tok::Less => return None,
                Tok::Not if self.has_types() => return None,
                _ => break,
            }
        }
        self.push_as(Field::Constructor, made);
        if self.is(Tok::OpenParen) {
            let arguments = self.arguments()?;
            self.push_as(Field::Arguments, arguments);
        }
        Some(self.close(Kind::NewExpression, start, mark))
    }

    fn atom(&mut self) -> Option<u32> {
        let start = self.token.start;
        let kind = match self.token.tok {
            Tok::Name => match self.text(self.token) {
                b"undefined" => Kind::Undefined,
                b"let" | b"using" | b"yield" => return None,
                b"async" => {
                    let next = self.peek();
                    if next.tok == Tok::Function && !next.is_first {
                        return self.nested(|parser| parser.function_expression(start, true));
                    }
                    Kind::Identifier
                }
                _ => Kind::Identifier,
            },
            Tok::Number => Kind::Number,
            Tok::String => Kind::String,
            Tok::This => Kind::This,
            Tok::Super => Kind::Super,
            Tok::True => Kind::True,
            Tok::False => Kind::False,
            Tok::Null => Kind::Null,
            Tok::Private if self.peek().tok == Tok::In => Kind::PrivatePropertyIdentifier,
            Tok::Slash => return self.regex(),
            Tok::AugmentedAssign if self.text(self.token) == b"/=" => return self.regex(),
            Tok::Backtick => return self.template(),
            Tok::OpenParen => return self.nested(Self::in_parentheses),
            Tok::OpenBracket => return self.nested(Self::array),
            Tok::OpenBrace => return self.nested(Self::object),
            Tok::Function => return self.nested(|parser| parser.function_expression(start, false)),
            Tok::Class => {
                let mark = self.mark();
                return self.nested(|parser| parser.class_after_modifiers(Kind::Class, start, mark));
            }
            Tok::New => return self.nested(Self::new_expression),
            Tok::Import => {
                self.advance();
                if self.take(Tok::Dot) {
                    self.take_word(b"meta").then_some(())?;
                    return Some(self.leaf(Kind::Other, start));
                }
                return self.is(Tok::OpenParen).then(|| self.leaf(Kind::Import, start));
            }
            _ => return None,
        };
        Some(self.token_leaf(kind))
    }

    fn in_parentheses(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let conditionals = std::mem::take(&mut self.conditionals);
        self.advance();
        let inner = self.expressions(true)?;
        self.push(inner);
        self.expect(Tok::CloseParen)?;
        self.conditionals = conditionals;
        Some(self.close(Kind::ParenthesizedExpression, start, mark))
    }

    fn regex(&mut self) -> Option<u32> {
        let start = self.token.start;
        let end = regex_end(self.source, start)?;
        self.go_to(end);
        // `/a/ / b` begins a comment for the grammar, if there is no blank.
        if self.is(Tok::Slash) {
            return None;
        }
        Some(self.leaf(Kind::Regex, start))
    }
}
