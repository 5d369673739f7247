//! The places of a file that render templates.

use super::context::Context;
use super::{Rendering, views};
use crate::facts::*;
use crate::project::FileId;
use crate::project::calls::passed_for;
use crate::project::flow::Flow;
use crate::project::types::Types;
use crate::source::Language;

/// Calls whose keywords are the context: `render_template("books.html", books=books)`.
const BY_KEYWORD: [&str; 6] =
    ["render", "render_async", "render_block", "render_template", "render_template_async", "stream_template"];

/// Keywords by which a context is given.
const CONTEXT: [&str; 6] = ["context", "ctx", "context_data", "context_dict", "data", "extra_context"];

/// All of a file.
pub(super) fn find(types: &Types<'_>, file: FileId) -> Vec<Rendering> {
    let project = types.project();
    let source = &project.file(file).source;
    if source.language != Language::Python {
        return Vec::new();
    }
    let facts = types.facts(file);
    let mut finder = Finder { types, file, facts, context: Context::new(types, file), found: Vec::new() };
    for index in 0..facts.calls.len() {
        finder.call(CallId(u32::try_from(index).unwrap_or(u32::MAX)));
    }
    for index in 0..facts.functions.len() {
        finder.decorated(FunctionId(u32::try_from(index).unwrap_or(u32::MAX)));
    }
    for index in 0..facts.classes.len() {
        let class = ClassId(u32::try_from(index).unwrap_or(u32::MAX));
        finder.found.extend(views::find(types, &finder.context, file, class));
    }
    finder.found
}

struct Finder<'t, 'p> {
    types: &'t Types<'p>,
    file: FileId,
    facts: &'p FileFacts,
    context: Context<'t, 'p>,
    found: Vec<Rendering>,
}

impl Finder<'_, '_> {
    fn call(&mut self, id: CallId) {
        let facts = self.facts;
        let call = facts.call(id);
        let name = Flow::new(facts).called_name(call).unwrap_or("");
        // `get_template("books.html").render({…})`
        let made = match facts.value(call.callee) {
            Value::Member(object, _) if name == "render" => match facts.value(*object) {
                Value::Call(made) => {
                    let made = facts.call(*made);
                    let is_getter = matches!(
                        Flow::new(facts).called_name(made),
                        Some(
                            "get_template" | "select_template" | "get_or_select_template" | "from_string" | "Template"
                        )
                    );
                    made.args.first().filter(|_| is_getter).and_then(|arg| template(self.types, self.file, arg.value))
                }
                _ => None,
            },
            _ => None,
        };
        let is_maker = matches!(name, "get_template" | "select_template" | "Template");
        let own = call
            .args
            .iter()
            .enumerate()
            .take(6)
            .find_map(|(at, arg)| Some((at, template(self.types, self.file, arg.value)?)));
        let (at, template) = match (made, own) {
            (Some(template), _) => (None, template),
            (None, Some((at, template))) if !is_maker => (Some(at), template),
            _ => return self.by_helper(id),
        };
        let mut context = Vec::new();
        let named = |arg: &&Arg| arg.name.is_some_and(|name| CONTEXT.contains(&&facts.names[name]));
        let behind = match at {
            Some(at) => call.args.get(at + 1).filter(|arg| arg.name.is_none()),
            None => call.args.first().filter(|arg| arg.name.is_none()),
        };
        for arg in call.args.iter().filter(named).chain(behind) {
            self.context.of(arg.value, &mut context);
        }
        if BY_KEYWORD.contains(&name) {
            self.context.keywords(&call.args, &mut context);
        }
        let rendering = Rendering {
            place: (self.file, call.name_span),
            name: facts.scope(call.function),
            template,
            call: Some(id),
            maker: None,
            context,
        };
        // Who is logged in stands in the context of all that is rendered for a request.
        if !rendering.context.is_empty() || rendering.has_request(self.types.project()) {
            self.found.push(rendering);
        }
    }

    /// A call that hands a context to a function of the project which renders a template with it:
    /// `shown(request, {"books": books})`.
    fn by_helper(&mut self, id: CallId) {
        let facts = self.facts;
        let call = facts.call(id);
        let is_context = |arg: &&Arg| match facts.value(arg.value) {
            Value::Mapping(entries) => entries.iter().any(|&(key, _)| facts.literal(key).is_some()),
            _ => false,
        };
        if !call.args.iter().any(|arg| is_context(&arg)) {
            return;
        }
        let Some(helper) = self.types.target(self.file, id) else { return };
        let own = self.types.facts(helper.file);
        for (_, inner) in own.calls_in(helper.function) {
            let named = |(at, arg): (usize, &Arg)| Some((at, template(self.types, helper.file, arg.value)?));
            let Some((at, template)) = inner.args.iter().enumerate().take(6).find_map(named) else { continue };
            let is_named = |arg: &Arg| arg.name.is_none_or(|name| CONTEXT.contains(&&own.names[name]));
            let mut given = inner.args.iter().skip(at + 1).filter(|arg| is_named(arg));
            let index = given.find_map(|arg| match *own.value(arg.value) {
                Value::Param(function, index) if function == helper.function => Some(index),
                _ => None,
            });
            let mut context = Vec::new();
            for value in index.map_or(Vec::new(), |at| passed_for(self.types.project(), helper, at, facts, &call.args))
            {
                self.context.of(value, &mut context);
            }
            if !context.is_empty() {
                let name = facts.scope(call.function);
                let place = (self.file, call.name_span);
                self.found.push(Rendering { place, name, template, call: Some(id), maker: None, context });
            }
        }
    }

    /// `@register.inclusion_tag("books.html")`, `@template("books.html")`: what the function returns is the context.
    fn decorated(&mut self, id: FunctionId) {
        let facts = self.facts;
        let own = facts.function(id);
        for &decorator in &own.decorators {
            let Value::Call(call) = *facts.value(decorator) else { continue };
            let args = &facts.call(call).args;
            let named = args.iter().filter(|arg| {
                arg.name.is_none_or(|name| {
                    matches!(&facts.names[name], "template" | "template_name" | "renderer" | "filename" | "name")
                })
            });
            let Some(template) = named.into_iter().find_map(|arg| template(self.types, self.file, arg.value)) else {
                continue;
            };
            let mut context = Vec::new();
            for &value in &own.returns {
                self.context.of(value, &mut context);
            }
            if !context.is_empty() {
                self.found.push(Rendering {
                    place: (self.file, own.name_span),
                    name: facts.scope(id),
                    template,
                    call: Some(call),
                    maker: Some(id),
                    context,
                });
            }
            return;
        }
    }
}

/// The template that a value of a file names.
fn template(types: &Types<'_>, file: FileId, value: ValueId) -> Option<FileId> {
    let facts = types.facts(file);
    let literal = match facts.value(value) {
        Value::Text(_) => facts.literal(value)?,
        // `["books/special.html", "books/list.html"]`
        Value::Sequence(names) => facts.literal(*names.first()?)?,
        _ => return None,
    };
    named(types, file, literal)
}

/// The template of such a name, as code of a file means it.
pub(super) fn named(types: &Types<'_>, file: FileId, name: &str) -> Option<FileId> {
    if !name.contains('.') || name.len() > 200 || name.contains([' ', '\n']) {
        return None;
    }
    let project = types.project();
    // `package:templates/books.html`
    let name = name.rsplit_once(':').map_or(name, |(_, path)| path);
    let found = project.modules.template(&project.file(file).source.path, name)?;
    project.file(found).facts.template.is_some().then_some(found)
}
