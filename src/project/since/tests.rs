//! What is kept after an edit is what is found anew, in everything that is found of a project: cases of `tests/cases` are
//! edited at random, and projects in which an edit changes nothing but an answer on the way to another.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use super::*;
use crate::apis::{CallEntry, Catalog, UserApi};
use crate::lang;
use crate::project::{ManifestFile, ProjectOptions};
use crate::source::{Language, SourceFile};

mod chains;
mod models;
mod noted;

/// With an entry of a user's for a function that `shop/told.py` names, if there is one.
static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
    let call: CallEntry = toml::from_str("path = 'shop.told.asked'\neffect = 'none'").unwrap();
    let user = UserApi { origin: "seqscan.toml".to_owned(), calls: vec![call], ..UserApi::default() };
    Arc::new(Catalog::with_user(&[user]).unwrap())
});

/// A file that is edited.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A project that is edited: what is kept of it is compared with what is found anew.
struct Edited {
    files: Vec<ProjectFile>,
    manifests: Vec<ManifestFile>,
    kept: Project,
    /// Everything that is found of it.
    found: String,
}

pub(crate) fn language(path: &str) -> Option<Language> {
    Language::of_path(path).or_else(|| Language::of_template(path))
}

pub(crate) fn read(path: &str, text: &str) -> Option<ProjectFile> {
    let source = SourceFile::new(path, PathBuf::new(), language(path)?, text.to_owned());
    let facts = lang::extract(&source);
    Some(ProjectFile::new(source, facts))
}

fn build(before: Option<&Project>, files: &[ProjectFile], manifests: &[ManifestFile]) -> Project {
    let options = ProjectOptions::default();
    Project::build_after(before, files.to_vec(), manifests, CATALOG.clone(), &options)
}

impl Edited {
    fn new(files: &[File]) -> Edited {
        let (mut read_files, mut manifests) = (Vec::new(), Vec::new());
        for File { path, text } in files {
            match read(path, text) {
                Some(file) => read_files.push(file),
                None => manifests.push(ManifestFile { path: path.as_str().into(), text: text.clone() }),
            }
        }
        read_files.sort_by(|a, b| a.source.path.cmp(&b.source.path));
        read_files.dedup_by(|a, b| a.source.path == b.source.path);
        let kept = build(None, &read_files, &manifests);
        let found = all_found(&kept);
        Edited { files: read_files, manifests, kept, found }
    }

    /// Gives a file another text. Whether anything else is found; and what is kept that is not found anew.
    fn edit(&mut self, path: &str, text: &str) -> (bool, Option<String>) {
        let Some(at) = self.files.iter().position(|file| *file.source.path == *path) else { return (false, None) };
        let Some(file) = read(path, text) else { return (false, None) };
        self.files[at] = file;
        self.kept = build(Some(&self.kept), &self.files, &self.manifests);
        let (kept, anew) = (all_found(&self.kept), all_found(&build(None, &self.files, &self.manifests)));
        let stale = kept.lines().zip(anew.lines()).find(|(kept, anew)| kept != anew);
        let stale = stale.map(|(kept, anew)| format!("kept {}\nanew {}", shown(kept, anew), shown(anew, kept)));
        let is_other = anew != self.found;
        self.found = anew;
        (is_other, stale)
    }
}

/// A part of a line, from a little before where it is not like another.
fn shown(line: &str, other: &str) -> String {
    let same = line.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    line.chars().skip(same.saturating_sub(80)).take(300).collect()
}

/// Everything that is found of a project, a line for each part of it.
fn all_found(project: &Project) -> String {
    let Project { prefetched, sites, graph, reach, repeats, executed, wrappers, lazily, lazy, orm, .. } = project;
    let Project { schema, dialects, .. } = project;
    let mut all = String::new();
    for (file, found) in project.files.iter().zip(&sites.found) {
        let _ = writeln!(all, "sites of {}: {found:?}", file.source.path);
    }
    for (file, found) in project.files.iter().zip(&repeats.found) {
        let _ = writeln!(all, "repeats of {}: {found:?}", file.source.path);
    }
    for (file, found) in project.files.iter().zip(&orm.found) {
        let _ = writeln!(all, "predicates of {}: {found:?}", file.source.path);
    }
    let _ = writeln!(all, "prefetched {prefetched:?}\nparts {:?}\ncalls {graph:?}", project.parts);
    let _ = writeln!(all, "reach {reach:?}\nlazily {lazily:?}\nlazy {lazy:?}\nwrappers {wrappers:?}");
    let _ = writeln!(all, "executed {executed:?}\nschema {schema:?}\ndialects {dialects:?}");
    all
}

