//! `@file`: arguments that stand in a file, one a line.

use std::ffi::OsString;
use std::path::Path;

use crate::source::plain_reason;

/// The arguments with every `@file` replaced by the lines of that file. A path that really begins with `@`, as
/// packages of npm do, stays as it is.
pub(super) fn expand(arguments: impl Iterator<Item = OsString>) -> Result<Vec<OsString>, String> {
    let mut expanded = Vec::new();
    for (nth, argument) in arguments.enumerate() {
        let file = argument.to_str().and_then(|text| text.strip_prefix('@')).filter(|file| !file.is_empty());
        match file {
            Some(file) if nth > 0 && !Path::new(&argument).exists() => {
                let text =
                    std::fs::read_to_string(file).map_err(|error| format!("{file}: {}", plain_reason(&error)))?;
                expanded.extend(text.lines().filter(|line| !line.is_empty()).map(OsString::from));
            }
            _ => expanded.push(argument),
        }
    }
    Ok(expanded)
}
