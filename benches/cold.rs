//! What a whole cold run costs beside what it cannot do without.
//!
//! For source code that is "walk, read, parse with tree-sitter and traverse the same files, nothing else"; for
//! SQL it is sqlparser's tokenising and parsing of the same statements. Each measurement is a process of its
//! own, so that memory is counted apart and nothing is warm but the disk; the two kinds take turns. See README.md
//! beside this file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use rayon::prelude::*;
use seqscan::config::{OutputFormat, Request};
use seqscan::engine::{Open, Session, Targets};
use seqscan::report::{self, Style};
use seqscan::rules::Registry;
use seqscan::source::{FoundFile, Language, ReadLimits, Reading, SourceFile, Walk, read};
use seqscan::sql::{Dialect, Splitter};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Tokenizer;

/// How many threads both sides have.
const THREADS: usize = 2;

/// The stack of each of them, as the engine has it.
const STACK: usize = 64 << 20;

/// How often each measurement is made.
const ROUNDS: usize = 5;

/// How many copies of `fixtures/` make the corpus when none is given.
const COPIES: usize = 50;

/// What one process cost.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    wall: f64,
    cpu: f64,
    peak: f64,
}

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.first().is_some_and(|first| first == "--measure") {
        let [_, what, folder] = &arguments[..] else { return ExitCode::from(2) };
        return measure(what, Path::new(folder));
    }
    if arguments.is_empty() {
        arguments
            .extend(std::env::var("SEQSCAN_BENCH").ok().iter().flat_map(|list| list.split(':').map(str::to_owned)));
    }
    let built_in = built_in_corpus();
    let folders: Vec<PathBuf> = if arguments.is_empty() {
        vec![built_in.path().to_owned()]
    } else {
        arguments.iter().map(PathBuf::from).collect()
    };
    for folder in &folders {
        let folder = match folder.canonicalize() {
            Ok(folder) => folder,
            Err(error) => {
                eprintln!("{}: {error}", folder.display());
                return ExitCode::from(2);
            }
        };
        if arguments.is_empty() {
            println!("corpus: {COPIES} copies of fixtures/ (give folders as arguments for real ones)");
        } else {
            println!("corpus: {}", folder.file_name().unwrap_or_default().to_string_lossy());
        }
        compare(&folder, "source", ["floor", "whole"]);
        compare(&folder, "sql", ["sql-floor", "sql-whole"]);
    }
    one_small_file();
    ExitCode::SUCCESS
}

/// A project of copies of `fixtures/`.
fn built_in_corpus() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let files: Vec<(PathBuf, Vec<u8>)> = walkdir::WalkDir::new(&fixtures)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(&fixtures).ok()?.to_owned();
            Some((path, std::fs::read(entry.path()).ok()?))
        })
        .collect();
    for copy in 0..COPIES {
        for (path, bytes) in &files {
            let path = folder.path().join(format!("part{copy}")).join(path);
            std::fs::create_dir_all(path.parent().expect("a file stands in a folder")).expect("a folder");
            std::fs::write(path, bytes).expect("a file");
        }
    }
    std::fs::create_dir(folder.path().join(".git")).expect("a folder");
    folder
}

/// Measures the least that is needed and the whole, in turns, and prints both and their ratio.
fn compare(folder: &Path, name: &str, [floor, whole]: [&str; 2]) {
    let mut costs = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for (side, what) in [floor, whole].into_iter().enumerate() {
            let cost = in_process(what, folder);
            if round > 0 {
                costs[side].push(cost); // The first round only warms the disk.
            }
        }
    }
    let [floor, whole] = costs.map(|costs| best(&costs));
    if floor.cpu < 0.005 {
        println!("  {name}: nothing to measure");
        return;
    }
    println!("  {name:<7}       CPU s    wall s   peak MB");
    for (side, cost) in [("floor", floor), ("whole", whole)] {
        println!("    {side:<8} {:>8.3}  {:>8.3}  {:>8.0}", cost.cpu, cost.wall, cost.peak);
    }
    println!("    ratio    {:>8.2}  {:>8.2}", whole.cpu / floor.cpu, whole.wall / floor.wall);
}

/// The least of each: what the machine did besides is noise.
fn best(costs: &[Cost]) -> Cost {
    let least = |of: fn(&Cost) -> f64| costs.iter().map(of).fold(f64::INFINITY, f64::min);
    Cost { wall: least(|cost| cost.wall), cpu: least(|cost| cost.cpu), peak: least(|cost| cost.peak) }
}

/// Makes one measurement in a process of its own.
fn in_process(what: &str, folder: &Path) -> Cost {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).arg("--measure").arg(what).arg(folder).output().expect("this program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let [wall, cpu, peak] = numbers[..] else {
        panic!("{what}: {}", String::from_utf8_lossy(&output.stderr));
    };
    Cost { wall, cpu, peak }
}

/// The process that makes one measurement: prints wall and CPU seconds and its peak memory in MB.
fn measure(what: &str, folder: &Path) -> ExitCode {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS).stack_size(STACK).build().expect("threads");
    // What stands before the clock starts is not what is compared.
    let prepared = if what == "sql-floor" { pool.install(|| statements(folder)) } else { Vec::new() };
    let (start, before) = (Instant::now(), cpu_seconds());
    let done = match what {
        "floor" => pool.install(|| traverse(folder)),
        "whole" => whole(folder),
        "sql-floor" => pool.install(|| prepared.par_iter().map(|text| parse_sql(text)).sum()),
        "sql-whole" => whole_sql(folder),
        _ => return ExitCode::from(2),
    };
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - before);
    println!("{wall} {cpu} {}", peak_megabytes());
    eprintln!("{done}");
    ExitCode::SUCCESS
}

