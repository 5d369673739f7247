//! One SQL statement at a time: split, mask, parse, and the read-only view that rules share.
//!
//! [`Splitter`] finds the statements of a text; [`analyse`] says what one of them means. What it gives is
//! owned and small; the parser's tree dies in `parse`. All places are byte ranges of the text that the
//! statement stands in. Nothing here fails: what cannot be read is said to be unread, with what tokens
//! alone can tell.

pub mod ddl;
mod dialect;
mod insert;
mod lex;
mod looks;
mod mask;
mod parse;
pub mod query;
mod scan;
mod server;
mod split;

pub use dialect::Dialect;
pub(crate) use dialect::{of_content, of_file_name};
pub use looks::{looks_like_sql, may_begin_sql};
pub use mask::{ParameterKey, Reading, Slot, SlotKind};
pub(crate) use server::of_image;
pub use server::{Product, Server, Servers, Version};
pub use split::Splitter;

use serde::{Deserialize, Serialize};

use crate::source::Span;
use ddl::TableChange;
use lex::{Kind, Lexed};
use query::{Ident, Query, Role, SourceKind, TableName};

/// What one statement says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Statement {
    /// From its first to its last byte.
    pub span: Span,
    /// The dialect it was read in.
    pub dialect: Dialect,
    /// What it does.
    pub verb: Verb,
    /// The word that says so.
    pub head: Span,
    /// The tables it names, in the order they are met.
    pub tables: Vec<TableUse>,
    /// What is known only at run time, in order of place.
    pub slots: Vec<Slot>,
    /// What it reads, if it reads or changes rows.
    pub query: Option<Box<Query>>,
    /// The rows that an `INSERT … VALUES` writes.
    pub rows: Option<Rows>,
    /// What it does to the schema.
    pub changes: Vec<TableChange>,
    /// Why it was not understood, if it was not.
    pub unparsed: Option<Unparsed>,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verb {
    /// `SELECT`, `VALUES`, `TABLE`
    Select,
    /// `INSERT`, `REPLACE`
    Insert,
    /// `UPDATE`
    Update,
    /// `DELETE`
    Delete,
    /// `MERGE`
    Merge,
    /// `COPY`, `LOAD DATA`
    Copy,
    /// `CALL`, `EXECUTE`
    Call,
    /// `CREATE`, `ALTER`, `DROP`, `RENAME`, `TRUNCATE`
    Ddl,
    /// `BEGIN`, `COMMIT`, `ROLLBACK`, `SAVEPOINT`
    Transaction,
    /// `EXPLAIN`
    Explain,
    /// `SET`, `SHOW`, `PRAGMA`, `GRANT` and all others.
    Other,
}

impl Verb {
    /// Whether it writes rows.
    pub fn writes(self) -> bool {
        matches!(self, Verb::Insert | Verb::Update | Verb::Delete | Verb::Merge | Verb::Copy)
    }
}

/// A table that a statement names.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TableUse {
    /// Its name.
    pub table: TableName,
    /// Whether its rows are written.
    pub written: bool,
}

/// The rows of an `INSERT … VALUES`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rows {
    /// The columns that are named.
    pub columns: Vec<Ident>,
    /// How many rows are written out; holes count as one.
    pub count: u32,
}

/// Why a statement was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unparsed {
    /// No dialect's grammar fits.
    Syntax,
    /// It was read, but it is of a kind that nothing here looks at.
    Unsupported,
    /// It nests or chains deeper than can be parsed safely.
    TooDeep,
    /// It has more tokens than are parsed.
    TooLong,
}

/// The statements of a text.
#[derive(Clone, Debug, Default)]
pub struct Statements {
    /// What they say, in order of place.
    pub statements: Vec<Statement>,
    /// The comments that contain the program's name: suppressions.
    pub comments: Vec<Span>,
}

