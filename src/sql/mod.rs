//! One SQL statement at a time: split, mask, parse, and the read-only view that rules share.

mod dialect;

pub use dialect::Dialect;

/// What one statement says.
#[derive(Clone, Debug)]
pub struct Statement {}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Select,
    Insert,
    Update,
    Delete,
    Merge,
    Ddl,
    Transaction,
    Other,
}

impl Statement {
    pub fn verb(&self) -> Verb {
        Verb::Other
    }
}
