//! What Python becomes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::extract;
use super::kinds::{ALL_FIELDS, ALL_KINDS, language};
use crate::facts::*;
use crate::source::{Language, SourceFile, Span};

mod calls;
mod corpus;
mod definitions;
mod flow;
mod loops;
mod texts;

fn facts(source: &str) -> FileFacts {
    let file = SourceFile::new("a.py", PathBuf::from("a.py"), Language::Python, source.to_owned());
    let facts = extract(&file);
    check(source, &facts);
    facts
}

/// What must hold for whatever was read.
fn check(source: &str, facts: &FileFacts) {
    let is_place = |span: Span| {
        assert!(source.get(span.range()).is_some(), "{span:?} does not lie on characters");
    };
    for text in &facts.texts {
        let mut at = 0;
        for (index, piece) in text.pieces.iter().enumerate() {
            assert_eq!(piece.at as usize, at, "pieces leave no gap");
            is_place(piece.host);
            let end = text.pieces.get(index + 1).map_or(text.cooked.len(), |next| next.at as usize);
            assert!(end > at, "no piece is empty");
            if piece.exact {
                assert_eq!(&source[piece.host.range()], &text.cooked[at..end]);
            }
            at = end;
        }
        assert_eq!(at, text.cooked.len());
        let mut before = 0;
        for hole in &text.holes {
            assert!(before <= hole.start && hole.start < hole.end && hole.end as usize <= text.cooked.len());
            assert!(text.cooked.is_char_boundary(hole.start as usize));
            assert!(text.cooked.is_char_boundary(hole.end as usize));
            before = hole.end;
        }
    }
    for (index, value) in facts.values.iter().enumerate() {
        for part in parts(value) {
            assert!(part.index() < index, "values are made of values before them");
        }
    }
    let one_line = |span: Span| {
        is_place(span);
        assert!(!span.is_empty() && !source[span.range()].contains('\n'), "{:?}", &source[span.range()]);
    };
    for call in &facts.calls {
        is_place(call.span);
        one_line(call.name_span);
        assert!(call.args.iter().all(|arg| arg.value.index() < facts.values.len()));
    }
    for (index, a_loop) in facts.loops.iter().enumerate() {
        is_place(a_loop.span);
        one_line(a_loop.head);
        assert!(a_loop.parent.is_none_or(|parent| parent.index() < index));
    }
    for (index, guard) in facts.guards.iter().enumerate() {
        assert!(guard.parent.is_none_or(|parent| parent.index() < index));
    }
    for function in &facts.functions {
        is_place(function.span);
        is_place(function.name_span);
    }
    for class in &facts.classes {
        one_line(class.name_span);
    }
    for gap in &facts.gaps {
        one_line(gap.span);
    }
    for span in facts.uses.iter().map(|item| item.span).chain(facts.exits.iter().map(|exit| exit.span)) {
        is_place(span);
    }
}

fn parts(value: &Value) -> Vec<ValueId> {
    match value {
        Value::Member(a, _) | Value::Element(a, _) | Value::Part(a, _) => vec![*a],
        Value::Carried(a, _) | Value::Collected(a, _) | Value::Spread(a) => vec![*a],
        Value::Item(a, b) | Value::Either(a, b) | Value::Operation(_, a, b) => vec![*a, *b],
        Value::Slice(a, b, c) => vec![*a, *b, *c],
        Value::Sequence(all) | Value::Mixed(all) => all.to_vec(),
        Value::Mapping(pairs) => pairs.iter().flat_map(|&(key, value)| [key, value]).collect(),
        Value::Typed(of) => std::iter::once(of.head).chain(of.arguments.iter().copied()).collect(),
        _ => Vec::new(),
    }
}

