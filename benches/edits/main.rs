//! What one change of one document costs in a language server: its file is taken apart, and the project looked at
//! again. See `benches/README.md`.

#[path = "../speed/measure.rs"]
#[allow(dead_code)]
mod measure;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use seqscan::config::Request;
use seqscan::engine::{Open, Session, Targets};
use seqscan::source::Language;

use measure::{Cost, median};

// As the program itself has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: cargo bench --bench edits -- [FOLDER…]";
/// As those of the program that has two processors.
const THREADS: usize = 2;
/// How often each is measured.
const REPETITIONS: usize = 5;

/// Longer files are not what people have open, in lines.
const LONGEST: usize = 2_500;
/// How many changes are measured at once: the system counts CPU coarsely.
const AT_ONCE: u32 = 10;

fn main() -> ExitCode {
    let words = std::env::args().skip(1).filter(|word| word != "--bench"); // what cargo always adds
    let mut folders: Vec<PathBuf> = words.map(PathBuf::from).collect();
    if let Some(folder) = folders.iter().find(|folder| !folder.is_dir()) {
        eprintln!("{}: not a folder\n{USAGE}", folder.display());
        return ExitCode::from(2);
    }
    if folders.is_empty() {
        folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"));
    }
    println!("| project | files | lines of the document | its CPU ms | with the project, CPU ms | wall ms |");
    println!("|---|--:|--:|--:|--:|--:|");
    for folder in folders.iter().filter_map(|folder| folder.canonicalize().ok()) {
        let Some(edits) = measure(&folder) else { continue };
        let (document, whole) = (edits.document, edits.whole);
        println!(
            "| {} | {} | {} | {:.1} | {:.0} | {:.0} |",
            folder.file_name().unwrap_or_default().to_string_lossy(),
            edits.files,
            edits.lines,
            document.cpu * 1e3,
            whole.cpu * 1e3,
            whole.wall * 1e3,
        );
    }
    ExitCode::SUCCESS
}

/// What changes cost.
struct Edits {
    /// How many files the project has.
    files: usize,
    /// How many lines the document has.
    lines: usize,
    /// To take the document apart.
    document: Cost,
    /// That, and to look at the project.
    whole: Cost,
}

/// Changes the longest usual file of a project; nothing if there is none.
fn measure(folder: &Path) -> Option<Edits> {
    let config = Request { isolated: true, ..Request::default() };
    let open = Open {
        cwd: folder.to_owned(),
        paths: vec![folder.to_owned()],
        config,
        keeps: true,
        threads: THREADS,
        ..Open::default()
    };
    let mut session = Session::open(open).expect("the folder can be read");
    let report = session.snapshot().check(&Targets::All);
    let checked = report.checked.iter().filter_map(|path| report.sources.get(path));
    let code = checked.filter(|source| source.language == Language::Python || source.language.is_ecma());
    let lines = |text: &str| text.lines().count();
    let longest = code.filter(|source| lines(&source.text) <= LONGEST).max_by_key(|source| lines(&source.text))?;
    let (path, text) = (longest.absolute.clone(), longest.text.clone());
    let files = report.files_read;
    // A line in its middle is there, and is not there.
    let middle = text.match_indices('\n').nth(lines(&text) / 2).map_or(text.len(), |(at, _)| at + 1);
    let changed = format!("{}\n{}", &text[..middle], &text[middle..]);
    let texts: [Arc<str>; 2] = [changed.into(), text.as_str().into()];
    let edit = |session: &mut Session, nth: u32| {
        session.edit(&path, Some(texts[nth as usize % 2].clone())).expect("the file can be read");
    };
    let per_change = |work: &mut dyn FnMut(u32)| {
        let costs = (0..REPETITIONS).map(|_| measure::cost(|| (0..AT_ONCE).for_each(&mut *work)));
        let Cost { cpu, wall } = median(costs.collect());
        Cost { cpu: cpu / f64::from(AT_ONCE), wall: wall / f64::from(AT_ONCE) }
    };
    let document = per_change(&mut |nth| edit(&mut session, nth));
    let whole = per_change(&mut |nth| {
        edit(&mut session, nth);
        session.snapshot().check(&Targets::All);
    });
    Some(Edits { files, lines: lines(&text), document, whole })
}
