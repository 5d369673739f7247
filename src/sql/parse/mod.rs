//! The only caller of `sqlparser`: one statement at a time, its tree dropped at once.
//!
//! The parser overflows the stack, uncatchably, on small inputs that nest or chain deeply. So the tokens
//! are measured first, and what is too deep is not parsed at all.

mod lower;
mod tokens;

use sqlparser::dialect as theirs;
use sqlparser::parser::{Parser, ParserOptions};
use sqlparser::tokenizer::Token;

use super::ddl::Formula;
use super::lex::Lexed;
use super::query::Query;
use super::{Dialect, Unparsed};

/// Brackets and `CASE`s that may stand in one another.
const MAX_DEPTH: u32 = 96;
/// Operators that may follow one another without a comma or bracket between them.
const MAX_CHAIN: u32 = 1_500;
/// Joins in one statement: each one may nest in the parser.
const MAX_JOINS: u32 = 200;
/// Tokens of a statement that is tried in one or two dialects only.
const LONG: usize = 5_000;
/// Tokens in one statement.
const MAX_TOKENS: usize = 100_000;

/// What stands between `from` and `to` (tokens), as a query. The dialect is tried first, then others that
/// know more forms: a statement that any of them understands is understood.
pub(super) fn query(lexed: &Lexed, from: usize, to: usize, dialect: Dialect) -> Result<Query, Unparsed> {
    if to <= from {
        return Err(Unparsed::Syntax);
    }
    measure(lexed, from, to)?;
    let mut reason = Unparsed::Syntax;
    // Other readings are for statements that people write: a long one is read once.
    let is_long = to - from > LONG;
    // Where it may end; what is not asked for is not looked for.
    let ends = (0..3).filter_map(|reading| match reading {
        0 => Some(to),
        _ if is_long => None,
        1 => dangling(lexed, from, to),
        _ => tail(lexed, from, to),
    });
    for to in ends.filter(|&end| end > from) {
        for attempt in attempts(dialect).into_iter().take(if is_long { 2 } else { usize::MAX }) {
            match parse_with(lexed, from, to, attempt, dialect) {
                Ok(query) => return Ok(query),
                Err(error) => reason = error,
            }
        }
    }
    Err(reason)
}

/// What stands between two tokens, as an expression that stands alone.
pub(super) fn formula(lexed: &Lexed, from: usize, to: usize, dialect: Dialect) -> Option<Formula> {
    measure(lexed, from, to).ok()?;
    attempts(dialect).into_iter().find_map(|attempt| {
        let parser_dialect = parser_dialect(attempt);
        let tokens = tokens::tokens(lexed, from, to, &*parser_dialect)?;
        let mut parser = Parser::new(&*parser_dialect).with_tokens_with_locations(tokens);
        let expr = parser.parse_expr().ok()?;
        (parser.peek_token().token == Token::EOF).then(|| lower::formula(lexed, &expr))
    })
}

/// Where a statement really ends whose last words wait for something: `… WHERE`, `… AND`. A program adds
/// the rest at run time.
fn dangling(lexed: &Lexed, from: usize, to: usize) -> Option<usize> {
    let waits = |index: usize| {
        ["WHERE", "AND", "OR", "ON", "BY", "ORDER", "GROUP", "LIMIT", "HAVING", "SET"]
            .iter()
            .any(|word| lexed.is(index, word))
    };
    let end = (from..to).rev().take_while(|&index| waits(index)).last()?;
    (end > from).then_some(end)
}

/// Where the tail of a statement begins that the parser may not know and that says nothing of what is read:
/// `LOCK IN SHARE MODE`, `FOR NO KEY UPDATE`, `WHERE CURRENT OF c`, `ON CONFLICT …`, `RETURNING …`.
fn tail(lexed: &Lexed, from: usize, to: usize) -> Option<usize> {
    const TAILS: &[&[&str]] = &[
        &["LOCK", "IN"],
        &["FOR", "UPDATE"],
        &["FOR", "NO", "KEY"],
        &["FOR", "KEY"],
        &["FOR", "SHARE"],
        &["WHERE", "CURRENT", "OF"],
        &["ON", "CONFLICT"],
        &["ON", "DUPLICATE"],
        &["RETURNING"],
        &["OPTION"],
        &["SETTINGS"],
        &["INTO", "OUTFILE"],
        &["WITH", "NO", "DATA"],
    ];
    let level = lexed.tokens.get(from)?.inside;
    (from + 1..to).find(|&index| {
        lexed.tokens[index].inside == level
            && TAILS.iter().any(|words| words.iter().enumerate().all(|(at, word)| lexed.is(index + at, word)))
    })
}

