//! What a caller must pass for a query behind a condition to be reached: `if save: self.write()` is not
//! reached by a caller that leaves `save=False` alone.

use super::calls::Edge;
use super::sites::QuerySite;
use super::{FunctionRef, Project};
use crate::facts::*;
use crate::source::Span;

/// With how many literals a parameter is compared at once, at most.
const MAX_ALTERNATIVES: usize = 32;

/// A condition on a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    /// Which parameter.
    param: u16,
    /// Which key of it, for an object of options.
    member: Option<Box<str>>,
    /// What it is if it is not given: `const { kind = "system" } = options`.
    default: Option<Literal>,
    /// What must hold.
    test: Test,
    /// Whether it is that of a condition around the query, not of an early exit before it.
    by_guard: bool,
}

/// A value that is the same wherever it is written the same.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Literal {
    Text(Box<str>),
    Int(i64),
    Bool(bool),
    /// A member of a module's constant: `Kind.System`.
    Constant(Box<str>, Box<str>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Truthy,
    Falsy,
    /// `None`, or what the default is: contradicted by passing something.
    Missing,
    Given,
    /// Anything but a literal `false`.
    NotFalse,
    /// One of these, not another literal.
    Is(Vec<Literal>),
    /// Anything but this.
    IsNot(Literal),
    /// A row, where nothing but the call tells that it is one.
    Row,
}

/// What a site requires of the callers of the function that it stands in.
pub(super) fn of_site(facts: &FileFacts, home: FunctionId, site: &QuerySite) -> Vec<Requirement> {
    let mut required = of_place(facts, home, site.function, site.guard, site.span);
    required.extend(site.of_row.map(row));
    required
}

fn row(param: u16) -> Requirement {
    Requirement { param, member: None, default: None, test: Test::Row, by_guard: false }
}

/// The requirements of a place in `function`, which is `home` or an inline callback in it: of the conditions around it,
/// and of the early exits before it.
pub(super) fn of_place(
    facts: &FileFacts,
    home: FunctionId,
    function: FunctionId,
    guard: Option<GuardId>,
    span: Span,
) -> Vec<Requirement> {
    let mut found = Vec::new();
    let mut function = function;
    loop {
        let from = facts.passed.partition_point(|passed| passed.function < function);
        let own = facts.passed[from..].iter().take_while(|passed| passed.function == function);
        for passed in own.filter(|passed| passed.span.contains(span)) {
            collect(facts, home, passed.condition, false, 0, &mut found);
            found.iter_mut().for_each(|requirement| requirement.by_guard = false);
        }
        match facts.function(function).passed_to {
            Some((call, _)) if function != home => function = facts.call(call).function,
            _ => break,
        }
    }
    let mut at = guard;
    while let Some(guard) = at.map(|id| &facts.guards[id.index()]) {
        if let Some(holds) = guard.kind.holds() {
            collect(facts, home, guard.condition, holds, 0, &mut found);
        }
        at = guard.parent;
    }
    found
}

