//! `blocking-index-build`: an index that is made while nobody can write to its table.

use super::migration::{StepCx, each_step};
use super::{FileCx, Finding, Sink};
use crate::findings::{Role, Severity};
use crate::source::Language;
use crate::sql::ddl::TableChange;

const NOTE: &str = "an index of one million rows took four to five seconds on PostgreSQL 15, and every write to the table waited \
                    as long";

/// Reports indexes that PostgreSQL makes under a lock, and `CONCURRENTLY` where it is refused.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    each_step(cx, sink, check_step);
}

fn check_step(cx: StepCx<'_>) -> Option<Finding> {
    let TableChange::CreateIndex(index) = &*cx.step.change else { return None };
    if index.is_constraint || !cx.is_postgresql() {
        return None;
    }
    if index.concurrently {
        let begin = cx.step.transaction?;
        let message = "`CREATE INDEX CONCURRENTLY` inside a transaction is refused: the migration fails";
        return Some(
            Finding::new(cx.label(), message)
                .severity(Severity::Error)
                .note("it commits between its steps, which a transaction around it does not allow")
                .help("take it out of the transaction: one migration for it alone, without BEGIN and COMMIT")
                .related(cx.file.label(begin, Role::Related, "the transaction begins here")),
        );
    }
    let table = cx.table_in_use()?;
    let message = format!("writes to `{}` wait until the index is made", table.text());
    Some(Finding::new(cx.label(), message).note(NOTE).help(help(&cx)))
}

fn help(cx: &StepCx<'_>) -> &'static str {
    let is_call = cx.step.is_call;
    match cx.file.source().language {
        Language::Python if is_call && cx.step.text == "AddIndex" => {
            "use `AddIndexConcurrently` (django.contrib.postgres.operations) in a migration with `atomic = False`"
        }
        Language::Python if is_call => {
            "add `postgresql_concurrently=True`, inside `with op.get_context().autocommit_block():`"
        }
        language if language.is_ecma() && is_call && cx.step.text == "addIndex" => {
            "pass `concurrently: true`, in a migration that opens no transaction"
        }
        language if language.is_ecma() && is_call => {
            "run `CREATE INDEX CONCURRENTLY …` with `knex.raw`, in a migration with `exports.config = { transaction: false }`"
        }
        _ => "use CREATE INDEX CONCURRENTLY, in a migration of its own that runs outside of a transaction",
    }
}
