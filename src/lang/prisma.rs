//! `.prisma` files: each model is a table.

use rustc_hash::FxHashMap;

use crate::facts::{Declarations, DeclaredModel, FileFacts};
use crate::source::{SourceFile, Span};
use crate::sql::Dialect;
use crate::sql::ddl::define::NewTable;
use crate::sql::ddl::{IndexKind, OnDelete};
use crate::sql::query::Ident;

/// What a `.prisma` file defines.
pub(super) fn extract(file: &SourceFile) -> FileFacts {
    let mut declared = Declarations::default();
    let blocks = blocks(&file.text);
    let enums: Vec<&str> = blocks.iter().filter(|block| block.kind == "enum").map(|block| block.name.text).collect();
    let models = blocks.iter().filter(|block| block.kind == "model");
    let tables: FxHashMap<&str, String> = models.map(|block| (block.name.text, table_of(block))).collect();
    for block in &blocks {
        match block.kind {
            "datasource" => declared.dialect = dialect(block),
            "model" if !block.lines.iter().any(|line| line.text == "@@ignore") => {
                model(block, &enums, &tables, &mut declared);
            }
            _ => {}
        }
    }
    FileFacts { declared: Some(Box::new(declared)), ..FileFacts::empty() }
}

/// A piece of the file's text.
#[derive(Clone, Copy, Debug)]
struct Piece<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Piece<'t> {
    fn span(self) -> Span {
        Span::new(self.at, self.at + self.text.len())
    }

    fn trimmed(self) -> Piece<'t> {
        let text = self.text.trim_start();
        Piece { text: text.trim_end(), at: self.at + self.text.len() - text.len() }
    }
}

/// `model Name { … }`
#[derive(Debug)]
struct Block<'t> {
    kind: &'t str,
    name: Piece<'t>,
    /// Without comments and blanks around them; none is empty.
    lines: Vec<Piece<'t>>,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found: Vec<Block<'_>> = Vec::new();
    let mut open = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let whole = Piece { text: without_comment(line), at }.trimmed();
        at += line.len();
        if whole.text.is_empty() {
            continue;
        }
        if open {
            if whole.text == "}" {
                open = false;
            } else if let Some(block) = found.last_mut() {
                block.lines.push(whole);
            }
            continue;
        }
        let Some(head) = whole.text.strip_suffix('{') else { continue };
        let Some((kind, name)) = head.trim_end().split_once(char::is_whitespace) else { continue };
        let name = Piece { text: name, at: whole.at + kind.len() + 1 }.trimmed();
        open = true;
        found.push(Block { kind, name, lines: Vec::new() });
    }
    found
}

/// A line up to its comment; `//` in a string is none.
fn without_comment(line: &str) -> &str {
    let mut in_text = false;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match c {
            '"' if before != '\\' => in_text = !in_text,
            '/' if before == '/' && !in_text => return &line[..at - 1],
            _ => {}
        }
        before = c;
    }
    line
}

fn dialect(block: &Block<'_>) -> Dialect {
    let provider = block.lines.iter().find_map(|line| line.text.strip_prefix("provider")?.trim().strip_prefix('='));
    match provider.map(|value| value.trim().trim_matches('"')) {
        Some("postgresql" | "postgres" | "cockroachdb") => Dialect::PostgreSql,
        Some("mysql") => Dialect::MySql,
        Some("sqlite") => Dialect::Sqlite,
        Some("sqlserver") => Dialect::MsSql,
        _ => Dialect::Generic,
    }
}

/// The table of a model, with its schema if it has one.
fn table_of(block: &Block<'_>) -> String {
    let attributes = || block.lines.iter().filter(|line| line.text.starts_with("@@"));
    let named = |wanted: &str| attributes().find_map(|line| first_text(line.text.strip_prefix(wanted)?));
    let name = named("@@map").unwrap_or(block.name.text);
    named("@@schema").map_or(name.to_owned(), |schema| format!("{schema}.{name}"))
}

