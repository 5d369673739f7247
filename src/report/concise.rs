//! One line per finding, as compilers write them: `path:line:column: severity: message [rule]`.

use std::io::{self, Write};

use super::Style;
use super::paint::{Color, sanitize, severity_word};
use crate::engine::Report;

pub(super) fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for reported in &report.findings {
        let finding = &reported.diagnostic;
        let at = report.shown_place(&finding.primary, style);
        let severity = style.paint(finding.severity.into(), severity_word(finding.severity));
        let rule = style.paint(Color::Faint, &format!("[{}]", finding.rule));
        let suppressed = if reported.suppressed { " (suppressed)" } else { "" };
        writeln!(out, "{at}: {severity}: {} {rule}{suppressed}", sanitize(&finding.message))?;
    }
    Ok(())
}
