//! What is given such texts, and what must hold afterwards.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use seqscan::config::{Options, OutputFormat, Request, read_inline};
use seqscan::engine::{Baseline, ChangedFile, Open, Parse, PlacedGap, Report, Session, Targets};
use seqscan::facts::FileFacts;
use seqscan::findings::Applicability;
use seqscan::lang;
use seqscan::report::{self, Style};
use seqscan::rules::Registry;
use seqscan::source::{FoundFile, Language, Reading, SourceFile, Span, of_bytes};
use seqscan::sql::{self, Dialect};

use crate::dice::Dice;
use crate::mutate;
use crate::seeds::Seeds;

/// One thing that is tried.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    /// How often, if nothing else is asked for.
    pub(crate) rounds: u64,
    /// Gives what does one run; it panics if something does not hold.
    begin: fn() -> Run,
}

type Run = Box<dyn FnMut(&mut Dice, &Seeds)>;

impl Target {
    pub(crate) fn begin(&self) -> Run {
        (self.begin)()
    }
}

pub(crate) const TARGETS: [Target; 10] = [
    Target { name: "sql", rounds: 400, begin: || Box::new(statements) },
    Target { name: "code", rounds: 400, begin: || Box::new(code) },
    Target { name: "bytes", rounds: 200, begin: || Box::new(bytes) },
    Target { name: "config", rounds: 400, begin: || Box::new(config) },
    Target { name: "baseline", rounds: 100, begin: || Box::new(baseline) },
    Target { name: "project", rounds: 30, begin: || Box::new(project) },
    Target { name: "knots", rounds: 200, begin: || Box::new(knots()) },
    Target { name: "edits", rounds: 15, begin: || Box::new(edits) },
    Target { name: "fixes", rounds: 15, begin: || Box::new(fixes) },
    Target { name: "messages", rounds: 10, begin: || Box::new(messages) },
];

const FORMATS: [OutputFormat; 12] = [
    OutputFormat::Full,
    OutputFormat::Concise,
    OutputFormat::Json,
    OutputFormat::Sarif,
    OutputFormat::Github,
    OutputFormat::Gitlab,
    OutputFormat::Rdjson,
    OutputFormat::Junit,
    OutputFormat::Checkstyle,
    OutputFormat::Markdown,
    OutputFormat::Html,
    OutputFormat::Agent,
];

/// A place must be in its text, and between characters.
fn is_place(text: &str, span: Span) -> bool {
    text.get(span.range()).is_some()
}

/// The splitter, the mask and the parser, in any dialect and with holes anywhere.
fn statements(dice: &mut Dice, seeds: &Seeds) {
    let seed = seeds.text(dice, Language::Sql);
    let text = mutate::text(dice, seed, seeds);
    let mut cuts: Vec<usize> =
        (0..dice.below(4) * 2).map(|_| dice.below(text.len() + 1)).filter(|&at| text.is_char_boundary(at)).collect();
    cuts.sort_unstable();
    let holes: Vec<Span> = cuts.chunks_exact(2).map(|pair| Span::new(pair[0], pair[1])).collect();
    let found = sql::statements(&text, &holes, *dice.of(&Dialect::ALL));
    let mut end = 0;
    for statement in &found.statements {
        assert!(is_place(&text, statement.span) && is_place(&text, statement.head), "a place outside of the text");
        assert!(statement.span.start >= end, "statements overlap");
        end = statement.span.end;
    }
    assert!(found.comments.iter().all(|&comment| is_place(&text, comment)));
}

const LANGUAGES: [(Language, &str); 8] = [
    (Language::Python, "py"),
    (Language::JavaScript, "js"),
    (Language::TypeScript, "ts"),
    (Language::Tsx, "tsx"),
    (Language::Sql, "sql"),
    (Language::Prisma, "prisma"),
    (Language::DjangoTemplate, "html"),
    (Language::Jinja, "jinja"),
];

