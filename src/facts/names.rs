//! The names of one file.

use std::hash::Hasher;

use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};

use super::Name;

/// Names, each stored once, one after the other in one string.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Names {
    text: String,
    /// Where each name ends; it begins where the one before it ends.
    ends: Vec<u32>,
    /// A hash table with open places: 0, or a name's id plus one. Its length is a power of two, or 0.
    #[serde(skip)]
    table: Vec<u32>,
}

/// [`Names`] without their hash table.
#[derive(Deserialize)]
struct Stored {
    text: String,
    ends: Vec<u32>,
}

impl From<Stored> for Names {
    fn from(Stored { text, ends }: Stored) -> Names {
        let mut names = Names { text, ends, table: Vec::new() };
        names.fill((names.ends.len() * 2 + 2).next_power_of_two());
        names
    }
}

impl Names {
    /// The id of `text`, new or known.
    pub fn intern(&mut self, text: &str) -> Name {
        if self.table.len() < (self.ends.len() + 1) * 2 {
            self.grow();
        }
        let at = match self.place(text) {
            Ok(known) => return known,
            Err(free) => free,
        };
        let small = |number: usize| u32::try_from(number).expect("the names of one file stay below 4 GB");
        let id = Name(small(self.ends.len()));
        self.text.push_str(text);
        self.ends.push(small(self.text.len()));
        self.table[at] = id.0 + 1;
        id
    }

    /// The id of `text`, if any fact names it.
    pub fn find(&self, text: &str) -> Option<Name> {
        if self.table.is_empty() { None } else { self.place(text).ok() }
    }

    /// All names of the file.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..).take(self.ends.len()).map(|id| &self[Name(id)])
    }

    /// Gives back the room that growing took in advance.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Where `text` stands, or the free place of the table where it would.
    fn place(&self, text: &str) -> Result<Name, usize> {
        let mask = self.table.len() - 1;
        let mut at = hash(text) & mask;
        loop {
            match self.table[at].checked_sub(1).map(Name) {
                None => return Err(at),
                Some(name) if &self[name] == text => return Ok(name),
                Some(_) => at = (at + 1) & mask,
            }
        }
    }

    fn grow(&mut self) {
        self.fill((self.table.len() * 2).max(64));
    }

    /// A table of this size with all names.
    fn fill(&mut self, size: usize) {
        self.table = vec![0; size];
        for id in 0..u32::try_from(self.ends.len()).unwrap_or(u32::MAX) {
            if let Err(free) = self.place(&self[Name(id)]) {
                self.table[free] = id + 1;
            }
        }
    }
}

impl std::ops::Index<Name> for Names {
    type Output = str;
    fn index(&self, name: Name) -> &str {
        let start = name.index().checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[name.index()] as usize]
    }
}

fn hash(text: &str) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    usize::try_from(hasher.finish() & 0xffff_ffff).unwrap_or(0)
}
