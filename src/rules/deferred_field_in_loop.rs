//! `deferred-field-in-loop`: a column that the query left out is fetched once per row of a loop

use super::lazy_read::{each, on_one_line, places};
use super::repeated::one_line;
use super::{FileCx, Finding, Sink};
use crate::findings::{Role, Severity};
use crate::project::LazyRead;

const NOTE: &str = "a column that the query has left out is fetched when it is read, one row at a time: on PostgreSQL, 1,000 look-ups by key \
                    took 1.6 s one by one and 6 ms as one query, with 1 ms of network between";

const OWNER: &str = "Django puts the row whose relation they are on each of the rows, and reads the key that leads back to it, \
                     whatever else is read: with Django 5.2 on SQLite, 5 rows took 6 queries";

/// Reports columns that are read row by row, where the query of the rows leaves them out
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    for read in cx.project.lazy_reads(cx.id).iter().filter(|read| read.is_column) {
        if let Some(finding) = finding(cx, read) {
            sink.report(finding);
        }
    }
}

fn finding(cx: &FileCx<'_>, read: &LazyRead) -> Option<Finding> {
    let source = cx.source();
    let what = one_line(&source.text[read.span.range()]);
    let column = &read.path;
    let (each, price) = each(cx, read)?;
    let message = if read.sets_owner {
        format!("`{column}` is fetched {each}, as the query has left it out: {price}")
    } else if !read.hops.is_empty() {
        format!(
            "`{what}` leads to a read of `{column}`, which the query has left out and which is fetched {each}: {price}"
        )
    } else if read.listing.is_some() {
        format!("`{column}` is fetched {each}, as the query has left it out: {price}")
    } else {
        format!("`{what}` fetches `{column}` {each}, as the query has left it out: {price}")
    };
    let primary = cx.label(on_one_line(source, read.span), Role::Primary, "fetched row by row");
    let place = read.origin.map_or_else(String::new, |(file, span)| {
        let source = &cx.project.file(file).source;
        format!(" on the query at {}:{}", source.path, source.lines().line(span.start))
    });
    let finding = Finding::new(primary, message)
        .severity(if read.loops.len() > 1 { Severity::Error } else { Severity::Warning })
        .confidence(read.confidence)
        .note(if read.sets_owner { OWNER } else { NOTE })
        .help(format!("{}{place}", read.load));
    Some(places(cx, read).into_iter().fold(finding, Finding::related))
}
