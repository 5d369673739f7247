//! What schemas are made of definitions.

use super::*;
use crate::sql;

/// A schema from files: path and text.
fn schema(files: &[(&str, &str)]) -> Schema {
    let statements: Vec<_> = files
        .iter()
        .map(|(_, text)| sql::statements(text, &[], sql::of_content(text).unwrap_or_default()).statements)
        .collect();
    let sources = (0..).zip(files).zip(&statements).map(|((id, (path, _)), statements)| SchemaSource {
        file: FileId(id),
        path,
        dialect: statements.first().map_or(Dialect::Generic, |statement| statement.dialect),
        changes: statements
            .iter()
            .flat_map(|statement| statement.changes.iter().map(|change| (Cow::Borrowed(change), statement.span)))
            .collect(),
        only_adds: !path.ends_with(".sql"),
        is_exact: path.ends_with(".sql"),
    });
    Schema::build(sources.collect())
}

fn one(text: &str) -> Schema {
    schema(&[("schema.sql", text)])
}

/// How each condition of a query on its first table is served: `column=index`, `column:no`, `column:?`.
fn served_in(schema: &Schema, text: &str) -> Vec<String> {
    served_by(schema, text, Dialect::PostgreSql)
}

fn served_by(schema: &Schema, text: &str, dialect: Dialect) -> Vec<String> {
    let statement = sql::analyse(text, &[], dialect);
    let query = statement.query.as_deref().expect("a query");
    let select = query.root().expect("a select");
    let conditions = conditions_of(query, select, 0, schema);
    let table = schema.definitions(select.sources[0].table().expect("a table"))[0];
    conditions
        .iter()
        .map(|condition| {
            let name = condition.column.clone().unwrap_or_else(|| condition.canonical.clone().into());
            match served(table, condition, &conditions, query, select, dialect) {
                Served::By(index) => {
                    let named = index.definition.name.as_ref().map_or("key", |name| &name.text);
                    format!("{name}={named}")
                }
                Served::No => format!("{name}:no"),
                Served::Unknown => format!("{name}:?"),
            }
        })
        .collect()
}

const ORDERS: &str = "CREATE TABLE orders (id bigint PRIMARY KEY, code text UNIQUE, user_id bigint, status text, note text, at timestamp);
    CREATE INDEX by_user ON orders (user_id, at);
    CREATE INDEX by_lower ON orders (lower(note));
    CREATE INDEX open_ones ON orders (status) WHERE status = 'open';";

#[test]
fn keys_and_indexes_serve() {
    let schema = one(ORDERS);
    let ask = |text: &str| served_in(&schema, text);
    assert_eq!(ask("SELECT * FROM orders WHERE id = 1"), ["id=key"]);
    assert_eq!(ask("SELECT * FROM orders o WHERE o.code = $1"), ["code=key"]);
    assert_eq!(ask("SELECT * FROM orders WHERE user_id IN (1, 2)"), ["user_id=by_user"]);
    assert_eq!(ask("SELECT * FROM orders WHERE user_id = 1 AND at > now()"), ["user_id=by_user", "at:no"]);
    assert_eq!(ask("SELECT * FROM orders WHERE at BETWEEN $1 AND $2"), ["at:no"]);
    assert_eq!(ask("SELECT * FROM orders WHERE lower(note) = 'x'"), ["lower(note)=by_lower"]);
    assert_eq!(ask("SELECT * FROM orders WHERE note = 'x'"), ["note:no"]);
    assert_eq!(ask("SELECT * FROM orders WHERE 5 < user_id"), ["user_id=by_user"]);
    assert_eq!(ask("SELECT * FROM orders WHERE user_id = ANY($1)"), ["user_id=by_user"]);
    // It depends on the collation of the database.
    assert_eq!(ask("SELECT * FROM orders WHERE code LIKE 'x%'"), ["code:?"]);
    assert_eq!(ask("SELECT * FROM orders WHERE code LIKE '%x'"), Vec::<String>::new());
}

#[test]
fn partial_indexes_serve_what_they_hold() {
    let schema = one(ORDERS);
    let ask = |text: &str| served_in(&schema, text);
    assert_eq!(ask("SELECT * FROM orders WHERE status = 'open'"), ["status=open_ones"]);
    assert_eq!(ask("SELECT * FROM orders WHERE status = 'closed'"), ["status:?"]);
    let schema = one(
        "CREATE TABLE t (a int, b int, c int); CREATE INDEX i ON t (a) WHERE c IS NULL; CREATE INDEX j ON t (b) WHERE b IS NOT NULL;",
    );
    let ask = |text: &str| served_in(&schema, text);
    assert_eq!(ask("SELECT * FROM t WHERE a = 1"), ["a:no"]);
    assert_eq!(ask("SELECT * FROM t WHERE a = 1 AND c IS NULL"), ["a=i", "c:no"]);
    assert_eq!(ask("SELECT * FROM t WHERE b = 1"), ["b=j"]);
}

