//! The documents that are open in the editor.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_types::{TextDocumentContentChangeEvent, Uri};

use super::positions::Encoding;
use super::projects::ProjectId;

/// An open document.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// As the client writes it.
    pub(super) uri: Uri,
    /// The file it stands for, without links; none for what is no file.
    pub(super) path: Option<PathBuf>,
    /// The version that the client gave it.
    pub(super) version: i32,
    /// Its text now.
    pub(super) text: Arc<str>,
    /// The project it belongs to.
    pub(super) project: Option<ProjectId>,
    /// Which work of its project knows this text.
    pub(super) ticket: u64,
}

/// All open documents, by the URI that the client writes.
#[derive(Debug, Default)]
pub(super) struct Documents {
    by_uri: HashMap<Uri, Document>,
}

impl Documents {
    pub(super) fn insert(&mut self, document: Document) {
        self.by_uri.insert(document.uri.clone(), document);
    }

    pub(super) fn remove(&mut self, uri: &Uri) -> Option<Document> {
        self.by_uri.remove(uri)
    }

    pub(super) fn get(&self, uri: &Uri) -> Option<&Document> {
        self.by_uri.get(uri)
    }

    pub(super) fn get_mut(&mut self, uri: &Uri) -> Option<&mut Document> {
        self.by_uri.get_mut(uri)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Document> {
        self.by_uri.values()
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Document> {
        self.by_uri.values_mut()
    }

    /// The open document of the file at `path`.
    pub(super) fn at(&self, path: &Path) -> Option<&Document> {
        self.by_uri.values().find(|document| document.path.as_deref() == Some(path))
    }
}

/// `text` after these changes, each of which is about the text that the one before it left.
pub(super) fn changed(text: &str, changes: Vec<TextDocumentContentChangeEvent>, encoding: Encoding) -> String {
    let mut text = text.to_owned();
    for change in changes {
        match change {
            TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => text = whole.text,
            TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                let (a, b) = (encoding.offset(&text, part.range.start), encoding.offset(&text, part.range.end));
                text.replace_range(a.min(b)..a.max(b), &part.text);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn after(text: &str, changes: serde_json::Value) -> String {
        changed(text, serde_json::from_value(changes).unwrap(), Encoding::Utf16)
    }

    fn range(from: (u32, u32), to: (u32, u32)) -> serde_json::Value {
        json!({ "start": { "line": from.0, "character": from.1 }, "end": { "line": to.0, "character": to.1 } })
    }

    #[test]
    fn changes_come_one_after_the_other() {
        let changes = json!([
            { "range": range((0, 3), (0, 3)), "text": "x" },
            { "range": range((0, 1), (0, 3)), "text": "" },
        ]);
        assert_eq!(after("a😀b\nc", changes), "axb\nc");
        assert_eq!(after("a", json!([{ "text": "all" }])), "all");
    }

    #[test]
    fn places_that_are_not_there_do_no_harm() {
        assert_eq!(after("ab", json!([{ "range": range((0, 2), (0, 1)), "text": "x" }])), "ax");
        assert_eq!(after("ab\n", json!([{ "range": range((7, 0), (9, 9)), "text": "x" }])), "ab\nx");
        assert_eq!(after("😀", json!([{ "range": range((0, 1), (0, 1)), "text": "x" }])), "x😀");
    }
}
