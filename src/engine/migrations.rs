//! Advice as migrations, in the words of the tool that a project changes its tables with.

use std::fmt::Write;

use super::advice::{NewIndex, TableAdvice, column_in_index};
use crate::findings::KeyUse;
use crate::project::django_apps::DjangoApp;
use crate::project::schema::{MigrationTool, Owner};
use crate::project::{ClassRef, Project};
use crate::sql::Dialect;

/// The most letters of a name in Django, and in PostgreSQL and MySQL.
const LONGEST: [usize; 2] = [30, 63];

/// One migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// What runs it.
    pub tool: MigrationTool,
    /// Where it belongs, with a name of its own, relative to the project's root as far as that is known.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// An index that is to be made.
struct Index<'a> {
    name: String,
    /// Its columns, as the database names them.
    columns: &'a [(String, KeyUse)],
    /// The same, as a statement writes them.
    written: Vec<String>,
}

/// What is to be done to one table.
struct Change<'a> {
    project: &'a Project,
    advice: &'a TableAdvice<'a>,
    indexes: Vec<Index<'a>>,
    /// Whether the indexes can be made while others write.
    is_concurrent: bool,
}

impl Migration {
    /// The migrations that make the indexes of one table, for `tool`, or what the project uses for the table. Several only
    /// where the tool runs each in a transaction of its own, in which only one index can be made beside writers.
    pub fn of(project: &Project, advice: &TableAdvice<'_>, tool: Option<MigrationTool>) -> Vec<Migration> {
        if advice.add.is_empty() {
            return Vec::new();
        }
        let tool = tool.unwrap_or_else(|| project.schema().tool_of(advice.table));
        let longest = LONGEST[usize::from(tool != MigrationTool::Django)];
        let index = |new: &'_ NewIndex<'_>| Index {
            name: index_name(&advice.table.name, &new.columns, longest),
            columns: &[],
            written: new
                .columns
                .iter()
                .map(|column| column_in_index(project, advice.table, advice.dialect, column))
                .collect(),
        };
        let indexes = advice.add.iter().map(|new| Index { columns: &new.columns, ..index(new) }).collect();
        let is_concurrent = advice.dialect == Dialect::PostgreSql && !advice.table.partitioned;
        let change = Change { project, advice, indexes, is_concurrent };
        let one = |(path, text): (String, String)| vec![Migration { tool, path, text }];
        match tool {
            MigrationTool::Alembic => one(change.alembic()),
            MigrationTool::Django => one(change.django()),
            MigrationTool::Drizzle => one(change.drizzle()),
            MigrationTool::Knex => one(change.knex()),
            MigrationTool::Prisma => {
                change.prisma().into_iter().map(|(path, text)| Migration { tool, path, text }).collect()
            }
            MigrationTool::Sequelize => one(change.sequelize()),
            MigrationTool::Sql => one(change.sql()),
            MigrationTool::TypeOrm => one(change.typeorm()),
        }
    }
}

