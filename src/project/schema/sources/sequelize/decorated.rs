//! sequelize-typescript: classes with decorators.

use super::super::arguments::{asks, called, member, positional};
use super::super::sequelize_migrations::table_of;
use super::columns::{Asked, Group, Groups, is_false};
use super::conventions::{Options, Told, is_open};
use super::names::column_name;
use super::{Made, ModelValue, Reading};
use crate::facts::*;
use crate::project::{ClassRef, Ty};
use crate::source::Span;
use crate::sql::ddl::OnDelete;
use crate::sql::ddl::define::NewTable;

/// The decorators of a class or of one of its fields, by name, with their calls.
fn decorators<'f>(facts: &'f FileFacts, values: &'f [ValueId]) -> impl Iterator<Item = (&'f str, Option<&'f Call>)> {
    values.iter().filter_map(|&value| match facts.value(value) {
        Value::Call(call) => Some((called(facts, facts.call(*call)), Some(facts.call(*call)))),
        _ => Some((facts.own_name(value)?, None)),
    })
}

/// What the fields of a class with decorators say.
#[derive(Default)]
struct Fields {
    columns: Vec<(Box<str>, Box<str>)>,
    groups: Groups,
    /// The columns that lead to the rows of a class.
    keys: Vec<(Box<str>, ClassRef, Span)>,
    belongs: Vec<Belongs>,
    /// Whether they were all read.
    is_whole: bool,
}

/// `@BelongsTo(() => Author, { foreignKey: "authorId", onDelete: "CASCADE" })`
struct Belongs {
    to: ClassRef,
    /// The attribute that leads there, if it is told.
    by: Option<Box<str>>,
    /// What happens when the row there is deleted, if it is told.
    action: Option<Box<str>>,
}

impl Reading<'_, '_> {
    /// `@Table({ tableName: "users" }) class User extends Model`
    pub(super) fn decorated(&self, class: ClassRef) -> Option<Made> {
        let facts = self.facts;
        let own = facts.class(class.class);
        let (_, told) = decorators(facts, &own.decorators).find(|(name, _)| *name == "Table")?;
        let options = Options::of(facts, told.and_then(|call| positional(call, 0)));
        // The name that is not told is made in ways that changed.
        options.member(facts, "tableName")?;
        if !self.is_model(class) {
            return None;
        }
        let is_underscored = Told::of(facts, options, "underscored").or(self.conventions.underscored, false);
        let span = own.name_span;
        let mut table = NewTable::new(&self.table_name("", options, is_underscored)?, span);
        table.has_more_columns();
        let mut fields = Fields { is_whole: true, ..Fields::default() };
        self.fields(class, &mut table, &mut fields, is_underscored, None, 0);
        let Fields { mut columns, groups, keys, belongs, is_whole } = fields;
        if !is_whole {
            table.is_not_whole();
        }
        groups.done(&mut table);
        for (attribute, target, at) in keys {
            let Some((_, column)) = columns.iter().find(|(own, _)| *own == attribute) else { continue };
            let is_own = |own: &&Belongs| own.to == target && own.by.as_ref().is_none_or(|by| *by == attribute);
            // Only an association makes it a key of the database.
            let Some(Belongs { action, .. }) = belongs.iter().find(is_own) else { continue };
            let not_null = table.column_named(column).is_some_and(|column| column.not_null);
            let action = action.as_deref().unwrap_or(if not_null { "no action" } else { "set null" });
            let target = self.table_of_class(target).unwrap_or_default();
            table.foreign_key(column, &target, &[], at).on_delete = OnDelete::of_word(action);
        }
        self.implied(&mut table, &mut columns, options, is_underscored, span);
        self.indexes(&mut table, &columns, options, span);
        Some(Made { of: ModelValue::Class(class), table, columns, is_underscored, span })
    }

    /// The table that a class names.
    fn table_of_class(&self, class: ClassRef) -> Option<String> {
        let facts: &FileFacts = &self.types.project().file(class.file).facts;
        let (_, told) = decorators(facts, &facts.class(class.class).decorators).find(|(name, _)| *name == "Table")?;
        table_of(facts, positional(told?, 0)?).map(str::to_owned)
    }

    fn fields(
        &self,
        class: ClassRef,
        table: &mut NewTable,
        into: &mut Fields,
        is_underscored: Option<bool>,
        head: Option<Span>,
        depth: u8,
    ) {
        let facts: &FileFacts = &self.types.project().file(class.file).facts;
        let own = facts.class(class.class);
        let attributes = own.attributes.iter().filter(|attribute| attribute.in_body);
        let attributes = attributes.map(|attribute| (attribute.name, attribute.decorators.as_slice(), attribute.span));
        let methods = own.methods.iter().map(|&method| facts.function(method));
        let methods = methods.map(|method| (method.name, method.decorators.as_slice(), method.name_span));
        let reading = Reading { facts, file: class.file, ..*self };
        for (name, decorators, span) in attributes.chain(methods).filter(|(_, decorators, _)| !decorators.is_empty()) {
            // What stands in another file is told of where the table is named.
            reading.field(&facts.names[name], decorators, head.unwrap_or(span), table, into, is_underscored);
        }
        let bases = self.types.project_bases(class);
        // Only the library's own class is left to know of.
        into.is_whole &= own.bases.len() <= 1 && depth < 12 && (!bases.is_empty() || self.is_library_class(class));
        for base in bases {
            self.fields(base, table, into, is_underscored, head.or(Some(own.name_span)), depth + 1);
        }
    }

