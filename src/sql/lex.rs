//! The tokens of one statement, with exact places, and what stands in it for something else: parameters,
//! template holes, and parts that the host program fills in.
//!
//! The lexer never fails. Beside the tokens it makes the *mask*: the same text, byte for byte as long, in
//! which everything that no SQL parser reads is replaced by something that it does read. So offsets in
//! the masked text are offsets in the original.

use super::Dialect;
use super::mask::{ParameterKey, Reading, Slot, SlotKind, fill, mask, settle_readings};
use super::scan;
use crate::source::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword or a name without quotes; also a name that is partly filled in (`{prefix}_users`).
    Word,
    /// A quoted name.
    Quoted,
    /// A string.
    Text,
    /// A number.
    Number,
    /// `(`, `[`, `{`
    Open,
    /// `)`, `]`, `}`
    Close,
    /// `,`
    Comma,
    /// `.`
    Dot,
    /// Any other signs.
    Operator,
    /// A parameter or a hole, as a whole token. Its [`Slot`] says more.
    Slot,
}

/// One token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: Kind,
    /// Where, in the text the statement stands in.
    pub(crate) span: Span,
    /// Of a bracket: the index of the one that belongs to it; else its own index.
    pub(crate) partner: u32,
    /// The innermost bracket around it that is open here; [`NONE`] if there is none.
    pub(crate) inside: u32,
}

/// No token.
pub(crate) const NONE: u32 = u32::MAX;

/// A statement as tokens.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    /// The masked text; as long as the original.
    pub(crate) masked: String,
    /// Where the masked text begins in the text the statement stands in.
    pub(crate) base: u32,
    /// The tokens.
    pub(crate) tokens: Vec<Token>,
    /// The slots, in order of place.
    pub(crate) slots: Vec<Slot>,
    /// Whether template blocks (`{% if %}`) choose between parts of it.
    pub(crate) has_blocks: bool,
    /// How deep brackets and `CASE` stand in one another.
    pub(crate) depth: u32,
    /// The longest chain of operators without a comma or bracket between them.
    pub(crate) chain: u32,
    /// How many joins there are.
    pub(crate) joins: u32,
}

impl Lexed {
    /// The masked text of a place.
    pub(crate) fn str(&self, span: Span) -> &str {
        let range = span.start.saturating_sub(self.base) as usize..span.end.saturating_sub(self.base) as usize;
        self.masked.get(range).unwrap_or("")
    }

    /// The masked text of a token; empty past the end.
    pub(crate) fn token_str(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| self.str(token.span))
    }

    /// Whether token `index` is the keyword `word` (upper case).
    pub(crate) fn is(&self, index: usize, word: &str) -> bool {
        self.tokens.get(index).is_some_and(|token| token.kind == Kind::Word)
            && self.token_str(index).eq_ignore_ascii_case(word)
    }

    /// The kind of a token.
    pub(crate) fn kind(&self, index: usize) -> Option<Kind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    /// The index of the token that holds the byte `at`, or of the first one after it.
    pub(crate) fn index_at(&self, at: u32) -> usize {
        self.tokens.partition_point(|token| token.span.end <= at)
    }

    /// The index of the first slot that overlaps `span`.
    pub(crate) fn slot_in(&self, span: Span) -> Option<u16> {
        let index = self.slots.partition_point(|slot| slot.span.end <= span.start);
        let overlaps = self.slots.get(index).is_some_and(|slot| slot.span.start < span.end);
        if overlaps { u16::try_from(index).ok() } else { None }
    }
}

