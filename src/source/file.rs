//! One file, read.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::OnceLock;

use super::{Language, LineIndex};

/// How a file stands on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As the text: byte for byte.
    #[default]
    Utf8,
    /// Something else of the same length: bytes that are not UTF-8 are `_` in the text.
    Other,
    /// UTF-16: lines and columns are right, bytes are not.
    Utf16,
}

/// A part of a large file that is not in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The byte of the text before which it stood.
    pub at: u32,
    /// How many bytes there were.
    pub bytes: u64,
    /// How many line breaks there were.
    pub lines: u32,
}

/// One file as it was read. `text` has the same byte offsets as the bytes on disk, unless `encoding` or
/// [`SourceFile::disk_offset`] says otherwise; lines are always those of the file on disk.
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
    /// How it stands on disk.
    pub encoding: Encoding,
    cuts: Box<[Cut]>,
    lines: OnceLock<LineIndex>,
}

impl SourceFile {
    /// A file with this text.
    pub fn new(path: impl Into<Arc<str>>, absolute: PathBuf, language: Language, text: String) -> Self {
        Self::thinned(path, absolute, language, text, Vec::new())
    }

    /// A file of which only this text was kept; `cuts` are in order.
    pub fn thinned(
        path: impl Into<Arc<str>>,
        absolute: PathBuf,
        language: Language,
        text: String,
        cuts: Vec<Cut>,
    ) -> Self {
        SourceFile {
            path: path.into(),
            absolute,
            language,
            text,
            encoding: Encoding::default(),
            cuts: cuts.into(),
            lines: OnceLock::new(),
        }
    }

    /// Its line starts, found at the first call.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::with_cuts(&self.text, &self.cuts))
    }

    /// Where a byte of the text stands on disk.
    pub fn disk_offset(&self, offset: u32) -> u64 {
        let cut: u64 = self.cuts.iter().take_while(|cut| cut.at <= offset).map(|cut| cut.bytes).sum();
        u64::from(offset) + cut
    }

    /// Whether this is the same text as `other`, told in the same way.
    pub fn is_same(&self, other: &SourceFile) -> bool {
        let told = |file: &SourceFile| (file.language, file.encoding);
        told(self) == told(other) && self.cuts == other.cuts && self.text == other.text
    }

    /// Whether an edit of the text can be written back: the text is what stands on disk, byte for byte.
    pub fn is_faithful(&self) -> bool {
        self.encoding == Encoding::Utf8 && self.cuts.is_empty()
    }
}
