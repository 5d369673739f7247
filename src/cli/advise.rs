//! `seqscan advise`: the fewest indexes that serve what the project's queries look for, table by table.

use std::fmt::Write;
use std::io;

use serde_json::{Value, json};

use super::args::{AdviceFormat, AdviseArguments};
use super::check::open_selecting;
use super::terminal::stderr_style;
use super::{FAILED, OK, finish, print};
use crate::engine::{Advice, INDEX_RULES, Migration, NewIndex, Report, Session, Spare, TableAdvice};
use crate::findings::{Confidence, KeyUse, Label, Reported};
use crate::project::Project;
use crate::project::schema::{MigrationTool, Place};
use crate::report::{self, Color, Style, SummaryLevel, sanitize};
use crate::sql::query::TableName;

/// The version of the JSON form. A key may be added without a new version; none is removed or changed.
const VERSION: u32 = 1;

/// Prints the advice, and gives the exit code: that an index is missing is no failure.
pub(super) fn run(arguments: &AdviseArguments) -> u8 {
    let rules = INDEX_RULES.map(|(rule, _)| rule.to_owned()).to_vec();
    let (session, style) = match open_selecting(&arguments.project, Some(rules)) {
        Ok(opened) => opened,
        Err(code) => return code,
    };
    let snapshot = session.snapshot();
    // What is known already is still missing.
    let report = snapshot.check_all(&session.targets());
    let project = snapshot.project();
    let mut advice = Advice::of(project, &report);
    advice.tables.retain(|table| {
        let names = [table.table.name.to_lowercase(), table.name.to_lowercase()];
        arguments.table.is_empty() || arguments.table.iter().any(|wanted| names.contains(&wanted.to_lowercase()))
    });
    let tool = arguments.tool.map(MigrationTool::from);
    let printer = Printer { advice: &advice, report: &report, project, session: &session, style, tool };
    let format = match arguments.output_format {
        AdviceFormat::Text if tool.is_some() => AdviceFormat::Migration,
        format => format,
    };
    let text = match format {
        AdviceFormat::Migration => printer.migrations(),
        AdviceFormat::Text => printer.text(),
        AdviceFormat::Json => format!("{:#}\n", printer.json()),
        AdviceFormat::Sql => printer.sql(),
    };
    let code = finish(print(text.as_bytes()), if report.internal_errors.is_empty() { OK } else { FAILED });
    // Nobody is left to tell if this fails too.
    let errors = stderr_style(arguments.project.color.color, &printer.style.cwd);
    let _ = printer.write_rest(&errors, &mut io::stderr().lock());
    code
}

struct Printer<'a> {
    advice: &'a Advice<'a>,
    report: &'a Report,
    project: &'a Project,
    session: &'a Session,
    style: Style,
    /// The tool of migrations, if it was chosen.
    tool: Option<MigrationTool>,
}

