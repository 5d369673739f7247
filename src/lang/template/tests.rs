//! What templates say.

use super::*;
use crate::facts::DirectiveKind;

fn facts(language: Language, text: &str) -> FileFacts {
    extract(&SourceFile::new("a.html", Default::default(), language, text.into()))
}

fn django(text: &str) -> FileFacts {
    facts(Language::DjangoTemplate, text)
}

fn jinja(text: &str) -> FileFacts {
    facts(Language::Jinja, text)
}

/// A value as it may be written.
fn written(facts: &FileFacts, value: ValueId) -> String {
    match facts.value(value) {
        Value::Param(function, index) => {
            facts.names[facts.function(*function).params[usize::from(*index)].name].to_owned()
        }
        Value::Global(name) => facts.names[*name].to_owned(),
        Value::Member(object, name) => format!("{}.{}", written(facts, *object), &facts.names[*name]),
        Value::Element(of, _) => format!("each {}", written(facts, *of)),
        Value::Part(of, index) => format!("{index} of {}", written(facts, *of)),
        Value::Item(object, key) => format!("{}[{}]", written(facts, *object), written(facts, *key)),
        Value::Slice(object, low, high) => {
            format!("{}[{}:{}]", written(facts, *object), written(facts, *low), written(facts, *high))
        }
        Value::Call(call) => format!("{}()", written(facts, facts.call(*call).callee)),
        Value::Int(number) => number.to_string(),
        Value::Either(left, right) => format!("{} or {}", written(facts, *left), written(facts, *right)),
        Value::Function(function) => facts.names[facts.function(*function).name].to_owned(),
        _ => "?".to_owned(),
    }
}

/// What is read in loops.
fn reads(facts: &FileFacts) -> Vec<String> {
    let own = facts.accesses.iter().filter(|access| access.in_loop.is_some());
    own.map(|access| written(facts, access.value)).collect()
}

#[test]
fn names_that_are_not_bound_are_parameters() {
    let found = django("{{ a.b }}{% for x in xs %}{{ x }}{{ y }}{{ forloop.counter }}{% endfor %}{{ x }}");
    let names: Vec<&str> = found.function(TEMPLATE).params.iter().map(|param| &found.names[param.name]).collect();
    assert_eq!(names, ["a", "xs", "y", "x"]);
    assert_eq!(found.template.unwrap().context.len(), 4);
}

#[test]
fn loops_bind_their_elements() {
    let found = django("{% for a, b in xs.items %}{{ a.c }}{{ b.d.e }}{% empty %}{{ b.f }}{% endfor %}");
    assert_eq!(reads(&found), ["0 of each xs.items().c", "1 of each xs.items().d", "1 of each xs.items().d.e"]);
    let head = found.loops[0].head;
    assert_eq!(head, Span::new(3, 23));
    let found = jinja("{%- for x in xs() if x.a -%}{{ x['b'].c }}{%- endfor -%}");
    assert_eq!(reads(&found), ["each xs().a", "each xs()[?].c"]);
}

#[test]
fn django_may_call_what_it_reads() {
    let found = django("{% for x in xs %}{{ x.tags.all }}{{ x.title }}{% endfor %}");
    let called: Vec<String> = found.calls.iter().map(|call| written(&found, call.callee)).collect();
    assert_eq!(called, ["each xs.tags", "each xs.tags.all", "str", "each xs.title"]);
    let found = jinja("{% for x in xs %}{{ x.tags.all() }}{{ x.title }}{% endfor %}");
    let called: Vec<String> = found.calls.iter().map(|call| written(&found, call.callee)).collect();
    assert_eq!(called, ["each xs.tags.all", "str"]);
}

#[test]
fn filters_give_values() {
    let found = django("{% for x in xs|slice:':3'|dictsort:'a.b' %}{{ x.c|default:y.d|shout:x.e }}{% endfor %}");
    assert_eq!(reads(&found)[..2], ["each xs[?:3].a", "each xs[?:3].a.b"]);
    let shout = found.calls.iter().find(|call| written(&found, call.callee) == "shout").unwrap();
    let args: Vec<String> = shout.args.iter().map(|arg| written(&found, arg.value)).collect();
    assert_eq!(args, ["each list().c or y.d", "each list().e"]);
}

