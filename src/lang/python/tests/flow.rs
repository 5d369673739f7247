//! What names are bound to, and what stands under which condition.

use super::*;

#[test]
fn imports_are_bound_as_they_are_met() {
    assert_eq!(probe("import a.b\nprobe(a.b.c)"), "a:.b.c");
    assert_eq!(probe("import a.b as c\nprobe(c)"), "a.b:");
    assert_eq!(probe("from a . b import c as d\nprobe(d)"), "a.b:c");
    assert_eq!(probe("from ..m.k import n\nprobe(n)"), "..m.k:n");
    assert_eq!(probe("from . import n\nprobe(n)"), ".:n");
    assert_eq!(probe("def f():\n  from m import (n,\n    o)\n  probe(o)"), "m:o");
    assert_eq!(probe("if TYPE_CHECKING:\n  from m import n\nprobe(n)"), "m:n");
    assert_eq!(probe("try:\n  from m import n\nexcept ImportError:\n  from k import n\nprobe(n)"), "(m:n | k:n)");
    assert_eq!(probe("try:\n  import m\nexcept ImportError:\n  m = None\nprobe(m)"), "(m: | None)");
    assert_eq!(probe("from __future__ import annotations\nprobe(annotations)"), "__future__:annotations");
    let facts = facts("from m import *\nimport a.b, c as d");
    assert_eq!(facts.imports[0].what, Imported::Star);
    assert_eq!(facts.bindings.len(), 2);
    assert!(facts.bindings.iter().all(|binding| binding.exported));
}

#[test]
fn names_mean_what_they_were_last_bound_to() {
    assert_eq!(probe("x = 1\nx = f()\nprobe(x)"), "f()");
    assert_eq!(probe("x = 1\nif c:\n  x = 2\nprobe(x)"), "(1 | 2)");
    assert_eq!(probe("if c:\n  x = 1\nelse:\n  x = 2\nprobe(x)"), "(1 | 2)");
    assert_eq!(probe("if c:\n  x = 1\nelif d:\n  x = 2\nelse:\n  x = 3\nprobe(x)"), "(1 | (2 | 3))");
    assert_eq!(probe("x = 0\nif c:\n  x = 1\nelif d:\n  x = 2\nprobe(x)"), "(1 | (0 | 2))");
    assert_eq!(probe("def f():\n  if c:\n    x = 1\n    return\n  else:\n    x = 2\n  probe(x)"), "2");
    assert_eq!(probe("def f(x):\n  if not x:\n    x = 2\n    raise E\n  probe(x)"), "param x");
    assert_eq!(probe("a = b = f()\nprobe(a)"), "f()");
    assert_eq!(probe("x = 1\ndel x\nprobe(x)"), "?");
    assert_eq!(probe("if (x := f()): probe(x)"), "f()");
    assert_eq!(probe("with f() as x: probe(x)"), "f()");
    assert_eq!(probe("with a.b() as x, x.c() as y:\n  probe(y)"), "a.b().c()");
    assert_eq!(probe("with (a.b() as x, x.c() as y):\n  probe(y)"), "a.b().c()");
    assert_eq!(probe("with f() as (x, y): probe(y)"), "f()#1");
    assert_eq!(probe("try:\n  f()\nexcept E as e:\n  probe(e)"), "<E>");
    assert_eq!(probe("try:\n  f()\nexcept (E, F) as e:\n  probe(e)"), "?");
    assert_eq!(probe("count = 0\ncount += 1\nprobe(count)"), "Add(0, 1)");
}

#[test]
fn values_are_taken_apart() {
    assert_eq!(probe("a, b = f()\nprobe(b)"), "f()#1");
    assert_eq!(probe("a, b = 1, x()\nprobe(b)"), "x()");
    assert_eq!(probe("(a, [b, c]) = f()\nprobe(c)"), "f()#1#1");
    assert_eq!(probe("a, *b = f()\nprobe(a)"), "f()#0");
    assert_eq!(probe("a, *b = f()\nprobe(b)"), "mixed(f())");
    assert_eq!(only("use", "a, b = f()"), "use Iterate f()\n");
    assert_eq!(only("use", "a, b = 1, 2"), "");
    assert_eq!(only("call", "a, b = f(), g()"), "call f() Bound\ncall g() Bound\n");
}

#[test]
fn declared_types_help_where_the_value_says_nothing() {
    assert_eq!(probe("x: int\nprobe(x)"), "<int>");
    assert_eq!(probe("x: A | None = None\nprobe(x)"), "<A>");
    assert_eq!(probe("x: A = f()\nprobe(x)"), "(f() | <A>)");
    assert_eq!(probe("x: str = 'a'\nprobe(x)"), "\"a\"");
    assert_eq!(probe("from t import Annotated\nX = Annotated[A, f()]\ny: X = None\nprobe(y)"), "<A>");
    assert_eq!(probe("type X = list[A]\ny: X\nprobe(y)"), "<list[<A>]>");
}

