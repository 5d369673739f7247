//! `unindexed-foreign-key`: rows that point to others are not found by what they point to.

use rustc_hash::FxHashSet;

use super::conditions::missing_index;
use super::schema_finding::{add_index, all_agree, label, tables};
use super::{Finding, ProjectCx, Sink};
use crate::findings::{Confidence, Role, Severity};
use crate::project::schema::{ForeignKey, Known, Schema, Table, served_key};
use crate::source::{Language, Purpose};
use crate::sql::ddl::OnDelete;
use crate::sql::query::{TableName, same_name};
use crate::sql::{Dialect, Verb};

const NOTE: &str = "the database looks for them whenever one of the rows they point to is deleted, and without an index reads the whole \
                    table: deleting 100 rows with 400,000 pointing to their table took 272 times as long on PostgreSQL 15";

/// Reports foreign keys that no index serves, if it is seen that the rows they point to are deleted.
pub(super) fn check(cx: &ProjectCx<'_>, sink: &mut Sink<'_>) {
    let schema = cx.project.schema();
    let tables = tables(cx);
    if tables.iter().all(|(table, _)| table.foreign_keys.is_empty()) {
        return;
    }
    let deletes = Deletes::find(cx);
    for (table, name) in tables {
        let mut told: FxHashSet<String> = FxHashSet::default();
        for key in &table.foreign_keys {
            if let Some(finding) = check_key(cx, schema, &deletes, table, &name, key)
                && told.insert(key.columns.join(",").to_lowercase())
            {
                sink.report(finding);
            }
        }
    }
}

fn check_key(
    cx: &ProjectCx<'_>,
    schema: &Schema,
    deletes: &Deletes,
    table: &Table,
    name: &TableName,
    key: &ForeignKey,
) -> Option<Finding> {
    let target = (!key.target.is_empty()).then(|| TableName::plain(&key.target));
    // Of few rows, few are ever deleted, and as many rows point to each.
    if target.as_ref().is_some_and(|target| schema.stays_small(target)) {
        return None;
    }
    let dialect = database(cx, table)?;
    let is_served = |table: &Table| served_key(table, &key.columns, dialect) != Known::No;
    let has_columns = |table: &Table| key.columns.iter().all(|column| table.column(column).is_some());
    if !all_agree(schema, name, |table| !has_columns(table) || !is_served(table)) || !has_columns(table) {
        return None;
    }
    let on_delete = on_delete(cx, schema, deletes, name, key)?;
    // Prisma opens SQLite with foreign keys on.
    let is_prisma = cx.project.file(key.place.file).source.language == Language::Prisma;
    let enforces = dialect != Dialect::Sqlite || deletes.enforces || is_prisma;
    let is_deleted = target.as_ref().is_some_and(|target| deletes.holds(target));
    let (severity, confidence) = match on_delete {
        OnDelete::Cascade | OnDelete::Reset if enforces => (Severity::Warning, Confidence::High),
        _ if is_deleted && enforces => (Severity::Warning, Confidence::High),
        _ => (Severity::Info, Confidence::Low),
    };
    let columns = key.columns.join(", ");
    let to =
        target.as_ref().map_or("the row it points to".to_owned(), |target| format!("a row of `{}`", target.text()));
    let size = schema.size_note(name);
    let message = match later_in(table, &key.columns) {
        Some(first) => format!(
            "the index that holds `{columns}` begins with `{first}`: deleting {to} reads every row of `{}`{size}",
            table.name
        ),
        None => format!(
            "no index of `{}` begins with `{columns}`: deleting {to} reads every row of `{}`{size}",
            table.name, table.name
        ),
    };
    let severity = if schema.is_large(name) { severity.max(Severity::Warning) } else { severity };
    let mut finding = Finding::new(label(cx, key.place, Role::Primary, ""), message)
        .severity(severity)
        .confidence(confidence)
        .note(NOTE)
        .help(add_index(cx, table, &key.columns, dialect))
        .index(missing_index(table, dialect, key.columns.iter().map(|column| &**column), []));
    if key.place.file != table.place.file {
        finding = finding.related(label(cx, table.place, Role::Schema, format!("`{}` is defined here", table.name)));
    }
    Some(finding)
}

