//! What is done with a local name, as far as the text of its function tells: where what a query gives is bound to a
//! name, every use of it is a mention of that name.

use super::collect::Collector;
use crate::facts::*;
use crate::source::Span;

/// A place where a name stands that is no attribute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mention<'s> {
    /// What stands before it, from the start of the file.
    pub(super) before: &'s str,
    /// What stands after it, up to the end of the function.
    pub(super) after: &'s str,
    /// Where that ends.
    pub(super) end: usize,
}

impl<'s> Mention<'s> {
    /// Whether it is only asked whether there is something: `not row`, `if (row)`, `row is None`, `row === null`.
    pub(super) fn is_test(&self) -> bool {
        let before = self.before.trim_end_matches([' ', '\t']);
        let after = self.after.trim_start_matches([' ', '\t']);
        let compared = ["is None", "is not None", "=== null", "!== null", "== null", "!= null", "=== undefined"];
        let word = |word: &str| before.ends_with(word) && !before[..before.len() - word.len()].ends_with(is_part);
        compared.iter().any(|sign| after.starts_with(sign))
            || ((word("not") || before.ends_with('!')) && !after.starts_with(['.', '[', '(', '?']))
            || ((word("if") || word("elif") || word("while")) && after.starts_with(':'))
            || (before.ends_with("if (") && after.starts_with(')'))
    }

    /// The attribute that is read of it, if it is not called: `row.title`, `row?.title`.
    pub(super) fn attribute(&self) -> Option<&'s str> {
        let rest = self.after.strip_prefix(['?', '!']).unwrap_or(self.after).trim_start().strip_prefix('.')?;
        let end = rest.find(|letter: char| !is_part(letter)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let is_called = after.starts_with('(') || after.starts_with("?.(");
        (!name.is_empty() && !is_called).then_some(name)
    }
}

impl<'p> Collector<'_, 'p> {
    /// The mentions of a name in a part of the file.
    pub(super) fn mentions(&self, within: Span, name: &str) -> impl Iterator<Item = Mention<'p>> {
        let source = self.source;
        let text = &source[..within.end as usize];
        let starts = source[within.range()].match_indices(name).map(|(start, _)| within.start as usize + start);
        let all = starts.map(|start| (&text[..start], &text[start + name.len()..])).collect::<Vec<_>>();
        let is_own = |(before, after): &(&str, &str)| {
            let is_member = before.ends_with('.') && !before.ends_with("...");
            !before.ends_with(is_part) && !after.starts_with(is_part) && !is_member
        };
        all.into_iter().filter(is_own).map(move |(before, after)| Mention { before, after, end: text.len() })
    }

    /// The mentions, in its function, of the name that the result of a call is bound to, but for the one that binds it;
    /// `None` if it is not bound to one name, once.
    pub(super) fn mentions_of(&self, call: CallId) -> Option<Vec<Mention<'p>>> {
        let at = self.facts.call(call);
        if at.function == MODULE {
            return None;
        }
        let body = self.facts.function(at.function).span;
        let text = &self.source[body.range()];
        let name = bound_name(&self.source[body.start as usize..at.span.start as usize])?;
        let mut bindings = 0;
        let mut found: Vec<Mention<'p>> = Vec::new();
        for mention in self.mentions(body, name) {
            let is_before = mention.before.len() < at.span.start as usize;
            if is_before && bindings == 0 && mention.after.trim_start().starts_with(['=', ':']) {
                bindings += 1;
            } else {
                found.push(mention);
            }
        }
        (bindings == 1 && !text.contains("locals()")).then_some(found)
    }
}

/// Whether a letter may be a part of a name.
pub(super) fn is_part(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$')
}

/// The name that what follows is bound to: `const rows = await`.
fn bound_name(before: &str) -> Option<&str> {
    let before = before.trim_end();
    let before = before.strip_suffix("await").unwrap_or(before).trim_end();
    let before = before.strip_suffix('=')?.trim_end();
    // `const rows: Row[] =`
    let line = before.rfind('\n').map_or(before, |at| &before[at + 1..]);
    let name = match line.rfind(':') {
        Some(colon) if ["const ", "let "].iter().any(|word| line.trim_start().starts_with(word)) => {
            line[..colon].trim_end()
        }
        _ => line,
    };
    let start = name.trim_end_matches(|letter: char| letter.is_alphanumeric() || letter == '_').len();
    let (rest, name) = name.split_at(start);
    let is_name = rest.trim().is_empty() || matches!(rest.trim(), "const" | "let" | "var");
    (is_name && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_are_bound() {
        assert_eq!(bound_name("x\n  const rows = await "), Some("rows"));
        assert_eq!(bound_name("x\n    rows = "), Some("rows"));
        assert_eq!(bound_name("const rows: Row[] = await"), Some("rows"));
        assert_eq!(bound_name("self.rows ="), None);
        assert_eq!(bound_name("const { rows } = await"), None);
        assert_eq!(bound_name("total +="), None);
        assert_eq!(bound_name("、rows ="), None);
    }

    #[test]
    fn mentions_say_what_is_done() {
        let mention = |before, after| Mention { before, after, end: 0 };
        for test in
            [mention("if not ", ":\n"), mention("if (!", ") {"), mention("if (", ") {"), mention("", " is None")]
        {
            assert!(test.is_test(), "{test:?}");
        }
        for use_ in [mention("return ", ";"), mention("not ", ".paid"), mention("cannot ", ":"), mention("f(", ")")] {
            assert!(!use_.is_test(), "{use_:?}");
        }
        assert_eq!(mention("", ".title, 3").attribute(), Some("title"));
        assert_eq!(mention("", "?.title").attribute(), Some("title"));
        assert_eq!(mention("", ".save()").attribute(), None);
        assert_eq!(mention("", ", 3").attribute(), None);
    }
}
