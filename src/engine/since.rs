//! What a change causes: the findings of the files as they are that were not there at an earlier commit, each placed
//! at a line of the change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use similar::{DiffTag, TextDiff};

use super::{Baseline, Report, Session, Snapshot, Targets};
use crate::findings::{Diagnostic, Label, Role};
use crate::source::{Language, Span, plain_reason};

/// The files that are not as they were at a commit: their text there, if there was one; by absolute path.
type Before = Vec<(PathBuf, Option<Arc<str>>)>;

/// The bytes of changed files that are new, by path.
type Fresh = FxHashMap<Arc<str>, Vec<Span>>;

impl Session {
    /// What `snapshot`, which is of this session, has to tell of `targets` that `revision` had not, whatever files it
    /// is in. Afterwards the session knows the files as they were then. An error is one line.
    pub fn check_since(&mut self, snapshot: &Snapshot, targets: &Targets, revision: &str) -> Result<Report, String> {
        let before = before(self.root(), revision)?;
        let mut report = snapshot.check(targets);
        let fresh = fresh(self.root(), &report, &before);
        for (path, text) in before {
            let known = self.edit(&path, Some(text.clone().unwrap_or_default())).map_err(|error| error.to_string())?;
            if let Some(text) = text.filter(|_| !known) {
                self.set_text(&path, text.as_bytes().to_vec()).map_err(|error| error.to_string())?;
            }
        }
        let then = Baseline::default().with(&self.snapshot().check_all(&Targets::All));
        report.older = Some(then.take_known(&mut report).known);
        for reported in &mut report.findings {
            place(&mut reported.diagnostic, &fresh);
        }
        report.findings.sort_by(|a, b| {
            let key = |label: &Label| (label.path.clone(), label.span);
            key(&a.diagnostic.primary).cmp(&key(&b.diagnostic.primary))
        });
        Ok(report)
    }
}

/// Asks git what is not as it was where `revision` and what is checked out went apart.
fn before(root: &Path, revision: &str) -> Result<Before, String> {
    let top = PathBuf::from(text(&git(root, &["rev-parse", "--show-toplevel"])?)?.trim_end());
    let named = format!("{revision}^{{commit}}");
    let commit = git(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &named])
        .map_err(|_| format!("git knows no revision `{revision}`"))?;
    let commit = text(&commit)?.trim_end().to_owned();
    let base = git(root, &["merge-base", &commit, "HEAD"]).and_then(|base| text(&base));
    let base = base.map_or(commit, |base| base.trim_end().to_owned());
    let changed = git(&top, &["diff", "--name-only", "--no-renames", "-z", &base])?;
    let new = git(&top, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    let paths: BTreeSet<String> = changed
        .split(|&byte| byte == 0)
        .chain(new.split(|&byte| byte == 0))
        .filter_map(|path| String::from_utf8(path.to_vec()).ok())
        .filter(|path| Language::of_path(path).is_some())
        .collect();
    let text_of = |path: &String| {
        let found = git(&top, &["cat-file", "blob", &format!("{base}:{path}")]).ok();
        found.map(|bytes| Arc::from(String::from_utf8_lossy(&bytes)))
    };
    Ok(paths.iter().map(|path| (top.join(path), text_of(path))).collect())
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output();
    let output = output.map_err(|error| format!("git cannot be run: {}", plain_reason(&error)))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(format!("git: {}", told.lines().next().unwrap_or("it failed").trim_start_matches("fatal: ")))
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "git: what it says is not UTF-8".to_owned())
}

/// The lines of the files as they are that are not as they were.
fn fresh(root: &Path, report: &Report, before: &Before) -> Fresh {
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
    let way = |role: Role| matches!(role, Role::Query | Role::Hop | Role::Loop);
    let found = finding.related.iter().rposition(|label| way(label.role) && is_fresh(label));
    if let Some(at) = found {
        let role = finding.related[at].role;
        std::mem::swap(&mut finding.primary, &mut finding.related[at]);
        finding.primary.role = Role::Primary;
        finding.related[at].role = if role == Role::Loop { Role::Hop } else { role };
    }
}
