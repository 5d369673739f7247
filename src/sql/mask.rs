//! What stands in a statement for something else: parameters, template holes, and parts that the host
//! program fills in; and the text of the same length in which each is replaced by what it was taken for.
//!
//! A hole may stand for a value, a name, a list, or whole clauses. What stands around it decides: where an
//! operand must come it is one, where an operand has just ended it can only be an operator or a clause.

use serde::{Deserialize, Serialize};

use super::lex::{Kind, Lexed, Token};
use crate::source::Span;

/// A part of a statement that is known only at run time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Where.
    pub span: Span,
    /// What fills it.
    pub kind: SlotKind,
    /// What it was taken for.
    pub reading: Reading,
}

/// What fills a [`Slot`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SlotKind {
    /// A bound parameter: it can only be a value.
    Parameter(ParameterKey),
    /// A hole of the host string, by its index among the holes that were handed in.
    Hole(u16),
    /// A template's expression (`{{ x }}`, `${x}`, `{x}`), which is text of any kind.
    Template,
}

/// How a parameter is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterKey {
    /// By its place, from 0: `?`, `%s`.
    Position(u16),
    /// By a number as written: `$1`, `?1`, `:1`.
    Number(u16),
    /// By name: `:name`, `%(name)s`, `@name`, `$name`.
    Name(Box<str>),
}

/// What a [`Slot`] was taken for, by what stands around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    /// A value, an expression or a name.
    Operand,
    /// A list in its place, with brackets: `IN ?`, `VALUES ?`.
    List,
    /// Assignments: `SET ?`.
    Assignment,
    /// A whole query: `WITH a AS ({query})`.
    Query,
    /// The arms of a `CASE`: `CASE id {whens} END`.
    Whens,
    /// One or more clauses, or nothing: `FROM t {where}`.
    Clause,
    /// An operator: `a {op} 5`.
    Operator,
    /// Part of a name: `{prefix}_users`.
    InName,
    /// Part of a string or number: `'%{query}%'`.
    InText,
}

/// The text with each hole replaced by a name of its length, so that what stands in a hole (quotes,
/// semicolons) is not taken for SQL.
pub(super) fn fill_holes<'t>(text: &'t str, holes: &[Span]) -> std::borrow::Cow<'t, str> {
    if holes.is_empty() {
        return text.into();
    }
    let mut bytes = text.as_bytes().to_vec();
    for hole in holes {
        if let Some(range) = bytes.get_mut(hole.range()) {
            fill(range, b'z', b'_');
        }
    }
    String::from_utf8(bytes).map_or_else(|_| text.into(), Into::into)
}

/// Overwrites a range with a name.
pub(super) fn fill(range: &mut [u8], first: u8, rest: u8) {
    range.fill(rest);
    if let Some(byte) = range.first_mut() {
        *byte = first;
    }
}

/// Words that begin or continue a clause: what stands before them is complete.
const CLAUSE_WORDS: &str = "WHERE ORDER GROUP HAVING LIMIT OFFSET FETCH FOR UNION EXCEPT INTERSECT JOIN INNER LEFT RIGHT FULL CROSS \
    NATURAL ON USING SET VALUES RETURNING AND OR AS FROM WINDOW THEN WHEN ELSE END ASC DESC NULLS IS IN LIKE BETWEEN NOT ILIKE OVER \
    COLLATE SELECT WITH INSERT UPDATE DELETE TO INTO";

fn is_clause_word(word: &str) -> bool {
    CLAUSE_WORDS.split_ascii_whitespace().any(|known| known == word)
}

/// Decides what each slot stands for, now that what follows it is known.
pub(super) fn settle_readings(out: &mut Lexed, bytes: &[u8]) {
    for index in 0..out.tokens.len() {
        if out.tokens[index].kind != Kind::Slot {
            continue;
        }
        let start = out.tokens[index].span.start;
        let Ok(slot) = out.slots.binary_search_by_key(&start, |slot| slot.span.start) else { continue };
        let place = Place { out, bytes, index, slot };
        let reading = match out.slots[slot].reading {
            Reading::Operand => place.operand(),
            Reading::Clause => place.clause(),
            other => other,
        };
        out.slots[slot].reading = reading;
        let is_before_slot = out.tokens.get(index + 1).is_some_and(|token| token.kind == Kind::Slot);
        if reading == Reading::Operator
            && is_before_slot
            && let Some(follower) = out.slots.get_mut(slot + 1)
        {
            follower.reading = Reading::Operand;
        }
    }
}

/// A slot among its neighbours.
struct Place<'p> {
    out: &'p Lexed,
    bytes: &'p [u8],
    index: usize,
    slot: usize,
}

