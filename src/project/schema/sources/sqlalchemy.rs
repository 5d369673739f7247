//! SQLAlchemy's declarative models (Flask-SQLAlchemy's and SQLModel's too) and its `Table(…)`.

use super::arguments::{asks, called, keyword, positional};
use super::{Defined, Model, Owner};
use crate::facts::*;
use crate::project::{ClassMember, ClassRef, FileId, Ty, Types};
use crate::source::{Purpose, Span};
use crate::sql::ddl::define::{NewTable, ident, index, table_name};
use crate::sql::ddl::{IndexKind, OnDelete, TableChange};

/// The tables of a file.
pub(super) fn read(types: &Types<'_>, file: FileId) -> Defined {
    let of = types.project().file(file);
    let facts: &FileFacts = &of.facts;
    let mut defined = Defined::default();
    // What a revision declares is for its own use.
    if of.purpose == Purpose::Migration || facts.names.find("down_revision").is_some() {
        return defined;
    }
    if ["__tablename__", "Column", "Mapped"].iter().any(|name| facts.names.find(name).is_some()) {
        for id in 0..u32::try_from(facts.classes.len()).unwrap_or(0) {
            model(types, ClassRef { file, class: ClassId(id) }, &mut defined);
        }
    }
    for call in &facts.calls {
        match called(facts, call) {
            "Table" => {
                // Flask-SQLAlchemy's `db.Table("tags", db.Column(…))` takes no metadata.
                let is_part = |of: &Call| matches!(called(facts, of), "Column" | "ForeignKeyConstraint" | "Index");
                let first = match positional(call, 1).map(|value| facts.value(value)) {
                    Some(Value::Call(part)) if is_part(facts.call(*part)) => 1,
                    _ => 2,
                };
                defined.changes.extend(table(facts, call, first).map(|table| (table.done(), call.name_span)));
            }
            "Index" => loose_index(types, file, call, &mut defined),
            _ => {}
        }
    }
    defined
}

/// What may stand for a column in a class body.
enum Declared<'p> {
    /// `Column(…)`, `mapped_column(…)`
    Column(&'p Call),
    /// `name: Mapped[str]`
    Typed,
    /// Something that is no column: a relationship.
    None,
    /// A call of a function that may make one.
    Unknown,
}

fn declared<'p>(facts: &'p FileFacts, attribute: &Attribute) -> Declared<'p> {
    match facts.value(attribute.value) {
        Value::Call(call) => {
            let call = facts.call(*call);
            match called(facts, call) {
                "Column" | "mapped_column" => Declared::Column(call),
                name if name.ends_with("relationship") || name.ends_with("elationship") => Declared::None,
                "column_property" | "association_proxy" | "synonym" | "query_expression" | "hybrid_property"
                | "deferred_group" | "validates" | "backref" | "dynamic_loader" | "composite" => Declared::None,
                _ => Declared::Unknown,
            }
        }
        Value::Unknown => match attribute.annotation.map(|of| facts.value(of)) {
            Some(Value::Typed(of)) => {
                let name = facts.own_name(of.head).unwrap_or("");
                if name == "Mapped" { Declared::Typed } else { Declared::None }
            }
            _ => Declared::None,
        },
        _ => Declared::None,
    }
}

fn model(types: &Types<'_>, class: ClassRef, defined: &mut Defined) {
    let facts: &FileFacts = &types.project().file(class.file).facts;
    let own = facts.class(class.class);
    let Some(name) = own_table(types, class) else { return };
    let mut reader = Reader {
        table: NewTable::new(&name, own.name_span),
        columns: Vec::new(),
        values: Vec::new(),
        head: own.name_span,
    };
    if !reader.columns_of(types, class, class.file, 0) {
        reader.table.has_more_columns();
    }
    let args = types.class_member(class, "__table_args__");
    match args {
        None => {}
        Some(ClassMember::Attribute(file, value, _)) => {
            reader.arguments(&types.project().file(file).facts, value);
        }
        Some(ClassMember::Method(_)) => reader.table.is_not_whole(),
    }
    if reader.columns.is_empty() {
        return;
    }
    let Reader { table, columns, .. } = reader;
    defined.models.push(Model::new(Owner::Class(class), name, columns));
    defined.changes.push((table.done(), own.name_span));
}

