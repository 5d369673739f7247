//! Sessions with rules of their own: what is run, filtered, silenced, and survived.

use std::path::PathBuf;
use std::sync::OnceLock;

use super::*;
use crate::config::{Options, Request};
use crate::findings::{Applicability, Confidence, Edit, Fix, Role, Severity};
use crate::rules::{Check, FileCx, Finding, ProjectCx, Registry, Rule, Sink, StatementCx};
use crate::source::Span;

macro_rules! page {
    ($more:literal) => {
        concat!(
            "```toml\nsummary = \"x\"\ncategory = \"loops\"\nstatus = \"stable\"\nsince = \"0.1.0\"\n",
            "languages = [\"python\"]\ndialects = [\"any\"]\nfix = \"none\"\n",
            $more,
            "\n```\n\nFinds.\n"
        )
    };
}

const WARNING: &str = page!("severity = \"warning\"\nconfidence = \"high\"");
const UNSURE: &str = page!("severity = \"warning\"\nconfidence = \"low\"");

static RULES: &[Rule] = &[
    Rule { name: "fails", page: WARNING, check: Check::File(fails) },
    Rule { name: "finds", page: WARNING, check: Check::File(finds) },
    Rule { name: "is-unsure", page: UNSURE, check: Check::File(finds) },
    Rule { name: "mends", page: WARNING, check: Check::File(mends) },
    Rule { name: "sees-all", page: WARNING, check: Check::Project(sees_all) },
    Rule { name: "sees-statements", page: WARNING, check: Check::Statement(sees_statements) },
    Rule { name: "unused-suppression", page: WARNING, check: Check::Directives },
];

fn fails(cx: &FileCx<'_>, _: &mut Sink<'_>) {
    assert!(!cx.source().path.ends_with("bad.py"), "this rule has a bug");
}

/// Finds every `slow`, twice.
fn finds(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    for (at, word) in cx.source().text.match_indices("slow") {
        let span = Span::new(at, at + word.len());
        sink.report(Finding::new(cx.label(span, Role::Primary, ""), "slow"));
        sink.report(Finding::new(cx.label(span, Role::Primary, ""), "slow").confidence(Confidence::Low));
    }
}

/// Mends every line that begins with `lame`, but for one, which it leaves as it is.
fn mends(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    for (at, _) in cx.source().text.match_indices("lame") {
        let number = cx.source().text[at + 4..].lines().next().unwrap_or_default();
        let span = Span::new(at, at + 4 + number.len());
        let kept = if number == "41" { "lame" } else { "fast" };
        let text = format!("{kept}{number}");
        let fix = Fix {
            title: "hurry".to_owned(),
            applicability: Applicability::Safe,
            edits: vec![Edit { path: cx.source().path.clone(), span, text }],
        };
        sink.report(Finding::new(cx.label(span, Role::Primary, ""), "lame").fix(fix));
    }
}

/// Says of the first file how many there are.
fn sees_all(cx: &ProjectCx<'_>, sink: &mut Sink<'_>) {
    let count = cx.files().count();
    for file in cx.files().take(1) {
        let label = file.label(Span::new(0, 0), Role::Primary, "");
        sink.report(Finding::new(label, format!("{count} files")));
    }
}

fn sees_statements(cx: &StatementCx<'_>, sink: &mut Sink<'_>) {
    sink.report(Finding::new(cx.label(cx.sql.span, Role::Primary, ""), "a statement"));
}

fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| Registry::new(RULES).unwrap())
}

/// A project on disk.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[(&str, &str)]) -> Tree {
        let tree = Tree(tempfile::Builder::new().prefix("project").tempdir().unwrap());
        std::fs::create_dir(tree.0.path().join(".git")).unwrap();
        for (path, text) in files {
            let path = tree.0.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        tree
    }

    fn root(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    fn session(&self, rules: &[&str], paths: &[&str]) -> Session {
        let select = Some(rules.iter().map(ToString::to_string).collect());
        self.session_with(Options { select, ..Options::default() }, paths)
    }

    fn session_with(&self, flags: Options, paths: &[&str]) -> Session {
        let config = Request { flags, ..Request::default() };
        let paths = paths.iter().map(PathBuf::from).collect();
        // The rules here look for words that are no sign of a database.
        let open = Open { cwd: self.root(), paths, config, parse: Parse::All, threads: 2, ..Open::default() };
        Session::open_with(registry(), open).unwrap()
    }
}

