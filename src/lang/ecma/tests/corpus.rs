//! Runs over a directory of real code (`SEQSCAN_CORPUS`), to shake out what nobody thought of.

use std::path::Path;
use std::time::Instant;

use super::*;

#[test]
fn reads_a_corpus_without_panics() {
    let Some(root) = std::env::var_os("SEQSCAN_CORPUS") else { return };
    let worker = std::thread::Builder::new().stack_size(64 << 20).spawn(move || read_all(Path::new(&root)));
    worker.unwrap().join().unwrap();
}

fn read_all(root: &Path) {
    let (mut files, mut bytes, mut gaps) = (0usize, 0usize, 0usize);
    let start = Instant::now();
    let mut slowest = (std::time::Duration::ZERO, String::new());
    let entries = walkdir::WalkDir::new(root).into_iter().filter_map(Result::ok);
    for entry in entries.filter(|entry| entry.file_type().is_file()) {
        let path = entry.path().to_string_lossy().into_owned();
        let Some(language) = Language::of_path(&path).filter(|language| language.is_ecma()) else { continue };
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        if text.len() > 2_000_000 {
            continue;
        }
        let file = SourceFile::new(path.as_str(), PathBuf::new(), language, text);
        let began = Instant::now();
        let result = std::panic::catch_unwind(|| {
            let facts = crate::lang::extract(&file);
            let took = began.elapsed();
            check(&facts, &file.text);
            (facts, took)
        });
        let Ok((facts, took)) = result else { panic!("panic on {path}") };
        if took.as_millis() as usize > 200 + file.text.len() / 1024 && std::env::var_os("SEQSCAN_CORPUS_GAPS").is_some()
        {
            println!("SLOW {took:?} {path} {} KB", file.text.len() / 1024);
        }
        if took > slowest.0 {
            slowest = (took, format!("{path} ({} KB)", file.text.len() / 1024));
        }
        for gap in &facts.gaps {
            gaps += 1;
            if std::env::var_os("SEQSCAN_CORPUS_GAPS").is_some() {
                println!("{path}:{}: {}", file.lines().line(gap.span.start), gap.what);
            }
        }
        files += 1;
        bytes += file.text.len();
    }
    println!("{files} files, {} KB, {gaps} gaps, {:?}, slowest {slowest:?}", bytes / 1024, start.elapsed());
}
