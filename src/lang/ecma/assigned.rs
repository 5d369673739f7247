//! Which names a piece of code binds again.

use std::collections::VecDeque;
use std::ops::Range;

use super::kinds::{Field, Kind};
use super::tree::Node;
use rustc_hash::FxHashSet;

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
    id: u32,
    range: Range<usize>,
}

impl<'s> Assignments<'s> {
    /// The names that `node` assigns to and does not declare itself. Functions that are no inline callbacks are
    /// left out: they run at another time.
    pub(super) fn of(&mut self, source: &'s str, node: Node<'_>) -> Vec<&'s str> {
        let range = node.byte_range();
        let covers = |searched: &&Searched<'_>| searched.node.start <= range.start && range.end <= searched.node.end;
        let searched = match self.known.iter().position(|searched| covers(&searched)) {
            Some(at) => &self.known[at],
            None => {
                if self.known.len() >= REMEMBERED {
                    self.known.pop_back();
                }
                self.known.push_front(Searched { node: range.clone(), bound: collect(source, node) });
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
pub(super) fn assigned_anywhere<'s>(source: &'s str, node: Node<'_>) -> Vec<&'s str> {
    names(collect(source, node).iter())
}

/// The names that are bound and not declared, each once.
fn names<'b, 's: 'b>(bound: impl Iterator<Item = &'b Bound<'s>> + Clone) -> Vec<&'s str> {
    let fresh: FxHashSet<&str> = bound.clone().filter(|bound| bound.is_fresh).map(|bound| bound.name).collect();
    let mut seen = FxHashSet::default();
    bound.map(|bound| bound.name).filter(|name| !fresh.contains(name) && seen.insert(*name)).collect()
}

struct Collector<'s> {
    source: &'s str,
    bound: Vec<Bound<'s>>,
    /// The functions around the present node that run at another time, innermost last.
    later: Vec<Function>,
}

fn collect<'s>(source: &'s str, node: Node<'_>) -> Vec<Bound<'s>> {
    let mut collector = Collector { source, bound: Vec::new(), later: Vec::new() };
    collector.walk(node, None);
    collector.finish()
}

fn runs_later(node: Node<'_>, parent: Kind) -> bool {
    match node.kind() {
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

impl<'s> Collector<'s> {
    /// Visits `node` and all in it, in order.
    fn walk(&mut self, node: Node<'_>, parent: Option<Kind>) {
        // What is still to be visited, the next last, with what it stands in; of functions that are left, nothing.
        let mut open = vec![(Some(node), parent)];
        while let Some((node, parent)) = open.pop() {
            let Some(node) = node else {
                self.later.pop();
                continue;
            };
            if parent.is_some_and(|parent| runs_later(node, parent)) {
                self.later.push(Function { id: node.id(), range: node.byte_range() });
                open.push((None, None));
            }
            self.visit(node);
            open.extend(node.children().rev().map(|child| (Some(child), Some(node.kind()))));
        }
    }

    fn visit(&mut self, node: Node<'_>) {
        match node.kind() {
            Kind::AssignmentExpression | Kind::AugmentedAssignment => self.target(node.child(Field::Left), false),
            Kind::UpdateExpression => self.target(node.child(Field::Argument), false),
            Kind::ForInStatement => {
                let kind = node.child(Field::Kind).map(Node::kind);
                self.target(node.child(Field::Left), !matches!(kind, None | Some(Kind::Var)));
            }
            Kind::VariableDeclaration | Kind::LexicalDeclaration | Kind::UsingDeclaration => {
                let is_fresh = node.kind() != Kind::VariableDeclaration;
                for child in node.parts() {
                    if child.kind() == Kind::VariableDeclarator {
                        self.target(child.child(Field::Name), is_fresh);
                    }
                }
            }
            _ => {}
        }
    }

    fn target(&mut self, node: Option<Node<'_>>, is_fresh: bool) {
        let Some(node) = node else { return };
        let mut names = Vec::new();
        pattern_names(node, &mut |name| names.push(name.byte_range()));
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
pub(super) fn pattern_names<'t>(node: Node<'t>, found: &mut dyn FnMut(Node<'t>)) {
    fn visit<'t>(node: Node<'t>, depth: u32, found: &mut dyn FnMut(Node<'t>)) {
        if depth > 100 {
            return;
        }
        match node.kind() {
            Kind::Identifier | Kind::ShorthandPropertyPattern => found(node),
            Kind::AssignmentPattern | Kind::ObjectAssignmentPattern | Kind::AssignmentExpression => {
                if let Some(left) = node.child(Field::Left) {
                    visit(left, depth + 1, found);
                }
            }
            Kind::PairPattern => {
                if let Some(value) = node.child(Field::Value) {
                    visit(value, depth + 1, found);
                }
            }
            Kind::ObjectPattern
            | Kind::ArrayPattern
            | Kind::RestPattern
            | Kind::ParenthesizedExpression
            | Kind::NonNullExpression => {
                for child in node.parts() {
                    visit(child, depth + 1, found);
                }
            }
            _ => {}
        }
    }
    visit(node, 0, found);
}
