//! SQL: `.sql` files, and the statements that programs run.

use std::borrow::Cow;

use super::SchemaSource;
use super::steps::{Undone, is_replayed};
use crate::project::Project;
use crate::source::{Language, Purpose};
use crate::sql::Dialect;

/// A source for each file that defines something in SQL.
pub(super) fn sources(project: &Project) -> Vec<SchemaSource<'_>> {
    let of_file = |id| {
        let file = project.file(id);
        let statements = file.facts.statements.iter().enumerate();
        let mut defining = statements
            .filter(|(index, sql)| !sql.statement.changes.is_empty() && project.is_executed(id, *index))
            .peekable();
        defining.peek()?;
        let is_migration = file.purpose == Purpose::Migration && file.source.language != Language::Sql;
        let undone = if is_migration { Undone::of(&file.facts) } else { Undone::default() };
        let defining = defining.filter(|(_, sql)| !sql.text.is_some_and(|text| undone.holds(text)));
        let is_replayed = is_replayed(file);
        let mut dialect = Dialect::Generic;
        let mut in_texts = false;
        let mut changes = Vec::new();
        for (index, sql) in defining {
            dialect = project.dialect_told(id, index);
            in_texts |= sql.text.is_some();
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
            only_adds: in_texts && !is_replayed,
            is_exact: !in_texts,
        })
    };
    project.ids().filter_map(of_file).collect()
}
