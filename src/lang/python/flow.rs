//! Statements that branch or repeat: `if`, `match`, `try`, `with`, `for`, `while`.

use super::statements::Binding;
use super::tree::Node;
use super::{Field, Kind, LoopFrame, Walk, child, kind, span};
use crate::facts::*;
use crate::lang::builder::{Branch, OpenBranch, OpenLoop};
use crate::source::Span;

/// An `else` that has been begun, and the branch before it.
struct OpenElse {
    then: Branch,
    then_falls: bool,
    otherwise: OpenBranch,
}

impl<'a> Walk<'a> {
    // ── Branches ────────────────────────────────────────────────────────────────────────────────────

    /// `if … elif … else`: each `elif` stands in the `else` of the one before.
    pub(super) fn if_statement(&mut self, node: Node<'a>) -> bool {
        let mut condition = self.condition_of(node);
        let mut then = Some(self.guarded(GuardKind::Then, condition, child(node, Field::Consequence)));
        let mut open: Vec<OpenElse> = Vec::new();
        let mut last = None;
        let alternatives = self.children_in(node, Field::Alternative);
        let leaves = then.as_ref().is_some_and(|(_, falls)| !falls);
        let only = (leaves && alternatives.is_empty()).then_some(condition);
        for clause in alternatives {
            let Some((before, then_falls)) = then.take() else { break };
            let otherwise = self.b.begin_branch(GuardKind::Else, condition);
            open.push(OpenElse { then: before, then_falls, otherwise });
            if kind(clause) == Kind::ElifClause {
                condition = self.condition_of(clause);
                then = Some(self.guarded(GuardKind::Then, condition, child(clause, Field::Consequence)));
            } else {
                last = Some(child(clause, Field::Body).is_none_or(|body| self.block(body)));
            }
        }
        // Without an `else` the last condition may fail, and then the statement does nothing.
        let mut falls = last.unwrap_or(true);
        if let Some((then, _)) = then {
            self.b.join(vec![then], false);
        }
        while let Some(OpenElse { then, then_falls, otherwise }) = open.pop() {
            let otherwise = self.b.end_branch(otherwise, falls);
            self.b.join(vec![then, otherwise], true);
            falls |= then_falls;
        }
        // `if not save: return`, with nothing beside it
        self.left_if = only.filter(|&condition| falls && self.tests_flag(condition, 0));
        falls
    }

    /// Whether a condition tests a parameter that callers may leave out.
    fn tests_flag(&self, condition: ValueId, depth: u8) -> bool {
        let facts = &self.b.facts;
        match *facts.value(condition) {
            _ if depth > 6 => false,
            Value::Param(function, index) => {
                let param = facts.function(function).params.get(usize::from(index));
                param.is_some_and(|param| param.default.is_some())
            }
            Value::Operation(Operation::Not | Operation::Equal | Operation::NotEqual, tested, _) => {
                self.tests_flag(tested, depth + 1)
            }
            Value::Operation(Operation::And, left, right) | Value::Either(left, right) => {
                self.tests_flag(left, depth + 1) || self.tests_flag(right, depth + 1)
            }
            _ => false,
        }
    }

    fn condition_of(&mut self, node: Node<'a>) -> ValueId {
        child(node, Field::Condition).map_or(UNKNOWN, |condition| self.test(condition))
    }

    /// A block under a condition, and whether its end can be reached.
    fn guarded(&mut self, kind: GuardKind, condition: ValueId, block: Option<Node<'a>>) -> (Branch, bool) {
        let open = self.b.begin_branch(kind, condition);
        let falls = block.is_none_or(|block| self.block(block));
        (self.b.end_branch(open, falls), falls)
    }

    pub(super) fn match_statement(&mut self, node: Node<'a>) -> bool {
        let mut subjects = Vec::new();
        for subject in self.children_in(node, Field::Subject) {
            subjects.push(self.expr(subject, ResultUse::Operand));
        }
        let subject = match subjects.as_slice() {
            [one] => *one,
            _ => self.b.value(Value::Sequence(subjects.into())),
        };
        let Some(body) = child(node, Field::Body) else { return true };
        let (mut branches, mut falls, mut exhaustive) = (Vec::new(), false, false);
        for case in self.children(body).into_iter().filter(|&case| kind(case) == Kind::CaseClause) {
            let open = self.b.begin_branch(GuardKind::Other, subject);
            let (case_falls, catches_all) = self.case(case, subject);
            branches.push(self.b.end_branch(open, case_falls));
            falls |= case_falls;
            exhaustive |= catches_all;
        }
        self.b.join(branches, exhaustive);
        falls || !exhaustive
    }

