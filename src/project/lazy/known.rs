//! What was found out about where rows come from, for all files of a project: many of them ask the same of the models,
//! views and managers that they share.

use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rustc_hash::{FxHashMap, FxHasher};

use super::super::reads::{self, Reads};
use super::super::{ClassRef, FileId, FunctionRef, Project};
use super::filled::Filled;
use super::rows::MAX_DEPTH;
use super::traced::{Rows, Traced};
use crate::facts::ValueId;

/// So many threads may look at once without waiting for each other.
const SHARDS: usize = 64;

/// A question of which the answer is kept. `many`: as many rows, not as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    /// What a value is.
    Value { file: FileId, value: ValueId, many: bool },
    /// What a generic view lists.
    Listed(ClassRef),
    /// The row that a generic view shows.
    Shown(ClassRef),
    /// What a function gives, whoever calls it.
    Given { function: FunctionRef, many: bool },
    /// What a manager gives of a model.
    Managed { model: ClassRef, manager: ClassRef },
}

/// From where an answer is the same, whoever asks first: nothing was left out as it was being asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Holds {
    /// From wherever one may go so much deeper.
    Within(u8),
    /// From this depth: it was looked for as deep as one may go, and no further.
    At(u8),
}

/// An answer that was kept.
pub(super) struct Recalled {
    pub(super) found: Traced,
    /// How deep one goes for it.
    pub(super) deepest: u8,
    /// Whether one would have to go deeper for all of it.
    pub(super) is_short: bool,
}

/// An answer.
#[derive(Clone, Debug)]
struct Answer {
    found: Found,
    /// How much deeper than the question it was looked for.
    height: u8,
    /// What it was read from, where that is noted.
    reads: Reads,
}

/// [`Traced`], in less memory.
#[derive(Clone, Debug)]
enum Found {
    Nothing,
    Unknown,
    Rows(Arc<Rows>),
}

/// Answers that hold in one place.
#[derive(Debug, Default)]
pub(super) struct Answers {
    whole: FxHashMap<Asked, Answer>,
    /// By the depth from which they were looked for.
    short: FxHashMap<(Asked, u8), Answer>,
}

impl Answers {
    /// The answer to a question that is asked at a depth.
    pub(super) fn of(&self, asked: Asked, depth: u8) -> Option<Recalled> {
        let whole = self.whole.get(&asked).filter(|answer| depth.saturating_add(answer.height) <= MAX_DEPTH);
        let is_short = whole.is_none();
        let Answer { found, height, reads } = whole.or_else(|| self.short.get(&(asked, depth)))?;
        reads::note_all(reads);
        let found = match found {
            Found::Nothing => Traced::Nothing,
            Found::Unknown => Traced::Unknown,
            Found::Rows(rows) => Traced::Rows(Rows::clone(rows)),
        };
        Some(Recalled { found, deepest: depth.saturating_add(*height), is_short })
    }

    /// Keeps an answer.
    pub(super) fn keep(&mut self, asked: Asked, holds: Holds, found: &Traced, reads: Reads) {
        let found = match found {
            Traced::Nothing => Found::Nothing,
            Traced::Unknown => Found::Unknown,
            Traced::Rows(rows) => Found::Rows(Arc::new(rows.clone())),
        };
        match holds {
            Holds::Within(height) => self.whole.insert(asked, Answer { found, height, reads }),
            Holds::At(depth) => self.short.insert((asked, depth), Answer { found, height: 0, reads }),
        };
    }
}

/// What is known wherever it is asked from.
#[derive(Debug)]
pub(in crate::project) struct Known {
    answers: Box<[Mutex<Answers>]>,
    filled: Box<[OnceLock<Filled>]>,
}

impl Known {
    /// Nothing yet of the files of a project.
    pub(in crate::project) fn new(project: &Project) -> Known {
        Known {
            answers: std::iter::repeat_with(Mutex::default).take(SHARDS).collect(),
            filled: project.files.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    /// The answers among which the one to a question is.
    pub(super) fn among(&self, asked: Asked) -> MutexGuard<'_, Answers> {
        let hash = BuildHasherDefault::<FxHasher>::default().hash_one(asked);
        let at = usize::try_from(hash >> 32).unwrap_or(0) % SHARDS;
        self.answers[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What calls of a file do with what it names, once found.
    pub(super) fn filled(&self, file: FileId) -> &OnceLock<Filled> {
        &self.filled[file.0 as usize]
    }
}