/// What the database does when a row is deleted that a key points to; `None` where it has no such key: what models say
/// of it holds where no migrations of the project make tables; SQL says what is.
fn on_delete(
    cx: &ProjectCx<'_>,
    schema: &Schema,
    deletes: &Deletes,
    name: &TableName,
    key: &ForeignKey,
) -> Option<OnDelete> {
    let is_sql = cx.project.file(key.place.file).facts.statements.iter().any(|sql| !sql.statement.changes.is_empty());
    if is_sql {
        return Some(key.on_delete);
    }
    let definitions = schema.definitions(name);
    let is_migration = |table: &&&Table| cx.project.file(table.place.file).purpose == Purpose::Migration;
    let mut migrated = definitions.iter().filter(is_migration).peekable();
    if migrated.peek().is_none() {
        return (!deletes.has_migrations).then_some(key.on_delete);
    }
    let is_same = |own: &&ForeignKey| {
        own.columns.len() == key.columns.len()
            && own.columns.iter().zip(&key.columns).all(|(own, key)| same_name(own, key))
    };
    // One that was made again may do something else.
    migrated.find_map(|table| table.foreign_keys.iter().rfind(is_same)).map(|own| own.on_delete)
}

/// The database that a table is in, if no foreign key has an index there unless it is given one.
fn database(cx: &ProjectCx<'_>, table: &Table) -> Option<Dialect> {
    const MAKE_NONE: [Dialect; 4] = [Dialect::PostgreSql, Dialect::MsSql, Dialect::Oracle, Dialect::Sqlite];
    let all = cx.project.databases_of(table);
    if !all.iter().all(|dialect| MAKE_NONE.contains(dialect)) {
        return None;
    }
    MAKE_NONE.into_iter().find(|dialect| all.contains(dialect))
}

/// The first column of an index that holds one of the columns behind it.
fn later_in<'t>(table: &'t Table, columns: &[Box<str>]) -> Option<&'t str> {
    table.indexes.iter().find_map(|index| {
        let parts = &index.definition.parts;
        let is_key = |own: &str| columns.iter().any(|column| same_name(column, own));
        if parts.iter().skip(1).any(|part| part.column().is_some_and(is_key)) { parts[0].column() } else { None }
    })
}

/// What is known of rows that are deleted.
struct Deletes {
    /// Tables whose rows some statement deletes, in lower case.
    tables: FxHashSet<String>,
    /// Whether something turns foreign keys on in SQLite, which leaves them alone else.
    enforces: bool,
    /// Whether migrations of the project make tables, other than Alembic's: of those only what no model defines is taken.
    has_migrations: bool,
}

impl Deletes {
    fn find(cx: &ProjectCx<'_>) -> Deletes {
        let is_migration = |table: &Table| {
            let file = cx.project.file(table.place.file);
            file.purpose == Purpose::Migration && file.source.language != Language::Python
        };
        let has_migrations = cx.project.schema().tables().iter().any(is_migration);
        let mut deletes = Deletes { tables: FxHashSet::default(), enforces: false, has_migrations };
        for id in cx.project.ids() {
            let file = cx.project.file(id);
            let facts = &file.facts;
            deletes.enforces |= facts
                .texts
                .iter()
                .any(|text| text.cooked.len() < 200 && text.cooked.to_ascii_lowercase().contains("foreign_keys"));
            // What tests, migrations and scripts delete is not deleted every day.
            if file.purpose != Purpose::Application {
                continue;
            }
            for (index, sql) in facts.statements.iter().enumerate() {
                let is_run = || cx.project.is_executed(id, index);
                match sql.statement.verb {
                    Verb::Delete if is_run() => {
                        let written = sql.statement.tables.iter().filter(|used| used.written);
                        deletes.tables.extend(written.map(|used| used.table.name().text.to_lowercase()));
                    }
                    _ => {}
                }
            }
        }
        deletes
    }

    fn holds(&self, table: &TableName) -> bool {
        self.tables.contains(&table.name().text.to_lowercase())
    }
}