/// The name of a class's table: as the class says, as a method that it extends makes it of the class's name, or as
/// Flask-SQLAlchemy does.
fn own_table(types: &Types<'_>, class: ClassRef) -> Option<String> {
    let facts: &FileFacts = &types.project().file(class.file).facts;
    let own = facts.class(class.class);
    let attribute = |name: &str| own.attributes.iter().find(|of| of.in_body && &facts.names[of.name] == name);
    if let Some(said) = attribute("__tablename__") {
        return facts.literal(said.value).map(str::to_owned);
    }
    let is_column = |of: &Attribute| of.in_body && matches!(declared(facts, of), Declared::Column(_) | Declared::Typed);
    if is_abstract(types, class) || !own.attributes.iter().any(is_column) {
        return None;
    }
    let name = &facts.names[own.name];
    if let Some(ClassMember::Method(made)) = types.class_member(class, "__tablename__") {
        // What declares it may be no table itself.
        let is_own = own.methods.contains(&made.function) && made.file == class.file;
        return (!is_own && lowers_name(&types.project().file(made.file).facts, made.function))
            .then(|| name.to_lowercase());
    }
    let ty = types.api_base(class)?;
    let is_flask = types.project().catalog.type_(ty).name == "flask_sqlalchemy.Model";
    // A class without a key of its own shares the table of the one that it extends.
    let keyed = types.lineage(class).into_iter().find(|&of| has_key(types, of))?;
    (is_flask && (keyed == class || is_abstract(types, keyed) || types.api_base(keyed).is_none()))
        .then(|| snake_case(name))
}

fn is_abstract(types: &Types<'_>, class: ClassRef) -> bool {
    let facts: &FileFacts = &types.project().file(class.file).facts;
    facts
        .class(class.class)
        .attributes
        .iter()
        .any(|of| of.in_body && &facts.names[of.name] == "__abstract__" && *facts.value(of.value) == Value::Bool(true))
}

/// Whether a class has a column that is a primary key.
fn has_key(types: &Types<'_>, class: ClassRef) -> bool {
    let facts: &FileFacts = &types.project().file(class.file).facts;
    facts.class(class.class).attributes.iter().any(|of| match facts.value(of.value) {
        Value::Call(call) => asks(facts, keyword(facts, facts.call(*call), "primary_key")) == Some(true),
        _ => false,
    })
}

/// `return cls.__name__.lower()`
fn lowers_name(facts: &FileFacts, function: FunctionId) -> bool {
    let [returned] = *facts.function(function).returns else { return false };
    let Value::Call(call) = *facts.value(returned) else { return false };
    let Value::Member(name, lower) = *facts.value(facts.call(call).callee) else { return false };
    &facts.names[lower] == "lower"
        && matches!(*facts.value(name), Value::Member(_, name) if &facts.names[name] == "__name__")
}

/// `OrderLine` as Flask-SQLAlchemy names its table: `order_line`.
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut made = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let follows = at > 0 && (letters[at - 1].is_lowercase() || letters[at - 1].is_ascii_digit());
        let begins = at > 0 && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (follows || begins) {
            made.push('_');
        }
        made.extend(letter.to_lowercase());
    }
    made.trim_start_matches('_').to_owned()
}

struct Reader {
    table: NewTable,
    /// Attributes and their columns.
    columns: Vec<(Box<str>, Box<str>)>,
    /// The values of columns in the class body, and their names: `Index("i", created)` names a value.
    values: Vec<(FileId, ValueId, Box<str>)>,
    head: Span,
}

