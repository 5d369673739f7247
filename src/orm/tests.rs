//! What real code says, through the real lowering: the specifications in `tests/cases`, and a few unit tests.

use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::apis::Catalog;
use crate::lang;
use crate::project::{ProjectFile, ProjectOptions};
use crate::source::{Language, SourceFile};

/// A project of these files.
fn project(files: &[(String, String)]) -> Project {
    let mut files: Vec<ProjectFile> = files
        .iter()
        .map(|(path, text)| {
            let language = Language::of_path(path).expect("a file that can be read");
            let source = SourceFile::new(path.as_str(), PathBuf::new(), language, text.clone());
            let facts = lang::extract(&source);
            ProjectFile { source: Arc::new(source), facts: Arc::new(facts) }
        })
        .collect();
    files.sort_by(|a, b| a.source.path.cmp(&b.source.path));
    Project::build(files, &[], Arc::new(Catalog::builtin().clone()), &ProjectOptions::default())
}

/// One case: its heading and its files.
struct Case {
    heading: String,
    line: usize,
    files: Vec<(String, String)>,
}

fn cases(page: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut heading = String::new();
    let mut name: Option<String> = None;
    let mut lines = page.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text.to_owned();
            name = None;
        } else if let Some(rest) = line.strip_prefix('`')
            && let Some(file) = rest.strip_suffix("`:")
        {
            name = Some(file.to_owned());
        } else if let Some(language) = line.strip_prefix("```") {
            let ending = match language {
                "python" => "py",
                "javascript" => "js",
                "typescript" => "ts",
                _ => panic!("line {}: no language", index + 1),
            };
            let code: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            let code = code.join("\n") + "\n";
            let path = name.clone().unwrap_or_else(|| format!("case.{ending}"));
            match cases.last_mut() {
                Some(case) if name.is_some() && case.heading == heading => case.files.push((path, code)),
                _ => cases.push(Case { heading: heading.clone(), line: index + 1, files: vec![(path, code)] }),
            }
            name = None;
        }
    }
    cases
}

/// Runs a specification: each marked line has a finding, and no other line has.
fn run(page: &str, drafts: fn(&Project, FileId) -> Vec<Draft>) {
    let mut wrong = Vec::new();
    let all = cases(page);
    for case in &all {
        let project = project(&case.files);
        for file in project.ids() {
            let source = &project.file(file).source;
            let found = drafts(&project, file);
            let line_of = |at: u32| source.text[..at as usize].matches('\n').count();
            for (index, line) in source.text.lines().enumerate() {
                let is_marked = line.ends_with("# error") || line.ends_with("// error");
                let here: Vec<&Draft> = found.iter().filter(|draft| line_of(draft.span.start) == index).collect();
                if here.len() != usize::from(is_marked) {
                    let messages: Vec<&str> = here.iter().map(|draft| draft.message.as_str()).collect();
                    wrong.push(format!("{} (line {}): `{}` has {:?}", case.heading, case.line, line.trim(), messages));
                }
            }
            for draft in found {
                let text = &source.text[draft.span.range()];
                assert!(!text.is_empty() && !text.contains('\n'), "{}: {text:?}", case.heading);
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn searches_inside_texts() {
    run(include_str!("../../tests/cases/leading-wildcard-like.orm.md"), wildcard_drafts);
}

#[test]
fn pages_by_skipping() {
    run(include_str!("../../tests/cases/offset-pagination.orm.md"), page_drafts);
}
