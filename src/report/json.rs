//! One JSON document for other programs. Its form has a version; `editors/report.schema.json` describes it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::place::Place;
use crate::engine::Report;
use crate::findings::{Applicability, Confidence, Label, Reported, Role, Severity};
use crate::rules::Registry;
use crate::source::Span;

/// The version of the form. A key may be added without a new version; none is removed or changed.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    root: String,
    findings: Vec<Finding<'a>>,
    summary: Summary<'a>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    severity: Severity,
    confidence: Confidence,
    message: &'a str,
    note: Option<&'a str>,
    help: Option<&'a str>,
    url: String,
    location: Location<'a>,
    related: Vec<Location<'a>>,
    scope: &'a str,
    fingerprint: &'a str,
    tables: &'a [String],
    suppressed: bool,
    fix: Option<Fix<'a>>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    role: Role,
    text: &'a str,
    start: Option<Point>,
    end: Option<Point>,
}

/// Lines and columns from 1, columns in characters; the offset in bytes from 0.
#[derive(Serialize)]
struct Point {
    line: u32,
    column: u32,
    offset: u64,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    applicability: Applicability,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    path: &'a str,
    start: Option<Point>,
    end: Option<Point>,
    text: &'a str,
}

#[derive(Serialize)]
struct Summary<'a> {
    findings: Counts,
    rules: BTreeMap<&'a str, RuleCounts>,
    suppressed: usize,
    files_checked: usize,
    files_read: usize,
    left_out: Vec<LeftOut<'a>>,
    statements: usize,
    statements_not_understood: usize,
    schema: Option<Schema<'a>>,
    gaps: Vec<Gap<'a>>,
    problems: &'a [String],
    internal_errors: Vec<String>,
}

#[derive(Serialize)]
struct Counts {
    error: usize,
    warning: usize,
    info: usize,
}

/// How often one rule found something: what a graph over time is drawn from.
#[derive(Default, Serialize)]
struct RuleCounts {
    findings: usize,
    known: usize,
    suppressed: usize,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    path: &'a str,
    reason: String,
}

#[derive(Serialize)]
struct Schema<'a> {
    tables: usize,
    indexes: usize,
    sources: Vec<&'a str>,
}

#[derive(Serialize)]
struct Gap<'a> {
    path: &'a str,
    line: u32,
    text: &'a str,
}

pub(super) fn write(report: &Report, registry: &Registry, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        version: VERSION,
        tool: Tool { name: "seqscan", version: env!("CARGO_PKG_VERSION") },
        root: report.root.to_string_lossy().into_owned(),
        findings: report.findings.iter().map(|reported| finding(report, registry, reported)).collect(),
        summary: summary(report),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn finding<'a>(report: &'a Report, registry: &Registry, reported: &'a Reported) -> Finding<'a> {
    let found = &reported.diagnostic;
    Finding {
        rule: found.rule,
        severity: found.severity,
        confidence: found.confidence,
        message: &found.message,
        note: found.note.as_deref(),
        help: found.help.as_deref(),
        url: registry.get(found.rule).map(|rule| rule.url()).unwrap_or_default(),
        location: location(report, &found.primary),
        related: found.related.iter().map(|label| location(report, label)).collect(),
        scope: &found.scope,
        fingerprint: &reported.fingerprint,
        tables: &reported.tables,
        suppressed: reported.suppressed,
        fix: found.fix.as_ref().map(|fix| Fix {
            title: &fix.title,
            applicability: fix.applicability,
            edits: fix.edits.iter().map(|edit| self::edit(report, edit)).collect(),
        }),
    }
}

fn location<'a>(report: &Report, label: &'a Label) -> Location<'a> {
    let (start, end) = points(report, &label.path, label.span);
    Location { path: &label.path, role: label.role, text: &label.text, start, end }
}

fn edit<'a>(report: &Report, edit: &'a crate::findings::Edit) -> Edit<'a> {
    let (start, end) = points(report, &edit.path, edit.span);
    Edit { path: &edit.path, start, end, text: &edit.text }
}

fn points(report: &Report, path: &str, span: Span) -> (Option<Point>, Option<Point>) {
    let Some(source) = report.sources.get(path) else { return (None, None) };
    let place = Place::of(source, span);
    let point = |at: crate::source::LineColumn, offset: u32| Point {
        line: at.line,
        column: at.column,
        offset: source.disk_offset(offset),
    };
    (Some(point(place.start, span.start)), Some(point(place.end, span.end)))
}

fn summary(report: &Report) -> Summary<'_> {
    let gap_line =
        |path: &str, span: Span| report.sources.get(path).map_or(1, |source| source.lines().line(span.start));
    Summary {
        findings: Counts {
            error: report.count(Severity::Error),
            warning: report.count(Severity::Warning),
            info: report.count(Severity::Info),
        },
        rules: rules(report),
        suppressed: report.suppressed.len(),
        files_checked: report.checked.len(),
        files_read: report.files_read,
        left_out: report
            .left_out
            .iter()
            .map(|left_out| LeftOut { path: &left_out.path, reason: left_out.reason.singular() })
            .collect(),
        statements: report.statements,
        statements_not_understood: report.statements_not_understood,
        schema: report.schema.as_ref().map(|schema| Schema {
            tables: schema.tables,
            indexes: schema.indexes,
            sources: schema.sources.iter().map(|source| &**source).collect(),
        }),
        gaps: report
            .gaps
            .iter()
            .map(|gap| Gap { path: &gap.path, line: gap_line(&gap.path, gap.span), text: &gap.what })
            .collect(),
        problems: &report.problems,
        internal_errors: report.internal_errors.iter().map(ToString::to_string).collect(),
    }
}

