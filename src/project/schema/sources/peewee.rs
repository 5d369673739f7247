//! peewee's models: `class User(BaseModel): email = CharField(unique=True)`, with what `class Meta` says.

use super::arguments::{asks, called, keyword, positional, texts};
use super::{Defined, Model, Owner};
use crate::facts::*;
use crate::project::relations::peewee::is_model;
use crate::project::{ClassRef, FileId, Ty, Types};
use crate::source::{Purpose, Span};
use crate::sql::ddl::IndexKind;
use crate::sql::ddl::define::{NewTable, table_name, unsure};

/// The tables of a file.
pub(super) fn read(types: &Types<'_>, file: FileId) -> Defined {
    let of = types.project().file(file);
    let facts: &FileFacts = &of.facts;
    let mut defined = Defined::default();
    if of.purpose == Purpose::Migration || !uses_peewee(types, file) {
        return defined;
    }
    for class in (0..facts.classes.len()).filter_map(|id| u32::try_from(id).ok()).map(ClassId) {
        let class = ClassRef { file, class };
        if is_model(types, class) && !is_base(facts, class) {
            model(types, class, &mut defined);
        }
    }
    // `User.add_index(User.name)`, `migrator.add_index("user", ["name"])`
    for call in facts.calls.iter().filter(|call| called(facts, call) == "add_index") {
        let table = match *facts.value(call.callee) {
            Value::Member(object, _) => match types.of(file, object) {
                Ty::Class(class) if is_model(types, class) => name_of(types, class),
                _ => positional(call, 0).and_then(|name| facts.literal(name)).map(str::to_owned),
            },
            _ => None,
        };
        let change = table.map(|table| unsure(&table_name(&table, call.name_span), call.name_span));
        defined.changes.extend(change.map(|change| (change, call.name_span)));
    }
    defined
}

/// Whether models of peewee's may be declared in a file.
fn uses_peewee(types: &Types<'_>, file: FileId) -> bool {
    let facts = &types.project().file(file).facts;
    ["CharField", "ForeignKeyField", "IntegerField", "TextField", "add_index", "peewee", "pw"]
        .iter()
        .any(|name| facts.names.find(name).is_some())
        && types.project().catalog.type_named("peewee.Model").is_some()
}

/// Whether a class is only there to be extended, as far as its name tells.
fn is_base(facts: &FileFacts, class: ClassRef) -> bool {
    let name = &facts.names[facts.class(class.class).name];
    name.starts_with("Base") || name.starts_with("Abstract") || name.ends_with("Mixin") || name.ends_with("Base")
}

/// What `class Meta` of a class or of those that it extends says, the nearest first.
fn options<'p>(types: &Types<'p>, model: ClassRef) -> Vec<(bool, &'p FileFacts, &'p Attribute)> {
    let own = |class: ClassRef| {
        let facts: &'p FileFacts = &types.project().file(class.file).facts;
        let metas = facts.classes.iter();
        let metas = metas.filter(move |meta| meta.parent == Some(class.class) && &facts.names[meta.name] == "Meta");
        let own = metas.flat_map(|meta| &meta.attributes).filter(|attribute| attribute.in_body);
        own.map(move |attribute| (class == model, facts, attribute))
    };
    types.lineage(model).into_iter().flat_map(own).collect()
}

/// The table of a model; `None` if a function of the project names it.
fn name_of(types: &Types<'_>, class: ClassRef) -> Option<String> {
    let all = options(types, class);
    let says = |wanted: &[&str], own: bool| {
        let mut named = all.iter().filter(|(is_own, ..)| *is_own || !own);
        named.find(|(_, facts, attribute)| wanted.contains(&&facts.names[attribute.name])).copied()
    };
    if let Some((_, facts, attribute)) = says(&["table_name", "db_table"], true) {
        return facts.literal(attribute.value).map(str::to_owned);
    }
    if says(&["table_function", "legacy_table_names"], false).is_some() {
        return None;
    }
    let facts = &types.project().file(class.file).facts;
    Some(facts.names[facts.class(class.class).name].to_lowercase())
}

