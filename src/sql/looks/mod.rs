//! Whether a text is SQL, by its first words. Prose that begins with a SQL verb is not: "Update the cache
//! when it changes", "Select a file from the list", "create table of contents".

mod words;

use super::scan;
use words::{Piece, Words, is_any, is_prose_word};

/// Whether a SQL statement may begin where `text` does, whatever the rest of it is.
pub fn may_begin_sql(text: &str) -> bool {
    verb(text.as_bytes()).is_some()
}

/// The verb that a text begins with, as SQL does, and where it stands.
fn verb(bytes: &[u8]) -> Option<(Verb, usize, usize)> {
    let at = code_start(bytes)?;
    let end = scan::word_end(bytes, at);
    // Nearly every string of a program ends here.
    let verb = Verb::of(&bytes[at..end])?;
    // `select[name=x]` is for style sheets.
    let goes_on = bytes.get(end).is_none_or(|&next| next.is_ascii_whitespace() || b"(*;-/{$".contains(&next));
    goes_on.then_some((verb, at, end))
}

/// Whether `text` is a SQL statement. Cheap, and strict: it looks for the grammar that must follow the
/// verb, and for the marks of prose.
pub fn looks_like_sql(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((verb, at, verb_end)) = verb(bytes) else { return false };
    if bytes[..at].contains(&b'(') && !is_whole_query(text) {
        return false;
    }
    let words = Words { text, at: verb_end };
    // "Select", with one capital letter, begins a sentence far more often than a query.
    let is_title = bytes[at].is_ascii_uppercase() && bytes[at + 1..verb_end].iter().all(u8::is_ascii_lowercase);
    let is_upper = bytes[at..verb_end].iter().all(u8::is_ascii_uppercase);
    let evidence = match verb {
        Verb::Select => select(words),
        Verb::Insert => insert(words),
        Verb::Update => update(words),
        Verb::Delete => delete(words),
        Verb::With => with(words),
        Verb::Create => create(words, is_upper),
        Verb::Alter => alter(words),
        Verb::Drop => drop_object(words, is_upper),
        Verb::Truncate => truncate(words, is_upper),
        Verb::Merge => merge(words),
        Verb::Transaction => transaction(text, words, is_upper),
        Verb::Explain => return explains(&text[verb_end..]),
        Verb::Values => {
            if words.rest().trim_start().starts_with('(') {
                Evidence::Strong
            } else {
                Evidence::None
            }
        }
        Verb::Call => call(words),
        Verb::Upper => {
            if is_upper {
                upper_only(&bytes[at..verb_end], words)
            } else {
                Evidence::None
            }
        }
    };
    match evidence {
        Evidence::None => false,
        Evidence::Weak => !is_title && !ends_like_prose(text),
        Evidence::Strong => true,
    }
}

/// Whether what follows `EXPLAIN` is a statement, behind options in words or in brackets.
fn explains(rest: &str) -> bool {
    let words = Words { text: rest, at: 0 };
    let mut behind = words;
    behind.take_any("ANALYZE VERBOSE");
    behind.take_any("ANALYZE VERBOSE");
    if behind.take("QUERY") {
        behind.take("PLAN");
    }
    let mut rest = behind.rest().trim_start();
    if let Some(options) = rest.strip_prefix('(')
        && !options.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"))
    {
        let Some(end) = options.find(')') else { return false };
        rest = options[end + 1..].trim_start();
    }
    // `EXPLAIN EXPLAIN …` is none.
    !rest.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("explain")) && looks_like_sql(rest)
}

