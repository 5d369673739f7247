//! `text-json`: documents kept as text, taken apart again for each row.

use super::conditions::{columns_named, each_source};
use super::sql_finding::{SqlCx, SqlFinding, SqlPlace, shown};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::Severity;
use crate::project::schema::{Known, Table};
use crate::source::Language;
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "text and json are parsed anew each time one of their members is asked for: a scan took 2.3 to 2.7 times as long as with jsonb on \
                    PostgreSQL 15, before any index, and only jsonb can have a GIN index";

/// Reports members of `json` and text columns that are asked for once per row.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    let project = cx.file.project;
    let is_sql = |table: &Table| project.file(table.place.file).source.language == Language::Sql;
    sql_statement::report(cx, sink, |cx, out| {
        if cx.dialect == Dialect::PostgreSql {
            each_source(&cx, out, |cx, select, source| check_source(cx, select, source, is_sql));
        }
    });
}

fn check_source(cx: &SqlCx<'_>, select: &Select, source: u16, is_sql: impl Fn(&Table) -> bool) -> Option<SqlFinding> {
    let own = &select.sources[usize::from(source)];
    let name = own.table().filter(|name| !cx.is_spared(name) && !cx.schema.stays_small(name))?;
    // Where an index finds the rows, or may, few of them are taken apart.
    if cx.may_be_narrowed(select, source) || cx.query.has_open_conditions(select, cx.slots()) {
        return None;
    }
    let exprs = &cx.query.exprs;
    let tables = cx.schema.meant(name, &columns_named(cx, select.id, source));
    let first = *tables.first()?;
    // What models call json is jsonb in most libraries.
    let kind = |column: &Column| {
        let mut kinds = tables.iter().map(|table| {
            let kind = table.column(&column.name.text)?.type_name.split('(').next()?.trim();
            (is_sql(table) || kind == "text").then_some(kind)
        });
        let kind = kinds.next()??;
        kinds.all(|other| other == Some(kind)).then_some(kind)
    };
    let is_own = |column: &&Column| cx.source_of(column) == Some((select.id, source));
    let parts = cx.query.conditions(select).into_iter().chain(select.order_by.iter().map(|order| order.expr));
    let parts = parts.chain(select.group_by.iter().copied());
    let (place, column) = parts.flat_map(|part| exprs.within(part)).find_map(|id| {
        let column = match exprs.get(id) {
            Expr::Binary(sign, left, _) if matches!(&**sign, "->" | "->>" | "#>" | "#>>") => {
                exprs.column(*left).filter(|column| kind(column) == Some("json"))
            }
            Expr::Cast { expr, to } if matches!(&**to, "json" | "jsonb") => exprs.column(*expr).filter(|column| {
                kind(column).is_some_and(|kind| matches!(kind, "character varying" | "json" | "text" | "varchar"))
            }),
            _ => None,
        };
        column.filter(is_own).map(|column| (id, column))
    })?;
    let held = first.column(&column.name.text)?;
    if tables.iter().any(|table| table.has_column(&column.name.text) != Known::Yes) {
        return None;
    }
    let shown = shown(Some(name), &column.name.text);
    let message = format!("{shown} is `{}`: it is parsed again for each row", held.type_name);
    let help = format!(
        "ALTER TABLE {} ALTER COLUMN {name} TYPE jsonb USING {name}::jsonb (it writes the table anew)",
        name.name().text,
        name = column.name.text
    );
    let mut finding = SqlFinding::new(exprs.span(place), Severity::Info, message, NOTE, help);
    finding.related = vec![(SqlPlace::Schema(held.place), "the column".to_owned())];
    Some(finding)
}
