//! Everything that is tested from outside, in one binary.

#![allow(clippy::unwrap_used)]

mod advise;
mod bad_input;
mod baseline;
mod cache;
mod catalogs;
mod changes;
mod cli;
mod config;
mod editors;
mod edits;
#[cfg(unix)]
mod engines;
#[cfg(unix)]
mod equivalence;
mod fixes;
mod fixtures;
mod helps;
mod html;
#[cfg(unix)]
mod index_matrix;
mod lazy_truth;
mod lsp;
mod migrations;
mod packages;
mod page;
mod page_helps;
mod pages;
mod precommit;
mod project;
#[cfg(unix)]
mod proofs;
mod readme;
mod relevance;
mod reports;
mod run_helps;
mod saves;
mod schema_sources;
mod schema_truth;
mod search_helps;
#[cfg(unix)]
mod table_sizes;
mod tidy;
mod write_helps;
