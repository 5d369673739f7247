//! What tree-sitter makes of a file, in our own form.

use tree_sitter::TreeCursor;

use super::super::kinds::{Field, Kind, kind_of};
use super::{BROKEN, Child, Data, MISSING, NAMED, Tree, small};

/// A copy of a tree of tree-sitter's.
pub(in super::super) fn grown(tree: &tree_sitter::Tree) -> Tree {
    let mut copy = Tree::default();
    let mut cursor = tree.walk();
    let mut open = Vec::new();
    // Where the children of each node begin that the cursor is inside of.
    let mut marks: Vec<usize> = Vec::new();
    loop {
        if is_kept(&cursor) && cursor.goto_first_child() {
            marks.push(open.len());
            continue;
        }
        let mut mark = open.len();
        loop {
            close(&mut copy, &mut open, mark, &cursor);
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                copy.root = small(copy.nodes.len().saturating_sub(1));
                return copy;
            }
            mark = marks.pop().unwrap_or(0);
        }
    }
}

/// Ends the node that the cursor stands at, if it is kept.
fn close(copy: &mut Tree, open: &mut Vec<Child>, mark: usize, cursor: &TreeCursor<'_>) {
    if !is_kept(cursor) {
        return;
    }
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
fn is_kept(cursor: &TreeCursor<'_>) -> bool {
    let node = cursor.node();
    let kind = kind_of(node);
    if node.is_named() || node.is_missing() {
        return !matches!(kind, Kind::Comment | Kind::LineContinuation);
    }
    if cursor.field_id().and_then(|id| Field::of_id(id.get())) == Some(Field::Operator) {
        return true;
    }
    match node.parent().map(kind_of) {
        Some(Kind::ComparisonOperator) => true,
        Some(Kind::Slice) => kind == Kind::Colon,
        Some(Kind::Interpolation | Kind::FormatExpression) => kind == Kind::Equals,
        Some(Kind::Yield) => kind == Kind::From,
        _ => false,
    }
}