impl Place<'_> {
    fn kind(&self, distance: isize) -> Option<Kind> {
        self.index.checked_add_signed(distance).and_then(|index| self.out.tokens.get(index)).map(|token| token.kind)
    }

    /// The word so many tokens away, in upper case; empty if there is none.
    fn word(&self, distance: isize) -> String {
        let token = self.index.checked_add_signed(distance).and_then(|index| self.out.tokens.get(index));
        token.filter(|token| token.kind == Kind::Word).map_or(String::new(), |token: &Token| {
            let range = (token.span.start - self.out.base) as usize..(token.span.end - self.out.base) as usize;
            String::from_utf8_lossy(&self.bytes[range]).to_ascii_uppercase()
        })
    }

    fn is_parameter(&self, slot: usize) -> bool {
        self.out.slots.get(slot).is_some_and(|slot| matches!(slot.kind, SlotKind::Parameter(_)))
    }

    /// Where an operand must come.
    fn operand(&self) -> Reading {
        let next = self.kind(1);
        match self.word(-1).as_str() {
            "" if self.index == 0 && matches!(next, Some(Kind::Word | Kind::Slot)) => Reading::Clause,
            "" if self.is_query() => Reading::Query,
            "IN" | "VALUES" if next != Some(Kind::Open) => Reading::List,
            "CASE" if self.word(1) == "END" => Reading::Whens,
            "SET" => {
                // `SET {assignments} {where}`: whatever follows has not been settled yet.
                let ends = matches!(next, None | Some(Kind::Comma)) || is_clause_word(&self.word(1));
                let before_clause = next == Some(Kind::Slot) && !self.is_parameter(self.slot + 1);
                if ends
                    || before_clause
                    || self.out.slots.get(self.slot + 1).is_some_and(|next| next.reading == Reading::Clause)
                        && next == Some(Kind::Slot)
                {
                    Reading::Assignment
                } else {
                    Reading::Operand
                }
            }
            _ => Reading::Operand,
        }
    }

    /// `WITH a AS ({query})`, `FROM ({query})`: the brackets hold nothing else.
    fn is_query(&self) -> bool {
        self.kind(-1) == Some(Kind::Open)
            && self.kind(1) == Some(Kind::Close)
            && matches!(self.word(-2).as_str(), "AS" | "FROM" | "JOIN" | "EXISTS" | "MATERIALIZED")
    }

    /// Where an operand has just ended.
    fn clause(&self) -> Reading {
        // `CASE id {whens} END`
        if self.word(1) == "END" && (self.word(-2) == "CASE" || self.word(-4) == "CASE") {
            return Reading::Whens;
        }
        match self.kind(1) {
            Some(Kind::Text | Kind::Number) => Reading::Operator,
            // `a {op} %s`, but not `FROM t {where} {order}`: only a parameter is surely a value.
            Some(Kind::Slot) if !self.is_parameter(self.slot) && self.is_parameter(self.slot + 1) => Reading::Operator,
            _ => Reading::Clause,
        }
    }
}

/// Reads the slots another way, for a statement that could not be understood: one that stands before an
/// operand, as in `SELECT {columns} count(*)`, was more than a value. Says whether anything changed.
pub(super) fn read_loosely(lexed: &mut Lexed) -> bool {
    let mut changed = false;
    for index in 0..lexed.tokens.len() {
        let token = lexed.tokens[index];
        let next = lexed.kind(index + 1);
        let is_operand = match next {
            Some(Kind::Word) => !is_clause_word(&lexed.token_str(index + 1).to_ascii_uppercase()),
            Some(Kind::Quoted | Kind::Text | Kind::Number | Kind::Slot) => true,
            _ => false,
        };
        if token.kind != Kind::Slot || !is_operand {
            continue;
        }
        let Ok(slot) = lexed.slots.binary_search_by_key(&token.span.start, |slot| slot.span.start) else { continue };
        let slot = &mut lexed.slots[slot];
        if slot.reading == Reading::Operand && !matches!(slot.kind, SlotKind::Parameter(_)) {
            slot.reading = Reading::Clause;
            let start = (token.span.start - lexed.base) as usize;
            lexed.masked.replace_range(start..start + token.span.len(), &" ".repeat(token.span.len()));
            changed = true;
        }
    }
    changed
}

/// The text with every slot replaced by what it was taken for, and what is not SQL by blanks.
pub(super) fn mask(out: &Lexed, blanks: &[(usize, usize)], mut bytes: Vec<u8>) -> String {
    for &(start, end) in blanks {
        for byte in &mut bytes[start..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    for slot in &out.slots {
        let range = (slot.span.start.saturating_sub(out.base)) as usize
            ..((slot.span.end.saturating_sub(out.base)) as usize).min(bytes.len());
        let Some(range) = bytes.get_mut(range) else { continue };
        match slot.reading {
            // The hole was filled before the text was read.
            Reading::InText => {}
            Reading::Clause => range.fill(b' '),
            Reading::Operator => {
                range.fill(b' ');
                let sign = &b"<>"[..range.len().min(2)];
                range[..sign.len()].copy_from_slice(sign);
            }
            _ => fill(range, b'z', b'_'),
        }
    }
    // Every range that was overwritten begins and ends at a character, so this cannot fail.
    String::from_utf8(bytes).unwrap_or_else(|error| "?".repeat(error.into_bytes().len()))
}
