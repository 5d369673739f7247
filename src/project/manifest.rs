//! What a repository's manifests say: which packages are used, what packages of its own are called, how TypeScript
//! rewrites import paths, and which database servers run in its containers.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::sql::{Server, of_image};

/// A manifest as it was read: `package.json`, `tsconfig.json`, `pyproject.toml`, `requirements.txt`, `compose.yml` …
#[derive(Clone, Debug)]
pub struct ManifestFile {
    /// Project-relative path.
    pub path: Arc<str>,
    /// Its text.
    pub text: String,
}

impl ManifestFile {
    /// Whether a file of this name is a manifest that is worth reading.
    pub fn is_one(name: &str) -> bool {
        let requirements = name.starts_with("requirements") && (name.ends_with(".txt") || name.ends_with(".in"));
        let tsconfig = (name.starts_with("tsconfig") || name.starts_with("jsconfig")) && name.ends_with(".json");
        requirements
            || tsconfig
            || is_compose(name)
            || matches!(name, "package.json" | "pyproject.toml" | "setup.py" | "setup.cfg" | "Pipfile")
    }
}

/// A package of this repository that others import by name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OwnPackage {
    /// Its directory, without a trailing `/`; empty at the root.
    pub(super) directory: String,
    /// Its entry points as written, best first.
    pub(super) entries: Vec<String>,
}

/// `paths` and `baseUrl` of one `tsconfig.json`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PathAliases {
    /// The directory of the file.
    pub(super) directory: String,
    /// Where bare paths are looked up, if `baseUrl` says so.
    pub(super) base: Option<String>,
    /// Pattern (with at most one `*`) → targets, relative to the base.
    pub(super) patterns: Vec<(String, Vec<String>)>,
}

/// What all manifests say together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifests {
    /// Names of packages that the project says it uses, Python names lower-cased with `-`.
    pub(super) packages: FxHashSet<String>,
    /// Packages of this repository.
    pub(super) own: FxHashMap<String, OwnPackage>,
    /// Path aliases, deepest directory first.
    pub(super) aliases: Vec<PathAliases>,
    /// Database servers that run in containers.
    pub(super) servers: Vec<Server>,
}

impl Manifests {
    /// Reads them all; what cannot be parsed says nothing.
    pub fn read(files: &[ManifestFile]) -> Manifests {
        let mut all = Manifests::default();
        let configs: FxHashMap<&str, serde_json::Value> = files
            .iter()
            .filter(|file| file.path.ends_with(".json") && !file.path.ends_with("package.json"))
            .filter_map(|file| Some((&*file.path, relaxed_json(&file.text)?)))
            .collect();
        for file in files {
            let (directory, name) = split(&file.path);
            match name {
                "package.json" => all.read_package(directory, &file.text),
                "pyproject.toml" | "Pipfile" | "setup.py" | "setup.cfg" => all.read_python_names(&file.text),
                _ if name.starts_with("requirements") => all.read_requirements(&file.text),
                _ if is_yaml(name) => all.servers.extend(file.text.lines().filter_map(server_on)),
                _ => all.aliases.extend(read_aliases(&file.path, &configs, 0)),
            }
        }
        all.aliases
            .sort_by(|a, b| b.directory.len().cmp(&a.directory.len()).then_with(|| a.directory.cmp(&b.directory)));
        all
    }

    /// Whether a manifest names this package.
    pub fn names_package(&self, package: &str) -> bool {
        self.packages.contains(package) || self.packages.contains(&python_name(package))
    }

    fn read_package(&mut self, directory: &str, text: &str) {
        let Some(json) = relaxed_json(text) else { return };
        for table in ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"] {
            if let Some(entries) = json.get(table).and_then(|value| value.as_object()) {
                self.packages.extend(entries.keys().cloned());
            }
        }
        if let Some(name) = json.get("name").and_then(|value| value.as_str()) {
            let mut entries: Vec<String> = Vec::new();
            for key in ["source", "types", "module", "main"] {
                entries.extend(json.get(key).and_then(|value| value.as_str()).map(str::to_owned));
            }
            if let Some(exports) = json.get("exports") {
                first_strings(exports.get(".").unwrap_or(exports), &mut entries);
            }
            entries.extend(["src/index".to_owned(), "index".to_owned()]);
            self.own.insert(name.to_owned(), OwnPackage { directory: directory.to_owned(), entries });
        }
    }

    fn read_requirements(&mut self, text: &str) {
        for line in text.lines() {
            let name: String = line.trim().chars().take_while(|c| c.is_alphanumeric() || "-_.".contains(*c)).collect();
            if !name.is_empty() {
                self.packages.insert(python_name(&name));
            }
        }
    }

    /// Quoted requirement strings and keys at the start of a line; a word too many does no harm, since a
    /// package only switches on the patterns that it alone has.
    fn read_python_names(&mut self, text: &str) {
        for line in text.lines() {
            let line = line.trim();
            let key: String = line.chars().take_while(|c| c.is_alphanumeric() || "-_.".contains(*c)).collect();
            if !key.is_empty() {
                self.packages.insert(python_name(&key));
            }
            for quoted in line.split(['"', '\'']).skip(1).step_by(2) {
                let name: String = quoted.chars().take_while(|c| c.is_alphanumeric() || "-_.".contains(*c)).collect();
                if !name.is_empty() {
                    self.packages.insert(python_name(&name));
                }
            }
        }
    }
}

