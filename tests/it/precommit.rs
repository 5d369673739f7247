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
pub(crate) fn pre_commit() -> Option<PathBuf> {
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
pub(crate) fn git(folder: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"];
    let mut command = Command::new("git");
    command.args(identity).args(args).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository with these files, all committed.
pub(crate) fn commit_all(project: &Project) {
    std::fs::remove_dir_all(project.path().join(".git")).unwrap();
    git(project.path(), &["init", "-q"]);
    git(project.path(), &["add", "-A"]);
    git(project.path(), &["commit", "-q", "-m", "all"]);
}

/// Runs a hook of the repository `hooks` in `project`.
fn try_hook(pre_commit: &Path, hooks: &Path, project: &Project, hook: &str, args: &[&str]) -> Output {
    let binaries = Path::new(env!("CARGO_BIN_EXE_seqscan")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    hook_command(pre_commit, hooks, project, hook, args)
        .env("PATH", format!("{}:{path}", binaries.display()))
        .output()
        .unwrap()
}

/// The command that runs a hook of the repository `hooks` in `project`.
pub(crate) fn hook_command(pre_commit: &Path, hooks: &Path, project: &Project, hook: &str, args: &[&str]) -> Command {
    let mut command = Command::new(pre_commit);
    command
        .arg("try-repo")
        .arg(hooks)
        .arg(hook)
        .args(args)
        .current_dir(project.path())
        .env("PRE_COMMIT_HOME", project.path().join(".git/pre-commit-home"))
        .env("PRE_COMMIT_COLOR", "never");
    command
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
pub(crate) fn project() -> Project {
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

pub(crate) fn text_of(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn hooks_report_what_is_committed() {
    let Some(pre_commit) = pre_commit() else { return };
    let (hooks, project) = (hooks(), project());

    let all = try_hook(&pre_commit, hooks.path(), &project, "seqscan", &["--all-files"]);
    let told = text_of(&all);
    assert_eq!(all.status.code(), Some(1), "{told}");
    assert!(told.contains("view.py:5"), "{told}");
    assert!(!told.contains("legacy/view.py:"), "an excluded file is not checked: {told}");

    // Only the file with the loop is given; the query stands in another.
    let one = try_hook(&pre_commit, hooks.path(), &project, "seqscan", &["--files", "view.py"]);
    assert!(one.status.code() == Some(1) && text_of(&one).contains("view.py:5"), "{}", text_of(&one));

    for files in [["store.py"], ["legacy/view.py"], ["README.md"]] {
        let clean = try_hook(&pre_commit, hooks.path(), &project, "seqscan", &["--files", files[0]]);
        assert_eq!(clean.status.code(), Some(0), "{files:?}: {}", text_of(&clean));
    }

    let whole = try_hook(&pre_commit, hooks.path(), &project, "seqscan-full", &["--files", "store.py"]);
    assert!(whole.status.code() == Some(1) && text_of(&whole).contains("view.py:5"), "{}", text_of(&whole));
}

#[test]
fn parts_of_many_staged_files_give_what_one_run_gives() {
    let Some(pre_commit) = pre_commit() else { return };
    // Parts run beside each other, and each is given only some of the files.
    let text = std::fs::read_to_string(repository().join(".pre-commit-hooks.yaml")).unwrap();
    let text =
        text.replace("language: rust", "language: system").replace("require_serial: true", "require_serial: false");
    let text = text.replace("args: []", "args: [--output-format, concise, --quiet]");
    let hooks = Project::new([(".pre-commit-hooks.yaml", text)]);
    commit_all(&hooks);
    // Every tenth of 400 files has a loop around the helper of another file.
    let files = (0..400).map(|n| {
        let text = match n % 10 {
            0 => VIEW.replace("from store", &format!("from store{}", n + 1)),
            1 => STORE.to_owned(),
            _ => format!("def f{n}():\n    return {n}\n"),
        };
        (if n % 10 == 1 { format!("store{n}.py") } else { format!("m{n}.py") }, text)
    });
    let project = Project::new([("README.md", "# x\n")]);
    commit_all(&project);
    for (path, text) in files {
        project.write(&path, text);
    }
    git(project.path(), &["add", "-A"]);
    let found = |told: &str| -> Vec<String> {
        let mut found: Vec<String> =
            told.lines().filter(|line| line.contains("[query-in-loop]")).map(str::to_owned).collect();
        found.sort();
        found
    };
    let whole = found(&text_of(&project.run(&["--output-format", "concise", "--quiet"])));
    assert_eq!(whole.len(), 40, "{whole:#?}");
    let hook = try_hook(&pre_commit, hooks.path(), &project, "seqscan", &[]);
    assert_eq!(found(&text_of(&hook)), whole);
    // The same in parts of an odd size.
    let mut names: Vec<String> = std::fs::read_dir(project.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| name.ends_with(".py"));
    names.sort();
    let parts = names.chunks(57).flat_map(|part| {
        let mut args = vec!["--output-format", "concise", "--quiet", "--force-exclude"];
        args.extend(part.iter().map(String::as_str));
        found(&text_of(&project.run(&args)))
    });
    let mut parts: Vec<String> = parts.collect();
    parts.sort();
    assert_eq!(parts, whole);
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
    assert!(output.status.code() == Some(1) && text_of(&output).contains("view.py:5"), "{}", text_of(&output));
}
