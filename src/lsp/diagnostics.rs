//! Findings as the protocol has them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lsp_types::{
    Code, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
    Message, Range, Uri,
};
use serde_json::json;
use xxhash_rust::xxh3::xxh3_64;

use super::client::Abilities;
use super::positions::Encoding;
use super::projects::Project;
use super::worker::Checked;
use crate::config::ConfigError;
use crate::engine::SessionError;
use crate::findings::{Label, Reported, Role, Severity};
use crate::rules::{Category, Registry};
use crate::source::{Language, SourceFile};

/// Who says it.
pub(super) const SOURCE: &str = "seqscan";

/// Makes the findings of one project into diagnostics.
pub(super) struct Teller<'a> {
    pub(super) project: &'a Project,
    pub(super) checked: &'a Checked,
    pub(super) can: &'a Abilities,
}

impl<'a> Teller<'a> {
    /// The findings of a file, in order of place.
    pub(super) fn findings(&self, path: &str) -> &'a [Reported] {
        let found = &self.checked.report.findings;
        let start = found.partition_point(|reported| *reported.diagnostic.primary.path < *path);
        let length = found[start..].partition_point(|reported| *reported.diagnostic.primary.path == *path);
        &found[start..start + length]
    }

    /// The diagnostics of a file.
    pub(super) fn file(&self, path: &str) -> Vec<Diagnostic> {
        self.findings(path).iter().filter_map(|reported| self.diagnostic(reported)).collect()
    }

    /// The files of the opened folders that have findings.
    pub(super) fn files(&self) -> Vec<&'a str> {
        let mut paths: Vec<&str> =
            self.checked.report.findings.iter().map(|reported| &*reported.diagnostic.primary.path).collect();
        paths.dedup();
        paths.retain(|path| self.project.is_opened(path));
        paths
    }

    /// One finding.
    pub(super) fn diagnostic(&self, reported: &Reported) -> Option<Diagnostic> {
        let found = &reported.diagnostic;
        let source = self.checked.report.sources.get(&found.primary.path)?;
        let rule = Registry::builtin().get(found.rule)?;
        let message = match &found.help {
            Some(help) => format!("{}\nhelp: {help}", found.message),
            None => found.message.clone(),
        };
        let related: Vec<DiagnosticRelatedInformation> =
            found.related.iter().filter_map(|label| self.related(label)).collect();
        let is_unneeded = rule.page.metadata.category == Category::Suppressions;
        Some(Diagnostic {
            range: self.can.encoding.range(source, found.primary.span),
            severity: Some(severity(found.severity)),
            code: Some(Code::String(found.rule.to_owned())),
            code_description: Uri::parse(&rule.url()).ok().map(|href| CodeDescription { href }),
            source: Some(SOURCE.to_owned()),
            message: Message::String(message),
            tags: is_unneeded.then(|| vec![DiagnosticTag::Unnecessary]),
            related_information: (self.can.related && !related.is_empty()).then_some(related),
            data: self.can.keeps_data.then(|| json!({ "fingerprint": reported.fingerprint })),
        })
    }

    fn related(&self, label: &Label) -> Option<DiagnosticRelatedInformation> {
        let source = self.checked.report.sources.get(&label.path)?;
        let location =
            Location { uri: self.project.uri_of(&label.path)?, range: self.can.encoding.range(source, label.span) };
        let message = match (label.text.as_str(), label.role) {
            ("", Role::Loop) => "the loop",
            ("", Role::Query) => "the query",
            ("", Role::Hop) => "called here",
            ("", Role::Schema) => "defined here",
            (text, _) => text,
        };
        Some(DiagnosticRelatedInformation { location, message: message.to_owned() })
    }
}

fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Error => DiagnosticSeverity::Error,
        Severity::Warning => DiagnosticSeverity::Warning,
        Severity::Info => DiagnosticSeverity::Information,
    }
}

/// What is wrong with the configuration files of a project, by file.
pub(super) fn of_configuration(project: &Project, encoding: Encoding) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
    let mut found: BTreeMap<PathBuf, Vec<Diagnostic>> = BTreeMap::new();
    let Some(analysis) = &project.analysis else { return found };
    let mut add = |error: &ConfigError, severity: DiagnosticSeverity| {
        let path = Path::new(&error.origin);
        if path.is_absolute() {
            found.entry(path.to_owned()).or_default().push(of_config_error(error, severity, encoding));
        }
    };
    match &analysis.outcome {
        Ok(checked) => checked.report.warnings.iter().for_each(|error| add(error, DiagnosticSeverity::Warning)),
        Err(SessionError::Config(error)) => add(error, DiagnosticSeverity::Error),
        Err(_) => {}
    }
    found
}

fn of_config_error(error: &ConfigError, severity: DiagnosticSeverity, encoding: Encoding) -> Diagnostic {
    let range = match (&error.text, error.span) {
        (Some(text), Some(span)) => {
            // Only its lines matter.
            let source = SourceFile::new("", PathBuf::new(), Language::Sql, text.to_string());
            encoding.range(&source, span)
        }
        _ => Range::default(),
    };
    let message = match &error.help {
        Some(help) => format!("{}\nhelp: {help}", error.message),
        None => error.message.clone(),
    };
    Diagnostic {
        range,
        severity: Some(severity),
        code: None,
        code_description: None,
        source: Some(SOURCE.to_owned()),
        message: Message::String(message),
        tags: None,
        related_information: None,
        data: None,
    }
}

/// A name for these diagnostics that others do not have.
pub(super) fn result_id(diagnostics: &[Diagnostic]) -> String {
    format!("{:016x}", xxh3_64(&serde_json::to_vec(diagnostics).unwrap_or_default()))
}
