//! What a file is for, as far as its path tells.

/// What a file is for. Only applications are checked unless asked otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// What runs in production, and everything that no name says otherwise of.
    #[default]
    Application,
    /// Tests, their helpers and fixtures, benchmarks, stories, examples.
    Test,
    /// One step of a schema's history. Not checked, but read for the schema.
    Migration,
    /// What fills a database, for development or when it is new.
    Seed,
    /// What people run by hand.
    Script,
}

/// Folders that hold tests, by their whole name.
const TEST_FOLDERS: &[&str] = &[
    "__fixtures__",
    "__mocks__",
    "__tests__",
    ".storybook",
    "benches",
    "benchmark",
    "benchmarks",
    "conftest",
    "cypress",
    "e2e",
    "example",
    "examples",
    "fixtures",
    "playwright",
    "spec",
    "specs",
    "test",
    "testdata",
    "testing",
    "tests",
    "testutil",
    "testutils",
    "unittests",
];

/// Folders below which `scripts` is part of the application: a page's scripts, a package's source.
const APPLICATION_FOLDERS: &[&str] = &["app", "assets", "lib", "public", "src", "static", "web", "www"];

/// Of these, those below which TypeScript is run by a server or by hand, not by a page.
const SOURCE_FOLDERS: &[&str] = &["lib", "src", "web"];

/// Folders of a monorepo whose folders are packages: what is below `apps/web` is a package's own, whatever its name.
const PACKAGE_FOLDERS: &[&str] = &["apps", "libs", "modules", "packages", "services"];

/// What runs the tests of JavaScript and TypeScript.
const TEST_RUNNERS: &[&str] = &["cypress", "jest", "karma", "playwright", "vitest", "wdio"];

/// Marks in the name of a JavaScript or TypeScript file, between dots.
const TEST_MARKS: &[&str] =
    &["bench", "cy", "e2e", "e2e-spec", "fixture", "fixtures", "mock", "mocks", "spec", "stories", "test", "test-d"];

