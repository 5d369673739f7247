//! Expressions of templates → values. The two languages differ in what follows a value: Django calls what can be
//! called, and gives a filter one argument behind a colon; Jinja has calls, items and operators.

use super::lex::{Token, TokenKind};
use super::{Expr, GroupKind, Walk};
use crate::facts::*;
use crate::source::Span;

/// How deep expressions nest, at most.
const MAX_DEPTH: u32 = 64;

/// Methods of querysets, of managers and of dicts that Django calls where they are read.
const CALLED: [&str; 12] =
    ["all", "count", "distinct", "exists", "first", "items", "iterator", "keys", "last", "none", "reverse", "values"];

impl Walk<'_> {
    /// An expression with all operators; nothing where none begins.
    pub(super) fn expression(&mut self) -> Option<Expr> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let found = self.either_of();
        self.depth -= 1;
        let first = found?;
        // `a if condition else b`
        if !self.is_jinja || !self.take("if") {
            return Some(first);
        }
        self.condition();
        let mut whole = first;
        whole.called = None;
        if self.take("else")
            && let Some(other) = self.expression()
        {
            whole.value = self.b.either(first.value, other.value);
            whole.span = first.span.cover(other.span);
        }
        Some(whole)
    }

    /// What is tested.
    pub(super) fn condition(&mut self) -> ValueId {
        let from = self.at;
        let Some(found) = self.either_of() else { return UNKNOWN };
        let span = self.span_from(from);
        self.run_over(found, UseKind::Test, span);
        found.value
    }

    fn either_of(&mut self) -> Option<Expr> {
        let mut left = self.both_of()?;
        while self.take("or") {
            let Some(right) = self.right_side(left, GuardKind::Or, Self::both_of) else { break };
            left = plain(self.b.either(left.value, right.value), left.span.cover(right.span));
        }
        Some(left)
    }

    fn both_of(&mut self) -> Option<Expr> {
        let mut left = self.not()?;
        while self.take("and") {
            let Some(right) = self.right_side(left, GuardKind::And, Self::not) else { break };
            let value = self.b.value(Value::Operation(Operation::And, left.value, right.value));
            left = plain(value, left.span.cover(right.span));
        }
        Some(left)
    }

    /// The right side of `and`, `or`: it is looked at only where the left side does not decide.
    fn right_side(&mut self, left: Expr, kind: GuardKind, read: fn(&mut Self) -> Option<Expr>) -> Option<Expr> {
        self.run_over(left, UseKind::Test, left.span);
        let open = self.b.begin_branch(kind, left.value);
        let right = read(self);
        let branch = self.b.end_branch(open, true);
        self.b.join(vec![branch], false);
        right
    }

    fn not(&mut self) -> Option<Expr> {
        let from = self.at;
        if !self.take("not") {
            return self.comparison();
        }
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let found = self.not();
        self.depth -= 1;
        let inner = found?;
        self.run_over(inner, UseKind::Test, inner.span);
        Some(plain(self.b.value(Value::Operation(Operation::Not, inner.value, UNKNOWN)), self.span_from(from)))
    }

    fn comparison(&mut self) -> Option<Expr> {
        let mut left = self.sum()?;
        while let Some(operation) = self.comparing() {
            // `x is defined`, `x is divisibleby 3`
            if self.is_jinja && operation == Operation::Other {
                let test = self.take_name();
                if self.take("(") {
                    self.arguments();
                }
                let is_null = test.is_some_and(|test| self.text_of(test) == "none");
                let right = if is_null { self.b.value(Value::Null) } else { UNKNOWN };
                left = plain(self.b.value(Value::Operation(Operation::Equal, left.value, right)), left.span);
                continue;
            }
            let Some(right) = self.sum() else { break };
            let span = left.span.cover(right.span);
            if matches!(operation, Operation::In | Operation::NotIn) {
                self.run_over(right, UseKind::Contains, span);
            }
            left = match self.first_runs(operation, left, right) {
                Some(value) => plain(value, span),
                None => plain(self.b.value(Value::Operation(operation, left.value, right.value)), span),
            };
        }
        Some(left)
    }

    /// `forloop.counter == 1`, `loop.index <= 5`: as a flag that only the first runs see.
    fn first_runs(&mut self, operation: Operation, left: Expr, right: Expr) -> Option<ValueId> {
        let (&id, other) = match (self.counters.get(&left.value), self.counters.get(&right.value)) {
            (Some(id), None) => (id, right),
            (None, Some(id)) => (id, left),
            _ => return None,
        };
        let is_number = matches!(self.b.facts.value(other.value), Value::Int(_));
        (is_number && matches!(operation, Operation::Equal | Operation::Order)).then(|| self.only_once(id))
    }

    /// A flag that is set before a loop, and not any more after its first run.
    fn only_once(&mut self, id: LoopId) -> ValueId {
        let set = self.b.value(Value::Bool(true));
        self.b.value(Value::Carried(set, id))
    }

    /// The operator of a comparison; [`Operation::Other`] for a test of Jinja's.
    fn comparing(&mut self) -> Option<Operation> {
        let token = self.peek().filter(|token| matches!(token.kind, TokenKind::Sign | TokenKind::Name))?;
        let operation = match self.text_of(token) {
            "==" => Operation::Equal,
            "!=" => Operation::NotEqual,
            "<" | ">" | "<=" | ">=" => Operation::Order,
            "in" => Operation::In,
            "not" if self.is_next(1, "in") => Operation::NotIn,
            "is" if self.is_jinja => Operation::Other,
            "is" if self.is_next(1, "not") => Operation::NotEqual,
            "is" => Operation::Equal,
            _ => return None,
        };
        self.at += 1;
        if operation == Operation::NotIn || self.is_next(0, "not") {
            self.at += 1;
        }
        Some(operation)
    }

    fn sum(&mut self) -> Option<Expr> {
        let mut left = self.operand()?;
        while self.is_jinja {
            let operation = match self.peek().map(|token| self.text_of(token)) {
                Some("+" | "~") => Operation::Add,
                Some("-") => Operation::Subtract,
                Some("*") => Operation::Multiply,
                Some("/" | "//" | "%" | "**") => Operation::Other,
                _ => break,
            };
            self.at += 1;
            let Some(right) = self.operand() else { break };
            left =
                plain(self.b.value(Value::Operation(operation, left.value, right.value)), left.span.cover(right.span));
        }
        Some(left)
    }

    /// A value with what follows it: attributes, items, calls, filters.
    pub(super) fn operand(&mut self) -> Option<Expr> {
        let mut found = self.primary()?;
        loop {
            if self.is_next(0, ".") {
                let Some(next) = self.tokens.get(self.at + 1).copied() else { break };
                if !matches!(next.kind, TokenKind::Name | TokenKind::Number) {
                    break;
                }
                self.at += 2;
                found = self.member(found, next);
            } else if self.is_next(0, "|") {
                self.at += 1;
                let Some(name) = self.take_name() else { break };
                found = self.filtered(found, name);
            } else if self.is_jinja && self.take("[") {
                found = self.item(found);
            } else if self.is_jinja && self.is_next(0, "(") {
                let name = found.span;
                self.at += 1;
                let args = self.arguments();
                found = self.called(found, args, name);
            } else {
                break;
            }
        }
        Some(found)
    }

    fn primary(&mut self) -> Option<Expr> {
        let token = self.peek()?;
        let span = token.span;
        match token.kind {
            TokenKind::Text => {
                self.at += 1;
                let value = self.text_value(token);
                Some(plain(value, span))
            }
            TokenKind::Number => {
                self.at += 1;
                let value = match self.text_of(token).parse() {
                    // `1.5`: what follows the dot is read as an item of a number.
                    Ok(number) if !self.is_next(0, ".") => Value::Int(number),
                    _ => {
                        self.at += if self.is_next(0, ".") { 2 } else { 0 };
                        Value::Float
                    }
                };
                Some(plain(self.b.value(value), span))
            }
            TokenKind::Name => {
                let text = self.text_of(token);
                if matches!(text, "if" | "else" | "elif" | "as" | "and" | "or" | "in" | "is" | "reversed" | "only")
                    && self.is_keyword(text)
                {
                    return None;
                }
                self.at += 1;
                // `_("text")`
                if text == "_" && self.is_next(0, "(") && !self.is_jinja {
                    self.at += 1;
                    let inner = self.operand();
                    self.take(")");
                    return inner;
                }
                if self.is_jinja && matches!(text, "super") && self.is_next(0, "(") {
                    self.shows_replaced();
                }
                let value = if self.is_jinja && self.is_next(0, "(") {
                    let name = self.b.name(text);
                    self.b.lookup(name)
                } else {
                    self.variable(text)
                };
                Some(plain(value, span))
            }
            TokenKind::Sign => match self.text_of(token) {
                "(" | "[" if self.is_jinja => {
                    self.at += 1;
                    self.sequence(token)
                }
                "{" if self.is_jinja => {
                    self.at += 1;
                    self.mapping(token)
                }
                "-" | "+" => {
                    self.at += 1;
                    if self.depth >= MAX_DEPTH {
                        return None;
                    }
                    self.depth += 1;
                    let inner = self.operand();
                    self.depth -= 1;
                    let inner = inner?;
                    let value = match *self.b.facts.value(inner.value) {
                        Value::Int(number) if self.text_of(token) == "-" => Value::Int(number.saturating_neg()),
                        _ => Value::Operation(Operation::Other, inner.value, UNKNOWN),
                    };
                    Some(plain(self.b.value(value), span.cover(inner.span)))
                }
                _ => None,
            },
        }
    }

    /// Whether a word that means something to a tag stands where it does. In Jinja such words are never names.
    fn is_keyword(&self, text: &str) -> bool {
        self.is_jinja && !matches!(text, "reversed" | "only" | "as")
            || !self.is_jinja && !self.is_next(1, ".") && !self.is_next(1, "|")
    }

    /// The value of a string.
    fn text_value(&mut self, token: Token) -> ValueId {
        let Some(cooked) = self.literal(token) else { return UNKNOWN };
        let host = Span::new(token.span.start as usize + 1, token.span.end as usize - 1);
        let pieces = vec![Piece { at: 0, host, exact: true }];
        self.b.text(Text { cooked: cooked.to_owned(), pieces, holes: Vec::new(), tag: None })
    }

    /// `(a, b)`, `[a, b]`
    fn sequence(&mut self, first: Token) -> Option<Expr> {
        let mut items = Vec::new();
        let mut is_tuple = self.text_of(first) == "[";
        let mut only = None;
        while let Some(item) = self.expression() {
            items.push(item.value);
            only = Some(item);
            if !self.take(",") {
                break;
            }
            is_tuple = true;
        }
        let end = self.peek().map_or(first.span, |token| token.span);
        self.at += usize::from(self.is_next(0, ")") || self.is_next(0, "]"));
        if !is_tuple && items.len() == 1 {
            return only;
        }
        let value = self.b.value(Value::Sequence(items.into()));
        Some(plain(value, first.span.cover(end)))
    }

    /// `{"a": b}`
    fn mapping(&mut self, first: Token) -> Option<Expr> {
        let mut entries = Vec::new();
        while let Some(key) = self.expression() {
            if !self.take(":") {
                break;
            }
            let Some(value) = self.expression() else { break };
            entries.push((key.value, value.value));
            if !self.take(",") {
                break;
            }
        }
        let end = self.peek().map_or(first.span, |token| token.span);
        self.take("}");
        Some(plain(self.b.value(Value::Mapping(entries.into())), first.span.cover(end)))
    }

    // ── What follows a value ────────────────────────────────────────────────────────────────────────

    /// `book.author`, `books.0`
    pub(super) fn member(&mut self, object: Expr, name: Token) -> Expr {
        let span = object.span.cover(name.span);
        let text = self.text_of(name);
        if let Some(&id) = self.counters.get(&object.value) {
            let value = if matches!(text, "first" | "last") { self.only_once(id) } else { object.value };
            return plain(value, span);
        }
        if text == "super" && self.text_at(object.span) == "block" {
            self.shows_replaced();
            return plain(UNKNOWN, span);
        }
        if object.value == UNKNOWN {
            return plain(UNKNOWN, span);
        }
        if let Some(called) = object.called {
            self.b.facts.calls[called.index()].result = ResultUse::Receiver;
        }
        if name.kind == TokenKind::Number {
            let Ok(index) = text.parse() else { return plain(UNKNOWN, span) };
            self.run_over(object, UseKind::Index, span);
            let index = self.b.value(Value::Int(index));
            return plain(self.b.value(Value::Item(object.value, index)), span);
        }
        if let Some(value) = self.of_group(object.value, text) {
            return plain(value, span);
        }
        let value = self.b.member(object.value, text);
        if self.is_jinja {
            if !self.is_next(0, "(") {
                self.b.accessed(value, false, span);
            }
            return plain(value, span);
        }
        // What a request holds is none of a row's.
        if matches!(self.text_at(object.span), "request" | "form" | "settings") {
            self.b.accessed(value, false, span);
            return plain(value, span);
        }
        let call = self.b.call(value, Vec::new(), span, span);
        if CALLED.contains(&text) {
            return plain(self.b.value(Value::Call(call)), span);
        }
        self.b.accessed(value, false, span);
        Expr { value, span, called: Some(call) }
    }

    /// What a group of rows has by a name.
    fn of_group(&self, group: ValueId, name: &str) -> Option<ValueId> {
        let Value::Element(of, _) = self.b.facts.value(group) else { return None };
        let groups = self.groups.get(of).filter(|groups| groups.kind != GroupKind::Lists)?;
        match name {
            "list" => Some(groups.rows),
            "grouper" => Some(UNKNOWN),
            _ => None,
        }
    }

    /// `books[0]`, `books[:5]`
    fn item(&mut self, object: Expr) -> Expr {
        let mut bounds = Vec::new();
        let mut is_slice = false;
        let mut key = UNKNOWN;
        loop {
            if self.take(":") {
                is_slice = true;
                bounds.push(std::mem::replace(&mut key, UNKNOWN));
            } else if self.peek().is_none() || self.is_next(0, "]") {
                break;
            } else if let Some(found) = self.expression() {
                key = found.value;
            } else {
                break;
            }
        }
        bounds.push(key);
        let end = self.peek().map_or(object.span, |token| token.span);
        self.take("]");
        let span = object.span.cover(end);
        if is_slice {
            let high = bounds.get(1).copied().unwrap_or(UNKNOWN);
            let value = self.b.value(Value::Slice(object.value, bounds[0], high));
            self.b.used(value, UseKind::Slice, span);
            return plain(value, span);
        }
        self.run_over(object, UseKind::Index, span);
        plain(self.b.value(Value::Item(object.value, key)), span)
    }

    /// The arguments of a call, up to the closing bracket.
    pub(super) fn arguments(&mut self) -> Vec<Arg> {
        let mut args = Vec::new();
        while self.peek().is_some() && !self.is_next(0, ")") {
            let from = self.at;
            let name = self.take_keyword();
            while self.take("*") || self.take("**") {}
            let Some(found) = self.expression() else { break };
            args.push(Arg { name, value: found.value, span: self.span_from(from) });
            if !self.take(",") {
                break;
            }
        }
        self.take(")");
        args
    }

    /// Goes on behind `name=`, if that is next.
    pub(super) fn take_keyword(&mut self) -> Option<Name> {
        let token = self.peek().filter(|token| token.kind == TokenKind::Name)?;
        if !self.is_next(1, "=") {
            return None;
        }
        self.at += 2;
        let text = self.text_of(token);
        Some(self.b.name(text))
    }

    /// `book.title()`, `render_book(book)`
    fn called(&mut self, callee: Expr, args: Vec<Arg>, name: Span) -> Expr {
        let span = callee.span.cover(self.span_from(self.at.saturating_sub(1)));
        let call = self.b.call(callee.value, args, span, name);
        plain(self.b.value(Value::Call(call)), span)
    }

    // ── Uses ────────────────────────────────────────────────────────────────────────────────────────

    /// Notes that something is done with a value that makes a query of it run.
    pub(super) fn run_over(&mut self, found: Expr, kind: UseKind, span: Span) {
        let how = if kind == UseKind::Iterate { ResultUse::Iterated } else { ResultUse::Tested };
        let own = match *self.b.facts.value(found.value) {
            Value::Call(call) => Some(call),
            _ => None,
        };
        for call in found.called.into_iter().chain(own) {
            self.b.facts.calls[call.index()].result = how;
            let value = self.b.value(Value::Call(call));
            self.b.used(value, kind, span);
        }
        if own.is_none() {
            self.b.used(found.value, kind, span);
        }
    }

    fn text_at(&self, span: Span) -> &str {
        self.source.get(span.range()).unwrap_or("")
    }
}

/// An expression that nothing calls.
pub(super) fn plain(value: ValueId, span: Span) -> Expr {
    Expr { value, span, called: None }
}
