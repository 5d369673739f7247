//! What a configuration means, ready to be asked about a path.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::nearest_of;
use super::selection::{RuleLevels, Selection, UnknownRule, rules_named};
use super::{ConfigError, ConfigFile, DatabaseOptions, FailOn, Options, OutputFormat, PathPatterns};
use crate::apis::UserApi;
use crate::findings::{Confidence, Severity};
use crate::project::SMALL_TABLE_ROWS;
use crate::rules::{Category, Registry};
use crate::sql::{Dialect, Product, Server, Version};

/// About how many rows a table of `large-tables` has.
const LARGE_TABLE: u64 = 10_000_000;
/// How many calls may lie between a loop and its query.
const MAX_HOPS: u16 = 6;

/// One of several databases.
#[derive(Clone, Debug)]
pub struct Database {
    /// Its name, for messages.
    pub name: String,
    /// Its dialect.
    pub dialect: Option<Dialect>,
    /// Its server, if its version is told.
    pub server: Option<Server>,
    /// The files that use it; none said: all.
    pub paths: PathPatterns,
    /// The files that define its schema.
    pub schema: PathPatterns,
}

/// The settings of the files that one configuration holds for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The configuration file, and those it extends, nearest first; none for the defaults.
    pub origins: Vec<PathBuf>,
    /// What has no effect in it.
    pub warnings: Vec<ConfigError>,
    /// If not empty, only these are checked.
    pub include: PathPatterns,
    /// What is not checked.
    pub exclude: PathPatterns,
    /// Whether what git ignores is left out.
    pub respect_gitignore: bool,
    /// Whether named files are left out too if they are excluded.
    pub force_exclude: bool,
    /// More paths that are tests.
    pub test_patterns: PathPatterns,
    /// Whether only what changes cause is told.
    pub only_changes: bool,
    /// The least severity that makes the exit code 1.
    pub fail_on: FailOn,
    /// The file of the findings that are known already; an absolute path.
    pub baseline: Option<PathBuf>,
    /// How findings are written.
    pub output_format: OutputFormat,
    /// The folder in which what files say is kept between runs; an absolute path.
    pub cache_dir: Option<PathBuf>,
    /// The dialect where nothing else tells it.
    pub dialect: Option<Dialect>,
    /// How many calls may lie between a loop and its query.
    pub max_hops: u16,
    /// Tables of at most so many rows are small.
    pub small_table_rows: u64,
    /// The files that define the schema; none said: found by themselves.
    pub schema: PathPatterns,
    /// About how many rows tables have, by name in lower case.
    pub rows: BTreeMap<String, u64>,
    /// The file of the numbers of rows that the database counts; an absolute path.
    pub stats: Option<PathBuf>,
    /// Several databases.
    pub databases: Vec<Database>,
    /// The project's own API entries.
    pub apis: Vec<UserApi>,
    registry: &'static Registry,
    steps: Vec<Step>,
    plain: PathSettings,
    per_file_ignores: Vec<(PathPatterns, Vec<usize>)>,
}

/// What one configuration, or one of its overrides, says about paths.
#[derive(Clone, Debug)]
struct Step {
    /// For which paths; `None` for all.
    paths: Option<PathPatterns>,
    selection: Selection,
    include_tests: Option<bool>,
    min_confidence: Option<Confidence>,
}

/// What holds for one path.
#[derive(Clone, Debug)]
pub struct PathSettings {
    /// Whether tests, migrations, seeds and scripts are checked.
    pub include_tests: bool,
    /// The least confidence that is reported.
    pub min_confidence: Confidence,
    levels: RuleLevels,
}

impl PathSettings {
    /// Whether the rule at this place of the registry runs.
    pub fn runs(&self, rule: usize) -> bool {
        self.levels.enabled[rule]
    }

    /// Whether somebody selected the rule at this place of the registry, alone or with others.
    pub fn asks_for(&self, rule: usize) -> bool {
        self.levels.asked[rule]
    }