fn collect(
    facts: &FileFacts,
    home: FunctionId,
    condition: ValueId,
    holds: bool,
    depth: u8,
    into: &mut Vec<Requirement>,
) {
    if depth > 8 {
        return;
    }
    let mut require = |value: ValueId, test: Test| {
        if let Some((param, member, default)) = parameter(facts, home, value) {
            into.push(Requirement { param, member, default, test, by_guard: true });
        }
    };
    match facts.value(condition) {
        Value::Operation(Operation::Not, inner, _) => collect(facts, home, *inner, !holds, depth + 1, into),
        Value::Operation(Operation::And, left, right) if holds => {
            collect(facts, home, *left, true, depth + 1, into);
            collect(facts, home, *right, true, depth + 1, into);
        }
        Value::Either(left, right) if !holds => {
            collect(facts, home, *left, false, depth + 1, into);
            collect(facts, home, *right, false, depth + 1, into);
        }
        // `if (kind === "mail" || kind === "text")`
        Value::Either(..) if let Some(required) = one_of(facts, home, condition) => into.push(required),
        Value::Operation(operation @ (Operation::Equal | Operation::NotEqual), left, right) => {
            let equal = (*operation == Operation::Equal) == holds;
            match facts.value(*right) {
                Value::Null => require(*left, if equal { Test::Missing } else { Test::Given }),
                Value::Bool(true) if equal => require(*left, Test::Truthy),
                Value::Bool(false) => require(*left, if equal { Test::Falsy } else { Test::NotFalse }),
                _ if is_default(facts, home, *left, *right) => {
                    require(*left, if equal { Test::Missing } else { Test::Given });
                }
                _ => {
                    let test = |literal| if equal { Test::Is(vec![literal]) } else { Test::IsNot(literal) };
                    // Numbers count; they are not followed.
                    let literal = |value| literal(facts, value).filter(|found| !matches!(found, Literal::Int(_)));
                    if let Some(literal) = literal(*right) {
                        require(*left, test(literal));
                    } else if let Some(literal) = literal(*left) {
                        require(*right, test(literal));
                    }
                }
            }
        }
        // `if ("id" in options)`
        Value::Operation(Operation::In, key, object) => {
            if let (Some(key), Value::Param(function, param)) = (facts.literal(*key), facts.value(*object))
                && *function == home
                && holds
            {
                let (param, member) = (*param, Some(key.into()));
                into.push(Requirement { param, member, default: None, test: Test::Given, by_guard: true });
            }
        }
        _ => require(condition, if holds { Test::Truthy } else { Test::Falsy }),
    }
}

/// What is required where a parameter is compared with several literals, one of which it has to be.
fn one_of(facts: &FileFacts, home: FunctionId, condition: ValueId) -> Option<Requirement> {
    let mut open = vec![condition];
    let mut place = None;
    let mut wanted = Vec::new();
    while let Some(part) = open.pop() {
        match *facts.value(part) {
            Value::Either(left, right) if open.len() < MAX_ALTERNATIVES => open.extend([left, right]),
            Value::Operation(Operation::Equal, left, right) if wanted.len() < MAX_ALTERNATIVES => {
                let of = parameter(facts, home, left)?;
                if place.as_ref().is_some_and(|known| *known != of) {
                    return None;
                }
                place = Some(of);
                wanted.push(literal(facts, right)?);
            }
            _ => return None,
        }
    }
    let (param, member, default) = place?;
    Some(Requirement { param, member, default, test: Test::Is(wanted), by_guard: true })
}

/// Which parameter of `home` a value is, or which key of which; and what stands for it where it is missing.
type Place = (u16, Option<Box<str>>, Option<Literal>);

fn parameter(facts: &FileFacts, home: FunctionId, value: ValueId) -> Option<Place> {
    match facts.value(value) {
        Value::Param(function, index) if *function == home => Some((*index, None, None)),
        Value::Member(object, name) => match facts.value(*object) {
            Value::Param(function, index) if *function == home => Some((*index, Some(facts.names[*name].into()), None)),
            _ => None,
        },
        Value::Either(value, default) if matches!(facts.value(*value), Value::Member(..)) => {
            let (param, member, _) = parameter(facts, home, *value)?;
            Some((param, member, Some(literal(facts, *default)?)))
        }
        _ => None,
    }
}

fn literal(facts: &FileFacts, value: ValueId) -> Option<Literal> {
    match facts.value(value) {
        Value::Text(_) => Some(Literal::Text(facts.literal(value)?.into())),
        Value::Int(number) => Some(Literal::Int(*number)),
        Value::Bool(truth) => Some(Literal::Bool(*truth)),
        Value::Member(object, name) => {
            let import = match facts.value(*object) {
                Value::Import(import) => facts.imports[import.index()].what,
                _ => return None,
            };
            let Imported::Name(object) = import else { return None };
            Some(Literal::Constant(facts.names[object].into(), facts.names[*name].into()))
        }
        _ => None,
    }
}

