//! Where settings come from, and what is said of mistakes in them.

use std::process::Output;

use seqscan::config::{Options, json_schema, read_inline};
use seqscan::rules::Registry;
use serde_json::Value;

use crate::project::{Project, repository, seqscan};

const CODE: &str = "\
import psycopg


def report(conn: psycopg.Connection, ids):
    for id in ids:
        conn.execute(\"select 1 from t where id = %s\", [id])
";

const SELECT: &str = "select = [\"query-in-loop\"]\n";

fn project(files: &[(&str, &str)]) -> Project {
    Project::new(files.iter().copied())
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The files that have findings.
fn flagged(project: &Project, args: &[&str]) -> Vec<String> {
    let output = project.run(&[&["--output-format", "concise"], args].concat());
    assert_ne!(output.status.code(), Some(2), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn every_kind_of_file_is_understood() {
    for (name, text) in [
        ("seqscan.toml", SELECT.to_owned()),
        (".seqscan.toml", SELECT.to_owned()),
        ("pyproject.toml", format!("[tool.other]\nx = 1\n[tool.seqscan]\n{SELECT}")),
        ("package.json", "{\"name\": \"x\", \"seqscan\": {\"select\": [\"query-in-loop\"]}}".to_owned()),
    ] {
        let project = project(&[("a.py", CODE), (name, &text)]);
        assert_eq!(flagged(&project, &[]), ["a.py"], "{name}");
        assert!(flagged(&project, &["--isolated", "--select", "write-in-loop"]).is_empty());
    }
}

#[test]
fn the_nearest_one_holds_alone() {
    let project = project(&[
        ("seqscan.toml", SELECT),
        ("a.py", CODE),
        ("b/package.json", "{\"name\": \"says nothing\"}"),
        ("b/c.py", CODE),
        ("d/seqscan.toml", "select = [\"write-in-loop\"]"),
        ("d/e.py", CODE),
        ("f/seqscan.toml", "extend = \"../seqscan.toml\"\nexclude = [\"out/\"]"),
        ("f/g.py", CODE),
        ("f/out/h.py", CODE),
    ]);
    assert_eq!(flagged(&project, &[]), ["a.py", "b/c.py", "f/g.py"]);
}

#[test]
fn the_command_line_wins() {
    let project = project(&[("seqscan.toml", "select = []"), ("other.toml", SELECT), ("a.py", CODE)]);
    assert!(flagged(&project, &[]).is_empty());
    assert_eq!(flagged(&project, &["--select", "query-in-loop"]), ["a.py"]);
    assert_eq!(flagged(&project, &["--config", "select = ['query-in-loop']"]), ["a.py"]);
    assert_eq!(flagged(&project, &["--config", "other.toml"]), ["a.py"]);
    assert!(flagged(&project, &["--config", "other.toml", "--ignore", "loops"]).is_empty());
    let mut command = seqscan();
    command.args(["--output-format", "concise"]).env("SEQSCAN_CONFIG", "other.toml").current_dir(project.path());
    assert_eq!(command.output().unwrap().status.code(), Some(1));
}

#[test]
fn paths_can_have_settings_of_their_own() {
    let project = project(&[
        (
            "seqscan.toml",
            &format!(
                "{SELECT}per-file-ignores = {{ \"legacy/\" = [\"query-in-loop\"] }}\n[[overrides]]\npaths = [\"qa/\"]\ninclude-tests = true\n"
            ),
        ),
        ("a.py", CODE),
        ("legacy/b.py", CODE),
        ("qa/tests/c.py", CODE),
        ("tests/d.py", CODE),
    ]);
    assert_eq!(flagged(&project, &[]), ["a.py", "qa/tests/c.py"]);
}

#[test]
fn mistakes_are_shown_where_they_stand() {
    let told = |name: &str, text: &str| {
        let output = project(&[("a.py", CODE), (name, text)]).run(&[]);
        let text = stderr(&output);
        // Only a mistake stops the run.
        assert_eq!(output.status.code() == Some(2), text.starts_with("error"), "{text}");
        text.split("1 finding").next().unwrap().to_owned()
    };
    insta::assert_snapshot!(told("seqscan.toml", "max-hops = 3\nslect = [\"all\"]\n"), @r#"
    error: unknown key `slect`
       ╭─[seqscan.toml:2:1]
     1 │ max-hops = 3
     2 │ slect = ["all"]
       · ─────
       ╰────
      help: did you mean `select`?
    "#);
    insta::assert_snapshot!(told("pyproject.toml", "[tool.seqscan]\nfail-on = \"warn\"\n"), @r#"
    error: unknown value `warn`
       ╭─[pyproject.toml:2:11]
     1 │ [tool.seqscan]
     2 │ fail-on = "warn"
       ·           ──────
       ╰────
      help: did you mean `warning`?
    "#);
    insta::assert_snapshot!(told("seqscan.toml", "[[database]]\nname = \"a\"\ndialetc = \"mysql\"\n"), @r#"
    error: unknown key `dialetc`
       ╭─[seqscan.toml:3:1]
     2 │ name = "a"
     3 │ dialetc = "mysql"
       · ───────
       ╰────
      help: did you mean `dialect`?
    "#);
    insta::assert_snapshot!(told("seqscan.toml", "dialect = \"mysql\"\n[[database]]\nname = \"a\"\nversion = \"8.x\"\n"), @r#"
    error: `8.x` is not a version
       ╭─[seqscan.toml:4:12]
     3 │ name = "a"
     4 │ version = "8.x"
       ·            ───
       ╰────
      help: up to three numbers, as in "15" or "10.11"
    "#);
    insta::assert_snapshot!(told("seqscan.toml", "[[database]]\nname = \"a\"\nversion = \"15\"\n"), @r#"
    error: version 15 of which database?
       ╭─[seqscan.toml:3:12]
     2 │ name = "a"
     3 │ version = "15"
       ·            ──
       ╰────
      help: say its dialect, as in dialect = "mariadb"
    "#);
    insta::assert_snapshot!(told("seqscan.toml", "[[database]]\nname = \"a\"\ndialect = \"mysqll\"\n"), @r#"
    error: unknown dialect `mysqll`
       ╭─[seqscan.toml:3:12]
     2 │ name = "a"
     3 │ dialect = "mysqll"
       ·            ──────
       ╰────
      help: did you mean `mysql`?
    "#);
    insta::assert_snapshot!(told("package.json", "{\n  \"seqscan\": {\n    \"ignored\": []\n  }\n}\n"), @r#"
    error: unknown key `ignored`
       ╭─[package.json:3:5]
     2 │   "seqscan": {
     3 │     "ignored": []
       ·     ─────────
     4 │   }
       ╰────
      help: did you mean `ignore`?
    "#);
    insta::assert_snapshot!(told("seqscan.toml", "select = [\n"), @r"
    error: unclosed array, expected `]`
       ╭─[seqscan.toml:1:11]
     1 │ select = [
       ·           ─
       ╰────
    ");
    insta::assert_snapshot!(told("seqscan.toml", "exclude = [\"a/{b\"]\n"), @r#"
    error: this is not a path pattern: unclosed alternate group; missing '}'
       ╭─[seqscan.toml:1:13]
     1 │ exclude = ["a/{b"]
       ·             ────
       ╰────
    "#);
    insta::assert_snapshot!(told("seqscan.toml", "extend = \"gone.toml\"\n"), @r#"
    error: cannot extend `gone.toml`: no such file or directory
       ╭─[seqscan.toml:1:11]
     1 │ extend = "gone.toml"
       ·           ─────────
       ╰────
    "#);
    insta::assert_snapshot!(told("seqscan.toml", "extend = \"seqscan.toml\"\n"), @r#"
    error: this configuration extends itself
       ╭─[seqscan.toml:1:11]
     1 │ extend = "seqscan.toml"
       ·           ────────────
       ╰────
    "#);
    insta::assert_snapshot!(told("seqscan.toml", "ignore = [\"query-in-lop\"]\n"), @r#"
    warning: no rule is called `query-in-lop`
       ╭─[seqscan.toml:1:12]
     1 │ ignore = ["query-in-lop"]
       ·            ────────────
       ╰────
      help: did you mean `query-in-loop`?
    "#);
}

#[test]
fn another_tools_mistake_is_not_ours() {
    let project = project(&[("a.py", CODE), ("pyproject.toml", "[tool.other\n"), ("package.json", "{,}")]);
    assert_eq!(flagged(&project, &["--select", "query-in-loop"]), ["a.py"]);
}

/// A file that is generated: this test says whether it is up to date, and with `UPDATE_FILES=1` makes it so.
#[test]
fn the_json_schema_is_up_to_date() {
    up_to_date("editors/seqscan.schema.json", &json_schema(Registry::builtin()));
    up_to_date("editors/advice.schema.json", &seqscan::cli::advice_json_schema());
    up_to_date("editors/report.schema.json", &seqscan::report::json_schema());
}

fn up_to_date(path: &str, schema: &Value) {
    let path = repository().join(path);
    let expected = format!("{schema:#}\n");
    if std::env::var_os("UPDATE_FILES").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{} is out of date: run UPDATE_FILES=1 cargo test", path.display());
}

/// The words that the reader says it knows, when it meets one that it does not.
fn known_keys(toml: &str) -> Vec<String> {
    let error = toml::from_str::<Options>(toml).unwrap_err().to_string();
    let list = error.split("expected").nth(1).unwrap_or_else(|| panic!("{error}"));
    let mut keys: Vec<String> = list.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    keys.sort();
    keys
}

#[test]
fn the_json_schema_has_the_keys_that_are_read() {
    let schema = json_schema(Registry::builtin());
    let described = |pointer: &str| -> Vec<String> {
        let mut keys: Vec<String> = schema.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    for (toml, pointer) in [
        ("?=1".replace('?', "x-x"), "/properties"),
        ("[[overrides]]\npaths=[]\nx-x=1".to_owned(), "/definitions/override/properties"),
        ("[[database]]\nname='a'\nx-x=1".to_owned(), "/definitions/database/properties"),
        ("[tables.a]\nx-x=1".to_owned(), "/definitions/table-options/properties"),
        ("[rules.a]\nx-x=1".to_owned(), "/definitions/rule-options/properties"),
        ("[[call]]\nx-x=1".to_owned(), "/definitions/api-call/properties"),
        ("[[type]]\nx-x=1".to_owned(), "/definitions/api-type/properties"),
        ("[[member]]\nx-x=1".to_owned(), "/definitions/api-member/properties"),
        ("[[shape]]\nx-x=1".to_owned(), "/definitions/api-shape/properties"),
    ] {
        let read = known_keys(&toml);
        let read = if read.is_empty() { described(pointer) } else { read };
        assert_eq!(described(pointer), read, "left: the schema at {pointer}; right: the reader");
    }
}

#[test]
fn the_example_configuration_is_right() {
    let text = std::fs::read_to_string(repository().join("src/cli/seqscan.toml")).unwrap();
    assert!(read_inline(&text).is_ok());
    // With every example taken out of its comment it is still one.
    let is_example = |line: &str| line.starts_with("# [") || line.contains(" = ") && !line.starts_with("# Which");
    let live = |line: &str| line.strip_prefix("# ").filter(|_| is_example(line)).unwrap_or(line).to_owned();
    let text = text.lines().map(live).collect::<Vec<_>>().join("\n");
    let file = read_inline(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(file.options.tables.is_some() && file.options.calls.is_some() && file.options.overrides.is_some());
    let json: Value = serde_json::to_value(toml::from_str::<toml::Value>(&text).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&json_schema(Registry::builtin())).unwrap();
    let errors: Vec<String> = schema.iter_errors(&json).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// The findings of a project whose `seqscan.toml` has these entries: place, rule.
fn findings(files: &[(&str, &str)], entries: &str) -> Vec<String> {
    let with = project(&[files, &[("seqscan.toml", entries)]].concat());
    let output = with.run(&["--output-format", "concise", "--color", "never"]);
    assert_ne!(output.status.code(), Some(2), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let found = text.lines().map(|line| {
        let (place, rest) = line.split_once(' ').unwrap();
        let rule = rest.split(['[', ']']).nth(1).unwrap();
        format!("{} {rule}", place.rsplitn(3, ':').nth(2).unwrap())
    });
    found.collect()
}

const PYTHON_WRAPPERS: [(&str, &str); 3] = [
    ("shop/__init__.py", "from .db import ask\n"),
    (
        "shop/db.py",
        "\
import gateway


def ask(sql, params=()):
    return gateway.ask(sql, params)


class Store:
    def table(self, sql, params=()):
        return gateway.ask(sql, params)


traced = gateway.traced(ask)
",
    ),
    (
        "report.py",
        "\
import shop
import shop.db
from shop import ask
from shop.db import Store, traced


def names(ids, store: Store):
    for id in ids:
        shop.db.ask(\"select name from users where id = %s\", [id])
        ask(\"select name from users where id = %s\", [id])
        shop.ask(\"select name from users where id = %s\", [id])
        store.table(\"select name from users where id = %s\", [id])
        Store().table(\"select name from users where id = %s\", [id])
        traced(\"select name from users where id = %s\", [id])
    ask(\"select id from users where name like '%' || %s\", [ids])
",
    ),
];

#[test]
fn the_users_word_on_a_function_of_the_project_holds() {
    assert_eq!(findings(&PYTHON_WRAPPERS, ""), [""; 0]);
    let entry = |path: &str| format!("[[call]]\npath = \"{path}\"\nsql = 0\neffect = \"query\"\n");
    let plain = ["report.py:9 query-in-loop", "report.py:10 query-in-loop", "report.py:11 query-in-loop"];
    let with_sql = [&plain[..], &["report.py:15 leading-wildcard-like"]].concat();
    assert_eq!(findings(&PYTHON_WRAPPERS, &entry("shop.db.ask")), with_sql);
    assert_eq!(findings(&PYTHON_WRAPPERS, &entry("shop.ask")), with_sql, "by the path of a re-export");
    let method = ["report.py:12 query-in-loop", "report.py:13 query-in-loop"];
    assert_eq!(findings(&PYTHON_WRAPPERS, &entry("shop.db.Store.table")), method);
    let owned = format!("[[type]]\nname = \"shop.db.Store\"\n{}", entry("shop.db.Store.table"));
    assert_eq!(findings(&PYTHON_WRAPPERS, &owned), method, "with a type of its own");
    assert_eq!(findings(&PYTHON_WRAPPERS, &entry("shop.db.traced")), ["report.py:14 query-in-loop"]);
    let write = entry("shop.db.ask").replace("query", "write");
    assert_eq!(findings(&PYTHON_WRAPPERS, &write)[0], "report.py:9 write-in-loop");
}

#[test]
fn an_entry_is_read_from_the_folder_of_its_file() {
    let moved = PYTHON_WRAPPERS.map(|(path, text)| (format!("server/{path}"), text));
    let mut files: Vec<(&str, &str)> = moved.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    files.push(("server/seqscan.toml", "[[call]]\npath = \"shop.db.ask\"\nsql = 0\neffect = \"query\"\n"));
    assert_eq!(findings(&files, "").len(), 4);
}

#[test]
fn what_the_user_says_costs_nothing_is_not_followed() {
    let files = [
        ("shop/db.py", "def cached(conn, id):\n    return conn.execute(\"select 1 from t where id = %s\", [id])\n"),
        (
            "a.py",
            "\
import psycopg
from shop import db


def report(conn: psycopg.Connection, ids):
    for id in ids:
        db.cached(conn, id)
",
        ),
        ("requirements.txt", "psycopg\n"),
    ];
    assert_eq!(findings(&files, ""), ["a.py:7 query-in-loop"]);
    assert_eq!(findings(&files, "[[call]]\npath = \"shop.db.cached\"\neffect = \"none\"\n"), [""; 0]);
}

#[test]
fn the_users_word_holds_in_typescript_too() {
    let files = [
        ("package.json", "{\"name\": \"@acme/shop\"}"),
        ("tsconfig.json", "{\"compilerOptions\": {\"baseUrl\": \".\", \"paths\": {\"@/*\": [\"src/*\"]}}}"),
        (
            "src/db.ts",
            "\
import gateway from \"gateway\";
export function fetchAll(sql: string, params: unknown[] = []) { return gateway.ask(sql, params); }
export const fetchOne = async (sql: string, params: unknown[] = []) => gateway.ask(sql, params);
export const traced = gateway.traced(fetchAll);
export class Store {
  async rows(sql: string, params: unknown[] = []) { return gateway.ask(sql, params); }
}
",
        ),
        ("src/index.ts", "export { fetchAll } from \"./db\";\nexport * from \"./db\";\n"),
        (
            "src/report.ts",
            "\
import { fetchAll } from \"./index\";
import { fetchAll as again, fetchOne, Store, traced } from \"@/db\";
export async function names(ids: string[], store: Store) {
  for (const id of ids) {
    await fetchAll(\"select name from users where id = $1\", [id]);
    await again(\"select name from users where id = $1\", [id]);
    await fetchOne(\"select name from users where id = $1\", [id]);
    await store.rows(\"select name from users where id = $1\", [id]);
    await traced(\"select name from users where id = $1\", [id]);
  }
}
",
        ),
    ];
    assert_eq!(findings(&files, ""), [""; 0]);
    let entry = |path: &str| format!("[[call]]\npath = \"{path}\"\nsql = 0\neffect = \"query\"\n");
    let function = ["src/report.ts:5 query-in-loop", "src/report.ts:6 query-in-loop"];
    for path in ["src/db.fetchAll", "./src/db.fetchAll", "@/db.fetchAll", "src.db.fetchAll", "src/index.fetchAll"] {
        assert_eq!(findings(&files, &entry(path)), function, "{path}");
    }
    assert_eq!(findings(&files, &entry("src/db.fetchOne")), ["src/report.ts:7 query-in-loop"]);
    assert_eq!(findings(&files, &entry("src/db.Store.rows")), ["src/report.ts:8 query-in-loop"]);
    assert_eq!(findings(&files, &entry("src/db.traced")), ["src/report.ts:9 query-in-loop"]);
}

#[test]
fn each_database_has_a_dialect_of_its_own() {
    const SEARCH: &str =
        "create table events (id bigint primary key, name text);\nselect id from events where name like '%x';\n";
    let orders = SEARCH.replace("events", "orders");
    let files = [("app/a.sql", orders.as_str()), ("analytics/b.sql", SEARCH)];
    let both = ["analytics/b.sql:2 leading-wildcard-like", "app/a.sql:2 leading-wildcard-like"];
    assert_eq!(findings(&files, ""), both);
    // A column store has no index that the search could use.
    let database = |keys: &str| format!("[[database]]\nname = \"events\"\ndialect = \"clickhouse\"\n{keys}\n");
    assert_eq!(findings(&files, &database("paths = [\"analytics/\"]")), both[1..]);
    assert_eq!(findings(&files, &database("")), [""; 0], "a database without paths is that of all files");
    let general =
        format!("dialect = \"clickhouse\"\n{}", database("paths = [\"app/\"]").replace("clickhouse", "mysql"));
    assert_eq!(findings(&files, &general), both[1..], "the nearer word holds");
    let torn = format!("{}{}", database(""), database("").replace("clickhouse", "mysql"));
    assert_eq!(findings(&files, &torn), both, "two that contradict each other tell nothing");
    // What the file itself shows comes first.
    let mysql = SEARCH.replace("text);", "text) engine=InnoDB;");
    let shown = [("analytics/b.sql", mysql.as_str())];
    assert_eq!(findings(&shown, &database("paths = [\"analytics/\"]")), both[..1]);
    // A configuration of a folder holds for that folder.
    let nested = [&files[..], &[("analytics/seqscan.toml", "dialect = \"clickhouse\"\n")]].concat();
    assert_eq!(findings(&nested, ""), both[1..]);
}
