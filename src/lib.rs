//! The architecture document will stand here.

pub mod apis;
pub mod facts;
pub mod findings;
pub mod lang;
pub mod orm;
pub mod project;
pub mod rules;
pub mod source;
pub mod sql;
