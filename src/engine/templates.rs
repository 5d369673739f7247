//! Which files are templates: those that code of the project names, and those that these are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::files::{Candidate, Finder};
use super::session::{Entry, Outcome, Session, SessionError, read};
use crate::lang::{self, TemplateNames};
use crate::source::{FoundFile, Language};

/// The files of a project that may be templates.
#[derive(Debug, Default)]
pub(super) struct Templates {
    /// By path.
    possible: BTreeMap<Arc<str>, FoundFile>,
    /// Their paths, by the last part.
    by_name: FxHashMap<Box<str>, Vec<Arc<str>>>,
    /// What was known of them before all files are read again.
    before: BTreeMap<Arc<str>, Entry>,
    /// The files of code that name one of those that were read, or define what templates call.
    namers: FxHashSet<Arc<str>>,
    /// Those that were asked for, and that nothing renders; one line each.
    pub(super) problems: Vec<String>,
}

impl Templates {
    /// The files that were found; `before`: what was known when they were last looked for.
    pub(super) fn new(found: Vec<FoundFile>, before: BTreeMap<Arc<str>, Entry>) -> Templates {
        let before = before.into_iter().filter(|(_, entry)| is_template(entry)).collect();
        let mut templates = Templates { before, ..Templates::default() };
        found.into_iter().for_each(|found| templates.add(found));
        templates
    }

    /// Adds a file.
    pub(super) fn add(&mut self, found: FoundFile) {
        let name = found.path.rsplit('/').next().unwrap_or(&found.path);
        let known = self.by_name.entry(name.into()).or_default();
        if !known.contains(&found.path) {
            known.push(found.path.clone());
        }
        self.possible.insert(found.path.clone(), found);
    }

    /// Whether a file of code renders a template, or defines what templates call.
    pub(super) fn are_named_by(&self, path: &str) -> bool {
        self.namers.contains(path)
    }

    /// The files that a name may mean.
    fn named(&self, name: &str) -> impl Iterator<Item = &Arc<str>> {
        let name = name.trim_start_matches("./").trim_start_matches('/').to_owned();
        let known = self.by_name.get(name.rsplit('/').next().unwrap_or("")).into_iter().flatten();
        known.filter(move |path| {
            path.strip_suffix(name.as_str()).is_some_and(|root| root.is_empty() || root.ends_with('/'))
        })
    }

    /// The files that a file speaks of.
    fn named_by<'t>(&'t self, names: &'t TemplateNames) -> impl Iterator<Item = &'t Arc<str>> {
        let whole = names.names.iter().flat_map(|name| self.named(name));
        let ends = names.ends.iter().flat_map(|end| self.possible.keys().filter(move |path| path.ends_with(end)));
        whole.chain(ends)
    }
}

impl Session {
    /// The templates that one file names, if it is read.
    pub(super) fn named_templates(&self, path: &Path) -> Option<Arc<TemplateNames>> {
        let relative = super::session::relative(self.root(), path);
        self.entries.get(&relative).map(names_of)
    }

    /// Reads the templates that are rendered and were not read yet, and forgets those that are not rendered any more.
    /// Whether other files are read than before.
    pub(super) fn read_templates(&mut self) -> Result<bool, SessionError> {
        if self.templates.possible.is_empty() {
            return Ok(false);
        }
        let mut templates = std::mem::take(&mut self.templates);
        let mut known: BTreeMap<Arc<str>, Entry> = BTreeMap::new();
        let paths = self.entries.iter().filter(|(_, entry)| is_template(entry)).map(|(path, _)| path.clone());
        let paths: Vec<Arc<str>> = paths.collect();
        for path in paths {
            known.extend(self.entries.remove(&path).map(|entry| (path, entry)));
        }
        self.unread.retain(|path, _| !templates.possible.contains_key(path));
        let before: BTreeSet<Arc<str>> = known.keys().cloned().collect();
        let found = self.read_rendered(&mut templates, known);
        self.templates = templates;
        found?;
        let now = self.entries.values().filter(|entry| is_template(entry)).count();
        let same = before.iter().all(|path| self.entries.contains_key(path)) && now == before.len();
        Ok(!same)
    }

    /// Takes those of the templates that are rendered, as they are known or as they are read now.
    fn read_rendered(
        &mut self,
        templates: &mut Templates,
        mut known: BTreeMap<Arc<str>, Entry>,
    ) -> Result<(), SessionError> {
        let pool = self.pool.clone();
        let all: Vec<&Entry> = self.entries.values().collect();
        let names: Vec<Arc<TemplateNames>> = pool.install(|| all.into_par_iter().map(names_of).collect());
        let mut wanted: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut next: Vec<(Arc<str>, bool)> = Vec::new();
        templates.namers.clear();
        for (path, names) in self.entries.keys().zip(&names) {
            let mut is_namer = names.defines_tags;
            for named in templates.named_by(names) {
                is_namer = true;
                if wanted.insert(named.clone()) {
                    next.push((named.clone(), names.is_jinja));
                }
            }
            if is_namer {
                templates.namers.insert(path.clone());
            }
        }
        while !next.is_empty() {
            let finder =
                Finder { root: &self.root, resolver: &self.resolver, named: &self.named, threads: self.threads };
            let mut read_now: Vec<(Arc<Candidate>, Option<Entry>)> = Vec::new();
            let mut outcomes: Vec<Outcome> = Vec::new();
            for (path, is_jinja) in std::mem::take(&mut next) {
                let Some(found) = templates.possible.get(&path) else { continue };
                let language = if is_jinja { Language::Jinja } else { found.language };
                match known.remove(&path) {
                    Some(entry) if entry.candidate.found.language == language => {
                        outcomes.push(Outcome::Entry(Box::new(entry)));
                    }
                    _ => {
                        if let Ok(candidate) = finder.candidate(FoundFile { language, ..found.clone() })?
                            && candidate.is_known()
                        {
                            read_now.push((Arc::new(candidate), templates.before.remove(&path)));
                        }
                    }
                }
            }
            let documents = &self.documents;
            let read =
                |(candidate, before): (Arc<Candidate>, Option<Entry>)| read(candidate, documents, before.as_ref());
            outcomes.extend(pool.install(|| read_now.into_par_iter().with_max_len(8).map(read).collect::<Vec<_>>()));
            for outcome in outcomes {
                if let Outcome::Entry(entry) = &outcome {
                    let names = names_of(entry);
                    for named in templates.named_by(&names) {
                        if wanted.insert(named.clone()) {
                            next.push((named.clone(), names.is_jinja));
                        }
                    }
                }
                self.take(outcome);
            }
        }
        templates.before.clear();
        let unasked = templates.possible.values().filter(|found| found.named && !wanted.contains(&found.path));
        templates.problems =
            unasked.map(|found| format!("{}: not read: no code of the project renders it", found.path)).collect();
        Ok(())
    }
}

fn is_template(entry: &Entry) -> bool {
    entry.file.source.language.is_template()
}

fn names_of(entry: &Entry) -> Arc<TemplateNames> {
    entry.names.get_or_init(|| Arc::new(lang::template_names(&entry.file.source))).clone()
}
