//! The pre-commit hook, run by pre-commit itself in a scratch repository.

use std::path::Path;
use std::process::{Command, Output};

use crate::project::seqscan;

fn run(command: &mut Command, folder: &Path) -> Output {
    let output =
        command.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("PRE_COMMIT_COLOR", "never").output();
    output.expect("a program that can be started")
}

fn git(folder: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=tester", "-c", "user.email=tester@example.org", "-c", "init.defaultBranch=main"];
    let output = run(Command::new("git").args(identity).args(args), folder);
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The hook of this repository, with the binary under test in the place of one that cargo would build.
fn hook_repository(folder: &Path) {
    let hooks =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml")).expect("the hooks");
    let binary = seqscan().get_program().to_string_lossy().into_owned();
    let hooks =
        hooks.replace("language: rust", "language: system").replace("entry: seqscan", &format!("entry: {binary}"));
    std::fs::write(folder.join(".pre-commit-hooks.yaml"), hooks).expect("written");
    git(folder, &["init", "-q"]);
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-qm", "hooks"]);
}

/// A commit that adds a query in a loop is stopped, with the finding; one that does not is let through.
#[test]
fn the_hook_stops_what_is_slow_and_only_that() {
    if Command::new("pre-commit").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "pre-commit is missing: `tests/run` installs it");
        eprintln!("skipped: pre-commit is not installed; `tests/run` installs it");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let hooks = folder.path().join("hooks");
    let project = folder.path().join("project");
    std::fs::create_dir_all(&hooks).expect("made");
    std::fs::create_dir_all(&project).expect("made");
    hook_repository(&hooks);
    let head = run(Command::new("git").args(["rev-parse", "HEAD"]), &hooks);
    let revision = String::from_utf8_lossy(&head.stdout).trim().to_owned();
    let config =
        format!("repos:\n  - repo: {}\n    rev: {revision}\n    hooks:\n      - id: seqscan\n", hooks.display());
    std::fs::write(project.join(".pre-commit-config.yaml"), config).expect("written");
    let helper = "import psycopg\n\nconn = psycopg.connect()\n\n\ndef name_of(user_id):\n    return conn.execute(\"SELECT name FROM users WHERE id = %s\", (user_id,)).fetchone()\n";
    std::fs::write(project.join("store.py"), helper).expect("written");
    git(&project, &["init", "-q"]);
    git(&project, &["add", "-A"]);
    git(&project, &["commit", "-qm", "a helper"]);

    let cache = folder.path().join("cache");
    let check = |project: &Path| run(Command::new("pre-commit").args(["run"]).env("PRE_COMMIT_HOME", &cache), project);
    std::fs::write(project.join("fine.py"), "def double(xs):\n    return [x * 2 for x in xs]\n").expect("written");
    git(&project, &["add", "-A"]);
    let output = check(&project);
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );

    // Only this file is handed to the hook; the helper it calls is known all the same.
    let slow = "from store import name_of\n\n\ndef names(ids):\n    return [name_of(id) for id in ids]\n";
    std::fs::write(project.join("slow.py"), slow).expect("written");
    git(&project, &["add", "-A"]);
    let output = check(&project);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success(), "{printed}");
    assert!(printed.contains("query-in-loop") && printed.contains("slow.py"), "{printed}");
}
