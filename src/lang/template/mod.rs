//! Templates of Django and Jinja → facts.
//!
//! A template is a function whose parameters are the names that it does not bind itself. [`lex`] finds its tags, and
//! [`Walk`] goes through them once, in the order in which they stand.

mod comments;
mod expressions;
mod filters;
mod lex;
mod names;
mod tags;
#[cfg(test)]
mod tests;

use rustc_hash::FxHashMap;

use super::builder::{Branch, Builder, OpenBranch, OpenLoop, Place, ScopeId};
use crate::facts::*;
use crate::source::{Language, SourceFile, Span};
use lex::{Piece, PieceKind, Token, TokenKind};
pub use names::{TemplateNames, template_language, template_names};

/// What a template says.
pub(super) fn extract(file: &SourceFile) -> FileFacts {
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    let mut walk = Walk::new(name, &file.text, file.language == Language::Jinja);
    let pieces = lex::pieces(&file.text, walk.is_jinja);
    let mut at = 0;
    while let Some(&piece) = pieces.get(at) {
        at += 1;
        match piece.kind {
            PieceKind::Print => walk.print(piece),
            PieceKind::Tag => {
                // What a cache keeps is not made for each who asks.
                if lex::first_word(&file.text, piece.inside) == "cache" {
                    at += skipped(&file.text, &pieces[at..]);
                } else {
                    walk.tag(piece);
                }
            }
            PieceKind::Comment => walk.comments.push(piece),
        }
    }
    walk.finish()
}

