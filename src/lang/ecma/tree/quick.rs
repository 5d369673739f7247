//! One pass over the text of a file: tokens, nodes, and where statements end without a semicolon.

use super::super::kinds::{Field, Kind};
use super::lex::{Tok, Token, comment_end, token};
use super::{Growing, Tree};
use crate::lang::tree::Grown;

/// How deep expressions, types and blocks may nest in each other; deeper files are left to tree-sitter.
const MAX_NESTING: u32 = 120;

/// What of the languages is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Dialect {
    /// With elements, without types.
    JavaScript,
    /// With types, without elements.
    TypeScript,
    /// With both.
    Tsx,
}

/// The tree of a file; nothing if it is not surely of this dialect and of the usual kind: then tree-sitter is to be asked.
pub(in super::super) fn quick(source: &str, dialect: Dialect) -> Option<Tree> {
    let mut parser = Parser::new(source.as_bytes(), dialect);
    let root = parser.file()?;
    Some(parser.grow.done(root))
}

/// Reads one file. Whatever it does not know, it answers with nothing, and all ends.
pub(super) struct Parser<'s> {
    pub(super) source: &'s [u8],
    dialect: Dialect,
    pub(super) grow: Growing,
    pub(super) token: Token,
    /// Where the token before ended, and the semicolon after it that is not written.
    pub(super) before: usize,
    nesting: u32,
    /// How many bytes may still be read in vain, where it is tried whether parentheses hold parameters.
    in_vain: usize,
    /// Patterns like `{ a = 1 }` that were read as objects, and are none.
    pub(super) covers: u32,
    /// How many conditional expressions wait for their colon.
    pub(super) conditionals: u32,
    /// What was read may be read in another way.
    pub(super) is_doubtful: bool,
}

/// Where a parser stands, to go back there.
#[derive(Clone, Copy)]
pub(super) struct State {
    grown: Grown,
    token: Token,
    before: usize,
    nesting: u32,
    covers: u32,
    conditionals: u32,
}

impl<'s> Parser<'s> {
    fn new(source: &'s [u8], dialect: Dialect) -> Parser<'s> {
        Parser {
            source,
            dialect,
            grow: Growing::new(source.len()),
            token: Token { tok: Tok::End, start: 0, end: 0, is_first: true },
            before: 0,
            nesting: 0,
            in_vain: 4 * source.len() + 1_000,
            covers: 0,
            conditionals: 0,
            is_doubtful: false,
        }
    }

    fn file(&mut self) -> Option<u32> {
        if memchr::memchr(0, self.source).is_some() {
            return None;
        }
        let mut start = 0;
        if self.source.starts_with(b"#!") {
            start = memchr::memchr(b'\n', self.source).unwrap_or(self.source.len());
        }
        self.token = token(self.source, start);
        let mark = self.mark();
        while !self.is(Tok::End) {
            self.statement()?;
        }
        if self.covers != 0 || self.is_doubtful {
            return None;
        }
        Some(self.close(Kind::Program, 0, mark))
    }

    // ── Dialects ────────────────────────────────────────────────────────────────────────────────────

    /// Whether there are types.
    pub(super) fn has_types(&self) -> bool {
        self.dialect != Dialect::JavaScript
    }

    /// Whether there are elements.
    pub(super) fn has_elements(&self) -> bool {
        self.dialect != Dialect::TypeScript
    }

    // ── Tokens ──────────────────────────────────────────────────────────────────────────────────────

    /// Goes to the next token.
    pub(super) fn advance(&mut self) {
        self.before = self.token.end;
        self.token = token(self.source, self.token.end);
    }

    /// Goes to the first token from `at` on, where what was read by itself ends.
    pub(super) fn go_to(&mut self, at: usize) {
        self.before = at;
        self.token = token(self.source, at);
    }

    /// The token after the present one.
    pub(super) fn peek(&self) -> Token {
        token(self.source, self.token.end)
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

    pub(super) fn text(&self, token: Token) -> &'s [u8] {
        self.source.get(token.start..token.end).unwrap_or(b"")
    }

    /// Whether the present token is this name.
    pub(super) fn is_word(&self, word: &[u8]) -> bool {
        self.is(Tok::Name) && self.text(self.token) == word
    }

    /// Goes on if this name is next.
    pub(super) fn take_word(&mut self, word: &[u8]) -> bool {
        let is_next = self.is_word(word);
        if is_next {
            self.advance();
        }
        is_next
    }

    /// Runs `inner` one level deeper.
    pub(super) fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.nesting += 1;
        let found = if self.nesting > MAX_NESTING { None } else { inner(self) };
        self.nesting -= 1;
        found
    }

