//! Every example of a rule's page and of the specifications in `tests/cases/` is run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::page::{self, Example, Marker};
use crate::project::{Project, repository};

/// The Markdown files of a folder of this repository, sorted.
pub(crate) fn markdown(folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(repository().join(folder)) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .filter(|path| path.file_stem().is_some_and(|stem| stem != "README"))
        .collect();
    files.sort();
    files
}

/// The rule that a page is about: its stem, up to a dot (`query-in-loop.django.md` is about `query-in-loop`).
pub(crate) fn rule_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap().to_str().unwrap();
    stem.split('.').next().unwrap().to_owned()
}

#[test]
fn examples_of_pages_are_found_as_marked() {
    run("rules");
}

#[test]
fn specifications_hold() {
    run("tests/cases");
}

/// Runs all examples of a folder, or those whose heading or page contains what `SEQSCAN_CASE` says.
fn run(folder: &str) {
    let only = std::env::var("SEQSCAN_CASE").unwrap_or_default();
    let mut cases = Vec::new();
    for path in markdown(folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(repository()).unwrap().display().to_string();
        for example in page::examples(&text) {
            if format!("{name} {}", example.heading).contains(&only) {
                cases.push((name.clone(), rule_of(&path), example));
            }
        }
    }
    // A session has threads of its own; two of these keep them busy.
    let (left, right) = cases.split_at(cases.len() / 2);
    let judge_all = |cases: &[(String, String, Example)]| -> Vec<String> {
        cases.iter().filter_map(|(name, rule, example)| judge(name, rule, example)).collect()
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let right = scope.spawn(|| judge_all(right));
        let mut wrong = judge_all(left);
        wrong.extend(right.join().unwrap());
        wrong
    });
    println!("{folder}: {} of {} examples are as marked", cases.len() - wrong.len(), cases.len());
    assert!(wrong.is_empty(), "{} of {} examples are not as marked\n\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// What is wrong with the findings in one example, if anything.
fn judge(page: &str, rule: &str, example: &Example) -> Option<String> {
    let expected = example.markers(rule);
    let rules: BTreeSet<String> = expected.iter().map(|marker| marker.rule.clone()).chain([rule.to_owned()]).collect();
    let mut rules = rules;
    if rule == "unused-suppression" {
        // What other rules find decides which comments do something.
        rules.extend(seqscan::rules::RULES.iter().map(|rule| rule.name.to_owned()));
    }
    let project = Project::new(example.files.iter().map(|file| (&file.path, &file.text)));
    let heading = &example.heading;
    let found = match project.check(&rules) {
        Ok(found) => found,
        Err(error) => return Some(format!("{page}: {heading}: {error}\n")),
    };
    let mut messages: BTreeMap<Marker, String> = BTreeMap::new();
    for finding in found {
        let marker = Marker { path: finding.path, line: finding.line, rule: finding.rule };
        messages.entry(marker).or_insert(finding.message);
    }
    let mut wrong = String::new();
    let mut tell = |marker: &Marker, what: &str, message: &str| {
        let text = example.files.iter().find(|file| file.path == marker.path);
        let line = text.and_then(|file| file.text.lines().nth(marker.line as usize - 1)).unwrap_or_default().trim();
        let at = example.page_line(&marker.path, marker.line);
        let Marker { path, line: number, rule } = marker;
        writeln!(wrong, "{page}:{at}: {heading}: {what} {rule} at {path}:{number}: {line}{message}").unwrap();
    };
    for marker in expected.iter().filter(|marker| !messages.contains_key(marker)) {
        tell(marker, "missing", "");
    }
    for (marker, message) in messages.iter().filter(|(marker, _)| !expected.contains(marker)) {
        tell(marker, "unexpected", &format!("\n    {message}"));
    }
    (!wrong.is_empty()).then_some(wrong)
}

#[test]
fn each_page_flags_and_spares_in_each_language() {
    let mut wrong = Vec::new();
    for path in markdown("rules") {
        let rule = rule_of(&path);
        let text = std::fs::read_to_string(&path).unwrap();
        let metadata: toml::Table = toml::from_str(metadata(&text)).unwrap();
        let examples = page::examples(&text);
        for language in metadata["languages"].as_array().unwrap() {
            let language = language.as_str().unwrap();
            if language == "any" {
                continue;
            }
            let mut own = examples.iter().filter(|example| example.languages().contains(language)).peekable();
            let of_rule = |example: &&Example| example.markers(&rule).iter().any(|marker| marker.rule == rule);
            let (flagged, spared): (Vec<&Example>, Vec<&Example>) = own.by_ref().partition(of_rule);
            if flagged.is_empty() {
                wrong.push(format!("rules/{rule}.md has no {language} example that is flagged"));
            }
            if spared.is_empty() {
                wrong.push(format!("rules/{rule}.md has no {language} example that is not flagged"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The first `toml` block of a page.
pub(crate) fn metadata(page: &str) -> &str {
    let from = page.find("```toml\n").expect("a page begins with its metadata") + "```toml\n".len();
    let length = page[from..].find("\n```").expect("the metadata end");
    &page[from..from + length]
}

#[test]
fn loop_specifications_are_long() {
    for (rule, least) in [("query-in-loop", 80), ("write-in-loop", 40), ("invariant-query-in-loop", 20)] {
        let own = markdown("tests/cases").into_iter().filter(|path| rule_of(path) == rule);
        let examples: Vec<Example> =
            own.flat_map(|path| page::examples(&std::fs::read_to_string(path).unwrap())).collect();
        let silent = examples.iter().filter(|example| example.markers(rule).is_empty()).count();
        assert!(examples.len() >= least, "{rule}: {} cases", examples.len());
        assert!(silent * 2 >= least, "{rule}: only {silent} of {} cases are silent", examples.len());
    }
}
