//! `unused-eager-load`: a relation is loaded with rows, and nothing reads it

use super::{FileCx, Finding, Sink};
use crate::findings::Role;

/// Reports relations that are loaded with rows and not read
pub(super) fn check(cx: &FileCx<'_>, sink: &mut Sink<'_>) {
    for unread in &cx.project.orm(cx.id).unread {
        let message = format!("`{}` is loaded with the rows, and nothing reads it", unread.relation);
        let cost = match &*unread.by {
            "joinedload" | "relations" | "select_related" => {
                "its table is joined, and its columns are sent with each row"
            }
            "prefetch_related" | "selectinload" | "subqueryload" => {
                "it is one more query, and an object for each of its rows"
            }
            _ => "its rows are fetched, sent and made objects",
        };
        sink.report(
            Finding::new(cx.label(unread.span, Role::Primary, "all uses of the rows are here"), message)
                .note(format!("{cost}, all for nothing"))
                .help(format!("leave it out of `{}`", unread.by)),
        );
    }
}
