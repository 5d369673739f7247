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
