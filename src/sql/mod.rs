//! One SQL statement at a time: split, mask, parse, and the read-only view that rules share.

mod dialect;

pub use dialect::Dialect;

/// What one statement says.
#[derive(Clone, Debug)]
pub struct Statement {}
