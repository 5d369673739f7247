//! Words in the bytes of a text, before anybody knows what they mean.

use memchr::memmem;

/// Whether a byte may stand in a name of Python or JavaScript.
pub fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

/// Whether what stands between `start` and `end` is a whole name.
pub fn is_whole_name(bytes: &[u8], start: usize, end: usize) -> bool {
    !bytes[..start].last().copied().is_some_and(is_name) && !bytes.get(end).copied().is_some_and(is_name)
}

/// Whether a name stands in a text.
pub fn has_name(text: &str, name: &str) -> bool {
    let bytes = text.as_bytes();
    memmem::find_iter(bytes, name.as_bytes()).any(|at| is_whole_name(bytes, at, at + name.len()))
}
