//! `seqscan advise`: one piece of advice for each table.

use serde_json::Value;

#[cfg(unix)]
use crate::engines::{Engine, Kind};
use crate::project::Project;

const SCHEMA: &str = "\
CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL);
CREATE TABLE orders (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL,
    shop_id bigint NOT NULL,
    code text NOT NULL,
    made timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_email_key ON users (email);
";

const CODE: &str = "\
import psycopg

db = psycopg.connect('')


def of_shop(shop, user):
    return db.execute('SELECT id FROM orders WHERE shop_id = %s AND user_id = %s', (shop, user)).fetchall()


def of_user(user):
    return db.execute('SELECT id FROM orders WHERE user_id = %s', (user,)).fetchall()


def by_code(code):
    return db.execute('SELECT id FROM orders WHERE code = %s', (code,)).fetchall()
";

/// What is told of these files, and on standard error.
fn advised(project: &Project, args: &[&str]) -> (String, String) {
    let output = project.run(&[&["advise"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn queries_share_an_index_that_begins_with_what_they_ask_for() {
    let project = Project::new([("schema.sql", SCHEMA), ("app.py", CODE)]);
    let (text, seen) = advised(&project, &[]);
    insta::assert_snapshot!(text, @r"
    orders  schema.sql:2
      CREATE INDEX CONCURRENTLY ON orders (user_id, shop_id);
        serves 2 places, high confidence:
          app.py:7  unindexed-filter
          app.py:11  unindexed-filter
      CREATE INDEX CONCURRENTLY ON orders (code);
        serves 1 place, high confidence:
          app.py:15  unindexed-filter

    2 indexes to make for 3 places, 0 to drop; each further index adds 0.5 to 1.8 times the cost of an insert without it
    ");
    assert_eq!(seen, "checked 2 files; 6 SQL statements, all understood; schema: 2 tables from 1 file\n");
    insta::assert_snapshot!(advised(&project, &["--output-format", "sql"]).0, @r"
    -- high confidence: app.py:7, app.py:11
    CREATE INDEX CONCURRENTLY ON orders (user_id, shop_id);

    -- high confidence: app.py:15
    CREATE INDEX CONCURRENTLY ON orders (code);
    ");
    assert_eq!(
        advised(&project, &["--table", "Users"]).0,
        "no index is missing, and none is superfluous, as far as is seen\n"
    );
}

#[test]
fn a_sort_takes_the_equalities_before_it() {
    let schema = "CREATE TABLE jobs (id bigserial PRIMARY KEY, done boolean, at timestamptz, name text);\n";
    let queries = "SELECT id FROM jobs WHERE done = false ORDER BY at LIMIT 5;\n\
                   SELECT id FROM jobs WHERE name = 'a';\n\
                   SELECT id FROM jobs WHERE done = true ORDER BY at DESC, name LIMIT 5;\n";
    let sizes = "dialect = \"postgresql\"\n[tables.jobs]\nrows = 5_000_000\n";
    let project = Project::new([("schema.sql", schema), ("jobs.sql", queries), ("seqscan.toml", sizes)]);
    insta::assert_snapshot!(advised(&project, &[]).0, @r"
    jobs  5,000,000 rows (the configuration says), schema.sql:1
      CREATE INDEX CONCURRENTLY ON jobs (done, at DESC, name);
        serves 2 places, high confidence:
          jobs.sql:1  unindexed-sort
          jobs.sql:3  unindexed-sort
      CREATE INDEX CONCURRENTLY ON jobs (name);
        serves 1 place, high confidence:
          jobs.sql:2  unindexed-filter

    2 indexes to make for 3 places, 0 to drop; each further index adds 0.5 to 1.8 times the cost of an insert without it
    ");
}

/// What queries join is worth an index where conditions may leave few rows to look for, and no word of a check.
#[test]
fn what_is_joined_is_looked_for_by_an_index() {
    let schema = "CREATE TABLE makers (id int PRIMARY KEY, town_id int NOT NULL);\n\
                  CREATE TABLE towns (id int PRIMARY KEY, name text NOT NULL);\n\
                  CREATE TABLE parts (id int PRIMARY KEY, maker_id int NOT NULL, price numeric NOT NULL, weight numeric NOT NULL);\n\
                  CREATE TABLE sales (id int PRIMARY KEY, part_id int NOT NULL, shop_id int NOT NULL, day date NOT NULL);\n";
    let queries = "SELECT s.id FROM towns t, makers m, parts p, sales s\n\
                   WHERE t.name LIKE '%a%' AND m.town_id = t.id AND p.maker_id = m.id AND s.part_id = p.id;\n\
                   SELECT p.id FROM parts p WHERE EXISTS (SELECT 1 FROM sales s WHERE s.part_id = p.id AND s.shop_id = p.maker_id);\n\
                   SELECT s.id FROM parts p, sales s WHERE (s.part_id = p.id AND p.price < 5) OR (s.part_id = p.id AND p.weight < 5);\n\
                   SELECT p.id FROM parts p WHERE p.price = (SELECT min(o.price) FROM parts o WHERE o.maker_id = p.maker_id);\n\
                   SELECT p.id FROM makers m JOIN parts p ON p.maker_id = m.id;\n";
    let settings = ("seqscan.toml", "dialect = \"postgresql\"\n");
    let project = Project::new([("schema.sql", schema), ("q.sql", queries), settings]);
    insta::assert_snapshot!(advised(&project, &["--output-format", "sql"]).0, @r"
    -- high confidence: q.sql:2, q.sql:5
    CREATE INDEX CONCURRENTLY ON parts (maker_id, price);

    -- low confidence: q.sql:2, q.sql:3
    CREATE INDEX CONCURRENTLY ON sales (part_id, shop_id);

    -- low confidence: q.sql:2
    CREATE INDEX CONCURRENTLY ON makers (town_id);
    ");
    let checked = project.run(&["check", "--select", "unindexed-join", "--output-format", "concise"]);
    assert!(checked.stdout.is_empty(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn an_index_behind_equalities_gives_the_first_rows_of_an_order() {
    let schema = "CREATE TABLE posts (id bigserial PRIMARY KEY, board text, author text, at timestamptz);\n";
    let queries = "SELECT id FROM posts WHERE board = $1 ORDER BY at DESC LIMIT 20;\n\
                   SELECT id FROM posts WHERE author = $1 ORDER BY id LIMIT 1;\n";
    let settings = ("seqscan.toml", "dialect = \"postgresql\"\n");
    let project = Project::new([("schema.sql", schema), ("q.sql", queries), settings]);
    let text = advised(&project, &["--output-format", "sql"]).0;
    let made: Vec<&str> = text.lines().filter(|line| line.starts_with("CREATE")).collect();
    assert_eq!(
        made,
        ["CREATE INDEX CONCURRENTLY ON posts (board, at);", "CREATE INDEX CONCURRENTLY ON posts (author);"]
    );
}

#[test]
fn what_another_index_begins_with_may_go() {
    let schema = "CREATE TABLE links (a int NOT NULL, b int NOT NULL, PRIMARY KEY (a, b)) ENGINE=InnoDB;\n\
                  CREATE INDEX by_a ON links (a);\n\
                  CREATE INDEX by_b ON links (b);\n\
                  CREATE INDEX by_b_too ON links (b);\n";
    let project = Project::new([("schema.sql", schema)]);
    insta::assert_snapshot!(advised(&project, &[]).0, @r"
    links  schema.sql:1
      DROP INDEX by_a ON links;
        index `by_a` (a): primary key (a, b) serves whatever it serves  schema.sql:2
      DROP INDEX by_b_too ON links;
        index `by_b_too` (b): index `by_b` (b) serves whatever it serves  schema.sql:4

    0 indexes to make for 0 places, 2 to drop
    ");
    insta::assert_snapshot!(advised(&project, &["--output-format", "sql"]).0, @r"
    -- schema.sql:2: primary key (a, b) serves whatever index `by_a` (a) serves
    DROP INDEX by_a ON links;

    -- schema.sql:4: index `by_b` (b) serves whatever index `by_b_too` (b) serves
    DROP INDEX by_b_too ON links;
    ");
}

#[test]
fn names_are_written_as_the_database_has_them() {
    let schema =
        "-- Each Order has a userId.\nCREATE TABLE \"Order\" (\"id\" int PRIMARY KEY, \"userId\" int, Folded int);\n";
    let later = "ALTER TABLE \"Order\" ADD COLUMN \"shopId\" int;\n";
    let queries = "SELECT 1 FROM \"Order\" WHERE \"userId\" = $1;\nSELECT 1 FROM \"Order\" WHERE \"shopId\" = $1;\n\
                   SELECT 1 FROM \"Order\" WHERE Folded = $1;\n";
    let project = Project::new([
        ("migrations/1_a.sql", schema),
        ("migrations/2_b.sql", later),
        ("q.sql", queries),
        ("seqscan.toml", "dialect = \"postgresql\"\n"),
    ]);
    let text = advised(&project, &["--output-format", "sql"]).0;
    let made: Vec<&str> = text.lines().filter(|line| line.starts_with("CREATE")).collect();
    assert_eq!(
        made,
        [
            "CREATE INDEX CONCURRENTLY ON \"Order\" (\"userId\");",
            "CREATE INDEX CONCURRENTLY ON \"Order\" (\"shopId\");",
            "CREATE INDEX CONCURRENTLY ON \"Order\" (Folded);",
        ]
    );
}

#[test]
fn where_there_is_nothing_to_say_it_says_what_was_seen() {
    let project = Project::new([("app.py", CODE)]);
    let (text, seen) = advised(&project, &[]);
    assert_eq!(text, "no index is missing, and none is superfluous, as far as is seen\n");
    assert_eq!(seen, "checked 1 file; 3 SQL statements, all understood; no schema found\n");
    let output = project.run(&["advise", "nowhere.py"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_json_is_as_its_schema_says() {
    let schema = jsonschema::validator_for(&seqscan::cli::advice_json_schema()).unwrap();
    let spare = "CREATE TABLE t (a int, b int, UNIQUE (a, b));\nCREATE INDEX ON t (a);\nSELECT 1 FROM gone;\n";
    let sizes = "[tables.orders]\nrows = 5_000_000\n";
    let project =
        Project::new([("schema.sql", SCHEMA), ("app.py", CODE), ("spare.sql", spare), ("seqscan.toml", sizes)]);
    let document: Value = serde_json::from_str(&advised(&project, &["--output-format", "json"]).0).unwrap();
    let errors: Vec<String> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(document["tables"][0]["name"], "orders");
    assert_eq!(document["tables"][0]["rows"], 5_000_000);
    assert_eq!(document["tables"][0]["add"][0]["serves"][1]["place"]["line"], 11);
    assert_eq!(document["unseen"]["unknown_tables"], serde_json::json!(["gone"]));
    assert_eq!(document["tables"][1]["drop"][0]["covered_by"], "unique index (a, b)");
}

/// Databases take the statements, and with them nothing is missing any more.
#[cfg(unix)]
#[test]
fn the_statements_do_what_they_are_for() {
    let schema = "CREATE TABLE notes (id int PRIMARY KEY, owner int, kind int, rank int, title text);\n\
                  CREATE INDEX notes_kind ON notes (kind);\nCREATE INDEX notes_of_kind ON notes (kind, owner);\n";
    let queries = "SELECT id FROM notes WHERE owner = 5 AND title = 'a';\nSELECT id FROM notes WHERE owner = 7;\n\
                   SELECT id FROM notes WHERE title LIKE 'ab%';\nSELECT id FROM notes ORDER BY rank DESC, id LIMIT 5;\n";
    for kind in Kind::ALL {
        let Some(engine) = Engine::start_or_say(kind) else { continue };
        let project = Project::new([
            ("schema.sql", schema),
            ("queries.sql", queries),
            ("seqscan.toml", &format!("dialect = \"{}\"\n", kind.name())),
        ]);
        let advice = advised(&project, &["--output-format", "sql"]).0;
        assert!(advice.contains("DROP INDEX") && advice.matches("CREATE INDEX").count() > 1, "{kind:?}\n{advice}");
        let database = engine.database().unwrap();
        database.run(schema).unwrap();
        for statement in advice.split_inclusive(";\n") {
            database.run(statement).unwrap_or_else(|error| panic!("{kind:?}: {error}\n{statement}"));
        }
        project.write("schema.sql", format!("{schema}{advice}"));
        let left = advised(&project, &["--output-format", "sql"]).0;
        assert_eq!(left, "-- no index is missing, and none is superfluous, as far as is seen\n", "{kind:?}\n{advice}");
    }
}
