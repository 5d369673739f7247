//! The closing lines: what was found, what was checked, and what could not be.

use std::io::{self, Write};

use super::Style;
use super::paint::{Color, sanitize};
use super::place::Place;
use crate::engine::{Baselined, Report};
use crate::findings::{Applicability, Severity};

/// How many details of a kind are told unless all are asked for.
const DETAILS: usize = 5;

/// How much is told besides the findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SummaryLevel {
    /// Only what went wrong.
    Quiet,
    /// And a summary.
    #[default]
    Normal,
    /// And every detail.
    Verbose,
}

/// Writes what there is to say besides the findings.
pub fn write_summary(report: &Report, level: SummaryLevel, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let limit = if level == SummaryLevel::Verbose { usize::MAX } else { DETAILS };
    if level > SummaryLevel::Quiet {
        let warning = style.paint(Color::Warning, "warning");
        write_some(limit, &report.problems, out, |line| format!("{warning}: {}", sanitize(line)))?;
        let note = style.paint(Color::Info, "not checked");
        write_some(limit, &report.gaps, out, |gap| {
            let path = style.shown_path(&report.root, &gap.path);
            let line = report.sources.get(&gap.path).map_or(1, |source| Place::of(source, gap.span).start.line);
            format!("{note}: {path}:{line}: {}", sanitize(&gap.what))
        })?;
    }
    let error = style.paint(Color::Error, "internal error");
    for failure in &report.internal_errors {
        writeln!(out, "{error}: {}", sanitize(&failure.to_string()))?;
    }
    if level > SummaryLevel::Quiet {
        writeln!(out, "{}", style.paint(Color::Strong, &found(report)))?;
        writeln!(out, "{}", checked(report))?;
    }
    Ok(())
}

/// What was found, and what was checked: a line each.
pub(super) fn lines(report: &Report) -> Vec<String> {
    vec![found(report), checked(report)]
}

fn write_some<T>(limit: usize, items: &[T], out: &mut dyn Write, line: impl Fn(&T) -> String) -> io::Result<()> {
    for item in items.iter().take(limit) {
        writeln!(out, "{}", line(item))?;
    }
    if items.len() > limit {
        writeln!(out, "  and {} more (-v shows all)", items.len() - limit)?;
    }
    Ok(())
}

/// `3 findings: 1 error, 2 warnings`
fn found(report: &Report) -> String {
    let kinds = [(Severity::Error, "error", "s"), (Severity::Warning, "warning", "s"), (Severity::Info, "info", "")];
    let counts = kinds.iter().filter_map(|&(severity, word, plural)| {
        let count = report.count(severity);
        (count > 0).then(|| format!("{count} {word}{}", if count == 1 { "" } else { plural }))
    });
    let counts: Vec<String> = counts.collect();
    let mut text = match report.counted().count() {
        0 => "no findings".to_owned(),
        count => format!("{}: {}", counted(count, "finding"), counts.join(", ")),
    };
    if let Some(older) = report.older {
        text += &format!("; {older} older");
    }
    if let Some(Baselined { known, fixed }) = report.baselined {
        text += &format!("; {known} known");
        if fixed > 0 {
            let are = if fixed == 1 { "one is" } else { "ones are" };
            text += &format!(", {fixed} known {are} no more (--prune-baseline)");
        }
    }
    let fixable = |least: Applicability| {
        let fixes = report.counted().filter_map(|reported| reported.diagnostic.fix.as_ref());
        fixes.filter(|fix| fix.applicability == least).count()
    };
    match (fixable(Applicability::Safe), fixable(Applicability::Unsafe)) {
        (0, 0) => {}
        (safe, 0) => text += &format!("; {safe} fixable with --fix"),
        (0, more) => text += &format!("; {more} fixable with --fix --unsafe-fixes"),
        (safe, more) => text += &format!("; {safe} fixable with --fix, {more} more with --unsafe-fixes"),
    }
    if !report.suppressed.is_empty() {
        text += &format!(" ({} suppressed)", report.suppressed.len());
    }
    text
}

/// `checked 41 files (left out: 12 tests, 1 minified file); 2 of 57 statements not understood; schema: 9 tables`
pub fn checked(report: &Report) -> String {
    let mut text = format!("checked {}", counted(report.checked.len(), "file"));
    let left_out = report.left_out_by_reason();
    if !left_out.is_empty() {
        text += &format!(" (left out: {})", left_out.join(", "));
    }
    match (report.statements, report.statements_not_understood) {
        (0, _) => text += "; no SQL statements",
        (all, 0) => text += &format!("; {}, all understood", counted(all, "SQL statement")),
        (all, not) => text += &format!("; {not} of {} not understood", counted(all, "SQL statement")),
    }
    match &report.schema {
        None => text += "; no schema found",
        Some(schema) => {
            let tables = counted(schema.tables, "table");
            text += &format!("; schema: {tables} from {}", counted(schema.sources.len(), "file"));
        }
    }
    text
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