/// Whether two literals are known to differ: a constant may be any text.
fn differ(one: &Literal, other: &Literal) -> bool {
    match (one, other) {
        (Literal::Constant(one, a), Literal::Constant(other, b)) => one == other && a != b,
        (Literal::Constant(..), _) | (_, Literal::Constant(..)) => false,
        _ => one != other,
    }
}

fn is_default(facts: &FileFacts, home: FunctionId, value: ValueId, compared: ValueId) -> bool {
    match facts.value(value) {
        Value::Param(function, index) if *function == home => {
            let param = facts.function(home).params.get(usize::from(*index));
            param.and_then(|param| param.default) == Some(compared)
        }
        _ => false,
    }
}

/// What a call makes of the requirements of its callee.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// What it requires of its own caller.
    pub(super) required: Vec<Requirement>,
    /// Whether something is passed where the callee only goes on without it: it may be `None`, but is not likely to be.
    pub(super) unlikely: bool,
    /// Whether what is passed decides a condition around the query: it surely holds.
    pub(super) settled: bool,
}

impl Passed {
    /// Whether it is left to the caller's own callers to tell that something is a row.
    pub(super) fn asks_for_row(&self) -> bool {
        asks_for_row(&self.required)
    }
}

fn asks_for_row(required: &[Requirement]) -> bool {
    required.iter().any(|requirement| requirement.test == Test::Row)
}

/// Whether the call of `edge` rules a requirement of its callee out; else what becomes of it.
pub(super) fn through(project: &Project, edge: &Edge, required: &[Requirement]) -> Option<Passed> {
    let mut passed = Passed::default();
    let asks_for_row = asks_for_row(required);
    if edge.given.is_some() {
        return (!asks_for_row).then_some(passed);
    }
    let facts = &project.file(edge.file).facts;
    let call = edge.place(facts);
    let callee = &project.file(edge.callee.file).facts;
    let params = &callee.function(edge.callee.function).params;
    let is_spread = |arg: &&Arg| matches!(facts.value(arg.value), Value::Spread(_));
    let mut spreads = call.args.iter().filter(is_spread);
    // What `f(**kwargs)` hands on is what its own callers give by name.
    let keywords = match (spreads.next(), spreads.next()) {
        (None, _) => None,
        (Some(spread), None) => match keywords_of(project, edge, spread) {
            None => return (!asks_for_row).then_some(passed),
            keywords => keywords,
        },
        _ => return (!asks_for_row).then_some(passed),
    };
    let is_python = !project.file(edge.callee.file).source.language.is_ecma();
    for requirement in required {
        let Some(param) = params.get(usize::from(requirement.param)) else { continue };
        // One of the keywords that the callee only hands on, or a parameter, perhaps with a key of it.
        let (name, member) = match &requirement.member {
            Some(member) if param.is_rest && is_python => (&**member, None),
            member => (&callee.names[param.name], member.as_deref()),
        };
        let is_keyword = param.is_rest && member.is_none() && requirement.member.is_some();
        let named = call.args.iter().find(|arg| arg.name.is_some_and(|id| &facts.names[id] == name));
        let mut positional = call.args.iter().filter(|arg| arg.name.is_none() && !is_spread(arg));
        let positional = positional.nth(usize::from(requirement.param));
        let given = named.or(positional.filter(|_| !param.is_keyword_only && !param.is_rest));
        let hands_on = |value: ValueId| match facts.value(value) {
            Value::Param(function, index) if *function == edge.home => Some(*index),
            _ => None,
        };
        if requirement.test == Test::Row {
            let is_row = edge.rows.as_ref().is_some_and(|rows| rows.contains(&requirement.param));
            if !is_row {
                passed.required.push(row(given.and_then(|arg| hands_on(arg.value))?));
            }
            continue;
        }
        let require = |param: u16, member: Option<&str>, default: Option<Literal>| Requirement {
            param,
            member: member.map(Into::into),
            default,
            test: requirement.test.clone(),
            by_guard: requirement.by_guard,
        };
        let decides = |facts: &FileFacts, value: Option<ValueId>| {
            requirement.by_guard && settles(facts, value, &requirement.test)
        };
        let allowed = match (given, member) {
            (Some(arg), None) => match hands_on(arg.value) {
                Some(param) => {
                    passed.required.push(require(param, None, requirement.default.clone()));
                    true
                }
                None => {
                    let value = facts.value(arg.value);
                    passed.unlikely |= matches!(requirement.test, Test::Missing | Test::Falsy)
                        && !matches!(value, Value::Null | Value::Bool(false) | Value::Either(..));
                    passed.settled |= decides(facts, Some(arg.value));
                    allows(facts, Some(arg.value), requirement)
                }
            },
            (Some(arg), Some(member)) => match entry(facts, arg.value, member) {
                Entry::Is(value) => match value.and_then(hands_on) {
                    Some(param) => {
                        passed.required.push(require(param, None, requirement.default.clone()));
                        true
                    }
                    None => {
                        passed.settled |= decides(facts, value);
                        allows(facts, value, requirement)
                    }
                },
                Entry::Of(object) => {
                    if let Some(param) = hands_on(object) {
                        passed.required.push(Requirement { param, ..requirement.clone() });
                    }
                    true
                }
                Entry::Unknown => true,
            },
            (None, None) if let Some(rest) = keywords => {
                let default = match param.default.filter(|_| !is_keyword) {
                    None => Some(requirement.default.clone()),
                    Some(default) if matches!(callee.value(default), Value::Null) => Some(None),
                    Some(default) => literal(callee, default).map(Some),
                };
                if let Some(default) = default.filter(|_| requirement.test != Test::Given) {
                    passed.required.push(require(rest, Some(name), default));
                }
                true
            }
            (None, None) if is_keyword => allows(facts, None, requirement),
            (None, _) if param.is_rest => true,
            (None, None) => {
                passed.settled |= decides(callee, param.default);
                allows_default(callee, param.default, requirement)
            }
            (None, Some(_)) => allows(facts, None, requirement),
        };
        if !allowed {
            return None;
        }
    }
    Some(passed)
}

