//! `CREATE TABLE`: columns, keys, foreign keys.

use super::cursor::Cursor;
use super::index::{index_parts, key_of_columns, tail};
use super::{AlterOperation, ColumnDef, CreateTable, ForeignKey, IndexDef, IndexKey, IndexKind, OnDelete};
use crate::source::Span;
use crate::sql::Dialect;
use crate::sql::lex::Kind;
use crate::sql::query::{Ident, TableName};

/// What follows `CREATE`, from the words before `TABLE` on. Also gives the token where a query begins, if
/// the table is made from one.
pub(super) fn create_table(
    mut cursor: Cursor<'_>,
    start: Span,
    dialect: Dialect,
) -> Option<(CreateTable, Option<usize>)> {
    let mut temporary = false;
    let mut is_virtual = false;
    while !cursor.take("TABLE") {
        temporary |= cursor.sees("TEMP") || cursor.sees("TEMPORARY");
        is_virtual |= cursor.sees_any(&["VIRTUAL", "FOREIGN", "EXTERNAL"]);
        if cursor.is_done() {
            return None;
        }
        cursor.at += 1;
    }
    let if_not_exists = cursor.take_if_exists();
    let table = cursor.table_name()?;
    temporary |= table.name().text.starts_with('#');
    let head = Span { start: start.start, end: table.span().end };
    let mut made = CreateTable { if_not_exists, temporary, is_whole: !is_virtual, ..CreateTable::empty(table, head) };
    if cursor.take_all(&["PARTITION", "OF"]) || cursor.take("LIKE") || cursor.take("CLONE") {
        made.parent = cursor.table_name();
        made.is_whole = made.parent.is_some();
    } else if cursor.take("OF") {
        made.is_whole = false;
    }
    let mut query = None;
    if cursor.kind() == Some(Kind::Open) {
        let is_query = cursor.sees_ahead(1, "SELECT") || cursor.sees_ahead(1, "WITH");
        if is_query {
            query = Some(cursor.at + 1);
            made.is_whole = false;
        } else {
            let body = cursor.bracket()?;
            read_body(body, &mut made, dialect);
        }
    }
    read_tail(&mut cursor, &mut made, &mut query);
    // A column whose key is said elsewhere cannot be null.
    let primary: Vec<Box<str>> = made
        .indexes
        .iter()
        .filter(|index| index.kind == IndexKind::Primary)
        .flat_map(|index| &index.parts)
        .filter_map(|part| match &part.key {
            IndexKey::Column(name) => Some(name.text.clone()),
            _ => None,
        })
        .collect();
    for column in &mut made.columns {
        column.not_null |= primary.iter().any(|name| column.name.is(name));
    }
    Some((made, query))
}

fn read_tail(cursor: &mut Cursor<'_>, made: &mut CreateTable, query: &mut Option<usize>) {
    while !cursor.is_done() {
        if cursor.take("INHERITS") {
            made.parent = cursor.bracket().and_then(|mut inner| inner.table_name());
        } else if cursor.take_all(&["PARTITION", "BY"]) {
            made.partitioned = true;
            made.partition_key = partition_key(cursor).unwrap_or_default();
        } else if cursor.kind() == Some(Kind::Word) && cursor.text().ends_with("MergeTree") {
            made.columnar = true;
            cursor.at += 1;
        } else if query.is_none() && (cursor.sees("SELECT") || (cursor.sees("WITH") && is_cte(cursor))) {
            *query = Some(cursor.at);
            // What the query's columns are called is not read.
            made.is_whole = false;
            cursor.at = cursor.end;
        } else if query.is_none()
            && cursor.kind() == Some(Kind::Open)
            && (cursor.sees_ahead(1, "SELECT") || cursor.sees_ahead(1, "WITH"))
        {
            cursor.at += 1;
        } else {
            cursor.skip();
        }
    }
}

/// The columns of `RANGE (a, b)`, `LIST COLUMNS (a)`; `None` where something is computed of them.
fn partition_key(cursor: &mut Cursor<'_>) -> Option<Vec<Ident>> {
    cursor.skip_any(&["RANGE", "LIST", "HASH", "LINEAR", "KEY", "COLUMNS"]);
    let plain = |mut item: Cursor<'_>| item.ident().filter(|_| item.is_done());
    cursor.bracket()?.items().into_iter().map(plain).collect()
}

