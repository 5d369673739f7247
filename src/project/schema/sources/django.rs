//! Django models. What their migrations do is written from them, so the models say it all, but for what
//! [`super::django_migrations`] reads; SQL that a migration runs is read where it stands.

use super::arguments::{called, keyword, positional};
use super::django_fields::{Kind, Library, library_base, library_bases};
use super::{Defined, Model, Owner, django_conditions};
use crate::facts::*;
use crate::project::django_apps::label;
use crate::project::{ClassRef, FileId, Project, Ty, Types};
use crate::source::{Purpose, Span};
use crate::sql::Dialect;
use crate::sql::ddl::define::{NewTable, ident};
use crate::sql::ddl::{Formula, IndexKind};
use crate::sql::query::TableName;

/// Whether a file is a migration that only does what the models say anyway: it runs neither SQL nor code.
pub fn follows_models(text: &str) -> bool {
    let has = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    // `GinIndex(opclasses=["gin_trgm_ops"])` may stand in a migration alone.
    const TELLING: [&str; 9] =
        ["RunPython", "SQL", "execute", "CREATE", "create ", "database_operations", "Gin", "Gist", "seqscan:"];
    has("migrations.Migration") && !TELLING.into_iter().any(has)
}

/// The models of a file.
pub(super) fn read(types: &Types<'_>, file: FileId) -> Defined {
    let project = types.project();
    let mut defined = Defined::default();
    let of = project.file(file);
    if of.facts.classes.is_empty() || of.purpose == Purpose::Migration {
        return defined;
    }
    for id in 0..u32::try_from(of.facts.classes.len()).unwrap_or(0) {
        let class = ClassRef { file, class: ClassId(id) };
        if !is_model(types, class) {
            continue;
        }
        let options = Options::of(types, class);
        if options.is_true("abstract") || options.is_true("proxy") {
            continue;
        }
        let is_postgresql = project.told_dialect(file) == Some(Dialect::PostgreSql);
        let table = options.table(project, class);
        let mut reader = Reader { types, class, table, columns: Vec::new(), is_postgresql };
        reader.table_of(&options);
        let between = reader.between();
        let Reader { table, columns, .. } = reader;
        let name = table.name().text();
        let span = of.facts.class(class.class).name_span;
        let ordering = options.ordering();
        let may_be_sorted = sorts_itself(types, class, 0);
        defined.models.push(Model { ordering, may_be_sorted, ..Model::new(Owner::Class(class), name, columns) });
        defined.changes.push((table.done(), span));
        defined.changes.extend(between.into_iter().map(|table| (table.done(), span)));
    }
    defined
}

/// Whether a class is a model of Django's.
pub(super) fn is_model(types: &Types<'_>, class: ClassRef) -> bool {
    let catalog = &types.project().catalog;
    match (types.api_base(class), catalog.type_named("django.db.models.Model")) {
        (Some(base), Some(model)) => catalog.is_subtype(base, model),
        _ => false,
    }
}

/// Whether a class extends a model of a library other than `Model` itself, whose columns are not seen.
fn has_foreign_base(types: &Types<'_>, class: ClassRef, depth: u8) -> bool {
    let facts = &types.project().file(class.file).facts;
    depth > 12
        || facts.class(class.class).bases.iter().any(|&base| match types.of(class.file, base) {
            _ if library_base(types, class.file, base).is_some() => false,
            Ty::Class(base) => base != class && is_model(types, base) && has_foreign_base(types, base, depth + 1),
            Ty::Api(ty, _) => types.project().catalog.type_(ty).name != "django.db.models.Model",
            Ty::Path(path) => !matches!(&*path, "django.db.models.Model" | "object"),
            Ty::Unknown => true,
            _ => false,
        })
}

