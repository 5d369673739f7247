//! `redundant-index`: another index begins with all that an index holds.

use super::schema_finding::{label, tables};
use super::{Finding, ProjectCx, Sink};
use crate::findings::{Confidence, IndexChange, Role, Severity, SpareIndex};
use crate::project::schema::{Index, Overlap, Table, overlap};
use crate::sql::Dialect;
use crate::sql::ddl::IndexKind;

const NOTE: &str =
    "each further index adds 0.5 to 1.8 times the cost of an insert without it, and the other one finds the same rows";

/// Reports indexes that hold only what another one begins with.
pub(super) fn check(cx: &ProjectCx<'_>, sink: &mut Sink<'_>) {
    report(cx, sink, Overlap::Prefix);
}

/// Reports what `wanted` says of the indexes of all tables.
pub(super) fn report(cx: &ProjectCx<'_>, sink: &mut Sink<'_>, wanted: Overlap) {
    for (table, _) in tables(cx) {
        let dialects = cx.project.databases_of(table);
        // How rows are kept decides what an index beside the primary key is for.
        if !dialects.iter().all(|dialect| matches!(dialect, Dialect::PostgreSql | Dialect::MySql | Dialect::Sqlite)) {
            continue;
        }
        let dialect = if let [only] = *dialects { only } else { Dialect::Generic };
        for (at, index) in table.indexes.iter().enumerate() {
            let found = superfluous(table, at, dialect).filter(|(overlap, _)| *overlap == wanted);
            if let Some((overlap, other)) = found
                && index.place.file == table.place.file
            {
                sink.report(finding(cx, table, index, other, overlap, dialect));
            }
        }
    }
}

/// What makes the index at this place superfluous: the same one that stands before it, else one that begins with it.
fn superfluous(table: &Table, at: usize, dialect: Dialect) -> Option<(Overlap, &Index)> {
    let index = &table.indexes[at];
    let others = || table.indexes.iter().enumerate().filter(move |(other, _)| *other != at);
    let found = |wanted: Overlap| {
        others().find(|(place, other)| {
            overlap(index, other, dialect) == Some(wanted)
                // Of two that are the same one stays.
                && (wanted == Overlap::Prefix || *place < at || overlap(other, index, dialect) != Some(wanted))
                && has_one_home(index, other)
        })
    };
    [Overlap::Same, Overlap::Prefix].into_iter().find_map(|wanted| found(wanted).map(|(_, other)| (wanted, other)))
}

/// Whether two indexes are told of in one file, and not as one: another file may be about another state of the database.
fn has_one_home(index: &Index, other: &Index) -> bool {
    let name = |index: &Index| index.definition.name.as_ref().map(|name| name.text.to_lowercase());
    let is_one = name(index).is_some() && name(index) == name(other);
    index.place.file == other.place.file && !is_one
}

fn finding(
    cx: &ProjectCx<'_>,
    table: &Table,
    index: &Index,
    other: &Index,
    kind: Overlap,
    dialect: Dialect,
) -> Finding {
    let own = shown(index);
    let others = shown(other);
    let (message, severity) = match kind {
        Overlap::Same => (format!("{own} of `{}` is the same as its {others}", table.name), Severity::Warning),
        Overlap::Prefix => {
            (format!("{own} of `{}` holds only what its {others} begins with", table.name), Severity::Info)
        }
    };
    let spare = SpareIndex {
        table: table.full_name(),
        name: index.definition.name.as_ref().map(|name| name.text.to_string()),
        is_constraint: index.definition.is_constraint,
        shown: own,
        covered_by: others,
    };
    // Nobody asked for the index of a foreign key of Django's, and few would have it gone.
    let is_implied = index.definition.is_implied;
    let may_keep = kind == Overlap::Prefix || overlap(other, index, dialect) == Some(Overlap::Same);
    let help = match kind {
        _ if is_implied => "give the field `db_index=False`",
        Overlap::Same if may_keep => "drop one of them",
        Overlap::Same if !other.definition.include.is_empty() => "drop this one: the other one holds more",
        Overlap::Same => "drop this one: the other one also makes rows unique",
        Overlap::Prefix => "drop it, unless it is read so much that its smaller size counts",
    };
    let mut finding = Finding::new(label(cx, index.place, Role::Primary, ""), message)
        .severity(if is_implied { Severity::Info } else { severity })
        .confidence(if is_implied { Confidence::Low } else { Confidence::High })
        .note(NOTE)
        .help(help)
        .index(IndexChange::Drop(spare));
    if other.place != index.place {
        finding = finding.related(label(cx, other.place, Role::Schema, "the other one"));
    }
    finding
}

/// `index (a, b)`, `primary key (a)`
fn shown(index: &Index) -> String {
    let definition = &index.definition;
    let kind = match definition.kind {
        IndexKind::Unique => "unique index",
        kind => kind.name(),
    };
    let parts: Vec<String> = definition.parts.iter().map(ToString::to_string).collect();
    let name = definition.name.as_ref().map_or_else(String::new, |name| format!(" `{}`", name.text));
    format!("{kind}{name} ({})", parts.join(", "))
}
