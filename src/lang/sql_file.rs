//! `.sql` files: each statement with its place in the file.

use super::sql_comments;
use crate::facts::{FileFacts, Gap, SqlText};
use crate::source::{SourceFile, Span};
use crate::sql::{self, Dialect, Unparsed};

/// Statements that could not be read and are told one by one; all are counted.
const TOLD: usize = 50;

/// What a `.sql` file says. One statement that cannot be read costs only itself.
pub(super) fn extract(file: &SourceFile) -> FileFacts {
    let mut facts = FileFacts::empty();
    let dialect = sql::of_file_name(&file.path).or_else(|| sql::of_content(&file.text)).unwrap_or(Dialect::Generic);
    let found = sql::statements(&file.text, &[], dialect);
    let places: Vec<Span> = found.statements.iter().map(|statement| statement.span).collect();
    facts.directives = sql_comments::directives(&file.text, &found.comments, &places);
    let undone = undone(&file.text);
    let kept = found.statements.iter().filter(|statement| statement.rows.is_none()).count();
    facts.statements.reserve_exact(kept);
    for mut statement in found.statements {
        if undone.iter().any(|part| part.contains(statement.head)) {
            statement.changes.clear();
        }
        if let Some(reason) = statement.unparsed
            && facts.gaps.len() < TOLD
        {
            facts.gaps.push(Gap { what: told(reason).into(), span: statement.head });
        }
        // Rows of a dump: they say nothing but their table, and there are millions of them.
        if statement.rows.is_some() {
            continue;
        }
        let span = statement.span;
        facts.statements.push(SqlText { statement, text: None, span });
    }
    facts
}

/// The parts of a migration that take it back: what they do to the schema does not happen. They begin at a
/// comment that a migration tool reads (goose, sql-migrate, dbmate) and go on to the next one of its kind.
fn undone(text: &str) -> Vec<Span> {
    let mut parts = Vec::new();
    let mut open = None;
    for at in memchr::memmem::find_iter(text.as_bytes(), b"--") {
        let is_line = text[..at].ends_with('\n') || at == 0;
        let line = text[at + 2..].lines().next().unwrap_or("").trim();
        let Some(mark) =
            line.strip_prefix("+goose ").or(line.strip_prefix("+migrate ")).or(line.strip_prefix("migrate:"))
        else {
            continue;
        };
        let mark = mark.trim_start().to_ascii_lowercase();
        if is_line && mark.starts_with("down") {
            open.get_or_insert(at);
        } else if is_line
            && mark.starts_with("up")
            && let Some(start) = open.take()
        {
            parts.push(Span::new(start, at));
        }
    }
    parts.extend(open.map(|start| Span::new(start, text.len())));
    parts
}