impl Reader {
    /// Reads the columns of a class and of what it extends; whether all are seen.
    fn columns_of(&mut self, types: &Types<'_>, class: ClassRef, home: FileId, depth: u8) -> bool {
        let facts: &FileFacts = &types.project().file(class.file).facts;
        let own = facts.class(class.class);
        let mut is_whole = depth < 12;
        for attribute in own.attributes.iter().filter(|attribute| attribute.in_body) {
            let name = &facts.names[attribute.name];
            let span = if class.file == home {
                Span::new(attribute.span.start as usize, attribute.span.start as usize + name.len())
            } else {
                self.head
            };
            if self.columns.iter().any(|(known, _)| &**known == name) || name.starts_with("__") {
                continue;
            }
            match declared(facts, attribute) {
                Declared::Column(call) => {
                    let column = column(facts, call, name, span, &mut self.table);
                    self.values.push((class.file, attribute.value, column.as_str().into()));
                    self.columns.push((name.into(), column.into()));
                }
                Declared::Typed => {
                    self.table.column(name, "", span);
                    self.columns.push((name.into(), name.into()));
                }
                Declared::Unknown => is_whole = false,
                Declared::None => {}
            }
        }
        // `@declared_attr` makes columns in methods.
        let declares = |&method: &FunctionId| {
            facts.function(method).decorators.iter().any(|&decorator| match facts.value(decorator) {
                Value::Import(import) => matches!(facts.imports[import.index()].what,
                    Imported::Name(name) if facts.names[name].starts_with("declared_attr")),
                Value::Member(_, name) => {
                    facts.names[*name].starts_with("declared_attr") || &facts.names[*name] == "directive"
                }
                _ => false,
            })
        };
        // What tells of the table is no column.
        let is_column = |method: &&FunctionId| !facts.names[facts.function(**method).name].starts_with("__");
        is_whole &= !own.methods.iter().filter(is_column).any(declares);
        for &base in &own.bases {
            is_whole &= match types.of(class.file, base) {
                Ty::Class(base) if base != class => self.columns_of(types, base, home, depth + 1),
                // `db.Model`, `DeclarativeBase`, `declarative_base()`
                Ty::Api(..) | Ty::Instance(..) => true,
                Ty::Path(path) => path.starts_with("sqlalchemy.") || matches!(&*path, "abc.ABC" | "typing.Generic"),
                _ => false,
            };
        }
        is_whole
    }

    /// `__table_args__`
    fn arguments(&mut self, facts: &FileFacts, value: ValueId) {
        match facts.value(value) {
            Value::Sequence(items) => items.iter().for_each(|&item| self.argument(facts, item)),
            Value::Mapping(_) | Value::Null => {}
            _ => self.table.is_not_whole(),
        }
    }

    fn argument(&mut self, facts: &FileFacts, item: ValueId) {
        match facts.value(item) {
            Value::Mapping(_) => {}
            Value::Call(call) => {
                let call = facts.call(*call);
                let named = |value: ValueId| match facts.literal(value) {
                    Some(name) => {
                        let known = self.columns.iter().find(|(own, _)| &**own == name);
                        Some(known.map_or(name, |(_, column)| column).to_owned())
                    }
                    None => {
                        let known = self.values.iter().find(|(_, known, _)| *known == value);
                        let of_value = known.map(|(_, _, column)| column.to_string());
                        of_value.or_else(|| match facts.value(value) {
                            // `name: Mapped[str]` binds no value.
                            Value::Global(name) => {
                                let known = self.columns.iter().find(|(own, _)| **own == facts.names[*name]);
                                known.map(|(_, column)| column.to_string())
                            }
                            _ => None,
                        })
                    }
                };
                over(facts, call, &named, &mut self.table);
            }
            _ => self.table.is_not_whole(),
        }
    }
}

/// A key or index over the columns that `named` finds.
fn over(facts: &FileFacts, call: &Call, named: &dyn Fn(ValueId) -> Option<String>, table: &mut NewTable) {
    let name = called(facts, call);
    let all = call.args.iter().filter(|arg| arg.name.is_none()).map(|arg| arg.value);
    let columns: Option<Vec<String>> = match name {
        "Index" => all.skip(1).map(named).collect(),
        "UniqueConstraint" | "PrimaryKeyConstraint" => all.map(named).collect(),
        "CheckConstraint" | "ForeignKeyConstraint" => return,
        _ => None,
    };
    let kind = match name {
        _ if is_special(facts, call) => IndexKind::Other,
        "PrimaryKeyConstraint" => IndexKind::Primary,
        "UniqueConstraint" => IndexKind::Unique,
        _ if asks(facts, keyword(facts, call, "unique")) == Some(true) => IndexKind::Unique,
        _ => IndexKind::Plain,
    };
    match columns {
        Some(columns) => {
            let made = table.index(kind, columns.iter().map(String::as_str), call.name_span);
            made.is_constraint &= name != "Index";
            let own_name = match name {
                "Index" => positional(call, 0),
                _ => keyword(facts, call, "name"),
            };
            made.name = own_name.and_then(|name| facts.literal(name)).map(|name| ident(name, call.name_span));
        }
        None => table.is_not_whole(),
    }
}