/// Whether the rows of a model may come in an order that is not asked for: a model takes over the order of those it
/// extends, also of those that have a table of their own.
fn sorts_itself(types: &Types<'_>, class: ClassRef, depth: u8) -> bool {
    let options = Options::of(types, class);
    let is_order = |attribute: &(FileId, &FileFacts, &Attribute)| {
        matches!(&attribute.1.names[attribute.2.name], "ordering" | "order_with_respect_to")
    };
    options.found.iter().any(is_order)
        || has_foreign_base(types, class, 0)
        || depth > 12
        || types.project_bases(class).into_iter().any(|base| base != class && sorts_itself(types, base, depth + 1))
}

// ── Meta ────────────────────────────────────────────────────────────────────────────────────────────────

/// What `class Meta` says, that of abstract bases too.
struct Options<'p> {
    /// Name and value, the nearest first.
    found: Vec<(FileId, &'p FileFacts, &'p Attribute)>,
}

impl<'p> Options<'p> {
    fn of(types: &Types<'p>, class: ClassRef) -> Options<'p> {
        let mut options = Options { found: Vec::new() };
        options.collect(types, class, true, 0);
        options
    }

    fn collect(&mut self, types: &Types<'p>, class: ClassRef, is_own: bool, depth: u8) {
        let facts: &FileFacts = &types.project().file(class.file).facts;
        let mut metas =
            facts.classes.iter().filter(|meta| meta.parent == Some(class.class) && &facts.names[meta.name] == "Meta");
        let meta = metas.next();
        if let Some(meta) = meta {
            let attributes = meta.attributes.iter().filter(|attribute| attribute.in_body);
            // `abstract` and `proxy` are of one class alone.
            let kept = attributes.filter(|attribute| {
                is_own || !matches!(&facts.names[attribute.name], "abstract" | "proxy" | "db_table" | "app_label")
            });
            self.found.extend(kept.map(|attribute| (class.file, facts, attribute)));
        }
        // A `Meta` of its own takes over only what it extends: `class Meta(Dated.Meta)`.
        let named = meta.into_iter().flat_map(|meta| &meta.bases).filter_map(|&base| match *facts.value(base) {
            Value::Member(object, name) if &facts.names[name] == "Meta" => match types.of(class.file, object) {
                Ty::Class(class) => Some(class),
                _ => None,
            },
            _ => None,
        });
        let named: Vec<ClassRef> = named.filter(|&of| of != class).collect();
        // A plain class of options: `class Meta(Options)`.
        for &base in meta.into_iter().flat_map(|meta| &meta.bases) {
            if let Ty::Class(of) = types.of(class.file, base)
                && !is_model(types, of)
            {
                let facts: &FileFacts = &types.project().file(of.file).facts;
                let attributes = facts.class(of.class).attributes.iter().filter(|attribute| attribute.in_body);
                self.found.extend(attributes.map(|attribute| (of.file, facts, attribute)));
            }
        }
        if depth < 12 && !named.is_empty() {
            for base in named {
                self.collect(types, base, false, depth + 1);
            }
        } else if depth < 12 && meta.is_none_or(|meta| !meta.bases.is_empty()) {
            for base in types.project_bases(class).into_iter().filter(|&base| types.is_abstract_model(base)) {
                self.collect(types, base, false, depth + 1);
            }
        }
    }

    fn get(&self, name: &str) -> Option<(FileId, &'p FileFacts, &'p Attribute)> {
        self.found.iter().find(|(_, facts, attribute)| &facts.names[attribute.name] == name).copied()
    }

    fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|(_, facts, attribute)| *facts.value(attribute.value) == Value::Bool(true))
    }

    fn literal(&self, name: &str) -> Option<&'p str> {
        self.get(name).and_then(|(_, facts, attribute)| facts.literal(attribute.value))
    }

    /// The attributes that `ordering` names, and whether downwards; empty if one of them is computed.
    fn ordering(&self) -> Vec<(Box<str>, bool)> {
        let Some((_, facts, attribute)) = self.get("ordering") else { return Vec::new() };
        let Value::Sequence(keys) = facts.value(attribute.value) else { return Vec::new() };
        let key = |&key: &ValueId| {
            let text = facts.literal(key)?;
            Some((text.trim_start_matches('-').into(), text.starts_with('-')))
        };
        keys.iter().map(key).collect::<Option<_>>().unwrap_or_default()
    }

    /// The table, by its name.
    fn table(&self, project: &Project, class: ClassRef) -> NewTable {
        let facts = &project.file(class.file).facts;
        let own = facts.class(class.class);
        let name = match self.literal("db_table") {
            Some(name) => name.trim_matches('"').to_owned(),
            None => {
                let label = self.literal("app_label").map_or_else(|| label(project, class.file), str::to_owned);
                format!("{label}_{}", facts.names[own.name].to_lowercase())
            }
        };
        NewTable::new(&name, own.name_span)
    }
}

