//! Queries that ask for no more than a few rows, and lists that somebody types on a command line.

use super::flow::Flow;
use crate::facts::*;

/// How many steps of a query are followed.
const MAX_STEPS: usize = 16;

/// Whether what a call is given asks for no more than a few: `get_tasks(status, limit=5)`, `findMany({ take: 10 })`. What
/// a few is, `is_few` says.
pub(super) fn asks_for_few(facts: &FileFacts, id: CallId, is_few: impl Fn(ValueId) -> bool) -> bool {
    let call = facts.call(id);
    let finds = Flow::new(facts).called_name(call).is_some_and(|name| name.starts_with("find"));
    let is_option =
        |&(key, value): &(ValueId, ValueId)| matches!(facts.literal(key), Some("limit" | "take")) && is_few(value);
    call.args.iter().any(|arg| match (arg.name, facts.value(arg.value)) {
        (Some(name), _) => &facts.names[name] == "limit" && is_few(arg.value),
        (None, Value::Mapping(options)) => finds && options.iter().any(is_option),
        _ => false,
    })
}

/// Whether one of the steps of a query asks for no more than a few, `select().from(tasks).limit(10)`; or the first few of
/// a list are taken, `ids.slice(0, 5)`.
pub(super) fn limits_to_few(facts: &FileFacts, id: CallId, is_few: impl Fn(ValueId) -> bool) -> bool {
    let call = facts.call(id);
    if let [low, high] = call.args.as_slice()
        && Flow::new(facts).called_name(call) == Some("slice")
        && *facts.value(low.value) == Value::Int(0)
    {
        return is_few(high.value);
    }
    let mut at = id;
    for _ in 0..MAX_STEPS {
        let call = facts.call(at);
        let Value::Member(object, step) = *facts.value(call.callee) else { return false };
        if let [only] = call.args.as_slice()
            && matches!(&facts.names[step], "limit" | "take")
            && is_few(only.value)
        {
            return true;
        }
        let Value::Call(before) = *facts.value(object) else { return false };
        at = before;
    }
    false
}

/// Whether a list is typed on a command line: `sys.argv[1:]`, `options["names"]` and `args.names` of
/// `add_argument("--names", nargs="+")`, a parameter of `@click.argument("names", nargs=-1)`.
pub(super) fn is_typed(facts: &FileFacts, list: ValueId) -> bool {
    let is_called = |value: ValueId, names: &[&str]| match *facts.value(value) {
        Value::Call(call) => Flow::new(facts).called_name(facts.call(call)).is_some_and(|name| names.contains(&name)),
        _ => false,
    };
    // What Django gives a command's `handle(self, *args, **options)`.
    let is_options = |value: ValueId| match *facts.value(value) {
        Value::Param(function, index) => {
            let function = facts.function(function);
            &facts.names[function.name] == "handle"
                && function.params.get(usize::from(index)).is_some_and(|param| param.is_rest)
        }
        _ => false,
    };
    match *facts.value(list) {
        Value::Slice(whole, ..) => is_typed(facts, whole),
        Value::Item(options, key) => {
            is_options(options) && facts.literal(key).is_some_and(|name| takes_several(facts, name))
        }
        Value::Call(id) => match *facts.value(facts.call(id).callee) {
            Value::Member(options, get) if &facts.names[get] == "get" && is_options(options) => {
                let key = facts.call(id).args.first().and_then(|arg| facts.literal(arg.value));
                key.is_some_and(|name| takes_several(facts, name))
            }
            _ => false,
        },
        Value::Member(object, name) => {
            let name = &facts.names[name];
            match *facts.value(object) {
                Value::Import(import) => name == "argv" && &facts.names[facts.imports[import.index()].module] == "sys",
                Value::Call(_) => is_called(object, &["parse_args"]) && takes_several(facts, name),
                _ => false,
            }
        }
        Value::Param(function, index) => {
            let function = facts.function(function);
            let Some(param) = function.params.get(usize::from(index)) else { return false };
            function.decorators.iter().any(|&decorator| match *facts.value(decorator) {
                Value::Call(call) => {
                    is_called(decorator, &["argument", "option"])
                        && is_several_of(facts, facts.call(call), &facts.names[param.name])
                }
                _ => false,
            })
        }
        _ => false,
    }
}

/// Whether a file declares an argument of a command line that is given several times: `nargs="+"`, `action="append"`.
fn takes_several(facts: &FileFacts, name: &str) -> bool {
    let flow = Flow::new(facts);
    let mut declared = facts.calls.iter().filter(|call| flow.called_name(call) == Some("add_argument"));
    declared.any(|call| is_several_of(facts, call, name))
}

fn is_several_of(facts: &FileFacts, declared: &Call, name: &str) -> bool {
    let is_named = |arg: &Arg| match (arg.name, facts.literal(arg.value)) {
        (None, Some(option)) => option.trim_start_matches('-').replace('-', "_") == name,
        (Some(key), Some(dest)) => &facts.names[key] == "dest" && dest == name,
        _ => false,
    };
    let is_several = |arg: &Arg| match arg.name.map(|name| &facts.names[name]) {
        Some("nargs") => facts.literal(arg.value) != Some("?"),
        Some("action") => matches!(facts.literal(arg.value), Some("append" | "extend")),
        Some("multiple") => *facts.value(arg.value) == Value::Bool(true),
        _ => false,
    };
    declared.args.iter().any(is_named) && declared.args.iter().any(is_several)
}
