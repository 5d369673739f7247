//! After any sequence of edits the findings are those of the command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::client::{Editor, range, uri};
use crate::project::{Project, repository};

/// Random numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// A finding as both sides tell it: path, rule, line, column in UTF-16, first line of the message, other places.
type Told = (String, String, u64, u64, String, usize);

/// What the command line says of a folder.
fn cold(project: &Project) -> Vec<Told> {
    let output = project.run(&["check", "--output-format", "json", "--exit-zero"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut told: Vec<Told> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let path = finding["location"]["path"].as_str().unwrap();
            let text = std::fs::read_to_string(project.path().join(path)).unwrap();
            let start = &finding["location"]["start"];
            let offset = start["offset"].as_u64().unwrap() as usize;
            let line_start = text[..offset].rfind(['\n', '\r']).map_or(0, |at| at + 1);
            let column = text[line_start..offset].trim_start_matches('\u{feff}').encode_utf16().count() as u64;
            (
                path.to_owned(),
                finding["rule"].as_str().unwrap().to_owned(),
                start["line"].as_u64().unwrap() - 1,
                column,
                finding["message"].as_str().unwrap().to_owned(),
                finding["related"].as_array().unwrap().len(),
            )
        })
        .collect();
    told.sort();
    told
}

/// What the server says of all files.
fn warm(editor: &mut Editor, root: &Path, open: &BTreeMap<String, String>) -> Vec<Told> {
    // An answer about one document waits for everything that was told; then the one about all files knows it, too.
    let nothing = root.join("nothing.py");
    editor.did_open(&nothing, "");
    editor.pulled(&nothing);
    editor.did_close(&nothing);
    for path in open.keys() {
        editor.pulled(&root.join(path));
    }
    let report = editor.result("workspace/diagnostic", json!({ "previousResultIds": [] }));
    let mut told = Vec::new();
    for item in report["items"].as_array().unwrap() {
        let prefix = format!("{}/", uri(root));
        let path = item["uri"].as_str().unwrap().strip_prefix(&prefix).unwrap().to_owned();
        for found in item["items"].as_array().unwrap() {
            let start = &found["range"]["start"];
            told.push((
                path.clone(),
                found["code"].as_str().unwrap().to_owned(),
                start["line"].as_u64().unwrap(),
                start["character"].as_u64().unwrap(),
                found["message"].as_str().unwrap().lines().next().unwrap().to_owned(),
                found["relatedInformation"].as_array().map_or(0, Vec::len),
            ));
        }
    }
    told.sort();
    told
}

/// Where a byte is, in UTF-16.
fn position(text: &str, at: usize) -> (u32, u32) {
    let before = &text[..at];
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (u32::try_from(line).unwrap(), u32::try_from(text[start..at].encode_utf16().count()).unwrap())
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Things that people type, and things that break what they are typed into.
const TYPED: &[&str] = &[
    "\n",
    " ",
    "    ",
    "x",
    "é",
    "😀",
    "# ",
    "// ",
    "\"",
    "'''",
    "`",
    "(",
    ")",
    "{",
    "}",
    "[]",
    "\n\n",
    "\nfor x in y:\n    x.save()\n",
    "\nfor (const x of xs) { await db.query('select 1') }\n",
    "# seqscan: ignore[query-in-loop] 😀 why\n",
    "-- seqscan: ignore[unindexed-filter]\n",
    "\nimport sqlite3\n",
    "return ",
    "async ",
    "def f():\n",
    "class A:\n    pass\n",
    ";\n",
    "SELECT * FROM t WHERE a LIKE '%😀' ",
];

/// One random edit; the change as the protocol has it.
fn edit(dice: &mut Dice, text: &mut String, original: &str) -> Value {
    if dice.below(12) == 0 {
        *text = original.to_owned();
        return json!({ "text": text });
    }
    let from = boundary(text, dice.below(text.len() + 1));
    let length = if dice.below(2) == 0 { 0 } else { dice.below(40) };
    let to = boundary(text, (from + length).min(text.len())).max(from);
    let typed = TYPED[dice.below(TYPED.len())];
    // Lines of these texts end in `\n` alone, so that both sides count them alike.
    let change = json!({ "range": range(position(text, from), position(text, to)), "text": typed });
    text.replace_range(from..to, typed);
    change
}

/// A copy of a fixture, with the marks that make it a project.
fn copy(fixture: &str) -> (Project, Vec<(String, String)>) {
    let root = repository().join("fixtures").join(fixture);
    let mut files: Vec<(String, String)> = Vec::new();
    for entry in walkdir::WalkDir::new(&root).sort_by_file_name() {
        let entry = entry.unwrap();
        if let Ok(text) = std::fs::read_to_string(entry.path()) {
            let path = entry.path().strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            files.push((path, text.replace("\r\n", "\n")));
        }
    }
    let project = Project::new(files.iter().map(|(path, text)| (path, text)));
    files.retain(|(path, _)| [".py", ".ts", ".js", ".sql"].iter().any(|ending| path.ends_with(ending)));
    (project, files)
}

/// Edits the documents of a fixture, and its files on disk, at random, and compares every now and then.
fn same(fixture: &str, seed: u64, rounds: usize) {
    let (project, files) = copy(fixture);
    let root: PathBuf = project.path().canonicalize().unwrap();
    let capabilities = json!({ "textDocument": { "diagnostic": { "relatedInformation": true } } });
    let mut editor = Editor::open(&[&root], capabilities, Value::Null);
    let mut disk: BTreeMap<String, String> = files.iter().cloned().collect();
    let mut open: BTreeMap<String, String> = BTreeMap::new();
    let mut dice = Dice(seed);
    assert_eq!(warm(&mut editor, &root, &open), cold(&project), "{fixture}: before any edit");
    for round in 0..rounds {
        for _ in 0..1 + dice.below(6) {
            let (path, original) = &files[dice.below(files.len())];
            let at = root.join(path);
            let stored = disk.get_mut(path).unwrap();
            match open.get_mut(path) {
                None if dice.below(4) == 0 => {
                    edit(&mut dice, stored, original);
                    project.write(path, stored.as_str());
                    editor.watched(&at, 2);
                }
                None => {
                    editor.did_open(&at, stored);
                    open.insert(path.clone(), stored.clone());
                }
                Some(_) if dice.below(8) == 0 => {
                    open.remove(path);
                    editor.did_close(&at);
                }
                Some(text) => {
                    let changes: Vec<Value> = (0..1 + dice.below(3)).map(|_| edit(&mut dice, text, original)).collect();
                    editor.did_change(&at, json!(changes));
                }
            }
        }
        let warm = warm(&mut editor, &root, &open);
        // What the command line reads is what the editor holds; nobody tells the server of it.
        for (path, text) in &open {
            project.write(path, text);
        }
        assert_eq!(warm, cold(&project), "{fixture}: seed {seed}, round {round}");
        for path in open.keys() {
            project.write(path, &disk[path]);
        }
    }
    editor.leave();
}

#[test]
fn a_django_shop_is_the_same_after_any_edits() {
    same("shop", 1, 12);
}

#[test]
fn typescript_and_sql_are_the_same_after_any_edits() {
    for (nth, fixture) in (2..).zip(["drizzle", "nest-typeorm", "sequelize", "psycopg", "sqlalchemy"]) {
        same(fixture, nth, 6);
    }
}
