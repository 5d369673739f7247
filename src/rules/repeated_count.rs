//! `repeated-count`: the rows of one table are counted several times, one condition after the other.

use super::sql_finding::{SqlCx, SqlFinding, SqlPlace};
use super::{FileCx, Finding, Sink, sql_statement};
use crate::findings::{Role, Severity};
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "each count reads the table again, and a query is a round trip: three counts did 3 times the work of one that counts all \
                    (1.4 to 1.7 times the time in one statement, more with a network between)";

/// From so many counts on, one query is worth its words.
const SEVERAL: usize = 3;

/// Reports several counts of one model in a function, and of one table in a statement.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    for index in 0..cx.facts().statements.len() {
        sql_statement::report(&cx.statement(index), sink, check_statement);
    }
    for counts in &cx.project.orm(cx.id).several_counts {
        let [first, others @ ..] = &*counts.spans else { continue };
        let facts = &cx.project.file(counts.model.file).facts;
        let name = &facts.names[facts.class(counts.model.class).name];
        let message = format!("`{name}` is counted {} times, one query after the other", counts.spans.len());
        let help = format!("{name}.objects.aggregate(…=Count(\"pk\", filter=Q(…)), …): one query with all numbers");
        let mut finding =
            Finding::new(cx.label(*first, Role::Primary, ""), message).severity(Severity::Info).note(NOTE).help(help);
        for span in others {
            finding = finding.related(cx.label(*span, Role::Related, "and here"));
        }
        sink.report(finding);
    }
}

/// Finds `SELECT (SELECT count(*) FROM t WHERE a), (SELECT count(*) FROM t WHERE b), …`.
fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    // SQLite's counts are short programs, and it has no round trips.
    if cx.dialect == Dialect::Sqlite {
        return;
    }
    for select in &cx.query.selects {
        let counted: Vec<(&TableName, ExprId)> = select.items.iter().filter_map(|item| counted(&cx, item)).collect();
        let Some((table, first)) = counted.first() else { continue };
        let same: Vec<ExprId> = counted
            .iter()
            .filter(|(other, _)| same_name(&other.text(), &table.text()))
            .map(|&(_, count)| count)
            .collect();
        if same.len() < SEVERAL {
            continue;
        }
        let name = cx.named(table.name());
        let message = format!("`{name}` is counted {} times, each time from its beginning", same.len());
        let help = format!("count(CASE WHEN … THEN 1 END) for each of them, of one select from {name}");
        let mut finding = SqlFinding::new(cx.query.exprs.span(*first), Severity::Info, message, NOTE, help);
        let others = same.iter().skip(1);
        finding.related =
            others.map(|&count| (SqlPlace::Text(cx.query.exprs.span(count)), "and here".to_owned())).collect();
        out.push(finding);
    }
}

/// The table that an item of a select list counts the rows of, by conditions of its own that no index is known to serve.
fn counted<'a>(cx: &SqlCx<'a>, item: &Item) -> Option<(&'a TableName, ExprId)> {
    let Item::Expr { expr, .. } = item else { return None };
    let Expr::Subselect(inner) = cx.query.exprs.get(*expr) else { return None };
    let inner = cx.query.select(*inner);
    let ([source], [Item::Expr { expr: counted, .. }]) = (&*inner.sources, &*inner.items) else { return None };
    let Expr::Call(call) = cx.query.exprs.get(*counted) else { return None };
    let table = source.table().filter(|table| !table.is_dynamic() && !cx.is_spared(table))?;
    let is_plain = &*call.name == "count"
        && !call.distinct
        && call.more.is_empty()
        && inner.filter.is_some()
        && inner.group_by.is_empty()
        && inner.limit.is_none()
        && !cx.schema.stays_small(table)
        && !cx.query.has_open_conditions(inner, cx.slots())
        && !cx.schema.is_empty()
        && !cx.may_be_narrowed(inner, 0)
        && cx.query.outer_columns(inner.id).is_empty();
    is_plain.then_some((table, *expr))
}