/// Whether a text that begins with a bracket is a query in brackets, and not a part of one:
/// `(SELECT count(*) FROM a) AS n`.
fn is_whole_query(text: &str) -> bool {
    let mut words = Words { text, at: 0 };
    let mut depth = 0;
    loop {
        match words.next() {
            Piece::Sign(b'(') => depth += 1,
            Piece::Sign(b')') => depth -= 1,
            Piece::End => return true,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    match words.next() {
        Piece::End | Piece::Sign(b';') => true,
        Piece::Word(word) => is_any(word, "UNION EXCEPT INTERSECT MINUS ORDER LIMIT OFFSET FETCH SELECT INSERT"),
        _ => false,
    }
}

/// How much what follows a verb says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Evidence {
    None,
    /// It could be SQL, and could be a sentence.
    Weak,
    Strong,
}

#[derive(Clone, Copy)]
enum Verb {
    Select,
    Insert,
    Update,
    Delete,
    With,
    Create,
    Alter,
    Drop,
    Truncate,
    Merge,
    Transaction,
    Explain,
    Values,
    Call,
    /// Words that count only in capitals.
    Upper,
}

impl Verb {
    fn of(word: &[u8]) -> Option<Verb> {
        if word.len() < 2 || word.len() > 10 {
            return None;
        }
        let mut upper = [0u8; 10];
        let upper = &mut upper[..word.len()];
        upper.copy_from_slice(word);
        upper.make_ascii_uppercase();
        Some(match &*upper {
            b"SELECT" => Verb::Select,
            b"INSERT" | b"REPLACE" => Verb::Insert,
            b"UPDATE" => Verb::Update,
            b"DELETE" => Verb::Delete,
            b"WITH" => Verb::With,
            b"CREATE" => Verb::Create,
            b"ALTER" => Verb::Alter,
            b"DROP" => Verb::Drop,
            b"TRUNCATE" => Verb::Truncate,
            b"MERGE" => Verb::Merge,
            b"BEGIN" | b"START" | b"COMMIT" | b"ROLLBACK" | b"SAVEPOINT" | b"RELEASE" => Verb::Transaction,
            b"EXPLAIN" => Verb::Explain,
            b"VALUES" => Verb::Values,
            b"CALL" | b"EXEC" | b"EXECUTE" => Verb::Call,
            b"COPY" | b"LOCK" | b"PRAGMA" | b"VACUUM" | b"ANALYZE" | b"SET" | b"SHOW" | b"REFRESH" | b"GRANT"
            | b"REVOKE" | b"COMMENT" | b"REINDEX" | b"DECLARE" | b"LISTEN" | b"NOTIFY" => Verb::Upper,
            _ => return None,
        })
    }
}

/// Where code begins: behind blanks, comments and opening brackets.
fn code_start(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += bytes[at..].iter().position(|byte| !byte.is_ascii_whitespace() && *byte != b'(' && *byte != b';')?;
        if bytes[at..].starts_with(b"--") {
            at = scan::line_end(bytes, at);
        } else if bytes[at..].starts_with(b"/*") {
            at = scan::Ends::new(Some(false)).comment(bytes, at)?;
        } else if bytes[at..].starts_with(b"{%") || bytes[at..].starts_with(b"{#") || bytes[at..].starts_with(b"{{") {
            at = scan::template_end(bytes, at)?;
        } else {
            return Some(at);
        }
    }
}

/// Whether a text ends as a sentence does.
fn ends_like_prose(text: &str) -> bool {
    let text = text.trim_end();
    let mut ends = text.chars().rev();
    match (ends.next(), ends.next()) {
        (Some('.' | '!' | ':' | '…' | ','), _) => true,
        (Some('?'), Some(before)) => before.is_alphanumeric(),
        _ => false,
    }
}

