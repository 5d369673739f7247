//! `cartesian-eager-load`: several lists are joined in one query, so each row of one comes with each row of the others

use super::{FileCx, Finding, Sink};
use crate::findings::{Label, Role, Severity};
use crate::project::orm::{Multiplied, Orm, OrmProduct};

const NOTE: &str = "the rows of one row's lists are multiplied: 20 rows in each of two lists are 400 rows to read, send and put together, \
                    in place of 40, for each row of the query";

/// Reports several lists that are joined in one query
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    for product in &cx.project.orm(cx.id).products {
        sink.report(finding(cx, product));
    }
}

fn finding(cx: &FileCx<'_>, product: &OrmProduct) -> Finding {
    let all = listed(&product.relations);
    let message = match product.declared {
        Some(model) => {
            let facts = &cx.project.file(model.file).facts;
            let name = &facts.names[facts.class(model.class).name];
            let asked = if product.orm == Orm::TypeOrm { "find" } else { "query" };
            format!("every {asked} of `{name}` joins {all}: each row of one comes with each row of the others")
        }
        None => format!("{all} are joined in one query: each row of one comes with each row of the others"),
    };
    // The first list alone would be fine.
    let here = |of: &&Multiplied| of.place.is_some_and(|(file, span)| file == cx.id && !span.is_empty());
    let last = product.relations.iter().skip(1).find(here).and_then(|of| of.place);
    let span = last.map_or(product.span, |(_, span)| span);
    let mut finding = Finding::new(cx.label(span, Role::Primary, "multiplies the rows"), message)
        .severity(if product.is_single { Severity::Info } else { Severity::Warning })
        .note(NOTE)
        .help(help(product));
    for of in &product.relations {
        let Some((file, place)) = of.place.filter(|&(file, place)| (file, place) != (cx.id, span)) else { continue };
        let path = cx.project.file(file).source.path.clone();
        let text = format!("`{}` is joined, too", of.path);
        finding = finding.related(Label { path, span: place, role: Role::Related, text });
    }
    finding
}

/// `a`, `b` and `c`
fn listed(relations: &[Multiplied]) -> String {
    let names: Vec<String> = relations.iter().map(|of| format!("`{}`", of.path)).collect();
    match names.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.join(""),
    }
}

fn help(product: &OrmProduct) -> &'static str {
    match (product.orm, product.declared) {
        (Orm::SqlAlchemy, Some(_)) => "declare all but one of them with `lazy=\"selectin\"`",
        (Orm::SqlAlchemy, None) => "load all but one of them with `selectinload`: a query for each list",
        (Orm::Sequelize, _) => {
            "include all but one of them with `separate: true` (`hasMany` only), or fetch them with a query each"
        }
        (Orm::TypeOrm, Some(_)) => {
            "leave `eager: true` to one of them, or say `relationLoadStrategy: \"query\"` in the options of the data source"
        }
        (Orm::TypeOrm, None) => {
            "say `relationLoadStrategy: \"query\"` in the options of the find, or fetch the lists with a query each"
        }
        (Orm::Objection, _) => "use `withGraphFetched`: a query for each relation",
        (Orm::MikroOrm, _) => "say `strategy: \"select-in\"`: a query for each relation",
        _ => "fetch the lists with a query each",
    }
}
