//! What runs before this one found out, and what this one leaves for the next.

use std::path::PathBuf;

use super::{Entry, Open, Parse, Session, SessionError, relative};
use crate::engine::Report;
use crate::engine::cache::{FOLDER, FactsCache, FindingsCache, FindingsKey, WORTH};
use crate::engine::files::Candidate;
use crate::engine::whole::{Seen, Whole};
use crate::rules::Registry;
use crate::source::{FoundFile, plain_reason};

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
    /// The same as [`Session::open`]; but if a run before looked at the same texts, whatever part of them it was asked
    /// about, then what it found is told of [`Session::targets`], and the session does not know what its files say.
    pub fn open_or_recall(open: Open) -> Result<(Session, Option<Report>), SessionError> {
        let (caching, parse) = (open.caching.clone(), open.parse);
        let mut session = Session::begin(Registry::builtin(), open)?;
        let folder = session.cache_folder(caching)?;
        if let Some(Cached { folder, .. }) = &folder {
            let kept = FindingsCache::new(folder.clone(), &session.findings_key(parse));
            let kept = session.kept_findings.insert(kept);
            if let Some(whole) = kept.get() {
                let report = session.told_of(&whole);
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

    /// Everything that findings depend on. Which files were named is not part of it, only what follows from that for
    /// what they are for.
    fn findings_key(&self, parse: Parse) -> FindingsKey {
        let mut key = FindingsKey::new();
        key.add(format!("{:?} {parse:?} {:?}", self.root, self.resolver.request()));
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
            let FoundFile { path, absolute, language, named: _ } = found;
            key.add(path.as_bytes());
            key.add(format!("{absolute:?} {language:?} {purpose:?} {only_application} {defines_schema} {dialect:?}"));
            key.add(&file.source.text);
        }
        key
    }

    /// What is told of [`Session::targets`] of all that was found.
    fn told_of(&self, whole: &Whole) -> Report {
        let targets = self.targets();
        let told = self.told();
        let entries = self.entries.values();
        let seen = entries.map(|entry| Seen { source: &entry.file.source, candidate: &entry.candidate });
        let mut report = Report {
            left_out: targets.left_out(&self.root, &told.left_out),
            problems: told.problems,
            warnings: told.warnings,
            ..whole.told(self.registry, &self.root, &seen.collect::<Vec<_>>(), &targets)
        };
        if let Some(baseline) = &self.baseline {
            baseline.apply(&mut report);
        }
        report
    }

    /// Checks [`Session::targets`], and keeps what is found for runs about the same texts.
    pub fn check(&self) -> Report {
        let snapshot = self.snapshot();
        let (whole, internal_errors) = self.pool.install(|| snapshot.whole());
        if let Some(kept) = self.kept_findings.as_ref().filter(|_| internal_errors.is_empty()) {
            // A run that cannot write has said so of what files say.
            let _ = kept.put(&whole);
        }
        Report { internal_errors, ..self.told_of(&whole) }
    }
}
