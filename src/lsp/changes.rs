//! What happens to documents and files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_types::{
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, MessageType, Uri,
};

use super::documents::{self, Document};
use super::paths::{Folder, path_of};
use super::projects::ProjectId;
use super::server::Server;
use super::settings::Run;
use super::worker::Task;
use crate::config::CONFIG_NAMES;
use crate::engine::is_too_wide;
use crate::project::ManifestFile;
use crate::source::Language;

impl Server {
    /// A document is open; the text of its file is not what holds any more.
    pub(super) fn opened(&mut self, params: DidOpenTextDocumentParams) {
        let item = params.text_document;
        if self.documents.get(&item.uri).is_some() {
            self.client.log(MessageType::Warning, format!("{} is open already", item.uri));
        }
        let path = path_of(&item.uri);
        let document = Document {
            uri: item.uri.clone(),
            path,
            version: item.version,
            text: Arc::from(item.text),
            project: None,
            ticket: 0,
        };
        self.documents.insert(document);
        self.place(&item.uri);
        self.supersede(&item.uri);
        self.publish(&item.uri);
    }

    /// A document has another text.
    pub(super) fn changed(&mut self, params: DidChangeTextDocumentParams) {
        let uri = params.text_document.text_document_identifier.uri;
        let encoding = self.client.can.encoding;
        let Some(document) = self.documents.get_mut(&uri) else {
            return self.client.log(MessageType::Warning, format!("{uri} is changed and not open"));
        };
        document.version = params.text_document.version;
        document.text = documents::changed(&document.text, params.content_changes, encoding).into();
        if self.settings.run == Run::OnType {
            self.take_text(&uri);
        }
        self.supersede(&uri);
    }

    /// A document is closed; its file holds again.
    pub(super) fn closed(&mut self, params: DidCloseTextDocumentParams) {
        let uri = params.text_document.uri;
        let Some(document) = self.documents.remove(&uri) else { return };
        self.supersede(&uri);
        if let (Some(id), Some(path)) = (document.project, document.path) {
            if let Some(project) = self.projects.get_mut(id) {
                project.tell(Task::Edit(path, None));
            }
            let is_last = self.documents.all().all(|other| other.project != Some(id));
            if is_last && self.projects.get(id).is_some_and(|project| project.is_makeshift) {
                self.close_project(id);
            }
        }
        self.publish(&uri);
    }

    /// A document is saved.
    pub(super) fn saved(&mut self, params: DidSaveTextDocumentParams) {
        let uri = params.text_document.uri;
        if self.settings.run == Run::OnSave {
            self.take_text(&uri);
        }
        if self.client.can.watches {
            return;
        }
        // Nobody tells what else has changed meanwhile.
        let project = path_of(&uri).and_then(|path| self.projects.of(&path));
        if let Some(project) = project.and_then(|id| self.projects.get_mut(id)) {
            project.tell(Task::Refresh);
        }
    }

    /// Files have come, gone or changed on disk.
    pub(super) fn files_changed(&mut self, params: DidChangeWatchedFilesParams) {
        let paths: Vec<PathBuf> = params.changes.iter().filter_map(|event| path_of(&event.uri)).collect();
        for (_, project) in self.projects.all_mut() {
            let here: Vec<PathBuf> = paths.iter().filter(|path| path.starts_with(&project.root)).cloned().collect();
            if here.iter().any(|path| is_about_others(path)) {
                project.tell(Task::Refresh);
            } else if !here.is_empty() {
                project.tell(Task::Changed(here));
            }
        }
    }

    /// Tells its project the text of a document.
    fn take_text(&mut self, uri: &Uri) {
        let Some(document) = self.documents.get_mut(uri) else { return };
        let project = document.project.and_then(|id| self.projects.get_mut(id));
        if let (Some(path), Some(project)) = (&document.path, project) {
            document.ticket = project.tell(Task::Edit(path.clone(), Some(document.text.clone())));
        }
    }

    /// Tells all projects the texts of their documents again.
    pub(super) fn documents_again(&mut self) {
        let uris: Vec<Uri> = self.documents.all().map(|document| document.uri.clone()).collect();
        for uri in uris {
            self.take_text(&uri);
        }
    }

    /// Finds the project of a document, and opens one for a file that stands alone.
    fn place(&mut self, uri: &Uri) {
        let Some(path) = self.documents.get(uri).and_then(|document| document.path.clone()) else { return };
        let is_language = |path: &str| Language::of_path(path).or_else(|| Language::of_template(path)).is_some();
        let is_read = path.to_str().is_some_and(is_language);
        if !self.settings.enable || !is_read {
            return;
        }
        let id = self.projects.of(&path).or_else(|| self.makeshift(&path));
        if let Some(document) = self.documents.get_mut(uri) {
            document.project = id;
        }
        self.take_text(uri);
    }

    /// A project for a file that is in no folder that the user opened.
    fn makeshift(&mut self, path: &Path) -> Option<ProjectId> {
        let folder = path.parent().filter(|folder| folder.is_dir() && !is_too_wide(folder))?;
        let folder = Folder::of(&Uri::from_file_path(folder).ok()?)?;
        let open = self.open_texts();
        for problem in self.projects.open(vec![folder], true, &self.settings, &open) {
            self.client.show(MessageType::Error, problem);
        }
        self.offer_progress();
        self.projects.of(path)
    }

    /// Finds the projects of all documents anew.
    pub(super) fn place_documents(&mut self) {
        let uris: Vec<Uri> = self.documents.all().map(|document| document.uri.clone()).collect();
        for document in self.documents.all_mut() {
            document.project = None;
        }
        for uri in uris {
            self.place(&uri);
        }
    }

    /// The texts of open documents, by path.
    pub(super) fn open_texts(&self) -> Vec<(PathBuf, Arc<str>)> {
        let documents = self.documents.all();
        documents.filter_map(|document| Some((document.path.clone()?, document.text.clone()))).collect()
    }
}

/// Whether a change of this file is about more than its own text: it says how others are read, or which of them are
/// there.
fn is_about_others(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    CONFIG_NAMES.contains(&name)
        || ManifestFile::is_one(name)
        || matches!(name, ".gitignore" | ".ignore")
        || name.contains("baseline") && name.ends_with(".json")
        || path.ends_with(".git/HEAD")
}
