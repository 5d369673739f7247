//! `duplicate-index`: two indexes that are the same.

use super::redundant_index::report;
use super::{ProjectCx, Sink};
use crate::project::schema::Overlap;

/// Reports indexes that do nothing but what another one does.
pub(super) fn check(cx: &ProjectCx<'_>, sink: &mut Sink<'_>) {
    report(cx, sink, Overlap::Same);
}
