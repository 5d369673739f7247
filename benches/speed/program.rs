//! The program itself, from its start to its exit, as its users run it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use wait4::Wait4;

use crate::measure::Cost;

/// What one run cost.
pub(crate) struct Run {
    pub(crate) cost: Cost,
    /// The most memory that it held, in kB.
    pub(crate) memory: u64,
}

/// A cold run with all rules that are on by default over `path`, without the user's configuration.
pub(crate) fn check(path: &Path, threads: usize) -> Run {
    run(path, threads, ["--no-cache"])
}

/// The same with what is kept in the folder `cache`.
pub(crate) fn check_again(path: &Path, threads: usize, cache: &Path) -> Run {
    run(path, threads, [OsStr::new("--cache-dir"), cache.as_os_str()])
}

fn run(path: &Path, threads: usize, caching: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Run {
    let folder = if path.is_dir() { path } else { path.parent().expect("a file is in a folder") };
    let mut program = Command::new(env!("CARGO_BIN_EXE_seqscan"));
    program.args(["check", "--isolated", "--output-format", "concise", "--threads", &threads.to_string()]);
    program.args(caching).arg(path).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let ended = program.spawn().expect("the program starts").wait4().expect("the program ends");
    let wall = start.elapsed().as_secs_f64();
    assert!(ended.status.code().is_some_and(|code| code < 2), "{}: {}", path.display(), ended.status);
    let used = ended.rusage;
    Run { cost: Cost { cpu: (used.utime + used.stime).as_secs_f64(), wall }, memory: used.maxrss / 1_024 }
}
