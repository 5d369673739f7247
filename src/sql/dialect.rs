//! Which SQL a statement is written in, by its database.

use serde::{Deserialize, Serialize};

/// Words that some database takes for more than a name; sorted.
const RESERVED: [&str; 103] = [
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "check",
    "column",
    "condition",
    "constraint",
    "create",
    "cross",
    "database",
    "default",
    "delete",
    "desc",
    "describe",
    "distinct",
    "drop",
    "else",
    "end",
    "except",
    "exists",
    "explain",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "full",
    "function",
    "grant",
    "group",
    "grouping",
    "groups",
    "having",
    "if",
    "in",
    "index",
    "inner",
    "insert",
    "interval",
    "into",
    "is",
    "join",
    "key",
    "keys",
    "left",
    "like",
    "limit",
    "lock",
    "match",
    "natural",
    "not",
    "null",
    "offset",
    "on",
    "option",
    "or",
    "order",
    "outer",
    "primary",
    "range",
    "rank",
    "read",
    "references",
    "release",
    "rename",
    "repeat",
    "replace",
    "returning",
    "right",
    "row",
    "rows",
    "schema",
    "select",
    "set",
    "show",
    "some",
    "system",
    "table",
    "then",
    "to",
    "trigger",
    "true",
    "union",
    "unique",
    "update",
    "usage",
    "use",
    "user",
    "using",
    "values",
    "when",
    "where",
    "window",
    "with",
    "write",
];

/// A database's SQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Dialect {
    /// PostgreSQL, and what speaks its SQL (CockroachDB, YugabyteDB, TimescaleDB).
    PostgreSql,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
    /// Microsoft SQL Server.
    MsSql,
    /// Oracle.
    Oracle,
    /// Google BigQuery.
    BigQuery,
    /// Snowflake.
    Snowflake,
    /// Amazon Redshift.
    Redshift,
    /// ClickHouse.
    ClickHouse,
    /// DuckDB.
    DuckDb,
    /// Not known: what most databases understand. Dialect-specific advice stays silent.
    #[default]
    Generic,
}

impl Dialect {
    /// All that are known, most used first.
    pub const ALL: [Dialect; 10] = [
        Dialect::PostgreSql,
        Dialect::MySql,
        Dialect::Sqlite,
        Dialect::MsSql,
        Dialect::Oracle,
        Dialect::BigQuery,
        Dialect::Snowflake,
        Dialect::Redshift,
        Dialect::ClickHouse,
        Dialect::DuckDb,
    ];

    /// The dialect with this name; common other names of the same database are understood.
    pub fn from_name(name: &str) -> Option<Dialect> {
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        Some(match name.as_str() {
            "postgresql" | "postgres" | "pg" | "psql" | "cockroachdb" | "cockroach" | "timescaledb" => {
                Dialect::PostgreSql
            }
            "mysql" | "mariadb" | "mysql2" | "aurora" => Dialect::MySql,
            "sqlite" | "sqlite3" | "libsql" | "bettersqlite3" => Dialect::Sqlite,
            "mssql" | "sqlserver" | "tsql" => Dialect::MsSql,
            "oracle" | "oracledb" | "plsql" => Dialect::Oracle,
            "bigquery" => Dialect::BigQuery,
            "snowflake" => Dialect::Snowflake,
            "redshift" => Dialect::Redshift,
            "clickhouse" => Dialect::ClickHouse,
            "duckdb" => Dialect::DuckDb,
            "generic" | "ansi" | "unknown" => Dialect::Generic,
            _ => return None,
        })
    }

    /// The name users write in the configuration.
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

