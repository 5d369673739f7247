//! Calls, their arguments, and the functions that are given to them.

use super::strings::Built;
use super::tree::Node;
use super::{Field, Kind, Walk, child, kind, span};
use crate::facts::*;
use crate::source::Span;

/// The arguments of a call as they were lowered; lambdas still wait for the call.
#[derive(Default)]
struct Arguments<'a> {
    args: Vec<Arg>,
    /// The expression that each argument is.
    nodes: Vec<Node<'a>>,
}

/// A call that runs one of its arguments once per element.
struct Callback {
    /// Which argument.
    index: usize,
    /// What it runs over.
    iterable: ValueId,
    /// What its parameters are.
    given: Given,
}

/// What a function that runs once per element is given.
enum Given {
    /// One element of each of these.
    Elements(Vec<ValueId>),
    /// The parts of an element.
    Parts,
    /// What it returned before, and an element.
    Folded,
    /// An element; and only a lambda is followed.
    Key,
}

impl<'a> Walk<'a> {
    pub(super) fn call(&mut self, node: Node<'a>, result: ResultUse) -> Built {
        let (Some(function), Some(arguments)) = (child(node, Field::Function), child(node, Field::Arguments)) else {
            return Built::Value(UNKNOWN);
        };
        let (callee, name_span) = match kind(function) {
            Kind::Attribute => match self.method(function, arguments) {
                Ok(callee) => callee,
                Err(text) => return text,
            },
            Kind::Identifier => {
                let name = self.name_of(function);
                if let (Some(class), "super", None) = (self.class, self.source_of(function), self.b.bound(name)) {
                    return Built::Value(self.b.value(Value::Super(class)));
                }
                (self.b.lookup(name), self.one_line(span(function)))
            }
            _ => (self.expr(function, ResultUse::Receiver), self.one_line(span(function))),
        };
        let Arguments { args, nodes } = self.arguments(arguments);
        if let [only] = args.as_slice()
            && matches!(self.b.facts.value(only.value), Value::Text(_))
            && matches!(self.last_name(callee), "dedent" | "cleandoc")
        {
            return Built::Value(only.value);
        }
        let read = self.read_by_name(callee, &args);
        if let Some(read) = read {
            self.b.accessed(read, false, span(node));
        }
        let has_default = args.len() > 2;
        let call = self.b.call(callee, args, span(node), name_span);
        self.b.facts.calls[call.index()].result = result;
        self.callbacks(call, callee, &nodes);
        if let Some(read) = read.filter(|_| !has_default && self.last_name(callee) == "getattr") {
            return Built::Value(read);
        }
        Built::Value(self.b.value(Value::Call(call)))
    }

    /// The attribute that `getattr(row, "author", None)` and `hasattr(row, "author")` read.
    fn read_by_name(&mut self, callee: ValueId, args: &[Arg]) -> Option<ValueId> {
        let Value::Global(asked) = *self.b.facts.value(callee) else { return None };
        let (object, named) = match (&self.b.facts.names[asked], args) {
            ("getattr", [object, named] | [object, named, _]) | ("hasattr", [object, named]) => (object, named),
            _ => return None,
        };
        let name = self.b.facts.literal(named.value)?.to_owned();
        Some(self.b.member(object.value, &name))
    }

    /// The callee `object.name`, or what the call of a string's method makes.
    fn method(&mut self, function: Node<'a>, arguments: Node<'a>) -> Result<(ValueId, Span), Built> {
        let (Some(object_node), Some(name_node)) = (child(function, Field::Object), child(function, Field::Attribute))
        else {
            return Ok((UNKNOWN, self.one_line(span(function))));
        };
        let name = self.source_of(name_node);
        let object = self.build(object_node, ResultUse::Receiver);
        let object = match self.text_method(object, name, arguments) {
            Ok(text) => return Err(text),
            Err(object) => self.keep(object, span(object_node)),
        };
        Ok((self.b.member(object, name), self.one_line(span(name_node))))
    }

