//! Hello and goodbye, folders and settings.

use lsp_server::{ErrorCode, RequestId, Response};
use lsp_types::{
    ChangeNotifications, CodeActionKind, CodeActionOptions, CodeActionProvider, DiagnosticOptions, DiagnosticProvider,
    DidChangeConfigurationParams, DidChangeWorkspaceFoldersParams, ExecuteCommandOptions, HoverProvider,
    InitializeParams, InitializeResult, MessageType, Save, ServerCapabilities, ServerInfo, TextDocumentSync,
    TextDocumentSyncKind, TextDocumentSyncOptions, Uri, WatchKind, WorkDoneProgressOptions, WorkspaceFolders,
    WorkspaceFoldersServerCapabilities, WorkspaceOptions,
};
use serde_json::{Value, json};

use super::actions::{EXPLAIN, REINDEX, fix_all_kind};
use super::client::{Abilities, Asked};
use super::paths::Folder;
use super::server::{Phase, Server};
use super::settings::Settings;
use crate::engine::is_too_wide;

/// Files whose changes matter: what is read, what says how, and what says that everything has changed.
const WATCHED: &[&str] = &[
    "**/*.{py,pyi,js,mjs,cjs,jsx,ts,mts,cts,tsx,sql,prisma,graphql,graphqls,gql,html,jinja,jinja2,j2}",
    "**/{seqscan.toml,.seqscan.toml,pyproject.toml,package.json,tsconfig*.json,jsconfig*.json}",
    "**/{requirements*.txt,requirements*.in,setup.cfg,Pipfile,.gitignore,.ignore}",
    "**/*baseline*.json",
    "**/.git/HEAD",
];

