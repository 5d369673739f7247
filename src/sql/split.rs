//! Where one statement ends and the next begins.
//!
//! One bad statement never costs its neighbours: the splitter knows strings, comments, dollar quotes,
//! routine bodies, `DELIMITER`, `GO`, psql's and sqlite's commands and `COPY` data, and nothing else of
//! SQL. It reads a text once, from front to back.

use super::Dialect;
use super::scan;
use crate::source::Span;

/// Finds the statements of a text, one after the other.
#[derive(Clone, Debug)]
pub struct Splitter<'t> {
    text: &'t str,
    dialect: Dialect,
    at: usize,
    delimiter: Vec<u8>,
    /// Bodies that were never closed are not believed again.
    trusts_bodies: bool,
    ends: scan::Ends,
    /// Comments between and inside statements that speak to this program.
    directives: Vec<Span>,
}

/// What the words of a statement have told so far.
#[derive(Default)]
struct Progress {
    /// Its first byte that is not blank or comment.
    start: Option<usize>,
    words: u32,
    is_create: bool,
    /// `CREATE FUNCTION` and its like, or a block: what stands between `BEGIN` and `END` belongs to it.
    has_body: bool,
    is_rule: bool,
    is_copy: bool,
    copies_from: bool,
    copies_stdin: bool,
    depth: u32,
    parens: u32,
    after_end: bool,
}

impl<'t> Splitter<'t> {
    /// A splitter at the beginning of `text`.
    pub fn new(text: &'t str, dialect: Dialect) -> Self {
        Splitter {
            text,
            dialect,
            at: 0,
            delimiter: b";".to_vec(),
            trusts_bodies: true,
            ends: scan::Ends::new(dialect.nests_comments()),
            directives: Vec::new(),
        }
    }

    /// The comments met so far that contain the program's name.
    pub fn directives(&self) -> &[Span] {
        &self.directives
    }

    fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes()
    }

    fn is_postgres(&self) -> bool {
        matches!(self.dialect, Dialect::PostgreSql | Dialect::Generic | Dialect::Redshift | Dialect::DuckDb)
    }

    /// The next statement's place: from its first to its last byte, without delimiter, surrounding blanks
    /// and comments before it.
    fn advance(&mut self) -> Option<Span> {
        let bytes = self.bytes();
        let begun_at = self.at;
        let comments = self.directives.len();
        let mut progress = Progress::default();
        let mut at = self.at;
        if at == 0 && bytes.starts_with(b"\xef\xbb\xbf") {
            at = 3;
        }
        loop {
            if at >= bytes.len() {
                return self.finish(progress, begun_at, comments);
            }
            let byte = bytes[at];
            let line_start = at == 0 || bytes[at - 1] == b'\n';
            if line_start && let Some(next) = self.client_line(at, &progress) {
                if let Some(start) = progress.start {
                    self.at = next;
                    return Some(self.trimmed(start, at));
                }
                at = next;
                continue;
            }
            if byte == self.delimiter[0] && bytes[at..].starts_with(&self.delimiter) {
                if self.is_boundary(&progress) {
                    self.at = at + self.delimiter.len();
                    if progress.copies_from && progress.copies_stdin {
                        self.skip_copy_data();
                    }
                    let Some(start) = progress.start else {
                        at = self.at;
                        continue;
                    };
                    return Some(self.trimmed(start, at));
                }
                at += self.delimiter.len();
                continue;
            }
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => at += 1,
                b'-' if bytes.get(at + 1) == Some(&b'-') => at = self.comment(at, scan::line_end(bytes, at)),
                b'#' if self.is_hash_comment(at) => at = self.comment(at, scan::line_end(bytes, at)),
                b'/' if bytes.get(at + 1) == Some(&b'*') => {
                    let Some(end) = self.ends.comment(bytes, at) else {
                        at = bytes.len();
                        continue;
                    };
                    // MySQL runs what stands in `/*!50003 … */`.
                    if matches!(bytes.get(at + 2), Some(b'!')) {
                        progress.start.get_or_insert(at);
                    }
                    at = self.comment(at, end);
                }
                b'\\'
                    if self.is_postgres()
                        && bytes.get(at + 1).is_some_and(|next| next.is_ascii_alphabetic() || *next == b';') =>
                {
                    // `\gset`, `\g`, `\watch` end the statement before them.
                    let end = scan::line_end(bytes, at);
                    let Some(start) = progress.start else {
                        at = end;
                        continue;
                    };
                    self.at = end;
                    return Some(self.trimmed(start, at));
                }
                b'{' if matches!(bytes.get(at + 1), Some(b'{' | b'%' | b'#')) => {
                    let end = scan::template_end(bytes, at);
                    if bytes.get(at + 1) == Some(&b'{') {
                        progress.start.get_or_insert(at);
                    }
                    at = end.map_or(at + 2, |end| end);
                }
                _ => {
                    progress.start.get_or_insert(at);
                    at = self.code(at, &mut progress);
                }
            }
        }
    }

    /// Steps over one thing that is code, and notes what it says of where the statement ends.
    fn code(&mut self, at: usize, progress: &mut Progress) -> usize {
        let bytes = self.bytes();
        match bytes[at] {
            b'\'' => {
                let is_escape =
                    at > 0 && matches!(bytes[at - 1], b'e' | b'E') && !(at > 1 && scan::is_word(bytes[at - 2]));
                scan::quoted_end(bytes, at, is_escape || self.dialect.escapes_with_backslash())
            }
            b'"' => scan::quoted_end(bytes, at, self.dialect == Dialect::MySql),
            b'`' => scan::quoted_end(bytes, at, false),
            b'[' if self.dialect.quotes_with_brackets() => {
                memchr::memchr2(b']', b'\n', &bytes[at..]).map_or(at + 1, |step| at + step + 1)
            }
            b'$' if self.dialect.has_dollar_quotes() => self.dollar(at),
            b'(' => {
                progress.parens += 1;
                at + 1
            }
            b')' => {
                progress.parens = progress.parens.saturating_sub(1);
                at + 1
            }
            byte if scan::is_word_start(byte) => {
                let end = scan::word_end(bytes, at);
                self.word(&bytes[at..end], end, progress);
                end
            }
            byte if byte.is_ascii_digit() => scan::word_end(bytes, at),
            _ => at + 1,
        }
    }

    fn dollar(&mut self, at: usize) -> usize {
        let bytes = self.bytes();
        let Some(tag) = scan::dollar_tag(bytes, at) else { return scan::word_end(bytes, at + 1) };
        self.ends.dollar(bytes, at, tag).unwrap_or(at + tag.len())
    }

    fn word(&self, word: &[u8], end: usize, progress: &mut Progress) {
        progress.words += 1;
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if progress.words == 1 {
            progress.is_create = is("CREATE") || is("ALTER") || is("REPLACE");
            progress.is_copy = is("COPY");
            let block = is("BEGIN") && !matches!(self.dialect, Dialect::PostgreSql | Dialect::Sqlite | Dialect::DuckDb);
            if (block && !self.begins_transaction(end)) || (is("DECLARE") && self.dialect == Dialect::Oracle) {
                progress.has_body = true;
                progress.depth = u32::from(block);
            }
            return;
        }
        if progress.is_copy {
            progress.copies_from |= is("FROM");
            progress.copies_stdin |= is("STDIN");
        }
        if progress.is_create && progress.words <= 12 && !progress.has_body {
            progress.has_body =
                is("FUNCTION") || is("PROCEDURE") || is("TRIGGER") || is("EVENT") || is("PACKAGE") || is("PROC");
            progress.is_rule |= progress.words <= 4 && is("RULE");
        }
        if !progress.has_body || !self.trusts_bodies {
            return;
        }
        // `END IF`, `END LOOP` close what was not counted; `END CASE` closes a `CASE`.
        let after_end = std::mem::take(&mut progress.after_end);
        let closes_other = after_end && (is("IF") || is("LOOP") || is("WHILE") || is("REPEAT") || is("FOR"));
        let opens = (is("BEGIN") && !self.begins_transaction(end)) || (is("CASE") && !after_end);
        if closes_other || opens {
            progress.depth += 1;
        } else if is("END") {
            progress.depth = progress.depth.saturating_sub(1);
            progress.after_end = true;
        }
    }

    /// Whether `BEGIN`, which ends at `end`, begins a transaction and no block.
    fn begins_transaction(&self, end: usize) -> bool {
        let bytes = self.bytes();
        let mut at = end;
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        let word = &bytes[at..scan::word_end(bytes, at.min(bytes.len()))];
        if word.is_empty() {
            return matches!(bytes.get(at), None | Some(b';'));
        }
        [
            "TRAN",
            "TRANSACTION",
            "WORK",
            "ISOLATION",
            "READ",
            "DEFERRABLE",
            "DEFERRED",
            "IMMEDIATE",
            "EXCLUSIVE",
            "CONCURRENT",
        ]
        .iter()
        .any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
    }

    fn is_boundary(&self, progress: &Progress) -> bool {
        // Under `DELIMITER` the client ends statements wherever the delimiter stands.
        if self.delimiter != b";" {
            return true;
        }
        let in_body = progress.has_body && self.trusts_bodies && progress.depth > 0;
        let in_rule = progress.is_rule && self.trusts_bodies && progress.parens > 0;
        !in_body && !in_rule
    }

    /// What happens at the end of the text.
    fn finish(&mut self, progress: Progress, begun_at: usize, comments: usize) -> Option<Span> {
        let end = self.bytes().len();
        let Some(start) = progress.start else {
            self.at = end;
            return None;
        };
        let is_open = (progress.has_body && progress.depth > 0) || (progress.is_rule && progress.parens > 0);
        if is_open && self.trusts_bodies && memchr::memchr(b';', &self.bytes()[start..end]).is_some() {
            // A body that is never closed would swallow the rest of the file: read it again without.
            self.trusts_bodies = false;
            self.directives.truncate(comments);
            self.at = begun_at;
            return self.advance();
        }
        self.at = end;
        Some(self.trimmed(start, end))
    }

    fn trimmed(&self, start: usize, end: usize) -> Span {
        let text = self.text.get(start..end).unwrap_or("");
        Span::new(start, start + text.trim_end().len())
    }

    fn comment(&mut self, at: usize, end: usize) -> usize {
        if memchr::memmem::find(&self.bytes()[at..end], b"seqscan").is_some() {
            self.directives.push(Span::new(at, end));
        }
        end
    }

    fn is_hash_comment(&self, at: usize) -> bool {
        let bytes = self.bytes();
        if bytes.get(at + 1) == Some(&b'{') {
            return false;
        }
        if self.dialect.has_hash_comments() {
            return true;
        }
        self.dialect == Dialect::Generic
            && matches!(bytes.get(at + 1), None | Some(b' ' | b'\n' | b'\r' | b'#' | b'-'))
            && bytes[..at].iter().rev().take(256).take_while(|&&byte| byte != b'\n').all(u8::is_ascii_whitespace)
    }

    // ── Lines for the client ────────────────────────────────────────────────────────────────────────

    /// If the line that begins at `at` is for the client and not for the database, where the text goes on.
    fn client_line(&mut self, at: usize, progress: &Progress) -> Option<usize> {
        let bytes = self.bytes();
        let first =
            bytes[at..].iter().take(128).position(|byte| !matches!(byte, b' ' | b'\t')).map(|step| at + step)?;
        let end = || scan::line_end(bytes, at);
        match bytes[first] {
            b'g' | b'G' if matches!(self.dialect, Dialect::MsSql | Dialect::Generic) => {
                let line = bytes[first..end()].trim_ascii();
                let count = line.get(2..).is_some_and(|rest| {
                    rest.is_empty()
                        || (rest[0] == b' ' && rest.trim_ascii().iter().all(u8::is_ascii_digit))
                        || rest == b";"
                });
                (line.len() >= 2 && line[..2].eq_ignore_ascii_case(b"go") && count).then(end)
            }
            b'/' if matches!(self.dialect, Dialect::Oracle | Dialect::Generic) => {
                (bytes[first..end()].trim_ascii() == b"/").then(end)
            }
            // Only between statements.
            _ if progress.start.is_some() => None,
            b'd' | b'D' => self.delimiter_line(first, end()),
            b'.' if matches!(self.dialect, Dialect::Sqlite | Dialect::Generic | Dialect::DuckDb) => {
                bytes.get(first + 1).is_some_and(u8::is_ascii_alphabetic).then(end)
            }
            b'\\' if self.is_postgres() => Some(end()),
            b':' if self.dialect == Dialect::MsSql => Some(end()),
            _ => None,
        }
    }

    fn delimiter_line(&mut self, first: usize, end: usize) -> Option<usize> {
        let line = self.bytes()[first..end].trim_ascii();
        let (word, rest) = (line.get(..9)?, line.get(9..)?);
        if !word.eq_ignore_ascii_case(b"delimiter") || !rest.first().is_some_and(u8::is_ascii_whitespace) {
            return None;
        }
        let delimiter = rest.trim_ascii().split(u8::is_ascii_whitespace).next()?;
        if delimiter.is_empty() || delimiter.len() > 16 {
            return None;
        }
        self.delimiter = delimiter.to_vec();
        Some(end)
    }

    /// `COPY … FROM stdin;` is followed by data up to a line that holds only `\.`.
    fn skip_copy_data(&mut self) {
        let bytes = self.bytes();
        let line = scan::line_end(bytes, self.at);
        if !bytes[self.at..line].trim_ascii().is_empty() {
            return;
        }
        for step in memchr::memmem::find_iter(&bytes[line..], b"\n\\.") {
            let after = line + step + 3;
            let end = scan::line_end(bytes, after);
            if bytes[after..end].trim_ascii().is_empty() {
                self.at = end;
                return;
            }
        }
    }
}

