//! The README says what is so.

use seqscan::rules::{Check, RULES, Registry};

/// The table of rules in the README is that of the pages.
#[test]
fn rules_of_the_readme_are_those_of_the_pages() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("README.md");
    for rule in RULES.iter().filter(|rule| !matches!(rule.check, Check::Directives)) {
        let registered = Registry::builtin().get(rule.name).expect("a rule of the list");
        let row = format!("| [`{0}`](rules/{0}.md) | {1} |", rule.name, registered.page.metadata.summary);
        assert!(readme.contains(&row), "README.md lacks the row\n{row}");
    }
}
