//! A text's tree, and the memory that it lives in.

use std::mem;
use std::ops::Deref;

use tree_sitter::{Language, Parser, Tree};

use super::arena::Entered;

/// A tree that is given back whole.
pub(super) struct Parsed {
    /// There until it is dropped.
    tree: Option<Tree>,
    memory: Entered,
}

/// The tree of a text; `None` if the grammar does not fit the library, which no release is built with.
pub(super) fn parse(language: &Language, text: &[u8]) -> Option<Parsed> {
    let memory = Entered::new();
    let mut parser = Parser::new();
    parser.set_language(language).ok()?;
    let tree = parser.parse(text, None)?;
    Some(Parsed { tree: Some(tree), memory })
}

impl Deref for Parsed {
    type Target = Tree;

    fn deref(&self) -> &Tree {
        self.tree.as_ref().expect("a tree is taken out only when it is dropped")
    }
}

impl Drop for Parsed {
    fn drop(&mut self) {
        let tree = self.tree.take();
        if self.memory.holds_all() {
            mem::forget(tree);
        }
    }
}
