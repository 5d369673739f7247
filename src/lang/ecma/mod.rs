//! JavaScript, TypeScript and TSX → facts: one recursive walk over the syntax tree.
//!
//! The walk meets code in the order in which it runs, as far as that is known: imports and declarations of a
//! block first, then its statements, inline callbacks where they stand, and the bodies of all other
//! functions after everything around them ([`Walk::drain`]).

mod assigned;
mod bindings;
mod callbacks;
mod calls;
mod classes;
mod control;
mod expressions;
mod functions;
mod kinds;
mod modules;
mod parse;
mod patterns;
mod statements;
mod strings;
mod tree;
mod types;

#[cfg(test)]
mod tests;

use rustc_hash::{FxHashMap, FxHashSet};

use super::builder::{Builder, ScopeId};
use crate::facts::*;
use crate::source::{SourceFile, Span};
use functions::Later;
use kinds::{Field, Kind};
use tree::Node;

/// How deep expressions and statements may nest before the walk stops following them. The frames of one
/// level fit about 40 KiB, so that a stack of 64 MiB is enough.
const MAX_DEPTH: u32 = 1_500;

/// What one JavaScript or TypeScript file says.
pub(super) fn extract(file: &SourceFile) -> FileFacts {
    let parsed = match parse::parse(file) {
        Ok(parsed) => parsed,
        Err(why) => {
            let mut builder = Builder::new(&file.text);
            builder.gap(why, Span::new(0, file.text.len()));
            return builder.facts;
        }
    };
    let root = parsed.tree.root();
    let mut walk = Walk::new(&file.text);
    walk.b.facts.directives = parsed.directives;
    walk.file(root);
    parse::report_errors(&mut walk, root);
    walk.b.finish()
}

/// The state of the walk.
struct Walk<'s, 't> {
    b: Builder<'s>,
    source: &'s str,
    /// Bodies that are to be lowered after their surroundings.
    later: Vec<Later<'t>>,
    /// Functions and classes that were declared at the head of their block, by the id of their node.
    functions: FxHashMap<u32, FunctionId>,
    classes: FxHashMap<u32, ClassId>,
    /// The modules that `require` calls stand for, by the id of the call's node.
    required: FxHashMap<u32, ImportId>,
    context: Context,
    exports: bindings::Exports,
    /// Names that were declared empty, to be filled by some function.
    unfilled: FxHashSet<Name>,
    /// What the `if` that was lowered last tested, if its consequence always leaves.
    left_if: Option<ValueId>,
    /// The name that the next function or class expression is bound to.
    hint: Option<(Name, Span)>,
    /// What loops bind again.
    assignments: assigned::Assignments<'s>,
    /// Whether `var` occurs at all.
    has_var: bool,
    /// Whether a module can be loaded by a call: `require(…)`, `import(…)`.
    has_module_calls: bool,
    depth: u32,
    too_deep: bool,
}

/// What holds inside one function body.
#[derive(Clone, Copy)]
struct Context {
    /// What `this` is.
    this: ValueId,
    /// The class whose member this is, for `super`.
    class: Option<ClassId>,
    /// Whether a `break` here leaves a `switch`.
    in_switch: bool,
    /// The outermost scope of the code that runs in one go: of the file, or of a function that runs later.
    scope: ScopeId,
}

impl<'s, 't> Walk<'s, 't> {
    fn new(source: &'s str) -> Self {
        let b = Builder::new(source);
        let context = Context { this: UNKNOWN, class: None, in_switch: false, scope: b.scope() };
        Walk {
            source: b.source,
            b,
            later: Vec::new(),
            functions: FxHashMap::default(),
            classes: FxHashMap::default(),
            required: FxHashMap::default(),
            context,
            exports: bindings::Exports::default(),
            unfilled: FxHashSet::default(),
            left_if: None,
            hint: None,
            assignments: assigned::Assignments::default(),
            has_var: occurs(source, "var "),
            has_module_calls: occurs(source, "require") || occurs(source, "import("),
            depth: 0,
            too_deep: false,
        }
    }