/// What a file says.
fn code(dice: &mut Dice, seeds: &Seeds) {
    let &(language, ending) = dice.of(&LANGUAGES);
    let seed = seeds.text(dice, language);
    let text = mutate::text(dice, seed, seeds);
    let path = format!("a.{ending}");
    let source = SourceFile::new(path.as_str(), PathBuf::from("/").join(&path), language, text);
    hold(&lang::extract(&source), &source.text);
}

/// What is read of bytes that may be no text.
fn bytes(dice: &mut Dice, seeds: &Seeds) {
    let &(language, ending) = dice.of(&LANGUAGES);
    let seed = seeds.text(dice, language);
    let bytes = mutate::bytes(dice, seed, seeds);
    let path: Arc<str> = format!("a.{ending}").into();
    let found =
        FoundFile { path: path.clone(), absolute: PathBuf::from("/").join(&*path), language, named: dice.one_in(2) };
    if let Reading::Text(source, _) = of_bytes(&found, bytes) {
        hold(&lang::extract(&source), &source.text);
    }
}

/// What must hold of what a file says.
fn hold(facts: &FileFacts, text: &str) {
    let spans = (facts.calls.iter().flat_map(|call| [call.span, call.name_span]))
        .chain(facts.functions.iter().map(|function| function.span))
        .chain(facts.classes.iter().map(|class| class.span))
        .chain(facts.loops.iter().map(|found| found.span))
        .chain(facts.gaps.iter().map(|gap| gap.span))
        .chain(facts.directives.iter().map(|directive| directive.span));
    for span in spans {
        assert!(is_place(text, span), "a place outside of the text: {span:?}");
    }
}

/// A configuration is read, or told to be wrong at a place.
fn config(dice: &mut Dice, seeds: &Seeds) {
    let seed = dice.of(&seeds.configs);
    let text = mutate::text(dice, seed, seeds);
    if let Err(error) = read_inline(&text) {
        report::write_config_error(&error, true, &Style::default(), &mut Vec::new()).expect("a place in memory");
    }
}

/// A baseline is read, or refused in one line.
fn baseline(dice: &mut Dice, seeds: &Seeds) {
    let entry = r#"{"path":"a.py","rule":"query-in-loop","scope":"f","text":"db.execute(q)","count":1}"#;
    let whole = format!(r#"{{"version":1,"findings":[{}]}}"#, [entry; 3].join(","));
    let bytes = if dice.one_in(20) { whole.into_bytes() } else { mutate::bytes(dice, &whole, seeds) };
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), bytes).expect("a file");
    if let Err(message) = Baseline::read(file.path()) {
        assert!(!message.contains('\n'), "more than one line: {message}");
    }
}

/// A project with files that nobody meant to write: the texts that stand in the place of some of its files.
type Documents = Vec<(PathBuf, Arc<str>)>;

fn documents(dice: &mut Dice, seeds: &Seeds, files: &[(PathBuf, Arc<str>)]) -> Documents {
    let count = dice.within(1..4);
    (0..count)
        .map(|_| {
            let (path, text) = dice.of(files);
            (path.clone(), mutate::text(dice, text, seeds).into())
        })
        .collect()
}

fn open(root: &std::path::Path, documents: Documents, keeps: bool) -> Session {
    let flags = Options { preview: Some(true), pedantic: Some(true), ..Options::default() };
    let config = Request { flags, ..Request::default() };
    let open = Open {
        cwd: root.to_owned(),
        documents,
        config,
        keeps,
        parse: Parse::WhereWorth,
        threads: 1,
        ..Open::default()
    };
    Session::open(open).expect("a session over a fixture")
}

