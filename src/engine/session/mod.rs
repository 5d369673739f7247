//! What is known of one project, kept up to date.

mod recall;
#[cfg(test)]
mod tests;

pub use recall::Caching;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::apis::{Catalog, UserApi};
use crate::config::{ConfigError, Request, Resolver, Settings};
use crate::engine::Baseline;
use crate::engine::cache::{FactsCache, FindingsCache};
use crate::engine::files::{Candidate, Finder, Found};
use crate::engine::guard::{WORKERS, guarded};
use crate::engine::outcomes::Outcomes;
use crate::engine::progress::Progress;
use crate::engine::report::{InternalError, LeftOutPath, Reason};
use crate::engine::root::project_root;
use crate::engine::since::Earlier;
use crate::engine::snapshot::{Known, Snapshot, Targets};
use crate::engine::templates::Templates;
use crate::facts::FileFacts;
use crate::lang::{self, Glance, TemplateNames};
use crate::project::{
    Glanced, ImportedLibraries, ManifestFile, Project, ProjectFile, ProjectOptions, Relevance, Slices, schema,
};
use crate::rules::Registry;
use crate::source::{self, FoundFile, Language, Purpose, ReadLimits, Reading, SourceFile, plain_reason};

/// The stack of each thread that parses: sqlparser and deep trees need it, and what is not used costs nothing.
const STACK: usize = 64 << 20;

/// One of so many files tells whether it may be worth to look which of all can matter.
const SAMPLE: usize = 8;

/// Which files are parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parse {
    /// Those that can have a part in a finding, where leaving the others out saves more than it costs.
    #[default]
    WhereWorth,
    /// Those that can have a part in a finding.
    Relevant,
    /// All.
    All,
}

/// A way to understand files together.
type Understand<'u> = &'u (dyn Fn(Vec<ProjectFile>, &[ManifestFile], Arc<Catalog>, &ProjectOptions) -> Project + Sync);

/// What a session begins with.
#[derive(Clone, Debug, Default)]
pub struct Open {
    /// The folder that relative paths start from; an absolute path.
    pub cwd: PathBuf,
    /// What the user named; nothing: the current folder.
    pub paths: Vec<PathBuf>,
    /// Texts that stand in the place of files, which need not exist and count as named: standard input.
    pub texts: Vec<(PathBuf, Vec<u8>)>,
    /// The texts of open documents, by absolute path, see [`Session::edit`].
    pub documents: Vec<(PathBuf, Arc<str>)>,
    /// Where the configuration comes from.
    pub config: Request,
    /// Which files are parsed; the findings are the same.
    pub parse: Parse,
    /// Where what files say is kept; the findings are the same.
    pub caching: Caching,
    /// Whether what is found is kept from one [`Session::edit`] to the next, where it holds: each look costs less but
    /// the first, which costs somewhat more.
    pub keeps: bool,
    /// How many threads work; 0 means as many as there are processors.
    pub threads: usize,
    /// Who is told how far it has come, and may stop it.
    pub progress: Arc<Progress>,
}

/// Why a session could not begin.
#[derive(Clone, Debug)]
pub enum SessionError {
    /// A path that was named does not exist or cannot be looked at.
    Path(PathBuf, String),
    /// The configuration is wrong.
    Config(Box<ConfigError>),
    /// The system gave no threads.
    Threads(String),
    /// [`Progress::cancel`] stopped it.
    Cancelled,
    /// seqscan itself failed.
    Internal,
}

impl From<ConfigError> for SessionError {
    fn from(error: ConfigError) -> Self {
        SessionError::Config(Box::new(error))
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SessionError::Path(path, why) => write!(f, "{}: {why}", path.display()),
            SessionError::Config(error) => error.fmt(f),
            SessionError::Threads(why) => write!(f, "no threads to work with: {why}"),
            SessionError::Internal => f.write_str("an internal error"),
            SessionError::Cancelled => f.write_str("stopped before all files were read"),
        }
    }
}