fn select(mut words: Words<'_>) -> Evidence {
    while words.take_any("DISTINCT ALL SQL_CALC_FOUND_ROWS STRAIGHT_JOIN HIGH_PRIORITY TOP SQL_NO_CACHE") {}
    let first = words.peek();
    match first {
        Piece::End => return Evidence::None,
        // `SELECT 1`, `SELECT 'a'`, `SELECT ?`
        Piece::Constant | Piece::Name | Piece::Sign(b'*' | b'(' | b'-' | b'@') => {}
        Piece::Sign(_) => return Evidence::None,
        Piece::Word(_) => {}
    }
    // Walk over the select list up to `FROM`, and see whether it is a list or a sentence.
    let mut list = words;
    let (mut depth, mut run, mut has_signs, mut has_call) = (0i32, 0u32, false, false);
    let mut last_end = 0;
    for _ in 0..4_000 {
        let piece = list.next();
        match piece {
            Piece::End => {
                // No `FROM`: a constant, a call or a parameter is selected.
                let is_sql =
                    matches!(first, Piece::Constant | Piece::Name) || has_call || matches!(first, Piece::Sign(b'('));
                return if is_sql && run <= 2 { Evidence::Weak } else { Evidence::None };
            }
            Piece::Word(word) if depth == 0 && word.eq_ignore_ascii_case("FROM") => break,
            Piece::Word(word) if depth == 0 && word.eq_ignore_ascii_case("INTO") && run == 0 => {}
            Piece::Word(word) => {
                let is_keyword = is_any(
                    word,
                    "AS CASE WHEN THEN ELSE END AND OR NOT IN IS NULL OVER FILTER LIKE BETWEEN DISTINCT INTERVAL COLLATE",
                );
                run = if is_keyword { 0 } else { run + 1 };
                // Three names in a row are no select list.
                if depth == 0 && run > 2 {
                    return Evidence::None;
                }
                has_call |= list.text[list.at..].starts_with('(')
                    || (word.eq_ignore_ascii_case("EXISTS") && list.peek() == Piece::Sign(b'('));
            }
            Piece::Sign(b'(') => {
                depth += 1;
                run = 0;
            }
            Piece::Sign(b')') => {
                depth -= 1;
                run = 0;
            }
            Piece::Sign(b'.') => {
                // `a.b` joins; ". " ends a sentence.
                if list.text.as_bytes().get(list.at).is_none_or(u8::is_ascii_whitespace) && last_end != list.at - 1 + 1
                {
                    return Evidence::None;
                }
                run = run.saturating_sub(1);
            }
            Piece::Sign(sign) => {
                has_signs |= b"*=<>|+-/".contains(&sign);
                run = 0;
            }
            Piece::Constant | Piece::Name => run += 1,
        }
        last_end = list.at;
    }
    let mut rest = list;
    if rest.peek() == Piece::Sign(b'(') {
        return Evidence::Strong;
    }
    if !rest.table() {
        return Evidence::None;
    }
    if has_signs || has_call || matches!(first, Piece::Constant | Piece::Name) {
        return Evidence::Strong;
    }
    // `SELECT name FROM users` is also a sentence; what follows the table decides.
    match rest.next() {
        Piece::End | Piece::Sign(b';' | b',' | b')') => Evidence::Weak,
        Piece::Word(word)
            if is_any(
                word,
                "WHERE JOIN LEFT INNER ORDER GROUP LIMIT RIGHT FULL CROSS UNION HAVING OFFSET NATURAL FETCH",
            ) =>
        {
            if clause_follows(word, rest) {
                Evidence::Strong
            } else {
                Evidence::Weak
            }
        }
        Piece::Word(word)
            if is_prose_word(word) && !word.eq_ignore_ascii_case("AS") && !word.eq_ignore_ascii_case("FOR") =>
        {
            Evidence::None
        }
        Piece::Word(_) => Evidence::Weak,
        _ => Evidence::Weak,
    }
}

/// Whether a clause's word is followed by what it needs.
fn clause_follows(word: &str, mut rest: Words<'_>) -> bool {
    match word.to_ascii_uppercase().as_str() {
        "ORDER" | "GROUP" => rest.take("BY"),
        "LIMIT" | "OFFSET" => matches!(rest.next(), Piece::Constant | Piece::Name),
        "JOIN" => rest.finds("ON USING", 12).is_some(),
        "LEFT" | "INNER" | "RIGHT" | "FULL" | "CROSS" | "NATURAL" => rest.finds("JOIN", 3).is_some(),
        "WHERE" | "HAVING" => condition_follows(rest),
        _ => true,
    }
}

/// Whether a condition follows: a comparison, or one of the words that compare.
fn condition_follows(mut rest: Words<'_>) -> bool {
    for step in 0..24 {
        match rest.next() {
            Piece::End => return false,
            Piece::Sign(b'=' | b'<' | b'>' | b'~' | b'(') => return true,
            Piece::Name if step == 0 => return true,
            Piece::Word(word) if step > 0 && is_any(word, "IN IS LIKE ILIKE BETWEEN NOT EXISTS") => {
                // "where it is possible": a word that compares is followed by what it compares with.
                let next = rest.peek();
                return matches!(next, Piece::Name | Piece::Constant | Piece::Sign(b'('))
                    || matches!(next, Piece::Word(next) if next.eq_ignore_ascii_case("NULL") || next.eq_ignore_ascii_case("NOT") || next.eq_ignore_ascii_case("IN") || next.eq_ignore_ascii_case("TRUE") || next.eq_ignore_ascii_case("FALSE"));
            }
            _ => {}
        }
    }
    false
}

