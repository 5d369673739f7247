//! A project that lives with its old findings: `--write-baseline`, `--baseline`, `--prune-baseline`.

use crate::project::Project;

pub(crate) const DB: &str = "\
import psycopg

conn = psycopg.connect()


def load(key):
    return conn.execute(\"select name from customers where id = %s\", [key]).fetchone()
";

pub(crate) const VIEWS: &str = "\
from .db import load


def report(orders):
    names = []
    for order in orders:
        names.append(load(order.id))
    return names


def export(orders):
    for order in orders:
        print(load(order.id))
";

fn shop() -> Project {
    let project = Project::new([("shop/__init__.py", ""), ("shop/db.py", DB), ("shop/views.py", VIEWS)]);
    let (code, told, _) = run(&project, &["--write-baseline"]);
    assert_eq!((code, told.as_str()), (0, ""));
    project
}

/// Exit code, the findings as lines, and what else is told.
pub(crate) fn run(project: &Project, args: &[&str]) -> (i32, String, String) {
    let mut all = vec!["--select", "query-in-loop", "--output-format", "concise"];
    all.extend(args);
    let output = project.run(&all);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn new(project: &Project) -> Vec<String> {
    let (code, told, _) = run(project, &["--baseline", "seqscan-baseline.json"]);
    let lines: Vec<String> = told.lines().map(str::to_owned).collect();
    assert_eq!(code, i32::from(!lines.is_empty()), "{told}");
    lines
}

fn written(project: &Project) -> String {
    std::fs::read_to_string(project.path().join("seqscan-baseline.json")).unwrap()
}

#[test]
fn it_is_sorted_and_has_no_lines() {
    assert_eq!(
        written(&shop()),
        r#"{
  "version": 1,
  "findings": [
    {"path":"shop/views.py","rule":"query-in-loop","scope":"export","text":"load","count":1},
    {"path":"shop/views.py","rule":"query-in-loop","scope":"report","text":"load","count":1}
  ]
}
"#
    );
}

#[test]
fn known_findings_are_told_in_one_number() {
    let project = shop();
    let (code, told, rest) = run(&project, &["--baseline", "seqscan-baseline.json"]);
    assert_eq!((code, told.as_str()), (0, ""));
    assert!(rest.starts_with("no findings; 2 known\n"), "{rest}");
}

#[test]
fn edits_that_change_no_query_change_nothing() {
    let project = shop();
    // Lines move, a formatter breaks them, functions change places.
    let (head, functions) = VIEWS.split_once("\n\n\ndef report").unwrap();
    let (report, export) = functions.split_once("\n\n\ndef export").unwrap();
    let spread = report.replace("load(order.id)", "load(\n            order.id,\n        )");
    project.write("shop/views.py", format!("{head}\n\n# new\n\n\ndef export{export}\n\ndef report{spread}\n"));
    assert_eq!(new(&project), [] as [&str; 0]);
    // A function goes to another file, and a file gets another name.
    project.write("shop/views.py", format!("{head}\n\n\ndef export{export}"));
    project.write("shop/reports.py", format!("{head}\n\n\ndef report{report}\n"));
    assert_eq!(new(&project), [] as [&str; 0]);
    std::fs::rename(project.path().join("shop/views.py"), project.path().join("shop/pages.py")).unwrap();
    assert_eq!(new(&project), [] as [&str; 0]);
}

#[test]
fn one_more_is_one() {
    let project = shop();
    project.write("shop/views.py", VIEWS.replace("        print(", "        load(order.shop_id)\n        print("));
    assert_eq!(new(&project).len(), 1);
    project.write("shop/views.py", VIEWS);
    project.write("shop/more.py", VIEWS.replace("def report", "def summary").replace("def export", "def extract"));
    assert_eq!(new(&project).len(), 2);
}

#[test]
fn what_is_fixed_is_told_and_pruned() {
    let project = shop();
    project.write("shop/views.py", VIEWS.replace("        print(load(order.id))", "        print(order)"));
    let (code, told, rest) = run(&project, &["--baseline", "seqscan-baseline.json"]);
    assert_eq!((code, told.as_str()), (0, ""));
    assert!(rest.starts_with("no findings; 1 known, 1 known one is no more (--prune-baseline)\n"), "{rest}");
    let (code, _, rest) = run(&project, &["--baseline", "seqscan-baseline.json", "--prune-baseline"]);
    assert_eq!(code, 0);
    assert!(rest.starts_with("took 1 finding out of seqscan-baseline.json; 1 left\nno findings; 1 known\n"), "{rest}");
    assert!(!written(&project).contains("export"));
    // It is back: it is new.
    project.write("shop/views.py", VIEWS);
    assert_eq!(new(&project).len(), 1);
}

#[test]
fn a_part_of_the_project_says_nothing_of_the_rest() {
    let project = shop();
    project.write("shop/views.py", VIEWS.replace("        print(load(order.id))", "        print(order)"));
    project.write("shop/other.py", "");
    let (_, _, rest) = run(&project, &["--baseline", "seqscan-baseline.json", "shop/other.py"]);
    assert!(rest.starts_with("no findings; 0 known\n"), "{rest}");
    run(&project, &["--baseline", "seqscan-baseline.json", "--prune-baseline", "shop/other.py"]);
    assert!(written(&project).contains("export"));
    run(&project, &["--write-baseline", "shop/other.py"]);
    assert!(written(&project).contains("export"));
}

#[test]
fn the_configuration_names_it() {
    let project = shop();
    project.write("seqscan.toml", "baseline = \"seqscan-baseline.json\"\n");
    assert_eq!(run(&project, &[]).0, 0);
    project.write("seqscan-baseline.json", "[]");
    let (code, told, rest) = run(&project, &[]);
    assert_eq!((code, told.lines().count()), (1, 2));
    assert!(rest.contains("seqscan-baseline.json: it is not a baseline: "), "{rest}");
    assert!(rest.contains("; all findings are told"), "{rest}");
    // What it holds is told in one line.
    project.write("seqscan-baseline.json", "{\"version\": 1, \"fi\\nndings\": []}");
    assert!(run(&project, &[]).2.contains("unknown field `fi ndings`"), "{rest}");
    project.write("seqscan-baseline.json", "[]");
    // What cannot be read is not written over.
    let (code, _, rest) = run(&project, &["--write-baseline"]);
    assert_eq!(code, 2, "{rest}");
    assert_eq!(written(&project), "[]");
    std::fs::remove_file(project.path().join("seqscan-baseline.json")).unwrap();
    assert_eq!(run(&project, &["--write-baseline"]).0, 0);
    assert_eq!(run(&project, &[]).0, 0);
    assert_eq!(run(&project, &["--isolated", "--prune-baseline"]).0, 2);
}
