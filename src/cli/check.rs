//! `seqscan check`

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::args::{Arguments, CheckArguments, ProjectArguments};
use super::terminal::{stderr_style, stdout_style};
use super::{FAILED, FINDINGS, OK, baseline, complain, finish, fix, output, settings};
use crate::config::{ConfigError, ConfigFile, Options, Request, read_inline};
use crate::engine::{Caching, Compared, Open, Report, Session, SessionError};
use crate::report::{self, Style};
use crate::source::plain_reason;

/// Checks, prints, and gives the exit code.
pub(super) fn run(arguments: &CheckArguments) -> u8 {
    let cwd = match current_folder() {
        Ok(cwd) => cwd,
        Err(failure) => return failure.tell(&Style::default()),
    };
    let errors = stderr_style(arguments.color.color, &cwd);
    let opened = open(arguments, &cwd).and_then(|open| match is_plain(arguments) {
        true => Session::open_or_recall(open).map_err(Failure::from),
        false => Ok((Session::open(open)?, None)),
    });
    let mut session = match opened {
        Ok((session, Some(report))) => return told(arguments, session, report, &cwd, &errors),
        Ok((session, None)) => session,
        Err(failure) => return failure.tell(&errors),
    };
    if is_plain(arguments) {
        let report = session.check();
        return told(arguments, session, report, &cwd, &errors);
    }
    if arguments.show_settings {
        return settings::show_settings(&session);
    }
    if arguments.show_files {
        return settings::show_files(&session, arguments.verbose);
    }
    let snapshot = session.snapshot();
    let targets = session.targets();
    if let Some(file) = &arguments.write_baseline {
        let file = file.as_ref().map(|file| cwd.join(file));
        return baseline::write(&session, &snapshot.check_all(&targets), file, &cwd);
    }
    if arguments.prune_baseline
        && let Err(code) = baseline::prune(&session, &snapshot.check_all(&targets), &cwd)
    {
        return code;
    }
    let compared = match (&arguments.since, arguments.changed, arguments.staged) {
        (_, _, true) => Some(Compared::Staged),
        (_, true, _) => Some(Compared::Since("HEAD")),
        (Some(revision), ..) => Some(Compared::Since(revision)),
        (None, ..) => None,
    };
    let checked = match compared {
        _ if fix::is_wanted(arguments) => {
            return fix::run(arguments, &mut session, compared, &targets, &cwd, &errors);
        }
        Some(compared) => session.check_changes(snapshot, &targets, compared),
        None => Ok(snapshot.check(&targets)),
    };
    let report = match checked {
        Ok(report) => report,
        Err(why) => return complain(&why),
    };
    told(arguments, session, report, &cwd, &errors)
}

/// Whether nothing is asked but what there is to tell of the files as they are.
fn is_plain(arguments: &CheckArguments) -> bool {
    let asks_files = arguments.show_settings || arguments.show_files;
    let is_about_baseline = arguments.write_baseline.is_some() || arguments.prune_baseline;
    let is_about_changes = arguments.since.is_some() || arguments.changed || arguments.staged;
    !asks_files && !is_about_baseline && !is_about_changes && !fix::is_wanted(arguments)
}

/// Writes what was found as the last thing, and gives the exit code.
fn told(arguments: &CheckArguments, session: Session, report: Report, cwd: &Path, errors: &Style) -> u8 {
    let code = tell(arguments, &session, report, cwd, errors);
    // The system takes all memory back at once; giving it back piece by piece takes longer than the rules do.
    std::mem::forget(session);
    code
}

/// Writes what was found, and gives the exit code.
pub(super) fn tell(
    arguments: &CheckArguments,
    session: &Session,
    mut report: Report,
    cwd: &Path,
    errors: &Style,
) -> u8 {
    if let Some(baselined) = report.baselined.as_mut().filter(|_| arguments.prune_baseline) {
        baselined.fixed = 0;
    }
    if arguments.show_suppressed {
        report.show_suppressed();
    }
    if let Err(code) = output::write(arguments, session, &report, cwd, errors) {
        return code;
    }
    let code = exit_code(arguments, session, &report);
    std::mem::forget(report);
    code
}

