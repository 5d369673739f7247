//! `unvalidated-constraint-scan`: a constraint that is checked on all rows while the table is locked.

use super::migration::{StepCx, each_step};
use super::{FileCx, Finding, Sink};
use crate::sql::ddl::{AlterOperation, IndexKind, TableChange};

/// Reports constraints that are added and checked in one step.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    each_step(cx, sink, check_step);
}

fn check_step(cx: StepCx<'_>) -> Option<Finding> {
    if !cx.is_postgresql() {
        return None;
    }
    let table = cx.table_in_use()?;
    let name = table.text();
    let (message, note, help) = match &*cx.step.change {
        TableChange::CreateIndex(index)
            if index.is_constraint
                && index.using_index.is_none()
                && matches!(index.kind, IndexKind::Unique | IndexKind::Primary)
                && (cx.step.is_call
                    || ["constraint", "primary", "unique"].iter().any(|word| cx.step.text_begins_with(word))) =>
        {
            (
                format!("nobody can read or write `{name}` until the index behind this constraint is made"),
                "for one million rows it took 400 ms on PostgreSQL 15; it grows with the table",
                "CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX".to_owned(),
            )
        }
        TableChange::Alter { operation: AlterOperation::AddForeignKey(key, false), .. } if !adds_column(&cx) => {
            let target = key.target.text();
            let both = if target.eq_ignore_ascii_case(&name) || cx.migration.is_new(&key.target) {
                format!("writes to `{name}` wait")
            } else {
                format!("writes to `{name}` and `{target}` wait")
            };
            (
                format!("{both} until every row has been checked against this foreign key"),
                "one million rows took 470 to 730 ms on PostgreSQL 15, with both tables locked; it grows with the table",
                validate("add it with NOT VALID"),
            )
        }
        TableChange::Alter { operation: AlterOperation::AddCheck(false), .. } if !adds_column(&cx) => (
            format!("nobody can read or write `{name}` until every row has passed this check"),
            "one million rows took 130 to 160 ms on PostgreSQL 15; it grows with the table",
            validate("add it with NOT VALID"),
        ),
        TableChange::Alter { operation: AlterOperation::SetNotNull(column, true), .. } if !is_checked_before(&cx) => (
            format!("nobody can read or write `{name}` until every row has been searched for a null"),
            "one million rows took 190 to 290 ms on PostgreSQL 15; it grows with the table",
            format!(
                "ADD CONSTRAINT … CHECK ({} IS NOT NULL) NOT VALID, then VALIDATE CONSTRAINT in a later transaction; SET NOT NULL then \
                 reads no row (PostgreSQL 12 and newer)",
                column.text
            ),
        ),
        _ => return None,
    };
    Some(Finding::new(cx.label(), message).note(note).help(help))
}

fn validate(first: &str) -> String {
    format!("{first}, which reads no row, then VALIDATE CONSTRAINT in a later transaction, which lets others write")
}

/// Whether the same step adds the column that the constraint is about: nothing but nulls is in it.
fn adds_column(cx: &StepCx<'_>) -> bool {
    cx.migration.steps.iter().any(|other| {
        other.span == cx.step.span && matches!(other.operation(), Some((_, AlterOperation::AddColumn { .. })))
    })
}

/// Whether an earlier step has a check on the table, which may say that there are no nulls.
fn is_checked_before(cx: &StepCx<'_>) -> bool {
    let Some((table, _)) = cx.step.operation() else { return false };
    cx.migration.steps.iter().take_while(|other| other.span != cx.step.span).any(|other| {
        other.operation().is_some_and(|(own, operation)| {
            own.text() == table.text()
                && (matches!(operation, AlterOperation::AddCheck(_)) || other.text_begins_with("validate"))
        })
    })
}
