//! What questions about types have been answered, and how far a chain of them may go.

use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use super::FileId;
use super::reads::{self, Read, Reads};
use super::relations::sqlalchemy::ByKey;
use super::types::{Ty, Types};
use crate::apis::TypeId;
use crate::facts::{CallId, ClassId, ValueId};

/// How many times a chain of questions may go on to what a function of the project returns or an attribute was
/// given. It bounds what functions that call each other in circles cost, and gives the same answer whichever of
/// them is asked for first.
const MAX_STEPS: u8 = 8;

/// What was found out about one value or class, and whether a shape had a part in it.
pub(super) type Answer<T> = (T, bool);

/// What is known already; shared by all threads and all passes over a project. Without a place for its file,
/// nothing is kept.
#[derive(Debug, Default)]
pub(super) struct Answers {
    files: Vec<Mutex<FileAnswers>>,
}

/// What is known of one file.
#[derive(Debug, Default)]
pub(super) struct FileAnswers {
    /// The values of which nothing can be known, found out without a step: most of what is asked.
    unknown: Bits,
    /// The calls that no entry of the catalog is resolved to, with all steps to find out.
    pub(super) uncatalogued: Bits,
    /// With the steps that were taken to find out.
    pub(super) values: FxHashMap<ValueId, (Answer<Ty>, u8)>,
    /// What is known of a value when so many steps are left, and more of them might have told more.
    pub(super) short: FxHashMap<(ValueId, u8), Answer<Ty>>,
    pub(super) bases: FxHashMap<ClassId, Answer<Option<TypeId>>>,
    /// The relationships of models of SQLAlchemy's that go by their own columns.
    pub(super) keys: FxHashMap<ClassId, Arc<[ByKey]>>,
    /// What answers were read from, if from more than the file itself; where that is noted.
    reads: FxHashMap<Asked, Reads>,
}

/// A question about a file whose answer is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    /// What a value is.
    Value(ValueId),
    /// The same with so many steps left.
    Short(ValueId, u8),
    /// Which entry of the catalog a call is resolved to.
    Call(CallId),
    /// What a class extends.
    Base(ClassId),
    /// By which keys a model is related to others.
    Keys(ClassId),
}

/// A set of small numbers.
#[derive(Debug, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// Whether it has this number.
    pub(super) fn has(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|bits| bits >> (number % 64) & 1 == 1)
    }

    /// Adds a number.
    pub(super) fn set(&mut self, number: usize) {
        if self.0.len() <= number / 64 {
            self.0.resize(number / 64 + 1, 0);
        }
        self.0[number / 64] |= 1 << (number % 64);
    }
}

impl FileAnswers {
    /// What was found out about a value with all steps that it takes, and how many that are, if no more than `left`.
    fn whole(&self, value: ValueId, left: u8) -> Option<(Answer<Ty>, u8)> {
        if self.unknown.has(value.index()) {
            return Some(((Ty::Unknown, false), 0));
        }
        self.values.get(&value).filter(|(_, taken)| *taken <= left).cloned()
    }

    /// Keeps what was found out about a value in so many steps.
    pub(super) fn keep(&mut self, value: ValueId, answer: Answer<Ty>, steps: u8) {
        if answer == (Ty::Unknown, false) && steps == 0 {
            self.unknown.set(value.index());
        } else {
            self.values.insert(value, (answer, steps));
        }
    }
}