impl Server {
    /// Says what the server can do.
    pub(super) fn initialize(&mut self, id: RequestId, params: Value) {
        let params: InitializeParams = match serde_json::from_value(params) {
            Ok(params) => params,
            Err(error) => return self.client.refuse(id, ErrorCode::InvalidParams, error.to_string()),
        };
        self.client.can = Abilities::of(&params.capabilities);
        let folders = folders(&params);
        let result = InitializeResult {
            capabilities: self.capabilities(),
            server_info: Some(ServerInfo {
                name: "seqscan".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        };
        self.client.answer(id, result);
        self.phase = Phase::Running;
        match Settings::read(params.initialization_options.as_ref().unwrap_or(&Value::Null)) {
            Ok(settings) => self.settings = settings,
            Err(error) => self.client.show(MessageType::Warning, format!("the settings are not understood: {error}")),
        }
        if self.settings.enable {
            self.open_folders(folders);
        } else {
            self.asleep = folders;
        }
    }

    fn capabilities(&self) -> ServerCapabilities {
        let no_progress = || WorkDoneProgressOptions { work_done_progress: None };
        ServerCapabilities {
            position_encoding: Some(self.client.can.encoding.kind()),
            text_document_sync: Some(TextDocumentSync::Options(TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(TextDocumentSyncKind::Incremental),
                save: Some(Save::Bool(true)),
                ..TextDocumentSyncOptions::default()
            })),
            hover_provider: Some(HoverProvider::Bool(true)),
            code_action_provider: Some(CodeActionProvider::CodeActionOptions(CodeActionOptions {
                code_action_kinds: Some(vec![CodeActionKind::QuickFix, fix_all_kind()]),
                resolve_provider: Some(true),
                ..CodeActionOptions::default()
            })),
            execute_command_provider: Some(ExecuteCommandOptions {
                commands: vec![EXPLAIN.to_owned(), REINDEX.to_owned()],
                work_done_progress_options: no_progress(),
            }),
            diagnostic_provider: self.client.can.pulls.then(|| {
                DiagnosticProvider::DiagnosticOptions(DiagnosticOptions {
                    identifier: Some("seqscan".to_owned()),
                    inter_file_dependencies: true,
                    workspace_diagnostics: true,
                    work_done_progress_options: no_progress(),
                })
            }),
            workspace: Some(WorkspaceOptions {
                workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                    supported: Some(true),
                    change_notifications: Some(ChangeNotifications::Bool(true)),
                }),
                ..WorkspaceOptions::default()
            }),
            ..ServerCapabilities::default()
        }
    }

    /// Asks the client for what it can do for us.
    pub(super) fn initialized(&mut self) {
        let mut registrations = Vec::new();
        if self.client.can.watches {
            let mut watchers: Vec<Value> = WATCHED.iter().map(|pattern| json!({ "globPattern": pattern })).collect();
            // Of a folder that is deleted, nothing more is told than its own name.
            watchers.push(json!({ "globPattern": "**/*", "kind": u32::from(WatchKind::Delete) }));
            registrations.push(json!({
                "id": "files",
                "method": "workspace/didChangeWatchedFiles",
                "registerOptions": { "watchers": watchers },
            }));
        }
        if self.client.can.registers_configuration {
            registrations.push(json!({
                "id": "configuration",
                "method": "workspace/didChangeConfiguration",
                "registerOptions": { "section": "seqscan" },
            }));
        }
        if !registrations.is_empty() {
            self.client.ask(Asked::Nothing, "client/registerCapability", json!({ "registrations": registrations }));
        }
        self.ask_configuration();
        self.offer_progress();
    }

    fn ask_configuration(&mut self) {
        if self.client.can.configuration {
            let params = json!({ "items": [{ "section": "seqscan" }] });
            self.client.ask(Asked::Configuration, "workspace/configuration", params);
        }
    }

    /// Takes an answer of the client.
    pub(super) fn response(&mut self, response: Response) {
        match self.client.answered(response) {
            // Null says nothing; what came with `initialize` holds.
            Some((Asked::Configuration, Value::Array(items))) => {
                if let Some(value) = items.into_iter().next().filter(|value| !value.is_null()) {
                    self.take_settings(&value);
                }
            }
            Some((Asked::Progress(id), _)) => self.begin_progress(id),
            _ => {}
        }
    }

    /// The editor's configuration has changed.
    pub(super) fn configuration_changed(&mut self, params: DidChangeConfigurationParams) {
        if self.client.can.configuration {
            self.ask_configuration();
        } else if params.settings.get("seqscan").or(params.settings.get("settings")).is_some() {
            self.take_settings(&params.settings);
        }
    }

    fn take_settings(&mut self, value: &Value) {
        let settings = match Settings::read(value) {
            Ok(settings) => settings,
            Err(error) => {
                return self.client.show(MessageType::Warning, format!("the settings are not understood: {error}"));
            }
        };
        if settings == self.settings {
            return;
        }
        let before = std::mem::replace(&mut self.settings, settings);
        let same_projects =
            before.enable == self.settings.enable && before.configuration == self.settings.configuration;
        if same_projects {
            self.documents_again();
            self.publish_all();
            return;
        }
        let mut folders = std::mem::take(&mut self.asleep);
        folders.extend(self.close_projects(|_| true));
        if self.settings.enable {
            self.open_folders(folders);
        } else {
            self.asleep = folders;
            self.publish_all();
        }
    }

    /// The user has opened or closed folders.
    pub(super) fn folders_changed(&mut self, params: DidChangeWorkspaceFoldersParams) {
        let gone: Vec<Uri> = params.event.removed.into_iter().map(|folder| folder.uri).collect();
        let added: Vec<Folder> = params.event.added.iter().filter_map(|folder| Folder::of(&folder.uri)).collect();
        // Folders with one root are one project: those around a change begin anew.
        let roots: Vec<_> = added.iter().map(super::projects::root_of).collect();
        let mut kept = std::mem::take(&mut self.asleep);
        kept.extend(self.close_projects(|project| {
            roots.contains(&project.root) || project.folders.iter().any(|folder| gone.contains(&folder.uri))
        }));
        kept.retain(|folder| !gone.contains(&folder.uri));
        kept.extend(added);
        if self.settings.enable {
            self.open_folders(kept);
        } else {
            self.asleep = kept;
        }
    }

    /// Closes projects, and gives the folders that they held.
    fn close_projects(&mut self, which: impl Fn(&super::projects::Project) -> bool) -> Vec<Folder> {
        let gone: Vec<u32> = self.projects.all().filter(|(_, project)| which(project)).map(|(id, _)| id).collect();
        let mut folders = Vec::new();
        for id in gone {
            if let Some(project) = self.close_project(id).filter(|project| !project.is_makeshift) {
                folders.extend(project.folders);
            }
        }
        folders
    }

    /// Opens folders as projects.
    fn open_folders(&mut self, mut folders: Vec<Folder>) {
        folders.retain(|folder| {
            let is_wide = is_too_wide(&folder.settled);
            if is_wide {
                let message = format!("{} is too wide for one project; open a folder in it", folder.written.display());
                self.client.log(MessageType::Warning, message);
            }
            !is_wide
        });
        let open: Vec<_> = self.open_texts();
        for problem in self.projects.open(folders, false, &self.settings, &open) {
            self.client.show(MessageType::Error, problem);
        }
        self.place_documents();
        self.offer_progress();
        self.publish_all();
    }

    /// Ends all work.
    pub(super) fn shutdown(&mut self, id: RequestId) {
        self.phase = Phase::Leaving;
        let gone: Vec<u32> = self.projects.all().map(|(id, _)| id).collect();
        for project in gone {
            self.close_project(project);
        }
        for (poll, _) in std::mem::take(&mut self.polls) {
            self.client.refuse(poll, ErrorCode::RequestCanceled, "the server is shutting down");
        }
        self.client.answer(id, Value::Null);
    }
}

/// The folders that the user opened.
#[expect(deprecated, reason = "older clients name one root only")]
fn folders(params: &InitializeParams) -> Vec<Folder> {
    if let Some(WorkspaceFolders::WorkspaceFolderList(folders)) =
        &params.workspace_folders_initialize_params.workspace_folders
    {
        return folders.iter().filter_map(|folder| Folder::of(&folder.uri)).collect();
    }
    params.root_uri.as_ref().and_then(Folder::of).into_iter().collect()
}
