//! Both ways to a tree lead to the same one.

use std::fmt::{Display, Write as _};
use std::ops::Range;
use std::path::Path;

use super::super::kinds::{Field, Kind};
use super::super::parse;
use super::{Dialect, Node, Tree, grown, quick};

/// Small programs that hold every form that is read without tree-sitter, in JavaScript.
const JAVASCRIPT: &[&str] = &[
    "import a, { b as c, default as d } from 'e';\nimport * as f from \"g\"\nimport 'h' // i\nexport * from 'j'; export * as k from 'l'\nexport { m as n, o }; export default p\n",
    "export default class extends A {}\nexport class B { static c = 1; d\n #e; static async *f(g = 1, ...h) {} get i() {} ; ['j']() {} static { k } }\n",
    "let a = 1, { b, c: d, e = 2, ...f } = g, [h, , i = 3, ...j] = k // l\nvar of = 1\nconst m = function* () { yield* n; yield }, o = async () => { await p }\n",
    "if (a) b; else if (c) { d } else e\nfor (let i = 0, n; i < 3; i++) {}\nfor (const [a, b] of c) d\nfor (e in f);\nfor await (g of h) {}\nfor (;;) break\n",
    "while (a) continue\ndo b; while (c)\ntry { } catch { } finally { }\ntry { } catch ({ d }) { throw e }\nswitch (f) { case 1: case 2: g; break; default: h }\nlabel: for (;;) break label\n",
    "a = b ? c : d ? e : f, g ||= h; [i, j] = k; ({ l, m: n, o = 1, ...p } = q)\n!r ** -s + t * u >> v < w == x & y ^ z | a && b || c ?? d\n",
    "a?.b?.[c]?.(d).e`f${g}h`; new A; new B.C(d)[e]; new (f())()\nimport('a'); import.meta.url; delete a.b, void 0, typeof c; d++; --e\n",
    "x = { a, b: c, 'd': e, 1: f, [g]: h, ...i, j() {}, get k() {}, async *l() {}, async m() {}, get: 1, async: 2 }\n",
    "x = /a[/]b/g.test(c) / d\ny /= e\n`a${`b${c}`}\\``\nx = y => z => ({}), (a, { b }) => c, async d => d, async (e) => { }\n",
    "const a = () => { } // b\nc() // d\n  // e\ne\n  .f() // g\n  .h()\nreturn // i\n",
    "x = <a b=\"c\" {...d} e={f} g-h=<i/>>x {y} <J.k/> &nbsp; {/* z */}</a>; y = <></>\n",
    "@a @b.c(d) class E { @f() g() {} @h i = 1 }\n",
];

/// The same in TypeScript.
const TYPESCRIPT: &[&str] = &[
    "import type { A } from 'b'; import c, { type D, e as f } from 'g'\nimport h = require('i'); import j = k.l.m\nexport type { A }; export = n\n",
    "type A = | B | C & D[]; type E = readonly F[] | (G | H)[]; type I = keyof J; type K = typeof l.m\ntype N = O['p'][0]; type Q<R extends S = T> = U<R, V.W.X<Y>>\n",
    "type A = B extends (infer C)[] ? D : never; type E = { [K in keyof T]?: T[K] }; type F = [a: G, b?: H, ...I[]]\ntype J = -1 | 'a' | null | undefined | this | `k${L}` | void\n",
    "interface A<B> extends C, D.E<F> { a?: string; readonly b: (c: D) => void\n e(f: G): H, [i: string]: J; (k): l; new (m): N; get o(): P }\n",
    "function f(this: A, b?: C, { d }: E = {}, ...g: H[]): b is I { }\nfunction j(): asserts k\nfunction l<M>(n: M): Promise<M> { return n as M }\n",
    "abstract class A<B> extends C<D> implements E, F { constructor(private readonly a: G, @H() b?: I) { super() }\n private static readonly c: D = 1; declare d: E; f!: G; abstract h(): I; @J() k() {} [l: string]: m; override n?(): void {} o\n }\n",
    "enum A { B, C = 1, 'd' } const enum E { F }\ndeclare global { } declare module 'g' { } declare const h: I; declare function j(): K;\nnamespace L.M { export const n = 1 }\nexport default interface O { }\n",
    "const a = <T,>(b: T): c => d; const e = async <F extends G>(h: F) => i\nlet j!: K; const l = m! as N, o = p && q!.r, s = t + u as V, w = await x! as Y, z = <A>b satisfies C\n",
    "a ? (b) : c; a ? (b, c) => d : e; if ((a as B).c) { }\nfor (const [a, b] of Object.entries(c) as D) { }\n",
];

