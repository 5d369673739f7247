//! Suppression comments: `seqscan: ignore[rule, rule] reason` and `seqscan: ignore-file[rule]`.
//!
//! The grammar of the comment is the same everywhere ([`parse`]); what one covers is read from the syntax tree
//! of its host language ([`directives`]).

use tree_sitter::{Node, Tree};

use crate::facts::{Directive, DirectiveKind};
use crate::source::Span;

/// What every directive says after the marks of its comment.
const MARK: &str = "seqscan:";

/// A comment that is a directive, before it is known what it covers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) kind: DirectiveKind,
    pub(super) rules: Vec<(Box<str>, Span)>,
    pub(super) reason: Box<str>,
}

/// Reads a comment, marks and all, that stands at `span`; nothing if it does not begin with `seqscan:`. A word
/// that is not understood, or brackets that are missing, give a directive without rules, to be reported.
pub(super) fn parse(comment: &str, span: Span) -> Option<Parsed> {
    let body = comment.trim_start_matches(|c: char| c.is_whitespace() || "#/*-".contains(c)).strip_prefix(MARK)?;
    let body = body.trim_start().trim_end().trim_end_matches("*/").trim_end();
    let (kind, rest) = match (body.strip_prefix("ignore-file"), body.strip_prefix("ignore")) {
        (Some(rest), _) => (DirectiveKind::IgnoreFile, rest),
        (None, Some(rest)) => (DirectiveKind::Ignore, rest),
        (None, None) => (DirectiveKind::Ignore, body),
    };
    let brackets = rest.trim_start().strip_prefix('[').and_then(|inside| inside.split_once(']'));
    let Some((inside, reason)) = brackets else {
        return Some(Parsed { kind, rules: Vec::new(), reason: body.into() });
    };
    // Where a part of the comment stands in the file.
    let place = |part: &str| {
        let start = span.start as usize + (part.as_ptr() as usize - comment.as_ptr() as usize);
        Span::new(start, start + part.len())
    };
    let names = inside.split(',').map(str::trim).filter(|name| !name.is_empty());
    let rules = names.map(|name| (name.into(), place(name))).collect();
    Some(Parsed { kind, rules, reason: reason.trim().into() })
}

/// Whether a file may hold a directive.
pub(super) fn may_be_in(source: &str) -> bool {
    memchr::memmem::find(source.as_bytes(), MARK.as_bytes()).is_some()
}

/// All directives of a file in a host language.
pub(super) fn directives(tree: &Tree, source: &str) -> Vec<Directive> {
    let mut found: Vec<Directive> = Vec::new();
    for at in memchr::memmem::find_iter(source.as_bytes(), MARK.as_bytes()) {
        let Some(comment) = tree.root_node().descendant_for_byte_range(at, at + MARK.len()) else { continue };
        let span = Span::new(comment.start_byte(), comment.end_byte());
        let is_known = found.last().is_some_and(|last| last.span == span);
        if is_known || !is_comment(comment) {
            continue;
        }
        let Some(Parsed { kind, rules, reason }) = source.get(span.range()).and_then(|text| parse(text, span)) else {
            continue;
        };
        let covers = match kind {
            DirectiveKind::IgnoreFile => Span::new(0, source.len()),
            DirectiveKind::Ignore => covered(comment, source),
        };
        found.push(Directive { kind, rules, reason, span, covers });
    }
    found
}

fn is_comment(node: Node<'_>) -> bool {
    matches!(node.kind(), "comment" | "html_comment")
}

/// Nodes that hold statements, members or cases, and are none themselves.
fn is_container(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "module"
            | "program"
            | "block"
            | "statement_block"
            | "class_body"
            | "interface_body"
            | "switch_body"
            | "switch_case"
            | "switch_default"
    )
}