impl std::error::Error for SessionError {}

/// One file that was read.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) candidate: Arc<Candidate>,
    /// The templates that it names, if that was asked.
    pub(super) names: OnceLock<Arc<TemplateNames>>,
    /// What a search through it tells, if that was asked.
    glance: OnceLock<Arc<Glance>>,
    /// What its imports are, if that was asked.
    imported: OnceLock<Arc<ImportedLibraries>>,
    /// It says nothing as long as it does not matter.
    pub(super) file: ProjectFile,
    /// What it says, if it ever mattered.
    parsed: Option<Parsed>,
    notices: Vec<String>,
}

/// What a file says.
#[derive(Clone, Debug)]
struct Parsed {
    facts: Arc<FileFacts>,
    /// What it consists of, if that was asked.
    slices: OnceLock<Arc<Slices>>,
    failure: Option<InternalError>,
}

/// One file that was found and has no text.
#[derive(Clone, Debug)]
pub(super) struct Unread {
    candidate: Arc<Candidate>,
    why: Why,
}

/// Why a file has no text.
#[derive(Clone, Debug)]
enum Why {
    /// It does not look like something that people wrote.
    LeftOut(source::LeftOut),
    /// It could not be read; one line.
    Failed(String),
}

/// What is to be told beside findings.
struct Told {
    left_out: Vec<LeftOutPath>,
    problems: Vec<String>,
    warnings: Vec<ConfigError>,
}

/// What is new about a file that was read again.
enum Change {
    /// At most its text.
    Text,
    /// Whether it has a text.
    Presence,
}

/// What came of reading one file.
pub(super) enum Outcome {
    Entry(Box<Entry>),
    Unread(Unread),
}

/// What was known last, and what the rules found in it.
#[derive(Debug)]
struct Last {
    project: Arc<Project>,
    outcomes: Arc<Outcomes>,
}

/// One project: its root, its settings, its files and what they say.
#[derive(Debug)]
pub struct Session {
    registry: &'static Registry,
    pub(super) root: PathBuf,
    pub(super) resolver: Resolver,
    pub(super) pool: Arc<rayon::ThreadPool>,
    pub(super) threads: usize,
    parse: Parse,
    /// What files said before; only while the session begins: later on, what changes is new.
    kept_facts: Option<FactsCache>,
    /// Where it is kept what is found in what the session began with.
    kept_findings: Option<FindingsCache>,
    pub(super) named: Vec<PathBuf>,
    pub(super) entries: BTreeMap<Arc<str>, Entry>,
    pub(super) unread: BTreeMap<Arc<str>, Unread>,
    /// The texts of open documents, by absolute path.
    pub(super) documents: HashMap<PathBuf, Arc<str>>,
    progress: Arc<Progress>,
    left_out: Vec<LeftOutPath>,
    problems: Vec<String>,
    baseline: Option<Arc<Baseline>>,
    /// The project before a change, if only what that caused is to be told.
    pub(super) earlier: Option<Arc<Earlier>>,
    /// Why there is none, though the settings name one.
    baseline_problem: Option<String>,
    /// What is wrong with the numbers of rows.
    stats_problems: Vec<String>,
    manifests: Vec<ManifestFile>,
    /// Files that are templates if code of the project renders them.
    pub(super) templates: Templates,
    options: ProjectOptions,
    catalog: Arc<Catalog>,
    /// What the user adds to the catalogs.
    apis: Vec<UserApi>,
    /// Whether what holds of what was known last is kept.
    keeps: bool,
    last: Mutex<Option<Last>>,
    /// Which files mattered last, where that is kept.
    relevance: Option<Relevance>,
}

impl Session {
    /// Finds the project around what the user named, and reads it.
    pub fn open(open: Open) -> Result<Session, SessionError> {
        Session::open_with(Registry::builtin(), open)
    }

