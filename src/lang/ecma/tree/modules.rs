//! Imports, exports, and what else only modules and declarations of types have.

use super::super::kinds::{Field, Kind};
use super::lex::Tok;
use super::quick::Parser;

impl Parser<'_> {
    // ── Imports ─────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn import_statement(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        if self.is(Tok::String) {
            self.module()?;
            return self.end_import(start, mark);
        }
        if self.has_types() && self.is_word(b"type") {
            let next = self.peek();
            let is_type = match next.tok {
                Tok::OpenBrace | Tok::Star => true,
                Tok::Name => self.text(next) != b"from",
                _ => false,
            };
            if !is_type {
                return None;
            }
            self.advance();
        }
        if self.has_types() && self.is(Tok::Name) && self.peek().tok == Tok::Assign {
            return self.import_by_assignment(start, mark);
        }
        let (clause_start, clause_mark) = (self.token.start, self.mark());
        let mut has_more = true;
        if self.is(Tok::Name) {
            let name = self.token_leaf(Kind::Identifier);
            self.push(name);
            has_more = self.take(Tok::Comma);
        }
        if has_more {
            let part = match self.token.tok {
                Tok::Star => {
                    let (start, mark) = (self.token.start, self.mark());
                    self.advance();
                    self.take_word(b"as").then_some(())?;
                    let name = self.name(Kind::Identifier)?;
                    self.push(name);
                    self.close(Kind::NamespaceImport, start, mark)
                }
                Tok::OpenBrace => self.specifiers(Kind::NamedImports, Kind::ImportSpecifier)?,
                _ => return None,
            };
            self.push(part);
        }
        let clause = self.close(Kind::ImportClause, clause_start, clause_mark);
        self.push(clause);
        self.take_word(b"from").then_some(())?;
        self.module()?;
        self.end_import(start, mark)
    }

    fn end_import(&mut self, start: usize, mark: usize) -> Option<u32> {
        if self.is(Tok::With) {
            return None;
        }
        self.semicolon(false)?;
        Some(self.close(Kind::ImportStatement, start, mark))
    }

    /// The name of a module, in quotes.
    fn module(&mut self) -> Option<()> {
        if !self.is(Tok::String) {
            return None;
        }
        let module = self.token_leaf(Kind::String);
        self.push_as(Field::Source, module);
        Some(())
    }

    /// `{ a, b as c }`
    fn specifiers(&mut self, list: Kind, each: Kind) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.expect(Tok::OpenBrace)?;
        while !self.is(Tok::CloseBrace) {
            let (start, mark) = (self.token.start, self.mark());
            if self.has_types() && self.is_word(b"type") {
                let next = self.peek();
                match next.tok {
                    Tok::Name if self.text(next) == b"as" => return None,
                    Tok::Name => self.advance(),
                    _ => return None,
                }
            }
            let name = self.specified_name()?;
            self.push_as(Field::Name, name);
            if self.take_word(b"as") {
                let alias = self.specified_name()?;
                self.push_as(Field::Alias, alias);
            }
            let specifier = self.close(each, start, mark);
            self.push(specifier);
            if !self.take(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::CloseBrace)?;
        Some(self.close(list, start, mark))
    }

    fn specified_name(&mut self) -> Option<u32> {
        match self.token.tok {
            Tok::Name => Some(self.token_leaf(Kind::Identifier)),
            Tok::String => Some(self.token_leaf(Kind::String)),
            Tok::Default if self.has_types() => Some(self.token_leaf(Kind::Identifier)),
            Tok::Default => Some(self.sign(Kind::Default)),
            _ => None,
        }
    }

    /// `import a = require("b")`, `import a = b.c`
    fn import_by_assignment(&mut self, start: usize, mark: usize) -> Option<u32> {
        let clause_start = self.token.start;
        let name = self.token_leaf(Kind::Identifier);
        self.push(name);
        self.expect(Tok::Assign)?;
        if self.is_word(b"require") && self.peek().tok == Tok::OpenParen {
            self.advance();
            self.advance();
            self.module()?;
            self.expect(Tok::CloseParen)?;
            let clause = self.close(Kind::ImportRequireClause, clause_start, mark);
            self.push(clause);
            self.semicolon(false)?;
            return Some(self.close(Kind::ImportStatement, start, mark));
        }
        if self.is_word(b"require") {
            return None;
        }
        let target = self.nested_name(Kind::NestedIdentifier)?;
        self.push(target);
        self.semicolon(false)?;
        Some(self.close(Kind::ImportAlias, start, mark))
    }

    /// `a.b.c`, outermost part last.
    fn nested_name(&mut self, kind: Kind) -> Option<u32> {
        let start = self.token.start;
        let mut made = self.name(Kind::Identifier)?;
        while self.is(Tok::Dot) {
            let mark = self.mark();
            self.push_as(Field::Object, made);
            self.advance();
            let property = self.name(Kind::PropertyIdentifier)?;
            self.push_as(Field::Property, property);
            // What stands inside of another one has a name of its own.
            if self.kind(made) == kind {
                self.grow.set_kind(made, Kind::MemberExpression);
            }
            made = self.close(kind, start, mark);
        }
        Some(made)
    }

    // ── Exports ─────────────────────────────────────────────────────────────────────────────────────

    /// `export …`, decorators before it waiting since `mark`.
    pub(super) fn export_statement(&mut self, start: usize, mark: usize) -> Option<u32> {
        let is_decorated = self.mark() > mark;
        self.expect(Tok::Export)?;
        // The grammar takes an `export` that stands alone for a name.
        if self.token.is_first {
            return None;
        }
        match self.token.tok {
            Tok::Default => return self.export_default(start, mark),
            _ if is_decorated => {}
            Tok::Star => {
                let (part_start, part_mark) = (self.token.start, self.mark());
                self.advance();
                if self.take_word(b"as") {
                    let name = self.specified_name()?;
                    self.push(name);
                    let namespace = self.close(Kind::NamespaceExport, part_start, part_mark);
                    self.push(namespace);
                }
                self.take_word(b"from").then_some(())?;
                self.module()?;
                return self.end_export(start, mark);
            }
            Tok::OpenBrace => return self.export_clause(start, mark),
            Tok::Assign if self.has_types() => {
                let sign = self.sign(Kind::Equals);
                self.push(sign);
                let value = self.assignment(true)?;
                self.push(value);
                self.semicolon(true)?;
                return Some(self.close(Kind::ExportStatement, start, mark));
            }
            Tok::Name if self.has_types() && self.is_word(b"type") && self.peek().tok == Tok::OpenBrace => {
                self.advance();
                return self.export_clause(start, mark);
            }
            // `export as namespace A`
            Tok::Name if self.is_word(b"as") => return None,
            _ => {}
        }
        let declared = self.exported_declaration()?;
        self.push_as(Field::Declaration, declared);
        Some(self.close(Kind::ExportStatement, start, mark))
    }

    fn export_clause(&mut self, start: usize, mark: usize) -> Option<u32> {
        let clause = self.specifiers(Kind::ExportClause, Kind::ExportSpecifier)?;
        self.push(clause);
        if self.is_word(b"from") && !self.token.is_first {
            self.advance();
            self.module()?;
        }
        self.end_export(start, mark)
    }

    fn end_export(&mut self, start: usize, mark: usize) -> Option<u32> {
        if self.is(Tok::With) {
            return None;
        }
        self.semicolon(false)?;
        Some(self.close(Kind::ExportStatement, start, mark))
    }

    /// A declaration behind `export` or `declare`.
    fn exported_declaration(&mut self) -> Option<u32> {
        let start = self.token.start;
        match self.token.tok {
            Tok::Const if self.has_types() && self.text(self.peek()) == b"enum" => self.enumeration(start),
            Tok::Var | Tok::Const => self.declaration(),
            Tok::Function => self.function_declaration(start, false),
            Tok::Class => self.class_declaration(start, self.mark()),
            Tok::At => {
                let mark = self.mark();
                self.decorators()?;
                self.is(Tok::Class).then_some(())?;
                self.class_declaration(start, mark)
            }
            Tok::Import if self.has_types() => {
                let made = self.import_statement()?;
                (self.kind(made) == Kind::ImportAlias).then_some(made)
            }
            Tok::Name => match self.text(self.token) {
                b"let" if !self.peek().is_first => self.declaration(),
                b"async" if self.peek().tok == Tok::Function => self.function_declaration(start, true),
                b"namespace" if self.has_types() => self.namespace(),
                _ if self.has_types() => self.typed_declaration(start)?,
                _ => None,
            },
            _ => None,
        }
    }

    fn export_default(&mut self, start: usize, mark: usize) -> Option<u32> {
        let default = self.sign(Kind::Default);
        self.push(default);
        let (value_start, next) = (self.token.start, self.peek());
        let declared = match self.token.tok {
            Tok::Function => matches!(next.tok, Tok::Name) || (next.tok == Tok::Star && self.is_named_generator()),
            Tok::Class => next.tok == Tok::Name && !matches!(self.text(next), b"implements"),
            Tok::At => return None,
            Tok::Name => match self.text(self.token) {
                b"async" if next.tok == Tok::Function => {
                    // Whether it has a name stands behind both.
                    let third = super::lex::token(self.source, next.end);
                    if third.tok == Tok::Star {
                        return None;
                    }
                    third.tok == Tok::Name
                }
                b"abstract" | b"interface" | b"enum" if self.has_types() && next.tok.is_word() && !next.is_first => {
                    true
                }
                b"type" | b"namespace" | b"declare" | b"module" | b"abstract" | b"interface" | b"enum"
                    if self.has_types() =>
                {
                    return None;
                }
                _ => false,
            },
            _ => false,
        };
        if declared {
            let declared = self.exported_declaration()?;
            self.push_as(Field::Declaration, declared);
            return Some(self.close(Kind::ExportStatement, start, mark));
        }
        let _ = value_start;
        let value = self.assignment(true)?;
        self.push_as(Field::Value, value);
        self.semicolon(true)?;
        Some(self.close(Kind::ExportStatement, start, mark))
    }

    /// Whether a name stands behind `function *`.
    fn is_named_generator(&self) -> bool {
        super::lex::token(self.source, self.peek().end).tok == Tok::Name
    }

    // ── TypeScript's declarations ───────────────────────────────────────────────────────────────────

    /// A declaration that begins with a word which is a keyword only there; nothing inside if it is an expression, and
    /// nothing at all if that is not sure.
    #[expect(clippy::option_option, reason = "what is not known is something else than what is not there")]
    pub(super) fn typed_declaration(&mut self, start: usize) -> Option<Option<u32>> {
        let next = self.peek();
        let is_named = next.tok == Tok::Name && !next.is_first;
        let made = match self.text(self.token) {
            b"type" if is_named => self.type_alias(start)?,
            b"interface" if is_named => self.interface(start)?,
            b"enum" if is_named => self.enumeration(start)?,
            b"abstract" if next.tok == Tok::Class && !next.is_first => {
                let mark = self.mark();
                self.advance();
                self.class_after_modifiers(Kind::AbstractClassDeclaration, start, mark)?
            }
            b"namespace" if is_named => {
                let mark = self.mark();
                let namespace = self.namespace()?;
                if self.is(Tok::Semicolon) {
                    return None;
                }
                self.push(namespace);
                self.semicolon(true)?;
                self.close(Kind::ExpressionStatement, start, mark)
            }
            b"module" if is_named || (next.tok == Tok::String && !next.is_first) => self.ambient_module(start)?,
            b"declare" if next.tok.is_word() && !next.is_first => self.ambient(start)?,
            // They begin nothing else that is surely an expression.
            b"interface" | b"enum" | b"abstract" | b"declare" | b"namespace" | b"global" => return None,
            _ => return Some(None),
        };
        Some(Some(made))
    }

    fn type_alias(&mut self, start: usize) -> Option<u32> {
        let mark = self.mark();
        self.advance();
        let name = self.name(Kind::TypeIdentifier)?;
        self.push_as(Field::Name, name);
        self.type_parameters()?;
        self.expect(Tok::Assign)?;
        let value = self.type_()?;
        self.push_as(Field::Value, value);
        self.semicolon(false)?;
        Some(self.close(Kind::TypeAliasDeclaration, start, mark))
    }

    fn interface(&mut self, start: usize) -> Option<u32> {
        let mark = self.mark();
        self.advance();
        let name = self.name(Kind::TypeIdentifier)?;
        self.push_as(Field::Name, name);
        self.type_parameters()?;
        if self.is(Tok::Extends) {
            let (start, mark) = (self.token.start, self.mark());
            self.advance();
            loop {
                let base = self.named_type()?;
                self.push_as(Field::Type, base);
                if !self.take(Tok::Comma) {
                    break;
                }
            }
            let clause = self.close(Kind::ExtendsTypeClause, start, mark);
            self.push(clause);
        }
        let body = self.object_type(Kind::InterfaceBody)?;
        self.push_as(Field::Body, body);
        Some(self.close(Kind::InterfaceDeclaration, start, mark))
    }

    /// `enum A { B, C = 1 }`
    pub(super) fn enumeration(&mut self, start: usize) -> Option<u32> {
        let mark = self.mark();
        self.take(Tok::Const);
        self.advance();
        let name = self.name(Kind::Identifier)?;
        self.push_as(Field::Name, name);
        let (body_start, body_mark) = (self.token.start, self.mark());
        self.expect(Tok::OpenBrace)?;
        while !self.is(Tok::CloseBrace) {
            let (start, mark) = (self.token.start, self.mark());
            let name = self.property_name()?;
            self.push_as(Field::Name, name);
            if self.take(Tok::Assign) {
                let value = self.assignment(true)?;
                self.push_as(Field::Value, value);
                let member = self.close(Kind::EnumAssignment, start, mark);
                self.push(member);
            }
            if !self.take(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::CloseBrace)?;
        let body = self.close(Kind::EnumBody, body_start, body_mark);
        self.push_as(Field::Body, body);
        Some(self.close(Kind::EnumDeclaration, start, mark))
    }

    /// `namespace A.B { … }`
    fn namespace(&mut self) -> Option<u32> {
        let (start, mark) = (self.token.start, self.mark());
        self.advance();
        let name = self.nested_name(Kind::NestedIdentifier)?;
        self.push_as(Field::Name, name);
        if self.token.is_first {
            return None;
        }
        let body = self.block(true)?;
        self.push_as(Field::Body, body);
        Some(self.close(Kind::InternalModule, start, mark))
    }

    /// `module "a" { … }`
    fn ambient_module(&mut self, start: usize) -> Option<u32> {
        let mark = self.mark();
        self.advance();
        let name = match self.token.tok {
            Tok::String => self.token_leaf(Kind::String),
            _ => self.nested_name(Kind::NestedIdentifier)?,
        };
        self.push_as(Field::Name, name);
        let body = self.block(false)?;
        self.push_as(Field::Body, body);
        Some(self.close(Kind::Module, start, mark))
    }

    /// `declare …`
    fn ambient(&mut self, start: usize) -> Option<u32> {
        let mark = self.mark();
        self.advance();
        let inner = match self.token.tok {
            Tok::Name if self.is_word(b"global") => {
                self.advance();
                self.block(false)?
            }
            Tok::Name if self.is_word(b"declare") => return None,
            _ => self.exported_declaration()?,
        };
        self.push(inner);
        Some(self.close(Kind::AmbientDeclaration, start, mark))
    }
}
