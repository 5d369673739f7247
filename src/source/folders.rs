//! Which folders and files hold what nobody of the project wrote, told by their names and neighbours.

use std::path::Path;

use super::{Language, LeftOut};

/// Folders that hold other people's code, whatever stands around them.
const DEPENDENCIES: &[&str] =
    &["_vendor", "bower_components", "jspm_packages", "node_modules", "site-packages", "third_party", "web_modules"];

/// Folders that may hold packages that were installed into them, as `pip install --target libs` does.
const PACKAGE_FOLDERS: &[&str] = &["deps", "ext", "external", "externals", "lib", "libs", "packages", "python"];

/// Folders that a build writes, if the manifest of a package stands beside them.
const BUILD_OUTPUTS: &[&str] = &["build", "coverage", "dist", "htmlcov", "out", "storybook-static"];

/// The manifests that make a folder of such a name the output of a build.
const MANIFESTS: &[&str] = &["package.json", "pyproject.toml", "setup.cfg", "setup.py"];

/// Why the folder at `path` is left out, if it is. `root` itself never is.
pub(super) fn kind(path: &Path, root: &Path) -> Option<LeftOut> {
    if path == root {
        return None;
    }
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    if DEPENDENCIES.contains(&name.as_str()) {
        return Some(LeftOut::Dependency);
    }
    if matches!(name.as_str(), "vendor" | "vendors" | "vendored") && !is_own_package(path) {
        return Some(LeftOut::Dependency);
    }
    if PACKAGE_FOLDERS.contains(&name.as_str()) && holds_distributions(path) {
        return Some(LeftOut::Dependency);
    }
    if path.join("pyvenv.cfg").is_file() {
        return Some(LeftOut::Environment);
    }
    if matches!(name.as_str(), "__pycache__") || name.ends_with(".egg-info") {
        return Some(LeftOut::BuildOutput);
    }
    if name == "__generated__" {
        return Some(LeftOut::Generated);
    }
    if BUILD_OUTPUTS.contains(&name.as_str()) && !path.join("__init__.py").is_file() {
        let parent = path.parent()?;
        if MANIFESTS.iter().any(|manifest| parent.join(manifest).is_file()) {
            return Some(LeftOut::BuildOutput);
        }
    }
    None
}

/// Whether a folder called `vendor` is a part of the application that is about vendors.
fn is_own_package(path: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(path) else { return false };
    entries.filter_map(Result::ok).any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name == "__init__.py" || name.ends_with(".tsx") || (name.ends_with(".ts") && !name.ends_with(".d.ts"))
    })
}

/// Whether an installer has left its records of packages in a folder.
fn holds_distributions(path: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(path) else { return false };
    entries.filter_map(Result::ok).any(|entry| entry.file_name().to_string_lossy().ends_with(".dist-info"))
}

/// Why a file of this name is left out, if it is.
pub(super) fn kind_of_file(name: &str, language: Language) -> Option<LeftOut> {
    let lower = name.to_ascii_lowercase();
    let stem = lower.split('.').next().unwrap_or(&lower);
    let has_mark = |mark: &str| lower.split('.').skip(1).any(|part| part == mark);
    if language == Language::Python {
        return (stem.ends_with("_pb2") || stem.ends_with("_pb2_grpc")).then_some(LeftOut::Generated);
    }
    if !language.is_ecma() {
        return None;
    }
    if has_mark("min") || stem.ends_with("-min") {
        Some(LeftOut::Minified)
    } else if has_mark("bundle") || has_mark("chunk") {
        Some(LeftOut::Bundled)
    } else if has_mark("generated") || has_mark("pb") || stem.ends_with("_pb") || stem.ends_with("_grpc_web_pb") {
        Some(LeftOut::Generated)
    } else {
        None
    }
}
