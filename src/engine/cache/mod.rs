//! What a run found out, kept for the next one in a folder at the project's root: what each file says, and what was
//! found. Both go by the very texts, the settings and this build of the program, so nothing is wrong because it is
//! old. Files are written beside those that they replace: a run that is killed leaves what was there, and of two at
//! once one wins. What cannot be read is as if it were not there.

mod facts;
mod findings;

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::NamedTempFile;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

pub(super) use facts::FactsCache;
pub(super) use findings::{FindingsCache, FindingsKey};

/// The folder, below the root of the project.
pub(super) const FOLDER: &str = ".seqscan_cache";
/// Nothing is kept of less text than this, in bytes: to take that apart takes less.
pub(super) const WORTH: u64 = 256 << 10;

/// What the names of files end with that are still written.
const UNFINISHED: &str = ".new";

/// Makes the folder, as one that version control and backups leave alone.
fn make(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    if is_own(folder, Metadata::is_dir).is_none() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "a link is not followed"));
    }
    let tag = "Signature: 8a477f597d28d172789f06886806bc55\n# What seqscan found out; it may be deleted.\n";
    for (name, text) in [(".gitignore", "*\n"), ("CACHEDIR.TAG", tag)] {
        match File::options().write(true).create_new(true).open(folder.join(name)) {
            Ok(mut file) => file.write_all(text.as_bytes())?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A file that is going to stand in the place of another one. What runs that were killed an hour ago left is gone then.
fn begin(folder: &Path, name: &str) -> io::Result<NamedTempFile> {
    for entry in fs::read_dir(folder)?.filter_map(Result::ok) {
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        if entry.file_name().to_string_lossy().ends_with(UNFINISHED) && age().is_some_and(|age| age.as_secs() > 3_600) {
            let _ = fs::remove_file(entry.path()); // or another run has done so
        }
    }
    tempfile::Builder::new().prefix(name).suffix(UNFINISHED).tempfile_in(folder)
}

/// What is at `path` if it is of this kind, and not a link to one that may be anywhere.
fn is_own(path: &Path, kind: fn(&Metadata) -> bool) -> Option<Metadata> {
    fs::symlink_metadata(path).ok().filter(kind)
}

/// Which program this is, by its bytes: one of the same version that was built anew is another. If they cannot be read, it
/// is like no other.
fn build() -> u128 {
    static BUILD: LazyLock<u128> = LazyLock::new(|| {
        let read = || -> io::Result<u128> {
            let mut program = File::open(std::env::current_exe()?)?;
            let (mut hasher, mut part) = (Xxh3::new(), vec![0; 1 << 20]);
            loop {
                match program.read(&mut part)? {
                    0 => return Ok(hasher.digest128()),
                    length => hasher.update(&part[..length]),
                }
            }
        };
        read().unwrap_or_else(|_| xxh3_128(format!("{:?} {}", SystemTime::now(), std::process::id()).as_bytes()))
    });
    *BUILD
}

/// Counted from 1970.
fn today() -> u32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(now.as_secs() / 86_400).unwrap_or(u32::MAX)
}
