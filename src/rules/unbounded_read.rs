//! `unbounded-read`: all rows of a table that only grows.

use super::schema_finding::grows;
use super::sql_finding::{SqlCx, SqlFinding};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::{Confidence, Severity};
use crate::project::schema::TableKind;
use crate::sql::query::*;

const NOTE: &str = "the rows are all read, sent and held, and each month there are more of them: a page of 50 needs some 50 rows by its key, whatever \
                    the size of the table";

/// So many rows are too many to be held at once.
const MANY: u64 = 100_000;

/// Reports queries of programs that ask for all rows of a table which is told to be large, or named after what happens all
/// the time.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    let statement = (cx.file.id, cx.index);
    // A function that takes SQL may add a limit to it.
    let is_run_here = || cx.file.project.sites(cx.file.id).iter().any(|site| site.sql.contains(&statement));
    if cx.sql.text.is_some() {
        sql_statement::report(cx, sink, |cx, out| out.extend(check_statement(&cx).filter(|_| is_run_here())));
    }
}

fn check_statement(cx: &SqlCx<'_>) -> Option<SqlFinding> {
    let select = cx.query.root().filter(|select| select.role == Role::Root && select.arms.is_empty())?;
    let is_summed = |item: &Item| match item {
        Item::Expr { expr, .. } => {
            cx.query.exprs.within(*expr).into_iter().any(|part| match cx.query.exprs.get(part) {
                Expr::Call(call) => call.is_aggregate(),
                _ => false,
            })
        }
        Item::Star { .. } => false,
    };
    let is_whole = select.filter.is_none()
        && select.limit.is_none()
        && select.offset.is_none()
        && select.having.is_none()
        && select.group_by.is_empty()
        && select.distinct == Distinct::No
        && !select.has_open_clauses
        && cx.query.is_whole
        && !cx.query.has_open_conditions(select, cx.slots())
        && !select.items.iter().any(is_summed);
    let [source] = select.sources.as_slice() else { return None };
    let name = source.table().filter(|name| is_whole && !name.is_dynamic() && !cx.is_spared(name))?;
    let definitions = cx.schema.definitions(name);
    if definitions.is_empty() || definitions.iter().any(|table| table.kind != TableKind::Table) {
        return None;
    }
    let rows = cx.schema.told_rows(name);
    if !rows.map_or_else(|| grows(&name.name().text), |rows| rows >= MANY) {
        return None;
    }
    let told = rows.map_or_else(String::new, |rows| format!(": {rows} of them"));
    let message = format!("all rows of `{}` are read{told}", name.name().text);
    let help =
        "ask for what is needed with WHERE, or page by page after the last key: WHERE id > … ORDER BY id LIMIT …";
    let severity = if rows.is_some() { Severity::Warning } else { Severity::Info };
    let mut finding = SqlFinding::new(source.span, severity, message, NOTE, help);
    // They may be read through a cursor, and a name says little of how many there are.
    finding.confidence = if rows.is_some() { Confidence::Medium } else { Confidence::Low };
    Some(finding)
}
