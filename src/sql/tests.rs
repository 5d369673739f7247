//! What single statements say.

use super::ddl::{AlterOperation, IndexKey, IndexKind, TableChange};
use super::query::*;
use super::*;

fn generic(text: &str) -> Statement {
    analyse(text, &[], Dialect::Generic)
}

fn query(statement: &Statement) -> &Query {
    statement.query.as_deref().unwrap_or_else(|| panic!("no query: {:?}", statement.unparsed))
}

/// The text of each part of the outermost `WHERE`.
fn conditions<'t>(text: &'t str, statement: &Statement) -> Vec<&'t str> {
    let query = query(statement);
    let root = query.root().expect("a select");
    query.conditions(root).into_iter().map(|id| &text[query.exprs.span(id).range()]).collect()
}

#[test]
fn places_are_exact() {
    let text = "SELECT a FROM t WHERE lower(x.n) = 'é' AND (b IN (1, 2)) AND c IS NOT NULL AND NOT d AND e::text LIKE '%x' \
                AND f BETWEEN 1 AND 2 AND EXISTS (SELECT 1) AND CAST(g AS int) = 3 AND h = ANY (ARRAY[1, 2]) AND (i, j) > (1, 2)";
    let expected = [
        "lower(x.n) = 'é'",
        "b IN (1, 2)",
        "c IS NOT NULL",
        "NOT d",
        "e::text LIKE '%x'",
        "f BETWEEN 1 AND 2",
        "EXISTS (SELECT 1)",
        "CAST(g AS int) = 3",
        "h = ANY (ARRAY[1, 2])",
        "(i, j) > (1, 2)",
    ];
    for dialect in [Dialect::Generic, Dialect::PostgreSql] {
        assert_eq!(conditions(text, &analyse(text, &[], dialect)), expected);
    }
}

#[test]
fn places_hold_through_tabs_emoji_and_line_breaks() {
    let text = "SELECT\t'😀é'\r\n\tFROM t\r\n\tWHERE 'ü' = a\r\nAND b LIKE '%😀'";
    assert_eq!(conditions(text, &generic(text)), ["'ü' = a", "b LIKE '%😀'"]);
}

#[test]
fn selects_know_their_parts() {
    let text = "SELECT u.*, (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.id) AS n FROM users u LEFT JOIN x ON x.u = u.id \
                WHERE EXISTS (SELECT 1 FROM y WHERE y.z = u.z) ORDER BY u.created DESC NULLS LAST, u.id LIMIT 20 OFFSET 100000";
    let statement = generic(text);
    let query = query(&statement);
    let root = query.root().expect("a select");
    assert_eq!(root.sources.len(), 2);
    assert_eq!(root.sources[1].join, Join::Left);
    assert_eq!(root.order_by.len(), 2);
    assert!(root.order_by[0].descending && root.order_by[0].nulls_first == Some(false));
    let offset = root.offset.expect("an offset");
    assert_eq!(&text[offset.span.range()], "OFFSET 100000");
    assert!(root.limit.is_some());
    let inner = &query.selects[1];
    let Role::Scalar(at) = inner.role else { panic!("{:?}", inner.role) };
    assert_eq!(&text[query.exprs.span(at).range()], "(SELECT COUNT(*) FROM orders o WHERE o.user_id = u.id)");
    assert_eq!(&text[inner.span.range()], "SELECT COUNT(*) FROM orders o WHERE o.user_id = u.id");
    let outer: Vec<_> =
        query.outer_columns(inner.id).into_iter().map(|(id, ..)| &text[query.exprs.span(id).range()]).collect();
    assert_eq!(outer, ["u.id"]);
    assert!(matches!(query.selects[2].role, Role::Exists(_)));
    let tables: Vec<_> = statement.tables.iter().map(|use_| use_.table.text()).collect();
    assert_eq!(tables, ["users", "x", "orders", "y"]);
}

