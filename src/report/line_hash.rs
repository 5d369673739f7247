//! GitHub's fingerprint of a line: the rolling hash that its upload action computes and compares.
//!
//! For each line: the next 100 characters (UTF-16 units) without spaces and tabs, counted from its start, with
//! every line break as `\n`, as a polynomial in 37 modulo 2⁶⁴; then a count of equal ones before it.

use std::collections::HashMap;

/// How many characters make a hash.
const BLOCK: usize = 100;
/// The base of the polynomial.
const BASE: i64 = 37;
/// What stands for the end of the file.
const END: u16 = u16::MAX;

/// The hash of every line of `text`, the first line first.
pub(super) fn line_hashes(text: &str) -> Vec<String> {
    let mut rolling = Rolling::new();
    let mut after_return = false;
    for unit in text.encode_utf16() {
        let is_second_half = after_return && unit == u16::from(b'\n');
        after_return = false;
        if is_second_half || unit == u16::from(b' ') || unit == u16::from(b'\t') {
            continue;
        }
        if unit == u16::from(b'\r') {
            after_return = true;
            rolling.take(u16::from(b'\n'));
        } else {
            rolling.take(unit);
        }
    }
    rolling.take(END);
    rolling.finish()
}

struct Rolling {
    window: [u16; BLOCK],
    /// Whether the character at this place of the window begins a line.
    begins: [bool; BLOCK],
    at: usize,
    hash: i64,
    /// The weight of the character that leaves the window.
    leaving: i64,
    at_line_start: bool,
    counts: HashMap<i64, u32>,
    lines: Vec<String>,
}

impl Rolling {
    fn new() -> Rolling {
        let leaving = (0..BLOCK).fold(1i64, |weight, _| weight.wrapping_mul(BASE));
        Rolling {
            window: [0; BLOCK],
            begins: [false; BLOCK],
            at: 0,
            hash: 0,
            leaving,
            at_line_start: true,
            counts: HashMap::new(),
            lines: Vec::new(),
        }
    }

    fn take(&mut self, unit: u16) {
        self.emit();
        self.begins[self.at] = std::mem::replace(&mut self.at_line_start, unit == u16::from(b'\n'));
        self.push(unit);
    }

    /// A line whose block is full is done.
    fn emit(&mut self) {
        if std::mem::take(&mut self.begins[self.at]) {
            let count = self.counts.entry(self.hash).or_insert(0);
            *count += 1;
            self.lines.push(format!("{:x}:{count}", self.hash));
        }
    }

    fn push(&mut self, unit: u16) {
        let gone = std::mem::replace(&mut self.window[self.at], unit);
        self.hash = self
            .hash
            .wrapping_mul(BASE)
            .wrapping_add(i64::from(unit))
            .wrapping_sub(self.leaving.wrapping_mul(i64::from(gone)));
        self.at = (self.at + 1) % BLOCK;
    }

    fn finish(mut self) -> Vec<String> {
        for _ in 0..BLOCK {
            self.emit();
            self.push(0);
        }
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::line_hashes;

    // The expected values are those that GitHub's own action gives.

    #[test]
    fn hashes_are_those_of_github() {
        assert_eq!(line_hashes(""), ["c129715d7a2bc9a3:1"]);
        assert_eq!(
            line_hashes(" a\nb\n  \t\tc\n d"),
            ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]
        );
    }

    #[test]
    fn line_breaks_are_alike() {
        let expected = [
            "e9496ae3ebfced30:1",
            "fb7c023a8b9ccb3f:1",
            "ce8ba1a563dcdaca:1",
            "e20e36e16fcb0cc8:1",
            "b3edc88f2938467e:1",
            "c8e28b0b4002a3a0:1",
            "c129715d7a2bc9a3:1",
        ];
        assert_eq!(line_hashes(" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n"), expected);
        assert_eq!(line_hashes(" hello; \t\r\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n"), expected);
    }

    #[test]
    fn equal_lines_are_counted() {
        let hashes = line_hashes(&"Lorem ipsum dolor sit amet.\n".repeat(10));
        assert_eq!(hashes[0], "a7f2ff13bc495cf2:1");
        assert_eq!(hashes[5], "a7f2ff13bc495cf2:6");
        assert_eq!(
            hashes[6..],
            [
                "a7f2ff1481e87703:1",
                "a9cf91f7bbf1862b:1",
                "55ec222b86bcae53:1",
                "cc97dc7b1d7d8f7b:1",
                "c129715d7a2bc9a3:1"
            ]
        );
    }
}