impl Change<'_> {
    fn table(&self) -> &str {
        &self.advice.table.name
    }

    /// What the migration is called: `add_orders_indexes`.
    fn title(&self) -> String {
        format!("add_{}_indexes", words(self.table()))
    }

    fn create(&self, index: &Index<'_>) -> String {
        let dialect = self.advice.dialect;
        let table = self.project.spelled_table(self.advice.table, dialect);
        let concurrently = if self.is_concurrent { " CONCURRENTLY" } else { "" };
        let online = match dialect {
            Dialect::MsSql => " WITH (ONLINE = ON)",
            Dialect::Oracle => " ONLINE",
            _ => "",
        };
        let name = dialect.quoted(&index.name);
        format!("CREATE INDEX{concurrently} {name} ON {table} ({}){online}", index.written.join(", "))
    }

    fn drop(&self, index: &Index<'_>) -> String {
        let dialect = self.advice.dialect;
        let name = dialect.quoted(&index.name);
        let table = || self.project.spelled_table(self.advice.table, dialect);
        let schema = self.advice.table.schema.as_ref().map(|schema| format!("{}.", dialect.quoted(schema)));
        match dialect {
            Dialect::MySql | Dialect::MsSql => format!("DROP INDEX {name} ON {}", table()),
            Dialect::PostgreSql if self.is_concurrent => {
                format!("DROP INDEX CONCURRENTLY {}{name}", schema.unwrap_or_default())
            }
            Dialect::PostgreSql => format!("DROP INDEX {}{name}", schema.unwrap_or_default()),
            _ => format!("DROP INDEX {name}"),
        }
    }

    /// The attribute of the model that stands for a column.
    fn attribute(&self, column: &str) -> String {
        let schema = self.project.schema();
        let model = schema.class_of(self.advice.table).and_then(|class| schema.model(&Owner::Class(class)));
        model.and_then(|model| model.attribute(column)).unwrap_or(column).to_owned()
    }

    fn sql(&self) -> (String, String) {
        let mut text = String::new();
        for index in &self.indexes {
            let _ = writeln!(text, "{};", self.create(index));
        }
        (format!("{}.sql", self.title()), text)
    }

    fn django(&self) -> (String, String) {
        let class = self.project.schema().class_of(self.advice.table);
        let app = class.map(|class| DjangoApp::of(self.project, class));
        let model =
            class.map_or_else(|| self.table().to_owned(), |class| class_name(self.project, class).to_lowercase());
        let mut operations = String::new();
        let mut declared = String::new();
        for index in &self.indexes {
            let fields = index.columns.iter().map(|(column, wanted)| {
                let sign = if *wanted == KeyUse::Descending { "-" } else { "" };
                format!("\"{sign}{}\"", self.attribute(column))
            });
            let fields = fields.collect::<Vec<_>>().join(", ");
            let is_prefix = |(_, wanted): &(String, KeyUse)| *wanted == KeyUse::Prefix;
            let classes = if self.advice.dialect == Dialect::PostgreSql && index.columns.iter().any(is_prefix) {
                let class = |column| if is_prefix(column) { "\"text_pattern_ops\"" } else { "\"\"" };
                format!(", opclasses=[{}]", index.columns.iter().map(class).collect::<Vec<_>>().join(", "))
            } else {
                String::new()
            };
            let made = format!("models.Index(fields=[{fields}], name=\"{}\"{classes})", index.name);
            let operation = if self.is_concurrent { "AddIndexConcurrently" } else { "migrations.AddIndex" };
            let _ = write!(
                operations,
                "        {operation}(\n            model_name=\"{model}\",\n            index={made},\n        ),\n"
            );
            let _ = writeln!(declared, "#     {made},");
        }
        let (import, atomic) = if self.is_concurrent {
            ("from django.contrib.postgres.operations import AddIndexConcurrently\n", "    atomic = False\n\n")
        } else {
            ("", "")
        };
        let label = app.as_ref().map_or("app", |app| app.label.as_str());
        let last = app.as_ref().and_then(|app| app.last.as_deref());
        let dependencies = match last {
            Some(last) => format!("[(\"{label}\", \"{last}\")]"),
            None => format!("[(\"{label}\", \"__latest__\")]"),
        };
        let next = last.and_then(|last| last.get(..4)?.parse::<u32>().ok()).map_or(1, |number| number + 1);
        let folder = app.map_or_else(|| "migrations".to_owned(), |app| app.migrations);
        let text = format!(
            "# Put the same into `Meta.indexes` of the model, or the next `makemigrations` takes them away:\n\
             {declared}{import}from django.db import migrations, models\n\n\n\
             class Migration(migrations.Migration):\n{atomic}    dependencies = {dependencies}\n\n    operations = [\n{operations}    ]\n"
        );
        (format!("{folder}/{next:04}_{}.py", self.title()), text)
    }

    fn alembic(&self) -> (String, String) {
        let head = alembic_head(self.project);
        let names: Vec<&str> = self.indexes.iter().map(|index| index.name.as_str()).collect();
        let revision = format!("{:012x}", hash(&names.join(",")) & 0xffff_ffff_ffff);
        let table = self.table();
        let schema =
            self.advice.table.schema.as_deref().map_or_else(String::new, |schema| format!(", schema=\"{schema}\""));
        let (option, open, indent) = if self.is_concurrent {
            (", postgresql_concurrently=True", "    with op.get_context().autocommit_block():\n", "        ")
        } else {
            ("", "", "    ")
        };
        let mut uses_text = false;
        let (mut up, mut down) = (String::new(), String::new());
        for index in &self.indexes {
            let mut classes = Vec::new();
            let columns = index.columns.iter().map(|(column, wanted)| match wanted {
                KeyUse::Descending => {
                    uses_text = true;
                    format!("sa.text(\"{} DESC\")", self.advice.dialect.quoted(column).replace('"', "\\\""))
                }
                KeyUse::Prefix if self.advice.dialect == Dialect::PostgreSql => {
                    classes.push(format!("\"{column}\": \"text_pattern_ops\""));
                    format!("\"{column}\"")
                }
                _ => format!("\"{column}\""),
            });
            let columns = columns.collect::<Vec<_>>().join(", ");
            let classes =
                if classes.is_empty() { String::new() } else { format!(", postgresql_ops={{{}}}", classes.join(", ")) };
            let name = &index.name;
            let _ =
                writeln!(up, "{indent}op.create_index(\"{name}\", \"{table}\", [{columns}]{schema}{option}{classes})");
            let _ = writeln!(down, "{indent}op.drop_index(\"{name}\", table_name=\"{table}\"{schema}{option})");
        }
        let sa = if uses_text { "import sqlalchemy as sa\n" } else { "" };
        let head = head.map_or_else(|| "None  # the last revision".to_owned(), |head| format!("\"{head}\""));
        let text = format!(
            "\"\"\"{}\"\"\"\n\n{sa}from alembic import op\n\nrevision = \"{revision}\"\ndown_revision = {head}\n\
             branch_labels = None\ndepends_on = None\n\n\ndef upgrade() -> None:\n{open}{up}\n\ndef downgrade() -> None:\n{open}{down}",
            self.title().replace('_', " ")
        );
        (format!("versions/{revision}_{}.py", self.title()), text)
    }

    /// One file for each index: Prisma sends a file as one command, and PostgreSQL makes a transaction of several statements.
    fn prisma(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let each: Vec<&[Index<'_>]> =
            if self.is_concurrent { self.indexes.chunks(1).collect() } else { vec![self.indexes.as_slice()] };
        for (number, indexes) in (1..).zip(each.iter()) {
            let mut text = String::new();
            for index in *indexes {
                let keys = index.columns.iter().map(|(column, wanted)| {
                    let order = if *wanted == KeyUse::Descending { "(sort: Desc)" } else { "" };
                    format!("{}{order}", self.client_attribute(column))
                });
                let keys = keys.collect::<Vec<_>>().join(", ");
                let _ = writeln!(text, "-- In the model: @@index([{keys}], map: \"{}\")", index.name);
                let _ = writeln!(text, "{};", self.create(index));
            }
            let number = if each.len() > 1 { format!("_{number}") } else { String::new() };
            found.push((format!("prisma/migrations/<timestamp>_{}{number}/migration.sql", self.title()), text));
        }
        found
    }

    /// The attribute of the model in `schema.prisma` that stands for a column.
    fn client_attribute(&self, column: &str) -> String {
        let table = &self.advice.table.name;
        let declared = self.project.files().iter().filter_map(|file| file.facts.declared.as_ref());
        let mut models = declared.flat_map(|declared| &declared.models);
        let is_it = |name: &str| name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(table));
        let model = models.find(|model| is_it(&model.table));
        let attribute = model.and_then(|model| model.columns.iter().rev().find(|(_, own)| **own == *column));
        attribute.map_or(column, |(attribute, _)| attribute).to_owned()
    }

    fn knex(&self) -> (String, String) {
        let table = self.table();
        let (mut up, mut down) = (String::new(), String::new());
        let is_plain = !self.is_concurrent
            && self.advice.table.schema.is_none()
            && self.indexes.iter().all(|index| {
                index.written.iter().zip(index.columns).all(|(sql, (name, _))| *sql == self.advice.dialect.quoted(name))
            });
        for index in &self.indexes {
            if is_plain {
                let columns = quoted(index.columns.iter().map(|(name, _)| name.as_str()));
                let name = &index.name;
                let _ = writeln!(
                    up,
                    "  await knex.schema.alterTable(\"{table}\", (table) => table.index([{columns}], \"{name}\"));"
                );
                let _ = writeln!(
                    down,
                    "  await knex.schema.alterTable(\"{table}\", (table) => table.dropIndex([{columns}], \"{name}\"));"
                );
            } else {
                let _ = writeln!(up, "  await knex.raw(`{}`);", in_template(&self.create(index)));
                let _ = writeln!(down, "  await knex.raw(`{}`);", in_template(&self.drop(index)));
            }
        }
        let config = if self.is_concurrent { "exports.config = { transaction: false };\n\n" } else { "" };
        let text = format!(
            "{config}exports.up = async function (knex) {{\n{up}}};\n\nexports.down = async function (knex) {{\n{down}}};\n"
        );
        (format!("migrations/<timestamp>_{}.js", self.title()), text)
    }

    fn typeorm(&self) -> (String, String) {
        let (mut up, mut down) = (String::new(), String::new());
        for index in &self.indexes {
            let _ = writeln!(up, "    await queryRunner.query(`{}`);", in_template(&self.create(index)));
            let _ = writeln!(down, "    await queryRunner.query(`{}`);", in_template(&self.drop(index)));
        }
        let alone = if self.is_concurrent { "  transaction = false as const;\n\n" } else { "" };
        let stamp = next_stamp(self.project);
        let class: String = self.title().split('_').map(capitalized).collect();
        let text = format!(
            "import {{ MigrationInterface, QueryRunner }} from \"typeorm\";\n\n\
             export class {class}{stamp} implements MigrationInterface {{\n{alone}  \
             public async up(queryRunner: QueryRunner): Promise<void> {{\n{up}  }}\n\n  \
             public async down(queryRunner: QueryRunner): Promise<void> {{\n{down}  }}\n}}\n"
        );
        (format!("migrations/{stamp}-{class}.ts"), text)
    }

    fn sequelize(&self) -> (String, String) {
        let table = match &self.advice.table.schema {
            Some(schema) => format!("{{ tableName: \"{}\", schema: \"{schema}\" }}", self.table()),
            None => format!("\"{}\"", self.table()),
        };
        let concurrently = if self.is_concurrent { ", concurrently: true" } else { "" };
        let (mut up, mut down) = (String::new(), String::new());
        for index in &self.indexes {
            let field = |(name, wanted): &(String, KeyUse)| match wanted {
                KeyUse::Descending => format!("{{ name: \"{name}\", order: \"DESC\" }}"),
                KeyUse::Prefix if self.advice.dialect == Dialect::PostgreSql => {
                    format!("{{ name: \"{name}\", operator: \"text_pattern_ops\" }}")
                }
                _ => format!("\"{name}\""),
            };
            let fields = index.columns.iter().map(field).collect::<Vec<_>>().join(", ");
            let name = &index.name;
            let _ = writeln!(
                up,
                "    await queryInterface.addIndex({table}, {{ fields: [{fields}], name: \"{name}\"{concurrently} }});"
            );
            let _ = writeln!(
                down,
                "    await queryInterface.removeIndex({table}, \"{name}\"{});",
                if self.is_concurrent { ", { concurrently: true }" } else { "" }
            );
        }
        let text = format!(
            "\"use strict\";\n\nmodule.exports = {{\n  async up(queryInterface) {{\n{up}  }},\n\n  async down(queryInterface) {{\n{down}  }},\n}};\n"
        );
        (format!("migrations/<timestamp>-{}.js", self.title().replace('_', "-")), text)
    }

    /// Drizzle runs its migrations in one transaction, where no index can be made beside writers.
    fn drizzle(&self) -> (String, String) {
        let mut statements = Vec::new();
        for index in &self.indexes {
            let plain = self.create(index).replacen(" CONCURRENTLY", "", 1);
            let plain = plain.replacen("CREATE INDEX ", "CREATE INDEX IF NOT EXISTS ", 1);
            statements.push(if self.is_concurrent {
                format!("-- Run this by hand before, so that writers do not wait: {};\n{plain};\n", self.create(index))
            } else {
                format!("{plain};\n")
            });
        }
        let text = statements.join("--> statement-breakpoint\n");
        let text = if matches!(self.advice.dialect, Dialect::PostgreSql | Dialect::Sqlite) {
            text
        } else {
            text.replace(" IF NOT EXISTS", "")
        };
        (format!("drizzle/<number>_{}.sql", self.title()), text)
    }
}

