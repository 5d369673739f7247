//! One session after the other: what is shown, what can be done, and what bad input does.

use serde_json::{Value, json};

use super::client::{Editor, range, uri};
use crate::project::{Project, STORE};

/// Calls it in a loop; an emoji stands before the call.
const VIEW: &str = "\
from store import find


def users(ids):
    return [(\"😀\", find(id)) for id in ids]
";

fn project() -> Project {
    Project::new([("store.py", STORE), ("view.py", VIEW), ("seqscan.toml", "")])
}

/// A client that can do everything.
fn able() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "window": { "workDoneProgress": true, "showDocument": { "support": true } },
        "workspace": {
            "configuration": true,
            "didChangeWatchedFiles": { "dynamicRegistration": true },
            "didChangeConfiguration": { "dynamicRegistration": true },
        },
        "textDocument": {
            "publishDiagnostics": { "relatedInformation": true, "tagSupport": { "valueSet": [1, 2] } },
            "codeAction": { "dataSupport": true, "resolveSupport": { "properties": ["edit"] } },
        },
    })
}

/// A client that asks for findings.
fn pulling() -> Value {
    json!({ "textDocument": { "diagnostic": { "relatedInformation": true } }, "workspace": { "diagnostics": {} } })
}

fn rules(found: &[Value]) -> Vec<&str> {
    found.iter().map(|diagnostic| diagnostic["code"].as_str().unwrap()).collect()
}

#[test]
fn a_finding_is_shown_explained_and_silenced() {
    let project = project();
    let mut editor = Editor::open(&[project.path()], able(), Value::Null);
    let view = project.path().join("view.py");
    editor.did_open(&view, VIEW);
    let shown = editor.shown(&view, Some(1));
    assert_eq!(rules(&shown), ["query-in-loop"], "{shown:#?}");
    let finding = &shown[0];
    assert_eq!(finding["range"], range((4, 19), (4, 23)), "in UTF-16");
    assert_eq!((&finding["source"], &finding["severity"]), (&json!("seqscan"), &json!(2)));
    assert!(finding["message"].as_str().unwrap().starts_with("`find` runs a query for each run of `for id in ids`"));
    assert!(finding["codeDescription"]["href"].as_str().unwrap().ends_with("/rules/query-in-loop.md"));
    let related = finding["relatedInformation"].as_array().unwrap();
    let texts: Vec<&str> = related.iter().map(|place| place["message"].as_str().unwrap()).collect();
    assert_eq!(texts, ["this comprehension", "the query"]);
    assert_eq!(related[1]["location"]["uri"], uri(&project.path().join("store.py")));

    let params = json!({
        "textDocument": { "uri": uri(&view) },
        "range": finding["range"],
        "context": { "diagnostics": [finding] },
    });
    let actions = editor.result("textDocument/codeAction", params);
    let titles: Vec<&str> =
        actions.as_array().unwrap().iter().map(|action| action["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Ignore `query-in-loop` here, with a reason", "Explain `query-in-loop`"]);
    let resolved = editor.result("codeAction/resolve", actions[0].clone());
    let edit = &resolved["edit"]["changes"][uri(&view)][0];
    assert_eq!(edit["newText"], "    # seqscan: ignore[query-in-loop] TODO: say why\n");
    assert_eq!(edit["range"], range((4, 0), (4, 0)));
    let version = editor.did_change(&view, json!([{ "range": edit["range"], "text": edit["newText"] }]));
    assert!(editor.shown(&view, Some(version)).is_empty());

    let place = json!({ "textDocument": { "uri": uri(&view) }, "position": { "line": 4, "character": 30 } });
    let hover = editor.result("textDocument/hover", place);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.contains("query-in-loop") && text.contains("TODO: say why"), "{text}");

    let command = &actions[1]["command"];
    let params = json!({ "command": command["command"], "arguments": command["arguments"] });
    let page = editor.result("workspace/executeCommand", params);
    assert!(page.as_str().unwrap().starts_with("# query-in-loop"));
    assert!(editor.told.iter().any(|message| message["method"] == "window/showDocument"));
    editor.leave();
}

