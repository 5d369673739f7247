//! An editor that speaks to the real binary.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::project::seqscan;

/// How long an answer may take on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);

/// An editor with one server.
pub(crate) struct Editor {
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<Value>,
    next: i64,
    versions: BTreeMap<String, i64>,
    /// Everything that came without being asked for.
    pub(crate) told: Vec<Value>,
    /// What the settings are, when the server asks.
    pub(crate) settings: Value,
}

impl Editor {
    /// A server that was not told anything yet.
    pub(crate) fn silent(args: &[&str]) -> Editor {
        let mut command = seqscan();
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut stdout) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Editor { child, stdin, messages, next: 1, versions: BTreeMap::new(), told: Vec::new(), settings: Value::Null }
    }

    /// A server that knows these folders and what the client can do.
    pub(crate) fn open(folders: &[&Path], capabilities: Value, options: Value) -> Editor {
        let mut editor = Editor::silent(&["lsp", "--stdio"]);
        editor.settings = options.clone();
        let folders: Vec<Value> =
            folders.iter().map(|folder| json!({ "uri": uri(folder), "name": "folder" })).collect();
        let answer = editor.ask(
            "initialize",
            json!({
                "processId": null,
                "rootUri": null,
                "workspaceFolders": folders,
                "capabilities": capabilities,
                "initializationOptions": options,
            }),
        );
        assert!(answer["result"]["capabilities"]["hoverProvider"].as_bool().unwrap(), "{answer}");
        editor.tell("initialized", json!({}));
        editor
    }

    pub(crate) fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.send_raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(bytes).unwrap();
        stdin.flush().unwrap();
    }

    pub(crate) fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Asks without waiting; the id of the question.
    pub(crate) fn begin(&mut self, method: &str, params: Value) -> i64 {
        let id = self.next;
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Asks, and gives the whole answer.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        self.answer(id)
    }

    /// Asks, and gives the result; an error is one of the test.
    #[track_caller]
    pub(crate) fn result(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The answer to a question.
    pub(crate) fn answer(&mut self, id: i64) -> Value {
        self.until(&format!("an answer to {id}"), |message| message["id"] == id && message.get("method").is_none())
    }

    /// The next message of the server that fits. What comes before is kept in `told`.
    pub(crate) fn until(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.messages.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(message) => {
                    self.oblige(&message);
                    if fits(&message) {
                        return message;
                    }
                    self.told.push(message);
                }
                Err(RecvTimeoutError::Timeout) => panic!("{what} did not come; told: {:#?}", self.told),
                Err(RecvTimeoutError::Disconnected) => panic!("the server left before {what}; told: {:#?}", self.told),
            }
        }
    }

    /// Does what the server asks for.
    fn oblige(&mut self, message: &Value) {
        if let (Some(method), Some(id)) = (message["method"].as_str(), message.get("id")) {
            let result = match method {
                "workspace/configuration" => json!([self.settings]),
                "window/showDocument" => json!({ "success": true }),
                _ => Value::Null,
            };
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        }
    }

    pub(crate) fn did_open(&mut self, path: &Path, text: &str) {
        let uri = uri(path);
        self.versions.insert(uri.clone(), 1);
        let document = json!({ "uri": uri, "languageId": "x", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Changes a document; the version after it.
    pub(crate) fn did_change(&mut self, path: &Path, changes: Value) -> i64 {
        let uri = uri(path);
        let version = self.versions.entry(uri.clone()).or_insert(0);
        *version += 1;
        let version = *version;
        let params = json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": changes });
        self.tell("textDocument/didChange", params);
        version
    }

    pub(crate) fn did_close(&mut self, path: &Path) {
        self.versions.remove(&uri(path));
        self.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri(path) } }));
    }

    pub(crate) fn watched(&mut self, path: &Path, kind: u8) {
        self.tell("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": uri(path), "type": kind }] }));
    }

    /// The diagnostics that are shown for a version of a document.
    #[track_caller]
    pub(crate) fn shown(&mut self, path: &Path, version: Option<i64>) -> Vec<Value> {
        let uri = uri(path);
        let fits = |message: &Value| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == *uri
                && version.is_none_or(|version| message["params"]["version"] == version)
        };
        let message = match self.told.iter().position(fits) {
            Some(at) => self.told.remove(at),
            None => self.until(&format!("diagnostics of {uri} {version:?}"), fits),
        };
        message["params"]["diagnostics"].as_array().unwrap().clone()
    }

    /// Waits until so many diagnostics of a document are shown.
    #[track_caller]
    pub(crate) fn shows(&mut self, path: &Path, count: usize) {
        while self.shown(path, None).len() != count {}
    }

    /// The diagnostics of a document, asked for.
    #[track_caller]
    pub(crate) fn pulled(&mut self, path: &Path) -> Vec<Value> {
        let report = self.result("textDocument/diagnostic", json!({ "textDocument": { "uri": uri(path) } }));
        report["items"].as_array().unwrap().clone()
    }

    /// Says goodbye as it should be.
    #[track_caller]
    pub(crate) fn leave(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null)["result"], Value::Null);
        self.tell("exit", Value::Null);
        assert_eq!(self.wait().code(), Some(0));
    }

    /// Goes away without a word.
    pub(crate) fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// How the server ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server does not end");
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(stdout: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stdout.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stdout.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).unwrap())
}

/// A path as editors write it.
pub(crate) fn uri(path: &Path) -> String {
    let letters = path.to_str().unwrap().bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    });
    format!("file://{}", letters.collect::<String>())
}

/// A range as the protocol has it.
pub(crate) fn range(from: (u32, u32), to: (u32, u32)) -> Value {
    json!({ "start": { "line": from.0, "character": from.1 }, "end": { "line": to.0, "character": to.1 } })
}
