//! Edits of SQL that say the same: every statement of the pages that a fix changes gives the same rows before and after it,
//! on hundreds of small random tables of each engine.
//!
//! A fix is tried where its example defines the tables that it reads. The tables have the columns, the keys and the
//! `NOT NULL` of the example, in types that all engines have; their rows hold nulls, duplicates, and what the statement
//! itself compares with, and some have no rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use seqscan::engine::{Session, Targets};
use seqscan::findings::Applicability;
use seqscan::project::FileId;
use seqscan::project::schema::{Schema, SchemaSource, Table};
use seqscan::sql::query::{Expr, ExprId, Literal, Query};
use seqscan::sql::{self, Dialect, ParameterKey, SlotKind, Statement, Verb};

use crate::engines::{Engine, Kind};
use crate::page::{self, Example};
use crate::pages::{markdown, metadata, rule_of};
use crate::project::{Project, open};

/// How many random databases each changed statement is tried on.
const ROUNDS: u64 = 200;

/// Rules whose fix mends what cannot have been meant: other rows are what it is for.
const MENDS: [&str; 1] = ["null-comparison"];

/// A statement of an example before and after its fix, and the tables of the example.
struct Changed {
    rule: String,
    dialect: Dialect,
    before: String,
    after: String,
    tables: Vec<Table>,
}

