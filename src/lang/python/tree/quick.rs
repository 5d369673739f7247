//! One pass over the text of a file: tokens, nodes, lines and blocks.

use super::super::kinds::{Field, Kind};
use super::lex::{Tok, Token, comment_end, token};
use super::{Growing, Tree};
use crate::lang::tree::Grown;

/// How deep brackets, operators and blocks may nest in each other; deeper files are left to tree-sitter.
const MAX_NESTING: u32 = 100;

/// The tree of a file; nothing if it is not surely Python of the usual kind: then tree-sitter is to be asked.
pub(in super::super) fn quick(source: &str) -> Option<Tree> {
    let mut parser = Parser::new(source.as_bytes());
    let root = parser.file()?;
    Some(parser.grow.done(root))
}

/// Reads one file. Whatever it does not know, it answers with nothing, and all ends.
pub(super) struct Parser<'s> {
    pub(super) source: &'s [u8],
    pub(super) grow: Growing,
    pub(super) token: Token,
    /// Where the token before ended.
    pub(super) before: usize,
    /// How many brackets are open.
    pub(super) depth: u32,
    nesting: u32,
    /// How far the line is indented that the present statement begins.
    indent: usize,
    /// How far the lines of the present block are.
    level: usize,
    /// Comments on lines of their own, since the last statement: how far they are indented, and where they end.
    comments: Vec<(usize, usize)>,
    /// Where the last statement ended, a comment behind it and semicolons included.
    pub(super) last: usize,
}

/// Where a parser stands, to go back there.
pub(super) struct State {
    grown: Grown,
    token: Token,
    before: usize,
    depth: u32,
    nesting: u32,
}

impl<'s> Parser<'s> {
    fn new(source: &'s [u8]) -> Parser<'s> {
        Parser {
            source,
            grow: Growing::new(source.len()),
            token: Token { tok: Tok::Newline, start: 0, end: 0 },
            before: 0,
            depth: 0,
            nesting: 0,
            indent: 0,
            level: 0,
            comments: Vec::new(),
            last: 0,
        }
    }

    fn file(&mut self) -> Option<u32> {
        if memchr::memchr2(0, b'\x0c', self.source).is_some() {
            return None;
        }
        self.line()?;
        let (start, mark) = (self.token.start, self.mark());
        while !self.is(Tok::End) {
            if self.indent != 0 {
                return None;
            }
            self.statement()?;
        }
        Some(self.close(Kind::Module, start, self.source.len(), mark))
    }

    // ── Tokens and nodes ────────────────────────────────────────────────────────────────────────────

    /// Goes to the next token.
    pub(super) fn advance(&mut self) {
        self.before = self.token.end;
        self.token = token(self.source, self.token.end, self.depth > 0);
        if self.depth > 0 && self.is_outdented() {
            self.token.tok = Tok::Bad;
        }
    }

    /// Whether a line inside of brackets is indented less than its block, but for the one that closes them: there
    /// the grammar may end the block.
    fn is_outdented(&self) -> bool {
        let closes = matches!(self.token.tok, Tok::CloseParen | Tok::CloseBracket | Tok::CloseBrace);
        let between = &self.source[self.before..self.token.start];
        let column = |line: &[u8]| line.iter().map(|&byte| if byte == b'\t' { 8 } else { 1 }).sum::<usize>();
        let is_less = |end: usize| column(&between[end + 1..]) < self.level;
        !closes && memchr::memrchr(b'\n', between).is_some_and(is_less)
    }

    pub(super) fn is(&self, tok: Tok) -> bool {
        self.token.tok == tok
    }

    /// Goes on if this token is next.
    pub(super) fn take(&mut self, tok: Tok) -> bool {
        let is_next = self.is(tok);
        if is_next {
            self.advance();
        }
        is_next
    }

    pub(super) fn expect(&mut self, tok: Tok) -> Option<()> {
        self.take(tok).then_some(())
    }

    /// Goes past an opening bracket.
    pub(super) fn enter(&mut self) {
        self.depth += 1;
        self.advance();
    }

    /// Goes past a closing bracket, and gives its end.
    pub(super) fn leave(&mut self, closing: Tok) -> Option<usize> {
        if !self.is(closing) {
            return None;
        }
        self.depth -= 1;
        self.advance();
        Some(self.before)
    }

    /// Runs `inner` one level deeper.
    pub(super) fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.nesting += 1;
        let found = if self.nesting > MAX_NESTING { None } else { inner(self) };
        self.nesting -= 1;
        found
    }