/// All statements of `text`. `holes` are the parts that the host program fills in, in order of place.
pub fn statements(text: &str, holes: &[Span], dialect: Dialect) -> Statements {
    let filled = mask::fill_holes(text, holes);
    let mut splitter = Splitter::new(&filled, dialect);
    let mut found = Statements::default();
    for span in splitter.by_ref() {
        let statement = analyse_at(text, span, holes, dialect);
        match statement.unparsed {
            Some(Unparsed::Syntax | Unparsed::TooDeep) => {
                // Batches need no semicolons: perhaps these are several statements.
                let parts = split::by_lines(&filled, span, dialect);
                let several: Vec<Statement> =
                    parts.into_iter().map(|part| analyse_at(text, part, holes, dialect)).collect();
                if several.len() > 1 && several.iter().any(|part| part.unparsed.is_none()) {
                    found.statements.extend(several);
                } else {
                    found.statements.push(statement);
                }
            }
            _ => found.statements.push(statement),
        }
    }
    found.comments = splitter.directives().to_vec();
    found
}

/// What the statement that fills `text` says. `holes` are the parts of `text` that the host program fills
/// in, in order of place.
pub fn analyse(text: &str, holes: &[Span], dialect: Dialect) -> Statement {
    analyse_at(text, Span::new(0, text.len()), holes, dialect)
}

/// Like [`analyse`], for a statement that is only a part of `text`.
pub fn analyse_at(text: &str, span: Span, holes: &[Span], dialect: Dialect) -> Statement {
    let read = Span { start: span.start, end: insert::cut(text, span, dialect) };
    let mut lexed = lex::lex(text, read, holes, dialect);
    let mut statement = read_statement(&lexed, span, dialect);
    if statement.unparsed == Some(Unparsed::Syntax) && mask::read_loosely(&mut lexed) {
        let again = read_statement(&lexed, span, dialect);
        if again.unparsed.is_none() {
            statement = again;
        }
    }
    statement.slots = lexed.slots;
    statement.slots.shrink_to_fit();
    statement.tables.shrink_to_fit();
    statement
}

fn read_statement(lexed: &Lexed, span: Span, dialect: Dialect) -> Statement {
    let mut statement = Statement {
        span,
        dialect,
        verb: Verb::Other,
        head: lexed.tokens.first().map_or(span, |token| token.span),
        tables: Vec::new(),
        slots: Vec::new(),
        query: None,
        rows: None,
        changes: Vec::new(),
        unparsed: None,
    };
    read_into(lexed, dialect, &mut statement);
    statement
}

fn read_into(lexed: &Lexed, dialect: Dialect, statement: &mut Statement) {
    // A hole before the first word is no part of the statement that can be read.
    let is_slot = |index: &usize| lexed.kind(*index) == Some(Kind::Slot);
    let from = (0..lexed.tokens.len()).find(|index| !is_slot(index)).unwrap_or(0);
    let word = (from..lexed.tokens.len()).find(|&index| lexed.kind(index) != Some(Kind::Open)).unwrap_or(0);
    let upper = lexed.token_str(word).to_ascii_uppercase();
    let verb = match upper.as_str() {
        "SELECT" | "VALUES" | "TABLE" | "FROM" | "WITH" => Verb::Select,
        "INSERT" | "REPLACE" => Verb::Insert,
        "UPDATE" => Verb::Update,
        "DELETE" => Verb::Delete,
        "MERGE" => Verb::Merge,
        "COPY" | "LOAD" | "UNLOAD" => Verb::Copy,
        "CALL" | "EXECUTE" | "EXEC" => Verb::Call,
        "CREATE" | "ALTER" | "DROP" | "RENAME" | "TRUNCATE" => Verb::Ddl,
        "BEGIN" | "START" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" | "END" | "ABORT" => Verb::Transaction,
        "EXPLAIN" | "DESCRIBE" => Verb::Explain,
        _ => Verb::Other,
    };
    statement.verb = verb;
    match verb {
        Verb::Select | Verb::Update | Verb::Delete | Verb::Merge => read_query(lexed, from, dialect, statement),
        Verb::Insert => match insert::read(lexed) {
            Some((table, rows)) => {
                statement.tables.push(TableUse { table, written: true });
                statement.rows = Some(rows);
            }
            None => read_query(lexed, from, dialect, statement),
        },
        Verb::Ddl => read_definition(lexed, dialect, statement),
        Verb::Explain | Verb::Copy | Verb::Other => {
            if let Some(from) = inner_query(lexed, word) {
                read_query(lexed, from, dialect, statement);
                statement.verb = verb;
            } else if verb == Verb::Other && !is_known_word(&upper) {
                statement.unparsed = Some(Unparsed::Syntax);
                statement.changes = ddl::opaque(lexed);
            } else if upper == "DO" {
                statement.changes = dynamic_changes(lexed, dialect);
            }
        }
        Verb::Transaction | Verb::Call => {}
    }
}

