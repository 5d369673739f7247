//! GitLab's Code Quality report: a list of findings, as a job's artifact.

use std::io::{self, Write};

use serde::Serialize;

use super::place::Place;
use crate::engine::Report;
use crate::findings::Severity;

#[derive(Serialize)]
struct Issue<'a> {
    description: &'a str,
    check_name: &'a str,
    fingerprint: &'a str,
    severity: &'a str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let issues = report.counted().map(|reported| {
        let finding = &reported.diagnostic;
        let lines = report.place(&finding.primary).map(|Place { start, end }| (start.line, end.line));
        let (begin, end) = lines.unwrap_or((1, 1));
        Issue {
            description: &finding.message,
            check_name: finding.rule,
            fingerprint: &reported.fingerprint,
            severity: match finding.severity {
                Severity::Error => "critical",
                Severity::Warning => "major",
                Severity::Info => "info",
            },
            location: Location { path: &finding.primary.path, lines: Lines { begin, end } },
        }
    });
    serde_json::to_writer_pretty(&mut *out, &issues.collect::<Vec<_>>())?;
    writeln!(out)
}