// ── Fields ──────────────────────────────────────────────────────────────────────────────────────────────

/// Puts one model's table together.
struct Reader<'t, 'p> {
    types: &'t Types<'p>,
    class: ClassRef,
    table: NewTable,
    /// Fields and their columns.
    columns: Vec<(Box<str>, Box<str>)>,
    /// Whether the tables are in PostgreSQL.
    is_postgresql: bool,
}

impl<'p> Reader<'_, 'p> {
    fn table_of(&mut self, options: &Options<'p>) {
        let facts = &self.types.project().file(self.class.file).facts;
        let head = facts.class(self.class.class).name_span;
        let own = fields(self.types, self.class, 0);
        let is_own = |name: &str| {
            own.iter().any(|(file, field)| &self.types.project().file(*file).facts.names[field.name] == name)
        };
        for library in self.libraries() {
            for &(name, kind, index) in library.fields {
                if !is_own(name) {
                    self.given(name, kind, index, head);
                }
            }
        }
        for (file, attribute) in own {
            self.field(file, attribute);
        }
        for parent in tables_of_bases(self.types, self.class, 0) {
            if !self.table.has_primary_key() {
                let facts = &self.types.project().file(parent.file).facts;
                let name = format!("{}_ptr_id", facts.names[facts.class(parent.class).name].to_lowercase());
                self.table.column(&name, "", head).not_null = true;
                self.table.index(IndexKind::Primary, [name.as_str()], head);
            }
        }
        if !self.table.has_primary_key() && !self.table.has_column("id") {
            self.table.column("id", "bigint", head).not_null = true;
            self.table.index(IndexKind::Primary, ["id"], head);
            self.columns.push(("pk".into(), "id".into()));
            self.columns.push(("id".into(), "id".into()));
        }
        if has_foreign_base(self.types, self.class, 0) {
            self.table.has_more_columns();
        }
        // Somebody else makes its indexes.
        if options.get("managed").is_some_and(|(_, facts, of)| *facts.value(of.value) != Value::Bool(true)) {
            self.table.is_not_whole();
        }
        for name in ["unique_together", "index_together"] {
            if let Some((_, facts, attribute)) = options.get(name) {
                let kind = if name == "unique_together" { IndexKind::Unique } else { IndexKind::Plain };
                self.together(facts, attribute.value, kind);
            }
        }
        for name in ["indexes", "constraints"] {
            if let Some((_, facts, attribute)) = options.get(name) {
                self.declared(facts, attribute.value);
            }
        }
    }

    fn libraries(&self) -> Vec<&'static Library> {
        library_bases(
            self.types,
            self.class,
            &|base| is_model(self.types, base) && self.types.is_abstract_model(base),
            0,
        )
    }

    /// A field of an abstract model of a library.
    fn given(&mut self, name: &str, kind: Kind, index: Option<IndexKind>, span: Span) {
        let column = if kind.is_relation() { format!("{name}_id") } else { name.to_owned() };
        self.table.column(&column, kind.type_name(), span).not_null = index == Some(IndexKind::Primary);
        if let Some(index) = index {
            self.table.index(index, [column.as_str()], span).is_implied = kind.is_relation();
            self.searched(kind, index, &column, span);
            if index == IndexKind::Primary {
                self.columns.push(("pk".into(), column.as_str().into()));
            }
        }
        if kind.is_relation() {
            self.table.foreign_key(&column, "", &[], span);
            self.columns.push((column.as_str().into(), column.as_str().into()));
        }
        self.columns.push((name.into(), column.into()));
    }

    /// Django makes a second index for what texts begin with.
    fn searched(&mut self, kind: Kind, index: IndexKind, column: &str, span: Span) {
        if self.is_postgresql && kind.is_searched() && index != IndexKind::Other {
            let made = self.table.index(IndexKind::Plain, [column], span);
            made.is_implied = true;
            made.parts[0].operator_class = Some("varchar_pattern_ops".into());
        }
    }

    fn field(&mut self, file: FileId, attribute: &Attribute) {
        let facts: &FileFacts = &self.types.project().file(file).facts;
        let Value::Call(call) = facts.value(attribute.value) else { return };
        let call = facts.call(*call);
        let Some(kind) = Kind::of_call(self.types, file, call) else { return };
        let name = &facts.names[attribute.name];
        let span = if file == self.class.file {
            Span::new(attribute.span.start as usize, attribute.span.start as usize + name.len())
        } else {
            facts_head(self.types, self.class)
        };
        let Some(column) = column_name(facts, call, kind, name) else { return self.table.is_not_whole() };
        let has_choices = keyword(facts, call, "choices").is_some_and(|value| *facts.value(value) != Value::Null);
        let type_name = if has_choices { "enum(…)" } else { kind.type_name() };
        let is_primary = asks(facts, call, "primary_key", kind == Kind::Auto);
        let made = self.table.column(&column, type_name, span);
        made.not_null = is_primary == Some(true) || asks(facts, call, "null", false) == Some(false);
        made.knows_null = asks(facts, call, "null", false).is_some();
        if let Some(indexed) = asked_index(facts, call, kind) {
            let is_asked_for = keyword(facts, call, "db_index").is_some();
            self.table.index(indexed, [column.as_str()], span).is_implied = kind.is_relation() && !is_asked_for;
            self.searched(kind, indexed, &column, span);
        }
        if is_primary == Some(true) {
            self.columns.push(("pk".into(), column.as_str().into()));
        }
        if kind.is_relation() {
            self.table.foreign_key(&column, "", &[], span);
            self.columns.push((column.as_str().into(), column.as_str().into()));
        }
        self.columns.push((name.into(), column.into()));
    }

    /// The tables that Django makes for relations from many to many.
    fn between(&self) -> Vec<NewTable> {
        let own = self.types.project().file(self.class.file);
        let model = own.facts.names[own.facts.class(self.class.class).name].to_lowercase();
        let mut tables = Vec::new();
        for (file, attribute) in fields(self.types, self.class, 0) {
            let facts: &FileFacts = &self.types.project().file(file).facts;
            let Value::Call(call) = facts.value(attribute.value) else { continue };
            let call = facts.call(*call);
            let through = keyword(facts, call, "through").is_some_and(|through| *facts.value(through) != Value::Null);
            if !matches!(called(facts, call), "ManyToManyField" | "ParentalManyToManyField") || through {
                continue;
            }
            let to = keyword(facts, call, "to").or_else(|| positional(call, 0));
            let Some(target) = to.and_then(|to| model_named(self.types, facts, to)) else { continue };
            let name = match keyword(facts, call, "db_table").map(|name| facts.literal(name)) {
                Some(Some(name)) => name.to_owned(),
                Some(None) => continue,
                None => format!("{}_{}", self.table.name().text(), &facts.names[attribute.name]),
            };
            let span = own.facts.class(self.class.class).name_span;
            tables.push(between(&name, &model, &target.to_lowercase(), span));
        }
        for library in self.libraries() {
            for (field, target) in library.many {
                let name = format!("{}_{field}", self.table.name().text());
                tables.push(between(&name, &model, target, own.facts.class(self.class.class).name_span));
            }
        }
        tables
    }

    /// The column of a field, as `Meta` names it.
    fn column_of(&self, field: &str) -> String {
        let field = field.trim_start_matches('-');
        let known = self.columns.iter().find(|(name, _)| &**name == field);
        known.map_or(field, |(_, column)| column).to_owned()
    }

    fn unsure(&mut self) {
        self.table.is_not_whole();
    }

    /// `unique_together = [("a", "b"), …]`, also of one pair alone.
    fn together(&mut self, facts: &FileFacts, value: ValueId, kind: IndexKind) {
        let Value::Sequence(groups) = facts.value(value) else { return self.unsure() };
        if groups.iter().any(|&part| facts.literal(part).is_some()) {
            return self.over(facts, value, kind, value_span(facts, value, self.types, self.class));
        }
        for &group in groups {
            self.over(facts, group, kind, value_span(facts, group, self.types, self.class));
        }
    }

    /// An index over a list of fields.
    fn over(&mut self, facts: &FileFacts, fields: ValueId, kind: IndexKind, span: Span) {
        let Value::Sequence(fields) = facts.value(fields) else { return self.unsure() };
        let names: Option<Vec<String>> =
            fields.iter().map(|&field| facts.literal(field).map(|name| self.column_of(name))).collect();
        match names {
            Some(names) => {
                let made = self.table.index(kind, names.iter().map(String::as_str), span);
                let is_descending = |&field: &ValueId| facts.literal(field).is_some_and(|name| name.starts_with('-'));
                made.parts.iter_mut().zip(fields).for_each(|(part, field)| part.descending = is_descending(field));
            }
            None => self.unsure(),
        }
    }

    /// The kind of a partial index, and which rows it holds: `UniqueConstraint(fields=[…], condition=Q(…))`.
    fn partial(&self, facts: &FileFacts, call: &Call) -> Option<(IndexKind, Formula)> {
        let kind = match called(facts, call) {
            "Index" | "BTreeIndex" => IndexKind::Plain,
            "UniqueConstraint" => IndexKind::Unique,
            _ => return None,
        };
        let has = |option: &str| keyword(facts, call, option).is_some();
        let condition = keyword(facts, call, "condition").filter(|_| !has("include") && !has("opclasses"))?;
        let predicate = django_conditions::predicate(facts, condition, &|field| self.column_of(field))?;
        Some((kind, predicate))
    }

    /// `indexes = [models.Index(fields=[…])]`, `constraints = [models.UniqueConstraint(fields=[…])]`
    fn declared(&mut self, facts: &FileFacts, value: ValueId) {
        let Value::Sequence(items) = facts.value(value) else { return self.unsure() };
        for &item in items {
            let Value::Call(call) = facts.value(item) else {
                self.unsure();
                continue;
            };
            let call = facts.call(*call);
            let Some(kind) = declared_kind(facts, call) else { continue };
            let partial = self.partial(facts, call);
            let kind = partial.as_ref().map_or(kind, |(kind, _)| *kind);
            match keyword(facts, call, "fields") {
                Some(fields) => {
                    let known = self.table.indexes().len();
                    self.over(facts, fields, kind, call.name_span);
                    let name = keyword(facts, call, "name").and_then(|name| facts.literal(name));
                    if let Some(made) = self.table.indexes().get_mut(known) {
                        made.name = name.map(|name| ident(name, made.span));
                        made.predicate = partial.map(|(_, predicate)| predicate);
                    }
                }
                None => self.unsure(),
            }
        }
    }
}

