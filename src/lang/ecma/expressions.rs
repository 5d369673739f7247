//! Expressions, calls aside.

use super::kinds::{Field, Kind};
use super::strings::Part;
use super::tree::Node;
use super::{Walk, span};
use crate::facts::*;

impl<'t> Walk<'_, 't> {
    /// The value of `node`. `result`: where it goes, if it is a call.
    pub(super) fn expression(&mut self, node: Node<'t>, result: ResultUse) -> ValueId {
        self.deeper(node, UNKNOWN, |walk| walk.any_expression(node, result))
    }

    fn any_expression(&mut self, node: Node<'t>, result: ResultUse) -> ValueId {
        let kind = self.kind(node);
        if !matches!(
            kind,
            Kind::ArrowFunction
                | Kind::FunctionExpression
                | Kind::GeneratorFunction
                | Kind::Class
                | Kind::ParenthesizedExpression
                | Kind::AsExpression
                | Kind::SatisfiesExpression
                | Kind::NonNullExpression
                | Kind::AssignmentExpression
        ) {
            self.hint = None;
        }
        match kind {
            Kind::Identifier | Kind::ShorthandProperty => {
                let name = self.name(node);
                self.b.lookup(name)
            }
            Kind::This => self.context.this,
            Kind::Super => match self.context.class {
                Some(class) => self.b.value(Value::Super(class)),
                None => UNKNOWN,
            },
            Kind::MemberExpression => self.member(node),
            Kind::CallExpression | Kind::NewExpression => self.call(node, result, false),
            Kind::AwaitExpression => self.await_expression(node, result),
            Kind::String => self.string(node),
            Kind::TemplateString => self.template(node),
            Kind::Number => self.number(node),
            Kind::True | Kind::False => self.b.value(Value::Bool(kind == Kind::True)),
            Kind::Null | Kind::Undefined => self.b.value(Value::Null),
            Kind::ArrowFunction | Kind::FunctionExpression | Kind::GeneratorFunction => self.function_value(node),
            Kind::Class => self.class_expression(node),
            Kind::Object => self.object(node),
            Kind::Array => self.array(node),
            Kind::SubscriptExpression => self.subscript(node),
            Kind::ParenthesizedExpression | Kind::NonNullExpression | Kind::InstantiationExpression => {
                self.first_child(node).map_or(UNKNOWN, |inner| self.expression(inner, result))
            }
            Kind::AsExpression | Kind::SatisfiesExpression => self.cast(node, 0, 1, result),
            Kind::TypeAssertion => self.cast(node, 1, 0, result),
            Kind::BinaryExpression => self.binary(node, result),
            Kind::TernaryExpression => self.ternary(node, result),
            Kind::UnaryExpression => self.unary(node),
            Kind::UpdateExpression => self.update(node),
            Kind::AssignmentExpression => self.assignment(node),
            Kind::AugmentedAssignment => self.augmented(node),
            Kind::SequenceExpression => self.sequence(node, result),
            Kind::YieldExpression => self.yield_expression(node),
            Kind::SpreadElement => self.spread(node, true),
            Kind::JsxElement | Kind::JsxSelfClosingElement | Kind::JsxExpression | Kind::JsxAttribute => self.jsx(node),
            Kind::Decorator => {
                self.first_child(node).map_or(UNKNOWN, |inner| self.expression(inner, ResultUse::Operand))
            }
            Kind::Regex => self.builtin("RegExp", Vec::new()),
            Kind::TypeArguments | Kind::TypeAnnotation => UNKNOWN,
            _ => {
                for child in self.children(node) {
                    self.statement(child);
                }
                UNKNOWN
            }
        }
    }

    /// An expression that decides something: `if (x)`, `!x`, `x && …`.
    pub(super) fn tested(&mut self, node: Node<'t>) -> ValueId {
        let value = self.expression(node, ResultUse::Tested);
        if !matches!(self.b.facts.value(value), Value::Operation(..) | Value::Mixed(_)) {
            self.b.used(value, UseKind::Test, self.one_line(node.start_byte(), node.end_byte()));
        }
        value
    }

    /// The expression inside parentheses, `as`, `!` and the like.
    pub(super) fn stripped(&self, mut node: Node<'t>) -> Node<'t> {
        loop {
            let inner = match self.kind(node) {
                Kind::ParenthesizedExpression
                | Kind::NonNullExpression
                | Kind::AsExpression
                | Kind::SatisfiesExpression
                | Kind::InstantiationExpression => self.first_child(node),
                Kind::TypeAssertion => self.children(node).into_iter().nth(1),
                _ => None,
            };
            match inner {
                Some(inner) => node = inner,
                None => return node,
            }
        }
    }

    /// Whether the value says more than its declared type would.
    pub(super) fn is_known(&self, value: ValueId) -> bool {
        let mut at = value;
        loop {
            match *self.b.facts.value(at) {
                Value::Unknown | Value::Null | Value::Global(_) => return false,
                Value::Member(object, _) | Value::Item(object, _) => at = object,
                _ => return true,
            }
        }
    }

    /// `x as T`, `x satisfies T`, `<T>x`: the value, or the type if nothing is known of the value.
    fn cast(&mut self, node: Node<'t>, value_at: usize, type_at: usize, result: ResultUse) -> ValueId {
        let parts = self.children(node);
        let value = parts.get(value_at).map_or(UNKNOWN, |&part| self.expression(part, result));
        if self.is_known(value) {
            return value;
        }
        let type_node = parts.get(type_at).copied();
        let type_node = type_node.and_then(|node| match self.kind(node) {
            Kind::TypeArguments => self.first_child(node),
            _ => Some(node),
        });
        type_node.and_then(|node| self.type_value(node)).unwrap_or(value)
    }

    fn member(&mut self, node: Node<'t>) -> ValueId {
        let (Some(object), Some(property)) = (self.field(node, Field::Object), self.field(node, Field::Property))
        else {
            return UNKNOWN;
        };
        if let Some(module) = self.required_module(object) {
            return self.imported_name(module, property);
        }
        if let Some(value) = self.exported_member(node) {
            return value;
        }
        let object = self.expression(object, ResultUse::Receiver);
        let name = self.text(property);
        self.b.member(object, name)
    }

    fn subscript(&mut self, node: Node<'t>) -> ValueId {
        let object =
            self.field(node, Field::Object).map_or(UNKNOWN, |object| self.expression(object, ResultUse::Receiver));
        let index = self.field(node, Field::Index).map_or(UNKNOWN, |index| self.expression(index, ResultUse::Operand));
        self.b.used(object, UseKind::Index, self.one_line(node.start_byte(), node.end_byte()));
        if object == UNKNOWN && index == UNKNOWN { UNKNOWN } else { self.b.value(Value::Item(object, index)) }
    }

    fn await_expression(&mut self, node: Node<'t>, result: ResultUse) -> ValueId {
        let Some(inner) = self.first_child(node) else { return UNKNOWN };
        let stripped = self.stripped(inner);
        if matches!(self.kind(stripped), Kind::CallExpression) {
            return self.deeper(stripped, UNKNOWN, |walk| walk.call(stripped, result, true));
        }
        let value = self.expression(inner, result);
        self.b.used(value, UseKind::Await, self.one_line(node.start_byte(), node.end_byte()));
        // `(await book.author).name`
        if matches!(self.kind(stripped), Kind::MemberExpression)
            && matches!(self.b.facts.value(value), Value::Member(..))
        {
            self.b.accessed(value, false, self.one_line(stripped.start_byte(), stripped.end_byte()));
        }
        value
    }

    fn number(&mut self, node: Node<'t>) -> ValueId {
        let text = self.text(node).replace('_', "");
        let text = text.strip_suffix('n').unwrap_or(&text);
        let lower = text.to_ascii_lowercase();
        let parsed = match lower.get(..2) {
            Some("0x") => i64::from_str_radix(&lower[2..], 16).ok(),
            Some("0o") => i64::from_str_radix(&lower[2..], 8).ok(),
            Some("0b") => i64::from_str_radix(&lower[2..], 2).ok(),
            _ => lower.parse().ok(),
        };
        self.b.value(parsed.map_or(Value::Float, Value::Int))
    }

    fn array(&mut self, node: Node<'t>) -> ValueId {
        let parts = self.children(node);
        let values: Vec<ValueId> = parts.into_iter().map(|part| self.expression(part, ResultUse::Operand)).collect();
        self.b.value(Value::Sequence(values.into()))
    }

    /// `...x`. `iterates`: in an array or a call, not in an object.
    pub(super) fn spread(&mut self, node: Node<'t>, iterates: bool) -> ValueId {
        let Some(inner) = self.first_child(node) else { return UNKNOWN };
        let value = self.expression(inner, if iterates { ResultUse::Iterated } else { ResultUse::Operand });
        if iterates {
            self.b.used(value, UseKind::Iterate, self.one_line(node.start_byte(), node.end_byte()));
        }
        self.b.value(Value::Spread(value))
    }

    fn object(&mut self, node: Node<'t>) -> ValueId {
        let mut entries = Vec::new();
        for part in self.children(node) {
            match self.kind(part) {
                Kind::Pair => {
                    let (Some(key), Some(value)) = (self.field(part, Field::Key), self.field(part, Field::Value))
                    else {
                        continue;
                    };
                    let key_value = self.key(key);
                    self.set_hint(key);
                    let value = self.expression(value, ResultUse::Operand);
                    self.hint = None;
                    entries.push((key_value, value));
                }
                Kind::ShorthandProperty => {
                    let key = self.literal_text(part);
                    let value = self.expression(part, ResultUse::Operand);
                    entries.push((key, value));
                }
                Kind::MethodDefinition => {
                    let Some(key) = self.field(part, Field::Name) else { continue };
                    let key = self.key(key);
                    let value = self.object_method(part);
                    entries.push((key, value));
                }
                Kind::SpreadElement => {
                    let value = self.first_child(part).map_or(UNKNOWN, |x| self.expression(x, ResultUse::Operand));
                    entries.push((UNKNOWN, value));
                }
                _ => {
                    self.statement(part);
                }
            }
        }
        self.b.value(Value::Mapping(entries.into()))
    }

    /// The key of an object literal, as a text where it can be read.
    pub(super) fn key(&mut self, node: Node<'t>) -> ValueId {
        match self.kind(node) {
            Kind::PropertyIdentifier | Kind::PrivatePropertyIdentifier | Kind::Identifier => self.literal_text(node),
            Kind::ComputedPropertyName => {
                self.first_child(node).map_or(UNKNOWN, |key| self.expression(key, ResultUse::Operand))
            }
            _ => self.expression(node, ResultUse::Operand),
        }
    }

    // ── Operations ──────────────────────────────────────────────────────────────────────────────────

    /// An operation; of two values of which nothing is known, nothing is known.
    pub(super) fn operation(&mut self, operation: Operation, left: ValueId, right: ValueId) -> ValueId {
        if left == UNKNOWN && right == UNKNOWN {
            return UNKNOWN;
        }
        self.b.value(Value::Operation(operation, left, right))
    }

    fn binary(&mut self, node: Node<'t>, result: ResultUse) -> ValueId {
        let operator = self.field(node, Field::Operator).map_or(Kind::Other, |operator| self.kind(operator));
        if operator == Kind::Plus {
            return self.sum(node);
        }
        let (left, right) = (self.field(node, Field::Left), self.field(node, Field::Right));
        if let Kind::And | Kind::Or | Kind::Coalesce = operator {
            return self.logical(operator, left, right, result);
        }
        let left = left.map_or(UNKNOWN, |left| self.expression(left, ResultUse::Operand));
        let right = right.map_or(UNKNOWN, |right| self.expression(right, ResultUse::Operand));
        let operation = match operator {
            Kind::Minus => Operation::Subtract,
            Kind::Star => Operation::Multiply,
            Kind::EqualEqual | Kind::EqualEqualEqual => Operation::Equal,
            Kind::NotEqual | Kind::NotEqualEqual => Operation::NotEqual,
            Kind::Less | Kind::LessEqual | Kind::Greater | Kind::GreaterEqual => Operation::Order,
            Kind::In => Operation::In,
            Kind::BitOr => Operation::BitOr,
            Kind::BitAnd => Operation::BitAnd,
            _ => Operation::Other,
        };
        if operation == Operation::In {
            self.b.used(right, UseKind::Contains, self.one_line(node.start_byte(), node.end_byte()));
        }
        self.operation(operation, left, right)
    }

    fn logical(
        &mut self,
        operator: Kind,
        left: Option<Node<'t>>,
        right: Option<Node<'t>>,
        result: ResultUse,
    ) -> ValueId {
        let left = left.map_or(UNKNOWN, |left| self.tested(left));
        let is_and = operator == Kind::And;
        let kind = if is_and { GuardKind::And } else { GuardKind::Or };
        let (right, branch) = self.guarded(kind, left, right, result);
        self.b.join(vec![branch], false);
        match is_and {
            true => self.operation(Operation::And, left, right),
            false => self.b.either(left, right),
        }
    }

    /// `a + b + c …`, flattened: code that is made by programs chains thousands of them.
    fn sum(&mut self, node: Node<'t>) -> ValueId {
        let mut nodes = Vec::new();
        let mut at = node;
        loop {
            let operator = self.field(at, Field::Operator).map(|operator| self.kind(operator));
            if self.kind(at) != Kind::BinaryExpression || operator != Some(Kind::Plus) {
                nodes.push(at);
                break;
            }
            nodes.extend(self.field(at, Field::Right));
            match self.field(at, Field::Left) {
                Some(left) => at = left,
                None => break,
            }
        }
        nodes.reverse();
        let parts = nodes.into_iter().map(|node| self.part(node)).collect();
        self.join_parts(parts)
    }

    /// A part of a string that is put together; literals are not kept as texts of their own.
    pub(super) fn part(&mut self, node: Node<'t>) -> Part {
        match self.kind(node) {
            Kind::String => Part::Text(self.string_text(node)),
            Kind::TemplateString => Part::Text(self.template_text(node)),
            _ => Part::Value(self.expression(node, ResultUse::Operand), span(node)),
        }
    }

    fn ternary(&mut self, node: Node<'t>, result: ResultUse) -> ValueId {
        let condition = self.field(node, Field::Condition).map_or(UNKNOWN, |condition| self.tested(condition));
        let (then, then_branch) =
            self.guarded(GuardKind::Then, condition, self.field(node, Field::Consequence), result);
        let (other, other_branch) =
            self.guarded(GuardKind::Else, condition, self.field(node, Field::Alternative), result);
        self.b.join(vec![then_branch, other_branch], true);
        self.b.either(then, other)
    }

    fn unary(&mut self, node: Node<'t>) -> ValueId {
        let operator = self.field(node, Field::Operator).map_or(Kind::Other, |operator| self.kind(operator));
        let Some(argument) = self.field(node, Field::Argument) else { return UNKNOWN };
        match operator {
            Kind::Not => {
                let value = self.tested(argument);
                self.operation(Operation::Not, value, UNKNOWN)
            }
            Kind::Minus => {
                let value = self.expression(argument, ResultUse::Operand);
                match *self.b.facts.value(value) {
                    Value::Int(number) => self.b.value(number.checked_neg().map_or(Value::Float, Value::Int)),
                    Value::Float => value,
                    _ => self.operation(Operation::Other, value, UNKNOWN),
                }
            }
            Kind::Void => {
                self.expression(argument, ResultUse::Discarded);
                self.b.value(Value::Null)
            }
            _ => {
                let value = self.expression(argument, ResultUse::Operand);
                self.operation(Operation::Other, value, UNKNOWN)
            }
        }
    }

    fn update(&mut self, node: Node<'t>) -> ValueId {
        let Some(argument) = self.field(node, Field::Argument) else { return UNKNOWN };
        let before = self.expression(argument, ResultUse::Operand);
        let is_up = self.field(node, Field::Operator).is_some_and(|operator| self.kind(operator) == Kind::Increment);
        let one = self.b.value(Value::Int(1));
        let operation = if is_up { Operation::Add } else { Operation::Subtract };
        let after = self.operation(operation, before, one);
        let target = self.stripped(argument);
        if self.kind(target) == Kind::Identifier {
            let name = self.name(target);
            self.assign_name(name, after);
        }
        before
    }

    fn sequence(&mut self, node: Node<'t>, result: ResultUse) -> ValueId {
        let parts = self.children(node);
        let last = parts.len().saturating_sub(1);
        let mut value = UNKNOWN;
        for (index, part) in parts.into_iter().enumerate() {
            value = self.expression(part, if index == last { result } else { ResultUse::Discarded });
        }
        value
    }

    fn yield_expression(&mut self, node: Node<'t>) -> ValueId {
        let is_delegated = self.has_token(node, Kind::Star);
        let value = match self.first_child(node) {
            Some(inner) => self.expression(inner, ResultUse::Returned),
            None => UNKNOWN,
        };
        let yielded = if is_delegated { self.b.value(Value::Spread(value)) } else { value };
        let function = self.b.function();
        self.b.facts.functions[function.index()].yields.push(yielded);
        UNKNOWN
    }

    // ── Assignments ─────────────────────────────────────────────────────────────────────────────────

    fn assignment(&mut self, node: Node<'t>) -> ValueId {
        let (Some(left), Some(right)) = (self.field(node, Field::Left), self.field(node, Field::Right)) else {
            return UNKNOWN;
        };
        let left = self.stripped(left);
        if self.require_pattern(left, right, super::patterns::Binding::Assign) {
            return UNKNOWN;
        }
        match self.kind(left) {
            Kind::MemberExpression => {
                if let Some(property) = self.field(left, Field::Property) {
                    self.set_hint(property);
                }
            }
            _ => self.set_hint(left),
        }
        let result = if self.kind(left) == Kind::ArrayPattern { ResultUse::Iterated } else { ResultUse::Bound };
        let value = self.expression(right, result);
        self.hint = None;
        match self.kind(left) {
            Kind::MemberExpression | Kind::SubscriptExpression => self.assign_to_member(left, value, node),
            _ => self.bind_pattern(left, value, super::patterns::Binding::Assign),
        }
        value
    }

    /// `x += …`, `x ??= …`
    fn augmented(&mut self, node: Node<'t>) -> ValueId {
        let (Some(left), Some(right)) = (self.field(node, Field::Left), self.field(node, Field::Right)) else {
            return UNKNOWN;
        };
        let operator = self.field(node, Field::Operator).map_or(Kind::Other, |operator| self.kind(operator));
        let target = self.stripped(left);
        let before = self.expression(target, ResultUse::Operand);
        let value = match operator {
            Kind::PlusEquals => {
                let parts = vec![Part::Value(before, span(target)), self.part(right)];
                self.join_parts(parts)
            }
            Kind::AndEquals | Kind::OrEquals | Kind::CoalesceEquals => {
                let kind = if operator == Kind::AndEquals { GuardKind::And } else { GuardKind::Or };
                let (right, branch) = self.guarded(kind, before, Some(right), ResultUse::Bound);
                self.b.join(vec![branch], false);
                let before = if self.is_known(before) { before } else { UNKNOWN };
                self.b.either(before, right)
            }
            _ => {
                let right = self.expression(right, ResultUse::Operand);
                let operation = match operator {
                    Kind::MinusEquals => Operation::Subtract,
                    Kind::TimesEquals => Operation::Multiply,
                    _ => Operation::Other,
                };
                self.operation(operation, before, right)
            }
        };
        match self.kind(target) {
            Kind::Identifier => {
                let name = self.name(target);
                self.assign_name(name, value);
            }
            Kind::MemberExpression if operator != Kind::PlusEquals => self.assign_to_member(target, value, node),
            _ => {
                if let Value::Member(object, _) | Value::Item(object, _) = *self.b.facts.value(before) {
                    self.b.stored(object, UNKNOWN);
                }
            }
        }
        value
    }

    /// `object.name = …`: an attribute of the class, an export, or an entry of an object literal.
    pub(super) fn assign_to_member(&mut self, target: Node<'t>, value: ValueId, whole: Node<'t>) {
        let Some(object_node) = self.field(target, Field::Object) else { return };
        let Some(property) = self.field(target, Field::Property) else {
            let item = self.expression(target, ResultUse::Operand);
            if let Value::Item(object, _) = *self.b.facts.value(item) {
                self.b.stored(object, value);
            }
            return;
        };
        if self.export_assignment(target, object_node, property, value, self.field(whole, Field::Right)) {
            return;
        }
        let object = self.expression(object_node, ResultUse::Receiver);
        self.b.stored(object, value);
        let name = self.name(property);
        match *self.b.facts.value(object) {
            Value::This(class) => {
                let span = span(whole);
                let attributes = &mut self.b.facts.classes[class.index()].attributes;
                attributes.push(Attribute {
                    name,
                    value,
                    annotation: None,
                    decorators: Vec::new(),
                    in_body: false,
                    span,
                });
            }
            Value::Mapping(_) => self.extend_mapping(object_node, object, property, value),
            _ => {
                let is_function = matches!(self.b.facts.value(value), Value::Function(_));
                if is_function || self.b.facts.own_name(object) == Some("prototype") {
                    self.b.facts.put.push((name, value));
                }
            }
        }
    }

    /// An object literal that is filled later (`db.User = …`): from here on the name stands for one that has
    /// the entry. The values themselves never change, so that none can come to hold itself.
    fn extend_mapping(&mut self, object: Node<'t>, mapping: ValueId, property: Node<'t>, value: ValueId) {
        let object = self.stripped(object);
        let Value::Mapping(entries) = self.b.facts.value(mapping) else { return };
        // More entries than people write are no table of modules or options.
        if self.kind(object) != Kind::Identifier || entries.len() >= 200 {
            return;
        }
        let name = self.text(property);
        let known = entries.iter().position(|&(key, _)| self.b.facts.literal(key) == Some(name));
        let mut entries = entries.to_vec();
        match known {
            Some(at) => entries[at].1 = value,
            None => {
                let key = self.literal_text(property);
                entries.push((key, value));
            }
        }
        let extended = self.b.value(Value::Mapping(entries.into()));
        let name = self.name(object);
        if self.b.is_bound_within(name, self.context.scope) {
            self.b.rebind(name, extended);
        }
    }

    // ── JSX ─────────────────────────────────────────────────────────────────────────────────────────

    fn jsx(&mut self, node: Node<'t>) -> ValueId {
        let mut parts = Vec::new();
        for child in self.children(node) {
            match self.kind(child) {
                Kind::JsxOpeningElement => {
                    for attribute in self.fields(child, Field::Attribute) {
                        let value = self.expression(attribute, ResultUse::Operand);
                        parts.push(value);
                    }
                }
                Kind::JsxElement | Kind::JsxSelfClosingElement | Kind::JsxExpression | Kind::JsxAttribute => {
                    let value = self.expression(child, ResultUse::Operand);
                    parts.push(value);
                }
                _ if self.kind(node) == Kind::JsxExpression => {
                    let value = self.expression(child, ResultUse::Operand);
                    parts.push(value);
                }
                _ => {}
            }
        }
        match parts.as_slice() {
            [only] if self.kind(node) != Kind::JsxElement => *only,
            _ => self.b.mixed(parts),
        }
    }
}
