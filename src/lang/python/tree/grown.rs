//! What tree-sitter makes of a file, in our own form.

use tree_sitter::TreeCursor;

use super::super::kinds::{Field, Kind, kind_of};
use super::{BROKEN, Child, Data, MISSING, NAMED, Tree, small};

/// A copy of a tree of tree-sitter's.
pub(in super::super) fn grown(tree: &tree_sitter::Tree) -> Tree {
    let mut copy = Tree::default();
    let mut cursor = tree.walk();
    let mut open = Vec::new();
    // The nodes that the cursor is inside of: what they are, and where their children begin.
    let mut inside: Vec<(Kind, usize)> = Vec::new();
    loop {
        if is_kept(&cursor, inside.last().map(|parent| parent.0)) {
            let (kind, mark) = (kind_of(cursor.node()), open.len());
            if cursor.goto_first_child() {
                inside.push((kind, mark));
                continue;
            }
            close(&mut copy, &mut open, mark, &cursor);
        }
        while !cursor.goto_next_sibling() {
            let Some((_, mark)) = inside.pop().filter(|_| cursor.goto_parent()) else {
                copy.root = small(copy.nodes.len().saturating_sub(1));
                return copy;
            };
            close(&mut copy, &mut open, mark, &cursor);
        }
    }
}

/// Ends the node that the cursor stands at.
fn close(copy: &mut Tree, open: &mut Vec<Child>, mark: usize, cursor: &TreeCursor<'_>) {
    let node = cursor.node();
    let mut flags = 0;
    for (is_so, flag) in [(node.is_named(), NAMED), (node.has_error(), BROKEN), (node.is_missing(), MISSING)] {
        flags |= if is_so { flag } else { 0 };
    }
    let (start, end) = (small(node.start_byte()), small(node.end_byte()));
    let data = Data { start, end, first: 0, count: 0, kind: kind_of(node), flags };
    let node = copy.close(open, mark, data);
    open.push(Child { node, field: cursor.field_id().and_then(|id| Field::of_id(id.get())) });
}

/// Whether the walk asks for such a node: parts of the grammar but comments, and what of punctuation says something.
fn is_kept(cursor: &TreeCursor<'_>, parent: Option<Kind>) -> bool {
    let node = cursor.node();
    let kind = kind_of(node);
    if node.is_named() || node.is_missing() {
        return !matches!(kind, Kind::Comment | Kind::LineContinuation);
    }
    match parent {
        Some(Kind::ComparisonOperator) => true,
        Some(Kind::Slice) => kind == Kind::Colon,
        Some(Kind::Interpolation | Kind::FormatExpression) => kind == Kind::Equals,
        Some(Kind::Yield) => kind == Kind::From,
        _ => cursor.field_id().and_then(|id| Field::of_id(id.get())) == Some(Field::Operator),
    }
}
