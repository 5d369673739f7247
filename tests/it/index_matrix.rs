//! What is said of indexes is what engines do: for each of many pairs of an index and a query, whether the index serves
//! the query as `project::schema` says, and as the plan of the engine says when it is told not to read whole tables.

use std::borrow::Cow;
use std::collections::BTreeMap;

use seqscan::project::FileId;
use seqscan::project::schema::{Schema, SchemaSource, Served, conditions_of, served};
use seqscan::sql::{self, Dialect};

use crate::engines::{Database, Engine, Kind};

/// The columns that indexes and conditions are made of, each with two values in SQL.
const COLUMNS: [(&str, &str, &str); 4] =
    [("a", "1", "7"), ("b", "2", "9"), ("c", "'n1'", "'n7'"), ("e", "'2026-01-02 00:00:00'", "'2026-03-04 00:00:00'")];

/// What is asked of an engine, and how its answers are read.
struct Side {
    kind: Kind,
    dialect: Dialect,
    /// The table.
    table: &'static str,
    /// Indexes besides those that are made of all columns: what follows `ON t`.
    indexes: &'static [&'static str],
    /// Conditions besides those that are made of all columns.
    conditions: &'static [&'static str],
}

const POSTGRESQL: Side = Side {
    kind: Kind::PostgreSql,
    dialect: Dialect::PostgreSql,
    table: "CREATE TABLE t (id integer NOT NULL, a integer, b integer, c text, e timestamp, f boolean NOT NULL, g text COLLATE \"C\")",
    indexes: &[
        "(c text_pattern_ops)",
        "(c text_pattern_ops, a)",
        "(c COLLATE \"C\")",
        "(g)",
        "(g, a)",
        "(a DESC NULLS LAST, b)",
        "(a) INCLUDE (b)",
        "(a) WHERE f",
        "(a) WHERE b = 2",
        "(a) WHERE b = 2 AND f",
        "(a) WHERE a IS NOT NULL",
        "(a) WHERE b IS NOT NULL",
        "(a) WHERE c = 'n1'",
        "(b) WHERE a > 3",
        "(lower(c))",
        "(lower(c), a)",
        "((a + b))",
        "(a, (lower(c)))",
        "USING hash (a)",
        "USING hash (c)",
        "USING brin (a)",
    ],
    conditions: &[
        "a = ANY (ARRAY[1, 7])",
        "a IS NOT DISTINCT FROM 1",
        "c ILIKE 'n1%'",
        "c ~ '^n1'",
        "g = 'n1'",
        "g > 'n1'",
        "g LIKE 'n1%'",
        "a = 1.5",
        "a = 1.0",
        "a IN (1, 2.5)",
        "a = 1::bigint",
        "e::date = '2026-01-02'",
        "f AND a = 1",
        "NOT f AND a = 1",
        "c || 'x' = 'n1x'",
    ],
};

const SQLITE: Side = Side {
    kind: Kind::Sqlite,
    dialect: Dialect::Sqlite,
    table: "CREATE TABLE t (id INTEGER NOT NULL, a INTEGER, b INTEGER, c TEXT, e TEXT, f INTEGER NOT NULL, g TEXT COLLATE NOCASE)",
    indexes: &[
        "(c COLLATE NOCASE)",
        "(c COLLATE NOCASE, a)",
        "(c COLLATE BINARY)",
        "(g)",
        "(g, a)",
        "(g COLLATE BINARY)",
        "(a) WHERE f",
        "(a) WHERE b = 2",
        "(a) WHERE b = 2 AND f",
        "(a) WHERE a IS NOT NULL",
        "(a) WHERE b IS NOT NULL",
        "(a) WHERE c = 'n1'",
        "(b) WHERE a > 3",
        "(lower(c))",
        "(lower(c), a)",
        "(a + b)",
        "(a, lower(c))",
    ],
    conditions: &[
        "a IS NOT DISTINCT FROM 1",
        "c GLOB 'n1*'",
        "g = 'n1'",
        "g > 'n1'",
        "g LIKE 'n1%'",
        "a = 1.5",
        "a = '1'",
        "c = 1",
        "f AND a = 1",
        "NOT f AND a = 1",
        "c || 'x' = 'n1x'",
    ],
};

