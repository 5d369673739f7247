//! The rules: one page and one function each, and the one list of them.
//!
//! `rules/<name>.md` is what users read, `src/rules/<name>.rs` is what runs; the file's stem is the only
//! identity. To add a rule: one page, one file, two lines here. Rules see the project, never the
//! configuration: whether they run, and what their findings are worth, is the engine's concern.

mod conditions;
mod context;
mod correlated_subquery;
mod duplicate_index;
mod eager_load;
mod finding;
mod index_column_order;
mod invariant_query_in_loop;
mod lazy_relation_in_loop;
mod leading_wildcard_like;
mod missing_primary_key;
mod offset_pagination;
mod page;
mod query_in_loop;
mod redundant_index;
mod registry;
mod repeated;
mod schema_finding;
mod sql_finding;
mod sql_statement;
mod unindexed_filter;
mod unindexed_foreign_key;
mod unindexed_join;
mod unindexed_sort;
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

/// Every rule, sorted by name.
pub static RULES: &[Rule] = &[
    Rule {
        name: "correlated-subquery",
        page: include_str!("../../rules/correlated-subquery.md"),
        check: Check::Statement(correlated_subquery::check),
    },
    Rule {
        name: "duplicate-index",
        page: include_str!("../../rules/duplicate-index.md"),
        check: Check::Project(duplicate_index::check),
    },
    Rule {
        name: "index-column-order",
        page: include_str!("../../rules/index-column-order.md"),
        check: Check::Statement(index_column_order::check),
    },
    Rule {
        name: "invariant-query-in-loop",
        page: include_str!("../../rules/invariant-query-in-loop.md"),
        check: Check::File(invariant_query_in_loop::check),
    },
    Rule {
        name: "lazy-relation-in-loop",
        page: include_str!("../../rules/lazy-relation-in-loop.md"),
        check: Check::File(lazy_relation_in_loop::check),
    },
    Rule {
        name: "leading-wildcard-like",
        page: include_str!("../../rules/leading-wildcard-like.md"),
        check: Check::File(leading_wildcard_like::check),
    },
    Rule {
        name: "missing-primary-key",
        page: include_str!("../../rules/missing-primary-key.md"),
        check: Check::Project(missing_primary_key::check),
    },
    Rule {
        name: "offset-pagination",
        page: include_str!("../../rules/offset-pagination.md"),
        check: Check::File(offset_pagination::check),
    },
    Rule {
        name: "query-in-loop",
        page: include_str!("../../rules/query-in-loop.md"),
        check: Check::File(query_in_loop::check),
    },
    Rule {
        name: "redundant-index",
        page: include_str!("../../rules/redundant-index.md"),
        check: Check::Project(redundant_index::check),
    },
    Rule {
        name: "unindexed-filter",
        page: include_str!("../../rules/unindexed-filter.md"),
        check: Check::File(unindexed_filter::check),
    },
    Rule {
        name: "unindexed-foreign-key",
        page: include_str!("../../rules/unindexed-foreign-key.md"),
        check: Check::Project(unindexed_foreign_key::check),
    },
    Rule {
        name: "unindexed-join",
        page: include_str!("../../rules/unindexed-join.md"),
        check: Check::Statement(unindexed_join::check),
    },
    Rule {
        name: "unindexed-sort",
        page: include_str!("../../rules/unindexed-sort.md"),
        check: Check::Statement(unindexed_sort::check),
    },
    Rule {
        name: "unused-suppression",
        page: include_str!("../../rules/unused-suppression.md"),
        check: Check::Directives,
    },
    Rule {
        name: "write-in-loop",
        page: include_str!("../../rules/write-in-loop.md"),
        check: Check::File(write_in_loop::check),
    },
];
