//! Strings: what they say, their holes, and where each byte came from.

use super::*;

/// The cooked text and holes of a string expression.
fn text(expression: &str) -> String {
    probe(&format!("probe({expression})"))
}

#[test]
fn literals_are_decoded() {
    for (source, expected) in [
        (r"'a'", r#""a""#),
        (r"'a\n\t\'b\\'", r#""a\n\t'b\\""#),
        (r"r'a\n'", r#""a\\n""#),
        (r"u'a'", r#""a""#),
        (r"'\x41\u00e9\U0001F600\101\0'", "\"Aé😀A\\0\""),
        (r"'\d'", r#""\\d""#),
        (r"'\N{BULLET}'", "\"\u{fffd}\""),
        ("'a' 'b'\n  \"c\"", r#""abc""#),
        ("'a\\\nb'", r#""ab""#),
        ("'''a\nb'''", r#""a\nb""#),
        ("'''a\r\nb'''", r#""a\nb""#),
        ("''", r#""""#),
        ("b'a'", "?"),
        ("'a' b'b'", "?"),
    ] {
        assert_eq!(text(source), expected, "{source}");
    }
}

#[test]
fn bare_strings_are_no_values() {
    let facts = facts("'''doc'''\nclass A:\n  'doc'\n  def f(self):\n    '''doc'''\n    'a' 'b'\n");
    assert!(facts.texts.is_empty());
}

#[test]
fn format_strings_have_holes() {
    for (source, expected) in [
        ("f'a {b} c'", r#""a {b} c"<b>"#),
        ("f'{a.b()!r:>{w()}}'", r#""{a.b()!r:>{w()}}"<a.b()>"#),
        ("f'{{x}} {a}'", r#""{x} {a}"<a>"#),
        ("rf'\\d{a}'", r#""\\d{a}"<a>"#),
        ("'x {y}' f'{a}'", r#""x {y}{a}"<a>"#),
        ("f'{a=}'", r#""{a=}"<a>"#),
        ("f'{\"lit\"} {f\"n {c}\"}'", r#""lit n {c}"<c>"#),
        ("f'{1}'", r#""{1}"<1>"#),
        ("f'{a, b}'", r#""{a, b}"<[a, b]>"#),
    ] {
        assert_eq!(text(source), expected, "{source}");
    }
    assert_eq!(probe("T = 'users'\nprobe(f'select {T}.id from {T}')"), r#""select users.id from users""#);
    assert_eq!(probe("def f(t):\n  probe(f'from {t}')"), r#""from {t}"<param t>"#);
}

#[test]
fn strings_are_joined() {
    for (source, expected) in [
        ("'a' + 'b'", r#""ab""#),
        ("'a ' + b + ' c'", r#""a {} c"<b>"#),
        ("b + ' c'", r#""{} c"<b>"#),
        ("a + b", "Add(a, b)"),
        ("'a ' + (b + ' c')", r#""a {} c"<b>"#),
        ("', '.join(['a', b, 'c'])", r#""a, {}, c"<b>"#),
        ("', '.join(x)", r#"", ".join()"#),
        ("', '.join('?' for x in y)", r#"", ".join()"#),
        ("' a '.strip()", r#"" a ""#),
        ("textwrap.dedent('''a''')", r#""a""#),
        ("'a' * 3", r#"Multiply("a", 3)"#),
        ("'a'.upper()", r#""a".upper()"#),
    ] {
        assert_eq!(text(source), expected, "{source}");
    }
}

#[test]
fn parts_of_a_larger_string_are_not_texts_of_their_own() {
    let facts = facts("x = 'select a ' + 'from b ' + f'where {c}'\ny = 'from %s' % 'b'\nz = 'from {}'.format('b')\n");
    let texts: Vec<&str> = facts.texts.iter().map(|text| text.cooked.as_str()).collect();
    assert_eq!(texts, ["select a from b where {c}", "from b", "from b"]);
}

#[test]
fn strings_are_appended_to() {
    assert_eq!(probe("s = 'a'\ns += ' b'\nprobe(s)"), r#""a b""#);
    assert_eq!(probe("s = 'a'\nif c:\n  s += ' b'\ns += ' d'\nprobe(s)"), r#"("a d" | "a b d")"#);
    assert_eq!(probe("s = 'a'\nfor x in y:\n  s += x\n  probe(s)"), r#"Add(carried0("a"), each0(y))"#);
    assert_eq!(probe("s = 'a'\ns += f(x)\nprobe(s)"), r#""a{}"<f()>"#);
    assert_eq!(probe("s = 'a %s'\ns %= x\nprobe(s)"), r#""a %s"<x>"#);
}

#[test]
fn percent_formats_have_holes() {
    for (source, expected) in [
        ("'a = %s' % x", r#""a = %s"<x>"#),
        ("'a = %s and b = %d' % (x, y)", r#""a = %s and b = %d"<x, y>"#),
        ("'a = %(a)s b = %(b)r' % {'a': x, 'b': y}", r#""a = %(a)s b = %(b)r"<x, y>"#),
        ("'a = %(a)s' % x", r#""a = %(a)s"<x>"#),
        ("'a like \\'%%%s%%\\'' % x", r#""a like '%%s%'"<x>"#),
        ("'%s %s' % x", r#""%s %s"<x#0, x#1>"#),
        ("'%s' % ('t',)", r#""t""#),
        ("'%5.2f|%-10s' % (x, y)", r#""%5.2f|%-10s"<x, y>"#),
        ("'%s' % (a, b)[0]", r#""%s"<[a, b][0]>"#),
        ("'100% sure' % ()", r#""100% sure"<?>"#),
        ("'none' % x", r#""none""#),
        ("f'{a}%s' % b", r#""{a}%s"<a, b>"#),
        ("x % y", "Other(x, y)"),
    ] {
        assert_eq!(text(source), expected, "{source}");
    }
}

#[test]
fn format_calls_have_holes() {
    for (source, expected) in [
        ("'a {} b {}'.format(x, y)", r#""a {} b {}"<x, y>"#),
        ("'a {1} b {0}'.format(x, y)", r#""a {1} b {0}"<y, x>"#),
        ("'a {n} {n.m[0]!r:>5}'.format(n=x)", r#""a {n} {n.m[0]!r:>5}"<x, x>"#),
        ("'a {{}} {}'.format(x)", r#""a {} {}"<x>"#),
        ("'a {t}'.format(t='users')", r#""a users""#),
        ("'a {n}'.format(**x)", r#""a {n}"<*x>"#),
        ("'a {'.format(x)", r#""a {""#),
        ("'{:{w}}'.format(x, w=1)", r#""{:{w}}"<x>"#),
    ] {
        assert_eq!(text(source), expected, "{source}");
    }
    assert_eq!(probe("Q = 'from {}'\nprobe(Q.format(x))"), r#""from {}"<x>"#);
    assert_eq!(only("call", "'{}'.format(f())"), "call f() Operand\n");
}

/// The bytes of the file that `wanted` in the first text came from.
fn host(source: &str, wanted: &str) -> String {
    let facts = facts(source);
    let (text, at) =
        facts.texts.iter().find_map(|text| Some((text, text.cooked.find(wanted)?))).expect("the text is there");
    let span = text.host_span(at as u32, (at + wanted.len()) as u32);
    source[span.range()].to_owned()
}

#[test]
fn every_byte_knows_where_it_came_from() {
    assert_eq!(host("x = 'a\\n\\tbc\\u00e9d'", "bc"), "bc");
    assert_eq!(host("x = 'a\\n\\tbc\\u00e9d'", "é"), "\\u00e9");
    assert_eq!(host("x = 'a\\n\\tbc\\u00e9d'", "cé"), "c\\u00e9");
    assert_eq!(host("x = 'a\\n\\tbc\\u00e9d'", "\n\tb"), "\\n\\tb");
    assert_eq!(host("x = '''a\r\nbé😀c\r\nd'''", "😀c"), "😀c");
    assert_eq!(host("x = '''a\r\nbé😀c\r\nd'''", "d"), "d");
    assert_eq!(host("x = '''a\r\nbé😀c\r\nd'''", "c\nd"), "c\r\nd");
    assert_eq!(host("x = 'one \\\n\ttwo'", "two"), "two");
    assert_eq!(host("x = ('one '\n  \"two\")", "two"), "two");
    assert_eq!(host("x = f'a {b} c'", "{b} c"), "{b} c");
    assert_eq!(host("x = 'a ' + y + ' b'", "{}"), "y");
    assert_eq!(host("x = 'a ' + y + ' b'", " b"), " b");
    assert_eq!(host("x = '%% %s z' % y", "% %s"), "%% %s");
    assert_eq!(host("x = 'q {} {{z'.format(y)", "{z"), "{{z");
    assert_eq!(host("t = 'us\\ters'\nx = f'from {t} w'", "w"), "w");
}

#[test]
fn long_strings_are_gaps() {
    let long = format!("x = '{}'\n", "a".repeat((1 << 20) + 1));
    assert_eq!(only("gap", &long), "gap a string of more than 1 MiB `".to_owned() + long[4..].trim_end() + "`\n");
    // Doubling thirty times would fill all memory.
    let doubling: String = (0..30).map(|_| "s = f'{s} {s}'\n").collect();
    let facts = facts(&format!("s = 'abcdefgh'\n{doubling}"));
    let kept: usize = facts.texts.iter().map(|text| text.cooked.len()).sum();
    assert!(kept < 8 << 20, "{kept}");
}
