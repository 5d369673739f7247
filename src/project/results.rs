//! What a call gives: of catalogued calls, of the project's functions, of builtins.

use super::answers::{Asked, FileAnswers};
use super::querysets::Step;
use super::relations;
use super::sites::argument;
use super::types::{ClassMember, Ty, Types, library_path};
use super::{ClassRef, FileId, FunctionRef};
use crate::apis::{ApiCall, ArgRef, Returned, TypeId};
use crate::facts::*;
use crate::source::Language;

impl<'p> Types<'p> {
    /// The catalog entry that a call is resolved to.
    pub(crate) fn api_call(&self, file: FileId, call: CallId) -> Option<&'p ApiCall> {
        if !self.is_first() {
            return self.resolved(file, call);
        }
        // Most calls have none, and several passes ask.
        let asked = Asked::Call(call);
        let is_uncatalogued = |answers: &FileAnswers| answers.uncatalogued.has(call.index()).then_some(());
        if self.recall(file, asked, is_uncatalogued).is_some() {
            return None;
        }
        let (found, read) = self.project().reading(|| self.resolved(file, call));
        if found.is_none() {
            self.keep(file, asked, &read, |answers| answers.uncatalogued.set(call.index()));
        }
        found
    }

    fn resolved(&self, file: FileId, call: CallId) -> Option<&'p ApiCall> {
        if let Some(declared) = self.declared_call(file, call) {
            return Some(declared);
        }
        let facts = self.facts(file);
        let callee = facts.call(call).callee;
        let catalog = &self.project().catalog;
        if let Value::Member(object, name) = facts.value(callee) {
            let name = &facts.names[*name];
            match self.of(file, *object) {
                Ty::Api(ty, _) => {
                    if let Some(found) = catalog.method(ty, name) {
                        let is_lookup = !self.is_queryset(ty) || !asks_mapping(facts, call, name);
                        return is_lookup.then_some(found);
                    }
                }
                Ty::Class(class) | Ty::Instance(class, _) => {
                    if self.class_member(class, name).is_none()
                        && let Some(found) = self.api_base(class).and_then(|ty| catalog.method(ty, name))
                    {
                        return Some(found);
                    }
                }
                Ty::Path(path) => {
                    if let Some(found) = catalog.function(&library_path(&path, name)) {
                        return Some(found);
                    }
                    if let Some(found) = catalog.type_named(&path).and_then(|ty| catalog.method(ty, name)) {
                        return Some(found);
                    }
                }
                _ => {}
            }
        }
        match self.of(file, callee) {
            Ty::Path(path) => catalog.function(&path),
            Ty::Api(ty, _) => catalog.method(ty, "()"),
            _ => None,
        }
    }

    /// The catalog entry of a call: the one it is resolved to, else that of its shape.
    pub(crate) fn catalogued(&self, file: FileId, call: CallId) -> Option<&'p ApiCall> {
        let resolved = self.api_call(file, call);
        resolved.or_else(|| {
            let shape = self.shape(file, call)?;
            self.rests_on_shape();
            Some(&shape.call)
        })
    }

    /// Which argument of a catalogued call is run once, at once: the one that the entry names or, if that is no
    /// function, the first later one that is.
    pub(crate) fn callback(&self, file: FileId, call: CallId, api: &ApiCall) -> Option<u16> {
        let facts = self.facts(file);
        let from = api.callback?;
        let args = facts.call(call).args.iter().enumerate().skip(usize::from(from));
        let is_function = |value: ValueId| match facts.value(value) {
            Value::Function(_) => true,
            Value::Import(_) | Value::Member(..) => {
                matches!(self.aside(|| self.of(file, value)), Ty::Function(_))
            }
            _ => false,
        };
        let found = args.into_iter().find(|(_, arg)| is_function(arg.value));
        found.and_then(|(at, _)| u16::try_from(at).ok()).or(Some(from))
    }

    /// The project function that a call is resolved to, and that is to be followed: not if the user says what the call
    /// does.
    pub(crate) fn target(&self, file: FileId, call: CallId) -> Option<FunctionRef> {
        if self.declared_call(file, call).is_some() { None } else { self.defined(file, call) }
    }

    /// The project function that a call is resolved to.
    pub(super) fn defined(&self, file: FileId, call: CallId) -> Option<FunctionRef> {
        let facts = self.facts(file);
        let callee = facts.call(call).callee;
        if let Value::Member(object, name) = facts.value(callee) {
            let name = &facts.names[*name];
            // Any of the classes that are extended may have it.
            if let Value::Super(class) = *facts.value(*object) {
                let bases = self.project_bases(ClassRef { file, class });
                return bases.into_iter().find_map(|base| match self.class_member(base, name)? {
                    ClassMember::Method(function) => Some(function),
                    ClassMember::Attribute(..) => None,
                });
            }
            let class = match self.of(file, *object) {
                Ty::Class(class) | Ty::Instance(class, _) => Some(class),
                _ => None,
            };
            if let Some(class) = class {
                return match self.class_member(class, name)? {
                    // What a template reads is called only if it can be.
                    ClassMember::Method(function)
                        if facts.template.is_some()
                            && self.facts(function.file).function(function.function).traits.is_property =>
                    {
                        None
                    }
                    ClassMember::Method(function) => Some(function),
                    ClassMember::Attribute(file, value, _) => match self.of(file, value) {
                        Ty::Function(function) => Some(function),
                        _ => None,
                    },
                };
            }
        }
        match self.of(file, callee) {
            Ty::Function(function) => Some(function),
            Ty::Class(class) => self.constructor(class),
            _ => None,
        }
    }

    pub(super) fn constructor(&self, class: ClassRef) -> Option<FunctionRef> {
        let name = if self.project().file(class.file).source.language.is_ecma() { "constructor" } else { "__init__" };
        match self.class_member(class, name)? {
            ClassMember::Method(function) => Some(function),
            ClassMember::Attribute(..) => None,
        }
    }

    /// What a call gives.
    pub(super) fn result(&self, file: FileId, call: CallId) -> Ty {
        let facts = self.facts(file);
        let site = facts.call(call);
        let catalog = &self.project().catalog;
        // Where the user says nothing of what comes back, the function's own body does.
        if let Some(declared) = self.declared_call(file, call)
            && declared.returns != Returned::Unknown
        {
            return self.declared_result(file, call, declared);
        }
        if let Value::Member(object, name) = facts.value(site.callee) {
            let receiver = self.of(file, *object);
            let name = &facts.names[*name];
            let made = || self.made_manager(file, site, &receiver, name);
            // A literal of functions is no text and no number.
            let is_held = receiver == Ty::Plain && matches!(self.of(file, site.callee), Ty::Function(_));
            if !is_held && let Some(ty) = made().or_else(|| self.method_result(file, call, &receiver, name)) {
                return ty;
            }
        }
        match self.of(file, site.callee) {
            Ty::Function(function) => match self.returned(function) {
                Ty::Unknown => self.handed_back(file, call, function),
                known => known,
            },
            Ty::Class(class) => Ty::Instance(class, None),
            Ty::Path(path)
                if &*path == "django.contrib.auth.get_user_model"
                    && let Some(user) = self.relations().user() =>
            {
                Ty::Class(user)
            }
            Ty::Path(path) if relations::looks_up_model(&path) => {
                relations::looked_up(self, file, call).map_or(Ty::Unknown, Ty::Class)
            }
            Ty::Path(path) if matches!(&*path, "typing.cast" | "typing_extensions.cast") => self.cast(file, site),
            Ty::Path(path) => match catalog.function(&path) {
                Some(api) => self.returns(file, call, api, &Ty::Unknown),
                None => match catalog.type_named(&path) {
                    Some(ty) => Ty::Api(ty, None),
                    None if is_plain_type(path.rsplit('.').next().unwrap_or("")) => Ty::Plain,
                    None => Ty::Unknown,
                },
            },
            receiver @ Ty::Api(ty, _) => {
                // Catalogs do not tell a class from its instances: what is made of one is of its type.
                let makes = site.is_new || self.project().file(file).source.language == Language::Python;
                match catalog.method(ty, "()") {
                    Some(api) => self.returns(file, call, api, &receiver),
                    None if makes || catalog.type_(ty).chain => receiver,
                    None => Ty::Unknown,
                }
            }
            _ => match self.builtin_result(file, call) {
                Ty::Unknown => match self.shape(file, call) {
                    Some(shape) => {
                        self.rests_on_shape();
                        self.returns(file, call, &shape.call, &Ty::Unknown)
                    }
                    None => Ty::Unknown,
                },
                known => known,
            },
        }
    }

    /// `cast(BookQuerySet, Book.objects)`
    fn cast(&self, file: FileId, call: &Call) -> Ty {
        let [to, value, ..] = &*call.args else { return Ty::Unknown };
        let known = self.of(file, value.value);
        match (self.of(file, to.value), &known) {
            (Ty::Class(class), Ty::Api(_, model) | Ty::Instance(_, model)) => Ty::Instance(class, *model),
            (Ty::Class(class), _) => Ty::Instance(class, None),
            _ => known,
        }
    }

    /// Whether a catalogued type is a manager or a queryset of Django's.
    pub(super) fn is_queryset(&self, ty: TypeId) -> bool {
        let catalog = &self.project().catalog;
        catalog.type_named("django.QuerySetMethods").is_some_and(|methods| catalog.is_subtype(ty, methods))
    }

    /// A manager that is made of a queryset class of the project has the methods of that class:
    /// `BookQuerySet.as_manager()`, `Manager.from_queryset(BookQuerySet)`.
    fn made_manager(&self, file: FileId, call: &Call, receiver: &Ty, name: &str) -> Option<Ty> {
        match (name, receiver) {
            ("as_manager", Ty::Class(class)) => self.api_base(*class).map(|_| Ty::Instance(*class, None)),
            ("from_queryset", Ty::Api(..) | Ty::Path(_)) => match self.of(file, call.args.first()?.value) {
                Ty::Class(class) => self.api_base(class).map(|_| Ty::Class(class)),
                _ => None,
            },
            _ => None,
        }
    }

    fn declared_result(&self, file: FileId, call: CallId, api: &ApiCall) -> Ty {
        let receiver = match self.facts(file).value(self.facts(file).call(call).callee) {
            Value::Member(object, _) => self.of(file, *object),
            _ => Ty::Unknown,
        };
        self.returns(file, call, api, &receiver)
    }

    pub(super) fn method_result(&self, file: FileId, call: CallId, receiver: &Ty, name: &str) -> Option<Ty> {
        let catalog = &self.project().catalog;
        match receiver {
            Ty::Api(ty, model) => {
                if let Some(api) = catalog.method(*ty, name) {
                    return Some(self.returns(file, call, api, receiver));
                }
                if let Some(model) = *model
                    && let Some(function) = self.queryset_method(*ty, model, name)
                    && let known = self.returned(function)
                    && known.is_known()
                {
                    return Some(self.of_model(known, model));
                }
                (catalog.attribute(*ty, name).is_none() && catalog.type_(*ty).chain).then(|| receiver.clone())
            }
            Ty::Class(class) | Ty::Instance(class, _) => {
                if let Some(member) = self.class_member(*class, name) {
                    return match member {
                        ClassMember::Method(function) if self.gives_own_kind(function) => match receiver {
                            Ty::Class(class) => Some(Ty::Instance(*class, None)),
                            instance => Some(instance.clone()),
                        },
                        ClassMember::Method(function) => Some(match (self.returned(function), receiver) {
                            (Ty::Api(ty, Some(base)), _) if base != *class && self.is_abstract_base(base, function) => {
                                Ty::Api(ty, Some(*class))
                            }
                            (Ty::Unknown, _) => self.handed_back(file, call, function),
                            (known, Ty::Instance(_, Some(model))) => self.of_model(known, *model),
                            (known, _) => known,
                        }),
                        ClassMember::Attribute(..) => None,
                    };
                }
                let Some(base) = self.api_base(*class) else {
                    return self.given_by_view(file, self.facts(file).call(call), *class, name);
                };
                let api = catalog.method(base, name)?;
                let model = match receiver {
                    Ty::Instance(_, Some(model)) => Some(*model),
                    // What is not whole rows is about no model: `self.values("title")` in a manager.
                    _ => (!gives_parts(name)).then(|| self.relations().managed_by(*class).unwrap_or(*class)),
                };
                if api.returns == Returned::Same {
                    return Some(receiver.clone());
                }
                Some(self.returns(file, call, api, &Ty::Api(base, model)))
            }
            Ty::Path(path) if catalog.function(&library_path(path, name)).is_none() => {
                let ty = catalog.type_named(path)?;
                let api = catalog.method(ty, name)?;
                Some(self.returns(file, call, api, &Ty::Api(ty, None)))
            }
            Ty::List(element) => match name {
                "copy" | "filter" | "slice" | "concat" | "reverse" | "sort" | "values" | "flat" | "toSorted" => {
                    Some(receiver.clone())
                }
                "pop" | "shift" | "find" | "at" => Some((**element).clone()),
                _ => Some(Ty::Unknown),
            },
            Ty::Plain => Some(if matches!(name, "get" | "pop") { Ty::Unknown } else { Ty::Plain }),
            _ => None,
        }
    }

    /// What a call of a catalog entry gives.
    fn returns(&self, file: FileId, call: CallId, api: &ApiCall, receiver: &Ty) -> Ty {
        match (&api.model, receiver) {
            // The argument says the model, whatever the receiver is about.
            (Some(arg), Ty::Api(ty, model)) => {
                let said = self.model_argument(file, call, arg);
                self.given(api.returns, &Ty::Api(*ty, said.or(*model)), said)
            }
            (Some(arg), _) => self.given(api.returns, receiver, self.model_argument(file, call, arg)),
            (None, _) => self.given(api.returns, receiver, self.selected(file, call, api)),
        }
    }

    /// The model whose rows a call gives that is told of it by an argument: by its class, or by the statement that is
    /// run, `session.scalars(select(User))`.
    fn selected(&self, file: FileId, call: CallId, api: &ApiCall) -> Option<ClassRef> {
        self.class_argument(file, call).or_else(|| {
            let statement = argument(self.facts(file), call, api.sql.as_ref()?)?;
            match self.aside(|| self.of(file, statement)) {
                Ty::Api(_, model) => model,
                _ => None,
            }
        })
    }

    /// The model class that an argument is, or that the rows of a queryset are: `get_object_or_404(queryset, …)`.
    pub(crate) fn model_argument(&self, file: FileId, call: CallId, arg: &ArgRef) -> Option<ClassRef> {
        let value = argument(self.facts(file), call, arg)?;
        match self.aside(|| self.of(file, value)) {
            Ty::Class(class) => Some(class),
            Ty::Api(_, model) | Ty::Instance(_, model) => model,
            _ => None,
        }
    }

    /// A project class among the first arguments: `select(User)`, `session.query(User)`.
    fn class_argument(&self, file: FileId, call: CallId) -> Option<ClassRef> {
        let facts = self.facts(file);
        let args = facts.call(call).args.iter().take(2);
        self.aside(|| {
            args.into_iter().find_map(|arg| match self.of(file, arg.value) {
                Ty::Class(class) => Some(class),
                _ => None,
            })
        })
    }

    fn builtin_result(&self, file: FileId, call: CallId) -> Ty {
        let facts = self.facts(file);
        let site = facts.call(call);
        let first = site.args.first().map_or(UNKNOWN, |arg| arg.value);
        match facts.value(site.callee) {
            Value::Global(name) => match &facts.names[*name] {
                "list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" | "iter" | "filter" => {
                    Ty::List(Box::new(self.element(&self.of(file, first))))
                }
                "next" => self.element(&self.of(file, first)),
                "str" | "int" | "float" | "bool" | "dict" | "len" | "defaultdict" | "OrderedDict" | "Map" | "Set"
                | "WeakMap" | "URLSearchParams" | "URL" | "FormData" | "Headers" | "String" | "Number" | "Boolean"
                | "Date" | "RegExp" | "open" | "fetch" | "bytes" | "bytearray" | "range" => Ty::Plain,
                _ => Ty::Unknown,
            },
            Value::Member(object, name) => match (facts.value(*object), &facts.names[*name]) {
                (Value::Global(global), method) => match (&facts.names[*global], method) {
                    ("Object", _) | ("JSON", _) | ("Math", _) | ("Number", _) | ("String", _) | ("Buffer", _) => {
                        Ty::Plain
                    }
                    ("Array", "from") => Ty::List(Box::new(self.element(&self.of(file, first)))),
                    ("Promise", "resolve") => self.of(file, first),
                    _ => Ty::Unknown,
                },
                _ => Ty::Unknown,
            },
            _ => Ty::Unknown,
        }
    }

    /// What a catalog entry says a call gives.
    pub(super) fn given(&self, returned: Returned, receiver: &Ty, argument: Option<ClassRef>) -> Ty {
        let model = match receiver {
            Ty::Api(_, model) => *model,
            _ => None,
        }
        .or(argument);
        match returned {
            Returned::Unknown => Ty::Unknown,
            Returned::Same => match receiver {
                Ty::Api(ty, _) => Ty::Api(*ty, model),
                other => other.clone(),
            },
            Returned::Type(ty) => Ty::Api(ty, model),
            Returned::Row => self.row(receiver, model),
            Returned::Rows => Ty::List(Box::new(self.row(receiver, model))),
        }
    }

    /// A row of a model; where the model is no class of the project (`sequelize.define(…)`), its type stands for
    /// its rows too.
    fn row(&self, receiver: &Ty, model: Option<ClassRef>) -> Ty {
        match (model, receiver) {
            // In a manager of several models, a row of any of them.
            (Some(class), _) => Ty::Instance(class, self.is_queryset_class(class).then_some(class)),
            (None, Ty::Api(ty, _)) if self.project().catalog.method(*ty, "save").is_some() => receiver.clone(),
            _ => Ty::Unknown,
        }
    }

    /// What a project function gives.
    pub(crate) fn returned(&self, function: FunctionRef) -> Ty {
        self.further(|| self.returned_by(function))
    }

    /// Whether a method gives an instance of the class that it is called on, which may extend its own: it says so,
    /// `-> Self`, or it gives `self` or, as a class method, `cls(…)`.
    fn gives_own_kind(&self, method: FunctionRef) -> bool {
        let facts = self.facts(method.file);
        let own = facts.function(method.function);
        let Some(class) = own.class else { return false };
        if self.project().file(method.file).source.language != Language::Python || own.traits.is_generator {
            return false;
        }
        if let Some(declared) = own.result_type
            && let Value::Typed(of) = facts.value(declared)
            && facts.own_name(of.head) == Some("Self")
        {
            return true;
        }
        let is_own = |value: &ValueId| match facts.value(*value) {
            Value::This(this) => *this == class,
            Value::Call(call) if own.traits.is_class_method => {
                *facts.value(facts.call(*call).callee) == Value::Class(class)
            }
            _ => false,
        };
        let is_bare = own.decorators.len() == usize::from(own.traits.is_class_method);
        is_bare && !own.returns.is_empty() && own.returns.iter().all(is_own)
    }

    /// Whether a class is an abstract model of Django's, and a method is its own: what it asks of its class it asks of
    /// the one that it is called on.
    fn is_abstract_base(&self, class: ClassRef, method: FunctionRef) -> bool {
        let own = self.facts(method.file).function(method.function);
        (method.file, own.class) == (class.file, Some(class.class)) && self.is_abstract_model(class)
    }

    /// Whether a model of Django's has no table, `class Meta: abstract = True`.
    pub(super) fn is_abstract_model(&self, class: ClassRef) -> bool {
        let facts = self.facts(class.file);
        let is_meta = |meta: &&Class| meta.parent == Some(class.class) && &facts.names[meta.name] == "Meta";
        facts.classes.iter().filter(is_meta).flat_map(|meta| &meta.attributes).any(|attribute| {
            &facts.names[attribute.name] == "abstract" && *facts.value(attribute.value) == Value::Bool(true)
        })
    }

    fn returned_by(&self, function: FunctionRef) -> Ty {
        let facts = self.facts(function.file);
        let own = facts.function(function.function);
        if let Some(declared) = own.result_type {
            let ty = self.of(function.file, declared);
            if ty.is_known() {
                return ty;
            }
        }
        if own.traits.is_generator {
            let element = own.yields.iter().map(|&value| self.of(function.file, value)).find(Ty::is_known);
            return match (element, own.decorators.is_empty()) {
                // `@contextmanager def session(): yield Session()` gives what it yields.
                (Some(element), false) => element,
                (element, _) => Ty::List(Box::new(element.unwrap_or(Ty::Unknown))),
            };
        }
        own.returns.iter().map(|&value| self.of(function.file, value)).find(Ty::is_known).unwrap_or(Ty::Unknown)
    }
}

