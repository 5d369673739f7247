//! The rules: one page and one function each, and the one list of them.
//!
//! `rules/<name>.md` is what users read, `src/rules/<name>.rs` is what runs; the file's stem is the only
//! identity. To add a rule: one page, one file, two lines here. Rules see the project, never the
//! configuration: whether they run, and what their findings are worth, is the engine's concern.

mod anti_join_on_wrong_column;
mod blocking_index_build;
mod cartesian_eager_load;
mod cartesian_join;
mod conditions;
mod context;
mod correlated_subquery;
mod count_for_existence;
mod defeated_prefetch;
mod deferred_field_in_loop;
mod duplicate_index;
mod eager_load;
mod eager_options;
mod exists_without_in;
mod filter_in_memory;
mod finding;
mod float_money;
mod foreign_key_fetched_for_id;
mod implicit_conversion;
mod index_column_order;
mod int_primary_key;
mod invariant_query_in_loop;
mod json_filter_unindexed;
mod lazy_read;
mod lazy_relation_in_loop;
mod leading_wildcard_like;
mod len_of_query;
mod lock_without_index;
mod low_selectivity_index;
mod materialized_cte;
mod migration;
mod missing_lock_timeout;
mod missing_primary_key;
mod mixed_sort_direction;
mod mysql_copy_alter;
mod non_sargable_predicate;
mod not_in_nullable_subquery;
mod null_comparison;
mod nulls_order_defeats_index;
mod offset_pagination;
mod optional_filter;
mod or_across_tables;
mod order_in_subquery;
mod padded_char;
mod page;
mod prefix_like_collation;
mod query_in_loop;
mod random_order;
mod random_uuid_key;
mod redundant_distinct;
mod redundant_index;
mod registry;
mod repeated;
mod repeated_count;
mod schema_finding;
mod select_star;
mod sql_finding;
mod sql_statement;
mod subquery_in_dml;
mod table_rewrite;
mod text_json;
mod triangular_join;
mod unbatched_backfill;
mod unbounded_read;
mod unbounded_write;
mod unindexed_filter;
mod unindexed_foreign_key;
mod unindexed_join;
mod unindexed_sort;
mod union_without_all;
mod unordered_page;
mod unpruned_partition;
mod unusable_keyset;
mod unused_eager_load;
mod unused_suppression;
mod unvalidated_constraint_scan;
mod volatile_default;
mod volatile_function_per_row;
mod write_in_loop;