    /// Tries to read something; where it is not there, all is as before.
    pub(super) fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.in_vain == 0 {
            self.is_doubtful = true;
            return None;
        }
        let state = State {
            grown: self.grow.state(),
            token: self.token,
            before: self.before,
            nesting: self.nesting,
            covers: self.covers,
            conditionals: self.conditionals,
        };
        let found = read(self);
        if found.is_none() {
            self.in_vain = self.in_vain.saturating_sub(self.token.end.saturating_sub(state.token.start));
            self.grow.go_back(state.grown);
            self.token = state.token;
            self.before = state.before;
            self.nesting = state.nesting;
            self.covers = state.covers;
            self.conditionals = state.conditionals;
        }
        found
    }

    // ── Nodes ───────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn mark(&self) -> usize {
        self.grow.mark()
    }

    pub(super) fn push(&mut self, node: u32) {
        self.grow.push(node);
    }

    pub(super) fn push_as(&mut self, field: Field, node: u32) {
        self.grow.push_as(field, node);
    }

    /// Makes a node of those that wait since `mark`, up to the end of what was read.
    pub(super) fn close(&mut self, kind: Kind, start: usize, mark: usize) -> u32 {
        self.grow.close(kind, start, self.before, mark)
    }

    /// A node without children, up to the end of what was read.
    pub(super) fn leaf(&mut self, kind: Kind, start: usize) -> u32 {
        self.grow.leaf(kind, start, self.before)
    }

    /// A node without children that is the present token.
    pub(super) fn token_leaf(&mut self, kind: Kind) -> u32 {
        let start = self.token.start;
        self.advance();
        self.leaf(kind, start)
    }

    /// The present token as punctuation that is kept.
    pub(super) fn sign(&mut self, kind: Kind) -> u32 {
        let Token { start, end, .. } = self.token;
        self.advance();
        self.grow.sign(kind, start, end)
    }

    /// A name that is no keyword.
    pub(super) fn name(&mut self, kind: Kind) -> Option<u32> {
        let is_name = self.is(Tok::Name) && !matches!(self.text(self.token), b"await" | b"yield");
        is_name.then(|| self.token_leaf(kind))
    }

    pub(super) fn kind(&self, node: u32) -> Kind {
        self.grow.kind(node)
    }

    pub(super) fn start(&self, node: u32) -> usize {
        self.grow.start(node)
    }

    // ── Ends of statements ──────────────────────────────────────────────────────────────────────────

    /// Goes past the end of a statement. `goes_on`: whether an operator might follow what was read.
    pub(super) fn semicolon(&mut self, goes_on: bool) -> Option<()> {
        if self.take(Tok::Semicolon) {
            return Some(());
        }
        self.before = self.unwritten_semicolon(goes_on, false)?;
        Some(())
    }

    /// The same behind the head of a function that has no body.
    pub(super) fn signature_semicolon(&mut self) -> Option<()> {
        if self.take(Tok::Semicolon) {
            return Some(());
        }
        self.before = self.unwritten_semicolon(false, true)?;
        Some(())
    }

    /// Goes past the closing brace of a block, which may end with a semicolon that is not written.
    pub(super) fn close_block(&mut self, goes_on: bool) -> Option<()> {
        self.expect(Tok::CloseBrace)?;
        if let Some(end) = self.unwritten_semicolon(goes_on, false) {
            self.before = end;
        }
        Some(())
    }

    /// Where the grammar puts a semicolon that is not written behind what was read, if it does.
    fn unwritten_semicolon(&self, goes_on: bool, is_signature: bool) -> Option<usize> {
        // A comment on the same line may come first.
        let mut at = self.before;
        'comments: loop {
            let mut look = at;
            loop {
                match self.source.get(look) {
                    None => return Some(at),
                    Some(b'}') => {
                        let next = self.source[look + 1..].iter().find(|byte| !is_blank(**byte));
                        let is_typed = self.has_types() && next == Some(&b':') && !goes_on;
                        return (!is_typed).then_some(at);
                    }
                    Some(b'\n') => {
                        let begins = self.goes_on_below(look + 1, goes_on, is_signature);
                        return (!begins).then_some(at);
                    }
                    Some(b'/') => {
                        let end = comment_end(self.source, look)?;
                        if !self.has_types() {
                            let (is_accepted, next) = self.past_comments(look);
                            if is_accepted && !goes_on && !matches!(self.source.get(next), Some(b',' | b'=')) {
                                return Some(at);
                            }
                            match self.source.get(next) {
                                Some(b'}' | b'\n') => {
                                    look = next;
                                    continue;
                                }
                                Some(&byte) if is_blank(byte) => {
                                    look = next + 1;
                                    continue;
                                }
                                None => return Some(at),
                                _ => {}
                            }
                        }
                        at = end;
                        continue 'comments;
                    }
                    Some(&byte) if is_blank(byte) => look += 1,
                    Some(_) => return None,
                }
            }
        }
    }

    /// How JavaScript's grammar looks past comments: whether they may end a statement, and where it stops.
    fn past_comments(&self, at: usize) -> (bool, usize) {
        let (mut at, mut has_line) = (at, false);
        loop {
            while self.source.get(at).is_some_and(|&byte| is_blank(byte) || byte == b'\n') {
                at += 1;
            }
            let Some(end) = (self.source.get(at) == Some(&b'/')).then(|| comment_end(self.source, at)).flatten() else {
                return (self.source.get(at) != Some(&b'/'), at);
            };
            if self.source[at + 1] == b'*' {
                has_line |= memchr::memchr(b'\n', &self.source[at..end]).is_some();
                if self.source.get(end) != Some(&b'/') {
                    return (has_line, end);
                }
            }
            at = end;
        }
    }

    /// Whether the first token from `at` on, below what was read, goes on with it.
    fn goes_on_below(&self, at: usize, goes_on: bool, is_signature: bool) -> bool {
        let next = token(self.source, at).start;
        let byte = |ahead: usize| self.source.get(next + ahead).copied().unwrap_or(0);
        let is_letter = |byte: u8| byte.is_ascii_alphabetic();
        match byte(0) {
            b'`' | b',' | b':' | b';' | b'*' | b'%' | b'>' | b'<' | b'=' | b'?' | b'^' | b'|' | b'&' | b'/' => true,
            b'.' => self.has_types() || !byte(1).is_ascii_digit(),
            b'(' | b'[' => !self.has_types() || goes_on,
            b'{' => is_signature,
            b'+' => byte(1) != b'+',
            b'-' => byte(1) != b'-',
            b'!' => byte(1) == b'=',
            b'i' if byte(1) == b'n' => {
                let rest = self.source.get(next + 2..).unwrap_or(b"");
                !is_letter(byte(2)) || (rest.starts_with(b"stanceof") && !is_letter(byte(10)))
            }
            _ => false,
        }
    }
}

/// Whether a byte is a blank that ends no line.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c)
}
