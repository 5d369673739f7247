//! Loops, what they carry, and how they are left.

use super::*;

#[test]
fn for_runs_over_something() {
    assert_eq!(
        print("for x in xs():\n  f(x)"),
        "\
loop0 Each xs() `for x in xs()`
call xs() Iterated
call f(each0(xs())) Discarded loop0
use Iterate xs()
"
    );
    assert_eq!(probe("for a, (b, c) in xs: probe(c)"), "each0(xs)#1#1");
    assert_eq!(probe("for i, x in enumerate(xs): probe(x)"), "each0(enumerate())#1");
    assert_eq!(probe("for x in a, b: probe(x)"), "each0([a, b])");
    assert_eq!(probe("for x in xs: pass\nprobe(x)"), "each0(xs)");
    assert_eq!(
        only("loop", "async def f():\n  async for x in (\n    xs):\n    pass"),
        "loop0 Each xs `async for x in (` @f\n"
    );
    assert_eq!(
        only("loop", "for a in b:\n  for c in a.d:\n    pass"),
        "\
loop0 Each b `for a in b`
loop1 Each each0(b).d `for c in a.d` loop0
"
    );
}

#[test]
fn while_tests_each_time() {
    assert_eq!(
        print("while f(): g()"),
        "\
loop0 While f() `while f()`
call f() Tested loop0
call g() Discarded loop0
use Test f() loop0
"
    );
    assert_eq!(
        only("loop", "while rows := cur.fetchmany(9): pass"),
        "loop0 While cur.fetchmany() `while rows := cur.fetchmany(9)`\n"
    );
    assert_eq!(only("loop", "x = 1\nwhile x < n: x += 1"), "loop0 While Order(carried0(1), n) `while x < n`\n");
}

#[test]
fn names_that_the_body_binds_are_carried() {
    assert_eq!(probe("x = 1\nfor a in b:\n  probe(x)\n  x = a"), "carried0(1)");
    assert_eq!(probe("x = 1\nfor a in b:\n  if c:\n    with d as x: pass\n  probe(x)"), "(carried0(1) | d)");
    for body in [
        "x += 1",
        "x, y = f()",
        "for x in c: pass",
        "if (x := f()): pass",
        "[y for y in z if (x := y)]",
        "import x",
        "from m import x",
        "def x(): pass",
        "try: pass\n  except E as x: pass",
        "match f():\n    case [x]: pass",
        "y = x = f()",
        "del x",
        "with f() as (y, x): pass",
        "(x) = 1",
        "async def x(): pass",
    ] {
        let source = format!("x = 1\nfor a in b:\n  probe(x)\n  {body}\n");
        assert_eq!(probe(&source), "carried0(1)", "{body}");
    }
    for body in ["def y():\n    x = 2", "lambda x: x", "[x for x in y]", "y.x = 1", "x[0] = 1", "class A:\n    x = 1"] {
        let source = format!("x = 1\nfor a in b:\n  probe(x)\n  {body}\n");
        assert_eq!(probe(&source), "1", "{body}");
    }
}

#[test]
fn after_a_loop_a_name_is_what_it_was_or_became() {
    assert_eq!(probe("x = 1\nfor a in b:\n  x = a\nprobe(x)"), "(1 | each0(b))");
    assert_eq!(probe("x = None\nfor a in b:\n  if a:\n    x = f()\n    break\nprobe(x)"), "(None | f())");
    assert_eq!(probe("x = None\nfor a in b:\n  if a:\n    x = f()\n    continue\n  g()\nprobe(x)"), "(None | f())");
    assert_eq!(probe("x = None\nwhile True:\n  x = f()\n  if x: break\nprobe(x)"), "(None | f())");
    assert_eq!(probe("x = None\nfor a in b:\n  if a:\n    break\n  x = f()\nprobe(x)"), "(None | f())");
}

