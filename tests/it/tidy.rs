//! The habits of this repository, as far as a program can see them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::pages::{markdown, rule_of};
use crate::project::repository;

/// The rooms of `src/`, in order: each may use only those before it. `cli` and `lsp` do not know each other.
const ROOMS: &[&str] = &[
    "source", "findings", "sql", "facts", "apis", "lang", "orm", "project", "rules", "config", "engine", "report",
    "cli", "lsp",
];

/// Uses against that order. `orm` asks `project` what a value is, and `project` keeps what `orm` makes of it: the
/// two are one room with two doors.
const EXCEPTIONS: &[(&str, &str)] = &[("orm", "project")];

/// The longest file of code, in lines.
const LONGEST: usize = 800;

/// All Rust files of a folder, with their texts.
fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(repository().join(folder)).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.path().extension().is_some_and(|ending| ending == "rs") {
            let path = entry.path().strip_prefix(repository()).unwrap().to_owned();
            files.push((path, std::fs::read_to_string(entry.path()).unwrap()));
        }
    }
    files
}

/// The room that a file stands in.
fn room(path: &Path) -> Option<usize> {
    let first = path.strip_prefix("src").ok()?.components().next()?;
    let name = Path::new(first.as_os_str()).file_stem()?.to_str()?;
    ROOMS.iter().position(|room| *room == name)
}

/// The rooms that a text imports from.
fn imported(text: &str) -> BTreeSet<&str> {
    let mut rooms = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let group = group.split_once('}').map_or(group, |(group, _)| group);
            rooms.extend(group.split(',').map(|part| part.trim().split("::").next().unwrap_or_default()));
        } else {
            let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
            rooms.insert(&rest[..end]);
        }
    }
    rooms
}

#[test]
fn rooms_use_only_rooms_before_them() {
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        let Some(own) = room(&path) else { continue };
        // What tests use does not count: they may need a later room to make an input.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for name in imported(code) {
            let Some(other) = ROOMS.iter().position(|room| *room == name) else { continue };
            let against = other > own || (ROOMS[own], name) == ("lsp", "cli");
            if against && !EXCEPTIONS.contains(&(ROOMS[own], name)) {
                wrong.push(format!("{}: {} may not use {name}", path.display(), ROOMS[own]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_has_its_place() {
    for entry in std::fs::read_dir(repository().join("src")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(matches!(&*name, "lib" | "main") || ROOMS.contains(&&*name), "src/{name} has no place among the rooms");
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let files = rust_files("src").into_iter().chain(rust_files("tests")).chain(rust_files("benches"));
    let wrong: Vec<String> =
        files.filter(|(_, text)| !text.starts_with("//! ")).map(|(path, _)| path.display().to_string()).collect();
    assert!(wrong.is_empty(), "no `//!` line at the top of\n{}", wrong.join("\n"));
}

#[test]
fn no_file_is_too_long_to_read() {
    let files = rust_files("src").into_iter().chain(rust_files("tests")).chain(rust_files("benches"));
    let wrong: Vec<String> = files
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert!(wrong.is_empty(), "longer than {LONGEST} lines:\n{}", wrong.join("\n"));
}

#[test]
fn rules_and_pages_are_pairs() {
    let pages: BTreeSet<String> = markdown("rules").iter().map(|path| rule_of(path)).collect();
    let rules: BTreeSet<String> = seqscan::rules::RULES.iter().map(|rule| rule.name.to_owned()).collect();
    assert_eq!(pages, rules, "left: pages in rules/, right: the rules of src/rules/mod.rs");
    let code: BTreeSet<String> = rust_files("src/rules")
        .iter()
        .filter_map(|(path, _)| path.file_stem()?.to_str().map(|stem| stem.replace('_', "-")))
        .collect();
    let alone: Vec<&String> = pages.difference(&code).collect();
    assert!(alone.is_empty(), "pages without a file in src/rules: {alone:?}");
    let cases: Vec<String> =
        markdown("tests/cases").iter().map(|path| rule_of(path)).filter(|rule| !pages.contains(rule)).collect();
    assert!(cases.is_empty(), "specifications of rules that do not exist: {cases:?}");
}

#[test]
fn pages_have_the_same_sections_in_the_same_order() {
    const SECTIONS: &[&str] =
        &["Why it costs", "Examples", "Fix safety", "When to ignore it", "How sure it is", "Proof"];
    for path in markdown("rules") {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = rule_of(&path);
        let places: Vec<usize> = text
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .map(|title| {
                let place = SECTIONS.iter().position(|section| *section == title.trim());
                place.unwrap_or_else(|| panic!("rules/{name}.md has a section `{title}`, which no other page has"))
            })
            .collect();
        assert!(places.is_sorted_by(|a, b| a < b), "rules/{name}.md: the sections are not in order");
        let metadata: toml::Table = toml::from_str(crate::pages::metadata(&text)).unwrap();
        let reads_sql = metadata["languages"].as_array().unwrap().iter().any(|one| one.as_str() == Some("sql"));
        let needed = SECTIONS.iter().filter(|section| match **section {
            "Fix safety" => metadata["fix"].as_str() != Some("none"),
            // What a statement costs is proved on engines, or the page says why it cannot be.
            "Proof" => reads_sql && metadata["category"].as_str() != Some("suppressions"),
            _ => true,
        });
        for section in needed {
            assert!(text.contains(&format!("\n## {section}\n")), "rules/{name}.md has no section `{section}`");
        }
    }
}

#[test]
fn lists_that_say_so_are_sorted() {
    for (path, text) in rust_files("src") {
        // `/// … sorted …` over a constant list of texts.
        for (at, _) in text.match_indices(": &[&str] = &[") {
            let doc = text[..at].rsplit("\n\n").next().unwrap_or_default();
            if !doc.contains("sorted") && !doc.contains("Sorted") {
                continue;
            }
            let list = text[at..].split_once("];").map_or("", |(list, _)| list);
            let entries: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
            assert!(entries.is_sorted(), "{}: a list that says it is sorted is not: {doc}", path.display());
        }
    }
    let rules = std::fs::read_to_string(repository().join("src/rules/mod.rs")).unwrap();
    let modules: Vec<&str> = rules.lines().filter_map(|line| line.strip_prefix("mod ")).collect();
    assert!(modules.is_sorted(), "the modules of src/rules/mod.rs are not sorted: {modules:?}");
}

/// The files that git knows, or nothing outside a repository.
fn tracked() -> Vec<String> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(repository()).output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else { return Vec::new() };
    String::from_utf8_lossy(&output.stdout).split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect()
}

#[test]
fn no_file_names_a_machine() {
    // Written in pieces, so that this file does not name one either.
    let marks = [["/ho", "me/"], ["/ro", "ot/"], ["/Us", "ers/"], ["/wo", "rk/"], ["C:\\\\Us", "ers"]]
        .map(|mark| mark.concat());
    let mut wrong = Vec::new();
    for path in tracked() {
        let Ok(text) = std::fs::read_to_string(repository().join(&path)) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            if marks.iter().any(|mark| line.contains(mark.as_str())) {
                wrong.push(format!("{path}:{number}: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "paths of somebody's machine:\n{}", wrong.join("\n"));
}

#[test]
fn imports_are_understood() {
    let text = "use crate::source::{Span, Text};\nuse crate::{facts, sql::Dialect};\ncrate::apis::x()";
    assert_eq!(imported(text), BTreeSet::from(["apis", "facts", "source", "sql"]));
}