#[test]
fn positions_count_what_was_agreed_on() {
    let project = project();
    let view = project.path().join("view.py");
    for (encodings, agreed, column) in [
        (json!(["utf-8", "utf-16"]), "utf-8", 21),
        (json!(["utf-32"]), "utf-32", 18),
        (json!(["utf-9"]), "utf-16", 19),
        (Value::Null, "utf-16", 19),
    ] {
        let capabilities = json!({ "general": { "positionEncodings": encodings } });
        let mut editor = Editor::silent(&["lsp"]);
        let folders = json!([{ "uri": uri(project.path()), "name": "x" }]);
        let params = json!({ "capabilities": capabilities, "workspaceFolders": folders });
        let result = editor.result("initialize", params);
        assert_eq!(result["capabilities"]["positionEncoding"], agreed);
        editor.tell("initialized", json!({}));
        editor.did_open(&view, VIEW);
        let found = editor.shown(&view, Some(1));
        assert_eq!(found[0]["range"], range((4, column), (4, column + 4)), "{agreed}");
        let change = json!([{ "range": range((4, column), (4, column)), "text": "é" }]);
        let version = editor.did_change(&view, change);
        assert!(editor.shown(&view, Some(version)).is_empty(), "nothing is called `éfind`");
        editor.leave();
    }
}

#[test]
fn a_file_without_a_folder_is_a_project_of_its_own() {
    let project = project();
    let view = project.path().join("view.py");
    let mut editor = Editor::open(&[], json!({}), Value::Null);
    editor.did_open(&view, VIEW);
    assert_eq!(rules(&editor.shown(&view, Some(1))), ["query-in-loop"]);
    // Nobody watches files: what is saved is what is looked for.
    project.write("store.py", "def find(id):\n    return id\n");
    editor.tell("textDocument/didSave", json!({ "textDocument": { "uri": uri(&view) } }));
    editor.shows(&view, 0);
    project.write("store.py", STORE);
    editor.tell("textDocument/didSave", json!({ "textDocument": { "uri": uri(&view) } }));
    editor.shows(&view, 1);
    editor.did_close(&view);
    editor.shows(&view, 0);
    editor.leave();
}

#[test]
fn a_document_is_checked_when_the_user_says() {
    let project = project();
    let view = project.path().join("view.py");
    let mut editor = Editor::open(&[project.path()], pulling(), json!({ "settings": { "run": "onSave" } }));
    editor.did_open(&view, VIEW);
    assert_eq!(editor.pulled(&view).len(), 1);
    editor.did_change(&view, json!([{ "text": "x = 1\n" }]));
    assert!(editor.pulled(&view).is_empty(), "what was found is about another text");
    editor.did_change(&view, json!([{ "text": format!("\n{VIEW}") }]));
    editor.tell("textDocument/didSave", json!({ "textDocument": { "uri": uri(&view) } }));
    assert_eq!(editor.pulled(&view)[0]["range"]["start"]["line"], 5);
    editor.leave();
}

#[test]
fn a_query_explains_itself() {
    let schema = "create table users (id int primary key, name text, age int);\ncreate index by_age on users (age);\n";
    let text = "\
import sqlite3

db = sqlite3.connect('app.db')


def find(ids):
    for id in ids:
        db.execute('''
            SELECT * FROM users WHERE id = ? AND name = 'é'
        ''', (id,))
";
    let project = Project::new([("schema.sql", schema), ("app.py", text)]);
    let path = project.path().join("app.py");
    let mut editor = Editor::open(&[project.path()], json!({}), Value::Null);
    editor.did_open(&path, text);
    let mut hover = |line: u32, character: u32| {
        let position = json!({ "line": line, "character": character });
        let place = json!({ "textDocument": { "uri": uri(&path) }, "position": position });
        editor.result("textDocument/hover", place)["contents"]["value"].as_str().map(str::to_owned)
    };
    let expected = "\
**sqlite3.Connection.execute**: reads rows

- table `users`, defined at `schema.sql:1`
  - `id = ?`: found by primary key (id)
  - `name = 'é'`: no index begins with it
- runs once per run of `for id in ids` in `find` at `app.py:7`
";
    assert_eq!(hover(7, 13).as_deref(), Some(expected), "on the call");
    assert_eq!(hover(8, 40).as_deref(), Some(expected), "in the text");
    assert_eq!(hover(0, 0), None);
    editor.leave();
}

