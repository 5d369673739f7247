//! What is known at one moment, and the check of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Baseline;
use super::files::Candidate;
use super::outcomes::Outcomes;
use super::report::{InternalError, LeftOutPath, Report, SchemaSummary};
use super::run::Run;
use super::since::Earlier;
use super::suppress::Suppressions;
use super::tables::Tables;
use super::whole::{OfFile, Seen, Whole, speaks};
use crate::config::ConfigError;
use crate::findings::{Diagnostic, Reported, fingerprints};
use crate::project::Project;
use crate::rules::Registry;

/// A file of the project, beside [`Project::files`].
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) candidate: Arc<Candidate>,
}

/// What is reported. What is known is always the whole project.
#[derive(Clone, Debug, Default)]
pub enum Targets {
    /// Every checked file.
    #[default]
    All,
    /// Only what stands in these files and folders; absolute paths.
    Paths(Vec<PathBuf>),
}

impl Targets {
    /// Whether they name a file, or a folder around it.
    pub(super) fn name(&self, candidate: &Candidate) -> bool {
        match self {
            Targets::All => true,
            Targets::Paths(paths) => paths.iter().any(|path| candidate.found.absolute.starts_with(path)),
        }
    }

    /// What of `left_out` is to be told of them.
    pub(super) fn left_out(&self, root: &Path, left_out: &[LeftOutPath]) -> Vec<LeftOutPath> {
        let below = |path: &str| match self {
            Targets::All => true,
            Targets::Paths(paths) => paths.iter().any(|target| root.join(path).starts_with(target)),
        };
        left_out.iter().filter(|left_out| below(&left_out.path)).cloned().collect()
    }
}

/// What is known of a project at one moment.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) registry: &'static Registry,
    pub(super) root: PathBuf,
    pub(super) pool: Arc<rayon::ThreadPool>,
    pub(super) project: Arc<Project>,
    pub(super) known: Vec<Known>,
    pub(super) left_out: Vec<LeftOutPath>,
    pub(super) problems: Vec<String>,
    pub(super) internal_errors: Vec<InternalError>,
    pub(super) baseline: Option<Arc<Baseline>>,
    pub(super) earlier: Option<Arc<Earlier>>,
    pub(super) warnings: Vec<ConfigError>,
    /// What the rules found before a change, and what they find now; nothing where that is not kept.
    pub(super) outcomes: Option<Arc<Outcomes>>,
}

impl Snapshot {
    /// The project.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Runs the rules and gives what is to be told of `targets`: what the baseline does not know.
    pub fn check(&self, targets: &Targets) -> Report {
        let mut report = self.check_all(targets);
        self.take_known(&mut report);
        report
    }

    /// Takes out of a report what the baseline knows, and what was found before a change.
    pub(super) fn take_known(&self, report: &mut Report) {
        if let Some(baseline) = &self.baseline {
            baseline.apply(report);
        }
        if let Some(earlier) = &self.earlier {
            earlier.take_known(report);
        }
    }

    /// Runs the rules and gives everything of `targets`, known or new.
    pub fn check_all(&self, targets: &Targets) -> Report {
        self.pool.install(|| self.check_here(targets))
    }

    /// What would be told of `targets`, without running rules: everything but findings.
    pub fn outline(&self, targets: &Targets) -> Report {
        self.told(&self.without_findings(), targets)
    }

    fn check_here(&self, targets: &Targets) -> Report {
        let (whole, internal_errors) = self.whole();
        Report { internal_errors, ..self.told(&whole, targets) }
    }

    /// Runs the rules and gives what they find in the whole project, and where they failed.
    pub(super) fn whole(&self) -> (Whole, Vec<InternalError>) {
        let outcomes = self.outcomes.as_deref();
        let run = Run { registry: self.registry, project: &self.project, known: &self.known, outcomes };
        let (found, mut internal_errors) = run.all_rules();
        let mut suppressions = Suppressions::new(self.registry, &self.project);
        let (mut found, mut silenced) = suppressions.sort(run.settled(found));
        let (unused, errors) = run.directives(&suppressions);
        internal_errors.extend(errors);
        let (kept, hushed) = suppressions.sort_directives(run.settled(unused));
        found.extend(kept);
        silenced.extend(hushed);
        internal_errors.extend(self.internal_errors.iter().cloned());
        let (findings, suppressed) = (self.reported(&run, found), self.reported(&run, silenced));
        (Whole { findings, suppressed, ..self.without_findings() }, internal_errors)
    }

    /// What is told of `targets` of all that was found.
    pub(super) fn told(&self, whole: &Whole, targets: &Targets) -> Report {
        let files = self.known.iter().zip(self.project.files());
        let seen = files.map(|(known, file)| Seen { source: &file.source, candidate: &known.candidate });
        Report {
            left_out: targets.left_out(&self.root, &self.left_out),
            problems: self.problems.clone(),
            warnings: self.warnings.clone(),
            ..whole.told(self.registry, &self.root, &seen.collect::<Vec<_>>(), targets)
        }
    }

    fn without_findings(&self) -> Whole {
        let files = self.project.files().iter().take(self.known.len()).map(|file| OfFile::new(&file.facts));
        Whole { files: files.collect(), schema: schema_summary(&self.project), ..Whole::default() }
    }

    /// The findings that this baseline is about.
    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_deref()
    }

    /// The findings that the settings leave to any targets, with their fingerprints.
    fn reported(&self, run: &Run<'_>, mut found: Vec<Diagnostic>) -> Vec<Reported> {
        found.sort_by(|a, b| {
            (&a.primary.path, a.primary.span, a.rule, &a.message).cmp(&(
                &b.primary.path,
                b.primary.span,
                b.rule,
                &b.message,
            ))
        });
        let text_of = |diagnostic: &Diagnostic| {
            let file = run.index_of(&diagnostic.primary.path);
            let text =
                file.and_then(|file| self.project.files()[file].source.text.get(diagnostic.primary.span.range()));
            std::borrow::Cow::Borrowed(text.unwrap_or_default())
        };
        let mut reported = fingerprints(found, text_of);
        reported.retain(|finding| {
            run.index_of(&finding.diagnostic.primary.path)
                .is_some_and(|file| speaks(self.registry, &self.known[file].candidate, true, &finding.diagnostic))
        });
        let mut tables = Tables::new(&self.project);
        for finding in &mut reported {
            finding.tables = tables.of(&finding.diagnostic);
        }
        reported
    }
}

/// The schema in numbers, if there is one.
fn schema_summary(project: &Project) -> Option<SchemaSummary> {
    let schema = project.schema();
    let mut sources: Vec<Arc<str>> =
        schema.tables().iter().map(|table| project.file(table.place.file).source.path.clone()).collect();
    sources.sort();
    sources.dedup();
    (!schema.is_empty()).then(|| SchemaSummary {
        tables: schema.tables().len(),
        indexes: schema.tables().iter().map(|table| table.indexes.len()).sum(),
        sources,
    })
}
