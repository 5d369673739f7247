//! `unused-suppression`: a suppression comment that silences nothing, names no rule, or names one that does
//! not exist.

use super::{FileCx, Finding, Registry, Sink};
use crate::facts::{Directive, DirectiveKind};
use crate::findings::{Applicability, Edit, Fix, Role};
use crate::source::Span;

/// What is known of the suppressions of one file once all other rules have run.
pub struct Used<'a> {
    /// The rules there are.
    pub registry: &'a Registry,
    /// Whether the n-th name of a directive silenced a finding.
    pub silenced: &'a dyn Fn(usize, usize) -> bool,
    /// Whether the rule at this place of the registry was run on the file.
    pub ran: &'a dyn Fn(usize) -> bool,
}

/// Reports the suppressions of one file that do nothing.
pub fn check(cx: &FileCx<'_>, used: &Used<'_>, sink: &mut Sink<'_>) {
    for (index, directive) in cx.facts().directives.iter().enumerate() {
        if directive.rules.is_empty() {
            sink.report(nameless(cx, directive));
            continue;
        }
        let mut unused = Vec::new();
        for (nth, (name, span)) in directive.rules.iter().enumerate() {
            match used.registry.find(name) {
                None => sink.report(unknown(cx, used.registry, directive, nth, name, *span)),
                Some(rule) if (used.ran)(rule) && !(used.silenced)(index, nth) => unused.push(nth),
                Some(_) => {}
            }
        }
        if !unused.is_empty() {
            sink.report(unneeded(cx, directive, &unused));
        }
    }
}

fn nameless(cx: &FileCx<'_>, directive: &Directive) -> Finding {
    let word = match directive.kind {
        DirectiveKind::Ignore => "ignore",
        DirectiveKind::IgnoreFile => "ignore-file",
    };
    Finding::new(cx.label(directive.span, Role::Primary, "names no rule"), "this suppression has no effect")
        .help(format!("name the rules in brackets, and say why: `seqscan: {word}[rule] reason`"))
}

fn unknown(cx: &FileCx<'_>, registry: &Registry, directive: &Directive, nth: usize, name: &str, span: Span) -> Finding {
    let finding = Finding::new(cx.label(span, Role::Primary, "no such rule"), format!("no rule is called `{name}`"));
    match registry.suggest(name) {
        Some(meant) => finding.help(format!("did you mean `{meant}`?")).fix(Fix {
            title: format!("replace it with `{meant}`"),
            // It begins to silence findings.
            applicability: Applicability::Unsafe,
            edits: vec![Edit { path: cx.source().path.clone(), span, text: meant.to_owned() }],
        }),
        None => finding.help("`seqscan rules` lists them").fix(removal(cx, directive, &[nth])),
    }
}

fn unneeded(cx: &FileCx<'_>, directive: &Directive, unused: &[usize]) -> Finding {
    let names: Vec<String> = unused.iter().map(|&nth| format!("`{}`", directive.rules[nth].0)).collect();
    let span = match unused {
        [nth] if directive.rules.len() > 1 => directive.rules[*nth].1,
        _ => directive.span,
    };
    let place = match directive.kind {
        DirectiveKind::Ignore => "here",
        DirectiveKind::IgnoreFile => "in this file",
    };
    let verb = if names.len() == 1 { "finds" } else { "find" };
    let message = format!("unused suppression: {} {verb} nothing {place}", names.join(" and "));
    Finding::new(cx.label(span, Role::Primary, "silences nothing"), message)
        .help("remove it, so that it cannot hide a later finding")
        .fix(removal(cx, directive, unused))
}

/// Takes the names at `gone` out of a directive, and the whole comment if none is left.
fn removal(cx: &FileCx<'_>, directive: &Directive, gone: &[usize]) -> Fix {
    let rules = directive.rules.iter().enumerate();
    let kept: Vec<&str> = rules.filter(|(nth, _)| !gone.contains(nth)).map(|(_, (name, _))| &**name).collect();
    let names = directive.rules.iter().map(|(_, span)| *span).reduce(Span::cover).unwrap_or(directive.span);
    let (title, span) = if kept.is_empty() {
        ("remove the comment", whole_comment(&cx.source().text, directive.span))
    } else {
        ("remove what is unused", names)
    };
    Fix {
        title: title.to_owned(),
        applicability: Applicability::Safe,
        edits: vec![Edit { path: cx.source().path.clone(), span, text: kept.join(", ") }],
    }
}

/// A comment with the spaces before it; with its line if nothing else stands there.
fn whole_comment(text: &str, span: Span) -> Span {
    let (Some(before), Some(after)) = (text.get(..span.start as usize), text.get(span.end as usize..)) else {
        return span;
    };
    let spaces = before.len() - before.trim_end_matches([' ', '\t']).len();
    let start = before.len() - spaces;
    let begins_line = start == 0 || before[..start].ends_with(['\n', '\r']);
    let rest = after.trim_start_matches([' ', '\t']);
    let line_break = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with(['\n', '\r'])) };
    let ends_line = rest.is_empty() || line_break > 0;
    match (begins_line, ends_line) {
        (true, true) => Span::new(start, text.len() - rest.len() + line_break),
        // What follows keeps its indentation.
        (true, false) => span,
        (false, _) => Span::new(start, span.end as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(text: &str, comment: &str) -> String {
        let start = text.find(comment).unwrap();
        let span = whole_comment(text, Span::new(start, start + comment.len()));
        format!("{}{}", &text[..span.start as usize], &text[span.end as usize..])
    }

    #[test]
    fn comments_are_removed_with_their_lines() {
        assert_eq!(removed("a()\n    # c\nb()\n", "# c"), "a()\nb()\n");
        assert_eq!(removed("a()  # c\nb()\n", "# c"), "a()\nb()\n");
        assert_eq!(removed("# c", "# c"), "");
        assert_eq!(removed("a\r\n// c\r\nb", "// c"), "a\r\nb");
        assert_eq!(removed("  /* c */ f();", "/* c */"), "   f();");
        assert_eq!(removed("f(a /* c */, b);", "/* c */"), "f(a, b);");
    }
}
