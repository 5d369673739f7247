//! What the rules on relations that are read row by row say alike: how often, where, and behind what.

use super::FileCx;
use super::repeated::{cost, head_of, loop_places};
use crate::findings::{Label, Role};
use crate::project::{FileId, LazyRead, Project, Rendering};
use crate::source::{SourceFile, Span};

/// How many other queries that lead to a read are shown.
pub(super) const MAX_ALSO: usize = 4;

/// How many places that render a template are shown.
pub(super) const MAX_RENDERINGS: usize = 4;

/// The places that render a template, if the file is one.
pub(super) fn rendered(project: &Project, file: FileId) -> Vec<Label> {
    let label = |rendering: &Rendering| {
        let (file, span) = rendering.place;
        let path = project.file(file).source.path.clone();
        Label { path, span, role: Role::Rows, text: "rendered here".to_owned() }
    };
    project.renderings(file).into_iter().take(MAX_RENDERINGS).map(label).collect()
}

/// When a relation is fetched, and what that costs.
pub(super) fn each(cx: &FileCx<'_>, read: &LazyRead) -> Option<(String, String)> {
    match (&read.listing, read.loops.first()) {
        (Some(listing), _) => Some((format!("for each row that `{}` lists", listing.name), cost(1))),
        (None, Some(&innermost)) => {
            let head = head_of(cx.source(), cx.facts().loop_(innermost));
            Some((format!("in each run of `{head}`"), cost(read.loops.len())))
        }
        (None, None) => None,
    }
}

/// The loops or the list, the calls on the way, the read, and the query that the rows come from.
pub(super) fn places(cx: &FileCx<'_>, read: &LazyRead) -> Vec<Label> {
    let at = |(file, span): (FileId, Span), role: Role, text: String| {
        let path = cx.project.file(file).source.path.clone();
        Label { path, span, role, text }
    };
    let mut places = loop_places(cx.project, cx.id, &read.loops);
    if let Some(listing) = &read.listing {
        places.push(at(listing.place, Role::Loop, "the rows are listed here".to_owned()));
    }
    places.extend(
        read.rendered.iter().take(MAX_RENDERINGS).map(|&place| at(place, Role::Rows, "rendered here".to_owned())),
    );
    // What is called in the loop is the primary place.
    for hop in read.hops.iter().filter(|hop| (hop.file, hop.span) != (cx.id, read.span)) {
        places.push(at((hop.file, hop.span), Role::Hop, format!("calls `{}`", hop.callee)));
    }
    if let Some(place) = read.read {
        places.push(at(place, Role::Query, "the read".to_owned()));
    }
    if let Some(place) = read.origin {
        let text = format!("the rows come from here, without `{}`", read.path.replace("__", "."));
        places.push(at(place, Role::Rows, text));
    }
    for also in read.also.iter().take(MAX_ALSO) {
        places.push(at(also.origin, Role::Rows, "these rows come without it, too".to_owned()));
    }
    let LazyRead { origin, loaded_at, .. } = read;
    let line = |(file, span): (FileId, Span)| (file, cx.project.file(file).source.lines().line(span.start));
    let mut told: Vec<_> = origin.iter().copied().chain([(cx.id, read.span)]).map(line).collect();
    let said = [
        (loaded_at.above, "the rows that it is read of are loaded here"),
        (loaded_at.loads, "what the query loads along is said here"),
        (loaded_at.last, "the query ends here"),
    ];
    for (place, text) in said {
        if let Some(place) = place.filter(|&place| !told.contains(&line(place))) {
            told.push(line(place));
            places.push(at(place, Role::Rows, text.to_owned()));
        }
    }
    places
}

/// The read, or its last name if it is written on several lines.
pub(super) fn on_one_line(source: &SourceFile, span: Span) -> Span {
    let text = &source.text[span.range()];
    match text.rfind('\n') {
        Some(at) => {
            let rest = &text[at + 1..];
            let start = span.end - u32::try_from(rest.trim_start().len()).unwrap_or(0);
            Span { start, end: span.end }
        }
        None => span,
    }
}
