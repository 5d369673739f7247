//! `query-in-loop`: a query that runs once per row of a loop

use super::{FileCx, Sink, repeated};
use crate::project::RepeatKind;

/// Reports a query that runs once per row of a loop
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    repeated::report(cx, RepeatKind::Read, sink);
}