/// What must hold of a report, whatever it is about.
fn sound(report: &Report, format: OutputFormat) {
    assert!(report.internal_errors.is_empty(), "{:?}", report.internal_errors);
    for found in report.findings.iter().chain(&report.suppressed) {
        for label in std::iter::once(&found.diagnostic.primary).chain(&found.diagnostic.related) {
            let text =
                report.sources.get(&label.path).map(|source| source.text.as_str()).expect("a file of the project");
            assert!(is_place(text, label.span), "{} at {}: {:?}", found.diagnostic.rule, label.path, label.span);
            assert!(text.is_empty() || !label.span.is_empty(), "{}: nowhere", found.diagnostic.rule);
        }
        for edit in found.diagnostic.fix.iter().flat_map(|fix| &fix.edits) {
            let text =
                report.sources.get(&edit.path).map(|source| source.text.as_str()).expect("a file of the project");
            assert!(is_place(text, edit.span), "{} edits outside of {}", found.diagnostic.rule, edit.path);
        }
    }
    let mut out = Vec::new();
    report::write(format, report, Registry::builtin(), &Style::default(), &mut out).expect("a place in memory");
    let out = String::from_utf8(out).expect("every format is UTF-8");
    assert!(!out.contains('\u{1b}'), "an escape code reaches the terminal");
    if matches!(format, OutputFormat::Json | OutputFormat::Sarif | OutputFormat::Gitlab) {
        serde_json::from_str::<serde_json::Value>(&out).expect("JSON");
    }
}

/// A whole check, told in one of the formats.
fn project(dice: &mut Dice, seeds: &Seeds) {
    let (root, files) = dice.of(&seeds.projects);
    let session = open(root, documents(dice, seeds, files), false);
    sound(&session.snapshot().check(&Targets::All), *dice.of(&FORMATS));
}

/// A check of a project in which names stand for what others stood for: classes extend each other, functions call
/// themselves, files import themselves, tables are their own children.
fn knots() -> impl FnMut(&mut Dice, &Seeds) {
    let folder = tempfile::tempdir().expect("a folder");
    move |dice, seeds| {
        let mut files = dice.of(&seeds.examples).clone();
        for _ in 0..dice.within(1..16) {
            let lent = dice.of(&files).1.clone();
            let into = dice.below(files.len());
            files[into].1 = mutate::renamed(dice, &files[into].1, &lent);
        }
        let texts = files.into_iter().map(|(path, text)| (path.into(), text.into_bytes())).collect();
        let flags = Options { preview: Some(true), pedantic: Some(true), ..Options::default() };
        let config = Request { flags, ..Request::default() };
        let open = Open { cwd: folder.path().to_owned(), texts, config, threads: 1, ..Open::default() };
        let session = Session::open(open).expect("a session over texts");
        sound(&session.snapshot().check(&Targets::All), *dice.of(&FORMATS));
    }
}

/// A session that is told of edits knows what a new one would.
fn edits(dice: &mut Dice, seeds: &Seeds) {
    let (root, files) = dice.of(&seeds.projects);
    let mut session = open(root, Documents::new(), true);
    let mut now = std::collections::BTreeMap::new();
    let told = |session: &Session| {
        let report = session.snapshot().check(&Targets::All);
        let shown = report.findings.iter().map(|found| format!("{:?}", found.diagnostic));
        (shown.collect::<Vec<_>>(), report.gaps.len(), report.problems)
    };
    for _ in 0..dice.within(1..5) {
        for (path, text) in documents(dice, seeds, files) {
            let text = if dice.one_in(4) { None } else { Some(text) };
            match &text {
                Some(text) => now.insert(path.clone(), text.clone()),
                None => now.remove(&path),
            };
            session.edit(&path, text).expect("a file of the fixture");
            // What holds is kept from one look to the next.
            if dice.one_in(2) {
                session.snapshot();
            }
        }
        let (warm, cold) = (told(&session), told(&open(root, now.clone().into_iter().collect(), false)));
        assert_eq!(warm, cold, "an edited session knows something else than a new one");
    }
}

/// The first line of a file that a fix has changed.
fn changed_line(file: &ChangedFile) -> String {
    let mut lines = file.before.lines().zip(file.after.lines());
    let (before, after) = lines.find(|(before, after)| before != after).unwrap_or_default();
    format!("{}: {before:?} became {after:?}", file.path)
}

