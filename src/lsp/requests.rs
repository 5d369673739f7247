//! Questions of the client, and their answers.

use std::collections::HashSet;

use lsp_server::{ErrorCode, RequestId};
use lsp_types::{
    CancelParams, CodeAction, CodeActionParams, Diagnostic, DocumentDiagnosticParams, ExecuteCommandParams,
    HoverParams, Id, MessageType, PreviousResultId, Uri, WorkspaceDiagnosticParams,
};
use serde_json::{Value, json};

use super::actions::{self, EXPLAIN, Later, REINDEX};
use super::client::Asked;
use super::diagnostics::{Teller, result_id};
use super::documents::Document;
use super::hover;
use super::projects::Waiting;
use super::server::{Question, Server};
use super::worker::Task;
use crate::rules::Registry;

/// A document and what is known of it.
struct About<'a> {
    document: &'a Document,
    path: String,
    teller: Teller<'a>,
}

impl Server {
    pub(super) fn document_diagnostics(&mut self, id: RequestId, params: DocumentDiagnosticParams) {
        self.ask_about(id, params.text_document.uri, Question::Diagnostics(params.previous_result_id));
    }

    pub(super) fn workspace_diagnostics(&mut self, id: RequestId, params: WorkspaceDiagnosticParams) {
        self.polls.push((id, params.previous_result_ids));
        self.answer_polls();
    }

    pub(super) fn code_actions(&mut self, id: RequestId, params: CodeActionParams) {
        self.ask_about(id, params.text_document.uri, Question::Actions(params.range, params.context));
    }

    pub(super) fn resolve_action(&mut self, id: RequestId, action: CodeAction) {
        let later = action.data.clone().map(serde_json::from_value::<Later>);
        match later {
            Some(Ok(later)) => self.ask_about(id, later.uri.clone(), Question::Resolve(Box::new(action), later)),
            _ => self.client.answer(id, action),
        }
    }

    pub(super) fn hover(&mut self, id: RequestId, params: HoverParams) {
        let place = params.text_document_position_params;
        if self.settings.hover {
            self.ask_about(id, place.text_document.uri, Question::Hover(place.position));
        } else {
            self.client.answer(id, Value::Null);
        }
    }

    /// Answers a question about a document as soon as its project knows the text.
    fn ask_about(&mut self, id: RequestId, uri: Uri, question: Question) {
        let project = self.documents.get(&uri).and_then(|document| document.project);
        // What was done to other documents may have changed the findings of this one.
        if let Some(project) = project.and_then(|id| self.projects.get_mut(id)).filter(|project| !project.is_idle()) {
            let ticket = project.ticket();
            return project.wait(Waiting { id, uri: Some(uri), ticket, question });
        }
        self.answer_question(id, Some(&uri), question);
    }