fn model(block: &Block<'_>, enums: &[&str], tables: &FxHashMap<&str, String>, declared: &mut Declarations) {
    let attributes = || block.lines.iter().filter(|line| line.text.starts_with("@@"));
    let full = table_of(block);
    let mut table = NewTable::new(&full, block.name.span());
    let mut columns: Vec<(Box<str>, Box<str>)> = Vec::new();
    let fields = || block.lines.iter().filter(|line| !line.text.starts_with('@'));
    for line in fields() {
        field(*line, enums, &mut table, &mut columns);
    }
    // Relations name fields that may stand behind them.
    for line in fields() {
        relation(*line, tables, &columns, &mut table);
    }
    for line in attributes() {
        let kind = match line.text.split('(').next().unwrap_or("") {
            "@@id" => IndexKind::Primary,
            "@@unique" => IndexKind::Unique,
            "@@index" => IndexKind::Plain,
            "@@fulltext" => IndexKind::FullText,
            _ => continue,
        };
        let fields = listed(line.text);
        let column_of = |field: &str| -> String {
            columns.iter().find(|(own, _)| &**own == field).map_or(field, |(_, column)| column).to_owned()
        };
        let names: Vec<String> = fields.into_iter().map(column_of).collect();
        if names.is_empty() {
            table.is_not_whole();
        }
        let name = index_name(line.text, &full, &names, kind);
        let made = table.index(kind, names.iter().map(String::as_str), line.span());
        for (part, option) in made.parts.iter_mut().zip(options(line.text)) {
            part.descending = option.contains("sort: Desc") || option.contains("sort:Desc");
            part.prefix = option.split_once("length:").and_then(|(_, rest)| leading_number(rest));
            part.operator_class = option.split_once("ops:").map(|(_, rest)| operator_class(rest).into());
        }
        if let Some(method) = method(line.text) {
            made.method = method.into();
        }
        made.name = name.map(|name| Ident { text: name.into(), span: line.span(), quoted: true, dynamic: false });
        made.is_constraint &= kind != IndexKind::Plain;
    }
    let span = block.name.span();
    declared.models.push(DeclaredModel { name: block.name.text.into(), table: full.into(), columns });
    declared.changes.push((table.done(), span));
}

fn field(line: Piece<'_>, enums: &[&str], table: &mut NewTable, columns: &mut Vec<(Box<str>, Box<str>)>) {
    let mut words = line.text.split_whitespace();
    let (Some(name), Some(of)) = (words.next(), words.next()) else { return };
    let of = of.split('@').next().unwrap_or(of);
    let is_list = of.ends_with("[]");
    let bare = of.trim_end_matches("[]").trim_end_matches('?');
    let scalar = match bare {
        "String" => "text",
        "Boolean" => "boolean",
        "Int" => "integer",
        "BigInt" => "bigint",
        "Float" => "double precision",
        "Decimal" => "numeric",
        "DateTime" => "timestamp",
        "Json" => "json",
        "Bytes" => "binary",
        _ if enums.contains(&bare) => "enum(…)",
        _ if bare.starts_with("Unsupported(") => "",
        // Rows of another model: the columns that point there are fields of their own.
        _ => return,
    };
    let column = line.text.split_once("@map").and_then(|(_, rest)| first_text(rest)).unwrap_or(name);
    let span = Span::new(line.at, line.at + name.len());
    let type_name = if is_list { format!("{scalar}[]") } else { scalar.to_owned() };
    let made = table.column(column, &type_name, span);
    (made.not_null, made.knows_null) = (!of.ends_with('?'), true);
    columns.push((name.into(), column.into()));
    let has = |attribute: &str| line.text.split_whitespace().any(|word| word.split('(').next() == Some(attribute));
    if has("@id") {
        table.index(IndexKind::Primary, [column], span);
    } else if has("@unique") {
        table.index(IndexKind::Unique, [column], span);
    }
}

/// `author User? @relation(fields: [authorId], references: [id], onDelete: Cascade)`
fn relation(line: Piece<'_>, tables: &FxHashMap<&str, String>, columns: &[(Box<str>, Box<str>)], table: &mut NewTable) {
    let Some(own) = line.text.split_once("fields:").map(|(_, rest)| listed(rest)) else { return };
    let [only] = own.as_slice() else { return };
    let Some(of) = line.text.split_whitespace().nth(1) else { return };
    let model = of.split('@').next().unwrap_or(of).trim_end_matches('?');
    let column = columns.iter().find(|(field, _)| &**field == *only).map_or(*only, |(_, column)| column);
    let target = tables.get(model).map_or(model, String::as_str);
    let action = line.text.split_once("onDelete:").map_or("", |(_, rest)| rest.trim_start());
    let action = action.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
    table.foreign_key(column, target, &[], line.span()).on_delete = OnDelete::of_word(action);
}

/// The first text in quotes.
fn first_text(rest: &str) -> Option<&str> {
    rest.split_once('"')?.1.split_once('"').map(|(text, _)| text)
}

/// The method of an index that is no ordered one, in SQL's word: `type: SpGist`.
fn method(line: &str) -> Option<String> {
    let (_, rest) = line.rsplit_once("type:")?;
    let word = rest.trim_start().split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
    (word != "BTree").then(|| word.to_ascii_lowercase())
}

/// An operator class in SQL's words: `raw("text_pattern_ops")`, `JsonbPathOps`.
fn operator_class(text: &str) -> String {
    if let Some(raw) = first_text(text) {
        return raw.to_owned();
    }
    let word = text.trim().split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
    let mut class = String::new();
    for c in word.chars() {
        if c.is_ascii_uppercase() && !class.is_empty() {
            class.push('_');
        }
        class.push(c.to_ascii_lowercase());
    }
    class
}