fn insert(mut words: Words<'_>) -> Evidence {
    let is_replace = words.text[..words.at].trim_end().to_ascii_lowercase().ends_with("replace");
    while words.take_any("LOW_PRIORITY DELAYED HIGH_PRIORITY IGNORE OVERWRITE") {}
    if words.take("OR") {
        words.next();
    }
    let into = words.take("INTO");
    words.take("TABLE");
    if (is_replace && !into) || !words.table() {
        return Evidence::None;
    }
    let follows = words.finds("VALUES VALUE SELECT DEFAULT SET WITH", 600).is_some();
    match words.peek() {
        Piece::Sign(b'(') if into => Evidence::Strong,
        _ if into && follows => Evidence::Strong,
        Piece::Sign(b'(') if follows => Evidence::Strong,
        Piece::Name if into => Evidence::Weak,
        _ => Evidence::None,
    }
}

fn update(mut words: Words<'_>) -> Evidence {
    while words.take_any("ONLY LOW_PRIORITY IGNORE") {}
    if words.take("OR") {
        words.next();
    }
    if !words.table() {
        return Evidence::None;
    }
    // An alias or joins may stand before `SET`.
    let Some(mut rest) = words.finds("SET", 60) else { return Evidence::None };
    for step in 0..6 {
        match rest.next() {
            Piece::Sign(b'=') if step > 0 => return Evidence::Strong,
            Piece::Sign(b'(' | b'.') => {}
            Piece::Name => {
                if matches!(rest.peek(), Piece::End | Piece::Sign(b'=' | b','))
                    || matches!(rest.peek(), Piece::Word(word) if word.eq_ignore_ascii_case("WHERE"))
                {
                    return Evidence::Strong;
                }
            }
            Piece::Word(_) if step == 0 || rest.text[..rest.at].contains('.') => {}
            _ => return Evidence::None,
        }
    }
    Evidence::None
}

fn delete(mut words: Words<'_>) -> Evidence {
    while words.take_any("LOW_PRIORITY QUICK IGNORE") {}
    if !words.take("FROM") {
        // MySQL's `DELETE a FROM a JOIN b`.
        let mut ahead = words;
        if !ahead.table() || !ahead.take("FROM") || !ahead.table() {
            return Evidence::None;
        }
        return if ahead.finds("JOIN WHERE", 6).is_some() { Evidence::Strong } else { Evidence::None };
    }
    words.take("ONLY");
    if !words.table() {
        return Evidence::None;
    }
    match words.next() {
        Piece::End | Piece::Sign(b';') => Evidence::Weak,
        Piece::Word(word) if word.eq_ignore_ascii_case("WHERE") => {
            if condition_follows(words) {
                Evidence::Strong
            } else {
                Evidence::Weak
            }
        }
        Piece::Word(word) if word.eq_ignore_ascii_case("USING") || word.eq_ignore_ascii_case("RETURNING") => {
            Evidence::Strong
        }
        Piece::Word(word) if word.eq_ignore_ascii_case("AS") => Evidence::Weak,
        Piece::Word(_) => {
            if words.finds("WHERE USING", 2).is_some_and(condition_follows) {
                Evidence::Strong
            } else {
                Evidence::None
            }
        }
        Piece::Name => Evidence::Weak,
        _ => Evidence::None,
    }
}

