//! What a run leaves for the next one changes how long that takes, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::project::{Project, STORE, repository, seqscan};

/// A loop around the helper of [`STORE`].
const LOOP: &str = "from store import find\n\n\ndef names(ids):\n    return [find(id) for id in ids]\n";
/// The folder.
const CACHE: &str = ".seqscan_cache";

/// A project with one finding, and as much text as makes a cache worth it.
fn project() -> Project {
    let project = Project::new([("store.py", STORE), ("app.py", LOOP)]);
    for number in 0..40 {
        let function = format!("def f{number}(x):\n    return x + {number}\n\n\n");
        project.write(&format!("pad/m{number}.py"), format!("import sqlite3\n\n\n{}", function.repeat(300)));
    }
    project
}

/// What a run prints, and its exit code.
fn told(project: &Project, args: &[&str]) -> (String, String, Option<i32>) {
    let output = project.run(&[&["check", "--output-format", "json"], args].concat());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

fn findings(project: &Project, args: &[&str]) -> usize {
    let report: serde_json::Value = serde_json::from_str(&told(project, args).0).unwrap();
    report["findings"].as_array().unwrap().len()
}

/// The files of the cache whose names begin with `prefix`.
fn kept(project: &Project, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(project.path().join(CACHE)).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut kept: Vec<PathBuf> = paths.filter(|path| name(path).starts_with(prefix)).collect();
    kept.sort();
    kept
}

#[test]
fn the_second_run_tells_the_same() {
    let project = project();
    let alone = told(&project, &["--no-cache"]);
    assert!(!project.path().join(CACHE).exists(), "nothing is kept");
    let first = told(&project, &[]);
    assert_eq!(kept(&project, "facts").len(), 1);
    assert_eq!(kept(&project, "findings-").len(), 1);
    assert_eq!((&first, &told(&project, &[])), (&alone, &alone));
    assert_eq!(fs::read_to_string(project.path().join(CACHE).join(".gitignore")).unwrap(), "*\n");
    assert!(project.path().join(CACHE).join("CACHEDIR.TAG").is_file());
    assert_eq!(kept(&project, "").len(), 4, "nothing else is left there");
    // What is asked in another way is not the same.
    assert_eq!(findings(&project, &["pad"]), 0);
    assert_eq!(findings(&project, &["--ignore", "query-in-loop"]), 0);
    assert_eq!(findings(&project, &["app.py"]), 1);
    assert_eq!(findings(&project, &[]), 1);
}

/// As a hook asks that is given the files of a commit in parts.
#[test]
fn parts_of_a_project_that_was_checked_are_told_of_what_was_found() {
    let project = project();
    let migration = "ALTER TABLE users ADD COLUMN b int;\nCREATE INDEX i ON users (b);\n";
    project.write("store/schema.sql", "CREATE TABLE users (id int PRIMARY KEY, name text);\n");
    project.write("store/migrations/0002_b.sql", migration);
    project.write("seqscan.toml", "dialect = \"postgresql\"\n");
    project.write("tests/test_app.py", LOOP);
    project.write("broken.py", format!("{LOOP}\n\ndef f(:\n"));
    project.write(
        "silent.py",
        LOOP.replace("find(id) for", "find(id)  # seqscan: ignore[query-in-loop] -- few\n        for"),
    );
    let parts: [&[&str]; 9] = [
        &[],
        &["app.py"],
        &["pad"],
        &["silent.py"],
        &["broken.py", "pad/m1.py"],
        &["store"],
        &["store/migrations/0002_b.sql"],
        &["tests/test_app.py"],
        &["tests"],
    ];
    // What is named by itself is application code, whatever its folder says, unless folders are to be believed.
    for (flag, numbers, kinds) in
        [("-v", [3, 1, 0, 1, 1, 0, 2, 1, 0], 3), ("--force-exclude", [3, 1, 0, 1, 1, 0, 2, 0, 0], 1)]
    {
        let asked = |part: &[&str], more: &[&str]| {
            told(&project, &[part, &["--preview", "--show-suppressed", flag], more].concat())
        };
        let cold: Vec<_> = parts.iter().map(|part| asked(part, &["--no-cache"])).collect();
        for round in ["while it is written", "as it was kept"] {
            for (part, cold) in parts.iter().zip(&cold) {
                assert_eq!(&asked(part, &[]), cold, "{part:?}, {round}");
            }
        }
        let number = |told: &(String, String, Option<i32>)| {
            let report: serde_json::Value = serde_json::from_str(&told.0).unwrap();
            report["findings"].as_array().unwrap().len()
        };
        assert_eq!(cold.iter().map(number).collect::<Vec<_>>(), numbers, "{flag}");
        let kept = kept(&project, "findings-");
        assert_eq!(kept.len(), kinds, "{flag}: all parts of the same project share one");
        kept.into_iter().for_each(|found| fs::remove_file(found).unwrap());
    }
}

#[test]
fn what_changes_is_seen() {
    let project = project();
    assert_eq!(findings(&project, &[]), 1);
    project.write("other.py", LOOP);
    assert_eq!(findings(&project, &[]), 2, "a new file");
    project.write("store.py", "def find(id):\n    return id\n");
    assert_eq!(findings(&project, &[]), 0, "the helper of both");
    project.write("store.py", STORE);
    assert_eq!(findings(&project, &[]), 2, "as it was");
    fs::remove_file(project.path().join("other.py")).unwrap();
    assert_eq!(findings(&project, &[]), 1, "a file that is gone");
    project.write("seqscan.toml", "ignore = [\"query-in-loop\"]\n");
    assert_eq!(findings(&project, &[]), 0, "the configuration");
    project.write("seqscan.toml", "extend = \"base.toml\"\n");
    project.write("base.toml", "");
    assert_eq!(findings(&project, &[]), 1);
    project.write("base.toml", "max-hops = 0\nignore = [\"query-in-loop\"]\n");
    assert_eq!(findings(&project, &[]), 0, "what the configuration extends");
    project.write("base.toml", "");
    assert_eq!(project.run(&["check", "--write-baseline=known.json"]).status.code(), Some(0));
    project.write("base.toml", "baseline = \"known.json\"\n");
    assert_eq!(findings(&project, &[]), 0, "the baseline");
    project.write("known.json", fs::read_to_string(project.path().join("known.json")).unwrap().replace("names", "x"));
    assert_eq!(findings(&project, &[]), 1, "another baseline");
}

#[test]
fn every_fixture_is_the_same_with_what_was_kept() {
    let project = project();
    for entry in walkdir::WalkDir::new(repository().join("fixtures")).into_iter().filter_map(Result::ok) {
        let path = entry.path().strip_prefix(repository().join("fixtures")).unwrap();
        if entry.file_type().is_file() {
            project.write(&format!("apps/{}", path.display()), fs::read(entry.path()).unwrap());
        }
    }
    let args = ["--preview", "--pedantic", "--show-suppressed"];
    let plain = [&args[..], &["--no-cache"]].concat();
    let cold = told(&project, &plain);
    assert!(findings(&project, &plain) > 100);
    assert_eq!(told(&project, &args), cold, "while it is written");
    assert_eq!(told(&project, &args), cold, "the findings as they were kept");
    for found in kept(&project, "findings-") {
        fs::remove_file(found).unwrap();
    }
    assert_eq!(told(&project, &args), cold, "the facts as they were kept");
}

#[test]
fn what_is_broken_is_as_if_it_were_not_there() {
    let project = project();
    let first = told(&project, &[]);
    for file in [kept(&project, "facts"), kept(&project, "findings-")].concat() {
        let whole = fs::read(&file).unwrap();
        let broken = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = whole.clone();
            change(&mut bytes);
            fs::write(&file, bytes).unwrap();
            if file.ends_with("facts") {
                kept(&project, "findings-").into_iter().for_each(|found| fs::remove_file(found).unwrap());
            }
            assert_eq!(told(&project, &[]), first, "{}", file.display());
        };
        for part in 0..16 {
            broken(&|bytes| {
                let at = bytes.len() * part / 16;
                bytes[at] ^= 0x55;
            });
            broken(&|bytes| bytes.truncate(bytes.len() * part / 16));
        }
        for at in 1..=24 {
            broken(&|bytes| {
                let last = bytes.len() - at;
                bytes[last] = bytes[last].wrapping_add(1);
            });
        }
        broken(&|bytes| bytes.fill(0xff));
    }
}

