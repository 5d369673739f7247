//! `query-in-loop`: a query that runs once per row of a loop

use super::lazy_read::rendered;
use super::repeated::{self, BEGUN, ROUND_TRIPS, cost, head_of, loop_places, quote_name};
use super::{FileCx, Finding, Sink};
use crate::findings::{Label, Role};
use crate::project::{FileId, ListedQuery, Listing, PropertyQuery, RepeatKind};
use crate::source::Span;

/// How many other places that list the same rows are shown.
const MAX_LISTINGS: usize = 4;

/// Reports a query that runs once per row of a loop
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    repeated::report(cx, RepeatKind::Read, sink);
    for property in cx.project.property_queries(cx.id).iter().filter(|property| property.defeats.is_none()) {
        if let Some(finding) = asked_by(cx, property) {
            sink.report(finding);
        }
    }
    for query in cx.project.listed_queries(cx.id).iter().filter(|query| query.defeats.is_none()) {
        sink.report(listed(cx, query));
    }
}

/// A property that asks the database, read of each row.
fn asked_by(cx: &FileCx<'_>, property: &PropertyQuery) -> Option<Finding> {
    let source = cx.source();
    let head = head_of(source, cx.facts().loop_(*property.loops.first()?));
    let name = &property.name;
    let message = format!("the property `{name}` runs a query in each run of `{head}`: {}", cost(property.loops.len()));
    let (file, span) = property.query;
    let path = cx.project.file(file).source.path.clone();
    let query = Label { path, span, role: Role::Query, text: "the query".to_owned() };
    let batch = property.batch.as_deref().unwrap_or("fetch it for all rows before the loop");
    let finding = Finding::new(cx.label(property.span, Role::Primary, "leads to a query once per row"), message)
        .confidence(property.confidence)
        .note(ROUND_TRIPS)
        .help(batch);
    let places = loop_places(cx.project, cx.id, &property.loops);
    Some(places.into_iter().chain(rendered(cx.project, cx.id)).fold(finding, Finding::related).related(query))
}

/// A query that a framework makes for each row of a list.
fn listed(cx: &FileCx<'_>, query: &ListedQuery) -> Finding {
    let called = quote_name(cx.source(), cx.facts(), query.span);
    let name = &query.listing.name;
    let (each, here) = if query.listing.is_type {
        (format!("each `{name}` of a list"), format!("what is asked of each `{name}`"))
    } else {
        (format!("each row that `{name}` lists"), "the rows are listed here".to_owned())
    };
    let message = format!("`{called}` runs a query for {each}: 1 + N queries");
    let list = |listing: &Listing| {
        let (file, span) = listing.place;
        let path = cx.project.file(file).source.path.clone();
        Label { path, span, role: Role::Loop, text: here.clone() }
    };
    let batch = query.batch.as_deref().unwrap_or("fetch it for all rows of the list at once");
    let batch = batch.replacen(" before the loop", " for the whole list", 1);
    let does = if query.way.is_some() { "leads to a query once per row" } else { "once per row" };
    let finding = Finding::new(cx.label(query.span, Role::Primary, does), message)
        .confidence(query.confidence)
        .note(ROUND_TRIPS)
        .help(batch)
        .related(list(&query.listing));
    let begun = query.begun.map(|span| cx.label(span, Role::Rows, BEGUN));
    let label = |&(file, span): &(FileId, Span), role: Role, text: String| {
        let path = cx.project.file(file).source.path.clone();
        Label { path, span, role, text }
    };
    let way = query.way.iter().flat_map(|(hops, asked)| {
        let hops = hops.iter().map(|hop| label(&(hop.file, hop.span), Role::Hop, format!("calls `{}`", hop.callee)));
        hops.chain([label(asked, Role::Query, "the query".to_owned())])
    });
    query.also.iter().take(MAX_LISTINGS).map(list).chain(way).chain(begun).fold(finding, Finding::related)
}