#[test]
fn arms_ctes_and_derived_tables() {
    let text = "WITH a AS (SELECT 1 AS n), b AS (SELECT n FROM a) SELECT n FROM b UNION ALL SELECT d.n FROM (SELECT n FROM t) d ORDER BY n LIMIT 5";
    let statement = generic(text);
    let query = query(&statement);
    let root = query.root().expect("a select");
    assert_eq!(root.arms.len(), 2);
    assert_eq!(root.set_operation, Some(SetOperation::UnionAll));
    assert_eq!(root.order_by.len(), 1);
    let first = query.select(root.arms[0]);
    assert_eq!(&text[first.span.range()], "SELECT n FROM b");
    assert!(matches!(first.sources[0].kind, SourceKind::Cte(..)));
    let second = query.select(root.arms[1]);
    assert_eq!(&text[second.span.range()], "SELECT d.n FROM (SELECT n FROM t) d");
    assert!(matches!(second.sources[0].kind, SourceKind::Derived(_)));
    assert_eq!(statement.tables.len(), 1);
}

#[test]
fn writes() {
    let text = "UPDATE accounts AS a SET b = b + 1, c = (SELECT max(x) FROM y) FROM z WHERE a.id = z.id AND a.s = 'x'";
    let statement = generic(text);
    assert_eq!(statement.verb, Verb::Update);
    let tables: Vec<_> = statement.tables.iter().map(|use_| (use_.table.text(), use_.written)).collect();
    assert_eq!(tables, [("accounts".into(), true), ("z".into(), false), ("y".into(), false)]);
    assert_eq!(query(&statement).assignments.len(), 2);
    let statement = generic("DELETE FROM t WHERE a = 1");
    assert_eq!((statement.verb, statement.tables[0].written), (Verb::Delete, true));
    let statement = generic("WITH old AS (SELECT id FROM a) DELETE FROM b WHERE id IN (SELECT id FROM old)");
    assert_eq!(statement.verb, Verb::Delete);
    let statement = generic("INSERT INTO s.t (a, b) SELECT c, d FROM e WHERE f = 1");
    assert_eq!(statement.verb, Verb::Insert);
    assert_eq!(statement.tables[0].table.text(), "s.t");
    assert!(statement.tables[0].written && !statement.tables[1].written);
}

#[test]
fn inserts_of_values_are_not_parsed() {
    let statement = generic("INSERT INTO s.t (a, b) VALUES (1, 'x'), (2, 'y;'), (?, ?) ON CONFLICT DO NOTHING");
    let rows = statement.rows.expect("rows");
    assert_eq!((rows.columns.len(), rows.count), (2, 3));
    let text = format!("INSERT INTO t VALUES {}(1)", "(1, 'a''b', '('),".repeat(400_000));
    let statement = analyse(&text, &[], Dialect::MySql);
    assert_eq!(statement.rows.map(|rows| rows.count), Some(3));
    assert_eq!(statement.span.len(), text.len());
    assert!(generic("INSERT INTO t VALUES ((SELECT max(a) FROM u))").query.is_some());
}

