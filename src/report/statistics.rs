//! How often each rule found something.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Style;
use super::paint::{Color, severity_word};
use crate::engine::Report;
use crate::findings::Severity;

/// Writes one line per rule, most findings first.
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
    Ok(())
}