/// The tokens of `text[span]`. `holes` are the host's, in order of place, in offsets of `text`.
pub(crate) fn lex(text: &str, span: Span, holes: &[Span], dialect: Dialect) -> Lexed {
    let first = holes.partition_point(|hole| hole.end <= span.start);
    let holes = &holes[first..];
    let mut filled = text[span.range()].as_bytes().to_vec();
    for hole in holes.iter().take_while(|hole| hole.start < span.end) {
        let start = hole.start.max(span.start) - span.start;
        let end = hole.end.min(span.end) - span.start;
        fill(&mut filled[start as usize..end as usize], b'z', b'_');
    }
    let mut lexer = Lexer {
        bytes: &filled,
        base: span.start,
        dialect,
        holes,
        first_hole: u16::try_from(first).unwrap_or(u16::MAX),
        at: 0,
        ended: false,
        positions: 0,
        ends: scan::Ends::new(dialect.nests_comments()),
        blanks: Vec::new(),
        open: Vec::new(),
        chains: vec![0],
        cases: 0,
        // Most tokens are longer, with the blank before them.
        out: Lexed { base: span.start, tokens: Vec::with_capacity(filled.len() / 5 + 4), ..Lexed::default() },
    };
    lexer.run();
    let (mut out, blanks) = (lexer.out, lexer.blanks);
    out.slots.sort_by_key(|slot| slot.span.start);
    settle_readings(&mut out, &filled);
    out.masked = mask(&out, &blanks, filled);
    out
}

