//! Runs the rules over a project.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::guard::guarded;
use super::outcomes::{Outcome, Outcomes};
use super::report::InternalError;
use super::snapshot::Known;
use super::suppress::Suppressions;
use crate::findings::{Diagnostic, Label};
use crate::project::{FileId, Project};
use crate::rules::{Check, FileCx, ProjectCx, Registered, Registry, Sink, Used, check_directives};
use crate::source::{SourceFile, Span};

/// One run of the rules over one project.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<'a> {
    pub(super) registry: &'static Registry,
    pub(super) project: &'a Project,
    pub(super) known: &'a [Known],
    /// What was found before, and what is kept; nothing where nothing is.
    pub(super) outcomes: Option<&'a Outcomes>,
}

impl<'a> Run<'a> {
    /// Runs every rule but those over suppression comments.
    pub(super) fn all_rules(&self) -> Outcome {
        let files = 0..self.project.files().len();
        let by_file: Vec<Outcome> = files.into_par_iter().with_max_len(16).map(|file| self.file_rules(file)).collect();
        let by_project: Vec<Outcome> = (0..self.registry.rules().len())
            .into_par_iter()
            .filter(|&rule| self.known.iter().any(|known| known.candidate.settings.ever_runs(rule)))
            .filter_map(|rule| self.project_rule(rule))
            .collect();
        let mut all: Outcome = Default::default();
        for (found, failed) in by_file.into_iter().chain(by_project) {
            all.0.extend(found);
            all.1.extend(failed);
        }
        all
    }

    /// What the rules over statements and files find in one file.
    fn file_rules(&self, index: usize) -> Outcome {
        match self.outcomes {
            Some(outcomes) => outcomes.of_file(self.project, index, || self.find_in_file(index)),
            None => self.find_in_file(index),
        }
    }

    fn find_in_file(&self, index: usize) -> Outcome {
        let mut outcome: Outcome = Default::default();
        let candidate = &self.known[index].candidate;
        let settings = candidate.settings.for_path(&candidate.found.absolute);
        let cx = ProjectCx { project: self.project }.file(id(index));
        for (rule, registered) in self.registry.rules().iter().enumerate() {
            if !settings.runs(rule) {
                continue;
            }
            match registered.rule.check {
                Check::Statement(check) => self.guarded(registered, Some(&cx), &mut outcome, |sink| {
                    for statement in 0..cx.facts().statements.len() {
                        check(&cx.statement(statement), sink);
                    }
                }),
                Check::File(check) => self.guarded(registered, Some(&cx), &mut outcome, |sink| check(&cx, sink)),
                Check::Project(_) | Check::Directives => {}
            }
        }
        outcome
    }

    fn project_rule(&self, rule: usize) -> Option<Outcome> {
        let registered = &self.registry.rules()[rule];
        let Check::Project(check) = registered.rule.check else { return None };
        let find = || {
            let mut outcome: Outcome = Default::default();
            let cx = ProjectCx { project: self.project };
            self.guarded(registered, None, &mut outcome, |sink| check(&cx, sink));
            outcome
        };
        Some(match self.outcomes {
            Some(outcomes) => outcomes.of_rule(self.project, rule, find),
            None => find(),
        })
    }

    /// What is wrong with the suppression comments of checked files.
    pub(super) fn directives(&self, suppressions: &Suppressions<'_>) -> Outcome {
        let mut outcome: Outcome = Default::default();
        let rules = self.registry.rules().iter().enumerate();
        let Some((rule, registered)) = rules.into_iter().find(|(_, rule)| matches!(rule.rule.check, Check::Directives))
        else {
            return outcome;
        };
        for (index, known) in self.known.iter().enumerate() {
            let settings = known.candidate.settings.for_path(&known.candidate.found.absolute);
            if !settings.runs(rule) || self.project.files()[index].facts.directives.is_empty() {
                continue;
            }
            let cx = ProjectCx { project: self.project }.file(id(index));
            // Whether a suppression of this rule itself is used cannot be asked here.
            let ran = |other: usize| other != rule && settings.runs(other);
            let silenced = |directive, name| suppressions.silenced(index, directive, name);
            let used = Used { registry: self.registry, silenced: &silenced, ran: &ran };
            self.guarded(registered, Some(&cx), &mut outcome, |sink| check_directives(&cx, &used, sink));
        }
        outcome
    }

