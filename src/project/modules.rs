//! Which file an import means.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::FileId;
use super::manifest::{Manifests, join, split};
use crate::source::Language;

/// All files by path, and the ways that lead to them.
#[derive(Debug, Default)]
pub(super) struct Modules {
    by_path: FxHashMap<Arc<str>, FileId>,
    /// Last two path segments without ending → the only file so called, `None` if there are several.
    by_tail: FxHashMap<String, Option<FileId>>,
    /// A path without one of [`ENDINGS`] → the file it means, and which ending that has.
    ecma: Stems,
    /// The same of [`PYTHON_ENDINGS`].
    python: Stems,
    /// Templates by the last part of their paths.
    templates: FxHashMap<Box<str>, Vec<(Arc<str>, FileId)>>,
    /// The folders with an `__init__.py`.
    packages: FxHashSet<Box<str>>,
    /// The names of all folders, and of all files up to their first dot. A module is none of the project's if its
    /// first name is not among them.
    names: FxHashSet<Box<str>>,
}

/// Files by their path without an ending, with the rank of that ending: the lowest is meant.
type Stems = FxHashMap<Box<str>, (usize, FileId)>;

/// The endings that a JavaScript import may leave out, in the order they are tried.
const ENDINGS: [&str; 10] = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".d.ts", ".pyi"];
/// The endings of a Python module, in the order they are tried.
const PYTHON_ENDINGS: [&str; 4] = [".py", "/__init__.py", ".pyi", "/__init__.pyi"];