/// The table between those of two models, whose names are in lower case.
fn between(name: &str, model: &str, target: &str, span: Span) -> NewTable {
    let (from, to) = if target == "self" || target == model {
        (format!("from_{model}_id"), format!("to_{model}_id"))
    } else {
        (format!("{model}_id"), format!("{target}_id"))
    };
    let mut table = NewTable::new(name, span);
    table.column("id", "bigint", span).not_null = true;
    table.index(IndexKind::Primary, ["id"], span);
    for column in [&from, &to] {
        table.column(column, "", span).not_null = true;
        table.foreign_key(column, "", &[], span);
        table.index(IndexKind::Plain, [column.as_str()], span).is_implied = true;
    }
    table.index(IndexKind::Unique, [from.as_str(), to.as_str()], span);
    table
}

/// The name of the model that a relation leads to: `"shop.Tag"`, `Tag`.
fn model_named<'p>(types: &Types<'p>, facts: &'p FileFacts, value: ValueId) -> Option<&'p str> {
    let text = facts.literal(value).map(|path| path.rsplit('.').next().unwrap_or(path));
    let name = text.or_else(|| match facts.value(value) {
        Value::Class(class) => Some(&facts.names[facts.class(*class).name]),
        _ => facts.own_name(value),
    })?;
    if name == "AUTH_USER_MODEL" { user_model(types) } else { Some(name) }
}