fn python_name(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

fn first_strings(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::String(path) => into.push(path.clone()),
        serde_json::Value::Object(map) => {
            for key in ["source", "import", "default", "require", "types", "node"] {
                if let Some(inner) = map.get(key) {
                    first_strings(inner, into);
                }
            }
        }
        _ => {}
    }
}

fn read_aliases(path: &str, configs: &FxHashMap<&str, serde_json::Value>, depth: u8) -> Option<PathAliases> {
    let json = configs.get(path)?;
    let (directory, _) = split(path);
    let options = json.get("compilerOptions");
    let base = options.and_then(|o| o.get("baseUrl")).and_then(|v| v.as_str()).map(|base| join(directory, base));
    let patterns: Vec<(String, Vec<String>)> = options
        .and_then(|o| o.get("paths"))
        .and_then(|v| v.as_object())
        .map(|paths| {
            let root = base.clone().unwrap_or_else(|| directory.to_owned());
            paths
                .iter()
                .map(|(pattern, targets)| {
                    let targets = targets.as_array().into_iter().flatten().filter_map(|target| target.as_str());
                    (pattern.clone(), targets.map(|target| join(&root, target)).collect())
                })
                .collect()
        })
        .unwrap_or_default();
    if base.is_none() && patterns.is_empty() && depth < 8 {
        let parents = match json.get("extends")? {
            serde_json::Value::String(one) => vec![one.clone()],
            serde_json::Value::Array(many) => many.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect(),
            _ => return None,
        };
        return parents.iter().rev().find_map(|parent| {
            let parent = join(directory, parent);
            let named = [parent.clone(), format!("{parent}.json"), format!("{parent}/tsconfig.json")];
            let found = named.iter().find_map(|path| read_aliases(path, configs, depth + 1))?;
            Some(PathAliases { directory: directory.to_owned(), ..found })
        });
    }
    Some(PathAliases { directory: directory.to_owned(), base, patterns })
}

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yml") || name.ends_with(".yaml")
}

/// `compose.yml`, `docker-compose.dev.yaml`
fn is_compose(name: &str) -> bool {
    is_yaml(name) && ["compose.", "compose-", "docker-compose"].iter().any(|start| name.starts_with(start))
}

/// The database server whose image a line of a compose or CI file names: `image: postgres:15`, `- image: mysql:8.0`.
fn server_on(line: &str) -> Option<Server> {
    let line = line.trim().trim_start_matches("- ").trim_start();
    let image = line.strip_prefix("image:")?;
    of_image(image.split(" #").next()?)
}

/// Directory (without a trailing `/`) and file name.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// `relative` seen from `directory`, with `.` and `..` taken out; an escape from the root is cut off.
pub(super) fn join(directory: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// JSON with comments and trailing commas, as `tsconfig.json` has them.
fn relaxed_json(text: &str) -> Option<serde_json::Value> {
    let text = text.trim_start_matches('\u{feff}');
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut in_string = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if in_string => {
                clean.push(c);
                clean.extend(chars.next());
            }
            '"' => {
                in_string = !in_string;
                clean.push(c);
            }
            '/' if !in_string && chars.peek() == Some(&'/') => {
                chars.by_ref().take_while(|&c| c != '\n').for_each(drop);
            }
            '/' if !in_string && chars.peek() == Some(&'*') => {
                chars.next();
                let mut last = ' ';
                for c in chars.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            '}' | ']' if !in_string => {
                let kept = clean.trim_end();
                if kept.ends_with(',') {
                    clean.truncate(kept.len() - 1);
                }
                clean.push(c);
            }
            _ => clean.push(c),
        }
    }
    serde_json::from_str(&clean).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> ManifestFile {
        ManifestFile { path: path.into(), text: text.to_owned() }
    }

    #[test]
    fn packages_of_every_manifest_are_known() {
        let all = Manifests::read(&[
            file("package.json", r#"{"name":"shop","dependencies":{"@prisma/client":"5"},}"#),
            file("api/requirements-dev.txt", "Django>=4\npsycopg2_binary==2.9 # driver\n"),
            file("pyproject.toml", "[project]\ndependencies = [\"SQLAlchemy[asyncio]>=2\"]\n"),
        ]);
        for name in ["@prisma/client", "django", "psycopg2-binary", "sqlalchemy"] {
            assert!(all.names_package(name), "{name}");
        }
        assert!(all.own.contains_key("shop"));
    }

    #[test]
    fn aliases_follow_extends_and_survive_comments() {
        let all = Manifests::read(&[
            file(
                "tsconfig.base.json",
                "{ // shared\n \"compilerOptions\": {\"baseUrl\": \".\", \"paths\": {\"@/*\": [\"src/*\",]}} }",
            ),
            file("apps/web/tsconfig.json", r#"{"extends": "../../tsconfig.base.json"}"#),
        ]);
        let web = all.aliases.iter().find(|aliases| aliases.directory == "apps/web").expect("read");
        assert_eq!(web.patterns, [("@/*".to_owned(), vec!["src/*".to_owned()])]);
    }
}
