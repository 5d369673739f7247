//! `invariant-query-in-loop`: the same query in each run of a loop

use super::{FileCx, Sink, repeated};
use crate::project::RepeatKind;

/// Reports the same query in each run of a loop
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    repeated::report(cx, RepeatKind::Invariant, sink);
}
