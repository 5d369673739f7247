//! The user's configuration: `seqscan.toml` as written, where it is found, and what it means for a path.
//!
//! `seqscan.toml`, `.seqscan.toml`, `[tool.seqscan]` in `pyproject.toml` and `"seqscan"` in `package.json` hold
//! the same keys. The nearest one above a file holds for it, alone: nothing is merged unless it says `extend`.
//! Strict at this edge: a key that does not exist is an error with its place and the nearest key that does.

mod error;
mod file;
mod levels;
mod options;
mod patterns;
mod resolver;
mod schema;
mod selection;
mod settings;
#[cfg(test)]
mod tests;

pub use error::ConfigError;
pub use file::{CONFIG_NAMES, ConfigFile, read_inline};
pub use levels::{FailOn, Level, OutputFormat};
pub use options::{DatabaseOptions, Options, OverrideOptions, RuleOptions, TableOptions};
pub use patterns::PathPatterns;
pub use resolver::{Request, Resolver};
pub use schema::json_schema;
pub use settings::{Database, PathSettings, Settings};