impl Printer<'_> {
    fn text(&self) -> String {
        let tables = &self.advice.tables;
        if tables.is_empty() {
            return "no index is missing, and none is superfluous, as far as is seen\n".to_owned();
        }
        let mut text: String = tables.iter().map(|table| self.table(table) + "\n").collect();
        let _ = writeln!(text, "{}", self.total());
        text
    }

    /// One table: the indexes to make with what they serve, and those to drop.
    fn table(&self, advice: &TableAdvice<'_>) -> String {
        let mut text = String::new();
        let name = self.style.paint(Color::Strong, &sanitize(&advice.name));
        let size = self.project.schema().size_note(&TableName::plain(&advice.name));
        let size = size.strip_prefix(" of ").map(|size| format!("{size}, ")).unwrap_or_default();
        let _ = writeln!(text, "{name}  {}", self.faint(&format!("{size}{}", self.defined(advice.table.place))));
        for index in &advice.add {
            let queries = counted(index.serves.len(), "place", "places");
            let _ = writeln!(text, "  {}", self.style.paint(Color::Added, &sanitize(&format!("{};", index.statement))));
            let _ = writeln!(text, "    serves {queries}, {} confidence:", word(index));
            for served in &index.serves {
                let shown = format!("{}  {}", self.at(&served.diagnostic.primary), self.faint(served.diagnostic.rule));
                let _ = writeln!(text, "      {shown}");
            }
        }
        for spare in &advice.drop {
            let statement = spare.statement.as_ref().map_or_else(
                || "drop where it is defined".to_owned(),
                |statement| self.style.paint(Color::Warning, &sanitize(&format!("{statement};"))),
            );
            let _ = writeln!(text, "  {statement}");
            let _ = writeln!(
                text,
                "    {}: {} serves whatever it serves  {}",
                sanitize(&spare.index.shown),
                sanitize(&spare.index.covered_by),
                self.faint(&self.at(&spare.found.diagnostic.primary))
            );
        }
        text
    }

    /// `2 indexes to make for 5 places, 1 to drop`
    fn total(&self) -> String {
        let tables = &self.advice.tables;
        let made: Vec<&NewIndex<'_>> = tables.iter().flat_map(|table| &table.add).collect();
        let served = made.iter().map(|index| index.serves.len()).sum();
        let dropped = tables.iter().map(|table| table.drop.len()).sum::<usize>();
        let mut text = counted(made.len(), "index", "indexes");
        text += &format!(" to make for {}, {dropped} to drop", counted(served, "place", "places"));
        if !made.is_empty() {
            text += "; each further index adds 0.5 to 1.8 times the cost of an insert without it";
        }
        text
    }

    /// The statements alone; what is dropped is dropped when all else is made.
    fn sql(&self) -> String {
        let mut text = String::new();
        for table in &self.advice.tables {
            for index in &table.add {
                let mut places: Vec<String> =
                    index.serves.iter().map(|served| self.at(&served.diagnostic.primary)).collect();
                places.dedup();
                let _ = writeln!(text, "-- {} confidence: {}", word(index), places.join(", "));
                let _ = writeln!(text, "{};\n", sanitize(&index.statement));
            }
        }
        for spare in self.advice.tables.iter().flat_map(|table| &table.drop) {
            let (own, other) = (sanitize(&spare.index.shown), sanitize(&spare.index.covered_by));
            let place = self.at(&spare.found.diagnostic.primary);
            let _ = writeln!(text, "-- {place}: {other} serves whatever {own} serves");
            let _ = match &spare.statement {
                Some(statement) => writeln!(text, "{};\n", sanitize(statement)),
                None => writeln!(text, "-- no name of it is known: drop it where it is defined\n"),
            };
        }
        if text.is_empty() {
            text = "-- no index is missing, and none is superfluous, as far as is seen\n".to_owned();
        }
        text
    }

    /// The migrations, each under the name of the file that it may be.
    fn migrations(&self) -> String {
        let mut text = String::new();
        for migration in self.advice.tables.iter().flat_map(|table| Migration::of(self.project, table, self.tool)) {
            let comment = match migration.tool {
                MigrationTool::Alembic | MigrationTool::Django => "#",
                MigrationTool::Drizzle | MigrationTool::Prisma | MigrationTool::Sql => "--",
                MigrationTool::Knex | MigrationTool::Sequelize | MigrationTool::TypeOrm => "//",
            };
            let _ = writeln!(text, "{comment} {}\n{}", sanitize(&migration.path), migration.text);
        }
        if text.is_empty() { "no index is missing, as far as is seen\n".to_owned() } else { text }
    }

    fn json(&self) -> Value {
        let tables = self.advice.tables.iter().map(|advice| {
            json!({
                "name": &*advice.table.name,
                "schema": advice.table.schema.as_deref(),
                "dialect": advice.dialect.name(),
                "rows": advice.size.map(|(rows, _)| rows),
                "rows_from": advice.size.map(|(_, by)| by),
                "place": self.place(advice.table.place),
                "migrations": Migration::of(self.project, advice, self.tool).iter().map(|migration| json!({
                    "tool": migration.tool.name(),
                    "path": migration.path,
                    "text": migration.text,
                })).collect::<Vec<_>>(),
                "add": advice.add.iter().map(|index| self.added(index)).collect::<Vec<_>>(),
                "drop": advice.drop.iter().map(|spare| self.dropped(spare)).collect::<Vec<_>>(),
            })
        });
        json!({
            "version": VERSION,
            "tables": tables.collect::<Vec<_>>(),
            "unseen": {
                "schema_found": self.report.schema.is_some(),
                "unknown_tables": self.advice.unknown_tables,
                "statements": self.report.statements,
                "statements_not_understood": self.report.statements_not_understood,
            },
        })
    }

    fn added(&self, index: &NewIndex<'_>) -> Value {
        let column = |(name, wanted): &(String, KeyUse)| json!({ "name": name, "descending": *wanted == KeyUse::Descending, "prefix": *wanted == KeyUse::Prefix });
        json!({
            "columns": index.columns.iter().map(column).collect::<Vec<_>>(),
            "statement": index.statement,
            "confidence": index.confidence,
            "serves": index.serves.iter().map(|served| self.served(served)).collect::<Vec<_>>(),
        })
    }

    fn dropped(&self, spare: &Spare<'_>) -> Value {
        json!({
            "name": spare.index.name,
            "index": spare.index.shown,
            "covered_by": spare.index.covered_by,
            "statement": spare.statement,
            "confidence": spare.found.diagnostic.confidence,
            "place": json!({ "path": &*spare.found.diagnostic.primary.path, "line": self.line(&spare.found.diagnostic.primary) }),
        })
    }

    fn served(&self, served: &Reported) -> Value {
        let found = &served.diagnostic;
        json!({
            "rule": found.rule,
            "confidence": found.confidence,
            "message": found.message,
            "place": json!({ "path": &*found.primary.path, "line": self.line(&found.primary) }),
        })
    }

    fn place(&self, place: Place) -> Value {
        let source = &self.project.file(place.file).source;
        json!({ "path": &*source.path, "line": source.lines().line(place.span.start) })
    }

    fn defined(&self, place: Place) -> String {
        let source = &self.project.file(place.file).source;
        let path = self.style.shown_path(self.session.root(), &source.path);
        format!("{path}:{}", source.lines().line(place.span.start))
    }

    fn at(&self, label: &Label) -> String {
        format!("{}:{}", self.style.shown_path(self.session.root(), &label.path), self.line(label))
    }

    fn line(&self, label: &Label) -> u32 {
        self.report.sources.get(&label.path).map_or(1, |source| source.lines().line(label.span.start))
    }

    fn faint(&self, text: &str) -> String {
        self.style.paint(Color::Faint, &sanitize(text))
    }

    /// What went wrong, and in one line what was seen and what was not.
    fn write_rest(&self, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
        for warning in &self.report.warnings {
            report::write_config_error(warning, false, style, out)?;
        }
        report::write_summary(self.report, SummaryLevel::Quiet, style, out)?;
        let unknown = &self.advice.unknown_tables;
        let unknown = match unknown.as_slice() {
            [] => String::new(),
            _ if self.report.schema.is_none() => String::new(),
            [only] => format!("; no definition of `{}`", sanitize(only)),
            [first, ..] => format!("; no definition of {} tables (`{}`, …)", unknown.len(), sanitize(first)),
        };
        writeln!(out, "{}{unknown}", report::checked(self.report))
    }
}