struct Lexer<'t> {
    bytes: &'t [u8],
    base: u32,
    dialect: Dialect,
    holes: &'t [Span],
    first_hole: u16,
    at: usize,
    /// Whether an operand has just ended, so that an operator, a comma or a clause must follow.
    ended: bool,
    positions: u16,
    ends: scan::Ends,
    /// Ranges of the text that are not SQL: versioned comment marks, template blocks.
    blanks: Vec<(usize, usize)>,
    open: Vec<u32>,
    chains: Vec<u32>,
    cases: u32,
    out: Lexed,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while self.at < self.bytes.len() {
            let start = self.at;
            self.step();
            if self.at <= start {
                self.at = start + 1;
            }
        }
        // Brackets that were never closed end with the text.
        let last = u32::try_from(self.out.tokens.len().saturating_sub(1)).unwrap_or(NONE);
        for index in self.open.drain(..) {
            self.out.tokens[index as usize].partner = last;
        }
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn step(&mut self) {
        let byte = self.byte(0);
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | 0x0c | 0 => self.at += 1,
            0xef if self.bytes[self.at..].starts_with(b"\xef\xbb\xbf") => self.blank(3),
            0xc2 if self.byte(1) == 0xa0 => self.blank(2),
            b'-' if self.byte(1) == b'-' => self.comment(scan::line_end(self.bytes, self.at)),
            b'/' if self.byte(1) == b'*' => self.block_comment(),
            b'#' if self.is_hash_comment() => {
                let end = scan::line_end(self.bytes, self.at);
                self.comment(end);
            }
            b'*' if self.byte(1) == b'/' && self.dialect != Dialect::PostgreSql => self.blank(2),
            b'\'' => self.string(self.at, self.dialect.escapes_with_backslash()),
            b'"' if matches!(self.dialect, Dialect::MySql | Dialect::BigQuery) => self.string(self.at, true),
            b'"' | b'`' => self.quoted(scan::quoted_end(self.bytes, self.at, false)),
            b'[' if self.is_bracket_name() => {
                let end = memchr::memchr(b']', &self.bytes[self.at..]).map_or(self.bytes.len(), |n| self.at + n + 1);
                self.quoted(end);
            }
            b'(' | b'[' => self.open_bracket(),
            b')' | b']' | b'}' => self.close_bracket(),
            b',' => {
                if let Some(chain) = self.chains.last_mut() {
                    *chain = 0;
                }
                self.push(Kind::Comma, 1, false);
            }
            b'.' if self.byte(1).is_ascii_digit() && !self.ended => self.number(),
            b'.' => self.push(Kind::Dot, 1, false),
            b'0'..=b'9' => self.number(),
            b'{' => self.brace(),
            b'$' => self.dollar(),
            b'?' => self.question(),
            b':' => self.colon(),
            b'@' => self.at_sign(),
            b'%' => self.percent(),
            b'#' if self.byte(1) == b'{' => self.template_brace(1),
            b'#' if self.dialect == Dialect::MsSql => self.word(),
            _ if scan::is_word_start(byte) => self.word(),
            _ => self.operator(),
        }
    }

    // ── Tokens ──────────────────────────────────────────────────────────────────────────────────────

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.base as usize + start, self.base as usize + end.min(self.bytes.len()))
    }

    fn push_token(&mut self, kind: Kind, start: usize, end: usize) {
        let index = u32::try_from(self.out.tokens.len()).unwrap_or(NONE);
        let inside = self.open.last().copied().unwrap_or(NONE);
        let span = self.span(start, end);
        self.out.tokens.push(Token { kind, span, partner: index, inside });
        self.at = end;
    }

    fn push(&mut self, kind: Kind, length: usize, ended: bool) {
        self.push_token(kind, self.at, self.at + length);
        self.ended = ended;
    }

    fn open_bracket(&mut self) {
        let index = u32::try_from(self.out.tokens.len()).unwrap_or(NONE);
        self.push(Kind::Open, 1, false);
        self.open.push(index);
        self.chains.push(0);
        self.measure_depth();
    }

    fn close_bracket(&mut self) {
        let index = u32::try_from(self.out.tokens.len()).unwrap_or(NONE);
        if let Some(open) = self.open.pop() {
            self.chains.pop();
            self.push(Kind::Close, 1, true);
            self.out.tokens[open as usize].partner = index;
            self.out.tokens[index as usize].partner = open;
        } else {
            self.push(Kind::Close, 1, true);
        }
    }

    fn measure_depth(&mut self) {
        let depth = u32::try_from(self.open.len()).unwrap_or(u32::MAX).saturating_add(self.cases);
        self.out.depth = self.out.depth.max(depth);
    }

    fn count_operator(&mut self) {
        if let Some(chain) = self.chains.last_mut() {
            *chain += 1;
            self.out.chain = self.out.chain.max(*chain);
        }
    }

    fn operator(&mut self) {
        let is_sign = |byte: u8| {
            matches!(
                byte,
                b'+' | b'-'
                    | b'*'
                    | b'/'
                    | b'<'
                    | b'>'
                    | b'='
                    | b'~'
                    | b'!'
                    | b'^'
                    | b'&'
                    | b'|'
                    | b'#'
                    | b'@'
                    | b'%'
                    | b'\\'
                    | b';'
            )
        };
        let mut end = self.at + 1;
        // Signs that belong together; a comment or a negative number ends the run.
        while end < self.bytes.len() && is_sign(self.bytes[end]) {
            let two = &self.bytes[end..self.bytes.len().min(end + 2)];
            if two == b"--" || two == b"/*" || (two[0] == b'-' || two[0] == b'*' || two[0] == b'@' || two[0] == b'%') {
                break;
            }
            end += 1;
        }
        if self.bytes[self.at] == b'-' && self.bytes.get(self.at + 1) == Some(&b'>') {
            end = self.at + if self.bytes.get(self.at + 2) == Some(&b'>') { 3 } else { 2 };
        }
        let is_star = self.bytes[self.at] == b'*';
        // `SELECT *`: the star is an operand where one is expected.
        let ended = is_star && !self.ended;
        self.count_operator();
        self.push_token(Kind::Operator, self.at, end);
        self.ended = ended;
    }

    fn number(&mut self) {
        let start = self.at;
        let mut end = start;
        while end < self.bytes.len() {
            let byte = self.bytes[end];
            let exponent = matches!(byte, b'+' | b'-')
                && matches!(self.bytes[end - 1], b'e' | b'E')
                && !self.bytes[start..end].starts_with(b"0x");
            if !(scan::is_word(byte)
                || (byte == b'.' && self.bytes.get(end + 1) != Some(&b'.'))
                || exponent && end > start)
            {
                break;
            }
            end += 1;
        }
        self.push_token(Kind::Number, start, end);
        self.holes_inside(start, end, Reading::InText);
        self.ended = true;
    }

    fn word(&mut self) {
        let start = self.at;
        let hole = self.hole_at(start);
        let mut end = match hole {
            Some((_, end)) => end,
            None => scan::word_end(self.bytes, start + 1),
        };
        // Two holes side by side are two things; a hole beside letters is part of a name.
        let mut whole = hole.is_some();
        loop {
            if end >= self.bytes.len() || (whole && self.hole_at(end).is_some()) {
                break;
            }
            if self.bytes[end] == b'{' || (self.bytes[end] == b'$' && self.bytes.get(end + 1) == Some(&b'{')) {
                let Some(template) = self.template_length(end) else { break };
                self.slot(end, end + template, SlotKind::Template, Reading::InName);
                end += template;
                whole = false;
            } else if scan::is_word(self.bytes[end]) {
                end = scan::word_end(self.bytes, end);
                whole = false;
            } else {
                break;
            }
        }
        if let (Some((index, _)), true) = (hole, whole) {
            self.slot_token(start, end, SlotKind::Hole(index));
            return;
        }
        if self.bytes.get(end) == Some(&b'\'') && self.string_prefix(start, end) {
            return;
        }
        self.holes_inside(start, end, Reading::InName);
        let length = end - start;
        self.push_token(Kind::Word, start, end);
        let upper = Upper::of(&self.bytes[start..end]);
        self.ended = length > 16 || !EXPECT_OPERAND.contains(&upper.as_str());
        match upper.as_str() {
            "AND" | "OR" | "XOR" | "UNION" | "EXCEPT" | "INTERSECT" | "MINUS" | "NOT" | "COLLATE" | "LIKE" | "IS"
            | "INTERVAL" | "PRIOR" => {
                self.count_operator();
            }
            "JOIN" => self.out.joins += 1,
            "CASE" => {
                self.cases += 1;
                self.measure_depth();
            }
            "END" => self.cases = self.cases.saturating_sub(1),
            _ => {}
        }
    }

    /// `E'…'`, `N'…'`, `X'…'`: a letter that belongs to the string after it.
    fn string_prefix(&mut self, start: usize, end: usize) -> bool {
        let prefix = &self.bytes[start..end];
        if !(prefix.len() == 1 && b"eEnNbBxXrR".contains(&prefix[0])) {
            return false;
        }
        let backslash = prefix.eq_ignore_ascii_case(b"e") || self.dialect.escapes_with_backslash();
        self.at = end;
        self.string(start, backslash);
        true
    }

    fn string(&mut self, start: usize, backslash: bool) {
        let end = scan::quoted_end(self.bytes, self.at, backslash);
        self.push_token(Kind::Text, start, end);
        self.holes_inside(start, end, Reading::InText);
        self.ended = true;
    }

    fn quoted(&mut self, end: usize) {
        let start = self.at;
        self.push_token(Kind::Quoted, start, end);
        self.holes_inside(start, end, Reading::InName);
        self.ended = true;
    }

    fn is_bracket_name(&self) -> bool {
        if self.dialect.quotes_with_brackets() {
            return true;
        }
        let first = self.byte(1);
        self.dialect == Dialect::Generic
            && !self.ended
            && scan::is_word_start(first)
            && self.bytes[self.at + 1..].iter().take(128).find(|&&byte| !scan::is_word(byte) && byte != b' ')
                == Some(&b']')
            && !self
                .out
                .tokens
                .last()
                .is_some_and(|token| token.kind == Kind::Word && self.text_of(*token).eq_ignore_ascii_case(b"array"))
    }

    fn text_of(&self, token: Token) -> &[u8] {
        &self.bytes[(token.span.start - self.base) as usize..(token.span.end - self.base) as usize]
    }

    // ── Comments ────────────────────────────────────────────────────────────────────────────────────

    fn blank(&mut self, length: usize) {
        self.blanks.push((self.at, self.at + length));
        self.at += length;
    }

    fn comment(&mut self, end: usize) {
        self.blanks.push((self.at, end));
        self.at = end;
    }

    fn block_comment(&mut self) {
        let rest = &self.bytes[self.at + 2..];
        // MySQL runs what stands in `/*!50003 … */`: only the marks are blanked, the text stays.
        let versioned = match self.dialect {
            Dialect::MySql | Dialect::Generic => {
                rest.strip_prefix(b"!").or_else(|| rest.strip_prefix(b"M!")).map(|tail| {
                    let digits = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
                    2 + (rest.len() - tail.len()) + digits
                })
            }
            _ => None,
        };
        if let Some(length) = versioned {
            self.blank(length);
            return;
        }
        let end = self.ends.comment(self.bytes, self.at);
        let end = end.unwrap_or(self.bytes.len());
        self.comment(end);
    }

    fn is_hash_comment(&self) -> bool {
        if self.byte(1) == b'{' {
            return false;
        }
        if self.dialect.has_hash_comments() {
            return true;
        }
        let line = self.bytes[..self.at].iter().rev().take_while(|&&byte| byte != b'\n');
        self.dialect == Dialect::Generic
            && matches!(self.byte(1), b' ' | b'\n' | b'\r' | b'#' | b'-')
            && line.clone().take(256).all(|byte| byte.is_ascii_whitespace())
    }

    // ── Slots ───────────────────────────────────────────────────────────────────────────────────────

    /// The host's hole that begins at `at`: its index and its end.
    fn hole_at(&self, at: usize) -> Option<(u16, usize)> {
        let start = self.base + u32::try_from(at).ok()?;
        let index = self.holes.binary_search_by_key(&start, |hole| hole.start).ok()?;
        let end = (self.holes[index].end - self.base) as usize;
        Some((self.first_hole.saturating_add(u16::try_from(index).ok()?), end.min(self.bytes.len())))
    }

    fn holes_inside(&mut self, start: usize, end: usize, reading: Reading) {
        let span = self.span(start, end);
        let first = self.holes.partition_point(|hole| hole.end <= span.start);
        for index in first..self.holes.len() {
            let hole = self.holes[index];
            if hole.start >= span.end {
                break;
            }
            let number = self.first_hole.saturating_add(u16::try_from(index).unwrap_or(u16::MAX));
            self.out.slots.push(Slot { span: hole, kind: SlotKind::Hole(number), reading });
        }
    }

    fn slot(&mut self, start: usize, end: usize, kind: SlotKind, reading: Reading) {
        let span = self.span(start, end);
        self.out.slots.push(Slot { span, kind, reading });
    }

    fn slot_token(&mut self, start: usize, end: usize, kind: SlotKind) {
        // What follows an operand can only be an operator or a clause; `settle_readings` looks closer.
        let reading = if self.ended { Reading::Clause } else { Reading::Operand };
        self.slot(start, end, kind, reading);
        self.push_token(Kind::Slot, start, end);
        self.ended = true;
    }

    fn position(&mut self) -> SlotKind {
        self.positions = self.positions.saturating_add(1);
        SlotKind::Parameter(ParameterKey::Position(self.positions - 1))
    }

    fn named(&self, start: usize, end: usize) -> SlotKind {
        let name = String::from_utf8_lossy(&self.bytes[start..end]);
        SlotKind::Parameter(match name.parse() {
            Ok(number) => ParameterKey::Number(number),
            Err(_) => ParameterKey::Name(name.into()),
        })
    }

    /// The length of the template hole at `at`: `{name}`, `${name}`, `{{ name }}`.
    fn template_length(&self, at: usize) -> Option<usize> {
        let brace = if self.bytes[at] == b'{' { at } else { at + 1 };
        if self.bytes.get(brace + 1) == Some(&b'{') {
            return scan::template_end(self.bytes, brace).map(|end| end - at);
        }
        let rest = &self.bytes[brace + 1..self.bytes.len().min(brace + 200)];
        let length = rest.iter().position(|&byte| byte == b'}')?;
        let simple = rest[..length].iter().all(|&byte| scan::is_word(byte) || b".[]!:".contains(&byte));
        // ClickHouse: `{name: Array(String)}`.
        let name = rest[..length].iter().take_while(|&&byte| scan::is_word(byte)).count();
        let typed = name > 0
            && rest[name] == b':'
            && rest[name..length].iter().all(|&byte| scan::is_word(byte) || b": (),".contains(&byte));
        let simple = simple || typed;
        // `${…}` is a template whatever stands in it; a lone brace can also be an ODBC escape or a literal.
        (brace > at && !rest[..length].contains(&b'\n') || simple).then_some(brace - at + length + 2)
    }

    fn brace(&mut self) {
        match self.byte(1) {
            b'%' | b'#' => {
                let Some(end) = scan::template_end(self.bytes, self.at) else { return self.open_bracket() };
                self.out.has_blocks |= self.byte(1) == b'%';
                self.comment(end);
            }
            _ => self.template_brace(0),
        }
    }

    /// A template hole whose brace stands `sign` bytes further; else a bracket or an operator.
    fn template_brace(&mut self, sign: usize) {
        let start = self.at;
        let Some(length) = self.template_length(start) else {
            return if sign == 0 { self.open_bracket() } else { self.operator() };
        };
        let end = start + length;
        let in_name = self.bytes.get(end).is_some_and(|&byte| scan::is_word(byte));
        if in_name {
            self.slot(start, end, SlotKind::Template, Reading::InName);
            self.at = end;
            let tail = scan::word_end(self.bytes, end);
            self.push_token(Kind::Word, start, tail);
            self.holes_inside(end, tail, Reading::InName);
            self.ended = true;
        } else {
            self.slot_token(start, end, SlotKind::Template);
        }
    }

    fn dollar(&mut self) {
        if self.byte(1) == b'{' {
            return self.template_brace(1);
        }
        if self.dialect.has_dollar_quotes()
            && let Some(tag) = scan::dollar_tag(self.bytes, self.at)
            && let Some(end) = self.ends.dollar(self.bytes, self.at, tag)
        {
            let start = self.at;
            self.push_token(Kind::Text, start, end);
            self.holes_inside(start, end, Reading::InText);
            self.ended = true;
            return;
        }
        // pg-promise: `$<name>`, `$<name:raw>`.
        if self.byte(1) == b'<' && scan::is_word_start(self.byte(2)) {
            let name = scan::word_end(self.bytes, self.at + 2);
            let end = memchr::memchr(b'>', &self.bytes[name..]).filter(|&step| step < 16).map(|step| name + step + 1);
            if let Some(end) = end {
                let kind = self.named(self.at + 2, name);
                return self.slot_token(self.at, end, kind);
            }
        }
        let end = scan::word_end(self.bytes, self.at + 1);
        if end > self.at + 1 {
            let (kind, end) = match self.filter_end(end) {
                // Its value becomes part of the text.
                Some(end) => (SlotKind::Template, end),
                None => (self.named(self.at + 1, end), end),
            };
            self.slot_token(self.at, end, kind);
        } else {
            self.operator();
        }
    }

    /// pg-promise writes a filter behind a parameter: `$1:name`, `$1:raw`.
    fn filter_end(&self, at: usize) -> Option<usize> {
        if self.bytes.get(at) != Some(&b':') {
            return None;
        }
        let end = scan::word_end(self.bytes, at + 1);
        let filter = &self.bytes[at + 1..end];
        [&b"name"[..], b"alias", b"raw", b"csv", b"list", b"json", b"value"].contains(&filter).then_some(end)
    }

    fn question(&mut self) {
        let is_operator = self.ended && self.dialect.has_question_operator();
        let length = match self.byte(1) {
            b'?' => 2,
            b'|' | b'&' if is_operator && self.byte(2) != b'|' => 2,
            _ => 1,
        };
        if is_operator {
            self.count_operator();
            self.push(Kind::Operator, length, false);
            return;
        }
        let digits = self.bytes[self.at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            let kind = self.named(self.at + 1, self.at + 1 + digits);
            self.slot_token(self.at, self.at + 1 + digits, kind);
        } else {
            let kind = self.position();
            self.slot_token(self.at, self.at + length, kind);
        }
    }

    fn colon(&mut self) {
        let next = self.byte(1);
        if next == b':' || next == b'=' {
            self.count_operator();
            return self.push(Kind::Operator, 2, false);
        }
        let after_name = self.at > 0 && (scan::is_word(self.bytes[self.at - 1]) || self.bytes[self.at - 1] == b':');
        if !after_name && scan::is_word(next) {
            let end = scan::word_end(self.bytes, self.at + 1);
            let kind = self.named(self.at + 1, end);
            return self.slot_token(self.at, end, kind);
        }
        // psql: `:'name'` and `:"name"`.
        if !self.ended && (next == b'\'' || next == b'"') {
            let end = scan::quoted_end(self.bytes, self.at + 1, false);
            let kind = self.named(self.at + 2, (end - 1).max(self.at + 2));
            return self.slot_token(self.at, end, kind);
        }
        self.push(Kind::Operator, 1, false);
    }

    fn at_sign(&mut self) {
        if self.byte(1) == b'@' && scan::is_word_start(self.byte(2)) {
            // A system variable.
            let end = scan::word_end(self.bytes, self.at + 2);
            self.slot_token(self.at, end, SlotKind::Parameter(ParameterKey::Name("@@".into())));
        } else if scan::is_word_start(self.byte(1)) {
            let end = scan::word_end(self.bytes, self.at + 1);
            let kind = self.named(self.at + 1, end);
            self.slot_token(self.at, end, kind);
        } else if matches!(self.byte(1), b'?' | b'@' | b'>') {
            self.count_operator();
            self.push(Kind::Operator, 2, false);
        } else {
            self.operator();
        }
    }

    fn percent(&mut self) {
        let next = self.byte(1);
        if next == b'(' {
            let close = self.bytes[self.at..].iter().take(80).position(|&byte| byte == b')');
            if let Some(close) = close
                && self.bytes.get(self.at + close + 1).is_some_and(|byte| b"sdifr".contains(byte))
            {
                let kind = self.named(self.at + 2, self.at + close);
                return self.slot_token(self.at, self.at + close + 2, kind);
            }
        }
        let is_glued = self.ended && self.at > 0 && scan::is_word(self.bytes[self.at - 1]);
        if b"sdiftb".contains(&next) && !is_glued && !scan::is_word(self.byte(2)) {
            let kind = self.position();
            return self.slot_token(self.at, self.at + 2, kind);
        }
        if next == b'%' {
            // A driver's escaped `%`.
            self.count_operator();
            self.blanks.push((self.at + 1, self.at + 2));
            return self.push(Kind::Operator, 2, false);
        }
        self.operator();
    }
}

