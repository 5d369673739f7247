//! What a rule over one SQL statement finds, in places of the text the statement stands in.

use crate::findings::{Applicability, Confidence, IndexChange, Severity};
use crate::project::schema::{Known, Place, Schema, Test, conditions_of, served};
use crate::source::Span;
use crate::sql::query::*;
use crate::sql::{Dialect, Servers, Slot, Statement};

/// One finding.
#[derive(Clone, Debug)]
pub(crate) struct SqlFinding {
    /// The predicate or clause that costs.
    pub(crate) span: Span,
    /// What it costs.
    pub(crate) severity: Severity,
    /// How sure it is.
    pub(crate) confidence: Confidence,
    /// What and how much: lower case, no full stop.
    pub(crate) message: String,
    /// Why it costs.
    pub(crate) note: String,
    /// What to do.
    pub(crate) help: String,
    /// Other places, with a few words each.
    pub(crate) related: Vec<(SqlPlace, String)>,
    /// Edits that mend it.
    pub(crate) fix: Option<SqlFix>,
    /// What is to become of an index.
    pub(crate) index: Option<IndexChange>,
}

/// Edits of the text that a statement stands in.
#[derive(Clone, Debug)]
pub(crate) struct SqlFix {
    /// What they do, lower case, no full stop.
    pub(crate) title: String,
    /// How far they may be trusted.
    pub(crate) applicability: Applicability,
    /// What is replaced, never empty, and by what; in order of place.
    pub(crate) edits: Vec<(Span, String)>,
}

impl SqlFinding {
    /// A finding that is sure, without other places.
    pub(crate) fn new(
        span: Span,
        severity: Severity,
        message: String,
        note: &str,
        help: impl Into<String>,
    ) -> SqlFinding {
        SqlFinding {
            span,
            severity,
            confidence: Confidence::High,
            message,
            note: note.to_owned(),
            help: help.into(),
            related: Vec::new(),
            fix: None,
            index: None,
        }
    }

    /// With edits, if there are any.
    #[must_use]
    pub(crate) fn fix(mut self, fix: Option<SqlFix>) -> SqlFinding {
        self.fix = fix;
        self
    }
}

/// Where something is that belongs to a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SqlPlace {
    /// In the text of the statement.
    Text(Span),
    /// Where the schema is defined.
    Schema(Place),
}

/// What a rule knows of a statement.
#[derive(Clone, Copy)]
pub(crate) struct SqlCx<'a> {
    /// What it says.
    pub(crate) statement: &'a Statement,
    /// Its query.
    pub(crate) query: &'a Query,
    /// The text it stands in.
    pub(crate) text: &'a str,
    /// The tables of the project.
    pub(crate) schema: &'a Schema,
    /// The servers of the project.
    pub(crate) servers: &'a Servers,
    /// The dialect of the database that it is sent to, as far as is known.
    pub(crate) dialect: Dialect,
    /// The model whose rows it asks for, if an ORM writes it; empty if it has no name of its own.
    pub(crate) model: Option<&'a str>,
}

impl<'a> SqlCx<'a> {
    /// What is known of a statement; `None` if it has no query that was understood.
    pub(crate) fn new(
        statement: &'a Statement,
        text: &'a str,
        schema: &'a Schema,
        servers: &'a Servers,
        dialect: Dialect,
    ) -> Option<Self> {
        let query = statement.query.as_deref()?;
        Some(SqlCx { statement, query, text, schema, servers, dialect, model: None })
    }

