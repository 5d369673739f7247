//! What a query loads along with its rows.

use super::columns::Columns;
use super::defeated::is_ordered;
use crate::facts::*;
use crate::project::types::Types;
use crate::project::{ClassRef, FileId, Project};
use crate::source::Span;

/// A relation to many rows that is surely fetched with the rows, and kept for who asks for all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prefetch {
    /// `books__tags`
    path: Box<str>,
    /// Whether the query of the related rows is that of their manager; another one may order them.
    is_plain: bool,
    /// The call that asks for it.
    pub(super) place: Option<(FileId, Span)>,
}

/// Relations that are loaded along with rows, as paths: `author__country`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Loaded {
    /// Each of these, and what lies on the way to it.
    paths: Vec<Box<str>>,
    /// Below each of these anything may be loaded; below the empty path, everything.
    open: Vec<Box<str>>,
    /// What is prefetched for sure.
    prefetched: Vec<Prefetch>,
    /// Where paths are named.
    places: Vec<(Box<str>, (FileId, Span))>,
    /// Whether the query is not in sight: then whatever some query of the project loads may be loaded here.
    pub(super) unseen: bool,
    /// Whether that query loads the rows along with others: then whatever some query may load with such rows.
    is_below: bool,
    /// The columns of the rows themselves.
    pub(super) columns: Columns,
}

impl Loaded {
    /// Of rows of which nothing is known.
    pub(super) fn unseen() -> Loaded {
        Loaded { unseen: true, ..Loaded::default() }
    }

    /// Of rows that are loaded along with others of which nothing is known.
    pub(super) fn unseen_below() -> Loaded {
        Loaded { is_below: true, ..Loaded::unseen() }
    }

    /// Whether a relation may be loaded because nothing is known.
    pub(super) fn may_have(&self, project: &Project, relation: &str) -> bool {
        self.unseen && if self.is_below { project.may_be_eager_below(relation) } else { project.may_be_eager(relation) }
    }

    /// Adds that rows may come from queries that are not in sight where those of `owner` do.
    pub(super) fn unseen_as(&mut self, owner: &Loaded) {
        if owner.unseen {
            self.is_below = owner.is_below && (self.is_below || !self.unseen);
            self.unseen = true;
        }
    }

    /// Adds a path.
    pub(super) fn add(&mut self, path: &str) {
        self.paths.push(path.into());
    }

    /// Says where a path is named that is loaded along.
    pub(super) fn name_at(&mut self, path: &str, place: (FileId, Span)) {
        self.places.push((path.into(), place));
    }

    /// Where the nearest rows are loaded along that lie on the way to a relation: `books` for `books__author`.
    pub(super) fn place_above(&self, path: &str) -> Option<(FileId, Span)> {
        let above = self.places.iter().filter(|(known, _)| begins(path, known) && **known != *path);
        above.max_by_key(|(known, _)| known.len()).map(|&(_, place)| place)
    }

    /// Adds a path below which anything may be loaded, too.
    pub(super) fn add_open(&mut self, path: &str) {
        self.open.push(path.into());
    }

    /// Adds a relation that is prefetched, and what lies on the way to it.
    pub(super) fn add_prefetched(&mut self, path: &str, is_plain: bool) {
        self.prefetched.push(Prefetch { path: path.into(), is_plain, place: None });
    }

    /// How much is prefetched for sure, to go back to.
    pub(super) fn prefetches(&self) -> usize {
        self.prefetched.len()
    }

    /// Forgets what was prefetched for sure after the first so many.
    pub(super) fn keep_prefetches(&mut self, count: usize) {
        self.prefetched.truncate(count);
    }

    /// What was prefetched without a known place was asked for here.
    pub(super) fn place_prefetches(&mut self, place: (FileId, Span)) {
        self.prefetched.iter_mut().for_each(|known| {
            known.place.get_or_insert(place);
        });
    }