#[test]
fn runs_at_once_tell_the_same() {
    let project = project();
    let alone = told(&project, &["--no-cache"]);
    let start = || {
        let mut run = seqscan();
        run.args(["check", "--output-format", "json"]).current_dir(project.path());
        run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let runs: Vec<_> = (0..6).map(|_| start()).collect();
    for run in runs {
        assert_eq!(String::from_utf8(run.wait_with_output().unwrap().stdout).unwrap(), alone.0);
    }
    // Some that are killed on the way.
    for delay in 0..8 {
        kept(&project, "").into_iter().for_each(|file| fs::remove_file(file).unwrap());
        let mut run = start();
        std::thread::sleep(std::time::Duration::from_millis(delay * 4));
        run.kill().unwrap();
        run.wait().unwrap();
        assert_eq!(told(&project, &[]), alone);
    }
    assert_eq!(told(&project, &[]), alone);
}

#[test]
fn only_so_much_is_kept() {
    let project = project();
    assert_eq!(findings(&project, &[]), 1);
    let folder = project.path().join(CACHE);
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(7_200);
    fs::write(folder.join("facts-x.new"), "left by a run that was killed").unwrap();
    fs::File::options().write(true).open(folder.join("facts-x.new")).unwrap().set_modified(old).unwrap();
    for number in 0..30 {
        project.write("app.py", format!("# {number}\n{LOOP}"));
        assert_eq!(findings(&project, &[]), 1);
    }
    assert_eq!(kept(&project, "findings-").len(), 24);
    assert!(!folder.join("facts-x.new").exists());
}

#[test]
fn small_projects_leave_nothing_behind() {
    let project = Project::new([("store.py", STORE), ("app.py", LOOP)]);
    assert_eq!(findings(&project, &[]), 1);
    assert!(!project.path().join(CACHE).exists());
}

#[test]
fn the_folder_can_be_chosen() {
    let project = project();
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = elsewhere.path().join("a/b");
    let is_there = |folder: &Path| folder.join("facts").is_file();
    let first = told(&project, &["--cache-dir", folder.to_str().unwrap()]);
    assert!(is_there(&folder) && !project.path().join(CACHE).exists());
    project.write("seqscan.toml", "cache-dir = \"kept/here\"\n");
    assert_eq!(told(&project, &[]).0, first.0);
    assert!(is_there(&project.path().join("kept/here")) && !project.path().join(CACHE).exists());
    let in_environment = |name: &str, value: &Path| {
        let mut run = seqscan();
        run.args(["check", "--isolated", "--quiet"]).env(name, value).current_dir(project.path());
        assert_eq!(run.output().unwrap().status.code(), Some(1));
    };
    in_environment("SEQSCAN_NO_CACHE", Path::new("1"));
    assert!(!project.path().join(CACHE).exists());
    in_environment("SEQSCAN_CACHE_DIR", &elsewhere.path().join("c"));
    assert!(is_there(&elsewhere.path().join("c")) && !project.path().join(CACHE).exists());
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_is_told_only_of_a_chosen_folder() {
    let project = project();
    // A file where the folder would be: no right to write would not stop an administrator.
    project.write(CACHE, "");
    let (_, notices, code) = told(&project, &[]);
    assert!(code == Some(1) && !notices.contains(CACHE), "{notices}");
    let (_, notices, code) = told(&project, &["--cache-dir", CACHE]);
    assert_eq!(code, Some(1));
    assert!(notices.contains("nothing is kept for the next run"), "{notices}");
    // A link leads anywhere, also out of the project.
    let outside = tempfile::tempdir().unwrap();
    fs::remove_file(project.path().join(CACHE)).unwrap();
    std::os::unix::fs::symlink(outside.path(), project.path().join(CACHE)).unwrap();
    let (_, notices, code) = told(&project, &[]);
    assert!(code == Some(1) && !notices.contains(CACHE), "{notices}");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}
