//! Branches and loops.

use super::kinds::{Field, Kind};
use super::patterns::Binding;
use super::statements::Flow;
use super::tree::Node;
use super::{Walk, span};
use crate::facts::*;
use crate::lang::builder::Branch;
use crate::source::Span;

impl<'t> Walk<'_, 't> {
    // ── Branches ────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn if_statement(&mut self, node: Node<'t>) -> Flow {
        let condition = match self.field(node, Field::Condition) {
            Some(condition) => self.tested(condition),
            None => UNKNOWN,
        };
        let mut branches = Vec::with_capacity(2);
        let then = self.branch(GuardKind::Then, condition, self.field(node, Field::Consequence), &mut branches);
        let alternative = self.field(node, Field::Alternative);
        let statement = alternative.and_then(|clause| self.first_child(clause));
        let flow = match alternative {
            Some(_) => then.or(self.branch(GuardKind::Else, condition, statement, &mut branches)),
            None => then.or(Flow::NEXT),
        };
        self.b.join(branches, alternative.is_some());
        self.left_if = (!then.falls && !then.breaks).then_some(condition);
        flow
    }

    fn branch(
        &mut self,
        kind: GuardKind,
        condition: ValueId,
        body: Option<Node<'t>>,
        branches: &mut Vec<Branch>,
    ) -> Flow {
        let open = self.b.begin_branch(kind, condition);
        let flow = body.map_or(Flow::NEXT, |body| self.statement(body));
        branches.push(self.b.end_branch(open, flow.falls));
        flow
    }

    /// Lowers an expression under a condition.
    pub(super) fn guarded(
        &mut self,
        kind: GuardKind,
        condition: ValueId,
        node: Option<Node<'t>>,
        result: ResultUse,
    ) -> (ValueId, Branch) {
        let open = self.b.begin_branch(kind, condition);
        let value = node.map_or(UNKNOWN, |node| self.expression(node, result));
        (value, self.b.end_branch(open, true))
    }

    pub(super) fn try_statement(&mut self, node: Node<'t>) -> Flow {
        let mut flow = self.field(node, Field::Body).map_or(Flow::NEXT, |body| self.statement(body));
        if let Some(handler) = self.field(node, Field::Handler) {
            let open = self.b.begin_branch(GuardKind::Handler, UNKNOWN);
            self.b.push_scope(false);
            if let Some(parameter) = self.field(handler, Field::Parameter) {
                self.bind_pattern(parameter, UNKNOWN, Binding::Fresh);
            }
            let handled = self.field(handler, Field::Body).map_or(Flow::NEXT, |body| self.statement(body));
            self.b.pop_scope();
            let branch = self.b.end_branch(open, handled.falls);
            self.b.join(vec![branch], false);
            flow = flow.or(handled);
        }
        if let Some(body) = self.field(node, Field::Finalizer).and_then(|clause| self.field(clause, Field::Body)) {
            let last = self.statement(body);
            flow = Flow { falls: flow.falls && last.falls, breaks: flow.breaks || last.breaks };
        }
        flow
    }

    pub(super) fn switch(&mut self, node: Node<'t>) -> Flow {
        let value = self.field(node, Field::Value).map_or(UNKNOWN, |value| self.expression(value, ResultUse::Operand));
        let Some(body) = self.field(node, Field::Body) else { return Flow::NEXT };
        let outer = std::mem::replace(&mut self.context.in_switch, true);
        self.b.push_scope(false);
        let cases = self.children(body);
        let mut branches = Vec::new();
        let (mut flow, mut has_default) = (Flow::LEAVES, false);
        // What the labels before this one, which have no code of their own, test; `None`: it is reached otherwise.
        let mut labels = Some(UNKNOWN);
        for (index, &case) in cases.iter().enumerate() {
            has_default |= self.kind(case) == Kind::SwitchDefault;
            let (case_flow, is_empty) = self.case(case, value, &mut labels, &mut branches);
            let is_last = index + 1 == cases.len();
            flow.falls |= case_flow.breaks || (is_last && (case_flow.falls || is_empty));
        }
        flow.falls |= !has_default;
        self.b.pop_scope();
        self.context.in_switch = outer;
        self.b.join(branches, has_default);
        flow
    }

    fn case(
        &mut self,
        node: Node<'t>,
        value: ValueId,
        labels: &mut Option<ValueId>,
        branches: &mut Vec<Branch>,
    ) -> (Flow, bool) {
        let label = self.field(node, Field::Value);
        let tested = label.map_or(UNKNOWN, |label| self.expression(label, ResultUse::Operand));
        let own = self.operation(Operation::Equal, value, tested);
        *labels = match (*labels, label) {
            (Some(UNKNOWN), Some(_)) => Some(own),
            (Some(before), Some(_)) => Some(self.b.either(before, own)),
            _ => None,
        };
        let body = self.fields(node, Field::Body);
        if body.is_empty() {
            return (Flow::NEXT, true);
        }
        let open = match *labels {
            Some(condition) => self.b.begin_branch(GuardKind::Then, condition),
            None => self.b.begin_branch(GuardKind::Other, own),
        };
        let flow = self.statements(&body);
        branches.push(self.b.end_branch(open, flow.falls || flow.breaks));
        *labels = (!flow.falls).then_some(UNKNOWN);
        (flow, false)
    }

    // ── Loops ───────────────────────────────────────────────────────────────────────────────────────

    /// From the first byte of a loop up to its body, on one line.
    fn head(&self, node: Node<'t>, body: Option<Node<'t>>) -> Span {
        let end = body.map_or(node.end_byte(), |body| body.start_byte());
        self.one_line(node.start_byte(), end.max(node.start_byte() + 1))
    }

    pub(super) fn names_assigned(&mut self, parts: &[Option<Node<'t>>]) -> Vec<Name> {
        let mut names = Vec::new();
        for part in parts.iter().flatten() {
            for text in self.assignments.of(self.source, *part) {
                let name = self.b.name(text);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    fn loop_body(&mut self, body: Option<Node<'t>>) -> Flow {
        let outer = std::mem::replace(&mut self.context.in_switch, false);
        let flow = body.map_or(Flow::NEXT, |body| self.statement(body));
        self.context.in_switch = outer;
        flow
    }

    /// `for (… of …)`, `for await (… of …)`, `for (… in …)`
    pub(super) fn for_in(&mut self, node: Node<'t>) {
        let (left, right) = (self.field(node, Field::Left), self.field(node, Field::Right));
        let body = self.field(node, Field::Body);
        let declared = self.field(node, Field::Kind).map(|kind| self.kind(kind));
        let operator = self.field(node, Field::Operator);
        let kind = if operator.is_some_and(|operator| self.kind(operator) == Kind::In) {
            LoopKind::Keys
        } else {
            LoopKind::Each
        };
        let iterable = right.map_or(UNKNOWN, |right| self.expression(right, ResultUse::Iterated));
        if let (LoopKind::Each, Some(right)) = (kind, right) {
            self.b.used(iterable, UseKind::Iterate, self.one_line(right.start_byte(), right.end_byte()));
        }
        let assigned = self.names_assigned(&[body]);
        let head = self.head(node, body);
        let open = self.b.begin_loop(kind, iterable, UNKNOWN, head, span(node), &assigned);
        self.b.push_scope(false);
        let element = self.b.value(Value::Element(iterable, open.id));
        if let Some(left) = left {
            let binding = match declared {
                Some(Kind::Var) => Binding::Var,
                Some(_) => Binding::Fresh,
                None => Binding::Assign,
            };
            self.bind_pattern(left, element, binding);
        }
        self.loop_body(body);
        self.b.pop_scope();
        self.b.end_loop(open);
    }

    /// `for (…; …; …)`
    pub(super) fn for_counting(&mut self, node: Node<'t>) {
        self.b.push_scope(false);
        if let Some(initializer) = self.field(node, Field::Initializer) {
            self.statement(initializer);
        }
        let condition = self.field(node, Field::Condition).filter(|&node| self.kind(node) != Kind::EmptyStatement);
        let (increment, body) = (self.field(node, Field::Increment), self.field(node, Field::Body));
        let assigned = self.names_assigned(&[body, increment, condition]);
        let head = self.head(node, body);
        let open = self.b.begin_loop(LoopKind::Counting, UNKNOWN, UNKNOWN, head, span(node), &assigned);
        if let Some(condition) = condition {
            let condition = self.tested(condition);
            self.b.set_condition(open.id, condition);
        }
        self.loop_body(body);
        if let Some(increment) = increment {
            self.expression(increment, ResultUse::Discarded);
            let step = if self.kind(increment) == Kind::AugmentedAssignment {
                self.field(increment, Field::Right).map(|step| self.expression(step, ResultUse::Operand))
            } else {
                None
            };
            if let Some(step) = step.filter(|&step| *self.b.facts.value(step) != Value::Int(1)) {
                self.b.facts.loops[open.id.index()].iterable = step;
            }
        }
        self.b.end_loop(open);
        self.b.pop_scope();
    }

    pub(super) fn while_loop(&mut self, node: Node<'t>) {
        let (condition, body) = (self.field(node, Field::Condition), self.field(node, Field::Body));
        let assigned = self.names_assigned(&[body, condition]);
        let head = self.head(node, body);
        let open = self.b.begin_loop(LoopKind::While, UNKNOWN, UNKNOWN, head, span(node), &assigned);
        if let Some(condition) = condition {
            let condition = self.tested(condition);
            self.b.set_condition(open.id, condition);
        }
        self.loop_body(body);
        self.b.end_loop(open);
    }

    pub(super) fn do_loop(&mut self, node: Node<'t>) -> Flow {
        let (condition, body) = (self.field(node, Field::Condition), self.field(node, Field::Body));
        let assigned = self.names_assigned(&[body, condition]);
        // The condition is what says how long it runs; it stands at the end.
        let head = self.one_line(node.start_byte(), node.start_byte() + 2);
        let open = self.b.begin_loop(LoopKind::While, UNKNOWN, UNKNOWN, head, span(node), &assigned);
        self.loop_body(body);
        if let Some(condition) = condition {
            let condition = self.tested(condition);
            self.b.set_condition(open.id, condition);
        }
        self.b.end_loop(open);
        Flow::NEXT
    }
}
