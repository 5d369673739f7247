//! The edit that loads a relation of Django's with the rows: a step of the query that gives them.

use super::eager_options;
use crate::facts::{Call, FileFacts, Value};
use crate::findings::{Applicability, Confidence, Edit, Fix};
use crate::project::{LazyRead, Project, QuerysetStep};
use crate::source::Span;

/// What loads the relation of `read` with its rows, if their query is in sight.
pub(super) fn fix(project: &Project, read: &LazyRead) -> Option<Fix> {
    let (file, name) = read.origin?;
    let file = project.file(file);
    let (source, facts) = (&file.source, &file.facts);
    let (_, first) = facts.call_named(name)?;
    if source.language.is_template() {
        return None;
    }
    if source.language.is_ecma() {
        return eager_options::fix(source, facts, first, read);
    }
    // SQLAlchemy's steps need an import too.
    let (step, _) = read.load.strip_prefix('.')?.split_once('(')?;
    let is_prefetch = step == "prefetch_related";
    if !is_prefetch && step != "select_related" {
        return None;
    }
    let chain = chain(facts, first);
    let name_of = |call: &Call| &source.text[call.name_span.range()];
    if chain.iter().any(|call| name_of(call) == step && says(facts, call, &read.path)) {
        return None;
    }
    let own = chain.iter().find(|call| name_of(call) == step && is_plain_list(facts, call));
    let shorter = own.and_then(|call| {
        let is_part = |literal: &str| read.path.strip_prefix(literal).is_some_and(|rest| rest.starts_with("__"));
        call.args.iter().find(|arg| facts.literal(arg.value).is_some_and(is_part))
    });
    let neighbour = shorter.or_else(|| own.and_then(|call| call.args.last())).map(|arg| &source.text[arg.span.range()]);
    let quote = neighbour.and_then(quote_of).unwrap_or_else(|| usual_quote(&source.text));
    let at = |at: usize, text: String| (Span::new(at, at), text);
    let (span, text) = match (shorter, own.and_then(|call| call.args.last())) {
        // What loads a relation of a relation loads both.
        (Some(shorter), _) => (shorter.span, format!("{quote}{}{quote}", read.path)),
        (None, Some(last)) => at(last.span.end as usize, format!(", {quote}{}{quote}", read.path)),
        (None, None) => {
            let text = format!(".{step}({quote}{}{quote})", read.path);
            let dot = dot_before(&source.text, first.name_span)?;
            let place = if QuerysetStep::named(name_of(first)) == Some(QuerysetStep::Iterates) {
                dot
            } else {
                first.span.end as usize
            };
            // One step a line stays so.
            match line_break_before(&source.text, dot) {
                Some(line_break) if place != dot => at(place, format!("{line_break}{text}")),
                Some(line_break) => at(place, format!("{text}{line_break}")),
                None => at(place, text),
            }
        }
    };
    // Steps that may stand before or after any other, and after which a query gives rows of the same model.
    let may_stand = |call: &&Call| match QuerysetStep::named(name_of(call)) {
        Some(QuerysetStep::Loads | QuerysetStep::Rows) => true,
        // It gives the rows themselves, so that no other may follow.
        Some(QuerysetStep::Iterates) => !is_prefetch,
        _ => false,
    };
    let is_sure = read.confidence == Confidence::High && is_of_one_model(facts, first) && chain.iter().all(may_stand);
    Some(Fix {
        title: format!("load `{}` with the rows", read.path),
        applicability: if is_sure { Applicability::Unsafe } else { Applicability::DisplayOnly },
        edits: vec![Edit { path: source.path.clone(), span, text }],
    })
}

/// The steps from the first on that are written as one expression, in order.
fn chain<'f>(facts: &'f FileFacts, first: &Call) -> Vec<&'f Call> {
    let steps = facts.calls_from(first.span.start).map(|(_, call)| call);
    let mut chain: Vec<&Call> = steps.filter(|call| first.span.end <= call.span.end).collect();
    chain.sort_by_key(|call| call.span.end);
    chain
}

/// Whether a query begins at a model by its name, or at a relation of a row. A variable may hold several models, of
/// which some have no such relation.
fn is_of_one_model(facts: &FileFacts, first: &Call) -> bool {
    let owner_of = |value| match *facts.value(value) {
        Value::Member(owner, name) => Some((owner, &facts.names[name])),
        _ => None,
    };
    let Some((manager, _)) = owner_of(first.callee) else { return false };
    let Some((model, name)) = owner_of(manager) else { return true };
    let is_manager = name.starts_with('_') || name.ends_with("objects") || name.ends_with("manager");
    let mut root = model;
    while let Some((owner, _)) = owner_of(root) {
        root = owner;
    }
    !is_manager || matches!(facts.value(root), Value::Import(_) | Value::Class(_))
}

/// Whether a step names the relation already.
fn says(facts: &FileFacts, call: &Call, path: &str) -> bool {
    call.args.iter().any(|arg| facts.literal(arg.value) == Some(path))
}

/// Whether another relation can be put at the end of a step's list.
fn is_plain_list(facts: &FileFacts, call: &Call) -> bool {
    let is_plain = |value: &Value| !matches!(value, Value::Spread(_));
    let names = call.args.iter().all(|arg| arg.name.is_none() && is_plain(facts.value(arg.value)));
    // `select_related(None)` takes all of them back.
    names && call.args.iter().any(|arg| facts.literal(arg.value).is_some())
}

/// The dot before a name.
pub(super) fn dot_before(text: &str, name: Span) -> Option<usize> {
    let before = text[..name.start as usize].trim_end();
    before.ends_with('.').then(|| before.len() - 1)
}

/// The line break and the spaces before a dot that begins its line.
pub(super) fn line_break_before(text: &str, dot: usize) -> Option<&str> {
    let before = &text[..dot];
    let line = before.trim_end_matches([' ', '\t']);
    let bare = line.strip_suffix('\n')?;
    let bare = bare.strip_suffix('\r').unwrap_or(bare);
    Some(&before[bare.len()..])
}

/// The quote of a string literal.
fn quote_of(literal: &str) -> Option<char> {
    literal.chars().find(|letter| matches!(letter, '\'' | '"'))
}

/// The quote that a file mostly uses, told by how it begins.
pub(super) fn usual_quote(text: &str) -> char {
    let start = &text.as_bytes()[..text.len().min(10_000)];
    let count = |quote: u8| memchr::memchr_iter(quote, start).count();
    if count(b'\'') > count(b'"') { '\'' } else { '"' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_step_a_line_stays_so() {
        let text = "Book.objects\r\n    .filter(a=1)";
        let dot = text.rfind('.').unwrap();
        assert_eq!(dot_before(text, Span::new(dot + 1, dot + 7)), Some(dot));
        assert_eq!(line_break_before(text, dot), Some("\r\n    "));
        assert_eq!(line_break_before("Book.objects.filter()", 12), None);
    }

    #[test]
    fn quotes_are_those_of_the_file() {
        let usual = |text: &str| usual_quote(text);
        assert_eq!((usual("a('b')"), usual("a(\"b\")"), usual("")), ('\'', '"', '"'));
        assert_eq!(quote_of("Prefetch('b')"), Some('\''));
    }
}
