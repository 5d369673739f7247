//! A project on disk and what `seqscan` says of it: the one place of the tests that knows how it is called.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use seqscan::config::{Options, Request};
use seqscan::engine::{Open, Parse, Session, Targets};
use seqscan::findings::Confidence;
use seqscan::project::SiteEffect;
use seqscan::rules::Registry;
use tempfile::TempDir;

/// A helper that asks for one row.
pub(crate) const STORE: &str = "\
import sqlite3

db = sqlite3.connect('app.db')


def find(id):
    return db.execute('SELECT * FROM users WHERE id = ?', (id,)).fetchone()
";

/// A small project in a folder of its own.
pub(crate) struct Project {
    folder: TempDir,
}

/// One finding, as far as tests compare it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) path: String,
    pub(crate) line: u32,
    pub(crate) rule: String,
    pub(crate) message: String,
}

/// A call that reaches a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) file: String,
    pub(crate) path: String,
    pub(crate) effect: &'static str,
}

/// The binary under test.
pub(crate) fn seqscan() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seqscan"));
    command.env_remove("SEQSCAN_CONFIG").env_remove("SEQSCAN_CACHE_DIR").env_remove("SEQSCAN_NO_CACHE");
    command.env("NO_COLOR", "1");
    command
}

/// The root of this repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Project {
    /// A project of these files: path and text.
    pub(crate) fn new<P: AsRef<str>, T: AsRef<[u8]>>(files: impl IntoIterator<Item = (P, T)>) -> Project {
        let project = Project { folder: tempfile::Builder::new().prefix("project").tempdir().unwrap() };
        // The mark of a repository, so that nothing above the folder belongs to the project.
        std::fs::create_dir(project.path().join(".git")).unwrap();
        for (path, text) in files {
            project.write(path.as_ref(), text);
        }
        project
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Adds a file.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Runs the binary in it.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        seqscan().args(args).current_dir(self.path()).output().unwrap()
    }

    /// What the report for programs says of each finding of these rules (`a,b`), in order of place.
    #[track_caller]
    pub(crate) fn findings(&self, rules: &str) -> Vec<serde_json::Value> {
        let output = self.run(&["check", "--output-format", "json", "--exit-zero", "--pedantic", "--select", rules]);
        let report: Result<serde_json::Value, _> = serde_json::from_slice(&output.stdout);
        let report = report.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        report["findings"].as_array().unwrap().clone()
    }

    /// What it says under a key of each.
    #[track_caller]
    pub(crate) fn told(&self, rules: &str, key: &str) -> Vec<String> {
        self.findings(rules).iter().map(|finding| finding[key].as_str().unwrap().to_owned()).collect()
    }

    /// What these rules find in it.
    pub(crate) fn check(&self, rules: &BTreeSet<String>) -> Result<Vec<Found>, String> {
        check(self.path(), &[], rules)
    }

    /// Every place of it that reaches a database.
    pub(crate) fn sites(&self) -> Vec<Site> {
        let session = Session::open(open(self.path(), &[], &BTreeSet::new())).unwrap();
        let snapshot = session.snapshot();
        let project = snapshot.project();
        let sites = project.ids().flat_map(|file| project.sites(file).iter().map(move |site| (file, site)));
        sites
            .map(|(file, site)| Site {
                file: project.file(file).source.path.to_string(),
                path: site.path.to_string(),
                effect: match site.effect {
                    SiteEffect::Query => "query",
                    SiteEffect::Write => "write",
                    SiteEffect::Batch => "batch",
                    SiteEffect::Transaction => "transaction",
                },
            })
            .collect()
    }
}

/// What `rules` find in the files of `root` that `paths` name (none: all of them), or why it cannot run; with
/// no rules, what all of them find, also those whose precision was not measured yet. In order of place.
pub(crate) fn check(root: &Path, paths: &[PathBuf], rules: &BTreeSet<String>) -> Result<Vec<Found>, String> {
    let session = Session::open(open(root, paths, rules)).map_err(|error| error.to_string())?;
    let targets = if paths.is_empty() {
        Targets::All
    } else {
        Targets::Paths(paths.iter().map(|path| root.join(path)).collect())
    };
    let report = session.snapshot().check(&targets);
    if let Some(error) = report.internal_errors.first() {
        return Err(format!("internal error: {error}"));
    }
    let findings = report.findings.iter().map(|reported| {
        let finding = &reported.diagnostic;
        let path = &finding.primary.path;
        let line = report.sources[path].lines().line(finding.primary.span.start);
        Found { path: path.to_string(), line, rule: finding.rule.to_owned(), message: finding.message.clone() }
    });
    Ok(findings.collect())
}

pub(crate) fn open(root: &Path, paths: &[PathBuf], rules: &BTreeSet<String>) -> Open {
    let select = (!rules.is_empty()).then(|| rules.iter().cloned().collect());
    // A rule that is never sure is asked for what it has.
    let registered = rules.iter().filter_map(|rule| Registry::builtin().get(rule));
    let least = registered.map(|rule| rule.page.metadata.confidence).min().filter(|least| *least == Confidence::Low);
    let flags = Options { preview: Some(rules.is_empty()), select, min_confidence: least, ..Options::default() };
    let config = Request { flags, ..Request::default() };
    // What can be left out is left out, however little it is.
    let parse = Parse::Relevant;
    Open { cwd: root.canonicalize().unwrap(), paths: paths.to_vec(), config, parse, threads: 1, ..Open::default() }
}
