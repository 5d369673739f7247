//! The only caller of rules, and the only place with threads. The command line and the language server are its
//! two users.
//!
//! A [`Session`] holds what is known of one project: its root, its settings, its files and what they say. A
//! [`Snapshot`] is that at one moment; [`Snapshot::check`] runs the rules over it and gives a [`Report`].

mod advice;
mod baseline;
mod cache;
mod edits;
mod files;
mod fixing;
mod git;
mod guard;
mod ignore;
mod migrations;
mod outcomes;
mod progress;
mod replace;
mod report;
mod root;
mod run;
mod session;
mod since;
mod snapshot;
mod stats;
mod suppress;
mod tables;
mod templates;
#[cfg(test)]
mod tests;
mod whole;

pub use advice::{Advice, INDEX_RULES, NewIndex, Spare, TableAdvice};
pub use baseline::{Baseline, Baselined};
pub use edits::ChangedFile;
pub use fixing::Fixed;
pub use ignore::{Ignored, Insertion, comment as suppression};
pub use migrations::Migration;
pub use progress::Progress;
pub use report::{InternalError, LeftOutPath, PlacedGap, Reason, Report, SchemaSummary};
pub use root::{REPOSITORY_MARK, is_too_wide, project_root};
pub use session::{Caching, Open, Parse, Session, SessionError, settled_path};
pub use since::Compared;
pub use snapshot::{Snapshot, Targets};

/// What an error says, in one line: it may hold parts of what was read.
fn one_line(error: &dyn std::fmt::Display) -> String {
    error.to_string().replace(['\n', '\r'], " ")
}
