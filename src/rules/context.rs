//! What a rule can see.

use crate::facts::{ClassId, FileFacts, SqlText};
use crate::findings::{Label, Role};
use crate::project::{FileId, Project, ProjectFile};
use crate::source::{SourceFile, Span};

/// What a rule over the whole project sees.
#[derive(Clone, Copy, Debug)]
pub struct ProjectCx<'a> {
    /// All files together.
    pub project: &'a Project,
}

impl<'a> ProjectCx<'a> {
    /// One of its files.
    pub fn file(&self, id: FileId) -> FileCx<'a> {
        FileCx { project: self.project, id, file: self.project.file(id) }
    }

    /// All its files.
    pub fn files(&self) -> impl Iterator<Item = FileCx<'a>> + use<'a> {
        let project = self.project;
        project.ids().map(move |id| FileCx { project, id, file: project.file(id) })
    }
}

/// What a rule over one file sees.
#[derive(Clone, Copy, Debug)]
pub struct FileCx<'a> {
    /// All files together.
    pub project: &'a Project,
    /// The file's id.
    pub id: FileId,
    /// The file.
    pub file: &'a ProjectFile,
}

impl<'a> FileCx<'a> {
    /// The file as it was read.
    pub fn source(&self) -> &'a SourceFile {
        &self.file.source
    }

    /// What it says.
    pub fn facts(&self) -> &'a FileFacts {
        &self.file.facts
    }

    /// A place in this file.
    pub fn label(&self, span: Span, role: Role, text: impl Into<String>) -> Label {
        Label { path: self.file.source.path.clone(), span, role, text: text.into() }
    }

    /// The statement at this place of [`FileFacts::statements`].
    pub fn statement(&self, index: usize) -> StatementCx<'a> {
        StatementCx { file: *self, index, sql: &self.file.facts.statements[index] }
    }
}

/// What a rule over one SQL statement sees.
#[derive(Clone, Copy, Debug)]
pub struct StatementCx<'a> {
    /// The file it stands in.
    pub file: FileCx<'a>,
    /// Its place in [`FileFacts::statements`].
    pub index: usize,
    /// The statement, and the text it stands in.
    pub sql: &'a SqlText,
}

impl StatementCx<'_> {
    /// The bytes of the file for a range of the text that the statement stands in (in a `.sql` file they are
    /// the same).
    pub fn host_span(&self, span: Span) -> Span {
        match self.sql.text {
            Some(text) => self.file.facts().texts[text.index()].host_span(span.start, span.end),
            None => span,
        }
    }

    /// A place in the statement, given as a range of the text that the statement stands in.
    pub fn label(&self, span: Span, role: Role, text: impl Into<String>) -> Label {
        self.file.label(self.host_span(span), role, text)
    }
}

/// The scope around byte `at`, as `Class.method`; empty at the top level.
pub(super) fn scope_at(facts: &FileFacts, at: u32) -> String {
    let class = facts.class_around(at);
    match (facts.function_around(at), class) {
        (Some(id), class) if class.is_none_or(|class| facts.class(class).span.contains(facts.function(id).span)) => {
            facts.scope(id)
        }
        (_, Some(id)) => class_path(facts, id),
        _ => String::new(),
    }
}

/// A class with the classes around it.
fn class_path(facts: &FileFacts, id: ClassId) -> String {
    let mut parts = Vec::new();
    let mut at = Some(id);
    while let Some(id) = at {
        let class = facts.class(id);
        parts.push(&facts.names[class.name]);
        at = class.parent;
    }
    parts.reverse();
    parts.join(".")
}
