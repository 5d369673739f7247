//! What the three loop rules say of a [`Repeat`]: they differ in which ones they take and in their words.

use std::sync::Arc;

use super::lazy_read::rendered;
use super::{FileCx, Finding, Sink};
use crate::facts::{FileFacts, Loop, LoopId, LoopKind};
use crate::findings::{Confidence, Label, Role, Severity};
use crate::project::orm::{
    Amount, Asked, LeftOut, also_asked, left_out, relation_help, runs_over_rows, top_n_help, update_help,
};
use crate::project::{
    FileId, Flow, Project, QuerySite, Repeat, RepeatKind, SiteEffect, batch_for, begun, found_by, is_given_rows,
    own_transaction, wanted_by,
};
use crate::source::{SourceFile, Span};

/// The longest piece of code that a message quotes, in characters.
const QUOTE: usize = 48;

/// How many receivers of signals a help names.
const MAX_RECEIVERS: usize = 3;

/// What queries one by one cost.
pub(super) const ROUND_TRIPS: &str = "each run waits for a round trip: on PostgreSQL, 1,000 look-ups by key took 1.6 s one \
                                      by one and 6 ms as one query, with 1 ms of network between";

/// What can be done where each run is a transaction.
const ONE_BY_ONE: &str = "if the runs need not stand or fall one by one, let a transaction take many of them: read what they need \
                          with one query, and write it with one; else only what none of them changes can be read before the loop";

/// Where a queryset begins that is asked further down.
pub(super) const BEGUN: &str = "its queryset begins here";

/// Where the cursor, the repository or the builder comes from that is asked further down.
const CALLED_ON: &str = "what it is called on comes from here";

/// Reports the repeats of one kind in a file.
pub(super) fn report(cx: &FileCx<'_>, kind: RepeatKind, sink: &mut Sink<'_>) {
    // Pages that are fetched one after the other are told of as pages.
    let pages = &cx.project.orm(cx.id).pages;
    let is_page =
        |repeat: &Repeat| pages.iter().any(|page| page.span == repeat.span && matches!(page.amount, Amount::Walks(_)));
    let is_told =
        |repeat: &&Repeat| repeat.kind == kind && cx.project.prefetched(cx.id, repeat).is_none() && !is_page(repeat);
    for repeat in cx.project.repeats(cx.id).iter().filter(is_told) {
        if let Some(finding) = finding(cx.project, cx.id, repeat) {
            sink.report(finding);
        }
    }
}

fn finding(project: &Project, file: FileId, repeat: &Repeat) -> Option<Finding> {
    let source = &project.file(file).source;
    let facts = &project.file(file).facts;
    let (site_file, site_index) = repeat.site;
    let site = project.sites(site_file).get(site_index)?;
    let innermost = facts.loop_(*repeat.loops.first()?);
    let called = quote_call(source, facts, repeat);
    let head = head_of(source, innermost);
    let also = if repeat.kind == RepeatKind::Write { also_asked(project, site) } else { Vec::new() };
    let message = match repeat.kind {
        RepeatKind::Read => {
            format!("`{called}` runs a query for each run of `{head}`: {}", cost(repeat.loops.len()))
        }
        RepeatKind::Write => {
            let runs = product(repeat.loops.len());
            let each = if also.is_empty() { String::new() } else { format!(" × {}", also.len() + 1) };
            let does = match &project.file(site_file).source.text[site.span.range()] {
                "commit" => "commits",
                "flush" => "flushes",
                _ => "writes one row",
            };
            format!("`{called}` {does} for each run of `{head}`: {runs}{each} round trips")
        }
        RepeatKind::Invariant => {
            format!("`{called}` asks the same in each run of `{head}`: N queries where one serves")
        }
    };
    let own_transaction = own_transaction(project, file, repeat, site).filter(|_| repeat.kind != RepeatKind::Invariant);
    let severity = match repeat.kind {
        _ if repeat.few => Severity::Info,
        RepeatKind::Read if repeat.loops.len() > 1 => Severity::Error,
        _ => Severity::Warning,
    };
    let direct = repeat.hops.is_empty() && site_file == file && site.call == repeat.call;
    let primary = Label {
        path: source.path.clone(),
        span: repeat.span,
        role: Role::Primary,
        text: if direct { "once per row" } else { "leads to a query once per row" }.to_owned(),
    };
    let finding = Finding::new(primary, message)
        .severity(severity)
        .confidence(repeat.confidence)
        .note(note(repeat, direct))
        .help(match own_transaction {
            Some(_) => ONE_BY_ONE.to_owned(),
            None => help(project, file, repeat, site),
        });
    let begun = own_transaction.map(|(file, span)| {
        let path = project.file(file).source.path.clone();
        Label { path, span, role: Role::Related, text: "each run is a transaction of its own".to_owned() }
    });
    let asked = |asked: &Asked| {
        let (file, span) = asked.place;
        let path = project.file(file).source.path.clone();
        Label { path, span, role: Role::Related, text: format!("`{}` asks this for each row, too", asked.by) }
    };
    let places = places(project, file, repeat, site).into_iter().chain(begun).chain(also.iter().map(asked));
    Some(places.fold(finding, Finding::related))
}

