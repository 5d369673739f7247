//! What tree-sitter makes of a file, in our own form.

use super::super::kinds::{Field, Grammar, Kind};
use super::Tree;
use crate::lang::tree::{Copied, Keep, copied};

/// A copy of a tree of tree-sitter's.
pub(in super::super) fn grown(grammar: &Grammar, tree: &tree_sitter::Tree) -> Tree {
    copied(grammar, tree)
}

impl Keep for Grammar {
    type Kind = Kind;
    type Field = Field;

    fn kind(&self, node: tree_sitter::Node<'_>) -> Kind {
        self.kind_of(node)
    }

    fn field(&self, id: u16) -> Option<Field> {
        self.field_of(id)
    }

    fn keeps(&self, node: tree_sitter::Node<'_>, kind: Kind, field: Option<Field>, parent: Option<Kind>) -> Copied {
        if !node.is_named() && !node.is_missing() {
            return if keeps_sign(kind, field, parent) { Copied::Leaf } else { Copied::Left };
        }
        match (kind, parent) {
            (Kind::Dropped, _) => Copied::Left,
            // Of elements only what may hold code.
            (Kind::JsxElement | Kind::JsxOpeningElement | Kind::JsxSelfClosingElement, _)
            | (Kind::JsxExpression | Kind::JsxAttribute | Kind::Error, _) => Copied::Whole,
            (
                _,
                Some(Kind::JsxElement | Kind::JsxOpeningElement | Kind::JsxSelfClosingElement | Kind::JsxAttribute),
            ) => Copied::Left,
            (Kind::Opaque | Kind::String | Kind::Regex, _) if !node.has_error() => Copied::Leaf,
            _ => Copied::Whole,
        }
    }
}

/// Whether the walk asks for a sign or a keyword.
fn keeps_sign(kind: Kind, field: Option<Field>, parent: Option<Kind>) -> bool {
    let Some(parent) = parent else { return false };
    match kind {
        Kind::Async | Kind::Star | Kind::Get | Kind::Set | Kind::Static | Kind::StaticGet => {
            matches!(
                parent,
                Kind::ArrowFunction
                    | Kind::FunctionDeclaration
                    | Kind::FunctionExpression
                    | Kind::FunctionSignature
                    | Kind::GeneratorFunction
                    | Kind::GeneratorFunctionDeclaration
                    | Kind::MethodDefinition
                    | Kind::MethodSignature
                    | Kind::AbstractMethodSignature
                    | Kind::FieldDefinition
                    | Kind::PublicFieldDefinition
            ) || (kind == Kind::Star && parent == Kind::YieldExpression)
                || field == Some(Field::Operator)
        }
        Kind::Readonly => matches!(parent, Kind::RequiredParameter | Kind::OptionalParameter),
        Kind::Default => {
            matches!(
                parent,
                Kind::ExportStatement | Kind::ExportSpecifier | Kind::ImportSpecifier | Kind::NamespaceExport
            )
        }
        Kind::Equals => parent == Kind::ExportStatement,
        Kind::Comma => parent == Kind::ArrayPattern,
        _ => match field {
            Some(Field::Operator) => true,
            Some(Field::Kind) => parent == Kind::ForInStatement,
            _ => false,
        },
    }
}
