//! TypeORM and MikroORM entities: classes with decorators.

use super::arguments::{asks, called, member, positional, texts};
use super::{Defined, Model, Owner};
use crate::facts::*;
use crate::project::{ClassRef, FileId, Types};
use crate::source::Span;
use crate::sql::ddl::define::NewTable;
use crate::sql::ddl::{IndexKind, OnDelete};

/// Options of an index that is not one of all rows in the order of its columns.
const SPECIAL: [&str; 6] = ["expression", "fulltext", "options", "spatial", "type", "where"];

/// The entities of a file.
pub(super) fn read(types: &Types<'_>, file: FileId) -> Defined {
    let facts: &FileFacts = &types.project().file(file).facts;
    let mut defined = Defined::default();
    for (id, class) in (0..).map(ClassId).zip(&facts.classes) {
        let Some(entity) = decorator(facts, &class.decorators, "Entity") else { continue };
        // The name of a table that is not told is made by a strategy of the project.
        let Some(name) = positional(entity, 0).and_then(|value| {
            let named = |key: &str| member(facts, value, key).and_then(|name| facts.literal(name));
            facts.literal(value).or_else(|| named("name")).or_else(|| named("tableName"))
        }) else {
            continue;
        };
        let mut table = NewTable::new(name, class.name_span);
        let mut columns: Vec<(String, String)> = Vec::new();
        if !fields(types, ClassRef { file, class: id }, &mut table, &mut columns, class.name_span, 0) {
            table.has_more_columns();
        }
        for &value in &class.decorators {
            let Value::Call(call) = facts.value(value) else { continue };
            over(facts, facts.call(*call), &columns, &mut table);
        }
        let owner = Owner::Class(ClassRef { file, class: id });
        let columns = columns.into_iter().map(|(own, column)| (own.into(), column.into())).collect();
        // `@Entity({ orderBy: { … } })`, and what is not seen of the options.
        let is_plain = |value: ValueId| facts.literal(value).is_some() || member(facts, value, "orderBy").is_none();
        let may_be_sorted = !entity.args.iter().all(|arg| is_plain(arg.value));
        defined.models.push(Model { may_be_sorted, ..Model::new(owner, name, columns) });
        defined.changes.push((table.done(), class.name_span));
    }
    defined
}

fn decorator<'f>(facts: &'f FileFacts, decorators: &[ValueId], wanted: &str) -> Option<&'f Call> {
    decorators.iter().find_map(|&value| match facts.value(value) {
        Value::Call(call) => Some(facts.call(*call)).filter(|call| called(facts, call) == wanted),
        _ => None,
    })
}

/// Reads the fields of a class and of what it extends; whether all are seen.
fn fields(
    types: &Types<'_>,
    class: ClassRef,
    table: &mut NewTable,
    columns: &mut Vec<(String, String)>,
    head: Span,
    depth: u8,
) -> bool {
    let facts: &FileFacts = &types.project().file(class.file).facts;
    let own = facts.class(class.class);
    for attribute in own.attributes.iter().filter(|attribute| attribute.in_body) {
        let name = &facts.names[attribute.name];
        if columns.iter().any(|(known, _)| known == name) {
            continue;
        }
        // What stands in another file is told of where the table is named.
        field(facts, attribute, name, table, columns, (depth > 0).then_some(head));
    }
    let bases = types.project_bases(class);
    let all = bases.len() == own.bases.len();
    all && depth < 12 && bases.into_iter().all(|base| fields(types, base, table, columns, head, depth + 1))
}

fn is_of_mikro_orm(facts: &FileFacts) -> bool {
    facts.imports.iter().any(|import| facts.names[import.module].starts_with("@mikro-orm/"))
}

