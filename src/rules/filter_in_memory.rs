//! `filter-in-memory`: rows are fetched, and then left out

use super::{FileCx, Finding, Sink};
use crate::findings::{Role, Severity};
use crate::project::orm::{Orm, OrmSieve};
use crate::project::schema::Owner;
use crate::sql::query::TableName;

const NOTE: &str = "every row is read, sent and made an object, and most of that is thrown away: with Django 5.2 on SQLite, to find one of \
                    100,000 rows took 1.2 s in Python and 3 ms as a condition of the query, without an index";

/// Reports rows that are fetched, and then left out
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    let is_repeated = |sieve: &OrmSieve| cx.project.repeats(cx.id).iter().any(|repeat| repeat.call == sieve.call);
    for sieve in cx.project.orm(cx.id).sieves.iter().filter(|sieve| !is_repeated(sieve) && !is_small(cx, sieve)) {
        let columns = sieve.columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(" and ");
        let message = format!("all rows are fetched, and then left out by {columns}");
        let primary = cx.label(sieve.span, Role::Primary, "without that condition");
        sink.report(
            Finding::new(primary, message)
                .severity(if sieve.is_narrow { Severity::Info } else { Severity::Warning })
                .confidence(sieve.confidence)
                .note(NOTE)
                .help(help(sieve.orm)),
        );
    }
}

fn help(orm: Orm) -> &'static str {
    match orm {
        Orm::Django => "say it in the query: `.filter(…)`, `.exclude(…)`",
        Orm::SqlAlchemy => "say it in the query: `.filter(…)`, `.where(…)`",
        _ => "say it in the query: `{ where: … }`",
    }
}

fn is_small(cx: &FileCx<'_>, sieve: &OrmSieve) -> bool {
    let schema = cx.project.schema();
    let model = sieve.model.and_then(|model| schema.model(&Owner::Class(model)));
    model.is_some_and(|model| schema.stays_small(&TableName::plain(&model.table)))
}
