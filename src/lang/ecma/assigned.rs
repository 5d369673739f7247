//! Which names a piece of code binds again.

use std::collections::VecDeque;
use std::ops::Range;

use rustc_hash::FxHashSet;
use tree_sitter::{Node, TreeCursor};

use super::kinds::{Grammar, Kind};

/// The assignments of the outermost loops that are being walked, so that a loop inside another is not searched again.
#[derive(Debug, Default)]
pub(super) struct Assignments<'s> {
    known: VecDeque<Searched<'s>>,
}

/// How many searched nodes are remembered: a loop has up to three.
const REMEMBERED: usize = 16;

/// A node and everything in it that binds a name, in order.
#[derive(Debug)]
struct Searched<'s> {
    node: Range<usize>,
    bound: Vec<Bound<'s>>,
}

/// A place that binds a name.
#[derive(Debug)]
struct Bound<'s> {
    at: usize,
    name: &'s str,
    /// Whether it declares the name too.
    is_fresh: bool,
    /// The innermost function around it that runs at another time.
    later: Option<Function>,
}

/// A function: the id of its node, and where it stands.
#[derive(Clone, Debug)]
struct Function {
    id: usize,
    range: Range<usize>,
}

impl<'s> Assignments<'s> {
    /// The names that `node` assigns to and does not declare itself. Functions that are no inline callbacks are
    /// left out: they run at another time.
    pub(super) fn of(&mut self, grammar: &Grammar, source: &'s str, node: Node<'_>) -> Vec<&'s str> {
        let range = node.byte_range();
        let covers = |searched: &&Searched<'_>| searched.node.start <= range.start && range.end <= searched.node.end;
        let searched = match self.known.iter().position(|searched| covers(&searched)) {
            Some(at) => &self.known[at],
            None => {
                if self.known.len() >= REMEMBERED {
                    self.known.pop_back();
                }
                self.known.push_front(Searched { node: range.clone(), bound: collect(grammar, source, node) });
                &self.known[0]
            }
        };
        let from = searched.bound.partition_point(|bound| bound.at < range.start);
        let here = searched.bound[from..].iter().take_while(|bound| bound.at < range.end);
        let runs_now = |bound: &&Bound<'_>| {
            bound.later.as_ref().is_none_or(|function| {
                function.id == node.id() || function.range.start < range.start || function.range.end > range.end
            })
        };
        names(here.filter(runs_now))
    }
}

/// The names that `node` or any function in it assigns to.
pub(super) fn assigned_anywhere<'s>(grammar: &Grammar, source: &'s str, node: Node<'_>) -> Vec<&'s str> {
    names(collect(grammar, source, node).iter())
}

/// The names that are bound and not declared, each once.
fn names<'b, 's: 'b>(bound: impl Iterator<Item = &'b Bound<'s>> + Clone) -> Vec<&'s str> {
    let fresh: FxHashSet<&str> = bound.clone().filter(|bound| bound.is_fresh).map(|bound| bound.name).collect();
    let mut seen = FxHashSet::default();
    bound.map(|bound| bound.name).filter(|name| !fresh.contains(name) && seen.insert(*name)).collect()
}

struct Collector<'g, 's> {
    grammar: &'g Grammar,
    source: &'s str,
    bound: Vec<Bound<'s>>,
    /// The functions around the present node that run at another time, innermost last.
    later: Vec<Function>,
}

fn collect<'s>(grammar: &Grammar, source: &'s str, node: Node<'_>) -> Vec<Bound<'s>> {
    let mut collector = Collector { grammar, source, bound: Vec::new(), later: Vec::new() };
    let mut cursor = node.walk();
    // The kinds of the nodes above, up to `node`: asking a node for its parent walks down from the root.
    let mut above = Vec::new();
    loop {
        let at = cursor.node();
        if above.last().is_some_and(|&parent| runs_later(grammar, &cursor, parent)) {
            collector.later.push(Function { id: at.id(), range: at.byte_range() });
        }
        collector.visit(at);
        if cursor.goto_first_child() {
            above.push(grammar.kind(at));
            continue;
        }
        loop {
            let at = cursor.node();
            if collector.later.last().is_some_and(|function| function.id == at.id()) {
                collector.later.pop();
            }
            if at == node {
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
            let name = self.source.get(range.clone()).unwrap_or("");
            self.bound.push(Bound { at: range.start, name, is_fresh, later: self.later.last().cloned() });
        }
    }

    fn finish(mut self) -> Vec<Bound<'s>> {
        self.bound.sort_by_key(|bound| bound.at);
        self.bound
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
