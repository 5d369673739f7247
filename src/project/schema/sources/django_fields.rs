//! What the classes of Django's fields say of columns, and those that libraries and projects make of them; and the columns
//! that abstract models of well-known libraries bring along.

use super::arguments::called;
use crate::facts::*;
use crate::project::{ClassRef, FileId, Ty, Types};
use crate::sql::ddl::IndexKind;

/// What a field's class says of its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Auto,
    Bool,
    /// An address of the network, which some engines keep as what it is.
    Address,
    Text,
    Slug,
    Number,
    Float,
    Time,
    Json,
    Uuid,
    Binary,
    ForeignKey,
    OneToOne,
    /// A class of which nothing is known.
    Own,
}

impl Kind {
    /// By the name of the class; `None` for what makes no column.
    pub(super) fn of(class: &str) -> Option<Kind> {
        Some(match class {
            "AutoField" | "BigAutoField" | "SmallAutoField" => Kind::Auto,
            "BooleanField" | "NullBooleanField" => Kind::Bool,
            "SlugField" => Kind::Slug,
            "GenericIPAddressField" | "IPAddressField" => Kind::Address,
            "CharField" | "TextField" | "EmailField" | "URLField" | "FileField" | "ImageField" | "FilePathField" => {
                Kind::Text
            }
            // Of django-ckeditor, django-colorfield, django-countries, django-money, django-phonenumber-field, django-tinymce,
            // django-timezone-field, wagtail.
            "ColorField"
            | "CountryField"
            | "CurrencyField"
            | "HTMLField"
            | "PhoneNumberField"
            | "RichTextField"
            | "RichTextUploadingField"
            | "StreamField"
            | "TimeZoneField" => Kind::Text,
            "IntegerField"
            | "BigIntegerField"
            | "SmallIntegerField"
            | "PositiveIntegerField"
            | "PositiveSmallIntegerField"
            | "PositiveBigIntegerField"
            | "DecimalField"
            | "DurationField" => Kind::Number,
            "FloatField" => Kind::Float,
            "DateField" | "DateTimeField" | "TimeField" => Kind::Time,
            // Of django-extensions and django-model-utils.
            "AutoCreatedField" | "AutoLastModifiedField" | "CreationDateTimeField" | "ModificationDateTimeField" => {
                Kind::Time
            }
            "JSONField" => Kind::Json,
            "UUIDField" => Kind::Uuid,
            "BinaryField" => Kind::Binary,
            "ForeignKey" => Kind::ForeignKey,
            "OneToOneField" => Kind::OneToOne,
            // No columns of this table.
            "ManyToManyField" | "GenericRelation" | "ParentalManyToManyField" | "GenericForeignKey" => return None,
            _ if class.contains("ManyToMany") || class.contains("Generic") => return None,
            _ if class.ends_with("ForeignKey") || class == "ParentalKey" => Kind::ForeignKey,
            _ if class.ends_with("OneToOneField") => Kind::OneToOne,
            _ if class.ends_with("Field") => Kind::Own,
            _ => return None,
        })
    }

    /// That of the field that a call makes. A class of the project is what it extends, if it decides nothing about indexes.
    pub(super) fn of_call(types: &Types<'_>, file: FileId, call: &Call) -> Option<Kind> {
        let named = Kind::of(called(&types.project().file(file).facts, call));
        match types.of(file, call.callee) {
            Ty::Class(class) if !named.is_some_and(Kind::is_relation) => of_class(types, class, 0),
            _ => named,
        }
    }

    pub(super) fn is_relation(self) -> bool {
        matches!(self, Kind::ForeignKey | Kind::OneToOne)
    }

    /// Whether it has an index unless it says otherwise.
    pub(super) fn is_indexed(self) -> bool {
        matches!(self, Kind::Slug | Kind::ForeignKey)
    }

    /// Whether Django makes, on PostgreSQL, a second index of it for what texts begin with.
    pub(super) fn is_searched(self) -> bool {
        matches!(self, Kind::Slug | Kind::Text)
    }

