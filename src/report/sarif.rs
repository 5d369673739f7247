//! SARIF 2.1.0, as GitHub code scanning and other consumers read it.
//!
//! GitHub refuses a whole file that is over its limits, so the least severe findings are left out before that,
//! with a notice. It shows related locations only where the message links to them, and uses only the first
//! location, which is one line long.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::line_hash::line_hashes;
use super::place::Place;
use crate::engine::Report;
use crate::findings::{Confidence, Diagnostic, Label, Reported, Role, Severity};
use crate::rules::{Registered, Registry};

/// How many results GitHub takes in one run.
const MAX_RESULTS: usize = 25_000;
/// How long the results may be, in bytes: GitHub takes 10 MB, compressed, and these compress to less than a tenth.
const MAX_BYTES: usize = 80 << 20;
/// How many it shows.
const SHOWN_RESULTS: usize = 5_000;
/// How many places of one result are kept.
const MAX_PLACES: usize = 100;
/// How long a rule's full description may be, in characters.
const MAX_DESCRIPTION: usize = 1_024;
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(super) fn write(report: &Report, registry: &Registry, out: &mut dyn Write) -> io::Result<Vec<String>> {
    let mut kept: Vec<&Reported> = report.findings.iter().collect();
    let mut notices = Vec::new();
    if kept.len() > SHOWN_RESULTS {
        notices.push(format!("code scanning shows only the {SHOWN_RESULTS} worst of {} findings", kept.len()));
    }
    if kept.len() > SHOWN_RESULTS {
        kept.sort_by_key(|reported| std::cmp::Reverse((reported.diagnostic.severity, reported.diagnostic.confidence)));
    }
    let mut writer = Writer { report, registry, hashes: HashMap::new() };
    // A large log is written result by result, as a whole one does not fit into memory twice.
    let head = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
    });
    let mut frame = serde_json::to_string(&head)?;
    frame.pop();
    write!(out, "{frame},\"runs\":[{{\"tool\":{},", writer.tool())?;
    write!(out, "\"columnKind\":\"unicodeCodePoints\",")?;
    write!(
        out,
        "\"originalUriBaseIds\":{},",
        json!({ "%SRCROOT%": { "description": { "text": "The root of the project." } } })
    )?;
    write!(out, "\"invocations\":[{}],\"results\":[", writer.invocation())?;
    let (mut written, mut bytes) = (0, 0);
    for reported in kept.iter().take(MAX_RESULTS) {
        let result = writer.result(reported).to_string();
        bytes += result.len();
        if bytes > MAX_BYTES {
            break;
        }
        let comma = if written == 0 { "" } else { "," };
        write!(out, "{comma}\n{result}")?;
        written += 1;
    }
    writeln!(out, "\n]}}]}}")?;
    if written < kept.len() {
        notices.push(format!("{} findings are left out, as code scanning takes no more", kept.len() - written));
    }
    Ok(notices)
}

struct Writer<'a> {
    report: &'a Report,
    registry: &'a Registry,
    /// GitHub's line hashes of the files that have been needed.
    hashes: HashMap<Arc<str>, Vec<String>>,
}

