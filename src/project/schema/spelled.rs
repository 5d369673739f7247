//! Names of the schema as statements need them: in quotes where without them they would be others.

use super::Table;
use crate::project::{FileId, Project};
use crate::source::{Language, Span};
use crate::sql::Dialect;
use crate::sql::query::{Ident, TableName};

impl Project {
    /// A table's name, in quotes where it needs them.
    pub(crate) fn table_name(&self, table: &Table, dialect: Dialect) -> TableName {
        let part = |name: &str| {
            let quoted = self.spelled(table.place.file, name, dialect) != name;
            Ident { text: name.into(), span: Span::new(0, 0), quoted, dynamic: false }
        };
        TableName { parts: table.schema.iter().map(|schema| part(schema)).chain([part(&table.name)]).collect() }
    }

    /// The same as text.
    pub(crate) fn spelled_table(&self, table: &Table, dialect: Dialect) -> String {
        let parts = table.schema.iter().chain([&table.name]);
        parts.map(|part| self.spelled(table.place.file, part, dialect)).collect::<Vec<_>>().join(".")
    }

    /// A name that `file` defines as a statement needs it. What the SQL of its definition writes without quotes is used
    /// without them: capitals in it are none.
    pub(crate) fn spelled(&self, file: FileId, name: &str, dialect: Dialect) -> String {
        let source = &self.file(file).source;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_quote = |c: char| matches!(c, '"' | '`' | '[' | ']');
        let written = || {
            source.text.match_indices(name).filter_map(|(at, _)| {
                let before = source.text[..at].chars().next_back().unwrap_or(' ');
                let after = source.text[at + name.len()..].chars().next().unwrap_or(' ');
                (!is_word(before) && !is_word(after)).then_some(is_quote(before) && is_quote(after))
            })
        };
        // A comment may name without quotes what a statement quotes.
        let is_folded = name.chars().any(char::is_uppercase)
            && name.chars().all(is_word)
            && source.language == Language::Sql
            && written().next().is_some()
            && !written().any(|is_quoted| is_quoted);
        if is_folded { name.to_owned() } else { dialect.quoted(name) }
    }
}
