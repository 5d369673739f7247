//! A finding that stands alone, where no source is drawn: in an annotation or a comment.

use crate::engine::Report;
use crate::findings::Diagnostic;
use crate::rules::Registry;

/// The message, the places on the way, why, what to do, and the rule's page: a line each.
pub(super) fn told(report: &Report, registry: &Registry, finding: &Diagnostic) -> String {
    let mut text = finding.message.clone();
    for label in &finding.related {
        if let Some(place) = report.place(label).filter(|_| !label.text.is_empty()) {
            text += &format!("\n{}:{}: {}", label.path, place.start.line, label.text);
        }
    }
    for (word, more) in [("note", &finding.note), ("help", &finding.help)] {
        if let Some(more) = more {
            text += &format!("\n{word}: {more}");
        }
    }
    if let Some(rule) = registry.get(finding.rule) {
        text += &format!("\n{}", rule.url());
    }
    text
}