    /// The same with other rules than those of this program.
    pub(in crate::engine) fn open_with(registry: &'static Registry, open: Open) -> Result<Session, SessionError> {
        let caching = open.caching.clone();
        let mut session = Session::begin(registry, open)?;
        session.understand_with(caching)?;
        Ok(session)
    }

    /// Finds the project around what the user named, and reads its files.
    fn begin(registry: &'static Registry, open: Open) -> Result<Session, SessionError> {
        let texts: Vec<(PathBuf, Vec<u8>)> =
            open.texts.iter().map(|(path, text)| (settled_path(&open.cwd.join(path)), text.clone())).collect();
        let mut named = absolute_paths(&open)?;
        named.extend(texts.iter().map(|(path, _)| path.clone()));
        let root = project_root(&open.cwd, &named);
        let pool = rayon::ThreadPoolBuilder::new()
            .stack_size(STACK)
            .num_threads(open.threads)
            .thread_name(|n| format!("{WORKERS}{n}"))
            .build()
            .map_err(|error| SessionError::Threads(error.to_string()))?;
        let mut session = Session {
            registry,
            resolver: Resolver::new(registry, root.clone(), open.config),
            root,
            pool: Arc::new(pool),
            threads: open.threads,
            parse: open.parse,
            kept_facts: None,
            kept_findings: None,
            named,
            entries: BTreeMap::new(),
            unread: BTreeMap::new(),
            documents: open.documents.into_iter().map(|(path, text)| (settled_path(&path), text)).collect(),
            progress: open.progress,
            left_out: Vec::new(),
            problems: Vec::new(),
            baseline: None,
            earlier: None,
            baseline_problem: None,
            stats_problems: Vec::new(),
            manifests: Vec::new(),
            templates: Templates::default(),
            options: ProjectOptions::default(),
            catalog: Arc::default(),
            apis: Vec::new(),
            keeps: open.keeps,
            last: Mutex::default(),
            relevance: None,
        };
        session.load()?;
        for (path, bytes) in texts {
            session.take_text(&path, bytes)?;
        }
        session.read_templates()?;
        session.settle()?;
        Ok(session)
    }

    /// The root that all paths are relative to.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the user named, as absolute paths.
    pub fn named(&self) -> &[PathBuf] {
        &self.named
    }

    /// What is to be reported: what the user named.
    pub fn targets(&self) -> Targets {
        Targets::Paths(self.named.clone())
    }

    /// The settings of the root.
    pub fn root_settings(&self) -> Option<Arc<Settings>> {
        self.resolver.settings(&self.root).ok()
    }

