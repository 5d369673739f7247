//! The set-ups in `editors/`: they can be read, and the extension for Visual Studio Code is tested and packaged.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::project::repository;

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join("editors").join(path)).unwrap()
}

/// The file endings that are read, as `*.py`.
const READ: &[&str] = &["*.py", "*.pyi", "*.js", "*.mjs", "*.cjs", "*.jsx", "*.ts", "*.mts", "*.cts", "*.tsx", "*.sql"];

#[test]
fn set_ups_are_well_formed() {
    let helix: toml::Table = read("helix/languages.toml").parse().unwrap();
    assert_eq!(helix["language-server"]["seqscan"]["args"][0].as_str(), Some("lsp"));
    let languages = helix["language"].as_array().unwrap();
    assert!(languages.iter().all(|language| {
        let servers = language["language-servers"].as_array().unwrap();
        servers.iter().any(|server| server.as_str() == Some("seqscan"))
    }));
    let jetbrains: Value = serde_json::from_str(&read("jetbrains/template.json")).unwrap();
    let patterns = jetbrains["fileTypeMappings"].as_array().unwrap().iter();
    let patterns: Vec<&str> = patterns
        .flat_map(|mapping| mapping["fileType"]["patterns"].as_array().unwrap())
        .map(|pattern| pattern.as_str().unwrap())
        .collect();
    assert!(READ.iter().all(|pattern| patterns.contains(pattern)), "{patterns:?}");
    for manifest in ["zed/extension.toml", "zed/Cargo.toml"] {
        read(manifest).parse::<toml::Table>().unwrap();
    }
}

#[test]
fn versions_are_those_of_the_program() {
    let version = env!("CARGO_PKG_VERSION");
    let code: Value = serde_json::from_str(&read("vscode/package.json")).unwrap();
    assert_eq!(code["version"], version);
    let zed: toml::Table = read("zed/extension.toml").parse().unwrap();
    assert_eq!(zed["version"].as_str(), Some(version));
    let npm: Value = serde_json::from_str(&read("npm/seqscan/package.json")).unwrap();
    assert_eq!(npm["version"], version);
    let optional = npm["optionalDependencies"].as_object().unwrap();
    assert!(optional.values().all(|asked| asked == version), "{optional:?}");
    let hooks: toml::Table = read("pre-commit/pyproject.toml").parse().unwrap();
    assert_eq!(hooks["project"]["version"].as_str(), Some(version));
    assert_eq!(hooks["project"]["dependencies"][0].as_str(), Some(&*format!("seqscan=={version}")));
    assert!(read("ci/gitlab-ci.yml").contains(&format!("SEQSCAN_VERSION: \"{version}\"")));
    assert!(read("ci/README.md").contains(&format!("editors/ci@v{version}")));
}

/// Runs npm in a folder; what it printed.
#[track_caller]
pub(crate) fn npm(folder: &Path, args: &[&str]) -> Result<String, String> {
    let output = Command::new("npm")
        .args(args)
        .current_dir(folder)
        .env("SEQSCAN", env!("CARGO_BIN_EXE_seqscan"))
        .env("npm_config_update_notifier", "false")
        .output()
        .unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(told) } else { Err(format!("npm {}:\n{told}", args.join(" "))) }
}

/// Whether there is a Node that the tools of the extension run on.
pub(crate) fn has_node() -> bool {
    let version = Command::new("node").arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    major.is_some_and(|major| major >= 20)
}

#[test]
fn the_extension_for_visual_studio_code_is_tested_and_packaged() {
    let is_ci = std::env::var_os("CI").is_some();
    if !has_node() {
        assert!(!is_ci, "Node 20 is not installed; `tests/run` installs it");
        eprintln!("skipped: Node 20 is not installed; `tests/run` installs it");
        return;
    }
    let own = repository().join("editors/vscode");
    // A copy, two folders deep as the original, so that nothing is written among the sources.
    let copy = repository().join("target/editors/vscode");
    for entry in walkdir::WalkDir::new(&own)
        .into_iter()
        .filter_entry(|entry| !["node_modules", "dist"].iter().any(|name| entry.file_name() == *name))
    {
        let entry = entry.unwrap();
        let to = copy.join(entry.path().strip_prefix(&own).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&to).unwrap();
        } else {
            std::fs::copy(entry.path(), &to).unwrap();
        }
    }
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        std::fs::copy(repository().join(licence), repository().join("target").join(licence)).unwrap();
    }
    let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
    if let Err(problem) = npm(&copy, &install) {
        assert!(!is_ci, "{problem}");
        eprintln!("skipped: the packages of the extension cannot be installed: {problem}");
        return;
    }
    let tested = npm(&copy, &["test"]).unwrap();
    assert!(tested.contains("ok 1 - ") && !tested.contains("# SKIP"), "{tested}");
    npm(&copy, &["run", "package"]).unwrap();
    let listed =
        Command::new("python3").args(["-m", "zipfile", "-l"]).arg(copy.join("dist/seqscan.vsix")).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout);
    for file in
        ["extension/package.json", "extension/dist/extension.js", "extension/readme.md", "extension/LICENSE-MIT"]
    {
        assert!(listed.contains(file), "{file} is not in the package:\n{listed}");
    }
    assert!(!listed.contains("node_modules") && !listed.contains("/src/"), "{listed}");
}
