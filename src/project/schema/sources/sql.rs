//! SQL: `.sql` files, and the statements that programs run.

use std::borrow::Cow;

use super::SchemaSource;
use crate::project::Project;
use crate::sql::Dialect;

/// A source for each file that defines something in SQL.
pub(super) fn sources(project: &Project) -> Vec<SchemaSource<'_>> {
    let of_file = |id| {
        let file = project.file(id);
        let statements = file.facts.statements.iter().enumerate();
        let defining =
            statements.filter(|(index, sql)| !sql.statement.changes.is_empty() && project.is_executed(id, *index));
        let mut dialect = Dialect::Generic;
        let mut only_adds = false;
        let mut changes = Vec::new();
        for (index, sql) in defining {
            dialect = project.dialect_told(id, index);
            only_adds |= sql.text.is_some();
            let span = match sql.text {
                Some(text) => file.facts.texts[text.index()].host_span(sql.span.start, sql.span.end),
                None => sql.span,
            };
            changes.extend(sql.statement.changes.iter().map(|change| (Cow::Borrowed(change), span)));
        }
        (!changes.is_empty()).then(|| SchemaSource {
            file: id,
            path: &file.source.path,
            dialect,
            changes,
            only_adds,
            is_exact: !only_adds,
        })
    };
    project.ids().filter_map(of_file).collect()
}
