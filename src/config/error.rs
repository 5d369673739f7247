//! What is wrong with a configuration, and where.

use std::fmt;
use std::sync::Arc;

use crate::source::Span;

/// A mistake in the configuration, or (as a warning) something in it that has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file as users know it, or what stands for one (`--config`).
    pub origin: String,
    /// Its text, if a place in it is known.
    pub text: Option<Arc<str>>,
    /// The place.
    pub span: Option<Span>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl ConfigError {
    /// A mistake without a place.
    pub fn new(origin: impl Into<String>, message: impl Into<String>) -> ConfigError {
        ConfigError { origin: origin.into(), text: None, span: None, message: message.into(), help: None }
    }

    /// With what to do.
    pub fn help(mut self, help: Option<String>) -> ConfigError {
        self.help = help;
        self
    }

    /// With the place of `needle` in `text`, if it is found there.
    pub fn at(mut self, text: &Arc<str>, needle: &str) -> ConfigError {
        let quoted = ["\"", "'"].iter().find_map(|quote| {
            let found = text.find(&format!("{quote}{needle}{quote}"))?;
            Some(found + 1)
        });
        if let Some(start) = quoted.or_else(|| text.find(needle)) {
            self.text = Some(text.clone());
            self.span = Some(Span::new(start, start + needle.len()));
        }
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

/// What serde says of an unknown key or value, taken apart: the message, and the known word that is nearest.
pub(super) fn explain(message: &str) -> (String, Option<String>) {
    let first = message.lines().next().unwrap_or_default();
    let (kind, rest) = if let Some(rest) = first.strip_prefix("unknown field ") {
        ("unknown key", rest)
    } else if let Some(rest) = first.strip_prefix("unknown variant ") {
        ("unknown value", rest)
    } else {
        return (first.to_owned(), None);
    };
    let mut words = rest.split('`').skip(1).step_by(2);
    let Some(wrong) = words.next() else { return (first.to_owned(), None) };
    (format!("{kind} `{wrong}`"), Some(nearest_of(wrong, words)))
}

/// The help for a word that is not known: the known one that is like it, else all of them.
pub(super) fn nearest_of<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let likeness = |word: &str| strsim::jaro_winkler(&wrong.replace('_', "-"), word);
    let nearest = known.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest {
        Some(word) if likeness(word) > 0.8 => format!("did you mean `{word}`?"),
        _ => format!("known are {}", list(&known)),
    }
}

fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