    /// The statement's slots.
    pub(crate) fn slots(&self) -> &'a [Slot] {
        &self.statement.slots
    }

    /// The source that a column belongs to, by its qualifier and by what the schema says of the tables.
    pub(crate) fn source_of(&self, column: &Column) -> Option<(SelectId, u16)> {
        match self.query.resolve(column, &|source, name| self.has_column(source, name)) {
            Resolved::Source(select, source) => Some((select, source)),
            Resolved::Unknown => None,
        }
    }

    fn has_column(&self, source: &Source, name: &str) -> Option<bool> {
        match self.schema.has_column(source.table()?, name) {
            Known::Yes => Some(true),
            Known::No => Some(false),
            Known::Unknown => None,
        }
    }

    /// The source with this number.
    pub(crate) fn source(&self, (select, source): (SelectId, u16)) -> Option<&'a Source> {
        self.query.select(select).sources.get(usize::from(source))
    }

    /// The table that a column belongs to.
    pub(crate) fn table_of(&self, column: &Column) -> Option<&'a TableName> {
        self.source(self.source_of(column)?)?.table()
    }

    /// The conditions of a select, as wholes: its `WHERE`, its `HAVING`, and what its sources are joined on.
    pub(crate) fn conditions(&self, select: &Select) -> impl Iterator<Item = ExprId> {
        let joins = select.sources.iter().filter_map(|source| source.on);
        select.filter.into_iter().chain(select.having).chain(joins)
    }

    /// Whether an equality on a column with an index, or perhaps with one, finds few rows of a source.
    pub(crate) fn may_be_narrowed(&self, select: &Select, source: u16) -> bool {
        let Some(table) = select.sources[usize::from(source)].table() else { return true };
        let conditions = conditions_of(self.query, select, source, self.schema);
        let definitions = self.schema.definitions(table);
        conditions.iter().filter(|condition| condition.test == Test::Equal && condition.is_constant).any(|condition| {
            let answers =
                definitions.iter().map(|table| served(table, condition, &conditions, self.query, select, self.dialect));
            definitions.is_empty() || answers.into_iter().any(|answer| answer.known() != Known::No)
        })
    }

    /// A name as messages show it: what the program fills in is shown as it is written.
    pub(crate) fn named(&self, name: &Ident) -> String {
        if name.dynamic { self.written(name.span) } else { name.text.to_string() }
    }

    /// Whether nothing is known of a table but that its rows are found otherwise: the database's own, or small.
    pub(crate) fn is_spared(&self, table: &TableName) -> bool {
        is_system_table(table)
            || self.schema.is_small(table)
            || self.schema.definitions(table).iter().any(|table| !table.dialect.has_row_indexes())
    }

    /// An expression as it is written, with single blanks.
    pub(crate) fn written(&self, span: Span) -> String {
        let raw = self.text.get(span.range()).unwrap_or("");
        raw.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Tables of the database itself: small, and not to be indexed.
pub(crate) fn is_system_table(table: &TableName) -> bool {
    let is_system_schema = table.schema().is_some_and(|schema| {
        ["information_schema", "pg_catalog", "sys", "mysql", "performance_schema", "system", "dba"]
            .iter()
            .any(|known| same_name(known, &schema.text))
    });
    let name = table.name().text.to_ascii_lowercase();
    is_system_schema
        || name.starts_with("pg_")
        || name.starts_with("sqlite_")
        || name.starts_with("all_tab")
        || matches!(&*name, "dual" | "user_tables" | "user_tab_columns" | "svv_table_info")
        || is_history(&name)
}

/// Tables in which migration tools keep what they have done: a row for each migration.
fn is_history(name: &str) -> bool {
    let name = name.trim_start_matches('_');
    matches!(
        name,
        "alembic_version"
            | "applied_schema_deltas"
            | "databasechangelog"
            | "flyway_schema_history"
            | "schema_version"
            | "sequelizemeta"
    ) || name == "migration"
        || name.ends_with("migrations")
}

/// A column's name as messages quote it: with its table, if that is known.
pub(crate) fn shown(table: Option<&TableName>, column: &str) -> String {
    match table {
        Some(table) if !table.is_dynamic() => format!("`{}.{column}`", table.name().text),
        _ => format!("`{column}`"),
    }
}

/// A name as it must be written in a statement of this dialect.
pub(crate) fn written(name: &Ident, dialect: Dialect) -> String {
    if !name.quoted {
        return name.text.to_string();
    }
    match dialect {
        Dialect::MySql | Dialect::BigQuery | Dialect::ClickHouse => format!("`{}`", name.text),
        Dialect::MsSql => format!("[{}]", name.text),
        _ => format!("\"{}\"", name.text),
    }
}

/// A table's name as it must be written in a statement of this dialect.
pub(crate) fn written_table(table: &TableName, dialect: Dialect) -> String {
    table.parts.iter().map(|part| written(part, dialect)).collect::<Vec<_>>().join(".")
}

/// `CREATE INDEX`, in the form that does not block writers, where there is one.
pub(crate) fn create_index(schema: &Schema, table: &TableName, columns: &[String], dialect: Dialect) -> String {
    let is_partitioned = schema.definitions(table).iter().any(|table| table.partitioned);
    let table = written_table(table, dialect);
    let columns = columns.join(", ");
    match dialect {
        // Of all partitions at once PostgreSQL makes one only with writers waiting.
        Dialect::PostgreSql if is_partitioned => format!("CREATE INDEX ON {table} ({columns})"),
        Dialect::PostgreSql => format!("CREATE INDEX CONCURRENTLY ON {table} ({columns})"),
        _ => {
            let bare = |text: &str| text.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
            let name = format!(
                "{}_{}_idx",
                bare(table.rsplit('.').next().unwrap_or(&table)),
                bare(&columns.replace(", ", "_"))
            );
            let online = match dialect {
                Dialect::MsSql => " WITH (ONLINE = ON)",
                Dialect::Oracle => " ONLINE",
                _ => "",
            };
            format!("CREATE INDEX {name} ON {table} ({columns}){online}")
        }
    }
}

#[cfg(test)]
pub(super) mod testing {
    //! Running a rule on one statement, with the tables that stand before it.

    use super::*;
    use crate::project::FileId;
    use crate::project::schema::SchemaSource;
    use crate::sql;

    /// What `check` finds in the last statement of `text`; the others define the schema.
    pub(in crate::rules) fn find(
        text: &str,
        dialect: Dialect,
        check: impl FnOnce(SqlCx<'_>, &mut Vec<SqlFinding>),
    ) -> Vec<SqlFinding> {
        let statements = sql::statements(text, &[], dialect).statements;
        let changes = statements
            .iter()
            .flat_map(|one| one.changes.iter().map(|change| (std::borrow::Cow::Borrowed(change), one.span)))
            .collect();
        let source =
            SchemaSource { file: FileId(0), path: "a.sql", dialect, changes, only_adds: false, is_exact: true };
        let schema = Schema::build(vec![source]);
        let mut found = Vec::new();
        let last = statements.last().expect("a statement");
        let servers = Servers::default();
        check(SqlCx::new(last, text, &schema, &servers, dialect).expect("a query"), &mut found);
        found
    }

    /// The advice of the only finding.
    pub(in crate::rules) fn advice(
        text: &str,
        dialect: Dialect,
        check: impl FnOnce(SqlCx<'_>, &mut Vec<SqlFinding>),
    ) -> String {
        let found = find(text, dialect, check);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].help.clone()
    }
}
