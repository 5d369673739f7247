//! Reading one configuration file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::error::explain;
use super::{ConfigError, Options};
use crate::source::{Span, plain_reason};

/// The files that can hold a configuration; in one folder the first that does wins.
pub const CONFIG_NAMES: [&str; 4] = [".seqscan.toml", "seqscan.toml", "pyproject.toml", "package.json"];

/// One configuration as it was read.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Where it stands.
    pub path: PathBuf,
    /// Its whole text.
    pub text: Arc<str>,
    /// Its keys.
    pub options: Options,
}

#[derive(Deserialize)]
struct PyProject {
    tool: Option<Tools>,
}

#[derive(Deserialize)]
struct Tools {
    seqscan: Option<Options>,
}

#[derive(Deserialize)]
struct PackageJson {
    seqscan: Option<Options>,
}

impl ConfigFile {
    /// Reads the file at `path`; `None` if it is a `pyproject.toml` or `package.json` without our part.
    pub fn read(path: &Path) -> Result<Option<ConfigFile>, ConfigError> {
        let origin = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| ConfigError::new(&origin, plain_reason(&error)))?;
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(ConfigError::new(&origin, "this configuration is not UTF-8"));
        };
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let foreign = matches!(name, "pyproject.toml" | "package.json");
        // Another tool's mistakes in a shared file are not ours to tell.
        if foreign && !text.contains("seqscan") {
            return Ok(None);
        }
        let text: Arc<str> = text.into();
        let options = match name {
            "pyproject.toml" => from_toml::<PyProject>(&origin, &text)?.tool.and_then(|tool| tool.seqscan),
            "package.json" => from_json::<PackageJson>(&origin, &text)?.seqscan,
            name if name.ends_with(".json") => Some(from_json::<Options>(&origin, &text)?),
            _ => Some(from_toml::<Options>(&origin, &text)?),
        };
        Ok(options.map(|options| ConfigFile { path: path.to_owned(), text, options }))
    }
}

/// Reads `key = value` as given on the command line.
pub fn read_inline(text: &str) -> Result<ConfigFile, ConfigError> {
    let text: Arc<str> = text.into();
    let options = from_toml::<Options>("--config", &text)?;
    Ok(ConfigFile { path: PathBuf::from("--config"), text, options })
}

fn from_toml<T: for<'de> Deserialize<'de>>(origin: &str, text: &Arc<str>) -> Result<T, ConfigError> {
    // Editors on Windows begin files with a byte-order mark.
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let skipped = text.len() - body.len();
    toml::from_str(body).map_err(|error| {
        let (message, help) = explain(error.message());
        let span = error.span().map(|span| Span::new(span.start + skipped, span.end + skipped));
        ConfigError { origin: origin.to_owned(), text: Some(text.clone()), span, message, help }
    })
}

fn from_json<T: for<'de> Deserialize<'de>>(origin: &str, text: &Arc<str>) -> Result<T, ConfigError> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let skipped = text.len() - body.len();
    serde_json::from_str(body).map_err(|error| {
        let whole = error.to_string();
        let bare = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(message, _)| message);
        let (message, help) = explain(bare);
        let span = json_span(body, error.line(), error.column());
        let span = Span { start: span.start + Span::new(0, skipped).end, end: span.end + Span::new(0, skipped).end };
        ConfigError { origin: origin.to_owned(), text: Some(text.clone()), span: Some(span), message, help }
    })
}

/// The token that ends where `serde_json` stopped (line and byte column, both from 1).
fn json_span(text: &str, line: usize, column: usize) -> Span {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut end = (before + column).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = text[..end].trim_end();
    let start = match head.strip_suffix('"') {
        Some(open) => open.rfind('"').unwrap_or(open.len()),
        None => head.trim_end_matches(char::is_alphanumeric).len(),
    };
    Span::new(start, head.len().max(start))
}
