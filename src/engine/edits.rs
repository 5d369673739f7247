//! New texts for files of a project: which places may be changed, what comes of several edits, and writing them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::replace::replace;
use super::{Report, Snapshot};
use crate::findings::Edit;
use crate::source::{self, Language, SourceFile, Span, plain_reason};
use crate::sql::SlotKind;

/// A file with another text than it had when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// Relative to the root.
    pub path: Arc<str>,
    /// Where it is.
    pub absolute: PathBuf,
    /// The text that was read.
    pub before: String,
    /// The text that is to stand there.
    pub after: String,
}

impl ChangedFile {
    /// Writes it, unless it is no more what was read. The error is one line.
    pub fn write(&self) -> Result<(), String> {
        let told = |error: std::io::Error| format!("{}: {}", self.path, plain_reason(&error));
        // A link stays one; what it leads to is changed.
        let path = self.absolute.canonicalize().map_err(told)?;
        if std::fs::read(&path).map_err(told)? != self.before.as_bytes() {
            return Err(format!("{}: it has changed since it was read, and stays as it is", self.path));
        }
        if std::fs::metadata(&path).map_err(told)?.permissions().readonly() {
            return Err(format!("{}: it is read-only, and stays as it is", self.path));
        }
        replace(&path, self.after.as_bytes()).map_err(told)
    }
}

/// The new texts of a run, by path.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes(BTreeMap<Arc<str>, ChangedFile>);

impl Changes {
    /// Applies edits, none of which touches another, to the texts of a report; what comes of it, by path.
    pub(super) fn apply(report: &Report, edits: &[&Edit]) -> BTreeMap<Arc<str>, String> {
        let mut ordered: Vec<&&Edit> = edits.iter().collect();
        // From the end, so that the places before it stay.
        ordered.sort_by_key(|edit| std::cmp::Reverse(edit.span));
        let mut texts: BTreeMap<Arc<str>, String> = BTreeMap::new();
        for edit in ordered {
            let Some(source) = report.sources.get(&edit.path) else { continue };
            let text = texts.entry(edit.path.clone()).or_insert_with(|| source.text.clone());
            text.replace_range(edit.span.range(), &edit.text);
        }
        texts
    }

    /// Notes what a file of a report becomes.
    pub(super) fn note(&mut self, source: &SourceFile, after: String) {
        let known = self.0.entry(source.path.clone()).or_insert_with(|| ChangedFile {
            path: source.path.clone(),
            absolute: source.absolute.clone(),
            before: source.text.clone(),
            after: String::new(),
        });
        known.after = after;
    }

    /// The files that are not as they were, in order of path.
    pub(super) fn into_files(self) -> Vec<ChangedFile> {
        self.0.into_values().filter(|file| file.before != file.after).collect()
    }
}

impl Snapshot {
    /// Whether an edit may be made: the file is one that people write and that is checked, its text is what stands on
    /// disk, and no part of a template that is filled in at run time is touched.
    pub(super) fn may_edit(&self, edit: &Edit) -> bool {
        let Some(index) = self.project.files().binary_search_by(|file| file.source.path.cmp(&edit.path)).ok() else {
            return false;
        };
        let source = &self.project.files()[index].source;
        let span = edit.span;
        self.known[index].candidate.is_checked()
            && source.is_faithful()
            && !source::is_generated(&source.text)
            && source.text.get(span.range()).is_some()
            && !self.touches_hole(index, span)
    }

    fn touches_hole(&self, file: usize, span: Span) -> bool {
        let file = &self.project.files()[file];
        let touches = |hole: Span| span.start < hole.end && hole.start < span.end;
        let in_strings = file
            .facts
            .texts
            .iter()
            .any(|text| text.holes.iter().any(|hole| touches(text.host_span(hole.start, hole.end))));
        let is_template = |statement: &crate::facts::SqlText| {
            let mut slots = statement.statement.slots.iter().filter(|slot| slot.kind == SlotKind::Template);
            slots.any(|slot| touches(slot.span))
        };
        let is_sql = file.source.language == Language::Sql;
        in_strings || is_sql && (file.facts.statements.iter().any(is_template) || in_template(&file.source.text, span))
    }
}

/// Whether a place of a file is in the tags of a template, also where no statement is: `{% if … %}`, `{# … #}`.
fn in_template(text: &str, span: Span) -> bool {
    [("{%", "%}"), ("{{", "}}"), ("{#", "#}")].iter().any(|(open, close)| {
        let mut from = 0;
        while let Some(start) = text[from..].find(open).map(|at| from + at) {
            let end = text[start..].find(close).map_or(text.len(), |at| start + at + close.len());
            if (span.start as usize) < end && start < span.end as usize {
                return true;
            }
            from = end;
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_seen_where_no_statement_is() {
        let text = "{% if a %} -- b\nselect {{ c }};";
        let at = |part: &str| {
            let start = text.find(part).unwrap();
            in_template(text, Span::new(start, start + part.len()))
        };
        assert!(at("if a") && at("{ c"));
        assert!(!at("-- b") && !at("select"));
    }
}
