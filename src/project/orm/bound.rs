//! What is bound to the parameters of a SQL text: `execute(sql, [f"%{q}%", limit, (page - 1) * limit])`.

use rustc_hash::{FxHashMap, FxHashSet};

use super::values::{self, Amount, Edge};
use crate::apis::ArgRef;
use crate::facts::*;
use crate::project::{FileId, QuerySite, Types};
use crate::source::Span;

/// Which parameter of a SQL text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ParamKey {
    /// The n-th that is bound, from 0: `?`, `%s`; `$1` and `:1` are 0.
    Position(usize),
    /// By name: `:name`, `%(name)s`, `@name`.
    Name(Box<str>),
    /// The n-th hole of the text itself, from 0: what a tag or the string puts in its place.
    Hole(usize),
}

/// One parameter and what is bound to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundParam {
    /// Which one.
    pub key: ParamKey,
    /// What is bound.
    pub value: ValueId,
    /// The query call.
    pub span: Span,
}

/// What is known of the parameters of one query site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteParams {
    /// The site, by its index among those of the file.
    pub site: usize,
    /// The parameters whose values begin with `%` or `_`.
    pub wildcards: Vec<BoundParam>,
    /// The parameters that are page arithmetic, or that grow with the loop the query stands in.
    pub offsets: Vec<(BoundParam, Amount)>,
}

/// How many elements `[x] * n` is followed to.
const MAX_REPEATS: i64 = 32;

/// All parameters of a site whose values are known.
fn bound_params(types: &Types<'_>, file: FileId, appended: &Appended, site: &QuerySite) -> Vec<BoundParam> {
    let facts = &types.project().file(file).facts;
    let call = facts.call(site.call);
    let api = types.api_call(file, site.call).or_else(|| types.shape(file, site.call).map(|shape| &shape.call));
    let mut found = Vec::new();
    if let Some(api) = api {
        match &api.params {
            Some(ArgRef::Index(index)) => {
                found = given(facts, appended, call.args.get(usize::from(*index)..).unwrap_or(&[]));
            }
            Some(ArgRef::Keyword(name)) => {
                if let Some(value) = keyword(facts, call, name) {
                    found = of_value(facts, appended, value);
                }
            }
            None => {}
        }
    }
    if found.is_empty() {
        found = of_built_text(types, file, appended, call);
    }
    let holes = call.args.iter().filter_map(|arg| text_of(types, file, arg.value, 0)).flat_map(|text| {
        text.holes.iter().enumerate().map(|(index, hole)| (ParamKey::Hole(index), hole.value)).collect::<Vec<_>>()
    });
    found.extend(holes);
    let span = site.span;
    found.into_iter().map(|(key, value)| BoundParam { key, value, span }).collect()
}

/// What is worth knowing of the parameters of all sites of a file.
pub(super) fn of_sites(types: &Types<'_>, file: FileId) -> Vec<SiteParams> {
    if types.project().sites(file).iter().all(|site| site.sql.is_empty()) {
        return Vec::new();
    }
    let sites = types.project().sites(file).iter().enumerate();
    let appended = Appended::of(&types.project().file(file).facts);
    let params = sites.filter(|(_, site)| !site.sql.is_empty()).map(|(index, site)| {
        let mut wildcards = bound_params(types, file, &appended, site);
        let offsets = wildcards.iter().filter_map(|param| {
            let amount = values::amount(types, file, param.value, site.in_loop);
            matches!(amount, Amount::Computed | Amount::Walks(_)).then(|| (param.clone(), amount))
        });
        let offsets = offsets.collect();
        wildcards.retain(|param| values::first(types, file, param.value) == Edge::Wildcard);
        SiteParams { site: index, wildcards, offsets }
    });
    params.filter(|params| !params.wildcards.is_empty() || !params.offsets.is_empty()).collect()
}

fn keyword(facts: &FileFacts, call: &Call, wanted: &str) -> Option<ValueId> {
    let named = call.args.iter().find(|arg| arg.name.is_some_and(|name| &facts.names[name] == wanted));
    named.map(|arg| arg.value).or_else(|| {
        call.args.iter().find_map(|arg| match facts.value(arg.value) {
            Value::Mapping(entries) => {
                let entry = entries.iter().find(|(key, _)| facts.literal(*key) == Some(wanted));
                entry.map(|&(_, value)| value)
            }
            _ => None,
        })
    })
}

/// What these arguments bind: one list or dict of all, or one argument for each.
pub(super) fn given(facts: &FileFacts, appended: &Appended, args: &[Arg]) -> Vec<(ParamKey, ValueId)> {
    if let [only, ..] = args
        && only.name.is_none()
    {
        let found = of_value(facts, appended, only.value);
        if !found.is_empty() {
            return found;
        }
    }
    let mut position = 0;
    let mut found = Vec::new();
    for arg in args {
        match (arg.name, facts.value(arg.value)) {
            (Some(name), _) => found.push((ParamKey::Name(facts.names[name].into()), arg.value)),
            (None, Value::Spread(inner)) => {
                let parts = of_value(facts, appended, *inner);
                found.extend(parts.into_iter().map(|(key, value)| (shifted(key, position), value)));
                // How many there are is not known, so nothing after them is.
                break;
            }
            (None, _) => {
                found.push((ParamKey::Position(position), arg.value));
                position += 1;
            }
        }
    }
    found
}

fn shifted(key: ParamKey, by: usize) -> ParamKey {
    match key {
        ParamKey::Position(position) => ParamKey::Position(position + by),
        other => other,
    }
}

