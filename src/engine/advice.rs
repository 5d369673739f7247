//! What the findings of a whole project say of indexes, table by table.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use crate::findings::{Confidence, IndexChange, IndexNeed, KeyUse, Reported, SpareIndex};
use crate::project::Project;
use crate::project::schema::{Table, fewest_indexes};
use crate::rules::{create_index, is_system_table};
use crate::sql::Dialect;
use crate::sql::query::TableName;

/// The rules whose findings say what is to become of an index, and how sure they must be of it. What a query joins is
/// worth an index more often than it is worth a word.
pub const INDEX_RULES: [(&str, Confidence); 8] = [
    ("correlated-subquery", Confidence::High),
    ("duplicate-index", Confidence::Medium),
    ("index-column-order", Confidence::Medium),
    ("redundant-index", Confidence::Medium),
    ("unindexed-filter", Confidence::Medium),
    ("unindexed-foreign-key", Confidence::Medium),
    ("unindexed-join", Confidence::Low),
    ("unindexed-sort", Confidence::Medium),
];

/// The databases of which a table that may be in several is told, most used first.
const FIRST: [Dialect; 5] = [Dialect::PostgreSql, Dialect::MySql, Dialect::MsSql, Dialect::Oracle, Dialect::Sqlite];

/// One piece of advice for each table, the largest and most asked first.
#[derive(Clone, Debug, Default)]
pub struct Advice<'a> {
    /// The tables of which there is something to say.
    pub tables: Vec<TableAdvice<'a>>,
    /// The tables of queries whose definitions were not found; sorted.
    pub unknown_tables: Vec<String>,
}

/// What is to become of the indexes of one table.
#[derive(Clone, Debug)]
pub struct TableAdvice<'a> {
    /// Its name: `schema.table`.
    pub name: String,
    /// Its definition.
    pub table: &'a Table,
    /// The SQL of the statements.
    pub dialect: Dialect,
    /// About how many rows it has and who told, if that is known.
    pub size: Option<(u64, &'static str)>,
    /// What is missing, the most asked first.
    pub add: Vec<NewIndex<'a>>,
    /// What only costs.
    pub drop: Vec<Spare<'a>>,
}

/// An index that is missing.
#[derive(Clone, Debug)]
pub struct NewIndex<'a> {
    /// Its columns.
    pub columns: Vec<(String, KeyUse)>,
    /// The statement that makes it, without a semicolon.
    pub statement: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// What it serves, in order of place.
    pub serves: Vec<&'a Reported>,
}

/// An index that may be dropped.
#[derive(Clone, Debug)]
pub struct Spare<'a> {
    /// The index.
    pub index: &'a SpareIndex,
    /// Where that is told.
    pub found: &'a Reported,
    /// The statement that drops it, without a semicolon; `None` if it has no name that is known.
    pub statement: Option<String>,
}

/// The findings about the indexes of one table.
#[derive(Default)]
struct Asked<'a> {
    needs: Vec<(&'a IndexNeed, &'a Reported)>,
    spare: Vec<(&'a SpareIndex, &'a Reported)>,
}

impl<'a> Advice<'a> {
    /// Makes advice of the findings of the [`INDEX_RULES`].
    pub fn of(project: &'a Project, report: &'a Report) -> Advice<'a> {
        let mut asked: BTreeMap<(String, Dialect), Asked<'a>> = BTreeMap::new();
        for reported in report.counted() {
            let found = &reported.diagnostic;
            if !INDEX_RULES.iter().any(|&(rule, least)| rule == found.rule && found.confidence >= least) {
                continue;
            }
            match &reported.diagnostic.index {
                Some(IndexChange::Add(need)) => {
                    let named = Dialect::from_name(need.dialect).unwrap_or_default();
                    asked.entry(key(project, &need.table, named)).or_default().needs.push((need, reported));
                }
                Some(IndexChange::Drop(index)) => {
                    let key = key(project, &index.table, Dialect::Generic);
                    asked.entry(key).or_default().spare.push((index, reported));
                }
                None => {}
            }
        }
        let mut tables: Vec<TableAdvice<'a>> =
            asked.into_iter().filter_map(|((_, dialect), asked)| of_table(project, dialect, &asked)).collect();
        let serves = |table: &TableAdvice<'_>| table.add.iter().map(|index| index.serves.len()).sum::<usize>();
        tables.sort_by_cached_key(|table| {
            let rows = table.size.map_or(0, |(rows, _)| rows);
            (std::cmp::Reverse((rows, serves(table))), table.name.clone())
        });
        Advice { tables, unknown_tables: unknown_tables(project, report) }
    }
}

/// What stands for a table: its name, and its database where tables of one name are in several.
fn key(project: &Project, table: &str, told: Dialect) -> (String, Dialect) {
    let lower = table.to_lowercase();
    let name = ["public.", "dbo.", "main."].iter().find_map(|default| lower.strip_prefix(default)).unwrap_or(&lower);
    let definitions = project.schema().definitions(&TableName::plain(table));
    let databases: BTreeSet<Dialect> = definitions.iter().flat_map(|table| project.databases_of(table)).collect();
    let known = || FIRST.into_iter().find(|dialect| databases.contains(dialect)).unwrap_or_default();
    let mut defined: Vec<Dialect> = definitions.iter().map(|table| table.dialect).collect();
    defined.retain(|&dialect| dialect != Dialect::Generic);
    defined.sort();
    defined.dedup();
    let dialect = match (&*defined, told) {
        (&[only], _) => only,
        (_, Dialect::Generic) => known(),
        // One table of a program for several databases is one.
        ([], told) => {
            if databases.len() > 1 && databases.contains(&told) {
                known()
            } else {
                told
            }
        }
        (_, told) => told,
    };
    (name.to_owned(), dialect)
}

