//! What can be done about a finding.

use std::collections::BTreeMap;

use lsp_types::{
    CodeAction, CodeActionContext, CodeActionKind, Command, Diagnostic, DocumentChange,
    OptionalVersionedTextDocumentIdentifier, Range, TextDocumentEdit, TextDocumentIdentifier, TextEdit, Uri,
    WorkspaceEdit,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::diagnostics::Teller;
use super::documents::Document;
use crate::engine::suppression;
use crate::findings::{Applicability, Edit, Reported};
use crate::source::{SourceFile, Span};

/// Shows the page of a rule.
pub(super) const EXPLAIN: &str = "seqscan.explain";
/// Reads all files of all projects again.
pub(super) const REINDEX: &str = "seqscan.reindex";

/// The reason that a new suppression comment gives until somebody writes a better one.
const REASON: &str = "TODO: say why";

/// All safe fixes of a document.
pub(super) fn fix_all_kind() -> CodeActionKind {
    CodeActionKind::Custom("source.fixAll.seqscan".into())
}

/// What an action is, when its edit is asked for later.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Later {
    /// The document.
    pub(super) uri: Uri,
    /// The finding that is to be silenced.
    pub(super) fingerprint: String,
}

/// What can be done in `range` of a document.
pub(super) fn actions(
    teller: &Teller<'_>,
    document: &Document,
    path: &str,
    range: Range,
    context: &CodeActionContext,
) -> Vec<CodeAction> {
    let Some(source) = teller.checked.report.sources.get(path) else { return Vec::new() };
    let wanted = |kind: &CodeActionKind| wants(context.only.as_deref(), kind);
    let mut actions = Vec::new();
    if wanted(&CodeActionKind::QuickFix) {
        let encoding = teller.can.encoding;
        let (a, b) = (encoding.offset(&source.text, range.start), encoding.offset(&source.text, range.end));
        let near: Vec<&Reported> = teller
            .findings(path)
            .iter()
            .filter(|reported| {
                let span = reported.diagnostic.primary.span;
                span.start as usize <= a.max(b) && a.min(b) <= span.end as usize
            })
            .collect();
        let told: Vec<(&Reported, Diagnostic)> =
            near.into_iter().filter_map(|reported| Some((reported, teller.diagnostic(reported)?))).collect();
        actions.extend(told.iter().filter_map(|(reported, told)| fix(teller, document, reported, told)));
        actions.extend(told.iter().filter_map(|(reported, told)| ignore(teller, document, reported, told)));
        let mut rules: Vec<&str> = Vec::new();
        for (reported, told) in &told {
            let rule = reported.diagnostic.rule;
            if !rules.contains(&rule) {
                rules.push(rule);
                actions.push(explain(rule, told));
            }
        }
    }
    if wanted(&fix_all_kind()) {
        actions.extend(fix_all(teller, document, path, source));
    }
    actions
}

/// Whether a kind of action is asked for: `source.fixAll` asks for `source.fixAll.seqscan` too. Nobody who does not
/// name a kind means one that changes a whole file.
fn wants(only: Option<&[CodeActionKind]>, kind: &CodeActionKind) -> bool {
    let name = String::from(kind.clone());
    let Some(only) = only.filter(|only| !only.is_empty()) else { return !name.starts_with("source.") };
    only.iter().any(|asked| {
        let asked = String::from(asked.clone());
        asked.is_empty() || name == asked || name.strip_prefix(&asked).is_some_and(|rest| rest.starts_with('.'))
    })
}

fn action(title: String, kind: CodeActionKind, about: Vec<Diagnostic>) -> CodeAction {
    CodeAction {
        title,
        kind: Some(kind),
        diagnostics: Some(about),
        is_preferred: None,
        disabled: None,
        edit: None,
        command: None,
        data: None,
        tags: None,
    }
}

/// The edit that mends a finding.
fn fix(teller: &Teller<'_>, document: &Document, reported: &Reported, told: &Diagnostic) -> Option<CodeAction> {
    let fix = reported.diagnostic.fix.as_ref()?;
    let note = match fix.applicability {
        Applicability::DisplayOnly => return None,
        Applicability::Unsafe => " (may change what the program does)",
        Applicability::Safe => "",
    };
    let title = format!("{}{note}", capitalized(&fix.title));
    let mut action = action(title, CodeActionKind::QuickFix, vec![told.clone()]);
    action.is_preferred = Some(fix.applicability == Applicability::Safe);
    action.edit = Some(workspace_edit(teller, document, &fix.edits)?);
    Some(action)
}