impl Modules {
    /// Knows these files.
    pub(super) fn new<'a>(files: impl Iterator<Item = (FileId, &'a Arc<str>)>) -> Modules {
        let mut modules = Modules::default();
        for (id, path) in files {
            modules.by_path.insert(path.clone(), id);
            if Language::of_path(path).is_none() && Language::of_template(path).is_some() {
                modules.templates.entry(split(path).1.into()).or_default().push((path.clone(), id));
                continue;
            }
            add_stems(&mut modules.ecma, path, &ENDINGS, id);
            add_stems(&mut modules.python, path, &PYTHON_ENDINGS, id);
            if let Some(folder) = path.strip_suffix("/__init__.py") {
                modules.packages.insert(folder.into());
            }
            for name in path.split('/').map(|name| name.split('.').next().unwrap_or(name)) {
                if !modules.names.contains(name) {
                    modules.names.insert(name.into());
                }
            }
            let stem = stem(path);
            let stem = stem.strip_suffix("/__init__").or_else(|| stem.strip_suffix("/index")).unwrap_or(stem);
            let mut at = stem.len();
            for _ in 0..3 {
                let Some(cut) = stem[..at].rfind('/') else { break };
                at = cut;
                let tail = &stem[cut + 1..];
                if !tail.contains('/') {
                    continue;
                }
                match modules.by_tail.entry(tail.to_owned()) {
                    Entry::Occupied(mut known) => {
                        known.insert(None);
                    }
                    Entry::Vacant(free) => {
                        free.insert(Some(id));
                    }
                }
            }
        }
        modules
    }

    /// The file with this path.
    pub(super) fn file(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// The file that `module`, written in `from`, means; `None` if it is not one of the project.
    pub(super) fn resolve(
        &self,
        manifests: &Manifests,
        from: &str,
        language: Language,
        module: &str,
    ) -> Option<FileId> {
        match language {
            Language::Python => self.python(from, module),
            Language::DjangoTemplate | Language::Jinja => self.template(from, module),
            _ => self.ecma(manifests, from, module),
        }
    }

    /// The template that a name, written in `from`, means: of several, that of the same folder of templates or of the
    /// same application; nothing if any of them may be.
    pub(super) fn template(&self, from: &str, name: &str) -> Option<FileId> {
        let name = name.trim_start_matches("./").trim_start_matches('/');
        let called = self.templates.get(split(name).1)?;
        let root = |path: &Arc<str>| {
            let root = path.strip_suffix(name)?;
            (root.is_empty() || root.ends_with('/')).then(|| root.trim_end_matches('/').len())
        };
        let found: Vec<(&str, FileId)> =
            called.iter().filter_map(|(path, id)| Some((&path[..root(path)?], *id))).collect();
        let is_named = |root: &str| {
            let last = split(root).1;
            last.contains("template") || last == "jinja2"
        };
        let has_named = found.iter().any(|(root, _)| is_named(root));
        let near = |root: &str| {
            let same = root.split('/').zip(from.split('/')).take_while(|(one, other)| one == other).count();
            (same, std::cmp::Reverse(root.len()))
        };
        let own = found.into_iter().filter(|(root, _)| !has_named || is_named(root));
        let mut own: Vec<_> = own.map(|(root, id)| (near(root), id)).collect();
        own.sort_by_key(|(near, _)| std::cmp::Reverse(*near));
        match own.as_slice() {
            [(first, _), (second, _), ..] if first.0 == second.0 => None,
            [(_, id), ..] => Some(*id),
            [] => None,
        }
    }

    fn python(&self, from: &str, module: &str) -> Option<FileId> {
        let (directory, _) = split(from);
        let dots = module.len() - module.trim_start_matches('.').len();
        let path = module[dots..].replace('.', "/");
        if dots > 0 {
            let mut base = directory;
            for _ in 1..dots {
                base = split(base).0;
            }
            return self.python_file(&join(base, &path));
        }
        // Most imports are of libraries: then no folder and no file has the first name.
        if !self.names.contains(path.split('/').next().unwrap_or("")) {
            return None;
        }
        let mut candidate = String::new();
        let mut root = directory;
        loop {
            let is_package = self.packages.contains(root);
            if !is_package {
                for folder in ["", "src/", "lib/"] {
                    candidate.clear();
                    candidate.push_str(root);
                    candidate.push_str(if root.is_empty() { "" } else { "/" });
                    candidate.push_str(folder);
                    candidate.push_str(&path);
                    if let Some(file) = self.python_file(&candidate) {
                        return Some(file);
                    }
                }
            }
            if root.is_empty() {
                break;
            }
            root = split(root).0;
        }
        if path.contains('/') { self.tail(&path) } else { None }
    }

    fn python_file(&self, path: &str) -> Option<FileId> {
        self.python.get(path).map(|&(_, file)| file)
    }

    fn ecma(&self, manifests: &Manifests, from: &str, module: &str) -> Option<FileId> {
        let (directory, _) = split(from);
        if module.starts_with('.') {
            return self.ecma_file(&join(directory, module));
        }
        for aliases in manifests.aliases.iter().filter(|aliases| within(from, &aliases.directory)) {
            for (pattern, targets) in &aliases.patterns {
                let Some(rest) = matches_pattern(pattern, module) else { continue };
                if let Some(file) = targets.iter().find_map(|target| self.ecma_file(&target.replacen('*', rest, 1))) {
                    return Some(file);
                }
            }
            if let Some(base) = &aliases.base
                && let Some(file) = self.ecma_file(&join(base, module))
            {
                return Some(file);
            }
        }
        if let Some(file) = self.own_package(manifests, module) {
            return Some(file);
        }
        // `@/x`, `~/x` without a mapping in sight: the nearest `src` or root that has it; and `shared/db`, where a folder
        // and no package has that name (`NODE_PATH`).
        let alias = module.strip_prefix("@/").or_else(|| module.strip_prefix("~/"));
        let rest = alias.or_else(|| {
            let (folder, _) = module.split_once('/')?;
            (self.names.contains(folder) && !manifests.names_package(folder)).then_some(module)
        })?;
        let mut root = directory;
        loop {
            for base in [join(root, "src"), root.to_owned(), join(root, "app")] {
                if let Some(file) = self.ecma_file(&join(&base, rest)) {
                    return Some(file);
                }
            }
            if root.is_empty() {
                return None;
            }
            root = split(root).0;
        }
    }

    fn own_package(&self, manifests: &Manifests, module: &str) -> Option<FileId> {
        let cut =
            module.match_indices('/').nth(usize::from(module.starts_with('@'))).map_or(module.len(), |(at, _)| at);
        let package = manifests.own.get(&module[..cut])?;
        let rest = module[cut..].trim_start_matches('/');
        if rest.is_empty() {
            return package.entries.iter().find_map(|entry| {
                let path = join(&package.directory, entry);
                // What is built into `dist` was written in `src`.
                let source = source_of(entry.trim_start_matches("./"));
                let source = source.and_then(|source| self.ecma_file(&join(&package.directory, &source)));
                source.or_else(|| self.ecma_file(&path))
            });
        }
        let ways = [Some(rest.to_owned()), Some(format!("src/{rest}")), source_of(rest)];
        ways.iter().flatten().find_map(|rest| self.ecma_file(&join(&package.directory, rest)))
    }

    fn ecma_file(&self, path: &str) -> Option<FileId> {
        if let Some(file) = self.file(path) {
            return Some(file);
        }
        let with = |base: &str| self.ecma.get(base).map(|&(_, file)| file);
        with(path).or_else(|| with(&format!("{path}/index"))).or_else(|| {
            [".js", ".mjs", ".cjs", ".jsx", ".d.ts"].iter().find_map(|ending| with(path.strip_suffix(ending)?))
        })
    }

    fn tail(&self, path: &str) -> Option<FileId> {
        self.by_tail.get(path).copied().flatten()
    }
}

/// What a built file of a package was written in: `dist/store` is `src/store`.
fn source_of(built: &str) -> Option<String> {
    let (folder, rest) = built.split_once('/').unwrap_or((built, ""));
    let is_built = ["build", "dist", "lib", "out"].contains(&folder);
    is_built.then(|| join("src", rest).trim_end_matches('/').to_owned())
}

/// Notes which stems lead to `path`.
fn add_stems(stems: &mut Stems, path: &str, endings: &[&str], id: FileId) {
    for (rank, ending) in endings.iter().enumerate() {
        let Some(stem) = path.strip_suffix(ending) else { continue };
        match stems.get_mut(stem) {
            Some(known) if known.0 <= rank => {}
            Some(known) => *known = (rank, id),
            None => {
                stems.insert(stem.into(), (rank, id));
            }
        }
    }
}

fn stem(path: &str) -> &str {
    let name_at = path.rfind('/').map_or(0, |at| at + 1);
    path[name_at..].find('.').map_or(path, |at| &path[..name_at + at])
}

fn within(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

fn matches_pattern<'m>(pattern: &str, module: &'m str) -> Option<&'m str> {
    match pattern.split_once('*') {
        Some((before, after)) => module.strip_prefix(before)?.strip_suffix(after),
        None => (pattern == module).then_some(""),
    }
}