    pub(super) fn type_name(self) -> &'static str {
        match self {
            Kind::Auto => "bigint",
            Kind::Bool => "boolean",
            Kind::Address | Kind::Text | Kind::Slug => "text",
            Kind::Number => "number",
            Kind::Float => "double precision",
            Kind::Time => "timestamp",
            Kind::Json => "json",
            Kind::Uuid => "uuid",
            Kind::Binary => "binary",
            Kind::ForeignKey | Kind::OneToOne | Kind::Own => "",
        }
    }
}

/// What a class of the project is by what it extends: [`Kind::Own`] if it may decide itself what its column and indexes are
/// like, `None` if it is no field.
fn of_class(types: &Types<'_>, class: ClassRef, depth: u8) -> Option<Kind> {
    let file = types.project().file(class.file);
    let facts: &FileFacts = &file.facts;
    let own = facts.class(class.class);
    let kind = own.bases.iter().find_map(|&base| match types.of(class.file, base) {
        Ty::Class(base) if base != class && depth < 6 => of_class(types, base, depth + 1),
        Ty::Class(_) => None,
        _ => facts.own_name(base).and_then(Kind::of),
    })?;
    let text = file.source.text.get(own.span.range()).unwrap_or_default();
    const OPTIONS: [&str; 6] =
        ["\"db_index\"", "'db_index'", "\"primary_key\"", "'primary_key'", "\"unique\"", "'unique'"];
    let decides = text.contains("def db_type") || OPTIONS.iter().any(|option| text.contains(option));
    // `return "SlugField"`: the column of another field, which is most often the one that it extends.
    let is_like_another = text.split_once("def get_internal_type").is_some_and(|(_, body)| {
        let told = body.split_once("return").and_then(|(_, rest)| rest.trim_start().strip_prefix(['"', '\'']));
        let told = told.and_then(|rest| rest.split(['"', '\'']).next()).and_then(Kind::of);
        told.is_none_or(|told| told.type_name() != kind.type_name())
    });
    Some(if decides || is_like_another { Kind::Own } else { kind })
}

// ── Models of libraries ─────────────────────────────────────────────────────────────────────────────────

/// An abstract model of a library.
pub(super) struct Library {
    /// The package that it is in, and those within that.
    package: &'static str,
    pub(super) class: &'static str,
    /// Its fields, and the index that each asks for.
    pub(super) fields: &'static [(&'static str, Kind, Option<IndexKind>)],
    /// Its relations from many to many: the field and the model.
    pub(super) many: &'static [(&'static str, &'static str)],
}

const UNIQUE: Option<IndexKind> = Some(IndexKind::Unique);
const PLAIN: Option<IndexKind> = Some(IndexKind::Plain);
const RIGHTS: &[(&str, &str)] = &[("groups", "group"), ("user_permissions", "permission")];

const fn library(
    package: &'static str,
    class: &'static str,
    fields: &'static [(&'static str, Kind, Option<IndexKind>)],
) -> Library {
    Library { package, class, fields, many: &[] }
}

