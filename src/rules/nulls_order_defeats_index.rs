//! `nulls-order-defeats-index`: an order of nulls that no index has, for a column without nulls.

use super::sql_finding::{SqlCx, SqlFinding, SqlFix, SqlPlace, shown};
use super::{FileCx, Sink, sql_statement};
use crate::findings::{Applicability, Severity};
use crate::project::orm::Matter;
use crate::project::schema::{Table, TableKind};
use crate::source::Span;
use crate::sql::Dialect;
use crate::sql::query::*;

const NOTE: &str = "an index gives its rows with nulls first when it is read backwards; asked for them last, PostgreSQL sorts all rows, also where the \
                    column cannot be null: 5,262 times the work for the newest ten of one million rows";

/// Reports `DESC NULLS LAST` and `ASC NULLS FIRST` on columns that cannot be null and have an index.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    sql_statement::report_all_of(cx, sink, Some(Matter::Nulls), check_statement);
}

fn check_statement(cx: SqlCx<'_>, out: &mut Vec<SqlFinding>) {
    if cx.dialect != Dialect::PostgreSql {
        return;
    }
    for select in cx.query.selects.iter().filter(|select| select.limit.is_some() && select.arms.is_empty()) {
        let Some(order) = select.order_by.first().filter(|order| order.nulls_first == Some(!order.descending)) else {
            continue;
        };
        let Some(column) = cx.query.exprs.column(order.expr) else { continue };
        let Some((owner, source)) = cx.source_of(column).filter(|(owner, _)| *owner == select.id) else { continue };
        let Some(table) = cx.source((owner, source)).and_then(Source::table) else { continue };
        let definitions = cx.schema.definitions(table);
        if definitions.is_empty()
            || select.sources.len() > 1
            || cx.schema.stays_small(table)
            || cx.is_spared(table)
            || !definitions.iter().all(|table| is_ordered(table, &column.name.text, order))
        {
            continue;
        }
        let words = if order.descending { "NULLS LAST" } else { "NULLS FIRST" };
        let name = shown(Some(table), &column.name.text);
        let message = format!("{words} keeps the index on {name} from giving the order, and {name} is never null");
        let mut finding = SqlFinding::new(
            cx.query.exprs.span(order.expr),
            Severity::Warning,
            message,
            NOTE,
            format!("leave {words} out"),
        )
        .fix(without(&cx, order, words));
        finding.related.extend(
            definitions[0]
                .column(&column.name.text)
                .map(|column| (SqlPlace::Schema(column.place), "the column".to_owned())),
        );
        out.push(finding);
    }
}

/// The edit that takes the words out, which stand behind what is ordered by and its direction. It holds as far as the
/// database has the columns of the repository.
fn without(cx: &SqlCx<'_>, order: &Order, words: &str) -> Option<SqlFix> {
    let from = cx.query.exprs.span(order.expr).end as usize;
    let rest = cx.text.get(from..)?;
    let after = rest.trim_start();
    let direction = ["DESC", "ASC"].iter().find(|word| begins_with(after, word)).map_or(0, |word| word.len());
    let blanks = rest.len() - after.len();
    let tail = after.get(direction..)?;
    let start = if direction == 0 { from } else { from + blanks + direction };
    let mut end = from + blanks + direction;
    let mut left = tail;
    for word in words.split(' ') {
        let next = left.trim_start();
        end += left.len() - next.len() + word.len();
        left = begins_with(next, word).then(|| &next[word.len()..])?;
    }
    Some(SqlFix {
        title: format!("leave {words} out"),
        applicability: Applicability::Unsafe,
        edits: vec![(Span::new(start, end), String::new())],
    })
}

fn begins_with(text: &str, word: &str) -> bool {
    let is_word = text.get(..word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word));
    is_word && !text[word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Whether an index of a table would give an order if it were not for the nulls, of which there are none.
fn is_ordered(table: &Table, name: &str, order: &Order) -> bool {
    let mut begins = table.indexes.iter().filter(|index| {
        let first = index.definition.parts.first();
        matches!(&*index.definition.method, "" | "btree")
            && index.definition.predicate.is_none()
            && first.and_then(|part| part.column()).is_some_and(|own| same_name(own, name))
    });
    let fits = |index: &crate::project::schema::Index| {
        index
            .definition
            .parts
            .first()
            .is_some_and(|part| part.nulls_first.is_some_and(|first| Some(first) == order.nulls_first))
    };
    table.kind == TableKind::Table
        && table.column(name).is_some_and(|column| column.not_null)
        && begins.clone().next().is_some()
        && !begins.any(fits)
}
