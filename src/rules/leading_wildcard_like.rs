//! `leading-wildcard-like`: a search for texts of which only the middle or the end is known.

use std::collections::BTreeMap;

use super::sql_finding::{SqlCx, SqlFinding, SqlPlace, shown, written, written_table};
use super::{FileCx, ProjectCx, Sink, StatementCx, sql_statement};
use crate::findings::{Confidence, Severity};
use crate::project::FileId;
use crate::project::orm::{self, ParamKey};
use crate::project::schema::{Known, Test, conditions_of, served};
use crate::sql::ddl::{IndexKey, IndexKind};
use crate::sql::query::*;
use crate::sql::{Dialect, ParameterKey, SlotKind};

const NOTE: &str = "a b-tree is ordered by how texts begin: without the beginning every row is read and compared. On one million rows a \
                    trigram index read 122 times fewer pages on PostgreSQL 15 (630 times faster), a FULLTEXT index was 265 times \
                    faster on MariaDB 10.11";

/// Reports searches that no ordered index serves, in SQL and in the words of an ORM.
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    let bound = bound_wildcards(cx);
    for index in 0..cx.facts().statements.len() {
        let own = bound.get(&(cx.id, index)).map_or(&[][..], Vec::as_slice);
        search(cx.statement(index), own, sink);
    }
    // A text of another file, with values that are bound here.
    for (&(file, index), wildcards) in bound.iter().filter(|((file, _), _)| *file != cx.id) {
        search(ProjectCx { project: cx.project }.file(file).statement(index), wildcards, sink);
    }
    for draft in orm::wildcard_drafts(cx.project, cx.id) {
        sink.report(sql_statement::drafted(cx, draft));
    }
}

fn search(cx: StatementCx<'_>, wildcards: &[ParamKey], sink: &mut Sink<'_>) {
    let slots = (0u16..).zip(&cx.sql.statement.slots);
    let open: Vec<u16> = slots
        .filter(|(_, slot)| wildcards.iter().any(|key| is_slot(key, &slot.kind)))
        .map(|(index, _)| index)
        .collect();
    sql_statement::report(&cx, sink, |sql, out| check_statement(sql, &open, out));
}

/// The parameters that are known to begin with a wildcard, for each statement that this file runs.
fn bound_wildcards(cx: &FileCx<'_>) -> BTreeMap<(FileId, usize), Vec<ParamKey>> {
    let mut found: BTreeMap<(FileId, usize), Vec<ParamKey>> = BTreeMap::new();
    for params in &cx.project.orm(cx.id).params {
        let Some(site) = cx.project.sites(cx.id).get(params.site) else { continue };
        for &statement in site.sql.iter().filter(|_| !params.wildcards.is_empty()) {
            found.entry(statement).or_default().extend(params.wildcards.iter().map(|param| param.key.clone()));
        }
    }
    found
}

/// Whether a bound value stands in this slot.
fn is_slot(key: &ParamKey, slot: &SlotKind) -> bool {
    match (key, slot) {
        (ParamKey::Position(at), SlotKind::Parameter(ParameterKey::Position(own))) => *at == usize::from(*own),
        (ParamKey::Position(at), SlotKind::Parameter(ParameterKey::Number(own))) => *at + 1 == usize::from(*own),
        (ParamKey::Name(name), SlotKind::Parameter(ParameterKey::Name(own))) => name == own,
        (ParamKey::Hole(at), SlotKind::Hole(own)) => *at == usize::from(*own),
        _ => false,
    }
}

/// Finds searches with a pattern that begins with a wildcard. `wildcards` are the statement's slots whose values are
/// known to begin with one, by their index.
pub(crate) fn check_statement(cx: SqlCx<'_>, wildcards: &[u16], out: &mut Vec<SqlFinding>) {
    // Analytic databases read whole columns anyway.
    if !cx.dialect.has_row_indexes() {
        return;
    }
    let search = Search { cx, wildcards };
    for select in &cx.query.selects {
        let filters = select.filter.iter().chain(select.sources.iter().filter_map(|source| source.on.as_ref()));
        for &filter in filters {
            for part in cx.query.exprs.conjuncts(filter) {
                search.part(select, part, out);
            }
        }
    }
}

struct Search<'a> {
    cx: SqlCx<'a>,
    wildcards: &'a [u16],
}

/// One search that cannot use an order.
struct Hit<'a> {
    like: ExprId,
    column: &'a Column,
    table: Option<&'a TableName>,
}

