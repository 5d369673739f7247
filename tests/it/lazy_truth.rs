//! What is said of lazy relations is what the ORMs do: the functions of `fixtures/lazy-*` are run with few and with many
//! rows, and exactly those that then ask more of the database have findings.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::project::{Project, repository};

/// The functions of a file, with their first and last lines.
fn functions(text: &str) -> BTreeMap<&str, (u32, u32)> {
    let mut found = BTreeMap::new();
    let mut open: Option<(&str, u32)> = None;
    for (line, number) in text.lines().chain(["end"]).zip(1..) {
        if line.starts_with(|c: char| c.is_alphabetic() || c == '#')
            && let Some((name, first)) = open.take()
        {
            found.insert(name, (first, number - 1));
        }
        let written = line.strip_prefix("export ").unwrap_or(line);
        let written = written.strip_prefix("async ").unwrap_or(written);
        if let Some(rest) = written.strip_prefix("def ").or_else(|| written.strip_prefix("function ")) {
            open = Some((rest.split('(').next().unwrap(), number));
        }
    }
    found
}

/// The files of a fixture that are read, in a project of their own.
fn project(fixture: &str, files: &[&str]) -> Project {
    let folder = repository().join("fixtures").join(fixture);
    let project = Project::new::<&str, &str>([]);
    for file in files {
        project.write(file, std::fs::read(folder.join(file)).unwrap());
    }
    for shown in ["library/templates", "library/templatetags"] {
        for entry in walkdir::WalkDir::new(folder.join(shown)).into_iter().flatten() {
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(&folder).unwrap().display().to_string();
                project.write(&path, std::fs::read(entry.path()).unwrap());
            }
        }
    }
    project
}

/// The files of a fixture in Python.
const PYTHON: [&str; 4] = ["library/__init__.py", "library/models.py", "library/reads.py", "test_counts.py"];

/// What runs the functions of a fixture.
fn runner(project: &Project) -> Command {
    if project.path().join("test_counts.py").is_file() {
        let python = repository().join("target/venv/bin/python");
        assert!(python.is_file(), "run tests/run once: it installs the ORMs");
        let mut command = Command::new(python);
        command.args(["-B", "test_counts.py"]);
        return command;
    }
    let modules = repository().join("target/lazy-typeorm/node_modules");
    assert!(modules.is_dir(), "run tests/run once: it installs the ORMs");
    let mut command = Command::new("node");
    command.arg("test_counts.cjs").env("NODE_PATH", modules);
    command
}

/// All functions, and those whose statements grow with the rows, as the ORM counts them.
fn counted(project: &Project) -> (BTreeSet<String>, BTreeSet<String>) {
    let output = runner(project).current_dir(project.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut all, mut growing) = (BTreeSet::new(), BTreeSet::new());
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let [name, few, many] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (few, many): (u32, u32) = (few.parse().unwrap(), many.parse().unwrap());
        assert!(few > 0, "{name} asks nothing");
        all.insert(name.to_owned());
        if many > few {
            growing.insert(name.to_owned());
        }
    }
    (all, growing)
}

/// The functions that have findings.
fn flagged(project: &Project) -> BTreeSet<String> {
    let is_python = project.path().join("test_counts.py").is_file();
    let reads = if is_python { "library/reads.py" } else { "library/reads.ts" };
    let text = std::fs::read_to_string(project.path().join(reads)).unwrap();
    let functions = functions(&text);
    let found = project.check(&BTreeSet::new()).unwrap();
    let name = |line: u32| {
        let at = functions.iter().find(|(_, (first, last))| (*first..=*last).contains(&line));
        (*at.expect("no function").0).to_owned()
    };
    let named = |found: &crate::project::Found| match found.path.strip_prefix("library/templates/") {
        // A template is called as the function that renders it.
        Some(path) => path.rsplit('/').next().unwrap().split('.').next().unwrap().to_owned(),
        None => {
            assert_eq!(found.path, reads, "{found:?}");
            name(found.line)
        }
    };
    found.iter().map(named).collect()
}

/// How many functions grow, which are those that have findings; and that of how many were run.
fn agree(project: &Project) -> (usize, usize) {
    let (all, growing) = counted(project);
    let flagged = flagged(project);
    let missed: Vec<_> = growing.difference(&flagged).collect();
    let wrong: Vec<_> = flagged.difference(&growing).collect();
    assert!(missed.is_empty() && wrong.is_empty(), "missed {missed:?}, wrong {wrong:?}");
    (growing.len(), all.len())
}

/// Takes the proposed edits: those that grew do so no more, and nothing is said of them. How many are left.
fn fixed(project: &Project) -> usize {
    let fix = ["check", "--fix", "--unsafe-fixes", "--exit-zero", "."];
    let output = Command::new(env!("CARGO_BIN_EXE_seqscan")).args(fix).current_dir(project.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    agree(project).0
}

#[test]
fn django_asks_for_each_row_where_it_is_said() {
    let project = project("lazy-django", &PYTHON);
    let (growing, all) = agree(&project);
    assert!(all >= 60 && growing >= 30, "{growing} of {all}");
    let left = fixed(&project);
    assert!(left * 2 < growing, "{left} of {growing} are left");
}

#[test]
fn sqlalchemy_asks_for_each_row_where_it_is_said() {
    let (growing, all) = agree(&project("lazy-sqlalchemy", &PYTHON));
    assert!(all >= 60 && growing >= 30, "{growing} of {all}");
}

#[test]
fn typeorm_asks_for_each_row_where_it_is_said() {
    let files = ["library/entities.ts", "library/reads.ts", "package.json", "test_counts.cjs"];
    let project = project("lazy-typeorm", &files);
    let (growing, all) = agree(&project);
    assert!(all >= 35 && growing >= 20, "{growing} of {all}");
    let left = fixed(&project);
    assert!(left * 4 < growing, "{left} of {growing} are left");
}
