//! Feeds of Django's: what the methods of a feed read of each of its items.

use super::{Finder, Scope};
use crate::project::types::Ty;
use crate::project::{ClassRef, FunctionRef};

/// Where Django's class of feeds lives.
const LIBRARY: &str = "django.contrib.syndication.";
/// How deep the bases of a feed are looked through.
const MAX_BASES: u8 = 6;
/// How the methods are called that are given each item.
const OF_ITEMS: &str = "item_";

impl Finder<'_, '_> {
    /// Whether a class is a feed.
    pub(super) fn is_feed(&self, class: ClassRef, depth: u8) -> bool {
        let bases = &self.types.facts(class.file).class(class.class).bases;
        depth < MAX_BASES
            && bases.iter().any(|&base| match self.types.of(class.file, base) {
                Ty::Path(path) => path.starts_with(LIBRARY),
                Ty::Class(base) => base != class && self.is_feed(base, depth + 1),
                _ => false,
            })
    }

    /// A feed: `item_title(self, item)` is called for each row of what `items(self, obj)` gives.
    pub(super) fn feed(&mut self, class: ClassRef) {
        let Some(items) = self.method(class, "items") else { return };
        let Some(rows) = self.tracer.given(items, None) else { return };
        let listing = self.listing(class);
        let mut seen: Vec<&str> = Vec::new();
        for of in self.types.lineage(class) {
            let facts = self.types.facts(of.file);
            for &function in &facts.class(of.class).methods {
                let name = &facts.names[facts.function(function).name];
                if name.starts_with(OF_ITEMS) && !seen.contains(&name) {
                    seen.push(name);
                    let function = FunctionRef { file: of.file, function };
                    self.given_row(&Scope::of(&rows, &listing), function);
                }
            }
        }
    }
}
