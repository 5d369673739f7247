//! Neovim itself, with the set-up that users copy.
//!
//! Without `nvim` the test says so and does nothing, but not in CI. `tests/run` installs it.

use std::path::Path;
use std::process::Command;

use crate::project::{Project, repository};

const STORE: &str = "\
import sqlite3

db = sqlite3.connect('app.db')


def find(id):
    return db.execute('SELECT * FROM users WHERE id = ?', (id,)).fetchone()


def users(ids):
    for id in ids:
        yield '😀', find(id)
";

#[test]
fn a_finding_is_seen_and_silenced_in_neovim() {
    if !Command::new("nvim").arg("--version").output().is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "Neovim is not installed; `tests/run` installs it");
        eprintln!("skipped: Neovim is not installed; `tests/run` installs it");
        return;
    }
    let project = Project::new([("store.py", STORE), ("seqscan.toml", "")]);
    let file = project.path().join("store.py");
    let binaries = Path::new(env!("CARGO_BIN_EXE_seqscan")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let script = repository().join("tests/it/lsp/neovim.lua");
    let output = Command::new("nvim")
        .args(["--headless", "--clean", "-n", "-c"])
        .arg(format!("luafile {}", script.display()))
        .env("PATH", format!("{}:{path}", binaries.display()))
        .env("SETUP", repository().join("editors/neovim/seqscan.lua"))
        .env("FILE", &file)
        .env("LINE", "12")
        .env("XDG_STATE_HOME", project.path().join(".git/state"))
        .env("XDG_CACHE_HOME", project.path().join(".git/cache"))
        .output()
        .unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
    assert!(told.contains("`find` runs a query for each run of `for id in ids`"), "{told}");
    assert!(told.contains("silences: `find` runs a query"), "{told}");
    let expected =
        STORE.replace("        yield", "        # seqscan: ignore[query-in-loop] TODO: say why\n        yield");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), expected);
}