    /// One `case`; tells whether its end can be reached, and whether it takes whatever comes.
    fn case(&mut self, case: Node<'a>, subject: ValueId) -> (bool, bool) {
        let patterns: Vec<Node<'a>> =
            self.children(case).into_iter().filter(|&part| kind(part) == Kind::CasePattern).collect();
        let mut catches_all = false;
        let part_of_subject = self.b.mixed(vec![subject]);
        for &pattern in &patterns {
            let captures = self.captures(pattern);
            let whole = captures.iter().any(|capture| span(*capture) == span(pattern));
            catches_all |= patterns.len() == 1 && (whole || self.source_of(pattern) == "_");
            for capture in captures {
                let name = self.name_of(capture);
                self.bind(name, if whole { subject } else { part_of_subject });
            }
        }
        let body = child(case, Field::Consequence);
        let Some(guard) = child(case, Field::Guard).and_then(|guard| guard.first_part()) else {
            return (body.is_none_or(|body| self.block(body)), catches_all);
        };
        let condition = self.test(guard);
        let (branch, falls) = self.guarded(GuardKind::Then, condition, body);
        self.b.join(vec![branch], true);
        (falls, false)
    }

    /// `try`: its body is where the walk goes on; handlers are branches from there.
    pub(super) fn try_statement(&mut self, node: Node<'a>) -> bool {
        let mut falls = child(node, Field::Body).is_none_or(|body| self.block(body));
        let clauses = self.children(node);
        let of = |wanted: Kind| clauses.iter().copied().filter(move |&clause| kind(clause) == wanted);
        if let Some(clause) = of(Kind::ElseClause).next() {
            falls &= child(clause, Field::Body).is_none_or(|body| self.block(body));
        }
        let mut branches = Vec::new();
        let mut any_falls = falls;
        for clause in of(Kind::ExceptClause) {
            let (branch, handler_falls) = self.handler(clause);
            branches.push(branch);
            any_falls |= handler_falls;
        }
        self.b.join(branches, !falls);
        for clause in of(Kind::FinallyClause) {
            any_falls &= self.block(clause);
        }
        any_falls
    }

    fn handler(&mut self, clause: Node<'a>) -> (Branch, bool) {
        let mut caught = UNKNOWN;
        let mut alias = child(clause, Field::Alias);
        for value in self.children_in(clause, Field::Value) {
            let mut value = value;
            if kind(value) == Kind::AsPattern {
                alias = child(value, Field::Alias);
                value = value.first_part().unwrap_or(value);
            }
            caught = self.expr(value, ResultUse::Operand);
        }
        let open = self.b.begin_branch(GuardKind::Handler, caught);
        if let Some(alias) = alias {
            let named = matches!(
                self.b.facts.value(caught),
                Value::Global(_) | Value::Import(_) | Value::Class(_) | Value::Member(..)
            );
            let value = if named {
                self.b.value(Value::Typed(TypeRef { head: caught, arguments: Box::default() }))
            } else {
                UNKNOWN
            };
            self.assign(alias, value, Binding::TARGET);
        }
        let mut falls = true;
        for block in self.children(clause).into_iter().filter(|&part| kind(part) == Kind::Block) {
            falls &= self.block(block);
        }
        (self.b.end_branch(open, falls), falls)
    }

    pub(super) fn with_statement(&mut self, node: Node<'a>) -> bool {
        let mut may_swallow = false;
        for clause in self.children(node).into_iter().filter(|&part| kind(part) == Kind::WithClause) {
            for item in self.children(clause) {
                let Some(value) = child(item, Field::Value) else { continue };
                let manager = match kind(value) {
                    Kind::AsPattern => self.as_pattern(value),
                    _ => self.expr(value, ResultUse::Entered),
                };
                may_swallow |= self.is_suppress(manager);
            }
        }
        let falls = child(node, Field::Body).is_none_or(|body| self.block(body));
        falls || may_swallow
    }

    /// Whether a context manager is `contextlib.suppress(…)`, after which an exception is no exit.
    fn is_suppress(&self, manager: ValueId) -> bool {
        let facts = &self.b.facts;
        let Value::Call(call) = *facts.value(manager) else { return false };
        self.last_name(facts.call(call).callee) == "suppress"
    }