pub use context::{FileCx, ProjectCx, StatementCx};
pub use finding::{Finding, Sink};
pub use page::{Category, FixKind, Metadata, Page, Section, Status};
pub use registry::{Registered, Registry};
pub(crate) use sql_finding::{create_index, is_system_table};
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
        name: "anti-join-on-wrong-column",
        page: include_str!("../../rules/anti-join-on-wrong-column.md"),
        check: Check::Statement(anti_join_on_wrong_column::check),
    },
    Rule {
        name: "blocking-index-build",
        page: include_str!("../../rules/blocking-index-build.md"),
        check: Check::File(blocking_index_build::check),
    },
    Rule {
        name: "cartesian-eager-load",
        page: include_str!("../../rules/cartesian-eager-load.md"),
        check: Check::File(cartesian_eager_load::check),
    },
    Rule {
        name: "cartesian-join",
        page: include_str!("../../rules/cartesian-join.md"),
        check: Check::Statement(cartesian_join::check),
    },
    Rule {
        name: "correlated-subquery",
        page: include_str!("../../rules/correlated-subquery.md"),
        check: Check::File(correlated_subquery::check),
    },
    Rule {
        name: "count-for-existence",
        page: include_str!("../../rules/count-for-existence.md"),
        check: Check::File(count_for_existence::check),
    },
    Rule {
        name: "defeated-prefetch",
        page: include_str!("../../rules/defeated-prefetch.md"),
        check: Check::File(defeated_prefetch::check),
    },
    Rule {
        name: "deferred-field-in-loop",
        page: include_str!("../../rules/deferred-field-in-loop.md"),
        check: Check::File(deferred_field_in_loop::check),
    },
    Rule {
        name: "duplicate-index",
        page: include_str!("../../rules/duplicate-index.md"),
        check: Check::Project(duplicate_index::check),
    },
    Rule {
        name: "exists-without-in",
        page: include_str!("../../rules/exists-without-in.md"),
        check: Check::Statement(exists_without_in::check),
    },
    Rule {
        name: "filter-in-memory",
        page: include_str!("../../rules/filter-in-memory.md"),
        check: Check::File(filter_in_memory::check),
    },
    Rule {
        name: "float-money",
        page: include_str!("../../rules/float-money.md"),
        check: Check::Project(float_money::check),
    },
    Rule {
        name: "foreign-key-fetched-for-id",
        page: include_str!("../../rules/foreign-key-fetched-for-id.md"),
        check: Check::File(foreign_key_fetched_for_id::check),
    },
    Rule {
        name: "implicit-conversion",
        page: include_str!("../../rules/implicit-conversion.md"),
        check: Check::Statement(implicit_conversion::check),
    },
    Rule {
        name: "index-column-order",
        page: include_str!("../../rules/index-column-order.md"),
        check: Check::File(index_column_order::check),
    },
    Rule {
        name: "int-primary-key",
        page: include_str!("../../rules/int-primary-key.md"),
        check: Check::Project(int_primary_key::check),
    },
    Rule {
        name: "invariant-query-in-loop",
        page: include_str!("../../rules/invariant-query-in-loop.md"),
        check: Check::File(invariant_query_in_loop::check),
    },
    Rule {
        name: "json-filter-unindexed",
        page: include_str!("../../rules/json-filter-unindexed.md"),
        check: Check::File(json_filter_unindexed::check),
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
        name: "len-of-query",
        page: include_str!("../../rules/len-of-query.md"),
        check: Check::File(len_of_query::check),
    },
    Rule {
        name: "lock-without-index",
        page: include_str!("../../rules/lock-without-index.md"),
        check: Check::File(lock_without_index::check),
    },
    Rule {
        name: "low-selectivity-index",
        page: include_str!("../../rules/low-selectivity-index.md"),
        check: Check::Project(low_selectivity_index::check),
    },
    Rule {
        name: "materialized-cte",
        page: include_str!("../../rules/materialized-cte.md"),
        check: Check::Statement(materialized_cte::check),
    },
    Rule {
        name: "missing-lock-timeout",
        page: include_str!("../../rules/missing-lock-timeout.md"),
        check: Check::File(missing_lock_timeout::check),
    },
    Rule {
        name: "missing-primary-key",
        page: include_str!("../../rules/missing-primary-key.md"),
        check: Check::Project(missing_primary_key::check),
    },
    Rule {
        name: "mixed-sort-direction",
        page: include_str!("../../rules/mixed-sort-direction.md"),
        check: Check::File(mixed_sort_direction::check),
    },
    Rule {
        name: "mysql-copy-alter",
        page: include_str!("../../rules/mysql-copy-alter.md"),
        check: Check::File(mysql_copy_alter::check),
    },
    Rule {
        name: "non-sargable-predicate",
        page: include_str!("../../rules/non-sargable-predicate.md"),
        check: Check::File(non_sargable_predicate::check),
    },
    Rule {
        name: "not-in-nullable-subquery",
        page: include_str!("../../rules/not-in-nullable-subquery.md"),
        check: Check::Statement(not_in_nullable_subquery::check),
    },
    Rule {
        name: "null-comparison",
        page: include_str!("../../rules/null-comparison.md"),
        check: Check::Statement(null_comparison::check),
    },
    Rule {
        name: "nulls-order-defeats-index",
        page: include_str!("../../rules/nulls-order-defeats-index.md"),
        check: Check::File(nulls_order_defeats_index::check),
    },
    Rule {
        name: "offset-pagination",
        page: include_str!("../../rules/offset-pagination.md"),
        check: Check::File(offset_pagination::check),
    },
    Rule {
        name: "optional-filter",
        page: include_str!("../../rules/optional-filter.md"),
        check: Check::Statement(optional_filter::check),
    },
    Rule {
        name: "or-across-tables",
        page: include_str!("../../rules/or-across-tables.md"),
        check: Check::File(or_across_tables::check),
    },
    Rule {
        name: "order-in-subquery",
        page: include_str!("../../rules/order-in-subquery.md"),
        check: Check::Statement(order_in_subquery::check),
    },
    Rule {
        name: "padded-char",
        page: include_str!("../../rules/padded-char.md"),
        check: Check::Project(padded_char::check),
    },
    Rule {
        name: "prefix-like-collation",
        page: include_str!("../../rules/prefix-like-collation.md"),
        check: Check::Statement(prefix_like_collation::check),
    },
    Rule {
        name: "query-in-loop",
        page: include_str!("../../rules/query-in-loop.md"),
        check: Check::File(query_in_loop::check),
    },
    Rule {
        name: "random-order",
        page: include_str!("../../rules/random-order.md"),
        check: Check::File(random_order::check),
    },
    Rule {
        name: "random-uuid-key",
        page: include_str!("../../rules/random-uuid-key.md"),
        check: Check::Project(random_uuid_key::check),
    },
    Rule {
        name: "redundant-distinct",
        page: include_str!("../../rules/redundant-distinct.md"),
        check: Check::File(redundant_distinct::check),
    },
    Rule {
        name: "redundant-index",
        page: include_str!("../../rules/redundant-index.md"),
        check: Check::Project(redundant_index::check),
    },
    Rule {
        name: "repeated-count",
        page: include_str!("../../rules/repeated-count.md"),
        check: Check::File(repeated_count::check),
    },
    Rule {
        name: "select-star",
        page: include_str!("../../rules/select-star.md"),
        check: Check::Statement(select_star::check),
    },
    Rule {
        name: "subquery-in-dml",
        page: include_str!("../../rules/subquery-in-dml.md"),
        check: Check::Statement(subquery_in_dml::check),
    },
    Rule {
        name: "table-rewrite",
        page: include_str!("../../rules/table-rewrite.md"),
        check: Check::File(table_rewrite::check),
    },
    Rule {
        name: "text-json",
        page: include_str!("../../rules/text-json.md"),
        check: Check::Statement(text_json::check),
    },
    Rule {
        name: "triangular-join",
        page: include_str!("../../rules/triangular-join.md"),
        check: Check::Statement(triangular_join::check),
    },
    Rule {
        name: "unbatched-backfill",
        page: include_str!("../../rules/unbatched-backfill.md"),
        check: Check::File(unbatched_backfill::check),
    },
    Rule {
        name: "unbounded-read",
        page: include_str!("../../rules/unbounded-read.md"),
        check: Check::Statement(unbounded_read::check),
    },
    Rule {
        name: "unbounded-write",
        page: include_str!("../../rules/unbounded-write.md"),
        check: Check::File(unbounded_write::check),
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
        check: Check::File(unindexed_join::check),
    },
    Rule {
        name: "unindexed-sort",
        page: include_str!("../../rules/unindexed-sort.md"),
        check: Check::File(unindexed_sort::check),
    },
    Rule {
        name: "union-without-all",
        page: include_str!("../../rules/union-without-all.md"),
        check: Check::Statement(union_without_all::check),
    },
    Rule {
        name: "unordered-page",
        page: include_str!("../../rules/unordered-page.md"),
        check: Check::File(unordered_page::check),
    },
    Rule {
        name: "unpruned-partition",
        page: include_str!("../../rules/unpruned-partition.md"),
        check: Check::Statement(unpruned_partition::check),
    },
    Rule {
        name: "unusable-keyset",
        page: include_str!("../../rules/unusable-keyset.md"),
        check: Check::File(unusable_keyset::check),
    },
    Rule {
        name: "unused-eager-load",
        page: include_str!("../../rules/unused-eager-load.md"),
        check: Check::File(unused_eager_load::check),
    },
    Rule {
        name: "unused-suppression",
        page: include_str!("../../rules/unused-suppression.md"),
        check: Check::Directives,
    },
    Rule {
        name: "unvalidated-constraint-scan",
        page: include_str!("../../rules/unvalidated-constraint-scan.md"),
        check: Check::File(unvalidated_constraint_scan::check),
    },
    Rule {
        name: "volatile-default",
        page: include_str!("../../rules/volatile-default.md"),
        check: Check::File(volatile_default::check),
    },
    Rule {
        name: "volatile-function-per-row",
        page: include_str!("../../rules/volatile-function-per-row.md"),
        check: Check::Statement(volatile_function_per_row::check),
    },
    Rule {
        name: "write-in-loop",
        page: include_str!("../../rules/write-in-loop.md"),
        check: Check::File(write_in_loop::check),
    },
];
