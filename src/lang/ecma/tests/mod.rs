//! Tests of the walk.

#![allow(clippy::unwrap_used)]

mod calls;
mod classes;
mod corpus;
mod flow;
mod loops;
mod modules;
mod strings;
mod types;

use std::path::PathBuf;

use crate::facts::*;
use crate::source::{Language, SourceFile};

/// The facts of `text`, written in the language that `name` ends in.
fn facts_of(name: &str, text: &str) -> FileFacts {
    let language = Language::of_path(name).unwrap();
    let file = SourceFile::new(name, PathBuf::new(), language, text.to_owned());
    let facts = crate::lang::extract(&file);
    check(&facts, text);
    facts
}

fn js(text: &str) -> FileFacts {
    facts_of("a.js", text)
}

fn ts(text: &str) -> FileFacts {
    facts_of("a.ts", text)
}

/// What must hold of any file's facts.
fn check(facts: &FileFacts, source: &str) {
    assert_eq!(*facts.value(UNKNOWN), Value::Unknown);
    let boundary = |span: crate::source::Span| {
        assert!(span.end as usize <= source.len(), "{span:?} of {}", source.len());
        assert!(source.is_char_boundary(span.start as usize) && source.is_char_boundary(span.end as usize), "{span:?}");
    };
    let one_line = |span: crate::source::Span| {
        boundary(span);
        assert!(!span.is_empty(), "{span:?}");
        assert!(!source[span.range()].contains('\n'), "{:?}", &source[span.range()]);
    };
    for text in &facts.texts {
        let mut at = 0;
        for (index, piece) in text.pieces.iter().enumerate() {
            boundary(piece.host);
            assert_eq!(piece.at as usize, at, "{text:?}");
            let end = text.pieces.get(index + 1).map_or(text.cooked.len(), |next| next.at as usize);
            let cooked = &text.cooked[at..end];
            if piece.exact {
                assert_eq!(cooked, &source[piece.host.range()]);
            }
            at = end;
        }
        assert_eq!(at, text.cooked.len(), "{text:?}");
        for hole in &text.holes {
            assert!(
                text.cooked.is_char_boundary(hole.start as usize) && text.cooked.is_char_boundary(hole.end as usize)
            );
        }
    }
    for call in &facts.calls {
        boundary(call.span);
        one_line(call.name_span);
        assert!(call.function.index() < facts.functions.len());
    }
    for loop_ in &facts.loops {
        boundary(loop_.span);
        one_line(loop_.head);
    }
    for function in &facts.functions {
        boundary(function.span);
        boundary(function.name_span);
    }
    for use_ in &facts.uses {
        boundary(use_.span);
    }
    for gap in &facts.gaps {
        boundary(gap.span);
    }
    // Values are made of earlier values, so that no value holds itself.
    for (index, value) in facts.values.iter().enumerate() {
        let mut parts = Vec::new();
        match value {
            Value::Member(a, _)
            | Value::Element(a, _)
            | Value::Part(a, _)
            | Value::Carried(a, _)
            | Value::Spread(a)
            | Value::Collected(a, _) => parts.push(*a),
            Value::Item(a, b) | Value::Either(a, b) | Value::Operation(_, a, b) => parts.extend([*a, *b]),
            Value::Sequence(all) | Value::Mixed(all) => parts.extend(all.iter()),
            Value::Mapping(all) => parts.extend(all.iter().flat_map(|&(key, value)| [key, value])),
            Value::Typed(of) => parts.extend(std::iter::once(of.head).chain(of.arguments.iter().copied())),
            _ => {}
        }
        assert!(parts.iter().all(|part| part.index() < index), "{index}: {value:?}");
    }
}

