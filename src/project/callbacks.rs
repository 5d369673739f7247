//! Functions handed over as values: who calls them in the end, and with what.
//!
//! `pool.run("find", self._find, user_id)` runs `_find(cursor, user_id)` if `run` calls its second parameter with
//! something of its own and then the rest of its arguments, by itself or through others.

use rustc_hash::{FxHashMap, FxHashSet};

use super::flow::{Flow, Source};
use super::inlined::{Inlined, Runs};
use super::reads::{self, PerFile, Read};
use super::since::Since;
use super::types::{Ty, Types};
use super::{FileId, FunctionRef, Project};
use crate::facts::*;

/// How often what is known of callbacks is looked through for more: each round follows one more hand.
const ROUNDS: usize = 8;
/// How many hands a function goes through at one call.
const HANDS: u8 = 4;

/// What a function gives to a callback that it calls, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Passed {
    /// What is made of these parameters of its own; if `exact`, the only one as it is.
    From { params: Box<[u16]>, exact: bool },
    /// All that its parameter for the rest has taken.
    Rest(u16),
}

/// One argument of a call, as written or as handed on: the values it is made of.
#[derive(Clone, Debug, Default)]
struct Item {
    values: Vec<ValueId>,
    /// Whether it is the only one of `values`, unchanged.
    exact: bool,
    /// Whether it is many arguments, how many is not known.
    spread: bool,
}

/// The arguments that a function gets from a call that hands it over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    /// What it is a method of.
    pub(super) receiver: Vec<ValueId>,
    /// For each parameter: the values of the call that it is made of.
    pub(super) params: Box<[Vec<ValueId>]>,
}

impl Given {
    /// The arguments of a call whose callee is given something else before them.
    pub(super) fn behind_context(call: &Call) -> Given {
        let written = call.args.iter().filter(|arg| arg.name.is_none());
        let params = std::iter::once(Vec::new()).chain(written.map(|arg| vec![arg.value]));
        Given { receiver: Vec::new(), params: params.collect() }
    }
}

/// A parameter that a function calls, and with what.
type Called = (u16, Box<[Passed]>);

/// The parameters that functions of the project call, by themselves or by handing them on.
#[derive(Debug, Default)]
pub(super) struct Callbacks {
    called: FxHashMap<FunctionRef, Vec<Called>>,
    /// The calls that hand functions on.
    handed: PerFile<Vec<Hand>>,
}

impl Callbacks {
    /// Looks through all calls. `inlined` says of each function whether it is a callback that is run at once.
    pub(super) fn find(project: &Project, inlined: &PerFile<Inlined>, since: &mut Since<'_>) -> Callbacks {
        let handed = since.find(project, since.before().map(|before| &before.graph.callbacks.handed), hands);
        let types = Types::new(project);
        let mut callbacks = Callbacks::default();
        let mut run = Closures::default();
        for _ in 0..ROUNDS {
            let mut more = false;
            for (file, hand) in
                project.ids().zip(&handed.found).flat_map(|(file, own)| own.iter().map(move |hand| (file, hand)))
            {
                let facts = &project.file(file).facts;
                let args = &facts.call(hand.call).args;
                let mut found = Vec::new();
                match hand.to {
                    To::Value(value) => found.push((value, written(facts, args))),
                    To::Function(target) if callbacks.called.contains_key(&target) => {
                        let items = written(facts, args);
                        found = callbacks.run(&types, file, target, items, &keywords(facts, args), 0);
                    }
                    To::Function(_) => {}
                    To::Library(at, own) => found.push((args[at].value, after(facts, args, at, own))),
                }
                let runs_with = |outer: FunctionId, run: &Closures| {
                    let runs = |function: FunctionId| {
                        inlined.of(file).runs[function.index()] != Runs::Apart
                            || run.contains_key(&FunctionRef { file, function })
                    };
                    runs_with(facts, &runs, hand.function, outer)
                };
                for (value, items) in found {
                    match *facts.value(value) {
                        Value::Param(owner, param) if runs_with(owner, &run) => {
                            let items = outside(facts, file, &run, items);
                            let passed = items.iter().map(|item| passed(facts, owner, item)).collect();
                            more |= callbacks.add(FunctionRef { file, function: owner }, param, passed);
                        }
                        Value::Function(closure) => {
                            let parent = facts.function(closure).parent.unwrap_or(MODULE);
                            let function = FunctionRef { file, function: closure };
                            if !run.contains_key(&function) && runs_with(parent, &run) {
                                let items = outside(facts, file, &run, items);
                                run.insert(function, bind(facts, closure, items, &keywords(facts, args)));
                                more = true;
                            }
                        }
                        _ => {}
                    }
                }
            }
            if !more {
                break;
            }
        }
        callbacks.handed = handed;
        if let Some(before) = since.before() {
            let before = &before.graph.callbacks.called;
            since.note(reads::changed_keys(&callbacks.called, before).map(|&function| Read::Called(function)));
        }
        callbacks
    }

