//! One file to look at in a browser: findings by rule, table or file, each with its way from the loop to the query.
//!
//! It holds everything it needs and asks nothing of a network. What comes from the project is data in it, which the
//! script of the page only ever shows as text.

use std::io::{self, Write};

use serde::Serialize;

use super::paint::sanitize;
use super::place::Place;
use crate::engine::Report;
use crate::findings::{Applicability, Confidence, Diagnostic, Label, Reported, Role, Severity};
use crate::rules::Registry;
use crate::source::{SourceFile, Span};

/// How many findings are shown: browsers become slow with more, and nobody reads them.
const MOST: usize = 5_000;
/// How many lines of source stand before and after a place.
const AROUND: u32 = 1;
/// How much of a long line is shown, in characters.
const LINE: usize = 200;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

#[derive(Serialize)]
struct Data<'a> {
    project: String,
    version: &'static str,
    findings: Vec<Finding<'a>>,
    summary: Vec<String>,
    unchecked: Vec<String>,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Rule<'a> {
    name: &'a str,
    summary: &'a str,
    url: String,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    severity: Severity,
    confidence: Confidence,
    message: &'a str,
    note: Option<&'a str>,
    help: Option<&'a str>,
    fix: Option<String>,
    scope: &'a str,
    id: &'a str,
    suppressed: bool,
    tables: &'a [String],
    path: &'a str,
    line: u32,
    steps: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    role: Role,
    text: &'a str,
    path: &'a str,
    line: u32,
    column: u32,
    code: Vec<Line>,
}

/// A line of source; what is marked in it is `start..end` in characters.
#[derive(Serialize)]
struct Line {
    number: u32,
    text: String,
    start: usize,
    end: usize,
}

pub(super) fn write(report: &Report, registry: &Registry, out: &mut dyn Write) -> io::Result<Vec<String>> {
    let mut kept: Vec<&Reported> = report.findings.iter().collect();
    let mut notices = Vec::new();
    if kept.len() > MOST {
        notices.push(format!("the page shows the {MOST} worst of {} findings", kept.len()));
        kept.sort_by_key(|reported| std::cmp::Reverse((reported.diagnostic.severity, reported.diagnostic.confidence)));
        kept.truncate(MOST);
    }
    let used = |name: &str| kept.iter().any(|reported| reported.diagnostic.rule == name);
    let rules = registry.rules().iter().filter(|rule| used(rule.name()));
    let data = Data {
        project: report.root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        version: env!("CARGO_PKG_VERSION"),
        findings: kept.iter().map(|reported| finding(report, reported)).collect(),
        summary: super::summary::lines(report),
        unchecked: unchecked(report, &notices),
        rules: rules
            .map(|rule| Rule { name: rule.name(), summary: &rule.page.metadata.summary, url: rule.url() })
            .collect(),
    };
    // Nothing in the data can end the element that it stands in.
    let data = serde_json::to_string(&data)?.replace('<', "\\u003c");
    let [head, middle, tail, end] = parts();
    for part in [head, STYLE, middle, &data, tail, SCRIPT, end] {
        out.write_all(part.as_bytes())?;
    }
    Ok(notices)
}

/// The page around its style, data and script.
fn parts() -> [&'static str; 4] {
    let (head, rest) = PAGE.split_once("/*style*/").unwrap_or_default();
    let (middle, rest) = rest.split_once("/*data*/").unwrap_or_default();
    let (tail, end) = rest.split_once("/*script*/").unwrap_or_default();
    [head, middle, tail, end]
}

fn finding<'a>(report: &'a Report, reported: &'a Reported) -> Finding<'a> {
    let found = &reported.diagnostic;
    Finding {
        rule: found.rule,
        severity: found.severity,
        confidence: found.confidence,
        message: &found.message,
        note: found.note.as_deref(),
        help: found.help.as_deref(),
        fix: found.fix.as_ref().map(|fix| match fix.applicability {
            Applicability::Safe => format!("{} (--fix)", fix.title),
            Applicability::Unsafe => format!("{} (--fix --unsafe-fixes)", fix.title),
            Applicability::DisplayOnly => fix.title.clone(),
        }),
        scope: &found.scope,
        id: &reported.fingerprint,
        suppressed: reported.suppressed,
        tables: &reported.tables,
        path: &found.primary.path,
        line: report.place(&found.primary).map_or(1, |place| place.start.line),
        steps: way(found).into_iter().map(|label| step(report, label)).collect(),
    }
}

