//! Calls: arguments, places, where results go; and what uses a lazy value without a call.

use super::*;

#[test]
fn calls_have_arguments() {
    assert_eq!(only("call", "a.b(1, x=2, *c(), **d)"), "call c() Iterated\ncall a.b(1, x=2, *c(), *d) Discarded\n");
    assert_eq!(only("call", "f()()"), "call f() Receiver\ncall f()() Discarded\n");
    assert_eq!(only("call", "f(g(1), k=h())"), "call g(1) Argument\ncall h() Argument\ncall f(g(), k=h()) Discarded\n");
}

#[test]
fn the_called_name_is_on_one_line() {
    let source = "(a\n  .b(1)\n  .c(2))";
    let facts = facts(source);
    let names: Vec<&str> = facts.calls.iter().map(|call| &source[call.name_span.range()]).collect();
    assert_eq!(names, ["b", "c"]);
    assert_eq!(&source[facts.calls[1].span.range()], "a\n  .b(1)\n  .c(2)");
}

#[test]
fn results_go_somewhere() {
    let result = |source: &str| {
        let facts = facts(source);
        let name = facts.names.find("f").expect(source);
        let call = facts.calls.iter().find(|call| *facts.value(call.callee) == Value::Global(name));
        call.expect(source).result
    };
    for (source, expected) in [
        ("f()", ResultUse::Discarded),
        ("await f()", ResultUse::Discarded),
        ("f().x", ResultUse::Receiver),
        ("f().x()", ResultUse::Receiver),
        ("f()[0]", ResultUse::Receiver),
        ("f()[1:]", ResultUse::Receiver),
        ("(await f()).x", ResultUse::Receiver),
        ("g(f())", ResultUse::Argument),
        ("g(k=f())", ResultUse::Argument),
        ("g(*f())", ResultUse::Iterated),
        ("x = f()", ResultUse::Bound),
        ("x = await f()", ResultUse::Bound),
        ("x.y = f()", ResultUse::Bound),
        ("x[1] = f()", ResultUse::Bound),
        ("x: int = f()", ResultUse::Bound),
        ("a, b = f()", ResultUse::Iterated),
        ("with f() as x: pass", ResultUse::Bound),
        ("g(x := f())", ResultUse::Bound),
        ("def g(): return f()", ResultUse::Returned),
        ("def g(): yield f()", ResultUse::Returned),
        ("def g(): yield from f()", ResultUse::Iterated),
        ("g = lambda: f()", ResultUse::Returned),
        ("for x in f(): pass", ResultUse::Iterated),
        ("[x for x in f()]", ResultUse::Iterated),
        ("[*f()]", ResultUse::Iterated),
        ("if f(): pass", ResultUse::Tested),
        ("x = not f()", ResultUse::Tested),
        ("x = f() and y", ResultUse::Tested),
        ("x = y or f()", ResultUse::Bound),
        ("assert f()", ResultUse::Tested),
        ("x = f() + 1", ResultUse::Operand),
        ("x = [f()]", ResultUse::Operand),
        ("x = f() == 1", ResultUse::Operand),
        ("x = f'{f()}'", ResultUse::Operand),
    ] {
        assert_eq!(result(source), expected, "{source}");
    }
}

#[test]
fn await_is_transparent() {
    assert_eq!(only("call", "x = await a.b()"), "call await a.b() Bound\n");
    assert_eq!(only("call", "x = await (a.b())"), "call await a.b() Bound\n");
    assert_eq!(only("use", "await a.b()"), "");
    assert_eq!(only("use", "x = f()\nawait x"), "use Await f()\n");
    assert_eq!(only("use", "await a.b"), "use Await a.b\n");
}

