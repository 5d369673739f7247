//! Which configuration holds for a file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::file::CONFIG_NAMES;
use super::{ConfigError, ConfigFile, Options, Settings};
use crate::rules::Registry;
use crate::source::plain_reason;

/// How many files a chain of `extend` may have.
const MAX_EXTENDS: usize = 16;

/// Where configurations come from besides the files above what is checked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// No configuration file is read.
    pub isolated: bool,
    /// The only configuration file that is read.
    pub file: Option<PathBuf>,
    /// `--config key=value`, which wins over files.
    pub inline: Vec<ConfigFile>,
    /// What the flags of the command line say; they win over everything.
    pub flags: Options,
    /// Whether only what changes cause will be told.
    pub only_changes: bool,
}

/// Finds the settings of files below one root.
#[derive(Debug)]
pub struct Resolver {
    registry: &'static Registry,
    root: PathBuf,
    request: Request,
    /// Settings by folder.
    known: Mutex<HashMap<PathBuf, Arc<Settings>>>,
}

impl Resolver {
    /// A resolver for files below `root`, which is absolute. Configurations above it are not looked for.
    pub fn new(registry: &'static Registry, root: PathBuf, request: Request) -> Resolver {
        Resolver { registry, root, request, known: Mutex::default() }
    }

    /// Where configurations come from besides files.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Forgets what was read, because files have changed.
    pub fn forget(&self) {
        self.known().clear();
    }

    /// The settings of the files in `folder`, which is absolute.
    pub fn settings(&self, folder: &Path) -> Result<Arc<Settings>, ConfigError> {
        if let Some(settings) = self.known().get(folder) {
            return Ok(settings.clone());
        }
        let settings = self.find(folder)?;
        self.known().insert(folder.to_owned(), settings.clone());
        Ok(settings)
    }

    /// All different settings that were asked for so far; the root's first, then by configuration file.
    pub fn all(&self) -> Vec<Arc<Settings>> {
        let known = self.known();
        let mut all: Vec<Arc<Settings>> = known.values().cloned().collect();
        let root = known.get(&self.root).cloned();
        let is_root = |settings: &Arc<Settings>| root.as_ref().is_some_and(|root| Arc::ptr_eq(root, settings));
        all.sort_by(|a, b| is_root(b).cmp(&is_root(a)).then_with(|| a.origins.cmp(&b.origins)));
        all.dedup_by(|a, b| Arc::ptr_eq(a, b));
        all
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Arc<Settings>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, folder: &Path) -> Result<Arc<Settings>, ConfigError> {
        if self.request.isolated || self.request.file.is_some() {
            if folder != self.root {
                return self.settings(&self.root);
            }
            return self.build(self.request.file.as_deref().map(read_named).transpose()?);
        }
        if let Some(file) = find_in(folder)? {
            return self.build(Some(file));
        }
        match folder.parent().filter(|_| folder != self.root && folder.starts_with(&self.root)) {
            Some(parent) => self.settings(parent),
            // A file outside of the root has what its own folder says, else the root's.
            None if folder != self.root => self.settings(&self.root),
            None => self.build(None),
        }
    }

    fn build(&self, file: Option<ConfigFile>) -> Result<Arc<Settings>, ConfigError> {
        let mut settings = Settings::defaults(self.registry);
        if let Some(file) = file {
            let home = file.path.parent().unwrap_or(&self.root).to_owned();
            for file in with_extended(file)?.into_iter().rev() {
                let base = file.path.parent().unwrap_or(&home);
                // A file that several projects extend means its paths relative to each of them.
                let base = if home.starts_with(base) { base } else { &home };
                let related = base.starts_with(&self.root) || self.root.starts_with(base);
                let base = if related { base } else { &self.root };
                settings.lay(&file, base, false)?;
                settings.origins.insert(0, file.path.clone());
            }
        }
        for inline in &self.request.inline {
            settings.lay(inline, &self.root, true)?;
        }
        let flags = ConfigFile {
            path: PathBuf::from("command line"),
            text: Arc::from(""),
            options: self.request.flags.clone(),
        };
        settings.lay(&flags, &self.root, true)?;
        settings.only_changes = self.request.only_changes;
        Ok(Arc::new(settings))
    }
}

/// The configuration that stands in `folder` itself.
fn find_in(folder: &Path) -> Result<Option<ConfigFile>, ConfigError> {
    for name in CONFIG_NAMES {
        let path = folder.join(name);
        if !path.is_file() {
            continue;
        }
        if let Some(file) = ConfigFile::read(&path)? {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// A configuration file that the user named.
fn read_named(path: &Path) -> Result<ConfigFile, ConfigError> {
    ConfigFile::read(path)?.ok_or_else(|| {
        ConfigError::new(path.display().to_string(), "this file says nothing about seqscan")
            .help(Some("add `[tool.seqscan]` to pyproject.toml, or `\"seqscan\"` to package.json".to_owned()))
    })
}

/// `file` and what it extends, nearest first.
fn with_extended(file: ConfigFile) -> Result<Vec<ConfigFile>, ConfigError> {
    let mut chain = vec![file];
    while let Some((last, extend)) = chain.last().and_then(|last| Some((last, last.options.extend.clone()?))) {
        let complain =
            |message: String| ConfigError::new(last.path.display().to_string(), message).at(&last.text, &extend);
        let path = last.path.parent().unwrap_or(Path::new("")).join(&extend);
        let path = path
            .canonicalize()
            .map_err(|error| complain(format!("cannot extend `{extend}`: {}", plain_reason(&error))))?;
        let is_known = |known: &ConfigFile| known.path.canonicalize().is_ok_and(|known| known == path);
        if chain.len() >= MAX_EXTENDS || chain.iter().any(is_known) {
            return Err(complain("this configuration extends itself".to_owned()));
        }
        let next =
            ConfigFile::read(&path)?.ok_or_else(|| complain(format!("`{extend}` says nothing about seqscan")))?;
        chain.push(next);
    }
    Ok(chain)
}