    /// `v as target`
    pub(super) fn as_pattern(&mut self, node: Node<'a>) -> ValueId {
        let Some(value) = node.first_part() else { return UNKNOWN };
        let value = self.expr(value, ResultUse::Bound);
        if let Some(alias) = child(node, Field::Alias) {
            self.assign(alias, value, Binding::TARGET);
        }
        value
    }

    // ── Loops ───────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn for_statement(&mut self, node: Node<'a>) -> bool {
        let (left, right, body) = (child(node, Field::Left), child(node, Field::Right), child(node, Field::Body));
        let iterable = match right {
            Some(right) => self.iterated(right),
            None => UNKNOWN,
        };
        let bound: Vec<Node<'a>> = left.into_iter().chain(body).collect();
        let mut assigned = self.assigned(&bound);
        if let Some(left) = left.filter(|&left| kind(left) == Kind::Identifier) {
            let name = self.name_of(left);
            assigned.retain(|&other| other != name);
        }
        let head = self.head(node, right);
        let open = self.b.begin_loop(LoopKind::Each, iterable, UNKNOWN, head, span(node), &assigned);
        let id = self.enter_loop(open);
        if let Some(left) = left {
            let element = self.b.value(Value::Element(iterable, id));
            self.assign(left, element, Binding::TARGET);
        }
        if let Some(body) = body {
            self.block(body);
        }
        let has_break = self.end_loop();
        self.loop_else(node, has_break, true)
    }

    pub(super) fn while_statement(&mut self, node: Node<'a>) -> bool {
        let (condition, body) = (child(node, Field::Condition), child(node, Field::Body));
        let bound: Vec<Node<'a>> = condition.into_iter().chain(body).collect();
        let assigned = self.assigned(&bound);
        let head = self.head(node, condition);
        let open = self.b.begin_loop(LoopKind::While, UNKNOWN, UNKNOWN, head, span(node), &assigned);
        let id = self.enter_loop(open);
        let tested = condition.map_or(UNKNOWN, |condition| self.test(condition));
        self.b.set_condition(id, tested);
        if let Some(body) = body {
            self.block(body);
        }
        let has_break = self.end_loop();
        let for_ever = matches!(self.b.facts.value(tested), Value::Bool(true) | Value::Int(1));
        self.loop_else(node, has_break, !for_ever)
    }

    fn enter_loop(&mut self, open: OpenLoop) -> LoopId {
        let id = open.id;
        self.loops.push(LoopFrame { open, early: Vec::new(), has_break: false });
        id
    }

    /// Ends the innermost loop; tells whether anything breaks out of it.
    fn end_loop(&mut self) -> bool {
        let Some(frame) = self.loops.pop() else { return false };
        self.b.end_loop(frame.open);
        self.b.join(frame.early, false);
        frame.has_break
    }

    /// The `else` of a loop, and whether what follows the loop can be reached. `ends`: the loop can run out.
    fn loop_else(&mut self, node: Node<'a>, has_break: bool, ends: bool) -> bool {
        let body = child(node, Field::Alternative).and_then(|clause| child(clause, Field::Body));
        let Some(body) = body else { return ends || has_break };
        if !has_break {
            return self.block(body) && ends;
        }
        let (branch, _) = self.guarded(GuardKind::Other, UNKNOWN, Some(body));
        self.b.join(vec![branch], false);
        true
    }

    /// `break` and `continue`: what was bound until here holds after the loop, too.
    pub(super) fn leave_loop(&mut self, node: Node<'a>) {
        let is_break = kind(node) == Kind::BreakStatement;
        self.b.exit(if is_break { ExitKind::Break } else { ExitKind::Continue }, UNKNOWN, span(node));
        if let Some(frame) = self.loops.last_mut() {
            frame.has_break |= is_break;
            let early = self.b.leave_loop(&frame.open);
            frame.early.push(early);
        }
    }

    /// What a loop or comprehension runs over.
    pub(super) fn iterated(&mut self, node: Node<'a>) -> ValueId {
        let value = self.expr(node, ResultUse::Iterated);
        self.b.used(value, UseKind::Iterate, span(node));
        value
    }

    /// The head of a loop: from its first token to the end of `last`, on one line.
    fn head(&self, node: Node<'a>, last: Option<Node<'a>>) -> Span {
        let end = last.map_or(node.end_byte(), |last| last.end_byte());
        self.one_line(Span::new(node.start_byte(), end))
    }
}
