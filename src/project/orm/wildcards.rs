//! What is told of patterns that begin with a wildcard.

use rustc_hash::FxHashMap;

use super::{Draft, OrmPredicate, PredicateOp, help};
use crate::facts::*;
use crate::findings::{Role, Severity};
use crate::project::{FileId, Project};

const WHY: &str = "an ordered index finds texts by how they begin, so a text of which only the middle is known is compared with \
                   every row; with a trigram index PostgreSQL did such a search 630 times faster (122 times less work), with a \
                   FULLTEXT index MariaDB did it 265 times faster";

/// What is to be told of the searches of a file: one finding for each query.
pub fn drafts(project: &Project, file: FileId) -> Vec<Draft> {
    let mut order: Vec<CallId> = Vec::new();
    let mut queries: FxHashMap<CallId, Vec<&OrmPredicate>> = FxHashMap::default();
    for predicate in project.orm(file).predicates.iter().filter(|predicate| is_told(predicate)) {
        let query = queries.entry(predicate.query).or_default();
        if query.is_empty() {
            order.push(predicate.query);
        }
        if !query.iter().any(|known| known.column == predicate.column && known.span == predicate.span) {
            query.push(predicate);
        }
    }
    let mut drafts: Vec<Draft> = order.iter().map(|query| draft(project, file, &queries[query])).collect();
    // One condition may be given to several queries: to those that fetch a page and count all.
    drafts.sort_by_key(|draft| draft.span);
    drafts.dedup_by_key(|draft| draft.span);
    drafts
}

/// Whether a predicate searches inside a text for something that is not always the same.
fn is_told(predicate: &OrmPredicate) -> bool {
    let searches = predicate.op.has_leading_wildcard() || predicate.op == PredicateOp::Regex;
    searches
        && !predicate.negated
        && !predicate.is_indexed
        && !predicate.is_narrowed_to_one()
        // What the library makes a pattern of may be a constant; a pattern that is written out was meant.
        && (predicate.is_pattern || !predicate.is_constant)
}

fn draft(project: &Project, file: FileId, predicates: &[&OrmPredicate]) -> Draft {
    let first = predicates[0];
    let mut columns: Vec<String> = Vec::new();
    for predicate in predicates {
        let column = help::column(project, predicate);
        if column != "``" && !columns.contains(&column) {
            columns.push(column);
        }
    }
    let narrowed = predicates.iter().map(|predicate| predicate.narrowed.as_ref()).collect::<Option<Vec<_>>>();
    let rows = match narrowed.as_ref().and_then(|all| all.first()) {
        Some(by) if by.column.is_empty() => "every related row is read".to_owned(),
        Some(by) if by.is_start => format!("every row whose `{}` begins so is read", by.column),
        Some(by) => format!("every row with that `{}` is read", by.column),
        None if first.query_is_known => "every row is read".to_owned(),
        None => "every row that the rest of the query leaves is read".to_owned(),
    };
    let is_regex = predicates.iter().all(|predicate| predicate.op == PredicateOp::Regex);
    let how = if is_regex { "matched with a regular expression" } else { "searched with a leading wildcard" };
    let message = match columns.as_slice() {
        [] if is_regex => format!("no b-tree index serves a regular expression, {rows}"),
        [] => format!("this pattern begins with a wildcard: no b-tree index serves it, {rows}"),
        [only] => format!("{only} is {how}: no b-tree index serves it, {rows}"),
        several => {
            format!("{} columns ({}) are {how}: no b-tree index serves them, {rows}", several.len(), several.join(", "))
        }
    };
    let severity = if narrowed.is_some() { Severity::Info } else { Severity::Warning };
    let related = predicates[1..]
        .iter()
        .filter(|predicate| predicate.span != first.span)
        .map(|predicate| (predicate.span, Role::Related, "and here".to_owned()));
    Draft {
        span: first.span,
        function: project.file(file).facts.call(first.call).function,
        severity,
        confidence: predicates.iter().map(|predicate| predicate.confidence).max().unwrap_or(first.confidence),
        message,
        note: WHY.to_owned(),
        help: help::search(predicates, columns.len()),
        related: related.collect(),
        index: None,
    }
}
