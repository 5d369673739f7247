//! What Django does for one row that is written, and not for many at once: a model's own `save()`, receivers of signals,
//! columns that are set to the time of each change.

use crate::facts::*;
use crate::project::relations::is_model;
use crate::project::row_calls::WRITES_OF_ROWS;
use crate::project::{ClassMember, ClassRef, FileId, Flow, FunctionRef, Project, QuerySite, SiteEffect, Ty, Types};
use crate::source::Span;

/// Signals that a bulk write does not send.
const SIGNALS: [&str; 2] = ["post_save", "pre_save"];
/// What writes a row's history when it is saved, by a receiver of its own.
const HISTORY: &str = "HistoricalRecords";
/// What `bulk_create`, `bulk_update` and `update` do not do for a model.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// The model.
    pub model: String,
    /// Its own `save()`, or `delete()`: which, and where.
    pub method: Option<(&'static str, (FileId, Span))>,
    /// Receivers of its signals: which signal, and where.
    pub receivers: Vec<(&'static str, (FileId, Span))>,
    /// The history that a package writes along: what keeps it, and where.
    pub history: Option<(&'static str, (FileId, Span))>,
    /// Columns with `auto_now`, which `bulk_create` sets and the others do not; `None` where it is `bulk_create`.
    pub times: Option<Vec<String>>,
    /// What the model extends whose `save()` is not in sight.
    pub unseen: Option<String>,
    /// Whether all that the model extends is in sight.
    pub is_known: bool,
}

/// A function that is called when rows are saved.
#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    signal: &'static str,
    /// Rows of which model; `None` for all.
    sender: Option<ClassRef>,
    place: (FileId, Span),
    /// What is called, if it is in sight.
    function: Option<FunctionRef>,
}

/// A query that Django runs for each row that is written.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Where it stands.
    pub place: (FileId, Span),
    /// The function that it stands in: `Order.save`.
    pub by: String,
}

/// How a site writes one row of a model of Django's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// `save`
    Saved,
    /// `delete`
    Deleted,
    /// `create`
    Created,
    /// `get_or_create`
    CreatedIfNew,
    /// `update_or_create`
    Upserted,
}

/// How a site writes one row of a model of Django's.
fn written(site: &QuerySite) -> Option<Written> {
    let path = site.path.strip_prefix("django.")?;
    Some(match path.rsplit('.').next()? {
        "save" | "asave" | "save_base" => Written::Saved,
        // Of a queryset, it is one statement for many rows.
        "delete" | "adelete" if path == "db.models.Model.delete" || path == "db.models.Model.adelete" => {
            Written::Deleted
        }
        "create" | "acreate" => Written::Created,
        "get_or_create" | "aget_or_create" => Written::CreatedIfNew,
        "update_or_create" | "aupdate_or_create" => Written::Upserted,
        _ => return None,
    })
}

/// The queries that surely run with each row that a site writes: in the `save()` of its model, and in receivers of that
/// model's signals.
pub fn also_asked(project: &Project, site: &QuerySite) -> Vec<Asked> {
    let written = written(site).filter(|written| !matches!(written, Written::CreatedIfNew | Written::Deleted));
    let (Some(written), Some(model)) = (written, site.model) else { return Vec::new() };
    let is_new = written == Written::Created;
    let types = Types::new(project);
    let save = match types.class_member(model, "save") {
        Some(ClassMember::Method(function)) => Some(function),
        _ => None,
    };
    let receivers = project.receivers().iter().filter(|of| of.sender == Some(model)).filter_map(|of| of.function);
    save.into_iter().chain(receivers).flat_map(|function| surely_asked(project, function, is_new)).collect()
}

/// The queries of a function that stand under no condition, but that the row is new.
fn surely_asked(project: &Project, function: FunctionRef, is_new: bool) -> Vec<Asked> {
    let file = project.file(function.file);
    let facts = &file.facts;
    let own = facts.function(function.function);
    // What stands behind an early exit does not always run.
    let is_reached = |span: Span| {
        let before = &file.source.text[own.span.start as usize..span.start as usize];
        !before.lines().any(|line| line.trim_start().starts_with("return") || line.trim_start().starts_with("raise"))
    };
    let is_created = |guard: &Guard| {
        let is_told =
            |at: u16| own.params.get(usize::from(at)).is_some_and(|param| &facts.names[param.name] == "created");
        is_new
            && guard.kind == GuardKind::Then
            && guard.parent.is_none()
            && matches!(*facts.value(guard.condition), Value::Param(of, at) if of == function.function && is_told(at))
    };
    let writes_row = |site: &QuerySite| match facts.value(facts.call(site.call).callee) {
        Value::Member(object, _) => matches!(facts.value(*object), Value::Super(_)),
        _ => false,
    };
    let sites = project.sites(function.file).iter().filter(|site| {
        site.function == function.function
            && matches!(site.effect, SiteEffect::Query | SiteEffect::Write)
            && site.in_loop.is_none()
            && site.of_row.is_none()
            && site.guard.is_none_or(|guard| is_created(&facts.guards[guard.index()]))
            && is_reached(site.span)
            && !writes_row(site)
    });
    let by = facts.scope(function.function);
    sites.map(|site| Asked { place: (function.file, site.span), by: by.clone() }).collect()
}