/// Whether a function does what `required` is about where only `call` says what it is given, or nothing does: none of
/// those parameters is, and their defaults allow it.
pub(super) fn left_alone(
    project: &Project,
    callee: FunctionRef,
    required: &[Requirement],
    call: Option<(&FileFacts, &Call)>,
) -> bool {
    let facts = &*project.file(callee.file).facts;
    let params = &facts.function(callee.function).params;
    required.iter().all(|requirement| {
        let Some(param) = params.get(usize::from(requirement.param)) else { return false };
        let is_given = call.is_some_and(|(of, call)| {
            let names = call.args.iter().filter_map(|arg| arg.name);
            let is_spread = call.args.iter().any(|arg| matches!(of.value(arg.value), Value::Spread(_)));
            let positional = call.args.iter().filter(|arg| arg.name.is_none()).count();
            is_spread
                || names.into_iter().any(|name| of.names[name] == facts.names[param.name])
                || !param.is_keyword_only && positional > usize::from(requirement.param)
        });
        !is_given
            && !param.is_rest
            && requirement.member.is_none()
            && param.default.is_some()
            && allows_default(facts, param.default, requirement)
    })
}

/// Which parameter of the function around a call takes the keywords that the call hands on: `f(**kwargs)`.
fn keywords_of(project: &Project, edge: &Edge, spread: &Arg) -> Option<u16> {
    let file = project.file(edge.file);
    let Value::Spread(inner) = *file.facts.value(spread.value) else { return None };
    let Value::Param(function, rest) = *file.facts.value(inner) else { return None };
    let takes_rest = file.facts.function(function).params.get(usize::from(rest)).is_some_and(|param| param.is_rest);
    let is_keywords = file.source.text.get(spread.span.range()).is_some_and(|text| text.starts_with("**"));
    (function == edge.home && takes_rest && is_keywords).then_some(rest)
}

