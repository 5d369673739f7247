//! Which definitions belong to one database, and in which order they are made.

use std::cmp::Ordering;

use super::SchemaSource;
use crate::source::{Purpose, natural_order};

/// Sources that build one database, in order: the files of a folder, or of a folder of migrations that each
/// have a folder of their own.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) sources: Vec<SchemaSource<'a>>,
}

/// The sources in groups; both in order of their paths. What takes migrations back is left out. Definitions
/// of tests are left out if anything else defines tables.
pub(super) fn grouped(mut sources: Vec<SchemaSource<'_>>) -> Vec<Group<'_>> {
    sources.retain(|source| !source.changes.is_empty() && !undoes(source.path));
    if sources.iter().any(|source| !is_test(source.path)) {
        sources.retain(|source| !is_test(source.path));
    }
    sources.sort_by(|a, b| {
        let (left, right) = (folder_and_name(a.path), folder_and_name(b.path));
        let by_folder = natural_order(left.0, right.0);
        by_folder.then_with(|| in_order(left.1, right.1)).then_with(|| a.path.cmp(b.path))
    });
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut folder = None;
    for source in sources {
        let own = folder_and_name(source.path).0;
        match groups.last_mut() {
            Some(group) if folder == Some(own) => group.sources.push(source),
            _ => groups.push(Group { sources: vec![source] }),
        }
        folder = Some(own);
    }
    groups
}

/// The folder whose files are made one after the other, and what orders a file in it. Prisma, diesel and
/// others give each migration a folder: `migrations/20240101_init/migration.sql`.
fn folder_and_name(path: &str) -> (&str, &str) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let lower = name.to_ascii_lowercase();
    if matches!(lower.as_str(), "migration.sql" | "up.sql") {
        return folder.rsplit_once('/').unwrap_or(("", folder));
    }
    (folder, name)
}

/// Which of two migrations of a folder is made first. Flyway goes by versions: `V1__init.sql`, `V1_2__keys.sql`,
/// `V1.10__more.sql`; what has none, `R__views.sql`, is made after them.
fn in_order(left: &str, right: &str) -> Ordering {
    let versions = match (version(left), version(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (left, right) => right.is_some().cmp(&left.is_some()),
    };
    versions.then_with(|| natural_order(left, right))
}

/// The numbers of a version of Flyway's.
fn version(name: &str) -> Option<Vec<u64>> {
    let (version, _) = name.strip_prefix(['V', 'v'])?.split_once("__")?;
    version.split(['.', '_']).map(|part| part.parse().ok()).collect()
}

/// Whether a file takes a migration back: `down.sql`, `0001_x.down.sql`, flyway's `U1__x.sql`.
pub(in crate::project) fn undoes(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let (folder, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let stem = name.strip_suffix(".sql").unwrap_or(name);
    let ends =
        |mark: &str| stem.strip_suffix(mark).is_some_and(|rest| rest.is_empty() || rest.ends_with(['.', '_', '-']));
    let in_folder = folder
        .split('/')
        .any(|part| matches!(part, "down" | "downgrades" | "rollback" | "rollbacks" | "revert" | "undo"));
    let flyway = stem.starts_with('u') && stem.contains("__") && stem.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    in_folder || flyway || ends("down") || ends("rollback") || ends("undo") || ends("revert")
}

/// Whether a path is one of tests.
fn is_test(path: &str) -> bool {
    Purpose::of_path(path) == Purpose::Test
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_migrations() {
        assert_eq!(folder_and_name("db/migrations/0001_a.sql"), ("db/migrations", "0001_a.sql"));
        assert_eq!(folder_and_name("prisma/migrations/2024_a/migration.sql"), ("prisma/migrations", "2024_a"));
        assert_eq!(folder_and_name("a.sql"), ("", "a.sql"));
    }

    #[test]
    fn versions_of_flyway_are_numbers() {
        let mut names = ["V10__e.sql", "R__views.sql", "V1_2__b.sql", "V2.1__d.sql", "V1__init.sql", "V1_10__c.sql"];
        names.sort_by(|a, b| in_order(a, b));
        let expected = ["V1__init.sql", "V1_2__b.sql", "V1_10__c.sql", "V2.1__d.sql", "V10__e.sql", "R__views.sql"];
        assert_eq!(names, expected);
        assert_eq!(in_order("0002_b.sql", "0010_a.sql"), Ordering::Less);
    }

    #[test]
    fn what_takes_back() {
        for path in ["m/0001/down.sql", "m/0001_a.down.sql", "m/U1__a.sql", "db/down/1.sql", "m/1_rollback.sql"] {
            assert!(undoes(path), "{path}");
        }
        for path in ["m/0001/up.sql", "m/breakdown.sql", "m/V1__a.sql", "users.sql", "m/u_v.sql"] {
            assert!(!undoes(path), "{path}");
        }
    }
}