/// A value as one line of text.
fn show(facts: &FileFacts, id: ValueId) -> String {
    let all = |ids: &[ValueId]| ids.iter().map(|&id| show(facts, id)).collect::<Vec<_>>().join(", ");
    match facts.value(id) {
        Value::Unknown => "?".into(),
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float => "float".into(),
        Value::Text(text) => {
            let text = &facts.texts[text.index()];
            let tag = text.tag.map_or(String::new(), |tag| show(facts, tag));
            format!("{tag}{:?}", text.cooked)
        }
        Value::Import(import) => {
            let import = &facts.imports[import.index()];
            let module = &facts.names[import.module];
            match import.what {
                Imported::Module => format!("<{module}>"),
                Imported::Name(name) => format!("<{module}:{}>", &facts.names[name]),
                Imported::Star => format!("<{module}:*>"),
            }
        }
        Value::Global(name) => format!("@{}", &facts.names[*name]),
        Value::Param(function, index) => format!("{}#{index}", name_of(facts, *function)),
        Value::This(class) => format!("this:{}", &facts.names[facts.class(*class).name]),
        Value::Super(class) => format!("super:{}", &facts.names[facts.class(*class).name]),
        Value::Function(function) => format!("fn {}", name_of(facts, *function)),
        Value::Class(class) => format!("class {}", &facts.names[facts.class(*class).name]),
        Value::Member(object, name) => format!("{}.{}", show(facts, *object), &facts.names[*name]),
        Value::Item(object, key) => format!("{}[{}]", show(facts, *object), show(facts, *key)),
        Value::Slice(..) => "slice".into(),
        Value::Call(call) => {
            let call = facts.call(*call);
            let args: Vec<_> = call.args.iter().map(|arg| arg.value).collect();
            let new = if call.is_new { "new " } else { "" };
            format!("{new}{}({})", show(facts, call.callee), all(&args))
        }
        Value::Element(of, _) => format!("each({})", show(facts, *of)),
        Value::Part(of, index) => format!("{}/{index}", show(facts, *of)),
        Value::Carried(of, _) => format!("carried({})", show(facts, *of)),
        Value::Sequence(values) => format!("[{}]", all(values)),
        Value::Mapping(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|&(key, value)| {
                    let key = facts.literal(key).map_or_else(|| show(facts, key), str::to_owned);
                    format!("{key}: {}", show(facts, value))
                })
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Collected(..) => "collected".into(),
        Value::Either(left, right) => format!("({} | {})", show(facts, *left), show(facts, *right)),
        Value::Operation(operation, left, right) => {
            format!("{operation:?}({}, {})", show(facts, *left), show(facts, *right))
        }
        Value::Typed(of) => {
            let arguments = if of.arguments.is_empty() { String::new() } else { format!("<{}>", all(&of.arguments)) };
            format!(":{}{arguments}", show(facts, of.head))
        }
        Value::Spread(of) => format!("...{}", show(facts, *of)),
        Value::Mixed(values) => format!("mixed({})", all(values)),
    }
}

fn name_of(facts: &FileFacts, function: FunctionId) -> &str {
    &facts.names[facts.function(function).name]
}

/// The only call whose callee is shown as this, or ends in it.
fn call<'f>(facts: &'f FileFacts, callee: &str) -> &'f Call {
    let mut found = facts.calls.iter().filter(|call| {
        let shown = show(facts, call.callee);
        shown == callee || (shown.ends_with(callee) && shown[..shown.len() - callee.len()].ends_with('.'))
    });
    let first = found.next();
    let Some(first) = first else {
        panic!(
            "no call of {callee} in {:#?}",
            facts.calls.iter().map(|call| show(facts, call.callee)).collect::<Vec<_>>()
        )
    };
    assert!(found.next().is_none(), "more than one call of {callee}");
    first
}

/// The arguments of the only call with this callee.
fn args(facts: &FileFacts, callee: &str) -> String {
    call(facts, callee).args.iter().map(|arg| show(facts, arg.value)).collect::<Vec<_>>().join(", ")
}

/// All callees.
fn callees(facts: &FileFacts) -> Vec<String> {
    facts.calls.iter().map(|call| show(facts, call.callee)).collect()
}

/// What a top-level name is bound to.
fn bound(facts: &FileFacts, name: &str) -> String {
    let binding = facts.bindings.iter().find(|binding| &facts.names[binding.name] == name);
    show(facts, binding.unwrap_or_else(|| panic!("{name} is not bound")).value)
}

/// All bindings that other files see.
fn exported(facts: &FileFacts) -> Vec<String> {
    let bindings = facts.bindings.iter().filter(|binding| binding.exported);
    bindings.map(|binding| format!("{} = {}", &facts.names[binding.name], show(facts, binding.value))).collect()
}

/// The class of this name.
fn class<'f>(facts: &'f FileFacts, name: &str) -> &'f Class {
    facts.classes.iter().find(|class| &facts.names[class.name] == name).unwrap()
}

/// The function of this name.
fn function<'f>(facts: &'f FileFacts, name: &str) -> &'f Function {
    facts.functions.iter().find(|function| &facts.names[function.name] == name).unwrap()
}
