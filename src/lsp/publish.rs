//! What the client is told by itself: findings, progress, problems.

use lsp_server::ErrorCode;
use lsp_types::{Diagnostic, MessageType, ProgressToken, PublishDiagnosticsParams, Uri, WorkDoneProgressCancelParams};
use serde_json::{Value, json};

use super::client::Asked;
use super::diagnostics::{Teller, of_configuration};
use super::paths::path_of;
use super::projects::{Project, ProjectId};
use super::server::{Question, Server};
use super::settings::DiagnosticMode;
use super::worker::Analysis;
use crate::engine::SessionError;

impl Server {
    // ── Findings ────────────────────────────────────────────────────────────────────────────────────────────

    /// A project knows something new.
    pub(super) fn analysed(&mut self, id: ProjectId, analysis: Analysis) {
        let Some(project) = self.projects.get_mut(id) else { return };
        let complaint = match &analysis.outcome {
            Err(error) => Some((error.to_string(), matches!(error, SessionError::Cancelled))),
            Ok(checked) => checked.report.internal_errors.first().map(|error| (error.to_string(), true)),
        };
        project.analysis = Some(analysis);
        self.end_progress(id);
        match complaint {
            Some((message, true)) => self.client.log(MessageType::Warning, message),
            Some((message, false)) if self.complaints.insert(message.clone()) => {
                self.client.show(MessageType::Error, message);
            }
            Some(_) => {}
            None => self.complaints.clear(),
        }
        self.answer_waiting(id);
        self.publish_all();
        self.answer_polls();
        if self.client.can.pulls && self.client.can.refreshes {
            self.client.ask(Asked::Nothing, "workspace/diagnostic/refresh", Value::Null);
        }
    }

    /// Answers whoever waited for what a project now knows.
    fn answer_waiting(&mut self, id: ProjectId) {
        let Some(project) = self.projects.get_mut(id) else { return };
        let waiting = std::mem::take(&mut project.waiting);
        for one in waiting {
            match self.projects.get_mut(id) {
                Some(project) if !project.is_done(one.ticket) => project.waiting.push(one),
                _ => self.answer_question(one.id, one.uri.as_ref(), one.question),
            }
        }
    }

    /// Sends back the questions about a document that has changed since they were asked.
    pub(super) fn supersede(&mut self, uri: &Uri) {
        let mut stale = Vec::new();
        for (_, project) in self.projects.all_mut() {
            let (about, others) =
                std::mem::take(&mut project.waiting).into_iter().partition(|one| one.uri.as_ref() == Some(uri));
            project.waiting = others;
            stale.extend(about);
        }
        for one in stale {
            match one.question {
                Question::Diagnostics(_) => self.client.ask_again(one.id),
                _ => self.client.refuse(one.id, ErrorCode::ContentModified, "the document has changed"),
            }
        }
    }

    /// Closes a project, and answers those who wait for it.
    pub(super) fn close_project(&mut self, id: ProjectId) -> Option<Project> {
        self.end_progress(id);
        let mut project = self.projects.remove(id)?;
        project.progress.cancel();
        for document in self.documents.all_mut().filter(|document| document.project == Some(id)) {
            document.project = None;
        }
        for one in std::mem::take(&mut project.waiting) {
            match one.question {
                Question::Diagnostics(_) => self.client.ask_again(one.id),
                _ => self.client.refuse(one.id, ErrorCode::ContentModified, "the project is closed"),
            }
        }
        Some(project)
    }

    /// Shows the findings of everything that is to be shown.
    pub(super) fn publish_all(&mut self) {
        let mut uris: Vec<Uri> = self.documents.all().map(|document| document.uri.clone()).collect();
        for (_, project) in self.projects.all() {
            uris.extend(of_configuration(project, self.client.can.encoding).keys().filter_map(|path| {
                let uri = project.relative(path).and_then(|path| project.uri_of(&path));
                uri.or_else(|| Uri::from_file_path(path).ok())
            }));
            let checked = project.analysis.as_ref().and_then(|analysis| analysis.outcome.as_ref().ok());
            if let Some(checked) = checked.filter(|_| self.shows_all_files()) {
                let teller = Teller { project, checked, can: &self.client.can };
                uris.extend(teller.files().into_iter().filter_map(|path| project.uri_of(path)));
            }
        }
        uris.extend(self.published.keys().cloned());
        uris.sort();
        uris.dedup();
        for uri in uris {
            self.publish(&uri);
        }
    }

    /// Whether the findings of files that are not open are shown without being asked for.
    fn shows_all_files(&self) -> bool {
        self.settings.enable && !self.client.can.pulls && self.settings.diagnostic_mode == DiagnosticMode::Workspace
    }