fn of_table<'a>(project: &'a Project, dialect: Dialect, asked: &Asked<'a>) -> Option<TableAdvice<'a>> {
    let needs: Vec<&IndexNeed> = asked.needs.iter().map(|(need, _)| *need).collect();
    let full = needs.first().map(|need| &need.table).or(asked.spare.first().map(|(index, _)| &index.table))?;
    let name = TableName::plain(full);
    let definitions = project.schema().definitions(&name);
    let fits = |table: &&&Table| table.dialect == dialect || table.dialect == Dialect::Generic;
    let table: &'a Table = definitions.iter().find(fits).or(definitions.first())?;
    let mut add: Vec<NewIndex<'a>> = Vec::new();
    for advised in fewest_indexes(&needs) {
        let mut serves: Vec<&'a Reported> = advised.serves.iter().map(|&need| asked.needs[need].1).collect();
        // The narrower ones would do without some of its columns.
        let confidence = serves[0].diagnostic.confidence;
        serves.sort_by_key(|reported| (&reported.diagnostic.primary.path, reported.diagnostic.primary.span));
        let statement = create(project, table, dialect, &advised.columns);
        add.push(NewIndex { columns: advised.columns, statement, confidence, serves });
    }
    add.sort_by_key(|index| std::cmp::Reverse(index.serves.len()));
    let drop = asked.spare.iter().map(|&(index, found)| Spare {
        index,
        found,
        statement: drop_index(project, table, dialect, index, found),
    });
    let drop = drop.collect();
    Some(TableAdvice { name: table.full_name(), table, dialect, size: project.schema().told_size(&name), add, drop })
}

/// The statement for a new index, in the form that does not block writers if there is one.
fn create(project: &Project, table: &Table, dialect: Dialect, columns: &[(String, KeyUse)]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| column_in_index(project, table, dialect, column)).collect();
    create_index(project.schema(), &project.table_name(table, dialect), &columns, dialect)
}

/// A column as the statement for a new index writes it.
pub(super) fn column_in_index(
    project: &Project,
    table: &Table,
    dialect: Dialect,
    (name, wanted): &(String, KeyUse),
) -> String {
    let column = table.column(name);
    let place = column.map_or(table.place, |column| column.place);
    let written = project.spelled(place.file, name, dialect);
    let kind = column.map_or("", |column| &*column.type_name);
    // MySQL makes indexes of the beginnings of such texts only.
    let is_long = dialect == Dialect::MySql && (kind.contains("text") || kind.contains("blob"));
    let length = if is_long { "(191)" } else { "" };
    let order = match wanted {
        KeyUse::Descending => " DESC",
        KeyUse::Prefix if dialect == Dialect::PostgreSql => " text_pattern_ops",
        KeyUse::Prefix if dialect == Dialect::Sqlite => " COLLATE NOCASE",
        _ => "",
    };
    format!("{written}{length}{order}")
}

/// The statement that drops an index; `None` if it has no name that is known.
fn drop_index(
    project: &Project,
    table: &Table,
    dialect: Dialect,
    index: &SpareIndex,
    found: &Reported,
) -> Option<String> {
    // What Django fills in.
    let name = index.name.as_ref().filter(|name| !name.contains('%'))?;
    let home = project.file_at(&found.diagnostic.primary.path).unwrap_or(table.place.file);
    let name = project.spelled(home, name, dialect);
    let on = || project.spelled_table(table, dialect);
    Some(match dialect {
        Dialect::PostgreSql if index.is_constraint => format!("ALTER TABLE {} DROP CONSTRAINT {name}", on()),
        Dialect::PostgreSql => {
            // An index is in the schema of its table.
            let schema =
                table.schema.as_ref().map(|schema| format!("{}.", project.spelled(table.place.file, schema, dialect)));
            let concurrently = if table.partitioned { "" } else { " CONCURRENTLY" };
            format!("DROP INDEX{concurrently} {}{name}", schema.unwrap_or_default())
        }
        Dialect::MySql | Dialect::MsSql => format!("DROP INDEX {name} ON {}", on()),
        _ => format!("DROP INDEX {name}"),
    })
}

/// The tables that queries of the checked files name, and that nothing of the project defines.
fn unknown_tables(project: &Project, report: &Report) -> Vec<String> {
    let mut unknown = BTreeSet::new();
    for path in &report.checked {
        let Some(id) = project.file_at(path) else { continue };
        for (index, sql) in project.file(id).facts.statements.iter().enumerate() {
            if !project.is_executed(id, index) {
                continue;
            }
            let selects = sql.statement.query.iter().flat_map(|query| &query.selects);
            for table in selects.flat_map(|select| &select.sources).filter_map(|source| source.table()) {
                if !table.is_dynamic() && !is_system_table(table) && project.schema().definitions(table).is_empty() {
                    unknown.insert(table.text().to_lowercase());
                }
            }
        }
    }
    unknown.into_iter().collect()
}