/// Whether this `WITH` names queries, and is not one of `WITH (fillfactor = 70)`, `WITH DATA`.
fn is_cte(cursor: &Cursor<'_>) -> bool {
    cursor.sees_ahead(2, "AS") || cursor.sees_ahead(1, "RECURSIVE")
}

fn read_body(body: Cursor<'_>, made: &mut CreateTable, dialect: Dialect) {
    for item in body.items().into_iter().flat_map(constraints) {
        let mut parts = Parts::default();
        let understood = read_element(item, &made.table, dialect, &mut parts);
        if let Some(parent) = parts.like {
            made.parent = Some(parent);
        }
        made.is_whole &= understood;
        made.columns.extend(parts.column);
        made.indexes.extend(parts.indexes);
        made.foreign_keys.extend(parts.foreign_keys);
    }
}

/// The constraints of one element of a definition: SQLite lets them follow each other without a comma. A column is one
/// whole with its options.
fn constraints(item: Cursor<'_>) -> Vec<Cursor<'_>> {
    let begins = |at: &Cursor<'_>| {
        at.sees("PRIMARY") && at.sees_ahead(1, "KEY")
            || at.sees("FOREIGN") && at.sees_ahead(1, "KEY")
            || at.sees_any(&["UNIQUE", "CHECK"]) && at.kind_ahead(1) == Some(Kind::Open)
            || at.sees("CONSTRAINT") && matches!(at.kind_ahead(1), Some(Kind::Word | Kind::Quoted))
    };
    let mut found = Vec::new();
    let mut from = item;
    if begins(&item) {
        let mut at = item;
        // What stands before its bracket belongs to it: `CONSTRAINT name UNIQUE (`.
        let mut is_closed = false;
        while !at.is_done() {
            if is_closed && begins(&at) {
                found.push(Cursor { end: at.at, ..from });
                from = at;
                is_closed = false;
            }
            is_closed |= at.kind() == Some(Kind::Open);
            at.skip();
        }
    }
    found.push(from);
    found
}

/// What one element of a table's definition says.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) column: Option<ColumnDef>,
    pub(super) indexes: Vec<IndexDef>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    pub(super) checks: bool,
    pub(super) not_valid: bool,
    pub(super) like: Option<TableName>,
}

impl Parts {
    /// As operations of `ALTER TABLE`.
    pub(super) fn into_operations(self, if_not_exists: bool) -> (Vec<AlterOperation>, Vec<IndexDef>) {
        let mut operations = Vec::new();
        operations.extend(self.column.map(|column| AlterOperation::AddColumn { column, if_not_exists }));
        let not_valid = self.not_valid;
        operations.extend(self.foreign_keys.into_iter().map(|key| AlterOperation::AddForeignKey(key, not_valid)));
        if self.checks {
            operations.push(AlterOperation::AddCheck(not_valid));
        }
        (operations, self.indexes)
    }
}

/// Reads a column or a constraint; says whether it was understood.
pub(super) fn read_element(item: Cursor<'_>, table: &TableName, dialect: Dialect, parts: &mut Parts) -> bool {
    if let Some(understood) = read_constraint(item, table, dialect, parts) {
        return understood;
    }
    read_column(item, table, parts)
}