    fn add(&mut self, function: FunctionRef, param: u16, passed: Box<[Passed]>) -> bool {
        let known = self.called.entry(function).or_default();
        let new = known.iter().all(|(at, _)| *at != param);
        if new {
            known.push((param, passed));
        }
        new
    }

    /// The functions that a call of `target` runs because they are among its arguments, with what they get.
    pub(super) fn run_by(
        &self,
        types: &Types<'_>,
        file: FileId,
        call: &Call,
        target: FunctionRef,
    ) -> Vec<(FunctionRef, Given)> {
        let facts = types.facts(file);
        reads::note(Read::Called(target));
        if !self.called.contains_key(&target) || Flow::new(facts).called_name(call).is_some_and(runs_later) {
            return Vec::new();
        }
        let keywords = keywords(facts, &call.args);
        let found = self.run(types, file, target, written(facts, &call.args), &keywords, 0);
        let given = |(value, items): (ValueId, Vec<Item>)| {
            let (function, mut all) = callable(types, file, value)?;
            all.extend(items);
            Some((function, give(types, file, value, function, all, &keywords)))
        };
        found.into_iter().filter_map(given).collect()
    }

    /// The arguments that `callee` calls when it gets `items`, each with what it gets in its turn.
    fn run(
        &self,
        types: &Types<'_>,
        file: FileId,
        callee: FunctionRef,
        items: Vec<Item>,
        keywords: &Keywords<'_>,
        hands: u8,
    ) -> Vec<(ValueId, Vec<Item>)> {
        reads::note(Read::Called(callee));
        let Some(called) = self.called.get(&callee).filter(|_| hands < HANDS) else { return Vec::new() };
        let bound = bind(types.facts(callee.file), callee.function, items, keywords);
        let mut found = Vec::new();
        for (param, passed) in called {
            let Some([Item { values, exact: true, .. }]) = bound.get(usize::from(*param)).map(Vec::as_slice) else {
                continue;
            };
            let items: Vec<Item> = passed.iter().flat_map(|passed| hand_on(passed, &bound)).collect();
            if let Some((next, mut all)) = callable(types, file, values[0])
                && next != callee
            {
                all.extend(items.iter().cloned());
                found.extend(self.run(types, file, next, all, keywords, hands + 1));
            }
            found.push((values[0], items));
        }
        found
    }
}

/// What a function that a library runs at once gets: `own` things of the library, then the arguments after it.
pub(super) fn run_by_library(
    types: &Types<'_>,
    file: FileId,
    call: &Call,
    at: u16,
    own: usize,
) -> Option<(FunctionRef, Given)> {
    let facts = types.facts(file);
    let value = call.args.get(usize::from(at))?.value;
    let (function, mut all) = callable(types, file, value)?;
    all.extend(after(facts, &call.args, usize::from(at), own));
    Some((function, give(types, file, value, function, all, &keywords(facts, &call.args))))
}

/// Functions that stand in others and run when these do, with what each of their parameters gets.
type Closures = FxHashMap<FunctionRef, Vec<Vec<Item>>>;

