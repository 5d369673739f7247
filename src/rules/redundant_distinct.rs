//! `redundant-distinct`: duplicates are searched for among rows that have a key.

use super::sql_finding::{SqlCx, SqlFinding, SqlFix};
use super::{FileCx, Sink, sql_statement};
use crate::findings::{Applicability, Severity};
use crate::project::orm::Matter;
use crate::project::schema::Known;
use crate::source::Span;
use crate::sql::query::*;

const NOTE: &str = "all rows are sorted or hashed to find duplicates that cannot be there: 3.6 to 14 times the time on PostgreSQL 15, up to 6 times on \
                    MariaDB, 1.2 to 2.2 times on SQLite";

/// Reports `SELECT DISTINCT` over the key of the only table.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report_all_of(cx, sink, Some(Matter::Distinct), check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    for select in cx.query.selects.iter().filter(|select| select.distinct == Distinct::Rows) {
        let [source, others @ ..] = select.sources.as_slice() else { continue };
        // What is joined by its key gives one row for each.
        if !others.iter().all(|other| is_joined_by_key(&cx, other)) {
            continue;
        }
        let Some(table) = source.table().filter(|table| !cx.is_spared(table) && !cx.schema.stays_small(table)) else {
            continue;
        };
        // One column of a key that may be null is no key.
        let columns: Vec<&str> = select
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Expr { expr, .. } => cx.query.exprs.column(*expr),
                Item::Star { .. } => None,
            })
            .filter(|column| !column.name.dynamic && cx.source_of(column) == Some((select.id, 0)))
            .map(|column| &*column.name.text)
            .collect();
        let definitions = cx.schema.definitions(table);
        let has_key = !definitions.is_empty()
            && cx.schema.is_unique(table, &columns) == Known::Yes
            && definitions.iter().all(|table| {
                let key = table.primary_key().unwrap_or_default();
                !key.is_empty() && key.iter().all(|name| columns.iter().any(|column| same_name(column, name)))
            });
        // What makes rows of rows in the select list is not followed.
        let is_plain = select.items.iter().all(|item| match item {
            Item::Expr { expr, .. } => {
                !cx.query.exprs.within(*expr).iter().any(|&part| matches!(cx.query.exprs.get(part), Expr::Call(_)))
            }
            Item::Star { .. } => true,
        });
        if !has_key || !is_plain || !select.group_by.is_empty() {
            continue;
        }
        let message = format!(
            "the key of `{}` is selected, so no two rows are alike: DISTINCT searches in vain",
            table.name().text
        );
        out.push(
            SqlFinding::new(select.head, Severity::Info, message, NOTE, "leave DISTINCT out")
                .fix(without(&cx, select.head)),
        );
    }
}

/// Whether a table is joined by a column that tells its rows apart, and by nothing else.
fn is_joined_by_key(cx: &SqlCx<'_>, source: &Source) -> bool {
    let Some((table, on)) = source.table().zip(source.on).filter(|_| source.using.is_empty()) else { return false };
    let Expr::Compare(Comparison::Equal, left, right) = cx.query.exprs.get(on) else { return false };
    [left, right].into_iter().filter_map(|&side| cx.query.exprs.column(side)).any(|column| {
        let is_own = cx.source_of(column).and_then(|at| cx.source(at)).is_some_and(|own| std::ptr::eq(own, source));
        is_own && cx.schema.is_unique(table, &[&column.name.text]) == Known::Yes
    })
}

/// The edit that takes the word out. It holds as far as the database has the keys of the repository.
fn without(cx: &SqlCx<'_>, head: Span) -> Option<SqlFix> {
    const WORD: &str = "DISTINCT";
    let after = cx.text.get(head.start as usize..)?;
    let after_select = after.get("SELECT".len()..)?;
    let blanks = after_select.len() - after_select.trim_start().len();
    let start = head.start as usize + "SELECT".len() + blanks;
    let rest = cx.text.get(start..)?;
    let is_word = rest.get(..WORD.len()).is_some_and(|word| word.eq_ignore_ascii_case(WORD));
    let more = rest.get(WORD.len()..)?;
    let more_blanks = more.len() - more.trim_start().len();
    (is_word && blanks > 0 && more_blanks > 0).then(|| SqlFix {
        title: "leave DISTINCT out".to_owned(),
        applicability: Applicability::Unsafe,
        edits: vec![(Span::new(start, start + WORD.len() + more_blanks), String::new())],
    })
}
