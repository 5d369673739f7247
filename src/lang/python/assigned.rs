//! Which names a loop's body binds, found before the body is lowered.

use super::tree::Node;
use super::{Field, Kind, Walk, child, kind};
use crate::facts::Name;

impl<'a> Walk<'a> {
    /// The names that running `nodes` binds again in the present function: those that are bound here
    /// already. Bodies of nested functions and classes bind their own.
    pub(super) fn assigned(&mut self, nodes: &[Node<'a>]) -> Vec<Name> {
        let mut names = Vec::new();
        let mut waiting: Vec<Node<'a>> = nodes.to_vec();
        while let Some(node) = waiting.pop() {
            self.assigned_by(node, &mut names, &mut waiting);
        }
        names.sort();
        names.dedup();
        names.retain(|&name| {
            self.b.binds(self.local, name)
                || self.outer.iter().any(|&(outer, _, before)| outer == name && before.is_some())
        });
        names
    }

    fn assigned_by(&mut self, node: Node<'a>, names: &mut Vec<Name>, waiting: &mut Vec<Node<'a>>) {
        match kind(node) {
            Kind::Assignment | Kind::AugmentedAssignment => {
                self.targets(child(node, Field::Left), names);
                waiting.extend(child(node, Field::Right).filter(|&right| {
                    self.has_walrus || matches!(kind(right), Kind::Assignment | Kind::AugmentedAssignment)
                }));
            }
            Kind::ForStatement => {
                self.targets(child(node, Field::Left), names);
                let children = self.children(node);
                waiting.extend(children);
            }
            Kind::AsPattern => {
                self.targets(child(node, Field::Alias), names);
                let children = self.children(node);
                waiting.extend(children);
            }
            Kind::NamedExpression => {
                self.targets(child(node, Field::Name), names);
                waiting.extend(child(node, Field::Value));
            }
            Kind::DeleteStatement => {
                for target in self.children(node) {
                    self.targets(Some(target), names);
                }
            }
            Kind::FunctionDefinition | Kind::ClassDefinition => self.targets(child(node, Field::Name), names),
            Kind::ImportStatement | Kind::ImportFromStatement => {
                for part in self.children_in(node, Field::Name) {
                    let bound = child(part, Field::Alias).or_else(|| part.first_part()).unwrap_or(part);
                    self.targets(Some(bound), names);
                }
            }
            Kind::ExceptClause => {
                self.targets(child(node, Field::Alias), names);
                let children = self.children(node);
                waiting.extend(children);
            }
            Kind::CaseClause => {
                for pattern in self.children(node).into_iter().filter(|&child| kind(child) == Kind::CasePattern) {
                    let captures = self.captures(pattern);
                    for capture in captures {
                        let name = self.name_of(capture);
                        names.push(name);
                    }
                }
                waiting.extend(child(node, Field::Guard));
                waiting.extend(child(node, Field::Consequence));
            }
            Kind::Lambda
            | Kind::Identifier
            | Kind::StringLiteral
            | Kind::Integer
            | Kind::PassStatement
            | Kind::ReturnStatement => {}
            Kind::Call | Kind::Attribute if !self.has_walrus => {}
            _ => {
                let children = self.children(node);
                waiting.extend(children);
            }
        }
    }

    /// The names in an assignment's target.
    fn targets(&mut self, target: Option<Node<'a>>, names: &mut Vec<Name>) {
        let mut waiting: Vec<Node<'a>> = target.into_iter().collect();
        while let Some(node) = waiting.pop() {
            match kind(node) {
                Kind::Identifier => {
                    let name = self.name_of(node);
                    names.push(name);
                }
                Kind::TuplePattern
                | Kind::ListPattern
                | Kind::PatternList
                | Kind::ListSplatPattern
                | Kind::ListSplat
                | Kind::Tuple
                | Kind::List
                | Kind::ExpressionList
                | Kind::ParenthesizedExpression
                | Kind::AsPatternTarget => {
                    let children = self.children(node);
                    waiting.extend(children);
                }
                _ => {}
            }
        }
    }

    /// The names that a `case` pattern binds.
    pub(super) fn captures(&mut self, pattern: Node<'a>) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        let mut waiting = vec![pattern];
        while let Some(node) = waiting.pop() {
            match kind(node) {
                // A dotted name is a value; a plain one is bound.
                Kind::DottedName if node.parts().count() == 1 => found.extend(node.first_part()),
                Kind::Identifier if self.source_of(node) != "_" => found.push(node),
                // The first name is the class, or the keyword.
                Kind::ClassPattern | Kind::KeywordPattern => {
                    waiting.extend(self.children(node).into_iter().skip(1));
                }
                Kind::DottedName | Kind::Identifier | Kind::StringLiteral => {}
                _ => waiting.extend(self.children(node)),
            }
        }
        found.reverse();
        found
    }
}
