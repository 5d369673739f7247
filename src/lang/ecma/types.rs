//! TypeScript's types, as far as they name something.

use super::Walk;
use super::kinds::{Field, Kind};
use super::tree::Node;
use crate::facts::*;

impl<'t> Walk<'_, 't> {
    /// The type of `: T`.
    pub(super) fn annotation(&mut self, node: Node<'t>) -> Option<ValueId> {
        match self.kind(node) {
            Kind::TypeAnnotation => self.first_child(node).and_then(|inner| self.type_value(inner)),
            _ => None,
        }
    }

    /// The type that a function declares to return; that of what a promise holds, for `await` is transparent.
    pub(super) fn result_type(&mut self, node: Node<'t>) -> Option<ValueId> {
        let inner = match self.kind(node) {
            Kind::TypeAnnotation => self.first_child(node)?,
            _ => node,
        };
        self.type_value(self.awaited_type(inner))
    }

    fn awaited_type(&self, node: Node<'t>) -> Node<'t> {
        if self.kind(node) == Kind::GenericType
            && let Some(name) = self.field(node, Field::Name)
            && matches!(self.text(name), "Promise" | "PromiseLike" | "Bluebird")
            && let Some(arguments) = self.field(node, Field::TypeArguments)
            && let Some(inner) = self.first_child(arguments)
        {
            return inner;
        }
        node
    }

    /// A type as a value; nothing for those that say nothing here (`any`, literals, functions, conditions).
    pub(super) fn type_value(&mut self, node: Node<'t>) -> Option<ValueId> {
        self.deeper(node, None, |walk| walk.any_type(node))
    }

    fn any_type(&mut self, node: Node<'t>) -> Option<ValueId> {
        match self.kind(node) {
            Kind::TypeIdentifier | Kind::Identifier | Kind::NestedTypeIdentifier | Kind::NestedIdentifier => {
                let head = self.qualified(node);
                Some(self.typed(head, Vec::new()))
            }
            Kind::GenericType => self.generic(node),
            Kind::PredefinedType => {
                let text = self.text(node);
                matches!(text, "string" | "number" | "boolean").then(|| self.builtin(text, Vec::new()))
            }
            Kind::ArrayType => {
                let element = self.first_child(node).and_then(|inner| self.type_value(inner)).unwrap_or(UNKNOWN);
                Some(self.builtin("Array", vec![element]))
            }
            Kind::ReadonlyType | Kind::ParenthesizedType | Kind::FlowMaybeType => {
                self.first_child(node).and_then(|inner| self.type_value(inner))
            }
            Kind::UnionType => self.union(node),
            Kind::IntersectionType => self.intersection(node),
            Kind::ObjectType | Kind::InterfaceBody => {
                let class = self.anonymous_interface(node, &[node], Vec::new());
                let head = self.b.value(Value::Class(class));
                Some(self.typed(head, Vec::new()))
            }
            Kind::TypeQuery => {
                let inner = self.first_child(node)?;
                let value = self.expression(inner, ResultUse::Operand);
                (value != UNKNOWN).then_some(value)
            }
            Kind::LookupType => self.lookup_type(node),
            Kind::MemberExpression => {
                // `import("m").X`
                let import = self.field(node, Field::Object).and_then(|object| self.required_module(object))?;
                let property = self.field(node, Field::Property)?;
                let head = self.imported_name(import, property);
                Some(self.typed(head, Vec::new()))
            }
            _ => None,
        }
    }

    /// `A`, `a.B`: what the name of a type stands for.
    pub(super) fn qualified(&mut self, node: Node<'t>) -> ValueId {
        let (object, name) = match self.kind(node) {
            Kind::NestedTypeIdentifier => (self.field(node, Field::Module), self.field(node, Field::Name)),
            Kind::NestedIdentifier | Kind::MemberExpression => {
                (self.field(node, Field::Object), self.field(node, Field::Property))
            }
            _ => return self.type_named(node),
        };
        let (Some(object), Some(name)) = (object, name) else { return UNKNOWN };
        let object = self.deeper(node, UNKNOWN, |walk| walk.qualified(object));
        let name = self.text(name);
        self.b.member(object, name)
    }

    fn type_named(&mut self, node: Node<'t>) -> ValueId {
        let name = self.name(node);
        let value = self.b.bound(name);
        if let Some(value) = value
            && matches!(self.b.facts.value(value), Value::Class(_))
        {
            return value;
        }
        let type_name = self.type_name(name);
        self.b.bound(type_name).or(value).unwrap_or_else(|| self.b.value(Value::Global(name)))
    }

    /// A declared type; a name that stands for a type already is that type.
    fn typed(&mut self, head: ValueId, arguments: Vec<ValueId>) -> ValueId {
        match self.b.facts.value(head) {
            Value::Unknown => UNKNOWN,
            Value::Typed(known) if known.arguments.is_empty() && !arguments.is_empty() => {
                let head = known.head;
                self.b.value(Value::Typed(TypeRef { head, arguments: arguments.into() }))
            }
            Value::Import(_) | Value::Class(_) | Value::Global(_) | Value::Member(..) => {
                self.b.value(Value::Typed(TypeRef { head, arguments: arguments.into() }))
            }
            _ => head,
        }
    }

    /// A value of one of the language's own types.
    pub(super) fn builtin(&mut self, name: &str, arguments: Vec<ValueId>) -> ValueId {
        let name = self.b.name(name);
        let head = self.b.value(Value::Global(name));
        self.typed(head, arguments)
    }

    pub(super) fn type_arguments(&mut self, node: Node<'t>) -> Vec<ValueId> {
        let arguments = self.children(node);
        arguments.into_iter().map(|argument| self.type_value(argument).unwrap_or(UNKNOWN)).collect()
    }

    fn generic(&mut self, node: Node<'t>) -> Option<ValueId> {
        let name = self.field(node, Field::Name)?;
        let list = self.field(node, Field::TypeArguments)?;
        match self.text(name) {
            // These change which members there are, not whose they are.
            "Readonly" | "Required" | "NonNullable" | "Awaited" | "Mutable" | "InstanceType" => {
                let inner = self.first_child(list)?;
                match self.kind(inner) {
                    Kind::TypeQuery => {
                        let head = self.first_child(inner).map_or(UNKNOWN, |inner| self.qualified(inner));
                        Some(self.typed(head, Vec::new()))
                    }
                    _ => self.type_value(self.awaited_type(inner)),
                }
            }
            "ReadonlyArray" => {
                let arguments = self.type_arguments(list);
                Some(self.builtin("Array", arguments))
            }
            _ => {
                let head = self.qualified(name);
                let arguments = self.type_arguments(list);
                Some(self.typed(head, arguments))
            }
        }
    }

    /// Of `A | B | null` the first that names something of a program: `PrismaClient | Prisma.TransactionClient`
    /// are alike for whoever uses them.
    fn union(&mut self, node: Node<'t>) -> Option<ValueId> {
        let mut members = Vec::new();
        self.type_members(node, Kind::UnionType, &mut members);
        let mut plain = None;
        for member in members {
            let is_plain = matches!(self.kind(member), Kind::PredefinedType);
            match self.type_value(member) {
                Some(value) if is_plain => plain = plain.or(Some(value)),
                Some(value) => return Some(value),
                None => {}
            }
        }
        plain
    }

    /// The parts of `A | B | C`, which nest to the left.
    fn type_members(&self, node: Node<'t>, kind: Kind, found: &mut Vec<Node<'t>>) {
        let mut at = node;
        let mut reversed = Vec::new();
        loop {
            let parts = self.children(at);
            let (Some(&first), true) = (parts.first(), self.kind(at) == kind) else {
                reversed.push(at);
                break;
            };
            reversed.extend(parts[1..].iter().rev());
            at = first;
        }
        found.extend(reversed.into_iter().rev());
    }

    /// `A & { … }`: an interface with the members of both.
    fn intersection(&mut self, node: Node<'t>) -> Option<ValueId> {
        let mut members = Vec::new();
        self.type_members(node, Kind::IntersectionType, &mut members);
        let (bodies, named): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|&member| self.kind(member) == Kind::ObjectType);
        let mut bases: Vec<ValueId> = named.into_iter().filter_map(|member| self.type_value(member)).collect();
        match (bodies.is_empty(), bases.as_slice()) {
            (true, []) => None,
            (true, [only]) => Some(*only),
            _ => {
                bases.dedup();
                let class = self.anonymous_interface(node, &bodies, bases);
                let head = self.b.value(Value::Class(class));
                Some(self.typed(head, Vec::new()))
            }
        }
    }

    /// `A["b"]` is the attribute.
    fn lookup_type(&mut self, node: Node<'t>) -> Option<ValueId> {
        let parts = self.children(node);
        let &[object, index] = parts.as_slice() else { return None };
        let literal = self.first_child(index).filter(|_| self.kind(index) == Kind::LiteralType)?;
        let name = self.plain_string(literal)?;
        let object = self.type_value(object)?;
        Some(self.b.member(object, &name))
    }
}
