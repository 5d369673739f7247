//! Patterns in a fragment of SQL that is no statement: `"lower(u.name) LIKE :q OR u.mail ILIKE :q"`.
//!
//! Builders take such fragments in `whereRaw`, `.where("…")`, `text("…")`. Only what stands before and after
//! a `LIKE` is read; everything else is skipped.

use super::bound::ParamKey;
use crate::facts::{Hole, Text};
use crate::source::Span;

/// One `LIKE` of a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// The column, with its qualifier, without the functions around it.
    pub(super) column: String,
    /// `ILIKE`
    pub(super) ignores_case: bool,
    /// `NOT LIKE`
    pub(super) negated: bool,
    /// Whether the fragment has an `OR`.
    pub(super) is_alternative: bool,
    /// Whether what is made of the column is matched, and not itself: `lower(name)`, `data::text`.
    pub(super) is_made: bool,
    /// What it is matched with.
    pub(super) operand: Operand,
    /// From the column to the operator, in the cooked text.
    pub(super) span: Span,
}

/// What a column is matched with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// A literal, or a concatenation that begins with one.
    Literal { is_leading: bool },
    /// A bound parameter.
    Parameter(ParamKey),
    /// What is filled in at run time, by its index.
    Hole(usize),
}

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Word,
    Literal,
    Parameter,
    Hole(usize),
    Sign(u8),
}

#[derive(Clone, Copy, Debug)]
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

/// All patterns of a fragment.
pub(super) fn patterns(text: &Text) -> Vec<Pattern> {
    let source = text.cooked.as_str();
    if !has_like(source) {
        return Vec::new();
    }
    let tokens = tokens(text);
    let word = |at: usize| {
        tokens.get(at).filter(|token| token.kind == Kind::Word).map(|token| &source[token.start..token.end])
    };
    let is = |at: usize, wanted: &str| word(at).is_some_and(|word| word.eq_ignore_ascii_case(wanted));
    let is_alternative = (0..tokens.len()).any(|at| is(at, "or"));
    // What a select of its own reads has names of its own: `EXISTS (SELECT 1 FROM unnest(tags) tag WHERE tag LIKE …)`.
    let selects = (0..tokens.len()).find(|&at| is(at, "from"));
    let mut found = Vec::new();
    for at in 1..tokens.len() {
        let ignores_case = is(at, "ilike");
        if !ignores_case && !is(at, "like") {
            continue;
        }
        let negated = is(at - 1, "not");
        let before = if negated { at.wrapping_sub(2) } else { at - 1 };
        let Some((column, start)) = column_before(source, &tokens, before) else { continue };
        let Some(operand) = operand_after(source, &text.holes, &tokens, at + 1) else { continue };
        let span = Span::new(start, tokens[at].end);
        let is_inner = selects.is_some_and(|from| from < at);
        let column = if is_inner { String::new() } else { column };
        let is_made =
            is_inner || !matches!(tokens[before].kind, Kind::Word | Kind::Hole(_)) || is_cast(&tokens, before);
        found.push(Pattern { column, ignores_case, negated, is_alternative, is_made, operand, span });
    }
    number_positions(&tokens, source, &mut found);
    found
}

fn has_like(source: &str) -> bool {
    source.as_bytes().windows(4).any(|four| four.eq_ignore_ascii_case(b"like"))
}

/// Whether the word at `at` is the type of a cast: `data::text`.
fn is_cast(tokens: &[Token], at: usize) -> bool {
    matches!(&tokens[..at], [.., Token { kind: Kind::Sign(b':'), .. }, Token { kind: Kind::Sign(b':'), .. }])
}

/// A name without its quotes.
fn bare(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '"' | '`' | '[' | ']' | '$' | '{' | '}')).collect()
}