/// What a list, tuple, dict or object literal binds.
fn of_value(facts: &FileFacts, appended: &Appended, value: ValueId) -> Vec<(ParamKey, ValueId)> {
    match facts.value(value) {
        Value::Sequence(parts) => {
            let parts = parts.iter().take_while(|&&part| !matches!(facts.value(part), Value::Spread(_)));
            let mut found: Vec<_> = parts.enumerate().map(|(at, &part)| (ParamKey::Position(at), part)).collect();
            let more = appended.0.get(&value).into_iter().flatten();
            let length = found.len();
            found.extend(more.enumerate().map(|(at, &part)| (ParamKey::Position(length + at), part)));
            found
        }
        Value::Mapping(entries) => entries
            .iter()
            .flat_map(|&(key, value)| match facts.literal(key) {
                // `{ replacements: […] }`, `{ values: […] }`
                Some("replacements" | "values" | "bind") if of_value_is_list(facts, value) => {
                    of_value(facts, appended, value)
                }
                Some(name) => vec![(ParamKey::Name(name.trim_start_matches([':', '@', '$']).into()), value)],
                None if key == UNKNOWN => of_value(facts, appended, value),
                None => Vec::new(),
            })
            .collect(),
        // `(pattern,) * 3`
        Value::Operation(Operation::Multiply, left, right) => {
            let (list, times) = match (facts.value(*left), facts.value(*right)) {
                (Value::Sequence(_), Value::Int(times)) => (*left, *times),
                (Value::Int(times), Value::Sequence(_)) => (*right, *times),
                _ => return Vec::new(),
            };
            let parts = of_value(facts, appended, list);
            (0..times.clamp(0, MAX_REPEATS))
                .flat_map(|round| {
                    let by = usize::try_from(round).unwrap_or(0) * parts.len();
                    parts.iter().map(move |(key, value)| (shifted(key.clone(), by), *value))
                })
                .collect()
        }
        Value::Operation(Operation::Add, left, right) => {
            let mut found = of_value(facts, appended, *left);
            let by = found.len();
            found.extend(of_value(facts, appended, *right).into_iter().map(|(key, value)| (shifted(key, by), value)));
            found
        }
        // `dict(q=pattern)`, `tuple([…])`
        Value::Call(call) => {
            let call = facts.call(*call);
            match facts.value(call.callee) {
                Value::Global(name) if &facts.names[*name] == "dict" => given(facts, appended, &call.args),
                Value::Global(name) if matches!(&facts.names[*name], "tuple" | "list") => {
                    call.args.first().map(|arg| of_value(facts, appended, arg.value)).unwrap_or_default()
                }
                _ => Vec::new(),
            }
        }
        Value::Carried(inner, _) | Value::Spread(inner) => of_value(facts, appended, *inner),
        Value::Either(left, _) => of_value(facts, appended, *left),
        _ => Vec::new(),
    }
}

fn of_value_is_list(facts: &FileFacts, value: ValueId) -> bool {
    matches!(facts.value(value), Value::Sequence(_) | Value::Mapping(_))
}

/// Values that are appended to lists after they were made, by the list: only what is sure, outside loops and
/// conditions.
#[derive(Debug, Default)]
pub(super) struct Appended(FxHashMap<ValueId, Vec<ValueId>>);

impl Appended {
    /// Those of a file.
    fn of(facts: &FileFacts) -> Appended {
        let mut appended: FxHashMap<ValueId, Vec<ValueId>> = FxHashMap::default();
        let mut unsure: FxHashSet<ValueId> = FxHashSet::default();
        for call in &facts.calls {
            let Value::Member(list, name) = facts.value(call.callee) else { continue };
            if !matches!(&facts.names[*name], "append" | "push") || !matches!(facts.value(*list), Value::Sequence(_)) {
                continue;
            }
            if call.in_loop.is_some() || call.guard.is_some() {
                unsure.insert(*list);
            }
            // What follows an append that may not happen has no sure place.
            if !unsure.contains(list) {
                appended.entry(*list).or_default().extend(call.args.iter().map(|arg| arg.value));
            }
        }
        Appended(appended)
    }
}

/// `execute(text("…").bindparams(q=…))`, `{ text: "…", values: […] }`
fn of_built_text(types: &Types<'_>, file: FileId, appended: &Appended, call: &Call) -> Vec<(ParamKey, ValueId)> {
    let facts = &types.project().file(file).facts;
    let Some(first) = call.args.first() else { return Vec::new() };
    match facts.value(first.value) {
        Value::Mapping(entries) => {
            let values =
                entries.iter().find(|(key, _)| matches!(facts.literal(*key), Some("values" | "bindings" | "params")));
            values.map(|&(_, value)| of_value(facts, appended, value)).unwrap_or_default()
        }
        Value::Call(inner) => {
            let inner = facts.call(*inner);
            match facts.value(inner.callee) {
                Value::Member(_, name) if matches!(&facts.names[*name], "bindparams" | "params" | "bind") => {
                    given(facts, appended, &inner.args)
                }
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// The text with holes that an argument is: as a string, in `text(…)`, as a tagged template.
fn text_of<'p>(types: &Types<'p>, file: FileId, value: ValueId, depth: u8) -> Option<&'p Text> {
    let facts: &'p FileFacts = &types.project().file(file).facts;
    match facts.value(value) {
        Value::Text(text) => Some(&facts.texts[text.index()]).filter(|text| !text.holes.is_empty()),
        Value::Call(call) if depth < 3 => {
            let first = facts.call(*call).args.first()?;
            text_of(types, file, first.value, depth + 1)
        }
        _ => None,
    }
}