    /// What has prefetched a relation for sure, and whether the rows of it come as their manager gives them.
    pub(super) fn prefetch(&self, path: &str) -> Option<(&Prefetch, bool)> {
        let of = |known: &&Prefetch| {
            known.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("__"))
        };
        let found = self.prefetched.iter().find(of)?;
        let is_plain = |known: &Prefetch| known.is_plain || *known.path != *path;
        Some((found, self.prefetched.iter().filter(of).all(is_plain)))
    }

    /// Adds what another query loads, below `path`.
    pub(super) fn add_below(&mut self, path: &str, other: &Loaded) {
        let join = |rest: &str| if rest.is_empty() { path.to_owned() } else { format!("{path}__{rest}") };
        let below = other.prefetched.iter().map(|known| Prefetch { path: join(&known.path).into(), ..known.clone() });
        self.prefetched.extend(below);
        self.add(path);
        self.paths.extend(other.paths.iter().map(|rest| join(rest).into()));
        self.places.extend(other.places.iter().map(|(rest, place)| (join(rest).into(), *place)));
        self.open.extend(other.open.iter().map(|rest| join(rest).into()));
        if other.unseen {
            self.add_open(path);
        }
    }

    /// Adds what else is loaded with the same rows.
    pub(super) fn merge(&mut self, other: Loaded) {
        self.unseen_as(&other);
        self.paths.extend(other.paths);
        self.open.extend(other.open);
        self.prefetched.extend(other.prefetched);
        self.places.extend(other.places);
    }

    /// Adds what another query loads that the rows may come from instead.
    pub(super) fn or(&mut self, other: Loaded) {
        self.prefetched.retain(|own| other.prefetch(&own.path).is_some());
        let before = self.prefetches();
        self.columns.or(&other.columns);
        self.merge(other);
        self.keep_prefetches(before);
    }

    /// The rows may come from a query that is not in sight.
    pub(super) fn or_unseen(&mut self) {
        self.unseen_as(&Loaded::unseen());
        self.columns = Columns::All;
        self.prefetched.clear();
    }

    /// Whether a relation may be loaded.
    pub(super) fn has(&self, path: &str) -> bool {
        self.paths.iter().any(|known| begins(known, path)) || self.open.iter().any(|known| begins(path, known))
    }

    /// Whether a call reads a relation of a row of `model` that is loaded along, and is answered from what was loaded:
    /// `book.tags.all()`, and `book.tags.first()` where tags stand in an order.
    pub(super) fn answers(&self, types: &Types<'_>, model: ClassRef, facts: &FileFacts, call: &Call) -> bool {
        let Value::Member(mut manager, name) = *facts.value(call.callee) else { return false };
        // `book.tags.all().count()` counts the rows that are held, too.
        while let Value::Call(whole) = *facts.value(manager)
            && let Value::Member(object, all) = *facts.value(facts.call(whole).callee)
            && &facts.names[all] == "all"
        {
            manager = object;
        }
        let Value::Member(_, relation) = *facts.value(manager) else { return false };
        let relation = &facts.names[relation];
        let may_be = || self.may_have(types.project(), relation);
        match &facts.names[name] {
            "all" | "count" | "exists" => self.has(relation) || may_be(),
            "first" | "afirst" => match is_ordered(types, model, relation) {
                Some(is_ordered) => is_ordered && (self.has(relation) || may_be()),
                None => self.has(relation),
            },
            _ => false,
        }
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
        let below = |known: &Prefetch| Some(Prefetch { path: rest(&known.path)?, ..known.clone() });
        Loaded {
            paths: self.paths.iter().filter_map(|known| rest(known)).collect(),
            places: self.places.iter().filter_map(|(known, place)| Some((rest(known)?, *place))).collect(),
            open,
            prefetched: self.prefetched.iter().filter_map(below).collect(),
            unseen: self.unseen,
            is_below: self.is_below,
            columns: Columns::All,
        }
    }
}

/// Whether a path is another one or goes on from it.
fn begins(whole: &str, start: &str) -> bool {
    start.is_empty() || whole.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with("__"))
}
