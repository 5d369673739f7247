//! What answers were read from: what was found in a file before a change holds after it, as long as nothing has changed
//! that it was read from.
//!
//! A question is asked of each file, by [`Since::find`](super::since::Since::find). Three rules make its answer safe to
//! keep:
//!
//! 1. Whoever shows a part of what is known notes that it is read ([`note`]): each method of the project, of the graph
//!    of calls and of what they reach. Whoever asks need not think of it.
//! 2. When a part has been found, it is told which of it is not as it was before (`note_found`, `note_unless`), or that
//!    nothing holds if it is not (`only_if`, for what every question may be about). No question is asked before all is
//!    found that it may read.
//! 3. An answer that others are told again is kept with its reads, which are then theirs, too (`Types::recall` and
//!    `Types::keep`).
//!
//! A new question is one more [`PerFile`] that `find` fills. A part that it shows to later ones is one more [`Read`], or
//! is compared as a whole. What was forgotten is found by the tests of `since`: they edit all cases of several files,
//! and compare everything that is found with what is found anew.

use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::{FileId, FunctionRef};

/// A part of what is known of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Read {
    /// The text of a file, and what it says.
    File(FileId),
    /// Its places that reach a database.
    Sites(FileId),
    /// Which of its callbacks are run at once.
    Inlined(FileId),
    /// The calls in it of functions of the project.
    Edges(FileId),
    /// What runs in it once per row.
    Repeats(FileId),
    /// The calls of a function.
    Callers(FunctionRef),
    /// What a function reaches.
    Reach(FunctionRef),
    /// What a function calls of what it is handed.
    Called(FunctionRef),
    /// The functions of a name, by what [`hash`] makes of it.
    Named(u64),
    /// The classes of a name in lower case, likewise.
    Classes(u64),
    /// What renders templates.
    Templates,
    /// Which of its statements are run.
    Executed(FileId),
    /// What is read lazily in it.
    Lazy(FileId),
    /// What its ORMs say.
    Orm(FileId),
    /// The tables of the project.
    Schema,
    /// More than can be told apart: it holds after no change.
    Everything,
}

/// The reads of an answer, each once.
pub(super) type Reads = Arc<[Read]>;

/// What an answer is based on that somebody keeps who does not know the parts of a project.
#[derive(Clone, Debug)]
pub(crate) struct Basis(Reads);

impl Basis {
    /// `reads` are in order.
    pub(super) fn new(reads: Vec<Read>) -> Basis {
        Basis(reads.into())
    }

    /// Whether the answer holds after these changes.
    pub(super) fn holds(&self, changed: &Changed) -> bool {
        hold(&self.0, changed)
    }
}

/// What is not as it was.
pub(super) type Changed = FxHashSet<Read>;

/// So many reads are put in order, and each kept once, whenever they have become so many again.
const MANY: usize = 512;

thread_local! {
    /// What the question at hand was read from so far; nothing where nobody asks.
    static OPEN: RefCell<Option<Vec<Read>>> = const { RefCell::new(None) };
}

/// Notes that a part of the project is read. It is not inlined: most runs note nothing, and what shows a part is asked
/// everywhere.
#[cold]
#[inline(never)]
pub(super) fn note(read: Read) {
    OPEN.with_borrow_mut(|open| {
        if let Some(open) = open
            && open.last() != Some(&read)
        {
            if open.len() >= MANY && open.len() == open.capacity() {
                each_once(open);
            }
            open.push(read);
        }
    });
}

/// Notes what an answer was read from that somebody else asked for before.
pub(super) fn note_all(reads: &[Read]) {
    reads.iter().copied().for_each(note);
}

/// The answer of `ask`, and what it was read from, which is not noted for the question around it.
pub(super) fn within<T>(ask: impl FnOnce() -> T) -> (T, Vec<Read>) {
    let around = OPEN.replace(Some(Vec::new()));
    let answer = ask();
    let mut reads = OPEN.replace(around).unwrap_or_default();
    each_once(&mut reads);
    (answer, reads)
}

fn each_once(reads: &mut Vec<Read>) {
    reads.sort_unstable();
    reads.dedup();
}

/// A name, the same in all files, as a part of a [`Read`]; two that come to the same are redone together.
pub(super) fn hash(name: &str) -> u64 {
    let mut hasher = FxHasher::default();
    name.hash(&mut hasher);
    hasher.finish()
}

/// Whether an answer with these reads, in order, holds after these changes.
pub(super) fn hold(reads: &[Read], changed: &Changed) -> bool {
    // Mostly little has changed, and much is read.
    let is_any = if changed.len() < reads.len() / 8 {
        changed.iter().any(|read| reads.binary_search(read).is_ok())
    } else {
        reads.iter().any(|read| changed.contains(read))
    };
    !is_any && reads.last() != Some(&Read::Everything)
}

/// What was found in each file, with its reads.
pub(super) struct PerFile<T> {
    pub(super) found: Vec<Arc<T>>,
    /// Nothing where they were not noted.
    pub(super) reads: Vec<Reads>,
}

impl<T> Default for PerFile<T> {
    fn default() -> Self {
        PerFile { found: Vec::new(), reads: Vec::new() }
    }
}

impl<T: fmt::Debug> fmt::Debug for PerFile<T> {
    /// Shows what was found, by which two ways to find it are compared.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.found.fmt(f)
    }
}

impl<T> PerFile<T> {
    /// What was found in a file. Whoever shows it notes that.
    pub(super) fn of(&self, file: FileId) -> &T {
        &self.found[file.0 as usize]
    }

    /// What was found in a file before, with its reads, if it holds after these changes.
    pub(super) fn holding(&self, file: FileId, changed: &Changed) -> Option<(Arc<T>, Reads)> {
        let (found, reads) = (self.found.get(file.0 as usize)?, self.reads.get(file.0 as usize)?);
        hold(reads, changed).then(|| (found.clone(), reads.clone()))
    }

    /// The files of which what was found before is not kept.
    pub(super) fn redone_since<'s>(&'s self, before: &'s PerFile<T>) -> impl Iterator<Item = FileId> + 's {
        let is_kept = |at: usize| before.found.get(at).is_some_and(|before| Arc::ptr_eq(&self.found[at], before));
        let files = (0..u32::try_from(self.found.len()).unwrap_or(u32::MAX)).map(FileId);
        files.filter(move |file| !is_kept(file.0 as usize))
    }

    /// The files in which something else was found before.
    pub(super) fn changed_from<'s>(&'s self, before: &'s PerFile<T>) -> impl Iterator<Item = FileId> + 's
    where
        T: PartialEq,
    {
        let is_other = |&file: &FileId| {
            let at = file.0 as usize;
            match (self.found.get(at), before.found.get(at)) {
                (Some(now), Some(before)) => !Arc::ptr_eq(now, before) && now != before,
                (now, before) => now.is_some() || before.is_some(),
            }
        };
        let files = self.found.len().max(before.found.len());
        (0..u32::try_from(files).unwrap_or(u32::MAX)).map(FileId).filter(move |file| is_other(file))
    }
}

/// The keys of which two maps say something else.
pub(super) fn changed_keys<'m, K: Eq + Hash, V: PartialEq>(
    now: &'m FxHashMap<K, V>,
    before: &'m FxHashMap<K, V>,
) -> impl Iterator<Item = &'m K> {
    let gone = before.keys().filter(|key| !now.contains_key(key));
    gone.chain(now.iter().filter(|(key, value)| before.get(key) != Some(value)).map(|(key, _)| key))
}
