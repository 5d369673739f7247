//! Host language → facts. One walk per language lowers a syntax tree through the shared [`builder`];
//! trees die here.

mod builder;
mod python;

use crate::facts::FileFacts;
use crate::source::{Language, SourceFile};

/// What `file` says. Infallible: what cannot be read is a gap among the facts.
pub fn extract(file: &SourceFile) -> FileFacts {
    match file.language {
        Language::Python => python::extract(file),
        _ => FileFacts::empty(),
    }
}