#[test]
fn fixes_give_the_same_rows() {
    let mut changed: Vec<Changed> = Vec::new();
    let mut promised: BTreeSet<String> = BTreeSet::new();
    for path in markdown("rules").into_iter().chain(markdown("tests/cases")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let rule = rule_of(&path);
        if path.starts_with(crate::project::repository().join("rules")) && promises(&text) {
            promised.insert(rule.clone());
        }
        for example in page::examples(&text) {
            changed.extend(changes(&rule, &example));
        }
    }
    promised.retain(|rule| !MENDS.contains(&rule.as_str()));
    changed.retain(|one| promised.contains(&one.rule));
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = Kind::ALL
            .iter()
            .map(|&kind| {
                let changed = &changed;
                scope.spawn(move || try_all(kind, changed))
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} fixes change what is given\n\n{}", wrong.len(), wrong.join("\n\n"));
    let tried: BTreeSet<String> = changed.iter().map(|one| one.rule.clone()).collect();
    let untried: Vec<&String> = promised.difference(&tried).collect();
    println!("{} changed statements of {} rules, {ROUNDS} rounds each", changed.len(), tried.len());
    assert!(untried.is_empty(), "no example defines the tables that the fixes of these rules read: {untried:?}");
}

#[test]
fn fixes_that_change_the_rows_are_found() {
    const TABLES: &str =
        "CREATE TABLE t (id int PRIMARY KEY, a int, b text); CREATE TABLE u (id int PRIMARY KEY, a int);\n";
    for (before, after) in [
        ("SELECT id FROM t WHERE coalesce(a, 0) = 0", "SELECT id FROM t WHERE a = 0"),
        ("SELECT id FROM t WHERE b LIKE 'a'", "SELECT id FROM t WHERE b = 'b'"),
        (
            "SELECT id FROM t WHERE a NOT IN (SELECT a FROM u)",
            "SELECT id FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.a)",
        ),
        ("SELECT a FROM t UNION SELECT a FROM u", "SELECT a FROM t UNION ALL SELECT a FROM u"),
        ("SELECT id FROM t WHERE a > $1", "SELECT id FROM t WHERE a >= $1"),
        ("DELETE FROM t WHERE a = 1", "DELETE FROM t WHERE a = 2"),
    ] {
        let text = format!("{TABLES}{before}");
        let statement = sql::statements(&text, &[], Dialect::Sqlite).statements.pop().unwrap();
        let tables = tables(&text, Dialect::Sqlite, &statement).into_iter().flatten().collect();
        let changed = Changed {
            rule: String::new(),
            dialect: Dialect::Sqlite,
            before: before.to_owned(),
            after: after.to_owned(),
            tables,
        };
        let told = try_one(&Engine::Sqlite, Kind::Sqlite, &changed);
        assert!(told.is_err_and(|why| why.starts_with("round")), "{before}");
        let same = Changed { after: before.to_owned(), ..changed };
        assert_eq!(try_one(&Engine::Sqlite, Kind::Sqlite, &same), Ok(()));
    }
}

/// Whether a page says that the rule has a fix, and shows one in SQL.
fn promises(page: &str) -> bool {
    let metadata: toml::Table = toml::from_str(metadata(page)).unwrap();
    metadata["fix"].as_str() != Some("none") && page.contains("\n```sql fixed\n")
}

/// The statements that the fixes of one rule change in an example.
fn changes(rule: &str, example: &Example) -> Vec<Changed> {
    let is_sql = |path: &str| path.ends_with(".sql");
    if !example.files.iter().any(|file| is_sql(&file.path)) {
        return Vec::new();
    }
    let project = Project::new(example.files.iter().map(|file| (&file.path, &file.text)));
    let mut session = Session::open(open(project.path(), &[], &BTreeSet::from([rule.to_owned()]))).unwrap();
    let fixed = session.fix(&Targets::All, Applicability::Unsafe).unwrap();
    let mut found = Vec::new();
    for file in fixed.files.iter().filter(|file| is_sql(&file.path)) {
        let dialect = match &*file.path {
            path if path.contains(".postgres.") => Dialect::PostgreSql,
            path if path.contains(".mysql.") => Dialect::MySql,
            path if path.contains(".sqlite.") => Dialect::Sqlite,
            _ => Dialect::Generic,
        };
        let (before, after) = (sql::statements(&file.before, &[], dialect), sql::statements(&file.after, &[], dialect));
        assert_eq!(before.statements.len(), after.statements.len(), "{rule}: {}", file.path);
        for (one, other) in before.statements.iter().zip(&after.statements) {
            let (before, after) = (&file.before[one.span.range()], &file.after[other.span.range()]);
            let tables = tables(&file.before, dialect, one);
            if before != after && tables.iter().all(Option::is_some) {
                found.push(Changed {
                    rule: rule.to_owned(),
                    dialect,
                    before: before.to_owned(),
                    after: after.to_owned(),
                    tables: tables.into_iter().flatten().collect(),
                });
            }
        }
    }
    found
}

/// The tables that a statement names, as the text around it defines them, each once.
fn tables(text: &str, dialect: Dialect, statement: &Statement) -> Vec<Option<Table>> {
    let statements = sql::statements(text, &[], dialect).statements;
    let changes = statements
        .iter()
        .flat_map(|one| one.changes.iter().map(|change| (std::borrow::Cow::Borrowed(change), one.span)))
        .collect();
    let source = SchemaSource { file: FileId(0), path: "a.sql", dialect, changes, only_adds: false, is_exact: true };
    let schema = Schema::build(vec![source]);
    let named: BTreeMap<String, _> =
        statement.tables.iter().map(|used| (used.table.text().to_lowercase(), &used.table)).collect();
    named.values().map(|name| schema.definitions(name).first().map(|&table| table.clone())).collect()
}

/// Tries all changes that are for one engine; says what differs.
fn try_all(kind: Kind, changed: &[Changed]) -> Vec<String> {
    let own = match kind {
        Kind::PostgreSql => Dialect::PostgreSql,
        Kind::MariaDb => Dialect::MySql,
        Kind::Sqlite => Dialect::Sqlite,
    };
    let mut own = changed.iter().filter(|one| one.dialect == own || one.dialect == Dialect::Generic).peekable();
    if own.peek().is_none() {
        return Vec::new();
    }
    let Some(engine) = Engine::start_or_say(kind) else { return Vec::new() };
    let failed = |one: &Changed| {
        let error = try_one(&engine, kind, one).err()?;
        Some(format!("{} ({}): {error}\nbefore: {}\nafter: {}", one.rule, kind.name(), one.before, one.after))
    };
    own.filter_map(failed).collect()
}

fn try_one(engine: &Engine, kind: Kind, changed: &Changed) -> Result<(), String> {
    let database = engine.database()?;
    for table in &changed.tables {
        database.run(&definition(kind, table))?;
    }
    let (before, after) = (read(changed, &changed.before)?, read(changed, &changed.after)?);
    let mut random = Random(0x5eed);
    let mut script = String::new();
    let mut rows = Vec::new();
    for round in 0..ROUNDS {
        let mut data = String::new();
        for table in &changed.tables {
            let size = if round == 0 { 0 } else { random.below(9) };
            write!(data, "DELETE FROM {};", table.name).unwrap();
            data.extend((0..size).map(|row| insert(kind, table, row, &before.values, &mut random)));
        }
        script.push_str(&data);
        let given = parameters(&before, &mut random);
        for (mark, one) in [("before", &before), ("after", &after)] {
            write!(script, "SELECT '-- {mark}';{}", run(one, &given)).unwrap();
        }
        rows.push(data);
    }
    script.push_str("SELECT '-- end';");
    let answers = database.answers(&script)?;
    let mut parts = answers.split(|line| line.starts_with("-- ")).skip(1);
    let mut different = 0;
    for (round, data) in rows.iter().enumerate() {
        let mut next = || {
            let mut part: Vec<&String> = parts.next().unwrap_or_default().iter().collect();
            part.sort();
            part
        };
        let (one, other) = (next(), next());
        if one != other {
            return Err(format!("round {round}: {one:?} and {other:?} of\n{data}"));
        }
        different += usize::from(!one.is_empty());
    }
    // What never gives a row proves nothing.
    if different * 10 < rows.len() { Err(format!("{different} of {ROUNDS} rounds gave rows")) } else { Ok(()) }
}

/// A statement that was read again by itself.
struct Read {
    text: String,
    statement: Statement,
    /// What its columns are compared with.
    values: Values,
    /// What its slots hold, by their place.
    slots: Vec<Family>,
}

/// What rows are made of.
#[derive(Default)]
struct Values {
    numbers: Vec<i64>,
    texts: Vec<String>,
}

fn read(changed: &Changed, text: &str) -> Result<Read, String> {
    let statement = sql::analyse(text, &[], changed.dialect);
    let query = statement.query.as_deref().ok_or("not read")?;
    let mut values =
        Values { numbers: vec![0, 1, 2, 3], texts: ["", "a", "A", "b", "a ", "é"].map(str::to_owned).to_vec() };
    for (_, node) in query.exprs.iter() {
        match &node.expr {
            Expr::Literal(Literal::Number(number)) => {
                let whole = number.split('.').next().and_then(|whole| whole.parse::<i64>().ok());
                values.numbers.extend(whole.into_iter().flat_map(|number| [number - 1, number, number, number + 1]));
            }
            Expr::Literal(Literal::Text { value, .. }) => {
                values.texts.extend([value.to_string(), value.to_string(), value.to_lowercase(), format!("{value} ")]);
            }
            _ => {}
        }
    }
    values.numbers.retain(|number| (0..1_000_000).contains(number));
    let mut slots = vec![Family::Number; statement.slots.len()];
    for (_, node) in query.exprs.iter() {
        if let Expr::Compare(_, left, right) = node.expr {
            note_family(changed, query, left, right, &mut slots);
            note_family(changed, query, right, left, &mut slots);
        }
    }
    Ok(Read { text: text.to_owned(), statement, values, slots })
}

/// Notes that a slot which is compared with a column holds what the column does.
fn note_family(changed: &Changed, query: &Query, column: ExprId, slot: ExprId, slots: &mut [Family]) {
    let (Some(column), Expr::Slot(at)) = (query.exprs.column(column), query.exprs.get(slot)) else { return };
    let defined = changed.tables.iter().find_map(|table| table.column(&column.name.text));
    slots[usize::from(*at)] = defined.map_or(Family::Number, |column| Family::of(&column.type_name));
}

/// A value for each parameter: those with a name or number have one wherever they stand.
fn parameters(read: &Read, random: &mut Random) -> Vec<(ParameterKey, String)> {
    let mut found: Vec<(ParameterKey, String)> = Vec::new();
    for (slot, family) in read.statement.slots.iter().zip(&read.slots) {
        if let SlotKind::Parameter(key) = &slot.kind
            && !found.iter().any(|(known, _)| known == key)
        {
            found.push((key.clone(), family.value(&read.values, random)));
        }
    }
    found
}

/// What runs a statement with these parameters, and gives what it leaves of its table if it changes it.
fn run(read: &Read, given: &[(ParameterKey, String)]) -> String {
    let mut text = read.text.clone();
    for slot in read.statement.slots.iter().rev() {
        let SlotKind::Parameter(key) = &slot.kind else { continue };
        let value = given.iter().find(|(known, _)| known == key).map_or("NULL", |(_, value)| value);
        text.replace_range(slot.span.range(), value);
    }
    let text = text.trim_end().trim_end_matches(';');
    match read.statement.verb {
        Verb::Update | Verb::Delete => {
            let target = read.statement.tables.iter().find(|used| used.written).map(|used| used.table.text());
            format!("BEGIN;{text};SELECT * FROM {};ROLLBACK;", target.unwrap_or_default())
        }
        _ => format!("{text};"),
    }
}

/// What is alike in all engines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Number,
    Text,
    Moment,
    Flag,
}