/// The fields of a model with those of the classes that it extends, which come first.
fn fields<'p>(types: &Types<'p>, model: ClassRef) -> Vec<(FileId, &'p Attribute)> {
    let project = types.project();
    let mut found: Vec<(FileId, &Attribute)> = Vec::new();
    for class in types.lineage(model).into_iter().rev() {
        let facts: &'p FileFacts = &project.file(class.file).facts;
        for attribute in facts.class(class.class).attributes.iter().filter(|attribute| attribute.in_body) {
            let name = &facts.names[attribute.name];
            found.retain(|(file, known)| &project.file(*file).facts.names[known.name] != name);
            found.push((class.file, attribute));
        }
    }
    found
}

fn model(types: &Types<'_>, class: ClassRef, defined: &mut Defined) {
    let facts = &types.project().file(class.file).facts;
    let head = facts.class(class.class).name_span;
    let Some(name) = name_of(types, class) else { return };
    let mut reader = Reader { table: NewTable::new(&name, head), columns: Vec::new(), head, home: class.file };
    for (file, attribute) in fields(types, class) {
        reader.field(types, file, attribute);
    }
    if reader.columns.is_empty() {
        return;
    }
    let all = options(types, class);
    let get = |wanted: &str| all.iter().find(|(_, facts, attribute)| &facts.names[attribute.name] == wanted);
    match get("primary_key") {
        Some((_, facts, attribute)) => reader.primary_key(facts, attribute.value),
        None if !reader.table.has_primary_key() => reader.identity(),
        None => {}
    }
    if let Some((_, facts, attribute)) = get("indexes") {
        reader.indexes(facts, attribute.value);
    }
    if types.has_unknown_base(class) {
        reader.table.is_not_whole();
    }
    let Reader { table, columns, .. } = reader;
    defined.models.push(Model::new(Owner::Class(class), name, columns));
    defined.changes.push((table.done(), head));
}

struct Reader {
    table: NewTable,
    /// Fields and their columns.
    columns: Vec<(Box<str>, Box<str>)>,
    head: Span,
    home: FileId,
}

impl Reader {
    fn field(&mut self, types: &Types<'_>, file: FileId, attribute: &Attribute) {
        let facts: &FileFacts = &types.project().file(file).facts;
        let Value::Call(call) = facts.value(attribute.value) else { return };
        let call = facts.call(*call);
        let class = called(facts, call);
        if !class.ends_with("Field") || matches!(class, "ManyToManyField" | "VirtualField" | "MetaField") {
            return;
        }
        let name = &facts.names[attribute.name];
        let span = if file == self.home {
            Span::new(attribute.span.start as usize, attribute.span.start as usize + name.len())
        } else {
            self.head
        };
        let is_key = matches!(class, "DeferredForeignKey" | "ForeignKeyField");
        let given = keyword(facts, call, "column_name").or_else(|| keyword(facts, call, "db_column"));
        let column = match given.map(|given| facts.literal(given)) {
            Some(Some(column)) => column.to_owned(),
            Some(None) => return self.table.is_not_whole(),
            None if is_key => format!("{name}_id"),
            None => name.to_owned(),
        };
        let says = |option: &str| asks(facts, keyword(facts, call, option));
        let is_plain = type_name(class).is_some() && !matches!(types.of(file, call.callee), Ty::Class(_));
        let spreads = call.args.iter().any(|arg| matches!(facts.value(arg.value), Value::Spread(_)));
        let indexed = match keyword(facts, call, "index") {
            None => Some(is_key),
            given => asks(facts, given),
        };
        let is_primary = if is_auto(class) { Some(true) } else { says("primary_key") };
        let kind = match (is_primary, says("unique"), indexed) {
            (Some(true), ..) => Some(IndexKind::Primary),
            _ if spreads || !(is_plain || is_key) => Some(IndexKind::Other),
            (_, Some(true), _) => Some(IndexKind::Unique),
            // Of another method than the plain one.
            (_, _, Some(true)) if keyword(facts, call, "index_type").is_some() => Some(IndexKind::Other),
            (_, _, Some(true)) => Some(IndexKind::Plain),
            (Some(false), Some(false), Some(false)) => None,
            _ => Some(IndexKind::Other),
        };
        let has_choices = keyword(facts, call, "choices").is_some_and(|value| *facts.value(value) != Value::Null);
        let type_name = if has_choices { "enum(…)" } else { type_name(class).unwrap_or("") };
        let made = self.table.column(&column, type_name, span);
        made.not_null = is_primary == Some(true) || says("null") == Some(false);
        made.knows_null = says("null").is_some();
        if let Some(kind) = kind {
            self.table.index(kind, [column.as_str()], span).is_implied =
                is_key && keyword(facts, call, "index").is_none();
        }
        if is_key {
            self.table.foreign_key(&column, "", &[], span);
            self.columns.push((column.as_str().into(), column.as_str().into()));
        }
        self.columns.push((name.into(), column.into()));
    }

