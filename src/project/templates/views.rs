//! Views of Django's that a framework makes render a template: classes with a `template_name`, and the generic views.

use super::context::Context;
use super::renderings::named;
use super::{Given, Rendering};
use crate::facts::*;
use crate::project::types::{ClassMember, Ty, Types};
use crate::project::{ClassRef, FileId, FunctionRef};

/// What a generic view shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    Rows,
    Row,
    Nothing,
}

/// Generic views, what they show, and the end of the name of their template.
const GENERIC: [(&str, Shows, &str); 16] = [
    ("ListView", Shows::Rows, "_list"),
    ("BaseListView", Shows::Rows, "_list"),
    ("MultipleObjectMixin", Shows::Rows, "_list"),
    ("MultipleObjectTemplateResponseMixin", Shows::Rows, "_list"),
    ("ArchiveIndexView", Shows::Rows, "_archive"),
    ("YearArchiveView", Shows::Rows, "_archive_year"),
    ("MonthArchiveView", Shows::Rows, "_archive_month"),
    ("DayArchiveView", Shows::Rows, "_archive_day"),
    ("FilterView", Shows::Rows, "_filter"),
    ("DetailView", Shows::Row, "_detail"),
    ("SingleObjectMixin", Shows::Row, "_detail"),
    ("UpdateView", Shows::Row, "_form"),
    ("DeleteView", Shows::Row, "_confirm_delete"),
    ("CreateView", Shows::Nothing, "_form"),
    ("TemplateView", Shows::Nothing, ""),
    ("FormView", Shows::Nothing, ""),
];

/// The rendering of a class, if it is a view with a template.
pub(super) fn find(types: &Types<'_>, context: &Context<'_, '_>, file: FileId, class: ClassId) -> Option<Rendering> {
    let facts = types.facts(file);
    let own = facts.class(class);
    let is_view = own.bases.iter().any(|&base| {
        let name = facts.own_name(base).unwrap_or("");
        name.contains("View") || name.contains("Mixin") || matches!(facts.value(base), Value::Class(_))
    });
    let class = ClassRef { file, class };
    if !is_view && types.class_member(class, "template_name").is_none() {
        return None;
    }
    let generic = GENERIC.iter().find(|(name, ..)| types.extends(class, &|base| base == *name));
    let shows = generic.map_or(Shows::Nothing, |(_, shows, _)| *shows);
    let model = types.view_model(class);
    let template = match literal(types, class, "template_name") {
        Some(name) => named(types, file, name)?,
        None => {
            let (_, _, end) = generic.filter(|(_, _, end)| !end.is_empty())?;
            let end = literal(types, class, "template_name_suffix").unwrap_or(end);
            named(types, file, &format!("{}{end}.html", path_of(types, model?)?))?
        }
    };
    let mut names = Vec::new();
    let given = match shows {
        Shows::Rows => Some((Given::Rows(class), "_list")),
        Shows::Row => Some((Given::Row(class), "")),
        Shows::Nothing => None,
    };
    if let Some((given, end)) = given {
        let usual: &[&str] = if shows == Shows::Rows { &["object_list", "page_obj"] } else { &["object"] };
        names.extend(usual.iter().map(|&name| (name.into(), given)));
        let own = literal(types, class, "context_object_name").map(str::to_owned);
        let own = own.or_else(|| Some(format!("{}{end}", name_of(types, model?).to_ascii_lowercase())));
        names.extend(own.map(|name| (name.into(), given)));
    }
    names.push(("view".into(), Given::View(class)));
    if let Some(function) = method(types, class, "get_context_data").or_else(|| method(types, class, "get_context")) {
        context.returned(function, &mut names);
    }
    decorated(types, class, &mut names);
    if let Some(ClassMember::Attribute(of, value, _)) = types.class_member(class, "extra_context")
        && of == file
    {
        context.of(value, &mut names);
    }
    Some(Rendering {
        place: (file, own.name_span),
        name: facts.names[own.name].to_owned(),
        template,
        call: None,
        maker: None,
        context: names,
    })
}

/// Adds the methods of a class that `django_context_decorator` puts into the context: `@context def books(self)`.
fn decorated(types: &Types<'_>, class: ClassRef, names: &mut Vec<(Box<str>, Given)>) {
    let methods =
        |class: ClassRef| types.facts(class.file).class(class.class).methods.iter().map(move |&m| (class.file, m));
    for (file, function) in types.lineage(class).into_iter().flat_map(methods) {
        let facts = types.facts(file);
        let own = facts.function(function);
        let is_context = |&decorator: &ValueId| match facts.value(decorator) {
            Value::Import(import) => {
                let import = &facts.imports[import.index()];
                &facts.names[import.module] == "django_context_decorator"
            }
            _ => false,
        };
        let name = &facts.names[own.name];
        if own.decorators.iter().any(is_context) && !names.iter().any(|(known, _)| **known == *name) {
            names.push((name.into(), Given::Made(FunctionRef { file, function })));
        }
    }
}

fn method(types: &Types<'_>, class: ClassRef, name: &str) -> Option<FunctionRef> {
    match types.class_member(class, name)? {
        ClassMember::Method(function) => Some(function),
        ClassMember::Attribute(..) => None,
    }
}

/// A text that an attribute of a class is.
fn literal<'p>(types: &Types<'p>, class: ClassRef, name: &str) -> Option<&'p str> {
    match types.class_member(class, name)? {
        ClassMember::Attribute(file, value, _) => types.facts(file).literal(value),
        ClassMember::Method(_) => None,
    }
}

fn name_of<'p>(types: &Types<'p>, model: ClassRef) -> &'p str {
    let facts = types.facts(model.file);
    &facts.names[facts.class(model.class).name]
}

/// `library/book`: the application of a model and its name, as generic views name their templates.
fn path_of(types: &Types<'_>, model: ClassRef) -> Option<String> {
    let path = &types.project().file(model.file).source.path;
    let mut folders = path.rsplit('/').skip(1);
    let app = folders.next().and_then(|folder| if folder == "models" { folders.next() } else { Some(folder) })?;
    Some(format!("{app}/{}", name_of(types, model).to_ascii_lowercase()))
}

impl Types<'_> {
    /// The model of the rows that a view shows.
    pub(in crate::project) fn view_model(&self, class: ClassRef) -> Option<ClassRef> {
        let of = |ty: Ty| match ty {
            Ty::Api(_, model) => model,
            Ty::Instance(_, Some(model)) => Some(model),
            Ty::List(element) => match *element {
                Ty::Instance(model, _) => Some(model),
                _ => None,
            },
            _ => None,
        };
        if let Some(ClassMember::Method(function)) = self.class_member(class, "get_queryset")
            && let Some(model) = of(self.returned(function)).filter(|&model| !self.gives_rows(model))
        {
            return Some(model);
        }
        if let Some(ClassMember::Attribute(file, value, _)) = self.class_member(class, "queryset")
            && let Some(model) = of(self.of(file, value))
        {
            return Some(model);
        }
        match self.class_member(class, "model")? {
            ClassMember::Attribute(file, value, _) => match self.of(file, value) {
                Ty::Class(model) => Some(model),
                _ => None,
            },
            ClassMember::Method(_) => None,
        }
    }
}
