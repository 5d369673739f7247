//! Suppression comments for findings: where one goes is tried out on the text, so that it is a comment and silences
//! what it should.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::edits::{ChangedFile, Changes};
use super::{Report, Session, SessionError, Targets};
use crate::findings::Edit;
use crate::lang;
use crate::source::{Language, SourceFile, Span};

/// A text that is put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insertion {
    /// Before which byte.
    pub at: usize,
    /// What.
    pub text: String,
}

/// How many lines above the finding are tried: a statement that is longer is rare.
const REACH: usize = 40;

/// What came of adding comments for all findings.
#[derive(Clone, Debug, Default)]
pub struct Ignored {
    /// The files that are not as they were; nothing is written yet.
    pub files: Vec<ChangedFile>,
    /// How many comments were added.
    pub comments: usize,
    /// What is found in the new texts.
    pub report: Report,
}

/// The places that comments are to silence, and the rules that find something there: by file, and by where in its text
/// the comment goes.
type Places = BTreeMap<(Arc<str>, usize), (Span, BTreeSet<&'static str>)>;

/// How often it is tried: a comment may silence findings that had one of their own to come.
const ROUNDS: usize = 5;

impl Session {
    /// Adds a suppression comment for everything that is found in `targets`. Afterwards the session knows the new
    /// texts.
    pub fn ignore_all(&mut self, targets: &Targets, reason: &str) -> Result<Ignored, SessionError> {
        let mut ignored = Ignored::default();
        let mut changes = Changes::default();
        let mut tried: BTreeSet<String> = BTreeSet::new();
        for round in 0.. {
            let snapshot = self.snapshot();
            ignored.report = snapshot.check(targets);
            let report = &ignored.report;
            // One comment silences all rules that find something at one place.
            let mut places = Places::new();
            for reported in report.counted().filter(|_| round < ROUNDS) {
                let found = &reported.diagnostic;
                let Some(source) = report.sources.get(&found.primary.path) else { continue };
                if !tried.insert(format!("{} {}", reported.fingerprint, found.message)) {
                    continue;
                }
                let Some(put) = comment(source, found.primary.span, &[found.rule], reason) else { continue };
                let place =
                    places.entry((source.path.clone(), put.at)).or_insert((found.primary.span, BTreeSet::new()));
                place.1.insert(found.rule);
            }
            let mut edits: Vec<Edit> = Vec::new();
            for ((path, _), (span, rules)) in places {
                let rules: Vec<&str> = rules.into_iter().collect();
                let put = report.sources.get(&path).and_then(|source| comment(source, span, &rules, reason));
                let edit = put.map(|put| Edit { path, span: Span::new(put.at, put.at), text: put.text });
                edits.extend(edit.filter(|edit| snapshot.may_edit(edit)));
            }
            if edits.is_empty() {
                break;
            }
            ignored.comments += edits.len();
            let texts = Changes::apply(report, &edits.iter().collect::<Vec<_>>());
            for (path, text) in texts {
                let Some(source) = report.sources.get(&path) else { continue };
                self.edit(&source.absolute.clone(), Some(text.as_str().into()))?;
                changes.note(source, text);
            }
        }
        ignored.files = changes.into_files();
        Ok(ignored)
    }
}

/// The comment that silences `rules` at the byte `place` of a file: on its own line above the statement, or at the
/// end of the line where nothing else will do.
pub fn comment(source: &SourceFile, place: Span, rules: &[&str], reason: &str) -> Option<Insertion> {
    let directive = format!("seqscan: ignore[{}] {reason}", rules.join(", "));
    let directive = directive.trim_end();
    let text = &source.text;
    let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let marks = marks(source.language);
    let mut line = line_start(text, place.start as usize);
    let silences = |insertion: &Insertion| {
        // Python joins a line that ends in a backslash with the next one, whatever that is.
        let is_joined = insertion.text.ends_with(line_break) && text[..insertion.at].trim_end().ends_with('\\');
        !is_joined && silences(source, insertion, place, rules)
    };
    let above = |line: usize, (mark, close): (&str, &str)| {
        let rest = &text[line..];
        let indent = &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()];
        Insertion { at: line, text: format!("{indent}{mark} {directive}{close}{line_break}") }
    };
    let end = line + text[line..].find(['\n', '\r']).unwrap_or(text.len() - line);
    let trailing = Insertion { at: end, text: format!("  {} {directive}{}", marks.0, marks.1) };
    let first = above(line, marks);
    if silences(&first) {
        return Some(first);
    }
    if silences(&trailing) {
        return Some(trailing);
    }
    // In the text of a query on several lines no comment of the host language stands.
    let in_sql = above(line, ("--", ""));
    for _ in 0..REACH {
        let Some(end) = line.checked_sub(1) else { break };
        line = line_start(text, end);
        let higher = above(line, marks);
        if silences(&higher) {
            return Some(higher);
        }
    }
    (source.language != Language::Sql && silences(&in_sql)).then_some(in_sql)
}

/// The marks around a comment on one line: most end with their line.
fn marks(language: Language) -> (&'static str, &'static str) {
    let open = match language {
        Language::Python | Language::GraphQl => "#",
        Language::JavaScript | Language::TypeScript | Language::Tsx | Language::Prisma => "//",
        Language::Sql => "--",
        Language::DjangoTemplate | Language::Jinja => return ("{#", " #}"),
    };
    (open, "")
}

/// Whether the file with the comment in it has a directive for `rules` that covers `place`.
fn silences(source: &SourceFile, insertion: &Insertion, place: Span, rules: &[&str]) -> bool {
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
            && rules.iter().all(|rule| directive.rules.iter().any(|(name, _)| &**name == *rule))
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
            comment(&source, Span::new(start, start + what.len()), &["query-in-loop"], "why").unwrap();
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