/// Whether an index is not one of all rows in the default order of its columns.
fn is_special(facts: &FileFacts, call: &Call) -> bool {
    let names = call.args.iter().filter_map(|arg| arg.name).map(|name| &facts.names[name]);
    let mut options = names.filter(|name| {
        ["postgresql_", "sqlite_", "mysql_", "mariadb_", "mssql_"].iter().any(|of| name.starts_with(of))
    });
    options.any(|name| !matches!(name, "postgresql_concurrently" | "postgresql_tablespace" | "postgresql_with"))
}

/// Adds the column that a call of `Column` declares; its name.
fn column(facts: &FileFacts, call: &Call, attribute: &str, span: Span, table: &mut NewTable) -> String {
    let first = positional(call, 0).and_then(|value| facts.literal(value));
    let name =
        first.or_else(|| keyword(facts, call, "name").and_then(|value| facts.literal(value))).unwrap_or(attribute);
    let kind = call.args.iter().filter(|arg| arg.name.is_none()).find_map(|arg| type_name(facts, arg.value));
    let is_primary = asks(facts, keyword(facts, call, "primary_key"));
    let made = table.column(name, kind.unwrap_or(""), span);
    made.not_null = is_primary == Some(true)
        || keyword(facts, call, "nullable").is_some_and(|value| *facts.value(value) == Value::Bool(false));
    let indexed =
        match (is_primary, asks(facts, keyword(facts, call, "unique")), asks(facts, keyword(facts, call, "index"))) {
            (Some(true), ..) => Some(IndexKind::Primary),
            (_, Some(true), _) => Some(IndexKind::Unique),
            (_, _, Some(true)) => Some(IndexKind::Plain),
            (Some(false), Some(false), Some(false)) => None,
            _ => Some(IndexKind::Other),
        };
    // The name that SQLAlchemy gives to the index of a column: one that is written out has it too, and is the same.
    let given = ident(&format!("ix_{}_{name}", table.name().name().text), span);
    if let Some(kind) = indexed {
        let made = table.index(kind, [name], span);
        // `index=True, unique=True` is one unique index.
        if kind != IndexKind::Primary && asks(facts, keyword(facts, call, "index")) != Some(false) {
            made.is_constraint = false;
            made.name = Some(given.clone());
        }
    }
    // A key gets a second index if one is asked for.
    if indexed == Some(IndexKind::Primary) && asks(facts, keyword(facts, call, "index")) == Some(true) {
        table.index(IndexKind::Plain, [name], span).name = Some(given);
    }
    for arg in &call.args {
        if let Value::Call(key) = facts.value(arg.value)
            && called(facts, facts.call(*key)) == "ForeignKey"
            && let Some(target) = positional(facts.call(*key), 0).and_then(|value| facts.literal(value))
            && let Some((target, column)) = target.rsplit_once('.')
        {
            let on_delete = keyword(facts, facts.call(*key), "ondelete").and_then(|value| facts.literal(value));
            table.foreign_key(name, target, &[column], span).on_delete = OnDelete::of_word(on_delete.unwrap_or(""));
        }
    }
    name.to_owned()
}

fn type_name(facts: &FileFacts, value: ValueId) -> Option<&'static str> {
    let name = match facts.value(value) {
        Value::Call(call) => called(facts, facts.call(*call)),
        Value::Member(_, name) | Value::Global(name) => &facts.names[*name],
        Value::Import(import) => match facts.imports[import.index()].what {
            Imported::Name(name) => &facts.names[name],
            _ => return None,
        },
        _ => return None,
    };
    Some(match name {
        "Boolean" => "boolean",
        "Enum" | "ENUM" => "enum(…)",
        "Integer" => "integer",
        "BigInteger" | "SmallInteger" => "bigint",
        "DOUBLE_PRECISION" | "Double" | "Float" | "REAL" => "double precision",
        "String" | "Text" | "Unicode" | "UnicodeText" | "VARCHAR" => "text",
        "DateTime" | "TIMESTAMP" | "Date" => "timestamp",
        "UUID" | "Uuid" => "uuid",
        "JSON" | "JSONB" => "json",
        _ => return None,
    })
}

