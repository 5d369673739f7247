//! Files that cannot reach a database are not parsed, and that changes no finding.

use std::collections::BTreeSet;
use std::path::Path;

use seqscan::engine::{Open, Parse, Session, Targets};

use crate::project::{Project, open};

/// What is found in a tree, and in how many files something was read.
fn found(root: &Path, parse: Parse) -> (Vec<String>, usize) {
    let open = Open { parse, ..open(root, &[], &BTreeSet::new()) };
    let snapshot = Session::open(open).unwrap().snapshot();
    let report = snapshot.check(&Targets::All);
    let findings = report.findings.iter().map(|reported| {
        let finding = &reported.diagnostic;
        let place = &finding.primary;
        format!("{} {}:{:?} {} {:?}", finding.rule, place.path, place.span, finding.message, finding.confidence)
    });
    let parsed = snapshot.project().files().iter().filter(|file| !file.facts.functions.is_empty()).count();
    (findings.collect(), parsed)
}

#[test]
fn fixtures_say_the_same_when_every_file_is_parsed() {
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")).unwrap() {
        let root = entry.unwrap().path();
        if root.is_dir() {
            assert_eq!(found(&root, Parse::Relevant).0, found(&root, Parse::All).0, "{}", root.display());
        }
    }
}

#[test]
fn only_files_on_the_way_to_a_query_are_parsed() {
    let project = Project::new([
        ("package.json", r#"{"dependencies": {"pg": "8"}}"#),
        ("db.ts", "import { Pool } from \"pg\";\nexport const pool = new Pool();\n"),
        (
            "books.ts",
            "import { pool } from \"./db\";\nexport const limit = () => 3;\n\
             export async function load(id) { return pool.query(\"SELECT * FROM books WHERE id = $1\", [id]); }\n",
        ),
        ("barrel.ts", "export * from \"./books\";\n"),
        ("ids.ts", "export const ids = (page: { ids: number[] }) => page.ids;\n"),
        (
            "loop.ts",
            "import { load } from \"./barrel\";\nimport { ids } from \"./ids\";\n\
             export async function all(page) { for (const id of ids(page)) await load(id); }\n",
        ),
        // Who takes something else from the same file has no query in reach, nor has who draws it.
        ("draw.tsx", "import { limit } from \"./barrel\";\nexport const Draw = () => <b>{limit()}</b>;\n"),
        ("page.tsx", "import { Draw } from \"./draw\";\nexport const Page = () => <Draw />;\n"),
        ("alone.ts", "export function each(xs) { for (const x of xs) x.run(); }\n"),
    ]);
    let (findings, parsed) = found(project.path(), Parse::Relevant);
    assert_eq!(findings.iter().filter(|finding| finding.starts_with("query-in-loop loop.ts")).count(), 1);
    assert_eq!(findings, found(project.path(), Parse::All).0);
    assert_eq!(parsed, 5, "the first five");
    assert_eq!(found(project.path(), Parse::All).1, 8);
}
