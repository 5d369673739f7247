//! What the changed texts begin as: the fixtures, and the examples of all pages.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use seqscan::lang;
use seqscan::source::Language;

use crate::dice::Dice;
use crate::page;

/// A file: where it stands, and its text.
type File = (PathBuf, Arc<str>);

/// All texts.
pub(crate) struct Seeds {
    /// By language.
    texts: Vec<(Language, String)>,
    /// The folders of the fixtures, with the files of each.
    pub(crate) projects: Vec<(PathBuf, Vec<File>)>,
    /// The examples of several files: the paths and the texts of each.
    pub(crate) examples: Vec<Vec<(String, String)>>,
    /// Configurations.
    pub(crate) configs: Vec<String>,
}

impl Seeds {
    /// Reads the repository.
    pub(crate) fn read() -> Seeds {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut seeds = Seeds { texts: Vec::new(), projects: Vec::new(), examples: Vec::new(), configs: Vec::new() };
        for folder in folders(&root.join("fixtures")) {
            let mut files = Vec::new();
            for entry in walkdir::WalkDir::new(&folder).sort_by_file_name().into_iter().flatten() {
                let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
                let path = entry.path().to_string_lossy();
                match Language::of_path(&path).or_else(|| Language::of_template(&path)) {
                    Some(language) => {
                        seeds.texts.push((language, text.clone()));
                        files.push((entry.into_path(), text.into()));
                    }
                    None if entry.path().extension().is_some_and(|ending| ending == "toml") => seeds.configs.push(text),
                    None => {}
                }
            }
            seeds.projects.push((folder, files));
        }
        for page in ["rules", "tests/cases"].iter().flat_map(|folder| {
            walkdir::WalkDir::new(root.join(folder)).max_depth(1).sort_by_file_name().into_iter().flatten()
        }) {
            if page.path().extension().is_some_and(|ending| ending == "md") {
                let page = std::fs::read_to_string(page.path()).unwrap_or_default();
                seeds.take_texts(&page);
                let several =
                    page::examples(&page).into_iter().map(|example| example.files).filter(|all| all.len() > 1);
                let files = several.map(|all| all.into_iter().map(|file| (file.path, file.text)).collect());
                seeds.examples.extend(files);
            }
        }
        assert!(
            seeds.texts.len() > 500
                && seeds.projects.len() > 5
                && seeds.configs.len() > 5
                && seeds.examples.len() > 100,
            "the seeds are there"
        );
        seeds
    }

    fn take_texts(&mut self, page: &str) {
        let mut open: Option<(&str, String)> = None;
        for line in page.lines() {
            match (&mut open, line.strip_prefix("```")) {
                (None, Some(info)) => {
                    open = Some((info.split_whitespace().next().unwrap_or(""), String::new()));
                }
                (Some(_), Some(_)) => {
                    if let Some((kind, text)) = open.take() {
                        if kind == "toml" {
                            self.configs.push(text);
                        } else if let Some(language) = language(kind) {
                            // Examples of templates are told apart by what they say.
                            let language = if language.is_template() {
                                lang::template_language(&text, language)
                            } else {
                                language
                            };
                            self.texts.push((language, text));
                        }
                    }
                }
                (Some((_, text)), None) => {
                    text.push_str(line);
                    text.push('\n');
                }
                (None, None) => {}
            }
        }
    }

    /// A text of this language.
    pub(crate) fn text(&self, dice: &mut Dice, language: Language) -> &str {
        let all: Vec<&str> =
            self.texts.iter().filter(|(of, _)| *of == language).map(|(_, text)| text.as_str()).collect();
        assert!(!all.is_empty(), "no example in {}", language.name());
        all[dice.below(all.len())]
    }

    /// A text of any language.
    pub(crate) fn any(&self, dice: &mut Dice) -> &str {
        &dice.of(&self.texts).1
    }
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(of).min_depth(1).max_depth(1).sort_by_file_name();
    entries.into_iter().flatten().filter(|entry| entry.file_type().is_dir()).map(walkdir::DirEntry::into_path).collect()
}

/// The language of a fence.
fn language(kind: &str) -> Option<Language> {
    let ending = match kind {
        "python" => "py",
        "javascript" => "js",
        "typescript" => "ts",
        other => other,
    };
    let path = format!("a.{ending}");
    Language::of_path(&path).or_else(|| Language::of_template(&path))
}
