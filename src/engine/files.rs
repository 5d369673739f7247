//! Which files of a project are known, and which of them are checked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::report::{LeftOutPath, Reason};
use crate::config::{ConfigError, PathSettings, Resolver, Settings};
use crate::project::ManifestFile;
use crate::source::{FoundFile, Language, LeftOut, Purpose, Walk};
use crate::sql::Dialect;

/// Larger manifests are not read, in bytes.
const MAX_MANIFEST: u64 = 4 << 20;

/// Where CI services keep what they run.
const CI_FILES: [&str; 2] = [".circleci/config.yml", ".gitlab-ci.yml"];
const CI_FOLDERS: [&str; 2] = [".devcontainer", ".github/workflows"];

/// A file of the project, before it is read.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) found: FoundFile,
    pub(super) settings: Arc<Settings>,
    /// What it is for, in the eyes of the user who named it.
    pub(super) purpose: Purpose,
    /// Whether the settings of its path let only applications be checked.
    pub(super) only_application: bool,
    /// Whether the settings say that it defines the schema.
    pub(super) defines_schema: bool,
    /// The dialect that the settings tell for it.
    pub(super) dialect: Option<Dialect>,
}

impl Candidate {
    /// Whether anything but migration rules may speak of it.
    pub(super) fn is_checked(&self) -> bool {
        self.purpose == Purpose::Application || !self.only_application
    }

    /// Whether the migration rule at place `rule` of the registry may speak of it, if it is `named` or not. What has been
    /// done cannot be undone: of old migrations only those hear who ask for them.
    pub(super) fn tells_migrations(&self, settings: &PathSettings, rule: usize, named: bool) -> bool {
        let is_asked = settings.asks_for(rule) || self.settings.only_changes || named;
        (self.purpose == Purpose::Migration && is_asked) || (self.is_checked() && (is_asked || !self.only_application))
    }

    /// Whether it is read at all. What is not checked may still define the schema.
    pub(super) fn is_known(&self) -> bool {
        self.is_checked()
            || self.defines_schema
            || match self.purpose {
                Purpose::Application | Purpose::Migration => true,
                Purpose::Seed | Purpose::Script => self.found.language == Language::Sql,
                Purpose::Test => false,
            }
    }
}

/// What a look around the project found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) candidates: Vec<Candidate>,
    pub(super) left_out: Vec<LeftOutPath>,
    pub(super) problems: Vec<String>,
    pub(super) manifests: Vec<ManifestFile>,
    /// Files that are templates if code of the project renders them.
    pub(super) templates: Vec<FoundFile>,
}

/// Sorts files by what is to be done with them.
#[derive(Debug)]
pub(super) struct Finder<'a> {
    pub(super) root: &'a Path,
    pub(super) resolver: &'a Resolver,
    /// What the user named; absolute. Folders among them are not tests because of their own names.
    pub(super) named: &'a [PathBuf],
    pub(super) threads: usize,
}

impl Finder<'_> {
    /// Everything below the root, and what was named besides.
    pub(super) fn find(&self) -> Result<Found, ConfigError> {
        let settings = self.resolver.settings(self.root)?;
        let walk = Walk {
            respect_ignore_files: settings.respect_gitignore,
            force_exclude: settings.force_exclude,
            companion: ManifestFile::is_one,
            threads: self.threads,
            ..Walk::new(self.root)
        };
        let mut starts = vec![self.root.to_owned()];
        starts.extend(self.named.iter().filter(|path| *path != self.root && path.exists()).cloned());
        let discovery = walk.paths(&starts);
        let mut found = Found { problems: discovery.problems, templates: discovery.templates, ..Found::default() };
        for (kind, paths) in discovery.left_out {
            found.left_out.extend(paths.into_iter().map(|path| LeftOutPath { path, reason: Reason::Kind(kind) }));
        }
        for file in discovery.files {
            self.sort(file, &mut found)?;
        }
        found.manifests =
            discovery.companions.into_iter().filter_map(|file| read_manifest(&file.absolute, file.path)).collect();
        found.manifests.extend(self.hidden_manifests());
        Ok(found)
    }

    /// What says how the project is tested: it stands in hidden folders, which are not walked.
    fn hidden_manifests(&self) -> Vec<ManifestFile> {
        let mut paths: Vec<PathBuf> = CI_FILES.iter().map(|path| self.root.join(path)).collect();
        for folder in CI_FOLDERS {
            let entries = std::fs::read_dir(self.root.join(folder)).into_iter().flatten().filter_map(Result::ok);
            let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| is_yaml(path)).collect();
            files.sort();
            paths.extend(files);
        }
        let read = |path: &PathBuf| {
            let relative = path.strip_prefix(self.root).ok()?.to_str()?.replace('\\', "/");
            read_manifest(path, relative.into())
        };
        paths.iter().filter_map(read).collect()
    }

    /// What is to be done with one file.
    fn sort(&self, file: FoundFile, found: &mut Found) -> Result<(), ConfigError> {
        let candidate = match self.candidate(file)? {
            Ok(candidate) => candidate,
            Err(path) => {
                found.left_out.push(LeftOutPath { path, reason: Reason::Kind(LeftOut::Excluded) });
                return Ok(());
            }
        };
        if !candidate.is_checked() {
            let reason = Reason::Purpose(candidate.purpose);
            found.left_out.push(LeftOutPath { path: candidate.found.path.clone(), reason });
        }
        if candidate.is_known() {
            found.candidates.push(candidate);
        }
        Ok(())
    }

    /// A file with its settings; only its path if the configuration excludes it.
    pub(super) fn candidate(&self, file: FoundFile) -> Result<Result<Candidate, Arc<str>>, ConfigError> {
        let folder = file.absolute.parent().unwrap_or(self.root);
        let settings = self.resolver.settings(folder)?;
        let bypasses = file.named && !settings.force_exclude;
        if !bypasses && !settings.wants(&file.absolute) {
            return Ok(Err(file.path));
        }
        let only_application = !settings.for_path(&file.absolute).include_tests;
        let purpose = if bypasses { Purpose::Application } else { self.purpose(&file, &settings) };
        let defines_schema = settings.defines_schema(&file.absolute);
        let dialect = settings.dialect_of(&file.absolute);
        Ok(Ok(Candidate { found: file, settings, purpose, only_application, defines_schema, dialect }))
    }

    fn purpose(&self, file: &FoundFile, settings: &Settings) -> Purpose {
        if settings.test_patterns.matches(&file.absolute) {
            return Purpose::Test;
        }
        let below = if settings.force_exclude { None } else { self.named_folder_above(&file.absolute) };
        let relative = file.absolute.strip_prefix(below.unwrap_or(self.root)).ok().and_then(Path::to_str);
        Purpose::of_path(relative.unwrap_or(&file.path))
    }

    /// The innermost folder around `path` that the user named.
    fn named_folder_above(&self, path: &Path) -> Option<&Path> {
        let around = self.named.iter().map(PathBuf::as_path).filter(|named| *named != path && path.starts_with(named));
        around.max_by_key(|named| named.as_os_str().len())
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml")
}

/// The text of a manifest; one that cannot be read tells nothing.
fn read_manifest(absolute: &Path, path: Arc<str>) -> Option<ManifestFile> {
    let size = std::fs::metadata(absolute).ok()?.len();
    if size > MAX_MANIFEST {
        return None;
    }
    let text = String::from_utf8(std::fs::read(absolute).ok()?).ok()?;
    Some(ManifestFile { path, text })
}
