//! `json-filter-unindexed`: rows are found by what stands inside of a document, which no index holds.

use super::conditions::{columns_named, each_source};
use super::sql_finding::{SqlCx, SqlFinding, SqlPlace, create_index, shown, written, written_table};
use super::{FileCx, Sink, sql_statement};
use crate::findings::{Confidence, Severity};
use crate::project::orm::Matter;
use crate::project::schema::{Condition, Known, Table, Test, conditions_of, served};
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "every document is read and taken apart: with one million rows 613 times the work of an index on the expression on PostgreSQL 15, \
                    9,700 times on SQLite, 9,900 times on MariaDB 10.11";

/// Reports `data->>'key' = …` and its like where no index holds the expression.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report_all_of(cx, sink, Some(Matter::Document), |cx, out| each_source(&cx, out, check_source));
}

fn check_source(cx: &SqlCx<'_>, select: &Select, source: u16) -> Option<SqlFinding> {
    let own = &select.sources[usize::from(source)];
    let name =
        own.table().filter(|name| own.join != Join::Left && !cx.is_spared(name) && !cx.schema.stays_small(name))?;
    let dialect = cx.dialect;
    if !matches!(dialect, Dialect::PostgreSql | Dialect::MySql | Dialect::Sqlite)
        || cx.query.has_open_conditions(select, cx.slots())
    {
        return None;
    }
    let conditions = conditions_of(cx.query, select, source, cx.schema);
    // What a text names is one of a few kinds; what comes from outside may be any value.
    let is_open = |condition: &Condition| {
        cx.query.exprs.within(condition.expr).into_iter().any(|part| cx.query.slot(part, cx.slots()).is_some())
    };
    let is_path = |condition: &&Condition| condition.test == Test::Equal && condition.is_constant && is_open(condition);
    let (condition, column) = conditions
        .iter()
        .filter(is_path)
        .find_map(|condition| Some((condition, document(&cx.query.exprs, condition.side)?)))?;
    let tables = cx.schema.meant(name, &columns_named(cx, select.id, source));
    let answer =
        |table: &Table, condition: &Condition| served(table, condition, &conditions, cx.query, select, dialect).known();
    // Another condition may find the rows, as does what is joined; what is not understood may, too.
    let is_found = conditions.iter().any(|other| {
        other.expr != condition.expr
            && other.test != Test::Null
            && tables.iter().any(|table| answer(table, other) != Known::No)
    });
    let is_joined = select.sources.len() > 1 && conditions.iter().any(|other| !other.is_constant);
    let is_known = |table: &&Table| table.knows_indexes && answer(table, condition) == Known::No;
    if tables.is_empty() || is_found || is_joined || !tables.iter().all(is_known) {
        return None;
    }
    let text = cx.written(cx.query.exprs.span(condition.side));
    let bare = match &column.qualifier {
        Some(qualifier) => text.replace(&format!("{}.", cx.written(qualifier.span)), ""),
        None => text,
    };
    let has_gin = tables.iter().any(|table| {
        let mut own = table.indexes.iter().filter(|index| &*index.definition.method == "gin");
        own.any(|index| index.definition.parts.iter().any(|part| part.column().is_some_and(|own| column.name.is(own))))
    });
    let help = match dialect {
        Dialect::PostgreSql if has_gin => format!(
            "{} @> '{{…}}', which the GIN index serves, or {}",
            written(&column.name, dialect),
            create_index(cx.schema, name, &[format!("({bare})")], dialect)
        ),
        Dialect::PostgreSql => create_index(cx.schema, name, &[format!("({bare})")], dialect),
        Dialect::MySql => format!("a generated column AS ({bare}) with an index, named in the query"),
        _ => format!("CREATE INDEX … ON {} ({bare})", written_table(name, dialect)),
    };
    let message = format!(
        "rows are found by what stands in {}, and no index holds it: every document is read",
        shown(Some(name), &column.name.text)
    );
    let mut finding = SqlFinding::new(cx.query.exprs.span(condition.expr), Severity::Warning, message, NOTE, help);
    finding.confidence = if tables.len() == 1 { Confidence::High } else { Confidence::Medium };
    finding.related = tables[0]
        .column(&column.name.text)
        .map(|column| (SqlPlace::Schema(column.place), "the column".to_owned()))
        .into_iter()
        .collect();
    Some(finding)
}

/// The column whose document an expression looks into: `data->>'a'`, `data->'a'->>'b'`, `json_extract(data, '$.a')`.
fn document(exprs: &Exprs, id: ExprId) -> Option<&Column> {
    match exprs.get(exprs.bare(id)) {
        Expr::Binary(sign, left, right)
            if matches!(&**sign, "->>" | "#>>" | "->" | "#>") && exprs.is_constant(*right) =>
        {
            document(exprs, *left).or_else(|| exprs.column(*left))
        }
        Expr::Call(call)
            if matches!(&*call.name, "json_extract" | "json_value" | "json_unquote" | "jsonb_extract_path_text") =>
        {
            let first = *call.args.first()?;
            document(exprs, first).or_else(|| exprs.column(first))
        }
        Expr::Cast { expr, .. } => document(exprs, *expr),
        _ => None,
    }
}