    /// Shows the findings of one file, if they are not those that are shown.
    pub(super) fn publish(&mut self, uri: &Uri) {
        let Some(shown) = self.to_show(uri) else { return };
        let version = self.documents.get(uri).map(|document| document.version);
        let is_known = match self.published.get(uri) {
            Some((known_version, known)) => *known_version == version && *known == shown,
            // An open document without findings is told of too: somebody may wait for that.
            None => shown.is_empty() && version.is_none(),
        };
        if is_known {
            return;
        }
        if shown.is_empty() && version.is_none() {
            self.published.remove(uri);
        } else {
            self.published.insert(uri.clone(), (version, shown.clone()));
        }
        let params = PublishDiagnosticsParams { uri: uri.clone(), version, diagnostics: shown };
        self.client.notify("textDocument/publishDiagnostics", params);
    }

    /// What is to be shown of a file by itself; nothing if that is not known yet.
    fn to_show(&self, uri: &Uri) -> Option<Vec<Diagnostic>> {
        let Some(path) = path_of(uri) else { return Some(Vec::new()) };
        let Some((id, project)) =
            self.projects.of(&path).and_then(|id| Some((id, self.projects.get(id)?))).filter(|_| self.settings.enable)
        else {
            return Some(Vec::new());
        };
        let document = self.documents.get(uri);
        let mut shown = of_configuration(project, self.client.can.encoding).remove(&path).unwrap_or_default();
        let is_asked_for = match document {
            Some(_) => !self.client.can.pulls,
            None => self.shows_all_files() && self.documents.at(&path).is_none(),
        };
        if !is_asked_for {
            return (document.is_none() || !shown.is_empty()).then_some(shown);
        }
        let ticket = document.filter(|document| document.project == Some(id)).map_or(0, |document| document.ticket);
        if !project.is_done(ticket) {
            return None;
        }
        if let (Some(checked), Some(relative)) = (project.checked(ticket), project.relative(&path))
            && (document.is_some() || project.is_opened(&relative))
        {
            shown.extend(Teller { project, checked, can: &self.client.can }.file(&relative));
        }
        Some(shown)
    }

    // ── Progress ────────────────────────────────────────────────────────────────────────────────────────────

    /// Whether some project is read for the first time, and somebody sees it.
    pub(super) fn is_reading(&self) -> bool {
        self.projects.all().any(|(_, project)| project.is_shown && project.analysis.is_none())
    }

    /// Asks for a place where the progress of each project can be shown.
    pub(super) fn offer_progress(&mut self) {
        if !self.client.can.progress {
            return;
        }
        let unshown = self.projects.all_mut().filter(|(_, project)| project.analysis.is_none() && !project.is_offered);
        let mut ids = Vec::new();
        for (id, project) in unshown {
            project.is_offered = true;
            ids.push(id);
        }
        for id in ids {
            let params = json!({ "token": token(id) });
            self.client.ask(Asked::Progress(id), "window/workDoneProgress/create", params);
        }
    }

    /// The client has a place for the progress of a project.
    pub(super) fn begin_progress(&mut self, id: ProjectId) {
        let Some(project) = self.projects.get_mut(id).filter(|project| project.analysis.is_none()) else { return };
        project.is_shown = true;
        let name = project.root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let value = json!({
            "kind": "begin",
            "title": format!("seqscan reads {name}"),
            "cancellable": true,
            "percentage": 0,
        });
        self.client.notify("$/progress", json!({ "token": token(id), "value": value }));
    }

    /// Tells how far the reading of projects has come.
    pub(super) fn tell_progress(&mut self) {
        let shown = self.projects.all().filter(|(_, project)| project.is_shown && project.analysis.is_none());
        let told: Vec<Value> = shown
            .map(|(id, project)| {
                let (done, total) = project.progress.files();
                let percentage = done * 100 / total.max(1);
                let value = json!({
                    "kind": "report",
                    "cancellable": true,
                    "message": format!("{done}/{total} files"),
                    "percentage": percentage.min(100),
                });
                json!({ "token": token(id), "value": value })
            })
            .collect();
        for params in told {
            self.client.notify("$/progress", params);
        }
    }

    fn end_progress(&mut self, id: ProjectId) {
        if let Some(project) = self.projects.get_mut(id).filter(|project| project.is_shown) {
            project.is_shown = false;
            self.client.notify("$/progress", json!({ "token": token(id), "value": { "kind": "end" } }));
        }
    }

    /// The user does not want to wait for the reading of a project.
    pub(super) fn progress_cancelled(&mut self, params: WorkDoneProgressCancelParams) {
        let stopped = self.projects.all().find(|(id, _)| params.token == ProgressToken::String(token(*id)));
        if let Some((_, project)) = stopped {
            project.progress.cancel();
        }
    }
}

/// What the progress of a project is known by.
fn token(id: ProjectId) -> String {
    format!("seqscan/reads/{id}")
}
