//! What writing many rows at once leaves out of what Django does for one: a model's own `save()`, receivers of signals,
//! columns that are set to the time of each change.

use crate::facts::*;
use crate::project::{ClassMember, ClassRef, FileId, Flow, Project, QuerySite, Ty, Types};
use crate::source::Span;

/// Signals that a bulk write does not send.
const SIGNALS: [&str; 2] = ["post_save", "pre_save"];
/// How deep the bases of a model are looked through.
const MAX_BASES: usize = 12;

/// What `bulk_create`, `bulk_update` and `update` do not do for a model.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// The model.
    pub model: String,
    /// Its own `save()`.
    pub save: Option<(FileId, Span)>,
    /// Receivers of its signals: which signal, and where.
    pub receivers: Vec<(&'static str, (FileId, Span))>,
    /// Columns with `auto_now`, which `bulk_create` sets and the others do not.
    pub times: Vec<String>,
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
}

/// What a bulk write leaves out of what a site does for its row, if that is Django's `save()` or `create()`.
pub fn left_out(project: &Project, site: &QuerySite) -> Option<LeftOut> {
    let method = site.path.strip_prefix("django.")?.rsplit('.').next()?;
    let is_save = matches!(method, "save" | "asave" | "save_base");
    if !is_save && !matches!(method, "create" | "acreate") {
        return None;
    }
    let types = Types::new(project);
    let model = site.model?;
    let facts = &project.file(model.file).facts;
    let save = match types.class_member(model, "save") {
        Some(ClassMember::Method(function)) => {
            Some((function.file, project.file(function.file).facts.function(function.function).name_span))
        }
        _ => None,
    };
    let receivers = project.receivers().iter().filter(|of| of.sender.is_none_or(|sender| sender == model));
    Some(LeftOut {
        model: facts.names[facts.class(model.class).name].to_owned(),
        save,
        receivers: receivers.map(|of| (of.signal, of.place)).collect(),
        times: if is_save { times(&types, model) } else { Vec::new() },
        is_known: !types.has_unknown_base(model),
    })
}

/// The columns of a model that are set to the time of each change.
fn times(types: &Types<'_>, model: ClassRef) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![model];
    let mut seen = 0;
    while let Some(class) = open.pop().filter(|_| seen < MAX_BASES) {
        seen += 1;
        let facts = &types.project().file(class.file).facts;
        for field in facts.class(class.class).attributes.iter().filter(|field| field.in_body) {
            let Value::Call(call) = facts.value(field.value) else { continue };
            let is_set = facts.call(*call).args.iter().any(|arg| {
                arg.name.is_some_and(|name| &facts.names[name] == "auto_now")
                    && *facts.value(arg.value) == Value::Bool(true)
            });
            if is_set {
                found.push(facts.names[field.name].to_owned());
            }
        }
        open.extend(types.project_bases(class));
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
        for call in &facts.calls {
            let signals: Vec<&'static str> = match (flow.called_name(call), facts.value(call.callee)) {
                (Some("connect"), Value::Member(object, _)) => signal(*object).into_iter().collect(),
                (Some("receiver"), _) => match call.args.first().map(|arg| (arg.value, facts.value(arg.value))) {
                    Some((_, Value::Sequence(items))) => items.iter().filter_map(|&item| signal(item)).collect(),
                    Some((value, _)) => signal(value).into_iter().collect(),
                    None => continue,
                },
                _ => continue,
            };
            let sender = call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == "sender"));
            let sender = match sender.map(|arg| types.of(file, arg.value)) {
                None => None,
                Some(Ty::Class(class)) => Some(class),
                Some(_) => continue,
            };
            found.extend(signals.into_iter().map(|signal| Receiver { signal, sender, place: (file, call.name_span) }));
        }
    }
    found
}
