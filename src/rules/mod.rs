//! The rules: one page and one function each, and the one list of them.
//!
//! `rules/<name>.md` is what users read, `src/rules/<name>.rs` is what runs; the file's stem is the only
//! identity. To add a rule: one page, one file, two lines here. Rules see the project, never the
//! configuration: whether they run, and what their findings are worth, is the engine's concern.

mod context;
mod correlated_subquery;
mod finding;
mod invariant_query_in_loop;
mod leading_wildcard_like;
mod offset_pagination;
mod page;
mod query_in_loop;
mod registry;
mod repeated;
mod sql_finding;
mod sql_statement;
mod unindexed_filter;
mod unused_suppression;
mod write_in_loop;

pub use context::{FileCx, ProjectCx, StatementCx};
pub use finding::{Finding, Sink};
pub use page::{Category, FixKind, Metadata, Page, Section, Status};
pub use registry::{Registered, Registry};
pub use unused_suppression::{Used, check as check_directives};

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name: the stem of its page.
    pub name: &'static str,
    /// The text of its page.
    pub page: &'static str,
    /// What runs.
    pub check: Check,
}

/// What a rule looks at, and how.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// One SQL statement at a time.
    Statement(fn(&StatementCx<'_>, &mut Sink<'_>)),
    /// One file at a time.
    File(fn(&FileCx<'_>, &mut Sink<'_>)),
    /// The whole project at once.
    Project(fn(&ProjectCx<'_>, &mut Sink<'_>)),
    /// The suppression comments, after all other rules: the engine does it, see [`check_directives`].
    Directives,
}

macro_rules! rule {
    ($name:literal, $check:expr) => {
        Rule { name: $name, page: include_str!(concat!("../../rules/", $name, ".md")), check: $check }
    };
}

/// Every rule, sorted by name.
pub static RULES: &[Rule] = &[
    rule!("correlated-subquery", Check::Statement(correlated_subquery::check)),
    rule!("invariant-query-in-loop", Check::File(invariant_query_in_loop::check)),
    rule!("leading-wildcard-like", Check::File(leading_wildcard_like::check)),
    rule!("offset-pagination", Check::File(offset_pagination::check)),
    rule!("query-in-loop", Check::File(query_in_loop::check)),
    rule!("unindexed-filter", Check::Statement(unindexed_filter::check)),
    rule!("unused-suppression", Check::Directives),
    rule!("write-in-loop", Check::File(write_in_loop::check)),
];
