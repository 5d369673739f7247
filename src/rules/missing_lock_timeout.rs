//! `missing-lock-timeout`: a migration that may wait for a lock without end, with everybody else behind it.

use super::sql_statement::first_line;
use super::{FileCx, Finding, Sink};
use crate::findings::Role;
use crate::sql::Dialect;
use crate::sql::ddl::{AlterOperation, TableChange};

const NOTE: &str = "ALTER TABLE waits for every transaction that uses the table, and everything that comes after waits behind it: with one \
                    long report running, a look-up by key waited 1.5 s with a timeout of 1.5 s, and 60 ms with one of 100 ms";

/// Reports the first change of a table in use in a migration that sets no `lock_timeout`.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    let Some(migration) = cx.project.migration(cx.id) else { return };
    let mentions = memchr::memmem::find(cx.source().text.to_ascii_lowercase().as_bytes(), b"lock_timeout").is_some();
    if mentions {
        return;
    }
    let first = migration.steps.iter().find_map(|step| {
        let (TableChange::Alter { table, .. } | TableChange::RenameTable { table, .. }) = &*step.change else {
            return None;
        };
        let takes_it = !matches!(step.operation(), Some((_, AlterOperation::Harmless | AlterOperation::Unknown)));
        (step.dialect == Dialect::PostgreSql && takes_it && !migration.is_new(table)).then_some((step, table))
    });
    let Some((step, table)) = first else { return };
    let message = format!(
        "if `{}` is in use, everything that comes after this change waits behind it, without end",
        table.text()
    );
    let place = cx.label(first_line(cx.source(), step.span), Role::Primary, "");
    let help = "SET lock_timeout = '1s' first, and run the migration again if it fails";
    sink.report(Finding::new(place, message).note(NOTE).help(help));
}
