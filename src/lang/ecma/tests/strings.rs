//! Strings: every byte of a text comes from a known byte of the file.

use super::*;

/// The text of the first argument of `q(…)`.
fn text(source: &str) -> Text {
    let facts = js(source);
    let id = call(&facts, "@q").args[0].value;
    facts.text(id).unwrap_or_else(|| panic!("{}", show(&facts, id))).clone()
}

fn place<'s>(source: &'s str, text: &Text, part: &str) -> &'s str {
    let at = u32::try_from(text.cooked.find(part).unwrap()).unwrap();
    let end = at + u32::try_from(part.len()).unwrap();
    &source[text.host_span(at, end).range()]
}

#[test]
fn escapes_are_decoded_and_places_stay_exact() {
    let source = r#"q("a\nb\u{1F600}c\uD83D\uDE00d\x41\
e\'f\0 \101 sel")"#;
    let text = text(source);
    assert_eq!(text.cooked, "a\nb😀c😀dAe'f\0 A sel");
    assert_eq!(place(source, &text, "sel"), "sel");
    assert_eq!(place(source, &text, "\n"), r"\n");
    assert_eq!(place(source, &text, "c😀d"), r"c\uD83D\uDE00d");
    assert_eq!(place(source, &text, "Ae"), "\\x41\\\ne");
}

#[test]
fn line_breaks_and_emoji_do_not_move_places() {
    let source = "// 😀\r\nq(`select 😀\r\n  ${ id } from t`)";
    let text = text(source);
    assert_eq!(text.cooked, "select 😀\r\n  ${ id } from t");
    assert_eq!(place(source, &text, "from"), "from");
    assert_eq!(&text.cooked[text.holes[0].start as usize..text.holes[0].end as usize], "${ id }");
    assert_eq!(text.pieces.len(), 1);
}

#[test]
fn halves_of_surrogates_and_broken_escapes_are_harmless() {
    assert_eq!(text(r#"q("\uD83D!")"#).cooked, "\u{FFFD}!");
    assert_eq!(text(r#"q("\\n")"#).cooked, "\\n");
    assert_eq!(text(r#"q("")"#).cooked, "");
}

#[test]
fn sums_are_one_text() {
    let source = "const T = 'users'; q('select * from ' + T + ' where id = ' + id + \" and x\")";
    let text = text(source);
    assert_eq!(text.cooked, "select * from users where id = {} and x");
    assert_eq!(place(source, &text, "where"), "where");
    assert_eq!(place(source, &text, "{}"), "id");
    assert_eq!(place(source, &text, "users"), "users");
}

#[test]
fn long_sums_do_not_nest() {
    let source = format!("q('a'{})", " + 'b'".repeat(20_000));
    assert_eq!(text(&source).cooked.len(), 20_001);
}

#[test]
fn strings_are_built_step_by_step() {
    let facts = js("let sql = 'select 1'; sql += ' from t'; if (x) { sql += ' where a'; } q(sql)");
    assert_eq!(args(&facts, "@q"), r#"("select 1 from t" | "select 1 from t where a")"#);
}

#[test]
fn joined_arrays_and_trimmed_templates_are_texts() {
    assert_eq!(text("q(['select *', `from t`, x].join(' '))").cooked, "select * from t {}");
    assert_eq!(text("q(`select 1\n`.trim())").cooked, "select 1\n");
    assert_eq!(text("q(dedent`select 1`)").cooked, "select 1");
    assert_eq!(text(r"q(String.raw`select '\d'`)").cooked, r"select '\d'");
}

#[test]
fn numbers_added_are_no_text() {
    let facts = js("function f(a, b) { q(a + b + 1) }");
    assert_eq!(args(&facts, "@q"), "Add(Add(f#0, f#1), 1)");
}

#[test]
fn tagged_templates_are_calls() {
    let facts = ts("const r = await db.$queryRaw<User[]>`select ${id}`; const n = sql<number>`count(*)`.as('n');");
    let raw = call(&facts, "$queryRaw");
    assert!(raw.awaited);
    assert_eq!(raw.result, ResultUse::Bound);
    assert_eq!(show(&facts, raw.args[0].value), r#"@db.$queryRaw"select ${id}""#);
    assert_eq!(args(&facts, "@sql"), r#"@sql"count(*)""#);
    assert_eq!(args(&facts, "as"), r#""n""#);
}

#[test]
fn comparisons_before_templates_are_not_type_arguments() {
    let facts = ts("q(a < 5 > `x`); q2(`<b>${x}</b>`, `a<b>`)");
    assert_eq!(args(&facts, "@q2"), "\"<b>${x}</b>\", \"a<b>\"");
}