#[test]
fn parameters_of_every_driver() {
    for (text, count) in [
        ("SELECT * FROM t WHERE a = ? AND b = ?", 2),
        ("SELECT * FROM t WHERE a = %s AND b LIKE %s", 2),
        ("SELECT * FROM t WHERE a = %(name)s", 1),
        ("SELECT * FROM t WHERE a = $1 AND b = $2::int", 2),
        ("SELECT * FROM t WHERE a = :name AND b = :2", 2),
        ("SELECT * FROM t WHERE a = @name", 1),
        ("SELECT * FROM t WHERE a IN ? LIMIT ?", 2),
        ("SELECT * FROM t WHERE a IN :ids", 1),
        ("SELECT * FROM t WHERE a IN (%s, %s)", 2),
        ("SELECT * FROM t WHERE a = ANY(%s)", 1),
        ("UPDATE t SET ? WHERE id = ?", 2),
        ("SELECT ?? FROM ?? WHERE ?? = ?", 4),
        ("SELECT * FROM t WHERE a = ?1", 1),
        ("SELECT a::text FROM t WHERE b = :b::int", 1),
        ("SELECT * FROM t LIMIT ?, ?", 2),
        ("SELECT * FROM t LIMIT %s OFFSET %s", 2),
        ("SELECT * FROM t WHERE d > now() - interval %s", 1),
        ("SELECT * FROM t WHERE d > now() - INTERVAL ? DAY", 1),
        ("SELECT * FROM t WHERE a = :'x' AND b = :\"y\"", 2),
    ] {
        let statement = generic(text);
        assert_eq!(statement.unparsed, None, "{text}");
        assert_eq!(statement.slots.len(), count, "{text}: {:?}", statement.slots);
        assert!(statement.slots.iter().all(|slot| matches!(slot.kind, SlotKind::Parameter(_))), "{text}");
    }
    let statement = generic("SELECT * FROM t WHERE a = ? AND b = ?");
    assert_eq!(statement.slots[1].kind, SlotKind::Parameter(ParameterKey::Position(1)));
}

#[test]
fn question_marks_of_json() {
    let text = "SELECT * FROM t WHERE j ? 'k' AND j ?| array['a'] AND x = ?";
    let statement = analyse(text, &[], Dialect::PostgreSql);
    assert_eq!(statement.unparsed, None);
    assert_eq!(statement.slots.len(), 1);
    assert_eq!(conditions(text, &statement).len(), 3);
}

#[test]
fn templates() {
    for text in [
        "SELECT {cols} FROM {table} WHERE {column} = {value}",
        "SELECT a FROM {schema}.{table} t {where} ORDER BY {order} {direction} LIMIT {limit} {offset}",
        "SELECT a FROM t WHERE x = 1 {extra}",
        "SELECT a FROM t WHERE {conditions}",
        "SELECT a FROM t WHERE a {op} 5 AND b = 1",
        "SELECT a FROM t WHERE a {op} %s",
        "SELECT a FROM t WHERE a IN {ids} AND b IN ({more})",
        "SELECT a FROM {prefix}_users u, users_{suffix} s",
        "INSERT INTO {table} ({cols}) VALUES {rows}",
        "UPDATE t SET {sets} WHERE id = {id}",
        "UPDATE t SET {column} = {value} WHERE id = 1",
        "SELECT * FROM {{ ref('users') }} WHERE a = {{ var('x', {'b': 1}) }}",
        "{{ config(materialized='table') }} SELECT a FROM b",
        "SELECT a {% if x %}, b{% endif %} FROM t {# it's; #}",
        "SELECT a FROM t WHERE b = ${b} AND c = #{c}",
        "{ctes} SELECT a FROM b",
        "SELECT a FROM t %s",
        "SELECT %s FROM t WHERE x = '%s'",
        "SELECT a FROM t {join} WHERE b = 1",
        "SELECT a FROM t AS {alias}",
        "WITH a AS ({query}) SELECT b FROM a",
        "WITH a AS ({query}), c AS MATERIALIZED ({query}) SELECT b FROM a",
        "SELECT a FROM ({query}) x",
        "UPDATE t SET a = CASE id {whens} END, b = CASE {whens} END WHERE c = 1",
        "UPDATE {table} SET {sets} {where}",
        "UPDATE %s SET %s %s",
        "SELECT {group} count(*) AS n FROM t WHERE a = 1",
        "SELECT a FROM t WHERE b = 1 AND",
        "SELECT a FROM t WHERE",
        "SELECT a FROM t WHERE b = {b: Array(String)}",
        "SELECT $1:name FROM $2:raw WHERE a = $<b> AND c = $3",
        "INSERT INTO t (a) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING",
        "SELECT a FROM t FOR NO KEY UPDATE",
    ] {
        let statement = generic(text);
        assert_eq!(statement.unparsed, None, "{text}");
    }
    let open = |text: &str| {
        let statement = generic(text);
        let query = query(&statement);
        query.has_open_conditions(query.root().expect("a select"), &statement.slots)
    };
    assert!(open("SELECT a FROM t {where}"));
    assert!(open("SELECT a FROM t WHERE b = 1 AND"));
    assert!(open("SELECT a FROM t WHERE {conditions}"));
    assert!(open("SELECT a FROM t WHERE b = 1 AND {more}"));
    assert!(open("SELECT a FROM t WHERE b = 1 {% if x %} AND c = 2 {% endif %}"));
    assert!(!open("SELECT a FROM t WHERE b = {b}"));
    assert!(!open("SELECT a FROM t WHERE b = ?"));
}