    /// The key that peewee adds where none is declared.
    fn identity(&mut self) {
        self.table.column("id", "bigint", self.head).not_null = true;
        self.table.index(IndexKind::Primary, ["id"], self.head);
        self.columns.push(("id".into(), "id".into()));
    }

    /// `primary_key = CompositeKey("user", "post")`, `primary_key = False`
    fn primary_key(&mut self, facts: &FileFacts, value: ValueId) {
        match facts.value(value) {
            Value::Bool(false) => {}
            Value::Call(call) if called(facts, facts.call(*call)) == "CompositeKey" => {
                let given = facts.call(*call).args.iter().map(|arg| facts.literal(arg.value));
                match given.collect::<Option<Vec<&str>>>() {
                    Some(fields) => self.over(IndexKind::Primary, &fields),
                    None => self.table.is_not_whole(),
                }
            }
            _ => self.table.is_not_whole(),
        }
    }

    /// `indexes = ((("user", "created"), True), (("name",), False))`
    fn indexes(&mut self, facts: &FileFacts, value: ValueId) {
        let Value::Sequence(items) = facts.value(value) else { return self.table.is_not_whole() };
        for &item in items {
            let parts = match facts.value(item) {
                Value::Sequence(parts) => &**parts,
                _ => &[],
            };
            let read = match *parts {
                [fields, unique] => texts(facts, fields).zip(asks(facts, Some(unique))),
                _ => None,
            };
            match read {
                Some((fields, true)) => self.over(IndexKind::Unique, &fields),
                Some((fields, false)) => self.over(IndexKind::Plain, &fields),
                None => self.table.is_not_whole(),
            }
        }
    }

    fn over(&mut self, kind: IndexKind, fields: &[&str]) {
        let column = |field: &&str| {
            let known = self.columns.iter().find(|(own, _)| &**own == *field);
            known.map_or(*field, |(_, column)| column).to_owned()
        };
        let columns: Vec<String> = fields.iter().map(column).collect();
        self.table.index(kind, columns.iter().map(String::as_str), self.head);
    }
}

fn is_auto(class: &str) -> bool {
    matches!(class, "AutoField" | "BigAutoField" | "IdentityField" | "PrimaryKeyField")
}

/// The type of a field of peewee's own that has an index only if one is asked for.
fn type_name(class: &str) -> Option<&'static str> {
    Some(match class {
        _ if is_auto(class) => "bigint",
        "BigIntegerField" | "DecimalField" | "IntegerField" | "SmallIntegerField" => "number",
        "DoubleField" | "FloatField" => "double precision",
        "BooleanField" => "boolean",
        "CharField" | "FixedCharField" | "TextField" => "text",
        "DateField" | "DateTimeField" | "TimeField" | "TimestampField" => "timestamp",
        "BinaryUUIDField" | "UUIDField" => "uuid",
        "BareField" | "BigBitField" | "BitField" | "BlobField" | "IPField" => "",
        _ => return None,
    })
}
