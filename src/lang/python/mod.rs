//! Python → facts.
//!
//! [`Walk`] goes once through a syntax tree in the order the program runs; what it finds goes through the
//! shared [`Builder`]. Bodies of functions run later than what surrounds them, so they wait in a queue
//! until the body of the file is done and every name of it is bound.

mod assigned;
mod calls;
mod definitions;
mod expressions;
mod flow;
mod imports;
mod kinds;
mod statements;
mod strings;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod types;

use std::collections::VecDeque;

use super::builder::{Branch, Builder, OpenLoop, ScopeId};
use super::directive;
use crate::facts::*;
use crate::source::{SourceFile, Span};
use kinds::{Field, Kind, child, kind};
use tree::Node;

/// How deep statements and expressions may nest in each other. Workers have 64 MiB of stack.
const MAX_DEPTH: u32 = 1_500;

/// What a Python file says.
pub(super) fn extract(file: &SourceFile) -> FileFacts {
    // What a suppression comment covers is read from a tree with comments.
    if !directive::may_be_in(&file.text)
        && let Some(tree) = tree::quick(&file.text)
    {
        return Walk::new(&file.text, tree.root()).file();
    }
    let tree = super::parser::parse(&kinds::language(), file.text.as_bytes());
    let Some(tree) = tree else {
        let mut builder = Builder::new(&file.text);
        builder.gap("the file could not be parsed", first_character(&file.text, 0));
        return builder.facts;
    };
    let copy = tree::grown(&tree);
    let mut facts = Walk::new(&file.text, copy.root()).file();
    facts.directives = directive::directives(&tree, &file.text);
    facts
}

/// A function whose body is still to be lowered.
struct PendingBody<'a> {
    node: Node<'a>,
    function: FunctionId,
    scope: ScopeId,
    /// The class that `super()` means.
    class: Option<ClassId>,
}

/// An attribute's annotation, which may name classes that come later in the file.
struct PendingAnnotation {
    class: ClassId,
    attribute: usize,
    span: Span,
    scope: ScopeId,
}

/// A `for` or `while` that the walk is inside of.
struct LoopFrame {
    open: OpenLoop,
    /// What was bound on the ways that leave the body by `break` or `continue`.
    early: Vec<Branch>,
    has_break: bool,
}

/// The walk over one file.
struct Walk<'a> {
    b: Builder<'a>,
    source: &'a str,
    root: Node<'a>,
    bodies: VecDeque<PendingBody<'a>>,
    annotations: Vec<PendingAnnotation>,
    depth: u32,
    /// Where too deep nesting was first met.
    too_deep: Option<Span>,
    /// The scope of the file's body.
    module: ScopeId,
    /// The scope of the innermost function, class or file: where `x = …` binds.
    local: ScopeId,
    /// The class that `super()` means here.
    class: Option<ClassId>,
    /// Set directly in a class body.
    class_body: Option<ClassId>,
    /// What the `if` at hand has tested, if what follows it is reached only where that does not hold.
    left_if: Option<ValueId>,
    /// Names that this function declares `global` or `nonlocal`, with their scope and what they were before.
    outer: Vec<(Name, ScopeId, Option<ValueId>)>,
    loops: Vec<LoopFrame>,
    /// Where the `*` stands of a spread expression that the grammar reads the wrong way round.
    splat_at: Option<usize>,
    /// Whether the file has a `:=` at all.
    has_walrus: bool,
    /// How many bytes may still be copied from one string into another.
    text_budget: usize,
}

impl<'a> Walk<'a> {
    fn new(source: &'a str, root: Node<'a>) -> Self {
        let b = Builder::new(source);
        let scope = b.scope();
        Walk {
            b,
            source,
            root,
            bodies: VecDeque::new(),
            annotations: Vec::new(),
            depth: 0,
            too_deep: None,
            module: scope,
            local: scope,
            class: None,
            class_body: None,
            left_if: None,
            outer: Vec::new(),
            loops: Vec::new(),
            splat_at: None,
            has_walrus: memchr::memmem::find(source.as_bytes(), b":=").is_some(),
            text_budget: strings::budget(source.len()),
        }
    }

    fn file(mut self) -> FileFacts {
        self.block(self.root);
        self.pending_annotations();
        while let Some(body) = self.bodies.pop_front() {
            self.function_body(body);
        }
        self.pending_annotations();
        self.syntax_gap();
        if let Some(span) = self.too_deep {
            self.b.gap("nested too deeply to be followed", span);
        }
        self.b.bindings(|_| true);
        self.b.finish()
    }

    /// One gap for all places that are not Python.
    fn syntax_gap(&mut self) {
        if !self.root.has_error() {
            return;
        }
        let mut count = 0usize;
        let mut first = None;
        let mut waiting = vec![self.root];
        while let Some(node) = waiting.pop() {
            if node.is_error() || node.is_missing() {
                count += 1;
                first.get_or_insert(node);
            } else if node.has_error() {
                waiting.extend(node.children().rev());
            }
        }
        let Some(first) = first else { return };
        let places = if count == 1 { "place" } else { "places" };
        let span = self.one_line(span(first));
        self.b.gap(format!("syntax error, {count} {places} not understood"), span);
    }

    /// The parts of `node`.
    fn children(&self, node: Node<'a>) -> Vec<Node<'a>> {
        let mut parts = Vec::with_capacity(node.child_count());
        parts.extend(node.parts());
        parts
    }

    /// The parts of `node` in one place.
    fn children_in(&self, node: Node<'a>, field: Field) -> Vec<Node<'a>> {
        node.children_in(field).filter(|part| part.is_named()).collect()
    }

    /// The source of `node`.
    fn source_of(&self, node: Node<'a>) -> &'a str {
        self.source.get(node.byte_range()).unwrap_or("")
    }

    /// The name that `node` is.
    fn name_of(&mut self, node: Node<'a>) -> Name {
        let text = self.source_of(node);
        self.b.name(text)
    }

    /// The part of `span` that is on its first line; never empty, unless the file is.
    fn one_line(&self, span: Span) -> Span {
        let text = self.source.get(span.range()).unwrap_or("");
        let end = memchr::memchr(b'\n', text.as_bytes()).unwrap_or(text.len());
        let line = text[..end].trim_end();
        if line.is_empty() {
            return first_character(self.source, span.start as usize);
        }
        Span::new(span.start as usize, span.start as usize + line.len())
    }

    /// Goes one level deeper, if that is still allowed.
    fn descend(&mut self, node: Node<'a>) -> bool {
        if self.depth >= MAX_DEPTH {
            let line = self.one_line(span(node));
            self.too_deep.get_or_insert(line);
            return false;
        }
        self.depth += 1;
        true
    }

    fn ascend(&mut self) {
        self.depth -= 1;
    }
}

/// The bytes of `node`.
fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

/// The first character from `at` on that can be seen, or else the last one before.
fn first_character(source: &str, at: usize) -> Span {
    let (before, after) = source.split_at_checked(at).unwrap_or((source, ""));
    let next = after.char_indices().find(|(_, character)| !character.is_whitespace());
    if let Some((offset, character)) = next {
        return Span::new(at + offset, at + offset + character.len_utf8());
    }
    let last = before.char_indices().rfind(|(_, character)| !character.is_whitespace());
    last.map_or_else(Span::default, |(offset, character)| Span::new(offset, offset + character.len_utf8()))
}
