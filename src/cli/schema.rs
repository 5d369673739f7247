//! `seqscan schema`: the tables as they are understood, and where that is from.

use std::fmt::Write;

use serde_json::{Value, json};

use super::args::{Database, SchemaArguments, SchemaFormat};
use super::check::open_project;
use super::{OK, finish, print};
use crate::engine::{Session, Snapshot};
use crate::project::schema::{Column, Drift, Index, Place, Table, TableKind};
use crate::report::{Color, Style, sanitize};
use crate::source::Purpose;
use crate::sql::Dialect;
use crate::sql::ddl::{IndexKey, IndexKind, OnDelete};

/// Prints the schema of a project.
pub(super) fn run(arguments: &SchemaArguments) -> u8 {
    if let Some(database) = arguments.stats_query {
        return finish(print(stats_query(database).as_bytes()), OK);
    }
    let (session, style) = match open_project(&arguments.project) {
        Ok(opened) => opened,
        Err(code) => return code,
    };
    let snapshot = session.snapshot();
    let printer = Printer { snapshot: &snapshot, session: &session, style };
    let wanted = |table: &&Table| {
        let names = [table.name.to_lowercase(), table.full_name().to_lowercase()];
        arguments.table.is_empty() || arguments.table.iter().any(|wanted| names.contains(&wanted.to_lowercase()))
    };
    if arguments.drift {
        let project = snapshot.project();
        let all = project.schema().drift(|file| project.file(file).purpose == Purpose::Migration);
        let all: Vec<Drift<'_>> = all.into_iter().filter(|drift| wanted(&drift.models)).collect();
        let text = match arguments.output_format {
            SchemaFormat::Json => format!("{:#}\n", printer.drift_json(&all)),
            _ if all.is_empty() => "no difference found\n".to_owned(),
            _ => all.iter().map(|drift| printer.drift(drift)).collect::<Vec<_>>().join("\n"),
        };
        return finish(print(text.as_bytes()), OK);
    }
    let tables: Vec<&Table> = snapshot.project().schema().tables().iter().filter(wanted).collect();
    let text = match arguments.output_format {
        SchemaFormat::Json => format!("{:#}\n", printer.json(&tables)),
        SchemaFormat::Sql => tables.iter().map(|table| printer.sql(table)).collect::<Vec<_>>().join("\n"),
        SchemaFormat::Text if tables.is_empty() => "no schema found\n".to_owned(),
        SchemaFormat::Text => tables.iter().map(|table| printer.text(table)).collect::<Vec<_>>().join("\n"),
    };
    finish(print(text.as_bytes()), OK)
}

struct Printer<'a> {
    snapshot: &'a Snapshot,
    session: &'a Session,
    style: Style,
}

