//! Tokens for the parser, with places that are byte offsets.

use std::cell::RefCell;

use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Word};

use crate::sql::Reading;
use crate::sql::lex::Lexed;

/// The parser's tokens of what stands between two tokens of `lexed`. Their places are all on line 1, and
/// the column is the byte in the text around the statement, plus one: so the places of the tree need no
/// conversion. `None` if the tokenizer refuses the text.
pub(super) fn tokens(lexed: &Lexed, from: usize, to: usize, dialect: &dyn Dialect) -> Option<Vec<TokenWithSpan>> {
    let first = lexed.tokens.get(from)?.span.start;
    let last = lexed.tokens.get(to.checked_sub(1)?)?.span.end;
    let text = lexed.masked.get((first - lexed.base) as usize..(last - lexed.base) as usize)?;
    let mut raw = RAW.take();
    let read = Tokenizer::new(dialect, text).tokenize_with_location_into_buf(&mut raw);
    let tokens = read.is_ok().then(|| placed(lexed, first, text, &mut raw, to - from, dialect));
    raw.clear();
    if raw.capacity() <= KEPT {
        RAW.set(raw);
    }
    tokens
}

/// Tokens for which room is kept from one statement to the next.
const KEPT: usize = 20_000;

thread_local! {
    static RAW: RefCell<Vec<TokenWithSpan>> = const { RefCell::new(Vec::new()) };
}

/// The tokens `raw` of `text`, which begins at byte `first`, with their places as bytes.
fn placed(
    lexed: &Lexed,
    first: u32,
    text: &str,
    raw: &mut Vec<TokenWithSpan>,
    expected: usize,
    dialect: &dyn Dialect,
) -> Vec<TokenWithSpan> {
    let mut places = Places { text, at: 0, line: 1, column: 1 };
    let mut out = Vec::with_capacity(expected + expected / 8 + 4);
    let mut slot = lexed.slots.partition_point(|slot| slot.span.start < first);
    // Only two dialects look at blanks between tokens.
    let keeps_blanks =
        dialect.is::<sqlparser::dialect::BigQueryDialect>() || dialect.is::<sqlparser::dialect::SnowflakeDialect>();
    let mut update = Update::default();
    for mut token in raw.drain(..) {
        if matches!(token.token, Token::Whitespace(_)) && !keeps_blanks {
            continue;
        }
        if is_ignored(&token.token, out.last()) {
            continue;
        }
        update.step(&mut token.token, out.is_empty());
        let start = u64::from(first) + places.offset(token.span.start);
        let end = u64::from(first) + places.offset(token.span.end);
        let place = span(start, end);
        while lexed.slots.get(slot).is_some_and(|slot| u64::from(slot.span.start) < start) {
            slot += 1;
        }
        let reading = lexed.slots.get(slot).filter(|slot| u64::from(slot.span.start) == start).map(|slot| slot.reading);
        match reading {
            Some(Reading::List) => {
                out.push(TokenWithSpan::new(Token::LParen, span(start, start)));
                out.push(TokenWithSpan::new(token.token, place));
                out.push(TokenWithSpan::new(Token::RParen, span(end, end)));
            }
            Some(Reading::Assignment) => {
                out.push(TokenWithSpan::new(token.token, place));
                out.push(TokenWithSpan::new(Token::Eq, span(end, end)));
                out.push(word("z", Keyword::NoKeyword, end));
            }
            Some(Reading::Query) => {
                out.push(word("SELECT", Keyword::SELECT, start));
                out.push(TokenWithSpan::new(token.token, place));
            }
            Some(Reading::Whens) => {
                out.push(word("WHEN", Keyword::WHEN, start));
                out.push(TokenWithSpan::new(token.token, place));
                out.push(word("THEN", Keyword::THEN, end));
                out.push(word("z", Keyword::NoKeyword, end));
            }
            _ => out.push(TokenWithSpan::new(token.token, place)),
        }
    }
    out
}

/// Words that the parser does not know and that change nothing here: PostgreSQL's `FROM ONLY t`, `f(VARIADIC a)`.
fn is_ignored(token: &Token, before: Option<&TokenWithSpan>) -> bool {
    let Token::Word(word) = token else { return false };
    if word.quote_style.is_some() {
        return false;
    }
    match before.map(|before| &before.token) {
        Some(Token::Word(before))
            if before.keyword == Keyword::FROM
                || before.keyword == Keyword::JOIN
                || before.keyword == Keyword::UPDATE =>
        {
            word.keyword == Keyword::ONLY
        }
        Some(Token::LParen | Token::Comma) => word.value.eq_ignore_ascii_case("VARIADIC"),
        _ => false,
    }
}

/// MySQL's `UPDATE a, b SET …`: the parser knows it only with `JOIN`.
#[derive(Default)]
struct Update {
    between: bool,
    depth: u32,
}

impl Update {
    fn step(&mut self, token: &mut Token, is_first: bool) {
        match token {
            Token::Word(word) if is_first => self.between = word.keyword == Keyword::UPDATE,
            _ if !self.between => {}
            Token::Word(word) if word.keyword == Keyword::SET => self.between = false,
            Token::LParen => self.depth += 1,
            Token::RParen => self.depth = self.depth.saturating_sub(1),
            Token::Comma if self.depth == 0 => {
                *token = word("JOIN", Keyword::JOIN, 0).token;
            }
            _ => {}
        }
    }
}

/// A word that takes no room.
fn word(text: &str, keyword: Keyword, at: u64) -> TokenWithSpan {
    let word = Word { value: text.into(), quote_style: None, keyword };
    TokenWithSpan::new(Token::Word(word), span(at, at))
}

fn span(start: u64, end: u64) -> Span {
    Span::new(Location::new(1, start + 1), Location::new(1, end + 1))
}

/// From lines and columns (in characters) to bytes; only forwards.
struct Places<'t> {
    text: &'t str,
    at: usize,
    line: u64,
    column: u64,
}

impl Places<'_> {
    fn offset(&mut self, location: Location) -> u64 {
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() && (self.line, self.column) < (location.line, location.column) {
            let byte = bytes[self.at];
            self.at += match byte {
                0..0x80 => 1,
                0x80..0xe0 => 2,
                0xe0..0xf0 => 3,
                _ => 4,
            };
            if byte == b'\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.at.min(bytes.len()) as u64
    }
}
