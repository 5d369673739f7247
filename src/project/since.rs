//! What has changed since a project was understood before, and what of that holds.

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::calls::{CallGraph, Reach};
use super::executed::Executed;
use super::lazy::Lazy;
use super::reads::{self, Changed, PerFile, Read};
use super::types::Types;
use super::{FileId, Project, ProjectFile, ground};
use crate::facts::{FileFacts, Imported};

/// The project as it was before, and what is no more like that.
pub(super) struct Since<'b> {
    /// Nothing where too much has changed to look at what holds.
    before: Option<&'b Project>,
    changed: Changed,
}

impl<'b> Since<'b> {
    /// Nothing is known from before.
    pub(super) fn nothing() -> Since<'b> {
        Since { before: None, changed: Changed::default() }
    }

    /// Compares the files and the settings; what is found of them is compared as it is found.
    pub(super) fn of(before: &'b Project, now: &Project) -> Since<'b> {
        let is_comparable = before.tracks && now.tracks && has_same_base(before, now);
        if !is_comparable {
            return Since::nothing();
        }
        let changed: Vec<FileId> = changed_files(before, now).collect();
        if !changed.iter().all(|&file| shows_same_names(before, now, file)) {
            return Since::nothing();
        }
        let classes = changed.iter().flat_map(|&file| changed_classes(before, now, file));
        let changed = classes.chain(changed.iter().copied().map(Read::File)).collect();
        Since { before: Some(before), changed }
    }

    /// Nothing of what was found before holds for what is found from here on, unless something is the same that every
    /// question may be about.
    pub(super) fn only_if(&mut self, is_same: impl FnOnce(&Project) -> bool) {
        self.before = self.before.filter(|before| is_same(before));
    }

    /// Notes that a part is not as it was, if it is not.
    pub(super) fn note_unless(&mut self, read: Read, is_same: impl FnOnce(&Project) -> bool) {
        if self.before.is_some_and(|before| !is_same(before)) {
            self.changed.insert(read);
        }
    }

    /// What was found of the project before, as far as something of it can hold.
    pub(super) fn before(&self) -> Option<&'b Project> {
        self.before
    }

    /// What is not as it was, as far as it is found.
    pub(super) fn changed(&self) -> &Changed {
        &self.changed
    }

    /// Notes what else is not as it was.
    pub(super) fn note(&mut self, changed: impl IntoIterator<Item = Read>) {
        if self.before.is_some() {
            self.changed.extend(changed);
        }
    }

    /// Notes in which files something else is found now.
    pub(super) fn note_found<T: PartialEq>(
        &mut self,
        now: &PerFile<T>,
        of: fn(&Project) -> &PerFile<T>,
        read: fn(FileId) -> Read,
    ) {
        if let Some(before) = self.before {
            self.changed.extend(now.changed_from(of(before)).map(read));
        }
    }

    /// Notes for which files the question was asked again, whatever the answer.
    pub(super) fn note_redone<T>(
        &mut self,
        now: &PerFile<T>,
        of: fn(&Project) -> &PerFile<T>,
        read: fn(FileId) -> Read,
    ) {
        if let Some(before) = self.before {
            self.changed.extend(now.redone_since(of(before)).map(read));
        }
    }

    /// Notes how calls differ.
    pub(super) fn note_calls(&mut self, graph: &CallGraph) {
        self.only_if(|before| before.graph.annotated == graph.annotated);
        let Some(before) = self.before else { return };
        graph.changes_since(&before.graph, &mut self.changed);
    }

    /// Notes what they lead to that they did not.
    pub(super) fn note_reach(&mut self, reach: &Arc<Reach>) {
        if let Some(before) = self.before
            && !Arc::ptr_eq(reach, &before.reach)
        {
            reach.changes_since(&before.reach, &mut self.changed);
        }
    }

    /// Notes in which files other statements are run.
    pub(super) fn note_executed(&mut self, now: &Executed) {
        if let Some(before) = self.before {
            self.changed.extend(now.symmetric_difference(&before.executed).map(|&(file, _)| Read::Executed(file)));
        }
    }

    /// Notes in which files something else is read lazily.
    pub(super) fn note_lazy(&mut self, now: &Lazy) {
        if let Some(before) = self.before {
            self.changed.extend(now.changed_from(&before.lazy).map(Read::Lazy));
        }
    }

    /// What is not as it was, now that all is found; nothing where nothing of that holds.
    pub(super) fn into_changed(self) -> Option<Changed> {
        self.before.map(|_| self.changed)
    }

    /// What is found in each file: what was found before, where it holds.
    pub(super) fn find<T: Send + Sync>(
        &self,
        project: &Project,
        before: Option<&PerFile<T>>,
        ask: impl Fn(&Types<'_>, FileId) -> T + Sync,
    ) -> PerFile<T> {
        let before = before.filter(|_| self.before.is_some());
        let found = project.each_file(|types, file| {
            if let Some(known) = before.and_then(|before| before.holding(file, &self.changed)) {
                return known;
            }
            let (found, read) = project.reading(|| ask(types, file));
            (Arc::new(found), Arc::from(read))
        });
        let (found, reads) = found.into_iter().unzip();
        PerFile { found, reads }
    }
}

