//! SQL: `.sql` files, and the statements that programs run.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::SchemaSource;
use super::steps::{Undone, is_replayed};
use crate::project::Project;
use crate::source::{Language, Purpose, Span};
use crate::sql::Dialect;
use crate::sql::ddl::TableChange;
use crate::sql::query::TableName;

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
        let only_adds = in_texts && !is_replayed;
        if only_adds {
            leave_out_passing(&mut changes);
        }
        (!changes.is_empty()).then(|| SchemaSource {
            file: id,
            path: &file.source.path,
            dialect,
            changes,
            only_adds,
            is_exact: !in_texts,
        })
    };
    project.ids().filter_map(of_file).collect()
}

/// Leaves out the tables that a program makes only to give them the name of another: `CREATE TABLE new_books`, `DROP TABLE
/// books`, `ALTER TABLE new_books RENAME TO books`.
fn leave_out_passing(changes: &mut Vec<(Cow<'_, TableChange>, Span)>) {
    let renamed = changes.iter().filter_map(|(change, _)| match &**change {
        TableChange::RenameTable { table, .. } => Some(table.name().text.to_lowercase()),
        _ => None,
    });
    let renamed: FxHashSet<String> = renamed.collect();
    let is_passing = |table: &TableName| renamed.contains(&table.name().text.to_lowercase());
    changes.retain(|(change, _)| match &**change {
        TableChange::CreateTable(created) => !is_passing(&created.table),
        _ => true,
    });
}
