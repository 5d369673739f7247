//! `lazy-relation-in-loop`: a relation that is fetched once per row of a loop

use std::cmp::Reverse;

use super::eager_load;
use super::lazy_read::{MAX_ALSO, each, on_one_line, places};
use super::repeated::quote_name;
use super::{FileCx, Finding, Sink};
use crate::facts::Value;
use crate::findings::{Confidence, Role, Severity};
use crate::project::{FileId, LazyRead, LoadedAt};
use crate::source::{Language, Span};

/// How many other relations that are read at the same place are named.
const MAX_LIKEWISE: usize = 4;

/// Reports a relation that is fetched once per row of a loop
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    let reads = cx.project.lazy_reads(cx.id).iter().filter(|read| read.keys.is_empty() && !read.is_column);
    let mut reads: Vec<&LazyRead> = reads.collect();
    // At one place all are told as one: the surest, then the one with the shortest way.
    reads.sort_by_cached_key(|read| (read.span, Reverse(read.confidence), way(read), read.path.clone()));
    for same in reads.chunk_by(|a, b| a.span == b.span) {
        let first = deepest(same);
        let others: Vec<&LazyRead> = same.iter().copied().filter(|other| !std::ptr::eq(*other, first)).collect();
        if let Some(finding) = finding(cx, first, &others) {
            sink.report(finding);
        }
    }
}

/// The first of some reads, or what leads furthest on from there: to load that is to load both.
fn deepest<'r>(same: &[&'r LazyRead]) -> &'r LazyRead {
    let mut deepest = same[0];
    for &read in &same[1..] {
        let goes_on = read.path.strip_prefix(&*deepest.path).is_some_and(|rest| rest.starts_with("__"));
        let is_alike = (read.origin, read.confidence) == (deepest.origin, deepest.confidence);
        if goes_on && is_alike && read.listing == deepest.listing && read.loops == deepest.loops {
            deepest = read;
        }
    }
    deepest
}

/// How many places are shown with a read.
fn way(read: &LazyRead) -> usize {
    let LoadedAt { above, loads, last } = read.loaded_at;
    let said = [read.read, read.origin, above, loads, last].iter().flatten().count();
    read.loops.len() + read.hops.len() + read.rendered.len() + said
}

fn finding(cx: &FileCx<'_>, read: &LazyRead, others: &[&LazyRead]) -> Option<Finding> {
    let source = cx.source();
    let path = read.path.replace("__", ".");
    let last = path.rsplit('.').next().unwrap_or(&path);
    let what = declared_field(cx, read.span).unwrap_or_else(|| quote_name(source, cx.facts(), read.span));
    let (each, price) = each(cx, read)?;
    let message = if !read.hops.is_empty() {
        format!("`{what}` leads to a read of `{path}`, which is fetched {each}: {price}")
    } else if read.listing.is_some() {
        format!("`{path}` is fetched {each}: {price}")
    } else {
        format!("`{what}` fetches `{last}` {each}: {price}")
    };
    let primary = cx.label(on_one_line(source, read.span), Role::Primary, "fetched row by row");
    let mut finding = Finding::new(primary, message)
        .severity(if read.loops.len() > 1 { Severity::Error } else { Severity::Warning })
        .confidence(read.confidence)
        .note(note(read))
        .help(help(cx, read) + &likewise(read, others));
    let is_of_admin = read.listing.as_ref().is_some_and(|listing| listing.name.ends_with("Admin"));
    // Half of a fix would hide the other half.
    let is_whole = read.listing.is_some() || read.also.is_empty();
    let is_helped = is_whole && !is_of_admin && counted(cx, read).is_none() && !is_apart(cx, read);
    if let Some(fix) = eager_load::fix(cx.project, read).filter(|_| is_helped) {
        finding = finding.fix(fix);
    }
    Some(places(cx, read).into_iter().fold(finding, Finding::related))
}

fn note(read: &LazyRead) -> String {
    let mut note =
        "a relation that the query did not load is fetched when it is read, one row at a time: on PostgreSQL, \
                    1,000 look-ups by key took 1.6 s one by one and 6 ms as one query, with 1 ms of network between"
            .to_owned();
    if read.is_kept {
        note.push_str("; the session keeps what it has fetched, so it is one query for each different row");
    }
    if read.conditional {
        note.push_str("; it stands under a condition, so it may run less often");
    }
    if read.origin.is_none() && read.listing.is_none() {
        note.push_str("; the query is not in sight, but no query of the project loads this relation");
    }
    note
}

