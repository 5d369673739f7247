//! Where a suppression comment goes: tried out on the text, so that it is a comment and silences what it should.

use std::path::PathBuf;

use crate::lang;
use crate::source::{Language, SourceFile, Span};

/// A text that is put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Insertion {
    /// Before which byte.
    pub(super) at: usize,
    /// What.
    pub(super) text: String,
}

/// How many lines above the finding are tried: a statement that is longer is rare.
const REACH: usize = 40;

/// The comment that silences `rule` at the byte `place` of a file: on its own line above the statement, or at the
/// end of the line where nothing else will do.
pub(super) fn comment(source: &SourceFile, place: Span, rule: &str, reason: &str) -> Option<Insertion> {
    let directive = format!("seqscan: ignore[{rule}] {reason}");
    let text = &source.text;
    let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mark = mark(source.language);
    let mut line = line_start(text, place.start as usize);
    let silences = |insertion: &Insertion| {
        // Python joins a line that ends in a backslash with the next one, whatever that is.
        let is_joined = insertion.text.ends_with(line_break) && text[..insertion.at].trim_end().ends_with('\\');
        !is_joined && silences(source, insertion, place, rule)
    };
    let above = |line: usize, mark: &str| {
        let rest = &text[line..];
        let indent = &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()];
        Insertion { at: line, text: format!("{indent}{mark} {directive}{line_break}") }
    };
    let end = line + text[line..].find(['\n', '\r']).unwrap_or(text.len() - line);
    let trailing = Insertion { at: end, text: format!("  {mark} {directive}") };
    let first = above(line, mark);
    if silences(&first) {
        return Some(first);
    }
    if silences(&trailing) {
        return Some(trailing);
    }
    // In the text of a query on several lines no comment of the host language stands.
    let in_sql = above(line, "--");
    for _ in 0..REACH {
        let Some(end) = line.checked_sub(1) else { break };
        line = line_start(text, end);
        let higher = above(line, mark);
        if silences(&higher) {
            return Some(higher);
        }
    }
    (source.language != Language::Sql && silences(&in_sql)).then_some(in_sql)
}

/// What begins a comment that ends with its line.
fn mark(language: Language) -> &'static str {
    match language {
        Language::Python => "#",
        Language::JavaScript | Language::TypeScript | Language::Tsx | Language::Prisma => "//",
        Language::Sql => "--",
    }
}

/// Whether the file with the comment in it has a directive for `rule` that covers `place`.
fn silences(source: &SourceFile, insertion: &Insertion, place: Span, rule: &str) -> bool {
    let mut text = source.text.clone();
    text.insert_str(insertion.at, &insertion.text);
    let after = SourceFile::new(source.path.clone(), PathBuf::new(), source.language, text);
    let moved = if insertion.at <= place.start as usize { insertion.text.len() } else { 0 };
    let start = place.start as usize + moved;
    let facts = lang::extract(&after);
    // What stands inside the comment is ours; what it would swallow is not.
    let own = insertion.at..insertion.at + insertion.text.len();
    facts.directives.iter().any(|directive| {
        own.contains(&(directive.span.start as usize))
            && directive.span.end as usize <= own.end
            && (directive.covers.start as usize..directive.covers.end as usize).contains(&start)
            && directive.rules.iter().any(|(name, _)| &**name == rule)
    })
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignored(path: &str, text: &str, what: &str) -> String {
        let language = Language::of_path(path).unwrap();
        let source = SourceFile::new(path, PathBuf::new(), language, text.to_owned());
        let start = text.find(what).unwrap();
        let Insertion { at, text: put } =
            comment(&source, Span::new(start, start + what.len()), "query-in-loop", "why").unwrap();
        format!("{}{put}{}", &text[..at], &text[at..])
    }

    #[test]
    fn a_comment_goes_above_its_statement() {
        assert_eq!(
            ignored("a.py", "for x in xs:\n    get(x)\n", "get"),
            "for x in xs:\n    # seqscan: ignore[query-in-loop] why\n    get(x)\n"
        );
        assert_eq!(
            ignored("a.ts", "for (const x of xs) {\r\n\tget(x);\r\n}\r\n", "get"),
            "for (const x of xs) {\r\n\t// seqscan: ignore[query-in-loop] why\r\n\tget(x);\r\n}\r\n"
        );
        assert_eq!(ignored("a.sql", "select 1;\n", "1"), "-- seqscan: ignore[query-in-loop] why\nselect 1;\n");
    }

    #[test]
    fn a_comment_goes_where_it_is_one() {
        assert_eq!(
            ignored("a.py", "x = 1 + \\\n  get(x)\n", "get"),
            "x = 1 + \\\n  get(x)  # seqscan: ignore[query-in-loop] why\n"
        );
        let sql = "c.execute('''\n  select 1\n  from t\n''')\n";
        assert_eq!(
            ignored("a.py", sql, "from"),
            "# seqscan: ignore[query-in-loop] why\nc.execute('''\n  select 1\n  from t\n''')\n"
        );
        let jsx = "const a = (\n  <b>\n    {get(x)}\n  </b>\n);\n";
        let inside = jsx.replace("  <b>", "  // seqscan: ignore[query-in-loop] why\n  <b>");
        assert_eq!(ignored("a.tsx", jsx, "get"), inside);
    }
}
