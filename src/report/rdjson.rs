//! Reviewdog's diagnostic format: comments on a pull request, with fixes as suggestions.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::alone::told;
use crate::engine::Report;
use crate::findings::{Diagnostic, Label, Severity};
use crate::rules::Registry;
use crate::source::{SourceFile, Span};

pub(super) fn write(report: &Report, registry: &Registry, out: &mut dyn Write) -> io::Result<()> {
    let diagnostics = report.counted().map(|reported| diagnostic(report, registry, &reported.diagnostic));
    let all = json!({
        "source": { "name": "seqscan", "url": env!("CARGO_PKG_REPOSITORY") },
        "diagnostics": diagnostics.collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &all)?;
    writeln!(out)
}

fn diagnostic(report: &Report, registry: &Registry, finding: &Diagnostic) -> Value {
    let url = registry.get(finding.rule).map(|rule| rule.url()).unwrap_or_default();
    let related =
        finding.related.iter().map(|label| json!({ "message": label.text, "location": location(report, label) }));
    let mut value = json!({
        "message": told(report, registry, finding),
        "location": location(report, &finding.primary),
        "severity": match finding.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Info => "INFO",
        },
        "code": { "value": finding.rule, "url": url },
        "relatedLocations": related.collect::<Vec<_>>(),
    });
    // A suggestion is about the file of the comment.
    let edits = finding.fix.iter().flat_map(|fix| &fix.edits).filter(|edit| edit.path == finding.primary.path);
    let suggestions: Vec<Value> = edits
        .filter_map(|edit| {
            let source = report.sources.get(&edit.path)?;
            Some(json!({ "range": range(source, edit.span), "text": edit.text }))
        })
        .collect();
    if let (Some(object), false) = (value.as_object_mut(), suggestions.is_empty()) {
        object.insert("suggestions".to_owned(), suggestions.into());
    }
    value
}

fn location(report: &Report, label: &Label) -> Value {
    match report.sources.get(&label.path) {
        Some(source) => json!({ "path": &*label.path, "range": range(source, label.span) }),
        None => json!({ "path": &*label.path }),
    }
}

/// Columns are counted in bytes here.
fn range(source: &SourceFile, span: Span) -> Value {
    let position = |offset: u32| {
        let line = source.lines().line(offset);
        let start = source.lines().line_span(&source.text, line).start;
        json!({ "line": line, "column": offset.saturating_sub(start) + 1 })
    };
    json!({ "start": position(span.start), "end": position(span.end) })
}