impl Iterator for Splitter<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        self.advance()
    }
}

/// The parts of a statement that could not be read as one: cut before each line that begins with the first
/// word of a statement, where no statement has to go on.
pub(super) fn by_lines(text: &str, span: Span, dialect: Dialect) -> Vec<Span> {
    let bytes = &text.as_bytes()[..span.end as usize];
    let start = span.start as usize;
    let (mut at, mut from, mut depth) = (start, start, 0usize);
    let mut parts = Vec::new();
    // The first word of the part, the word before, and whether the part has its main verb already.
    let (mut first, mut before, mut has_verb) = (String::new(), String::new(), false);
    let cutter = Splitter::new(text, dialect);
    let mut steps = cutter.clone();
    let mut ignored = Progress::default();
    while at < bytes.len() {
        match bytes[at] {
            b'-' if bytes.get(at + 1) == Some(&b'-') => at = scan::line_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = steps.ends.comment(bytes, at).unwrap_or(bytes.len());
            }
            byte if scan::is_word_start(byte) => {
                let end = scan::word_end(bytes, at).min(bytes.len());
                let word = text[at..end].to_ascii_uppercase();
                let line = text[start..at].trim_end_matches([' ', '\t']);
                let begins_line = line.is_empty() || line.ends_with('\n');
                if depth == 0 && begins_line && at > from && begins_statement(&word, &first, &before, has_verb) {
                    parts.push((from, at));
                    (from, has_verb) = (at, false);
                    first.clear();
                }
                if first.is_empty() {
                    first.clone_from(&word);
                } else if word == "INDEX" && first == "CREATE" {
                    // No query belongs to `CREATE INDEX`.
                    has_verb = true;
                } else {
                    has_verb |=
                        depth == 0 && matches!(word.as_str(), "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "VALUES");
                }
                before = word;
                at = end;
            }
            b'(' => (depth, at) = (depth + 1, at + 1),
            b')' => {
                before.clear();
                (depth, at) = (depth.saturating_sub(1), at + 1);
            }
            b',' => {
                before = ",".into();
                at += 1;
            }
            byte => {
                if !byte.is_ascii_whitespace() {
                    before.clear();
                }
                at = steps.code(at, &mut ignored).min(bytes.len());
            }
        }
    }
    parts.push((from, bytes.len()));
    parts.into_iter().map(|(from, to)| cutter.trimmed(from, to)).filter(|part| !part.is_empty()).collect()
}