/// `createdAt` as `created_at`
fn underscored(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

fn field(
    facts: &FileFacts,
    attribute: &Attribute,
    name: &str,
    table: &mut NewTable,
    columns: &mut Vec<(String, String)>,
    elsewhere: Option<Span>,
) {
    let calls = || {
        attribute.decorators.iter().filter_map(|&value| match facts.value(value) {
            Value::Call(call) => Some(facts.call(*call)),
            _ => None,
        })
    };
    let declared = calls().find(|call| {
        let name = called(facts, call);
        name.ends_with("Column") || matches!(name, "Property" | "PrimaryKey" | "Enum" | "ManyToOne" | "OneToOne")
    });
    let Some(declared) = declared else { return };
    let at = |call: &Call| elsewhere.unwrap_or(call.name_span);
    let span = at(declared);
    let option = |call: &Call, key: &str| call.args.iter().find_map(|arg| member(facts, arg.value, key));
    // MikroORM: a view of another column.
    if option(declared, "persist").is_some_and(|value| *facts.value(value) == Value::Bool(false)) {
        return;
    }
    let joined = calls().find(|call| called(facts, call) == "JoinColumn");
    let is_relation = matches!(called(facts, declared), "ManyToOne" | "OneToOne" | "JoinColumn");
    if is_relation && joined.is_none() && called(facts, declared) != "ManyToOne" {
        return;
    }
    let named = joined.unwrap_or(declared);
    let column = option(named, "name").or_else(|| option(named, "fieldName")).and_then(|value| facts.literal(value));
    let column = match column {
        Some(column) => column.to_owned(),
        // MikroORM writes names in the way of databases.
        None if is_of_mikro_orm(facts) && is_relation => format!("{}_id", underscored(name)),
        None if is_of_mikro_orm(facts) => underscored(name),
        None if is_relation => format!("{name}Id"),
        None => name.to_owned(),
    };
    if !table.has_column(&column) {
        let kind = positional(declared, 0).and_then(|value| facts.literal(value)).unwrap_or("");
        let is_enum = option(declared, "enum").is_some() || called(facts, declared) == "Enum" || kind.contains("enum");
        table.column(&column, if is_enum { "enum(…)" } else { kind }, span);
    }
    if is_relation {
        let action = option(declared, "onDelete").and_then(|value| facts.literal(value)).unwrap_or("");
        table.foreign_key(&column, "", &[], span).on_delete = OnDelete::of_word(action);
    }
    let is_primary =
        called(facts, declared).starts_with("Primary") || asks(facts, option(declared, "primary")) == Some(true);
    let asked = [option(declared, "unique"), option(declared, "index")].map(|value| asks(facts, value));
    let indexed = match (is_primary, asked, called(facts, declared)) {
        (true, ..) => Some(IndexKind::Primary),
        (_, [Some(true), _], _) | (_, _, "OneToOne") => Some(IndexKind::Unique),
        (_, [Some(false), Some(false)], _) => None,
        _ => Some(IndexKind::Other),
    };
    if let Some(kind) = indexed {
        table.index(kind, [column.as_str()], span);
    }
    for call in calls() {
        let is_special = || SPECIAL.iter().any(|key| option(call, key).is_some());
        let kind = match called(facts, call) {
            "Index" | "Unique" if is_special() => IndexKind::Other,
            "Index" if asks(facts, option(call, "unique")) == Some(true) => IndexKind::Unique,
            "Index" => IndexKind::Plain,
            "Unique" => IndexKind::Unique,
            name if name.ends_with("Column") || name.contains("To") => continue,
            "IsOptional" | "Field" | "ApiProperty" => continue,
            // A decorator of the project may be several in one.
            _ => continue,
        };
        table.index(kind, [column.as_str()], at(call));
    }
    columns.push((name.to_owned(), column));
}

/// `@Index(["a", "b"])`, `@Unique("name", ["a"])`, MikroORM's `@Index({ properties: ["a"] })` on the class.
fn over(facts: &FileFacts, call: &Call, columns: &[(String, String)], table: &mut NewTable) {
    let option = |key: &str| call.args.iter().find_map(|arg| member(facts, arg.value, key));
    let kind = match called(facts, call) {
        "Index" | "Unique" if SPECIAL.iter().any(|key| option(key).is_some()) => IndexKind::Other,
        "Unique" => IndexKind::Unique,
        "Index" if asks(facts, option("unique")) == Some(true) => IndexKind::Unique,
        "Index" => IndexKind::Plain,
        // Something of the project that makes one.
        name if name.contains("Index") || name.contains("Unique") => return table.is_not_whole(),
        _ => return,
    };
    let list = call.args.iter().map(|arg| arg.value).find(|&value| matches!(facts.value(value), Value::Sequence(_)));
    let list = list.or_else(|| option("properties"));
    let fields = list.and_then(|list| texts(facts, list));
    match fields {
        Some(fields) => {
            let names = fields
                .into_iter()
                .map(|field| columns.iter().find(|(own, _)| own == field).map_or(field, |(_, column)| column.as_str()));
            table.index(kind, names, call.name_span);
        }
        None => table.is_not_whole(),
    }
}