    pub(super) fn mark(&self) -> usize {
        self.grow.mark()
    }

    /// Lets a node wait for its parent.
    pub(super) fn push(&mut self, node: u32) {
        self.grow.push(node);
    }

    pub(super) fn push_as(&mut self, field: Field, node: u32) {
        self.grow.push_as(field, node);
    }

    /// Takes back what waits since `mark`.
    pub(super) fn take_back(&mut self, mark: usize) -> Vec<u32> {
        self.grow.take_back(mark)
    }

    /// Makes a node of those that wait since `mark`.
    pub(super) fn close(&mut self, kind: Kind, start: usize, end: usize, mark: usize) -> u32 {
        self.grow.close(kind, start, end, mark)
    }

    /// A node without children.
    pub(super) fn leaf(&mut self, kind: Kind, start: usize, end: usize) -> u32 {
        self.grow.leaf(kind, start, end)
    }

    /// A node without children that is the present token.
    pub(super) fn token_leaf(&mut self, kind: Kind) -> u32 {
        let Token { start, end, .. } = self.token;
        self.advance();
        self.leaf(kind, start, end)
    }

    /// Punctuation that is kept.
    pub(super) fn mark_leaf(&mut self, kind: Kind, start: usize, end: usize) -> u32 {
        self.grow.sign(kind, start, end)
    }

    /// Whether the present token is this name.
    pub(super) fn is_word(&self, word: &[u8]) -> bool {
        self.is(Tok::Name) && self.source.get(self.token.start..self.token.end) == Some(word)
    }

    pub(super) fn name(&mut self) -> Option<u32> {
        self.is(Tok::Name).then(|| self.token_leaf(Kind::Identifier))
    }

    pub(super) fn kind(&self, node: u32) -> Kind {
        self.grow.kind(node)
    }

    pub(super) fn set_kind(&mut self, node: u32, kind: Kind) {
        self.grow.set_kind(node, kind);
    }

    pub(super) fn start(&self, node: u32) -> usize {
        self.grow.start(node)
    }

    pub(super) fn end(&self, node: u32) -> usize {
        self.grow.end(node)
    }

    /// A child of a node that is made.
    pub(super) fn child(&self, node: u32, index: usize) -> Option<u32> {
        self.grow.child(node, index)
    }

    /// The first node that waits since `mark`.
    pub(super) fn waiting(&self, mark: usize) -> Option<u32> {
        self.grow.waiting(mark)
    }

    pub(super) fn state(&self) -> State {
        State {
            grown: self.grow.state(),
            token: self.token,
            before: self.before,
            depth: self.depth,
            nesting: self.nesting,
        }
    }

    /// Whether a slice was read since `state`, which no type has.
    pub(super) fn has_slice_since(&self, state: &State) -> bool {
        self.grow.has_since(state.grown, Kind::Slice)
    }

    pub(super) fn go_back(&mut self, state: &State) {
        self.grow.go_back(state.grown);
        self.token = state.token;
        self.before = state.before;
        self.depth = state.depth;
        self.nesting = state.nesting;
    }

    // ── Lines and blocks ────────────────────────────────────────────────────────────────────────────

