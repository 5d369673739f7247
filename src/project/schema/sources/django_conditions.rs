//! Which rows a partial index of Django's holds: `condition=Q(deleted=False, code__isnull=False)`, as SQL.

use super::arguments::called;
use crate::facts::*;
use crate::sql::Dialect;
use crate::sql::ddl::{Formula, TableChange};

/// How deep conditions are followed.
const MAX_DEPTH: u8 = 8;

/// The condition as SQL has it; `None` if a part of it is not understood. `column`: the column of a field.
pub(super) fn predicate(facts: &FileFacts, value: ValueId, column: &dyn Fn(&str) -> String) -> Option<Formula> {
    let text = condition(facts, value, column, 0)?;
    let statement = format!("CREATE INDEX i ON t (c) WHERE {text}");
    match crate::sql::analyse(&statement, &[], Dialect::PostgreSql).changes.into_iter().next()? {
        TableChange::CreateIndex(index) => index.predicate,
        _ => None,
    }
}

fn condition(facts: &FileFacts, value: ValueId, column: &dyn Fn(&str) -> String, depth: u8) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    match *facts.value(value) {
        Value::Operation(Operation::BitAnd, left, right) => {
            let side = |side: ValueId| condition(facts, side, column, depth + 1);
            Some(format!("{} AND {}", side(left)?, side(right)?))
        }
        Value::Operation(Operation::Other | Operation::Not, inner, UNKNOWN) => {
            Some(format!("NOT ({})", condition(facts, inner, column, depth + 1)?))
        }
        Value::Call(call) if called(facts, facts.call(call)) == "Q" => {
            let terms =
                facts.call(call).args.iter().map(|arg| lookup(facts, &facts.names[arg.name?], arg.value, column));
            let terms: Vec<String> = terms.collect::<Option<_>>()?;
            (!terms.is_empty()).then(|| terms.join(" AND "))
        }
        _ => None,
    }
}

/// `count__gt=0`
fn lookup(facts: &FileFacts, key: &str, value: ValueId, column: &dyn Fn(&str) -> String) -> Option<String> {
    let (field, asked) = key.split_once("__").unwrap_or((key, "exact"));
    let side = format!("\"{}\"", column(field).replace('"', "\"\""));
    let is_null = |is: bool| format!("{side} IS {}NULL", if is { "" } else { "NOT " });
    let compared = |sign: &str| Some(format!("{side} {sign} {}", literal(facts, value)?));
    match (asked, facts.value(value)) {
        ("isnull", Value::Bool(is)) => Some(is_null(*is)),
        ("exact", Value::Null) => Some(is_null(true)),
        ("exact", Value::Bool(true)) => Some(side),
        ("exact", Value::Bool(false)) => Some(format!("NOT {side}")),
        ("exact", _) => compared("="),
        ("gt", _) => compared(">"),
        ("gte", _) => compared(">="),
        ("lt", _) => compared("<"),
        ("lte", _) => compared("<="),
        ("in", Value::Sequence(parts)) => {
            let parts: Vec<String> = parts.iter().map(|&part| literal(facts, part)).collect::<Option<_>>()?;
            (!parts.is_empty()).then(|| format!("{side} IN ({})", parts.join(", ")))
        }
        _ => None,
    }
}

fn literal(facts: &FileFacts, value: ValueId) -> Option<String> {
    match facts.value(value) {
        Value::Int(number) => Some(number.to_string()),
        _ => facts.literal(value).map(|text| format!("'{}'", text.replace('\'', "''"))),
    }
}