impl Writer<'_> {
    fn tool(&self) -> Value {
        json!({
            "driver": {
                "name": "seqscan",
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": self.registry.rules().iter().map(rule).collect::<Vec<_>>(),
            }
        })
    }

    fn invocation(&self) -> Value {
        let report = self.report;
        let notification = |level: &str, text: &str| json!({ "level": level, "message": { "text": text } });
        let errors = report.internal_errors.iter().map(|error| notification("error", &error.to_string()));
        let problems = report.problems.iter().map(|problem| notification("warning", problem));
        json!({
            "executionSuccessful": report.internal_errors.is_empty(),
            "toolExecutionNotifications": errors.chain(problems).collect::<Vec<_>>(),
        })
    }

    fn result(&mut self, reported: &Reported) -> Value {
        let found = &reported.diagnostic;
        let related: Vec<&Label> = found.related.iter().take(MAX_PLACES).collect();
        let mut result = json!({
            "ruleId": found.rule,
            "level": level(found.severity),
            "message": { "text": message(found, &related) },
            "locations": [self.location(&found.primary)],
            "partialFingerprints": self.fingerprints(reported),
            "rank": rank(found),
            "properties": { "confidence": confidence_word(found.confidence) },
        });
        if reported.suppressed {
            result["suppressions"] = json!([{ "kind": "inSource" }]);
        }
        if let Some(index) = self.registry.find(found.rule) {
            result["ruleIndex"] = index.into();
        }
        if !found.scope.is_empty() {
            let kind = json!([{ "fullyQualifiedName": found.scope, "kind": "function" }]);
            result["locations"][0]["logicalLocations"] = kind;
        }
        if !related.is_empty() {
            let places = related.iter().enumerate().map(|(nth, label)| {
                let mut location = self.location(label);
                location["id"] = (nth + 1).into();
                location
            });
            result["relatedLocations"] = places.collect();
        }
        if let Some(flow) = self.code_flow(found) {
            result["codeFlows"] = json!([flow]);
        }
        if let Some(fix) = self.fix(found) {
            result["fixes"] = json!([fix]);
        }
        result
    }

    fn location(&self, label: &Label) -> Value {
        let mut location = json!({ "physicalLocation": self.physical(&label.path, self.report.place(label)) });
        if !label.text.is_empty() {
            location["message"] = json!({ "text": label.text });
        }
        location
    }

    fn physical(&self, path: &str, place: Option<Place>) -> Value {
        let mut physical = json!({ "artifactLocation": { "uri": uri(path), "uriBaseId": "%SRCROOT%" } });
        // GitHub wants all four numbers.
        physical["region"] = match place {
            Some(place) => region(place),
            None => json!({ "startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2 }),
        };
        physical
    }

    /// Loop → hops → query, as one walk through the code.
    fn code_flow(&self, found: &Diagnostic) -> Option<Value> {
        let on_the_way = |label: &&Label| matches!(label.role, Role::Loop | Role::Hop | Role::Query | Role::Rows);
        let way: Vec<&Label> = found.related.iter().filter(on_the_way).take(MAX_PLACES).collect();
        if way.is_empty() {
            return None;
        }
        // The loops stand around the primary place, what is called stands behind it.
        let (loops, rest): (Vec<&Label>, Vec<&Label>) = way.into_iter().partition(|label| label.role == Role::Loop);
        let steps = loops.into_iter().chain([&found.primary]).chain(rest);
        let steps = steps.enumerate().map(|(nth, label)| {
            let mut location = self.location(label);
            if label.text.is_empty() {
                location["message"] = json!({ "text": step_word(label.role) });
            }
            json!({ "location": location, "executionOrder": nth + 1, "importance": "essential" })
        });
        Some(json!({ "threadFlows": [{ "locations": steps.collect::<Vec<_>>() }] }))
    }

    fn fix(&self, found: &Diagnostic) -> Option<Value> {
        let fix = found.fix.as_ref()?;
        let mut by_path: Vec<(&str, Vec<Value>)> = Vec::new();
        for edit in &fix.edits {
            let source = self.report.sources.get(&edit.path)?;
            let place = Place::of(source, edit.span);
            let replacement = json!({ "deletedRegion": region(place), "insertedContent": { "text": edit.text } });
            match by_path.iter_mut().find(|(path, _)| *path == &*edit.path) {
                Some((_, replacements)) => replacements.push(replacement),
                None => by_path.push((&edit.path, vec![replacement])),
            }
        }
        let changes = by_path.into_iter().map(|(path, replacements)| {
            json!({ "artifactLocation": { "uri": uri(path), "uriBaseId": "%SRCROOT%" }, "replacements": replacements })
        });
        Some(json!({
            "description": { "text": fix.title },
            "artifactChanges": changes.collect::<Vec<_>>(),
            "properties": { "applicability": fix.applicability },
        }))
    }

    fn fingerprints(&mut self, reported: &Reported) -> Value {
        let mut fingerprints = Map::new();
        fingerprints.insert("seqscan/v1".to_owned(), reported.fingerprint.clone().into());
        if let Some(hash) = self.line_hash(&reported.diagnostic.primary) {
            fingerprints.insert("primaryLocationLineHash".to_owned(), hash.into());
        }
        fingerprints.into()
    }

    /// GitHub's own fingerprint, where we have the same text as it has.
    fn line_hash(&mut self, label: &Label) -> Option<String> {
        let source = self.report.sources.get(&label.path).filter(|source| source.is_faithful())?;
        let line = source.lines().line(label.span.start) as usize;
        let hashes = self.hashes.entry(label.path.clone()).or_insert_with(|| line_hashes(&source.text));
        hashes.get(line - 1).cloned()
    }
}

fn region(place: Place) -> Value {
    json!({
        "startLine": place.start.line,
        "startColumn": place.start.column,
        "endLine": place.end.line,
        "endColumn": place.end.column,
    })
}

fn rule(rule: &Registered) -> Value {
    let metadata = &rule.page.metadata;
    let full: String = rule.page.introduction().chars().take(MAX_DESCRIPTION).collect();
    let full = if full.is_empty() { metadata.summary.clone() } else { full };
    let mut tags = vec!["performance", "database", metadata.category.name()];
    tags.extend(metadata.languages.iter().map(String::as_str));
    tags.truncate(10);
    let help = format!("{}\n\n{}", rule.page.body.trim(), rule.url());
    json!({
        "id": rule.name(),
        "name": pascal_case(rule.name()),
        "shortDescription": { "text": metadata.summary },
        "fullDescription": { "text": full },
        "help": { "text": help, "markdown": help },
        "helpUri": rule.url(),
        "defaultConfiguration": { "level": level(metadata.severity) },
        "properties": {
            "tags": tags,
            "precision": match metadata.confidence {
                Confidence::High => "high",
                Confidence::Medium => "medium",
                Confidence::Low => "low",
            },
            "problem.severity": match metadata.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "recommendation",
            },
        },
    })
}