const MARIADB: Side = Side {
    kind: Kind::MariaDb,
    dialect: Dialect::MySql,
    table: "CREATE TABLE t (id integer NOT NULL, a integer, b integer, c varchar(40), e datetime, f boolean NOT NULL, g varchar(40))",
    indexes: &["(c(10))", "(c(10), a)", "(a, b, c)", "(g)", "(g, a)", "(g(3))", "(c, b, a)", "(b, a, c)", "(e, c)"],
    conditions: &[
        "a <=> 1",
        "c REGEXP '^n1'",
        "g = 'n1'",
        "g > 'n1'",
        "g LIKE 'n1%'",
        "a = 1.5",
        "a = '1'",
        "c = 1",
        "c = 1.5",
        "f AND a = 1",
        "concat(c, 'x') = 'n1x'",
    ],
};

impl Side {
    /// All indexes: what follows `CREATE`, with the name `i`.
    fn all_indexes(&self) -> Vec<String> {
        let mut lists: Vec<String> = Vec::new();
        for (first, _, _) in COLUMNS {
            lists.push(first.to_owned());
            lists.push(format!("{first} DESC"));
            for (second, _, _) in COLUMNS.into_iter().filter(|(second, _, _)| *second != first) {
                lists.push(format!("{first}, {second}"));
                lists.push(format!("{first} DESC, {second}"));
                if first != "c" {
                    lists.push(format!("{first}, f, {second}"));
                }
            }
        }
        let plain = lists.iter().map(|list| format!("INDEX i ON t ({list})"));
        let own = self.indexes.iter().map(|rest| format!("INDEX i ON t {rest}"));
        plain
            .chain(own)
            .chain(["UNIQUE INDEX i ON t (id)".to_owned(), "UNIQUE INDEX i ON t (id, a)".to_owned()])
            .collect()
    }

    /// All conditions.
    fn all_conditions(&self) -> Vec<String> {
        let mut all: Vec<String> = vec!["id = 42".to_owned(), "id = 42 AND a = 42".to_owned()];
        for (column, one, other) in COLUMNS {
            all.extend([
                format!("{column} = {one}"),
                format!("{one} = {column}"),
                format!("{column} IN ({one}, {other})"),
                format!("{column} = {one} OR {column} = {other}"),
                format!("{column} > {one}"),
                format!("{column} BETWEEN {one} AND {other}"),
                format!("{column} IS NULL"),
                format!("{column} <> {one}"),
                format!("NOT {column} = {one}"),
                format!("coalesce({column}, {one}) = {other}"),
            ]);
            for (second, of_second, _) in COLUMNS.into_iter().filter(|(second, _, _)| *second != column) {
                all.push(format!("{column} = {one} AND {second} > {of_second}"));
            }
        }
        let more = [
            "a = b",
            "a + 1 = 5",
            "a + b = 5",
            "a = 1 AND b = 2",
            "a = 1 AND b = 2 AND c = 'n1'",
            "c LIKE 'n1%'",
            "c LIKE '%n1'",
            "c LIKE 'n1%' AND a = 1",
            "lower(c) = 'n1'",
            "upper(c) = 'N1'",
            "lower(c) = 'n1' AND a = 1",
        ];
        all.extend(more.iter().chain(self.conditions).map(|&condition| condition.to_owned()));
        all
    }

