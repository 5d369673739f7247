//! `select-star`: all columns of a table whose documents are large.

use super::sql_finding::{SqlCx, SqlFinding, SqlPlace};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::{Confidence, Severity};
use crate::project::schema::{Column, Known, Test, conditions_of};
use crate::sql::query::*;

const NOTE: &str = "what is large is stored apart, and fetched, sent and taken apart for each row: 20,000 wide rows took 3.5 times as long as those \
                    without, 7.5 times as one column of them, on PostgreSQL 15, 3.1 times on MariaDB; an index that holds all that is asked for \
                    (37 times as fast) cannot be used alone";

/// Reports `SELECT *` of many rows of a table with documents or files in it, where a program reads them.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    // In a `.sql` file it is mostly somebody's view, or looked at by hand.
    if cx.sql.text.is_some() {
        let facts = cx.file.facts();
        // What the program speaks of by name is used somewhere, perhaps here.
        let is_used =
            |column: &str| facts.names.find(column).is_some() || facts.texts.iter().any(|text| &*text.cooked == column);
        sql_statement::report(cx, sink, |cx, out| out.extend(check_statement(&cx, is_used)));
    }
}

fn check_statement(cx: &SqlCx<'_>, is_used: impl Fn(&str) -> bool) -> Option<SqlFinding> {
    let select = cx.query.root().filter(|select| select.role == Role::Root && select.arms.is_empty())?;
    if cx.schema.is_empty() || select.group_by.len() + usize::from(select.having.is_some()) > 0 {
        return None;
    }
    let is_few = |limit: ExprId| match cx.query.exprs.get(limit) {
        Expr::Literal(Literal::Number(number)) => number.parse::<u32>().is_ok_and(|rows| rows <= 10),
        _ => false,
    };
    if select.limit.is_some_and(is_few) {
        return None;
    }
    let (at, source, span) = select.items.iter().find_map(|item| {
        let Item::Star { qualifier, span } = item else { return None };
        let is_meant = |source: &&Source| {
            qualifier.as_ref().is_none_or(|name| source.name().is_some_and(|own| own.is(&name.text)))
        };
        let mut meant = (0u16..).zip(&select.sources).filter(|(_, source)| is_meant(source));
        let (at, source) = meant.next()?;
        // Of several tables it is not said which one is wanted.
        meant.next().is_none().then_some((at, source, *span))
    })?;
    let name = source.table().filter(|name| !cx.is_spared(name) && !cx.schema.stays_small(name))?;
    let tables = cx.schema.definitions(name);
    let table = *tables.first().filter(|_| tables.iter().all(|table| table.knows_columns))?;
    let large: Vec<&Column> = table.columns.iter().filter(|column| is_large(column)).collect();
    let others: Vec<&str> =
        table.columns.iter().filter(|column| !is_large(column)).map(|column| &*column.name).collect();
    let is_same = |column: &&Column| tables.iter().all(|table| table.column(&column.name).is_some_and(is_large));
    let first = large.iter().copied().find(is_same)?;
    // One row is fetched with all that it has.
    let conditions = conditions_of(cx.query, select, at, cx.schema);
    let equal = conditions.iter().filter(|condition| condition.test == Test::Equal && condition.is_constant);
    let fixed: Vec<&str> = equal.filter_map(|condition| condition.column.as_deref()).collect();
    if cx.schema.is_unique(name, &fixed) != Known::No || others.is_empty() {
        return None;
    }
    if large.iter().any(|column| is_used(&column.name)) {
        return None;
    }
    let names: Vec<String> = large.iter().map(|column| format!("`{}`", column.name)).collect();
    let message = format!("all columns of `{}` are fetched, {} with them", name.name().text, names.join(" and "));
    let help = format!("name those that are used, as in SELECT {}", others.join(", "));
    let mut finding = SqlFinding::new(span, Severity::Info, message, NOTE, help);
    // Whether they are used is not seen.
    finding.confidence = Confidence::Low;
    finding.related = vec![(SqlPlace::Schema(first.place), "what is in it may be large".to_owned())];
    Some(finding)
}

/// Whether a column is of a type that is made for documents and files.
fn is_large(column: &Column) -> bool {
    let kind = column.type_name.split('(').next().unwrap_or("").trim();
    matches!(
        kind,
        "blob" | "bytea" | "image" | "json" | "jsonb" | "longblob" | "longtext" | "mediumblob" | "mediumtext" | "xml"
    )
}
