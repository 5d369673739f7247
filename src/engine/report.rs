//! What a check gives.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::Baselined;
use crate::config::ConfigError;
use crate::findings::{Reported, Severity};
use crate::source::{LeftOut, Purpose, SourceFile, Span};

/// Everything that a run has to tell, before any output format.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The root that all paths are relative to.
    pub root: PathBuf,
    /// The findings to be shown, in order of path and place.
    pub findings: Vec<Reported>,
    /// The findings that a comment silences.
    pub suppressed: Vec<Reported>,
    /// What the baseline did to them, if there is one.
    pub baselined: Option<Baselined>,
    /// How many findings of each rule the baseline knows.
    pub known: BTreeMap<&'static str, usize>,
    /// How many findings were there before the change that was asked about.
    pub older: Option<usize>,
    /// The files that were checked.
    pub checked: Vec<Arc<str>>,
    /// How many files of the project were read, checked or not.
    pub files_read: usize,
    /// The files and folders that were found and not checked.
    pub left_out: Vec<LeftOutPath>,
    /// What could not be read, or only in part: one line each.
    pub problems: Vec<String>,
    /// How many SQL statements the checked files have.
    pub statements: usize,
    /// How many of them were not understood.
    pub statements_not_understood: usize,
    /// The schema that was found.
    pub schema: Option<SchemaSummary>,
    /// Parts of checked files that were not checked.
    pub gaps: Vec<PlacedGap>,
    /// What went wrong in seqscan itself.
    pub internal_errors: Vec<InternalError>,
    /// What has no effect in the configuration.
    pub warnings: Vec<ConfigError>,
    /// The files of the project, by path: what places are in.
    pub sources: FxHashMap<Arc<str>, Arc<SourceFile>>,
}

impl Report {
    /// The findings that count: those that no comment silences.
    pub fn counted(&self) -> impl Iterator<Item = &Reported> {
        self.findings.iter().filter(|finding| !finding.suppressed)
    }

    /// The number of counted findings of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.counted().filter(|finding| finding.diagnostic.severity == severity).count()
    }

    /// Puts the findings that a comment silences among those that are shown.
    pub fn show_suppressed(&mut self) {
        let silenced = self.suppressed.iter().cloned();
        self.findings.extend(silenced.map(|finding| Reported { suppressed: true, ..finding }));
        self.findings.sort_by(|a, b| {
            let key = |finding: &Reported| (finding.diagnostic.primary.path.clone(), finding.diagnostic.primary.span);
            key(a).cmp(&key(b))
        });
    }

    /// What was left out, counted by reason, in the words of users: `3 tests`, `1 minified file`.
    pub fn left_out_by_reason(&self) -> Vec<String> {
        let mut counts: BTreeMap<Reason, usize> = BTreeMap::new();
        for left_out in &self.left_out {
            *counts.entry(left_out.reason).or_default() += 1;
        }
        counts.into_iter().map(|(reason, count)| reason.describe(count)).collect()
    }
}

/// A file or folder that was not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOutPath {
    /// Relative to the root; a folder ends in `/`.
    pub path: Arc<str>,
    /// Why.
    pub reason: Reason,
}

/// Why a file or folder was not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It is not part of the application.
    Purpose(Purpose),
    /// The configuration excludes it, or people do not write such files.
    Kind(LeftOut),
}

impl Reason {
    /// What `count` of them are, as users read it.
    pub fn describe(self, count: usize) -> String {
        match self {
            Reason::Purpose(purpose) => purpose.describe(count),
            Reason::Kind(kind) => kind.describe(count),
        }
    }

    /// Why, for one of them: `test`, `minified file`.
    pub fn singular(self) -> String {
        let text = self.describe(1);
        text.strip_prefix("1 ").unwrap_or(&text).to_owned()
    }
}

/// What is known of the database's schema, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaSummary {
    /// How many tables.
    pub tables: usize,
    /// How many indexes, primary keys and unique constraints among them.
    pub indexes: usize,
    /// From which files.
    pub sources: Vec<Arc<str>>,
}

/// A part of a file that was not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedGap {
    /// Relative to the root.
    pub path: Arc<str>,
    /// Where.
    pub span: Span,
    /// What.
    pub what: String,
}

/// A mistake of seqscan itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternalError {
    /// The rule that failed; none if it was the reading of a file.
    pub rule: Option<&'static str>,
    /// The file it failed on; none for a rule over the whole project.
    pub path: Option<Arc<str>>,
    /// What it said.
    pub message: String,
}

impl fmt::Display for InternalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let InternalError { rule, path, message } = self;
        match (rule, path) {
            (Some(rule), Some(path)) => write!(f, "{rule} failed on {path}: {message}"),
            (Some(rule), None) => write!(f, "{rule} failed: {message}"),
            (None, Some(path)) => write!(f, "reading {path} failed: {message}"),
            (None, None) => f.write_str(message),
        }
    }
}
