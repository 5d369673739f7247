//! How a rule tells what it found.

use super::Registered;
use super::context::scope_at;
use crate::findings::{Confidence, Diagnostic, Fix, IndexChange, Label, Severity};
use crate::project::Project;

/// What a rule found; the rest of the [`Diagnostic`] comes from the rule's page.
#[derive(Clone, Debug)]
pub struct Finding {
    message: String,
    primary: Label,
    related: Vec<Label>,
    note: Option<String>,
    help: Option<String>,
    fix: Option<Fix>,
    index: Option<IndexChange>,
    severity: Option<Severity>,
    confidence: Option<Confidence>,
}

impl Finding {
    /// A finding at `primary`, the call or the predicate that costs; `message` says what and how much, in lower
    /// case, without a full stop.
    pub fn new(primary: Label, message: impl Into<String>) -> Finding {
        Finding {
            message: message.into(),
            primary,
            related: Vec::new(),
            note: None,
            help: None,
            fix: None,
            index: None,
            severity: None,
            confidence: None,
        }
    }

    /// One more place, in the order a reader follows them: loop, hops, query, schema.
    pub fn related(mut self, label: Label) -> Finding {
        self.related.push(label);
        self
    }

    /// Why it costs.
    pub fn note(mut self, note: impl Into<String>) -> Finding {
        self.note = Some(note.into());
        self
    }

    /// What to do.
    pub fn help(mut self, help: impl Into<String>) -> Finding {
        self.help = Some(help.into());
        self
    }

    /// Edits that do it.
    pub fn fix(mut self, fix: Fix) -> Finding {
        self.fix = Some(fix);
        self
    }

    /// What is to become of an index.
    pub fn index(mut self, index: impl Into<Option<IndexChange>>) -> Finding {
        self.index = index.into();
        self
    }

    /// What it costs, where that is not what the page says.
    pub fn severity(mut self, severity: Severity) -> Finding {
        self.severity = Some(severity);
        self
    }

    /// How sure it is, where that is not what the page says.
    pub fn confidence(mut self, confidence: Confidence) -> Finding {
        self.confidence = Some(confidence);
        self
    }
}

/// Takes what one rule finds.
#[derive(Debug)]
pub struct Sink<'a> {
    rule: &'a Registered,
    project: &'a Project,
    found: Vec<Diagnostic>,
}

impl<'a> Sink<'a> {
    /// A sink for the findings of `rule`.
    pub(crate) fn new(rule: &'a Registered, project: &'a Project) -> Self {
        Sink { rule, project, found: Vec::new() }
    }

    /// Takes one finding.
    pub fn report(&mut self, finding: Finding) {
        let metadata = &self.rule.page.metadata;
        let scope = self.scope(&finding.primary);
        self.found.push(Diagnostic {
            rule: self.rule.name(),
            severity: finding.severity.unwrap_or(metadata.severity),
            confidence: finding.confidence.unwrap_or(metadata.confidence),
            message: finding.message,
            primary: finding.primary,
            related: finding.related,
            note: finding.note,
            help: finding.help,
            fix: finding.fix,
            index: finding.index,
            scope,
        });
    }

    /// Takes a finding that is made already.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// What was found.
    pub(crate) fn into_found(self) -> Vec<Diagnostic> {
        self.found
    }

    fn scope(&self, place: &Label) -> String {
        let file = self.project.file_at(&place.path);
        file.map_or_else(String::new, |file| scope_at(&self.project.file(file).facts, place.span.start))
    }
}
