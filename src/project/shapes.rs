//! Calls on receivers that nothing resolves, known by a catalogued shape.

use rustc_hash::FxHashSet;

use super::FileId;
use super::flow::{Flow, Source};
use super::sites::{argument, catalog_language, sql_behind};
use super::types::{ClassMember, Ty, Types};
use crate::apis::{ApiShape, ArgRef, ArgShape, Step};
use crate::facts::*;

impl<'p> Types<'p> {
    /// The catalogued shape of a call whose receiver nothing resolves, in a project that uses the library.
    pub(crate) fn shape(&self, file: FileId, id: CallId) -> Option<&'p ApiShape> {
        let project = self.project();
        let facts: &'p FileFacts = &project.file(file).facts;
        let call = facts.call(id);
        let Value::Member(object, name) = facts.value(call.callee) else { return None };
        let shapes = project.catalog.shapes(&facts.names[*name]);
        if shapes.is_empty() || (facts.template.is_some() && !self.is_of_relation(facts, *object)) {
            return None;
        }
        // A wrapper's own methods are what the project says they are, unless they only hand SQL on.
        let hands_on = !self.may_be_database(file, *object);
        if hands_on && !self.hands_on_sql(file, *object, &facts.names[*name]) {
            return None;
        }
        // `pycountry.subdivisions.get(code=c)`: a name of a library is not just any name.
        let of_library = matches!(self.of(file, *object), Ty::Path(_));
        // `row.tags.all()` where the project says what `tags` are, and they are no relation.
        let is_handler =
            matches!(facts.value(*object), Value::Member(_, name) if self.relations().is_handler(&facts.names[*name]));
        let language = catalog_language(project.file(file).source.language);
        let names = steps(facts, *object);
        let steps: Vec<Step<'_>> = names.iter().map(|(name, called)| Step { name, called: *called }).collect();
        shapes.iter().find(|shape| {
            let library = project.catalog.library(shape.call.library);
            library.language.covers(language)
                && (library.always || project.uses_library(shape.call.library))
                && (!hands_on || shape.args == ArgShape::Sql)
                && shape.fits(&steps)
                && !((of_library || is_handler) && shape.path.iter().any(|name| name == "?"))
                && self.args_fit(file, id, shape)
        })
    }

    /// Whether what a template reads is a relation by its name: anything else may have a `count`.
    fn is_of_relation(&self, facts: &FileFacts, object: ValueId) -> bool {
        let mut at = object;
        while let Value::Call(call) = facts.value(at)
            && let Value::Member(object, _) = facts.value(facts.call(*call).callee)
        {
            at = *object;
        }
        matches!(facts.value(at), Value::Member(_, name) if self.relations().leads_to_many(&facts.names[*name]))
    }

    /// Whether `object.name(sql)` is a method of the project that hands its SQL on to a call which is named like one that
    /// runs SQL, and which nothing resolves: `self.connection.execute(sql)`, `self.traced(self.cursor.execute, sql)`.
    fn hands_on_sql(&self, file: FileId, object: ValueId, name: &str) -> bool {
        let (Ty::Instance(class, _) | Ty::Class(class)) = self.of(file, object) else { return false };
        let Some(ClassMember::Method(method)) = self.class_member(class, name) else { return false };
        let project = self.project();
        let facts = &project.file(method.file).facts;
        let flow = Flow::new(facts);
        let runs_sql = |name: &str| project.catalog.shapes(name).iter().any(|shape| shape.args == ArgShape::Sql);
        let mut hands_on = false;
        for (id, call) in facts.calls_in(method.function) {
            let takes_sql = call.args.iter().any(|arg| {
                let mut sources = FxHashSet::default();
                flow.sources(arg.value, method.function, &mut sources);
                sources.contains(&Source::Param(0))
            });
            let is_run = flow.called_name(call).is_some_and(runs_sql)
                || call.args.iter().any(
                    |arg| matches!(facts.value(arg.value), Value::Member(_, name) if runs_sql(&facts.names[*name])),
                );
            if takes_sql && is_run {
                // What is resolved is found through the call graph.
                if self.api_call(method.file, id).is_some() {
                    return false;
                }
                hands_on = true;
            }
        }
        hands_on
    }

    /// Whether nothing is known against a receiver being a database.
    pub(crate) fn may_be_database(&self, file: FileId, object: ValueId) -> bool {
        match self.of(file, object) {
            // `Promise.all(promises).get()`: what a foreign library gives is foreign.
            Ty::Unknown => !self.comes_from_elsewhere(file, object, 0),
            Ty::Instance(class, _) | Ty::Class(class) => self.has_unknown_base(class),
            Ty::Path(path) => !self.is_foreign_library(&path),
            _ => false,
        }
    }

    /// Whether a chain begins with a library that certainly is none of ours, or with a function of the project that
    /// gives something of one.
    fn comes_from_elsewhere(&self, file: FileId, object: ValueId, depth: u8) -> bool {
        if depth > 3 {
            return false;
        }
        match self.of(file, origin(&self.project().file(file).facts, object)) {
            Ty::Path(path) => self.is_foreign_library(&path),
            Ty::Function(function) => {
                let facts = &self.project().file(function.file).facts;
                let returns = &facts.function(function.function).returns;
                returns.iter().any(|&value| self.comes_from_elsewhere(function.file, value, depth + 1))
            }
            _ => false,
        }
    }

    fn args_fit(&self, file: FileId, id: CallId, shape: &ApiShape) -> bool {
        let facts = &self.project().file(file).facts;
        let call = facts.call(id);
        match &shape.args {
            ArgShape::Type(wanted) => {
                let catalog = &self.project().catalog;
                let ty = call.args.first().and_then(|first| match self.of(file, first.value) {
                    Ty::Api(ty, _) => Some(ty),
                    Ty::Class(class) | Ty::Instance(class, _) => self.api_base(class),
                    Ty::Path(path) => catalog.type_named(&path),
                    _ => None,
                });
                ty.is_some_and(|ty| catalog.is_subtype(ty, *wanted))
            }
            ArgShape::Sql => {
                let arg = shape.call.sql.as_ref().unwrap_or(&ArgRef::Index(0));
                let mut found = Vec::new();
                if let Some(value) = argument(facts, id, arg) {
                    sql_behind(self, file, value, &mut found);
                }
                !found.is_empty()
            }
            _ => args_may_fit(facts, call, &shape.args),
        }
    }
}

