//! What is measured on.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use seqscan::engine::Snapshot;
use seqscan::source::Language;
use tempfile::TempDir;

/// Small files, one per language: what is measured when nothing is named, and by the mode `small`.
pub(crate) const FILES: [(&str, &str); 3] = [
    ("app.py", include_str!("corpus/app.py")),
    ("app.ts", include_str!("corpus/app.ts")),
    ("schema.sql", include_str!("corpus/schema.sql")),
];

/// The files that seqscan reads below a folder.
pub(crate) struct Corpus {
    /// Each with its language.
    pub(crate) languages: HashMap<PathBuf, Language>,
    /// Their size.
    pub(crate) bytes: usize,
}

impl Corpus {
    /// The files of `snapshot`.
    pub(crate) fn of(snapshot: &Snapshot) -> Corpus {
        let files = snapshot.project().files();
        Corpus {
            languages: files.iter().map(|file| (file.source.absolute.clone(), file.source.language)).collect(),
            bytes: files.iter().map(|file| file.source.text.len()).sum(),
        }
    }

    /// How many there are.
    pub(crate) fn files(&self) -> usize {
        self.languages.len()
    }
}

/// A folder with copies of the small files.
pub(crate) fn builtin() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for copy in 0..20 {
        let package = folder.path().join(format!("package{copy}"));
        std::fs::create_dir(&package).expect("a temporary folder");
        for (name, text) in FILES {
            std::fs::write(package.join(name), text).expect("a temporary file");
        }
    }
    folder
}

/// A folder with copies of all `.sql` files below `folder`, under names that make none of them a test.
pub(crate) fn only_sql(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
    let is_sql = |entry: &walkdir::DirEntry| {
        entry.file_type().is_file() && entry.path().extension().is_some_and(|ending| ending == "sql")
    };
    for (number, entry) in files.filter(is_sql).enumerate() {
        std::fs::copy(entry.path(), copy.path().join(format!("{number:06}.sql"))).expect("a temporary file");
    }
    copy
}
