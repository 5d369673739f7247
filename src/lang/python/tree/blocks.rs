//! Statements with blocks: branches, loops, functions, classes.

use super::super::kinds::{Field, Kind};
use super::lex::Tok;
use super::quick::Parser;

impl Parser<'_> {
    pub(super) fn if_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.condition_and_block()?;
        while self.is_clause(Tok::Elif) {
            let (start, mark) = (self.token.start, self.mark());
            self.condition_and_block()?;
            let clause = self.close(Kind::ElifClause, start, self.last, mark);
            self.push_as(Field::Alternative, clause);
        }
        self.else_clause(Some(Field::Alternative))?;
        Some(self.close(Kind::IfStatement, start, self.last, mark))
    }

    /// `if condition: block`
    fn condition_and_block(&mut self) -> Option<()> {
        self.advance();
        let condition = self.expression()?;
        self.push_as(Field::Condition, condition);
        let block = self.suite()?;
        self.push_as(Field::Consequence, block);
        Some(())
    }

    /// Pushes the block of a statement.
    fn body(&mut self) -> Option<()> {
        let block = self.suite()?;
        self.push_as(Field::Body, block);
        Some(())
    }

    fn else_clause(&mut self, field: Option<Field>) -> Option<()> {
        if !self.is_clause(Tok::Else) {
            return Some(());
        }
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        self.body()?;
        let node = self.close(Kind::ElseClause, start, self.last, mark);
        match field {
            Some(field) => self.push_as(field, node),
            None => self.push(node),
        }
        Some(())
    }

    pub(super) fn for_statement(&mut self, start: usize) -> Option<u32> {
        let mark = self.mark();
        self.advance();
        let left = self.targets()?;
        self.push_as(Field::Left, left);
        self.expect(Tok::In)?;
        let right = self.expressions()?;
        self.push_as(Field::Right, right);
        self.body()?;
        self.else_clause(Some(Field::Alternative))?;
        Some(self.close(Kind::ForStatement, start, self.last, mark))
    }

    pub(super) fn while_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let condition = self.expression()?;
        self.push_as(Field::Condition, condition);
        self.body()?;
        self.else_clause(Some(Field::Alternative))?;
        Some(self.close(Kind::WhileStatement, start, self.last, mark))
    }

    pub(super) fn try_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        self.body()?;
        while self.is_clause(Tok::Except) {
            let clause = self.except_clause()?;
            self.push(clause);
        }
        self.else_clause(None)?;
        if self.is_clause(Tok::Finally) {
            let (start, mark) = (self.token.start, self.mark());
            self.advance();
            let block = self.suite()?;
            self.push(block);
            let clause = self.close(Kind::FinallyClause, start, self.last, mark);
            self.push(clause);
        }
        Some(self.close(Kind::TryStatement, start, self.last, mark))
    }

    fn except_clause(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        while !self.is(Tok::Colon) {
            let value = self.expression()?;
            let value = self.with_alias(value)?;
            self.push_as(Field::Value, value);
            if !self.take(Tok::Comma) {
                break;
            }
            if self.is(Tok::Colon) {
                return None;
            }
        }
        let block = self.suite()?;
        self.push(block);
        Some(self.close(Kind::ExceptClause, start, self.last, mark))
    }

    /// `value as target`, if that follows.
    fn with_alias(&mut self, value: u32) -> Option<u32> {
        if !self.is(Tok::As) {
            return Some(value);
        }
        // The grammar reads `a if b else c as d` from the right.
        let is_open = matches!(
            self.kind(value),
            Kind::ConditionalExpression
                | Kind::Lambda
                | Kind::NamedExpression
                | Kind::NotOperator
                | Kind::BooleanOperator
                | Kind::ComparisonOperator
        );
        if is_open {
            return None;
        }
        self.advance();
        let mark = self.mark();
        self.push(value);
        let target = self.expression()?;
        let inner = self.mark();
        self.push(target);
        let alias = self.close(Kind::AsPatternTarget, self.start(target), self.end(target), inner);
        self.push_as(Field::Alias, alias);
        Some(self.close(Kind::AsPattern, self.start(value), self.end(target), mark))
    }

    pub(super) fn with_statement(&mut self, start: usize) -> Option<u32> {
        let mark = self.mark();
        self.advance();
        let state = self.state();
        let clause = match self.items_in_brackets() {
            Some(clause) => clause,
            None => {
                self.go_back(&state);
                let (start, mark) = (self.token.start, self.mark());
                loop {
                    // The grammar takes a tuple apart.
                    self.with_item().filter(|&value| value != Kind::Tuple)?;
                    if !self.take(Tok::Comma) {
                        break;
                    }
                }
                self.close(Kind::WithClause, start, self.before, mark)
            }
        };
        self.push(clause);
        self.body()?;
        Some(self.close(Kind::WithStatement, start, self.last, mark))
    }

    /// Pushes `a as b`; tells what `a` is.
    fn with_item(&mut self) -> Option<Kind> {
        let (start, mark) = (self.token.start, self.mark());
        let value = self.expression()?;
        let kind = self.kind(value);
        let value = self.with_alias(value)?;
        self.push_as(Field::Value, value);
        let item = self.close(Kind::WithItem, start, self.before, mark);
        self.push(item);
        Some(kind)
    }

    /// `(a as b, c)`; a single one is an expression in brackets.
    fn items_in_brackets(&mut self) -> Option<u32> {
        if !self.is(Tok::OpenParen) {
            return None;
        }
        let (start, mark) = (self.token.start, self.mark());
        self.enter();
        while !self.is(Tok::CloseParen) {
            self.with_item()?;
            if !self.take(Tok::Comma) {
                break;
            }
        }
        let end = self.leave(Tok::CloseParen)?;
        let has_many = self.mark() > mark + 1;
        (self.is(Tok::Colon) && has_many).then(|| self.close(Kind::WithClause, start, end, mark))
    }

    pub(super) fn decorated(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        while self.is_clause(Tok::At) {
            let (start, mark) = (self.token.start, self.mark());
            self.advance();
            let expression = self.expression()?;
            self.push(expression);
            if !self.is(Tok::Newline) {
                return None;
            }
            let decorator = self.close(Kind::Decorator, start, self.token.start, mark);
            self.push(decorator);
            self.line()?;
        }
        if !self.is_aligned() {
            return None;
        }
        let definition = match self.token.tok {
            Tok::Class => self.class()?,
            Tok::Def => self.function(self.token.start)?,
            Tok::Async => self.async_statement().filter(|&made| self.kind(made) == Kind::FunctionDefinition)?,
            _ => return None,
        };
        self.push_as(Field::Definition, definition);
        Some(self.close(Kind::DecoratedDefinition, start, self.last, mark))
    }

    pub(super) fn class(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let name = self.name()?;
        self.push_as(Field::Name, name);
        self.type_parameters()?;
        if self.is(Tok::OpenParen) {
            let bases = self.arguments()?;
            if self.kind(bases) != Kind::ArgumentList {
                return None;
            }
            self.push_as(Field::Superclasses, bases);
        }
        self.body()?;
        Some(self.close(Kind::ClassDefinition, start, self.last, mark))
    }

    pub(super) fn function(&mut self, start: usize) -> Option<u32> {
        let mark = self.mark();
        self.advance();
        let name = self.name()?;
        self.push_as(Field::Name, name);
        self.type_parameters()?;
        let (list, inner) = (self.token.start, self.mark());
        if !self.is(Tok::OpenParen) {
            return None;
        }
        self.enter();
        self.parameters(Tok::CloseParen, true)?;
        let end = self.leave(Tok::CloseParen)?;
        let parameters = self.close(Kind::Parameters, list, end, inner);
        self.push_as(Field::Parameters, parameters);
        if self.take(Tok::Arrow) {
            let result = self.annotation()?;
            self.push_as(Field::ReturnType, result);
        }
        self.body()?;
        Some(self.close(Kind::FunctionDefinition, start, self.last, mark))
    }

    /// Pushes `[A, B: C, *D]` behind the name of a class or function, if that follows.
    fn type_parameters(&mut self) -> Option<()> {
        if !self.is(Tok::OpenBracket) {
            return Some(());
        }
        let (start, mark) = (self.token.start, self.mark());
        self.enter();
        loop {
            let _ = self.take(Tok::Star) || self.take(Tok::Power);
            self.annotation()?;
            if self.take(Tok::Colon) {
                self.annotation()?;
            }
            if !self.take(Tok::Comma) || self.is(Tok::CloseBracket) {
                break;
            }
        }
        let end = self.leave(Tok::CloseBracket)?;
        let parameters = self.close(Kind::Other, start, end, mark);
        self.push(parameters);
        Some(())
    }
}
