//! What a change causes: the findings of the files as they are, or as they are staged, that were not there at an
//! earlier commit, each placed at a line of the change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use similar::{DiffTag, TextDiff};

use super::git::Git;
use super::{Baseline, Report, Session, SessionError, Snapshot, Targets};
use crate::findings::{Diagnostic, Label, Role};
use crate::source::{Language, Span};

/// What is compared with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared<'a> {
    /// The files on disk, with where they went apart from a revision.
    Since(&'a str),
    /// The files as they are staged, with the commit that is checked out.
    Staged,
}

/// Texts of files, by absolute path; none where there is no such file.
type Texts = Vec<(PathBuf, Option<Arc<str>>)>;

/// The bytes of changed files that are new, by path.
type Fresh = FxHashMap<Arc<str>, Vec<Span>>;

/// A project as it was before a change.
#[derive(Debug)]
pub(super) struct Earlier {
    /// The texts that were others, or none, then.
    texts: Texts,
    /// What was found.
    found: Baseline,
}

impl Earlier {
    /// Takes out of a report what was found before the change too.
    pub(super) fn take_known(&self, report: &mut Report) {
        report.older = Some(self.found.take_known(report).known);
    }

    /// Moves what is found to the lines of the change.
    pub(super) fn place(&self, root: &Path, report: &mut Report) {
        let fresh = fresh(root, report, &self.texts);
        for reported in &mut report.findings {
            place(&mut reported.diagnostic, &fresh);
        }
        report.findings.sort_by(|a, b| {
            let key = |label: &Label| (label.path.clone(), label.span);
            key(&a.diagnostic.primary).cmp(&key(&b.diagnostic.primary))
        });
    }
}

impl Session {
    /// What is to be told of `targets` that was not so before a change, whatever files it is in. `snapshot` is of this
    /// session, which afterwards knows the files as they were then. An error is one line.
    pub fn check_changes(
        &mut self,
        mut snapshot: Snapshot,
        targets: &Targets,
        compared: Compared<'_>,
    ) -> Result<Report, String> {
        let git = Git::around(self.root())?;
        let before = match compared {
            Compared::Since(revision) => texts_since(&git, revision)?,
            Compared::Staged => {
                let mut differing = git.unstaged()?;
                differing.extend(git.untracked()?);
                let staged = texts(&git, "", differing)?;
                if !staged.is_empty() {
                    self.set_texts(staged).map_err(|error| error.to_string())?;
                    snapshot = self.snapshot();
                }
                let head = git.head()?;
                texts(&git, &head, git.staged_since(&head)?)?
            }
        };
        let mut report = snapshot.check(targets);
        let earlier = self.go_back(before).map_err(|error| error.to_string())?;
        earlier.take_known(&mut report);
        earlier.place(self.root(), &mut report);
        Ok(report)
    }

    /// From now on, what was found where the branches went apart is not told. An error is one line.
    pub fn leave_out_known(&mut self, revision: &str) -> Result<(), String> {
        let git = Git::around(self.root())?;
        let before = texts_since(&git, revision)?;
        let documents = self.documents.clone();
        let earlier = self.go_back(before).map_err(|error| error.to_string())?;
        self.documents = documents;
        self.refresh().map_err(|error| error.to_string())?;
        self.earlier = Some(Arc::new(earlier));
        Ok(())
    }

    /// Lets earlier texts stand in the place of files, and finds what there was.
    fn go_back(&mut self, texts: Texts) -> Result<Earlier, SessionError> {
        self.set_texts(texts.clone())?;
        let found = Baseline::default().with(&self.snapshot().check_all(&Targets::All));
        Ok(Earlier { texts, found })
    }
}

/// The texts, where the branches went apart, of those files that are others now.
fn texts_since(git: &Git, revision: &str) -> Result<Texts, String> {
    let base = git.base(revision)?;
    let mut paths = git.changed_since(&base)?;
    paths.extend(git.untracked()?);
    texts(git, &base, paths)
}

/// The texts of those files that are read, at a commit or as they are staged.
fn texts(git: &Git, commit: &str, mut paths: Vec<String>) -> Result<Texts, String> {
    paths.retain(|path| Language::of_path(path).or_else(|| Language::of_template(path)).is_some());
    paths.sort();
    paths.dedup();
    let texts = git.texts(commit, &paths)?;
    Ok(texts.into_iter().map(|(path, text)| (git.path(&path), text)).collect())
}

/// The lines of the files as they are that are not as they were.
fn fresh(root: &Path, report: &Report, before: &Texts) -> Fresh {
    let mut fresh = Fresh::default();
    for (path, text) in before {
        let Ok(path) = path.strip_prefix(root) else { continue };
        let path: Arc<str> = path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/").into();
        let Some(source) = report.sources.get(&path) else { continue };
        let diff = TextDiff::from_lines(text.as_deref().unwrap_or_default(), source.text.as_str());
        let mut starts = vec![0_u32];
        for line in diff.iter_new_slices() {
            starts.push(starts[starts.len() - 1] + u32::try_from(line.len()).unwrap_or(u32::MAX));
        }
        let new = diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal && op.tag() != DiffTag::Delete);
        let spans = new.map(|op| Span { start: starts[op.new_range().start], end: starts[op.new_range().end] });
        fresh.insert(path, spans.collect());
    }
    fresh
}

/// Moves a finding to its first place that the change made, on the way from the query back to the loop.
fn place(finding: &mut Diagnostic, fresh: &Fresh) {
    let is_fresh = |label: &Label| {
        let spans = fresh.get(&label.path);
        spans.is_some_and(|spans| spans.iter().any(|span| label.span.start < span.end && span.start < label.span.end))
    };
    if is_fresh(&finding.primary) {
        return;
    }
    let way = |role: Role| matches!(role, Role::Query | Role::Rows | Role::Hop | Role::Loop);
    let found = finding.related.iter().rposition(|label| way(label.role) && is_fresh(label));
    if let Some(at) = found {
        let role = finding.related[at].role;
        std::mem::swap(&mut finding.primary, &mut finding.related[at]);
        finding.primary.role = Role::Primary;
        finding.related[at].role = if role == Role::Loop { Role::Hop } else { role };
    }
}
