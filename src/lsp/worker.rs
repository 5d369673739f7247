//! The thread of one project: it owns the session, takes up what has changed, and gives what is then known.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::projects::ProjectId;
use crate::engine::{Open, Report, Session, SessionError, Snapshot, Targets};

/// How long nothing must have changed before the project is looked at again; longer where that takes longer, so that
/// a large project does not keep the machine busy while somebody types.
const QUIET: Duration = Duration::from_millis(150);
/// How many times as long it is put off at most while changes go on.
const LONGEST: u32 = 5;

/// What a project is told.
#[derive(Debug)]
pub(super) enum Task {
    /// A document has this text; `None`: it is closed, the file holds again.
    Edit(PathBuf, Option<Arc<str>>),
    /// Files have come, gone, or another text on disk; or folders have gone.
    Changed(Vec<PathBuf>),
    /// Anything may be otherwise, the configuration too.
    Refresh,
    /// Somebody waits.
    Hurry,
}

/// What is known of a project after some work.
#[derive(Debug)]
pub(super) struct Analysis {
    /// The last task that it knows of.
    pub(super) ticket: u64,
    /// What was found, or why nothing.
    pub(super) outcome: Result<Box<Checked>, SessionError>,
}

/// A project that was checked.
#[derive(Debug)]
pub(super) struct Checked {
    /// What is known.
    pub(super) snapshot: Snapshot,
    /// What was found.
    pub(super) report: Report,
}

/// The thread of one project. It ends when this is dropped, after the work at hand.
#[derive(Debug)]
pub(super) struct Worker {
    tasks: Sender<(u64, Task)>,
}

impl Worker {
    /// Begins to read a project; what is known is sent to `done`, now and after each change.
    pub(super) fn start(
        id: ProjectId,
        open: Open,
        done: Sender<(ProjectId, Analysis)>,
    ) -> Result<Worker, std::io::Error> {
        let (tasks, received) = unbounded();
        thread::Builder::new().name(format!("seqscan-project-{id}")).spawn(move || {
            let mut work = Work { open, session: None, outside: HashSet::new(), ticket: 0 };
            loop {
                let begun = Instant::now();
                let outcome = work.pass();
                let quiet = begun.elapsed().clamp(QUIET, QUIET * LONGEST);
                if done.send((id, Analysis { ticket: work.ticket, outcome })).is_err() {
                    return;
                }
                let Some(gathered) = Gathered::next(&received, quiet) else { return };
                work.take_up(gathered);
            }
        })?;
        Ok(Worker { tasks })
    }

    /// Gives the thread something to do.
    pub(super) fn tell(&self, ticket: u64, task: Task) {
        // A thread that has ended needs to know nothing.
        let _ = self.tasks.send((ticket, task));
    }
}

/// The tasks of a moment, put together.
#[derive(Debug, Default)]
struct Gathered {
    ticket: u64,
    edits: BTreeMap<PathBuf, Option<Arc<str>>>,
    changed: BTreeSet<PathBuf>,
    refresh: bool,
    hurry: bool,
}

impl Gathered {
    /// Waits until there is something to do, and nothing more has come for a while; `None` if nothing will come.
    fn next(tasks: &Receiver<(u64, Task)>, quiet: Duration) -> Option<Gathered> {
        let mut gathered = Gathered::default();
        while gathered.is_empty() {
            gathered.add(tasks.recv().ok()?);
        }
        let until = Instant::now() + quiet * LONGEST;
        while !gathered.hurry {
            match tasks.recv_timeout(quiet.min(until.saturating_duration_since(Instant::now()))) {
                Ok(task) => gathered.add(task),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        // What is there already is not to be looked at twice.
        tasks.try_iter().for_each(|task| gathered.add(task));
        Some(gathered)
    }

    fn is_empty(&self) -> bool {
        self.edits.is_empty() && self.changed.is_empty() && !self.refresh
    }

    fn add(&mut self, (ticket, task): (u64, Task)) {
        self.ticket = self.ticket.max(ticket);
        match task {
            Task::Edit(path, text) => {
                self.edits.insert(path, text);
            }
            Task::Changed(paths) => self.changed.extend(paths),
            Task::Refresh => self.refresh = true,
            Task::Hurry => self.hurry = true,
        }
    }
}

/// What the thread of a project holds.
struct Work {
    open: Open,
    /// The session, or why there is none; nothing before the first pass.
    session: Option<Result<Session, SessionError>>,
    /// Files that are none of the project, though it was looked for them.
    outside: HashSet<PathBuf>,
    ticket: u64,
}

impl Work {
    /// Looks at everything that is known.
    fn pass(&mut self) -> Result<Box<Checked>, SessionError> {
        let open = &self.open;
        let work = || {
            let session = self.session.get_or_insert_with(|| Session::open(open.clone()));
            let session = session.as_ref().map_err(Clone::clone)?;
            let snapshot = session.snapshot();
            let report = snapshot.check(&Targets::All);
            Ok(Box::new(Checked { snapshot, report }))
        };
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            // What is known may be half of something: the next pass begins anew.
            self.session = None;
            Err(SessionError::Internal)
        })
    }

    /// Takes up what has changed.
    fn take_up(&mut self, gathered: Gathered) {
        self.ticket = self.ticket.max(gathered.ticket);
        for (path, text) in &gathered.edits {
            self.open.documents.retain(|(known, _)| known != path);
            self.open.documents.extend(text.clone().map(|text| (path.clone(), text)));
        }
        let Some(Ok(session)) = &mut self.session else {
            // What could not be opened is tried again when something could have mended it.
            let is_stopped = matches!(self.session, Some(Err(SessionError::Cancelled)));
            if gathered.refresh || !is_stopped && !gathered.changed.is_empty() {
                self.open.progress = Arc::default();
                self.session = None;
            }
            return;
        };
        let outside = &mut self.outside;
        let work = || {
            let mut refresh = gathered.refresh;
            for (path, text) in gathered.edits {
                let is_open = text.is_some();
                let is_known = session.edit(&path, text)?;
                // It may be new: that is worth one look, not one for each key.
                refresh |= is_open && !is_known && path.is_file() && outside.insert(path);
            }
            for path in gathered.changed {
                refresh |= if path.exists() {
                    !session.reread(&path)? && path.is_file() && outside.insert(path)
                } else {
                    session.holds(&path)
                };
            }
            if refresh { session.refresh() } else { Ok(()) }
        };
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.session = Some(Err(error)),
            Err(_) => self.session = None,
        }
    }
}
