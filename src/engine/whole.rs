//! What a check of the whole project found, and what of that is told to who asks about a part.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::files::Candidate;
use super::report::{PlacedGap, Report, SchemaSummary};
use super::snapshot::Targets;
use crate::facts::{FileFacts, Gap};
use crate::findings::{Diagnostic, Reported};
use crate::rules::{Category, Registry};
use crate::source::SourceFile;

/// Everything that is found, whoever asks: which files were named makes no difference to it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub(super) struct Whole {
    /// Those that are told if their file is asked about, in order of path and place.
    pub(super) findings: Vec<Reported>,
    /// The same of those that a comment silences.
    pub(super) suppressed: Vec<Reported>,
    /// What else is told of each file, in order of path.
    pub(super) files: Vec<OfFile>,
    /// The schema that was found.
    pub(super) schema: Option<SchemaSummary>,
}

/// What is told of one file beside findings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct OfFile {
    statements: usize,
    statements_not_understood: usize,
    gaps: Vec<Gap>,
}

/// A file of the project, as those see it who tell what was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) source: &'a Arc<SourceFile>,
    pub(super) candidate: &'a Candidate,
}

impl OfFile {
    pub(super) fn new(facts: &FileFacts) -> OfFile {
        let not_understood = facts.statements.iter().filter(|sql| sql.statement.unparsed.is_some());
        OfFile {
            statements: facts.statements.len(),
            statements_not_understood: not_understood.count(),
            gaps: facts.gaps.clone(),
        }
    }
}

impl Whole {
    /// What is told of `targets`. `files` are those of the project, in order of path.
    pub(super) fn told(&self, registry: &Registry, root: &Path, files: &[Seen<'_>], targets: &Targets) -> Report {
        let mut report = Report {
            root: root.to_owned(),
            files_read: files.len(),
            schema: self.schema.clone(),
            sources: files.iter().map(|file| (file.source.path.clone(), file.source.clone())).collect(),
            ..Report::default()
        };
        let is_told = |finding: &&Reported| {
            let path = &finding.diagnostic.primary.path;
            files.binary_search_by(|file| file.source.path.cmp(path)).is_ok_and(|at| {
                let candidate = files[at].candidate;
                targets.name(candidate) && speaks(registry, candidate, candidate.found.named, &finding.diagnostic)
            })
        };
        report.findings = self.findings.iter().filter(is_told).cloned().collect();
        report.suppressed = self.suppressed.iter().filter(is_told).cloned().collect();
        for (file, own) in files.iter().zip(&self.files) {
            if !targets.name(file.candidate) || !file.candidate.is_checked() {
                continue;
            }
            let path = &file.source.path;
            report.checked.push(path.clone());
            report.statements += own.statements;
            report.statements_not_understood += own.statements_not_understood;
            let placed = |gap: &Gap| PlacedGap { path: path.clone(), span: gap.span, what: gap.what.clone() };
            report.gaps.extend(own.gaps.iter().map(placed));
        }
        report
    }
}

/// Whether a finding in a file is told, if the file is asked about; `named`: by its own name.
pub(super) fn speaks(registry: &Registry, candidate: &Candidate, named: bool, finding: &Diagnostic) -> bool {
    let Some(rule) = registry.find(finding.rule) else { return false };
    let settings = candidate.settings.for_path(&candidate.found.absolute);
    let speaks = match registry.rules()[rule].page.metadata.category {
        Category::Migrations => candidate.tells_migrations(&settings, rule, named),
        _ => candidate.is_checked(),
    };
    speaks && finding.confidence >= settings.min_confidence
}
