//! What files say of the schema, and whether that is what they said before a change: then the schema is the same.

use std::sync::Arc;

use super::Schema;
use super::searches::Searches;
use super::sources::{Conventions, Defined, defined_in};
use crate::facts::SqlText;
use crate::project::reads::{PerFile, Read};
use crate::project::since::Since;
use crate::project::{FileId, Project};
use crate::source::{Language, Purpose};

/// What the files of a project say before it is brought together.
#[derive(Debug, Default)]
pub(in crate::project) struct Parts {
    told: PerFile<Vec<Conventions>>,
    conventions: Conventions,
    defined: PerFile<Vec<Defined>>,
}

impl Schema {
    /// The schema that a project defines: its `.sql` files, the statements that its programs run, its models and
    /// migrations.
    pub(in crate::project) fn find(project: &Project, since: &Since<'_>) -> (Arc<Schema>, Parts) {
        let before = since.before().map(|before| &before.parts.schema);
        let told = since.find(project, before.map(|before| &before.told), Conventions::told_in);
        let conventions = Conventions::of(&told);
        let before = before.filter(|before| before.conventions == conventions).map(|before| &before.defined);
        let defined = since.find(project, before, |types, file| defined_in(types, file, conventions));
        let mut parts = Parts { told, conventions, defined };
        if let Some(before) = since.before()
            && parts.defined.changed_from(&before.parts.schema.defined).next().is_none()
            && says_the_same(before, project, since)
        {
            return (before.schema.clone(), parts);
        }
        let defined = &mut parts.defined.found;
        let defined = if project.tracks { defined.clone() } else { std::mem::take(defined) };
        (Arc::new(Schema::of_project(project, defined)), parts)
    }
}

/// Whether what is read of the files beside their models and migrations is as it was. A file that defines something in
/// SQL, is a migration, or may make something again that one of them drops is taken to say something else whenever it
/// has changed.
fn says_the_same(before: &Project, now: &Project, since: &Since<'_>) -> bool {
    let is_defining = |sql: &SqlText| !sql.statement.changes.is_empty();
    let says_nothing = |project: &Project, file: FileId| {
        let file = &project.files[file.0 as usize];
        file.purpose != Purpose::Migration
            && !matches!(file.source.language, Language::Sql | Language::Prisma)
            && !file.facts.statements.iter().any(is_defining)
            && !Searches::are_told_by(&file.source.text)
    };
    let folder = |file: FileId| {
        let path = &now.files[file.0 as usize].source.path;
        path.rsplit_once('/').map_or("", |(folder, _)| folder)
    };
    let is_migration = |file: &FileId| now.files[file.0 as usize].purpose == Purpose::Migration;
    let is_beside_migrations = |file: FileId| now.ids().filter(is_migration).any(|other| folder(other) == folder(file));
    let may_tell = |file: FileId| !says_nothing(before, file) || !says_nothing(now, file) || is_beside_migrations(file);
    let is_run_as_before = |&(file, statement): &(FileId, usize)| {
        let statements = &now.files[file.0 as usize].facts.statements;
        statements.get(statement).is_none_or(|sql| !is_defining(sql))
    };
    let mut changed = since.changed().iter().filter_map(|read| match read {
        Read::File(file) => Some(*file),
        _ => None,
    });
    !changed.any(may_tell) && now.executed.symmetric_difference(&before.executed).all(is_run_as_before)
}