/// The model of users: the one of the project that extends Django's abstract one, else Django's own; `None` if there are
/// several.
fn user_model<'p>(types: &Types<'p>) -> Option<&'p str> {
    let project = types.project();
    let mut found: Vec<&str> = Vec::new();
    for file in project.ids() {
        let facts: &FileFacts = &project.file(file).facts;
        let names = ["AbstractBaseUser", "AbstractUser"];
        if project.file(file).purpose == Purpose::Test || !names.iter().any(|name| facts.names.find(name).is_some()) {
            continue;
        }
        for (id, own) in (0..).map(ClassId).zip(&facts.classes) {
            let class = ClassRef { file, class: id };
            let extends =
                |base: &ValueId| library_base(types, file, *base).is_some_and(|base| names.contains(&base.class));
            if own.bases.iter().any(extends) && !types.is_abstract_model(class) {
                found.push(&facts.names[own.name]);
            }
        }
    }
    match *found {
        [] => Some("User"),
        [only] => Some(only),
        _ => None,
    }
}

/// The nearest models with tables of their own that a model extends.
fn tables_of_bases(types: &Types<'_>, class: ClassRef, depth: u8) -> Vec<ClassRef> {
    let mut found = Vec::new();
    for base in types.project_bases(class).into_iter().filter(|&base| base != class && is_model(types, base)) {
        if !types.is_abstract_model(base) {
            found.push(base);
        } else if depth < 12 {
            found.extend(tables_of_bases(types, base, depth + 1));
        }
    }
    found
}

