//! What files say of themselves before they are understood together: what their names are bound to, which files and
//! libraries their imports mean.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::manifest::Manifests;
use super::modules::Modules;
use super::{ClassRef, FileId, Project, ProjectFile, sites};
use crate::apis::{Catalog, CatalogLanguage, LibraryId};
use crate::facts::{ClassId, FileFacts, Name, ValueId};

/// What the names at the top of a file are bound to.
pub(super) type Bindings = FxHashMap<Name, ValueId>;

/// The modules that a file imports, and the files that they are, if they are of the project.
pub(super) type Imports = FxHashMap<Name, Option<FileId>>;

/// Classes by their names in lower case, in order of place.
pub(super) type Classes = FxHashMap<String, Vec<ClassRef>>;

/// All of it, file by file.
pub(super) struct Ground {
    pub(super) modules: Arc<Modules>,
    pub(super) bindings: Vec<Arc<Bindings>>,
    pub(super) imports: Vec<Arc<Imports>>,
    pub(super) libraries: Arc<FxHashSet<LibraryId>>,
}

impl Ground {
    /// Looks at all files; of those that are as they were before a change nothing is looked for again.
    pub(super) fn of(
        files: &[ProjectFile],
        manifests: &Manifests,
        catalog: &Arc<Catalog>,
        before: Option<&Project>,
    ) -> Ground {
        let has_path = |(now, before): (&ProjectFile, &ProjectFile)| now.source.path == before.source.path;
        let is_like = |before: &&Project| {
            before.manifests == *manifests
                && before.files.len() == files.len()
                && files.iter().zip(&before.files).all(has_path)
        };
        let before = before.filter(is_like);
        let modules = before.map_or_else(
            || Arc::new(Modules::new((0..).map(FileId).zip(files.iter().map(|file| &file.source.path)))),
            |before| before.modules.clone(),
        );
        let of_file = |(at, file): (usize, &ProjectFile)| {
            let known = before.filter(|before| is_same(&before.files[at], file));
            match known {
                Some(before) => (before.bindings[at].clone(), before.imports[at].clone()),
                None => (Arc::new(last_bindings(&file.facts)), Arc::new(imported(file, manifests, &modules))),
            }
        };
        let (bindings, imports) = files.par_iter().enumerate().map(of_file).unzip();
        let same = before.filter(|before| {
            let pairs = || files.iter().zip(&before.files);
            Arc::ptr_eq(&before.catalog, catalog)
                && pairs().all(|(now, before)| is_same(before, now) || modules_of(now).eq(modules_of(before)))
        });
        let libraries =
            same.map_or_else(|| Arc::new(used_libraries(files, manifests, catalog)), |before| before.libraries.clone());
        Ground { modules, bindings, imports, libraries }
    }
}

/// Whether a file is as it was.
fn is_same(before: &ProjectFile, now: &ProjectFile) -> bool {
    Arc::ptr_eq(&before.source, &now.source) && Arc::ptr_eq(&before.facts, &now.facts)
}

/// The modules that a file imports, as it writes them, and what it is written in.
fn modules_of(file: &ProjectFile) -> impl Iterator<Item = (CatalogLanguage, &str)> {
    let language = sites::catalog_language(file.source.language);
    file.facts.imports.iter().map(move |import| (language, &file.facts.names[import.module]))
}

fn imported(file: &ProjectFile, manifests: &Manifests, modules: &Modules) -> Imports {
    let mut known = FxHashMap::default();
    for import in &file.facts.imports {
        known.entry(import.module).or_insert_with(|| {
            let module = &file.facts.names[import.module];
            modules.resolve(manifests, &file.source.path, file.source.language, module)
        });
    }
    known
}

fn last_bindings(facts: &FileFacts) -> FxHashMap<Name, ValueId> {
    facts.bindings.iter().map(|binding| (binding.name, binding.value)).collect()
}

/// The names of the classes of a file, in lower case, in order of place.
pub(super) fn class_names(facts: &FileFacts) -> impl Iterator<Item = String> {
    facts.classes.iter().map(|class| facts.names[class.name].to_lowercase())
}

/// The classes of all files.
pub(super) fn classes(files: &[ProjectFile]) -> Classes {
    let mut classes = Classes::default();
    for (file, of) in (0..).map(FileId).zip(files) {
        for (class, name) in (0..).map(ClassId).zip(class_names(&of.facts)) {
            classes.entry(name).or_default().push(ClassRef { file, class });
        }
    }
    classes
}

/// The libraries that manifests or imports name.
fn used_libraries(files: &[ProjectFile], manifests: &Manifests, catalog: &Catalog) -> FxHashSet<LibraryId> {
    let imported: FxHashSet<(CatalogLanguage, &str)> = files
        .par_iter()
        .flat_map_iter(|file| {
            let language = sites::catalog_language(file.source.language);
            let facts = &file.facts;
            facts.imports.iter().map(move |import| (language, &facts.names[import.module]))
        })
        .collect();
    let ids = (0..).map(LibraryId);
    ids.zip(catalog.libraries())
        .filter(|(_, library)| {
            library.packages.iter().any(|package| manifests.names_package(package))
                || imported.iter().any(|(language, module)| {
                    library.language.covers(*language)
                        && library.imports.iter().any(|root| {
                            module
                                .strip_prefix(root.as_str())
                                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
                        })
                })
        })
        .map(|(id, _)| id)
        .collect()
}
