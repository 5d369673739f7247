//! Statements that do not branch, and what assignments bind.

use super::tree::Node;
use super::{Field, Kind, PendingAnnotation, Walk, child, kind, span};
use crate::facts::*;
use crate::source::Span;

/// How a target is bound.
#[derive(Clone, Copy)]
pub(super) struct Binding<'a> {
    /// The declared type.
    pub(super) annotation: Option<Node<'a>>,
    /// The whole assignment, if it is one; a loop's target or a `with … as` is not.
    pub(super) assignment: Option<Span>,
}

impl Binding<'_> {
    /// Of a loop's target, a `with … as`, an `except … as`.
    pub(super) const TARGET: Binding<'static> = Binding { annotation: None, assignment: None };
}

impl<'a> Walk<'a> {
    /// Statements in order. Tells whether their end can be reached.
    pub(super) fn block(&mut self, node: Node<'a>) -> bool {
        let mut falls = true;
        let statements = self.children(node);
        let end = statements.last().map_or(0, |last| last.end_byte());
        for statement in statements {
            falls &= self.statement(statement);
            if kind(statement) == Kind::IfStatement
                && let Some(condition) = self.left_if.take()
            {
                self.b.passed(condition, Span::new(statement.end_byte(), end));
            }
        }
        falls
    }

    /// One statement. Tells whether what follows it can be reached.
    pub(super) fn statement(&mut self, node: Node<'a>) -> bool {
        if !self.descend(node) {
            return true;
        }
        let falls = self.statement_inner(node);
        self.ascend();
        falls
    }

    fn statement_inner(&mut self, node: Node<'a>) -> bool {
        match kind(node) {
            Kind::ExpressionStatement => return self.expression_statement(node),
            Kind::ReturnStatement => {
                self.return_statement(node);
                return false;
            }
            Kind::RaiseStatement => {
                self.raise_statement(node);
                return false;
            }
            Kind::BreakStatement | Kind::ContinueStatement => {
                self.leave_loop(node);
                return false;
            }
            Kind::IfStatement => return self.if_statement(node),
            Kind::ForStatement => return self.for_statement(node),
            Kind::WhileStatement => return self.while_statement(node),
            Kind::TryStatement => return self.try_statement(node),
            Kind::WithStatement => return self.with_statement(node),
            Kind::MatchStatement => return self.match_statement(node),
            Kind::Block | Kind::Module | Kind::Error => return self.block(node),
            Kind::ElseClause | Kind::FinallyClause | Kind::ExceptClause | Kind::ElifClause => return self.block(node),
            Kind::FunctionDefinition => self.function_definition(node, &[]),
            Kind::ClassDefinition => self.class_definition(node, &[]),
            Kind::DecoratedDefinition => self.decorated_definition(node),
            Kind::ImportStatement => self.import_statement(node),
            Kind::ImportFromStatement | Kind::FutureImportStatement => self.import_from(node),
            Kind::AssertStatement => self.assert_statement(node),
            Kind::DeleteStatement => self.delete_statement(node),
            Kind::GlobalStatement | Kind::NonlocalStatement => self.outer_statement(node),
            Kind::TypeAliasStatement => self.type_alias(node),
            Kind::PrintStatement | Kind::ExecStatement | Kind::Chevron => {
                for part in self.children(node) {
                    self.statement(part);
                }
            }
            Kind::PassStatement | Kind::Comment | Kind::StringLiteral | Kind::ConcatenatedString => {}
            // Only after a syntax error do other things stand where a statement should.
            _ => {
                self.expr(node, ResultUse::Discarded);
            }
        }
        true
    }

    fn expression_statement(&mut self, node: Node<'a>) -> bool {
        let mut falls = true;
        for part in self.children(node) {
            match kind(part) {
                Kind::Assignment => self.assignment(part),
                Kind::AugmentedAssignment => {
                    self.augmented_assignment(part);
                }
                // A docstring, or a comment written as a string.
                Kind::StringLiteral | Kind::ConcatenatedString => {}
                _ => {
                    let value = self.expr(part, ResultUse::Discarded);
                    if self.ends_program(value) {
                        self.b.exit(ExitKind::Raise, value, span(part));
                        falls = false;
                    }
                }
            }
        }
        falls
    }