/// Whether a word at the beginning of a line begins a statement, after what stands before it.
fn begins_statement(word: &str, first: &str, before: &str, has_verb: bool) -> bool {
    let goes_on = matches!(
        before,
        "AS" | "UNION"
            | "ALL"
            | "EXCEPT"
            | "INTERSECT"
            | "MINUS"
            | "ON"
            | "FOR"
            | "AFTER"
            | "BEFORE"
            | "OF"
            | "OR"
            | "THEN"
            | "ELSE"
            | "BEGIN"
            | "DO"
            | ","
            | "AND"
            | "NOT"
            | "TO"
            | "IN"
            | "KEY"
            | "FROM"
            | "INTO"
    );
    if goes_on {
        return false;
    }
    match word {
        "CREATE" | "TRUNCATE" | "MERGE" | "EXEC" | "EXECUTE" | "PRINT" | "USE" | "DECLARE" | "GRANT" | "REVOKE"
        | "GO" => true,
        "DROP" | "ALTER" => first != "ALTER",
        "INSERT" | "DELETE" | "SELECT" => match first {
            "INSERT" | "WITH" | "EXPLAIN" | "CREATE" => has_verb,
            _ => true,
        },
        "UPDATE" => !matches!(first, "WITH" | "EXPLAIN" | "CREATE") || has_verb,
        "SET" => !matches!(first, "UPDATE" | "ALTER" | "INSERT" | "MERGE" | "WITH"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, dialect: Dialect) -> Vec<&str> {
        Splitter::new(text, dialect).map(|span| &text[span.range()]).collect()
    }

    fn generic(text: &str) -> Vec<&str> {
        split(text, Dialect::Generic)
    }

    #[test]
    fn plain_statements() {
        assert_eq!(
            generic("select 1; select ';' ;\n\n-- x;\nselect \"a;b\""),
            ["select 1", "select ';'", "select \"a;b\""]
        );
        assert_eq!(generic(" ;;  ; "), Vec::<&str>::new());
        assert_eq!(generic(""), Vec::<&str>::new());
        assert_eq!(generic("/* a; b */ select 1 /* c; */ + 2; select 3"), ["select 1 /* c; */ + 2", "select 3"]);
        assert_eq!(generic("\u{feff}select 1;"), ["select 1"]);
    }

    #[test]
    fn quotes() {
        assert_eq!(split("select 'a\\'; b'; select 2", Dialect::MySql), ["select 'a\\'; b'", "select 2"]);
        assert_eq!(split("select 'a\\'; select 2", Dialect::PostgreSql), ["select 'a\\'", "select 2"]);
        assert_eq!(split("select E'a\\'; b'; select 2", Dialect::PostgreSql), ["select E'a\\'; b'", "select 2"]);
        assert_eq!(split("select [a;b]; select 2", Dialect::MsSql), ["select [a;b]", "select 2"]);
    }

    #[test]
    fn dollar_quotes() {
        let text =
            "create function f() returns int as $body$ begin; select $$x;$$; end; $body$ language plpgsql; select $1";
        assert_eq!(generic(text).len(), 2);
        assert_eq!(generic("select $a$ never closed; select 2").len(), 2);
    }

    #[test]
    fn routine_bodies() {
        let trigger = "create trigger t after insert on a begin update b set x = case when y then 1 end; delete from c; end; select 1";
        assert_eq!(split(trigger, Dialect::Sqlite), [&trigger[..trigger.len() - 10], "select 1"]);
        let atomic = "create function f() returns int begin atomic select 1; select 2; end; select 3";
        assert_eq!(split(atomic, Dialect::PostgreSql).len(), 2);
        let loops =
            "create procedure p() begin if a then set b = 1; end if; while x do set y = 2; end while; end; select 3";
        assert_eq!(split(loops, Dialect::MySql).len(), 2);
        assert_eq!(generic("begin; update a set b = 1; commit;").len(), 3);
        assert_eq!(generic("begin transaction; end; select 1").len(), 3);
    }

    #[test]
    fn a_body_that_never_ends_costs_only_itself() {
        let text = "create function f() begin x; create table a (id int); select 2;";
        assert_eq!(generic(text), ["create function f() begin x", "create table a (id int)", "select 2"]);
    }

    #[test]
    fn delimiters() {
        let text = "DELIMITER //\ncreate procedure p() begin select 1; end //\nDELIMITER ;\nselect 2;";
        assert_eq!(generic(text), ["create procedure p() begin select 1; end", "select 2"]);
        let dump = "/*!50003 SET x = 1 */ ;\nDELIMITER ;;\n/*!50003 CREATE*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW begin set x = 1; end */;;\nDELIMITER ;\nselect 1;";
        assert_eq!(split(dump, Dialect::MySql).len(), 3);
    }

    #[test]
    fn batches() {
        assert_eq!(split("select 1\nGO\nselect 2\ngo 5\n", Dialect::MsSql), ["select 1", "select 2"]);
        assert_eq!(split("select 1\n/\nselect 2\n/\n", Dialect::Oracle), ["select 1", "select 2"]);
        assert_eq!(generic("select go\n from t;").len(), 1);
    }

    #[test]
    fn client_commands() {
        assert_eq!(generic("\\set x 1\nselect 1 \\gset\nselect :x;\n\\echo 'a"), ["select 1", "select :x"]);
        assert_eq!(split(".mode csv\nselect 1;", Dialect::Sqlite), ["select 1"]);
    }

    #[test]
    fn copy_data() {
        let text = "COPY public.a (id, b) FROM stdin;\n1\tit's; one\n2\t\\N\n\\.\n\nselect 1;";
        assert_eq!(generic(text), ["COPY public.a (id, b) FROM stdin", "select 1"]);
        assert_eq!(generic("copy a from stdin;\nselect 1;"), ["copy a from stdin", "select 1"]);
    }

    #[test]
    fn rules_with_several_commands() {
        assert_eq!(
            generic("create rule r as on insert to a do also (insert into b values (1); delete from c); select 1")
                .len(),
            2
        );
    }

    #[test]
    fn hash_comments() {
        assert_eq!(split("# it's\nselect 1; # b;\nselect 2", Dialect::MySql), ["select 1", "select 2"]);
        assert_eq!(generic("# it's a comment\nselect a #> '{b}';"), ["select a #> '{b}'"]);
    }

    #[test]
    fn templates() {
        assert_eq!(generic("{{ config(a=';') }}\nselect * from {{ ref('a;b') }}; select 2").len(), 2);
        assert_eq!(generic("{% set x = ';' %} select 1"), ["select 1"]);
    }

    #[test]
    fn comments_that_speak_to_us() {
        let mut splitter = Splitter::new("-- seqscan: ignore[a] b\nselect 1;", Dialect::Generic);
        assert!(splitter.next().is_some());
        assert_eq!(splitter.directives(), [Span::new(0, 23)]);
    }

    #[test]
    fn any_text_is_split_without_harm() {
        let parts = [
            "'",
            "\"",
            "$$",
            "/*",
            "*/",
            "--",
            "begin",
            "end",
            "create function ",
            ";",
            "\n",
            "\\",
            "é",
            "{{",
            "}}",
            "copy a from stdin;",
            "\nGO\n",
            "create rule a as on delete to b do (",
        ];
        let mut state = 1u32;
        for _ in 0..2_000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.push_str(parts[(state >> 16) as usize % parts.len()]);
            }
            for dialect in [Dialect::Generic, Dialect::PostgreSql, Dialect::MySql, Dialect::MsSql] {
                let mut last = 0;
                for span in Splitter::new(&text, dialect) {
                    assert!(text.get(span.range()).is_some() && span.start >= last, "{text:?}");
                    last = span.end;
                }
            }
        }
    }
}
