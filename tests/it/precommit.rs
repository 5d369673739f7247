//! The pre-commit hooks, run by `pre-commit` itself.
//!
//! Without `pre-commit` these tests say so and do nothing, but not in CI. `tests/run` installs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::project::{Project, STORE, repository};

/// Calls it in a loop, at line 5.
const VIEW: &str = "\
from store import find


def users(ids):
    return [find(id) for id in ids]
";

/// `pre-commit`, if it is there.
fn pre_commit() -> Option<PathBuf> {
    let own = repository().join("target/venv/bin/pre-commit");
    let found = [own, PathBuf::from("pre-commit")]
        .into_iter()
        .find(|path| Command::new(path).arg("--version").output().is_ok_and(|output| output.status.success()));
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "pre-commit is not installed; `tests/run` installs it");
        eprintln!("skipped: pre-commit is not installed; `tests/run` installs it");
    }
    found
}

#[track_caller]
fn git(folder: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"];
    let mut command = Command::new("git");
    command.args(identity).args(args).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository with these files, all committed.
fn commit_all(project: &Project) {
    std::fs::remove_dir_all(project.path().join(".git")).unwrap();
    git(project.path(), &["init", "-q"]);
    git(project.path(), &["add", "-A"]);
    git(project.path(), &["commit", "-q", "-m", "all"]);
}

/// Runs a hook of the repository `hooks` in `project`.
fn try_hook(pre_commit: &Path, hooks: &Path, project: &Project, hook: &str, args: &[&str]) -> Output {
    let binaries = Path::new(env!("CARGO_BIN_EXE_seqscan")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let home = project.path().join(".git/pre-commit-home");
    Command::new(pre_commit)
        .arg("try-repo")
        .arg(hooks)
        .arg(hook)
        .args(args)
        .current_dir(project.path())
        .env("PATH", format!("{}:{path}", binaries.display()))
        .env("PRE_COMMIT_HOME", home)
        .env("PRE_COMMIT_COLOR", "never")
        .output()
        .unwrap()
}

/// A repository whose hooks are ours, but run the binary under test instead of building one.
fn hooks() -> Project {
    let text = std::fs::read_to_string(repository().join(".pre-commit-hooks.yaml")).unwrap();
    assert_eq!(text.matches("language: rust").count(), 2);
    let hooks = Project::new([(".pre-commit-hooks.yaml", text.replace("language: rust", "language: system"))]);
    commit_all(&hooks);
    hooks
}

/// A project with a finding in `view.py`, and one in a file that its configuration excludes.
fn project() -> Project {
    let config = "preview = true\nextend-exclude = [\"legacy\"]\n";
    let project = Project::new([
        ("store.py", STORE),
        ("view.py", VIEW),
        ("legacy/view.py", VIEW),
        ("README.md", "# x\n"),
        ("seqscan.toml", config),
    ]);
    commit_all(&project);
    project
}

#[track_caller]
fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn hooks_report_what_is_committed() {
    let Some(pre_commit) = pre_commit() else { return };
    let (hooks, project) = (hooks(), project());

    let all = try_hook(&pre_commit, hooks.path(), &project, "seqscan", &["--all-files"]);
    let told = text(&all);
    assert_eq!(all.status.code(), Some(1), "{told}");
    assert!(told.contains("view.py:5"), "{told}");
    assert!(!told.contains("legacy/view.py:"), "an excluded file is not checked: {told}");

    // Only the file with the loop is given; the query stands in another.
    let one = try_hook(&pre_commit, hooks.path(), &project, "seqscan", &["--files", "view.py"]);
    assert!(one.status.code() == Some(1) && text(&one).contains("view.py:5"), "{}", text(&one));

    for files in [["store.py"], ["legacy/view.py"], ["README.md"]] {
        let clean = try_hook(&pre_commit, hooks.path(), &project, "seqscan", &["--files", files[0]]);
        assert_eq!(clean.status.code(), Some(0), "{files:?}: {}", text(&clean));
    }

    let whole = try_hook(&pre_commit, hooks.path(), &project, "seqscan-full", &["--files", "store.py"]);
    assert!(whole.status.code() == Some(1) && text(&whole).contains("view.py:5"), "{}", text(&whole));
}

#[test]
fn the_hook_builds_itself() {
    if std::env::var_os("SEQSCAN_TEST_HOOK_BUILD").is_none() {
        eprintln!("skipped: it takes minutes; SEQSCAN_TEST_HOOK_BUILD=1 runs it");
        return;
    }
    let Some(pre_commit) = pre_commit() else { return };
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(repository()).output().unwrap();
    let files = String::from_utf8(output.stdout).unwrap();
    let files = files.split('\0').filter(|path| !path.is_empty() && !path.starts_with("tests/"));
    let own = Project::new(files.map(|path| (path, std::fs::read(repository().join(path)).unwrap())));
    commit_all(&own);
    let project = project();
    let output = try_hook(&pre_commit, own.path(), &project, "seqscan", &["--all-files"]);
    assert!(output.status.code() == Some(1) && text(&output).contains("view.py:5"), "{}", text(&output));
}
