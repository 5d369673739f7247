//! `random-order`: rows in random order, to take a few of them.

use super::sql_finding::{SqlCx, SqlFinding};
use super::{FileCx, Sink, sql_statement};
use crate::findings::Severity;
use crate::project::orm;
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "every row gets a random number, and all of them are sorted for the few that are wanted: for one million rows it took 7,000 \
                    times as long as a look-up by key on PostgreSQL 15, 3,500 times on SQLite, 4,600 times on MariaDB";

/// Reports `ORDER BY random()` with a limit, in SQL and in the words of an ORM.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    for index in 0..cx.facts().statements.len() {
        sql_statement::report(&cx.statement(index), sink, check_statement);
    }
    for draft in orm::random_drafts(cx.project, cx.id) {
        sink.report(sql_statement::drafted(cx, draft));
    }
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    let exprs = &cx.query.exprs;
    for select in &cx.query.selects {
        let Some(order) = select.order_by.first().filter(|order| is_random(exprs, order.expr)) else { continue };
        let is_large = (0..).zip(&select.sources).all(|(at, source)| {
            source.table().is_some_and(|table| !cx.is_spared(table) && !cx.schema.stays_small(table))
                && !cx.may_be_narrowed(select, at)
        });
        // Without a limit every row is wanted, in whatever order.
        if select.limit.is_none() || select.sources.is_empty() || !is_large || !select.arms.is_empty() {
            continue;
        }
        let severity = if select.filter.is_some() { Severity::Info } else { Severity::Warning };
        let message = "every row is read and sorted by a random number to take a few of them".to_owned();
        out.push(SqlFinding::new(exprs.span(order.expr), severity, message, NOTE, help(cx.dialect)));
    }
}

fn is_random(exprs: &Exprs, id: ExprId) -> bool {
    let Expr::Call(call) = exprs.get(exprs.bare(id)) else { return false };
    matches!(&*call.name, "random" | "rand" | "newid" | "gen_random_uuid" | "uuid") && call.args.len() < 2
}

fn help(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::PostgreSql => {
            "take a random key and begin there (WHERE id >= … ORDER BY id LIMIT …), or sample pages: FROM t TABLESAMPLE SYSTEM (1)"
        }
        Dialect::MsSql => "sample pages, FROM t TABLESAMPLE (1 PERCENT), or take a random key and begin there",
        _ => "take a random key and begin there: WHERE id >= … ORDER BY id LIMIT …",
    }
}
