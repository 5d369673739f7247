//! Calls.

use super::*;

#[test]
fn names_of_callees_are_on_one_line() {
    let source = "await db\n  .select('a')\n  ?.from('b');\n(x || y)(1); a['b'](2); new ns.Client(3); f()();";
    let facts = js(source);
    let names: Vec<_> = facts.calls.iter().map(|call| &source[call.name_span.range()]).collect();
    assert_eq!(names, ["select", "from", "x || y", "a['b']", "Client", "f", "f()"]);
    assert_eq!(
        callees(&facts),
        ["@db.select", "@db.select(\"a\").from", "(@x | @y)", "@a[\"b\"]", "@ns.Client", "@f", "@f()"]
    );
    assert!(facts.calls[1].awaited && !facts.calls[0].awaited);
    assert!(facts.calls[4].is_new);
    assert_eq!(facts.calls[0].result, ResultUse::Receiver);
    assert_eq!(facts.calls[5].result, ResultUse::Receiver);
}

#[test]
fn spread_arguments() {
    let facts = js("q(1, ...xs, { ...y })");
    assert_eq!(args(&facts, "@q"), "1, ...@xs, {?: @y}");
}

#[test]
fn functions_called_where_they_stand() {
    let facts = js("let x; (async () => { x = 1; await q(x) })(); (function () { r(x) }).call(this)");
    assert_eq!(args(&facts, "@q"), "1");
    assert_eq!(args(&facts, "@r"), "1");
}

#[test]
fn promises_are_calls_with_callbacks() {
    let facts = js("db.q().then(rows => use(rows)).catch(e => log(e)); new Promise((resolve) => { go(resolve) })");
    let then = facts.function(call(&facts, "@use").function);
    assert_eq!(show(&facts, facts.call(then.passed_to.unwrap().0).callee), "@db.q().then");
    assert_eq!(args(&facts, "@go"), "#0");
    assert!(facts.loops.is_empty());
}

#[test]
fn operations() {
    let facts =
        js("q(!a, -1, 0x10, 1_000n, a === b, a < 1, a in b, a && b, i++, (1, 2), void 0, typeof a, a ? 1 : 2, 1.5)");
    assert_eq!(
        args(&facts, "@q"),
        "Not(@a, ?), -1, 16, 1000, Equal(@a, @b), Order(@a, 1), In(@a, @b), And(@a, @b), @i, 2, null, Other(@a, ?), (1 | 2), float"
    );
}

#[test]
fn directives_are_collected() {
    let facts = js("// seqscan: ignore[query-in-loop] few\nfor (const x of xs) { q(x) }\n");
    assert_eq!(facts.directives.len(), 1);
}

#[test]
fn type_arguments_do_not_hide_what_is_called() {
    let source = "async function f() { const r = (await db.query<{ a: string }[]>(`x`)).rows; if (!g<T>(1)) {} return a + h<T, U<V>>(2) }";
    let facts = ts(source);
    assert_eq!(callees(&facts), ["@db.query", "@g", "@h"]);
    assert!(facts.calls[0].awaited);
    let facts =
        facts_of("a.tsx", "const x = <p>see<b>({q<T>(1)})</b><br/>(y)</p>; const f = async <T,>(x: T) => r<T>(x);");
    assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
    assert_eq!(callees(&facts), ["@q", "@r"]);
}

#[test]
fn this_may_be_declared() {
    let facts = ts(
        "class User { static find = async function (this: typeof User) { return this.one() }; static all = function () { this.two() } } function f(this: Svc) { this.three() }",
    );
    assert_eq!(callees(&facts), ["class User.one", "class User.two", ":@Svc.three"]);
}

#[test]
fn regular_expressions_are_known() {
    assert_eq!(callees(&js("/a/.test(x)")), [":@RegExp.test"]);
}
