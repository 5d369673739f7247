//! Changes texts as no author would.

use std::ops::Range;

use crate::dice::Dice;
use crate::seeds::Seeds;

/// How long a text may become, in bytes.
const LONGEST: usize = 200_000;

/// What stands in texts where readers stumble.
const ODD: [&str; 44] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "`",
    "\"\"\"",
    "'''",
    "${",
    "/*",
    "*/",
    "--",
    "//",
    "#",
    "\\",
    ";",
    ",",
    "\0",
    "\r",
    "\r\n",
    "\t",
    "\u{feff}",
    "\u{2028}",
    "\u{202e}",
    "\u{1b}[31m",
    "é",
    "e\u{301}",
    "😀",
    "𝒳",
    "%s",
    "$1",
    "?",
    ":id",
    "@id",
    "{}",
    "$$",
    "$tag$",
    "::",
    "||",
    "\n    ",
    "\n",
];

/// Words that change what a text is about.
const WORDS: [&str; 48] = [
    "SELECT",
    "FROM",
    "WHERE",
    "AND",
    "OR",
    "NOT",
    "IN (SELECT",
    "EXISTS (",
    "JOIN",
    "LEFT JOIN",
    "ON",
    "GROUP BY",
    "ORDER BY",
    "LIMIT",
    "OFFSET",
    "UNION",
    "WITH",
    "AS",
    "LIKE '%x%'",
    "CREATE TABLE",
    "CREATE INDEX",
    "ALTER TABLE",
    "DELIMITER //",
    "BEGIN",
    "END",
    "CASE WHEN",
    "INSERT INTO",
    "UPDATE",
    "for",
    "in",
    "if",
    "else",
    "while",
    "def",
    "class",
    "async",
    "await",
    "return",
    "yield",
    "lambda",
    "=>",
    "function",
    "import",
    "from",
    "try",
    "with",
    "seqscan: ignore[query-in-loop]",
    "seqscan: ignore-file",
];

/// Changes `text` a few times; other texts lend parts.
pub(crate) fn text(dice: &mut Dice, text: &str, seeds: &Seeds) -> String {
    let other = seeds.any(dice);
    let mut text = text.to_owned();
    for _ in 0..=dice.below(4) {
        text = once(dice, &text, other);
        if text.len() > LONGEST {
            text.truncate(boundary(&text, LONGEST));
        }
    }
    text
}

/// Changes bytes: as a text, and then perhaps so that they are none.
pub(crate) fn bytes(dice: &mut Dice, from: &str, seeds: &Seeds) -> Vec<u8> {
    let mut bytes = text(dice, from, seeds).into_bytes();
    if dice.one_in(8) {
        // UTF-16, perhaps cut in the middle of a character.
        let big = dice.one_in(2);
        let units = String::from_utf8_lossy(&bytes).encode_utf16().collect::<Vec<u16>>();
        bytes = if big { vec![0xFE, 0xFF] } else { vec![0xFF, 0xFE] };
        bytes.extend(units.into_iter().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }));
        bytes.truncate(bytes.len() - dice.below(2));
    }
    for _ in 0..dice.below(6) {
        if !bytes.is_empty() {
            let at = dice.below(bytes.len());
            bytes[at] = u8::try_from(dice.below(256)).unwrap_or(0);
        }
    }
    bytes
}

fn once(dice: &mut Dice, text: &str, other: &str) -> String {
    let part = range(dice, text);
    match dice.below(12) {
        0 => replaced(text, part, ""),
        1 => {
            let again = text[part.clone()].repeat(dice.within(2..5));
            replaced(text, part, &again)
        }
        2 => {
            let second = range(dice, text);
            let (first, second) = if part.start <= second.start { (part, second) } else { (second, part) };
            if first.end > second.start {
                return replaced(text, first, "");
            }
            let (a, b) = (&text[first.clone()], &text[second.clone()]);
            [&text[..first.start], b, &text[first.end..second.start], a, &text[second.end..]].concat()
        }
        3 | 4 => {
            let taken = range(dice, other);
            replaced(text, part.start..part.start, &other[taken])
        }
        5 | 6 => {
            let odd = *dice.of(&ODD);
            replaced(text, part.start..part.start, odd)
        }
        7 => {
            let word = format!(" {} ", dice.of(&WORDS));
            replaced(text, part.start..part.start, &word)
        }
        8 => text[..part.start].to_owned(),
        9 => {
            // Deep, or just long.
            let token = if dice.one_in(2) { *dice.of(&ODD) } else { *dice.of(&WORDS) };
            let many = [10, 200, 3000][dice.below(3)];
            replaced(text, part.start..part.start, &format!("{token} ").repeat(many))
        }
        10 => {
            let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
            let (from, to) = (dice.below(lines.len()), dice.below(lines.len()));
            if !lines.is_empty() {
                let line = lines.remove(from.min(lines.len() - 1));
                lines.insert(to.min(lines.len()), line);
            }
            lines.concat()
        }
        _ => renamed(dice, text, text),
    }
}

/// One name becomes another one of `lent`: in one place, or in all.
pub(crate) fn renamed(dice: &mut Dice, text: &str, lent: &str) -> String {
    let (own, others) = (names(text), names(lent));
    if own.is_empty() || others.is_empty() {
        return text.to_owned();
    }
    let (one, another) = (dice.of(&own).clone(), &lent[dice.of(&others).clone()]);
    if dice.one_in(2) {
        return replaced(text, one, another);
    }
    let mut now = String::with_capacity(text.len());
    let mut from = 0;
    for name in own.iter().filter(|name| text[(*name).clone()] == text[one.clone()]) {
        now.push_str(&text[from..name.start]);
        now.push_str(another);
        from = name.end;
    }
    now + &text[from..]
}

fn replaced(text: &str, part: Range<usize>, by: &str) -> String {
    [&text[..part.start], by, &text[part.end..]].concat()
}

/// A part of a text, mostly a small one.
fn range(dice: &mut Dice, text: &str) -> Range<usize> {
    let start = dice.below(text.len() + 1);
    let long = [4, 40, 400, text.len() + 1][dice.below(4)];
    let end = (start + dice.below(long)).min(text.len());
    let start = boundary(text, start);
    start..boundary(text, end).max(start)
}

/// The last character boundary up to `at`.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

fn names(text: &str) -> Vec<Range<usize>> {
    let mut names = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match (letter.is_alphanumeric() || letter == '_', start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                names.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    names
}