/// `query-in-loop` as `QueryInLoop`: a name that is not the id again.
fn pascal_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_uppercase() + rest
    });
    words.collect()
}

/// What, then the places as links, why, and what to do. The first sentence stands alone where space is short.
fn message(found: &Diagnostic, related: &[&Label]) -> String {
    let mut text = format!("{}.", escape_link(&found.message));
    let links = related.iter().enumerate().map(|(nth, label)| {
        let words = if label.text.is_empty() { step_word(label.role) } else { &label.text };
        format!("[{}]({})", escape_link(words), nth + 1)
    });
    let links: Vec<String> = links.collect();
    if !links.is_empty() {
        text += &format!("\nSee {}.", links.join(", "));
    }
    if let Some(note) = &found.note {
        text += &format!("\nWhy: {}", escape_link(note));
    }
    if let Some(help) = &found.help {
        text += &format!("\nHelp: {}", escape_link(help));
    }
    text
}

/// In a message `[words](1)` is a link, so that brackets of the code in it need a backslash.
fn escape_link(text: &str) -> String {
    text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

fn step_word(role: Role) -> &'static str {
    match role {
        Role::Loop => "the loop",
        Role::Hop => "a call on the way",
        Role::Query => "the query",
        Role::Rows => "where the rows come from",
        Role::Schema => "the table",
        Role::Primary => "here",
        Role::Related => "this place",
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn confidence_word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}

/// How much a finding matters, from 0 to 100.
fn rank(found: &Diagnostic) -> f64 {
    let severity = match found.severity {
        Severity::Error => 80.0,
        Severity::Warning => 50.0,
        Severity::Info => 20.0,
    };
    let confidence = match found.confidence {
        Confidence::High => 15.0,
        Confidence::Medium => 5.0,
        Confidence::Low => -10.0,
    };
    severity + confidence
}

/// A relative path as a URI: everything but what RFC 3986 allows in a path is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    let mut first_part = true;
    for byte in path.bytes() {
        first_part &= byte != b'/';
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(byte as char),
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b'@' => {
                uri.push(byte as char)
            }
            // In the first part of a relative path a colon would end a scheme.
            b':' if !first_part => uri.push(':'),
            _ => uri += &format!("%{byte:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_percent_encoded() {
        assert_eq!(uri("a/b c/é#?.py"), "a/b%20c/%C3%A9%23%3F.py");
        assert_eq!(uri("a:b/c:d"), "a%3Ab/c:d");
        assert_eq!(uri("app/[id]/page.tsx"), "app/%5Bid%5D/page.tsx");
        assert_eq!(uri("100%.sql"), "100%25.sql");
    }

    #[test]
    fn brackets_of_code_are_no_links() {
        assert_eq!(escape_link(r"`xs[0](1)` \d"), r"`xs\[0\](1)` \\d");
    }
}