/// Reads the query that begins at token `from` and ends with the brackets around it.
fn read_query(lexed: &Lexed, from: usize, dialect: Dialect, statement: &mut Statement) {
    let inside = lexed.tokens.get(from).map_or(lex::NONE, |token| token.inside);
    let to = lexed.tokens.get(inside as usize).map_or(lexed.tokens.len(), |open| open.partner as usize);
    match parse::query(lexed, from, to, dialect) {
        Ok(query) => {
            note_tables(&query, lexed, statement);
            if let Some(root) = query.root() {
                statement.verb = match root.role {
                    Role::Update => Verb::Update,
                    Role::Delete => Verb::Delete,
                    Role::Merge => Verb::Merge,
                    Role::Insert => Verb::Insert,
                    _ => statement.verb,
                };
            }
            statement.query = Some(Box::new(query));
        }
        Err(reason) => {
            statement.unparsed = Some(reason);
            statement.tables = named_tables(lexed);
        }
    }
}

fn read_definition(lexed: &Lexed, dialect: Dialect, statement: &mut Statement) {
    if lexed.is(0, "TRUNCATE") {
        statement.tables = named_tables(lexed);
        return;
    }
    let Some(definition) = ddl::read(lexed, dialect) else { return };
    if let Some(from) = definition.query {
        read_query(lexed, from, dialect, statement);
        statement.verb = Verb::Ddl;
    }
    statement.changes = definition.changes;
    if !definition.understood || holds_another(lexed) {
        statement.unparsed = Some(Unparsed::Syntax);
    }
}

/// Whether another statement begins on a later line of a `CREATE TABLE` or `CREATE INDEX`: batches need no
/// semicolon between them.
fn holds_another(lexed: &Lexed) -> bool {
    let makes_table = (1..lexed.tokens.len().min(6)).any(|index| lexed.is(index, "TABLE") || lexed.is(index, "INDEX"));
    let is_index = (1..lexed.tokens.len().min(6)).any(|index| lexed.is(index, "INDEX"));
    let begins_line = |index: usize| {
        let start = lexed.tokens[index].span.start;
        let before = lexed.str(Span { start: lexed.base, end: start });
        before.trim_end_matches([' ', '\t']).ends_with('\n')
    };
    lexed.is(0, "CREATE")
        && makes_table
        && (1..lexed.tokens.len()).any(|index| {
            lexed.tokens[index].inside == lex::NONE
                && (["CREATE", "ALTER", "DROP", "INSERT", "EXEC", "GRANT"].iter().any(|word| lexed.is(index, word))
                    || (is_index && ["SELECT", "UPDATE", "DELETE"].iter().any(|word| lexed.is(index, word))))
                && begins_line(index)
        })
}

