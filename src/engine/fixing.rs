//! Applying the edits that findings carry: round by round on texts in memory, until nothing is left to apply.
//!
//! A round is taken back if it does not do what it should: what it is about must be gone, no rule may find more than
//! before, and every file must be understood as well as it was.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::edits::{ChangedFile, Changes};
use super::{Report, Session, SessionError, Snapshot, Targets};
use crate::findings::{Applicability, Edit, Fix, Reported};

/// How many rounds there are at most: an edit may make another one possible, and one that is taken back is looked for
/// by halves.
const ROUNDS: usize = 100;

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Fixed {
    /// The files that are not as they were; nothing is written yet.
    pub files: Vec<ChangedFile>,
    /// How many findings each rule has less.
    pub count: BTreeMap<&'static str, usize>,
    /// The fixes that did not do what they should, and were taken back: one line each.
    pub refused: Vec<String>,
    /// What is found in the new texts.
    pub report: Report,
}

/// A project at one moment, and what is found in it.
struct Checked {
    snapshot: Snapshot,
    /// How often each rule finds something, known or new.
    counts: BTreeMap<&'static str, usize>,
    /// What is new.
    report: Report,
}

impl Session {
    /// Applies the fixes of what is found in `targets` that may be trusted at least so far. Afterwards the session
    /// knows the new texts.
    pub fn fix(&mut self, targets: &Targets, least: Applicability) -> Result<Fixed, SessionError> {
        let mut fixed = Fixed::default();
        let mut changes = Changes::default();
        let mut refused: FxHashSet<String> = FxHashSet::default();
        let mut at_once = usize::MAX;
        let mut now = self.checked(targets);
        for round in 0.. {
            let mut chosen = choose(&now, least, &refused);
            if chosen.is_empty() {
                break;
            }
            if round == ROUNDS {
                fixed
                    .refused
                    .push(format!("{} fixes were not tried after {ROUNDS} rounds: run it again", chosen.len()));
                break;
            }
            chosen.truncate(at_once);
            let edits: Vec<&Edit> =
                chosen.iter().filter(|choice| !choice.is_repeated).flat_map(|choice| &choice.fix.edits).collect();
            let texts = Changes::apply(&now.report, &edits);
            for (path, text) in &texts {
                self.put(&now.report, path, text)?;
            }
            let next = self.checked(targets);
            match verdict(&now, &next, &chosen, texts.keys()) {
                Ok(()) => {
                    for choice in &chosen {
                        *fixed.count.entry(choice.reported.diagnostic.rule).or_default() += 1;
                    }
                    for (path, text) in texts {
                        if let Some(source) = now.report.sources.get(&path) {
                            changes.note(source, text);
                        }
                    }
                    now = next;
                    at_once = at_once.saturating_mul(2);
                }
                Err(why) => {
                    for path in texts.keys() {
                        let before = now.report.sources.get(path).map(|source| source.text.clone()).unwrap_or_default();
                        self.put(&now.report, path, &before)?;
                    }
                    if let [choice] = &chosen[..] {
                        refused.insert(key(choice.reported, choice.fix));
                        let label = &choice.reported.diagnostic.primary;
                        let line = now
                            .report
                            .sources
                            .get(&label.path)
                            .map_or(1, |source| source.lines().line(label.span.start));
                        fixed
                            .refused
                            .push(format!("{}:{line}: `{}` was taken back: {why}", label.path, choice.fix.title));
                    }
                    at_once = (chosen.len() / 2).max(1);
                }
            }
        }
        fixed.files = changes.into_files();
        fixed.report = now.report;
        if let Some(earlier) = &self.earlier {
            earlier.place(&self.root, &mut fixed.report);
        }
        Ok(fixed)
    }

    fn checked(&self, targets: &Targets) -> Checked {
        let snapshot = self.snapshot();
        let mut report = snapshot.check_all(targets);
        let mut counts = BTreeMap::new();
        for reported in report.counted() {
            *counts.entry(reported.diagnostic.rule).or_default() += 1;
        }
        snapshot.take_known(&mut report);
        Checked { snapshot, counts, report }
    }

    fn put(&mut self, report: &Report, path: &str, text: &str) -> Result<(), SessionError> {
        let Some(source) = report.sources.get(path) else { return Ok(()) };
        self.edit(&source.absolute.clone(), Some(text.into())).map(|_| ())
    }
}

/// A fix that is to be applied.
struct Choice<'r> {
    reported: &'r Reported,
    fix: &'r Fix,
    /// Whether another finding has the same edits, which are applied once.
    is_repeated: bool,
}

/// What tells a fix from others.
fn key(reported: &Reported, fix: &Fix) -> String {
    format!("{} {} {}", reported.fingerprint, fix.title, reported.diagnostic.message)
}

/// The fixes that may be applied at once, in order of place.
fn choose<'r>(now: &'r Checked, least: Applicability, refused: &FxHashSet<String>) -> Vec<Choice<'r>> {
    let mut chosen: Vec<Choice<'r>> = Vec::new();
    for reported in now.report.counted() {
        let Some(fix) = reported.diagnostic.fix.as_ref().filter(|fix| fix.applicability >= least) else { continue };
        let is_allowed = !fix.edits.is_empty()
            && fix.edits.iter().all(|edit| now.snapshot.may_edit(edit))
            && !refused.contains(&key(reported, fix));
        if !is_allowed {
            continue;
        }
        let is_repeated = chosen.iter().any(|other| other.fix.edits == fix.edits);
        let taken = || chosen.iter().flat_map(|choice| &choice.fix.edits);
        if is_repeated || !fix.edits.iter().any(|edit| taken().any(|other| edit.touches(other))) {
            chosen.push(Choice { reported, fix, is_repeated });
        }
    }
    chosen
}

/// Whether a round did what it should; if not, why.
fn verdict<'p>(
    before: &Checked,
    after: &Checked,
    chosen: &[Choice<'_>],
    paths: impl Iterator<Item = &'p std::sync::Arc<str>>,
) -> Result<(), &'static str> {
    for path in paths {
        let gaps = |checked: &Checked| {
            let file = checked.snapshot.project.file_at(path)?;
            let mut gaps: Vec<String> =
                checked.snapshot.project.file(file).facts.gaps.iter().map(|gap| gap.what.clone()).collect();
            gaps.sort();
            Some(gaps)
        };
        match (gaps(before), gaps(after)) {
            (Some(before), Some(after)) if after.iter().all(|gap| before.contains(gap)) => {}
            _ => return Err("the file would not be understood as well as before"),
        }
    }
    let mut expected = before.counts.clone();
    for choice in chosen {
        *expected.entry(choice.reported.diagnostic.rule).or_default() -= 1;
    }
    for (&rule, &count) in &after.counts {
        let most = expected.get(rule).copied().unwrap_or(0);
        if count > most {
            let is_own = chosen.iter().any(|choice| choice.reported.diagnostic.rule == rule);
            return Err(if is_own { "the finding would stay" } else { "another rule would find something" });
        }
    }
    Ok(())
}
