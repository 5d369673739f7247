//! Sequelize models: `sequelize.define("user", {…})`, `User.init({…}, {…})`, and sequelize-typescript's decorators.

mod columns;
mod conventions;
mod decorated;
mod names;

use columns::{Asked, Group, Groups, is_false, place_of, place_of_member};
pub(in super::super) use conventions::Conventions;
use conventions::{Options, Told, is_open};
use names::{column_name, plural, underscored};

use super::arguments::{asks, called, member, positional};
use super::sequelize_migrations::{reference, table_of, type_name};
use super::{Defined, Model, Owner};
use crate::facts::*;
use crate::project::{ClassRef, FileId, Types};
use crate::source::Span;
use crate::sql::ddl::define::{NewTable, alter, column as new_column, foreign_key, table_name};
use crate::sql::ddl::{AlterOperation, ForeignKey, IndexKind, OnDelete, TableChange};

/// The models of a file.
pub(super) fn read(types: &Types<'_>, file: FileId, conventions: Conventions) -> Defined {
    let facts: &FileFacts = &types.project().file(file).facts;
    let mut defined = Defined::default();
    if !["define", "init", "Table"].iter().any(|name| facts.names.find(name).is_some()) {
        return defined;
    }
    let reading = Reading { types, file, facts, conventions };
    let mut made: Vec<Made> = Vec::new();
    for (id, call) in facts.numbered() {
        made.extend(match called(facts, call) {
            "define" => reading.defined(id),
            "init" => reading.initialised(call),
            _ => None,
        });
    }
    let classes = (0..u32::try_from(facts.classes.len()).unwrap_or(u32::MAX)).map(ClassId);
    made.extend(classes.filter_map(|class| reading.decorated(ClassRef { file, class })));
    let belongs = facts.calls.iter().filter(|call| called(facts, call) == "belongsTo");
    let keys: Vec<(TableChange, Span)> = belongs.filter_map(|call| reading.belongs(&made, call)).flatten().collect();
    for Made { of, table, columns, span, .. } in made {
        if let ModelValue::Class(class) = of {
            let is_scoped = is_scoped(types, class);
            let model = Model::new(Owner::Class(class), table.name().text(), columns);
            defined.models.push(Model { is_scoped, ..model });
        }
        defined.changes.push((table.done(), span));
    }
    defined.changes.extend(keys);
    defined
}

/// Whether a model has a scope that all its queries are in: `@DefaultScope(…)`, `defaultScope: { … }`.
fn is_scoped(types: &Types<'_>, class: ClassRef) -> bool {
    let names = ["DefaultScope", "defaultScope", "addScope"];
    types.lineage(class).into_iter().any(|class| {
        let facts = &types.project().file(class.file).facts;
        names.iter().any(|name| facts.names.find(name).is_some())
            || facts.texts.iter().any(|text| names.contains(&text.cooked.as_str()))
    })
}

/// What a model is in its file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ModelValue {
    Class(ClassRef),
    /// What `define` gives.
    Call(CallId),
}

/// A model that was read.
struct Made {
    of: ModelValue,
    table: NewTable,
    /// Its attributes that are columns, and the names of those.
    columns: Vec<(Box<str>, Box<str>)>,
    is_underscored: Option<bool>,
    span: Span,
}

struct Reading<'r, 'p> {
    types: &'r Types<'p>,
    file: FileId,
    facts: &'p FileFacts,
    conventions: Conventions,
}