/// Where relative paths begin, without links.
pub(super) fn current_folder() -> Result<PathBuf, Failure> {
    let found = std::env::current_dir().and_then(|cwd| cwd.canonicalize());
    found.map_err(|error| Failure::Plain(format!("the current folder cannot be read: {}", plain_reason(&error))))
}

/// Why it could not begin.
pub(super) enum Failure {
    Plain(String),
    Config(Box<ConfigError>),
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Config(error) => Failure::Config(error),
            SessionError::Path(path, why) => {
                Failure::Plain(format!("{}: {why}{}", path.display(), command_hint(&path)))
            }
            error => Failure::Plain(error.to_string()),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Failure::Config(Box::new(error))
    }
}

impl Failure {
    /// Tells it, and gives the exit code.
    pub(super) fn tell(&self, style: &Style) -> u8 {
        match self {
            Failure::Plain(message) => complain(message),
            Failure::Config(error) => {
                finish(report::write_config_error(error, true, style, &mut io::stderr().lock()), FAILED)
            }
        }
    }
}

/// A path that does not exist may be a misspelt command.
fn command_hint(path: &Path) -> String {
    let Some(word) = path.to_str().filter(|word| !word.contains(['/', '\\', '.'])) else { return String::new() };
    let commands = <Arguments as clap::CommandFactory>::command();
    let likeness = |name: &str| strsim::jaro_winkler(word, name);
    let names = commands.get_subcommands().map(clap::Command::get_name);
    let nearest = names.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest {
        Some(name) if likeness(name) > 0.85 => format!("; did you mean `seqscan {name}`?"),
        _ => String::new(),
    }
}

pub(super) fn open(arguments: &CheckArguments, cwd: &Path) -> Result<Open, Failure> {
    let stdin = Path::new("-");
    let mut paths = arguments.paths.clone();
    let wants_stdin = arguments.stdin_filename.is_some() || paths.iter().any(|path| path == stdin);
    paths.retain(|path| path != stdin);
    let mut texts = Vec::new();
    if wants_stdin {
        let Some(name) = &arguments.stdin_filename else {
            return Err(Failure::Plain("say what standard input is, with --stdin-filename path/to/file.py".to_owned()));
        };
        let mut text = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut text);
        read.map_err(|error| Failure::Plain(format!("standard input cannot be read: {}", plain_reason(&error))))?;
        texts.push((name.clone(), text));
    }
    let (config, threads) = (request(arguments, cwd)?, arguments.jobs.unwrap_or(0));
    let (parse, caching) = (arguments.parse, caching(arguments, cwd));
    Ok(Open { cwd: cwd.to_owned(), paths, texts, config, parse, caching, threads, ..Open::default() })
}

/// Where what files say is kept: as the arguments say, then the environment, then the configuration.
fn caching(arguments: &CheckArguments, cwd: &Path) -> Caching {
    let told = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if arguments.no_cache {
        return Caching::Off;
    }
    let named = arguments.cache_dir.clone();
    let named = named.or_else(|| told("SEQSCAN_CACHE_DIR").map(PathBuf::from)).map(|folder| cwd.join(folder));
    match named {
        Some(folder) => Caching::Folder(folder),
        None if told("SEQSCAN_NO_CACHE").is_some() => Caching::Off,
        None => Caching::Project,
    }
}

/// Reads a whole project for a command that does not check it; the style is that of standard output. A failure has
/// been told, and is the exit code.
pub(super) fn open_project(arguments: &ProjectArguments) -> Result<(Session, Style), u8> {
    open_selecting(arguments, None)
}

