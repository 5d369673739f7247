//! From what a rule over SQL text finds to what is told: places of the file, on one line.

use super::sql_finding::{SqlCx, SqlFinding, SqlFix, SqlPlace};
use super::{FileCx, Finding, Sink, StatementCx};
use crate::findings::{Edit, Fix, IndexChange, Label, Role};
use crate::project::orm::{Draft, Matter, OrmQuery};
use crate::project::schema::Place;
use crate::source::{SourceFile, Span};

/// Runs `check` on a statement, if anything runs the statement, and tells what it finds.
pub(super) fn report(cx: &StatementCx<'_>, sink: &mut Sink<'_>, check: impl FnOnce(SqlCx<'_>, &mut Vec<SqlFinding>)) {
    if cx.sql.statement.query.is_none() {
        return;
    }
    let project = cx.file.project;
    // What stands in a `.sql` file is run, as far as is known.
    if cx.sql.text.is_some() && !project.is_executed(cx.file.id, cx.index) {
        return;
    }
    let text = match cx.sql.text {
        Some(text) => cx.file.facts().texts[text.index()].cooked.as_str(),
        None => cx.file.source().text.as_str(),
    };
    let dialect = project.dialect_of(cx.file.id, cx.index);
    let sql = SqlCx::new(&cx.sql.statement, text, project.schema(), project.servers(), dialect);
    let Some(sql) = sql else { return };
    let mut found = Vec::new();
    check(sql, &mut found);
    for finding in found {
        sink.report(told(cx, finding));
    }
}

/// Runs `check` on every statement of a file and on what the queries of ORMs in it amount to, and tells what it finds.
pub(super) fn report_all(cx: &FileCx<'_>, sink: &mut Sink<'_>, check: fn(SqlCx<'_>, &mut Vec<SqlFinding>)) {
    report_all_of(cx, sink, None, check);
}

/// The same of a matter for which libraries have words of their own.
pub(super) fn report_all_of(
    cx: &FileCx<'_>,
    sink: &mut Sink<'_>,
    matter: Option<Matter>,
    check: fn(SqlCx<'_>, &mut Vec<SqlFinding>),
) {
    for index in 0..cx.facts().statements.len() {
        report(&cx.statement(index), sink, check);
    }
    let project = cx.project;
    let mut seen: Vec<Span> = Vec::new();
    for query in &project.orm(cx.id).queries {
        let text = cx.source().text.as_str();
        let sql = SqlCx::new(&query.statement, text, project.schema(), project.servers(), query.dialect);
        let Some(sql) = sql else { continue };
        let sql = SqlCx { model: Some(query.class_name(project).unwrap_or("")), ..sql };
        let mut found = Vec::new();
        check(sql, &mut found);
        for finding in found {
            // One line may be a part of several queries.
            if !seen.contains(&finding.span) {
                seen.push(finding.span);
                sink.report(told_of_orm(cx, query, matter, finding));
            }
        }
    }
}

/// What was found of a query of an ORM: its places are those of the file, and what to do is said in its own words.
fn told_of_orm(cx: &FileCx<'_>, query: &OrmQuery, matter: Option<Matter>, found: SqlFinding) -> Finding {
    let help = match &found.index {
        Some(IndexChange::Add(need)) => query.index_help(cx.project, need),
        _ => matter.and_then(|matter| query.instead_of(matter, found.span)).map(str::to_owned),
    };
    let primary = cx.label(first_line(cx.source(), found.span), Role::Primary, "");
    let mut finding = Finding::new(primary, found.message)
        .severity(found.severity)
        .confidence(found.confidence.min(query.confidence))
        .note(found.note)
        .help(help.unwrap_or(found.help))
        .index(found.index);
    for (place, text) in found.related {
        finding = finding.related(match place {
            SqlPlace::Text(span) => cx.label(first_line(cx.source(), span), Role::Related, text),
            SqlPlace::Schema(place) => schema_label(cx, place, text),
        });
    }
    finding
}

fn told(cx: &StatementCx<'_>, found: SqlFinding) -> Finding {
    let primary = cx.file.label(first_line(cx.file.source(), cx.host_span(found.span)), Role::Primary, "");
    let mut finding = Finding::new(primary, found.message)
        .severity(found.severity)
        .confidence(found.confidence)
        .note(found.note)
        .help(found.help)
        .index(found.index);
    if let Some(fix) = found.fix.and_then(|fix| in_file(cx, fix)) {
        finding = finding.fix(fix);
    }
    for (place, text) in found.related {
        finding = finding.related(label(&cx.file, cx, place, text));
    }
    finding
}

/// Edits of the file, if what they replace stands there as it stands in the statement: no escape, no hole, and not two
/// strings that are put together.
fn in_file(cx: &StatementCx<'_>, fix: SqlFix) -> Option<Fix> {
    let source = cx.file.source();
    let text = match cx.sql.text {
        Some(text) => cx.file.facts().texts[text.index()].cooked.as_str(),
        None => source.text.as_str(),
    };
    let edits = fix.edits.into_iter().map(|(span, text_after)| {
        let host = cx.host_span(span);
        let is_same = source.text.get(host.range()) == text.get(span.range());
        is_same.then(|| Edit { path: source.path.clone(), span: host, text: text_after })
    });
    Some(Fix { title: fix.title, applicability: fix.applicability, edits: edits.collect::<Option<Vec<Edit>>>()? })
}

/// What an ORM's part of a rule found.
pub(super) fn drafted(cx: &FileCx<'_>, draft: Draft) -> Finding {
    let mut finding = Finding::new(cx.label(draft.span, Role::Primary, ""), draft.message)
        .severity(draft.severity)
        .confidence(draft.confidence)
        .note(draft.note)
        .help(draft.help)
        .index(draft.index);
    for (span, role, text) in draft.related {
        finding = finding.related(cx.label(span, role, text));
    }
    finding
}

fn label(file: &FileCx<'_>, cx: &StatementCx<'_>, place: SqlPlace, text: String) -> Label {
    match place {
        SqlPlace::Text(span) => file.label(first_line(file.source(), cx.host_span(span)), Role::Related, text),
        SqlPlace::Schema(place) => schema_label(file, place, text),
    }
}

fn schema_label(file: &FileCx<'_>, place: Place, text: String) -> Label {
    let source = &file.project.file(place.file).source;
    Label { path: source.path.clone(), span: first_line(source, place.span), role: Role::Schema, text }
}

/// The part of a place that stands on its first line: what is told is never longer.
pub(super) fn first_line(file: &SourceFile, span: Span) -> Span {
    let text = file.text.get(span.range()).unwrap_or("");
    let line = text.find(['\n', '\r']).map_or(text, |end| text[..end].trim_end());
    if line.is_empty() {
        span
    } else {
        Span { start: span.start, end: span.start + u32::try_from(line.len()).unwrap_or(0) }
    }
}
