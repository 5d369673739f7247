//! Bindings through branches, scopes, hoisting.

use super::*;

#[test]
fn branches_join() {
    let facts = js("let a = 1; if (c) { a = 2 } else { a = 3 } q(a); if (d) { a = 4; return } q2(a)");
    assert_eq!(args(&facts, "@q"), "(2 | 3)");
    assert_eq!(args(&facts, "@q2"), "(2 | 3)");
}

#[test]
fn blocks_have_their_own_names() {
    let facts = js("const a = 1; { const a = 2; q(a) } q2(a); if (x) { var v = 3 } q3(v)");
    assert_eq!(args(&facts, "@q"), "2");
    assert_eq!(args(&facts, "@q2"), "1");
    assert_eq!(args(&facts, "@q3"), "3");
}

#[test]
fn functions_are_hoisted_and_see_what_follows() {
    let facts = js("run(); function run() { helper(db) } const db = connect(); const helper = x => q(x);");
    assert_eq!(args(&facts, "fn helper"), "@connect()");
    assert_eq!(args(&facts, "fn run"), "");
    assert_eq!(show(&facts, function(&facts, "helper").returns[0]), "@q(helper#0)");
}

#[test]
fn names_filled_by_a_function_are_known_to_the_others() {
    let facts = js("
        let client = null;
        async function get() { return client.query('x') }
        async function close() { client = null }
        async function open() { client = new Client() }
    ");
    assert_eq!(callees(&facts), ["@Client", "new @Client().query"]);
}

#[test]
fn functions_inside_branches_keep_their_surroundings() {
    let facts = js("if (x) { const db = open(); later = () => db.go() }");
    assert_eq!(call(&facts, "go").args.len(), 0);
    assert_eq!(show(&facts, call(&facts, "go").callee), "@open().go");
}

#[test]
fn conditions_guard_calls() {
    let facts = js(
        "if (!a) { f1() } else f2(); a && f3(); const x = b ? f4() : f5(); y ?? f6(); try { f7() } catch (e) { f8() }",
    );
    let guard = |callee: &str| call(&facts, callee).guard.map(|guard| facts.guards[guard.index()].kind);
    assert_eq!(guard("@f1"), Some(GuardKind::Then));
    assert_eq!(guard("@f2"), Some(GuardKind::Else));
    assert_eq!(guard("@f3"), Some(GuardKind::And));
    assert_eq!(guard("@f4"), Some(GuardKind::Then));
    assert_eq!(guard("@f5"), Some(GuardKind::Else));
    assert_eq!(guard("@f6"), Some(GuardKind::Or));
    assert_eq!(guard("@f7"), None);
    assert_eq!(guard("@f8"), Some(GuardKind::Handler));
    assert_eq!(bound(&facts, "x"), "(@f4() | @f5())");
}

#[test]
fn process_exit_leaves() {
    let facts = js("let a = 1; if (c) { a = 2; process.exit(1) } q(a)");
    assert_eq!(args(&facts, "@q"), "1");
}

#[test]
fn switch_cases_are_guarded_and_joined() {
    let facts = js("let a = 0; switch (k) { case 1: case 2: a = 1; f1(); break; default: a = 2 } q(a)");
    assert_eq!(args(&facts, "@q"), "(1 | 2)");
    assert!(call(&facts, "@f1").guard.is_some());
}

#[test]
fn destructuring() {
    let facts = js("
        const { a, b: { c = 1 }, ...rest } = f();
        const [d, , e = 2, ...more] = g();
        let x; ({ x } = h()); [x.y] = k();
        function fn({ p }, [r], s = 5, ...t) { q(a, c, rest, d, e, more, x, p, r, s, t) }
    ");
    assert_eq!(
        args(&facts, "@q"),
        "@f().a, (@f().b.c | 1), @f(), @g()/0, (@g()/2 | 2), @g(), @h().x, fn#0.p, fn#1/0, fn#2, fn#3"
    );
    assert_eq!(call(&facts, "@g").result, ResultUse::Iterated);
    let params = &function(&facts, "fn").params;
    assert_eq!(params.len(), 4);
    assert!(params[3].is_rest);
    assert_eq!(params[2].default.map(|value| show(&facts, value)).as_deref(), Some("5"));
}

#[test]
fn results_and_uses() {
    let facts = js("
        async function f() {
            await a1(); const x = await a2(); if (a3()) {} a4().b; a5(a6()); [...a7()]; const p = a8(); await p; p[0];
            'k' in p; return a9() || a10();
        }
    ");
    let result = |callee: &str| call(&facts, callee).result;
    assert_eq!(result("@a1"), ResultUse::Discarded);
    assert!(call(&facts, "@a1").awaited);
    assert_eq!(result("@a2"), ResultUse::Bound);
    assert_eq!(result("@a3"), ResultUse::Tested);
    assert_eq!(result("@a4"), ResultUse::Receiver);
    assert_eq!(result("@a6"), ResultUse::Argument);
    assert_eq!(result("@a7"), ResultUse::Iterated);
    assert_eq!(result("@a8"), ResultUse::Bound);
    assert_eq!(result("@a9"), ResultUse::Tested);
    assert_eq!(result("@a10"), ResultUse::Returned);
    let uses: Vec<_> = facts.uses.iter().map(|one| (one.kind, show(&facts, one.value))).collect();
    for (kind, value) in [
        (UseKind::Await, "@a8()"),
        (UseKind::Index, "@a8()"),
        (UseKind::Contains, "@a8()"),
        (UseKind::Iterate, "@a7()"),
        (UseKind::Test, "@a3()"),
    ] {
        assert!(uses.contains(&(kind, value.to_owned())), "{kind:?} {value} in {uses:?}");
    }
}

#[test]
fn deep_nesting_is_a_gap() {
    let worker = std::thread::Builder::new().stack_size(64 << 20).spawn(|| {
        for source in [
            format!("q({}1{})", "[".repeat(5_000), "]".repeat(5_000)),
            format!("{}x{}", "a(".repeat(5_000), ")".repeat(5_000)),
            format!("p{}", ".then(x)".repeat(5_000)),
            format!("{}{}", "if (a) {".repeat(5_000), "}".repeat(5_000)),
            format!("{}1{}", "(() => ".repeat(3_000), ")".repeat(3_000)),
            format!("{}{}", "function f() {".repeat(3_000), "}".repeat(3_000)),
            format!("const {}a{} = b", "{a: ".repeat(3_000), "}".repeat(3_000)),
        ] {
            js(&source);
            ts(&source);
        }
        let facts = ts(&format!("let a: {}b{}", "A<".repeat(5_000), ">".repeat(5_000)));
        assert_eq!(facts.gaps.len(), 1);
        assert_eq!(facts.gaps[0].what, "nested too deeply to be followed");
    });
    worker.unwrap().join().unwrap();
}

#[test]
fn syntax_errors_are_one_gap() {
    let facts = js("const a = ;\nfunction f( { q(1)\n}\nfoo();");
    assert_eq!(facts.gaps.len(), 1);
    assert!(facts.gaps[0].what.starts_with("syntax error, "), "{:?}", facts.gaps);
    assert!(callees(&facts).contains(&"@foo".to_owned()));
}

#[test]
fn flow_types_are_read() {
    let facts = js("// @flow\ntype A = { a: string };\nexport async function f(x: ?A): Promise<void> { await q(x) }");
    assert!(facts.gaps.is_empty(), "{:?}", facts.gaps);
    assert_eq!(args(&facts, "@q"), "f#0");
}
