//! What files say. All of a project is one file, which is read where it stands, entry by entry, and never changed: a
//! run that has enough to add writes another and puts it in the place of the first.
//!
//! ```text
//! facts of a file, facts of a file, …      in postcard
//! the index                                where those are, in postcard
//! length of the index, its sum, MAGIC      8 bytes each
//! ```

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::{WORTH, begin, build, is_own, make, today};
use crate::facts::FileFacts;
use crate::source::SourceFile;

/// The file.
const FILE: &str = "facts";
/// Ends it.
const MAGIC: &[u8; 8] = b"seqscan\n";
/// What stands after the index, in bytes.
const TAIL: u64 = 24;
/// It is not written for less text than one part of so many of what is kept: to take that apart takes less.
const SHARE: u64 = 16;
/// What no run has asked for in so many days is not kept.
const DAYS: u32 = 14;
/// No more is kept than this, in bytes; what the writing run asked for goes before the rest.
const LARGEST: u64 = 1 << 30;

/// What is kept of one project.
#[derive(Debug)]
pub(in super::super) struct FactsCache {
    folder: PathBuf,
    /// What was kept when this run began.
    kept: FxHashMap<u128, Kept>,
    /// How much text that is, in bytes.
    text: u64,
    file: Option<Mutex<File>>,
    now: Mutex<Now>,
}

/// What this run has asked for and has to add.
#[derive(Debug, Default)]
struct Now {
    asked: Vec<u128>,
    /// What is new as long as it is too little to be written.
    waiting: Vec<Fresh>,
    /// How much text that is, in bytes.
    text: u64,
    /// Begins when there is enough, and is not tried again when it fails.
    writer: Option<io::Result<Writer>>,
}

/// The facts of one file that is new.
#[derive(Debug)]
struct Fresh {
    key: u128,
    bytes: Vec<u8>,
    text: u32,
}

/// Where the facts of one file are.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Kept {
    at: u64,
    length: u32,
    sum: u64,
    /// How long the text is, in bytes.
    text: u32,
    /// The last day on which a run asked for it, counted from 1970.
    day: u32,
}

/// The end of the file.
#[derive(Serialize, Deserialize)]
struct Index {
    build: u128,
    kept: Vec<(u128, Kept)>,
}

/// The file that is to stand in the place of the one before.
#[derive(Debug)]
struct Writer {
    file: BufWriter<NamedTempFile>,
    at: u64,
    kept: Vec<(u128, Kept)>,
}

impl FactsCache {
    /// The cache in `folder`, which need not exist. What cannot be read, or was written by another build, is as if
    /// it were not there.
    pub(in super::super) fn open(folder: PathBuf) -> FactsCache {
        let known = is_own(&folder, fs::Metadata::is_dir).and_then(|_| read_index(&folder.join(FILE)));
        let (file, kept) = known.map_or_else(Default::default, |(file, kept)| (Some(Mutex::new(file)), kept));
        let text = kept.values().map(|kept| u64::from(kept.text)).sum();
        FactsCache { folder, kept, text, file, now: Mutex::default() }
    }