    /// The rules that run.
    pub fn registry(&self) -> &'static Registry {
        self.registry
    }

    /// The settings of the file or folder at `path`, an absolute path.
    pub fn settings(&self, path: &Path) -> Result<Arc<Settings>, ConfigError> {
        self.resolver.settings(if path.is_dir() { path } else { path.parent().unwrap_or(path) })
    }

    /// Puts a text in the place of the file at `path`, an absolute path, whether that exists or not. It is then
    /// a file that was named.
    pub fn set_text(&mut self, path: &Path, bytes: Vec<u8>) -> Result<(), SessionError> {
        self.take_text(path, bytes)?;
        self.read_templates()?;
        self.understand()
    }

    fn take_text(&mut self, path: &Path, bytes: Vec<u8>) -> Result<(), ConfigError> {
        let relative = relative(&self.root, path);
        let Some(language) = Language::of_path(&relative) else {
            if let Some(language) = Language::of_template(&relative) {
                let found = FoundFile { path: relative, absolute: path.to_owned(), language, named: true };
                self.take_document(path, Some(String::from_utf8_lossy(&bytes).as_ref().into()));
                self.templates.add(found);
                return Ok(());
            }
            self.problems.push(format!("{relative}: not a kind of file that is read"));
            return Ok(());
        };
        let found = FoundFile { path: relative.clone(), absolute: path.to_owned(), language, named: true };
        let finder = Finder { root: &self.root, resolver: &self.resolver, named: &self.named, threads: self.threads };
        self.left_out.retain(|left_out| left_out.path != relative);
        self.entries.remove(&relative);
        self.unread.remove(&relative);
        match finder.candidate(found)? {
            Ok(candidate) => {
                let outcome = self.pool.install(|| {
                    let reading = source::of_bytes(&candidate.found, bytes);
                    seen(Arc::new(candidate), reading, None)
                });
                self.take(outcome);
            }
            Err(path) => {
                let reason = Reason::Kind(source::LeftOut::Excluded);
                self.left_out.push(LeftOutPath { path, reason });
            }
        }
        Ok(())
    }

    /// Lets the text of an open document stand in the place of the file at `path`, an absolute path without links;
    /// `None` when the document is closed. Whether the file is checked, and as what, stays as if the text were on
    /// disk. Whether it is one of the project: a new file is known after a [`Session::refresh`].
    pub fn edit(&mut self, path: &Path, text: Option<Arc<str>>) -> Result<bool, SessionError> {
        self.take_document(path, text);
        self.reread(path)
    }

    fn take_document(&mut self, path: &Path, text: Option<Arc<str>>) {
        match text {
            Some(text) => self.documents.insert(path.to_owned(), text),
            None => self.documents.remove(path),
        };
    }

    /// Lets texts stand in the place of files, whether these exist or not.
    pub(in crate::engine) fn set_texts(&mut self, texts: Vec<(PathBuf, Option<Arc<str>>)>) -> Result<(), SessionError> {
        for (path, text) in texts {
            self.take_document(&path, Some(text.clone().unwrap_or_default()));
            let is_known = self.take_again(&path).is_some();
            if let Some(text) = text.filter(|_| !is_known) {
                self.take_text(&path, text.as_bytes().to_vec())?;
            }
        }
        self.read_templates()?;
        self.settle()?;
        self.understand()
    }

    /// Reads one file of the project again. Whether it is one, as with [`Session::edit`].
    pub fn reread(&mut self, path: &Path) -> Result<bool, SessionError> {
        let before = self.named_templates(path);
        let Some(change) = self.take_again(path) else { return Ok(false) };
        // As long as it names the same templates, the same are rendered.
        let is_same = matches!(change, Change::Text) && before.is_some() && before == self.named_templates(path);
        let has_others = !is_same && self.read_templates()?;
        match change {
            Change::Text if !has_others => {}
            Change::Text | Change::Presence => self.settle()?,
        }
        self.understand()?;
        Ok(true)
    }

    /// Reads one file again, if it is one of the project.
    fn take_again(&mut self, path: &Path) -> Option<Change> {
        let relative = relative(&self.root, path);
        let before = self.entries.remove(&relative);
        let unread = self.unread.remove(&relative);
        let known = before.as_ref().map(|entry| &entry.candidate).or(unread.as_ref().map(|unread| &unread.candidate));
        let candidate = known.cloned()?;
        let documents = &self.documents;
        let outcome = self.pool.install(|| read(candidate, documents, before.as_ref()));
        let is_read = matches!(outcome, Outcome::Entry(_));
        let change = if before.is_some() == is_read { Change::Text } else { Change::Presence };
        self.take(outcome);
        Some(change)
    }

    /// Whether a file or folder holds something that is known, an absolute path without links.
    pub fn holds(&self, path: &Path) -> bool {
        let relative = relative(&self.root, path);
        let is_below =
            |known: &str| known.strip_prefix(&*relative).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        // Names that go on with something else may stand between a folder and what is in it.
        let files = self.entries.range(relative.clone()..).map(|(path, _)| path);
        let unread = self.unread.range(relative.clone()..).map(|(path, _)| path);
        let near = |path: &&Arc<str>| path.starts_with(&*relative);
        files.take_while(near).any(|path| is_below(path)) || unread.take_while(near).any(|path| is_below(path))
    }

    /// Looks at the configuration and for files anew, and reads all of them; what has the same text as before is
    /// not taken apart again. After an error nothing is known until the next call succeeds.
    pub fn refresh(&mut self) -> Result<(), SessionError> {
        self.resolver.forget();
        self.load()?;
        self.read_templates()?;
        self.settle()?;
        self.understand()
    }

    /// What is known now.
    pub fn snapshot(&self) -> Snapshot {
        if !self.keeps {
            return self.snapshot_with(&Project::build);
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut snapshot = self.snapshot_with(&|files, manifests, catalog, options| {
            Project::build_after(last.as_ref().map(|last| &*last.project), files, manifests, catalog, options)
        });
        let before = last.as_ref().map(|last| &*last.outcomes);
        let rules = self.registry.rules().len();
        let outcomes = Arc::new(Outcomes::after(before, &snapshot.project, &snapshot.known, rules));
        *last = Some(Last { project: snapshot.project.clone(), outcomes: outcomes.clone() });
        snapshot.outcomes = Some(outcomes);
        snapshot
    }

    /// The same with another way to understand the files together.
    pub(in crate::engine) fn snapshot_with(&self, build: Understand<'_>) -> Snapshot {
        let files: Vec<ProjectFile> = self.entries.values().map(|entry| entry.file.clone()).collect();
        let known = self.entries.values().map(|entry| Known { candidate: entry.candidate.clone() }).collect();
        let mut internal_errors: Vec<InternalError> =
            self.entries.values().filter_map(|entry| entry.parsed.as_ref()?.failure.clone()).collect();
        let with = |way: Understand<'_>| way(files.clone(), &self.manifests, self.catalog.clone(), &self.options);
        let project = self.pool.install(|| guarded(|| with(build))).unwrap_or_else(|message| {
            internal_errors.push(InternalError { rule: None, path: None, message });
            // Without what the files say together, what each says alone is still checked.
            with(&Project::apart)
        });
        let Told { left_out, problems, warnings } = self.told();
        Snapshot {
            registry: self.registry,
            root: self.root.clone(),
            pool: self.pool.clone(),
            project: Arc::new(project),
            known,
            left_out,
            problems,
            internal_errors,
            baseline: self.baseline.clone(),
            earlier: self.earlier.clone(),
            warnings,
            outcomes: None,
        }
    }

    /// What is to be told beside findings.
    fn told(&self) -> Told {
        let mut problems = self.problems.clone();
        problems.extend(self.baseline_problem.clone());
        problems.extend(self.stats_problems.iter().cloned());
        problems.extend(self.templates.problems.iter().cloned());
        let mut left_out = self.left_out.clone();
        for (path, unread) in &self.unread {
            match &unread.why {
                Why::LeftOut(kind) => {
                    left_out.push(LeftOutPath { path: path.clone(), reason: Reason::Kind(*kind) });
                }
                Why::Failed(line) => problems.push(line.clone()),
            }
        }
        problems.extend(self.entries.values().flat_map(|entry| entry.notices.iter().cloned()));
        let warnings = self.resolver.all().iter().flat_map(|settings| settings.warnings.clone()).collect();
        Told { left_out, problems, warnings }
    }

    /// Finds and reads all files, those of open documents first.
    fn load(&mut self) -> Result<(), SessionError> {
        let before = std::mem::take(&mut self.entries);
        self.unread.clear();
        let finder = Finder { root: &self.root, resolver: &self.resolver, named: &self.named, threads: self.threads };
        let Found { candidates, left_out, problems, manifests, templates } = finder.find()?;
        self.left_out = left_out;
        self.problems = problems;
        self.manifests = manifests;
        let (mut ordered, others): (Vec<Candidate>, Vec<Candidate>) =
            candidates.into_iter().partition(|candidate| self.documents.contains_key(&candidate.found.absolute));
        ordered.extend(others);
        let (progress, documents) = (&self.progress, &self.documents);
        progress.begin(ordered.len());
        let read = |candidate: Candidate| {
            progress.step().then(|| {
                let before = before.get(&candidate.found.path);
                read(Arc::new(candidate), documents, before)
            })
        };
        let outcomes: Vec<Option<Outcome>> =
            self.pool.install(|| ordered.into_par_iter().with_max_len(8).map(read).collect());
        for outcome in outcomes {
            self.take(outcome.ok_or(SessionError::Cancelled)?);
        }
        self.templates = Templates::new(templates, before);
        Ok(())
    }

    /// Finds the files that can matter, and takes them apart if they were not.
    fn understand(&mut self) -> Result<(), SessionError> {
        let (pool, progress, catalog) = (self.pool.clone(), self.progress.clone(), self.catalog.clone());
        let kept = self.kept_facts.as_ref();
        let (mut templates, mut entries): (Vec<&mut Entry>, Vec<&mut Entry>) =
            self.entries.values_mut().partition(|entry| entry.file.source.language.is_template());
        let rendered = &self.templates;
        // Takes files apart; `cut`: also into what they consist of.
        let parse = |entries: &mut [&mut Entry], cut: bool| {
            progress.add(entries.iter().filter(|entry| entry.parsed.is_none()).count());
            let parse = |entry: &mut &mut Entry| {
                if entry.parsed.is_none() && progress.step() {
                    entry.parsed = Some(parsed(&entry.candidate, &entry.file.source, kept));
                }
                if let Some(parsed) = entry.parsed.as_ref().filter(|_| cut) {
                    let text = &entry.file.source.text;
                    parsed.slices.get_or_init(|| Arc::new(Slices::of(text, &parsed.facts, &catalog)));
                }
                entry.parsed.is_some()
            };
            let goes_on = pool.install(|| entries.par_iter_mut().with_max_len(8).map(parse).min()).unwrap_or(true);
            if goes_on { Ok(()) } else { Err(SessionError::Cancelled) }
        };
        let glanced = |entry: &&mut Entry| {
            let source = &entry.file.source;
            let glance = entry.glance.get_or_init(|| Arc::new(lang::glance(source)));
            let imported = || Arc::new(ImportedLibraries::of(glance, source.language, &catalog));
            Glanced {
                source: source.clone(),
                purpose: entry.file.purpose,
                renders: rendered.are_named_by(&source.path),
                glance: glance.clone(),
                imported: entry.imported.get_or_init(imported).clone(),
            }
        };
        // Mostly an edit changes nothing about which files matter.
        let mut before = self.relevance.take();
        if let Some(known) = &before {
            let taken_apart = known.taken_apart(entries.iter().map(|entry| &entry.file.source), &catalog);
            match taken_apart {
                Some(changed) => parse(&mut picked(&mut entries, &changed), true)?,
                None => before = None,
            }
        }
        let relevance = pool.install(|| {
            if self.parse == Parse::All {
                return None;
            }
            if self.parse == Parse::WhereWorth && entries.len() >= SAMPLE * 50 {
                let some: Vec<Glanced> = entries.par_iter().step_by(SAMPLE).map(glanced).collect();
                if !Relevance::may_be_worth(&some) {
                    return None;
                }
            }
            let all: Vec<Glanced> = entries.par_iter().map(glanced).collect();
            let slices = |at: usize| entries[at].parsed.as_ref()?.slices.get().cloned();
            let anyway = self.parse == Parse::Relevant;
            match before.take().filter(|known| known.holds(&all, slices, anyway)) {
                Some(known) => Some(known),
                None => Relevance::new(all, &self.manifests, catalog.clone(), anyway),
            }
        });
        parse(&mut templates, false)?;
        for entry in templates {
            entry.file.facts = entry.parsed.as_ref().map_or_else(nothing, |parsed| parsed.facts.clone());
        }
        let matters = match relevance {
            None => {
                parse(&mut entries, false)?;
                vec![true; entries.len()]
            }
            Some(mut relevance) => loop {
                let next = relevance.unparsed();
                if next.is_empty() {
                    let matters = relevance.matters().to_vec();
                    self.relevance = Some(relevance).filter(|_| self.keeps);
                    break matters;
                }
                parse(&mut picked(&mut entries, &next), true)?;
                for at in next {
                    if let Some(slices) = entries[at].parsed.as_ref().and_then(|parsed| parsed.slices.get()) {
                        relevance.tell(at, slices.clone());
                    }
                }
            },
        };
        for (entry, matters) in entries.into_iter().zip(matters) {
            entry.file.facts = match &entry.parsed {
                Some(parsed) if matters => parsed.facts.clone(),
                _ => nothing(),
            };
        }
        Ok(())
    }

    pub(super) fn take(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Entry(entry) => {
                self.entries.insert(entry.file.source.path.clone(), *entry);
            }
            Outcome::Unread(unread) => {
                self.unread.insert(unread.candidate.found.path.clone(), unread);
            }
        }
    }

    /// Brings together what the configurations of all files say of the whole project.
    fn settle(&mut self) -> Result<(), SessionError> {
        let root = self.resolver.settings(&self.root)?;
        self.options = ProjectOptions::default();
        self.stats_problems.clear();
        self.options.max_hops = root.max_hops.into();
        self.options.small_table_rows = root.small_table_rows;
        self.options.dialect = root.dialect;
        let told = self.entries.values().filter(|entry| entry.candidate.dialect != root.dialect);
        let told = told.map(|entry| (entry.file.source.path.clone(), entry.candidate.dialect.unwrap_or_default()));
        self.options.dialects = told.collect();
        let chosen = self.entries.values().filter(|entry| entry.candidate.defines_schema);
        let chosen: BTreeSet<Arc<str>> = chosen.map(|entry| entry.file.source.path.clone()).collect();
        self.options.schema_files = (!chosen.is_empty()).then_some(chosen);
        let mut apis = Vec::new();
        for settings in self.resolver.all() {
            self.options.servers.extend(settings.databases.iter().filter_map(|database| database.server));
            for (table, rows) in &settings.rows {
                self.options.rows.entry(table.clone()).or_insert(*rows);
            }
            if let Some(path) = &settings.stats {
                match crate::engine::stats::read(path) {
                    Ok(counted) => self.options.counted.extend(counted),
                    Err(why) => {
                        let path = relative(&self.root, path);
                        self.stats_problems.push(format!("{path}: {why}; the sizes of tables are not known from it"));
                    }
                }
            }
            apis.extend(settings.apis.iter().map(|api| {
                let home = Path::new(&api.origin).parent().unwrap_or(Path::new(""));
                let home = if home.is_absolute() { relative(&self.root, home).to_string() } else { String::new() };
                UserApi { home, ..api.clone() }
            }));
        }
        (self.baseline, self.baseline_problem) = match root.baseline.as_deref().map(|path| (path, Baseline::read(path)))
        {
            Some((_, Ok(baseline))) => (Some(Arc::new(baseline)), None),
            Some((path, Err(why))) => {
                let path = relative(&self.root, path);
                (None, Some(format!("{path}: {why}; all findings are told")))
            }
            None => (None, None),
        };
        let catalog = Catalog::with_user(&apis).map_err(|error| ConfigError::new("", error.to_string()))?;
        self.catalog = Arc::new(catalog);
        // What the pieces of a file may call depends on what is catalogued.
        if std::mem::replace(&mut self.apis, apis) != self.apis {
            self.entries.values_mut().for_each(|entry| {
                entry.parsed = None;
                entry.imported = OnceLock::new();
            });
        }
        Ok(())
    }
}