#[test]
fn folders_with_one_root_are_one_project() {
    let text = VIEW.replace("store", "a.store");
    let project = Project::new([("a/store.py", STORE), ("b/view.py", &*text)]);
    let view = project.path().join("b/view.py");
    let folders = [project.path().join("a"), project.path().join("b")];
    let folders: Vec<&std::path::Path> = folders.iter().map(AsRef::as_ref).collect();
    let mut editor = Editor::open(&folders, pulling(), Value::Null);
    editor.did_open(&view, &text);
    assert_eq!(editor.pulled(&view).len(), 1);
    editor.leave();
    // A folder that is a link is written as the user wrote it.
    let link = project.path().with_extension("link");
    std::os::unix::fs::symlink(project.path(), &link).unwrap();
    let related = json!({ "textDocument": { "publishDiagnostics": { "relatedInformation": true } } });
    let mut editor = Editor::open(&[&link], related, Value::Null);
    editor.did_open(&link.join("b/view.py"), &text);
    let found = editor.shown(&link.join("b/view.py"), Some(1));
    assert_eq!(found[0]["relatedInformation"][1]["location"]["uri"], uri(&link.join("a/store.py")));
    std::fs::remove_file(link).unwrap();
    editor.leave();
}

#[test]
fn edits_name_the_version_they_are_for() {
    let project = project();
    let view = project.path().join("view.py");
    let capabilities = json!({ "workspace": { "workspaceEdit": { "documentChanges": true } } });
    let mut editor = Editor::open(&[project.path()], capabilities, Value::Null);
    editor.did_open(&view, VIEW);
    let params = json!({
        "textDocument": { "uri": uri(&view) },
        "range": range((4, 20), (4, 20)),
        "context": { "diagnostics": [], "triggerKind": 2 },
    });
    let actions = editor.result("textDocument/codeAction", params);
    let change = &actions[0]["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({ "uri": uri(&view), "version": 1 }));
    editor.leave();
}

#[test]
fn safe_fixes_are_applied_at_once() {
    let text = "x = 1  # seqscan: ignore[query-in-loop] old\ny = 2  # seqscan: ignore[write-in-loop] old\n";
    let project = Project::new([("a.py", text)]);
    let mut editor = Editor::open(&[project.path()], json!({}), Value::Null);
    let path = project.path().join("a.py");
    editor.did_open(&path, text);
    assert_eq!(rules(&editor.shown(&path, Some(1))), ["unused-suppression"; 2]);
    let ask = |editor: &mut Editor, only: &str| {
        editor.result(
            "textDocument/codeAction",
            json!({
                "textDocument": { "uri": uri(&path) },
                "range": range((0, 0), (0, 0)),
                "context": { "diagnostics": [], "only": [only] },
            }),
        )
    };
    assert_eq!(ask(&mut editor, "source.fixAll.eslint"), json!([]));
    let actions = ask(&mut editor, "source.fixAll");
    assert_eq!(actions[0]["kind"], "source.fixAll.seqscan");
    let edits = actions[0]["edit"]["changes"][uri(&path)].as_array().unwrap().clone();
    assert_eq!(edits.len(), 2);
    // The later edit first, so that the earlier one keeps its place.
    let changes: Vec<Value> =
        edits.iter().rev().map(|edit| json!({ "range": edit["range"], "text": edit["newText"] })).collect();
    let version = editor.did_change(&path, json!(changes));
    assert!(editor.shown(&path, Some(version)).is_empty());
    editor.leave();
}

#[test]
fn findings_are_given_to_those_who_ask() {
    let project = project();
    let mut editor = Editor::open(&[project.path()], pulling(), Value::Null);
    let view = project.path().join("view.py");
    editor.did_open(&view, VIEW);
    assert_eq!(rules(&editor.pulled(&view)), ["query-in-loop"]);
    let params = json!({ "textDocument": { "uri": uri(&view) } });
    let name = editor.result("textDocument/diagnostic", params.clone())["resultId"].clone();
    let params = json!({ "textDocument": { "uri": uri(&view) }, "previousResultId": name });
    assert_eq!(editor.result("textDocument/diagnostic", params)["kind"], "unchanged");
    let all = editor.result("workspace/diagnostic", json!({ "previousResultIds": [] }));
    assert_eq!(all["items"][0]["uri"], uri(&view));
    let name = all["items"][0]["resultId"].clone();
    // The next question is answered when there is something new.
    let known = json!({ "previousResultIds": [{ "uri": uri(&view), "value": name }] });
    let poll = editor.begin("workspace/diagnostic", known);
    editor.did_change(&view, json!([{ "text": "x = 1\n" }]));
    assert_eq!(editor.answer(poll)["result"]["items"][0]["items"], json!([]));
    assert!(editor.pulled(&view).is_empty());
    assert!(!editor.told.iter().any(|message| message["method"] == "textDocument/publishDiagnostics"));
    editor.leave();
}

#[test]
fn an_open_document_holds_instead_of_its_file() {
    let project = project();
    let mut editor = Editor::open(&[project.path()], pulling(), Value::Null);
    let (view, store) = (project.path().join("view.py"), project.path().join("store.py"));
    editor.did_open(&view, VIEW);
    assert_eq!(editor.pulled(&view).len(), 1);
    editor.did_open(&store, "def find(id):\n    return id\n");
    assert!(editor.pulled(&view).is_empty(), "the helper asks nothing any more");
    // What is on disk does not matter as long as the document is open.
    editor.watched(&store, 2);
    assert!(editor.pulled(&view).is_empty());
    editor.did_close(&store);
    editor.did_change(&view, json!([{ "text": VIEW }]));
    assert_eq!(editor.pulled(&view).len(), 1);
    editor.leave();
}

#[test]
fn what_changes_on_disk_is_taken_up() {
    let project = project();
    let mut editor = Editor::open(&[project.path()], able(), json!({ "diagnosticMode": "workspace" }));
    let view = project.path().join("view.py");
    assert_eq!(editor.shown(&view, None).len(), 1, "it is not open");
    project.write("seqscan.toml", "ignore = [\"all\"]\n");
    editor.watched(&project.path().join("seqscan.toml"), 2);
    assert!(editor.shown(&view, None).is_empty());
    project.write("seqscan.toml", "ignroe = []\n");
    editor.watched(&project.path().join("seqscan.toml"), 2);
    let wrong = editor.shown(&project.path().join("seqscan.toml"), None);
    assert!(wrong[0]["message"].as_str().unwrap().contains("did you mean `ignore`?"), "{wrong:?}");
    assert_eq!(wrong[0]["range"], range((0, 0), (0, 6)));
    project.write("seqscan.toml", "");
    editor.watched(&project.path().join("seqscan.toml"), 2);
    assert_eq!(editor.shown(&view, None).len(), 1);
    assert!(editor.shown(&project.path().join("seqscan.toml"), None).is_empty());
    project.write("more/view.py", VIEW);
    editor.watched(&project.path().join("more/view.py"), 1);
    assert_eq!(editor.shown(&project.path().join("more/view.py"), None).len(), 1);
    std::fs::remove_file(project.path().join("more/view.py")).unwrap();
    editor.watched(&project.path().join("more/view.py"), 3);
    assert!(editor.shown(&project.path().join("more/view.py"), None).is_empty());
    // A folder is deleted whole, and a branch switched to.
    project.write("more/view.py", VIEW);
    project.write(".git/HEAD", "ref: refs/heads/other\n");
    editor.watched(&project.path().join(".git/HEAD"), 2);
    editor.shows(&project.path().join("more/view.py"), 1);
    std::fs::remove_dir_all(project.path().join("more")).unwrap();
    editor.watched(&project.path().join("more"), 3);
    editor.shows(&project.path().join("more/view.py"), 0);
    // Some editors write another file and give it the name of the old one.
    project.write("view.py", "");
    editor.watched(&view, 3);
    editor.watched(&view, 1);
    editor.shows(&view, 0);
    editor.leave();
}

#[test]
fn what_a_baseline_knows_is_not_shown() {
    let project = project();
    let view = project.path().join("view.py");
    let mut editor = Editor::open(&[project.path()], able(), Value::Null);
    editor.did_open(&view, VIEW);
    editor.shows(&view, 1);
    assert!(project.run(&["--write-baseline"]).status.success());
    project.write("seqscan.toml", "baseline = \"seqscan-baseline.json\"\n");
    editor.watched(&project.path().join("seqscan.toml"), 2);
    editor.shows(&view, 0);
    std::fs::remove_file(project.path().join("seqscan-baseline.json")).unwrap();
    editor.watched(&project.path().join("seqscan-baseline.json"), 3);
    editor.shows(&view, 1);
    editor.leave();
}

#[test]
fn settings_and_folders_change() {
    let (one, two) = (project(), project());
    let mut editor = Editor::open(&[one.path()], able(), json!({ "enable": false }));
    let (first, second) = (one.path().join("view.py"), two.path().join("view.py"));
    editor.did_open(&first, VIEW);
    editor.settings = json!({ "enable": true });
    editor.tell("workspace/didChangeConfiguration", json!({ "settings": null }));
    editor.shows(&first, 1);
    editor.settings = json!({ "configuration": { "ignore": ["query-in-loop"] } });
    editor.tell("workspace/didChangeConfiguration", json!({ "settings": null }));
    editor.shows(&first, 0);
    editor.settings = Value::Null;
    let folder = |project: &Project| json!({ "uri": uri(project.path()), "name": "x" });
    editor.tell(
        "workspace/didChangeWorkspaceFolders",
        json!({ "event": { "added": [folder(&two)], "removed": [folder(&one)] } }),
    );
    editor.did_open(&second, "x = 1\n");
    let version = editor.did_change(&second, json!([{ "text": VIEW }]));
    assert!(editor.shown(&second, Some(version)).is_empty(), "the settings still hold");
    editor.settings = json!({});
    editor.tell("workspace/didChangeConfiguration", json!({ "settings": null }));
    editor.shows(&second, 1);
    editor.leave();
}

#[test]
fn progress_is_told_and_can_be_stopped() {
    let files = (0..300).map(|nth| (format!("m{nth}/view.py"), VIEW.repeat(50)));
    let project = Project::new(files);
    let mut editor = Editor::open(&[project.path()], able(), Value::Null);
    let begin = editor.until("the beginning", |message| message["params"]["value"]["kind"] == "begin");
    let token = begin["params"]["token"].clone();
    editor.tell("window/workDoneProgress/cancel", json!({ "token": token }));
    editor.until("the end", |message| message["params"]["value"]["kind"] == "end");
    // The user asks for it after all.
    editor.result("workspace/executeCommand", json!({ "command": "seqscan.reindex" }));
    let view = project.path().join("m0/view.py");
    editor.did_open(&view, VIEW);
    editor.shown(&view, Some(1));
    editor.leave();
}

#[test]
fn bad_input_is_answered_with_errors() {
    let project = project();
    let mut editor = Editor::silent(&["server"]);
    let code = |answer: &Value| answer["error"]["code"].as_i64();
    let early = editor.ask("textDocument/hover", json!({}));
    assert_eq!(code(&early), Some(-32002), "not initialized");
    let wrong = editor.ask("initialize", json!({ "capabilities": 3 }));
    assert_eq!(code(&wrong), Some(-32602));
    let folder = json!([{ "uri": uri(project.path()), "name": "x" }]);
    editor.result("initialize", json!({ "capabilities": pulling(), "workspaceFolders": folder }));
    assert_eq!(code(&editor.ask("initialize", json!({ "capabilities": {} }))), Some(-32600));
    assert_eq!(code(&editor.ask("textDocument/rename", json!({}))), Some(-32601));
    assert_eq!(code(&editor.ask("textDocument/hover", json!({ "position": "x" }))), Some(-32602));
    assert_eq!(code(&editor.ask("workspace/executeCommand", json!({ "command": "rm" }))), Some(-32602));
    let view = project.path().join("view.py");
    // Changed and closed without being open, cancelled without being asked, answered without being asked.
    editor.did_change(&view, json!([{ "text": "" }]));
    editor.did_close(&view);
    editor.tell("$/cancelRequest", json!({ "id": 90 }));
    editor.tell("$/unknown", json!({}));
    editor.tell("textDocument/didOpen", json!({ "textDocument": 3 }));
    editor.send(&json!({ "jsonrpc": "2.0", "id": "x", "result": null }));
    // Documents that are no files, or no files of the project.
    for other in ["untitled:Untitled-1", "git:/x/view.py?ref=HEAD", "file:///nowhere/at/all.py", "file:///a%FFb.py"] {
        let document = json!({ "uri": other, "languageId": "python", "version": 1, "text": VIEW });
        editor.tell("textDocument/didOpen", json!({ "textDocument": document }));
        let found = editor.result("textDocument/diagnostic", json!({ "textDocument": { "uri": other } }));
        assert_eq!(found["items"], json!([]), "{other}");
        editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": other } }));
    }
    // Places that are not there.
    editor.did_open(&view, VIEW);
    editor.did_change(&view, json!([{ "range": range((90, 9), (99, u32::MAX)), "text": "# é😀\n" }]));
    editor.did_change(&view, json!([{ "range": range((4, 14), (4, 14)), "text": "" }]));
    editor.did_change(&view, json!([{ "range": range((4, 14), (1, 0)), "text": "" }]));
    let place = json!({ "textDocument": { "uri": uri(&view) }, "position": { "line": 999, "character": 999 } });
    assert_eq!(editor.result("textDocument/hover", place), Value::Null);
    // A document that nobody wrote by hand.
    editor.did_change(&view, json!([{ "text": "x = [1]\n".repeat(400_000) }]));
    assert!(editor.pulled(&view).is_empty());
    editor.leave();
}

#[test]
fn questions_are_withdrawn() {
    let project = Project::new((0..200).map(|nth| (format!("m{nth}/view.py"), VIEW.repeat(20))));
    let view = project.path().join("m0/view.py");
    let mut editor = Editor::open(&[project.path()], pulling(), Value::Null);
    editor.did_open(&view, VIEW);
    let params = json!({ "textDocument": { "uri": uri(&view) } });
    let stale = editor.begin("textDocument/diagnostic", params.clone());
    editor.did_change(&view, json!([{ "text": VIEW }]));
    let gone = editor.begin("textDocument/diagnostic", params.clone());
    editor.tell("$/cancelRequest", json!({ "id": gone }));
    let last = editor.begin("textDocument/diagnostic", params);
    let (stale, gone, last) = (editor.answer(stale), editor.answer(gone), editor.answer(last));
    if stale.get("error").is_some() {
        assert_eq!(stale["error"]["code"], -32802);
        assert_eq!(stale["error"]["data"]["retriggerRequest"], true);
    }
    if gone.get("error").is_some() {
        assert_eq!(gone["error"]["code"], -32800);
    }
    assert!(last.get("error").is_none(), "{last}");
    editor.leave();
}

#[test]
fn the_exit_code_says_how_it_ended() {
    let mut rude = Editor::open(&[], json!({}), Value::Null);
    rude.tell("exit", Value::Null);
    assert_eq!(rude.wait().code(), Some(1), "exit without shutdown");
    let mut gone = Editor::open(&[], json!({}), Value::Null);
    gone.hang_up();
    assert_eq!(gone.wait().code(), Some(1), "the input ended");
    let mut early = Editor::silent(&["lsp"]);
    early.tell("exit", Value::Null);
    assert_eq!(early.wait().code(), Some(1));
    let mut late = Editor::open(&[], json!({}), Value::Null);
    late.result("shutdown", Value::Null);
    assert_eq!(late.ask("textDocument/hover", json!({}))["error"]["code"], -32600);
    late.tell("exit", Value::Null);
    assert_eq!(late.wait().code(), Some(0));
    let mut garbled = Editor::silent(&["lsp"]);
    garbled.send_raw(b"Content-Long: 2\r\n\r\n{}");
    assert_eq!(garbled.wait().code(), Some(1), "nobody knows where the next message begins");
}

#[test]
fn what_is_no_message_is_answered_and_the_next_one_is_read() {
    let mut editor = Editor::open(&[], json!({}), Value::Null);
    for (body, code) in [("{x", -32700), ("[]", -32600), ("{\"id\":3}", -32600)] {
        editor.send_raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        let answer = editor.until("an error", |message| message.get("error").is_some());
        assert_eq!(answer["error"]["code"], code, "{body}: {answer}");
    }
    editor.leave();
}
