//! Functions, parameters, decorators, classes.

use super::tree::Node;
use super::{Field, Kind, PendingBody, Walk, child, kind, span};
use crate::facts::*;

/// What the decorators of a function make of it.
#[derive(Clone, Copy, Default)]
struct Decorated {
    is_static: bool,
    is_class_method: bool,
    is_property: bool,
    /// `@x.setter`: the name stays what it was.
    is_accessor: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn decorated_definition(&mut self, node: Node<'a>) {
        let mut decorators = Vec::new();
        for part in self.children(node).into_iter().filter(|&part| kind(part) == Kind::Decorator) {
            if let Some(expression) = part.first_part() {
                decorators.push(self.expr(expression, ResultUse::Operand));
            }
        }
        let Some(definition) = child(node, Field::Definition) else { return };
        match kind(definition) {
            Kind::ClassDefinition => self.class_definition(definition, &decorators),
            _ => self.function_definition(definition, &decorators),
        }
    }

    // ── Functions ───────────────────────────────────────────────────────────────────────────────────

    /// `def`: declared here, its body lowered later.
    pub(super) fn function_definition(&mut self, node: Node<'a>, decorators: &[ValueId]) {
        let name_node = child(node, Field::Name);
        let name = name_node.map(|name| self.name_of(name)).unwrap_or_else(|| self.b.name(""));
        let decorated = self.decorated(decorators);
        let class = self.class_body;
        let is_async = self.source_of(node).starts_with("async");
        let traits = FunctionTraits {
            is_async,
            is_static: decorated.is_static,
            is_class_method: decorated.is_class_method,
            is_property: decorated.is_property,
            is_constructor: class.is_some() && &self.b.facts.names[name] == "__init__",
            ..FunctionTraits::default()
        };
        let params = child(node, Field::Parameters).map(|list| self.parameters(list)).unwrap_or_default();
        let name_span = self.one_line(span(name_node.unwrap_or(node)));
        let id = self.b.declare_function(Function {
            class,
            params,
            traits,
            decorators: decorators.to_vec(),
            ..Function::new(name, span(node), name_span)
        });
        if let Some(class) = class {
            // A setter would hide its property.
            if !decorated.is_accessor {
                self.b.facts.classes[class.index()].methods.push(id);
            }
            self.leave_out_receiver(id);
        }
        if !decorated.is_accessor {
            let value = self.b.value(Value::Function(id));
            self.bind(name, value);
        }
        let body = PendingBody { node, function: id, scope: self.b.scope(), class: self.class };
        // What sets a variable of the file goes first, so that the others see what it is set to.
        if self.sets_outer_names(node) {
            self.bodies.push_front(body);
        } else {
            self.bodies.push_back(body);
        }
    }

    fn decorated(&self, decorators: &[ValueId]) -> Decorated {
        let mut decorated = Decorated::default();
        for &decorator in decorators {
            let decorator = match *self.b.facts.value(decorator) {
                Value::Call(call) => self.b.facts.call(call).callee,
                _ => decorator,
            };
            match self.last_name(decorator) {
                "staticmethod" => decorated.is_static = true,
                "classmethod" => decorated.is_class_method = true,
                "setter" | "deleter" => decorated.is_accessor = true,
                name if name.ends_with("property") => decorated.is_property = true,
                _ => {}
            }
        }
        decorated
    }

    /// The last name of a path: `c` of `a.b.c`.
    pub(super) fn last_name(&self, value: ValueId) -> &str {
        let facts = &self.b.facts;
        match *facts.value(value) {
            Value::Global(name) | Value::Member(_, name) => &facts.names[name],
            Value::Import(import) => match facts.imports[import.index()].what {
                Imported::Name(name) => &facts.names[name],
                _ => "",
            },
            Value::Function(function) => &facts.names[facts.function(function).name],
            Value::Class(class) => &facts.names[facts.class(class).name],
            _ => "",
        }
    }

    fn sets_outer_names(&mut self, function: Node<'a>) -> bool {
        let Some(body) = child(function, Field::Body) else { return false };
        self.children(body).into_iter().any(|statement| kind(statement) == Kind::GlobalStatement)
    }