/// Up to sixteen bytes of a word, in upper case.
struct Upper {
    bytes: [u8; 16],
    length: usize,
}

impl Upper {
    fn of(word: &[u8]) -> Upper {
        let mut upper = Upper { bytes: [0; 16], length: 0 };
        if word.len() <= 16 {
            upper.bytes[..word.len()].copy_from_slice(word);
            upper.bytes.make_ascii_uppercase();
            upper.length = word.len();
        }
        upper
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or("")
    }
}

/// Words after which an operand stands. Only words that are reserved in most databases: `value`, `data`
/// and their like are columns.
static EXPECT_OPERAND: std::sync::LazyLock<rustc_hash::FxHashSet<&'static str>> = std::sync::LazyLock::new(|| {
    "SELECT DISTINCT ALL FROM WHERE AND OR NOT IN LIKE ILIKE RLIKE REGEXP GLOB MATCH SIMILAR BETWEEN LIMIT OFFSET SET VALUES BY ON \
     HAVING WHEN THEN ELSE CASE AS INTO UPDATE TABLE JOIN IS RETURNING INTERVAL TOP USING CALL EXEC EXECUTE ANY SOME EXISTS \
     UNION EXCEPT INTERSECT MINUS ESCAPE COLLATE INDEX COLUMN ADD DROP TO DIV MOD XOR DELETE INSERT WITH LATERAL ONLY ARRAY QUALIFY BINARY FETCH NEXT TRUNCATE DATABASE SCHEMA VIEW PRIOR"
        .split_ascii_whitespace()
        .collect()
});
