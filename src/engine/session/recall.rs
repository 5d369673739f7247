//! What runs before this one found out, and what this one leaves for the next.

use std::path::PathBuf;

use super::{Entry, Open, Parse, Session, SessionError, relative};
use crate::engine::Report;
use crate::engine::cache::{FOLDER, FactsCache, ReportKey, ReportsCache, WORTH};
use crate::engine::files::Candidate;
use crate::rules::Registry;
use crate::source::plain_reason;

/// Where what files say is kept between runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Caching {
    /// Nowhere.
    #[default]
    Off,
    /// Where the settings of the project say, or in a folder at its root.
    Project,
    /// In this folder; an absolute path.
    Folder(PathBuf),
}

/// The folder where what is found out is kept.
struct Cached {
    folder: PathBuf,
    /// Whether the user named it: then it is told when nothing can be written there.
    is_chosen: bool,
}

impl Session {
    /// The same as [`Session::open`]; but if a run before was asked the same about the same texts, then what it told of
    /// [`Session::targets`] is given, and the session does not know what its files say.
    pub fn open_or_recall(open: Open) -> Result<(Session, Option<Report>), SessionError> {
        let (caching, parse) = (open.caching.clone(), open.parse);
        let mut session = Session::begin(Registry::builtin(), open)?;
        let folder = session.cache_folder(caching)?;
        if let Some(Cached { folder, .. }) = &folder {
            let kept = ReportsCache::new(folder.clone(), &session.report_key(parse));
            let kept = session.kept_report.insert(kept);
            if let Some(report) = kept.get() {
                let report = session.completed(report);
                return Ok((session, Some(report)));
            }
        }
        session.understand_cached(folder)?;
        Ok((session, None))
    }

    /// Where what is found out is kept, if it is, and if that is worth it.
    fn cache_folder(&self, caching: Caching) -> Result<Option<Cached>, SessionError> {
        let settings = self.resolver.settings(&self.root)?;
        let text: u64 = self.entries.values().map(|entry| entry.file.source.text.len() as u64).sum();
        if text < WORTH {
            return Ok(None);
        }
        Ok(match (caching, &settings.cache_dir) {
            (Caching::Off, _) => None,
            (Caching::Folder(folder), _) => Some(Cached { folder, is_chosen: true }),
            (Caching::Project, Some(folder)) => Some(Cached { folder: folder.clone(), is_chosen: true }),
            (Caching::Project, None) => Some(Cached { folder: self.root.join(FOLDER), is_chosen: false }),
        })
    }

    /// The same as [`Session::understand`], with what was kept by runs before.
    pub(super) fn understand_with(&mut self, caching: Caching) -> Result<(), SessionError> {
        let cached = self.cache_folder(caching)?;
        self.understand_cached(cached)
    }

    fn understand_cached(&mut self, cached: Option<Cached>) -> Result<(), SessionError> {
        let Some(Cached { folder, is_chosen }) = cached else { return self.understand() };
        self.kept_facts = Some(FactsCache::open(folder.clone()));
        let understood = self.understand();
        if let Some(Err(why)) = self.kept_facts.take().map(|kept| kept.settle())
            && is_chosen
        {
            let (folder, why) = (relative(&self.root, &folder), plain_reason(&why));
            self.problems.push(format!("{folder}: {why}; nothing is kept for the next run"));
        }
        understood
    }

    /// Everything that the report on [`Session::targets`] depends on.
    fn report_key(&self, parse: Parse) -> ReportKey {
        let mut key = ReportKey::new();
        key.add(format!("{:?} {:?} {parse:?} {:?}", self.root, self.named, self.resolver.request()));
        for origin in self.resolver.all().iter().flat_map(|settings| &settings.origins) {
            key.add(format!("{origin:?}"));
            key.add(std::fs::read(origin).unwrap_or_default());
        }
        key.add(format!("{:?}", self.options));
        for manifest in &self.manifests {
            key.add(manifest.path.as_bytes());
            key.add(&manifest.text);
        }
        for Entry { candidate, file, .. } in self.entries.values() {
            let Candidate { found, settings: _, purpose, only_application, defines_schema, dialect } = &**candidate;
            key.add(format!("{found:?} {purpose:?} {only_application} {defines_schema} {dialect:?}"));
            key.add(&file.source.text);
        }
        key
    }

    /// A report that was kept, with what follows from the files that there are.
    fn completed(&self, report: Report) -> Report {
        let targets = self.targets();
        let told = self.told();
        let sources = self.entries.values().map(|entry| (entry.file.source.path.clone(), entry.file.source.clone()));
        let mut report = Report {
            root: self.root.clone(),
            files_read: self.entries.len(),
            left_out: targets.left_out(&self.root, &told.left_out),
            problems: told.problems,
            warnings: told.warnings,
            sources: sources.collect(),
            ..report
        };
        if let Some(baseline) = &self.baseline {
            baseline.apply(&mut report);
        }
        report
    }

    /// Checks [`Session::targets`], and keeps what is told for a run that is asked the same.
    pub fn check(&self) -> Report {
        let snapshot = self.snapshot();
        let mut report = snapshot.check_all(&self.targets());
        if let Some(kept) = &self.kept_report {
            // A run that cannot write has said so of what files say.
            let _ = kept.put(&report);
        }
        if let Some(baseline) = &self.baseline {
            baseline.apply(&mut report);
        }
        report
    }
}
