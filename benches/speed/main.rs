//! How fast seqscan is, next to what cannot be avoided: see `benches/README.md`.

mod corpus;
mod dimensions;
mod floor;
mod growth;
mod measure;
mod program;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use corpus::Corpus;
use measure::{Cost, interleaved, median};
use seqscan::config::Request;
use seqscan::engine::{Open, Report, Session, Snapshot};

/// Stands in for a mode: the benchmark was started by itself, to tell how much memory one run needs.
const MEMORY_CHILD: &str = "memory-of";

const USAGE: &str = "usage: cargo bench --bench speed -- [code|sql|again|small|growth|dimensions|all] [--reps N] [--threads N] \
                     [--files N] [FOLDER…]";

/// What the command line asks for.
struct Arguments {
    mode: String,
    repetitions: usize,
    threads: usize,
    /// How many files the largest of the generated projects has.
    files: usize,
    folders: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if arguments.mode == MEMORY_CHILD {
        let peaks = arguments.folders.iter().map(|folder| program::check(folder, arguments.threads).memory);
        println!("{}", peaks.max().unwrap_or(0));
        return ExitCode::SUCCESS;
    }
    // Kept until the end: it is a temporary folder.
    let builtin = arguments.folders.is_empty().then(corpus::builtin);
    let folders = match &builtin {
        Some(folder) => vec![folder.path().to_owned()],
        None => arguments.folders.clone(),
    };
    let wants = |mode: &str| arguments.mode == mode || arguments.mode == "all";
    if wants("code") {
        code(&arguments, &folders);
    }
    if wants("sql") {
        sql(&arguments, &folders);
    }
    if wants("dimensions") {
        dimensions(&arguments);
    }
    if wants("again") {
        again(&arguments, &folders);
    }
    if wants("small") {
        small(&arguments);
    }
    if wants("growth") {
        grow(&arguments);
    }
    ExitCode::SUCCESS
}

fn arguments() -> Result<Arguments, String> {
    let mut arguments =
        Arguments { mode: "all".to_owned(), repetitions: 5, threads: 2, files: 160, folders: Vec::new() };
    let mut words = std::env::args().skip(1);
    let mut is_first = true;
    while let Some(word) = words.next() {
        let mut number = || {
            let value = words.next().and_then(|value| value.parse().ok()).filter(|&number| number > 0);
            value.ok_or_else(|| format!("{word} takes a number"))
        };
        match word.as_str() {
            "--bench" => continue, // what cargo always adds
            "--reps" => arguments.repetitions = number()?,
            "--threads" => arguments.threads = number()?,
            "--files" => arguments.files = number()?,
            "code" | "sql" | "again" | "dimensions" | "small" | "growth" | "all" | MEMORY_CHILD if is_first => {
                arguments.mode = word;
                is_first = false;
            }
            _ if word.starts_with('-') => return Err(format!("{word}: not known")),
            _ => {
                let folder = Path::new(&word).canonicalize().map_err(|error| format!("{word}: {error}"))?;
                arguments.folders.push(folder);
            }
        }
    }
    Ok(arguments)
}

/// What seqscan knows of a folder: which files it reads there, and what it finds in them.
fn look(folder: &Path, threads: usize) -> (Session, Snapshot, Report) {
    let config = Request { isolated: true, ..Request::default() };
    let open = Open { cwd: folder.to_owned(), paths: vec![folder.to_owned()], config, threads, ..Open::default() };
    let session = Session::open(open).expect("the folder can be read");
    let snapshot = session.snapshot();
    let report = snapshot.check(&session.targets());
    (session, snapshot, report)
}