/// How sure an index is.
fn word(index: &NewIndex<'_>) -> &'static str {
    match index.confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// The JSON Schema of the document; `editors/advice.schema.json` is its printed form.
pub fn json_schema() -> Value {
    let text = json!({ "type": "string" });
    let optional_text = json!({ "type": ["string", "null"] });
    let count = json!({ "type": "integer", "minimum": 0 });
    let truth = json!({ "type": "boolean" });
    let list = |items: Value| json!({ "type": "array", "items": items });
    let reference = |name: &str| json!({ "$ref": format!("#/definitions/{name}") });
    let confidence = json!({ "enum": ["low", "medium", "high"] });
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": format!("{}/raw/main/editors/advice.schema.json", env!("CARGO_PKG_REPOSITORY")),
        "title": "seqscan advice",
        "description": "What `seqscan advise --output-format json` writes. Keys may be added within a version.",
        "type": "object",
        "required": ["version", "tables", "unseen"],
        "properties": {
            "version": { "const": VERSION },
            "tables": list(reference("table")),
            "unseen": report::record(json!({
                "schema_found": truth,
                "unknown_tables": list(text.clone()),
                "statements": count,
                "statements_not_understood": count,
            })),
        },
        "definitions": {
            "place": report::record(json!({ "path": text, "line": { "type": "integer", "minimum": 1 } })),
            "table": report::record(json!({
                "name": text,
                "schema": optional_text,
                "dialect": text,
                "rows": { "type": ["integer", "null"], "minimum": 0, "description": "About how many rows it has, if that is known." },
                "rows_from": optional_text,
                "place": reference("place"),
                "migrations": list(report::record(json!({
                    "tool": { "enum": ["alembic", "django", "drizzle", "knex", "prisma", "sequelize", "sql", "typeorm"] },
                    "path": { "type": "string", "description": "Where it may stand, as far as that is known." },
                    "text": text,
                }))),
                "add": list(reference("added")),
                "drop": list(reference("dropped")),
            })),
            "added": report::record(json!({
                "columns": list(report::record(json!({
                    "name": text,
                    "descending": truth,
                    "prefix": { "type": "boolean", "description": "Whether it must find texts by what they begin with." },
                }))),
                "statement": text,
                "confidence": confidence,
                "serves": list(report::record(json!({ "rule": text, "confidence": confidence, "message": text, "place": reference("place") }))),
            })),
            "dropped": report::record(json!({
                "name": optional_text,
                "index": text,
                "covered_by": text,
                "statement": optional_text,
                "confidence": confidence,
                "place": reference("place"),
            })),
        },
    })
}