impl<'p> Reading<'_, 'p> {
    /// `sequelize.define("user", { name: DataTypes.STRING }, { tableName: "users" })`
    fn defined(&self, id: CallId) -> Option<Made> {
        let call = self.facts.call(id);
        let name = self.facts.literal(positional(call, 0)?)?;
        let fields = positional(call, 1)?;
        let Value::Mapping(entries) = self.facts.value(fields) else { return None };
        // Others define things, too.
        if !entries.iter().any(|&(_, options)| self.is_typed(options)) {
            return None;
        }
        let options = Options::of(self.facts, positional(call, 2));
        self.model(ModelValue::Call(id), name, fields, options, call.name_span)
    }

    /// `User.init({ name: DataTypes.STRING }, { sequelize, tableName: "users" })`
    fn initialised(&self, call: &Call) -> Option<Made> {
        let Value::Member(owner, _) = *self.facts.value(call.callee) else { return None };
        let class = match *self.facts.value(owner) {
            Value::Class(class) | Value::This(class) | Value::Super(class) => ClassRef { file: self.file, class },
            _ => return None,
        };
        // What a base class of the project does with the options is not followed.
        let bases = self.types.project_bases(class);
        if !self.is_model(class) || bases.into_iter().any(|base| self.types.class_member(base, "init").is_some()) {
            return None;
        }
        let options = Options::of(self.facts, positional(call, 1));
        let own = options.member(self.facts, "modelName");
        let name = match own {
            Some(name) => self.facts.literal(name)?,
            None => &self.facts.names[self.facts.class(class.class).name],
        };
        let span = self.facts.class(class.class).name_span;
        self.model(ModelValue::Class(class), name, positional(call, 0)?, options, span)
    }

    fn is_model(&self, class: ClassRef) -> bool {
        let catalog = &self.types.project().catalog;
        match (self.types.api_base(class), catalog.type_named("sequelize.Model")) {
            (Some(base), Some(model)) => catalog.is_subtype(base, model),
            _ => false,
        }
    }

    fn model(&self, of: ModelValue, name: &str, fields: ValueId, options: Options, span: Span) -> Option<Made> {
        let facts = self.facts;
        let is_underscored = Told::of(facts, options, "underscored").or(self.conventions.underscored, false);
        let mut table = NewTable::new(&self.table_name(name, options, is_underscored)?, span);
        let mut columns: Vec<(Box<str>, Box<str>)> = Vec::new();
        // Associations put columns on others.
        table.has_more_columns();
        let mut groups = Groups::default();
        let mut is_open = true;
        if let Value::Mapping(entries) = facts.value(fields) {
            is_open = false;
            for &(key, options) in entries.iter() {
                match facts.literal(key) {
                    Some(attribute) => {
                        let at = place_of(facts, key).unwrap_or(span);
                        let Some(column) = self.column(attribute, options, is_underscored) else {
                            if !self.is_virtual(options) {
                                table.is_not_whole();
                            }
                            continue;
                        };
                        let asked = self.asked(options);
                        groups.put(&mut table, &column, &asked, at);
                        if let Some((target, on_delete)) = reference(facts, options) {
                            table.foreign_key(&column, target, &[], at).on_delete = on_delete;
                        }
                        columns.push((attribute.into(), column.into()));
                    }
                    None => is_open = true,
                }
            }
        }
        if is_open {
            table.is_not_whole();
        }
        groups.done(&mut table);
        self.implied(&mut table, &mut columns, options, is_underscored, span);
        self.indexes(&mut table, &columns, options, span);
        Some(Made { of, table, columns, is_underscored, span })
    }

    /// The name of a model's table, if it is sure.
    fn table_name(&self, model: &str, options: Options, is_underscored: Option<bool>) -> Option<String> {
        let facts = self.facts;
        if let Some(told) = options.member(facts, "tableName") {
            let name = table_of(facts, told)?;
            return Some(match options.member(facts, "schema").and_then(|schema| facts.literal(schema)) {
                Some(schema) => format!("{schema}.{name}"),
                None => name.to_owned(),
            });
        }
        let freezes = Told::of(facts, options, "freezeTableName").or(self.conventions.freezes_names, false)?;
        if freezes {
            return Some(model.to_owned());
        }
        let plural = plural(model)?;
        if is_underscored? { underscored(&plural) } else { Some(plural) }
    }

    /// What an attribute is called in the database, if it is a column there and that is sure.
    fn column(&self, attribute: &str, options: ValueId, is_underscored: Option<bool>) -> Option<String> {
        let facts = self.facts;
        if self.is_virtual(options) {
            return None;
        }
        match member(facts, options, "field") {
            Some(field) => facts.literal(field).map(str::to_owned),
            None if !matches!(facts.value(options), Value::Mapping(_)) && !self.is_type(options) => None,
            None if matches!(facts.value(options), Value::Mapping(_)) && is_open(facts, options) => None,
            None => column_name(attribute, is_underscored),
        }
    }

    /// Whether an attribute is not kept in the database.
    fn is_virtual(&self, options: ValueId) -> bool {
        let of = member(self.facts, options, "type").unwrap_or(options);
        let name = match self.facts.value(of) {
            Value::Member(_, name) => &self.facts.names[*name],
            Value::Call(call) => called(self.facts, self.facts.call(*call)),
            _ => return false,
        };
        name == "VIRTUAL"
    }

    /// `DataTypes.STRING`, `Sequelize.STRING(32)`
    fn is_type(&self, value: ValueId) -> bool {
        let name = match self.facts.value(value) {
            Value::Member(..) => self.facts.own_name(value).unwrap_or(""),
            Value::Call(call) => called(self.facts, self.facts.call(*call)),
            _ => return false,
        };
        !name.is_empty() && name.bytes().all(|letter| letter.is_ascii_uppercase())
    }

    /// Whether an attribute is declared as Sequelize wants it.
    fn is_typed(&self, options: ValueId) -> bool {
        self.is_type(options) || member(self.facts, options, "type").is_some_and(|of| self.is_type(of))
    }

    /// What the options of an attribute ask of its column.
    fn asked(&self, options: ValueId) -> Asked<'p> {
        let facts = self.facts;
        let of = |key: &str| member(facts, options, key);
        let is_primary = asks(facts, of("primaryKey"));
        Asked {
            type_name: type_name(facts, options),
            is_primary,
            unique: Group::of(facts, of("unique")),
            index: Group::No,
            not_null: is_primary == Some(true) || is_false(facts, of("allowNull")),
        }
    }

    /// What Sequelize adds by itself: `id`, `createdAt`, `updatedAt`, `deletedAt`.
    fn implied(
        &self,
        table: &mut NewTable,
        columns: &mut Vec<(Box<str>, Box<str>)>,
        options: Options,
        is_underscored: Option<bool>,
        span: Span,
    ) {
        let facts = self.facts;
        let may_remove = facts.names.find("removeAttribute").is_some();
        if !table.has_primary_key() && !may_remove && !table.has_column("id") {
            table.column("id", "number", span).not_null = true;
            table.index(IndexKind::Primary, ["id"], span);
            columns.push(("id".into(), "id".into()));
        }
        if Told::of(facts, options, "timestamps").or(self.conventions.timestamps, true) != Some(true) {
            return;
        }
        let is_paranoid = asks(facts, options.member(facts, "paranoid")) == Some(true);
        let stamps = [("createdAt", true), ("updatedAt", true), ("deletedAt", is_paranoid)];
        for (stamp, is_there) in stamps {
            let told = options.member(facts, stamp);
            let attribute = match told {
                None => Some(stamp),
                Some(told) => facts.literal(told),
            };
            let Some(attribute) = attribute.filter(|_| is_there && !options.are_open(facts)) else { continue };
            let known = columns.iter().any(|(own, _)| &**own == attribute);
            if !known && let Some(column) = column_name(attribute, is_underscored) {
                table.column(&column, "timestamp", span);
                columns.push((attribute.into(), column.into()));
            }
        }
    }

    /// `indexes: [{ fields: ["email"], unique: true }]`
    fn indexes(&self, table: &mut NewTable, columns: &[(Box<str>, Box<str>)], options: Options, span: Span) {
        let facts = self.facts;
        if options.are_open(facts) {
            table.is_not_whole();
        }
        let Some(list) = options.member(facts, "indexes") else { return };
        let Value::Sequence(items) = facts.value(list) else { return table.is_not_whole() };
        for &item in items.iter() {
            let asked = |key: &str| member(facts, item, key);
            let fields = asked("fields").map(|fields| facts.value(fields));
            let Some(Value::Sequence(fields)) = fields.filter(|_| !is_open(facts, item)) else {
                table.is_not_whole();
                continue;
            };
            let is_special = asked("where").is_some() || asked("using").is_some() || asked("operator").is_some();
            let kind = match asked("type").and_then(|kind| facts.literal(kind)) {
                _ if is_special => IndexKind::Other,
                Some(kind) if kind.eq_ignore_ascii_case("unique") => IndexKind::Unique,
                Some(_) => IndexKind::Other,
                None if asks(facts, asked("unique")) == Some(true) => IndexKind::Unique,
                None => IndexKind::Plain,
            };
            let named = |field: ValueId| -> Option<&str> {
                let name = member(facts, field, "name").or_else(|| member(facts, field, "attribute"));
                let name = facts.literal(name.unwrap_or(field))?;
                Some(columns.iter().find(|(own, _)| &**own == name).map_or(name, |(_, column)| column))
            };
            match fields.iter().map(|&field| named(field)).collect::<Option<Vec<&str>>>() {
                Some(names) if !names.is_empty() => {
                    let made = table.index(kind, names, place_of_member(facts, item, "fields").unwrap_or(span));
                    // An index of its own, not a key of the table.
                    made.is_constraint = false;
                    for (part, &field) in made.parts.iter_mut().zip(fields) {
                        let order = member(facts, field, "order").and_then(|order| facts.literal(order));
                        part.descending = order.is_some_and(|order| order.eq_ignore_ascii_case("desc"));
                    }
                }
                _ => table.is_not_whole(),
            }
        }
    }

    /// `Book.belongsTo(Author, { foreignKey: "authorId" })` puts a column on the books, which points to the authors.
    fn belongs(&self, made: &[Made], call: &Call) -> Option<Vec<(TableChange, Span)>> {
        let facts = self.facts;
        let Value::Member(owner, _) = *facts.value(call.callee) else { return None };
        let of = self.model_of(owner)?;
        let own = made.iter().find(|made| made.of == of)?;
        let options = positional(call, 1)?;
        let constraints = member(facts, options, "constraints").map(|value| facts.value(value));
        if is_open(facts, options) || constraints.is_some_and(|told| *told != Value::Bool(true)) {
            return None;
        }
        let key = member(facts, options, "foreignKey")?;
        let attribute = facts.literal(key).or_else(|| facts.literal(member(facts, key, "name")?))?;
        let known = own.columns.iter().find(|(known, _)| &**known == attribute);
        let column = match known {
            Some((_, column)) => column.to_string(),
            None => column_name(attribute, own.is_underscored)?,
        };
        let span = call.name_span;
        let table = own.table.name().clone();
        let target = self.model_of(positional(call, 0)?);
        let target = target.and_then(|target| made.iter().find(|made| made.of == target));
        let target = target.map_or_else(|| table_name("", span), |target| target.table.name().clone());
        // What the attribute says itself comes first.
        if own.table.has_foreign_key(&column) {
            return None;
        }
        let is_required = is_false(facts, member(facts, key, "allowNull"))
            || own.table.column_named(&column).is_some_and(|column| column.not_null);
        let action = match member(facts, options, "onDelete") {
            Some(action) => facts.literal(action)?,
            None if is_required => "no action",
            None => "set null",
        };
        let mut changes = Vec::new();
        if known.is_none() {
            let made = AlterOperation::AddColumn { column: new_column(&column, "", span), if_not_exists: true };
            changes.push((alter(&table, made, span), span));
        }
        let key = ForeignKey { on_delete: OnDelete::of_word(action), ..foreign_key(&column, target, span) };
        changes.push((alter(&table, AlterOperation::AddForeignKey(key, false), span), span));
        Some(changes)
    }

    /// The model of this file that a value is.
    fn model_of(&self, value: ValueId) -> Option<ModelValue> {
        match *self.facts.value(value) {
            Value::Class(class) | Value::This(class) => Some(ModelValue::Class(ClassRef { file: self.file, class })),
            Value::Call(call) => Some(ModelValue::Call(call)),
            _ => None,
        }
    }
}
