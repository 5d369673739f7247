//! How large tables are: what the configuration and the database's own numbers change.

use std::collections::BTreeSet;

use crate::engines::{Engine, Kind};
use crate::project::Project;

const SCHEMA: &str = "CREATE TABLE shops (id bigserial PRIMARY KEY);
CREATE TABLE orders (
    id bigserial PRIMARY KEY,
    shop_id bigint REFERENCES shops ON DELETE CASCADE
);
";

/// The messages that are told of the schema with this configuration.
fn messages(configuration: &str, stats: &str) -> Vec<String> {
    let project = Project::new([("schema.sql", SCHEMA), ("seqscan.toml", configuration), ("stats.json", stats)]);
    let rules = BTreeSet::from(["unindexed-foreign-key".to_owned()]);
    project.check(&rules).unwrap().into_iter().map(|found| found.message).collect()
}

#[test]
fn small_tables_are_left_alone_and_large_ones_named() {
    let plain = "no index of `orders` begins with `shop_id`: deleting a row of `shops` reads every row of `orders`";
    assert_eq!(messages("", ""), [plain]);
    assert!(messages("[tables.orders]\nrows = 900\n", "").is_empty());
    assert!(messages("small-tables = [\"orders\"]\n", "").is_empty());
    assert_eq!(
        messages("[tables.orders]\nrows = 5_000_000\n", ""),
        [format!("{plain} of 5,000,000 rows (the configuration says)")]
    );
}

#[test]
fn what_is_small_is_configured() {
    let rows = |rows: u32, small: &str| messages(&format!("{small}\n[tables.orders]\nrows = {rows}\n"), "").len();
    assert_eq!([rows(1_000, ""), rows(1_001, "")], [0, 1]);
    assert_eq!([rows(20_000, "small-table-rows = 20_000"), rows(20_001, "small-table-rows = 20_000")], [0, 1]);
    assert_eq!([rows(0, "small-table-rows = 0"), rows(1, "small-table-rows = 0")], [0, 1]);
    assert!(messages("small-table-rows = 0\nsmall-tables = [\"orders\"]\n", "").is_empty());
}

#[test]
fn the_numbers_of_the_database_count() {
    let plain = "no index of `orders` begins with `shop_id`: deleting a row of `shops` reads every row of `orders`";
    let stats = |rows: i64| format!("{{\"tables\": {{\"public.orders\": {rows}, \"other\": null}}}}\n");
    let file = "stats = \"stats.json\"\n";
    assert!(messages(file, &stats(900)).is_empty());
    assert_eq!(messages(file, &stats(-1)), [plain]);
    assert_eq!(messages(file, &stats(7_000)), [format!("{plain} of 7,000 rows (the statistics say)")]);
    // What people write is nearer than what was counted once.
    assert!(messages("stats = \"stats.json\"\n[tables.orders]\nrows = 10\n", &stats(7_000)).is_empty());
}

#[test]
fn numbers_that_cannot_be_read_are_told() {
    let project = Project::new([("schema.sql", SCHEMA), ("seqscan.toml", "stats = \"gone.json\"\n")]);
    let output = project.run(&["check", "--exit-zero"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("gone.json"), "{told}");
}

#[test]
fn the_query_for_the_numbers_is_answered_by_engines() {
    for (kind, name) in [(Kind::PostgreSql, "postgresql"), (Kind::MariaDb, "mysql"), (Kind::Sqlite, "sqlite")] {
        let Some(engine) = Engine::start_or_say(kind) else { continue };
        let database = engine.database().unwrap();
        database.run("CREATE TABLE orders (id int PRIMARY KEY, shop_id int);").unwrap();
        database.run("INSERT INTO orders SELECT n, n % 7 FROM numbers(20000);").unwrap();
        database.analyse(&["orders"]).unwrap();
        let project = Project::new([("schema.sql", SCHEMA), ("seqscan.toml", "stats = \"stats.json\"\n")]);
        let query = String::from_utf8(project.run(&["schema", "--stats-query", name]).stdout).unwrap();
        let answer = database.rows(&query).unwrap();
        let [line] = &*answer else { panic!("{name}: {answer:?}") };
        project.write("stats.json", line);
        let found = project.check(&BTreeSet::from(["unindexed-foreign-key".to_owned()])).unwrap();
        let message = &found[0].message;
        // InnoDB's number is a guess.
        assert!(message.contains("rows (the statistics say)"), "{name}: {line}: {message}");
    }
}
