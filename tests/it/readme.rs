//! What README.md says is true.

use std::os::unix::fs::PermissionsExt as _;

use seqscan::rules::{Category, Check, RULES, Registry, Status};

use crate::project::{Project, repository, seqscan};

fn readme() -> String {
    std::fs::read_to_string(repository().join("README.md")).unwrap()
}

/// The fenced blocks in a language, in order.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let open = format!("\n```{language}\n");
    text.split(&open as &str).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

#[test]
fn it_opens_with_two_commands_that_work() {
    let text = readme();
    let first = blocks(&text, "sh")[0];
    assert!(text[..text.find(first).unwrap()].lines().count() <= 3, "the commands do not stand first");
    let commands: Vec<&str> = first.lines().map(|line| line.split('#').next().unwrap().trim()).collect();
    let [run, test] = commands[..] else { panic!("not two commands: {commands:?}") };

    let (cargo, args) = run.split_once(" -- ").unwrap();
    assert!(cargo.starts_with("cargo run --release"), "{cargo}");
    let output = seqscan().args(args.split_whitespace()).current_dir(repository()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    for registered in Registry::builtin().rules() {
        // Of old migrations only those hear who ask for them.
        let is_shown = registered.page.metadata.status == Status::Stable
            && registered.page.metadata.category != Category::Migrations
            && !matches!(registered.rule.check, Check::Directives);
        assert!(!is_shown || told.contains(registered.name()), "`{run}` shows no {}:\n{told}", registered.name());
    }

    let mode = repository().join(test).metadata().unwrap().permissions().mode();
    assert!(mode & 0o111 == 0o111, "{test} cannot be run");
    let ci = std::fs::read_to_string(repository().join(".ci/run")).unwrap();
    assert!(ci.contains(test), "CI does not run {test}");
}

#[test]
fn its_rules_are_those_of_the_pages() {
    let readme = readme();
    for rule in RULES.iter().filter(|rule| !matches!(rule.check, Check::Directives)) {
        let registered = Registry::builtin().get(rule.name).unwrap();
        let row = format!("| [`{0}`](rules/{0}.md) | {1} |", rule.name, registered.page.metadata.summary);
        assert!(readme.contains(&row), "README.md lacks the row\n{row}");
    }
    let rows = readme.lines().filter(|line| line.starts_with("| [`")).count();
    let rules = RULES.iter().filter(|rule| !matches!(rule.check, Check::Directives)).count();
    assert_eq!(rows, rules, "README.md has a row of a rule that does not exist");
}

#[test]
fn its_configuration_is_one() {
    let text = readme();
    for block in blocks(&text, "toml") {
        let project = Project::new([("seqscan.toml", block), ("a.py", "x = 1\n")]);
        let output = project.run(&["check"]);
        assert_eq!(output.status.code(), Some(0), "{block}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn its_links_lead_somewhere() {
    for (at, _) in readme().match_indices("](") {
        let text = readme();
        let link = text[at + 2..].split(')').next().unwrap();
        if !link.starts_with("http") {
            assert!(repository().join(link).exists(), "README.md links to {link}, which is not there");
        }
    }
}
