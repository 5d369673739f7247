//! Loops and the callbacks that are loops.

use super::*;

/// Each loop as kind, iterable and head.
fn loops(facts: &FileFacts, source: &str) -> Vec<String> {
    let kind = |kind| match kind {
        LoopKind::Callback(_) => "Callback".to_owned(),
        other => format!("{other:?}"),
    };
    let line = |one: &Loop| format!("{} {} `{}`", kind(one.kind), show(facts, one.iterable), &source[one.head.range()]);
    facts.loops.iter().map(line).collect()
}

#[test]
fn for_of_binds_the_element() {
    let source = "async function f(ids) { for (const { id, name: [first] } of ids) { await db.get(id, first) } }";
    let facts = js(source);
    assert_eq!(args(&facts, "get"), "each(f#0).id, each(f#0).name/0");
    assert_eq!(call(&facts, "get").in_loop, Some(LoopId(0)));
    assert_eq!(loops(&facts, source), ["Each f#0 `for (const { id, name: [first] } of ids)`"]);
    assert!(facts.uses.iter().any(|one| one.kind == UseKind::Iterate && one.in_loop.is_none()));
}

#[test]
fn all_kinds_of_loops() {
    let source = "
        for (const k in o) a(k);
        for (let i = 0; i < n; i++) { b(i); }
        while ((row = next())) c(row);
        do { d() } while (more());
        for await (const x of stream()) e(x);
    ";
    let facts = js(source);
    assert_eq!(
        loops(&facts, source),
        [
            "Keys @o `for (const k in o)`",
            "Counting ? `for (let i = 0; i < n; i++)`",
            "While ? `while ((row = next()))`",
            "While ? `do`",
            "Each @stream() `for await (const x of stream())`",
        ]
    );
    assert_eq!(args(&facts, "@b"), "carried(0)");
    assert_eq!(show(&facts, facts.loops[1].condition), "Order(carried(0), @n)");
    assert_eq!(show(&facts, facts.loops[2].condition), "@next()");
    assert_eq!(args(&facts, "@c"), "@next()");
    assert_eq!(call(&facts, "@next").in_loop, Some(LoopId(2)));
    assert_eq!(call(&facts, "@stream").in_loop, None);
}

#[test]
fn what_the_body_binds_again_is_carried() {
    let facts = js("
        let cursor = null, page = 1;
        while (true) {
            const r = list(cursor, page);
            cursor = r.next;
            page += 1;
        }
        done(cursor);
    ");
    assert_eq!(args(&facts, "@list"), "carried(null), carried(1)");
    assert!(args(&facts, "@done").starts_with("(null | "));
}

#[test]
fn callbacks_run_in_their_loop() {
    let source = "async function f(users) {
        await Promise.all(users
            .filter(u => u.active)
            .map(async ({ id }, i) => { await db.find(id, i); }));
    }";
    let facts = js(source);
    let find = call(&facts, "find");
    assert_eq!(find.in_loop, Some(LoopId(1)));
    assert!(find.awaited);
    let callback = facts.function(find.function);
    assert_eq!(callback.runs_in, Some(LoopId(1)));
    let (passed_to, index) = callback.passed_to.unwrap();
    assert_eq!((show(&facts, facts.call(passed_to).callee).as_str(), index), ("f#0.filter(fn ).map", 0));
    assert_eq!(facts.loops[1].kind, LoopKind::Callback(passed_to));
    assert_eq!(args(&facts, "find"), "each(f#0.filter(fn )).id, #1");
    assert_eq!(loops(&facts, source), ["Callback f#0 `.filter(`", "Callback f#0.filter(fn ) `.map(`"]);
    assert_eq!(facts.call(passed_to).in_loop, None);
    assert!(call(&facts, "all").awaited);
}