/// `Table("users", metadata, Column("id", Integer, primary_key=True), …)`: its parts begin at this argument.
pub(super) fn table(facts: &FileFacts, call: &Call, first: usize) -> Option<NewTable> {
    let name = positional(call, 0).and_then(|value| facts.literal(value))?;
    let mut table = NewTable::new(name, call.name_span);
    let mut has_columns = false;
    for arg in call.args.iter().filter(|arg| arg.name.is_none()).skip(first) {
        match facts.value(arg.value) {
            Value::Call(item) => {
                let item = facts.call(*item);
                match called(facts, item) {
                    "Column" => {
                        has_columns = true;
                        column(facts, item, "", item.name_span, &mut table);
                    }
                    _ => over(facts, item, &|value| facts.literal(value).map(str::to_owned), &mut table),
                }
            }
            _ => table.is_not_whole(),
        }
    }
    if keyword(facts, call, "autoload_with").is_some() || keyword(facts, call, "autoload").is_some() {
        table.is_not_whole();
    }
    has_columns.then_some(table)
}

/// `Index("name", Model.column, …)` and `Index("name", users.c.name, …)` beside the model or table.
fn loose_index(types: &Types<'_>, file: FileId, call: &Call, defined: &mut Defined) {
    let facts: &FileFacts = &types.project().file(file).facts;
    let span = call.name_span;
    let given: Vec<ValueId> = call.args.iter().filter(|arg| arg.name.is_none()).skip(1).map(|arg| arg.value).collect();
    let columns: Vec<Option<(String, &str)>> = given.iter().map(|&value| column_of(types, file, value)).collect();
    if let Some(known) = columns.iter().cloned().collect::<Option<Vec<(String, &str)>>>()
        && let Some((table, _)) = known.first()
        && known.iter().all(|(other, _)| other == table)
    {
        let is_unique = asks(facts, keyword(facts, call, "unique"));
        let kind = match is_unique {
            _ if is_special(facts, call) => IndexKind::Other,
            Some(true) => IndexKind::Unique,
            Some(false) => IndexKind::Plain,
            None => IndexKind::Other,
        };
        let mut made = index(&table_name(table, span), kind, known.iter().map(|(_, column)| *column), span);
        made.is_constraint = false;
        defined.changes.push((TableChange::CreateIndex(made), span));
        return;
    }
    // Something else than columns: what it serves is not known, of the tables whose columns it names.
    let mut tables: Vec<String> = Vec::new();
    for &value in &given {
        tables_in(types, file, value, &mut tables, 0);
    }
    let names = tables.iter().map(|table| table_name(table, span));
    defined.changes.extend(names.map(|name| (TableChange::Opaque { table: name, span }, span)));
}

/// The table and the column of `Model.column` or `table.c.column`.
fn column_of<'p>(types: &Types<'p>, file: FileId, value: ValueId) -> Option<(String, &'p str)> {
    let facts: &'p FileFacts = &types.project().file(file).facts;
    let Value::Member(object, name) = facts.value(value) else { return None };
    let column = &facts.names[*name];
    match facts.value(*object) {
        Value::Member(table, c) if matches!(&facts.names[*c], "c" | "columns") => {
            table_behind(types, file, *table).map(|table| (table, column))
        }
        _ => {
            let table = table_behind(types, file, *object)?;
            Some((table, column))
        }
    }
}

/// The table that a model or `Table(…)` stands for.
fn table_behind(types: &Types<'_>, file: FileId, value: ValueId) -> Option<String> {
    let facts: &FileFacts = &types.project().file(file).facts;
    if let Value::Call(made) = facts.value(value) {
        let made = facts.call(*made);
        let name = (called(facts, made) == "Table").then(|| positional(made, 0)).flatten()?;
        return facts.literal(name).map(str::to_owned);
    }
    let Ty::Class(class) = types.of(file, value) else { return None };
    own_table(types, class)
}

/// The tables whose columns stand somewhere in a value.
fn tables_in(types: &Types<'_>, file: FileId, value: ValueId, into: &mut Vec<String>, depth: u8) {
    let facts: &FileFacts = &types.project().file(file).facts;
    if depth > 6 {
        return;
    }
    if let Some((table, _)) = column_of(types, file, value) {
        if !into.contains(&table) {
            into.push(table);
        }
        return;
    }
    match facts.value(value) {
        Value::Call(call) => {
            let call = facts.call(*call);
            tables_in(types, file, call.callee, into, depth + 1);
            call.args.iter().for_each(|arg| tables_in(types, file, arg.value, into, depth + 1));
        }
        Value::Member(object, _) => tables_in(types, file, *object, into, depth + 1),
        _ => {}
    }
}
