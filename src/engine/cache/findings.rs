//! What was found. A run about the same texts finds the same, whichever of them it is asked about.

use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::{begin, build, is_own, make};
use crate::engine::whole::Whole;

/// What the names of the files begin with.
const PREFIX: &str = "findings-";
/// So many are kept: branches, ways to configure it.
const MANY: usize = 24;

/// All that findings depend on.
pub(in super::super) struct FindingsKey(Xxh3);

impl FindingsKey {
    /// Nothing yet but this build of the program.
    pub(in super::super) fn new() -> FindingsKey {
        let mut key = FindingsKey(Xxh3::new());
        key.add(build().to_le_bytes());
        key
    }

    /// Something else that it depends on.
    pub(in super::super) fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }
}

/// The findings of one key, in a folder with others.
#[derive(Debug)]
pub(in super::super) struct FindingsCache {
    folder: PathBuf,
    name: String,
}

impl FindingsCache {
    /// Where the findings of `key` are kept.
    pub(in super::super) fn new(folder: PathBuf, key: &FindingsKey) -> FindingsCache {
        FindingsCache { folder, name: format!("{PREFIX}{:032x}", key.0.digest128()) }
    }

    /// What was found. It lives as long as the program does, which is about to tell it and end.
    pub(in super::super) fn get(&self) -> Option<Whole> {
        is_own(&self.folder, Metadata::is_dir)?;
        let path = self.folder.join(&self.name);
        is_own(&path, Metadata::is_file)?;
        let bytes: &'static [u8] = fs::read(path).ok()?.leak();
        let (sum, bytes) = bytes.split_first_chunk()?;
        if xxh3_64(bytes) != u64::from_le_bytes(*sum) {
            return None;
        }
        postcard::from_bytes(bytes).ok()
    }

    /// Keeps what was found.
    ///
    /// # Errors
    ///
    /// What the system says when it cannot be written.
    pub(in super::super) fn put(&self, whole: &Whole) -> io::Result<()> {
        let bytes = postcard::to_stdvec(whole).map_err(io::Error::other)?;
        make(&self.folder)?;
        let mut file = begin(&self.folder, PREFIX)?;
        file.write_all(&xxh3_64(&bytes).to_le_bytes())?;
        file.write_all(&bytes)?;
        file.persist(self.folder.join(&self.name)).map_err(|error| error.error)?;
        tidy(&self.folder)
    }
}

/// Lets only the newest stay.
fn tidy(folder: &Path) -> io::Result<()> {
    let mut all: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            all.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    all.sort_unstable();
    let too_many = all.len().saturating_sub(MANY);
    all.into_iter().take(too_many).try_for_each(|(_, path)| fs::remove_file(path))
}