/// Elements with types.
const TSX: &[&str] =
    &["const a: B = <c<D> e f={(g: H) => i}>text's {j!} <k.l /></c>\n", "const m = <T,>(n: T) => <div/>\n"];

/// What tree-sitter reads in its own way: all this is left to it.
const LEFT: &[(&str, Dialect)] = &[
    ("x as A.B.C\n", Dialect::TypeScript),
    ("x = await (a ? b : c)\n", Dialect::JavaScript),
    ("for await (let [a] of b) {}\n", Dialect::JavaScript),
    ("export\nasync function f() {}\n", Dialect::JavaScript),
    ("interface A { b\n(c): D }\n", Dialect::TypeScript),
    ("type A = { [type in B]: C }\n", Dialect::TypeScript),
    ("let a: new () => B | C\n", Dialect::TypeScript),
    ("a ? (b) : c => d\n", Dialect::TypeScript),
    ("x = = 1\n", Dialect::JavaScript),
    ("f(a b)\n", Dialect::JavaScript),
    ("if (a) {\n", Dialect::JavaScript),
    ("'a\n", Dialect::JavaScript),
    ("`a\n", Dialect::JavaScript),
    ("(a]\n", Dialect::JavaScript),
    ("x = { a = 1 }\n", Dialect::JavaScript),
    ("x = <a>b</c>\n", Dialect::JavaScript),
];

/// What tree-sitter finds errors in, though there are none.
const BEYOND: &[(&str, Dialect)] = &[
    ("x = <A in={b} for=\"c\" default/>\n", Dialect::JavaScript),
    ("class A { b\n(c) {} }\n", Dialect::TypeScript),
    ("for (; i < unique.length;) c\n", Dialect::TypeScript),
    ("type A = { b: (string) => C }\n", Dialect::TypeScript),
];

/// Every program with its language.
fn programs() -> impl Iterator<Item = (&'static str, Dialect)> {
    let of = |sources: &'static [&'static str], dialect| sources.iter().map(move |source| (*source, dialect));
    of(JAVASCRIPT, Dialect::JavaScript).chain(of(TYPESCRIPT, Dialect::TypeScript)).chain(of(TSX, Dialect::Tsx))
}

/// Nodes in words, as far as the walk looks at them.
struct Told<'s> {
    source: &'s str,
    /// Where comments stand.
    comments: Vec<Range<usize>>,
    out: String,
}

impl Told<'_> {
    fn tell(&mut self, node: Node<'_>, field: Option<Field>) {
        let field = field.map(|field| format!("{field:?}:")).unwrap_or_default();
        let mark = if node.is_named() { "" } else { "~" };
        write!(self.out, " {field}{mark}{:?}", node.kind()).expect("a string takes all");
        // A file may begin and end with more than its statements.
        if node.kind() != Kind::Program {
            let end = self.end_before_comments(node);
            write!(self.out, "{}-{end}", node.start_byte()).expect("a string takes all");
        }
        self.out.push('(');
        for (field, child) in node.fields_and_children() {
            self.tell(child, field);
        }
        self.out.push(')');
    }

    /// Whether a comment behind a statement belongs to it, as the semicolon that is not written may stand behind it,
    /// depends on all of the file.
    fn end_before_comments(&self, node: Node<'_>) -> usize {
        let mut end = node.end_byte();
        loop {
            end = self.source[..end].trim_end().len();
            let last = self.comments.partition_point(|comment| comment.end < end);
            match self.comments.get(last) {
                Some(comment) if comment.end == end && comment.start >= node.start_byte() => end = comment.start,
                _ => return end,
            }
        }
    }
}