/// The entries at these places, in order of place.
fn picked<'p>(entries: &'p mut [&mut Entry], places: &[usize]) -> Vec<&'p mut Entry> {
    let wanted: FxHashSet<usize> = places.iter().copied().collect();
    let all = entries.iter_mut().enumerate();
    all.filter(|(at, _)| wanted.contains(at)).map(|(_, entry)| &mut **entry).collect()
}

/// What the user named, as absolute paths without links.
fn absolute_paths(open: &Open) -> Result<Vec<PathBuf>, SessionError> {
    let mut named = open.paths.clone();
    if named.is_empty() && open.texts.is_empty() {
        named.push(PathBuf::from("."));
    }
    let absolute = |path: PathBuf| {
        let found = open.cwd.join(&path).canonicalize();
        found.map_err(|error| SessionError::Path(path, plain_reason(&error)))
    };
    named.into_iter().map(absolute).collect()
}

/// `path` without links, as far as it exists.
pub fn settled_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => settled_path(folder).join(name),
        _ => path.to_owned(),
    })
}

pub(super) fn relative(root: &Path, path: &Path) -> Arc<str> {
    let relative = path.strip_prefix(root).unwrap_or(path);
    relative.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/").into()
}

/// Reads a file, or the document that stands in its place, and looks through it.
pub(super) fn read(
    candidate: Arc<Candidate>,
    documents: &HashMap<PathBuf, Arc<str>>,
    before: Option<&Entry>,
) -> Outcome {
    let limits = ReadLimits::default();
    let reading = match documents.get(&candidate.found.absolute) {
        Some(text) => source::read_as(&candidate.found, text, &limits),
        None => source::read(&candidate.found, &limits),
    };
    seen(candidate, reading, before)
}

