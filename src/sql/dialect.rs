//! The SQL dialects that are told apart.

/// A SQL dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// PostgreSQL
    PostgreSql,
    /// MySQL, MariaDB
    MySql,
    /// SQLite
    Sqlite,
    /// Microsoft SQL Server
    MsSql,
    /// Oracle
    Oracle,
    /// BigQuery
    BigQuery,
    /// Snowflake
    Snowflake,
    /// Redshift
    Redshift,
    /// ClickHouse
    ClickHouse,
    /// DuckDB
    DuckDb,
    /// Not known.
    #[default]
    Generic,
}

impl Dialect {
    /// The dialect with this name, as catalogs, pages and the configuration write it.
    pub fn from_name(name: &str) -> Option<Dialect> {
        Some(match name {
            "postgresql" | "postgres" => Dialect::PostgreSql,
            "mysql" | "mariadb" => Dialect::MySql,
            "sqlite" => Dialect::Sqlite,
            "mssql" => Dialect::MsSql,
            "oracle" => Dialect::Oracle,
            "bigquery" => Dialect::BigQuery,
            "snowflake" => Dialect::Snowflake,
            "redshift" => Dialect::Redshift,
            "clickhouse" => Dialect::ClickHouse,
            "duckdb" => Dialect::DuckDb,
            "generic" => Dialect::Generic,
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::PostgreSql => "postgresql",
            Dialect::MySql => "mysql",
            Dialect::Sqlite => "sqlite",
            Dialect::MsSql => "mssql",
            Dialect::Oracle => "oracle",
            Dialect::BigQuery => "bigquery",
            Dialect::Snowflake => "snowflake",
            Dialect::Redshift => "redshift",
            Dialect::ClickHouse => "clickhouse",
            Dialect::DuckDb => "duckdb",
            Dialect::Generic => "generic",
        }
    }
}
