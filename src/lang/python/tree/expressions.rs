//! Expressions: operators, names, literals, what follows a name.

use super::super::kinds::{Field, Kind};
use super::lex::Tok;
use super::quick::Parser;

/// How strongly operators bind, as the grammar has it.
const UNARY: u8 = 20;
const POWER: u8 = 21;
const WEAKEST: u8 = 14;

impl Parser<'_> {
    /// Any expression but a starred one.
    pub(super) fn expression(&mut self) -> Option<u32> {
        self.nested(|parser| {
            if parser.is(Tok::Lambda) {
                return parser.lambda();
            }
            let first = parser.disjunction()?;
            match parser.token.tok {
                Tok::If => parser.conditional(first),
                Tok::Walrus if parser.kind(first) == Kind::Identifier => parser.named(first),
                _ => Some(first),
            }
        })
    }

    fn conditional(&mut self, then: u32) -> Option<u32> {
        let mark = self.mark();
        self.push(then);
        self.advance();
        let condition = self.disjunction()?;
        self.push(condition);
        self.expect(Tok::Else)?;
        let otherwise = self.expression()?;
        self.push(otherwise);
        Some(self.close(Kind::ConditionalExpression, self.start(then), self.before, mark))
    }

    fn named(&mut self, name: u32) -> Option<u32> {
        let mark = self.mark();
        self.push_as(Field::Name, name);
        self.advance();
        // The grammar reads `a := b if c else d` as `(a := b) if c else d`.
        let value = self.expression().filter(|&value| self.kind(value) != Kind::ConditionalExpression)?;
        self.push_as(Field::Value, value);
        Some(self.close(Kind::NamedExpression, self.start(name), self.before, mark))
    }

    fn lambda(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        if !self.is(Tok::Colon) {
            let (start, mark) = (self.token.start, self.mark());
            self.parameters(Tok::Colon, false)?;
            let list = self.close(Kind::LambdaParameters, start, self.before, mark);
            self.push_as(Field::Parameters, list);
        }
        self.expect(Tok::Colon)?;
        let body = self.expression()?;
        self.push_as(Field::Body, body);
        Some(self.close(Kind::Lambda, start, self.before, mark))
    }

    /// `a or b`; what may stand in the clauses of a comprehension.
    pub(super) fn disjunction(&mut self) -> Option<u32> {
        let mut left = self.conjunction()?;
        while self.is(Tok::Or) {
            left = self.joined(Kind::BooleanOperator, left, Self::conjunction)?;
        }
        Some(left)
    }

    fn conjunction(&mut self) -> Option<u32> {
        let mut left = self.inversion()?;
        while self.is(Tok::And) {
            left = self.joined(Kind::BooleanOperator, left, Self::inversion)?;
        }
        Some(left)
    }

    /// `left operator right`, where the operator is the present token.
    fn joined(&mut self, kind: Kind, left: u32, right: impl FnOnce(&mut Self) -> Option<u32>) -> Option<u32> {
        let mark = self.mark();
        self.push_as(Field::Left, left);
        let operator = self.mark_leaf(Kind::Other, self.token.start, self.token.end);
        self.push_as(Field::Operator, operator);
        self.advance();
        let right = right(self)?;
        self.push_as(Field::Right, right);
        Some(self.close(kind, self.start(left), self.before, mark))
    }

    fn inversion(&mut self) -> Option<u32> {
        if !self.is(Tok::Not) {
            return self.comparison();
        }
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let argument = self.nested(Self::inversion)?;
        self.push_as(Field::Argument, argument);
        Some(self.close(Kind::NotOperator, start, self.before, mark))
    }

    fn comparison(&mut self) -> Option<u32> {
        let first = self.operation(WEAKEST)?;
        if !matches!(self.token.tok, Tok::Compare | Tok::In | Tok::Not | Tok::Is) {
            return Some(first);
        }
        let mark = self.mark();
        self.push(first);
        while matches!(self.token.tok, Tok::Compare | Tok::In | Tok::Not | Tok::Is) {
            let start = self.token.start;
            match self.token.tok {
                Tok::Not => {
                    self.advance();
                    self.expect(Tok::In)?;
                }
                Tok::Is => {
                    self.advance();
                    self.take(Tok::Not);
                }
                _ => self.advance(),
            }
            let operator = self.mark_leaf(Kind::Other, start, self.before);
            self.push(operator);
            let part = self.operation(WEAKEST)?;
            self.push(part);
        }
        Some(self.close(Kind::ComparisonOperator, self.start(first), self.before, mark))
    }

    /// `a + b * c`, with operators that bind at least so strongly.
    fn operation(&mut self, least: u8) -> Option<u32> {
        let mut left = self.unary()?;
        loop {
            let strength = match self.token.tok {
                Tok::Bar => WEAKEST,
                Tok::Ampersand => 15,
                Tok::Caret => 16,
                Tok::ShiftLeft => 17,
                // `print >> file, text` of old.
                Tok::ShiftRight if self.is_print(left) => return None,
                Tok::ShiftRight => 17,
                Tok::Plus | Tok::Minus => 18,
                Tok::Star | Tok::At | Tok::Slash | Tok::Floor | Tok::Percent => 19,
                Tok::Power => POWER,
                _ => return Some(left),
            };
            if strength < least {
                return Some(left);
            }
            // Powers are read from the right.
            let right = if strength == POWER { POWER } else { strength + 1 };
            left = self.joined(Kind::BinaryOperator, left, |parser| {
                if right == POWER { parser.nested(|parser| parser.operation(right)) } else { parser.operation(right) }
            })?;
        }
    }

    fn is_print(&self, node: u32) -> bool {
        self.kind(node) == Kind::Identifier
            && self.source.get(self.start(node)..self.end(node)).is_some_and(|name| name == b"print")
    }

    fn unary(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        match self.token.tok {
            Tok::Plus | Tok::Minus | Tok::Tilde => {
                let operator = self.mark_leaf(Kind::Other, self.token.start, self.token.end);
                self.push_as(Field::Operator, operator);
                self.advance();
                let argument = self.nested(|parser| parser.operation(UNARY + 1))?;
                self.push_as(Field::Argument, argument);
                Some(self.close(Kind::UnaryOperator, start, self.before, mark))
            }
            Tok::Await => {
                self.advance();
                let argument = self.nested(|parser| parser.operation(UNARY + 1))?;
                self.push(argument);
                Some(self.close(Kind::Await, start, self.before, mark))
            }
            _ => self.primary(),
        }
    }

    /// `a.b(c)[d]`
    fn primary(&mut self) -> Option<u32> {
        let mut value = self.atom()?;
        loop {
            let mark = self.mark();
            let start = self.start(value);
            match self.token.tok {
                Tok::Dot => {
                    self.push_as(Field::Object, value);
                    self.advance();
                    let name = self.name()?;
                    self.push_as(Field::Attribute, name);
                    value = self.close(Kind::Attribute, start, self.before, mark);
                }
                Tok::OpenParen => {
                    self.push_as(Field::Function, value);
                    let arguments = self.arguments()?;
                    self.push_as(Field::Arguments, arguments);
                    value = self.close(Kind::Call, start, self.before, mark);
                }
                Tok::OpenBracket => {
                    self.push_as(Field::Value, value);
                    self.subscripts()?;
                    value = self.close(Kind::Subscript, start, self.before, mark);
                }
                _ => return Some(value),
            }
        }
    }

    fn atom(&mut self) -> Option<u32> {
        let kind = match self.token.tok {
            Tok::Name => Kind::Identifier,
            Tok::Integer => Kind::Integer,
            Tok::Float => Kind::Float,
            Tok::None => Kind::None,
            Tok::True => Kind::True,
            Tok::False => Kind::False,
            Tok::Ellipsis => Kind::Ellipsis,
            Tok::Quote => return self.strings(),
            Tok::OpenParen => return self.in_parentheses(),
            Tok::OpenBracket => return self.list(),
            Tok::OpenBrace => return self.in_braces(),
            _ => return None,
        };
        Some(self.token_leaf(kind))
    }

    pub(super) fn yield_expression(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        if self.is(Tok::From) {
            let from = self.mark_leaf(Kind::From, self.token.start, self.token.end);
            self.push(from);
            self.advance();
            let value = self.expression()?;
            self.push(value);
        } else if !matches!(self.token.tok, Tok::Newline | Tok::Semicolon | Tok::CloseParen) {
            let value = self.expressions()?;
            self.push(value);
        }
        Some(self.close(Kind::Yield, start, self.before, mark))
    }

    /// An expression, or `*` with a name, which the grammar reads without doubt where no brackets are.
    pub(super) fn starred_name(&mut self) -> Option<u32> {
        if !self.is(Tok::Star) {
            return self.expression();
        }
        self.starred(|kind| kind == Kind::Identifier)
    }

    /// `*x`, if the grammar reads such an `x` as Python does.
    pub(super) fn starred(&mut self, is_plain: fn(Kind) -> bool) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let value = self.expression()?;
        if !is_plain(self.kind(value)) {
            return None;
        }
        self.push(value);
        Some(self.close(Kind::ListSplat, start, self.before, mark))
    }

    /// What a `for` binds.
    pub(super) fn targets(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let mut has_comma = false;
        loop {
            let target = match self.token.tok {
                Tok::Star => {
                    let (start, mark) = (self.token.start, self.mark());
                    self.advance();
                    let target = self.primary()?;
                    self.push(target);
                    self.close(Kind::ListSplat, start, self.before, mark)
                }
                _ => self.primary()?,
            };
            self.make_pattern(target)?;
            if !has_comma && !self.is(Tok::Comma) {
                return Some(target);
            }
            self.push(target);
            if !self.take(Tok::Comma) || self.is(Tok::In) {
                break;
            }
            has_comma = true;
        }
        Some(self.close(Kind::PatternList, start, self.before, mark))
    }

    /// Makes a pattern of what was read as an expression.
    pub(super) fn make_pattern(&mut self, node: u32) -> Option<()> {
        let kind = match self.kind(node) {
            Kind::Identifier | Kind::Subscript | Kind::Attribute => return Some(()),
            Kind::Tuple | Kind::ParenthesizedExpression => Kind::TuplePattern,
            Kind::List => Kind::ListPattern,
            Kind::ListSplat => Kind::ListSplatPattern,
            _ => return None,
        };
        self.set_kind(node, kind);
        let mut index = 0;
        while let Some(part) = self.child(node, index) {
            let is_path = matches!(self.kind(part), Kind::Identifier | Kind::Subscript | Kind::Attribute);
            if kind == Kind::ListSplatPattern && !is_path {
                return None;
            }
            self.make_pattern(part)?;
            index += 1;
        }
        Some(())
    }

    /// A declared type: only its place is asked for.
    pub(super) fn annotation(&mut self) -> Option<u32> {
        let start = self.token.start;
        let state = self.state();
        self.expression()?;
        let (token, before) = (self.token, self.before);
        if self.has_slice_since(&state) {
            return None;
        }
        // What stands in it is of no use.
        self.go_back(&state);
        self.token = token;
        self.before = before;
        Some(self.leaf(Kind::TypeNode, start, before))
    }

    /// Parameters up to `end`, which is not taken.
    pub(super) fn parameters(&mut self, end: Tok, typed: bool) -> Option<()> {
        while !self.is(end) {
            let parameter = self.parameter(typed)?;
            self.push(parameter);
            if !self.take(Tok::Comma) {
                break;
            }
        }
        self.is(end).then_some(())
    }

    fn parameter(&mut self, typed: bool) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let splat = match self.token.tok {
            Tok::Name => None,
            Tok::Slash => return Some(self.token_leaf(Kind::PositionalSeparator)),
            Tok::Star => Some(Kind::ListSplatPattern),
            Tok::Power => Some(Kind::DictionarySplatPattern),
            _ => return None,
        };
        let name = match splat {
            None => self.name()?,
            Some(kind) => {
                self.advance();
                if kind == Kind::ListSplatPattern && !self.is(Tok::Name) {
                    return Some(self.leaf(Kind::KeywordSeparator, start, self.before));
                }
                let name = self.name()?;
                self.push(name);
                self.close(kind, start, self.before, mark)
            }
        };
        let annotation = match typed && self.take(Tok::Colon) {
            true => Some(self.annotation()?),
            false => None,
        };
        let has_default = splat.is_none() && self.take(Tok::Equals);
        let kind = match (annotation, has_default) {
            (None, false) => return Some(name),
            (None, true) => Kind::DefaultParameter,
            (Some(_), false) => Kind::TypedParameter,
            (Some(_), true) => Kind::TypedDefaultParameter,
        };
        if has_default {
            self.push_as(Field::Name, name)
        } else {
            self.push(name)
        }
        if let Some(annotation) = annotation {
            self.push_as(Field::Type, annotation);
        }
        if has_default {
            let value = self.expression()?;
            self.push_as(Field::Value, value);
        }
        Some(self.close(kind, start, self.before, mark))
    }
}
