//! What a release has, installed and run as users do: the wheel, the npm packages, the hooks of pre-commit, and what
//! runs in CI.
//!
//! Without the packages these tests say so and do nothing, but not in CI. There `tests/run` builds them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::editors::{has_node, npm};
use crate::precommit::{commit_all, hook_command, pre_commit, project};
use crate::project::{Project, repository};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where the packages are, if they were built.
fn packages() -> Option<PathBuf> {
    let folder = repository().join("target/packages");
    let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let has_wheel = files.map(|file| file.file_name()).any(|name| {
        name.to_str().is_some_and(|name| name.starts_with(&format!("seqscan-{VERSION}-")) && name.ends_with(".whl"))
    });
    if !has_wheel {
        let how = "`editors/ci/package TARGET target/packages` builds them";
        assert!(std::env::var_os("CI").is_none(), "there are no packages; {how}");
        eprintln!("skipped: there are no packages; {how}");
    }
    has_wheel.then_some(folder)
}

/// The platform that the packages are for, in Rust's words.
fn target(packages: &Path) -> String {
    let files = std::fs::read_dir(packages).unwrap().flatten().map(|file| file.file_name().into_string().unwrap());
    files.filter_map(|name| Some(name.strip_prefix("binary-")?.to_owned())).next().unwrap()
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs a command that must succeed; what it printed to standard output.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}", told(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// A path on which there is no Rust.
const WITHOUT_RUST: &str = "/usr/local/bin:/usr/bin:/bin";

/// A clean virtual environment; its folder of programs.
fn environment(at: &Path) -> PathBuf {
    run(Command::new("python3").args(["-m", "venv"]).arg(at));
    at.join("bin")
}

#[test]
fn pip_installs_a_wheel_that_runs() {
    let Some(packages) = packages() else { return };
    let project = project();
    let scratch = tempfile::tempdir().unwrap();
    let programs = environment(&scratch.path().join("venv"));
    let install = ["install", "--quiet", "--no-index", "--find-links"];
    run(Command::new(programs.join("pip")).args(install).arg(&packages).arg("seqscan").env("PATH", WITHOUT_RUST));
    let output = Command::new(programs.join("seqscan"))
        .args(["check", "--output-format", "concise"])
        .current_dir(project.path())
        .output()
        .unwrap();
    assert!(output.status.code() == Some(1) && told(&output).contains("view.py:5"), "{}", told(&output));
    let shown = run(Command::new(programs.join("pip")).args(["show", "--files", "seqscan"]));
    assert!(shown.contains(&format!("Version: {VERSION}\n")) && shown.contains("LICENSE-MIT"), "{shown}");
}

#[test]
fn hooks_of_pre_commit_need_no_rust() {
    let own = std::fs::read_to_string(repository().join(".pre-commit-hooks.yaml")).unwrap();
    let mirror = std::fs::read_to_string(repository().join("editors/pre-commit/.pre-commit-hooks.yaml")).unwrap();
    assert_eq!(mirror, own.replace("language: rust", "language: python"), "the two lists of hooks differ");
    let (Some(packages), Some(pre_commit)) = (packages(), pre_commit()) else { return };
    let files = [".pre-commit-hooks.yaml", "pyproject.toml"];
    let hooks = Project::new(
        files.map(|file| (file, std::fs::read(repository().join("editors/pre-commit").join(file)).unwrap())),
    );
    commit_all(&hooks);
    let project = project();
    let output = hook_command(&pre_commit, hooks.path(), &project, "seqscan", &["--all-files"])
        .env("PATH", WITHOUT_RUST)
        .env("PIP_FIND_LINKS", &packages)
        .output()
        .unwrap();
    assert!(output.status.code() == Some(1) && told(&output).contains("view.py:5"), "{}", told(&output));
}

