//! Imports, exports and what the file binds.

use super::*;

#[test]
fn es_imports() {
    let facts = ts("
        import a, { b, c as d, type T } from 'm';
        import * as ns from 'n';
        import type { U } from './u';
        import req = require('r');
        import 'side';
        const lazy = await import('./lazy');
        const { x } = await import('./x');
    ");
    for (name, value) in [
        ("a", "<m:default>"),
        ("b", "<m:b>"),
        ("d", "<m:c>"),
        ("T", "<m:T>"),
        ("ns", "<n>"),
        ("U", "<./u:U>"),
        ("req", "<r>"),
        ("lazy", "<./lazy>"),
        ("x", "<./x:x>"),
    ] {
        assert_eq!(bound(&facts, name), value);
    }
    assert!(facts.calls.is_empty());
}

#[test]
fn common_js_imports() {
    let facts = js("
        const a = require('m');
        const { b, c: d, e: { f } } = require('m');
        const g = require('m').h;
        const i = require('m').j(1);
        let k; k = require('./k');
        require('./init')(app);
    ");
    for (name, value) in [
        ("a", "<m>"),
        ("b", "<m:b>"),
        ("d", "<m:c>"),
        ("f", "<m:e>.f"),
        ("g", "<m:h>"),
        ("i", "<m:j>(1)"),
        ("k", "<./k>"),
    ] {
        assert_eq!(bound(&facts, name), value);
    }
    assert_eq!(args(&facts, "<./init>"), "@app");
}

#[test]
fn es_exports() {
    let facts = ts("
        const local = 1, other = 2;
        export const { a, b: [c] } = f();
        export function fn() {}
        export class C {}
        export interface I { x: string }
        export enum E { A, B = 5, D }
        export { local, other as renamed };
        export { q as r, default as s } from 'm';
        export * as ns from 'n';
        export * from 'all';
        export type * from 'types';
        export default class Main {}
    ");
    let found = exported(&facts);
    for expected in [
        "a = @f().a",
        "c = @f().b/0",
        "fn = fn fn",
        "C = class C",
        "I = class I",
        "E = {A: 0, B: 5, D: 6}",
        "local = 1",
        "renamed = 2",
        "r = <m:q>",
        "s = <m:default>",
        "ns = <n>",
        "default = class Main",
    ] {
        assert!(found.iter().any(|one| one == expected), "{expected} in {found:?}");
    }
    assert!(!found.iter().any(|one| one.starts_with("other ")));
    let stars: Vec<_> = facts.imports.iter().filter(|import| import.what == Imported::Star).collect();
    assert_eq!(stars.len(), 2);
    assert!(facts.gaps.is_empty());
}

#[test]
fn default_exports() {
    assert_eq!(exported(&js("export default async () => 1")), ["default = fn "]);
    assert_eq!(exported(&js("const a = 1; export default a")), ["default = 1"]);
    assert_eq!(exported(&ts("const a = 1; export = a")), ["default = 1"]);
    assert_eq!(exported(&js("export default function f() {}")), ["default = fn f"]);
}

#[test]
fn common_js_exports() {
    let facts = js("
        const a = 1;
        function load() {}
        module.exports = { a, b: load, async c() { return exports.d() }, ...require('./more') };
        exports.d = () => 2;
        module.exports.e = 3;
    ");
    let found = exported(&facts);
    for expected in ["a = 1", "b = fn load", "c = fn c", "d = fn d", "e = 3"] {
        assert!(found.iter().any(|one| one == expected), "{expected} in {found:?}");
    }
    assert_eq!(callees(&facts), ["fn d"]);
    assert!(facts.imports.iter().any(|import| import.what == Imported::Star));
    let one = js("class A {} module.exports = A;");
    assert_eq!(exported(&one), ["default = class A"]);
}

#[test]
fn objects_that_are_filled_are_exported_full() {
    let facts = js("const db = {}; db.User = require('./user')(sequelize); db.go = go; module.exports = db;");
    let found = exported(&facts);
    assert!(found.contains(&"User = <./user>(@sequelize)".to_owned()), "{found:?}");
    assert!(found.contains(&"go = @go".to_owned()), "{found:?}");
}

#[test]
fn namespaces_are_objects() {
    let facts = ts(
        "namespace A.B { export const x = 1; const y = 2; export function f() {} } declare module 'm' { interface I {} } q(A)",
    );
    assert_eq!(args(&facts, "@q"), "{B: {x: 1, f: fn f}}");
}

#[test]
fn types_and_values_of_one_name_live_side_by_side() {
    let facts = ts(
        "interface User { id: string } const User = define('user'); function f(u: User) { User.find() } export { User }",
    );
    assert_eq!(show(&facts, call(&facts, "find").callee), "@define(\"user\").find");
    assert_eq!(show(&facts, function(&facts, "f").params[0].annotation.unwrap()), ":class User");
    assert_eq!(exported(&facts), ["User = @define(\"user\")"]);
}