/// Host languages: the whole run next to walking, reading, parsing and traversing the same files.
fn code(arguments: &Arguments, folders: &[PathBuf]) {
    println!(
        "\n| corpus | files | MB | findings | parse + traverse, CPU s | seqscan, CPU s | CPU × | wall × | peak MB |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    let mut all = (Cost::default(), Cost::default(), 0, 0, 0);
    for folder in folders {
        let (corpus, findings) = {
            let (_, snapshot, report) = look(folder, arguments.threads);
            (Corpus::of(&snapshot), report.findings.len())
        };
        let (floor, whole) = interleaved(
            arguments.repetitions,
            || measure::cost(|| floor::parse_and_traverse(folder, &corpus, arguments.threads)),
            || program::check(folder, arguments.threads).cost,
        );
        let (floor, whole) = (median(floor), median(whole));
        all = (all.0 + floor, all.1 + whole, all.2 + corpus.files(), all.3 + corpus.bytes, all.4 + findings);
        let memory = memory_of(folder, arguments.threads);
        row(&name(folder), corpus.files(), corpus.bytes, findings, floor, whole, Some(memory));
    }
    if folders.len() > 1 {
        let (floor, whole, files, bytes, findings) = all;
        row("together", files, bytes, findings, floor, whole, None);
    }
}

/// SQL: the whole run over the `.sql` files next to walking, reading, and sqlparser's tokeniser and parser over
/// the same statements.
fn sql(arguments: &Arguments, folders: &[PathBuf]) {
    println!(
        "\n| corpus | files | MB | statements | tokenise + parse, CPU s | seqscan, CPU s | CPU × | wall × | peak MB |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    let mut all = (Cost::default(), Cost::default(), 0, 0, 0);
    for folder in folders {
        let copy = corpus::only_sql(folder);
        let (corpus, statements) = {
            let (_, snapshot, _) = look(copy.path(), arguments.threads);
            (Corpus::of(&snapshot), floor::statements(&snapshot))
        };
        let count: usize = statements.values().map(|file| file.spans.len()).sum();
        if count == 0 {
            continue;
        }
        let (floor, whole) = interleaved(
            arguments.repetitions,
            || measure::cost(|| floor::tokenise_and_parse(copy.path(), &corpus, &statements, arguments.threads)),
            || program::check(copy.path(), arguments.threads).cost,
        );
        let (floor, whole) = (median(floor), median(whole));
        all = (all.0 + floor, all.1 + whole, all.2 + corpus.files(), all.3 + corpus.bytes, all.4 + count);
        let memory = memory_of(copy.path(), arguments.threads);
        row(&name(folder), corpus.files(), corpus.bytes, count, floor, whole, Some(memory));
    }
    if folders.len() > 1 {
        let (floor, whole, files, bytes, statements) = all;
        row("together", files, bytes, statements, floor, whole, None);
    }
}

/// Projects that grow in one way, each four times the one before. The bars show what one more costs: those of one row
/// are equally high where it stays the same.
fn dimensions(arguments: &Arguments) {
    println!("\n| what grows | to | CPU s | CPU µs for each, of three sizes | |\n|---|--:|--:|--:|---|");
    for dimension in &dimensions::ALL {
        let cost = |count: usize| {
            let folder = dimension.project(count);
            let run = || program::check(folder.path(), arguments.threads).cost;
            median((0..arguments.repetitions.min(3)).map(|_| run()).collect()).cpu
        };
        // What a run costs that has next to nothing to do is no part of what one more costs.
        let start = cost(1);
        let counts = [1, 4, 16].map(|times| dimension.least * times);
        let costs = counts.map(cost);
        let each: Vec<f64> =
            costs.iter().zip(counts).map(|(cpu, count)| (cpu - start).max(0.0) * 1e6 / count as f64).collect();
        let highest = each.iter().copied().fold(1e-9, f64::max);
        let bar =
            |part: &f64| ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][((part / highest * 7.0).round() as usize).min(7)];
        println!(
            "| {} | {} | {:.2} | {} | {} |",
            dimension.name,
            counts[2],
            costs[2],
            each.iter().map(|each| format!("{each:.0}")).collect::<Vec<_>>().join(" · "),
            each.iter().map(bar).collect::<String>(),
        );
    }
}

/// A run after others: as they left it, and after a change, when only what files say is still right.
fn again(arguments: &Arguments, folders: &[PathBuf]) {
    println!("\n| corpus | cold, CPU s | that writes, × | after a change, × | once more, × | kept MB |");
    println!("|---|--:|--:|--:|--:|--:|");
    for folder in folders {
        let cache = tempfile::tempdir().expect("a temporary folder");
        let kept = || std::fs::read_dir(cache.path()).into_iter().flatten().filter_map(Result::ok);
        let forget = |prefix: &str| {
            let of_name = kept().filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
            of_name.for_each(|entry| std::fs::remove_file(entry.path()).expect("a temporary file"));
        };
        let run = || program::check_again(folder, arguments.threads, cache.path()).cost;
        let mut costs: [Vec<Cost>; 4] = Default::default();
        for _ in 0..arguments.repetitions {
            costs[0].push(program::check(folder, arguments.threads).cost);
            forget("");
            costs[1].push(run());
            forget("findings-");
            costs[2].push(run());
            costs[3].push(run());
        }
        let kept: u64 = kept().filter_map(|entry| Some(entry.metadata().ok()?.len())).sum();
        let [cold, writing, changed, same] = costs.map(|costs| median(costs).cpu);
        let part = |cpu: f64| cpu / cold.max(1e-9);
        println!(
            "| {} | {cold:.2} | {:.2} | {:.2} | {:.2} | {:.1} |",
            name(folder),
            part(writing),
            part(changed),
            part(same),
            kept as f64 / 1e6,
        );
    }
}

/// The program itself on one small file, from start to exit.
fn small(arguments: &Arguments) {
    println!("\n| one file | bytes | CPU ms | wall ms |");
    println!("|---|--:|--:|--:|");
    for (file, text) in corpus::FILES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join(file), text).expect("a temporary file");
        let run = || program::check(&folder.path().join(file), arguments.threads).cost;
        run();
        let cost = median((0..arguments.repetitions * 4).map(|_| run()).collect());
        println!("| {file} | {} | {:.1} | {:.1} |", text.len(), cost.cpu * 1e3, cost.wall * 1e3);
    }
}