#[test]
fn npx_runs_the_binary_of_the_platform() {
    if !has_node() {
        assert!(std::env::var_os("CI").is_none(), "Node 20 is not installed; `tests/run` installs it");
        eprintln!("skipped: Node 20 is not installed; `tests/run` installs it");
        return;
    }
    let binary = match packages() {
        Some(packages) => packages.join(format!("binary-{}", target(&packages))).join("seqscan"),
        None => PathBuf::from(env!("CARGO_BIN_EXE_seqscan")),
    };
    let scratch = tempfile::tempdir().unwrap();
    let platform = run(Command::new("node").args(["-p", "`${process.platform}-${process.arch}`"]));
    let platform = platform.trim();
    let packed = run(Command::new("node")
        .arg(repository().join("editors/npm/pack.mjs"))
        .arg(VERSION)
        .arg(scratch.path())
        .arg(format!("{platform}={}", binary.display())));
    let packed: Vec<PathBuf> = packed.lines().map(|name| scratch.path().join(name)).collect();
    let [own, main] = &packed[..] else { panic!("{packed:?}") };

    let project = project();
    project.write("package.json", "{ \"private\": true }\n");
    let install = |packages: &[&PathBuf]| {
        let packages = packages.iter().map(|path| path.to_str().unwrap());
        let args = ["install", "--offline", "--no-audit", "--no-fund"].into_iter().chain(packages);
        npm(project.path(), &args.collect::<Vec<_>>()).unwrap();
    };
    let check = || {
        let npx = Command::new("npx")
            .args(["--no", "seqscan", "check", "--output-format", "concise"])
            .current_dir(project.path())
            .output();
        npx.unwrap()
    };
    install(&[main]);
    let output = check();
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains(&format!("the package @seqscan/{platform} is not installed")), "{}", told(&output));
    install(&[main, own]);
    let output = check();
    assert!(output.status.code() == Some(1) && told(&output).contains("view.py:5"), "{}", told(&output));
}

/// What one step of a job said.
struct Step {
    code: Option<i32>,
    told: String,
    outputs: String,
    summary: String,
}

/// Runs a step of the action.
fn step(name: &str, folder: &Path, environment: &[(&str, &str)]) -> Step {
    let scratch = tempfile::tempdir().unwrap();
    let (outputs, summary) = (scratch.path().join("outputs"), scratch.path().join("summary"));
    let output = Command::new(repository().join("editors/ci").join(name))
        .current_dir(folder)
        .envs(environment.iter().copied())
        .env("GITHUB_OUTPUT", &outputs)
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .unwrap();
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    Step { code: output.status.code(), told: told(&output), outputs: read(&outputs), summary: read(&summary) }
}

fn output<'o>(outputs: &'o str, name: &str) -> &'o str {
    outputs.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
}

#[test]
fn the_action_downloads_a_release_and_checks_its_sum() {
    let Some(packages) = packages() else { return };
    let target = target(&packages);
    let scratch = tempfile::tempdir().unwrap();
    let release = scratch.path().join(format!("download/v{VERSION}"));
    std::fs::create_dir_all(&release).unwrap();
    let archive = format!("seqscan-{target}.tar.gz");
    for file in [archive.clone(), format!("{archive}.sha256")] {
        std::fs::copy(packages.join(&file), release.join(&file)).unwrap();
    }
    let releases = format!("file://{}", scratch.path().display());
    let install = |version: &str| {
        let temporary = scratch.path().to_str().unwrap();
        let environment = [
            ("VERSION", version),
            ("SEQSCAN_RELEASES", &releases),
            ("SEQSCAN_TARGET", &target),
            ("RUNNER_TEMP", temporary),
        ];
        step("install", scratch.path(), &environment)
    };
    let installed = install(VERSION);
    assert_eq!(installed.code, Some(0), "{}", installed.told);
    let binary = PathBuf::from(output(&installed.outputs, "binary"));
    assert_eq!(run(Command::new(&binary).arg("--version")), format!("seqscan {VERSION}\n"));
    let folder = binary.parent().unwrap();
    for file in ["README.md", "LICENSE-MIT", "completions/seqscan.bash", "man/seqscan-check.1"] {
        assert!(folder.join(file).is_file(), "the archive has no {file}");
    }
    for wrong in ["9.9.9", "../x", "$(id)"] {
        let failed = install(wrong);
        assert_eq!(failed.code, Some(2), "{}", failed.told);
        assert!(failed.told.contains("::error::"), "{}", failed.told);
    }
    std::fs::write(release.join(&archive), "something else").unwrap();
    assert_ne!(install(VERSION).code, Some(0), "a wrong sum is accepted");
}