/// The places as the program runs through them: the loops, what is in them, what that calls, and the rest.
fn way(found: &Diagnostic) -> Vec<&Label> {
    let (loops, rest): (Vec<&Label>, Vec<&Label>) = found.related.iter().partition(|label| label.role == Role::Loop);
    loops.into_iter().rev().chain([&found.primary]).chain(rest).collect()
}

fn step<'a>(report: &'a Report, label: &'a Label) -> Step<'a> {
    let start = report.place(label).map(|place| place.start);
    Step {
        role: label.role,
        text: &label.text,
        path: &label.path,
        line: start.map_or(1, |start| start.line),
        column: start.map_or(1, |start| start.column),
        code: report.sources.get(&label.path).map(|source| code(source, label.span)).unwrap_or_default(),
    }
}

/// The lines around a place; of the place itself only its first line.
fn code(source: &SourceFile, span: Span) -> Vec<Line> {
    let lines = source.lines();
    let at = lines.line(span.start);
    let last = u32::try_from(lines.lines()).unwrap_or(u32::MAX);
    let numbers = at.saturating_sub(AROUND).max(1)..=at.saturating_add(AROUND).min(last);
    let shown = numbers.map(|number| {
        let whole = lines.line_span(&source.text, number);
        let text = source.text[whole.range()].trim_end_matches(['\n', '\r']);
        let marked = if number == at { Some(span) } else { None };
        let characters = |offset: u32| {
            let bytes = (offset.saturating_sub(whole.start) as usize).min(text.len());
            text[..bytes].chars().count()
        };
        let (start, end) = marked.map_or((0, 0), |span| (characters(span.start), characters(span.end)));
        cut(number, &sanitize(text), start, end)
    });
    shown.collect()
}

/// A line, of which only what is near its mark is kept if it is long.
fn cut(number: u32, text: &str, start: usize, end: usize) -> Line {
    let length = text.chars().count();
    if length <= LINE {
        return Line { number, text: text.to_owned(), start, end };
    }
    let from = start.saturating_sub(LINE / 4).min(length - LINE);
    let kept: String = text.chars().skip(from).take(LINE).collect();
    let before = if from > 0 { "… " } else { "" };
    let after = if from + LINE < length { " …" } else { "" };
    let moved = |at: usize| (at.saturating_sub(from)).min(LINE) + before.chars().count();
    let (start, end) = if start == end { (0, 0) } else { (moved(start), moved(end)) };
    Line { number, text: format!("{before}{kept}{after}"), start, end }
}

/// What was not checked, a line each.
fn unchecked(report: &Report, notices: &[String]) -> Vec<String> {
    let gaps = report.gaps.iter().map(|gap| {
        let line = report.sources.get(&gap.path).map_or(1, |source| Place::of(source, gap.span).start.line);
        format!("{}:{line}: {}", gap.path, gap.what)
    });
    let errors = report.internal_errors.iter().map(|error| format!("internal error: {error}"));
    notices.iter().cloned().chain(report.problems.iter().cloned()).chain(errors).chain(gaps).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_place_for_everything() {
        assert!(parts().iter().all(|part| !part.is_empty()));
    }

    #[test]
    fn long_lines_are_cut_around_their_mark() {
        let text = format!("{}slow(){}", "é".repeat(500), "x".repeat(500));
        let Line { text, start, end, .. } = cut(1, &text, 500, 506);
        let marked: String = text.chars().skip(start).take(end - start).collect();
        assert_eq!(marked, "slow()");
        assert!(text.chars().count() < LINE + 5 && text.starts_with("… é") && text.ends_with("x …"));
    }
}
