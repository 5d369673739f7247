//! Statements and declarations of names.

use super::super::kinds::{Field, Kind};
use super::lex::Tok;
use super::quick::Parser;

impl Parser<'_> {
    /// One statement, which waits for its block.
    pub(super) fn statement(&mut self) -> Option<()> {
        let made = self.nested(Self::any_statement)?;
        self.push(made);
        Some(())
    }

    /// A statement that stands in this place of another one.
    fn statement_as(&mut self, field: Field) -> Option<()> {
        let made = self.nested(Self::any_statement)?;
        self.push_as(field, made);
        Some(())
    }

    pub(super) fn any_statement(&mut self) -> Option<u32> {
        let start = self.token.start;
        match self.token.tok {
            Tok::OpenBrace => self.block(false),
            Tok::Const if self.has_types() && self.text(self.peek()) == b"enum" => self.enumeration(start),
            Tok::Var | Tok::Const => self.declaration(),
            Tok::Function => self.function_declaration(start, false),
            Tok::Class => self.class_declaration(start, self.mark()),
            Tok::At => self.decorated(),
            Tok::If => self.if_statement(),
            Tok::For => self.for_statement(),
            Tok::While => self.while_statement(),
            Tok::Do => self.do_statement(),
            Tok::Try => self.try_statement(),
            Tok::Switch => self.switch_statement(),
            Tok::With => self.with_statement(),
            Tok::Return => self.return_statement(),
            Tok::Throw => self.throw_statement(),
            Tok::Break => self.jump(Kind::BreakStatement),
            Tok::Continue => self.jump(Kind::ContinueStatement),
            Tok::Debugger => {
                self.advance();
                self.semicolon(false)?;
                Some(self.leaf(Kind::Other, start))
            }
            Tok::Semicolon => Some(self.token_leaf(Kind::EmptyStatement)),
            Tok::Import if !matches!(self.peek().tok, Tok::OpenParen | Tok::Dot) => self.import_statement(),
            Tok::Export => self.export_statement(start, self.mark()),
            Tok::Name => self.statement_by_name(),
            _ => self.expression_statement(),
        }
    }

    /// A statement that begins with a word which is a keyword only here.
    fn statement_by_name(&mut self) -> Option<u32> {
        let start = self.token.start;
        let next = self.peek();
        if next.tok == Tok::Colon {
            return self.labelled();
        }
        match self.text(self.token) {
            b"let" => match next.tok {
                Tok::Name | Tok::OpenBrace | Tok::OpenBracket if !next.is_first => self.declaration(),
                _ => None,
            },
            b"async" if next.tok == Tok::Function && !next.is_first => self.function_declaration(start, true),
            b"using" | b"accessor" => None,
            _ if self.has_types() => match self.typed_declaration(start)? {
                Some(made) => Some(made),
                None => self.expression_statement(),
            },
            _ => self.expression_statement(),
        }
    }

    fn expression_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let expression = self.expressions(true)?;
        self.push(expression);
        self.semicolon(true)?;
        Some(self.close(Kind::ExpressionStatement, start, mark))
    }

    fn labelled(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        if matches!(self.text(self.token), b"abstract" | b"enum" | b"interface") {
            return None;
        }
        let label = self.name(Kind::Other)?;
        self.push(label);
        self.expect(Tok::Colon)?;
        self.statement_as(Field::Body)?;
        Some(self.close(Kind::LabeledStatement, start, mark))
    }

    /// `{ … }`. `is_value`: it ends what may go on with an operator, as a function that is a value does.
    pub(super) fn block(&mut self, is_value: bool) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.expect(Tok::OpenBrace)?;
        // A block that begins with a label, or an object.
        if self.is(Tok::Name) && self.peek().tok == Tok::Colon {
            return None;
        }
        while !self.is(Tok::CloseBrace) {
            self.statement()?;
        }
        self.close_block(is_value)?;
        Some(self.close(Kind::StatementBlock, start, mark))
    }

    // ── Names ───────────────────────────────────────────────────────────────────────────────────────

    /// `const a = …, b = …;`
    pub(super) fn declaration(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let kind = self.declaring_kind();
        self.advance();
        let goes_on = self.declarators(true)?;
        self.semicolon(goes_on)?;
        Some(self.close(kind, start, mark))
    }

    fn declaring_kind(&self) -> Kind {
        if self.is(Tok::Var) { Kind::VariableDeclaration } else { Kind::LexicalDeclaration }
    }

    /// Whether an operator might follow the last one.
    fn declarators(&mut self, with_in: bool) -> Option<bool> {
        loop {
            let (start, mark) = (self.token.start, self.mark());
            let target = self.binding_target()?;
            let (declarator, goes_on) = self.declarator(target, start, mark, with_in)?;
            self.push(declarator);
            if !self.take(Tok::Comma) {
                return Some(goes_on);
            }
        }
    }

    /// What follows a declared name.
    fn declarator(&mut self, target: u32, start: usize, mark: usize, with_in: bool) -> Option<(u32, bool)> {
        self.push_as(Field::Name, target);
        if self.has_types() {
            // `let a!: T`
            if self.is(Tok::Not) {
                if self.kind(target) != Kind::Identifier {
                    return None;
                }
                self.advance();
                let annotation = self.annotation()?;
                self.push_as(Field::Type, annotation);
                return Some((self.close(Kind::VariableDeclarator, start, mark), false));
            }
            if self.is(Tok::Colon) {
                let annotation = self.annotation()?;
                self.push_as(Field::Type, annotation);
            }
        }
        let has_value = self.take(Tok::Assign);
        if has_value {
            let value = self.assignment(with_in)?;
            self.push_as(Field::Value, value);
        }
        Some((self.close(Kind::VariableDeclarator, start, mark), has_value))
    }

    // ── Branches and loops ──────────────────────────────────────────────────────────────────────────

    /// `(condition)`
    fn condition(&mut self, field: Field) -> Option<()> {
        let (start, mark) = (self.token.start, self.mark());
        self.expect(Tok::OpenParen)?;
        let inner = self.expressions(true)?;
        self.push(inner);
        self.expect(Tok::CloseParen)?;
        let condition = self.close(Kind::ParenthesizedExpression, start, mark);
        self.push_as(field, condition);
        Some(())
    }

    fn if_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        self.condition(Field::Condition)?;
        self.statement_as(Field::Consequence)?;
        if self.is(Tok::Else) {
            let (start, mark) = (self.token.start, self.mark());
            self.advance();
            self.statement()?;
            let clause = self.close(Kind::ElseClause, start, mark);
            self.push_as(Field::Alternative, clause);
        }
        Some(self.close(Kind::IfStatement, start, mark))
    }

    fn while_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        self.condition(Field::Condition)?;
        self.statement_as(Field::Body)?;
        Some(self.close(Kind::WhileStatement, start, mark))
    }

    fn do_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        self.statement_as(Field::Body)?;
        self.expect(Tok::While)?;
        self.condition(Field::Condition)?;
        // Its semicolon may be left out anywhere.
        let _ = self.semicolon(false);
        Some(self.close(Kind::DoStatement, start, mark))
    }

    fn with_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        self.condition(Field::Object)?;
        self.statement_as(Field::Body)?;
        Some(self.close(Kind::WithStatement, start, mark))
    }

    fn for_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let is_async = self.take_word(b"await");
        self.expect(Tok::OpenParen)?;
        match self.token.tok {
            Tok::Semicolon => {
                let nothing = self.token_leaf(Kind::EmptyStatement);
                self.push_as(Field::Initializer, nothing);
            }
            Tok::Var | Tok::Const => {
                if self.for_declaration(is_async)? {
                    return self.for_in(start, mark);
                }
            }
            Tok::Name if self.text(self.token) == b"let" => {
                if self.for_declaration(is_async)? {
                    return self.for_in(start, mark);
                }
            }
            Tok::Name if matches!(self.text(self.token), b"using" | b"async") => return None,
            _ => {
                let first = self.expressions(false)?;
                if self.is(Tok::In) || self.is_word(b"of") {
                    self.make_target(first)?;
                    self.push_as(Field::Left, first);
                    return self.for_in(start, mark);
                }
                self.push_as(Field::Initializer, first);
                self.expect(Tok::Semicolon)?;
            }
        }
        if is_async {
            return None;
        }
        let condition = match self.is(Tok::Semicolon) {
            true => self.token_leaf(Kind::EmptyStatement),
            false => {
                let condition = self.expressions(true)?;
                self.expect(Tok::Semicolon)?;
                condition
            }
        };
        self.push_as(Field::Condition, condition);
        if !self.is(Tok::CloseParen) {
            let increment = self.expressions(true)?;
            self.push_as(Field::Increment, increment);
        }
        self.expect(Tok::CloseParen)?;
        self.statement_as(Field::Body)?;
        Some(self.close(Kind::ForStatement, start, mark))
    }

    /// What a `for` declares; whether it is one over what is in or of something.
    fn for_declaration(&mut self, is_async: bool) -> Option<bool> {
        let (start, mark) = (self.token.start, self.mark());
        let (declaring, keyword) = (self.declaring_kind(), self.token);
        self.advance();
        // The grammar reads `for await (let [a] of b)` as if it were about `let[a]`.
        if is_async && keyword.tok == Tok::Name && self.is(Tok::OpenBracket) {
            return None;
        }
        let (inner, inner_mark) = (self.token.start, self.mark());
        let target = self.binding_target()?;
        if self.is(Tok::In) || self.is_word(b"of") {
            let kind = if keyword.tok == Tok::Var { Kind::Var } else { Kind::Other };
            let sign = self.grow.sign(kind, keyword.start, keyword.end);
            self.push_as(Field::Kind, sign);
            self.push_as(Field::Left, target);
            return Some(true);
        }
        let (declarator, _) = self.declarator(target, inner, inner_mark, false)?;
        self.push(declarator);
        if self.take(Tok::Comma) {
            self.declarators(false)?;
        }
        self.expect(Tok::Semicolon)?;
        let declaration = self.close(declaring, start, mark);
        self.push_as(Field::Initializer, declaration);
        Some(false)
    }

    /// `of rows) …`
    fn for_in(&mut self, start: usize, mark: usize) -> Option<u32> {
        let kind = if self.is(Tok::In) { Kind::In } else { Kind::Other };
        let operator = self.sign(kind);
        self.push_as(Field::Operator, operator);
        let right = self.expressions(true)?;
        self.push_as(Field::Right, right);
        self.expect(Tok::CloseParen)?;
        self.statement_as(Field::Body)?;
        Some(self.close(Kind::ForInStatement, start, mark))
    }

    fn try_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let body = self.block(false)?;
        self.push_as(Field::Body, body);
        if self.is(Tok::Catch) {
            let (start, mark) = (self.token.start, self.mark());
            self.advance();
            if self.take(Tok::OpenParen) {
                let parameter = self.binding_target()?;
                self.push_as(Field::Parameter, parameter);
                if self.has_types() && self.is(Tok::Colon) {
                    let annotation = self.annotation()?;
                    self.push_as(Field::Type, annotation);
                }
                self.expect(Tok::CloseParen)?;
            }
            let body = self.block(false)?;
            self.push_as(Field::Body, body);
            let clause = self.close(Kind::CatchClause, start, mark);
            self.push_as(Field::Handler, clause);
        }
        if self.is(Tok::Finally) {
            let (start, mark) = (self.token.start, self.mark());
            self.advance();
            let body = self.block(false)?;
            self.push_as(Field::Body, body);
            let clause = self.close(Kind::FinallyClause, start, mark);
            self.push_as(Field::Finalizer, clause);
        }
        Some(self.close(Kind::TryStatement, start, mark))
    }

    fn switch_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        self.condition(Field::Value)?;
        let (body_start, body_mark) = (self.token.start, self.mark());
        self.expect(Tok::OpenBrace)?;
        while !self.is(Tok::CloseBrace) {
            let (start, mark) = (self.token.start, self.mark());
            let kind = match self.token.tok {
                Tok::Case => {
                    self.advance();
                    let value = self.expressions(true)?;
                    self.push_as(Field::Value, value);
                    Kind::SwitchCase
                }
                Tok::Default => {
                    self.advance();
                    Kind::SwitchDefault
                }
                _ => return None,
            };
            self.expect(Tok::Colon)?;
            while !matches!(self.token.tok, Tok::Case | Tok::Default | Tok::CloseBrace) {
                self.statement_as(Field::Body)?;
            }
            let case = self.close(kind, start, mark);
            self.push(case);
        }
        self.advance();
        let body = self.close(Kind::Other, body_start, body_mark);
        self.push_as(Field::Body, body);
        Some(self.close(Kind::SwitchStatement, start, mark))
    }

    // ── Leaving ─────────────────────────────────────────────────────────────────────────────────────

    fn return_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        if self.semicolon(false).is_none() {
            let value = self.expressions(true)?;
            self.push(value);
            self.semicolon(true)?;
        }
        Some(self.close(Kind::ReturnStatement, start, mark))
    }

    fn throw_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let value = self.expressions(true)?;
        self.push(value);
        self.semicolon(true)?;
        Some(self.close(Kind::ThrowStatement, start, mark))
    }

    /// `break` or `continue`.
    fn jump(&mut self, kind: Kind) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        if self.is(Tok::Name) && !self.token.is_first {
            let label = self.token_leaf(Kind::Other);
            self.push(label);
        }
        self.semicolon(false)?;
        Some(self.close(kind, start, mark))
    }
}