impl Purpose {
    /// What the file at `path` (relative, with `/`) is for.
    pub fn of_path(path: &str) -> Purpose {
        let lower = path.to_ascii_lowercase();
        let (folders, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
        let folders: Vec<&str> = folders.split('/').filter(|part| !part.is_empty()).collect();
        if folders.iter().any(|folder| is_test_folder(folder)) || is_test_file(name) {
            Purpose::Test
        } else if is_migration(&folders, name) {
            Purpose::Migration
        } else if folders.iter().any(|folder| is_seed_folder(folder))
            || is_command_for_trying(&folders, name)
            || is_seed_file(name)
        {
            Purpose::Seed
        } else if is_script(&folders, name) {
            Purpose::Script
        } else {
            Purpose::Application
        }
    }

    /// What `count` of them are, as users read it: `2 tests`.
    pub fn describe(self, count: usize) -> String {
        let word = match self {
            Purpose::Application => "application file",
            Purpose::Test => "test",
            Purpose::Migration => "migration",
            Purpose::Seed => "seed",
            Purpose::Script => "script",
        };
        format!("{count} {word}{}", if count == 1 { "" } else { "s" })
    }
}

fn is_test_folder(folder: &str) -> bool {
    // `integration_tests`; but not `ab_test` or `test-connection`, which an application may well have.
    TEST_FOLDERS.contains(&folder) || is_test_help(folder) || folder.ends_with("-tests") || folder.ends_with("_tests")
}

/// `test-utils`, `tests_common`
fn is_test_help(word: &str) -> bool {
    let Some((test, rest)) = word.split_once(['-', '_']) else { return false };
    matches!(test, "test" | "tests" | "testing")
        && matches!(
            rest,
            "app"
                | "apps"
                | "common"
                | "data"
                | "fixtures"
                | "helper"
                | "helpers"
                | "lib"
                | "plugin"
                | "plugins"
                | "setup"
                | "support"
                | "util"
                | "utils"
        )
}

fn is_test_file(name: &str) -> bool {
    let (stem, marks) = name.split_once('.').unwrap_or((name, ""));
    let is_marked = || marks.rsplit('.').skip(1).any(|mark| TEST_MARKS.contains(&mark));
    let ends_in = |word: &str| stem.strip_suffix(word).is_some_and(|rest| rest.ends_with(['-', '_']));
    if matches!(marks, "py" | "pyi") {
        // The conventions of pytest and Django.
        return stem.starts_with("test_")
            || ends_in("test")
            // Of factory_boy.
            || matches!(stem, "conftest" | "factories" | "testing" | "tests")
            || is_test_help(stem);
    }
    // What runs tests is told in a file of its own: `cypress.config.ts`, `vitest.config.mts`.
    let is_config = || marks.starts_with("config") && TEST_RUNNERS.contains(&stem);
    is_marked()
        || is_config()
        || ends_in("test")
        || ends_in("spec")
        || matches!(stem, "setuptests" | "testutils")
        || is_test_help(stem)
}

fn is_migration(folders: &[&str], name: &str) -> bool {
    let is_sql = name.ends_with(".sql") || name.contains(".sql.");
    let is_folder = |folder: &&str| {
        matches!(*folder, "migration" | "migrate" | "alembic")
            || folder.ends_with("migrations")
            || is_sql && matches!(*folder, "drizzle" | "delta" | "deltas" | "updates" | "upgrades")
    };
    // `1785000000001-add-title.ts`, `20260102030405_add_title.js`, `1.2.0-1785000000-add-title.ts`
    let is_time = |word: &str| word.len() >= 10 && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_version = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let mut words = name.split(['-', '_']);
    let first = words.next().unwrap_or("");
    let is_step = name.contains(['-', '_']) && is_time(first) || is_version(first) && words.next().is_some_and(is_time);
    folders.iter().any(is_folder)
        || is_step
        || folders.last().is_some_and(|folder| matches!(*folder, "upgrade" | "upgrades")) && is_version_pair(name)
        || matches!(name, "migrations.py" | "migrations.sql")
        || name.split('.').skip(1).any(|mark| mark == "migration")
        || is_sql && is_extension_update(name)
}

/// What an upgrade from one version to the next is called: `v26_v27.py`, `1.2-to-1.3.py`.
fn is_version_pair(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let is_version = |word: &str| {
        let digits = word.strip_prefix('v').unwrap_or(word);
        digits.starts_with(|first: char| first.is_ascii_digit())
            && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    let words: Vec<&str> = stem.split(['-', '_']).filter(|&word| word != "to").collect();
    words.len() == 2 && words.into_iter().all(is_version)
}

/// PostgreSQL's extensions are brought from one version to the next by `1.0--1.1.sql`, `name--1.0--1.1.sql`.
fn is_extension_update(name: &str) -> bool {
    let mut versions = name.trim_end_matches(".sql").rsplit("--");
    let mut is_version = || versions.next().is_some_and(|part| part.starts_with(|first: char| first.is_ascii_digit()));
    is_version() && is_version()
}

fn is_seed_folder(folder: &str) -> bool {
    matches!(
        folder,
        "seed" | "seeds" | "seeders" | "demo-data" | "demo_data" | "fake-data" | "fake_data" | "fakedata" | "mockdata"
    )
}

fn is_seed_file(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    let is_seed = |word: &str| {
        matches!(word, "seed" | "seeds" | "seeder" | "populate" | "populatedb" | "populator" | "prepopulate")
    };
    // What a new database starts with; as SQL it is the schema.
    if matches!(stem, "initdb" | "init_db" | "init-db") && !name.ends_with(".sql") {
        return true;
    }
    let maker = stem.strip_suffix("generator").or_else(|| stem.strip_suffix("builder"));
    let stem = maker.map_or(stem, |words| words.trim_end_matches(['-', '_']));
    let invented = |words: &str| {
        let word = words.rsplit(['-', '_']).next();
        word == Some("test")
            || ["random", "demo", "dummy", "fake", "sample", "fixture"].iter().any(|word| words.ends_with(word))
    };
    // `random_data.py`, `create_demo_data.py`, `dummy_data_generator.py`, `demo_builder.py`
    let data = stem.strip_suffix("data").map(|words| words.trim_end_matches(['-', '_']));
    if data.or(maker.map(|_| stem)).is_some_and(invented) {
        return true;
    }
    let mut words = stem.split(['-', '_']);
    words.clone().any(|word| matches!(word, "seed" | "seeds"))
        || words.next().is_some_and(is_seed)
        || words.next_back().is_some_and(is_seed)
        || name.split('.').skip(1).any(is_seed)
}

fn is_script(folders: &[&str], name: &str) -> bool {
    let is_typescript = [".ts", ".mts", ".cts"].iter().any(|ending| name.ends_with(ending));
    let is_folder = |folder: &&str| {
        matches!(*folder, "scripts" | "script")
            || (is_typescript && *folder == "bin")
            || folder.ends_with("-scripts")
            || folder.ends_with("_scripts")
    };
    // What brings old data into a new form is run once: `management/commands/migrate_orders.py`.
    let first = name.split(['_', '-']).next().unwrap_or("");
    if folders.last() == Some(&"commands") && matches!(first, "backfill" | "convert" | "migrate") {
        return true;
    }
    let Some(at) = folders.iter().position(is_folder) else { return false };
    !folders[..at].iter().enumerate().any(|(index, folder)| {
        let is_package = index.checked_sub(1).is_some_and(|before| PACKAGE_FOLDERS.contains(&folders[before]));
        let may_hold_scripts = is_package || (is_typescript && SOURCE_FOLDERS.contains(folder));
        APPLICATION_FOLDERS.contains(folder) && !may_hold_scripts
    })
}

/// `management/commands/create_test_event.py`: a command that makes up what a developer needs.
fn is_command_for_trying(folders: &[&str], name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    folders.last() == Some(&"commands")
        && (stem.ends_with("testdata")
            || stem.contains(['_', '-'])
                && stem.split(['_', '-']).any(|word| matches!(word, "demo" | "dummy" | "fake" | "sample" | "test")))
}

#[cfg(test)]
mod tests {
    use super::Purpose::{self, *};

    #[test]
    fn what_paths_tell() {
        for (path, purpose) in [
            ("shop/views.py", Application),
            ("shop/management/commands/expire.py", Application),
            ("src/latest.ts", Application),
            ("src/contest/models.py", Application),
            ("app/ab_test/views.py", Application),
            ("app/latest_data.py", Application),
            ("app/query_builder.py", Application),
            ("app/engine/demo_builder.py", Seed),
            ("packages/schemas/alterations/1.2.0-1785000000-add-title.ts", Migration),
            ("reports/2026-10-report.ts", Application),
            ("app/create_test_data.py", Seed),
            ("shop/management/commands/dummy-generator-books.py", Seed),
            ("app/tasks/workspace_seed_task.py", Seed),
            ("packages/auth/bin/repair.ts", Script),
            ("src/attestation.ts", Application),
            ("tests/test_views.py", Test),
            ("shop/tests.py", Test),
            ("shop/utils/testing.py", Test),
            ("shop/test_views.py", Test),
            ("shop/views_test.py", Test),
            ("conftest.py", Test),
            ("app/cypress.config.js", Test),
            ("vitest.config.mts", Test),
            ("next.config.js", Application),
            ("src/__tests__/a.ts", Test),
            ("src/a.spec.ts", Test),
            ("src/a.test.jsx", Test),
            ("src/a.e2e-spec.ts", Test),
            ("src/Button.stories.tsx", Test),
            ("src/test-utils.ts", Test),
            ("src/button-test.js", Test),
            ("src/complete-ab-tests.ts", Application),
            ("src/test-connection/error.ts", Application),
            ("src/commands/test.ts", Application),
            ("shop/connection_tests.py", Application),
            ("shop/dim_spec.py", Application),
            ("app/testcases/models.py", Application),
            ("app/static/js/test-case-health.js", Application),
            ("app/services/seeder/service.py", Application),
            ("integration_tests/a.py", Test),
            ("test-utils/a.ts", Test),
            ("shop/migrations/0001_initial.py", Migration),
            ("worker/src/backgroundMigrations/prices.ts", Migration),
            ("upgrade/steps/1785000000001-addTitle.ts", Migration),
            ("reports/20260102-sales.ts", Application),
            ("packages/fake-data/src/patients.ts", Seed),
            ("alembic/versions/ab12_x.py", Migration),
            ("db/migrate/V1__x.sql", Migration),
            ("prisma/seed.ts", Seed),
            ("db/seeds/users.js", Seed),
            ("courses/factories.py", Test),
            ("shop/factory.py", Application),
            ("packages/auth/examples/basic/keystone.ts", Test),
            ("example/shop/views.py", Test),
            ("shop/management/commands/labeltestdata.py", Seed),
            ("shop/management/commands/backfill_orders.py", Script),
            ("shop/management/commands/convert_course.py", Script),
            ("shop/management/commands/migrate_endpoints.py", Script),
            ("shop/convert_course.py", Application),
            ("perf/backfill_reports.py", Application),
            ("shop/seed_products.py", Seed),
            ("src/data-import/populator.ts", Seed),
            ("shop/core/random_data.py", Seed),
            ("shop/management/commands/create_demo_data.py", Seed),
            ("shop/management/commands/populatedb.py", Seed),
            ("shop/initdb.py", Seed),
            ("docker/init-db.sql", Application),
            ("tools/roles_dummy_data_generator.py", Seed),
            ("shop/reports/data_generator.py", Application),
            ("shop/fakedata.py", Seed),
            ("shop/utils/mockdata/core.py", Seed),
            ("shop/management/commands/create_test_event.py", Seed),
            ("hack/prepopulate_shop.py", Seed),
            ("shop/ipam/migrations.py", Migration),
            ("sql/migrations.sql", Migration),
            ("shop/reports/metadata.py", Application),
            ("scripts/backfill.py", Script),
            ("packages/db/scripts/backfill.ts", Script),
            ("app/static/scripts/menu.js", Application),
            ("prisma/manual-data-migrations/1.sql", Migration),
            ("packages/db/drizzle/0051_red_hulk.sql", Migration),
            ("packages/db/drizzle/schema.ts", Application),
            ("storage/schema/main/delta/36/rooms.sql.postgres", Migration),
            ("src/features/delta/read-model.ts", Application),
            ("sql/updates/2.19.3--2.20.0.sql", Migration),
            ("admin/sql/updates/2021-07-14-move.sql", Migration),
            ("app/updates/service.py", Application),
            ("shop/db/upgrades/v26_v27.py", Migration),
            ("shop/db/upgrade/v07_titles.py", Application),
            ("shop/db/upgrades/1.2-to-1.3.py", Migration),
            ("shop/db/upgrades/manager.py", Application),
            ("shop/db/upgrades/v2.py", Application),
            ("shop/upgrades/video_player.py", Application),
            ("shop/api/v1_v2.py", Application),
            ("sql/ext--1.0--1.1.sql", Migration),
            ("sql/ext--1.0.sql", Application),
            ("src/scripts/menu.js", Application),
            ("apps/web/scripts/backfill.ts", Script),
            ("apps/web/src/scripts/menu.js", Application),
            ("worker/src/scripts/backfill.ts", Script),
            ("app/scripts/route.ts", Application),
            ("dev-server/test-plugins/profiles.ts", Test),
            ("packages/server/migration-scripts/actions.ts", Script),
        ] {
            assert_eq!(Purpose::of_path(path), purpose, "{path}");
        }
    }
}
