//! Filters: those that give the same rows again, or run over them, and all others as calls.

use super::expressions::plain;
use super::lex::{Token, TokenKind};
use super::{Expr, GroupKind, Groups, Walk};
use crate::facts::*;
use crate::source::Span;

impl Walk<'_> {
    /// `value|name`, `value|name:argument`, `value|name(arguments)`
    pub(super) fn filtered(&mut self, object: Expr, name: Token) -> Expr {
        let text = self.text_of(name);
        // What an argument says that names an attribute: `"author.name"`.
        let mut path = None;
        let mut args = Vec::new();
        if self.is_jinja && self.take("(") {
            let own = self.tokens.get(self.at).copied().filter(|token| token.kind == TokenKind::Text);
            path = own.filter(|_| matches!(text, "groupby" | "selectattr" | "rejectattr"));
            if path.is_none() {
                let is_attribute = |walk: &Self, at: usize| {
                    walk.text_of(walk.tokens[at]) == "attribute" && walk.text_of(walk.tokens[at + 1]) == "="
                };
                let close = (self.at..self.tokens.len()).find(|&at| self.text_of(self.tokens[at]) == ")");
                let last = close.unwrap_or(self.tokens.len());
                path =
                    (self.at..last.saturating_sub(2)).find(|&at| is_attribute(self, at)).map(|at| self.tokens[at + 2]);
            }
            args = self.arguments();
        } else if !self.is_jinja && self.take(":") {
            let from = self.at;
            let own = self.peek();
            path = own.filter(|_| matches!(text, "dictsort" | "dictsortreversed"));
            if let Some(found) = self.argument() {
                args.push(Arg { name: None, value: found.value, span: self.span_from(from) });
            }
        }
        let path = path.filter(|token| token.kind == TokenKind::Text);
        let span = object.span.cover(self.span_from(self.at.saturating_sub(1)));
        let value = self.given_by(object, text, &args, path, span);
        match value {
            Some(value) => plain(value, span),
            None => {
                let mut all = vec![Arg { name: None, value: object.value, span: object.span }];
                all.extend(args);
                plain(self.call_named(text, all, span, name.span), span)
            }
        }
    }

    /// A call of something by its bare name.
    pub(super) fn call_named(&mut self, name: &str, args: Vec<Arg>, span: Span, name_span: Span) -> ValueId {
        let name = self.b.name(name);
        let callee = self.b.value(Value::Global(name));
        let call = self.b.call(callee, args, span, name_span);
        self.b.value(Value::Call(call))
    }

    /// The argument behind a colon: a value without filters.
    fn argument(&mut self) -> Option<Expr> {
        let token = self.peek()?;
        self.at += 1;
        match token.kind {
            TokenKind::Text => Some(plain(UNKNOWN, token.span)),
            TokenKind::Name => {
                let value = self.variable(self.text_of(token));
                let mut found = plain(value, token.span);
                while self.is_next(0, ".") {
                    let Some(next) = self.tokens.get(self.at + 1).copied() else { break };
                    self.at += 2;
                    found = self.member(found, next);
                }
                Some(found)
            }
            TokenKind::Number => {
                let value = self.text_of(token).parse().map_or(Value::Float, Value::Int);
                Some(plain(self.b.value(value), token.span))
            }
            TokenKind::Sign => None,
        }
    }

    /// What a filter gives that templates have by themselves; nothing if it is one like any other function.
    fn given_by(&mut self, object: Expr, name: &str, args: &[Arg], path: Option<Token>, span: Span) -> Option<ValueId> {
        let rows = object.value;
        if let Some(path) = path {
            let read = self.each(object, span, Some(path));
            return Some(match name {
                "map" => read,
                "groupby" => self.grouped(rows, GroupKind::Pairs),
                "sum" | "join" | "min" | "max" => self.b.mixed(vec![read]),
                _ => self.same_rows(object, span),
            });
        }
        Some(match name {
            "length" | "count" => {
                self.run_over(object, UseKind::Iterate, object.span);
                self.b.mixed(vec![rows])
            }
            "first" | "last" | "random" => {
                self.run_over(object, UseKind::Index, object.span);
                let first = self.b.value(Value::Int(0));
                self.b.value(Value::Item(rows, first))
            }
            "dictsort" | "dictsortreversed" if !self.is_jinja => self.same_rows(object, span),
            "sort" | "list" | "unique" | "reverse" | "reversed" | "select" | "reject" | "selectattr" | "rejectattr"
                if self.is_jinja =>
            {
                self.same_rows(object, span)
            }
            "slice" if !self.is_jinja => self.sliced(rows, span),
            "batch" | "slice" if self.is_jinja => self.grouped(rows, GroupKind::Lists),
            "join" => {
                let read = self.each(object, span, None);
                self.b.mixed(vec![read])
            }
            "default" | "default_if_none" | "d" => {
                let other = args.first().map_or(UNKNOWN, |arg| arg.value);
                self.b.either(rows, other)
            }
            "attr" if self.is_jinja => return None,
            _ => return None,
        })
    }

    /// The same rows, in another order or fewer of them.
    fn same_rows(&mut self, object: Expr, span: Span) -> ValueId {
        self.run_over(object, UseKind::Iterate, object.span);
        let arg = Arg { name: None, value: object.value, span: object.span };
        self.call_named("list", vec![arg], span, span)
    }

    /// A value that stands for groups of rows.
    pub(super) fn grouped(&mut self, rows: ValueId, kind: GroupKind) -> ValueId {
        // One of its own, that nothing else is.
        let groups = self.b.value(Value::Mixed([rows].into()));
        self.groups.insert(groups, Groups { rows, kind });
        groups
    }

    /// `books|slice:":5"`
    fn sliced(&mut self, rows: ValueId, span: Span) -> ValueId {
        let text = self.tokens.get(self.at.saturating_sub(1)).and_then(|token| self.literal(*token)).unwrap_or("");
        let mut bounds = text.split(':').map(|bound| bound.trim().parse::<i64>().ok());
        let mut bound = || bounds.next().flatten();
        let (low, high) = match (text.contains(':'), bound()) {
            (true, low) => (low, bound()),
            (false, high) => (None, high),
        };
        let mut number = |bound: Option<i64>| bound.map_or(UNKNOWN, |bound| self.b.value(Value::Int(bound)));
        let (low, high) = (number(low), number(high));
        let value = self.b.value(Value::Slice(rows, low, high));
        self.b.used(value, UseKind::Slice, span);
        value
    }

    /// Runs over rows and reads an attribute of each, or shows each; what it gives.
    pub(super) fn each(&mut self, object: Expr, span: Span, path: Option<Token>) -> ValueId {
        self.run_over(object, UseKind::Iterate, object.span);
        let open = self.b.begin_loop(LoopKind::Comprehension, object.value, UNKNOWN, span, span, &[]);
        let id = open.id;
        let mut value = self.b.value(Value::Element(object.value, id));
        match path.and_then(|token| Some((token.span, self.literal(token)?))) {
            Some((place, path)) => {
                let mut at = place.start as usize + 1;
                for name in path.split('.') {
                    let own = Span::new(at, at + name.len());
                    at += name.len() + 1;
                    value = self.b.member(value, name);
                    self.b.accessed(value, false, own);
                }
            }
            None => {
                self.shown(value, object.span);
            }
        }
        self.b.end_loop(open);
        self.b.value(Value::Collected(value, id))
    }

    /// Shows a value: its text is asked for. That of an attribute is left out: it is a row only where reading it was a
    /// query already.
    pub(super) fn shown(&mut self, value: ValueId, span: Span) {
        let may_be_row = matches!(
            self.b.facts.value(value),
            Value::Param(..)
                | Value::Element(..)
                | Value::Part(..)
                | Value::Item(..)
                | Value::Call(_)
                | Value::Either(..)
        );
        if may_be_row {
            self.call_named("str", vec![Arg { name: None, value, span }], span, span);
        }
    }
}