/// The findings as `rule path:line`.
fn found(session: &Session) -> Vec<String> {
    let report = session.snapshot().check(&session.targets());
    let line = |path: &str, span: Span| report.sources[path].lines().line(span.start);
    let told = report.findings.iter().map(|reported| {
        let finding = &reported.diagnostic;
        format!("{} {}:{}", finding.rule, finding.primary.path, line(&finding.primary.path, finding.primary.span))
    });
    told.collect()
}

#[test]
fn a_failing_rule_costs_only_itself() {
    let tree = Tree::new(&[("bad.py", "slow\n"), ("good.py", "slow\n")]);
    let session = tree.session(&["fails", "finds"], &[]);
    assert_eq!(found(&session), ["finds bad.py:1", "finds good.py:1"]);
    let report = session.snapshot().check(&Targets::All);
    let error = report.internal_errors[0].to_string();
    assert!(error.starts_with("fails failed on bad.py: this rule has a bug (src/engine/tests.rs:"), "{error}");
    assert_eq!(report.internal_errors.len(), 1);
}

#[test]
fn one_fix_that_is_taken_back_costs_no_other() {
    let text: String = (0..120).map(|number| format!("lame{number}\n")).collect();
    let tree = Tree::new(&[("a.py", &text)]);
    let fixed = tree.session(&["mends"], &[]).fix(&Targets::All, Applicability::Safe).unwrap();
    assert_eq!(fixed.count.get("mends"), Some(&119));
    let [refused] = &fixed.refused[..] else { panic!("{:?}", fixed.refused) };
    assert!(refused.starts_with("a.py:42: `hurry` was taken back"), "{refused}");
    assert!(fixed.files[0].after.starts_with("fast0\n") && fixed.files[0].after.contains("\nlame41\nfast42\n"));
}

#[test]
fn what_files_say_alone_is_checked_if_they_are_not_understood_together() {
    let tree = Tree::new(&[("a.py", "slow\n"), ("b.sql", "SELECT id FROM books;\n")]);
    let session = tree.session(&["finds", "sees-all", "sees-statements", "unused-suppression"], &[]);
    let report = session.snapshot_with(&|_, _, _, _| panic!("books are closed")).check(&Targets::All);
    assert_eq!(report.findings.len(), 3);
    let [error] = &report.internal_errors[..] else { panic!("{:?}", report.internal_errors) };
    assert!(error.to_string().contains("books are closed (src/engine/tests.rs:"), "{error}");
}

#[test]
fn equal_findings_are_told_once_and_the_surest_stands() {
    let tree = Tree::new(&[("a.py", "slow\nslow\n")]);
    let report = tree.session(&["finds"], &[]).snapshot().check(&Targets::All);
    assert_eq!(report.findings.len(), 2);
    assert!(report.findings.iter().all(|reported| reported.diagnostic.confidence == Confidence::High));
    assert_ne!(report.findings[0].fingerprint, report.findings[1].fingerprint);
}

#[test]
fn fingerprints_do_not_depend_on_lines() {
    let prints = |text: &str| -> Vec<String> {
        let report = Tree::new(&[("a.py", text)]).session(&["finds"], &[]).snapshot().check(&Targets::All);
        report.findings.into_iter().map(|reported| reported.fingerprint).collect()
    };
    let before = prints("slow\nslow\n");
    assert_eq!(prints("\n\nx = 1\n  slow\n\nslow\n"), before);
    assert_ne!(prints("def f():\n  slow\n")[0], before[0], "the scope is a part");
}

#[test]
fn what_is_unsure_is_told_only_if_asked() {
    let tree = Tree::new(&[("a.py", "slow\n")]);
    assert!(found(&tree.session(&["is-unsure"], &[])).is_empty());
    let pedantic = Options { pedantic: Some(true), select: Some(vec!["is-unsure".to_owned()]), ..Options::default() };
    assert_eq!(found(&tree.session_with(pedantic, &[])), ["is-unsure a.py:1"]);
}

