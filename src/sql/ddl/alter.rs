//! `ALTER TABLE`

use super::cursor::Cursor;
use super::table::{Parts, read_column, read_default, read_element, type_end};
use super::{AlterOperation, TableChange};
use crate::sql::Dialect;
use crate::sql::lex::Kind;
use crate::sql::query::{Ident, TableName};

/// What follows `ALTER TABLE`.
pub(super) fn alter_table(mut cursor: Cursor<'_>, dialect: Dialect) -> Option<Vec<TableChange>> {
    cursor.take_if_exists();
    cursor.take("ONLY");
    let table = cursor.table_name()?;
    if cursor.text() == "*" {
        cursor.at += 1;
    }
    // SQL Server: `WITH CHECK ADD CONSTRAINT`.
    if cursor.take("WITH") {
        cursor.at += 1;
    }
    let mut changes = Vec::new();
    let mut adds = false;
    for item in cursor.items() {
        let mut reader = Reader { table: &table, dialect, changes: &mut changes };
        // SQL Server and Oracle: `ADD a int, b int` goes on adding.
        adds = if adds && !begins_operation(&item) {
            reader.add(item, item);
            true
        } else {
            reader.operation(item)
        };
    }
    Some(changes)
}

fn begins_operation(item: &Cursor<'_>) -> bool {
    item.sees_any(&[
        "ADD",
        "DROP",
        "ALTER",
        "RENAME",
        "MODIFY",
        "CHANGE",
        "SET",
        "ENABLE",
        "DISABLE",
        "OWNER",
        "VALIDATE",
        "ATTACH",
        "DETACH",
        "ALGORITHM",
        "LOCK",
        "CONVERT",
        "ENGINE",
        "COMMENT",
        "ORDER",
        "FORCE",
        "CLUSTER",
        "INHERIT",
        "REPLICA",
        "RESET",
    ])
}

struct Reader<'r> {
    table: &'r TableName,
    dialect: Dialect,
    changes: &'r mut Vec<TableChange>,
}

impl Reader<'_> {
    fn push(&mut self, operation: AlterOperation, at: &Cursor<'_>) {
        self.changes.push(TableChange::Alter { table: self.table.clone(), operation, span: at.rest_span() });
    }

    /// Reads one operation; says whether it adds something.
    fn operation(&mut self, item: Cursor<'_>) -> bool {
        let mut at = item;
        if at.take("ADD") {
            self.add(at, item);
            return true;
        }
        let operation = if at.take("DROP") {
            drop_operation(&mut at)
        } else if at.take("RENAME") {
            return self.rename(at, item);
        } else if at.take("ALTER") {
            alter_column(at)
        } else if at.take("MODIFY") || at.take("CHANGE") {
            let is_change = item.sees("CHANGE");
            at.take("COLUMN");
            let from = if is_change { at.ident() } else { at.clone().ident() };
            let mut parts = Parts::default();
            let understood = read_column(at, self.table, &mut parts);
            match (from, parts.column, understood) {
                (Some(from), Some(column), true) => {
                    self.changes.extend(parts.indexes.into_iter().map(TableChange::CreateIndex));
                    AlterOperation::RedefineColumn { from, column }
                }
                _ => AlterOperation::Unknown,
            }
        } else if at.take_all(&["ATTACH", "PARTITION"]) || at.take("INHERIT") {
            at.table_name().map_or(AlterOperation::Unknown, AlterOperation::AttachPartition)
        } else {
            AlterOperation::Harmless
        };
        self.push(operation, &item);
        false
    }

    fn add(&mut self, mut at: Cursor<'_>, item: Cursor<'_>) {
        at.take("COLUMN");
        let if_not_exists = at.take_if_exists();
        // `ADD PARTITION`, and other things that are no columns.
        if at.sees("PARTITION") && at.kind_ahead(1) != Some(Kind::Word) {
            return self.push(AlterOperation::Harmless, &item);
        }
        // Oracle and MySQL: `ADD (a int, b int)`.
        let elements = match at.kind() {
            Some(Kind::Open) => at.bracket().map_or_else(Vec::new, |inner| inner.items()),
            _ => vec![at],
        };
        for element in elements {
            let mut parts = Parts::default();
            if !read_element(element, self.table, self.dialect, &mut parts) {
                self.push(AlterOperation::Unknown, &item);
                continue;
            }
            let (operations, indexes) = parts.into_operations(if_not_exists);
            let mut is_harmless = operations.is_empty() && indexes.is_empty();
            for operation in operations {
                self.push(operation, &item);
            }
            for index in indexes {
                self.changes.push(TableChange::CreateIndex(index));
            }
            if std::mem::take(&mut is_harmless) {
                self.push(AlterOperation::Harmless, &item);
            }
        }
    }

    fn rename(&mut self, mut at: Cursor<'_>, item: Cursor<'_>) -> bool {
        let pair = |mut at: Cursor<'_>| -> Option<(Ident, Ident)> {
            let from = at.ident()?;
            at.take("TO").then_some(())?;
            Some((from, at.ident()?))
        };
        if at.take("TO") || at.take("AS") || at.take_all(&["TABLE", "TO"]) {
            match at.table_name() {
                Some(to) => self.changes.push(TableChange::RenameTable { table: self.table.clone(), to }),
                None => self.push(AlterOperation::Unknown, &item),
            }
            return false;
        }
        let is_column = at.take("COLUMN");
        let is_index = !is_column && (at.take("CONSTRAINT") || at.take("INDEX") || at.take("KEY"));
        let operation = match pair(at) {
            Some((from, to)) if is_index => AlterOperation::RenameConstraint { from, to },
            Some((from, to)) => AlterOperation::RenameColumn { from, to },
            // MySQL: `RENAME new_name`.
            None if !is_column && !is_index && at.kind_ahead(1).is_none() => {
                if let Some(to) = at.table_name() {
                    self.changes.push(TableChange::RenameTable { table: self.table.clone(), to });
                    return false;
                }
                AlterOperation::Unknown
            }
            None => AlterOperation::Unknown,
        };
        self.push(operation, &item);
        false
    }
}