/// The loops that multiply something, outermost first.
pub(super) fn loop_places(project: &Project, file: FileId, loops: &[LoopId]) -> Vec<Label> {
    let source = &project.file(file).source;
    let facts = &project.file(file).facts;
    let label = |(depth, &id): (usize, &LoopId)| {
        let found = facts.loop_(id);
        let what = match (found.kind, depth) {
            (LoopKind::Comprehension, 0) => "this comprehension",
            (LoopKind::Callback(_), 0) => "this callback runs once per element",
            (_, 0) => "this loop",
            _ => "and this one inside it",
        };
        Label { path: source.path.clone(), span: found.head, role: Role::Loop, text: what.to_owned() }
    };
    loops.iter().rev().enumerate().map(label).collect()
}

/// The loops, the calls on the way, and the query.
pub(super) fn places(project: &Project, file: FileId, repeat: &Repeat, site: &QuerySite) -> Vec<Label> {
    let label = |path: &Arc<str>, span: Span, role: Role, text: String| Label { path: path.clone(), span, role, text };
    let mut places = loop_places(project, file, &repeat.loops);
    places.extend(rendered(project, file));
    for hop in &repeat.hops {
        let path = &project.file(hop.file).source.path;
        places.push(label(path, hop.span, Role::Hop, format!("calls `{}`", hop.callee)));
    }
    if repeat.site.0 != file || site.call != repeat.call {
        let path = &project.file(repeat.site.0).source.path;
        places.push(label(path, site.span, Role::Query, "the query".to_owned()));
    }
    let of = project.file(repeat.site.0);
    if let Some(span) = begun(&of.facts, site.call) {
        let is_queryset = ["django.", "tortoise."].iter().any(|library| site.path.starts_with(library));
        let text = if is_queryset { BEGUN } else { CALLED_ON };
        places.push(label(&of.source.path, span, Role::Rows, text.to_owned()));
    }
    places
}

fn note(repeat: &Repeat, direct: bool) -> String {
    let mut note = match repeat.kind {
        RepeatKind::Read => ROUND_TRIPS,
        RepeatKind::Write => {
            "each run waits for a round trip: on PostgreSQL, 2,000 inserts took 3.1 s one by one and 25 ms in batches of 500, \
             with 1 ms of network between; one transaction around them does not help there"
        }
        RepeatKind::Invariant => "nothing that the query is made of changes in the loop, and nothing in sight there writes",
    }
    .to_owned();
    if repeat.conditional {
        let which = if direct { " that the row does not decide" } else { "" };
        note.push_str(&format!("; it stands under a condition{which}, so it may run less often"));
    }
    if repeat.confidence == Confidence::Medium && !repeat.conditional {
        note.push_str("; the call is known by its shape or by its only definition, not by its type");
    }
    if repeat.cached {
        note.push_str("; a cache is asked first: only the rows that it does not hold cost a query");
    }
    if repeat.few {
        note.push_str("; the loop runs over a few constants only");
    }
    note
}