impl<'a> Search<'a> {
    /// One part of a conjunction: all searches in it that are joined by `OR` are one finding.
    fn part(&self, select: &Select, part: ExprId, out: &mut Vec<SqlFinding>) {
        let mut hits = Vec::new();
        let mut open = vec![part];
        while let Some(id) = open.pop() {
            match self.cx.query.exprs.get(id) {
                Expr::Or(parts) | Expr::And(parts) => open.extend(parts.iter().rev()),
                _ => hits.extend(self.hit(id)),
            }
        }
        hits.retain(|hit| !self.is_served(hit));
        // One finding for each table that is searched.
        while !hits.is_empty() {
            let table = hits[0].table.map(TableName::text);
            let (same, rest): (Vec<_>, Vec<_>) =
                hits.into_iter().partition(|hit| hit.table.map(TableName::text) == table);
            hits = rest;
            out.extend(self.finding(select, &same));
        }
    }

    fn hit(&self, id: ExprId) -> Option<Hit<'a>> {
        let exprs = &self.cx.query.exprs;
        let Expr::Like(like) = exprs.get(id) else { return None };
        let is_search = matches!(like.kind, LikeKind::Like | LikeKind::ILike | LikeKind::Glob) && !like.negated;
        if !is_search || !self.begins_open(like.pattern, like.kind) {
            return None;
        }
        // The searched text holds one column, perhaps below `lower(…)`, a cast or `coalesce(…, '')`.
        let mut columns = exprs.within(like.expr).into_iter().filter_map(|part| exprs.column(part));
        let column = columns.next()?;
        let table = self.cx.table_of(column);
        if table.is_some_and(|table| self.cx.is_spared(table)) {
            return None;
        }
        let is_searched = self
            .cx
            .source_of(column)
            .and_then(|place| self.cx.source(place))
            .is_none_or(|source| !matches!(source.kind, SourceKind::Function(_)));
        is_searched.then_some(Hit { like: id, column, table })
    }

    /// Whether a pattern surely begins with a wildcard.
    fn begins_open(&self, pattern: ExprId, kind: LikeKind) -> bool {
        let exprs = &self.cx.query.exprs;
        match exprs.get(pattern) {
            Expr::Literal(Literal::Text { value, .. }) => match kind {
                LikeKind::Glob => value.starts_with(['*', '?']) && !value.trim_matches('*').is_empty(),
                // `%` alone matches everything and searches for nothing.
                _ => {
                    let has_text = !value.trim_matches(['%', '_']).is_empty();
                    value.starts_with(['%', '_']) && has_text || self.is_wild_hole(pattern)
                }
            },
            Expr::Slot(index) => self.wildcards.contains(index),
            Expr::Binary(sign, left, _) if matches!(&**sign, "||" | "+") => self.is_open_head(*left, kind),
            Expr::Call(call) => match (&*call.name, call.args.first()) {
                ("concat", Some(&first)) => self.is_open_head(first, kind),
                ("concat_ws", _) => false,
                ("lower" | "upper" | "trim" | "unaccent" | "f_unaccent" | "convert", Some(&first)) => {
                    self.begins_open(first, kind)
                }
                _ => false,
            },
            Expr::Cast { expr, .. } | Expr::Collate(expr, _) => self.begins_open(*expr, kind),
            _ => false,
        }
    }

    /// Whether the first of several joined texts begins with a wildcard; here `'%'` alone does.
    fn is_open_head(&self, head: ExprId, kind: LikeKind) -> bool {
        match self.cx.query.exprs.get(head) {
            Expr::Literal(Literal::Text { value, .. }) => {
                value.starts_with(['%', '_']) || (kind == LikeKind::Glob && value.starts_with('*'))
            }
            _ => self.begins_open(head, kind),
        }
    }

    /// `'%{query}%'`: the hole is what is searched for.
    fn is_wild_hole(&self, pattern: ExprId) -> bool {
        let span = self.cx.query.exprs.span(pattern);
        matches!(self.cx.query.exprs.get(pattern), Expr::Literal(Literal::Text { value, has_slots: true }) if value.starts_with('%'))
            && self.cx.slots().iter().any(|slot| span.contains(slot.span))
    }

    /// Whether an index for such searches is known: a trigram or full-text index that holds the column.
    fn is_served(&self, hit: &Hit<'_>) -> bool {
        let name = &hit.column.name.text;
        let table = hit.table.map(TableName::text);
        if self.cx.schema.may_search(table.as_deref().as_slice(), name) {
            return true;
        }
        let Some(table) = hit.table else { return false };
        self.cx.schema.definitions(table).iter().any(|definition| {
            definition.indexes.iter().any(|index| {
                let index = &index.definition;
                let searches = index.kind == IndexKind::FullText
                    || matches!(
                        &*index.method,
                        "gin" | "gist" | "pgroonga" | "bm25" | "inverted" | "fulltext" | "search"
                    );
                let holds = index.parts.iter().any(|part| match &part.key {
                    IndexKey::Column(column) => column.is(name),
                    IndexKey::Expression(formula) => formula
                        .exprs
                        .within(formula.root)
                        .into_iter()
                        .any(|part| formula.exprs.column(part).is_some_and(|column| column.name.is(name))),
                    IndexKey::Unknown => true,
                });
                // A GIN index without the trigram class does not serve `LIKE`, but it shows that somebody thought of it.
                searches && holds
            }) || (definition.columns.is_empty() && !definition.knows_columns)
        })
    }

    fn finding(&self, select: &Select, hits: &[Hit<'a>]) -> Option<SqlFinding> {
        let first = hits.first()?;
        let narrowing = self.narrowing(select, first);
        if narrowing == Narrowing::Index {
            return None;
        }
        let query = self.cx.query;
        let mut columns: Vec<&Ident> = Vec::new();
        for hit in hits {
            if !columns.iter().any(|known| known.is(&hit.column.name.text)) {
                columns.push(&hit.column.name);
            }
        }
        let names: Vec<String> = columns.iter().map(|column| shown(first.table, &column.text)).collect();
        let rows = if narrowing == Narrowing::Perhaps {
            "every row that the other conditions leave is read"
        } else {
            "every row is read"
        };
        let message = match names.as_slice() {
            [only] => format!("{only} is searched with a leading wildcard: no b-tree index serves it, {rows}"),
            several => format!(
                "{} columns ({}) are searched with a leading wildcard: no b-tree index serves them, {rows}",
                several.len(),
                several.join(", ")
            ),
        };
        let severity = if narrowing == Narrowing::Perhaps { Severity::Info } else { Severity::Warning };
        let related = hits[1..].iter().map(|hit| (SqlPlace::Text(query.exprs.span(hit.like)), "and here".to_owned()));
        Some(SqlFinding {
            span: query.exprs.span(first.like),
            severity,
            confidence: Confidence::High,
            message,
            note: NOTE.to_owned(),
            help: help(first.table, &columns, self.made(hits), self.cx.dialect),
            related: related.collect(),
            fix: None,
            index: None,
        })
    }

    /// What is searched, as it is written, if that is one expression and no column: `lower(title)`, `data::text`.
    fn made(&self, hits: &[Hit<'_>]) -> Option<Option<&str>> {
        let exprs = &self.cx.query.exprs;
        let searched = |hit: &Hit<'_>| match exprs.get(hit.like) {
            Expr::Like(like) => Some(like.expr),
            _ => None,
        };
        let mut made = hits.iter().filter_map(searched).filter(|&expr| exprs.column(expr).is_none()).peekable();
        let &first = made.peek()?;
        let text = self.cx.text.get(exprs.span(first).range());
        // What is named with another name than the table's own cannot stand in an index.
        let is_plain = exprs
            .within(first)
            .into_iter()
            .filter_map(|part| exprs.column(part))
            .all(|column| column.qualifier.is_none());
        Some(text.filter(|_| hits.len() == 1 && is_plain))
    }

    /// What else of the conjunction says which rows are read.
    fn narrowing(&self, select: &Select, hit: &Hit<'_>) -> Narrowing {
        let Some((owner, source)) = self.cx.source_of(hit.column) else { return Narrowing::None };
        if owner != select.id {
            return Narrowing::None;
        }
        let (query, schema) = (self.cx.query, self.cx.schema);
        let conditions = conditions_of(query, select, source, schema);
        let definitions = hit.table.map_or_else(Vec::new, |table| schema.definitions(table));
        let mut best = Narrowing::None;
        for condition in conditions.iter().filter(|condition| condition.is_constant) {
            let test = condition.test;
            if !matches!(test, Test::Equal | Test::Range) {
                continue;
            }
            let answers: Vec<Known> = definitions
                .iter()
                .map(|table| served(table, condition, &conditions, query, select, self.cx.dialect).known())
                .collect();
            if answers.contains(&Known::Yes) {
                return Narrowing::Index;
            }
            let may_be = answers.is_empty() || answers.contains(&Known::Unknown);
            let names_key =
                condition.column.as_ref().is_some_and(|name| same_name(name, "id") || same_name(name, "uuid"));
            if may_be && names_key && test == Test::Equal {
                return Narrowing::Index;
            }
            if may_be && test == Test::Equal {
                best = Narrowing::Perhaps;
            }
        }
        best
    }
}

