//! What tree-sitter makes of a file, in our own form.

use super::super::kinds::{Field, Kind, kind_of};
use super::Tree;
use crate::lang::tree::{Copied, Keep, copied};

/// A copy of a tree of tree-sitter's.
pub(in super::super) fn grown(tree: &tree_sitter::Tree) -> Tree {
    copied(&Python, tree)
}

/// The grammar.
struct Python;

impl Keep for Python {
    type Kind = Kind;
    type Field = Field;

    fn kind(&self, node: tree_sitter::Node<'_>) -> Kind {
        kind_of(node)
    }

    fn field(&self, id: u16) -> Option<Field> {
        Field::of_id(id)
    }

    fn keeps(&self, node: tree_sitter::Node<'_>, kind: Kind, field: Option<Field>, parent: Option<Kind>) -> Copied {
        let is_kept = if node.is_named() || node.is_missing() {
            !matches!(kind, Kind::Comment | Kind::LineContinuation)
        } else {
            keeps_sign(kind, field, parent)
        };
        if is_kept { Copied::Whole } else { Copied::Left }
    }
}

/// Whether the walk asks for a sign or a keyword.
fn keeps_sign(kind: Kind, field: Option<Field>, parent: Option<Kind>) -> bool {
    match parent {
        Some(Kind::ComparisonOperator) => true,
        Some(Kind::Slice) => kind == Kind::Colon,
        Some(Kind::Interpolation | Kind::FormatExpression) => kind == Kind::Equals,
        Some(Kind::Yield) => kind == Kind::From,
        _ => field == Some(Field::Operator),
    }
}