#[test]
fn globals_are_what_any_function_sets_them_to() {
    let source = "pool = None\ndef use():\n  probe(pool)\ndef init():\n  global pool\n  pool = connect()\n";
    assert_eq!(probe(source), "(connect() | None)");
    assert_eq!(bound(source, "pool"), "(connect() | None)");
    let close = "pool = connect()\ndef close():\n  global pool\n  pool = None\ndef use():\n  probe(pool)\n";
    assert_eq!(probe(close), "(connect() | None)");
    let nested = "def f():\n  n = 1\n  def g():\n    nonlocal n\n    n = 2\n  g()\n  def h():\n    probe(n)\n";
    assert_eq!(probe(nested), "(1 | 2)");
    let unset = "def f():\n  global x\n  x = f()\ndef g():\n  probe(x)";
    assert_eq!(probe(unset), "f()".replace('f', "def f"));
}

#[test]
fn a_function_sees_the_file_as_it_is_when_it_runs() {
    assert_eq!(probe("def f():\n  probe(LATER)\nLATER = 'x'"), "\"x\"");
    assert_eq!(probe("def f():\n  x = g()\n  def h():\n    probe(x)\n  x = 1"), "1");
    assert_eq!(probe("x = 1\ndef f():\n  for a in b:\n    x = a\nprobe(x)"), "1");
}

#[test]
fn a_loop_of_a_function_leaves_names_of_the_file_alone() {
    let source = "rows = []\ndef f():\n  for a in b:\n    rows = a\ndef g():\n  probe(rows)";
    assert_eq!(probe(source), "[]");
}

#[test]
fn code_stands_under_conditions() {
    assert_eq!(
        only("call", "if a: f()\nelif b: g()\nelse: h()\ni()"),
        "\
call f() Discarded if Then(a)
call g() Discarded if Then(b) if Else(a)
call h() Discarded if Else(b) if Else(a)
call i() Discarded
"
    );
    assert_eq!(
        only("call", "try: f()\nexcept E: g()\nelse: h()\nfinally: i()"),
        "\
call f() Discarded
call h() Discarded
call g() Discarded if Handler(E)
call i() Discarded
"
    );
    assert_eq!(
        only("call", "x = f() if a() else g()"),
        "\
call a() Tested
call f() Bound if Then(a())
call g() Bound if Else(a())
"
    );
    assert_eq!(
        only("call", "x = a() and b() or c()"),
        "\
call a() Tested
call b() Tested if And(a())
call c() Bound if Or(And(a(), b()))
"
    );
    assert_eq!(
        only("call", "match f():\n  case 1: g()\n  case [x] if h(x): i()\n  case _: j()"),
        "\
call f() Operand
call g() Discarded if Other(f())
call h(mixed(f())) Tested if Other(f())
call i() Discarded if Then(h()) if Other(f())
call j() Discarded if Other(f())
"
    );
    assert_eq!(only("call", "assert a(), b()"), "call a() Tested\ncall b() Operand if Else(a())\n");
    assert_eq!(only("call", "with a(): b()"), "call a() Entered\ncall b() Discarded\n");
}

#[test]
fn what_cannot_be_reached_binds_nothing() {
    let after = |body: &str| {
        let body = body.replace('\n', "\n    ");
        probe(&format!("import sys\ndef f(c, d):\n  x = 0\n  if c:\n    x = 1\n    {body}\n  probe(x)"))
    };
    assert_eq!(after("pass"), "(0 | 1)");
    for leaving in [
        "return",
        "raise E",
        "sys.exit(1)",
        "exit()",
        "if d:\n  return\nelse:\n  raise E",
        "if d:\n  return\nelif c:\n  return\nelse:\n  raise E",
        "with d:\n  return",
        "try:\n  return\nexcept E:\n  raise",
        "try:\n  pass\nfinally:\n  return",
        "try:\n  g()\nexcept E:\n  return\nelse:\n  return",
        "while True:\n  g()",
        "match d:\n  case 1:\n    return\n  case _:\n    return",
        "for a in b:\n  pass\nelse:\n  return",
    ] {
        assert_eq!(after(leaving), "0", "{leaving}");
    }
    for going_on in [
        "if d:\n  return",
        "if d:\n  return\nelif c:\n  return",
        "try:\n  return\nexcept E:\n  pass",
        "for a in b:\n  return",
        "while True:\n  break",
        "while d:\n  return",
        "match d:\n  case 1:\n    return",
        "from contextlib import suppress\nwith suppress(E):\n  return",
        "for a in b:\n  break\nelse:\n  return",
        "def g():\n  return",
    ] {
        assert_eq!(after(going_on), "(0 | 1)", "{going_on}");
    }
}

#[test]
fn a_handler_is_one_of_the_ways() {
    assert_eq!(probe("try:\n  x = f()\nexcept E:\n  x = None\nprobe(x)"), "(f() | None)");
    assert_eq!(
        probe("def g():\n  try:\n    x = f()\n  except E:\n    return\n  probe(x)"),
        "def g".replace("def g", "f()")
    );
    assert_eq!(probe("def g():\n  try:\n    return 1\n  except E:\n    x = 2\n  probe(x)"), "2");
}

#[test]
fn a_match_binds_what_it_captures() {
    assert_eq!(probe("match f():\n  case x: probe(x)"), "f()");
    assert_eq!(probe("match f():\n  case A(b=x): probe(x)"), "mixed(f())");
    assert_eq!(probe("match f():\n  case {'a': [x, *_]}: probe(x)"), "mixed(f())");
    assert_eq!(probe("x = 1\nmatch f():\n  case a.x: probe(x)"), "1");
    assert_eq!(probe("match f():\n  case (A() | B()) as x: probe(x)"), "mixed(f())");
}