    /// A document with what is known of its text as it is now.
    fn about(&self, uri: &Uri) -> Option<About<'_>> {
        let document = self.documents.get(uri)?;
        let project = self.projects.get(document.project?)?;
        let path = project.relative(document.path.as_ref()?)?;
        let checked = project.checked(document.ticket)?;
        let known = checked.report.sources.get(&*path)?;
        let is_same = known.text.trim_start_matches('\u{feff}') == document.text.trim_start_matches('\u{feff}');
        let teller = Teller { project, checked, can: &self.client.can };
        is_same.then_some(About { document, path, teller })
    }

    /// Answers a question with what is known.
    pub(super) fn answer_question(&mut self, id: RequestId, uri: Option<&Uri>, question: Question) {
        let about = uri.and_then(|uri| self.about(uri));
        let answer = match question {
            Question::Diagnostics(previous) => {
                let found = about.map(|about| about.teller.file(&about.path)).unwrap_or_default();
                report(&found, previous.as_deref())
            }
            Question::Actions(range, context) => {
                let actions =
                    about.map(|about| actions::actions(&about.teller, about.document, &about.path, range, &context));
                json!(actions.unwrap_or_default())
            }
            Question::Resolve(mut action, later) => {
                action.edit = about.and_then(|about| {
                    let found = about.teller.findings(&about.path);
                    let reported = found.iter().find(|reported| reported.fingerprint == later.fingerprint)?;
                    actions::ignore_edit(&about.teller, about.document, reported)
                });
                if action.edit.is_none() {
                    let message = "the finding is gone, or no comment can stand there";
                    return self.client.refuse(id, ErrorCode::RequestFailed, message);
                }
                json!(action)
            }
            Question::Hover(position) => {
                json!(about.and_then(|about| hover::hover(&about.teller, &about.path, position)))
            }
        };
        self.client.answer(id, answer);
    }

    /// Answers those who asked for the findings of all files, if there is something new for them.
    pub(super) fn answer_polls(&mut self) {
        if self.polls.is_empty() || self.projects.all().any(|(_, project)| project.analysis.is_none()) {
            return;
        }
        let all = self.all_files();
        for (id, previous) in std::mem::take(&mut self.polls) {
            let items = items(&all, &previous);
            if items.is_empty() && !previous.is_empty() {
                self.polls.push((id, previous));
            } else {
                self.client.answer(id, json!({ "items": items }));
            }
        }
    }

    /// The findings of all files of the opened folders.
    fn all_files(&self) -> Vec<(Uri, Option<i32>, Vec<Diagnostic>)> {
        let mut all = Vec::new();
        for (_, project) in self.projects.all() {
            let Some(checked) = project.analysis.as_ref().and_then(|analysis| analysis.outcome.as_ref().ok()) else {
                continue;
            };
            let teller = Teller { project, checked, can: &self.client.can };
            for path in teller.files() {
                let document = self.documents.at(&project.root.join(path));
                // What waits for newer work is told after that.
                if document.is_some_and(|document| !project.is_done(document.ticket)) {
                    continue;
                }
                let uri = document.map(|document| document.uri.clone()).or_else(|| project.uri_of(path));
                all.extend(uri.map(|uri| (uri, document.map(|document| document.version), teller.file(path))));
            }
        }
        all
    }

    /// Runs a command.
    pub(super) fn execute(&mut self, id: RequestId, params: ExecuteCommandParams) {
        match params.command.as_str() {
            EXPLAIN => {
                let name = params.arguments.unwrap_or_default().into_iter().next();
                let name = name.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
                let Some(rule) = Registry::builtin().get(&name) else {
                    return self.client.refuse(id, ErrorCode::InvalidParams, format!("no rule is called `{name}`"));
                };
                if self.client.can.shows_documents {
                    let params = json!({ "uri": rule.url(), "external": true });
                    self.client.ask(Asked::Nothing, "window/showDocument", params);
                } else {
                    let summary = &rule.page.metadata.summary;
                    self.client.show(MessageType::Info, format!("{name}: {summary}\n{}", rule.url()));
                }
                let page = format!("# {name}\n\n{}", rule.page.body);
                self.client.answer(id, page);
            }
            REINDEX => {
                for (_, project) in self.projects.all_mut() {
                    project.tell(Task::Refresh);
                }
                self.client.answer(id, Value::Null);
            }
            other => self.client.refuse(id, ErrorCode::InvalidParams, format!("no command is called `{other}`")),
        }
    }

    /// Somebody does not wait any more.
    pub(super) fn cancelled(&mut self, params: CancelParams) {
        let id = match params.id {
            Id::Int(id) => RequestId::from(id),
            Id::String(id) => RequestId::from(id),
        };
        let mut is_waiting = self.polls.iter().any(|(poll, _)| *poll == id);
        self.polls.retain(|(poll, _)| *poll != id);
        for (_, project) in self.projects.all_mut() {
            is_waiting |= project.waiting.iter().any(|one| one.id == id);
            project.waiting.retain(|one| one.id != id);
        }
        if is_waiting {
            self.client.refuse(id, ErrorCode::RequestCanceled, "cancelled");
        }
    }
}

/// The answer about one document.
fn report(found: &[Diagnostic], previous: Option<&str>) -> Value {
    let name = result_id(found);
    if previous == Some(&*name) {
        json!({ "kind": "unchanged", "resultId": name })
    } else {
        json!({ "kind": "full", "resultId": name, "items": found })
    }
}

/// What is new about all files.
fn items(all: &[(Uri, Option<i32>, Vec<Diagnostic>)], previous: &[PreviousResultId]) -> Vec<Value> {
    let mut items = Vec::new();
    let mut seen = HashSet::new();
    for (uri, version, found) in all {
        seen.insert(uri);
        let name = result_id(found);
        if previous.iter().all(|known| known.uri != *uri || known.value != name) {
            items.push(json!({ "kind": "full", "uri": uri, "version": version, "resultId": name, "items": found }));
        }
    }
    let empty = result_id(&[]);
    let gone = previous.iter().filter(|known| !seen.contains(&known.uri) && known.value != empty);
    items.extend(
        gone.map(|known| json!({ "kind": "full", "uri": known.uri, "version": null, "resultId": empty, "items": [] })),
    );
    items
}