impl Family {
    fn of(kind: &str) -> Family {
        let starts = |names: &[&str]| names.iter().any(|name| kind.starts_with(name));
        if starts(&["bool"]) {
            Family::Flag
        } else if starts(&["varchar", "char", "text", "citext"]) {
            Family::Text
        } else if starts(&["timestamp", "date"]) {
            Family::Moment
        } else {
            Family::Number
        }
    }

    /// One of its values, as SQL.
    fn value(self, values: &Values, random: &mut Random) -> String {
        match self {
            Family::Number => random.one_of(&values.numbers).to_string(),
            Family::Text => format!("'{}'", random.one_of(&values.texts)),
            Family::Moment => format!("'2024-05-0{} 0{}:00:00'", random.below(3) + 1, random.below(2)),
            Family::Flag => if random.below(2) == 0 { "TRUE" } else { "FALSE" }.to_owned(),
        }
    }

    fn name(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Family::Number, _) => "bigint",
            (Family::Text, _) => "varchar(40)",
            (Family::Moment, Kind::PostgreSql) => "timestamp",
            (Family::Moment, Kind::MariaDb) => "datetime",
            (Family::Moment, Kind::Sqlite) => "text",
            (Family::Flag, _) => "boolean",
        }
    }
}

/// The statement that makes a table, with its keys.
fn definition(kind: Kind, table: &Table) -> String {
    let mut parts: Vec<String> = Vec::new();
    for column in &table.columns {
        let not_null = if column.not_null { " NOT NULL" } else { "" };
        parts.push(format!("{} {}{not_null}", column.name, Family::of(&column.type_name).name(kind)));
    }
    parts.extend(table.primary_key().map(|key| format!("PRIMARY KEY ({})", key.join(", "))));
    format!("CREATE TABLE {} ({});", table.name, parts.join(", "))
}

/// The statement that adds one row, unless there is one with its key.
fn insert(kind: Kind, table: &Table, row: u64, values: &Values, random: &mut Random) -> String {
    let key = table.primary_key().unwrap_or_default();
    let value = |column: &seqscan::project::schema::Column, random: &mut Random| {
        let is_key = key.len() == 1 && *key[0] == *column.name;
        match Family::of(&column.type_name) {
            _ if !column.not_null && !is_key && random.below(4) == 0 => "NULL".to_owned(),
            Family::Number if is_key && random.below(2) == 0 => (row + 1).to_string(),
            family => family.value(values, random),
        }
    };
    let row: Vec<String> = table.columns.iter().map(|column| value(column, random)).collect();
    let (verb, tail) = match kind {
        Kind::PostgreSql => ("INSERT INTO", " ON CONFLICT DO NOTHING"),
        Kind::MariaDb => ("INSERT IGNORE INTO", ""),
        Kind::Sqlite => ("INSERT OR IGNORE INTO", ""),
    };
    format!("{verb} {} VALUES ({}){tail};\n", table.name, row.join(", "))
}

/// The same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one_of<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        let count = u64::try_from(values.len()).unwrap();
        &values[usize::try_from(self.below(count)).unwrap()]
    }
}