/// What else limits the rows that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Narrowing {
    None,
    /// An equality on a column of which it is not known whether it has an index.
    Perhaps,
    /// A condition that an index is known to serve.
    Index,
}

/// What serves such a search in this database.
fn help(table: Option<&TableName>, columns: &[&Ident], made: Option<Option<&str>>, dialect: Dialect) -> String {
    let name = table.filter(|table| !table.is_dynamic()).map_or("t".to_owned(), |table| written_table(table, dialect));
    let written: Vec<String> = columns.iter().map(|column| written(column, dialect)).collect();
    let list = written.join(", ");
    let joined =
        || written.iter().map(|column| format!("coalesce({column}, '')")).collect::<Vec<_>>().join(" || ' ' || ");
    match (dialect, columns.len()) {
        (Dialect::PostgreSql, 1) if made.is_some() => format!(
            "add a trigram index on what is searched (it serves searches of three characters or more):\n\
             CREATE EXTENSION IF NOT EXISTS pg_trgm;\n\
             CREATE INDEX CONCURRENTLY ON {name} USING gin (({}) gin_trgm_ops);\n\
             or, where that is no immutable expression, on a text column that is kept for it",
            made.flatten().unwrap_or("…")
        ),
        (Dialect::PostgreSql, 1) => format!(
            "add a trigram index (it serves searches of three characters or more):\n\
             CREATE EXTENSION IF NOT EXISTS pg_trgm;\n\
             CREATE INDEX CONCURRENTLY ON {name} USING gin ({list} gin_trgm_ops);\n\
             or, if words are searched for, a full-text index on to_tsvector(…) and `@@`"
        ),
        (Dialect::PostgreSql, _) => format!(
            "search words instead, with one full-text index over all columns:\n\
             ALTER TABLE {name} ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector('english', {})) STORED;\n\
             CREATE INDEX CONCURRENTLY ON {name} USING gin (search);\n\
             WHERE search @@ websearch_to_tsquery('english', …)\n\
             or add a gin_trgm_ops index (extension pg_trgm) on each column",
            joined()
        ),
        (Dialect::MySql, _) => format!(
            "search words instead, with a full-text index:\n\
             ALTER TABLE {name} ADD FULLTEXT INDEX ({list});\n\
             WHERE MATCH ({list}) AGAINST (? IN BOOLEAN MODE)"
        ),
        (Dialect::Sqlite, _) => format!(
            "search words instead, in an FTS5 table:\n\
             CREATE VIRTUAL TABLE {name}_search USING fts5({list}, content='{name}');\n\
             WHERE rowid IN (SELECT rowid FROM {name}_search WHERE {name}_search MATCH ?)"
        ),
        (Dialect::MsSql, _) => format!(
            "search words instead, with a full-text index: CREATE FULLTEXT INDEX ON {name} ({list}) …; WHERE CONTAINS(({list}), …)"
        ),
        (Dialect::Oracle, _) => format!(
            "search words instead, with an Oracle Text index: CREATE INDEX … ON {name} ({}) INDEXTYPE IS CTXSYS.CONTEXT; \
             WHERE CONTAINS(…) > 0",
            written[0]
        ),
        _ => format!(
            "use an index that is made for searching in {list}: on PostgreSQL a GIN index with gin_trgm_ops (extension pg_trgm) or \
             full-text search (tsvector), on MySQL and MariaDB FULLTEXT and MATCH … AGAINST, on SQLite FTS5; if only the \
             beginning is searched for, LIKE 'text%' can use an ordered index"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sql_finding::testing::{advice, find};
    use super::check_statement;
    use crate::sql::Dialect;

    #[test]
    fn advice_is_for_the_database() {
        let help = |text: &str, dialect| advice(text, dialect, |cx, out| check_statement(cx, &[], out));
        let several = "SELECT * FROM a WHERE t LIKE '%x%' OR b LIKE '%x%'";
        insta::assert_snapshot!(help(several, Dialect::PostgreSql), @r"
        search words instead, with one full-text index over all columns:
        ALTER TABLE a ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce(t, '') || ' ' || coalesce(b, ''))) STORED;
        CREATE INDEX CONCURRENTLY ON a USING gin (search);
        WHERE search @@ websearch_to_tsquery('english', …)
        or add a gin_trgm_ops index (extension pg_trgm) on each column
        ");
        insta::assert_snapshot!(help(several, Dialect::MySql), @r"
        search words instead, with a full-text index:
        ALTER TABLE a ADD FULLTEXT INDEX (t, b);
        WHERE MATCH (t, b) AGAINST (? IN BOOLEAN MODE)
        ");
        insta::assert_snapshot!(help("SELECT * FROM a WHERE t LIKE '%x'", Dialect::Sqlite), @r"
        search words instead, in an FTS5 table:
        CREATE VIRTUAL TABLE a_search USING fts5(t, content='a');
        WHERE rowid IN (SELECT rowid FROM a_search WHERE a_search MATCH ?)
        ");
    }

    #[test]
    fn parameters_that_are_known_to_begin_open() {
        let text = "SELECT * FROM a WHERE t LIKE ? AND b LIKE ?";
        assert_eq!(find(text, Dialect::MySql, |cx, out| check_statement(cx, &[], out)).len(), 0);
        let found = find(text, Dialect::MySql, |cx, out| check_statement(cx, &[1], out));
        assert_eq!(found.len(), 1);
        assert_eq!(&text[found[0].span.range()], "b LIKE ?");
    }
}