/// The query inside a statement of another kind: `EXPLAIN SELECT`, `COPY (SELECT …)`, `DECLARE c CURSOR FOR SELECT`.
fn inner_query(lexed: &Lexed, word: usize) -> Option<usize> {
    let may_hold =
        ["EXPLAIN", "DESCRIBE", "COPY", "UNLOAD", "DECLARE", "PREPARE"].iter().any(|name| lexed.is(word, name));
    // `COPY t FROM STDIN WITH CSV` holds none.
    if !may_hold || (lexed.is(word, "COPY") && lexed.kind(word + 1) != Some(Kind::Open)) {
        return None;
    }
    (word + 1..lexed.tokens.len().min(word + 64))
        .find(|&index| ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"].iter().any(|name| lexed.is(index, name)))
}

/// What the text of a `DO` block may do to tables, as far as its tokens tell.
fn dynamic_changes(lexed: &Lexed, dialect: Dialect) -> Vec<TableChange> {
    let mut changes = Vec::new();
    for token in lexed.tokens.iter().filter(|token| token.kind == Kind::Text) {
        let text = lexed.str(token.span);
        let inner = text.find('$').and_then(|_| {
            let tag = scan::dollar_tag(text.as_bytes(), 0)?.len();
            Some(Span::new(tag, text.len().saturating_sub(tag)))
        });
        let Some(inner) = inner else { continue };
        if text.is_char_boundary(inner.end as usize) && inner.start < inner.end {
            for mut change in ddl::opaque(&lex::lex(text, inner, &[], dialect)) {
                if let TableChange::Opaque { span, .. } = &mut change {
                    *span = token.span;
                }
                changes.push(change);
            }
        }
    }
    changes
}

fn note_tables(query: &Query, lexed: &Lexed, statement: &mut Statement) {
    // The target of an `INSERT … SELECT` is no source of its query.
    if (0..lexed.tokens.len().min(12)).any(|index| lexed.is(index, "INSERT") || lexed.is(index, "REPLACE"))
        && let Some(table) = insert::target(lexed)
    {
        statement.tables.push(TableUse { table, written: true });
    }
    for select in &query.selects {
        for (index, source) in select.sources.iter().enumerate() {
            if let SourceKind::Table(table) = &source.kind {
                let written = index == 0 && matches!(select.role, Role::Update | Role::Delete | Role::Merge);
                statement.tables.push(TableUse { table: table.clone(), written });
            }
        }
    }
}

/// The tables that a statement names, by the words before them.
fn named_tables(lexed: &Lexed) -> Vec<TableUse> {
    let mut found = Vec::new();
    for index in 0..lexed.tokens.len() {
        let read = lexed.is(index, "FROM") || lexed.is(index, "JOIN");
        let written =
            lexed.is(index, "INTO") || lexed.is(index, "TRUNCATE") || (index == 0 && lexed.is(index, "UPDATE"));
        if !read && !written {
            continue;
        }
        let mut at = index + 1;
        while lexed.is(at, "TABLE") || lexed.is(at, "ONLY") || lexed.is(at, "LATERAL") {
            at += 1;
        }
        if let Some(table) = ddl::table_name_at(lexed, at)
            && found.len() < 64
        {
            found.push(TableUse { table, written });
        }
    }
    found
}

/// First words of statements that say nothing a rule asks about.
fn is_known_word(upper: &str) -> bool {
    matches!(
        upper,
        "SET"
            | "RESET"
            | "SHOW"
            | "USE"
            | "PRAGMA"
            | "GRANT"
            | "REVOKE"
            | "DENY"
            | "COMMENT"
            | "ANALYZE"
            | "ANALYSE"
            | "VACUUM"
            | "LOCK"
            | "UNLOCK"
            | "DECLARE"
            | "FETCH"
            | "CLOSE"
            | "OPEN"
            | "MOVE"
            | "LISTEN"
            | "NOTIFY"
            | "UNLISTEN"
            | "DO"
            | "DISCARD"
            | "DEALLOCATE"
            | "PREPARE"
            | "CLUSTER"
            | "REINDEX"
            | "REFRESH"
            | "CHECKPOINT"
            | "ATTACH"
            | "DETACH"
            | "SECURITY"
            | "IMPORT"
            | "REASSIGN"
            | "FLUSH"
            | "OPTIMIZE"
            | "REPAIR"
            | "CHECK"
            | "KILL"
            | "PRINT"
            | "RAISERROR"
            | "IF"
            | "WHILE"
            | "DESC"
            | "HELP"
            | "INSTALL"
            | "SAVE"
            | "WAITFOR"
            | "GO"
            | "SIGNAL"
            | "HANDLER"
            | "PURGE"
            | "CHANGE"
            | "THROW"
            | "RETURN"
            | "ELSE"
            | "EXPORT"
            | "SUMMARIZE"
            | "MSCK"
            | "CACHE"
            | "UNCACHE"
    )
}

#[cfg(test)]
mod tests;
