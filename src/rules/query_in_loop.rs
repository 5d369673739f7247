//! `query-in-loop`: a query that runs once per row of a loop

use super::repeated::{self, ROUND_TRIPS};
use super::{FileCx, Finding, Sink};
use crate::findings::{Label, Role};
use crate::project::{ListedQuery, RepeatKind};

/// Reports a query that runs once per row of a loop
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    repeated::report(cx, RepeatKind::Read, sink);
    for query in cx.project.listed_queries(cx.id) {
        sink.report(listed(cx, query));
    }
}

/// A query that a framework makes for each row of a list.
fn listed(cx: &FileCx<'_>, query: &ListedQuery) -> Finding {
    let called = &cx.source().text[query.span.range()];
    let name = &query.listing.name;
    let message = format!("`{called}` runs a query for each row that `{name}` lists: 1 + N queries");
    let (file, span) = query.listing.place;
    let path = cx.project.file(file).source.path.clone();
    let list = Label { path, span, role: Role::Loop, text: "the rows are listed here".to_owned() };
    let batch = query.batch.as_deref().unwrap_or("fetch it for all rows of the list at once");
    Finding::new(cx.label(query.span, Role::Primary, "once per row"), message)
        .confidence(query.confidence)
        .note(ROUND_TRIPS)
        .help(batch)
        .related(list)
}
