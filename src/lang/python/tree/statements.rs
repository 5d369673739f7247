//! Statements of one line: imports, assignments, expressions.

use super::super::kinds::{Field, Kind};
use super::lex::{Tok, token};
use super::quick::Parser;

impl Parser<'_> {
    pub(super) fn simple_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let kind = match self.token.tok {
            Tok::Import => return self.import(),
            Tok::From => return self.import_from(),
            Tok::Pass => Kind::PassStatement,
            Tok::Break => Kind::BreakStatement,
            Tok::Continue => Kind::ContinueStatement,
            Tok::Return => Kind::ReturnStatement,
            Tok::Raise => Kind::RaiseStatement,
            Tok::Del => Kind::DeleteStatement,
            Tok::Assert => Kind::AssertStatement,
            Tok::Global => Kind::GlobalStatement,
            Tok::Nonlocal => Kind::NonlocalStatement,
            _ => return self.expression_statement(),
        };
        self.advance();
        let is_bare = self.is(Tok::Newline) || self.is(Tok::Semicolon);
        match kind {
            Kind::ReturnStatement if !is_bare => {
                let value = self.expressions()?;
                self.push(value);
            }
            Kind::DeleteStatement => {
                let value = self.expressions()?;
                self.push(value);
            }
            Kind::RaiseStatement if !is_bare => {
                let value = self.expressions()?;
                self.push(value);
                if self.take(Tok::From) {
                    let cause = self.expression()?;
                    self.push(cause);
                }
            }
            Kind::AssertStatement => loop {
                let value = self.expression()?;
                self.push(value);
                if !self.take(Tok::Comma) {
                    break;
                }
            },
            Kind::GlobalStatement | Kind::NonlocalStatement => loop {
                let name = self.name()?;
                self.push(name);
                if !self.take(Tok::Comma) {
                    break;
                }
            },
            _ => {}
        }
        Some(self.close(kind, start, self.before, mark))
    }

    fn import(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        self.imported()?;
        Some(self.close(Kind::ImportStatement, start, self.before, mark))
    }

    fn import_from(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let mut kind = Kind::ImportFromStatement;
        if self.is(Tok::Dot) || self.is(Tok::Ellipsis) {
            let (start, mark) = (self.token.start, self.mark());
            while self.take(Tok::Dot) || self.take(Tok::Ellipsis) {}
            if !self.is(Tok::Import) {
                self.dotted_name()?;
            }
            let module = self.close(Kind::Other, start, self.before, mark);
            self.push_as(Field::ModuleName, module);
        } else if self.source.get(self.token.start..self.token.end) == Some(b"__future__") {
            kind = Kind::FutureImportStatement;
            self.advance();
        } else {
            let module = self.dotted_name()?;
            self.push_as(Field::ModuleName, module);
        }
        self.expect(Tok::Import)?;
        if self.is(Tok::Star) && kind == Kind::ImportFromStatement {
            let star = self.token_leaf(Kind::WildcardImport);
            self.push(star);
        } else if self.is(Tok::OpenParen) {
            self.enter();
            self.imported()?;
            self.leave(Tok::CloseParen)?;
        } else {
            self.imported()?;
        }
        Some(self.close(kind, start, self.before, mark))
    }

    /// `a.b as c, d`
    fn imported(&mut self) -> Option<()> {
        loop {
            let mark = self.mark();
            let name = self.dotted_name()?;
            let start = self.start(name);
            if self.take(Tok::As) {
                self.push_as(Field::Name, name);
                let alias = self.name()?;
                self.push_as(Field::Alias, alias);
                let import = self.close(Kind::AliasedImport, start, self.before, mark);
                self.push_as(Field::Name, import);
            } else {
                self.push_as(Field::Name, name);
            }
            if !self.take(Tok::Comma) || !self.is(Tok::Name) {
                return Some(());
            }
        }
    }

    pub(super) fn dotted_name(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        loop {
            let name = self.name()?;
            self.push(name);
            if !self.take(Tok::Dot) {
                return Some(self.close(Kind::DottedName, start, self.before, mark));
            }
        }
    }

    /// An expression, several of them, or an assignment.
    fn expression_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        if self.is(Tok::Yield) {
            let value = self.yield_expression()?;
            self.push(value);
            return Some(self.close(Kind::ExpressionStatement, start, self.before, mark));
        }
        if self.is_word(b"type") && token(self.source, self.token.end, false).tok == Tok::Name {
            return self.type_alias();
        }
        let has_comma = self.listed()?;
        // Behind a last comma the grammar may go on in the next line.
        let ends_in_comma = has_comma && self.source.get(self.before - 1) == Some(&b',');
        // The grammar takes `type(x).y = z` for a name of a type.
        let is_type = self.source[start..].starts_with(b"type") && !self.is_plain_name(mark);
        if is_type && self.is(Tok::Equals) {
            return None;
        }
        let assigned = match self.token.tok {
            Tok::Equals | Tok::Augmented => {
                let left = self.assigned_to(start, mark, has_comma)?;
                self.assignment(start, left)?
            }
            Tok::Colon if !has_comma => {
                let left = self.assigned_to(start, mark, false)?;
                let mark = self.mark();
                self.push_as(Field::Left, left);
                self.advance();
                let annotation = self.annotation()?;
                self.push_as(Field::Type, annotation);
                if self.take(Tok::Equals) {
                    let right = self.right_side()?;
                    self.push_as(Field::Right, right);
                }
                self.close(Kind::Assignment, start, self.before, mark)
            }
            _ if ends_in_comma => return None,
            _ => return Some(self.close(Kind::ExpressionStatement, start, self.before, mark)),
        };
        self.push(assigned);
        Some(self.close(Kind::ExpressionStatement, start, self.before, mark))
    }

    /// Whether a name waits first since `mark`.
    fn is_plain_name(&self, mark: usize) -> bool {
        self.waiting(mark).is_some_and(|node| self.kind(node) == Kind::Identifier)
    }

    fn type_alias(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let left = self.annotation()?;
        self.push_as(Field::Left, left);
        self.expect(Tok::Equals)?;
        let right = self.annotation()?;
        self.push_as(Field::Right, right);
        Some(self.close(Kind::TypeAliasStatement, start, self.before, mark))
    }

    /// What was read as expressions since `mark`, as the target of an assignment.
    fn assigned_to(&mut self, start: usize, mark: usize, has_comma: bool) -> Option<u32> {
        let parts = self.take_back(mark);
        for &part in &parts {
            self.make_pattern(part)?;
            self.push(part);
        }
        match has_comma {
            true => Some(self.close(Kind::PatternList, start, self.before, mark)),
            false => self.take_back(mark).pop(),
        }
    }

    /// `= right` or `+= right`, behind `left`.
    fn assignment(&mut self, start: usize, left: u32) -> Option<u32> {
        let mark = self.mark();
        self.push_as(Field::Left, left);
        let mut kind = Kind::Assignment;
        if self.is(Tok::Augmented) {
            kind = Kind::AugmentedAssignment;
            let operator = self.mark_leaf(Kind::Other, self.token.start, self.token.end);
            self.push_as(Field::Operator, operator);
        }
        self.advance();
        let right = self.right_side()?;
        self.push_as(Field::Right, right);
        Some(self.close(kind, start, self.before, mark))
    }

    fn right_side(&mut self) -> Option<u32> {
        if self.is(Tok::Yield) {
            return self.yield_expression();
        }
        let (start, mark) = (self.token.start, self.mark());
        let has_comma = self.listed()?;
        if self.is(Tok::Equals) {
            let left = self.assigned_to(start, mark, has_comma)?;
            return self.nested(|parser| parser.assignment(start, left));
        }
        Some(self.list_of(start, mark, has_comma))
    }

    /// `a`, or `a, b` as one.
    pub(super) fn expressions(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        let has_comma = self.listed()?;
        Some(self.list_of(start, mark, has_comma))
    }

    fn list_of(&mut self, start: usize, mark: usize, has_comma: bool) -> u32 {
        match self.waiting(mark) {
            Some(only) if !has_comma => {
                self.take_back(mark);
                only
            }
            _ => self.close(Kind::ExpressionList, start, self.before, mark),
        }
    }

    /// Pushes `a, b`; tells whether there is a comma.
    fn listed(&mut self) -> Option<bool> {
        let mut has_comma = false;
        loop {
            let part = self.starred_name()?;
            self.push(part);
            if !self.take(Tok::Comma) {
                return Some(has_comma);
            }
            has_comma = true;
            let ends = matches!(
                self.token.tok,
                Tok::Newline
                    | Tok::Semicolon
                    | Tok::Equals
                    | Tok::Augmented
                    | Tok::Colon
                    | Tok::CloseBrace
                    | Tok::CloseParen
            );
            if ends {
                return Some(true);
            }
        }
    }
}
