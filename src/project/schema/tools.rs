//! What a project changes its tables with.

use rustc_hash::FxHashMap;

use super::sources::{Defined, Owner};
use super::{Schema, Table};
use crate::project::{ClassRef, FileId};

/// A tool whose migrations change tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MigrationTool {
    /// Alembic, for SQLAlchemy's models.
    Alembic,
    /// Django.
    Django,
    /// Drizzle Kit.
    Drizzle,
    /// Knex, also for Objection and Bookshelf.
    Knex,
    /// Prisma Migrate.
    Prisma,
    /// Sequelize.
    Sequelize,
    /// Files of SQL.
    #[default]
    Sql,
    /// TypeORM.
    TypeOrm,
}

impl MigrationTool {
    /// As users name it.
    pub fn name(self) -> &'static str {
        match self {
            MigrationTool::Alembic => "alembic",
            MigrationTool::Django => "django",
            MigrationTool::Drizzle => "drizzle",
            MigrationTool::Knex => "knex",
            MigrationTool::Prisma => "prisma",
            MigrationTool::Sequelize => "sequelize",
            MigrationTool::Sql => "sql",
            MigrationTool::TypeOrm => "typeorm",
        }
    }
}

/// What defines the tables of a project.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tools {
    /// By the file that defines something.
    by_file: FxHashMap<FileId, MigrationTool>,
    /// Models by the names of their tables in lower case: their tools and, if they are classes, those.
    by_table: FxHashMap<Box<str>, (MigrationTool, Option<ClassRef>)>,
}

impl Tools {
    pub(super) fn of(defined: &[(FileId, Defined)]) -> Tools {
        let mut tools = Tools::default();
        for (file, defined) in defined {
            tools.by_file.entry(*file).or_insert(defined.tool);
            for model in &defined.models {
                let class = match model.owner {
                    Owner::Class(class) => Some(class),
                    _ => None,
                };
                tools.by_table.entry(last(&model.table)).or_insert((defined.tool, class));
            }
        }
        tools
    }
}

impl Schema {
    /// What changes a table: the tool of its model, else that of the file that makes it.
    pub fn tool_of(&self, table: &Table) -> MigrationTool {
        let model = self.tools.by_table.get(&last(&table.name)).map(|(tool, _)| *tool);
        model.or_else(|| self.tools.by_file.get(&table.place.file).copied()).unwrap_or_default()
    }

    /// The class that stands for a table, if one does.
    pub fn class_of(&self, table: &Table) -> Option<ClassRef> {
        self.tools.by_table.get(&last(&table.name)).and_then(|(_, class)| *class)
    }
}

/// The table's own name, in lower case.
fn last(name: &str) -> Box<str> {
    name.rsplit('.').next().unwrap_or(name).to_lowercase().into()
}
