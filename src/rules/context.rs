//! What a rule can see.

use crate::facts::{FileFacts, Function, SqlText};
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
    let holds = |span: Span| span.start <= at && at < span.end;
    let function = (0u32..).zip(&facts.functions).skip(1).filter(|(_, function)| holds(function.span));
    let innermost = function.min_by_key(|(_, function): &(u32, &Function)| function.span.len());
    let class = (0u32..).zip(&facts.classes).filter(|(_, class)| holds(class.span)).min_by_key(|(_, c)| c.span.len());
    match (innermost, class) {
        (Some((id, function)), class) if class.is_none_or(|(_, class)| class.span.contains(function.span)) => {
            facts.scope(crate::facts::FunctionId(id))
        }
        (_, Some((id, _))) => class_path(facts, id),
        _ => String::new(),
    }
}

/// A class with the classes around it.
fn class_path(facts: &FileFacts, id: u32) -> String {
    let mut parts = Vec::new();
    let mut at = Some(crate::facts::ClassId(id));
    while let Some(id) = at {
        let class = facts.class(id);
        parts.push(&facts.names[class.name]);
        at = class.parent;
    }
    parts.reverse();
    parts.join(".")
}