    /// The severity that replaces the rule's own.
    pub fn severity(&self, rule: usize) -> Option<Severity> {
        self.levels.severity[rule]
    }
}

impl Settings {
    /// What holds where nobody says anything.
    pub fn defaults(registry: &'static Registry) -> Settings {
        let plain = PathSettings {
            include_tests: false,
            min_confidence: Confidence::Medium,
            levels: RuleLevels::default_of(registry),
        };
        Settings {
            origins: Vec::new(),
            warnings: Vec::new(),
            include: PathPatterns::default(),
            exclude: PathPatterns::default(),
            respect_gitignore: true,
            force_exclude: false,
            test_patterns: PathPatterns::default(),
            only_changes: false,
            fail_on: FailOn::default(),
            baseline: None,
            cache_dir: None,
            output_format: OutputFormat::default(),
            dialect: None,
            max_hops: MAX_HOPS,
            small_table_rows: SMALL_TABLE_ROWS,
            schema: PathPatterns::default(),
            rows: BTreeMap::new(),
            stats: None,
            databases: Vec::new(),
            apis: Vec::new(),
            registry,
            steps: Vec::new(),
            plain,
            per_file_ignores: Vec::new(),
        }
    }

    /// What holds for the file at `path`, which is absolute.
    pub fn for_path(&self, path: &Path) -> Cow<'_, PathSettings> {
        let applies = |step: &Step| step.paths.as_ref().is_none_or(|paths| paths.matches(path));
        let special = self.steps.iter().any(|step| step.paths.is_some() && applies(step));
        let ignored = self.per_file_ignores.iter().filter(|(paths, _)| paths.matches(path));
        let ignored: Vec<usize> = ignored.flat_map(|(_, rules)| rules.iter().copied()).collect();
        if !special && ignored.is_empty() {
            return Cow::Borrowed(&self.plain);
        }
        let mut found = Settings::defaults(self.registry).plain;
        for step in self.steps.iter().filter(|step| applies(step)) {
            step.apply(self.registry, &mut found);
        }
        for rule in ignored {
            found.levels.enabled[rule] = false;
        }
        Cow::Owned(found)
    }

    /// Whether anybody wants to hear of migrations on any path.
    pub fn asks_for_migrations(&self) -> bool {
        let rules = self.registry.rules().iter().enumerate();
        let mut own = rules.filter(|(_, rule)| rule.page.metadata.category == Category::Migrations);
        self.only_changes
            || own.any(|(rule, _)| self.plain.asks_for(rule))
            || self.steps.iter().any(|step| step.paths.is_some())
    }

    /// Whether the configuration wants the file at `path`, which is absolute, checked.
    pub fn wants(&self, path: &Path) -> bool {
        (self.include.is_empty() || self.include.matches(path)) && !self.exclude.matches(path)
    }

    /// Whether the configuration says that the file at `path`, which is absolute, defines a schema.
    pub fn defines_schema(&self, path: &Path) -> bool {
        self.schema.matches(path) || self.databases.iter().any(|database| database.schema.matches(path))
    }

    /// The dialect that the configuration tells for the file at `path`, which is absolute: of the databases that name
    /// it, else of those that name no paths, else the one of all files. What speaks against itself tells nothing.
    pub fn dialect_of(&self, path: &Path) -> Option<Dialect> {
        let agreed = |fits: &dyn Fn(&Database) -> bool| {
            let mut told = self.databases.iter().filter(|database| fits(database)).map(|database| database.dialect);
            let first = told.next()?;
            Some(first.filter(|_| told.all(|other| other == first)))
        };
        let named = agreed(&|database| database.paths.matches(path) || database.schema.matches(path));
        let unnamed = || agreed(&|database| database.paths.is_empty());
        named.or_else(unnamed).unwrap_or(self.dialect)
    }

    /// Whether the rule at this place runs on any path.
    pub fn ever_runs(&self, rule: usize) -> bool {
        // An override that selects rules can turn on any.
        self.plain.runs(rule) || self.steps.iter().any(|step| step.paths.is_some())
    }

    /// Lays one configuration over what was said before. Its paths are relative to `base`. In a `strict` one,
    /// such as the command line, a rule that does not exist is an error; else it is a warning.
    pub(super) fn lay(&mut self, file: &ConfigFile, base: &Path, strict: bool) -> Result<(), ConfigError> {
        let options = &file.options;
        self.lay_plain(options);
        self.lay_paths(file, base)?;
        self.lay_tables(options);
        self.lay_databases(file, base)?;
        self.lay_rules(file, base, strict)?;
        self.lay_apis(file);
        Ok(())
    }

    fn lay_plain(&mut self, options: &Options) {
        set(&mut self.respect_gitignore, options.respect_gitignore);
        set(&mut self.force_exclude, options.force_exclude);
        set(&mut self.fail_on, options.fail_on);
        set(&mut self.output_format, options.output_format);
        set(&mut self.max_hops, options.max_hops);
        set(&mut self.small_table_rows, options.small_table_rows);
    }

    fn lay_paths(&mut self, file: &ConfigFile, base: &Path) -> Result<(), ConfigError> {
        let options = &file.options;
        let patterns = |words: &Option<Vec<String>>| words.as_deref().map(|words| path_patterns(file, base, words));
        if let Some(include) = patterns(&options.include) {
            self.include = include?;
        }
        if let Some(exclude) = patterns(&options.exclude) {
            self.exclude = exclude?;
        }
        if let Some(schema) = patterns(&options.schema) {
            self.schema = schema?;
        }
        if let Some(baseline) = &options.baseline {
            self.baseline = Some(base.join(baseline));
        }
        if let Some(folder) = &options.cache_dir {
            self.cache_dir = Some(base.join(folder));
        }
        if let Some(stats) = &options.stats {
            self.stats = Some(base.join(stats));
        }
        add_patterns(&mut self.exclude, file, base, options.extend_exclude.as_deref())?;
        add_patterns(&mut self.test_patterns, file, base, options.test_patterns.as_deref())
    }

    fn lay_tables(&mut self, options: &Options) {
        // One that is said to be small is so, whatever number that is.
        let sized = [(&options.small_tables, 0), (&options.large_tables, LARGE_TABLE)];
        for (tables, rows) in sized {
            self.rows.extend(tables.iter().flatten().map(|table| (table.to_lowercase(), rows)));
        }
        let told = options.tables.iter().flatten();
        self.rows.extend(told.filter_map(|(table, told)| Some((table.to_lowercase(), told.rows?))));
    }

    fn lay_databases(&mut self, file: &ConfigFile, base: &Path) -> Result<(), ConfigError> {
        let dialect = |name: &Option<String>| name.as_deref().map(|name| dialect_named(file, name)).transpose();
        if let Some(dialect) = dialect(&file.options.dialect)? {
            self.dialect = Some(dialect);
        }
        for written in file.options.database.iter().flatten() {
            self.databases.push(Database {
                name: written.name.clone(),
                dialect: dialect(&written.dialect)?,
                server: server(file, written)?,
                paths: path_patterns(file, base, written.paths.as_deref().unwrap_or_default())?,
                schema: path_patterns(file, base, written.schema.as_deref().unwrap_or_default())?,
            });
        }
        Ok(())
    }

    fn lay_rules(&mut self, file: &ConfigFile, base: &Path, strict: bool) -> Result<(), ConfigError> {
        let options = &file.options;
        let (selection, unknown) = Selection::read(self.registry, &options.everywhere(), options.preview);
        self.tell_unknown(file, unknown, strict)?;
        let pedantic = options.pedantic.map(|on| if on { Confidence::Low } else { Confidence::Medium });
        let min_confidence = pedantic.or(options.min_confidence);
        let step = Step { paths: None, selection, include_tests: options.include_tests, min_confidence };
        step.apply(self.registry, &mut self.plain);
        self.steps.push(step);
        for written in options.overrides.iter().flatten() {
            let (selection, unknown) = Selection::read(self.registry, written, None);
            self.tell_unknown(file, unknown, strict)?;
            self.steps.push(Step {
                paths: Some(path_patterns(file, base, &written.paths)?),
                selection,
                include_tests: written.include_tests,
                min_confidence: written.min_confidence,
            });
        }
        for (paths, words) in options.per_file_ignores.iter().flatten() {
            let (rules, unknown) = rules_named(self.registry, words);
            self.tell_unknown(file, unknown, strict)?;
            let paths = path_patterns(file, base, std::slice::from_ref(paths))?;
            self.per_file_ignores.push((paths, rules));
        }
        Ok(())
    }

    fn lay_apis(&mut self, file: &ConfigFile) {
        let options = &file.options;
        let api = UserApi {
            origin: file.path.display().to_string(),
            home: String::new(),
            types: options.types.clone().unwrap_or_default(),
            members: options.members.clone().unwrap_or_default(),
            calls: options.calls.clone().unwrap_or_default(),
            shapes: options.shapes.clone().unwrap_or_default(),
        };
        if !(api.types.is_empty() && api.members.is_empty() && api.calls.is_empty() && api.shapes.is_empty()) {
            self.apis.push(api);
        }
    }

    fn tell_unknown(&mut self, file: &ConfigFile, unknown: Vec<UnknownRule>, strict: bool) -> Result<(), ConfigError> {
        for UnknownRule { name, help } in unknown {
            let error = ConfigError::new(file.path.display().to_string(), format!("no rule is called `{name}`"))
                .help(help)
                .at(&file.text, &name);
            if strict {
                return Err(error);
            }
            self.warnings.push(error);
        }
        Ok(())
    }
}

