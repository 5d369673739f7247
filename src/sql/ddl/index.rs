//! `CREATE INDEX`, and lists of index columns wherever they stand.

use super::cursor::Cursor;
use super::{Formula, IndexDef, IndexKey, IndexKind, IndexPart, TableChange};
use crate::source::Span;
use crate::sql::Dialect;
use crate::sql::lex::Kind;
use crate::sql::parse;
use crate::sql::query::TableName;

/// What follows `CREATE`, from the words before `INDEX` on.
pub(super) fn create_index(mut cursor: Cursor<'_>, start: Span, dialect: Dialect) -> Option<TableChange> {
    let mut kind = IndexKind::Plain;
    let mut method: Box<str> = "".into();
    while !cursor.take("INDEX") {
        match () {
            () if cursor.sees("UNIQUE") => kind = IndexKind::Unique,
            () if cursor.sees("FULLTEXT") => kind = IndexKind::FullText,
            () if cursor.sees("SPATIAL") => kind = IndexKind::Other,
            () if cursor.sees_any(&["COLUMNSTORE", "BITMAP", "VECTOR", "SEARCH"]) => {
                method = cursor.text().to_lowercase().into();
            }
            () => {}
        }
        if cursor.is_done() {
            return None;
        }
        cursor.at += 1;
    }
    let concurrently = cursor.take("CONCURRENTLY") || cursor.take("ASYNC");
    let if_not_exists = cursor.take_if_exists();
    let mut name = None;
    if !cursor.sees("ON") && !cursor.sees("USING") {
        name = cursor.table_name();
    }
    if cursor.take("USING") {
        method = cursor.ident()?.text.to_lowercase().into();
    }
    if !cursor.take("ON") {
        return None;
    }
    cursor.take("ONLY");
    let table = cursor.table_name()?;
    if cursor.take("USING") {
        method = cursor.ident()?.text.to_lowercase().into();
    }
    let head = Span { start: start.start, end: cursor.lexed.tokens[cursor.at - 1].span.end };
    let mut index = IndexDef {
        name: name.map(|name| name.name().clone()),
        table,
        kind,
        method,
        parts: index_parts(&mut cursor, dialect),
        include: Vec::new(),
        predicate: None,
        concurrently,
        if_not_exists,
        is_constraint: false,
        is_implied: false,
        using_index: None,
        span: head,
    };
    tail(&mut cursor, &mut index, dialect);
    Some(TableChange::CreateIndex(index))
}

/// What may follow the columns of an index: `INCLUDE`, `USING`, `WITH`, `WHERE`.
pub(super) fn tail(cursor: &mut Cursor<'_>, index: &mut IndexDef, dialect: Dialect) {
    while !cursor.is_done() {
        if cursor.take("INCLUDE") {
            index.include = cursor.ident_list().unwrap_or_default();
        } else if cursor.take("USING") {
            if cursor.take("INDEX") {
                if !cursor.sees("TABLESPACE") {
                    index.using_index = cursor.ident();
                }
            } else if let Some(method) = cursor.ident() {
                index.method = method.text.to_lowercase().into();
            }
        } else if cursor.take("ONLINE") {
            index.concurrently = true;
        } else if cursor.take("WHERE") {
            let end = predicate_end(cursor);
            index.predicate = parse::formula(cursor.lexed, cursor.at, end, dialect);
            if index.predicate.is_none() {
                // A condition that cannot be read: which rows are in the index is not known.
                index.parts.clear();
            }
            cursor.at = end;
        } else {
            cursor.skip();
        }
    }
}

/// Where the condition of an index ends: SQL Server writes its options after it.
fn predicate_end(cursor: &Cursor<'_>) -> usize {
    (cursor.at..cursor.end)
        .find(|&index| {
            cursor.lexed.tokens[index].inside == cursor.lexed.tokens[cursor.at].inside
                && (cursor.lexed.is(index, "WITH")
                    || cursor.lexed.is(index, "TABLESPACE")
                    || cursor.lexed.is(index, "DEFERRABLE"))
        })
        .unwrap_or(cursor.end)
}