fn drop_operation(at: &mut Cursor<'_>) -> AlterOperation {
    if at.take_all(&["PRIMARY", "KEY"]) {
        return AlterOperation::DropPrimaryKey;
    }
    let by_name = at.take("CONSTRAINT") || at.take_all(&["FOREIGN", "KEY"]) || at.take("INDEX") || at.take("KEY");
    if !by_name && at.take("CHECK") {
        return AlterOperation::Harmless;
    }
    if !by_name && at.sees("PARTITION") {
        return AlterOperation::Harmless;
    }
    if !by_name {
        at.take("COLUMN");
    }
    at.take_if_exists();
    match at.ident() {
        Some(name) if by_name => AlterOperation::DropConstraint(name),
        Some(name) => AlterOperation::DropColumn(name),
        None => AlterOperation::Unknown,
    }
}

fn alter_column(mut at: Cursor<'_>) -> AlterOperation {
    if at.take("INDEX") || at.take("CONSTRAINT") || at.take("CHECK") {
        // `ALTER INDEX i INVISIBLE`, `ALTER CONSTRAINT c DEFERRABLE`
        return AlterOperation::Harmless;
    }
    at.take("COLUMN");
    let Some(column) = at.ident() else { return AlterOperation::Unknown };
    if at.take("TYPE") || at.take_all(&["SET", "DATA", "TYPE"]) {
        return AlterOperation::SetType { column, type_name: at.lower_text(type_end(&at)) };
    }
    if at.take_all(&["SET", "NOT", "NULL"]) {
        return AlterOperation::SetNotNull(column, true);
    }
    if at.take_all(&["DROP", "NOT", "NULL"]) {
        return AlterOperation::SetNotNull(column, false);
    }
    if at.take_all(&["SET", "DEFAULT"]) {
        let default = read_default(&mut at);
        return AlterOperation::SetDefault(column, Some(default));
    }
    if at.take_all(&["DROP", "DEFAULT"]) {
        return AlterOperation::SetDefault(column, None);
    }
    if at.sees_any(&["SET", "DROP", "ADD", "RESET", "RESTART"]) {
        return AlterOperation::Harmless;
    }
    // SQL Server: `ALTER COLUMN c int NOT NULL`.
    let end = type_end(&at);
    if end > at.at {
        return AlterOperation::SetType { column, type_name: at.lower_text(end) };
    }
    AlterOperation::Harmless
}
