//! `seqscan schema`: the tables as they are understood, and where that is from.

use std::fmt::Write;

use serde_json::{Value, json};

use super::args::{ListFormat, SchemaArguments};
use super::check::open_project;
use super::{OK, finish, print};
use crate::engine::{Session, Snapshot};
use crate::project::schema::{Place, Table, TableKind};
use crate::report::{Color, Style, sanitize};

/// Prints the schema of a project.
pub(super) fn run(arguments: &SchemaArguments) -> u8 {
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
    let tables: Vec<&Table> = snapshot.project().schema().tables().iter().filter(wanted).collect();
    let text = match arguments.output_format {
        ListFormat::Json => format!("{:#}\n", printer.json(&tables)),
        ListFormat::Text if tables.is_empty() => "no schema found\n".to_owned(),
        ListFormat::Text => tables.iter().map(|table| printer.text(table)).collect::<Vec<_>>().join("\n"),
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
    if table.dialect != crate::sql::Dialect::Generic {
        words.push(table.dialect.name());
    }
    if table.partitioned {
        words.push("partitioned");
    }
    if words.is_empty() { String::new() } else { format!("{}, ", words.join(", ")) }
}