fn help(project: &Project, file: FileId, repeat: &Repeat, site: &QuerySite) -> String {
    if repeat.kind == RepeatKind::Invariant {
        return match is_given_rows(project, file, repeat) {
            true => "whatever it is given, its query is the same: run that once, before the loop, and hand the answer in, or \
                     keep it where it is asked for",
            false => "run it once, before the loop, and use its result inside",
        }
        .to_owned();
    }
    // A wrapper that runs what it is given is known by what it runs here.
    let handed = site.batch_write.as_deref();
    let handed = handed.filter(|_| repeat.kind == RepeatKind::Write && site.effect != SiteEffect::Write);
    let is_direct = repeat.hops.is_empty() && repeat.site.0 == file && site.call == repeat.call;
    let within = repeat.loops.first().copied().filter(|_| is_direct);
    let related = relation_help(project, repeat.site.0, site, within);
    let related = related.or_else(|| update_help(project, file, repeat.call, site));
    let top_n = top_n_help(project, repeat.site.0, site).filter(|_| repeat.kind == RepeatKind::Read);
    let batch = handed.or(top_n).or(related.as_deref()).or(site.batch.as_deref()).unwrap_or(match repeat.kind {
        RepeatKind::Write => "write all rows with one statement after the loop",
        _ => "fetch the rows for all keys with one query before the loop, and look them up by key",
    });
    // What is no queryset can be annotated with nothing.
    let batch = match batch.split_once(", or annotate the outer queryset") {
        Some((first, _)) if !repeat.loops.iter().any(|&id| runs_over_rows(project, file, id)) => first,
        _ => batch,
    };
    let of_verb = batch_for(project, &site.sql, batch).filter(|_| repeat.kind == RepeatKind::Write);
    let batch = of_verb.as_deref().unwrap_or(batch);
    let mut help = match (repeat.hops.last(), repeat.kind) {
        (_, RepeatKind::Read) if let Some(found) = found_by(project, file, repeat, site) => {
            let source = &project.file(file).source;
            let (name, line) = (quote_name(source, &project.file(file).facts, found), source.lines().line(found.start));
            let way = batch.split_once("before the loop: ").map_or(batch, |(_, way)| way);
            format!(
                "`{name}` finds its key in the same run (line {line}): ask for both with one query there, or, where that \
                 is asked for all rows at once, for all keys: {way}"
            )
        }
        (hops, RepeatKind::Write) if let Some(next) = wanted_by(project, file, repeat) => {
            let source = &project.file(file).source;
            let (name, line) = (quote_name(source, &project.file(file).facts, next), source.lines().line(next.start));
            let way = if hops.is_some() { ", out of the path above" } else { "" };
            format!(
                "`{name}` goes on with the row (line {line}): write those of all runs first{way}, then what needs them; \
                 {batch}"
            )
        }
        (Some(_), RepeatKind::Write) => format!("take the write out of the path above; {batch}"),
        (Some(_), _) => format!("do it for all rows before the loop, and hand the result down the path above; {batch}"),
        (None, _) => batch.to_owned(),
    };
    if repeat.kind == RepeatKind::Read && is_written_too(project, site, within, repeat.site.0) {
        help.push_str("; the loop writes such rows, too: keep what it makes beside what was there");
    }
    if repeat.kind == RepeatKind::Write
        && let Some(left) = left_out(project, (repeat.site.0, site), (file, repeat.call))
    {
        help.push_str(&without(project, &left));
    }
    help
}

/// Whether rows of the model that a site reads are also written in the loop, or in the function that the loop calls for it.
fn is_written_too(project: &Project, site: &QuerySite, within: Option<LoopId>, file: FileId) -> bool {
    let flow = Flow::new(&project.file(file).facts);
    site.model.is_some()
        && project.sites(file).iter().any(|other| {
            other.effect == SiteEffect::Write
                && other.model == site.model
                && other.function == site.function
                && within.is_none_or(|id| flow.inside(other.in_loop, id))
        })
}