#[test]
fn reductions_carry_their_first_value() {
    let facts = js("xs.reduce(async (acc, x) => { await acc; return q(x, acc) }, Promise.resolve())");
    assert_eq!(args(&facts, "@q"), "each(@xs), carried(@Promise.resolve())");
}

#[test]
fn libraries_iterate_their_first_argument() {
    for source in [
        "import _ from 'lodash'; _.map(xs, x => q(x))",
        "const async = require('async'); async.eachLimit(xs, 5, (x, done) => q(x), done)",
        "Promise.mapSeries(xs, x => q(x))",
        "Array.from(xs, x => q(x))",
        "import pMap from 'p-map'; pMap(xs, x => q(x), { concurrency: 2 })",
        "import { each } from 'lodash'; each(xs, function (x) { q(x) })",
        "const map = require('lodash/map'); map(xs, x => q(x))",
        "import * as R from 'ramda'; R.map(x => q(x), xs)",
        "PromisePool.withConcurrency(2).for(xs).process(async x => { q(x) })",
        "xs.forEach(function (x) { q(x) }.bind(this))",
    ] {
        let facts = js(source);
        assert_eq!(args(&facts, "@q"), "each(@xs)", "{source}");
        assert_eq!(call(&facts, "@q").in_loop, Some(LoopId(0)), "{source}");
    }
}

#[test]
fn what_is_no_collection_is_no_loop() {
    for source in [
        "const fs = require('fs'); fs.find(x => q(x))",
        "$('a').each((i, x) => q(x))",
        "User.find(function (err, users) { q(users) })",
        "collection.find(query)",
        "import express from 'express'; express.Router().get('/', x => q(x))",
        "promise.then(x => q(x))",
        "describe.each([1])('a', x => q(x))",
    ] {
        assert!(js(source).loops.is_empty(), "{source}");
    }
}

#[test]
fn functions_by_reference_are_called_per_element() {
    let facts = js("
        const loadOne = async id => db.get(id);
        class S {
            all(ids) { return Promise.all(ids.map(loadOne)) }
            more(ids) { ids.forEach(this.load, this); return ids.map(service.load.bind(service)) }
        }
        [1].map(Number); users.filter(Boolean); users.find(query);
    ");
    assert_eq!(args(&facts, "fn loadOne"), "each(all#0)");
    assert_eq!(args(&facts, "this:S.load"), "each(more#0)");
    assert_eq!(args(&facts, "@service.load"), "each(more#0)");
    assert_eq!(facts.loops.len(), 3);
    assert_eq!(call(&facts, "fn loadOne").in_loop, Some(LoopId(0)));
}

#[test]
fn other_callbacks_say_where_they_were_passed() {
    let facts = js("for (const x of xs) { db.transaction(async (tx) => { await tx.save(x) }) }");
    let save = call(&facts, "save");
    assert_eq!(save.in_loop, None);
    let (to, index) = facts.function(save.function).passed_to.unwrap();
    assert_eq!((facts.call(to).in_loop, index), (Some(LoopId(0)), 0));
    assert_eq!(args(&facts, "save"), "each(@xs)");
}

#[test]
fn jsx_children_are_loops() {
    let facts =
        facts_of("a.tsx", "const L = ({ xs }) => <ul a={f(1)}>{xs.map(x => <Row key={x.id} v={q(x)} />)}</ul>;");
    assert_eq!(args(&facts, "@q"), "each(L#0.xs)");
    assert_eq!(facts.loops.len(), 1);
    assert_eq!(args(&facts, "@f"), "1");
}

#[test]
fn exits_know_their_loop() {
    let facts = js(
        "for (const x of xs) { if (x.a) continue; switch (x) { case 1: break; } try { return await f(x) } catch (e) { break } }",
    );
    let kinds: Vec<_> = facts.exits.iter().map(|exit| (exit.kind, exit.guard.is_some())).collect();
    assert_eq!(kinds, [(ExitKind::Continue, true), (ExitKind::Return, false), (ExitKind::Break, true)]);
}
