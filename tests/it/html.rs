//! The page for browsers, in a browser.
//!
//! Without Chromium these tests look at the text only and say so, but not in CI. `tests/run` installs it.

use std::process::Command;

use seqscan::config::OutputFormat;
use seqscan::engine::Report;
use seqscan::report::Style;

use crate::reports::{hostile, one_finding, written_with};

fn chromium() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()));
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "Chromium is not installed; `tests/run` installs it");
        eprintln!("skipped: Chromium is not installed; `tests/run` installs it");
    }
    found
}

/// The page as a browser has it after its script ran, and after `more` ran too.
fn shown(page: &str, more: &str) -> Option<String> {
    let browser = chromium()?;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    let (before, after) = page.rsplit_once("</script>").unwrap();
    std::fs::write(&file, format!("{before};{more}</script>{after}")).unwrap();
    let output = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom", "--virtual-time-budget=2000"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_page_shows_the_way_from_the_loop_to_the_query() {
    let mut report = one_finding();
    report.findings[0].tables = vec!["customers".to_owned()];
    let (page, _) = written_with(OutputFormat::Html, &report, &Style::default());
    let (empty, _) = written_with(OutputFormat::Html, &Report::default(), &Style::default());
    for elsewhere in [" src=", "@import", "url(", "fetch(", "<link"] {
        assert!(!empty.contains(elsewhere), "the page asks for `{elsewhere}`");
    }
    let Some(dom) = shown(&page, "document.getElementById('all').click()") else { return };
    for part in [
        "1 finding: 1 warning",
        r#"<section id="group-0"><h2>query-in-loop <span class="count">1</span></h2>"#,
        r#"<details class="finding warning" open="">"#,
        r#"<span class="place">shop/views.py:2:5</span>"#,
        r#"<mark>for order in orders</mark>:"#,
        r#"<mark>execute</mark>"#,
        "table customers",
    ] {
        assert!(dom.contains(part), "no `{part}` in\n{dom}");
    }
    let places: Vec<usize> = ["step loop", "step primary", "step hop", "step query"]
        .iter()
        .map(|step| dom.find(&format!("<li class=\"{step}")).unwrap_or_else(|| panic!("no {step} in\n{dom}")))
        .collect();
    assert!(places.is_sorted(), "the way is not in order: {places:?}");

    let by_table = shown(&page, "document.querySelector('[data-by=table]').click()").unwrap();
    assert!(by_table.contains("<h2>customers "), "{by_table}");
    let search = "const box = document.getElementById('search'); box.value = 'customer nothing-like-it'; \
                  box.dispatchEvent(new Event('input'))";
    let found = shown(&page, search).unwrap();
    assert!(found.contains("no finding is left by these filters"), "{found}");
}

#[test]
fn nothing_from_a_file_runs_in_the_page() {
    let mut report = hostile();
    report.findings[0].diagnostic.message = "</script><script>document.title = 'taken'</script><!--".to_owned();
    let (page, _) = written_with(OutputFormat::Html, &report, &Style::default());
    assert!(!page.contains("'taken'</script>") && !page.contains("<!--"), "{page}");
    let Some(dom) = shown(&page, "") else { return };
    assert!(dom.contains("<title>seqscan: ") && dom.contains("class=\"finding"), "{dom}");
}