fn covered(comment: Node<'_>, source: &str) -> Span {
    let start = comment.start_byte();
    let line = source[..start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let before = &source[line..start];
    if before.trim().is_empty() {
        next_statement(comment, source)
    } else {
        let first = line + (before.len() - before.trim_start().len());
        let last = line + before.trim_end().len();
        let after = &source[comment.end_byte()..];
        let limit = source.len() - after.trim_start().len();
        let statement = statement_before(comment, last, limit);
        statement.map_or(Span::new(first, last), |statement| statement.cover(Span::new(first, last)))
    }
}

// ── After the comment ───────────────────────────────────────────────────────────────────────────────────

/// The statement, or the part of one, that follows a comment on a line of its own.
fn next_statement(comment: Node<'_>, source: &str) -> Span {
    let own = Span::new(comment.start_byte(), comment.end_byte());
    let root = root(comment);
    let mut at = comment.end_byte();
    let leaf = loop {
        let rest = &source[at..];
        let next = at + (rest.len() - rest.trim_start().len());
        if next >= source.len() {
            return own;
        }
        let Some(leaf) = root.descendant_for_byte_range(next, next + 1) else { return own };
        // More comments may stand between; an end that does not move would never come to one.
        if !is_comment(leaf) || leaf.end_byte() <= at {
            break leaf;
        }
        at = leaf.end_byte();
    };
    if leaf.start_byte() < own.end as usize {
        return own;
    }
    let mut node = leaf;
    while let Some(parent) = node.parent() {
        if parent.start_byte() != leaf.start_byte() || is_container(parent) {
            break;
        }
        node = parent;
    }
    if matches!(node.kind(), "}" | ")" | "]") {
        return own;
    }
    if node.kind() == "decorator" {
        return decorated(node);
    }
    if !node.is_named()
        && let Some(statement) = statement_around(node)
    {
        return span(statement);
    }
    span(node)
}

/// A decorator and what it decorates: TypeScript's methods have theirs before them, all else inside.
fn decorated(decorator: Node<'_>) -> Span {
    let Some(parent) = decorator.parent() else { return span(decorator) };
    if !is_container(parent) {
        return Span::new(decorator.start_byte(), parent.end_byte());
    }
    let mut next = decorator.next_named_sibling();
    while let Some(node) = next {
        if node.kind() != "decorator" && !is_comment(node) {
            return Span::new(decorator.start_byte(), node.end_byte());
        }
        next = node.next_named_sibling();
    }
    span(decorator)
}

/// The statement that a token is a part of.
fn statement_around(node: Node<'_>) -> Option<Node<'_>> {
    let mut node = node;
    loop {
        let parent = node.parent()?;
        if is_container(parent) {
            return Some(node);
        }
        node = parent;
    }
}

// ── Before the comment ──────────────────────────────────────────────────────────────────────────────────

/// The statement that ends at `last`, where a trailing comment follows; nothing if what ends there is only the
/// head of a block or a part of something larger. `limit`: where something else begins. A node may end between
/// the two, for a semicolon that is not written is found after the comment.
fn statement_before(comment: Node<'_>, last: usize, limit: usize) -> Option<Span> {
    let mut node = root(comment).descendant_for_byte_range(last.checked_sub(1)?, last)?;
    if matches!(node.kind(), ";" | ",") && node.parent().is_none_or(|parent| parent.end_byte() > limit) {
        node = node.prev_named_sibling()?;
    }
    while let Some(parent) = node.parent() {
        // A closing brace belongs to its block, and a block to the statement that it is the body of.
        if parent.end_byte() > limit || (is_container(parent) && node.is_named()) {
            break;
        }
        node = parent;
    }
    (node.is_named() && !is_container(node)).then(|| Span::new(node.start_byte(), node.end_byte().min(last)))
}

fn root(node: Node<'_>) -> Node<'_> {
    let mut node = node;
    while let Some(parent) = node.parent() {
        node = parent;
    }
    node
}

fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn found(language: &tree_sitter::Language, source: &str) -> Vec<Directive> {
        directives(&crate::lang::parser::parse(language, source.as_bytes()).unwrap(), source)
    }

    /// What the only directive covers.
    fn covers<'s>(language: &tree_sitter::Language, source: &'s str) -> &'s str {
        let found = found(language, source);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(&*found[0].rules[0].0, "x");
        assert_eq!(&source[found[0].rules[0].1.range()], "x");
        &source[found[0].covers.range()]
    }

    fn python(source: &str) -> &str {
        covers(&tree_sitter_python::LANGUAGE.into(), source)
    }

    fn ts(source: &str) -> &str {
        covers(&tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(), source)
    }

    #[test]
    fn comments_are_read() {
        let read = |text: &str| parse(text, Span::new(10, 10 + text.len()));
        let one = read("# seqscan: ignore[query-in-loop,  b ] small table").unwrap();
        assert_eq!(one.kind, DirectiveKind::Ignore);
        assert_eq!(one.rules, [("query-in-loop".into(), Span::new(28, 41)), ("b".into(), Span::new(44, 45))]);
        assert_eq!(&*one.reason, "small table");
        assert_eq!(read("/* seqscan: ignore-file[a] */").unwrap().kind, DirectiveKind::IgnoreFile);
        assert_eq!(&*read("/**\n * seqscan: ignore[a] why\n */").unwrap().reason, "why");
        assert_eq!(read("-- seqscan: ignore[a]").unwrap().rules.len(), 1);
        assert_eq!(read("// see seqscan: ignore[a]"), None);
        assert_eq!(read("// noqa"), None);
        assert!(read("// seqscan: ignore").unwrap().rules.is_empty());
        assert!(read("// seqscan: ignore[a").unwrap().rules.is_empty());
        let unknown = read("// seqscan: disable this").unwrap();
        assert_eq!((unknown.rules.len(), &*unknown.reason), (0, "disable this"));
    }

    #[test]
    fn own_lines_cover_the_next_statement() {
        assert_eq!(python("# seqscan: ignore[x]\n# more\nfor a in b:\n    c()\nd()\n"), "for a in b:\n    c()");
        assert_eq!(python("if a:\n    # seqscan: ignore[x]\n    b(1,\n      2)\n    c()\n"), "b(1,\n      2)");
        assert_eq!(python("# seqscan: ignore[x]\n@d\ndef f():\n    pass\n"), "@d\ndef f():\n    pass");
        assert_eq!(python("@d\n# seqscan: ignore[x]\ndef f():\n    pass\n"), "def f():\n    pass");
        assert_eq!(python("a()\n# seqscan: ignore[x]\n"), "# seqscan: ignore[x]");
        assert_eq!(ts("{\n// seqscan: ignore[x]\nawait f(1);\ng();\n}"), "await f(1);");
        assert_eq!(ts("{\n  // seqscan: ignore[x]\n}"), "// seqscan: ignore[x]");
        assert_eq!(ts("f(\n  // seqscan: ignore[x]\n  g(1),\n  h());"), "g(1)");
        assert_eq!(ts("await a\n  // seqscan: ignore[x]\n  .b()\n"), "await a\n  // seqscan: ignore[x]\n  .b()");
        assert_eq!(ts("class A {\n/* seqscan: ignore[x] */\n@B() @C()\nm() {}\nn() {}\n}"), "@B() @C()\nm() {}");
        assert_eq!(ts("@B()\n// seqscan: ignore[x]\n@C()\nclass A {}\nf()"), "@C()\nclass A {}");
        assert_eq!(ts("// seqscan: ignore[x]\nexport const f = () => {\n}\n"), "export const f = () => {\n}");
    }

    #[test]
    fn trailing_comments_cover_the_statement_that_ends() {
        assert_eq!(python("for a in b:\n    c(\n      1)  # seqscan: ignore[x]\nd()\n"), "c(\n      1)");
        assert_eq!(python("for a in b:  # seqscan: ignore[x]\n    c()\n"), "for a in b:");
        assert_eq!(python("for a in b: c(a)  # seqscan: ignore[x]\n"), "for a in b: c(a)");
        assert_eq!(python("a = b(  # seqscan: ignore[x]\n    1)\n"), "a = b(");
        assert_eq!(ts("for (const a of b) { // seqscan: ignore[x]\n  c();\n}"), "for (const a of b) {");
        assert_eq!(ts("f();\ng(\n  1\n); // seqscan: ignore[x]\nh();"), "g(\n  1\n);");
        assert_eq!(ts("const o = {\n  a: f(\n  1), // seqscan: ignore[x]\n  b: 2 };"), "a: f(\n  1),");
        assert_eq!(ts("class A {\n  a = f(\n  1); // seqscan: ignore[x]\n  b = 2 }"), "a = f(\n  1);");
        assert_eq!(ts("for (const a of b) {\n  c();\n} // seqscan: ignore[x]\n"), "for (const a of b) {\n  c();\n}");
    }

    #[test]
    fn files_and_strings() {
        let source = "'seqscan: ignore[x]'; f() // seqscan: ignore-file[x] generated\n";
        assert_eq!(ts(source), source);
    }
}
