//! `--show-settings` and `--show-files`: what would be done, and why.

use std::fmt::Write;
use std::path::Path;

use super::{OK, complain, finish, print};
use crate::config::{PathPatterns, Settings};
use crate::engine::Session;
use crate::findings::{Confidence, Severity};
use crate::report::sanitize;

/// Prints the settings of what was named.
pub(super) fn show_settings(session: &Session) -> u8 {
    let mut text = String::new();
    for path in session.named() {
        match session.settings(path) {
            Ok(settings) => describe(&mut text, session, path, &settings),
            Err(error) => return complain(&error.to_string()),
        }
    }
    finish(print(text.as_bytes()), OK)
}

fn describe(text: &mut String, session: &Session, path: &Path, settings: &Settings) {
    let at = settings.for_path(path);
    let mut line = |key: &str, value: String| {
        let _ = writeln!(text, "{key:18} {value}");
    };
    line("path", path.display().to_string());
    line("project root", session.root().display().to_string());
    let origins: Vec<String> = settings.origins.iter().map(|origin| origin.display().to_string()).collect();
    line("configuration", if origins.is_empty() { "none".to_owned() } else { origins.join(" extends ") });
    let rules = session.registry().rules().iter().enumerate().filter(|(index, _)| at.runs(*index));
    let rules = rules.map(|(index, rule)| {
        let severity = at.severity(index).unwrap_or(rule.page.metadata.severity);
        format!("{} ({})", rule.name(), severity_word(severity))
    });
    let rules: Vec<String> = rules.collect();
    line("rules", if rules.is_empty() { "none".to_owned() } else { rules.join(", ") });
    let confidence = match at.min_confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    };
    line("min-confidence", confidence.to_owned());
    line("include-tests", at.include_tests.to_string());
    for (key, patterns) in [
        ("include", &settings.include),
        ("exclude", &settings.exclude),
        ("test-patterns", &settings.test_patterns),
        ("schema", &settings.schema),
    ] {
        line(key, list(patterns));
    }
    line("respect-gitignore", settings.respect_gitignore.to_string());
    line("force-exclude", settings.force_exclude.to_string());
    line("dialect", settings.dialect.map_or("told by driver, ORM or DDL", |dialect| dialect.name()).to_owned());
    line("max-hops", settings.max_hops.to_string());
    line("small-table-rows", settings.small_table_rows.to_string());
    let size = |rows: u64| if rows == 0 { "small".to_owned() } else { format!("{rows} rows") };
    let rows: Vec<String> = settings.rows.iter().map(|(table, &rows)| format!("{table}: {}", size(rows))).collect();
    line("tables", if rows.is_empty() { "nothing told".to_owned() } else { rows.join(", ") });
    let databases: Vec<&str> = settings.databases.iter().map(|database| database.name.as_str()).collect();
    if !databases.is_empty() {
        line("databases", databases.join(", "));
    }
    text.push('\n');
}

fn list(patterns: &PathPatterns) -> String {
    if patterns.is_empty() { "none".to_owned() } else { patterns.written().join(", ") }
}

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// Prints the files that would be checked.
pub(super) fn show_files(session: &Session, verbose: bool) -> u8 {
    let report = session.snapshot().outline(&session.targets());
    let mut text = String::new();
    for path in &report.checked {
        let _ = writeln!(text, "{}", sanitize(path));
    }
    if verbose {
        for left_out in &report.left_out {
            let _ = writeln!(text, "{} (left out: {})", sanitize(&left_out.path), left_out.reason.singular());
        }
    }
    finish(print(text.as_bytes()), OK)
}
