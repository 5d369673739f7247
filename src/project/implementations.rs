//! Interfaces that one class of the project implements: what is called on them is that class's.

use rustc_hash::FxHashMap;

use super::types::Ty;
use super::{ClassRef, Project};
use crate::facts::*;
use crate::source::Purpose;

/// The only class that implements an interface, tests and their doubles aside; `None` if there are several.
#[derive(Debug, Default)]
pub(crate) struct Implementations {
    of: FxHashMap<ClassRef, Option<ClassRef>>,
}

impl Implementations {
    /// Asks every class what it says it implements.
    pub(super) fn find(project: &Project) -> Implementations {
        let found = project.each_file(|types, file| {
            let own = project.file(file);
            if own.purpose != Purpose::Application {
                return Vec::new();
            }
            let ids = (0..).map(|class| ClassRef { file, class: ClassId(class) });
            ids.zip(&own.facts.classes)
                .flat_map(|(class, own)| own.implements.iter().map(move |&interface| (class, interface)))
                .filter_map(|(class, interface)| match types.of(file, interface) {
                    Ty::Instance(interface, _) if interface != class => Some((interface, class)),
                    _ => None,
                })
                .collect()
        });
        let mut of: FxHashMap<ClassRef, Option<ClassRef>> = FxHashMap::default();
        for (interface, class) in found.into_iter().flatten() {
            of.entry(interface).and_modify(|known| *known = None).or_insert(Some(class));
        }
        Implementations { of }
    }

    /// The class that stands behind an interface.
    pub(crate) fn only(&self, interface: ClassRef) -> Option<ClassRef> {
        self.of.get(&interface).copied().flatten()
    }
}