    /// What `project::schema` says of one pair: whether the index serves; `None` if it says nothing.
    fn verdict(&self, index: &str, condition: &str) -> Option<bool> {
        let text = format!("{}; CREATE {index}; SELECT * FROM t WHERE {condition}", self.table);
        let statements = sql::statements(&text, &[], self.dialect).statements;
        let (query, defined) = statements.split_last()?;
        let changes = defined.iter().flat_map(|one| one.changes.iter().map(|change| (Cow::Borrowed(change), one.span)));
        let source = SchemaSource {
            file: FileId(0),
            path: "schema.sql",
            dialect: self.dialect,
            changes: changes.collect(),
            only_adds: false,
            is_exact: true,
        };
        let schema = Schema::build(vec![source]);
        let query = query.query.as_deref().unwrap_or_else(|| panic!("{condition} is not understood"));
        let select = query.root()?;
        let conditions = conditions_of(query, select, 0, &schema);
        let [table] = schema.tables() else { panic!("{index}") };
        let answers: Vec<Served<'_>> = conditions
            .iter()
            .map(|condition| served(table, condition, &conditions, query, select, self.dialect))
            .collect();
        if answers.iter().any(|answer| matches!(answer, Served::By(_))) {
            return Some(true);
        }
        let is_whole = query.conditions(select).len() == conditions.len();
        let all_no = answers.iter().all(|answer| matches!(answer, Served::No));
        (all_no && is_whole).then_some(false)
    }

    /// What the engine does with each condition: whether it finds rows by the index.
    fn asked(&self, database: &Database<'_>, index: &str, conditions: &[String]) -> Vec<bool> {
        match self.kind {
            Kind::PostgreSql => {
                let questions: String = conditions
                    .iter()
                    .enumerate()
                    .map(|(number, condition)| {
                        format!("SELECT '{number:04} ' || plan($q$SELECT * FROM t WHERE {condition}$q$);")
                    })
                    .collect();
                let lines = database
                    .rows(&format!("CREATE {index}; SET enable_seqscan = off; {questions} DROP INDEX i;"))
                    .unwrap_or_else(|error| panic!("{index}: {error}"));
                let leading = leading(index);
                lines.iter().map(|line| finds_by(line, &leading)).collect()
            }
            Kind::Sqlite => {
                database.run(&format!("CREATE {index};")).unwrap();
                let plans = conditions.iter().map(|condition| {
                    let plan = database.plan(&format!("SELECT * FROM t INDEXED BY i WHERE {condition}"));
                    // "no query solution": the index cannot be used at all.
                    plan.is_ok_and(|plan| {
                        plan.lines().any(|line| line.contains("SEARCH t USING") && line.contains(" i ("))
                    })
                });
                let plans = plans.collect();
                database.run("DROP INDEX i;").unwrap();
                plans
            }
            Kind::MariaDb => {
                let questions: String = conditions
                    .iter()
                    .enumerate()
                    .map(|(number, condition)| {
                        format!("EXPLAIN SELECT * FROM t AS q{number:04} FORCE INDEX (i) WHERE {condition};")
                    })
                    .collect();
                let lines = database
                    .rows(&format!("CREATE {index}; {questions} DROP INDEX i ON t;"))
                    .unwrap_or_else(|error| panic!("{index}: {error}"));
                let mut found = vec![false; conditions.len()];
                for line in lines {
                    let cells: Vec<&str> = line.split('\t').collect();
                    let Some(number) = cells[2].strip_prefix('q').and_then(|number| number.parse::<usize>().ok())
                    else {
                        continue;
                    };
                    let finds =
                        matches!(cells[3], "const" | "eq_ref" | "ref" | "ref_or_null" | "range" | "index_merge");
                    found[number] = finds;
                }
                found
            }
        }
    }
}

/// The first part of an index, as PostgreSQL writes it in plans.
fn leading(index: &str) -> String {
    let list = &index[index.find('(').unwrap() + 1..];
    match list.trim_start_matches('(') {
        list if list.starts_with("lower(c") => "lower(".to_owned(),
        list if list.starts_with("a + b") => "(a + b)".to_owned(),
        list => list.split([' ', ',', ')']).next().unwrap().to_owned(),
    }
}

