//! `foreign-key-fetched-for-id`: a related row is fetched for its key, which the row at hand holds

use super::lazy_read::{each, on_one_line, places};
use super::repeated::one_line;
use super::{FileCx, Finding, Sink};
use crate::findings::{Applicability, Edit, Fix, Role, Severity};
use crate::project::{KeyRead, LazyRead};

/// Reports related rows that are fetched one by one for their keys
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    for read in cx.project.lazy_reads(cx.id) {
        if let Some(finding) = finding(cx, read) {
            sink.report(finding);
        }
    }
}

fn finding(cx: &FileCx<'_>, read: &LazyRead) -> Option<Finding> {
    let key = read.keys.first()?;
    let last = read.path.rsplit("__").next().unwrap_or(&read.path);
    let (each, price) = each(cx, read)?;
    // The whole of `book.author.id`, where that is what is read here.
    let is_here = key.place == (cx.id, read.span);
    let span = if is_here { read.span.cover(key.span) } else { read.span };
    let what = one_line(&cx.source().text[span.range()]);
    let message = if read.hops.is_empty() {
        format!("`{what}` fetches `{last}` {each}, for its key alone: {price}")
    } else {
        format!("`{what}` leads to a read of `{last}`, which is fetched {each} for its key alone: {price}")
    };
    let primary = cx.label(on_one_line(cx.source(), span), Role::Primary, "the key is a column of the row");
    let column = &key.column;
    let finding = Finding::new(primary, message)
        .severity(if read.loops.len() > 1 { Severity::Error } else { Severity::Warning })
        .confidence(read.confidence)
        .note(format!("the row holds the key as `{column}`: to read that asks nothing"))
        .help(help(key, cx))
        .fix(fix(cx, read));
    Some(places(cx, read).into_iter().fold(finding, Finding::related))
}

fn help(key: &KeyRead, cx: &FileCx<'_>) -> String {
    let (file, span) = key.place;
    let source = &cx.project.file(file).source;
    let written = one_line(&source.text[key.span.range()]);
    let place =
        if file == cx.id { String::new() } else { format!(" at {}:{}", source.path, source.lines().line(span.start)) };
    format!("read `{}` in place of `{written}`{place}", key.column)
}

/// All reads of the rows' keys become reads of the column.
fn fix(cx: &FileCx<'_>, read: &LazyRead) -> Fix {
    let edit = |key: &KeyRead| {
        let path = cx.project.file(key.place.0).source.path.clone();
        Edit { path, span: key.span, text: key.column.to_string() }
    };
    let mut edits: Vec<Edit> = read.keys.iter().map(edit).collect();
    edits.sort_by(|a, b| (&a.path, a.span).cmp(&(&b.path, b.span)));
    edits.dedup();
    // `book.author.id` is also a read of `book.author`.
    edits.dedup_by(|b, a| a.touches(b));
    let is_same = read.keys.iter().all(|key| key.is_same);
    Fix {
        title: format!("read `{}`", read.keys.first().map_or("", |key| &key.column)),
        applicability: if is_same { Applicability::Safe } else { Applicability::Unsafe },
        edits,
    }
}