impl Printer<'_> {
    /// One table: its columns, keys and indexes, each with its place where that is another one.
    fn text(&self, table: &Table) -> String {
        let mut text = String::new();
        let name = self.style.paint(Color::Strong, &sanitize(&table.full_name()));
        let _ = writeln!(text, "{name}  {}", self.faint(&format!("{}{}", kind(table), self.at(table.place))));
        let width = table.columns.iter().map(|column| column.name.chars().count()).max().unwrap_or(0);
        for column in &table.columns {
            let not_null = if column.not_null { " not null" } else { "" };
            let default = column.default.as_ref().map(|default| format!(" default {default}")).unwrap_or_default();
            let line = format!("  {:width$}  {}{not_null}{default}", column.name, column.type_name);
            let _ = writeln!(text, "{}", sanitize(line.trim_end()));
        }
        for index in &table.indexes {
            let elsewhere = index.place.file != table.place.file;
            let place = if elsewhere { self.faint(&format!("  {}", self.at(index.place))) } else { String::new() };
            let _ = writeln!(text, "  {}{place}", sanitize(&index.to_string()));
        }
        for unmade in &table.unmade {
            let shown = unmade.index.to_string();
            let shown = sanitize(&shown);
            let _ = match unmade.dropped {
                Some(place) => {
                    writeln!(text, "  declared, but dropped: {shown}{}", self.faint(&format!("  {}", self.at(place))))
                }
                None => writeln!(text, "  declared, but no migration makes it: {shown}"),
            };
        }
        for key in &table.foreign_keys {
            let columns = if key.target_columns.is_empty() {
                String::new()
            } else {
                format!(" ({})", key.target_columns.join(", "))
            };
            let target = if key.target.is_empty() { String::new() } else { format!(" → {}{columns}", key.target) };
            let line = format!("  foreign key ({}){target}", key.columns.join(", "));
            let _ = writeln!(text, "{}", sanitize(&line));
        }
        let unsure = [(table.knows_columns, "columns"), (table.knows_indexes, "indexes")];
        let unsure: Vec<&str> = unsure.iter().filter(|(known, _)| !known).map(|(_, what)| *what).collect();
        if !unsure.is_empty() && table.kind == TableKind::Table {
            let _ = writeln!(text, "  {}", self.faint(&format!("it may have more {}", unsure.join(" and "))));
        }
        text
    }

    /// What only the models and what only the migrations say of one table.
    fn drift(&self, drift: &Drift<'_>) -> String {
        let mut text = String::new();
        let name = self.style.paint(Color::Strong, &sanitize(&drift.models.full_name()));
        let places = format!("{}, {}", self.at(drift.models.place), self.at(drift.migrations.place));
        let _ = writeln!(text, "{name}  {}", self.faint(&places));
        let sides = [
            ("models", &drift.added_columns, &drift.added_indexes),
            ("migrations", &drift.left_columns, &drift.left_indexes),
        ];
        for (side, columns, indexes) in sides {
            for column in columns {
                let _ = writeln!(
                    text,
                    "  only in {side}: column {}  {}",
                    sanitize(&column.name),
                    self.faint(&self.at(column.place))
                );
            }
            for index in indexes {
                let shown = index.to_string();
                let _ = writeln!(text, "  only in {side}: {}  {}", sanitize(&shown), self.faint(&self.at(index.place)));
            }
        }
        text
    }

    fn drift_json(&self, all: &[Drift<'_>]) -> Value {
        let columns = |columns: &[&Column]| columns.iter().map(|column| column.name.to_string()).collect::<Vec<_>>();
        let indexes = |indexes: &[&Index]| indexes.iter().map(ToString::to_string).collect::<Vec<_>>();
        let tables = all.iter().map(|drift| {
            json!({
                "name": &*drift.models.name,
                "schema": drift.models.schema.as_deref(),
                "models": { "columns": columns(&drift.added_columns), "indexes": indexes(&drift.added_indexes) },
                "migrations": { "columns": columns(&drift.left_columns), "indexes": indexes(&drift.left_indexes) },
            })
        });
        json!({ "version": 1, "drift": tables.collect::<Vec<_>>() })
    }

    /// The statements that make one table, with what is not known in comments.
    fn sql(&self, table: &Table) -> String {
        let mut text = format!("-- {}{}\n", kind(table), sanitize(&self.at(table.place)));
        let unsure = [(table.knows_columns, "columns"), (table.knows_indexes, "indexes")];
        for (_, what) in unsure.iter().filter(|(known, _)| !known) {
            let _ = writeln!(text, "-- it may have more {what}");
        }
        if matches!(table.kind, TableKind::View | TableKind::MaterializedView) {
            let _ = writeln!(text, "-- a view: {}", sanitize(&table.full_name()));
            return text;
        }
        let name = table.full_name().split('.').map(|part| table.dialect.quoted(part)).collect::<Vec<_>>().join(".");
        let list = |columns: &[Box<str>]| {
            columns.iter().map(|column| table.dialect.quoted(column)).collect::<Vec<_>>().join(", ")
        };
        let mut lines: Vec<String> = table
            .columns
            .iter()
            .map(|column| {
                let not_null = if column.not_null { " NOT NULL" } else { "" };
                let default = column.default.as_ref().map(|default| format!(" DEFAULT {default}")).unwrap_or_default();
                let line = format!("{} {}{not_null}{default}", table.dialect.quoted(&column.name), column.type_name);
                line.trim_end().to_owned()
            })
            .collect();
        let (keys, others): (Vec<&Index>, Vec<&Index>) =
            table.indexes.iter().partition(|index| index.definition.kind == IndexKind::Primary && !index.perhaps);
        lines.extend(keys.into_iter().map(|index| format!("PRIMARY KEY ({})", self.parts(index, table.dialect))));
        lines.extend(table.foreign_keys.iter().filter(|key| !key.target.is_empty()).map(|key| {
            let to =
                if key.target_columns.is_empty() { String::new() } else { format!(" ({})", list(&key.target_columns)) };
            let action = match key.on_delete {
                OnDelete::Refuse => "",
                OnDelete::Cascade => " ON DELETE CASCADE",
                OnDelete::Reset => " ON DELETE SET NULL",
            };
            let target = table.dialect.quoted(&key.target);
            format!("FOREIGN KEY ({}) REFERENCES {target}{to}{action}", list(&key.columns))
        }));
        let temporary = if table.kind == TableKind::Temporary { "TEMPORARY " } else { "" };
        let _ = writeln!(text, "CREATE {temporary}TABLE {name} (\n  {}\n);", sanitize(&lines.join(",\n  ")));
        for index in others {
            let _ = writeln!(text, "{}", sanitize(&self.index(index, &name, table.dialect)));
        }
        text
    }

    /// One index as a statement; as a comment where it is not known well enough.
    fn index(&self, index: &Index, table: &str, dialect: Dialect) -> String {
        let definition = &index.definition;
        let unique = if definition.kind == IndexKind::Unique { "UNIQUE " } else { "" };
        let name = definition.name.as_ref().map(|name| format!(" {}", dialect.quoted(&name.text))).unwrap_or_default();
        let method = if definition.method.is_empty() { String::new() } else { format!(" USING {}", definition.method) };
        let include = match &*definition.include {
            [] => String::new(),
            columns => {
                let columns: Vec<String> = columns.iter().map(|column| dialect.quoted(&column.text)).collect();
                format!(" INCLUDE ({})", columns.join(", "))
            }
        };
        let predicate = definition
            .predicate
            .as_ref()
            .map(|predicate| format!(" WHERE {}", predicate.canonical()))
            .unwrap_or_default();
        let is_known = matches!(definition.kind, IndexKind::Plain | IndexKind::Unique)
            && !definition.parts.is_empty()
            && !definition.parts.iter().any(|part| matches!(part.key, IndexKey::Unknown))
            && !index.perhaps;
        let statement = format!(
            "CREATE {unique}INDEX{name} ON {table}{method} ({}){include}{predicate};",
            self.parts(index, dialect)
        );
        if is_known { statement } else { format!("-- {statement} -- {}", definition.kind.name()) }
    }

    fn parts(&self, index: &Index, dialect: Dialect) -> String {
        let parts = index.definition.parts.iter().map(|part| match part.column() {
            Some(column) => {
                let class = part.operator_class.as_ref().map(|class| format!(" {class}")).unwrap_or_default();
                format!("{}{class}{}", dialect.quoted(column), if part.descending { " DESC" } else { "" })
            }
            None => format!("({part})"),
        });
        parts.collect::<Vec<_>>().join(", ")
    }

    fn faint(&self, text: &str) -> String {
        self.style.paint(Color::Faint, &sanitize(text))
    }

    fn at(&self, place: Place) -> String {
        let source = &self.snapshot.project().file(place.file).source;
        let path = self.style.shown_path(self.session.root(), &source.path);
        format!("{path}:{}", source.lines().line(place.span.start))
    }

    fn json(&self, tables: &[&Table]) -> Value {
        let place = |place: Place| {
            let source = &self.snapshot.project().file(place.file).source;
            json!({ "path": &*source.path, "line": source.lines().line(place.span.start) })
        };
        let tables = tables.iter().map(|table| {
            let columns = table.columns.iter().map(|column| {
                json!({
                    "name": &*column.name,
                    "type": &*column.type_name,
                    "not_null": column.not_null,
                    "default": column.default.as_deref(),
                })
            });
            let indexes = table.indexes.iter().map(|index| {
                let definition = &index.definition;
                json!({
                    "name": definition.name.as_ref().map(|name| &*name.text),
                    "kind": definition.kind.name(),
                    "method": &*definition.method,
                    "parts": definition.parts.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    "include": definition.include.iter().map(|name| &*name.text).collect::<Vec<_>>(),
                    "predicate": definition.predicate.as_ref().map(|predicate| predicate.canonical()),
                    "certain": !index.perhaps,
                    "place": place(index.place),
                })
            });
            let keys = table.foreign_keys.iter().map(|key| {
                let names = |names: &[Box<str>]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
                json!({ "columns": names(&key.columns), "table": &*key.target, "target_columns": names(&key.target_columns) })
            });
            json!({
                "name": &*table.name,
                "schema": table.schema.as_deref(),
                "kind": kind_word(table.kind),
                "dialect": table.dialect.name(),
                "place": place(table.place),
                "columns": columns.collect::<Vec<_>>(),
                "indexes": indexes.collect::<Vec<_>>(),
                "foreign_keys": keys.collect::<Vec<_>>(),
                "knows_columns": table.knows_columns,
                "knows_indexes": table.knows_indexes,
            })
        });
        json!({ "version": 1, "tables": tables.collect::<Vec<_>>() })
    }
}