/// Whether a function of this name does not wait for the function that it is given.
fn runs_later(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        "addeventlistener",
        "background",
        "create_task",
        "createtask",
        "enqueue",
        "ensure_future",
        "later",
        "on_commit",
        "oncommit",
        "register",
        "schedule",
        "setinterval",
        "settimeout",
        "spawn",
        "subscribe",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// What a library gives to the callback at `at`: `own` things of its own, then the arguments that follow.
fn after(facts: &FileFacts, args: &[Arg], at: usize, own: usize) -> Vec<Item> {
    let own = std::iter::repeat_n(Item::default(), own);
    own.chain(args.get(at + 1..).into_iter().flat_map(|args| written(facts, args))).collect()
}

/// Arguments with the parameters of closures replaced by what these get.
fn outside(facts: &FileFacts, file: FileId, run: &Closures, items: Vec<Item>) -> Vec<Item> {
    let bound = |function: FunctionId, index: u16| run.get(&FunctionRef { file, function })?.get(usize::from(index));
    let replaced = |item: Item| {
        let [value] = item.values[..] else { return vec![item] };
        let inner = match *facts.value(value) {
            Value::Spread(inner) => inner,
            _ => value,
        };
        match *facts.value(inner) {
            Value::Param(function, index) if item.exact => {
                bound(function, index).cloned().unwrap_or_else(|| vec![item])
            }
            _ => vec![item],
        }
    };
    items.into_iter().flat_map(replaced).collect()
}

type Keywords<'f> = Vec<(&'f str, ValueId)>;

fn keywords<'f>(facts: &'f FileFacts, args: &[Arg]) -> Keywords<'f> {
    args.iter().filter_map(|arg| Some((&facts.names[arg.name?], arg.value))).collect()
}

/// The positional arguments of a call.
fn written(facts: &FileFacts, args: &[Arg]) -> Vec<Item> {
    let item = |arg: &Arg| Item {
        values: vec![arg.value],
        exact: true,
        spread: matches!(facts.value(arg.value), Value::Spread(_)),
    };
    args.iter().filter(|arg| arg.name.is_none()).map(item).collect()
}

/// The function that a value is, and what it gets before the arguments of its caller: `partial(f, a)`, `f.bind(b, a)`.
fn callable(types: &Types<'_>, file: FileId, value: ValueId) -> Option<(FunctionRef, Vec<Item>)> {
    let facts = types.facts(file);
    match facts.value(value) {
        Value::Call(call) => {
            let call = facts.call(*call);
            let (function, skipped) = match (Flow::new(facts).called_name(call)?, facts.value(call.callee)) {
                ("partial", _) => (call.args.first()?.value, 1),
                ("bind", Value::Member(object, _)) => (*object, 1),
                _ => return None,
            };
            match types.of(file, function) {
                Ty::Function(found) => {
                    Some((found, written(facts, &call.args).split_off(skipped.min(call.args.len()))))
                }
                _ => None,
            }
        }
        Value::Member(..) | Value::Import(_) | Value::Function(_) | Value::Global(_) => match types.of(file, value) {
            Ty::Function(found) => Some((found, Vec::new())),
            _ => None,
        },
        _ => None,
    }
}

/// The arguments of a function that `value` is, once it gets `items`.
fn give(
    types: &Types<'_>,
    file: FileId,
    value: ValueId,
    function: FunctionRef,
    items: Vec<Item>,
    keywords: &Keywords<'_>,
) -> Given {
    let receiver = match types.facts(file).value(value) {
        Value::Member(object, _) => vec![*object],
        _ => Vec::new(),
    };
    let bound = bind(types.facts(function.file), function.function, items, keywords);
    let params = bound.into_iter().map(|items| items.into_iter().flat_map(|item| item.values).collect()).collect();
    Given { receiver, params }
}

/// What each parameter of a function gets: one item, or many for the rest.
fn bind(facts: &FileFacts, function: FunctionId, items: Vec<Item>, keywords: &Keywords<'_>) -> Vec<Vec<Item>> {
    let mut items = items.into_iter();
    // What is spread may go to all parameters that follow.
    let mut spread: Option<Item> = None;
    let params = facts.function(function).params.iter().map(|param| {
        if param.is_rest {
            return items.by_ref().chain(spread.clone()).collect();
        }
        let named = keywords.iter().find(|(name, _)| *name == &facts.names[param.name]).map(|&(_, value)| value);
        if let Some(value) = named {
            return vec![Item { values: vec![value], exact: true, spread: false }];
        }
        if param.is_keyword_only {
            return Vec::new();
        }
        match spread.clone().or_else(|| items.next()) {
            Some(item) if item.spread => {
                let one = Item { exact: false, spread: false, ..item.clone() };
                spread = Some(item);
                vec![one]
            }
            Some(item) => vec![item],
            None => Vec::new(),
        }
    });
    params.collect()
}