/// The files of a folder that are read.
fn files(folder: &Path) -> Vec<FoundFile> {
    Walk { threads: THREADS, ..Walk::new(folder) }.everything().files
}

fn text_of(file: &FoundFile) -> Option<SourceFile> {
    match read(file, &ReadLimits::default()) {
        Reading::Text(source, _) => Some(source),
        _ => None,
    }
}

/// Walks, reads, parses and traverses; how many nodes there are.
fn traverse(folder: &Path) -> usize {
    let files = files(folder);
    let code = files.par_iter().with_max_len(8).filter(|file| file.language != Language::Sql);
    code.filter_map(text_of).map(|source| nodes(&source)).sum()
}

fn nodes(source: &SourceFile) -> usize {
    let language = match source.language {
        Language::Python => tree_sitter_python::LANGUAGE,
        Language::JavaScript => tree_sitter_javascript::LANGUAGE,
        Language::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
        Language::Tsx => tree_sitter_typescript::LANGUAGE_TSX,
        Language::Sql => return 0,
    };
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&language.into()).expect("the grammar fits the library");
    let Some(tree) = parser.parse(&source.text, None) else { return 0 };
    let mut cursor = tree.walk();
    let mut count = 1;
    loop {
        if cursor.goto_first_child() || cursor.goto_next_sibling() {
            count += 1;
            continue;
        }
        loop {
            if !cursor.goto_parent() {
                return count;
            }
            if cursor.goto_next_sibling() {
                count += 1;
                break;
            }
        }
    }
}

/// A whole run, with its findings written out.
fn whole(folder: &Path) -> usize {
    run(Open { cwd: folder.to_owned(), threads: THREADS, ..Open::default() })
}

/// A whole run over the SQL files alone.
fn whole_sql(folder: &Path) -> usize {
    let inline = seqscan::config::Options {
        include: Some(vec!["**/*.sql".to_owned()]),
        include_tests: Some(true),
        ..seqscan::config::Options::default()
    };
    let config = Request { flags: inline, ..Request::default() };
    run(Open { cwd: folder.to_owned(), threads: THREADS, config, ..Open::default() })
}

fn run(open: Open) -> usize {
    let session = Session::open(open).expect("the corpus can be read");
    let report = session.snapshot().check(&Targets::All);
    let mut out = Vec::new();
    report::write(OutputFormat::Concise, &report, Registry::builtin(), &Style::default(), &mut out)
        .expect("memory can be written to");
    report.findings.len()
}

/// The statements of all SQL files below a folder.
fn statements(folder: &Path) -> Vec<String> {
    let files = files(folder);
    let sql = files.par_iter().filter(|file| file.language == Language::Sql).filter_map(text_of);
    sql.flat_map_iter(|source| {
        let spans: Vec<_> = Splitter::new(&source.text, Dialect::Generic).collect();
        spans.into_iter().map(move |span| source.text[span.range()].to_owned())
    })
    .filter(|text| text.len() < 64 << 10)
    .collect()
}

/// Tokenises and parses one statement; how many there were, which is one if it can be parsed.
fn parse_sql(text: &str) -> usize {
    let dialect = sqlparser::dialect::GenericDialect {};
    let Ok(tokens) = Tokenizer::new(&dialect, text).tokenize_with_location() else { return 0 };
    Parser::new(&dialect).with_tokens_with_locations(tokens).parse_statements().map_or(0, |parsed| parsed.len())
}

/// What the binary costs on one small file, from start to exit.
fn one_small_file() {
    const RUNS: u32 = 40;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut text = String::from("import sqlite3\n\ndb = sqlite3.connect('app.db')\n");
    for n in 0..10 {
        let _ = write!(
            text,
            "\n\ndef load{n}(ids):\n    for id in ids:\n        db.execute('SELECT a FROM b WHERE c = ?', (id,))\n"
        );
    }
    std::fs::write(folder.path().join("small.py"), text).expect("a file");
    std::fs::create_dir(folder.path().join(".git")).expect("a folder");
    let start = Instant::now();
    let before = children_cpu_seconds();
    for _ in 0..RUNS {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seqscan"));
        let _ = command.arg("check").current_dir(folder.path()).output().expect("seqscan runs");
    }
    let wall = start.elapsed().as_secs_f64() * 1000.0 / f64::from(RUNS);
    let cpu = (children_cpu_seconds() - before) * 1000.0 / f64::from(RUNS);
    println!("one small file, from start to exit: {cpu:.1} ms of CPU, {wall:.1} ms");
}

/// A field of `/proc/self/stat`, counted from the process's state; clock ticks are hundredths of a second.
fn stat_seconds(fields: [usize; 2]) -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let values: Vec<f64> = rest.split(' ').map(|value| value.parse().unwrap_or(0.0)).collect();
    fields.iter().map(|&field| values.get(field).copied().unwrap_or(0.0)).sum::<f64>() / 100.0
}

/// CPU seconds of this process, user and system, all threads.
fn cpu_seconds() -> f64 {
    stat_seconds([11, 12])
}

/// CPU seconds of the processes that it started and that ended.
fn children_cpu_seconds() -> f64 {
    stat_seconds([13, 14])
}

/// The most memory this process had, in MB.
fn peak_megabytes() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
