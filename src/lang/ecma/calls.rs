//! Calls, `new` and tagged templates.

use super::kinds::{Field, Kind};
use super::tree::Node;
use super::{Walk, span};
use crate::facts::*;
use crate::source::Span;

/// What is called: the value, and for `object.name(…)` also its two halves.
#[derive(Clone, Copy)]
pub(super) struct Callee<'t> {
    pub(super) node: Node<'t>,
    pub(super) value: ValueId,
    pub(super) object: Option<(Node<'t>, ValueId)>,
    /// The last name.
    pub(super) name: Option<Node<'t>>,
}

impl<'t> Walk<'_, 't> {
    /// A call, `new` or tagged template.
    pub(super) fn call(&mut self, node: Node<'t>, result: ResultUse, awaited: bool) -> ValueId {
        let is_new = self.kind(node) == Kind::NewExpression;
        let callee_field = if is_new { Field::Constructor } else { Field::Function };
        let Some(callee_node) = self.field(node, callee_field) else { return UNKNOWN };
        let arguments = self.field(node, Field::Arguments);
        if let Some(module) = self.required_module(node) {
            return self.b.value(Value::Import(module));
        }
        if let Some(template) = arguments.filter(|&node| self.kind(node) == Kind::TemplateString)
            && self.is_transparent_tag(callee_node)
        {
            let is_raw = self.text(callee_node) == "String.raw";
            let text = if is_raw { self.raw_template_text(template) } else { self.template_text(template) };
            return self.b.text(text);
        }
        let argument_nodes = match arguments {
            Some(arguments) if self.kind(arguments) == Kind::Arguments => self.children(arguments),
            _ => Vec::new(),
        };
        let stripped = self.stripped(callee_node);
        if let Some(joined) = self.array_join(stripped, &argument_nodes) {
            return joined;
        }
        let callee = self.callee(stripped);
        if let Some(text) = self.text_method(callee, &argument_nodes) {
            return text;
        }
        let name_span = self.name_span(callee, stripped);
        let id = self.b.call(callee.value, Vec::new(), span(node), name_span);
        let call = &mut self.b.facts.calls[id.index()];
        call.result = result;
        call.awaited = awaited;
        call.is_new = is_new;
        let args = match arguments {
            Some(template) if self.kind(template) == Kind::TemplateString => {
                vec![self.tagged_template(template, callee.value)]
            }
            Some(arguments) => self.arguments(id, node, callee, arguments, &argument_nodes),
            None => Vec::new(),
        };
        self.b.facts.calls[id.index()].args = args;
        self.b.value(Value::Call(id))
    }

    fn callee(&mut self, node: Node<'t>) -> Callee<'t> {
        if let Some(function) = self.inline_function(node) {
            // Called where it stands.
            let function = self.lower_inline(function, None, None);
            let value = self.b.value(Value::Function(function));
            return Callee { node, value, object: None, name: None };
        }
        if self.kind(node) != Kind::MemberExpression {
            let value = self.expression(node, ResultUse::Receiver);
            let name = (self.kind(node) == Kind::Identifier).then_some(node);
            return Callee { node, value, object: None, name };
        }
        let (object, property) = (self.field(node, Field::Object), self.field(node, Field::Property));
        let (Some(object), Some(property)) = (object, property) else {
            return Callee { node, value: UNKNOWN, object: None, name: None };
        };
        if self.required_module(object).is_some() || self.exported_member(node).is_some() {
            let value = self.expression(node, ResultUse::Receiver);
            return Callee { node, value, object: None, name: Some(property) };
        }
        let object_value = self.expression(object, ResultUse::Receiver);
        let name = self.text(property);
        let value = self.b.member(object_value, name);
        Callee { node, value, object: Some((object, object_value)), name: Some(property) }
    }

    /// The last name of the callee, or as much of it as stands on one line.
    fn name_span(&self, callee: Callee<'t>, node: Node<'t>) -> Span {
        let node = callee.name.unwrap_or(node);
        self.one_line(node.start_byte(), node.end_byte())
    }

    /// A tag that gives back the text it is put before.
    fn is_transparent_tag(&self, tag: Node<'t>) -> bool {
        matches!(
            self.text(tag),
            "String.raw" | "dedent" | "outdent" | "oneLine" | "stripIndent" | "stripIndents" | "endent" | "undent"
        )
    }

    fn tagged_template(&mut self, template: Node<'t>, tag: ValueId) -> Arg {
        let mut text = self.template_text(template);
        text.tag = Some(tag);
        let value = self.b.text(text);
        Arg { name: None, value, span: span(template) }
    }

    /// `"…".trim()` is the text itself.
    fn text_method(&self, callee: Callee<'t>, arguments: &[Node<'t>]) -> Option<ValueId> {
        let ((_, object), name) = (callee.object?, callee.name?);
        let keeps = matches!(self.text(name), "trim" | "trimStart" | "trimEnd" | "toString");
        (keeps && arguments.is_empty() && self.b.facts.text(object).is_some()).then_some(object)
    }

    /// `["…", "…"].join("…")`
    fn array_join(&mut self, callee: Node<'t>, arguments: &[Node<'t>]) -> Option<ValueId> {
        let may_join = self.kind(callee) == Kind::MemberExpression && self.text(callee).ends_with("join");
        if !may_join || self.text(self.field(callee, Field::Property)?) != "join" {
            return None;
        }
        let array = self.stripped(self.field(callee, Field::Object)?);
        if self.kind(array) != Kind::Array {
            return None;
        }
        self.joined_array(array, arguments.first().copied())
    }

    fn arguments(
        &mut self,
        call: CallId,
        node: Node<'t>,
        callee: Callee<'t>,
        list: Node<'t>,
        arguments: &[Node<'t>],
    ) -> Vec<Arg> {
        let iteration = self.iteration(callee, arguments);
        let mut args: Vec<Option<Arg>> = vec![None; arguments.len()];
        for (index, &argument) in arguments.iter().enumerate() {
            if iteration.as_ref().is_none_or(|iteration| iteration.callback != index) {
                args[index] = Some(self.argument(call, index, argument));
            }
        }
        if let Some(iteration) = iteration {
            let index = iteration.callback;
            let head = self.callback_head(node, callee, list);
            let value = self.iterate(call, node, head, &iteration, callee, arguments[index], &args);
            args[index] = Some(Arg { name: None, value, span: span(arguments[index]) });
        } else if arguments.len() > 1 {
            self.may_run_per_element(call, self.callback_head(node, callee, list), span(node), &args);
        }
        args.into_iter().flatten().collect()
    }

    /// Registers the loop that an inline function stands in if what it is handed to runs it once per element of its
    /// first argument: `each(xs, x => …)`.
    fn may_run_per_element(&mut self, call: CallId, head: Span, whole: Span, args: &[Option<Arg>]) {
        let Some(Some(list)) = args.first() else { return };
        let may_be_list = !matches!(
            self.b.facts.value(list.value),
            Value::Text(_) | Value::Int(_) | Value::Bool(_) | Value::Null | Value::Mapping(_) | Value::Function(_)
        );
        let functions = args[1..].iter().flatten().filter_map(|arg| match *self.b.facts.value(arg.value) {
            Value::Function(function) => Some(function),
            _ => None,
        });
        // One of several has its own meaning: `on(xs, success, failure)`.
        let functions: Vec<FunctionId> = functions.collect();
        if let [function] = functions[..]
            && let own = self.b.facts.function(function)
            && may_be_list
            && own.passed_to.is_some_and(|(to, _)| to == call)
            && !own.params.is_empty()
        {
            let iterable = list.value;
            let id = self.b.possible_loop(call, iterable, head, whole);
            self.b.facts.functions[function.index()].may_run_in = Some(id);
        }
    }

    fn argument(&mut self, call: CallId, index: usize, node: Node<'t>) -> Arg {
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        let value = if let Some(function) = self.inline_function(node) {
            let function = self.lower_inline(function, Some((call, index)), None);
            self.b.value(Value::Function(function))
        } else if self.kind(node) == Kind::SpreadElement {
            self.spread(node, true)
        } else {
            self.expression(node, ResultUse::Argument)
        };
        Arg { name: None, value, span: span(node) }
    }

    /// The head of a callback's loop: what stands on the line of the method's name, up to its parenthesis.
    fn callback_head(&self, node: Node<'t>, callee: Callee<'t>, list: Node<'t>) -> Span {
        let name = callee.name.map_or(callee.node.start_byte(), |name| name.start_byte());
        let before = self.source.get(node.start_byte()..name).unwrap_or("");
        let line = memchr::memrchr2(b'\n', b'\r', before.as_bytes()).map_or(0, |at| at + 1);
        let blanks = before[line..].len() - before[line..].trim_start().len();
        let start = node.start_byte() + line + blanks;
        self.one_line(start, list.start_byte() + 1)
    }
}
