//! Both ways to a tree lead to the same one.

use std::fmt::Write as _;
use std::path::Path;

use super::super::kinds::{Field, Kind, language};
use super::{Node, Tree, grown, quick};

/// Small programs that hold every form that is read without tree-sitter.
const READ: &[&str] = &[
    "import a.b as c, d\nfrom . import a\nfrom ..b.c import (d as e, f,)\nfrom ...x import *\nfrom __future__ import y\n",
    "f(*a.b, *g(x), **k, b=1, c=lambda: 0)\nf(x for x in y if a if b)\nf((x for x in y), 1)\nprint(a)\nprint -1\n",
    "x = *a, b\ny = a,\na, = b\na, b\n*c, d = e\n(a) = 1\n(a, b), [c, *d] = 1\na = b = c, d\na.b[c], e = f\n",
    "x: int\ny: dict[str, int | None] = a, b\na += b, c\na //= 2; b >>= 1;\nx = yield\ny = yield a, b\nz = yield from c\n",
    "def f(a, b: int, /, *, c: str = 1, **k: t) -> x: pass\nasync def g(*a: int): return *a, b\nlambda *a, b=1, **c: x\n",
    "@a.b(c)  # why\n# between\n@d\nclass D(E, metaclass=F):\n    \"\"\"Text.\"\"\"\n    x = 1\n    # inside\n# outside\ny = 2\n",
    "class A[T: (int, str), *U, **V](B[T]):\n    type C[X] = list[X]\n    def f[T](self): ...\ntype D = int\ntype = 5\n",
    "if a:\n    if b: c\n    # c\n  # b\nelif (d := e):\n\tpass  # after\nelse:\n    pass\nfor x, *y in a, b:\n    break\nelse: pass\n",
    "while x:\n    continue\nelse:\n    pass\ntry:\n    pass\nexcept (X, Y) as e: raise A from e\nexcept Z: raise\nexcept Q, R: pass\nelse:\n    pass\nfinally:\n    pass\n",
    "with a as b, c() as (d, e): pass\nwith (a as b, c,): pass\nwith (a): pass\nwith (a) as b: pass\nwith (a, b): pass\nasync with a: pass\n",
    "async def f():\n    async for x in y: await z\n    return [a async for a in b], await c ** 2\n",
    "a = {**b, 'c': d, **e}\nf = {g: h for i, j in k for l in m if n or o}\np = {q, *r}\ns = {t for t, in u}\nv = {}\nw = ()\n",
    "x = a if b else c if d else e\ny = not a == b and not c in d or e is not f not in g\nz = -x ** -y @ b | c ^ d & e << f\n",
    "a[1:2, ::3, x, *b, :]\na[b := 1]\na[1,]\nx = (yield)\ny = 0x_f + 1_0e-3j + .5 + 1. + 0b1 + 1j\nz = ...\nz = a < b <= c != d\n",
    "f\"a{x!r:>{w}.{p}f}b{{c}}{y=}{z:%Y-%m}{a, b}{d['k']}\" 'c' rb\"\\\"\" u'' \\\n    \"\"\"e\"f\\\"\"\"\"\nf'\\N{DASH} {a:{b!s}}'\nf'''{\n  a\n}'''\n",
    "match x, *y:\n    # c\n    case -1 | 2.0 | None if z:  # d\n        pass\n        # e\n    case [a, *_], (b), {'k': C(d, e=1), **r}: pass\n    case f.g as h: pass\n    case 1+2j: pass\n    case _: pass\n# f\nmatch(x)\nmatch = match.x\n",
    "global a, b\nnonlocal c\ndel a, b[0]\nassert a, b\nassert (a, b)\nraise A(b)\nreturn\n",
    "def f(\n    a,  # one\n    # two\n    b,\n):\n    return a + \\\n        b\n\n\n# last\n",
    "if x:\n    pass\n\n    # end of the block",
    "def f():\n\tif a:\n\t\treturn g(\n\t\t\tb,\n\t\t\tc=\"\"\"\ntext\"\"\",\n)\n",
    "def f():\r\n    # a\r\n    return 'b'  # c\r\nd = 1\r\n",
];

/// What tree-sitter reads in its own way, or does not read: all this is left to it.
const LEFT: &[&str] = &[
    "print 'a'\n",
    "print >>f, 'a'\n",
    "exec 'a'\n",
    "x = [*f()]\n",
    "[*a or b]\n",
    "with a if b else c as d: pass\n",
    "type(x).y = z\n",
    "def f(:\n",
    "x = = 1\n",
    "if a:\npass\n",
    "  x\n",
    "f(a b)\n",
    "'a\n",
    "f'{a'\n",
    "(a]\n",
    "x = 1a\n",
    "\u{3b1} = 1\n",
    "a <> b\n",
    "def f():\n    pass\n  x\n",
    "def f():\n    g(a.\nb)\n",
];