/// The name that an index has in the database: as written, or as Prisma makes it.
fn index_name(line: &str, table: &str, columns: &[String], kind: IndexKind) -> Option<String> {
    if let Some((_, rest)) = line.split_once("map:") {
        return first_text(rest).map(str::to_owned);
    }
    let end = match kind {
        IndexKind::Unique => "_key",
        IndexKind::Plain => "_idx",
        _ => return None,
    };
    // No longer than PostgreSQL takes.
    let mut name = format!("{}_{}", table.rsplit('.').next().unwrap_or(table), columns.join("_"));
    name.truncate(name.floor_char_boundary(63 - end.len()));
    Some(name + end)
}

/// `10` of ` 10, sort: Desc`
fn leading_number(text: &str) -> Option<u32> {
    let digits = text.trim_start().split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The names in the first list of a line, without what is said of them: `[a, b(sort: Desc)]`.
fn listed(line: &str) -> Vec<&str> {
    items(line).into_iter().map(|item| item.split('(').next().unwrap_or("").trim()).collect()
}

/// What is said of each name in the first list of a line: `["", "sort: Desc"]` of `[a, b(sort: Desc)]`.
fn options(line: &str) -> Vec<&str> {
    let said = |item: &'_ str| item.find('(').map(|at| (at + 1, item.rfind(')').unwrap_or(item.len())));
    items(line).into_iter().map(|item| said(item).and_then(|(from, to)| item.get(from..to)).unwrap_or("")).collect()
}

/// The parts of the first list of a line.
fn items(line: &str) -> Vec<&str> {
    let Some((_, rest)) = line.split_once('[') else {
        // `@@index(author)`
        let only = line.split_once('(').map_or("", |(_, rest)| rest.split([',', ')']).next().unwrap_or("").trim());
        let is_name = !only.is_empty() && only.chars().all(|c| c.is_alphanumeric() || c == '_');
        return if is_name { vec![only] } else { Vec::new() };
    };
    let mut found = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in rest.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' | ']' if depth == 0 => {
                let item = rest[start..at].trim();
                if !item.is_empty() {
                    found.push(item);
                }
                start = at + 1;
                if c == ']' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Language;
    use crate::sql::ddl::TableChange;

    fn declared(text: &str) -> Declarations {
        let file = SourceFile::new("schema.prisma", Default::default(), Language::Prisma, text.into());
        *extract(&file).declared.unwrap()
    }

    #[test]
    fn indexes_of_all_kinds() {
        let text = "model A {\n  id Int @id\n  b Int @map(\"b_c\")\n  t String\n\n  @@index(b)\n  @@index([b], type: Hash)\n  \
                    @@index([t(ops: raw(\"text_pattern_ops\"))], map: \"by_t\")\n  @@index([t(ops: JsonbPathOps)], type: Gin)\n  \
                    @@unique([b, t(sort: Desc)])\n}\n";
        let made = declared(text);
        let TableChange::CreateTable(made) = &made.changes[0].0 else { panic!() };
        let shown: Vec<String> = made.indexes.iter().skip(1).map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "index A_b_c_idx (b_c)",
                "index A_b_c_idx using hash (b_c)",
                "index by_t (t text_pattern_ops)",
                "index A_t_idx using gin (t jsonb_path_ops)",
                "unique A_b_c_t_key (b_c, t desc)",
            ]
        );
    }

    #[test]
    fn models_are_tables() {
        let text = "datasource db {\n  provider = \"mysql\" // not \"sqlite\"\n}\nenum Kind {\n  A\n}\nmodel User {\n  id Int @id\n  mail String @unique @map(\"e_mail\")\n  kind Kind?\n  posts Post[]\n  team Team @relation(fields: [teamId], references: [id])\n  teamId Int\n  tags String[]\n\n  @@index([teamId, mail(sort: Desc)])\n  @@map(\"users\")\n}\n";
        let declared = declared(text);
        assert_eq!(declared.dialect, Dialect::MySql);
        let [(TableChange::CreateTable(made), _)] = declared.changes.as_slice() else { panic!("{declared:?}") };
        let columns: Vec<&str> = made.columns.iter().map(|column| &*column.name.text).collect();
        assert_eq!(columns, ["id", "e_mail", "kind", "teamId", "tags"]);
        assert_eq!(made.table.text(), "users");
        let indexes: Vec<Vec<&str>> =
            made.indexes.iter().map(|index| index.parts.iter().filter_map(|part| part.column()).collect()).collect();
        assert_eq!(indexes, [vec!["id"], vec!["e_mail"], vec!["teamId", "e_mail"]]);
        assert_eq!(made.foreign_keys.len(), 1);
        assert_eq!(&text[made.columns[1].span.range()], "mail");
    }

    #[test]
    fn odd_texts_are_no_models() {
        for text in ["", "model", "model {", "model A {\n  x", "// model A {\n// }\n", "model A {\n @@index(\n}\n"] {
            let _ = declared(text);
        }
    }
}
