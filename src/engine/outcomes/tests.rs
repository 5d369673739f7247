//! What rules are kept to have found after an edit is what they find anew: cases of `tests/cases` are edited at random.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use super::*;
use crate::apis::Catalog;
use crate::config::{Request, Resolver};
use crate::engine::run::Run;
use crate::project::edited::{File, Random, all_cases, changed, language, read};
use crate::project::{ManifestFile, ProjectFile, ProjectOptions};
use crate::rules::Registry;
use crate::source::{FoundFile, Purpose};

static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| Arc::new(Catalog::with_user(&[]).unwrap()));

/// A project that is edited, with what is kept of what the rules found.
struct Edited {
    files: Vec<ProjectFile>,
    manifests: Vec<ManifestFile>,
    known: Vec<Known>,
    project: Project,
    outcomes: Outcomes,
}

fn known(file: &ProjectFile) -> Known {
    let root = PathBuf::from("/project");
    let request = Request { isolated: true, ..Request::default() };
    let settings = Resolver::new(Registry::builtin(), root.clone(), request).settings(&root).unwrap();
    let (path, language) = (file.source.path.clone(), file.source.language);
    let found = FoundFile { absolute: root.join(&*path), path, language, named: false };
    let purpose = Purpose::Application;
    let candidate =
        Candidate { found, settings, purpose, only_application: false, defines_schema: false, dialect: None };
    Known { candidate: Arc::new(candidate) }
}

impl Edited {
    fn new(case: &[File]) -> Edited {
        let (mut files, mut manifests) = (Vec::new(), Vec::new());
        for File { path, text } in case {
            match read(path, text) {
                Some(file) => files.push(file),
                None => manifests.push(ManifestFile { path: path.as_str().into(), text: text.clone() }),
            }
        }
        files.sort_by(|a: &ProjectFile, b| a.source.path.cmp(&b.source.path));
        files.dedup_by(|a, b| a.source.path == b.source.path);
        let options = ProjectOptions::default();
        let project = Project::build_after(None, files.clone(), &manifests, CATALOG.clone(), &options);
        let known: Vec<Known> = files.iter().map(known).collect();
        let outcomes = Outcomes::after(None, &project, &known, Registry::builtin().rules().len());
        Edited { files, manifests, known, project, outcomes }
    }

    /// What all rules find, with what is kept or without.
    fn found(&self, keeps: bool) -> Vec<String> {
        let outcomes = keeps.then_some(&self.outcomes);
        let run = Run { registry: Registry::builtin(), project: &self.project, known: &self.known, outcomes };
        let (found, failed) = run.all_rules();
        assert!(failed.is_empty(), "{failed:?}");
        found.iter().map(|found| format!("{found:?}")).collect()
    }

    /// Gives a file another text.
    fn edit(&mut self, path: &str, text: &str) {
        let Some(at) = self.files.iter().position(|file| *file.source.path == *path) else { return };
        let Some(file) = read(path, text) else { return };
        self.files[at] = file;
        let (files, options) = (self.files.clone(), ProjectOptions::default());
        let before = Some(&self.project);
        self.project = Project::build_after(before, files, &self.manifests, CATALOG.clone(), &options);
        let rules = Registry::builtin().rules().len();
        self.outcomes = Outcomes::after(Some(&self.outcomes), &self.project, &self.known, rules);
    }

    /// How many outcomes hold from before.
    fn kept(&self) -> usize {
        let files = self.outcomes.files.iter().map(|(_, slot)| slot);
        files.chain(&self.outcomes.rules).filter(|slot| slot.get().is_some()).count()
    }
}

#[test]
fn what_is_kept_is_what_is_found_anew() {
    let mut random = Random::seeded(7);
    let (mut kept, mut edits, mut telling) = (0, 0, 0);
    for (page, case) in all_cases() {
        let mut edited = Edited::new(&case);
        let mut last = edited.found(true);
        for File { path, text } in case.iter().filter(|file| language(&file.path).is_some()) {
            let with = random.below(case.len());
            let other = changed(&mut random, text, &case[with].text);
            // A line further down, something else, and back.
            for text in [&format!("\n{text}"), &other, text] {
                edited.edit(path, text);
                kept += edited.kept();
                edits += 1;
                let anew = edited.found(false);
                assert_eq!(edited.found(true), anew, "{}: after {path} became\n{text}", page.display());
                telling += usize::from(anew != last);
                last = anew;
            }
        }
    }
    assert!(kept > edits && telling * 4 > edits, "after {edits} edits {kept} outcomes hold, and {telling} tell");
}

/// A project of these files.
fn project(files: &[(&str, &str)]) -> Edited {
    let file = |&(path, text): &(&str, &str)| File { path: path.to_owned(), text: text.to_owned() };
    Edited::new(&files.iter().map(file).collect::<Vec<File>>())
}

#[test]
fn a_statement_that_another_file_runs_no_more_is_not_told() {
    let sql = "SQL = \"SELECT id, name FROM books ORDER BY random() LIMIT 5\"\n";
    let run = "import psycopg2\nfrom shop.texts import SQL\n\n\ndef books(url):\n    cursor = psycopg2.connect(url).cursor()\n";
    let runs = format!("{run}    cursor.execute(SQL)\n");
    let mut edited = project(&[("shop/texts.py", sql), ("shop/run.py", &runs)]);
    let all = edited.found(true);
    assert!(all.iter().any(|found| found.contains("random-order")), "{all:?}");
    edited.edit("shop/run.py", run);
    assert_eq!(edited.found(true), edited.found(false));
    assert!(!edited.found(true).iter().any(|found| found.contains("random-order")));
    edited.edit("shop/run.py", &runs);
    assert_eq!(edited.found(true), all);
}

#[test]
fn other_settings_are_other_rules() {
    let texts = [("a.py", "import b\n"), ("b.py", "x = 1\n")];
    let mut edited = project(&texts);
    edited.found(true);
    edited.edit("b.py", "x = 2\n");
    assert!(edited.outcomes.files[0].1.get().is_some());
    edited.found(true);
    edited.known[0] = known(&edited.files[0]);
    edited.edit("b.py", "x = 1\n");
    assert!(edited.outcomes.files[0].1.get().is_none());
}