/// The column that ends at `at`: a name, or the first name inside a function's brackets.
fn column_before(source: &str, tokens: &[Token], at: usize) -> Option<(String, usize)> {
    let token = tokens.get(at)?;
    // `data::text`
    if let [.., before, _, _] = &tokens[..at]
        && is_cast(tokens, at)
        && token.kind == Kind::Word
        && before.kind != Kind::Literal
    {
        return column_before(source, tokens, at - 3);
    }
    match token.kind {
        Kind::Word => Some((bare(&source[token.start..token.end]), token.start)),
        Kind::Hole(_) => Some((source[token.start..token.end].trim_matches(['$', '{', '}']).to_owned(), token.start)),
        Kind::Sign(b')') => {
            let mut depth = 0usize;
            let mut open = at;
            loop {
                match tokens[open].kind {
                    Kind::Sign(b')') => depth += 1,
                    Kind::Sign(b'(') => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                open = open.checked_sub(1)?;
            }
            let column = tokens[open + 1..at].iter().find(|token| {
                matches!(token.kind, Kind::Word | Kind::Hole(_)) && source.as_bytes().get(token.end) != Some(&b'(')
            })?;
            let start = open.checked_sub(1).filter(|&before| tokens[before].kind == Kind::Word).unwrap_or(open);
            Some((bare(&source[column.start..column.end]), tokens[start].start))
        }
        _ => None,
    }
}

fn operand_after(source: &str, holes: &[Hole], tokens: &[Token], at: usize) -> Option<Operand> {
    let token = tokens.get(at)?;
    match token.kind {
        Kind::Literal => {
            let inner = &source[token.start + 1..token.end];
            // `'${pattern}'`: the quotes are in the text, and nothing but a hole stands in them.
            if let Some(index) = holes.iter().position(|hole| hole.start as usize == token.start + 1) {
                return Some(Operand::Hole(index));
            }
            Some(Operand::Literal { is_leading: inner.starts_with(['%', '_']) })
        }
        Kind::Parameter => Some(Operand::Parameter(key(&source[token.start..token.end]))),
        Kind::Hole(index) => Some(Operand::Hole(index)),
        // `CONCAT('%', :q, '%')`, `lower(:q)`, `('%' || :q)`
        Kind::Word if tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Sign(b'(')) => {
            operand_after(source, holes, tokens, at + 2)
        }
        Kind::Sign(b'(') => operand_after(source, holes, tokens, at + 1),
        _ => None,
    }
}

/// `:name`, `@name`, `%(name)s` by name; `$2`, `?2` by number; `?`, `%s` by place, which is set later.
fn key(text: &str) -> ParamKey {
    let name = text.trim_start_matches([':', '@', '$', '?', '%', '(']).trim_end_matches("s").trim_end_matches(')');
    let name = if text.starts_with("%(") { name } else { text.trim_start_matches([':', '@', '$', '?']) };
    match name.parse::<usize>() {
        Ok(number) => ParamKey::Position(number.saturating_sub(1)),
        Err(_) if matches!(text, "?" | "%s" | "??") => ParamKey::Position(usize::MAX),
        Err(_) => ParamKey::Name(name.into()),
    }
}

/// Gives `?` and `%s` their places.
fn number_positions(tokens: &[Token], source: &str, found: &mut [Pattern]) {
    let places: Vec<usize> = tokens
        .iter()
        .filter(|token| token.kind == Kind::Parameter && matches!(&source[token.start..token.end], "?" | "%s" | "??"))
        .map(|token| token.start)
        .collect();
    for pattern in found {
        if let Operand::Parameter(ParamKey::Position(position)) = &mut pattern.operand
            && *position == usize::MAX
        {
            let after = places.iter().position(|&at| at >= pattern.span.end as usize);
            *position = after.unwrap_or(usize::MAX);
        }
    }
}

fn tokens(text: &Text) -> Vec<Token> {
    let source = text.cooked.as_str();
    let bytes = source.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if let Some(index) = text.holes.iter().position(|hole| hole.start as usize == at && hole.end > hole.start) {
            let end = text.holes[index].end as usize;
            tokens.push(Token { kind: Kind::Hole(index), start: at, end });
            at = end;
            continue;
        }
        let byte = bytes[at];
        let (kind, end) = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'\'' => (Kind::Literal, end_of_literal(bytes, at)),
            b'?' | b':' | b'@' | b'$' | b'%' => match end_of_parameter(bytes, at) {
                Some(end) => (Kind::Parameter, end),
                None => (Kind::Sign(byte), at + 1),
            },
            _ if is_word(byte) => (Kind::Word, end_of_word(text, bytes, at)),
            _ => (Kind::Sign(byte), at + 1),
        };
        tokens.push(Token { kind, start: at, end });
        at = end;
    }
    tokens
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'"' | b'`') || byte >= 0x80
}

fn end_of_word(text: &Text, bytes: &[u8], start: usize) -> usize {
    let mut end = start;
    while end < bytes.len() && is_word(bytes[end]) && !text.holes.iter().any(|hole| hole.start as usize == end) {
        end += 1;
    }
    end.max(start + 1)
}

fn end_of_literal(bytes: &[u8], start: usize) -> usize {
    let mut end = start + 1;
    while end < bytes.len() && bytes[end] != b'\'' {
        end += 1;
    }
    (end + 1).min(bytes.len())
}

fn end_of_parameter(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = &bytes[start + 1..];
    let name = || rest.iter().take_while(|&&byte| byte.is_ascii_alphanumeric() || byte == b'_').count();
    match bytes[start] {
        b'?' => Some(start + 1 + name()),
        // A cast: `name::text`.
        b':' if rest.first() == Some(&b':') || (start > 0 && bytes[start - 1] == b':') => None,
        b'%' if rest.first() == Some(&b's') => Some(start + 2),
        b'%' if rest.first() == Some(&b'(') => {
            let close = rest.iter().position(|&byte| byte == b')')?;
            Some((start + 1 + close + 2).min(bytes.len()))
        }
        b':' | b'@' | b'$' => match name() {
            0 => None,
            length => Some(start + 1 + length),
        },
        _ => None,
    }
}
