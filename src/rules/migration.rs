//! What the rules over migrations share: each of them looks at one step at a time.

use super::sql_statement::first_line;
use super::{FileCx, Finding, Sink};
use crate::findings::{Label, Role};
use crate::project::{Migration, MigrationStep};
use crate::sql::Dialect;
use crate::sql::ddl::TableChange;
use crate::sql::query::TableName;

/// A step of a migration, in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepCx<'a> {
    pub(super) file: &'a FileCx<'a>,
    pub(super) migration: &'a Migration<'a>,
    pub(super) step: &'a MigrationStep<'a>,
}

impl StepCx<'_> {
    /// Its first line, as the place of a finding.
    pub(super) fn label(&self) -> Label {
        self.file.label(first_line(self.file.source(), self.step.span), Role::Primary, "")
    }

    /// The table it is about, if that has rows that someone may wait for.
    pub(super) fn table_in_use(&self) -> Option<&TableName> {
        let table = match &*self.step.change {
            TableChange::CreateIndex(index) => &index.table,
            TableChange::Alter { table, .. } | TableChange::RenameTable { table, .. } => table,
            _ => return None,
        };
        (!self.migration.is_spared(table, self.step.dialect)).then_some(table)
    }

    /// Whether it is done to PostgreSQL.
    pub(super) fn is_postgresql(&self) -> bool {
        self.step.dialect == Dialect::PostgreSql
    }

    /// Whether all servers that it is done to are known to be older than this version.
    pub(super) fn servers_are_before(&self, version: &[u16]) -> bool {
        let servers = self.file.project.servers();
        servers.all(self.step.dialect, |_, own| own.is_before(version)) == Some(true)
    }
}

/// Asks `check` about every step of a file, if the file is a migration, and tells what it finds.
pub(super) fn each_step(cx: &FileCx<'_>, sink: &mut Sink<'_>, check: impl Fn(StepCx<'_>) -> Option<Finding>) {
    let Some(migration) = cx.project.migration(cx.id) else { return };
    for step in &migration.steps {
        if let Some(finding) = check(StepCx { file: cx, migration: &migration, step }) {
            sink.report(finding);
        }
    }
}
