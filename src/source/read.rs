//! From a found file to its text, with the same byte offsets.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use super::thin::{self, Thinned};
use super::walk::reason;
use super::{Encoding, FoundFile, Language, LeftOut, SourceFile};

/// How much of a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Larger files of a host language are left out, in bytes.
    pub code: u64,
    /// Larger SQL files are read without the rows they load ([`SourceFile::thinned`]), in bytes.
    pub whole_sql: u64,
    /// How much of a large SQL file is kept at most, in bytes.
    pub kept_sql: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        ReadLimits { code: 2 << 20, whole_sql: 1 << 20, kept_sql: 12 << 20 }
    }
}

/// What came of reading a file.
#[derive(Debug)]
pub enum Reading {
    /// Its text.
    Text(SourceFile, Vec<String>),
    /// It is no file that anybody wrote.
    LeftOut(LeftOut),
    /// It could not be read; one line that names it.
    Failed(String),
}

/// Reads `found`. The notices that come with a text, and the one of a failure, name the file.
pub fn read(found: &FoundFile, limits: &ReadLimits) -> Reading {
    match try_read(found, limits) {
        Ok(reading) => reading,
        Err(error) => Reading::Failed(format!("{}: {}", found.path, reason(&error))),
    }
}

fn try_read(found: &FoundFile, limits: &ReadLimits) -> io::Result<Reading> {
    let file = File::open(&found.absolute)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    if found.language == Language::Sql && meta.len() > limits.whole_sql {
        return read_sql_thinned(found, BufReader::with_capacity(1 << 18, file), limits);
    }
    if found.language != Language::Sql && meta.len() > limits.code {
        return Ok(Reading::LeftOut(LeftOut::TooLarge));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0) + 1);
    file.take(limits.code.max(limits.whole_sql) + 1).read_to_end(&mut bytes)?;
    Ok(of_bytes(found, bytes))
}

/// What [`read`] would give if the file had this text.
pub fn read_as(found: &FoundFile, text: &str, limits: &ReadLimits) -> Reading {
    let size = text.len() as u64;
    if found.language == Language::Sql && size > limits.whole_sql {
        let reading = read_sql_thinned(found, text.as_bytes(), limits);
        return reading.unwrap_or_else(|error| Reading::Failed(format!("{}: {}", found.path, reason(&error))));
    }
    if found.language != Language::Sql && size > limits.code {
        return Reading::LeftOut(LeftOut::TooLarge);
    }
    of_bytes(found, text.as_bytes().to_vec())
}

/// The text of standard input, which stands for the file `found`.
pub fn of_bytes(found: &FoundFile, bytes: Vec<u8>) -> Reading {
    let Some(decoded) = decode(bytes) else { return Reading::LeftOut(LeftOut::Binary) };
    if !found.named
        && let Some(why) = nobody_wrote(&decoded.text, found.language)
    {
        return Reading::LeftOut(why);
    }
    let notices = decoded.notice.map(|notice| format!("{}: {notice}", found.path));
    let mut source = SourceFile::new(found.path.clone(), found.absolute.clone(), found.language, decoded.text);
    source.encoding = decoded.encoding;
    Reading::Text(source, notices.into_iter().collect())
}

/// Reads a large SQL file without the rows that it loads. Only what is kept is ever in memory.
fn read_sql_thinned(found: &FoundFile, mut input: impl BufRead, limits: &ReadLimits) -> io::Result<Reading> {
    if matches!(input.fill_buf()?.get(..2), Some([0xFF, 0xFE] | [0xFE, 0xFF])) {
        let path = &found.path;
        return Ok(Reading::Failed(format!("{path}: a large file in UTF-16 is not read; store it as UTF-8")));
    }
    let Thinned { bytes, cuts, dropped, complete } = thin::thin(input, limits.kept_sql)?;
    let Some(decoded) = decode(bytes) else { return Ok(Reading::LeftOut(LeftOut::Binary)) };
    let mut notices: Vec<String> =
        decoded.notice.map(|notice| format!("{}: {notice}", found.path)).into_iter().collect();
    if dropped > 0 {
        let what = if dropped == 1 { "statement that loads rows" } else { "statements that load rows" };
        notices.push(format!("{}: a large file; its data was not read ({dropped} {what})", found.path));
    }
    if !complete {
        let kept = limits.kept_sql >> 20;
        notices.push(format!("{}: only its first {kept} MB of statements were read", found.path));
    }
    let path = found.path.clone();
    let source = SourceFile::thinned(path, found.absolute.clone(), found.language, decoded.text, cuts);
    Ok(Reading::Text(source, notices))
}

