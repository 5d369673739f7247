//! Which files there are: what is to be read, and what is left out and why.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use globset::GlobSet;
use ignore::{DirEntry, WalkBuilder, WalkState};

use super::Language;
use super::folders;
use super::natural_order;

/// Why a file or folder is not checked. Files that an ignore file names, and hidden ones, are not even counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// The configuration excludes it.
    Excluded,
    /// Code of other people: `node_modules`, vendored packages.
    Dependency,
    /// A virtual environment.
    Environment,
    /// What a build made: `dist`, `build`.
    BuildOutput,
    /// Several files made into one.
    Bundled,
    /// Made small for browsers.
    Minified,
    /// Written by a program.
    Generated,
    /// Not text.
    Binary,
    /// Larger than any code that people write.
    TooLarge,
}

impl LeftOut {
    /// What `count` of them are, as users read it: `2 minified files`.
    pub fn describe(self, count: usize) -> String {
        let (one, many) = match self {
            LeftOut::Excluded => ("excluded path", "excluded paths"),
            LeftOut::Dependency => ("dependency folder", "dependency folders"),
            LeftOut::Environment => ("virtual environment", "virtual environments"),
            LeftOut::BuildOutput => ("build folder", "build folders"),
            LeftOut::Bundled => ("bundled file", "bundled files"),
            LeftOut::Minified => ("minified file", "minified files"),
            LeftOut::Generated => ("generated file", "generated files"),
            LeftOut::Binary => ("binary file", "binary files"),
            LeftOut::TooLarge => ("file that is too large", "files that are too large"),
        };
        format!("{count} {}", if count == 1 { one } else { many })
    }
}

/// A file that is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Path relative to the root, with `/`.
    pub path: Arc<str>,
    /// Where it is on disk.
    pub absolute: PathBuf,
    /// What it is written in.
    pub language: Language,
    /// Whether it was given by its own name, not met in a folder: then what it looks like does not leave it out.
    pub named: bool,
}

/// A file of another kind that the caller asked for: a manifest, a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Companion {
    /// Path relative to the root, with `/`.
    pub path: Arc<str>,
    /// Where it is on disk.
    pub absolute: PathBuf,
}

/// What was found, in an order that depends only on the paths.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Files in a known language.
    pub files: Vec<FoundFile>,
    /// Files that [`Walk::companion`] asked for.
    pub companions: Vec<Companion>,
    /// Files that are templates if code of the project renders them.
    pub templates: Vec<FoundFile>,
    /// What was left out: relative paths, folders with a `/` at the end.
    pub left_out: BTreeMap<LeftOut, Vec<Arc<str>>>,
    /// What could not be looked at, one line each.
    pub problems: Vec<String>,
}

/// How to look for files.
#[derive(Clone)]
pub struct Walk<'a> {
    /// The folder that paths are told relative to; an absolute path.
    pub root: &'a Path,
    /// If given, only these paths (relative to the root) are found.
    pub include: Option<&'a GlobSet>,
    /// These paths (relative to the root), and what is in such folders, are left out.
    pub exclude: Option<&'a GlobSet>,
    /// Whether paths given by name are left out like any other.
    pub force_exclude: bool,
    /// Whether `.gitignore` and its like are heeded.
    pub respect_ignore_files: bool,
    /// Whether a file with this name is asked for although its language is not known.
    pub companion: fn(&str) -> bool,
    /// How many threads look; 0 means as many as there are processors.
    pub threads: usize,
}

impl<'a> Walk<'a> {
    /// The usual way to look below `root`.
    pub fn new(root: &'a Path) -> Self {
        Walk {
            root,
            include: None,
            exclude: None,
            force_exclude: false,
            respect_ignore_files: true,
            companion: |_| false,
            threads: 0,
        }
    }

    /// Everything below the root.
    pub fn everything(&self) -> Discovery {
        self.paths(&[self.root.to_path_buf()])
    }