/// How many pieces there are up to the end of a part that a cache keeps, with that end.
fn skipped(text: &str, pieces: &[Piece]) -> usize {
    let mut depth = 1_usize;
    for (at, piece) in pieces.iter().enumerate().filter(|(_, piece)| piece.kind == PieceKind::Tag) {
        match lex::first_word(text, piece.inside) {
            "cache" => depth += 1,
            "endcache" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    pieces.len()
}

/// A tag that has begun and not ended.
struct Open {
    what: Opened,
    /// Where it begins.
    start: u32,
}

/// What a tag has opened.
enum Opened {
    /// `{% for %}`, with the condition that its elements must pass.
    Loop(OpenLoop, Option<OpenBranch>),
    /// What stands in place of a loop over nothing.
    Empty,
    If(OpenIf),
    /// Names, and no more: `{% with %}`, `{% blocktranslate %}`, `{% call %}`, `{% set %}` without a value.
    Scope(&'static str),
    Block {
        name: Box<str>,
        start: u32,
        shows_replaced: bool,
    },
    /// A macro: where the walk stood, and the names that were bound there.
    Macro(Place, Vec<Vec<Name>>),
}

/// An `{% if %}` with its branches.
struct OpenIf {
    /// The branches that are done, each with what stands in the place where it does not hold.
    done: Vec<(Branch, OpenBranch)>,
    /// The branch that is open; none behind `{% else %}`.
    current: Option<OpenBranch>,
    condition: ValueId,
}

/// Rows that are put into groups.
#[derive(Clone, Copy, Debug)]
struct Groups {
    rows: ValueId,
    kind: GroupKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GroupKind {
    /// `{% regroup %}`: each group has a `grouper` and a `list`.
    Named,
    /// `|groupby`: the same, and also a pair.
    Pairs,
    /// `|batch`: each group is a list.
    Lists,
}

/// An expression.
#[derive(Clone, Copy, Debug)]
struct Expr {
    value: ValueId,
    span: Span,
    /// The call that Django may make of it, if it is something that can be called.
    called: Option<CallId>,
}

/// The walk over one template.
struct Walk<'s> {
    b: Builder<'s>,
    source: &'s str,
    is_jinja: bool,
    template: Template,
    main: ScopeId,
    /// What the template is given, by name.
    params: FxHashMap<Name, ValueId>,
    open: Vec<Open>,
    /// The names that are bound in the scopes that are open.
    locals: Vec<Vec<Name>>,
    groups: FxHashMap<ValueId, Groups>,
    /// What tells how far a loop has come: `forloop`, `loop`.
    counters: FxHashMap<ValueId, LoopId>,
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
    comments: Vec<Piece>,
    /// Tags with their ends.
    regions: Vec<Span>,
    macros: Vec<(Name, ValueId)>,
}

impl<'s> Walk<'s> {
    fn new(name: &str, source: &'s str, is_jinja: bool) -> Self {
        let mut b = Builder::new(source);
        let name = b.name(name);
        let template = b.declare_function(Function::new(name, Span::new(0, source.len()), Span::default()));
        let scope = b.scope();
        b.enter_function(template, scope);
        let main = b.scope();
        Walk {
            b,
            source,
            is_jinja,
            template: Template::default(),
            main,
            params: FxHashMap::default(),
            open: Vec::new(),
            locals: vec![Vec::new()],
            groups: FxHashMap::default(),
            counters: FxHashMap::default(),
            tokens: Vec::new(),
            at: 0,
            depth: 0,
            comments: Vec::new(),
            regions: Vec::new(),
            macros: Vec::new(),
        }
    }

    fn finish(mut self) -> FileFacts {
        let end = u32::try_from(self.source.len()).unwrap_or(u32::MAX);
        while let Some(open) = self.open.pop() {
            self.close(open, end, end);
        }
        let directives = comments::directives(self.source, &self.comments, &self.regions);
        let mut facts = self.b.finish();
        facts.bindings = self.macros.iter().map(|&(name, value)| Binding { name, value, exported: true }).collect();
        facts.directives = directives;
        facts.template = Some(Box::new(self.template));
        facts
    }

    // ── Names ───────────────────────────────────────────────────────────────────────────────────────

    /// What a name is: what the template binds it to, else what the template is given.
    fn variable(&mut self, text: &str) -> ValueId {
        match text {
            "True" | "true" => return self.b.value(Value::Bool(true)),
            "False" | "false" => return self.b.value(Value::Bool(false)),
            "None" | "none" => return self.b.value(Value::Null),
            _ => {}
        }
        let name = self.b.name(text);
        if let Some(bound) = self.b.bound(name) {
            return bound;
        }
        if self.b.function() != TEMPLATE {
            return self.b.value(Value::Global(name));
        }
        if let Some(&known) = self.params.get(&name) {
            return known;
        }
        let params = &mut self.b.facts.functions[TEMPLATE.index()].params;
        let Ok(index) = u16::try_from(params.len()) else { return UNKNOWN };
        params.push(Param { name, annotation: None, default: None, is_rest: false, is_keyword_only: true });
        let value = self.b.value(Value::Param(TEMPLATE, index));
        self.params.insert(name, value);
        self.template.context.push(value);
        value
    }

    fn bind(&mut self, text: &str, value: ValueId) {
        let name = self.b.name(text);
        self.b.bind(name, value);
        if let Some(own) = self.locals.last_mut() {
            own.push(name);
        }
    }

    fn push_scope(&mut self) {
        self.b.push_scope(false);
        self.locals.push(Vec::new());
    }

    fn pop_scope(&mut self) {
        self.b.pop_scope();
        self.locals.pop();
    }

    /// The names that are bound here by the template itself, each with what it is.
    fn bound_here(&mut self) -> Vec<(Name, ValueId)> {
        let mut names: Vec<Name> = self.locals.iter().flatten().copied().collect();
        names.sort();
        names.dedup();
        names.into_iter().filter_map(|name| Some((name, self.b.bound(name)?))).collect()
    }

    // ── Tokens ──────────────────────────────────────────────────────────────────────────────────────

    fn read(&mut self, part: Span) {
        self.tokens = lex::tokens(self.source, part);
        self.at = 0;
    }

    fn text_of(&self, token: Token) -> &'s str {
        self.source.get(token.span.range()).unwrap_or("")
    }

    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    /// Whether the next token but `ahead` is this sign or word.
    fn is_next(&self, ahead: usize, text: &str) -> bool {
        let next = self.tokens.get(self.at + ahead);
        next.is_some_and(|token| token.kind != TokenKind::Text && self.text_of(*token) == text)
    }

    /// Goes on behind this sign or word, if it is next.
    fn take(&mut self, text: &str) -> bool {
        let is_next = self.is_next(0, text);
        self.at += usize::from(is_next);
        is_next
    }

    /// Goes on behind a name, if one is next.
    fn take_name(&mut self) -> Option<Token> {
        let token = self.peek().filter(|token| token.kind == TokenKind::Name)?;
        self.at += 1;
        Some(token)
    }

    /// The string that a literal holds.
    fn literal(&self, token: Token) -> Option<&'s str> {
        let text = self.text_of(token);
        (token.kind == TokenKind::Text).then(|| lex::unquoted(text))?
    }

    /// What was read from the token at `from` on.
    fn span_from(&self, from: usize) -> Span {
        match (self.tokens.get(from), self.tokens.get(self.at.max(from + 1) - 1)) {
            (Some(first), Some(last)) => first.span.cover(last.span),
            (Some(first), None) => first.span,
            _ => Span::default(),
        }
    }
}
