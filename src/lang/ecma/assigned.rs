//! Which names a piece of code binds again.

use rustc_hash::FxHashSet;
use tree_sitter::{Node, TreeCursor};

use super::kinds::{Grammar, Kind};

/// The names that `node` assigns to and does not declare itself. Functions that are no inline callbacks are
/// left out: they run at another time.
pub(super) fn assigned<'s>(grammar: &Grammar, source: &'s str, node: Node<'_>) -> Vec<&'s str> {
    collect(grammar, source, node, false)
}

/// The names that `node` or any function in it assigns to.
pub(super) fn assigned_anywhere<'s>(grammar: &Grammar, source: &'s str, node: Node<'_>) -> Vec<&'s str> {
    collect(grammar, source, node, true)
}

struct Collector<'g, 's> {
    grammar: &'g Grammar,
    source: &'s str,
    names: Vec<&'s str>,
    fresh: FxHashSet<&'s str>,
}

fn collect<'s>(grammar: &Grammar, source: &'s str, node: Node<'_>, everywhere: bool) -> Vec<&'s str> {
    let mut collector = Collector { grammar, source, names: Vec::new(), fresh: FxHashSet::default() };
    let mut cursor = node.walk();
    // The kinds of the nodes above, up to `node`: asking a node for its parent walks down from the root.
    let mut above = Vec::new();
    loop {
        let at = cursor.node();
        let enter = everywhere || above.last().is_none_or(|&parent| !runs_later(grammar, &cursor, parent));
        if enter {
            collector.visit(at);
        }
        if enter && cursor.goto_first_child() {
            above.push(grammar.kind(at));
            continue;
        }
        loop {
            if cursor.node() == node {
                return collector.finish();
            }
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                return collector.finish();
            }
            above.pop();
        }
    }
}

fn runs_later(grammar: &Grammar, cursor: &TreeCursor<'_>, parent: Kind) -> bool {
    match grammar.kind(cursor.node()) {
        Kind::FunctionDeclaration
        | Kind::GeneratorFunctionDeclaration
        | Kind::MethodDefinition
        | Kind::Class
        | Kind::ClassDeclaration
        | Kind::AbstractClassDeclaration => true,
        Kind::ArrowFunction | Kind::FunctionExpression | Kind::GeneratorFunction => {
            !matches!(parent, Kind::Arguments | Kind::ParenthesizedExpression)
        }
        _ => false,
    }
}

impl<'s> Collector<'_, 's> {
    fn visit(&mut self, node: Node<'_>) {
        let fields = &self.grammar.fields;
        let field = |id: u16| if id == 0 { None } else { node.child_by_field_id(id) };
        match self.grammar.kind(node) {
            Kind::AssignmentExpression | Kind::AugmentedAssignment => self.target(field(fields.left), false),
            Kind::UpdateExpression => self.target(field(fields.argument), false),
            Kind::ForInStatement => {
                let kind = field(fields.kind).map(|kind| self.grammar.kind(kind));
                self.target(field(fields.left), !matches!(kind, None | Some(Kind::Var)));
            }
            Kind::VariableDeclaration | Kind::LexicalDeclaration | Kind::UsingDeclaration => {
                let is_fresh = self.grammar.kind(node) != Kind::VariableDeclaration;
                let mut cursor = node.walk();
                for child in node.named_children(&mut cursor) {
                    if self.grammar.kind(child) == Kind::VariableDeclarator {
                        self.target(child.child_by_field_id(fields.name), is_fresh);
                    }
                }
            }
            _ => {}
        }
    }

    fn target(&mut self, node: Option<Node<'_>>, is_fresh: bool) {
        let Some(node) = node else { return };
        let mut names = Vec::new();
        pattern_names(self.grammar, node, &mut |name| names.push(name.byte_range()));
        for range in names {
            let name = self.source.get(range).unwrap_or("");
            if is_fresh {
                self.fresh.insert(name);
            } else {
                self.names.push(name);
            }
        }
    }

    fn finish(mut self) -> Vec<&'s str> {
        let mut seen = FxHashSet::default();
        self.names.retain(|name| !self.fresh.contains(name) && seen.insert(*name));
        self.names
    }
}

/// Calls `found` with each identifier that a pattern binds. Patterns nest no deeper than a few levels in
/// practice; a limit keeps strange input harmless.
pub(super) fn pattern_names<'t>(grammar: &Grammar, node: Node<'t>, found: &mut dyn FnMut(Node<'t>)) {
    fn visit<'t>(grammar: &Grammar, node: Node<'t>, depth: u32, found: &mut dyn FnMut(Node<'t>)) {
        if depth > 100 {
            return;
        }
        let fields = &grammar.fields;
        let part = |id: u16| if id == 0 { None } else { node.child_by_field_id(id) };
        match grammar.kind(node) {
            Kind::Identifier | Kind::ShorthandPropertyPattern => found(node),
            Kind::AssignmentPattern | Kind::ObjectAssignmentPattern | Kind::AssignmentExpression => {
                if let Some(left) = part(fields.left) {
                    visit(grammar, left, depth + 1, found);
                }
            }
            Kind::PairPattern => {
                if let Some(value) = part(fields.value) {
                    visit(grammar, value, depth + 1, found);
                }
            }
            Kind::ObjectPattern
            | Kind::ArrayPattern
            | Kind::RestPattern
            | Kind::ParenthesizedExpression
            | Kind::NonNullExpression => {
                let mut cursor = node.walk();
                for child in node.named_children(&mut cursor) {
                    visit(grammar, child, depth + 1, found);
                }
            }
            _ => {}
        }
    }
    visit(grammar, node, 0, found);
}