    /// The parameters as written. Defaults are evaluated here; types are read when the body is.
    pub(super) fn parameters(&mut self, list: Node<'a>) -> Vec<Param> {
        let mut params = Vec::new();
        let mut keyword_only = false;
        for node in self.children(list) {
            let default = match kind(node) {
                Kind::KeywordSeparator => {
                    keyword_only = true;
                    continue;
                }
                Kind::PositionalSeparator => continue,
                Kind::DefaultParameter | Kind::TypedDefaultParameter => {
                    child(node, Field::Value).map(|value| self.expr(value, ResultUse::Operand))
                }
                _ => None,
            };
            let (name, rest) = self.parameter_name(node);
            let is_rest = rest != Rest::No;
            params.push(Param {
                name,
                annotation: None,
                default,
                is_rest,
                is_keyword_only: keyword_only && rest != Rest::Keywords,
            });
            keyword_only |= rest == Rest::Positional;
        }
        params
    }

    fn parameter_name(&mut self, node: Node<'a>) -> (Name, Rest) {
        let inner = match kind(node) {
            Kind::DefaultParameter | Kind::TypedDefaultParameter => child(node, Field::Name),
            Kind::TypedParameter => node.first_part(),
            _ => Some(node),
        };
        let Some(inner) = inner else { return (self.b.name(""), Rest::No) };
        match kind(inner) {
            Kind::Identifier => (self.name_of(inner), Rest::No),
            Kind::ListSplatPattern => (self.splat_name(inner), Rest::Positional),
            Kind::DictionarySplatPattern => (self.splat_name(inner), Rest::Keywords),
            _ => (self.b.name(""), Rest::No),
        }
    }

    fn splat_name(&mut self, node: Node<'a>) -> Name {
        match node.first_part() {
            Some(name) => self.name_of(name),
            None => self.b.name(""),
        }
    }

