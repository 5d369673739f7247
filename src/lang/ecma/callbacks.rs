//! Callbacks that run once per element: which calls have them, and the loops they are.

use super::calls::Callee;
use super::functions::Element;
use super::kinds::{Field, Kind};
use super::tree::Node;
use super::{Walk, span};
use crate::facts::*;
use crate::source::Span;

/// A call that runs one of its arguments once per element.
pub(super) struct Iteration {
    over: Over,
    /// Which argument is run.
    pub(super) callback: usize,
    /// Which of its parameters is the element; the one before it is what is carried along.
    element: u16,
}

/// What an [`Iteration`] runs over.
enum Over {
    Value(ValueId),
    Argument(usize),
}

/// Whether `xs.name(callback)` runs the callback per element, and which parameter the element is. Lodash has
/// more of them, but `groupBy` and the like are also methods of query builders.
fn method_element(name: &str) -> Option<u16> {
    Some(match name {
        "map" | "forEach" | "flatMap" | "filter" | "some" | "every" | "find" | "findIndex" | "findLast"
        | "findLastIndex" | "each" | "eachSeries" | "mapSeries" | "forEachSeries" | "eachAsync" | "forEachAsync"
        | "mapAsync" => 0,
        "reduce" | "reduceRight" => 1,
        _ => return None,
    })
}

/// Whether `library.name(xs, callback)` does.
fn function_element(name: &str) -> Option<u16> {
    Some(match name {
        "map" | "mapSeries" | "mapLimit" | "mapAsync" | "flatMap" | "flatMapDeep" | "each" | "eachSeries"
        | "eachLimit" | "eachRight" | "forEach" | "forEachSeries" | "forEachLimit" | "forEachRight" | "eachOf"
        | "eachOfSeries" | "eachOfLimit" | "forEachOf" | "forEachOfSeries" | "forEachOfLimit" | "forOwn" | "forIn"
        | "filter" | "filterSeries" | "filterLimit" | "reject" | "rejectSeries" | "rejectLimit" | "some"
        | "someSeries" | "someLimit" | "every" | "everySeries" | "everyLimit" | "find" | "findIndex" | "findLast"
        | "detect" | "detectSeries" | "detectLimit" | "concat" | "concatSeries" | "concatLimit" | "mapValues"
        | "mapValuesSeries" | "mapValuesLimit" | "mapKeys" | "keyBy" | "groupBy" | "countBy" | "sumBy"
        | "partition" | "times" | "timesSeries" | "timesLimit" => 0,
        "reduce" | "reduceRight" | "transform" | "foldl" | "foldr" => 1,
        _ => return None,
    })
}

/// Whether a package's only export is such a function (`p-map`, `lodash/map`).
fn module_element(module: &str) -> Option<u16> {
    match module {
        "p-map" | "p-each-series" | "p-map-series" | "p-filter" | "p-locate" | "p-some" | "p-times" | "async-each" => {
            return Some(0);
        }
        "p-reduce" => return Some(1),
        _ => {}
    }
    let function = module
        .strip_prefix("lodash/")
        .or_else(|| module.strip_prefix("lodash-es/"))
        .or_else(|| module.strip_prefix("async/"))
        .or_else(|| module.strip_prefix("underscore/modules/"))?;
    function_element(function.strip_suffix(".js").unwrap_or(function))
}

