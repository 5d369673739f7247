//! Which files mattered when they were last sorted, and whether that still holds: after most edits nothing that is
//! asked of a file is answered otherwise.

use std::sync::Arc;

use super::Entry;
use crate::apis::Catalog;
use crate::engine::templates::Templates;
use crate::lang::Glance;
use crate::project::{Glanced, Slices};
use crate::source::SourceFile;

/// Which files mattered.
#[derive(Debug)]
pub(super) struct Sorted {
    /// It is made anew whenever the settings, the manifests or the files on disk are looked at again.
    catalog: Arc<Catalog>,
    /// Whether all are parsed because leaving some out saves nothing: that is not asked again for an edit.
    takes_all: bool,
    files: Vec<File>,
}

/// What was asked of a file.
#[derive(Debug)]
struct File {
    source: Arc<SourceFile>,
    renders: bool,
    glance: Option<Arc<Glance>>,
    slices: Option<Arc<Slices>>,
    matters: bool,
}

impl Sorted {
    /// What was found out.
    pub(super) fn new(
        entries: &[&mut Entry],
        catalog: &Arc<Catalog>,
        rendered: &Templates,
        matters: Option<&[bool]>,
    ) -> Sorted {
        let file = |(at, entry): (usize, &&mut Entry)| File {
            source: entry.file.source.clone(),
            renders: rendered.are_named_by(&entry.file.source.path),
            glance: entry.glance.get().cloned(),
            slices: entry.parsed.as_ref().and_then(|parsed| parsed.slices.get().cloned()),
            matters: matters.is_none_or(|matters| matters[at]),
        };
        let files = entries.iter().enumerate().map(file).collect();
        Sorted { catalog: catalog.clone(), takes_all: matters.is_none(), files }
    }

    /// Whether all files are parsed.
    pub(super) fn takes_all(&self) -> bool {
        self.takes_all
    }

    /// For each file: whether it matters; nothing where it was not asked, and all do.
    pub(super) fn matters(&self) -> Option<Vec<bool>> {
        (!self.takes_all).then(|| self.files.iter().map(|file| file.matters).collect())
    }

    /// The places of the files that have another text; nothing where more is not as it was.
    pub(super) fn changed(
        &self,
        entries: &[&mut Entry],
        catalog: &Arc<Catalog>,
        rendered: &Templates,
    ) -> Option<Vec<usize>> {
        let is_same = |(known, entry): (&File, &&mut Entry)| {
            let path = &entry.file.source.path;
            known.source.path == *path && known.renders == rendered.are_named_by(path)
        };
        let are_same = Arc::ptr_eq(&self.catalog, catalog)
            && self.files.len() == entries.len()
            && self.files.iter().zip(entries).all(is_same);
        let is_other =
            |(at, known): (usize, &File)| (!Arc::ptr_eq(&known.source, &entries[at].file.source)).then_some(at);
        are_same.then(|| self.files.iter().enumerate().filter_map(is_other).collect())
    }

    /// Whether a file that has another text, and is taken apart, has the same part in what matters. One that shows signs
    /// of a database by its imports has it by nothing but those and what it consists of.
    pub(super) fn is_as_before(&self, at: usize, glanced: &Glanced, entry: &Entry) -> bool {
        let known = &self.files[at];
        let slices = entry.parsed.as_ref().and_then(|parsed| parsed.slices.get());
        self.takes_all
            || known.glance.as_ref().is_some_and(|glance| glance.tells_same(&glanced.glance))
                && glanced.shows_signs(&self.catalog)
                && slices.is_some()
                && slices == known.slices.as_ref()
    }
}
