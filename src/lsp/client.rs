//! The client: what it can do, and how it is told things.

use std::collections::HashMap;

use crossbeam_channel::Sender;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response, ResponseError};
use lsp_types::{ClientCapabilities, MarkupKind, MessageType, ShowMessageParams};
use serde::Serialize;
use serde_json::Value;

use super::positions::Encoding;

/// What a client can do, as far as it matters here.
#[derive(Clone, Debug, Default)]
pub(super) struct Abilities {
    /// What columns count.
    pub(super) encoding: Encoding,
    /// It asks for the findings of a document.
    pub(super) pulls: bool,
    /// It asks again when it is told to.
    pub(super) refreshes: bool,
    /// It watches files for us.
    pub(super) watches: bool,
    /// It tells its configuration.
    pub(super) configuration: bool,
    /// It wants to be asked to tell of changes of its configuration.
    pub(super) registers_configuration: bool,
    /// It shows how far work has come.
    pub(super) progress: bool,
    /// It shows pages.
    pub(super) shows_documents: bool,
    /// It shows the other places of a finding.
    pub(super) related: bool,
    /// It asks for the edit of a code action only when that is chosen.
    pub(super) resolves_edits: bool,
    /// It applies an edit only to the version of the document that it was made for.
    pub(super) versions_edits: bool,
    /// It keeps what we put into a finding until it asks for code actions.
    pub(super) keeps_data: bool,
    /// It shows Markdown in hovers.
    pub(super) markdown: bool,
}

impl Abilities {
    /// Reads what a client says of itself.
    pub(super) fn of(client: &ClientCapabilities) -> Abilities {
        let workspace = client.workspace.as_ref();
        let window = client.window.as_ref();
        let document = client.text_document.as_ref();
        let general = client.general.as_ref();
        let publish = document.and_then(|document| document.publish_diagnostics.as_ref());
        let pull = document.and_then(|document| document.diagnostic.as_ref());
        let actions = document.and_then(|document| document.code_action.as_ref());
        let shown =
            [publish.map(|publish| &publish.diagnostics_capabilities), pull.map(|pull| &pull.diagnostics_capabilities)];
        let hover = document.and_then(|document| document.hover.as_ref());
        let format = hover.and_then(|hover| hover.content_format.as_deref());
        let watching = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
        let configured = workspace.and_then(|workspace| workspace.did_change_configuration.as_ref());
        let refreshing = workspace.and_then(|workspace| workspace.diagnostics.as_ref());
        let resolving = actions.and_then(|actions| actions.resolve_support.as_ref());
        Abilities {
            encoding: Encoding::agreed(general.and_then(|general| general.position_encodings.as_deref())),
            pulls: pull.is_some(),
            refreshes: refreshing.is_some_and(|refresh| refresh.refresh_support == Some(true)),
            watches: watching.is_some_and(|watching| watching.dynamic_registration == Some(true)),
            configuration: workspace.is_some_and(|workspace| workspace.configuration == Some(true)),
            registers_configuration: configured.is_some_and(|change| change.dynamic_registration == Some(true)),
            progress: window.is_some_and(|window| window.work_done_progress == Some(true)),
            shows_documents: window
                .and_then(|window| window.show_document.as_ref())
                .is_some_and(|document| document.support),
            related: shown.iter().flatten().any(|shown| shown.related_information == Some(true)),
            resolves_edits: resolving.is_some_and(|resolve| resolve.properties.iter().any(|name| name == "edit")),
            versions_edits: workspace
                .and_then(|workspace| workspace.workspace_edit.as_ref())
                .is_some_and(|edit| edit.document_changes == Some(true)),
            keeps_data: actions.is_some_and(|actions| actions.data_support == Some(true)),
            markdown: format.is_none_or(|formats| formats.contains(&MarkupKind::Markdown)),
        }
    }
}

/// What was asked of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Its configuration.
    Configuration,
    /// A place where the progress of this project's reading is shown.
    Progress(u32),
    /// Something whose answer does not matter.
    Nothing,
}

/// The way to the client.
#[derive(Debug)]
pub(super) struct Client {
    sender: Sender<Message>,
    next: i32,
    asked: HashMap<RequestId, Asked>,
    /// What it can do.
    pub(super) can: Abilities,
    /// Whether it does not listen any more.
    pub(super) is_gone: bool,
}

impl Client {
    pub(super) fn new(sender: Sender<Message>) -> Client {
        Client { sender, next: 0, asked: HashMap::new(), can: Abilities::default(), is_gone: false }
    }

    fn send(&mut self, message: impl Into<Message>) {
        self.is_gone |= self.sender.send(message.into()).is_err();
    }

    /// Answers a request.
    pub(super) fn answer(&mut self, id: RequestId, result: impl Serialize) {
        match serde_json::to_value(result) {
            Ok(value) => self.send(Response { id, response_result: Ok(value) }),
            Err(error) => self.refuse(id, ErrorCode::InternalError, error.to_string()),
        }
    }

    /// Answers a request with an error.
    pub(super) fn refuse(&mut self, id: RequestId, code: ErrorCode, message: impl Into<String>) {
        self.send(Response::new_err(id, code as i32, message.into()));
    }

    /// Tells that the documents changed while findings were asked for; the client is to ask again.
    pub(super) fn ask_again(&mut self, id: RequestId) {
        let error = ResponseError {
            code: ErrorCode::ServerCancelled as i32,
            message: "the document has changed".to_owned(),
            data: Some(serde_json::json!({ "retriggerRequest": true })),
        };
        self.send(Response { id, response_result: Err(error) });
    }

    /// Tells something.
    pub(super) fn notify(&mut self, method: &str, params: impl Serialize) {
        if let Ok(params) = serde_json::to_value(params) {
            self.send(Notification { method: method.to_owned(), params });
        }
    }

    /// Asks something.
    pub(super) fn ask(&mut self, asked: Asked, method: &str, params: impl Serialize) {
        let id = RequestId::from(self.next);
        self.next = self.next.wrapping_add(1);
        if let Ok(params) = serde_json::to_value(params) {
            self.asked.insert(id.clone(), asked);
            self.send(Request { id, method: method.to_owned(), params });
        }
    }

    /// What an answer of the client belongs to, and what it is; nothing for an error.
    pub(super) fn answered(&mut self, response: Response) -> Option<(Asked, Value)> {
        let asked = self.asked.remove(&response.id)?;
        Some((asked, response.response_result.ok()?))
    }

    /// Shows a message to the user.
    pub(super) fn show(&mut self, kind: MessageType, message: impl Into<String>) {
        let message = format!("seqscan: {}", message.into());
        self.notify("window/showMessage", ShowMessageParams { kind, message });
    }

    /// Writes a message to the log.
    pub(super) fn log(&mut self, kind: MessageType, message: impl Into<String>) {
        self.notify("window/logMessage", ShowMessageParams { kind, message: message.into() });
    }
}
