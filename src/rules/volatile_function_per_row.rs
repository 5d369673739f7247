//! `volatile-function-per-row`: an indexed column is compared with a value that may be another one for each row.

use super::sql_finding::{SqlCx, SqlFinding, SqlPlace, shown};
use super::{Sink, StatementCx, sql_statement};
use crate::findings::Severity;
use crate::project::schema::{Condition, Known, Test, conditions_of, served_alone};
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "PostgreSQL calls a volatile function again for each row, so no index can be asked for its value: every row is read, \
                    6,578 times the work of a look-up in one million rows";

/// Functions of PostgreSQL that give another value each time, sorted.
const VOLATILE: [&str; 9] = [
    "clock_timestamp",
    "gen_random_uuid",
    "nextval",
    "random",
    "timeofday",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
];

/// Reports `id = floor(random() * 100)`, `created_at > clock_timestamp() - …` on indexed columns.
pub(super) fn check(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report(cx, sink, check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    if cx.dialect != Dialect::PostgreSql || cx.schema.is_empty() {
        return;
    }
    for select in &cx.query.selects {
        for (at, source) in (0..).zip(&select.sources) {
            let Some(table) = source.table().filter(|table| !cx.is_spared(table)) else { continue };
            if cx.schema.stays_small(table) {
                continue;
            }
            for condition in conditions_of(cx.query, select, at, cx.schema) {
                out.extend(finding(&cx, select, at, table, &condition));
            }
        }
    }
}

fn finding(cx: &SqlCx<'_>, select: &Select, at: u16, table: &TableName, condition: &Condition) -> Option<SqlFinding> {
    let exprs = &cx.query.exprs;
    let name = condition.column.as_deref().filter(|_| matches!(condition.test, Test::Equal | Test::Range))?;
    let Expr::Compare(comparison, left, right) = exprs.get(condition.expr) else { return None };
    let (value, comparison) =
        if *left == condition.side { (*right, *comparison) } else { (*left, comparison.flipped()) };
    let function = exprs.within(value).into_iter().find_map(|part| match exprs.get(part) {
        Expr::Call(call) => VOLATILE.binary_search(&&*call.name).ok().map(|at| VOLATILE[at]),
        _ => None,
    })?;
    // What is over is most of what there is: an index would not be asked.
    let is_most = matches!(comparison, Comparison::Less | Comparison::LessOrEqual);
    let definitions = cx.schema.definitions(table);
    let is_served = !definitions.is_empty()
        && definitions.iter().all(|table| served_alone(table, name, condition.test).known() == Known::Yes);
    let is_else_narrowed = conditions_of(cx.query, select, at, cx.schema)
        .iter()
        .any(|other| other.expr != condition.expr && other.test == Test::Equal && other.column.is_some());
    if is_most || !is_served || is_else_narrowed || cx.query.has_open_conditions(select, cx.slots()) {
        return None;
    }
    let message =
        format!("`{function}()` is called for each row, so the index on {} is not used", shown(Some(table), name));
    let help = match function {
        "clock_timestamp" => {
            "now(), which is one moment for the whole transaction, or compute the value first: (SELECT clock_timestamp())"
        }
        _ => "compute the value once: (SELECT …) around it",
    };
    let mut finding = SqlFinding::new(exprs.span(condition.expr), Severity::Warning, message, NOTE, help);
    let index = definitions[0].indexes.iter().find(|index| {
        index.definition.parts.first().and_then(|part| part.column()).is_some_and(|first| same_name(first, name))
    });
    finding.related.extend(index.map(|index| (SqlPlace::Schema(index.place), "this index is of no use".to_owned())));
    Some(finding)
}
