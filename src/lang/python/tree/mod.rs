//! The syntax tree of a Python file, as the walk sees it.
//!
//! [`quick`] makes it in one pass over what is surely Python; whatever that does not know, and every syntax error, is left
//! to tree-sitter, whose tree [`grown`] brings into the same form. Nodes have the kinds, fields and places of the
//! grammar; comments, brackets and most other punctuation are left out.

mod blocks;
mod collections;
mod expressions;
mod grown;
mod lex;
mod patterns;
mod quick;
mod statements;
mod strings;
#[cfg(test)]
mod tests;

use super::kinds::{Field, Kind};
use crate::lang::tree;

pub(super) use grown::grown;
pub(super) use quick::quick;

pub(super) type Tree = tree::Tree<Kind, Field>;
pub(super) type Node<'t> = tree::Node<'t, Kind, Field>;
type Growing = tree::Growing<Kind, Field>;