    /// Whether `value` is a call that never returns.
    fn ends_program(&self, value: ValueId) -> bool {
        let facts = &self.b.facts;
        let Value::Call(call) = *facts.value(value) else { return false };
        let names = &facts.names;
        match *facts.value(facts.call(call).callee) {
            Value::Global(name) => matches!(&names[name], "exit" | "quit"),
            Value::Member(object, name) => {
                let Value::Import(import) = *facts.value(object) else { return false };
                let module = &names[facts.imports[import.index()].module];
                matches!((module, &names[name]), ("sys", "exit") | ("os", "_exit" | "abort"))
            }
            Value::Import(import) => {
                let import = &facts.imports[import.index()];
                let Imported::Name(name) = import.what else { return false };
                matches!((&names[import.module], &names[name]), ("sys", "exit") | ("os", "_exit" | "abort"))
            }
            _ => false,
        }
    }

    fn return_statement(&mut self, node: Node<'a>) {
        let value = match node.first_part() {
            Some(value) => self.expr(value, ResultUse::Returned),
            None => UNKNOWN,
        };
        if value != UNKNOWN || node.first_part().is_some() {
            self.b.returns(value);
        }
        self.b.exit(ExitKind::Return, value, span(node));
    }

    fn raise_statement(&mut self, node: Node<'a>) {
        let mut raised = UNKNOWN;
        for (index, part) in self.children(node).into_iter().enumerate() {
            let value = self.expr(part, ResultUse::Operand);
            if index == 0 {
                raised = value;
            }
        }
        self.b.exit(ExitKind::Raise, raised, span(node));
    }

    fn assert_statement(&mut self, node: Node<'a>) {
        let mut parts = self.children(node).into_iter();
        let Some(condition) = parts.next() else { return };
        let condition = self.test(condition);
        for message in parts {
            let open = self.b.begin_branch(GuardKind::Else, condition);
            self.expr(message, ResultUse::Operand);
            self.b.end_branch(open, false);
        }
    }

    fn delete_statement(&mut self, node: Node<'a>) {
        for target in self.children(node) {
            self.delete_target(target);
        }
    }

    fn delete_target(&mut self, node: Node<'a>) {
        if !self.descend(node) {
            return;
        }
        match kind(node) {
            Kind::Identifier => {
                let name = self.name_of(node);
                self.bind(name, UNKNOWN);
            }
            Kind::ExpressionList | Kind::Tuple | Kind::List | Kind::ParenthesizedExpression => {
                for part in self.children(node) {
                    self.delete_target(part);
                }
            }
            _ => self.store(node),
        }
        self.ascend();
    }

    /// `global x`, `nonlocal x`
    fn outer_statement(&mut self, node: Node<'a>) {
        if self.b.function() == MODULE {
            return;
        }
        for part in self.children(node) {
            let name = self.name_of(part);
            let owner = if kind(node) == Kind::GlobalStatement { Some(self.module) } else { self.b.owner(name) };
            let Some(scope) = owner else { continue };
            let before = self.b.binds(scope, name).then(|| self.b.lookup(name));
            self.outer.push((name, scope, before));
        }
    }

    // ── Assignments ─────────────────────────────────────────────────────────────────────────────────

    fn assignment(&mut self, node: Node<'a>) {
        let annotation = child(node, Field::Type);
        let mut targets: Vec<Node<'a>> = child(node, Field::Left).into_iter().collect();
        let mut right = child(node, Field::Right);
        while let Some(next) = right.filter(|&next| kind(next) == Kind::Assignment) {
            targets.extend(child(next, Field::Left));
            right = child(next, Field::Right);
        }
        let binding = Binding { annotation, assignment: Some(span(node)) };
        let Some(right) = right else {
            for target in targets {
                self.assign(target, UNKNOWN, binding);
            }
            return;
        };
        let value = self.right_side(right, &targets);
        for target in targets {
            self.assign(target, value, binding);
        }
    }