fn measure(lexed: &Lexed, from: usize, to: usize) -> Result<(), Unparsed> {
    if to.saturating_sub(from) > MAX_TOKENS {
        return Err(Unparsed::TooLong);
    }
    if lexed.depth > MAX_DEPTH || lexed.chain > MAX_CHAIN || lexed.joins > MAX_JOINS {
        return Err(Unparsed::TooDeep);
    }
    Ok(())
}

fn attempts(dialect: Dialect) -> Vec<Dialect> {
    let mut list = vec![dialect];
    for other in [Dialect::Generic, Dialect::PostgreSql, Dialect::MySql] {
        if !list.contains(&other) {
            list.push(other);
        }
    }
    if dialect == Dialect::Generic {
        list.extend([Dialect::MsSql, Dialect::Sqlite]);
    }
    list
}

fn parser_dialect(dialect: Dialect) -> Box<dyn theirs::Dialect> {
    match dialect {
        Dialect::PostgreSql => Box::new(theirs::PostgreSqlDialect {}),
        Dialect::MySql => Box::new(theirs::MySqlDialect {}),
        Dialect::Sqlite => Box::new(theirs::SQLiteDialect {}),
        Dialect::MsSql => Box::new(theirs::MsSqlDialect {}),
        Dialect::Oracle => Box::new(theirs::OracleDialect {}),
        Dialect::BigQuery => Box::new(theirs::BigQueryDialect {}),
        Dialect::Snowflake => Box::new(theirs::SnowflakeDialect),
        Dialect::Redshift => Box::new(theirs::RedshiftSqlDialect {}),
        Dialect::ClickHouse => Box::new(theirs::ClickHouseDialect {}),
        Dialect::DuckDb => Box::new(theirs::DuckDbDialect {}),
        Dialect::Generic => Box::new(theirs::GenericDialect {}),
    }
}

fn parse_with(lexed: &Lexed, from: usize, to: usize, attempt: Dialect, dialect: Dialect) -> Result<Query, Unparsed> {
    let parser_dialect = parser_dialect(attempt);
    let tokens = tokens::tokens(lexed, from, to, &*parser_dialect).ok_or(Unparsed::Syntax)?;
    let options = ParserOptions::new().with_trailing_commas(true);
    let mut parser = Parser::new(&*parser_dialect)
        .with_options(options)
        .with_recursion_limit(120)
        .with_tokens_with_locations(tokens);
    let statement = parser.parse_statement().map_err(|_| Unparsed::Syntax)?;
    let rest = parser.peek_token();
    let is_whole = matches!(rest.token, Token::EOF | Token::SemiColon);
    if !is_whole && !is_harmless_tail(&rest.token) {
        return Err(Unparsed::Syntax);
    }
    let mut query = lower::statement(lexed, &statement, dialect).ok_or(Unparsed::Unsupported)?;
    let ends_early = lexed.tokens.get(to).is_some_and(|token| token.kind != super::lex::Kind::Close);
    query.is_whole = is_whole && !ends_early;
    if ends_early
        && dangling(lexed, from, lexed.tokens.len()) == Some(to)
        && let Some(root) = query.selects.first_mut()
    {
        root.has_open_clauses = true;
    }
    Ok(query)
}

/// Whether what the parser left over says nothing that a rule asks about.
fn is_harmless_tail(token: &Token) -> bool {
    let Token::Word(word) = token else { return false };
    ["FOR", "LOCK", "OPTION", "INTO", "RETURNING", "WITH", "SETTINGS", "FORMAT", "PROCEDURE", "GO"]
        .iter()
        .any(|known| word.value.eq_ignore_ascii_case(known))
}
