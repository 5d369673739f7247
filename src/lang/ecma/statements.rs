//! Statements and declarations.

use super::kinds::{Field, Kind};
use super::patterns::Binding;
use super::tree::Node;
use super::{Walk, span};
use crate::facts::*;
use crate::source::Span;

/// What can follow a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flow {
    /// Whether the next statement can be reached.
    pub(super) falls: bool,
    /// Whether a `break` inside it leaves the statement around it.
    pub(super) breaks: bool,
}

impl Flow {
    pub(super) const NEXT: Flow = Flow { falls: true, breaks: false };
    pub(super) const LEAVES: Flow = Flow { falls: false, breaks: false };

    fn then(self, next: Flow) -> Flow {
        Flow { falls: self.falls && next.falls, breaks: self.breaks || (self.falls && next.breaks) }
    }

    /// One or the other.
    pub(super) fn or(self, other: Flow) -> Flow {
        Flow { falls: self.falls || other.falls, breaks: self.breaks || other.breaks }
    }
}

impl<'t> Walk<'_, 't> {
    /// The statements of one block, after what is hoisted to its head.
    pub(super) fn statements(&mut self, statements: &[Node<'t>]) -> Flow {
        self.hoist(statements);
        let mut flow = Flow::NEXT;
        let end = statements.last().map_or(0, |last| last.end_byte());
        for &statement in statements {
            flow = flow.then(self.statement(statement));
            if self.kind(statement) == Kind::IfStatement
                && let Some(condition) = self.left_if.take()
            {
                self.b.passed(condition, Span::new(statement.end_byte(), end));
            }
        }
        flow
    }

    /// A block in a scope of its own.
    pub(super) fn block(&mut self, node: Node<'t>) -> Flow {
        self.b.push_scope(false);
        let statements = self.children(node);
        let flow = self.statements(&statements);
        self.b.pop_scope();
        flow
    }

    /// One statement.
    pub(super) fn statement(&mut self, node: Node<'t>) -> Flow {
        self.deeper(node, Flow::NEXT, |walk| walk.any_statement(node))
    }

    fn any_statement(&mut self, node: Node<'t>) -> Flow {
        match self.kind(node) {
            Kind::ExpressionStatement => return self.expression_statement(node),
            Kind::LexicalDeclaration | Kind::VariableDeclaration | Kind::UsingDeclaration => self.declarators(node),
            Kind::StatementBlock => return self.block(node),
            Kind::IfStatement => return self.if_statement(node),
            Kind::ForInStatement => self.for_in(node),
            Kind::ForStatement => self.for_counting(node),
            Kind::WhileStatement => self.while_loop(node),
            Kind::DoStatement => return self.do_loop(node),
            Kind::TryStatement => return self.try_statement(node),
            Kind::SwitchStatement => return self.switch(node),
            Kind::ReturnStatement => return self.return_statement(node),
            Kind::ThrowStatement => return self.throw(node),
            Kind::BreakStatement => return self.break_statement(node),
            Kind::ContinueStatement => {
                self.b.exit(ExitKind::Continue, UNKNOWN, span(node));
                return Flow::LEAVES;
            }
            Kind::LabeledStatement | Kind::WithStatement => return self.with_body(node),
            Kind::ImportStatement | Kind::ImportAlias => {}
            Kind::ExportStatement => self.export(node),
            Kind::FunctionDeclaration | Kind::GeneratorFunctionDeclaration => self.function_declaration(node),
            Kind::FunctionSignature | Kind::EmptyStatement => {}
            Kind::ClassDeclaration | Kind::AbstractClassDeclaration => {
                self.class_declaration(node, Vec::new());
            }
            Kind::InterfaceDeclaration => self.interface(node),
            Kind::TypeAliasDeclaration => self.type_alias(node),
            Kind::EnumDeclaration => self.enumeration(node),
            Kind::AmbientDeclaration => self.ambient(node),
            Kind::InternalModule | Kind::Module => self.namespace(node),
            Kind::Error => return self.error(node),
            _ => {
                self.expression(node, ResultUse::Discarded);
            }
        }
        Flow::NEXT
    }

    fn expression_statement(&mut self, node: Node<'t>) -> Flow {
        let Some(expression) = self.first_child(node) else { return Flow::NEXT };
        if self.kind(expression) == Kind::InternalModule {
            self.namespace(expression);
            return Flow::NEXT;
        }
        let value = self.expression(expression, ResultUse::Discarded);
        if !self.ends_process(value) {
            return Flow::NEXT;
        }
        self.b.exit(ExitKind::Raise, value, span(expression));
        Flow::LEAVES
    }

    /// Whether `value` is a call of `process.exit`.
    fn ends_process(&self, value: ValueId) -> bool {
        let Value::Call(call) = *self.b.facts.value(value) else { return false };
        let Value::Member(object, name) = *self.b.facts.value(self.b.facts.call(call).callee) else { return false };
        let Value::Global(global) = *self.b.facts.value(object) else { return false };
        &self.b.facts.names[name] == "exit" && &self.b.facts.names[global] == "process"
    }

    /// `const a = …, b = …;`
    pub(super) fn declarators(&mut self, node: Node<'t>) {
        let binding = if self.kind(node) == Kind::VariableDeclaration { Binding::Var } else { Binding::Fresh };
        for declarator in self.children(node) {
            if self.kind(declarator) == Kind::VariableDeclarator {
                self.declarator(declarator, binding);
            }
        }
    }

    fn declarator(&mut self, node: Node<'t>, binding: Binding) {
        let Some(name) = self.field(node, Field::Name) else { return };
        let value = self.field(node, Field::Value);
        let annotation = self.field(node, Field::Type).and_then(|annotation| self.annotation(annotation));
        if let Some(value) = value
            && self.require_pattern(name, value, binding)
        {
            return;
        }
        let lowered = match value {
            Some(value) => {
                self.set_hint(name);
                let result = if self.kind(name) == Kind::ArrayPattern { ResultUse::Iterated } else { ResultUse::Bound };
                let lowered = self.expression(value, result);
                self.hint = None;
                lowered
            }
            None => UNKNOWN,
        };
        let is_empty = value.is_none() || matches!(self.b.facts.value(lowered), Value::Null);
        if is_empty && self.kind(name) == Kind::Identifier {
            let name = self.name(name);
            self.unfilled.insert(name);
        }
        let bound = match annotation {
            Some(annotation) if !self.is_known(lowered) => annotation,
            _ => lowered,
        };
        self.bind_pattern(name, bound, binding);
    }

    /// The body of `label: …` and `with (x) …`.
    fn with_body(&mut self, node: Node<'t>) -> Flow {
        if let Some(object) = self.field(node, Field::Object) {
            self.expression(object, ResultUse::Operand);
        }
        let Some(body) = self.field(node, Field::Body) else { return Flow::NEXT };
        let flow = self.statement(body);
        Flow { falls: flow.falls || flow.breaks || self.kind(node) == Kind::LabeledStatement, breaks: flow.breaks }
    }

    fn return_statement(&mut self, node: Node<'t>) -> Flow {
        let value = match self.first_child(node) {
            Some(expression) => self.expression(expression, ResultUse::Returned),
            None => UNKNOWN,
        };
        self.returns(value);
        self.b.exit(ExitKind::Return, value, span(node));
        Flow::LEAVES
    }

    /// Notes a value that the present function returns.
    pub(super) fn returns(&mut self, value: ValueId) {
        if self.b.function() != MODULE && value != UNKNOWN {
            self.b.returns(value);
        }
    }

    fn throw(&mut self, node: Node<'t>) -> Flow {
        let value = match self.first_child(node) {
            Some(expression) => self.expression(expression, ResultUse::Operand),
            None => UNKNOWN,
        };
        self.b.exit(ExitKind::Raise, value, span(node));
        Flow::LEAVES
    }

    fn break_statement(&mut self, node: Node<'t>) -> Flow {
        let has_label = self.first_child(node).is_some();
        if self.context.in_switch && !has_label {
            return Flow { falls: false, breaks: true };
        }
        self.b.exit(ExitKind::Break, UNKNOWN, span(node));
        Flow::LEAVES
    }

    /// `declare const x: X`, `declare global { … }`
    fn ambient(&mut self, node: Node<'t>) {
        for child in self.children(node) {
            match self.kind(child) {
                Kind::StatementBlock => {
                    let statements = self.children(child);
                    self.statements(&statements);
                }
                Kind::PropertyIdentifier => {}
                _ => {
                    self.statement(child);
                }
            }
        }
    }

    /// What is left of a place that the grammar did not understand.
    fn error(&mut self, node: Node<'t>) -> Flow {
        let parts = self.children(node);
        self.hoist(&parts);
        for part in parts {
            self.statement(part);
        }
        Flow::NEXT
    }
}
