//! What the rules found before a change, as far as it holds after it.

#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use super::files::Candidate;
use super::report::InternalError;
use super::snapshot::Known;
use crate::findings::Diagnostic;
use crate::project::{Basis, Project};

/// What rules found, and where they failed.
pub(super) type Outcome = (Vec<Diagnostic>, Vec<InternalError>);

/// What was found, and what that is based on beside the settings.
#[derive(Debug)]
struct Found {
    outcome: Outcome,
    basis: Basis,
}

/// The place of what was found, or is to be found.
type Slot = OnceLock<Arc<Found>>;

/// What the rules found in one project, each where it was asked for first.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    /// In each file, by those over statements and files; under the settings of the candidate.
    files: Vec<(Arc<Candidate>, Slot)>,
    /// By each of those over the whole project.
    rules: Vec<Slot>,
}

impl Outcomes {
    /// Of what was found `before`, what holds for `project`, which was understood after the project of that.
    pub(super) fn after(before: Option<&Outcomes>, project: &Project, known: &[Known], rules: usize) -> Outcomes {
        let holding = |slot: &Slot| {
            let found = slot.get().filter(|found| project.holds(&found.basis));
            found.map_or_else(Slot::new, |found| Slot::from(found.clone()))
        };
        let of_file = |(at, known): (usize, &Known)| {
            let before = before.and_then(|before| before.files.get(at));
            // Other settings, other rules.
            let before = before.filter(|(candidate, _)| Arc::ptr_eq(candidate, &known.candidate));
            (known.candidate.clone(), before.map_or_else(Slot::new, |(_, slot)| holding(slot)))
        };
        let of_rule = |at: usize| before.and_then(|before| before.rules.get(at)).map_or_else(Slot::new, holding);
        Outcomes { files: known.iter().enumerate().map(of_file).collect(), rules: (0..rules).map(of_rule).collect() }
    }

    /// What the rules over statements and files find in the file at this place.
    pub(super) fn of_file(&self, project: &Project, at: usize, find: impl FnOnce() -> Outcome) -> Outcome {
        found(project, self.files.get(at).map(|(_, slot)| slot), find)
    }

    /// What the rule over the whole project at this place of the registry finds.
    pub(super) fn of_rule(&self, project: &Project, at: usize, find: impl FnOnce() -> Outcome) -> Outcome {
        found(project, self.rules.get(at), find)
    }
}

/// What was found already, else what is found now.
fn found(project: &Project, slot: Option<&Slot>, find: impl FnOnce() -> Outcome) -> Outcome {
    if let Some(known) = slot.and_then(OnceLock::get) {
        return known.outcome.clone();
    }
    let (outcome, basis) = project.with_basis(find);
    // What failed is tried again.
    if let (Some(slot), Some(basis)) = (slot, basis)
        && outcome.1.is_empty()
    {
        // Somebody else may have asked at the same time, and found the same.
        let _ = slot.set(Arc::new(Found { outcome: outcome.clone(), basis }));
    }
    outcome
}
