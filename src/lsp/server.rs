//! The state of the server, and which message goes where.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, after, never, select, unbounded};
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId};
use lsp_types::{
    CodeAction, CodeActionContext, CodeActionTriggerKind, Diagnostic, Position, PreviousResultId, Range, Uri,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::actions::Later;
use super::client::Client;
use super::documents::Documents;
use super::paths::Folder;
use super::projects::{ProjectId, Projects};
use super::settings::Settings;
use super::worker::Analysis;

/// How often the client is told how far the reading of a project has come.
const TICK: Duration = Duration::from_millis(100);

/// What a request asks, once the project knows the text it is about.
#[derive(Debug)]
pub(super) enum Question {
    /// The findings of a document, unless they are those of this name.
    Diagnostics(Option<String>),
    /// What can be done in a range.
    Actions(Range, CodeActionContext),
    /// The edit of an action.
    Resolve(Box<CodeAction>, Later),
    /// What is under the cursor.
    Hover(Position),
}

impl Question {
    /// Whether it comes from the user, and not from an editor that follows each key.
    pub(super) fn is_of_user(&self) -> bool {
        match self {
            Question::Diagnostics(_) => false,
            Question::Actions(_, context) => context.trigger_kind != Some(CodeActionTriggerKind::Automatic),
            Question::Resolve(..) | Question::Hover(_) => true,
        }
    }
}

/// How far the client has come with saying hello and goodbye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing was said.
    New,
    /// It knows what we can do.
    Running,
    /// It is about to leave.
    Leaving,
}

/// The server.
pub(super) struct Server {
    pub(super) phase: Phase,
    pub(super) client: Client,
    pub(super) settings: Settings,
    pub(super) documents: Documents,
    pub(super) projects: Projects,
    /// What the client shows by our word: the diagnostics, and the version of the document.
    pub(super) published: HashMap<Uri, (Option<i32>, Vec<Diagnostic>)>,
    /// Questions about all projects that wait for something new.
    pub(super) polls: Vec<(RequestId, Vec<PreviousResultId>)>,
    /// What was last told to be wrong with projects.
    pub(super) complaints: HashSet<String>,
    /// The folders that would be projects if anything was to be checked.
    pub(super) asleep: Vec<Folder>,
    done: Receiver<(ProjectId, Analysis)>,
}

impl Server {
    pub(super) fn new(sender: Sender<Message>) -> Server {
        let (analysed, done) = unbounded();
        Server {
            phase: Phase::New,
            client: Client::new(sender),
            settings: Settings::default(),
            documents: Documents::default(),
            projects: Projects::new(analysed),
            published: HashMap::new(),
            polls: Vec::new(),
            complaints: HashSet::new(),
            asleep: Vec::new(),
            done,
        }
    }

    /// Serves until the client leaves; the exit code, or nothing if it does not listen any more.
    pub(super) fn run(mut self, messages: &Receiver<Message>) -> Option<u8> {
        let done = self.done.clone();
        while !self.client.is_gone {
            let tick = if self.is_reading() { after(TICK) } else { never() };
            select! {
                recv(messages) -> message => match message {
                    Ok(message) => {
                        if let Some(code) = self.message(message) {
                            return Some(code);
                        }
                    }
                    Err(_) => return Some(u8::from(self.phase != Phase::Leaving)),
                },
                recv(done) -> analysed => if let Ok((id, analysis)) = analysed {
                    self.analysed(id, analysis);
                },
                recv(tick) -> _ => self.tell_progress(),
            }
        }
        None
    }

    /// Takes one message; the exit code if it was the last.
    fn message(&mut self, message: Message) -> Option<u8> {
        match message {
            Message::Request(request) => self.request(request),
            Message::Notification(notification) if notification.method == "exit" => {
                return Some(u8::from(self.phase != Phase::Leaving));
            }
            Message::Notification(notification) if self.phase == Phase::Running => self.notification(notification),
            Message::Notification(_) => {}
            Message::Response(response) => self.response(response),
        }
        None
    }

    fn request(&mut self, request: Request) {
        let Request { id, method, params } = request;
        match (self.phase, method.as_str()) {
            (Phase::New, "initialize") => self.initialize(id, params),
            (Phase::New, _) => {
                self.client.refuse(id, ErrorCode::ServerNotInitialized, "the first request is `initialize`");
            }
            (Phase::Leaving, _) => self.client.refuse(id, ErrorCode::InvalidRequest, "the server is shutting down"),
            (Phase::Running, "shutdown") => self.shutdown(id),
            (Phase::Running, "textDocument/diagnostic") => self.parsed(id, params, Server::document_diagnostics),
            (Phase::Running, "workspace/diagnostic") => self.parsed(id, params, Server::workspace_diagnostics),
            (Phase::Running, "textDocument/codeAction") => self.parsed(id, params, Server::code_actions),
            (Phase::Running, "codeAction/resolve") => self.parsed(id, params, Server::resolve_action),
            (Phase::Running, "textDocument/hover") => self.parsed(id, params, Server::hover),
            (Phase::Running, "workspace/executeCommand") => self.parsed(id, params, Server::execute),
            (Phase::Running, "initialize") => {
                self.client.refuse(id, ErrorCode::InvalidRequest, "`initialize` comes once");
            }
            (Phase::Running, method) => {
                self.client.refuse(id, ErrorCode::MethodNotFound, format!("`{method}` is not known here"));
            }
        }
    }

    /// Takes a request whose parameters can be read.
    fn parsed<P: DeserializeOwned>(&mut self, id: RequestId, params: Value, take: fn(&mut Server, RequestId, P)) {
        match serde_json::from_value(params) {
            Ok(params) => take(self, id, params),
            Err(error) => self.client.refuse(id, ErrorCode::InvalidParams, error.to_string()),
        }
    }

    fn notification(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        let result = match method.as_str() {
            "initialized" => {
                self.initialized();
                Ok(())
            }
            "textDocument/didOpen" => noted(params, |params| self.opened(params)),
            "textDocument/didChange" => noted(params, |params| self.changed(params)),
            "textDocument/didClose" => noted(params, |params| self.closed(params)),
            "textDocument/didSave" => noted(params, |params| self.saved(params)),
            "workspace/didChangeWatchedFiles" => noted(params, |params| self.files_changed(params)),
            "workspace/didChangeWorkspaceFolders" => noted(params, |params| self.folders_changed(params)),
            "workspace/didChangeConfiguration" => noted(params, |params| self.configuration_changed(params)),
            "window/workDoneProgress/cancel" => noted(params, |params| self.progress_cancelled(params)),
            "$/cancelRequest" => noted(params, |params| self.cancelled(params)),
            // What is not known is to be disregarded.
            _ => Ok(()),
        };
        if let Err(error) = result {
            self.client.log(lsp_types::MessageType::Warning, format!("`{method}` is not understood: {error}"));
        }
    }
}

/// Takes a notification whose parameters can be read.
fn noted<P: DeserializeOwned>(params: Value, take: impl FnOnce(P)) -> Result<(), serde_json::Error> {
    serde_json::from_value(params).map(take)
}
