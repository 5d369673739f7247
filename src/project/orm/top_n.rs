//! Queries that give the first rows of one key. What asks for the rows of all keys at once has to rank those of each:
//! top-n-per-group.

use crate::facts::*;
use crate::project::{FileId, Flow, Project, QuerySite, SiteEffect};
use crate::sql::query::{Expr, Literal};

/// How many steps of a query are followed.
const MAX_STEPS: usize = 32;

/// What gives the first rows of all keys with one query, in the library's own words, if `site` asks for those of one.
pub fn top_n_help(project: &Project, file: FileId, site: &QuerySite) -> Option<&'static str> {
    let facts = &project.file(file).facts;
    let asks_for_first = || {
        if site.sql.is_empty() {
            is_limited(facts, site.call)
        } else {
            site.sql.iter().all(|&sql| limits(project, sql))
        }
    };
    if site.effect != SiteEffect::Query || !asks_for_first() {
        return None;
    }
    Some(if site.path.starts_with("django.") && site.sql.is_empty() {
        "load the first rows of each key with the outer query, `Prefetch(\"relation\", \
         queryset=….order_by(…)[:n])` (Django 4.2 and later), or rank them with `Window(RowNumber(), partition_by=…)`"
    } else if site.path.starts_with("prisma.") && site.sql.is_empty() {
        "load the first rows of each with the outer rows: `include: { relation: { orderBy, take } }`"
    } else {
        "rank the rows of each key with one query before the loop, `row_number() OVER (PARTITION BY key ORDER BY …) AS \
         place`, and keep those with `place <= n`"
    })
}

/// Whether a statement ends with `ORDER BY … LIMIT n`, or with a limit of more than one row.
fn limits(project: &Project, (file, index): (FileId, usize)) -> bool {
    let statement = &project.file(file).facts.statements[index].statement;
    let Some(query) = &statement.query else { return false };
    let Some(select) = query.selects.iter().find(|select| select.parent.is_none()) else { return false };
    let Some(limit) = select.limit else { return false };
    let is_one = matches!(query.exprs.get(limit), Expr::Literal(Literal::Number(number)) if &**number == "1");
    !is_one || !select.order_by.is_empty()
}

/// The same of a query that is built: `.order_by("-at").first()`, `.filter(…)[:5]`, `.orderBy(…).limit(10)`,
/// `findMany({ orderBy, take: 10 })`.
fn is_limited(facts: &FileFacts, id: CallId) -> bool {
    let flow = Flow::new(facts);
    let mut is_ordered = false;
    let mut limit = facts.values.iter().find_map(|value| match *value {
        Value::Slice(of, _, end) if *facts.value(of) == Value::Call(id) && end != UNKNOWN => Some(end),
        _ => None,
    });
    let mut takes_one = false;
    let mut at = id;
    for _ in 0..MAX_STEPS {
        let call = facts.call(at);
        match flow.called_name(call) {
            Some("first" | "last") => takes_one = true,
            Some("earliest" | "latest") => (takes_one, is_ordered) = (true, true),
            Some("limit" | "take") => limit = limit.or(call.args.first().map(|arg| arg.value)),
            Some("orderBy" | "order_by" | "sort") => is_ordered = true,
            _ => {}
        }
        for arg in &call.args {
            let Value::Mapping(options) = facts.value(arg.value) else { continue };
            for &(key, value) in options {
                match facts.literal(key) {
                    Some("limit" | "take") => limit = limit.or(Some(value)),
                    Some("order" | "orderBy" | "sort") => is_ordered = true,
                    _ => {}
                }
            }
        }
        match *facts.value(call.callee) {
            Value::Member(object, _) if let Value::Call(before) = *facts.value(object) => at = before,
            _ => break,
        }
    }
    match limit {
        Some(limit) => is_ordered || *facts.value(limit) != Value::Int(1),
        None => takes_one && is_ordered,
    }
}
