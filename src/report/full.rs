//! For people: what, where in the source, by which way, why, and what to do.

use std::io::{self, Write};
use std::sync::Arc;

use super::offer::offered;
use super::paint::{Color, hanging, sanitize, severity_word};
use super::snippet::{Drawer, Mark};
use super::{Style, causes};
use crate::engine::Report;
use crate::findings::{Confidence, Diagnostic, Label, Reported, Role};
use crate::rules::Registry;

pub(super) fn write(report: &Report, registry: &Registry, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut drawer = Drawer::new(style);
    for (nth, group) in causes::grouped(&report.findings).iter().enumerate() {
        if nth > 0 {
            writeln!(out)?;
        }
        let findings: Vec<&Reported> = group.iter().map(|&index| &report.findings[index]).collect();
        let Some((first, others)) = findings.split_first() else { continue };
        write_finding(report, registry, style, &mut drawer, first, out)?;
        write_others(report, style, others, out)?;
    }
    if !report.findings.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

fn write_finding(
    report: &Report,
    registry: &Registry,
    style: &Style,
    drawer: &mut Drawer,
    reported: &Reported,
    out: &mut dyn Write,
) -> io::Result<()> {
    let finding = &reported.diagnostic;
    let url = registry.get(finding.rule).map(|rule| rule.url()).unwrap_or_default();
    let rule = style.link(&url, finding.rule);
    let kind = style.paint(finding.severity.into(), &format!("{}[{rule}]", severity_word(finding.severity)));
    writeln!(out, "{kind}: {}", style.paint(Color::Strong, &sanitize(&finding.message)))?;

    for (path, marks) in by_file(finding) {
        let name = style.shown_path(&report.root, path);
        let drawn = report.sources.get(path).map(|source| drawer.draw(source, &name, finding.severity, marks));
        match drawn.filter(|drawn| !drawn.is_empty()) {
            Some(drawn) => out.write_all(drawn.as_bytes())?,
            None => writeln!(out, "  {name}")?,
        }
    }
    let fix = finding.fix.as_ref().map(offered);
    let notes = [("note", finding.note.as_deref()), ("help", finding.help.as_deref()), ("fix", fix.as_deref())];
    for (word, text) in notes {
        if let Some(text) = text {
            let head = format!("  {} ", style.paint(Color::Label, &format!("{word}:")));
            out.write_all(hanging(&head, word.len() + 4, &sanitize(text), style.width).as_bytes())?;
        }
    }
    let sureness = match finding.confidence {
        Confidence::High => "",
        Confidence::Medium => "medium confidence",
        Confidence::Low => "low confidence",
    };
    let suppressed = if reported.suppressed { "suppressed" } else { "" };
    let mut last = vec![suppressed, sureness];
    if !style.links {
        last.push(&url);
    }
    last.retain(|part| !part.is_empty());
    if !last.is_empty() {
        writeln!(out, "  {} {}", style.paint(Color::Label, "rule:"), style.paint(Color::Faint, &last.join(", ")))?;
    }
    Ok(())
}

/// One line for each further finding of the same cause.
fn write_others(report: &Report, style: &Style, others: &[&Reported], out: &mut dyn Write) -> io::Result<()> {
    if others.is_empty() {
        return Ok(());
    }
    let times =
        if others.len() == 1 { "1 more loop runs".to_owned() } else { format!("{} more loops run", others.len()) };
    writeln!(out, "  {} {times} the same query through the same helper:", style.paint(Color::Label, "also:"))?;
    for other in others {
        let finding = &other.diagnostic;
        let at = report.shown_place(&finding.primary, style);
        writeln!(out, "        {at}: {}", sanitize(&finding.message))?;
    }
    Ok(())
}

/// The labels of a finding by file, in the order a reader follows them; the primary one's file comes first.
fn by_file(finding: &Diagnostic) -> Vec<(&Arc<str>, Vec<Mark>)> {
    let mut files: Vec<(&Arc<str>, Vec<Mark>)> = vec![(&finding.primary.path, vec![mark(&finding.primary, true)])];
    for label in &finding.related {
        let mark = mark(label, false);
        match files.iter_mut().find(|(path, _)| **path == label.path) {
            Some((_, marks)) => marks.push(mark),
            None => files.push((&label.path, vec![mark])),
        }
    }
    files
}

fn mark(label: &Label, is_primary: bool) -> Mark {
    let text = match (label.text.as_str(), label.role) {
        ("", Role::Loop) => "the loop",
        ("", Role::Query) => "the query",
        ("", Role::Hop) => "called here",
        ("", Role::Schema) => "defined here",
        (text, _) => text,
    };
    Mark { span: label.span, text: text.to_owned(), is_primary }
}