/// What a callback gets of what its caller has got.
fn hand_on(passed: &Passed, bound: &[Vec<Item>]) -> Vec<Item> {
    let of = |param: u16| bound.get(usize::from(param)).map_or(&[][..], Vec::as_slice);
    match passed {
        Passed::Rest(param) => of(*param).to_vec(),
        Passed::From { params, exact } => match (params.as_ref(), exact) {
            ([param], true) if let [item] = of(*param) => vec![item.clone()],
            _ => {
                let values = params.iter().flat_map(|&param| of(param)).flat_map(|item| &item.values).copied();
                vec![Item { values: values.collect(), exact: false, spread: false }]
            }
        },
    }
}

/// What an argument is made of, seen from the function that has the parameters.
fn passed(facts: &FileFacts, owner: FunctionId, item: &Item) -> Passed {
    let is_rest = |index: u16| facts.function(owner).params.get(usize::from(index)).is_some_and(|param| param.is_rest);
    if let ([value], true) = (item.values.as_slice(), item.exact) {
        match *facts.value(*value) {
            Value::Param(function, index) if function == owner => {
                return Passed::From { params: [index].into(), exact: true };
            }
            Value::Spread(inner) => {
                if let Value::Param(function, index) = *facts.value(inner)
                    && function == owner
                    && is_rest(index)
                {
                    return Passed::Rest(index);
                }
            }
            _ => {}
        }
    }
    let mut sources = FxHashSet::default();
    let flow = Flow::new(facts);
    for &value in &item.values {
        flow.sources(value, owner, &mut sources);
    }
    let mut params: Vec<u16> = sources
        .into_iter()
        .filter_map(|source| match source {
            Source::Param(index) | Source::Key(index, _) => Some(index),
            Source::This | Source::Captured(_) => None,
        })
        .collect();
    params.sort_unstable();
    Passed::From { params: params.into(), exact: false }
}

/// Whether `inner`, which is `outer` or nested in it, runs whenever `outer` does: a callback that only a closure calls
/// may be kept for later.
fn runs_with(facts: &FileFacts, runs: &dyn Fn(FunctionId) -> bool, inner: FunctionId, outer: FunctionId) -> bool {
    let mut at = inner;
    while at != outer {
        let own = facts.function(at);
        match own.parent {
            Some(parent) if own.runs_in.is_some() || runs(at) => at = parent,
            _ => return false,
        }
    }
    true
}

// ── One file ────────────────────────────────────────────────────────────────────────────────────────────

/// A call that calls a parameter or hands a function on.
#[derive(Debug)]
struct Hand {
    /// The function it stands in.
    function: FunctionId,
    call: CallId,
    to: To,
}

#[derive(Clone, Copy, Debug)]
enum To {
    /// It calls this: a parameter, or a function that stands in another one.
    Value(ValueId),
    /// It calls this, with a parameter or such a function among the arguments.
    Function(FunctionRef),
    /// It calls a library, which runs the argument at this place with so many things of its own.
    Library(usize, usize),
}

fn hands(types: &Types<'_>, file: FileId) -> Vec<Hand> {
    let facts = types.facts(file);
    let is_handed = |value: ValueId| match facts.value(value) {
        Value::Param(..) => true,
        Value::Function(function) => facts.function(*function).parent.is_some_and(|parent| parent != MODULE),
        _ => false,
    };
    let flow = Flow::new(facts);
    let mut hands = Vec::new();
    for (call, site) in facts.numbered() {
        let mut hand = |to: To| hands.push(Hand { function: site.function, call, to });
        if is_handed(site.callee) {
            hand(To::Value(site.callee));
        }
        if !site.args.iter().any(|arg| is_handed(arg.value)) || flow.called_name(site).is_some_and(runs_later) {
            continue;
        }
        if let Some(api) = types.api_call(file, call) {
            if let Some(at) = types.callback(file, call, api).map(usize::from).filter(|&at| at < site.args.len()) {
                hand(To::Library(at, api.callback_params.len()));
            }
        } else if let Some(target) = types.target(file, call) {
            hand(To::Function(target));
        }
    }
    hands
}
