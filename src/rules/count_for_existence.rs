//! `count-for-existence`: rows are counted to find out whether there is one.

use super::sql_finding::{SqlCx, SqlFinding, SqlFix};
use super::{FileCx, Sink, sql_statement};
use crate::findings::{Applicability, Confidence, Edit, Fix, Severity};
use crate::project::orm;
use crate::source::Span;
use crate::sql::query::*;

const NOTE: &str = "a count reads every row that meets the condition, EXISTS stops at the first one: where many do, it is 13,000 to a million times the work";

/// Reports `(SELECT count(*) …) > 0` and its like, and `.count() > 0` of an ORM.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    for index in 0..cx.facts().statements.len() {
        sql_statement::report(&cx.statement(index), sink, check_statement);
    }
    let sites = cx.project.sites(cx.id);
    // What was loaded along with the rows is counted in memory.
    let is_at_hand =
        |span: Span| sites.iter().any(|site| site.span == span && cx.project.may_be_prefetched(cx.id, site));
    for draft in orm::count_drafts(cx.project, cx.id).into_iter().filter(|draft| !is_at_hand(draft.span)) {
        let fix = exists(cx, draft.span);
        let finding = sql_statement::drafted(cx, draft);
        sink.report(match fix {
            Some(fix) => finding.fix(fix),
            None => finding,
        });
    }
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    let exprs = &cx.query.exprs;
    for (id, node) in exprs.iter() {
        let Expr::Compare(comparison, left, right) = node.expr else { continue };
        let (select, number, comparison) = match (exprs.get(left), exprs.get(right)) {
            (Expr::Subselect(select), Expr::Literal(Literal::Number(number))) => (*select, number, comparison),
            (Expr::Literal(Literal::Number(number)), Expr::Subselect(select)) => {
                (*select, number, comparison.flipped())
            }
            _ => continue,
        };
        let Some(exists) = asks_for_existence(comparison, number) else { continue };
        let inner = cx.query.select(select);
        if !counts_rows(exprs, inner) || is_cheap(&cx, inner) {
            continue;
        }
        let (word, message) = if exists {
            ("EXISTS", "every row is counted to find out whether there is one")
        } else {
            ("NOT EXISTS", "every row is counted to find out that there is none")
        };
        let help = format!("{word} (SELECT 1 FROM …)");
        let fix = existence(&cx, exprs.span(id), inner, word);
        out.push(SqlFinding::new(exprs.span(id), Severity::Warning, message.to_owned(), NOTE, help).fix(fix));
    }
}

/// The edits that make `EXISTS (SELECT 1 …)` of `(SELECT count(*) …) > 0`. Some engines take the one only in a
/// condition.
fn existence(cx: &SqlCx<'_>, whole: Span, inner: &Select, word: &str) -> Option<SqlFix> {
    let [Item::Expr { expr, .. }] = inner.items.as_slice() else { return None };
    let Expr::Call(call) = cx.query.exprs.get(*expr) else { return None };
    let counts_all = |&arg: &ExprId| matches!(cx.query.exprs.get(arg), Expr::Star);
    let count = cx.query.exprs.span(*expr);
    let open = cx.text.get(..inner.span.start as usize)?.trim_end().strip_suffix('(')?.len();
    let rest = cx.text.get(inner.span.end as usize..whole.end as usize)?;
    let close = whole.end as usize - rest.trim_start().strip_prefix(')').map(str::len)? - 1;
    // `NOT` binds less than what may stand around a comparison.
    let is_condition = |select: &Select| {
        cx.conditions(select).any(|condition| match cx.query.exprs.get(condition) {
            Expr::And(parts) => parts.iter().any(|&part| cx.query.exprs.span(part) == whole),
            _ => cx.query.exprs.span(condition) == whole,
        })
    };
    let is_plain = call.args.iter().all(counts_all) && open == whole.start as usize;
    (is_plain && cx.query.selects.iter().any(is_condition)).then(|| SqlFix {
        title: format!("ask with `{word}`"),
        applicability: Applicability::Safe,
        edits: vec![
            (Span::new(open, open + 1), format!("{word} (")),
            (count, "1".to_owned()),
            (Span::new(close, whole.end as usize), ")".to_owned()),
        ],
    })
}