#[test]
fn comprehensions_are_loops() {
    assert_eq!(
        print("x = [f(a, b) for a in g() if h(a) for b in a.bs()]"),
        "\
loop0 Comprehension g() `for a in g()`
loop1 Comprehension each0(g()).bs() `for b in a.bs()` loop0 if Then(h())
call g() Iterated
call h(each0(g())) Tested loop0
call each0(g()).bs() Iterated loop0 if Then(h())
call f(each0(g()), each1(each0(g()).bs())) Operand loop1 if Then(h())
use Iterate g()
use Test h() loop0
use Iterate each0(g()).bs() loop0 if Then(h())
"
    );
    assert_eq!(probe("probe([f(a) for a in b])"), "all0(f())");
    assert_eq!(probe("probe({k: v.x for k, v in b})"), "all0({each0(b)#0: each0(b)#1.x})");
    assert_eq!(probe("x = 1\ny = {x for x in z}\nprobe(x)"), "1");
    assert_eq!(only("call", "sum(f(a) for a in b)"), "call f(each0(b)) Operand loop0\ncall sum(all0(f())) Discarded\n");
    assert_eq!(probe("def f():\n  [y for y in z if (x := y.a)]\n  probe(x)"), "each0(z).a");
    assert_eq!(
        only("call", "async def f():\n  await asyncio.gather(*[g(x) for x in xs])"),
        "\
call g(each0(xs)) Operand @f loop0
call await asyncio.gather(*all0(g())) Discarded @f
"
    );
    assert_eq!(probe("class A:\n  x = 1\n  y = [z for z in probe(x)]"), "1");
}

#[test]
fn loops_are_left() {
    assert_eq!(
        only(
            "exit",
            "\
def f():
  for a in b:
    if a: break
    elif c: continue
    with d:
      try:
        return g(a)
      except E:
        raise F(a) from e
  return 1
"
        ),
        "\
exit Break ? @f loop0 if Then(each0(b))
exit Continue ? @f loop0 if Then(c) if Else(each0(b))
exit Return g() @f loop0
exit Raise F() @f loop0 if Handler(E)
"
    );
    assert_eq!(only("exit", "import sys\nfor a in b: sys.exit()"), "exit Raise sys:.exit() loop0\n");
    assert_eq!(only("exit", "for a in b:\n  def f(): return 1"), "");
}

#[test]
fn callbacks_that_run_per_element_are_loops() {
    assert_eq!(
        print("list(map(lambda a, b: a.f(b), xs, ys))"),
        "\
loop0 Callback xs `map(lambda a, b: a.f(b), xs, ys)`
call map(def , xs, ys) Argument
call each0(xs).f(each0(ys)) Returned @ loop0
call list(map()) Discarded
"
    );
    assert_eq!(only("call", "filter(f, xs)"), "call filter(f, xs) Discarded\ncall f(each0(xs)) Operand loop0\n");
    assert_eq!(only("call", "filter(None, xs)"), "call filter(None, xs) Discarded\n");
    assert_eq!(only("loop", "filter(None, xs)"), "");
    assert_eq!(
        only("call", "pool.map(self.load, ids)"),
        "\
call pool.map(self.load, ids) Discarded
call self.load(each0(ids)) Operand loop0
"
    );
    assert_eq!(
        only("call", "from functools import partial\nmap(partial(f, 1), xs)"),
        "\
call functools:partial(f, 1) Argument
call map(functools:partial(), xs) Discarded
call f(1, each0(xs)) Operand loop0
"
    );
    assert_eq!(
        only("call", "from itertools import starmap\nstarmap(lambda a, b: f(b), xs)"),
        "\
call itertools:starmap(def , xs) Discarded
call f(each0(xs)#1) Returned @ loop0
"
    );
    assert_eq!(only("call f", "from itertools import starmap\nstarmap(f, xs)"), "call f(*each0(xs)) Operand loop0\n");
    assert_eq!(only("call f", "sorted(xs, key=lambda x: f(x))"), "call f(each0(xs)) Returned @ loop0\n");
    assert_eq!(only("call f", "xs.sort(key=lambda x: f(x))"), "call f(each0(xs)) Returned @ loop0\n");
    assert_eq!(only("call f", "reduce(lambda a, x: f(a, x), xs)"), "call f(param a, each0(xs)) Returned @ loop0\n");
    assert_eq!(
        only("loop", "for y in z:\n  map(lambda x: x, y)"),
        "\
loop0 Each z `for y in z`
loop1 Callback each0(z) `map(lambda x: x, y)` loop0
"
    );
    let facts = facts("g(1, lambda: f())\nh = lambda: 1");
    assert_eq!(facts.function(FunctionId(1)).passed_to, Some((CallId(0), 1)));
    assert_eq!(facts.function(FunctionId(1)).runs_in, None);
    assert_eq!(&facts.names[facts.function(FunctionId(2)).name], "h");
    assert_eq!(facts.call(CallId(1)).in_loop, None);
}
