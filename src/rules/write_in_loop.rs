//! `write-in-loop`: a write that runs once per row of a loop

use super::{FileCx, Sink, repeated};
use crate::project::RepeatKind;

/// Reports a write that runs once per row of a loop
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    repeated::report(cx, RepeatKind::Write, sink);
}