#[test]
fn names_hold_inside_their_tags() {
    let found = jinja("{% set a = b.c %}{{ a.d }}{% with e = a %}{{ e.f }}{% endwith %}{{ e.g }}");
    let read: Vec<String> = found.accesses.iter().map(|access| written(&found, access.value)).collect();
    assert_eq!(read, ["b.c", "b.c.d", "b.c.f", "e.g"]);
    let found = django("{% if a %}{% with b=c.d e=f %}{{ b.g }}{% endwith %}{% elif h %}{{ b.i }}{% endif %}");
    let read: Vec<String> = found.accesses.iter().map(|access| written(&found, access.value)).collect();
    assert_eq!(read, ["c.d", "c.d.g", "b.i"]);
}

#[test]
fn templates_are_made_of_others() {
    let found = django(
        "{% extends 'a.html' %}{% load b c %}{% block d %}{{ block.super }}{% for x in xs %}\
         {% include 'e.html' with y=x.z only %}{% include f %}{% endfor %}{% endblock %}",
    );
    let own = found.template.clone().unwrap();
    assert_eq!(own.extends.as_deref(), Some("a.html"));
    assert_eq!(own.libraries, ["b".into(), "c".into()]);
    assert!(own.blocks[0].shows_replaced && &*own.blocks[0].name == "d");
    let [include] = own.includes.as_slice() else { panic!("{own:?}") };
    assert!(include.only && &*include.name == "e.html");
    assert_eq!(found.call(include.call).args.len(), 1);
}

#[test]
fn macros_are_functions() {
    let found = jinja("{% macro m(a, b=1) %}{{ a.c }}{% endmacro %}{{ m(x) }}");
    assert_eq!(&found.names[found.bindings[0].name], "m");
    assert_eq!(written(&found, found.accesses[0].value), "a.c");
    assert_eq!(found.accesses[0].function, FunctionId(2));
    assert_eq!(found.calls.iter().filter(|call| written(&found, call.callee) == "m").count(), 1);
}

#[test]
fn what_a_cache_keeps_is_not_seen() {
    let found = django("{% cache 5 a %}{{ b.c }}{% cache 5 d %}{% endcache %}{{ e.f }}{% endcache %}{{ g.h }}");
    let read: Vec<String> = found.accesses.iter().map(|access| written(&found, access.value)).collect();
    assert_eq!(read, ["g.h"]);
}

#[test]
fn comments_cover_what_they_say() {
    let text = "{# seqscan: ignore[x] why #}\n{% for a in b %}\n{{ c }}\n{% endfor %}\n{{ d }} {# seqscan: ignore[x] #}\n\
                {% comment %} seqscan: ignore-file[x] {% endcomment %}\n";
    let found = django(text);
    let covers: Vec<&str> = found.directives.iter().map(|own| &text[own.covers.range()]).collect();
    assert_eq!(covers, ["{% for a in b %}\n{{ c }}\n{% endfor %}", "{{ d }}", text]);
    assert_eq!(&*found.directives[0].reason, "why");
    assert_eq!(found.directives[2].kind, DirectiveKind::IgnoreFile);
}

#[test]
fn what_is_wrong_is_left_out() {
    for text in [
        "{% endfor %}{% for %}{% for x %}{% for x in %}{{ }}{{ | }}{{ a| }}{{ a.|b }}{% if %}{% else %}{% elif %}",
        "{% if a %}{% for x in b %}{% endif %}{% endfor %}{% block %}{% macro %}{% macro a( %}{% set %}{% set a, %}",
        "{% include %}{% extends %}{% regroup a by %}{% regroup a %}{% with %}{% with a %}{% load %}{{ ((((a }}",
        "{{ a[ }}{{ a[: }}{{ {a: }}{{ a( }}{{ not }}{{ a if }}{{ a is }}{{ a is not }}{{ - }}{{ 1. }}{{ \"a",
        "{% from %}{% from 'a' import %}{% import 'a' as %}{% call %}{% call( %}{% trans %}{% else %}{% empty %}",
    ] {
        django(text);
        jinja(text);
    }
}

#[test]
fn names_of_templates_are_found() {
    let names = |text: &str| {
        let file = SourceFile::new("views.py", Default::default(), Language::Python, text.into());
        let found = template_names(&file);
        (found.names.join(" "), found.is_jinja)
    };
    let text = "render(request, 'a/b.html', {})\nx = \"c.txt\"\ny = f'{z}/d.html'\nw = 'pkg:e/f.jinja2'\n";
    assert_eq!(names(text), ("a/b.html c.txt e/f.jinja2".to_owned(), true));
    assert_eq!(names("import flask\nrender_template('a.html')"), ("a.html".to_owned(), true));
    assert_eq!(names("render(r, 'a.html')"), ("a.html".to_owned(), false));
}