#[test]
fn naming_files_selects_what_is_told_and_not_what_is_known() {
    let tree = Tree::new(&[("a.py", "x"), ("b/c.py", "slow"), ("d.py", "slow")]);
    assert_eq!(found(&tree.session(&["finds", "sees-all"], &["b", "a.py"])), ["sees-all a.py:1", "finds b/c.py:1"]);
    let report = tree.session(&["sees-all"], &["a.py"]).snapshot().check(&Targets::All);
    assert_eq!(report.findings[0].diagnostic.message, "3 files");
}

#[test]
fn tests_and_their_like_are_out_unless_named() {
    let files = ["a.py", "tests/b.py", "shop/migrations/c.py", "seeds/d.py", "scripts/e.py"];
    let tree = Tree::new(&files.map(|path| (path, "slow")));
    assert_eq!(found(&tree.session(&["finds"], &[])), ["finds a.py:1"]);
    let report = tree.session(&["finds"], &[]).snapshot().check(&Targets::All);
    assert_eq!(report.left_out_by_reason(), ["1 test", "1 migration", "1 seed", "1 script"]);
    assert_eq!(found(&tree.session(&["finds"], &["tests/b.py"])), ["finds tests/b.py:1"]);
    assert_eq!(found(&tree.session(&["finds"], &["tests"])), ["finds tests/b.py:1"]);
    let forced = Options { force_exclude: Some(true), ..Options::default() };
    assert!(found(&tree.session_with(forced, &["tests/b.py"])).is_empty());
    let all = Options { include_tests: Some(true), select: Some(vec!["finds".to_owned()]), ..Options::default() };
    assert_eq!(found(&tree.session_with(all, &[])).len(), 5);
}

#[test]
fn settings_are_those_of_the_nearest_configuration() {
    let tree = Tree::new(&[
        ("seqscan.toml", "select = [\"finds\"]\nexclude = [\"x/skipped.py\"]"),
        ("a.py", "slow"),
        ("x/skipped.py", "slow"),
        ("b/seqscan.toml", "[rules.finds]\nseverity = \"error\""),
        ("b/c.py", "slow"),
        ("d/package.json", "{ \"seqscan\": { \"ignore\": [\"all\"] } }"),
        ("d/e.py", "slow"),
    ]);
    let session = tree.session_with(Options { extend_ignore: Some(vec!["fails".into()]), ..Options::default() }, &[]);
    let report = session.snapshot().check(&Targets::All);
    let told =
        report.findings.iter().map(|reported| (&*reported.diagnostic.primary.path, reported.diagnostic.severity));
    let told: Vec<_> = told.filter(|(path, _)| path.ends_with(".py")).collect();
    assert_eq!(told, [("a.py", Severity::Warning), ("b/c.py", Severity::Error)]);
    assert!(report.left_out.iter().any(|left_out| &*left_out.path == "x/skipped.py"));
}

#[test]
fn edits_and_cold_runs_agree() {
    let tree = Tree::new(&[("a.py", "slow"), ("b.py", "")]);
    let mut session = tree.session(&["finds"], &[]);
    session.set_text(&tree.root().join("a.py"), b"x = 1".to_vec()).unwrap();
    session.set_text(&tree.root().join("b.py"), b"\nslow".to_vec()).unwrap();
    session.set_text(&tree.root().join("new.py"), b"slow".to_vec()).unwrap();
    assert_eq!(found(&session), ["finds b.py:2", "finds new.py:1"]);
    session.set_text(&tree.root().join("b.py"), b"".to_vec()).unwrap();
    assert_eq!(found(&session), ["finds new.py:1"]);
}

#[test]
fn a_document_stands_for_its_file_and_changes_nothing_else() {
    let tree = Tree::new(&[("a.py", "slow"), ("tests/b.py", ""), ("c.py", "# DO NOT EDIT\n"), ("d.py", "x")]);
    let mut session = tree.session(&["finds"], &[]);
    let edit = |session: &mut Session, path: &str, text: Option<&str>| {
        session.edit(&tree.root().join(path), text.map(Into::into)).unwrap()
    };
    assert!(edit(&mut session, "a.py", Some("\nslow")));
    assert!(!edit(&mut session, "tests/b.py", Some("slow")), "a test is none of the project");
    assert!(edit(&mut session, "c.py", Some("# DO NOT EDIT\nslow")), "it is known, and left out");
    assert!(edit(&mut session, "d.py", Some("x\0slow")));
    assert_eq!(found(&session), ["finds a.py:2"]);
    edit(&mut session, "c.py", Some("slow"));
    assert_eq!(found(&session), ["finds a.py:2", "finds c.py:1"]);
    edit(&mut session, "a.py", None);
    edit(&mut session, "c.py", None);
    edit(&mut session, "d.py", Some(&"slow = 1\n".repeat(300_000)));
    assert_eq!(found(&session), ["finds a.py:1"], "what is too large on disk is too large here");
}

