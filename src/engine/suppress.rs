//! Which findings a comment silences, and which comments silence nothing.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::facts::{Directive, DirectiveKind};
use crate::findings::{Diagnostic, Label};
use crate::project::Project;
use crate::rules::Registry;

/// The suppression comments of a project, and which of their names have been used.
#[derive(Debug)]
pub(super) struct Suppressions<'a> {
    registry: &'static Registry,
    project: &'a Project,
    /// Files with directives, by path.
    files: FxHashMap<&'a str, usize>,
    /// File, directive, name.
    used: FxHashSet<(usize, usize, usize)>,
}

impl<'a> Suppressions<'a> {
    pub(super) fn new(registry: &'static Registry, project: &'a Project) -> Self {
        let files = project.files().iter().enumerate().filter(|(_, file)| !file.facts.directives.is_empty());
        let files = files.map(|(index, file)| (&*file.source.path, index)).collect();
        Suppressions { registry, project, files, used: FxHashSet::default() }
    }

    /// Whether the n-th name of a directive silenced a finding.
    pub(super) fn silenced(&self, file: usize, directive: usize, name: usize) -> bool {
        self.used.contains(&(file, directive, name))
    }

    /// Parts findings into those that stand and those that a comment silences at any of their places.
    pub(super) fn sort(&mut self, found: Vec<Diagnostic>) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        found.into_iter().partition(|finding| {
            let mut silenced = self.at(finding, &finding.primary);
            for label in &finding.related {
                // All of them are asked, so that every comment that silences counts as used.
                silenced |= self.at(finding, label);
            }
            !silenced
        })
    }

    /// The same for findings about comments: a comment that covers the next statement speaks for itself too.
    pub(super) fn sort_directives(&mut self, found: Vec<Diagnostic>) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        found.into_iter().partition(|finding| {
            let Some(&file) = self.files.get(&*finding.primary.path) else { return true };
            let directives = &self.project.files()[file].facts.directives;
            let own = directives.iter().filter(|directive| directive.span.contains(finding.primary.span));
            let named = |directive: &Directive| directive.rules.iter().any(|(name, _)| &**name == finding.rule);
            !own.into_iter().any(named) && !self.at(finding, &finding.primary)
        })
    }

    /// Whether a comment silences `finding` at this place of it.
    fn at(&mut self, finding: &Diagnostic, place: &Label) -> bool {
        let Some(&file) = self.files.get(&*place.path) else { return false };
        let mut silenced = false;
        for (index, directive) in self.project.files()[file].facts.directives.iter().enumerate() {
            let covers = directive.kind == DirectiveKind::IgnoreFile
                || directive.covers.start <= place.span.start && place.span.start < directive.covers.end;
            if !covers {
                continue;
            }
            for (nth, (name, _)) in directive.rules.iter().enumerate() {
                if self.registry.get(name).is_some_and(|rule| rule.name() == finding.rule) {
                    self.used.insert((file, index, nth));
                    silenced = true;
                }
            }
        }
        silenced
    }
}