fn with(mut words: Words<'_>) -> Evidence {
    words.take("RECURSIVE");
    if !matches!(words.next(), Piece::Word(_) | Piece::Name) {
        return Evidence::None;
    }
    if words.peek() == Piece::Sign(b'(') {
        let mut depth = 0;
        for _ in 0..200 {
            match words.next() {
                Piece::Sign(b'(') => depth += 1,
                Piece::Sign(b')') => depth -= 1,
                Piece::End => return Evidence::None,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    if !words.take("AS") {
        return Evidence::None;
    }
    words.take("NOT");
    words.take("MATERIALIZED");
    match words.next() {
        Piece::Sign(b'(') => Evidence::Strong,
        Piece::Name => Evidence::Weak,
        _ => Evidence::None,
    }
}

fn create(mut words: Words<'_>, is_upper: bool) -> Evidence {
    if words.take("OR") {
        words.next();
    }
    while words.take_any("TEMP TEMPORARY UNLOGGED GLOBAL LOCAL UNIQUE FULLTEXT SPATIAL MATERIALIZED VIRTUAL EXTERNAL FOREIGN CLUSTERED NONCLUSTERED TRANSIENT") {}
    let mut ahead = words;
    let Piece::Word(object) = ahead.next() else { return Evidence::None };
    let mut rest = ahead;
    if rest.take("IF") {
        rest.take("NOT");
        rest.take("EXISTS");
    }
    match object.to_ascii_uppercase().as_str() {
        "TABLE" => {
            if !rest.table() {
                return Evidence::None;
            }
            match rest.next() {
                Piece::Sign(b'(') => Evidence::Strong,
                Piece::Word(word) if is_any(word, "AS LIKE PARTITION USING SELECT") => Evidence::Strong,
                Piece::Name => Evidence::Weak,
                _ => Evidence::None,
            }
        }
        "INDEX" => {
            rest.take_any("CONCURRENTLY");
            let Some(mut rest) = rest.finds("ON", 12) else { return Evidence::None };
            rest.take("ONLY");
            if rest.table() && (rest.peek() == Piece::Sign(b'(') || rest.take("USING")) {
                Evidence::Strong
            } else {
                Evidence::None
            }
        }
        "VIEW" => {
            if rest.table() && rest.finds("SELECT WITH", 200).is_some() {
                Evidence::Strong
            } else {
                Evidence::None
            }
        }
        "FUNCTION" | "PROCEDURE" => {
            if rest.table() && rest.peek() == Piece::Sign(b'(') {
                Evidence::Strong
            } else {
                Evidence::None
            }
        }
        "TRIGGER" => {
            let found =
                rest.table() && rest.finds("BEFORE AFTER INSTEAD", 4).is_some() && rest.finds("ON", 16).is_some();
            if found { Evidence::Strong } else { Evidence::None }
        }
        "EXTENSION" | "SCHEMA" | "DATABASE" | "SEQUENCE" | "TYPE" | "ROLE" | "USER" | "DOMAIN" | "POLICY"
        | "PUBLICATION" => {
            if is_upper && object.bytes().all(|byte| byte.is_ascii_uppercase()) && rest.table() {
                Evidence::Weak
            } else {
                Evidence::None
            }
        }
        _ => Evidence::None,
    }
}

fn alter(mut words: Words<'_>) -> Evidence {
    if words.take("INDEX") {
        let _ = words.take("IF") && words.take("EXISTS");
        let is_rename = words.table() && words.take("RENAME") && words.take("TO");
        return if is_rename { Evidence::Strong } else { Evidence::None };
    }
    if !words.take("TABLE") {
        return Evidence::None;
    }
    if words.take("IF") {
        words.take("EXISTS");
    }
    words.take("ONLY");
    if !words.table() {
        return Evidence::None;
    }
    let operations = "ADD DROP ALTER RENAME MODIFY CHANGE OWNER SET ENABLE DISABLE ATTACH DETACH VALIDATE CLUSTER ENGINE AUTO_INCREMENT CONVERT";
    if words.take_any(operations) { Evidence::Strong } else { Evidence::None }
}

fn drop_object(mut words: Words<'_>, is_upper: bool) -> Evidence {
    let is_table = words.take("TABLE") || words.take("INDEX") || words.take("VIEW");
    let others = "MATERIALIZED SCHEMA DATABASE FUNCTION TRIGGER SEQUENCE TYPE ROLE USER EXTENSION PROCEDURE POLICY";
    let is_object = is_table || (is_upper && words.take_any(others));
    if !is_object {
        return Evidence::None;
    }
    words.take("CONCURRENTLY");
    let if_exists = words.take("IF") && words.take("EXISTS");
    if !words.table() {
        return Evidence::None;
    }
    match words.next() {
        _ if if_exists => Evidence::Strong,
        Piece::End | Piece::Sign(b';' | b',') => Evidence::Weak,
        Piece::Word(word) if is_any(word, "CASCADE RESTRICT ON") => Evidence::Weak,
        _ => Evidence::None,
    }
}

fn truncate(mut words: Words<'_>, is_upper: bool) -> Evidence {
    let table = words.take("TABLE");
    if !(table || is_upper) || !words.table() {
        return Evidence::None;
    }
    match words.next() {
        Piece::End | Piece::Sign(b';' | b',') => Evidence::Weak,
        Piece::Word(word) if is_any(word, "CASCADE RESTART CONTINUE RESTRICT") => Evidence::Weak,
        _ => Evidence::None,
    }
}

fn merge(mut words: Words<'_>) -> Evidence {
    if words.take("INTO") && words.table() && words.finds("USING", 12).is_some() && words.finds("WHEN", 400).is_some() {
        Evidence::Strong
    } else {
        Evidence::None
    }
}

fn transaction(text: &str, mut words: Words<'_>, is_upper: bool) -> Evidence {
    let verb = text[..words.at].trim().to_ascii_uppercase();
    match verb.as_str() {
        "SAVEPOINT" | "RELEASE" => {
            words.take("SAVEPOINT");
            let named = matches!(words.next(), Piece::Word(_) | Piece::Name);
            return if named && is_upper && matches!(words.next(), Piece::End | Piece::Sign(b';')) {
                Evidence::Weak
            } else {
                Evidence::None
            };
        }
        "START" => return if words.take("TRANSACTION") { Evidence::Weak } else { Evidence::None },
        "ROLLBACK" if words.take("TO") => return if is_upper { Evidence::Weak } else { Evidence::None },
        _ => {}
    }
    let named = words.take_any("TRANSACTION WORK TRAN IMMEDIATE EXCLUSIVE DEFERRED");
    if named && verb == "BEGIN" {
        return Evidence::Weak;
    }
    match words.next() {
        Piece::End if is_upper || named => Evidence::Weak,
        Piece::Sign(b';') => Evidence::Weak,
        _ => Evidence::None,
    }
}

fn call(mut words: Words<'_>) -> Evidence {
    if words.table() && words.peek() == Piece::Sign(b'(') && words.text[words.at..].starts_with('(') {
        Evidence::Weak
    } else {
        Evidence::None
    }
}

fn upper_only(verb: &[u8], mut words: Words<'_>) -> Evidence {
    match verb {
        b"COPY" => {
            let query = words.peek() == Piece::Sign(b'(');
            let found = query || (words.table() && words.finds("FROM TO", 64).is_some());
            if found { Evidence::Weak } else { Evidence::None }
        }
        b"SET" => {
            words.take_any("LOCAL SESSION GLOBAL");
            let found = words.table() && (words.peek() == Piece::Sign(b'=') || words.take("TO"));
            if found { Evidence::Weak } else { Evidence::None }
        }
        b"PRAGMA" => {
            if words.table() {
                Evidence::Weak
            } else {
                Evidence::None
            }
        }
        b"LOCK" => {
            if words.take_any("TABLE TABLES") && words.table() {
                Evidence::Weak
            } else {
                Evidence::None
            }
        }
        b"REFRESH" => {
            if words.take("MATERIALIZED") {
                Evidence::Weak
            } else {
                Evidence::None
            }
        }
        b"GRANT" | b"REVOKE" => {
            if words.finds("ON", 32).is_some() && words.finds("TO FROM", 64).is_some() {
                Evidence::Weak
            } else {
                Evidence::None
            }
        }
        b"COMMENT" => {
            if words.take("ON") && words.finds("IS", 16).is_some() {
                Evidence::Weak
            } else {
                Evidence::None
            }
        }
        b"DECLARE" => {
            if words.finds("CURSOR", 6).is_some() {
                Evidence::Weak
            } else {
                Evidence::None
            }
        }
        b"VACUUM" | b"ANALYZE" | b"REINDEX" | b"LISTEN" | b"NOTIFY" | b"SHOW" => {
            words.take_any("FULL ANALYZE VERBOSE TABLE INDEX");
            let mut ahead = words;
            let short = matches!(ahead.next(), Piece::End | Piece::Sign(b';'))
                || (words.table() && matches!(words.next(), Piece::End | Piece::Sign(b';')));
            if short { Evidence::Weak } else { Evidence::None }
        }
        _ => Evidence::None,
    }
}

#[cfg(test)]
mod tests;
