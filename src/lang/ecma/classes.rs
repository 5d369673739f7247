//! Classes, interfaces, enums and their members.

use super::kinds::{Field, Kind};
use super::tree::Node;
use super::{Walk, span};
use crate::facts::*;
use crate::source::Span;

impl<'t> Walk<'_, 't> {
    // ── Declaring ───────────────────────────────────────────────────────────────────────────────────

    fn new_class(&mut self, node: Node<'t>, name: Name, name_span: Span, is_interface: bool) -> ClassId {
        let id = ClassId(u32::try_from(self.b.facts.classes.len()).unwrap_or(u32::MAX));
        self.b.facts.classes.push(Class {
            name,
            parent: None,
            function: self.b.function(),
            bases: Vec::new(),
            implements: Vec::new(),
            keywords: Vec::new(),
            decorators: Vec::new(),
            attributes: Vec::new(),
            methods: Vec::new(),
            is_interface,
            span: span(node),
            name_span,
        });
        id
    }

    /// Binds the name of a class or interface before anything that may speak of it; its members follow where
    /// it stands.
    pub(super) fn hoist_class(&mut self, node: Node<'t>) {
        let Some(name_node) = self.field(node, Field::Name) else { return };
        let name = self.name(name_node);
        let is_interface = matches!(self.kind(node), Kind::InterfaceDeclaration | Kind::TypeAliasDeclaration);
        let class = self.new_class(node, name, span(name_node), is_interface);
        self.classes.insert(node.id(), class);
        let value = self.b.value(Value::Class(class));
        let bound = if is_interface { self.type_name(name) } else { name };
        self.b.bind(bound, value);
    }

    /// `type X = { … }` is an interface.
    pub(super) fn hoist_type_alias(&mut self, node: Node<'t>) {
        let value = self.field(node, Field::Value);
        if value.is_some_and(|value| matches!(self.kind(value), Kind::ObjectType)) {
            self.hoist_class(node);
        }
    }

    /// Any other `type X = Y` is another name for Y.
    pub(super) fn bind_type_alias(&mut self, node: Node<'t>) {
        if self.classes.contains_key(&node.id()) {
            return;
        }
        let (Some(name), Some(value)) = (self.field(node, Field::Name), self.field(node, Field::Value)) else { return };
        if let Some(value) = self.type_value(value) {
            let name = self.name(name);
            let name = self.type_name(name);
            self.b.bind(name, value);
        }
    }

    /// A type alias where it stands.
    pub(super) fn type_alias(&mut self, node: Node<'t>) {
        let Some(value) = self.field(node, Field::Value) else { return };
        match self.classes.get(&node.id()) {
            Some(&class) => self.interface_members(class, value),
            // Values that it asks for (`typeof x`) are bound by now.
            None if self.text(value).contains("typeof ") => self.bind_type_alias(node),
            None => {}
        }
    }

    // ── Classes ─────────────────────────────────────────────────────────────────────────────────────

    /// `class X { … }` as a statement.
    pub(super) fn class_declaration(&mut self, node: Node<'t>, decorators: Vec<ValueId>) {
        if !self.classes.contains_key(&node.id()) {
            self.hoist_class(node);
        }
        if let Some(&class) = self.classes.get(&node.id()) {
            self.class_parts(node, class, decorators);
        }
    }

    /// `class { … }` as an expression.
    pub(super) fn class_expression(&mut self, node: Node<'t>) -> ValueId {
        let hint = self.hint.take();
        let own = self.field(node, Field::Name);
        let (name, name_span) = match (own, hint) {
            (Some(own), _) => (self.name(own), span(own)),
            (None, Some(hint)) => hint,
            (None, None) => (self.b.name(""), Span::new(node.start_byte(), node.start_byte() + "class".len())),
        };
        let class = self.new_class(node, name, name_span, false);
        let value = self.b.value(Value::Class(class));
        self.b.push_scope(false);
        if own.is_some() {
            self.b.bind(name, value);
        }
        self.class_parts(node, class, Vec::new());
        self.b.pop_scope();
        value
    }

    /// The decorators that are children of `node`, as values.
    pub(super) fn decorators(&mut self, node: Node<'t>) -> Vec<ValueId> {
        let nodes: Vec<_> =
            self.children(node).into_iter().filter(|&child| self.kind(child) == Kind::Decorator).collect();
        nodes.into_iter().map(|node| self.expression(node, ResultUse::Operand)).collect()
    }

    fn class_parts(&mut self, node: Node<'t>, class: ClassId, mut decorators: Vec<ValueId>) {
        decorators.extend(self.decorators(node));
        self.b.facts.classes[class.index()].decorators = decorators;
        if let Some(heritage) = self.child_of_kind(node, Kind::ClassHeritage) {
            let bases = self.bases(heritage);
            self.b.facts.classes[class.index()].bases = bases;
            if let Some(clause) = self.child_of_kind(heritage, Kind::ImplementsClause) {
                let implements = self.children(clause).into_iter().filter_map(|part| self.type_value(part)).collect();
                self.b.facts.classes[class.index()].implements = implements;
            }
        }
        let Some(body) = self.field(node, Field::Body) else { return };
        let this = self.b.value(Value::This(class));
        let outer = self.context;
        (self.context.this, self.context.class) = (this, Some(class));
        self.deeper(body, (), |walk| walk.class_members(body, class));
        self.context = outer;
    }

    fn bases(&mut self, heritage: Node<'t>) -> Vec<ValueId> {
        let Some(clause) = self.child_of_kind(heritage, Kind::ExtendsClause) else {
            // JavaScript has the expression directly.
            let base = self.first_child(heritage).filter(|&node| self.kind(node) != Kind::ImplementsClause);
            return base.map(|base| self.expression(base, ResultUse::Operand)).into_iter().collect();
        };
        let mut bases = Vec::new();
        for part in self.children(clause) {
            if self.kind(part) == Kind::TypeArguments {
                let arguments = self.type_arguments(part);
                if let Some(head) = bases.pop() {
                    bases.push(self.b.value(Value::Typed(TypeRef { head, arguments: arguments.into() })));
                }
            } else {
                bases.push(self.expression(part, ResultUse::Operand));
            }
        }
        bases
    }

    fn class_members(&mut self, body: Node<'t>, class: ClassId) {
        let members = self.children(body);
        let defined: Vec<&str> = members
            .iter()
            .filter(|&&member| self.kind(member) == Kind::MethodDefinition)
            .filter_map(|&member| Some(self.text(self.field(member, Field::Name)?)))
            .collect();
        // TypeScript has the decorators of a method before it, JavaScript inside it.
        let mut decorators = Vec::new();
        for member in members {
            match self.kind(member) {
                Kind::Decorator => {
                    let value = self.expression(member, ResultUse::Operand);
                    decorators.push(value);
                    continue;
                }
                Kind::MethodDefinition => self.method(member, class, std::mem::take(&mut decorators)),
                Kind::MethodSignature | Kind::AbstractMethodSignature => {
                    let name = self.field(member, Field::Name).map_or("", |name| self.text(name));
                    if !defined.contains(&name) {
                        self.method_signature(member, class);
                    }
                }
                Kind::PublicFieldDefinition | Kind::FieldDefinition => {
                    self.class_field(member, class, std::mem::take(&mut decorators));
                }
                Kind::ClassStaticBlock => {
                    let this = self.context.this;
                    self.context.this = self.b.value(Value::Class(class));
                    if let Some(body) = self.field(member, Field::Body) {
                        self.statement(body);
                    }
                    self.context.this = this;
                }
                Kind::Error => {
                    self.statement(member);
                }
                _ => {}
            }
            decorators.clear();
        }
    }

    fn method(&mut self, node: Node<'t>, class: ClassId, mut decorators: Vec<ValueId>) {
        let Some(name_node) = self.field(node, Field::Name) else { return };
        decorators.extend(self.decorators(node));
        let name = self.property_name(name_node).unwrap_or_default();
        let name = self.b.name(&name);
        let function = self.declare(node, Some((name, span(name_node))), Some(class));
        self.b.facts.functions[function.index()].decorators = decorators;
        let traits = self.b.facts.function(function).traits;
        if traits.is_constructor {
            self.constructor_properties(node, class, function);
        }
        // A setter beside its getter would hide it.
        let is_setter = self.has_token(node, Kind::Set);
        let methods = &self.b.facts.classes[class.index()].methods;
        let is_taken = methods.iter().any(|&method| self.b.facts.function(method).name == name);
        if !(is_setter && is_taken) {
            self.b.facts.classes[class.index()].methods.push(function);
        }
        let this = if traits.is_static { Value::Class(class) } else { Value::This(class) };
        let this = self.b.value(this);
        self.wait(function, node, this, Some(class));
    }

    /// `constructor(private readonly db: Db)`
    fn constructor_properties(&mut self, node: Node<'t>, class: ClassId, function: FunctionId) {
        for (index, parameter) in self.parameter_nodes(node).into_iter().enumerate() {
            let decorators = self.decorators(parameter);
            let is_property = [Kind::AccessibilityModifier, Kind::OverrideModifier, Kind::Readonly]
                .into_iter()
                .any(|kind| self.has_token(parameter, kind));
            let pattern = self.field(parameter, Field::Pattern).filter(|&node| self.kind(node) == Kind::Identifier);
            let (true, Some(pattern)) = (is_property, pattern) else { continue };
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            let params = &self.b.facts.function(function).params;
            let annotation = params.get(usize::from(index)).and_then(|param| param.annotation);
            let name = self.name(pattern);
            let value = self.b.value(Value::Param(function, index));
            let attribute = Attribute { name, value, annotation, decorators, in_body: false, span: span(parameter) };
            self.b.facts.classes[class.index()].attributes.push(attribute);
        }
    }

    fn class_field(&mut self, node: Node<'t>, class: ClassId, mut decorators: Vec<ValueId>) {
        let name_node = self.field(node, Field::Name).or_else(|| self.field(node, Field::Property));
        let Some(name_node) = name_node else { return };
        decorators.extend(self.decorators(node));
        let annotation = self.field(node, Field::Type).and_then(|annotation| self.annotation(annotation));
        let this = self.context.this;
        if self.has_token(node, Kind::Static) {
            self.context.this = self.b.value(Value::Class(class));
        }
        let mut value = UNKNOWN;
        if let Some(initialiser) = self.field(node, Field::Value) {
            self.set_hint(name_node);
            // A function that is an attribute is called on its class like a method.
            value = match self.kind(initialiser) {
                Kind::FunctionExpression | Kind::GeneratorFunction => {
                    self.function_with_this(initialiser, self.context.this, Some(class))
                }
                _ => self.expression(initialiser, ResultUse::Bound),
            };
            self.hint = None;
        }
        self.context.this = this;
        if let Value::Function(function) = *self.b.facts.value(value)
            && self.b.facts.function(function).span == self.field(node, Field::Value).map_or(Span::default(), span)
        {
            self.b.facts.functions[function.index()].class = Some(class);
        }
        let name = self.property_name(name_node).unwrap_or_default();
        let name = self.b.name(&name);
        let attribute = Attribute { name, value, annotation, decorators, in_body: true, span: span(node) };
        self.b.facts.classes[class.index()].attributes.push(attribute);
    }

    // ── Interfaces ──────────────────────────────────────────────────────────────────────────────────

    /// `interface X { … }` where it stands.
    pub(super) fn interface(&mut self, node: Node<'t>) {
        if !self.classes.contains_key(&node.id()) {
            self.hoist_class(node);
        }
        let Some(&class) = self.classes.get(&node.id()) else { return };
        if let Some(clause) = self.child_of_kind(node, Kind::ExtendsTypeClause) {
            let parts = self.children(clause);
            let bases = parts.into_iter().filter_map(|base| self.type_value(base)).collect();
            self.b.facts.classes[class.index()].bases = bases;
        }
        if let Some(body) = self.field(node, Field::Body) {
            self.interface_members(class, body);
        }
    }

    /// An interface without a name: `{ db: Db }` in an annotation.
    pub(super) fn anonymous_interface(&mut self, node: Node<'t>, bodies: &[Node<'t>], bases: Vec<ValueId>) -> ClassId {
        let name = self.b.name("");
        let name_span = self.one_line(node.start_byte(), node.end_byte());
        let class = self.new_class(node, name, name_span, true);
        self.b.facts.classes[class.index()].bases = bases;
        for &body in bodies {
            self.interface_members(class, body);
        }
        class
    }

    fn interface_members(&mut self, class: ClassId, body: Node<'t>) {
        for member in self.children(body) {
            match self.kind(member) {
                Kind::PropertySignature => {
                    let annotated = self.field(member, Field::Type);
                    let declared = annotated.and_then(|annotation| self.first_child(annotation));
                    match declared.filter(|&declared| self.kind(declared) == Kind::FunctionType) {
                        Some(function) => self.function_property(member, function, class),
                        None => self.property_signature(member, annotated, class),
                    }
                }
                Kind::MethodSignature => self.method_signature(member, class),
                _ => {}
            }
        }
    }

    fn property_signature(&mut self, node: Node<'t>, annotated: Option<Node<'t>>, class: ClassId) {
        let annotation = annotated.and_then(|annotation| self.annotation(annotation));
        let Some(name_node) = self.field(node, Field::Name) else { return };
        let Some(name) = self.property_name(name_node) else { return };
        let name = self.b.name(&name);
        let attribute =
            Attribute { name, value: UNKNOWN, annotation, decorators: Vec::new(), in_body: true, span: span(node) };
        self.b.facts.classes[class.index()].attributes.push(attribute);
    }

    /// `find(id: string): Promise<User>`, in an interface or of an abstract class.
    fn method_signature(&mut self, node: Node<'t>, class: ClassId) {
        let Some(name_node) = self.field(node, Field::Name) else { return };
        self.bodyless_method(name_node, node, class);
    }

    /// `find: (id: string) => Promise<User>`
    fn function_property(&mut self, node: Node<'t>, function: Node<'t>, class: ClassId) {
        let Some(name_node) = self.field(node, Field::Name) else { return };
        self.bodyless_method(name_node, function, class);
    }

    fn bodyless_method(&mut self, name_node: Node<'t>, signature: Node<'t>, class: ClassId) {
        let Some(name) = self.property_name(name_node) else { return };
        let name = self.b.name(&name);
        let function = self.declare(signature, Some((name, span(name_node))), Some(class));
        self.b.facts.classes[class.index()].methods.push(function);
    }

    // ── Enums ───────────────────────────────────────────────────────────────────────────────────────

    /// `enum X { A, B = "b" }` is an object.
    pub(super) fn enumeration(&mut self, node: Node<'t>) {
        let (Some(name), Some(body)) = (self.field(node, Field::Name), self.field(node, Field::Body)) else { return };
        let mut entries = Vec::new();
        let mut next = Some(0i64);
        for member in self.children(body) {
            let (key, value) = match self.kind(member) {
                Kind::EnumAssignment => (self.field(member, Field::Name), self.field(member, Field::Value)),
                _ => (Some(member), None),
            };
            let Some(key) = key else { continue };
            let key = self.key(key);
            let value = match (value, next) {
                (Some(value), _) => self.expression(value, ResultUse::Operand),
                (None, Some(number)) => self.b.value(Value::Int(number)),
                (None, None) => UNKNOWN,
            };
            next = match *self.b.facts.value(value) {
                Value::Int(number) => number.checked_add(1),
                _ => None,
            };
            entries.push((key, value));
        }
        let value = self.b.value(Value::Mapping(entries.into()));
        let name = self.name(name);
        self.b.bind(name, value);
    }
}
