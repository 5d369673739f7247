//! Large SQL files without the rows that they load.
//!
//! A dump of 200 MB is a few hundred KB of statements and a lot of data. This reads it once, from front to
//! back, in memory that does not depend on its length, and keeps all statements but: the data of
//! `COPY … FROM stdin`; all rows of an `INSERT … VALUES` but the first; and an `INSERT` that goes on where
//! the one before it ended, into the same columns of the same table.

use std::io::{self, Read};

use super::Cut;

/// A statement that is longer than this, in bytes, even without its rows, is dropped whole.
const LONGEST_STATEMENT: usize = 1 << 20;

/// How much of the first row of an `INSERT` is worth keeping, in bytes.
const LONGEST_ROW: usize = 64 << 10;

/// What is left of a file.
#[derive(Debug, Default)]
pub(super) struct Thinned {
    /// The bytes that were kept.
    pub(super) bytes: Vec<u8>,
    /// What was dropped between them, in order.
    pub(super) cuts: Vec<Cut>,
    /// How many statements lost rows, or are gone.
    pub(super) dropped: usize,
    /// Whether the file was read to its end.
    pub(super) complete: bool,
}

/// Reads `input` and keeps at most about `limit` bytes.
pub(super) fn thin(mut input: impl Read, limit: usize) -> io::Result<Thinned> {
    let mut head = Vec::new();
    input.by_ref().take(4096).read_to_end(&mut head)?;
    let mut thinner = Thinner::new(&head);
    thinner.feed(&head);
    let mut buffer = vec![0; 1 << 18];
    while thinner.out.bytes.len() <= limit {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(thinner.finish(true)),
            Ok(count) => thinner.feed(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(thinner.finish(false))
}

/// What kind of text the reader stands in.
#[derive(Debug, Default, PartialEq, Eq)]
enum Lexis {
    #[default]
    Plain,
    /// `'…'`; whether a backslash escapes in it.
    String(bool),
    /// `"…"` or `` `…` ``, until this byte.
    Quoted(u8),
    LineComment,
    /// `/* … */`, so many deep.
    BlockComment(u32),
    /// `$tag`, so far without its second `$`.
    DollarTag,
    /// `$tag$ … $tag$`; how much of the end has been met.
    DollarBody(usize),
    /// The lines after `COPY … FROM stdin;`; how much of `\.` has been met, if nothing else stands on the line.
    CopyData(Option<u8>),
}

/// What is to become of the bytes of a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fate {
    #[default]
    Kept,
    /// In the first row of an `INSERT`.
    FirstRow,
    /// Behind the first row: kept up to the next row.
    BehindFirstRow,
    /// Rows, up to the end of the statement.
    RowsDropped,
    /// All of it.
    AllDropped,
}

/// Bytes that are not kept.
#[derive(Clone, Copy, Debug, Default)]
struct Gone {
    bytes: u64,
    lines: u32,
    last: u8,
}

impl Gone {
    fn push(&mut self, byte: u8) {
        self.bytes += 1;
        // A lone carriage return ends a line too; whether it is one is only known at the next byte.
        self.lines += u32::from(byte == b'\n') + u32::from(self.last == b'\r' && byte != b'\n');
        self.last = byte;
    }

    fn extend(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.push(byte);
        }
    }
}

#[derive(Debug, Default)]
struct Thinner {
    out: Thinned,
    /// What was dropped since the last byte that was kept.
    gone: Gone,
    lexis: Lexis,
    /// Whether this is MySQL's dialect: a backslash escapes, `#` begins a comment, comments do not nest.
    is_mysql: bool,
    escaped: bool,
    previous: u8,
    dollar: Vec<u8>,
    /// The word that is being read, in upper case, as far as any word that matters is long.
    word: Vec<u8>,
    /// What stands on the line so far without its blanks, as far as `GO` is long.
    line: Vec<u8>,
    /// The bytes of the statement that may be kept.
    statement: Vec<u8>,
    fate: Fate,
    /// Where in the statement its rows were dropped, and what.
    rows: Option<(usize, Gone)>,
    row_start: usize,
    words: usize,
    depth: u32,
    is_insert: bool,
    is_copy: bool,
    copies_stdin: bool,
    /// What the statement says up to `VALUES`, without blanks.
    head: Vec<u8>,
    /// The same of the last `INSERT`, as long as nothing else came after it.
    last_head: Vec<u8>,
}