#[test]
fn kinds_of_indexes() {
    let schema = one(
        "CREATE TABLE t (a int, b text, c int[]); CREATE INDEX h ON t USING hash (a); CREATE INDEX g ON t USING gin (b gin_trgm_ops);",
    );
    let ask = |text: &str| served_in(&schema, text);
    assert_eq!(ask("SELECT * FROM t WHERE a = 1"), ["a=h"]);
    assert_eq!(ask("SELECT * FROM t WHERE a > 1"), ["a:no"]);
    assert_eq!(ask("SELECT * FROM t WHERE b = 'x'"), ["b:?"]);
}

#[test]
fn foreign_keys_have_indexes_in_mysql_only() {
    let text = "CREATE TABLE t (id int PRIMARY KEY, u int, FOREIGN KEY (u) REFERENCES users (id));";
    let ask = "SELECT * FROM t WHERE u = 1";
    assert_eq!(served_by(&one(text), ask, Dialect::MySql), ["u:?"]);
    assert_eq!(served_by(&one(text), ask, Dialect::Generic), ["u:?"]);
    assert_eq!(served_by(&one(text), ask, Dialect::PostgreSql), ["u:no"]);
}

#[test]
fn changes_are_replayed_in_order() {
    let schema = schema(&[
        (
            "migrations/10_drop.sql",
            "DROP INDEX i; ALTER TABLE t RENAME COLUMN b TO c; CREATE INDEX j ON t (c); ALTER TABLE t ADD d int NOT NULL;",
        ),
        ("migrations/2_index.sql", "CREATE INDEX i ON t (b);"),
        ("migrations/1_init.sql", "CREATE TABLE t (a int, b int);"),
        ("migrations/11_undo.down.sql", "DROP TABLE t;"),
    ]);
    let [table] = schema.tables() else { panic!("{:?}", schema.tables()) };
    assert_eq!(table.columns.iter().map(|column| &*column.name).collect::<Vec<_>>(), ["a", "c", "d"]);
    assert_eq!(table.indexes.len(), 1);
    assert_eq!(table.indexes[0].place.file, FileId(0));
    assert_eq!(table.place, Place { file: FileId(2), span: Span::new(0, 14) });
}

#[test]
fn migrations_in_folders_of_their_own() {
    let schema = schema(&[
        (
            "prisma/migrations/2_b/migration.sql",
            "ALTER TABLE \"T\" ADD COLUMN \"x\" int; CREATE UNIQUE INDEX \"T_x_key\" ON \"T\"(\"x\");",
        ),
        (
            "prisma/migrations/1_a/migration.sql",
            "CREATE TABLE \"T\" (\"id\" int NOT NULL, CONSTRAINT \"T_pkey\" PRIMARY KEY (\"id\"));",
        ),
    ]);
    let table = sql_name("T");
    assert_eq!(schema.is_unique(&table, &["x"]), Known::Yes);
    assert_eq!(schema.is_unique(&table, &["x", "id"]), Known::Yes);
    assert_eq!(schema.is_unique(&table, &["y"]), Known::No);
    assert_eq!(schema.primary_key(&table), Some(vec!["id"]));
}

fn sql_name(name: &str) -> TableName {
    let statement = sql::analyse(&format!("SELECT * FROM {name}"), &[], Dialect::Generic);
    statement.tables[0].table.clone()
}

#[test]
fn definitions_that_differ_stand_side_by_side() {
    let schema = schema(&[
        ("db/mysql.sql", "CREATE TABLE t (id int, a int, KEY k (a));"),
        ("db/postgres.sql", "CREATE TABLE t (id int, a int, b int);"),
    ]);
    assert_eq!(schema.definitions(&sql_name("t")).len(), 2);
    assert_eq!(schema.meant(&sql_name("t"), &["a"]).len(), 2);
    assert_eq!(schema.meant(&sql_name("t"), &["b"]).len(), 1);
    assert_eq!(schema.has_column(&sql_name("t"), "c"), Known::No);
    assert_eq!(schema.definitions(&sql_name("public.t")).len(), 2);
}

