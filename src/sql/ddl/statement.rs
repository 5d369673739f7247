//! Which definition a statement is.

use super::cursor::Cursor;
use super::{AlterOperation, TableChange, alter, index, table};
use crate::source::Span;
use crate::sql::Dialect;
use crate::sql::lex::{Kind, Lexed};
use crate::sql::query::TableName;

/// What a defining statement says.
#[derive(Debug, Default)]
pub(in crate::sql) struct Definition {
    /// What it changes.
    pub(in crate::sql) changes: Vec<TableChange>,
    /// The token where a query in it begins (`CREATE VIEW … AS SELECT`).
    pub(in crate::sql) query: Option<usize>,
    /// Whether it was understood. A statement that touches no table is.
    pub(in crate::sql) understood: bool,
}

/// Reads `CREATE`, `ALTER`, `DROP`, `RENAME`; `None` if the statement is none of them.
pub(in crate::sql) fn read(lexed: &Lexed, dialect: Dialect) -> Option<Definition> {
    let mut cursor = Cursor::new(lexed, 0, lexed.tokens.len());
    let start = cursor.span();
    if cursor.take("CREATE") {
        return Some(create(cursor, start, dialect));
    }
    let changes = if cursor.take("ALTER") {
        read_alter(cursor, dialect)
    } else if cursor.take("DROP") {
        read_drop(cursor)
    } else if cursor.take_all(&["RENAME", "TABLE"]) {
        cursor.items().into_iter().map(rename_pair).collect()
    } else {
        return None;
    };
    Some(match changes {
        Some(changes) => {
            let understood = !changes.iter().any(|change| {
                matches!(
                    change,
                    TableChange::Alter { operation: AlterOperation::Unknown, .. } | TableChange::Opaque { .. }
                )
            });
            Definition { changes, query: None, understood }
        }
        None => Definition { changes: opaque(lexed), query: None, understood: false },
    })
}

/// Words that can stand between `CREATE` and what is created.
const BEFORE_OBJECT: &[&str] = &[
    "OR",
    "REPLACE",
    "ALTER",
    "GLOBAL",
    "LOCAL",
    "TEMP",
    "TEMPORARY",
    "UNLOGGED",
    "FOREIGN",
    "EXTERNAL",
    "TRANSIENT",
    "VIRTUAL",
    "UNIQUE",
    "FULLTEXT",
    "SPATIAL",
    "CLUSTERED",
    "NONCLUSTERED",
    "COLUMNSTORE",
    "BITMAP",
    "MATERIALIZED",
    "RECURSIVE",
    "SECURE",
    "HYBRID",
    "DYNAMIC",
    "ICEBERG",
    "VOLATILE",
    "PRIVATE",
    "VECTOR",
    "SEARCH",
    "CONSTRAINT",
    "FORCE",
    "EDITIONABLE",
];

fn create(cursor: Cursor<'_>, start: Span, dialect: Dialect) -> Definition {
    let mut at = cursor;
    // MySQL: `ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW`.
    while !at.is_done() && (at.sees_any(BEFORE_OBJECT) || at.sees_any(&["ALGORITHM", "DEFINER", "SQL"])) {
        if at.sees_any(&["ALGORITHM", "DEFINER", "SQL"]) {
            while !at.is_done() && !at.sees_any(&["VIEW", "TRIGGER", "FUNCTION", "PROCEDURE", "EVENT"]) {
                at.at += 1;
            }
            break;
        }
        at.at += 1;
    }
    if at.sees("TABLE") {
        return match table::create_table(cursor, start, dialect) {
            Some((made, query)) => {
                Definition { changes: vec![TableChange::CreateTable(made)], query, understood: true }
            }
            None => Definition { changes: opaque(cursor.lexed), query: None, understood: false },
        };
    }
    if at.sees("INDEX") {
        return match index::create_index(cursor, start, dialect) {
            Some(change) => Definition { changes: vec![change], query: None, understood: true },
            None => Definition { changes: opaque(cursor.lexed), query: None, understood: false },
        };
    }
    if at.take("VIEW") {
        return view(at, cursor);
    }
    if at.take("TYPE")
        && let Some(name) = at.table_name()
        && at.take_all(&["AS", "ENUM"])
    {
        return Definition { changes: vec![TableChange::CreateEnum { name }], query: None, understood: true };
    }
    // Functions, triggers, types, extensions and so on touch no table's keys.
    Definition { changes: Vec::new(), query: None, understood: true }
}