/// Bytes as text.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text; byte for byte as long as the bytes, unless they were UTF-16.
    pub text: String,
    /// How it stands on disk.
    pub encoding: Encoding,
    /// What a reader must be told about it: lower case, no full stop.
    pub notice: Option<String>,
}

/// Decodes `bytes`; `None` if they are no text. A byte-order mark of UTF-8 stays where it is, as a character
/// that parsers skip. A byte that is not UTF-8 becomes `_`, so that every other byte keeps its place: most
/// such bytes are letters of an older encoding, in comments and names.
pub fn decode(bytes: Vec<u8>) -> Option<Decoded> {
    match bytes.get(..2) {
        Some([0xFF, 0xFE]) => return utf16(&bytes, u16::from_le_bytes),
        Some([0xFE, 0xFF]) => return utf16(&bytes, u16::from_be_bytes),
        _ => {}
    }
    if memchr::memchr(0, &bytes).is_some() {
        return None;
    }
    match String::from_utf8(bytes) {
        Ok(text) => Some(Decoded { text, encoding: Encoding::Utf8, notice: None }),
        Err(error) => {
            let (text, replaced) = replace_invalid(error.into_bytes());
            let what = if replaced == 1 { "1 byte is" } else { &format!("{replaced} bytes are") };
            let notice = Some(format!("{what} not UTF-8, read as `_`"));
            Some(Decoded { text, encoding: Encoding::Other, notice })
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Decoded> {
    let units = bytes[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    let notice = Some("stored as UTF-16; read, but never changed".to_owned());
    (!text.contains('\0')).then_some(Decoded { text, encoding: Encoding::Utf16, notice })
}

/// Replaces every byte that is no part of a character by `_`; also how many there were.
fn replace_invalid(mut bytes: Vec<u8>) -> (String, usize) {
    let mut at = 0;
    let mut replaced = 0;
    while let Err(error) = std::str::from_utf8(&bytes[at..]) {
        let from = at + error.valid_up_to();
        let count = error.error_len().unwrap_or(bytes.len() - from);
        bytes[from..from + count].fill(b'_');
        replaced += count;
        at = from + count;
    }
    (String::from_utf8_lossy(&bytes).into_owned(), replaced)
}

/// How far into a file the marks of a generator are looked for, in bytes.
const HEAD: usize = 1500;

/// A line that people do not write, in bytes.
const LONG_LINE: usize = 5_000;

/// Why a text is not checked, told by what it looks like.
fn nobody_wrote(text: &str, language: Language) -> Option<LeftOut> {
    if language == Language::Sql {
        return None; // A generated schema is a schema.
    }
    let head = head(text);
    if language.is_ecma() {
        if head.contains("webpackBootstrap") || head.contains("/******/") || head.contains("__commonJS = (cb, mod)") {
            return Some(LeftOut::Bundled);
        }
        if is_minified(text) {
            return Some(LeftOut::Minified);
        }
    }
    is_generated(text).then_some(LeftOut::Generated)
}

/// Whether a text says at its beginning that a program wrote it.
pub fn is_generated(text: &str) -> bool {
    head(text).lines().take(25).any(says_generated)
}

/// The beginning of a text.
fn head(text: &str) -> &str {
    let mut end = HEAD.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Whether most of the text stands in lines that nobody could read.
fn is_minified(text: &str) -> bool {
    if text.len() < LONG_LINE {
        return false;
    }
    let long: usize = text.lines().map(str::len).filter(|&length| length > LONG_LINE).sum();
    let lines = 1 + memchr::memchr_iter(b'\n', text.as_bytes()).count();
    long * 2 > text.len() || text.len() / lines > 400
}

/// Whether a comment line says that a program wrote the file. Migration tools sign what people go on to edit
/// (`# Generated by Django 5.0`); that does not count.
fn says_generated(line: &str) -> bool {
    let line = line.trim_start();
    let is_comment = ["#", "//", "/*", "*", "--", "\"\"\"", "'''"].iter().any(|mark| line.starts_with(mark));
    if !is_comment {
        return false;
    }
    let lower = line.to_ascii_lowercase();
    lower.contains("@generated")
        || lower.contains("do not edit")
        || lower.contains("code generated by")
        || lower.contains("file is generated by")
        || lower.contains("file was automatically generated by")
        || lower.contains("generated by the protocol buffer compiler")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::PathBuf;

    use super::*;

    fn found(path: &str, named: bool) -> FoundFile {
        let language = Language::of_path(path).unwrap();
        FoundFile { path: path.into(), absolute: PathBuf::new(), language, named }
    }

    fn text(path: &str, bytes: &[u8]) -> (String, Vec<String>) {
        match of_bytes(&found(path, false), bytes.to_vec()) {
            Reading::Text(file, notices) => (file.text, notices),
            other => panic!("{other:?}"),
        }
    }

    fn why(path: &str, text: &str) -> Option<LeftOut> {
        match of_bytes(&found(path, false), text.as_bytes().to_vec()) {
            Reading::LeftOut(why) => Some(why),
            _ => None,
        }
    }

    #[test]
    fn offsets_stay_where_they_are() {
        assert_eq!(text("a.py", b"\xEF\xBB\xBFx = 1\r\n").0, "\u{feff}x = 1\r\n");
        let (latin, notices) = text("a.py", b"# caf\xE9 \xFF\xFE\nx = '\xC3\xA9\xF0\x9F'");
        assert_eq!(latin, "# caf_ __\nx = 'é__'");
        assert_eq!(notices, ["a.py: 5 bytes are not UTF-8, read as `_`"]);
        assert_eq!(text("a.py", b"ab\xE2\x82").0, "ab__");
    }

    #[test]
    fn what_is_no_text_is_left_out() {
        assert!(matches!(of_bytes(&found("a.py", true), b"a\0b".to_vec()), Reading::LeftOut(LeftOut::Binary)));
        let mut wide = vec![0xFF, 0xFE];
        wide.extend("SELECT 'é'".encode_utf16().flat_map(u16::to_le_bytes));
        let (read, notices) = text("a.sql", &wide);
        assert_eq!(read, "SELECT 'é'");
        assert_eq!(notices.len(), 1);
    }

    #[test]
    fn what_nobody_wrote_is_told_by_its_looks() {
        assert_eq!(why("a.py", "# Code generated by x. DO NOT EDIT.\n"), Some(LeftOut::Generated));
        assert_eq!(why("a.ts", "/**\n * @generated\n */\n"), Some(LeftOut::Generated));
        assert_eq!(why("a.py", "# Generated by Django 5.0 on 2024-01-01\n"), None);
        assert_eq!(why("a.py", "warn('do not edit')\n"), None);
        assert_eq!(why("a.js", &format!("/*! x */\n{}", "a=b;".repeat(3000))), Some(LeftOut::Minified));
        assert_eq!(why("a.js", &"const x = 1;\n".repeat(3000)), None);
        assert_eq!(why("a.js", "/******/ (() => { // webpackBootstrap\n"), Some(LeftOut::Bundled));
        let named = of_bytes(&found("a.py", true), b"# DO NOT EDIT\n".to_vec());
        assert!(matches!(named, Reading::Text(..)));
    }

    #[test]
    fn sizes_are_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("big.py");
        std::fs::write(&path, "x = 1\n".repeat(500_000)).unwrap();
        let big = FoundFile { absolute: path, ..found("big.py", true) };
        assert!(matches!(read(&big, &ReadLimits::default()), Reading::LeftOut(LeftOut::TooLarge)));
        let gone = FoundFile { absolute: dir.path().join("gone.py"), ..found("gone.py", true) };
        match read(&gone, &ReadLimits::default()) {
            Reading::Failed(line) => assert_eq!(line, "gone.py: no such file or directory"),
            other => panic!("{other:?}"),
        }
    }
}