#[test]
fn the_action_uploads_or_annotates() {
    let project = project();
    let check = |format: &str, is_foreign: &str, args: &str| {
        let environment = [
            ("SEQSCAN", env!("CARGO_BIN_EXE_seqscan")),
            ("PATHS", "view.py\nstore.py\n"),
            ("ARGS", args),
            ("FORMAT", format),
            ("IS_FOREIGN", is_foreign),
        ];
        step("check", project.path(), &environment)
    };
    let own = check("auto", "false", "");
    assert_eq!((own.code, output(&own.outputs, "exit-code")), (Some(0), "1"), "{}", own.told);
    let sarif = std::fs::read_to_string(output(&own.outputs, "sarif")).unwrap();
    let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "query-in-loop");
    assert!(own.told.contains("query-in-loop") && !own.told.contains("::warning"), "{}", own.told);
    assert!(own.summary.contains("view.py:5"), "{}", own.summary);

    let fork = check("auto", "true", "");
    assert_eq!((fork.code, output(&fork.outputs, "sarif")), (Some(0), ""), "{}", fork.told);
    assert!(fork.told.contains("::warning title=seqscan (query-in-loop),file=view.py,line=5"), "{}", fork.told);
    assert!(fork.summary.contains("view.py:5"), "{}", fork.summary);

    let quiet = check("annotations", "false", "--ignore 'query-in-loop' --ignore \"write-in-loop\"");
    assert_eq!((quiet.code, output(&quiet.outputs, "exit-code")), (Some(0), "0"), "{}", quiet.told);
    let wrong = check("auto", "false", "--no-such-flag");
    assert_eq!(wrong.code, Some(2), "{}", wrong.told);
    assert_eq!(check("xml", "false", "").code, Some(2));
}

#[test]
fn the_recipe_for_gitlab_writes_its_reports() {
    let Some(packages) = packages() else { return };
    let python = repository().join("target/venv/bin/python");
    let script = "import sys, yaml; job = yaml.safe_load(open(sys.argv[1]))['seqscan']; print('\\n'.join(\
                  [f'{key}=\"{value}\"' for key, value in job['variables'].items()] + job['script']))";
    let script = run(Command::new(python).args(["-c", script]).arg(repository().join("editors/ci/gitlab-ci.yml")));
    let project = project();
    let scratch = tempfile::tempdir().unwrap();
    let programs = environment(&scratch.path().join("venv"));
    let output = Command::new("sh")
        .args(["-e", "-c", &script])
        .current_dir(project.path())
        .env("PATH", format!("{}:{WITHOUT_RUST}", programs.display()))
        .env("PIP_FIND_LINKS", &packages)
        .env("PIP_NO_INDEX", "1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let read = |name: &str| std::fs::read_to_string(project.path().join(name)).unwrap();
    assert!(read("gl-code-quality-report.json").contains("\"path\": \"view.py\""));
    assert!(read("seqscan-junit.xml").contains("<testsuite name=\"view.py\""));
}

#[test]
fn what_ci_reads_is_what_it_expects() {
    let programs = repository().join("target/venv/bin");
    if !programs.join("zizmor").exists() {
        assert!(std::env::var_os("CI").is_none(), "zizmor is not installed; `tests/run` installs it");
        eprintln!("skipped: zizmor is not installed; `tests/run` installs it");
        return;
    }
    let check = |args: &[&str], file: &str| {
        let mut command = Command::new(programs.join("check-jsonschema"));
        run(command.args(args).arg(repository().join(file)));
    };
    check(&["--builtin-schema", "vendor.github-workflows"], ".github/workflows/release.yml");
    check(&["--builtin-schema", "vendor.github-actions"], "editors/ci/action.yml");
    let gitlab = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"];
    check(&gitlab, "editors/ci/gitlab-ci.yml");
    let mut zizmor = Command::new(programs.join("zizmor"));
    run(zizmor.args(["--offline", "--quiet", ".github", "editors/ci"]).current_dir(repository()));
}
