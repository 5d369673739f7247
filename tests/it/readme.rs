//! What README.md says is true. `SEQSCAN_BLESS=1` writes its generated parts anew.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Mutex;

use crate::pages::{markdown, metadata, rule_of};
use crate::project::{Project, repository, seqscan};

fn readme() -> String {
    std::fs::read_to_string(repository().join("README.md")).unwrap()
}

/// The fenced blocks in a language, in order.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let open = format!("\n```{language}\n");
    text.split(&open as &str).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

/// Asserts that the part between two marks is `content`, or makes it so.
#[track_caller]
fn generated(begin: &str, end: &str, content: &str) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    let text = readme();
    let from = text.find(begin).unwrap_or_else(|| panic!("README.md has no `{begin}`")) + begin.len();
    let to = from + text[from..].find(end).unwrap();
    let wanted = format!("\n{content}\n");
    if std::env::var_os("SEQSCAN_BLESS").is_some() {
        let blessed = format!("{}{wanted}{}", &text[..from], &text[to..]);
        std::fs::write(repository().join("README.md"), blessed).unwrap();
    } else {
        assert_eq!(&text[from..to], wanted, "SEQSCAN_BLESS=1 writes it anew");
    }
}

#[test]
fn it_opens_with_two_commands_that_work() {
    let text = readme();
    let first = blocks(&text, "sh")[0];
    assert!(text[..text.find(first).unwrap()].lines().count() <= 3, "the commands do not stand first");
    let commands: Vec<&str> = first.lines().map(|line| line.split('#').next().unwrap().trim()).collect();
    let [run, test] = commands[..] else { panic!("not two commands: {commands:?}") };

    let args = run.strip_prefix("cargo run --release -- ").unwrap().split(' ');
    let output = seqscan().args(args).current_dir(repository()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}{}", String::from_utf8_lossy(&output.stderr));
    for rule in ["query-in-loop", "write-in-loop", "leading-wildcard-like", "correlated-subquery", "unindexed-filter"] {
        assert!(told.contains(rule), "`{run}` shows no {rule}:\n{told}");
    }

    let mode = repository().join(test).metadata().unwrap().permissions().mode();
    assert!(mode & 0o111 == 0o111, "{test} cannot be run");
    let ci = std::fs::read_to_string(repository().join(".ci/run")).unwrap();
    assert!(ci.contains(test), "CI does not run {test}");
}

#[test]
fn its_rules_are_those_of_the_pages() {
    let mut table = String::from("| rule | finds | severity | in |\n|---|---|---|---|");
    for path in markdown("rules") {
        let text = std::fs::read_to_string(&path).unwrap();
        let page: toml::Table = toml::from_str(metadata(&text)).unwrap();
        let languages: Vec<&str> =
            page["languages"].as_array().unwrap().iter().map(|language| language.as_str().unwrap()).collect();
        let rule = rule_of(&path);
        let preview = if page["status"].as_str() == Some("preview") { " (preview)" } else { "" };
        let (summary, severity) = (page["summary"].as_str().unwrap(), page["severity"].as_str().unwrap());
        let languages = languages.join(", ");
        write!(table, "\n| [{rule}](rules/{rule}.md){preview} | {summary} | {severity} | {languages} |").unwrap();
    }
    generated("<!-- begin rules -->", "<!-- end rules -->", &format!("\n{table}\n"));
}

#[test]
fn its_example_is_what_is_printed() {
    let text = readme();
    let mark = "<!-- begin example: ";
    let from = text.find(mark).unwrap() + mark.len();
    let path = text[from..].split(" -->").next().unwrap();
    let mut command = seqscan();
    command.args(["check", "--preview", "--color", "never", path]).current_dir(repository());
    let output = command.output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let first = told.split("\n\n").next().unwrap();
    generated(&format!("{mark}{path} -->"), "<!-- end example -->", &format!("\n```text\n{first}\n```\n"));
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
