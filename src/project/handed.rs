//! What frameworks hand to the code that they call: the row that a method of a serializer, of Django's admin or a receiver
//! of a signal is about, the rows that a view shows.

use super::types::{ClassMember, Ty, Types};
use super::{ClassRef, FileId};
use crate::facts::*;

/// Views that show one row, in `self.object`.
const SHOWS_ONE: [&str; 5] = ["BaseDetailView", "DeleteView", "DetailView", "SingleObjectMixin", "UpdateView"];
/// How far up the `Meta` of a class is looked for, in classes.
const MAX_BASES: u8 = 8;

impl<'p> Types<'p> {
    /// The model of the row that a framework hands to a function as this parameter.
    ///
    /// `get_title(self, book)` of a serializer and `resolve_title(book, info)` of a GraphQL type are about the model that
    /// their class names, `class Meta: model = Book`; a column of Django's admin about the model that it is registered
    /// for; `instance` of a `@receiver(post_save, sender=Book)` is the row that was saved.
    pub(super) fn handed(&self, file: FileId, function: FunctionId, index: u16) -> Option<ClassRef> {
        let facts = self.facts(file);
        let own = facts.function(function);
        let Some(class) = own.class else { return self.received(file, own, index) };
        let class = ClassRef { file, class };
        let name = &facts.names[own.name];
        if index != 0 {
            return None;
        }
        let is_one = matches!(own.params.len(), 1 | 2);
        if is_one && name.starts_with("resolve_") && self.is_named(class, "ObjectType", 0) {
            return self.meta_model(class);
        }
        let is_given = (is_one && (name.starts_with("get_") || name == "to_representation"))
            || (name == "update" && own.params.len() == 2);
        if is_given && self.is_named(class, "Serializer", 0) {
            return self.meta_model(class);
        }
        let is_column = own.params.len() == 1 && &facts.names[own.params[0].name] != "request";
        if is_column && self.is_named(class, "Admin", 0) { self.registered_for(class) } else { None }
    }

