//! For programs that read text: one line per finding with everything that is needed to act on it, and nothing that
//! changes from one machine, terminal or run to the next.

use std::io::{self, Write};

use super::offer::offered;
use super::paint::{sanitize, severity_word};
use crate::engine::Report;
use crate::findings::{Confidence, Label, Reported, Role};

/// `path:line:column severity[confidence] rule: message | loop path:line | … | help: … | id:fingerprint`, by rule,
/// then by place. Paths are relative to the root of the project.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut findings: Vec<&Reported> = report.findings.iter().collect();
    // They come by place, and that order stays within a rule.
    findings.sort_by_key(|reported| reported.diagnostic.rule);
    for reported in findings {
        writeln!(out, "{}", line(report, reported))?;
    }
    Ok(())
}

fn line(report: &Report, reported: &Reported) -> String {
    let finding = &reported.diagnostic;
    let place = report.place(&finding.primary).map(|place| place.start);
    let (line, column) = place.map_or((1, 1), |start| (start.line, start.column));
    let confidence = match finding.confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    };
    let mut parts = vec![format!(
        "{}:{line}:{column} {}[{confidence}] {}: {}",
        finding.primary.path,
        severity_word(finding.severity),
        finding.rule,
        finding.message
    )];
    parts.extend(finding.related.iter().map(|label| format!("{} {}", role_word(label.role), at(report, label))));
    if !reported.tables.is_empty() {
        parts.push(format!("tables: {}", reported.tables.join(", ")));
    }
    if let Some(help) = &finding.help {
        parts.push(format!("help: {help}"));
    }
    if let Some(fix) = &finding.fix {
        parts.push(format!("fix: {}", offered(fix)));
    }
    if reported.suppressed {
        parts.push("suppressed".to_owned());
    }
    parts.push(format!("id:{}", reported.fingerprint));
    let joined = parts.join(" | ");
    let words: Vec<&str> = joined.split_whitespace().collect();
    sanitize(&words.join(" ")).into_owned()
}

fn at(report: &Report, label: &Label) -> String {
    match report.place(label) {
        Some(place) => format!("{}:{}", label.path, place.start.line),
        None => label.path.to_string(),
    }
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Loop => "loop",
        Role::Hop => "via",
        Role::Query => "query",
        Role::Rows => "rows",
        Role::Schema => "schema",
        Role::Primary | Role::Related => "see",
    }
}
