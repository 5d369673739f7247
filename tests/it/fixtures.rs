//! The projects in `fixtures/` have exactly the findings that their `expected.txt` lists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::project::{self, Found, repository};

/// The folders of `fixtures/`.
fn fixtures() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository().join("fixtures")).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders
}

fn lines(findings: &[Found]) -> BTreeSet<String> {
    findings.iter().map(|found| format!("{}:{} {}", found.path, found.line, found.rule)).collect()
}

fn name(folder: &Path) -> &str {
    folder.file_name().unwrap().to_str().unwrap()
}

/// The findings in a copy of the project, so that nothing around `fixtures/` belongs to it.
fn copy(folder: &Path) -> project::Project {
    let copy = project::Project::new::<&str, &str>([]);
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder).unwrap().to_str().unwrap();
            copy.write(path, std::fs::read(entry.path()).unwrap());
        }
    }
    copy
}

#[test]
fn findings_are_those_expected() {
    let mut wrong = Vec::new();
    for folder in fixtures() {
        let text = std::fs::read_to_string(folder.join("expected.txt")).unwrap();
        let expected: BTreeSet<String> = text.lines().map(str::to_owned).collect();
        assert!(text.lines().map(place).is_sorted(), "{}/expected.txt is not in order of place", name(&folder));
        let found = lines(&copy(&folder).check(&BTreeSet::new()).unwrap());
        for line in expected.difference(&found) {
            wrong.push(format!("{}: missing {line}", name(&folder)));
        }
        for line in found.difference(&expected) {
            wrong.push(format!("{}: unexpected {line}", name(&folder)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Path and line of a line of `expected.txt`.
fn place(line: &str) -> (String, u32) {
    let (place, _) = line.split_once(' ').unwrap();
    let (path, number) = place.rsplit_once(':').unwrap();
    (path.to_owned(), number.parse().unwrap())
}

#[test]
fn a_file_has_the_same_findings_alone() {
    for folder in fixtures() {
        let copy = copy(&folder);
        let all = copy.check(&BTreeSet::new()).unwrap();
        let files: BTreeSet<&str> = all.iter().map(|found| found.path.as_str()).collect();
        for file in files {
            let alone = project::check(copy.path(), &[PathBuf::from(file)], &BTreeSet::new()).unwrap();
            let of_file: Vec<&Found> = all.iter().filter(|found| found.path == file).collect();
            assert_eq!(alone.iter().collect::<Vec<_>>(), of_file, "{}/{file}", name(&folder));
        }
    }
}