/// Whether a plan has a condition on the first part of the index; one on a later part alone reads the whole index.
fn finds_by(plan: &str, leading: &str) -> bool {
    plan.split(" ~ ").filter(|line| !line.contains("Filter:")).any(|line| {
        let condition = line.split_once("Index Cond: ").map(|(_, condition)| condition);
        condition.is_some_and(|condition| {
            let parts = condition.split(|c: char| !c.is_alphanumeric() && !matches!(c, '(' | '_' | '+' | ' '));
            condition.contains(leading)
                && (leading.len() > 1 || parts.flat_map(|part| part.split(['(', ' ', '+'])).any(|word| word == leading))
        })
    })
}

const PLAN: &str = "CREATE FUNCTION plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; whole text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP whole := whole || line || ' ~ '; END LOOP;
  RETURN whole;
END $$;";

fn compare(side: &Side) {
    let Some(engine) = Engine::start_or_say(side.kind) else { return };
    let database = engine.database().unwrap();
    database.run(&format!("{};", side.table)).unwrap();
    let time = match side.kind {
        Kind::PostgreSql => "timestamp '2026-01-01' + n * interval '1 hour'",
        Kind::MariaDb => "date_add('2026-01-01', interval n hour)",
        Kind::Sqlite => "datetime('2026-01-01', n || ' hours')",
    };
    let truth = if side.kind == Kind::PostgreSql { "n % 50 = 0" } else { "n % 50" };
    database
        .run(&format!(
            "INSERT INTO t SELECT n, nullif(n % 101, 0), n % 97, concat('n', n), {time}, {truth}, concat('n', n) FROM numbers(3000);"
        ))
        .unwrap();
    if side.kind == Kind::PostgreSql {
        database.run(PLAN).unwrap();
    }
    // Without statistics SQLite does not skip over the first column of an index.
    if side.kind != Kind::Sqlite {
        database.analyse(&["t"]).unwrap();
    }
    let conditions = side.all_conditions();
    let (mut pairs, mut unsaid, mut served) = (0, 0, 0);
    let mut wrong: BTreeMap<(String, bool), Vec<String>> = BTreeMap::new();
    for index in side.all_indexes() {
        let answers = side.asked(&database, &index, &conditions);
        assert_eq!(answers.len(), conditions.len(), "{index}");
        for (condition, uses) in conditions.iter().zip(answers) {
            pairs += 1;
            match side.verdict(&index, condition) {
                None => unsaid += 1,
                Some(said) if said != uses => wrong.entry((condition.clone(), said)).or_default().push(index.clone()),
                Some(said) => served += usize::from(said),
            }
        }
    }
    let number: usize = wrong.values().map(Vec::len).sum();
    println!("{}: {pairs} pairs, {served} served, nothing is said of {unsaid}, {number} differ", side.kind.name());
    let shown: Vec<String> = wrong
        .iter()
        .map(|((condition, said), indexes)| {
            format!(
                "{condition}: {} is said of {}: {}",
                if *said { "served" } else { "not served" },
                indexes.len(),
                indexes.join(" | ")
            )
        })
        .collect();
    assert!(pairs >= 2000 && served >= 500, "only {pairs} pairs, {served} of them served");
    assert!(unsaid * 5 < pairs, "nothing is said of {unsaid} of {pairs} pairs");
    assert!(wrong.is_empty(), "{number} of {pairs} differ on {}\n{}", side.kind.name(), shown.join("\n"));
}

#[test]
fn postgresql_uses_the_indexes_that_serve() {
    compare(&POSTGRESQL);
}

#[test]
fn sqlite_uses_the_indexes_that_serve() {
    compare(&SQLITE);
}

#[test]
fn mariadb_uses_the_indexes_that_serve() {
    compare(&MARIADB);
}