fn view(mut at: Cursor<'_>, head: Cursor<'_>) -> Definition {
    let materialized = head.sees("MATERIALIZED") || head.sees_ahead(2, "MATERIALIZED");
    at.take_if_exists();
    let Some(view) = at.table_name() else { return Definition::default() };
    let mut query = None;
    while !at.is_done() {
        if at.take("AS") {
            // `AS (SELECT …)`: the parser takes the bracket too.
            query = Some(at.at);
            break;
        }
        at.skip();
    }
    Definition { changes: vec![TableChange::CreateView { view, materialized }], query, understood: true }
}

fn read_alter(mut cursor: Cursor<'_>, dialect: Dialect) -> Option<Vec<TableChange>> {
    cursor.skip_any(&["IGNORE", "FOREIGN", "EXTERNAL", "ONLINE", "OFFLINE"]);
    if cursor.take("TABLE") {
        return alter::alter_table(cursor, dialect);
    }
    if cursor.take("INDEX") {
        cursor.take_if_exists();
        let index = cursor.table_name()?;
        if cursor.take_all(&["RENAME", "TO"]) {
            return Some(vec![TableChange::RenameIndex { index, to: cursor.ident()? }]);
        }
        return Some(Vec::new());
    }
    // `ALTER SEQUENCE`, `ALTER TYPE` and so on.
    Some(Vec::new())
}

fn read_drop(mut cursor: Cursor<'_>) -> Option<Vec<TableChange>> {
    cursor.skip_any(&["TEMPORARY", "MATERIALIZED", "FOREIGN", "EXTERNAL"]);
    let is_index = cursor.sees("INDEX");
    if !(cursor.take("TABLE") || cursor.take("VIEW") || cursor.take("INDEX")) {
        return Some(Vec::new());
    }
    cursor.take("CONCURRENTLY");
    cursor.take_if_exists();
    let mut changes = Vec::new();
    for mut item in cursor.items() {
        let name = item.table_name()?;
        if !is_index {
            changes.push(TableChange::DropTable { table: name });
        } else if item.take("ON") {
            changes.push(TableChange::DropIndex { index: name, table: item.table_name() });
        } else {
            changes.push(TableChange::DropIndex { index: name, table: None });
        }
    }
    Some(changes)
}

fn rename_pair(mut item: Cursor<'_>) -> Option<TableChange> {
    let table = item.table_name()?;
    item.take("TO").then_some(())?;
    Some(TableChange::RenameTable { table, to: item.table_name()? })
}

/// The tables that a statement which could not be read may have changed: what follows `TABLE` or `ON`.
pub(in crate::sql) fn opaque(lexed: &Lexed) -> Vec<TableChange> {
    let mut changes: Vec<TableChange> = Vec::new();
    let mut seen_index = false;
    for index in 0..lexed.tokens.len() {
        seen_index |= lexed.is(index, "INDEX");
        let names_table = lexed.is(index, "TABLE") || (lexed.is(index, "ON") && seen_index);
        if !names_table {
            continue;
        }
        let mut at = Cursor::new(lexed, index + 1, lexed.tokens.len());
        at.take_if_exists();
        at.take("ONLY");
        let span = at.span();
        if matches!(at.kind(), Some(Kind::Word | Kind::Quoted | Kind::Slot))
            && let Some(table) = at.table_name()
        {
            let same = |change: &TableChange| matches!(change, TableChange::Opaque { table: known, .. } if same_table(known, &table));
            if changes.len() < 256 && !changes.iter().any(same) {
                changes.push(TableChange::Opaque { table, span });
            }
        }
    }
    changes
}

fn same_table(a: &TableName, b: &TableName) -> bool {
    a.text().eq_ignore_ascii_case(&b.text())
}
