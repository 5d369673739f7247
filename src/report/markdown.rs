//! Markdown, for the summary of a job or a comment: counts by rule, then a line per finding.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::paint::severity_word;
use crate::engine::Report;
use crate::rules::Registry;

/// How many findings are told; a job's summary may have one megabyte.
const MOST: usize = 500;

pub(super) fn write(report: &Report, registry: &Registry, out: &mut dyn Write) -> io::Result<()> {
    let count = report.counted().count();
    if count == 0 {
        return writeln!(out, "### seqscan: no findings");
    }
    writeln!(out, "### seqscan: {count} finding{}\n", if count == 1 { "" } else { "s" })?;
    let mut by_rule: BTreeMap<&str, usize> = BTreeMap::new();
    for reported in report.counted() {
        *by_rule.entry(reported.diagnostic.rule).or_default() += 1;
    }
    for (rule, count) in by_rule {
        let url = registry.get(rule).map(|rule| rule.url()).unwrap_or_default();
        writeln!(out, "- {count} × [`{rule}`]({url})")?;
    }
    writeln!(out, "\n| | where | what |\n|---|---|---|")?;
    for reported in report.counted().take(MOST) {
        let finding = &reported.diagnostic;
        let line = report.place(&finding.primary).map_or(1, |place| place.start.line);
        let (path, message) = (cell(&finding.primary.path), cell(&finding.message));
        writeln!(out, "| {} | `{path}:{line}` | {message} |", severity_word(finding.severity))?;
    }
    if count > MOST {
        writeln!(out, "\nand {} more", count - MOST)?;
    }
    Ok(())
}

/// Text that cannot leave its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ").replace('<', "&lt;")
}
