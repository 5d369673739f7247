//! Which index another one makes superfluous.

use super::Index;
use crate::sql::Dialect;
use crate::sql::ddl::{IndexDef, IndexKey, IndexKind, IndexPart};
use crate::sql::query::same_name;

/// How an index does what another one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Overlap {
    /// The other one is the same.
    Same,
    /// The other one begins with all that it holds.
    Prefix,
}

/// Whether `other` serves whatever `index` serves, so that `index` only costs. What makes rows unique is never
/// superfluous, but for another one that makes the same rows unique.
pub fn overlap(index: &Index, other: &Index, dialect: Dialect) -> Option<Overlap> {
    if [index, other].iter().any(|index| index.perhaps || index.retold) {
        return None;
    }
    let (own, other) = (&index.definition, &other.definition);
    let is_served = match own.kind {
        IndexKind::Plain => matches!(other.kind, IndexKind::Plain | IndexKind::Unique | IndexKind::Primary),
        // PostgreSQL and SQLite make one index of two constraints over the same columns, MySQL makes both.
        IndexKind::Unique => {
            matches!(other.kind, IndexKind::Unique | IndexKind::Primary)
                && (dialect == Dialect::MySql || !own.is_constraint)
        }
        _ => false,
    };
    if !is_served || own.parts.is_empty() || method(own) != method(other) || !same_rows(own, other) {
        return None;
    }
    let is_covering = own.include.iter().any(|column| !other.include.iter().any(|other| column.is(&other.text)));
    let holds_all = own.parts.len() <= other.parts.len()
        && own.parts.iter().zip(&other.parts).all(|(own, other)| same_part(own, other))
        && has_same_order(own, other);
    if is_covering || !holds_all {
        return None;
    }
    if own.parts.len() == other.parts.len() {
        return Some(Overlap::Same);
    }
    // Only ordered indexes serve the columns they begin with, and only what makes no rows unique has no other use.
    let is_ordered = method(own) == "btree";
    (is_ordered && own.kind == IndexKind::Plain).then_some(Overlap::Prefix)
}

/// The method of an index, where none is said too.
fn method(index: &IndexDef) -> &str {
    if index.method.is_empty() { "btree" } else { &index.method }
}

/// Whether both hold the same rows.
fn same_rows(own: &IndexDef, other: &IndexDef) -> bool {
    match (&own.predicate, &other.predicate) {
        (None, None) => true,
        (Some(own), Some(other)) => own.canonical() == other.canonical(),
        _ => false,
    }
}

/// Whether two parts hold the same, apart from their direction.
fn same_part(own: &IndexPart, other: &IndexPart) -> bool {
    let same_key = match (&own.key, &other.key) {
        (IndexKey::Column(own), IndexKey::Column(other)) => !own.dynamic && !other.dynamic && own.is(&other.text),
        (IndexKey::Expression(own), IndexKey::Expression(other)) => own.canonical() == other.canonical(),
        _ => false,
    };
    let same = |own: &Option<Box<str>>, other: &Option<Box<str>>| match (own, other) {
        (Some(own), Some(other)) => same_name(own, other),
        (own, other) => own.is_none() && other.is_none(),
    };
    same_key
        && same(&own.operator_class, &other.operator_class)
        && same(&own.collation, &other.collation)
        && own.prefix == other.prefix
}

/// Whether both are in one order, or in exactly the reverse: an index is read in both directions.
fn has_same_order(own: &IndexDef, other: &IndexDef) -> bool {
    let pairs = || own.parts.iter().zip(&other.parts);
    let nulls = |part: &IndexPart| part.nulls_first.is_none_or(|first| first == part.descending);
    pairs().all(|(own, other)| own.nulls_first == other.nulls_first || (nulls(own) && nulls(other)))
        && (pairs().all(|(own, other)| own.descending == other.descending)
            || pairs().all(|(own, other)| own.descending != other.descending && nulls(own) && nulls(other)))
}