/// What a bulk write leaves out of what a site does for its row, if that is Django's way to write one.
/// `from`: the file of the site, `call`: what leads to it from the loop.
pub fn left_out(project: &Project, (from, site): (FileId, &QuerySite), call: (FileId, CallId)) -> Option<LeftOut> {
    let types = Types::new(project);
    let Some(written) = written(site) else { return own_method(&types, call) };
    let model = match written {
        Written::Saved | Written::Deleted => row_of(&types, site.model, call, (from, site.call))?,
        _ => site.model?,
    };
    let is_known = !types.has_unknown_base(model);
    // What a manager is of is not always known.
    if is_known && !is_model(&types, model) {
        return None;
    }
    let facts = &project.file(model.file).facts;
    let name = if written == Written::Deleted { "delete" } else { "save" };
    let method = method_of(&types, model, name).map(|place| (name, place));
    // A queryset that is deleted sends the signals of each row.
    let receivers = if written == Written::Deleted { &[] } else { project.receivers() };
    let receivers = receivers.iter().filter(|of| of.sender.is_none_or(|sender| sender == model));
    Some(LeftOut {
        model: facts.names[facts.class(model.class).name].to_owned(),
        method,
        receivers: receivers.map(|of| (of.signal, of.place)).collect(),
        history: history(&types, model).filter(|_| written != Written::Deleted).map(|place| (HISTORY, place)),
        times: (written == Written::Saved).then(|| times(&types, model)),
        unseen: unseen(&types, model).filter(|_| written != Written::Deleted),
        // An upsert sets the same columns of all rows.
        is_known: is_known && !matches!(written, Written::Deleted | Written::Upserted),
    })
}

/// Where a model has a method of its own of this name.
fn method_of(types: &Types<'_>, model: ClassRef, name: &str) -> Option<(FileId, Span)> {
    let Some(ClassMember::Method(function)) = types.class_member(model, name) else { return None };
    Some((function.file, types.project().file(function.file).facts.function(function.function).name_span))
}

/// What a row's own `save()` or `delete()` does, where that is called and leads to another write.
fn own_method(types: &Types<'_>, (file, call): (FileId, CallId)) -> Option<LeftOut> {
    let facts = &types.project().file(file).facts;
    let Value::Member(object, name) = *facts.value(facts.call(call).callee) else { return None };
    let name = ["delete", "save"].into_iter().find(|known| *known == &facts.names[name])?;
    let Ty::Instance(model, _) = types.of(file, object) else { return None };
    let place = method_of(types, model, name).filter(|_| is_model(types, model))?;
    let facts = &types.project().file(model.file).facts;
    Some(LeftOut {
        model: facts.names[facts.class(model.class).name].to_owned(),
        method: Some((name, place)),
        receivers: Vec::new(),
        history: None,
        times: None,
        unseen: None,
        is_known: false,
    })
}

/// The class of the row that is saved or deleted: of what the loop calls `save()` on, or that the call stands in that
/// writes it (`super().save()`), not the base that it leads to; of a form, the model that it names. Where the site knows
/// no model, that of the row which the loop hands over.
fn row_of(
    types: &Types<'_>,
    model: Option<ClassRef>,
    call: (FileId, CallId),
    site: (FileId, CallId),
) -> Option<ClassRef> {
    let instance = |file: FileId, value: ValueId| match types.of(file, value) {
        Ty::Instance(class, _) => Some(class),
        _ => None,
    };
    let object = |(file, call): (FileId, CallId)| {
        let facts = &types.project().file(file).facts;
        match *facts.value(facts.call(call).callee) {
            Value::Member(object, name) if WRITES_OF_ROWS.contains(&&facts.names[name]) => match *facts.value(object) {
                Value::Super(class) | Value::This(class) => Some(ClassRef { file, class }),
                _ => instance(file, object),
            },
            _ => None,
        }
    };
    let is_one = |class: &ClassRef| match model {
        Some(model) => types.lineage(*class).contains(&model),
        None => is_model(types, *class),
    };
    // What hangs on the row that is handed over is another one.
    let is_given = || {
        let facts = &types.project().file(site.0).facts;
        matches!(*facts.value(facts.call(site.1).callee), Value::Member(object, _)
            if matches!(facts.value(object), Value::Param(..) | Value::This(_) | Value::Super(_)))
    };
    let handed = || {
        let facts = &types.project().file(call.0).facts;
        let mut rows = facts.call(call.1).args.iter().filter_map(|arg| instance(call.0, arg.value));
        rows.find(is_one)
    };
    let class = object(call)
        .filter(is_one)
        .or_else(|| object(site).filter(is_one))
        .or(model)
        .or_else(|| if is_given() { handed() } else { None })?;
    Some(types.form_model(class).unwrap_or(class))
}