    /// What `paths` name: files themselves, and everything below folders. Relative ones are below the root.
    pub fn paths(&self, paths: &[PathBuf]) -> Discovery {
        let mut folders = Vec::new();
        let mut named = Vec::new();
        let mut found = Discovery::default();
        for path in paths {
            let absolute = plain(&self.root.join(path));
            match std::fs::metadata(&absolute) {
                Ok(meta) if meta.is_dir() => folders.push(absolute),
                Ok(meta) if meta.is_file() => named.push(absolute),
                Ok(_) => found.problems.push(format!("{}: not a regular file, not read", path.display())),
                Err(error) => found.problems.push(format!("{}: {}", path.display(), reason(&error))),
            }
        }
        if self.force_exclude && !named.is_empty() {
            self.keep_allowed(&mut named, &mut found);
        }
        for absolute in named {
            self.take_named(absolute, &mut found);
        }
        if !folders.is_empty() {
            let mut builder = self.builder(&folders);
            self.walk(&mut builder, &mut found);
        }
        found.finish();
        found
    }

    /// The relative path of `absolute`; unchanged where it is not below the root.
    fn relative(&self, absolute: &Path) -> Arc<str> {
        let path = absolute.strip_prefix(self.root).unwrap_or(absolute);
        let mut text = String::new();
        for part in path.components() {
            match part {
                Component::RootDir => text.push('/'),
                Component::CurDir => {}
                other => {
                    if !text.is_empty() && !text.ends_with('/') {
                        text.push('/');
                    }
                    text.push_str(&other.as_os_str().to_string_lossy());
                }
            }
        }
        text.into()
    }

    fn take_named(&self, absolute: PathBuf, found: &mut Discovery) {
        let path = self.relative(&absolute);
        match Language::of_path(&path) {
            Some(language) => found.files.push(FoundFile { path, absolute, language, named: true }),
            None if let Some(language) = Language::of_template(&path) => {
                found.templates.push(FoundFile { path, absolute, language, named: true });
            }
            None if (self.companion)(file_name(&path)) => found.companions.push(Companion { path, absolute }),
            None => found.problems.push(format!("{path}: not a kind of file that is read")),
        }
    }

    /// Keeps the named files that a walk from the root would find, by walking only the folders above them.
    fn keep_allowed(&self, named: &mut Vec<PathBuf>, found: &mut Discovery) {
        let targets = named.clone();
        let mut builder = self.builder(&[self.root.to_path_buf()]);
        builder.filter_entry(move |entry| targets.iter().any(|target| target.starts_with(entry.path())));
        let mut seen = Discovery::default();
        self.walk(&mut builder, &mut seen);
        named.retain(|path| {
            let relative = self.relative(path);
            let met = seen.files.iter().any(|file| file.path == relative);
            let met = met || seen.templates.iter().any(|file| file.path == relative);
            if met || !path.starts_with(self.root) || Language::of_path(&relative).is_none() {
                return true;
            }
            let covers = |known: &Arc<str>| relative.starts_with(&**known);
            let why = seen.left_out.iter().find(|(_, paths)| paths.iter().any(covers));
            found.left_out.entry(why.map_or(LeftOut::Excluded, |(&why, _)| why)).or_default().push(relative);
            false
        });
    }

    fn builder(&self, starts: &[PathBuf]) -> WalkBuilder {
        let mut builder = WalkBuilder::from_iter(starts);
        builder
            .standard_filters(self.respect_ignore_files)
            .hidden(true)
            .require_git(false)
            .follow_links(false)
            .threads(self.threads);
        builder
    }

    fn walk(&self, builder: &mut WalkBuilder, found: &mut Discovery) {
        let collected = Mutex::new(Discovery::default());
        builder.build_parallel().run(|| {
            let mut local = Local { found: Discovery::default(), into: &collected };
            Box::new(move |entry| match entry {
                Ok(entry) => self.visit(&entry, &mut local.found),
                Err(error) => {
                    local.found.problems.push(problem(&error));
                    WalkState::Continue
                }
            })
        });
        found.append(collected.into_inner().unwrap_or_else(PoisonError::into_inner));
    }