#[cfg(test)]
mod tests {
    use super::super::Place;
    use super::*;
    use crate::project::FileId;
    use crate::source::Span;
    use crate::sql::ddl::TableChange;

    /// The index that a statement makes.
    fn index(text: &str) -> Index {
        let statement = crate::sql::analyse(text, &[], Dialect::PostgreSql);
        let Some(TableChange::CreateIndex(definition)) = statement.changes.first() else { panic!("{text}") };
        let place = Place { file: FileId(0), span: Span::new(0, 1) };
        Index { definition: definition.clone(), place, perhaps: false, retold: false }
    }

    #[test]
    fn what_another_index_does_too() {
        let compare = |own: &str, other: &str| {
            overlap(&index(&format!("CREATE {own}")), &index(&format!("CREATE {other}")), Dialect::PostgreSql)
        };
        let same = Some(Overlap::Same);
        let prefix = Some(Overlap::Prefix);
        for (own, other, expected) in [
            ("INDEX ON t (a)", "INDEX ON t (a)", same),
            ("INDEX ON t (a)", "INDEX ON t (a, b)", prefix),
            ("INDEX ON t (a)", "UNIQUE INDEX ON t (a, b)", prefix),
            ("INDEX ON t (a)", "UNIQUE INDEX ON t (a)", same),
            ("INDEX ON t (a, b)", "INDEX ON t (a)", None),
            ("INDEX ON t (b)", "INDEX ON t (a, b)", None),
            ("UNIQUE INDEX ON t (a)", "INDEX ON t (a)", None),
            ("UNIQUE INDEX ON t (a)", "INDEX ON t (a, b)", None),
            ("UNIQUE INDEX ON t (a)", "UNIQUE INDEX ON t (a, b)", None),
            ("UNIQUE INDEX ON t (a)", "UNIQUE INDEX ON t (a)", same),
            ("INDEX ON t (a DESC)", "INDEX ON t (a)", same),
            ("INDEX ON t (a DESC)", "INDEX ON t (a, b)", prefix),
            ("INDEX ON t (a DESC NULLS LAST)", "INDEX ON t (a, b)", None),
            ("INDEX ON t (a DESC NULLS FIRST)", "INDEX ON t (a NULLS LAST, b)", prefix),
            ("INDEX ON t (a, b DESC)", "INDEX ON t (a, b)", None),
            ("INDEX ON t (a DESC, b DESC)", "INDEX ON t (a, b)", same),
            ("INDEX ON t (a text_pattern_ops)", "INDEX ON t (a)", None),
            ("INDEX ON t (a COLLATE \"C\")", "INDEX ON t (a)", None),
            ("INDEX ON t (lower(a))", "INDEX ON t (a)", None),
            ("INDEX ON t (lower(a))", "INDEX ON t (LOWER(a), b)", prefix),
            ("INDEX ON t USING hash (a)", "INDEX ON t (a)", None),
            ("INDEX ON t USING gin (a)", "INDEX ON t USING gin (a, b)", None),
            ("INDEX ON t USING gin (a)", "INDEX ON t USING gin (a)", same),
            ("INDEX ON t USING btree (a)", "INDEX ON t (a)", same),
            ("INDEX ON t (a) WHERE b", "INDEX ON t (a)", None),
            ("INDEX ON t (a)", "INDEX ON t (a) WHERE b", None),
            ("INDEX ON t (a) WHERE b = 1", "INDEX ON t (a, c) WHERE b = 1", prefix),
            ("INDEX ON t (a) INCLUDE (b)", "INDEX ON t (a)", None),
            ("INDEX ON t (a)", "INDEX ON t (a) INCLUDE (b)", same),
        ] {
            assert_eq!(compare(own, other), expected, "{own} beside {other}");
        }
        let mut told_again = index("CREATE INDEX ON t (a)");
        told_again.retold = true;
        assert_eq!(overlap(&told_again, &index("CREATE INDEX ON t (a)"), Dialect::PostgreSql), None);
    }
}