    fn arguments(&mut self, list: Node<'a>) -> Arguments<'a> {
        let mut arguments = Arguments::default();
        if kind(list) == Kind::GeneratorExpression {
            let value = self.expr(list, ResultUse::Argument);
            arguments.args.push(Arg { name: None, value, span: span(list) });
            arguments.nodes.push(list);
            return arguments;
        }
        for part in self.children(list) {
            let (name, node) = match kind(part) {
                Kind::KeywordArgument => {
                    let Some(value) = child(part, Field::Value) else { continue };
                    let name = child(part, Field::Name).map(|name| self.name_of(name));
                    (name, value)
                }
                _ => (None, part),
            };
            let value = match kind(node) {
                // A lambda is lowered when its call is known.
                Kind::Lambda => UNKNOWN,
                _ => self.expr(node, ResultUse::Argument),
            };
            arguments.args.push(Arg { name, value, span: span(part) });
            arguments.nodes.push(node);
        }
        arguments
    }

    // ── Functions given to calls ────────────────────────────────────────────────────────────────────

    /// Lowers the lambdas among the arguments, and calls a named function where it runs once per element.
    fn callbacks(&mut self, call: CallId, callee: ValueId, nodes: &[Node<'a>]) {
        let has_lambda = nodes.iter().any(|&node| kind(node) == Kind::Lambda);
        let callback = self.callback(call, callee, nodes);
        if let Some(callback) = &callback {
            self.run_per_element(call, callback, nodes);
        }
        if !has_lambda {
            return;
        }
        for (index, &node) in nodes.iter().enumerate() {
            if kind(node) == Kind::Lambda && callback.as_ref().is_none_or(|callback| callback.index != index) {
                let position = u16::try_from(index).unwrap_or(u16::MAX);
                let function = self.lambda(node, None, Some(Passed { call, position, runs_in: None }), &[]);
                self.give(call, index, function);
            }
        }
    }

    fn give(&mut self, call: CallId, index: usize, function: FunctionId) {
        let value = self.b.value(Value::Function(function));
        if let Some(arg) = self.b.facts.calls[call.index()].args.get_mut(index) {
            arg.value = value;
        }
    }

    /// Whether a call runs one of its arguments once per element.
    fn callback(&self, call: CallId, callee: ValueId, nodes: &[Node<'a>]) -> Option<Callback> {
        let args = &self.b.facts.call(call).args;
        let positional = args.iter().take_while(|arg| arg.name.is_none()).count();
        let is_spread = |arg: &Arg| matches!(self.b.facts.value(arg.value), Value::Spread(_));
        if nodes.is_empty() || args[..positional].iter().any(is_spread) {
            return None;
        }
        let key = args.iter().position(|arg| arg.name.is_some_and(|name| &self.b.facts.names[name] == "key"));
        let iterable = |index: usize| args[..positional].get(index).map(|arg| arg.value);
        let elements = || Given::Elements(args[1..positional].iter().map(|arg| arg.value).collect());
        let name = self.last_name(callee);
        let (index, iterable, given) = match (self.b.facts.value(callee), name) {
            (Value::Global(_), "map") => (0, iterable(1)?, elements()),
            (Value::Global(_), "filter") => (0, iterable(1)?, elements()),
            (Value::Global(_), "sorted" | "min" | "max") if positional == 1 => (key?, iterable(0)?, Given::Key),
            (Value::Member(list, _), "sort") => (key?, *list, Given::Key),
            (Value::Import(_) | Value::Member(..), "starmap") => (0, iterable(1)?, Given::Parts),
            (Value::Import(_) | Value::Member(..) | Value::Global(_), "reduce") => (0, iterable(1)?, Given::Folded),
            (Value::Import(_) | Value::Member(..), "filterfalse" | "takewhile" | "dropwhile") => {
                (0, iterable(1)?, elements())
            }
            (Value::Import(_) | Value::Member(..), "groupby") if positional >= 1 => {
                (key.or((positional == 2).then_some(1))?, iterable(0)?, Given::Key)
            }
            // A pool of threads or processes: `executor.map(f, xs)`.
            (Value::Member(..), "map" | "imap" | "imap_unordered") => (0, iterable(1)?, elements()),
            _ => return None,
        };
        Some(Callback { index, iterable, given })
    }

    fn run_per_element(&mut self, call: CallId, callback: &Callback, nodes: &[Node<'a>]) {
        let Some(&node) = nodes.get(callback.index) else { return };
        let is_lambda = kind(node) == Kind::Lambda;
        let named = if is_lambda { None } else { self.named_function(call, callback, node) };
        if !is_lambda && named.is_none() {
            return;
        }
        let whole = self.b.facts.call(call).span;
        let head = self.one_line(whole);
        let open = self.b.begin_loop(LoopKind::Callback(call), callback.iterable, UNKNOWN, head, whole, &[]);
        let given = self.given(callback, open.id, is_lambda);
        if let Some((function, mut args)) = named {
            let place = span(node);
            args.extend(given.into_iter().map(|value| Arg { name: None, value, span: place }));
            let name = child(node, Field::Attribute).filter(|_| kind(node) == Kind::Attribute);
            let name_span = self.one_line(name.map_or(place, span));
            self.b.call(function, args, place, name_span);
        } else {
            let position = u16::try_from(callback.index).unwrap_or(u16::MAX);
            let passed = Passed { call, position, runs_in: Some(open.id) };
            let function = self.lambda(node, None, Some(passed), &given);
            self.give(call, callback.index, function);
        }
        self.b.end_loop(open);
    }

    /// The function that an argument names, and what `partial` has already given to it.
    fn named_function(&self, call: CallId, callback: &Callback, node: Node<'a>) -> Option<(ValueId, Vec<Arg>)> {
        let value = self.b.facts.call(call).args.get(callback.index)?.value;
        match (kind(node), self.b.facts.value(value)) {
            (_, Value::Unknown | Value::Null) => None,
            (Kind::Identifier | Kind::Attribute, _) => Some((value, Vec::new())),
            (Kind::Call, &Value::Call(partial)) => {
                let partial = self.b.facts.call(partial);
                let is_partial = self.last_name(partial.callee) == "partial";
                let (first, rest) = partial.args.split_first().filter(|_| is_partial)?;
                Some((first.value, rest.to_vec()))
            }
            _ => None,
        }
    }

    /// What a function is given for each element.
    fn given(&mut self, callback: &Callback, id: LoopId, is_lambda: bool) -> Vec<ValueId> {
        match &callback.given {
            Given::Elements(iterables) => {
                iterables.iter().map(|&iterable| self.b.value(Value::Element(iterable, id))).collect()
            }
            Given::Key => vec![self.b.value(Value::Element(callback.iterable, id))],
            Given::Folded => vec![UNKNOWN, self.b.value(Value::Element(callback.iterable, id))],
            Given::Parts => {
                let element = self.b.value(Value::Element(callback.iterable, id));
                if !is_lambda {
                    return vec![self.b.value(Value::Spread(element))];
                }
                (0..8).map(|part| self.b.value(Value::Part(element, part))).collect()
            }
        }
    }

    /// A lambda, lowered at once. `given`: what its parameters are, where that is known.
    pub(super) fn lambda(
        &mut self,
        node: Node<'a>,
        name: Option<Name>,
        passed: Option<Passed>,
        given: &[ValueId],
    ) -> FunctionId {
        let list = child(node, Field::Parameters);
        let params = list.map(|list| self.parameters(list)).unwrap_or_default();
        let name = name.unwrap_or_else(|| self.b.name(""));
        let name_span = Span::new(node.start_byte(), node.start_byte() + "lambda".len());
        let id = self.b.declare_function(Function {
            params,
            traits: FunctionTraits { is_lambda: true, ..FunctionTraits::default() },
            passed_to: passed.map(|passed| (passed.call, passed.position)),
            runs_in: passed.and_then(|passed| passed.runs_in),
            ..Function::new(name, span(node), name_span)
        });
        let before = self.b.enter_function(id, self.b.scope());
        let local = std::mem::replace(&mut self.local, self.b.scope());
        let outer = std::mem::take(&mut self.outer);
        let nodes = list.map(|list| self.parameter_nodes(list)).unwrap_or_default();
        for (index, node) in nodes.into_iter().enumerate() {
            let value = match given.get(index) {
                Some(&value) if value != UNKNOWN => value,
                _ => self.b.value(Value::Param(id, u16::try_from(index).unwrap_or(u16::MAX))),
            };
            self.bind_parameter(node, value);
        }
        if let Some(body) = child(node, Field::Body) {
            let value = self.expr(body, ResultUse::Returned);
            self.b.returns(value);
        }
        self.outer = outer;
        self.local = local;
        self.b.leave_function(before);
        id
    }
}

/// What an inline lambda is given to.
#[derive(Clone, Copy)]
pub(super) struct Passed {
    call: CallId,
    position: u16,
    runs_in: Option<LoopId>,
}
