//! `lock-without-index`: every row of a table is locked to lock or change a few.

use super::conditions::each_source;
use super::sql_finding::SqlCx;
use super::unindexed_filter::unserved;
use super::{FileCx, Sink, sql_statement};
use crate::findings::Severity;
use crate::project::schema::Test;
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "InnoDB locks every row that it reads and the gaps between them, not those that meet the condition, until the transaction ends \
                    (REPEATABLE READ, the default): meanwhile nobody else changes or inserts a row";

/// Reports `SELECT … FOR UPDATE`, `UPDATE` and `DELETE` whose rows no index finds, on MySQL and MariaDB.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report_all(cx, sink, |cx, out| {
        if cx.dialect == Dialect::MySql {
            each_source(&cx, out, |cx, select, source| {
                let (mut finding, test) = unserved(cx, select, source).filter(|_| locks_rows(cx, select, source))?;
                let name = select.sources[usize::from(source)].table().map_or("", |table| &table.name().text);
                finding.message = format!("no index finds these rows of `{name}`, so every row of it is locked");
                finding.note = NOTE.to_owned();
                finding.severity = if test == Test::Equal { Severity::Error } else { Severity::Warning };
                Some(finding)
            });
        }
    });
}

/// Whether the rows of a source are locked as they are read: InnoDB does so for what it changes, too.
pub(super) fn locks_rows(cx: &SqlCx<'_>, select: &Select, source: u16) -> bool {
    let changes = matches!(select.role, Role::Update | Role::Delete) && source == 0;
    cx.dialect == Dialect::MySql && (select.locks || changes)
}
