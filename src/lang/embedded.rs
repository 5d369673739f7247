//! SQL in the strings of a host language: each string that is SQL, with every statement in it. Whether a
//! string reaches a database is decided later, by the project.

use rustc_hash::FxHashSet;

use super::sql_comments;
use crate::apis::{Catalog, CatalogLanguage};
use crate::facts::{Directive, FileFacts, SqlText, Text, TextId};
use crate::source::{Language, Span};
use crate::sql::{self, Dialect};

/// Adds the statements that stand in the file's strings, in the order of their texts.
pub(super) fn find(facts: &mut FileFacts, language: Language) {
    let mut dialect = None;
    for index in 0..facts.texts.len() {
        let text = &facts.texts[index];
        if !sql::looks_like_sql(&text.cooked) {
            continue;
        }
        let dialect = *dialect.get_or_insert_with(|| of_imports(facts, language));
        let holes: Vec<Span> = text.holes.iter().map(|hole| Span { start: hole.start, end: hole.end }).collect();
        let found = sql::statements(&text.cooked, &holes, dialect);
        let id = TextId(u32::try_from(index).unwrap_or(u32::MAX));
        if !found.comments.is_empty() {
            let places: Vec<Span> = found.statements.iter().map(|statement| statement.span).collect();
            let directives = sql_comments::directives(&text.cooked, &found.comments, &places);
            for directive in directives {
                let directive = in_host(directive, text);
                // The same string can be part of several texts.
                if !facts.directives.iter().any(|known| known.span == directive.span) {
                    facts.directives.push(directive);
                }
            }
            facts.directives.sort_by_key(|directive| directive.span.start);
        }
        facts.statements.extend(found.statements.into_iter().map(|statement| {
            let span = statement.span;
            SqlText { statement, text: Some(id), span }
        }));
    }
}

/// A directive with the places of the file.
fn in_host(directive: Directive, text: &Text) -> Directive {
    let host = |span: Span| text.host_span(span.start, span.end);
    Directive {
        rules: directive.rules.into_iter().map(|(rule, span)| (rule, host(span))).collect(),
        span: host(directive.span),
        covers: host(directive.covers),
        ..directive
    }
}

/// The dialect of the one driver that the file imports; unknown if it imports none, or several that differ.
fn of_imports(facts: &FileFacts, language: Language) -> Dialect {
    let language = if language.is_ecma() { CatalogLanguage::Ecma } else { CatalogLanguage::Python };
    let catalog = Catalog::builtin();
    let dialects: FxHashSet<Dialect> = facts
        .imports
        .iter()
        .filter_map(|import| catalog.library_of_import(&facts.names[import.module], language))
        .filter_map(|library| catalog.library(library).dialect)
        .collect();
    match (dialects.len(), dialects.into_iter().next()) {
        (1, Some(dialect)) => dialect,
        _ => Dialect::Generic,
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::FileFacts;
    use crate::source::{Language, SourceFile};
    use crate::sql::Dialect;

    fn extract(language: Language, text: &str) -> FileFacts {
        crate::lang::extract(&SourceFile::new("a", Default::default(), language, text.into()))
    }

    fn python(text: &str) -> FileFacts {
        extract(Language::Python, text)
    }

    /// What each statement covers, in the file.
    fn hosts<'t>(text: &'t str, facts: &FileFacts) -> Vec<&'t str> {
        let host = |statement: &crate::facts::SqlText| {
            let id = statement.text.expect("a string");
            let span = facts.texts[id.index()].host_span(statement.span.start, statement.span.end);
            &text[span.range()]
        };
        facts.statements.iter().map(host).collect()
    }

    #[test]
    fn strings_of_python() {
        let text = "q = '''\n  SELECT a\n  FROM t; DELETE FROM u WHERE x = 1\n'''\nr = 'Select a file from the list'\nf(f'SELECT {x} FROM t')\n";
        let facts = python(text);
        assert_eq!(hosts(text, &facts), ["SELECT a\n  FROM t", "DELETE FROM u WHERE x = 1", "SELECT {x} FROM t"]);
        assert!(facts.statements.iter().all(|statement| statement.statement.unparsed.is_none()));
    }

    #[test]
    fn strings_of_javascript() {
        let text = "db.query(`SELECT * FROM t WHERE a = ${x.y} AND b = '\\u00e9' ${z ? 'LIMIT 1;' : ``}`)\n";
        let facts = extract(Language::JavaScript, text);
        assert_eq!(facts.statements.len(), 1);
        let statement = &facts.statements[0].statement;
        assert_eq!(statement.unparsed, None);
        assert_eq!(statement.slots.len(), 2);
    }

    #[test]
    fn suppressions() {
        let text = "q = \"\"\"\n    SELECT a FROM t -- seqscan: ignore[b] c\n    WHERE d = 1\n\"\"\"\n";
        let facts = python(text);
        assert_eq!(facts.directives.len(), 1);
        assert_eq!(&text[facts.directives[0].rules[0].1.range()], "b");
        assert!(text[facts.directives[0].covers.range()].ends_with("d = 1"));
    }

    #[test]
    fn the_driver_tells_the_dialect() {
        let dialect = |text: &str| python(text).statements[0].statement.dialect;
        assert_eq!(dialect("import psycopg\nx = 'SELECT 1'\n"), Dialect::PostgreSql);
        assert_eq!(dialect("import sqlite3\nx = 'SELECT 1'\n"), Dialect::Sqlite);
        assert_eq!(dialect("import sqlite3, psycopg\nx = 'SELECT 1'\n"), Dialect::Generic);
        assert_eq!(dialect("x = 'SELECT 1'\n"), Dialect::Generic);
    }

    /// Prints the statements in the programs under `$SEQSCAN_CORPUS` that are not understood.
    #[test]
    fn corpus() {
        let Ok(root) = std::env::var("SEQSCAN_CORPUS") else { return };
        let read = move || {
            let (mut all, mut unread) = (0, 0);
            for entry in walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().filter_map(Result::ok) {
                let path = entry.path().to_string_lossy().into_owned();
                let Some(language) =
                    Language::of_path(&path).filter(|&language| !matches!(language, Language::Sql | Language::Prisma))
                else {
                    continue;
                };
                let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
                if text.len() > 400_000 {
                    continue;
                }
                let facts = extract(language, &text);
                all += facts.statements.len();
                for found in facts.statements.iter().filter(|found| found.statement.unparsed.is_some()) {
                    unread += 1;
                    let cooked = found.text.map_or("", |id| &facts.texts[id.index()].cooked);
                    let shown: String = cooked[found.span.range()].chars().take(400).collect();
                    println!("{path}: {:?}: {shown}\n", found.statement.unparsed);
                }
                if std::env::var("SEQSCAN_ALL").is_ok() {
                    for found in &facts.statements {
                        let cooked = found.text.map_or("", |id| &facts.texts[id.index()].cooked);
                        let shown: String = cooked[found.span.range()].chars().take(120).collect();
                        println!("SQL {:?} {}", found.statement.verb, shown.replace('\n', " "));
                    }
                }
            }
            println!("{unread} of {all} statements are not understood");
        };
        let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(read).expect("a thread");
        assert!(thread.join().is_ok());
    }
}
