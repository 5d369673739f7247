//! The user's word about the project's own functions: entries of `seqscan.toml` whose path names one of them.
//!
//! What the project defines is understood by following it. Where the user says what such a function or method does,
//! it is not followed any more: the entry holds, whatever the function's body says.

use rustc_hash::FxHashMap;

use super::types::{ClassMember, Ty, Types};
use super::{ClassRef, FileId, FunctionRef, Project};
use crate::apis::{ApiCall, LibraryId, Own, TypeId};
use crate::facts::{CallId, UNKNOWN, Value, ValueId};
use crate::source::Language;

/// How many imports and assignments may lie between the name in a path and what it means.
const MAX_STEPS: usize = 8;

/// What the user's entries mean in this project.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Declared {
    /// Functions and methods → the index of their entry.
    functions: FxHashMap<FunctionRef, u32>,
    /// What is called like a function without being written as one: `fetchAll = traced(…)`.
    values: FxHashMap<(FileId, ValueId), u32>,
    /// Classes that a `[[type]]` describes.
    classes: FxHashMap<ClassRef, TypeId>,
}

impl Declared {
    /// Finds what the paths of the user's entries name.
    pub(super) fn find(project: &Project) -> Declared {
        let mut declared = Declared::default();
        let types = Types::new(project);
        for own in project.catalog.own() {
            match own {
                Own::Type(path, id, library) => {
                    if let Some(Target::Class(class)) = target(&types, path, *library) {
                        declared.classes.insert(class, *id);
                    }
                }
                Own::Call(path, call, library) => match target(&types, path, *library) {
                    Some(Target::Function(function)) => {
                        declared.functions.insert(function, *call);
                    }
                    Some(Target::Value(file, value)) => {
                        declared.values.insert((file, value), *call);
                    }
                    // A class that is called: what makes an instance of it.
                    Some(Target::Class(class)) => {
                        if let Some(function) = types.constructor(class) {
                            declared.functions.insert(function, *call);
                        }
                    }
                    None => {}
                },
            }
        }
        declared
    }

    /// The type that the user says a class is.
    pub(super) fn class(&self, class: ClassRef) -> Option<TypeId> {
        self.classes.get(&class).copied()
    }

    fn has_calls(&self) -> bool {
        !(self.functions.is_empty() && self.values.is_empty())
    }
}

impl<'p> Types<'p> {
    /// The user's entry for a call of one of the project's own functions.
    pub(super) fn declared_call(&self, file: FileId, call: CallId) -> Option<&'p ApiCall> {
        let declared = &self.project().declared;
        if !declared.has_calls() {
            return None;
        }
        let catalog = &self.project().catalog;
        if let Some(index) = self.defined(file, call).and_then(|function| declared.functions.get(&function)) {
            return Some(catalog.call(*index));
        }
        let (mut file, mut value) = (file, self.facts(file).call(call).callee);
        for _ in 0..MAX_STEPS {
            if let Some(index) = declared.values.get(&(file, value)) {
                return Some(catalog.call(*index));
            }
            (file, value) = self.definition(file, value)?;
        }
        None
    }
}

/// What a path of the user's names.
enum Target {
    Function(FunctionRef),
    Class(ClassRef),
    Value(FileId, ValueId),
}

/// `shop.db.fetch_all`, `shop.db.Database.fetch_all`, `src/db.fetchAll`, `@acme/db.fetchAll`: the longest part that is a
/// module of the project, and the names in it.
fn target(types: &Types<'_>, path: &str, library: LibraryId) -> Option<Target> {
    named(types, &types.project().catalog.library(library).home, path)
}

/// What `path` names for a file of the folder `home`.
fn named(types: &Types<'_>, home: &str, path: &str) -> Option<Target> {
    let project = types.project();
    path.rmatch_indices('.').find_map(|(cut, _)| {
        let mut names = path[cut + 1..].split('.');
        let name = names.next()?;
        modules(project, home, &path[..cut]).into_iter().find_map(|file| {
            let (file, value) = followed(types, file, name)?;
            named_in(types, file, value, names.clone())
        })
    })
}

