//! What is found out about rows.

use super::AlsoListed;
use super::loaded::Loaded;
use crate::findings::Confidence;
use crate::project::{ClassRef, FileId};
use crate::source::Span;

/// How many queries that rows may come from are kept beside the first.
const MAX_OTHERS: usize = 4;

/// Rows of a model, or one of them.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub(super) model: ClassRef,
    /// What stands in a row that is a tuple, where it is a model; empty where a row is one of the model.
    pub(super) entities: Box<[Option<ClassRef>]>,
    /// The model of the query's own rows.
    pub(super) base: ClassRef,
    /// What the query loads along.
    pub(super) loaded: Loaded,
    /// The key that leads back to the row whose relation they are.
    pub(super) key: Option<Box<str>>,
    /// What a query that has loaded them along with other rows has loaded below them; gone with the next step.
    pub(super) kept: Option<Box<Loaded>>,
    /// The query they come from: a step of it, to be shown.
    pub(super) origin: Option<(FileId, Span)>,
    /// The queries that they may come from instead.
    pub(super) others: Vec<(FileId, Span)>,
    /// Other steps of that query.
    pub(super) steps: Steps,
    /// How they hang on the rows of that query: `lines__product`; empty for its own rows.
    pub(super) path: String,
    /// Whether that path leads through many rows.
    pub(super) is_many: bool,
    pub(super) confidence: Confidence,
}

/// Steps of a query at which a relation may be loaded, too.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Steps {
    /// The last one that loads relations along.
    pub(super) loads: Option<(FileId, Span)>,
    /// The last one of all.
    pub(super) last: Option<(FileId, Span)>,
}

impl Rows {
    /// Their query begins with what follows.
    pub(super) fn begin_anew(&mut self) {
        (self.origin, self.steps) = (None, Steps::default());
        self.others.clear();
    }

    /// They are asked for here, by a step that stands for others.
    pub(super) fn asked_at(&mut self, place: (FileId, Span)) {
        if self.path.is_empty() && self.kept.is_none() {
            self.origin = Some(place);
            self.others.clear();
            self.steps.last = Some(place);
        }
    }

    /// They may come from the queries of others instead.
    fn or_from(&mut self, other: &Rows) {
        for &origin in other.origin.iter().chain(&other.others) {
            let is_new = self.origin.is_some_and(|own| own != origin) && !self.others.contains(&origin);
            if is_new && self.path == other.path && self.others.len() < MAX_OTHERS {
                self.others.push(origin);
            }
        }
    }

    /// Those queries, which leave out what `load` loads.
    pub(super) fn also_from(&self, load: &str) -> Vec<AlsoListed> {
        self.others.iter().map(|&origin| AlsoListed { origin, load: load.to_owned() }).collect()
    }

    /// Where it would be said that a relation is loaded with them.
    pub(super) fn loaded_at(&self, path: &str) -> LoadedAt {
        let Steps { loads, last } = self.steps;
        LoadedAt { above: self.loaded.place_above(path), loads, last: last.filter(|_| loads.is_none()) }
    }
}

/// Where it would be said that a relation is loaded along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadedAt {
    /// Where the rows that it is read of are loaded along with others.
    pub above: Option<(FileId, Span)>,
    /// Where the query of the rows says what it loads along.
    pub loads: Option<(FileId, Span)>,
    /// Where that query ends, if it loads nothing along.
    pub last: Option<(FileId, Span)>,
}

/// What is found out about a value.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "rows are what is mostly found, and a box for each costs more than a move"
)]
pub(super) enum Traced {
    /// Nothing.
    Unknown,
    /// There are no rows: an empty list, `None`.
    Nothing,
    /// They are these.
    Rows(Rows),
}

impl Traced {
    /// One or the other.
    pub(super) fn or(self, other: Traced) -> Traced {
        match (self, other) {
            (Traced::Nothing, known) | (known, Traced::Nothing) => known,
            (Traced::Unknown, Traced::Unknown) => Traced::Unknown,
            (Traced::Unknown, Traced::Rows(mut rows)) | (Traced::Rows(mut rows), Traced::Unknown) => {
                rows.loaded.or_unseen();
                rows.key = None;
                rows.confidence = rows.confidence.min(Confidence::Medium);
                Traced::Rows(rows)
            }
            (Traced::Rows(rows), Traced::Rows(other))
                if rows.model != other.model || rows.entities != other.entities =>
            {
                Traced::Unknown
            }
            (Traced::Rows(mut rows), Traced::Rows(other)) => {
                rows.or_from(&other);
                rows.loaded.or(other.loaded);
                rows.key = rows.key.filter(|key| other.key.as_ref() == Some(key));
                rows.kept = match (rows.kept, other.kept) {
                    (Some(mut kept), Some(other)) => {
                        kept.or(*other);
                        Some(kept)
                    }
                    (kept, other) => kept.or(other).map(|mut kept| {
                        kept.keep_prefetches(0);
                        kept
                    }),
                };
                rows.confidence = rows.confidence.min(other.confidence);
                Traced::Rows(rows)
            }
        }
    }

    pub(super) fn rows(self) -> Option<Rows> {
        match self {
            Traced::Rows(rows) => Some(rows),
            _ => None,
        }
    }

    /// A row of these rows, now that they are fetched.
    pub(super) fn last(self) -> Traced {
        match self {
            Traced::Rows(mut rows) => {
                if let Some(kept) = rows.kept.take() {
                    rows.loaded = *kept;
                }
                Traced::Rows(rows)
            }
            other => other,
        }
    }
}

/// All rows of a model, with nothing loaded along.
pub(super) fn plain(model: ClassRef) -> Rows {
    Rows {
        model,
        entities: Box::default(),
        base: model,
        loaded: Loaded::default(),
        key: None,
        kept: None,
        origin: None,
        others: Vec::new(),
        steps: Steps::default(),
        path: String::new(),
        is_many: false,
        confidence: Confidence::High,
    }
}

/// `path__name`
pub(super) fn join(path: &str, name: &str) -> String {
    match (path, name) {
        ("", only) | (only, "") => only.to_owned(),
        _ => format!("{path}__{name}"),
    }
}