/// What was read; taken from `before`, with all that it says, if that had the same text.
fn seen(candidate: Arc<Candidate>, reading: Reading, before: Option<&Entry>) -> Outcome {
    let (mut source, notices) = match reading {
        Reading::Text(source, notices) => (source, notices),
        Reading::LeftOut(kind) => return Outcome::Unread(Unread { candidate, why: Why::LeftOut(kind) }),
        Reading::Failed(line) => return Outcome::Unread(Unread { candidate, why: Why::Failed(line) }),
    };
    if source.language.is_template() {
        source.language = lang::template_language(&source.text, source.language);
    }
    if let Some(before) = before.filter(|before| before.file.source.is_same(&source)) {
        return Outcome::Entry(Box::new(Entry { candidate, notices, ..before.clone() }));
    }
    let file = ProjectFile { purpose: Purpose::of_path(&source.path), source: Arc::new(source), facts: nothing() };
    let (names, glance, imported) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
    Outcome::Entry(Box::new(Entry { candidate, names, glance, imported, file, parsed: None, notices }))
}

/// What a file says, as it was kept if it was.
fn parsed(candidate: &Candidate, source: &SourceFile, kept: Option<&FactsCache>) -> Parsed {
    let mut failure = None;
    let says_nothing = !candidate.is_checked()
        && !candidate.settings.asks_for_migrations()
        && candidate.purpose == Purpose::Migration
        && source.language == Language::Python
        && schema::follows_models(&source.text);
    if says_nothing {
        return Parsed { facts: nothing(), slices: OnceLock::new(), failure };
    }
    if let Some(facts) = kept.and_then(|kept| kept.get(source)) {
        return Parsed { facts: Arc::new(facts), slices: OnceLock::new(), failure };
    }
    let facts = guarded(|| lang::extract(source)).unwrap_or_else(|message| {
        failure = Some(InternalError { rule: None, path: Some(source.path.clone()), message });
        FileFacts::empty()
    });
    if let Some(kept) = kept.filter(|_| failure.is_none()) {
        kept.add(source, &facts);
    }
    Parsed { facts: Arc::new(facts), slices: OnceLock::new(), failure }
}

/// What a file says that does not matter.
fn nothing() -> Arc<FileFacts> {
    static NOTHING: LazyLock<Arc<FileFacts>> = LazyLock::new(|| Arc::new(FileFacts::empty()));
    NOTHING.clone()
}
