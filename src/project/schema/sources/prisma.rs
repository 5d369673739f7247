//! Prisma's schema files: models are tables, and members of the client that is generated for them.

use super::{Defined, Model, Owner};
use crate::project::{FileId, Types};
use crate::source::Language;
use crate::sql::Dialect;

/// The models of a file.
pub(super) fn read(types: &Types<'_>, file: FileId) -> Defined {
    let project = types.project();
    let Some(declared) = &project.file(file).facts.declared else { return Defined::default() };
    if !is_used(&project.file(file).source.path) {
        return Defined::default();
    }
    let mut dialect = declared.dialect;
    if dialect == Dialect::Generic {
        // The models may stand in files of their own.
        let is_prisma = |path: &str| Language::of_path(path) == Some(Language::Prisma);
        let others = project.ids().zip(project.paths()).filter(|(_, path)| is_prisma(path));
        let others = others.map(|(other, _)| &project.file(other).facts.declared);
        let mut known = others.flatten().map(|declared| declared.dialect);
        dialect = known.find(|&known| known != Dialect::Generic).unwrap_or_default();
    }
    let owner = |name: &str| Owner::Client(client_name(name).into());
    let models =
        declared.models.iter().map(|model| Model::new(owner(&model.name), model.table.clone(), model.columns.clone()));
    Defined { changes: declared.changes.clone(), models: models.collect(), dialect, ..Defined::default() }
}

/// Whether Prisma looks for its schema at a path, at least of a package: others are data, such as examples.
fn is_used(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let holds_schema = |folder: &str| matches!(folder, "db" | "database" | "prisma" | "schema" | "schemas");
    name == "schema.prisma" || folders.is_empty() || folders.split('/').any(holds_schema)
}

/// `UserGroup` is `prisma.userGroup`.
fn client_name(model: &str) -> String {
    let mut letters = model.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