    /// What is assigned.
    fn right_side(&mut self, node: Node<'a>, targets: &[Node<'a>]) -> ValueId {
        let unpacked = targets.iter().any(|&target| is_pattern(target));
        match kind(node) {
            Kind::AugmentedAssignment => self.augmented_assignment(node),
            Kind::ExpressionList | Kind::PatternList | Kind::Tuple | Kind::List if unpacked => {
                self.elements(node, ResultUse::Bound)
            }
            Kind::Subscript => match self.type_alias_value(node) {
                Some(value) => value,
                None => self.expr(node, if unpacked { ResultUse::Iterated } else { ResultUse::Bound }),
            },
            Kind::Lambda => {
                let name = targets.iter().find(|&&target| kind(target) == Kind::Identifier);
                let name = name.map(|&target| self.name_of(target));
                let function = self.lambda(node, name, None, &[]);
                self.b.value(Value::Function(function))
            }
            _ if unpacked => self.expr(node, ResultUse::Iterated),
            _ => self.expr(node, ResultUse::Bound),
        }
    }

    /// `x += v`
    fn augmented_assignment(&mut self, node: Node<'a>) -> ValueId {
        let (Some(left), Some(right)) = (child(node, Field::Left), child(node, Field::Right)) else { return UNKNOWN };
        let operator = child(node, Field::Operator).map_or("", |operator| self.source_of(operator));
        let before = match kind(left) {
            Kind::Identifier => {
                let name = self.name_of(left);
                self.b.lookup(name)
            }
            _ => {
                self.store(left);
                self.stored(left)
            }
        };
        let value = self.augmented_value(operator, (before, span(left)), right);
        match kind(left) {
            Kind::Identifier => {
                let name = self.name_of(left);
                self.bind(name, value);
            }
            Kind::Attribute => {
                if let Some((class, name)) = self.own_attribute(left) {
                    self.attribute(class, name, value, None, false, span(node));
                }
            }
            _ => {}
        }
        value
    }

    /// Binds a target to a value: a name, an attribute of `self`, the parts of a pattern.
    pub(super) fn assign(&mut self, target: Node<'a>, value: ValueId, binding: Binding<'a>) {
        if !self.descend(target) {
            return;
        }
        match kind(target) {
            Kind::Identifier => self.assign_name(target, value, binding),
            Kind::Attribute => {
                self.store(target);
                if let (Some((class, name)), Some(assignment)) = (self.own_attribute(target), binding.assignment) {
                    let annotation = binding.annotation.and_then(|annotation| self.annotation(annotation));
                    self.attribute(class, name, value, annotation, false, assignment);
                }
            }
            Kind::TuplePattern
            | Kind::ListPattern
            | Kind::PatternList
            | Kind::Tuple
            | Kind::List
            | Kind::ExpressionList => self.unpack(target, value, binding),
            Kind::ListSplatPattern | Kind::ListSplat | Kind::AsPatternTarget | Kind::ParenthesizedExpression => {
                for part in self.children(target) {
                    self.assign(part, value, binding);
                }
            }
            Kind::Subscript => {
                if let (object, Some(key)) = self.stored_item(target, value)
                    && value != UNKNOWN
                {
                    self.b.facts.item_sets.push(ItemSet { object, key, value });
                }
            }
            _ => self.store(target),
        }
        self.ascend();
    }

    fn assign_name(&mut self, target: Node<'a>, value: ValueId, binding: Binding<'a>) {
        let name = self.name_of(target);
        let annotation = binding.annotation.and_then(|annotation| self.annotation(annotation));
        let bound = self.declared(value, annotation);
        self.bind(name, bound);
        if let (Some(class), Some(assignment)) = (self.class_body, binding.assignment) {
            let attribute = self.attribute(class, name, value, None, true, assignment);
            if let Some(annotation) = binding.annotation {
                let (span, scope) = (span(annotation), self.b.scope());
                self.annotations.push(PendingAnnotation { class, attribute, span, scope });
            }
        }
    }

    /// A value that was also given a type: what it is, if that says something, and what it is said to be.
    fn declared(&mut self, value: ValueId, annotation: Option<ValueId>) -> ValueId {
        let Some(annotation) = annotation else { return value };
        match self.b.facts.value(value) {
            Value::Unknown | Value::Null | Value::Mixed(_) | Value::Operation(..) => annotation,
            Value::Call(_)
            | Value::Member(..)
            | Value::Item(..)
            | Value::Global(_)
            | Value::Param(..)
            | Value::Element(..)
            | Value::Part(..)
            | Value::Either(..) => self.b.either(value, annotation),
            _ => value,
        }
    }

    fn unpack(&mut self, target: Node<'a>, value: ValueId, binding: Binding<'a>) {
        let parts = self.children(target);
        let binding = Binding { annotation: None, ..binding };
        let elements = match self.b.facts.value(value) {
            Value::Sequence(elements) => Some(elements.clone()),
            _ => {
                self.b.used(value, UseKind::Iterate, span(target));
                None
            }
        };
        let starred = parts.iter().position(|&part| matches!(kind(part), Kind::ListSplatPattern | Kind::ListSplat));
        let whole = self.b.mixed(vec![value]);
        for (index, part) in parts.into_iter().enumerate() {
            let known = match (&elements, starred) {
                (_, Some(star)) if index >= star => Some(whole),
                (Some(elements), _) => elements.get(index).copied(),
                _ => None,
            };
            let part_value = match known {
                Some(known) => known,
                None => self.b.value(Value::Part(value, u16::try_from(index).unwrap_or(u16::MAX))),
            };
            self.assign(part, part_value, binding);
        }
    }

    /// Lowers what a store into `x.a` or `x[i]` evaluates.
    fn store(&mut self, target: Node<'a>) {
        match kind(target) {
            Kind::Attribute => {
                if let (Some(object), Some(name)) = (child(target, Field::Object), child(target, Field::Attribute)) {
                    let object = self.expr(object, ResultUse::Receiver);
                    let value = self.b.member(object, self.source.get(name.byte_range()).unwrap_or(""));
                    self.b.accessed(value, true, span(target));
                }
            }
            Kind::Subscript => {
                self.stored_item(target, UNKNOWN);
            }
            _ => {
                self.expr(target, ResultUse::Operand);
            }
        }
    }

    /// The object of `object[key]`, and its key if that is a text.
    fn stored_item(&mut self, target: Node<'a>, value: ValueId) -> (ValueId, Option<ValueId>) {
        let object = child(target, Field::Value).map_or(UNKNOWN, |object| self.expr(object, ResultUse::Receiver));
        self.b.stored(object, value);
        let keys: Vec<Node<'a>> = self.children_in(target, Field::Subscript);
        let keys: Vec<ValueId> = keys.into_iter().map(|key| self.expr(key, ResultUse::Operand)).collect();
        match keys[..] {
            [key] => (object, Some(key)),
            _ => (object, None),
        }
    }

    /// What stands in `x.a` before it is stored to, without lowering `x` again.
    fn stored(&mut self, target: Node<'a>) -> ValueId {
        match (kind(target), child(target, Field::Object), child(target, Field::Attribute)) {
            (Kind::Attribute, Some(object), Some(name)) if kind(object) == Kind::Identifier => {
                let object = self.name_of(object);
                let object = self.b.lookup(object);
                self.b.member(object, self.source.get(name.byte_range()).unwrap_or(""))
            }
            _ => UNKNOWN,
        }
    }

    /// The class and name if `target` is `self.name` or, in a class method, `cls.name`.
    fn own_attribute(&mut self, target: Node<'a>) -> Option<(ClassId, Name)> {
        let object = child(target, Field::Object).filter(|&object| kind(object) == Kind::Identifier)?;
        let name = child(target, Field::Attribute)?;
        let object = self.name_of(object);
        let object = self.b.bound(object)?;
        let (Value::This(class) | Value::Class(class)) = *self.b.facts.value(object) else { return None };
        Some((class, self.name_of(name)))
    }

    fn attribute(
        &mut self,
        class: ClassId,
        name: Name,
        value: ValueId,
        annotation: Option<ValueId>,
        in_body: bool,
        span: Span,
    ) -> usize {
        let attributes = &mut self.b.facts.classes[class.index()].attributes;
        attributes.push(Attribute { name, value, annotation, decorators: Vec::new(), in_body, span });
        attributes.len() - 1
    }

    /// Binds a name in the present scope, or where `global` and `nonlocal` say.
    pub(super) fn bind(&mut self, name: Name, value: ValueId) {
        if self.b.scope() == self.local {
            self.bind_local(name, value);
        } else {
            self.b.bind(name, value);
        }
    }

    /// Binds a name in the present function, even from inside a comprehension.
    pub(super) fn bind_local(&mut self, name: Name, value: ValueId) {
        let outer = self.outer.iter().find(|outer| outer.0 == name).map(|outer| outer.1);
        self.b.bind_in(outer.unwrap_or(self.local), name, value);
    }

    fn type_alias(&mut self, node: Node<'a>) {
        let (Some(left), Some(right)) = (child(node, Field::Left), child(node, Field::Right)) else { return };
        let value = self.annotation(right).unwrap_or(UNKNOWN);
        let name: &str = self.source_of(left).split('[').next().unwrap_or("").trim();
        let name = self.b.name(name);
        self.bind(name, value);
    }
}

fn is_pattern(node: Node<'_>) -> bool {
    matches!(kind(node), Kind::TuplePattern | Kind::ListPattern | Kind::PatternList)
}