/// Why a statement was not understood, in a few words.
fn told(reason: Unparsed) -> &'static str {
    match reason {
        Unparsed::Syntax => "statement not understood",
        Unparsed::Unsupported => "statement of a kind that is not checked",
        Unparsed::TooDeep => "statement nests too deeply to be checked",
        Unparsed::TooLong => "statement is too long to be checked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Language;
    use crate::sql::ddl::TableChange;

    fn facts(text: &str) -> FileFacts {
        extract(&SourceFile::new("a.sql", Default::default(), Language::Sql, text.into()))
    }

    fn texts(text: &str) -> Vec<String> {
        facts(text).statements.iter().map(|statement| text[statement.span.range()].to_owned()).collect()
    }

    #[test]
    fn a_bad_statement_costs_only_itself() {
        let text = "SELECT 1;\nSELECT a b c d;\nSELECT 2;";
        let facts = facts(text);
        assert_eq!(facts.statements.len(), 3);
        assert_eq!(facts.gaps.len(), 1);
        assert_eq!(facts.gaps[0].span.start, 10);
    }

    #[test]
    fn what_a_migration_takes_back_does_not_happen() {
        let text = "-- +goose Up\nCREATE TABLE a (b int);\n-- +goose Down\nDROP TABLE a;\n";
        let facts = facts(text);
        assert_eq!((facts.statements[0].statement.changes.len(), facts.statements[1].statement.changes.len()), (1, 0));
    }

    #[test]
    fn suppressions() {
        let facts = facts("-- seqscan: ignore[offset-pagination] small\nSELECT a FROM b OFFSET 10;\nSELECT 2;");
        assert_eq!(facts.directives.len(), 1);
        assert_eq!(facts.directives[0].covers, facts.statements[0].span);
    }

    #[test]
    fn rows_are_not_kept() {
        assert_eq!(texts("CREATE TABLE a (b int);\nINSERT INTO a VALUES (1);\nINSERT INTO a SELECT 1;").len(), 2);
    }

    #[test]
    fn the_dialect_is_read_from_the_file() {
        let facts =
            facts("CREATE TABLE `a` (`b` int) ENGINE=InnoDB;\nSELECT * FROM a WHERE b = 'it\\'s; x';\nSELECT 2;");
        assert_eq!(facts.statements.len(), 3);
        assert!(facts.statements.iter().all(|statement| statement.statement.dialect == Dialect::MySql));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_it() {
        let text = "\u{feff}SELECT é FROM t;\r\nSELECT 2;";
        assert_eq!(texts(text), ["SELECT é FROM t", "SELECT 2"]);
        assert!(facts(text).gaps.is_empty());
    }

    #[test]
    fn a_dump_of_postgresql() {
        let text = "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\n\
            CREATE TABLE public.a (\n    id bigint NOT NULL,\n    b text\n);\nALTER TABLE public.a OWNER TO me;\n\
            CREATE SEQUENCE public.a_id_seq\n    START WITH 1\n    INCREMENT BY 1\n    NO MINVALUE\n    NO MAXVALUE\n    CACHE 1;\n\
            COPY public.a (id, b) FROM stdin;\n1\tit's; here\n\\.\n\n\
            ALTER TABLE ONLY public.a\n    ADD CONSTRAINT a_pkey PRIMARY KEY (id);\nCREATE INDEX a_b ON public.a USING btree (b);\n";
        let facts = facts(text);
        assert_eq!(facts.gaps, []);
        let changes: Vec<_> = facts.statements.iter().flat_map(|statement| &statement.statement.changes).collect();
        assert_eq!(changes.iter().filter(|change| matches!(change, TableChange::CreateIndex(_))).count(), 2);
    }

    #[test]
    fn batches_without_semicolons() {
        let text = "CREATE TABLE [dbo].[A] (\n  [Id] int NOT NULL\n)\nCREATE INDEX ix ON [dbo].[A] ([Id])\nSELECT TOP 5 * FROM [dbo].[A]\nGO\n\
                    SELECT a\nFROM b\nSELECT c\nFROM d\nGO\n";
        let facts = facts(text);
        assert_eq!(facts.gaps, []);
        assert_eq!(facts.statements.len(), 5);
    }

    /// Prints which share of the statements under `$SEQSCAN_CORPUS` is understood, by the folder below it.
    #[test]
    fn corpus() {
        let Ok(root) = std::env::var("SEQSCAN_CORPUS") else { return };
        let limit: usize = std::env::var("SEQSCAN_SHOW").ok().and_then(|limit| limit.parse().ok()).unwrap_or(0);
        let read = move || {
            let mut groups: std::collections::BTreeMap<String, [usize; 3]> = Default::default();
            let (mut bytes, mut spent) = (0, std::time::Duration::ZERO);
            let files = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().filter_map(Result::ok);
            for entry in files.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "sql")) {
                let Ok(raw) = std::fs::read(entry.path()) else { continue };
                let text = String::from_utf8_lossy(&raw).into_owned();
                let path = entry.path().strip_prefix(&root).unwrap_or(entry.path()).to_string_lossy().into_owned();
                let group = path.split('/').next().unwrap_or("").to_owned();
                bytes += text.len();
                let before = std::time::Instant::now();
                let file = SourceFile::new(path.as_str(), Default::default(), Language::Sql, text);
                let facts = extract(&file);
                spent += before.elapsed();
                let counts = groups.entry(group).or_default();
                counts[0] += facts.statements.len();
                for statement in facts.statements.iter().filter(|found| found.statement.unparsed.is_some()) {
                    counts[1] += 1;
                    let text = &file.text[statement.span.range()];
                    if counts[1] <= limit {
                        let shown: String = text.chars().take(300).collect();
                        println!(
                            "{path}: {:?} {:?}: {shown}\n",
                            statement.statement.unparsed, statement.statement.dialect
                        );
                    }
                }
                counts[2] += 1;
            }
            for (group, [all, unread, files]) in groups {
                let share = 100.0 * (all - unread) as f64 / (all.max(1)) as f64;
                println!("{group:24} {files:6} files {all:7} statements {share:6.2} % understood");
            }
            println!("{bytes} bytes in {spent:?}");
        };
        let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(read).expect("a thread");
        assert!(thread.join().is_ok());
    }
}
