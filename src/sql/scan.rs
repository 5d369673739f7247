//! Stepping over the parts of SQL text that are not code: strings, quoted names, comments.
//! Shared by the splitter and the lexer, so that both see the same text.

/// One past the end of what is quoted with the byte at `at`; a doubled quote stays inside. The length of
/// the text if it is never closed.
pub(super) fn quoted_end(bytes: &[u8], at: usize, backslash: bool) -> usize {
    let quote = bytes[at];
    let mut at = at + 1;
    loop {
        let found =
            if backslash { memchr::memchr2(quote, b'\\', &bytes[at..]) } else { memchr::memchr(quote, &bytes[at..]) };
        let Some(step) = found else { return bytes.len() };
        at += step;
        if bytes[at] == b'\\' && quote != b'\\' {
            at = (at + 2).min(bytes.len());
        } else if bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
}

/// Where the line that holds `at` ends: at its line break, or at the end of the text.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |step| at + step)
}

/// Finds the ends of what may never end. Each search that fails may read to the end of the text, so only a
/// few are allowed to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    /// Whether comments stand in one another; `None` if both must be tried.
    nested: Option<bool>,
    failures: u8,
}

/// Searches that may fail.
const FAILURES: u8 = 16;

impl Ends {
    /// For a dialect in which comments stand in one another (or not, or perhaps).
    pub(super) fn new(nested: Option<bool>) -> Self {
        Ends { nested, failures: 0 }
    }

    /// One past the end of the block comment that begins at `at`; `None` if it is never closed.
    pub(super) fn comment(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        let flat = at + 2 + memchr::memmem::find(&bytes[at + 2..], b"*/")? + 2;
        let holds_another = memchr::memmem::find(&bytes[at + 2..flat], b"/*").is_some();
        if self.nested == Some(false) || !holds_another || self.failures >= FAILURES {
            return Some(flat);
        }
        let mut depth = 0usize;
        let mut from = at;
        while let Some(step) = memchr::memchr2(b'/', b'*', &bytes[from..]) {
            from += step;
            match bytes.get(from..from + 2) {
                Some(b"/*") => (depth, from) = (depth + 1, from + 2),
                Some(b"*/") => {
                    (depth, from) = (depth.saturating_sub(1), from + 2);
                    if depth == 0 {
                        return Some(from);
                    }
                }
                Some(_) => from += 1,
                None => break,
            }
        }
        self.failures += 1;
        Some(flat)
    }

    /// One past the end of the dollar-quoted string whose `tag` stands at `at`; `None` if it is never closed.
    pub(super) fn dollar(&mut self, bytes: &[u8], at: usize, tag: &[u8]) -> Option<usize> {
        if self.failures >= FAILURES {
            return None;
        }
        let from = at + tag.len();
        let end = memchr::memmem::find(&bytes[from..], tag).map(|step| from + step + tag.len());
        self.failures += u8::from(end.is_none());
        end
    }
}

/// The tag of a dollar quote that begins at `at`: `$$` or `$name$`.
pub(super) fn dollar_tag(bytes: &[u8], at: usize) -> Option<&[u8]> {
    if at > 0 && is_word(bytes[at - 1]) {
        return None;
    }
    let rest = &bytes[at + 1..];
    let length = rest.iter().take(64).position(|&byte| !is_word(byte) || byte == b'$')?;
    (rest[length] == b'$' && !rest.first().is_some_and(u8::is_ascii_digit)).then(|| &bytes[at..at + length + 2])
}

/// One past the end of a template's `{{ … }}`, `{% … %}` or `{# … #}` that begins at `at`.
pub(super) fn template_end(bytes: &[u8], at: usize) -> Option<usize> {
    let close: &[u8] = match bytes.get(at + 1)? {
        b'{' => b"}}",
        b'%' => b"%}",
        b'#' => b"#}",
        _ => return None,
    };
    let limit = bytes.len().min(at + 16 * 1024);
    let end = at + 2 + memchr::memmem::find(&bytes[at + 2..limit], close)? + 2;
    // `{{ {'a': 1}}}`: the last two braces close.
    Some(if close == b"}}" && bytes.get(end) == Some(&b'}') { end + 1 } else { end })
}

/// Whether a byte can stand in a name. Bytes above ASCII can, in every dialect.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Whether a byte can begin a name.
pub(super) fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

/// One past the end of the name at `at`.
pub(super) fn word_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|&byte| !is_word(byte)).map_or(bytes.len(), |length| at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes() {
        assert_eq!(quoted_end(b"'a''b' c", 0, false), 6);
        assert_eq!(quoted_end(br"'a\'b' c", 0, true), 6);
        assert_eq!(quoted_end(br"'a\' c", 0, false), 4);
        assert_eq!(quoted_end(b"'open", 0, false), 5);
        assert_eq!(quoted_end(br"'open\", 0, true), 6);
    }

    #[test]
    fn comments() {
        assert_eq!(Ends::new(None).comment(b"/* a */ b", 0), Some(7));
        assert_eq!(Ends::new(Some(true)).comment(b"/* /* a */ */ b", 0), Some(13));
        assert_eq!(Ends::new(Some(false)).comment(b"/* /* a */ */ b", 0), Some(10));
        assert_eq!(Ends::new(None).comment(b"/* /* a */ b", 0), Some(10));
        assert_eq!(Ends::new(None).comment(b"/* a", 0), None);
    }

    #[test]
    fn dollars() {
        assert_eq!(dollar_tag(b"$$a$$", 0), Some(&b"$$"[..]));
        assert_eq!(dollar_tag(b"$f1$a", 0), Some(&b"$f1$"[..]));
        assert_eq!(dollar_tag(b"$1 = $2", 0), None);
        assert_eq!(dollar_tag(b"a$$b", 1), None);
        assert_eq!(Ends::new(None).dollar(b"$a$ $$ $a$ x", 0, b"$a$"), Some(10));
    }
}