fn help(cx: &FileCx<'_>, read: &LazyRead) -> String {
    let load = &read.load;
    match read.origin {
        _ if read.listing.as_ref().is_some_and(|listing| listing.name.ends_with("Admin"))
            && load.starts_with(".select_related") =>
        {
            format!(
                "load it with the rows: `list_select_related = (\"{}\",)`, with the other foreign keys of `list_display`, \
                 which Django loads by itself only where that names none",
                read.path
            )
        }
        Some(_) if is_apart(cx, read) => {
            format!("fetch all rows before the loop, and this with them: `{load}` on the one query for them")
        }
        Some((file, span)) => {
            let source = &cx.project.file(file).source;
            let line = source.lines().line(span.start);
            if let Some(counted) = counted(cx, read).filter(|_| !source.language.is_template()) {
                return format!(
                    "count with the rows: `.annotate(n=Count(\"{counted}\"))` on the query at {}:{line}, and read that; \
                     `{load}` serves where the related rows are needed, too",
                    source.path
                );
            }
            // What it calls there, a template of Django's gives nothing to.
            if source.language == Language::DjangoTemplate {
                let rows = format!("the rows that {}:{line} asks for", source.path);
                return format!("load it with the rows: `{load}` in the view, on {rows}");
            }
            format!("load it with the rows: {}", on_queries(cx, read, (file, span)))
        }
        None => format!("load it with the rows: `{load}` on the query of `{}`", read.model),
    }
}

/// What else is read there of the same rows, as surely, with what loads it.
fn likewise(read: &LazyRead, others: &[&LazyRead]) -> String {
    let mut loads: Vec<&str> = Vec::new();
    // What leads further loads what it leads through.
    let is_covered = |other: &LazyRead| {
        [read].into_iter().chain(others.iter().copied()).any(|longer| {
            longer.origin == other.origin
                && longer.path.strip_prefix(&*other.path).is_some_and(|rest| rest.starts_with("__"))
        })
    };
    let is_sure = |other: &LazyRead| other.confidence >= read.confidence.min(Confidence::Medium);
    for other in others.iter().filter(|other| other.origin == read.origin && other.load != read.load) {
        if is_covered(other) || !is_sure(other) {
            continue;
        }
        if !loads.contains(&&*other.load) {
            loads.push(&other.load);
        }
    }
    match loads.as_slice() {
        [] => String::new(),
        [only] => format!("; so does `{only}` for another relation that is read there"),
        _ => {
            let told: Vec<String> = loads.iter().take(MAX_LIKEWISE).map(|load| format!("`{load}`")).collect();
            let more = loads.len().saturating_sub(MAX_LIKEWISE);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("; so do {}{more} for others that are read there", told.join(", "))
        }
    }
}

/// What loads a relation with the rows, and on which queries.
fn on_queries(cx: &FileCx<'_>, read: &LazyRead, origin: (FileId, Span)) -> String {
    let place = |(file, span): (FileId, Span)| {
        let source = &cx.project.file(file).source;
        format!("{}:{}", source.path, source.lines().line(span.start))
    };
    let also = &read.also[..read.also.len().min(MAX_ALSO)];
    let more = match read.also.len() - also.len() {
        0 => String::new(),
        more => format!(", and on {more} more"),
    };
    if also.is_empty() {
        format!("`{}` on the query at {}", read.load, place(origin))
    } else if also.iter().all(|also| also.load == read.load) {
        let places: Vec<String> =
            std::iter::once(origin).chain(also.iter().map(|also| also.origin)).map(place).collect();
        format!("`{}` on the queries at {}{more}", read.load, places.join(", "))
    } else {
        let each = also.iter().map(|also| format!(", `{}` on that at {}", also.load, place(also.origin)));
        format!("`{}` on the query at {}{}{more}", read.load, place(origin), each.collect::<String>())
    }
}

/// The name of a field that a class declares by the call whose name stands at a place: `owner = OwnerSerializer()`.
fn declared_field(cx: &FileCx<'_>, at: Span) -> Option<String> {
    let facts = cx.facts();
    let is_at = |value| matches!(*facts.value(value), Value::Call(call) if facts.call(call).name_span == at);
    let mut fields = facts.classes.iter().flat_map(|class| &class.attributes);
    fields.find(|field| field.in_body && is_at(field.value)).map(|field| facts.names[field.name].to_owned())
}

/// What Django's `Count` takes of a relation whose rows are only counted: `self.review_set.count()`.
fn counted(cx: &FileCx<'_>, read: &LazyRead) -> Option<String> {
    let (file, span) = read.read.unwrap_or((cx.id, read.span));
    let is_count = &cx.project.file(file).source.text[span.range()] == "count";
    let is_many = read.load.starts_with(".prefetch_related(\"");
    // A relation without a name of its own is asked for by that of its model.
    (is_count && is_many).then(|| read.path.strip_suffix("_set").unwrap_or(&read.path).to_owned())
}

/// Whether each run of the loop fetches a row of its own, and what loads the relation would be a query for each of them,
/// too.
fn is_apart(cx: &FileCx<'_>, read: &LazyRead) -> bool {
    let facts = cx.facts();
    let loads_apart = ["prefetch_related(", "selectinload("].iter().any(|way| read.load.contains(way));
    let Some((_, origin)) = read.origin.filter(|&(file, _)| file == cx.id && loads_apart) else { return false };
    let mut at = facts.call_named(origin).and_then(|(_, call)| call.in_loop);
    while let Some(id) = at {
        if read.loops.first() == Some(&id) {
            return true;
        }
        at = facts.loop_(id).parent;
    }
    false
}