impl Step {
    fn apply(&self, registry: &Registry, settings: &mut PathSettings) {
        self.selection.apply(registry, &mut settings.levels);
        set(&mut settings.include_tests, self.include_tests);
        set(&mut settings.min_confidence, self.min_confidence);
    }
}

fn set<T: Copy>(setting: &mut T, written: Option<T>) {
    if let Some(written) = written {
        *setting = written;
    }
}

fn path_patterns(file: &ConfigFile, base: &Path, words: &[String]) -> Result<PathPatterns, ConfigError> {
    let mut patterns = PathPatterns::default();
    add_patterns(&mut patterns, file, base, Some(words))?;
    Ok(patterns)
}

fn add_patterns(
    patterns: &mut PathPatterns,
    file: &ConfigFile,
    base: &Path,
    words: Option<&[String]>,
) -> Result<(), ConfigError> {
    let Some(words) = words.filter(|words| !words.is_empty()) else { return Ok(()) };
    patterns.add(base, words).map_err(|(pattern, message)| {
        ConfigError::new(file.path.display().to_string(), message).at(&file.text, &pattern)
    })
}

/// The server of a database whose version is told. Of some products no rule asks.
fn server(file: &ConfigFile, written: &DatabaseOptions) -> Result<Option<Server>, ConfigError> {
    let Some(text) = &written.version else { return Ok(None) };
    let error = |what: String, help: &str| {
        ConfigError::new(file.path.display().to_string(), what).help(Some(help.to_owned())).at(&file.text, text)
    };
    let Some(version) = Version::parse(text) else {
        return Err(error(format!("`{text}` is not a version"), "up to three numbers, as in \"15\" or \"10.11\""));
    };
    let Some(name) = written.dialect.as_ref().or(file.options.dialect.as_ref()) else {
        return Err(error(
            format!("version {text} of which database?"),
            "say its dialect, as in dialect = \"mariadb\"",
        ));
    };
    Ok(Product::from_name(name).map(|product| Server { product, version: Some(version) }))
}

fn dialect_named(file: &ConfigFile, name: &str) -> Result<Dialect, ConfigError> {
    Dialect::from_name(name).ok_or_else(|| {
        let help = nearest_of(name, Dialect::ALL.iter().map(|dialect| dialect.name()));
        ConfigError::new(file.path.display().to_string(), format!("unknown dialect `{name}`"))
            .help(Some(help))
            .at(&file.text, name)
    })
}
