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
        if let Some(rest) = line.strip_prefix("def ") {
            open = Some((rest.split('(').next().unwrap(), number));
        }
    }
    found
}

/// The functions whose statements grow with the rows, of all that were run, as the ORM counts them.
fn counted(fixture: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let python = repository().join("target/venv/bin/python");
    assert!(python.is_file(), "run tests/run once: it installs the ORMs");
    let folder = repository().join("fixtures").join(fixture);
    let output = Command::new(python).args(["-B", "test_counts.py"]).current_dir(folder).output().unwrap();
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

fn check(fixture: &str, at_least: usize) {
    let (all, growing) = counted(fixture);
    assert!(all.len() >= at_least, "{} functions of {fixture} were run", all.len());

    let folder = repository().join("fixtures").join(fixture).join("library");
    let project = Project::new::<&str, &str>([]);
    for file in ["__init__.py", "models.py", "reads.py"] {
        project.write(&format!("library/{file}"), std::fs::read(folder.join(file)).unwrap());
    }
    let text = std::fs::read_to_string(folder.join("reads.py")).unwrap();
    let functions = functions(&text);
    let mut flagged = BTreeSet::new();
    for found in project.check(&BTreeSet::new()).unwrap() {
        assert_eq!(found.path, "library/reads.py", "{found:?}");
        let at = functions.iter().find(|(_, (first, last))| (*first..=*last).contains(&found.line));
        flagged.insert((*at.expect("no function").0).to_owned());
    }
    let missed: Vec<_> = growing.difference(&flagged).collect();
    let wrong: Vec<_> = flagged.difference(&growing).collect();
    assert!(missed.is_empty() && wrong.is_empty(), "{fixture}: missed {missed:?}, wrong {wrong:?}");
}

#[test]
fn django_asks_for_each_row_where_it_is_said() {
    check("lazy-django", 60);
}

#[test]
fn sqlalchemy_asks_for_each_row_where_it_is_said() {
    check("lazy-sqlalchemy", 60);
}