impl<'t> Walk<'_, 't> {
    /// Whether this call runs an argument once per element of something.
    pub(super) fn iteration(&self, callee: Callee<'t>, arguments: &[Node<'t>]) -> Option<Iteration> {
        if arguments.is_empty() {
            return None;
        }
        match (callee.object, callee.name) {
            (Some((object_node, object)), Some(name)) => {
                let name = self.text(name);
                self.iterates_argument(object, name, arguments)
                    .or_else(|| self.iterates_receiver(object_node, object, name, arguments))
                    .or_else(|| self.pool(object, name, arguments))
            }
            _ => self.iterates_by_function(callee.value, arguments),
        }
    }

    /// `xs.map(callback)`
    fn iterates_receiver(
        &self,
        object_node: Node<'t>,
        object: ValueId,
        name: &str,
        arguments: &[Node<'t>],
    ) -> Option<Iteration> {
        let element = method_element(name)?;
        let is_inline = match self.inline_function(arguments[0]) {
            Some(function) => !(matches!(name, "find" | "each") && self.takes_error_first(function)),
            None => false,
        };
        if !is_inline && !self.is_function_reference(arguments[0], name) {
            return None;
        }
        if self.is_library(object) {
            // Ramda has the function first: `R.map(callback, xs)`.
            let has_list = arguments.len() >= 2 && self.library_name(object).is_some_and(is_function_first);
            return has_list.then_some(Iteration { over: Over::Argument(1), callback: 0, element });
        }
        let text = self.text(object_node);
        if ["$(", "$.", "jQuery(", "jQuery.", "cy."].iter().any(|start| text.starts_with(start)) {
            return None;
        }
        Some(Iteration { over: Over::Value(object), callback: 0, element })
    }

    /// `_.map(xs, callback)`, `async.eachLimit(xs, 5, callback)`, `Array.from(xs, callback)`
    fn iterates_argument(&self, object: ValueId, name: &str, arguments: &[Node<'t>]) -> Option<Iteration> {
        let element = match (self.root(object), name) {
            (Value::Global(global), "from" | "fromAsync") if &self.b.facts.names[*global] == "Array" => 0,
            (Value::Global(_) | Value::Import(_), _) => function_element(name)?,
            _ => return None,
        };
        self.second_or_third(name, element, arguments)
    }

    /// `pMap(xs, callback)`, `import { each } from "lodash"`
    fn iterates_by_function(&self, callee: ValueId, arguments: &[Node<'t>]) -> Option<Iteration> {
        let Value::Import(import) = *self.b.facts.value(callee) else { return None };
        let import = &self.b.facts.imports[import.index()];
        let module = &self.b.facts.names[import.module];
        let (name, element) = match import.what {
            Imported::Name(name) if &self.b.facts.names[name] != "default" => {
                let name = &self.b.facts.names[name];
                if module.starts_with('.') {
                    return None;
                }
                (name, function_element(name)?)
            }
            _ => (module, module_element(module)?),
        };
        self.second_or_third(name, element, arguments)
    }

    fn second_or_third(&self, name: &str, element: u16, arguments: &[Node<'t>]) -> Option<Iteration> {
        if self.inline_function(arguments[0]).is_some() {
            return None;
        }
        let takes = |at: usize| {
            arguments
                .get(at)
                .is_some_and(|&node| self.inline_function(node).is_some() || self.is_function_reference(node, name))
        };
        // The function is the third if a limit or a first value stands before it.
        let callback = if takes(1) {
            1
        } else if takes(2) {
            2
        } else {
            return None;
        };
        Some(Iteration { over: Over::Argument(0), callback, element })
    }

    /// `PromisePool.withConcurrency(5).for(xs).process(callback)`
    fn pool(&self, object: ValueId, name: &str, arguments: &[Node<'t>]) -> Option<Iteration> {
        if name != "process" || self.inline_function(arguments[0]).is_none() {
            return None;
        }
        let mut at = object;
        for _ in 0..8 {
            let Value::Call(call) = *self.b.facts.value(at) else { return None };
            let call = self.b.facts.call(call);
            let Value::Member(receiver, method) = *self.b.facts.value(call.callee) else { return None };
            if &self.b.facts.names[method] == "for" {
                let list = call.args.first()?.value;
                return Some(Iteration { over: Over::Value(list), callback: 0, element: 0 });
            }
            at = receiver;
        }
        None
    }

    /// What a chain of members begins with.
    fn root(&self, value: ValueId) -> &Value {
        let mut at = value;
        while let Value::Member(object, _) = *self.b.facts.value(at) {
            at = object;
        }
        self.b.facts.value(at)
    }

    /// Whether a value is a whole package, which is no collection. A module of the project may be one.
    fn is_library(&self, value: ValueId) -> bool {
        self.library_name(value).is_some()
    }

    fn library_name(&self, value: ValueId) -> Option<&str> {
        let Value::Import(import) = *self.b.facts.value(value) else { return None };
        let import = &self.b.facts.imports[import.index()];
        let module = &self.b.facts.names[import.module];
        let is_whole = match import.what {
            Imported::Module => true,
            Imported::Name(name) => &self.b.facts.names[name] == "default",
            Imported::Star => false,
        };
        (is_whole && !module.starts_with('.')).then_some(module)
    }

    /// Whether an inline function takes an error before its result, as one does that is called once.
    fn takes_error_first(&self, function: Node<'t>) -> bool {
        let parameters = self.parameter_nodes(function);
        parameters.len() > 1 && matches!(self.text(parameters[0]), "err" | "error" | "_err" | "_error")
    }

    /// Whether an argument of `name` is a function by reference: `load`, `this.load`, `x.load.bind(x)`.
    /// What is given to `find` and the like is more often a condition, so there it must be known.
    fn is_function_reference(&self, node: Node<'t>, name: &str) -> bool {
        let node = self.stripped(node);
        if self.bound_reference(node).is_some() {
            return true;
        }
        let is_sure = !matches!(
            name,
            "find"
                | "findIndex"
                | "findLast"
                | "findLastIndex"
                | "filter"
                | "some"
                | "every"
                | "each"
                | "reject"
                | "partition"
                | "groupBy"
                | "keyBy"
                | "countBy"
                | "sumBy"
                | "detect"
                | "concat"
                | "from"
                | "times"
        );
        match self.kind(node) {
            Kind::Identifier => {
                let text = self.text(node);
                let known = self.b.facts.names.find(text).and_then(|name| self.b.bound(name));
                match known.map(|value| self.b.facts.value(value)) {
                    Some(Value::Function(_)) => true,
                    Some(Value::Import(_) | Value::Param(..) | Value::Member(..) | Value::Call(_)) => is_sure,
                    None => {
                        is_sure
                            && !matches!(
                                text,
                                "Number"
                                    | "String"
                                    | "Boolean"
                                    | "parseInt"
                                    | "parseFloat"
                                    | "BigInt"
                                    | "Symbol"
                                    | "Date"
                                    | "Object"
                                    | "undefined"
                            )
                    }
                    _ => false,
                }
            }
            Kind::MemberExpression => {
                let is_builtin = ["JSON.", "Number.", "Object.", "String.", "Array.", "Math.", "Date.", "console."]
                    .iter()
                    .any(|start| self.text(node).starts_with(start));
                is_sure && !is_builtin
            }
            _ => false,
        }
    }

    /// The function that `f.bind(…)` binds.
    fn bound_reference(&self, node: Node<'t>) -> Option<Node<'t>> {
        if self.kind(node) != Kind::CallExpression {
            return None;
        }
        let callee = self.field(node, Field::Function)?;
        if self.kind(callee) != Kind::MemberExpression || self.text(self.field(callee, Field::Property)?) != "bind" {
            return None;
        }
        let function = self.stripped(self.field(callee, Field::Object)?);
        matches!(self.kind(function), Kind::Identifier | Kind::MemberExpression).then_some(function)
    }

    /// Lowers the callback of an iteration as a loop.
    #[expect(clippy::too_many_arguments, reason = "they are all the parts of one call")]
    pub(super) fn iterate(
        &mut self,
        call: CallId,
        node: Node<'t>,
        head: Span,
        iteration: &Iteration,
        callee: Callee<'t>,
        callback: Node<'t>,
        args: &[Option<Arg>],
    ) -> ValueId {
        let argument = |at: usize| args.get(at).and_then(Option::as_ref).map_or(UNKNOWN, |arg| arg.value);
        let iterable = match iteration.over {
            Over::Value(value) => value,
            Over::Argument(at) => argument(at),
        };
        // The first value of a reduction stands after the callback, or between list and callback.
        let initial = match iteration.callback {
            2 => argument(1),
            at => argument(at + 1),
        };
        let inline = self.inline_function(callback);
        let by_reference = if inline.is_some() { UNKNOWN } else { self.reference(callback) };
        let assigned = self.names_assigned(&[inline]);
        let kind = LoopKind::Callback(call);
        let open = self.b.begin_loop(kind, iterable, UNKNOWN, head, span(node), &assigned);
        let element = self.b.value(Value::Element(iterable, open.id));
        let carried = self.b.value(Value::Carried(initial, open.id));
        let value = match inline {
            Some(function) => {
                let index = u16::try_from(iteration.callback).unwrap_or(u16::MAX);
                let element = Element { in_loop: open.id, at: iteration.element, element, carried };
                let function = self.lower_inline(function, Some((call, index)), Some(element));
                self.b.value(Value::Function(function))
            }
            None => {
                let values = if iteration.element == 0 { vec![element] } else { vec![carried, element] };
                self.call_reference(callee, callback, by_reference, values)
            }
        };
        self.b.end_loop(open);
        value
    }

    /// The value of a function given by reference.
    fn reference(&mut self, callback: Node<'t>) -> ValueId {
        self.expression(callback, ResultUse::Argument)
    }

    /// The call that is made of a function given by reference, once per element.
    fn call_reference(
        &mut self,
        callee: Callee<'t>,
        callback: Node<'t>,
        reference: ValueId,
        values: Vec<ValueId>,
    ) -> ValueId {
        let place = self.one_line(callback.start_byte(), callback.end_byte());
        let stripped = self.stripped(callback);
        // `f.bind(x)` is `f`: the call of `bind` itself was lowered before the loop.
        let function = match (self.bound_reference(stripped), self.b.facts.value(reference)) {
            (Some(_), &Value::Call(bind)) => match *self.b.facts.value(self.b.facts.call(bind).callee) {
                Value::Member(function, _) => function,
                _ => reference,
            },
            _ => reference,
        };
        let args = values.into_iter().map(|value| Arg { name: None, value, span: place }).collect();
        let id = self.b.call(function, args, place, place);
        let is_for_effect = callee.name.is_some_and(|name| {
            let name = self.text(name);
            name.starts_with("each") || name.starts_with("forEach")
        });
        self.b.facts.calls[id.index()].result = if is_for_effect { ResultUse::Discarded } else { ResultUse::Returned };
        reference
    }
}

fn is_function_first(module: &str) -> bool {
    matches!(module, "ramda" | "rambda" | "lodash/fp")
}
