//! The syntax tree of a JavaScript or TypeScript file, as the walk sees it.
//!
//! [`quick`] makes it in one pass over what is surely of the usual kind; whatever that does not know, and every syntax
//! error, is left to tree-sitter, whose tree [`grown`] brings into the same form. Nodes have the kinds, fields and places
//! of the grammar; comments, brackets and most other punctuation are left out, and so is what types are made of where
//! nobody looks into them.

mod classes;
mod elements;
mod expressions;
mod functions;
mod grown;
mod lex;
mod literals;
mod modules;
mod patterns;
mod quick;
mod statements;
#[cfg(test)]
mod tests;
mod types;

use super::kinds::{Field, Kind};
use crate::lang::tree;

pub(super) use grown::grown;
pub(super) use quick::{Dialect, quick};

pub(super) type Tree = tree::Tree<Kind, Field>;
pub(super) type Node<'t> = tree::Node<'t, Kind, Field>;
type Growing = tree::Growing<Kind, Field>;