/// Their columns and indexes have been these in all versions in use. Sorted.
const LIBRARIES: [Library; 21] = [
    library(
        "django.contrib.auth",
        "AbstractBaseUser",
        &[("password", Kind::Text, None), ("last_login", Kind::Time, None)],
    ),
    Library {
        package: "django.contrib.auth",
        class: "AbstractUser",
        fields: &[
            ("password", Kind::Text, None),
            ("last_login", Kind::Time, None),
            ("is_superuser", Kind::Bool, None),
            ("username", Kind::Text, UNIQUE),
            ("first_name", Kind::Text, None),
            ("last_name", Kind::Text, None),
            ("email", Kind::Text, None),
            ("is_staff", Kind::Bool, None),
            ("is_active", Kind::Bool, None),
            ("date_joined", Kind::Time, None),
        ],
        many: RIGHTS,
    },
    Library {
        package: "django.contrib.auth",
        class: "PermissionsMixin",
        fields: &[("is_superuser", Kind::Bool, None)],
        many: RIGHTS,
    },
    library(
        "django_extensions.db",
        "TimeStampedModel",
        &[("created", Kind::Time, None), ("modified", Kind::Time, None)],
    ),
    library(
        "django_extensions.db",
        "TitleDescriptionModel",
        &[("title", Kind::Text, None), ("description", Kind::Text, None)],
    ),
    library("model_utils", "SoftDeletableModel", &[("is_removed", Kind::Bool, None)]),
    library("model_utils", "StatusModel", &[("status", Kind::Text, None), ("status_changed", Kind::Time, None)]),
    library("model_utils", "TimeFramedModel", &[("start", Kind::Time, None), ("end", Kind::Time, None)]),
    library("model_utils", "TimeStampedModel", &[("created", Kind::Time, None), ("modified", Kind::Time, None)]),
    library("model_utils", "UUIDModel", &[("id", Kind::Uuid, Some(IndexKind::Primary))]),
    library("modelcluster", "ClusterableModel", &[]),
    library("polymorphic", "PolymorphicModel", &[("polymorphic_ctype", Kind::ForeignKey, PLAIN)]),
    library("solo", "SingletonModel", &[]),
    library(
        "taggit",
        "GenericTaggedItemBase",
        &[("content_type", Kind::ForeignKey, PLAIN), ("object_id", Kind::Number, PLAIN)],
    ),
    library("taggit", "ItemBase", &[]),
    library("taggit", "TagBase", &[("name", Kind::Text, UNIQUE), ("slug", Kind::Slug, UNIQUE)]),
    library("taggit", "TaggedItemBase", &[("tag", Kind::ForeignKey, PLAIN)]),
    library("treebeard", "AL_Node", &[]),
    library(
        "treebeard",
        "MP_Node",
        &[("path", Kind::Text, UNIQUE), ("depth", Kind::Number, None), ("numchild", Kind::Number, None)],
    ),
    library(
        "treebeard",
        "NS_Node",
        &[
            ("lft", Kind::Number, PLAIN),
            ("rgt", Kind::Number, PLAIN),
            ("tree_id", Kind::Number, PLAIN),
            ("depth", Kind::Number, PLAIN),
        ],
    ),
    library("wagtail", "Orderable", &[("sort_order", Kind::Number, None)]),
];

/// What a base of a class is, if it is an abstract model of a library.
pub(super) fn library_base(types: &Types<'_>, file: FileId, base: ValueId) -> Option<&'static Library> {
    let facts: &FileFacts = &types.project().file(file).facts;
    let (path, class) = match types.of(file, base) {
        Ty::Path(path) => (path.to_string(), path.rsplit('.').next().unwrap_or(&path).to_owned()),
        // One type of the catalog may stand for several classes.
        Ty::Api(ty, _) => (types.project().catalog.type_(ty).name.to_string(), facts.own_name(base)?.to_owned()),
        _ => return None,
    };
    LIBRARIES.iter().find(|library| {
        library.class == class && path.strip_prefix(library.package).is_some_and(|rest| rest.starts_with('.'))
    })
}

/// The abstract models of libraries that a class extends, itself or through abstract classes of the project.
pub(super) fn library_bases(
    types: &Types<'_>,
    class: ClassRef,
    is_abstract: &dyn Fn(ClassRef) -> bool,
    depth: u8,
) -> Vec<&'static Library> {
    let mut found: Vec<&'static Library> = Vec::new();
    for &base in &types.project().file(class.file).facts.class(class.class).bases {
        match types.of(class.file, base) {
            Ty::Class(base) if base != class && depth < 12 && is_abstract(base) => {
                found.extend(library_bases(types, base, is_abstract, depth + 1));
            }
            _ => found.extend(library_base(types, class.file, base)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::LIBRARIES;

    #[test]
    fn libraries_are_sorted() {
        assert!(LIBRARIES.iter().map(|one| (one.package, one.class)).is_sorted());
    }
}