    fn visit(&self, entry: &DirEntry, found: &mut Discovery) -> WalkState {
        if let Some(error) = entry.error() {
            // A line of an ignore file that is no glob: the rest of the file holds.
            found.problems.push(problem(error));
        }
        let folder = is_folder(entry);
        if folder && entry.depth() == 0 {
            return WalkState::Continue;
        }
        if !folder && !entry.file_type().is_some_and(|kind| kind.is_file()) {
            return WalkState::Continue; // a link, a pipe, a device
        }
        let path = self.relative(entry.path());
        if self.exclude.is_some_and(|globs| globs.is_match(&*path)) {
            found.left_out.entry(LeftOut::Excluded).or_default().push(with_slash(path, folder));
            return WalkState::Skip;
        }
        if folder {
            return match folders::kind(entry.path(), self.root) {
                Some(kind) => {
                    found.left_out.entry(kind).or_default().push(with_slash(path, true));
                    WalkState::Skip
                }
                None => WalkState::Continue,
            };
        }
        if self.include.is_some_and(|globs| !globs.is_match(&*path)) {
            return WalkState::Continue;
        }
        let name = file_name(&path);
        if (self.companion)(name) {
            found.companions.push(Companion { path: path.clone(), absolute: entry.path().to_path_buf() });
        }
        let Some(language) = Language::of_path(name) else {
            if let Some(language) = Language::of_template(&path) {
                let absolute = entry.path().to_path_buf();
                found.templates.push(FoundFile { path, absolute, language, named: false });
            }
            return WalkState::Continue;
        };
        match folders::kind_of_file(name, language) {
            Some(kind) => found.left_out.entry(kind).or_default().push(path),
            None => {
                let absolute = entry.path().to_path_buf();
                found.files.push(FoundFile { path, absolute, language, named: false });
            }
        }
        WalkState::Continue
    }
}

impl Discovery {
    /// Takes over what another walk found.
    fn append(&mut self, other: Discovery) {
        self.files.extend(other.files);
        self.companions.extend(other.companions);
        self.templates.extend(other.templates);
        self.problems.extend(other.problems);
        for (reason, paths) in other.left_out {
            self.left_out.entry(reason).or_default().extend(paths);
        }
    }

    /// Puts everything in order; what was found twice counts once, and as named if it ever was.
    fn finish(&mut self) {
        self.files.sort_by(|a, b| (&a.path, b.named).cmp(&(&b.path, a.named)));
        self.files.dedup_by(|b, a| a.path == b.path);
        self.companions.sort_by(|a, b| a.path.cmp(&b.path));
        self.companions.dedup();
        self.templates.sort_by(|a, b| (&a.path, b.named).cmp(&(&b.path, a.named)));
        self.templates.dedup_by(|b, a| a.path == b.path);
        self.problems.sort();
        self.problems.dedup();
        for paths in self.left_out.values_mut() {
            paths.sort();
            paths.dedup();
        }
    }
}

/// What one thread found; handed over when the thread ends, so that threads do not wait for each other.
struct Local<'c> {
    found: Discovery,
    into: &'c Mutex<Discovery>,
}

impl Drop for Local<'_> {
    fn drop(&mut self) {
        let found = std::mem::take(&mut self.found);
        self.into.lock().unwrap_or_else(PoisonError::into_inner).append(found);
    }
}

/// The files of one folder and the folders in it, in the order in which a migration tool applies them: by
/// name, numbers by their value (`V2__` before `V10__`, `0002_` before `0010_`). Ignore files do not apply.
pub fn ordered(folder: &Path) -> Vec<PathBuf> {
    let by_name = |a: &walkdir::DirEntry, b: &walkdir::DirEntry| natural_order::compare(name_of(a), name_of(b));
    walkdir::WalkDir::new(folder)
        .sort_by(by_name)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect()
}

