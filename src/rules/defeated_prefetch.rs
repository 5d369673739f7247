//! `defeated-prefetch`: a query of a relation that was prefetched

use super::repeated::{ROUND_TRIPS, cost, head_of, loop_places, places, quote_call};
use super::{FileCx, Finding, Sink};
use crate::findings::{Label, Role, Severity};
use crate::project::{DefeatedPrefetch, ListedQuery, Prefetched, PropertyQuery, Repeat, RepeatKind};

/// Reports queries, made row by row, of relations that were prefetched
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    for repeat in cx.project.repeats(cx.id).iter().filter(|repeat| repeat.kind == RepeatKind::Read) {
        if let Some(finding) = in_loop(cx, repeat) {
            sink.report(finding);
        }
    }
    for property in cx.project.property_queries(cx.id) {
        if let Some(finding) = of_property(cx, property) {
            sink.report(finding);
        }
    }
    for query in cx.project.listed_queries(cx.id) {
        if let Some(finding) = listed(cx, query) {
            sink.report(finding);
        }
    }
}

fn in_loop(cx: &FileCx<'_>, repeat: &Repeat) -> Option<Finding> {
    let Prefetched::Defeated(defeats, confidence) = cx.project.prefetched(cx.id, repeat)? else { return None };
    let (source, facts) = (cx.source(), cx.facts());
    let site = cx.project.sites(repeat.site.0).get(repeat.site.1)?;
    let called = quote_call(source, facts, repeat);
    let head = head_of(source, facts.loop_(*repeat.loops.first()?));
    let message =
        format!("`{called}` runs a query in each run of `{head}`, though `{}` is prefetched", defeats.relation);
    let severity = match repeat.loops.len() {
        _ if repeat.few => Severity::Info,
        1 => Severity::Warning,
        _ => Severity::Error,
    };
    let primary = cx.label(repeat.span, Role::Primary, "asks the database again");
    let finding = told(primary, message, defeats, &cost(repeat.loops.len())).confidence(*confidence).severity(severity);
    let places = places(cx.project, cx.id, repeat, site);
    Some(asked_here(cx, places.into_iter().fold(finding, Finding::related), defeats))
}

fn of_property(cx: &FileCx<'_>, property: &PropertyQuery) -> Option<Finding> {
    let defeats = property.defeats.as_ref()?;
    let head = head_of(cx.source(), cx.facts().loop_(*property.loops.first()?));
    let (name, relation) = (&property.name, &defeats.relation);
    let message =
        format!("the property `{name}` runs a query in each run of `{head}`, though `{relation}` is prefetched");
    let (file, span) = property.query;
    let path = cx.project.file(file).source.path.clone();
    let query = Label { path, span, role: Role::Query, text: "the query".to_owned() };
    let primary = cx.label(property.span, Role::Primary, "leads to a query of what is prefetched");
    let finding = told(primary, message, defeats, &cost(property.loops.len())).confidence(property.confidence);
    let loops = loop_places(cx.project, cx.id, &property.loops);
    Some(asked_here(cx, loops.into_iter().fold(finding, Finding::related).related(query), defeats))
}

fn listed(cx: &FileCx<'_>, query: &ListedQuery) -> Option<Finding> {
    let defeats = query.defeats.as_ref()?;
    let called = &cx.source().text[query.span.range()];
    let (name, relation) = (&query.listing.name, &defeats.relation);
    let message =
        format!("`{called}` runs a query for each row that `{name}` lists, though `{relation}` is prefetched");
    let (file, span) = query.listing.place;
    let path = cx.project.file(file).source.path.clone();
    let list = Label { path, span, role: Role::Loop, text: "the rows are listed here".to_owned() };
    let primary = cx.label(query.span, Role::Primary, "asks the database again");
    let finding = told(primary, message, defeats, &cost(1)).confidence(query.confidence).related(list);
    Some(asked_here(cx, finding, defeats))
}

fn told(primary: Label, message: String, defeats: &DefeatedPrefetch, cost: &str) -> Finding {
    let DefeatedPrefetch { relation, step, .. } = defeats;
    let note = format!(
        "a prefetched relation is kept for `.{relation}.all()`, `.count()` and `.exists()`; `.{step}()` makes a new queryset, \
         so the rows are fetched twice; {ROUND_TRIPS}"
    );
    Finding::new(primary, format!("{message}: {cost}")).note(note).help(help(defeats))
}

fn asked_here(cx: &FileCx<'_>, finding: Finding, defeats: &DefeatedPrefetch) -> Finding {
    let Some((file, span)) = defeats.place else { return finding };
    let path = cx.project.file(file).source.path.clone();
    finding.related(Label { path, span, role: Role::Rows, text: format!("`{}` is prefetched here", defeats.relation) })
}

/// What gives the same from the rows that are there, and how to fetch only those.
fn help(defeats: &DefeatedPrefetch) -> String {
    let DefeatedPrefetch { relation, model, step, steps, .. } = defeats;
    let all = format!("{relation}.all()");
    let last = steps.last().map_or(&**step, |last| &**last);
    let in_python = match (&**step, last) {
        ("filter" | "exclude", "exists" | "aexists") => format!("`any(… for row in row.{all})`"),
        ("filter" | "exclude", "count" | "acount") => format!("`sum(1 for row in row.{all} if …)`"),
        ("filter" | "exclude" | "get" | "aget", "first" | "afirst" | "get" | "aget") => {
            format!("`next((row for row in row.{all} if …), None)`")
        }
        ("filter" | "exclude", _) => format!("`[row for row in row.{all} if …]`"),
        ("order_by" | "reverse" | "last" | "alast" | "earliest" | "aearliest" | "latest" | "alatest", _) => {
            format!("`sorted(row.{all}, key=…)`")
        }
        ("first" | "afirst", _) => format!("`min(row.{all}, key=lambda row: row.pk, default=None)`"),
        ("values" | "values_list", _) => format!("`[row.… for row in row.{all}]`"),
        ("aggregate" | "aaggregate", _) => format!("`sum(row.… for row in row.{all})`"),
        ("in_bulk" | "ain_bulk", _) => format!("`{{row.pk: row for row in row.{all}}}`"),
        ("iterator" | "aiterator" | "all" | "get_queryset", _) => {
            return format!("use `.{all}` once, without `.{step}()`: it gives the rows that were prefetched");
        }
        _ => {
            return format!(
                "move the step into the prefetch: `Prefetch(\"{relation}\", queryset={model}.objects.{step}(…))`, and read `.{all}`"
            );
        }
    };
    let help = format!("take it from the rows that are there: {in_python}");
    // Another step gives no queryset, or none of rows.
    if !matches!(&**step, "exclude" | "filter" | "order_by" | "reverse") {
        return help;
    }
    format!(
        "{help}; or prefetch just what is asked for: \
         `Prefetch(\"{relation}\", queryset={model}.objects.{step}(…), to_attr=\"…\")`"
    )
}