/// Reads a constraint or index; `None` if it is neither.
fn read_constraint(mut item: Cursor<'_>, table: &TableName, dialect: Dialect, parts: &mut Parts) -> Option<bool> {
    let span = item.rest_span();
    let mut name = None;
    if item.sees("CONSTRAINT") && !matches!(item.kind_ahead(1), Some(Kind::Open) | None) {
        item.at += 1;
        if !item.sees_any(&["PRIMARY", "UNIQUE", "FOREIGN", "CHECK"]) || item.kind_ahead(1) == Some(Kind::Quoted) {
            name = item.ident();
        }
    }
    let named = name.is_some();
    if item.take_all(&["PRIMARY", "KEY"]) {
        read_key(item, IndexKind::Primary, name, table, span, dialect, parts);
    } else if item.sees("UNIQUE") && !is_column_type(&item) {
        item.at += 1;
        read_key(item, IndexKind::Unique, name, table, span, dialect, parts);
    } else if item.take_all(&["FOREIGN", "KEY"]) {
        if item.kind() != Some(Kind::Open) {
            name = item.ident();
        }
        let columns = item.ident_list()?;
        let Some(key) = read_references(&mut item, columns, name, span) else { return Some(false) };
        parts.not_valid = ends_not_valid(&item);
        parts.foreign_keys.push(key);
    } else if item.sees("CHECK") && (item.kind_ahead(1) == Some(Kind::Open) || named) {
        parts.checks = true;
        parts.not_valid = ends_not_valid(&item);
    } else if item.sees("EXCLUDE") && (item.kind_ahead(1) == Some(Kind::Open) || item.sees_ahead(1, "USING")) {
        item.at += 1;
        read_key(item, IndexKind::Other, name, table, span, dialect, parts);
    } else if (item.sees("FULLTEXT") || item.sees("SPATIAL")) && !is_column_type(&item) {
        let kind = if item.sees("FULLTEXT") { IndexKind::FullText } else { IndexKind::Other };
        item.at += 1;
        read_key(item, kind, name, table, span, dialect, parts);
    } else if (item.sees("KEY") || item.sees("INDEX")) && is_plain_index(&item) {
        read_key(item, IndexKind::Plain, name, table, span, dialect, parts);
    } else if item.take("LIKE") {
        parts.like = item.table_name();
        return Some(parts.like.is_some());
    } else if item.sees_any(&["PERIOD", "PROJECTION"]) && !is_column_type(&item) {
        // `PERIOD FOR SYSTEM_TIME (…)`
    } else if named {
        // `CONSTRAINT c NOT NULL x`, and constraints that this reader does not know.
        parts.not_valid = ends_not_valid(&item);
        return Some(item.take_all(&["NOT", "NULL"]));
    } else {
        return None;
    }
    Some(true)
}

/// Whether a word that may begin a constraint is a column's name instead: `key varchar(10)`.
fn is_column_type(item: &Cursor<'_>) -> bool {
    let type_follows = item.kind_ahead(1) == Some(Kind::Word)
        && !["KEY", "INDEX", "FOR", "CLUSTERED", "NONCLUSTERED", "NULLS", "USING"]
            .iter()
            .any(|word| item.sees_ahead(1, word));
    // `UNIQUE name (a, b)` is a constraint, `unique varchar(10)` and `unique text` are columns.
    type_follows && (item.kind_ahead(2) != Some(Kind::Open) || item.kind_ahead(3) == Some(Kind::Number))
}

fn is_plain_index(item: &Cursor<'_>) -> bool {
    match item.kind_ahead(1) {
        Some(Kind::Open) => item.kind_ahead(2) != Some(Kind::Number),
        Some(Kind::Quoted | Kind::Text) => true,
        Some(Kind::Word) if item.sees_ahead(1, "IF") => true,
        Some(Kind::Word) => {
            (item.kind_ahead(2) == Some(Kind::Open) && item.kind_ahead(3) != Some(Kind::Number))
                || item.sees_ahead(2, "USING")
                || item.sees_ahead(2, "TYPE")
                || item.sees_ahead(2, "ON")
                || item.sees_ahead(2, "UNIQUE")
        }
        _ => false,
    }
}

fn ends_not_valid(item: &Cursor<'_>) -> bool {
    item.end >= 2 && item.lexed.is(item.end - 1, "VALID") && item.lexed.is(item.end - 2, "NOT")
}

