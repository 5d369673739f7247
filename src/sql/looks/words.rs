//! The words and signs of a text that may be SQL.

use crate::sql::scan;

/// The words and signs of a text, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Words<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    Word(&'t str),
    /// A quoted name or a hole.
    Name,
    /// A number or a string.
    Constant,
    Sign(u8),
    End,
}

impl<'t> Words<'t> {
    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn next(&mut self) -> Piece<'t> {
        let bytes = self.text.as_bytes();
        loop {
            let Some(&byte) = bytes.get(self.at) else { return Piece::End };
            let start = self.at;
            match byte {
                byte if byte.is_ascii_whitespace() => self.at += 1,
                b'-' if bytes.get(start + 1) == Some(&b'-') => self.at = scan::line_end(bytes, start),
                b'/' if bytes.get(start + 1) == Some(&b'*') => {
                    self.at = scan::Ends::new(Some(false)).comment(bytes, start).unwrap_or(bytes.len());
                }
                b'"' | b'`' => {
                    self.at = scan::quoted_end(bytes, start, false);
                    return Piece::Name;
                }
                b'[' => {
                    self.at = memchr::memchr(b']', &bytes[start..]).map_or(bytes.len(), |step| start + step + 1);
                    return Piece::Name;
                }
                b'\'' => {
                    self.at = scan::quoted_end(bytes, start, false);
                    return Piece::Constant;
                }
                b'{' => {
                    self.hole();
                    return Piece::Name;
                }
                b'$' | b'#' | b'@' | b':' | b'%'
                    if bytes
                        .get(start + 1)
                        .is_some_and(|&next| scan::is_word(next) || next == b'{' || next == b'(') =>
                {
                    self.at = start + 1;
                    match bytes[self.at] {
                        b'{' => self.hole(),
                        b'(' => {
                            self.at = memchr::memchr(b')', &bytes[start..]).map_or(bytes.len(), |step| start + step + 2)
                        }
                        _ => self.at = scan::word_end(bytes, self.at),
                    }
                    self.at = self.at.min(bytes.len());
                    return Piece::Name;
                }
                b'?' => {
                    self.at += 1;
                    return Piece::Name;
                }
                byte if byte.is_ascii_digit() => {
                    self.at = scan::word_end(bytes, start);
                    return Piece::Constant;
                }
                byte if scan::is_word_start(byte) => {
                    self.at = scan::word_end(bytes, start);
                    // A name that is partly filled in.
                    if matches!(bytes.get(self.at), Some(b'{')) || bytes[self.at..].starts_with(b"${") {
                        self.at += usize::from(bytes[self.at] == b'$');
                        self.hole();
                        self.at = scan::word_end(bytes, self.at.min(bytes.len()));
                        return Piece::Name;
                    }
                    return Piece::Word(&self.text[start..self.at]);
                }
                byte => {
                    self.at += 1;
                    return Piece::Sign(byte);
                }
            }
        }
    }

    /// Steps over a hole whose brace is next, nested braces and all.
    fn hole(&mut self) {
        let bytes = self.text.as_bytes();
        let mut depth = 0;
        while let Some(&byte) = bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                // A hole can be the beginning of a name.
                self.at = scan::word_end(bytes, self.at.min(bytes.len()));
                return;
            }
        }
    }

    pub(super) fn peek(&self) -> Piece<'t> {
        let mut ahead = *self;
        ahead.next()
    }

    pub(super) fn take(&mut self, word: &str) -> bool {
        let mut ahead = *self;
        let found = matches!(ahead.next(), Piece::Word(next) if next.eq_ignore_ascii_case(word));
        if found {
            *self = ahead;
        }
        found
    }

    pub(super) fn take_any(&mut self, words: &str) -> bool {
        words.split_ascii_whitespace().any(|word| self.take(word))
    }

    /// Steps over a table's name; says whether there was one that no sentence has in its place.
    pub(super) fn table(&mut self) -> bool {
        loop {
            match self.next() {
                Piece::Word(word) if is_prose_word(word) => return false,
                Piece::Word(_) | Piece::Name => {}
                _ => return false,
            }
            if self.peek() != Piece::Sign(b'.') || !self.text[self.at..].starts_with('.') {
                return true;
            }
            // "… from the list." ends a sentence, `a.b` names a table.
            let after = self.text.as_bytes().get(self.at + 1).copied().unwrap_or(b' ');
            if after.is_ascii_whitespace() {
                return false;
            }
            self.at += 1;
        }
    }

    /// Whether one of these words follows, at any distance within `limit` pieces.
    pub(super) fn finds(&self, words: &str, limit: usize) -> Option<Words<'t>> {
        let mut ahead = *self;
        for _ in 0..limit {
            match ahead.next() {
                Piece::End => return None,
                Piece::Word(word) if is_any(word, words) => return Some(ahead),
                _ => {}
            }
        }
        None
    }
}

/// Words that stand where a table's name would, in sentences only.
const PROSE: &str = "the an this that these those your our its their his her my any some each every which what it them \
    one existing multiple of for with in to and or by is are be when if as on at from into where set all \
    here there other another";

/// Whether no table is called so.
pub(super) fn is_prose_word(word: &str) -> bool {
    // `a` is a table in every test, and an article in every sentence: it decides nothing.
    is_any(word, PROSE)
}

/// Whether `word` is one of these, which stand in one text with blanks between them.
pub(super) fn is_any(word: &str, words: &str) -> bool {
    words.split_ascii_whitespace().any(|known| word.eq_ignore_ascii_case(known))
}
