//! Edits that mend a finding.

use std::sync::Arc;

use crate::source::Span;

/// How far an edit may be trusted; ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applicability {
    /// Shown, never applied.
    DisplayOnly,
    /// Applied with `--unsafe-fixes`: the result may differ in a way the page names.
    Unsafe,
    /// Applied with `--fix`: the same result, proven.
    Safe,
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Edit {
    /// Project-relative path.
    pub path: Arc<str>,
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

impl Edit {
    /// Whether the two cannot be made at once. What only borders touches too: it may be about the same thing.
    pub fn touches(&self, other: &Edit) -> bool {
        self.path == other.path && self.span.start <= other.span.end && other.span.start <= self.span.end
    }
}

/// Edits that belong together.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fix {
    /// What it does, lower case, no full stop.
    pub title: String,
    /// How far it may be trusted.
    pub applicability: Applicability,
    /// Never overlapping, in order of place.
    pub edits: Vec<Edit>,
}