/// The columns and expressions in the bracket that is next; empty if one cannot be read.
pub(super) fn index_parts(cursor: &mut Cursor<'_>, dialect: Dialect) -> Vec<IndexPart> {
    let Some(inner) = cursor.bracket() else { return Vec::new() };
    inner.items().into_iter().map(|item| index_part(item, dialect)).collect()
}

fn index_part(mut item: Cursor<'_>, dialect: Dialect) -> IndexPart {
    let mut part = IndexPart {
        key: IndexKey::Unknown,
        descending: false,
        nulls_first: None,
        operator_class: None,
        collation: None,
        prefix: None,
    };
    let is_name = matches!(item.kind(), Some(Kind::Word | Kind::Quoted | Kind::Text | Kind::Slot));
    let is_call = is_name && item.kind_ahead(1) == Some(Kind::Open);
    let begins_key = |kind: Option<Kind>| matches!(kind, None | Some(Kind::Word | Kind::Quoted));
    if is_call && item.kind_ahead(2) == Some(Kind::Number) && item.kind_ahead(3) == Some(Kind::Close) {
        // `name(10)`: MySQL's prefix of a column.
        let Some(name) = item.ident() else { return part };
        item.at += 1;
        part.prefix = item.text().parse().ok();
        item.at += 2;
        part.key = IndexKey::Column(name);
    } else if is_name && !is_call && begins_key(item.kind_ahead(1)) {
        let Some(name) = item.ident() else { return part };
        part.key = IndexKey::Column(name);
    } else {
        let end = expression_end(&item);
        if let Some(formula) = parse::formula(item.lexed, item.at, end, dialect) {
            part.key = match formula.exprs.column(formula.root) {
                Some(column) => IndexKey::Column(column.name.clone()),
                None => IndexKey::Expression(formula),
            };
        }
        item.at = end;
    }
    read_options(&mut item, &mut part);
    part
}

/// Where an expression of an index ends and its options begin.
fn expression_end(item: &Cursor<'_>) -> usize {
    let level = item.lexed.tokens[item.at].inside;
    let mut after_operand = false;
    for index in item.at..item.end {
        let token = item.lexed.tokens[index];
        if token.inside != level {
            continue;
        }
        let is_word = matches!(token.kind, Kind::Word | Kind::Quoted);
        // Two operands side by side: the second one is an option or an operator class.
        let joins = ["AND", "OR", "IS", "NOT", "AT", "IN", "LIKE"].iter().any(|word| item.lexed.is(index, word));
        if is_word && after_operand && !joins {
            return index;
        }
        after_operand =
            matches!(token.kind, Kind::Word | Kind::Quoted | Kind::Close | Kind::Text | Kind::Number) && !joins;
    }
    item.end
}

fn read_options(item: &mut Cursor<'_>, part: &mut IndexPart) {
    while !item.is_done() {
        if item.take("DESC") {
            part.descending = true;
        } else if item.take("ASC") {
            part.descending = false;
        } else if item.take_all(&["NULLS", "FIRST"]) {
            part.nulls_first = Some(true);
        } else if item.take_all(&["NULLS", "LAST"]) {
            part.nulls_first = Some(false);
        } else if item.take("COLLATE") {
            part.collation = item.table_name().map(|name| name.name().text.to_lowercase().into());
        } else if item.sees("WITH") {
            // `EXCLUDE (a WITH =)`
            item.at = item.end;
        } else if matches!(item.kind(), Some(Kind::Word | Kind::Quoted)) {
            part.operator_class = item.table_name().map(|name| name.name().text.to_lowercase().into());
        } else {
            item.skip();
        }
    }
}

/// An index whose parts are plain columns.
pub(super) fn key_of_columns(
    table: &TableName,
    kind: IndexKind,
    columns: Vec<crate::sql::query::Ident>,
    span: Span,
) -> IndexDef {
    let part = |name| IndexPart {
        key: IndexKey::Column(name),
        descending: false,
        nulls_first: None,
        operator_class: None,
        collation: None,
        prefix: None,
    };
    IndexDef {
        name: None,
        table: table.clone(),
        kind,
        method: "".into(),
        parts: columns.into_iter().map(part).collect(),
        include: Vec::new(),
        predicate: None::<Formula>,
        concurrently: false,
        if_not_exists: false,
        is_constraint: true,
        is_implied: false,
        using_index: None,
        span,
    }
}
