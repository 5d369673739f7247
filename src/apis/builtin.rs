//! The catalogs that are built in: one line per file of `rules/apis/`.

use std::sync::LazyLock;

use super::entries::UserApi;
use super::load::{Loader, Source};
use super::{Catalog, CatalogError, reader};

macro_rules! catalogs {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../rules/apis/", $name, ".toml")))),*]
    };
}

/// Name and text of each built-in catalog.
pub(super) const CATALOGS: &[(&str, &str)] = catalogs![
    "aiosqlite",
    "asyncpg",
    "better-sqlite3",
    "bookshelf",
    "clickhouse",
    "databases",
    "django",
    "drizzle",
    "ecma",
    "flask-appbuilder",
    "flask-sqlalchemy",
    "guardian",
    "knex",
    "kysely",
    "mikro-orm",
    "mssql",
    "mysql",
    "mysql-connector",
    "mysqlclient",
    "node-sqlite3",
    "objection",
    "oracledb",
    "pandas",
    "peewee",
    "pg",
    "pg-promise",
    "pgtyped",
    "pony",
    "postgres",
    "postgres-py",
    "prisma",
    "psycopg",
    "pymysql",
    "pyodbc",
    "python-dbapi",
    "redbean-node",
    "rethinkdb",
    "sequelize",
    "slonik",
    "sqlalchemy",
    "sqlite3",
    "sqlmodel",
    "supabase",
    "tortoise",
    "twisted",
    "typeorm",
];

impl Catalog {
    /// The built-in catalogs, read once.
    ///
    /// # Panics
    /// If a built-in catalog is wrong, which a test rules out.
    pub fn builtin() -> &'static Catalog {
        static BUILTIN: LazyLock<Catalog> = LazyLock::new(|| match read(CATALOGS, false) {
            Ok(catalog) => catalog,
            Err(error) => panic!("a built-in API catalog is wrong: {error}"),
        });
        &BUILTIN
    }

    /// The built-in catalogs with the user's own entries over them.
    ///
    /// # Errors
    /// If an entry names a type that does not exist, says something twice or contradicts itself.
    pub fn with_user(tables: &[UserApi]) -> Result<Catalog, CatalogError> {
        let mut loader = Loader::over(Catalog::builtin().clone());
        let sources = tables.iter().map(Source::from_user).collect();
        loader.load(sources)?;
        Ok(loader.finish())
    }
}

/// Reads catalogs given by name and text; `checked` also looks for doubles.
pub(super) fn read(catalogs: &[(&str, &str)], checked: bool) -> Result<Catalog, CatalogError> {
    let mut sources = Vec::with_capacity(catalogs.len());
    for (name, text) in catalogs {
        let origin = format!("rules/apis/{name}.toml");
        let file = reader::read(&origin, text)?;
        sources.push(Source::from_file(name, origin, file)?);
    }
    let mut loader = Loader::builtin(checked);
    loader.load(sources)?;
    Ok(loader.finish())
}