/// Where a model says that its history is kept: `history = HistoricalRecords()`.
fn history(types: &Types<'_>, model: ClassRef) -> Option<(FileId, Span)> {
    types.lineage(model).into_iter().find_map(|class| {
        let facts = &types.project().file(class.file).facts;
        let keeps = |field: &&Attribute| match *facts.value(field.value) {
            Value::Call(call) => Flow::new(facts).called_name(facts.call(call)) == Some(HISTORY),
            _ => false,
        };
        let field = facts.class(class.class).attributes.iter().find(keeps)?;
        Some((class.file, field.span))
    })
}

/// The class of a package that a model extends; what it does when a row is saved cannot be known.
fn unseen(types: &Types<'_>, model: ClassRef) -> Option<String> {
    types.lineage(model).into_iter().find_map(|class| {
        let facts = &types.project().file(class.file).facts;
        facts.class(class.class).bases.iter().find_map(|&base| match types.of(class.file, base) {
            Ty::Path(path) if !path.starts_with("django.") && path.contains('.') => {
                path.rsplit('.').next().map(str::to_owned)
            }
            _ => None,
        })
    })
}

/// The columns of a model that are set to the time of each change.
fn times(types: &Types<'_>, model: ClassRef) -> Vec<String> {
    let mut found = Vec::new();
    for class in types.lineage(model) {
        let facts = &types.project().file(class.file).facts;
        for field in facts.class(class.class).attributes.iter().filter(|field| field.in_body) {
            let Value::Call(call) = facts.value(field.value) else { continue };
            let is_set = facts.call(*call).args.iter().any(|arg| {
                arg.name.is_some_and(|name| &facts.names[name] == "auto_now")
                    && *facts.value(arg.value) == Value::Bool(true)
            });
            let name = &facts.names[field.name];
            if is_set && !found.iter().any(|known| known == name) {
                found.push(name.to_owned());
            }
        }
    }
    found
}

/// All functions of a project that are called when rows are saved: `@receiver(post_save, sender=Order)`,
/// `post_save.connect(changed, sender=Order)`.
pub(crate) fn receivers(project: &Project) -> Vec<Receiver> {
    let types = Types::new(project);
    let mut found = Vec::new();
    for file in project.ids() {
        let facts = &project.file(file).facts;
        if SIGNALS.iter().all(|signal| facts.names.find(signal).is_none()) {
            continue;
        }
        let flow = Flow::new(facts);
        let signal = |value: ValueId| {
            let name = facts.own_name(value)?;
            SIGNALS.into_iter().find(|signal| *signal == name)
        };
        for (id, call) in facts.numbered() {
            let signals: Vec<&'static str> = match (flow.called_name(call), facts.value(call.callee)) {
                (Some("connect"), Value::Member(object, _)) => signal(*object).into_iter().collect(),
                (Some("receiver"), _) => match call.args.first().map(|arg| (arg.value, facts.value(arg.value))) {
                    Some((_, Value::Sequence(items))) => items.iter().filter_map(|&item| signal(item)).collect(),
                    Some((value, _)) => signal(value).into_iter().collect(),
                    None => continue,
                },
                _ => continue,
            };
            let named = call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == "sender"));
            // `post_save.connect(changed, Order)`
            let is_connected = flow.called_name(call) == Some("connect");
            let sender = named.or_else(|| call.args.get(1).filter(|arg| is_connected && arg.name.is_none()));
            let senders: Vec<Option<ClassRef>> = match sender {
                None => vec![None],
                Some(arg) => classes(&types, file, arg.value).into_iter().map(Some).collect(),
            };
            let handed = call.args.first().map(|arg| types.of(file, arg.value));
            let decorates = |own: &Function| own.decorators.iter().any(|&by| *facts.value(by) == Value::Call(id));
            let function = match handed {
                Some(Ty::Function(function)) => Some(function),
                _ => {
                    let own = (0..).map(FunctionId).zip(&facts.functions).find(|(_, own)| decorates(own));
                    own.map(|(function, _)| FunctionRef { file, function })
                }
            };
            let place = (file, call.name_span);
            for sender in senders {
                found.extend(signals.iter().map(|&signal| Receiver { signal, sender, place, function }));
            }
        }
    }
    found
}

/// The classes that a value may be, also each of those that a loop goes through: `for sender in (Order, Line): …`.
fn classes(types: &Types<'_>, file: FileId, value: ValueId) -> Vec<ClassRef> {
    let facts = &types.project().file(file).facts;
    let values: &[ValueId] = match *facts.value(value) {
        Value::Element(listed, _) => match facts.value(listed) {
            Value::Sequence(items) => items,
            _ => &[value],
        },
        _ => &[value],
    };
    let class = |&value: &ValueId| match types.of(file, value) {
        Ty::Class(class) => Some(class),
        _ => None,
    };
    values.iter().filter_map(class).collect()
}