    /// Runs one rule, and survives it.
    fn guarded(
        &self,
        rule: &'a Registered,
        cx: Option<&FileCx<'_>>,
        outcome: &mut Outcome,
        check: impl FnOnce(&mut Sink<'_>),
    ) {
        let found = guarded(|| {
            let mut sink = Sink::new(rule, self.project);
            check(&mut sink);
            sink.into_found()
        });
        match found {
            Ok(found) => outcome.0.extend(found),
            Err(message) => outcome.1.push(InternalError {
                rule: Some(rule.name()),
                path: cx.map(|cx| cx.source().path.clone()),
                message,
            }),
        }
    }

    /// Findings as they may be shown: with places inside their files and the severities that the settings
    /// give, each once, and only of rules that run on their files.
    pub(super) fn settled(&self, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let mut best: FxHashMap<(&'static str, std::sync::Arc<str>, Span), Diagnostic> = FxHashMap::default();
        for finding in found.into_iter().filter_map(|finding| self.settle(finding)) {
            let key = (finding.rule, finding.primary.path.clone(), finding.primary.span);
            // Of two findings at one place the surer one stands, then the one with the shorter way.
            let rank = |finding: &Diagnostic| {
                (std::cmp::Reverse(finding.confidence), finding.related.len(), finding.message.clone())
            };
            match best.get(&key) {
                Some(known) if rank(known) <= rank(&finding) => {}
                _ => {
                    best.insert(key, finding);
                }
            }
        }
        let mut settled: Vec<Diagnostic> = best.into_values().collect();
        settled
            .sort_by(|a, b| (&a.primary.path, a.primary.span, a.rule).cmp(&(&b.primary.path, b.primary.span, b.rule)));
        settled
    }

    fn settle(&self, mut finding: Diagnostic) -> Option<Diagnostic> {
        let file = self.index_of(&finding.primary.path)?;
        let rule = self.registry.find(finding.rule)?;
        let candidate = &self.known[file].candidate;
        let settings = candidate.settings.for_path(&candidate.found.absolute);
        if !settings.runs(rule) {
            return None;
        }
        if let Some(severity) = settings.severity(rule) {
            finding.severity = severity;
        }
        finding.primary.span = one_line(&self.project.files()[file].source, finding.primary.span)?;
        finding.related.retain_mut(|label| self.settle_label(label));
        Some(finding)
    }

    fn settle_label(&self, label: &mut Label) -> bool {
        let Some(file) = self.index_of(&label.path) else { return false };
        let Some(span) = inside(&self.project.files()[file].source.text, label.span) else { return false };
        label.span = span;
        true
    }

    /// The place of a path in [`Project::files`].
    pub(super) fn index_of(&self, path: &str) -> Option<usize> {
        self.project.files().binary_search_by(|file| (*file.source.path).cmp(path)).ok()
    }
}

/// The id of the file at this place of [`Project::files`].
fn id(index: usize) -> FileId {
    FileId(u32::try_from(index).unwrap_or(u32::MAX))
}

/// `span` as a non-empty range on character boundaries inside `text`; `None` for an empty text.
fn inside(text: &str, span: Span) -> Option<Span> {
    let mut start = (span.start as usize).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = (span.end as usize).clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    if start == end {
        match text[start..].chars().next() {
            Some(letter) => end = start + letter.len_utf8(),
            None => start -= text.chars().next_back()?.len_utf8(),
        }
    }
    Some(Span::new(start, end))
}

/// `span` cut off at the end of its first line.
fn one_line(source: &SourceFile, span: Span) -> Option<Span> {
    let span = inside(&source.text, span)?;
    let text = &source.text[span.range()];
    let kept = text.find(['\n', '\r']).map_or(text, |end| text[..end].trim_end());
    if kept.is_empty() { Some(span) } else { Some(Span::new(span.start as usize, span.start as usize + kept.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Language;

    #[test]
    fn spans_are_brought_inside_their_file() {
        let span = |start, end| inside("aé\nb", Span { start, end }).map(Span::range);
        assert_eq!(span(0, 1), Some(0..1));
        assert_eq!(span(2, 2), Some(1..3));
        assert_eq!(span(4, 90), Some(4..5));
        assert_eq!(span(90, 90), Some(4..5));
        assert_eq!(inside("", Span { start: 0, end: 4 }), None);
        let source = SourceFile::new("a.py", "a.py".into(), Language::Python, "f(  \n  1)".to_owned());
        assert_eq!(one_line(&source, Span { start: 0, end: 9 }).map(Span::range), Some(0..2));
    }
}