/// Whether two states of a project have the same files, libraries and settings.
fn has_same_base(before: &Project, now: &Project) -> bool {
    let is_same = |(before, now): (&ProjectFile, &ProjectFile)| {
        before.source.path == now.source.path && before.purpose == now.purpose
    };
    before.own == now.own
        && before.files.len() == now.files.len()
        && before.files.iter().zip(&now.files).all(is_same)
        && Arc::ptr_eq(&before.catalog, &now.catalog)
        && before.manifests == now.manifests
        && before.options == now.options
        && before.libraries == now.libraries
}

/// The files that have another text, or say something else. What stands in for a library's is always the same.
fn changed_files(before: &Project, now: &Project) -> impl Iterator<Item = FileId> {
    now.ids().filter(|&file| {
        let (before, now) = (&before.files[file.0 as usize], &now.files[file.0 as usize]);
        !Arc::ptr_eq(&before.source, &now.source) || !Arc::ptr_eq(&before.facts, &now.facts)
    })
}

/// The names of the classes of a file, those that it had and those that it has, if these are others, or in other
/// places.
fn changed_classes(before: &Project, now: &Project, file: FileId) -> impl Iterator<Item = Read> {
    let names =
        |project: &Project| -> Vec<String> { ground::class_names(&project.files[file.0 as usize].facts).collect() };
    let (mut then, now) = (names(before), names(now));
    if then == now {
        then.clear();
    } else {
        then.extend(now);
    }
    then.into_iter().map(|name| Read::Classes(reads::hash(&name)))
}

/// Whether a changed file has the same names for those that import all of them, and takes the same from others.
fn shows_same_names(before: &Project, now: &Project, file: FileId) -> bool {
    let names = |project: &Project| -> FxHashSet<Box<str>> {
        let names = &project.files[file.0 as usize].facts.names;
        project.bindings[file.0 as usize].keys().map(|name| names[*name].into()).collect()
    };
    let starred = |facts: &FileFacts| -> Vec<Box<str>> {
        let stars = facts.imports.iter().filter(|import| import.what == Imported::Star);
        stars.map(|import| facts.names[import.module].into()).collect()
    };
    let of = |project: &Project| starred(&project.files[file.0 as usize].facts);
    let is_taken_whole = || {
        now.ids().any(|other| {
            let facts = &now.files[other.0 as usize].facts;
            let stars = facts.imports.iter().filter(|import| import.what == Imported::Star);
            stars.into_iter().any(|star| now.resolve_module(other, &facts.names[star.module]) == Some(file))
        })
    };
    of(before) == of(now) && (names(before) == names(now) || !is_taken_whole())
}