/// Whether a call asks a mapping, and no queryset: `sizes.get(key, {})`, `sizes.get("a")`.
fn asks_mapping(facts: &FileFacts, call: CallId, name: &str) -> bool {
    let args = &facts.call(call).args;
    let is_plain = |arg: &Arg| {
        let value = facts.value(arg.value);
        arg.name.is_none()
            && matches!(
                value,
                Value::Null
                    | Value::Bool(_)
                    | Value::Int(_)
                    | Value::Float
                    | Value::Text(_)
                    | Value::Sequence(_)
                    | Value::Mapping(_)
            )
    };
    name == "get" && args.iter().any(is_plain)
}

/// Whether a step of a queryset gives parts of its rows.
fn gives_parts(name: &str) -> bool {
    matches!(Step::named(name), Some(Step::Values | Step::Dates))
}

/// Whether a type of this name is certainly no way to a database.
pub(super) fn is_plain_type(name: &str) -> bool {
    matches!(
        name,
        "str"
            | "int"
            | "float"
            | "bool"
            | "bytes"
            | "dict"
            | "Dict"
            | "Mapping"
            | "MutableMapping"
            | "defaultdict"
            | "DefaultDict"
            | "OrderedDict"
            | "Counter"
            | "datetime"
            | "date"
            | "timedelta"
            | "Decimal"
            | "UUID"
            | "Path"
            | "string"
            | "number"
            | "boolean"
            | "bigint"
            | "Map"
            | "Record"
            | "WeakMap"
            | "Date"
            | "RegExp"
            | "Buffer"
            | "URL"
            | "URLSearchParams"
            | "Headers"
            | "FormData"
            | "Response"
            | "Request"
            | "Redis"
            | "Element"
            | "Document"
    )
}