/// What kind of index `models.Index(…)` or `models.UniqueConstraint(…)` makes; `None` for what makes none.
pub(super) fn declared_kind(facts: &FileFacts, call: &Call) -> Option<IndexKind> {
    Some(match called(facts, call) {
        "CheckConstraint" => return None,
        _ if ["condition", "include", "opclasses"].iter().any(|option| keyword(facts, call, option).is_some()) => {
            IndexKind::Other
        }
        "Index" | "BTreeIndex" => IndexKind::Plain,
        "UniqueConstraint" => IndexKind::Unique,
        _ => IndexKind::Other,
    })
}

/// The index that a field asks for; [`IndexKind::Other`] where it may ask for one.
pub(super) fn index_of_field(facts: &FileFacts, call: &Call) -> Option<IndexKind> {
    Kind::of(called(facts, call)).and_then(|kind| asked_index(facts, call, kind))
}

fn asked_index(facts: &FileFacts, call: &Call, kind: Kind) -> Option<IndexKind> {
    let asks = |wanted: &str, default: bool| asks(facts, call, wanted, default);
    let spreads = call.args.iter().any(|arg| matches!(facts.value(arg.value), Value::Spread(_)));
    let is_primary = asks("primary_key", kind == Kind::Auto);
    match (is_primary, asks("unique", kind == Kind::OneToOne), asks("db_index", kind.is_indexed())) {
        (Some(true), ..) => Some(IndexKind::Primary),
        (_, Some(true), _) => Some(IndexKind::Unique),
        (_, _, Some(true)) => Some(IndexKind::Plain),
        // A field of the project's own may ask for an index itself.
        (Some(false), Some(false), Some(false)) if !spreads && kind != Kind::Own => None,
        _ => Some(IndexKind::Other),
    }
}

