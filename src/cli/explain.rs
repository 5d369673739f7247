//! `seqscan explain`

use std::fmt::Write;

use super::args::ColorArguments;
use super::terminal::stdout_style;
use super::{OK, complain, finish, print, rules};
use crate::report::{Color, Style};
use crate::rules::{Registered, Registry};

/// Prints the page of a rule; without a rule, the list of them.
pub(super) fn run(rule: Option<&str>, color: ColorArguments) -> u8 {
    let registry = Registry::builtin();
    let style = stdout_style(color.color, &std::env::current_dir().unwrap_or_default());
    let Some(name) = rule else { return finish(print(rules::table(registry).as_bytes()), OK) };
    match registry.get(name) {
        Some(rule) => finish(print(page(rule, &style).as_bytes()), OK),
        None => {
            let hint = registry.suggest(name).map(|meant| format!("; did you mean `{meant}`?"));
            complain(&format!("no rule is called `{name}`{}", hint.unwrap_or_default()))
        }
    }
}

/// The page as a terminal shows it: headings stand out, code is indented, markup stays as it is written.
fn page(rule: &Registered, style: &Style) -> String {
    let metadata = &rule.page.metadata;
    let mut text = String::new();
    let _ = writeln!(text, "{}", style.paint(Color::Strong, rule.name()));
    let _ = writeln!(text, "{}\n", metadata.summary);
    let facts = [
        ("category", metadata.category.name().to_owned()),
        ("severity", word(metadata.severity)),
        ("confidence", word(metadata.confidence)),
        ("status", word(metadata.status)),
        ("since", metadata.since.clone()),
        ("languages", metadata.languages.join(", ")),
        ("dialects", metadata.dialects.join(", ")),
        ("fix", word(metadata.fix)),
        ("also known as", metadata.aliases.join(", ")),
        ("page", rule.url()),
    ];
    for (key, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "{} {value}", style.paint(Color::Faint, &format!("{key:13}")));
    }
    text.push('\n');
    let mut in_fence = false;
    for line in rule.page.body.lines() {
        if line.starts_with("```") {
            in_fence = !in_fence;
        } else if in_fence {
            let _ = writeln!(text, "{}", format!("    {line}").trim_end());
        } else if let Some(heading) = line.strip_prefix("## ") {
            let _ = writeln!(text, "{}", style.paint(Color::Strong, heading));
        } else {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

/// A value of the metadata as it is written there.
fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