fn name_of(entry: &walkdir::DirEntry) -> &str {
    entry.file_name().to_str().unwrap_or_default()
}

fn is_folder(entry: &DirEntry) -> bool {
    // The path a walk starts from may be a link to a folder.
    entry.file_type().is_some_and(|kind| kind.is_dir()) || (entry.depth() == 0 && entry.path().is_dir())
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn with_slash(path: Arc<str>, folder: bool) -> Arc<str> {
    if folder { format!("{path}/").into() } else { path }
}

/// `path` without `.` and `..`, as far as names alone can tell.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some_and(|name| name != OsStr::new("..")) => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// One line about an entry that could not be looked at.
fn problem(error: &ignore::Error) -> String {
    error.to_string().replace('\n', "; ")
}

/// What went wrong with a file, in the system's words but without its number.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use globset::{Glob, GlobSetBuilder};

    use super::*;

    /// A tree with these files.
    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn paths(found: &Discovery) -> Vec<&str> {
        found.files.iter().map(|file| &*file.path).collect()
    }

    fn left_out(found: &Discovery) -> Vec<(LeftOut, &str)> {
        found.left_out.iter().flat_map(|(why, paths)| paths.iter().map(|path| (*why, &**path))).collect()
    }

    #[test]
    fn ignore_files_hold_at_every_level() {
        let dir = tree(&[
            (".gitignore", "/ignored/\n*.gen.py\n"),
            ("a.py", ""),
            ("b.gen.py", ""),
            ("ignored/c.py", ""),
            ("sub/.gitignore", "d.ts\n!e.gen.py\n"),
            ("sub/d.ts", ""),
            ("sub/e.gen.py", ""),
            ("sub/f.tsx", ""),
            (".hidden/g.py", ""),
            ("models/x.sql.jinja", ""),
            ("README.md", ""),
        ]);
        let found = Walk::new(dir.path()).everything();
        assert_eq!(paths(&found), ["a.py", "models/x.sql.jinja", "sub/e.gen.py", "sub/f.tsx"]);
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        let all = Walk { respect_ignore_files: false, ..Walk::new(dir.path()) }.everything();
        assert!(paths(&all).contains(&"ignored/c.py"));
    }

    #[test]
    fn what_nobody_wrote_is_left_out_and_counted() {
        let dir = tree(&[
            ("package.json", "{}"),
            ("node_modules/x/index.js", ""),
            ("env/pyvenv.cfg", ""),
            ("env/lib/x.py", ""),
            ("dist/index.js", ""),
            ("src/dist/kept.ts", ""),
            ("src/app.min.js", ""),
            ("src/app_pb2.py", ""),
            ("src/main.bundle.js", ""),
            ("libs/Pager-1.0.dist-info/RECORD", ""),
            ("libs/pager/query.py", ""),
            ("src/libs/query.py", ""),
            ("src/vendor/jquery.js", ""),
            ("src/vendors/__init__.py", ""),
            ("src/vendors/models.py", ""),
        ]);
        let found = Walk::new(dir.path()).everything();
        let kept = ["src/dist/kept.ts", "src/libs/query.py", "src/vendors/__init__.py", "src/vendors/models.py"];
        assert_eq!(paths(&found), kept);
        assert_eq!(
            left_out(&found),
            [
                (LeftOut::Dependency, "libs/"),
                (LeftOut::Dependency, "node_modules/"),
                (LeftOut::Dependency, "src/vendor/"),
                (LeftOut::Environment, "env/"),
                (LeftOut::BuildOutput, "dist/"),
                (LeftOut::Bundled, "src/main.bundle.js"),
                (LeftOut::Minified, "src/app.min.js"),
                (LeftOut::Generated, "src/app_pb2.py"),
            ]
        );
    }

    #[test]
    fn a_path_given_by_name_is_read_unless_forced() {
        let dir = tree(&[
            (".gitignore", "ignored.py\n"),
            ("ignored.py", ""),
            ("kept.py", ""),
            ("node_modules/x/index.js", ""),
            ("deep/below/kept.ts", ""),
        ]);
        let names: Vec<PathBuf> =
            ["ignored.py", "kept.py", "node_modules/x/index.js", "./deep/../deep/below/kept.ts", "gone.py"]
                .map(PathBuf::from)
                .to_vec();
        let found = Walk::new(dir.path()).paths(&names);
        assert_eq!(paths(&found), ["deep/below/kept.ts", "ignored.py", "kept.py", "node_modules/x/index.js"]);
        assert!(found.files.iter().all(|file| file.named));
        assert_eq!(found.problems, ["gone.py: no such file or directory"]);

        let forced = Walk { force_exclude: true, ..Walk::new(dir.path()) }.paths(&names);
        assert_eq!(paths(&forced), ["deep/below/kept.ts", "kept.py"]);
        assert_eq!(
            left_out(&forced),
            [(LeftOut::Excluded, "ignored.py"), (LeftOut::Dependency, "node_modules/x/index.js")]
        );
        // A folder given by name is walked even if a walk from above would leave it out.
        let inside = Walk::new(dir.path()).paths(&[PathBuf::from("node_modules/x")]);
        assert_eq!(paths(&inside), ["node_modules/x/index.js"]);
    }

    #[test]
    fn globs_choose() {
        let dir = tree(&[("src/a.py", ""), ("src/old/b.py", ""), ("lib/c.py", ""), ("package.json", "")]);
        let globs = |list: &[&str]| {
            let mut builder = GlobSetBuilder::new();
            for glob in list {
                builder.add(Glob::new(glob).unwrap());
            }
            builder.build().unwrap()
        };
        let (include, exclude) = (globs(&["src/**"]), globs(&["src/old"]));
        let mut walk = Walk { include: Some(&include), exclude: Some(&exclude), ..Walk::new(dir.path()) };
        assert_eq!(paths(&walk.everything()), ["src/a.py"]);
        assert_eq!(left_out(&walk.everything()), [(LeftOut::Excluded, "src/old/")]);
        walk.include = None;
        walk.companion = |name| name == "package.json";
        let found = walk.everything();
        assert_eq!(found.companions.iter().map(|file| &*file.path).collect::<Vec<_>>(), ["package.json"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_pipes_do_no_harm() {
        let dir = tree(&[("a/b.py", "")]);
        std::os::unix::fs::symlink("..", dir.path().join("a/up")).unwrap();
        std::os::unix::fs::symlink("self", dir.path().join("self")).unwrap();
        std::os::unix::fs::symlink("nowhere.py", dir.path().join("broken.py")).unwrap();
        let pipe = dir.path().join("pipe.py");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let found = Walk::new(dir.path()).everything();
        assert_eq!(paths(&found), ["a/b.py"]);
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        let named = Walk::new(dir.path()).paths(&["pipe.py", "self", "broken.py"].map(PathBuf::from));
        assert_eq!(named.problems.len(), 3, "{:?}", named.problems);
        assert!(named.files.is_empty());
    }

    #[test]
    fn migrations_come_in_the_order_they_are_applied() {
        let dir = tree(&[
            ("V10__c.sql", ""),
            ("V2__b.sql", ""),
            ("V1__a.sql", ""),
            ("V2.1__b.sql", ""),
            ("sub/0002_x.sql", ""),
        ]);
        let found: Vec<String> =
            ordered(dir.path()).iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
        assert_eq!(found, ["V1__a.sql", "V2__b.sql", "V2.1__b.sql", "V10__c.sql", "0002_x.sql"]);
    }
}
