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

use std::ops::Range;

use super::kinds::{Field, Kind};

pub(super) use grown::grown;
pub(super) use quick::quick;

/// A part of the grammar, not punctuation.
const NAMED: u8 = 1;
/// A syntax error stands inside.
const BROKEN: u8 = 2;
/// It does not stand in the text, though it should.
const MISSING: u8 = 4;

/// A whole tree.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Data>,
    /// The children of all nodes; those of one stand next to each other.
    children: Vec<Child>,
    root: u32,
}

#[derive(Clone, Copy, Debug)]
struct Data {
    start: u32,
    end: u32,
    /// Where its children stand.
    first: u32,
    count: u32,
    kind: Kind,
    flags: u8,
}

#[derive(Clone, Copy, Debug)]
struct Child {
    node: u32,
    field: Option<Field>,
}

/// One node of a tree.
#[derive(Clone, Copy)]
pub(super) struct Node<'t> {
    tree: &'t Tree,
    at: u32,
}

impl Tree {
    /// The whole file.
    pub(super) fn root(&self) -> Node<'_> {
        Node { tree: self, at: self.root }
    }

    /// Makes a node of the last of `open`, from `mark` on.
    fn close(&mut self, open: &mut Vec<Child>, mark: usize, data: Data) -> u32 {
        let first = small(self.children.len());
        self.children.extend(open.drain(mark..));
        let count = small(self.children.len()) - first;
        self.nodes.push(Data { first, count, ..data });
        small(self.nodes.len() - 1)
    }

    fn data(&self, node: u32) -> Data {
        self.nodes[node as usize]
    }
}

impl<'t> Node<'t> {
    fn data(self) -> Data {
        self.tree.data(self.at)
    }

    /// What it is.
    pub(super) fn kind(self) -> Kind {
        self.data().kind
    }

    /// Whether it is more than punctuation or a keyword.
    pub(super) fn is_named(self) -> bool {
        self.data().flags & NAMED != 0
    }

    /// Whether it could not be parsed.
    pub(super) fn is_error(self) -> bool {
        self.kind() == Kind::Error
    }

    /// Whether it should stand here and does not.
    pub(super) fn is_missing(self) -> bool {
        self.data().flags & MISSING != 0
    }

    /// Whether something in it could not be parsed.
    pub(super) fn has_error(self) -> bool {
        self.data().flags & BROKEN != 0
    }

    /// Where it begins.
    pub(super) fn start_byte(self) -> usize {
        self.data().start as usize
    }

    /// Where it ends.
    pub(super) fn end_byte(self) -> usize {
        self.data().end as usize
    }

    /// Its bytes.
    pub(super) fn byte_range(self) -> Range<usize> {
        self.start_byte()..self.end_byte()
    }

    fn entries(self) -> &'t [Child] {
        let Data { first, count, .. } = self.data();
        &self.tree.children[first as usize..(first + count) as usize]
    }

    /// Its children in order, punctuation that matters among them.
    pub(super) fn children(self) -> impl DoubleEndedIterator<Item = Node<'t>> {
        self.entries().iter().map(move |child| Node { at: child.node, ..self })
    }

    /// Its children without punctuation.
    pub(super) fn parts(self) -> impl DoubleEndedIterator<Item = Node<'t>> {
        self.children().filter(|child| child.is_named())
    }

    /// Its children in one place.
    pub(super) fn children_in(self, field: Field) -> impl Iterator<Item = Node<'t>> {
        let inside = self.entries().iter().filter(move |child| child.field == Some(field));
        inside.map(move |child| Node { at: child.node, ..self })
    }

    /// Its first part.
    pub(super) fn first_part(self) -> Option<Node<'t>> {
        self.parts().next()
    }

    /// How many children it has.
    pub(super) fn child_count(self) -> usize {
        self.data().count as usize
    }
}

/// A place in a list: no file has 2³² bytes.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
