//! `INSERT … VALUES`: its table, its columns, how many rows. The rows themselves are never parsed: a dump
//! holds megabytes of them.

use super::ddl;
use super::lex::{Kind, Lexed};
use super::query::TableName;
use super::scan;
use super::{Dialect, Rows};
use crate::source::Span;

/// Statements shorter than this are read whole.
const SHORT: usize = 8 * 1024;
/// Rows that are kept of a long one.
const KEPT_ROWS: usize = 3;

/// Where reading a statement may stop: behind the first rows of a long `INSERT … VALUES`, else at its end.
pub(super) fn cut(text: &str, span: Span, dialect: Dialect) -> u32 {
    let bytes = &text.as_bytes()[span.range()];
    if bytes.len() < SHORT {
        return span.end;
    }
    let mut at = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
    let mut ends = scan::Ends::new(dialect.nests_comments());
    while bytes[at..].starts_with(b"/*") {
        let Some(end) = ends.comment(bytes, at) else { return span.end };
        at = end + bytes[end..].iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
    }
    let word = &bytes[at..scan::word_end(bytes, at)];
    if !word.eq_ignore_ascii_case(b"INSERT") && !word.eq_ignore_ascii_case(b"REPLACE") {
        return span.end;
    }
    let (mut depth, mut rows, mut in_values) = (0usize, 0, false);
    while at < bytes.len() {
        match bytes[at] {
            b'\'' | b'"' | b'`' => {
                at = scan::quoted_end(bytes, at, dialect.escapes_with_backslash());
                continue;
            }
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at = scan::line_end(bytes, at);
                continue;
            }
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                rows += usize::from(depth == 0 && in_values);
                if rows == KEPT_ROWS {
                    return span.start + u32::try_from(at + 1).unwrap_or(u32::MAX);
                }
            }
            byte if scan::is_word_start(byte) => {
                let end = scan::word_end(bytes, at);
                let word = &bytes[at..end];
                in_values |=
                    depth == 0 && (word.eq_ignore_ascii_case(b"VALUES") || word.eq_ignore_ascii_case(b"VALUE"));
                if !in_values && word.eq_ignore_ascii_case(b"SELECT") {
                    return span.end;
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    span.end
}

/// The table that an `INSERT` writes to.
pub(super) fn target(lexed: &Lexed) -> Option<TableName> {
    let mut at = (0..lexed.tokens.len()).find(|&index| lexed.is(index, "INSERT") || lexed.is(index, "REPLACE"))? + 1;
    while ["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "OVERWRITE", "INTO", "TABLE", "ALL", "FIRST"]
        .iter()
        .any(|word| lexed.is(at, word))
        || (lexed.is(at, "OR") && lexed.kind(at + 1) == Some(Kind::Word))
    {
        at += if lexed.is(at, "OR") { 2 } else { 1 };
    }
    ddl::table_name_at(lexed, at)
}

/// Table and rows of an `INSERT … VALUES` whose values hold no query; `None` if it must be parsed.
pub(super) fn read(lexed: &Lexed) -> Option<(TableName, Rows)> {
    if !lexed.is(0, "INSERT") && !lexed.is(0, "REPLACE") {
        return None;
    }
    let table = target(lexed)?;
    let mut at = lexed.index_at(table.span().end.saturating_sub(1)) + 1;
    if lexed.is(at, "AS") {
        at += 2;
    }
    let mut columns = Vec::new();
    if lexed.kind(at) == Some(Kind::Open) {
        columns = ddl::names_in(lexed, at);
        at = lexed.tokens[at].partner as usize + 1;
    }
    // `INSERT INTO t (a) {rows}`
    if lexed.kind(at) == Some(Kind::Slot) && at + 1 == lexed.tokens.len() {
        return Some((table, Rows { columns, count: 1 }));
    }
    let values = (at..lexed.tokens.len().min(at + 64)).find(|&index| {
        lexed.is(index, "VALUES") || lexed.is(index, "VALUE") || lexed.is(index, "SELECT") || lexed.is(index, "WITH")
    })?;
    let is_select = (values..lexed.tokens.len()).any(|index| lexed.is(index, "SELECT"));
    if !(lexed.is(values, "VALUES") || lexed.is(values, "VALUE")) || is_select {
        return None;
    }
    let mut count = 0;
    let mut index = values + 1;
    while index < lexed.tokens.len() {
        let kind = lexed.kind(index);
        index = lexed.tokens[index].partner as usize + 1;
        if !matches!(kind, Some(Kind::Open | Kind::Slot)) {
            break;
        }
        count += 1;
        if lexed.kind(index) != Some(Kind::Comma) {
            break;
        }
        index += 1;
    }
    Some((table, Rows { columns, count: count.max(1) }))
}
