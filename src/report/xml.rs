//! What the XML formats share.

use std::borrow::Cow;

/// `text` without the characters that no XML document may have, not even escaped.
pub(super) fn allowed(text: &str) -> Cow<'_, str> {
    let is_refused = |letter: char| {
        letter < ' ' && !matches!(letter, '\t' | '\n' | '\r') || matches!(letter, '\u{fffe}' | '\u{ffff}')
    };
    if text.chars().any(is_refused) { Cow::Owned(text.replace(is_refused, "?")) } else { Cow::Borrowed(text) }
}

/// The findings that are told, by file; files and findings keep their order.
pub(super) fn by_file(report: &crate::engine::Report) -> Vec<(&str, Vec<&crate::findings::Reported>)> {
    let mut files: Vec<(&str, Vec<&crate::findings::Reported>)> = Vec::new();
    for reported in report.counted() {
        let path = &*reported.diagnostic.primary.path;
        match files.last_mut() {
            Some((last, findings)) if *last == path => findings.push(reported),
            _ => files.push((path, vec![reported])),
        }
    }
    files
}