#[test]
fn holes_of_the_host() {
    let text = "SELECT * FROM ${tables['a']} WHERE a = ${f(() => { x; })} AND b LIKE '%${q}%' ${rest}";
    let hole = |part: &str| {
        let at = text.find(part).expect("the hole");
        Span::new(at, at + part.len())
    };
    let holes = [hole("${tables['a']}"), hole("${f(() => { x; })}"), hole("${q}"), hole("${rest}")];
    let statement = analyse(text, &holes, Dialect::PostgreSql);
    assert_eq!(statement.unparsed, None);
    let readings: Vec<_> = statement.slots.iter().map(|slot| (slot.kind.clone(), slot.reading)).collect();
    assert_eq!(
        readings,
        [
            (SlotKind::Hole(0), Reading::Operand),
            (SlotKind::Hole(1), Reading::Operand),
            (SlotKind::Hole(2), Reading::InText),
            (SlotKind::Hole(3), Reading::Clause),
        ]
    );
    assert!(statement.tables[0].table.is_dynamic());
    assert_eq!(conditions(text, &statement), ["a = ${f(() => { x; })}", "b LIKE '%${q}%'"]);
}

#[test]
fn what_is_not_understood_says_what_it_can() {
    let statement = generic("SELECT FROM WHERE x FROM users JOIN orders");
    assert_eq!(statement.unparsed, Some(Unparsed::Syntax));
    assert!(statement.tables.iter().any(|use_| use_.table.text() == "orders"));
    assert!(generic("SELECT a FROM t FOR UPDATE SKIP LOCKED").unparsed.is_none());
    for text in [
        "SELECT a FROM t LOCK IN SHARE MODE",
        "SELECT a FROM ONLY t WHERE b = 1",
        "UPDATE a, b SET a.x = b.x WHERE a.id = b.id",
        "UPDATE t SET a = 1 WHERE CURRENT OF c",
        "SELECT f(VARIADIC a) FROM t",
        "COPY t FROM STDIN WITH CSV",
    ] {
        assert_eq!(generic(text).unparsed, None, "{text}");
    }
    assert!(generic("complete nonsense").unparsed.is_some());
}

fn table_changes(text: &str, dialect: Dialect) -> Vec<TableChange> {
    let statement = analyse(text, &[], dialect);
    assert_eq!(statement.unparsed, None, "{text}");
    statement.changes
}

