//! `prefix-like-collation`: the beginnings of texts are looked for, and the index holds them in another order.

use super::conditions::columns_named;
use super::sql_finding::{SqlCx, SqlFinding, SqlPlace, create_index, shown, written};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::{Confidence, Severity};
use crate::project::schema::{Condition, Index, Known, Table, Test, conditions_of, served};
use crate::sql::Dialect;
use crate::sql::query::*;

const POSTGRESQL: &str = "in the order of a language texts with the same beginning do not stand together, so PostgreSQL reads the whole table unless \
                          the index has text_pattern_ops, or the database the collation C: 266 times the work; the images of Docker have en_US";

const SQLITE: &str = "SQLite's LIKE makes no difference between upper and lower case, and an index that does cannot be used: 7,500 times the steps";

/// Reports `LIKE 'x%'` on a column whose index does not serve it.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    if !matches!(cx.dialect, Dialect::PostgreSql | Dialect::Sqlite) || cx.schema.is_empty() {
        return;
    }
    for select in &cx.query.selects {
        for (at, source) in (0..).zip(&select.sources) {
            let Some(name) = source.table().filter(|_| source.join != Join::Left) else { continue };
            if cx.is_spared(name) || cx.schema.stays_small(name) || cx.query.has_open_conditions(select, cx.slots()) {
                continue;
            }
            let conditions = conditions_of(cx.query, select, at, cx.schema);
            let prefix = conditions.iter().find(|condition| condition.test == Test::Prefix);
            out.extend(prefix.and_then(|prefix| finding(&cx, select, at, name, prefix, &conditions)));
        }
    }
}

fn finding(
    cx: &SqlCx<'_>,
    select: &Select,
    at: u16,
    name: &TableName,
    prefix: &Condition,
    conditions: &[Condition],
) -> Option<SqlFinding> {
    let column = prefix.column.as_deref()?;
    let tables = cx.schema.meant(name, &columns_named(cx, select.id, at));
    let answer = |table: &&Table, condition: &Condition| {
        served(table, condition, conditions, cx.query, select, cx.dialect).known()
    };
    // Another condition may find the rows.
    let is_found = conditions.iter().any(|condition| {
        condition.expr != prefix.expr && tables.iter().any(|table| answer(table, condition) != Known::No)
    });
    let indexes: Vec<&Index> = tables.iter().filter_map(|table| plain_index(table, column, cx.dialect)).collect();
    let knows_all = tables.iter().all(|table| table.knows_indexes && answer(table, prefix) != Known::Yes);
    if tables.is_empty() || is_found || !knows_all || indexes.len() != tables.len() {
        return None;
    }
    let own = cx.query.exprs.column(cx.query.exprs.bare(prefix.side))?;
    let text = written(&own.name, cx.dialect);
    let is_sqlite = cx.dialect == Dialect::Sqlite;
    let class = if is_sqlite { "COLLATE NOCASE" } else { "text_pattern_ops" };
    let message = match is_sqlite {
        true => format!(
            "the index on {} tells upper from lower case, and LIKE does not: every row is read",
            shown(Some(name), column)
        ),
        false => format!(
            "the index on {} holds texts in the order of a language, where LIKE cannot look up a beginning: every row is read",
            shown(Some(name), column)
        ),
    };
    let help = create_index(cx.schema, name, &[format!("{text} {class}")], cx.dialect);
    let note = if is_sqlite { SQLITE } else { POSTGRESQL };
    let mut finding = SqlFinding::new(cx.query.exprs.span(prefix.expr), Severity::Warning, message, note, help);
    // The collation of a PostgreSQL database is told when it is made.
    finding.confidence = if is_sqlite { Confidence::High } else { Confidence::Medium };
    finding.related = vec![(SqlPlace::Schema(indexes[0].place), "this index is of no use".to_owned())];
    Some(finding)
}

/// The index that begins with a text column and has neither a collation nor an operator class of its own; none where
/// another one may look up beginnings.
fn plain_index<'t>(table: &'t Table, column: &str, dialect: Dialect) -> Option<&'t Index> {
    let definition = table.column(column)?;
    let is_text = ["text", "varchar", "char", "nvarchar"].iter().any(|kind| definition.type_name.starts_with(kind));
    let mut own = table.indexes.iter().filter(|index| {
        index.definition.parts.iter().any(|part| part.column().is_none_or(|name| same_name(name, column)))
    });
    let is_plain = |index: &&Index| {
        let first = index.definition.parts.first();
        matches!(&*index.definition.method, "" | "btree")
            && index.definition.predicate.is_none()
            && !index.perhaps
            && first.is_some_and(|part| {
                part.column().is_some_and(|name| same_name(name, column))
                    && part.operator_class.is_none()
                    && part.collation.is_none()
            })
    };
    let is_other = |index: &Index| {
        let first = index.definition.parts.first();
        !matches!(&*index.definition.method, "" | "btree")
            || index
                .definition
                .parts
                .iter()
                .any(|part| part.operator_class.is_some() || part.collation.is_some() || part.column().is_none())
            || first.is_none()
    };
    let knows_collation = definition.collation.is_none() || dialect == Dialect::Sqlite;
    if !is_text || !knows_collation || own.clone().any(is_other) {
        return None;
    }
    own.find(is_plain)
}