/// The same, for a command that runs only these rules, or those that the configuration names.
pub(super) fn open_selecting(
    arguments: &ProjectArguments,
    select: Option<Vec<String>>,
) -> Result<(Session, Style), u8> {
    let cwd = current_folder().map_err(|failure| failure.tell(&Style::default()))?;
    let check = CheckArguments {
        paths: arguments.paths.clone(),
        config: arguments.config.clone(),
        isolated: arguments.isolated,
        pedantic: select.is_some(),
        select,
        ..CheckArguments::default()
    };
    let session = open(&check, &cwd).and_then(|open| Session::open(open).map_err(Failure::from));
    let session = session.map_err(|failure| failure.tell(&stderr_style(arguments.color.color, &cwd)))?;
    Ok((session, stdout_style(arguments.color.color, &cwd)))
}

fn request(arguments: &CheckArguments, cwd: &Path) -> Result<Request, Failure> {
    let mut request = Request {
        isolated: arguments.isolated,
        flags: flags(arguments, cwd)?,
        only_changes: arguments.changed || arguments.since.is_some(),
        ..Request::default()
    };
    for word in &arguments.config {
        if word.contains('=') && !Path::new(word).is_file() {
            request.inline.push(inline(word)?);
        } else if request.file.replace(PathBuf::from(word)).is_some() {
            return Err(Failure::Plain("--config takes one file".to_owned()));
        }
    }
    if arguments.isolated && request.file.is_some() {
        return Err(Failure::Plain("--isolated reads no configuration file, so --config cannot name one".to_owned()));
    }
    if request.file.is_none() && !arguments.isolated {
        request.file = std::env::var_os("SEQSCAN_CONFIG").filter(|name| !name.is_empty()).map(PathBuf::from);
    }
    Ok(request)
}

/// `key = value` in TOML; a word may stand without quotes.
fn inline(word: &str) -> Result<ConfigFile, ConfigError> {
    let is_word = |value: &str| {
        value.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && value.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
            && !matches!(value, "true" | "false" | "inf" | "nan")
    };
    match word.split_once('=') {
        Some((key, value)) if is_word(value.trim()) => read_inline(&format!("{key}= \"{}\"", value.trim())),
        _ => read_inline(word),
    }
}

/// What the flags say, as a configuration.
fn flags(arguments: &CheckArguments, cwd: &Path) -> Result<Options, Failure> {
    let on = |flag: bool| flag.then_some(true);
    Ok(Options {
        select: arguments.select.clone(),
        ignore: arguments.ignore.clone(),
        extend_select: arguments.extend_select.clone(),
        extend_ignore: arguments.extend_ignore.clone(),
        per_file_ignores: per_file_ignores(&arguments.per_file_ignores)?,
        preview: on(arguments.preview),
        min_confidence: arguments.min_confidence,
        pedantic: on(arguments.pedantic),
        include_tests: on(arguments.include_tests),
        exclude: arguments.exclude.clone(),
        extend_exclude: arguments.extend_exclude.clone(),
        force_exclude: on(arguments.force_exclude),
        respect_gitignore: arguments.no_respect_gitignore.then_some(false),
        fail_on: arguments.fail_on,
        baseline: arguments.baseline.as_ref().map(|file| cwd.join(file).to_string_lossy().into_owned()),
        output_format: arguments.output_format,
        dialect: arguments.dialect.clone(),
        ..Options::default()
    })
}

fn per_file_ignores(words: &[String]) -> Result<Option<BTreeMap<String, Vec<String>>>, Failure> {
    let mut ignores: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for word in words {
        let Some((pattern, rule)) = word.rsplit_once(':') else {
            return Err(Failure::Plain(format!("--per-file-ignores: `{word}` is not `pattern:rule`")));
        };
        ignores.entry(pattern.to_owned()).or_default().push(rule.to_owned());
    }
    Ok((!ignores.is_empty()).then_some(ignores))
}

fn exit_code(arguments: &CheckArguments, session: &Session, report: &Report) -> u8 {
    if !report.internal_errors.is_empty() {
        return FAILED;
    }
    let fail_on = session.root_settings().map(|settings| settings.fail_on).unwrap_or_default();
    let fails = report.counted().any(|finding| fail_on.fails(finding.diagnostic.severity));
    if fails && !arguments.exit_zero { FINDINGS } else { OK }
}
