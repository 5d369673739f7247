//! How far the reading of a project has come.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// How far the reading of a project has come; shared by the one who reads and those who wait.
#[derive(Debug, Default)]
pub struct Progress {
    total: AtomicUsize,
    done: AtomicUsize,
    cancelled: AtomicBool,
}

impl Progress {
    /// How many files have been begun, and how many there are.
    pub fn files(&self) -> (usize, usize) {
        (self.done.load(Relaxed), self.total.load(Relaxed))
    }

    /// Stops the reading; for good.
    pub fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// So many files are to be read.
    pub(super) fn begin(&self, total: usize) {
        self.done.store(0, Relaxed);
        self.total.store(total, Relaxed);
    }

    /// One more file is begun; `false` if it should not be.
    pub(super) fn step(&self) -> bool {
        self.done.fetch_add(1, Relaxed);
        !self.cancelled.load(Relaxed)
    }

    /// So many more are to be parsed.
    pub(super) fn add(&self, count: usize) {
        self.total.fetch_add(count, Relaxed);
    }
}