#[test]
fn a_refresh_finds_what_a_cold_run_finds() {
    let tree = Tree::new(&[("a.py", "slow"), ("b/c.py", "slow"), ("d.py", "")]);
    let mut session = tree.session(&["finds"], &[]);
    session.edit(&tree.root().join("d.py"), Some("slow".into())).unwrap();
    std::fs::write(tree.root().join("new.py"), "slow").unwrap();
    assert!(!session.reread(&tree.root().join("new.py")).unwrap());
    session.refresh().unwrap();
    assert_eq!(found(&session), ["finds a.py:1", "finds b/c.py:1", "finds d.py:1", "finds new.py:1"]);
    assert!(session.holds(&tree.root().join("b")) && !session.holds(&tree.root().join("b/c")));
    std::fs::write(tree.root().join("seqscan.toml"), "exclude = [\"b\"]").unwrap();
    std::fs::remove_file(tree.root().join("new.py")).unwrap();
    session.refresh().unwrap();
    assert_eq!(found(&session), ["finds a.py:1", "finds d.py:1"]);
    std::fs::write(tree.root().join("seqscan.toml"), "exclud = []").unwrap();
    assert!(session.refresh().is_err());
    std::fs::write(tree.root().join("seqscan.toml"), "").unwrap();
    session.refresh().unwrap();
    assert_eq!(found(&session), ["finds a.py:1", "finds b/c.py:1", "finds d.py:1"]);
}

#[test]
fn reading_can_be_stopped() {
    let tree = Tree::new(&[("a.py", "slow")]);
    let progress: std::sync::Arc<Progress> = Default::default();
    progress.cancel();
    let open = Open { cwd: tree.root(), progress: progress.clone(), ..Open::default() };
    assert!(matches!(Session::open_with(registry(), open), Err(SessionError::Cancelled)));
    assert_eq!(progress.files(), (1, 1));
}

#[test]
fn statements_are_seen_where_they_stand() {
    let tree = Tree::new(&[("a.sql", "select 1;\nselect 2;\n")]);
    assert_eq!(found(&tree.session(&["sees-statements"], &[])), ["sees-statements a.sql:1", "sees-statements a.sql:2"]);
}

#[test]
fn a_path_that_does_not_exist_is_an_error() {
    let tree = Tree::new(&[]);
    let open = Open { cwd: tree.root(), paths: vec![PathBuf::from("gone.py")], ..Open::default() };
    let error = Session::open_with(registry(), open).unwrap_err();
    assert_eq!(error.to_string(), "gone.py: no such file or directory");
}

#[test]
fn migrations_that_only_follow_the_models_are_not_taken_apart() {
    let plain = "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    operations = []\n";
    let sql = plain.replace("[]", "[migrations.RunSQL('create index a on b (c)')]");
    let code = plain.replace("[]", "[migrations.RunPython(fill)]");
    let files = [("0001_a.py", plain), ("0002_b.py", &sql), ("0003_c.py", &code)];
    let files = files.map(|(name, text)| (format!("shop/migrations/{name}"), text));
    let tree = Tree::new(&files.each_ref().map(|(path, text)| (path.as_str(), *text)));
    let facts = |include_tests: bool| {
        let flags = Options { include_tests: Some(include_tests), ..Options::default() };
        let snapshot = tree.session_with(flags, &[]).snapshot();
        snapshot.project().files().iter().map(|file| file.facts.classes.len()).collect::<Vec<_>>()
    };
    assert_eq!(facts(false), [0, 1, 1]);
    assert_eq!(facts(true), [1, 1, 1]);
}
