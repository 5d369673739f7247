//! What is told to the user, whoever found it.

mod fingerprint;
mod fix;
mod index;

use std::sync::Arc;

pub use fingerprint::{Reported, fingerprints};
pub use fix::{Applicability, Edit, Fix};
pub use index::{IndexChange, IndexNeed, KeyUse, SpareIndex};

use crate::source::Span;

/// What it costs if it is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Will be slow as the data grows.
    Warning,
    /// Will bring the database down, or is certainly wrong.
    Error,
}

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Reported only with `--pedantic`.
    Low,
    /// The evidence is a shape that only this library uses, or a name with one definition.
    Medium,
    /// Every step is resolved.
    High,
}

/// What a place says about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The place itself.
    Primary,
    /// The loop around it.
    Loop,
    /// A call on the way from the loop to the query.
    Hop,
    /// The query that runs in the end.
    Query,
    /// Where the rows come from that are looped over or listed: their query or a step of it, what shows them.
    Rows,
    /// A table, index or model definition.
    Schema,
    /// Anything else worth seeing.
    Related,
}

/// One place of a finding, with what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Label {
    /// Project-relative path.
    pub path: Arc<str>,
    /// Where in that file.
    pub span: Span,
    /// What this place is.
    pub role: Role,
    /// A few words, lower case, no full stop; may be empty for the primary place.
    pub text: String,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Diagnostic {
    /// The rule's name, as its page is called.
    pub rule: &'static str,
    /// What it costs.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What and how much: lower case, no full stop.
    pub message: String,
    /// The call or the predicate that costs; on one line.
    pub primary: Label,
    /// Loop, hops, query, schema, in the order a reader follows them.
    pub related: Vec<Label>,
    /// Why it costs.
    pub note: Option<String>,
    /// What to do, in the framework's own words; may span lines.
    pub help: Option<String>,
    /// Edits that do it.
    pub fix: Option<Fix>,
    /// What it says of an index.
    pub index: Option<IndexChange>,
    /// The enclosing function or class, `Class.method`; empty at the top level. Part of the fingerprint.
    pub scope: String,
}