    /// What is kept of this text.
    pub(in super::super) fn get(&self, source: &SourceFile) -> Option<FileFacts> {
        let key = key(source);
        let kept = self.kept.get(&key)?;
        let mut bytes = vec![0; kept.length as usize];
        {
            let mut file = self.file.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(kept.at)).ok()?;
            file.read_exact(&mut bytes).ok()?;
        }
        if xxh3_64(&bytes) != kept.sum {
            return None;
        }
        let facts = postcard::from_bytes(&bytes).ok()?;
        self.now().asked.push(key);
        Some(facts)
    }

    /// Keeps what this text says, from [`FactsCache::settle`] on.
    pub(in super::super) fn add(&self, source: &SourceFile, facts: &FileFacts) {
        let Ok(bytes) = postcard::to_stdvec(facts) else { return };
        let text = u32::try_from(source.text.len()).unwrap_or(u32::MAX);
        let fresh = Fresh { key: key(source), bytes, text };
        let mut now = self.now();
        let Now { waiting, text, writer, .. } = &mut *now;
        *text += u64::from(fresh.text);
        waiting.push(fresh);
        if *text < WORTH.max(self.text / SHARE) {
            return;
        }
        let writer = writer.get_or_insert_with(|| Writer::begin(&self.folder));
        let day = today();
        let written = waiting.drain(..).try_for_each(|Fresh { key, bytes, text }| match writer {
            Ok(writer) => writer.add(key, &bytes, text, day),
            Err(_) => Ok(()),
        });
        if let Err(error) = written {
            *writer = Err(error);
        }
    }

    /// Writes what is new, if that is worth it.
    ///
    /// # Errors
    ///
    /// What the system says when it cannot be written; then everything is as before.
    pub(in super::super) fn settle(&self) -> io::Result<()> {
        let Now { asked, writer: Some(writer), .. } = std::mem::take(&mut *self.now()) else { return Ok(()) };
        let mut writer = writer?;
        let today = today();
        let mut rest = self.kept.clone();
        let asked = asked.into_iter().filter_map(|key| Some((key, Kept { day: today, ..rest.remove(&key)? })));
        let mut old: Vec<(u128, Kept)> = asked.collect();
        let mut others: Vec<(u128, Kept)> = rest.into_iter().filter(|(_, kept)| kept.day + DAYS >= today).collect();
        others.sort_unstable_by_key(|(key, kept)| (std::cmp::Reverse(kept.day), *key));
        old.extend(others);
        if let Some(file) = &self.file {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let mut bytes = Vec::new();
            for (key, kept) in old {
                if writer.at + u64::from(kept.length) > LARGEST {
                    break;
                }
                bytes.resize(kept.length as usize, 0);
                let is_read = file.seek(SeekFrom::Start(kept.at)).and_then(|_| file.read_exact(&mut bytes));
                if is_read.is_ok() && xxh3_64(&bytes) == kept.sum {
                    writer.add(key, &bytes, kept.text, kept.day)?;
                }
            }
        }
        writer.end(&self.folder)
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    fn begin(folder: &Path) -> io::Result<Writer> {
        make(folder)?;
        let file = begin(folder, FILE)?;
        Ok(Writer { file: BufWriter::with_capacity(64 << 10, file), at: 0, kept: Vec::new() })
    }

    fn add(&mut self, key: u128, bytes: &[u8], text: u32, day: u32) -> io::Result<()> {
        let Ok(length) = u32::try_from(bytes.len()) else { return Ok(()) };
        self.file.write_all(bytes)?;
        self.kept.push((key, Kept { at: self.at, length, sum: xxh3_64(bytes), text, day }));
        self.at += u64::from(length);
        Ok(())
    }

    fn end(self, folder: &Path) -> io::Result<()> {
        let Writer { mut file, kept, .. } = self;
        let index = Index { build: build(), kept };
        let index = postcard::to_stdvec(&index).map_err(io::Error::other)?;
        file.write_all(&index)?;
        file.write_all(&(index.len() as u64).to_le_bytes())?;
        file.write_all(&xxh3_64(&index).to_le_bytes())?;
        file.write_all(MAGIC)?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.persist(folder.join(FILE)).map_err(|error| error.error)?;
        Ok(())
    }
}

/// What is kept in a file, if it is whole and of this build.
fn read_index(path: &Path) -> Option<(File, FxHashMap<u128, Kept>)> {
    let length = is_own(path, fs::Metadata::is_file)?.len();
    let mut file = File::open(path).ok()?;
    let mut tail = [[0; 8]; 3];
    file.seek(SeekFrom::Start(length.checked_sub(TAIL)?)).ok()?;
    for part in &mut tail {
        file.read_exact(part).ok()?;
    }
    let [size, sum, magic] = tail;
    let size = u64::from_le_bytes(size);
    let end = (length - TAIL).checked_sub(size).filter(|_| magic == *MAGIC)?;
    file.seek(SeekFrom::Start(end)).ok()?;
    let mut bytes = vec![0; usize::try_from(size).ok()?];
    file.read_exact(&mut bytes).ok()?;
    if xxh3_64(&bytes) != u64::from_le_bytes(sum) {
        return None;
    }
    let index: Index = postcard::from_bytes(&bytes).ok().filter(|index: &Index| index.build == build())?;
    let is_inside = |kept: &Kept| kept.at.checked_add(kept.length.into()).is_some_and(|after| after <= end);
    Some((file, index.kept.into_iter().filter(|(_, kept)| is_inside(kept)).collect()))
}

/// What the facts of a file depend on: its text, what it is written in, and its path, which tells a dialect.
fn key(source: &SourceFile) -> u128 {
    let mut hasher = Xxh3::new();
    hasher.update(source.path.as_bytes());
    hasher.update(&[0, source.language as u8]);
    hasher.update(source.text.as_bytes());
    hasher.digest128()
}