/// The path that names a function of the project: the inverse of what is read from a `[[call]]`.
pub(super) fn path_of(project: &Project, function: FunctionRef) -> Option<String> {
    let file = project.file(function.file);
    let path = &file.source.path;
    let stem = path.rsplit_once('.').map_or(&**path, |(stem, _)| stem);
    let names = file.facts.scope(function.function);
    let is_ecma = file.source.language.is_ecma();
    let stem = stem.strip_suffix(if is_ecma { "/index" } else { "/__init__" }).unwrap_or(stem);
    let dotted = stem.replace('/', ".");
    // `src/shop/db.py` is `shop.db` to whoever imports it.
    let within = dotted.match_indices('.').map(|(at, _)| &dotted[at + 1..]);
    let modules: Vec<&str> =
        if is_ecma { vec![stem] } else { std::iter::once(dotted.as_str()).chain(within).collect() };
    let types = Types::new(project);
    modules.into_iter().map(|module| format!("{module}.{names}")).find(|path| {
        let found = named(&types, "", path);
        matches!(found, Some(Target::Function(found)) if found == function)
    })
}

/// The files that a module may be, as a file of the folder `home` would import it.
fn modules(project: &Project, home: &str, module: &str) -> Vec<FileId> {
    let from = if home.is_empty() { "-".to_owned() } else { format!("{home}/-") };
    let find = |language, module: &str| project.modules.resolve(&project.manifests, &from, language, module);
    let ecma = [module.to_owned(), format!("./{module}"), format!("./{}", module.replace('.', "/"))];
    let ecma = ecma.iter().filter_map(|module| find(Language::TypeScript, module));
    let ecma = ecma.filter(|&file| project.file(file).source.language.is_ecma());
    find(Language::Python, module).into_iter().chain(ecma).collect()
}

/// What a top-level name of a file is bound to, through the imports that bring it there.
fn followed(types: &Types<'_>, file: FileId, name: &str) -> Option<(FileId, ValueId)> {
    let mut at = bound(types.project(), file, name)?;
    for _ in 0..MAX_STEPS {
        if !matches!(types.facts(at.0).value(at.1), Value::Import(_)) {
            break;
        }
        match types.definition(at.0, at.1) {
            Some(next) => at = next,
            None => break,
        }
    }
    (at.1 != UNKNOWN).then_some(at)
}

fn bound(project: &Project, file: FileId, name: &str) -> Option<(FileId, ValueId)> {
    let own = |file: FileId| {
        let id = project.file(file).facts.names.find(name)?;
        project.binding(file, id).map(|value| (file, value))
    };
    own(file).or_else(|| own(*project.stars(file).files.get(name)?))
}

/// The method or attribute that `names` lead to from a value; the value itself if there are none.
fn named_in<'n>(
    types: &Types<'_>,
    file: FileId,
    value: ValueId,
    mut names: impl Iterator<Item = &'n str>,
) -> Option<Target> {
    let Some(name) = names.next() else {
        return Some(match types.facts(file).value(value) {
            Value::Function(function) => Target::Function(FunctionRef { file, function: *function }),
            Value::Class(class) => Target::Class(ClassRef { file, class: *class }),
            _ => Target::Value(file, value),
        });
    };
    let member = match types.of(file, value) {
        Ty::Class(class) | Ty::Instance(class, _) => types.class_member(class, name)?,
        _ => return None,
    };
    if names.next().is_some() {
        return None;
    }
    Some(match member {
        ClassMember::Method(function) => Target::Function(function),
        ClassMember::Attribute(file, value, _) => match types.of(file, value) {
            Ty::Function(function) => Target::Function(function),
            _ if value == UNKNOWN => return None,
            _ => Target::Value(file, value),
        },
    })
}