fn read_key(
    mut item: Cursor<'_>,
    kind: IndexKind,
    mut name: Option<Ident>,
    table: &TableName,
    span: Span,
    dialect: Dialect,
    parts: &mut Parts,
) {
    let mut method: Box<str> = "".into();
    let mut is_constraint = matches!(kind, IndexKind::Primary | IndexKind::Unique);
    let mut kind = kind;
    if item.sees("KEY") || item.sees("INDEX") {
        is_constraint = false;
        item.at += 1;
        item.take_if_exists();
    }
    while item.kind() != Some(Kind::Open) && !item.is_done() {
        if item.sees("USING") {
            if item.sees_ahead(1, "INDEX") {
                break;
            }
            item.at += 1;
            method = item.ident().map_or("".into(), |ident| ident.text.to_lowercase().into());
        } else if item.take("UNIQUE") {
            kind = IndexKind::Unique;
        } else if item.sees_any(&["CLUSTERED", "NONCLUSTERED", "KEY", "INDEX", "TYPE", "NULLS", "NOT", "DISTINCT"]) {
            item.at += 1;
        } else if name.is_none() {
            name = item.ident();
            if name.is_none() {
                item.at += 1;
            }
        } else {
            item.at += 1;
        }
    }
    let index_span = first_line(&item, span);
    let mut index = key_of_columns(table, kind, Vec::new(), index_span);
    index.name = name;
    index.method = method;
    index.is_constraint = is_constraint;
    index.parts = index_parts(&mut item, dialect);
    tail(&mut item, &mut index, dialect);
    parts.indexes.push(index);
}

/// A place that ends before the first line break it contains; definitions are shown by one line.
fn first_line(item: &Cursor<'_>, span: Span) -> Span {
    let text = item.lexed.str(span);
    let length = text.find(['\n', '\r']).map_or(span.len(), |length| text[..length].trim_end().len().max(1));
    Span { start: span.start, end: span.start + u32::try_from(length).unwrap_or(0) }
}

/// `REFERENCES t (a, b) …`
fn read_references(item: &mut Cursor<'_>, columns: Vec<Ident>, name: Option<Ident>, span: Span) -> Option<ForeignKey> {
    if !item.take("REFERENCES") {
        return None;
    }
    let target = item.table_name()?;
    let target_columns =
        if item.kind() == Some(Kind::Open) { item.ident_list().unwrap_or_default() } else { Vec::new() };
    let on_delete = read_on_delete(item);
    Some(ForeignKey { name, columns, target, target_columns, on_delete, span: first_line(item, span) })
}

/// `MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL`
fn read_on_delete(item: &mut Cursor<'_>) -> OnDelete {
    let mut on_delete = OnDelete::Refuse;
    loop {
        if item.take("MATCH") {
            item.at += 1;
            continue;
        }
        let is_delete = item.take_all(&["ON", "DELETE"]);
        if !is_delete && !item.take_all(&["ON", "UPDATE"]) {
            return on_delete;
        }
        let mut action = String::new();
        if item.sees_any(&["SET", "NO"]) {
            action.push_str(item.text());
            item.at += 1;
        }
        action.push_str(if item.is_done() { "" } else { item.text() });
        item.at = (item.at + 1).min(item.end);
        // `SET NULL (a, b)`
        if item.kind() == Some(Kind::Open) {
            item.skip();
        }
        if is_delete {
            on_delete = OnDelete::of_word(&action);
        }
    }
}

/// Words that end a column's type and begin one of its options.
const OPTIONS: &[&str] = &[
    "NOT",
    "NULL",
    "DEFAULT",
    "PRIMARY",
    "UNIQUE",
    "REFERENCES",
    "CHECK",
    "CONSTRAINT",
    "COLLATE",
    "GENERATED",
    "AS",
    "AUTO_INCREMENT",
    "AUTOINCREMENT",
    "IDENTITY",
    "COMMENT",
    "ON",
    "KEY",
    "ENCODE",
    "STORAGE",
    "COMPRESSION",
    "FIRST",
    "AFTER",
    "INVISIBLE",
    "VISIBLE",
    "SPARSE",
    "ROWGUIDCOL",
    "VIRTUAL",
    "STORED",
    "PERSISTED",
    "CHARSET",
    "DEFERRABLE",
    "INITIALLY",
    "OPTIONS",
    "FOREIGN",
    "MATCH",
    "ENABLE",
    "DISABLE",
    "CODEC",
    "TTL",
    "MATERIALIZED",
    "ALIAS",
    "USING",
    "MASKED",
    "INCLUDE",
    "INHERIT",
    "NO",
    "SRID",
    "INDEX",
];