/// What is fixed is understood as well as before, and is not fixed again.
fn fixes(dice: &mut Dice, seeds: &Seeds) {
    let (root, files) = dice.of(&seeds.projects);
    let mut session = open(root, documents(dice, seeds, files), false);
    let before = session.snapshot().check(&Targets::All);
    let fixed = session.fix(&Targets::All, Applicability::Unsafe).expect("a session that goes on");
    sound(&fixed.report, OutputFormat::Json);
    // A fix may let a file matter that did not, and was not taken apart.
    let is_changed = |gap: &&PlacedGap| fixed.files.iter().any(|file| file.path == gap.path);
    let gaps = |report: &Report| -> Vec<String> {
        let changed = report.gaps.iter().filter(is_changed);
        changed.map(|gap| format!("{} {:?}: {}", gap.path, gap.span, gap.what)).collect()
    };
    let (before, after) = (gaps(&before), gaps(&fixed.report));
    assert!(after.len() <= before.len(), "a fix is not understood: {after:?} instead of {before:?}");
    let again = session.fix(&Targets::All, Applicability::Unsafe).expect("a session that goes on");
    let left: Vec<String> = again.files.iter().map(changed_line).collect();
    assert!(left.is_empty(), "fixed again: {left:?}");
}

/// What no editor would say: the server answers, or leaves.
fn messages(dice: &mut Dice, seeds: &Seeds) {
    let (root, files) = dice.of(&seeds.projects);
    let (path, text) = dice.of(files);
    let uri = format!("file://{}", path.display());
    let position = serde_json::json!({ "line": dice.below(50), "character": dice.below(200) });
    let text = mutate::text(dice, text, seeds);
    let mut told = vec![
        serde_json::json!({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{},"rootUri":format!("file://{}", root.display())}}),
        serde_json::json!({"jsonrpc":"2.0","method":"initialized","params":{}}),
        serde_json::json!({"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":uri,"languageId":"python","version":1,"text":text}}}),
        serde_json::json!({"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":uri,"version":2},"contentChanges":[{"range":{"start":position,"end":position},"text":"é😀\n"}]}}),
        serde_json::json!({"jsonrpc":"2.0","id":2,"method":"textDocument/hover","params":{"textDocument":{"uri":uri},"position":position}}),
        serde_json::json!({"jsonrpc":"2.0","id":3,"method":"textDocument/diagnostic","params":{"textDocument":{"uri":uri}}}),
        serde_json::json!({"jsonrpc":"2.0","id":4,"method":"textDocument/codeAction","params":{"textDocument":{"uri":uri},"range":{"start":position,"end":position},"context":{"diagnostics":[]}}}),
        serde_json::json!({"jsonrpc":"2.0","id":5,"method":"workspace/diagnostic","params":{"previousResultIds":[]}}),
    ]
    .into_iter()
    .map(|message| message.to_string())
    .collect::<Vec<String>>();
    for _ in 0..dice.within(1..4) {
        let at = dice.below(told.len());
        match dice.below(3) {
            0 => told[at] = mutate::text(dice, &told[at], seeds),
            1 => {
                let other = dice.below(told.len());
                told.swap(at, other);
            }
            _ => {
                let again = told[at].clone();
                told.insert(at, again);
            }
        }
    }
    told.push(r#"{"jsonrpc":"2.0","id":9,"method":"shutdown"}"#.to_owned());
    told.push(r#"{"jsonrpc":"2.0","method":"exit"}"#.to_owned());
    let mut server = Command::new(env!("CARGO_BIN_EXE_seqscan"))
        .arg("lsp")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server");
    let mut input = server.stdin.take().expect("its input");
    let pauses: Vec<usize> = told.iter().map(|_| if dice.one_in(4) { dice.below(30) } else { 0 }).collect();
    let tell = std::thread::spawn(move || {
        for (message, pause) in told.into_iter().zip(pauses) {
            std::thread::sleep(Duration::from_millis(pause as u64));
            // It may have left already.
            if write!(input, "Content-Length: {}\r\n\r\n{message}", message.len()).is_err() {
                break;
            }
        }
    });
    let output = server.wait_with_output().expect("the server ends");
    tell.join().expect("a writer");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code <= 1), "{:?}: {errors}", output.status);
    assert!(!errors.contains("panicked"), "{errors}");
}
