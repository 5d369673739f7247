//! What a query loads along with its rows.

use crate::facts::*;
use crate::project::Project;

/// Relations that are loaded along with rows, as paths: `author__country`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Loaded {
    /// Each of these, and what lies on the way to it.
    paths: Vec<Box<str>>,
    /// Below each of these anything may be loaded; below the empty path, everything.
    open: Vec<Box<str>>,
    /// Whether the query is not in sight: then whatever some query of the project loads may be loaded here.
    pub(super) unseen: bool,
}

impl Loaded {
    /// Of rows of which nothing is known.
    pub(super) fn unseen() -> Loaded {
        Loaded { unseen: true, ..Loaded::default() }
    }

    /// Adds a path.
    pub(super) fn add(&mut self, path: &str) {
        self.paths.push(path.into());
    }

    /// Adds a path below which anything may be loaded, too.
    pub(super) fn add_open(&mut self, path: &str) {
        self.open.push(path.into());
    }

    /// Adds what another query loads, below `path`.
    pub(super) fn add_below(&mut self, path: &str, other: &Loaded) {
        let join = |rest: &str| if rest.is_empty() { path.to_owned() } else { format!("{path}__{rest}") };
        self.add(path);
        self.paths.extend(other.paths.iter().map(|rest| join(rest).into()));
        self.open.extend(other.open.iter().map(|rest| join(rest).into()));
        if other.unseen {
            self.add_open(path);
        }
    }

    /// Adds what another query loads of the same rows.
    pub(super) fn merge(&mut self, other: Loaded) {
        self.paths.extend(other.paths);
        self.open.extend(other.open);
        self.unseen |= other.unseen;
    }

    /// Whether a relation may be loaded.
    pub(super) fn has(&self, path: &str) -> bool {
        let begins = |whole: &str, start: &str| {
            start.is_empty() || whole.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with("__"))
        };
        self.paths.iter().any(|known| begins(known, path)) || self.open.iter().any(|known| begins(path, known))
    }

    /// Whether a call reads a relation whole that is loaded along: `book.tags.all()`.
    pub(super) fn answers(&self, project: &Project, facts: &FileFacts, call: &Call) -> bool {
        let Value::Member(manager, name) = facts.value(call.callee) else { return false };
        let Value::Member(_, relation) = facts.value(*manager) else { return false };
        let relation = &facts.names[*relation];
        matches!(&facts.names[*name], "all" | "count" | "exists")
            && (self.has(relation) || (self.unseen && project.may_be_eager(relation)))
    }

    /// What is loaded along with the rows at the end of a path.
    pub(super) fn below(&self, path: &str) -> Loaded {
        let rest = |known: &str| known.strip_prefix(path)?.strip_prefix("__").map(Box::from);
        let mut open: Vec<Box<str>> = self.open.iter().filter_map(|known| rest(known)).collect();
        let within = |known: &str| {
            known.is_empty() || path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with("__"))
        };
        if self.open.iter().any(|known| within(known)) {
            open.push("".into());
        }
        Loaded { paths: self.paths.iter().filter_map(|known| rest(known)).collect(), open, unseen: self.unseen }
    }
}