#[test]
fn a_second_if_not_exists_does_nothing() {
    let schema = schema(&[
        ("db/1.sql", "CREATE TABLE IF NOT EXISTS t (a int PRIMARY KEY);"),
        ("db/2.sql", "CREATE TABLE IF NOT EXISTS t (a int); CREATE INDEX IF NOT EXISTS i ON t (a);"),
    ]);
    let [table] = schema.tables() else { panic!("{:?}", schema.tables()) };
    assert_eq!(table.indexes.len(), 2);
}

#[test]
fn schemas_are_told_apart() {
    let schema = one("CREATE TABLE a.t (x int); CREATE TABLE b.t (y int); CREATE TABLE public.u (z int);");
    assert_eq!(schema.definitions(&sql_name("a.t")).len(), 1);
    assert_eq!(schema.definitions(&sql_name("t")).len(), 2);
    assert_eq!(schema.definitions(&sql_name("u")).len(), 1);
}

#[test]
fn what_could_not_be_read_is_unsure() {
    let base = "CREATE TABLE t (a int);";
    let ask = |rest: &str| served_in(&one(&format!("{base}{rest}")), "SELECT * FROM t WHERE a = 1");
    assert_eq!(ask(""), ["a:no"]);
    assert_eq!(ask("CREATE INDEX i ON t a b c d;"), ["a:?"]);
    assert_eq!(ask("ALTER TABLE t ADD CONSTRAINT x SOMETHING (a);"), ["a:?"]);
    assert_eq!(ask("DO $$ BEGIN CREATE INDEX i ON t (a); END $$;"), ["a:?"]);
    assert_eq!(ask("CREATE INDEX i ON u a b c d;"), ["a:no"]);
    assert_eq!(ask("ALTER TABLE t OWNER TO me;"), ["a:no"]);
    assert_eq!(ask("CREATE INDEX i ON t (f(a));"), ["a:no"]);
}

#[test]
fn indexes_of_other_folders_count() {
    let schema =
        schema(&[("tables/t.sql", "CREATE TABLE t (a int, b int);"), ("indexes/t.sql", "CREATE INDEX i ON t (a);")]);
    assert_eq!(served_in(&schema, "SELECT * FROM t WHERE a = 1 AND b = 2"), ["a=i", "b:no"]);
}

#[test]
fn programs_only_add() {
    let schema = schema(&[
        ("schema.sql", "CREATE TABLE t (a int, b int);"),
        ("migrate.py", "CREATE INDEX i ON t (a); DROP INDEX i; DROP TABLE t"),
    ]);
    assert_eq!(served_in(&schema, "SELECT * FROM t WHERE a = 1"), ["a=i"]);
    let schema = self::schema(&[("schema.sql", "CREATE TABLE t (a int);"), ("m.py", "CREATE INDEX i ON {table} (a)")]);
    assert_eq!(served_in(&schema, "SELECT * FROM t WHERE a = 1"), ["a:?"]);
}

#[test]
fn partitions_and_heirs() {
    let schema = one("CREATE TABLE p (a int, b int) PARTITION BY RANGE (a); CREATE INDEX i ON p (b);
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2); CREATE TABLE q (c int) INHERITS (unknown);");
    assert_eq!(served_in(&schema, "SELECT * FROM p1 WHERE b = 1 AND a = 2"), ["b:?", "a:no"]);
    assert_eq!(served_in(&schema, "SELECT * FROM q WHERE c = 1"), ["c:?"]);
}

#[test]
fn tests_define_only_what_nothing_else_does() {
    let files = [("tests/schema.sql", "CREATE TABLE t (a int);"), ("db/schema.sql", "CREATE TABLE u (a int);")];
    assert_eq!(schema(&files).tables().len(), 1);
    assert_eq!(schema(&files[..1]).tables().len(), 1);
}

#[test]
fn views_are_not_tables() {
    let schema =
        one("CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; DROP VIEW v; CREATE VIEW w AS SELECT a FROM t;");
    assert!(schema.meant(&sql_name("w"), &[]).is_empty());
    assert!(schema.definitions(&sql_name("v")).is_empty());
}

#[test]
fn columns_without_a_table_are_resolved_by_the_schema() {
    let schema = one("CREATE TABLE a (x int PRIMARY KEY, y int); CREATE TABLE b (z int, a_x int);");
    assert_eq!(served_in(&schema, "SELECT * FROM a JOIN b ON a_x = x WHERE y = 1 AND z = 2"), ["y:no", "x=key"]);
}
