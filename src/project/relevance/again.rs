//! Which files matter when some have another text: after most edits nothing that was asked of them is answered
//! otherwise.

use std::sync::Arc;

use super::{Glanced, Relevance, Slices, begun};
use crate::apis::Catalog;
use crate::lang::Glance;
use crate::source::{SourceFile, has_name};

impl Relevance {
    /// Of the files that have another text now, those that were taken apart; nothing where the files are not the same.
    pub fn taken_apart<'s>(
        &self,
        now: impl ExactSizeIterator<Item = &'s Arc<SourceFile>>,
        catalog: &Arc<Catalog>,
    ) -> Option<Vec<usize>> {
        if !Arc::ptr_eq(&self.catalog, catalog) || now.len() != self.files.len() {
            return None;
        }
        let mut changed = Vec::new();
        for (at, (now, before)) in now.zip(&self.files).enumerate() {
            if Arc::ptr_eq(now, &before.source) {
                continue;
            }
            if now.path != before.source.path {
                return None;
            }
            if self.told[at].is_some() {
                changed.push(at);
            }
        }
        Some(changed)
    }

    /// Whether the same of these files matter, which are those of [`Relevance::taken_apart`] with what they consist of
    /// now.
    pub fn holds(&self, now: &[Glanced], slices: impl Fn(usize) -> Option<Arc<Slices>>, anyway: bool) -> bool {
        let is_like =
            |(now, before): (&Glanced, &Glanced)| now.renders == before.renders && now.purpose == before.purpose;
        let is_same = |at: usize| {
            let (now, before) = (&now[at], &self.files[at]);
            Arc::ptr_eq(&now.source, &before.source)
                || tells_same(&now.glance, &before.glance)
                    && self.told[at].as_ref().is_none_or(|told| slices(at).is_some_and(|now| *now == *told.slices))
                    && self.reads_same(at, &now.source.text)
        };
        now.iter().zip(&self.files).all(is_like)
            && (0..now.len()).all(is_same)
            && begun(now, &self.catalog, anyway, || self.used.clone()).is_some_and(|begun| begun == self.begun)
    }

    /// Whether all that the text of a file was searched for is found in another one if it was in that.
    fn reads_same(&self, file: usize, text: &str) -> bool {
        let before = &self.files[file].source;
        let names = self.looked_for.iter().filter(|(of, _)| *of == file).map(|(_, name)| &self.names[*name]);
        let mut names = names.map(|name| has_name(&before.text, name) == has_name(text, name));
        let calls =
            |text: &str| self.searches.iter().map(|calls| calls.are_in(before.language, text)).collect::<Vec<_>>();
        names.all(|is_same| is_same) && calls(&before.text) == calls(text)
    }
}

/// Whether two searches tell the same, beside what is only looked for where it is asked.
fn tells_same(one: &Glance, other: &Glance) -> bool {
    (&one.imports, one.hands_on, one.is_telling) == (&other.imports, other.hands_on, other.is_telling)
}