fn class_name(project: &Project, class: ClassRef) -> &str {
    let facts = &project.file(class.file).facts;
    &facts.names[facts.class(class.class).name]
}

/// A name for an index, no longer than allowed: `orders_user_id_made_idx`.
fn index_name(table: &str, columns: &[(String, KeyUse)], longest: usize) -> String {
    let columns = columns.iter().map(|(name, _)| words(name)).collect::<Vec<_>>().join("_");
    let whole = format!("{}_{columns}_idx", words(table));
    // Django wants a letter in front.
    let whole = whole.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).to_owned();
    if whole.len() <= longest {
        return whole;
    }
    let end = format!("_{:06x}_idx", hash(&whole) & 0xff_ffff);
    let start: String = whole.chars().take(longest - end.len()).collect();
    format!("{}{end}", start.trim_end_matches('_'))
}

/// Letters, digits and `_` of a name, in lower case.
fn words(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// A statement in a template literal.
fn in_template(text: &str) -> String {
    text.replace('\\', "\\\\").replace('`', "\\`").replace("${", "\\${")
}

/// FNV-1a: the same in every version.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// Behind the last of TypeORM's migrations: the milliseconds that its name ends with.
fn next_stamp(project: &Project) -> u64 {
    let stamps = project.files().iter().filter_map(|file| {
        let name = file.source.path.rsplit('/').next().unwrap_or("");
        let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
        (digits.len() == 13).then(|| digits.parse::<u64>().ok()).flatten()
    });
    stamps.max().map_or(1_700_000_000_000, |last| last + 1)
}

/// The only revision of Alembic that no other one follows.
fn alembic_head(project: &Project) -> Option<String> {
    let mut revisions: Vec<String> = Vec::new();
    let mut followed = String::new();
    for file in project.files() {
        let text = file.source.text.as_str();
        if !text.contains("down_revision") || !file.source.path.ends_with(".py") {
            continue;
        }
        for line in text.lines() {
            if line.starts_with("down_revision") {
                followed += line;
            } else if line.starts_with("revision")
                && let Some((_, value)) = line.split_once('=')
            {
                revisions.push(value.trim().trim_matches(['"', '\'']).to_owned());
            }
        }
    }
    let mut heads =
        revisions.into_iter().filter(|revision| !revision.is_empty() && !followed.contains(revision.as_str()));
    heads.next().filter(|_| heads.next().is_none())
}
