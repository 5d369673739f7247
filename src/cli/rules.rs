//! `seqscan rules`

use std::fmt::Write;

use serde_json::{Value, json};

use super::args::ListFormat;
use super::{OK, finish, print};
use crate::rules::{Registry, Status};

/// Prints all rules.
pub(super) fn run(format: ListFormat) -> u8 {
    let registry = Registry::builtin();
    let text = match format {
        ListFormat::Text => table(registry),
        ListFormat::Json => format!("{:#}\n", json(registry)),
    };
    finish(print(text.as_bytes()), OK)
}

/// One line per rule.
pub(super) fn table(registry: &Registry) -> String {
    let width = registry.rules().iter().map(|rule| rule.name().len()).max().unwrap_or(0);
    let mut text = String::new();
    for rule in registry.rules() {
        let metadata = &rule.page.metadata;
        let status = match metadata.status {
            Status::Stable => "",
            Status::Preview => " (preview)",
            Status::Deprecated => " (deprecated)",
        };
        let _ = writeln!(text, "{:width$}  {:12}  {}{status}", rule.name(), metadata.category.name(), metadata.summary);
    }
    text
}

/// Their metadata and pages.
fn json(registry: &Registry) -> Value {
    let rules = registry.rules().iter().map(|rule| {
        let mut value = json!({ "name": rule.name(), "url": rule.url(), "page": rule.page.body });
        if let (Some(value), Ok(Value::Object(metadata))) =
            (value.as_object_mut(), serde_json::to_value(&rule.page.metadata))
        {
            value.extend(metadata);
        }
        value
    });
    json!({ "version": 1, "rules": rules.collect::<Vec<_>>() })
}