/// What asks a database for the numbers of rows that it has counted already: it reads no table of the user's.
fn stats_query(database: Database) -> &'static str {
    match database {
        Database::Postgresql => {
            "-- psql -X -A -t -f this-file > stats.json\n\
             SELECT json_build_object('tables', coalesce(json_object_agg(n.nspname || '.' || c.relname, c.reltuples::bigint), '{}'))\n\
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n\
             WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema');\n"
        }
        Database::Mysql => {
            "-- mysql --batch --raw --skip-column-names DATABASE < this-file > stats.json\n\
             SELECT json_object('tables', json_objectagg(table_name, table_rows))\n\
             FROM information_schema.tables\n\
             WHERE table_schema = database() AND table_type = 'BASE TABLE';\n"
        }
        Database::Sqlite => {
            "-- sqlite3 -readonly DATABASE < this-file > stats.json; ANALYZE must have run\n\
             SELECT json_object('tables', json_group_object(tbl, rows))\n\
             FROM (SELECT tbl, max(CAST(substr(stat, 1, instr(stat || ' ', ' ') - 1) AS INTEGER)) AS rows FROM sqlite_stat1 GROUP BY tbl);\n"
        }
    }
}

fn kind_word(kind: TableKind) -> &'static str {
    match kind {
        TableKind::Table => "table",
        TableKind::Temporary => "temporary table",
        TableKind::View => "view",
        TableKind::MaterializedView => "materialized view",
    }
}

/// What there is to say of a table besides its name.
fn kind(table: &Table) -> String {
    let mut words = Vec::new();
    if table.kind != TableKind::Table {
        words.push(kind_word(table.kind));
    }
    if table.dialect != Dialect::Generic {
        words.push(table.dialect.name());
    }
    if table.partitioned {
        words.push("partitioned");
    }
    if words.is_empty() { String::new() } else { format!("{}, ", words.join(", ")) }
}
