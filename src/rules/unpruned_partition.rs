//! `unpruned-partition`: rows of a partitioned table are looked for in all of its partitions.

use super::conditions::{columns_named, each_source};
use super::sql_finding::{SqlCx, SqlFinding, SqlPlace};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::{Confidence, Severity};
use crate::project::schema::{Table, Test, conditions_of};
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "every partition is planned and looked through: with 48 of them 26 times the work of a query that needs four, 7 times that of a \
                    table without partitions, and 18 to 35 times the planning (PostgreSQL 15)";

/// So many partitions are looked through as fast as one.
const FEW: usize = 4;

/// Reports queries that say nothing, or nothing that can be used, of what their table is divided by.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, |cx, out| {
        if cx.dialect == Dialect::PostgreSql {
            each_source(&cx, out, check_source);
        }
    });
}

/// What a query says of the columns that its table is divided by.
enum Said {
    /// Nothing.
    Nothing,
    /// Something about what is computed of one of them: where.
    Computed(ExprId),
    /// Something that may leave partitions out.
    Something,
}

fn check_source(cx: &SqlCx<'_>, select: &Select, source: u16) -> Option<SqlFinding> {
    let own = &select.sources[usize::from(source)];
    let name = own.table().filter(|name| !cx.is_spared(name) && !cx.schema.stays_small(name))?;
    let tables = cx.schema.meant(name, &columns_named(cx, select.id, source));
    let first = *tables.first()?;
    let is_divided = |table: &&Table| {
        table.dialect == Dialect::PostgreSql && !table.partition_key.is_empty() && table.made_like.is_none()
    };
    if !tables.iter().all(is_divided)
        || tables.iter().any(|table| table.partition_key != first.partition_key)
        || cx.query.has_open_conditions(select, cx.slots())
        || (1..=FEW).contains(&partitions(cx, first))
    {
        return None;
    }
    // Who asks for all rows needs all partitions.
    let conditions = conditions_of(cx.query, select, source, cx.schema);
    let narrow = conditions.iter().find(|condition| condition.is_constant && condition.test != Test::Null)?;
    let keys: Vec<String> = first.partition_key.iter().map(|column| format!("`{column}`")).collect();
    let (place, message) = match said(cx, select, source, &first.partition_key) {
        Said::Something => return None,
        Said::Nothing => (
            narrow.expr,
            format!("no partition of `{}` is left out: nothing is said of {}", name.name().text, keys.join(", ")),
        ),
        Said::Computed(place) => (
            place,
            format!(
                "no partition of `{}` is left out: what is computed of {} is compared, not the column",
                name.name().text,
                keys.join(", ")
            ),
        ),
    };
    let help = format!("say of {} itself what is known of it: = or a range, as wide as it may be", keys.join(", "));
    let mut finding = SqlFinding::new(cx.query.exprs.span(place), Severity::Warning, message, NOTE, help);
    finding.confidence = Confidence::Medium;
    let defined = tables.iter().map(|table| (SqlPlace::Schema(table.place), "it is divided here".to_owned()));
    finding.related = defined.collect();
    Some(finding)
}

/// How many partitions of a table the project makes.
fn partitions(cx: &SqlCx<'_>, table: &Table) -> usize {
    let is_part = |other: &&Table| other.made_like.as_ref().is_some_and(|parent| same_name(parent, &table.name));
    cx.schema.tables().iter().filter(is_part).count()
}

/// What the conditions on a source say of columns.
fn said(cx: &SqlCx<'_>, select: &Select, source: u16, keys: &[Box<str>]) -> Said {
    let exprs = &cx.query.exprs;
    let is_key = |id: ExprId| {
        exprs.column(id).is_some_and(|column| {
            let is_own = cx.source_of(column).is_none_or(|owner| owner == (select.id, source));
            is_own && keys.iter().any(|key| column.name.is(key))
        })
    };
    let names_key = |id: ExprId| exprs.within(id).into_iter().any(is_key);
    let mut said = Said::Nothing;
    let own = select.sources[usize::from(source)].on.into_iter().flat_map(|on| exprs.conjuncts(on));
    if select.sources.iter().any(|source| source.using.iter().any(|name| keys.iter().any(|key| name.is(key)))) {
        return Said::Something;
    }
    for part in cx.query.conditions(select).into_iter().chain(own).filter(|&part| names_key(part)) {
        let side = match exprs.get(part) {
            Expr::Compare(_, left, right) => match (names_key(*left), names_key(*right)) {
                (true, false) => *left,
                (false, true) => *right,
                _ => return Said::Something,
            },
            Expr::Between { expr, .. } | Expr::InList { expr, .. } => *expr,
            _ => return Said::Something,
        };
        // A column, or one whose conversion changes nothing.
        if is_key(exprs.bare(side)) || !matches!(exprs.get(side), Expr::Call(_) | Expr::Cast { .. } | Expr::Binary(..))
        {
            return Said::Something;
        }
        said = Said::Computed(part);
    }
    said
}
