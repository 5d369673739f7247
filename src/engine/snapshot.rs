//! What is known at one moment, and the check of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::Baseline;
use super::files::Candidate;
use super::report::{InternalError, LeftOutPath, PlacedGap, Report, SchemaSummary};
use super::run::Run;
use super::since::Earlier;
use super::suppress::Suppressions;
use super::tables::Tables;
use crate::config::ConfigError;
use crate::findings::{Diagnostic, fingerprints};
use crate::project::Project;
use crate::rules::{Category, Registry};

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
        self.empty_report(targets)
    }

    fn check_here(&self, targets: &Targets) -> Report {
        let run = Run { registry: self.registry, project: &self.project, known: &self.known };
        let (found, mut internal_errors) = run.all_rules();
        let mut suppressions = Suppressions::new(self.registry, &self.project);
        let (mut found, mut silenced) = suppressions.sort(run.settled(found));
        let (unused, errors) = run.directives(&suppressions);
        internal_errors.extend(errors);
        let (kept, hushed) = suppressions.sort_directives(run.settled(unused));
        found.extend(kept);
        silenced.extend(hushed);
        internal_errors.extend(self.internal_errors.iter().cloned());

        let mut report = self.empty_report(targets);
        report.internal_errors = internal_errors;
        report.findings = self.reported(targets, &run, found);
        report.suppressed = self.reported(targets, &run, silenced);
        report
    }

    /// The findings that this baseline is about.
    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_deref()
    }

    /// The findings that the settings and `targets` leave, with their fingerprints.
    fn reported(&self, targets: &Targets, run: &Run<'_>, mut found: Vec<Diagnostic>) -> Vec<crate::findings::Reported> {
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
        let targeted = self.targeted(targets);
        let mut reported = fingerprints(found, text_of);
        reported.retain(|finding| self.is_reported(run, &targeted, &finding.diagnostic));
        let mut tables = Tables::new(&self.project);
        for finding in &mut reported {
            finding.tables = tables.of(&finding.diagnostic);
        }
        reported
    }

    fn is_reported(&self, run: &Run<'_>, targeted: &FxHashSet<usize>, finding: &Diagnostic) -> bool {
        let Some(file) = run.index_of(&finding.primary.path) else { return false };
        let Some(rule) = self.registry.find(finding.rule) else { return false };
        let candidate = &self.known[file].candidate;
        let settings = candidate.settings.for_path(&candidate.found.absolute);
        let speaks = match self.registry.rules()[rule].page.metadata.category {
            Category::Migrations => candidate.tells_migrations(&settings, rule),
            _ => candidate.is_checked(),
        };
        speaks && targeted.contains(&file) && finding.confidence >= settings.min_confidence
    }

    /// The files that `targets` name.
    fn targeted(&self, targets: &Targets) -> FxHashSet<usize> {
        let files = self.known.iter().enumerate();
        match targets {
            Targets::All => files.map(|(index, _)| index).collect(),
            Targets::Paths(paths) => {
                let named = |known: &Known| paths.iter().any(|path| known.candidate.found.absolute.starts_with(path));
                files.filter(|(_, known)| named(known)).map(|(index, _)| index).collect()
            }
        }
    }

    /// A report with everything but findings.
    fn empty_report(&self, targets: &Targets) -> Report {
        let targeted = self.targeted(targets);
        let mut report = Report {
            root: self.root.clone(),
            files_read: self.known.len(),
            problems: self.problems.clone(),
            warnings: self.warnings.clone(),
            schema: schema_summary(&self.project),
            ..Report::default()
        };
        for (index, (known, file)) in self.known.iter().zip(self.project.files()).enumerate() {
            report.sources.insert(file.source.path.clone(), file.source.clone());
            if !targeted.contains(&index) || !known.candidate.is_checked() {
                continue;
            }
            report.checked.push(file.source.path.clone());
            report.statements += file.facts.statements.len();
            let not_understood = file.facts.statements.iter().filter(|sql| sql.statement.unparsed.is_some());
            report.statements_not_understood += not_understood.count();
            report.gaps.extend(file.facts.gaps.iter().map(|gap| PlacedGap {
                path: file.source.path.clone(),
                span: gap.span,
                what: gap.what.clone(),
            }));
        }
        report.left_out = targets.left_out(&self.root, &self.left_out);
        report
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