/// What a bulk write leaves out of what Django does for one row.
fn without(project: &Project, left: &LeftOut) -> String {
    let place = |(file, span): (FileId, Span)| {
        let source = &project.file(file).source;
        format!("{}:{}", source.path, source.lines().line(span.start))
    };
    let mut parts = Vec::new();
    if let Some((method, at)) = left.method {
        parts.push(format!("`{method}()` of `{}` is not called ({})", left.model, place(at)));
    }
    for &(signal, at) in left.receivers.iter().take(MAX_RECEIVERS) {
        parts.push(format!("a receiver of `{signal}` is not called ({})", place(at)));
    }
    if left.receivers.len() > MAX_RECEIVERS {
        let more = left.receivers.len() - MAX_RECEIVERS;
        parts.push(if more == 1 { "nor is 1 more".to_owned() } else { format!("nor are {more} more") });
    }
    if let Some((history, at)) = left.history {
        parts.push(format!("`{history}` writes no history ({})", place(at)));
    }
    if let Some(times) = left.times.as_ref().filter(|times| !times.is_empty()) {
        parts.push(format!("`bulk_update` and `update` do not set `{}`", times.join("`, `")));
    }
    if let Some(base) = &left.unseen {
        parts.push(format!("what `{base}` may do when a row is saved, which is not in sight"));
    }
    match parts.is_empty() {
        false => format!("; mind what that leaves out: {}", parts.join(", ")),
        true if left.is_known => {
            let times = if left.times.is_some() { ", no `auto_now`" } else { "" };
            let model = &left.model;
            format!(
                "; nothing is left out by that: `{model}` has no `save()` of its own, no receiver of signals{times}"
            )
        }
        true => String::new(),
    }
}

/// How many queries it takes where `loops` loops stand around one.
pub(super) fn cost(loops: usize) -> String {
    format!("1 + {} queries", product(loops))
}

fn product(loops: usize) -> String {
    let factors = ["N", "M", "L", "K"];
    let product: Vec<&str> = factors.iter().copied().take(loops).collect();
    product.join(" × ")
}

/// What is called, as written, as far as it is short.
pub(super) fn quote_call(source: &SourceFile, facts: &FileFacts, repeat: &Repeat) -> String {
    quote_whole(source, facts.call(repeat.call).span, repeat.span)
}

/// What stands at a place, as written; of a call of which it is the name, with what it is called on.
pub(super) fn quote_name(source: &SourceFile, facts: &FileFacts, name: Span) -> String {
    match facts.call_named(name) {
        Some((_, call)) => quote_whole(source, call.span, name),
        None => one_line(&source.text[name.range()]),
    }
}

fn quote_whole(source: &SourceFile, whole: Span, name: Span) -> String {
    let from = if whole.contains(name) { whole.start } else { name.start };
    let text = &source.text[from as usize..name.end as usize];
    let text = one_line(text);
    let text = text.strip_prefix("await ").unwrap_or(&text);
    if text.chars().count() <= QUOTE && !text.contains('`') {
        text.replace(" .", ".")
    } else {
        let name = &source.text[name.range()];
        shortened(text, name).unwrap_or_else(|| format!("….{name}"))
    }
}

/// A long chain of calls without what they are given, the first and the last of them: `db.insert(…)….returning`.
fn shortened(chain: &str, name: &str) -> Option<String> {
    let chain = chain.replace(" .", ".");
    let (first, rest) = chain.split_once('(')?;
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '$' | '?' | '!');
    if first.is_empty() || !first.chars().all(is_name) {
        return None;
    }
    let mut depth = 1;
    let end = rest.find(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    let between = if rest[end + 1..].strip_prefix('.') == Some(name) { "." } else { "…." };
    let short = format!("{first}(…){between}{name}");
    (short.chars().count() <= QUOTE).then_some(short)
}

/// The head of a loop as it is quoted.
pub(super) fn head_of(source: &SourceFile, found: &Loop) -> String {
    quote(&source.text[found.head.range()])
}

/// Code on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn quote(text: &str) -> String {
    let text = one_line(text).replace('`', "'");
    let kept = text.trim_end_matches([':', '{', ' ']);
    if kept.chars().count() <= QUOTE {
        kept.to_owned()
    } else {
        let cut: String = kept.chars().take(QUOTE - 1).collect();
        format!("{cut}…")
    }
}