/// What an object that is passed holds under a key.
pub(super) enum Entry {
    /// This, or nothing.
    Is(Option<ValueId>),
    /// What that object holds under it.
    Of(ValueId),
    Unknown,
}

pub(super) fn entry(facts: &FileFacts, object: ValueId, key: &str) -> Entry {
    let Value::Mapping(entries) = facts.value(object) else { return Entry::Of(object) };
    for &(name, value) in entries.iter().rev() {
        match (facts.literal(name), facts.value(value)) {
            (Some(name), _) if name == key => return Entry::Is(Some(value)),
            (Some(_), _) => {}
            (None, Value::Spread(inner)) => return entry(facts, *inner, key),
            (None, Value::Param(..)) if name == UNKNOWN => return Entry::Of(value),
            _ => return Entry::Unknown,
        }
    }
    Entry::Is(None)
}

/// Whether what is passed may meet the test. `None`: nothing is passed, and the parameter has no default.
fn allows(facts: &FileFacts, value: Option<ValueId>, requirement: &Requirement) -> bool {
    let given = value.map(|value| facts.value(value));
    let is = match value {
        Some(value) if !matches!(facts.value(value), Value::Null) => literal(facts, value),
        _ => requirement.default.clone(),
    };
    let is_nothing = matches!(given, None | Some(Value::Null)) && requirement.default.is_none();
    match &requirement.test {
        Test::Truthy => !is_nothing && !matches!(is, Some(Literal::Bool(false) | Literal::Int(0))),
        Test::Falsy => {
            !matches!(is, Some(Literal::Bool(true)))
                && !matches!(given, Some(Value::Function(_) | Value::Class(_) | Value::This(_)))
        }
        Test::Given => !matches!(given, None | Some(Value::Null)),
        Test::NotFalse => is != Some(Literal::Bool(false)),
        Test::Is(wanted) => !is_nothing && is.is_none_or(|is| wanted.iter().any(|wanted| !differ(&is, wanted))),
        Test::IsNot(unwanted) => is.is_none_or(|is| is != *unwanted),
        Test::Row => false,
        Test::Missing => !matches!(
            given,
            Some(
                Value::Bool(_)
                    | Value::Int(_)
                    | Value::Text(_)
                    | Value::Mapping(_)
                    | Value::Sequence(_)
                    | Value::Function(_)
                    | Value::Class(_)
                    | Value::This(_)
                    | Value::Call(_)
                    | Value::Element(..)
                    | Value::Part(..)
                    | Value::Collected(..)
            )
        ),
    }
}

/// Whether a value that is written out surely meets the test.
fn settles(facts: &FileFacts, value: Option<ValueId>, test: &Test) -> bool {
    let Some(value) = value else { return false };
    let is_null = matches!(facts.value(value), Value::Null);
    let literal = literal(facts, value).filter(|literal| !matches!(literal, Literal::Constant(..)));
    match (test, literal) {
        (Test::Missing | Test::Falsy, None) => is_null,
        (Test::Falsy, Some(is)) => matches!(is, Literal::Bool(false) | Literal::Int(0)),
        (Test::Truthy, Some(is)) => !matches!(is, Literal::Bool(false) | Literal::Int(0)),
        (Test::Is(wanted), Some(is)) => wanted.contains(&is),
        (Test::NotFalse, Some(is)) => is != Literal::Bool(false),
        _ => false,
    }
}

fn allows_default(callee: &FileFacts, default: Option<ValueId>, requirement: &Requirement) -> bool {
    match requirement.test {
        // The default is what "missing" means.
        Test::Missing => true,
        Test::Given => {
            default.is_some_and(|default| !matches!(callee.value(default), Value::Null))
                && !is_sentinel(callee, default)
        }
        _ => allows(callee, default, requirement),
    }
}

fn is_sentinel(facts: &FileFacts, default: Option<ValueId>) -> bool {
    default
        .is_some_and(|default| matches!(facts.value(default), Value::Global(_) | Value::Import(_) | Value::Member(..)))
}
