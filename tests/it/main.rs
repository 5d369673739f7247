//! Everything that is tested from outside, in one binary.

#![allow(clippy::unwrap_used)]

mod bad_input;
mod catalogs;
mod fixtures;
mod page;
mod pages;
mod project;
mod tidy;
