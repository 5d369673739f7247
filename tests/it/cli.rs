//! The command line as a user meets it.

use std::io::{Read, Write};
use std::process::{Output, Stdio};

use crate::project::{Project, seqscan};

const DB: &str = "\
import psycopg

conn = psycopg.connect()


def load_customer(order_id):
    return conn.execute(\"select name from customers where id = %s\", [order_id]).fetchone()
";

const VIEWS: &str = "\
from .db import load_customer


def report(orders):
    names = []
    for order in orders:
        names.append(load_customer(order.id))
    return names
";

/// A shop with one query in a loop.
fn shop() -> Project {
    Project::new([("shop/__init__.py", ""), ("shop/db.py", DB), ("shop/views.py", VIEWS)])
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// Runs with the loop rule selected, whatever its status.
fn check(project: &Project, args: &[&str]) -> Output {
    let mut all = vec!["--select", "query-in-loop,unused-suppression"];
    all.extend(args);
    project.run(&all)
}

#[test]
fn what_a_cache_may_hold_is_told_on_request() {
    let cached = DB.replace("def load", "@cached(ttl=60)\ndef load");
    let kept = DB.replace("def load", "@functools.lru_cache\ndef load");
    let told = |db: &str, args: &[&str]| {
        let project = Project::new([("shop/__init__.py", ""), ("shop/db.py", db), ("shop/views.py", VIEWS)]);
        stdout(&check(&project, args))
    };
    assert_eq!(told(&cached, &["--output-format", "concise"]), "");
    assert!(told(&cached, &["--pedantic"]).contains("a cache is asked first"));
    assert_eq!(told(&kept, &["--pedantic", "--output-format", "concise"]), "");
}

fn with_stdin(project: &Project, args: &[&str], text: &str) -> Output {
    let mut child = seqscan()
        .args(args)
        .current_dir(project.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end before it has read anything.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn findings_go_to_stdout_and_the_rest_to_stderr() {
    let output = check(&shop(), &["--output-format", "concise"]);
    insta::assert_snapshot!(stdout(&output), @"shop/views.py:7:22: warning: `load_customer` runs a query for each run of `for order in orders`: 1 + N queries [query-in-loop]");
    insta::assert_snapshot!(stderr(&output), @r"
    1 finding: 1 warning
    checked 3 files; 1 SQL statement, all understood; no schema found
    ");
    assert_eq!(code(&output), 1);
}

#[test]
fn check_is_the_default_command_and_the_current_folder_the_default_path() {
    let shop = shop();
    let expected = stdout(&check(&shop, &["--output-format", "concise"]));
    for args in [vec!["check"], vec!["check", "."], vec!["."], vec!["shop"], vec!["shop/views.py", "shop/db.py"]] {
        let mut args = args;
        args.extend(["--select", "query-in-loop", "--output-format", "concise"]);
        assert_eq!(stdout(&shop.run(&args)), expected, "{args:?}");
    }
}

#[test]
fn the_exit_code_says_whether_there_are_findings() {
    let shop = shop();
    assert_eq!(code(&check(&shop, &[])), 1);
    assert_eq!(code(&check(&shop, &["shop/db.py"])), 0, "no finding is reported there");
    assert_eq!(code(&check(&shop, &["--exit-zero"])), 0);
    assert_eq!(code(&check(&shop, &["--fail-on", "error"])), 0);
    assert_eq!(code(&check(&shop, &["--fail-on", "never"])), 0);
    assert_eq!(code(&check(&shop, &["--config", "rules.query-in-loop.severity = 'info'"])), 0);
    assert_eq!(code(&check(&shop, &["--config", "rules.query-in-loop.severity = 'info'", "--fail-on", "info"])), 1);
    assert_eq!(code(&check(&shop, &["--output-format", "sarif"])), 1, "the same for every format");
    assert_eq!(code(&check(&shop, &["--no-such-flag"])), 2);
    assert_eq!(code(&check(&shop, &["gone.py"])), 2);
    assert_eq!(code(&check(&shop, &["--version"])), 0);
}

#[test]
fn an_empty_tree_is_no_failure() {
    let output = Project::new::<&str, &str>([]).run(&[]);
    assert_eq!(code(&output), 0);
    insta::assert_snapshot!(stderr(&output), @r"
    no findings
    checked 0 files; no SQL statements; no schema found
    ");
}

#[test]
fn what_is_left_out_is_said() {
    let shop = shop();
    shop.write("tests/test_views.py", VIEWS);
    shop.write("shop/migrations/0001_initial.py", "x = 1\n");
    shop.write("static/app.min.js", "x()\n");
    insta::assert_snapshot!(stderr(&check(&shop, &["--config", "exclude = ['shop/views.py']"])), @r"
    no findings
    checked 2 files (left out: 1 test, 1 migration, 1 excluded path, 1 minified file); 1 SQL statement, all understood; no schema found
    ");
    let files = check(&shop, &["--show-files", "-v"]);
    insta::assert_snapshot!(stdout(&files), @r"
    shop/__init__.py
    shop/db.py
    shop/views.py
    static/app.min.js (left out: minified file)
    shop/migrations/0001_initial.py (left out: migration)
    tests/test_views.py (left out: test)
    ");
    assert_eq!(stdout(&check(&shop, &["--show-files", "--include-tests"])).lines().count(), 5);
}

#[test]
fn standard_input_stands_in_the_place_of_a_file() {
    let shop = shop();
    let args = ["--select", "query-in-loop", "--output-format", "concise", "--stdin-filename", "shop/new.py", "-"];
    let output = with_stdin(&shop, &args, VIEWS);
    insta::assert_snapshot!(stdout(&output), @"shop/new.py:7:22: warning: `load_customer` runs a query for each run of `for order in orders`: 1 + N queries [query-in-loop]");
    let quiet = VIEWS.replace("load_customer(order.id)", "order.id");
    let args = ["--select", "query-in-loop", "--stdin-filename", "shop/views.py"];
    assert_eq!(code(&with_stdin(&shop, &args, &quiet)), 0, "the text counts, not the file");
    let nameless = with_stdin(&shop, &["-"], VIEWS);
    assert_eq!((code(&nameless), stderr(&nameless).lines().count()), (2, 1));
}

#[test]
fn long_lists_of_files_may_stand_in_a_file() {
    let shop = shop();
    shop.write("list.txt", "shop/views.py\nshop/db.py\n");
    assert_eq!(code(&check(&shop, &["@list.txt"])), 1);
    assert_eq!(code(&check(&shop, &["@gone.txt"])), 2);
    shop.write("@scope/views.py", "x = 1\n");
    assert_eq!(code(&check(&shop, &["@scope"])), 0, "a folder of that name is a folder");
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let shop = shop();
    for n in 0..500 {
        shop.write(&format!("shop/v{n}.py"), VIEWS);
    }
    let mut child = seqscan()
        .args(["--select", "query-in-loop", "--color", "never"])
        .current_dir(shop.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut start = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 1);
    assert!(!stderr(&output).contains("panic") && !stderr(&output).contains("ipe"), "{}", stderr(&output));
}

#[test]
fn findings_can_go_to_a_file() {
    let shop = shop();
    let output = check(&shop, &["--output-format", "json", "-o", "report.json"]);
    assert_eq!((code(&output), stdout(&output)), (1, String::new()));
    let text = std::fs::read_to_string(shop.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["findings"][0]["rule"], "query-in-loop");
    let output = check(&shop, &["-o", "no/such/folder/x"]);
    assert_eq!(code(&output), 2);
}

#[test]
fn findings_can_go_to_several_places_at_once() {
    let shop = shop();
    let args = ["--output-format", "concise", "--output", "sarif=a.sarif", "--output", "junit=b.xml"];
    let output = check(&shop, &args);
    assert_eq!((code(&output), stdout(&output).lines().count()), (1, 1));
    let read = |name: &str| std::fs::read_to_string(shop.path().join(name)).unwrap();
    assert!(read("a.sarif").contains("\"version\":\"2.1.0\"") && read("b.xml").contains("<testsuites"));
    let output = check(&shop, &["--statistics", "--output", "json=c.json"]);
    assert!(read("c.json").contains("query-in-loop") && stdout(&output).starts_with("1  warning"));
    for (wrong, why) in [("sarf=x", "no format is called `sarf`"), ("sarif", "say the format and the file")] {
        let output = check(&shop, &["--output", wrong]);
        assert!(code(&output) == 2 && stderr(&output).contains(why), "{}", stderr(&output));
    }
    let output = check(&shop, &["--output", "sarif=no/such/folder/x"]);
    assert!(code(&output) == 2 && stderr(&output).contains("no/such/folder/x"), "{}", stderr(&output));
    assert!(stdout(&output).contains("query-in-loop"), "the findings are told all the same");
}

#[test]
fn statistics_count_by_rule() {
    let shop = shop();
    shop.write("shop/more.py", VIEWS);
    insta::assert_snapshot!(stdout(&check(&shop, &["--statistics"])), @r"
    2  warning  query-in-loop

    fixed in one place:
    2  query-in-loop  shop/db.py:7:17
    ");
}

#[test]
fn quiet_is_quiet() {
    let shop = shop();
    let output = check(&shop, &["-q", "shop/db.py"]);
    assert_eq!((stdout(&output), stderr(&output)), (String::new(), String::new()));
}

#[test]
fn a_comment_silences_at_any_place_of_a_finding() {
    for (file, from, to) in [
        ("shop/views.py", "    for order", "    # seqscan: ignore[query-in-loop] three of them\n    for order"),
        ("shop/views.py", "(order.id))", "(order.id))  # seqscan: ignore[query-in-loop] three of them"),
        ("shop/db.py", ".fetchone()", ".fetchone()  # seqscan: ignore[query-in-loop] cached"),
        ("shop/views.py", "from .db", "# seqscan: ignore-file[query-in-loop] an old report\nfrom .db"),
    ] {
        let shop = shop();
        let text = std::fs::read_to_string(shop.path().join(file)).unwrap();
        shop.write(file, text.replace(from, to));
        let output = check(&shop, &["--output-format", "concise"]);
        assert_eq!((code(&output), stdout(&output)), (0, String::new()), "{to}");
        assert!(stderr(&output).starts_with("no findings (1 suppressed)\n"), "{}", stderr(&output));
        let shown = check(&shop, &["--output-format", "concise", "--show-suppressed"]);
        assert_eq!(code(&shown), 0);
        assert!(stdout(&shown).trim_end().ends_with("[query-in-loop] (suppressed)"), "{}", stdout(&shown));
    }
}

#[test]
fn a_comment_that_does_nothing_is_found() {
    let shop = shop();
    shop.write(
        "shop/views.py",
        "# seqscan: ignore-file[query-in-lop]\n# seqscan: ignore[write-in-loop, query-in-loop] why\nx = 1  # seqscan: ignore\n",
    );
    let output = shop.run(&["--preview", "--output-format", "concise"]);
    insta::assert_snapshot!(stdout(&output), @r"
    shop/views.py:1:24: info: no rule is called `query-in-lop` [unused-suppression]
    shop/views.py:2:1: info: unused suppression: `write-in-loop` and `query-in-loop` find nothing here [unused-suppression]
    shop/views.py:3:8: info: this suppression has no effect [unused-suppression]
    ");
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let shop = shop();
    let colours = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = seqscan();
        command.env_remove("NO_COLOR").envs(variables.iter().copied());
        command.args(["--select", "query-in-loop"]).args(args).current_dir(shop.path());
        stdout(&command.output().unwrap()).contains('\x1b')
    };
    assert!(!colours(&[], &[]));
    assert!(colours(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(colours(&[], &[("FORCE_COLOR", "1")]));
    assert!(colours(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colours(&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
    assert!(!colours(&["--color", "never"], &[("FORCE_COLOR", "1")]));
}

#[test]
fn misspelt_words_are_recognised() {
    let shop = shop();
    for (args, hint) in [
        (&["chekc"][..], "error: chekc: no such file or directory; did you mean `seqscan check`?"),
        (&["explain", "query-in-lop"], "error: no rule is called `query-in-lop`; did you mean `query-in-loop`?"),
        (&["--select", "query-in-lop"], "error: command line: no rule is called `query-in-lop`"),
        (&["--dialect", "dbase"], "error: command line: unknown dialect `dbase`"),
    ] {
        let output = shop.run(args);
        assert_eq!((code(&output), stderr(&output).lines().next()), (2, Some(hint)), "{args:?}");
    }
}

#[test]
fn every_rule_is_explained() {
    let project = Project::new::<&str, &str>([]);
    let listed = stdout(&project.run(&["rules"]));
    assert_eq!(listed, stdout(&project.run(&["explain"])));
    for line in listed.lines() {
        let rule = line.split_whitespace().next().unwrap();
        let page = stdout(&project.run(&["explain", rule]));
        assert!(page.starts_with(rule) && page.contains("severity"), "{page}");
    }
    let json: serde_json::Value =
        serde_json::from_slice(&project.run(&["rules", "--output-format", "json"]).stdout).unwrap();
    assert_eq!(json["rules"].as_array().unwrap().len(), listed.lines().count());
    assert!(json["rules"][0]["summary"].is_string() && json["rules"][0]["page"].is_string());
}

#[test]
fn init_writes_a_configuration_that_changes_nothing() {
    let shop = shop();
    let before = stdout(&check(&shop, &[]));
    assert_eq!(stdout(&shop.run(&["init"])), "wrote seqscan.toml\n");
    assert_eq!(stdout(&check(&shop, &[])), before);
    assert_eq!(code(&shop.run(&["init"])), 2, "an existing one stays");
    assert_eq!(code(&shop.run(&["init", "--force"])), 0);
}

#[test]
fn shells_can_complete() {
    let project = Project::new::<&str, &str>([]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = project.run(&["completions", shell]);
        assert_eq!(code(&output), 0);
        assert!(stdout(&output).contains("output-format"), "{shell}");
    }
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let project = Project::new::<&str, &str>([]);
    let output = project.run(&["man"]);
    assert!(code(&output) == 0 && stdout(&output).contains(".TH seqscan 1"));
    assert_eq!(code(&project.run(&["man", "pages"])), 0);
    let pages = std::fs::read_dir(project.path().join("pages")).unwrap().count();
    assert_eq!(pages, 1 + seqscan::cli::command_for_docs().get_subcommands().count());
    let check = std::fs::read_to_string(project.path().join("pages/seqscan-check.1")).unwrap();
    assert!(check.contains("unsafe\\-fixes") && check.contains("SARIF"), "{check}");
}

#[test]
fn settings_can_be_shown() {
    let shop = shop();
    shop.write("seqscan.toml", "select = ['query-in-loop']\nmax-hops = 3\n[tables.Orders]\nrows = 5\n");
    let root = shop.path().canonicalize().unwrap().display().to_string();
    let shown = stdout(&shop.run(&["--show-settings", "shop/views.py"])).replace(&root, "ROOT");
    insta::assert_snapshot!(shown, @r"
    path               ROOT/shop/views.py
    project root       ROOT
    configuration      ROOT/seqscan.toml
    rules              query-in-loop (warning)
    min-confidence     medium
    include-tests      false
    include            none
    exclude            none
    test-patterns      none
    schema             none
    respect-gitignore  true
    force-exclude      false
    dialect            told by driver, ORM or DDL
    max-hops           3
    small-table-rows   1000
    tables             orders: 5 rows
    ");
}

#[test]
fn git_and_hooks_decide_what_is_checked() {
    let shop = shop();
    shop.write(".gitignore", "ignored/\n");
    shop.write("ignored/views.py", VIEWS.replace(".db", "shop.db"));
    shop.write("tests/test_x.py", VIEWS.replace(".db", "shop.db"));
    let findings =
        |args: &[&str]| stdout(&check(&shop, &[args, &["--output-format", "concise"]].concat())).lines().count();
    assert_eq!(findings(&["."]), 1);
    assert_eq!(findings(&["--no-respect-gitignore"]), 2);
    assert_eq!(findings(&["tests/test_x.py"]), 1, "what is named is checked");
    assert_eq!(findings(&["--force-exclude", "tests/test_x.py", "ignored/views.py"]), 0);
    assert_eq!(findings(&["--per-file-ignores", "views.py:loops"]), 0);
}

const SCHEMA: &str = "\
create table users (
  id bigint primary key,
  email varchar(255) not null unique,
  team_id bigint references teams (id)
);
create index users_email on users (lower(email)) where team_id is not null;
";

#[test]
fn the_schema_is_shown_with_its_places() {
    let project = Project::new([("db/schema.sql", SCHEMA), ("old/schema.sql", "create table gone (id int);")]);
    insta::assert_snapshot!(stdout(&project.run(&["schema", "--table", "Users"])), @r"
    users  db/schema.sql:1
      id       bigint not null
      email    varchar(255) not null
      team_id  bigint
      primary key (id)
      unique (email)
      index users_email (lower(email)) where team_id is not null
      foreign key (team_id) → teams (id)
    ");
    let names = |args: &[&str]| -> Vec<String> {
        let output = project.run(&[&["schema", "--output-format", "json"], args].concat());
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let tables = json["tables"].as_array().unwrap().iter();
        tables.map(|table| table["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&[]), ["users", "gone"]);
    assert_eq!(names(&["--config", "schema = ['db/']"]), ["users"]);
    assert_eq!(names(&["--table", "teams"]), [""; 0]);
    assert_eq!(stdout(&project.run(&["schema", "-t", "teams"])), "no schema found\n");
    let summary = stderr(&project.run(&[]));
    assert!(summary.contains("schema: 2 tables from 2 files"), "{summary}");
}

#[test]
fn wrappers_are_told_as_the_entries_that_declare_them() {
    let db = "\
import psycopg


class Database:
    def __init__(self):
        self.connection = psycopg.connect()

    def fetch_all(self, sql, values):
        return self.connection.execute(sql, values).fetchall()


def fetch(values, sql):
    return Database().fetch_all(sql, values)
";
    let files = [("shop/__init__.py", ""), ("shop/db.py", db), ("shop/views.py", "from .db import fetch\n")];
    let project = Project::new(files);
    let told = |project: &Project, more: &[&str]| project.run(&[&["rules", "--inferred"], more].concat());
    let output = told(&project, &[]);
    assert_eq!(code(&output), 0);
    let entries = stdout(&output);
    assert!(
        entries.starts_with(
            "\
# shop/db.py:8
[[call]]
path = \"shop.db.Database.fetch_all\"
effect = \"sql\"
sql = 0

# shop/db.py:12
[[call]]
path = \"shop.db.fetch\"
effect = \"sql\"
sql = 1
"
        ),
        "{entries}"
    );
    // They are a configuration, and name what they were made from.
    let declared = Project::new([files[0], files[1], files[2], ("seqscan.toml", &*entries)]);
    assert_eq!(stdout(&told(&declared, &[])), entries);
    let json = stdout(&told(&project, &["--output-format", "json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["calls"][1]["path"], "shop.db.fetch");
}

#[test]
fn loops_that_one_helper_makes_slow_are_told_together() {
    let mut views = "from .db import load_customer\n".to_owned();
    for nth in 1..=12 {
        views.push_str(&format!(
            "\n\ndef report_{nth}(orders):\n    for order in orders:\n        print(load_customer(order.id))\n"
        ));
    }
    let project = Project::new([("shop/__init__.py", ""), ("shop/db.py", DB), ("shop/views.py", &*views)]);
    let concise = stdout(&check(&project, &["--output-format", "concise"]));
    assert_eq!(concise.lines().count(), 12, "{concise}");
    let full = stdout(&check(&project, &[]));
    assert_eq!(full.matches("warning[").count(), 1, "{full}");
    assert!(full.contains("also: 11 more loops run the same query through the same helper:"), "{full}");
    for line in concise.lines().skip(1) {
        let place = line.split(": ").next().unwrap();
        assert!(full.contains(&format!("        {place}: ")), "{place} is not in {full}");
    }
    let told = stdout(&check(&project, &["--statistics"]));
    assert!(told.ends_with("fixed in one place:\n12  query-in-loop  shop/db.py:7:17\n"), "{told}");
}
