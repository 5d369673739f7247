//! What is wrong with a catalog, and where.

use std::fmt;

/// A mistake in a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogError {
    /// The file.
    pub origin: String,
    /// The entry, as `[[call]] psycopg.connect`; empty if it is none.
    pub entry: String,
    /// What is wrong: lower case, no full stop.
    pub message: String,
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CatalogError { origin, entry, message } = self;
        if entry.is_empty() { write!(f, "{origin}: {message}") } else { write!(f, "{origin}: {entry}: {message}") }
    }
}

impl std::error::Error for CatalogError {}