fn told(tree: &Tree) -> String {
    let mut out = String::new();
    tell(tree.root(), None, &mut out);
    out
}

/// A node in words, as far as the walk looks at it.
fn tell(node: Node<'_>, field: Option<Field>, out: &mut String) {
    let field = field.map(|field| format!("{field:?}:")).unwrap_or_default();
    let mark = if node.is_named() { "" } else { "~" };
    write!(out, " {field}{mark}{:?}", node.kind()).expect("a string takes all");
    // A file may begin and end with more than its statements.
    if node.kind() != Kind::Module {
        write!(out, "{}-{}", node.start_byte(), node.end_byte()).expect("a string takes all");
    }
    let is_plain_string = node.kind() == Kind::StringLiteral && !node.parts().any(|p| p.kind() == Kind::Interpolation);
    if matches!(node.kind(), Kind::TypeNode | Kind::Other) || is_plain_string {
        return;
    }
    let holds_text = matches!(node.kind(), Kind::StringLiteral | Kind::FormatSpecifier);
    out.push('(');
    for (field, child) in node.fields_and_children() {
        if !(holds_text && child.kind() == Kind::Other) {
            tell(child, field, out);
        }
    }
    out.push(')');
}

/// Whether a text is read without tree-sitter; if it is, as tree-sitter does.
fn is_read_alike(source: &str, shown: &str) -> bool {
    let Some(ours) = quick(source) else { return false };
    let theirs = crate::lang::parser::parse(&language(), source.as_bytes()).expect("the grammar fits");
    assert!(!theirs.root_node().has_error(), "{shown} is no Python");
    let (ours, theirs) = (told(&ours), told(&grown(&theirs)));
    let at = ours.bytes().zip(theirs.bytes()).take_while(|(ours, theirs)| ours == theirs).count();
    let near = |text: &str| text[at.saturating_sub(150)..(at + 100).min(text.len())].to_owned();
    assert!(ours == theirs, "{shown}\nours   {}\ntheirs {}", near(&ours), near(&theirs));
    true
}

#[test]
fn python_is_read_as_tree_sitter_reads_it() {
    for source in READ {
        assert!(is_read_alike(source, source), "left: {source}");
    }
}

#[test]
fn what_is_read_otherwise_is_left() {
    for source in LEFT {
        assert!(quick(source).is_none(), "{source}");
    }
}

#[test]
fn python_with_a_mistake_is_left_or_read_alike() {
    for source in READ {
        for at in (0..source.len()).filter(|&at| source.is_char_boundary(at)) {
            let (before, after) = source.split_at(at);
            let mut rest = after.chars();
            rest.next();
            for changed in ["", "(", "*", ",", "\n"] {
                let source = format!("{before}{changed}{}", rest.as_str());
                is_read_alike(&source, &source);
            }
        }
    }
}

#[test]
fn nesting_has_an_end() {
    let deep = 100_000;
    for (open, close) in
        [("(", ")"), ("[", "]"), ("not ", ""), ("-", ""), ("lambda: ", ""), ("f(", ")"), ("a if b else ", "")]
    {
        assert!(quick(&format!("{}x{}\n", open.repeat(deep), close.repeat(deep))).is_none(), "{open}");
    }
    let steps: String = (0..500).map(|level| format!("{}if x:\n", " ".repeat(level))).collect();
    assert!(quick(&steps).is_none());
    assert!(quick(&format!("x = {}1\n", "a + ".repeat(deep))).is_some());
}

/// All Python of a directory given in `SEQSCAN_CORPUS`; skipped without one.
#[test]
fn a_corpus_is_read_as_tree_sitter_reads_it() {
    let Some(root) = std::env::var_os("SEQSCAN_CORPUS") else { return };
    let (mut all, mut left) = (0, 0);
    for entry in walkdir::WalkDir::new(root).into_iter().flatten() {
        let path: &Path = entry.path();
        let is_python = path.extension().is_some_and(|ending| ending == "py" || ending == "pyi");
        let Some(source) = is_python.then(|| std::fs::read_to_string(path).ok()).flatten() else { continue };
        all += 1;
        left += usize::from(!is_read_alike(&source, &path.display().to_string()));
    }
    eprintln!("{all} files, {left} of them left to tree-sitter");
}

#[test]
fn deep_trees_are_copied_in_one_pass() {
    let deep = 20_000;
    let source = format!("x = {}1{}\n", "(".repeat(deep), ")".repeat(deep));
    let tree = crate::lang::parser::parse(&language(), source.as_bytes()).expect("the grammar fits");
    let copy = grown(&tree);
    let inside = std::iter::successors(Some(copy.root()), |node| node.parts().next_back());
    assert!(inside.count() > deep);
}