/// What an option of a field says; `None` if it is something that is not known.
fn asks(facts: &FileFacts, call: &Call, wanted: &str, default: bool) -> Option<bool> {
    match keyword(facts, call, wanted).map(|value| facts.value(value)) {
        None => Some(default),
        Some(Value::Bool(value)) => Some(*value),
        Some(Value::Null) => Some(false),
        Some(_) => None,
    }
}

/// The column that the field of this name has; `None` if that is not known.
fn column_name(facts: &FileFacts, call: &Call, kind: Kind, name: &str) -> Option<String> {
    match keyword(facts, call, "db_column").map(|value| facts.literal(value)) {
        Some(column) => column.map(|column| column.trim_matches('"').to_owned()),
        None if kind.is_relation() => Some(format!("{name}_id")),
        None => Some(name.to_owned()),
    }
}

/// The table of a model, and the column of one of its fields.
pub(super) struct Names<'t, 'p> {
    types: &'t Types<'p>,
    class: ClassRef,
}

impl<'t, 'p> Names<'t, 'p> {
    pub(super) fn of(types: &'t Types<'p>, class: ClassRef) -> Names<'t, 'p> {
        Names { types, class }
    }

    pub(super) fn table(&self) -> TableName {
        Options::of(self.types, self.class).table(self.types.project(), self.class).name().clone()
    }

    /// The column of a field, as `Meta` and migrations name it; `None` if that is not known.
    pub(super) fn column(&self, field: &str) -> Option<String> {
        let field = field.trim_start_matches('-');
        for (file, attribute) in fields(self.types, self.class, 0) {
            let facts: &FileFacts = &self.types.project().file(file).facts;
            let Value::Call(call) = facts.value(attribute.value) else { continue };
            let call = facts.call(*call);
            let Some(kind) = Kind::of_call(self.types, file, call) else { continue };
            let column = column_name(facts, call, kind, &facts.names[attribute.name])?;
            if &facts.names[attribute.name] == field || column == field {
                return Some(column);
            }
        }
        (field == "id").then(|| field.to_owned())
    }
}

/// The fields of a model with those of its abstract bases, which come first.
fn fields<'p>(types: &Types<'p>, class: ClassRef, depth: u8) -> Vec<(FileId, &'p Attribute)> {
    let project = types.project();
    let mut found: Vec<(FileId, &Attribute)> = Vec::new();
    if depth < 12 {
        for base in types.project_bases(class).into_iter().rev().filter(|&base| types.is_abstract_model(base)) {
            merge(project, &mut found, fields(types, base, depth + 1));
        }
    }
    let facts = &project.file(class.file).facts;
    let own = facts.class(class.class).attributes.iter().filter(|attribute| attribute.in_body);
    merge(project, &mut found, own.map(|attribute| (class.file, attribute)).collect());
    found
}

/// A field takes the place of an earlier one of its name.
fn merge<'p>(project: &'p Project, found: &mut Vec<(FileId, &'p Attribute)>, with: Vec<(FileId, &'p Attribute)>) {
    let name = |(file, attribute): &(FileId, &'p Attribute)| &project.file(*file).facts.names[attribute.name];
    for field in with {
        match found.iter_mut().find(|known| name(known) == name(&field)) {
            Some(known) => *known = field,
            None => found.push(field),
        }
    }
}

fn facts_head(types: &Types<'_>, class: ClassRef) -> Span {
    types.project().file(class.file).facts.class(class.class).name_span
}

/// Where a list of names stands, if it stands in the model's own file; else where the model does.
fn value_span(facts: &FileFacts, value: ValueId, types: &Types<'_>, class: ClassRef) -> Span {
    let is_own = std::ptr::eq(facts, &*types.project().file(class.file).facts);
    let first = match facts.value(value) {
        Value::Sequence(items) => items.first().and_then(|&item| facts.text(item)),
        _ => None,
    };
    let piece = first.and_then(|text| text.pieces.first()).filter(|_| is_own);
    piece.map_or_else(|| facts_head(types, class), |piece| piece.host)
}
