//! Declared types.

use super::*;

fn param(annotation: &str) -> String {
    let facts = ts(&format!(
        "import {{ Imported }} from 'm'; import * as ns from 'n'; const db = open(); class Own {{}} function f(p: {annotation}) {{}}"
    ));
    function(&facts, "f").params[0].annotation.map_or("none".into(), |value| show(&facts, value))
}

#[test]
fn annotations() {
    for (written, shown) in [
        ("Imported", ":<m:Imported>"),
        ("Own | null | undefined", ":class Own"),
        ("null | ns.Db", ":<n>.Db"),
        ("string | Own", ":class Own"),
        ("Repository<Own>", ":@Repository<:class Own>"),
        ("Own[]", ":@Array<:class Own>"),
        ("readonly Array<Own>[]", ":@Array<:@Array<:class Own>>"),
        ("ReadonlyArray<Own>", ":@Array<:class Own>"),
        ("Readonly<Own>", ":class Own"),
        ("Promise<Own>", ":@Promise<:class Own>"),
        ("import('./x').Y", ":<./x:Y>"),
        ("Own['id']", ":class Own.id"),
        ("(Own)", ":class Own"),
        ("any", "none"),
        ("'a' | 'b'", "none"),
        ("() => void", "none"),
        ("{ a: Own }", ":class "),
    ] {
        assert_eq!(param(written), shown, "{written}");
    }
}

#[test]
fn typeof_is_the_value() {
    let facts = ts("const db = open(); function f(p: typeof db, q: InstanceType<typeof Own>) {} class Own {}");
    // Parameters are read before the statements of their block run.
    assert_eq!(show(&facts, function(&facts, "f").params[0].annotation.unwrap()), "@db");
    assert_eq!(show(&facts, function(&facts, "f").params[1].annotation.unwrap()), ":class Own");
    let facts = ts("const db = open(); const g = (p: typeof db) => p;");
    assert_eq!(show(&facts, function(&facts, "g").params[0].annotation.unwrap()), "@open()");
}

#[test]
fn variables_take_their_type_where_nothing_else_is_known() {
    let facts = ts("
        let a: Db; const b: Db = make(); const c = x as Db; const d = (y as any).z as unknown as Db; const e = f()! satisfies Db;
        const g = <Db>h; const i: Db = globalThis.db ?? new Db(); async function k(): Promise<Db> { return await l<Db>() }
    ");
    assert_eq!(bound(&facts, "a"), ":@Db");
    assert_eq!(bound(&facts, "b"), "@make()");
    assert_eq!(bound(&facts, "c"), ":@Db");
    assert_eq!(bound(&facts, "d"), ":@Db");
    assert_eq!(bound(&facts, "e"), "@f()");
    assert_eq!(bound(&facts, "g"), ":@Db");
    assert_eq!(bound(&facts, "i"), "(@globalThis.db | new @Db())");
    assert_eq!(show(&facts, function(&facts, "k").result_type.unwrap()), ":@Db");
}

#[test]
fn typed_parameters_stay_parameters() {
    let facts = ts("export function f(this: Foo, { db }: { db: Db }, tx?: Tx) { db.q(); tx.r() }");
    let function = function(&facts, "f");
    assert_eq!(function.params.len(), 2);
    assert_eq!(callees(&facts), ["f#0.db.q", "f#1.r"]);
    assert_eq!(show(&facts, function.params[1].annotation.unwrap()), ":@Tx");
}

#[test]
fn ambient_globals_have_their_type() {
    let facts = ts(
        "declare global { var prisma: PrismaClient } declare const knex: Knex; declare function f(): Db; prisma.q(knex, f)",
    );
    assert_eq!(callees(&facts), [":@PrismaClient.q"]);
    assert_eq!(args(&facts, ":@PrismaClient.q"), ":@Knex, fn f");
}
