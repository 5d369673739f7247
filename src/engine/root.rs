//! Where a project begins.

use std::path::{Path, PathBuf};

use ignore::gitignore::Gitignore;

use crate::config::CONFIG_NAMES;

/// What stands in the root of a repository. (A file, in a git worktree.)
pub const REPOSITORY_MARK: &str = ".git";

/// Files that stand in the root of a project that is in no repository.
const MANIFESTS: &[&str] =
    &["pyproject.toml", "setup.py", "setup.cfg", "manage.py", "package.json", "requirements.txt"];

/// The root of the project that `paths` (absolute, at least one) belong to: the repository around them; else
/// the nearest folder with a configuration; else with a manifest; else `cwd` if it holds the files that are
/// named; else the folder that they share. A path that its repository ignores (a download, an unpacked archive)
/// is its own project.
pub fn project_root(cwd: &Path, paths: &[PathBuf]) -> PathBuf {
    let shared = shared_folder(paths);
    let start = if paths.is_empty() { cwd } else { &shared };
    let above = || start.ancestors().take_while(|folder| !is_too_wide(folder));
    let repository = above().find(|folder| folder.join(REPOSITORY_MARK).exists());
    if let Some(repository) = repository.filter(|repository| !is_ignored(repository, start)) {
        return repository.to_owned();
    }
    let inside = || above().take_while(|folder| repository.is_none_or(|repository| *folder != repository));
    let has_config = |folder: &&Path| CONFIG_NAMES[..2].iter().any(|name| folder.join(name).is_file());
    let has_manifest = |folder: &&Path| MANIFESTS.iter().any(|name| folder.join(name).is_file());
    if let Some(found) = inside().find(has_config).or_else(|| inside().find(has_manifest)) {
        return found.to_owned();
    }
    // Who names a folder means that folder; who names files stands in the project that they are of.
    let names_files = paths.iter().any(|path| !path.is_dir());
    if names_files && repository.is_none() && start.starts_with(cwd) && !is_too_wide(cwd) {
        return cwd.to_owned();
    }
    start.to_owned()
}

/// The innermost folder that holds all `paths`.
fn shared_folder(paths: &[PathBuf]) -> PathBuf {
    let mut folders =
        paths.iter().map(|path| if path.is_dir() { path.clone() } else { path.parent().unwrap_or(path).to_owned() });
    let Some(mut shared) = folders.next() else { return PathBuf::new() };
    for folder in folders {
        while !folder.starts_with(&shared) {
            if !shared.pop() {
                return shared;
            }
        }
    }
    shared
}

/// A home folder may be a repository, but it is nobody's project.
pub fn is_too_wide(folder: &Path) -> bool {
    folder.parent().is_none() || std::env::home_dir().is_some_and(|home| home == folder)
}

/// Whether the repository at `root` ignores the folder `path`.
fn is_ignored(root: &Path, path: &Path) -> bool {
    let folders: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| folder.starts_with(root)).collect();
    for folder in folders {
        let file = folder.join(".gitignore");
        if !file.is_file() {
            continue;
        }
        let (rules, _) = Gitignore::new(&file);
        let Ok(relative) = path.strip_prefix(folder) else { continue };
        let found = rules.matched_path_or_any_parents(relative, true);
        if !found.is_none() {
            return found.is_ignore();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(paths: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for path in paths {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "build/\n").unwrap();
        }
        folder
    }

    #[test]
    fn the_repository_comes_first() {
        let tree =
            tree(&[".git/HEAD", "a/package.json", "a/b/c.js", "build/x/package.json", "build/x/y.js", ".gitignore"]);
        let root = |path: &str| project_root(Path::new("/nowhere"), &[tree.path().join(path)]);
        assert_eq!(root("a/b/c.js"), tree.path());
        assert_eq!(root("a"), tree.path());
        assert_eq!(root("."), tree.path().join("."));
        assert_eq!(root("build/x/y.js"), tree.path().join("build/x"), "what git ignores is its own project");
    }

    #[test]
    fn without_a_repository_the_nearest_mark_counts() {
        let tree = tree(&["a/package.json", "a/seqscan.toml", "a/b/package.json", "a/b/c.js", "d/e.js"]);
        let at = |path: &str| tree.path().join(path);
        assert_eq!(project_root(Path::new("/nowhere"), &[at("a/b/c.js")]), at("a"));
        assert_eq!(project_root(Path::new("/nowhere"), &[at("d/e.js")]), at("d"));
        assert_eq!(project_root(tree.path(), &[at("d/e.js")]), tree.path());
        assert_eq!(project_root(tree.path(), &[at("d")]), at("d"), "what lies beside a named folder is not read");
        assert_eq!(project_root(Path::new("/nowhere"), &[at("a/b/c.js"), at("d/e.js")]), tree.path());
    }
}