/// The edit that makes `.exists()` of Django's `.count() > 0`.
fn exists(cx: &FileCx<'_>, name: Span) -> Option<Fix> {
    let facts = cx.facts();
    let text = &cx.source().text;
    let (_, call) = facts.call_named(name)?;
    let site = cx.project.sites(cx.id).iter().find(|site| site.span == name)?;
    let is_queryset = site.confidence == Confidence::High && site.path.starts_with("django.");
    if !is_queryset || !call.args.is_empty() || call.awaited || &text[name.range()] != "count" {
        return None;
    }
    let after = &text[call.span.end as usize..];
    let signs = [("==", false), ("!=", true), (">", true)];
    let compared = signs.iter().find_map(|(sign, exists)| {
        let rest = after.trim_start_matches([' ', '\t']).strip_prefix(sign)?;
        Some((rest.trim_start_matches([' ', '\t']).strip_prefix('0')?, *exists))
    });
    // `if qs.count():`
    let (rest, exists) = compared.unwrap_or((after, true));
    let ends = [":", ")", "\n", "\r", " and ", " or ", " else"];
    // The value of a bare count may go further than the test: `n = qs.count() or 1`.
    let begins: &[&str] =
        if compared.is_some() { &["if", "elif", "while", "and", "or", "not", "("] } else { &["if", "elif", "while"] };
    let before = text[..call.span.start as usize].trim_end_matches([' ', '\t']);
    let begins_word = |word: &str| {
        let rest = before.strip_suffix(word);
        let goes_on = |letter: char| letter.is_alphanumeric() || letter == '_';
        rest.is_some_and(|rest| word == "(" || !rest.ends_with(goes_on))
    };
    if !ends.iter().any(|end| rest.starts_with(end)) || !begins.iter().any(|word| begins_word(word)) {
        return None;
    }
    let path = &cx.source().path;
    let end = text.len() - rest.len();
    let mut edits =
        vec![Edit { path: path.clone(), span: Span::new(name.start as usize, end), text: "exists()".to_owned() }];
    if !exists {
        let at = call.span.start as usize;
        edits.insert(0, Edit { path: path.clone(), span: Span::new(at, at), text: "not ".to_owned() });
    }
    Some(Fix { title: "ask with `.exists()`".to_owned(), applicability: Applicability::Safe, edits })
}

/// Whether a count is compared so that it only matters whether it is zero: `Some(true)` if it must not be.
fn asks_for_existence(comparison: Comparison, number: &str) -> Option<bool> {
    match (comparison, number) {
        (Comparison::Greater | Comparison::NotEqual, "0") | (Comparison::GreaterOrEqual, "1") => Some(true),
        (Comparison::Equal | Comparison::LessOrEqual, "0") | (Comparison::Less, "1") => Some(false),
        _ => None,
    }
}

/// `SELECT count(*) FROM t …` and nothing else.
fn counts_rows(exprs: &Exprs, select: &Select) -> bool {
    let [Item::Expr { expr, .. }] = select.items.as_slice() else { return false };
    let Expr::Call(call) = exprs.get(*expr) else { return false };
    let counts = |&arg: &ExprId| matches!(exprs.get(arg), Expr::Star | Expr::Literal(_) | Expr::Column(_));
    &*call.name == "count"
        && !call.is_window
        && call.more.is_empty()
        && call.args.iter().all(counts)
        && select.group_by.is_empty()
        && select.having.is_none()
        && select.arms.is_empty()
        && select.limit.is_none()
        && !select.sources.is_empty()
}

/// Whether at most one row can be counted, or only those of a small table.
fn is_cheap(cx: &SqlCx<'_>, select: &Select) -> bool {
    let [source] = select.sources.as_slice() else { return false };
    let Some(table) = source.table() else { return true };
    if cx.is_spared(table) || cx.schema.stays_small(table) {
        return true;
    }
    let conditions = crate::project::schema::conditions_of(cx.query, select, 0, cx.schema);
    let equal = conditions.iter().filter(|condition| condition.test == crate::project::schema::Test::Equal);
    let columns: Vec<&str> = equal.filter_map(|condition| condition.column.as_deref()).collect();
    cx.schema.is_unique(table, &columns) == crate::project::schema::Known::Yes
}