/// The comment that silences a finding.
fn ignore(teller: &Teller<'_>, document: &Document, reported: &Reported, told: &Diagnostic) -> Option<CodeAction> {
    let rule = reported.diagnostic.rule;
    let title = format!("Ignore `{rule}` here, with a reason");
    let mut action = action(title, CodeActionKind::QuickFix, vec![told.clone()]);
    if teller.can.resolves_edits {
        let later = Later { uri: document.uri.clone(), fingerprint: reported.fingerprint.clone() };
        action.data = serde_json::to_value(later).ok();
    } else {
        action.edit = Some(ignore_edit(teller, document, reported)?);
    }
    Some(action)
}

/// The edit of [`ignore`].
pub(super) fn ignore_edit(teller: &Teller<'_>, document: &Document, reported: &Reported) -> Option<WorkspaceEdit> {
    let found = &reported.diagnostic;
    let source = teller.checked.report.sources.get(&found.primary.path)?;
    let put = suppression(source, found.primary.span, &[found.rule], REASON)?;
    let edit = Edit { path: source.path.clone(), span: Span::new(put.at, put.at), text: put.text };
    workspace_edit(teller, document, &[edit])
}

fn explain(rule: &str, told: &Diagnostic) -> CodeAction {
    let title = format!("Explain `{rule}`");
    let mut action = action(title.clone(), CodeActionKind::QuickFix, vec![told.clone()]);
    action.command =
        Some(Command { title, tooltip: None, command: EXPLAIN.to_owned(), arguments: Some(vec![json!(rule)]) });
    action
}

/// All safe fixes of a document, as far as they do not touch each other.
fn fix_all(teller: &Teller<'_>, document: &Document, path: &str, source: &SourceFile) -> Option<CodeAction> {
    let mut edits: Vec<Edit> = Vec::new();
    let mut about = Vec::new();
    for reported in teller.findings(path) {
        let Some(fix) = &reported.diagnostic.fix else { continue };
        let is_here = fix.edits.iter().all(|edit| edit.path == source.path);
        let is_free = |edit: &Edit| {
            edits.iter().all(|other| edit.span.end <= other.span.start || other.span.end <= edit.span.start)
        };
        if fix.applicability == Applicability::Safe && is_here && fix.edits.iter().all(is_free) {
            edits.extend(fix.edits.iter().cloned());
            about.extend(teller.diagnostic(reported));
        }
    }
    if edits.is_empty() {
        return None;
    }
    edits.sort_by_key(|edit| edit.span);
    let mut action = action("Fix all that seqscan can fix safely".to_owned(), fix_all_kind(), about);
    action.edit = Some(workspace_edit(teller, document, &edits)?);
    Some(action)
}

/// Edits as the protocol has them; none if a file cannot be edited.
fn workspace_edit(teller: &Teller<'_>, document: &Document, edits: &[Edit]) -> Option<WorkspaceEdit> {
    let mut changes: BTreeMap<Uri, Vec<TextEdit>> = BTreeMap::new();
    for edit in edits {
        let source = teller.checked.report.sources.get(&edit.path).filter(|source| source.is_faithful())?;
        let is_own = document.path.as_ref() == Some(&source.absolute);
        let uri = if is_own { document.uri.clone() } else { teller.project.uri_of(&edit.path)? };
        let range = teller.can.encoding.range(source, edit.span);
        changes.entry(uri).or_default().push(TextEdit { range, new_text: edit.text.clone() });
    }
    let mut edit = WorkspaceEdit { changes: None, document_changes: None, change_annotations: None };
    if teller.can.versions_edits {
        let versioned = changes.into_iter().map(|(uri, edits)| {
            let version = (uri == document.uri).then_some(document.version);
            let text_document_identifier = TextDocumentIdentifier { uri };
            DocumentChange::TextDocumentEdit(TextDocumentEdit {
                text_document: OptionalVersionedTextDocumentIdentifier { version, text_document_identifier },
                edits: edits.into_iter().map(lsp_types::Edit::TextEdit).collect(),
            })
        });
        edit.document_changes = Some(versioned.collect());
    } else {
        edit.changes = Some(changes.into_iter().collect());
    }
    Some(edit)
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_asks_for_those_below_it() {
        let asks = |only: &[&'static str], kind: &CodeActionKind| {
            let only: Vec<CodeActionKind> = only.iter().map(|&name| CodeActionKind::from(name.to_owned())).collect();
            wants(Some(&only), kind)
        };
        assert!(asks(&["source.fixAll"], &fix_all_kind()) && asks(&["source"], &fix_all_kind()));
        assert!(!asks(&["source.fix"], &fix_all_kind()) && !asks(&["source.fixAll.eslint"], &fix_all_kind()));
        assert!(asks(&["quickfix"], &CodeActionKind::QuickFix) && asks(&[""], &CodeActionKind::QuickFix));
        assert!(wants(None, &CodeActionKind::QuickFix) && !wants(None, &fix_all_kind()));
    }
}
