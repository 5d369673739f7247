//! The catalogs that are built in: one line per file of `rules/apis/`.

use std::sync::LazyLock;

use super::entries::{CatalogFile, UserApi};
use super::load::{Loader, Source};
use super::{Catalog, CatalogError};

macro_rules! catalogs {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../rules/apis/", $name, ".toml")))),*]
    };
}

/// Name and text of each built-in catalog.
pub(super) const CATALOGS: &[(&str, &str)] = catalogs![
    "aiosqlite",
    "asyncpg",
    "databases",
    "django",
    "ecma",
    "flask-sqlalchemy",
    "knex",
    "mysql-connector",
    "mysqlclient",
    "oracledb",
    "pandas",
    "peewee",
    "pg",
    "pony",
    "prisma",
    "psycopg",
    "pymysql",
    "pyodbc",
    "python-dbapi",
    "sequelize",
    "sqlalchemy",
    "sqlite3",
    "sqlmodel",
    "tortoise",
];

impl Catalog {
    /// The built-in catalogs, read once.
    ///
    /// # Panics
    /// If a built-in catalog is wrong, which a test rules out.
    pub fn builtin() -> &'static Catalog {
        static BUILTIN: LazyLock<Catalog> = LazyLock::new(|| match read(CATALOGS) {
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

/// Reads catalogs given by name and text.
pub(super) fn read(catalogs: &[(&str, &str)]) -> Result<Catalog, CatalogError> {
    let mut sources = Vec::with_capacity(catalogs.len());
    for (name, text) in catalogs {
        let origin = format!("rules/apis/{name}.toml");
        let file: CatalogFile = toml::from_str(text).map_err(|error| CatalogError::from_toml(&origin, text, &error))?;
        sources.push(Source::from_file(name, origin, file)?);
    }
    let mut loader = Loader::default();
    loader.load(sources)?;
    Ok(loader.finish())
}