    /// Goes from the end of a line to the first token of the next one that says something.
    pub(super) fn line(&mut self) -> Option<()> {
        self.comments.clear();
        let mut at = self.token.end;
        let mut indent = 0;
        loop {
            match self.source.get(at) {
                Some(b'\n') => indent = 0,
                Some(b' ') => indent += 1,
                Some(b'\t') => indent += 8,
                Some(b'\r') if self.source.get(at + 1) == Some(&b'\n') => indent = 0,
                Some(b'#') => {
                    let end = comment_end(self.source, at);
                    self.comments.push((indent, end));
                    at = end;
                    continue;
                }
                Some(b'\\') => return None,
                None => {
                    self.token = Token { tok: Tok::End, start: at, end: at };
                    self.indent = 0;
                    return Some(());
                }
                Some(_) => break,
            }
            at += 1;
        }
        self.indent = indent;
        self.token = token(self.source, at, false);
        Some(())
    }

    /// What stands behind a colon: a block of lines, or the rest of the line.
    pub(super) fn block(&mut self) -> Option<u32> {
        let mark = self.mark();
        if !self.is(Tok::Newline) {
            let start = self.token.start;
            self.simple_line()?;
            return Some(self.close(Kind::Block, start, self.last, mark));
        }
        self.line()?;
        self.indented(self.token.start, mark, Self::statement)
    }

    /// The lines behind the head of a `match`, which begin where it ends.
    pub(super) fn lines(&mut self, start: usize, each: fn(&mut Self) -> Option<()>) -> Option<u32> {
        let mark = self.mark();
        self.line()?;
        self.indented(start, mark, each)
    }

    /// Lines that are indented like the present one.
    fn indented(&mut self, start: usize, mark: usize, each: fn(&mut Self) -> Option<()>) -> Option<u32> {
        let level = self.indent;
        if level <= self.level || self.is(Tok::End) {
            return None;
        }
        let outer = std::mem::replace(&mut self.level, level);
        self.nested(|parser| {
            while parser.indent == level && !parser.is(Tok::End) {
                each(parser)?;
            }
            (parser.indent < level).then_some(())
        })?;
        self.level = outer;
        // Comments that are indented like the block belong to it.
        let inside = self.comments.iter().take_while(|(indent, _)| *indent >= level).count();
        if let Some((_, end)) = self.comments.drain(..inside).next_back() {
            self.last = end;
        }
        Some(self.close(Kind::Block, start, self.last, mark))
    }

    /// `: block`
    pub(super) fn suite(&mut self) -> Option<u32> {
        self.expect(Tok::Colon)?;
        self.block()
    }

    /// Whether a clause of the present statement begins here.
    pub(super) fn is_clause(&self, tok: Tok) -> bool {
        self.is(tok) && self.is_aligned()
    }

    /// Whether the present line is indented like its block.
    pub(super) fn is_aligned(&self) -> bool {
        self.indent == self.level
    }

    /// One line of statements, or a statement with blocks.
    pub(super) fn statement(&mut self) -> Option<()> {
        let made = match self.token.tok {
            Tok::If => self.nested(Self::if_statement)?,
            Tok::For => self.for_statement(self.token.start)?,
            Tok::While => self.while_statement()?,
            Tok::Try => self.try_statement()?,
            Tok::With => self.with_statement(self.token.start)?,
            Tok::Def => self.function(self.token.start)?,
            Tok::Class => self.class()?,
            Tok::At => self.decorated()?,
            Tok::Async => self.async_statement()?,
            Tok::Name if self.may_be_match() => match self.match_statement()? {
                Some(made) => made,
                None => return self.simple_line(),
            },
            _ => return self.simple_line(),
        };
        self.push(made);
        Some(())
    }

    pub(super) fn async_statement(&mut self) -> Option<u32> {
        let start = self.token.start;
        self.advance();
        match self.token.tok {
            Tok::For => self.for_statement(start),
            Tok::With => self.with_statement(start),
            Tok::Def => self.function(start),
            _ => None,
        }
    }

    pub(super) fn simple_line(&mut self) -> Option<()> {
        loop {
            let statement = self.simple_statement()?;
            self.push(statement);
            if !self.take(Tok::Semicolon) || self.is(Tok::Newline) {
                break;
            }
        }
        if !self.is(Tok::Newline) {
            return None;
        }
        // The end of the line stands behind a comment, if there is one.
        self.last = self.token.start;
        self.line()
    }
}