/// The same numbers in every run.
pub(crate) struct Random(u64);

impl Random {
    /// Begun with the environment's `SEED`, else with `usual`.
    pub(crate) fn seeded(usual: u64) -> Random {
        Random(std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(usual))
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end.max(1) as u64).unwrap_or(0)
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

/// A file, and parts of it with what may stand in their place.
type Part = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Every change alone, there and back, then some of them together.
fn edit(files: &[Part]) {
    let whole: Vec<File> =
        files.iter().map(|(path, text, _)| File { path: (*path).to_owned(), text: (*text).to_owned() }).collect();
    let mut edited = Edited::new(&whole);
    let mut edit = |path: &str, text: &str| {
        let (_, stale) = edited.edit(path, text);
        assert_eq!(stale, None, "after {path} became\n{text}");
    };
    for (path, text, changes) in files {
        for (from, to) in *changes {
            assert!(text.contains(from) && from != to, "{path}: {from}");
            edit(path, &text.replace(from, to));
            edit(path, text);
        }
    }
    let mut random = Random(3);
    for _ in 0..30 {
        let (path, text, changes) = files[random.below(files.len())];
        let which = random.below(1 << changes.len());
        let wanted = changes.iter().enumerate().filter(|(at, _)| which >> at & 1 == 1);
        edit(path, &wanted.fold(text.to_owned(), |text, (_, (from, to))| text.replace(from, to)));
    }
}

/// The projects of several files in all pages of cases, with the names of the pages.
pub(crate) fn all_cases() -> Vec<(PathBuf, Vec<File>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut pages: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    let of_page = |page: PathBuf| {
        let cases = cases(&std::fs::read_to_string(&page).unwrap());
        cases.into_iter().map(move |case| (page.clone(), case))
    };
    pages.into_iter().flat_map(of_page).collect()
}

/// The projects of several files in a page of cases.
fn cases(page: &str) -> Vec<Vec<File>> {
    let mut cases: Vec<Vec<File>> = Vec::new();
    let mut name: Option<&str> = None;
    let mut is_open = false;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(path) = line.strip_prefix('`').and_then(|line| line.strip_suffix("`:")) {
            name = Some(path);
        } else if line.starts_with("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let Some(path) = name.take().filter(|_| !line.contains("fixed")) else { continue };
            let file = File { path: path.to_owned(), text: text.join("\n") + "\n" };
            match cases.last_mut() {
                Some(case) if is_open => case.push(file),
                _ => cases.push(vec![file]),
            }
            is_open = true;
        } else if !line.is_empty() {
            is_open = false;
        }
    }
    cases.retain(|case| case.iter().filter(|file| language(&file.path).is_some()).count() > 1);
    cases
}

/// The names in a text, where they stand.
fn names(text: &str) -> Vec<&str> {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let names = text.split(|letter| !is_name(letter));
    names.filter(|name| name.len() > 1 && !name.starts_with(|letter: char| letter.is_ascii_digit())).collect()
}

/// A text with a small change: a line more or less, lines in another order, a name in the place of another.
pub(crate) fn changed(random: &mut Random, text: &str, others: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (at, with) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(8) {
        _ if lines.is_empty() => {}
        0 => lines.insert(at, String::new()),
        1 => drop(lines.remove(at)),
        2 => lines.swap(at, with),
        3 => {
            let line = lines[with].clone();
            lines.insert(at, line);
        }
        _ => {
            let names = [names(text), names(others)].concat();
            let own = self::names(&lines[at]);
            if let (Some(own), Some(other)) = (random.of(&own).copied(), random.of(&names).copied()) {
                lines[at] = lines[at].replacen(own, other, 1);
            }
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn edited_cases_are_as_new_ones() {
    let mut random = Random::seeded(5);
    let (mut edits, mut telling) = (0, 0);
    for (page, case) in all_cases() {
        let mut edited = Edited::new(&case);
        let mut edit = |path: &str, text: &str| {
            let (is_other, stale) = edited.edit(path, text);
            assert_eq!(stale, None, "{}: after {path} became\n{text}", page.display());
            edits += 1;
            telling += usize::from(is_other);
        };
        // What is gone is found again when it comes back.
        for File { path, text } in case.iter().filter(|file| language(&file.path).is_some()) {
            edit(path, "");
            edit(path, text);
            let other = &case[random.below(case.len())];
            edit(path, &changed(&mut random, text, &other.text));
        }
    }
    assert!(telling * 4 > edits, "of {edits} edits only {telling} changed anything");
}
