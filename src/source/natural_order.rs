//! The order of names in which numbers count by their value.

use std::cmp::Ordering;

/// Compares `a` and `b` part by part: runs of digits by value, everything else by character. A version
/// (`2.1__b`) comes after the version that it continues (`2__b`).
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    loop {
        match (left.first(), right.first()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (one, rest_left) = number(left);
                let (other, rest_right) = number(right);
                // Without leading zeros the longer number is the larger one.
                let order = one.len().cmp(&other.len()).then_with(|| one.cmp(other));
                if order != Ordering::Equal {
                    return order;
                }
                (left, right) = (rest_left, rest_right);
                let continues =
                    |rest: &[u8]| rest.first() == Some(&b'.') && rest.get(1).is_some_and(u8::is_ascii_digit);
                match (continues(left), continues(right)) {
                    (true, false) => return Ordering::Greater,
                    (false, true) => return Ordering::Less,
                    _ => {}
                }
            }
            (Some(x), Some(y)) if x == y => (left, right) = (&left[1..], &right[1..]),
            (Some(x), Some(y)) => return x.cmp(y),
        }
    }
}

/// The number that `text` begins with, without leading zeros, and what follows it.
fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let zeros = text[..end].iter().position(|&byte| byte != b'0').unwrap_or(end);
    (&text[zeros..end], &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_by_value() {
        let mut names = vec!["V10__a", "V2__a", "V2.1__a", "0002_b", "10_c", "0010_a", "9_z", "a", "V2__b"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(names, ["0002_b", "9_z", "0010_a", "10_c", "V2__a", "V2__b", "V2.1__a", "V10__a", "a"]);
        let huge = "1".repeat(200);
        assert_eq!(compare(&huge, "2"), Ordering::Greater);
    }
}
