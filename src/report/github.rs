//! Annotations of GitHub Actions: workflow commands, one per finding.

use std::io::{self, Write};

use super::alone::told;
use super::place::Place;
use crate::engine::Report;
use crate::findings::{Diagnostic, Severity};
use crate::rules::Registry;

/// How many annotations of one kind GitHub shows per step; the others are only in the log.
const SHOWN: usize = 10;

pub(super) fn write(report: &Report, registry: &Registry, out: &mut dyn Write) -> io::Result<Vec<String>> {
    // The worst first, as those are the ones that are shown.
    let mut findings: Vec<&Diagnostic> = report.counted().map(|finding| &finding.diagnostic).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse((finding.severity, finding.confidence)));
    for finding in findings {
        writeln!(out, "{}", command(report, registry, finding))?;
    }
    let hidden: usize = [Severity::Error, Severity::Warning, Severity::Info]
        .iter()
        .map(|&severity| report.count(severity).saturating_sub(SHOWN))
        .sum();
    Ok(if hidden == 0 {
        Vec::new()
    } else {
        vec![format!("GitHub shows {SHOWN} annotations of each kind per step: {hidden} more are only in the log")]
    })
}

fn command(report: &Report, registry: &Registry, finding: &Diagnostic) -> String {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut properties =
        vec![("title", format!("seqscan ({})", finding.rule)), ("file", finding.primary.path.to_string())];
    if let Some(Place { start, end }) = report.place(&finding.primary) {
        properties.push(("line", start.line.to_string()));
        properties.push(("endLine", end.line.to_string()));
        // GitHub refuses columns of a range over several lines.
        if start.line == end.line {
            properties.push(("col", start.column.to_string()));
            properties.push(("endColumn", end.column.to_string()));
        }
    }
    let properties: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name}={}", escape_property(value))).collect();
    format!("::{level} {}::{}", properties.join(","), escape_data(&told(report, registry, finding)))
}

fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}