impl Types<'_> {
    /// What was found out about a file before: what that was read from is now read by who asks again.
    pub(super) fn recall<T>(
        &self,
        file: FileId,
        asked: Asked,
        known: impl FnOnce(&FileAnswers) -> Option<T>,
    ) -> Option<T> {
        let answers = self.project().answers.file(file)?;
        let known = known(&answers)?;
        self.reads_of(file, asked, &answers);
        Some(known)
    }

    /// Notes what an answer was read from that is told again.
    fn reads_of(&self, file: FileId, asked: Asked, answers: &FileAnswers) {
        self.project().note(Read::File(file));
        if let Some(read) = answers.reads.get(&asked) {
            reads::note_all(read);
        }
    }

    /// Keeps what was found out about a file, and what it was read from.
    pub(super) fn keep(&self, file: FileId, asked: Asked, read: &[Read], keep: impl FnOnce(&mut FileAnswers)) {
        let Some(mut answers) = self.project().answers.file(file) else { return };
        keep(&mut answers);
        if read.iter().any(|read| *read != Read::File(file)) {
            answers.reads.insert(asked, read.into());
        }
    }

    /// What was found out before about a value, with the steps that are left.
    pub(super) fn known(&self, file: FileId, value: ValueId) -> Option<Answer<Ty>> {
        let left = self.steps.left.get();
        let answers = self.project().answers.file(file)?;
        if let Some((answer, taken)) = answers.whole(value, left) {
            self.reads_of(file, Asked::Value(value), &answers);
            self.steps.took(taken);
            return Some(answer);
        }
        let answer = answers.short.get(&(value, left)).cloned()?;
        self.reads_of(file, Asked::Short(value, left), &answers);
        self.steps.ended.set(true);
        Some(answer)
    }
}

impl Answers {
    /// Knows nothing yet of so many files.
    pub(super) fn of(files: usize) -> Answers {
        Answers { files: std::iter::repeat_with(Mutex::default).take(files).collect() }
    }

    /// What is known of `file`.
    pub(super) fn file(&self, file: FileId) -> Option<MutexGuard<'_, FileAnswers>> {
        self.files.get(file.0 as usize).map(|answers| answers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The steps of a chain of questions: see [`MAX_STEPS`].
pub(super) struct Steps {
    pub(super) left: Cell<u8>,
    /// The fewest that were left since this was last set.
    fewest: Cell<u8>,
    /// Whether one more would have been taken since this was last cleared.
    pub(super) ended: Cell<bool>,
}

impl Default for Steps {
    fn default() -> Self {
        Steps { left: Cell::new(MAX_STEPS), fewest: Cell::new(MAX_STEPS), ended: Cell::new(false) }
    }
}

impl Steps {
    /// Whether none was taken.
    pub(super) fn are_all_left(&self) -> bool {
        self.left.get() == MAX_STEPS
    }

    /// The answer to `ask`, how many steps it took, and whether it would have taken more.
    pub(super) fn count<T>(&self, ask: impl FnOnce() -> T) -> (T, u8, bool) {
        let left = self.left.get();
        let (fewest, ended) = (self.fewest.replace(left), self.ended.replace(false));
        let answer = ask();
        let (taken, more) = (left - self.fewest.get(), self.ended.get());
        self.fewest.set(fewest.min(self.fewest.get()));
        self.ended.set(ended || more);
        (answer, taken, more)
    }

    /// Notes the steps that an answer took when it was found.
    pub(super) fn took(&self, steps: u8) {
        self.fewest.set(self.fewest.get().min(self.left.get() - steps));
    }

    /// The answer to `ask`, one step further; `None` if none is left.
    pub(super) fn further<T>(&self, ask: impl FnOnce() -> T) -> Option<T> {
        let Some(left) = self.left.get().checked_sub(1) else {
            self.ended.set(true);
            return None;
        };
        self.left.set(left);
        self.took(0);
        let answer = ask();
        self.left.set(left + 1);
        Some(answer)
    }

    /// The answer to `ask`, with all steps before it and none counted.
    pub(super) fn afresh<T>(&self, ask: impl FnOnce() -> T) -> T {
        let left = self.left.replace(MAX_STEPS);
        let (fewest, ended) = (self.fewest.get(), self.ended.get());
        let answer = ask();
        self.left.set(left);
        self.fewest.set(fewest);
        self.ended.set(ended);
        answer
    }
}
