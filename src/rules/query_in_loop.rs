//! `query-in-loop`: a query that runs once per row of a loop

use super::repeated::{self, ROUND_TRIPS};
use super::{FileCx, Finding, Sink};
use crate::findings::{Label, Role};
use crate::project::{ListedQuery, Listing, RepeatKind};

/// How many other places that list the same rows are shown.
const MAX_LISTINGS: usize = 4;

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
    let list = |listing: &Listing| {
        let (file, span) = listing.place;
        let path = cx.project.file(file).source.path.clone();
        Label { path, span, role: Role::Loop, text: "the rows are listed here".to_owned() }
    };
    let batch = query.batch.as_deref().unwrap_or("fetch it for all rows of the list at once");
    let finding = Finding::new(cx.label(query.span, Role::Primary, "once per row"), message)
        .confidence(query.confidence)
        .note(ROUND_TRIPS)
        .help(batch)
        .related(list(&query.listing));
    query.also.iter().take(MAX_LISTINGS).map(list).fold(finding, Finding::related)
}
