//! Binding names and taking values apart.

use super::Walk;
use super::kinds::{Field, Kind};
use super::tree::Node;
use crate::facts::*;

/// How a pattern binds its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    /// `let`, `const`, a parameter: in the present scope.
    Fresh,
    /// `var`: in the function's scope, where [`Walk::hoist_vars`] has bound the name before.
    Var,
    /// An assignment: where the name is bound.
    Assign,
}

impl<'t> Walk<'_, 't> {
    /// Binds what `node` names to `value` or its parts.
    pub(super) fn bind_pattern(&mut self, node: Node<'t>, value: ValueId, binding: Binding) {
        self.deeper(node, (), |walk| walk.bind_any_pattern(node, value, binding));
    }

    fn bind_any_pattern(&mut self, node: Node<'t>, value: ValueId, binding: Binding) {
        match self.kind(node) {
            Kind::Identifier | Kind::ShorthandPropertyPattern | Kind::Undefined => self.bind_name(node, value, binding),
            Kind::ObjectPattern => self.bind_object(node, value, binding),
            Kind::ArrayPattern => self.bind_array(node, value, binding),
            Kind::AssignmentPattern | Kind::ObjectAssignmentPattern | Kind::AssignmentExpression => {
                let value = self.or_default(value, self.field(node, Field::Right));
                if let Some(left) = self.field(node, Field::Left) {
                    self.bind_pattern(left, value, binding);
                }
            }
            Kind::RestPattern | Kind::ParenthesizedExpression | Kind::NonNullExpression => {
                if let Some(inner) = self.first_child(node) {
                    self.bind_pattern(inner, value, binding);
                }
            }
            Kind::MemberExpression | Kind::SubscriptExpression => self.assign_to_member(node, value, node),
            _ => {}
        }
    }

    fn bind_name(&mut self, node: Node<'t>, value: ValueId, binding: Binding) {
        let name = self.name(node);
        match binding {
            Binding::Fresh => self.b.bind(name, value),
            Binding::Var => self.b.rebind(name, value),
            Binding::Assign => self.assign_name(name, value),
        }
    }

    /// `name = …`. A function that runs later may or may not have run when others read the name.
    pub(super) fn assign_name(&mut self, name: Name, value: ValueId) {
        if self.b.is_bound_within(name, self.context.scope) || self.b.bound(name).is_none() {
            self.b.rebind(name, value);
            return;
        }
        if matches!(self.b.facts.value(value), Value::Null) {
            return;
        }
        let before = self.b.bound(name).unwrap_or(UNKNOWN);
        let before = if matches!(self.b.facts.value(before), Value::Null) { UNKNOWN } else { before };
        let either = self.b.either(before, value);
        self.b.rebind(name, either);
    }

    /// `value` or what stands in if it is missing.
    fn or_default(&mut self, value: ValueId, default: Option<Node<'t>>) -> ValueId {
        let Some(default) = default else { return value };
        let (default, branch) = self.guarded(GuardKind::Other, value, Some(default), ResultUse::Bound);
        self.b.join(vec![branch], false);
        self.b.either(value, default)
    }

    fn bind_object(&mut self, node: Node<'t>, value: ValueId, binding: Binding) {
        for part in self.children(node) {
            match self.kind(part) {
                Kind::ShorthandPropertyPattern => {
                    let text = self.text(part);
                    let member = self.b.member(value, text);
                    self.bind_name(part, member, binding);
                }
                Kind::PairPattern => {
                    let member = match self.field(part, Field::Key) {
                        Some(key) => self.keyed(value, key),
                        None => UNKNOWN,
                    };
                    if let Some(target) = self.field(part, Field::Value) {
                        self.bind_pattern(target, member, binding);
                    }
                }
                Kind::ObjectAssignmentPattern => {
                    let Some(left) = self.field(part, Field::Left) else { continue };
                    let name = self.text(left);
                    let member = match self.kind(left) {
                        Kind::ShorthandPropertyPattern => self.b.member(value, name),
                        _ => UNKNOWN,
                    };
                    let member = self.or_default(member, self.field(part, Field::Right));
                    self.bind_pattern(left, member, binding);
                }
                // The rest of an object has the same members as the object, as far as they are read.
                Kind::RestPattern => self.bind_pattern(part, value, binding),
                _ => {}
            }
        }
    }

    /// The member of `value` that a property name of a pattern stands for.
    fn keyed(&mut self, value: ValueId, key: Node<'t>) -> ValueId {
        match self.kind(key) {
            Kind::ComputedPropertyName => {
                let key = self.first_child(key).map_or(UNKNOWN, |key| self.expression(key, ResultUse::Operand));
                self.b.value(Value::Item(value, key))
            }
            _ => match self.property_name(key) {
                Some(name) => self.b.member(value, &name),
                None => UNKNOWN,
            },
        }
    }

    fn bind_array(&mut self, node: Node<'t>, value: ValueId, binding: Binding) {
        self.b.used(value, UseKind::Iterate, self.one_line(node.start_byte(), node.end_byte()));
        let mut index = 0u16;
        for part in node.children() {
            match self.kind(part) {
                Kind::Comma => index = index.saturating_add(1),
                Kind::RestPattern => self.bind_pattern(part, value, binding),
                _ if part.is_named() => {
                    let piece = if value == UNKNOWN { UNKNOWN } else { self.b.value(Value::Part(value, index)) };
                    self.bind_pattern(part, piece, binding);
                }
                _ => {}
            }
        }
    }
}