#[test]
fn uses_run_lazy_values() {
    assert_eq!(only("use", "x = f()\nif x: pass"), "use Test f()\n");
    assert_eq!(only("use", "if not x.y: pass"), "use Test x.y\n");
    assert_eq!(only("use", "z = x and y"), "use Test x\n");
    assert_eq!(only("use", "z = 1 if x else 2"), "use Test x\n");
    assert_eq!(only("use", "if a and b: pass"), "use Test a\nuse Test b if And(a)\n");
    assert_eq!(only("use", "if x == 1: pass"), "");
    assert_eq!(only("use", "x[0]"), "use Index x\n");
    assert_eq!(only("use", "x[i]"), "use Index x\n");
    assert_eq!(only("use", "x[1:2]"), "use Slice x[1:2]\n");
    assert_eq!(only("use", "x[0] = 1"), "");
    assert_eq!(only("use", "a in x"), "use Contains x\n");
    assert_eq!(only("use", "a not  in x"), "use Contains x\n");
    assert_eq!(only("use", "[*x, 1]"), "use Iterate x\n");
    assert_eq!(only("use", "f(*x)"), "use Iterate x\n");
    assert_eq!(only("use", "for a in b:\n  for c in a.d: pass"), "use Iterate b\nuse Iterate each0(b).d loop0\n");
    assert_eq!(only("use", "assert x"), "use Test x\n");
    assert_eq!(only("use", "while x: pass"), "use Test x loop0\n");
}

#[test]
fn spreads_take_all_that_follows() {
    assert_eq!(probe("probe([*a.b().c, *d[0], *e()])"), "[*a.b().c, *d[0], *e()]");
    assert_eq!(probe("probe({*a() or b})"), "[*(a() | b)]");
    assert_eq!(probe("def f(): probe((*[*a()], 1))"), "[*[*a()], 1]");
    assert_eq!(only("call", "x = *a.b(), 1"), "call a.b() Iterated\n");
    assert_eq!(only("use", "x = *a.b(), 1"), "use Iterate a.b()\n");
}

#[test]
fn expressions_become_values() {
    for (source, expected) in [
        ("1_000", "1000"),
        ("0x1F", "31"),
        ("-5", "-5"),
        ("1.5", "float"),
        ("99999999999999999999", "float"),
        ("None", "None"),
        ("(1, 'a')", "[1, \"a\"]"),
        ("{'a': 1, **b}", "{\"a\": 1, ?: *b}"),
        ("{1, 2}", "[1, 2]"),
        ("a or b", "(a | b)"),
        ("a or None", "(a | None)"),
        ("a and b", "And(a, b)"),
        ("a | b & c", "BitOr(a, BitAnd(b, c))"),
        ("a - b * c", "Subtract(a, Multiply(b, c))"),
        ("a < b <= c", "And(Order(a, b), Order(b, c))"),
        ("a is not None", "NotEqual(a, None)"),
        ("a is b", "Equal(a, b)"),
        ("a not in b", "NotIn(a, b)"),
        ("not a", "Not(a)"),
        ("a if b else c", "(a | c)"),
        ("a.b[c].d", "a.b[c].d"),
        ("a[1:]", "a[1:?]"),
        ("a[:n]", "a[?:n]"),
        ("a[::2]", "a[?:?]"),
        ("a[1, 2]", "a[[1, 2]]"),
        ("b'x'", "?"),
        ("...", "?"),
        ("~a", "Other(a)"),
        ("(yield)", "?"),
    ] {
        assert_eq!(probe(&format!("probe({source})")), expected, "{source}");
    }
}

#[test]
fn old_statements_are_read() {
    assert_eq!(
        only("call", "print >>f(), g()"),
        "call f() Operand\ncall g() Operand\n".replace("Operand", "Discarded")
    );
    assert_eq!(only("gap", "print 'a'"), "");
}

#[test]
fn a_syntax_error_is_one_gap() {
    let source = "def f():\n  x = )\n  g()\n\ndef h(:\n  i()\n";
    let printed = print(source);
    assert!(printed.contains("call g() "), "{printed}");
    assert_eq!(printed.matches("gap ").count(), 1, "{printed}");
    assert!(printed.contains("gap syntax error, "), "{printed}");
    assert_eq!(only("gap", "x = (1"), only("gap", "x = (1"));
    for broken in [
        "(",
        "x = (",
        "\"",
        "'''",
        "f'{",
        "f'{x",
        "class",
        "def",
        "if",
        "for x in",
        "\u{1F600}",
        "lambda",
        "@",
        "x = [i for",
        "match x:\n case",
    ] {
        facts(broken);
    }
}
