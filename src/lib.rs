//! The architecture document will stand here.

pub mod apis;
pub mod facts;
pub mod findings;
pub mod lang;
pub mod source;
pub mod sql;