/// A value as one line.
fn show(facts: &FileFacts, id: ValueId) -> String {
    let v = |id: ValueId| show(facts, id);
    let n = |name: Name| facts.names[name].to_owned();
    let list = |ids: &[ValueId]| ids.iter().map(|&id| v(id)).collect::<Vec<_>>().join(", ");
    match facts.value(id) {
        Value::Unknown => "?".into(),
        Value::Null => "None".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float => "float".into(),
        Value::Text(text) => {
            let text = &facts.texts[text.index()];
            let holes: Vec<ValueId> = text.holes.iter().map(|hole| hole.value).collect();
            let holes = if holes.is_empty() { String::new() } else { format!("<{}>", list(&holes)) };
            format!("{:?}{holes}", text.cooked)
        }
        Value::Import(import) => {
            let import = &facts.imports[import.index()];
            match import.what {
                Imported::Name(name) => format!("{}:{}", n(import.module), n(name)),
                _ => format!("{}:", n(import.module)),
            }
        }
        Value::Global(name) => n(*name),
        Value::Param(function, index) => {
            let param = &facts.function(*function).params[usize::from(*index)];
            format!("param {}", n(param.name))
        }
        Value::This(class) => format!("this {}", n(facts.class(*class).name)),
        Value::Super(class) => format!("super {}", n(facts.class(*class).name)),
        Value::Function(function) => format!("def {}", n(facts.function(*function).name)),
        Value::Class(class) => format!("class {}", n(facts.class(*class).name)),
        Value::Member(object, name) => format!("{}.{}", v(*object), n(*name)),
        Value::Item(object, key) => format!("{}[{}]", v(*object), v(*key)),
        Value::Slice(object, low, high) => format!("{}[{}:{}]", v(*object), v(*low), v(*high)),
        Value::Call(call) => format!("{}()", v(facts.call(*call).callee)),
        Value::Element(of, id) => format!("each{}({})", id.0, v(*of)),
        Value::Part(of, index) => format!("{}#{index}", v(*of)),
        Value::Carried(before, id) => format!("carried{}({})", id.0, v(*before)),
        Value::Sequence(all) => format!("[{}]", list(all)),
        Value::Mapping(pairs) => {
            let pairs: Vec<String> = pairs.iter().map(|&(key, value)| format!("{}: {}", v(key), v(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Collected(value, id) => format!("all{}({})", id.0, v(*value)),
        Value::Either(left, right) => format!("({} | {})", v(*left), v(*right)),
        Value::Operation(operation, left, UNKNOWN) => format!("{operation:?}({})", v(*left)),
        Value::Operation(operation, left, right) => format!("{operation:?}({}, {})", v(*left), v(*right)),
        Value::Typed(of) if of.arguments.is_empty() => format!("<{}>", v(of.head)),
        Value::Typed(of) => format!("<{}[{}]>", v(of.head), list(&of.arguments)),
        Value::Spread(of) => format!("*{}", v(*of)),
        Value::Mixed(all) => format!("mixed({})", list(all)),
    }
}

fn show_guard(facts: &FileFacts, guard: Option<GuardId>) -> String {
    let mut out = String::new();
    let mut at = guard;
    while let Some(id) = at {
        let guard = facts.guards[id.index()];
        let _ = write!(out, " if {:?}({})", guard.kind, show(facts, guard.condition));
        at = guard.parent;
    }
    out
}

fn show_place(facts: &FileFacts, function: FunctionId, in_loop: Option<LoopId>, guard: Option<GuardId>) -> String {
    let mut out = String::new();
    if function != MODULE {
        let _ = write!(out, " @{}", facts.names[facts.function(function).name].to_owned());
    }
    if let Some(id) = in_loop {
        let _ = write!(out, " loop{}", id.0);
    }
    out + &show_guard(facts, guard)
}

/// All facts but the names, one on a line.
fn print(source: &str) -> String {
    let facts = &facts(source);
    let mut out = String::new();
    let v = |id: ValueId| show(facts, id);
    for (index, item) in facts.loops.iter().enumerate() {
        let place = show_place(facts, item.function, item.parent, item.guard);
        let kind = match item.kind {
            LoopKind::Callback(_) => "Callback".to_owned(),
            kind => format!("{kind:?}"),
        };
        let over = if item.kind == LoopKind::While { v(item.condition) } else { v(item.iterable) };
        let _ = writeln!(out, "loop{index} {kind} {over} `{}`{place}", &source[item.head.range()]);
    }
    for call in &facts.calls {
        let args: Vec<String> = call
            .args
            .iter()
            .map(|arg| match arg.name {
                Some(name) => format!("{}={}", &facts.names[name], v(arg.value)),
                None => v(arg.value),
            })
            .collect();
        let place = show_place(facts, call.function, call.in_loop, call.guard);
        let awaited = if call.awaited { "await " } else { "" };
        let _ = writeln!(out, "call {awaited}{}({}) {:?}{place}", v(call.callee), args.join(", "), call.result);
    }
    for item in &facts.uses {
        let place = show_place(facts, item.function, item.in_loop, item.guard);
        let _ = writeln!(out, "use {:?} {}{place}", item.kind, v(item.value));
    }
    for exit in &facts.exits {
        let place = show_place(facts, exit.function, Some(exit.in_loop), exit.guard);
        let _ = writeln!(out, "exit {:?} {}{place}", exit.kind, v(exit.value));
    }
    for gap in &facts.gaps {
        let _ = writeln!(out, "gap {} `{}`", gap.what, &source[gap.span.range()]);
    }
    out
}

/// Only the lines of [`print`] that begin with `what`.
fn only(what: &str, source: &str) -> String {
    print(source).lines().filter(|line| line.starts_with(what)).map(|line| format!("{line}\n")).collect()
}

/// What `name` is bound to at the end of the file.
fn bound(source: &str, name: &str) -> String {
    let facts = facts(source);
    let name = facts.names.find(name).expect("the name is there");
    let binding = facts.bindings.iter().find(|binding| binding.name == name).expect("the name is bound");
    show(&facts, binding.value)
}

/// The argument that `probe(…)` is given.
fn probe(source: &str) -> String {
    let facts = facts(source);
    let probe = facts.names.find("probe").expect("probe is called");
    let call = facts.calls.iter().find(|call| *facts.value(call.callee) == Value::Global(probe));
    show(&facts, call.expect("probe is called").args[0].value)
}

#[test]
fn the_grammar_has_all_kinds_and_fields() {
    for (kind, named) in ALL_KINDS {
        assert_ne!(language().id_for_node_kind(kind, *named), 0, "{kind}");
    }
    for field in ALL_FIELDS {
        assert_ne!(field.id(), 0, "{field:?}");
    }
}
