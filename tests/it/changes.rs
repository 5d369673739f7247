//! What a change causes: since a commit, on disk, or staged.

use std::collections::{BTreeMap, BTreeSet};

use crate::baseline::{DB, VIEWS, run};
use crate::precommit::{commit_all, git};
use crate::project::Project;

/// A repository with one commit of a shop whose helper makes no query yet, and an old query in a loop beside it.
fn repository() -> Project {
    let old = "\
from .db import conn


def old(orders):
    for order in orders:
        conn.execute(\"select 1 from customers where id = %s\", [order.id])
";
    let project = Project::new([
        ("shop/__init__.py", ""),
        ("shop/db.py", DB.split_once("\n\n\ndef").unwrap().0),
        ("shop/names.py", "def load(key):\n    return str(key)\n"),
        ("shop/views.py", &*VIEWS.replace(".db", ".names")),
        ("shop/old.py", old),
        ("notes.md", "nothing"),
    ]);
    commit_all(&project);
    project
}

const QUERY: &str = "\
from .db import conn


def load(key):
    return conn.execute(\"select name from customers where id = %s\", [key]).fetchone()
";

#[test]
fn a_change_tells_of_the_loops_that_it_makes_slow_where_it_does() {
    let project = repository();
    project.write("shop/names.py", QUERY);
    let expected = "\
shop/names.py:5:17: warning: `load` runs a query for each run of `for order in orders`: 1 + N queries [query-in-loop]
shop/names.py:5:17: warning: `load` runs a query for each run of `for order in orders`: 1 + N queries [query-in-loop]
";
    let (code, told, rest) = run(&project, &["--changed"]);
    assert_eq!((code, told.as_str()), (1, expected));
    assert!(rest.starts_with("2 findings: 2 warnings; 1 older\n"), "{rest}");
    git(project.path(), &["commit", "-qam", "two"]);
    assert_eq!(run(&project, &["--since", "HEAD~1"]).1, expected);
    assert_eq!(run(&project, &["--changed"]).0, 0);
    // Seen from a branch that went on elsewhere: what this one brings.
    git(project.path(), &["checkout", "-qb", "other", "HEAD~1"]);
    project.write("shop/old.py", "");
    git(project.path(), &["commit", "-qam", "three"]);
    git(project.path(), &["checkout", "-q", "main"]);
    assert_eq!(run(&project, &["--since", "other"]).1, expected);
}

#[test]
fn a_change_that_adds_moves_and_removes_files_tells_of_what_is_new() {
    let project = repository();
    std::fs::rename(project.path().join("shop/old.py"), project.path().join("shop/older.py")).unwrap();
    assert_eq!(run(&project, &["--changed"]).1, "");
    let text = std::fs::read_to_string(project.path().join("shop/older.py")).unwrap();
    project.write("shop/new.py", text.replace("def old", "def new"));
    let (_, told, _) = run(&project, &["--changed"]);
    assert_eq!(told.lines().count(), 1);
    assert!(told.starts_with("shop/new.py:6:14: "), "{told}");
    // Only part of the project is asked about.
    assert_eq!(run(&project, &["--changed", "shop/views.py"]).1, "");
}

#[test]
fn an_unknown_revision_is_one_line() {
    let project = repository();
    let (code, told, rest) = run(&project, &["--since", "nowhere"]);
    assert_eq!((code, told.as_str(), rest.as_str()), (2, "", "error: git knows no revision `nowhere`\n"));
    let (code, _, rest) = run(&project, &["--since", "--output=x"]);
    assert_eq!(code, 2, "{rest}");
    std::fs::remove_dir_all(project.path().join(".git")).unwrap();
    let (code, _, rest) = run(&project, &["--changed"]);
    assert_eq!(code, 2);
    assert!(rest.starts_with("error: git: not a git repository"), "{rest}");
}

#[test]
fn what_is_staged_is_what_counts() {
    let project = repository();
    // Nothing is staged: what is on disk does not matter.
    project.write("shop/names.py", QUERY);
    assert_eq!(run(&project, &["--staged"]).1, "");
    git(project.path(), &["add", "-A"]);
    // What is staged is told, though it is on disk no more, at its staged lines.
    project.write("shop/names.py", "def load(key):\n    return str(key)\n");
    project.write("shop/new.py", "from .db import conn\n\n\ndef new(ids):\n    for id in ids:\n        conn.execute(\"select 1 from t where id = %s\", [id])\n");
    let (code, told, rest) = run(&project, &["--staged"]);
    assert_eq!((code, told.lines().count()), (1, 2), "{told}{rest}");
    assert!(told.lines().all(|line| line.starts_with("shop/names.py:5:17: ")), "{told}");
    assert!(rest.starts_with("2 findings: 2 warnings; 1 older\n"), "{rest}");
    assert_eq!(run(&project, &["--staged", "shop/old.py"]).1, "");
    // A file that is staged and deleted on disk.
    git(project.path(), &["add", "shop/new.py"]);
    std::fs::remove_file(project.path().join("shop/new.py")).unwrap();
    let (_, told, _) = run(&project, &["--staged"]);
    assert!(told.contains("shop/new.py:6:14: "), "{told}");
    git(project.path(), &["commit", "-qm", "two"]);
    assert_eq!(run(&project, &["--staged"]).1, "");
}

#[test]
fn a_repository_without_a_commit_has_only_new_files() {
    let project = Project::new([("shop/__init__.py", ""), ("shop/db.py", DB), ("shop/views.py", VIEWS)]);
    std::fs::remove_dir(project.path().join(".git")).unwrap();
    git(project.path(), &["init", "-q"]);
    assert_eq!(run(&project, &["--staged"]).1, "");
    git(project.path(), &["add", "-A"]);
    let (_, all, _) = run(&project, &[]);
    assert_eq!(run(&project, &["--staged"]).1.lines().count(), all.lines().count());
}

/// The fingerprints of a SARIF file, with the message that each is of.
fn fingerprints(project: &Project) -> BTreeMap<String, String> {
    let output = project.run(&["--output-format", "sarif"]);
    let sarif: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    results
        .map(|result| (text(&result["partialFingerprints"]["seqscan/v1"]), text(&result["message"]["text"])))
        .collect()
}

#[test]
fn a_reviewer_sees_the_loops_that_a_commit_made_slow_and_old_ones_keep_their_names() {
    let project = repository();
    let before = fingerprints(&project);
    assert_eq!(before.len(), 1);
    project.write("shop/names.py", QUERY);
    // Lines move, in a file that has an old finding.
    let old = std::fs::read_to_string(project.path().join("shop/old.py")).unwrap();
    project.write("shop/old.py", format!("\"\"\"Old.\"\"\"\n\nimport os\n{old}"));
    git(project.path(), &["commit", "-qam", "two"]);

    let (code, _, rest) = run(&project, &["--since", "HEAD~1", "--output", "json=new.json"]);
    assert!(code == 1 && rest.starts_with("2 findings: 2 warnings; 1 older\n"), "{rest}");
    let report = std::fs::read_to_string(project.path().join("new.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let loops =
        report["findings"].as_array().unwrap().iter().flat_map(|finding| finding["related"].as_array().unwrap());
    let loops = loops.filter(|label| ["loop", "hop"].contains(&label["role"].as_str().unwrap()));
    let loops: BTreeSet<String> =
        loops.map(|label| format!("{}:{}", label["path"].as_str().unwrap(), label["start"]["line"])).collect();
    assert!(!loops.is_empty() && loops.iter().all(|place| place.starts_with("shop/views.py:")), "{loops:?}");

    let after = fingerprints(&project);
    assert_eq!(after.len(), 3);
    let (name, message) = before.first_key_value().unwrap();
    assert_eq!(after.get(name), Some(message));
}

#[test]
fn many_changed_files_are_asked_of_git_at_once() {
    let files = (0..300).map(|n| (format!("shop/m{n}.py"), format!("def f{n}():\n    return {n}\n")));
    let project = Project::new(files);
    std::fs::remove_dir(project.path().join(".git")).unwrap();
    git(project.path(), &["init", "-q"]);
    git(project.path(), &["add", "-A"]);
    git(project.path(), &["commit", "-qm", "one"]);
    for n in 0..300 {
        project.write(
            &format!("shop/m{n}.py"),
            format!("# é \u{0} {n}\ndef f{n}():\n    return {n}\n").replace('\u{0}', "-"),
        );
    }
    // Every start of git is noted by one that stands before it on the path.
    let real = std::process::Command::new("sh").args(["-c", "command -v git"]).output().unwrap();
    let real = String::from_utf8(real.stdout).unwrap();
    let log = project.path().join(".git/starts");
    project.write(".git/bin/git", format!("#!/bin/sh\necho x >> {}\nexec {} \"$@\"\n", log.display(), real.trim()));
    let own = project.path().join(".git/bin");
    let mode = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
    std::fs::set_permissions(own.join("git"), mode).unwrap();
    let path = format!("{}:{}", own.display(), std::env::var("PATH").unwrap());
    let output =
        crate::project::seqscan().arg("--changed").current_dir(project.path()).env("PATH", path).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let starts = std::fs::read_to_string(log).unwrap().lines().count();
    assert!(starts < 10, "{starts}");
}
