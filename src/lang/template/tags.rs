//! The tags of templates: loops, conditions, names, and the templates that one is made of.

use super::expressions::plain;
use super::lex::{Piece, TokenKind, first_word};
use super::{Expr, GroupKind, Groups, Open, OpenIf, Opened, Walk};
use crate::facts::*;
use crate::source::Span;

/// How many tags may be open at once.
const MAX_OPEN: usize = 200;

impl Walk<'_> {
    /// `{{ book.title }}`
    pub(super) fn print(&mut self, piece: Piece) {
        self.read(piece.inside);
        if let Some(found) = self.expression() {
            self.show(found);
        }
    }

    /// Sends the text of an expression.
    fn show(&mut self, found: Expr) {
        self.shown(found.value, found.span);
    }

    pub(super) fn tag(&mut self, piece: Piece) {
        let word = first_word(self.source, piece.inside);
        self.read(piece.inside);
        self.at = 1.min(self.tokens.len());
        if let Some(name) = word.strip_prefix("end") {
            return self.end(name, piece);
        }
        if self.open.len() >= MAX_OPEN {
            return;
        }
        match word {
            "" => {}
            "for" => self.for_each(piece),
            "if" => {
                let condition = self.condition();
                self.begin_if(condition, piece);
            }
            "ifequal" | "ifnotequal" => {
                let (left, right) = (self.operand(), self.operand());
                let value = |found: Option<Expr>| found.map_or(UNKNOWN, |found| found.value);
                let operation = if word == "ifequal" { Operation::Equal } else { Operation::NotEqual };
                let condition = self.b.value(Value::Operation(operation, value(left), value(right)));
                self.begin_if(condition, piece);
            }
            // Only the first of several rows that are alike shows what stands in it.
            "ifchanged" => {
                while self.operand().is_some() {}
                let set = self.b.value(Value::Bool(true));
                let inner = self.b.facts.loops.len().checked_sub(1);
                let id = LoopId(inner.and_then(|last| u32::try_from(last).ok()).unwrap_or(0));
                let condition = if inner.is_some() { self.b.value(Value::Carried(set, id)) } else { UNKNOWN };
                self.begin_if(condition, piece);
            }
            "elif" => self.other_branch(true),
            "else" => self.other_branch(false),
            "empty" => self.begin_empty(),
            "with" => self.with(piece),
            "set" => self.set(piece),
            "block" => {
                let name = self.peek().map_or("", |token| self.text_of(token)).into();
                self.push_scope();
                let start = piece.whole.end;
                self.begin(Opened::Block { name, start, shows_replaced: false }, piece);
            }
            "extends" => {
                let literal = self.peek().and_then(|token| self.literal(token));
                if literal.is_none() {
                    self.expression();
                }
                self.template.extends = literal.map(Into::into);
            }
            "include" => self.include(piece),
            "load" => self.load(),
            "import" if self.is_jinja => self.import(piece),
            "from" if self.is_jinja => self.import_names(piece),
            "macro" if self.is_jinja => self.begin_macro(piece),
            "call" if self.is_jinja => {
                self.push_scope();
                if self.take("(") {
                    while let Some(name) = self.take_name() {
                        self.bind(self.text_of(name), UNKNOWN);
                        if !self.take(",") {
                            break;
                        }
                    }
                    self.take(")");
                }
                self.expression();
                self.begin(Opened::Scope("call"), piece);
            }
            "do" if self.is_jinja => {
                self.expression();
            }
            "regroup" => self.regroup(),
            "blocktrans" | "blocktranslate" => {
                self.push_scope();
                self.keywords();
                self.begin(Opened::Scope(if word == "blocktrans" { "blocktrans" } else { "blocktranslate" }), piece);
            }
            "trans" if self.is_jinja => {
                self.push_scope();
                self.keywords();
                self.begin(Opened::Scope("trans"), piece);
            }
            "filter" | "autoescape" | "spaceless" | "csrf_token" | "pluralize" | "plural" => {}
            _ => self.any(word, piece),
        }
    }

    fn begin(&mut self, what: Opened, piece: Piece) {
        self.open.push(Open { what, start: piece.whole.start });
    }

    // ── Loops ───────────────────────────────────────────────────────────────────────────────────────

    /// `{% for book in books %}`, `{% for name, book in books.items %}`, `{% for book in books if book.shown %}`
    fn for_each(&mut self, piece: Piece) {
        let mut targets = Vec::new();
        let is_bracketed = self.take("(");
        while let Some(name) = self.take_name() {
            targets.push(self.text_of(name));
            if !self.take(",") {
                break;
            }
        }
        if is_bracketed {
            self.take(")");
        }
        let found = if self.take("in") { self.iterable() } else { None };
        let found = found.unwrap_or(plain(UNKNOWN, piece.inside));
        self.run_over(found, UseKind::Iterate, found.span);
        let head = self.trimmed(piece.inside);
        let groups = self.groups.get(&found.value).copied();
        // Groups hold the rows of one query: all of them together are as many as there are rows.
        let kind = if groups.is_some() { LoopKind::While } else { LoopKind::Each };
        let span = Span { start: piece.whole.start, end: piece.whole.end };
        let open = self.b.begin_loop(kind, found.value, UNKNOWN, head, span, &[]);
        let id = open.id;
        self.push_scope();
        let element = self.b.value(Value::Element(found.value, id));
        match (targets.as_slice(), groups) {
            ([one], Some(Groups { rows, kind: GroupKind::Lists })) => self.bind(one, rows),
            ([one], _) => self.bind(one, element),
            ([group, list], Some(Groups { rows, .. })) => {
                self.bind(group, UNKNOWN);
                self.bind(list, rows);
            }
            (several, _) => {
                for (index, name) in (0..).zip(several) {
                    let part = self.b.value(Value::Part(element, index));
                    self.bind(name, part);
                }
            }
        }
        let counter = self.b.value(Value::Collected(UNKNOWN, id));
        self.counters.insert(counter, id);
        self.bind(if self.is_jinja { "loop" } else { "forloop" }, counter);
        let filter = (self.is_jinja && self.take("if")).then(|| {
            let condition = self.condition();
            self.b.begin_branch(GuardKind::Then, condition)
        });
        self.begin(Opened::Loop(open, filter), piece);
    }

    /// What a loop runs over: what follows `if` is the condition of its elements.
    fn iterable(&mut self) -> Option<Expr> {
        let own = (self.at..self.tokens.len()).find(|&at| {
            self.is_jinja && self.tokens[at].kind == TokenKind::Name && self.text_of(self.tokens[at]) == "if"
        });
        let has_else = own.is_some_and(|at| self.tokens[at..].iter().any(|&token| self.text_of(token) == "else"));
        match own.filter(|_| !has_else) {
            Some(at) => {
                let rest = self.tokens.split_off(at);
                let found = self.expression();
                self.at = self.tokens.len();
                self.tokens.extend(rest);
                found
            }
            None => self.expression(),
        }
    }

    /// `{% empty %}`, `{% else %}` of a loop: what is shown where there are no rows.
    fn begin_empty(&mut self) {
        let is_loop = self.open.last().is_some_and(|open| matches!(open.what, Opened::Loop(..)));
        if is_loop && let Some(Open { what: Opened::Loop(open, filter), start }) = self.open.pop() {
            self.end_loop(open, filter, start);
            self.open.push(Open { what: Opened::Empty, start });
        }
    }

    fn end_loop(&mut self, open: super::OpenLoop, filter: Option<super::OpenBranch>, end: u32) {
        if let Some(filter) = filter {
            let branch = self.b.end_branch(filter, true);
            self.b.join(vec![branch], false);
        }
        let own = &mut self.b.facts.loops[open.id.index()].span;
        own.end = own.end.max(end);
        self.pop_scope();
        self.b.end_loop(open);
    }

    // ── Conditions ──────────────────────────────────────────────────────────────────────────────────

    fn begin_if(&mut self, condition: ValueId, piece: Piece) {
        let current = Some(self.b.begin_branch(GuardKind::Then, condition));
        self.begin(Opened::If(OpenIf { done: Vec::new(), current, condition }), piece);
    }

    /// `{% elif %}`, `{% else %}`
    fn other_branch(&mut self, is_tested: bool) {
        match self.open.last().map(|open| &open.what) {
            Some(Opened::If(_)) => {}
            Some(Opened::Loop(..)) => return self.begin_empty(),
            _ => return,
        }
        let Some(Open { what: Opened::If(mut open), start }) = self.open.pop() else { return };
        if let Some(current) = open.current.take() {
            let branch = self.b.end_branch(current, true);
            let rest = self.b.begin_branch(GuardKind::Else, open.condition);
            open.done.push((branch, rest));
            if is_tested {
                open.condition = self.condition();
                open.current = Some(self.b.begin_branch(GuardKind::Then, open.condition));
            }
        }
        self.open.push(Open { what: Opened::If(open), start });
    }

    fn end_if(&mut self, open: OpenIf) {
        if let Some(current) = open.current {
            let branch = self.b.end_branch(current, true);
            self.b.join(vec![branch], false);
        }
        for (branch, rest) in open.done.into_iter().rev() {
            let rest = self.b.end_branch(rest, true);
            self.b.join(vec![branch, rest], true);
        }
    }

    // ── Names ───────────────────────────────────────────────────────────────────────────────────────

    /// `{% with author=book.author %}`, `{% with book.author as author %}`
    fn with(&mut self, piece: Piece) {
        self.push_scope();
        self.keywords();
        self.begin(Opened::Scope("with"), piece);
    }

    /// Binds each `name=value` and `value as name` of a tag.
    fn keywords(&mut self) {
        while self.peek().is_some() {
            let name = self.peek().filter(|token| token.kind == TokenKind::Name && self.is_next(1, "="));
            self.at += if name.is_some() { 2 } else { 0 };
            let found = if self.is_jinja { self.expression() } else { self.operand() };
            match (name, found) {
                (Some(name), Some(found)) => self.bind(self.text_of(name), found.value),
                (None, Some(found)) if self.take("as") => {
                    if let Some(name) = self.take_name() {
                        self.bind(self.text_of(name), found.value);
                    }
                }
                (_, Some(_)) => {}
                (_, None) => self.at += 1,
            }
        }
    }

    /// `{% set author = book.author %}`, `{% set title %}…{% endset %}`
    fn set(&mut self, piece: Piece) {
        let mut targets = Vec::new();
        while let Some(name) = self.take_name() {
            // An attribute of a namespace is no name.
            let is_part = self.is_next(0, ".");
            if is_part {
                self.at += 2;
            }
            targets.push((!is_part).then(|| self.text_of(name)));
            if !self.take(",") {
                break;
            }
        }
        if !self.take("=") {
            if let [Some(name)] = targets[..] {
                self.bind(name, UNKNOWN);
            }
            self.push_scope();
            return self.begin(Opened::Scope("set"), piece);
        }
        let Some(found) = self.expression() else { return };
        match targets.as_slice() {
            [Some(name)] => self.bind(name, found.value),
            several => {
                for (index, name) in (0..).zip(several) {
                    let part = self.b.value(Value::Part(found.value, index));
                    if let Some(name) = name {
                        self.bind(name, part);
                    }
                }
            }
        }
    }

    /// `{% regroup books by author.name as authors %}`
    fn regroup(&mut self) {
        let Some(rows) = self.operand() else { return };
        if !self.take("by") {
            return;
        }
        let from = self.at;
        while self.peek().is_some() && !self.is_next(0, "as") {
            self.at += 1;
        }
        let head = rows.span.cover(self.span_from(from));
        self.run_over(rows, UseKind::Iterate, rows.span);
        let open = self.b.begin_loop(LoopKind::Comprehension, rows.value, UNKNOWN, head, head, &[]);
        let mut value = self.b.value(Value::Element(rows.value, open.id));
        let end = std::mem::replace(&mut self.at, from);
        let first = self.tokens.get(from).map_or(head, |token| token.span);
        while self.at < end {
            let Some(name) = self.take_name() else { break };
            let text = self.text_of(name);
            value = self.b.member(value, text);
            let span = first.cover(name.span);
            self.b.accessed(value, false, span);
            self.b.call(value, Vec::new(), span, span);
            if !self.take(".") {
                break;
            }
        }
        self.b.end_loop(open);
        self.at = end;
        let groups = self.grouped(rows.value, GroupKind::Named);
        if self.take("as")
            && let Some(name) = self.take_name()
        {
            self.bind(self.text_of(name), groups);
        }
    }

    // ── Templates ───────────────────────────────────────────────────────────────────────────────────

    /// `{% include "book.html" with book=row only %}`, `{% include ["a.html", "b.html"] without context %}`
    fn include(&mut self, piece: Piece) {
        let own = self.peek();
        let mut name = own.and_then(|token| self.literal(token));
        if self.is_jinja && self.is_next(0, "[") {
            name = self.tokens.get(self.at + 1).and_then(|token| self.literal(*token));
        }
        if self.is_jinja {
            // The first of two names that a condition decides between is no name of it.
            let before = self.at;
            self.expression();
            name = name.filter(|_| self.is_next(0, "ignore") || self.is_with() || self.peek().is_none());
            self.at = self.at.max(before);
        } else {
            self.operand();
        }
        let span = self.trimmed(piece.inside);
        // What it is given stands behind its name.
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let named = last.map_or(span, |token| Span { end: token.span.end.clamp(span.start, span.end), ..span });
        let mut args = Vec::new();
        let mut only = false;
        while let Some(token) = self.peek() {
            if self.take("without") || self.take("only") {
                only = true;
            } else if !self.is_jinja && self.is_next(1, "=") && token.kind == TokenKind::Name {
                let from = self.at;
                let name = self.take_keyword();
                let Some(found) = self.operand() else { break };
                args.push(Arg { name, value: found.value, span: self.span_from(from) });
            } else {
                self.at += 1;
            }
        }
        if !only {
            let given: Vec<Option<Name>> = args.iter().map(|arg| arg.name).collect();
            let bound = self.bound_here().into_iter().filter(|(name, _)| !given.contains(&Some(*name)));
            let bound: Vec<Arg> = bound.map(|(name, value)| Arg { name: Some(name), value, span }).collect();
            args.extend(bound);
        }
        let value = self.call_named("include", args, span, named);
        if let (Some(name), Value::Call(call)) = (name, self.b.facts.value(value)) {
            self.template.includes.push(Include { call: *call, name: name.into(), only });
        }
    }

    fn is_with(&self) -> bool {
        self.is_next(0, "with") || self.is_next(0, "without")
    }

    /// `{% load books i18n %}`, `{% load shelf from books %}`
    fn load(&mut self) {
        let mut names: Vec<Box<str>> = Vec::new();
        while let Some(token) = self.peek() {
            self.at += 1;
            if token.kind != TokenKind::Name {
                continue;
            }
            match self.text_of(token) {
                "from" => names.clear(),
                name => names.push(name.into()),
            }
        }
        self.template.libraries.extend(names);
    }

    /// `{% import "macros.html" as macros %}`
    fn import(&mut self, piece: Piece) {
        let module = self.peek().and_then(|token| self.literal(token));
        self.expression();
        let name = if self.take("as") { self.take_name() } else { None };
        if let (Some(module), Some(name)) = (module, name) {
            let value = self.imported(module, Imported::Module, piece);
            self.bind(self.text_of(name), value);
        }
    }

    /// `{% from "macros.html" import shelf as show_shelf, card with context %}`
    fn import_names(&mut self, piece: Piece) {
        let module = self.peek().and_then(|token| self.literal(token));
        self.expression();
        let Some(module) = module.filter(|_| self.take("import")) else { return };
        while let Some(name) = self.take_name() {
            let text = self.text_of(name);
            if matches!(text, "with" | "without") && self.is_next(0, "context") {
                break;
            }
            let own = self.b.name(text);
            let value = self.imported(module, Imported::Name(own), piece);
            let bound = if self.take("as") { self.take_name().unwrap_or(name) } else { name };
            self.bind(self.text_of(bound), value);
            if !self.take(",") {
                break;
            }
        }
    }

    fn imported(&mut self, module: &str, what: Imported, piece: Piece) -> ValueId {
        let module = self.b.name(module);
        let id = ImportId(u32::try_from(self.b.facts.imports.len()).unwrap_or(u32::MAX));
        self.b.facts.imports.push(Import { module, what, span: piece.inside });
        self.b.value(Value::Import(id))
    }

    /// `{% macro card(book, large=false) %}`
    fn begin_macro(&mut self, piece: Piece) {
        let Some(token) = self.take_name() else { return };
        let name = self.b.name(self.text_of(token));
        let mut own = Function::new(name, piece.whole, token.span);
        let mut names = Vec::new();
        if self.take("(") {
            while let Some(param) = self.take_name() {
                let name = self.b.name(self.text_of(param));
                let default = if self.take("=") { self.expression().map(|found| found.value) } else { None };
                own.params.push(Param { name, annotation: None, default, is_rest: false, is_keyword_only: false });
                names.push(name);
                if !self.take(",") {
                    break;
                }
            }
        }
        let id = self.b.declare_function(own);
        let value = self.b.value(Value::Function(id));
        self.bind(self.text_of(token), value);
        if self.open.iter().all(|open| matches!(open.what, Opened::Block { .. } | Opened::If(_))) {
            self.macros.push((name, value));
        }
        let scope = self.main;
        let place = self.b.enter_function(id, scope);
        let before = std::mem::replace(&mut self.locals, vec![Vec::new()]);
        for (index, name) in (0..).zip(names) {
            let value = self.b.value(Value::Param(id, index));
            self.b.bind(name, value);
        }
        self.begin(Opened::Macro(place, before), piece);
    }

    /// Notes that the block around shows what it replaces.
    pub(super) fn shows_replaced(&mut self) {
        for open in self.open.iter_mut().rev() {
            if let Opened::Block { shows_replaced, .. } = &mut open.what {
                *shows_replaced = true;
                break;
            }
        }
    }

    // ── Other tags, and ends ────────────────────────────────────────────────────────────────────────

    /// `{% url "book" book.slug %}`, `{% shelf_of author limit=5 as shelf %}`
    fn any(&mut self, word: &str, piece: Piece) {
        let span = self.trimmed(piece.inside);
        let name_span = self.tokens.first().map_or(span, |token| token.span);
        let mut args = Vec::new();
        let mut bound = None;
        while self.peek().is_some() {
            if self.is_next(0, "as") && self.at + 2 == self.tokens.len() {
                self.at += 1;
                bound = self.take_name();
                break;
            }
            let from = self.at;
            let name = self.take_keyword();
            match if self.is_jinja { self.expression() } else { self.operand() } {
                Some(found) => args.push(Arg { name, value: found.value, span: self.span_from(from) }),
                None => self.at += 1,
            }
        }
        let value = self.call_named(word, args, span, name_span);
        match bound {
            Some(name) => self.bind(self.text_of(name), value),
            None => self.shown(value, span),
        }
    }

    /// `{% endfor %}` and the like: closes what the tag ends, and what was left open inside it.
    fn end(&mut self, name: &str, piece: Piece) {
        let ends = |open: &Open| match &open.what {
            Opened::Loop(..) | Opened::Empty => name == "for",
            Opened::If(_) => matches!(name, "if" | "ifequal" | "ifnotequal" | "ifchanged"),
            Opened::Scope(own) => *own == name,
            Opened::Block { .. } => name == "block",
            Opened::Macro(..) => name == "macro",
        };
        let Some(at) = self.open.iter().rposition(ends) else { return };
        while self.open.len() > at {
            let Some(open) = self.open.pop() else { break };
            self.close(open, piece.whole.start, piece.whole.end);
        }
    }

    /// Closes what a tag has opened: what stands in it ends at `inner`, and the tag that ends it at `outer`.
    pub(super) fn close(&mut self, open: Open, inner: u32, outer: u32) {
        self.regions.push(Span { start: open.start, end: outer });
        match open.what {
            Opened::Loop(open, filter) => self.end_loop(open, filter, outer),
            Opened::Empty => {}
            Opened::If(open) => self.end_if(open),
            Opened::Scope(_) => self.pop_scope(),
            Opened::Block { name, start, shows_replaced } => {
                self.pop_scope();
                let span = Span { start, end: inner.max(start) };
                self.template.blocks.push(Block { name, span, shows_replaced });
            }
            Opened::Macro(place, locals) => {
                let function = self.b.function();
                let own = &mut self.b.facts.functions[function.index()].span;
                own.end = own.end.max(outer);
                self.b.leave_function(place);
                self.locals = locals;
            }
        }
    }

    /// A part of the text without the white space around it.
    fn trimmed(&self, span: Span) -> Span {
        let text = self.source.get(span.range()).unwrap_or("");
        let start = span.start as usize + (text.len() - text.trim_start().len());
        Span::new(start, start + text.trim().len())
    }
}
