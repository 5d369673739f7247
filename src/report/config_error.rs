//! A mistake in the configuration, with its place.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Style;
use super::paint::{Color, hanging, sanitize};
use super::snippet::{Drawer, Mark};
use crate::config::ConfigError;
use crate::findings::Severity;
use crate::source::{Language, SourceFile};

/// Writes a mistake as an error, or as a warning if the run goes on.
pub fn write_config_error(error: &ConfigError, is_fatal: bool, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let kind = if is_fatal { style.paint(Color::Error, "error") } else { style.paint(Color::Warning, "warning") };
    let place = error.text.as_ref().zip(error.span);
    let origin = match Path::new(&error.origin) {
        path if path.is_absolute() => style.shown_path(Path::new(""), &error.origin),
        _ => sanitize(&error.origin).into_owned(),
    };
    let named = if place.is_none() && !origin.is_empty() { format!("{origin}: ") } else { String::new() };
    writeln!(out, "{kind}: {named}{}", style.paint(Color::Strong, &sanitize(&error.message)))?;
    if let Some((text, span)) = place {
        // The language does not matter for a frame.
        let source = SourceFile::new(origin.as_str(), PathBuf::new(), Language::Sql, text.to_string());
        let mark = Mark { span, text: String::new(), is_primary: true };
        let severity = if is_fatal { Severity::Error } else { Severity::Warning };
        let drawn = Drawer::new(style).draw(&Arc::new(source), &origin, severity, vec![mark]);
        out.write_all(drawn.as_bytes())?;
    }
    if let Some(help) = &error.help {
        let head = format!("  {} ", style.paint(Color::Label, "help:"));
        out.write_all(hanging(&head, 8, &sanitize(help), style.width).as_bytes())?;
    }
    Ok(())
}
