//! The findings that a project lives with: known ones are not told again, new ones are.
//!
//! An entry says what a finding is about, and no line: the rule, the file, the enclosing scope, the text of its
//! primary place without spaces, and how many findings are the same in all these. So it outlives edits around it,
//! formatters and renamed files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::replace::replace;
use super::{Report, one_line};
use crate::findings::Reported;
use crate::source::plain_reason;

/// What version of the file is written and read.
const VERSION: u32 = 1;

/// What is known, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeMap<Entry, u32>,
}

/// What a finding is about. The order is that of the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    path: String,
    rule: String,
    scope: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    findings: Vec<WrittenEntry>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenEntry {
    path: String,
    rule: String,
    scope: String,
    text: String,
    count: u32,
}

/// What a baseline did to a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Baselined {
    /// How many findings are known, and so are not told.
    pub known: usize,
    /// How many known findings are no more.
    pub fixed: usize,
}

impl Baseline {
    /// Reads one; the error is one line.
    pub fn read(path: &Path) -> Result<Baseline, String> {
        let text = std::fs::read_to_string(path).map_err(|error| plain_reason(&error))?;
        let written: Written =
            serde_json::from_str(&text).map_err(|error| format!("it is not a baseline: {}", one_line(&error)))?;
        if written.version != VERSION {
            return Err(format!("it is of version {}, and only {VERSION} can be read", written.version));
        }
        let mut baseline = Baseline::default();
        for WrittenEntry { path, rule, scope, text, count } in written.findings {
            *baseline.entries.entry(Entry { path, rule, scope, text }).or_default() += count;
        }
        Ok(baseline)
    }

    /// Writes it, whole or not at all.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        replace(path, self.text()?.as_bytes())
    }

    /// One line per entry, in order, so that a change of it is easy to read.
    fn text(&self) -> io::Result<String> {
        let mut text = format!("{{\n  \"version\": {VERSION},\n  \"findings\": [");
        for (nth, (Entry { path, rule, scope, text: about }, &count)) in self.entries.iter().enumerate() {
            let entry = WrittenEntry {
                path: path.clone(),
                rule: rule.clone(),
                scope: scope.clone(),
                text: about.clone(),
                count,
            };
            let comma = if nth > 0 { "," } else { "" };
            let _ = write!(text, "{comma}\n    {}", serde_json::to_string(&entry)?);
        }
        text.push_str(if self.entries.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
        Ok(text)
    }

    /// How many findings it knows.
    pub fn len(&self) -> usize {
        self.entries.values().map(|&count| count as usize).sum()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes the known findings out of a report, and tells in it how many.
    pub(super) fn apply(&self, report: &mut Report) {
        let mut found = by_rule(report);
        report.baselined = Some(self.take_known(report));
        for (rule, left) in by_rule(report) {
            *found.entry(rule).or_default() -= left;
        }
        found.retain(|_, known| *known > 0);
        report.known = found;
    }

    /// Takes the known findings out of a report.
    pub(super) fn take_known(&self, report: &mut Report) -> Baselined {
        let (new, left) = self.matched(report);
        let mut new = new.into_iter();
        report.findings.retain(|_| new.next().unwrap_or(true));
        let seen = Seen::of(report);
        let fixed = left.iter().filter(|(entry, _)| seen.has(entry)).map(|(_, &count)| count as usize);
        let left_over: usize = left.values().map(|&count| count as usize).sum();
        Baselined { known: self.len() - left_over, fixed: fixed.sum() }
    }

    /// What is to be known from now on: the findings of a report, and what is known of files that it is not about.
    #[must_use]
    pub fn with(&self, report: &Report) -> Baseline {
        let mut entries = self.entries.clone();
        let seen = Seen::of(report);
        entries.retain(|entry, _| !seen.has(entry));
        for finding in &report.findings {
            *entries.entry(entry_of(report, finding)).or_default() += 1;
        }
        Baseline { entries }
    }

    /// Without the findings that are no more. `report` is one that no baseline was applied to.
    #[must_use]
    pub fn pruned(&self, report: &Report) -> Baseline {
        let (_, left) = self.matched(report);
        let mut entries = self.entries.clone();
        let seen = Seen::of(report);
        for (entry, fixed) in left.iter().filter(|(entry, _)| seen.has(entry)) {
            if let Some(count) = entries.get_mut(entry) {
                *count -= fixed;
            }
        }
        entries.retain(|_, count| *count > 0);
        Baseline { entries }
    }

    /// Whether each finding of a report is new, and what of the baseline no finding matches.
    fn matched(&self, report: &Report) -> (Vec<bool>, BTreeMap<Entry, u32>) {
        let mut left = self.entries.clone();
        let mut take = |entry: &Entry| match left.get_mut(entry) {
            Some(count) => {
                *count -= 1;
                if *count == 0 {
                    left.remove(entry);
                }
                true
            }
            None => false,
        };
        let about: Vec<Entry> = report.findings.iter().map(|finding| entry_of(report, finding)).collect();
        let mut new: Vec<bool> = about.iter().map(|entry| !take(entry)).collect();
        // What has gone from one file and come to another was moved.
        let mut gone: BTreeMap<(String, String, String), BTreeSet<String>> = BTreeMap::new();
        let seen = Seen::of(report);
        for entry in left.keys().filter(|entry| seen.has(entry)) {
            let key = (entry.rule.clone(), entry.scope.clone(), entry.text.clone());
            gone.entry(key).or_default().insert(entry.path.clone());
        }
        for (entry, new) in about.iter().zip(&mut new).filter(|(_, new)| **new) {
            let key = (entry.rule.clone(), entry.scope.clone(), entry.text.clone());
            let Some(paths) = gone.get_mut(&key) else { continue };
            let Some(path) = paths.first().cloned() else { continue };
            let from = Entry { path: path.clone(), ..entry.clone() };
            if let Some(count) = left.get_mut(&from) {
                *count -= 1;
                *new = false;
                if *count == 0 {
                    left.remove(&from);
                    paths.remove(&path);
                }
            }
        }
        (new, left)
    }
}

/// The files that a report would have findings of.
struct Seen<'r> {
    report: &'r Report,
    checked: FxHashSet<&'r str>,
}

impl<'r> Seen<'r> {
    fn of(report: &'r Report) -> Self {
        Seen { report, checked: report.checked.iter().map(|path| &**path).collect() }
    }

    /// Whether the file of an entry was checked, or is no more.
    fn has(&self, entry: &Entry) -> bool {
        self.checked.contains(&*entry.path) || !self.report.sources.contains_key(&*entry.path)
    }
}

/// How many findings each rule has.
fn by_rule(report: &Report) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for reported in &report.findings {
        *counts.entry(reported.diagnostic.rule).or_default() += 1;
    }
    counts
}

fn entry_of(report: &Report, reported: &Reported) -> Entry {
    let finding = &reported.diagnostic;
    let source = report.sources.get(&finding.primary.path);
    let text = source.and_then(|source| source.text.get(finding.primary.span.range())).unwrap_or_default();
    Entry {
        path: finding.primary.path.to_string(),
        rule: finding.rule.to_owned(),
        scope: finding.scope.clone(),
        text: text.split_whitespace().collect(),
    }
}