    /// Whether a class extends one of the library itself.
    fn is_library_class(&self, class: ClassRef) -> bool {
        let facts: &FileFacts = &self.types.project().file(class.file).facts;
        facts.class(class.class).bases.iter().all(|&base| {
            let head = match facts.value(base) {
                Value::Typed(of) => of.head,
                _ => base,
            };
            matches!(self.types.of(class.file, head), Ty::Path(_) | Ty::Api(..))
        })
    }

    fn field(
        &self,
        attribute: &str,
        values: &[ValueId],
        span: Span,
        table: &mut NewTable,
        into: &mut Fields,
        is_underscored: Option<bool>,
    ) {
        let facts = self.facts;
        let option = |call: &Call, key: &str| call.args.iter().find_map(|arg| member(facts, arg.value, key));
        let mut asked =
            Asked { type_name: "", is_primary: Some(false), unique: Group::No, index: Group::No, not_null: false };
        let (mut is_column, mut is_virtual, mut field, mut key) = (false, false, None, None);
        for (name, call) in decorators(facts, values) {
            let first = call.and_then(|call| positional(call, 0));
            match name {
                "Column" => {
                    is_column = true;
                    let Some(options) = first else { continue };
                    is_virtual |= self.is_virtual(options);
                    let own = self.asked(options);
                    asked = Asked {
                        is_primary: if asked.is_primary == Some(true) { asked.is_primary } else { own.is_primary },
                        unique: if asked.unique == Group::No { own.unique } else { asked.unique },
                        index: asked.index,
                        not_null: asked.not_null || own.not_null,
                        type_name: own.type_name,
                    };
                    field = member(facts, options, "field");
                    into.is_whole &= self.is_type(options) || !is_open(facts, options);
                }
                "CreatedAt" | "UpdatedAt" | "DeletedAt" => {
                    is_column = true;
                    asked.type_name = "timestamp";
                }
                "PrimaryKey" => (asked.is_primary, asked.not_null) = (Some(true), true),
                "AllowNull" => asked.not_null |= is_false(facts, first),
                "Unique" => asked.unique = first.map_or(Group::Alone, |first| Group::of(facts, Some(first))),
                "Index" => {
                    let is_special = |key: &&str| call.is_some_and(|call| option(call, key).is_some());
                    asked.index = match first {
                        _ if ["where", "using", "type", "operator"].iter().any(is_special) => Group::Unknown,
                        Some(first) if asks(facts, member(facts, first, "unique")) != Some(false) => Group::Unknown,
                        Some(first) => match Group::of(facts, Some(first)) {
                            Group::Unknown if !is_open(facts, first) => Group::Alone,
                            group => group,
                        },
                        None => Group::Alone,
                    };
                }
                "ForeignKey" => key = first.and_then(|first| self.class_of(first)),
                "BelongsTo" => {
                    let (Some(call), Some(target)) = (call, first.and_then(|first| self.class_of(first))) else {
                        continue;
                    };
                    let second = positional(call, 1);
                    let by = second.and_then(|second| {
                        let named = member(facts, second, "foreignKey").unwrap_or(second);
                        facts.literal(member(facts, named, "name").unwrap_or(named))
                    });
                    if option(call, "constraints").is_none()
                        && second.is_none_or(|second| facts.literal(second).is_some() || !is_open(facts, second))
                    {
                        let action = option(call, "onDelete");
                        let action = action.map(|action| facts.literal(action).unwrap_or("no action").into());
                        into.belongs.push(Belongs { to: target, by: by.map(Box::from), action });
                    }
                }
                // Something of the project that makes one.
                name if name.contains("Index") || name.contains("Unique") => into.is_whole = false,
                _ => {}
            }
        }
        if !is_column || is_virtual || into.columns.iter().any(|(known, _)| &**known == attribute) {
            return;
        }
        let column = match field {
            Some(field) => facts.literal(field).map(str::to_owned),
            None => column_name(attribute, is_underscored),
        };
        let Some(column) = column else {
            into.is_whole = false;
            return;
        };
        into.groups.put(table, &column, &asked, span);
        into.columns.push((attribute.into(), column.into()));
        into.keys.extend(key.map(|key| (attribute.into(), key, span)));
    }

    /// The class that `() => Author` gives.
    fn class_of(&self, value: ValueId) -> Option<ClassRef> {
        let Value::Function(function) = self.facts.value(value) else { return None };
        let given = *self.facts.function(*function).returns.first()?;
        match self.types.of(self.file, given) {
            Ty::Class(class) => Some(class),
            _ => None,
        }
    }
}
