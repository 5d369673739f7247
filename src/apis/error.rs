//! What is wrong with a catalog, and where.

use std::fmt;

/// A mistake in a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogError {
    /// The file.
    pub origin: String,
    /// The entry, as `[[call]] psycopg.connect`; empty if it is none.
    pub entry: String,
    /// What is wrong: lower case, no full stop.
    pub message: String,
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CatalogError { origin, entry, message } = self;
        if entry.is_empty() { write!(f, "{origin}: {message}") } else { write!(f, "{origin}: {entry}: {message}") }
    }
}

impl std::error::Error for CatalogError {}

impl CatalogError {
    /// A mistake that the TOML reader found in `text`: the entry is the one whose lines it points into.
    pub(super) fn from_toml(origin: &str, text: &str, error: &toml::de::Error) -> CatalogError {
        let at = error.span().map_or(0, |span| span.start);
        let line = text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
        let message = format!("line {line}: {}", error.message().trim_end().replace('\n', "; "));
        CatalogError { origin: origin.to_owned(), entry: entry_at(text, at), message }
    }
}

/// The entry whose lines hold byte `at`: its header and the name or path that follows it.
fn entry_at(text: &str, at: usize) -> String {
    let mut from = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        // An error about a missing field points at the header itself.
        if start > at {
            break;
        }
        if line.starts_with("[[") {
            from = Some(start);
        }
        start += line.len();
    }
    let Some(entry) = from.and_then(|from| text.get(from..)) else { return String::new() };
    let mut lines = entry.lines();
    let header = lines.next().unwrap_or_default().trim();
    let name = lines.take_while(|line| !line.starts_with("[[")).find_map(|line| {
        let (key, value) = line.split_once('=')?;
        matches!(key.trim(), "path" | "name").then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    });
    format!("{header} {}", name.unwrap_or_default()).trim_end().to_owned()
}