    fn file(&mut self, root: Node<'t>) {
        if self.has_var {
            self.hoist_vars(root);
        }
        let statements = self.children(root);
        self.statements(&statements);
        self.drain();
        self.write_bindings();
    }

    /// Lowers all waiting bodies, and those that they leave behind. Functions that fill a variable declared
    /// empty come first, so that the others see what it holds.
    fn drain(&mut self) {
        let mut waiting = std::mem::take(&mut self.later);
        if !self.unfilled.is_empty() {
            waiting.sort_by_cached_key(|later| !self.fills(later.node));
        }
        while !waiting.is_empty() {
            for later in waiting {
                self.lower_later(later);
            }
            waiting = std::mem::take(&mut self.later);
        }
    }

    fn fills(&self, node: Node<'t>) -> bool {
        let names = assigned::assigned_anywhere(self.source, node);
        names.iter().any(|name| self.b.facts.names.find(name).is_some_and(|name| self.unfilled.contains(&name)))
    }

    // ── Nodes ───────────────────────────────────────────────────────────────────────────────────────

    fn kind(&self, node: Node<'t>) -> Kind {
        node.kind()
    }

    fn field(&self, node: Node<'t>, field: Field) -> Option<Node<'t>> {
        node.child(field)
    }

    /// All parts of `node` in this place.
    fn fields(&self, node: Node<'t>, field: Field) -> Vec<Node<'t>> {
        node.children_in(field).filter(|child| child.is_named()).collect()
    }

    /// The parts of `node`.
    fn children(&self, node: Node<'t>) -> Vec<Node<'t>> {
        let mut children = Vec::with_capacity(node.child_count());
        children.extend(node.parts());
        children
    }

    fn first_child(&self, node: Node<'t>) -> Option<Node<'t>> {
        node.first_part()
    }

    fn child_of_kind(&self, node: Node<'t>, kind: Kind) -> Option<Node<'t>> {
        node.children().find(|child| child.kind() == kind)
    }

    fn has_token(&self, node: Node<'t>, kind: Kind) -> bool {
        self.child_of_kind(node, kind).is_some()
    }

    fn text(&self, node: Node<'t>) -> &'s str {
        self.source.get(node.byte_range()).unwrap_or("")
    }

    fn name(&mut self, node: Node<'t>) -> Name {
        let text = self.text(node);
        self.b.name(text)
    }

    /// As much of `start..end` as stands on the line where it starts, without blanks at its end. Never empty:
    /// for what is missing in the text, the character where it should be.
    fn one_line(&self, start: usize, end: usize) -> Span {
        let text = self.source.get(start..end).unwrap_or("");
        let line = &text[..memchr::memchr2(b'\n', b'\r', text.as_bytes()).unwrap_or(text.len())];
        let line = line.trim_end();
        if !line.is_empty() {
            return Span::new(start, start + line.len());
        }
        let is_shown = |char: &char| !char.is_whitespace();
        if let Some(next) = self.source.get(start..).and_then(|rest| rest.chars().next()).filter(is_shown) {
            return Span::new(start, start + next.len_utf8());
        }
        let before = self.source.get(..start).unwrap_or("").trim_end();
        let last = before.chars().next_back().map_or(0, char::len_utf8);
        Span::new(before.len() - last, before.len())
    }

    /// Runs `f` one level deeper; at the limit nothing is lowered and it is said once.
    fn deeper<T>(&mut self, node: Node<'t>, otherwise: T, f: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MAX_DEPTH {
            if !self.too_deep {
                self.too_deep = true;
                let span = self.one_line(node.start_byte(), node.end_byte());
                self.b.gap("nested too deeply to be followed", span);
            }
            return otherwise;
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }
}

fn occurs(source: &str, text: &str) -> bool {
    memchr::memmem::find(source.as_bytes(), text.as_bytes()).is_some()
}

fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}
