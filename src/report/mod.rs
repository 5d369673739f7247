//! How a report is written: one file per format.

mod agent;
mod alone;
mod causes;
mod checkstyle;
mod concise;
mod config_error;
mod full;
mod github;
mod gitlab;
mod html;
mod json;
mod junit;
mod line_hash;
mod markdown;
mod offer;
mod paint;
mod place;
mod rdjson;
mod sarif;
mod snippet;
mod statistics;
mod summary;
mod xml;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::config::OutputFormat;
use crate::engine::Report;
use crate::rules::Registry;

pub use config_error::write_config_error;
pub use json::json_schema;
pub(crate) use json::record;
pub use paint::{Color, sanitize};
pub use statistics::write_statistics;
pub use summary::{SummaryLevel, checked, write_summary};

/// What the reader's terminal, if it is one, can show. Nothing here is found out by itself.
#[derive(Clone, Debug)]
pub struct Style {
    /// Whether escape codes for colours are written.
    pub color: bool,
    /// Whether escape codes for links are written.
    pub links: bool,
    /// Whether frames are drawn with more than ASCII.
    pub unicode: bool,
    /// At how many columns prose is wrapped.
    pub width: usize,
    /// The folder that paths are told relative to, in formats for people; an absolute path.
    pub cwd: PathBuf,
}

impl Default for Style {
    fn default() -> Self {
        Style { color: false, links: false, unicode: true, width: 100, cwd: PathBuf::new() }
    }
}

impl Style {
    /// How a reader in the current folder calls the file at `path`, which is relative to `root`.
    pub(crate) fn shown_path(&self, root: &Path, path: &str) -> String {
        let absolute = root.join(path);
        let shown = match absolute.strip_prefix(&self.cwd) {
            Ok(below) if !self.cwd.as_os_str().is_empty() => below.to_string_lossy().into_owned(),
            _ if Path::new(path).is_absolute() => path.to_owned(),
            _ => match self.cwd.strip_prefix(root) {
                // The reader stands deeper in the project.
                Ok(deeper) if !self.cwd.as_os_str().is_empty() => {
                    format!("{}{path}", "../".repeat(deeper.components().count()))
                }
                _ => path.to_owned(),
            },
        };
        sanitize(&shown.replace('\\', "/")).into_owned()
    }
}

/// Writes the findings of `report`. Notices, such as findings left out for a format's limits, are handed back.
pub fn write(
    format: OutputFormat,
    report: &Report,
    registry: &Registry,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<Vec<String>> {
    match format {
        OutputFormat::Full => full::write(report, registry, style, out).map(|()| Vec::new()),
        OutputFormat::Concise => concise::write(report, style, out).map(|()| Vec::new()),
        OutputFormat::Json => json::write(report, registry, out).map(|()| Vec::new()),
        OutputFormat::Sarif => sarif::write(report, registry, out),
        OutputFormat::Github => github::write(report, registry, out),
        OutputFormat::Gitlab => gitlab::write(report, out).map(|()| Vec::new()),
        OutputFormat::Rdjson => rdjson::write(report, registry, out).map(|()| Vec::new()),
        OutputFormat::Junit => junit::write(report, registry, out).map(|()| Vec::new()),
        OutputFormat::Checkstyle => checkstyle::write(report, registry, out).map(|()| Vec::new()),
        OutputFormat::Markdown => markdown::write(report, registry, out).map(|()| Vec::new()),
        OutputFormat::Html => html::write(report, registry, out),
        OutputFormat::Agent => agent::write(report, out).map(|()| Vec::new()),
    }
}
