//! Every file of a directory given in `SEQSCAN_CORPUS`, to shake out panics; skipped without one.

use super::*;

fn python_files(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            python_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "py" || ending == "pyi") {
            found.push(path);
        }
    }
}

fn read_all(directory: &Path) {
    let mut files = Vec::new();
    python_files(directory, &mut files);
    files.sort();
    let (mut bytes, mut gaps, mut calls, mut values) = (0, 0, 0, 0);
    let started = std::time::Instant::now();
    for path in &files {
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        bytes += text.len();
        let shown = path.display().to_string();
        let file = SourceFile::new(shown.clone(), path.clone(), Language::Python, text);
        let begun = std::time::Instant::now();
        let facts = extract(&file);
        if begun.elapsed().as_millis() > 500 {
            eprintln!("{shown}: {:?}, {} bytes", begun.elapsed(), file.text.len());
        }
        for gap in &facts.gaps {
            gaps += 1;
            eprintln!("{shown}: {} `{}`", gap.what, &file.text[gap.span.range()]);
        }
        if std::env::var_os("SEQSCAN_CORPUS_CUT").is_some() {
            for part in 1..4 {
                let wanted = file.text.len() * part / 4;
                let cut = (wanted..=file.text.len()).find(|&at| file.text.is_char_boundary(at)).unwrap_or(0);
                super::facts(&file.text[..cut]);
                super::facts(&file.text[cut..]);
            }
        }
        calls += facts.calls.len();
        values += facts.values.len();
        if std::env::var_os("SEQSCAN_CORPUS_TRUST").is_none() {
            check(&file.text, &facts);
        }
    }
    let took = started.elapsed();
    eprintln!("{} files, {bytes} bytes, {calls} calls, {values} values, {gaps} gaps in {took:?}", files.len());
}

#[test]
fn a_corpus_is_read_without_a_panic() {
    let Some(directory) = std::env::var_os("SEQSCAN_CORPUS") else { return };
    let directory = PathBuf::from(directory);
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(move || read_all(&directory));
    thread.expect("a thread starts").join().expect("no file panics");
}

fn with_a_worker_stack(source: String) -> String {
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(move || {
        let facts = facts(&source);
        facts.gaps.iter().map(|gap| format!("{}\n", gap.what)).collect::<String>()
    });
    thread.expect("a thread starts").join().expect("no overflow")
}

#[test]
fn deep_nesting_is_a_gap_and_not_an_overflow() {
    let gap = "nested too deeply to be followed\n";
    assert_eq!(with_a_worker_stack(format!("x = {}1{}\n", "(".repeat(20_000), ")".repeat(20_000))), gap);
    assert_eq!(with_a_worker_stack(format!("x = {}1{}\n", "[".repeat(5_000), "]".repeat(5_000))), gap);
    assert_eq!(with_a_worker_stack(format!("x = {}1{}\n", "f(".repeat(5_000), ")".repeat(5_000))), gap);
    assert_eq!(with_a_worker_stack(format!("x = a{}\n", ".b(1)".repeat(5_000))), gap);
    assert_eq!(with_a_worker_stack(format!("x = {}a\n", "not ".repeat(5_000))), gap);
    assert_eq!(with_a_worker_stack(format!("x = {}1\n", "lambda: ".repeat(3_000))), gap);
    assert_eq!(with_a_worker_stack(format!("x = {}1\n", "a if b else ".repeat(3_000))), gap);
    let ifs: String = (0..3_000).map(|depth| format!("{}if a:\n", " ".repeat(depth))).collect();
    // The grammar gives up on so many levels of indentation before the walk does.
    assert_ne!(with_a_worker_stack(format!("{ifs}{}f()\n", " ".repeat(3_000))), "");
}

#[test]
fn long_chains_of_operators_are_walked() {
    assert_eq!(with_a_worker_stack(format!("x = 'a'{}\n", " + 'b'".repeat(20_000))), "");
    assert_eq!(with_a_worker_stack(format!("x = a{}\n", " + b".repeat(20_000))), "");
    assert_eq!(with_a_worker_stack(format!("x = a{}\n", " or b".repeat(20_000))), "");
    let elifs = "elif b:\n  y = 1\n".repeat(5_000);
    assert_eq!(with_a_worker_stack(format!("if a:\n  y = 0\n{elifs}else:\n  y = 2\n")), "");
    assert_eq!(with_a_worker_stack(format!("s = ''\n{}", "s += 'some more of it'\n".repeat(20_000))), "");
}
