//! Bytes and places: what a file is, where its lines are, which files there are.

mod file;
mod folders;
mod language;
mod line_index;
mod natural_order;
mod purpose;
mod read;
mod span;
mod thin;
mod walk;
mod words;

pub use file::{Cut, Encoding, SourceFile};
pub use language::Language;
pub use line_index::{LineColumn, LineIndex};
pub use natural_order::compare as natural_order;
pub use purpose::Purpose;
pub use read::{Decoded, ReadLimits, Reading, decode, is_generated, of_bytes, read, read_as};
pub use span::Span;
pub(crate) use walk::reason as plain_reason;
pub use walk::{Companion, Discovery, FoundFile, LeftOut, Walk, ordered};
pub use words::{has_name, is_name, is_whole_name};
