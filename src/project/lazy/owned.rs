//! Rows of a relation that are asked of one row: Django puts that row on each of them, `chapter.book` of
//! `book.chapters.all()`, and reads the key that leads back to it. A query that leaves the key out,
//! `book.chapters.only("title")`, fetches it for each of them, whatever else is read.

use super::super::loops::LoopShape;
use super::super::relations::Orm;
use super::traced::LoadedAt;
use super::{Finder, LazyRead};
use crate::facts::*;
use crate::source::Language;

impl Finder<'_, '_> {
    /// Loops over rows of a relation whose query leaves out the key that leads back.
    pub(super) fn left_out_keys(&mut self) {
        let is_python = self.types.project().file(self.file).source.language == Language::Python;
        if !is_python || !self.types.relations().has(Orm::Django) {
            return;
        }
        for (index, found) in self.facts.loops.iter().enumerate() {
            let id = LoopId(u32::try_from(index).unwrap_or(u32::MAX));
            if !matches!(found.kind, LoopKind::Each | LoopKind::Comprehension) {
                continue;
            }
            let Some(rows) = self.tracer.rows_of(self.file, found.iterable) else { continue };
            let Some(key) = rows.key.clone().filter(|key| rows.loaded.columns.leave_out_key(key)) else { continue };
            if self.loops.shape(id) != LoopShape::Rows {
                continue;
            }
            let step = rows.steps.last.filter(|&(file, _)| file == self.file);
            let read = LazyRead {
                span: step.map_or(found.head, |(_, span)| span),
                function: found.function,
                loops: vec![id],
                listing: None,
                hops: Vec::new(),
                read: None,
                model: self.model_name(rows.base),
                load: rows.loaded.columns.fetching(&key, self.types, rows.model),
                is_column: true,
                sets_owner: true,
                path: key.into(),
                origin: rows.origin,
                loaded_at: LoadedAt::default(),
                is_kept: false,
                confidence: rows.confidence,
                conditional: false,
                also: Vec::new(),
                rendered: Vec::new(),
                keys: Vec::new(),
            };
            self.found.entry((found.function, found.iterable)).or_default().push(read);
        }
    }
}