/// Reads a column; says whether it was understood.
pub(super) fn read_column(mut item: Cursor<'_>, table: &TableName, parts: &mut Parts) -> bool {
    let span = first_line(&item, item.rest_span());
    let whole = item.rest_span();
    let Some(name) = item.ident() else { return false };
    let type_end = type_end(&item);
    let type_name = item.lower_text(type_end);
    let mut column = ColumnDef {
        identity: type_name.contains("serial"),
        not_null: type_name.contains("serial"),
        knows_null: true,
        name,
        type_name,
        default: None,
        generated: false,
        collation: None,
        span: whole,
    };
    item.at = type_end;
    let understood = read_column_options(&mut item, &mut column, table, span, parts);
    parts.column = Some(column);
    understood
}

/// The token where a column's type ends.
pub(super) fn type_end(item: &Cursor<'_>) -> usize {
    let mut cursor = *item;
    while !cursor.is_done() {
        if cursor.sees_any(OPTIONS) || (cursor.sees("CHARACTER") && cursor.sees_ahead(1, "SET")) {
            break;
        }
        // `timestamp with time zone`, but `int with masking policy`.
        if cursor.sees("WITH") && !cursor.sees_ahead(1, "TIME") && !cursor.sees_ahead(1, "LOCAL") {
            break;
        }
        cursor.skip();
    }
    cursor.at.min(item.end)
}

fn read_column_options(
    item: &mut Cursor<'_>,
    column: &mut ColumnDef,
    table: &TableName,
    span: Span,
    parts: &mut Parts,
) -> bool {
    let mut name = None;
    while !item.is_done() {
        let own = || vec![column.name.clone()];
        if item.take("CONSTRAINT") {
            name = item.ident();
            continue;
        } else if item.take_all(&["NOT", "NULL"]) {
            column.not_null = true;
        } else if item.take_all(&["PRIMARY", "KEY"]) {
            column.not_null = true;
            let mut key = key_of_columns(table, IndexKind::Primary, own(), span);
            key.name = name.take();
            parts.indexes.push(key);
        } else if item.take("UNIQUE") {
            item.take("KEY");
            let mut key = key_of_columns(table, IndexKind::Unique, own(), span);
            key.name = name.take();
            parts.indexes.push(key);
        } else if item.take("KEY") {
            // MySQL: `KEY` alone at a column means `PRIMARY KEY`.
            parts.indexes.push(key_of_columns(table, IndexKind::Primary, own(), span));
        } else if item.sees("REFERENCES") {
            let columns = own();
            match read_references(item, columns, name.take(), span) {
                Some(key) => parts.foreign_keys.push(key),
                None => return false,
            }
        } else if item.take("DEFAULT") {
            column.default = Some(read_default(item));
        } else if item.take("COLLATE") {
            column.collation = item.table_name().map(|name| name.name().text.to_lowercase().into());
        } else if item.take("GENERATED") {
            while !item.is_done() && !item.sees("AS") {
                item.at += 1;
            }
            item.at += 1;
            if item.take("IDENTITY") {
                column.identity = true;
                column.not_null = true;
            } else {
                column.generated = true;
            }
        } else if item.sees("AS") && item.kind_ahead(1) == Some(Kind::Open) {
            item.at += 1;
            item.skip();
            column.generated = true;
        } else if item.sees_any(&["IDENTITY", "AUTO_INCREMENT", "AUTOINCREMENT"]) {
            column.identity = true;
            item.at += 1;
        } else if item.sees("INDEX") && item.kind_ahead(1) == Some(Kind::Word) {
            // SQL Server: an index written at its column.
            item.at += 1;
            let mut key = key_of_columns(table, IndexKind::Plain, own(), span);
            key.name = item.ident();
            key.is_constraint = false;
            parts.indexes.push(key);
        } else {
            item.skip();
        }
    }
    true
}

/// A default's text: at least one token, up to the next option.
pub(super) fn read_default(item: &mut Cursor<'_>) -> Box<str> {
    let mut end = *item;
    end.skip();
    while !end.is_done() {
        // `DEFAULT 'a'::character varying`, `DEFAULT now() AT TIME ZONE 'utc'`
        if end.sees_any(OPTIONS) && !end.sees("AS") {
            break;
        }
        end.skip();
    }
    let text = item.lower_text(end.at);
    item.at = end.at.min(item.end);
    text
}