fn created(text: &str, dialect: Dialect) -> ddl::CreateTable {
    match table_changes(text, dialect).remove(0) {
        TableChange::CreateTable(table) => table,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tables() {
    let table = created(
        "CREATE TABLE public.orders (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
         code character varying(20) DEFAULT 'x'::character varying NOT NULL UNIQUE, created_at timestamp with time zone DEFAULT now(),
         total numeric(12, 2) CHECK (total > 0), n int GENERATED ALWAYS AS IDENTITY, tags text[] DEFAULT '{}'::text[],
         CONSTRAINT u UNIQUE (user_id, created_at), CHECK (n > 0), EXCLUDE USING gist (r WITH &&))",
        Dialect::PostgreSql,
    );
    let columns: Vec<_> =
        table.columns.iter().map(|column| (&*column.name.text, &*column.type_name, column.not_null)).collect();
    assert_eq!(
        columns,
        [
            ("id", "bigserial", true),
            ("user_id", "bigint", true),
            ("code", "character varying(20)", true),
            ("created_at", "timestamp with time zone", false),
            ("total", "numeric(12,2)", false),
            ("n", "int", true),
            ("tags", "text[]", false),
        ]
    );
    let kinds: Vec<_> = table.indexes.iter().map(|index| (index.kind, index.parts.len())).collect();
    assert_eq!(kinds, [(IndexKind::Primary, 1), (IndexKind::Unique, 1), (IndexKind::Unique, 2), (IndexKind::Other, 1)]);
    assert_eq!(table.foreign_keys.len(), 1);
    assert!(table.is_whole);
}

#[test]
fn tables_of_mysql() {
    let table = created(
        "CREATE TABLE `a` (`id` int(10) unsigned zerofill NOT NULL AUTO_INCREMENT COMMENT 'the; key', `key` varchar(10) CHARACTER SET utf8 DEFAULT NULL,
         index varchar(20), `e` enum('a','b') NOT NULL DEFAULT 'a', `t` timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
         PRIMARY KEY (`id`), UNIQUE KEY `uk` (`key`), KEY `k` (`e`,`t`) USING BTREE, KEY (`t`), FULLTEXT KEY `ft` (`key`), KEY `pre` (`key`(5) DESC),
         CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `b` (`id`) ON DELETE SET NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 PARTITION BY HASH (id)",
        Dialect::MySql,
    );
    assert_eq!(table.columns.len(), 5);
    let kinds: Vec<_> = table.indexes.iter().map(|index| index.kind).collect();
    assert_eq!(
        kinds,
        [
            IndexKind::Primary,
            IndexKind::Unique,
            IndexKind::Plain,
            IndexKind::Plain,
            IndexKind::FullText,
            IndexKind::Plain
        ]
    );
    assert_eq!(table.indexes[5].parts[0].prefix, Some(5));
    assert!(table.is_whole && table.partitioned);
}

#[test]
fn tables_of_others() {
    let table = created(
        "CREATE TABLE t(a, b INTEGER PRIMARY KEY AUTOINCREMENT, c TEXT UNIQUE ON CONFLICT IGNORE) WITHOUT ROWID",
        Dialect::Sqlite,
    );
    assert_eq!((table.columns.len(), table.indexes.len()), (3, 2));
    let table = created(
        "CREATE TABLE [dbo].[T] ([Id] INT IDENTITY(1,1) NOT NULL, [N] NVARCHAR(50) NULL INDEX ix NONCLUSTERED, CONSTRAINT [PK_T] PRIMARY KEY CLUSTERED ([Id] ASC)) ON [PRIMARY]",
        Dialect::MsSql,
    );
    assert_eq!((table.columns.len(), table.indexes.len()), (2, 2));
    assert_eq!(table.table.text(), "dbo.T");
    let table = created("CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (1) TO (2)", Dialect::PostgreSql);
    assert_eq!(table.parent.map(|name| name.text()).as_deref(), Some("p"));
    let statement = generic("CREATE TABLE x AS SELECT a FROM b");
    assert!(statement.query.is_some() && statement.changes.len() == 1);
    let table =
        created("CREATE TABLE t (id int, x weird type with (odd) stuff here, PRIMARY KEY (id))", Dialect::Generic);
    assert_eq!((table.columns.len(), table.indexes.len()), (2, 1));
}

fn index(text: &str) -> ddl::IndexDef {
    match table_changes(text, Dialect::Generic).remove(0) {
        TableChange::CreateIndex(index) => index,
        other => panic!("{other:?}"),
    }
}

#[test]
fn indexes() {
    let made = index(
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY public.t USING btree (a, b DESC NULLS LAST) INCLUDE (c) WHERE deleted_at IS NULL",
    );
    assert_eq!((made.kind, made.parts.len(), made.include.len(), made.concurrently), (IndexKind::Unique, 2, 1, true));
    assert_eq!(made.predicate.map(|formula| formula.canonical()).as_deref(), Some("deleted_at is null"));
    let made = index("CREATE INDEX i ON t USING gin (lower((name)::text) gin_trgm_ops, b)");
    assert_eq!(&*made.method, "gin");
    assert_eq!(made.parts[0].operator_class.as_deref(), Some("gin_trgm_ops"));
    let IndexKey::Expression(formula) = &made.parts[0].key else { panic!("{:?}", made.parts[0]) };
    assert_eq!(formula.canonical(), "lower(name)");
    let made = index("CREATE INDEX ON t ((a || b), c COLLATE \"C\" text_pattern_ops, (d))");
    assert!(matches!(made.parts[0].key, IndexKey::Expression(_)));
    assert_eq!(made.parts[1].collation.as_deref(), Some("c"));
    assert!(matches!(made.parts[2].key, IndexKey::Column(_)));
    let made = index("CREATE INDEX i ON t (a) WHERE status = 'new' AND n > 5");
    assert_eq!(made.predicate.map(|formula| formula.canonical()).as_deref(), Some("and(status='new',n>5)"));
}

#[test]
fn alterations() {
    let changes = table_changes(
        "ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (id), ADD COLUMN c int NOT NULL DEFAULT 0, DROP COLUMN IF EXISTS d CASCADE,
         ALTER COLUMN e TYPE bigint USING e::bigint, ALTER e SET NOT NULL, ADD FOREIGN KEY (u) REFERENCES users NOT VALID, ALTER COLUMN f SET STATISTICS 1000",
        Dialect::PostgreSql,
    );
    let kinds: Vec<String> = changes
        .iter()
        .map(|change| match change {
            TableChange::CreateIndex(index) => format!("{:?}", index.kind),
            TableChange::Alter { operation, .. } => match operation {
                AlterOperation::AddColumn { column, .. } => format!("add {}", column.name.text),
                AlterOperation::DropColumn(name) => format!("drop {}", name.text),
                AlterOperation::SetType { type_name, .. } => format!("type {type_name}"),
                AlterOperation::SetNotNull(_, value) => format!("not null {value}"),
                AlterOperation::AddForeignKey(_, not_valid) => format!("fk {not_valid}"),
                other => format!("{other:?}"),
            },
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["Primary", "add c", "drop d", "type bigint", "not null true", "fk true", "Harmless"]);
    assert!(matches!(table_changes("ALTER TABLE a RENAME TO b", Dialect::Generic)[0], TableChange::RenameTable { .. }));
    assert!(matches!(
        table_changes("ALTER TABLE a RENAME COLUMN b TO c", Dialect::Generic)[0],
        TableChange::Alter { operation: AlterOperation::RenameColumn { .. }, .. }
    ));
    assert!(matches!(
        table_changes("ALTER TABLE `a` ADD KEY `k` (`b`)", Dialect::MySql)[0],
        TableChange::CreateIndex(_)
    ));
    assert!(matches!(
        table_changes("ALTER TABLE p ATTACH PARTITION q FOR VALUES IN (1)", Dialect::PostgreSql)[0],
        TableChange::Alter { operation: AlterOperation::AttachPartition(_), .. }
    ));
    assert_eq!(table_changes("ALTER TABLE [t] ADD a int, b int NULL", Dialect::MsSql).len(), 2);
    assert_eq!(table_changes("DROP TABLE IF EXISTS a, b.c CASCADE", Dialect::Generic).len(), 2);
    assert_eq!(table_changes("DROP INDEX CONCURRENTLY IF EXISTS i", Dialect::Generic).len(), 1);
}

#[test]
fn blocks_of_code_make_their_tables_unsure() {
    let statement = generic("DO $$ BEGIN EXECUTE 'x'; CREATE INDEX i ON t (a); ALTER TABLE u ADD b int; END $$");
    assert_eq!(statement.changes.len(), 2);
    assert!(statement.changes.iter().all(|change| matches!(change, TableChange::Opaque { .. })));
}

#[test]
fn inner_queries() {
    assert!(generic("EXPLAIN ANALYZE SELECT a FROM t").query.is_some());
    assert!(generic("COPY (SELECT a FROM t) TO STDOUT").query.is_some());
    assert!(generic("DECLARE c CURSOR FOR SELECT a FROM t").query.is_some());
    assert!(generic("CREATE MATERIALIZED VIEW v AS SELECT a FROM t WITH NO DATA").query.is_some());
}

/// The stack that every thread which reads files has.
fn on_a_large_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(64 * 1024 * 1024).spawn(run).expect("a thread");
    assert!(thread.join().is_ok());
}

#[test]
fn an_empty_hole_may_stand_anywhere() {
    let text = "SELECT a FROM t WHERE b  1 AND c = 'd' ORDER BY e";
    for at in 0..=text.len() {
        let found = statements(text, &[Span::new(at, at)], Dialect::Generic);
        assert_eq!(found.statements.len(), 1, "{at}");
    }
}

#[test]
fn deep_and_long_inputs_do_no_harm() {
    on_a_large_stack(|| {
        let nested = |n: usize| format!("SELECT {}1{}", "(".repeat(n), ")".repeat(n));
        for text in [
            nested(10_000),
            nested(90),
            format!("SELECT {}1{}", "(SELECT ".repeat(10_000), ")".repeat(10_000)),
            format!("SELECT a FROM t WHERE {} a = 1", "a = 1 AND ".repeat(33_000)),
            format!("SELECT a FROM t WHERE {} a = 1", "a = 1 OR ".repeat(1_400)),
            format!("SELECT {} 1", "1 + ".repeat(100_000)),
            format!("SELECT {} 1", "1 + ".repeat(1_400)),
            format!("SELECT {} 1", "NOT ".repeat(50_000)),
            format!("SELECT {} 1", "- ".repeat(50_000)),
            format!("SELECT 1{}", "::int".repeat(50_000)),
            format!("SELECT 1 {}", "UNION ALL SELECT 1 ".repeat(20_000)),
            format!("SELECT * FROM a {}", "JOIN b ".repeat(20_000)),
            format!("SELECT * FROM a {}", "JOIN b ON true ".repeat(150)),
            format!("SELECT {} 1 {}", "CASE WHEN 1 THEN ".repeat(10_000), "END ".repeat(10_000)),
            format!("SELECT * FROM t MATCH_RECOGNIZE (PATTERN ({}A{}))", "(".repeat(2_000), ")".repeat(2_000)),
            format!("SELECT * FROM t MATCH_RECOGNIZE (PATTERN ({}A", "(".repeat(4_000)),
            format!("SELECT a FROM t WHERE {} a = 1 syntax error here", "a = 1 AND ".repeat(33_000)),
            format!("SELECT {}", "[".repeat(20_000)),
            format!("SELECT CAST(a AS {}int", "ARRAY<".repeat(20_000)),
            format!("SELECT CAST(a AS {}int", "STRUCT<a ".repeat(20_000)),
            format!("SELECT {} 1", "INTERVAL ".repeat(20_000)),
            format!("SELECT a FROM t WHERE b IN ({}1)", "1, ".repeat(40_000)),
            format!("SELECT a FROM t WHERE b IN ({}1)", "1, ".repeat(400_000)),
            format!("CREATE TABLE t ({}a int)", "a int, ".repeat(20_000)),
            format!("CREATE TABLE t (a int DEFAULT {}", "(".repeat(50_000)),
            format!("CREATE INDEX i ON t ({}a", "(".repeat(50_000)),
            "SELECT '".to_owned() + &"x".repeat(5_000_000),
            "SELECT ".to_owned() + &"é".repeat(2_500_000),
            "{".repeat(100_000),
            "$a".repeat(100_000),
            "/*".repeat(100_000),
        ] {
            for dialect in [Dialect::Generic, Dialect::PostgreSql, Dialect::MySql, Dialect::Snowflake] {
                let statement = analyse(&text, &[], dialect);
                assert!(!format!("{:?}", statement.clone()).is_empty());
            }
        }
    });
}

#[test]
fn one_repeated_word_overflows_nothing() {
    on_a_large_stack(|| {
        for keyword in sqlparser::keywords::ALL_KEYWORDS {
            let _ = analyse(
                &format!("SELECT a FROM b WHERE {}", format!("{keyword} ").repeat(1_000)),
                &[],
                Dialect::Generic,
            );
            let _ = analyse(&format!("SELECT {}", format!("{keyword} a ").repeat(400)), &[], Dialect::Generic);
        }
    });
}

/// A text of `count` parts is read in a time that grows with its length only.
#[test]
fn time_grows_with_length_only() {
    on_a_large_stack(|| {
        for part in [
            "/*",
            "*/",
            "$a$",
            "{{",
            "'",
            "\"",
            "(",
            "a.b, ",
            "-- x\n",
            "SELECT 1;\n",
            "CREATE TABLE t (a int)\n",
            "INSERT INTO t VALUES (1);\n",
            "\\",
            "é",
            "GO\n",
        ] {
            let time = |count: usize| {
                let text = part.repeat(count);
                let before = std::time::Instant::now();
                for dialect in [Dialect::Generic, Dialect::PostgreSql, Dialect::MsSql] {
                    let _ = statements(&text, &[], dialect);
                }
                before.elapsed()
            };
            // Eight times as long; a square would be sixty-four times, however often it is tried.
            let grows_with_length = || time(16_000) < time(2_000) * 30 + std::time::Duration::from_millis(500);
            assert!((0..3).any(|_| grows_with_length()), "{part:?}");
        }
        let distinct: String = (0..40_000).map(|n| format!("$a{n}$ ")).collect();
        let before = std::time::Instant::now();
        let _ = statements(&distinct, &[], Dialect::PostgreSql);
        assert!(before.elapsed().as_secs() < 20);
    });
}

#[test]
fn any_tokens_are_read_without_harm() {
    let parts = [
        "SELECT",
        "FROM",
        "t",
        "WHERE",
        "(",
        ")",
        ",",
        "'a",
        "'",
        "\"",
        "`",
        "?",
        "%s",
        ":a",
        "{x}",
        "{{",
        "}}",
        "$1",
        "$$",
        "AND",
        "IN",
        "LIKE",
        "=",
        "CREATE TABLE",
        "INDEX",
        "ON",
        "ALTER",
        "INSERT INTO",
        "VALUES",
        "UPDATE",
        "SET",
        "é",
        "😀",
        "/*",
        "*/",
        "--",
        "\n",
        "[",
        "]",
        ".",
        "::",
        "CASE",
        "END",
        "WITH",
        "AS",
    ];
    let mut state = 7u32;
    for _ in 0..3_000 {
        let mut text = String::new();
        for _ in 0..14 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push_str(parts[(state >> 16) as usize % parts.len()]);
            text.push(' ');
        }
        let hole = Span::new(text.len() / 3, text.len() / 2);
        let holes = if text.is_char_boundary(text.len() / 3) && text.is_char_boundary(text.len() / 2) {
            vec![hole]
        } else {
            vec![]
        };
        for dialect in [Dialect::Generic, Dialect::PostgreSql, Dialect::MySql, Dialect::MsSql] {
            let statement = analyse(&text, &holes, dialect);
            if let Some(query) = &statement.query {
                for (_, node) in query.exprs.iter() {
                    assert!(text.get(node.span.range()).is_some(), "{text}");
                }
            }
        }
    }
}

#[test]
fn a_statement_is_small() {
    assert!(size_of::<Statement>() <= 256, "{}", size_of::<Statement>());
}
