//! One file, read.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::OnceLock;

use super::{Language, LineIndex};

/// One file as it was read. `text` has the same byte offsets as the bytes on disk,
/// except after `Encoding` says otherwise.
#[derive(Debug)]
pub struct SourceFile {
    /// Path relative to the project's root, with `/`.
    pub path: Arc<str>,
    /// Where it is on disk; empty for standard input.
    pub absolute: PathBuf,
    /// What it is written in.
    pub language: Language,
    /// The whole text.
    pub text: String,
    lines: OnceLock<LineIndex>,
}

impl SourceFile {
    /// A file with this text.
    pub fn new(path: impl Into<Arc<str>>, absolute: PathBuf, language: Language, text: String) -> Self {
        SourceFile { path: path.into(), absolute, language, text, lines: OnceLock::new() }
    }

    /// Its line starts, found at the first call.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }
}
