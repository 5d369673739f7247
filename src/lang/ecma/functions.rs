//! Functions: declared where they stand, lowered when they run.

use super::assigned::pattern_names;
use super::kinds::{Field, Kind};
use super::patterns::Binding;
use super::tree::Node;
use super::{Context, Walk, span};
use crate::facts::*;
use crate::lang::builder::ScopeId;
use crate::source::Span;

/// A body that is to be lowered after its surroundings.
pub(super) struct Later<'t> {
    pub(super) node: Node<'t>,
    function: FunctionId,
    scope: ScopeId,
    this: ValueId,
    class: Option<ClassId>,
}

/// What an iterating callback is given.
#[derive(Clone, Copy)]
pub(super) struct Element {
    pub(super) in_loop: LoopId,
    /// Which parameter is the element.
    pub(super) at: u16,
    pub(super) element: ValueId,
    /// What is carried from one run to the next, if the element is not the first parameter.
    pub(super) carried: ValueId,
}

impl<'t> Walk<'_, 't> {
    // ── Declaring ───────────────────────────────────────────────────────────────────────────────────

    /// Remembers what the next function or class expression is bound to.
    pub(super) fn set_hint(&mut self, node: Node<'t>) {
        let name = match self.kind(node) {
            Kind::Identifier | Kind::PropertyIdentifier | Kind::PrivatePropertyIdentifier => Some(self.name(node)),
            Kind::String => self.property_name(node).map(|name| self.b.name(&name)),
            _ => None,
        };
        self.hint = name.map(|name| (name, span(node)));
    }

    /// The function that stands directly here as an argument: `x => …`, `(function () { … }).bind(this)`.
    pub(super) fn inline_function(&self, node: Node<'t>) -> Option<Node<'t>> {
        let node = self.stripped(node);
        match self.kind(node) {
            Kind::ArrowFunction | Kind::FunctionExpression | Kind::GeneratorFunction => Some(node),
            Kind::CallExpression => {
                let callee = self.field(node, Field::Function)?;
                if self.kind(callee) != Kind::MemberExpression {
                    return None;
                }
                let function = self.stripped(self.field(callee, Field::Object)?);
                let is_function = matches!(self.kind(function), Kind::ArrowFunction | Kind::FunctionExpression);
                (is_function && self.text(self.field(callee, Field::Property)?) == "bind").then_some(function)
            }
            _ => None,
        }
    }

    /// Registers a function of any kind without lowering its body.
    pub(super) fn declare(&mut self, node: Node<'t>, name: Option<(Name, Span)>, class: Option<ClassId>) -> FunctionId {
        let own_name = self.field(node, Field::Name);
        let (name, name_span) = match (name, own_name) {
            (Some(name), _) => name,
            (None, Some(own)) => (self.name(own), span(own)),
            (None, None) => (self.b.name(""), self.first_token(node)),
        };
        let params = self.parameter_nodes(node).into_iter().map(|param| self.parameter(param)).collect();
        let result_type = self.field(node, Field::ReturnType).and_then(|result| self.result_type(result));
        let function = Function {
            class,
            params,
            traits: self.traits(node, class),
            result_type,
            ..Function::new(name, span(node), name_span)
        };
        self.b.declare_function(function)
    }

    /// The first word or sign of a function without a name.
    fn first_token(&self, node: Node<'t>) -> Span {
        let text = self.text(node);
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii();
        let word = text.bytes().take_while(|&byte| is_name(byte)).count();
        self.one_line(node.start_byte(), node.start_byte() + word.max(1))
    }

    fn traits(&self, node: Node<'t>, class: Option<ClassId>) -> FunctionTraits {
        let kind = self.kind(node);
        let mut traits = FunctionTraits {
            is_generator: matches!(kind, Kind::GeneratorFunction | Kind::GeneratorFunctionDeclaration),
            is_lambda: kind == Kind::ArrowFunction,
            ..FunctionTraits::default()
        };
        for child in node.children() {
            match self.kind(child) {
                Kind::Async => traits.is_async = true,
                Kind::Static => traits.is_static = true,
                Kind::StaticGet => (traits.is_static, traits.is_property) = (true, true),
                Kind::Get => traits.is_property = true,
                Kind::Star => traits.is_generator = true,
                Kind::FormalParameters | Kind::StatementBlock => break,
                _ => {}
            }
        }
        let name = self.field(node, Field::Name);
        traits.is_constructor =
            class.is_some() && !traits.is_static && name.is_some_and(|name| self.text(name) == "constructor");
        traits
    }

    /// The parameters as they are written, TypeScript's `this` aside.
    pub(super) fn parameter_nodes(&self, node: Node<'t>) -> Vec<Node<'t>> {
        if let Some(parameters) = self.field(node, Field::Parameters) {
            let mut nodes = self.children(parameters);
            nodes.retain(|&node| {
                let is_this = self.text(node).starts_with("this")
                    && self.field(node, Field::Pattern).is_some_and(|pattern| self.kind(pattern) == Kind::This);
                self.kind(node) != Kind::Error && !is_this
            });
            return nodes;
        }
        self.field(node, Field::Parameter).into_iter().collect()
    }

    /// The type of TypeScript's `this` parameter.
    fn declared_this(&mut self, node: Node<'t>) -> Option<ValueId> {
        let parameters = self.field(node, Field::Parameters)?;
        let first = self.first_child(parameters).filter(|&first| self.text(first).starts_with("this"))?;
        let pattern = self.field(first, Field::Pattern)?;
        if self.kind(pattern) != Kind::This {
            return None;
        }
        let annotation = self.field(first, Field::Type)?;
        self.annotation(annotation)
    }

    /// The pattern of a parameter and its default.
    fn parameter_parts(&self, node: Node<'t>) -> (Node<'t>, Option<Node<'t>>) {
        match self.kind(node) {
            Kind::RequiredParameter | Kind::OptionalParameter => {
                (self.field(node, Field::Pattern).unwrap_or(node), self.field(node, Field::Value))
            }
            Kind::AssignmentPattern => (self.field(node, Field::Left).unwrap_or(node), self.field(node, Field::Right)),
            _ => (node, None),
        }
    }

    fn parameter(&mut self, node: Node<'t>) -> Param {
        let (pattern, _) = self.parameter_parts(node);
        let is_rest = self.kind(pattern) == Kind::RestPattern;
        let named = if is_rest { self.first_child(pattern).unwrap_or(pattern) } else { pattern };
        let name = match self.kind(named) {
            Kind::Identifier => self.name(named),
            _ => self.b.name(""),
        };
        let annotation = self.field(node, Field::Type).and_then(|annotation| self.annotation(annotation));
        Param { name, annotation, default: None, is_rest, is_keyword_only: false }
    }

    // ── Lowering ────────────────────────────────────────────────────────────────────────────────────

    /// Keeps a declared function's body for later. `this`: what it is inside.
    pub(super) fn wait(&mut self, function: FunctionId, node: Node<'t>, this: ValueId, class: Option<ClassId>) {
        let scope = self.b.scope();
        self.later.push(Later { node, function, scope, this, class });
    }

    pub(super) fn lower_later(&mut self, later: Later<'t>) {
        let context = Context { this: later.this, class: later.class, in_switch: false, scope: later.scope };
        self.body(later.function, later.node, later.scope, context, true, None);
    }

    /// A function that runs where it stands: called at once, or given to a call.
    pub(super) fn lower_inline(
        &mut self,
        node: Node<'t>,
        passed_to: Option<(CallId, u16)>,
        element: Option<Element>,
    ) -> FunctionId {
        let function = self.declare(node, None, None);
        let entry = &mut self.b.facts.functions[function.index()];
        entry.passed_to = passed_to;
        entry.runs_in = element.map(|element| element.in_loop);
        let is_arrow = self.kind(node) == Kind::ArrowFunction;
        let mut context = Context { in_switch: false, ..self.context };
        if !is_arrow {
            (context.this, context.class) = (UNKNOWN, None);
        }
        let scope = self.b.scope();
        self.deeper(node, (), |walk| walk.body(function, node, scope, context, false, element));
        function
    }

    fn body(
        &mut self,
        function: FunctionId,
        node: Node<'t>,
        scope: ScopeId,
        mut context: Context,
        runs_later: bool,
        element: Option<Element>,
    ) {
        let before = self.b.enter_function(function, scope);
        if runs_later {
            context.scope = self.b.scope();
        }
        let outer = std::mem::replace(&mut self.context, context);
        self.hint = None;
        if let Some(this) = self.declared_this(node) {
            self.context.this = this;
        }
        if matches!(self.kind(node), Kind::FunctionExpression | Kind::GeneratorFunction)
            && let Some(own) = self.field(node, Field::Name)
        {
            let name = self.name(own);
            let value = self.b.value(Value::Function(function));
            self.b.bind(name, value);
        }
        self.parameters(function, node, element);
        if let Some(body) = self.field(node, Field::Body) {
            if self.kind(body) == Kind::StatementBlock {
                if self.has_var {
                    self.hoist_vars(body);
                }
                let statements = self.children(body);
                self.statements(&statements);
            } else {
                let value = self.expression(body, ResultUse::Returned);
                self.returns(value);
            }
        }
        self.context = outer;
        self.b.leave_function(before);
    }

    fn parameters(&mut self, function: FunctionId, node: Node<'t>, element: Option<Element>) {
        for (index, parameter) in self.parameter_nodes(node).into_iter().enumerate() {
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            let (pattern, default) = self.parameter_parts(parameter);
            let default = default.map(|default| self.expression(default, ResultUse::Operand));
            if let Some(param) = self.b.facts.functions[function.index()].params.get_mut(usize::from(index)) {
                param.default = default;
            }
            let value = match element {
                Some(element) if element.at == index => element.element,
                Some(element) if index < element.at => element.carried,
                _ => self.b.value(Value::Param(function, index)),
            };
            self.bind_pattern(pattern, value, Binding::Fresh);
        }
    }

    // ── Where functions are met ─────────────────────────────────────────────────────────────────────

    /// A function declared at the head of its block; its body follows later.
    pub(super) fn function_declaration(&mut self, node: Node<'t>) {
        let function = match self.functions.get(&node.id()) {
            Some(&function) => function,
            None => self.hoist_function(node),
        };
        self.wait(function, node, UNKNOWN, None);
    }

    /// Declares a function and binds its name.
    pub(super) fn hoist_function(&mut self, node: Node<'t>) -> FunctionId {
        let function = self.declare(node, None, None);
        self.functions.insert(node.id(), function);
        if let Some(own) = self.field(node, Field::Name) {
            let name = self.name(own);
            let value = self.b.value(Value::Function(function));
            self.b.bind(name, value);
        }
        function
    }

    /// A function expression that is not run where it stands.
    pub(super) fn function_value(&mut self, node: Node<'t>) -> ValueId {
        let (this, class) = match self.kind(node) {
            Kind::ArrowFunction => (self.context.this, self.context.class),
            _ => (UNKNOWN, None),
        };
        self.function_with_this(node, this, class)
    }

    /// A function expression of which is known what `this` is in it.
    pub(super) fn function_with_this(&mut self, node: Node<'t>, this: ValueId, class: Option<ClassId>) -> ValueId {
        let hint = self.hint.take();
        let function = self.declare(node, hint, None);
        self.wait(function, node, this, class);
        self.b.value(Value::Function(function))
    }

    /// A method of an object literal.
    pub(super) fn object_method(&mut self, node: Node<'t>) -> ValueId {
        let key = self.field(node, Field::Name);
        let name = key.and_then(|key| self.property_name(key));
        let name = name.map(|name| (self.b.name(&name), key.map_or(Span::default(), span)));
        let function = self.declare(node, name, None);
        self.wait(function, node, UNKNOWN, None);
        self.b.value(Value::Function(function))
    }

    // ── Hoisting ────────────────────────────────────────────────────────────────────────────────────

    /// What a block binds before its first statement runs: imports, classes, functions.
    pub(super) fn hoist(&mut self, statements: &[Node<'t>]) {
        let declarations: Vec<(Node<'t>, Kind)> =
            statements.iter().map(|&node| self.declared(node)).map(|node| (node, self.kind(node))).collect();
        for &(node, kind) in &declarations {
            match kind {
                Kind::ImportStatement => self.import(node),
                Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::InterfaceDeclaration => {
                    self.hoist_class(node);
                }
                Kind::TypeAliasDeclaration => self.hoist_type_alias(node),
                _ => {}
            }
        }
        for &(node, kind) in &declarations {
            match kind {
                Kind::ImportAlias => self.import_alias(node),
                Kind::TypeAliasDeclaration => self.bind_type_alias(node),
                _ => {}
            }
        }
        for &(node, kind) in &declarations {
            match kind {
                Kind::FunctionDeclaration | Kind::GeneratorFunctionDeclaration => {
                    self.hoist_function(node);
                }
                Kind::FunctionSignature => self.hoist_signature(node),
                _ => {}
            }
        }
    }

    /// The declaration inside `export …` or `declare …`.
    pub(super) fn declared(&self, node: Node<'t>) -> Node<'t> {
        match self.kind(node) {
            Kind::ExportStatement => match self.field(node, Field::Declaration) {
                Some(inner) => self.declared(inner),
                None => node,
            },
            Kind::AmbientDeclaration => self.first_child(node).unwrap_or(node),
            _ => node,
        }
    }

    /// `declare function f(): X;`, or an overload before the function itself, which then takes the name.
    fn hoist_signature(&mut self, node: Node<'t>) {
        let Some(own) = self.field(node, Field::Name) else { return };
        let name = self.name(own);
        if self.b.bound(name).is_none() {
            let function = self.declare(node, None, None);
            let value = self.b.value(Value::Function(function));
            self.b.bind(name, value);
        }
    }

    /// Binds the names that `var` declares anywhere in a function's body.
    pub(super) fn hoist_vars(&mut self, body: Node<'t>) {
        let mut open: Vec<Node<'t>> = body.parts().rev().collect();
        while let Some(node) = open.pop() {
            let kind = self.kind(node);
            if kind == Kind::VariableDeclaration {
                for declarator in self.children(node) {
                    if let Some(pattern) = self.field(declarator, Field::Name) {
                        self.bind_empty(pattern);
                    }
                }
            } else if kind == Kind::ForInStatement
                && self.field(node, Field::Kind).is_some_and(|kind| self.kind(kind) == Kind::Var)
                && let Some(pattern) = self.field(node, Field::Left)
            {
                self.bind_empty(pattern);
            }
            if can_hold_var(kind) {
                open.extend(node.parts().rev());
            }
        }
    }

    fn bind_empty(&mut self, pattern: Node<'t>) {
        let mut found = Vec::new();
        pattern_names(pattern, &mut |name| found.push(name));
        let scope = self.b.scope();
        for node in found {
            let name = self.name(node);
            // A parameter of the same name keeps its value.
            if !self.b.is_bound_within(name, scope) {
                self.b.bind(name, UNKNOWN);
            }
        }
    }
}

/// Whether a statement of this kind can hold a `var` of the same function.
fn can_hold_var(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::StatementBlock
            | Kind::IfStatement
            | Kind::ElseClause
            | Kind::ForStatement
            | Kind::ForInStatement
            | Kind::WhileStatement
            | Kind::DoStatement
            | Kind::TryStatement
            | Kind::CatchClause
            | Kind::FinallyClause
            | Kind::SwitchStatement
            | Kind::SwitchCase
            | Kind::SwitchDefault
            | Kind::LabeledStatement
            | Kind::WithStatement
            | Kind::ExportStatement
            | Kind::Error
            | Kind::Other
    )
}
