//! `implicit-conversion`: a column is compared with a literal of another type, so that the column is converted.

use super::sql_finding::{SqlCx, SqlFinding, SqlFix, SqlPlace, shown};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::{Applicability, Severity};
use crate::project::schema::{Known, Test, conditions_of, served_alone};
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "the literal's type wins, so the column of each row is converted and its index cannot be used: of one million rows it was 6,577 times the \
                    work on PostgreSQL 15 (bigint with numeric), 500,000 times on MariaDB 10.11 (varchar with a number)";

/// Reports integers that are compared with decimal literals on PostgreSQL, and texts with numbers on MySQL.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    if !matches!(cx.dialect, Dialect::PostgreSql | Dialect::MySql) || cx.schema.is_empty() {
        return;
    }
    let exprs = &cx.query.exprs;
    for select in &cx.query.selects {
        for (source, own) in (0..).zip(&select.sources) {
            let Some(table) = own.table().filter(|table| !cx.is_spared(table)) else { continue };
            for condition in conditions_of(cx.query, select, source, cx.schema) {
                let Some(column) = condition.column.as_deref().filter(|_| condition.test == Test::Equal) else {
                    continue;
                };
                let Expr::Compare(_, left, right) = exprs.get(condition.expr) else { continue };
                let value = if *left == condition.side { *right } else { *left };
                let Expr::Literal(Literal::Number(number)) = exprs.get(value) else { continue };
                let definitions = cx.schema.definitions(table);
                let converts = |kind: &str| match cx.dialect {
                    Dialect::PostgreSql => {
                        number.contains(['.', 'e', 'E'])
                            && matches!(
                                kind,
                                "bigint"
                                    | "int"
                                    | "int2"
                                    | "int4"
                                    | "int8"
                                    | "integer"
                                    | "smallint"
                                    | "serial"
                                    | "bigserial"
                            )
                    }
                    _ => ["varchar", "char", "character", "text"]
                        .iter()
                        .any(|text| kind.split('(').next() == Some(*text)),
                };
                let is_converted = !definitions.is_empty()
                    && definitions.iter().all(|table| {
                        table.column(column).is_some_and(|column| converts(&column.type_name))
                            && served_alone(table, column, Test::Equal).known() == Known::Yes
                    });
                if !is_converted {
                    continue;
                }
                let definition = definitions[0].column(column);
                let kind = definition.map_or("", |column| &*column.type_name);
                let message = format!(
                    "{} is {kind} and compared with the number {number}: it is converted in every row, and its index is not used",
                    shown(Some(table), column)
                );
                let help = match cx.dialect {
                    Dialect::PostgreSql => "compare it with an integer".to_owned(),
                    _ => format!("compare it with a text: '{number}'"),
                };
                let whole = number.split_once('.').filter(|(_, rest)| rest.bytes().all(|digit| digit == b'0'));
                let fix = whole.filter(|(whole, _)| cx.dialect == Dialect::PostgreSql && !whole.is_empty());
                let fix = fix.map(|(whole, _)| SqlFix {
                    title: "compare with an integer".to_owned(),
                    applicability: Applicability::Unsafe,
                    edits: vec![(exprs.span(value), whole.to_owned())],
                });
                let mut finding =
                    SqlFinding::new(exprs.span(condition.expr), Severity::Warning, message, NOTE, help).fix(fix);
                finding
                    .related
                    .extend(definition.map(|column| (SqlPlace::Schema(column.place), "the column".to_owned())));
                out.push(finding);
            }
        }
    }
}