    /// The nodes of a parameter list that are parameters, in order.
    pub(super) fn parameter_nodes(&mut self, list: Node<'a>) -> Vec<Node<'a>> {
        let mut nodes = self.children(list);
        nodes.retain(|&node| !matches!(kind(node), Kind::KeywordSeparator | Kind::PositionalSeparator));
        nodes
    }

    /// Takes `self` or `cls` out of a method's parameters.
    fn leave_out_receiver(&mut self, id: FunctionId) {
        let function = &mut self.b.facts.functions[id.index()];
        let first = function.params.first();
        let has_receiver =
            !function.traits.is_static && first.is_some_and(|first| !first.is_rest && !first.is_keyword_only);
        if has_receiver {
            function.params.remove(0);
        }
    }

    /// What the first parameter of a method is; `None` if it is a parameter like any other.
    fn receiver(&mut self, id: FunctionId, first: Node<'a>) -> Option<(Name, ValueId)> {
        let function = self.b.facts.function(id);
        let class = function.class?;
        let traits = function.traits;
        let method = function.name;
        let (name, rest) = self.parameter_name(first);
        if traits.is_static || rest != Rest::No {
            return None;
        }
        let names = &self.b.facts.names;
        let of_class = traits.is_class_method
            || matches!(&names[method], "__new__" | "__init_subclass__" | "__class_getitem__")
            || matches!(&names[name], "cls" | "mcs");
        let value = if of_class { Value::Class(class) } else { Value::This(class) };
        Some((name, self.b.value(value)))
    }

    /// Lowers a body that has waited.
    pub(super) fn function_body(&mut self, pending: PendingBody<'a>) {
        let PendingBody { node, function: id, scope, class } = pending;
        self.depth = 0;
        self.class = class;
        let before = self.b.enter_function(id, scope);
        self.local = self.b.scope();
        if let Some(list) = child(node, Field::Parameters) {
            self.bind_parameters(id, list);
        }
        if let Some(result) = child(node, Field::ReturnType) {
            let result = self.annotation(result);
            self.b.facts.functions[id.index()].result_type = result;
        }
        if let Some(body) = child(node, Field::Body) {
            self.block(body);
        }
        self.settle_outer_names();
        self.b.leave_function(before);
        self.local = self.b.scope();
    }

    /// Reads the parameters' types and binds their names.
    fn bind_parameters(&mut self, id: FunctionId, list: Node<'a>) {
        let nodes = self.parameter_nodes(list);
        let mut nodes = nodes.into_iter().peekable();
        let is_first_a_parameter = self.b.facts.function(id).class.is_none();
        if !is_first_a_parameter
            && let Some(&first) = nodes.peek()
            && let Some((name, value)) = self.receiver(id, first)
        {
            self.b.bind(name, value);
            nodes.next();
        }
        let nodes: Vec<Node<'a>> = nodes.collect();
        // Types are read first: a parameter may be called as its type is.
        for (index, node) in nodes.iter().enumerate() {
            let annotation = child(*node, Field::Type).and_then(|annotation| self.annotation(annotation));
            if let Some(param) = self.b.facts.functions[id.index()].params.get_mut(index) {
                param.annotation = annotation;
            }
        }
        for (index, node) in nodes.into_iter().enumerate() {
            let value = self.b.value(Value::Param(id, u16::try_from(index).unwrap_or(u16::MAX)));
            self.bind_parameter(node, value);
        }
    }

    /// Binds one parameter's name, or the names of an old tuple parameter.
    pub(super) fn bind_parameter(&mut self, node: Node<'a>, value: ValueId) {
        let (name, _) = self.parameter_name(node);
        if !self.b.facts.names[name].is_empty() {
            self.b.bind(name, value);
            return;
        }
        let inner = child(node, Field::Name).unwrap_or(node);
        if kind(inner) == Kind::TuplePattern {
            self.assign(inner, value, super::statements::Binding::TARGET);
        }
    }

    /// At the end of a function its `global` names may have been set, or not: it may never run.
    fn settle_outer_names(&mut self) {
        for (name, scope, before) in std::mem::take(&mut self.outer) {
            let Some(before) = before else { continue };
            let stood = self.b.stand_in(scope);
            let now = self.b.lookup(name);
            self.b.stand_in(stood);
            if now != before {
                let is_null = *self.b.facts.value(before) == Value::Null;
                let both = if is_null { self.b.either(now, before) } else { self.b.either(before, now) };
                self.b.bind_in(scope, name, both);
            }
        }
    }

    // ── Classes ─────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn class_definition(&mut self, node: Node<'a>, decorators: &[ValueId]) {
        let name_node = child(node, Field::Name);
        let name = name_node.map(|name| self.name_of(name)).unwrap_or_else(|| self.b.name(""));
        let (mut bases, mut keywords) = (Vec::new(), Vec::new());
        if let Some(list) = child(node, Field::Superclasses) {
            for part in self.children(list) {
                match kind(part) {
                    Kind::KeywordArgument => {
                        let (Some(key), Some(value)) = (child(part, Field::Name), child(part, Field::Value)) else {
                            continue;
                        };
                        let key = self.name_of(key);
                        keywords.push((key, self.expr(value, ResultUse::Operand)));
                    }
                    Kind::Subscript => bases.push(self.annotation(part).unwrap_or(UNKNOWN)),
                    Kind::ListSplat | Kind::DictionarySplat => {
                        self.expr(part, ResultUse::Operand);
                    }
                    _ => bases.push(self.expr(part, ResultUse::Operand)),
                }
            }
        }
        let id = ClassId(u32::try_from(self.b.facts.classes.len()).unwrap_or(u32::MAX));
        self.b.facts.classes.push(Class {
            name,
            parent: self.class_body,
            function: self.b.function(),
            bases,
            implements: Vec::new(),
            keywords,
            decorators: decorators.to_vec(),
            attributes: Vec::new(),
            methods: Vec::new(),
            is_interface: false,
            span: span(node),
            name_span: self.one_line(span(name_node.unwrap_or(node))),
        });
        self.class_statements(node, id);
        let value = self.b.value(Value::Class(id));
        self.bind(name, value);
    }

    fn class_statements(&mut self, node: Node<'a>, id: ClassId) {
        let Some(body) = child(node, Field::Body) else { return };
        self.b.push_scope(true);
        let local = std::mem::replace(&mut self.local, self.b.scope());
        let class = self.class.replace(id);
        let class_body = self.class_body.replace(id);
        let outer = std::mem::take(&mut self.outer);
        self.block(body);
        self.outer = outer;
        self.class_body = class_body;
        self.class = class;
        self.local = local;
        self.b.pop_scope();
    }

    /// Reads the types of attributes, now that every class of the file is bound.
    pub(super) fn pending_annotations(&mut self) {
        for pending in std::mem::take(&mut self.annotations) {
            let stood = self.b.stand_in(pending.scope);
            let annotation = self.annotation_at(pending.span);
            self.b.stand_in(stood);
            let attributes = &mut self.b.facts.classes[pending.class.index()].attributes;
            if let Some(attribute) = attributes.get_mut(pending.attribute) {
                attribute.annotation = annotation;
            }
        }
    }
}

/// Whether a parameter takes the rest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    No,
    Positional,
    Keywords,
}