impl Thinner {
    /// `head` is the beginning of what will be read: it tells the dialect.
    fn new(head: &[u8]) -> Thinner {
        let has = |what: &[u8]| memchr::memmem::find(head, what).is_some();
        Thinner { is_mysql: has(b"MySQL") || has(b"MariaDB") || has(b"`"), ..Thinner::default() }
    }

    fn finish(mut self, complete: bool) -> Thinned {
        self.end_statement();
        self.out.complete = complete;
        self.out
    }

    fn feed(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            let skipped = self.skip(&bytes[at..]);
            if skipped > 0 {
                at += skipped;
            } else {
                self.step(bytes[at]);
                at += 1;
            }
        }
    }

    /// Passes over bytes that cannot matter, quickly; how many.
    fn skip(&mut self, rest: &[u8]) -> usize {
        let end = match self.lexis {
            Lexis::String(_) if !self.escaped => memchr::memchr2(b'\'', b'\\', rest),
            Lexis::CopyData(None) => memchr::memchr(b'\n', rest),
            Lexis::LineComment => memchr::memchr2(b'\n', b'\r', rest),
            _ => return 0,
        };
        let end = end.unwrap_or(rest.len());
        if end > 0 {
            if self.lexis == Lexis::CopyData(None) {
                self.gone.extend(&rest[..end]);
            } else {
                self.put(&rest[..end]);
            }
            self.previous = rest[end - 1];
        }
        end
    }

    /// Takes the bytes into the statement, or drops them, as its fate says.
    fn put(&mut self, bytes: &[u8]) {
        match self.fate {
            Fate::AllDropped => self.gone.extend(bytes),
            Fate::RowsDropped => {
                if let Some((_, gone)) = &mut self.rows {
                    gone.extend(bytes);
                }
            }
            _ => self.statement.extend_from_slice(bytes),
        }
        let row = self.fate == Fate::FirstRow && self.statement.len() - self.row_start > LONGEST_ROW;
        if row || self.statement.len() > LONGEST_STATEMENT {
            self.drop_statement();
        }
    }

    fn drop_statement(&mut self) {
        let statement = std::mem::take(&mut self.statement);
        self.gone.extend(&statement);
        if let Some((_, rows)) = self.rows.take() {
            self.gone.bytes += rows.bytes;
            self.gone.lines += rows.lines;
        }
        self.fate = Fate::AllDropped;
    }

    fn step(&mut self, byte: u8) {
        if let Lexis::CopyData(met) = self.lexis {
            return self.copy_data(byte, met);
        }
        let previous = std::mem::replace(&mut self.previous, byte);
        match &mut self.lexis {
            Lexis::Plain => return self.plain(byte, previous),
            Lexis::String(escapes) => {
                if self.escaped {
                    self.escaped = false;
                } else if byte == b'\\' && *escapes {
                    self.escaped = true;
                } else if byte == b'\'' {
                    self.lexis = Lexis::Plain;
                }
            }
            Lexis::Quoted(end) => {
                if byte == *end {
                    self.lexis = Lexis::Plain;
                }
                if self.words > 0 && self.head.len() < 1024 {
                    self.head.push(byte);
                }
            }
            Lexis::LineComment => {
                if matches!(byte, b'\n' | b'\r') {
                    self.lexis = Lexis::Plain;
                    self.line.clear();
                }
            }
            Lexis::BlockComment(depth) => {
                if previous == b'*' && byte == b'/' {
                    *depth -= 1;
                    self.previous = 0;
                } else if previous == b'/' && byte == b'*' && !self.is_mysql {
                    *depth += 1;
                    self.previous = 0;
                }
                if *depth == 0 {
                    self.lexis = Lexis::Plain;
                }
            }
            Lexis::DollarTag => {
                self.dollar.push(byte);
                if byte == b'$' {
                    self.lexis = Lexis::DollarBody(0);
                } else if !(byte.is_ascii_alphanumeric() || byte == b'_') || self.dollar.len() > 64 {
                    self.lexis = Lexis::Plain;
                    return self.plain(byte, previous);
                } else if self.dollar.len() == 2 && byte.is_ascii_digit() {
                    self.lexis = Lexis::Plain;
                }
            }
            Lexis::DollarBody(met) => {
                *met = if byte == self.dollar[*met] { *met + 1 } else { usize::from(byte == b'$') };
                if *met == self.dollar.len() {
                    self.lexis = Lexis::Plain;
                    self.previous = 0;
                }
            }
            Lexis::CopyData(_) => {}
        }
        self.put(&[byte]);
    }

    fn plain(&mut self, byte: u8, previous: u8) {
        let in_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80;
        if in_word(byte) && byte != b'$' {
            if self.word.len() < 16 {
                self.word.push(byte.to_ascii_uppercase());
            }
        } else if !self.word.is_empty() {
            let word = std::mem::take(&mut self.word);
            self.end_word(&word);
            if byte == b'\'' && word == b"E" {
                self.note(byte);
                self.lexis = Lexis::String(true);
                return self.put(&[byte]);
            }
        }
        self.note(byte);
        match byte {
            b'\'' => self.lexis = Lexis::String(self.is_mysql),
            b'"' | b'`' => self.lexis = Lexis::Quoted(byte),
            b'-' if previous == b'-' => self.lexis = Lexis::LineComment,
            b'#' if self.is_mysql => self.lexis = Lexis::LineComment,
            // A command of psql ends with its line.
            b'\\' if self.words == 0 && self.line.len() <= 1 => self.lexis = Lexis::LineComment,
            b'*' if previous == b'/' => {
                self.lexis = Lexis::BlockComment(1);
                self.previous = 0;
            }
            b'$' if !in_word(previous) => {
                self.dollar = vec![b'$'];
                self.lexis = Lexis::DollarTag;
            }
            b'(' => self.depth += 1,
            b')' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 && self.fate == Fate::FirstRow {
                    self.put(b")");
                    if self.fate == Fate::FirstRow {
                        self.fate = Fate::BehindFirstRow;
                    }
                    return;
                }
            }
            b',' if self.depth == 0 && self.fate == Fate::BehindFirstRow => self.drop_rows(0),
            b';' => {
                self.put_end(b";");
                return self.end_statement();
            }
            b'\n' if self.line.eq_ignore_ascii_case(b"GO") => {
                self.put_end(b"\n");
                return self.end_statement();
            }
            _ => {}
        }
        if matches!(byte, b'\n' | b'\r') {
            self.line.clear();
        }
        self.put(&[byte]);
    }

    /// Keeps in mind what a statement begins with and what stands on the line.
    fn note(&mut self, byte: u8) {
        if !byte.is_ascii_whitespace() {
            if self.line.len() < 3 {
                self.line.push(byte);
            }
            if self.head.len() < 1024 {
                self.head.push(byte.to_ascii_uppercase());
            }
        }
    }

    /// Drops what follows, and the last `back` bytes of the statement.
    fn drop_rows(&mut self, back: usize) {
        let at = self.statement.len().saturating_sub(back);
        let mut gone = Gone::default();
        gone.extend(&self.statement[at..]);
        self.statement.truncate(at);
        self.rows = Some((at, gone));
        self.fate = Fate::RowsDropped;
    }

    fn end_word(&mut self, word: &[u8]) {
        self.words += 1;
        match word {
            b"INSERT" | b"REPLACE" if self.words == 1 => {
                self.is_insert = true;
                self.head.clear();
            }
            b"COPY" if self.words == 1 => self.is_copy = true,
            b"STDIN" if self.is_copy && self.depth == 0 => self.copies_stdin = true,
            b"VALUES" if self.is_insert && self.depth == 0 && self.fate == Fate::Kept => {
                if self.head == self.last_head {
                    self.drop_statement();
                } else {
                    self.last_head = std::mem::take(&mut self.head);
                    self.fate = Fate::FirstRow;
                    self.row_start = self.statement.len();
                }
            }
            // Statements without a semicolon between them, as SQL Server's tools write them.
            b"INSERT" if self.depth == 0 && self.fate == Fate::BehindFirstRow => self.drop_rows(word.len()),
            _ => {}
        }
    }

    /// Takes the end of a statement, which is kept even if its rows are not.
    fn put_end(&mut self, end: &[u8]) {
        match self.fate {
            Fate::AllDropped => self.gone.extend(end),
            _ => self.statement.extend_from_slice(end),
        }
    }

    fn end_statement(&mut self) {
        let word = std::mem::take(&mut self.word);
        if !word.is_empty() {
            self.end_word(&word);
        }
        let statement = std::mem::take(&mut self.statement);
        let rows = self.rows.take();
        if self.fate == Fate::AllDropped || rows.is_some() {
            self.out.dropped += 1;
        }
        if !self.is_insert && self.words > 0 {
            self.last_head.clear();
        }
        match rows {
            Some((at, gone)) => {
                self.keep(&statement[..at]);
                self.gone = gone;
                self.keep(&statement[at..]);
            }
            None => self.keep(&statement),
        }
        self.lexis = if self.copies_stdin { Lexis::CopyData(Some(0)) } else { Lexis::Plain };
        if self.copies_stdin {
            self.out.dropped += 1;
        }
        self.fate = Fate::Kept;
        self.words = 0;
        self.depth = 0;
        self.is_insert = false;
        self.is_copy = false;
        self.copies_stdin = false;
        self.head.clear();
        self.line.clear();
        self.previous = 0;
    }

    fn keep(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut gone = std::mem::take(&mut self.gone);
        if gone.bytes > 0 {
            gone.lines += u32::from(gone.last == b'\r');
            // Lines that are gone are counted at the beginning of a line: one line break stays.
            let inside_line = !matches!(self.out.bytes.last(), None | Some(b'\n'));
            if gone.lines > 0 && inside_line {
                self.out.bytes.push(b'\n');
                gone.lines -= 1;
                gone.bytes -= 1;
            }
            let at = u32::try_from(self.out.bytes.len()).unwrap_or(u32::MAX);
            self.out.cuts.push(Cut { at, bytes: gone.bytes, lines: gone.lines });
        }
        self.out.bytes.extend_from_slice(bytes);
    }

    /// One byte of the lines after `COPY … FROM stdin;`. The line break that ends the statement's own line
    /// counts as the first of them.
    fn copy_data(&mut self, byte: u8, met: Option<u8>) {
        let next = match (met, byte) {
            (Some(0), b'\\') => Some(1),
            (Some(1), b'.') => Some(2),
            (Some(2), b'\r') => Some(2),
            (Some(2), b'\n') => {
                self.gone.push(byte);
                self.keep_end_of_data();
                return;
            }
            (_, b'\n') => Some(0),
            _ => None,
        };
        self.gone.push(byte);
        self.lexis = Lexis::CopyData(next);
    }

    /// The last line of the data is kept: a statement splitter wants to see it.
    fn keep_end_of_data(&mut self) {
        let end: &[u8] = b"\\.\n";
        self.gone.bytes -= end.len() as u64;
        self.gone.lines -= 1;
        self.gone.last = b'\n';
        if self.gone.bytes == 0 {
            self.gone = Gone::default();
        }
        self.keep(end);
        self.lexis = Lexis::Plain;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::PathBuf;

    use super::*;
    use crate::source::{Language, SourceFile};

    /// What is kept of `text`, having seen that each kept line stands where it stood, whatever the pieces in
    /// which the text arrives.
    fn kept(text: &str) -> String {
        let mut last = None;
        for size in [1, 2, 3, 7, 1 << 16] {
            let mut thinner = Thinner::new(text.as_bytes());
            text.as_bytes().chunks(size).for_each(|piece| thinner.feed(piece));
            let thinned = thinner.finish(true);
            let bytes = thinned.bytes.clone();
            assert!(last.is_none_or(|last| last == bytes), "pieces of {size} bytes");
            check_lines(text, thinned);
            last = Some(bytes);
        }
        String::from_utf8(last.unwrap()).unwrap()
    }

    fn check_lines(text: &str, thinned: Thinned) {
        let kept = String::from_utf8(thinned.bytes).unwrap();
        let file = SourceFile::thinned("a.sql", PathBuf::new(), Language::Sql, kept.clone(), thinned.cuts);
        let lines: Vec<&str> = text.lines().collect();
        for (at, _) in kept.match_indices("CREATE").chain(kept.match_indices("SELECT")) {
            let line = file.lines().line(at as u32);
            let word = &kept[at..at + 9];
            assert!(lines[line as usize - 1].contains(word), "line {line} of {text:?} has no {word}");
            let disk = file.disk_offset(at as u32) as usize;
            assert_eq!(&text[disk..disk + 9], word);
            let span = file.lines().line_span(&kept, line);
            assert!(kept[span.range()].contains(word), "{:?}", &kept[span.range()]);
        }
    }

    #[test]
    fn rows_go_and_statements_stay() {
        assert_eq!(
            kept(
                "CREATE TABLE t (a int);\nINSERT INTO t VALUES\n (1, 'a;b'),\n (2, 'it''s'),\n (3, NULL);\nSELECT 1 FROM t;\n"
            ),
            "CREATE TABLE t (a int);\nINSERT INTO t VALUES\n (1, 'a;b')\n;\nSELECT 1 FROM t;\n"
        );
        assert_eq!(
            kept(
                "INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nINSERT INTO t VALUES (3);\r\nCREATE INDEX i ON t (a);"
            ),
            "INSERT INTO t VALUES (1);\n\r\nCREATE INDEX i ON t (a);"
        );
        assert_eq!(
            kept("INSERT INTO t SELECT 1;\nINSERT INTO t SELECT 2;"),
            "INSERT INTO t SELECT 1;\nINSERT INTO t SELECT 2;"
        );
        let upsert = "INSERT INTO t VALUES (1) ON CONFLICT (a) DO NOTHING;\nSELECT 1 FROM t;";
        assert_eq!(kept(upsert), upsert);
    }

    #[test]
    fn copied_data_goes() {
        assert_eq!(
            kept(
                "CREATE TABLE t ();\nCOPY public.t (a, b) FROM stdin;\n1\tit's\n2\t;\n\\\\.\n\\.\n\nCREATE INDEX i ON t (a);\n"
            ),
            "CREATE TABLE t ();\nCOPY public.t (a, b) FROM stdin;\n\\.\n\nCREATE INDEX i ON t (a);\n"
        );
        assert_eq!(kept("COPY t FROM stdin;\n\\.\nSELECT 1 FROM t;"), "COPY t FROM stdin;\n\\.\nSELECT 1 FROM t;");
        assert_eq!(kept("COPY t FROM stdin;\n1\n2"), "COPY t FROM stdin;");
    }

    #[test]
    fn strings_comments_and_bodies_end_nothing() {
        let function =
            "CREATE FUNCTION f() AS $x$ BEGIN INSERT INTO t VALUES (1); SELECT ';$'; END $x$;\nSELECT 2 FROM t;";
        assert_eq!(kept(function), function);
        assert_eq!(
            kept("-- MySQL dump\nINSERT INTO `t` VALUES (1,'a\\'),(;'),(2,'b');\nSELECT 1 FROM t;"),
            "-- MySQL dump\nINSERT INTO `t` VALUES (1,'a\\'),(;');\nSELECT 1 FROM t;"
        );
        assert_eq!(
            kept("INSERT INTO t VALUES (1, 'c:\\'), (2, 'x');\nSELECT 1 FROM t;"),
            "INSERT INTO t VALUES (1, 'c:\\');\nSELECT 1 FROM t;"
        );
        assert_eq!(
            kept("INSERT INTO t VALUES (E'\\''), (E';');\nSELECT 1 FROM t;"),
            "INSERT INTO t VALUES (E'\\'');\nSELECT 1 FROM t;"
        );
        let comments = "/* a; /* b */ INSERT */ -- it's\nSELECT 1 FROM t; \\connect x'y\nSELECT 3 FROM t;";
        assert_eq!(kept(comments), comments);
    }

    #[test]
    fn statements_between_go_need_no_semicolon() {
        assert_eq!(
            kept("INSERT [t] ([a]) VALUES (1)\nINSERT [t] ([a]) VALUES (2)\nGO\nCREATE TABLE u (a int)\nGO\n"),
            "INSERT [t] ([a]) VALUES (1)\n\nCREATE TABLE u (a int)\nGO\n"
        );
    }

    #[test]
    fn what_is_too_long_goes_whole() {
        let text =
            format!("SELECT 1 FROM t;\nINSERT INTO t VALUES ('{}');\nSELECT 2 FROM t;", "x\n".repeat(LONGEST_ROW));
        assert_eq!(kept(&text), "SELECT 1 FROM t;\n\nSELECT 2 FROM t;");
        let many: String = (0..100).map(|n| format!("CREATE TABLE t{n:05} (a int);\n")).collect();
        let thinned = thin(many.as_bytes(), 1000).unwrap();
        assert!(!thinned.complete);
    }
}