/// Where a tree of tree-sitter's has comments.
fn comments(tree: &tree_sitter::Tree) -> Vec<Range<usize>> {
    let (mut found, mut cursor) = (Vec::new(), tree.walk());
    loop {
        if cursor.node().kind() == "comment" {
            found.push(cursor.node().byte_range());
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

/// How a text is read without tree-sitter, and with it.
#[derive(Debug, PartialEq)]
enum Compared {
    /// Only with it.
    Left,
    Alike,
    /// Only without it: it finds an error.
    Beyond(String),
    Otherwise(String),
}

fn compared(source: &str, dialect: Dialect) -> Compared {
    let Some(ours) = quick(source, dialect) else { return Compared::Left };
    let grammar = parse::grammar(dialect);
    let theirs = crate::lang::parser::parse(&grammar.language, source.as_bytes()).expect("the grammar fits");
    let (has_error, comments) = (theirs.root_node().has_error(), comments(&theirs));
    let told = |tree: &Tree| {
        let mut told = Told { source, comments: comments.clone(), out: String::new() };
        told.tell(tree.root(), None);
        told.out
    };
    let (ours, theirs) = (told(&ours), told(&grown(grammar, &theirs)));
    if ours == theirs && !has_error {
        return Compared::Alike;
    }
    let at = ours.bytes().zip(theirs.bytes()).take_while(|(ours, theirs)| ours == theirs).count();
    let near = |text: &str| text[at.saturating_sub(150)..(at + 100).min(text.len())].to_owned();
    // Where the node stands that differs.
    let mut places = ours[..at].split(|byte: char| !byte.is_ascii_digit()).filter_map(|number| number.parse().ok());
    let place = places.next_back().unwrap_or(0).min(source.len());
    let around = String::from_utf8_lossy(&source.as_bytes()[place.saturating_sub(80)..(place + 80).min(source.len())]);
    let shown = format!("…{around}…\nours   {}\ntheirs {}", near(&ours), near(&theirs));
    if has_error { Compared::Beyond(shown) } else { Compared::Otherwise(shown) }
}

#[test]
fn it_is_read_as_tree_sitter_reads_it() {
    for (source, dialect) in programs() {
        assert_eq!(compared(source, dialect), Compared::Alike, "{source}");
    }
}

#[test]
fn what_is_read_otherwise_is_left() {
    for &(source, dialect) in LEFT {
        assert!(quick(source, dialect).is_none(), "{source}");
    }
}

#[test]
fn what_tree_sitter_misreads_is_read() {
    for &(source, dialect) in BEYOND {
        assert!(matches!(compared(source, dialect), Compared::Beyond(_)), "{source}");
    }
}

#[test]
fn a_program_with_a_mistake_is_left_or_read_alike() {
    let mut failures = Vec::new();
    for (source, dialect) in programs() {
        for at in (0..source.len()).filter(|&at| source.is_char_boundary(at)) {
            let (before, after) = source.split_at(at);
            let mut rest = after.chars();
            rest.next();
            for changed in MISTAKES {
                let source = format!("{before}{changed}{}", rest.as_str());
                let compared = compared(&source, dialect);
                // The grammar ends the name of a method with its line, and knows no attributes with names of keywords.
                let is_known = (*changed == "\n" && rest.as_str().starts_with('('))
                    || (changed.trim().bytes().all(|byte| byte.is_ascii_lowercase()) && source.contains("/>"));
                let is_beyond = is_known && matches!(compared, Compared::Beyond(_));
                if !is_beyond && !matches!(compared, Compared::Left | Compared::Alike) {
                    failures.push(format!("==== {changed:?} at {at}: {source}\n{compared:?}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn nesting_has_an_end() {
    let deep = 100_000;
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("!", ""),
        ("- ", ""),
        ("f(", ")"),
        ("a ? b : ", ""),
        ("x => ", ""),
        ("{", "}"),
        ("if (a) ", ""),
        ("`${", "}`"),
        ("a = ", ""),
        ("await ", ""),
        ("new ", ""),
        ("function f() {", "}"),
        ("<a>", "</a>"),
        ("a ** ", ""),
    ] {
        let source = format!("{}x{}\n", open.repeat(deep), close.repeat(deep));
        assert!(quick(&source, Dialect::JavaScript).is_none(), "{open}");
    }
    for (open, close) in [("(", ")"), ("A<", ">"), ("{ a: ", "}"), ("[", "]"), ("() => ", ""), ("keyof ", "")] {
        let source = format!("type A = {}B{}\n", open.repeat(deep), close.repeat(deep));
        assert!(quick(&source, Dialect::TypeScript).is_none(), "{open}");
    }
    assert!(quick(&format!("x = {}1\n", "a + ".repeat(deep)), Dialect::JavaScript).is_some());
}

#[test]
fn what_is_tried_has_an_end() {
    // Each of these may begin the parameters of an arrow function, and be none at its end.
    let source = format!("x = {}{}1{}\n", "(a = ".repeat(60), "[b], ".repeat(1_000), ", 2)".repeat(60));
    assert!(quick(&source, Dialect::JavaScript).is_none());
    let source = format!("x = {}\n", "(a, b), ".repeat(10_000) + "c");
    assert!(quick(&source, Dialect::JavaScript).is_some());
}

/// All files of a directory given in `SEQSCAN_CORPUS`, and if `SEQSCAN_MISTAKES` is given, too, each with so many random
/// mistakes, one at a time; skipped without a directory.
#[test]
fn a_corpus_is_read_as_tree_sitter_reads_it() {
    let Some(root) = std::env::var_os("SEQSCAN_CORPUS") else { return };
    let mistakes = std::env::var("SEQSCAN_MISTAKES").ok().and_then(|number| number.parse().ok()).unwrap_or(0);
    let (mut all, mut left, mut beyond, mut otherwise) = (0, 0, 0, 0);
    let mut check = |source: &str, dialect, shown: &dyn Display| {
        all += 1;
        match compared(source, dialect) {
            Compared::Alike => {}
            Compared::Left => {
                left += 1;
                eprintln!("LEFT {shown}");
            }
            Compared::Beyond(how) => {
                beyond += 1;
                eprintln!("BEYOND {shown} {how}");
            }
            Compared::Otherwise(how) => {
                otherwise += 1;
                eprintln!("OTHERWISE {shown} {how}");
            }
        }
    };
    for entry in walkdir::WalkDir::new(root).sort_by_file_name().into_iter().flatten() {
        let path: &Path = entry.path();
        let dialect = match path.extension().and_then(|ending| ending.to_str()) {
            Some("js" | "jsx" | "mjs" | "cjs") => Dialect::JavaScript,
            Some("ts" | "mts" | "cts") => Dialect::TypeScript,
            Some("tsx") => Dialect::Tsx,
            _ => continue,
        };
        let Some(source) = std::fs::read_to_string(path).ok() else { continue };
        let source = parse::as_read(&source, dialect);
        if mistakes == 0 {
            check(&source, dialect, &path.display());
        }
        let mut random = source.len();
        for _ in 0..mistakes {
            let mut below = |end: usize| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (random >> 33) % end.max(1)
            };
            let at = source.floor_char_boundary(below(source.len()));
            let end = source.ceil_char_boundary(at + below(3));
            let put = MISTAKES[below(MISTAKES.len())];
            let changed = format!("{}{put}{}", &source[..at], &source[end..]);
            check(&changed, dialect, &format_args!("{} {at}-{end} {put:?}", path.display()));
        }
    }
    eprintln!("{all} texts: {left} left to tree-sitter, {beyond} beyond it, {otherwise} read otherwise");
}

/// What may stand where it does not belong.
const MISTAKES: &[&str] = &[
    "",
    "",
    " ",
    "\n",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    ",",
    ";",
    ".",
    ":",
    "?",
    "=",
    "=>",
    "!",
    "*",
    "/",
    "'",
    "`",
    "a",
    "1",
    " as B",
    " of ",
    " in ",
    "async ",
    "await ",
    "new ",
    "let ",
    "...",
    "?.",
    "&&",
    "//",
    "/*",
    "@a ",
    "${",
    " satisfies C",
    "type ",
    "function ",
    "class ",
    "get ",
    "static ",
    "<T>",
    "extends ",
];