/// Generated projects of three sizes, each four times the one before: what a function costs should stay the same.
fn grow(arguments: &Arguments) {
    println!("\n| files | functions | MB | findings | CPU s | CPU µs per function | peak MB | peak kB per file |");
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|");
    for files in [arguments.files / 16, arguments.files / 4, arguments.files] {
        let files = files.max(1);
        let folder = growth::project(files);
        let (bytes, findings) = {
            let (_, snapshot, report) = look(folder.path(), arguments.threads);
            (Corpus::of(&snapshot).bytes, report.findings.len())
        };
        let run = || program::check(folder.path(), arguments.threads).cost;
        let cost = median((0..arguments.repetitions.min(3)).map(|_| run()).collect());
        let (functions, memory) = (files * growth::FUNCTIONS, memory_of(folder.path(), arguments.threads) as f64);
        println!(
            "| {files} | {functions} | {:.1} | {findings} | {:.2} | {:.1} | {:.0} | {:.0} |",
            bytes as f64 / 1e6,
            cost.cpu,
            cost.cpu * 1e6 / functions as f64,
            memory / 1e3,
            memory / files as f64,
        );
    }
}

fn row(name: &str, files: usize, bytes: usize, count: usize, floor: Cost, whole: Cost, memory: Option<u64>) {
    let memory = memory.map_or(String::new(), |kilobytes| format!("{:.0}", kilobytes as f64 / 1e3));
    println!(
        "| {name} | {files} | {:.1} | {count} | {:.2} | {:.2} | {:.2} | {:.2} | {memory} |",
        bytes as f64 / 1e6,
        floor.cpu,
        whole.cpu,
        whole.cpu / floor.cpu.max(1e-9),
        whole.wall / floor.wall.max(1e-9),
    );
}

fn name(folder: &Path) -> String {
    folder.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned())
}

/// The most memory that one cold run holds, in kB. A system counts it from the moment of the start, when a process
/// still is the copy of its parent: so a small one starts it.
fn memory_of(folder: &Path, threads: usize) -> u64 {
    let benchmark = std::env::current_exe().expect("the path of this program");
    let mut child = std::process::Command::new(benchmark);
    child.args([MEMORY_CHILD, "--threads", &threads.to_string()]).arg(folder);
    let output = child.output().expect("this program starts");
    String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0)
}