    /// A name as a statement of this dialect needs it: in quotes, unless it is plain.
    pub fn quoted(self, name: &str) -> String {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let starts_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if starts_plain && name.chars().all(is_plain) && RESERVED.binary_search(&name).is_err() {
            return name.to_owned();
        }
        match self {
            Dialect::MySql => format!("`{}`", name.replace('`', "``")),
            Dialect::MsSql => format!("[{}]", name.replace(']', "]]")),
            _ => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// Whether rows are found through b-tree indexes that the schema declares. The analytic databases keep
    /// columns, partitions and zone maps instead: advice on indexes means nothing there.
    pub fn has_row_indexes(self) -> bool {
        !matches!(
            self,
            Dialect::BigQuery | Dialect::Snowflake | Dialect::Redshift | Dialect::ClickHouse | Dialect::DuckDb
        )
    }

    /// Whether a backslash in `'…'` takes the next character with it.
    pub(crate) fn escapes_with_backslash(self) -> bool {
        matches!(self, Dialect::MySql | Dialect::BigQuery | Dialect::ClickHouse | Dialect::Snowflake)
    }

    /// Whether `$tag$ … $tag$` is a string.
    pub(crate) fn has_dollar_quotes(self) -> bool {
        !matches!(self, Dialect::MySql | Dialect::Sqlite | Dialect::MsSql | Dialect::Oracle)
    }

    /// Whether block comments stand in one another; `None` if either may be.
    pub(crate) fn nests_comments(self) -> Option<bool> {
        match self {
            Dialect::PostgreSql | Dialect::MsSql | Dialect::DuckDb | Dialect::ClickHouse | Dialect::Redshift => {
                Some(true)
            }
            Dialect::Generic => None,
            _ => Some(false),
        }
    }

    /// Whether `[name]` is a quoted name.
    pub(crate) fn quotes_with_brackets(self) -> bool {
        matches!(self, Dialect::MsSql | Dialect::Sqlite)
    }

    /// Whether `#` begins a comment wherever it stands.
    pub(crate) fn has_hash_comments(self) -> bool {
        matches!(self, Dialect::MySql | Dialect::BigQuery)
    }

    /// Whether `j ? 'key'` can be an operator.
    pub(crate) fn has_question_operator(self) -> bool {
        matches!(self, Dialect::PostgreSql | Dialect::Generic | Dialect::Redshift)
    }
}

/// The dialect that the name of a `.sql` file says, between its dots: `full.sql.postgres`, `schema.mysql.sql`.
pub(crate) fn of_file_name(path: &str) -> Option<Dialect> {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    name.split('.').skip(1).find_map(|mark| match mark {
        "postgres" | "postgresql" | "pgsql" => Some(Dialect::PostgreSql),
        "mysql" | "mariadb" => Some(Dialect::MySql),
        "sqlite" | "sqlite3" => Some(Dialect::Sqlite),
        "mssql" | "sqlserver" => Some(Dialect::MsSql),
        _ => None,
    })
}

/// The dialect that the content of a `.sql` file shows, if it shows one. Only marks that no other
/// database writes count; the file's first 64 KB are read.
pub(crate) fn of_content(text: &str) -> Option<Dialect> {
    let head = text.len().min(64 * 1024);
    let bytes = &text.as_bytes()[..head];
    let mut score = [0u32; DIALECTS.len()];
    let comments = block_comments(bytes);
    for mark in MARKS.find_iter(bytes) {
        let next = comments.partition_point(|comment| comment.end <= mark.start());
        if comments.get(next).is_some_and(|comment| comment.contains(&mark.start())) {
            continue;
        }
        let (dialect, weight) = MARK_VALUES[mark.pattern().as_usize()].1;
        // People write names in backticks there; only who made a dump says so in a comment.
        if weight < DUMP && is_in_line_comment(bytes, mark.start()) {
            continue;
        }
        score[dialect] += weight;
    }
    // A line that holds nothing but `GO` ends a batch of SQL Server's tools.
    let mut line_start = 0;
    let mut go = 0;
    for line_end in memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]) {
        go += usize::from(bytes[line_start..line_end].trim_ascii().eq_ignore_ascii_case(b"go"));
        line_start = line_end + 1;
    }
    score[3] += u32::try_from(go.min(8)).unwrap_or(0) * 6;
    let (best, &most) = score.iter().enumerate().max_by_key(|&(_, &points)| points)?;
    let second = score.iter().enumerate().filter(|&(at, _)| at != best).map(|(_, &points)| points).max().unwrap_or(0);
    // A mark can stand in a string or a comment: it takes a clear lead.
    (most >= 3 && most >= second * 2).then(|| DIALECTS[best])
}

/// Whether a place is behind `--` on its line.
fn is_in_line_comment(bytes: &[u8], at: usize) -> bool {
    let line = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1);
    memchr::memmem::find(&bytes[line..at], b"--").is_some()
}

/// The comments between `/*` and `*/`, in order: what tools write there is in no dialect. `/*! … */` is MySQL's own.
fn block_comments(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for start in memchr::memmem::find_iter(bytes, b"/*") {
        if found.last().is_some_and(|before| start < before.end) || bytes.get(start + 2) == Some(&b'!') {
            continue;
        }
        let length = memchr::memmem::find(&bytes[start..], b"*/").map_or(bytes.len() - start, |length| length + 2);
        found.push(start..start + length);
    }
    found
}

/// The dialects whose marks are known.
const DIALECTS: [Dialect; 8] = [
    Dialect::PostgreSql,
    Dialect::MySql,
    Dialect::Sqlite,
    Dialect::MsSql,
    Dialect::Oracle,
    Dialect::ClickHouse,
    Dialect::Snowflake,
    Dialect::Redshift,
];

/// How much it says that a dump names the program that made it.
const DUMP: u32 = 30;

