//! Paths that a configuration names, in the language of `.gitignore`.

use std::fmt;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// A set of patterns as `.gitignore` has them: without a slash inside they match at any depth, with one they
/// are relative to the folder of their configuration; `!` takes back; the last one that matches wins.
#[derive(Clone, Default)]
pub struct PathPatterns {
    sets: Vec<(PathBuf, Gitignore)>,
    written: Vec<String>,
}

impl PathPatterns {
    /// Adds patterns that are relative to `base`, an absolute path; the error is a pattern and what is wrong.
    pub fn add(&mut self, base: &Path, patterns: &[String]) -> Result<(), (String, String)> {
        let mut builder = GitignoreBuilder::new(base);
        for pattern in patterns {
            let bare = pattern.strip_prefix("./").unwrap_or(pattern);
            // A comment or an empty line in `.gitignore`, never meant here.
            if bare.is_empty() || bare.starts_with('#') {
                return Err((pattern.clone(), "this is not a path pattern".to_owned()));
            }
            if let Err(error) = builder.add_line(None, bare) {
                return Err((pattern.clone(), what_is_wrong(&error)));
            }
        }
        match builder.build() {
            Ok(set) => self.sets.push((base.to_owned(), set)),
            Err(error) => return Err((patterns.join(", "), what_is_wrong(&error))),
        }
        self.written.extend(patterns.iter().cloned());
        Ok(())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// Whether the file at `path`, which is absolute, or a folder above it is matched.
    pub fn matches(&self, path: &Path) -> bool {
        let mut matched = false;
        for (base, set) in &self.sets {
            let Ok(relative) = path.strip_prefix(base) else { continue };
            let found = set.matched_path_or_any_parents(relative, false);
            if !found.is_none() {
                matched = found.is_ignore();
            }
        }
        matched
    }

    /// As they were written.
    pub fn written(&self) -> &[String] {
        &self.written
    }
}

/// What is wrong with a pattern, without the pattern itself.
fn what_is_wrong(error: &ignore::Error) -> String {
    let text = match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        error => error.to_string(),
    };
    format!("this is not a path pattern: {}", text.split(" (maybe").next().unwrap_or_default())
}

impl fmt::Debug for PathPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.written).finish()
    }
}