    /// The model of the sender that a receiver of a signal hears: `@receiver(post_save, sender=Book)`.
    fn received(&self, file: FileId, function: &Function, index: u16) -> Option<ClassRef> {
        let facts = self.facts(file);
        let param = function.params.get(usize::from(index))?;
        if &facts.names[param.name] != "instance" {
            return None;
        }
        let mut senders = function.decorators.iter().filter_map(|&decorator| {
            let Value::Call(call) = *facts.value(decorator) else { return None };
            let call = facts.call(call);
            let is_receiver = facts.own_name(call.callee) == Some("receiver");
            let sender = call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == "sender"));
            sender.filter(|_| is_receiver).map(|arg| arg.value)
        });
        match (self.of(file, senders.next()?), senders.next()) {
            (Ty::Class(model), None) => Some(model),
            _ => None,
        }
    }

    /// The model that a class names, by itself or through what it extends: `class Meta: model = Book`.
    pub(super) fn meta_model(&self, class: ClassRef) -> Option<ClassRef> {
        let (file, model) = self.meta(class, "model")?;
        match self.of(file, model) {
            Ty::Class(model) => Some(model),
            _ => None,
        }
    }

    /// The model whose rows a form writes, if a class is one.
    pub(crate) fn form_model(&self, class: ClassRef) -> Option<ClassRef> {
        self.extends(class, &|name| name.ends_with("ModelForm")).then(|| self.meta_model(class)).flatten()
    }

    /// What the `Meta` of a class says of a name, where it can only be one.
    pub(super) fn meta(&self, class: ClassRef, name: &str) -> Option<(FileId, ValueId)> {
        let mut class = class;
        for _ in 0..MAX_BASES {
            let facts = self.facts(class.file);
            let is_meta = |of: &Class| of.parent == Some(class.class) && &facts.names[of.name] == "Meta";
            if let Some(meta) = (0..).map(ClassId).zip(&facts.classes).find(|(_, of)| is_meta(of)) {
                return match self.class_member(ClassRef { file: class.file, class: meta.0 }, name)? {
                    ClassMember::Attribute(file, value, _) => Some((file, value)),
                    ClassMember::Method(_) => None,
                };
            }
            // Of several bases any may be the one that has it.
            let mut bases = self.project_bases(class).into_iter().filter(|&base| self.has_meta(base));
            class = bases.next()?;
            if bases.next().is_some() {
                return None;
            }
        }
        None
    }

    fn has_meta(&self, class: ClassRef) -> bool {
        self.lineage(class).into_iter().any(|class| {
            let facts = self.facts(class.file);
            facts.classes.iter().any(|of| of.parent == Some(class.class) && &facts.names[of.name] == "Meta")
        })
    }

    /// The model that a class of Django's admin is registered for, if it is one: `@admin.register(Book)`,
    /// `admin.site.register(Book, BookAdmin)`.
    fn registered_for(&self, class: ClassRef) -> Option<ClassRef> {
        let facts = self.facts(class.file);
        let register = facts.names.find("register")?;
        let mut models = facts.calls.iter().enumerate().filter_map(|(index, call)| {
            if !matches!(facts.value(call.callee), Value::Member(_, name) if *name == register) {
                return None;
            }
            let id = CallId(u32::try_from(index).ok()?);
            let is_this = |&decorator: &ValueId| *facts.value(decorator) == Value::Call(id);
            let positional: Vec<ValueId> =
                call.args.iter().filter(|arg| arg.name.is_none()).map(|arg| arg.value).collect();
            let is_own = facts.class(class.class).decorators.iter().any(is_this)
                || matches!(positional[..], [_, admin] if *facts.value(admin) == Value::Class(class.class));
            is_own.then_some(positional)
        });
        let models = models.next().filter(|_| models.next().is_none())?;
        match (self.of(class.file, *models.first()?), models.len()) {
            (Ty::Class(model), 1 | 2) => Some(model),
            _ => None,
        }
    }

    // ── Views and forms ─────────────────────────────────────────────────────────────────────────────

    /// What a generic view gives that has no such method of its own: `self.get_object()` is a row of its `queryset`.
    pub(super) fn given_by_view(&self, file: FileId, call: &Call, class: ClassRef, name: &str) -> Option<Ty> {
        if !matches!(name, "filter_queryset" | "get_object" | "get_queryset" | "paginate_queryset")
            || !self
                .extends(class, &|name| name.ends_with("View") || name.ends_with("ViewSet") || name.ends_with("Mixin"))
        {
            return None;
        }
        let only = match call.args.as_slice() {
            [only] => Some(only.value),
            _ => None,
        };
        match name {
            "get_object" => self.view_model(class).map(|model| Ty::Instance(model, None)),
            "get_queryset" => match self.class_member(class, "queryset")? {
                ClassMember::Attribute(file, value, _) => Some(self.of(file, value)),
                ClassMember::Method(_) => None,
            },
            "filter_queryset" => Some(self.of(file, only?)),
            _ => match self.element(&self.of(file, only?)) {
                Ty::Unknown => None,
                row => Some(Ty::List(Box::new(row))),
            },
        }
    }

    /// What a framework puts on an object of a class that says nothing of it: `self.object` of a view that shows one row,
    /// `self.instance` of a form of a model.
    pub(super) fn put_on(&self, class: ClassRef, name: &str) -> Option<Ty> {
        let model = match name {
            "object" if self.extends(class, &|name| SHOWS_ONE.contains(&name)) => self.view_model(class),
            "instance" => self.form_model(class),
            _ => None,
        };
        model.map(|model| Ty::Instance(model, None))
    }

    /// The user of a request, `request.user`, where nothing else is known of it.
    pub(super) fn user_of(&self, file: FileId, request: ValueId) -> Option<Ty> {
        let user = self.relations().user()?;
        let facts = self.facts(file);
        let name = match *facts.value(request) {
            Value::Param(function, index) => facts.function(function).params.get(usize::from(index))?.name,
            Value::Member(_, name) => name,
            _ => return None,
        };
        (&facts.names[name] == "request" && facts.template.is_none()).then_some(Ty::Instance(user, None))
    }

    /// Whether a class extends one whose name ends like this, in the project or beyond it.
    fn is_named(&self, class: ClassRef, end: &str, depth: u8) -> bool {
        let facts = self.facts(class.file);
        depth < 6
            && facts.class(class.class).bases.iter().any(|&base| {
                facts.own_name(base).is_some_and(|name| name.ends_with(end))
                    || match self.of(class.file, base) {
                        Ty::Class(base) if base != class => self.is_named(base, end, depth + 1),
                        _ => false,
                    }
            })
    }

    /// Whether a class extends one of such a name, in the project or beyond it.
    pub(super) fn extends(&self, class: ClassRef, wanted: &dyn Fn(&str) -> bool) -> bool {
        self.extends_within(class, wanted, 0)
    }

    fn extends_within(&self, class: ClassRef, wanted: &dyn Fn(&str) -> bool, depth: u8) -> bool {
        let facts = self.facts(class.file);
        depth < 8
            && facts.class(class.class).bases.iter().any(|&base| {
                // `class Book(ModelObjectType[models.Book])`
                let head = match facts.value(base) {
                    Value::Typed(of) => of.head,
                    _ => base,
                };
                facts.own_name(head).is_some_and(wanted)
                    || match self.of(class.file, head) {
                        Ty::Class(base) if base != class => self.extends_within(base, wanted, depth + 1),
                        _ => false,
                    }
            })
    }
}