/// Whether a call may have a shape, as far as its own file tells.
pub(super) fn may_fit(facts: &FileFacts, call: &Call, shape: &ApiShape) -> bool {
    let Value::Member(object, _) = facts.value(call.callee) else { return false };
    let names = steps(facts, *object);
    let steps: Vec<Step<'_>> = names.iter().map(|(name, called)| Step { name, called: *called }).collect();
    shape.fits(&steps) && args_may_fit(facts, call, &shape.args)
}

/// Whether the arguments of a call look like these; SQL and the types of values are not looked at.
fn args_may_fit(facts: &FileFacts, call: &Call, shape: &ArgShape) -> bool {
    let first = call.args.first().map(|arg| arg.value);
    let keyword =
        |fits: &dyn Fn(&str) -> bool| call.args.iter().any(|arg| arg.name.is_some_and(|name| fits(&facts.names[name])));
    match shape {
        ArgShape::Any | ArgShape::Type(_) | ArgShape::Sql => true,
        ArgShape::None => call.args.is_empty(),
        // A callback is handed over to be run: `.transacting((tx) => …)` is no `.transacting(tx)`.
        ArgShape::One => {
            call.args.len() == 1 && !matches!(first.map(|first| facts.value(first)), Some(Value::Function(_)))
        }
        ArgShape::Keyword(names) => keyword(&|name| names.is_empty() || names.iter().any(|wanted| wanted == name)),
        ArgShape::OnlyKeywords(but) => {
            let fits = |arg: &Arg| arg.name.is_some_and(|name| !but.iter().any(|not| *not == facts.names[name]));
            !call.args.is_empty() && call.args.iter().all(fits)
        }
        ArgShape::Lookup => keyword(&|name| name.contains("__")),
        ArgShape::Object(at, _) => call.args.get(usize::from(*at)).is_some_and(|arg| match facts.value(arg.value) {
            Value::Mapping(entries) => {
                shape.fits_object(|wanted| entries.iter().any(|(key, _)| facts.literal(*key) == Some(wanted)))
            }
            _ => false,
        }),
        ArgShape::Text => first.is_some_and(|first| facts.text(first).is_some()),
    }
}

/// What a chain of members, calls and items begins with.
fn origin(facts: &FileFacts, object: ValueId) -> ValueId {
    let mut at = object;
    for _ in 0..64 {
        at = match facts.value(at) {
            Value::Member(object, _)
            | Value::Item(object, _)
            | Value::Slice(object, ..)
            | Value::Carried(object, _) => *object,
            Value::Call(call) => facts.call(*call).callee,
            _ => break,
        };
    }
    at
}

/// The names that a call is made on, from right to left, and whether each is called.
fn steps(facts: &FileFacts, object: ValueId) -> Vec<(&str, bool)> {
    let mut steps = Vec::new();
    let mut at = object;
    let mut called = false;
    for _ in 0..64 {
        at = match facts.value(at) {
            Value::Carried(before, _) => *before,
            Value::Either(left, _) => *left,
            Value::Member(object, name) => {
                steps.push((&facts.names[*name], called));
                called = false;
                *object
            }
            Value::Call(call) => {
                if called {
                    steps.push(("", true));
                }
                called = true;
                facts.call(*call).callee
            }
            Value::Item(object, _) => {
                steps.push(("", called));
                called = false;
                *object
            }
            Value::Element(of, _) | Value::Part(of, _) => {
                steps.push(("", called));
                called = false;
                *of
            }
            other => {
                let name = match other {
                    Value::Global(name) => &facts.names[*name],
                    Value::Import(import) => match facts.imports[import.index()].what {
                        Imported::Name(name) => &facts.names[name],
                        _ => &facts.names[facts.imports[import.index()].module],
                    },
                    Value::Param(function, index) => facts
                        .function(*function)
                        .params
                        .get(usize::from(*index))
                        .map_or("", |param| &facts.names[param.name]),
                    Value::This(_) => "this",
                    Value::Function(function) => &facts.names[facts.function(*function).name],
                    Value::Class(class) => &facts.names[facts.class(*class).name],
                    _ => "",
                };
                steps.push((name, called));
                break;
            }
        };
    }
    steps
}
