//! Bytes and places: what a file is, where its lines are, which files there are.

mod file;
mod language;
mod line_index;
mod span;

pub use file::SourceFile;
pub use language::Language;
pub use line_index::{LineColumn, LineIndex};
pub use span::Span;
