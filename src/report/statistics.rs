//! How often each rule found something, and which helpers cause most of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use super::paint::{Color, severity_word};
use super::{Style, causes};
use crate::engine::Report;
use crate::findings::Severity;

/// How many helpers are told.
const MOST: usize = 10;

/// Writes one line per rule, most findings first, and one for each helper that several loops call.
pub fn write_statistics(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut counts: BTreeMap<(&str, Severity), usize> = BTreeMap::new();
    for finding in report.counted() {
        *counts.entry((finding.diagnostic.rule, finding.diagnostic.severity)).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let digits = counts.first().map_or(0, |(_, count)| count.to_string().len());
    for ((rule, severity), count) in counts {
        let word = style.paint(severity.into(), severity_word(severity));
        let pad = " ".repeat("warning".len() - severity_word(severity).len());
        writeln!(out, "{}  {word}{pad}  {rule}", style.paint(Color::Strong, &format!("{count:digits$}")))?;
    }
    write_causes(report, style, out)
}

fn write_causes(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut groups = causes::grouped(&report.findings);
    groups.retain(|group| group.len() > 1 && !report.findings[group[0]].suppressed);
    groups.sort_by_key(|group| Reverse(group.len()));
    if groups.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nfixed in one place:")?;
    let digits = groups[0].len().to_string().len();
    for group in groups.iter().take(MOST) {
        let finding = &report.findings[group[0]].diagnostic;
        let Some(inside) = causes::inside_helper(finding) else { continue };
        let count = style.paint(Color::Strong, &format!("{:digits$}", group.len()));
        writeln!(out, "{count}  {}  {}", finding.rule, report.shown_place(inside, style))?;
    }
    if groups.len() > MOST {
        writeln!(out, "and {} more", groups.len() - MOST)?;
    }
    Ok(())
}