/// What is written by one database only: text, its place in the score, and how much it says.
const MARK_VALUES: &[(&str, (usize, u32))] = &[
    ("PostgreSQL database dump", (0, DUMP)),
    ("pg_catalog", (0, 10)),
    ("CREATE EXTENSION", (0, 10)),
    ("LANGUAGE plpgsql", (0, 10)),
    ("OWNER TO", (0, 3)),
    ("timestamptz", (0, 3)),
    ("timestamp with time zone", (0, 3)),
    ("timestamp without time zone", (0, 4)),
    ("character varying", (0, 3)),
    ("bigserial", (0, 3)),
    (" serial ", (0, 2)),
    ("jsonb", (0, 3)),
    ("USING gin", (0, 6)),
    ("USING gist", (0, 6)),
    ("USING btree (", (0, 3)),
    ("CONCURRENTLY", (0, 4)),
    ("::text", (0, 3)),
    ("::regclass", (0, 6)),
    ("::jsonb", (0, 6)),
    ("gen_random_uuid()", (0, 4)),
    ("ILIKE", (0, 2)),
    ("FROM stdin;", (0, 8)),
    ("\\set ", (0, 4)),
    ("\\copy ", (0, 8)),
    ("\\gset", (0, 8)),
    ("\\echo ", (0, 4)),
    ("\\i ", (0, 3)),
    ("MySQL dump", (1, DUMP)),
    ("MariaDB dump", (1, DUMP)),
    ("ENGINE=", (1, 10)),
    ("ENGINE =", (1, 10)),
    ("AUTO_INCREMENT", (1, 5)),
    ("/*!", (1, 5)),
    ("TABLE `", (1, 5)),
    ("INTO `", (1, 5)),
    ("FROM `", (1, 3)),
    ("KEY `", (1, 5)),
    ("DELIMITER ", (1, 6)),
    ("utf8mb4", (1, 6)),
    ("UNSIGNED", (1, 3)),
    ("DATETIME(6)", (1, 2)),
    ("ON UPDATE CURRENT_TIMESTAMP", (1, 5)),
    ("PRAGMA ", (2, 10)),
    ("AUTOINCREMENT", (2, 10)),
    ("sqlite_sequence", (2, 20)),
    ("sqlite_master", (2, 10)),
    ("WITHOUT ROWID", (2, 10)),
    ("INSERT OR IGNORE", (2, 5)),
    ("INSERT OR REPLACE", (2, 5)),
    ("NVARCHAR(", (3, 3)),
    ("IDENTITY(1,1)", (3, 8)),
    ("IDENTITY(1, 1)", (3, 8)),
    ("[dbo].", (3, 10)),
    ("CLUSTERED", (3, 3)),
    ("NOCOUNT", (3, 8)),
    ("WITH (NOLOCK)", (3, 8)),
    ("VARCHAR2(", (4, 10)),
    ("NUMBER(", (4, 3)),
    ("ROWNUM", (4, 3)),
    ("FROM dual", (4, 4)),
    ("MergeTree", (5, 60)),
    ("LowCardinality(", (5, 20)),
    ("DateTime64", (5, 20)),
    ("Nullable(", (5, 20)),
    ("CREATE OR REPLACE STAGE", (6, 20)),
    ("TIMESTAMP_NTZ", (6, 10)),
    ("CREATE WAREHOUSE", (6, 20)),
    (" DISTKEY", (7, 20)),
    (" SORTKEY", (7, 20)),
    ("DISTSTYLE", (7, 20)),
];

static MARKS: std::sync::LazyLock<aho_corasick::AhoCorasick> = std::sync::LazyLock::new(|| {
    aho_corasick::AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(aho_corasick::MatchKind::LeftmostLongest)
        .build(MARK_VALUES.iter().map(|mark| mark.0))
        .expect("the marks are few and short")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for name in ["postgresql", "mysql", "sqlite", "mssql", "oracle", "bigquery", "duckdb", "generic"] {
            assert_eq!(Dialect::from_name(name).map(Dialect::name), Some(name));
        }
        assert_eq!(Dialect::from_name("SQL Server"), Some(Dialect::MsSql));
        assert_eq!(Dialect::from_name("dbase"), None);
    }

    #[test]
    fn dialect_of_a_file() {
        assert_eq!(of_content("--\n-- PostgreSQL database dump\n--\n"), Some(Dialect::PostgreSql));
        assert_eq!(of_content("CREATE TABLE `a` (`id` int AUTO_INCREMENT) ENGINE=InnoDB;"), Some(Dialect::MySql));
        assert_eq!(of_content("PRAGMA foreign_keys=OFF;\nCREATE TABLE a(id INTEGER);"), Some(Dialect::Sqlite));
        assert_eq!(of_content("SELECT 1\nGO\nSELECT 2\nGO\n"), Some(Dialect::MsSql));
        assert_eq!(of_content("CREATE TABLE a (id int primary key);"), None);
        assert_eq!(of_content("-- Rows come from `b` and go into `c`.\nCREATE TABLE a (id int primary key);"), None);
    }
}
