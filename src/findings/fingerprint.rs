//! What stays the same about a finding when lines move.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3;

use super::Diagnostic;

/// A finding as it is reported: with the name it keeps from one run to the next.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Reported {
    /// The finding.
    pub diagnostic: Diagnostic,
    /// 16 hexadecimal digits that depend on the rule, the path, the enclosing scope, the text of the primary
    /// place without its spaces, and how many findings before it are the same in all these; not on lines.
    pub fingerprint: String,
    /// The tables that its query is about, as far as they are known; sorted.
    pub tables: Vec<String>,
    /// Whether a comment silences it; such findings are shown only if they are asked for.
    pub suppressed: bool,
}

/// Gives every finding its fingerprint. `text_of` gives the text of a finding's primary place. Findings must
/// be in order of place.
pub fn fingerprints<'a>(
    findings: Vec<Diagnostic>,
    text_of: impl Fn(&Diagnostic) -> std::borrow::Cow<'a, str>,
) -> Vec<Reported> {
    let mut seen: FxHashMap<u64, u32> = FxHashMap::default();
    findings
        .into_iter()
        .map(|diagnostic| {
            let key = hash(&diagnostic, &text_of(&diagnostic));
            let count = seen.entry(key).or_insert(0);
            *count += 1;
            let fingerprint = if *count == 1 { key } else { with_count(key, *count) };
            Reported { diagnostic, fingerprint: format!("{fingerprint:016x}"), tables: Vec::new(), suppressed: false }
        })
        .collect()
}

fn hash(diagnostic: &Diagnostic, text: &str) -> u64 {
    let mut hasher = Xxh3::new();
    for part in [diagnostic.rule, &diagnostic.primary.path, &diagnostic.scope] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    for word in text.split_whitespace() {
        hasher.update(word.as_bytes());
    }
    hasher.digest()
}

fn with_count(key: u64, count: u32) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&key.to_le_bytes());
    hasher.update(&count.to_le_bytes());
    hasher.digest()
}