fn rules(report: &Report) -> BTreeMap<&str, RuleCounts> {
    let mut rules: BTreeMap<&str, RuleCounts> = BTreeMap::new();
    for reported in report.counted() {
        rules.entry(reported.diagnostic.rule).or_default().findings += 1;
    }
    for reported in &report.suppressed {
        rules.entry(reported.diagnostic.rule).or_default().suppressed += 1;
    }
    for (rule, known) in &report.known {
        rules.entry(rule).or_default().known = *known;
    }
    rules
}

/// The JSON Schema of the document; `editors/report.schema.json` is its printed form.
pub fn json_schema() -> Value {
    let point = json!({ "oneOf": [{ "$ref": "#/definitions/point" }, { "type": "null" }] });
    let optional_text = json!({ "type": ["string", "null"] });
    let count = json!({ "type": "integer", "minimum": 0 });
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": format!("{}/raw/main/editors/report.schema.json", env!("CARGO_PKG_REPOSITORY")),
        "title": "seqscan report",
        "description": "What `seqscan check --output-format json` writes. Keys may be added within a version.",
        "type": "object",
        "required": ["version", "tool", "root", "findings", "summary"],
        "properties": {
            "version": { "const": VERSION },
            "tool": record(json!({ "name": { "const": "seqscan" }, "version": text })),
            "root": { "type": "string", "description": "The folder that all paths are relative to." },
            "findings": { "type": "array", "items": { "$ref": "#/definitions/finding" } },
            "summary": { "$ref": "#/definitions/summary" },
        },
        "definitions": {
            "point": described(record(json!({
                "line": { "type": "integer", "minimum": 1 },
                "column": { "type": "integer", "minimum": 1, "description": "In characters (Unicode scalar values), from 1." },
                "offset": { "type": "integer", "minimum": 0, "description": "In bytes of the file, from 0." },
            })), "A place in a file."),
            "location": described(record(json!({
                "path": text,
                "role": { "enum": ["primary", "loop", "hop", "query", "rows", "schema", "related"] },
                "text": { "type": "string", "description": "What there is to say of this place; may be empty." },
                "start": point,
                "end": described(point.clone(), "Exclusive."),
            })), "A range of a file."),
            "fix": record(json!({
                "title": text,
                "applicability": { "enum": ["display-only", "unsafe", "safe"] },
                "edits": { "type": "array", "items": record(json!({ "path": text, "start": point, "end": point, "text": text })) },
            })),
            "finding": record(json!({
                "rule": text,
                "severity": { "enum": ["info", "warning", "error"] },
                "confidence": { "enum": ["low", "medium", "high"] },
                "message": text,
                "note": optional_text,
                "help": optional_text,
                "url": text,
                "location": { "$ref": "#/definitions/location" },
                "related": { "type": "array", "items": { "$ref": "#/definitions/location" }, "description": "Loop, hops, query, schema, in the order a reader follows them." },
                "scope": { "type": "string", "description": "The enclosing function or class; empty at the top level." },
                "fingerprint": { "type": "string", "pattern": "^[0-9a-f]{16}$", "description": "Stays the same when lines move." },
                "tables": { "type": "array", "items": { "type": "string" }, "description": "The tables that its query is about, as far as they are known; sorted." },
                "suppressed": { "type": "boolean", "description": "Only with --show-suppressed." },
                "fix": { "oneOf": [{ "$ref": "#/definitions/fix" }, { "type": "null" }] },
            })),
            "summary": record(json!({
                "findings": record(json!({ "error": count, "warning": count, "info": count })),
                "rules": {
                    "type": "object",
                    "description": "How often each rule found something: told, in the baseline, silenced by a comment.",
                    "additionalProperties": record(json!({ "findings": count, "known": count, "suppressed": count })),
                },
                "suppressed": count,
                "files_checked": count,
                "files_read": count,
                "left_out": { "type": "array", "items": record(json!({ "path": text, "reason": text })) },
                "statements": count,
                "statements_not_understood": count,
                "schema": { "oneOf": [record(json!({ "tables": count, "indexes": count, "sources": texts })), { "type": "null" }] },
                "gaps": { "type": "array", "items": record(json!({ "path": text, "line": { "type": "integer", "minimum": 1 }, "text": text })) },
                "problems": texts,
                "internal_errors": texts,
            })),
        },
    })
}

/// An object that has all of these keys.
pub(crate) fn record(properties: Value) -> Value {
    let required: Vec<String> = properties.as_object().map(|keys| keys.keys().cloned().collect()).unwrap_or_default();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = description.into();
    schema
}
